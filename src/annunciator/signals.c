/*
 * See signals.h.
 */
#include "annunciator/signals.h"

#include "util/cleanup.h"

#define MS INT64_C(1000)

/* Milliseconds on, off, on, off ... and over again; a single one: always on. */
struct pattern {
	const uint16_t *steps;
	size_t count;
};
#define PATTERN(...)                                                                               \
	{                                                                                          \
		(const uint16_t[]){ __VA_ARGS__ },                                                 \
			sizeof((const uint16_t[]){ __VA_ARGS__ }) / sizeof(uint16_t)               \
	}

static const struct pattern constant = PATTERN(1);

static const struct pattern lights[_PRIORITY_MAX] = {
	[PRIORITY_LOW] = PATTERN(1),
	[PRIORITY_MEDIUM] = PATTERN(800, 800), /* 0.625 Hz */
	[PRIORITY_HIGH] = PATTERN(250, 250),   /* 2 Hz */
};

/* Pulses of 75 to 200 ms (high) or 125 to 250 ms; bursts 2.5 to 15 s apart (high), 2.5 to 30 s
 * (medium), more than 15 s (low). High: the pause after the third pulse is twice the others and a
 * pulse; the second half follows after 0.35 to 1.3 s. */
static const struct pattern sounds[_PRIORITY_MAX] = {
	[PRIORITY_LOW] = PATTERN(200, 200, 200, 20000),
	[PRIORITY_MEDIUM] = PATTERN(200, 200, 200, 200, 200, 6000),
	[PRIORITY_HIGH] = PATTERN(150, 100, 150, 100, 150, 350, 150, 100, 150, 700, /* */
		150, 100, 150, 100, 150, 350, 150, 100, 150, 3000),
};

static const struct pattern alive = PATTERN(1900, 100);

static const enum signal_role light_roles[_PRIORITY_MAX] = {
	[PRIORITY_LOW] = ROLE_LOW,
	[PRIORITY_MEDIUM] = ROLE_MEDIUM,
	[PRIORITY_HIGH] = ROLE_HIGH,
};

void signals_begin(struct signals *s, int64_t now_us)
{
	*s = (struct signals){ .began_us = now_us, .light_us = now_us, .sound_us = now_us };
}

bool signals_set(struct signals *s, const struct annunciator_state *state, int64_t now_us)
{
	bool light = state->shown != s->state.shown, sound = state->sounding != s->state.sounding;
	bool changed = light || sound || state->broker_unreachable != s->state.broker_unreachable;

	if (light)
		s->light_us = now_us;
	if (sound)
		s->sound_us = now_us;
	s->state = *state;
	return changed;
}

static int64_t period_ms(const struct pattern *p)
{
	int64_t sum = 0;

	for (size_t i = 0; i < p->count; i++)
		sum += p->steps[i];
	return sum;
}

/* Adds a role whose pattern began at began_us. */
static void play(struct signals_levels *l, const struct pattern *p, enum signal_role role,
	int64_t began_us, int64_t now_us)
{
	int64_t at_us, end_us = 0;
	size_t i;

	if (p->count < 2) {
		l->on |= 1u << role;
		return;
	}
	at_us = (now_us - began_us) % (period_ms(p) * MS);
	for (i = 0; i < p->count; i++) {
		end_us += p->steps[i] * MS;
		if (at_us < end_us)
			break;
	}
	if (i % 2 == 0)
		l->on |= 1u << role;
	if (now_us + end_us - at_us < l->next_us)
		l->next_us = now_us + end_us - at_us;
}

struct signals_levels signals_at(const struct signals *s, unsigned used, int64_t now_us)
{
	struct signals_levels l = { .next_us = SIGNALS_NEVER };
	enum alarm_priority shown = s->state.shown, sounding = s->state.sounding;

	if (shown != PRIORITY_NONE && (used & 1u << light_roles[shown]))
		play(&l, &lights[shown], light_roles[shown], s->light_us, now_us);
	if (sounding != PRIORITY_NONE && (used & 1u << ROLE_SOUND))
		play(&l, &sounds[sounding], ROLE_SOUND, s->sound_us, now_us);
	if (s->state.broker_unreachable && (used & 1u << ROLE_BROKER))
		play(&l, &constant, ROLE_BROKER, now_us, now_us);
	if (used & 1u << ROLE_RUNNING)
		play(&l, &alive, ROLE_RUNNING, s->began_us, now_us);
	return l;
}
