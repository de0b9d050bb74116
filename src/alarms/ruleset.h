/*
 * A set of rules, checked whole: from the text of [Rule] sections to what the
 * engine runs. Building one needs no engine, so that a configuration can be
 * checked before it is taken.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"
#include "wardgate/rule.h"

#define RULES_MAX 1024
#define RULE_MEMBERS_MAX 8
#define RULE_NAME_MAX 40

/* One Key=value of a [Rule] section; the items of a list stand in one value, separated by spaces.
 */
struct rule_item {
	const char *key, *value;
	bool standard; /* not written by anybody: the default */
};

/* One [Rule NAME] section. All strings are copied. */
struct rule_settings {
	const char *name;
	const struct rule_item *items;
	size_t count;
};

/* One fault: rule is the index in the settings; key NULL: it is the name that is wrong. The
 * sentence follows "Key=value" and says what would be right. */
typedef void (*rule_fault_fn)(void *userdata, size_t rule, const char *key, const char *sentence);

struct ruleset;

enum {
	_RULESET_E_OK,
	RULESET_E_FAULTY, /* at least one fault was told */
};

/* Checks all of it and tells every fault: one that a setting has does not hide those of others, nor
 * a rule's those of the rules beside it. Returns 0, RULESET_E_FAULTY or -ENOMEM. */
int ruleset_new(struct ruleset **ret, const struct rule_settings *settings, size_t count,
	rule_fault_fn fault, void *userdata);
struct ruleset *ruleset_free(struct ruleset *s);
WG_DEFINE_CLEANUP(struct ruleset *, ruleset_free)

/* The types there are, by name; NULL when there is none of it. */
const struct rule_type *rule_type_by_name(const char *name);
/* The n-th type, NULL behind the last. */
const struct rule_type *rule_type_at(size_t n);

/* The row of a key as rules of that type have it, be it shared by all types or its own; NULL: they
 * do not take the key. */
const struct rule_setting *rule_type_setting(const struct rule_type *t, const char *key);
/* The row that all types share, for a rule whose type is not known. */
const struct rule_setting *rule_common_setting(const char *key);

/* Whether a limit could ever be passed, and low is below high. Returns 0 or -EINVAL with a sentence
 * in why (RULE_WHY_MAX bytes). */
int limits_check(enum metric metric, const struct alarm_limits *limits, char *why);
/* Whether readings of this metric come in several units, so that a limit must name its own. */
bool metric_has_units(enum metric m);
