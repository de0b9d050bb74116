/*
 * How long what comes fits on the disk. See forecast.h.
 */
#include "ctl/forecast.h"

/* Longer than anybody plans for. */
#define FOREVER_S (INT64_C(1000) * 365 * 86400)

/* What the file system leaves to the database beside KeepFree=: what it has, and what is free. */
static int64_t limit_of(const struct stored *s, const struct forecast_bounds *b, bool *ret_keep)
{
	int64_t left;

	*ret_keep = false;
	if (b->free_bytes < 0)
		return b->max_size;
	left = s->file_bytes + b->free_bytes - b->keep_free;
	if (left >= b->max_size)
		return b->max_size;
	*ret_keep = true;
	return left > 0 ? left : 0;
}

static int64_t seconds(double s)
{
	return s < (double)FOREVER_S ? (int64_t)s : FOREVER_S;
}

static double rate_of(const struct stored *s, int64_t now_ms)
{
	/* Up to now, not to the newest: when nothing more comes the rate falls. A clock that was
	 * set back tells nothing. */
	if (s->sample < FORECAST_SAMPLE_MIN || now_ms <= s->sample_ms)
		return 0;
	return (double)s->sample * 1000 / (double)(now_ms - s->sample_ms);
}

void forecast(const struct stored *s, const struct forecast_bounds *b, struct forecast *ret)
{
	struct forecast f = { .full_s = -1, .ward_s = -1 };

	f.limit_bytes = limit_of(s, b, &f.by_keep_free);
	f.full = s->used_bytes >= f.limit_bytes;
	f.measured = s->readings >= FORECAST_MEASURED_MIN;
	f.bytes_per_reading =
		f.measured ? (double)s->used_bytes / (double)s->readings : FORECAST_BYTES;
	f.rate = rate_of(s, b->now_ms);
	if (f.full)
		f.full_s = 0;
	else if (f.rate > 0)
		f.full_s = seconds(
			(double)(f.limit_bytes - s->used_bytes) / f.bytes_per_reading / f.rate);

	f.ward_devices = b->devices ? b->devices : s->sample_devices;
	f.ward_measured = f.rate > 0 && s->sample_devices > 0;
	f.ward_each = f.ward_measured ? f.rate / (double)s->sample_devices : 1;
	if (f.ward_devices > 0) {
		f.ward_s = seconds((double)b->max_size / f.bytes_per_reading /
				   ((double)f.ward_devices * f.ward_each));
		f.ward_by_age = b->max_age_s < f.ward_s;
		if (f.ward_by_age)
			f.ward_s = b->max_age_s;
	}
	*ret = f;
}
