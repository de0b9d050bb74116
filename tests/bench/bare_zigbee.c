/*
 * The floor of Zigbee: a host that brings up a network which the radio knows, then
 * reads what comes and acknowledges it, one acknowledgement for each read, and does
 * nothing else with it: no checksum, no contents.
 *
 *   bare_zigbee port=TTY version=N
 *
 * Prints "ready" once frames come by themselves. Orders on standard input, each
 * answered by a line of JSON:
 *   count                        frames so far
 */
#include <fcntl.h>
#include <sys/epoll.h>
#include <termios.h>

#include "bench/bench.h"

#define FLAG 0x7e
#define ESCAPE 0x7d
#define CANCEL 0x1a
#define RST 0xc0
#define RSTACK 0xc1
#define BY_SOFTWARE 0x0b
#define ACK 0x80

static int fd;
static uint8_t expected; /* number of the radio's next frame */
static int64_t frames;   /* in order */
static bool reset;       /* it has answered a reset */

/* ---- to the radio ---- */

static uint16_t checksum(const uint8_t *p, size_t n)
{
	uint16_t crc = 0xffff;

	for (size_t i = 0; i < n; i++) {
		crc ^= (uint16_t)(p[i] << 8);
		for (int bit = 0; bit < 8; bit++)
			crc = (uint16_t)(crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1);
	}
	return crc;
}

static bool reserved(uint8_t byte)
{
	return byte == FLAG || byte == ESCAPE || byte == 0x11 || byte == 0x13 || byte == 0x18 ||
	       byte == CANCEL;
}

static void put(uint8_t control, const uint8_t *data, size_t length)
{
	uint8_t frame[64] = { control }, wire[2 * sizeof(frame) + 1], mask = 0x42;
	size_t n = 1, w = 0;
	uint16_t crc;

	for (size_t i = 0; i < length; i++, n++) {
		frame[n] = data[i] ^ mask;
		mask = mask & 1 ? mask >> 1 ^ 0xb8 : mask >> 1;
	}
	crc = checksum(frame, n);
	frame[n++] = (uint8_t)(crc >> 8);
	frame[n++] = (uint8_t)crc;
	for (size_t i = 0; i < n; i++) {
		if (reserved(frame[i]))
			wire[w++] = ESCAPE;
		wire[w++] = reserved(frame[i]) ? frame[i] ^ 0x20 : frame[i];
	}
	wire[w++] = FLAG;
	if (write(fd, wire, w) != (ssize_t)w)
		bench_die("the port takes no more: %s", strerror(errno));
}

/* ---- from the radio ---- */

static void take(const uint8_t *frame, bool *owes)
{
	uint8_t control = frame[0];

	/* Of an earlier one it may have told, too. */
	if (control == RSTACK && frame[2] == BY_SOFTWARE)
		reset = true;
	if (control & 0x80)
		return;
	*owes = true;
	if ((control >> 4 & 7) != expected)
		return;
	expected = (expected + 1) & 7;
	frames++;
}

/* One read, one acknowledgement. */
static void turn(void)
{
	static uint8_t frame[3]; /* its first bytes */
	static size_t have;
	static bool escaped;
	uint8_t bytes[4096];
	ssize_t n = read(fd, bytes, sizeof(bytes));
	bool owes = false;

	if (n <= 0)
		bench_die("the port is gone");
	for (ssize_t i = 0; i < n; i++) {
		if (bytes[i] == FLAG) {
			if (have > 0)
				take(frame, &owes);
			have = 0;
			escaped = false;
		} else if (bytes[i] == CANCEL) {
			have = 0;
		} else if (have < sizeof(frame)) {
			if (bytes[i] == ESCAPE) {
				escaped = true;
				continue;
			}
			frame[have++] = escaped ? bytes[i] ^ 0x20 : bytes[i];
			escaped = false;
		}
	}
	if (owes)
		put(ACK | expected, NULL, 0);
}

/* Blocks until there are so many frames, or the radio has answered a reset. */
static void wait_for(int64_t count)
{
	while (count < 0 ? !reset : frames < count)
		turn();
}

static void open_port(const char *path)
{
	struct termios raw;

	fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || tcgetattr(fd, &raw) < 0)
		bench_die("%s: %s", path, strerror(errno));
	cfmakeraw(&raw);
	if (tcsetattr(fd, TCSANOW, &raw) < 0)
		bench_die("%s: %s", path, strerror(errno));
}

int main(int argc, char **argv)
{
	uint8_t version[] = { 0, 0, 0, (uint8_t)bench_number(argc, argv, "version", 13) };
	static const uint8_t init[] = { 1, 0x00, 0x01, 0x17, 0x00, 0x00, 0x00 };
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = STDIN_FILENO };
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	char line[64], *words[2];

	open_port(bench_need(argc, argv, "port"));
	put(RST, NULL, 0);
	wait_for(-1);
	put(0, version, sizeof(version));
	wait_for(1);
	/* number 1, and the answer to the version was heard */
	put(0x11, init, sizeof(init));
	wait_for(3); /* the answer, that the network is up, and what follows */
	(void)setvbuf(stdin, NULL, _IONBF, 0);
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &ev) < 0)
		bench_die("epoll_ctl: %s", strerror(errno));
	ev.data.fd = fd;
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev) < 0)
		bench_die("epoll_ctl: %s", strerror(errno));
	puts("ready");
	(void)fflush(stdout);
	for (;;) {
		if (epoll_wait(epoll, &ev, 1, -1) < 1)
			continue;
		if (ev.data.fd == fd) {
			turn();
			continue;
		}
		if (bench_order(line, sizeof(line), words, 2) == 0)
			break;
		printf("{\"frames\":%" PRId64 "}\n", frames);
		(void)fflush(stdout);
	}
	return 0;
}
