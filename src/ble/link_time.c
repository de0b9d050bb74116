/*
 * What a link does because time has passed, and its words. See link.h.
 */
#include "ble/link_private.h"
#include "util/cleanup.h"

#define QUIET_INTERVALS 3

bool link_is_stream(const struct link *l)
{
	for (size_t i = 0; i < l->session.slot_count; i++)
		if (l->session.slots[i].row->manner == PROFILE_STREAM &&
			!l->session.slots[i].given_up)
			return true;
	return false;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* ---- a device that comes and goes ---- */

/* All that might have something to say has said that it is finished. */
static bool all_finished(const struct link *l)
{
	bool any = false;

	for (size_t i = 0; i < l->session.slot_count; i++) {
		const struct session_slot *s = &l->session.slots[i];

		if (s->given_up || s->row->manner == PROFILE_PASSING)
			continue;
		if (!(l->finished & UINT32_C(1) << i))
			return false;
		any = true;
	}
	return any;
}

/* When it may go; INT64_MAX: not as long as nothing happens. */
static int64_t done_at(const struct link *l)
{
	if (l->waiting_count > 0 || l->session.busy || l->early_count > 0 ||
		session_deadline(&l->session) != PROFILE_NEVER)
		return INT64_MAX;
	if (l->unsafe > 0) /* whoever was to tell should have told long ago */
		return l->heard_us + 2 * LEDGER_PATIENCE_US;
	if (all_finished(l))
		return l->heard_us + LINK_FINISHED_US;
	return l->heard_us + (l->values_heard ? LINK_GRACE_US : LINK_EMPTY_US);
}

/* ---- a stream ---- */

static bool knows_interval(const struct link *l)
{
	return l->settings.expect_every_us > 0;
}

static int64_t quiet_at(const struct link *l)
{
	int64_t us = QUIET_INTERVALS * l->settings.expect_every_us;

	if (!knows_interval(l))
		us = LINK_QUIET_US;
	return l->quiet_us + (us > LINK_QUIET_MIN_US ? us : LINK_QUIET_MIN_US);
}

/* Any answer says that it lives; a battery's level is worth having besides. */
static void on_probe(void *context, const struct att_answer *answer, int64_t now_us)
{
	struct link *l = context;

	if (l->state == LINK_OVER)
		return;
	l->probe_us = INT64_MAX;
	l->quiet_us = now_us;
	l->probes++;
	if (l->probe_handle != 0 && answer->error == 0 && l->state == LINK_RUNNING)
		link_deliver(l, l->probe_handle, 0, answer->bytes, answer->length);
	if (l->probes >= LINK_PROBES_MAX && knows_interval(l))
		link_over(l, LINK_SILENT, NULL);
	else if (l->state == LINK_RUNNING)
		link_pump(l);
}

static void probe(struct link *l)
{
	const struct session *s = &l->session;

	l->probe_handle = 0;
	for (size_t i = 0; i < s->attribute_count && l->probe_handle == 0; i++)
		if (s->attributes[i].characteristic == LINK_BATTERY_LEVEL &&
			s->attributes[i].properties & ATTRIBUTE_READ)
			l->probe_handle = s->attributes[i].handle;
	l->quiet_us = l->now.boot_us;
	/* the declaration of the first service is there and readable on every server */
	if (att_read(&l->att, l->probe_handle ? l->probe_handle : 1, on_probe, l, l->now.boot_us) <
		0)
		return;
	l->counters.probes++;
	l->probe_us = l->now.boot_us + LINK_PROBE_US;
}

/* ---- deadlines ---- */

static int64_t use_deadline(const struct link *l)
{
	if (!l->ready || l->state != LINK_RUNNING || l->security_deadline_us != INT64_MAX)
		return INT64_MAX;
	if (!link_is_stream(l))
		return done_at(l);
	return l->probe_us == INT64_MAX ? quiet_at(l) : INT64_MAX;
}

int64_t link_deadline(const struct link *l)
{
	int64_t us;

	if (l->state == LINK_OVER)
		return INT64_MAX;
	us = earlier(att_deadline(&l->att), gatt_deadline(&l->gatt));
	us = earlier(us, earlier(l->security_deadline_us, l->setup_deadline_us));
	us = earlier(us, l->probe_us);
	if (l->state == LINK_RUNNING)
		us = earlier(us, session_deadline(&l->session));
	for (unsigned i = 0; i < l->waiting_count; i++)
		us = earlier(us, l->waiting[i].deadline_us);
	return earlier(us, use_deadline(l));
}

static void tick_session(struct link *l)
{
	bool any = false;

	/* each of them has at most one deadline that has passed */
	for (size_t n = 0; n < l->session.slot_count && l->state == LINK_RUNNING &&
			   session_deadline(&l->session) <= l->now.boot_us;
		n++) {
		struct session_result out;

		(void)session_tick(&l->session, &l->now, l->settings.scratch, &out);
		(void)link_take(l, &out, 0);
		any = true;
	}
	if (any && l->state == LINK_RUNNING)
		link_pump(l);
}

static void tick_waits(struct link *l)
{
	int64_t now = l->now.boot_us;

	for (unsigned i = 0; i < l->waiting_count; i++)
		if (now >= l->waiting[i].deadline_us) {
			l->counters.not_safe++;
			link_over(l, LINK_NOT_SAFE, NULL);
			return;
		}
	if (now >= l->security_deadline_us)
		link_over(l, LINK_SECURITY, "it took too long");
	else if (now >= l->setup_deadline_us)
		link_over(l, LINK_SLOW, NULL);
	else if (now >= l->probe_us)
		link_over(l, LINK_NO_ANSWER, "silent, and does not answer");
}

void link_tick(struct link *l, const struct decode_time *now)
{
	l->now = *now;
	if (l->state != LINK_OVER)
		att_tick(&l->att, now->boot_us);
	if (l->state != LINK_OVER)
		gatt_tick(&l->gatt, now->boot_us);
	if (l->state != LINK_OVER)
		tick_waits(l);
	if (l->state != LINK_OVER)
		tick_session(l);
	if (l->state == LINK_OVER || use_deadline(l) > now->boot_us)
		return;
	if (link_is_stream(l))
		probe(l);
	else
		link_over(l, LINK_DONE, NULL);
}

/* ---- words ---- */

const char *link_end_text(enum link_end end)
{
	static const char *const texts[_LINK_END_MAX] = {
		[LINK_GOES_ON] = "the other side closed it",
		[LINK_DONE] = "nothing more is to be had",
		[LINK_LET_GO] = "it was let go",
		[LINK_NO_PROFILE] = "it has nothing that there is a profile for",
		[LINK_REFUSED] = "it refuses what is needed",
		[LINK_SECURITY] = "the link could not be secured",
		[LINK_NOT_SAFE] = "what it indicated could not be made safe",
		[LINK_DISCOVERY] = "what it has cannot be read",
		[LINK_SLOW] = "it took too long until all was subscribed to",
		[LINK_NO_ANSWER] = "it does not answer",
		[LINK_SILENT] = "it answers, but sends no values",
		[LINK_FLOODED] = "more indications at once than a device may send",
	};

	return (unsigned)end < _LINK_END_MAX ? texts[end] : "";
}

const char *link_fault_text(int outcome)
{
	switch (outcome) {
	case PROFILE_E_MALFORMED:
		return "malformed value";
	case PROFILE_E_CHECKSUM:
		return "wrong checksum";
	case PROFILE_E_OVERFLOW:
		return "more values than fit";
	case PROFILE_E_UNKNOWN:
		return "nobody asked for it";
	default:
		return "error";
	}
}

enum slots_end link_slots_end(const struct link *l)
{
	switch (l->end) {
	case LINK_GOES_ON:
		if (!l->ready || l->waiting_count > 0 || link_is_stream(l))
			return SLOTS_LOST;
		return l->values_heard ? SLOTS_SERVED : SLOTS_EMPTY;
	case LINK_DONE:
		return l->values_heard ? SLOTS_SERVED : SLOTS_EMPTY;
	case LINK_LET_GO:
		return SLOTS_GAVE_WAY;
	case LINK_NO_PROFILE:
	case LINK_REFUSED:
	case LINK_SECURITY:
	case LINK_NOT_SAFE:
	case LINK_DISCOVERY:
	case LINK_SLOW:
	case LINK_NO_ANSWER:
	case LINK_SILENT:
	case LINK_FLOODED:
	case _LINK_END_MAX:
		break;
	}
	return SLOTS_LOST;
}
