/*
 * Profiles one after another, in the order of the table: each one's rows, then
 * its ready(). See session.h.
 */
#include "ble/profiles/session.h"

#include <string.h>

/* ---- calling a profile ---- */

static void clear(struct session_result *out, struct decoded *readings)
{
	memset(out, 0, sizeof(*out));
	out->profile.readings = readings;
	out->profile.battery_percent = -1;
	readings->count = 0;
	readings->overflow = false;
}

static struct profile_call call_of(struct session *s, struct session_slot *slot,
	const struct decode_time *now, struct session_result *out)
{
	out->row = slot->row;
	return (struct profile_call){ .state = slot->state,
		.device = s->device,
		.now = *now,
		.id = slot->id,
		.instance = slot->instance,
		.deadline_us = &slot->deadline_us,
		.out = &out->profile };
}

static const struct session_attribute *attribute_of(
	const struct session *s, const struct session_slot *slot, uint16_t characteristic)
{
	for (size_t i = 0; i < s->attribute_count; i++)
		if (s->attributes[i].service_handle == slot->service_handle &&
			s->attributes[i].characteristic == characteristic)
			return &s->attributes[i];
	return NULL;
}

static void enqueue(struct session *s, size_t slot, const struct profile_request *r)
{
	const struct session_attribute *a = attribute_of(s, &s->slots[slot], r->characteristic);
	struct session_step *step;
	uint8_t wanted = r->kind == PROFILE_WRITE ? ATTRIBUTE_WRITE : ATTRIBUTE_READ;

	if (!a || !(a->properties & wanted) || s->queued == SESSION_WRITES_MAX)
		return;
	step = &s->queue[s->queued++];
	*step = (struct session_step){ .slot = (uint8_t)slot, .again = true };
	step->action.kind = r->kind == PROFILE_WRITE ? SESSION_WRITE : SESSION_READ;
	step->action.handle = a->handle;
	step->action.length = r->length;
	memcpy(step->action.bytes, r->bytes, r->length);
}

/* After a call: what it asked for is queued, what it wants to know gets a token. */
static int after_call(struct session *s, size_t slot, struct session_result *out, int r)
{
	for (size_t i = 0; i < out->profile.request_count; i++)
		enqueue(s, slot, &out->profile.requests[i]);
	if (out->profile.ask_safe)
		out->token = (uint64_t)slot << 32 | out->profile.cookie;
	return r;
}

/* ---- beginning ---- */

static bool has_slot(const struct session *s, uint16_t service_handle)
{
	for (size_t i = 0; i < s->slot_count; i++)
		if (s->slots[i].service_handle == service_handle)
			return true;
	return false;
}

static void add_slots(struct session *s, unsigned id, const struct ble_profile *row)
{
	uint8_t instance = 0;

	for (size_t i = 0; i < s->attribute_count; i++) {
		const struct session_attribute *a = &s->attributes[i];

		if (a->service != row->service || has_slot(s, a->service_handle))
			continue;
		if (s->slot_count == SESSION_PROFILES_MAX)
			return;
		s->slots[s->slot_count++] = (struct session_slot){ .row = row,
			.id = (uint8_t)id,
			.instance = instance++,
			.service_handle = a->service_handle,
			.deadline_us = PROFILE_NEVER };
	}
}

static bool wanted(uint16_t service)
{
	for (unsigned id = 0; id < _PROFILE_MAX; id++)
		if (profile_row(id)->service == service)
			return true;
	return false;
}

size_t session_begin(struct session *s, struct profile_device *d,
	const struct session_attribute *attributes, size_t count)
{
	memset(s, 0, sizeof(*s));
	s->device = d;
	d->clock = (struct device_clock){ 0 };
	for (size_t i = 0; i < count && s->attribute_count < SESSION_ATTRIBUTES_MAX; i++)
		if (wanted(attributes[i].service))
			s->attributes[s->attribute_count++] = attributes[i];
	for (unsigned id = 0; id < _PROFILE_MAX; id++)
		add_slots(s, id, profile_row(id));
	return s->slot_count;
}

/* Of the characteristic under way, the next attribute that there is something to do with. */
static bool next_attribute(
	struct session *s, const struct session_slot *slot, struct session_action *ret)
{
	const struct profile_characteristic *row = &slot->row->characteristics[s->at_row];

	for (; s->at_attribute < s->attribute_count;
		s->at_attribute++, s->at_subscription = false) {
		const struct session_attribute *a = &s->attributes[s->at_attribute];

		if (a->service_handle != slot->service_handle || a->characteristic != row->uuid)
			continue;
		*ret = (struct session_action){ .handle = a->handle };
		if (!s->at_subscription) {
			s->at_subscription = true;
			if (row->use & PROFILE_USE_READ && a->properties & ATTRIBUTE_READ)
				return true;
		}
		if (row->use & PROFILE_USE_SUBSCRIBE &&
			a->properties & (ATTRIBUTE_NOTIFY | ATTRIBUTE_INDICATE)) {
			ret->kind = a->properties & ATTRIBUTE_INDICATE ? SESSION_INDICATE
								       : SESSION_NOTIFY;
			s->at_attribute++;
			s->at_subscription = false;
			return true;
		}
	}
	return false;
}

static void next_slot(struct session *s)
{
	s->at_slot++;
	s->at_row = s->at_attribute = 0;
	s->at_subscription = false;
}

static void give_up(struct session *s, struct session_slot *slot, enum profile_note note,
	struct session_result *out)
{
	slot->given_up = true;
	slot->deadline_us = PROFILE_NEVER;
	out->row = slot->row;
	out->profile.note = (uint8_t)note;
	if (s->at_slot < s->slot_count && &s->slots[s->at_slot] == slot)
		next_slot(s);
}

static bool lacks(const struct session *s, const struct session_slot *slot)
{
	for (size_t i = 0; i < slot->row->characteristic_count; i++) {
		const struct profile_characteristic *row = &slot->row->characteristics[i];

		if (row->use & PROFILE_USE_NEEDED && !attribute_of(s, slot, row->uuid))
			return true;
	}
	return false;
}

/* The next step of the beginning; false when there is none, or the profiles want to be heard
 * first. */
static bool next_step(struct session *s, const struct decode_time *now, struct session_action *ret,
	struct session_result *out)
{
	while (s->at_slot < s->slot_count) {
		size_t index = s->at_slot;
		struct session_slot *slot = &s->slots[index];
		struct profile_call c;

		if (s->at_row == 0 && s->at_attribute == 0 && !s->at_subscription &&
			lacks(s, slot)) {
			give_up(s, slot, PROFILE_NOTE_MISSING, out);
			continue;
		}
		for (; s->at_row < slot->row->characteristic_count;
			s->at_row++, s->at_attribute = 0, s->at_subscription = false)
			if (next_attribute(s, slot, ret)) {
				s->current = (struct session_step){ .slot = (uint8_t)index,
					.action = *ret };
				return true;
			}
		next_slot(s);
		if (!slot->row->ready)
			continue;
		c = call_of(s, slot, now, out);
		(void)after_call(s, index, out, slot->row->ready(&c));
		return false; /* its requests and its note come first */
	}
	return false;
}

bool session_next(struct session *s, const struct decode_time *now, struct decoded *readings,
	struct session_action *ret, struct session_result *out)
{
	size_t before;

	clear(out, readings);
	if (s->busy)
		return false;
	do {
		if (s->queued > 0) {
			s->current = s->queue[0];
			s->queued--;
			memmove(s->queue, s->queue + 1, s->queued * sizeof(s->queue[0]));
			*ret = s->current.action;
			s->busy = true;
			return true;
		}
		before = s->at_slot;
		s->busy = next_step(s, now, ret, out);
		if (s->busy)
			return true;
		/* a note is told before anything else is done */
	} while ((s->at_slot != before && out->profile.note == 0) || s->queued > 0);
	return false;
}

/* ---- what comes ---- */

static const struct session_attribute *attribute_at(const struct session *s, uint16_t handle)
{
	for (size_t i = 0; i < s->attribute_count; i++)
		if (s->attributes[i].handle == handle)
			return &s->attributes[i];
	return NULL;
}

/* Which one it is of the device's characteristics of that UUID. */
static uint8_t instance_of(const struct session *s, const struct session_attribute *of)
{
	uint8_t n = 0;

	for (const struct session_attribute *a = s->attributes; a != of; a++)
		n += a->characteristic == of->characteristic;
	return n;
}

static int hand_over(struct session *s, size_t index, const struct session_attribute *a,
	enum profile_how how, const uint8_t *bytes, size_t length, const struct decode_time *now,
	struct session_result *out)
{
	struct session_slot *slot = &s->slots[index];
	struct profile_call c = call_of(s, slot, now, out);
	const struct profile_value v = { .characteristic = a->characteristic,
		.how = (uint8_t)how,
		.instance = instance_of(s, a),
		.bytes = bytes,
		.length = length };

	return after_call(s, index, out, slot->row->heard(&c, &v));
}

static const struct profile_characteristic *row_of(
	const struct session_slot *slot, uint16_t characteristic)
{
	for (size_t i = 0; i < slot->row->characteristic_count; i++)
		if (slot->row->characteristics[i].uuid == characteristic)
			return &slot->row->characteristics[i];
	return NULL;
}

int session_done(struct session *s, uint8_t att_error, const uint8_t *bytes, size_t length,
	const struct decode_time *now, struct decoded *readings, struct session_result *out)
{
	const struct session_step step = s->current;
	const struct session_attribute *a;
	struct session_slot *slot = &s->slots[step.slot];
	const struct profile_characteristic *row;

	clear(out, readings);
	a = s->busy ? attribute_at(s, step.action.handle) : NULL;
	s->busy = false;
	if (!a)
		return PROFILE_E_UNKNOWN;
	if (step.action.kind == SESSION_WRITE) {
		struct profile_call c = call_of(s, slot, now, out);

		if (!slot->row->wrote || slot->given_up)
			return PROFILE_E_UNKNOWN;
		return after_call(
			s, step.slot, out, slot->row->wrote(&c, a->characteristic, att_error));
	}
	if (att_error != 0) {
		row = row_of(slot, a->characteristic);
		if (!step.again && row && row->use & PROFILE_USE_NEEDED && !slot->given_up)
			give_up(s, slot, PROFILE_NOTE_REFUSED, out);
		return 0;
	}
	if (step.action.kind != SESSION_READ || slot->given_up)
		return 0;
	return hand_over(s, step.slot, a, PROFILE_VALUE_READ, bytes, length, now, out);
}

int session_heard(struct session *s, uint16_t handle, bool indicated, const uint8_t *bytes,
	size_t length, const struct decode_time *now, struct decoded *readings,
	struct session_result *out)
{
	const struct session_attribute *a = attribute_at(s, handle);

	clear(out, readings);
	for (size_t i = 0; a && i < s->slot_count; i++)
		if (s->slots[i].service_handle == a->service_handle && !s->slots[i].given_up)
			return hand_over(s, i, a,
				indicated ? PROFILE_VALUE_INDICATED : PROFILE_VALUE_NOTIFIED, bytes,
				length, now, out);
	return PROFILE_E_UNKNOWN;
}

int session_safe(struct session *s, uint64_t token, bool is_safe, const struct decode_time *now,
	struct decoded *readings, struct session_result *out)
{
	size_t index = (size_t)(token >> 32);
	struct profile_call c;

	clear(out, readings);
	if (index >= s->slot_count || !s->slots[index].row->safe || s->slots[index].given_up)
		return PROFILE_E_UNKNOWN;
	c = call_of(s, &s->slots[index], now, out);
	return after_call(s, index, out, s->slots[index].row->safe(&c, (uint32_t)token, is_safe));
}

/* ---- time ---- */

static size_t first_due(const struct session *s)
{
	size_t first = 0;

	for (size_t i = 1; i < s->slot_count; i++)
		if (s->slots[i].deadline_us < s->slots[first].deadline_us)
			first = i;
	return first;
}

int64_t session_deadline(const struct session *s)
{
	return s->slot_count > 0 ? s->slots[first_due(s)].deadline_us : PROFILE_NEVER;
}

int session_tick(struct session *s, const struct decode_time *now, struct decoded *readings,
	struct session_result *out)
{
	size_t index = first_due(s);
	struct session_slot *slot = &s->slots[index];
	struct profile_call c;

	clear(out, readings);
	if (s->slot_count == 0 || slot->deadline_us > now->boot_us)
		return 0;
	slot->deadline_us = PROFILE_NEVER; /* unless it sets another */
	c = call_of(s, slot, now, out);
	return after_call(s, index, out, slot->row->tick ? slot->row->tick(&c) : 0);
}
