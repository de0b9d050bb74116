/*
 * See scan.h.
 */
#include "outbox/scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PIECE 5000 /* rows looked at in one step */
/* Ranges kept for one epoch: with more, neighbours are joined, and so claim numbers between them
 * that are not stored. A consumer then waits for some that it has already. */
#define RANGES_KEPT 65536

int scan_want(struct scan *s, uint32_t epoch)
{
	struct scan_epoch *more;

	for (size_t i = s->in_pass; i < s->count; i++)
		if (s->epochs[i].epoch == epoch)
			return 0;
	if (s->count == s->room) {
		size_t room = s->room ? s->room * 2 : 16;

		more = realloc(s->epochs, room * sizeof(*more));
		if (!more)
			return -ENOMEM;
		s->epochs = more;
		s->room = room;
	}
	s->epochs[s->count++] = (struct scan_epoch){ .epoch = epoch };
	return 0;
}

bool scan_is_wanted(const struct scan *s)
{
	return s->count > 0;
}

void scan_restart(struct scan *s)
{
	for (size_t i = 0; i < s->count && !s->telling; i++)
		s->epochs[i].count = 0;
	if (!s->telling)
		s->running = false;
}

void scan_done(struct scan *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->epochs[i].ranges);
	free(s->epochs);
	*s = (struct scan){ 0 };
}

static struct scan_epoch *find(struct scan *s, uint32_t epoch)
{
	/* Rows of a run stand together, and the last one is asked for most. */
	for (size_t i = s->in_pass; i-- > 0;)
		if (s->epochs[i].epoch == epoch)
			return &s->epochs[i];
	return NULL;
}

static int insert(struct scan_epoch *e, size_t at, uint64_t number)
{
	if (e->count == e->room) {
		size_t room = e->room ? e->room * 2 : 64;
		struct store_range *more = realloc(e->ranges, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		e->ranges = more;
		e->room = room;
	}
	memmove(&e->ranges[at + 1], &e->ranges[at], (e->count - at) * sizeof(*e->ranges));
	e->ranges[at] = (struct store_range){ number, number };
	e->count++;
	return 0;
}

static void remove_range(struct scan_epoch *e, size_t at)
{
	e->count--;
	memmove(&e->ranges[at], &e->ranges[at + 1], (e->count - at) * sizeof(*e->ranges));
}

/* Adds a number to the ranges, which are in order and do not touch each other. */
static int add(struct scan_epoch *e, uint64_t number)
{
	struct store_range *r = e->ranges;
	size_t low = 0, high = e->count;

	/* Nearly always it comes next. */
	if (e->count > 0 && number == r[e->count - 1].last + 1) {
		r[e->count - 1].last = number;
		return 0;
	}
	if (e->count > 0 && number > r[e->count - 1].last)
		low = e->count;
	while (low < high) { /* the first range that ends at number or behind it */
		size_t middle = low + (high - low) / 2;

		if (r[middle].last < number)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < e->count && r[low].first <= number)
		return 0;
	if (low > 0 && r[low - 1].last + 1 == number) {
		r[low - 1].last = number;
	} else if (low < e->count && r[low].first == number + 1) {
		r[low].first = number;
		return 0;
	} else if (e->count == RANGES_KEPT) {
		if (low > 0)
			r[--low].last = number;
		else
			r[0].first = number;
	} else {
		return insert(e, low, number);
	}
	if (low > 0 && low < e->count && r[low - 1].last + 1 == r[low].first) {
		r[low - 1].last = r[low].last;
		remove_range(e, low);
	}
	return 0;
}

static int look(struct keeper *k, struct scan *s)
{
	sqlite3_stmt *st = NULL;
	struct scan_epoch *e = NULL;
	size_t n = 0;
	int r = rows_read(
		&k->db, s->events ? SQL_SCAN_EVENTS : SQL_SCAN_READINGS, s->next, PIECE, &st);

	while (r >= 0 && (r = database_step(&k->db, st)) > 0) {
		uint32_t epoch = (uint32_t)sqlite3_column_int64(st, 1);

		n++;
		s->next = sqlite3_column_int64(st, 0) + 1;
		if (!e || e->epoch != epoch)
			e = find(s, epoch);
		if (e && add(e, (uint64_t)sqlite3_column_int64(st, 2)) < 0) {
			(void)sqlite3_reset(st);
			return -ENOMEM;
		}
	}
	if (r < 0 || n == PIECE)
		return r;
	s->next = INT64_MIN;
	s->telling = s->events;
	s->events = true;
	return 0;
}

/* Tells the next ranges of the first epoch. */
static int tell(struct keeper *k, struct scan *s)
{
	struct scan_epoch *e = &s->epochs[0];
	size_t left = e->count - s->told, count = left < STORE_RANGES_MAX ? left : STORE_RANGES_MAX;
	_cleanup_(news_freep) struct news *n = calloc(1, sizeof(*n));

	if (!n)
		return -ENOMEM;
	n->kind = NEWS_SCANNED;
	n->scanned.epoch = e->epoch;
	n->scanned.ranges = calloc(count ? count : 1, sizeof(*n->scanned.ranges));
	if (!n->scanned.ranges)
		return -ENOMEM;
	if (count > 0)
		memcpy(n->scanned.ranges, e->ranges + s->told, count * sizeof(*e->ranges));
	n->scanned.count = count;
	n->scanned.last = count == left;
	s->told += count;
	if (n->scanned.last) {
		free(e->ranges);
		s->count--;
		s->in_pass--;
		memmove(s->epochs, s->epochs + 1, s->count * sizeof(*s->epochs));
		s->told = 0;
		s->telling = s->running = s->in_pass > 0;
	}
	k->post(TAKE_PTR(n), k->userdata);
	return 0;
}

int scan_step(struct keeper *k)
{
	struct scan *s = &k->scan;

	if (!s->running) {
		s->running = true;
		s->events = s->telling = false;
		s->in_pass = s->count;
		s->next = INT64_MIN;
		s->told = 0;
	}
	return s->telling ? tell(k, s) : look(k, s);
}
