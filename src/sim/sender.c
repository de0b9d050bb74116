/* The queue, the session's states and the patience of one device; see sender.h. */
#include "sim/sender.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

TAILQ_HEAD(pack_list, pack);

enum sender_state {
	SENDER_IDLE, /* nothing to send yet */
	SENDER_OPENING,
	SENDER_UP,
	SENDER_WAITING, /* until retry_us, then open again */
};

/* Time-outs in a row without any answer after which the session is taken for dead. */
#define SILENT_MAX 2
/* A Max-Age beyond this is not obeyed: a simulated device should come back within a test. */
#define MAX_AGE_MAX_S 120

struct sender {
	struct sender_options options;
	const struct sender_line *line;
	void *userdata;
	struct rng rng;
	enum sender_state state;
	struct pack_list waiting, flying; /* by number */
	size_t waiting_count, flying_count;
	uint32_t last_number;
	int64_t open_deadline_us; /* SENDER_OPENING */
	int64_t retry_us;         /* no new session before */
	int64_t hold_us;          /* no pack before, by word of the gateway or after a time-out */
	int64_t backoff_us;
	unsigned silent;
	struct sender_counters counters;
};

int sender_new(struct sender **ret, const struct sender_options *o, const struct sender_line *line,
	void *userdata, struct rng rng)
{
	struct sender *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->options = *o;
	s->line = line;
	s->userdata = userdata;
	s->rng = rng;
	s->backoff_us = o->backoff_us;
	TAILQ_INIT(&s->waiting);
	TAILQ_INIT(&s->flying);
	*ret = s;
	return 0;
}

static void free_list(struct pack_list *list)
{
	struct pack *p;

	while ((p = TAILQ_FIRST(list))) {
		TAILQ_REMOVE(list, p, entry);
		free(p);
	}
}

struct sender *sender_free(struct sender *s)
{
	if (!s)
		return NULL;
	free_list(&s->waiting);
	free_list(&s->flying);
	free(s);
	return NULL;
}

static void drop_oldest(struct sender *s)
{
	struct pack *p = TAILQ_FIRST(&s->waiting);

	TAILQ_REMOVE(&s->waiting, p, entry);
	s->waiting_count--;
	s->counters.dropped++;
	if (p->attempts) /* what never left is nobody's loss but the device's: the log has no line
			    of it */
		s->line->outcome(s->userdata, p, SENDER_DROPPED, 0, NULL, 0);
	free(p);
}

int sender_add(struct sender *s, const struct sample *samples, size_t count, int fault)
{
	struct pack *p = calloc(1, sizeof(*p) + count * sizeof(*samples));

	if (!p)
		return -ENOMEM;
	p->number = ++s->last_number;
	p->count = (uint16_t)count;
	p->fault = (int8_t)fault;
	if (count)
		memcpy(p->samples, samples, count * sizeof(*samples));
	if (s->waiting_count >= s->options.queue)
		drop_oldest(s);
	TAILQ_INSERT_TAIL(&s->waiting, p, entry);
	s->waiting_count++;
	return 0;
}

/* The present back-off with a quarter of chance either way; doubles it for the next time. */
static int64_t take_backoff(struct sender *s)
{
	int64_t b = s->backoff_us;

	s->backoff_us = b * 2 < s->options.backoff_max_us ? b * 2 : s->options.backoff_max_us;
	return b * 3 / 4 + (int64_t)rng_below(&s->rng, (uint32_t)(b / 2 + 1));
}

/* Back among those that wait, in its place. */
static void requeue(struct sender *s, struct pack *p)
{
	struct pack *at;

	TAILQ_REMOVE(&s->flying, p, entry);
	s->flying_count--;
	TAILQ_FOREACH(at, &s->waiting, entry)
	if (at->number > p->number)
		break;
	if (at)
		TAILQ_INSERT_BEFORE(at, p, entry);
	else
		TAILQ_INSERT_TAIL(&s->waiting, p, entry);
	s->waiting_count++;
}

static void requeue_all(struct sender *s)
{
	struct pack *p;

	while ((p = TAILQ_FIRST(&s->flying)))
		requeue(s, p);
}

void sender_up(struct sender *s, int64_t now_us)
{
	if (s->state != SENDER_OPENING)
		return;
	s->state = SENDER_UP;
	s->silent = 0;
	s->counters.sessions++;
	s->line->event(s->userdata, "session-up", NULL);
	sender_step(s, now_us);
}

void sender_down(struct sender *s, const char *why, int64_t now_us)
{
	if (s->state != SENDER_OPENING && s->state != SENDER_UP)
		return;
	s->line->event(s->userdata, s->state == SENDER_UP ? "session-lost" : "session-failed", why);
	s->counters.sessions_lost++;
	s->state = SENDER_WAITING;
	s->retry_us = now_us + take_backoff(s);
	s->hold_us = 0;
	requeue_all(s);
}

static void give_up_session(struct sender *s, const char *why, int64_t now_us)
{
	s->line->close(s->userdata);
	sender_down(s, why, now_us);
}

void sender_restart(struct sender *s, int64_t now_us, int64_t at_us)
{
	if (s->state == SENDER_OPENING || s->state == SENDER_UP)
		s->line->close(s->userdata);
	s->state = SENDER_WAITING;
	s->retry_us = at_us;
	s->hold_us = 0;
	s->backoff_us = s->options.backoff_us;
	requeue_all(s);
	sender_step(s, now_us);
}

static struct pack *find(struct sender *s, uint32_t number, bool *ret_flying)
{
	struct pack *p;

	TAILQ_FOREACH(p, &s->flying, entry)
	{
		if (p->number != number)
			continue;
		*ret_flying = true;
		return p;
	}
	/* Those that were sent before stand first: stop at the first that never was. */
	TAILQ_FOREACH(p, &s->waiting, entry)
	{
		if (!p->attempts)
			break;
		if (p->number != number)
			continue;
		*ret_flying = false;
		return p;
	}
	return NULL;
}

static void settle(struct sender *s, struct pack *p, bool flying, enum sender_outcome o, int code,
	const char *diagnostic, size_t length)
{
	if (flying) {
		TAILQ_REMOVE(&s->flying, p, entry);
		s->flying_count--;
	} else {
		TAILQ_REMOVE(&s->waiting, p, entry);
		s->waiting_count--;
	}
	if (o == SENDER_ACKNOWLEDGED) {
		s->counters.acknowledged++;
		s->counters.acknowledged_values += p->count;
	} else {
		s->counters.refused++;
		s->counters.faulty_refused += p->fault >= 0;
	}
	s->line->outcome(s->userdata, p, o, code, diagnostic, length);
	free(p);
}

void sender_answer(struct sender *s, uint32_t number, int code, int max_age_s,
	const char *diagnostic, size_t length, int64_t now_us)
{
	bool flying = false;
	struct pack *p = find(s, number, &flying);

	s->silent = 0;
	if (!p)
		return; /* an answer come twice */

	if (code / 100 == 2 || (code / 100 == 4 && code != 429 && code != 408)) {
		if (code / 100 == 2)
			s->backoff_us = s->options.backoff_us;
		settle(s, p, flying, code / 100 == 2 ? SENDER_ACKNOWLEDGED : SENDER_REFUSED, code,
			diagnostic, length);
	} else {
		int64_t wait_us = take_backoff(s);

		if (max_age_s > MAX_AGE_MAX_S)
			max_age_s = MAX_AGE_MAX_S;
		if (max_age_s >= 0)
			wait_us =
				max_age_s * INT64_C(1000000) + (int64_t)rng_below(&s->rng, 250000);
		if (code == 408) /* blocks were lost on the way: begin again at once */
			wait_us = 0;
		s->counters.busy++;
		if (s->hold_us < now_us + wait_us)
			s->hold_us = now_us + wait_us;
		if (flying)
			requeue(s, p);
		s->line->event(s->userdata, code == 429 ? "too-many" : "busy", NULL);
	}
	sender_step(s, now_us);
}

void sender_failed(struct sender *s, uint32_t number, const char *why, bool dead, int64_t now_us)
{
	bool flying = false;
	struct pack *p = find(s, number, &flying);

	if (p && flying) {
		requeue(s, p);
		s->hold_us = now_us + take_backoff(s);
		s->line->event(s->userdata, "not-delivered", why);
	}
	if (dead && s->state == SENDER_UP)
		give_up_session(s, why, now_us);
}

static void see_to_overdue(struct sender *s, int64_t now_us)
{
	struct pack *p, *next;
	bool any = false;

	if (s->state == SENDER_OPENING && now_us >= s->open_deadline_us)
		give_up_session(s, "handshake timed out", now_us);
	for (p = TAILQ_FIRST(&s->flying); p; p = next) {
		next = TAILQ_NEXT(p, entry);
		if (now_us < p->deadline_us)
			continue;
		s->counters.timeouts++;
		requeue(s, p);
		any = true;
	}
	if (!any)
		return;
	s->line->event(s->userdata, "answer-timeout", NULL);
	s->hold_us = now_us + take_backoff(s);
	if (++s->silent >= SILENT_MAX)
		give_up_session(s, "no answers", now_us);
}

static void open_session(struct sender *s, int64_t now_us)
{
	s->state = SENDER_OPENING;
	s->open_deadline_us = now_us + s->options.open_timeout_us;
	if (s->line->open(s->userdata) < 0)
		sender_down(s, "cannot open a session", now_us);
}

static void send_first(struct sender *s, int64_t now_us)
{
	struct pack *p = TAILQ_FIRST(&s->waiting);

	TAILQ_REMOVE(&s->waiting, p, entry);
	s->waiting_count--;
	TAILQ_INSERT_TAIL(&s->flying, p, entry);
	s->flying_count++;
	p->deadline_us = now_us + s->options.answer_timeout_us;
	if (!p->attempts) {
		p->first_sent_us = now_us;
		s->counters.packs++;
		s->counters.values += p->count;
		s->counters.faulty += p->fault >= 0;
		s->line->outcome(s->userdata, p, SENDER_SENT, 0, NULL, 0);
	} else {
		s->counters.resent++;
	}
	p->attempts += p->attempts < UINT16_MAX;
	if (s->line->send(s->userdata, p) < 0)
		give_up_session(s, "cannot send", now_us);
}

/* Whether a pack may go now, were its time come. */
static bool can_send(const struct sender *s)
{
	return s->state == SENDER_UP && s->waiting_count &&
	       s->flying_count < s->options.in_flight && s->line->ready(s->userdata);
}

void sender_step(struct sender *s, int64_t now_us)
{
	see_to_overdue(s, now_us);
	if (!s->waiting_count && !s->flying_count)
		return;
	if (s->state == SENDER_IDLE || (s->state == SENDER_WAITING && now_us >= s->retry_us))
		open_session(s, now_us);
	while (now_us >= s->hold_us && can_send(s))
		send_first(s, now_us);
}

int64_t sender_deadline(const struct sender *s)
{
	const struct pack *p;
	int64_t at = INT64_MAX;

	if (s->state == SENDER_OPENING)
		at = s->open_deadline_us;
	if (s->state == SENDER_WAITING && s->waiting_count)
		at = s->retry_us;
	if (s->state == SENDER_IDLE && s->waiting_count)
		at = 0;
	if (can_send(s))
		at = s->hold_us;
	TAILQ_FOREACH(p, &s->flying, entry)
	if (p->deadline_us < at)
		at = p->deadline_us;
	return at;
}

size_t sender_pending(const struct sender *s)
{
	return s->waiting_count + s->flying_count;
}

const struct sender_counters *sender_counters(const struct sender *s)
{
	return &s->counters;
}
