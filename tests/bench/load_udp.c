/*
 * Sends readings as bare UDP datagrams at an even pace, for bare_forward: the
 * datagram is the finished payload. Notes when each one left.
 *
 *   load_udp to=PORT
 *
 * Orders on standard input, each answered by a line of JSON:
 *   run RATE FIRST COUNT FILE         readings FIRST to FIRST + COUNT - 1; FILE takes the times
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "bench/bench.h"
#include "bench/bench_mqtt.h"

static int64_t *sent;

static void run(
	int fd, struct bench_mqtt *b, int64_t rate, int64_t first, int64_t count, const char *path)
{
	char *digits = memmem(b->payload, b->length, "\"value\":60.", 11);
	int64_t next = first, begin_ns = bench_now_ns();
	struct bench_pace pace;

	bench_pace_open(&pace);
	bench_pace_start(&pace, rate, count);
	while (next < first + count) {
		struct pollfd p = { .fd = pace.timer, .events = POLLIN };

		(void)poll(&p, 1, -1);
		for (int64_t due = bench_pace_due(&pace); due > 0; due--, next++) {
			char value[24];

			(void)snprintf(value, sizeof(value), "%06" PRId64, next);
			memcpy(digits + 11, value, 6);
			sent[next] = bench_now_ns();
			if (send(fd, b->payload, b->length, 0) < 0)
				bench_die("cannot send: %s", strerror(errno));
		}
	}
	(void)close(pace.timer);
	bench_times_write(path, sent);
	printf("{\"count\":%" PRId64 ",\"seconds\":%.3f}\n", count,
		(double)(bench_now_ns() - begin_ns) / 1e9);
	(void)fflush(stdout);
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct bench_mqtt b = { 0 };
	char line[512], *words[8];
	int n;

	to.sin_port = htons((uint16_t)bench_number(argc, argv, "to", 0));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		bench_die("socket: %s", strerror(errno));
	bench_mqtt_reading(&b);
	sent = bench_times_new();
	while ((n = bench_order(line, sizeof(line), words, 8)) > 0) {
		int64_t first, count;

		if (strcmp(words[0], "run") != 0 || n < 5)
			bench_die("no such order: %s", words[0]);
		first = strtoll(words[2], NULL, 10);
		count = strtoll(words[3], NULL, 10);
		if (first < 0 || count < 1 || first + count > BENCH_READINGS_MAX)
			bench_die("reading numbers out of range");
		run(fd, &b, strtoll(words[1], NULL, 10), first, count, words[4]);
	}
	return 0;
}
