/*
 * What comes back from the store: readings that waited, what earlier runs left,
 * what was dropped, how the disk does. See ledger_disk.h.
 */
#include <stdio.h>
#include <string.h>

#include "outbox/ledger_private.h"
#include "outbox/rowform.h"

static void tell_gap(struct ledger_disk *d, const struct store_owed *owed)
{
	const struct label *epoch = names_label(d->names, owed->epoch);
	struct gap gap = {
		.epoch = epoch ? epoch->text : NULL,
		.first = owed->first,
		.last = owed->last,
		.count = owed->count,
		.reason = owed->reason,
		.owed = owed->id,
	};

	if (epoch && d->hooks.gap)
		d->hooks.gap(&gap, d->hooks.userdata);
}

/* A row that this version does not understand: it is of no use to anybody, and says so. */
static void give_up_row(struct ledger_disk *d, int64_t id, uint32_t epoch, uint64_t sequence)
{
	struct store_owed owed = { .epoch = epoch,
		.first = sequence,
		.last = sequence,
		.count = 1,
		.reason = "not-understood" };

	log_error("a stored message is of a kind that this version does not know",
		F_INT("SEQUENCE", sequence));
	(void)pending_gone(&d->pending, id);
	tell_gap(d, &owed);
}

/* Hands a message to the outbox. Returns false when there is no memory for it. */
static bool take_in(
	struct ledger_disk *d, int64_t id, struct message *m, unsigned tries, uint8_t reason_code)
{
	int r = 0;

	if (!pending_is_gone(&d->pending, id))
		r = outbox_load(d->outbox, from_disk(d, id), m, tries, reason_code);
	/* The other copy is given to the disk in its own place. */
	if (r == OUTBOX_TWICE)
		(void)pending_gone(&d->pending, id);
	if (r != 1)
		message_release(m);
	return r >= 0;
}

static bool take_row(
	struct ledger_disk *d, const struct store_row *row, unsigned tries, uint8_t reason_code)
{
	struct message m;

	if (row_to_message(&m, d->names, row) < 0) {
		give_up_row(d, row->id, row->epoch, row->sequence);
		return true;
	}
	return take_in(d, row->id, &m, tries, reason_code);
}

static bool take_event(
	struct ledger_disk *d, struct store_event *event, unsigned tries, uint8_t reason_code)
{
	struct message m;

	if (row_to_event_message(&m, d->names, event) < 0) {
		give_up_row(d, event->id, event->epoch, event->sequence);
		return true;
	}
	return take_in(d, event->id, &m, tries, reason_code);
}

void ledger_back_loaded(struct ledger_disk *d, const struct store_result *result)
{
	const struct store_row *last_row = NULL;
	const struct store_event *last_event = NULL;
	size_t i;

	/* A disk that hung before, with or without a broker, does not any more. */
	if (result->loaded)
		outbox_readable(d->outbox);
	else if (d->batch.rows_wanted || d->batch.events_wanted)
		outbox_unreadable(d->outbox);
	/* With nobody to send it to, it may as well stay where it is. */
	if (!result->loaded || !outbox_counters(d->outbox).connected)
		return;
	for (i = 0; i < result->event_count; i++) {
		if (!take_event(d, &result->events[i], 0, 0))
			break;
		last_event = &result->events[i];
	}
	if (d->batch.events_wanted)
		outbox_loaded(d->outbox, OUTBOX_EVENTS,
			last_event ? from_disk(d, last_event->id) : 0,
			result->events_end && i == result->event_count);
	for (i = 0; i < result->row_count; i++) {
		if (!take_row(d, &result->rows[i], 0, 0))
			break;
		last_row = &result->rows[i];
	}
	if (d->batch.rows_wanted)
		outbox_loaded(d->outbox, OUTBOX_READINGS, last_row ? from_disk(d, last_row->id) : 0,
			result->rows_end && i == result->row_count);
}

static const struct store_row *row_of(const struct store_opened *o, int64_t id)
{
	for (size_t i = 0; i < o->aside_row_count; i++)
		if (o->aside_rows[i].id == id)
			return &o->aside_rows[i];
	return NULL;
}

static void take_asides(struct ledger_disk *d, const struct store_opened *o)
{
	for (size_t i = 0; i < o->aside_count; i++) {
		const struct store_aside *a = &o->asides[i];
		const struct store_row *row = row_of(o, a->id);
		uint8_t reason = a->reason ? a->reason : 0x80;

		if (row) {
			(void)take_row(d, row, a->tries, reason);
			continue;
		}
		for (size_t k = 0; k < o->aside_event_count; k++)
			if (o->aside_events[k].id == a->id)
				(void)take_event(d, &o->aside_events[k], a->tries, reason);
	}
}

static void take_owed(struct ledger_disk *d, const struct store_opened *o)
{
	d->epochs = calloc(o->owed_count ? o->owed_count : 1, sizeof(*d->epochs));
	for (size_t i = 0; i < o->owed_count; i++) {
		const struct store_owed *owed = &o->owed[i];

		if (owed->kind == OWED_GAP) {
			tell_gap(d, owed);
		} else if (owed->kind == OWED_EPOCH && d->epochs &&
			   store_scan(d->store, owed->epoch) == 0) {
			d->epochs[d->epoch_count++] = *owed;
		}
	}
}

void ledger_back_keys(const struct store_key *keys, size_t count, void *userdata)
{
	struct ledger_disk *d = userdata;

	for (size_t i = 0; i < count; i++) {
		const struct label *device = names_label(d->names, keys[i].device);
		const struct label *epoch = names_label(d->names, keys[i].epoch);

		if (device && epoch && d->hooks.known)
			d->hooks.known(device->text, keys[i].source_key, epoch->text,
				keys[i].sequence, d->hooks.userdata);
	}
}

/* The first opening of this run: what earlier runs left. */
static void take_over(struct ledger_disk *d, const struct store_opened *o)
{
	struct store_figures figures = store_figures(d->store);
	int r = names_learn(d->names, o->names, o->name_count);

	if (r < 0)
		log_error("names of the database cannot be read", F_ERR(r));
	d->base = o->last + 1; /* of the first message of this run */
	take_asides(d, o);
	take_owed(d, o);
	ledger_back_keys(o->keys, o->key_count, d);
	if (figures.readings)
		outbox_on_disk(d->outbox, OUTBOX_READINGS, from_disk(d, 1));
	if (figures.events)
		outbox_on_disk(d->outbox, OUTBOX_EVENTS, from_disk(d, 1));
	if (figures.readings || figures.events)
		log_info("messages of earlier runs wait on the disk",
			F_INT("READINGS", figures.readings), F_INT("EVENTS", figures.events));
}

void ledger_back_opened(const struct store_opened *opened, void *userdata)
{
	struct ledger_disk *d = userdata;

	if (!d->was_opened) {
		take_over(d, opened);
		if (d->hooks.opened)
			d->hooks.opened(d->hooks.userdata);
	} else if (opened->fresh) {
		names_forget_saved(d->names);
		outbox_forget_stored(d->outbox);
		d->own_owed = 0;
		d->own_epoch_told = false;
	}
	d->opened = d->was_opened = true;
	if (d->hooks.chain)
		d->hooks.chain(
			&opened->chain, opened->audits, opened->audit_count, d->hooks.userdata);
	ledger_disk_note(d);
	ledger_disk_become_ready(d);
	ledger_disk_submit(d, true);
	if (outbox_lacking(d->outbox))
		ledger_disk_arm(d);
}

void ledger_back_dropped(const struct store_owed *owed, size_t count, void *userdata)
{
	struct ledger_disk *d = userdata;

	for (size_t i = 0; i < count; i++)
		tell_gap(d, &owed[i]);
}

void ledger_back_salvaged(int64_t from, uint64_t readings, uint64_t events, void *userdata)
{
	struct ledger_disk *d = userdata;

	if (readings)
		outbox_on_disk(d->outbox, OUTBOX_READINGS, from_disk(d, from));
	if (events)
		outbox_on_disk(d->outbox, OUTBOX_EVENTS, from_disk(d, from));
	ledger_disk_pump(d);
}

void ledger_back_scanned(
	uint32_t epoch, const struct store_range *ranges, size_t count, bool last, void *userdata)
{
	struct ledger_disk *d = userdata;
	const struct label *text = names_label(d->names, epoch);
	struct epoch_end told = { .ranges = ranges, .count = count, .more = !last };

	for (size_t i = 0; i < d->epoch_count; i++) {
		if (d->epochs[i].epoch != epoch)
			continue;
		told.owed = last ? d->epochs[i].id : 0;
		if (last)
			d->epochs[i] = d->epochs[--d->epoch_count];
		break;
	}
	if (text && d->hooks.epoch) {
		told.epoch = text->text;
		d->hooks.epoch(&told, d->hooks.userdata);
	}
}

void ledger_back_changed(const struct store_figures *figures, void *userdata)
{
	struct ledger_disk *d = userdata;

	if (strcmp(figures->notice, d->notice) != 0) {
		(void)snprintf(d->notice, sizeof(d->notice), "%s", figures->notice);
		log_error("the database could not be used as it was", F_STR("NOTICE", d->notice));
	}
	if (figures->state == STORE_FAILING) {
		log_error("the store fails; going on from memory",
			F_STR("PROBLEM", figures->problem));
		ledger_disk_become_ready(d);
	} else if (figures->state == STORE_FULL) {
		log_warning("the store is full; the oldest readings give way",
			F_STR("PROBLEM", figures->problem));
	} else if (figures->state == STORE_GOOD && d->troubled) {
		log_notice("the store is well again");
	}
	d->troubled = figures->state == STORE_FAILING || figures->state == STORE_FULL;
	if (d->hooks.changed)
		d->hooks.changed(figures, d->hooks.userdata);
}
