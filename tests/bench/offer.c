/*
 * The product's own way from acceptance to PUBACK: a synthetic driver offers
 * readings of the configured devices to the gateway at an even pace, each a
 * submission of its own with a receipt, and the daemon's rooms (gateway,
 * outbox, publish) do the rest. Prints the processor time per reading, from the
 * first that is handed over to the last that is safe. The counterpart of
 * bare_mqtt.
 *
 *   offer config=FILE [rate=20000] [count=100000] [warm=20000]
 */
#include <malloc.h>
#include <signal.h>
#include <systemd/sd-event.h>

#include "bench/bench.h"
#include "config/config.h"
#include "config/read.h"
#include "gateway/gateway.h"
#include "gateway/worker.h"
#include "outbox/outbox.h"
#include "publish/publish.h"

#define PATIENCE_US (UINT64_C(30) * 1000000)

struct offer {
	sd_event *event;
	struct config *config;
	struct gateway *gateway;
	struct outbox *outbox;
	struct worker *worker;
	struct publish *publish;
	sd_event_source *tick, *begin, *pace_source, *limit;
	struct bench_pace pace;
	size_t devices;
	int64_t number; /* of the next reading */
	int64_t safe, goal;
};

static void on_wake(void *userdata)
{
	struct offer *o = userdata;

	if (o->publish)
		publish_pump(o->publish);
}

static ssize_t no_status(char *buf, size_t size, void *userdata)
{
	buf[0] = 0;
	return 0;
}

static void forget(const char *topics, void *userdata)
{
}

static int on_tick(sd_event_source *s, uint64_t usec, void *userdata)
{
	struct offer *o = userdata;

	(void)outbox_tick(o->outbox, boottime_us());
	(void)sd_event_source_set_time_relative(s, 250000);
	(void)sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
	return 0;
}

static void on_receipt(enum receipt_outcome outcome, void *userdata)
{
	struct offer *o = userdata;

	if (outcome != RECEIPT_SAFE)
		bench_die("a reading did not become safe");
	o->safe++;
}

static int on_pace(sd_event_source *s, int fd, uint32_t events, void *userdata)
{
	struct offer *o = userdata;

	for (int64_t due = bench_pace_due(&o->pace); due > 0; due--, o->number++) {
		struct device *d =
			registry_at(gateway_registry(o->gateway), (size_t)o->number % o->devices);
		struct reading r = {
			.number = { 60000000 + o->number, -6 },
			.kind = VALUE_NUMBER,
			.metric = METRIC_HEART_RATE,
			.time_us = realtime_us(),
			.time_source = TIME_DEVICE,
			.source_key = (uint64_t)o->number * UINT64_C(0x9e3779b97f4a7c15) + 1,
		};

		if (gateway_submit(o->gateway, d, &r, 1, on_receipt, o, NULL) != 0)
			bench_die("a reading was not taken");
	}
	return 0;
}

/* Starts the offer once the session is there. */
static int on_begin(sd_event_source *s, uint64_t usec, void *userdata)
{
	struct offer *o = userdata;
	struct publish_report report;

	publish_report(o->publish, &report);
	if (report.connected) {
		bench_pace_start(&o->pace, o->pace.rate, o->pace.total);
		return 0;
	}
	(void)sd_event_source_set_time_relative(s, 20000);
	(void)sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
	return 0;
}

static int on_limit(sd_event_source *s, uint64_t usec, void *userdata)
{
	struct offer *o = userdata;

	bench_die("%" PRId64 " of %" PRId64 " readings are safe", o->safe, o->goal);
}

/* Offers count readings and returns when all are safe. */
static void offer(struct offer *o, int64_t rate, int64_t count)
{
	o->safe = 0;
	o->goal = count;
	o->pace.rate = rate;
	o->pace.total = count;
	if (sd_event_add_time_relative(o->event, &o->begin, CLOCK_BOOTTIME, 0, 1, on_begin, o) <
			0 ||
		sd_event_add_time_relative(o->event, &o->limit, CLOCK_BOOTTIME,
			PATIENCE_US + (uint64_t)(count * 1000000 / rate), 0, on_limit, o) < 0)
		bench_die("sd-event does not work");
	while (o->safe < o->goal)
		if (sd_event_run(o->event, UINT64_MAX) < 0)
			bench_die("the loop failed");
	o->begin = sd_event_source_unref(o->begin);
	o->limit = sd_event_source_disable_unref(o->limit);
}

static void start(struct offer *o, const char *path)
{
	struct outbox_limits limits = { 20000, 5, 1000 };
	struct publish_hooks hooks = { no_status, forget, NULL, o };
	struct config_problems problems = { 0 };
	struct ledger ledger;

	if (config_read(path, NULL, &o->config, &problems) != 0) {
		for (size_t i = 0; i < problems.error_count; i++)
			fprintf(stderr, "%s\n", problems.errors[i]);
		bench_die("the configuration is not good");
	}
	config_problems_done(&problems);
	if (sd_event_new(&o->event) < 0 ||
		gateway_new(&o->gateway, o->event, o->config, "12-9f3a21c4") < 0 ||
		outbox_new(&o->outbox, &limits) < 0)
		bench_die("the gateway does not start");
	ledger = outbox_ledger(o->outbox);
	gateway_set_ledger(o->gateway, &ledger);
	outbox_set_now(o->outbox, boottime_us());
	outbox_set_wake(o->outbox, on_wake, o);
	if (gateway_apply(o->gateway, o->config) < 0 || worker_new(&o->worker, o->event) < 0 ||
		publish_new(&o->publish, o->event, o->config, o->gateway, o->outbox, o->worker,
			&hooks) < 0 ||
		sd_event_add_time_relative(
			o->event, &o->tick, CLOCK_BOOTTIME, 0, 10000, on_tick, o) < 0)
		bench_die("publishing does not start");
	o->devices = registry_count(gateway_registry(o->gateway));
	bench_pace_open(&o->pace);
	if (o->devices == 0 ||
		sd_event_add_io(o->event, &o->pace_source, o->pace.timer, EPOLLIN, on_pace, o) < 0)
		bench_die("there are no devices");
}

int main(int argc, char **argv)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	int64_t rate = bench_number(argc, argv, "rate", 20000);
	int64_t count = bench_number(argc, argv, "count", 100000);
	struct offer o = { 0 };
	struct publish_report report;
	int64_t cpu_us, begin_ns;

	(void)sigaction(SIGPIPE, &ignore, NULL);
	(void)mallopt(M_ARENA_MAX, 1);
	start(&o, bench_need(argc, argv, "config"));
	offer(&o, rate, bench_number(argc, argv, "warm", 20000));
	cpu_us = bench_cpu_us();
	begin_ns = bench_now_ns();
	offer(&o, rate, count);
	cpu_us = bench_cpu_us() - cpu_us;
	publish_report(o.publish, &report);
	printf("{\"cpu_us\":%.3f,\"seconds\":%.3f,\"refused\":%" PRIu64 ",\"connects\":%" PRIu64
	       "}\n",
		(double)cpu_us / (double)count, (double)(bench_now_ns() - begin_ns) / 1e9,
		report.refused, report.connects);
	publish_free(o.publish);
	outbox_free(o.outbox);
	gateway_free(o.gateway);
	worker_free(o.worker);
	config_unref(o.config);
	return 0;
}
