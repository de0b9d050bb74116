/*
 * SenML packs (RFC 8428) in JSON and CBOR: from bytes to resolved records, in
 * which base fields have done their work. What a record means to us is
 * senml_readings.h's matter. Pure: no clock, no log.
 *
 * Stricter than the RFC where a guess could harm: a pack is taken whole or
 * refused whole, each label stands once in a record, CBOR lengths are definite.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"
#include "wardgate/decimal.h"
#include "wardgate/metric.h"

#define SENML_BODY_MAX 65536    /* bytes of one pack */
#define SENML_RECORDS_MAX 512   /* in one pack */
#define SENML_NAME_MAX 128      /* bytes of base name and name together */
#define SENML_STRING_MAX 128    /* bytes of any other text */
#define SENML_EXTENSIONS_MAX 12 /* x- labels in one record */
#define SENML_DEPTH_MAX 8       /* nesting, also of what is ignored */

/* Departures from RFC 8428 that a device is known to make. */
enum senml_accept {
	SENML_ACCEPT_PERCENT = 1 << 0,         /* "%" counts 0 to 100 instead of 0 to 1 */
	SENML_ACCEPT_MMHG = 1 << 1,            /* "mmHg" as a unit */
	SENML_ACCEPT_BARE_BASE_VALUE = 1 << 2, /* bv without v is a value */
	SENML_ACCEPT_TEXT_LABELS = 1 << 3,     /* "n", "v" in CBOR */
};

/* The unit of a metric where a record names none. */
struct senml_unit {
	enum metric metric;
	const char *unit; /* as senml_unit_known() takes it */
};

struct senml_options {
	unsigned accept; /* enum senml_accept */
	const struct senml_unit *units;
	size_t unit_count;
};

enum {
	_SENML_E_OK,
	SENML_E_REFUSED, /* the pack is at fault; struct senml_error says how */
};

struct senml_error {
	unsigned record; /* from 1; 0: the pack as a whole */
	char text[160];  /* a sentence for the maker of the device, printable ASCII */
};

enum senml_value {
	SENML_NONE, /* there is a sum only */
	SENML_NUMBER,
	SENML_NOT_A_NUMBER, /* CBOR's NaN */
	SENML_BOOLEAN,
	SENML_STRING,
	SENML_DATA, /* there are octets; they are not kept */
};

struct senml_extension {
	const char *label; /* with its "x-" */
	const char *text;  /* a number as decimal, a boolean as "true" or "false" */
};

/* Pointers are into the pack. */
struct senml_record {
	char name[SENML_NAME_MAX + 1]; /* base name and name, characters checked */
	const char *unit;              /* its own, else the base unit, else NULL */
	enum senml_value value;
	struct decimal number; /* base value added */
	bool boolean;
	const char *string;
	bool absolute;          /* time_us counts from 1970, else from the moment of reception */
	int64_t time_us;        /* base time added */
	int64_t update_time_us; /* the longest silence to expect; 0: not said */
	struct senml_extension extensions[SENML_EXTENSIONS_MAX];
	unsigned extension_count;
};

struct senml_pack {
	struct senml_record *records;
	size_t count;
	char *text; /* what the records point into */
};

/* Both return 0 with *ret, which senml_pack_done() frees, SENML_E_REFUSED with *error, or -ENOMEM.
 * The body is not needed afterwards. */
int senml_decode_json(const void *body, size_t n, const struct senml_options *o,
	struct senml_pack *ret, struct senml_error *error);
int senml_decode_cbor(const void *body, size_t n, const struct senml_options *o,
	struct senml_pack *ret, struct senml_error *error);

/* Frees what the pack holds and empties it; an empty one is fine. */
void senml_pack_done(struct senml_pack *p);

/* The text of an extension label of a record, NULL when it has none. */
const char *senml_extension(const struct senml_record *r, const char *label);
