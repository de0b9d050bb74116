/*
 * The engine's state over kills and power cuts, in pieces: one for each device,
 * each bed and the gateway.
 *
 * Volatile (journal.h), against kill -9: a piece with an event is written before
 * the event leaves; what else changed is written within LOOK_US (sums over time,
 * which change with each reading: STATE_US). Writing all of a large ward at once
 * would hold up the loop for many milliseconds; a piece takes microseconds.
 * What of a piece matters for days is written anew when the durable state is (durable.c).
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "desk/private.h"
#include "util/text.h"

#define LOOK_US UINT64_C(1000000)     /* a place that was touched is looked at so often */
#define SLICE_US UINT64_C(20000)      /* between two slices of one round */
#define SLICE 48                      /* places */
#define STATE_US INT64_C(10000000)    /* what changes with each reading is written so often */
#define RUNNING_US INT64_C(300000000) /* durably, while an excursion goes on */

/* ---- pieces ---- */

static void piece_name(const struct desk_place *p, char ret[static JOURNAL_NAME_MAX + 1])
{
	static const char letters[] = {
		[PIECE_BED] = 'b', [PIECE_DEVICE] = 'd', [PIECE_GATEWAY] = 'g'
	};

	(void)snprintf(ret, JOURNAL_NAME_MAX + 1, "%c%s", letters[p->kind], p->name);
}

void desk_say_journal(struct desk *d, int r)
{
	if (r == d->journal_error)
		return;
	d->journal_error = r;
	if (r < 0)
		log_error("the state of alarms cannot be kept in memory; a crash of the gateway "
			  "begins delays anew",
			F_ERR(r));
}

static void write_volatile(struct desk *d, struct desk_place *p, int64_t boot_us)
{
	char name[JOURNAL_NAME_MAX + 1];
	_cleanup_(freep) char *text = NULL;
	size_t length;
	int r;

	if (!d->journal)
		return;
	r = alarms_save_piece(d->engine, p->kind, p->name, false, &text, &length);
	piece_name(p, name);
	if (r == 0)
		r = journal_write(d->journal, name, text, length);
	desk_say_journal(d, r);
	p->written_us = boot_us;
}

void desk_note_change(struct desk *d)
{
	d->change++;
	desk_wake(d);
}

void desk_keep_lasting(struct desk *d)
{
	FOR_EACH_PLACE(d, i, p)
	{
		char *text = NULL;
		size_t length;

		if (!p->lasting_changed)
			continue;
		if (alarms_save_piece(d->engine, p->kind, p->name, true, &text, &length) < 0)
			continue; /* no memory: it stays as it was, for the next time */
		free(p->lasting);
		p->lasting = text;
		p->lasting_length = length;
		p->lasting_changed = false;
	}
}

static void note_lasting(struct desk *d, struct desk_place *p, int64_t boot_us)
{
	p->lasting_changed = true;
	p->lasting_us = boot_us;
	desk_note_change(d);
}

/* Writes what is new of it. Returns whether something waits to be written later. */
static bool look(struct desk *d, struct desk_place *p, bool force)
{
	int64_t now = boottime_us();
	struct alarms_mark mark;
	bool alive, lasting, state;

	alarms_mark(d->engine, p->kind, p->name, &mark);
	lasting = force || p->lasting_due || mark.lasting != p->mark.lasting ||
		  (mark.running && now - p->lasting_us >= RUNNING_US);
	alive = lasting || mark.life != p->mark.life;
	state = mark.state != p->mark.state;
	if (!alive && state && now - p->written_us < STATE_US)
		return true;
	if (alive || state)
		write_volatile(d, p, now);
	if (lasting)
		note_lasting(d, p, now);
	p->mark = mark;
	p->lasting_due = false;
	return false;
}

/* ---- who waits to be looked at ---- */

static void wait_for_look(struct desk *d, struct desk_place *p)
{
	if (p->is_waiting)
		return;
	if (!d->first) {
		d->last = &d->first;
		(void)sd_event_source_set_time_relative(d->looker, LOOK_US);
		(void)sd_event_source_set_enabled(d->looker, SD_EVENT_ONESHOT);
	}
	p->is_waiting = true;
	p->waiting = NULL;
	*d->last = p;
	d->last = &p->waiting;
}

void desk_touch(struct desk *d, struct desk_place *p, bool urgent)
{
	if (!d->restored)
		return;
	if (!urgent) {
		wait_for_look(d, p);
	} else if (!p->is_urgent) {
		p->is_urgent = true;
		p->next_urgent = d->urgent;
		d->urgent = p;
	}
}

void desk_keep_urgent(struct desk *d)
{
	while (d->urgent) {
		struct desk_place *p = d->urgent;

		d->urgent = p->next_urgent;
		p->is_urgent = false;
		if (look(d, p, false))
			wait_for_look(d, p);
	}
}

/* All of them anew, into a file that takes the other's place. */
static void renew(struct desk *d)
{
	int r = journal_renew(d->journal);

	desk_say_journal(d, r);
	if (r < 0)
		return;
	FOR_EACH_PLACE(d, i, p)
	{
		p->renew = true;
		wait_for_look(d, p);
	}
	desk_unsafe_renew(d);
	desk_keep_heard(d);
}

static int on_look(sd_event_source *s, uint64_t usec, void *userdata)
{
	struct desk *d = userdata;
	struct desk_place *again = NULL;

	for (unsigned n = 0; d->first && n < SLICE; n++) {
		struct desk_place *p = d->first;

		d->first = p->waiting;
		p->is_waiting = false;
		if (p->renew)
			write_volatile(d, p, boottime_us());
		p->renew = false;
		if (look(d, p, false)) {
			p->waiting = again;
			again = p;
		}
	}
	if (!d->first) {
		if (d->journal && journal_is_renewing(d->journal))
			journal_complete(d->journal);
		else if (d->journal && journal_is_large(d->journal))
			renew(d);
	}
	if (d->first) {
		(void)sd_event_source_set_time_relative(s, SLICE_US);
		(void)sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
	}
	while (again) {
		struct desk_place *p = again;

		again = p->waiting;
		wait_for_look(d, p);
	}
	return 0;
}

void desk_keep_forget(struct desk *d, struct desk_place *p)
{
	struct desk_place **at;

	if (p->is_waiting) {
		for (at = &d->first; *at != p;)
			at = &(*at)->waiting;
		*at = p->waiting;
		if (!p->waiting)
			d->last = at;
	}
	if (p->is_urgent) {
		for (at = &d->urgent; *at != p;)
			at = &(*at)->next_urgent;
		*at = p->next_urgent;
	}
}

void desk_place_drop(struct desk *d, struct desk_place *p)
{
	struct desk_place **at = &d->places[desk_bucket(p->name)];
	char name[JOURNAL_NAME_MAX + 1];

	piece_name(p, name);
	if (d->journal && d->restored)
		desk_say_journal(d, journal_write(d->journal, name, "", 0));
	if (p->lasting_length > 0 || p->lasting_changed)
		desk_note_change(d);
	desk_keep_forget(d, p);
	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	free(p->lasting);
	free(p);
}

void desk_keep_begin(struct desk *d, const struct alarm_now *now)
{
	d->restored = true;
	/* What this run knows takes the place of what was left, whole. */
	if (d->journal)
		desk_say_journal(d, journal_renew(d->journal));
	desk_keep_alive(d, now);
	FOR_EACH_PLACE(d, i, p)
	(void)look(d, p, true);
	desk_unsafe_renew(d);
	desk_keep_heard(d);
	if (d->journal)
		journal_complete(d->journal);
}

void desk_keep_alive(struct desk *d, const struct alarm_now *now)
{
	if (d->journal)
		journal_alive(d->journal, now->boot_us, now->utc_us);
	desk_unsafe_look(d);
	desk_patience(d, now->boot_us);
}

void desk_keep_all(struct desk *d)
{
	struct alarm_now now;

	desk_now(d, &now);
	FOR_EACH_PLACE(d, i, p)
	{
		struct alarms_mark mark;

		alarms_mark(d->engine, p->kind, p->name, &mark);
		if (mark.running)
			p->lasting_us = 0;
		p->written_us = 0;
		(void)look(d, p, false);
	}
	desk_keep_alive(d, &now);
	if (d->restored && d->change != d->kept)
		desk_keep_give(d);
}

/* ---- life ---- */

int desk_keep_new(struct desk *d)
{
	int r;

	d->last = &d->first;
	d->last_unsafe = &d->unsafe;
	if (clock_boot_id(d->boot) < 0)
		d->boot[0] = 0;
	r = journal_new(&d->journal, d->parts.runtime_directory, d->parts.state_directory,
		gateway_name(d->parts.gateway), d->boot);
	if (r == -ENOMEM)
		return r;
	desk_say_journal(d, r);
	r = sd_event_add_time(d->parts.event, &d->looker, CLOCK_BOOTTIME, 0, 5000, on_look, d);
	if (r >= 0)
		r = sd_event_source_set_enabled(d->looker, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_add_time(
			d->parts.event, &d->keeper, CLOCK_BOOTTIME, 0, 5000, desk_on_keeper, d);
	if (r >= 0)
		r = sd_event_source_set_enabled(d->keeper, SD_EVENT_OFF);
	return r < 0 ? r : 0;
}

void desk_keep_free(struct desk *d)
{
	sd_event_source_disable_unref(d->looker);
	sd_event_source_disable_unref(d->keeper);
	journal_free(d->journal);
	desk_unsafe_free(d);
	while (d->waiters)
		desk_forget(d, d->waiters->userdata);
}
