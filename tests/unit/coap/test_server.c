/*
 * The CoAP driver as a whole, over loopback sockets: with the real gateway and
 * outbox behind it, and this test in place of the broker.
 */
#include "unit/unit.h"

#include <errno.h>
#include <sys/stat.h>

#include "coap/pdu.h"
#include "coap/udp.h"
#include "config/config.h"
#include "gateway/gateway.h"
#include "outbox/outbox.h"
#include "unit/coap/certify.h"
#include "unit/coap/socket_client.h"
#include "util/cleanup.h"
#include "wardgate/driver.h"

extern const struct driver coap_driver;

#define PATIENCE_US (30 * INT64_C(1000000))
#define CLIENTS 8
#define SPO2 "[{\"n\":\"spo2\",\"u\":\"/\",\"v\":0.97}]"
#define CCM8 "PSK-AES128-CCM8"

enum { FILE_PSK, FILE_CA, FILE_CERTIFICATE, FILE_KEY, FILES };

struct world {
	char directory[32], files[FILES][64];
	char listen[32], plain[32];
	sd_event *event;
	struct config_device devices[3];
	struct config config;
	struct gateway *gateway;
	struct outbox *outbox;
	void *driver;
	struct device_client clients[CLIENTS];
	size_t client_count;
	uint16_t next_id;
};

static struct world *the;

static void write_keys(const char *text)
{
	FILE *f = fopen(the->files[FILE_PSK], "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(the->files[FILE_PSK], 0600), 0);
}

/* A port that is free now. */
static uint16_t free_port(void)
{
	struct udp *u = NULL;
	uint16_t port;

	assert_int_equal(udp_open(&u, "127.0.0.1:0"), 0);
	port = udp_port(u);
	udp_free(u);
	return port;
}

static struct config_device configured(const char *name, const char *address)
{
	return (struct config_device){
		.name = (char *)name, .transport = TRANSPORT_COAP, .address = (char *)address
	};
}

static int set_up(void **state)
{
	struct outbox_limits limits = { .messages = 1000, .tries = 3, .aside = 2 };
	struct world *w = calloc(1, sizeof(*w));
	struct ledger ledger;

	the = w;
	snprintf(w->directory, sizeof(w->directory), "/tmp/wardgate-coap-XXXXXX");
	assert_non_null(mkdtemp(w->directory));
	for (size_t i = 0; i < FILES; i++)
		snprintf(w->files[i], sizeof(w->files[i]), "%s/%zu", w->directory, i);
	write_keys("bed3:30303030303030303030303030303030\n"
		   "bed4:31313131313131313131313131313131\n"
		   "stranger:32323232323232323232323232323232\n");

	w->devices[0] = configured("bed3-oximeter", "bed3");
	w->devices[1] = configured("bed4-oximeter", "bed4");
	w->devices[2] = configured("plain", "plaintext:127.0.0.1");
	snprintf(w->listen, sizeof(w->listen), "127.0.0.1:%u", free_port());
	snprintf(w->plain, sizeof(w->plain), "127.0.0.1:%u", free_port());
	w->config.refs = 1000;
	w->config.gateway.name = (char *)"gw1";
	w->config.devices = w->devices;
	w->config.device_count = ARRAY_SIZE(w->devices);
	w->config.coap.enabled = true;
	w->config.coap.listen = w->listen;
	w->config.coap.plaintext_listen = w->plain;
	w->config.coap.psk_file = w->files[FILE_PSK];
	w->config.coap.max_sessions = 4;
	w->config.coap.max_device_sessions = 2;
	w->config.coap.rate = 1;
	w->config.coap.burst = 20;

	assert_int_equal(sd_event_new(&w->event), 0);
	assert_int_equal(gateway_new(&w->gateway, w->event, &w->config, "1-00000abc"), 0);
	assert_int_equal(outbox_new(&w->outbox, &limits), 0);
	ledger = outbox_ledger(w->outbox);
	gateway_set_ledger(w->gateway, &ledger);
	assert_int_equal(gateway_apply(w->gateway, &w->config), 0);
	outbox_connected(w->outbox, 100);
	assert_int_equal(coap_driver.start(&w->driver, w->event, w->gateway, &w->config), 0);
	return 0;
}

static int tear_down(void **state)
{
	coap_driver.stop(the->driver);
	for (size_t i = 0; i < the->client_count; i++) {
		client_done(&the->clients[i].dtls);
		close(the->clients[i].fd);
	}
	outbox_free(the->outbox);
	gateway_free(the->gateway);
	sd_event_unref(the->event);
	for (size_t i = 0; i < FILES; i++)
		(void)unlink(the->files[i]);
	(void)rmdir(the->directory);
	dtls_bio_forget_method();
	free(the);
	return 0;
}

/* --- devices --- */

/* One turn of the loop, and what the devices have received. */
static void turn(void)
{
	uint8_t buf[2048];
	ssize_t n;

	assert_true(sd_event_run(the->event, 5000) >= 0);
	for (size_t i = 0; i < the->client_count; i++) {
		while ((n = recv(the->clients[i].fd, buf, sizeof(buf), 0)) > 0)
			client_deliver(&the->clients[i].dtls, buf, (size_t)n);
	}
}

/* Turns the loop until what holds; what may do things. */
#define WAIT(what)                                                                                 \
	do {                                                                                       \
		int64_t _end = boottime_us() + PATIENCE_US;                                        \
                                                                                                   \
		while (!(what)) {                                                                  \
			if (boottime_us() > _end)                                                  \
				fail_msg("waited in vain for " #what);                             \
			turn();                                                                    \
		}                                                                                  \
	} while (0)

static struct device_client *device(const char *identity, char key)
{
	struct device_client *c = &the->clients[the->client_count];

	assert_true(the->client_count < CLIENTS);
	the->client_count++;
	c->fd = connected_socket(the->config.coap.listen);
	c->dtls.send = to_socket;
	snprintf(c->dtls.identity, sizeof(c->dtls.identity), "%s", identity);
	memset(c->dtls.key, key, 16);
	c->dtls.key_length = 16;
	client_boot(&c->dtls, CCM8);
	return c;
}

static struct device_client *opened(const char *identity, char key)
{
	struct device_client *c = device(identity, key);

	WAIT(client_handshake(&c->dtls));
	return c;
}

static void post(struct device_client *c, uint8_t type, const char *body)
{
	uint8_t bytes[512] = { (uint8_t)(0x41 | type << 4), PDU_POST, 0, 0, 7, 0xb8, 'r', 'e', 'a',
		'd', 'i', 'n', 'g', 's', 0x11, 110, 0xff };
	uint16_t id = ++the->next_id;
	size_t length;

	bytes[2] = (uint8_t)(id >> 8);
	bytes[3] = (uint8_t)id;
	memcpy(bytes + 17, body, strlen(body));
	length = strlen(body) > 0 ? 17 + strlen(body) : 16; /* no marker before nothing */
	if (c->dtls.ssl)
		client_write(&c->dtls, bytes, length);
	else
		to_socket(&c->dtls, bytes, length);
}

/* The next message that a device receives; *p points into a buffer of its own until the next call.
 */
static struct pdu answer(struct device_client *c)
{
	static uint8_t buf[2048];
	struct datagram d;
	struct pdu p;
	int n = -1;

	if (c->dtls.ssl) {
		WAIT((n = client_read(&c->dtls, buf, sizeof(buf))) > 0);
	} else {
		WAIT(client_take(&c->dtls, &d));
		memcpy(buf, d.bytes, d.length);
		n = (int)d.length;
	}
	assert_int_equal(pdu_parse(buf, (size_t)n, &p), 0);
	return p;
}

/* The answer proper: on a busy machine the empty acknowledgement may go before it. Which way it
 * travels is test_message.c's matter, in virtual time. */
static struct pdu final(struct device_client *c)
{
	struct pdu p = answer(c);

	return p.type == PDU_ACK && p.code == PDU_EMPTY ? answer(c) : p;
}

static void assert_final(struct device_client *c, uint8_t code)
{
	assert_int_equal(final(c).code, code);
}

static void assert_payload(const struct pdu *p, const char *part)
{
	char text[512];

	snprintf(text, sizeof(text), "%.*s", (int)p->payload_length, (const char *)p->payload);
	if (!strstr(text, part))
		fail_msg("\"%s\" does not speak of \"%s\"", text, part);
}

/* --- the broker --- */

/* The next reading that would be published. */
static struct outbox_entry *published(void)
{
	struct outbox_entry *e = NULL;

	WAIT((e = outbox_next(the->outbox)) != NULL);
	outbox_sent(the->outbox, e);
	return e;
}

static void assert_works(struct device_client *c)
{
	post(c, PDU_CON, SPO2);
	outbox_confirmed(the->outbox, published());
	assert_final(c, PDU_CHANGED);
}

/* Until the gateway has said that the session is over. */
static void wait_closed(struct device_client *c)
{
	uint8_t buf[64];

	WAIT(client_read(&c->dtls, buf, sizeof(buf)) > 0 ||
		SSL_get_shutdown(c->dtls.ssl) & SSL_RECEIVED_SHUTDOWN);
}

static struct driver_report report(void)
{
	struct driver_report r;

	coap_driver.report(the->driver, &r);
	return r;
}

/* --- tests --- */

static void test_acknowledged_once_safe(void **state)
{
	struct device_client *c = opened("bed3", '0');
	struct outbox_entry *e;
	const struct reading *r;

	post(c, PDU_CON, SPO2);
	e = published();
	r = &outbox_entry_message(e)->reading;
	assert_string_equal(label_text(r->device, ""), "bed3-oximeter");
	assert_int_equal(r->metric, METRIC_SPO2);
	assert_int_equal(r->auth, AUTH_LINK);
	outbox_confirmed(the->outbox, e);
	assert_final(c, PDU_CHANGED);
	assert_int_equal(report().accepted, 1);
	assert_int_equal(report().sessions, 1);
}

static void test_safe_later_is_a_separate_answer(void **state)
{
	struct device_client *c = opened("bed3", '0');
	struct outbox_entry *e;
	struct pdu p;

	post(c, PDU_CON, SPO2);
	e = published();
	p = answer(c);
	assert_int_equal(p.type, PDU_ACK);
	assert_int_equal(p.code, PDU_EMPTY);
	outbox_confirmed(the->outbox, e);
	p = answer(c);
	assert_int_equal(p.type, PDU_CON);
	assert_int_equal(p.code, PDU_CHANGED);
	assert_int_equal(p.token[0], 7);
}

static void test_not_safe_is_5_03(void **state)
{
	struct device_client *c = opened("bed3", '0');
	struct pdu p;

	post(c, PDU_NON, SPO2);
	(void)published();
	outbox_tick(the->outbox, boottime_us() + LEDGER_PATIENCE_US + 1000000);
	p = final(c);
	assert_int_equal(p.code, PDU_UNAVAILABLE);
	assert_int_equal(p.options_length, 3); /* Max-Age, one byte */
	assert_payload(&p, "safe");
}

static void test_faults_are_named(void **state)
{
	struct device_client *c = opened("bed3", '0');
	struct pdu p;

	post(c, PDU_CON, "[{\"n\":\"spo2\",\"u\":\"/\",\"v\":0.97},{\"n\":\"nonsense\",\"v\":1}]");
	p = final(c);
	assert_int_equal(p.code, PDU_BAD_REQUEST);
	assert_payload(&p, "record 2");
	assert_null(outbox_next(the->outbox)); /* all or none */
	post(c, PDU_CON, "");
	assert_final(c, PDU_BAD_REQUEST);
	assert_int_equal(report().refused, 2);
}

static void test_an_identity_without_a_device(void **state)
{
	struct device_client *c = opened("stranger", '2');
	struct registry *r = gateway_registry(the->gateway);

	post(c, PDU_CON, SPO2);
	assert_final(c, PDU_FORBIDDEN);
	assert_int_equal(registry_unknown_count(r), 1);
	assert_string_equal(registry_unknown_at(r, 0)->address, "stranger");

	/* it is configured while its session is open */
	the->devices[2].address = (char *)"stranger";
	assert_int_equal(gateway_apply(the->gateway, &the->config), 0);
	assert_int_equal(coap_driver.reload(the->driver, &the->config), 0);
	assert_works(c);
}

static void test_a_device_that_leaves(void **state)
{
	struct device_client *c = opened("bed3", '0');
	struct device *d = registry_find(gateway_registry(the->gateway), TRANSPORT_COAP, "bed3");

	post(c, PDU_CON, SPO2);
	(void)published();
	coap_driver.forget(the->driver, d);
	assert_null(d->driver_data);
	assert_final(c, PDU_UNAVAILABLE);
}

static void test_about_to_stop(void **state)
{
	struct device_client *c = opened("bed3", '0');
	struct outbox_entry *e;

	post(c, PDU_CON, SPO2);
	e = published();
	coap_driver.quiesce(the->driver);
	post(c, PDU_CON, SPO2);
	assert_final(c, PDU_UNAVAILABLE);
	outbox_confirmed(the->outbox, e);
	assert_final(c, PDU_CHANGED);
}

static void test_more_than_its_rate(void **state)
{
	struct device_client *c = opened("bed3", '0'), *other = opened("bed4", '1');
	struct device_client *second = opened("bed3", '0');
	unsigned limited = 0;
	struct pdu p;

	for (int i = 0; i < 40; i++) {
		post(c, PDU_CON, "[]");
		p = final(c);
		limited += p.code == PDU_TOO_MANY;
	}
	assert_true(limited > 0);
	/* of the device, not of the session; and of no other */
	do {
		post(c, PDU_CON, "[]");
		p = final(c);
	} while (p.code != PDU_TOO_MANY);
	assert_payload(&p, "Rate=");
	assert_works(other);
	post(second, PDU_CON, "[]");
	p = final(second);
	assert_true(p.code == PDU_TOO_MANY || p.code == PDU_BAD_REQUEST);
}

static void test_sessions_are_capped(void **state)
{
	struct device_client *first = opened("bed3", '0'), *second = opened("bed3", '0');
	struct device_client *other = opened("bed4", '1');
	struct device_client *third;

	assert_works(first); /* so that the second is the quietest */
	third = opened("bed3", '0');
	wait_closed(second);
	assert_works(first);
	assert_works(third);
	assert_works(other);
	assert_int_equal(report().sessions, 3);
}

static void test_all_sessions_are_capped(void **state)
{
	struct device_client *a, *b, *c, *d;

	the->config.coap.max_sessions = 2;
	a = opened("bed3", '0');
	b = opened("bed4", '1');
	assert_works(a);
	c = opened("stranger", '2'); /* b is the quietest of all */
	wait_closed(b);
	assert_works(a);
	d = opened("stranger", '2'); /* its own first */
	wait_closed(c);
	assert_works(a);
	assert_true(SSL_is_init_finished(d->dtls.ssl));
	assert_int_equal(report().sessions, 2);
}

static void test_keys_change(void **state)
{
	struct device_client *three = opened("bed3", '0'), *four = opened("bed4", '1'), *late;

	write_keys("bed3:39393939393939393939393939393939\n"
		   "bed4:31313131313131313131313131313131\n");
	assert_int_equal(coap_driver.reload(the->driver, &the->config), 0);
	wait_closed(three);
	assert_works(four);
	late = opened("bed3", '9');
	assert_works(late);

	/* what cannot be read changes nothing */
	write_keys("this is no key\n");
	assert_int_equal(coap_driver.reload(the->driver, &the->config), 0);
	assert_non_null(report().problem);
	assert_works(four);
	assert_works(late);
	assert_works(opened("bed4", '1'));
}

static void test_another_address_to_listen_on(void **state)
{
	struct config changed = the->config, third = the->config;
	char listen[32], taken[32];
	struct udp *other = NULL;

	assert_works(opened("bed3", '0'));
	snprintf(listen, sizeof(listen), "127.0.0.1:%u", free_port());
	changed.coap.listen = listen;
	changed.coap.plaintext_listen = NULL;
	assert_int_equal(coap_driver.reload(the->driver, &changed), 0);
	the->config.coap.listen = listen;
	assert_works(opened("bed4", '1'));

	/* one that is taken: the old one stays */
	assert_int_equal(udp_open(&other, "127.0.0.1:0"), 0);
	snprintf(taken, sizeof(taken), "127.0.0.1:%u", udp_port(other));
	third.coap.listen = taken;
	third.coap.plaintext_listen = NULL;
	assert_int_equal(coap_driver.reload(the->driver, &third), -EADDRINUSE);
	udp_free(other);
	assert_works(opened("bed4", '1'));
	the->config.coap.listen = the->listen;
	assert_int_equal(coap_driver.reload(the->driver, &the->config), 0);
	assert_works(opened("bed3", '0'));
}

static void test_plaintext(void **state)
{
	struct device_client *c = &the->clients[the->client_count++];
	struct outbox_entry *e;

	c->fd = connected_socket(the->plain);
	post(c, PDU_CON, SPO2);
	e = published();
	assert_string_equal(label_text(outbox_entry_message(e)->reading.device, ""), "plain");
	assert_int_equal(outbox_entry_message(e)->reading.auth, AUTH_NONE);
	outbox_confirmed(the->outbox, e);
	assert_final(c, PDU_CHANGED);
}

static void test_certificates(void **state)
{
	EVP_PKEY *ca_key = EVP_EC_gen("P-256"), *server_key = EVP_EC_gen("P-256"),
		 *device_key = EVP_EC_gen("P-256");
	X509 *ca = certify(ca_key, "ward CA", NULL, NULL);
	X509 *server = certify(server_key, "gateway", ca, ca_key);
	X509 *good = certify(device_key, "bed3", ca, ca_key);
	X509 *foreign = certify(device_key, "bed3", NULL, NULL);
	struct config changed = the->config;
	struct device_client *c;
	uint64_t refused;

	write_pem(the->files[FILE_CA], ca, NULL);
	write_pem(the->files[FILE_CERTIFICATE], server, NULL);
	write_pem(the->files[FILE_KEY], NULL, server_key);
	changed.coap.ca_file = the->files[FILE_CA];
	changed.coap.certificate_file = the->files[FILE_CERTIFICATE];
	changed.coap.private_key_file = the->files[FILE_KEY];
	assert_int_equal(coap_driver.reload(the->driver, &changed), 0);

	c = device("", 0);
	client_boot(&c->dtls, "ECDHE-ECDSA-AES128-CCM8:@SECLEVEL=0");
	assert_int_equal(SSL_use_certificate(c->dtls.ssl, good), 1);
	assert_int_equal(SSL_use_PrivateKey(c->dtls.ssl, device_key), 1);
	WAIT(client_handshake(&c->dtls));
	assert_works(c);

	/* one of another authority, and none */
	refused = report().refused;
	c = device("", 0);
	client_boot(&c->dtls, "ECDHE-ECDSA-AES128-CCM8:@SECLEVEL=0");
	assert_int_equal(SSL_use_certificate(c->dtls.ssl, foreign), 1);
	assert_int_equal(SSL_use_PrivateKey(c->dtls.ssl, device_key), 1);
	WAIT(client_handshake(&c->dtls) || report().refused == refused + 1);
	assert_int_equal(report().refused, refused + 1);
	c = device("", 0);
	client_boot(&c->dtls, "ECDHE-ECDSA-AES128-CCM8:@SECLEVEL=0");
	WAIT(client_handshake(&c->dtls) || report().refused == refused + 2);
	assert_int_equal(report().refused, refused + 2);

	/* keys still do */
	assert_works(opened("bed4", '1'));
	assert_int_equal(coap_driver.reload(the->driver, &the->config), 0);
	X509_free(ca);
	X509_free(server);
	X509_free(good);
	X509_free(foreign);
	EVP_PKEY_free(ca_key);
	EVP_PKEY_free(server_key);
	EVP_PKEY_free(device_key);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_acknowledged_once_safe),
		TEST(test_safe_later_is_a_separate_answer),
		TEST(test_not_safe_is_5_03),
		TEST(test_faults_are_named),
		TEST(test_an_identity_without_a_device),
		TEST(test_a_device_that_leaves),
		TEST(test_about_to_stop),
		TEST(test_more_than_its_rate),
		TEST(test_sessions_are_capped),
		TEST(test_all_sessions_are_capped),
		TEST(test_keys_change),
		TEST(test_another_address_to_listen_on),
		TEST(test_plaintext),
		TEST(test_certificates),
	};

	return RUN_TESTS(tests);
}
