/*
 * A stage for adapters: the router with one adapter or several on this side, a
 * script of packets on the other, and a log of all that the driver would be told.
 * Packets are written as words: for commands "set powered 01", for what the
 * kernel says its code and its parameters in hex.
 */
#pragma once

#include "ble/adapter_router.h"

#define STAGE_S INT64_C(1000000)
#define STAGE_SETTINGS_ALL "FF BE 01 00" /* what a usual controller supports */

struct stage {
	struct adapter_router router;
	struct adapter adapters[ADAPTERS_MAX];
	unsigned count;
	int64_t now_us;
	char log[8192]; /* of notices */
	uint64_t reports;
	struct mgmt_report last; /* its data is not kept */
	/* what the driver answers */
	struct mgmt_ltk ltks[4];
	struct mgmt_irk irks[4];
	struct mgmt_params params[4];
	size_t ltk_count, irk_count, param_count;
	bool bonded, may_bond, may_rebond;
	int saving; /* of save_ltk and save_irk */
	unsigned saved_ltks, saved_irks;
};

/* With one adapter for each word of selects. The socket is open, nothing was said yet. */
struct stage *stage_new(const char *selects);
void stage_free(struct stage *s);

/* The next command, in words; "": none. */
const char *stage_command(struct stage *s);
/* Fails unless the next commands are these, separated by "; ". "": there is none. */
void stage_expect(struct stage *s, const char *commands);
/* An event of a controller, or the success or failure of a command. */
void stage_event(struct stage *s, uint16_t code, uint16_t index, const char *hex);
void stage_ok(struct stage *s, uint16_t op, uint16_t index, const char *hex);
void stage_refuse(struct stage *s, uint16_t op, uint16_t index, uint8_t status);
/* Fails unless exactly this was told since the last call: kinds separated by spaces. */
void stage_told(struct stage *s, const char *kinds);
/* The same of the last one's text: that it contains this. */
void stage_text(const struct stage *s, const char *part);
/* Lets time pass, calling tick at every deadline on the way; commands are left to be fetched. */
void stage_pass(struct stage *s, int64_t us);
/* Answers the router's own questions: the version, and controllers named by their numbers. Of
 * number N the address is 00:AA:01:00:00:0N. */
void stage_controllers(struct stage *s, const char *numbers, const char *settings);
/* Answers the question what controller index is. */
void stage_info(struct stage *s, uint16_t index, const char *supported, const char *settings);
/* The same of an adapter alone, once it has asked. */
void stage_asks(struct stage *s, uint16_t index, const char *supported, const char *settings);
/* Plays the whole bring-up of adapter i, which is on hci index and was off, in its order. */
void stage_bring_up(struct stage *s, uint16_t index);
/* Plays what is set before power on hci0, and again after another program has meddled with it. */
void stage_renewed(struct stage *s);
/* stage_new("auto") with hci0 up, and what was told forgotten. */
struct stage *stage_up(void);
/* An advertisement of C0:FF:EE:00:00:01 on hci0. */
void stage_advert(struct stage *s);

#define STAGE_DEVICE "01 00 00 EE FF C0 02"
