/*
 * A pass over all candidates for each decision: they are few, and decisions are
 * rare. See slots.h.
 */
#include "ble/slots.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ble/profiles/profiles.h"

#define SECOND_US INT64_C(1000000)
/* An advertisement counts for so long at least; of what advertises rarely, for three intervals. */
#define FRESH_EPISODIC_US (15 * SECOND_US)
#define FRESH_STREAM_US (30 * SECOND_US)
#define FRESH_INTERVALS 3
#define GAP_MAX_US (60 * SECOND_US) /* longer than this is no interval of advertising */
#define CONNECT_INTERVALS 4
/* A link that lived so long was a good one, whatever ended it. */
#define GOOD_US (60 * SECOND_US)
/* A stream whose link broke after so long has its slot kept for it for so long. */
#define CLAIM_AFTER_US (30 * SECOND_US)
#define CLAIM_US (15 * SECOND_US)
/* With one slot for all, a stream gives way to a visitor after so long. */
#define LONE_US (60 * SECOND_US)
#define SERVED_REST_US (3 * SECOND_US)
#define GAVE_WAY_REST_US (2 * SECOND_US)
#define FULL_REST_US (1 * SECOND_US)
#define RELEARN_US (600 * SECOND_US)
#define RELEARN_DOUBLINGS 4
#define SECOND_RESERVE 6 /* from so many connections on, two are kept for visitors */
#define NOT_HEARD INT64_MIN

enum state { FREE, IDLE, CONNECTING, CONNECTED, LEAVING };

struct candidate {
	void *userdata;
	uint8_t state; /* enum state */
	uint8_t kind;  /* enum slots_kind */
	bool held;
	bool answered;          /* it was connected, when LEAVING */
	unsigned failures;      /* in a row */
	unsigned empties;       /* visits for nothing, in a row */
	int64_t heard_us;       /* NOT_HEARD */
	int64_t gap_us;         /* between advertisements, smoothed; 0: not known */
	int64_t not_before_us;  /* back-off or rest */
	int64_t turn_us;        /* when it was last served or tried: the oldest comes first */
	int64_t opened_us;      /* when its state began */
	int64_t claim_until_us; /* its slot is kept until then */
};

struct slots {
	struct slots_settings settings;
	struct candidate *list;
	size_t count, room;
	uint64_t random;
	unsigned learnt; /* 0: nothing */
	int64_t relearn_us;
	unsigned relearns;
	int64_t next_us;
	uint64_t gave_way, refused;
};

/* What a pass finds. */
struct census {
	unsigned open[2], connected, connecting, leaving, claims[2];
	unsigned waiting[2], held;
	bool visitors;              /* there are devices that come and go */
	struct candidate *first[2]; /* of those that wait, whose turn it is */
	struct candidate *oldest;   /* connected stream */
	struct candidate *overstayer, *overdue;
};

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

static int64_t clamp(int64_t v, int64_t low, int64_t high)
{
	return v < low ? low : v > high ? high : v;
}

static struct candidate *at(const struct slots *s, unsigned id)
{
	return id < s->count && s->list[id].state != FREE ? &s->list[id] : NULL;
}

static int64_t fresh_until(const struct candidate *c)
{
	int64_t least = c->kind == SLOTS_STREAM ? FRESH_STREAM_US : FRESH_EPISODIC_US;
	int64_t by_gap = FRESH_INTERVALS * c->gap_us;

	if (c->heard_us == NOT_HEARD)
		return NOT_HEARD;
	return c->heard_us + (by_gap > least ? by_gap : least);
}

static int64_t patience(const struct candidate *c)
{
	return clamp(CONNECT_INTERVALS * c->gap_us, SLOTS_CONNECT_MIN_US, SLOTS_CONNECT_MAX_US);
}

static bool is_waiting(const struct candidate *c, int64_t now_us)
{
	return c->state == IDLE && !c->held && now_us <= fresh_until(c) &&
	       now_us >= c->not_before_us;
}

static void due(struct slots *s)
{
	s->next_us = INT64_MIN;
}

static void due_at(struct slots *s, int64_t us)
{
	if (us < s->next_us)
		s->next_us = us;
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
		struct candidate *list = realloc(s->list, room * sizeof(*list));

		if (!list)
			return -ENOMEM;
		s->list = list;
		s->room = room;
	}
	if (id == s->count)
		s->count++;
	s->list[id] = (struct candidate){ .userdata = userdata,
		.state = IDLE,
		.kind = (uint8_t)kind,
		.heard_us = NOT_HEARD,
		.not_before_us = NOT_HEARD,
		.turn_us = NOT_HEARD,
		.claim_until_us = NOT_HEARD };
	*ret_id = (unsigned)id;
	return 0;
}

void slots_remove(struct slots *s, unsigned id)
{
	struct candidate *c = at(s, id);

	if (!c)
		return;
	c->state = FREE;
	due(s);
}

void slots_set_kind(struct slots *s, unsigned id, enum slots_kind kind)
{
	struct candidate *c = at(s, id);

	if (!c || c->kind == kind)
		return;
	c->kind = (uint8_t)kind;
	due(s);
}

void slots_hold(struct slots *s, unsigned id, bool held)
{
	struct candidate *c = at(s, id);

	if (!c)
		return;
	c->held = held;
	due(s);
}

void slots_pardon(struct slots *s, unsigned id)
{
	struct candidate *c = at(s, id);

	if (!c)
		return;
	c->failures = c->empties = 0;
	c->not_before_us = NOT_HEARD;
	due(s);
}

void *slots_userdata(const struct slots *s, unsigned id)
{
	const struct candidate *c = at(s, id);

	return c ? c->userdata : NULL;
}

unsigned slots_failures(const struct slots *s, unsigned id)
{
	const struct candidate *c = at(s, id);

	return c ? c->failures : 0;
}

/* ---- what happened ---- */

bool slots_heard(struct slots *s, unsigned id, int64_t now_us)
{
	struct candidate *c = at(s, id);
	int64_t gap;
	bool waited;

	if (!c || c->state != IDLE)
		return false;
	waited = is_waiting(c, now_us);
	gap = c->heard_us == NOT_HEARD ? GAP_MAX_US : now_us - c->heard_us;
	if (gap < GAP_MAX_US)
		c->gap_us = c->gap_us > 0 ? c->gap_us + (gap - c->gap_us) / 8 : gap;
	if (c->heard_us != NOT_HEARD && gap >= SLOTS_BURST_US) {
		c->empties = 0;
		if (c->not_before_us > now_us)
			c->not_before_us = now_us;
	}
	c->heard_us = now_us;
	if (c->held)
		return false;
	if (c->not_before_us > now_us)
		due_at(s, c->not_before_us);
	if (waited || !is_waiting(c, now_us))
		return false;
	due(s);
	return true;
}

void slots_connected(struct slots *s, unsigned id, int64_t now_us)
{
	struct candidate *c = at(s, id);
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

/* The adapter refused one: what is connected is all that it has. With nothing connected it is
 * the adapter's trouble, and says nothing of a number. */
static void learn(struct slots *s, int64_t now_us)
{
	unsigned open = 0;

	for (size_t i = 0; i < s->count; i++)
		open += s->list[i].state == CONNECTED ||
			(s->list[i].state == LEAVING && s->list[i].answered);
	s->refused++;
	if (open == 0 || s->settings.limit > 0)
		return;
	s->relearns = s->learnt == open && s->relearns < RELEARN_DOUBLINGS ? s->relearns + 1 : 0;
	s->learnt = open;
	s->relearn_us = now_us + doubled(RELEARN_US, s->relearns, INT64_MAX / 4);
}

static void back_off(struct slots *s, struct candidate *c, int64_t now_us)
{
	c->not_before_us =
		now_us + jitter(s, doubled(SLOTS_BACKOFF_US, c->failures, SLOTS_BACKOFF_MAX_US));
	if (c->failures < UINT32_MAX)
		c->failures++;
}

static void lost(struct slots *s, struct candidate *c, bool connected, int64_t now_us)
{
	int64_t lived = connected ? now_us - c->opened_us : 0;

	if (lived >= GOOD_US)
		c->failures = 0;
	if (lived >= CLAIM_AFTER_US && c->kind == SLOTS_STREAM) {
		c->claim_until_us = now_us + CLAIM_US;
		due_at(s, c->claim_until_us);
	}
	back_off(s, c, now_us);
}

void slots_ended(struct slots *s, unsigned id, enum slots_end how, int64_t now_us)
{
	struct candidate *c = at(s, id);
	bool connected;

	if (!c || c->state == IDLE)
		return;
	connected = c->state == CONNECTED || (c->state == LEAVING && c->answered);
	c->state = IDLE;
	c->claim_until_us = NOT_HEARD;
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
		learn(s, now_us);
		c->not_before_us = now_us + jitter(s, FULL_REST_US);
		break;
	case SLOTS_GAVE_WAY:
		s->gave_way++;
		c->not_before_us = now_us + jitter(s, GAVE_WAY_REST_US);
		break;
	case SLOTS_GONE:
		break;
	}
	if (how != SLOTS_FULL && how != SLOTS_GONE)
		c->turn_us = now_us;
	c->opened_us = now_us;
	/* it has not advertised while it was connected, but it did so when it was connected to */
	if (connected && c->heard_us != NOT_HEARD)
		c->heard_us = NOT_HEARD;
	due(s);
}

void slots_reset(struct slots *s)
{
	for (size_t i = 0; i < s->count; i++) {
		struct candidate *c = &s->list[i];

		if (c->state == FREE)
			continue;
		c->state = IDLE;
		c->heard_us = c->claim_until_us = NOT_HEARD;
		c->gap_us = 0;
	}
	s->learnt = s->relearns = 0;
	due(s);
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
static bool is_before(const struct candidate *a, const struct candidate *b, int64_t now_us)
{
	bool claims_a = a->claim_until_us > now_us, claims_b = b->claim_until_us > now_us;

	if (claims_a != claims_b)
		return claims_a;
	return a->turn_us < b->turn_us;
}

static void count_idle(struct census *n, struct candidate *c, int64_t now_us)
{
	if (is_waiting(c, now_us)) {
		struct candidate **first = &n->first[c->kind];

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
		struct candidate *c = &s->list[i];

		n->held += c->state != FREE && c->held;
		n->visitors |= c->state != FREE && c->kind == SLOTS_EPISODIC && !c->held;
		switch ((enum state)c->state) {
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
static struct candidate *choose(const struct census *n, unsigned limit, int64_t now_us)
{
	struct candidate *visitor = n->first[SLOTS_EPISODIC], *stream = n->first[SLOTS_STREAM];
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
static struct candidate *choose_leaver(const struct slots *s, const struct census *n,
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
		due_at(s, us);
}

/* When something will be different though nothing happens. */
static void set_deadline(struct slots *s, const struct census *n, int64_t now_us)
{
	bool waiting = n->waiting[0] + n->waiting[1] > 0;

	s->next_us = SLOTS_NEVER;
	for (size_t i = 0; i < s->count; i++) {
		const struct candidate *c = &s->list[i];

		if (c->state == IDLE && !c->held && fresh_until(c) >= c->not_before_us)
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
	struct candidate *c;
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
			c->opened_us = c->turn_us = now_us;
			c->claim_until_us = NOT_HEARD;
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

/* ---- how to treat a device by its services ---- */

/* The first row that fits counts. Thirty links need intervals of 100 ms and more to pass each other
 * by; one that wants to be over soon is quick. */
static const struct {
	uint16_t service, min, max, latency, timeout; /* as struct mgmt_params has them */
} rows[] = {
	{ 0x1822, 80, 160, 4, 600 },   /* pulse oximeter: a value a second */
	{ 0x180d, 80, 160, 4, 600 },   /* heart rate: a value a second, RR intervals */
	{ 0x181f, 320, 400, 4, 1000 }, /* CGM: a value in minutes */
	{ 0x181a, 320, 400, 4, 1000 }, /* environment */
	{ 0x1808, 24, 40, 0, 500 },    /* glucose: up to thousands of records at once */
	{ 0x1809, 24, 40, 0, 500 },    /* thermometer */
	{ 0x1810, 24, 40, 0, 500 },    /* blood pressure */
	{ 0x181b, 24, 40, 0, 500 },    /* body composition */
	{ 0x181d, 24, 40, 0, 500 },    /* weight */
	{ 0, 40, 80, 0, 600 },         /* whatever else */
};

void slots_parameters_of(const uint16_t *services, size_t count, struct mgmt_params *ret)
{
	size_t row = 0;

	for (; row < ARRAY_SIZE(rows) - 1; row++) {
		size_t i = 0;

		while (i < count && services[i] != rows[row].service)
			i++;
		if (i < count)
			break;
	}
	ret->min = rows[row].min;
	ret->max = rows[row].max;
	ret->latency = rows[row].latency;
	ret->timeout = rows[row].timeout;
}

enum slots_kind slots_kind_of(const uint16_t *services, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (unsigned id = 0; id < _PROFILE_MAX; id++)
			if (profile_row(id)->service == services[i] &&
				profile_row(id)->manner == PROFILE_STREAM)
				return SLOTS_STREAM;
	return SLOTS_EPISODIC;
}
