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
/* The same for verbs that do something: says when that may not survive a power cut, and prints the
 * answer with --json; then *ret is NULL, else the answer for people. Returns 0 or the exit status.
 */
int ctl_do(const struct ctl *ctl, const char *verb, cJSON *arguments, cJSON **ret);
/* Prints the answer for programs. Returns EXIT_SUCCESS. */
int ctl_print_answer(const char *document);
/* "anna" for "uid 1000" where this machine knows the user; other texts as they are. buf has
 * CTL_WHO_MAX bytes. */
#define CTL_WHO_MAX 80
const char *ctl_who(char *buf, const char *by);
