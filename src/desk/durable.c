/*
 * The durable state, against power cuts: what matters for days, and who was ever
 * heard, as one text that the store thread writes. A second after the last
 * writing at the soonest, and only when it changed: quiet times and readings
 * write nothing. And those who wait for it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "desk/private.h"

#define DURABLE_US INT64_C(1000000)
#define AGAIN_US INT64_C(10000000)   /* after a failure */
#define PATIENCE_US INT64_C(5000000) /* with the disk */

/* ---- who was ever heard ---- */

/* Lines of a device's name, what it promised of its pace, and its bed. Returns NULL without
 * memory. */
static char *heard_text(const struct desk *d, size_t *ret_length)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	FOR_EACH_PLACE(d, i, p)
	if (p->kind == PIECE_DEVICE && p->heard)
		fprintf(f, "%s\t%" PRId64 "\t%s\n", p->name, p->hint_us, p->bed);
	if (fclose(f) != 0) {
		free(text);
		return NULL;
	}
	*ret_length = size;
	return text;
}

void desk_keep_heard(struct desk *d)
{
	_cleanup_(freep) char *text = NULL;
	size_t length;

	if (!d->restored)
		return;
	text = heard_text(d, &length);
	if (text && d->journal)
		desk_say_journal(d, journal_write(d->journal, DESK_HEARD, text, length));
	desk_note_change(d);
}

/* ---- the durable state ---- */

static void put_pieces(const struct desk *d, enum alarms_piece kind, FILE *f)
{
	FOR_EACH_PLACE(d, i, p)
	if (p->kind == kind && p->lasting_length > 0)
		(void)fwrite(p->lasting, 1, p->lasting_length, f);
}

/* Returns NULL without memory. */
static char *durable_text(struct desk *d, size_t *ret_length)
{
	_cleanup_(freep) char *heard = NULL, *pieces = NULL, *engine = NULL, *before = NULL;
	struct stamp stamp = clock_now(gateway_clock(d->parts.gateway));
	struct alarm_now now = { stamp.boot_us, stamp.realtime_us };
	size_t heard_length, pieces_length, engine_length, before_length, size = 0;
	char *text = NULL;
	FILE *f = open_memstream(&pieces, &pieces_length);

	if (!f)
		return NULL;
	desk_keep_lasting(d);
	put_pieces(d, PIECE_BED, f);
	put_pieces(d, PIECE_DEVICE, f);
	put_pieces(d, PIECE_GATEWAY, f);
	heard = heard_text(d, &heard_length);
	if (fclose(f) != 0 || !heard ||
		alarms_save_joined(pieces, pieces_length, &now, &engine, &engine_length) < 0)
		return NULL;
	f = open_memstream(&before, &before_length);
	if (!f)
		return NULL;
	(void)fwrite(heard, 1, heard_length, f);
	desk_unsafe_put(d, f);
	if (fclose(f) != 0)
		return NULL;
	f = open_memstream(&text, &size);
	if (!f)
		return NULL;
	fprintf(f,
		DESK_DURABLE_MAGIC "\tversion=1\tboot=%s\tat=%" PRId64 "\tutc=%" PRId64
				   "\tsynchronised=%d\theard=%zu\tevents=%zu\tsum=%016" PRIx64 "\n",
		d->boot, now.boot_us, now.utc_us, stamp.state == CLOCK_SYNCHRONISED, heard_length,
		before_length - heard_length, hash_bytes(&hash_key_fixed, before, before_length));
	(void)fwrite(before, 1, before_length, f);
	(void)fwrite(engine, 1, engine_length, f);
	if (fclose(f) != 0) {
		free(text);
		return NULL;
	}
	*ret_length = size;
	return text;
}

static void arm_keeper(struct desk *d, int64_t at_us)
{
	(void)sd_event_source_set_time(d->keeper, (uint64_t)at_us);
	(void)sd_event_source_set_enabled(d->keeper, SD_EVENT_ONESHOT);
}

/* Those who wait for what is on the disk by now, or for what cannot be brought there, or who have
 * waited until then. */
static void tell_waiters(struct desk *d, uint64_t upto, int64_t until_us, int error)
{
	struct desk_waiter **at = &d->waiters, *due = NULL, **last = &due;

	while (*at) {
		struct desk_waiter *w = *at;

		if (w->wants > upto && w->until_us > until_us) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		w->next = NULL;
		*last = w;
		last = &w->next;
	}
	while (due) {
		struct desk_waiter *w = due;

		due = w->next;
		w->done(error, w->userdata);
		free(w);
	}
}

void desk_keep_give(struct desk *d)
{
	_cleanup_(freep) char *text = NULL;
	size_t length;
	int r = -ENOMEM;

	desk_unsafe_look(d);
	d->given = d->change;
	d->given_us = boottime_us();
	text = durable_text(d, &length);
	d->giving = true;
	if (text)
		r = d->parts.hooks.save(text, length, d->parts.hooks.userdata);
	if (r < 0)
		desk_kept(d, r);
}

void desk_keep_due(struct desk *d)
{
	int64_t at = d->given_us + (d->keep_error ? AGAIN_US : DURABLE_US), now = boottime_us();

	tell_waiters(d, d->kept, 0, 0);
	if (!d->restored || d->giving || d->change == d->kept)
		return;
	if (d->given_us == 0 || at <= now)
		desk_keep_give(d);
	else
		arm_keeper(d, at);
}

int desk_on_keeper(sd_event_source *s, uint64_t usec, void *userdata)
{
	desk_keep_due(userdata);
	return 0;
}

void desk_kept(struct desk *d, int error)
{
	if (!d->giving)
		return;
	d->giving = false;
	if (error < 0 && error != d->keep_error)
		log_error("the state of alarms cannot be written to the disk; it survives a crash "
			  "of the gateway, but no power cut",
			F_ERR(error));
	d->keep_error = error;
	if (error == 0)
		d->kept = d->given;
	tell_waiters(d, d->given, 0, error);
	desk_wake(d);
}

int desk_when_kept(struct desk *d, desk_kept_fn done, void *userdata)
{
	struct desk_waiter *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	*w = (struct desk_waiter){ .next = d->waiters,
		.done = done,
		.userdata = userdata,
		.wants = d->change,
		.until_us = boottime_us() + PATIENCE_US };
	d->waiters = w;
	desk_wake(d);
	return 0;
}

void desk_forget(struct desk *d, void *userdata)
{
	for (struct desk_waiter **at = &d->waiters; *at;) {
		struct desk_waiter *w = *at;

		if (w->userdata != userdata) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		free(w);
	}
}

void desk_patience(struct desk *d, int64_t boot_us)
{
	tell_waiters(d, d->kept, 0, 0);
	tell_waiters(d, 0, boot_us, -ETIMEDOUT);
}
