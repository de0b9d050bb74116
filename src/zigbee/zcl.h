/*
 * Frames of the Zigbee Cluster Library (ZCL revision 8, chapter 2): the head, the
 * commands that all clusters share, and values with their types. Both ways: what
 * is read can be written again. Pure; not for what an attribute means: that is
 * zigbee/clusters.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/cursor.h"
#include "wardgate/decimal.h"

/* ---- heads (2.4.1) ---- */

#define ZCL_HEADER_MAX 5
#define ZCL_FRAME_MAX 82 /* that goes out in one piece */

enum zcl_control {
	ZCL_OF_CLUSTER = 0x01, /* a command of the cluster's own; else one of all clusters */
	ZCL_OF_MAKER = 0x04,   /* a manufacturer code stands in the head */
	ZCL_FROM_SERVER = 0x08,
	ZCL_NO_DEFAULT = 0x10, /* no default response wanted when all is well */
};

enum zcl_command {
	ZCL_READ = 0x00,
	ZCL_READ_RESPONSE = 0x01,
	ZCL_WRITE = 0x02,
	ZCL_WRITE_UNDIVIDED = 0x03, /* all or nothing */
	ZCL_WRITE_RESPONSE = 0x04,
	ZCL_WRITE_QUIET = 0x05, /* no answer wanted */
	ZCL_CONFIGURE = 0x06,
	ZCL_CONFIGURE_RESPONSE = 0x07,
	ZCL_READ_REPORTING = 0x08,
	ZCL_READ_REPORTING_RESPONSE = 0x09,
	ZCL_REPORT = 0x0a,
	ZCL_DEFAULT_RESPONSE = 0x0b,
	ZCL_DISCOVER = 0x0c,
	ZCL_DISCOVER_RESPONSE = 0x0d,
};

/* Some of 2.6.3. */
enum zcl_status {
	ZCL_SUCCESS = 0x00,
	ZCL_FAILURE = 0x01,
	ZCL_NOT_AUTHORISED = 0x7e,
	ZCL_MALFORMED_COMMAND = 0x80,
	ZCL_UNSUPPORTED_COMMAND = 0x81,
	ZCL_UNSUPPORTED_GENERAL = 0x82, /* a command of all clusters; not so since revision 8 */
	ZCL_UNSUPPORTED_ATTRIBUTE = 0x86,
	ZCL_INVALID_VALUE = 0x87,
	ZCL_READ_ONLY = 0x88,
	ZCL_NOT_FOUND = 0x8b,
	ZCL_UNREPORTABLE = 0x8c,
	ZCL_INVALID_TYPE = 0x8d,
	ZCL_UNSUPPORTED_CLUSTER = 0xc3,
};

struct zcl_header {
	uint8_t control; /* enum zcl_control; what else stands there is kept */
	uint8_t sequence, command;
	uint16_t maker; /* with ZCL_OF_MAKER; otherwise 0 */
};

struct zcl_frame {
	struct zcl_header header;
	const uint8_t *payload; /* in place */
	size_t length;
};

/* Takes a frame apart. Returns 0, or -EBADMSG when its head is cut off or of a type that is
 * reserved. */
int zcl_read_frame(struct zcl_frame *ret, const uint8_t *bytes, size_t length);
static inline bool zcl_is_general(const struct zcl_frame *f, uint8_t command)
{
	return !(f->header.control & ZCL_OF_CLUSTER) && f->header.command == command;
}
/* Whether the sender waits for a default response (2.5.12): unicast says whether it was sent to us
 * alone, status how it went. What has an answer of its own is not asked about. */
bool zcl_wants_default(const struct zcl_frame *f, bool unicast, uint8_t status);

/* ---- values (2.6.2) ---- */

enum zcl_type {
	ZCL_TYPE_NONE = 0x00,
	ZCL_TYPE_DATA8 = 0x08, /* and one more byte each, to 0x0f */
	ZCL_TYPE_BOOLEAN = 0x10,
	ZCL_TYPE_MAP8 = 0x18,
	ZCL_TYPE_MAP16 = 0x19,
	ZCL_TYPE_MAP32 = 0x1b,
	ZCL_TYPE_U8 = 0x20,
	ZCL_TYPE_U16 = 0x21,
	ZCL_TYPE_U24 = 0x22,
	ZCL_TYPE_U32 = 0x23,
	ZCL_TYPE_U48 = 0x25,
	ZCL_TYPE_U64 = 0x27,
	ZCL_TYPE_S8 = 0x28,
	ZCL_TYPE_S16 = 0x29,
	ZCL_TYPE_S24 = 0x2a,
	ZCL_TYPE_S32 = 0x2b,
	ZCL_TYPE_S64 = 0x2f,
	ZCL_TYPE_ENUM8 = 0x30,
	ZCL_TYPE_ENUM16 = 0x31,
	ZCL_TYPE_HALF = 0x38,
	ZCL_TYPE_SINGLE = 0x39,
	ZCL_TYPE_DOUBLE = 0x3a,
	ZCL_TYPE_OCTETS = 0x41,
	ZCL_TYPE_STRING = 0x42,
	ZCL_TYPE_LONG_OCTETS = 0x43,
	ZCL_TYPE_LONG_STRING = 0x44,
	ZCL_TYPE_ARRAY = 0x48,
	ZCL_TYPE_STRUCTURE = 0x4c,
	ZCL_TYPE_SET = 0x50,
	ZCL_TYPE_BAG = 0x51,
	ZCL_TYPE_TIME_OF_DAY = 0xe0,
	ZCL_TYPE_DATE = 0xe1,
	ZCL_TYPE_UTC = 0xe2, /* seconds since 2000 */
	ZCL_TYPE_CLUSTER = 0xe8,
	ZCL_TYPE_ATTRIBUTE = 0xe9,
	ZCL_TYPE_BACNET = 0xea,
	ZCL_TYPE_EUI64 = 0xf0,
	ZCL_TYPE_KEY = 0xf1,
};

enum zcl_form {
	ZCL_FORM_NONE,
	ZCL_FORM_BITS, /* data and bitmaps */
	ZCL_FORM_BOOLEAN,
	ZCL_FORM_UNSIGNED,
	ZCL_FORM_SIGNED,
	ZCL_FORM_ENUM,
	ZCL_FORM_FLOAT,
	ZCL_FORM_BYTES, /* octet strings */
	ZCL_FORM_TEXT,
	ZCL_FORM_TIME,
	ZCL_FORM_ID,
	ZCL_FORM_KEY,
	ZCL_FORM_LIST,   /* array, set, bag */
	ZCL_FORM_FIELDS, /* structure */
};

struct zcl_value {
	uint8_t type;    /* as it stands on the wire */
	uint8_t form;    /* enum zcl_form */
	bool unknown;    /* the type's word for "no value" */
	uint64_t word;   /* up to 8 bytes as they stand, least significant first */
	int64_t number;  /* the same with its sign; of what exceeds it, INT64_MAX */
	uint16_t length; /* of bytes */
	/* In place: a string without its length, a key, and a list or a structure from its first
	 * element on; NULL for what word holds. */
	const uint8_t *bytes;
};

#define ZCL_DEPTH_MAX 4 /* of lists within lists */

/* Outcomes of reading; what came before counts. */
enum {
	_ZCL_E_OK,
	ZCL_E_END,  /* there is nothing more */
	ZCL_E_CUT,  /* it ends within an element */
	ZCL_E_TYPE, /* of a type not known, so that its length is not either, or nested too deep */
	ZCL_E_NAN,  /* not a number */
	ZCL_E_PLUS_INFINITY,
	ZCL_E_MINUS_INFINITY,
};

/* Bytes of a value of that type, 0 when they are not fixed or the type is not known. */
size_t zcl_type_size(uint8_t type);
/* Whether reports of it have a change to report (2.5.11.2.5). */
bool zcl_type_is_analog(uint8_t type);
enum zcl_form zcl_form_of(uint8_t type);
/* Reads one value of that type, or one behind its type. Returns 0, ZCL_E_CUT (of a string what
 * there is of it is in *ret) or ZCL_E_TYPE. */
int zcl_read_value(struct cursor *c, uint8_t type, struct zcl_value *ret);
int zcl_read_typed(struct cursor *c, struct zcl_value *ret);
/* The number of a numeric value, digits kept. Returns 0, ZCL_E_NAN (also for the word for "no
 * value"), ZCL_E_*_INFINITY, ZCL_E_TYPE when it is no number, or -ERANGE. */
int zcl_decimal(struct decimal *ret, const struct zcl_value *v);
/* A text without what some makers fill it up with (NUL and white space at its ends); cut between
 * two characters where it is too long; "" when it is no text, or not UTF-8 without control
 * characters. Returns its length. */
size_t zcl_text(char *ret, size_t size, const struct zcl_value *v);

/* Elements of a list or a structure, in order. */
struct zcl_elements {
	struct cursor cursor;
	uint8_t type; /* of a list's elements; ZCL_TYPE_NONE: each says its own */
};
struct zcl_elements zcl_elements(const struct zcl_value *v);
/* Returns 0, ZCL_E_END, ZCL_E_CUT or ZCL_E_TYPE. */
int zcl_next_element(struct zcl_elements *e, struct zcl_value *ret);

/* Values to be written. */
struct zcl_value zcl_number(uint8_t type, int64_t number);
struct zcl_value zcl_bytes(uint8_t type, const void *bytes, size_t length);

/* ---- records: what the commands of all clusters consist of ---- */

/* Which members count depends on the command. */
struct zcl_record {
	uint16_t attribute; /* of ZCL_DEFAULT_RESPONSE: the command; ZCL_DISCOVER: the first */
	uint8_t status;
	uint8_t direction; /* of reporting: 0 they report, 1 we do */
	uint8_t count;     /* ZCL_DISCOVER: at most; its response: 1 when nothing more follows */
	bool whole;        /* a response that is one status for all there was */
	bool has_value;    /* of reporting: its change; of a read: it was a success */
	uint8_t type;      /* of reporting and discovery */
	uint16_t min_s, max_s; /* of reporting; max_s also the timeout where we report */
	struct zcl_value value;
};

/* Records of a frame, in order; nothing of a command that has none. */
struct zcl_records {
	struct cursor cursor;
	uint8_t command;
	bool first;
};
struct zcl_records zcl_records(const struct zcl_frame *f);
/* Returns 0, ZCL_E_END, ZCL_E_CUT or ZCL_E_TYPE; after another than 0 nothing more comes. */
int zcl_next(struct zcl_records *r, struct zcl_record *ret);

/* ---- writing; what has no room shows once, at zcl_end() ---- */

struct zcl_writer {
	uint8_t *start, *at, *end;
	bool overflow;
	uint8_t command;
};

/* Begins with the head; ZCL_OF_MAKER is set by maker != 0. */
struct zcl_writer zcl_begin(void *to, size_t size, const struct zcl_header *h);
/* The head of a command to a server (of a cluster's own: control ZCL_OF_CLUSTER), its sequence
 * still 0: zcl_set_sequence(). */
struct zcl_writer zcl_ask(void *to, size_t size, uint8_t control, uint16_t maker, uint8_t command);
/* The head of an answer to f. */
struct zcl_writer zcl_answer(
	void *to, size_t size, const struct zcl_frame *f, uint8_t control, uint8_t command);
void zcl_put(struct zcl_writer *w, uint64_t word, size_t size);
void zcl_put_bytes(struct zcl_writer *w, const void *bytes, size_t length);
/* A value without its type, or behind it. */
void zcl_put_value(struct zcl_writer *w, const struct zcl_value *v);
void zcl_put_typed(struct zcl_writer *w, const struct zcl_value *v);
/* A record of the command that was begun, as zcl_next() reads it. */
void zcl_put_record(struct zcl_writer *w, const struct zcl_record *r);
/* Returns the bytes of the frame, or -ENOBUFS. */
ssize_t zcl_end(const struct zcl_writer *w);
/* Numbers a finished frame. */
void zcl_set_sequence(uint8_t *frame, size_t length, uint8_t sequence);
/* The whole default response to f. Returns its bytes or -ENOBUFS. */
ssize_t zcl_default_response(void *to, size_t size, const struct zcl_frame *f, uint8_t status);
