/*
 * The heap of deadlines, against a plain list.
 */
#include "unit/unit.h"

#include "coap/timers.h"

#define COUNT 200

struct owner {
	struct timer timer; /* first */
	struct timers *timers;
	int64_t again_us; /* INT64_MAX: not again */
	unsigned calls;
	int64_t called_us;
};

static int64_t on_due(struct timer *t, int64_t now_us)
{
	struct owner *o = (struct owner *)t;

	o->calls++;
	o->called_us = now_us;
	return o->again_us;
}

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

static void test_each_is_called_when_it_is_due(void **state)
{
	struct timers ts = { 0 };
	struct owner owners[COUNT] = { 0 };
	int64_t due[COUNT];
	uint32_t seed = 1;

	for (size_t i = 0; i < COUNT; i++) {
		owners[i].timer.fn = on_due;
		owners[i].again_us = INT64_MAX;
		due[i] = INT64_MAX;
	}
	for (int round = 0; round < 20000; round++) {
		size_t i = next_random(&seed) % COUNT;
		int64_t at = next_random(&seed) % 100000;
		int64_t first = INT64_MAX;

		if (next_random(&seed) % 4 == 0) {
			timers_drop(&ts, &owners[i].timer);
			due[i] = INT64_MAX;
		} else {
			assert_int_equal(timers_set(&ts, &owners[i].timer, at), 0);
			if (at < due[i])
				due[i] = at;
		}
		for (size_t k = 0; k < COUNT; k++)
			first = due[k] < first ? due[k] : first;
		assert_int_equal(timers_next(&ts), first);
	}
	for (int64_t now = 0; now <= 100000; now += 1000) {
		timers_run(&ts, now, COUNT);
		for (size_t k = 0; k < COUNT; k++) {
			assert_int_equal(owners[k].calls, due[k] <= now);
			if (owners[k].calls && owners[k].called_us == now)
				assert_true(due[k] > now - 1000);
		}
	}
	assert_int_equal(timers_next(&ts), INT64_MAX);
	timers_done(&ts);
}

static void test_again_and_batches(void **state)
{
	struct timers ts = { 0 };
	struct owner owners[3] = { 0 };

	for (size_t i = 0; i < 3; i++) {
		owners[i].timer.fn = on_due;
		owners[i].again_us = 50;
		assert_int_equal(timers_set(&ts, &owners[i].timer, (int64_t)i), 0);
	}
	timers_run(&ts, 10, 2);
	assert_int_equal(owners[0].calls + owners[1].calls, 2);
	assert_int_equal(owners[2].calls, 0);
	assert_int_equal(timers_next(&ts), 2);
	timers_run(&ts, 10, 100);
	assert_int_equal(owners[2].calls, 1);
	assert_int_equal(timers_next(&ts), 50);

	/* later does not move it, and for ever is no deadline */
	assert_int_equal(timers_set(&ts, &owners[0].timer, 60), 0);
	assert_int_equal(timers_set(&ts, &owners[0].timer, INT64_MAX), 0);
	assert_int_equal(timers_next(&ts), 50);
	timers_done(&ts);
	assert_int_equal(owners[0].timer.place, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_is_called_when_it_is_due),
		cmocka_unit_test(test_again_and_batches),
	};

	return RUN_TESTS(tests);
}
