/*
 * wardgatectl: options, the table of verbs, usage. What a verb does stands in
 * its own file.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/ctl.h"
#include "util/cleanup.h"

#define DEFAULT_CONFIG "/etc/wardgate/wardgate.conf"

static const struct {
	const char *name, *arguments, *help;
	verb_fn run;
} verbs[] = {
	{ "outbox", "", "what waits on disk for the broker, and for how long it fits",
		verb_outbox },
};

static void usage(FILE *f)
{
	fputs("Usage: wardgatectl [--config FILE] [--json] COMMAND\n"
	      "\n"
	      "Looks after a ward's gateway. See wardgatectl(1).\n"
	      "\n",
		f);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		fprintf(f, "  %s %-*s %s\n", verbs[i].name, 16 - (int)strlen(verbs[i].name),
			verbs[i].arguments, verbs[i].help);
	fputs("\n"
	      "  --config FILE     read FILE instead of " DEFAULT_CONFIG "\n"
	      "  --json            print one JSON object, for programs\n"
	      "  --version         print the version and exit\n"
	      "  --help            print this and exit\n",
		f);
}

static int run_verb(const struct ctl *ctl, int argc, char **argv)
{
	if (argc == 0)
		return ctl_misused("no command given; wardgatectl --help lists them");
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(argv[0], verbs[i].name) == 0)
			return verbs[i].run(ctl, argc, argv);
	return ctl_misused("there is no command \"%s\"; wardgatectl --help lists them", argv[0]);
}

int main(int argc, char **argv)
{
	enum { OPTION_CONFIG = 256, OPTION_JSON, OPTION_VERSION, OPTION_HELP };
	static const struct option options[] = {
		{ "config", required_argument, NULL, OPTION_CONFIG },
		{ "json", no_argument, NULL, OPTION_JSON },
		{ "version", no_argument, NULL, OPTION_VERSION },
		{ "help", no_argument, NULL, OPTION_HELP },
		{ 0 },
	};
	struct ctl ctl = { .config_path = DEFAULT_CONFIG };
	int option, r;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		switch (option) {
		case OPTION_CONFIG:
			ctl.config_path = optarg;
			break;
		case OPTION_JSON:
			ctl.json = true;
			break;
		case OPTION_VERSION:
			puts("wardgatectl " WG_VERSION);
			return EXIT_SUCCESS;
		case OPTION_HELP:
			usage(stdout);
			return EXIT_SUCCESS;
		case ':':
			return ctl_misused("%s needs a value; wardgatectl --help says which",
				argv[optind - 1]);
		default:
			return optopt ? ctl_misused("there is no option -%c; wardgatectl --help "
						    "lists them",
						optopt)
				      : ctl_misused(
						"wrong option %s; wardgatectl --help lists them",
						argv[optind - 1]);
		}
	}
	r = run_verb(&ctl, argc - optind, argv + optind);
	if (r == EXIT_SUCCESS && (fflush(stdout) != 0 || ferror(stdout)))
		return ctl_fail("cannot write to standard output: %m; is the disk full?");
	return r;
}
