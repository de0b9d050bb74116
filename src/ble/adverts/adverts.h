/*
 * Takes an advertisement apart and hands its service and manufacturer data to
 * the formats of adverts.def; also what the formats have in common.
 *
 * What the driver does with it: it keeps one struct advert_device for each
 * device of the configuration that broadcasts, calls adverts_heard() for each
 * report of that address, hands the readings to gateway_submit(), counts the
 * outcomes, and saves advert_device.counter some steps ahead, and .last before it
 * hands over the readings. For addresses that nobody knows it may call it with a
 * device of zeros, for `discover` and tags.h.
 */
#pragma once

#include "codec/measure.h"
#include "util/cursor.h"
#include "wardgate/advert.h"

enum advert_id {
#define ADVERT(id) ADVERT_##id,
#include "ble/adverts/adverts.def"
#undef ADVERT
	_ADVERT_MAX
};

#define ADVERT(id) extern const struct advert_format advert_##id;
#include "ble/adverts/adverts.def"
#undef ADVERT

#define ADVERT_NAME_MAX 29
#define ADVERT_SERVICES_MAX 8

/* What an advertisement says beside its readings. */
struct advert_summary {
	int outcome;    /* of the last format that knew a field of it; ADVERT_E_OTHER: none did */
	uint8_t format; /* enum advert_id of that one; _ADVERT_MAX: none */
	bool broken;    /* a length in it leads beyond its end: what came before counts */
	uint8_t service_count;
	uint16_t services[ADVERT_SERVICES_MAX]; /* 16-bit UUIDs, offered or with data */
	bool has_company;
	uint16_t company;
	uint8_t name_length;
	char name[ADVERT_NAME_MAX + 1]; /* UTF-8, "": none */
	struct tag_identity tag;        /* TAG_NONE: it names none */
};

/* The row of that number, NULL when there is none. */
const struct advert_format *advert_row(unsigned id);

/* Reads the data of one advertisement or scan response; c->tag is set here. */
void adverts_heard(const struct advert_call *c, const uint8_t *data, size_t length,
	struct advert_summary *ret);

/* ---- for formats ---- */

#define ADVERT_MINUTE_US INT64_C(60000000)

/* Whether these very bytes came within a minute, in this run, and no others of that kind since; if
 * not they are the last ones now, first heard now, or when an earlier run heard them. */
bool advert_repeated(
	const struct advert_call *c, enum advert_kind kind, const uint8_t *bytes, size_t length);
/* A measurement without values yet, from an unsealed broadcast: AUTH_NONE. Its key is that of the
 * bytes and the minute in which they first came, as small counters soon begin again; of a state,
 * the moment in which it did: open, closed, open are three even within a minute. */
struct measure advert_measure(
	const struct advert_call *c, enum advert_kind kind, const uint8_t *bytes, size_t length);
/* What a decoder returns at its end. */
int advert_done(const struct advert_call *c, const struct cursor *cur);
