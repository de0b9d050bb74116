/*
 * Our side of an ATT bearer under test, alone or with a discovery on it: what
 * the device says goes in, what we say must be what the script has, on a clock
 * of the test's own.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ble/gatt.h"

struct host {
	struct att att;
	struct gatt gatt;
	int64_t now_us;

	/* Answers of requests made with host_answered(). */
	unsigned answers;
	uint8_t error;
	/* The last of what was heard, answered or performed. */
	uint8_t bytes[600];
	size_t length;
	unsigned heard;
	uint16_t handle;
	bool indicated;
	unsigned downs;
	enum att_reason reason;

	unsigned discovered, performed;
	enum gatt_outcome outcome;
	uint8_t refusal;

	bool knows_time;
	struct att_server_time time;
	bool stop_on_answer, read_on_answer, confirm_on_heard;
};

/* For att's requests, with the host as the context. */
void host_answered(void *context, const struct att_answer *answer, int64_t now_us);

/* The device says this; spaces do not count. */
void host_give(struct host *h, const char *hex);
/* We say this next, or nothing. */
void host_expect(struct host *h, const char *hex);
/* We say this, and the device answers that. */
void host_talk(struct host *h, const char *ours, const char *theirs);
void host_pass(struct host *h, int64_t us);
/* What came last had these bytes. */
void host_expect_bytes(struct host *h, const char *hex);

int host_set_up(void **state);
int host_tear_down(void **state);
/* For a test that needs another host in the middle. */
void host_init(struct host *h);

#define WITH_HOST(t) cmocka_unit_test_setup_teardown(t, host_set_up, host_tear_down)
