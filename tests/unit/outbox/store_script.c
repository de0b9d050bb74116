/*
 * See store_script.h.
 */
#include "unit/outbox/store_script.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "unit/outbox/cutvfs.h"

#define PATIENCE_US 30000000
#define ROWS_EACH 10
#define LOAD 64

static const struct store_limits wide = { INT64_C(1) << 30, 0, INT64_C(86400000000) * 30 };

atomic_long script_warp_s;
char script_about[128];

/* ---- directories ---- */

void script_make_directory(char *path)
{
	/* In memory where possible: the disk under test is a model. */
	snprintf(path, 64, "/dev/shm/wardgate-XXXXXX");
	if (mkdtemp(path))
		return;
	snprintf(path, 64, "/tmp/wardgate-XXXXXX");
	if (!mkdtemp(path))
		abort();
}

void script_empty_directory(const char *path)
{
	char file[600];
	DIR *d = opendir(path);

	assert(d);
	for (struct dirent *e; (e = readdir(d));) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		snprintf(file, sizeof(file), "%s/%s", path, e->d_name);
		if (unlink(file) < 0 && rmdir(file) < 0) {
			script_empty_directory(file);
			(void)rmdir(file);
		}
	}
	closedir(d);
}

void script_remove_directory(const char *path)
{
	script_empty_directory(path);
	(void)rmdir(path);
}

/* ---- hooks ---- */

static void on_saved(enum store_file file, int result, void *userdata)
{
}

/* What was read already is another file's, or has more before it now. */
static void read_again(struct script *c)
{
	c->rows_next = c->events_next = 1;
	c->rows_end = c->events_end = false;
	c->again++;
}

static void on_opened(const struct store_opened *opened, void *userdata)
{
	struct script *c = userdata;
	bool again = c->opened;

	c->opened = true;
	if (!again && c->checking) {
		witness_check_opened(c->w, opened);
		return;
	}
	if (opened->fresh && again && !c->w->may_lose)
		snprintf(c->w->fault, sizeof(c->w->fault), "fresh after a failure");
	if (opened->fresh) {
		witness_fresh(c->w);
		read_again(c);
	}
	if (!again)
		witness_begin(c->w, opened->last);
}

static void look_at(struct script *c, const struct store_result *result)
{
	int64_t row = 0, event = 0;

	for (size_t i = 0; i < result->row_count; i++) {
		row = result->rows[i].id;
		witness_check_row(c->w, &result->rows[i]);
	}
	for (size_t i = 0; i < result->event_count; i++) {
		event = result->events[i].id;
		witness_check_event(c->w, &result->events[i]);
	}
	if (c->asked != c->again)
		return;
	c->rows_end = result->rows_end;
	c->events_end = result->events_end;
	if (row > 0)
		c->rows_next = row + 1;
	if (event > 0)
		c->events_next = event + 1;
}

static void on_done(const struct store_result *result, void *userdata)
{
	struct script *c = userdata;

	c->done++;
	c->error = result->error;
	c->errors += result->error < 0 && result->error != -EAGAIN;
	c->loaded = result->loaded;
	c->own_owed = result->own_owed;
	look_at(c, result);
}

static void on_dropped(const struct store_owed *owed, size_t count, void *userdata)
{
	struct script *c = userdata;

	c->dropped++;
	witness_dropped(c->w, owed, count);
}

static void on_salvaged(int64_t from, uint64_t readings, uint64_t events, void *userdata)
{
	struct script *c = userdata;

	c->salvaged++;
	read_again(c);
}

static void on_scanned(
	uint32_t epoch, const struct store_range *ranges, size_t count, bool last, void *userdata)
{
	((struct script *)userdata)->scanned |= last;
}

static void on_changed(const struct store_figures *figures, void *userdata)
{
	struct script *c = userdata;

	c->told = figures->state;
	c->failing += figures->state == STORE_FAILING;
}

/* ---- life ---- */

static int64_t soon(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * INT64_C(1000000) + ts.tv_nsec / 1000 + PATIENCE_US;
}

void script_turn(struct script *c)
{
	/* A store that fails and goes on failing has no news: it is called upon to try again. */
	int64_t patience_us = c->told == STORE_FAILING ? 10000 : PATIENCE_US;
	int r = sd_event_run(c->e, (uint64_t)patience_us);

	c->idle = r > 0 ? 0 : c->idle + 1;
	if (r < 0 || c->idle * patience_us >= PATIENCE_US) {
		fprintf(stderr, "%s: nothing happens: opened %d, results %d, last error %d\n",
			script_about, c->opened, c->done, c->error);
		abort();
	}
	if (c->on_trouble && (c->error < 0 || c->told == STORE_FAILING))
		c->on_trouble(c);
	if (c->told == STORE_FAILING) {
		atomic_fetch_add(&script_warp_s, 60);
		store_ping(c->s);
	}
}

bool script_start(struct script *c, struct witness *w, const char *directory)
{
	const struct store_hooks hooks = { on_saved, on_opened, NULL, on_done, on_dropped,
		on_salvaged, on_scanned, on_changed, c };
	int holder;

	c->w = w;
	c->directory = directory;
	if (sd_event_new(&c->e) < 0 ||
		store_new(&c->s, c->e, directory, &wide, &hooks, &holder) < 0)
		abort();
	while (!c->opened && !(cutvfs_is_cut() && c->failing > 0))
		script_turn(c);
	return c->opened;
}

void script_stop(struct script *c)
{
	c->s = store_free(c->s, soon());
	c->e = sd_event_unref(c->e);
}

/* One batch, as often as it takes. Returns false when the power is gone. */
static bool give(struct script *c, const struct store_batch *batch)
{
	int before = c->done;

	for (;;) {
		c->asked = c->again;
		store_submit(c->s, batch);
		while (c->done == before)
			script_turn(c);
		before = c->done;
		if (c->error == 0)
			return true;
		if (cutvfs_is_cut())
			return false;
		while (store_figures(c->s).state == STORE_FAILING && !cutvfs_is_cut())
			script_turn(c);
	}
}

bool script_ask(struct script *c)
{
	return give(c, &(struct store_batch){ 0 });
}

bool script_is_well(const struct script *c)
{
	enum store_state state = store_figures(c->s).state;

	return state == STORE_GOOD || state == STORE_FULL;
}

/* ---- the short run ---- */

struct parcel {
	struct store_batch batch;
	struct store_name names[WITNESS_NAMES];
	struct store_row rows[ROWS_EACH];
	struct store_event events[ROWS_EACH];
	struct store_aside asides[2];
	struct store_range deletes[4];
	int64_t settled[4];
	struct witness_gap *gaps[4];
	uint32_t settled_run;
};

static void fill_new(struct script *c, struct parcel *p, int64_t first)
{
	for (int i = 0; i < ROWS_EACH; i++) {
		int64_t id = witness_take(c->w);

		if (witness_is_event(id))
			witness_event(c->w, &p->events[p->batch.event_count++], id);
		else
			witness_row(c->w, &p->rows[p->batch.row_count++], id);
	}
	/* All names again at the start of each run, then the new ones only. */
	for (uint32_t n = first == c->w->run_first[c->w->this_run]
				  ? 1
				  : witness_names_at(first - 1) + 1;
		n <= witness_names_at(c->w->next - 1); n++)
		witness_name(&p->names[p->batch.name_count++], n);
}

static void add_delete(struct script *c, struct parcel *p, int64_t first, int64_t last)
{
	if (first < 1 || last >= c->w->next || first > last)
		return;
	p->deletes[p->batch.delete_count++] =
		(struct store_range){ (uint64_t)first, (uint64_t)last };
	for (int64_t id = first; id <= last; id++)
		c->w->deleted[id] = true;
}

/* What was delivered: some of the last batch, one here and there of the one before, an older run's
 * leftovers. */
static void fill_deletes(struct script *c, struct parcel *p, int step, int64_t first)
{
	add_delete(c, p, first - 4, first - 2);
	add_delete(c, p, first - 13, first - 13);
	if (step % 4 == 2)
		add_delete(c, p, first - 25, first - 21);
	if (step % 5 == 4 && c->w->this_run > 1)
		add_delete(c, p, 1, c->w->run_first[c->w->this_run] / 2);
}

static void fill_rest(struct script *c, struct parcel *p, int step, int64_t first)
{
	if (step % 3 == 1)
		for (int i = 0; i < 2; i++) {
			int64_t id = first - 9 + i;

			if (id >= 1 && c->w->fate[id] == WITNESS_WRITTEN && !c->w->deleted[id])
				p->asides[p->batch.aside_count++] =
					(struct store_aside){ id, INT64_C(1800000000000), 5, 0x87 };
		}
	if (step % 3 == 2)
		for (size_t g = 0; g < c->w->gap_count && p->batch.settled_count < 2; g++)
			if (!c->w->gaps[g].settled) {
				p->settled[p->batch.settled_count++] = c->w->gaps[g].owed.id;
				c->w->gaps[g].settled = true;
			}
	for (uint32_t run = 1; step == 5 && run < c->w->this_run; run++)
		if (c->w->epoch_owed[run] > 0 && p->batch.settled_count < 4) {
			p->settled[p->batch.settled_count++] = c->w->epoch_owed[run];
			c->w->epoch_owed[run] = 0;
		}
	p->batch.own_epoch = c->w->this_run;
	if (step % 2 == 1) {
		p->batch.rows_from = c->rows_next > 0 && !c->rows_end ? c->rows_next : 1;
		p->batch.events_from = c->events_next > 0 && !c->events_end ? c->events_next : 1;
		p->batch.rows_wanted = p->batch.events_wanted = LOAD;
	}
}

static void confirm(struct script *c, const struct parcel *p)
{
	for (size_t i = 0; i < p->batch.row_count; i++)
		c->w->fate[p->rows[i].id] = WITNESS_WRITTEN;
	for (size_t i = 0; i < p->batch.event_count; i++)
		c->w->fate[p->events[i].id] = WITNESS_WRITTEN;
	for (size_t i = 0; i < p->batch.aside_count; i++)
		c->w->aside[p->asides[i].id] = true;
	if (c->own_owed > 0)
		c->w->epoch_owed[c->w->this_run] = c->own_owed;
}

static bool one_batch(struct script *c, int step)
{
	struct parcel p = { 0 };
	int64_t first = c->w->next;
	bool done;

	p.batch.names = p.names;
	p.batch.rows = p.rows;
	p.batch.events = p.events;
	p.batch.asides = p.asides;
	p.batch.deletes = p.deletes;
	p.batch.settled = p.settled;
	fill_new(c, &p, first);
	fill_deletes(c, &p, step, first);
	fill_rest(c, &p, step, first);
	done = give(c, &p.batch);
	if (done)
		confirm(c, &p);
	for (size_t i = 0; i < p.batch.event_count; i++) {
		free(p.events[i].topic);
		free(p.events[i].body);
	}
	return done;
}

/* As small as it takes to have a third of what is there dropped. */
static void narrow(struct script *c)
{
	struct store_limits narrow_limits = wide;

	narrow_limits.max_size = store_figures(c->s).used_bytes * 2 / 3;
	store_set_limits(c->s, &narrow_limits);
}

bool script_run(struct script *c, int count)
{
	for (int step = 0; step < count && !c->w->far; step++) {
		if (step == count * 2 / 3)
			narrow(c);
		if (step == count * 5 / 6)
			store_set_limits(c->s, &wide);
		if (!one_batch(c, step))
			return false;
	}
	return true;
}

/* ---- the check ---- */

void script_check(struct witness *w, const char *directory)
{
	struct script c = { .checking = true };
	struct store_batch batch = { .rows_wanted = LOAD, .events_wanted = LOAD };
	struct store_figures figures;

	if (!script_start(&c, w, directory))
		abort();
	c.rows_next = c.events_next = 1;
	while (!c.rows_end || !c.events_end || store_figures(c.s).salvaging) {
		/* What comes back of a damaged file is read with the rest. */
		while (store_figures(c.s).salvaging)
			if (!give(&c, &(struct store_batch){ 0 }))
				abort();
		batch.rows_from = c.rows_next;
		batch.events_from = c.events_next;
		if (!give(&c, &batch))
			abort();
	}
	figures = store_figures(c.s);
	script_stop(&c);
	witness_check_end(w, &figures);
}
