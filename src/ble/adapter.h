/*
 * One Bluetooth adapter, from the controller that is found to the scan that
 * runs for years: brought up in the right order, kept up against whatever else
 * is on the machine, with pairing and bonds. Pure: events of ble/mgmt.h and the
 * boot-time clock come in, commands are fetched, and what the driver must know
 * goes out through struct adapter_ops. Which controller it is, and the one
 * stream of packets that all adapters share, is ble/adapter_router.h's. It opens
 * no connections: that is ble/link.h's and ble/io.h's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ble/mgmt.h"

#define ADAPTER_LINKS_MAX 64   /* connections that are counted */
#define ADAPTER_PAIRINGS_MAX 4 /* at the same time */
#define ADAPTER_STALE_MAX 64   /* stale bonds that are remembered */
#define ADAPTER_ORDERS_MAX 32  /* commands that wait to be fetched */
#define ADAPTER_WORDS_SIZE 256

#define ADAPTER_S INT64_C(1000000)
#define ADAPTER_REPLY_US (10 * ADAPTER_S)       /* to a command */
#define ADAPTER_POWER_REPLY_US (30 * ADAPTER_S) /* to Set Powered: firmware may be loaded */
#define ADAPTER_RETRY_MIN_US (1 * ADAPTER_S)    /* back-off, doubled each time up to MAX */
#define ADAPTER_RETRY_MAX_US (60 * ADAPTER_S)
#define ADAPTER_STEADY_US (300 * ADAPTER_S) /* up for so long: the back-off begins anew */
#define ADAPTER_LOST_US (10 * ADAPTER_S)    /* not up for so long: ADAPTER_LOST */
/* The watchdog of the scan: silence, and what must have come before to call it one. */
#define ADAPTER_SILENT_US (180 * ADAPTER_S)
#define ADAPTER_STREAK_US (300 * ADAPTER_S)        /* of at least one report ... */
#define ADAPTER_STREAK_GAP_US (60 * ADAPTER_S)     /* ... in so long */
#define ADAPTER_RESTARTED_US (60 * ADAPTER_S)      /* how long the new scan may take to hear */
#define ADAPTER_CYCLED_US (60 * ADAPTER_S)         /* and the one after a power cycle */
#define ADAPTER_DEAF_RETRY_US (600 * ADAPTER_S)    /* once reported: it is restarted so often */
#define ADAPTER_CYCLE_EVERY_US (3600 * ADAPTER_S)  /* and the adapter not cycled more often */
#define ADAPTER_DISCOVERY_GAP_US (1 * ADAPTER_S)   /* active scans do not begin more often */
#define ADAPTER_ASK_US (25 * ADAPTER_S)            /* people's answer; the protocol gives 30 s */
#define ADAPTER_PAIR_US (75 * ADAPTER_S)           /* all of it, with connecting */
#define ADAPTER_REBOND_EVERY_US (3600 * ADAPTER_S) /* a bond is not made anew more often */

enum adapter_state {
	ADAPTER_OFF,      /* no stream of packets */
	ADAPTER_ABSENT,   /* no controller is the one that is meant */
	ADAPTER_STARTING, /* being brought up */
	ADAPTER_UP,       /* scanning; connections can be made */
	ADAPTER_RESTING,  /* something failed: tried again after a while */
};

enum adapter_kind {
	/* State. text says why, and where there is one, the remedy. */
	ADAPTER_NOTICE_UP,
	ADAPTER_NOTICE_DOWN,      /* after UP: connections are gone or about to */
	ADAPTER_NOTICE_PROBLEM,   /* cannot be brought up, or not wholly; not repeated */
	ADAPTER_NOTICE_LOST,      /* the condition adapter-lost begins */
	ADAPTER_NOTICE_RECOVERED, /* and ends */
	ADAPTER_NOTICE_RIVAL,     /* another program uses the adapter; at most once an hour */
	ADAPTER_NOTICE_SILENT,    /* the scan hears nothing; text says what is done */
	ADAPTER_NOTICE_HEARING,   /* it hears again */
	ADAPTER_NOTICE_QUIET,     /* the active scan has ended: connections may be made now */
	/* Connections, with address. */
	ADAPTER_NOTICE_CONNECTED,
	ADAPTER_NOTICE_DISCONNECTED,   /* code: enum mgmt_reason */
	ADAPTER_NOTICE_CONNECT_FAILED, /* code: enum mgmt_status */
	ADAPTER_NOTICE_PARAMS,         /* the device chose params; keep: to be loaded next time */
	/* Pairing, with address. The three that ask are over with PAIRED or PAIR_FAILED. */
	ADAPTER_NOTICE_CONFIRM,      /* ask whether number (6 digits) is what the device shows */
	ADAPTER_NOTICE_ASK_PASSKEY,  /* ask for what the device shows */
	ADAPTER_NOTICE_SHOW_PASSKEY, /* number is to be typed in there; code: digits so far */
	ADAPTER_NOTICE_PAIRED,       /* its keys are safe if keep; authenticated, secure */
	ADAPTER_NOTICE_PAIR_FAILED,  /* code: enum mgmt_status */
	ADAPTER_NOTICE_RESOLVED,     /* address is the identity behind rpa */
	ADAPTER_NOTICE_UNPAIRED,     /* the kernel has forgotten its keys: so must we */
	ADAPTER_NOTICE_STALE,        /* the device has lost its key: told once */
	_ADAPTER_NOTICE_MAX
};

struct adapter_notice {
	enum adapter_kind kind;
	const char *text; /* a sentence or its end, "" when there is nothing to say; for the call */
	struct ble_address address;
	struct ble_address rpa;
	struct mgmt_params params;
	uint32_t number;
	uint8_t code;
	bool keep, authenticated, secure;
};

struct adapter;

/* All but report may call the functions below on a that the driver asks with; those for the router
 * may not be called from here. None may be NULL. */
struct adapter_ops {
	/* An advertisement or scan response; valid during the call. Filter yourself: all come. */
	void (*report)(struct adapter *a, const struct mgmt_report *r, int64_t now_us);
	void (*notice)(struct adapter *a, const struct adapter_notice *n, int64_t now_us);
	/* What is to be loaded, each time that the adapter is brought up: of this adapter (see
	 * a->address), as it is now. Valid until the next call of any. At most MGMT_..._MAX. */
	size_t (*ltks)(struct adapter *a, const struct mgmt_ltk **ret);
	size_t (*irks)(struct adapter *a, const struct mgmt_irk **ret);
	size_t (*params)(struct adapter *a, const struct mgmt_params **ret);
	/* Keys to be kept for good. Return 0 when they are safe, 1 when adapter_saved() will tell,
	 * or a negative errno: PAIRED says then that they are not kept. */
	int (*save_ltk)(struct adapter *a, const struct mgmt_ltk *key, int64_t now_us);
	int (*save_irk)(struct adapter *a, const struct mgmt_irk *key, int64_t now_us);
	/* Whether keys of it are kept. */
	bool (*bonded)(struct adapter *a, const struct ble_address *who);
	/* Whether it may pair without anybody being asked (Just Works), and whether a stale bond
	 * may be replaced by a new one. */
	bool (*may_bond)(struct adapter *a, const struct ble_address *who);
	bool (*may_rebond)(struct adapter *a, const struct ble_address *who);
};

struct adapter_order {
	uint16_t op;
	uint8_t value;
	struct ble_address address;
	uint32_t passkey;
};

struct adapter_pairing {
	struct ble_address address;
	bool used, ordered, sent; /* ordered: Pair Device is ours */
	bool over;                /* told; kept for a while so that echoes are known as such */
	bool done;                /* succeeded, as soon as unsaved is 0 */
	bool already;             /* it was paired before */
	bool bonding, failed_saving, authenticated, secure;
	uint8_t io, asked; /* enum mgmt_io; MGMT_EV_CONFIRM, MGMT_EV_PASSKEY or 0 */
	uint8_t unsaved;
	int64_t ask_deadline_us, deadline_us;
};

struct adapter_stale {
	struct ble_address address;
	bool used, reported, unpairing;
	int64_t rebonded_us; /* INT64_MIN: never */
};

struct adapter_counters {
	uint64_t reports, commands, failures, timeouts;
	uint64_t downs, scan_restarts, power_cycles, discoveries;
};

/* To be embedded; fields are for adapter*.c, but those up to counters may be read. */
struct adapter {
	const struct adapter_ops *ops;
	enum adapter_state state;
	uint16_t index;             /* hciN, MGMT_INDEX_NONE */
	struct ble_address address; /* of the controller, kept while it is away; may be none */
	uint32_t supported, settings;
	bool lost, rival, deaf;
	bool keys_loaded;
	bool troubled;                    /* a problem was found since the bring-up began */
	char problem[ADAPTER_WORDS_SIZE]; /* "": none */
	char select[32];                  /* as configured */
	struct adapter_counters counters;

	uint32_t todo;    /* steps, a bit each */
	uint8_t step;     /* that waits for its reply */
	uint16_t waiting; /* for the reply to this command, 0: to none */
	int64_t reply_deadline_us;
	int64_t hold_us; /* no step before this */
	unsigned tries;  /* of that step, while it is busy */
	unsigned failures;
	int64_t retry_us, up_us, lost_us;
	unsigned rival_points;
	bool cut;                     /* switched off, and nobody knows yet whether by unplugging */
	int64_t renew_us, renewed_us; /* what another program may have changed is set again */
	int64_t rival_first_us, rival_told_us;

	/* the scan */
	uint16_t monitor;
	unsigned expected;
	int64_t heard_us, streak_us, quiet_us, silence_us;
	unsigned stage;
	int64_t cycled_us;
	int64_t discover_until_us, discover_next_us, discover_sent_us;
	bool discovering;
	unsigned holds;

	struct ble_address links[ADAPTER_LINKS_MAX];
	unsigned link_count;
	struct adapter_pairing pairings[ADAPTER_PAIRINGS_MAX];
	struct adapter_stale stale[ADAPTER_STALE_MAX];
	unsigned stale_next;
	struct adapter_order orders[ADAPTER_ORDERS_MAX];
	unsigned order_first, order_count;
};

/* select: "auto", "hciN" or an address; copied. preferred: with "auto", the adapter used before
 * (bonds are made with an adapter, not with a gateway), or NULL. */
void adapter_init(struct adapter *a, const struct adapter_ops *ops, const char *select,
	const struct ble_address *preferred);

/* ---- what the driver asks for ---- */

/* How many devices of the configuration should be broadcasting now: with one or more, silence is
 * one even when nothing was ever heard. */
void adapter_expect(struct adapter *a, unsigned devices, int64_t now_us);
/* Scans actively (asking for scan responses) until then; now or before: no more. */
void adapter_discover(struct adapter *a, int64_t until_us, int64_t now_us);
/* Before connecting, and after the attempt is over, in pairs: no active scan meanwhile. */
void adapter_hold(struct adapter *a, int64_t now_us);
void adapter_release(struct adapter *a, int64_t now_us);
/* Whether connect() may be called now; when not although UP, ADAPTER_NOTICE_QUIET follows. */
bool adapter_can_connect(const struct adapter *a);
/* The list that ops->params gives has changed. */
void adapter_load_params(struct adapter *a, int64_t now_us);

/* Pairs, connecting if need be; io says what people can do meanwhile (enum mgmt_io). What is bonded
 * already is PAIRED without more, and no link becomes encrypted by it: for a new bond
 * adapter_unpair() first, and wait for UNPAIRED.
 * Returns 0, -ENETDOWN while not up, -EALREADY while it is under way, -EBUSY when too many are,
 * -EINVAL. */
int adapter_pair(struct adapter *a, const struct ble_address *who, uint8_t io, int64_t now_us);
/* Answers ADAPTER_NOTICE_CONFIRM (passkey is not used) or ASK_PASSKEY. Returns 0, -ENOENT when
 * nothing is asked, -EINVAL when the passkey has more than six digits. */
int adapter_answer(struct adapter *a, const struct ble_address *who, bool yes, uint32_t passkey,
	int64_t now_us);
/* Ends it with PAIR_FAILED; nothing when none is under way. */
void adapter_cancel_pair(struct adapter *a, const struct ble_address *who, int64_t now_us);
/* What save_ltk or save_irk began is over: 0, or a negative errno. */
void adapter_saved(struct adapter *a, const struct ble_address *who, int error, int64_t now_us);
/* Makes the kernel forget the keys and drop the connection; UNPAIRED follows. -ENETDOWN, -ENOBUFS.
 */
int adapter_unpair(struct adapter *a, const struct ble_address *who, int64_t now_us);
/* Drops a connection that no socket of ours holds. -ENETDOWN, -ENOBUFS. */
int adapter_disconnect(struct adapter *a, const struct ble_address *who, int64_t now_us);
/* Whether the device's bond is known to be stale and stays so: do not connect with security. */
bool adapter_is_stale(const struct adapter *a, const struct ble_address *who);
/* Somebody has seen to it: the next failure is a first one again. */
void adapter_forgive(struct adapter *a, const struct ble_address *who);
/* It is known from elsewhere that bluetoothd runs. */
void adapter_note_rival(struct adapter *a, int64_t now_us);

/* ---- for the router ---- */

/* The controller that is meant is there. */
void adapter_attach(
	struct adapter *a, uint16_t index, const struct mgmt_info *info, int64_t now_us);
/* It is gone: off says that the whole stream is; text why. */
void adapter_detach(struct adapter *a, bool off, const char *text, int64_t now_us);
/* An event or reply with this adapter's index. */
void adapter_event(struct adapter *a, const struct mgmt_event *e, int64_t now_us);
/* Fetches one packet of at least MGMT_PACKET_MAX room. Returns its length, 0 when there is none.
 * Timers of replies run from here. */
size_t adapter_output(struct adapter *a, uint8_t *to, size_t size, int64_t now_us);
/* When to call adapter_tick(), INT64_MAX for never. */
int64_t adapter_deadline(const struct adapter *a);
void adapter_tick(struct adapter *a, int64_t now_us);

/* A lower-case word, for messages and status. */
const char *adapter_state_word(enum adapter_state state);
const char *adapter_kind_word(enum adapter_kind kind);
