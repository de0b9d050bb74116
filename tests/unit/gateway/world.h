/*
 * A gateway with one device, the real outbox behind it, a ring of numbers in
 * a directory of its own, and a wall clock that the test sets: adjtimex(2) and
 * CLOCK_REALTIME are its own, as seen by everything in this program.
 */
#pragma once

#include <sys/syscall.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "config/config.h"
#include "gateway/epoch.h"
#include "gateway/gateway.h"
#include "outbox/outbox.h"
#include "recall_files.h"

#define SECOND INT64_C(1000000)
#define YEAR_2026 (INT64_C(1795000000) * SECOND)

/* Wall clock - boot-time clock. */
static int64_t wall_offset_us = YEAR_2026;
static bool wall_synchronised = true;

int adjtimex(struct timex *tx)
{
	tx->status = wall_synchronised ? STA_PLL : STA_UNSYNC;
	tx->maxerror = wall_synchronised ? 1000 : 16000000;
	return wall_synchronised ? TIME_OK : TIME_ERROR;
}

int clock_gettime(clockid_t id, struct timespec *ts)
{
	int64_t us;

	if (id != CLOCK_REALTIME)
		return (int)syscall(SYS_clock_gettime, id, ts);
	(void)syscall(SYS_clock_gettime, CLOCK_BOOTTIME, ts);
	us = (int64_t)ts->tv_sec * SECOND + ts->tv_nsec / 1000 + wall_offset_us;
	ts->tv_sec = us / SECOND;
	ts->tv_nsec = us % SECOND * 1000;
	return 0;
}

struct world {
	sd_event *event;
	struct config_device device;
	struct config config;
	struct gateway *gateway;
	struct outbox *outbox;
	struct recall *recall;
	struct device *bed3;
	int safe, unsafe, saves;
};

static inline void on_epoch(void *userdata)
{
	((struct world *)userdata)->saves++;
}

static inline void on_dropped(const struct message *m, const char *reason, void *userdata)
{
	struct world *w = userdata;

	if (m->kind == MESSAGE_READING)
		gateway_forget(w->gateway, &m->reading);
}

/* p NULL: without a ring */
static inline void begin(struct world *w, const struct place *p, const char *epoch, size_t messages)
{
	struct outbox_limits limits = { .messages = messages, .tries = 3, .aside = 2 };
	struct ledger ledger;

	memset(w, 0, sizeof(*w));
	w->device = (struct config_device){ .name = (char *)"bed3-oximeter",
		.transport = TRANSPORT_COAP,
		.address = (char *)"ox3",
		.bed = (char *)"3" };
	w->config.gateway.name = (char *)"gw1";
	w->config.devices = &w->device;
	w->config.device_count = 1;
	assert_int_equal(sd_event_new(&w->event), 0);
	assert_int_equal(gateway_new(&w->gateway, w->event, &w->config, epoch), 0);
	assert_int_equal(outbox_new(&w->outbox, &limits), 0);
	outbox_set_dropped(w->outbox, on_dropped, w);
	ledger = outbox_ledger(w->outbox);
	gateway_set_ledger(w->gateway, &ledger);
	gateway_on_epoch(w->gateway, on_epoch, w);
	if (p) {
		w->recall = open_as(p, "gw1", epoch);
		gateway_use_recall(w->gateway, w->recall);
	}
	assert_int_equal(gateway_apply(w->gateway, &w->config), 0);
	w->bed3 = registry_find(gateway_registry(w->gateway), TRANSPORT_COAP, "ox3");
	outbox_connected(w->outbox, 1000);
}

/* All at once, as by a kill: only what stands in files is left. */
static inline void end(struct world *w)
{
	outbox_free(w->outbox);
	gateway_free(w->gateway);
	recall_free(w->recall);
	sd_event_unref(w->event);
}

static inline void on_receipt(enum receipt_outcome outcome, void *userdata)
{
	struct world *w = userdata;

	if (outcome == RECEIPT_SAFE)
		w->safe++;
	else
		w->unsafe++;
}

static inline struct reading number(int64_t mantissa, uint64_t key)
{
	return (struct reading){ .metric = METRIC_SPO2,
		.kind = VALUE_NUMBER,
		.number = { mantissa, 0 },
		.source_key = key,
		.time_us = key ? YEAR_2026 : 0,
		.time_source = key ? TIME_DEVICE : TIME_GATEWAY };
}

static inline int submit(struct world *w, const struct reading *r, size_t n)
{
	struct receipt *receipt;

	return gateway_submit(w->gateway, w->bed3, r, n, on_receipt, w, &receipt);
}

/* Hands the next message out; NULL when there is none. */
static inline struct outbox_entry *send_next(struct world *w)
{
	struct outbox_entry *e = outbox_next(w->outbox);

	if (e)
		outbox_sent(w->outbox, e);
	return e;
}

static inline const struct message *sent(struct outbox_entry *e)
{
	assert_non_null(e);
	return outbox_entry_message(e);
}
