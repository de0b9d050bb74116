/*
 * wardgated: its options, and what can be done without starting: check and
 * print the configuration. The rest is daemon.c.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "config/config.h"
#include "config/print.h"
#include "config/read.h"
#include "daemon.h"

#include "util/log.h"

#define DEFAULT_CONFIG "/etc/wardgate/wardgate.conf"

static void print_problems(const struct config_problems *p)
{
	for (size_t i = 0; i < p->warning_count; i++)
		fprintf(stderr, "warning: %s\n", p->warnings[i]);
	for (size_t i = 0; i < p->error_count; i++)
		fprintf(stderr, "%s\n", p->errors[i]);
	if (p->unsaid)
		fprintf(stderr, "and %zu more\n", p->unsaid);
}

static void usage(FILE *f)
{
	fputs("Usage: wardgated [--config FILE] [--check-config] [--print-config] [--version]\n"
	      "\n"
	      "The ward's edge gateway. See wardgated(8) and wardgate.conf(5).\n"
	      "\n"
	      "  --config FILE    read FILE instead of " DEFAULT_CONFIG "\n"
	      "  --check-config   check the configuration and exit: 0 good, 78 not\n"
	      "  --print-config   print the effective configuration with origins and exit\n"
	      "  --version        print the version and exit\n"
	      "  --help           print this and exit\n",
		f);
}

int main(int argc, char **argv)
{
	enum { OPTION_CONFIG = 256, OPTION_CHECK, OPTION_PRINT, OPTION_VERSION, OPTION_HELP };
	static const struct option options[] = {
		{ "config", required_argument, NULL, OPTION_CONFIG },
		{ "check-config", no_argument, NULL, OPTION_CHECK },
		{ "print-config", no_argument, NULL, OPTION_PRINT },
		{ "version", no_argument, NULL, OPTION_VERSION },
		{ "help", no_argument, NULL, OPTION_HELP },
		{ 0 },
	};
	struct config_options config_options = { 0 };
	struct config_problems problems = { 0 };
	const char *config_path = DEFAULT_CONFIG;
	struct config *config = NULL;
	bool check = false, print = false;
	int option, r;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case OPTION_CONFIG:
			config_path = optarg;
			break;
		case OPTION_CHECK:
			check = true;
			break;
		case OPTION_PRINT:
			print = true;
			break;
		case OPTION_VERSION:
			puts("wardgated " WG_VERSION);
			return EXIT_SUCCESS;
		case OPTION_HELP:
			usage(stdout);
			return EXIT_SUCCESS;
		default:
			usage(stderr);
			return EX_USAGE;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "wardgated: unexpected argument \"%s\"; it takes options only\n",
			argv[optind]);
		return EX_USAGE;
	}
	if (getenv("WARDGATE_DEBUG"))
		log_set_level(LOG_DEBUG);

	config_options.payloads = daemon_payload_names;
	r = config_read(config_path, &config_options, &config, &problems);
	print_problems(&problems);
	config_problems_done(&problems);
	if (r != 0) {
		if (r < 0)
			fprintf(stderr, "wardgated: cannot read the configuration: %s\n",
				strerror(-r));
		return EX_CONFIG;
	}
	if (print)
		r = config_print(config, stdout);
	if (check || print) {
		config_unref(config);
		return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	}
	return daemon_run(config_path, config);
}
