/*
 * A BIO of datagrams. See dtls_bio.h.
 */
#include "coap/dtls_bio.h"

#include <string.h>

static BIO_METHOD *method;

static int pipe_read(BIO *b, char *buf, int size)
{
	struct dtls_pipe *p = BIO_get_data(b);
	size_t n = p->in_length;

	BIO_clear_retry_flags(b);
	if (n == 0) {
		BIO_set_retry_read(b);
		return -1;
	}
	if (n > (size_t)size)
		n = (size_t)size; /* the rest of a datagram is lost, as recv() does */
	memcpy(buf, p->in, n);
	p->in_length = 0;
	return (int)n;
}

static int pipe_write(BIO *b, const char *bytes, int length)
{
	struct dtls_pipe *p = BIO_get_data(b);

	BIO_clear_retry_flags(b);
	if (length > 0)
		p->out(p, (const uint8_t *)bytes, (size_t)length);
	return length;
}

static long pipe_ctrl(BIO *b, int command, long number, void *pointer)
{
	switch (command) {
	case BIO_CTRL_FLUSH:
		return 1;
	default: /* among them BIO_CTRL_DGRAM_*: MTU and timers are not the BIO's here */
		return 0;
	}
}

BIO *dtls_bio_new(struct dtls_pipe *p)
{
	BIO *b;

	if (!method) {
		method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "session");
		if (!method)
			return NULL;
		BIO_meth_set_read(method, pipe_read);
		BIO_meth_set_write(method, pipe_write);
		BIO_meth_set_ctrl(method, pipe_ctrl);
	}
	b = BIO_new(method);
	if (!b)
		return NULL;
	BIO_set_data(b, p);
	BIO_set_init(b, 1);
	return b;
}

void dtls_bio_forget_method(void)
{
	BIO_meth_free(method);
	method = NULL;
}
