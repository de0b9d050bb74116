/*
 * The settings, one row each. The rows feed the reader, --print-config, the
 * comparison at reload, the manual page and conf/wardgate.conf; what several
 * settings say together is in config/check.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "config/parse.h"

struct config_row;

/* What a type does with a field. */
struct config_type {
	const char *name;  /* for the manual: "duration" */
	const char *about; /* how values are written, a whole sentence; NULL: plain from the row */
	bool list;
	/* Replaces *field; of a list, takes one item and adds it unless the list has it already.
	 * Returns 0, CONFIG_E_INVALID with why, or -ENOMEM; *field is as before then. */
	int (*parse)(const struct config_row *row, const char *value, void *field,
		struct config_why *why);
	/* How many values *field has: 0 or 1, or the items of a list. */
	size_t (*count)(const struct config_row *row, const void *field);
	/* The i-th as text that parse would take. buf has CONFIG_VALUE_MAX bytes. */
	void (*format)(const struct config_row *row, const void *field, size_t i, char *buf);
	/* Frees what *field owns and zeroes it. */
	void (*clear)(void *field);
};

extern const struct config_type config_type_switch;   /* bool: yes or no, or row->words */
extern const struct config_type config_type_choice;   /* int: row->words */
extern const struct config_type config_type_number;   /* unsigned: min to max, or row->words */
extern const struct config_type config_type_signal;   /* int, dBm: min to max */
extern const struct config_type config_type_duration; /* int64_t, microseconds */
extern const struct config_type config_type_size;     /* uint64_t, bytes */
extern const struct config_type config_type_name;     /* char *, as all below */
extern const struct config_type config_type_place;
extern const struct config_type config_type_path;
extern const struct config_type config_type_file;   /* a path that is to be readable */
extern const struct config_type config_type_secret; /* a path or credential:NAME, or row->words */
extern const struct config_type config_type_text;   /* max bytes */
extern const struct config_type config_type_address;
extern const struct config_type config_type_octets; /* max bytes of text */
extern const struct config_type config_type_zone;
extern const struct config_type config_type_prefix;
extern const struct config_type config_type_listen;
extern const struct config_type config_type_bus;
extern const struct config_type config_type_metric;
extern const struct config_type config_type_decimal;
extern const struct config_type config_type_brokers; /* brokers of struct config.mqtt */
extern const struct config_type
	config_type_words; /* struct config_list, as all below: row->words */
extern const struct config_type config_type_payloads;
extern const struct config_type config_type_adapters;
extern const struct config_type config_type_units;
extern const struct config_type config_type_outputs; /* of config/output.h */
extern const struct config_type config_type_places;  /* places, or * */
extern const struct config_type config_type_names;   /* names of instances, or * */
extern const struct config_type config_type_rules;   /* names of instances */
extern const struct config_type config_type_texts;   /* anything */
extern const struct config_type config_type_flags;   /* unsigned: bits of row->words */

struct config_word {
	const char *text; /* NULL ends a table */
	int value;
};

/* What a changed value asks for at reload. */
enum config_apply {
	APPLY_LIVE,    /* nothing */
	APPLY_SESSION, /* the sessions of its section end and begin anew */
	APPLY_RESTART, /* the running value stays until the daemon starts anew */
};

enum config_row_flag {
	ROW_EMPTY_IS_NONE = 1 << 0, /* "Key=" says none, although there is a default */
	ROW_REQUIRED = 1 << 1,
	ROW_PRIVATE_FILE = 1 << 2, /* others should not be able to read it */
};

struct config_row {
	const char *key;
	const struct config_type *type;
	size_t offset;        /* in what the section fills, e.g. struct config */
	const char *standard; /* the default as written, "" none */
	const char
		*standard_about; /* the default in words, where it is worked out; NULL otherwise */
	int64_t min, max;        /* durations in microseconds, sizes in bytes */
	const char *unit;        /* of numbers, for the manual; NULL none */
	const struct config_word *words;
	const char *example;
	const char *help; /* whole sentences */
	enum config_apply apply;
	unsigned flags;
	unsigned transports; /* [Device] only: bits 1 << enum transport that it is for; 0 all */
};

enum config_group_id {
	GROUP_GATEWAY,
	GROUP_MQTT,
	GROUP_STORE,
	GROUP_CONTROL,
	GROUP_BLE,
	GROUP_ZIGBEE,
	GROUP_COAP,
	GROUP_ALARMS,
	GROUP_ANNUNCIATOR,
	GROUP_DEVICE,
	GROUP_TAG,
	GROUP_RULE,
	_GROUP_MAX
};

/* One kind of section. */
struct config_group {
	enum config_group_id id;
	const char *name;
	const struct config_row *rows;
	size_t count;
	size_t instance_size; /* of what a [Name INSTANCE] fills; 0: there is one, in struct config
			       */
	size_t instances_max;
	const char *example; /* of an instance's name */
	const char *help;
};

const struct config_group *config_group(enum config_group_id id);

/* The group or row of that name (exact), NULL when there is none. */
const struct config_group *config_group_by_name(const char *name, size_t length);
const struct config_row *config_row_by_key(const struct config_group *g, const char *key);
static inline size_t config_row_index(const struct config_group *g, const struct config_row *row)
{
	return (size_t)(row - g->rows);
}
/* "a, b or c". Returns as snprintf(). */
size_t config_list_words(const struct config_word *words, char *buf, size_t size);
/* The word's text of a value; "" when the table has none. */
const char *config_word_text(const struct config_word *words, int value);
