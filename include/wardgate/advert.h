/*
 * The extension point of an advertisement format: one file in ble/adverts, one
 * row in ble/adverts/adverts.def, one vector file in tests/vectors/ble. Pure: the
 * bytes of one service data or manufacturer data field come in, readings go out.
 * ble/adverts/adverts.h finds the field and its format. See docs/ble.md.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wardgate/decoded.h"

enum advert_where { ADVERT_SERVICE_DATA, ADVERT_MANUFACTURER_DATA };

#define ADVERT_ADDRESS_SIZE 6 /* most significant byte first, as it is written */
#define ADVERT_KEY_SIZE 16

/* Opens AES-128-CCM: writes length bytes of plain text, or nothing. Returns 0, or -EBADMSG when the
 * tag does not fit. ble/ccm.h has it. */
typedef int (*advert_open_fn)(void *cipher, const uint8_t key[static ADVERT_KEY_SIZE],
	const uint8_t *nonce, size_t nonce_length, const uint8_t *associated,
	size_t associated_length, const uint8_t *sealed, size_t length, const uint8_t *tag,
	size_t tag_length, uint8_t *plain);

/* Payloads of one device that are not each other's repetitions: what they hold besides a counter.
 * A sensor may tell both in turn. */
enum advert_kind {
	ADVERT_VALUES, /* numbers: the same ones come again by chance, and in turn with others */
	ADVERT_STATES, /* whether a door is open, that a button was pressed: by change */
	ADVERT_KINDS
};

/* What outlives one advertisement of a device; zero at first. The counter is the caller's to keep
 * over restarts: it saves one further on than it has seen, and gives that back. So is the last
 * payload, without last_known. */
struct advert_device {
	bool has_key;
	uint8_t key[ADVERT_KEY_SIZE]; /* BindKey= */
	bool counter_known;
	uint32_t counter; /* the last one taken; whatever is not above it is a replay */
	/* The last payload of each kind, its counter within. */
	struct heard last[ADVERT_KINDS];
	bool last_known[ADVERT_KINDS]; /* by this run; an earlier one may have got no further */
};

/* Who a tag says that it is. */
enum tag_kind { TAG_NONE, TAG_ADDRESS, TAG_IBEACON, TAG_EDDYSTONE };

#define TAG_IDENTITY_MAX 20

struct tag_identity {
	uint8_t kind;   /* enum tag_kind */
	uint8_t length; /* of bytes: 6, 20 (UUID, major, minor) or 16 (namespace, instance) */
	uint8_t bytes[TAG_IDENTITY_MAX];
	int8_t measured_dbm; /* as the tag says it is heard at its reference distance */
};

struct advert_call {
	const uint8_t *address; /* ADVERT_ADDRESS_SIZE bytes */
	struct decode_time now;
	struct advert_device *device; /* never NULL */
	advert_open_fn open;          /* NULL: nothing sealed can be opened */
	void *cipher;
	struct decoded *out;
	struct tag_identity *tag; /* adverts_heard() gives one; set by formats that name one */
};

/* Outcomes; the readings of all but the first, REPEATED and INCOMPLETE are none. */
enum {
	_ADVERT_E_OK,
	ADVERT_E_REPEATED,   /* the same measurement as before: heard, but nothing new */
	ADVERT_E_INCOMPLETE, /* what follows something unknown cannot be read; the rest counts */
	ADVERT_E_MALFORMED,
	ADVERT_E_NO_KEY,    /* sealed, and no BindKey= is set */
	ADVERT_E_WRONG_KEY, /* sealed by another key, or tampered with */
	ADVERT_E_REPLAYED,  /* its counter is not above the last one */
	ADVERT_E_UNSEALED,  /* BindKey= is set, but this was not sealed */
	ADVERT_E_OVERFLOW,  /* more readings than fit: the rest was dropped */
	ADVERT_E_OTHER,     /* not this format, though the field is of its kind */
	_ADVERT_E_MAX
};

struct advert_format {
	const char *name; /* "bthome" */
	uint8_t where;    /* enum advert_where */
	uint16_t id;      /* 16-bit UUID, or company */
	int (*decode)(const struct advert_call *c, const uint8_t *bytes, size_t length);
};

const char *advert_outcome_text(int outcome);
