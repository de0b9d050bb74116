/* The patience of a device: no pack is given up before its 2.04, and none changes on the way. */
#include "sim/sender.h"
#include "unit/unit.h"

#define SECOND INT64_C(1000000)
#define SENT_MAX 64

/* A line that keeps what was sent and answers nothing by itself. */
struct fake {
	unsigned opens, closes;
	uint32_t sent[SENT_MAX];
	struct sample first[SENT_MAX];
	size_t sent_count;
	uint32_t outcomes[4]; /* by enum sender_outcome */
	int send_result;
	bool busy;
};

static int fake_open(void *userdata)
{
	((struct fake *)userdata)->opens++;
	return 0;
}

static void fake_close(void *userdata)
{
	((struct fake *)userdata)->closes++;
}

static bool fake_ready(void *userdata)
{
	return !((struct fake *)userdata)->busy;
}

static int fake_send(void *userdata, const struct pack *p)
{
	struct fake *f = userdata;

	if (f->send_result < 0)
		return f->send_result;
	assert_true(f->sent_count < SENT_MAX);
	f->first[f->sent_count] = p->samples[0];
	f->sent[f->sent_count++] = p->number;
	return 0;
}

static void fake_outcome(void *userdata, const struct pack *p, enum sender_outcome o, int code,
	const char *diagnostic, size_t length)
{
	((struct fake *)userdata)->outcomes[o]++;
}

static void fake_event(void *userdata, const char *event, const char *why)
{
}

static const struct sender_line line = {
	.open = fake_open,
	.close = fake_close,
	.ready = fake_ready,
	.send = fake_send,
	.outcome = fake_outcome,
	.event = fake_event,
};

static const struct sender_options options = {
	.queue = 5,
	.in_flight = 2,
	.answer_timeout_us = 30 * SECOND,
	.open_timeout_us = 10 * SECOND,
	.backoff_us = SECOND / 2,
	.backoff_max_us = 8 * SECOND,
};

static struct sender *start(struct fake *f)
{
	struct sender *s = NULL;

	memset(f, 0, sizeof(*f));
	assert_int_equal(sender_new(&s, &options, &line, f, rng_fork(1, 1)), 0);
	return s;
}

static void add(struct sender *s, int32_t value)
{
	const struct sample sample = { .time_ms = 1000 + value, .value = value };

	assert_int_equal(sender_add(s, &sample, 1, -1), 0);
}

static struct sender *start_up(struct fake *f, int packs)
{
	struct sender *s = start(f);

	for (int i = 1; i <= packs; i++)
		add(s, i);
	sender_step(s, 0);
	assert_int_equal(f->opens, 1);
	sender_up(s, 0);
	return s;
}

/* Lets time pass from one deadline to the next, as the loop would. */
static int64_t run_until(struct sender *s, int64_t now, int64_t end)
{
	while (sender_deadline(s) <= end) {
		if (sender_deadline(s) > now)
			now = sender_deadline(s);
		sender_step(s, now);
		if (sender_deadline(s) <= now)
			break;
	}
	return now;
}

static void test_window(void **state)
{
	struct fake f;
	struct sender *s = start_up(&f, 3);

	assert_int_equal(f.sent_count, 2); /* in_flight */
	sender_answer(s, 2, 204, -1, NULL, 0, 10);
	assert_int_equal(f.sent_count, 3);
	sender_answer(s, 1, 204, -1, NULL, 0, 10);
	sender_answer(s, 3, 204, -1, NULL, 0, 10);
	sender_answer(s, 3, 204, -1, NULL, 0, 10); /* twice: nothing to it */
	assert_int_equal(sender_pending(s), 0);
	assert_int_equal(sender_counters(s)->acknowledged, 3);
	assert_int_equal(f.outcomes[SENDER_SENT], 3);
	assert_int_equal(f.outcomes[SENDER_ACKNOWLEDGED], 3);
	sender_free(s);
}

static void test_timeout_sends_the_same(void **state)
{
	struct fake f;
	struct sender *s = start_up(&f, 1);

	assert_int_equal(sender_deadline(s), 30 * SECOND);
	sender_step(s, 30 * SECOND);
	assert_int_equal(f.sent_count, 1); /* a pause first */
	run_until(s, 30 * SECOND, 32 * SECOND);
	assert_int_equal(f.sent_count, 2);
	assert_int_equal(f.sent[0], f.sent[1]);
	assert_memory_equal(&f.first[0], &f.first[1], sizeof(f.first[0]));
	assert_int_equal(f.outcomes[SENDER_SENT], 1); /* one line for one value */
	/* The second time-out ends the session, and a new one is tried. */
	run_until(s, 32 * SECOND, 70 * SECOND);
	assert_int_equal(f.closes, 1);
	assert_int_equal(f.opens, 2);
	sender_up(s, 70 * SECOND);
	assert_int_equal(f.sent_count, 3);
	sender_answer(s, 1, 204, -1, NULL, 0, 71 * SECOND);
	assert_int_equal(sender_pending(s), 0);
	sender_free(s);
}

static void test_late_answer_counts(void **state)
{
	struct fake f;
	struct sender *s = start_up(&f, 1);

	sender_step(s, 30 * SECOND); /* timed out, waits to be sent again */
	sender_answer(s, 1, 204, -1, NULL, 0, 30 * SECOND + 1);
	assert_int_equal(sender_pending(s), 0);
	assert_int_equal(f.sent_count, 1);
	sender_free(s);
}

static void test_session_lost_keeps_order(void **state)
{
	struct fake f;
	struct sender *s = start_up(&f, 3);
	int64_t now;

	sender_down(s, "closed", SECOND);
	assert_int_equal(sender_pending(s), 3);
	now = run_until(s, SECOND, 3 * SECOND);
	assert_int_equal(f.opens, 2);
	sender_up(s, now);
	assert_int_equal(f.sent_count, 4);
	assert_int_equal(f.sent[2], 1);
	assert_int_equal(f.sent[3], 2);
	sender_free(s);
}

static void test_busy_is_obeyed(void **state)
{
	static const int codes[] = { 503, 429 };

	for (size_t i = 0; i < 2; i++) {
		struct fake f;
		struct sender *s = start_up(&f, 1);

		sender_answer(s, 1, codes[i], 5, NULL, 0, SECOND);
		run_until(s, SECOND, 6 * SECOND - 1);
		assert_int_equal(f.sent_count, 1);
		run_until(s, 6 * SECOND, 7 * SECOND);
		assert_int_equal(f.sent_count, 2);
		assert_int_equal(f.sent[1], 1);
		assert_int_equal(sender_counters(s)->busy, 1);
		sender_free(s);
	}
}

static void test_refusal_is_final(void **state)
{
	static const int codes[] = { 400, 403, 413, 415 };

	for (size_t i = 0; i < 4; i++) {
		struct fake f;
		struct sender *s = start_up(&f, 1);

		sender_answer(s, 1, codes[i], -1, "no", 2, SECOND);
		assert_int_equal(f.outcomes[SENDER_REFUSED], 1);
		assert_int_equal(sender_pending(s), 0);
		assert_true(sender_deadline(s) == INT64_MAX);
		sender_free(s);
	}
}

static void test_queue_is_bounded(void **state)
{
	struct fake f;
	struct sender *s = start(&f);

	for (int i = 1; i <= 9; i++)
		add(s, i);
	assert_int_equal(sender_pending(s), 5);
	assert_int_equal(sender_counters(s)->dropped, 4);
	assert_int_equal(f.outcomes[SENDER_DROPPED], 0); /* never left: not in the log */
	sender_step(s, 0);
	sender_up(s, 0);
	assert_int_equal(f.sent[0], 5); /* the oldest went */
	sender_free(s);
}

static void test_handshake_times_out(void **state)
{
	struct fake f;
	struct sender *s = start(&f);

	add(s, 1);
	sender_step(s, 0);
	assert_int_equal(sender_deadline(s), 10 * SECOND);
	run_until(s, 0, 12 * SECOND);
	assert_int_equal(f.closes, 1);
	assert_int_equal(f.opens, 2);
	sender_free(s);
}

static void test_backoff_grows_to_its_bound(void **state)
{
	struct fake f;
	struct sender *s = start(&f);
	int64_t now = 0, pause = 0;

	add(s, 1);
	for (int i = 0; i < 12; i++) {
		sender_step(s, now);
		sender_down(s, "unreachable", now);
		pause = sender_deadline(s) - now;
		assert_true(pause > 0 && pause <= options.backoff_max_us * 5 / 4);
		now += pause;
	}
	assert_true(pause >= options.backoff_max_us * 3 / 4);
	sender_free(s);
}

static void test_power_comes_back(void **state)
{
	struct fake f;
	struct sender *s = start_up(&f, 2);

	sender_restart(s, SECOND, 3 * SECOND);
	assert_int_equal(f.closes, 1);
	assert_int_equal(f.opens, 1);
	assert_int_equal(sender_deadline(s), 3 * SECOND);
	sender_step(s, 3 * SECOND);
	assert_int_equal(f.opens, 2);
	sender_up(s, 3 * SECOND);
	assert_int_equal(f.sent_count, 4);
	sender_free(s);
}

static void test_send_fails(void **state)
{
	struct fake f;
	struct sender *s = start(&f);

	add(s, 1);
	sender_step(s, 0);
	f.send_result = -5;
	sender_up(s, 0);
	assert_int_equal(f.closes, 1);
	assert_int_equal(sender_pending(s), 1);
	sender_free(s);
}

static void test_line_is_busy(void **state)
{
	struct fake f;
	struct sender *s = start(&f);

	add(s, 1);
	sender_step(s, 0);
	f.busy = true;
	sender_up(s, 0);
	assert_int_equal(f.sent_count, 0);
	assert_true(sender_deadline(s) == INT64_MAX); /* nothing to wake up for */
	f.busy = false;
	sender_step(s, 1);
	assert_int_equal(f.sent_count, 1);
	sender_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_timeout_sends_the_same),
		cmocka_unit_test(test_late_answer_counts),
		cmocka_unit_test(test_session_lost_keeps_order),
		cmocka_unit_test(test_busy_is_obeyed),
		cmocka_unit_test(test_refusal_is_final),
		cmocka_unit_test(test_queue_is_bounded),
		cmocka_unit_test(test_handshake_times_out),
		cmocka_unit_test(test_backoff_grows_to_its_bound),
		cmocka_unit_test(test_power_comes_back),
		cmocka_unit_test(test_send_fails),
		cmocka_unit_test(test_line_is_busy),
	};

	return RUN_TESTS(tests);
}
