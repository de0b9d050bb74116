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

struct registry *gateway_registry(struct gateway *g);
struct clock *gateway_clock(struct gateway *g);
const char *gateway_name(const struct gateway *g);
/* "<counter>-<8 hex digits>" */
const char *gateway_epoch(const struct gateway *g);
/* The last sequence number given out. */
uint64_t gateway_sequence(const struct gateway *g);

/* Publishes a record under P/gateways/<gateway>/records: members is the inside of a JSON object
 * after "id", beginning with a comma: ,"record":"gap",... Returns 0 or a negative errno. */
int gateway_record(struct gateway *g, const char *members);
/* The message with that sequence was given up for want of room: publishes a gap record. */
void gateway_gap(struct gateway *g, uint64_t sequence, const char *reason);

/* Tells consumers what to expect of the run before: any of its numbers never seen was not
 * acknowledged. Nothing when that run said so itself. Returns 0 or a negative errno. */
int gateway_record_previous(struct gateway *g, const struct epoch *previous);
/* The last record of this run, saying its own number, which is returned. */
uint64_t gateway_record_end(struct gateway *g);

typedef void (*gateway_clock_fn)(enum clock_state state, void *userdata);
/* Called after the clock's state changed. */
void gateway_on_clock(struct gateway *g, gateway_clock_fn fn, void *userdata);

struct gateway_counters {
	uint64_t readings, duplicates, refused;
};
struct gateway_counters gateway_counters(const struct gateway *g);
