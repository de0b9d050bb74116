/*
 * Devices across a change of configuration, their silence, and the cap on
 * unknown ones.
 */
#include "gateway/registry.h"

#include "config/config.h"
#include "unit/unit.h"
#include "util/text.h"

static char told[512];

static void on_device(struct device *d, enum device_event event, void *userdata)
{
	static const char marks[] = { '+', '~', '.', '-' };
	size_t n = strlen(told);

	snprintf(told + n, sizeof(told) - n, "%c%s ", marks[event], d->name->text);
}

static struct config_device device(const char *name, const char *address, const char *bed)
{
	return (struct config_device){
		.name = (char *)name,
		.transport = TRANSPORT_COAP,
		.address = (char *)address,
		.bed = (char *)bed,
		.expect_every_us = 1000000,
	};
}

static struct registry *make(void)
{
	struct registry *r;

	told[0] = 0;
	assert_int_equal(registry_new(&r), 0);
	assert_int_equal(registry_listen(r, on_device, NULL), 0);
	return r;
}

static void apply(struct registry *r, struct config_device *devices, size_t count)
{
	struct config c = { .devices = devices, .device_count = count };

	told[0] = 0;
	assert_int_equal(registry_apply(r, &c), 0);
}

static void test_devices_that_stay_keep_their_state(void **state)
{
	struct config_device first[] = { device("b", "id-b", "1"), device("a", "id-a", NULL) };
	struct config_device second[] = { device("a", "id-other", NULL), device("b", "id-b", "2"),
		device("c", "id-c", NULL) };
	struct registry *r = make();
	struct device *b;

	apply(r, first, 2);
	assert_string_equal(told, "+b +a ");
	b = registry_find(r, TRANSPORT_COAP, "id-b");
	assert_non_null(b);
	assert_ptr_equal(b, registry_by_name(r, "b"));
	assert_null(registry_find(r, TRANSPORT_BLE, "id-b"));
	b->device_sequence = 77;

	apply(r, second, 3);
	assert_string_equal(told, "-a +a ~b +c ");
	assert_ptr_equal(b, registry_find(r, TRANSPORT_COAP, "id-b"));
	assert_int_equal(b->device_sequence, 77);
	assert_string_equal(b->bed->text, "2");
	assert_null(registry_find(r, TRANSPORT_COAP, "id-a"));
	assert_non_null(registry_find(r, TRANSPORT_COAP, "id-other"));
	assert_string_equal(registry_at(r, 2)->name->text, "c");
	assert_null(registry_at(r, 3));

	apply(r, second, 3);
	assert_string_equal(told, ""); /* the same again changes nothing */
	apply(r, NULL, 0);
	assert_int_equal(registry_count(r), 0);
	registry_free(r);
}

static void test_silence(void **state)
{
	struct config_device devices[] = { device("a", "id-a", NULL) };
	struct registry *r = make();
	struct device *a;

	apply(r, devices, 1);
	a = registry_by_name(r, "a");
	assert_int_equal(a->state, DEVICE_NEVER_HEARD);
	assert_int_equal(registry_tick(r, 50000000), INT64_MAX);
	told[0] = 0;
	registry_heard(r, a, 1, 100000000);
	registry_heard(r, a, 2, 100500000);
	assert_string_equal(told, "~a .a ");
	assert_int_equal(registry_tick(r, 103000000), 103500000);
	assert_int_equal(a->state, DEVICE_PRESENT);
	assert_int_equal(registry_tick(r, 103500000), INT64_MAX);
	assert_int_equal(a->state, DEVICE_SILENT);
	registry_heard(r, a, 3, 104000000);
	assert_int_equal(a->state, DEVICE_PRESENT);
	registry_free(r);
}

static void test_a_promise_of_its_own_counts_without_a_setting(void **state)
{
	struct config_device devices[] = { device("a", "id-a", NULL) };
	struct registry *r = make();
	struct device *a;

	devices[0].expect_every_us = 0;
	apply(r, devices, 1);
	a = registry_by_name(r, "a");
	registry_heard(r, a, 1, 100000000);
	assert_int_equal(registry_tick(r, INT64_MAX / 2), INT64_MAX);
	registry_hint(a, 0);
	registry_hint(a, 5000000);
	registry_hint(a, 2000000);
	registry_hint(a, 60000000);
	assert_int_equal(registry_tick(r, 100000000), 106000000);
	/* who knows all of it knows better, either way */
	registry_expect(a, 60000000);
	assert_int_equal(registry_tick(r, 100000000), 280000000);
	registry_expect(a, 0);
	registry_hint(a, 90000000);
	assert_int_equal(registry_tick(r, 100000000), 280000000);
	registry_expect(a, 1000000);
	assert_int_equal(registry_tick(r, 100000000), 103000000);
	a->expect_every_us = 10000000;
	assert_int_equal(registry_tick(r, 100000000), 130000000);
	registry_free(r);
}

static void test_what_a_radio_did_not_hear_nobody_has_not_said(void **state)
{
	struct config_device devices[] = { device("a", "id-a", NULL), device("b", "id-b", NULL),
		device("c", "id-c", NULL) };
	struct registry *r = make();
	struct device *a, *b, *c;

	devices[2].transport = TRANSPORT_ZIGBEE;
	apply(r, devices, 3);
	a = registry_by_name(r, "a");
	b = registry_by_name(r, "b");
	c = registry_by_name(r, "c");
	registry_heard(r, a, 1, 100000000);
	registry_heard(r, b, 1, 100500000);
	registry_heard(r, c, 1, 101000000);
	/* it is away for 2.5 s; one has fallen silent before it is back */
	assert_int_equal(registry_tick(r, 103000000), 103500000);
	registry_was_deaf(r, TRANSPORT_COAP, 2500000);
	assert_int_equal(a->state, DEVICE_SILENT);
	assert_int_equal(registry_tick(r, 103500000), 104000000); /* of the other transport */
	assert_int_equal(b->state, DEVICE_PRESENT);
	assert_int_equal(registry_tick(r, 104000000), 106000000);
	assert_int_equal(c->state, DEVICE_SILENT);
	assert_int_equal(registry_tick(r, 106000000), INT64_MAX);
	assert_int_equal(b->state, DEVICE_SILENT);
	assert_true(b->last_heard_us == 1);
	registry_free(r);
}

static void test_facts(void **state)
{
	struct config_device devices[] = { device("a", "id-a", NULL) };
	struct registry *r = make();
	struct device *a;
	char text[200];

	apply(r, devices, 1);
	a = registry_by_name(r, "a");
	told[0] = 0;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	assert_int_equal(registry_set_fact(r, a, FACT_MODEL, text), 0);
	assert_int_equal(strlen(a->facts[FACT_MODEL]), DEVICE_FACT_MAX);
	assert_int_equal(registry_set_fact(r, a, FACT_MODEL, text), 0);
	registry_set_battery(r, a, 80);
	registry_set_battery(r, a, 80);
	assert_string_equal(told, "~a ~a ");
	registry_free(r);
}

static void assert_status(const struct registry *r, const char *expected)
{
	char buf[200];
	struct text t = text_init(buf, sizeof(buf));

	registry_put_unknown(r, &t);
	assert_true(text_done(&t) > 0);
	assert_string_equal(buf, expected);
}

static void test_unknown_devices_are_capped(void **state)
{
	struct registry *r = make();
	char address[32];

	assert_status(r, ",\"unknown_devices\":0,\"unknown_dropped\":0");
	for (int i = 0; i < REGISTRY_UNKNOWN_MAX; i++) {
		snprintf(address, sizeof(address), "u%d", i);
		registry_heard_unknown(r, TRANSPORT_COAP, address, "coap", NULL, 0, 1000 + i);
	}
	registry_heard_unknown(r, TRANSPORT_COAP, "u0", "", "Nonin3230", -40, 5000);
	assert_int_equal(registry_unknown_count(r), REGISTRY_UNKNOWN_MAX);
	assert_int_equal(registry_unknown_at(r, 0)->times, 2);
	assert_string_equal(registry_unknown_at(r, 0)->kind, "coap");
	assert_string_equal(registry_unknown_at(r, 0)->name, "Nonin3230");
	registry_heard_unknown(r, TRANSPORT_COAP, "new", NULL, NULL, 0, 5001);
	assert_int_equal(registry_unknown_count(r), REGISTRY_UNKNOWN_MAX);
	assert_status(r, ",\"unknown_devices\":256,\"unknown_dropped\":1");
	/* u1 was silent for longest. */
	assert_string_equal(registry_unknown_at(r, 1)->address, "new");
	assert_null(registry_unknown_at(r, REGISTRY_UNKNOWN_MAX));
	registry_free(r);
}

static void test_what_is_on_the_air_keeps_nobody_else_out(void **state)
{
	struct registry *r = make();
	char address[32];

	registry_heard_unknown(r, TRANSPORT_COAP, "ox-9", NULL, NULL, 0, 1000);
	for (int i = 0; i < 10 * REGISTRY_UNKNOWN_MAX; i++) {
		snprintf(address, sizeof(address), "phone-%d", i);
		registry_heard_unknown(r, TRANSPORT_BLE, address, NULL, NULL, -90, 2000 + i);
	}
	assert_int_equal(registry_unknown_count(r), REGISTRY_UNKNOWN_MAX);
	assert_string_equal(registry_unknown_at(r, 0)->address, "ox-9");
	registry_heard_unknown(r, TRANSPORT_COAP, "ox-10", NULL, NULL, 0, 9000);
	assert_string_equal(registry_unknown_at(r, 0)->address, "ox-9");
	assert_int_equal(REGISTRY_UNKNOWN_MAX, 256);
	assert_status(r, ",\"unknown_devices\":256,\"unknown_dropped\":2306");
	registry_free(r);
}

static void test_unknown_devices_when_the_clock_is_set_back(void **state)
{
	struct registry *r = make();
	char address[32];
	uint64_t before;

	for (int i = 0; i < REGISTRY_UNKNOWN_MAX; i++) {
		snprintf(address, sizeof(address), "u%d", i);
		registry_heard_unknown(r, TRANSPORT_COAP, address, NULL, NULL, 0, 1000 + i);
	}
	before = registry_unknown_order(r);
	assert_true(before == registry_unknown_at(r, REGISTRY_UNKNOWN_MAX - 1)->order);
	registry_heard_unknown(r, TRANSPORT_COAP, "u0", NULL, NULL, 0, 10);
	assert_true(registry_unknown_at(r, 0)->order > before);
	assert_true(registry_unknown_at(r, 0)->last_heard_us == 10);
	registry_heard_unknown(r, TRANSPORT_COAP, "new", NULL, NULL, 0, 11);
	assert_string_equal(registry_unknown_at(r, 0)->address, "u0");
	assert_string_equal(registry_unknown_at(r, 1)->address, "new");
	assert_true(registry_unknown_at(r, 1)->order > registry_unknown_at(r, 0)->order);
	registry_free(r);
}

static void test_one_that_is_configured_is_unknown_no_more(void **state)
{
	struct config_device devices[] = { device("a", "u1", NULL) };
	struct registry *r = make();

	registry_heard_unknown(r, TRANSPORT_COAP, "u0", "", "", 0, 1000);
	registry_heard_unknown(r, TRANSPORT_COAP, "u1", "", "", 0, 1001);
	registry_heard_unknown(r, TRANSPORT_BLE, "u1", "", "", 0, 1002);
	apply(r, devices, 1);
	assert_int_equal(registry_unknown_count(r), 2);
	assert_string_equal(registry_unknown_at(r, 0)->address, "u0");
	assert_int_equal(registry_unknown_at(r, 1)->transport, TRANSPORT_BLE);
	registry_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_devices_that_stay_keep_their_state),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_a_promise_of_its_own_counts_without_a_setting),
		cmocka_unit_test(test_what_a_radio_did_not_hear_nobody_has_not_said),
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_unknown_devices_are_capped),
		cmocka_unit_test(test_what_is_on_the_air_keeps_nobody_else_out),
		cmocka_unit_test(test_unknown_devices_when_the_clock_is_set_back),
		cmocka_unit_test(test_one_that_is_configured_is_unknown_no_more),
	};

	return RUN_TESTS(tests);
}
