/*
 * What the files of rule types share in checking their settings and in judging.
 * Not for the engine, which knows a type by its struct rule_type alone.
 */
#pragma once

#include "wardgate/rule.h"

/* What prepare() returns for a setting that is wrong: the sentence into why, -EINVAL. */
int rule_refuse(struct rule_prepare *p, const char *key, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Rise= and Fall=, of which one at least must be given, and each must be above 0. example and how
 * say what would be right: "20", "how much it may change". Returns 0 or -EINVAL. */
int rule_check_moves(struct rule_prepare *p, const struct setting_number *rise,
	const struct setting_number *fall, const char *example, const char *how);

/* Where a value beyond the device's range stands: beyond the limit on that side, or, where there is
 * none, within the limits. */
enum rule_side rule_extreme_side(const struct rule_call *c);
