/*
 * See ledger_disk.h. One batch is with the thread at a time. What was asked of
 * it stays here until its result, and is asked again if it failed.
 */
#include "outbox/ledger_disk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "outbox/ledger_private.h"
#include "outbox/rowform.h"

#define RETRY_US (1 * INT64_C(1000000))
#define CHECK_US (10 * INT64_C(1000000)) /* how often limits are looked at when nothing happens */
#define HANGS_US (5 * INT64_C(1000000))  /* what takes the thread longer is not waited for */
#define OPEN_PATIENCE_US (1 * INT64_C(1000000))

static void arm(struct ledger_disk *d, int64_t delay_us)
{
	d->armed = true;
	(void)sd_event_source_set_time(d->tick, (uint64_t)(boottime_us() + delay_us));
	(void)sd_event_source_set_enabled(d->tick, SD_EVENT_ONESHOT);
}

static void on_attention(void *userdata)
{
	struct ledger_disk *d = userdata;

	ledger_disk_pump(d);
	ledger_disk_arm(d);
}

/* At a stop there is no half interval to wait. */
void ledger_disk_arm(struct ledger_disk *d)
{
	if (!d->armed)
		arm(d, d->hurry ? 0 : d->half_us);
}

static void on_over(int64_t position, bool on_disk, int64_t owed, void *userdata)
{
	struct ledger_disk *d = userdata;
	int r = 0;

	if (on_disk)
		r = pending_gone(&d->pending, to_disk(d, position));
	if (r == 0 && owed)
		r = pending_settled(&d->pending, owed);
	/* Then it comes again, under its id. */
	if (r < 0)
		log_error("no memory to note what is to be deleted", F_ERR(r));
	ledger_disk_arm(d);
	ledger_disk_pump(d);
}

static void on_retried(int64_t position, void *userdata)
{
	struct ledger_disk *d = userdata;

	/* Else it is set aside again after a restart. */
	if (pending_retried(&d->pending, to_disk(d, position)) < 0)
		log_error("no memory to note what is not set aside any more");
	ledger_disk_arm(d);
}

/* --- batches --- */

static int add_entry(struct ledger_disk *d, struct outbox_entry *e)
{
	const struct message *m = outbox_entry_message(e);
	int64_t id = to_disk(d, outbox_entry_position(e));
	struct batch *b = &d->batch;
	int r;

	if (m->kind == MESSAGE_READING) {
		r = row_from_reading(&b->rows[b->row_count], d->names, &m->reading);
		if (r == 0)
			b->rows[b->row_count++].id = id;
	} else {
		r = row_from_event(&b->events[b->event_count], d->names, m);
		if (r == 0)
			b->events[b->event_count++].id = id;
	}
	if (r == 0 && outbox_entry_owed(e))
		r = pending_settled(&d->pending, outbox_entry_owed(e));
	return r;
}

/* What the outbox wants written. */
static int gather(struct ledger_disk *d)
{
	int64_t before = d->hurry ? INT64_MAX : boottime_us() - d->half_us;
	struct batch *b = &d->batch;
	int64_t now_ms = realtime_us() / 1000;
	size_t n;
	int r = batch_room(b);

	if (r < 0)
		return r;
	n = outbox_write(d->outbox, before, b->entries, BATCH_MAX);
	for (size_t i = 0; i < n && r == 0; i++)
		r = add_entry(d, b->entries[i]);
	if (r < 0)
		return r;
	/* First, since what was retried may be set aside again. */
	b->aside_count = pending_take_retried(&d->pending, b->asides, BATCH_ASIDES_MAX);
	n = outbox_asides(d->outbox, b->entries, BATCH_ASIDES_MAX - b->aside_count);
	for (size_t i = 0; i < n; i++)
		b->asides[b->aside_count++] = (struct store_aside){
			.id = to_disk(d, outbox_entry_position(b->entries[i])),
			.since_ms = now_ms,
			.tries = outbox_entry_tries(b->entries[i]),
			.reason = outbox_entry_reason(b->entries[i]),
		};
	return 0;
}

static void want_back(struct ledger_disk *d, struct store_batch *s)
{
	int64_t from;

	s->events_wanted = outbox_wants(d->outbox, OUTBOX_EVENTS, &from);
	if (s->events_wanted)
		s->events_from = to_disk(d, from);
	s->rows_wanted = outbox_wants(d->outbox, OUTBOX_READINGS, &from);
	if (s->rows_wanted)
		s->rows_from = to_disk(d, from);
}

static void tell_audited(struct ledger_disk *d, int error, int64_t owed)
{
	if (d->batch.audit_count > 0 && d->hooks.audited)
		d->hooks.audited(error, owed, d->hooks.userdata);
}

static void give_up(struct ledger_disk *d, int error)
{
	outbox_written(d->outbox, false);
	outbox_asides_failed(d->outbox);
	pending_return(&d->pending);
	tell_audited(d, error, 0);
	batch_done(&d->batch);
	log_error("nothing can be given to the store thread", F_ERR(error));
	arm(d, RETRY_US);
}

void ledger_disk_submit(struct ledger_disk *d, bool write)
{
	struct store_batch s = { 0 };
	struct batch *b = &d->batch;
	ssize_t n;
	int r = 0;

	if (b->busy || !d->opened)
		return;
	/* From here on: what the hooks below set off asks for a batch, too. */
	b->busy = true;
	b->since_us = boottime_us();
	want_back(d, &s);
	if (write) {
		r = gather(d);
		if (r == 0)
			r = pending_take(&d->pending);
		if (r == 0 && d->hooks.audits)
			b->audit_count =
				d->hooks.audits(b->audits, BATCH_AUDITS_MAX, d->hooks.userdata);
	}
	if (r == 0 && (b->row_count || b->event_count) && !d->own_epoch_told)
		s.own_epoch = names_of_epoch(d->names, NULL);
	b->names_next = names_next(d->names);
	n = r == 0 ? names_unsaved(d->names, &b->names) : r;
	if (n < 0) {
		give_up(d, (int)n);
		return;
	}
	s.names = b->names;
	s.name_count = (size_t)n;
	s.rows = b->rows;
	s.row_count = b->row_count;
	s.events = b->events;
	s.event_count = b->event_count;
	s.asides = b->asides;
	s.aside_count = b->aside_count;
	s.deletes = d->pending.ranges;
	s.delete_count = d->pending.range_count;
	s.audits = b->audits;
	s.audit_count = b->audit_count;
	s.settled = d->pending.settled;
	s.settled_count = d->pending.settled_taken_count;
	if (!s.row_count && !s.event_count && !s.aside_count && !s.delete_count &&
		!s.settled_count && !s.audit_count && !s.rows_wanted && !s.events_wanted &&
		!d->pending.check) {
		batch_done(b);
		return;
	}
	d->pending.check = false;
	d->own_epoch_told |= s.own_epoch != 0;
	b->rows_wanted = s.rows_wanted;
	b->events_wanted = s.events_wanted;
	b->wrote = write;
	b->own_epoch = s.own_epoch;
	store_submit(d->store, &s);
	/* The answer says when the batch's turn came, if others were first. */
	store_ping(d->store);
}

/* With a disk that hangs, what is in memory does not wait for what cannot be read. */
static void judge_delay(struct ledger_disk *d)
{
	struct ledger ledger = outbox_ledger(d->outbox);
	int64_t since_us = store_answered_us(d->store);

	/* Without a batch it is not open, and says itself when it is. */
	if (!d->batch.busy)
		return;
	if (since_us < d->batch.since_us)
		since_us = d->batch.since_us;
	if (boottime_us() < since_us + HANGS_US) {
		ledger_disk_arm(d);
		return;
	}
	outbox_unreadable(d->outbox);
	ledger.flush(ledger.object);
}

static int on_tick(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct ledger_disk *d = userdata;

	d->armed = false;
	if (d->batch.busy || !d->opened) {
		d->pending.tick = true;
		judge_delay(d);
		return 0;
	}
	ledger_disk_submit(d, true);
	if (outbox_lacking(d->outbox) || pending_any(&d->pending))
		ledger_disk_arm(d);
	return 0;
}

static int on_check(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct ledger_disk *d = userdata;

	d->pending.check = true;
	ledger_disk_submit(d, false);
	(void)sd_event_source_set_time_relative(source, CHECK_US);
	(void)sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	return 0;
}

/* --- results --- */

static void on_done(const struct store_result *result, void *userdata)
{
	struct ledger_disk *d = userdata;
	struct batch *b = &d->batch;
	struct ledger ledger = outbox_ledger(d->outbox);
	bool failed = result->error < 0;

	/* It is busy until batch_done(): what follows from the result may ask for another one. */
	if (failed && b->own_epoch)
		d->own_epoch_told = false;
	if (result->own_owed)
		d->own_owed = result->own_owed;
	/* First what came, since what was just written may be among it. */
	ledger_back_loaded(d, result);
	if (b->wrote) {
		outbox_set_now(d->outbox, boottime_us());
		outbox_written(d->outbox, !failed);
		if (failed) {
			outbox_asides_failed(d->outbox);
			pending_return(&d->pending);
		} else {
			pending_forget(&d->pending);
		}
	}
	if (!failed)
		names_saved(d->names, b->names_next);
	tell_audited(d, result->error, result->audit_owed);
	batch_done(b);
	if (failed) {
		arm(d, RETRY_US);
		/* What waited for the disk does so no longer. */
		ledger.flush(ledger.object);
		return;
	}
	if (d->pending.tick || d->hurry) {
		d->pending.tick = false;
		ledger_disk_submit(d, true);
	} else {
		ledger_disk_submit(d, false);
	}
	if (outbox_lacking(d->outbox) || pending_any(&d->pending))
		ledger_disk_arm(d);
	ledger_disk_note(d);
	/* Send what came. */
	ledger.flush(ledger.object);
}

void ledger_disk_note(struct ledger_disk *d)
{
	struct store_figures f = store_figures(d->store);
	uint64_t rows = f.readings + f.events;
	uint64_t both = outbox_counters(d->outbox).stored + pending_count(&d->pending);

	outbox_note_waiting(d->outbox, rows > both ? rows - both : 0);
}

void ledger_disk_become_ready(struct ledger_disk *d)
{
	if (d->ready)
		return;
	d->ready = true;
	(void)sd_event_source_set_enabled(d->patience, SD_EVENT_OFF);
	if (d->hooks.ready)
		d->hooks.ready(d->hooks.userdata);
}

static int on_patience(sd_event_source *source, uint64_t usec, void *userdata)
{
	ledger_disk_become_ready(userdata);
	return 0;
}

static void on_saved(enum store_file file, int result, void *userdata)
{
	struct ledger_disk *d = userdata;

	if (d->hooks.saved)
		d->hooks.saved(file, result, d->hooks.userdata);
}

/* --- life --- */

static int add_timer(struct ledger_disk *d, sd_event *e, sd_event_source **ret,
	sd_event_time_handler_t fn, const char *what)
{
	int r = sd_event_add_time(e, ret, CLOCK_BOOTTIME, 0, 5000, fn, d);

	if (r < 0)
		return r;
	(void)sd_event_source_set_description(*ret, what);
	return sd_event_source_set_enabled(*ret, SD_EVENT_OFF);
}

int ledger_disk_new(struct ledger_disk **ret, sd_event *e, struct outbox *o, const char *directory,
	const char *epoch, const struct store_limits *limits, int64_t commit_interval_us,
	const struct ledger_disk_hooks *hooks, int *ret_holder)
{
	struct ledger_disk *d = calloc(1, sizeof(*d));
	struct store_hooks store_hooks = {
		.saved = on_saved,
		.opened = ledger_back_opened,
		.done = on_done,
		.keys = ledger_back_keys,
		.dropped = ledger_back_dropped,
		.salvaged = ledger_back_salvaged,
		.scanned = ledger_back_scanned,
		.changed = ledger_back_changed,
		.userdata = d,
	};
	int r;

	if (!d)
		return -ENOMEM;
	d->outbox = o;
	d->hooks = *hooks;
	d->half_us = commit_interval_us / 2;
	r = names_new(&d->names, epoch);
	if (r >= 0)
		r = add_timer(d, e, &d->tick, on_tick, "ledger");
	if (r >= 0)
		r = add_timer(d, e, &d->check, on_check, "ledger limits");
	if (r >= 0)
		r = add_timer(d, e, &d->patience, on_patience, "ledger opening");
	if (r >= 0)
		r = store_new(&d->store, e, directory, limits, &store_hooks, ret_holder);
	if (r < 0) {
		(void)ledger_disk_free(d, 0);
		return r;
	}
	outbox_set_attention(o, on_attention, d);
	outbox_set_over(o, on_over, d);
	outbox_set_retried(o, on_retried, d);
	(void)sd_event_source_set_time_relative(d->check, CHECK_US);
	(void)sd_event_source_set_enabled(d->check, SD_EVENT_ONESHOT);
	(void)sd_event_source_set_time_relative(d->patience, OPEN_PATIENCE_US);
	(void)sd_event_source_set_enabled(d->patience, SD_EVENT_ONESHOT);
	*ret = d;
	return 0;
}

struct ledger_disk *ledger_disk_free(struct ledger_disk *d, int64_t until_us)
{
	if (!d)
		return NULL;
	outbox_set_attention(d->outbox, NULL, NULL);
	outbox_set_over(d->outbox, NULL, NULL);
	outbox_set_retried(d->outbox, NULL, NULL);
	(void)store_free(d->store, until_us);
	sd_event_source_disable_unref(d->tick);
	sd_event_source_disable_unref(d->check);
	sd_event_source_disable_unref(d->patience);
	/* A thread that hangs still has it. */
	if (!d->batch.busy)
		batch_free(&d->batch);
	pending_free(&d->pending);
	names_free(d->names);
	free(d->epochs);
	free(d);
	return NULL;
}

void ledger_disk_adjust(
	struct ledger_disk *d, const struct store_limits *limits, int64_t commit_interval_us)
{
	d->half_us = commit_interval_us / 2;
	store_set_limits(d->store, limits);
}

void ledger_disk_pump(struct ledger_disk *d)
{
	int64_t from;

	if (d->batch.busy || !d->opened)
		return;
	if (outbox_wants(d->outbox, OUTBOX_EVENTS, &from) ||
		outbox_wants(d->outbox, OUTBOX_READINGS, &from))
		ledger_disk_submit(d, false);
}

void ledger_disk_audit(struct ledger_disk *d)
{
	/* With a batch under way, the tick comes again at its end. */
	arm(d, 0);
}

void ledger_disk_hurry(struct ledger_disk *d)
{
	d->hurry = true;
	arm(d, 0);
}

int64_t ledger_disk_own_owed(const struct ledger_disk *d)
{
	return d->own_owed;
}

bool ledger_disk_owes_epoch(const struct ledger_disk *d, const char *epoch)
{
	for (size_t i = 0; i < d->epoch_count; i++) {
		const struct label *l = names_label(d->names, d->epochs[i].epoch);

		if (l && strcmp(l->text, epoch) == 0)
			return true;
	}
	return false;
}

void ledger_disk_settle(struct ledger_disk *d, int64_t owed)
{
	(void)pending_settled(&d->pending, owed);
	ledger_disk_arm(d);
}

bool ledger_disk_idle(const struct ledger_disk *d)
{
	return !d->batch.busy && !pending_any(&d->pending) && !outbox_lacking(d->outbox);
}

struct store *ledger_disk_store(struct ledger_disk *d)
{
	return d->store;
}
