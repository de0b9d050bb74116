/*
 * The ledger towards the disk, with neither disk nor broker: what is due, what
 * that makes safe, what memory lets go of, what comes back.
 */
#include "outbox/outbox.h"
#include "unit/unit.h"

#define SECOND INT64_C(1000000)
#define MANY 8192

struct world {
	struct outbox *outbox;
	struct ledger ledger;
	uint64_t sequence;
	int64_t now;
	int attentions;
	char told[256], over[256], gaps[256];
	struct outbox_entry *entries[MANY];
};

static void on_attention(void *userdata)
{
	((struct world *)userdata)->attentions++;
}

static int number_of(int64_t position)
{
	return (int)(position - OUTBOX_FIRST_POSITION) + 1;
}

static void on_over(int64_t position, bool on_disk, int64_t owed, void *userdata)
{
	struct world *w = userdata;
	size_t n = strlen(w->over);

	snprintf(w->over + n, sizeof(w->over) - n, "%d%s", number_of(position), on_disk ? "d" : "");
	if (owed)
		snprintf(w->over + strlen(w->over), sizeof(w->over) - strlen(w->over), "o%d",
			(int)owed);
	snprintf(w->over + strlen(w->over), sizeof(w->over) - strlen(w->over), " ");
}

static void on_gap(const struct outbox_gap *gap, void *userdata)
{
	struct world *w = userdata;
	size_t n = strlen(w->gaps);

	snprintf(w->gaps + n, sizeof(w->gaps) - n, "%s:%d-%d(%d)%s ",
		gap->epoch ? gap->epoch->text : "", (int)gap->first, (int)gap->last,
		(int)gap->count, gap->reason);
}

static void on_receipt(enum receipt_outcome outcome, void *userdata)
{
	struct world *w = userdata;
	size_t n = strlen(w->told);

	snprintf(w->told + n, sizeof(w->told) - n, outcome == RECEIPT_SAFE ? "+" : "-");
}

static void begin(struct world *w, size_t messages)
{
	struct outbox_limits limits = { .messages = messages, .tries = 3, .aside = 2 };

	memset(w, 0, sizeof(*w));
	w->now = 10 * SECOND;
	assert_int_equal(outbox_new(&w->outbox, &limits), 0);
	w->ledger = outbox_ledger(w->outbox);
	outbox_set_now(w->outbox, w->now);
	outbox_set_attention(w->outbox, on_attention, w);
	outbox_set_over(w->outbox, on_over, w);
	outbox_set_gap(w->outbox, on_gap, w);
}

static void end(struct world *w)
{
	outbox_free(w->outbox);
}

static void put(struct world *w, struct receipt *receipt)
{
	struct reading r = { .sequence = ++w->sequence };

	assert_int_equal(w->ledger.reserve(w->outbox, 1, receipt != NULL, w->now), 0);
	w->ledger.append(w->outbox, &r, receipt);
}

static struct receipt *wait_for(struct world *w)
{
	struct receipt *receipt;

	assert_int_equal(w->ledger.reserve(w->outbox, 0, true, w->now), 0);
	assert_int_equal(w->ledger.receipt(w->outbox, on_receipt, w, &receipt), 0);
	return receipt;
}

/* What is to be written, as text. */
static const char *to_write(struct world *w, int64_t before)
{
	static char text[256];
	size_t n = outbox_write(w->outbox, before, w->entries, MANY);

	text[0] = 0;
	for (size_t i = 0; i < n && i < 20; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%d ",
			number_of(outbox_entry_position(w->entries[i])));
	return text;
}

static void write_all(struct world *w)
{
	(void)to_write(w, INT64_MAX);
	outbox_written(w->outbox, true);
}

static const char *send_all(struct world *w, struct outbox_entry **ret)
{
	static char text[256];
	struct outbox_entry *e;
	size_t count = 0;

	text[0] = 0;
	while ((e = outbox_next(w->outbox))) {
		const struct message *m = outbox_entry_message(e);

		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%d%s%s ",
			(int)m->sequence, m->kind == MESSAGE_READING ? "" : "r",
			m->backfill ? "b" : "");
		outbox_sent(w->outbox, e);
		if (ret)
			ret[count++] = e;
	}
	return text;
}

static void load(struct world *w, int64_t position, uint64_t sequence, int expected)
{
	struct message m = {
		.kind = MESSAGE_READING, .sequence = sequence, .reading = { .sequence = sequence }
	};

	assert_int_equal(outbox_load(w->outbox, position, &m, 0, 0), expected);
}

static void test_only_what_waited_long_enough_is_written(void **state)
{
	struct world w;

	begin(&w, 100);
	outbox_connected(w.outbox, 10);
	put(&w, NULL);
	w.now += 100;
	put(&w, NULL);
	assert_string_equal(to_write(&w, 10 * SECOND), "");
	assert_string_equal(to_write(&w, 10 * SECOND + 1), "1 ");
	outbox_written(w.outbox, true);
	assert_true(outbox_lacking(w.outbox));
	assert_string_equal(to_write(&w, INT64_MAX), "2 ");
	assert_false(outbox_lacking(w.outbox));
	end(&w);
}

static void test_without_a_broker_all_is_written_at_once(void **state)
{
	struct world w;

	begin(&w, 100);
	put(&w, NULL);
	put(&w, NULL);
	assert_int_equal(w.attentions, 1);
	assert_string_equal(to_write(&w, 0), "1 2 ");
	end(&w);
}

static void test_confirmed_promptly_never_touches_the_disk(void **state)
{
	struct outbox_entry *sent[4];
	struct world w;

	begin(&w, 100);
	outbox_connected(w.outbox, 10);
	put(&w, NULL);
	send_all(&w, sent);
	outbox_confirmed(w.outbox, sent[0]);
	assert_string_equal(to_write(&w, INT64_MAX), "");
	assert_string_equal(w.over, "");
	end(&w);
}

static void test_stored_is_safe_and_told_once(void **state)
{
	struct outbox_entry *sent[4];
	struct world w;

	begin(&w, 100);
	outbox_connected(w.outbox, 10);
	put(&w, wait_for(&w));
	send_all(&w, sent);
	write_all(&w);
	assert_string_equal(w.told, "+");
	outbox_confirmed(w.outbox, sent[0]);
	assert_string_equal(w.told, "+");
	/* The row is to be deleted. */
	assert_string_equal(w.over, "1d ");
	end(&w);
}

static void test_a_failed_write_makes_nothing_safe(void **state)
{
	struct world w;

	begin(&w, 100);
	put(&w, wait_for(&w));
	put(&w, NULL);
	assert_string_equal(to_write(&w, 0), "1 2 ");
	put(&w, NULL);
	outbox_written(w.outbox, false);
	assert_string_equal(w.told, "");
	assert_string_equal(to_write(&w, 0), "1 2 3 ");
	outbox_written(w.outbox, true);
	assert_string_equal(w.told, "+");
	end(&w);
}

static void test_confirmed_while_it_is_written_is_deleted_after(void **state)
{
	struct outbox_entry *sent[4];
	struct world w;

	begin(&w, 100);
	outbox_connected(w.outbox, 10);
	put(&w, wait_for(&w));
	send_all(&w, sent);
	(void)to_write(&w, INT64_MAX);
	outbox_confirmed(w.outbox, sent[0]);
	assert_string_equal(w.told, "+");
	assert_string_equal(w.over, "1d ");
	outbox_written(w.outbox, true);
	assert_int_equal(outbox_counters(w.outbox).stored, 0);
	end(&w);
}

static void test_without_a_broker_memory_lets_go_and_reads_back(void **state)
{
	struct outbox_entry *sent[16];
	struct world w;
	int64_t from = 0;

	begin(&w, 100);
	for (int i = 0; i < 3; i++)
		put(&w, NULL);
	write_all(&w);
	assert_int_equal(outbox_counters(w.outbox).depth, 0);
	assert_true(outbox_counters(w.outbox).on_disk);
	assert_int_equal(outbox_wants(w.outbox, OUTBOX_READINGS, &from), 0);
	outbox_connected(w.outbox, 10);
	assert_true(outbox_wants(w.outbox, OUTBOX_READINGS, &from) > 0);
	assert_int_equal(number_of(from), 1);
	assert_int_equal(outbox_wants(w.outbox, OUTBOX_EVENTS, &from), 0);
	for (uint64_t i = 1; i <= 3; i++)
		load(&w, OUTBOX_FIRST_POSITION + (int64_t)i - 1, i, 1);
	outbox_loaded(w.outbox, OUTBOX_READINGS, OUTBOX_FIRST_POSITION + 2, true);
	assert_false(outbox_counters(w.outbox).on_disk);
	put(&w, NULL);
	assert_string_equal(send_all(&w, sent), "4 1b 2b 3b ");
	outbox_confirmed(w.outbox, sent[2]);
	assert_string_equal(w.over, "2d ");
	/* The connection is lost: what is on the disk need not stay. */
	outbox_disconnected(w.outbox);
	assert_int_equal(outbox_counters(w.outbox).depth, 1);
	outbox_connected(w.outbox, 10);
	assert_true(outbox_wants(w.outbox, OUTBOX_READINGS, &from) > 0);
	assert_int_equal(number_of(from), 1);
	end(&w);
}

/* What came last before the broker was back is not written yet, and what came before is on the disk
 * alone: that goes first, unless it cannot be read. */
static void test_the_disk_goes_before_what_is_not_written_yet(void **state)
{
	struct outbox_entry *sent[16];
	struct world w;
	int64_t from = 0;

	begin(&w, 100);
	for (int i = 0; i < 2; i++)
		put(&w, NULL);
	write_all(&w);
	put(&w, NULL);
	outbox_connected(w.outbox, 10);
	assert_null(outbox_next(w.outbox));
	assert_true(outbox_wants(w.outbox, OUTBOX_READINGS, &from) > 0);
	outbox_unreadable(w.outbox);
	assert_int_equal(outbox_entry_message(outbox_next(w.outbox))->sequence, 3);
	for (uint64_t i = 1; i <= 2; i++)
		load(&w, OUTBOX_FIRST_POSITION + (int64_t)i - 1, i, 1);
	outbox_loaded(w.outbox, OUTBOX_READINGS, OUTBOX_FIRST_POSITION + 1, true);
	assert_string_equal(send_all(&w, sent), "1b 2b 3b ");
	end(&w);
}

/* A disk that hung while no broker was there, and does its work again: what came since does not
 * overtake what it has. */
static void test_what_hung_before_the_broker_came_is_waited_for(void **state)
{
	struct outbox_entry *sent[16];
	struct world w;

	begin(&w, 100);
	put(&w, NULL);
	(void)to_write(&w, 0);
	outbox_unreadable(w.outbox);
	outbox_readable(w.outbox);
	outbox_written(w.outbox, true);
	put(&w, NULL);
	outbox_connected(w.outbox, 10);
	assert_null(outbox_next(w.outbox));
	put(&w, NULL);
	assert_int_equal(
		outbox_append_message(w.outbox, MESSAGE_RECORD, ++w.sequence, "t", "{}", 0), 0);
	assert_string_equal(send_all(&w, sent), "4r 3 ");
	load(&w, OUTBOX_FIRST_POSITION, 1, 1);
	outbox_loaded(w.outbox, OUTBOX_READINGS, OUTBOX_FIRST_POSITION, true);
	assert_string_equal(send_all(&w, sent), "1b 2b ");
	end(&w);
}

static void test_what_is_in_memory_is_not_taken_twice(void **state)
{
	struct world w;

	begin(&w, 100);
	outbox_connected(w.outbox, 10);
	put(&w, NULL);
	write_all(&w);
	load(&w, OUTBOX_FIRST_POSITION, 1, 0);
	assert_int_equal(outbox_counters(w.outbox).depth, 1);
	end(&w);
}

static void test_same_number_of_another_run_is_another(void **state)
{
	struct message m = { .kind = MESSAGE_READING, .sequence = 1, .reading = { .sequence = 1 } };
	struct outbox_entry *sent[4];
	struct receipt *receipt;
	struct label *epoch;
	struct world w;

	begin(&w, 100);
	outbox_connected(w.outbox, 10);
	put(&w, NULL);
	assert_int_equal(label_new(&epoch, "3-0000000a"), 0);
	m.reading.epoch = label_ref(epoch);
	assert_int_equal(outbox_load(w.outbox, OUTBOX_FIRST_POSITION - 5, &m, 0, 0), 1);
	assert_string_equal(send_all(&w, sent), "1 1b ");
	receipt = wait_for(&w);
	assert_false(w.ledger.attach(w.outbox, epoch, 1, receipt)); /* stored: safe */
	assert_true(w.ledger.attach(w.outbox, NULL, 1, receipt));
	outbox_confirmed(w.outbox, sent[1]);
	assert_string_equal(w.told, "");
	outbox_confirmed(w.outbox, sent[0]);
	assert_string_equal(w.told, "+");
	label_unref(epoch);
	end(&w);
}

/* An event of an earlier run is given once more, since nobody knew whether the disk had it. */
static void test_a_second_copy_of_an_earlier_event(void **state)
{
	struct message m = { .kind = MESSAGE_ALARM, .sequence = 7, .backfill = true };
	struct outbox_entry *sent[4];
	struct label *epoch;
	struct world w;

	begin(&w, 100);
	outbox_connected(w.outbox, 10);
	assert_int_equal(label_new(&epoch, "3-0000000a"), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(
			outbox_append_earlier(w.outbox, MESSAGE_ALARM, epoch, 7, "t", "{\"a\":1}"),
			0);
	assert_int_equal(outbox_fate(w.outbox, epoch, 7), OUTBOX_UNSAFE);
	assert_int_equal(outbox_fate(w.outbox, NULL, 7), OUTBOX_ELSEWHERE);
	m.epoch = epoch;
	m.topic = (char[]){ "t" };
	m.body = (char[]){ "{}" };
	assert_int_equal(outbox_load(w.outbox, OUTBOX_FIRST_POSITION - 5, &m, 0, 0), OUTBOX_TWICE);
	assert_string_equal(send_all(&w, sent), "7rb ");
	assert_int_equal(outbox_load(w.outbox, outbox_entry_position(sent[0]), &m, 0, 0), 0);
	outbox_confirmed(w.outbox, sent[0]);
	assert_int_equal(outbox_fate(w.outbox, epoch, 7), OUTBOX_ELSEWHERE);
	label_unref(epoch);
	end(&w);
}

static void test_evicted_behind_the_reading_is_read_again(void **state)
{
	struct world w;
	int64_t from = 0;

	begin(&w, 100);
	outbox_on_disk(w.outbox, OUTBOX_READINGS, OUTBOX_FIRST_POSITION + 50);
	outbox_connected(w.outbox, 10);
	assert_true(outbox_wants(w.outbox, OUTBOX_READINGS, &from) > 0);
	/* Meanwhile something older went to the disk alone. */
	outbox_on_disk(w.outbox, OUTBOX_READINGS, OUTBOX_FIRST_POSITION + 10);
	outbox_loaded(w.outbox, OUTBOX_READINGS, OUTBOX_FIRST_POSITION + 60, true);
	assert_true(outbox_wants(w.outbox, OUTBOX_READINGS, &from) > 0);
	assert_int_equal(number_of(from), 11);
	end(&w);
}

static void test_a_slow_broker_gets_the_newest_live_and_the_rest_as_backlog(void **state)
{
	struct world w;
	int64_t from = 0;

	begin(&w, MANY);
	outbox_connected(w.outbox, 10);
	for (int i = 0; i < 5000; i++)
		put(&w, NULL);
	write_all(&w);
	assert_int_equal(outbox_counters(w.outbox).live, 2000);
	assert_true(outbox_wants(w.outbox, OUTBOX_READINGS, &from) > 0);
	assert_int_equal(number_of(from), 1);
	assert_int_equal(outbox_entry_message(outbox_next(w.outbox))->sequence, 3001);
	end(&w);
}

static void test_displaced_readings_leave_one_gap(void **state)
{
	struct world w;

	begin(&w, 3);
	for (int i = 0; i < 3; i++)
		put(&w, NULL);
	put(&w, NULL);
	put(&w, NULL);
	outbox_tick(w.outbox, w.now);
	assert_string_equal(w.gaps, "");
	assert_int_equal(outbox_tick(w.outbox, w.now + SECOND / 2), w.now + SECOND);
	outbox_tick(w.outbox, w.now + SECOND);
	assert_string_equal(w.gaps, ":1-2(2)memory-full ");
	end(&w);
}

static void test_stored_gives_way_without_a_gap(void **state)
{
	struct world w;

	begin(&w, 3);
	outbox_connected(w.outbox, 10);
	for (int i = 0; i < 3; i++)
		put(&w, NULL);
	write_all(&w);
	put(&w, NULL);
	outbox_tell_gap(w.outbox);
	assert_string_equal(w.gaps, "");
	assert_true(outbox_counters(w.outbox).on_disk);
	end(&w);
}

static void test_set_aside_is_told_to_the_disk_once_it_has_it(void **state)
{
	struct outbox_entry *sent[4], *asides[4];
	struct world w;

	begin(&w, 100);
	outbox_connected(w.outbox, 10);
	put(&w, NULL);
	send_all(&w, sent);
	outbox_set_aside(w.outbox, sent[0], 0x99);
	assert_int_equal(outbox_asides(w.outbox, asides, 4), 0);
	(void)to_write(&w, INT64_MAX);
	assert_int_equal(outbox_asides(w.outbox, asides, 4), 1);
	assert_int_equal(outbox_entry_reason(asides[0]), 0x99);
	outbox_written(w.outbox, false);
	outbox_asides_failed(w.outbox);
	(void)to_write(&w, INT64_MAX);
	assert_int_equal(outbox_asides(w.outbox, asides, 4), 1);
	outbox_written(w.outbox, true);
	assert_int_equal(outbox_asides(w.outbox, asides, 4), 0);
	outbox_disconnected(w.outbox);
	assert_int_equal(outbox_counters(w.outbox).aside, 1);
	end(&w);
}

static void test_a_lost_database_is_written_again(void **state)
{
	struct world w;

	begin(&w, 100);
	outbox_connected(w.outbox, 10);
	put(&w, NULL);
	write_all(&w);
	put(&w, NULL);
	outbox_forget_stored(w.outbox);
	assert_int_equal(outbox_counters(w.outbox).stored, 0);
	assert_string_equal(to_write(&w, INT64_MAX), "2 1 ");
	end(&w);
}

static void test_what_a_record_makes_good_is_reported(void **state)
{
	struct outbox_entry *sent[4];
	struct world w;

	begin(&w, 100);
	outbox_connected(w.outbox, 10);
	assert_int_equal(
		outbox_append_message(w.outbox, MESSAGE_RECORD, ++w.sequence, "t", "{}", 7), 0);
	assert_int_equal(
		outbox_append_message(w.outbox, MESSAGE_RECORD, ++w.sequence, "t", "{}", 8), 0);
	assert_string_equal(send_all(&w, sent), "1r 2r ");
	outbox_confirmed(w.outbox, sent[0]);
	assert_string_equal(w.over, "1o7 ");
	write_all(&w);
	outbox_confirmed(w.outbox, sent[1]);
	assert_string_equal(w.over, "1o7 2d ");
	end(&w);
}

static void test_settled_when_all_is_safe(void **state)
{
	struct outbox_entry *sent[4];
	struct world w;

	begin(&w, 100);
	put(&w, NULL);
	assert_false(outbox_settled(w.outbox));
	write_all(&w);
	assert_true(outbox_settled(w.outbox));
	outbox_connected(w.outbox, 10);
	put(&w, NULL);
	write_all(&w);
	assert_false(outbox_settled(w.outbox)); /* a broker is there: it is sent first */
	send_all(&w, sent);
	assert_true(outbox_settled(w.outbox));
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_what_waited_long_enough_is_written),
		cmocka_unit_test(test_without_a_broker_all_is_written_at_once),
		cmocka_unit_test(test_confirmed_promptly_never_touches_the_disk),
		cmocka_unit_test(test_stored_is_safe_and_told_once),
		cmocka_unit_test(test_a_failed_write_makes_nothing_safe),
		cmocka_unit_test(test_confirmed_while_it_is_written_is_deleted_after),
		cmocka_unit_test(test_without_a_broker_memory_lets_go_and_reads_back),
		cmocka_unit_test(test_the_disk_goes_before_what_is_not_written_yet),
		cmocka_unit_test(test_what_hung_before_the_broker_came_is_waited_for),
		cmocka_unit_test(test_what_is_in_memory_is_not_taken_twice),
		cmocka_unit_test(test_same_number_of_another_run_is_another),
		cmocka_unit_test(test_a_second_copy_of_an_earlier_event),
		cmocka_unit_test(test_evicted_behind_the_reading_is_read_again),
		cmocka_unit_test(test_a_slow_broker_gets_the_newest_live_and_the_rest_as_backlog),
		cmocka_unit_test(test_displaced_readings_leave_one_gap),
		cmocka_unit_test(test_stored_gives_way_without_a_gap),
		cmocka_unit_test(test_set_aside_is_told_to_the_disk_once_it_has_it),
		cmocka_unit_test(test_a_lost_database_is_written_again),
		cmocka_unit_test(test_what_a_record_makes_good_is_reported),
		cmocka_unit_test(test_settled_when_all_is_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
