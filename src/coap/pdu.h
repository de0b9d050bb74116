/*
 * The bytes of CoAP (RFC 7252 section 3): messages in, options out, answers
 * written. Pure: no session, no time, no allocation; what a message means to
 * an exchange is in message.h, what a request asks for in resources.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PDU_TOKEN_MAX 8
#define PDU_PATH_MAX 48 /* longest path we serve, and then some */

enum pdu_type { PDU_CON, PDU_NON, PDU_ACK, PDU_RST };

#define PDU_CODE(class, detail) ((uint8_t)((class) << 5 | (detail)))
#define PDU_CODE_CLASS(code) ((code) >> 5)

enum {
	PDU_EMPTY = 0,
	PDU_GET = 1,
	PDU_POST = 2,
	PDU_CHANGED = PDU_CODE(2, 4),
	PDU_CONTENT = PDU_CODE(2, 5),
	PDU_CONTINUE = PDU_CODE(2, 31),
	PDU_BAD_REQUEST = PDU_CODE(4, 0),
	PDU_BAD_OPTION = PDU_CODE(4, 2),
	PDU_FORBIDDEN = PDU_CODE(4, 3),
	PDU_NOT_FOUND = PDU_CODE(4, 4),
	PDU_NOT_ALLOWED = PDU_CODE(4, 5),
	PDU_NOT_ACCEPTABLE = PDU_CODE(4, 6),
	PDU_INCOMPLETE = PDU_CODE(4, 8),
	PDU_TOO_LARGE = PDU_CODE(4, 13),
	PDU_UNSUPPORTED_FORMAT = PDU_CODE(4, 15),
	PDU_TOO_MANY = PDU_CODE(4, 29), /* RFC 8516 */
	PDU_INTERNAL_ERROR = PDU_CODE(5, 0),
	PDU_UNAVAILABLE = PDU_CODE(5, 3),
	PDU_NO_PROXY = PDU_CODE(5, 5),
};

enum {
	PDU_OPTION_URI_HOST = 3,
	PDU_OPTION_URI_PORT = 7,
	PDU_OPTION_URI_PATH = 11,
	PDU_OPTION_CONTENT_FORMAT = 12,
	PDU_OPTION_MAX_AGE = 14,
	PDU_OPTION_URI_QUERY = 15,
	PDU_OPTION_ACCEPT = 17,
	PDU_OPTION_BLOCK2 = 23,
	PDU_OPTION_BLOCK1 = 27,
	PDU_OPTION_PROXY_URI = 35,
	PDU_OPTION_PROXY_SCHEME = 39,
	PDU_OPTION_SIZE1 = 60,
};

enum {
	PDU_FORMAT_TEXT = 0,
	PDU_FORMAT_LINK = 40,
	PDU_FORMAT_JSON = 50,
	PDU_FORMAT_CBOR = 60,
	PDU_FORMAT_SENML_JSON = 110,
	PDU_FORMAT_SENML_CBOR = 112,
};

/* One message. options and payload point into the datagram. */
struct pdu {
	uint8_t type, code;
	uint16_t id;
	uint8_t token_length;
	uint8_t token[PDU_TOKEN_MAX];
	const uint8_t *options;
	size_t options_length;
	const uint8_t *payload;
	size_t payload_length;
};

enum {
	_PDU_E_OK,
	PDU_E_FOREIGN, /* too short or another version: to be ignored in silence (section 3) */
	PDU_E_FORMAT,  /* a message format error: type and id are valid, nothing else is */
};

/* Takes a datagram apart; all options have been walked once and are sound. Returns 0 or PDU_E_*. */
int pdu_parse(const void *datagram, size_t length, struct pdu *ret);

struct pdu_option {
	uint16_t number;
	const uint8_t *value;
	size_t length;
};

/* Walks the options of a parsed message: start with { .at = pdu->options, .left = ... }. */
struct pdu_walk {
	const uint8_t *at;
	size_t left;
	uint16_t number;
};
struct pdu_walk pdu_walk(const struct pdu *p);
/* Returns false at the end. */
bool pdu_next(struct pdu_walk *w, struct pdu_option *ret);

/* What the options of a request ask for. */
struct pdu_request {
	char path[PDU_PATH_MAX + 1]; /* segments joined by '/', without a leading one */
	bool path_known;             /* false: too long or with a byte that no path of ours has */
	bool has_format, has_accept, has_block1, has_block2, has_size1;
	uint16_t format, accept;
	uint32_t block1, block2; /* as on the wire: number << 4 | more << 3 | size exponent */
	uint32_t size1;
	uint16_t bad_option; /* the critical option that we do not know */
	bool proxy;          /* it was one that asks for a proxy */
};

enum {
	_PDU_REQUEST_OK,
	PDU_REQUEST_BAD_OPTION, /* a critical option unknown, of a wrong length or repeated */
};

/* Reads the options of a request. Elective options that are unknown, of a wrong length or repeated
 * are passed over (sections 5.4.1, 5.4.3 and 5.4.5). Returns 0 or PDU_REQUEST_BAD_OPTION. */
int pdu_request(const struct pdu *p, struct pdu_request *ret);

#define PDU_BLOCK_NUMBER(v) ((v) >> 4)
#define PDU_BLOCK_MORE(v) (((v) >> 3 & 1) != 0)
#define PDU_BLOCK_EXPONENT(v) ((v)&7)
#define PDU_BLOCK_SIZE(v) ((size_t)16 << PDU_BLOCK_EXPONENT(v))

/* An answer. Zero is "not there" but for those with a flag. */
struct pdu_response {
	uint8_t code;
	bool has_format, has_max_age, has_block1, has_block2;
	uint16_t format;
	uint32_t max_age; /* seconds */
	uint32_t block1, block2;
	uint32_t size1; /* 0: none */
	const void *payload;
	size_t payload_length;
};

#define PDU_RESPONSE_MAX 1152 /* bytes: fits any path without fragments (section 4.6) */

/* Writes an answer. Returns its length, or -ENOBUFS. */
ssize_t pdu_write(uint8_t *buf, size_t size, enum pdu_type type, uint16_t id, const uint8_t *token,
	size_t token_length, const struct pdu_response *r);
/* Writes an empty message: ACK, RST or a ping. buf holds 4 bytes. */
void pdu_write_empty(uint8_t buf[4], enum pdu_type type, uint16_t id);
