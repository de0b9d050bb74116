/* Sockets of the management protocol; see ble_mgmt.h. */
#include "sim/ble_mgmt.h"

#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "sim/ble_socket.h"
#include "sim/ble_stage.h"

#define HEAD 6
#define PACKET_MAX 65536
#define QUEUE_MAX 256 /* packets that a client has not read, beside its socket's buffer */

struct packet {
	struct packet *next;
	size_t n;
	uint8_t at[];
};

struct sble_client {
	struct sble *ble;
	int fd; /* -1: free */
	uint32_t number;
	sd_event_source *source;
	struct packet *first, **last;
	size_t queued;
};

struct sble_mgmt {
	int fd;
	sd_event_source *source;
	uint32_t next_number;
	struct sble_client clients[SBLE_CLIENTS_MAX];
	uint8_t packet[PACKET_MAX];
};

uint32_t sble_client_number(const struct sble_client *c)
{
	return c ? c->number : 0;
}

struct sble_client *sble_client_by_number(struct sble *b, uint32_t number)
{
	for (size_t i = 0; number && i < SBLE_CLIENTS_MAX; i++)
		if (b->mgmt->clients[i].fd >= 0 && b->mgmt->clients[i].number == number)
			return &b->mgmt->clients[i];
	return NULL;
}

static void hang_up(struct sble_client *c)
{
	while (c->first) {
		struct packet *p = c->first;

		c->first = p->next;
		free(p);
	}
	c->source = sd_event_source_disable_unref(c->source);
	if (c->fd >= 0)
		close(TAKE_FD(c->fd));
}

/* Returns 1 when the socket is full, a negative errno when it is over. */
static int send_packet(const struct sble_client *c, const void *p, size_t n)
{
	if (send(c->fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return 0;
	return errno == EAGAIN || errno == EINTR ? 1 : -errno;
}

static void queue_packet(struct sble_client *c, const void *p, size_t n)
{
	struct packet *q = c->queued < QUEUE_MAX ? malloc(sizeof(*q) + n) : NULL;

	if (!q) {
		fprintf(stderr, "wardsim: a client of mgmt does not read; it is hung up on\n");
		hang_up(c);
		return;
	}
	q->next = NULL;
	q->n = n;
	memcpy(q->at, p, n);
	if (!c->first)
		c->last = &c->first;
	*c->last = q;
	c->last = &q->next;
	c->queued++;
	sd_event_source_set_io_events(c->source, EPOLLIN | EPOLLOUT);
}

static void deliver(struct sble_client *c, const void *p, size_t n)
{
	int r = c->first ? 1 : send_packet(c, p, n);

	if (r == 1)
		queue_packet(c, p, n);
	else if (r < 0)
		hang_up(c);
}

static size_t make(struct sble *b, uint16_t code, uint16_t index, const void *p, size_t n)
{
	uint8_t *at = b->mgmt->packet;

	at[0] = (uint8_t)code;
	at[1] = (uint8_t)(code >> 8);
	at[2] = (uint8_t)index;
	at[3] = (uint8_t)(index >> 8);
	at[4] = (uint8_t)n;
	at[5] = (uint8_t)(n >> 8);
	if (n)
		memcpy(at + HEAD, p, n);
	return HEAD + n;
}

void sble_mgmt_event(struct sble *b, uint16_t index, uint16_t code, const void *p, size_t n,
	const struct sble_client *skip)
{
	size_t whole = make(b, code, index, p, n);

	for (size_t i = 0; i < SBLE_CLIENTS_MAX; i++) {
		struct sble_client *c = &b->mgmt->clients[i];

		if (c->fd >= 0 && c != skip)
			deliver(c, b->mgmt->packet, whole);
	}
}

bool sble_mgmt_report(struct sble *b, uint16_t index, uint16_t code, const void *p, size_t n)
{
	size_t whole = make(b, code, index, p, n);
	bool taken = false;

	for (size_t i = 0; i < SBLE_CLIENTS_MAX; i++) {
		struct sble_client *c = &b->mgmt->clients[i];
		int r;

		if (c->fd < 0)
			continue;
		r = c->first ? 1 : send_packet(c, b->mgmt->packet, whole);
		taken |= !r;
		b->reports_lost += r == 1;
		if (r < 0)
			hang_up(c);
	}
	return taken;
}

static void answer(struct sble *b, struct sble_client *c, uint16_t code, uint16_t opcode,
	uint16_t index, uint8_t status, const void *p, size_t n)
{
	uint8_t body[2048] = { (uint8_t)opcode, (uint8_t)(opcode >> 8), status };

	if (!c || c->fd < 0)
		return;
	assert(n <= sizeof(body) - 3);
	if (n)
		memcpy(body + 3, p, n);
	deliver(c, b->mgmt->packet, make(b, code, index, body, n + 3));
}

void sble_mgmt_complete(struct sble *b, struct sble_client *c, uint16_t opcode, uint16_t index,
	uint8_t status, const void *p, size_t n)
{
	answer(b, c, 0x01, opcode, index, status, p, n);
}

void sble_mgmt_status(
	struct sble *b, struct sble_client *c, uint16_t opcode, uint16_t index, uint8_t status)
{
	answer(b, c, 0x02, opcode, index, status, NULL, 0);
}

static void on_packet(struct sble_client *c, const uint8_t *p, size_t n)
{
	struct sble *b = c->ble;
	uint16_t opcode = (uint16_t)(p[0] | p[1] << 8), index = (uint16_t)(p[2] | p[3] << 8);
	struct sble_adapter *a = sble_adapter_by_index(b, index);

	if (n - HEAD != (size_t)(p[4] | p[5] << 8)) {
		/* The kernel refuses such a write; a socket pair cannot. */
		sble_mgmt_status(b, c, opcode, index, MGMT_INVALID_PARAMS);
		return;
	}
	if (index != MGMT_INDEX_NONE && !a)
		sble_mgmt_status(b, c, opcode, index, MGMT_INVALID_INDEX);
	else
		sble_adapter_command(b, c, a, opcode, index, p + HEAD, n - HEAD);
}

static void flush(struct sble_client *c)
{
	while (c->first) {
		struct packet *p = c->first;
		int r = send_packet(c, p->at, p->n);

		if (r == 1)
			return;
		if (r < 0) {
			hang_up(c);
			return;
		}
		c->first = p->next;
		c->queued--;
		free(p);
	}
	sd_event_source_set_io_events(c->source, EPOLLIN);
}

static int on_client(sd_event_source *src, int fd, uint32_t revents, void *userdata)
{
	struct sble_client *c = userdata;
	uint8_t p[PACKET_MAX / 2];
	ssize_t n;

	if (revents & EPOLLOUT)
		flush(c);
	if (c->fd < 0 || !(revents & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		return 0;
	n = recv(fd, p, sizeof(p), MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n < HEAD)
		hang_up(c);
	else
		on_packet(c, p, (size_t)n);
	sble_wake(c->ble);
	return 0;
}

static int on_connect(sd_event_source *src, int fd, uint32_t revents, void *userdata)
{
	struct sble *b = userdata;
	int client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), big = 4 << 20;
	struct sble_client *c = NULL;

	if (client < 0)
		return 0;
	for (size_t i = 0; i < SBLE_CLIENTS_MAX && !c; i++)
		if (b->mgmt->clients[i].fd < 0)
			c = &b->mgmt->clients[i];
	if (!c) {
		close(client);
		return 0;
	}
	/* Without the privilege it is as big as the system lets it be. */
	if (setsockopt(client, SOL_SOCKET, SO_SNDBUFFORCE, &big, sizeof(big)) < 0)
		(void)setsockopt(client, SOL_SOCKET, SO_SNDBUF, &big, sizeof(big));
	*c = (struct sble_client){ .ble = b, .fd = client, .number = ++b->mgmt->next_number };
	if (sd_event_add_io(b->event, &c->source, client, EPOLLIN, on_client, c) < 0)
		hang_up(c);
	return 0;
}

int sble_mgmt_new(struct sble *b)
{
	char path[SBLE_DIRECTORY_MAX + 8];
	int r;

	b->mgmt = calloc(1, sizeof(*b->mgmt));
	if (!b->mgmt)
		return -ENOMEM;
	for (size_t i = 0; i < SBLE_CLIENTS_MAX; i++)
		b->mgmt->clients[i].fd = -1;
	snprintf(path, sizeof(path), "%s/mgmt", b->directory);
	b->mgmt->fd = sble_socket_listen(path);
	if (b->mgmt->fd < 0)
		return b->mgmt->fd;
	r = sd_event_add_io(b->event, &b->mgmt->source, b->mgmt->fd, EPOLLIN, on_connect, b);
	if (r >= 0)
		r = sd_event_source_set_priority(b->mgmt->source, SBLE_FIRST);
	return r < 0 ? r : 0;
}

void sble_mgmt_hang_up(struct sble *b)
{
	for (size_t i = 0; i < SBLE_CLIENTS_MAX; i++)
		if (b->mgmt->clients[i].fd >= 0)
			hang_up(&b->mgmt->clients[i]);
}

void sble_mgmt_free(struct sble *b)
{
	char path[SBLE_DIRECTORY_MAX + 8];

	if (!b->mgmt)
		return;
	sble_mgmt_hang_up(b);
	sd_event_source_disable_unref(b->mgmt->source);
	if (b->mgmt->fd >= 0) {
		close(b->mgmt->fd);
		snprintf(path, sizeof(path), "%s/mgmt", b->directory);
		(void)unlink(path);
	}
	free(b->mgmt);
	b->mgmt = NULL;
}
