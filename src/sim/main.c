/*
 * wardsim: the devices' side of a ward, without the hardware. This file reads
 * the command line; ward.c plays.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/ble.h"
#include "sim/ble_scenario.h"
#include "sim/ini.h"
#include "sim/psk.h"
#include "sim/ward.h"
#include "sim/zigbee.h"

enum option_id {
	OPT_GATEWAY = 256,
	OPT_PSK,
	OPT_LOG,
	OPT_SEED,
	OPT_DURATION,
	OPT_DRAIN,
	OPT_QUEUE,
	OPT_IN_FLIGHT,
	OPT_ANSWER_TIMEOUT,
	OPT_ACK_TIMEOUT,
	OPT_RETRANSMIT,
	OPT_BACKOFF_MAX,
	OPT_SPREAD,
	OPT_SCENARIO,
	OPT_DEVICES,
	OPT_INTERVAL,
	OPT_RATE,
	OPT_LINES,
	OPT_PROFILE,
	OPT_FORMAT,
	OPT_PORT_BASE,
	OPT_LOSS,
	OPT_DUPLICATES,
	OPT_POWER_LOSS,
	OPT_VERBOSE,
	OPT_DIR,
	OPT_STAY,
	OPT_HELP,
};

static const char common_help[] =
	"  --gateway URI          coaps://HOST:PORT, or coap://HOST:PORT without DTLS\n"
	"  --psk FILE             keys, lines of IDENTITY:HEXKEY\n"
	"  --log FILE             JSON lines of what was sent and what became of it; - for\n"
	"                         standard output (default: no log)\n"
	"  --seed N               decides all chance (default 1)\n"
	"  --duration TIME        measure for so long, such as 60s (default: until a signal)\n"
	"  --drain TIME           then wait for answers for so long (default 30s)\n"
	"  --queue N              packs that a device keeps until acknowledged (default 10000)\n"
	"  --in-flight N          packs on their way at once, per device (default 4)\n"
	"  --answer-timeout TIME  patience for an answer after the ACK (default 30s)\n"
	"  --ack-timeout TIME     ACK_TIMEOUT of RFC 7252 (default 2s)\n"
	"  --retransmit N         MAX_RETRANSMIT of RFC 7252 (default 2)\n"
	"  --backoff-max TIME     longest pause between attempts (default 15s)\n"
	"  --spread TIME          spread the first packs over this (default: the interval)\n"
	"  --verbose              libcoap's messages on standard error\n"
	"  --help                 this\n"
	"\n"
	"SIGTERM and SIGINT end it at once. Exit codes: 0 done, 1 cannot run, 2 wrong options,\n"
	"scenario or keys, 3 the time was over before every pack had its answer.\n";

static int usage(FILE *to, const char *command)
{
	if (!command)
		fputs("Usage: wardsim coap --gateway URI --psk FILE [OPTION...]\n"
		      "       wardsim ward SCENARIO [OPTION...]\n"
		      "       wardsim ble --dir DIRECTORY [OPTION...]\n"
		      "       wardsim zigbee --pty LINK [OPTION...] SCENARIO\n"
		      "       wardsim COMMAND --help\n"
		      "\n"
		      "Plays bedside devices towards a gateway, without hardware: `coap' a number "
		      "of like\n"
		      "devices over CoAP and DTLS-PSK, `ward' a whole ward as a scenario file "
		      "says, `ble'\nBluetooth LE adapters and devices behind a gateway's sim: "
		      "adapter, `zigbee'\na Zigbee radio on a pseudo-terminal and its "
		      "devices.\n",
			to);
	else if (!strcmp(command, "coap"))
		fprintf(to,
			"Usage: wardsim coap --gateway URI --psk FILE [OPTION...]\n"
			"\n"
			"Plays one CoAP device per line of the key file, each with a session of "
			"its own.\n"
			"\n"
			"  --devices N            only the first N of the file; also --sessions\n"
			"  --interval TIME        between two packs of one device (default 1s)\n"
			"  --rate N               packs per second of all together, in place of "
			"--interval;\n"
			"                         also --packs-per-second\n"
			"  --lines N              readings in each pack, 1 to 512 (default: as the "
			"profile)\n"
			"  --profile NAME         monitor (default), oximeter, thermometer, "
			"bp-cuff, fridge,\n"
			"                         room, call-button, or mix\n"
			"  --format NAME          json, cbor, json-base, cbor-base, or mix "
			"(default)\n"
			"  --port-base PORT       device K sends from UDP port PORT + K, for ever\n"
			"  --loss P%%              of datagrams, each way; --duplicates P%% "
			"likewise\n"
			"  --power-loss TIME      at this time all lose power and are back at "
			"once\n"
			"  --scenario FILE        the same as wardsim ward FILE\n"
			"%s",
			common_help);
	else
		fprintf(to,
			"Usage: wardsim ward SCENARIO [OPTION...]\n"
			"\n"
			"Plays the patients, devices and events of a scenario file ([Ward], "
			"[Patient NAME],\n"
			"[Device NAME], [Event NAME]). Options win over the keys of [Ward].\n"
			"\n"
			"  --dir DIRECTORY        sockets of simulated Bluetooth adapters, where "
			"devices have\n"
			"                         Transport=ble\n"
			"  --stay                 at the end devices stay there, measuring "
			"nothing, "
			"until a\n"
			"                         signal\n"
			"%s",
			common_help);
	return to == stdout ? WARD_DONE : WARD_USAGE;
}

/* What the command line says; kept apart from the scenario, over which it wins. */
struct arguments {
	const char *gateway, *psk, *log, *scenario, *directory;
	int64_t seed, duration_ms, drain_ms; /* -1: not said */
	int64_t devices, interval_ms, rate, lines, port_base, power_loss_ms;
	unsigned loss, duplicates;
	const char *profile, *format;
	struct ward_options ward;
	int wrong;
};

static const struct option options[] = {
	{ "gateway", required_argument, NULL, OPT_GATEWAY },
	{ "psk", required_argument, NULL, OPT_PSK },
	{ "log", required_argument, NULL, OPT_LOG },
	{ "seed", required_argument, NULL, OPT_SEED },
	{ "duration", required_argument, NULL, OPT_DURATION },
	{ "drain", required_argument, NULL, OPT_DRAIN },
	{ "queue", required_argument, NULL, OPT_QUEUE },
	{ "in-flight", required_argument, NULL, OPT_IN_FLIGHT },
	{ "answer-timeout", required_argument, NULL, OPT_ANSWER_TIMEOUT },
	{ "ack-timeout", required_argument, NULL, OPT_ACK_TIMEOUT },
	{ "retransmit", required_argument, NULL, OPT_RETRANSMIT },
	{ "backoff-max", required_argument, NULL, OPT_BACKOFF_MAX },
	{ "spread", required_argument, NULL, OPT_SPREAD },
	{ "verbose", no_argument, NULL, OPT_VERBOSE },
	{ "dir", required_argument, NULL, OPT_DIR },
	{ "stay", no_argument, NULL, OPT_STAY },
	{ "help", no_argument, NULL, OPT_HELP },
	/* coap only */
	{ "scenario", required_argument, NULL, OPT_SCENARIO },
	{ "devices", required_argument, NULL, OPT_DEVICES },
	{ "sessions", required_argument, NULL, OPT_DEVICES },
	{ "interval", required_argument, NULL, OPT_INTERVAL },
	{ "rate", required_argument, NULL, OPT_RATE },
	{ "packs-per-second", required_argument, NULL, OPT_RATE },
	{ "lines", required_argument, NULL, OPT_LINES },
	{ "profile", required_argument, NULL, OPT_PROFILE },
	{ "format", required_argument, NULL, OPT_FORMAT },
	{ "port-base", required_argument, NULL, OPT_PORT_BASE },
	{ "loss", required_argument, NULL, OPT_LOSS },
	{ "duplicates", required_argument, NULL, OPT_DUPLICATES },
	{ "power-loss", required_argument, NULL, OPT_POWER_LOSS },
	{ 0 },
};

static void complain(struct arguments *a, const char *name, const char *value, const char *right)
{
	fprintf(stderr, "wardsim: --%s %s: %s\n", name, value, right);
	a->wrong++;
}

static void take_time(struct arguments *a, const char *name, const char *value, int64_t *ret_ms)
{
	if (ini_duration(value, ret_ms) < 0)
		complain(
			a, name, value, "not a duration; give for instance 250ms, 15s, 5min or 1h");
}

static void take_time_us(struct arguments *a, const char *name, const char *value, int64_t *ret_us)
{
	int64_t ms = 0;

	take_time(a, name, value, &ms);
	*ret_us = ms * 1000;
}

static int64_t take_number(
	struct arguments *a, const char *name, const char *value, int64_t low, int64_t high)
{
	char right[96];
	int64_t n = low;

	if (ini_number(value, low, high, &n) < 0) {
		snprintf(right, sizeof(right), "not a whole number of %lld to %lld", (long long)low,
			(long long)high);
		complain(a, name, value, right);
	}
	return n;
}

static void take_percent(struct arguments *a, const char *name, const char *value, unsigned *ret)
{
	if (ini_percent(value, ret) < 0)
		complain(a, name, value, "not a percentage; give for instance 5%");
}

/* Options of `coap' alone. */
static void take_population(struct arguments *a, int id, const char *name, const char *value)
{
	switch (id) {
	case OPT_SCENARIO:
		a->scenario = value;
		break;
	case OPT_DEVICES:
		a->devices = take_number(a, name, value, 1, SCENARIO_DEVICES_MAX);
		break;
	case OPT_INTERVAL:
		take_time(a, name, value, &a->interval_ms);
		if (!a->interval_ms)
			complain(a, name, value, "must be above 0");
		break;
	case OPT_RATE:
		a->rate = take_number(a, name, value, 1, 1000000);
		break;
	case OPT_LINES:
		a->lines = take_number(a, name, value, 1, 512);
		break;
	case OPT_PROFILE:
		a->profile = value;
		if (strcmp(value, "mix") != 0 && !profile_by_name(value))
			complain(a, name, value, "no such profile");
		break;
	case OPT_FORMAT:
		a->format = value;
		if (strcmp(value, "mix") != 0 && pack_format_by_text(value) == _PACK_FORMAT_MAX)
			complain(a, name, value, "no such format");
		break;
	case OPT_PORT_BASE:
		a->port_base = take_number(a, name, value, 1, UINT16_MAX);
		break;
	case OPT_LOSS:
		take_percent(a, name, value, &a->loss);
		break;
	case OPT_DUPLICATES:
		take_percent(a, name, value, &a->duplicates);
		break;
	case OPT_POWER_LOSS:
		take_time(a, name, value, &a->power_loss_ms);
		break;
	default:
		a->wrong++; /* getopt has said so */
		break;
	}
}

static void take_option(struct arguments *a, int id, const char *name, const char *value)
{
	struct ward_options *w = &a->ward;
	int64_t ms;

	switch (id) {
	case OPT_GATEWAY:
		a->gateway = value;
		break;
	case OPT_PSK:
		a->psk = value;
		break;
	case OPT_LOG:
		a->log = value;
		break;
	case OPT_SEED:
		a->seed = take_number(a, name, value, 0, INT64_MAX);
		break;
	case OPT_DURATION:
		take_time(a, name, value, &a->duration_ms);
		break;
	case OPT_DRAIN:
		take_time(a, name, value, &a->drain_ms);
		break;
	case OPT_QUEUE:
		w->sender.queue = (size_t)take_number(a, name, value, 1, 1000000);
		break;
	case OPT_IN_FLIGHT:
		w->sender.in_flight = (unsigned)take_number(a, name, value, 1, 64);
		break;
	case OPT_ANSWER_TIMEOUT:
		take_time_us(a, name, value, &w->sender.answer_timeout_us);
		break;
	case OPT_ACK_TIMEOUT:
		ms = 2000;
		take_time(a, name, value, &ms);
		if (ms < 50 || ms > 60000)
			complain(a, name, value, "give 50ms to 60s");
		w->ack_timeout_ms = (uint32_t)ms;
		break;
	case OPT_RETRANSMIT:
		w->max_retransmit = (unsigned)take_number(a, name, value, 1, 10);
		break;
	case OPT_BACKOFF_MAX:
		take_time_us(a, name, value, &w->sender.backoff_max_us);
		if (w->sender.backoff_us > w->sender.backoff_max_us)
			w->sender.backoff_us = w->sender.backoff_max_us;
		break;
	case OPT_SPREAD:
		take_time_us(a, name, value, &w->spread_us);
		break;
	case OPT_VERBOSE:
		w->verbose = true;
		break;
	case OPT_STAY:
		w->stay = true;
		break;
	case OPT_DIR:
		a->directory = value;
		break;
	default:
		take_population(a, id, name, value);
		break;
	}
}

static const char *option_name(int id)
{
	for (const struct option *o = options; o->name; o++)
		if (o->val == id)
			return o->name;
	return "";
}

/* Lets the command line win over the scenario. */
static int apply(struct scenario *s, const struct arguments *a)
{
	const struct {
		const char *from;
		char **to;
	} texts[] = { { a->gateway, &s->gateway }, { a->psk, &s->psk_file }, { a->log, &s->log },
		{ a->directory, &s->directory } };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		char *copy = texts[i].from ? strdup(texts[i].from) : NULL;

		if (texts[i].from && !copy)
			return -ENOMEM;
		if (!copy)
			continue;
		free(*texts[i].to);
		*texts[i].to = copy;
	}
	if (a->seed >= 0)
		s->seed = (uint64_t)a->seed;
	if (a->duration_ms >= 0)
		s->duration_ms = a->duration_ms;
	if (a->drain_ms >= 0)
		s->drain_ms = a->drain_ms;
	return 0;
}

static int add_device(
	struct scenario *s, const struct arguments *a, const char *identity, size_t index)
{
	struct scenario_patient *patient;
	struct scenario_device *d;
	size_t profiles = 0;
	int r;

	while (profile_at(profiles))
		profiles++;
	r = scenario_add_patient(s, identity, &patient);
	if (r >= 0)
		r = scenario_add_device(s, identity, &d);
	if (r < 0)
		return r;
	snprintf(d->identity, sizeof(d->identity), "%s", identity);
	d->profile = !strcmp(a->profile, "mix") ? profile_at(index % profiles)
						: profile_by_name(a->profile);
	d->patient = s->patient_count - 1;
	d->format = !strcmp(a->format, "mix") ? (enum pack_format)(index % _PACK_FORMAT_MAX)
					      : pack_format_by_text(a->format);
	d->interval_us = a->rate ? a->devices * 1000000 / a->rate : a->interval_ms * 1000;
	d->lines = (unsigned)a->lines;
	d->local_port = a->port_base ? (uint16_t)(a->port_base + (int64_t)index) : 0;
	d->loss = a->loss;
	d->duplicates = a->duplicates;
	d->needs_radio = d->local_port || d->loss || d->duplicates || a->power_loss_ms >= 0;
	return 0;
}

static int check_population(struct arguments *a, size_t keys)
{
	if (!a->devices)
		a->devices = (int64_t)keys;
	if (a->psk && (size_t)a->devices > keys) {
		fprintf(stderr, "wardsim: --devices %lld: %s has %zu lines only\n",
			(long long)a->devices, a->psk, keys);
		return -EINVAL;
	}
	if (!a->devices) {
		fprintf(stderr, "wardsim: no devices: give --devices, or keys with --psk\n");
		return -EINVAL;
	}
	if (a->port_base && a->port_base + a->devices - 1 > UINT16_MAX) {
		fprintf(stderr, "wardsim: --port-base %lld: the last port would be above 65535\n",
			(long long)a->port_base);
		return -EINVAL;
	}
	if (a->rate && (a->devices * 1000000 / a->rate < 1000 * (a->lines ?: 1))) {
		fprintf(stderr,
			"wardsim: --rate %lld: with %lld devices, two readings of one would fall "
			"into "
			"one millisecond; give more devices\n",
			(long long)a->rate, (long long)a->devices);
		return -EINVAL;
	}
	return 0;
}

/* A ward of like devices, one for each key. */
static int make_population(struct scenario **ret, struct arguments *a)
{
	_cleanup_(scenario_freep) struct scenario *s = NULL;
	_cleanup_(psk_freep) struct psk_file *keys = NULL;
	int r = 0;

	if (a->psk)
		r = psk_read(&keys, a->psk);
	if (r >= 0)
		r = check_population(a, keys ? keys->count : 0);
	if (r >= 0)
		r = scenario_new(&s);
	for (size_t i = 0; r >= 0 && i < (size_t)a->devices; i++) {
		char made_up[32];

		snprintf(made_up, sizeof(made_up), "sim-%zu", i + 1);
		r = add_device(s, a, keys ? keys->entries[i].identity : made_up, i);
	}
	if (r >= 0 && a->power_loss_ms >= 0) {
		struct scenario_event *e;

		r = scenario_add_event(s, "power-loss", &e);
		if (r >= 0) {
			e->of_all = true;
			e->at_ms = a->power_loss_ms;
			e->fault = FAULT_POWER_LOSS;
			snprintf(e->target, sizeof(e->target), "*");
		}
	}
	if (r >= 0)
		*ret = TAKE_PTR(s);
	return r;
}

/* Reads both halves of a scenario, so that all that is wrong is said at once. */
static int read_halves(struct scenario **ret, struct sble_scenario **ret_ble, const char *path)
{
	_cleanup_(halves_freep) struct halves *halves = NULL;
	int r = halves_read(&halves, path), k = 0;

	if (r < 0)
		return r;
	r = scenario_read(ret, path, halves);
	if (r != -ENOMEM && halves_count(halves, HALF_BLE))
		k = sble_scenario_read(ret_ble, path, halves);
	return r < 0 ? r : k;
}

/* What a ward cannot be played without. */
static int check_ends(const struct scenario *s, bool ble)
{
	if (s->device_count && !s->gateway)
		fprintf(stderr, "wardsim: which gateway? Give --gateway coaps://HOST:PORT\n");
	else if (s->device_count && !strncmp(s->gateway, "coaps:", 6) && !s->psk_file)
		fprintf(stderr, "wardsim: coaps needs keys: give --psk FILE\n");
	else if (ble && !s->directory)
		fprintf(stderr,
			"wardsim: where does the gateway find its Bluetooth adapter? Give --dir "
			"DIRECTORY, and the gateway Adapter=sim:DIRECTORY\n");
	else
		return 0;
	return -EINVAL;
}

static int play(struct arguments *a)
{
	_cleanup_(scenario_freep) struct scenario *s = NULL;
	_cleanup_(sble_scenario_freep) struct sble_scenario *ble = NULL;
	int r = a->scenario ? read_halves(&s, &ble, a->scenario) : make_population(&s, a);

	if (r >= 0)
		r = apply(s, a);
	if (r == -ENOMEM) {
		fprintf(stderr, "wardsim: out of memory\n");
		return WARD_FAILED;
	}
	if (r < 0 || check_ends(s, ble) < 0)
		return WARD_USAGE;
	a->ward.ble = ble;
	return ward_run(s, &a->ward);
}

int main(int argc, char *argv[])
{
	struct arguments a = {
		.seed = -1,
		.duration_ms = -1,
		.drain_ms = -1,
		.interval_ms = 1000,
		.power_loss_ms = -1,
		.profile = "monitor",
		.format = "mix",
	};
	const char *command = argc > 1 ? argv[1] : NULL;
	int id;

	if (command && !strcmp(command, "--help"))
		return usage(stdout, NULL);
	if (command && !strcmp(command, "--version")) {
		puts("wardsim " WG_VERSION);
		return WARD_DONE;
	}
	if (command && !strcmp(command, "ble"))
		return sble_main(argc, argv);
	if (command && !strcmp(command, "zigbee"))
		return szb_main(argc, argv);
	if (!command || (strcmp(command, "coap") != 0 && strcmp(command, "ward") != 0)) {
		if (command)
			fprintf(stderr, "wardsim: %s: no such command\n", command);
		return usage(stderr, NULL);
	}
	ward_default_options(&a.ward);
	optind = 2;
	while ((id = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (id == OPT_HELP)
			return usage(stdout, command);
		if (!strcmp(command, "ward") && id >= OPT_SCENARIO && id <= OPT_POWER_LOSS)
			complain(&a, option_name(id), optarg,
				"belongs to wardsim coap; the scenario says it");
		else
			take_option(&a, id, option_name(id), optarg);
	}
	if (!strcmp(command, "ward") && optind < argc)
		a.scenario = argv[optind++];
	else if (!strcmp(command, "ward")) {
		fprintf(stderr, "wardsim: a scenario file is wanted: wardsim ward SCENARIO\n");
		a.wrong++;
	}
	if (optind < argc) {
		fprintf(stderr, "wardsim: %s: one argument too many\n", argv[optind]);
		a.wrong++;
	}
	if (a.wrong) {
		fprintf(stderr, "wardsim: `wardsim %s --help' lists the options\n", command);
		return WARD_USAGE;
	}
	return play(&a);
}
