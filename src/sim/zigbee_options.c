/* The command line of `wardsim zigbee'; see zigbee.h. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "sim/ini.h"
#include "sim/ncp.h"
#include "sim/ward.h"
#include "sim/zigbee.h"

static const char help[] =
	"Usage: wardsim zigbee --pty LINK [OPTION...] SCENARIO\n"
	"\n"
	"Plays a Zigbee network co-processor on a pseudo-terminal, with LINK as its name, and the\n"
	"devices beyond it, to a gateway with Port=LINK. Runs until a signal, or as long as the\n"
	"scenario says.\n"
	"\n"
	"  --pty LINK             a symbolic link that it makes, to the terminal\n"
	"  --version N            of EZSP, 8 to 19 (default: as the scenario says, or 13)\n"
	"  --state FILE           what outlives it: the NCP's flash and who is a member\n"
	"  --rate N               so many reports a second in all, whatever was configured\n"
	"  --log FILE             JSON lines of what was sent and what became of it; - for\n"
	"                         standard output (default: as the scenario says)\n"
	"  --seed N               decides all chance and all keys (default 1)\n"
	"  --speed N              the devices' time passes N times as fast (default 1)\n"
	"  --duration TIME        ends after that much of the scenario's time\n"
	"  --commands             events also come on standard input, one a line with the keys of "
	"an\n"
	"                         [Event]: Device=bell Do=press\n"
	"  --help                 this\n";

static const struct option options[] = { { "pty", required_argument, NULL, 'p' },
	{ "version", required_argument, NULL, 'v' }, { "state", required_argument, NULL, 'f' },
	{ "rate", required_argument, NULL, 'r' }, { "log", required_argument, NULL, 'l' },
	{ "seed", required_argument, NULL, 'n' }, { "speed", required_argument, NULL, 'x' },
	{ "duration", required_argument, NULL, 't' }, { "commands", no_argument, NULL, 'c' },
	{ "help", no_argument, NULL, 'h' }, { 0 } };

static int wrong(const char *name, const char *value, const char *right)
{
	fprintf(stderr, "wardsim: --%s %s: %s\n", name, value, right);
	return 1;
}

static int take_number(const char *name, const char *value, int64_t low, int64_t high, int64_t *to)
{
	char right[96];

	if (ini_number(value, low, high, to) >= 0)
		return 0;
	snprintf(right, sizeof(right), "not a whole number of %lld to %lld", (long long)low,
		(long long)high);
	return wrong(name, value, right);
}

static int take(struct szb_options *o, int id, const char *value)
{
	switch (id) {
	case 'p':
		o->pty = value;
		return 0;
	case 'f':
		o->state = value;
		return 0;
	case 'l':
		o->log = value;
		return 0;
	case 'c':
		o->commands = true;
		return 0;
	case 'v':
		return take_number("version", value, NCP_VERSION_MIN, NCP_VERSION_MAX, &o->version);
	case 'r':
		return take_number("rate", value, 0, 1000000, &o->rate);
	case 'n':
		return take_number("seed", value, 0, INT64_MAX, &o->seed);
	case 'x':
		return take_number("speed", value, 1, 10000, &o->speed);
	case 't':
		return ini_duration(value, &o->duration_ms) < 0
			       ? wrong("duration", value, "not a duration; give for instance 60s")
			       : 0;
	default:
		return 1; /* getopt has said so */
	}
}

int szb_main(int argc, char *argv[])
{
	struct szb_options o = {
		.seed = -1, .speed = -1, .duration_ms = -1, .version = -1, .rate = -1
	};
	int id, faults = 0;

	optind = 2;
	while ((id = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (id == 'h') {
			fputs(help, stdout);
			return WARD_DONE;
		}
		faults += take(&o, id, optarg);
	}
	if (optind < argc)
		o.scenario = argv[optind++];
	if (optind < argc) {
		fprintf(stderr, "wardsim: %s: one argument too many\n", argv[optind]);
		faults++;
	}
	if (!o.pty || !o.scenario) {
		fprintf(stderr, "wardsim: --pty and a scenario file are wanted\n");
		faults++;
	}
	if (!faults)
		return szb_run(&o);
	fprintf(stderr, "wardsim: `wardsim zigbee --help' lists the options\n");
	return WARD_USAGE;
}
