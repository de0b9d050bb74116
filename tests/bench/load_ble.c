/*
 * The air of a ward: what the kernel's management channel reports, and straps
 * that stream. It is the far end of an adapter sim:DIRECTORY, and knows of the
 * protocols just enough for a host that behaves well.
 *
 *   load_ble dir=DIRECTORY sensors=N straps=N
 *
 * Sensors broadcast: A4:C1:38:00:hh:ll, public, hh:ll counted from 0; in turn as
 * BTHome, pvvx, ATC and Ruuvi. Straps are C0:FF:EE:00:00:nn, counted from 0.
 *
 * Prints "ready". Orders on standard input, each answered by a line of JSON:
 *   adverts RATE COUNT PATTERN   so many advertisements; PATTERN says whose, over and over:
 *                                v a sensor's next value   r a sensor's last one, once more
 *                                f something else of a sensor   m a broken value of it
 *                                s one of 200 strangers    n a stranger never heard before, with
 *                                p the same, with a resolvable private address    a name
 *   open                         straps advertise until all are connected and subscribed to
 *   stream RATE COUNT            so many notifications, the straps in turn
 * RATE 0: as fast as they are read. Otherwise what the socket has no room for is dropped, as by the
 * kernel, and counted. The answer comes when all has been read.
 */
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <linux/sockios.h>

#include "bench/bench.h"

#define SENSORS_MAX 1000
#define STRAPS_MAX 60
#define STRANGERS 200
#define HEAD 6
#define DRAIN_NS INT64_C(20000000000)
#define BATCH 64 /* sent without a look at what comes in */

enum { EV_COMPLETE = 0x01, EV_CONNECTED = 0x0b, EV_MONITOR_FOUND = 0x2f };
enum { PUBLIC = 1, RANDOM = 2 };
enum { NOT_CONNECTABLE = 1 << 2 };

struct advert {
	uint8_t address[6], type, flags; /* octets as on the air */
	uint8_t data[64];
	size_t n;
};

struct strap {
	uint8_t address[6];
	int listener, fd; /* -1: not connected */
	bool subscribed;
};

static int listener, mgmt = -1;
static uint32_t settings;
static struct advert sensors[SENSORS_MAX];
static uint32_t values[SENSORS_MAX];
static struct strap straps[STRAPS_MAX];
static size_t sensor_count, strap_count;
static uint64_t seed = 7;

static uint64_t draw(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* ---- sockets ---- */

static int listen_at(const char *directory, const char *rest)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	(void)snprintf(at.sun_path, sizeof(at.sun_path), "%s/%s", directory, rest);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, 4) < 0)
		bench_die("%s: %s", at.sun_path, strerror(errno));
	return fd;
}

/* As much room as the daemon asks the kernel for: of these sockets it is the sender's. */
static int accept_host(void)
{
	const int size = 1 << 19; /* the kernel doubles it */
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	return fd;
}

/* Whether there was room. */
static bool give(int fd, const void *packet, size_t n)
{
	if (send(fd, packet, n, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)n)
		return true;
	if (errno != EAGAIN)
		bench_die("send: %s", strerror(errno));
	return false;
}

static void wait_room(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	(void)poll(&p, 1, 1000);
}

static int unread(int fd)
{
	int n = 0;

	if (fd >= 0 && ioctl(fd, SIOCOUTQ, &n) < 0)
		bench_die("SIOCOUTQ: %s", strerror(errno));
	return n;
}

/* ---- the management channel ---- */

static void event(uint16_t code, const uint8_t *p, size_t n)
{
	uint8_t packet[512] = { (uint8_t)code, (uint8_t)(code >> 8), 0, 0, (uint8_t)n,
		(uint8_t)(n >> 8) };

	memcpy(packet + HEAD, p, n);
	while (!give(mgmt, packet, HEAD + n))
		wait_room(mgmt);
}

static void put32(uint8_t *to, uint32_t n)
{
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(n >> 8 * i);
}

static void set(uint32_t bit, bool on)
{
	settings = on ? settings | bit : settings & ~bit;
}

static void command(const uint8_t *packet, size_t n)
{
	uint8_t reply[300] = { packet[0], packet[1], 0 }, value = n > HEAD ? packet[HEAD] : 0;
	uint8_t *out = reply + 3;
	size_t length = 0;

	switch (packet[0]) {
	case 0x01: /* Read Management Version Information */
		memcpy(out, (const uint8_t[]){ 1, 22, 0 }, length = 3);
		break;
	case 0x03: /* Read Controller Index List */
		memcpy(out, (const uint8_t[]){ 1, 0, 0, 0 }, length = 4);
		break;
	case 0x04: /* Read Controller Information */
		memcpy(out, (const uint8_t[]){ 1, 0, 0, 0xaa, 0, 0, 9 }, 7);
		put32(out + 9, 0xbeff);
		put32(out + 13, settings);
		length = 280;
		break;
	case 0x05:
		set(1, value);
		put32(out, settings), length = 4;
		break;
	case 0x09:
		set(1 << 4, value);
		put32(out, settings), length = 4;
		break;
	case 0x0b:
		set(1 << 6, value);
		put32(out, settings), length = 4;
		break;
	case 0x0d:
		set(1 << 9, value);
		put32(out, settings), length = 4;
		break;
	case 0x2d:
		set(1 << 11, value);
		put32(out, settings), length = 4;
		break;
	case 0x52: /* Add Advertisement Patterns Monitor: its handle */
	case 0x53:
		out[0] = 1, length = 2;
		break;
	default:
		break;
	}
	event(EV_COMPLETE, reply, 3 + length);
}

static void on_mgmt(void)
{
	uint8_t packet[16384];
	ssize_t n;

	while ((n = recv(mgmt, packet, sizeof(packet), MSG_DONTWAIT)) >= HEAD)
		command(packet, (size_t)n);
	if (n == 0 || (n < 0 && errno != EAGAIN)) {
		close(mgmt);
		mgmt = -1;
		settings = 0;
	}
}

/* What is to be sent now, and again where there was no room. */
static struct {
	uint8_t at[128];
	size_t n;
} next;

static void report(const struct advert *a)
{
	uint8_t packet[HEAD + 16 + sizeof(a->data)] = { EV_MONITOR_FOUND, 0, 0, 0,
		(uint8_t)(16 + a->n), 0, 1, 0 };

	memcpy(packet + HEAD + 2, a->address, sizeof(a->address));
	packet[HEAD + 8] = a->type;
	packet[HEAD + 9] = (uint8_t)(-60 - (int)(draw() % 20));
	packet[HEAD + 10] = a->flags;
	packet[HEAD + 14] = (uint8_t)a->n;
	memcpy(packet + HEAD + 16, a->data, a->n);
	next.n = HEAD + 16 + a->n;
	memcpy(next.at, packet, next.n);
}

/* ---- who advertises what ---- */

static void take(struct advert *a, const uint8_t *bytes, size_t n)
{
	memcpy(a->data + a->n, bytes, n);
	a->n += n;
}

#define TAKE(a, ...)                                                                               \
	take(a, (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

static void sensor_value(size_t i)
{
	struct advert *a = &sensors[i];
	const uint8_t *w = a->address;
	uint32_t v = ++values[i], t = 2000 + v % 500, h = 4000 + v % 1000;
	uint8_t low = (uint8_t)v;

	a->n = 0;
	switch (i % 4) {
	case 0:
		TAKE(a, 2, 1, 6, 12, 0x16, 0xd2, 0xfc, 0x40, 0, low, 2, (uint8_t)t,
			(uint8_t)(t >> 8), 3, (uint8_t)h, (uint8_t)(h >> 8));
		break;
	case 1:
		TAKE(a, 18, 0x16, 0x1a, 0x18, w[0], w[1], w[2], w[3], w[4], w[5], (uint8_t)t,
			(uint8_t)(t >> 8), (uint8_t)h, (uint8_t)(h >> 8), 0xb8, 0x0b, 77, low, 4);
		break;
	case 2:
		t /= 10;
		TAKE(a, 16, 0x16, 0x1a, 0x18, w[5], w[4], w[3], w[2], w[1], w[0], (uint8_t)(t >> 8),
			(uint8_t)t, (uint8_t)(h / 100), 77, 0x0b, 0xb8, low);
		break;
	default:
		TAKE(a, 2, 1, 6, 27, 0xff, 0x99, 4, 5, (uint8_t)(t >> 8), (uint8_t)t,
			(uint8_t)(h >> 8), (uint8_t)h, 0xc8, 0x7d, 0, 4, 0xff, 0xfc, 4, 0x0c, 0xac,
			0x36, 33, (uint8_t)(v >> 8), low, w[5], w[4], w[3], w[2], w[1], w[0]);
		break;
	}
}

/* A maker's data that nobody here reads, as telephones send it. */
static void telephone(struct advert *a, uint8_t what)
{
	TAKE(a, 2, 1, 0x1a, 10, 0xff, 0x4c, 0, 0x10, 5, what, 0x1c, 0x29, 0x9f, 0x31);
}

static void advertise(char whose)
{
	static size_t turns[128];
	size_t turn = turns[(unsigned char)whose & 127]++;
	size_t i = sensor_count > 0 ? turn % sensor_count : 0;
	struct advert *sensor = &sensors[i];
	struct advert a = { .type = RANDOM };
	uint64_t who = draw();

	switch (whose) {
	case 'v':
		sensor_value(i);
		report(sensor);
		break;
	case 'r':
		report(sensor);
		break;
	case 'f':
		a = *sensor;
		a.n = 0;
		TAKE(&a, 2, 1, 6, 9, 9, 'G', 'V', 'H', '5', '0', '7', '5', '_');
		TAKE(&a, 3, 3, 0x88, 0xec, 6, 0xff, 0x88, 0xec, 0, 3, 0x21);
		report(&a);
		break;
	case 'm':
		a = *sensor;
		a.n = 0;
		TAKE(&a, 2, 1, 6, 6, 0x16, 0xd2, 0xfc, 0x40, 2, 0x0a);
		report(&a);
		break;
	case 's':
		who = (turn % STRANGERS + 1) * UINT64_C(0x9e3779b97f4a7c15);
		memcpy(a.address, &who, sizeof(a.address));
		a.address[5] |= 0xc0;
		telephone(&a, (uint8_t)who);
		report(&a);
		break;
	case 'n':
		memcpy(a.address, &who, sizeof(a.address));
		a.address[5] |= 0xc0;
		TAKE(&a, 2, 1, 6, 10, 9, 'N', (uint8_t)('A' + who % 26),
			(uint8_t)('A' + who / 32 % 26), (uint8_t)('A' + who / 1024 % 26),
			(uint8_t)('A' + who / 32768 % 26), (uint8_t)('0' + turn / 100000 % 10),
			(uint8_t)('0' + turn / 10000 % 10), (uint8_t)('0' + turn / 1000 % 10),
			(uint8_t)('0' + turn % 10));
		report(&a);
		break;
	case 'p':
		memcpy(a.address, &who, sizeof(a.address));
		a.address[5] = (uint8_t)((a.address[5] & 0x3f) | 0x40);
		telephone(&a, (uint8_t)who);
		report(&a);
		break;
	default:
		bench_die("whose is '%c'?", whose);
	}
}

/* ---- straps ---- */

static void answer(const struct strap *s, const uint8_t *pdu, size_t n)
{
	(void)give(s->fd, pdu, n);
}

#define ANSWER(s, ...)                                                                             \
	answer(s, (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

/* A table of four attributes: Heart Rate, its measurement, and what switches that on. */
static void on_request(struct strap *s, const uint8_t *pdu, size_t n)
{
	unsigned start = n >= 3 ? (unsigned)(pdu[1] | pdu[2] << 8) : 0;
	unsigned type = n >= 7 ? (unsigned)(pdu[5] | pdu[6] << 8) : 0;

	if (pdu[0] == 0x02) {
		ANSWER(s, 0x03, 247, 0);
	} else if (pdu[0] == 0x10 && type == 0x2800 && start <= 1) {
		ANSWER(s, 0x11, 6, 1, 0, 4, 0, 0x0d, 0x18);
	} else if (pdu[0] == 0x08 && type == 0x2803 && start <= 2) {
		ANSWER(s, 0x09, 7, 2, 0, 0x10, 3, 0, 0x37, 0x2a);
	} else if (pdu[0] == 0x04 && start <= 4) {
		ANSWER(s, 0x05, 1, 4, 0, 0x02, 0x29);
	} else if (pdu[0] == 0x12) {
		s->subscribed = start == 4 && n > 3 && pdu[3] & 1;
		ANSWER(s, 0x13);
	} else if (!(pdu[0] & 0x40) && pdu[0] != 0x1e) {
		ANSWER(s, 0x01, pdu[0], (uint8_t)start, (uint8_t)(start >> 8), 0x0a);
	}
}

static void on_strap(struct strap *s)
{
	uint8_t pdu[600];
	ssize_t n;

	while ((n = recv(s->fd, pdu, sizeof(pdu), MSG_DONTWAIT)) > 0)
		on_request(s, pdu, (size_t)n);
	if (n == 0 || errno != EAGAIN) {
		close(s->fd);
		s->fd = -1;
		s->subscribed = false;
	}
}

static void on_connect(struct strap *s)
{
	uint8_t told[13] = { 0 };

	s->fd = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (s->fd < 0 || mgmt < 0)
		return;
	memcpy(told, s->address, sizeof(s->address));
	told[6] = RANDOM;
	event(EV_CONNECTED, told, sizeof(told));
}

static void notify(size_t turn)
{
	const struct strap *s = &straps[turn % strap_count];

	if (s->fd < 0 || !s->subscribed)
		bench_die("a strap is not connected any more");
	memcpy(next.at, (const uint8_t[]){ 0x1b, 3, 0, 0x06 }, 4);
	next.at[4] = (uint8_t)(80 + turn / strap_count % 40);
	next.n = 5;
}

/* ---- what comes in ---- */

static void look(int timeout_ms, int timer)
{
	struct pollfd p[3 + 2 * STRAPS_MAX] = { { .fd = timer, .events = POLLIN },
		{ .fd = listener, .events = POLLIN }, { .fd = mgmt, .events = POLLIN } };
	nfds_t n = 3;

	for (size_t i = 0; i < strap_count; i++) {
		p[n++] = (struct pollfd){ .fd = straps[i].fd < 0 ? straps[i].listener : -1,
			.events = POLLIN };
		p[n++] = (struct pollfd){ .fd = straps[i].fd, .events = POLLIN };
	}
	if (poll(p, n, timeout_ms) <= 0)
		return;
	if (p[1].revents && mgmt < 0)
		mgmt = accept_host();
	if (p[2].revents)
		on_mgmt();
	for (size_t i = 0; i < strap_count; i++) {
		if (p[3 + 2 * i].revents)
			on_connect(&straps[i]);
		if (p[4 + 2 * i].revents)
			on_strap(&straps[i]);
	}
}

static void until_read(void)
{
	int64_t end_ns = bench_now_ns() + DRAIN_NS;
	bool waits = true;

	while (waits) {
		waits = unread(mgmt) > 0;
		for (size_t i = 0; i < strap_count; i++)
			waits |= unread(straps[i].fd) > 0;
		if (waits && bench_now_ns() > end_ns)
			bench_die("what was sent is not read");
		look(waits ? 1 : 0, -1);
	}
}

/* ---- orders ---- */

/* Returns whom it is for. */
static int make(const char *pattern, size_t length, int64_t i)
{
	if (!pattern) {
		notify((size_t)i);
		return straps[(size_t)i % strap_count].fd;
	}
	advertise(pattern[(size_t)i % length]);
	return mgmt;
}

/* pattern: of advertisements; NULL: notifications. */
static void run(const char *pattern, int64_t rate, int64_t count)
{
	size_t length = pattern ? strlen(pattern) : 0;
	int64_t dropped = 0, i = 0, began_ns = bench_now_ns();
	struct bench_pace pace;

	bench_pace_open(&pace);
	if (rate > 0)
		bench_pace_start(&pace, rate, count);
	while (i < count) {
		int64_t due = rate > 0            ? bench_pace_due(&pace)
			      : count - i < BATCH ? count - i
						  : BATCH;

		for (; due > 0; due--, i++) {
			int to = make(pattern, length, i);

			while (!give(to, next.at, next.n)) {
				if (rate > 0) {
					dropped++;
					break;
				}
				wait_room(to);
			}
		}
		look(rate > 0 ? 1000 : 0, rate > 0 ? pace.timer : -1);
	}
	until_read();
	close(pace.timer);
	printf("{\"sent\":%" PRId64 ",\"dropped\":%" PRId64 ",\"took_us\":%" PRId64 "}\n",
		count - dropped, dropped, (bench_now_ns() - began_ns) / 1000);
}

static void open_all(void)
{
	int64_t end_ns = bench_now_ns() + 60 * INT64_C(1000000000);
	size_t left = strap_count;

	while (left > 0) {
		left = 0;
		for (size_t i = 0; i < strap_count; i++) {
			struct advert a = { .type = RANDOM };

			left += !straps[i].subscribed;
			if (straps[i].fd >= 0 || mgmt < 0)
				continue;
			memcpy(a.address, straps[i].address, sizeof(a.address));
			TAKE(&a, 2, 1, 6, 3, 3, 0x0d, 0x18);
			report(&a);
			(void)give(mgmt, next.at, next.n);
		}
		if (left > 0 && bench_now_ns() > end_ns)
			bench_die("%zu straps are not connected", left);
		look(20, -1);
	}
	printf("{\"straps\":%zu}\n", strap_count);
}

static void order(void)
{
	char line[512], *words[4];
	int n = bench_order(line, sizeof(line), words, 4);

	if (n == 0)
		exit(EXIT_SUCCESS);
	if (n == 1 && strcmp(words[0], "open") == 0)
		open_all();
	else if (n == 4 && strcmp(words[0], "adverts") == 0)
		run(words[3], strtol(words[1], NULL, 10), strtol(words[2], NULL, 10));
	else if (n == 3 && strcmp(words[0], "stream") == 0 && strap_count > 0)
		run(NULL, strtol(words[1], NULL, 10), strtol(words[2], NULL, 10));
	else
		bench_die("what is %s?", words[0]);
	(void)fflush(stdout);
}

static size_t number(int argc, char **argv, const char *key, size_t max)
{
	size_t n = (size_t)bench_number(argc, argv, key, 0);

	if (n > max)
		bench_die("%s= is at most %zu", key, max);
	return n;
}

int main(int argc, char **argv)
{
	const char *directory = bench_need(argc, argv, "dir");

	sensor_count = number(argc, argv, "sensors", SENSORS_MAX);
	strap_count = number(argc, argv, "straps", STRAPS_MAX);
	for (size_t i = 0; i < sensor_count; i++) {
		sensors[i] =
			(struct advert){ { (uint8_t)i, (uint8_t)(i >> 8), 0, 0x38, 0xc1, 0xa4 },
				PUBLIC, NOT_CONNECTABLE, { 0 }, 0 };
		sensor_value(i);
	}
	for (size_t i = 0; i < strap_count; i++) {
		char path[64];

		(void)snprintf(path, sizeof(path), "att/C0:FF:EE:00:00:%02zX", i);
		straps[i] = (struct strap){ { (uint8_t)i, 0, 0, 0xee, 0xff, 0xc0 },
			listen_at(directory, path), -1, false };
	}
	listener = listen_at(directory, "mgmt");
	puts("ready");
	for (;;) {
		struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };

		(void)fflush(stdout);
		if (poll(&p, 1, 10) > 0)
			order();
		look(0, -1);
	}
}
