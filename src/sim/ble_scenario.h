/*
 * What is on the air of a simulated ward and what happens there: read from a
 * file. The file is INI; times count from the start.
 *
 *   [Ward]                      each key has an option of the same meaning, which wins
 *   Log=PATH  Seed=N  Duration=60s  Speed=1
 *
 *   [Adapter hci0]              hci0 to hci7; without any there is one hci0
 *   Address=00:1A:7D:DA:71:00   default: that, counted up
 *   Powered=no  Connections=20
 *   Reports=monitor             as kernels from 5.17 on report to a monitor; found: as older ones
 *   Resolves=yes                no: it does not resolve private addresses by the keys loaded
 *   Present=yes                 no: it is plugged in by an event
 *
 *   [Patient NAME]
 *   heart-rate=76               where a vital rests, as in scenario.h
 *   Replay=PATH  Speed=60       charted vitals in their place (replay.h)
 *
 *   [Device NAME]
 *   Transport=ble               that or nothing, but where a file has CoAP devices, too (halves.h)
 *   Kind=heart-rate             see ble_kinds.c
 *   Address=C0:FF:EE:00:00:01   its identity; AddressType=public or random where that does not
 *                               follow from its two highest bits
 *   Private=no  RotateEvery=    yes: it shows resolvable private addresses; IRK=HEX, else by the
 *                               seed
 *   Patient=NAME                whom it measures; default: one of its own
 *   Interval=  Advertise=       between two measurements; between two advertisements
 *   Measure=yes                 no: measures by events alone
 *   Window=30s                  how long an episodic device advertises after it has measured;
 *                               0s: until it is rid of what it has
 *   Security=none               none, encrypt, mitm: what its measurements ask for
 *   Pairing=just-works          just-works, passkey-display (the device shows it),
 *                               passkey-entry (it is typed there), numeric
 *   Passkey=123456
 *   Stored=0                    records that it has from the start
 *   Clock=none                  none, read, write (may be set); ClockOffset=-90s; AsksTime=yes: it
 *                               sets itself by the gateway's Current Time
 *   Variant=                    words of its kind, such as kpa, or mmol
 *   BindKey=HEX                 for sealed broadcasts
 *   Name=  Manufacturer=  Model=  Serial=  Firmware=
 *   Rssi=-60  HeardBy=hci0 hci1 default: all
 *   Connectable=yes  Mtu=247  Vendor=no (a service of its own, UUIDs of 128 bits)  Log=yes
 *   spo2=97                     where a quantity rests, also those of ble_body.h
 *
 *   [Event NAME]
 *   At=20s  or  When=discovery Nth=3    see SBLE_WHEN
 *   Device=NAME, Device=*, Adapter=NAME or Patient=NAME
 *   Do=measure                  one of ble_event.c, or Metric=spo2 To=82 Over=10s
 *   For=20s  Amount=20%  Times=1
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/ble_address.h"
#include "sim/ble_body.h"
#include "sim/ble_db.h"
#include "sim/halves.h"
#include "sim/signal.h"
#include "util/cleanup.h"

#define SBLE_NAME_MAX 63
#define SBLE_ADAPTERS_MAX 8
#define SBLE_DEVICES_MAX 4096
#define SBLE_PATIENTS_MAX 1024
#define SBLE_EVENTS_MAX 4096
#define SBLE_RULES_MAX 64 /* events with When= */

/* What may set off an event of a device, in place of a time: the Nth of these since it connected;
 * of advertisements and measurements, since the start. */
#define SBLE_WHENS(X)                                                                              \
	X(CONNECT, "connect")                                                                      \
	X(DISCOVERY, "discovery")                                                                  \
	X(READ, "read")                                                                            \
	X(WRITE, "write")                                                                          \
	X(SUBSCRIBE, "subscribe")                                                                  \
	X(NOTIFY, "notify")                                                                        \
	X(INDICATE, "indicate")                                                                    \
	X(CONFIRM, "confirm")                                                                      \
	X(PAIR, "pair")                                                                            \
	X(MEASURE, "measure")                                                                      \
	X(ADVERT, "advert")

enum sble_when {
#define X(id, name) SBLE_WHEN_##id,
	SBLE_WHENS(X)
#undef X
		_SBLE_WHEN_MAX
};

#define SBLE_ACTIONS(X)                                                                            \
	/* devices */                                                                              \
	X(MEASURE, "measure")                                                                      \
	X(INFLATE, "inflate")                                                                      \
	X(SENSOR_OFF, "sensor-off")                                                                \
	X(STATUS, "status")                                                                        \
	X(SPECIAL, "special")                                                                      \
	X(SILENCE, "silence")                                                                      \
	X(DISCONNECT, "disconnect")                                                                \
	X(NO_CONNECT, "no-connect")                                                                \
	X(NO_ANSWER, "no-answer")                                                                  \
	X(DROP, "drop")                                                                            \
	X(DELAY, "delay")                                                                          \
	X(MALFORMED, "malformed")                                                                  \
	X(ATT_ERROR, "att-error")                                                                  \
	X(ROTATE, "rotate")                                                                        \
	X(LOSE_BOND, "lose-bond")                                                                  \
	X(WRONG_PASSKEY, "wrong-passkey")                                                          \
	X(SERVICES_CHANGED, "services-changed")                                                    \
	X(REBOOT, "reboot")                                                                        \
	X(REPLAY, "replay")                                                                        \
	X(CLOCK, "clock")                                                                          \
	/* adapters */                                                                             \
	X(POWER_OFF, "power-off")                                                                  \
	X(POWER_ON, "power-on")                                                                    \
	X(UNPLUG, "unplug")                                                                        \
	X(PLUG, "plug")                                                                            \
	X(SCAN_SILENT, "scan-silent")                                                              \
	X(REFUSE, "refuse")                                                                        \
	X(MUTE, "mute")

enum sble_action {
	SBLE_DO_CHANGE, /* of a value */
#define X(id, name) SBLE_DO_##id,
	SBLE_ACTIONS(X)
#undef X
		_SBLE_DO_MAX
};

const char *sble_action_text(enum sble_action a);

struct sble_kind;

enum sble_pairing_way { SBLE_JUST_WORKS, SBLE_PASSKEY_DISPLAY, SBLE_PASSKEY_ENTRY, SBLE_NUMERIC };
enum sble_clock { SBLE_CLOCK_NONE, SBLE_CLOCK_READ, SBLE_CLOCK_WRITE };

struct sble_adapter_config {
	char name[8];
	uint16_t index;
	struct sble_address address;
	bool powered, absent, found_only, does_not_resolve;
	int64_t connections;
	int line;
};

struct sble_patient_config {
	char name[SBLE_NAME_MAX + 1];
	struct signal_base bases[_Q_MAX];
	char replay[256]; /* "": none */
	int64_t speed;
};

struct sble_device_config {
	char name[SBLE_NAME_MAX + 1], patient_name[SBLE_NAME_MAX + 1];
	size_t patient; /* SIZE_MAX: one of its own */
	const struct sble_kind *kind;
	bool wrong_kind; /* said already */
	struct sble_address address;
	bool has_address, private_address, has_irk, has_key;
	uint8_t irk[16], key[16];
	int64_t rotate_ms, interval_ms, advertise_ms, window_ms; /* -1: as the kind has it */
	bool events_only, unlogged, vendor, unconnectable, asks_time;
	enum sble_security security;
	enum sble_pairing_way pairing;
	int64_t passkey, stored, rssi, mtu;
	enum sble_clock clock;
	int64_t clock_offset_ms;
	char variant[64];
	char local_name[64], manufacturer[32], model[32], serial[32], firmware[32];
	char heard_by[64];
	uint32_t heard; /* bits of adapters */
	struct signal_base bases[_Q_MAX], body_bases[_SBLE_BODY_MAX];
	int line;
};

struct sble_event_config {
	char name[SBLE_NAME_MAX + 1], target[SBLE_NAME_MAX + 1];
	enum { SBLE_OF_NONE, SBLE_OF_DEVICE, SBLE_OF_ADAPTER, SBLE_OF_PATIENT } of;
	bool of_all;
	size_t index;
	bool by_rule;
	enum sble_when when;
	int64_t nth, times;
	int64_t at_ms, over_ms, for_ms;
	enum sble_action action;
	bool wrong_action; /* said already */
	enum quantity metric;
	enum sble_body body; /* the metric is one of these when metric is _Q_MAX */
	char metric_name[32], to[32], amount[32];
	int64_t milli;
	int line;
};

struct sble_scenario {
	char *log; /* NULL: none */
	uint64_t seed;
	int64_t duration_ms; /* 0: until a signal */
	int64_t speed;
	struct sble_adapter_config adapters[SBLE_ADAPTERS_MAX];
	size_t adapter_count;
	struct sble_patient_config *patients;
	size_t patient_count;
	struct sble_device_config *devices;
	size_t device_count;
	struct sble_event_config *events; /* by time; those by rule first */
	size_t event_count;
};

/* One adapter, and one device of each kind: named after it, with the addresses C0:FF:EE:00:00:01
 * and on (A4:C1:38:... of broadcasters), sealed ones by the key of SBLE_SAMPLE_KEY. Returns 0 or
 * -ENOMEM. */
#define SBLE_SAMPLE_KEY "000102030405060708090A0B0C0D0E0F"
int sble_scenario_sample(struct sble_scenario **ret);
/* Returns 0 or a negative errno; -EBADMSG when problems were printed. halves: NULL for a file of
 * its own; else its half of one whose other half has been read, which has said what is wrong with
 * all that is of both. */
int sble_scenario_read(struct sble_scenario **ret, const char *path, const struct halves *halves);
struct sble_scenario *sble_scenario_free(struct sble_scenario *s);
WG_DEFINE_CLEANUP(struct sble_scenario *, sble_scenario_free)

struct ini;
/* Finds what refers to what, and sorts the events; problems are said and counted. half: what is
 * wrong with patients has been said. */
void sble_scenario_check(struct sble_scenario *s, struct ini *ini, bool half);
