/*
 * The log of `wardsim ble': every value that was sent and what became of it, as
 * JSON lines like those of the other commands (simlog.h):
 *
 *   {"device":"bed1-cuff","metric":"bp-systolic","value":124,"time":"2026-11-21T10:00:00.123Z",
 *    "acknowledged":false,"by":"indication","pack":7}
 *   ... "acknowledged":true,"by":"indication","pack":7}   it was confirmed: it must arrive
 *   ... "acknowledged":false,"dropped":"lost","by":"notification","pack":8}
 *
 * Values of one message have one pack. A notification or an advertisement has
 * one line: acknowledged when the link or an adapter that listens took it. An
 * indication has one when it is first sent and one when it is confirmed or
 * given up. value has the digits that were sent, in the unit that the broker
 * sees; "raw" is beside it where the device sent another unit. Further members
 * where they say something: "instance", "validity", "reason", "flags", "device_time".
 *
 * Lines are collected; the owner flushes them once in each turn of its loop.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/ble_octets.h"
#include "util/cleanup.h"
#include "util/text.h"
#include "wardgate/decimal.h"

#define SBLE_VALUES_MAX 16

struct sble_value {
	const char *metric;
	unsigned instance;
	struct decimal number;
	bool none;            /* there is no value */
	const char *word;     /* in place of a number: "true", "false", or a JSON string */
	const char *validity; /* NULL: valid */
	const char *reason;   /* or NULL */
	char flags[48];       /* with commas between */
	char raw[24];         /* "16.0 kPa", or "" */
};

enum sble_way { SBLE_NOTIFICATION, SBLE_INDICATION, SBLE_ADVERTISEMENT, SBLE_READ };

/* What goes out at once, and the values that it says. */
struct sble_message {
	uint16_t uuid; /* of the characteristic; 0: none */
	enum sble_way way;
	uint32_t pack; /* 0: not said yet */
	int64_t utc_ms;
	int64_t device_ms; /* the device's wall clock as if UTC; INT64_MIN: it says none */
	struct octets bytes;
	struct sble_value values[SBLE_VALUES_MAX];
	size_t count;
};

struct sble_log;

/* path "-" is standard output; NULL keeps no log. again: after what the file has. Returns 0 or a
 * negative errno. */
int sble_log_new(struct sble_log **ret, const char *path, bool again);
struct sble_log *sble_log_free(struct sble_log *l);
WG_DEFINE_CLEANUP(struct sble_log *, sble_log_free)

/* dropped: why it was given up, or NULL. Gives the message its pack. */
void sble_log_message(struct sble_log *l, const char *device, struct sble_message *m,
	bool acknowledged, const char *dropped);
/* more: further members as JSON without braces, formatted, or NULL. */
void sble_log_event(struct sble_log *l, const char *event, const char *device, const char *more,
	...) __attribute__((format(printf, 4, 5)));
/* For lines of another shape: an empty one, to begin with '{'; one more member of it; and its end,
 * which closes the brace. */
bool sble_log_open(const struct sble_log *l);
struct text sble_log_line(struct sble_log *l);
void sble_log_member(struct text *t, const char *name, const char *value);
void sble_log_keep(struct sble_log *l, struct text *t);
void sble_log_flush(struct sble_log *l);
/* The first failure to write, a negative errno, or 0. */
int sble_log_error(const struct sble_log *l);

/* Adds a value: mantissa * 10^exponent. The result may be changed until the next one is added. */
struct sble_value *sble_message_add(
	struct sble_message *m, const char *metric, int64_t mantissa, int exponent);
/* Adds flags to all values of it. */
void sble_message_flag(struct sble_message *m, const char *flag);
void sble_value_flag(struct sble_value *v, const char *flag);
