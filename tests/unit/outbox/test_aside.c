/*
 * What an operator does with messages that were set aside.
 */
#include "outbox/ledger_batch.h"
#include "outbox/outbox.h"
#include "unit/unit.h"
#include "util/cleanup.h"

#define SECOND INT64_C(1000000)

struct world {
	struct outbox *outbox;
	struct ledger ledger;
	int64_t now;
	char told[256];
};

static void tell(struct world *w, const char *what, int64_t number)
{
	size_t n = strlen(w->told);

	snprintf(w->told + n, sizeof(w->told) - n, "%s%d ", what, (int)number);
}

static void on_retried(int64_t position, void *userdata)
{
	tell(userdata, "retried", position - OUTBOX_FIRST_POSITION);
}

static void on_confirmed(const struct message *m, void *userdata)
{
	tell(userdata, "confirmed", (int64_t)m->sequence);
}

static void on_dropped(const struct message *m, const char *reason, void *userdata)
{
	assert_string_equal(reason, "operator");
	tell(userdata, "dropped", (int64_t)m->sequence);
}

static void on_gap(const struct outbox_gap *gap, void *userdata)
{
	assert_string_equal(gap->reason, "operator");
	tell(userdata, "gap", (int64_t)gap->first);
}

static void begin(struct world *w)
{
	struct outbox_limits limits = { .messages = 100, .tries = 2, .aside = 10 };

	*w = (struct world){ .now = SECOND };
	assert_int_equal(outbox_new(&w->outbox, &limits), 0);
	w->ledger = outbox_ledger(w->outbox);
	outbox_set_now(w->outbox, w->now);
	outbox_set_retried(w->outbox, on_retried, w);
	outbox_set_confirmed(w->outbox, on_confirmed, w);
	outbox_set_dropped(w->outbox, on_dropped, w);
	outbox_set_gap(w->outbox, on_gap, w);
	outbox_connected(w->outbox, 10);
}

static void put_reading(struct world *w, uint64_t sequence)
{
	struct reading r = { .sequence = sequence };

	assert_int_equal(w->ledger.reserve(w->outbox, 1, true, w->now), 0);
	w->ledger.append(w->outbox, &r, NULL);
}

static void put_alarm(struct world *w, uint64_t sequence)
{
	assert_int_equal(
		outbox_append_message(w->outbox, MESSAGE_ALARM, sequence, "t", "{}", 0), 0);
}

/* Has the next message refused for good. */
static void refuse_next(struct world *w)
{
	struct outbox_entry *e = outbox_next(w->outbox);

	assert_non_null(e);
	outbox_sent(w->outbox, e);
	outbox_set_aside(w->outbox, e, 0x87);
}

static void store_all(struct world *w)
{
	struct outbox_entry *all[10];

	(void)outbox_write(w->outbox, INT64_MAX, all, 10);
	outbox_written(w->outbox, true);
}

static void test_retry(void **state)
{
	struct outbox_entry *e, *told[1];
	struct world w;

	begin(&w);
	put_reading(&w, 1);
	put_alarm(&w, 2);
	refuse_next(&w); /* the alarm goes first */
	refuse_next(&w);
	assert_int_equal(outbox_counters(w.outbox).aside, 2);
	assert_int_equal(outbox_fate(w.outbox, NULL, 2), OUTBOX_ASIDE);
	e = outbox_aside_after(w.outbox, NULL);
	assert_true(outbox_aside_since(e) == w.now);
	/* The disk has not heard of it: there is nothing to take back there. */
	outbox_retry_aside(w.outbox, e);
	assert_string_equal(w.told, "");
	assert_int_equal(outbox_fate(w.outbox, NULL, 2), OUTBOX_UNSAFE);
	assert_ptr_equal(outbox_next(w.outbox), e);
	outbox_sent(w.outbox, e);
	/* It has all its tries again. */
	assert_false(outbox_refused(w.outbox, e, 0x87));
	outbox_tick(w.outbox, w.now += 10 * SECOND);
	e = outbox_next(w.outbox);
	outbox_sent(w.outbox, e);
	outbox_confirmed(w.outbox, e);
	assert_string_equal(w.told, "confirmed2 ");
	assert_int_equal(outbox_fate(w.outbox, NULL, 2), OUTBOX_ELSEWHERE);

	/* The other: the disk knows, and is told. */
	w.told[0] = 0;
	store_all(&w);
	assert_int_equal(outbox_asides(w.outbox, told, 1), 1);
	e = outbox_aside_after(w.outbox, NULL);
	assert_null(outbox_aside_after(w.outbox, e));
	outbox_retry_aside(w.outbox, e);
	assert_string_equal(w.told, "retried0 ");
	assert_int_equal(outbox_counters(w.outbox).aside, 0);
	assert_int_equal(outbox_counters(w.outbox).backlog, 1);
	assert_int_equal(outbox_fate(w.outbox, NULL, 1), OUTBOX_STORED);
	outbox_free(w.outbox);
}

static void test_drop(void **state)
{
	struct world w;

	begin(&w);
	put_reading(&w, 7);
	refuse_next(&w);
	outbox_drop_aside(w.outbox, outbox_aside_after(w.outbox, NULL));
	assert_int_equal(outbox_counters(w.outbox).aside, 0);
	outbox_tell_gap(w.outbox);
	assert_string_equal(w.told, "dropped7 gap7 ");
	outbox_free(w.outbox);
}

/* What the disk is told: as often as it takes, and once. */
static void test_pending(void **state)
{
	struct pending p = { 0 };
	struct store_aside rows[2];

	for (int64_t id = 1; id <= 3; id++)
		assert_int_equal(pending_retried(&p, id), 0);
	assert_true(pending_any(&p));
	assert_int_equal(pending_take_retried(&p, rows, 2), 2);
	assert_true(rows[0].id == 1 && rows[1].id == 2 && rows[1].reason == 0);
	pending_return(&p);
	assert_int_equal(pending_take_retried(&p, rows, 2), 2);
	assert_true(rows[0].id == 1);
	assert_int_equal(pending_retried(&p, 4), 0); /* while they are with the thread */
	pending_forget(&p);
	assert_int_equal(pending_take_retried(&p, rows, 2), 2);
	assert_true(rows[0].id == 3 && rows[1].id == 4);
	pending_forget(&p);
	assert_false(pending_any(&p));
	pending_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_retry),
		cmocka_unit_test(test_drop),
		cmocka_unit_test(test_pending),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
