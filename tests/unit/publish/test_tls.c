/*
 * TLS towards the broker: what is read from files, what is kept, and how a
 * handshake that fails is put into words. Certificates are made here; the
 * handshakes run in memory.
 */
#include "publish/tls.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "unit/unit.h"

#define DAY 86400

static char directory[] = "/tmp/wardgate-tls-XXXXXX";

struct identity {
	X509 *certificate;
	EVP_PKEY *key;
};

static struct identity authority, stranger;

static const char *path(const char *name)
{
	static char paths[8][128];
	static unsigned next;
	char *p = paths[next++ % 8];

	snprintf(p, 128, "%s/%s", directory, name);
	return p;
}

/* san: subjectAltName, NULL for an authority. */
static struct identity make(
	const char *cn, const char *san, const struct identity *issuer, long from_s, long to_s)
{
	static long serial;
	struct identity id = { X509_new(), EVP_EC_gen("P-256") };
	const X509 *by = issuer ? issuer->certificate : id.certificate;
	X509_EXTENSION *extension;

	assert_non_null(id.certificate);
	assert_non_null(id.key);
	X509_set_version(id.certificate, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(id.certificate), ++serial);
	X509_gmtime_adj(X509_getm_notBefore(id.certificate), from_s);
	X509_gmtime_adj(X509_getm_notAfter(id.certificate), to_s);
	X509_set_pubkey(id.certificate, id.key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(id.certificate), "CN", MBSTRING_ASC,
		(const unsigned char *)cn, -1, -1, 0);
	X509_set_issuer_name(id.certificate, X509_get_subject_name(by));
	extension =
		san ? X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, san)
		    : X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, "critical,CA:TRUE");
	assert_non_null(extension);
	X509_add_ext(id.certificate, extension, -1);
	X509_EXTENSION_free(extension);
	assert_true(X509_sign(id.certificate, issuer ? issuer->key : id.key, EVP_sha256()) > 0);
	return id;
}

static void drop(struct identity *id)
{
	X509_free(id->certificate);
	EVP_PKEY_free(id->key);
}

static void write_certificate(const char *name, const struct identity *id)
{
	FILE *f = fopen(path(name), "w");

	assert_non_null(f);
	assert_int_equal(PEM_write_X509(f, id->certificate), 1);
	fclose(f);
}

static void write_key(const char *name, const struct identity *id)
{
	FILE *f = fopen(path(name), "w");

	assert_non_null(f);
	assert_int_equal(PEM_write_PrivateKey(f, id->key, NULL, NULL, 0, NULL, NULL), 1);
	fclose(f);
}

static void write_text(const char *name, const char *text)
{
	FILE *f = fopen(path(name), "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static struct tls *client(
	const char *host, const char *certificate, const char *key, const struct tls_kept *kept)
{
	static const struct tls_kept nothing;
	struct tls *t;

	assert_int_equal(tls_new(&t, host, path("ca.crt"), certificate ? path(certificate) : NULL,
				 key ? path(key) : NULL, kept ?: &nothing),
		0);
	return t;
}

/* Runs a handshake; returns whether both sides are content. */
static bool handshake(
	struct tls *t, const struct identity *server, bool wants_certificate, int version)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	SSL *a, *b;
	BIO *x, *y;
	bool done = false;

	assert_int_equal(SSL_CTX_use_certificate(context, server->certificate), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(context, server->key), 1);
	SSL_CTX_set_min_proto_version(context, version);
	SSL_CTX_set_max_proto_version(context, version);
	if (wants_certificate) {
		SSL_CTX_set_verify(
			context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
		X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority.certificate);
	}
	a = SSL_new(tls_context(t));
	b = SSL_new(context);
	assert_int_equal(BIO_new_bio_pair(&x, 0, &y, 0), 1);
	SSL_set_bio(a, x, x);
	SSL_set_bio(b, y, y);
	SSL_set_connect_state(a);
	SSL_set_accept_state(b);
	for (int i = 0; i < 20; i++) {
		char byte;
		int ra = SSL_do_handshake(a), rb = SSL_do_handshake(b);

		if (ra == 1 && rb == 1) {
			done = true;
			break;
		}
		/* In TLS 1.3 the server's verdict comes after our side is done. */
		if (ra == 1)
			(void)SSL_read(a, &byte, 1);
	}
	SSL_free(a);
	SSL_free(b);
	SSL_CTX_free(context);
	return done;
}

static void expect_refusal(const char *host, const struct identity *server, const char *beginning)
{
	struct tls *t = client(host, NULL, NULL, NULL);

	assert_int_equal(tls_build(t), 0);
	assert_false(handshake(t, server, false, TLS1_3_VERSION));
	if (strncmp(tls_problem(t), beginning, strlen(beginning)) != 0)
		fail_msg("\"%s\" does not begin with \"%s\"", tls_problem(t), beginning);
	tls_free(t);
}

static void test_a_good_broker(void **state)
{
	struct identity server =
		make("broker", "DNS:broker.example,IP:192.0.2.7", &authority, -DAY, 10 * DAY);
	static const char *const hosts[] = { "broker.example", "192.0.2.7" };
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

	for (int i = 0; i < 2; i++)
		for (int k = 0; k < 2; k++) {
			struct tls *t = client(hosts[i], "gw.crt", "gw.key", NULL);
			int64_t now = (int64_t)time(NULL);

			assert_int_equal(tls_build(t), 0);
			assert_true(handshake(t, &server, true, versions[k]));
			assert_string_equal(tls_problem(t), "");
			assert_string_equal(tls_notice(t), "");
			/* The broker's ends before its authority's. */
			assert_in_range(tls_peer_expires_us(t) / 1000000, now + 10 * DAY - 60,
				now + 10 * DAY + 60);
			assert_in_range(tls_own_expires_us(t) / 1000000, now + 20 * DAY - 60,
				now + 20 * DAY + 60);
			tls_free(t);
		}
	drop(&server);
}

static void test_brokers_that_are_not_trusted(void **state)
{
	struct identity id;

	id = make("x", "DNS:other.example,IP:192.0.2.9", &authority, -DAY, DAY);
	expect_refusal("broker.example", &id,
		"the certificate of broker.example is for other.example, 192.0.2.9");
	expect_refusal("192.0.2.7", &id, "the certificate of 192.0.2.7 is for other.example");
	drop(&id);
	id = make("x", "DNS:broker.example", &authority, -2 * DAY, -DAY);
	expect_refusal("broker.example", &id, "the certificate of broker.example expired on 20");
	drop(&id);
	id = make("x", "DNS:broker.example", &authority, DAY, 2 * DAY);
	expect_refusal(
		"broker.example", &id, "the certificate of broker.example is not valid before 20");
	drop(&id);
	id = make("x", "DNS:broker.example", &stranger, -DAY, DAY);
	expect_refusal("broker.example", &id,
		"the certificate of broker.example is not trusted by CAFile=: ");
	drop(&id);
	/* A wildcard within a label, and names that would spoil a log line. */
	id = make("x", "DNS:bro*.example,DNS:a\"b;c", &authority, -DAY, DAY);
	expect_refusal("broker.example", &id,
		"the certificate of broker.example is for bro*.example, abc");
	drop(&id);
}

static void test_old_tls_is_refused(void **state)
{
	struct identity server = make("x", "DNS:broker.example", &authority, -DAY, DAY);
	struct tls *t = client("broker.example", NULL, NULL, NULL);

	assert_int_equal(tls_build(t), 0);
	assert_int_equal(SSL_CTX_get_min_proto_version(tls_context(t)), TLS1_2_VERSION);
	assert_false(handshake(t, &server, false, TLS1_1_VERSION));
	tls_free(t);
	drop(&server);
}

static void test_the_broker_wants_a_certificate(void **state)
{
	struct identity server = make("x", "DNS:broker.example", &authority, -DAY, DAY);
	struct tls *t = client("broker.example", NULL, NULL, NULL);

	assert_int_equal(tls_build(t), 0);
	assert_false(handshake(t, &server, true, TLS1_3_VERSION));
	assert_string_equal(tls_problem(t), "the broker requires a certificate (CertificateFile=)");
	tls_free(t);

	t = client("broker.example", "stranger.crt", "stranger.key", NULL);
	assert_int_equal(tls_build(t), 0);
	assert_false(handshake(t, &server, true, TLS1_3_VERSION));
	assert_non_null(strstr(tls_problem(t), "(our certificate?)"));
	tls_free(t);
	drop(&server);
}

static void test_files_that_are_no_good(void **state)
{
	static const struct {
		const char *certificate, *key, *why;
	} rows[] = {
		{ "none.crt", "gw.key", "none.crt cannot be read: No such file or directory" },
		{ "gw.crt", "none.key", "none.key cannot be read: No such file or directory" },
		{ "rubbish", "gw.key", "rubbish holds no certificate in PEM" },
		{ "gw.crt", "rubbish", "rubbish holds no private key in PEM without a passphrase" },
		{ "gw.crt", "stranger.key", "does not belong to the certificate in" },
		{ "gw.crt", NULL, "gw.crt holds no private key" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct tls *t = client("broker.example", rows[i].certificate, rows[i].key, NULL);

		assert_true(tls_build(t) < 0);
		if (!strstr(tls_problem(t), rows[i].why))
			fail_msg("\"%s\" lacks \"%s\"", tls_problem(t), rows[i].why);
		tls_free(t);
	}
}

static void test_a_bad_pair_keeps_the_old_one(void **state)
{
	struct tls_kept kept = { 0 };
	struct identity server = make("x", "DNS:broker.example", &authority, -DAY, DAY);
	struct tls *t = client("broker.example", "gw.crt", "gw.key", &kept);
	int64_t expires;

	assert_int_equal(tls_build(t), 0);
	expires = tls_own_expires_us(t);
	tls_keep(t, &kept);
	tls_free(t);

	/* Half of a renewal is in place. */
	t = client("broker.example", "gw.crt", "stranger.key", &kept);
	assert_int_equal(tls_build(t), 0);
	assert_non_null(strstr(tls_notice(t), "does not belong"));
	assert_non_null(strstr(tls_notice(t), "the previous certificate stays in use"));
	assert_true(tls_own_expires_us(t) == expires);
	assert_true(handshake(t, &server, true, TLS1_3_VERSION));
	tls_keep(t, &kept);
	tls_free(t);

	/* The whole of it. */
	t = client("broker.example", "stranger.crt", "stranger.key", &kept);
	assert_int_equal(tls_build(t), 0);
	assert_string_equal(tls_notice(t), "");
	assert_true(tls_own_expires_us(t) != expires);
	tls_free(t);

	/* And none at all, by configuration. */
	t = client("broker.example", NULL, NULL, &kept);
	assert_int_equal(tls_build(t), 0);
	assert_true(tls_own_expires_us(t) == 0);
	tls_free(t);
	tls_kept_done(&kept);
	drop(&server);
}

static void test_the_authority_is_read_again_when_it_changed(void **state)
{
	struct tls_kept kept = { 0 };
	struct tls *t = client("broker.example", NULL, NULL, &kept);
	X509_STORE *first;

	assert_int_equal(tls_build(t), 0);
	tls_keep(t, &kept);
	tls_free(t);
	first = kept.store;

	t = client("broker.example", NULL, NULL, &kept);
	assert_int_equal(tls_build(t), 0);
	tls_keep(t, &kept);
	tls_free(t);
	assert_ptr_equal(kept.store, first);

	write_text("ca.crt", "nonsense\n");
	t = client("broker.example", NULL, NULL, &kept);
	assert_int_equal(tls_build(t), 0);
	assert_non_null(strstr(tls_notice(t), "holds no usable certificates"));
	tls_free(t);
	t = client("broker.example", NULL, NULL, NULL);
	assert_true(tls_build(t) < 0);
	tls_free(t);

	unlink(path("ca.crt"));
	t = client("broker.example", NULL, NULL, NULL);
	assert_true(tls_build(t) < 0);
	assert_non_null(strstr(tls_problem(t), "cannot be read"));
	tls_free(t);

	write_certificate("ca.crt", &authority);
	tls_kept_done(&kept);
}

static int set_up(void **state)
{
	struct identity gateway, foreign;

	assert_non_null(mkdtemp(directory));
	authority = make("ward CA", NULL, NULL, -DAY, 30 * DAY);
	stranger = make("other CA", NULL, NULL, -DAY, 30 * DAY);
	write_certificate("ca.crt", &authority);
	gateway = make("gw", "DNS:gw", &authority, -DAY, 20 * DAY);
	write_certificate("gw.crt", &gateway);
	write_key("gw.key", &gateway);
	foreign = make("gw", "DNS:gw", &stranger, -DAY, 25 * DAY);
	write_certificate("stranger.crt", &foreign);
	write_key("stranger.key", &foreign);
	write_text("rubbish", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
	drop(&gateway);
	drop(&foreign);
	return 0;
}

static int tear_down(void **state)
{
	static const char *const files[] = { "ca.crt", "gw.crt", "gw.key", "stranger.crt",
		"stranger.key", "rubbish" };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		unlink(path(files[i]));
	drop(&authority);
	drop(&stranger);
	return rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_good_broker),
		cmocka_unit_test(test_brokers_that_are_not_trusted),
		cmocka_unit_test(test_old_tls_is_refused),
		cmocka_unit_test(test_the_broker_wants_a_certificate),
		cmocka_unit_test(test_files_that_are_no_good),
		cmocka_unit_test(test_a_bad_pair_keeps_the_old_one),
		cmocka_unit_test(test_the_authority_is_read_again_when_it_changed),
	};

	return cmocka_run_group_tests_name(__FILE__, tests, set_up, tear_down);
}
