/*
 * How the database is opened, and what the loop is told of it. Quick whatever
 * the database holds: nothing here looks at more than a fixed number of rows.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "gateway/clock.h"
#include "outbox/auditrows.h"
#include "outbox/copy.h"
#include "outbox/keeper_private.h"
#include "outbox/quarantine.h"
#include "outbox/salvage.h"
#include "outbox/scan.h"

const struct schema *keeper_schema = &schema_current;

/* The messages of the asides: those that are readings, and those that are events. */
static int read_aside_messages(struct database *d, struct store_opened *o)
{
	struct store_row *rows = calloc(o->aside_count, sizeof(*rows));
	int r = 0;

	o->aside_rows = rows;
	o->aside_events = calloc(o->aside_count, sizeof(*o->aside_events));
	if (!rows || !o->aside_events)
		return -ENOMEM;
	for (size_t i = 0; r >= 0 && i < o->aside_count; i++) {
		int64_t id = o->asides[i].id;

		r = rows_reading_at(d, id, &rows[o->aside_row_count], NULL);
		if (r == 1)
			o->aside_row_count++;
		if (r != 0)
			continue;
		r = rows_event_at(d, id, &o->aside_events[o->aside_event_count], NULL);
		if (r == 1)
			o->aside_event_count++;
	}
	return r < 0 ? r : 0;
}

/* What hooks.opened is given. After a failure o holds what came before it. */
static int opening_read(struct database *d, struct store_opened *o, int64_t *keys_below)
{
	int64_t reading = 0, event = 0;
	int r = database_number(d, SQL_FIND_LAST_READING, &reading);

	if (r == 0)
		r = database_number(d, SQL_FIND_LAST_EVENT, &event);
	if (r == 0)
		r = rows_names(d, (struct store_name **)&o->names, &o->name_count, NULL);
	if (r == 0)
		r = rows_owed(d, STORE_OWED_MAX, (struct store_owed **)&o->owed, &o->owed_count);
	if (r == 0)
		r = rows_asides(
			d, STORE_ASIDE_MAX, (struct store_aside **)&o->asides, &o->aside_count);
	if (r == 0 && o->aside_count > 0)
		r = read_aside_messages(d, o);
	if (r == 0)
		r = rows_keys(d, STORE_KEYS_FIRST, keys_below, (struct store_key **)&o->keys,
			&o->key_count);
	if (r == 0)
		r = auditrows_recent(d, o->owed, o->owed_count, &o->audits, &o->audit_count);
	/* Never an id or a position twice, whatever the ledger's row says. */
	for (size_t i = 0; i < o->owed_count; i++)
		if (o->owed[i].id > d->ledger.owed)
			d->ledger.owed = o->owed[i].id;
	o->last = d->ledger.last;
	if (reading > o->last)
		o->last = reading;
	if (event > o->last)
		o->last = event;
	d->ledger.last = o->last;
	return r;
}

/* Names that nothing refers to any more are forgotten, so that they do not pile up over the years.
 * Only a run that has not used one can tell, and it is left to the first transaction, since opening
 * is not to write. */
static void forget_names(struct keeper *k, struct store_opened *o)
{
	const struct ledger_row *l = &k->db.ledger;

	if (l->readings + l->events + l->asides + o->owed_count > 0 || o->name_count == 0 ||
		k->salvage)
		return;
	k->names_unused = true;
	free((void *)o->names);
	o->names = NULL;
	o->name_count = 0;
}

/* What every opening wants to know beside the messages. */
static int read_chain(struct keeper *k, struct store_chain *ret)
{
	struct auditrows_chain c;
	int64_t details = 0;
	int r = auditrows_chain(&k->db, &c);

	*ret = c.head;
	if (r == 0)
		r = database_number(&k->db, SQL_HAS_DETAILS, &details);
	k->db.has_details = details > 0;
	return r;
}

static int tell(struct keeper *k)
{
	_cleanup_(news_freep) struct news *n = calloc(1, sizeof(*n));
	int r;

	if (!n)
		return -ENOMEM;
	n->kind = NEWS_OPENED;
	n->opened.fresh = k->fresh;
	r = read_chain(k, &n->opened.chain);
	if (r < 0)
		return r;
	if (k->reported) {
		n->opened.last = k->db.ledger.last;
	} else {
		k->keys_below = INT64_MAX;
		k->keys_told = STORE_KEYS_FIRST;
		r = opening_read(&k->db, &n->opened, &k->keys_below);
		if (r < 0)
			return r;
		forget_names(k, &n->opened);
		if (k->salvage) {
			k->keys_below = INT64_MIN;
			free((void *)n->opened.keys);
			n->opened.keys = NULL;
			salvage_keys(k->salvage, (struct store_key **)&n->opened.keys,
				&n->opened.key_count);
		}
	}
	k->reported = true;
	k->fresh = false;
	k->post(TAKE_PTR(n), k->userdata);
	return 0;
}

int opening_more_keys(struct keeper *k)
{
	_cleanup_(news_freep) struct news *n = calloc(1, sizeof(*n));
	int r;

	if (!n)
		return -ENOMEM;
	n->kind = NEWS_KEYS;
	r = rows_keys(&k->db, STORE_KEYS_FIRST, &k->keys_below, &n->keys.keys, &n->keys.count);
	k->keys_told += STORE_KEYS_FIRST;
	if (k->keys_told >= STORE_KEYS_MAX)
		k->keys_below = INT64_MIN;
	if (r < 0)
		return r;
	if (n->keys.count > 0)
		k->post(TAKE_PTR(n), k->userdata);
	return 0;
}

static int set_aside(struct keeper *k, int outcome, int version)
{
	static const char *const words[] = {
		[DATABASE_CORRUPT] = "was damaged",
		[DATABASE_FOREIGN] = "belonged to another program",
		[DATABASE_NEWER] = "came from a later version",
	};
	char why[32], name[64];
	int r;

	if (outcome == DATABASE_NEWER)
		(void)snprintf(why, sizeof(why), "version-%d", version);
	else
		(void)snprintf(why, sizeof(why), "%s",
			outcome == DATABASE_CORRUPT ? "corrupt" : "foreign");
	r = quarantine(k->directory, why, name, sizeof(name));
	if (r < 0)
		return r;
	(void)snprintf(k->figures.notice, sizeof(k->figures.notice),
		"%s %s; it is kept as %s and a new one was begun.", DATABASE_NAME, words[outcome],
		name);
	if (outcome == DATABASE_CORRUPT)
		(void)snprintf(k->salvage_file, sizeof(k->salvage_file), "%s", name);
	k->changed = true;
	k->damaged = false;
	k->own_owed = 0;
	k->names_unused = false;
	return 0;
}

/* The disk refused a write: it has to take one before it is trusted again. */
static int probe(struct keeper *k)
{
	int r = database_begin(&k->db);

	return r < 0 ? r : database_commit(&k->db, keeper_now_s());
}

/* Somebody removed or replaced the file while it is open. What is open is what was promised to be
 * kept: it is written to its place again. What stands there goes aside; above all a log that is no
 * longer the file's. */
static void rescue(struct keeper *k)
{
	char name[64];
	int r = quarantine(k->directory, "replaced", name, sizeof(name));

	if (r == 0)
		r = copy_database(&k->db, k->directory, k->db.path);
	database_close(&k->db, false);
	(void)snprintf(k->figures.notice, sizeof(k->figures.notice),
		"%s was removed or replaced while in use; %s.", DATABASE_NAME,
		r == 0 ? "it was written anew with all that it held"
		       : "what it held is lost but for what memory holds");
	k->changed = true;
}

/* What is known in spite of the new file: from memory, and from the one that was set aside. */
static int carry_over(struct keeper *k, bool fresh)
{
	struct ledger_row *l = &k->db.ledger;
	int64_t behind_s = k->known.clock_s - database_clock(&k->db, keeper_now_s());
	int r;

	if (fresh && k->known.last > l->last)
		l->last = k->known.last;
	if (fresh && k->known.owed > l->owed)
		l->owed = k->known.owed;
	if (fresh && behind_s > 0)
		k->db.clock_base_s += behind_s;
	if (!k->salvage_file[0])
		return k->salvage ? 0 : salvage_resume(k);
	r = salvage_begin(k, k->salvage_file);
	if (r == 0)
		k->salvage_file[0] = 0;
	return r;
}

int keeper_open(struct keeper *k)
{
	bool kept = database_is_in_place(&k->db); /* see keeper_fail() */
	int r = DATABASE_OPEN, version = 0;

	if (k->db.db && !kept)
		rescue(k);
	if (k->damaged) {
		r = set_aside(k, DATABASE_CORRUPT, 0);
		if (r < 0)
			return r;
	}
	/* Twice: what is of no use is set aside, and a new one made. */
	for (int i = 0; i < 2; i++) {
		r = database_open(&k->db, k->directory, keeper_schema, keeper_now_s(), &version);
		if (r <= DATABASE_FRESH)
			break;
		r = set_aside(k, r, version);
		if (r < 0)
			return r;
	}
	if (r < 0 || r > DATABASE_FRESH)
		return r < 0 ? r : -EIO;
	k->open = true;
	if (r == DATABASE_FRESH)
		k->fresh = true;
	r = k->probe ? probe(k) : 0;
	if (r == 0)
		r = carry_over(k, k->fresh);
	if (r == 0)
		r = keeper_measure(k);
	if (r < 0)
		return r;
	keeper_set_state(k, STORE_GOOD, "");
	r = tell(k);
	if (r < 0)
		return r;
	scan_restart(&k->scan);
	k->probe = false;
	return 0;
}
