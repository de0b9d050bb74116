/* The command line of `wardsim ble'; see ble.h. */
#include <stdio.h>

#include "sim/ble.h"
#include "sim/options.h"
#include "sim/ward.h"

static const char help[] =
	"Usage: wardsim ble --dir DIRECTORY [OPTION...]\n"
	"\n"
	"Plays Bluetooth LE adapters and devices to a gateway with Adapter=sim:DIRECTORY:\n"
	"DIRECTORY/mgmt speaks the kernel's management protocol, DIRECTORY/att/ADDRESS the\n"
	"Attribute Protocol of each device. Runs until a signal, or as long as the scenario says.\n"
	"\n"
	"  --dir DIRECTORY        where its sockets are; made where it is not there\n"
	"  --scenario FILE        adapters, patients, devices and events, see wardsim(1); without\n"
	"                         it one device of each kind, which it lists\n"
	"  --log FILE             JSON lines of what was sent and what became of it; - for\n"
	"                         standard output (default: as the scenario says)\n"
	"  --seed N               decides all chance and all keys (default 1)\n"
	"  --speed N              the scenario's time passes N times as fast (default 1)\n"
	"  --duration TIME        ends after that much of the scenario's time\n"
	"  --help                 this\n";

int sble_main(int argc, char *argv[])
{
	struct sble_options o = { .seed = -1, .speed = -1, .duration_ms = -1 };
	const struct option_row rows[] = { { "dir", OPTION_TEXT, &o.directory, 0, 0 },
		{ "scenario", OPTION_TEXT, &o.scenario, 0, 0 },
		{ "log", OPTION_TEXT, &o.log, 0, 0 },
		{ "seed", OPTION_NUMBER, &o.seed, 0, INT64_MAX },
		{ "speed", OPTION_NUMBER, &o.speed, 1, 10000 },
		{ "duration", OPTION_DURATION, &o.duration_ms, 0, 0 }, { 0 } };
	int faults = options_read(argc, argv, help, rows, NULL);

	if (faults < 0)
		return WARD_DONE;
	if (!o.directory) {
		fprintf(stderr,
			"wardsim: where does the gateway find its adapter? Give --dir DIRECTORY, "
			"and the gateway Adapter=sim:DIRECTORY\n");
		faults++;
	}
	if (!faults)
		return sble_run(&o);
	fprintf(stderr, "wardsim: `wardsim ble --help' lists the options\n");
	return WARD_USAGE;
}
