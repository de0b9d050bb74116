/* Courses of vitals: the same by the same seed, within their bounds, moved by events and company.
 */
#include "sim/signal.h"
#include "unit/unit.h"

static void test_same_seed_same_course(void **state)
{
	struct signals a, b, other;
	bool differs = false;

	signals_init(&a, 42, 1);
	signals_init(&b, 42, 1);
	signals_init(&other, 43, 1);
	for (int64_t t = 0; t <= 600000; t += 700) {
		signals_advance(&a, t);
		signals_advance(&other, t);
		if (t % 2100)
			continue;
		signals_advance(&b, t); /* looked at less often: no difference */
		for (int q = 0; q < _Q_MAX; q++) {
			assert_int_equal(signals_value(&a, (enum quantity)q),
				signals_value(&b, (enum quantity)q));
			differs |= signals_value(&a, (enum quantity)q) !=
				   signals_value(&other, (enum quantity)q);
		}
	}
	assert_true(differs);
}

static void test_bounds(void **state)
{
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct signals s;

		signals_init(&s, seed, 3);
		for (int64_t t = 0; t <= 3600000; t += 1000) {
			signals_advance(&s, t);
			assert_in_range(signals_value(&s, Q_HEART_RATE), 45, 120);
			assert_in_range(signals_value(&s, Q_SPO2), 90, 100);
			assert_in_range(signals_value(&s, Q_BODY_TEMPERATURE), 360, 380);
			assert_true(
				signals_value(&s, Q_BP_DIASTOLIC) < signals_value(&s, Q_BP_MEAN));
			assert_true(
				signals_value(&s, Q_BP_MEAN) < signals_value(&s, Q_BP_SYSTOLIC));
			assert_int_equal(
				signals_value(&s, Q_PULSE_RATE), signals_value(&s, Q_HEART_RATE));
		}
	}
}

static void test_pull_and_company(void **state)
{
	struct signals s, undisturbed;

	signals_init(&s, 7, 1);
	signals_init(&undisturbed, 7, 1);
	signals_pull(&s, Q_SPO2, 82000, 20000, 10000, 30000);
	signals_advance(&s, 25000);
	assert_in_range(signals_value(&s, Q_SPO2), 86, 93); /* on its way */
	signals_advance(&s, 55000);
	signals_advance(&undisturbed, 55000);
	assert_in_range(signals_value(&s, Q_SPO2), 81, 83);
	/* hypoxia drives heart and breath */
	assert_true(
		signals_value(&s, Q_HEART_RATE) > signals_value(&undisturbed, Q_HEART_RATE) + 8);
	assert_true(signals_value(&s, Q_RESPIRATORY_RATE) >
		    signals_value(&undisturbed, Q_RESPIRATORY_RATE) + 2);
	signals_advance(&s, 200000);
	assert_true(signals_value(&s, Q_SPO2) > 94); /* free again */
}

static void test_door(void **state)
{
	struct signals s;

	signals_init(&s, 7, 1);
	assert_int_equal(signals_value(&s, Q_CONTACT), 1);
	signals_pull(&s, Q_CONTACT, 0, 5000, 0, 3000);
	assert_int_equal(signals_value(&s, Q_CONTACT), 0);
	signals_advance(&s, 7000);
	assert_int_equal(signals_value(&s, Q_CONTACT), 0);
	signals_advance(&s, 8000);
	assert_int_equal(signals_value(&s, Q_CONTACT), 1);
}

static void test_base(void **state)
{
	struct signal_base bases[_Q_MAX] = { [Q_AMBIENT_TEMPERATURE] = { true, 4500 } };
	struct signals s;
	int32_t co2;

	signals_init(&s, 7, 1);
	co2 = signals_value(&s, Q_AMBIENT_CO2);
	signals_set_bases(&s, bases);
	assert_int_equal(signals_value(&s, Q_AMBIENT_TEMPERATURE), 45);
	assert_int_equal(signals_value(&s, Q_AMBIENT_CO2), co2); /* not given */
	bases[Q_AMBIENT_TEMPERATURE].milli = 1000000;
	signals_set_bases(&s, bases);
	assert_int_equal(signals_value(&s, Q_AMBIENT_TEMPERATURE), 600); /* the bound */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_seed_same_course),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_pull_and_company),
		cmocka_unit_test(test_door),
		cmocka_unit_test(test_base),
	};

	return RUN_TESTS(tests);
}
