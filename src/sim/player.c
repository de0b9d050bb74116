/* A device's samples, packs and mishaps; see player.h. */
#include "sim/player.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim/radio.h"

#define LINES_MAX 512
/* A device that is further behind than this does not make up for it. */
#define BEHIND_MAX_US (5 * INT64_C(1000000))

struct player {
	struct stage *stage;
	const struct scenario_device *device;
	struct patient *patient; /* NULL: none */
	struct sender *sender;
	struct uplink *uplink;
	struct radio *radio; /* NULL: straight to the gateway */
	struct signals surroundings;
	struct replay *replay; /* NULL: none */
	sd_event_source *timer;
	int64_t due_us;  /* since the start */
	int64_t last_ms; /* UTC, of the latest sample */
	int64_t quiet_until_us;
	int64_t sensor_off_until_ms[_Q_MAX];
	uint64_t packs;
	uint16_t cut_port;
};

int64_t stage_now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

void latency_add(struct latency *l, int64_t us)
{
	uint64_t v = us > 0 ? (uint64_t)us : 0;
	unsigned shift = v < 16 ? 0 : 59U - (unsigned)__builtin_clzll(v);
	size_t i = shift * 16 + (v >> shift);

	l->buckets[i < LATENCY_BUCKETS ? i : LATENCY_BUCKETS - 1]++;
	l->count++;
	if (us > l->max_us)
		l->max_us = us;
}

int64_t latency_quantile(const struct latency *l, unsigned thousandths)
{
	uint64_t wanted = (l->count * thousandths + 999) / 1000, seen = 0;

	for (size_t i = 0; i < LATENCY_BUCKETS && l->count; i++) {
		seen += l->buckets[i];
		if (seen < wanted || !seen)
			continue;
		if (i < 32)
			return (int64_t)i;
		return (int64_t)((i % 16 + 16) << (i / 16 - 1));
	}
	return l->max_us;
}

static int64_t elapsed_us(const struct player *p)
{
	return stage_now_us() - p->stage->start_boot_us;
}

static struct signals *signals_of(struct player *p)
{
	return p->patient && p->device->profile->of_patient ? &p->patient->signals
							    : &p->surroundings;
}

static void arm(struct player *p)
{
	int64_t at = sender_deadline(p->sender), due = INT64_MAX;

	if (!p->stage->stopping)
		due = p->stage->start_boot_us + p->due_us;
	if (due < at)
		at = due;
	sd_event_source_set_enabled(p->timer, at == INT64_MAX ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
	if (at != INT64_MAX)
		sd_event_source_set_time(p->timer, (uint64_t)at);
}

/* Whether the quantity can be told at at_ms. */
static bool take_sample(struct player *p, enum quantity q, int64_t at_ms, struct sample *ret)
{
	struct signals *s = signals_of(p);
	const struct replay *r = p->replay;
	int64_t speed = p->device->speed;
	int32_t value;

	if (!r && p->patient && p->patient->replay) {
		r = p->patient->replay;
		speed = p->patient->speed;
	}
	signals_advance(s, at_ms);
	value = signals_value(s, q);
	if (r && replay_has(r, q) && !replay_value(r, q, at_ms * speed, &value))
		return false;
	*ret = (struct sample){
		.value = value,
		.quantity = (uint8_t)q,
		.sensor_off = at_ms < p->sensor_off_until_ms[q],
	};
	return true;
}

static void add_pack(struct player *p, const struct sample *samples, size_t count)
{
	int r = count ? sender_add(p->sender, samples, count, -1) : 0;

	if (r < 0)
		fprintf(stderr, "wardsim: %s: %s\n", p->device->name, strerror(-r));
}

/* A pack of what is due at at_ms after the start. Each round over the quantities has a time of its
 * own, a millisecond after the one before and never one that was used. */
static void measure(struct player *p, int64_t at_ms)
{
	const struct profile *profile = p->device->profile;
	struct sample samples[LINES_MAX];
	size_t lines = p->device->lines ?: profile->count, count = 0, round = 0;
	size_t rounds = (lines + profile->count - 1) / profile->count;
	int64_t first_ms = p->stage->start_real_ms + at_ms - (int64_t)rounds + 1;

	if (first_ms <= p->last_ms)
		first_ms = p->last_ms + 1;
	for (size_t i = 0; i < lines && count < LINES_MAX; i++) {
		size_t k = i % profile->count;

		round = i / profile->count;
		if (!p->device->lines && p->packs % profile->sends[k].every)
			continue;
		if (!take_sample(p, profile->sends[k].quantity, at_ms, &samples[count]))
			continue;
		samples[count++].time_ms = first_ms + (int64_t)round;
	}
	p->packs++;
	p->last_ms = first_ms + (int64_t)round;
	add_pack(p, samples, count);
}

/* One quantity at once, out of turn. */
static void measure_one(struct player *p, enum quantity q, int64_t at_ms)
{
	struct sample s;

	if (p->stage->stopping || !take_sample(p, q, at_ms, &s))
		return;
	s.time_ms = p->stage->start_real_ms + at_ms;
	if (s.time_ms <= p->last_ms)
		s.time_ms = p->last_ms + 1;
	p->last_ms = s.time_ms;
	add_pack(p, &s, 1);
	sender_step(p->sender, stage_now_us());
	arm(p);
}

static int on_timer(sd_event_source *src, uint64_t usec, void *userdata)
{
	struct player *p = userdata;
	int64_t now = elapsed_us(p);

	if (p->due_us < now - BEHIND_MAX_US)
		p->due_us = now;
	while (!p->stage->stopping && p->due_us <= now) {
		if (p->due_us >= p->quiet_until_us)
			measure(p, p->due_us / 1000);
		p->due_us += p->device->interval_us;
	}
	sender_step(p->sender, stage_now_us());
	arm(p);
	return 0;
}

/* ---- the sender's line ---- */

static int line_open(void *userdata)
{
	struct player *p = userdata;
	const struct sockaddr *to = (const struct sockaddr *)&p->stage->gateway;
	socklen_t length = p->stage->gateway_length;
	int r;

	if (p->radio)
		to = radio_address(p->radio, &length);
	r = uplink_open(p->uplink, to, length);
	/* The kernel may give the port of the life before, which the radio is deaf to. */
	if (r == 0 && p->cut_port && uplink_local_port(p->uplink) == p->cut_port)
		r = uplink_open(p->uplink, to, length);
	return r;
}

static void line_close(void *userdata)
{
	struct player *p = userdata;

	uplink_close(p->uplink);
}

static bool line_ready(void *userdata)
{
	struct player *p = userdata;

	return !uplink_busy(p->uplink);
}

static int line_send(void *userdata, const struct pack *k)
{
	static uint8_t buf[PACK_BYTES_MAX];
	struct player *p = userdata;
	ssize_t n;

	if (k->fault >= 0) {
		const char *body = pack_faulty((enum pack_fault)k->fault);

		return uplink_send(p->uplink, k->number, CONTENT_SENML_JSON, body, strlen(body));
	}
	n = pack_encode(p->device->format, p->device->name, k->samples, k->count, buf, sizeof(buf));
	if (n < 0)
		return (int)n;
	return uplink_send(
		p->uplink, k->number, pack_content_format(p->device->format), buf, (size_t)n);
}

/* Packs wrong on purpose have no values: their lines are events. */
static void log_faulty(struct player *p, const struct pack *k, enum sender_outcome o, int code)
{
	static const char *const names[] = { "malformed-sent", "malformed-acknowledged",
		"malformed-refused", "malformed-dropped" };
	char more[96];

	int n = snprintf(more, sizeof(more), "\"pack\":%u,\"kind\":\"%s\"", k->number,
		pack_fault_text((enum pack_fault)k->fault));

	if (o == SENDER_REFUSED)
		snprintf(more + n, sizeof(more) - (size_t)n, ",\"code\":\"%d.%02d\"", code / 100,
			code % 100);
	simlog_event(p->stage->log, names[o], p->device->name, more);
}

static void line_outcome(void *userdata, const struct pack *k, enum sender_outcome o, int code,
	const char *diagnostic, size_t length)
{
	static const enum simlog_fate fates[] = { FATE_SENT, FATE_ACKNOWLEDGED, FATE_REFUSED,
		FATE_DROPPED };
	struct player *p = userdata;
	char detail[16];

	if (o == SENDER_ACKNOWLEDGED && k->attempts == 1)
		latency_add(&p->stage->latency, stage_now_us() - k->first_sent_us);
	if (k->fault >= 0) {
		log_faulty(p, k, o, code);
		return;
	}
	snprintf(detail, sizeof(detail), "%d.%02d", code / 100, code % 100);
	simlog_samples(p->stage->log, p->device->name, k->number, k->samples, k->count, fates[o],
		k->attempts,
		o == SENDER_REFUSED   ? detail
		: o == SENDER_DROPPED ? "queue-full"
				      : NULL,
		o == SENDER_REFUSED ? diagnostic : NULL, length);
}

static void line_event(void *userdata, const char *event, const char *why)
{
	struct player *p = userdata;
	char more[96] = "";

	if (why)
		snprintf(more, sizeof(more), "\"why\":\"%s\"", why);
	simlog_event(p->stage->log, event, p->device->name, more);
}

static const struct sender_line line = {
	.open = line_open,
	.close = line_close,
	.ready = line_ready,
	.send = line_send,
	.outcome = line_outcome,
	.event = line_event,
};

/* ---- the uplink's events ---- */

static void on_up(void *userdata)
{
	struct player *p = userdata;

	sender_up(p->sender, stage_now_us());
	arm(p);
}

static void on_down(void *userdata, const char *why)
{
	struct player *p = userdata;

	sender_down(p->sender, why, stage_now_us());
	arm(p);
}

static void on_answer(void *userdata, uint32_t number, int code, int max_age_s,
	const char *diagnostic, size_t length)
{
	struct player *p = userdata;

	sender_answer(p->sender, number, code, max_age_s, diagnostic, length, stage_now_us());
	arm(p);
	if (p->stage->stopping)
		p->stage->settled(p->stage->userdata);
}

static void on_failed(void *userdata, uint32_t number, const char *why, bool dead)
{
	struct player *p = userdata;

	sender_failed(p->sender, number, why, dead, stage_now_us());
	arm(p);
}

static const struct uplink_events uplink_events = {
	.up = on_up,
	.down = on_down,
	.answer = on_answer,
	.failed = on_failed,
};

static int open_replay(struct player *p)
{
	char why[512];
	int r;

	if (!p->device->replay)
		return 0;
	r = replay_new(&p->replay, p->device->replay, why, sizeof(why));
	if (r < 0)
		fprintf(stderr, "wardsim: [Device %s] Replay=: %s\n", p->device->name, why);
	return r < 0 ? -EBADMSG : 0;
}

static int open_radio(struct player *p, uint64_t part)
{
	const struct scenario_device *d = p->device;
	struct stage *st = p->stage;
	int r;

	if (!d->needs_radio)
		return 0;
	r = radio_new(&p->radio, st->event, (struct sockaddr *)&st->gateway, st->gateway_length,
		d->local_port, rng_fork(st->seed, part ^ UINT64_C(0x7264)));
	if (r < 0) {
		fprintf(stderr, "wardsim: %s: UDP port %u: %s\n", d->name, d->local_port,
			strerror(-r));
		return -EBADMSG;
	}
	radio_set_loss(p->radio, d->loss);
	radio_set_duplicates(p->radio, d->duplicates);
	return 0;
}

int player_new(struct player **ret, struct stage *stage, const struct scenario_device *device,
	struct patient *patient, const struct psk *key, uint64_t part)
{
	static const uint8_t no_key[1] = { 0 };
	struct player *p = calloc(1, sizeof(*p));
	struct rng rng = rng_fork(stage->seed, part ^ UINT64_C(0x73656e64));
	int64_t spread;
	int r;

	if (!p)
		return -ENOMEM;
	p->stage = stage;
	p->device = device;
	p->patient = patient;
	signals_init(&p->surroundings, stage->seed, part);
	signals_set_bases(signals_of(p), device->bases);
	spread = stage->spread_us ?: device->interval_us;
	p->due_us = (int64_t)rng_below(&rng, spread < UINT32_MAX ? (uint32_t)spread : UINT32_MAX);
	r = open_replay(p);
	if (r >= 0)
		r = open_radio(p, part);
	if (r >= 0)
		r = uplink_new(&p->uplink, stage->hub, device->identity, key ? key->key : no_key,
			key ? key->key_length : 0, &uplink_events, p);
	if (r >= 0)
		r = sender_new(&p->sender, &stage->sender, &line, p, rng);
	if (r >= 0)
		r = sd_event_add_time(stage->event, &p->timer, CLOCK_BOOTTIME,
			(uint64_t)(stage->start_boot_us + p->due_us), 100, on_timer, p);
	if (r < 0) {
		player_free(p);
		return r;
	}
	*ret = p;
	return 0;
}

struct player *player_free(struct player *p)
{
	if (!p)
		return NULL;
	sd_event_source_disable_unref(p->timer);
	uplink_free(p->uplink);
	sender_free(p->sender);
	radio_free(p->radio);
	replay_free(p->replay);
	free(p);
	return NULL;
}

void player_pull(struct player *p, const struct scenario_event *e, int64_t at_ms)
{
	static const int64_t milli[] = { 1000, 100, 10, 1 };

	signals_pull(signals_of(p), e->metric, e->value * milli[quantity_info(e->metric)->decimals],
		at_ms, e->over_ms, e->for_ms);
	if (p->device->profile->on_event == e->metric)
		measure_one(p, e->metric, at_ms);
}

static void lose_power(struct player *p, const struct scenario_event *e)
{
	int64_t now = stage_now_us();

	p->cut_port = uplink_local_port(p->uplink);
	if (p->radio)
		radio_cut(p->radio, p->cut_port);
	p->quiet_until_us = elapsed_us(p) + e->for_ms * 1000;
	sender_restart(p->sender, now, now + e->for_ms * 1000);
}

static void add_malformed(struct player *p, const struct scenario_event *e)
{
	for (int64_t i = 0; i < e->number; i++)
		sender_add(p->sender, NULL, 0, (int)(i % _PACK_FAULT_MAX));
}

void player_fault(struct player *p, const struct scenario_event *e, int64_t at_ms)
{
	switch (e->fault) {
	case FAULT_POWER_LOSS:
		lose_power(p, e);
		break;
	case FAULT_LOSS:
		radio_set_loss(p->radio, e->thousandths);
		break;
	case FAULT_DUPLICATES:
		radio_set_duplicates(p->radio, e->thousandths);
		break;
	case FAULT_SILENCE:
		p->quiet_until_us = elapsed_us(p) + e->for_ms * 1000;
		break;
	case FAULT_CLOSE:
		sender_restart(p->sender, stage_now_us(), stage_now_us());
		break;
	case FAULT_BURST:
		for (int64_t i = 0; i < e->number; i++)
			measure(p, at_ms);
		break;
	case FAULT_MALFORMED:
		add_malformed(p, e);
		break;
	case FAULT_SENSOR_OFF:
		p->sensor_off_until_ms[e->metric] = at_ms + e->for_ms;
		break;
	case FAULT_NONE:
	case _FAULT_MAX:
		return;
	}
	sender_step(p->sender, stage_now_us());
	arm(p);
}

void player_relieve(struct player *p, const struct scenario_event *e, int64_t at_ms)
{
	if (e->fault == FAULT_LOSS)
		radio_set_loss(p->radio, p->device->loss);
	else if (e->fault == FAULT_DUPLICATES)
		radio_set_duplicates(p->radio, p->device->duplicates);
	else if (e->fault == FAULT_NONE && p->device->profile->on_event == e->metric &&
		 quantity_info(e->metric)->kind == QUANTITY_BOOLEAN)
		measure_one(p, e->metric, at_ms);
}

const struct sender_counters *player_counters(const struct player *p)
{
	return sender_counters(p->sender);
}

size_t player_pending(const struct player *p)
{
	return sender_pending(p->sender);
}
