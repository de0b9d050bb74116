/*
 * A driver that pairs, and does what a test wants of it.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "wardgate/device.h"
#include "wardgate/pairing.h"

struct radio {
	bool there;
	int begin; /* what begin() returns */
	unsigned begun, cancelled;
	char device[LABEL_MAX + 1], address[DEVICE_ADDRESS_MAX + 1];
	int64_t until_us, look_until_us;
	struct pairing_events events;
	char answered[32]; /* "yes 123456" */
	bool ends_at_once; /* answer() ends it from within, with result */
	struct pairing_result result;
	struct pairing_bond bond;
	struct pairing_link link;
	char unpaired[LABEL_MAX + 1];
	bool unpair_waits;
	int unpair;
	pairing_unpaired_fn unpair_done;
	void *unpair_userdata;
};

static inline int radio_begin(void *state, struct device *d, const char *address, int64_t until_us,
	const struct pairing_events *events)
{
	struct radio *r = state;

	if (r->begin < 0)
		return r->begin;
	r->begun++;
	snprintf(r->device, sizeof(r->device), "%s", d->name->text);
	snprintf(r->address, sizeof(r->address), "%s", address ?: "-");
	r->until_us = until_us;
	r->events = *events;
	return 0;
}

static inline void radio_ends(struct radio *r, enum pairing_outcome o)
{
	struct pairing_events e = r->events;

	r->result.outcome = o;
	r->events = (struct pairing_events){ 0 };
	e.ends(&r->result, e.userdata);
}

static inline void radio_asks(struct radio *r, enum pairing_question q, uint32_t number)
{
	r->events.asks(q, number, r->events.userdata);
}

static inline void radio_answer(void *state, bool yes, uint32_t number)
{
	struct radio *r = state;

	snprintf(r->answered, sizeof(r->answered), "%s %06u", yes ? "yes" : "no", number);
	if (r->ends_at_once)
		radio_ends(r, r->result.outcome);
}

static inline void radio_cancel(void *state)
{
	struct radio *r = state;

	r->cancelled++;
	r->events = (struct pairing_events){ 0 };
}

static inline void radio_unpair(
	void *state, struct device *d, pairing_unpaired_fn done, void *userdata)
{
	struct radio *r = state;

	snprintf(r->unpaired, sizeof(r->unpaired), "%s", d->name->text);
	r->unpair_done = done;
	r->unpair_userdata = userdata;
	if (!r->unpair_waits && done)
		done(r->unpair, userdata);
}

static inline void radio_bond(void *state, const struct device *d, struct pairing_bond *ret)
{
	*ret = ((struct radio *)state)->bond;
}

static inline void radio_link(void *state, const struct device *d, struct pairing_link *ret)
{
	*ret = ((struct radio *)state)->link;
}

static const struct pairing radio_pairing = { radio_begin, radio_answer, radio_cancel, radio_unpair,
	radio_bond, radio_link };

static inline const struct pairing *on_pairing(void **ret_state, void *userdata)
{
	struct radio *r = userdata;

	*ret_state = r;
	return r->there ? &radio_pairing : NULL;
}

static inline void on_look(int64_t until_us, void *userdata)
{
	((struct radio *)userdata)->look_until_us = until_us;
}
