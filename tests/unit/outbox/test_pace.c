/*
 * How many of the backlog go out at a time, on ways of different length. The
 * way is simulated: a fixed delay, and a broker that takes them one by one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "outbox/pace.h"

/* Sends 20,000 as pace allows over a way of delay_us to a broker that needs service_us for each.
 * Returns the time that it takes. */
static int64_t drain(struct pace *p, int64_t delay_us, int64_t service_us, size_t most)
{
	int64_t sent[64], now = 1000000, broker_free = 0, begin = now;
	size_t head = 0, in_flight = 0;

	for (int done = 0; done < 20000;) {
		while (in_flight < p->limit && in_flight < most) {
			int64_t arrives = now + delay_us / 2;

			broker_free = (broker_free > arrives ? broker_free : arrives) + service_us;
			sent[(head + in_flight++) % 64] = now;
		}
		/* The oldest is answered first. */
		{
			int64_t at =
				broker_free - (int64_t)(in_flight - 1) * service_us + delay_us / 2;
			int64_t floor = sent[head % 64] + delay_us + service_us;

			if (at < floor)
				at = floor;
			if (at > now)
				now = at;
			pace_answered(p, now, now - sent[head % 64], most);
			head++;
			in_flight--;
			done++;
		}
	}
	return now - begin;
}

static void test_a_short_way_needs_few(void **state)
{
	struct pace p;

	pace_begin(&p);
	(void)drain(&p, 30, 10, 50);
	assert_in_range(p.limit, PACE_LEAST, 16);
}

static void test_a_long_way_takes_all(void **state)
{
	struct pace p;

	pace_begin(&p);
	(void)drain(&p, 20000, 10, 50);
	assert_int_equal(p.limit, 50);
}

static void test_a_short_way_keeps_the_pace(void **state)
{
	struct pace p, all;
	int64_t few_us, all_us;

	pace_begin(&p);
	few_us = drain(&p, 30, 10, 50);
	pace_begin(&all);
	all.limit = 50;
	all_us = drain(&all, 30, 10, 50);
	assert_true(few_us <= all_us + all_us / 10);
}

static void test_a_way_that_became_longer(void **state)
{
	struct pace p;

	pace_begin(&p);
	(void)drain(&p, 30, 10, 50);
	for (int64_t now = 20000000; now < 60000000; now += 2000)
		pace_answered(&p, now, 20000, 50);
	assert_int_equal(p.limit, 50);
}

static void test_never_beyond_the_window(void **state)
{
	struct pace p;

	pace_begin(&p);
	(void)drain(&p, 20000, 10, 3);
	assert_int_equal(p.limit, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_short_way_needs_few),
		cmocka_unit_test(test_a_long_way_takes_all),
		cmocka_unit_test(test_a_short_way_keeps_the_pace),
		cmocka_unit_test(test_a_way_that_became_longer),
		cmocka_unit_test(test_never_beyond_the_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
