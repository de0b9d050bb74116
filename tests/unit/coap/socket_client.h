/*
 * A device that speaks to a gateway over a loopback socket, with DTLS or
 * (without a TLS object) in plaintext.
 */
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>

#include "unit/coap/dtls_client.h"

struct device_client {
	struct dtls_client dtls; /* first */
	int fd;
};

static void to_socket(struct dtls_client *c, const uint8_t *bytes, size_t length)
{
	(void)!send(((struct device_client *)c)->fd, bytes, length, 0);
}

static int connected_socket(const char *listen)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)strtoul(strchr(listen, ':') + 1, NULL, 10)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}
