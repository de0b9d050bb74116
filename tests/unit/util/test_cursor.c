/*
 * The cursor's borders: what lies past the end is 0, and the error sticks.
 */
#include "unit/unit.h"
#include "util/cursor.h"

static const uint8_t bytes[] = { 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09 };

static void test_reads_each_width(void **state)
{
	struct cursor c = cursor_init(bytes, sizeof(bytes));

	(void)state;
	assert_int_equal(cursor_u8(&c), 0x01);
	assert_int_equal(cursor_le16(&c), 0x0302);
	assert_int_equal(cursor_le24(&c), 0x060504);
	assert_int_equal(cursor_be16(&c), 0x0708);
	assert_int_equal(cursor_remaining(&c), 1);
	assert_int_equal(cursor_done(&c), -EBADMSG);
	cursor_skip(&c, 1);
	assert_int_equal(cursor_done(&c), 0);

	c = cursor_init(bytes, sizeof(bytes));
	assert_int_equal(cursor_le32(&c), 0x04030201);
	assert_int_equal(cursor_be32(&c), 0x05060708);
	c = cursor_init(bytes, sizeof(bytes));
	assert_true(cursor_le64(&c) == UINT64_C(0x0807060504030201));
}

static void test_error_sticks(void **state)
{
	struct cursor c = cursor_init(bytes, 3);
	uint8_t out[4] = { 9, 9, 9, 9 };

	(void)state;
	assert_int_equal(cursor_u8(&c), 1);
	assert_int_equal(cursor_le32(&c), 0);
	/* two bytes are there, but the error came first */
	assert_int_equal(cursor_u8(&c), 0);
	assert_int_equal(cursor_remaining(&c), 0);
	assert_null(cursor_bytes(&c, 0));
	cursor_copy(&c, out, sizeof(out));
	assert_int_equal(out[0] | out[1] | out[2] | out[3], 0);
	assert_int_equal(cursor_done(&c), -EBADMSG);
}

static void test_huge_length_is_no_wrap(void **state)
{
	struct cursor c = cursor_init(bytes, sizeof(bytes));

	(void)state;
	cursor_u8(&c);
	assert_null(cursor_bytes(&c, SIZE_MAX));
	assert_int_equal(cursor_done(&c), -EBADMSG);
}

static void test_nothing(void **state)
{
	struct cursor c = cursor_init(NULL, 0);

	(void)state;
	assert_int_equal(cursor_done(&c), 0);
	cursor_copy(&c, NULL, 0);
	assert_int_equal(cursor_done(&c), 0);
	assert_int_equal(cursor_u8(&c), 0);
	assert_int_equal(cursor_done(&c), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_each_width),
		cmocka_unit_test(test_error_sticks),
		cmocka_unit_test(test_huge_length_is_no_wrap),
		cmocka_unit_test(test_nothing),
	};

	return RUN_TESTS(tests);
}
