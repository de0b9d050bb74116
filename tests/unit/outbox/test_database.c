/*
 * The file itself: how it is made, what people see in it, how small it is, and
 * how an older one is brought up to date.
 */
#include "outbox/database.h"

#include "outbox/keeper.h"
#include "outbox/outbox.h"
#include "unit/outbox/store_room.h"
#include "util/decimal.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void test_the_file(void **state)
{
	struct room *m = room_new();
	struct stat st;
	char path[200], text[200];

	room_start(m);
	room_fill(m, 1, 10);
	room_path(m, "outbox.db", path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	room_path(m, "outbox.db-wal", path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(room_number(m, "PRAGMA page_size"), 4096);
	assert_int_equal(room_number(m, "PRAGMA auto_vacuum"), 2);
	assert_int_equal(room_number(m, "PRAGMA application_id"), SCHEMA_APPLICATION_ID);
	assert_int_equal(room_number(m, "PRAGMA user_version"), schema_version(&schema_current));
	room_ask(m, "PRAGMA journal_mode", text);
	assert_string_equal(text, "wal");
	assert_int_equal(
		room_number(m, "SELECT count(*) FROM sqlite_schema WHERE type='index'"), 0);
	room_ask(m, "PRAGMA integrity_check", text);
	assert_string_equal(text, "ok");
	room_free(m);
}

/* What a look with the sqlite3 program shows of a number is what a message says. */
static void test_views_write_decimals_as_we_do(void **state)
{
	static const int64_t mantissas[] = { 0, 1, -1, 9, 10, -10, 99, 100, 376, 3760, -3760, 12345,
		-999999999, INT64_MAX, INT64_MIN, INT64_MIN + 1 };
	struct store_row rows[COUNT(mantissas) * 41];
	struct store_batch b = { .rows = rows };
	struct room *m = room_new();
	char sql[80], text[200], expected[DECIMAL_TEXT_MAX + 1];

	for (size_t i = 0; i < COUNT(mantissas); i++)
		for (int exponent = -20; exponent <= 20; exponent++) {
			struct decimal d = { mantissas[i], (int8_t)exponent };
			struct store_row *row = &rows[b.row_count];

			if (!decimal_plain(d))
				continue;
			*row = room_row((int64_t)++b.row_count);
			row->value = row->raw = d.mantissa;
			row->exponent = row->raw_exponent = d.exponent;
			row->raw_unit = 4;
		}
	assert_true(b.row_count > 500);
	room_start(m);
	room_batch(m, &b);
	for (size_t i = 0; i < b.row_count; i++) {
		decimal_format(expected, sizeof(expected),
			(struct decimal){ rows[i].value, rows[i].exponent });
		snprintf(sql, sizeof(sql), "SELECT value FROM readings WHERE position=%d",
			(int)rows[i].id);
		room_ask(m, sql, text);
		assert_string_equal(text, expected);
		snprintf(sql, sizeof(sql), "SELECT raw FROM readings WHERE position=%d",
			(int)rows[i].id);
		room_ask(m, sql, text);
		assert_string_equal(text, expected);
	}
	room_free(m);
}

static void see(const struct room *m, const char *column, int64_t id, const char *expected)
{
	char sql[120], text[200];

	snprintf(
		sql, sizeof(sql), "SELECT \"%s\" FROM readings WHERE position=%d", column, (int)id);
	room_ask(m, sql, text);
	assert_string_equal(text, expected);
}

static void test_views_use_our_words(void **state)
{
	struct store_row rows[64];
	struct store_batch b = { .rows = rows };
	struct room *m = room_new();

	/* One row per number, each enum as far as it goes; the words of all of them are seen. */
	for (int i = 0; i < _VALIDITY_MAX; i++) {
		rows[i] = room_row(i + 1);
		rows[i].validity = (uint8_t)i;
		rows[i].clock = (uint8_t)(i % _CLOCK_STATE_MAX);
		rows[i].time_source = (uint8_t)(i % _TIME_SOURCE_MAX);
		rows[i].origin = (uint8_t)(i % _ORIGIN_MAX);
		rows[i].auth = (uint8_t)(i % _AUTH_MAX);
		b.row_count++;
	}
	for (uint16_t flag = 1; flag < _FLAG_END; flag <<= 1) {
		rows[b.row_count] = room_row((int64_t)b.row_count + 1);
		rows[b.row_count++].flags = flag;
	}
	room_start(m);
	room_batch(m, &b);
	for (size_t i = 0; i < b.row_count; i++) {
		const struct store_row *r = &rows[i];

		see(m, "validity", r->id, validity_text(r->validity));
		see(m, "clock", r->id, clock_state_text(r->clock));
		see(m, "time_source", r->id, time_source_text(r->time_source));
		see(m, "origin", r->id, origin_text(r->origin));
		see(m, "auth", r->id, auth_text(r->auth));
		see(m, "flags", r->id,
			r->flags ? reading_flag_text((enum reading_flag)r->flags) : "NULL");
	}
	room_free(m);
}

static void test_views_say_names_and_times(void **state)
{
	static const struct store_name names[] = { { 1, "12-9f3a21c4" }, { 2, "bed3-oximeter" },
		{ 3, "3" }, { 4, "spo2" }, { 5, "sensor-off" }, { 6, "rhythm" } };
	struct store_row rows[] = { room_row(1), room_row(2), room_row(3), room_row(4) };
	struct store_event event = { 5, 5, 1, MESSAGE_ALARM, (char *)"alarms/bed3", (char *)"{}" };
	struct store_aside aside = { 2, 1790000000000, 3, 0x99 };
	struct store_batch b = { .names = names,
		.name_count = COUNT(names),
		.rows = rows,
		.row_count = COUNT(rows),
		.events = &event,
		.event_count = 1,
		.asides = &aside,
		.aside_count = 1,
		.own_epoch = 1 };
	struct room *m = room_new();
	char text[200];

	rows[0].device_time_ms = -1;
	rows[0].group = 1;
	rows[0].flags = FLAG_DEMO | FLAG_AMBIGUOUS_TIME;
	rows[1].kind = VALUE_BOOLEAN;
	rows[1].value = 0;
	rows[1].exponent = 0;
	rows[2].kind = VALUE_WORD;
	rows[2].value = 6;
	rows[3].kind = VALUE_NONE;
	rows[3].reason = 5;
	room_start(m);
	room_batch(m, &b);
	see(m, "id", 1, "12-9f3a21c4:1");
	see(m, "device", 1, "bed3-oximeter");
	see(m, "bed", 1, "3");
	see(m, "metric", 1, "spo2");
	see(m, "value", 1, "97.1");
	see(m, "group", 1, "12-9f3a21c4:1");
	see(m, "group", 2, "NULL");
	see(m, "flags", 1, "demo ambiguous-time");
	see(m, "source_key", 1, "9e3779b97f4a7c15");
	see(m, "received", 1, "2026-09-21T14:13:20.001Z");
	see(m, "time", 1, "2026-09-21T14:13:19.881Z");
	see(m, "device_time", 1, "1969-12-31T23:59:59.999Z");
	see(m, "device_time", 2, "NULL");
	see(m, "value", 2, "false");
	see(m, "value", 3, "rhythm");
	see(m, "value", 4, "NULL");
	see(m, "reason", 4, "sensor-off");
	room_ask(m, "SELECT id||' '||kind||' '||topic||' '||body FROM events", text);
	assert_string_equal(text, "12-9f3a21c4:5 alarm alarms/bed3 {}");
	room_ask(m, "SELECT since||' '||tries||' '||reason||' '||id||' '||metric FROM set_aside",
		text);
	assert_string_equal(text, "2026-09-21T14:13:20.000Z 3 0x99 12-9f3a21c4:2 spo2");
	assert_int_equal(room_number(m, "SELECT count(*) FROM gaps"), 0);
	room_free(m);
}

/* Of a ward's usual reading, with all that it carries, and the file as it lies on the card. */
static void test_a_reading_is_small(void **state)
{
	struct room *m = room_new();
	struct stat st;
	char path[200];

	room_start(m);
	for (int64_t id = 3000000; id < 3100000; id += 5000)
		room_fill(m, id, id + 4999);
	room_stop(m);
	room_path(m, "outbox.db", path);
	assert_int_equal(stat(path, &st), 0);
	print_message("%.1f bytes of file per reading\n", (double)st.st_size / 100000);
	assert_true(st.st_size / 100000 < 100);
	room_free(m);
}

static const char version_3[] = "ALTER TABLE reading ADD COLUMN moon INTEGER;"
				"CREATE TABLE later(id INTEGER PRIMARY KEY)";
static const char version_4[] = "DROP TABLE later;"
				"UPDATE reading SET moon=7";

static void test_migrates_after_a_backup(void **state)
{
	struct migration steps[] = { schema_current.migrations[0], schema_current.migrations[1],
		{ 3, version_3 }, { 4, version_4 } };
	struct schema later = { steps, 4 };
	struct store_batch b = { .rows_from = 1, .rows_wanted = 100 };
	struct room *m = room_new();
	char path[200], text[200];
	sqlite3 *db;

	room_start(m);
	room_fill(m, 1, 10);
	room_stop(m);
	keeper_schema = &later;
	room_start(m);
	assert_false(m->fresh);
	assert_int_equal(m->last, 10);
	room_batch(m, &b);
	assert_int_equal(m->result.row_count, 10);
	assert_int_equal(room_number(m, "PRAGMA user_version"), 4);
	assert_int_equal(room_number(m, "SELECT sum(moon) FROM reading"), 70);
	room_stop(m);
	/* Nothing more is done at the next start. */
	room_start(m);
	room_stop(m);
	room_path(m, "outbox.db.v4-backup", path);
	assert_int_equal(access(path, F_OK), -1);

	/* The backup is a whole database of the version before: put back, it is taken. */
	keeper_schema = &schema_current;
	room_path(m, "outbox.db.v2-backup", path);
	room_path(m, "outbox.db", text);
	assert_int_equal(rename(path, text), 0);
	room_start(m);
	room_batch(m, &b);
	assert_int_equal(m->result.row_count, 10);
	room_path(m, "outbox.db", path);
	assert_int_equal(sqlite3_open(path, &db), 0);
	assert_int_equal(
		sqlite3_exec(db, "SELECT moon FROM reading", NULL, NULL, NULL), SQLITE_ERROR);
	sqlite3_close(db);
	room_free(m);
}

/* A step that fails leaves the version before, whole, and is tried again. */
static void test_a_migration_that_fails(void **state)
{
	struct migration steps[] = { schema_current.migrations[0], schema_current.migrations[1],
		{ 3, version_3 }, { 4, "UPDATE reading SET moon=7;CREATE TABLE reading(x)" } };
	struct schema broken = { steps, 4 };
	struct room *m = room_new();

	room_start(m);
	room_fill(m, 1, 10);
	room_stop(m);
	keeper_schema = &broken;
	room_start_only(m);
	while (m->figures.state != STORE_FAILING)
		room_turn(m);
	assert_int_equal(m->opened, 0);
	room_stop(m);
	assert_int_equal(room_number(m, "PRAGMA user_version"), 3);
	assert_int_equal(room_number(m, "SELECT count(*) FROM reading WHERE moon IS NULL"), 10);
	steps[3].sql = version_4;
	room_start(m);
	assert_int_equal(room_number(m, "PRAGMA user_version"), 4);
	keeper_schema = &schema_current;
	room_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_file),
		cmocka_unit_test(test_views_write_decimals_as_we_do),
		cmocka_unit_test(test_views_use_our_words),
		cmocka_unit_test(test_views_say_names_and_times),
		cmocka_unit_test(test_a_reading_is_small),
		cmocka_unit_test(test_migrates_after_a_backup),
		cmocka_unit_test(test_a_migration_that_fails),
	};

	return RUN_TESTS(tests);
}
