/*
 * Numbers as people read them. See human.h.
 */
#include "ctl/human.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/text.h"

#define YEAR_9999_MS INT64_C(253402300799000)

const char *human_count(char *buf, uint64_t n)
{
	char digits[24];
	int length = snprintf(digits, sizeof(digits), "%" PRIu64, n);
	char *at = buf;

	for (int i = 0; i < length; i++) {
		if (i > 0 && (length - i) % 3 == 0)
			*at++ = ',';
		*at++ = digits[i];
	}
	*at = 0;
	return buf;
}

const char *human_size(char *buf, int64_t bytes)
{
	static const char units[] = "KMGT";
	uint64_t n = bytes > 0 ? (uint64_t)bytes : 0, tenths;
	int unit = -1;

	if (n < 1024) {
		snprintf(buf, HUMAN_MAX, "%" PRIu64, n);
		return buf;
	}
	for (tenths = n; tenths >= 1024 && unit < 3; unit++)
		tenths /= 1024;
	tenths = (uint64_t)((double)n / (double)(UINT64_C(1) << (10 * (unit + 1))) * 10 + 0.5);
	if (tenths % 10 == 0 || tenths >= 1000)
		snprintf(buf, HUMAN_MAX, "%" PRIu64 "%c", (tenths + 5) / 10, units[unit]);
	else
		snprintf(buf, HUMAN_MAX, "%" PRIu64 ".%" PRIu64 "%c", tenths / 10, tenths % 10,
			units[unit]);
	return buf;
}

const char *human_duration(char *buf, int64_t seconds)
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = { { 365 * 86400, "y" }, { 86400, "d" }, { 3600, "h" }, { 60, "min" },
		{ 1, "s" } };
	size_t i = 0;
	int64_t rest;

	if (seconds < 0)
		seconds = 0;
	while (i + 1 < ARRAY_SIZE(units) && seconds < units[i].seconds)
		i++;
	rest = seconds % units[i].seconds;
	if (i + 1 < ARRAY_SIZE(units) && rest / units[i + 1].seconds > 0)
		snprintf(buf, HUMAN_MAX, "%" PRId64 " %s %" PRId64 " %s",
			seconds / units[i].seconds, units[i].name, rest / units[i + 1].seconds,
			units[i + 1].name);
	else
		snprintf(buf, HUMAN_MAX, "%" PRId64 " %s", seconds / units[i].seconds,
			units[i].name);
	return buf;
}

const char *human_time(char *buf, int64_t utc_ms)
{
	struct text t = text_init(buf, HUMAN_MAX);

	if (utc_ms < 0)
		utc_ms = 0;
	if (utc_ms > YEAR_9999_MS)
		utc_ms = YEAR_9999_MS;
	text_local_time(&t, utc_ms * 1000);
	text_lit(&t, " UTC");
	(void)text_done(&t);
	/* 2026-11-21T10:00:00 */
	if (strlen(buf) > 10 && buf[10] == 'T')
		buf[10] = ' ';
	return buf;
}

const char *human_rate(char *buf, double rate)
{
	if (!(rate < 1e15))
		rate = 1e15;
	if (rate >= 10)
		return human_count(buf, (uint64_t)(rate + 0.5));
	snprintf(buf, HUMAN_MAX, rate >= 1 ? "%.1f" : "%.2g", rate);
	return buf;
}
