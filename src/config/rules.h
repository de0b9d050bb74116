/*
 * The rules of a configuration, on their way to the alarm engine.
 */
#pragma once

struct config;
struct ruleset;

/* The [Rule] sections of a configuration that was read without an error, as the engine takes them
 * (alarms/alarms.h, alarms_set_rules()). Only what was written is in them: a default that changes
 * with a new version does not make another rule of one. Returns 0 with *ret owned by the caller, or
 * -ENOMEM. */
int config_ruleset(const struct config *c, struct ruleset **ret);
