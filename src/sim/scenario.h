/*
 * What a simulated ward consists of and what happens in it: read from a file,
 * or made up for a number of like devices. Says nothing of how it is played
 * (ward.h).
 *
 * The file is INI; times count from the start, all keys but Transport= have a
 * default:
 *
 *   [Ward]                     every key has an option of the same meaning, which wins
 *   Gateway=coaps://HOST:PORT  PSKFile=PATH  Log=PATH  Seed=N  Duration=60s  Drain=30s
 *   Directory=PATH             of the simulated adapters' sockets, where there are BLE devices
 *
 *   [Patient NAME]
 *   heart-rate=76              where a vital rests; likewise respiratory-rate, spo2,
 *                              body-temperature, bp-systolic, bp-diastolic, perfusion-index
 *   Replay=PATH  Speed=60      charted vitals in their place (replay.h)
 *
 *   [Device NAME]
 *   Transport=coap             or ble: then its other keys are those of ble_scenario.h
 *   Identity=                  default: NAME
 *   Profile=monitor            monitor, oximeter, thermometer, bp-cuff, fridge, room, call-button
 *   Patient=NAME               for profiles that measure one; default: one of its own
 *   Interval=1s                between packs
 *   Format=json                json, cbor, json-base, cbor-base (pack.h)
 *   LocalPort=0                the UDP port that it keeps
 *   Loss=0%  Duplicates=0%     of datagrams, each way
 *   Replay=PATH  Speed=60      a recording in place of made-up surroundings
 *   ambient-temperature=4.5    where a quantity of its surroundings rests
 *
 *   [Event NAME]
 *   At=20s
 *   Device=NAME or Patient=NAME, or Device=* for all
 *   Metric=spo2  To=82         the value goes there
 *   Over=10s                   within this time
 *   For=20s                    and stays; then it is free again. A button is pressed once.
 *   Fault=power-loss           in place of Metric=: power-loss (no close_notify; back For= later on
 *                              the same port), loss, duplicates (Amount=20% For=10s), silence
 *                              (For=10s), close (a clean end of the session), burst (Amount=50
 *                              packs at once), malformed (Amount=7 packs that must be refused),
 *                              sensor-off (Metric=, For=)
 *
 * Events of BLE devices and [Adapter] sections are those of ble_scenario.h too (halves.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/halves.h"
#include "sim/pack.h"
#include "sim/signal.h"
#include "util/cleanup.h"

#define SCENARIO_NAME_MAX 63
#define SCENARIO_PATIENTS_MAX 4096
#define SCENARIO_DEVICES_MAX 4096
#define SCENARIO_EVENTS_MAX 4096
#define PROFILE_QUANTITIES_MAX 8

struct profile {
	const char *name;
	bool of_patient; /* measures somebody */
	int64_t interval_ms;
	/* What it sends, and in every how many packs. */
	struct {
		uint8_t quantity, every;
	} sends[PROFILE_QUANTITIES_MAX];
	size_t count;
	enum quantity on_event; /* sent only when it changes; _Q_MAX: none */
};

/* NULL when there is none of that name. */
const struct profile *profile_by_name(const char *name);
/* The index'th, for a mixed ward; NULL past the last. */
const struct profile *profile_at(size_t index);

struct scenario_patient {
	char name[SCENARIO_NAME_MAX + 1];
	struct signal_base bases[_Q_MAX];
	char *replay; /* NULL: none */
	int64_t speed;
};

struct scenario_device {
	char name[SCENARIO_NAME_MAX + 1];
	char identity[129];
	const struct profile *profile;
	size_t patient; /* index; SIZE_MAX: none */
	char patient_name[SCENARIO_NAME_MAX + 1];
	int64_t interval_us;
	enum pack_format format;
	uint16_t local_port;
	unsigned loss, duplicates; /* thousandths */
	unsigned lines;            /* readings in each pack; 0: as the profile has it */
	bool needs_radio;          /* a fault of its line is to come */
	char *replay;
	int64_t speed;
	struct signal_base bases[_Q_MAX];
	bool has_transport;
	int line; /* of its section, for messages */
};

enum fault {
	FAULT_NONE, /* a value changes */
	FAULT_POWER_LOSS,
	FAULT_LOSS,
	FAULT_DUPLICATES,
	FAULT_SILENCE,
	FAULT_CLOSE,
	FAULT_BURST,
	FAULT_MALFORMED,
	FAULT_SENSOR_OFF,
	_FAULT_MAX
};

struct scenario_event {
	char name[SCENARIO_NAME_MAX + 1];
	char target[SCENARIO_NAME_MAX + 1];
	bool of_patient, of_all;
	size_t index; /* of the device or patient */
	int64_t at_ms, over_ms, for_ms;
	enum quantity metric; /* _Q_MAX: none */
	char to[32];
	int32_t value;
	enum fault fault;
	char amount[16];
	int64_t number;       /* packs */
	unsigned thousandths; /* loss, duplicates */
	int line;
};

struct scenario {
	char *gateway, *psk_file, *log, *directory; /* NULL: not said */
	uint64_t seed;
	int64_t duration_ms; /* 0: until a signal */
	int64_t drain_ms;
	struct scenario_patient *patients;
	size_t patient_count;
	struct scenario_device *devices;
	size_t device_count;
	struct scenario_event *events; /* by time */
	size_t event_count;
};

const char *fault_text(enum fault f);

/* All return 0 or a negative errno; -EBADMSG when problems were printed. */
int scenario_new(struct scenario **ret);
/* halves: what is its business in a file of both transports; borrowed. */
int scenario_read(struct scenario **ret, const char *path, const struct halves *halves);
struct scenario *scenario_free(struct scenario *s);
WG_DEFINE_CLEANUP(struct scenario *, scenario_free)
/* Further members, filled with defaults; valid until the next call of the same. */
int scenario_add_patient(struct scenario *s, const char *name, struct scenario_patient **ret);
int scenario_add_device(struct scenario *s, const char *name, struct scenario_device **ret);
int scenario_add_event(struct scenario *s, const char *name, struct scenario_event **ret);
