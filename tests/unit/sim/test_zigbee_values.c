/* Courses of what Zigbee sensors measure: read, walked and pulled; and tables that fit each other.
 */
#include "unit/unit.h"

#include "sim/zigbee_kinds.h"

static void expect_read(enum szb_metric m, const char *text, int64_t right)
{
	int64_t v = 0;

	assert_int_equal(szb_value_parse(m, text, &v), 0);
	assert_int_equal(v, right);
}

static void expect_none(enum szb_metric m, const char *text)
{
	int64_t v = 0;

	assert_int_equal(szb_value_parse(m, text, &v), -22);
}

static void test_values_as_people_write_them(void **state)
{
	expect_read(SZB_TEMPERATURE, "-21.5", -2150);
	expect_read(SZB_TEMPERATURE, "4", 400);
	expect_read(SZB_TEMPERATURE, "4.25", 425);
	expect_read(SZB_CURRENT, "0.412", 412);
	expect_read(SZB_BATTERY, "92.5", 925);
	expect_read(SZB_CONTACT, "false", 0);
	expect_read(SZB_SMOKE, "true", 1);
	expect_read(SZB_BUTTON, "double", 2);
	expect_none(SZB_TEMPERATURE, "4.255"); /* finer than it travels */
	expect_none(SZB_PRESSURE, "1013.2");
	expect_none(SZB_TEMPERATURE, "");
	expect_none(SZB_TEMPERATURE, "-");
	expect_none(SZB_TEMPERATURE, "99999999999999");
	expect_none(SZB_CONTACT, "open");
	expect_none(SZB_BUTTON, "twice");
}

static void test_a_seed_decides_a_course(void **state)
{
	struct szb_walk a, b, other;
	unsigned differ = 0;

	szb_walk_init(&a, SZB_TEMPERATURE, 7, 3);
	szb_walk_init(&b, SZB_TEMPERATURE, 7, 3);
	szb_walk_init(&other, SZB_TEMPERATURE, 8, 3);
	for (int i = 0; i < 200; i++) {
		/* the time is nothing to it */
		szb_walk_next(&a, SZB_TEMPERATURE, i, 0);
		szb_walk_next(&b, SZB_TEMPERATURE, i * 1000, 0);
		szb_walk_next(&other, SZB_TEMPERATURE, i, 0);
		assert_int_equal(a.now, b.now);
		differ += a.now != other.now;
	}
	assert_true(differ > 100);
}

static void test_an_event_shifts_nothing_else(void **state)
{
	struct szb_walk a, b;

	szb_walk_init(&a, SZB_HUMIDITY, 7, 0);
	szb_walk_init(&b, SZB_HUMIDITY, 7, 0);
	szb_walk_pull(&b, SZB_HUMIDITY, 9000, 0, 10, 10);
	for (int i = 1; i <= 20; i++) {
		szb_walk_next(&a, SZB_HUMIDITY, i, 0);
		szb_walk_next(&b, SZB_HUMIDITY, i, 0);
		if (i >= 10 && i < 20)
			assert_int_equal(b.now, 9000);
	}
	assert_true(b.now < 9000);
	assert_int_equal(rng_next(&a.rng), rng_next(&b.rng));
	/* out of bounds is the bound */
	szb_walk_pull(&b, SZB_HUMIDITY, 20000, 0, 0, 10);
	assert_int_equal(b.now, 10000);
}

static void test_flags_turn_back(void **state)
{
	struct szb_walk w;

	szb_walk_init(&w, SZB_CONTACT, 1, 1);
	assert_int_equal(w.now, 1);
	szb_walk_pull(&w, SZB_CONTACT, 0, 0, 0, 100);
	szb_walk_next(&w, SZB_CONTACT, 50, 0);
	assert_int_equal(w.now, 0);
	szb_walk_next(&w, SZB_CONTACT, 100, 0);
	assert_int_equal(w.now, 1);
	szb_walk_next(&w, SZB_CONTACT, 200, 1000);
	assert_int_equal(w.now, 0);
}

static void test_tables_fit(void **state)
{
	for (int c = 0; c < _SZB_C_MAX; c++)
		assert_int_equal(szb_cluster_by_id(szb_cluster_id((enum szb_cluster)c)), c);
	assert_int_equal(szb_cluster_by_id(0x1234), _SZB_C_MAX);
	for (size_t i = 0; i < szb_attribute_count; i++) {
		const struct szb_attribute *a = &szb_attributes[i];

		assert_ptr_equal(szb_attribute_find(a->cluster, a->id), a);
		assert_true(szb_type_width(a->type) || a->type == ZCL_TEXT);
	}
	for (size_t i = 0; szb_kind_at(i); i++) {
		const struct szb_kind *k = szb_kind_at(i);

		assert_ptr_equal(szb_kind_by_name(k->name), k);
		assert_true(k->maker && k->model && strlen(k->model) <= 32);
		assert_true(!(k->servers & SZB_BIT(ZONE)) == !k->zone_type);
	}
	assert_null(szb_kind_by_name("toaster"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values_as_people_write_them),
		cmocka_unit_test(test_a_seed_decides_a_course),
		cmocka_unit_test(test_an_event_shifts_nothing_else),
		cmocka_unit_test(test_flags_turn_back),
		cmocka_unit_test(test_tables_fit),
	};

	return RUN_TESTS(tests);
}
