/*
 * A connection with several profiles: their order, what one finds out for the
 * others, what is missing or refused, tokens, keys over connections, limits.
 */
#include "ble/profiles/session.h"

#include "codec/datetime.h"
#include "unit/unit.h"
#include "util/cleanup.h"

#define START_US (INT64_C(1795255200) * 1000000)
#define ALL 0x3e

static struct session session;
static struct profile_device device;
static struct decoded readings;
static struct session_result result;
static struct session_action action;
static struct decode_time now;

static void reset(void)
{
	memset(&device, 0, sizeof(device));
	now = (struct decode_time){ .boot_us = 1000000, .utc_us = START_US };
}

static bool next(void)
{
	return session_next(&session, &now, &readings, &action, &result);
}

static int done(uint8_t error, const void *bytes, size_t n)
{
	return session_done(&session, error, bytes, n, &now, &readings, &result);
}

static int heard(uint16_t handle, bool indicated, const void *bytes, size_t n)
{
	return session_heard(&session, handle, indicated, bytes, n, &now, &readings, &result);
}

/* Performs all steps; reads fail. */
static void settle(void)
{
	while (next())
		(void)done(action.kind == SESSION_READ ? 0x02 : 0, NULL, 0);
}

static void test_who_and_when_come_first_and_quirks_in_time(void **state)
{
	/* as a device may have them: in any order */
	static const struct session_attribute attributes[] = {
		{ 0x1810, 0x10, 0x2a35, 0x12, ATTRIBUTE_INDICATE },
		{ 0x1800, 0x01, 0x2a00, 0x03, ATTRIBUTE_READ },
		{ 0x1805, 0x30, 0x2a2b, 0x32, ATTRIBUTE_READ | ATTRIBUTE_NOTIFY },
		{ 0x180a, 0x20, 0x2a24, 0x22, ATTRIBUTE_READ },
		{ 0x180a, 0x20, 0x2a29, 0x24, ATTRIBUTE_READ },
		{ 0x1810, 0x10, 0x2a36, 0x14, ATTRIBUTE_NOTIFY },
	};
	static const struct {
		uint8_t kind;
		uint16_t handle;
		const char *answer;
	} steps[] = {
		{ SESSION_READ, 0x24, "Beurer" },
		{ SESSION_READ, 0x22, "BM85" },
		{ SESSION_READ, 0x32, "\xea\x07\x0b\x15\x0a\x01\x1e\x06\x01\x01" },
		{ SESSION_INDICATE, 0x12, "" },
		{ SESSION_NOTIFY, 0x14, "" },
	};
	static const uint8_t cuff[] = { 0x56, 0x6a, 0, 0x47, 0, 0, 0, 0xea, 7, 0x0b, 0x15, 9, 0, 0,
		0, 0x3f, 0, 0, 0 };

	(void)state;
	reset();
	assert_int_equal(session_begin(&session, &device, attributes, ARRAY_SIZE(attributes)), 3);
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		assert_true(next());
		assert_false(next()); /* one at a time */
		assert_int_equal(action.kind, steps[i].kind);
		assert_int_equal(action.handle, steps[i].handle);
		assert_int_equal(done(0, steps[i].answer, strlen(steps[i].answer)), 0);
	}
	assert_false(next());
	assert_string_equal(device.facts[FACT_MAKER], "Beurer");
	assert_int_equal(device.quirks, QUIRK_BP_BIG_ENDIAN_TAIL);
	assert_true(device.clock.known);
	/* its clock is 90 s ahead: the stamp of 09:00:00 is of 08:58:30 */
	assert_int_equal(heard(0x12, true, cuff, sizeof(cuff)), 0);
	assert_int_equal(readings.count, 3);
	assert_int_equal(readings.list[0].time_source, TIME_DEVICE_CORRECTED);
	assert_in_range(START_US - 3690 * INT64_C(1000000) - readings.list[0].time_us, 0, 10000);
	assert_ptr_equal(result.row, &profile_blood_pressure);
	assert_int_equal(readings.list[2].metric, METRIC_PULSE_RATE);
	assert_int_equal(readings.list[2].number.mantissa, 63);
}

static void test_what_is_needed_is_missing_or_refused(void **state)
{
	static const struct session_attribute attributes[] = {
		{ 0x1808, 0x10, 0x2a18, 0x12, ATTRIBUTE_NOTIFY }, /* no control point */
		{ 0x180d, 0x20, 0x2a37, 0x22, ATTRIBUTE_NOTIFY },
		{ 0x180f, 0x30, 0x2a19, 0x32, ATTRIBUTE_READ | ATTRIBUTE_NOTIFY },
	};
	static const uint8_t value[] = { 0, 72 };
	unsigned missing = 0;

	(void)state;
	reset();
	assert_int_equal(session_begin(&session, &device, attributes, ARRAY_SIZE(attributes)), 3);
	assert_true(next()); /* the battery's level */
	assert_int_equal(done(0x02, NULL, 0), 0);
	assert_true(next()); /* and its notifications, for all that */
	assert_int_equal(action.kind, SESSION_NOTIFY);
	assert_int_equal(done(0, NULL, 0), 0);
	assert_true(next());
	assert_int_equal(action.handle, 0x22);
	assert_int_equal(done(0x05, NULL, 0), 0);
	assert_int_equal(result.profile.note, PROFILE_NOTE_REFUSED);
	assert_ptr_equal(result.row, &profile_heart_rate);
	while (next() || result.profile.note != 0) {
		assert_int_equal(result.profile.note, PROFILE_NOTE_MISSING);
		assert_ptr_equal(result.row, &profile_glucose);
		missing++;
	}
	assert_int_equal(missing, 1);
	assert_int_equal(heard(0x22, false, value, sizeof(value)), PROFILE_E_UNKNOWN);
	assert_int_equal(heard(0x12, false, value, sizeof(value)), PROFILE_E_UNKNOWN);
	assert_int_equal(heard(0x99, false, value, sizeof(value)), PROFILE_E_UNKNOWN);
	assert_int_equal(heard(0x32, false, value + 1, 1), 0);
	assert_int_equal(result.profile.battery_percent, 72);
}

static void test_two_services_and_characteristics_of_a_kind(void **state)
{
	static const struct session_attribute attributes[] = {
		{ 0x180f, 0x10, 0x2a19, 0x12, ALL },
		{ 0x180f, 0x20, 0x2a19, 0x22, ALL },
		{ 0x181a, 0x30, 0x2a6e, 0x32, ATTRIBUTE_READ },
		{ 0x181a, 0x30, 0x2a6e, 0x34, ATTRIBUTE_READ },
	};
	static const uint8_t level[] = { 50 }, warm[] = { 0x2e, 0x0a };
	unsigned reads = 0;

	(void)state;
	reset();
	assert_int_equal(session_begin(&session, &device, attributes, ARRAY_SIZE(attributes)), 3);
	while (next()) {
		bool battery = action.handle < 0x30;

		if (action.kind != SESSION_READ) {
			assert_int_equal(done(0, NULL, 0), 0);
			continue;
		}
		reads++;
		assert_int_equal(done(0, battery ? level : warm, battery ? 1 : 2), 0);
		assert_int_equal(
			readings.list[0].instance, action.handle == 0x22 || action.handle == 0x34);
		/* the first battery is the device's */
		assert_int_equal(result.profile.battery_percent, action.handle == 0x12 ? 50 : -1);
	}
	assert_int_equal(reads, 4);
}

static uint64_t cuff_key(const uint8_t *bytes, size_t n)
{
	assert_int_equal(heard(0x12, true, bytes, n), 0);
	assert_int_equal(readings.count, 3);
	return readings.list[0].source_key;
}

static void test_keys_over_connections(void **state)
{
	static const struct session_attribute attributes[] = {
		{ 0x1810, 0x10, 0x2a35, 0x12, ATTRIBUTE_INDICATE },
	};
	static const uint8_t plain[] = { 0, 120, 0, 80, 0, 93, 0 };
	uint8_t stamped[14] = { 2, 120, 0, 80, 0, 93, 0 }, later[14];
	uint64_t first, of_plain;

	(void)state;
	reset();
	datetime_write(stamped + 7, START_US - 60000000);
	memcpy(later, stamped, sizeof(later));
	later[13]++;
	(void)session_begin(&session, &device, attributes, ARRAY_SIZE(attributes));
	settle();
	first = cuff_key(stamped, sizeof(stamped));
	of_plain = cuff_key(plain, sizeof(plain));
	assert_int_not_equal(first, of_plain);
	assert_int_not_equal(first, cuff_key(later, sizeof(later)));
	/* the same with a stamp is the same for ever, without one for ten minutes */
	now.boot_us += 600 * INT64_C(1000000);
	now.utc_us += 600 * INT64_C(1000000);
	(void)session_begin(&session, &device, attributes, ARRAY_SIZE(attributes));
	settle();
	assert_int_equal(cuff_key(stamped, sizeof(stamped)), first);
	assert_int_equal(cuff_key(plain, sizeof(plain)), of_plain);
	now.boot_us++;
	now.utc_us++;
	assert_int_equal(cuff_key(stamped, sizeof(stamped)), first);
	assert_int_not_equal(cuff_key(plain, sizeof(plain)), of_plain);
}

static void test_tokens_of_a_lost_connection(void **state)
{
	static const struct session_attribute attributes[] = {
		{ 0x1808, 0x10, 0x2a18, 0x12, ATTRIBUTE_NOTIFY },
		{ 0x1808, 0x10, 0x2a52, 0x14, ATTRIBUTE_INDICATE | ATTRIBUTE_WRITE },
	};

	(void)state;
	reset();
	(void)session_begin(&session, &device, attributes, ARRAY_SIZE(attributes));
	settle();
	/* what nobody has asked about changes nothing */
	assert_int_equal(session_safe(&session, UINT64_C(7) << 32, true, &now, &readings, &result),
		PROFILE_E_UNKNOWN);
	assert_int_equal(session_safe(&session, 0, true, &now, &readings, &result), 0);
	assert_false(device.memory[PROFILE_glucose].known);
}

static void test_a_clock_set_within_the_connection(void **state)
{
	static const struct session_attribute attributes[] = {
		{ 0x1805, 0x10, 0x2a2b, 0x12, ATTRIBUTE_READ | ATTRIBUTE_WRITE },
		{ 0x1809, 0x20, 0x2a1c, 0x22, ATTRIBUTE_INDICATE },
	};
	uint8_t clock[CURRENT_TIME_SIZE], value[12] = { 2, 0x6f, 1, 0, 0xff };
	const int64_t hour = INT64_C(3600) * 1000000;

	(void)state;
	reset();
	device.set_clock = true;
	(void)session_begin(&session, &device, attributes, ARRAY_SIZE(attributes));
	datetime_write_current(clock, START_US - 2 * hour, 0); /* two hours behind */
	assert_true(next());
	assert_int_equal(done(0, clock, sizeof(clock)), 0);
	assert_true(next());
	assert_int_equal(action.kind, SESSION_WRITE);
	assert_int_equal(action.length, CURRENT_TIME_SIZE);
	assert_int_equal(done(0, NULL, 0), 0);
	assert_false(device.clock.known); /* until it was read back */
	assert_true(next());
	assert_int_equal(action.kind, SESSION_READ);
	datetime_write_current(clock, START_US, 0);
	assert_int_equal(done(0, clock, sizeof(clock)), 0);
	assert_int_equal(result.profile.note, PROFILE_NOTE_CLOCK_SET);
	settle();

	/* measured an hour ago, by the clock as it was */
	datetime_write(value + 5, START_US - 3 * hour);
	assert_int_equal(heard(0x22, true, value, sizeof(value)), 0);
	assert_int_equal(readings.list[0].time_us, START_US - hour);
	assert_int_equal(readings.list[0].flags & FLAG_AMBIGUOUS_TIME, 0);
	/* just now, by the clock as it is: by the other it would be two hours to come */
	now.utc_us += 30 * INT64_C(1000000);
	datetime_write(value + 5, now.utc_us);
	assert_int_equal(heard(0x22, true, value, sizeof(value)), 0);
	assert_int_equal(readings.list[0].time_us, now.utc_us);
	assert_int_equal(readings.list[0].flags & FLAG_AMBIGUOUS_TIME, 0);
}

static void test_quirks(void **state)
{
	(void)state;
	assert_int_equal(quirks_find("", "", ""), 0);
	assert_int_equal(quirks_find("Beurer GmbH", "BM85", "1.0"), QUIRK_BP_BIG_ENDIAN_TAIL);
	assert_int_equal(quirks_find("Beurer GmbH", "BM77", "1.0"), 0);
	assert_int_equal(quirks_find("Nordic Semiconductor ASA", "", ""), QUIRK_CGM_STATUS_FIRST);
}

static void test_more_attributes_than_there_is_room_for(void **state)
{
	static struct session_attribute attributes[300];
	static const uint8_t level[] = { 50 };

	(void)state;
	reset();
	for (size_t i = 0; i < ARRAY_SIZE(attributes); i++)
		attributes[i] = (struct session_attribute){ 0x180f, (uint16_t)(i * 2), 0x2a19,
			(uint16_t)(i * 2 + 1), ALL };
	assert_int_equal(session_begin(&session, &device, attributes, ARRAY_SIZE(attributes)),
		SESSION_PROFILES_MAX);
	settle();
	assert_int_equal(heard(1, false, level, 1), 0);
	assert_int_equal(heard(SESSION_PROFILES_MAX * 2 + 1, false, level, 1), PROFILE_E_UNKNOWN);
	assert_int_equal(done(0, NULL, 0), PROFILE_E_UNKNOWN); /* nothing is under way */
	assert_int_equal(session_begin(&session, &device, NULL, 0), 0);
	assert_int_equal(session_deadline(&session), PROFILE_NEVER);
	assert_int_equal(session_tick(&session, &now, &readings, &result), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_and_when_come_first_and_quirks_in_time),
		cmocka_unit_test(test_what_is_needed_is_missing_or_refused),
		cmocka_unit_test(test_two_services_and_characteristics_of_a_kind),
		cmocka_unit_test(test_keys_over_connections),
		cmocka_unit_test(test_tokens_of_a_lost_connection),
		cmocka_unit_test(test_a_clock_set_within_the_connection),
		cmocka_unit_test(test_quirks),
		cmocka_unit_test(test_more_attributes_than_there_is_room_for),
	};

	return RUN_TESTS(tests);
}
