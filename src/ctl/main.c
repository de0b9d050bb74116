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

#define USAGE_COLUMN 30
#define DEFAULT_CONFIG "/etc/wardgate/wardgate.conf"

static const struct {
	const char *name, *arguments, *help;
	verb_fn run;
} verbs[] = {
	{ "status", "", "how the gateway does", verb_status },
	{ "devices", "", "who is configured, and who was heard", verb_devices },
	{ "device", "NAME [--raw]", "all about one device", verb_device },
	{ "watch", "[DEVICE...]", "live readings and alarms", verb_watch },
	{ "alarms", "", "which alarms there are", verb_alarms },
	{ "acknowledge", "ALARM", "somebody has seen it, and sees to it", verb_acknowledge },
	{ "pause", "ALARM|--bed BED [SECONDS] [--alarm|--audio-off|--alarm-off] [--end]",
		"have it silent for a while", verb_pause },
	{ "reset", "ALARM", "put back one that is latched", verb_reset },
	{ "limits", "[BED]", "which limits are in force, and why", verb_limits },
	{ "set-limit", "RULE --bed B|--patient B|--ward [--below X] [--above Y] [--clear]",
		"set or take back a limit", verb_set_limit },
	{ "set-spo2-scale", "BED 1|2", "which scale of SpO2 scores use", verb_set_spo2_scale },
	{ "observe", "BED METRIC VALUE [--time TIME]", "chart what somebody has observed",
		verb_observe },
	{ "outbox", "[retry|drop [ID...] [--yes]]",
		"what waits for the broker, and how long it fits", verb_outbox },
	{ "discover", "[SECONDS]", "unknown devices that can be heard", verb_discover },
	{ "adopt", "[ADDRESS NAME [BED] [KEY=VALUE...]] [--transport LINK] [--key-file FILE]",
		"take one in; asks what is left out", verb_adopt },
	{ "pair", "NAME [SECONDS] [--address ADDRESS] [--cancel]",
		"bond a Bluetooth device; asks what it asks", verb_pair },
	{ "unpair", "NAME [--yes]", "undo that", verb_unpair },
	{ "permit-join", "[SECONDS] [--device NAME --install-code CODE] [--anyone] [--end]",
		"let Zigbee devices join for a while", verb_permit_join },
	{ "network", "[WHAT [FILE|ID]] [--force] [--zigbee2mqtt] [--other-radio] [--yes]",
		"the Zigbee network; adopt, restore, backup, remove", verb_network },
	{ "identify", "NAME [SECONDS]", "have a Zigbee device blink", verb_identify },
	{ "interview", "NAME", "have it looked through and set up anew", verb_interview },
	{ "forget", "NAME [--yes]", "take an adopted device out again", verb_forget },
	{ "reload", "", "have the configuration read anew", verb_reload },
	{ "check-config", "", "what is wrong with the configuration", verb_check_config },
	{ "doctor", "", "what is wrong, and what to do about it", verb_doctor },
	{ "test-alarm", "[BED]", "a test all the way to the broker", verb_test_alarm },
	{ "backup", "FILE [--passphrase-file FILE]", "all that a spare unit needs, locked",
		verb_backup },
	{ "restore", "FILE [--list] [--yes] [--passphrase-file FILE]",
		"make this unit the one that was backed up", verb_restore },
	{ "audit", "", "who commanded what", verb_audit },
};

static void usage(FILE *f)
{
	fputs("Usage: wardgatectl [--bus ADDRESS] [--config FILE] [--json] COMMAND\n"
	      "\n"
	      "Looks after a ward's gateway. See wardgatectl(1).\n"
	      "\n",
		f);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		int used = fprintf(f, "  %s %s", verbs[i].name, verbs[i].arguments);

		if (used > USAGE_COLUMN - 2)
			fprintf(f, "\n%*s", USAGE_COLUMN, "");
		else
			fprintf(f, "%*s", USAGE_COLUMN - used, "");
		fprintf(f, "%s\n", verbs[i].help);
	}
	fputs("\n"
	      "  --bus ADDRESS               the D-Bus: system, session or an address; else as\n"
	      "                              [Control] Bus= says\n"
	      "  --config FILE               read FILE instead of " DEFAULT_CONFIG "\n"
	      "  --json                      print JSON, for programs\n"
	      "  --version                   print the version and exit\n"
	      "  --help                      print this and exit\n",
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
	enum { OPTION_BUS = 256, OPTION_CONFIG, OPTION_JSON, OPTION_VERSION, OPTION_HELP };
	static const struct option options[] = {
		{ "bus", required_argument, NULL, OPTION_BUS },
		{ "config", required_argument, NULL, OPTION_CONFIG },
		{ "json", no_argument, NULL, OPTION_JSON },
		{ "version", no_argument, NULL, OPTION_VERSION },
		{ "help", no_argument, NULL, OPTION_HELP },
		{ 0 },
	};
	struct ctl ctl = { .config_path = DEFAULT_CONFIG };
	int option, r;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "+:", options, NULL)) != -1) {
		switch (option) {
		case OPTION_BUS:
			ctl.bus = optarg;
			break;
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
	argc -= optind;
	argv += optind;
	/* Behind the verb, too, where one writes it without thinking. */
	if (argc > 0) {
		if (ctl_flag(&argc, argv, "--help")) {
			usage(stdout);
			return EXIT_SUCCESS;
		}
		ctl.json |= ctl_flag(&argc, argv, "--json");
		r = ctl_option(&argc, argv, "--bus", &ctl.bus);
		if (r == 0)
			r = ctl_option(&argc, argv, "--config", &ctl.config_path);
		if (r != 0)
			return r;
	}
	r = run_verb(&ctl, argc, argv);
	if (r == EXIT_SUCCESS && (fflush(stdout) != 0 || ferror(stdout)))
		return ctl_fail("cannot write to standard output: %m; is the disk full?");
	return r;
}
