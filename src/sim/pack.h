/*
 * From samples to the bytes that a device sends (SenML, RFC 8428) and to the
 * lines that the log keeps of them. Pure, and written without the gateway's
 * codecs on purpose: it is the other opinion.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sim/quantity.h"

enum pack_format {
	PACK_JSON,      /* every record complete */
	PACK_CBOR,      /* the same; numbers as doubles or integers */
	PACK_JSON_BASE, /* base name and whole base time, fractions of a second per record */
	PACK_CBOR_BASE, /* the same; numbers as decimal fractions */
	_PACK_FORMAT_MAX
};

#define CONTENT_SENML_JSON 110
#define CONTENT_SENML_CBOR 112

struct sample {
	int64_t time_ms; /* UTC; unique within device and quantity */
	int32_t value;   /* in the broker's unit, in steps of the quantity's decimals */
	uint8_t quantity;
	bool sensor_off; /* there is no value: "vs":"sensor-off" is sent in its place */
};

#define PACK_BYTES_MAX 65536

/* _PACK_FORMAT_MAX when there is none of that name. */
enum pack_format pack_format_by_text(const char *text);
unsigned pack_content_format(enum pack_format f);

/* Writes one pack. device becomes the base name's end in the formats that have one. Returns the
 * length or -ENOBUFS. The same samples give the same bytes. */
ssize_t pack_encode(enum pack_format f, const char *device, const struct sample *samples,
	size_t count, uint8_t *buf, size_t size);

/* What a pack that must be refused looks like. */
enum pack_fault {
	PACK_FAULT_TRUNCATED,
	PACK_FAULT_NO_NAME,
	PACK_FAULT_TWO_VALUES,
	PACK_FAULT_VERSION,
	PACK_FAULT_NAME_CHARACTER,
	PACK_FAULT_UNKNOWN_FIELD, /* a label that ends with _ and is not understood */
	PACK_FAULT_NOT_SENML,
	_PACK_FAULT_MAX
};
const char *pack_fault_text(enum pack_fault f);
/* SenML JSON with that fault; static. */
const char *pack_faulty(enum pack_fault f);

/* How the log names the value: "36.9", "true", "\"single\"", or "null". Returns the length or
 * -ENOBUFS; ends with 0. */
ssize_t pack_value_text(const struct sample *s, char *buf, size_t size);
/* RFC 3339 UTC with milliseconds, of years 1970 to 9999. buf takes 25 bytes. */
void pack_time_text(int64_t time_ms, char buf[static 25]);
