/*
 * The state of an earlier run, taken back at start: from memory when it is of
 * this boot, else from the disk. The bytes may be anything.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "desk/private.h"

/* Behind the pace, in text that goes on to eol: the bed. */
static void read_former(struct desk_place *p, const char *text, const char *eol)
{
	const char *tab = memchr(text, '\t', (size_t)(eol - text));
	size_t n = tab ? (size_t)(eol - tab - 1) : sizeof(p->former);

	if (n >= sizeof(p->former))
		return; /* an earlier version's, which had none */
	memcpy(p->former, tab + 1, n);
	p->former[n] = 0;
	p->has_former = true;
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
				read_former(p, tab + 1, eol);
			}
		}
		text = eol + 1;
	}
}

/* Returns whether it was taken. */
static bool restore(struct desk *d, const char *text, size_t length, int64_t elapsed_us,
	const struct alarm_now *now, const char *which)
{
	char why[ALARMS_WHY_MAX];
	int r;

	desk_stand_as_then(d, now);
	r = alarms_restore(d->engine, text, length, elapsed_us, now, why);
	desk_stand_as_now(d, now);
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
	for (size_t i = 0; i < left->count; i++) {
		const struct journal_piece *p = &left->pieces[i];

		/* Before the engine says more of the same alarms. */
		if (p->name[0] == DESK_UNSAFE)
			desk_unsafe_restore(d, p->text, p->length);
		else if (strcmp(p->name, DESK_HEARD) == 0)
			read_heard(d, p->text, p->length);
		else if (p->name[0] != DESK_HEARD[0])
			(void)fwrite(p->text, 1, p->length, f);
	}
	ok = fclose(f) == 0 && alarms_save_joined(pieces, size, &then, &text, &length) == 0 &&
	     restore(d, text, length, now->boot_us - left->alive_us, now, "memory");
	if (!ok)
		journal_set_aside(d->journal);
	return ok;
}

/* The first line of the durable state. */
struct head {
	char boot[CLOCK_BOOT_ID_SIZE];
	int64_t at_us, utc_us;
	int synchronised;
	size_t heard, events; /* bytes of what follows the line, before the engine's */
	uint64_t sum;
	const char *rest; /* behind the line */
};

/* Returns NULL, or a sentence that says what is wrong with it. */
static const char *read_head(const char *text, size_t length, struct head *h)
{
	int version = 0, used = 0;

	if (strncmp(text, DESK_DURABLE_MAGIC "\tversion=", sizeof(DESK_DURABLE_MAGIC) + 8) != 0)
		return "it is no state of alarms";
	if (sscanf(text, DESK_DURABLE_MAGIC "\tversion=%9d", &version) != 1 || version != 1)
		return "it is of another version of wardgate";
	if (sscanf(text,
		    DESK_DURABLE_MAGIC
		    "\tversion=1\tboot=%36[0-9a-f-]\tat=%" SCNd64 "\tutc=%" SCNd64
		    "\tsynchronised=%1d\theard=%zu\tevents=%zu\tsum=%" SCNx64 "%n",
		    h->boot, &h->at_us, &h->utc_us, &h->synchronised, &h->heard, &h->events,
		    &h->sum, &used) != 7 ||
		text[used] != '\n' || h->heard > length - (size_t)used - 1 ||
		h->events > length - (size_t)used - 1 - h->heard ||
		hash_bytes(&hash_key_fixed, text + used + 1, h->heard + h->events) != h->sum)
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
		const char *engine = h.rest + h.heard + h.events;

		read_heard(d, h.rest, h.heard);
		if (only_heard)
			return;
		desk_unsafe_restore(d, h.rest + h.heard, h.events);
		if (restore(d, engine, length - (size_t)(engine - text), elapsed(d, &h, now), now,
			    "disk"))
			return;
	}
	if (d->parts.hooks.set_aside)
		d->parts.hooks.set_aside(d->parts.hooks.userdata);
}

/* A bed that only the state knows gets its place, so that it is forgotten with its alarms. */
static void add_bed(const char *name, void *userdata)
{
	if (!desk_place_get(userdata, PIECE_BED, name))
		log_error("alarms of a bed that is gone may stay: out of memory");
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
	alarms_each_bed(d->engine, add_bed, d);
	desk_keep_begin(d, now);
}
