/*
 * Slots with devices that never answer or break, adapters that refuse or go; and
 * how a device is treated by its services.
 */
#include <errno.h>

#include "unit/ble/slots_ward.h"

#include "ble/profiles/profiles.h"
#include "unit/unit.h"

/* ---- trouble ---- */

static void test_one_that_never_answers_does_not_starve_others(void **state)
{
	struct bedside *dead;
	unsigned in_an_hour;

	(void)state;
	setup(2, 2, SLOTS_TENURE_US);
	dead = add(SLOTS_EPISODIC, NEVER_ANSWERS);
	for (unsigned i = 0; i < 20; i++)
		(void)add(SLOTS_EPISODIC, ANSWERS);
	run(3600 * S);
	in_an_hour = dead->attempts;
	/* it is tried again and again, but seldom */
	assert_true(in_an_hour >= 20 && in_an_hour <= 60);
	for (size_t i = 1; i < ward.count; i++)
		assert_true(ward.list[i].served >= 50);
	assert_int_equal(dead->served, 0);
	assert_true(slots_failures(ward.slots, dead->id) >= 20);
	teardown();
}

static void test_one_that_breaks_at_once_backs_off(void **state)
{
	struct bedside *d;

	(void)state;
	setup(4, 4, SLOTS_TENURE_US);
	d = add(SLOTS_STREAM, BREAKS);
	run(3600 * S);
	assert_true(d->attempts >= 25 && d->attempts <= 60);
	slots_pardon(ward.slots, d->id);
	assert_int_equal(slots_failures(ward.slots, d->id), 0);
	teardown();
}

static void test_those_that_failed_together_do_not_go_on_in_step(void **state)
{
	int64_t since[8] = { 0 }, began;
	unsigned ids[8], id, tried = 0, same = 0;

	(void)state;
	setup(8, 8, SLOTS_TENURE_US);
	for (unsigned i = 0; i < 8; i++) {
		assert_int_equal(slots_add(ward.slots, SLOTS_STREAM, NULL, &ids[i]), 0);
		(void)slots_heard(ward.slots, ids[i], ward.now_us);
	}
	for (unsigned i = 0; i < 8; i++) {
		assert_int_equal(slots_next(ward.slots, ward.now_us, &id, NULL), SLOTS_CONNECT);
		slots_ended(ward.slots, id, SLOTS_FAILED, ward.now_us);
	}
	began = ward.now_us;
	for (; tried < 8; ward.now_us = slots_deadline(ward.slots)) {
		assert_true(ward.now_us < began + 2 * SLOTS_BACKOFF_US);
		while (slots_next(ward.slots, ward.now_us, &id, NULL) == SLOTS_CONNECT) {
			since[tried] = ward.now_us - began;
			same += tried > 0 && since[tried] == since[tried - 1];
			/* plus or minus a quarter */
			assert_in_range(
				since[tried], SLOTS_BACKOFF_US * 3 / 4, SLOTS_BACKOFF_US * 5 / 4);
			tried++;
			slots_ended(ward.slots, id, SLOTS_FAILED, ward.now_us);
		}
	}
	assert_int_equal(same, 0);
	teardown();
}

static void test_a_burst_after_silence_ends_the_back_off(void **state)
{
	enum slots_why why;
	unsigned id;

	(void)state;
	setup(4, 4, SLOTS_TENURE_US);
	assert_int_equal(slots_add(ward.slots, SLOTS_EPISODIC, NULL, &id), 0);
	for (unsigned i = 0; i < 12; i++) {
		ward.now_us += 200 * S;
		(void)slots_heard(ward.slots, id, ward.now_us);
		assert_int_equal(slots_next(ward.slots, ward.now_us, &id, &why), SLOTS_CONNECT);
		slots_ended(ward.slots, id, SLOTS_FAILED, ward.now_us);
	}
	/* the same burst goes on: nothing */
	for (unsigned i = 0; i < 20; i++) {
		ward.now_us += S;
		(void)slots_heard(ward.slots, id, ward.now_us);
		assert_int_equal(slots_next(ward.slots, ward.now_us, &id, &why), SLOTS_NOTHING);
	}
	ward.now_us += SLOTS_BURST_US;
	assert_true(slots_heard(ward.slots, id, ward.now_us));
	assert_int_equal(slots_next(ward.slots, ward.now_us, &id, &why), SLOTS_CONNECT);
	teardown();
}

static void test_a_burst_after_a_link_that_broke_is_served_at_once(void **state)
{
	unsigned id;

	(void)state;
	setup(4, 4, SLOTS_TENURE_US);
	assert_int_equal(slots_add(ward.slots, SLOTS_EPISODIC, NULL, &id), 0);
	for (unsigned i = 0; i < 10; i++) { /* each time a longer back-off, if it mattered */
		(void)slots_heard(ward.slots, id, ward.now_us);
		assert_int_equal(slots_next(ward.slots, ward.now_us, &id, NULL), SLOTS_CONNECT);
		slots_connected(ward.slots, id, ward.now_us);
		slots_ended(ward.slots, id, SLOTS_LOST, ward.now_us);
		ward.now_us += SLOTS_BURST_US;
	}
	assert_int_equal(slots_failures(ward.slots, id), 10);
	teardown();
}

static void test_the_limit_is_learnt_and_put_to_the_test_again(void **state)
{
	struct slots_view v;

	(void)state;
	setup(5, 0, SLOTS_NEVER);
	for (unsigned i = 0; i < 8; i++)
		(void)add(SLOTS_STREAM, ANSWERS);
	run(120 * S);
	slots_look(ward.slots, ward.now_us, &v);
	assert_int_equal(v.connected, 5);
	assert_int_equal(v.limit, 5);
	assert_true(v.refused <= 2); /* not asked for ever */
	ward.capacity = 7;           /* somebody else's connections are over */
	run(1800 * S);
	slots_look(ward.slots, ward.now_us, &v);
	assert_int_equal(v.connected, 7);
	teardown();
}

/* The kernel keeps a link for a moment after it was ended: that is no smaller limit, and no stream
 * has to go for it. */
static void test_a_link_that_lingers_is_counted(void **state)
{
	unsigned streams[2], visitors[2], id;
	enum slots_why why;
	struct slots_view v;

	(void)state;
	setup(3, 0, SLOTS_NEVER);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(slots_add(ward.slots, SLOTS_STREAM, NULL, &streams[i]), 0);
		assert_int_equal(slots_add(ward.slots, SLOTS_EPISODIC, NULL, &visitors[i]), 0);
		(void)slots_heard(ward.slots, streams[i], ward.now_us);
		assert_int_equal(slots_next(ward.slots, ward.now_us, &id, &why), SLOTS_CONNECT);
		slots_connected(ward.slots, id, ward.now_us);
	}
	(void)slots_heard(ward.slots, visitors[0], ward.now_us);
	assert_int_equal(slots_next(ward.slots, ward.now_us, &id, &why), SLOTS_CONNECT);
	slots_connected(ward.slots, id, ward.now_us);
	ward.now_us += 5 * S;
	slots_ended(ward.slots, id, SLOTS_SERVED, ward.now_us);
	ward.now_us += S;
	(void)slots_heard(ward.slots, visitors[1], ward.now_us);
	assert_int_equal(slots_next(ward.slots, ward.now_us, &id, &why), SLOTS_CONNECT);
	slots_ended(ward.slots, id, SLOTS_FULL, ward.now_us);
	slots_look(ward.slots, ward.now_us, &v);
	assert_int_equal(v.limit, 3);
	ward.now_us += 2 * S;
	(void)slots_heard(ward.slots, visitors[1], ward.now_us);
	assert_int_equal(slots_next(ward.slots, ward.now_us, &id, &why), SLOTS_CONNECT);
	assert_int_equal(id, visitors[1]);
	/* refused again, with nobody gone for long: there are two */
	ward.now_us += 5 * S;
	slots_ended(ward.slots, id, SLOTS_FULL, ward.now_us);
	slots_look(ward.slots, ward.now_us, &v);
	assert_int_equal(v.limit, 2);
	teardown();
}

static void test_an_adapter_that_refuses_the_first_one_has_no_limit_of_nought(void **state)
{
	(void)state;
	setup(0, 0, SLOTS_NEVER);
	(void)add(SLOTS_STREAM, ANSWERS);
	run(60 * S);
	assert_int_equal(ward.open, 0);
	assert_true(ward.list[0].attempts <= 8); /* it is left in peace */
	ward.capacity = 1;
	run(80 * S);
	assert_int_equal(ward.open, 1);
	teardown();
}

static void test_an_adapter_that_went_leaves_a_clean_table(void **state)
{
	struct slots_view v;

	(void)state;
	setup(3, 0, SLOTS_NEVER);
	for (unsigned i = 0; i < 5; i++)
		(void)add(SLOTS_STREAM, ANSWERS);
	run(60 * S);
	assert_int_equal(ward.open, 3);
	for (size_t i = 0; i < ward.count; i++)
		ward.list[i].open = ward.list[i].connecting = false;
	ward.open = 0;
	slots_reset(ward.slots);
	slots_look(ward.slots, ward.now_us, &v);
	assert_int_equal(v.connected + v.connecting + v.waiting, 0);
	assert_int_equal(v.limit, 0);
	run(60 * S);
	assert_int_equal(ward.open, 3);
	teardown();
}

static void test_held_and_removed_ones_are_left_alone(void **state)
{
	struct bedside *a, *b;
	struct slots_view v;
	unsigned id;

	(void)state;
	setup(1, 1, SLOTS_NEVER);
	a = add(SLOTS_STREAM, ANSWERS);
	b = add(SLOTS_STREAM, ANSWERS);
	slots_hold(ward.slots, a->id, true);
	run(60 * S);
	assert_int_equal(a->attempts, 0);
	assert_true(b->open);
	slots_look(ward.slots, ward.now_us, &v);
	assert_int_equal(v.held, 1);
	slots_hold(ward.slots, a->id, false);
	b->open = false;
	ward.open--;
	ward.count--;
	slots_remove(ward.slots, b->id);
	assert_null(slots_userdata(ward.slots, b->id));
	run(60 * S);
	assert_true(a->open);
	/* nothing that is not there does any harm, and numbers are used again */
	slots_remove(ward.slots, 999);
	slots_hold(ward.slots, 999, true);
	slots_ended(ward.slots, 999, SLOTS_LOST, ward.now_us);
	slots_connected(ward.slots, a->id, ward.now_us);
	assert_false(slots_heard(ward.slots, 999, ward.now_us));
	assert_int_equal(slots_add(ward.slots, SLOTS_STREAM, NULL, &id), 0);
	assert_int_equal(id, b->id);
	teardown();
}

static void test_no_more_candidates_than_there_is_room_for(void **state)
{
	unsigned id;

	(void)state;
	setup(1, 1, SLOTS_NEVER);
	for (unsigned i = 0; i < SLOTS_CANDIDATES_MAX; i++)
		assert_int_equal(slots_add(ward.slots, SLOTS_STREAM, NULL, &id), 0);
	assert_int_equal(slots_add(ward.slots, SLOTS_STREAM, NULL, &id), -ENOSPC);
	teardown();
}

static void test_a_device_that_advertises_rarely_is_waited_for(void **state)
{
	enum slots_why why;
	unsigned id;
	int64_t began;

	(void)state;
	setup(1, 1, SLOTS_NEVER);
	assert_int_equal(slots_add(ward.slots, SLOTS_STREAM, NULL, &id), 0);
	slots_hold(ward.slots, id, true);
	for (unsigned i = 0; i < 20; i++, ward.now_us += 9 * S)
		(void)slots_heard(ward.slots, id, ward.now_us);
	slots_hold(ward.slots, id, false);
	assert_int_equal(slots_next(ward.slots, ward.now_us, &id, &why), SLOTS_CONNECT);
	began = ward.now_us;
	assert_int_equal(slots_next(ward.slots, ward.now_us, &id, &why), SLOTS_NOTHING);
	assert_int_equal(slots_deadline(ward.slots), began + 36 * S);
	ward.now_us = slots_deadline(ward.slots);
	assert_int_equal(slots_next(ward.slots, ward.now_us, &id, &why), SLOTS_RELEASE);
	assert_int_equal(why, SLOTS_WHY_NO_ANSWER);
	teardown();
}

/* ---- how to treat whom ---- */

static void test_parameters_are_such_as_the_kernel_takes(void **state)
{
	static const uint16_t services[] = { 0x1822, 0x180d, 0x181f, 0x181a, 0x1808, 0x1809, 0x1810,
		0x181b, 0x181d, 0x180f, 0xfff0 };
	static const uint16_t both[] = { 0x1810, 0x180f, 0x180d };
	struct mgmt_params p = { .address = { BLE_ADDRESS_PUBLIC, { 1, 2, 3, 4, 5, 6 } } }, q;

	(void)state;
	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
		slots_parameters_of(&services[i], 1, &p);
		assert_true(mgmt_params_valid(&p));
		/* supervision outlasts the latency twice over (Core Vol 6 Part B 4.5.2) */
		assert_true(p.timeout * 10 > (1 + p.latency) * p.max * 5 / 4 * 2);
	}
	/* what streams decides */
	slots_parameters_of(both, 3, &p);
	slots_parameters_of(&both[2], 1, &q);
	assert_int_equal(p.min, q.min);
	assert_int_equal(p.latency, q.latency);
	slots_parameters_of(NULL, 0, &p);
	assert_true(p.min > 0);
}

static void test_each_profile_has_parameters_and_a_kind(void **state)
{
	static const uint16_t both[] = { 0x1810, 0x180f, 0x180d };
	struct mgmt_params other, p;

	(void)state;
	slots_parameters_of(NULL, 0, &other);
	for (unsigned id = 0; id < _PROFILE_MAX; id++) {
		const struct ble_profile *row = profile_row(id);

		slots_parameters_of(&row->service, 1, &p);
		assert_int_equal(slots_kind_of(&row->service, 1),
			row->manner == PROFILE_STREAM ? SLOTS_STREAM : SLOTS_EPISODIC);
		/* one that is worth a connection of its own has a row of its own */
		if (row->manner != PROFILE_PASSING)
			assert_true(p.min != other.min || p.max != other.max);
	}
	assert_int_equal(slots_kind_of(both, 2), SLOTS_EPISODIC);
	assert_int_equal(slots_kind_of(both, 3), SLOTS_STREAM);
	assert_int_equal(slots_kind_of(NULL, 0), SLOTS_EPISODIC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_that_never_answers_does_not_starve_others),
		cmocka_unit_test(test_one_that_breaks_at_once_backs_off),
		cmocka_unit_test(test_those_that_failed_together_do_not_go_on_in_step),
		cmocka_unit_test(test_a_burst_after_silence_ends_the_back_off),
		cmocka_unit_test(test_a_burst_after_a_link_that_broke_is_served_at_once),
		cmocka_unit_test(test_the_limit_is_learnt_and_put_to_the_test_again),
		cmocka_unit_test(test_a_link_that_lingers_is_counted),
		cmocka_unit_test(test_an_adapter_that_refuses_the_first_one_has_no_limit_of_nought),
		cmocka_unit_test(test_an_adapter_that_went_leaves_a_clean_table),
		cmocka_unit_test(test_held_and_removed_ones_are_left_alone),
		cmocka_unit_test(test_no_more_candidates_than_there_is_room_for),
		cmocka_unit_test(test_a_device_that_advertises_rarely_is_waited_for),
		cmocka_unit_test(test_parameters_are_such_as_the_kernel_takes),
		cmocka_unit_test(test_each_profile_has_parameters_and_a_kind),
	};

	printf("seed %d\n", SLOTS_SEED);
	return RUN_TESTS(tests);
}
