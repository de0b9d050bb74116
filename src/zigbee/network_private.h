/*
 * What the files of the network share: its steps and orders, and who calls whom.
 * Not for others: they take zigbee/network.h.
 */
#pragma once

#include "zigbee/network.h"

/* On the way up, one at a time; not all of them each time. */
enum network_step {
	STEP_NONE,
	STEP_EUI64,
	STEP_TOKEN_ASK, /* of a restore to another radio: where its EUI-64 can be written, ... */
	STEP_TOKEN_SET, /* ... and that it is */
	STEP_SETTINGS,
	STEP_ENDPOINT,
	STEP_INIT,
	STEP_LEAVE,
	STEP_SCAN, /* of a new network: how busy the channels are, ... */
	STEP_LOOK, /* ... and who is on the chosen one */
	STEP_KEEP,
	STEP_COUNTER_SET,
	STEP_LINK_COUNTER_SET,
	STEP_SECURITY,
	STEP_SECURITY_MORE,
	STEP_CLEAR_KEYS,
	STEP_LINKS,
	STEP_FORM,
	STEP_TOKENS,
	STEP_PARAMETERS,
	STEP_KEY,
	STEP_COUNTER,  /* of a restore: how far the radio has counted */
	STEP_LINK_KEY, /* of an adoption */
	_STEP_MAX
};

/* While it is up, one at a time, in this order. */
enum network_order {
	ORDER_SHUT, /* the radio is open, and not by us */
	ORDER_CLEAR,
	ORDER_POLICY,
	ORDER_WELL_KNOWN,
	ORDER_INVITE,
	ORDER_PERMIT,
	ORDER_SPREAD, /* tells the routers the same */
	ORDER_MAKER,
	ORDER_CONCENTRATOR,
	ORDER_ROUTES,
	ORDER_PARAMETERS,
	ORDER_LOOK, /* at the frame counter */
	_ORDER_MAX
};

#define ORDER_BIT(order) (UINT32_C(1) << (order))
#define ORDERS_UP (ORDER_BIT(ORDER_CONCENTRATOR) | ORDER_BIT(ORDER_ROUTES) | ORDER_BIT(ORDER_LOOK))
#define ORDERS_PERMIT                                                                              \
	(ORDER_BIT(ORDER_WELL_KNOWN) | ORDER_BIT(ORDER_INVITE) | ORDER_BIT(ORDER_PERMIT) |         \
		ORDER_BIT(ORDER_SPREAD))

#define NODE_TYPE_COORDINATOR 1
/* Of setPolicy 0, trust centre. */
#define POLICY_JOIN 0x00
enum {
	POLICY_ALLOW = 0x01,
	POLICY_REJOIN = 0x02, /* without the network's key, by the device's own */
	POLICY_INSTALL_CODE = 0x10,
};
enum {
	KEY_NETWORK = 1, /* of exportKey */
	KEY_TRUST_CENTRE = 2,
	OLD_KEY_TRUST_CENTRE = 1, /* of getKey */
	OLD_KEY_NETWORK = 3,
};
#define VERSION_EXPORT_KEY 13    /* before: getKey */
#define VERSION_TRANSIENT_KEY 12 /* importTransientKey; before: addTransientLinkKey */
#define MAKER_DEFAULT 0x1049     /* Silicon Labs */
#define POWER_DEFAULT 8          /* dBm */

#define REMEDY_ADOPT "wardgatectl network adopt"
#define REMEDY_RESTORE "wardgatectl network restore"

/* ---- network.c ---- */

void network_tell(struct network *n, enum network_kind kind, uint32_t number, const char *text,
	int64_t now_us);
/* Tells it, unless it is what was told last. */
void network_problem(struct network *n, int64_t now_us, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The radio is of no use until it is reset, which is begun. */
void network_fail(struct network *n, int64_t now_us, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The same, but nothing is wrong. */
void network_restart(struct network *n, const char *why, int64_t now_us);
void network_is_up(struct network *n, int64_t now_us);
void network_be_passive(struct network *n, uint32_t differs, int64_t now_us);
/* Keeps n->net. Returns 0 when it is safe, 1 when that is told later, or a negative errno. */
int network_keep_now(struct network *n, int64_t now_us);

/* ---- network_steps.c ---- */

void network_go(struct network *n, enum network_step step, int64_t now_us);
void network_step_status(struct network *n, uint32_t status, int64_t now_us);
/* The scan of channels is over. */
void network_scan_done(struct network *n, int64_t now_us);
void network_step_kept(struct network *n, int error, int64_t now_us);
void network_step_tick(struct network *n, int64_t now_us);

/* ---- network_commands.c ---- */

/* Fills v for the step, with bytes for what it points at; returns the command, 0: none is needed.
 */
uint16_t network_step_command(
	struct network *n, struct ezsp_values *v, uint8_t bytes[static 8], int64_t now_us);
/* Where the step has several commands: goes on to the next one, false: there is none. */
bool network_next_row(struct network *n);
/* Whether it matters that this one of the settings is taken. */
bool network_row_vital(const struct network *n);
/* setPolicy's value for joins, as it has to be now. */
uint32_t network_join_policy(const struct network *n, int64_t now_us);
/* The command that reads the frame counter: fills v, returns its id. */
uint16_t network_counter_command(const struct network *n, struct ezsp_values *v);

/* ---- network_form.c ---- */

/* What differs between the radio and what is kept; the parameters and the key were read. */
uint32_t network_compare(const struct network *n);
/* Words for it, with the remedy. */
void network_differs_words(const struct network *n, uint32_t differs, char *to, size_t size);
/* Makes keys and numbers of a new network on this channel. Returns 0 or a negative errno. */
int network_make(struct network *n, uint8_t channel);
/* The quietest channel of those measured; why gets words for people. */
uint8_t network_quietest(const struct network *n, char *why, size_t size);
uint32_t network_scan_mask(void);
void network_scan_result(struct network *n, const struct ezsp_values *v);
/* Another network was heard. */
void network_found(struct network *n, const struct ezsp_values *v);
/* Whether a network can be at this channel and PAN. */
bool network_is_place(const struct ezsp_values *v);
/* What the radio has becomes what is kept. False: it can be no network. */
bool network_take_over(struct network *n);
/* n->target becomes what is kept, its counters advanced. counted: the frame counter of the network
 * that the radio has; 0: it has none, or that is not known. */
void network_take_target(struct network *n, uint32_t counted);

/* ---- network_orders.c ---- */

void network_order(struct network *n, uint32_t bits, int64_t now_us);
/* The window in which devices may join is over. */
void network_orders_end(struct network *n, int64_t now_us);
void network_orders_up(struct network *n, int64_t now_us);
void network_orders_down(struct network *n);
void network_orders_run(struct network *n, int64_t now_us);
void network_orders_status(struct network *n, uint32_t status, int64_t now_us);
/* A device has joined or left; and one has agreed on a key of its own, in place of that of its
 * install code, which is forgotten. */
void network_orders_present(struct network *n, uint64_t eui64, bool joined);
void network_orders_key(struct network *n, uint64_t eui64);
int64_t network_orders_deadline(const struct network *n);
void network_orders_tick(struct network *n, int64_t now_us);

/* ---- network_send.c ---- */

void network_sends_run(struct network *n, int64_t now_us);
/* All have the fate NOT_SENT. */
void network_sends_down(struct network *n, int64_t now_us);
void network_sent(struct network *n, const struct ezsp_values *v, int64_t now_us);
int64_t network_sends_deadline(const struct network *n);
void network_sends_tick(struct network *n, int64_t now_us);

/* ---- network_events.c ---- */

void network_event(
	struct network *n, uint16_t id, int result, const struct ezsp_values *v, int64_t now_us);
/* Takes what came early as if it came now: the network is ours. */
void network_early_take(struct network *n, int64_t now_us);
/* It is not, or the radio has started anew. */
void network_early_drop(struct network *n);
/* Frames that the radio lost. */
void network_overflows(struct network *n, int64_t now_us);
