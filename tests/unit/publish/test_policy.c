/*
 * The pure policies of the way to the broker: topics, back-off, suspects, the
 * window, what is in flight, warnings of expiry.
 */
#include <errno.h>

#include "publish/backoff.h"
#include "publish/expiry.h"
#include "publish/flight.h"
#include "publish/suspects.h"
#include "publish/topic.h"
#include "unit/unit.h"
#include "util/cleanup.h"
#include "util/reasons.h"
#include "wardgate/reading.h"

#define SECOND INT64_C(1000000)

static void test_topics(void **state)
{
	char buf[TOPIC_MAX];
	struct reading r = { .metric = METRIC_SPO2 };

	assert_int_equal(label_new(&r.device, "bed3-oximeter"), 0);
	assert_true(topic_reading(buf, sizeof(buf), "w/s/7", NULL, &r) > 0);
	assert_string_equal(buf, "w/s/7/beds/-/bed3-oximeter/spo2");
	assert_int_equal(label_new(&r.bed, "3"), 0);
	r.instance = 2;
	assert_true(topic_reading(buf, sizeof(buf), "w/s/7", "senml", &r) > 0);
	assert_string_equal(buf, "w/s/7/senml/beds/3/bed3-oximeter/spo2.2");
	assert_true(topic_reading(buf, 10, "w/s/7", NULL, &r) < 0);
	label_unref(r.device);
	label_unref(r.bed);

	assert_true(topic_gateway(buf, sizeof(buf), "w/s/7", "gw1", "status") > 0);
	assert_string_equal(buf, "w/s/7/gateways/gw1/status");
	assert_true(topic_below(buf, sizeof(buf), "w/s/7", "alarms/x/events") > 0);
	assert_string_equal(buf, "w/s/7/alarms/x/events");
}

static void test_publishable(void **state)
{
	static const char *const no[] = { "", "a/+", "#", "a/#", "$SYS/x", "a\nb", "a\x7f" };
	char long_one[TOPIC_MAX + 1];

	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		assert_false(topic_publishable(no[i]));
	memset(long_one, 'a', sizeof(long_one));
	long_one[TOPIC_MAX] = 0;
	assert_false(topic_publishable(long_one));
	long_one[TOPIC_MAX - 1] = 0;
	assert_true(topic_publishable(long_one));
}

static void test_backoff_order(void **state)
{
	struct backoff b;

	backoff_init(&b, 3);
	assert_int_equal(b.next, 0);
	assert_int_equal(backoff_failed(&b, UINT32_MAX, false), 0);
	assert_int_equal(b.next, 1);
	assert_int_equal(backoff_failed(&b, UINT32_MAX, false), 0);
	assert_int_equal(b.next, 2);
	assert_true(backoff_failed(&b, UINT32_MAX, false) > 0);
	assert_int_equal(b.next, 0);
}

static void test_backoff_grows_to_a_minute(void **state)
{
	static const int64_t ceilings[] = { 1, 2, 4, 8, 16, 32, 60, 60, 60 };
	struct backoff b;

	backoff_init(&b, 1);
	for (size_t i = 0; i < ARRAY_SIZE(ceilings); i++) {
		struct backoff before = b;

		/* Full jitter: up to the ceiling, down to (almost) nothing. */
		assert_int_equal(backoff_failed(&before, 0, false), BACKOFF_SHORTEST_US);
		assert_in_range(backoff_failed(&b, UINT32_MAX, false), ceilings[i] * SECOND - 1,
			ceilings[i] * SECOND);
	}
	for (int i = 0; i < 100; i++)
		assert_true(backoff_failed(&b, UINT32_MAX, false) <= BACKOFF_LONGEST_US);
}

/* Accepted is not enough: a broker that accepts and kicks must not be hammered. */
static void test_only_a_confirmed_publish_resets(void **state)
{
	struct backoff b;

	backoff_init(&b, 1);
	for (int i = 0; i < 3; i++)
		backoff_failed(&b, UINT32_MAX, false);
	backoff_connected(&b, 0);
	assert_in_range(backoff_failed(&b, UINT32_MAX, false), 8 * SECOND - 1, 8 * SECOND);
	backoff_connected(&b, 0);
	backoff_confirmed(&b);
	assert_int_equal(backoff_failed(&b, UINT32_MAX, false), 0);
	assert_in_range(backoff_failed(&b, UINT32_MAX, false), SECOND - 1, SECOND);
}

static void test_back_to_the_first_after_a_proven_session(void **state)
{
	struct backoff b;

	backoff_init(&b, 2);
	backoff_failed(&b, 0, false);
	backoff_connected(&b, 1);
	backoff_confirmed(&b);
	assert_int_equal(backoff_failed(&b, UINT32_MAX, false), 0);
	assert_int_equal(b.next, 0);
	/* One that fell silent is not the next to be tried. */
	backoff_connected(&b, 0);
	backoff_confirmed(&b);
	assert_int_equal(backoff_failed(&b, UINT32_MAX, true), 0);
	assert_int_equal(b.next, 1);
	/* Unproven: the round goes on behind it. */
	backoff_connected(&b, 1);
	assert_true(backoff_failed(&b, UINT32_MAX, false) > 0);
	assert_int_equal(b.next, 0);
}

static void test_probes(void **state)
{
	static const int64_t most[] = { 5, 10, 20, 40, 60, 60 };
	struct backoff b;

	backoff_init(&b, 2);
	backoff_connected(&b, 1);
	for (size_t i = 0; i < ARRAY_SIZE(most); i++) {
		struct backoff before = b;

		assert_int_equal(backoff_probe(&before, 0), most[i] * SECOND / 2);
		assert_in_range(
			backoff_probe(&b, UINT32_MAX), most[i] * SECOND - 1, most[i] * SECOND);
	}
}

static void test_suspects_find_the_one(void **state)
{
	struct suspects s = { 0 };
	const uint64_t three[] = { 5, 6, 7 }, one[] = { 5 }, two[] = { 6 };

	assert_int_equal(suspects_lost(&s, three, 3), 0);
	assert_int_equal(suspects_lost(&s, three, 3), 0);
	assert_false(suspects_single(&s));
	assert_int_equal(suspects_lost(&s, three, 3), 0);
	assert_true(suspects_single(&s));
	/* One at a time: 5 is confirmed and was innocent. */
	suspects_clear(&s, 5);
	assert_true(suspects_single(&s));
	assert_int_equal(suspects_lost(&s, two, 1), 6);
	/* 7 was never alone in flight: it is still to be seen. */
	assert_true(suspects_single(&s));
	suspects_clear(&s, 7);
	assert_false(suspects_single(&s));
	assert_int_equal(s.count, 0);
	assert_int_equal(suspects_lost(&s, one, 1), 0);
}

static void test_suspects_need_the_same_message(void **state)
{
	struct suspects s = { 0 };

	for (uint64_t i = 1; i < 20; i++) {
		const uint64_t other[] = { i, i + 1 };

		assert_int_equal(suspects_lost(&s, other, 2), 0);
		assert_false(suspects_single(&s));
	}
}

static void test_suspects_nothing_in_flight_says_nothing(void **state)
{
	struct suspects s = { 0 };
	const uint64_t one[] = { 5 };

	suspects_lost(&s, one, 1);
	suspects_lost(&s, one, 1);
	assert_int_equal(suspects_lost(&s, NULL, 0), 0);
	suspects_lost(&s, one, 1);
	assert_true(suspects_single(&s));
	assert_int_equal(suspects_lost(&s, one, 1), 5);
	assert_int_equal(s.count, 0);
}

static void test_suspects_are_capped(void **state)
{
	struct suspects s = { 0 };
	uint64_t many[3 * SUSPECTS_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = i + 1;
	for (int i = 0; i < 3; i++)
		assert_int_equal(suspects_lost(&s, many, ARRAY_SIZE(many)), 0);
	assert_int_equal(s.count, SUSPECTS_MAX);
	assert_true(suspects_single(&s));
	for (uint64_t i = 1; i <= SUSPECTS_MAX; i++)
		suspects_clear(&s, i);
	assert_int_equal(s.count, 0);
}

static void test_window(void **state)
{
	struct window w;

	window_init(&w, 100, 20);
	assert_int_equal(w.size, 20);
	window_init(&w, 10, 65535);
	assert_int_equal(w.size, 10);
	window_init(&w, 100, 0);
	assert_int_equal(w.size, 1);
	window_init(&w, 1000000, 1000000);
	assert_int_equal(w.size, FLIGHT_MAX);

	window_init(&w, 10, 100);
	window_shrink(&w);
	assert_int_equal(w.size, 5);
	for (int i = 0; i < 4; i++)
		assert_false(window_success(&w));
	assert_true(window_success(&w));
	assert_int_equal(w.size, 6);
	for (int i = 0; i < 10; i++)
		window_shrink(&w);
	assert_int_equal(w.size, 1);
	assert_true(window_success(&w));
	assert_int_equal(w.size, 2);
	for (int i = 0; i < 1000; i++)
		window_success(&w);
	assert_int_equal(w.size, 10);
	assert_false(window_success(&w));
}

static void test_flight(void **state)
{
	_cleanup_(flight_freep) struct flight *f = NULL;
	struct flight_item item;
	char objects[4];

	assert_int_equal(flight_new(&f, 0), -EINVAL);
	assert_int_equal(flight_new(&f, FLIGHT_MAX + 1), -EINVAL);
	assert_int_equal(flight_new(&f, 3), 0);
	assert_null(flight_oldest(f));
	/* The same low bits, so one bucket. */
	for (int i = 0; i < 3; i++)
		flight_add(f, (uint16_t)(1 + i * 16384))->object = &objects[i];
	assert_null(flight_add(f, 9));
	assert_int_equal(flight_count(f), 3);
	assert_ptr_equal(flight_oldest(f)->object, &objects[0]);
	assert_int_equal(flight_take(f, 16385, &item), 0);
	assert_ptr_equal(item.object, &objects[1]);
	assert_int_equal(flight_take(f, 16385, &item), -ENOENT);
	assert_ptr_equal(flight_after(f, flight_oldest(f))->object, &objects[2]);
	assert_int_equal(flight_take(f, 1, &item), 0);
	assert_ptr_equal(flight_oldest(f)->object, &objects[2]);
	flight_add(f, 65535)->object = &objects[3];
	assert_int_equal(flight_take(f, 32769, &item), 0);
	assert_ptr_equal(flight_oldest(f)->object, &objects[3]);
	assert_null(flight_after(f, flight_oldest(f)));

	flight_add(f, 7)->object = &objects[0];
	assert_int_equal(flight_grow(&f, 2), 0);
	assert_int_equal(flight_grow(&f, 500), 0);
	assert_int_equal(flight_count(f), 2);
	assert_ptr_equal(flight_oldest(f)->object, &objects[3]);
	for (uint16_t mid = 100; mid < 598; mid++)
		assert_non_null(flight_add(f, mid));
	assert_null(flight_add(f, 9));
	assert_int_equal(flight_take(f, 7, &item), 0);
	assert_ptr_equal(item.object, &objects[0]);
}

/* Through all message ids twice, acknowledged out of order. */
static void test_flight_round_the_clock(void **state)
{
	_cleanup_(flight_freep) struct flight *f = NULL;
	struct flight_item item;
	uint16_t mid = 0;

	assert_int_equal(flight_new(&f, 8), 0);
	for (int i = 0; i < 2 * 65535 / 8; i++) {
		uint16_t first = mid;

		for (int k = 0; k < 8; k++) {
			mid = mid == 65535 ? 1 : (uint16_t)(mid + 1);
			assert_non_null(flight_add(f, mid));
		}
		assert_int_equal(flight_take(f, mid, &item), 0);
		for (int k = 1; k < 8; k++) {
			first = first == 65535 ? 1 : (uint16_t)(first + 1);
			assert_int_equal(flight_oldest(f)->mid, first);
			assert_int_equal(flight_take(f, first, &item), 0);
		}
		assert_int_equal(flight_count(f), 0);
	}
}

static void test_expiry(void **state)
{
	const int64_t day = 86400 * SECOND, end = 1000 * day;
	struct expiry x = { 0 };

	assert_int_equal(expiry_check(&x, 0), EXPIRY_NONE);
	expiry_set(&x, end);
	assert_int_equal(expiry_check(&x, end - 31 * day), EXPIRY_NONE);
	assert_int_equal(expiry_check(&x, end - 30 * day), 30);
	assert_int_equal(expiry_check(&x, end - 29 * day), EXPIRY_NONE);
	assert_int_equal(expiry_check(&x, end - 7 * day), 7);
	assert_int_equal(expiry_check(&x, end - 2 * day), EXPIRY_NONE);
	assert_int_equal(expiry_check(&x, end - day), 1);
	assert_int_equal(expiry_check(&x, end - day), EXPIRY_NONE);
	assert_int_equal(expiry_check(&x, end), 0);
	assert_int_equal(expiry_check(&x, end + day), EXPIRY_NONE);
	/* The same again is no news; a renewed one is. */
	expiry_set(&x, end);
	assert_int_equal(expiry_check(&x, end), EXPIRY_NONE);
	expiry_set(&x, end + 20 * day);
	assert_int_equal(expiry_check(&x, end), 30);
	/* Found late: the nearest threshold alone. */
	expiry_set(&x, end + 1);
	assert_int_equal(expiry_check(&x, end), 1);
}

static void test_reasons(void **state)
{
	assert_string_equal(reason_text(0x97), "quota exceeded");
	assert_string_equal(reason_text(0xfe), "unknown reason");
	assert_string_equal(reason_connack_text(5), "not authorised");
	assert_string_equal(reason_connack_text(77), "unknown reason");
	assert_true(reason_blames_message(0x95));
	assert_false(reason_blames_message(0x8b));
	assert_false(reason_blames_message(0x8e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_topics),
		cmocka_unit_test(test_publishable),
		cmocka_unit_test(test_backoff_order),
		cmocka_unit_test(test_backoff_grows_to_a_minute),
		cmocka_unit_test(test_only_a_confirmed_publish_resets),
		cmocka_unit_test(test_back_to_the_first_after_a_proven_session),
		cmocka_unit_test(test_probes),
		cmocka_unit_test(test_suspects_find_the_one),
		cmocka_unit_test(test_suspects_need_the_same_message),
		cmocka_unit_test(test_suspects_nothing_in_flight_says_nothing),
		cmocka_unit_test(test_suspects_are_capped),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_flight),
		cmocka_unit_test(test_flight_round_the_clock),
		cmocka_unit_test(test_expiry),
		cmocka_unit_test(test_reasons),
	};

	return RUN_TESTS(tests);
}
