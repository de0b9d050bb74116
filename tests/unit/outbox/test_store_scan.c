/*
 * Which numbers of a run are stored: readings and events together, in order,
 * however they lie, and in pieces between batches.
 */
#include "unit/outbox/store_room.h"

static void scan(struct room *m, uint32_t epoch)
{
	m->range_count = 0;
	m->scan_done = false;
	assert_int_equal(store_scan(m->s, epoch), 0);
	while (!m->scan_done)
		room_turn(m);
}

static void assert_range(const struct room *m, size_t i, uint64_t first, uint64_t last)
{
	assert_true(i < m->range_count);
	assert_int_equal(m->ranges[i].first, first);
	assert_int_equal(m->ranges[i].last, last);
}

static void test_readings_and_events_together(void **state)
{
	struct store_event event = { 51, 51, 1, 2, (char *)"t", (char *)"b" };
	struct store_row late[] = { room_row(200), room_row(201), room_row(202), room_row(203) };
	struct store_batch b = { .events = &event, .event_count = 1, .rows = late, .row_count = 4 };
	struct room *m = room_new();

	/* Numbers of an earlier run that were taken again later, out of order. */
	late[0].sequence = 120;
	late[1].sequence = 110;
	late[2].sequence = 111;
	late[3].epoch = 2;
	late[3].sequence = 1;
	room_start(m);
	room_fill(m, 1, 50);
	room_fill(m, 52, 100);
	room_batch(m, &b);
	scan(m, 1);
	assert_int_equal(m->range_count, 3);
	assert_range(m, 0, 1, 100);
	assert_range(m, 1, 110, 111);
	assert_range(m, 2, 120, 120);
	scan(m, 2);
	assert_int_equal(m->range_count, 1);
	assert_range(m, 0, 1, 1);
	scan(m, 3);
	assert_int_equal(m->range_count, 0);
	room_free(m);
}

/* Several at once, many rows, more ranges than one call takes; batches go on meanwhile. */
static void test_many(void **state)
{
	enum { N = 12000 };
	struct store_row *rows = calloc(N, sizeof(*rows));
	struct store_batch b = { .rows = rows, .row_count = N },
			   none = { .rows_from = 1, .rows_wanted = 1 };
	struct room *m = room_new();
	int before;

	for (int64_t i = 0; i < N; i++) {
		rows[i] = room_row(i + 1);
		rows[i].epoch = i < N / 2 ? 7 : 8;
		if (i < N / 2 && i % 3 == 2) /* two of three, and 8 whole */
			rows[i].epoch = 9;
	}
	room_start(m);
	room_batch(m, &b);
	assert_int_equal(store_scan(m->s, 7), 0);
	room_batch(m, &none);
	assert_int_equal(m->result.row_count, 1);
	while (!m->scan_done)
		room_turn(m);
	assert_int_equal(m->range_count, 2000);
	assert_true(m->scanned >= 2);
	for (size_t i = 0; i < m->range_count; i++)
		assert_range(m, i, i * 3 + 1, i * 3 + 2);
	before = m->scanned;
	m->range_count = 0;
	assert_int_equal(store_scan(m->s, 8), 0);
	assert_int_equal(store_scan(m->s, 10), 0);
	while (m->scanned < before + 2)
		room_turn(m);
	assert_int_equal(m->range_count, 1);
	assert_range(m, 0, N / 2 + 1, N);
	free(rows);
	room_free(m);
}

/* Asked before the database is open. */
static void test_asked_early(void **state)
{
	struct room *m = room_new();

	room_start(m);
	room_fill(m, 1, 10);
	room_stop(m);
	room_start_only(m);
	scan(m, 1);
	assert_int_equal(m->range_count, 1);
	assert_range(m, 0, 1, 10);
	room_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_readings_and_events_together),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_asked_early),
	};

	return RUN_TESTS(tests);
}
