/*
 * OpenSSL's view of a socket that many sessions share: it reads the one record
 * it is handed and writes datagrams through a function.
 */
#pragma once

#include <openssl/bio.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dtls_pipe {
	const uint8_t *in; /* what is to be read, once */
	size_t in_length;
	void (*out)(struct dtls_pipe *p, const uint8_t *bytes, size_t length);
};

/* A new BIO on a pipe that outlives it. NULL when there is no memory. */
BIO *dtls_bio_new(struct dtls_pipe *p);
/* Frees what the module made once for all. For the end of a process that looks for leaks. */
void dtls_bio_forget_method(void);
