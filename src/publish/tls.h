/*
 * TLS towards the broker: reads the CA file and our certificate and key anew
 * for each connection, builds an SSL_CTX, and keeps what went wrong as a
 * sentence. It opens no connection; link.h does.
 *
 * An attempt's struct tls is made on the loop, built on a worker thread and
 * read on the loop again, never by both at once. It must outlive the SSL_CTX's
 * connections, whose callbacks write to it.
 */
#pragma once

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "util/cleanup.h"

/* What was read well last, so that a file half written or a pair that does not match costs nothing.
 * OpenSSL counts these objects; handing them on is safe between threads. */
struct tls_kept {
	X509_STORE *store;
	struct stat store_file; /* the file that store was made of */
	X509 *certificate;
	STACK_OF(X509) * chain;
	EVP_PKEY *key;
};

void tls_kept_done(struct tls_kept *k);

struct tls;

/* Strings are copied; certificate_file and private_key_file may be NULL (both, or the key alone
 * when the certificate's file holds it), ca_file may be NULL for the system's. kept is copied by
 * reference count. Returns 0 or -ENOMEM. */
int tls_new(struct tls **ret, const char *host, const char *ca_file, const char *certificate_file,
	const char *private_key_file, const struct tls_kept *kept);
struct tls *tls_free(struct tls *t);
WG_DEFINE_CLEANUP(struct tls *, tls_free)

/* Reads the files and builds the context; blocks on disk. Returns 0, or a negative errno with
 * tls_problem() saying what is wrong. */
int tls_build(struct tls *t);
/* Lent; valid as long as t. NULL before tls_build(). */
SSL_CTX *tls_context(struct tls *t);
/* One sentence on what failed, "" when nothing did: building, the broker's certificate, an alert.
 */
const char *tls_problem(const struct tls *t);
/* Takes note of an error of the library, unless a better sentence stands already. */
void tls_set_problem(struct tls *t, const char *sentence);
/* What was wrong with files whose predecessors were used instead, "" when nothing was. */
const char *tls_notice(const struct tls *t);
/* Hands what was read well over to kept. */
void tls_keep(const struct tls *t, struct tls_kept *kept);
/* UTC; 0: none. The peer's is the earliest of its chain and known after the handshake. */
int64_t tls_own_expires_us(const struct tls *t);
int64_t tls_peer_expires_us(const struct tls *t);
