/*
 * Damage: no row that is not what was written is told, every number is either
 * brought back or explained by a gap, and where the next position is is known.
 */
#include <fcntl.h>

#include "unit/outbox/store_room.h"

#define ROWS 20000
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct store_name names[] = { { 1, "12-9f3a21c4" }, { 2, "bed3-oximeter" }, { 3, "3" },
	{ 4, "spo2" } };

/* A directory with ROWS readings, some events among them, something set aside and owed. */
static struct room *filled(void)
{
	struct store_event events[] = { { 5001, 5001, 1, 2, (char *)"alarm", (char *)"one" },
		{ 20001, 20001, 1, 1, (char *)"record", (char *)"two" } };
	struct store_aside aside = { 77, 1790000000000, 5, 0x99 };
	struct store_batch b = { .names = names,
		.name_count = COUNT(names),
		.events = events,
		.event_count = 2,
		.own_epoch = 1 };
	struct room *m = room_new();

	room_start(m);
	room_batch(m, &b);
	room_fill(m, 1, 5000);
	room_fill(m, 5002, ROWS);
	b = (struct store_batch){ .asides = &aside, .aside_count = 1 };
	room_batch(m, &b);
	return m;
}

/* The page that holds the leaf with the most of that table's rows... any leaf in its middle. */
static int64_t some_leaf(const struct room *m, const char *table)
{
	char sql[160];

	snprintf(sql, sizeof(sql),
		"SELECT pageno FROM dbstat WHERE name='%s' AND pagetype='leaf'"
		" ORDER BY path LIMIT 1 OFFSET 100",
		table);
	return room_number(m, sql);
}

static void overwrite(const struct room *m, int64_t at, const void *bytes, size_t n)
{
	char path[200];
	int fd;

	room_path(m, "outbox.db", path);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, n, at), n);
	close(fd);
}

static void wait_for_salvage(struct room *m)
{
	struct store_batch none = { 0 };

	/* Its note goes with the last piece. */
	while (room_number(m, "SELECT count(*) FROM salvage") > 0)
		room_batch(m, &none);
	room_batch(m, &none);
}

/* All rows that are there are as they were; every number that is not is in a gap. */
static void assert_explained(struct room *m, int64_t rows)
{
	struct store_batch b = { .rows_from = 1, .rows_wanted = 5000 };
	bool *seen = calloc((size_t)rows + 2, sizeof(*seen));
	int64_t missing = 0;

	do {
		room_batch(m, &b);
		assert_true(m->result.loaded);
		for (size_t i = 0; i < m->result.row_count; i++) {
			struct store_row expected = room_row(m->rows[i].id);

			assert_memory_equal(&m->rows[i], &expected, sizeof(expected));
			seen[m->rows[i].id] = true;
			b.rows_from = m->rows[i].id + 1;
		}
	} while (!m->result.rows_end);
	for (size_t i = 0; i < m->owed_count; i++) {
		if (m->owed[i].kind != OWED_GAP)
			continue;
		assert_string_equal(m->owed[i].reason, "damaged");
		assert_int_equal(m->owed[i].epoch, 1);
		for (uint64_t n = m->owed[i].first; n <= m->owed[i].last; n++)
			if (n <= (uint64_t)rows)
				seen[n] = true;
	}
	for (int64_t id = 1; id <= rows; id++)
		missing += !seen[id] && id != 5001;
	assert_int_equal(missing, 0);
	free(seen);
}

static void test_a_changed_row_is_never_told(void **state)
{
	struct store_batch b = {
		.rows_from = 90, .rows_wanted = 30, .events_from = 1, .events_wanted = 10
	};
	struct room *m = filled();
	char text[200];

	room_stop(m);
	room_ask(m, "UPDATE reading SET value=value+1 WHERE id=100", text);
	room_ask(m, "UPDATE reading SET sequence=3 WHERE id=105", text);
	room_ask(m, "UPDATE event SET body='x' WHERE id=5001", text);
	room_start(m);
	room_batch(m, &b);
	assert_int_equal(m->result.row_count, 30);
	for (size_t i = 0; i < 30; i++)
		assert_true(m->rows[i].id != 100 && m->rows[i].id != 105);
	assert_int_equal(m->result.event_count, 1);
	while (!m->dropped)
		room_turn(m);
	/* Beside the run's epoch. The second row lied about its number. */
	assert_int_equal(m->owed_count, 4);
	assert_int_equal(m->owed[1].first, 100);
	assert_int_equal(m->owed[1].last, 100);
	assert_int_equal(m->owed[1].count, 1);
	assert_int_equal(m->owed[2].first, 105);
	assert_int_equal(m->owed[2].last, 105);
	assert_int_equal(m->owed[3].first, 5001);
	assert_string_equal(m->owed[3].reason, "damaged");
	assert_int_equal(room_number(m, "SELECT count(*) FROM reading WHERE id IN(100,105)"), 0);
	assert_int_equal(store_figures(m->s).readings, ROWS - 1 - 2);
	assert_int_equal(store_figures(m->s).dropped, 3);
	room_free(m);
}

/* Found by reading, in the middle of a run. */
static void test_a_lost_page(void **state)
{
	struct store_batch b = { .rows_from = 1, .rows_wanted = 10000 };
	char zeros[4096] = { 0 }, path[200];
	struct room *m = filled();
	int64_t page;
	int errors = 0;

	room_stop(m);
	page = some_leaf(m, "reading");
	overwrite(m, (page - 1) * 4096, zeros, sizeof(zeros));
	room_start(m);
	assert_false(m->fresh);
	assert_int_equal(m->key_count, STORE_KEYS_FIRST);
	m->owed_count = 0;
	while (m->opened < 2) {
		room_batch(m, &b);
		errors += !m->result.loaded;
	}
	assert_true(errors > 0);
	assert_true(m->fresh);
	assert_true(m->last >= ROWS + 1);
	while (store_figures(m->s).notice[0] == 0)
		room_turn(m);
	wait_for_salvage(m);
	assert_int_equal(m->salvaged_from, 1);
	assert_int_equal(m->salvaged_events, 2);
	assert_true(m->salvaged_readings > ROWS - 300);
	assert_true(m->salvaged_readings < ROWS - 1);
	assert_true(m->owed_count >= 1);
	assert_int_equal(m->owed[0].count, 0);
	assert_true(m->owed[0].last - m->owed[0].first < 300);
	assert_int_equal(store_figures(m->s).readings, m->salvaged_readings);
	assert_explained(m, ROWS);
	/* The damaged one is kept. */
	room_path(m, "outbox.db.corrupt-1", path);
	assert_int_equal(access(path, F_OK), 0);
	room_free(m);
}

/* Half of the file is gone when the run begins. */
static void test_cut_short(void **state)
{
	struct room *m = filled();
	char path[200];
	struct stat st;

	room_stop(m);
	room_path(m, "outbox.db", path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(truncate(path, st.st_size / 2), 0);
	room_start(m);
	assert_true(m->fresh);
	assert_int_equal(m->last, ROWS + 1);
	assert_int_equal(m->name_count, COUNT(names));
	assert_string_equal(m->names[1].text, "bed3-oximeter");
	assert_int_equal(m->owed_count, 1);
	assert_int_equal(m->owed[0].kind, OWED_EPOCH);
	assert_int_equal(m->aside_count, 1);
	assert_int_equal(m->aside_row_count, 1);
	assert_int_equal(m->aside_rows[0].id, 77);
	wait_for_salvage(m);
	assert_true(m->salvaged_readings > 1000);
	assert_explained(m, ROWS);
	room_free(m);
}

/* A start in the middle of it goes on where it was. */
static void test_goes_on_after_a_start(void **state)
{
	struct room *m = filled();
	char path[200], zeros[4096] = { 0 };
	struct stat st;
	int64_t before;

	room_stop(m);
	overwrite(m, (some_leaf(m, "reading") - 1) * 4096, zeros, sizeof(zeros));
	/* Short of a page, which a start finds. */
	room_path(m, "outbox.db", path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(truncate(path, st.st_size - 4096), 0);
	room_start(m);
	assert_true(m->fresh);
	while (m->salvaged < 3)
		room_turn(m);
	room_stop(m);
	assert_int_equal(room_number(m, "SELECT count(*) FROM salvage"), 1);
	before = room_number(m, "SELECT readings FROM ledger");
	assert_true(before > 1000);
	room_start(m);
	assert_false(m->fresh);
	wait_for_salvage(m);
	assert_true(m->salvaged_readings > 0);
	assert_true(m->salvaged_readings + (uint64_t)before <= ROWS);
	assert_explained(m, ROWS);
	room_free(m);
}

/* A name that is lost may stand for another device by now: what speaks of it is not told. */
static void test_a_lost_name(void **state)
{
	struct room *m = filled();
	char text[200];

	room_stop(m);
	room_ask(m, "UPDATE name SET text='bed4-oximeter' WHERE id=2", text);
	room_start(m);
	assert_true(m->fresh);
	assert_int_equal(m->name_count, COUNT(names) - 1);
	wait_for_salvage(m);
	assert_int_equal(m->salvaged_readings, 0);
	assert_int_equal(m->salvaged_events, 2);
	assert_int_equal(store_figures(m->s).readings, 0);
	room_free(m);
}

static void test_nothing_can_be_read(void **state)
{
	static const char *const kept[] = { "outbox.db.corrupt-1", "outbox.db.corrupt-2" };
	struct store_batch b = { .rows_from = 1, .rows_wanted = 10 };
	struct room *m = filled();
	char noise[4096], path[200];

	memset(noise, 'x', sizeof(noise));
	for (int i = 0; i < 2; i++) {
		room_stop(m);
		overwrite(m, 0, noise, sizeof(noise));
		room_start(m);
		assert_true(m->fresh);
		assert_int_equal(m->name_count, 0);
		room_fill(m, 1, 10);
		room_batch(m, &b);
		assert_int_equal(m->result.row_count, 10);
		room_path(m, kept[i], path);
		assert_int_equal(access(path, F_OK), 0);
	}
	room_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_changed_row_is_never_told),
		cmocka_unit_test(test_a_lost_page),
		cmocka_unit_test(test_cut_short),
		cmocka_unit_test(test_goes_on_after_a_start),
		cmocka_unit_test(test_a_lost_name),
		cmocka_unit_test(test_nothing_can_be_read),
	};

	return RUN_TESTS(tests);
}
