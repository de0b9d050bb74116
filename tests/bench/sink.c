/*
 * A subscriber that notes when each reading arrives.
 *
 *   sink topic=FILTER port= ca= cert= key= [name=] [with=] [keep=FILE]
 *
 * name: where there are several. with: messages without that text are none of its.
 * keep: each message goes there, with the time that it came, in UTC microseconds.
 *
 * Prints "ready" once subscribed. Orders on standard input, each answered by a
 * line of JSON:
 *   expect FIRST COUNT FILE      waits for these readings (10 s after the last one that came at
 *                                most); FILE takes the times
 *   heard                        so many messages have come
 *   kept                         the same, and those are in their file
 */
#include <fcntl.h>

#include "bench/bench.h"
#include "bench/bench_mqtt.h"

#define PATIENCE_NS INT64_C(10000000000)

static int64_t *arrived;
static int64_t foreign, twice;
static int64_t heard;
static const char *with; /* NULL: all */
static FILE *keep;       /* NULL: nowhere */

static void keep_message(const struct mosquitto_message *message)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	(void)fprintf(keep, "%" PRId64 " ", (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	(void)fwrite(message->payload, (size_t)message->payloadlen, 1, keep);
	(void)fputc('\n', keep);
}

static void on_message(struct mosquitto *m, void *userdata, const struct mosquitto_message *message,
	const mosquitto_property *properties)
{
	int64_t now_ns = bench_now_ns();
	int64_t number;

	if (with && !memmem(message->payload, (size_t)message->payloadlen, with, strlen(with)))
		return;
	heard++;
	if (keep)
		keep_message(message);
	number = message->payload ? bench_reading_number(message->payload,
					    (size_t)message->payloadlen, "\"value\":")
				  : -1;

	if (number < 0)
		foreign++;
	else if (arrived[number])
		twice++;
	else
		arrived[number] = now_ns;
}

static int64_t count_arrived(int64_t first, int64_t count)
{
	int64_t n = 0;

	for (int64_t i = first; i < first + count; i++)
		n += arrived[i] != 0;
	return n;
}

static void obey(char *words[], int n)
{
	int64_t first, count;

	if (strcmp(words[0], "heard") == 0 || strcmp(words[0], "kept") == 0) {
		if (keep && words[0][0] == 'k' && fflush(keep) != 0)
			bench_die("keep=: %s", strerror(errno));
		printf("{\"heard\":%" PRId64 "}\n", heard);
		(void)fflush(stdout);
		return;
	}
	if (strcmp(words[0], "expect") != 0 || n < 4)
		bench_die("no such order: %s", words[0]);
	first = strtoll(words[1], NULL, 10);
	count = strtoll(words[2], NULL, 10);
	bench_times_write(words[3], arrived);
	printf("{\"arrived\":%" PRId64 ",\"twice\":%" PRId64 ",\"foreign\":%" PRId64 "}\n",
		count_arrived(first, count), twice, foreign);
	(void)fflush(stdout);
}

/* Takes messages until those readings are there. */
static void collect(struct bench_mqtt *b, int64_t first, int64_t count)
{
	int64_t last_ns = bench_now_ns(), before = -1, now;
	struct epoll_event ev;

	while ((now = count_arrived(first, count)) < count) {
		if (now != before)
			last_ns = bench_now_ns();
		else if (bench_now_ns() - last_ns > PATIENCE_NS)
			return;
		before = now;
		if (epoll_wait(b->epoll, &ev, 1, 200) == 1 && ev.data.fd == mosquitto_socket(b->m))
			bench_mqtt_event(b, ev.events);
		bench_mqtt_watch(b);
	}
}

int main(int argc, char **argv)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = STDIN_FILENO };
	char line[512], *words[8];
	struct bench_mqtt b;
	int n;

	arrived = bench_times_new();
	with = bench_arg(argc, argv, "with", NULL);
	keep = bench_arg(argc, argv, "keep", NULL) ? fopen(bench_need(argc, argv, "keep"), "we")
						   : NULL;
	bench_mqtt_open(&b, epoll_create1(EPOLL_CLOEXEC), bench_arg(argc, argv, "name", "sink"),
		argc, argv);
	mosquitto_message_v5_callback_set(b.m, on_message);
	if (mosquitto_subscribe_v5(b.m, NULL, bench_need(argc, argv, "topic"), 1, 0, NULL))
		bench_die("cannot subscribe");
	(void)setvbuf(stdin, NULL, _IONBF, 0);
	if (epoll_ctl(b.epoll, EPOLL_CTL_ADD, STDIN_FILENO, &ev) < 0)
		bench_die("epoll_ctl: %s", strerror(errno));
	for (bool told = false;;) {
		bench_mqtt_watch(&b);
		if (epoll_wait(b.epoll, &ev, 1, 1000) < 1) {
			(void)mosquitto_loop_misc(b.m);
			continue;
		}
		if (ev.data.fd != STDIN_FILENO) {
			bench_mqtt_event(&b, ev.events);
			if (b.subscribed && !told)
				told = puts("ready") >= 0 && fflush(stdout) == 0;
			continue;
		}
		n = bench_order(line, sizeof(line), words, 8);
		if (n == 0)
			break;
		if (n >= 4)
			collect(&b, strtoll(words[1], NULL, 10), strtoll(words[2], NULL, 10));
		obey(words, n);
	}
	bench_mqtt_close(&b);
	return 0;
}
