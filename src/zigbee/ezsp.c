/*
 * Commands to the radio: see ezsp.h.
 *
 * Answers are matched by sequence and id, both: an answer that comes after its
 * command was given up must not be taken for the next one's, and shift all that
 * follow. Callbacks carry the sequence of whatever command was last, so they
 * are told by their flag alone.
 */
#include "zigbee/ezsp.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

static const struct ezsp_values nothing;

void ezsp_init(struct ezsp *e, const struct ezsp_ops *ops)
{
	*e = (struct ezsp){ .ops = ops, .deadline_us = INT64_MAX, .nop_us = INT64_MAX };
}

static struct ezsp_slot *first(struct ezsp *e)
{
	return &e->queue[e->first];
}

/* Takes the first command out of the queue and tells its caller. */
static void finish(struct ezsp *e, int result, const struct ezsp_values *v, int64_t now_us)
{
	ezsp_done_fn done = first(e)->done;
	void *userdata = first(e)->userdata;

	assert(e->count > 0);
	/* it may have been a key */
	explicit_bzero(first(e)->payload, first(e)->length);
	e->waiting = false;
	e->deadline_us = INT64_MAX;
	e->first = (e->first + 1) % EZSP_QUEUE_MAX;
	e->count--;
	if (done)
		done(e, userdata, result, v, now_us);
}

void ezsp_stop(struct ezsp *e, int64_t now_us)
{
	e->state = EZSP_STOPPED;
	e->version = 0;
	e->nop_us = INT64_MAX;
	e->misses = 0;
	/* none is added: ezsp_command() refuses while stopped */
	while (e->count > 0)
		finish(e, EZSP_GONE, &nothing, now_us);
	e->waiting = false;
	e->deadline_us = INT64_MAX;
}

static void fail(struct ezsp *e, enum ezsp_reason reason, int64_t now_us)
{
	ezsp_stop(e, now_us);
	e->ops->failed(e, reason, now_us);
}

/* Sends the first command if none is under way. A link that takes nothing now is asked again. */
static void pump(struct ezsp *e, int64_t now_us)
{
	uint8_t frame[EZSP_FRAME_MAX];
	enum ezsp_form form = EZSP_LEGACY;
	const struct ezsp_slot *s = first(e);
	size_t n;
	int r;

	if (e->waiting || e->count == 0)
		return;
	if (e->state == EZSP_ASKING_AGAIN)
		form = ezsp_form_of(e->wanted);
	else if (e->state == EZSP_RUNNING)
		form = ezsp_form_of(e->version);
	n = ezsp_header_write(frame, form, e->sequence, s->id);
	memcpy(frame + n, s->payload, s->length);
	r = e->ops->send(e, frame, n + s->length, now_us);
	explicit_bzero(frame, n + s->length);
	if (r < 0) {
		/* it counts as sent for its timeout, so that a link that never takes it shows */
		if (e->deadline_us == INT64_MAX)
			e->deadline_us = now_us + s->timeout_us;
		return;
	}
	e->counters.commands++;
	e->waiting = true;
	e->waiting_sequence = e->sequence++;
	e->deadline_us = now_us + s->timeout_us;
}

static int queue(struct ezsp *e, unsigned version, uint16_t id, const struct ezsp_values *v,
	int64_t timeout_us, ezsp_done_fn done, void *userdata)
{
	size_t size = version >= EZSP_VERSION_SL_STATUS ? EZSP_FRAME_MAX : EZSP_FRAME_OLD_MAX;
	struct ezsp_slot *s = &e->queue[(e->first + e->count) % EZSP_QUEUE_MAX];
	size_t length;
	int r;

	if (e->count == EZSP_QUEUE_MAX)
		return -ENOBUFS;
	r = ezsp_encode(version, id, EZSP_SIDE_COMMAND, v ? v : &nothing, s->payload,
		size - EZSP_HEADER_MAX, &length);
	if (r < 0)
		return r;
	s->id = id;
	s->length = (uint8_t)length;
	s->timeout_us = timeout_us;
	s->done = done;
	s->userdata = userdata;
	e->count++;
	return 0;
}

int ezsp_command(struct ezsp *e, uint16_t id, const struct ezsp_values *v, int64_t timeout_us,
	ezsp_done_fn done, void *userdata, int64_t now_us)
{
	int r;

	if (e->state != EZSP_RUNNING)
		return -ENOTCONN;
	if (ezsp_is_callback(e->version, id))
		return -EOPNOTSUPP;
	r = queue(e, e->version, id, v, timeout_us > 0 ? timeout_us : EZSP_COMMAND_US, done,
		userdata);
	if (r == 0)
		pump(e, now_us);
	return r;
}

/* ---- the version (UG100, "version" must be the first command) ---- */

static void ask(struct ezsp *e, int64_t now_us);

static void on_version(
	struct ezsp *e, void *userdata, int result, const struct ezsp_values *v, int64_t now_us)
{
	if (result == EZSP_GONE)
		return;
	if (result == EZSP_LATE) {
		fail(e, EZSP_SILENT, now_us);
		return;
	}
	if (result != 0 || v->version < 4) {
		fail(e, EZSP_DISAGREES, now_us);
		return;
	}
	if (v->version < EZSP_VERSION_MIN) {
		fail(e, EZSP_UNSUPPORTED, now_us);
		return;
	}
	if (v->version != e->wanted) {
		if (e->state == EZSP_ASKING_AGAIN) {
			fail(e, EZSP_DISAGREES, now_us);
			return;
		}
		/* asked again for what it speaks, in its own form */
		e->wanted = v->version;
		e->state = EZSP_ASKING_AGAIN;
		ask(e, now_us);
		return;
	}
	e->version = v->version;
	e->state = EZSP_RUNNING;
	e->nop_us = now_us + EZSP_NOP_US;
	e->ops->ready(e, v, now_us);
}

static void ask(struct ezsp *e, int64_t now_us)
{
	const struct ezsp_values v = { .version = e->wanted };
	int r = queue(e, e->wanted, EZSP_VERSION, &v, EZSP_NOP_ANSWER_US, on_version, NULL);

	assert(r == 0); /* the queue is empty */
	pump(e, now_us);
}

void ezsp_start(struct ezsp *e, unsigned wanted, int64_t now_us)
{
	ezsp_stop(e, now_us);
	e->sequence = 0;
	e->wanted = (uint8_t)(wanted > 0 ? wanted : EZSP_VERSION_FIRST);
	e->state = EZSP_ASKING;
	ask(e, now_us);
}

/* ---- what the radio sends ---- */

static void on_callback(struct ezsp *e, uint16_t id, struct cursor *c, int64_t now_us)
{
	struct ezsp_values v;
	int r;

	if (e->state != EZSP_RUNNING || !ezsp_is_callback(e->version, id)) {
		e->counters.unknown_callbacks++;
		return;
	}
	r = ezsp_decode(e->version, id, EZSP_SIDE_ANSWER, c->at, cursor_remaining(c), &v);
	e->counters.callbacks++;
	e->counters.malformed += r < 0;
	e->counters.trailing += v.trailing > 0;
	e->ops->callback(e, id, r, &v, now_us);
}

static void on_refused(struct ezsp *e, struct cursor *c, int64_t now_us)
{
	const struct ezsp_values v = { .code = cursor_u8(c) };

	e->counters.refused++;
	e->misses = 0;
	/* All but the question for the version needs one: the radio has started anew unnoticed. */
	if (v.code == EZSP_CODE_VERSION_NOT_SET && e->state == EZSP_RUNNING) {
		finish(e, EZSP_REFUSED, &v, now_us);
		if (e->state == EZSP_RUNNING)
			fail(e, EZSP_FORGOT, now_us);
		return;
	}
	finish(e, EZSP_REFUSED, &v, now_us);
}

static void on_answer(struct ezsp *e, uint16_t id, struct cursor *c, int64_t now_us)
{
	unsigned version = e->state == EZSP_RUNNING ? e->version : e->wanted;
	struct ezsp_values v;
	int r = ezsp_decode(version, id, EZSP_SIDE_ANSWER, c->at, cursor_remaining(c), &v);

	/* An answer that says no may leave out the rest. */
	if (r == -EBADMSG && ezsp_status_leads(version, id) && v.status != EZSP_STATUS_OK)
		r = 0;
	e->counters.answers++;
	e->counters.malformed += r < 0;
	e->counters.trailing += v.trailing > 0;
	e->misses = 0;
	if (e->state == EZSP_RUNNING)
		e->nop_us = now_us + EZSP_NOP_US;
	finish(e, r, &v, now_us);
	explicit_bzero(v.key, sizeof(v.key));
	explicit_bzero(v.network_key, sizeof(v.network_key));
}

void ezsp_receive(struct ezsp *e, const uint8_t *frame, size_t length, int64_t now_us)
{
	struct cursor c = cursor_init(frame, length);
	enum ezsp_form form = e->state == EZSP_RUNNING ? ezsp_form_of(e->version)
						       : ezsp_form_guess(frame, length);
	struct ezsp_header h;

	if (e->state == EZSP_STOPPED)
		return;
	if (ezsp_header_read(&c, form, &h) < 0) {
		e->counters.malformed++;
		return;
	}
	e->counters.overflows += (h.control & EZSP_OVERFLOW) != 0;
	e->counters.truncated += (h.control & EZSP_TRUNCATED) != 0;

	if (h.control & EZSP_ASYNC_CALLBACK)
		on_callback(e, h.id, &c, now_us);
	else if (!e->waiting || h.sequence != e->waiting_sequence ||
		 (h.id != EZSP_INVALID_COMMAND && h.id != first(e)->id))
		e->counters.strays++;
	else if (h.id == EZSP_INVALID_COMMAND)
		on_refused(e, &c, now_us);
	else
		on_answer(e, h.id, &c, now_us);
	pump(e, now_us);
}

/* ---- time ---- */

int64_t ezsp_deadline(const struct ezsp *e)
{
	return e->deadline_us < e->nop_us ? e->deadline_us : e->nop_us;
}

void ezsp_tick(struct ezsp *e, int64_t now_us)
{
	if (now_us >= e->deadline_us) {
		e->counters.late++;
		/* the version's question decides for itself */
		if (e->state == EZSP_RUNNING && ++e->misses >= EZSP_MISSES_MAX) {
			fail(e, EZSP_SILENT, now_us);
			return;
		}
		finish(e, EZSP_LATE, &nothing, now_us);
		if (e->state == EZSP_RUNNING && e->nop_us > now_us && e->count == 0)
			e->nop_us = now_us; /* was it this command, or the radio? */
	}
	if (now_us >= e->nop_us) {
		e->nop_us = now_us + EZSP_NOP_US;
		/* what waits in the queue is a sign of life as good */
		if (e->count == 0)
			(void)queue(e, e->version, EZSP_NOP, NULL, EZSP_NOP_ANSWER_US, NULL, NULL);
	}
	pump(e, now_us);
}
