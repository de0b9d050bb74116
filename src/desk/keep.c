/*
 * The engine's state over kills and power cuts, in pieces: one for each device,
 * each bed and the gateway.
 *
 * Volatile (journal.h), against kill -9: a piece with an event is written before
 * the event leaves; what else changed is written within LOOK_US (sums over time,
 * which change with each reading: STATE_US). Writing all of a large ward at once
 * would hold up the loop for many milliseconds; a piece takes microseconds.
 *
 * Durable (the store thread), against power cuts: what matters for days, a second
 * after the last writing at the soonest, and only when it changed. Quiet times
 * and readings write nothing.
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
#define DURABLE_US INT64_C(1000000)
#define AGAIN_US INT64_C(10000000) /* after a failure */
#define HEARD "~heard"

/* ---- pieces ---- */

static void piece_name(const struct desk_place *p, char ret[static JOURNAL_NAME_MAX + 1])
{
	static const char letters[] = {
		[PIECE_BED] = 'b', [PIECE_DEVICE] = 'd', [PIECE_GATEWAY] = 'g'
	};

	(void)snprintf(ret, JOURNAL_NAME_MAX + 1, "%c%s", letters[p->kind], p->name);
}

static void say_journal(struct desk *d, int r)
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
	say_journal(d, r);
	p->written_us = boot_us;
}

static void change(struct desk *d)
{
	d->change++;
	desk_wake(d);
}

static void write_lasting(struct desk *d, struct desk_place *p, int64_t boot_us)
{
	_cleanup_(freep) char *text = NULL;
	size_t length;

	if (alarms_save_piece(d->engine, p->kind, p->name, true, &text, &length) < 0)
		return;
	p->lasting_us = boot_us;
	if (length == p->lasting_length && (length == 0 || memcmp(text, p->lasting, length) == 0))
		return;
	free(p->lasting);
	p->lasting = length > 0 ? TAKE_PTR(text) : NULL;
	p->lasting_length = length;
	change(d);
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
		write_lasting(d, p, now);
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

	say_journal(d, r);
	if (r < 0)
		return;
	FOR_EACH_PLACE(d, i, p)
	{
		p->renew = true;
		wait_for_look(d, p);
	}
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
		say_journal(d, journal_write(d->journal, name, "", 0));
	if (p->lasting)
		change(d);
	desk_keep_forget(d, p);
	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	free(p->lasting);
	free(p);
}

/* ---- who was ever heard ---- */

/* Lines of a device's name and what it promised of its pace. Returns NULL without memory. */
static char *heard_text(const struct desk *d, size_t *ret_length)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	FOR_EACH_PLACE(d, i, p)
	if (p->kind == PIECE_DEVICE && p->heard)
		fprintf(f, "%s\t%" PRId64 "\n", p->name, p->hint_us);
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
		say_journal(d, journal_write(d->journal, HEARD, text, length));
	change(d);
}

/* Takes lines that somebody may have changed; what is no line of ours is passed over. */
static void read_heard(struct desk *d, const char *text, size_t length)
{
	const char *end = text + length;

	while (text < end) {
		const char *eol = memchr(text, '\n', (size_t)(end - text)), *tab;
		char name[LABEL_MAX + 1];
		struct desk_place *p;

		if (!eol)
			return;
		tab = memchr(text, '\t', (size_t)(eol - text));
		if (tab && tab > text && (size_t)(tab - text) < sizeof(name)) {
			memcpy(name, text, (size_t)(tab - text));
			name[tab - text] = 0;
			p = desk_place_find(d, PIECE_DEVICE, name);
			if (p) {
				p->heard = true;
				p->hint_us = strtoll(tab + 1, NULL, 10);
			}
		}
		text = eol + 1;
	}
}

/* ---- the durable state ---- */

#define DURABLE_MAGIC "wardgate-desk"
#define DURABLE_HEAD_MAX 300

static void put_pieces(const struct desk *d, enum alarms_piece kind, FILE *f)
{
	FOR_EACH_PLACE(d, i, p)
	if (p->kind == kind && p->lasting_length > 0)
		(void)fwrite(p->lasting, 1, p->lasting_length, f);
}

/* Returns NULL without memory. */
static char *durable_text(const struct desk *d, size_t *ret_length)
{
	_cleanup_(freep) char *heard = NULL, *pieces = NULL, *engine = NULL;
	struct stamp stamp = clock_now(gateway_clock(d->parts.gateway));
	struct alarm_now now = { stamp.boot_us, stamp.realtime_us };
	size_t heard_length, pieces_length, engine_length, size = 0;
	char *text = NULL;
	FILE *f = open_memstream(&pieces, &pieces_length);

	if (!f)
		return NULL;
	put_pieces(d, PIECE_BED, f);
	put_pieces(d, PIECE_DEVICE, f);
	put_pieces(d, PIECE_GATEWAY, f);
	heard = heard_text(d, &heard_length);
	if (fclose(f) != 0 || !heard ||
		alarms_save_joined(pieces, pieces_length, &now, &engine, &engine_length) < 0)
		return NULL;
	f = open_memstream(&text, &size);
	if (!f)
		return NULL;
	fprintf(f,
		DURABLE_MAGIC "\tversion=1\tboot=%s\tat=%" PRId64 "\tutc=%" PRId64
			      "\tsynchronised=%d\theard=%zu\tsum=%016" PRIx64 "\n",
		d->boot, now.boot_us, now.utc_us, stamp.state == CLOCK_SYNCHRONISED, heard_length,
		hash_bytes(&hash_key_fixed, heard, heard_length));
	(void)fwrite(heard, 1, heard_length, f);
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

/* Those who wait for what is on the disk by now, or for what cannot be brought there. */
static void tell_waiters(struct desk *d, uint64_t upto, int error)
{
	struct desk_waiter **at = &d->waiters, *due = NULL, **last = &due;

	while (*at) {
		struct desk_waiter *w = *at;

		if (w->wants > upto) {
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

static void give(struct desk *d)
{
	_cleanup_(freep) char *text = NULL;
	size_t length;
	int r = -ENOMEM;

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

	tell_waiters(d, d->kept, 0);
	if (!d->restored || d->giving || d->change == d->kept)
		return;
	if (d->given_us == 0 || at <= now)
		give(d);
	else
		arm_keeper(d, at);
}

static int on_keeper(sd_event_source *s, uint64_t usec, void *userdata)
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
	tell_waiters(d, d->given, error);
	desk_wake(d);
}

int desk_when_kept(struct desk *d, desk_kept_fn done, void *userdata)
{
	struct desk_waiter *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	*w = (struct desk_waiter){
		.next = d->waiters, .done = done, .userdata = userdata, .wants = d->change
	};
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

/* ---- taking it back ---- */

/* Returns whether it was taken. */
static bool restore(struct desk *d, const char *text, size_t length, int64_t elapsed_us,
	const struct alarm_now *now, const char *which)
{
	char why[ALARMS_WHY_MAX];
	int r = alarms_restore(d->engine, text, length, elapsed_us, now, why);

	if (r == 0) {
		log_info("the state of alarms was taken over", F_STR("FROM", which),
			F_INT("SECONDS_AGO", elapsed_us < 0 ? -1 : elapsed_us / 1000000));
		return true;
	}
	log_error(
		"the state of alarms cannot be taken over; it is kept aside and alarms begin anew",
		F_STR("FROM", which), F_STR("REASON", r < 0 ? "out of memory" : why));
	return false;
}

static bool restore_volatile(
	struct desk *d, const struct journal_left *left, const struct alarm_now *now)
{
	_cleanup_(freep) char *pieces = NULL, *text = NULL;
	const struct alarm_now then = { left->alive_us, left->utc_us };
	size_t size = 0, length;
	FILE *f = open_memstream(&pieces, &size);
	bool ok;

	if (!f)
		return false;
	for (size_t i = 0; i < left->count; i++)
		if (left->pieces[i].name[0] != HEARD[0])
			(void)fwrite(left->pieces[i].text, 1, left->pieces[i].length, f);
	ok = fclose(f) == 0 && alarms_save_joined(pieces, size, &then, &text, &length) == 0 &&
	     restore(d, text, length, now->boot_us - left->alive_us, now, "memory");
	for (size_t i = 0; i < left->count; i++)
		if (strcmp(left->pieces[i].name, HEARD) == 0)
			read_heard(d, left->pieces[i].text, left->pieces[i].length);
	if (!ok)
		journal_set_aside(d->journal);
	return ok;
}

/* The first line of the durable state. */
struct head {
	char boot[CLOCK_BOOT_ID_SIZE];
	int64_t at_us, utc_us;
	int synchronised;
	size_t heard;
	uint64_t sum;
	const char *rest; /* behind the line */
};

/* Returns NULL, or a sentence that says what is wrong with it. */
static const char *read_head(const char *text, size_t length, struct head *h)
{
	int version = 0, used = 0;

	if (strncmp(text, DURABLE_MAGIC "\tversion=", sizeof(DURABLE_MAGIC) + 8) != 0)
		return "it is no state of alarms";
	if (sscanf(text, DURABLE_MAGIC "\tversion=%9d", &version) != 1 || version != 1)
		return "it is of another version of wardgate";
	if (sscanf(text,
		    DURABLE_MAGIC "\tversion=1\tboot=%36[0-9a-f-]\tat=%" SCNd64 "\tutc=%" SCNd64
				  "\tsynchronised=%1d\theard=%zu\tsum=%" SCNx64 "%n",
		    h->boot, &h->at_us, &h->utc_us, &h->synchronised, &h->heard, &h->sum,
		    &used) != 6 ||
		text[used] != '\n' || h->heard > length - (size_t)used - 1 ||
		hash_bytes(&hash_key_fixed, text + used + 1, h->heard) != h->sum)
		return "its beginning is damaged";
	h->rest = text + used + 1;
	return NULL;
}

/* How long ago it was written; negative: nobody knows. */
static int64_t elapsed(const struct desk *d, const struct head *h, const struct alarm_now *now)
{
	if (d->boot[0] && strcmp(h->boot, d->boot) == 0)
		return now->boot_us - h->at_us;
	if (h->synchronised && clock_state(gateway_clock(d->parts.gateway)) == CLOCK_SYNCHRONISED)
		return now->utc_us - h->utc_us;
	return -1;
}

static void restore_durable(struct desk *d, const char *text, size_t length,
	const struct alarm_now *now, bool only_heard)
{
	struct head h = { .boot = "" };
	const char *why = read_head(text, length, &h);

	if (why) {
		log_error("the state of alarms cannot be taken over; it is kept aside and alarms "
			  "begin anew",
			F_STR("FROM", "disk"), F_STR("REASON", why));
	} else {
		read_heard(d, h.rest, h.heard);
		if (only_heard ||
			restore(d, h.rest + h.heard, length - (size_t)(h.rest - text) - h.heard,
				elapsed(d, &h, now), now, "disk"))
			return;
	}
	if (d->parts.hooks.set_aside)
		d->parts.hooks.set_aside(d->parts.hooks.userdata);
}

void desk_restore(struct desk *d, const struct alarm_now *now)
{
	_cleanup_(journal_left_done) struct journal_left left = { 0 };
	_cleanup_(freep) char *text = NULL;
	ssize_t n = -ENOENT;
	bool taken = false;

	if (d->journal && journal_read(d->journal, &left) == 0)
		taken = restore_volatile(d, &left, now);
	if (d->parts.hooks.load)
		n = d->parts.hooks.load(&text, d->parts.hooks.userdata);
	if (n >= 0)
		restore_durable(d, text, (size_t)n, now, taken);
	else if (n != -ENOENT)
		log_error("the state of alarms cannot be read", F_ERR((int)n));
	d->restored = true;
	/* What this run knows takes the place of what was left, whole. */
	if (d->journal)
		say_journal(d, journal_renew(d->journal));
	desk_keep_alive(d, now);
	FOR_EACH_PLACE(d, i, p)
	(void)look(d, p, true);
	desk_keep_heard(d);
	if (d->journal)
		journal_complete(d->journal);
}

void desk_keep_alive(struct desk *d, const struct alarm_now *now)
{
	if (d->journal)
		journal_alive(d->journal, now->boot_us, now->utc_us);
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
		give(d);
}

/* ---- life ---- */

int desk_keep_new(struct desk *d)
{
	int r;

	d->last = &d->first;
	if (clock_boot_id(d->boot) < 0)
		d->boot[0] = 0;
	r = journal_new(&d->journal, d->parts.runtime_directory, d->parts.state_directory,
		gateway_name(d->parts.gateway), d->boot);
	if (r == -ENOMEM)
		return r;
	say_journal(d, r);
	r = sd_event_add_time(d->parts.event, &d->looker, CLOCK_BOOTTIME, 0, 5000, on_look, d);
	if (r >= 0)
		r = sd_event_source_set_enabled(d->looker, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_add_time(
			d->parts.event, &d->keeper, CLOCK_BOOTTIME, 0, 5000, on_keeper, d);
	if (r >= 0)
		r = sd_event_source_set_enabled(d->keeper, SD_EVENT_OFF);
	return r < 0 ? r : 0;
}

void desk_keep_free(struct desk *d)
{
	sd_event_source_disable_unref(d->looker);
	sd_event_source_disable_unref(d->keeper);
	journal_free(d->journal);
	while (d->waiters)
		desk_forget(d, d->waiters->userdata);
}
