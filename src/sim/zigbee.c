/* The stage of a simulated Zigbee network: its loop, its clocks, its beginning and end; see
 * zigbee.h. */
#include "sim/zigbee.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>

#include "sim/ble_crypto.h"
#include "sim/ward.h"
#include "sim/zigbee_device.h"

#define BURST 4096 /* timers in one turn of the loop, before the line is looked at again */

int64_t szb_boot_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t szb_now(const struct szb *b)
{
	return (szb_boot_us() - b->start_boot_us) * b->speed;
}

static void run_timers(struct sble_timers *t, int64_t now)
{
	for (int i = 0; i < BURST && sble_timers_run_one(t, now); i++)
		;
}

static int on_clock(sd_event_source *src, uint64_t usec, void *userdata)
{
	struct szb *b = userdata;

	b->ncp.now_us = szb_boot_us();
	run_timers(&b->timers, szb_now(b));
	return 0;
}

static int on_real_clock(sd_event_source *src, uint64_t usec, void *userdata)
{
	struct szb *b = userdata;

	b->ncp.now_us = szb_boot_us();
	if (szb_line_stalled(&b->line))
		return 0;
	run_timers(&b->real, b->ncp.now_us);
	ncp_ash_tick(&b->ncp.ash, b->ncp.now_us);
	return 0;
}

static void arm(sd_event_source *src, int64_t boot_us)
{
	if (boot_us == INT64_MAX) {
		sd_event_source_set_enabled(src, SD_EVENT_OFF);
		return;
	}
	sd_event_source_set_time(src, (uint64_t)(boot_us < 0 ? 0 : boot_us));
	sd_event_source_set_enabled(src, SD_EVENT_ONESHOT);
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* After whatever has happened: all that can leave leaves, and the clocks look ahead. */
static int on_turn(sd_event_source *src, void *userdata)
{
	struct szb *b = userdata;
	int64_t now = szb_boot_us(), next, real;

	ncp_ash_pump(&b->ncp.ash, now);
	szb_line_flush(&b->line);
	next = earlier(sble_timers_next(&b->timers), szb_line_deadline(&b->line));
	arm(b->clock, next == INT64_MAX ? next : b->start_boot_us + next / b->speed);
	real = earlier(sble_timers_next(&b->real), ncp_ash_deadline(&b->ncp.ash));
	arm(b->real_clock, szb_line_stalled(&b->line) ? INT64_MAX : real);
	sble_log_flush(b->log);
	if (b->keep && szb_store_save(b) < 0) {
		fprintf(stderr, "wardsim: %s: %s\n", b->state, strerror(errno));
		sd_event_exit(b->event, 1);
	}
	return 0;
}

static int on_signal(sd_event_source *src, const struct signalfd_siginfo *si, void *userdata)
{
	struct szb *b = userdata;

	sd_event_exit(b->event, 0);
	return 0;
}

static int on_end(sd_event_source *src, uint64_t usec, void *userdata)
{
	struct szb *b = userdata;

	sd_event_exit(b->event, 0);
	return 0;
}

static int add_sources(struct szb *b, int64_t duration_ms)
{
	uint64_t start = (uint64_t)b->start_boot_us;
	int r = sd_event_add_signal(b->event, NULL, SIGTERM, on_signal, b);

	if (r >= 0)
		r = sd_event_add_signal(b->event, NULL, SIGINT, on_signal, b);
	if (r >= 0)
		r = sd_event_add_post(b->event, NULL, on_turn, b);
	if (r >= 0)
		r = sd_event_add_time(b->event, &b->clock, CLOCK_BOOTTIME, start, 1, on_clock, b);
	if (r >= 0)
		r = sd_event_add_time(
			b->event, &b->real_clock, CLOCK_BOOTTIME, start, 1, on_real_clock, b);
	if (r >= 0 && duration_ms)
		r = sd_event_add_time(b->event, NULL, CLOCK_BOOTTIME,
			start + (uint64_t)(duration_ms * 1000 / b->speed), 1000, on_end, b);
	return r;
}

static void make_eui(struct szb *b)
{
	const struct szb_radio_config *c = &b->scenario->radio;
	static const uint8_t maker[] = { 0x4b, 0x12, 0x00 };
	uint8_t *eui = b->ncp.tokens.eui;

	if (c->has_eui) {
		memcpy(eui, c->eui, 8);
		return;
	}
	sble_derive(b->seed, "ncp", 0, 0, eui, 5);
	memcpy(eui + 5, maker, 3);
}

static int open_stage(struct szb *b, const struct szb_options *o)
{
	const struct szb_scenario *s = b->scenario;
	const struct ncp_options options = {
		.version = (unsigned)(o->version > 0 ? o->version : s->radio.version),
		.window = (unsigned)s->radio.window,
		.trailing = (unsigned)s->radio.trailing,
		.stack = (uint16_t)s->radio.stack,
		.queue = (size_t)s->radio.queue,
		.boot_us = s->radio.reboot_ms * 1000,
		.scan_speed = b->speed,
	};
	int r = sble_timers_init(
		&b->timers, s->device_count * SZB_TIMERS_PER_DEVICE + NCP_IN_FLIGHT_MAX + 4);

	if (r >= 0)
		r = sble_timers_init(&b->real, 8);
	if (r >= 0)
		r = ncp_init(&b->ncp, &options, &szb_air, b, &b->real, b->seed);
	if (r >= 0)
		r = szb_line_init(&b->line, b, o->pty, b->seed);
	b->devices = calloc(s->device_count + 1, sizeof(*b->devices));
	if (r >= 0 && !b->devices)
		r = -ENOMEM;
	if (r < 0)
		return r;
	make_eui(b);
	b->device_count = s->device_count;
	for (size_t i = 0; i < b->device_count; i++)
		szb_device_init(&b->devices[i], b, i);
	return szb_store_load(b);
}

static void close_stage(struct szb *b)
{
	ncp_done(&b->ncp);
	for (size_t i = 0; i < b->device_count; i++)
		if (b->devices[i].held.used)
			szb_lose(b, b->devices[i].held.pack, "end");
	szb_line_done(&b->line);
	if (b->keep)
		(void)szb_store_save(b);
	szb_packs_done(&b->packs);
	free(b->devices);
	sd_event_source_disable_unref(b->clock);
	sd_event_source_disable_unref(b->real_clock);
	sble_log_free(b->log);
	sble_timers_done(&b->timers);
	sble_timers_done(&b->real);
	sd_event_unref(b->event);
}

static void say_statistics(struct szb *b)
{
	double seconds = (double)(szb_boot_us() - b->start_boot_us) / 1e6;
	unsigned long long retransmitted = b->ncp.ash.retransmitted;

	sble_log_event(b->log, "statistics", NULL,
		"\"devices\":%zu,\"seconds\":%.3f,\"sent\":%llu,\"acknowledged\":%llu,"
		"\"lost\":%llu,\"retransmitted\":%llu,\"bytes_out\":%llu,\"bytes_in\":%llu,"
		"\"longest_wait_us\":%lld",
		b->device_count, seconds, (unsigned long long)b->sent,
		(unsigned long long)b->acknowledged, (unsigned long long)b->lost, retransmitted,
		(unsigned long long)b->line.bytes_out, (unsigned long long)b->line.bytes_in,
		(long long)b->ncp.ash.longest_wait_us);
	fprintf(stderr,
		"wardsim: %zu devices, %.1f s: %llu frames with values sent, %llu acknowledged, "
		"%llu lost, %llu frames sent again\n",
		b->device_count, seconds, (unsigned long long)b->sent,
		(unsigned long long)b->acknowledged, (unsigned long long)b->lost, retransmitted);
}

static int play(struct szb *b, const struct szb_options *o)
{
	const struct szb_scenario *s = b->scenario;
	int r = open_stage(b, o);

	if (r < 0)
		return r;
	r = szb_line_plug(&b->line);
	if (r < 0) {
		fprintf(stderr, "wardsim: --pty %s: %s\n", o->pty,
			r == -EEXIST ? "is there, and no symbolic link" : strerror(-r));
		return -EBADMSG;
	}
	b->start_boot_us = szb_boot_us();
	b->ncp.now_us = b->start_boot_us;
	for (size_t i = 0; i < b->device_count; i++)
		szb_device_start(&b->devices[i]);
	szb_events_start(b);
	szb_rate_start(b);
	r = add_sources(b, o->duration_ms >= 0 ? o->duration_ms : s->duration_ms);
	if (r < 0)
		return r;
	if (o->commands)
		r = szb_commands_start(b);
	if (r < 0)
		return r;
	sble_log_event(b->log, "start", NULL, "\"devices\":%zu,\"seed\":%llu,\"version\":%u",
		b->device_count, (unsigned long long)b->seed, b->ncp.options.version);
	ncp_power_on(&b->ncp, b->start_boot_us);
	sble_log_flush(b->log);
	r = sd_event_loop(b->event);
	ncp_power_off(&b->ncp); /* what was not acknowledged is said to be so */
	say_statistics(b);
	sble_log_flush(b->log);
	return r < 0 ? r : r > 0 ? -EIO : sble_log_error(b->log);
}

static int prepare(struct szb *b, const struct szb_options *o)
{
	const struct szb_scenario *s = b->scenario;
	const char *log = o->log ? o->log : s->log, *state = o->state ? o->state : s->radio.state;
	int r;

	if (snprintf(b->state, sizeof(b->state), "%s", state) >= (int)sizeof(b->state)) {
		fprintf(stderr, "wardsim: --state %s: too long\n", state);
		return -EBADMSG;
	}
	b->seed = (uint64_t)(o->seed >= 0 ? o->seed : s->seed);
	b->speed = o->speed > 0 ? o->speed : s->speed;
	b->rate = o->rate >= 0 ? o->rate : s->radio.rate;
	r = sd_event_new(&b->event);
	if (r < 0)
		return r;
	r = sble_log_new(&b->log, log, false);
	if (r < 0)
		fprintf(stderr, "wardsim: %s: %s\n", log, strerror(-r));
	return r < 0 ? -EBADMSG : 0;
}

int szb_run(const struct szb_options *o)
{
	_cleanup_(szb_scenario_freep) struct szb_scenario *s = NULL;
	struct szb *b;
	sigset_t signals;
	int r;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	r = szb_scenario_read(&s, o->scenario);
	if (r < 0)
		return r == -ENOMEM ? WARD_FAILED : WARD_USAGE;
	b = calloc(1, sizeof(*b));
	if (!b)
		return WARD_FAILED;
	b->scenario = s;
	b->line.fd = b->line.other = -1;
	r = prepare(b, o);
	if (r >= 0)
		r = play(b, o);
	close_stage(b);
	free(b);
	if (r == -EBADMSG)
		return WARD_USAGE;
	if (r < 0)
		fprintf(stderr, "wardsim: %s\n", strerror(-r));
	return r < 0 ? WARD_FAILED : WARD_DONE;
}
