/*
 * Behind a struct config: its sections as they were read, and for each value
 * where it came from. For the rest of this room; others see struct config.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/problems.h"
#include "config/schema.h"

#define CONFIG_FILES_MAX 8192

struct config_origin {
	uint32_t file; /* index of the record's files */
	uint32_t line; /* 0: the default */
};

struct config_value {
	struct config_origin origin; /* of the last assignment */
	struct config_origin *items; /* of a list: of each item */
	size_t item_count;
	bool bad;   /* an assignment was refused */
	bool given; /* the last assignment was not empty */
};

struct config_section {
	const struct config_group *group;
	char *name; /* of an instance, NULL otherwise */
	void *base; /* what the rows' offsets count from */
	bool own_base;
	struct config_origin origin; /* its first line */
	struct config_value values[];
};

struct config_sections {
	struct config_section **at; /* by name */
	size_t count;
};

struct config_record {
	char **files;
	size_t file_count;
	struct config_sections groups[_GROUP_MAX];
	bool client_id_worked_out; /* nobody set it */
};

/* A configuration with every setting at its default and one section for each group that has no
 * instances. Returns 0 or -ENOMEM. */
int config_new(struct config **ret);

/* Notes a file; its index is *ret. -E2BIG at CONFIG_FILES_MAX. */
int config_record_file(struct config_record *r, const char *path, uint32_t *ret);
/* The path of a file, "" when there is none. */
const char *config_origin_path(const struct config_record *r, struct config_origin o);

/* The section of a group without instances. */
struct config_section *config_single(const struct config *c, enum config_group_id id);
struct config_section *config_section_find(
	const struct config *c, const struct config_group *g, const char *name);
/* Finds or makes an instance. Returns 0, -E2BIG at instances_max, or -ENOMEM. */
int config_section_open(struct config *c, const struct config_group *g, const char *name,
	struct config_origin origin, struct config_section **ret);
/* Frees an instance. */
void config_section_drop(struct config *c, struct config_section *s);

/*
 * Assigns a value as it stands in a file; what is wrong goes to p. An empty value gives a plain key
 * its default (or none, by its row) and empties a list. Returns 0 or -ENOMEM.
 */
int config_assign(struct config *c, struct config_section *s, const struct config_row *row,
	const char *value, struct config_origin origin, struct config_problems *p);
/* Gives a value the default, as it would be written; "" none. Returns 0 or -ENOMEM. */
int config_set_default(
	struct config_section *s, const struct config_row *row, const char *standard);
/* Gives lists that were emptied and not filled again their default. Returns 0 or -ENOMEM. */
int config_fill_lists(struct config *c);

static inline void *config_field(const struct config_section *s, const struct config_row *row)
{
	return (char *)s->base + row->offset;
}
static inline struct config_value *config_value(
	struct config_section *s, const struct config_row *row)
{
	return &s->values[config_row_index(s->group, row)];
}

/* "path:line: [Section name] Key=value" or, with value NULL, "... Key"; a value that may be a
 * secret is masked. With line 0, "path: ...". */
#define CONFIG_PLACE_MAX 4800
void config_place(char *buf, const struct config_record *r, const struct config_section *s,
	const char *key, const char *value, struct config_origin origin);
/* All values of a field as one line. buf has CONFIG_VALUE_MAX. */
void config_format_all(const struct config_section *s, const struct config_row *row, char *buf);
/* Whether a key's name tells that its value may be a secret. */
bool config_key_is_secret(const char *key);
