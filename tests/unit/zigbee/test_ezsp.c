/*
 * Commands and answers: the version's dance, matching, what comes late or not
 * at all, and that each command gets exactly one result.
 */
#include "unit/unit.h"

#include <errno.h>
#include <stdbool.h>

#include "util/cleanup.h"
#include "zigbee/ezsp.h"

#define S INT64_C(1000000)

struct fixture {
	struct ezsp ezsp; /* first */
	int64_t now_us;
	uint8_t sent[EZSP_FRAME_MAX];
	size_t sent_n;
	unsigned sends, ready, failed, callbacks, done;
	bool deaf, restart, ask_again;
	enum ezsp_reason reason;
	int result;
	uint16_t id;
	struct ezsp_values values;
	int last[64];
	void *told[64];
};

static int on_send(struct ezsp *e, const uint8_t *frame, size_t length, int64_t now_us)
{
	struct fixture *f = (struct fixture *)e;

	if (f->deaf)
		return -ENOBUFS;
	memcpy(f->sent, frame, length);
	f->sent_n = length;
	f->sends++;
	return 0;
}

static void on_ready(struct ezsp *e, const struct ezsp_values *v, int64_t now_us)
{
	((struct fixture *)e)->ready++;
	((struct fixture *)e)->values = *v;
}

static void on_callback(
	struct ezsp *e, uint16_t id, int result, const struct ezsp_values *v, int64_t now_us)
{
	struct fixture *f = (struct fixture *)e;

	f->callbacks++;
	f->id = id;
	f->result = result;
	f->values = *v;
}

static void on_failed(struct ezsp *e, enum ezsp_reason reason, int64_t now_us)
{
	struct fixture *f = (struct fixture *)e;

	assert_int_equal(e->count, 0);
	f->failed++;
	f->reason = reason;
	if (f->restart)
		ezsp_start(e, 13, now_us);
}

static const struct ezsp_ops ops = {
	.send = on_send,
	.ready = on_ready,
	.callback = on_callback,
	.failed = on_failed,
};

static void on_done(
	struct ezsp *e, void *userdata, int result, const struct ezsp_values *v, int64_t now_us)
{
	struct fixture *f = (struct fixture *)e;

	f->last[f->done % 64] = f->result = result;
	f->told[f->done++ % 64] = userdata;
	f->values = *v;
	if (f->ask_again)
		(void)ezsp_command(e, EZSP_NOP, NULL, 0, on_done, NULL, now_us);
}

static void give(struct fixture *f, const char *hex)
{
	uint8_t bytes[300], *copy;
	size_t n = 0;

	for (; *hex; hex++)
		if (*hex != ' ')
			assert_int_equal(sscanf(hex++, "%2hhx", &bytes[n++]), 1);
	copy = malloc(n ? n : 1);
	memcpy(copy, bytes, n);
	ezsp_receive(&f->ezsp, copy, n, f->now_us);
	free(copy);
}

/* The last frame sent, and that it was one more. */
static void expect(struct fixture *f, unsigned sends, const char *hex)
{
	uint8_t bytes[300];
	size_t n = 0;

	assert_int_equal(f->sends, sends);
	for (; *hex; hex++)
		if (*hex != ' ')
			assert_int_equal(sscanf(hex++, "%2hhx", &bytes[n++]), 1);
	assert_int_equal(f->sent_n, n);
	assert_memory_equal(f->sent, bytes, n);
}

static void pass(struct fixture *f, int64_t us)
{
	f->now_us += us;
	ezsp_tick(&f->ezsp, f->now_us);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->now_us = 9 * S;
	ezsp_init(&f->ezsp, &ops);
	*state = f;
	return 0;
}

static int set_up_13(void **state)
{
	struct fixture *f;

	set_up(state);
	f = *state;
	ezsp_start(&f->ezsp, 0, f->now_us);
	expect(f, 1, "00 00 00 0D");
	give(f, "00 80 00 0D 02 10 74");
	assert_int_equal(f->ready, 1);
	assert_int_equal(f->ezsp.version, 13);
	assert_int_equal(f->values.stack_version, 0x7410);
	return 0;
}

static int tear_down(void **state)
{
	free(*state);
	return 0;
}

/* wanted, the answer to the first question, the second question, its answer, what comes of it. */
static void test_versions(void **state)
{
	static const struct {
		unsigned wanted;
		const char *asked, *answer, *again, *answer_again;
		unsigned version;
		int reason;
	} rows[] = {
		{ 4, "00000004", "00800008028067", "010001000008", "018001000008028067", 8, -1 },
		{ 0, "0000000D", "0080000E020080", "01000100000E", "01800100000E020080", 14, -1 },
		{ 19, "00000013", "00800013020091", NULL, NULL, 19, -1 },
		/* newer than we know: taken as the newest */
		{ 19, "00000013", "00800015020091", "010001000015", "018001000015020091", 21, -1 },
		/* some answer in the newer form at once */
		{ 13, "0000000D", "00800100000D021074", NULL, NULL, 13, -1 },
		{ 13, "0000000D", "00800006020065", NULL, NULL, 0, EZSP_UNSUPPORTED },
		{ 13, "0000000D", "0080FF000006020065", NULL, NULL, 0, EZSP_UNSUPPORTED },
		{ 13, "0000000D", "00800000020065", NULL, NULL, 0, EZSP_DISAGREES },
		{ 13, "0000000D", "0080000D02", NULL, NULL, 0, EZSP_DISAGREES },
		{ 13, "0000000D", "0080005830", NULL, NULL, 0, EZSP_DISAGREES },
		{ 13, "0000000D", "0080000E020080", "01000100000E", "01800100000D020080", 0,
			EZSP_DISAGREES },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fixture f = { .now_us = S };

		ezsp_init(&f.ezsp, &ops);
		ezsp_start(&f.ezsp, rows[i].wanted, f.now_us);
		assert_int_equal(
			ezsp_command(&f.ezsp, EZSP_NOP, NULL, 0, on_done, NULL, 0), -ENOTCONN);
		expect(&f, 1, rows[i].asked);
		give(&f, rows[i].answer);
		if (rows[i].again) {
			expect(&f, 2, rows[i].again);
			give(&f, rows[i].answer_again);
		}
		assert_int_equal(f.ezsp.version, rows[i].version);
		assert_int_equal(f.ready, rows[i].reason < 0);
		assert_int_equal(f.failed, rows[i].reason >= 0);
		if (rows[i].reason >= 0)
			assert_int_equal(f.reason, rows[i].reason);
	}
}

static void test_version_silent(void **state)
{
	struct fixture *f = *state;

	ezsp_start(&f->ezsp, 0, f->now_us);
	give(f, "05 90 00 19 90"); /* a callback before there is a version */
	assert_int_equal(f->ezsp.counters.unknown_callbacks, 1);
	pass(f, EZSP_NOP_ANSWER_US - 1);
	assert_int_equal(f->failed, 0);
	pass(f, 1);
	assert_int_equal(f->failed, 1);
	assert_int_equal(f->reason, EZSP_SILENT);
	assert_true(ezsp_deadline(&f->ezsp) == INT64_MAX);
	give(f, "00 80 00 0D 02 10 74");
	assert_int_equal(f->ready, 0);
}

static void test_one_at_a_time(void **state)
{
	struct fixture *f = *state;
	const struct ezsp_values v = { .id = 3 };
	int a, b;

	assert_int_equal(ezsp_command(&f->ezsp, EZSP_GET_VALUE, &v, 0, on_done, &a, f->now_us), 0);
	assert_int_equal(
		ezsp_command(&f->ezsp, EZSP_GET_EUI64, NULL, 0, on_done, &b, f->now_us), 0);
	expect(f, 2, "01 00 01 AA 00 03");
	give(f, "01 80 01 AA 00 00 02 E0 2E");
	assert_int_equal(f->done, 1);
	assert_ptr_equal(f->told[0], &a);
	assert_int_equal(f->result, 0);
	assert_int_equal(f->values.message_length, 2);
	expect(f, 3, "02 00 01 26 00");
	give(f, "02 80 01 26 00 01 02 03 04 05 06 07 08 FF");
	assert_int_equal(f->done, 2);
	assert_ptr_equal(f->told[1], &b);
	assert_true(f->values.eui64 == 0x0807060504030201);
	assert_int_equal(f->ezsp.counters.trailing, 1);
	assert_int_equal(f->ezsp.counters.answers, 3);
}

/* The bug of other hosts: an answer after its time must not shift those that follow. */
static void test_late_answer(void **state)
{
	struct fixture *f = *state;

	ezsp_command(&f->ezsp, EZSP_GET_NODE_ID, NULL, S, on_done, NULL, f->now_us);
	ezsp_command(&f->ezsp, EZSP_GET_NODE_ID, NULL, S, on_done, NULL, f->now_us);
	pass(f, S);
	assert_int_equal(f->done, 1);
	assert_int_equal(f->result, EZSP_LATE);
	expect(f, 3, "02 00 01 27 00");
	give(f, "01 80 01 27 00 11 11"); /* the first's */
	give(f, "02 80 01 26 00 11 11"); /* another id */
	assert_int_equal(f->done, 1);
	assert_int_equal(f->ezsp.counters.strays, 2);
	give(f, "02 80 01 27 00 22 22");
	assert_int_equal(f->done, 2);
	assert_int_equal(f->result, 0);
	assert_int_equal(f->values.node, 0x2222);
	give(f, "02 80 01 27 00 22 22");
	assert_int_equal(f->done, 2);
	assert_int_equal(f->ezsp.counters.strays, 3);
}

static void test_callbacks(void **state)
{
	struct fixture *f = *state;

	ezsp_command(&f->ezsp, EZSP_NOP, NULL, 0, on_done, NULL, f->now_us);
	/* with the sequence of the command under way, and the overflow flag */
	give(f, "01 91 01 19 00 90");
	assert_int_equal(f->callbacks, 1);
	assert_int_equal(f->id, EZSP_STACK_STATUS);
	assert_int_equal(f->values.status, EZSP_STATUS_NETWORK_UP);
	assert_int_equal(f->ezsp.counters.overflows, 1);
	assert_int_equal(f->done, 0);
	/* cut short: told as such, with what there was */
	give(f, "4A 90 01 45 00 00 04 01");
	assert_int_equal(f->callbacks, 2);
	assert_int_equal(f->result, -EBADMSG);
	assert_int_equal(f->values.profile, 0x0104);
	/* unknown, and a command's id: counted */
	give(f, "4A 90 01 FF 01 00");
	give(f, "4A 90 01 05 00");
	assert_int_equal(f->callbacks, 2);
	assert_int_equal(f->ezsp.counters.unknown_callbacks, 2);
	/* no EZSP at all */
	give(f, "4A 80 00");
	give(f, "");
	assert_int_equal(f->ezsp.counters.malformed, 3);
	give(f, "01 82 01 05 00");
	assert_int_equal(f->done, 1);
	assert_int_equal(f->ezsp.counters.truncated, 1);
}

static void test_short_answers(void **state)
{
	struct fixture *f = *state;

	/* one that says no may leave out the rest */
	ezsp_command(&f->ezsp, EZSP_GET_NETWORK_PARAMETERS, NULL, 0, on_done, NULL, f->now_us);
	give(f, "01 80 01 28 00 93");
	assert_int_equal(f->result, 0);
	assert_int_equal(f->values.status, EZSP_STATUS_NOT_JOINED);
	/* one that says yes may not */
	ezsp_command(&f->ezsp, EZSP_GET_NETWORK_PARAMETERS, NULL, 0, on_done, NULL, f->now_us);
	give(f, "02 80 01 28 00 00 01");
	assert_int_equal(f->result, -EBADMSG);
	ezsp_command(&f->ezsp, EZSP_GET_NODE_ID, NULL, 0, on_done, NULL, f->now_us);
	give(f, "03 80 01 27 00 00");
	assert_int_equal(f->result, -EBADMSG);
	assert_int_equal(f->done, 3);
}

static void test_refused(void **state)
{
	struct fixture *f = *state;

	ezsp_command(&f->ezsp, EZSP_NOP, NULL, 0, on_done, NULL, f->now_us);
	give(f, "01 80 01 58 00 31");
	assert_int_equal(f->result, EZSP_REFUSED);
	assert_int_equal(f->values.code, EZSP_CODE_INVALID_FRAME_ID);
	assert_int_equal(f->failed, 0); /* a firmware without a command is no reason to stop */
	/* but one that has forgotten the version has been reset */
	ezsp_command(&f->ezsp, EZSP_NOP, NULL, 0, on_done, NULL, f->now_us);
	ezsp_command(&f->ezsp, EZSP_NOP, NULL, 0, on_done, NULL, f->now_us);
	f->restart = true;
	give(f, "02 80 01 58 00 30");
	assert_int_equal(f->done, 3);
	assert_int_equal(f->result, EZSP_GONE);
	assert_int_equal(f->failed, 1);
	assert_int_equal(f->reason, EZSP_FORGOT);
	expect(f, 4, "00 00 00 0D");
	give(f, "00 80 00 0D 02 10 74");
	assert_int_equal(f->ready, 2);
}

static void test_sign_of_life(void **state)
{
	struct fixture *f = *state;
	int64_t began;

	pass(f, EZSP_NOP_US - 1);
	assert_int_equal(f->sends, 1);
	pass(f, 1);
	expect(f, 2, "01 00 01 05 00");
	give(f, "01 80 01 05 00");
	began = f->now_us;
	/* callbacks alone are no sign: it may hear nobody */
	while (f->failed == 0) {
		assert_true(ezsp_deadline(&f->ezsp) > f->now_us);
		give(f, "01 90 01 19 00 90");
		pass(f, ezsp_deadline(&f->ezsp) - f->now_us);
	}
	assert_int_equal(f->reason, EZSP_SILENT);
	assert_int_equal(f->now_us - began, EZSP_NOP_US + 2 * EZSP_NOP_ANSWER_US);
	assert_int_equal(f->ezsp.counters.late, 2);
}

/* Misses count in a row only. */
static void test_answered_between(void **state)
{
	struct fixture *f = *state;

	ezsp_command(&f->ezsp, EZSP_NOP, NULL, S, on_done, NULL, f->now_us);
	ezsp_command(&f->ezsp, EZSP_NOP, NULL, S, on_done, NULL, f->now_us);
	ezsp_command(&f->ezsp, EZSP_NOP, NULL, S, on_done, NULL, f->now_us);
	pass(f, S);
	give(f, "02 88 01 05 00"); /* only the flag of asynchronous callbacks makes one */
	assert_int_equal(f->result, 0);
	pass(f, S);
	assert_int_equal(f->done, 3);
	assert_int_equal(f->result, EZSP_LATE);
	assert_int_equal(f->failed, 0);
}

static void test_queue(void **state)
{
	struct fixture *f = *state;
	const struct ezsp_values v = { .message = (const uint8_t[200]){ 0 },
		.message_length = 199 };
	unsigned i;

	assert_int_equal(ezsp_command(&f->ezsp, EZSP_EXPORT_LINK_KEY + 0x50, NULL, 0, on_done, NULL,
				 f->now_us),
		-EOPNOTSUPP);
	assert_int_equal(
		ezsp_command(&f->ezsp, EZSP_STACK_STATUS, NULL, 0, on_done, NULL, f->now_us),
		-EOPNOTSUPP);
	/* 202 bytes are the most that version 13 takes */
	assert_int_equal(
		ezsp_command(&f->ezsp, EZSP_SET_VALUE, &v, 0, on_done, NULL, f->now_us), -EMSGSIZE);
	for (i = 0; i < EZSP_QUEUE_MAX; i++)
		assert_int_equal(
			ezsp_command(&f->ezsp, EZSP_NOP, NULL, 0, on_done, NULL, f->now_us), 0);
	assert_int_equal(
		ezsp_command(&f->ezsp, EZSP_NOP, NULL, 0, on_done, NULL, f->now_us), -ENOBUFS);
	/* each is told once, and none can be queued from there */
	f->ask_again = true;
	ezsp_stop(&f->ezsp, f->now_us);
	assert_int_equal(f->done, EZSP_QUEUE_MAX);
	for (i = 0; i < EZSP_QUEUE_MAX; i++)
		assert_int_equal(f->last[i], EZSP_GONE);
	assert_true(ezsp_deadline(&f->ezsp) == INT64_MAX);
}

static void test_ask_from_within(void **state)
{
	struct fixture *f = *state;

	f->ask_again = true;
	ezsp_command(&f->ezsp, EZSP_NOP, NULL, 0, on_done, NULL, f->now_us);
	for (unsigned i = 1; i <= 300; i++) {
		char answer[32];

		snprintf(answer, sizeof(answer), "%02X80010500", i & 0xFF);
		give(f, answer);
		assert_int_equal(f->done, i);
		assert_int_equal(f->sends, i + 2);
	}
}

static void test_link_that_takes_nothing(void **state)
{
	struct fixture *f = *state;

	f->deaf = true;
	ezsp_command(&f->ezsp, EZSP_NOP, NULL, 2 * S, on_done, NULL, f->now_us);
	assert_int_equal(f->sends, 1);
	f->deaf = false;
	pass(f, 0);
	expect(f, 2, "01 00 01 05 00");
	f->deaf = true;
	give(f, "01 80 01 05 00");
	ezsp_command(&f->ezsp, EZSP_NOP, NULL, 2 * S, on_done, NULL, f->now_us);
	pass(f, 2 * S);
	assert_int_equal(f->done, 2);
	assert_int_equal(f->result, EZSP_LATE);
}

#define RUNNING(t) cmocka_unit_test_setup_teardown(t, set_up_13, tear_down)

/* A key that was sent is nowhere in the queue afterwards, whatever became of the command. */
/* So many bytes of the key side by side: one or two may stand in the address of a function, too. */
static bool holds(const void *memory, size_t size, size_t of_key)
{
	uint8_t key[16];

	memset(key, 0x5a, sizeof(key));
	return memmem(memory, size, key, of_key);
}

static void test_wiped(void **state)
{
	struct ezsp_values v = { .eui64 = 1 };
	struct fixture *f = *state;

	memset(v.key, 0x5a, sizeof(v.key));
	for (unsigned how = 0; how < 3; how++) {
		assert_int_equal(ezsp_command(&f->ezsp, EZSP_IMPORT_TRANSIENT_KEY, &v, 0, on_done,
					 NULL, f->now_us),
			0);
		assert_true(holds(f->ezsp.queue, sizeof(f->ezsp.queue), sizeof(v.key)));
		if (how == 0) {
			char answer[32];

			snprintf(
				answer, sizeof(answer), "%02X 80 01 11 01 00 00 00 00", f->sent[0]);
			give(f, answer);
			assert_int_equal(f->result, 0);
		} else if (how == 1) {
			pass(f, EZSP_COMMAND_US);
			assert_int_equal(f->result, EZSP_LATE);
		} else {
			ezsp_stop(&f->ezsp, f->now_us);
			assert_int_equal(f->result, EZSP_GONE);
		}
		assert_false(holds(f->ezsp.queue, sizeof(f->ezsp.queue), 4));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_versions),
		cmocka_unit_test_setup_teardown(test_version_silent, set_up, tear_down),
		RUNNING(test_one_at_a_time),
		RUNNING(test_late_answer),
		RUNNING(test_callbacks),
		RUNNING(test_short_answers),
		RUNNING(test_refused),
		RUNNING(test_sign_of_life),
		RUNNING(test_answered_between),
		RUNNING(test_queue),
		RUNNING(test_ask_from_within),
		RUNNING(test_link_that_takes_nothing),
		RUNNING(test_wiped),
	};

	return RUN_TESTS(tests);
}
