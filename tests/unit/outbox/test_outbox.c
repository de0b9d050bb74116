/*
 * The ledger's states, order and receipts, with a counted clock and no broker.
 */
#include "outbox/outbox.h"
#include "unit/unit.h"

#define SECOND INT64_C(1000000)

struct world {
	struct outbox *outbox;
	struct ledger ledger;
	uint64_t sequence;
	int64_t now;
	int wakes;
	char told[256]; /* receipts in order: "a+" safe, "a-" not safe */
	char dropped[256];
};

struct waiter {
	struct world *world;
	char name;
};

static void on_wake(void *userdata)
{
	((struct world *)userdata)->wakes++;
}

static void on_dropped(const struct message *m, const char *reason, void *userdata)
{
	struct world *w = userdata;
	size_t n = strlen(w->dropped);

	snprintf(w->dropped + n, sizeof(w->dropped) - n, "%d:%s ", (int)m->sequence, reason);
}

static void on_receipt(enum receipt_outcome outcome, void *userdata)
{
	struct waiter *waiter = userdata;
	size_t n = strlen(waiter->world->told);

	snprintf(waiter->world->told + n, sizeof(waiter->world->told) - n, "%c%c", waiter->name,
		outcome == RECEIPT_SAFE ? '+' : '-');
}

static void begin(struct world *w, size_t messages)
{
	struct outbox_limits limits = { .messages = messages, .tries = 3, .aside = 2 };

	memset(w, 0, sizeof(*w));
	w->now = SECOND;
	assert_int_equal(outbox_new(&w->outbox, &limits), 0);
	w->ledger = outbox_ledger(w->outbox);
	outbox_set_wake(w->outbox, on_wake, w);
	outbox_set_dropped(w->outbox, on_dropped, w);
}

static void end(struct world *w)
{
	outbox_free(w->outbox);
}

static uint64_t put(struct world *w, struct receipt *receipt)
{
	struct reading r = { .sequence = ++w->sequence };

	assert_int_equal(w->ledger.reserve(w->outbox, 1, true, w->now), 0);
	w->ledger.append(w->outbox, &r, receipt);
	return r.sequence;
}

static struct receipt *wait_for(struct world *w, struct waiter *waiter)
{
	struct receipt *receipt;

	assert_int_equal(w->ledger.reserve(w->outbox, 0, true, w->now), 0);
	assert_int_equal(w->ledger.receipt(w->outbox, on_receipt, waiter, &receipt), 0);
	return receipt;
}

/* Sends all that may go and writes the sequences to a text. */
static const char *send_all(struct world *w, struct outbox_entry **ret, size_t *ret_count)
{
	static char text[256];
	struct outbox_entry *e;
	size_t count = 0;

	text[0] = 0;
	while ((e = outbox_next(w->outbox))) {
		size_t n = strlen(text);
		const struct message *m = outbox_entry_message(e);

		snprintf(text + n, sizeof(text) - n, "%d%s%s ", (int)m->sequence,
			m->kind == MESSAGE_READING ? "" : "r", m->reading.backfill ? "b" : "");
		outbox_sent(w->outbox, e);
		if (ret)
			ret[count] = e;
		count++;
	}
	if (ret_count)
		*ret_count = count;
	return text;
}

static void test_live_goes_at_once_within_the_window(void **state)
{
	struct outbox_entry *sent[8];
	struct world w;
	size_t n;

	begin(&w, 100);
	outbox_connected(w.outbox, 4);
	for (int i = 0; i < 6; i++)
		put(&w, NULL);
	/* One of four places is kept for alarms. */
	assert_string_equal(send_all(&w, sent, &n), "1 2 3 ");
	outbox_append_message(w.outbox, MESSAGE_ALARM, ++w.sequence, "t", "{}", 0);
	assert_string_equal(send_all(&w, NULL, NULL), "7r ");
	outbox_confirmed(w.outbox, sent[1]);
	assert_string_equal(send_all(&w, NULL, NULL), "");
	outbox_confirmed(w.outbox, sent[0]);
	assert_string_equal(send_all(&w, NULL, NULL), "4 ");
	end(&w);
}

static void test_window_of_one_still_moves(void **state)
{
	struct outbox_entry *sent[4];
	struct world w;

	begin(&w, 100);
	put(&w, NULL);
	outbox_connected(w.outbox, 1);
	put(&w, NULL);
	assert_string_equal(send_all(&w, sent, NULL), "2 ");
	outbox_confirmed(w.outbox, sent[0]);
	assert_string_equal(send_all(&w, sent, NULL), "1b ");
	end(&w);
}

static void test_live_first_then_backlog_in_half_the_window(void **state)
{
	struct outbox_entry *sent[16];
	struct world w;

	begin(&w, 100);
	for (int i = 0; i < 10; i++)
		put(&w, NULL);
	outbox_connected(w.outbox, 8);
	put(&w, NULL);
	put(&w, NULL);
	assert_string_equal(send_all(&w, sent, NULL), "11 12 1b 2b 3b 4b ");
	outbox_confirmed(w.outbox, sent[2]);
	put(&w, NULL);
	assert_string_equal(send_all(&w, NULL, NULL), "13 5b ");
	end(&w);
}

static void test_connection_lost_puts_all_back_in_order(void **state)
{
	struct outbox_entry *sent[16];
	struct world w;

	begin(&w, 100);
	for (int i = 0; i < 4; i++)
		put(&w, NULL);
	outbox_connected(w.outbox, 6);
	for (int i = 0; i < 4; i++)
		put(&w, NULL);
	assert_string_equal(send_all(&w, sent, NULL), "5 6 7 8 1b ");
	outbox_append_message(w.outbox, MESSAGE_RECORD, ++w.sequence, "t", "{}", 0);
	assert_string_equal(send_all(&w, NULL, NULL), "9r ");
	outbox_confirmed(w.outbox, sent[1]);
	put(&w, NULL);
	outbox_disconnected(w.outbox);
	assert_null(outbox_next(w.outbox));
	put(&w, NULL);
	outbox_connected(w.outbox, 100);
	assert_string_equal(send_all(&w, NULL, NULL), "9rb 1b 2b 3b 4b 5b 7b 8b 10b 11b ");
	assert_int_equal(outbox_counters(w.outbox).delivered, 1);
	end(&w);
}

static void test_receipt_waits_for_the_whole_pack(void **state)
{
	struct world w;
	struct waiter a = { &w, 'a' };
	struct outbox_entry *sent[4];
	struct receipt *receipt;

	begin(&w, 100);
	outbox_connected(w.outbox, 10);
	receipt = wait_for(&w, &a);
	put(&w, receipt);
	put(&w, receipt);
	send_all(&w, sent, NULL);
	outbox_confirmed(w.outbox, sent[1]);
	assert_string_equal(w.told, "");
	outbox_confirmed(w.outbox, sent[0]);
	assert_string_equal(w.told, "a+");
	outbox_tick(w.outbox, 100 * SECOND);
	assert_string_equal(w.told, "a+");
	end(&w);
}

static void test_repeated_pack_waits_for_the_first_copy(void **state)
{
	struct world w;
	struct waiter a = { &w, 'a' }, b = { &w, 'b' }, c = { &w, 'c' };
	struct outbox_entry *sent[4];
	struct receipt *again, *third;
	uint64_t first;

	begin(&w, 100);
	outbox_connected(w.outbox, 10);
	first = put(&w, wait_for(&w, &a));
	again = wait_for(&w, &b);
	third = wait_for(&w, &c);
	assert_true(w.ledger.attach(w.outbox, NULL, first, again));
	assert_true(w.ledger.attach(w.outbox, NULL, first, third));
	send_all(&w, sent, NULL);
	outbox_confirmed(w.outbox, sent[0]);
	assert_string_equal(w.told, "a+c+b+");
	again = wait_for(&w, &b);
	assert_false(w.ledger.attach(w.outbox, NULL, first, again));
	receipt_cancel(again);
	end(&w);
}

static void test_patience_ends_and_the_reading_stays(void **state)
{
	struct world w;
	struct waiter a = { &w, 'a' }, b = { &w, 'b' };
	struct outbox_entry *sent[4];

	begin(&w, 100);
	put(&w, wait_for(&w, &a));
	w.now += 5 * SECOND;
	put(&w, wait_for(&w, &b));
	assert_int_equal(outbox_tick(w.outbox, 20 * SECOND), 21 * SECOND);
	assert_string_equal(w.told, "");
	outbox_tick(w.outbox, 21 * SECOND);
	assert_string_equal(w.told, "a-");
	outbox_connected(w.outbox, 10);
	assert_string_equal(send_all(&w, sent, NULL), "1b 2b ");
	outbox_confirmed(w.outbox, sent[0]);
	outbox_confirmed(w.outbox, sent[1]);
	assert_string_equal(w.told, "a-b+");
	end(&w);
}

static void test_cancelled_receipt_is_silent(void **state)
{
	struct world w;
	struct waiter a = { &w, 'a' };
	struct outbox_entry *sent[4];
	struct receipt *receipt;

	begin(&w, 100);
	outbox_connected(w.outbox, 10);
	receipt = wait_for(&w, &a);
	put(&w, receipt);
	receipt_cancel(receipt);
	send_all(&w, sent, NULL);
	outbox_confirmed(w.outbox, sent[0]);
	assert_string_equal(w.told, "");
	end(&w);
}

static void test_refused_is_retried_then_set_aside(void **state)
{
	struct world w;
	struct waiter a = { &w, 'a' };
	struct outbox_entry *sent[4];

	begin(&w, 100);
	outbox_connected(w.outbox, 10);
	put(&w, wait_for(&w, &a));
	send_all(&w, sent, NULL);
	outbox_tick(w.outbox, 2 * SECOND);
	assert_false(outbox_refused(w.outbox, sent[0], 0x87));
	assert_string_equal(send_all(&w, NULL, NULL), "");
	/* It holds nothing up. */
	put(&w, NULL);
	assert_string_equal(send_all(&w, NULL, NULL), "2 ");
	outbox_tick(w.outbox, 3 * SECOND);
	assert_string_equal(send_all(&w, sent, NULL), "1b ");
	assert_false(outbox_refused(w.outbox, sent[0], 0x87));
	outbox_tick(w.outbox, 4 * SECOND);
	assert_string_equal(send_all(&w, sent, NULL), "");
	outbox_tick(w.outbox, 5 * SECOND);
	assert_string_equal(send_all(&w, sent, NULL), "1b ");
	assert_true(outbox_refused(w.outbox, sent[0], 0x87));
	assert_int_equal(outbox_counters(w.outbox).aside, 1);
	assert_string_equal(w.told, "");
	outbox_tick(w.outbox, 30 * SECOND);
	assert_string_equal(w.told, "a-");
	end(&w);
}

static void test_aside_is_capped_and_the_drop_is_told(void **state)
{
	struct outbox_entry *sent[8];
	struct world w;

	begin(&w, 100);
	outbox_connected(w.outbox, 10);
	for (int i = 0; i < 3; i++)
		put(&w, NULL);
	send_all(&w, sent, NULL);
	for (int i = 0; i < 3; i++)
		outbox_set_aside(w.outbox, sent[i], 0x99);
	assert_string_equal(w.dropped, "1:set-aside-full ");
	end(&w);
}

static void test_full_refuses_readings_but_never_a_record(void **state)
{
	struct world w;
	struct waiter a = { &w, 'a' };

	begin(&w, 3);
	put(&w, wait_for(&w, &a));
	put(&w, NULL);
	put(&w, NULL);
	assert_int_equal(w.ledger.reserve(w.outbox, 1, true, w.now), LEDGER_E_NO_ROOM);
	for (int i = 0; i < 3; i++)
		assert_int_equal(
			outbox_append_message(w.outbox, MESSAGE_ALARM, ++w.sequence, "t", "{}", 0),
			0);
	/* The oldest readings gave way, and who waited for one was told the truth. */
	assert_string_equal(w.dropped, "1:memory-full 2:memory-full 3:memory-full ");
	assert_string_equal(w.told, "a-");
	end(&w);
}

static void test_postponed_as_often_as_it_takes(void **state)
{
	struct outbox_entry *sent[8];
	struct world w;
	int64_t now = SECOND;

	begin(&w, 100);
	outbox_connected(w.outbox, 10);
	put(&w, NULL);
	for (int i = 0; i < 20; i++) {
		assert_string_equal(send_all(&w, sent, NULL), i ? "1b " : "1 ");
		outbox_postponed(w.outbox, sent[0], 10 * SECOND);
		assert_string_equal(send_all(&w, NULL, NULL), "");
		now += 10 * SECOND;
		outbox_tick(w.outbox, now);
	}
	assert_int_equal(outbox_counters(w.outbox).aside, 0);
	end(&w);
}

/* Random walks over all operations: every reading is in exactly one state, ids come out in order
 * per stream, and nothing is lost. */
static void test_random_walk_loses_nothing(void **state)
{
	for (unsigned seed = 1; seed <= 50; seed++) {
		struct outbox_entry *flight[64];
		uint64_t last_live = 0, confirmed = 0;
		size_t in_flight = 0;
		bool connected = false;
		unsigned x = seed;
		struct world w;

		begin(&w, 100000);
		for (int step = 0; step < 5000; step++) {
			x = x * 1103515245 + 12345;
			switch ((x >> 16) % 8) {
			case 0:
			case 1:
			case 2:
				put(&w, NULL);
				break;
			case 3:
			case 4:
				while (in_flight < 60) {
					struct outbox_entry *e = outbox_next(w.outbox);
					const struct message *m;

					if (!e)
						break;
					m = outbox_entry_message(e);
					if (!m->reading.backfill) {
						assert_true(m->sequence > last_live);
						last_live = m->sequence;
					}
					outbox_sent(w.outbox, e);
					flight[in_flight++] = e;
				}
				break;
			case 5:
			case 6:
				if (in_flight) {
					size_t i = (x >> 20) % in_flight;

					outbox_confirmed(w.outbox, flight[i]);
					flight[i] = flight[--in_flight];
					confirmed++;
				}
				break;
			default:
				if (connected)
					outbox_disconnected(w.outbox);
				else
					outbox_connected(w.outbox, 1 + (x >> 22) % 40);
				connected = !connected;
				in_flight = 0;
				break;
			}
			assert_int_equal(outbox_counters(w.outbox).depth, w.sequence - confirmed);
			assert_int_equal(outbox_counters(w.outbox).in_flight, in_flight);
		}
		end(&w);
	}
}

/* What is said of a reading while its pack is taken leaves in the pack's turn, before it. */
static void test_an_alarm_within_a_pack_goes_with_it_and_first(void **state)
{
	static const enum message_kind order[] = { MESSAGE_ALARM, MESSAGE_ALARM, MESSAGE_READING,
		MESSAGE_READING };
	struct outbox_entry *e;
	struct world w;

	begin(&w, 100);
	outbox_connected(w.outbox, 10);
	w.wakes = 0;
	for (int i = 0; i < 2; i++) {
		put(&w, NULL);
		assert_int_equal(
			outbox_append_message(w.outbox, MESSAGE_ALARM, ++w.sequence, "t", "{}", 0),
			0);
	}
	assert_int_equal(w.wakes, 0);
	w.ledger.flush(w.outbox);
	assert_int_equal(w.wakes, 1);
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		e = outbox_next(w.outbox);
		assert_non_null(e);
		assert_int_equal(outbox_entry_message(e)->kind, order[i]);
		outbox_sent(w.outbox, e);
	}
	assert_null(outbox_next(w.outbox));
	/* By itself it goes at once. */
	assert_int_equal(
		outbox_append_message(w.outbox, MESSAGE_ALARM, ++w.sequence, "t", "{}", 0), 0);
	assert_int_equal(w.wakes, 2);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_live_goes_at_once_within_the_window),
		cmocka_unit_test(test_window_of_one_still_moves),
		cmocka_unit_test(test_live_first_then_backlog_in_half_the_window),
		cmocka_unit_test(test_connection_lost_puts_all_back_in_order),
		cmocka_unit_test(test_receipt_waits_for_the_whole_pack),
		cmocka_unit_test(test_repeated_pack_waits_for_the_first_copy),
		cmocka_unit_test(test_patience_ends_and_the_reading_stays),
		cmocka_unit_test(test_cancelled_receipt_is_silent),
		cmocka_unit_test(test_refused_is_retried_then_set_aside),
		cmocka_unit_test(test_aside_is_capped_and_the_drop_is_told),
		cmocka_unit_test(test_full_refuses_readings_but_never_a_record),
		cmocka_unit_test(test_postponed_as_often_as_it_takes),
		cmocka_unit_test(test_an_alarm_within_a_pack_goes_with_it_and_first),
		cmocka_unit_test(test_random_walk_loses_nothing),
	};

	return RUN_TESTS(tests);
}
