/*
 * wardgated: options, configuration, wiring, signals. The only file that sees
 * every room; what a room does stands in that room.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <time.h>

#include "config/config.h"
#include "config/diff.h"
#include "config/print.h"
#include "config/read.h"
#include "gateway/drivers.h"
#include "gateway/epoch.h"
#include "gateway/gateway.h"
#include "gateway/health.h"
#include "gateway/worker.h"
#include "outbox/outbox.h"
#include "outbox/store.h"
#include "publish/payloads/payloads.h"
#include "publish/publish.h"
#include "util/cleanup.h"
#include "util/text.h"
#include "wardgate/driver.h"

#define LOG_MODULE "wardgated"
#include "util/log.h"

#define DEFAULT_CONFIG "/etc/wardgate/wardgate.conf"

/* What memory holds while no broker confirms: about 6 MB. */
#define OUTBOX_MESSAGES 20000
#define OUTBOX_TRIES 5
#define OUTBOX_ASIDE 1000

#define TICK_BUSY_US UINT64_C(250000)
#define TICK_IDLE_US UINT64_C(1000000)

/* A stop has 5 s: to drain, and then to see the state files to the disk. */
#define STOP_DRAIN_US INT64_C(3500000)
#define STOP_DISK_US INT64_C(4500000)

/* Signals stand above what a peer can keep ready. */
#define PRIORITY_SIGNAL (-10)

extern const struct driver coap_driver;

static const struct driver *const all_drivers[] = { &coap_driver, NULL };

/* For Payloads=, NULL-terminated. */
static const char *const payload_names[] = {
#define PAYLOAD(name) #name,
#include "publish/payloads/payloads.def"
#undef PAYLOAD
	NULL,
};

struct daemon {
	const char *config_path;
	sd_event *event;
	struct config *config;
	struct gateway *gateway;
	struct outbox *outbox;
	struct worker *worker;
	struct store *store;
	struct publish *publish;
	struct health *health;
	struct drivers *drivers;
	sd_event_source *hangup, *terminate, *interrupt, *tick;
	struct epoch previous, epoch;
	bool has_previous;
	bool stopping;
	int64_t stop_began_us;
};

/* --- configuration --- */

static void print_problems(const struct config_problems *p)
{
	for (size_t i = 0; i < p->warning_count; i++)
		fprintf(stderr, "warning: %s\n", p->warnings[i]);
	for (size_t i = 0; i < p->error_count; i++)
		fprintf(stderr, "%s\n", p->errors[i]);
	if (p->unsaid)
		fprintf(stderr, "and %zu more\n", p->unsaid);
}

static void log_problems(const struct config_problems *p)
{
	for (size_t i = 0; i < p->warning_count; i++)
		log_warning(p->warnings[i]);
	for (size_t i = 0; i < p->error_count; i++)
		log_error(p->errors[i]);
}

/* What the configuration asks for and this version does not do must not look as if it were done. */
static void warn_of_the_missing(const struct config *c)
{
	if (c->ble.enabled)
		log_warning("[BLE] Enabled=yes: this version has no Bluetooth driver; its devices "
			    "are not heard");
	if (c->zigbee.enabled)
		log_warning("[Zigbee] Enabled=yes: this version has no Zigbee driver; its devices "
			    "are not heard");
	if (c->rule_count)
		log_warning(
			"[Rule] sections: this version has no alarm engine; no rule is evaluated",
			F_INT("RULES", c->rule_count));
}

/* --- drivers --- */

static void on_device(struct device *device, enum device_event event, void *userdata)
{
	struct daemon *d = userdata;

	if (event == DEVICE_REMOVED)
		drivers_forget(d->drivers, device);
}

static ssize_t put_status(char *buf, size_t size, void *userdata)
{
	struct daemon *d = userdata;
	struct text t = text_init(buf, size);

	text_lit(&t, ",\"drivers\":{");
	drivers_report(d->drivers, &t);
	text_printf(&t, "},\"store\":\"%s\",\"unknown_devices\":%zu",
		health_store_failed(d->health) ? "failing" : "ok",
		registry_unknown_count(gateway_registry(d->gateway)));
	return text_done(&t);
}

/* --- state files --- */

static void save_epoch(struct daemon *d)
{
	char buf[EPOCH_FILE_MAX];
	size_t n;
	int r;

	if (d->gateway)
		gateway_fill_epoch(d->gateway, &d->epoch);
	n = epoch_format(&d->epoch, buf, sizeof(buf));
	r = store_save(d->store, STORE_EPOCH, buf, n);
	if (r < 0)
		log_error("cannot remember the epoch", F_ERR(r));
}

static void on_saved(enum store_file file, int result, void *userdata)
{
	if (result < 0)
		log_error("cannot write to the state directory; going on without it",
			F_STR("FILE", file == STORE_EPOCH ? "epoch" : "retained-topics"),
			F_ERR(result));
}

static void remember_topics(const char *topics, void *userdata)
{
	struct daemon *d = userdata;
	int r = store_save(d->store, STORE_RETAINED, topics, strlen(topics));

	if (r < 0)
		log_error("cannot remember the retained topics", F_ERR(r));
}

static void load_epoch(struct daemon *d)
{
	_cleanup_(freep) char *text = NULL;
	ssize_t n = store_load(d->config->gateway.state_directory, STORE_EPOCH, &text);
	uint32_t random = 0;

	if (n >= 0 && epoch_parse(text, (size_t)n, &d->previous) == 0)
		d->has_previous = true;
	else if (n != -ENOENT)
		log_warning("the epoch file cannot be read; counting from 1 again, ids stay unique "
			    "by their random part",
			F_ERR(n < 0 ? (int)n : -EBADMSG));
	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		random = (uint32_t)realtime_us();
	d->epoch = epoch_next(d->has_previous ? &d->previous : NULL, random);
	save_epoch(d);
}

/* --- wiring between rooms --- */

static void on_outbox_wake(void *userdata)
{
	struct daemon *d = userdata;

	if (d->publish)
		publish_pump(d->publish);
}

static void on_outbox_dropped(const struct message *m, const char *reason, void *userdata)
{
	struct daemon *d = userdata;

	struct gap gap = { .first = m->sequence, .last = m->sequence, .count = 1, .reason = reason };

	if (m->kind == MESSAGE_READING)
		gateway_forget(d->gateway, &m->reading);
	(void)gateway_gap(d->gateway, &gap);
}

static void on_epoch_changed(void *userdata)
{
	save_epoch(userdata);
}

static void on_clock(enum clock_state state, void *userdata)
{
	struct daemon *d = userdata;

	if (d->publish)
		publish_status_changed(d->publish);
}

static void ping_store(void *userdata)
{
	store_ping(((struct daemon *)userdata)->store);
}

static int64_t store_answered(void *userdata)
{
	return store_answered_us(((struct daemon *)userdata)->store);
}

static void on_store_changed(bool failed, void *userdata)
{
	struct daemon *d = userdata;

	if (d->publish)
		publish_status_changed(d->publish);
}

static int on_tick(sd_event_source *s, uint64_t usec, void *userdata)
{
	struct daemon *d = userdata;
	struct outbox_counters c;

	(void)outbox_tick(d->outbox, boottime_us());
	c = outbox_counters(d->outbox);
	(void)sd_event_source_set_time_relative(s, c.depth ? TICK_BUSY_US : TICK_IDLE_US);
	(void)sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
	return 0;
}

/* --- stop and reload --- */

static void on_drained(void *userdata)
{
	struct daemon *d = userdata;

	d->epoch.clean = true;
	d->epoch.published = outbox_counters(d->outbox).depth == 0;
	d->drivers = drivers_free(d->drivers);
	save_epoch(d);
	(void)sd_event_exit(d->event, EXIT_SUCCESS);
}

static int on_terminate(sd_event_source *s, const struct signalfd_siginfo *si, void *userdata)
{
	struct daemon *d = userdata;

	if (d->stopping)
		return 0;
	d->stopping = true;
	d->stop_began_us = boottime_us();
	log_info("stopping");
	(void)sd_notify(false, "STOPPING=1\nSTATUS=Draining");
	drivers_quiesce(d->drivers);
	d->epoch.last = gateway_record_end(d->gateway, 0);
	publish_stop(d->publish, d->stop_began_us + STOP_DRAIN_US, on_drained, d);
	return 0;
}

static void reload(struct daemon *d)
{
	_cleanup_(config_problems_done) struct config_problems problems = { 0 };
	_cleanup_(config_unrefp) struct config *c = NULL;
	struct config_options options = { .payloads = payload_names };
	int r = config_read(d->config_path, &options, &c, &problems);

	if (r == 0)
		r = config_keep_running(c, d->config, &problems);
	log_problems(&problems);
	if (r != 0) {
		log_error("the new configuration is not applied; the running one stays in force",
			F_INT("ERRORS", problems.error_count));
		return;
	}
	r = gateway_apply(d->gateway, c);
	if (r < 0)
		log_error("cannot apply the devices of the new configuration", F_ERR(r));
	config_unref(d->config);
	d->config = TAKE_PTR(c);
	warn_of_the_missing(d->config);
	drivers_apply(d->drivers, d->config);
	r = publish_reload(d->publish, d->config);
	if (r < 0)
		log_error("cannot apply the new settings of [MQTT]", F_ERR(r));
	log_info("configuration reloaded");
}

static int on_hangup(sd_event_source *s, const struct signalfd_siginfo *si, void *userdata)
{
	struct daemon *d = userdata;
	struct timespec now;

	if (d->stopping)
		return 0;
	clock_gettime(CLOCK_MONOTONIC, &now);
	(void)sd_notifyf(false, "RELOADING=1\nMONOTONIC_USEC=%lld",
		(long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	reload(d);
	(void)sd_notify(false, "READY=1");
	return 0;
}

/* --- start --- */

static int add_signal(
	struct daemon *d, sd_event_source **ret, int number, sd_event_signal_handler_t fn)
{
	int r = sd_event_add_signal(d->event, ret, number, fn, d);

	if (r < 0)
		return r;
	return sd_event_source_set_priority(*ret, PRIORITY_SIGNAL);
}

static int open_state_directory(struct daemon *d)
{
	const char *directory = d->config->gateway.state_directory;
	struct store_limits limits = { d->config->store.max_size, d->config->store.keep_free,
		d->config->store.max_age_us };
	struct store_hooks hooks = { .saved = on_saved, .userdata = d };
	int holder, r;

	r = store_new(&d->store, d->event, directory, &limits, &hooks, &holder);
	if (r == -EBUSY)
		log_error("another wardgated uses this state directory; stop it, or give this one "
			  "a StateDirectory= of its own",
			F_STR("STATE_DIRECTORY", directory), F_INT("PID", holder));
	else if (r < 0)
		log_error("cannot use the state directory", F_STR("STATE_DIRECTORY", directory),
			F_ERR(r));
	return r;
}

static int start_rooms(struct daemon *d)
{
	struct outbox_limits limits = { OUTBOX_MESSAGES, OUTBOX_TRIES, OUTBOX_ASIDE };
	struct health_hooks health_hooks = { ping_store, store_answered, on_store_changed, d };
	_cleanup_(freep) char *remembered = NULL;
	struct publish_hooks hooks = {
		.status = put_status,
		.remember = remember_topics,
		.userdata = d,
	};
	char epoch[EPOCH_TEXT_MAX];
	struct ledger ledger;
	int r;

	load_epoch(d);
	epoch_text(&d->epoch, epoch);
	r = gateway_new(&d->gateway, d->event, d->config, epoch);
	if (r < 0)
		return r;
	r = outbox_new(&d->outbox, &limits);
	if (r < 0)
		return r;
	ledger = outbox_ledger(d->outbox);
	gateway_set_ledger(d->gateway, &ledger);
	gateway_on_clock(d->gateway, on_clock, d);
	outbox_set_now(d->outbox, boottime_us());
	outbox_set_wake(d->outbox, on_outbox_wake, d);
	outbox_set_dropped(d->outbox, on_outbox_dropped, d);
	r = drivers_new(&d->drivers, all_drivers, d->event, d->gateway);
	if (r < 0)
		return r;
	r = registry_listen(gateway_registry(d->gateway), on_device, d);
	if (r < 0)
		return r;
	r = gateway_apply(d->gateway, d->config);
	if (r < 0)
		return r;
	if (d->has_previous)
		(void)gateway_record_previous(d->gateway, &d->previous);
	gateway_on_epoch(d->gateway, on_epoch_changed, d);
	if (d->has_previous)
		gateway_take_over(d->gateway, &d->previous);

	r = worker_new(&d->worker, d->event);
	if (r < 0)
		return r;
	r = health_new(&d->health, d->event, &health_hooks);
	if (r < 0)
		return r;
	if (store_load(d->config->gateway.state_directory, STORE_RETAINED, &remembered) >= 0)
		hooks.remembered = remembered;
	drivers_apply(d->drivers, d->config);
	/* Last: its thread initialises OpenSSL too, and the two would hold each other up. */
	r = publish_new(&d->publish, d->event, d->config, d->gateway, d->outbox, d->worker, &hooks);
	if (r < 0)
		return r;
	return sd_event_add_time_relative(d->event, &d->tick, CLOCK_BOOTTIME, 0, 10000, on_tick, d);
}

static int start(struct daemon *d)
{
	int r;

	r = sd_event_new(&d->event);
	if (r < 0)
		return r;
	r = open_state_directory(d);
	if (r < 0)
		return r;
	r = add_signal(d, &d->hangup, SIGHUP, on_hangup);
	if (r < 0)
		return r;
	r = add_signal(d, &d->terminate, SIGTERM, on_terminate);
	if (r < 0)
		return r;
	r = add_signal(d, &d->interrupt, SIGINT, on_terminate);
	if (r < 0)
		return r;
	return start_rooms(d);
}

static void stop(struct daemon *d)
{
	drivers_free(d->drivers);
	publish_free(d->publish);
	health_free(d->health);
	/* Receipts are failed by the outbox; their drivers are gone and have cancelled them. */
	outbox_free(d->outbox);
	gateway_free(d->gateway);
	store_free(d->store, (d->stop_began_us ?: boottime_us()) + STOP_DISK_US);
	sd_event_source_disable_unref(d->hangup);
	sd_event_source_disable_unref(d->terminate);
	sd_event_source_disable_unref(d->interrupt);
	sd_event_source_disable_unref(d->tick);
}

static int run(struct daemon *d)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	bool threads_left;
	sigset_t set;
	int r;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGHUP);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
	/* A peer that went away is an error code, not an end. */
	(void)sigaction(SIGPIPE, &ignore, NULL);
	/* Short-lived threads would each leave an arena behind. */
	(void)mallopt(M_ARENA_MAX, 1);

	r = start(d);
	if (r == 0) {
		warn_of_the_missing(d->config);
		log_info("started", F_STR("VERSION", WG_VERSION),
			F_STR("GATEWAY", d->config->gateway.name),
			F_STR("EPOCH", gateway_epoch(d->gateway)));
		(void)sd_notify(false, "READY=1\nSTATUS=Running");
		r = sd_event_loop(d->event);
	}
	if (r < 0 && r != -EBUSY)
		log_error("cannot start", F_ERR(r));
	stop(d);
	threads_left = d->worker && worker_running(d->worker) > 0;
	worker_free(d->worker);
	sd_event_unref(d->event);
	config_unref(d->config);
	log_info("stopped");
	/* A thread that hangs in a resolver still uses the libraries that exit() would take down.
	 */
	if (threads_left)
		_exit(r < 0 ? EXIT_FAILURE : r);
	return r < 0 ? EXIT_FAILURE : r;
}

static void usage(FILE *f)
{
	fputs("Usage: wardgated [--config FILE] [--check-config] [--print-config] [--version]\n"
	      "\n"
	      "The ward's edge gateway. See wardgated(8) and wardgate.conf(5).\n"
	      "\n"
	      "  --config FILE    read FILE instead of " DEFAULT_CONFIG "\n"
	      "  --check-config   check the configuration and exit: 0 good, 78 not\n"
	      "  --print-config   print the effective configuration with origins and exit\n"
	      "  --version        print the version and exit\n"
	      "  --help           print this and exit\n",
		f);
}

int main(int argc, char **argv)
{
	enum { OPTION_CONFIG = 256, OPTION_CHECK, OPTION_PRINT, OPTION_VERSION, OPTION_HELP };
	static const struct option options[] = {
		{ "config", required_argument, NULL, OPTION_CONFIG },
		{ "check-config", no_argument, NULL, OPTION_CHECK },
		{ "print-config", no_argument, NULL, OPTION_PRINT },
		{ "version", no_argument, NULL, OPTION_VERSION },
		{ "help", no_argument, NULL, OPTION_HELP },
		{ 0 },
	};
	struct config_options config_options = { 0 };
	struct config_problems problems = { 0 };
	struct daemon d = { .config_path = DEFAULT_CONFIG };
	bool check = false, print = false;
	int option, r;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case OPTION_CONFIG:
			d.config_path = optarg;
			break;
		case OPTION_CHECK:
			check = true;
			break;
		case OPTION_PRINT:
			print = true;
			break;
		case OPTION_VERSION:
			puts("wardgated " WG_VERSION);
			return EXIT_SUCCESS;
		case OPTION_HELP:
			usage(stdout);
			return EXIT_SUCCESS;
		default:
			usage(stderr);
			return EX_USAGE;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "wardgated: unexpected argument \"%s\"; it takes options only\n",
			argv[optind]);
		return EX_USAGE;
	}
	if (getenv("WARDGATE_DEBUG"))
		log_set_level(LOG_DEBUG);

	config_options.payloads = payload_names;
	r = config_read(d.config_path, &config_options, &d.config, &problems);
	print_problems(&problems);
	config_problems_done(&problems);
	if (r != 0) {
		if (r < 0)
			fprintf(stderr, "wardgated: cannot read the configuration: %s\n",
				strerror(-r));
		return EX_CONFIG;
	}
	if (print)
		r = config_print(d.config, stdout);
	if (check || print) {
		config_unref(d.config);
		return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	}
	return run(&d);
}
