/* Recordings from CSV files; see replay.h. */
#include "sim/replay.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct point {
	int64_t at_ms;
	int32_t value;
	uint8_t quantity;
};

struct replay {
	struct point *points; /* by time */
	size_t count, size;
	uint32_t has; /* bit per quantity */
};

struct item {
	long id;
	enum quantity quantity;
	bool fahrenheit;
};

/* How items.csv names what we can replay. */
static const struct {
	const char *name;
	enum quantity quantity;
	bool fahrenheit;
} names[] = {
	{ "hr", Q_HEART_RATE, false },
	{ "rr", Q_RESPIRATORY_RATE, false },
	{ "spo2", Q_SPO2, false },
	{ "nibp_sys", Q_BP_SYSTOLIC, false },
	{ "nibp_dia", Q_BP_DIASTOLIC, false },
	{ "nibp_mean", Q_BP_MEAN, false },
	{ "abp_sys", Q_BP_SYSTOLIC, false },
	{ "abp_dia", Q_BP_DIASTOLIC, false },
	{ "abp_mean", Q_BP_MEAN, false },
	{ "temp_f", Q_BODY_TEMPERATURE, true },
	{ "temp_c", Q_BODY_TEMPERATURE, false },
};

static int add(struct replay *r, int64_t at_ms, enum quantity q, double value)
{
	double scaled = value * pow(10, quantity_info(q)->decimals);
	struct point *p;

	if (!(fabs(scaled) < 1e6))
		return 0; /* a charting error, or not a number */
	if (r->count >= REPLAY_POINTS_MAX)
		return -E2BIG;
	if (r->count == r->size) {
		size_t size = r->size ? r->size * 2 : 1024;

		p = reallocarray(r->points, size, sizeof(*p));
		if (!p)
			return -ENOMEM;
		r->points = p;
		r->size = size;
	}
	r->has |= UINT32_C(1) << q;
	r->points[r->count++] = (struct point){ at_ms, (int32_t)lround(scaled), (uint8_t)q };
	return 0;
}

/* "2121-12-07 20:30:00" as milliseconds; only differences count, so the zone does not. */
static bool parse_time(const char *text, int64_t *ret)
{
	struct tm tm = { 0 };
	const char *end = strptime(text, "%Y-%m-%d %H:%M:%S", &tm);

	if (!end || *end != ',')
		return false;
	*ret = (int64_t)timegm(&tm) * 1000;
	return true;
}

/* items.csv beside the recording: itemid,name,... Returns the number of items or a negative errno.
 */
static int read_items(const char *path, struct item *items, size_t max)
{
	_cleanup_(fclosep) FILE *f = NULL;
	_cleanup_(freep) char *line = NULL;
	char beside[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t size = 0, n = 0;

	if (snprintf(beside, sizeof(beside), "%.*sitems.csv", slash ? (int)(slash - path + 1) : 0,
		    path) >= (int)sizeof(beside))
		return -ENAMETOOLONG;
	f = fopen(beside, "re");
	if (!f)
		return -errno;
	while (n < max && getline(&line, &size, f) > 0) {
		char *name, *end;
		long id = strtol(line, &name, 10);

		if (name == line || *name++ != ',')
			continue;
		end = strchr(name, ',');
		if (!end)
			continue;
		*end = 0;
		for (size_t i = 0; i < ARRAY_SIZE(names); i++)
			if (!strcmp(name, names[i].name))
				items[n++] =
					(struct item){ id, names[i].quantity, names[i].fahrenheit };
	}
	return (int)n;
}

static int add_charted(
	struct replay *r, const char *fields, int64_t at_ms, const struct item *items, size_t count)
{
	char *end;
	long id = strtol(fields, &end, 10);
	double value;

	if (end == fields || *end != ',')
		return -EBADMSG;
	fields = end + 1;
	value = strtod(fields, &end);
	if (end == fields)
		return -EBADMSG;
	for (size_t i = 0; i < count; i++)
		if (items[i].id == id)
			return add(r, at_ms, items[i].quantity,
				items[i].fahrenheit ? (value - 32) * 5 / 9 : value);
	return 0;
}

static int by_time(const void *a, const void *b)
{
	const struct point *x = a, *y = b;

	return x->at_ms < y->at_ms ? -1 : x->at_ms > y->at_ms;
}

static int read_lines(struct replay *r, FILE *f, const char *path, char *why, size_t why_size)
{
	_cleanup_(freep) char *line = NULL;
	struct item items[64];
	size_t size = 0;
	int item_count = 0, number = 0, result;
	bool charted;

	if (getline(&line, &size, f) <= 0)
		return snprintf(why, why_size, "%s is empty", path), -EBADMSG;
	line[strcspn(line, "\r\n")] = 0;
	charted = !strcmp(line, "charttime,itemid,value");
	if (!charted && strcmp(line, "time_utc,temp_c") != 0)
		return snprintf(why, why_size,
			       "%s:1: neither charttime,itemid,value nor time_utc,temp_c", path),
		       -EBADMSG;
	if (charted) {
		item_count = read_items(path, items, ARRAY_SIZE(items));
		if (item_count < 0)
			return snprintf(why, why_size, "items.csv beside %s: %s", path,
				       strerror(-item_count)),
			       item_count;
	}
	for (number = 2; getline(&line, &size, f) > 0; number++) {
		char *end, *fields = strchr(line, ',');
		int64_t at_ms;

		result = fields && parse_time(line, &at_ms) ? 0 : -EBADMSG;
		if (!result && charted)
			result = add_charted(r, fields + 1, at_ms, items, (size_t)item_count);
		else if (!result) {
			double value = strtod(fields + 1, &end);

			result = end == fields + 1 ? -EBADMSG
						   : add(r, at_ms, Q_AMBIENT_TEMPERATURE, value);
		}
		if (result < 0)
			return snprintf(why, why_size, "%s:%d: %s", path, number,
				       result == -EBADMSG ? "not a row of this kind"
							  : strerror(-result)),
			       result;
	}
	return 0;
}

int replay_new(struct replay **ret, const char *path, char *why, size_t why_size)
{
	_cleanup_(replay_freep) struct replay *r = calloc(1, sizeof(*r));
	_cleanup_(fclosep) FILE *f = NULL;
	int result;

	if (!r)
		return snprintf(why, why_size, "out of memory"), -ENOMEM;
	f = fopen(path, "re");
	if (!f) {
		result = -errno;
		snprintf(why, why_size, "%s: %s", path, strerror(-result));
		return result;
	}
	result = read_lines(r, f, path, why, why_size);
	if (result < 0)
		return result;
	if (!r->count)
		return snprintf(why, why_size, "%s has nothing that can be replayed", path),
		       -EBADMSG;
	qsort(r->points, r->count, sizeof(*r->points), by_time);
	for (size_t i = r->count; i-- > 0;)
		r->points[i].at_ms -= r->points[0].at_ms;
	*ret = TAKE_PTR(r);
	return 0;
}

struct replay *replay_free(struct replay *r)
{
	if (!r)
		return NULL;
	free(r->points);
	free(r);
	return NULL;
}

bool replay_value(const struct replay *r, enum quantity q, int64_t at_ms, int32_t *ret)
{
	size_t low = 0, high = r->count;

	if (!replay_has(r, q))
		return false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (r->points[middle].at_ms <= at_ms)
			low = middle + 1;
		else
			high = middle;
	}
	while (low-- > 0) {
		if (r->points[low].quantity != q)
			continue;
		*ret = r->points[low].value;
		return true;
	}
	return false;
}

bool replay_has(const struct replay *r, enum quantity q)
{
	return r->has >> q & 1;
}
