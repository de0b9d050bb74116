/*
 * Trouble with the file that is not the disk's: held by another program,
 * somebody else's, of a later version, taken away while in use. The store says
 * so with what to do, goes on, and is well again without a start.
 */
#include "unit/outbox/store_room.h"

static sqlite3 *open_beside(const struct room *m)
{
	char path[200];
	sqlite3 *db = NULL;

	room_path(m, "outbox.db", path);
	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), 0);
	return db;
}

static void test_held_by_another(void **state)
{
	struct store_row row = room_row(11);
	struct store_batch b = { .rows = &row, .row_count = 1 },
			   look = { .rows_from = 1, .rows_wanted = 100 };
	struct room *m = room_new();
	sqlite3 *db;

	room_start(m);
	room_fill(m, 1, 10);
	db = open_beside(m);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), 0);
	room_batch(m, &b);
	assert_int_equal(m->result.error, -EBUSY);
	while (m->figures.state != STORE_FAILING)
		room_turn(m);
	assert_non_null(strstr(m->figures.problem, "close it"));
	room_batch(m, &b);
	assert_int_equal(m->result.error, -EAGAIN);
	assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), 0);
	sqlite3_close(db);
	while (m->opened < 2 || m->figures.state != STORE_GOOD)
		room_turn(m);
	assert_false(m->fresh);
	assert_int_equal(m->name_count, 0);
	assert_int_equal(m->last, 10);
	assert_string_equal(m->figures.problem, "");
	room_batch(m, &b);
	assert_int_equal(m->result.error, 0);
	room_batch(m, &look);
	assert_int_equal(m->result.row_count, 11);
	room_free(m);
}

/* Who only reads holds up nothing but the log's end. */
static void test_read_by_another(void **state)
{
	struct room *m = room_new();
	sqlite3 *db;

	room_start(m);
	room_fill(m, 1, 10);
	db = open_beside(m);
	assert_int_equal(sqlite3_exec(db, "BEGIN;SELECT * FROM readings", NULL, NULL, NULL), 0);
	for (int64_t id = 11; id < 100000; id += 5000) {
		room_fill(m, id, id + 4999);
		assert_int_equal(m->result.error, 0);
	}
	assert_int_equal(store_figures(m->s).state, STORE_GOOD);
	sqlite3_close(db);
	room_free(m);
}

static void is_set_aside(const char *sql, const char *name, const char *word)
{
	struct store_batch look = { .rows_from = 1, .rows_wanted = 100 };
	struct room *m = room_new();
	char path[200], text[200];

	room_start(m);
	room_fill(m, 1, 10);
	room_stop(m);
	room_ask(m, sql, text);
	room_start(m);
	assert_true(m->fresh);
	assert_int_equal(m->last, 0);
	assert_non_null(strstr(m->figures.notice, name));
	assert_non_null(strstr(m->figures.notice, word));
	assert_int_equal(m->figures.state, STORE_GOOD);
	room_batch(m, &look);
	assert_int_equal(m->result.row_count, 0);
	room_path(m, name, path);
	assert_int_equal(access(path, F_OK), 0);
	room_free(m);
}

static void test_not_ours(void **state)
{
	is_set_aside("PRAGMA application_id=1", "outbox.db.foreign-1", "another program");
}

static void test_of_a_later_version(void **state)
{
	is_set_aside("PRAGMA user_version=77", "outbox.db.version-77-1", "later version");
}

/* What is open is what was promised to be kept: it is written to its place again. */
static void test_taken_away(void **state)
{
	struct store_row row = room_row(5001);
	struct store_batch b = { .rows = &row, .row_count = 1 };
	struct room *m = room_new();
	char path[200];

	room_start(m);
	room_fill(m, 1, 5000);
	room_path(m, "outbox.db", path);
	assert_int_equal(unlink(path), 0);
	room_batch(m, &b);
	assert_true(m->result.error < 0);
	while (m->opened < 2)
		room_turn(m);
	assert_false(m->fresh);
	room_batch(m, &b);
	assert_int_equal(m->result.error, 0);
	assert_int_equal(store_figures(m->s).readings, 5001);
	assert_int_equal(room_number(m, "SELECT count(*) FROM reading"), 5001);
	assert_non_null(strstr(store_figures(m->s).notice, "written anew"));
	room_stop(m);
	assert_int_equal(room_number(m, "SELECT count(*) FROM reading"), 5001);
	room_free(m);
}

static int saved;

static void on_saved(enum store_file file, int result, void *userdata)
{
	assert_int_equal(result, 0);
	saved++;
}

/* A batch after each batch and a text after each text: both get through. */
static void test_files_and_batches_take_turns(void **state)
{
	struct store_hooks hooks = { .saved = on_saved, .opened = room_opened, .done = room_done };
	struct store_row row = room_row(1);
	struct store_batch b = { .rows = &row, .row_count = 1 };
	struct room *m = room_new();
	int holder, begun = 0, done = 0;

	hooks.userdata = m;
	saved = 0;
	assert_int_equal(store_new(&m->s, m->e, m->directory, &m->limits, &hooks, &holder), 0);
	while (!m->opened)
		room_turn(m);
	for (int turn = 0; saved < 20 || m->done < 20; turn++) {
		if (m->done == done) {
			done++;
			row = room_row(done);
			store_submit(m->s, &b);
		}
		if (saved == begun) {
			begun++;
			assert_int_equal(store_save(m->s, STORE_EPOCH, "x", 1), 0);
		}
		room_turn(m);
		assert_true(turn < 1000);
	}
	while (store_busy(m->s))
		room_turn(m);
	room_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_held_by_another),
		cmocka_unit_test(test_read_by_another),
		cmocka_unit_test(test_not_ours),
		cmocka_unit_test(test_of_a_later_version),
		cmocka_unit_test(test_taken_away),
		cmocka_unit_test(test_files_and_batches_take_turns),
	};

	return RUN_TESTS(tests);
}
