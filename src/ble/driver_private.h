/*
 * What the files of the Bluetooth driver share: driver.c (life, the management
 * channel, time), peers.c (the devices and what they advertise), conns.c (their
 * connections), params.c (how they are connected to), keys.c (bonds), memory.c
 * (what outlives a restart beside them), pairing.c, tagging.c.
 * For these files only.
 *
 * A configured device is a peer. What it advertises is read (ble/adverts); if it
 * takes connections and is no broadcaster it is a candidate in the slots of each
 * radio, and connected to by one of them at a time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "ble/adapter_router.h"
#include "ble/adverts/adverts.h"
#include "ble/adverts/tags.h"
#include "ble/bonds.h"
#include "ble/counters.h"
#include "ble/io.h"
#include "ble/link.h"
#include "ble/rpa.h"
#include "ble/slots.h"
#include "config/config.h"
#include "gateway/gateway.h"
#include "util/hash.h"
#include "wardgate/driver.h"
#include "wardgate/pairing.h"

#define LOG_MODULE "ble"
#include "util/log.h"

#define PEER_BUCKETS 1024 /* a power of two */
/* Submissions of one link that are not safe yet: more than meters have records. */
#define PEER_WAITS_MAX 4096
#define TAG_BUCKETS 256 /* a power of two */
#define STRANGERS 512   /* unknown addresses told of lately; a power of two */

struct ble;
struct peer;

/* One adapter and who may connect by it. */
struct radio {
	struct ble *ble;
	struct adapter adapter;
	struct slots *slots;
};

/* Somebody waits for readings to be safe. */
struct peer_wait {
	struct peer_wait *next, **at; /* at: what points here */
	struct peer *peer;
	uint64_t token;
	struct receipt *receipt;
};

struct peer {
	struct peer *next; /* in the bucket */
	struct ble *ble;
	struct device *device;
	struct ble_address identity; /* the type is BLE_ADDRESS_ANY until it was heard */
	enum config_bonding bonding;
	bool wants_number;      /* a bond that no number has proven is not enough for it */
	struct label *bind_key; /* as configured; NULL: none */

	/* What it advertises. */
	struct ble_address heard; /* the address that it uses, private or not */
	int8_t dbm;
	int64_t heard_us;     /* boot; 0: never */
	bool broadcasts;      /* in a format of ours: it is not connected to */
	int64_t broadcast_us; /* boot: the last in a format of ours */
	int outcome;          /* the last one that was logged */
	int64_t outcome_us;   /* boot, when; 0: never */
	struct advert_device advert;
	/* advert.counter as it is on the disk or on its way there: ahead, and what it was. */
	uint32_t saved_counter, saved_exact;
	uint32_t advanced;                            /* how far it came since */
	struct heard saved_heard[COUNTERS_HEARD_MAX]; /* as it is in RAM */
	unsigned counter_place;                       /* of ble/counters.h */
	unsigned candidates[ADAPTERS_MAX];            /* id in the radio's slots, +1; 0: none */

	/* What it has and what is remembered of it. */
	struct profile_device profile;
	struct gatt_table *table;  /* NULL: not known */
	struct mgmt_params chosen; /* by the device itself, of this run; max 0: none */

	/* Its connection. */
	struct radio *radio; /* NULL: none */
	int fd;
	unsigned level;        /* that it is to have once it is connected: ble/link.h */
	bool connecting, held; /* held: the adapter does not scan actively meanwhile */
	sd_event_source *io, *timer;
	int64_t timer_us;
	struct link *link; /* NULL: not connected */
	struct peer_wait *waits;
	unsigned wait_count;
};

/* Somebody waits for keys to be on the disk. */
struct key_wait {
	struct adapter *adapter; /* NULL: free */
	struct ble_address who;
	bool given; /* the text that is being written has it */
};

/* A pairing that people asked for. */
struct ble_pairing {
	struct peer *peer;          /* NULL: none is under way */
	struct ble_address address; /* that it is to be heard by; then the one it was heard by */
	bool has_address, asked, answered, shown, cancelled;
	uint32_t number;            /* shown */
	struct radio *radio;        /* NULL: not heard yet */
	int64_t until_us, again_us; /* again: an attempt did not connect; not before then */
	struct pairing_events events;
};

struct ble {
	sd_event *event;
	struct gateway *gateway;
	struct config *config;
	bool quiet; /* nothing new is taken in */

	struct io where;
	char *directory; /* of where; NULL: the kernel */
	int fd;          /* of the management channel; -1: closed */
	sd_event_source *io;
	sd_event_source *timer;
	int64_t timer_us;
	int64_t reopen_us; /* boot: to try again; INT64_MAX: it is open */
	unsigned reopen_tries;
	uint8_t packet[MGMT_PACKET_MAX]; /* that the socket did not take */
	size_t packet_length;
	char problem[160]; /* of the channel; "": none */

	struct adapter_router router;
	struct radio *radios[ADAPTERS_MAX];
	unsigned radio_count;

	struct peer *peers[PEER_BUCKETS];
	struct hash_key key;
	struct decoded scratch;
	void *cipher; /* of ble/ccm.h */
	struct rpa *rpa;

	struct bonds *bonds;
	bool bonds_changed, bonds_writing, bonds_failed;
	int64_t bonds_due_us; /* boot: to write what changed, should it not be done at once */
	struct key_wait key_waits[ADAPTER_PAIRINGS_MAX * 4];
	struct mgmt_ltk ltks[MGMT_LTKS_MAX];
	struct mgmt_irk irks[MGMT_IRKS_MAX];
	struct mgmt_params params[MGMT_PARAMS_MAX];

	struct ble_pairing pairing;

	struct tags *tags;         /* NULL: the configuration has none */
	struct config *tag_config; /* that they are of */
	struct tag_mark *marks[TAG_BUCKETS];
	size_t mark_count;

	struct counters *counters; /* NULL: none */
	uint64_t tie;              /* counters_tie() of the run that wrote the file; 0: unknown */
	bool memory_dirty, memory_writing, memory_failed;
	int64_t memory_due_us, memory_written_us;

	struct {
		uint64_t hash;
		int64_t told_us;
	} strangers[STRANGERS];
	bool settling; /* within ble_settle() */

	char crowded[96]; /* for the report */
	uint64_t accepted, refused, dropped;
	unsigned links;
};

/* The time, for all that is pure. */
struct decode_time ble_now(const struct ble *b);

/* ---- driver.c ---- */
/* Writes what the adapters want to say, connects to whom the slots name, and sets the timer: at the
 * end of whatever has happened. */
void ble_settle(struct ble *b);

/* ---- peers.c ---- */
/* Makes the peers what the registry and the configuration say. 0 or -ENOMEM. */
int peers_apply(struct ble *b);
struct peer *peer_find(const struct ble *b, const struct ble_address *identity);
void peer_free(struct peer *p);
void peers_free(struct ble *b);
/* Tells the radios how much should be on the air. */
void peers_expect(struct ble *b, int64_t now_us);
/* An advertisement or scan response. */
void peers_report(struct radio *radio, const struct mgmt_report *r, int64_t now_us);
/* Its connectable advertisement was heard by that radio. */
void peer_wants(struct peer *p, struct radio *radio, enum slots_kind kind, int64_t now_us);
#define FOR_EACH_PEER(b, i, p)                                                                     \
	for (size_t i = 0; i < PEER_BUCKETS; i++)                                                  \
		for (struct peer *p = (b)->peers[i], *next_peer = p ? p->next : NULL; p;           \
			p = next_peer, next_peer = p ? p->next : NULL)

/* ---- conns.c ---- */
/* Does what the slots of that radio say. */
void conns_serve(struct radio *radio, int64_t now_us);
/* Ends its connection or attempt, if any. */
void conn_end(struct peer *p, enum slots_end how, int64_t now_us);
/* Takes what has come on the connections of a radio before they are ended. */
void conns_drain(struct radio *radio);
/* All of a radio: it is gone. */
void conns_drop(struct radio *radio, int64_t now_us);
/* Security of its link has come about, or will not. */
void conn_secured(struct peer *p, const struct radio *radio, unsigned level);
void conn_security_failed(struct peer *p, const struct radio *radio);

/* ---- params.c ---- */
size_t params_list(struct adapter *a, const struct mgmt_params **ret);
/* The list that params_list() gives may be another one now. */
void params_changed(struct ble *b, int64_t now_us);
/* The device asked for these, to be used from now on. */
void params_chosen(struct peer *p, const struct mgmt_params *chosen, int64_t now_us);

/* ---- keys.c ---- */
int keys_load(struct ble *b);
void keys_free(struct ble *b);
size_t keys_ltks(struct adapter *a, const struct mgmt_ltk **ret);
size_t keys_irks(struct adapter *a, const struct mgmt_irk **ret);
int keys_save_ltk(struct adapter *a, const struct mgmt_ltk *key, int64_t now_us);
int keys_save_irk(struct adapter *a, const struct mgmt_irk *key, int64_t now_us);
bool keys_bonded(struct adapter *a, const struct ble_address *who);
void keys_forget(struct adapter *a, const struct ble_address *who);
/* The same, but its private addresses are still known as its own, until the next start. */
void keys_drop(struct adapter *a, const struct ble_address *who);
/* When keys_due() wants to be called, boot-time clock: keys that could not be written; INT64_MAX:
 * not. */
int64_t keys_deadline(const struct ble *b);
void keys_due(struct ble *b, int64_t now_us);

/* ---- tagging.c ---- */
/* Takes the tags of b->config. 0 or -ENOMEM. */
int tagging_apply(struct ble *b);
void tagging_free(struct ble *b);
void tagging_heard(struct ble *b, const struct mgmt_report *r, const struct tag_identity *named,
	int64_t now_us);
int64_t tagging_deadline(const struct ble *b);
void tagging_due(struct ble *b, int64_t now_us);

/* ---- pairing.c ---- */
extern const struct pairing ble_pairing;
/* Something was heard that connects; p: whose it is, NULL: nobody's. */
void peer_pairing_heard(
	struct radio *radio, const struct ble_address *heard, const struct peer *p, int64_t now_us);
/* Whether the notice was about a pairing that people asked for, and so is no matter of a link. */
bool peer_pairing_notice(struct radio *radio, const struct adapter_notice *n);
/* Whether it is connected to by the driver itself: not while it is being paired, nor with a bond
 * that it has lost, until people have looked. */
void peer_pairing_hold(struct peer *p);
/* The device goes. */
void peer_pairing_forget(struct peer *p);
int64_t peer_pairing_deadline(const struct ble *b);
void peer_pairing_due(struct ble *b, int64_t now_us);

static inline struct radio *radio_of(struct adapter *a)
{
	return (struct radio *)((char *)a - offsetof(struct radio, adapter));
}
