/* The command line of `wardsim zigbee'; see zigbee.h. */
#include <stdio.h>

#include "sim/ncp.h"
#include "sim/options.h"
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

int szb_main(int argc, char *argv[])
{
	struct szb_options o = {
		.seed = -1, .speed = -1, .duration_ms = -1, .version = -1, .rate = -1
	};
	const struct option_row rows[] = { { "pty", OPTION_TEXT, &o.pty, 0, 0 },
		{ "version", OPTION_NUMBER, &o.version, NCP_VERSION_MIN, NCP_VERSION_MAX },
		{ "state", OPTION_TEXT, &o.state, 0, 0 },
		{ "rate", OPTION_NUMBER, &o.rate, 0, 1000000 },
		{ "log", OPTION_TEXT, &o.log, 0, 0 },
		{ "seed", OPTION_NUMBER, &o.seed, 0, INT64_MAX },
		{ "speed", OPTION_NUMBER, &o.speed, 1, 10000 },
		{ "duration", OPTION_DURATION, &o.duration_ms, 0, 0 },
		{ "commands", OPTION_FLAG, &o.commands, 0, 0 }, { 0 } };
	int faults = options_read(argc, argv, help, rows, &o.scenario);

	if (faults < 0)
		return WARD_DONE;
	if (!o.pty || !o.scenario) {
		fprintf(stderr, "wardsim: --pty and a scenario file are wanted\n");
		faults++;
	}
	if (!faults)
		return szb_run(&o);
	fprintf(stderr, "wardsim: `wardsim zigbee --help' lists the options\n");
	return WARD_USAGE;
}
