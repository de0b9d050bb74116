/* A lossy UDP relay on the loop; see radio.h. */
#include "sim/radio.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define DATAGRAMS_PER_TURN 16

struct radio {
	int inner, outer; /* towards the device, towards the gateway */
	sd_event_source *inner_io, *outer_io;
	struct sockaddr_in inner_address; /* ours; devices are in this process */
	struct sockaddr_in device;        /* the device's latest life; port 0: none yet */
	uint16_t dead_port;
	unsigned loss, duplicates;
	struct rng rng;
	struct radio_counters counters;
};

static bool chance(struct radio *r, unsigned thousandths)
{
	return thousandths && rng_below(&r->rng, 1000) < thousandths;
}

/* How often the datagram goes on. */
static unsigned copies(struct radio *r)
{
	if (chance(r, r->loss)) {
		r->counters.lost++;
		return 0;
	}
	if (chance(r, r->duplicates)) {
		r->counters.doubled++;
		return 2;
	}
	return 1;
}

static int on_inner(sd_event_source *src, int fd, uint32_t revents, void *userdata)
{
	struct radio *r = userdata;
	uint8_t buf[2048];

	for (int i = 0; i < DATAGRAMS_PER_TURN; i++) {
		struct sockaddr_in from;
		socklen_t length = sizeof(from);
		ssize_t n = recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&from, &length);

		if (n < 0)
			break;
		if (ntohs(from.sin_port) == r->dead_port)
			continue;
		r->device = from;
		for (unsigned c = copies(r); c > 0; c--)
			r->counters.up += send(r->outer, buf, (size_t)n, 0) == n;
	}
	return 0;
}

static int on_outer(sd_event_source *src, int fd, uint32_t revents, void *userdata)
{
	struct radio *r = userdata;
	uint8_t buf[2048];

	for (int i = 0; i < DATAGRAMS_PER_TURN; i++) {
		ssize_t n = recv(fd, buf, sizeof(buf), 0);

		if (n < 0 && errno == ECONNREFUSED)
			continue; /* nobody there: to the device, silence */
		if (n < 0)
			break;
		if (!r->device.sin_port)
			continue;
		for (unsigned c = copies(r); c > 0; c--)
			r->counters.down +=
				sendto(r->inner, buf, (size_t)n, 0, (struct sockaddr *)&r->device,
					sizeof(r->device)) == n;
	}
	return 0;
}

static int bind_port(int fd, int family, uint16_t port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	const struct sockaddr *a =
		family == AF_INET6 ? (struct sockaddr *)&in6 : (struct sockaddr *)&in;

	return bind(fd, a, family == AF_INET6 ? sizeof(in6) : sizeof(in)) < 0 ? -errno : 0;
}

int radio_new(struct radio **ret, sd_event *e, const struct sockaddr *gateway, socklen_t length,
	uint16_t local_port, struct rng rng)
{
	_cleanup_(radio_freep) struct radio *r = calloc(1, sizeof(*r));
	socklen_t size = sizeof(struct sockaddr_in);
	int k;

	if (!r)
		return -ENOMEM;
	r->inner = r->outer = -1;
	r->rng = rng;
	r->inner = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	r->outer = socket(gateway->sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (r->inner < 0 || r->outer < 0)
		return -errno;
	r->inner_address.sin_family = AF_INET;
	r->inner_address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(r->inner, (struct sockaddr *)&r->inner_address, size) < 0 ||
		getsockname(r->inner, (struct sockaddr *)&r->inner_address, &size) < 0)
		return -errno;
	k = local_port ? bind_port(r->outer, gateway->sa_family, local_port) : 0;
	if (k < 0)
		return k;
	if (connect(r->outer, gateway, length) < 0)
		return -errno;
	k = sd_event_add_io(e, &r->inner_io, r->inner, EPOLLIN, on_inner, r);
	if (k >= 0)
		k = sd_event_add_io(e, &r->outer_io, r->outer, EPOLLIN, on_outer, r);
	if (k < 0)
		return k;
	*ret = TAKE_PTR(r);
	return 0;
}

struct radio *radio_free(struct radio *r)
{
	if (!r)
		return NULL;
	sd_event_source_disable_unref(r->inner_io);
	sd_event_source_disable_unref(r->outer_io);
	if (r->inner >= 0)
		close(r->inner);
	if (r->outer >= 0)
		close(r->outer);
	free(r);
	return NULL;
}

const struct sockaddr *radio_address(const struct radio *r, socklen_t *ret_length)
{
	*ret_length = sizeof(r->inner_address);
	return (const struct sockaddr *)&r->inner_address;
}

void radio_set_loss(struct radio *r, unsigned thousandths)
{
	r->loss = thousandths;
}

void radio_set_duplicates(struct radio *r, unsigned thousandths)
{
	r->duplicates = thousandths;
}

void radio_cut(struct radio *r, uint16_t device_port)
{
	r->dead_port = device_port;
}

struct radio_counters radio_counters(const struct radio *r)
{
	return r->counters;
}
