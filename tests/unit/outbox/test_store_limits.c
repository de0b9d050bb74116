/*
 * Limits at work: what goes, in which order, with which records, and how the
 * store says so; the own clock; and the file's size.
 */
#include "outbox/database.h"
#include "unit/outbox/store_room.h"

#define MB (INT64_C(1024) * 1024)
#define DAY INT64_C(86400)

/* The numbers that the gaps of the room speak of. */
static uint64_t gap_count(const struct room *m, const char *reason)
{
	uint64_t n = 0;

	for (size_t i = 0; i < m->owed_count; i++) {
		assert_int_equal(m->owed[i].kind, OWED_GAP);
		assert_string_equal(m->owed[i].reason, reason);
		n += m->owed[i].count;
	}
	return n;
}

static void test_the_oldest_give_way(void **state)
{
	struct store_event events[] = { { 1, 1, 1, 2, (char *)"alarm", (char *)"first" },
		{ 70000, 70000, 1, 1, (char *)"record", (char *)"second" } };
	struct store_batch b = { .events = events, .event_count = 2 };
	struct room *m = room_new();
	char path[200];
	struct stat st;
	int64_t first;

	m->limits.max_size = 4 * MB;
	room_start(m);
	room_batch(m, &b);
	for (int64_t id = 2; id < 60000; id += 1000) {
		room_fill(m, id, id + 999);
		assert_int_equal(m->result.error, 0);
		assert_true(store_figures(m->s).used_bytes <= 4 * MB);
		assert_true(store_figures(m->s).file_bytes <= 4 * MB);
	}
	while (m->figures.state != STORE_FULL)
		room_turn(m);
	assert_true(strlen(m->figures.problem) > 0);
	assert_true(m->dropped > 1);
	/* What is gone and what is there are all that ever came; the alarm stayed. */
	first = room_number(m, "SELECT min(id) FROM reading");
	assert_int_equal(gap_count(m, "size"), first - 2);
	assert_int_equal(store_figures(m->s).dropped, first - 2);
	assert_int_equal(room_number(m, "SELECT count(*) FROM reading"), 60001 - first + 1);
	assert_int_equal(store_figures(m->s).readings, 60001 - first + 1);
	assert_int_equal(room_number(m, "SELECT sum(count) FROM gaps"), first - 2);
	assert_int_equal(room_number(m, "SELECT count(*) FROM event"), 2);
	for (size_t i = 0; i < m->owed_count; i++) {
		assert_int_equal(m->owed[i].epoch, 1);
		assert_int_equal(m->owed[i].last - m->owed[i].first + 1, m->owed[i].count);
		assert_int_equal(m->owed[i].first, i ? m->owed[i - 1].last + 1 : 2);
	}
	/* Drained, it is well again. */
	b = (struct store_batch){ .deletes = &(struct store_range){ 2, 59000 }, .delete_count = 1 };
	room_batch(m, &b);
	room_fill(m, 60002, 60002);
	while (m->figures.state != STORE_GOOD)
		room_turn(m);
	assert_string_equal(m->figures.problem, "");
	room_stop(m);
	room_path(m, "outbox.db", path);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size <= 4 * MB);
	/* The next start hears of what is owed. */
	room_start(m);
	assert_int_equal(gap_count(m, "size"), first - 2);
	room_free(m);
}

/* Alarm events and records go only when no reading is left. */
static void test_events_go_last(void **state)
{
	struct store_event *events = calloc(2000, sizeof(*events));
	struct store_batch b = { .events = events, .event_count = 500 };
	struct room *m = room_new();
	char body[1001];

	memset(body, 'x', 1000);
	body[1000] = 0;
	m->limits.max_size = 2 * MB;
	room_start(m);
	room_fill(m, 1, 500);
	for (int64_t id = 1001; id < 6000; id += 500) {
		for (int64_t i = 0; i < 500; i++)
			events[i] = (struct store_event){ id + i, (uint64_t)(id + i), 1, 2,
				(char *)"t", body };
		room_batch(m, &b);
		assert_int_equal(m->result.error, 0);
		if (store_figures(m->s).events < (uint64_t)(id + 499 - 1000))
			assert_int_equal(store_figures(m->s).readings, 0);
	}
	while (m->figures.state != STORE_FULL)
		room_turn(m);
	assert_true(store_figures(m->s).events < 5000);
	assert_int_equal(gap_count(m, "size"), 500 + 5000 - store_figures(m->s).events);
	assert_int_equal(room_number(m, "SELECT max(id) FROM event"), 6000);
	free(events);
	room_free(m);
}

/* A lower limit after a reload is met in the background, by and by. */
static void test_a_lower_limit(void **state)
{
	struct store_batch none = { 0 };
	struct room *m = room_new();

	room_start(m);
	for (int64_t id = 1; id < 200000; id += 5000)
		room_fill(m, id, id + 4999);
	m->limits.max_size = 2 * MB;
	store_set_limits(m->s, &m->limits);
	room_fill(m, 200001, 200001);
	while (store_figures(m->s).used_bytes > 2 * MB)
		room_turn(m);
	room_batch(m, &none);
	assert_int_equal(room_number(m, "SELECT max(id) FROM reading"), 200001);
	assert_int_equal(gap_count(m, "size"), 200001 - store_figures(m->s).readings);
	room_free(m);
}

/* With less free than is to be kept, 16 MB are used all the same, and no more. */
static void test_no_free_space(void **state)
{
	struct room *m = room_new();
	char path[200];
	struct stat st;

	m->limits.keep_free = INT64_MAX / 4;
	room_start(m);
	for (int64_t id = 1; id < 300000; id += 5000) {
		room_fill(m, id, id + 4999);
		assert_int_equal(m->result.error, 0);
		assert_true(store_figures(m->s).used_bytes <= 16 * MB);
		if (id < 150000)
			assert_int_equal(store_figures(m->s).dropped, 0);
	}
	while (m->figures.state != STORE_FULL)
		room_turn(m);
	assert_non_null(strstr(m->figures.problem, "KeepFree="));
	assert_int_equal(gap_count(m, "free-space"), 300000 - store_figures(m->s).readings);
	room_stop(m);
	room_path(m, "outbox.db", path);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size <= 17 * MB);
	room_free(m);
}

static void test_age(void **state)
{
	struct store_aside aside = { 3, 1790000000000, 5, 0x99 };
	struct store_batch b = { .asides = &aside, .aside_count = 1 };
	struct room *m = room_new();
	char text[200];

	m->limits.max_age_us = 30 * DAY * 1000000;
	room_start(m);
	room_fill(m, 1, 1500);
	room_batch(m, &b);
	room_stop(m);
	/* 29 days on the ledger's own clock, then 2 more; in another boot, and in this one. */
	room_ask(m, "UPDATE ledger SET clock=clock+29*86400,boot='another',uptime=1", text);
	room_start(m);
	room_fill(m, 1501, 1600);
	assert_int_equal(m->dropped, 0);
	room_stop(m);
	room_ask(m, "UPDATE ledger SET clock=clock+2*86400", text);
	room_start(m);
	room_fill(m, 1601, 1610);
	while (m->figures.state != STORE_FULL)
		room_turn(m);
	assert_int_equal(gap_count(m, "age"), 1500);
	assert_int_equal(room_number(m, "SELECT min(id) FROM reading"), 1501);
	assert_int_equal(room_number(m, "SELECT count(*) FROM aside"), 0);
	assert_int_equal(room_number(m, "SELECT asides FROM ledger"), 0);
	room_free(m);
}

/* The own clock goes on by the kernel's within a boot, and from where it was in the next. */
static void test_own_clock(void **state)
{
	struct room *m = room_new();
	struct database d = { 0 };
	int version;
	char text[200];
	int64_t clock;

	room_start(m);
	room_fill(m, 1, 1);
	room_stop(m);
	clock = room_number(m, "SELECT clock-uptime FROM ledger");
	assert_int_equal(database_open(&d, m->directory, &schema_current, 0, &version), 0);
	assert_int_equal(database_clock(&d, 0), clock);
	assert_int_equal(database_clock(&d, 1000), clock + 1000);
	database_close(&d, true);
	room_ask(m, "UPDATE ledger SET boot='another',clock=5000,uptime=4711", text);
	assert_int_equal(database_open(&d, m->directory, &schema_current, 0, &version), 0);
	assert_int_equal(database_clock(&d, 60), 5060);
	/* A commit remembers, for this boot and the next. */
	assert_int_equal(database_begin(&d), 0);
	assert_int_equal(database_commit(&d, 60), 0);
	database_close(&d, true);
	assert_int_equal(database_open(&d, m->directory, &schema_current, 100, &version), 0);
	assert_int_equal(database_clock(&d, 100), 5100);
	database_close(&d, true);
	room_free(m);
}

/* One chunk that spans several runs owes each its own record. */
static void test_a_gap_for_each_run(void **state)
{
	struct store_row rows[300];
	struct store_batch b = { .rows = rows, .row_count = 300 };
	struct room *m = room_new();
	char text[200];

	for (int i = 0; i < 300; i++) {
		rows[i] = room_row(i + 1);
		rows[i].epoch = (uint32_t)(i / 100 + 1);
		rows[i].sequence = (uint64_t)(i % 100 + 50);
	}
	room_start(m);
	room_batch(m, &b);
	room_stop(m);
	room_ask(m, "UPDATE ledger SET clock=clock+40*86400", text);
	room_start(m);
	room_fill(m, 301, 301);
	while (!m->dropped)
		room_turn(m);
	assert_int_equal(m->owed_count, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(m->owed[i].epoch, i + 1);
		assert_int_equal(m->owed[i].first, 50);
		assert_int_equal(m->owed[i].last, 149);
		assert_int_equal(m->owed[i].count, 100);
		assert_int_equal(m->owed[i].id, i + 1);
	}
	room_free(m);
}

/* After a long outage the file gives its room back, and the log never grew without bound. */
static void test_a_drained_file_shrinks(void **state)
{
	struct store_range all = { 1, 1000000 };
	struct store_batch b = { .deletes = &all, .delete_count = 1 };
	struct room *m = room_new();
	char path[200];
	struct stat st;

	room_start(m);
	for (int64_t id = 1; id < 500000; id += 10000) {
		room_fill(m, id, id + 9999);
		room_path(m, "outbox.db-wal", path);
		assert_int_equal(stat(path, &st), 0);
		assert_true(st.st_size < 24 * MB);
	}
	assert_true(store_figures(m->s).used_bytes > 30 * MB);
	room_batch(m, &b);
	room_path(m, "outbox.db", path);
	do {
		struct timespec pause = { 0, 20000000 };

		nanosleep(&pause, NULL);
		assert_int_equal(stat(path, &st), 0);
	} while (st.st_size > 18 * MB);
	room_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_oldest_give_way),
		cmocka_unit_test(test_events_go_last),
		cmocka_unit_test(test_a_lower_limit),
		cmocka_unit_test(test_no_free_space),
		cmocka_unit_test(test_age),
		cmocka_unit_test(test_own_clock),
		cmocka_unit_test(test_a_gap_for_each_run),
		cmocka_unit_test(test_a_drained_file_shrinks),
	};

	return RUN_TESTS(tests);
}
