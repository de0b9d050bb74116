/*
 * wardgated: its options, and what can be done without starting: check and
 * print the configuration. The rest is daemon.c.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "annunciator/annunciator.h"
#include "config/config.h"
#include "config/print.h"
#include "config/read.h"
#include "daemon.h"
#include "outbox/schema.h"
#include "outbox/verify.h"

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
	fputs("Usage: wardgated [--config FILE] [--check-config] [--print-config]\n"
	      "                 [--verify-audit[=FILE]] [--annunciator-off] [--version]\n"
	      "\n"
	      "The ward's edge gateway. See wardgated(8) and wardgate.conf(5).\n"
	      "\n"
	      "  --config FILE    read FILE instead of " DEFAULT_CONFIG "\n"
	      "  --check-config   check the configuration and exit: 0 good, 78 not\n"
	      "  --print-config   print the effective configuration with origins and exit\n"
	      "  --verify-audit[=FILE]\n"
	      "                   check the audit trail of the state directory, or of another\n"
	      "                   outbox.db, and exit: 0 whole, 1 broken, 66 there is none\n"
	      "  --annunciator-off\n"
	      "                   switch off the lamps and buzzers of [Annunciator] and exit, "
	      "after a\n"
	      "                   gateway that was killed: 0 all are off, 1 not\n"
	      "  --version        print the version and exit\n"
	      "  --help           print this and exit\n",
		f);
}

static int verify_file(const char *path)
{
	int r = verify_audit(path, stdout);

	if (r < 0)
		return r == -EACCES ? EX_NOPERM : EX_NOINPUT;
	return r == VERIFY_WHOLE ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* config is taken over. */
static int verify_own(struct config *config)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/" DATABASE_NAME, config->gateway.state_directory);

	config_unref(config);
	return n < (int)sizeof(path) ? verify_file(path) : EX_CONFIG;
}

/* Likewise. */
static int switch_off(struct config *config)
{
	size_t failed = annunciator_off(config);

	config_unref(config);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	enum {
		OPTION_CONFIG = 256,
		OPTION_CHECK,
		OPTION_PRINT,
		OPTION_VERIFY,
		OPTION_OFF,
		OPTION_VERSION,
		OPTION_HELP
	};
	static const struct option options[] = {
		{ "config", required_argument, NULL, OPTION_CONFIG },
		{ "check-config", no_argument, NULL, OPTION_CHECK },
		{ "print-config", no_argument, NULL, OPTION_PRINT },
		{ "verify-audit", optional_argument, NULL, OPTION_VERIFY },
		{ "annunciator-off", no_argument, NULL, OPTION_OFF },
		{ "version", no_argument, NULL, OPTION_VERSION },
		{ "help", no_argument, NULL, OPTION_HELP },
		{ 0 },
	};
	struct config_options config_options = { 0 };
	struct config_problems problems = { 0 };
	const char *config_path = DEFAULT_CONFIG;
	struct config *config = NULL;
	const char *audited = NULL; /* a database; NULL: that of the state directory */
	bool check = false, print = false, verify = false, off = false;
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
		case OPTION_VERIFY:
			verify = true;
			audited = optarg;
			break;
		case OPTION_OFF:
			off = true;
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
	if (verify && audited)
		return verify_file(audited);
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
	if (verify)
		return verify_own(config);
	if (off)
		return switch_off(config);
	if (print)
		r = config_print(config, stdout);
	if (check || print) {
		config_unref(config);
		return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	}
	return daemon_run(config_path, config);
}
