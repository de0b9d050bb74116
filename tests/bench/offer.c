/*
 * The product's own way from acceptance to PUBACK: a synthetic driver offers
 * readings of the configured devices to the gateway at an even pace, each a
 * submission of its own with a receipt, and the daemon's rooms (gateway,
 * outbox, publish) do the rest. Prints the processor time per reading, from the
 * first that is handed over to the last that is safe. The counterpart of
 * bare_mqtt.
 *
 *   offer config=FILE [rate=20000] [count=100000] [warm=20000] [mode=broker|store|memory]
 *
 * mode=broker: with the broker, without a disk. store: the broker is away, and
 * all goes to the database in the state directory. memory: neither; a reading
 * is confirmed as soon as it may be sent. Prints file_per_row for store.
 */
#include <malloc.h>
#include <signal.h>
#include <sys/stat.h>
#include <systemd/sd-event.h>

#include "bench/bench.h"
#include "config/config.h"
#include "config/read.h"
#include "gateway/gateway.h"
#include "gateway/worker.h"
#include "outbox/ledger_disk.h"
#include "outbox/outbox.h"
#include "publish/publish.h"

#define PATIENCE_US (UINT64_C(30) * 1000000)
#define EPOCH "12-9f3a21c4"

enum mode { MODE_BROKER, MODE_STORE, MODE_MEMORY };

struct offer {
	enum mode mode;
	sd_event *event;
	struct config *config;
	struct gateway *gateway;
	struct outbox *outbox;
	struct worker *worker;
	struct publish *publish;
	struct ledger_disk *disk;
	bool opened;
	sd_event_source *tick, *begin, *pace_source, *limit;
	struct bench_pace pace;
	size_t devices;
	int64_t number; /* of the next reading */
	int64_t safe, goal;
};

static void on_wake(void *userdata)
{
	struct offer *o = userdata;
	struct outbox_entry *e;

	if (o->publish)
		publish_pump(o->publish);
	while (o->mode == MODE_MEMORY && (e = outbox_next(o->outbox))) {
		outbox_sent(o->outbox, e);
		outbox_confirmed(o->outbox, e);
	}
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
	struct publish_report report = { .connected = o->mode == MODE_MEMORY || o->opened };

	if (o->publish)
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

/* --- the disk --- */

static void on_gap(const struct gap *gap, void *userdata)
{
	bench_die("the ledger has a gap: %s", gap->reason);
}

static void on_opened(void *userdata)
{
	((struct offer *)userdata)->opened = true;
}

static void on_changed(const struct store_figures *figures, void *userdata)
{
	if (figures->state == STORE_FAILING)
		bench_die("the store fails: %s", figures->problem);
}

static void open_disk(struct offer *o)
{
	const struct ledger_disk_hooks hooks = {
		.gap = on_gap,
		.opened = on_opened,
		.changed = on_changed,
		.userdata = o,
	};
	const struct store_limits limits = { INT64_C(1) << 40, 0, INT64_MAX };
	int holder, r;

	r = ledger_disk_new(&o->disk, o->event, o->outbox, o->config->gateway.state_directory,
		EPOCH, &limits, o->config->store.commit_interval_us, &hooks, &holder);
	if (r < 0)
		bench_die("%s: %s", o->config->gateway.state_directory, strerror(-r));
}

static int64_t file_bytes(const struct offer *o, const char *name)
{
	char path[512];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/%s", o->config->gateway.state_directory, name);
	return stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
}

/* --- life --- */

static void open_broker(struct offer *o)
{
	struct publish_hooks hooks = { .status = no_status, .remember = forget, .userdata = o };

	if (worker_new(&o->worker, o->event) < 0 ||
		publish_new(&o->publish, o->event, o->config, o->gateway, o->outbox, o->worker,
			&hooks) < 0)
		bench_die("publishing does not start");
}

static void start(struct offer *o, const char *path)
{
	struct outbox_limits limits = { 20000, 5, 1000 };
	struct config_problems problems = { 0 };
	struct ledger ledger;

	if (config_read(path, NULL, &o->config, &problems) != 0) {
		for (size_t i = 0; i < problems.error_count; i++)
			fprintf(stderr, "%s\n", problems.errors[i]);
		bench_die("the configuration is not good");
	}
	config_problems_done(&problems);
	if (sd_event_new(&o->event) < 0 ||
		gateway_new(&o->gateway, o->event, o->config, EPOCH) < 0 ||
		outbox_new(&o->outbox, &limits) < 0)
		bench_die("the gateway does not start");
	ledger = outbox_ledger(o->outbox);
	gateway_set_ledger(o->gateway, &ledger);
	outbox_set_now(o->outbox, boottime_us());
	outbox_set_wake(o->outbox, on_wake, o);
	if (gateway_apply(o->gateway, o->config) < 0 ||
		sd_event_add_time_relative(
			o->event, &o->tick, CLOCK_BOOTTIME, 0, 10000, on_tick, o) < 0)
		bench_die("the gateway does not start");
	if (o->mode == MODE_BROKER)
		open_broker(o);
	else if (o->mode == MODE_STORE)
		open_disk(o);
	else
		outbox_connected(o->outbox, 1U << 20);
	o->devices = registry_count(gateway_registry(o->gateway));
	bench_pace_open(&o->pace);
	if (o->devices == 0 ||
		sd_event_add_io(o->event, &o->pace_source, o->pace.timer, EPOLLIN, on_pace, o) < 0)
		bench_die("there are no devices");
}

static enum mode mode_of(const char *text)
{
	if (strcmp(text, "broker") == 0)
		return MODE_BROKER;
	if (strcmp(text, "store") == 0)
		return MODE_STORE;
	if (strcmp(text, "memory") == 0)
		return MODE_MEMORY;
	bench_die("there is no mode=%s", text);
}

int main(int argc, char **argv)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	int64_t rate = bench_number(argc, argv, "rate", 20000);
	int64_t count = bench_number(argc, argv, "count", 100000);
	int64_t warm = bench_number(argc, argv, "warm", 20000);
	struct offer o = { .mode = mode_of(bench_arg(argc, argv, "mode", "broker")) };
	struct publish_report report = { 0 };
	int64_t cpu_us, begin_ns, took_ns;

	(void)sigaction(SIGPIPE, &ignore, NULL);
	(void)mallopt(M_ARENA_MAX, 1);
	start(&o, bench_need(argc, argv, "config"));
	offer(&o, rate, warm);
	cpu_us = bench_cpu_us();
	begin_ns = bench_now_ns();
	offer(&o, rate, count);
	cpu_us = bench_cpu_us() - cpu_us;
	took_ns = bench_now_ns() - begin_ns;
	if (o.publish)
		publish_report(o.publish, &report);
	publish_free(o.publish);
	ledger_disk_free(o.disk, boottime_us() + (int64_t)PATIENCE_US);
	printf("{\"cpu_us\":%.3f,\"seconds\":%.3f,\"refused\":%" PRIu64 ",\"connects\":%" PRIu64
	       ",\"file_per_row\":%.2f}\n",
		(double)cpu_us / (double)count, (double)took_ns / 1e9, report.refused,
		report.connects,
		(double)(file_bytes(&o, "outbox.db") + file_bytes(&o, "outbox.db-wal")) /
			(double)(warm + count));
	outbox_free(o.outbox);
	gateway_free(o.gateway);
	worker_free(o.worker);
	config_unref(o.config);
	return 0;
}
