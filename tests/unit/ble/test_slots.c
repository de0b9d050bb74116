/*
 * Slots shared by streams and by devices that come and go: who was served, when,
 * and who was not.
 */
#include "unit/ble/slots_ward.h"

#include "unit/unit.h"

/* ---- streams ---- */

static void test_streams_that_fit_keep_their_slots(void **state)
{
	(void)state;
	setup(30, 0, SLOTS_TENURE_US);
	for (unsigned i = 0; i < 30; i++)
		(void)add(SLOTS_STREAM, ANSWERS);
	run(3600 * S);
	assert_int_equal(ward.open, 30);
	for (size_t i = 0; i < ward.count; i++) {
		assert_int_equal(ward.list[i].attempts, 1);
		assert_int_equal(ward.list[i].cut, 0);
	}
	teardown();
}

static void test_thirty_streams_over_eight_slots_all_have_their_turns(void **state)
{
	int64_t least = INT64_MAX, most = 0;
	struct slots_view v;

	(void)state;
	setup(8, 0, SLOTS_TENURE_US);
	for (unsigned i = 0; i < 30; i++)
		(void)add(SLOTS_STREAM, ANSWERS);
	run(4 * 3600 * S);
	assert_int_equal(ward.most, 8);
	for (size_t i = 0; i < ward.count; i++) {
		struct bedside *d = &ward.list[i];

		if (d->open)
			d->open_us += ward.now_us - d->opened_us;
		least = d->open_us < least ? d->open_us : least;
		most = d->open_us > most ? d->open_us : most;
		/* nobody waits longer than for the turns of all others, and a little */
		assert_true(d->longest_wait_us < SLOTS_TENURE_US * 30 / 8 * 3 / 2);
		/* nobody is cut before his time */
		assert_true(d->open_us >= (int64_t)d->cut * SLOTS_TENURE_US);
	}
	assert_true(most < least * 3 / 2);
	slots_look(ward.slots, ward.now_us, &v);
	assert_int_equal(v.limit, 8); /* learnt */
	assert_true(v.refused > 0 && v.refused < 40);
	assert_int_equal(v.waiting_streams, 22);
	assert_true(v.gave_way > 0);
	teardown();
}

static void test_without_a_tenure_who_has_a_slot_keeps_it(void **state)
{
	struct bedside *leaver = NULL;
	unsigned never = 0;

	(void)state;
	setup(8, 8, SLOTS_NEVER);
	for (unsigned i = 0; i < 10; i++)
		(void)add(SLOTS_STREAM, ANSWERS);
	run(3600 * S);
	for (size_t i = 0; i < ward.count; i++) {
		assert_int_equal(ward.list[i].cut, 0);
		never += ward.list[i].served == 0;
		if (ward.list[i].open)
			leaver = &ward.list[i];
	}
	assert_int_equal(never, 2);
	assert_non_null(leaver);
	end(leaver, SLOTS_SERVED);
	run(60 * S);
	assert_false(leaver->open);
	assert_int_equal(ward.open, 8);
	teardown();
}

static void test_a_stream_whose_link_breaks_gets_its_slot_back(void **state)
{
	struct bedside *broken;

	(void)state;
	setup(2, 2, SLOTS_NEVER);
	for (unsigned i = 0; i < 6; i++)
		(void)add(SLOTS_STREAM, ANSWERS);
	run(120 * S);
	broken = &ward.list[0];
	while (!broken->open)
		broken++;
	end(broken, SLOTS_LOST);
	run(10 * S);
	assert_true(broken->open);
	/* but only if it comes back soon: it has gone away */
	run(60 * S);
	end(broken, SLOTS_LOST);
	broken->every_us = 36000 * S;
	run(10 * S);
	assert_int_equal(ward.open, 1);
	run(10 * S);
	assert_int_equal(ward.open, 2);
	assert_false(broken->open);
	teardown();
}

/* ---- devices that come and go ---- */

static void test_a_hundred_episodic_devices_over_two_slots_are_all_served(void **state)
{
	(void)state;
	setup(2, 2, SLOTS_TENURE_US);
	for (unsigned i = 0; i < 100; i++)
		(void)add(SLOTS_EPISODIC, ANSWERS);
	run(3600 * S);
	for (size_t i = 0; i < ward.count; i++) {
		/* a round takes 100 visits of some 4 s over two slots */
		assert_true(ward.list[i].served >= 3600 / 210 / 2);
		assert_true(ward.list[i].longest_wait_us < 2 * 230 * S);
	}
	teardown();
}

static void test_bursts_of_advertising_are_served_while_they_last(void **state)
{
	unsigned served = 0;

	(void)state;
	setup(8, 8, SLOTS_TENURE_US);
	for (unsigned i = 0; i < 20; i++) { /* more than there are slots */
		(void)add(SLOTS_STREAM, ANSWERS);
	}
	for (unsigned i = 0; i < 20; i++) {
		struct bedside *d = add(SLOTS_EPISODIC, ANSWERS);

		d->every_us = 600 * S;
		d->burst_us = 30 * S;
		d->phase_us = (int64_t)i * 31 * S;
	}
	run(3600 * S);
	for (size_t i = 20; i < ward.count; i++) {
		served += ward.list[i].served;
		assert_true(ward.list[i].served >= 5);
	}
	assert_true(served >= 20 * 6 - 4);
	/* two slots are theirs, and those alone */
	assert_true(open_of(SLOTS_STREAM) == 6);
	teardown();
}

static void test_streams_that_took_all_slots_make_room_for_the_first_visitor(void **state)
{
	struct bedside *visitor;
	unsigned cut = 0;

	(void)state;
	setup(5, 5, SLOTS_NEVER);
	for (unsigned i = 0; i < 5; i++)
		(void)add(SLOTS_STREAM, ANSWERS);
	run(60 * S);
	assert_int_equal(open_of(SLOTS_STREAM), 5);
	visitor = add(SLOTS_EPISODIC, ANSWERS);
	visitor->every_us = 600 * S;
	visitor->burst_us = 30 * S;
	visitor->phase_us = visitor->every_us - ward.now_us % visitor->every_us;
	run(10 * S);
	assert_int_equal(visitor->served, 1);
	run(600 * S);
	assert_int_equal(visitor->served, 2);
	/* once: from then on there is a slot for those that come and go */
	for (unsigned i = 0; i < 5; i++)
		cut += ward.list[i].cut;
	assert_int_equal(cut, 1);
	assert_int_equal(open_of(SLOTS_STREAM), 4);
	teardown();
}

static void test_visitors_that_never_cease_do_not_keep_streams_out(void **state)
{
	(void)state;
	setup(4, 4, SLOTS_NEVER);
	for (unsigned i = 0; i < 20; i++)
		(void)add(SLOTS_EPISODIC, ANSWERS);
	run(60 * S);
	for (unsigned i = 0; i < 3; i++)
		(void)add(SLOTS_STREAM, ANSWERS);
	run(30 * S);
	assert_int_equal(open_of(SLOTS_STREAM), 3);
	run(600 * S);
	assert_int_equal(open_of(SLOTS_STREAM), 3);
	for (unsigned i = 0; i < 20; i++)
		assert_true(ward.list[i].served >= 4);
	teardown();
}

static void test_one_leaves_at_a_time(void **state)
{
	enum slots_why why;
	unsigned ids[4], id, first;

	(void)state;
	setup(2, 2, SLOTS_TENURE_US);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(slots_add(ward.slots, SLOTS_STREAM, NULL, &ids[i]), 0);
		if (i >= 2)
			continue;
		(void)slots_heard(ward.slots, ids[i], ward.now_us);
		assert_int_equal(slots_next(ward.slots, ward.now_us, &id, &why), SLOTS_CONNECT);
		slots_connected(ward.slots, id, ward.now_us);
	}
	ward.now_us += SLOTS_TENURE_US;
	(void)slots_heard(ward.slots, ids[2], ward.now_us);
	(void)slots_heard(ward.slots, ids[3], ward.now_us);
	assert_int_equal(slots_next(ward.slots, ward.now_us, &first, &why), SLOTS_RELEASE);
	assert_int_equal(why, SLOTS_WHY_TURN);
	/* it takes its time: what it has indicated is not safe yet */
	assert_int_equal(slots_next(ward.slots, ward.now_us, &id, &why), SLOTS_NOTHING);
	slots_ended(ward.slots, first, SLOTS_GAVE_WAY, ward.now_us);
	assert_int_equal(slots_next(ward.slots, ward.now_us, &id, &why), SLOTS_CONNECT);
	assert_true(id == ids[2] || id == ids[3]);
	assert_int_equal(slots_next(ward.slots, ward.now_us, &id, &why), SLOTS_RELEASE);
	assert_true(id != first && id < 2);
	teardown();
}

static void test_one_slot_serves_a_stream_and_visitors(void **state)
{
	struct bedside *stream, *visitor;

	(void)state;
	setup(1, 1, SLOTS_TENURE_US);
	stream = add(SLOTS_STREAM, ANSWERS);
	visitor = add(SLOTS_EPISODIC, ANSWERS);
	visitor->every_us = 300 * S;
	visitor->burst_us = 90 * S;
	run(3600 * S);
	assert_true(visitor->served >= 11);
	if (stream->open)
		stream->open_us += ward.now_us - stream->opened_us;
	assert_true(stream->open_us > 3000 * S);
	teardown();
}

static void test_a_visit_that_does_not_end_makes_room_for_others(void **state)
{
	struct bedside *d, *other;

	(void)state;
	setup(1, 1, SLOTS_TENURE_US);
	d = add(SLOTS_EPISODIC, ANSWERS);
	d->visit_us = 36000 * S;
	run(400 * S);
	assert_true(d->open); /* nobody else wants it */
	other = add(SLOTS_EPISODIC, ANSWERS);
	run(10 * S);
	assert_int_equal(d->cut, 1);
	assert_int_equal(other->served, 1);
	teardown();
}

static void test_what_brought_nothing_rests_but_a_new_burst_is_served_at_once(void **state)
{
	enum slots_why why;
	unsigned id, visits = 0;

	(void)state;
	setup(4, 4, SLOTS_TENURE_US);
	assert_int_equal(slots_add(ward.slots, SLOTS_EPISODIC, NULL, &id), 0);
	/* it advertises for ever and has nothing to say */
	for (; ward.now_us < 1000 * S + 600 * S; ward.now_us += S) {
		(void)slots_heard(ward.slots, id, ward.now_us);
		if (slots_next(ward.slots, ward.now_us, &id, &why) != SLOTS_CONNECT)
			continue;
		visits++;
		slots_connected(ward.slots, id, ward.now_us);
		slots_ended(ward.slots, id, SLOTS_EMPTY, ward.now_us);
	}
	assert_true(visits >= 9 && visits <= 16); /* once a minute, in the end */
	ward.now_us += SLOTS_BURST_US;
	assert_true(slots_heard(ward.slots, id, ward.now_us));
	assert_int_equal(slots_next(ward.slots, ward.now_us, &id, &why), SLOTS_CONNECT);
	teardown();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_streams_that_fit_keep_their_slots),
		cmocka_unit_test(test_thirty_streams_over_eight_slots_all_have_their_turns),
		cmocka_unit_test(test_without_a_tenure_who_has_a_slot_keeps_it),
		cmocka_unit_test(test_a_stream_whose_link_breaks_gets_its_slot_back),
		cmocka_unit_test(test_a_hundred_episodic_devices_over_two_slots_are_all_served),
		cmocka_unit_test(test_bursts_of_advertising_are_served_while_they_last),
		cmocka_unit_test(test_streams_that_took_all_slots_make_room_for_the_first_visitor),
		cmocka_unit_test(test_visitors_that_never_cease_do_not_keep_streams_out),
		cmocka_unit_test(test_one_leaves_at_a_time),
		cmocka_unit_test(test_one_slot_serves_a_stream_and_visitors),
		cmocka_unit_test(test_a_visit_that_does_not_end_makes_room_for_others),
		cmocka_unit_test(test_what_brought_nothing_rests_but_a_new_burst_is_served_at_once),
	};

	printf("seed %d\n", SLOTS_SEED);
	return RUN_TESTS(tests);
}
