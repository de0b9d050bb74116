/*
 * wardgatectl's verbs, and what each is given. A verb is one file verb_*.c and
 * one row of the table in main.c.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

/* What the command line said before or behind the verb. */
struct ctl {
	const char *config_path;
	bool json;
};

/* Runs a verb; argv[0] is its name, the rest its arguments. Returns the exit status: 0,
 * EXIT_FAILURE after one line by ctl_fail(), EX_USAGE after ctl_misused(). */
typedef int (*verb_fn)(const struct ctl *ctl, int argc, char **argv);

int verb_outbox(const struct ctl *ctl, int argc, char **argv);

/* One line on standard error: what is wrong, and what would help. Returns EXIT_FAILURE. */
int ctl_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same about the command line. Returns EX_USAGE. */
int ctl_misused(const char *format, ...) __attribute__((format(printf, 1, 2)));
