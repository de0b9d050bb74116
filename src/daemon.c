/*
 * The daemon: wires the rooms together, starts and stops them, and answers
 * signals. With main.c the only file that sees every room; what a room does
 * stands in that room.
 */
#include "daemon.h"

#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "annunciator/annunciator.h"
#include "audit/trail.h"
#include "config/diff.h"
#include "config/read.h"
#include "control/control.h"
#include "daemon_private.h"
#include "desk/desk.h"
#include "gateway/drivers.h"
#include "gateway/health.h"
#include "gateway/worker.h"
#include "publish/publish.h"
#include "util/text.h"
#include "wardgate/driver.h"

#define TICK_BUSY_US UINT64_C(250000)
#define TICK_IDLE_US UINT64_C(1000000)

/* A stop has 5 s: to drain, to see the ledger and then the state files to the disk. */
#define STOP_DRAIN_US INT64_C(3500000)
#define STOP_LEDGER_US INT64_C(4000000)
#define STOP_DISK_US INT64_C(4500000)
#define STOP_CHECK_US UINT64_C(5000)

/* Signals stand above what a peer can keep ready. */
#define PRIORITY_SIGNAL (-10)

extern const struct driver ble_driver, coap_driver, zigbee_driver;

static const struct driver *const all_drivers[] = { &ble_driver, &coap_driver, &zigbee_driver,
	NULL };

/* For Payloads=, NULL-terminated. */
const char *const daemon_payload_names[] = {
#define PAYLOAD(name) #name,
#include "publish/payloads/payloads.def"
#undef PAYLOAD
	NULL,
};

/* --- configuration --- */

static void log_problems(const struct config_problems *p)
{
	for (size_t i = 0; i < p->warning_count; i++)
		log_warning(p->warnings[i]);
	for (size_t i = 0; i < p->error_count; i++)
		log_error(p->errors[i]);
	if (p->unsaid)
		log_error("more is wrong with the configuration than is said; mend this first",
			F_INT("MORE", p->unsaid));
}

/* --- drivers --- */

static void on_device(struct device *device, enum device_event event, void *userdata)
{
	struct daemon *d = userdata;

	if (event == DEVICE_REMOVED)
		drivers_forget(d->drivers, device);
}

/* Its problem is one sentence of our own, but an error text of the system may be in it. */
static void put_store(struct daemon *d, struct text *t)
{
	struct store_figures f;

	control_store_figures(d, &f);
	text_printf(t, ",\"store\":\"%s\"", store_state_text(f.state));
	if (*f.problem) {
		text_lit(t, ",\"store_problem\":");
		text_json_string(t, f.problem, strlen(f.problem));
	}
	if (*f.notice) {
		text_lit(t, ",\"store_notice\":");
		text_json_string(t, f.notice, strlen(f.notice));
	}
	text_printf(t,
		",\"stored\":{\"readings\":%" PRIu64 ",\"events\":%" PRIu64 ",\"bytes\":%" PRId64
		",\"limit\":%" PRId64 ",\"dropped\":%" PRIu64,
		f.readings, f.events, f.file_bytes, f.limit_bytes, f.dropped);
	if (f.oldest_received_ms) {
		text_lit(t, ",\"oldest\":\"");
		text_time(t, f.oldest_received_ms * 1000);
		text_char(t, '"');
	}
	text_char(t, '}');
}

static ssize_t put_status(char *buf, size_t size, void *userdata)
{
	struct daemon *d = userdata;
	struct text t = text_init(buf, size);

	text_lit(&t, ",\"drivers\":{");
	drivers_report(d->drivers, &t);
	text_lit(&t, "}");
	put_store(d, &t);
	annunciator_put(d, &t);
	registry_put_unknown(gateway_registry(d->gateway), &t);
	return text_done(&t);
}

/* --- wiring between rooms --- */

static void on_clock(enum clock_state state, void *userdata)
{
	struct daemon *d = userdata;

	if (d->publish)
		publish_status_changed(d->publish);
}

static void ping_store(void *userdata)
{
	struct daemon *d = userdata;

	store_ping(ledger_disk_store(d->ledger));
}

static int64_t store_answered(void *userdata)
{
	struct daemon *d = userdata;

	return store_answered_us(ledger_disk_store(d->ledger));
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
	trail_tick(d->trail, boottime_us());
	if (d->control)
		control_tick(d->control, boottime_us());
	c = outbox_counters(d->outbox);
	(void)sd_event_source_set_time_relative(s, c.depth ? TICK_BUSY_US : TICK_IDLE_US);
	(void)sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
	return 0;
}

/* --- stop and reload --- */

static void leave(struct daemon *d)
{
	ledger_close_epoch(d);
	d->drivers = drivers_free(d->drivers);
	(void)sd_event_exit(d->event, EXIT_SUCCESS);
}

static int on_stop_check(sd_event_source *s, uint64_t usec, void *userdata)
{
	struct daemon *d = userdata;

	/* What was confirmed last is to be deleted, or it comes a second time. */
	if ((ledger_disk_idle(d->ledger) && trail_idle(d->trail)) ||
		boottime_us() > d->stop_began_us + STOP_LEDGER_US) {
		leave(d);
		return 0;
	}
	(void)sd_event_source_set_time_relative(s, STOP_CHECK_US);
	(void)sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
	return 0;
}

static void on_drained(void *userdata)
{
	struct daemon *d = userdata;
	int r = sd_event_add_time_relative(
		d->event, &d->stop_check, CLOCK_BOOTTIME, 0, 1000, on_stop_check, d);

	if (r < 0)
		leave(d);
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
	desk_finish(d->desk);
	ledger_finish(d);
	publish_stop(d->publish, d->stop_began_us + STOP_DRAIN_US, on_drained, d);
	return 0;
}

int daemon_reload(struct daemon *d, struct config_problems *problems)
{
	_cleanup_(config_unrefp) struct config *c = NULL;
	struct config_options options = { .payloads = daemon_payload_names };
	int r = config_read(d->config_path, &options, &c, problems);

	if (r == 0)
		r = config_keep_running(c, d->config, problems);
	log_problems(problems);
	if (r != 0) {
		log_error("the new configuration is not applied; the running one stays in force",
			F_INT("ERRORS", problems->error_count));
		desk_reloaded(d, problems);
		return r;
	}
	r = gateway_apply(d->gateway, c);
	if (r < 0)
		log_error("cannot apply the devices of the new configuration", F_ERR(r));
	config_unref(d->config);
	d->config = TAKE_PTR(c);
	if (d->ready)
		drivers_apply(d->drivers, d->config);
	ledger_reload(d);
	r = publish_reload(d->publish, d->config);
	if (r < 0)
		log_error("cannot apply the new settings of [MQTT]", F_ERR(r));
	desk_reloaded(d, NULL);
	annunciator_changed(d);
	control_reloaded(d->control, d->config);
	log_info("configuration reloaded");
	return 0;
}

static int on_hangup(sd_event_source *s, const struct signalfd_siginfo *si, void *userdata)
{
	_cleanup_(config_problems_done) struct config_problems problems = { 0 };
	struct daemon *d = userdata;
	struct timespec now;
	int r;

	if (d->stopping)
		return 0;
	clock_gettime(CLOCK_MONOTONIC, &now);
	(void)sd_notifyf(false, "RELOADING=1\nMONOTONIC_USEC=%lld",
		(long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	r = daemon_reload(d, &problems);
	audit_on_hangup(d, r == 0 ? 0 : problems.error_count ?: 1);
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

void daemon_ledger_ready(struct daemon *d)
{
	d->ready = true;
	drivers_apply(d->drivers, d->config);
	(void)sd_notify(false, "READY=1\nSTATUS=Running");
	log_info("ready");
}

static int start_gateway(struct daemon *d)
{
	char epoch[EPOCH_TEXT_MAX];
	int r;

	epoch_text(&d->epoch, epoch);
	r = gateway_new(&d->gateway, d->event, d->config, epoch);
	if (r < 0)
		return r;
	r = ledger_wire(d);
	if (r < 0)
		return r;
	gateway_on_clock(d->gateway, on_clock, d);
	r = drivers_new(&d->drivers, all_drivers, d->event, d->gateway);
	if (r < 0)
		return r;
	r = registry_listen(gateway_registry(d->gateway), on_device, d);
	if (r < 0)
		return r;
	return gateway_apply(d->gateway, d->config);
}

static int start_rooms(struct daemon *d)
{
	struct health_hooks health_hooks = { ping_store, store_answered, on_store_changed, d };
	_cleanup_(freep) char *remembered = NULL;
	struct publish_hooks hooks = {
		.status = put_status,
		.remember = ledger_remember_topics,
		.command = control_on_command,
		.refused = audit_on_refused,
		.retained = control_on_retained,
		.userdata = d,
	};
	int r;

	r = annunciator_wire(d);
	if (r < 0)
		return r;
	r = start_gateway(d);
	if (r < 0)
		return r;
	r = worker_new(&d->worker, d->event);
	if (r < 0)
		return r;
	r = health_new(&d->health, d->event, &health_hooks);
	if (r < 0)
		return r;
	if (store_load(d->config->gateway.state_directory, STORE_RETAINED, &remembered) >= 0)
		hooks.remembered = remembered;
	/* Last: its thread initialises OpenSSL too, and the two would hold each other up. */
	r = publish_new(&d->publish, d->event, d->config, d->gateway, d->outbox, d->worker, &hooks);
	if (r >= 0)
		r = desk_wire(d);
	if (r >= 0)
		r = control_wire(d);
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
	ledger_choose_epoch(d);
	r = audit_wire(d);
	if (r >= 0)
		r = ledger_open(d);
	if (r < 0)
		return r;
	ledger_save_epoch(d);
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
	/* While there is somebody to answer to. */
	d->control = control_free(d->control);
	d->desk = desk_free(d->desk);
	publish_free(d->publish);
	d->annunciator = annunciator_free(d->annunciator);
	health_free(d->health);
	/* The hooks of both that follow still speak to the trail. */
	ledger_disk_free(d->ledger, (d->stop_began_us ?: boottime_us()) + STOP_DISK_US);
	/* Receipts are failed by the outbox; their drivers are gone and have cancelled them. */
	outbox_free(d->outbox);
	gateway_free(d->gateway);
	recall_free(d->recall);
	trail_free(d->trail);
	sd_event_source_disable_unref(d->hangup);
	sd_event_source_disable_unref(d->terminate);
	sd_event_source_disable_unref(d->interrupt);
	sd_event_source_disable_unref(d->tick);
	sd_event_source_disable_unref(d->stop_check);
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
		log_info("started", F_STR("VERSION", WG_VERSION),
			F_STR("GATEWAY", d->config->gateway.name),
			F_STR("EPOCH", gateway_epoch(d->gateway)));
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

int daemon_run(const char *config_path, struct config *c)
{
	struct daemon d = { .config_path = config_path, .config = c };

	return run(&d);
}
