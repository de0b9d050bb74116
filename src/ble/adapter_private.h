/*
 * What the files of the adapter share: its steps, and who calls whom. Not for
 * others: they take ble/adapter.h.
 */
#pragma once

#include "ble/adapter.h"

/* What is to be done, one at a time and in this order; a->todo has a bit for each. */
enum adapter_step {
	STEP_INFO, /* what is there now */
	STEP_OFF,  /* of a power cycle only */
	STEP_LE,
	STEP_SSP, /* without it a controller with BR/EDR takes no Secure Connections */
	STEP_SECURE,
	STEP_BONDABLE,
	STEP_IO,
	STEP_LTKS,
	STEP_IRKS,
	STEP_PARAMS,
	STEP_ON,
	STEP_CLEAR, /* monitors outlive who added them */
	STEP_MONITOR,
	STEP_STOP, /* the active scan */
	STEP_DISCOVER,
	_STEP_MAX
};

#define STEP_BIT(step) (UINT32_C(1) << (step))
#define STEPS_MONITOR (STEP_BIT(STEP_CLEAR) | STEP_BIT(STEP_MONITOR))
/* What programs that use the same adapter take away from each other. */
#define STEPS_SHARED                                                                               \
	(STEP_BIT(STEP_SECURE) | STEP_BIT(STEP_BONDABLE) | STEP_BIT(STEP_IO) |                     \
		STEP_BIT(STEP_LTKS) | STEP_BIT(STEP_IRKS) | STEP_BIT(STEP_PARAMS))
#define STEPS_BRING_UP (STEP_BIT(STEP_STOP) - 1 - STEP_BIT(STEP_OFF))

/* ---- adapter.c ---- */

/* No step is being waited for and none is left. */
void adapter_forget_steps(struct adapter *a);
/* Brings it up from the start, with a power cycle or without. */
void adapter_begin(struct adapter *a, bool cycle, int64_t now_us);
/* All steps are done. */
void adapter_is_up(struct adapter *a, int64_t now_us);
/* It failed and is tried again after wait_us, 0: the back-off. What was wrong is in a->problem. */
void adapter_rest(struct adapter *a, int64_t wait_us, int64_t now_us);
/* Tells it, unless it is what was told last. */
void adapter_problem(struct adapter *a, int64_t now_us, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void adapter_tell(struct adapter *a, enum adapter_kind kind, const char *text, int64_t now_us);
void adapter_tell_of(struct adapter *a, enum adapter_kind kind, const struct ble_address *who,
	uint8_t code, const char *text, int64_t now_us);
/* The condition adapter-lost begins, or ends unless something still speaks for it. */
void adapter_lose(struct adapter *a, const char *text, int64_t now_us);
void adapter_recover(struct adapter *a, int64_t now_us);
/* Signs that another program uses the adapter: at two points within ten minutes it is told. */
void adapter_rival_sign(struct adapter *a, unsigned points, int64_t now_us);
/* Sets keys and settings again, in a moment. */
void adapter_renew(struct adapter *a, int64_t now_us);
/* Queues a command that waits for no other. -ENETDOWN, -ENOBUFS. */
int adapter_order(struct adapter *a, const struct adapter_order *order);

/* ---- adapter_steps.c ---- */

/* The packet of the next step, 0: none is due. */
size_t adapter_step_output(struct adapter *a, uint8_t *to, size_t size, int64_t now_us);
void adapter_step_reply(struct adapter *a, const struct mgmt_reply *r, int64_t now_us);

/* ---- adapter_scan.c ---- */

void adapter_scan_begun(struct adapter *a, int64_t now_us);
void adapter_scan_report(struct adapter *a, const struct mgmt_report *r, int64_t now_us);
int64_t adapter_scan_deadline(const struct adapter *a);
void adapter_scan_tick(struct adapter *a, int64_t now_us);
/* Lets the active scan be what is wanted. */
void adapter_discovery_plan(struct adapter *a, int64_t now_us);
void adapter_discovery_is(struct adapter *a, bool on, int64_t now_us);
void adapter_discovery_refused(struct adapter *a, int64_t now_us);
void adapter_discovering(struct adapter *a, bool on, int64_t now_us);
int64_t adapter_discovery_deadline(const struct adapter *a);

/* ---- adapter_pair.c, adapter_bond.c ---- */

bool adapter_pairing_ordered(const struct adapter *a);
/* The packet of a pairing that may begin now, 0: none. */
size_t adapter_pair_output(struct adapter *a, uint8_t *to, size_t size, int64_t now_us);
void adapter_pair_event(struct adapter *a, const struct mgmt_event *e, int64_t now_us);
void adapter_pair_reply(struct adapter *a, const struct mgmt_reply *r, int64_t now_us);
/* The adapter is down: all pairings have failed. */
void adapter_pair_down(struct adapter *a, int64_t now_us);
int64_t adapter_pair_deadline(const struct adapter *a);
void adapter_pair_tick(struct adapter *a, int64_t now_us);
/* True when the failure was that of a pairing. */
bool adapter_pair_failed(
	struct adapter *a, const struct ble_address *who, uint8_t status, int64_t now_us);

void adapter_bond_failed(struct adapter *a, const struct ble_address *who, int64_t now_us);
/* The device is paired anew. */
void adapter_bond_made(struct adapter *a, const struct ble_address *who);
void adapter_unpair_reply(struct adapter *a, const struct mgmt_reply *r, int64_t now_us);
