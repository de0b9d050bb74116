/*
 * The command line of one of wardsim's commands, by a table of its options. Not
 * for what the values mean together; that is the command's.
 */
#pragma once

#include <stdint.h>

#define OPTIONS_MAX 15

struct option_row {
	const char *name; /* without the dashes */
	/* What *to is: const char *, int64_t, int64_t in ms, bool. */
	enum { OPTION_TEXT, OPTION_NUMBER, OPTION_DURATION, OPTION_FLAG } sort;
	void *to;
	int64_t low, high; /* of a number */
};

/* Reads what stands behind the command's name; rows end with a NULL name. rest: the one argument
 * that is no option, or NULL when there is none such. Returns how much was wrong, which is said on
 * standard error, or -1 when only help was asked for and has been printed. */
int options_read(int argc, char *argv[], const char *help, const struct option_row *rows,
	const char **ret_rest);
