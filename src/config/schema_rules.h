/*
 * [Rule NAME] as the alarm engine's tables have it: rows for the reader, and
 * what a setting is once the rule's type is known. For this room.
 */
#pragma once

#include "config/schema.h"
#include "wardgate/rule.h"

struct config_section;

/* The group of [Rule] sections, whose rows are the union of all settings that there are: texts, and
 * lists of texts. */
const struct config_group *config_rule_group(void);

/* A setting of the engine as a row of the type that reads its values. */
struct config_typed_row {
	struct config_row row; /* may point to words */
	struct config_word words[32];
};
void config_typed_row(const struct rule_setting *s, struct config_typed_row *ret);

/* "a, b or c": the types that take the key; shared: only those that mean what the row of all types
 * says. Returns how many. */
size_t config_types_with(const char *key, bool shared, char *buf, size_t size);
/* The types that do not take it. */
void config_types_without(const char *key, char *buf, size_t size);

/* Of a [Rule] section: its type, NULL when there is none of that name; and whether rules of that
 * type take the key (of no type: every one). */
const struct rule_type *config_rule_type(const struct config_section *s);
bool config_rule_takes(const struct config_section *s, const struct config_row *row);
