/*
 * Batches: what is written is read back, all or nothing, once; counts, deletes,
 * the run's epoch; and what a start is told of it.
 */
#include "unit/outbox/store_room.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct store_name some_names[] = { { 1, "12-9f3a21c4" }, { 2, "bed3-oximeter" },
	{ 3, "3" }, { 4, "spo2" }, { 5, "sensor-off" } };

/* Every field at something else than its default. */
static struct store_row full_row(int64_t id)
{
	return (struct store_row){
		.id = id,
		.sequence = 900,
		.device_sequence = 17,
		.group = 890,
		.source_key = UINT64_C(0xfedcba9876543210),
		.value = INT64_MIN,
		.raw = -77,
		.received_ms = 1790000000123,
		.time_ms = 1789999999001,
		.device_time_ms = -5,
		.epoch = 1,
		.device = 2,
		.bed = 3,
		.patient = 4,
		.association = 5,
		.by = 6,
		.metric = 7,
		.reason = 8,
		.site = 9,
		.method = 10,
		.sample = 11,
		.raw_unit = 12,
		.period_ms = 5000,
		.flags = 0x1ff,
		.exponent = -3,
		.raw_exponent = 2,
		.kind = 1,
		.validity = 5,
		.time_source = 2,
		.origin = 3,
		.auth = 1,
		.clock = 2,
		.instance = 200,
	};
}

static void assert_same_row(const struct store_row *a, const struct store_row *b)
{
	assert_int_equal(a->id, b->id);
	assert_int_equal(a->sequence, b->sequence);
	assert_int_equal(a->device_sequence, b->device_sequence);
	assert_int_equal(a->group, b->group);
	assert_int_equal(a->source_key, b->source_key);
	assert_int_equal(a->value, b->value);
	assert_int_equal(a->raw, b->raw);
	assert_int_equal(a->received_ms, b->received_ms);
	assert_int_equal(a->time_ms, b->time_ms);
	assert_int_equal(a->device_time_ms, b->device_time_ms);
	assert_int_equal(a->epoch, b->epoch);
	assert_int_equal(a->device, b->device);
	assert_int_equal(a->bed, b->bed);
	assert_int_equal(a->patient, b->patient);
	assert_int_equal(a->association, b->association);
	assert_int_equal(a->by, b->by);
	assert_int_equal(a->metric, b->metric);
	assert_int_equal(a->reason, b->reason);
	assert_int_equal(a->site, b->site);
	assert_int_equal(a->method, b->method);
	assert_int_equal(a->sample, b->sample);
	assert_int_equal(a->raw_unit, b->raw_unit);
	assert_int_equal(a->period_ms, b->period_ms);
	assert_int_equal(a->flags, b->flags);
	assert_int_equal(a->exponent, b->exponent);
	assert_int_equal(a->raw_exponent, b->raw_exponent);
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->validity, b->validity);
	assert_int_equal(a->time_source, b->time_source);
	assert_int_equal(a->origin, b->origin);
	assert_int_equal(a->auth, b->auth);
	assert_int_equal(a->clock, b->clock);
	assert_int_equal(a->instance, b->instance);
}

static void test_comes_back_as_it_went(void **state)
{
	struct store_row rows[] = { { .id = 10 }, full_row(11), room_row(12), full_row(13) };
	struct store_event events[] = { { 14, 901, 1, 1, (char *)"records/gap", (char *)"{}" },
		{ 15, 902, 1, 2, (char *)"alarms", (char *)"{\"a\":\"\xc3\xa9\"}" } };
	struct store_batch b = { .rows = rows,
		.row_count = 4,
		.events = events,
		.event_count = 2,
		.rows_from = 1,
		.rows_wanted = 100,
		.events_from = 1,
		.events_wanted = 100 };
	struct room *m = room_new();

	/* A group that begins with the row itself differs from none. */
	rows[3].group = rows[3].sequence;
	room_start(m);
	assert_true(m->fresh);
	assert_int_equal(m->last, 0);
	assert_int_equal(m->figures.state, STORE_GOOD);
	room_batch(m, &b);
	assert_int_equal(m->result.error, 0);
	assert_true(m->result.loaded);
	assert_true(m->result.rows_end);
	assert_true(m->result.events_end);
	assert_int_equal(m->result.row_count, 4);
	for (size_t i = 0; i < 4; i++)
		assert_same_row(&m->rows[i], &rows[i]);
	assert_int_equal(m->result.event_count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(m->events[i].id, events[i].id);
		assert_int_equal(m->events[i].sequence, events[i].sequence);
		assert_int_equal(m->events[i].epoch, events[i].epoch);
		assert_int_equal(m->events[i].kind, events[i].kind);
		assert_string_equal(m->events[i].topic, events[i].topic);
		assert_string_equal(m->events[i].body, events[i].body);
	}
	assert_int_equal(store_figures(m->s).readings, 4);
	assert_int_equal(store_figures(m->s).events, 2);
	room_free(m);
}

static void test_reads_in_pieces(void **state)
{
	struct store_batch b = { .rows_from = 1, .rows_wanted = 100 };
	struct room *m = room_new();

	room_start(m);
	room_fill(m, 1, 250);
	room_batch(m, &b);
	assert_int_equal(m->result.row_count, 100);
	assert_false(m->result.rows_end);
	assert_false(m->result.events_end);
	b.rows_from = 101;
	b.rows_wanted = 150;
	room_batch(m, &b);
	assert_int_equal(m->result.row_count, 150);
	assert_int_equal(m->rows[149].id, 250);
	assert_true(m->result.rows_end);
	b.rows_from = 251;
	room_batch(m, &b);
	assert_int_equal(m->result.row_count, 0);
	assert_true(m->result.rows_end);
	room_free(m);
}

/* A row that is there stays as it is and is not counted twice. */
static void test_a_row_is_written_once(void **state)
{
	struct store_row row = room_row(5), other = room_row(5);
	struct store_batch b = { .rows = &row, .row_count = 1 };
	struct room *m = room_new();

	other.value = 1;
	room_start(m);
	room_batch(m, &b);
	b = (struct store_batch){
		.rows = &other, .row_count = 1, .rows_from = 1, .rows_wanted = 10
	};
	room_batch(m, &b);
	assert_int_equal(m->result.error, 0);
	assert_int_equal(m->result.row_count, 1);
	assert_int_equal(m->rows[0].value, row.value);
	assert_int_equal(store_figures(m->s).readings, 1);
	room_free(m);
}

static void test_deletes_and_settles(void **state)
{
	struct store_range deletes[] = { { 1, 10 }, { 20, 20 }, { 95, 300 }, { 500, 600 } };
	struct store_event event = { 30, 30, 1, 2, (char *)"t", (char *)"b" };
	struct store_aside aside = { 25, 1790000000000, 5, 0x99 };
	struct store_batch b = { .events = &event,
		.event_count = 1,
		.asides = &aside,
		.aside_count = 1,
		.deletes = deletes,
		.delete_count = 4 };
	struct room *m = room_new();

	room_start(m);
	room_fill(m, 1, 29);
	room_fill(m, 31, 100);
	room_batch(m, &b);
	assert_int_equal(store_figures(m->s).readings, 99 - 10 - 1 - 6);
	assert_int_equal(store_figures(m->s).events, 1);
	assert_int_equal(room_number(m, "SELECT count(*) FROM reading"), 82);
	assert_int_equal(room_number(m, "SELECT asides FROM ledger"), 1);
	/* With the message goes its being set aside. */
	deletes[0] = (struct store_range){ 1, 100 };
	b = (struct store_batch){ .deletes = deletes, .delete_count = 1 };
	room_batch(m, &b);
	assert_int_equal(store_figures(m->s).readings, 0);
	assert_int_equal(store_figures(m->s).events, 0);
	assert_int_equal(store_figures(m->s).oldest_received_ms, 0);
	assert_int_equal(room_number(m, "SELECT count(*) FROM aside"), 0);
	assert_int_equal(room_number(m, "SELECT asides FROM ledger"), 0);
	room_free(m);
}

/* All that a start has to know, after a clean end and of a file that nobody closed. */
static void test_a_start_is_told(void **state)
{
	struct store_row rows[] = { room_row(7), room_row(8), room_row(9) };
	struct store_event event = { 10, 10, 1, 2, (char *)"alarms", (char *)"b" };
	struct store_aside asides[] = { { 8, 1790000000000, 5, 0x99 },
		{ 10, 1790000000001, 6, 0x80 } };
	struct store_batch b = { .names = some_names,
		.name_count = COUNT(some_names),
		.rows = rows,
		.row_count = 3,
		.events = &event,
		.event_count = 1,
		.asides = asides,
		.aside_count = 2,
		.own_epoch = 1 };
	struct room *m = room_new();
	int64_t owed;

	rows[1].source_key = 0;
	room_start(m);
	room_batch(m, &b);
	owed = m->result.own_owed;
	assert_int_equal(owed, 1);
	b = (struct store_batch){ .own_epoch = 1 };
	room_batch(m, &b);
	assert_int_equal(m->result.own_owed, owed);
	assert_int_equal(room_number(m, "SELECT count(*) FROM owed"), 1);
	room_stop(m);

	room_start(m);
	assert_false(m->fresh);
	assert_int_equal(m->last, 10);
	assert_int_equal(m->name_count, COUNT(some_names));
	for (size_t i = 0; i < COUNT(some_names); i++) {
		assert_int_equal(m->names[i].id, some_names[i].id);
		assert_string_equal(m->names[i].text, some_names[i].text);
	}
	assert_int_equal(m->owed_count, 1);
	assert_int_equal(m->owed[0].id, owed);
	assert_int_equal(m->owed[0].kind, OWED_EPOCH);
	assert_int_equal(m->owed[0].epoch, 1);
	assert_int_equal(m->aside_count, 2);
	assert_int_equal(m->asides[0].id, 8);
	assert_int_equal(m->asides[0].since_ms, 1790000000000);
	assert_int_equal(m->asides[0].tries, 5);
	assert_int_equal(m->asides[0].reason, 0x99);
	assert_int_equal(m->aside_row_count, 1);
	assert_same_row(&m->aside_rows[0], &rows[1]);
	assert_int_equal(m->aside_event_count, 1);
	assert_string_equal(m->aside_topic, "alarms");
	assert_int_equal(m->key_count, 2);
	assert_int_equal(m->keys[0].source_key, rows[2].source_key);
	assert_int_equal(m->keys[0].sequence, 9);
	assert_int_equal(m->keys[0].epoch, 1);
	assert_int_equal(m->keys[0].device, 2);
	assert_int_equal(store_figures(m->s).readings, 3);

	/* Settled in the transaction that stores the record, and its id is never used again. */
	b = (struct store_batch){ .settled = &owed, .settled_count = 1, .own_epoch = 6 };
	room_batch(m, &b);
	assert_int_equal(m->result.own_owed, 2);
	assert_int_equal(room_number(m, "SELECT count(*) FROM owed"), 1);
	room_free(m);
}

/* Names that nothing refers to are forgotten, but opening alone writes nothing. */
static void test_unused_names_are_forgotten(void **state)
{
	struct store_batch b = { .names = some_names, .name_count = COUNT(some_names) };
	struct store_name other = { 1, "other" };
	struct room *m = room_new();
	char text[200];

	room_start(m);
	room_batch(m, &b);
	room_stop(m);
	room_start(m);
	assert_int_equal(m->name_count, 0);
	assert_int_equal(room_number(m, "SELECT count(*) FROM name"), COUNT(some_names));
	b = (struct store_batch){ .names = &other, .name_count = 1 };
	room_batch(m, &b);
	room_ask(m, "SELECT group_concat(text) FROM name", text);
	assert_string_equal(text, "other");
	room_free(m);
}

/* Bytes of the database and of its log, and when they were last written. */
static void look(const struct room *m, int64_t ret[static 4])
{
	static const char *const names[] = { "outbox.db", "outbox.db-wal" };
	struct stat st;
	char path[200];

	for (int i = 0; i < 2; i++) {
		room_path(m, names[i], path);
		memset(&st, 0, sizeof(st));
		(void)stat(path, &st);
		ret[2 * i] = st.st_size;
		ret[2 * i + 1] = st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec;
	}
}

static void test_nothing_to_write_writes_nothing(void **state)
{
	struct store_batch b = { .own_epoch = 1, .rows_from = 1, .rows_wanted = 10 };
	int64_t before[4], after[4];
	struct room *m = room_new();

	room_start(m);
	room_fill(m, 1, 10);
	look(m, before);
	for (int i = 0; i < 100; i++)
		room_batch(m, &b);
	assert_int_equal(m->result.row_count, 10);
	look(m, after);
	assert_memory_equal(before, after, sizeof(before));
	assert_int_equal(m->result.own_owed, 0);
	room_stop(m);
	look(m, before);
	room_start(m);
	look(m, after);
	/* An empty log is made for the connection, the database stays as it is. */
	assert_memory_equal(before, after, 2 * sizeof(before[0]));
	assert_int_equal(after[2], 0);
	room_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comes_back_as_it_went),
		cmocka_unit_test(test_reads_in_pieces),
		cmocka_unit_test(test_a_row_is_written_once),
		cmocka_unit_test(test_deletes_and_settles),
		cmocka_unit_test(test_a_start_is_told),
		cmocka_unit_test(test_unused_names_are_forgotten),
		cmocka_unit_test(test_nothing_to_write_writes_nothing),
	};

	return RUN_TESTS(tests);
}
