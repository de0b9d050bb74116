/*
 * Between the two decoders and the resolver: a record's fields as its bytes
 * had them. For senml*.c only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codec/senml.h"

enum senml_field {
	SENML_BVER,
	SENML_BN,
	SENML_BT,
	SENML_BU,
	SENML_BV,
	SENML_BS,
	SENML_N,
	SENML_U,
	SENML_V,
	SENML_VS,
	SENML_VB,
	SENML_S,
	SENML_T,
	SENML_UT,
	SENML_VD,
	_SENML_FIELD_MAX
};

enum senml_type { SENML_TYPE_NUMBER, SENML_TYPE_TEXT, SENML_TYPE_BOOLEAN, SENML_TYPE_DATA };

struct senml_field_info {
	const char *label; /* in JSON */
	int number;        /* in CBOR */
	enum senml_type type;
};

extern const struct senml_field_info senml_fields_table[_SENML_FIELD_MAX];

/* The field of that label, _SENML_FIELD_MAX when there is none. */
enum senml_field senml_field_by_label(const char *label, size_t n);

/* Borrowed bytes, UTF-8. */
struct senml_text {
	const char *at;
	size_t length;
};

struct senml_number {
	struct decimal decimal;
	bool nan;
};

/* Only what is marked in present has been set. */
struct senml_fields {
	unsigned present; /* bit per enum senml_field */
	struct senml_number numbers[_SENML_FIELD_MAX];
	struct senml_text texts[_SENML_FIELD_MAX];
	bool boolean;
	unsigned extension_count;
	struct {
		struct senml_text label, text;
		char number[44]; /* where text points when the value was no text */
	} extensions[SENML_EXTENSIONS_MAX];
};

struct senml_builder {
	const struct senml_options *options;
	struct senml_error *error;
	struct senml_pack pack;
	size_t room;      /* records allocated */
	size_t text_used; /* of the pack's text, which is as large as the body */
	size_t text_size;
	struct senml_fields fields; /* of the record at hand */
	/* Base fields in force. */
	char base_name[SENML_NAME_MAX];
	size_t base_name_length;
	const char *base_unit;
	struct decimal base_time, base_value;
	bool has_base_time, has_base_value;
	bool has_version;
	struct decimal version;
};

/* n is the body's length. */
int senml_build_init(struct senml_builder *b, size_t n, const struct senml_options *o,
	struct senml_error *error);
void senml_build_done(struct senml_builder *b);

/* Fills the error with the number of the record at hand (whole: with 0). Returns SENML_E_REFUSED.
 */
int senml_refuse(struct senml_builder *b, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int senml_refuse_whole(struct senml_builder *b, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A record begins: forgets the fields of the last one. SENML_E_REFUSED beyond the cap. */
int senml_build_begin(struct senml_builder *b);
/* Notes that a field is there; SENML_E_REFUSED when it was already. */
int senml_build_mark(struct senml_builder *b, enum senml_field f);
/* Takes a label that is none of the RFC's. SENML_E_REFUSED when it has to be understood, or is not
 * UTF-8. Sets *ret_index to where its text goes, or to SENML_EXTENSIONS_MAX to ignore it. */
int senml_build_extension(struct senml_builder *b, struct senml_text label, unsigned *ret_index);
/* The record is complete: resolves it. 0, SENML_E_REFUSED or -ENOMEM. */
int senml_build_end(struct senml_builder *b);

/* Peer's text for a sentence: at most 32 printable characters, others as '?'. buf is returned. */
#define SENML_SHOWN 36
const char *senml_shown(char buf[SENML_SHOWN], const char *text, size_t n);
