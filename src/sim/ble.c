/* The stage of simulated Bluetooth: its loop, its clock, its beginning and end; see ble.h. */
#include "sim/ble.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>

#include "sim/ble_device.h"
#include "sim/ble_event.h"
#include "sim/ble_mgmt.h"
#include "sim/ward.h"

#define TIMERS_PER_DEVICE 8
#define BURST 4096 /* timers in one turn of the loop, before sockets are looked at again */

static int64_t boot_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t sble_now(const struct sble *b)
{
	return (boot_us() - b->start_boot_us) * b->speed;
}

int64_t sble_utc_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void sble_wake(struct sble *b)
{
	int64_t next = sble_timers_next(&b->timers);

	if (!b->clock || next == INT64_MAX)
		return;
	sd_event_source_set_time(b->clock, (uint64_t)(b->start_boot_us + next / b->speed));
	sd_event_source_set_enabled(b->clock, SD_EVENT_ONESHOT);
}

static int on_clock(sd_event_source *src, uint64_t usec, void *userdata)
{
	struct sble *b = userdata;
	int64_t now = sble_now(b);

	for (int i = 0; i < BURST && sble_timers_run_one(&b->timers, now); i++)
		;
	sble_wake(b);
	return 0;
}

static int on_turn(sd_event_source *src, void *userdata)
{
	struct sble *b = userdata;

	sble_log_flush(b->log);
	return 0;
}

static int on_signal(sd_event_source *src, const struct signalfd_siginfo *si, void *userdata)
{
	struct sble *b = userdata;

	sd_event_exit(b->event, 0);
	return 0;
}

static int on_end(sd_event_source *src, uint64_t usec, void *userdata)
{
	struct sble *b = userdata;

	sd_event_exit(b->event, 0);
	return 0;
}

static int make_directories(const char *directory)
{
	char att[SBLE_DIRECTORY_MAX + 8];

	snprintf(att, sizeof(att), "%s/att", directory);
	if ((mkdir(directory, 0777) < 0 && errno != EEXIST) ||
		(mkdir(att, 0777) < 0 && errno != EEXIST)) {
		fprintf(stderr, "wardsim: %s: %s\n", directory, strerror(errno));
		return -EBADMSG;
	}
	return 0;
}

static int open_patients(struct sble *b)
{
	const struct sble_scenario *s = b->scenario;
	int r = 0;

	b->patients = calloc(s->patient_count + 1, sizeof(*b->patients));
	if (!b->patients)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < s->patient_count; i++) {
		const struct sble_patient_config *p = &s->patients[i];

		r = patient_open(&b->patients[i], p->name, b->seed, i + 1, p->bases,
			*p->replay ? p->replay : NULL, p->speed);
	}
	return r;
}

static int open_stage(struct sble *b)
{
	const struct sble_scenario *s = b->scenario;
	int r = sble_timers_init(
		&b->timers, s->device_count * TIMERS_PER_DEVICE + 2 * SBLE_ADAPTERS_MAX + 1);

	for (size_t i = 0; r >= 0 && i < s->adapter_count; i++) {
		r = sble_adapter_init(&b->adapters[i], b, &s->adapters[i]);
		b->adapter_count++;
	}
	if (r >= 0)
		r = open_patients(b);
	b->devices = calloc(s->device_count + 1, sizeof(struct sble_device *));
	if (r >= 0 && !b->devices)
		r = -ENOMEM;
	for (size_t i = 0; r >= 0 && i < s->device_count; i++) {
		r = sble_device_new(&b->devices[i], b, (unsigned)i);
		if (r >= 0)
			b->device_count++;
	}
	return r < 0 ? r : sble_mgmt_new(b);
}

static int add_ends(struct sble *b, int64_t duration_ms)
{
	uint64_t end = (uint64_t)(b->start_boot_us + duration_ms * 1000 / b->speed);
	int r = sd_event_add_signal(b->event, NULL, SIGTERM, on_signal, b);

	if (r >= 0)
		r = sd_event_add_signal(b->event, NULL, SIGINT, on_signal, b);
	if (r >= 0 && duration_ms)
		r = sd_event_add_time(b->event, NULL, CLOCK_BOOTTIME, end, 1000, on_end, b);
	return r;
}

static void close_stage(struct sble *b)
{
	b->ending = true;
	for (size_t i = 0; i < b->device_count; i++)
		sble_device_close(b->devices[i], MGMT_BY_REMOTE);
	sble_mgmt_free(b);
	for (size_t i = 0; i < b->device_count; i++)
		sble_device_free(b->devices[i]);
	for (size_t i = 0; i < b->adapter_count; i++)
		sble_adapter_done(&b->adapters[i]);
	sd_event_source_disable_unref(b->clock);
	sble_log_free(b->log);
	sble_timers_done(&b->timers);
	free(b->devices);
	for (size_t i = 0; b->patients && i < b->scenario->patient_count; i++)
		patient_close(&b->patients[i]);
	free(b->patients);
	sd_event_unref(b->event);
}

static void say_statistics(struct sble *b)
{
	double seconds = (double)(boot_us() - b->start_boot_us) / 1e6;

	sble_log_event(b->log, "statistics", NULL,
		"\"devices\":%zu,\"seconds\":%.3f,\"messages\":%llu,\"confirmed\":%llu,"
		"\"reports\":%llu,\"reports_lost\":%llu",
		b->device_count, seconds, (unsigned long long)b->messages,
		(unsigned long long)b->confirmed, (unsigned long long)b->reports,
		(unsigned long long)b->reports_lost);
	fprintf(stderr,
		"wardsim: %zu devices, %.1f s: %llu messages, %llu confirmed, %llu advertisements "
		"heard, %llu lost by slow readers\n",
		b->device_count, seconds, (unsigned long long)b->messages,
		(unsigned long long)b->confirmed, (unsigned long long)b->reports,
		(unsigned long long)b->reports_lost);
}

/* A device that can be connected takes two descriptors. */
static void raise_limit(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) == 0 && l.rlim_cur < l.rlim_max) {
		l.rlim_cur = l.rlim_max;
		setrlimit(RLIMIT_NOFILE, &l);
	}
}

/* Its devices are switched on at the time given. */
static int begin(struct sble *b, int64_t start_boot_us)
{
	int r = open_stage(b);

	if (r < 0)
		return r;
	b->start_boot_us = start_boot_us;
	for (size_t i = 0; i < b->device_count; i++)
		sble_device_start(b->devices[i]);
	sble_events_start(b);
	r = sd_event_add_post(b->event, NULL, on_turn, b);
	if (r >= 0)
		r = sd_event_add_time(b->event, &b->clock, CLOCK_BOOTTIME, (uint64_t)start_boot_us,
			1, on_clock, b);
	if (r < 0)
		return r;
	sble_wake(b);
	return 0;
}

/* Who is there, where no file says it. */
static void say_devices(const struct sble_scenario *s)
{
	for (size_t i = 0; i < s->device_count; i++) {
		char address[SBLE_ADDRESS_TEXT];

		sble_address_text(&s->devices[i].address, address);
		fprintf(stderr, "wardsim: %s  %s%s\n", address, s->devices[i].name,
			s->devices[i].has_key ? "  key " SBLE_SAMPLE_KEY : "");
	}
}

static int play(struct sble *b, int64_t duration_ms)
{
	int r = begin(b, boot_us());

	if (r >= 0)
		r = add_ends(b, duration_ms);
	if (r < 0)
		return r;
	sble_log_event(b->log, "start", NULL, "\"devices\":%zu,\"seed\":%llu", b->device_count,
		(unsigned long long)b->seed);
	sble_log_flush(b->log);
	r = sd_event_loop(b->event);
	say_statistics(b);
	sble_log_flush(b->log);
	return r < 0 ? r : sble_log_error(b->log);
}

/* event NULL: one of its own. again: the log is there already. */
static int prepare(
	struct sble *b, const char *directory, const char *log, bool again, sd_event *event)
{
	int r;

	if (snprintf(b->directory, sizeof(b->directory), "%s", directory) >=
		(int)sizeof(b->directory)) {
		fprintf(stderr, "wardsim: --dir %s: longer than %d bytes\n", directory,
			SBLE_DIRECTORY_MAX);
		return -EBADMSG;
	}
	r = make_directories(b->directory);
	if (r < 0)
		return r;
	r = sble_log_new(&b->log, log, again);
	if (r < 0) {
		fprintf(stderr, "wardsim: %s: %s\n", log, strerror(-r));
		return -EBADMSG;
	}
	b->event = sd_event_ref(event);
	return event ? 0 : sd_event_new(&b->event);
}

int sble_run(const struct sble_options *o)
{
	_cleanup_(sble_scenario_freep) struct sble_scenario *s = NULL;
	struct sble b = { 0 };
	sigset_t signals;
	int r;

	raise_limit();
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	r = o->scenario ? sble_scenario_read(&s, o->scenario, NULL) : sble_scenario_sample(&s);
	if (r < 0)
		return r == -ENOMEM ? WARD_FAILED : WARD_USAGE;
	if (!o->scenario)
		say_devices(s);
	b.scenario = s;
	b.seed = o->seed >= 0 ? (uint64_t)o->seed : s->seed;
	b.speed = o->speed > 0 ? o->speed : s->speed;
	r = prepare(&b, o->directory, o->log ? o->log : s->log, false, NULL);
	if (r >= 0)
		r = play(&b, o->duration_ms >= 0 ? o->duration_ms : s->duration_ms);
	if (b.log)
		close_stage(&b);
	if (r == -EBADMSG)
		return WARD_USAGE;
	if (r < 0)
		fprintf(stderr, "wardsim: %s\n", strerror(-r));
	return r < 0 ? WARD_FAILED : WARD_DONE;
}

int sble_open(struct sble **ret, const struct sble_part *p)
{
	struct sble *b = calloc(1, sizeof(*b));
	int r;

	if (!b)
		return -ENOMEM;
	b->scenario = p->scenario;
	b->seed = p->seed;
	b->speed = 1;
	b->settled = p->settled;
	b->userdata = p->userdata;
	r = prepare(b, p->directory, p->log, true, p->event);
	if (r >= 0)
		r = begin(b, p->start_boot_us);
	if (r >= 0)
		*ret = b;
	else
		sble_close(b);
	return r;
}

void sble_rest(struct sble *b)
{
	b->resting = true;
}

size_t sble_unconfirmed(const struct sble *b)
{
	size_t n = 0;

	for (size_t i = 0; b && i < b->device_count; i++)
		n += sble_device_unconfirmed(b->devices[i]);
	return n;
}

int sble_end(struct sble *b)
{
	say_statistics(b);
	sble_log_flush(b->log);
	return sble_log_error(b->log);
}

struct sble *sble_close(struct sble *b)
{
	if (!b)
		return NULL;
	if (b->log)
		close_stage(b);
	free(b);
	return NULL;
}
