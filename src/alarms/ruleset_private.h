/*
 * A rule as the engine has it. For alarms/ only.
 */
#pragma once

#include "alarms/ruleset.h"
#include "alarms/settings.h"

struct subject;
struct limit_override;

/* Another rule that combines this one. */
struct dependent {
	uint16_t rule;   /* index in the set */
	uint16_t member; /* this one's place in its Rules= */
};

struct rule {
	char name[RULE_NAME_MAX + 1];
	size_t index;
	const struct rule_type *type;
	char **values; /* the settings' texts; parameters point into them */
	size_t value_count;
	struct rule_common common;
	void *params;
	uint64_t fingerprint; /* of the settings: the same means that nothing changed */
	enum alarm_kind kind;
	bool by_bed;
	struct alarm_limits limits;             /* as configured */
	struct decimal low_margin, high_margin; /* 0 or more: how far from the limit it clears */
	const char *members;
	size_t member_count;
	uint16_t member[RULE_MEMBERS_MAX]; /* indices */
	struct dependent *dependents;
	size_t dependent_count;
	uint16_t height;           /* 0: made of no other rule; else above all that it is made of */
	const char *listen_device; /* NULL: none */
	enum metric listen_metric;
	uint64_t inputs[2]; /* bits by metric */
	enum metric computes;
	bool faulty; /* while the set is checked: nothing follows from what it says */

	/* The engine's. */
	struct subject *subjects;
	struct limit_override *overrides;
};

struct ruleset {
	struct rule *rules;
	size_t count;
};

struct rule *ruleset_find(const struct ruleset *s, const char *name);
/* Whether the list ("*", or names separated by spaces) holds the name. */
bool list_has(const char *list, const char *name);
/* Whether it holds the name and not just "*". */
bool list_names(const char *list, const char *name);
/* The kind of an alarm on that metric, unless the rule says otherwise. */
enum alarm_kind metric_alarm_kind(enum metric m);

struct ruleset_check {
	struct ruleset *set;
	rule_fault_fn fault;
	void *userdata;
	bool faulty;
};

void ruleset_blame(struct ruleset_check *k, const struct rule *r, const char *key,
	const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Checks what the shared settings of a rule say together, but for those that could not be read:
 * bits by row of the shared table, as common_given; check.c. Returns whether Metric= is one for the
 * type.
 */
bool ruleset_check_rule(
	struct ruleset_check *k, struct rule *r, uint64_t common_given, uint64_t common_bad);
/* What a rule that can get that urgent must say. */
void ruleset_check_high(struct ruleset_check *k, struct rule *r, uint64_t common_given,
	enum alarm_priority highest);
/* Checks the rules against each other; check.c. Returns 0 or -ENOMEM. */
int ruleset_check_all(struct ruleset_check *k);
