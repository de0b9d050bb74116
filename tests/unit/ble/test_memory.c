/*
 * What the Bluetooth driver remembers over a restart: on its way to the disk.
 */
#include "ble/memory.h"

#include <errno.h>

#include "ble/driver_private.h"
#include "unit/unit.h"

/* Later than anything that is due, and not never. */
#define FAR_US (INT64_MAX / 2)

struct memory_world {
	sd_event *event;
	struct config config;
	struct ble ble;
	struct peer peer;
	char written[4096];
	unsigned writings;
	int result;
};

static int on_keep(enum gateway_file file, const char *text, size_t length, void *userdata)
{
	struct memory_world *w = userdata;

	assert_int_equal(file, GATEWAY_BLE);
	assert_true(length < sizeof(w->written));
	memcpy(w->written, text, length);
	w->written[length] = 0;
	w->writings++;
	return w->result;
}

static void begin(struct memory_world *w)
{
	*w = (struct memory_world){ .config = { .refs = 1, .gateway.name = (char *)"gw" } };
	assert_true(sd_event_new(&w->event) >= 0);
	assert_int_equal(gateway_new(&w->ble.gateway, w->event, &w->config, "1-00000001"), 0);
	gateway_set_keeper(w->ble.gateway, on_keep, w);
	w->ble.settling = true; /* it has no adapters */
	w->ble.config = &w->config;
	w->peer = (struct peer){ .ble = &w->ble,
		.identity = { BLE_ADDRESS_PUBLIC, { 7, 1, 0, 0x38, 0xc1, 0xa4 } },
		.advert = { .counter_known = true, .counter = 1000 } };
	w->ble.peers[0] = &w->peer;
}

static void end(struct memory_world *w)
{
	gateway_free(w->ble.gateway);
	sd_event_unref(w->event);
}

static void test_a_stop_meets_a_writing_that_is_under_way(void **state)
{
	struct memory_world w;

	begin(&w);
	memory_changed(&w.ble);
	memory_due(&w.ble, FAR_US);
	assert_non_null(strstr(w.written, "\ncounter 1016"));
	w.peer.advert.counter = 1003;
	w.ble.quiet = true;
	memory_finish(&w.ble);
	assert_int_equal(w.writings, 2);
	assert_non_null(strstr(w.written, "\ncounter 1003"));
	/* both are said to be on the disk, and nobody asked */
	gateway_kept(w.ble.gateway, GATEWAY_BLE, 0);
	gateway_kept(w.ble.gateway, GATEWAY_BLE, 0);
	/* what a device says of its records meanwhile does not put the counter ahead again */
	memory_changed(&w.ble);
	memory_due(&w.ble, FAR_US);
	assert_int_equal(w.writings, 3);
	assert_non_null(strstr(w.written, "\ncounter 1003"));
	end(&w);
}

static void test_one_writing_at_a_time_while_it_runs(void **state)
{
	struct memory_world w;

	begin(&w);
	memory_changed(&w.ble);
	memory_due(&w.ble, FAR_US);
	memory_changed(&w.ble);
	assert_true(memory_deadline(&w.ble) == INT64_MAX);
	memory_due(&w.ble, FAR_US);
	assert_int_equal(w.writings, 1);
	gateway_kept(w.ble.gateway, GATEWAY_BLE, -EIO);
	assert_true(memory_deadline(&w.ble) < INT64_MAX);
	memory_due(&w.ble, FAR_US);
	assert_int_equal(w.writings, 2);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_stop_meets_a_writing_that_is_under_way),
		cmocka_unit_test(test_one_writing_at_a_time_while_it_runs),
	};

	return RUN_TESTS(tests);
}
