/*
 * The host's side of ASH under test: what goes in and what must come out, on a
 * clock of the test's own.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zigbee/ash.h"

#define MS INT64_C(1000)

struct fixture {
	struct ash ash; /* first */
	int64_t now_us;
	uint8_t got[4096];
	size_t got_n;
	unsigned ups, downs, frames;
	enum ash_reason reason;
	uint8_t code;
	bool answer; /* each data frame by one of our own */
	bool reset_on_data;
};

void ash_host_give(struct fixture *f, const char *hex);
/* What the host writes now must be these bytes. */
void ash_host_expect(struct fixture *f, const char *hex);
/* An ACK or a NAK. */
void ash_host_expect_short(struct fixture *f, uint8_t control);
void ash_host_pass(struct fixture *f, int64_t us);
/* A data frame of the radio's, of three bytes. */
void ash_host_give_data(struct fixture *f, unsigned number, unsigned ack, bool repeated);
void ash_host_expect_data(
	struct fixture *f, unsigned number, unsigned ack, bool repeated, uint8_t last);
void ash_host_send(struct fixture *f, uint8_t last);
int ash_host_set_up(void **state);
int ash_host_set_up_connected(void **state);
int ash_host_tear_down(void **state);

#define ASH_HOST_CONNECTED(t)                                                                      \
	cmocka_unit_test_setup_teardown(t, ash_host_set_up_connected, ash_host_tear_down)
#define ASH_HOST_FRESH(t) cmocka_unit_test_setup_teardown(t, ash_host_set_up, ash_host_tear_down)
