/*
 * How advertising data is taken apart: names, services, companies, lengths that
 * lie; and when a broadcast counts as the one before. What formats make of their
 * fields is test_vectors.c's.
 */
#include "ble/adverts/adverts.h"

#include "unit/unit.h"

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)

static struct advert_device device;
static struct decoded out;
static struct advert_summary found;
static struct decode_time now = { .boot_us = 1000 * SECOND,
	.utc_us = INT64_C(1795255200) * SECOND };

/* No frame here gets as far as that. */
static int never_opened(void *cipher, const uint8_t key[static ADVERT_KEY_SIZE],
	const uint8_t *nonce, size_t nonce_length, const uint8_t *associated,
	size_t associated_length, const uint8_t *sealed, size_t length, const uint8_t *tag,
	size_t tag_length, uint8_t *plain)
{
	fail();
	return -1;
}

static void hear(const void *data, size_t length)
{
	static const uint8_t address[ADVERT_ADDRESS_SIZE] = { 0xc0, 0xff, 0xee, 0, 0, 1 };
	struct advert_call c = {
		.address = address, .now = now, .device = &device, .open = never_opened, .out = &out
	};

	adverts_heard(&c, data, length, &found);
}

#define HEAR(text) hear(text, sizeof(text) - 1)

static int anew(void **state)
{
	(void)state;
	device = (struct advert_device){ 0 };
	now = (struct decode_time){ 1000 * SECOND, INT64_C(1795255200) * SECOND };
	return 0;
}

static void test_nothing_says_nothing(void **state)
{
	(void)state;
	HEAR("");
	assert_int_equal(found.outcome, ADVERT_E_OTHER);
	assert_int_equal(found.format, _ADVERT_MAX);
	assert_false(found.broken);
	assert_int_equal(found.name_length, 0);
	assert_int_equal(found.service_count, 0);
	assert_false(found.has_company);
}

static void test_a_whole_name_counts_before_a_short_one(void **state)
{
	(void)state;
	HEAR("\3\x08"
	     "ab"
	     "\4\x09"
	     "abc");
	assert_string_equal(found.name, "abc");
	assert_int_equal(found.name_length, 3);
	HEAR("\4\x09"
	     "abc"
	     "\3\x08"
	     "ab");
	assert_string_equal(found.name, "abc");
	HEAR("\3\x08"
	     "ab"
	     "\2\x08"
	     "x");
	assert_string_equal(found.name, "ab");
	HEAR("\4\x09"
	     "abc"
	     "\3\x09"
	     "xy"); /* the last of two whole ones */
	assert_string_equal(found.name, "xy");
	assert_int_equal(found.name_length, 2);
	HEAR("\2\x09"
	     "x");
	assert_string_equal(found.name, "x");
	HEAR("\4\x09"
	     "abc"
	     "\1\x09"); /* an empty one is none */
	assert_string_equal(found.name, "abc");
}

static void test_a_name_that_cannot_be_shown_is_none(void **state)
{
	(void)state;
	HEAR("\4\x09"
	     "a\nb");
	assert_int_equal(found.name_length, 0);
	HEAR("\4\x09"
	     "\x1f"
	     "ab");
	assert_int_equal(found.name_length, 0);
	HEAR("\4\x09"
	     "ab\x7f");
	assert_int_equal(found.name_length, 0);
	HEAR("\4\x09"
	     "ab\xc3"); /* half a character */
	assert_int_equal(found.name_length, 0);
	HEAR("\4\x09"
	     " ~a");
	assert_string_equal(found.name, " ~a");
}

/* A name of that many letters, with an umlaut of two bytes before the letters that follow. */
static void hear_long(size_t letters, size_t after)
{
	uint8_t data[80];
	size_t n = letters + (after > 0 ? 2 + after : 0);

	data[0] = (uint8_t)(1 + n);
	data[1] = 0x09;
	memset(data + 2, 'a', n);
	if (after > 0) {
		data[2 + letters] = 0xc3;
		data[3 + letters] = 0xa4;
	}
	hear(data, 2 + n);
}

static void test_a_long_name_ends_with_a_whole_character(void **state)
{
	(void)state;
	hear_long(ADVERT_NAME_MAX, 0);
	assert_int_equal(found.name_length, ADVERT_NAME_MAX);
	hear_long(ADVERT_NAME_MAX + 5, 0);
	assert_int_equal(found.name_length, ADVERT_NAME_MAX);
	assert_int_equal(strlen(found.name), ADVERT_NAME_MAX);
	hear_long(ADVERT_NAME_MAX - 2, 3); /* it just fits */
	assert_int_equal(found.name_length, ADVERT_NAME_MAX);
	hear_long(ADVERT_NAME_MAX - 1, 3); /* half of it would */
	assert_int_equal(found.name_length, ADVERT_NAME_MAX - 1);
	assert_int_equal(strlen(found.name), ADVERT_NAME_MAX - 1);
	hear_long(ADVERT_NAME_MAX, 3);
	assert_int_equal(found.name_length, ADVERT_NAME_MAX);
}

static void test_a_name_of_continuations_is_none(void **state)
{
	uint8_t data[2 + ADVERT_NAME_MAX + 1] = { ADVERT_NAME_MAX + 2, 0x09 };

	(void)state;
	memset(data + 2, 0x80, ADVERT_NAME_MAX + 1);
	hear(data, sizeof(data));
	assert_int_equal(found.name_length, 0);
	assert_false(found.broken);
}

static void test_services_are_told_once_each(void **state)
{
	(void)state;
	HEAR("\5\x03\x0d\x18\x0f\x18"
	     "\5\x02\x0f\x18\x0d\x18"
	     "\3\x02\x22\x18");
	assert_int_equal(found.service_count, 3);
	assert_int_equal(found.services[0], 0x180d);
	assert_int_equal(found.services[1], 0x180f);
	assert_int_equal(found.services[2], 0x1822);
	HEAR("\4\x03\x0d\x18\x0f"); /* and half a one */
	assert_int_equal(found.service_count, 1);
	HEAR("\4\x16\x88\xec\1"
	     "\3\x03\x88\xec"); /* data of one says that it is there */
	assert_int_equal(found.service_count, 1);
	assert_int_equal(found.services[0], 0xec88);
	HEAR("\2\x16\x88");
	assert_int_equal(found.service_count, 0);
}

static void test_more_services_than_are_kept(void **state)
{
	uint8_t data[2 + 2 * (ADVERT_SERVICES_MAX + 1)] = { sizeof(data) - 1, 0x03 };

	(void)state;
	for (uint8_t i = 0; i <= ADVERT_SERVICES_MAX; i++)
		data[2 + 2 * i] = i;
	hear(data, sizeof(data));
	assert_int_equal(found.service_count, ADVERT_SERVICES_MAX);
	assert_int_equal(found.services[ADVERT_SERVICES_MAX - 1], ADVERT_SERVICES_MAX - 1);
}

static void test_a_company_is_told(void **state)
{
	(void)state;
	HEAR("\4\xff\x4c\x00\x10");
	assert_true(found.has_company);
	assert_int_equal(found.company, 0x004c);
	HEAR("\2\xff\x4c"); /* half of it */
	assert_false(found.has_company);
	HEAR("\4\xfe\x4c\x00\x10"); /* another kind of field */
	assert_false(found.has_company);
}

static void test_lengths_that_lie_and_filling(void **state)
{
	(void)state;
	HEAR("\3\x09"
	     "ab"
	     "\5\x09"
	     "cd");
	assert_true(found.broken);
	assert_string_equal(found.name, "ab"); /* what came before counts */
	HEAR("\3\x09"
	     "ab"
	     "\0\5\x09"
	     "cd");
	assert_false(found.broken);
	HEAR("\1\x09");
	assert_false(found.broken);
	HEAR("\1");
	assert_true(found.broken);
}

static void test_a_field_that_nobody_reads_takes_nothing_back(void **state)
{
	(void)state;
	HEAR("\7\x16\xd2\xfc\x40\x02\x0a\x00"
	     "\4\xff\x88\xec\0"
	     "\4\x16\x88\xec\0");
	assert_int_equal(found.outcome, _ADVERT_E_OK);
	assert_int_equal(found.format, ADVERT_bthome);
	assert_int_equal(out.count, 1);
	HEAR("\3\x09"
	     "ab"); /* readings are those of this one alone */
	assert_int_equal(out.count, 0);
}

static uint64_t key_now(void)
{
	HEAR("\7\x16\xd2\xfc\x40\x02\x0a\x00");
	assert_int_equal(out.count, 1);
	return out.list[0].source_key;
}

static void pass(int64_t us)
{
	now.boot_us += us;
	now.utc_us += us;
}

static void test_the_same_bytes_have_a_key_for_each_minute(void **state)
{
	uint64_t first = key_now();

	(void)state;
	assert_int_not_equal(first, 0);
	pass(20 * SECOND);
	device = (struct advert_device){ 0 }; /* the daemon began anew */
	assert_true(key_now() == first);
	pass(MINUTE);
	assert_false(key_now() == first);
}

static void test_a_repetition_counts_from_when_it_was_first_heard(void **state)
{
	(void)state;
	(void)key_now();
	for (int i = 1; i < 6; i++) {
		pass(10 * SECOND);
		HEAR("\7\x16\xd2\xfc\x40\x02\x0a\x00");
		assert_int_equal(found.outcome, ADVERT_E_REPEATED);
		assert_int_equal(out.count, 0);
	}
	pass(10 * SECOND - 1);
	HEAR("\7\x16\xd2\xfc\x40\x02\x0a\x00");
	assert_int_equal(found.outcome, ADVERT_E_REPEATED);
	pass(1);
	(void)key_now();
}

#define OPEN "\6\x16\xd2\xfc\x40\x2d\1"
#define SHUT "\6\x16\xd2\xfc\x40\x2d\0"
#define DEGREES "\6\x16\xd2\xfc\x40\x57\x14"

/* Without a packet id: a door that opens again within the minute has opened again; what it says of
 * the temperature in between does not make a new opening. */
static void test_a_state_is_new_when_it_changes(void **state)
{
	uint64_t opened, degrees;

	(void)state;
	HEAR(OPEN);
	opened = out.list[0].source_key;
	HEAR(DEGREES);
	degrees = out.list[0].source_key;
	pass(SECOND);
	HEAR(OPEN);
	assert_int_equal(found.outcome, ADVERT_E_REPEATED);
	HEAR(SHUT);
	assert_int_equal(found.outcome, _ADVERT_E_OK);
	assert_true(out.list[0].boolean); /* a contact is */
	pass(SECOND);
	HEAR(OPEN);
	assert_int_equal(found.outcome, _ADVERT_E_OK);
	assert_false(out.list[0].source_key == opened);
	HEAR(DEGREES);
	assert_int_equal(found.outcome, ADVERT_E_REPEATED);
	/* a number that comes again in turn with others is the same within its minute */
	HEAR("\6\x16\xd2\xfc\x40\x57\x15");
	HEAR(DEGREES);
	assert_int_equal(found.outcome, _ADVERT_E_OK);
	assert_true(out.list[0].source_key == degrees);
}

/* Known by its bytes, in this run or an earlier one; all else under its counter is a recording. */
static void test_the_last_sealed_frame_is_repeated_not_replayed(void **state)
{
	static const char frame[] = "\x10\x16\xd2\xfc\x41"
				    "abcd"
				    "\5\0\0\0"
				    "tags";
	char other[sizeof(frame)];

	(void)state;
	device.has_key = device.counter_known = true;
	device.counter = 5;
	hear(frame, sizeof(frame) - 1);
	assert_int_equal(found.outcome, ADVERT_E_REPLAYED);
	device.last[ADVERT_VALUES].hash = measure_key(frame + 4, sizeof(frame) - 5, 0, 0);
	hear(frame, sizeof(frame) - 1);
	assert_int_equal(found.outcome, ADVERT_E_REPEATED);
	memcpy(other, frame, sizeof(frame));
	other[6] ^= 1;
	hear(other, sizeof(other) - 1);
	assert_int_equal(found.outcome, ADVERT_E_REPLAYED);
}

static void test_rows_and_words(void **state)
{
	(void)state;
	for (unsigned i = 0; i < _ADVERT_MAX; i++)
		assert_true(strlen(advert_row(i)->name) > 0);
	assert_null(advert_row(_ADVERT_MAX));
	assert_string_equal(advert_outcome_text(_ADVERT_E_OK), "taken");
	assert_string_equal(advert_outcome_text(ADVERT_E_OTHER), "of no format known here");
	assert_string_equal(advert_outcome_text(_ADVERT_E_MAX), "");
	assert_string_equal(advert_outcome_text(-1), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_nothing_says_nothing, anew),
		cmocka_unit_test_setup(test_a_whole_name_counts_before_a_short_one, anew),
		cmocka_unit_test_setup(test_a_name_that_cannot_be_shown_is_none, anew),
		cmocka_unit_test_setup(test_a_long_name_ends_with_a_whole_character, anew),
		cmocka_unit_test_setup(test_a_name_of_continuations_is_none, anew),
		cmocka_unit_test_setup(test_services_are_told_once_each, anew),
		cmocka_unit_test_setup(test_more_services_than_are_kept, anew),
		cmocka_unit_test_setup(test_a_company_is_told, anew),
		cmocka_unit_test_setup(test_lengths_that_lie_and_filling, anew),
		cmocka_unit_test_setup(test_a_field_that_nobody_reads_takes_nothing_back, anew),
		cmocka_unit_test_setup(test_the_same_bytes_have_a_key_for_each_minute, anew),
		cmocka_unit_test_setup(test_a_repetition_counts_from_when_it_was_first_heard, anew),
		cmocka_unit_test_setup(test_a_state_is_new_when_it_changes, anew),
		cmocka_unit_test_setup(test_the_last_sealed_frame_is_repeated_not_replayed, anew),
		cmocka_unit_test_setup(test_rows_and_words, anew),
	};

	return RUN_TESTS(tests);
}
