/* See options.h. */
#include "sim/options.h"

#include <assert.h>
#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "sim/ini.h"

#define HELP 0x100

static int wrong(const struct option_row *row, const char *value, const char *right)
{
	fprintf(stderr, "wardsim: --%s %s: %s\n", row->name, value, right);
	return 1;
}

static int take_number(const struct option_row *row, const char *value)
{
	char right[96];

	if (ini_number(value, row->low, row->high, row->to) >= 0)
		return 0;
	if (row->high == INT64_MAX)
		return wrong(row, value, "not a whole number");
	snprintf(right, sizeof(right), "not a whole number of %lld to %lld", (long long)row->low,
		(long long)row->high);
	return wrong(row, value, right);
}

static int take(const struct option_row *row, const char *value)
{
	switch (row->sort) {
	case OPTION_TEXT:
		*(const char **)row->to = value;
		return 0;
	case OPTION_FLAG:
		*(bool *)row->to = true;
		return 0;
	case OPTION_NUMBER:
		return take_number(row, value);
	case OPTION_DURATION:
		return ini_duration(value, row->to) < 0
			       ? wrong(row, value, "not a duration; give for instance 60s")
			       : 0;
	}
	return 1;
}

int options_read(int argc, char *argv[], const char *help, const struct option_row *rows,
	const char **ret_rest)
{
	struct option options[OPTIONS_MAX + 2] = { { "help", no_argument, NULL, HELP } };
	int id, faults = 0;

	for (int i = 0; rows[i].name; i++) {
		assert(i < OPTIONS_MAX);
		options[i + 1] = (struct option){ .name = rows[i].name,
			.has_arg = rows[i].sort == OPTION_FLAG ? no_argument : required_argument,
			.val = i };
	}
	optind = 2;
	while ((id = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (id == HELP) {
			fputs(help, stdout);
			return -1;
		}
		/* '?': getopt has said so */
		faults += id == '?' ? 1 : take(&rows[id], optarg);
	}
	if (ret_rest && optind < argc)
		*ret_rest = argv[optind++];
	if (optind < argc) {
		fprintf(stderr, "wardsim: %s: one argument too many\n", argv[optind]);
		faults++;
	}
	return faults;
}
