/*
 * Stamps taken before the clock is synchronised: which corrections follow,
 * when the state file is written, and what a restart, a kill and another boot
 * leave of it. The wall clock is the test's own.
 */
#include "world.h"

/* A gateway that never synchronised yet, its clock so many seconds after the beginning of 1970. */
static void begin_wrong(struct world *w, const struct place *p, const char *epoch, int64_t seconds)
{
	wall_synchronised = false;
	wall_offset_us = seconds * SECOND;
	begin(w, p, epoch, 1000);
}

/* Sets the clock right, or to something else, and lets the gateway see it. */
static void step(struct world *w, int64_t seconds, bool synchronised)
{
	wall_offset_us = seconds * SECOND;
	wall_synchronised = synchronised;
	clock_look(gateway_clock(w->gateway));
}

static void take(struct world *w, unsigned count)
{
	struct reading r = number(97, 0);

	while (count-- > 0)
		assert_int_equal(submit(w, &r, 1), 0);
}

/* Confirms all that is to be sent; returns the last clock record's inside from "step_ms" to "time",
 * "" when there was none. */
static const char *confirm_all(struct world *w)
{
	static char text[4096];
	struct outbox_entry *e;

	text[0] = 0;
	for (e = send_next(w); e; e = send_next(w)) {
		const struct message *m = sent(e);
		const char *at = m->kind == MESSAGE_RECORD ? strstr(m->body, "\"step_ms\"") : NULL;

		if (at && strstr(m->body, "\"record\":\"clock\""))
			(void)snprintf(text, sizeof(text), "%.*s",
				(int)(strstr(at, ",\"time\"") - at), at);
		outbox_confirmed(w->outbox, e);
	}
	return text;
}

/* What the state file says now. */
static struct epoch save(const struct world *w, uint64_t counter, uint32_t random, bool clean)
{
	struct epoch e = { .counter = counter, .random = random, .clean = clean }, back;
	char buf[EPOCH_FILE_MAX];
	size_t n;

	gateway_fill_epoch(w->gateway, &e);
	n = epoch_format(&e, buf, sizeof(buf));
	assert_int_equal(epoch_parse(buf, n, &back), 0);
	return back;
}

static void test_a_synchronised_clock_needs_nothing(void **state)
{
	struct world w;

	wall_synchronised = true;
	wall_offset_us = YEAR_2026;
	begin(&w, NULL, "1-00000001", 100);
	take(&w, 3);
	wall_offset_us += 3 * SECOND;
	clock_look(gateway_clock(w.gateway));
	assert_string_equal(confirm_all(&w), "\"step_ms\":3000");
	assert_int_equal(w.saves, 0);
	assert_true(save(&w, 1, 1, false).synchronised);
	end(&w);
}

static void test_steps_before_the_first_synchronisation(void **state)
{
	struct epoch e;
	struct world w;

	begin_wrong(&w, NULL, "1-00000001", 0);
	assert_int_equal(w.saves, 0);
	take(&w, 3); /* 1 to 3 */
	assert_int_equal(w.saves, 1);
	step(&w, 3600, false); /* its record is 4 */
	assert_string_equal(confirm_all(&w), "\"step_ms\":3600000");
	take(&w, 2); /* 5, 6 */
	assert_int_equal(w.saves, 2);
	e = save(&w, 1, 1, false);
	assert_int_equal(e.corrections.count, 2);
	assert_int_equal(e.corrections.spans[0].last, 3);
	assert_int_equal(e.corrections.spans[1].first, 4);
	assert_int_equal(e.corrections.spans[1].last, 0);

	step(&w, 1795000000, true); /* 7 is right */
	assert_int_equal(w.saves, 3);
	e = save(&w, 1, 1, false);
	assert_true(e.synchronised);
	assert_int_equal(e.corrections.spans[1].last, 6);
	assert_string_equal(confirm_all(&w),
		"\"step_ms\":1794996400000,\"corrections\":["
		"{\"epoch\":\"1-00000001\",\"first\":1,\"last\":3,\"add_ms\":1795000000000},"
		"{\"epoch\":\"1-00000001\",\"first\":4,\"last\":6,\"add_ms\":1794996400000}]");
	/* Confirmed: there is nothing more to keep. */
	assert_int_equal(w.saves, 4);
	assert_int_equal(save(&w, 1, 1, false).corrections.count, 0);

	/* Later steps and losses of synchronisation are of a clock that was right. */
	take(&w, 1);
	step(&w, 1795000005, false);
	assert_string_equal(confirm_all(&w), "\"step_ms\":5000");
	take(&w, 1);
	step(&w, 1795000005, true);
	assert_string_equal(confirm_all(&w), "\"step_ms\":0");
	assert_int_equal(w.saves, 4);
	end(&w);
}

/* Too small for a record of its own, a step still is one. */
static void test_a_small_step(void **state)
{
	struct world w;

	begin_wrong(&w, NULL, "1-00000001", 100);
	take(&w, 1);
	wall_offset_us += 50000;
	take(&w, 1);
	step(&w, 200, true);
	assert_string_equal(confirm_all(&w),
		"\"step_ms\":100000,\"corrections\":["
		"{\"epoch\":\"1-00000001\",\"first\":1,\"last\":1,\"add_ms\":100000},"
		"{\"epoch\":\"1-00000001\",\"first\":2,\"last\":2,\"add_ms\":99950}]");
	end(&w);
}

/* A clock that was right by chance is confirmed to be. */
static void test_nothing_to_add(void **state)
{
	struct world w;

	begin_wrong(&w, NULL, "1-00000001", 1795000000);
	take(&w, 2);
	step(&w, 1795000000, true);
	assert_string_equal(confirm_all(&w), "\"step_ms\":0,\"corrections\":[{\"epoch\":\"1-"
					     "00000001\",\"first\":1,\"last\":2,\"add_ms\":0}]");
	end(&w);
}

static void test_many_steps_say_how_wrong(void **state)
{
	const char *text;
	struct world w;

	begin_wrong(&w, NULL, "1-00000001", 0);
	for (int64_t i = 0; i < CORRECTIONS_MAX; i++) {
		wall_offset_us = i * i * SECOND;
		take(&w, 1);
	}
	wall_offset_us = 1000 * SECOND;
	take(&w, 1);
	step(&w, 2000, true);
	text = confirm_all(&w);
	/* 1 and 2 were 1 s apart, nearer than all others. */
	assert_non_null(
		strstr(text, "\"first\":1,\"last\":2,\"add_ms\":1999500,\"error_ms\":500}"));
	assert_non_null(strstr(text, "\"first\":3,\"last\":3,\"add_ms\":1996000}"));
	assert_non_null(strstr(text, "\"first\":17,\"last\":17,\"add_ms\":1000000}]"));
	end(&w);
}

/* Five readings by a clock that is wrong; then it stops, or is killed. */
static struct epoch first_run(const struct place *p, bool stops)
{
	struct epoch e;
	struct world w;

	begin_wrong(&w, p, "1-00000001", 0);
	take(&w, 5);
	e = save(&w, 1, 1, stops);
	end(&w);
	return e;
}

/* The record may be lost with this run: until it is safe, the next one repeats it. */
static void test_kept_until_the_record_is_safe(void **state)
{
	const char *const corrections =
		"\"step_ms\":0,\"corrections\":[{\"epoch\":\"1-00000001\",\"first\":1,\"last\":2,"
		"\"add_ms\":1795000000000}]";
	struct epoch e;
	struct world w;

	begin_wrong(&w, NULL, "1-00000001", 0);
	take(&w, 2);
	step(&w, 1795000000, true);
	e = save(&w, 1, 1, false);
	end(&w);
	for (int run = 0; run < 2; run++) {
		begin(&w, NULL, "2-00000002", 100);
		gateway_take_over(w.gateway, &e);
		e = save(&w, 2, 2, false);
		assert_int_equal(e.corrections.count, 1);
		if (run == 1) {
			assert_string_equal(confirm_all(&w), corrections);
			assert_int_equal(save(&w, 2, 2, false).corrections.count, 0);
			assert_int_equal(w.saves, 1);
		}
		end(&w);
	}
}

/* The ledger's patience ends; the gateway's does not. */
static void test_waits_on_while_nothing_is_safe(void **state)
{
	struct world w;

	begin_wrong(&w, NULL, "1-00000001", 0);
	take(&w, 1);
	step(&w, 1795000000, true);
	(void)outbox_tick(w.outbox, boottime_us() + LEDGER_PATIENCE_US + SECOND);
	assert_int_equal(w.unsafe, 1); /* the reading's receipt */
	assert_int_equal(save(&w, 1, 1, false).corrections.count, 1);
	/* The gateway's own timer waits again. */
	assert_true(sd_event_run(w.event, (uint64_t)(5 * SECOND)) > 0);
	(void)confirm_all(&w);
	assert_int_equal(save(&w, 1, 1, false).corrections.count, 0);
	end(&w);
}

static void test_restarts_within_a_boot(void **state)
{
	struct epoch e;
	struct world w;

	/* A clean end: the last number is known. */
	e = first_run(NULL, true);
	/* A kill: all from the first on. */
	begin_wrong(&w, NULL, "2-00000002", 10);
	gateway_take_over(w.gateway, &e);
	take(&w, 4);
	e = save(&w, 2, 2, false);
	take(&w, 1);
	end(&w);
	begin_wrong(&w, NULL, "3-00000003", 10);
	gateway_take_over(w.gateway, &e);
	take(&w, 1);
	step(&w, 100, true);
	assert_string_equal(confirm_all(&w),
		"\"step_ms\":90000,\"corrections\":["
		"{\"epoch\":\"1-00000001\",\"first\":1,\"last\":5,\"add_ms\":100000},"
		"{\"epoch\":\"2-00000002\",\"first\":1,\"add_ms\":90000},"
		"{\"epoch\":\"3-00000003\",\"first\":1,\"last\":1,\"add_ms\":90000}]");
	end(&w);
}

/* The file is written by another thread. What it does not say yet, the shared memory does. */
static void test_a_kill_before_the_file_is_written(void **state)
{
	struct epoch e;
	struct world w;
	struct place p;

	place_begin(&p);
	begin_wrong(&w, &p, "1-00000001", 0);
	take(&w, 5);
	e = save(&w, 1, 1, false); /* the last that reached the disk */
	wall_offset_us = 40 * SECOND;
	take(&w, 5);
	end(&w);
	begin_wrong(&w, &p, "2-00000002", 40);
	gateway_take_over(w.gateway, &e);
	take(&w, 1);
	end(&w);
	/* Nor did anything of the second run reach it. */
	begin_wrong(&w, &p, "3-00000003", 40);
	gateway_take_over(w.gateway, &e);
	step(&w, 100, true);
	assert_string_equal(confirm_all(&w),
		"\"step_ms\":60000,\"corrections\":["
		"{\"epoch\":\"1-00000001\",\"first\":1,\"last\":5,\"add_ms\":100000},"
		"{\"epoch\":\"1-00000001\",\"first\":6,\"add_ms\":60000},"
		"{\"epoch\":\"2-00000002\",\"first\":1,\"add_ms\":60000}]");
	end(&w);
	/* Published for good: the file of old is not believed. */
	begin(&w, &p, "4-00000004", 100);
	gateway_take_over(w.gateway, &e);
	assert_string_equal(confirm_all(&w), "");
	end(&w);
	place_end(&p);
}

/* A clean end says more than the shared memory does. */
static void test_a_clean_end_counts(void **state)
{
	struct epoch e;
	struct world w;
	struct place p;

	place_begin(&p);
	e = first_run(&p, true);
	begin_wrong(&w, &p, "2-00000002", 0);
	gateway_take_over(w.gateway, &e);
	step(&w, 100, true);
	assert_string_equal(confirm_all(&w),
		"\"step_ms\":100000,\"corrections\":["
		"{\"epoch\":\"1-00000001\",\"first\":1,\"last\":5,\"add_ms\":100000}]");
	end(&w);
	place_end(&p);
}

static void test_synchronised_while_it_was_down(void **state)
{
	struct epoch e;
	struct world w;

	e = first_run(NULL, false);
	wall_synchronised = true;
	wall_offset_us = 60 * SECOND;
	begin(&w, NULL, "2-00000002", 100);
	gateway_take_over(w.gateway, &e);
	assert_string_equal(confirm_all(&w),
		"\"step_ms\":0,\"corrections\":["
		"{\"epoch\":\"1-00000001\",\"first\":1,\"add_ms\":60000}]");
	end(&w);
}

static void test_another_boot(void **state)
{
	struct epoch e;
	struct world w;

	e = first_run(NULL, false);
	e.boot[0] = e.boot[0] == '0' ? '1' : '0';
	e.synchronised = true;
	begin_wrong(&w, NULL, "2-00000002", 0);
	gateway_take_over(w.gateway, &e);
	/* The stamps of the other boot say nothing about this one. */
	assert_int_equal(clock_state(gateway_clock(w.gateway)), CLOCK_UNSYNCHRONISED);
	assert_int_equal(save(&w, 2, 2, false).corrections.count, 0);
	step(&w, 60, true);
	assert_string_equal(confirm_all(&w), "\"step_ms\":60000");
	end(&w);
}

/* What an earlier run of this boot saw synchronised is in holdover, not unknown. */
static void test_holdover_over_a_restart(void **state)
{
	struct reading r = number(97, 0);
	struct epoch e;
	struct world w;

	wall_synchronised = true;
	begin(&w, NULL, "1-00000001", 100);
	e = save(&w, 1, 1, false);
	end(&w);
	wall_synchronised = false;
	begin(&w, NULL, "2-00000002", 100);
	gateway_take_over(w.gateway, &e);
	assert_int_equal(submit(&w, &r, 1), 0);
	assert_int_equal(sent(send_next(&w))->reading.clock, CLOCK_HOLDOVER);
	assert_int_equal(w.saves, 0);
	end(&w);
}

/* A value that is taken again keeps the clock that its number has a correction for. */
static void test_taken_again_under_the_old_clock(void **state)
{
	struct reading r = number(97, 5);
	struct epoch e;
	struct outbox_entry *x;
	int64_t ahead_us;
	struct world w;
	struct place p;

	place_begin(&p);
	begin_wrong(&w, &p, "1-00000001", 1000);
	assert_int_equal(submit(&w, &r, 1), 0);
	e = save(&w, 1, 1, false);
	end(&w);

	begin_wrong(&w, &p, "2-00000002", 5000);
	gateway_take_over(w.gateway, &e);
	assert_int_equal(submit(&w, &r, 1), 0);
	x = send_next(&w);
	assert_string_equal(label_text(sent(x)->reading.epoch, "-"), "1-00000001");
	assert_int_equal(sent(x)->reading.clock, CLOCK_UNSYNCHRONISED);
	ahead_us = sent(x)->reading.received_us - sent(x)->reading.received_boot_us - 1000 * SECOND;
	assert_in_range(ahead_us + 1000, 0, 2000);
	end(&w);

	/* Once the clock is right, so is the stamp. */
	wall_synchronised = true;
	wall_offset_us = YEAR_2026;
	begin(&w, &p, "3-00000003", 100);
	gateway_take_over(w.gateway, &e);
	assert_int_equal(submit(&w, &r, 1), 0);
	x = send_next(&w);
	while (sent(x)->kind != MESSAGE_READING)
		x = send_next(&w);
	assert_string_equal(label_text(sent(x)->reading.epoch, "-"), "1-00000001");
	assert_int_equal(sent(x)->reading.clock, CLOCK_SYNCHRONISED);
	assert_true(sent(x)->reading.received_us > YEAR_2026);
	end(&w);
	place_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_synchronised_clock_needs_nothing),
		cmocka_unit_test(test_steps_before_the_first_synchronisation),
		cmocka_unit_test(test_a_small_step),
		cmocka_unit_test(test_nothing_to_add),
		cmocka_unit_test(test_many_steps_say_how_wrong),
		cmocka_unit_test(test_kept_until_the_record_is_safe),
		cmocka_unit_test(test_waits_on_while_nothing_is_safe),
		cmocka_unit_test(test_restarts_within_a_boot),
		cmocka_unit_test(test_a_kill_before_the_file_is_written),
		cmocka_unit_test(test_a_clean_end_counts),
		cmocka_unit_test(test_synchronised_while_it_was_down),
		cmocka_unit_test(test_another_boot),
		cmocka_unit_test(test_holdover_over_a_restart),
		cmocka_unit_test(test_taken_again_under_the_old_clock),
	};

	return RUN_TESTS(tests);
}
