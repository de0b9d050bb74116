/*
 * What happens to a reading on its way in: the device's copy is recognised,
 * time and identity are stamped on, and the ledger takes it. Drivers see this
 * header, gateway/registry.h and gateway/clock.h; not what lies behind.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "gateway/clock.h"
#include "gateway/registry.h"
#include "util/cleanup.h"
#include "wardgate/ledger.h"
#include "wardgate/reading.h"

struct config;
struct epoch;
struct gateway;
struct recall;

#define SUBMISSION_MAX 512 /* readings in one gateway_submit() */

enum {
	_GATEWAY_E_TAKEN,
	GATEWAY_E_SAFE,    /* all of it came before and is safe: acknowledge at once */
	GATEWAY_E_NO_ROOM, /* nothing was taken: nothing can make it safe at present */
};

/* epoch: "<counter>-<8 hex digits>", new at each start; see gateway/epoch.h. */
int gateway_new(struct gateway **ret, sd_event *e, struct config *c, const char *epoch);
struct gateway *gateway_free(struct gateway *g);
WG_DEFINE_CLEANUP(struct gateway *, gateway_free)
/* Applies the configuration to devices, beds, mode and zone. */
int gateway_apply(struct gateway *g, struct config *c);
/* The ledger must outlive the gateway's last submission. */
void gateway_set_ledger(struct gateway *g, const struct ledger *l);

/* Has values recognised that earlier runs gave a number: those that were stored count as safe,
 * others are taken again under the number that they have. r outlives the last submission; NULL:
 * none. */
void gateway_use_recall(struct gateway *g, struct recall *r);

/*
 * Hands over what a device said, all or nothing. readings need only the driver's part filled in.
 * Readings that came before (same device and source key) are not taken again, but the receipt
 * waits for them too.
 *
 * Returns 0: taken; done(RECEIPT_SAFE) follows once all are safe, done(RECEIPT_NOT_SAFE) after
 * LEDGER_PATIENCE_US without (the readings stay in the ledger), never before this call returns.
 * *ret is valid until done is called or receipt_cancel(). done NULL: nobody waits.
 * GATEWAY_E_*: done will not be called. Negative errno: nothing was taken.
 */
int gateway_submit(struct gateway *g, struct device *d, const struct reading *readings,
	size_t count, receipt_fn done, void *userdata, struct receipt **ret);

/* Takes a reading of the gateway's own making, a computed or a charted value: d may stand in no
 * registry, and was not heard by it. The reading has no source key; its bed, patient, association,
 * by and detail are its own (borrowed). Returns as gateway_submit(). */
int gateway_submit_own(struct gateway *g, struct device *d, const struct reading *reading,
	receipt_fn done, void *userdata, struct receipt **ret);

struct registry *gateway_registry(struct gateway *g);
struct clock *gateway_clock(struct gateway *g);
const char *gateway_name(const struct gateway *g);
/* "<counter>-<8 hex digits>" */
const char *gateway_epoch(const struct gateway *g);
/* The last sequence number given out. */
uint64_t gateway_sequence(const struct gateway *g);

/* The ledger gave a reading up (not for a limit of the database: that one was safe). Said again by
 * its device it is taken again, under the same number. */
void gateway_forget(struct gateway *g, const struct reading *r);

/* Records under P/gateways/<gateway>/records. owed is what the record makes good (ledger.record);
 * 0: nothing. */

/* Of the numbers first to last those that were never seen were given up. */
struct gap {
	const char *epoch;           /* NULL: this run's */
	uint64_t first, last, count; /* count: how many were given up; 0: not known */
	const char *reason; /* memory-full, set-aside-full, size, age, free-space, damaged */
	int64_t owed;
};
/* Returns 0, or a negative errno (logged): the gap was not published. */
int gateway_gap(struct gateway *g, const struct gap *gap);

/* How an earlier run ended, and which of its numbers are still to come. */
struct epoch_end {
	const char *epoch;
	bool clean;
	uint64_t last; /* its last number, when it ended cleanly */
	const struct store_range *ranges;
	size_t count;
	bool more; /* further calls for this epoch follow, with the ranges behind these */
	int64_t owed;
};
/* Publishes as many records as the ranges need; all but the epoch's last one say that more follow,
 * and that one makes good what is owed. Returns 0, or a negative errno (logged): not all of them
 * were published, and all are to be published again. */
int gateway_record_epoch(struct gateway *g, const struct epoch_end *e);

/* An entry of the audit trail; see audit/chain.h. */
struct audit_record {
	uint64_t number;
	const char *entry; /* at most GATEWAY_ENTRY_MAX bytes, without control characters */
	const char *previous, *hash;
	int64_t owed;
};
#define GATEWAY_ENTRY_MAX 3000
/* Returns 0, or a negative errno (logged): it was not published. */
int gateway_record_audit(struct gateway *g, const struct audit_record *a);

/* The same of the run before, when nothing of it is stored: any of its numbers never seen was not
 * acknowledged. Nothing when that run said so itself. Returns 0 or a negative errno. */
int gateway_record_previous(struct gateway *g, const struct epoch *previous);
/* The last record of this run, saying its own number, which is returned. */
uint64_t gateway_record_end(struct gateway *g, int64_t owed);

/* Takes over what an earlier run of this boot noted of the clock (see gateway/corrections.h): what
 * it stamped before the first synchronisation still gets its correction, at once if the clock is
 * synchronised by now. To be called after gateway_set_ledger() and gateway_use_recall(). */
void gateway_take_over(struct gateway *g, const struct epoch *previous);
/* Fills in what the epoch's state file is to say of the clock. */
void gateway_fill_epoch(const struct gateway *g, struct epoch *e);
/* Called when that changed and is worth a write. */
typedef void (*gateway_epoch_fn)(void *userdata);
void gateway_on_epoch(struct gateway *g, gateway_epoch_fn fn, void *userdata);

typedef void (*gateway_clock_fn)(enum clock_state state, void *userdata);
/* Called after the clock's state changed. */
void gateway_on_clock(struct gateway *g, gateway_clock_fn fn, void *userdata);

/* What is wrong with the radios, as technical conditions of the gateway; who raises alarms looks
 * once a second. */
enum gateway_radio {
	GATEWAY_ADAPTER_LOST,
	GATEWAY_RADIO_RESET,
	GATEWAY_NETWORK_MISMATCH,
	_GATEWAY_RADIO_MAX
};
/* Whose radio it is. */
enum gateway_radio_of { GATEWAY_RADIO_OF_BLE, GATEWAY_RADIO_OF_ZIGBEE, _GATEWAY_RADIO_OF_MAX };
#define GATEWAY_RADIO_TEXT 120
/* text: NULL for the condition's own, copied, cut at GATEWAY_RADIO_TEXT. */
void gateway_radio_set(struct gateway *g, enum gateway_radio_of of, enum gateway_radio c,
	bool there, const char *text);
/* 1 when it is so of any, 0, or -1 when no driver has said yet. *ret_text: NULL for the condition's
 * own. */
int gateway_radio(const struct gateway *g, enum gateway_radio c, const char **ret_text);

/*
 * Small files of drivers in the state directory. They are written whole, by a thread; drivers read
 * them by themselves when they start.
 */
enum gateway_file {
	GATEWAY_BONDS,          /* "bonds", ble/bonds.h; the former one stays beside it */
	GATEWAY_BLE,            /* "ble", ble/memory.h */
	GATEWAY_ZIGBEE_NETWORK, /* zigbee/netstate.h; the former one stays beside it */
	GATEWAY_ZIGBEE,         /* "zigbee-devices", zigbee/nodes.h */
	_GATEWAY_FILE_MAX
};
/* error: 0 when it is on the disk, or a negative errno. */
typedef void (*gateway_kept_fn)(int error, void *userdata);
/* Writes it; done tells how that went, later, once. text is copied. Returns 0, -EBUSY while the
 * same file is being written and somebody waits for one of the two, -ENOTSUP without a keeper, or
 * another negative errno. */
int gateway_keep(struct gateway *g, enum gateway_file file, const char *text, size_t length,
	gateway_kept_fn done, void *userdata);
/* Nobody waits any more: userdata goes. */
void gateway_keep_forget(struct gateway *g, enum gateway_file file);
/* Who writes, and says gateway_kept() for each writing that it took with 0. */
typedef int (*gateway_keeper_fn)(
	enum gateway_file file, const char *text, size_t length, void *userdata);
void gateway_set_keeper(struct gateway *g, gateway_keeper_fn fn, void *userdata);
void gateway_kept(struct gateway *g, enum gateway_file file, int error);

struct gateway_counters {
	uint64_t readings, duplicates, refused;
	uint64_t recalled; /* of the readings, those that were taken under a number they had */
};
struct gateway_counters gateway_counters(const struct gateway *g);
