/*
 * DTLS sessions against OpenSSL's client: who gets in, and above all what does
 * not end the session of one who is in. Datagrams are handed over by hand.
 */
#include "unit/unit.h"

#include <arpa/inet.h>

#include "coap/dtls.h"
#include "unit/coap/dtls_client.h"
#include "util/cleanup.h"

#define SECOND INT64_C(1000000)
#define CCM8 "PSK-AES128-CCM8"

static const uint8_t bed3_key[16] = "0123456789abcdef";

struct fixture {
	struct timers timers;
	struct dtls *dtls;
	int64_t now_us;
	struct dtls_client *clients[600];
	size_t client_count;
	struct dtls_session *last;
	unsigned established, received, refused;
	unsigned ended[DTLS_END_STOPPED + 1];
	char text[64], reason[128];
	uint8_t sent_types[256];
	unsigned sent;
};

static struct fixture *the;

static void on_send(
	void *userdata, const struct udp_address *a, const uint8_t *bytes, size_t length)
{
	if (the->sent < sizeof(the->sent_types))
		the->sent_types[the->sent++] = bytes[0];
	for (size_t i = 0; i < the->client_count; i++) {
		if (memcmp(&the->clients[i]->address, a, sizeof(*a)) == 0)
			client_deliver(the->clients[i], bytes, length);
	}
}

static const uint8_t *on_key(void *userdata, const char *identity, size_t *ret_length)
{
	if (strcmp(identity, "bed3") != 0)
		return NULL;
	*ret_length = sizeof(bed3_key);
	return bed3_key;
}

static bool on_established(void *userdata, struct dtls_session *s, int64_t now_us)
{
	the->established++;
	the->last = s;
	return true;
}

/* The server of these tests says everything twice. */
static void on_received(
	void *userdata, struct dtls_session *s, uint8_t *bytes, size_t length, int64_t now_us)
{
	char twice[2 * sizeof(the->text)];

	the->received++;
	assert_true(length < sizeof(the->text));
	memcpy(the->text, bytes, length);
	the->text[length] = 0;
	snprintf(twice, sizeof(twice), "%s%s", the->text, the->text);
	dtls_send(s, (const uint8_t *)twice, strlen(twice));
}

static void on_ended(void *userdata, struct dtls_session *s, enum dtls_end why)
{
	the->ended[why]++;
}

static void on_refused(
	void *userdata, const struct udp_address *a, const char *identity, const char *reason)
{
	the->refused++;
	snprintf(the->reason, sizeof(the->reason), "%s: %s", identity ? identity : "-", reason);
}

static const struct dtls_ops ops = {
	.send = on_send,
	.key = on_key,
	.established = on_established,
	.received = on_received,
	.ended = on_ended,
	.refused = on_refused,
};

static int set_up(void **state)
{
	const struct dtls_credentials none = { 0 };
	char problem[DTLS_PROBLEM_MAX];
	SSL_CTX *ctx = NULL;

	the = calloc(1, sizeof(*the));
	the->now_us = SECOND;
	assert_int_equal(dtls_context_new(&ctx, &none, problem), 0);
	assert_int_equal(dtls_new(&the->dtls, &ops, NULL, &the->timers, ctx), 0);
	return 0;
}

static int tear_down(void **state)
{
	dtls_free(the->dtls);
	timers_done(&the->timers);
	for (size_t i = 0; i < the->client_count; i++) {
		client_done(the->clients[i]);
		free(the->clients[i]);
	}
	free(the);
	dtls_bio_forget_method();
	return 0;
}

static void to_server(struct dtls_client *c, const uint8_t *bytes, size_t length)
{
	uint8_t copy[2048];

	memcpy(copy, bytes, length);
	dtls_receive(the->dtls, &c->address, copy, length, the->now_us);
}

static struct dtls_client *device(unsigned host, uint16_t port, const char *suites)
{
	struct dtls_client *c = calloc(1, sizeof(*c));

	c->address = address(host, port);
	c->send = to_server;
	snprintf(c->identity, sizeof(c->identity), "bed3");
	memcpy(c->key, bed3_key, sizeof(bed3_key));
	c->key_length = sizeof(bed3_key);
	client_boot(c, suites);
	the->clients[the->client_count++] = c;
	return c;
}

static void assert_talks(struct dtls_client *c, const char *what)
{
	unsigned before = the->received;
	char twice[2 * sizeof(the->text)];
	uint8_t buf[256];
	int n;

	client_write(c, what, strlen(what));
	assert_int_equal(the->received, before + 1);
	assert_string_equal(the->text, what);
	n = client_read(c, buf, sizeof(buf));
	snprintf(twice, sizeof(twice), "%s%s", what, what);
	assert_int_equal(n, (int)strlen(twice));
	assert_memory_equal(buf, twice, strlen(twice));
}

static void test_every_suite_gets_in(void **state)
{
	static const char *const suites[] = {
		CCM8,
		"PSK-AES256-CCM8",
		"PSK-AES128-CCM",
		"PSK-AES128-GCM-SHA256",
		"PSK-AES256-GCM-SHA384",
		"PSK-CHACHA20-POLY1305",
		"PSK-AES128-CBC-SHA256",
		"ECDHE-PSK-AES128-CBC-SHA256",
		"ECDHE-PSK-CHACHA20-POLY1305",
	};

	for (unsigned i = 0; i < ARRAY_SIZE(suites); i++) {
		struct dtls_client *c = device(1, (uint16_t)(1000 + i), suites[i]);

		assert_true(client_handshake(c));
		assert_string_equal(SSL_get_cipher_name(c->ssl), suites[i]);
		assert_string_equal(dtls_session_identity(the->last), "bed3");
		assert_true(dtls_session_has_key(the->last));
		assert_talks(c, suites[i]);
	}
	assert_int_equal(the->established, ARRAY_SIZE(suites));
	assert_int_equal(dtls_half_open(the->dtls), 0);
}

static void test_weak_suites_stay_out(void **state)
{
	struct dtls_client *c = device(1, 1000, "PSK-NULL-SHA256:@SECLEVEL=0");

	assert_false(client_handshake(c));
	assert_int_equal(the->established, 0);
	assert_int_equal(the->refused, 1);
}

static void test_nothing_is_kept_before_the_cookie(void **state)
{
	/* as from a forged address: the answers go nowhere */
	for (unsigned i = 0; i < 1000; i++) {
		struct dtls_client *c = calloc(1, sizeof(*c));

		c->address = address(i, 5684);
		c->send = to_server;
		client_boot(c, CCM8);
		assert_false(client_handshake(c));
		client_done(c);
		free(c);
	}
	assert_int_equal(dtls_half_open(the->dtls), 0);
	assert_int_equal(dtls_counters(the->dtls)->hellos, 1000);
}

static void test_an_unknown_identity(void **state)
{
	struct dtls_client *c = device(1, 1000, CCM8);

	snprintf(c->identity, sizeof(c->identity), "bed4");
	assert_false(client_handshake(c));
	assert_int_equal(the->refused, 1);
	assert_string_equal(the->reason, "bed4: no key for the identity");
	assert_int_equal(dtls_half_open(the->dtls), 0);
}

static void test_a_wrong_key(void **state)
{
	struct dtls_client *c = device(1, 1000, CCM8);

	c->key[0] ^= 1;
	assert_false(client_handshake(c));
	assert_int_equal(the->established, 0);
	assert_int_equal(the->refused, 1);
	assert_string_equal(
		the->reason, "bed3: the key is not the one that belongs to the identity");

	/* it does not stay half open for ever */
	assert_int_equal(dtls_half_open(the->dtls), 1);
	for (int i = 0; i < 40; i++) {
		the->now_us += SECOND;
		timers_run(&the->timers, the->now_us, 100);
	}
	assert_int_equal(dtls_half_open(the->dtls), 0);
	assert_int_equal(the->refused, 1);
}

/* Power lost and back: same address, same port, no close_notify. */
static void test_a_device_that_reboots_gets_in_at_once(void **state)
{
	struct dtls_client *c = device(1, 5684, CCM8);

	assert_true(client_handshake(c));
	assert_talks(c, "before");
	client_boot(c, CCM8);
	assert_true(client_handshake(c));
	assert_int_equal(the->established, 2);
	assert_int_equal(the->ended[DTLS_END_REPLACED], 1);
	assert_talks(c, "after");
}

/* The old session goes on until the new handshake has succeeded, at each step of it. */
static void test_the_session_lives_until_it_is_replaced(void **state)
{
	struct dtls_client *old = device(1, 5684, CCM8), *c = calloc(1, sizeof(*c));
	struct datagram d;

	assert_true(client_handshake(old));

	/* the second one at that address reads what comes in clear, the first what does not */
	*c = (struct dtls_client){ .address = old->address, .hold = true, .send = to_server };
	snprintf(c->identity, sizeof(c->identity), "bed3");
	memcpy(c->key, bed3_key, sizeof(bed3_key));
	c->key_length = sizeof(bed3_key);
	client_boot(c, CCM8);

	for (int i = 0; i < 8 && !SSL_is_init_finished(c->ssl); i++) {
		(void)client_handshake(c);
		for (size_t k = 0; k < c->out_count; k++) {
			const uint8_t *at = c->out[k].bytes, *end = at + c->out[k].length;

			while (at < end) {
				size_t n = 13 + (at[11] << 8 | at[12]);

				to_server(c, at, n);
				at += n;
				while (client_take(old, &d))
					client_deliver(c, d.bytes, d.length);
				if (the->established == 1)
					assert_talks(old, "still here");
			}
		}
		c->out_count = 0;
	}
	assert_true(SSL_is_init_finished(c->ssl));
	assert_true(the->received >= 4);
	assert_int_equal(the->ended[DTLS_END_REPLACED], 1);
	client_done(c);
	free(c);
}

/* Records of a plausible handshake, alerts and noise, all in the clear: anybody can send them. */
static void test_forgeries_do_not_end_a_session(void **state)
{
	struct dtls_client *c = device(1, 5684, CCM8), forger = { .send = to_server };
	static const uint8_t close_notify[] = { 21, 254, 253, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 1, 0 };
	static const uint8_t fatal[] = { 21, 254, 253, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40 };
	static const uint8_t finished[] = { 20, 254, 253, 0, 0, 0, 0, 0, 0, 0, 9, 0, 1, 1 };
	uint8_t noise[200];

	assert_true(client_handshake(c));
	forger.address = c->address;
	for (int i = 0; i < 100; i++) {
		client_boot(&forger, CCM8);
		assert_false(client_handshake(&forger)); /* the hello; its answer goes to c */
		to_server(c, close_notify, sizeof(close_notify));
		to_server(c, fatal, sizeof(fatal));
		to_server(c, finished, sizeof(finished));
		c->in_count = 0;
	}
	client_done(&forger);

	/* enciphered noise, of every content type and in two epochs */
	for (unsigned i = 0; i < 2000; i++) {
		for (size_t k = 0; k < sizeof(noise); k++)
			noise[k] = (uint8_t)(i * 7 + k * 13 + (i >> 3));
		noise[0] = (uint8_t)(20 + i % 4);
		noise[1] = 254;
		noise[2] = 253;
		noise[3] = 0;
		noise[4] = (uint8_t)(i % 3);
		noise[11] = 0;
		noise[12] = (uint8_t)(i % (sizeof(noise) - 13));
		to_server(c, noise, 13 + noise[12]);
		to_server(c, noise, 13 + noise[12] / 2);
		c->in_count = 0;
	}
	assert_int_equal(the->established, 1);
	assert_talks(c, "still here");
	for (size_t i = 0; i <= DTLS_END_STOPPED; i++)
		assert_int_equal(the->ended[i], 0);
}

/* One who sees the cookie can open a handshake, and no more. */
static void test_a_forged_hello_with_the_right_cookie(void **state)
{
	struct dtls_client *c = device(1, 5684, CCM8), forger = { .send = to_server };
	struct datagram d;

	assert_true(client_handshake(c));
	forger.address = c->address;
	for (int i = 0; i < 20; i++) {
		c->in_count = 0;
		client_boot(&forger, CCM8);
		assert_false(client_handshake(&forger));
		assert_true(client_take(c, &d)); /* HelloVerifyRequest */
		client_deliver(&forger, d.bytes, d.length);
		snprintf(forger.identity, sizeof(forger.identity), "bed3");
		memset(forger.key, 0x55, 16);
		forger.key_length = 16;
		assert_false(client_handshake(&forger));
		assert_int_equal(dtls_half_open(the->dtls), 1);
		/* and on, with a key that is not the right one */
		while (client_take(c, &d))
			client_deliver(&forger, d.bytes, d.length);
		assert_false(client_handshake(&forger));
		c->in_count = 0;
		assert_talks(c, "still here");
	}
	assert_int_equal(the->established, 1);

	/* an alert of the failed handshake would be in the clear, to a peer that is well */
	the->sent = 0;
	client_boot(&forger, CCM8);
	snprintf(forger.identity, sizeof(forger.identity), "nobody");
	c->in_count = 0;
	for (int i = 0; i < 4; i++) {
		(void)client_handshake(&forger);
		while (client_take(c, &d))
			client_deliver(&forger, d.bytes, d.length);
	}
	(void)client_handshake(&forger);
	assert_true(the->sent >= 2);
	for (unsigned i = 0; i < the->sent; i++)
		assert_int_not_equal(the->sent_types[i], 21);
	client_done(&forger);

	the->now_us += DTLS_HANDSHAKE_MAX_US;
	timers_run(&the->timers, the->now_us, 100);
	assert_int_equal(dtls_half_open(the->dtls), 0);
	c->in_count = 0;
	assert_talks(c, "to the end");
}

static void test_a_cookie_of_another_address(void **state)
{
	struct dtls_client *c = device(1, 1000, CCM8), *other = device(2, 1000, CCM8);

	/* The hello with c's cookie comes from other's address. */
	c->hold = true;
	(void)client_handshake(c);
	to_server(c, c->out[0].bytes, c->out[0].length);
	c->out_count = 0;
	(void)client_handshake(c);
	assert_int_equal(c->out_count, 1);
	to_server(other, c->out[0].bytes, c->out[0].length);
	assert_int_equal(dtls_half_open(the->dtls), 0);
	to_server(c, c->out[0].bytes, c->out[0].length);
	assert_int_equal(dtls_half_open(the->dtls), 1);
}

static void test_cookies_grow_old(void **state)
{
	struct udp_address a = address(1, 1), b = address(2, 1);
	struct dtls_cookies cookies = { 0 };
	uint8_t cookie[DTLS_COOKIE_LENGTH];

	assert_true(dtls_cookie_make(&cookies, &a, 0, cookie));
	assert_true(dtls_cookie_check(&cookies, &a, 0, cookie, sizeof(cookie)));
	assert_false(dtls_cookie_check(&cookies, &b, 0, cookie, sizeof(cookie)));
	assert_false(dtls_cookie_check(&cookies, &a, 0, cookie, sizeof(cookie) - 1));
	assert_true(dtls_cookie_check(
		&cookies, &a, DTLS_COOKIE_LIFETIME_US + 1, cookie, sizeof(cookie)));
	assert_false(dtls_cookie_check(
		&cookies, &a, 2 * DTLS_COOKIE_LIFETIME_US + 2, cookie, sizeof(cookie)));
	/* after a long quiet time both secrets are new */
	assert_true(dtls_cookie_make(&cookies, &a, 3 * DTLS_COOKIE_LIFETIME_US, cookie));
	assert_false(dtls_cookie_check(
		&cookies, &a, 9 * DTLS_COOKIE_LIFETIME_US, cookie, sizeof(cookie)));
}

/* The answer to the hello with the cookie is lost: the timer sends it again. */
static void test_a_lost_flight_is_sent_again(void **state)
{
	struct dtls_client *c = device(1, 1000, CCM8);
	struct datagram again;

	c->hold = true;
	(void)client_handshake(c);
	to_server(c, c->out[0].bytes, c->out[0].length);
	c->out_count = 0;
	(void)client_handshake(c);
	assert_int_equal(c->out_count, 1);
	to_server(c, c->out[0].bytes, c->out[0].length);
	again = c->out[0];
	c->out_count = 0;
	c->in_count = 0; /* lost */

	/* the hello comes again: the same, so nothing begins anew */
	to_server(c, again.bytes, again.length);
	assert_int_equal(dtls_counters(the->dtls)->repeated, 1);
	assert_int_equal(c->in_count, 0);
	assert_int_equal(dtls_half_open(the->dtls), 1);
	assert_true(timers_next(&the->timers) <= the->now_us + 2 * SECOND);
}

static void test_half_open_handshakes_are_capped(void **state)
{
	/* all from one address, each from a port of its own */
	for (unsigned i = 0; i < DTLS_HALF_OPEN_ADDRESS_MAX + 20; i++) {
		struct dtls_client *c = device(1, (uint16_t)(1000 + i), CCM8);

		c->hold = true;
		for (int k = 0; k < 2; k++) {
			(void)client_handshake(c);
			to_server(c, c->out[0].bytes, c->out[0].length);
			c->out_count = 0;
		}
	}
	assert_int_equal(dtls_half_open(the->dtls), DTLS_HALF_OPEN_ADDRESS_MAX);
	assert_int_equal(dtls_counters(the->dtls)->displaced, 20);

	for (unsigned i = 0; i < DTLS_HALF_OPEN_MAX; i++) {
		struct dtls_client *c = device(2 + i, 1000, CCM8);

		c->hold = true;
		for (int k = 0; k < 2; k++) {
			(void)client_handshake(c);
			to_server(c, c->out[0].bytes, c->out[0].length);
			c->out_count = 0;
		}
	}
	assert_int_equal(dtls_half_open(the->dtls), DTLS_HALF_OPEN_MAX);

	/* and one in the middle of it all gets in */
	assert_true(client_handshake(device(4000, 1000, CCM8)));
}

/* There is no idle timeout: a device that posts every 15 minutes, or once a week, keeps its
 * session. */
static void test_a_quiet_session_lives_on(void **state)
{
	struct dtls_client *c = device(1, 1000, CCM8);

	assert_true(client_handshake(c));
	for (int quarter = 0; quarter < 4 * 24; quarter++) {
		the->now_us += 15 * 60 * SECOND;
		timers_run(&the->timers, the->now_us, 100);
		assert_talks(c, "reading");
	}
	the->now_us += 7 * 86400 * SECOND;
	timers_run(&the->timers, the->now_us, 100);
	assert_talks(c, "weekly");
}

static void test_close_notify(void **state)
{
	struct dtls_client *c = device(1, 1000, CCM8);

	assert_true(client_handshake(c));
	(void)SSL_shutdown(c->ssl);
	assert_int_equal(the->ended[DTLS_END_CLOSED], 1);
	client_boot(c, CCM8);
	assert_true(client_handshake(c));
	assert_talks(c, "again");
}

static void test_the_gateway_stops(void **state)
{
	struct dtls_client *c = device(1, 1000, CCM8);
	uint8_t buf[16];

	assert_true(client_handshake(c));
	the->dtls = dtls_free(the->dtls);
	assert_int_equal(the->ended[DTLS_END_STOPPED], 1);
	assert_int_equal(client_read(c, buf, sizeof(buf)), -1);
	assert_int_equal(SSL_get_shutdown(c->ssl) & SSL_RECEIVED_SHUTDOWN, SSL_RECEIVED_SHUTDOWN);
}

/* More sessions than keep their buffers: all go on. */
static void test_cold_sessions_wake_up(void **state)
{
	size_t count = DTLS_WARM_MAX + 50;
	uint8_t buf[16];

	for (unsigned i = 0; i < count; i++)
		assert_true(client_handshake(device(i, 1000, CCM8)));
	for (int round = 0; round < 3; round++) {
		for (unsigned i = 0; i < count; i++)
			assert_talks(the->clients[i], "round");
	}
	/* the gateway speaks first to one that is cold */
	dtls_send(the->last, (const uint8_t *)"hello", 5);
	assert_int_equal(client_read(the->clients[count - 1], buf, sizeof(buf)), 5);
	for (unsigned i = 0; i < count; i++)
		assert_talks(the->clients[i], "round");
}

static bool is_bed3(void *userdata, const char *identity)
{
	return strcmp(identity, "bed3") == 0;
}

static void test_handshakes_with_an_old_key_are_given_up(void **state)
{
	struct dtls_client *c = device(1, 1000, CCM8);

	c->hold = true;
	for (int k = 0; k < 2; k++) {
		(void)client_handshake(c);
		to_server(c, c->out[0].bytes, c->out[0].length);
		c->out_count = 0;
	}
	dtls_give_up(the->dtls, is_bed3, NULL); /* it has not said who it is */
	assert_int_equal(dtls_half_open(the->dtls), 1);
	(void)client_handshake(c);
	/* ClientKeyExchange, without what follows it in the same datagram */
	to_server(c, c->out[0].bytes, 13u + c->out[0].bytes[12]);
	assert_int_equal(the->established, 0);
	dtls_give_up(the->dtls, is_bed3, NULL);
	assert_int_equal(dtls_half_open(the->dtls), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_every_suite_gets_in),
		TEST(test_weak_suites_stay_out),
		TEST(test_nothing_is_kept_before_the_cookie),
		TEST(test_an_unknown_identity),
		TEST(test_a_wrong_key),
		TEST(test_a_device_that_reboots_gets_in_at_once),
		TEST(test_the_session_lives_until_it_is_replaced),
		TEST(test_forgeries_do_not_end_a_session),
		TEST(test_a_forged_hello_with_the_right_cookie),
		TEST(test_a_cookie_of_another_address),
		TEST(test_cookies_grow_old),
		TEST(test_a_lost_flight_is_sent_again),
		TEST(test_half_open_handshakes_are_capped),
		TEST(test_a_quiet_session_lives_on),
		TEST(test_close_notify),
		TEST(test_the_gateway_stops),
		TEST(test_cold_sessions_wake_up),
		TEST(test_handshakes_with_an_old_key_are_given_up),
	};

	return RUN_TESTS(tests);
}
