/*
 * What changed from one configuration to the next, by the schema's rows: for
 * the reload, which is to end no session whose settings stayed.
 */
#pragma once

#include <stdbool.h>

#include "config/config.h"
#include "config/problems.h"

/* One setting, or with key NULL one [Device] or [Rule] that came or went. */
struct config_change {
	const char *section;
	const char *name; /* of the instance, NULL otherwise */
	const char *key;
	bool session; /* sessions of this section end */
	bool restart; /* stays as it was until the daemon starts anew */
};
typedef void (*config_change_fn)(const struct config_change *change, void *userdata);

/* Calls fn for each difference in effective values, in the order of the manual; the strings are
 * valid during the call. */
void config_diff(
	const struct config *a, const struct config *b, config_change_fn fn, void *userdata);
bool config_same(const struct config *a, const struct config *b);
/* Whether those are the same that end the section's sessions when they change. For "MQTT" that
 * includes what [Gateway] puts into topics and the client id. Files that are named count by name:
 * whether their contents changed is for those who read them. */
bool config_same_session(const struct config *a, const struct config *b, const char *section);
/*
 * Gives next, which nobody uses yet, the running values of what only a restart can change, and adds
 * a warning for each. Returns 0 or -ENOMEM.
 */
int config_keep_running(
	struct config *next, const struct config *running, struct config_problems *p);
