/*
 * The message layer in virtual time: what is sent, when, and how often.
 */
#include "unit/unit.h"

#include "coap/message.h"
#include "util/cleanup.h"

#define MS INT64_C(1000)
#define SECOND (1000 * MS)
#define FIRST_ID 0x5000

struct fixture {
	struct messages messages; /* first */
	struct message_counters counters;
	struct exchange *asked;
	unsigned requests, abandoned, sent;
	uint8_t last[64];
	size_t last_length;
	bool at_once;
	int64_t now_us;
};

static const struct pdu_response changed = { .code = PDU_CHANGED };

static void on_send(struct messages *m, const uint8_t *bytes, size_t length)
{
	struct fixture *f = (struct fixture *)m;

	assert_true(length <= sizeof(f->last));
	memcpy(f->last, bytes, length);
	f->last_length = length;
	f->sent++;
}

static void on_request(struct messages *m, struct exchange *x, const struct pdu *p, int64_t now_us)
{
	struct fixture *f = (struct fixture *)m;

	f->requests++;
	f->asked = x;
	if (f->at_once)
		messages_answer(m, x, &changed, 0, now_us);
}

static void on_abandoned(struct messages *m, struct exchange *x)
{
	((struct fixture *)m)->abandoned++;
}

static const struct message_ops ops = { on_send, on_request, on_abandoned };

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	messages_init(&f->messages, &ops, &f->counters, FIRST_ID);
	f->now_us = 1000 * SECOND;
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	messages_clear(&f->messages);
	free(f);
	return 0;
}

static void receive(struct fixture *f, uint8_t type, uint8_t code, uint16_t id)
{
	uint8_t bytes[] = { (uint8_t)(0x41 | type << 4), code, (uint8_t)(id >> 8), (uint8_t)id, 7 };

	if (code == PDU_EMPTY)
		bytes[0] &= 0xf0;
	messages_receive(&f->messages, bytes, code == PDU_EMPTY ? 4 : 5, f->now_us);
}

static int64_t pass(struct fixture *f, int64_t us)
{
	f->now_us += us;
	return messages_tick(&f->messages, f->now_us);
}

/* That exactly one message went since the last call, of that head and with that token or none. */
static void assert_sent(struct fixture *f, uint8_t type, uint8_t code, uint16_t id)
{
	assert_int_equal(f->sent, 1);
	assert_int_equal(f->last[0] >> 4 & 3, type);
	assert_int_equal(f->last[1], code);
	assert_int_equal(f->last[2] << 8 | f->last[3], id);
	if (code != PDU_EMPTY) {
		assert_int_equal(f->last[0] & 15, 1);
		assert_int_equal(f->last[4], 7);
	} else {
		assert_int_equal(f->last_length, 4);
	}
	f->sent = 0;
}

static void assert_silent(struct fixture *f)
{
	assert_int_equal(f->sent, 0);
}

static void test_safe_within_the_hold_rides_in_the_acknowledgement(void **state)
{
	struct fixture *f = *state;
	int64_t next;

	receive(f, PDU_CON, PDU_POST, 1);
	assert_silent(f);
	assert_int_equal(messages_deadline(&f->messages), f->now_us + MESSAGE_HOLD_US);
	next = pass(f, MESSAGE_HOLD_US - 1);
	assert_int_equal(next, f->now_us + 1);
	assert_silent(f);
	messages_answer(&f->messages, f->asked, &changed, 0, f->now_us);
	assert_sent(f, PDU_ACK, PDU_CHANGED, 1);
	assert_int_equal(pass(f, 1000 * SECOND), INT64_MAX);
	assert_silent(f);
	assert_int_equal(f->counters.separate, 0);
}

static void test_safe_later_goes_by_itself(void **state)
{
	struct fixture *f = *state;

	receive(f, PDU_CON, PDU_POST, 1);
	assert_int_equal(pass(f, MESSAGE_HOLD_US), INT64_MAX);
	assert_sent(f, PDU_ACK, PDU_EMPTY, 1);
	pass(f, 5 * SECOND);
	assert_silent(f);
	messages_answer(&f->messages, f->asked, &changed, 0, f->now_us);
	assert_sent(f, PDU_CON, PDU_CHANGED, FIRST_ID);
	receive(f, PDU_ACK, PDU_EMPTY, FIRST_ID);
	assert_int_equal(pass(f, 1000 * SECOND), INT64_MAX);
	assert_silent(f);
	assert_int_equal(f->counters.given_up, 0);
}

/* RFC 7252 section 4.2: 2 s to 3 s, doubled four times. */
static void test_an_answer_is_sent_again(void **state)
{
	static const uint16_t randoms[] = { 0, 65535 };
	static const int64_t first[] = { 2 * SECOND, 3 * SECOND };

	for (size_t i = 0; i < ARRAY_SIZE(randoms); i++) {
		struct fixture *f = *state;
		int64_t step = first[i], next;

		receive(f, PDU_CON, PDU_POST, (uint16_t)(1 + i));
		pass(f, MESSAGE_HOLD_US);
		assert_sent(f, PDU_ACK, PDU_EMPTY, (uint16_t)(1 + i));
		messages_answer(&f->messages, f->asked, &changed, randoms[i], f->now_us);
		assert_sent(f, PDU_CON, PDU_CHANGED, (uint16_t)(FIRST_ID + i));
		for (int tries = 0; tries < MESSAGE_MAX_RETRANSMIT; tries++) {
			next = pass(f, step - 1);
			assert_int_equal(next, f->now_us + 1);
			assert_silent(f);
			pass(f, 1);
			assert_sent(f, PDU_CON, PDU_CHANGED, (uint16_t)(FIRST_ID + i));
			step *= 2;
		}
		assert_int_equal(pass(f, step), INT64_MAX);
		assert_silent(f);
		assert_int_equal(f->counters.given_up, i + 1);
		assert_int_equal(f->counters.retransmitted, 4 * (i + 1));
	}
}

static void test_a_reset_stops_it(void **state)
{
	struct fixture *f = *state;

	receive(f, PDU_CON, PDU_POST, 1);
	pass(f, MESSAGE_HOLD_US);
	messages_answer(&f->messages, f->asked, &changed, 0, f->now_us);
	f->sent = 0;
	receive(f, PDU_ACK, PDU_EMPTY, FIRST_ID + 1); /* another's */
	assert_true(messages_deadline(&f->messages) < INT64_MAX);
	receive(f, PDU_RST, PDU_EMPTY, FIRST_ID);
	assert_int_equal(messages_deadline(&f->messages), INT64_MAX);
	assert_int_equal(f->counters.resets, 1);
	assert_int_equal(f->counters.unexpected, 1);
	assert_silent(f);
}

static void test_a_retransmission_never_runs_the_handler_again(void **state)
{
	struct fixture *f = *state;

	receive(f, PDU_CON, PDU_POST, 1);
	receive(f, PDU_CON, PDU_POST, 1); /* while it is held: the acknowledgement is coming */
	assert_silent(f);
	pass(f, MESSAGE_HOLD_US);
	assert_sent(f, PDU_ACK, PDU_EMPTY, 1);
	receive(f, PDU_CON, PDU_POST, 1); /* the acknowledgement was lost */
	assert_sent(f, PDU_ACK, PDU_EMPTY, 1);
	messages_answer(&f->messages, f->asked, &changed, 0, f->now_us);
	assert_sent(f, PDU_CON, PDU_CHANGED, FIRST_ID);
	receive(f, PDU_CON, PDU_POST, 1);
	assert_sent(f, PDU_ACK, PDU_EMPTY, 1);
	receive(f, PDU_ACK, PDU_EMPTY, FIRST_ID);
	receive(f, PDU_CON, PDU_POST, 1);
	assert_sent(f, PDU_ACK, PDU_EMPTY, 1);
	assert_int_equal(f->requests, 1);
	assert_int_equal(f->counters.duplicates, 4);
}

static void test_the_same_answer_for_the_same_message(void **state)
{
	struct fixture *f = *state;
	uint8_t first[64];
	size_t n;

	f->at_once = true;
	receive(f, PDU_CON, PDU_POST, 1);
	n = f->last_length;
	memcpy(first, f->last, n);
	assert_sent(f, PDU_ACK, PDU_CHANGED, 1);
	pass(f, MESSAGE_EXCHANGE_LIFETIME_US - 1);
	receive(f, PDU_CON, PDU_POST, 1);
	assert_int_equal(f->last_length, n);
	assert_memory_equal(f->last, first, n);
	assert_sent(f, PDU_ACK, PDU_CHANGED, 1);
	assert_int_equal(f->requests, 1);

	/* the id comes round after EXCHANGE_LIFETIME: that is another request */
	pass(f, 1);
	receive(f, PDU_CON, PDU_POST, 1);
	assert_int_equal(f->requests, 2);
}

static void test_non_confirmable(void **state)
{
	struct fixture *f = *state;

	receive(f, PDU_NON, PDU_POST, 1);
	assert_int_equal(messages_deadline(&f->messages), INT64_MAX);
	pass(f, 10 * SECOND);
	assert_silent(f);
	receive(f, PDU_NON, PDU_POST, 1);
	messages_answer(&f->messages, f->asked, &changed, 0, f->now_us);
	assert_sent(f, PDU_NON, PDU_CHANGED, FIRST_ID);
	receive(f, PDU_NON, PDU_POST, 1);
	assert_silent(f);
	assert_int_equal(f->requests, 1);
	pass(f, MESSAGE_NON_LIFETIME_US);
	receive(f, PDU_NON, PDU_POST, 1);
	assert_int_equal(f->requests, 2);
}

static void test_what_is_no_request(void **state)
{
	static const struct {
		const char *what;
		uint8_t type, code;
		bool reset;
	} rows[] = {
		{ "ping", PDU_CON, PDU_EMPTY, true },
		{ "an empty NON", PDU_NON, PDU_EMPTY, false },
		{ "an acknowledgement of nothing", PDU_ACK, PDU_EMPTY, false },
		{ "a reset of nothing", PDU_RST, PDU_EMPTY, false },
		{ "a response", PDU_CON, PDU_CONTENT, true },
		{ "a NON response", PDU_NON, PDU_CONTENT, false },
		{ "a piggybacked response", PDU_ACK, PDU_CONTENT, false },
		{ "class 1", PDU_CON, PDU_CODE(1, 1), true },
		{ "class 6", PDU_NON, PDU_CODE(6, 1), false },
		{ "class 7", PDU_CON, PDU_CODE(7, 1), true },
		{ "a request in an acknowledgement", PDU_ACK, PDU_POST, false },
		{ "a request in a reset", PDU_RST, PDU_POST, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fixture *f = *state;

		receive(f, rows[i].type, rows[i].code, 9);
		if (f->sent != rows[i].reset)
			fail_msg("%s", rows[i].what);
		if (rows[i].reset)
			assert_sent(f, PDU_RST, PDU_EMPTY, 9);
		assert_int_equal(f->requests, 0);
	}
}

static void test_what_is_malformed(void **state)
{
	static const uint8_t con[] = { 0x49, 2, 0, 3 }, non[] = { 0x59, 2, 0, 3 };
	struct fixture *f = *state;

	messages_receive(&f->messages, con, sizeof(con), f->now_us);
	assert_sent(f, PDU_RST, PDU_EMPTY, 3);
	messages_receive(&f->messages, non, sizeof(non), f->now_us);
	messages_receive(&f->messages, con, 3, f->now_us);
	assert_silent(f);
	assert_int_equal(f->counters.malformed, 2);
	assert_int_equal(f->counters.foreign, 1);
}

static void test_the_table_is_capped(void **state)
{
	struct fixture *f = *state;

	/* unanswered ones keep their places */
	for (uint16_t id = 0; id < MESSAGE_EXCHANGES_MAX + 5; id++)
		receive(f, PDU_CON, PDU_POST, id);
	assert_int_equal(f->requests, MESSAGE_EXCHANGES_MAX);
	assert_int_equal(f->counters.crowded, 5);
	assert_int_equal(f->messages.count, MESSAGE_EXCHANGES_MAX);

	/* once one is answered, the next finds room, and the answered one is forgotten */
	messages_answer(&f->messages, messages_waiting(&f->messages, NULL), &changed, 0, f->now_us);
	receive(f, PDU_CON, PDU_POST, 100);
	assert_int_equal(f->requests, MESSAGE_EXCHANGES_MAX + 1);
	assert_int_equal(f->messages.count, MESSAGE_EXCHANGES_MAX);

	messages_clear(&f->messages);
	assert_int_equal(f->abandoned, MESSAGE_EXCHANGES_MAX);
	assert_int_equal(f->messages.count, 0);
}

static void test_passed_over(void **state)
{
	struct fixture *f = *state;

	receive(f, PDU_NON, PDU_POST, 1);
	messages_ignore(&f->messages, f->asked);
	receive(f, PDU_NON, PDU_POST, 1);
	assert_silent(f);
	assert_int_equal(f->requests, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_safe_within_the_hold_rides_in_the_acknowledgement),
		TEST(test_safe_later_goes_by_itself),
		TEST(test_an_answer_is_sent_again),
		TEST(test_a_reset_stops_it),
		TEST(test_a_retransmission_never_runs_the_handler_again),
		TEST(test_the_same_answer_for_the_same_message),
		TEST(test_non_confirmable),
		TEST(test_what_is_no_request),
		TEST(test_what_is_malformed),
		TEST(test_the_table_is_capped),
		TEST(test_passed_over),
	};

	return RUN_TESTS(tests);
}
