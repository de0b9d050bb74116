/*
 * Reads the text of one setting into a rule's parameters by its row. Not for
 * what settings mean together: see alarms/ruleset.h.
 */
#pragma once

#include <stdint.h>

#include "wardgate/rule.h"

/* Settings that every rule type shares; the engine's own part of a rule. */
struct rule_common {
	const char *type;
	enum metric metric;
	int priority; /* enum alarm_priority */
	int kind;     /* 0: by metric and type; else enum alarm_kind + 1 */
	bool latching;
	int64_t for_us;
	uint32_t samples;
	int64_t clear_for_us;
	struct setting_number below, above, clear_at, hysteresis;
	int scope; /* enum rule_scope */
	const char *unit;
	int64_t escalate_after_us;
	const char *beds, *devices;
};

enum rule_scope { SCOPE_DEVICE, SCOPE_BED };

extern const struct rule_setting rule_common_settings[];
extern const size_t rule_common_setting_count;

/* The row of that key, NULL when there is none. */
const struct rule_setting *setting_find(
	const struct rule_setting *rows, size_t count, const char *key);

/* Reads value, which must live as long as the parameters, to params + row->offset. Returns 0 or
 * -EINVAL with a sentence in why (RULE_WHY_MAX bytes). */
int setting_read(const struct rule_setting *row, const char *value, void *params, char *why);

/* "15s", "5min", "1h 30min", "0". Returns 0 or -EINVAL. */
int setting_duration(const char *text, int64_t *ret_us);

/* The n-th word of a list separated by spaces: its length and where it starts; 0 behind the last.
 */
size_t setting_word(const char *list, unsigned n, const char **ret);
