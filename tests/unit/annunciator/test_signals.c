/*
 * What is seen and heard, and the patterns, measured from their deadlines as
 * somebody with a stopwatch in front of the lamp would.
 */
#include "annunciator/signals.h"
#include "unit/unit.h"

#define ALL ((1u << _ROLE_MAX) - 1)
#define SECOND INT64_C(1000000)
#define ROLE(role) (1u << ROLE_##role)

/* --- the sum of all alarms --- */

struct alarm {
	enum alarm_priority priority;
	enum alarm_state state;
	unsigned inactivation;
};

static struct annunciator_state sum(const struct alarm *alarms, size_t count)
{
	struct annunciator_state s = { .shown = PRIORITY_NONE };

	for (size_t i = 0; i < count; i++)
		annunciator_add(&s, alarms[i].priority, alarms[i].state, alarms[i].inactivation);
	return s;
}

static void test_one_alarm(void **state)
{
	static const struct {
		struct alarm alarm;
		enum alarm_priority shown, sounding;
	} rows[] = {
		{ { PRIORITY_HIGH, ALARM_ACTIVE, 0 }, PRIORITY_HIGH, PRIORITY_HIGH },
		{ { PRIORITY_LOW, ALARM_LATCHED, 0 }, PRIORITY_LOW, PRIORITY_LOW },
		{ { PRIORITY_HIGH, ALARM_INACTIVE, 0 }, PRIORITY_NONE, PRIORITY_NONE },
		{ { PRIORITY_NONE, ALARM_ACTIVE, 0 }, PRIORITY_NONE, PRIORITY_NONE },
		{ { PRIORITY_HIGH, ALARM_ACTIVE, INACTIVATION_AUDIO_PAUSED }, PRIORITY_HIGH,
			PRIORITY_NONE },
		{ { PRIORITY_HIGH, ALARM_ACTIVE, INACTIVATION_AUDIO_OFF }, PRIORITY_HIGH,
			PRIORITY_NONE },
		{ { PRIORITY_MEDIUM, ALARM_LATCHED, INACTIVATION_ACKNOWLEDGED }, PRIORITY_MEDIUM,
			PRIORITY_NONE },
		{ { PRIORITY_HIGH, ALARM_ACTIVE, INACTIVATION_ALARM_PAUSED }, PRIORITY_NONE,
			PRIORITY_NONE },
		{ { PRIORITY_HIGH, ALARM_ACTIVE, INACTIVATION_ALARM_OFF }, PRIORITY_NONE,
			PRIORITY_NONE },
		{ { PRIORITY_HIGH, ALARM_ACTIVE,
			  INACTIVATION_ALARM_PAUSED | INACTIVATION_ACKNOWLEDGED },
			PRIORITY_NONE, PRIORITY_NONE },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct annunciator_state s = sum(&rows[i].alarm, 1);

		print_message("row %zu\n", i);
		assert_int_equal(s.shown, rows[i].shown);
		assert_int_equal(s.sounding, rows[i].sounding);
	}
}

static void test_the_most_urgent_counts_in_any_order(void **state)
{
	static const struct alarm alarms[] = {
		{ PRIORITY_LOW, ALARM_ACTIVE, 0 },
		{ PRIORITY_HIGH, ALARM_ACTIVE, INACTIVATION_ACKNOWLEDGED },
		{ PRIORITY_MEDIUM, ALARM_ACTIVE, 0 },
		{ PRIORITY_HIGH, ALARM_INACTIVE, 0 },
	};
	struct alarm turned[4];

	for (size_t turn = 0; turn < 4; turn++) {
		struct annunciator_state s;

		for (size_t i = 0; i < 4; i++)
			turned[i] = alarms[(i + turn) % 4];
		s = sum(turned, 4);
		assert_int_equal(s.shown, PRIORITY_HIGH);
		assert_int_equal(s.sounding, PRIORITY_MEDIUM);
		assert_false(s.broker_unreachable);
	}
}

/* --- patterns --- */

/* Follows the deadlines from one to the next and calls back for each stretch of time. */
typedef void (*stretch_fn)(bool on, int64_t length_us, void *userdata);
static void watch(const struct signals *s, enum signal_role role, int64_t from_us, int64_t until_us,
	stretch_fn fn, void *userdata)
{
	int64_t at_us = from_us, began_us = from_us;
	struct signals_levels l = signals_at(s, 1u << role, at_us);
	bool on = l.on & 1u << role;

	while (l.next_us < until_us) {
		assert_true(l.next_us > at_us);
		at_us = l.next_us;
		l = signals_at(s, 1u << role, at_us);
		if (!!(l.on & 1u << role) == on)
			continue;
		fn(on, at_us - began_us, userdata);
		on = !on;
		began_us = at_us;
	}
	fn(on, until_us - began_us, userdata);
}

struct flashes {
	size_t count;
	int64_t lit_us, shortest_us;
};

static void count_flash(bool on, int64_t length_us, void *userdata)
{
	struct flashes *f = userdata;

	if (!on)
		return;
	f->count++;
	f->lit_us += length_us;
	if (f->shortest_us == 0 || length_us < f->shortest_us)
		f->shortest_us = length_us;
}

static struct flashes flashes_of(enum alarm_priority p, enum signal_role role, int64_t seconds)
{
	struct annunciator_state shown = { .shown = p, .sounding = p };
	struct flashes f = { 0 };
	struct signals s;

	signals_begin(&s, 5 * SECOND);
	assert_true(signals_set(&s, &shown, 7 * SECOND));
	watch(&s, role, 7 * SECOND, (7 + seconds) * SECOND, count_flash, &f);
	return f;
}

static void test_lights_flash_as_the_standard_says(void **state)
{
	struct flashes high = flashes_of(PRIORITY_HIGH, ROLE_HIGH, 1000);
	struct flashes medium = flashes_of(PRIORITY_MEDIUM, ROLE_MEDIUM, 1000);
	struct flashes low = flashes_of(PRIORITY_LOW, ROLE_LOW, 1000);

	assert_in_range(high.count, 1400, 2800);
	assert_in_range(high.lit_us, 200 * SECOND, 600 * SECOND);
	assert_in_range(medium.count, 400, 800);
	assert_in_range(medium.lit_us, 200 * SECOND, 600 * SECOND);
	assert_int_equal(low.count, 1);
	assert_int_equal(low.lit_us, 1000 * SECOND);
}

static void test_only_the_most_urgent_is_lit(void **state)
{
	for (enum alarm_priority p = PRIORITY_LOW; p < _PRIORITY_MAX; p++)
		for (enum signal_role role = ROLE_HIGH; role <= ROLE_LOW; role++)
			assert_int_equal(flashes_of(p, role, 10).count > 0,
				(p == PRIORITY_HIGH) == (role == ROLE_HIGH) &&
					(p == PRIORITY_MEDIUM) == (role == ROLE_MEDIUM));
}

/* Of bursts: pulses, their lengths and the pauses between them. */
struct burst {
	size_t pulses, bursts;
	int64_t pulse_min_us, pulse_max_us, gap_max_us;
	int64_t between_min_us, between_max_us; /* bursts */
};

static void hear(bool on, int64_t length_us, void *userdata)
{
	struct burst *b = userdata;

	if (on) {
		b->pulses++;
		b->pulse_min_us = !b->pulse_min_us || length_us < b->pulse_min_us ? length_us
										  : b->pulse_min_us;
		b->pulse_max_us = length_us > b->pulse_max_us ? length_us : b->pulse_max_us;
	} else if (length_us >= 2 * SECOND) {
		b->bursts++;
		b->between_min_us = !b->between_min_us || length_us < b->between_min_us
					    ? length_us
					    : b->between_min_us;
		b->between_max_us = length_us > b->between_max_us ? length_us : b->between_max_us;
	} else if (length_us > b->gap_max_us) {
		b->gap_max_us = length_us;
	}
}

static struct burst bursts_of(enum alarm_priority p, size_t count, int64_t period_us)
{
	struct annunciator_state shown = { .sounding = p };
	struct burst b = { 0 };
	struct signals s;

	signals_begin(&s, 0);
	signals_set(&s, &shown, SECOND);
	watch(&s, ROLE_SOUND, SECOND, SECOND + (int64_t)count * period_us, hear, &b);
	assert_int_equal(b.bursts, count);
	return b;
}

static void test_sounds(void **state)
{
	struct burst high = bursts_of(PRIORITY_HIGH, 20, 6500000);
	struct burst medium = bursts_of(PRIORITY_MEDIUM, 20, 7000000);
	struct burst low = bursts_of(PRIORITY_LOW, 20, 20600000);

	assert_int_equal(high.pulses, 200);
	assert_in_range(high.pulse_min_us, 75000, 200000);
	assert_in_range(high.pulse_max_us, 75000, 200000);
	assert_in_range(high.gap_max_us, 350000, 1300000);
	assert_in_range(high.between_min_us, 2500000, 15000000);
	assert_in_range(high.between_max_us, 2500000, 15000000);
	assert_int_equal(medium.pulses, 60);
	assert_in_range(medium.pulse_min_us, 125000, 250000);
	assert_in_range(medium.pulse_max_us, 125000, 250000);
	assert_in_range(medium.between_min_us, 2500000, 30000000);
	assert_int_equal(low.pulses, 40);
	assert_in_range(low.pulse_max_us, 125000, 250000);
	assert_in_range(low.between_min_us, 15000000, INT64_MAX);
}

/* Not lit within what the standard keeps for alarms, and never still. */
static void test_running_dips(void **state)
{
	struct flashes f = { 0 };
	struct signals s;

	signals_begin(&s, 0);
	watch(&s, ROLE_RUNNING, 0, 1000 * SECOND, count_flash, &f);
	assert_int_equal(f.count, 500);
	assert_int_equal(f.lit_us, 950 * SECOND);
}

static void test_levels_hold_until_the_deadline(void **state)
{
	struct annunciator_state all = { PRIORITY_HIGH, PRIORITY_MEDIUM, true };
	struct signals_levels l = { .next_us = 0 };
	struct signals s;
	unsigned on = 0;

	signals_begin(&s, 0);
	signals_set(&s, &all, 333333);
	for (int64_t t = 333333; t < 40 * SECOND; t += 1000) {
		struct signals_levels now = signals_at(&s, ALL, t);

		assert_true(now.next_us > t);
		if (t < l.next_us) {
			assert_int_equal(now.on, on);
			assert_int_equal(now.next_us, l.next_us);
		}
		on = now.on;
		l = now;
	}
}

/* --- changes --- */

static void test_a_new_alarm_is_lit_at_once(void **state)
{
	struct annunciator_state medium = { PRIORITY_MEDIUM, PRIORITY_MEDIUM, false };
	struct annunciator_state high = { PRIORITY_HIGH, PRIORITY_HIGH, false };

	for (int64_t t = 0; t < 8 * SECOND; t += 12345) {
		struct signals s;

		signals_begin(&s, 0);
		signals_set(&s, &medium, 0);
		assert_true(signals_set(&s, &high, t));
		assert_int_equal(
			signals_at(&s, ALL, t).on & ~ROLE(RUNNING), ROLE(HIGH) | ROLE(SOUND));
		assert_true(signals_set(&s, &medium, t));
		assert_int_equal(
			signals_at(&s, ALL, t).on & ~ROLE(RUNNING), ROLE(MEDIUM) | ROLE(SOUND));
	}
}

static void test_what_goes_on_keeps_its_phase(void **state)
{
	struct annunciator_state high = { PRIORITY_HIGH, PRIORITY_HIGH, false };
	struct annunciator_state silent = { PRIORITY_HIGH, PRIORITY_NONE, false };
	struct signals s, t;

	signals_begin(&s, 0);
	signals_set(&s, &high, SECOND);
	assert_false(signals_set(&s, &high, SECOND + 260000));
	t = s;
	assert_true(signals_set(&t, &silent, SECOND + 260000));
	for (int64_t at = SECOND + 260000; at < 5 * SECOND; at += 1000)
		assert_int_equal(signals_at(&t, ALL & ~ROLE(SOUND), at).on,
			signals_at(&s, ALL & ~ROLE(SOUND), at).on);
	assert_int_equal(signals_at(&t, ROLE(SOUND), 2 * SECOND).on, 0);
	assert_true(signals_at(&t, ROLE(SOUND), 2 * SECOND).next_us == SIGNALS_NEVER);
}

/* The light that has been there for long, and a sound that is new. */
static void test_light_and_sound_begin_each_by_itself(void **state)
{
	struct annunciator_state seen = { PRIORITY_HIGH, PRIORITY_NONE, false };
	struct annunciator_state heard = { PRIORITY_HIGH, PRIORITY_MEDIUM, false };

	for (int64_t t = 0; t < 8 * SECOND; t += 12345) {
		struct signals s, still;

		signals_begin(&s, 0);
		signals_set(&s, &seen, 0);
		still = s;
		signals_set(&s, &heard, t);
		assert_int_equal(signals_at(&s, ROLE(SOUND), t).on, ROLE(SOUND));
		assert_true(signals_at(&s, ROLE(SOUND), t).next_us == t + 200000);
		assert_int_equal(
			signals_at(&s, ROLE(HIGH), t).on, signals_at(&still, ROLE(HIGH), t).on);
	}
}

static void test_the_broker_has_its_own_lamp(void **state)
{
	struct annunciator_state lost = { PRIORITY_NONE, PRIORITY_NONE, true };
	struct annunciator_state fine = { PRIORITY_NONE, PRIORITY_NONE, false };
	struct signals s;

	signals_begin(&s, 0);
	assert_true(signals_set(&s, &lost, 10));
	assert_int_equal(signals_at(&s, ALL & ~ROLE(RUNNING), 10).on, ROLE(BROKER));
	assert_true(signals_at(&s, ROLE(BROKER), 10).next_us == SIGNALS_NEVER);
	assert_true(signals_set(&s, &fine, 20));
	assert_int_equal(signals_at(&s, ALL & ~ROLE(RUNNING), 20).on, 0);
}

/* Nobody is woken for a lamp that is not there. */
static void test_what_has_no_output_has_no_deadline(void **state)
{
	struct annunciator_state high = { PRIORITY_HIGH, PRIORITY_HIGH, true };
	struct signals s;

	signals_begin(&s, 0);
	signals_set(&s, &high, 0);
	assert_int_equal(signals_at(&s, 0, 0).on, 0);
	assert_true(signals_at(&s, 0, 0).next_us == SIGNALS_NEVER);
	assert_int_equal(signals_at(&s, ROLE(BROKER) | ROLE(LOW), 0).on, ROLE(BROKER));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_alarm),
		cmocka_unit_test(test_the_most_urgent_counts_in_any_order),
		cmocka_unit_test(test_lights_flash_as_the_standard_says),
		cmocka_unit_test(test_only_the_most_urgent_is_lit),
		cmocka_unit_test(test_sounds),
		cmocka_unit_test(test_running_dips),
		cmocka_unit_test(test_levels_hold_until_the_deadline),
		cmocka_unit_test(test_a_new_alarm_is_lit_at_once),
		cmocka_unit_test(test_what_goes_on_keeps_its_phase),
		cmocka_unit_test(test_light_and_sound_begin_each_by_itself),
		cmocka_unit_test(test_the_broker_has_its_own_lamp),
		cmocka_unit_test(test_what_has_no_output_has_no_deadline),
	};

	return RUN_TESTS(tests);
}
