/* The command line of `wardsim ble'; see ble.h. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "sim/ble.h"
#include "sim/ini.h"
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

static const struct option options[] = { { "dir", required_argument, NULL, 'd' },
	{ "scenario", required_argument, NULL, 's' }, { "log", required_argument, NULL, 'l' },
	{ "seed", required_argument, NULL, 'n' }, { "speed", required_argument, NULL, 'x' },
	{ "duration", required_argument, NULL, 't' }, { "help", no_argument, NULL, 'h' }, { 0 } };

static int wrong(const char *name, const char *value, const char *right)
{
	fprintf(stderr, "wardsim: --%s %s: %s\n", name, value, right);
	return 1;
}

static int take(struct sble_options *o, int id, const char *value)
{
	switch (id) {
	case 'd':
		o->directory = value;
		return 0;
	case 's':
		o->scenario = value;
		return 0;
	case 'l':
		o->log = value;
		return 0;
	case 'n':
		return ini_number(value, 0, INT64_MAX, &o->seed) < 0
			       ? wrong("seed", value, "not a whole number")
			       : 0;
	case 'x':
		return ini_number(value, 1, 10000, &o->speed) < 0
			       ? wrong("speed", value, "not a whole number of 1 to 10000")
			       : 0;
	case 't':
		return ini_duration(value, &o->duration_ms) < 0
			       ? wrong("duration", value, "not a duration; give for instance 60s")
			       : 0;
	default:
		return 1; /* getopt has said so */
	}
}

int sble_main(int argc, char *argv[])
{
	struct sble_options o = { .seed = -1, .speed = -1, .duration_ms = -1 };
	int id, faults = 0;

	optind = 2;
	while ((id = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (id == 'h') {
			fputs(help, stdout);
			return WARD_DONE;
		}
		faults += take(&o, id, optarg);
	}
	if (optind < argc) {
		fprintf(stderr, "wardsim: %s: one argument too many\n", argv[optind]);
		faults++;
	}
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
