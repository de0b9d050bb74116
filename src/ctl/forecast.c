/*
 * How long what comes fits on the disk. See forecast.h.
 */
#include "ctl/forecast.h"

#include "outbox/limits.h"

/* Longer than anybody plans for. */
#define FOREVER_S (INT64_C(1000) * 365 * 86400)

/* As the store judges it. free_bytes -1: unknown. */
static struct limits_verdict judge(
	const struct stored *s, const struct forecast_bounds *b, int64_t free_bytes)
{
	const struct store_limits limits = { b->max_size, b->keep_free, b->max_age_us };
	const struct limits_view view = {
		.pages_bytes = s->pages_bytes,
		.used_bytes = s->used_bytes,
		.file_bytes = s->file_bytes,
		.log_bytes = s->log_bytes,
		.free_bytes = free_bytes >= 0 ? free_bytes : INT64_MAX / 2,
	};

	return limits_judge(&limits, &view);
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
	static const struct stored empty = { 0 };
	struct limits_verdict now = judge(s, b, b->free_bytes), by_size = judge(s, b, -1);
	int64_t max_age_s = b->max_age_us / 1000000;
	struct forecast f = { .limit_bytes = now.limit_bytes, .full_s = -1, .ward_s = -1 };

	f.by_keep_free = now.limit_bytes < by_size.limit_bytes;
	f.full = now.room_bytes == 0;
	f.measured = s->readings >= FORECAST_MEASURED_MIN;
	f.bytes_per_reading =
		f.measured ? (double)s->used_bytes / (double)s->readings : FORECAST_BYTES;
	f.rate = rate_of(s, b->now_ms);
	if (f.full)
		f.full_s = 0;
	else if (f.rate > 0)
		f.full_s = seconds((double)now.room_bytes / f.bytes_per_reading / f.rate);

	f.ward_devices = b->devices ? b->devices : s->sample_devices;
	f.ward_measured = f.rate > 0 && s->sample_devices > 0;
	f.ward_each = f.ward_measured ? f.rate / (double)s->sample_devices : 1;
	if (f.ward_devices > 0) {
		f.ward_s = seconds((double)judge(&empty, b, -1).room_bytes / f.bytes_per_reading /
				   ((double)f.ward_devices * f.ward_each));
		f.ward_by_age = max_age_s < f.ward_s;
		if (f.ward_by_age)
			f.ward_s = max_age_s;
	}
	*ret = f;
}
