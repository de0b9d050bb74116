/*
 * How long what comes fits on the disk: from what is stored to a forecast, and
 * each assumption beside it. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ctl/stored.h"

/* Bytes of file per reading at most, as promised (docs/ledger.md); counts while there are too few
 * to measure. */
#define FORECAST_BYTES 120
#define FORECAST_MEASURED_MIN 1000 /* readings from which on the file tells */
#define FORECAST_SAMPLE_MIN 10     /* readings from which on there is a rate */

/* What the configuration and the file system say. */
struct forecast_bounds {
	int64_t max_size, keep_free, max_age_us;
	int64_t free_bytes; /* of the file system; -1: unknown */
	uint64_t devices;   /* configured */
	int64_t now_ms;     /* UTC */
};

struct forecast {
	int64_t limit_bytes; /* of database and log: what MaxSize= and KeepFree= allow at present */
	bool by_keep_free;   /* of the two, KeepFree= is the nearer */
	bool full;
	double bytes_per_reading;
	bool measured;  /* bytes_per_reading, rather than assumed */
	double rate;    /* readings per second that were stored of late; 0: unknown */
	int64_t full_s; /* until the limit at this rate; -1: unknown */
	/* The whole of MaxSize= with every device of the ward sending. */
	uint64_t ward_devices; /* configured, or heard when none is */
	double ward_each;      /* readings per second and device */
	bool ward_measured;    /* ward_each, rather than assumed to be 1 */
	int64_t ward_s;        /* -1: there is no device */
	bool ward_by_age;      /* MaxAge= ends it sooner */
};

void forecast(const struct stored *s, const struct forecast_bounds *b, struct forecast *ret);
