/*
 * What came before: within a run, before a kill, in the database, and given up
 * since. The same value has one id, and what is acknowledged is safe.
 */
#include "world.h"

/* "1-00000001:5", with the group behind a slash */
static const char *id_of(const struct message *m)
{
	static char text[4][80];
	static unsigned next;
	char *t = text[next++ % 4];

	(void)snprintf(t, 80, "%s:%llu/%llu", label_text(m->reading.epoch, "-"),
		(unsigned long long)m->sequence, (unsigned long long)m->reading.group);
	return t;
}

static void expect(struct world *w, const char *id, uint64_t device_sequence)
{
	const struct message *m = sent(send_next(w));

	assert_string_equal(id_of(m), id);
	assert_int_equal(m->reading.sequence, m->sequence);
	assert_int_equal(m->reading.device_sequence, device_sequence);
}

static void expect_nothing(struct world *w)
{
	assert_null(outbox_next(w->outbox));
}

static void test_after_a_kill_the_old_number(void **state)
{
	struct reading in[] = { number(97, 5), number(96, 6) };
	struct outbox_entry *e;
	struct world w;
	struct place p;

	place_begin(&p);
	begin(&w, &p, "1-00000001", 100);
	assert_int_equal(submit(&w, in, 1), 0);
	end(&w);

	begin(&w, &p, "2-00000002", 100);
	assert_int_equal(submit(&w, in, 2), 0);
	e = send_next(&w);
	assert_string_equal(id_of(sent(e)), "1-00000001:1/0");
	assert_int_equal(sent(e)->reading.device_sequence, 1);
	expect(&w, "-:1/0", 1);
	assert_int_equal(gateway_sequence(w.gateway), 1);
	assert_int_equal(gateway_counters(w.gateway).readings, 2);
	assert_int_equal(gateway_counters(w.gateway).recalled, 1);
	/* Said a third time it waits with the second. */
	assert_int_equal(submit(&w, in, 1), 0);
	expect_nothing(&w);
	assert_int_equal(w.safe, 0);
	outbox_confirmed(w.outbox, e);
	assert_int_equal(w.safe, 1);
	assert_int_equal(submit(&w, in, 1), GATEWAY_E_SAFE);
	assert_int_equal(gateway_counters(w.gateway).duplicates, 2);
	end(&w);

	/* Two kills later it is still the same. */
	begin(&w, &p, "3-00000003", 100);
	assert_int_equal(submit(&w, in, 2), 0);
	expect(&w, "1-00000001:1/0", 1);
	expect(&w, "2-00000002:1/0", 1);
	expect_nothing(&w);
	assert_int_equal(gateway_sequence(w.gateway), 0);
	end(&w);
	place_end(&p);
}

static void test_without_the_ring_it_is_a_new_value(void **state)
{
	struct reading in = number(97, 5);
	struct world w;
	struct place p;

	place_begin(&p);
	begin(&w, &p, "1-00000001", 100);
	assert_int_equal(submit(&w, &in, 1), 0);
	end(&w);
	begin(&w, NULL, "2-00000002", 100);
	assert_int_equal(submit(&w, &in, 1), 0);
	expect(&w, "-:1/0", 1);
	end(&w);
	place_end(&p);
}

static void test_what_is_stored_is_safe(void **state)
{
	struct reading in[] = { number(97, 5), number(96, 6) };
	struct outbox_entry *e;
	struct world w;
	struct place p;

	place_begin(&p);
	begin(&w, &p, "2-00000002", 100);
	assert_int_equal(recall_add_stored(w.recall, "bed3-oximeter", 5, "1-00000001", 7), 0);
	assert_int_equal(submit(&w, in, 1), GATEWAY_E_SAFE);
	expect_nothing(&w);
	assert_int_equal(gateway_counters(w.gateway).duplicates, 1);
	/* With something new beside it the receipt waits for that alone. */
	assert_int_equal(submit(&w, in, 2), 0);
	e = send_next(&w);
	assert_string_equal(id_of(sent(e)), "-:1/0");
	expect_nothing(&w);
	outbox_confirmed(w.outbox, e);
	assert_int_equal(w.safe, 1);
	end(&w);
	place_end(&p);
}

static void test_groups_stay_within_their_epoch(void **state)
{
	/* Twice three values of one measurement, and one that belongs to none. */
	struct reading in[] = { number(1, 1), number(2, 2), number(3, 3), number(4, 4),
		number(5, 5), number(6, 6), number(7, 7) };
	struct world w;
	struct place p;

	for (size_t i = 0; i < 6; i++)
		in[i].group_index = (uint8_t)(1 + i % 2);
	place_begin(&p);
	begin(&w, &p, "1-00000001", 100);
	assert_int_equal(submit(&w, in, 4), 0);
	expect(&w, "-:1/1", 1);
	expect(&w, "-:2/2", 2);
	expect(&w, "-:3/1", 3);
	expect(&w, "-:4/2", 4);
	end(&w);

	/* The first of one group was stored: the others still name it. */
	begin(&w, &p, "2-00000002", 100);
	assert_int_equal(recall_add_stored(w.recall, "bed3-oximeter", 1, "1-00000001", 1), 0);
	assert_int_equal(submit(&w, in, 7), 0);
	expect(&w, "1-00000001:2/2", 2);
	expect(&w, "1-00000001:3/1", 3);
	expect(&w, "1-00000001:4/2", 4);
	expect(&w, "-:1/1", 1);
	expect(&w, "-:2/2", 2);
	expect(&w, "-:3/0", 3);
	expect_nothing(&w);
	end(&w);

	/* Of three epochs now. */
	begin(&w, &p, "3-00000003", 100);
	in[6].group_index = 2;
	assert_int_equal(submit(&w, in, 7), 0);
	expect(&w, "1-00000001:1/1", 1);
	expect(&w, "1-00000001:2/2", 2);
	expect(&w, "1-00000001:3/1", 3);
	expect(&w, "1-00000001:4/2", 4);
	expect(&w, "2-00000002:1/1", 1);
	expect(&w, "2-00000002:2/2", 2);
	expect(&w, "2-00000002:3/2", 3);
	end(&w);
	place_end(&p);
}

static void test_twice_in_one_submission(void **state)
{
	struct reading in[] = { number(97, 5), number(97, 5), number(97, 5) };
	struct world w;
	struct place p;

	place_begin(&p);
	begin(&w, &p, "1-00000001", 100);
	assert_int_equal(submit(&w, in, 3), 0);
	expect(&w, "-:1/0", 1);
	expect_nothing(&w);
	end(&w);
	begin(&w, &p, "2-00000002", 100);
	assert_int_equal(submit(&w, in, 3), 0);
	expect(&w, "1-00000001:1/0", 1);
	expect_nothing(&w);
	end(&w);
	place_end(&p);
}

/* Longer ago than the device's own table remembers: the ring knows it. */
static void test_beyond_the_table_of_the_device(void **state)
{
	struct reading in = number(97, 5);
	struct outbox_entry *e;
	struct world w;
	struct place p;

	place_begin(&p);
	begin(&w, &p, "1-00000001", 5000);
	for (uint64_t i = 1; i <= 2000; i++) {
		in.source_key = i;
		assert_int_equal(gateway_submit(w.gateway, w.bed3, &in, 1, NULL, NULL, NULL), 0);
	}
	/* Number 1 is with the ledger: the receipt waits for it. */
	in.source_key = 1;
	assert_int_equal(submit(&w, &in, 1), 0);
	assert_int_equal(gateway_sequence(w.gateway), 2000);
	assert_int_equal(gateway_counters(w.gateway).duplicates, 1);
	e = send_next(&w);
	assert_int_equal(sent(e)->sequence, 1);
	outbox_confirmed(w.outbox, e);
	assert_int_equal(w.safe, 1);
	/* Not any more: whether it is safe nobody can say, so it goes again, under its number. */
	assert_int_equal(submit(&w, &in, 1), 0);
	assert_int_equal(gateway_sequence(w.gateway), 2000);
	assert_int_equal(gateway_counters(w.gateway).recalled, 1);
	for (e = send_next(&w); e; e = send_next(&w))
		outbox_confirmed(w.outbox, e);
	assert_int_equal(w.safe, 2);
	/* Nobody waits: nothing is to be done. */
	in.source_key = 2;
	assert_int_equal(
		gateway_submit(w.gateway, w.bed3, &in, 1, NULL, NULL, NULL), GATEWAY_E_SAFE);
	end(&w);
	place_end(&p);
}

/* A reading that the ledger gave up is not safe, however well it is remembered. */
static void test_given_up_is_taken_again(void **state)
{
	struct reading in = number(97, 5);
	struct outbox_entry *e = NULL;
	struct reading gone;
	struct world w;
	struct place p;

	for (int with_ring = 0; with_ring < 2; with_ring++) {
		place_begin(&p);
		begin(&w, with_ring ? &p : NULL, "1-00000001", 100);
		in.source_key = 5;
		assert_int_equal(submit(&w, &in, 1), 0);
		e = send_next(&w);
		gone = sent(e)->reading;
		reading_hold(&gone);
		outbox_confirmed(w.outbox, e); /* the ledger has it no more */
		assert_int_equal(submit(&w, &in, 1), GATEWAY_E_SAFE);
		gateway_forget(w.gateway, &gone);
		assert_int_equal(submit(&w, &in, 1), 0);
		e = send_next(&w);
		assert_string_equal(id_of(sent(e)), "-:1/0");
		assert_int_equal(sent(e)->reading.device_sequence, with_ring ? 1 : 2);
		outbox_confirmed(w.outbox, e);
		assert_int_equal(submit(&w, &in, 1), GATEWAY_E_SAFE);
		reading_release(&gone);
		end(&w);
		place_end(&p);
	}
}

/* The tables of epochs are bounded; beyond them a value goes out once more, under its id. */
static void test_more_epochs_than_can_be_named(void **state)
{
	struct reading in = number(97, 5);
	char epoch[EPOCH_TEXT_MAX], id[EPOCH_TEXT_MAX + 8];
	struct recall *r;
	struct world w;
	struct place p;

	place_begin(&p);
	for (unsigned i = 1; i <= 300; i++) {
		(void)snprintf(epoch, sizeof(epoch), "%u-%08x", i, i);
		r = open_as(&p, "gw1", epoch);
		recall_add(r, "bed3-oximeter", i, NULL, 7, 8);
		recall_free(r);
	}
	begin(&w, &p, "301-00000001", 1000);
	for (unsigned i = 1; i <= 300; i++) {
		in.source_key = i;
		assert_int_equal(submit(&w, &in, 1), 0);
		(void)snprintf(id, sizeof(id), "%u-%08x:7/0", i, i);
		expect(&w, id, 8);
	}
	/* The receipt finds both kinds by their epoch. */
	in.source_key = 1;
	assert_int_equal(submit(&w, &in, 1), 0);
	in.source_key = 300;
	assert_int_equal(submit(&w, &in, 1), 0);
	expect_nothing(&w);
	assert_int_equal(gateway_sequence(w.gateway), 0);
	end(&w);
	place_end(&p);
}

static void test_no_room_counts_what_is_taken_again(void **state)
{
	struct reading in[] = { number(1, 1), number(2, 2), number(3, 3) };
	struct world w;
	struct place p;

	place_begin(&p);
	begin(&w, &p, "1-00000001", 100);
	assert_int_equal(submit(&w, in, 3), 0);
	end(&w);
	begin(&w, &p, "2-00000002", 2);
	assert_int_equal(submit(&w, in, 3), GATEWAY_E_NO_ROOM);
	expect_nothing(&w);
	/* What is stored needs none. */
	assert_int_equal(recall_add_stored(w.recall, "bed3-oximeter", 1, "1-00000001", 1), 0);
	assert_int_equal(submit(&w, in, 3), 0);
	expect(&w, "1-00000001:2/0", 2);
	expect(&w, "1-00000001:3/0", 3);
	end(&w);
	place_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_after_a_kill_the_old_number),
		cmocka_unit_test(test_without_the_ring_it_is_a_new_value),
		cmocka_unit_test(test_what_is_stored_is_safe),
		cmocka_unit_test(test_groups_stay_within_their_epoch),
		cmocka_unit_test(test_twice_in_one_submission),
		cmocka_unit_test(test_beyond_the_table_of_the_device),
		cmocka_unit_test(test_given_up_is_taken_again),
		cmocka_unit_test(test_more_epochs_than_can_be_named),
		cmocka_unit_test(test_no_room_counts_what_is_taken_again),
	};

	return RUN_TESTS(tests);
}
