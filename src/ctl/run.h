/*
 * A verb of the daemon's that has no D-Bus method of its own: its arguments and
 * its answer as JSON.
 */
#pragma once

#include <cjson/cJSON.h>

#include "ctl/ctl.h"

/* arguments: taken over; NULL: none, or out of memory while they were made. Returns 0 with *ret,
 * the answer as it came, to be freed; or the exit status after a line. */
int ctl_run(const struct ctl *ctl, const char *verb, cJSON *arguments, char **ret);
/* Says that what was done may not survive a power cut, if the answer says so. */
void ctl_note_kept(const cJSON *answer);
/* Prints the answer for programs. Returns EXIT_SUCCESS. */
int ctl_print_answer(const char *document);
/* "anna" for "uid 1000" where this machine knows the user; other texts as they are. buf has
 * CTL_WHO_MAX bytes. */
#define CTL_WHO_MAX 80
const char *ctl_who(char *buf, const char *by);
