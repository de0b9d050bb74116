/*
 * The floor of publishing: a bare libmosquitto loop that is offered messages at
 * an even pace and sends them at QoS 1, at most BENCH_WINDOW of them
 * unacknowledged. Prints its processor time per message, from the first publish
 * to the last PUBACK.
 *
 *   bare_mqtt port= ca= cert= key= [rate=20000] [count=100000] [warm=20000]
 */
#include "bench/bench.h"
#include "bench/bench_mqtt.h"

static void publish_due(struct bench_mqtt *b, int64_t *due)
{
	while (*due > 0 && b->in_flight < BENCH_WINDOW) {
		bench_mqtt_publish(b, b->payload, b->length);
		(*due)--;
	}
}

/* Offers count messages and returns when all are acknowledged. */
static void offer(struct bench_mqtt *b, struct bench_pace *pace, long rate, long count)
{
	int64_t goal = b->acked + count, due = 0;
	struct epoll_event events[4];

	bench_pace_start(pace, rate, count);
	while (b->acked < goal) {
		int n = epoll_wait(b->epoll, events, 4, 10000);

		if (n < 1)
			bench_die("nothing happens any more");
		for (int i = 0; i < n; i++) {
			if (events[i].data.fd == pace->timer)
				due += bench_pace_due(pace);
			else
				bench_mqtt_event(b, events[i].events);
		}
		publish_due(b, &due);
		bench_mqtt_watch(b);
	}
}

int main(int argc, char **argv)
{
	long rate = bench_number(argc, argv, "rate", 20000);
	long count = bench_number(argc, argv, "count", 100000);
	struct epoll_event ev = { .events = EPOLLIN };
	int64_t cpu_us, begin_ns;
	struct bench_pace pace;
	struct bench_mqtt b;

	bench_mqtt_open(&b, epoll_create1(EPOLL_CLOEXEC), "bare-mqtt", argc, argv);
	bench_mqtt_reading(&b);
	bench_pace_open(&pace);
	ev.data.fd = pace.timer;
	if (epoll_ctl(b.epoll, EPOLL_CTL_ADD, pace.timer, &ev) < 0)
		bench_die("epoll_ctl: %s", strerror(errno));

	offer(&b, &pace, rate, bench_number(argc, argv, "warm", 20000));
	cpu_us = bench_cpu_us();
	begin_ns = bench_now_ns();
	offer(&b, &pace, rate, count);
	cpu_us = bench_cpu_us() - cpu_us;
	printf("{\"cpu_us\":%.3f,\"seconds\":%.3f,\"bytes\":%zu,\"refused\":%d,\"unheard\":%" PRId64
	       "}\n",
		(double)cpu_us / (double)count, (double)(bench_now_ns() - begin_ns) / 1e9, b.length,
		b.refused, b.unheard);
	bench_mqtt_close(&b);
	return 0;
}
