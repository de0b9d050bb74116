/*
 * What is in the air of a simulated ward's Zigbee network and what happens there:
 * read from a file. The file is INI; times count from the start.
 *
 *   [Ward]                      each key has an option of the same meaning, which wins
 *   Log=PATH  Seed=N  Duration=60s  Speed=1
 *
 *   [Radio]                     the NCP; the section may be left out
 *   Version=13                  of EZSP: 8 to 19
 *   Stack=7.4.1.0               what it calls its firmware
 *   EUI64=00:12:4B:00:00:00:00:01  default: by the seed
 *   State=PATH                  its flash, and who is a member; default: kept in memory only, but
 *                               over all resets
 *   Reboot=1s                   from a reset until RSTACK
 *   Window=5  Queue=60          of ASH; callbacks that wait for the host
 *   Overflow=drop               wait: devices wait for room instead of losing what does not fit
 *   Rate=0                      so many reports a second in all, from the members in turn, whatever
 *                               was configured
 *   Trailing=0                  bytes behind the last field of every frame
 *   Noise=15:-45 20:-50         channels that are not quiet, dBm
 *
 *   [Device NAME]
 *   Kind=climate                see zigbee_kinds.c
 *   Count=1                     N: as many, NAME-1 to NAME-N, addresses counted up
 *   EUI64=A4:C1:38:00:00:00:00:01  default: by the seed
 *   InstallCode=HEX             with its checksum; default: it knows the well-known key
 *   Join=permit                 permit: as soon as it may; event: by events only; known: it is a
 *                               member of whatever network there is, and has been interviewed
 *   Parent=NAME                 a router; default: the coordinator
 *   Interval=60s                between two measurements; 0s: by events only
 *   Poll=7500ms  FastPoll=15s   of a sleepy one; how long it polls fast after joining
 *   Sleepy=                     yes or no; default: by its kind
 *   Reporting=configured        always: without being bound and configured; never: it takes a
 *                               configuration and does nothing about it
 *   Enroll=request              auto: it waits to be enrolled; both; never
 *   DefaultResponse=no          yes: it asks for one, and says a report again without it
 *   Deaf=0                      so many requests of descriptors go unanswered at first
 *   RefusesBind=no  RefusesReporting=no
 *   CheckIn=1h                  of poll control
 *   Toggle=0%                   chance that a flag turns at a measurement
 *   Manufacturer=  Model=  Lqi=200  Log=yes
 *   humidity=45                 where a metric rests
 *
 *   [Event NAME]
 *   At=20s  or  When=report Nth=3    see SZB_WHENS
 *   Device=NAME or Device=*; without, it happens to the radio. Rules that count what the radio does
 *                               may have either
 *   Do=leave                    see SZB_ACTIONS, or Metric=contact To=false Over=10s
 *   For=20s  Amount=20%  Times=1  Command=0x0034
 *   Frame=0x0006:010502         what Do=say says: the cluster, and the ZCL frame as it stands
 *   Endpoint=1                  from which endpoint
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/zigbee_kinds.h"
#include "util/cleanup.h"

#define SZB_NAME_MAX 63
#define SZB_DEVICES_MAX 2000
#define SZB_EVENTS_MAX 4096
#define SZB_RULES_MAX 64 /* events by When= */

/* What may set off an event, in place of a time: the Nth of these since the start. */
#define SZB_WHENS(X)                                                                               \
	/* the radio */                                                                            \
	X(FRAME_OUT, "frame-out")                                                                  \
	X(FRAME_IN, "frame-in")                                                                    \
	X(COMMAND, "command")                                                                      \
	X(RESET, "reset")                                                                          \
	X(NETWORK_UP, "network-up")                                                                \
	/* devices */                                                                              \
	X(JOIN, "join")                                                                            \
	X(REPORT, "report")                                                                        \
	X(READ, "read")                                                                            \
	X(CONFIGURE, "configure")                                                                  \
	X(BIND, "bind")

enum szb_when {
#define X(id, name) SZB_WHEN_##id,
	SZB_WHENS(X)
#undef X
		_SZB_WHEN_MAX
};

#define SZB_ACTIONS(X)                                                                             \
	/* the line: bytes between NCP and host */                                                 \
	X(DROP, "drop")                                                                            \
	X(DROP_IN, "drop-in")                                                                      \
	X(CORRUPT, "corrupt")                                                                      \
	X(CORRUPT_IN, "corrupt-in")                                                                \
	X(DELAY, "delay")                                                                          \
	X(NOISE, "noise")                                                                          \
	X(CANCEL, "cancel")                                                                        \
	X(SUBSTITUTE, "substitute")                                                                \
	X(FLOW_BYTES, "flow-bytes")                                                                \
	X(REPEAT, "repeat")                                                                        \
	X(SILENCE, "silence")                                                                      \
	X(STALL, "stall")                                                                          \
	X(UNPLUG, "unplug")                                                                        \
	/* the NCP */                                                                              \
	X(NAK, "nak")                                                                              \
	X(ERROR, "error")                                                                          \
	X(RESTART, "reset")                                                                        \
	X(REFUSE, "refuse")                                                                        \
	X(BUSY, "busy")                                                                            \
	X(LATE, "late")                                                                            \
	X(DUMB, "dumb")                                                                            \
	X(OVERFLOW, "overflow")                                                                    \
	X(STRANGE, "strange-callback")                                                             \
	X(STATUS, "network-status")                                                                \
	X(FORGET, "forget-network")                                                                \
	X(ANOTHER, "another-network")                                                              \
	/* devices */                                                                              \
	X(MEASURE, "measure")                                                                      \
	X(SAY, "say")                                                                              \
	X(PRESS, "press")                                                                          \
	X(ENTER, "join")                                                                           \
	X(REJOIN, "rejoin")                                                                        \
	X(LEAVE, "leave")                                                                          \
	X(VANISH, "vanish")                                                                        \
	X(READDRESS, "address-change")                                                             \
	X(CONFLICT, "address-conflict")                                                            \
	X(ANNOUNCE, "announce")                                                                    \
	X(CHECK_IN, "check-in")                                                                    \
	X(SPECIAL, "special")                                                                      \
	X(DUPLICATE, "duplicate")                                                                  \
	X(REORDER, "reorder")                                                                      \
	X(MALFORMED, "malformed")                                                                  \
	X(DEAF, "deaf")                                                                            \
	X(MISS, "miss")

enum szb_action {
	SZB_DO_CHANGE, /* of a value */
#define X(id, name) SZB_DO_##id,
	SZB_ACTIONS(X)
#undef X
		_SZB_DO_MAX
};
#define SZB_FIRST_OF_DEVICES SZB_DO_MEASURE
/* SILENCE happens to both. */

const char *szb_action_text(enum szb_action a);

enum szb_join { SZB_JOIN_PERMIT, SZB_JOIN_EVENT, SZB_JOIN_KNOWN };
enum szb_enroll { SZB_ENROLL_REQUEST, SZB_ENROLL_AUTO, SZB_ENROLL_BOTH, SZB_ENROLL_NEVER };

struct szb_radio_config {
	int64_t version, stack, reboot_ms, window, queue, wait, rate, trailing;
	bool has_eui;
	uint8_t eui[8]; /* as on the wire */
	char state[256];
	int8_t noise[27]; /* by channel; 0: quiet */
};

struct szb_base {
	bool given;
	int64_t value;
};

struct szb_device_config {
	char name[SZB_NAME_MAX + 1], parent_name[SZB_NAME_MAX + 1];
	size_t parent; /* SIZE_MAX: the coordinator */
	const struct szb_kind *kind;
	int64_t count;
	bool has_eui, has_install_code, has_kind; /* has_kind: some word was given */
	uint8_t eui[8];
	uint8_t key[16];                      /* what it joins with */
	int64_t join, enroll, sleepy, always; /* sleepy -1: by its kind */
	int64_t interval_ms, poll_ms, fast_poll_ms, check_in_ms;
	int64_t deaf, default_response, refuses_bind, refuses_reporting, lqi, log;
	unsigned toggle;
	char maker[33], model[33];
	struct szb_base bases[_SZB_METRIC_MAX];
	int line;
};

struct szb_event_config {
	char name[SZB_NAME_MAX + 1], target[SZB_NAME_MAX + 1];
	bool of_device, of_all, by_rule;
	size_t first, count; /* devices */
	enum szb_when when;
	int64_t nth, times, command; /* command -1: any */
	int64_t at_ms, over_ms, for_ms;
	int64_t endpoint, cluster; /* of a frame that it says */
	uint8_t frame[96];
	size_t frame_n;
	enum szb_action action;
	enum szb_metric metric;
	char metric_name[32], to[32], amount[32];
	int64_t value;
	int line;
};

struct szb_scenario {
	char *log; /* NULL: none */
	int64_t seed, duration_ms, speed;
	struct szb_radio_config radio;
	struct szb_device_config *devices;
	size_t device_count;
	struct szb_event_config *events; /* those by rule first, then by time */
	size_t event_count, rule_count;
};

/* Returns 0 or a negative errno; -EBADMSG when problems were printed. */
int szb_scenario_read(struct szb_scenario **ret, const char *path);
struct szb_scenario *szb_scenario_free(struct szb_scenario *s);
WG_DEFINE_CLEANUP(struct szb_scenario *, szb_scenario_free)

struct ini;
/* One event in one line, keys between spaces; problems are said. Returns 0 or -EBADMSG. */
int szb_event_read(const struct szb_scenario *s, const char *line, struct szb_event_config *ret);
/* Whether it makes sense, with ini's problems counted up if not. */
void szb_event_check(const struct szb_scenario *s, struct szb_event_config *e, struct ini *ini);
/* Finds what refers to what, multiplies devices by their Count=, sorts the events; problems are
 * said and counted. Returns 0 or -ENOMEM. */
int szb_scenario_check(struct szb_scenario *s, struct ini *ini);
/* "A4:C1:38:00:00:00:00:01" or 0xA4C1380000000001 into the order of the wire. Returns 0 or -EINVAL.
 */
int szb_eui_parse(const char *text, uint8_t ret[static 8]);
/* What a device with that install code joins with: the code's hash. hex has the code and its
 * checksum, in either order of bytes. Returns 0 or -EINVAL. */
int szb_install_key(const char *hex, uint8_t ret[static 16]);
