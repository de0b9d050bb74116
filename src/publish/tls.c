/*
 * TLS towards the broker. See tls.h.
 */
#include "publish/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "util/text.h"

#define SENTENCE_MAX 320

struct tls {
	char *host, *ca_file, *certificate_file, *private_key_file;
	struct tls_kept kept;
	SSL_CTX *context;
	int64_t own_expires_us, peer_expires_us;
	char problem[SENTENCE_MAX], notice[SENTENCE_MAX];
};

void tls_kept_done(struct tls_kept *k)
{
	X509_STORE_free(k->store);
	X509_free(k->certificate);
	sk_X509_pop_free(k->chain, X509_free);
	EVP_PKEY_free(k->key);
	*k = (struct tls_kept){ 0 };
}

static void kept_copy_pair(struct tls_kept *to, const struct tls_kept *from)
{
	X509_free(to->certificate);
	sk_X509_pop_free(to->chain, X509_free);
	EVP_PKEY_free(to->key);
	to->certificate = from->certificate;
	to->chain = from->chain ? X509_chain_up_ref(from->chain) : NULL;
	to->key = from->key;
	if (to->certificate)
		X509_up_ref(to->certificate);
	if (to->key)
		EVP_PKEY_up_ref(to->key);
}

static void kept_copy(struct tls_kept *to, const struct tls_kept *from)
{
	if (to == from)
		return;
	X509_STORE_free(to->store);
	to->store = from->store;
	to->store_file = from->store_file;
	if (to->store)
		X509_STORE_up_ref(to->store);
	kept_copy_pair(to, from);
}

static int copy_string(char **ret, const char *from)
{
	*ret = from ? strdup(from) : NULL;
	return from && !*ret ? -ENOMEM : 0;
}

int tls_new(struct tls **ret, const char *host, const char *ca_file, const char *certificate_file,
	const char *private_key_file, const struct tls_kept *kept)
{
	_cleanup_(tls_freep) struct tls *t = calloc(1, sizeof(*t));

	if (!t || copy_string(&t->host, host) < 0 || copy_string(&t->ca_file, ca_file) < 0 ||
		copy_string(&t->certificate_file, certificate_file) < 0 ||
		copy_string(&t->private_key_file, private_key_file) < 0)
		return -ENOMEM;
	kept_copy(&t->kept, kept);
	*ret = TAKE_PTR(t);
	return 0;
}

struct tls *tls_free(struct tls *t)
{
	if (!t)
		return NULL;
	SSL_CTX_free(t->context);
	tls_kept_done(&t->kept);
	free(t->host);
	free(t->ca_file);
	free(t->certificate_file);
	free(t->private_key_file);
	free(t);
	return NULL;
}

SSL_CTX *tls_context(struct tls *t)
{
	return t->context;
}

const char *tls_problem(const struct tls *t)
{
	return t->problem;
}

const char *tls_notice(const struct tls *t)
{
	return t->notice;
}

void tls_keep(const struct tls *t, struct tls_kept *kept)
{
	kept_copy(kept, &t->kept);
}

int64_t tls_own_expires_us(const struct tls *t)
{
	return t->own_expires_us;
}

int64_t tls_peer_expires_us(const struct tls *t)
{
	return t->peer_expires_us;
}

/* --- sentences --- */

static void say(char *sentence, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The first cause is the one that counts: what follows is its consequence. */
static void say(char *sentence, const char *format, ...)
{
	va_list args;

	if (*sentence)
		return;
	va_start(args, format);
	if (vsnprintf(sentence, SENTENCE_MAX, format, args) < 0)
		*sentence = 0;
	va_end(args);
}

void tls_set_problem(struct tls *t, const char *sentence)
{
	say(t->problem, "%s", sentence);
}

/* The latest reason that OpenSSL gives, and its queue emptied. */
static const char *library_reason(void)
{
	unsigned long e = ERR_peek_last_error();
	const char *reason = e ? ERR_reason_error_string(e) : NULL;

	ERR_clear_error();
	return reason ?: "unknown error";
}

static int64_t asn1_us(const ASN1_TIME *at)
{
	struct tm tm;

	if (!at || ASN1_TIME_to_tm(at, &tm) != 1)
		return 0;
	return (int64_t)timegm(&tm) * 1000000;
}

static void put_asn1_time(struct text *t, const ASN1_TIME *at)
{
	text_time(t, asn1_us(at));
}

/* Whom the certificate is for: its DNS names and addresses, else its common name. Names come from a
 * peer: what is not a letter of a name is left out. */
static void put_names(struct text *t, X509 *certificate)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	const char *separator = "";
	int shown = 0;

	for (int i = 0; i < sk_GENERAL_NAME_num(names) && shown < 4; i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		const unsigned char *data;
		char address[INET6_ADDRSTRLEN];
		int n;

		if (name->type != GEN_DNS && name->type != GEN_IPADD)
			continue;
		data = ASN1_STRING_get0_data(name->d.ia5);
		n = ASN1_STRING_length(name->d.ia5);
		text_str(t, separator);
		if (name->type == GEN_IPADD) {
			int family = n == 4 ? AF_INET : AF_INET6;

			if ((n == 4 || n == 16) &&
				inet_ntop(family, data, address, sizeof(address)))
				text_str(t, address);
		} else {
			for (int k = 0; k < n && k < 64; k++)
				if ((data[k] && strchr("*.-_", data[k])) ||
					(data[k] >= '0' && data[k] <= '9') ||
					((data[k] | 32) >= 'a' && (data[k] | 32) <= 'z'))
					text_char(t, (char)data[k]);
		}
		separator = ", ";
		shown++;
	}
	if (shown == 0) {
		char cn[65] = "";

		X509_NAME_get_text_by_NID(
			X509_get_subject_name(certificate), NID_commonName, cn, sizeof(cn));
		for (char *p = cn; *p; p++)
			if (*p < 0x20 || *p > 0x7e)
				*p = '?';
		text_str(t, *cn ? cn : "nobody");
	}
	GENERAL_NAMES_free(names);
}

/* --- the broker's certificate --- */

static void describe(struct tls *t, X509_STORE_CTX *chain)
{
	int error = X509_STORE_CTX_get_error(chain);
	X509 *certificate = X509_STORE_CTX_get_current_cert(chain);
	const char *which = X509_STORE_CTX_get_error_depth(chain) == 0 ? "certificate"
								       : "certificate authority";
	char detail[200] = "";
	struct text d = text_init(detail, sizeof(detail));

	switch (error) {
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		if (certificate)
			put_names(&d, certificate);
		say(t->problem, "the certificate of %s is for %s", t->host,
			text_done(&d) > 0 ? detail : "another");
		break;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		if (certificate)
			put_asn1_time(&d, X509_get0_notAfter(certificate));
		text_done(&d);
		say(t->problem, "the %s of %s expired on %s", which, t->host, detail);
		break;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		if (certificate)
			put_asn1_time(&d, X509_get0_notBefore(certificate));
		text_done(&d);
		say(t->problem,
			"the %s of %s is not valid before %s; is the gateway's clock right?", which,
			t->host, detail);
		break;
	default:
		say(t->problem, "the certificate of %s is not trusted by CAFile=: %s", t->host,
			X509_verify_cert_error_string(error));
		break;
	}
}

static int on_verify(int ok, X509_STORE_CTX *chain)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls *t = ssl ? SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)) : NULL;
	X509 *certificate = X509_STORE_CTX_get_current_cert(chain);

	if (!t)
		return 0;
	if (!ok) {
		describe(t, chain);
	} else if (certificate) {
		int64_t expires = asn1_us(X509_get0_notAfter(certificate));

		if (expires && (!t->peer_expires_us || expires < t->peer_expires_us))
			t->peer_expires_us = expires;
	}
	return ok;
}

/* OpenSSL 3.0 has no words for this one of RFC 8446. */
#define ALERT_CERTIFICATE_REQUIRED 116

/* Alerts tell why the other side gave up; in TLS 1.3 the broker judges our certificate only after
 * our side of the handshake is done. */
static void on_info(const SSL *ssl, int where, int value)
{
	struct tls *t;

	if (!(where & SSL_CB_ALERT) || (value & 0xff) == SSL_AD_CLOSE_NOTIFY)
		return;
	t = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	if (!t || !(where & SSL_CB_READ))
		return;
	if ((value & 0xff) == ALERT_CERTIFICATE_REQUIRED)
		say(t->problem, "the broker requires a certificate (CertificateFile=)");
	else
		say(t->problem, "the broker ended TLS with the alert: %s%s",
			SSL_alert_desc_string_long(value),
			t->kept.certificate ? " (our certificate?)" : "");
}

/* --- files --- */

static int no_passphrase(char *buf, int size, int rwflag, void *userdata)
{
	return -1;
}

static BIO *open_pem(const char *path, char *why)
{
	BIO *bio = BIO_new_file(path, "r");

	if (!bio) {
		say(why, "%s cannot be read: %m", path);
		ERR_clear_error();
	}
	return bio;
}

/* Reads the pair into k. Returns 0, or -EINVAL with the reason in why. */
static int read_pair(struct tls *t, struct tls_kept *k, char *why)
{
	const char *key_file = t->private_key_file ?: t->certificate_file;
	BIO *bio = open_pem(t->certificate_file, why);
	X509 *next;

	if (!bio)
		return -EINVAL;
	k->certificate = PEM_read_bio_X509_AUX(bio, NULL, no_passphrase, NULL);
	k->chain = sk_X509_new_null();
	while (k->certificate && k->chain &&
		(next = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL)))
		if (!sk_X509_push(k->chain, next)) {
			X509_free(next);
			break;
		}
	BIO_free(bio);
	if (!k->certificate || !k->chain) {
		say(why, "%s holds no certificate in PEM: %s", t->certificate_file,
			library_reason());
		return -EINVAL;
	}
	ERR_clear_error(); /* the end of the file is an error to PEM_read_bio */

	bio = open_pem(key_file, why);
	if (!bio)
		return -EINVAL;
	k->key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	BIO_free(bio);
	if (!k->key) {
		say(why, "%s holds no private key in PEM without a passphrase: %s", key_file,
			library_reason());
		return -EINVAL;
	}
	if (X509_check_private_key(k->certificate, k->key) != 1) {
		ERR_clear_error();
		say(why, "the key in %s does not belong to the certificate in %s", key_file,
			t->certificate_file);
		return -EINVAL;
	}
	return 0;
}

static int load_pair(struct tls *t)
{
	struct tls_kept fresh = { 0 };
	char why[SENTENCE_MAX] = "";

	if (!t->certificate_file) {
		kept_copy_pair(&t->kept, &fresh);
		return 0;
	}
	if (read_pair(t, &fresh, why) < 0) {
		tls_kept_done(&fresh);
		if (!t->kept.certificate) {
			say(t->problem, "%s", why);
			return -EINVAL;
		}
		say(t->notice, "%s; the previous certificate stays in use", why);
	} else {
		kept_copy_pair(&t->kept, &fresh);
		tls_kept_done(&fresh);
	}
	t->own_expires_us = asn1_us(X509_get0_notAfter(t->kept.certificate));
	return 0;
}

/* Debian's bundle takes 50 ms to read: an unchanged file is not read again. */
static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static int load_store(struct tls *t)
{
	X509_STORE *store;
	struct stat st;

	if (!t->ca_file) {
		say(t->problem, "CAFile= is not set, so no broker can be trusted");
		return -EINVAL;
	}
	if (stat(t->ca_file, &st) < 0) {
		say(t->kept.store ? t->notice : t->problem, "CAFile=%s cannot be read: %m",
			t->ca_file);
		return t->kept.store ? 0 : -EINVAL;
	}
	if (t->kept.store && same_file(&st, &t->kept.store_file))
		return 0;

	store = X509_STORE_new();
	if (!store)
		return -ENOMEM;
	if (X509_STORE_load_file(store, t->ca_file) != 1) {
		say(t->kept.store ? t->notice : t->problem,
			"CAFile=%s holds no usable certificates: %s", t->ca_file, library_reason());
		X509_STORE_free(store);
		return t->kept.store ? 0 : -EINVAL;
	}
	X509_STORE_free(t->kept.store);
	t->kept.store = store;
	t->kept.store_file = st;
	return 0;
}

/* --- the context --- */

static int set_peer_name(struct tls *t)
{
	X509_VERIFY_PARAM *param = SSL_CTX_get0_param(t->context);
	unsigned char address[16];

	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (inet_pton(AF_INET, t->host, address) == 1 || inet_pton(AF_INET6, t->host, address) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(param, t->host);
	return X509_VERIFY_PARAM_set1_host(param, t->host, 0);
}

static int use_pair(struct tls *t)
{
	if (!t->kept.certificate)
		return 1;
	return SSL_CTX_use_certificate(t->context, t->kept.certificate) == 1 &&
	       SSL_CTX_use_PrivateKey(t->context, t->kept.key) == 1 &&
	       SSL_CTX_set1_chain(t->context, t->kept.chain) == 1;
}

int tls_build(struct tls *t)
{
	int r;

	r = load_store(t);
	if (r == 0)
		r = load_pair(t);
	if (r < 0)
		return r;

	t->context = SSL_CTX_new(TLS_client_method());
	if (!t->context || SSL_CTX_set_min_proto_version(t->context, TLS1_2_VERSION) != 1 ||
		set_peer_name(t) != 1 || use_pair(t) != 1) {
		say(t->problem, "TLS cannot be set up: %s", library_reason());
		return -EINVAL;
	}
	SSL_CTX_set_app_data(t->context, t);
	SSL_CTX_set1_cert_store(t->context, t->kept.store);
	SSL_CTX_set_verify(t->context, SSL_VERIFY_PEER, on_verify);
	SSL_CTX_set_info_callback(t->context, on_info);
	SSL_CTX_set_options(t->context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
	/* One read(2) takes in several of the broker's small records; link.c empties the buffer. */
	SSL_CTX_set_read_ahead(t->context, 1);
	return 0;
}
