/*
 * The table and what happens to it. See slots.h.
 */
#include "ble/slots.h"

#include <errno.h>
#include <stdlib.h>

#include "ble/slots_private.h"

#define SECOND_US INT64_C(1000000)
#define GAP_MAX_US (60 * SECOND_US) /* longer than this is no interval of advertising */
/* A link that lived so long was a good one, whatever ended it. */
#define GOOD_US (60 * SECOND_US)
/* A stream whose link broke after so long has its slot kept for it for so long. */
#define CLAIM_AFTER_US (30 * SECOND_US)
#define CLAIM_US (15 * SECOND_US)
#define SERVED_REST_US (3 * SECOND_US)
#define GAVE_WAY_REST_US (2 * SECOND_US)
/* The kernel keeps a link for 2 s after its socket was closed. */
#define LINGER_US (3 * SECOND_US)
#define FULL_REST_US (1 * SECOND_US)
#define RELEARN_US (600 * SECOND_US)
#define RELEARN_DOUBLINGS 4

/* ---- small things ---- */

/* splitmix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators") */
static uint64_t next_random(struct slots *s)
{
	uint64_t z = s->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* Plus or minus a quarter. */
static int64_t jitter(struct slots *s, int64_t us)
{
	return us - us / 4 + (int64_t)(next_random(s) % (uint64_t)(us / 2 + 1));
}

static int64_t doubled(int64_t base_us, unsigned times, int64_t max_us)
{
	int64_t us = base_us;

	while (times-- > 0 && us < max_us)
		us *= 2;
	return us < max_us ? us : max_us;
}

static struct slots_candidate *at(const struct slots *s, unsigned id)
{
	return id < s->count && s->list[id].state != FREE ? &s->list[id] : NULL;
}

static void due(struct slots *s)
{
	s->next_us = INT64_MIN;
}

/* ---- the table ---- */

int slots_new(struct slots **ret, const struct slots_settings *settings)
{
	struct slots *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->settings = *settings;
	if (s->settings.limit > SLOTS_LIMIT_MAX)
		s->settings.limit = SLOTS_LIMIT_MAX;
	s->random = settings->seed;
	s->next_us = SLOTS_NEVER;
	*ret = s;
	return 0;
}

struct slots *slots_free(struct slots *s)
{
	if (!s)
		return NULL;
	free(s->list);
	free(s);
	return NULL;
}

int slots_add(struct slots *s, enum slots_kind kind, void *userdata, unsigned *ret_id)
{
	size_t id = 0;

	while (id < s->count && s->list[id].state != FREE)
		id++;
	if (id == SLOTS_CANDIDATES_MAX)
		return -ENOSPC;
	if (id == s->room) {
		size_t room = s->room > 0 ? 2 * s->room : 16;
		struct slots_candidate *list = realloc(s->list, room * sizeof(*list));

		if (!list)
			return -ENOMEM;
		s->list = list;
		s->room = room;
	}
	if (id == s->count)
		s->count++;
	s->list[id] = (struct slots_candidate){ .userdata = userdata,
		.state = IDLE,
		.kind = (uint8_t)kind,
		.heard_us = SLOTS_NOT_HEARD,
		.not_before_us = SLOTS_NOT_HEARD,
		.turn_us = SLOTS_NOT_HEARD,
		.claim_until_us = SLOTS_NOT_HEARD };
	*ret_id = (unsigned)id;
	return 0;
}

void slots_remove(struct slots *s, unsigned id)
{
	struct slots_candidate *c = at(s, id);

	if (!c)
		return;
	c->state = FREE;
	due(s);
}

void slots_set_kind(struct slots *s, unsigned id, enum slots_kind kind)
{
	struct slots_candidate *c = at(s, id);

	if (!c || c->kind == kind)
		return;
	c->kind = (uint8_t)kind;
	due(s);
}

void slots_hold(struct slots *s, unsigned id, bool held)
{
	struct slots_candidate *c = at(s, id);

	if (!c)
		return;
	c->held = held;
	due(s);
}

void slots_pardon(struct slots *s, unsigned id)
{
	struct slots_candidate *c = at(s, id);

	if (!c)
		return;
	c->failures = c->empties = 0;
	c->not_before_us = SLOTS_NOT_HEARD;
	due(s);
}

void *slots_userdata(const struct slots *s, unsigned id)
{
	const struct slots_candidate *c = at(s, id);

	return c ? c->userdata : NULL;
}

bool slots_waits(const struct slots *s, unsigned id, int64_t now_us)
{
	const struct slots_candidate *c = at(s, id);

	return c && slots_is_waiting(c, now_us);
}

unsigned slots_failures(const struct slots *s, unsigned id)
{
	const struct slots_candidate *c = at(s, id);

	return c ? c->failures : 0;
}

/* ---- what happened ---- */

bool slots_heard(struct slots *s, unsigned id, int64_t now_us)
{
	struct slots_candidate *c = at(s, id);
	int64_t gap, silent;
	bool waited;

	if (!c || c->state != IDLE)
		return false;
	waited = slots_is_waiting(c, now_us);
	gap = c->heard_us == SLOTS_NOT_HEARD ? GAP_MAX_US : now_us - c->heard_us;
	if (gap < GAP_MAX_US)
		c->gap_us = c->gap_us > 0 ? c->gap_us + (gap - c->gap_us) / 8 : gap;
	/* while it was connected it did not advertise */
	silent = now_us - (c->heard_us == SLOTS_NOT_HEARD ? c->opened_us : c->heard_us);
	if (silent >= SLOTS_BURST_US) {
		c->empties = 0;
		if (c->not_before_us > now_us)
			c->not_before_us = now_us;
	}
	c->heard_us = now_us;
	if (c->held)
		return false;
	if (c->not_before_us > now_us)
		slots_due_at(s, c->not_before_us);
	if (waited || !slots_is_waiting(c, now_us))
		return false;
	due(s);
	return true;
}

void slots_connected(struct slots *s, unsigned id, int64_t now_us)
{
	struct slots_candidate *c = at(s, id);
	unsigned open = 0;

	if (!c || c->state != CONNECTING)
		return;
	c->state = CONNECTED;
	c->opened_us = now_us;
	c->turn_us = now_us;
	for (size_t i = 0; i < s->count; i++)
		open += s->list[i].state == CONNECTED;
	if (s->learnt > 0 && open > s->learnt) { /* there are more than it once had */
		s->learnt = open;
		s->relearn_us = now_us;
		s->relearns = 0;
	}
	due(s);
}

/* The adapter refused one: what is connected is all that it has, with what was so a moment ago as
 * far as is known. False: with nothing connected it is the adapter's trouble, and says nothing of a
 * number. */
static bool learn(struct slots *s, int64_t now_us)
{
	unsigned open = 0, lingering = 0, limit;

	for (size_t i = 0; i < s->count; i++) {
		const struct slots_candidate *c = &s->list[i];

		open += c->state == CONNECTED || (c->state == LEAVING && c->answered);
		lingering += c->state == IDLE && c->lingers && now_us - c->opened_us < LINGER_US;
	}
	s->refused++;
	if (open + lingering == 0)
		return false;
	if (s->settings.limit > 0)
		return true;
	limit = s->learnt >= open && s->learnt <= open + lingering && s->learnt > 0
			? s->learnt
			: open + lingering;
	s->relearns = s->learnt == limit && s->relearns < RELEARN_DOUBLINGS ? s->relearns + 1 : 0;
	s->learnt = limit;
	s->relearn_us = now_us + doubled(RELEARN_US, s->relearns, INT64_MAX / 4);
	return true;
}

static void back_off(struct slots *s, struct slots_candidate *c, int64_t now_us)
{
	c->not_before_us =
		now_us + jitter(s, doubled(SLOTS_BACKOFF_US, c->failures, SLOTS_BACKOFF_MAX_US));
	if (c->failures < UINT32_MAX)
		c->failures++;
}

static void lost(struct slots *s, struct slots_candidate *c, bool connected, int64_t now_us)
{
	int64_t lived = connected ? now_us - c->opened_us : 0;

	if (lived >= GOOD_US)
		c->failures = 0;
	if (lived >= CLAIM_AFTER_US && c->kind == SLOTS_STREAM) {
		c->claim_until_us = now_us + CLAIM_US;
		slots_due_at(s, c->claim_until_us);
	}
	back_off(s, c, now_us);
}

void slots_ended(struct slots *s, unsigned id, enum slots_end how, int64_t now_us)
{
	struct slots_candidate *c = at(s, id);
	bool connected;

	if (!c || c->state == IDLE)
		return;
	connected = c->state == CONNECTED || (c->state == LEAVING && c->answered);
	c->state = IDLE;
	c->lingers = connected;
	c->claim_until_us = SLOTS_NOT_HEARD;
	switch (how) {
	case SLOTS_SERVED:
		c->failures = c->empties = 0;
		c->not_before_us = now_us + jitter(s, SERVED_REST_US);
		break;
	case SLOTS_EMPTY:
		c->failures = 0;
		c->not_before_us =
			now_us + jitter(s, doubled(SLOTS_REST_US, c->empties, SLOTS_REST_MAX_US));
		c->empties += c->empties < 16;
		break;
	case SLOTS_LOST:
	case SLOTS_FAILED:
		lost(s, c, connected, now_us);
		break;
	case SLOTS_FULL:
		if (learn(s, now_us))
			c->not_before_us = now_us + jitter(s, FULL_REST_US);
		else
			back_off(s, c, now_us);
		break;
	case SLOTS_GAVE_WAY:
		s->gave_way++;
		c->not_before_us = now_us + jitter(s, GAVE_WAY_REST_US);
		break;
	case SLOTS_GONE:
		c->not_before_us = now_us + jitter(s, FULL_REST_US);
		break;
	}
	/* what was not its doing does not cost it its turn */
	c->turn_us = how == SLOTS_FULL || how == SLOTS_GONE ? c->former_turn_us : now_us;
	c->opened_us = now_us;
	/* it has not advertised while it was connected, but it did so when it was connected to */
	if (connected && c->heard_us != SLOTS_NOT_HEARD)
		c->heard_us = SLOTS_NOT_HEARD;
	due(s);
}

void slots_reset(struct slots *s)
{
	for (size_t i = 0; i < s->count; i++) {
		struct slots_candidate *c = &s->list[i];

		if (c->state == FREE)
			continue;
		c->state = IDLE;
		c->lingers = false;
		c->heard_us = c->claim_until_us = SLOTS_NOT_HEARD;
		c->gap_us = 0;
	}
	s->learnt = s->relearns = 0;
	due(s);
}
