/*
 * Who is next: a pass over all candidates for each decision. They are few, and
 * decisions are rare. See slots.h.
 */
#include <string.h>

#include "ble/slots_private.h"

#define SECOND_US INT64_C(1000000)
#define CONNECT_INTERVALS 4
/* With one slot for all, a stream gives way to a visitor after so long. */
#define LONE_US (60 * SECOND_US)
#define SECOND_RESERVE 6 /* from so many connections on, two are kept for visitors */

/* What a pass finds. */
struct census {
	unsigned open[2], connected, connecting, leaving, claims[2];
	unsigned waiting[2], held;
	bool visitors;                    /* there are devices that come and go */
	struct slots_candidate *first[2]; /* of those that wait, whose turn it is */
	struct slots_candidate *oldest;   /* connected stream */
	struct slots_candidate *overstayer, *overdue;
};

static int64_t clamp(int64_t v, int64_t low, int64_t high)
{
	return v < low ? low : v > high ? high : v;
}

static int64_t patience(const struct slots_candidate *c)
{
	return clamp(CONNECT_INTERVALS * c->gap_us, SLOTS_CONNECT_MIN_US, SLOTS_CONNECT_MAX_US);
}

/* ---- deciding ---- */

static unsigned limit_of(const struct slots *s, int64_t now_us)
{
	if (s->settings.limit > 0)
		return s->settings.limit;
	if (s->learnt == 0)
		return SLOTS_LIMIT_MAX;
	if (now_us >= s->relearn_us && s->learnt < SLOTS_LIMIT_MAX)
		return s->learnt + 1;
	return s->learnt;
}

/* Whether a's turn is before b's. */
static bool is_before(
	const struct slots_candidate *a, const struct slots_candidate *b, int64_t now_us)
{
	bool claims_a = a->claim_until_us > now_us, claims_b = b->claim_until_us > now_us;

	if (claims_a != claims_b)
		return claims_a;
	return a->turn_us < b->turn_us;
}

static void count_idle(struct census *n, struct slots_candidate *c, int64_t now_us)
{
	if (slots_is_waiting(c, now_us)) {
		struct slots_candidate **first = &n->first[c->kind];

		n->waiting[c->kind]++;
		if (!*first || is_before(c, *first, now_us))
			*first = c;
	}
	n->claims[c->kind] += c->claim_until_us > now_us && !c->held;
}

static void take_census(const struct slots *s, int64_t now_us, struct census *n)
{
	memset(n, 0, sizeof(*n));
	for (size_t i = 0; i < s->count; i++) {
		struct slots_candidate *c = &s->list[i];

		n->held += c->state != FREE && c->held;
		n->visitors |= c->state != FREE && c->kind == SLOTS_EPISODIC && !c->held;
		switch ((enum slots_state)c->state) {
		case FREE:
			break;
		case IDLE:
			count_idle(n, c, now_us);
			break;
		case CONNECTING:
			n->connecting++;
			n->open[c->kind]++;
			if (now_us - c->opened_us >= patience(c))
				n->overdue = c;
			break;
		case CONNECTED:
			n->connected++;
			n->open[c->kind]++;
			if (c->kind == SLOTS_STREAM &&
				(!n->oldest || c->opened_us < n->oldest->opened_us))
				n->oldest = c;
			if (c->kind == SLOTS_EPISODIC && now_us - c->opened_us >= SLOTS_VISIT_US)
				n->overstayer = c;
			break;
		case LEAVING:
			n->leaving++;
			n->open[c->kind]++;
			break;
		}
	}
}

static unsigned reserve_of(const struct census *n, unsigned limit)
{
	if (!n->visitors || limit < 2)
		return 0;
	return limit < SECOND_RESERVE ? 1 : 2;
}

/* Whom to connect to, with a place free for one. */
static struct slots_candidate *choose(const struct census *n, unsigned limit, int64_t now_us)
{
	struct slots_candidate *visitor = n->first[SLOTS_EPISODIC],
			       *stream = n->first[SLOTS_STREAM];
	unsigned open = n->open[0] + n->open[1];
	unsigned reserve = reserve_of(n, limit);
	/* what is kept for streams whose link broke is free for them alone */
	unsigned claims = n->claims[SLOTS_STREAM];
	bool claimant = stream && stream->claim_until_us > now_us;

	if (open >= limit || n->connecting >= SLOTS_CONNECTING_MAX)
		return NULL;
	if (claimant && n->open[SLOTS_STREAM] + reserve < limit)
		return stream;
	if (visitor && stream && reserve == 0) /* one place for all: by turns */
		return is_before(visitor, stream, now_us) ? visitor : stream;
	if (visitor && n->open[SLOTS_EPISODIC] < reserve)
		return visitor;
	if (stream && n->open[SLOTS_STREAM] + claims + reserve < limit)
		return stream;
	return visitor && open + claims < limit ? visitor : NULL;
}

/* Whom to let go, so that there is a place. */
static struct slots_candidate *choose_leaver(const struct slots *s, const struct census *n,
	unsigned limit, int64_t now_us, enum slots_why *ret_why)
{
	unsigned reserve = reserve_of(n, limit);
	unsigned share = limit - reserve; /* of streams */
	bool full = n->open[0] + n->open[1] >= limit;
	int64_t held_us = n->oldest ? now_us - n->oldest->opened_us : 0;

	if (n->overdue) {
		*ret_why = SLOTS_WHY_NO_ANSWER;
		return n->overdue;
	}
	if (n->leaving > 0)
		return NULL;
	if (full && n->overstayer && n->waiting[0] + n->waiting[1] > 0) {
		*ret_why = SLOTS_WHY_VISIT;
		return n->overstayer;
	}
	if (full && n->waiting[SLOTS_EPISODIC] > 0 && n->oldest &&
		(n->open[SLOTS_STREAM] > share || (limit == 1 && held_us >= LONE_US))) {
		*ret_why = SLOTS_WHY_EPISODIC;
		return n->oldest;
	}
	if (n->waiting[SLOTS_STREAM] > 0 && n->oldest && n->open[SLOTS_STREAM] >= share &&
		s->settings.tenure_us != SLOTS_NEVER && held_us >= s->settings.tenure_us) {
		*ret_why = SLOTS_WHY_TURN;
		return n->oldest;
	}
	return NULL;
}

static void later(struct slots *s, int64_t us, int64_t now_us)
{
	if (us > now_us)
		slots_due_at(s, us);
}

/* When something will be different though nothing happens. */
static void set_deadline(struct slots *s, const struct census *n, int64_t now_us)
{
	bool waiting = n->waiting[0] + n->waiting[1] > 0;

	s->next_us = SLOTS_NEVER;
	for (size_t i = 0; i < s->count; i++) {
		const struct slots_candidate *c = &s->list[i];

		if (c->state == IDLE && !c->held && slots_fresh_until(c) >= c->not_before_us)
			later(s, c->not_before_us, now_us);
		if (c->state == IDLE && waiting)
			later(s, c->claim_until_us, now_us);
		if (c->state == CONNECTING)
			later(s, c->opened_us + patience(c), now_us);
		if (c->state != CONNECTED || !waiting)
			continue;
		if (c->kind == SLOTS_EPISODIC) {
			later(s, c->opened_us + SLOTS_VISIT_US, now_us);
			continue;
		}
		later(s, c->opened_us + LONE_US, now_us);
		if (s->settings.tenure_us != SLOTS_NEVER)
			later(s, c->opened_us + s->settings.tenure_us, now_us);
	}
	if (waiting && s->learnt > 0)
		later(s, s->relearn_us, now_us);
}

enum slots_verb slots_next(
	struct slots *s, int64_t now_us, unsigned *ret_id, enum slots_why *ret_why)
{
	unsigned limit = limit_of(s, now_us);
	enum slots_why why = SLOTS_WHY_NONE;
	struct slots_candidate *c;
	struct census n;

	take_census(s, now_us, &n);
	c = choose_leaver(s, &n, limit, now_us, &why);
	if (c) {
		c->answered = c->state == CONNECTED;
		c->state = LEAVING;
	} else {
		c = choose(&n, limit, now_us);
		if (c) {
			c->state = CONNECTING;
			c->former_turn_us = c->turn_us;
			c->opened_us = c->turn_us = now_us;
			c->claim_until_us = SLOTS_NOT_HEARD;
		}
	}
	if (ret_why)
		*ret_why = why;
	if (!c) {
		set_deadline(s, &n, now_us);
		return SLOTS_NOTHING;
	}
	*ret_id = (unsigned)(c - s->list);
	return why != SLOTS_WHY_NONE ? SLOTS_RELEASE : SLOTS_CONNECT;
}

int64_t slots_deadline(const struct slots *s)
{
	return s->next_us;
}

void slots_look(const struct slots *s, int64_t now_us, struct slots_view *ret)
{
	struct census n;

	take_census(s, now_us, &n);
	*ret = (struct slots_view){ .limit = s->settings.limit > 0 ? s->settings.limit : s->learnt,
		.connected = n.connected,
		.connecting = n.connecting,
		.waiting = n.waiting[0] + n.waiting[1],
		.waiting_streams = n.waiting[SLOTS_STREAM],
		.held = n.held,
		.gave_way = s->gave_way,
		.refused = s->refused };
}

const char *slots_why_text(enum slots_why why)
{
	switch (why) {
	case SLOTS_WHY_NONE:
		break;
	case SLOTS_WHY_NO_ANSWER:
		return "does not answer";
	case SLOTS_WHY_VISIT:
		return "does not come to an end while others wait";
	case SLOTS_WHY_EPISODIC:
		return "gives way to a device that comes and goes";
	case SLOTS_WHY_TURN:
		return "gives way to a stream that waits longer";
	}
	return "";
}
