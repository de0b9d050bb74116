/*
 * See trail.h.
 *
 *   added -> numbered, once the end of the chain is known -> with the thread
 *         -> kept -> published
 *         \-> published (the disk takes too long) -> kept
 */
#include "audit/trail.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/chain.h"
#include "audit/entry.h"

#define LOG_MODULE "audit"
#include "util/log.h"

#define ASK_US INT64_C(1000000) /* between two attempts on a disk that fails */

_Static_assert(CHAIN_HASH_MAX == STORE_HASH_MAX, "a hash is a hash");

struct item {
	struct store_audit audit; /* number 0: none yet, and entry has the members alone */
	int64_t since_us;         /* boot time */
	bool given;               /* the thread has it */
	bool owed;                /* ... and has its record owed */
	bool published;
};

struct trail {
	struct trail_hooks hooks;
	struct item waiting[TRAIL_WAITING_MAX]; /* oldest first */
	size_t count;
	char *recent[TRAIL_RECENT_MAX]; /* a ring */
	size_t recent_first, recent_count;
	struct store_chain end; /* of what was numbered */
	bool known;             /* end is */
	uint64_t lost;
	int64_t asked_us; /* boot time at which the ledger was last asked to write by the tick */
};

int trail_new(struct trail **ret, const struct trail_hooks *hooks)
{
	struct trail *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	t->hooks = *hooks;
	*ret = t;
	return 0;
}

struct trail *trail_free(struct trail *t)
{
	if (!t)
		return NULL;
	for (size_t i = 0; i < t->count; i++)
		store_audit_done(&t->waiting[i].audit);
	for (size_t i = 0; i < TRAIL_RECENT_MAX; i++)
		free(t->recent[i]);
	free(t);
	return NULL;
}

/* --- what is shown --- */

/* Takes the entry over. */
static void show(struct trail *t, char *take_entry)
{
	size_t at = (t->recent_first + t->recent_count) % TRAIL_RECENT_MAX;

	if (!take_entry)
		return;
	if (t->recent_count == TRAIL_RECENT_MAX) {
		free(t->recent[at]);
		t->recent_first = (t->recent_first + 1) % TRAIL_RECENT_MAX;
	} else {
		t->recent_count++;
	}
	t->recent[at] = take_entry;
}

const char *trail_recent(const struct trail *t, size_t i)
{
	return i < t->recent_count ? t->recent[(t->recent_first + i) % TRAIL_RECENT_MAX] : NULL;
}

/* --- numbers --- */

/* Gives it its number and hash. Returns 0 or a negative errno: it has none then. */
static int number(struct trail *t, struct item *i)
{
	struct store_audit *a = &i->audit;
	char *entry = NULL;
	int n = asprintf(&entry, "{\"number\":%" PRIu64 ",%s}", t->end.number + 1, a->entry);
	const char *previous = t->end.number > 0 ? t->end.hash : chain_zeros;
	int r;

	if (n < 0)
		return -ENOMEM;
	r = chain_hash(previous, entry, (size_t)n, a->hash);
	if (r < 0) {
		free(entry);
		return r;
	}
	free(a->entry);
	a->entry = entry;
	memcpy(a->previous, previous, sizeof(a->previous));
	a->number = ++t->end.number;
	memcpy(t->end.hash, a->hash, sizeof(t->end.hash));
	show(t, strdup(entry));
	return 0;
}

static void drop(struct trail *t, size_t at)
{
	store_audit_done(&t->waiting[at].audit);
	t->count--;
	memmove(&t->waiting[at], &t->waiting[at + 1], (t->count - at) * sizeof(t->waiting[0]));
}

static void number_all(struct trail *t)
{
	for (size_t i = 0; t->known && i < t->count; i++) {
		int r = t->waiting[i].audit.number == 0 ? number(t, &t->waiting[i]) : 0;

		if (r < 0) {
			log_error("an entry of the audit trail is lost", F_ERR(r));
			t->lost++;
			drop(t, i--);
		}
	}
	if (t->known && t->count > 0)
		t->hooks.write(t->hooks.userdata);
}

/* Room for one more: what was published has gone its way. */
static bool make_room(struct trail *t)
{
	for (size_t i = 0; t->count == TRAIL_WAITING_MAX && i < t->count; i++) {
		if (!t->waiting[i].published || t->waiting[i].given)
			continue;
		log_error("an entry of the audit trail was published and is not kept here, since "
			  "the disk fails",
			F_INT("NUMBER", t->waiting[i].audit.number));
		drop(t, i);
	}
	return t->count < TRAIL_WAITING_MAX;
}

static void add(struct trail *t, const char *members, int64_t boot_us)
{
	char *copy = make_room(t) ? strdup(members) : NULL;

	if (!copy) {
		t->lost++;
		log_error("an entry of the audit trail is lost: there is no room for it");
		return;
	}
	t->waiting[t->count++] = (struct item){ .audit = { .entry = copy }, .since_us = boot_us };
}

void trail_add(struct trail *t, const char *members, int64_t boot_us, int64_t utc_us)
{
	char lost[128];

	if (t->lost > 0 && t->count + 2 <= TRAIL_WAITING_MAX &&
		entry_lost(lost, sizeof(lost), utc_us, t->lost) > 0) {
		t->lost = 0;
		add(t, lost, boot_us);
	}
	add(t, members, boot_us);
	number_all(t);
}

/* --- the disk --- */

void trail_opened(
	struct trail *t, const struct store_chain *end, struct store_audit *audits, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		/* There is no entry before the first that the database could name. */
		if (audits[i].number == 1)
			memcpy(audits[i].previous, chain_zeros, sizeof(audits[i].previous));
		if (audits[i].owed)
			t->hooks.publish(&audits[i], audits[i].owed, t->hooks.userdata);
		show(t, TAKE_PTR(audits[i].entry));
	}
	/* One that is behind what this run gave out is a new file: the trail goes on. */
	if (!t->known || end->number > t->end.number)
		t->end = *end;
	t->known = true;
	number_all(t);
}

size_t trail_take(struct trail *t, struct store_audit *ret, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < t->count && n < count; i++) {
		struct item *item = &t->waiting[i];

		if (item->audit.number == 0)
			break;
		ret[n] = item->audit;
		ret[n].entry = strdup(item->audit.entry);
		if (!ret[n].entry)
			break;
		ret[n].owe = item->owed = !item->published;
		item->given = true;
		n++;
	}
	return n;
}

void trail_written(struct trail *t, int error, int64_t owed)
{
	size_t i = 0;

	while (i < t->count) {
		struct item *item = &t->waiting[i];

		if (!item->given) {
			i++;
			continue;
		}
		item->given = false;
		if (error < 0) {
			i++;
			continue;
		}
		/* One that was published meanwhile is owed all the same: it goes a second time,
		 * with the same number. */
		if (item->owed)
			t->hooks.publish(&item->audit, owed++, t->hooks.userdata);
		drop(t, i);
	}
}

void trail_tick(struct trail *t, int64_t boot_us)
{
	bool waits = false;

	for (size_t i = 0; i < t->count; i++) {
		struct item *item = &t->waiting[i];

		waits |= !item->given;
		if (item->audit.number == 0 || item->published ||
			boot_us < item->since_us + TRAIL_PATIENCE_US)
			continue;
		t->hooks.publish(&item->audit, 0, t->hooks.userdata);
		item->published = true;
	}
	if (!waits || !t->known || boot_us < t->asked_us + ASK_US)
		return;
	t->asked_us = boot_us;
	t->hooks.write(t->hooks.userdata);
}

bool trail_idle(const struct trail *t)
{
	return t->count == 0;
}
