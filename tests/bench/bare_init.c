/*
 * The floor of memory and of starting: a program that initialises the libraries
 * that the daemon stands on, with the same certificates, says READY=1 and waits.
 * It connects nowhere and listens nowhere.
 *
 *   bare_init ca= cert= key=
 */
#include <cbor.h>
#include <cjson/cJSON.h>
#include <ini.h>
#include <mosquitto.h>
#include <openssl/ssl.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "bench/bench.h"

static unsigned int on_identity(
	SSL *ssl, const char *identity, unsigned char *psk, unsigned int psk_max)
{
	return 0;
}

static SSL_CTX *mqtt_context(int argc, char **argv)
{
	SSL_CTX *c = SSL_CTX_new(TLS_client_method());

	if (!c || !SSL_CTX_load_verify_locations(c, bench_need(argc, argv, "ca"), NULL) ||
		!SSL_CTX_use_certificate_chain_file(c, bench_need(argc, argv, "cert")) ||
		!SSL_CTX_use_PrivateKey_file(c, bench_need(argc, argv, "key"), SSL_FILETYPE_PEM))
		bench_die("TLS cannot be set up");
	return c;
}

static SSL_CTX *coap_context(void)
{
	SSL_CTX *c = SSL_CTX_new(DTLS_server_method());

	if (!c || !SSL_CTX_set_cipher_list(c, "PSK-AES128-CCM8:@SECLEVEL=0"))
		bench_die("DTLS cannot be set up");
	SSL_CTX_set_psk_server_callback(c, on_identity);
	return c;
}

static int on_key(void *userdata, const char *section, const char *name, const char *value)
{
	return 1;
}

int main(int argc, char **argv)
{
	static const unsigned char item[] = { 0x81, 0x01 };
	struct cbor_load_result result;
	SSL_CTX *mqtt, *coap;
	struct mosquitto *m;
	sigset_t set;
	sd_event *e;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	if (sd_event_default(&e) < 0 || sd_event_add_signal(e, NULL, SIGTERM, NULL, NULL) < 0)
		bench_die("sd-event cannot be set up");
	if (ini_parse_string("[a]\nb=c\n", on_key, NULL) != 0)
		bench_die("inih does not work");
	(void)mosquitto_lib_init();
	mqtt = mqtt_context(argc, argv);
	coap = coap_context();
	m = mosquitto_new("bare-init", true, NULL);
	if (!m || mosquitto_void_option(m, MOSQ_OPT_SSL_CTX, mqtt))
		bench_die("libmosquitto cannot be set up");
	cJSON_Delete(cJSON_Parse("{\"a\":1}"));
	cbor_decref(&(cbor_item_t *){ cbor_load(item, sizeof(item), &result) });

	(void)sd_notify(false, "READY=1");
	(void)sd_event_loop(e);
	mosquitto_destroy(m);
	(void)mosquitto_lib_cleanup();
	SSL_CTX_free(coap);
	SSL_CTX_free(mqtt);
	(void)sd_event_unref(e);
	return 0;
}
