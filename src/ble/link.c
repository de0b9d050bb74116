/*
 * From "connected" to a session that runs: MTU, security, table, actions. See
 * link.h.
 */
#include "ble/link.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ble/link_private.h"

static void discover(struct link *l);

void link_over(struct link *l, enum link_end end, const char *detail)
{
	if (l->end != LINK_GOES_ON)
		return;
	l->end = end;
	l->state = LINK_OVER;
	(void)snprintf(l->detail, sizeof(l->detail), "%s", detail ? detail : "");
}

/* ---- security ---- */

/* Asks for a level; false when there is none to be had. */
static bool seek(struct link *l, unsigned level, uint8_t refusal)
{
	if (l->settings.never_secure || !l->ops->secure(l, level))
		return false;
	l->wanted_level = level;
	l->refusal = refusal;
	l->security_deadline_us = l->now.boot_us + LINK_SECURITY_US;
	/* people may take part: that is not the device's time */
	if (l->setup_deadline_us != INT64_MAX)
		l->setup_left_us = l->setup_deadline_us - l->now.boot_us;
	l->setup_deadline_us = INT64_MAX;
	return true;
}

/* What was refused may be granted over a better link: asks for one, each level once. */
static bool seek_for(struct link *l, uint8_t att_error)
{
	unsigned level =
		l->level < LINK_LEVEL_ENCRYPTED ? LINK_LEVEL_ENCRYPTED : LINK_LEVEL_AUTHENTICATED;

	/* no pairing makes a key longer, and encrypted it is */
	if (level == LINK_LEVEL_AUTHENTICATED && att_error != ATT_ERROR_AUTHENTICATION)
		return false;
	return level > l->wanted_level && seek(l, level, att_error);
}

/* It was refused over a link that was worse than it is by now. */
static bool is_worth_repeating(const struct link *l, uint8_t att_error)
{
	return att_error_wants_security(att_error) && l->level > l->tried_level;
}

/* Security was waited for, and that is over. */
static void resume_setup(struct link *l)
{
	l->security_deadline_us = INT64_MAX;
	if (!l->ready)
		l->setup_deadline_us = l->now.boot_us + l->setup_left_us;
	/* nothing was to be expected meanwhile */
	l->heard_us = l->quiet_us = l->now.boot_us;
}

/* ---- actions ---- */

static void finish_action(struct link *l, uint8_t att_error, const uint8_t *bytes, size_t length)
{
	struct session_result out;
	uint16_t handle = l->action.handle;
	int r;

	r = session_done(&l->session, att_error, bytes, length, &l->now, l->settings.scratch, &out);
	/* PROFILE_E_UNKNOWN is of profiles that were given up meanwhile */
	if (r != 0 && r != PROFILE_E_UNKNOWN)
		link_fault(l, handle, r, bytes, length);
	(void)link_take(l, &out, 0);
}

/* False: it has ended already. */
static bool perform(struct link *l)
{
	int r = gatt_perform(&l->gatt, &l->action, l->now.boot_us);

	l->tried_level = l->level;
	if (r == 0)
		return true;
	if (r == -ENOENT) {
		finish_action(l, ATT_ERROR_NOT_FOUND, NULL, 0);
		return false;
	}
	link_over(l, LINK_NO_ANSWER, "its bearer is down");
	return true;
}

/* Whether there is anything left that somebody wants of it. */
static bool is_of_use(const struct session *s)
{
	bool wanted = false;

	for (size_t i = 0; i < s->slot_count; i++) {
		if (s->slots[i].row->manner == PROFILE_PASSING)
			continue;
		if (!s->slots[i].given_up)
			return true;
		wanted = true;
	}
	return !wanted; /* a battery alone is better than nothing */
}

static void become_ready(struct link *l)
{
	l->ready = true;
	l->setup_deadline_us = INT64_MAX;
	l->heard_us = l->quiet_us = l->now.boot_us;
	l->ops->changed(l, LINK_CHANGED_READY);
	if (!is_of_use(&l->session))
		link_over(l, LINK_REFUSED, l->refusal ? att_error_words(l->refusal) : NULL);
}

void link_pump(struct link *l)
{
	while (l->state == LINK_RUNNING && !l->session.busy) {
		struct session_result out;
		bool more;

		link_flush_early(l);
		if (l->state != LINK_RUNNING)
			return;
		more = session_next(&l->session, &l->now, l->settings.scratch, &l->action, &out);
		(void)link_take(l, &out, 0);
		if (more) {
			if (perform(l))
				return;
		} else if (out.profile.note == PROFILE_NOTE_NONE) {
			if (l->ready)
				return;
			become_ready(l); /* and once more for what came early */
		}
	}
}

static void performed(
	struct gatt *g, uint8_t att_error, const uint8_t *bytes, size_t length, int64_t now_us)
{
	struct link *l = g->context;

	if (l->state != LINK_RUNNING)
		return;
	if (is_worth_repeating(l, att_error)) {
		if (!perform(l))
			link_pump(l);
		return;
	}
	if (att_error_wants_security(att_error) && l->security_deadline_us == INT64_MAX &&
		seek_for(l, att_error)) {
		l->action_waits = true;
		return;
	}
	finish_action(l, att_error, bytes, length);
	link_pump(l);
}

/* ---- table ---- */

static void begin_session(struct link *l)
{
	const struct gatt_table *t = &l->gatt.table;

	l->generation++;
	l->unsafe = 0;
	l->finished = 0;
	l->ready = l->action_waits = false;
	l->state = LINK_RUNNING;
	if (session_begin(&l->session, l->settings.device, t->attributes, t->count) == 0)
		link_over(l, LINK_NO_PROFILE, NULL);
	else
		link_pump(l);
}

static void discovered(struct gatt *g, enum gatt_outcome outcome, uint8_t att_error, int64_t now_us)
{
	struct link *l = g->context;

	if (l->end != LINK_GOES_ON)
		return;
	switch (outcome) {
	case GATT_FOUND:
		l->ops->changed(l, LINK_CHANGED_TABLE);
		begin_session(l);
		return;
	case GATT_AS_CACHED:
		begin_session(l);
		return;
	case GATT_REFUSED:
		if (is_worth_repeating(l, att_error))
			discover(l);
		else if (att_error_wants_security(att_error) && seek_for(l, att_error))
			l->state = LINK_SECURING;
		else
			link_over(l, LINK_REFUSED, att_error_words(att_error));
		return;
	case GATT_MALFORMED:
	case GATT_ENDLESS:
	case GATT_SLOW:
	case GATT_UNSTABLE:
		break;
	}
	link_over(l, LINK_DISCOVERY, gatt_outcome_word(outcome));
}

static void discover(struct link *l)
{
	bool bonded = l->settings.bonded && l->level >= LINK_LEVEL_ENCRYPTED;

	l->state = LINK_DISCOVERING;
	l->tried_level = l->level;
	if (gatt_start(&l->gatt, l->has_cached ? &l->cached : NULL, bonded, l->now.boot_us) < 0)
		link_over(l, LINK_NO_ANSWER, "its bearer is down");
}

/* ---- what the bearer tells ---- */

static void on_mtu(void *context, const struct att_answer *answer, int64_t now_us)
{
	struct link *l = context;

	if (l->state != LINK_MTU)
		return;
	if (l->level >= LINK_LEVEL_ENCRYPTED || l->settings.never_secure ||
		!(l->settings.bonded || l->settings.secure_first))
		discover(l);
	else if (seek(l, LINK_LEVEL_ENCRYPTED, 0))
		l->state = LINK_SECURING;
	else
		link_over(l, LINK_SECURITY, "there is none to be had");
}

static bool is_service_changed(const struct link *l, uint16_t handle)
{
	const struct gatt_table *t = &l->gatt.table;

	for (size_t i = 0; i < t->count; i++)
		if (t->attributes[i].handle == handle)
			return t->attributes[i].characteristic == GATT_SERVICE_CHANGED;
	return false;
}

/* The table does not hold any more, and another one is looked for. */
static void discovers_anew(struct link *l, int64_t now_us)
{
	if (l->end != LINK_GOES_ON || l->state == LINK_SECURING)
		return;
	if (l->security_deadline_us != INT64_MAX)
		resume_setup(l);
	if (l->state == LINK_RUNNING)
		l->state = LINK_DISCOVERING;
	if (l->ready)
		l->setup_deadline_us = now_us + LINK_SETUP_US;
	l->ready = l->action_waits = false;
}

static void on_heard(struct att *a, uint16_t handle, bool indicated, const uint8_t *bytes,
	size_t length, int64_t now_us)
{
	struct link *l = a->context;

	if (l->end != LINK_GOES_ON)
		return;
	/* a confirmation names nothing: this one would be taken for that of a measurement */
	if (indicated && l->waiting_count > 0 && is_service_changed(l, handle)) {
		link_over(l, LINK_FLOODED, "its table changed while an indication waited");
		return;
	}
	if (gatt_heard(&l->gatt, handle, indicated, bytes, length, now_us)) {
		discovers_anew(l, now_us);
		return;
	}
	/* What nobody knows the meaning of would be confirmed, and lost: it waits for another look.
	 */
	if (gatt_doubt(&l->gatt, handle, now_us))
		discovers_anew(l, now_us);
	if (l->end == LINK_GOES_ON)
		link_heard(l, handle, indicated, bytes, length);
}

static void on_down(struct att *a, enum att_reason reason, int64_t now_us)
{
	struct link *l = a->context;

	link_over(l, reason == ATT_DOWN_UNCONFIRMED ? LINK_FLOODED : LINK_NO_ANSWER,
		att_reason_word(reason));
}

static bool on_time(struct att *a, struct att_server_time *ret)
{
	struct link *l = a->context;

	return l->ops->time && l->ops->time(l, ret);
}

/* ---- what the driver tells ---- */

void link_begin(struct link *l, const struct link_ops *ops, void *context,
	const struct link_settings *settings, const struct decode_time *now)
{
	static const struct att_ops att_ops = { on_heard, on_down, on_time };
	static const struct gatt_ops gatt_ops = { discovered, performed };

	memset(l, 0, sizeof(*l));
	l->ops = ops;
	l->context = context;
	l->settings = *settings;
	l->settings.cached = NULL;
	l->now = *now;
	l->level = settings->level;
	l->battery_percent = -1;
	l->setup_deadline_us = now->boot_us + LINK_SETUP_US;
	l->security_deadline_us = l->probe_us = INT64_MAX;
	if (settings->cached) {
		l->cached = *settings->cached;
		l->has_cached = true;
	}
	att_init(&l->att, &att_ops, l, ATT_MTU_WANTED);
	gatt_init(&l->gatt, &gatt_ops, l, &l->att);
	l->state = LINK_MTU;
	(void)att_exchange_mtu(&l->att, on_mtu, l, now->boot_us); /* the queue is empty */
}

void link_stop(struct link *l)
{
	if (l->end == LINK_GOES_ON)
		l->state = LINK_OVER;
	att_stop(&l->att);
	l->setup_deadline_us = l->security_deadline_us = l->probe_us = INT64_MAX;
}

void link_receive(struct link *l, const uint8_t *pdu, size_t length, const struct decode_time *now)
{
	if (l->state == LINK_OVER)
		return;
	l->now = *now;
	att_receive(&l->att, pdu, length, now->boot_us);
}

const uint8_t *link_output(struct link *l, size_t *ret_length)
{
	return att_output(&l->att, ret_length);
}

void link_sent(struct link *l)
{
	att_sent(&l->att);
}

void link_secured(struct link *l, unsigned level, const struct decode_time *now)
{
	l->now = *now;
	l->level = level;
	if (l->state == LINK_OVER || l->security_deadline_us == INT64_MAX)
		return;
	if (level < l->wanted_level) /* not yet, or less than was asked for: its time runs */
		return;
	resume_setup(l);
	l->settings.bonded = true;
	if (l->state == LINK_SECURING) {
		discover(l);
	} else if (l->action_waits) {
		l->action_waits = false;
		if (!perform(l))
			link_pump(l);
	}
}

void link_security_failed(struct link *l, const struct decode_time *now)
{
	l->now = *now;
	if (l->state == LINK_OVER || l->security_deadline_us == INT64_MAX)
		return;
	resume_setup(l);
	if (l->state == LINK_SECURING) {
		link_over(l, LINK_SECURITY, l->refusal ? att_error_words(l->refusal) : NULL);
	} else if (l->action_waits) {
		l->action_waits = false;
		finish_action(l, l->refusal, NULL, 0);
		link_pump(l);
	}
}

void link_let_go(struct link *l, const struct decode_time *now)
{
	if (l->state == LINK_OVER)
		return;
	l->now = *now;
	l->leaving = true;
	if (l->waiting_count == 0)
		link_over(l, LINK_LET_GO, NULL);
}
