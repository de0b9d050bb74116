/*
 * Whether a command's arguments are what its row says: in sentences that name
 * what would be right. Pure. Inner header of control/.
 */
#pragma once

#include "control/commands.h"

/* object NULL: no arguments. Returns 0, or -EINVAL with a sentence in why. */
int arguments_check(
	const struct command_row *row, const cJSON *object, char why[COMMAND_SENTENCE_MAX]);
/* Whether a member is an argument: not request, by or not_after. */
bool arguments_is_one(const char *name);
/* The arguments as one JSON object without secrets, to be freed; row NULL: all values are taken for
 * secrets. NULL: out of memory. */
char *arguments_for_audit(const struct command_row *row, const cJSON *object);
