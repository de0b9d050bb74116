/*
 * Bodies in blocks: what makes a whole, what does not, and how much memory a
 * peer can make us hold.
 */
#include "unit/unit.h"

#include "coap/block.h"
#include "coap/pdu.h"
#include "util/cleanup.h"

#define SECOND INT64_C(1000000)
#define FORMAT 110

static uint8_t bytes[BLOCK_BODY_MAX + 2048];

struct fixture {
	struct block_pool pool;
	struct block_body body;
	const uint8_t *data;
	size_t length;
	int64_t now_us;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->pool.limit = BLOCK_TOTAL_MAX;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 31 + (i >> 8));
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	block_drop(&f->pool, &f->body);
	assert_int_equal(f->pool.total, 0);
	free(f);
	return 0;
}

static int give(struct fixture *f, struct block_body *b, uint32_t number, bool more,
	uint32_t exponent, size_t length)
{
	size_t at = (size_t)number * (16u << exponent);
	const struct block_part part = {
		.block1 = number << 4 | (uint32_t)more << 3 | exponent,
		.format = FORMAT,
		.payload = at < sizeof(bytes) - length ? bytes + at : bytes,
		.length = length,
	};

	return block_receive(&f->pool, b, &part, f->now_us, &f->data, &f->length);
}

static void test_sizes(void **state)
{
	static const size_t lengths[] = { 17, 1024, 1025, 4096, 65535, 65536 };
	struct fixture *f = *state;

	for (uint32_t exponent = 0; exponent <= 6; exponent++) {
		size_t size = (size_t)16 << exponent;

		for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
			uint32_t number = 0;
			size_t left = lengths[i];

			while (left > size) {
				assert_int_equal(give(f, &f->body, number++, true, exponent, size),
					BLOCK_CONTINUE);
				left -= size;
			}
			assert_int_equal(give(f, &f->body, number, false, exponent, left), 0);
			assert_int_equal(f->length, lengths[i]);
			assert_memory_equal(f->data, bytes, lengths[i]);
			block_drop(&f->pool, &f->body);
		}
	}
}

static void test_a_single_block_needs_no_memory(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(give(f, &f->body, 0, false, 6, 100), 0);
	assert_ptr_equal(f->data, bytes);
	assert_int_equal(f->length, 100);
	assert_false(f->body.active);
	assert_int_equal(f->pool.total, 0);
}

static void test_the_size_may_shrink(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(give(f, &f->body, 0, true, 6, 1024), BLOCK_CONTINUE);
	assert_int_equal(give(f, &f->body, 1024 / 64, true, 2, 64), BLOCK_CONTINUE);
	assert_int_equal(give(f, &f->body, 1024 / 64 + 1, false, 2, 3), 0);
	assert_int_equal(f->length, 1024 + 64 + 3);
	assert_memory_equal(f->data, bytes, f->length);
}

static void test_gaps(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(give(f, &f->body, 1, true, 2, 64), BLOCK_INCOMPLETE);
	assert_int_equal(give(f, &f->body, 1, false, 2, 10), BLOCK_INCOMPLETE);
	assert_int_equal(give(f, &f->body, 0, true, 2, 64), BLOCK_CONTINUE);
	assert_int_equal(give(f, &f->body, 2, false, 2, 64), BLOCK_INCOMPLETE);
	assert_int_equal(give(f, &f->body, 0xfffff, false, 2, 64), BLOCK_INCOMPLETE);
	/* the missing one may still come */
	assert_int_equal(give(f, &f->body, 1, true, 2, 64), BLOCK_CONTINUE);
	assert_int_equal(give(f, &f->body, 2, false, 2, 64), 0);
	assert_int_equal(f->length, 192);
	assert_memory_equal(f->data, bytes, 192);
}

static void test_block_0_begins_anew(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(give(f, &f->body, 0, true, 2, 64), BLOCK_CONTINUE);
	assert_int_equal(give(f, &f->body, 1, true, 2, 64), BLOCK_CONTINUE);
	assert_int_equal(give(f, &f->body, 0, true, 2, 64), BLOCK_CONTINUE);
	assert_int_equal(give(f, &f->body, 1, false, 2, 1), 0);
	assert_int_equal(f->length, 65);
}

static void test_what_contradicts_itself(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(give(f, &f->body, 0, true, 2, 63), BLOCK_BAD);
	assert_int_equal(give(f, &f->body, 0, true, 2, 65), BLOCK_BAD);
	assert_int_equal(give(f, &f->body, 0, true, 2, 0), BLOCK_BAD);
	assert_int_equal(give(f, &f->body, 0, false, 2, 65), BLOCK_BAD);
	assert_int_equal(give(f, &f->body, 0, true, 7, 2048), BLOCK_BAD);
	assert_int_equal(give(f, &f->body, 0, true, 2, 64), BLOCK_CONTINUE);
	assert_int_equal(give(f, &f->body, 1, true, 2, 63), BLOCK_BAD);
	assert_false(f->body.active);
}

static void test_another_format_is_another_body(void **state)
{
	struct fixture *f = *state;
	struct block_part part = {
		.block1 = 1 << 4 | 2, .format = 112, .payload = bytes, .length = 1
	};

	assert_int_equal(give(f, &f->body, 0, true, 2, 64), BLOCK_CONTINUE);
	assert_int_equal(block_receive(&f->pool, &f->body, &part, 0, &f->data, &f->length),
		BLOCK_INCOMPLETE);
}

/* What Size1 says is never believed, but that it is too large. */
static void test_size1(void **state)
{
	static const struct {
		uint32_t size1;
		int expected;
	} rows[] = { { 0, BLOCK_CONTINUE }, { 1, BLOCK_CONTINUE }, { 65536, BLOCK_CONTINUE },
		{ 65537, BLOCK_TOO_LARGE }, { 0xf0000000, BLOCK_TOO_LARGE },
		{ UINT32_MAX, BLOCK_TOO_LARGE } };
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct block_part part = { .block1 = 1 << 3 | 2,
			.format = FORMAT,
			.has_size1 = true,
			.size1 = rows[i].size1,
			.payload = bytes,
			.length = 64 };

		assert_int_equal(block_receive(&f->pool, &f->body, &part, 0, &f->data, &f->length),
			rows[i].expected);
		assert_true(f->pool.total <= 1024);
		assert_int_equal(f->body.active, rows[i].expected == BLOCK_CONTINUE);
	}
}

static void test_too_large_without_saying_so(void **state)
{
	struct fixture *f = *state;
	uint32_t i;

	for (i = 0; i < 63; i++) {
		assert_int_equal(give(f, &f->body, i, true, 6, 1024), BLOCK_CONTINUE);
		assert_true(f->body.size <= 2 * f->body.length);
	}
	assert_int_equal(give(f, &f->body, i, true, 6, 1024), BLOCK_TOO_LARGE);
	assert_false(f->body.active);
	assert_int_equal(f->pool.total, 0);
}

static void test_bodies_that_stop_are_forgotten(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(give(f, &f->body, 0, true, 2, 64), BLOCK_CONTINUE);
	f->now_us = BLOCK_LIFETIME_US - 1;
	assert_int_equal(block_tick(&f->pool, f->now_us), BLOCK_LIFETIME_US);
	assert_int_equal(give(f, &f->body, 1, true, 2, 64), BLOCK_CONTINUE);
	f->now_us += BLOCK_LIFETIME_US;
	assert_int_equal(block_tick(&f->pool, f->now_us), INT64_MAX);
	assert_int_equal(f->pool.expired, 1);
	assert_int_equal(give(f, &f->body, 2, false, 2, 64), BLOCK_INCOMPLETE);
}

static void test_all_bodies_together_are_capped(void **state)
{
	struct fixture *f = *state;
	struct block_body others[4] = { 0 };

	f->pool.limit = 4096;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(give(f, &others[i], 0, true, 6, 1024), BLOCK_CONTINUE);
	assert_int_equal(f->pool.total, 4096);
	assert_int_equal(give(f, &f->body, 0, true, 6, 1024), BLOCK_NO_ROOM);
	assert_int_equal(give(f, &others[3], 1, true, 6, 1024), BLOCK_NO_ROOM);
	assert_false(others[3].active);
	assert_int_equal(give(f, &others[3], 0, true, 6, 1024), BLOCK_CONTINUE);

	/* those that went quiet give way, the first first */
	f->now_us += BLOCK_QUIET_US - 1;
	assert_int_equal(give(f, &f->body, 0, true, 6, 1024), BLOCK_NO_ROOM);
	f->now_us += 1;
	assert_int_equal(give(f, &f->body, 0, true, 6, 1024), BLOCK_CONTINUE);
	assert_false(others[0].active);
	assert_true(others[1].active);
	assert_int_equal(f->pool.evicted, 1);
	for (size_t i = 0; i < 4; i++)
		block_drop(&f->pool, &others[i]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_sizes),
		TEST(test_a_single_block_needs_no_memory),
		TEST(test_the_size_may_shrink),
		TEST(test_gaps),
		TEST(test_block_0_begins_anew),
		TEST(test_what_contradicts_itself),
		TEST(test_another_format_is_another_body),
		TEST(test_size1),
		TEST(test_too_large_without_saying_so),
		TEST(test_bodies_that_stop_are_forgotten),
		TEST(test_all_bodies_together_are_capped),
	};

	return RUN_TESTS(tests);
}
