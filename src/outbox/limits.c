/*
 * See limits.h.
 */
#include "outbox/limits.h"

/* The file system is not used up to the last block: SQLite needs some for its index of the log. */
#define SLACK (INT64_C(256) * 1024)

static int64_t max(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t min(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* How many bytes of pages the free space allows. Below KeepFree= the database does not grow any
 * more; it does not shrink for it either, since others filled the disk and would fill that, too. */
static int64_t allowed_by_free_space(
	const struct store_limits *l, const struct limits_view *v, int64_t log_max)
{
	/* What is promised already: pages that wait in the log, and what the log may yet take. */
	int64_t promised = max(v->pages_bytes - v->file_bytes, 0) + max(log_max - v->log_bytes, 0);
	int64_t left = v->refused ? 0 : max(v->free_bytes - promised - SLACK, 0);

	return max(v->pages_bytes + max(left - l->keep_free, 0),
		min(LIMITS_FLOOR, v->pages_bytes + left));
}

struct limits_verdict limits_judge(const struct store_limits *l, const struct limits_view *v)
{
	int64_t max_size = l->max_size > 0 ? l->max_size : INT64_MAX;
	int64_t log_max = min(LIMITS_LOG, max_size / 4), by_size = max_size - log_max;
	int64_t by_free = allowed_by_free_space(l, v, log_max);
	int64_t allowed = min(by_size, by_free);
	int64_t max_age_s = l->max_age_us > 0 ? l->max_age_us / 1000000 : INT64_MAX;
	struct limits_verdict r = { .limit_bytes = allowed + log_max,
		.room_bytes = max(allowed - v->used_bytes - v->coming_bytes, 0) };

	if (v->oldest_age_s > max_age_s)
		r.drop = LIMITS_AGE;
	/* Growth within the pages that it has is not growth of the file. */
	if (v->used_bytes + v->coming_bytes > allowed)
		r.drop = by_size <= by_free ? LIMITS_SIZE : LIMITS_FREE_SPACE;
	r.relaxed = r.drop == LIMITS_NONE && v->oldest_age_s <= max_age_s - max_age_s / 20 &&
		    v->used_bytes + v->coming_bytes <= allowed - allowed / 20;
	return r;
}

const char *limits_reason_text(enum limits_reason r)
{
	switch (r) {
	case LIMITS_NONE:
		break;
	case LIMITS_SIZE:
		return "size";
	case LIMITS_FREE_SPACE:
		return "free-space";
	case LIMITS_AGE:
		return "age";
	}
	return "";
}
