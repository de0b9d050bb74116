/*
 * What comes of values: readings, receipts, confirmations, and those that came
 * before their turn. See link.h.
 */
#include <assert.h>
#include <string.h>

#include "ble/link_private.h"

/* A token: the session's own (slot and cookie) and whether it has one, which session, which
 * indication. */
#define HAS_SESSION (UINT64_C(1) << 36)
#define SESSION_MASK (HAS_SESSION - 1)
#define GENERATION_SHIFT 37
#define NUMBER_SHIFT 45
#define NUMBER_MAX ((UINT32_C(1) << 18) - 1)
#define IS_TOKEN (UINT64_C(1) << 63)

static_assert(SESSION_PROFILES_MAX <= 16, "the session's tokens have 36 bits");
static_assert(SESSION_PROFILES_MAX <= 32, "link.finished has a bit for each slot");

static uint64_t token_of(const struct link *l, const struct session_result *out, uint32_t number)
{
	if (number == 0 && !out->profile.ask_safe)
		return 0;
	return IS_TOKEN | (uint64_t)number << NUMBER_SHIFT |
	       (uint64_t)l->generation << GENERATION_SHIFT |
	       (out->profile.ask_safe ? HAS_SESSION | (out->token & SESSION_MASK) : 0);
}

/* ---- indications ---- */

static uint32_t wait_for(struct link *l)
{
	l->last_number = l->last_number % NUMBER_MAX + 1;
	l->waiting[l->waiting_count++] = (struct link_indication){ .number = l->last_number,
		.deadline_us = l->now.boot_us + LEDGER_PATIENCE_US };
	return l->last_number;
}

/* Confirmations name nothing: they go in the order of the indications. */
static void confirm(struct link *l)
{
	while (l->waiting_count > 0 && l->waiting[0].safe) {
		(void)att_confirm(&l->att);
		l->counters.confirmed++;
		l->waiting_count--;
		memmove(l->waiting, l->waiting + 1, l->waiting_count * sizeof(l->waiting[0]));
	}
	if (l->leaving && l->waiting_count == 0)
		link_over(l, LINK_LET_GO, NULL);
}

static void settle(struct link *l, uint32_t number, bool is_safe)
{
	for (unsigned i = 0; i < l->waiting_count; i++) {
		if (l->waiting[i].number != number)
			continue;
		if (!is_safe) {
			l->counters.not_safe++;
			link_over(l, LINK_NOT_SAFE, NULL);
			return;
		}
		l->waiting[i].safe = true;
		confirm(l);
		return;
	}
}

/* ---- what a call of the session came to ---- */

static void tell_session(struct link *l, uint64_t token, bool is_safe)
{
	struct session_result out;

	(void)session_safe(
		&l->session, token & SESSION_MASK, is_safe, &l->now, l->settings.scratch, &out);
	(void)link_take(l, &out, 0);
}

static void take_changes(struct link *l, const struct session_result *out)
{
	const struct profile_result *p = &out->profile;
	unsigned changes = 0;

	if (p->facts_changed)
		changes |= LINK_CHANGED_FACTS;
	if (p->memory_changed)
		changes |= LINK_CHANGED_MEMORY;
	if (p->battery_percent >= 0 && p->battery_percent != l->battery_percent) {
		l->battery_percent = p->battery_percent;
		changes |= LINK_CHANGED_BATTERY;
	}
	for (size_t i = 0; p->finished && i < l->session.slot_count; i++)
		if (l->session.slots[i].row == out->row)
			l->finished |= UINT32_C(1) << i;
	if (changes != 0)
		l->ops->changed(l, changes);
	if (p->note != PROFILE_NOTE_NONE)
		l->ops->note(l, out->row, (enum profile_note)p->note);
}

static enum link_taken take_readings(
	struct link *l, const struct session_result *out, uint32_t number)
{
	struct decoded *d = out->profile.readings;

	if (d->count == 0)
		return LINK_TAKEN_SAFE;
	for (size_t i = 0; i < d->count; i++) {
		struct reading *r = &d->list[i];

		if (l->level < LINK_LEVEL_ENCRYPTED && r->auth == AUTH_LINK)
			r->auth = AUTH_NONE;
	}
	l->counters.readings += d->count;
	return l->ops->readings(l, out->row, d->list, d->count, token_of(l, out, number));
}

enum link_taken link_take(struct link *l, const struct session_result *out, uint32_t number)
{
	enum link_taken taken;

	take_changes(l, out);
	taken = take_readings(l, out, number);
	if (!out->profile.ask_safe)
		return taken;
	if (taken == LINK_TAKEN_WAITS)
		l->unsafe++;
	else
		tell_session(l, out->token, taken == LINK_TAKEN_SAFE);
	return taken;
}

void link_safe(struct link *l, uint64_t token, bool is_safe, const struct decode_time *now)
{
	uint32_t number = (uint32_t)(token >> NUMBER_SHIFT) & NUMBER_MAX;

	if (l->state == LINK_OVER || !(token & IS_TOKEN))
		return;
	l->now = *now;
	l->heard_us = now->boot_us; /* what the device has to say to that is to be heard */
	if (number != 0)
		settle(l, number, is_safe);
	if (l->end != LINK_GOES_ON || !(token & HAS_SESSION) ||
		(uint8_t)(token >> GENERATION_SHIFT) != l->generation)
		return;
	if (l->unsafe > 0)
		l->unsafe--;
	if (l->state != LINK_RUNNING)
		return;
	tell_session(l, token, is_safe);
	link_pump(l);
}

/* ---- values ---- */

void link_fault(struct link *l, uint16_t handle, int outcome, const uint8_t *bytes, size_t length)
{
	struct link_fault f = {
		.handle = handle, .outcome = outcome, .bytes = bytes, .length = length
	};
	const struct session *s = &l->session;

	for (size_t i = 0; i < s->attribute_count; i++) {
		if (s->attributes[i].handle != handle)
			continue;
		f.characteristic = s->attributes[i].characteristic;
		for (size_t k = 0; k < s->slot_count && !f.row; k++)
			if (s->slots[k].service_handle == s->attributes[i].service_handle)
				f.row = s->slots[k].row;
	}
	if (outcome == PROFILE_E_MALFORMED)
		l->counters.malformed++;
	else if (outcome == PROFILE_E_CHECKSUM)
		l->counters.checksum++;
	else if (outcome == PROFILE_E_OVERFLOW)
		l->counters.overflow++;
	else
		l->counters.unknown++;
	l->ops->fault(l, &f);
}

void link_deliver(
	struct link *l, uint16_t handle, uint32_t number, const uint8_t *bytes, size_t length)
{
	struct session_result out;
	int r = session_heard(&l->session, handle, number != 0, bytes, length, &l->now,
		l->settings.scratch, &out);
	enum link_taken taken;

	l->counters.values++;
	if (r != 0)
		link_fault(l, handle, r, bytes, length);
	/* that its battery is told is neither a reason to stay nor a stream that goes on */
	if (out.row && out.row->manner != PROFILE_PASSING) {
		l->heard_us = l->quiet_us = l->now.boot_us;
		l->probes = 0;
		l->values_heard |= out.profile.readings->count > 0;
	}
	taken = link_take(l, &out, number);
	if (number != 0 && taken != LINK_TAKEN_WAITS)
		settle(l, number, taken == LINK_TAKEN_SAFE);
}

/* Whether the profile that a value is for has begun to listen. */
static bool is_its_turn(const struct link *l, uint16_t handle)
{
	const struct session *s = &l->session;

	if (l->ready)
		return true;
	if (l->state != LINK_RUNNING)
		return false;
	for (size_t i = 0; i < s->attribute_count; i++) {
		if (s->attributes[i].handle != handle)
			continue;
		for (size_t k = 0; k < s->slot_count; k++)
			if (s->slots[k].service_handle == s->attributes[i].service_handle)
				return k <= s->at_slot;
	}
	return true; /* nobody's */
}

/* Keeps a value until its turn; false: it is lost. */
static bool keep(
	struct link *l, uint16_t handle, uint32_t number, const uint8_t *bytes, size_t length)
{
	struct link_early *e = &l->early[l->early_count];
	unsigned room = number != 0 ? LINK_EARLY_MAX : LINK_EARLY_MAX - ATT_UNCONFIRMED_MAX;

	if (l->early_count >= room || length > ATT_VALUE_MAX)
		return false;
	*e = (struct link_early){ .handle = handle, .length = (uint16_t)length, .number = number };
	if (length > 0)
		memcpy(e->bytes, bytes, length);
	l->early_count++;
	return true;
}

void link_heard(
	struct link *l, uint16_t handle, bool indicated, const uint8_t *bytes, size_t length)
{
	uint32_t number = 0;

	if (indicated && l->waiting_count == ATT_UNCONFIRMED_MAX) {
		link_over(l, LINK_FLOODED, NULL); /* the bearer sees to that before */
		return;
	}
	if (indicated)
		number = wait_for(l);
	if (is_its_turn(l, handle)) {
		link_flush_early(l); /* those before it */
		link_deliver(l, handle, number, bytes, length);
		if (l->state == LINK_RUNNING)
			link_pump(l);
	} else if (!keep(l, handle, number, bytes, length)) {
		l->counters.early_lost++;
		link_fault(l, handle, PROFILE_E_OVERFLOW, bytes, length);
		/* longer than any value can be: nothing that should be kept for its sake */
		settle(l, number, true);
	}
}

void link_flush_early(struct link *l)
{
	unsigned i = 0;

	while (l->state == LINK_RUNNING && i < l->early_count) {
		struct link_early *e = &l->early[i];

		if (!is_its_turn(l, e->handle)) {
			i++;
			continue;
		}
		link_deliver(l, e->handle, e->number, e->bytes, e->length);
		l->early_count--;
		memmove(e, e + 1, (l->early_count - i) * sizeof(*e));
	}
}
