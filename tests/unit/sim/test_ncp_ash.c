/* The NCP's end of ASH by a clock of our own: window, acknowledgements, retransmission, refusals
 * and the end. Times are microseconds. */
#include "unit/unit.h"

#include "sim/ncp_ash.h"

#define SECOND INT64_C(1000000)

/* What left, as control bytes in hex; EZSP frames that came in; the fates of what was sent. */
struct bench {
	struct ncp_ash ash;
	char wire[512], frames[256], fates[512];
	unsigned resets, failed;
	int64_t now;
};

__attribute__((format(printf, 3, 4))) static void note(
	char *to, size_t size, const char *format, ...)
{
	size_t n = strlen(to);
	va_list ap;

	va_start(ap, format);
	vsnprintf(to + n, size - n, format, ap);
	va_end(ap);
}

static void on_wire(void *arg, uint8_t control, const uint8_t *p, size_t n)
{
	struct bench *b = arg;

	assert_int_equal(p[n - 1], NCP_FLAG);
	note(b->wire, sizeof(b->wire), "%02X ", control);
	if (control == NCP_RSTACK || control == NCP_ERROR)
		assert_int_equal(p[0], NCP_CANCEL);
}

static void on_frame(void *arg, const uint8_t *p, size_t n)
{
	struct bench *b = arg;

	note(b->frames, sizeof(b->frames), "%02X ", p[0]);
}

static void on_reset(void *arg)
{
	struct bench *b = arg;

	b->resets++;
}

static void on_failed(void *arg, uint8_t code)
{
	struct bench *b = arg;

	b->failed = code;
}

static void fate(void *arg, const void *tag, char what)
{
	struct bench *b = arg;

	note(b->fates, sizeof(b->fates), "%c%d ", what, *(const int *)tag);
}

static void on_sent(void *arg, void *tag)
{
	fate(arg, tag, 's');
}

static void on_acked(void *arg, void *tag)
{
	fate(arg, tag, 'a');
}

static void on_lost(void *arg, void *tag, const char *why)
{
	fate(arg, tag, 'l');
}

static const struct ncp_ash_ops ops = {
	.wire = on_wire,
	.frame = on_frame,
	.reset = on_reset,
	.failed = on_failed,
	.sent = on_sent,
	.acked = on_acked,
	.lost = on_lost,
};

static const int tags[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 };

static void *tag(int i)
{
	return (void *)&tags[i];
}

static struct bench *make(void **state)
{
	static struct bench b;

	memset(&b, 0, sizeof(b));
	assert_int_equal(ncp_ash_init(&b.ash, &ops, &b, NCP_WINDOW, 6), 0);
	ncp_ash_boot(&b.ash, NCP_BY_SOFTWARE);
	*state = &b;
	return &b;
}

static int setup(void **state)
{
	make(state);
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	ncp_ash_done(&b->ash);
	return 0;
}

/* From the host. */
static void hear(struct bench *b, uint8_t control, const char *data)
{
	uint8_t wire[NCP_WIRE_MAX];
	size_t n = ncp_encode(wire, control, (const uint8_t *)data, strlen(data));

	ncp_ash_receive(&b->ash, wire, n, b->now);
	ncp_ash_pump(&b->ash, b->now);
}

static void callbacks(struct bench *b, int from, int to)
{
	for (int i = from; i < to; i++)
		assert_true(ncp_ash_callback(&b->ash, (const uint8_t *)"call", 4, tag(i)));
	ncp_ash_pump(&b->ash, b->now);
}

static void expect(char *got, const char *right)
{
	assert_string_equal(got, right);
	*got = 0;
}

/* Runs the clock to the next deadline, and on. */
static int64_t run_deadline(struct bench *b)
{
	int64_t at = ncp_ash_deadline(&b->ash), waited;

	assert_true(at < INT64_MAX);
	waited = at - b->now;
	b->now = at;
	ncp_ash_drained(&b->ash);
	ncp_ash_tick(&b->ash, b->now);
	return waited;
}

static void test_boot(void **state)
{
	struct bench *b = *state;

	expect(b->wire, "C1 ");
	ncp_ash_boot(&b->ash, NCP_BY_POWER_ON);
	expect(b->wire, "C1 ");
	ncp_ash_boot(&b->ash, NCP_BY_WATCHDOG);
	expect(b->wire, "C2 ");
	assert_int_equal(b->failed, NCP_BY_WATCHDOG);
	/* whatever comes, it says so again; but for RST */
	hear(b, 0x00, "data");
	hear(b, 0x80, "");
	expect(b->wire, "C2 C2 ");
	expect(b->frames, "");
	hear(b, NCP_RST, "");
	expect(b->wire, "");
	assert_int_equal(b->resets, 1);
}

static void test_frames_are_acknowledged_once_and_in_order(void **state)
{
	struct bench *b = *state;

	b->wire[0] = 0;
	hear(b, 0x00, "one");
	expect(b->wire, "81 ");
	hear(b, 0x10, "two");
	expect(b->wire, "82 ");
	expect(b->frames, "6F 74 ");
	/* again, as it was not heard: acknowledged and not delivered */
	hear(b, 0x18, "two");
	expect(b->wire, "82 ");
	/* out of order: refused once */
	hear(b, 0x40, "five");
	hear(b, 0x50, "six");
	expect(b->wire, "A2 ");
	hear(b, 0x20, "three");
	expect(b->wire, "83 ");
	hear(b, 0x50, "six");
	expect(b->wire, "A3 ");
	expect(b->frames, "74 ");
}

static void test_an_answer_carries_the_acknowledgement(void **state)
{
	struct bench *b = *state;

	b->wire[0] = 0;
	assert_true(ncp_ash_respond(&b->ash, (const uint8_t *)"answer", 6));
	hear(b, 0x00, "ask");
	expect(b->wire, "01 ");
}

static void test_what_is_spoiled_is_refused_when_it_looks_like_data(void **state)
{
	struct bench *b = *state;
	uint8_t bytes[] = { 0x25, 0x42, 0x42, 0x42, 0x42, NCP_FLAG };

	b->wire[0] = 0;
	ncp_ash_receive(&b->ash, bytes, sizeof(bytes), 0);
	ncp_ash_receive(&b->ash, bytes, sizeof(bytes), 0);
	expect(b->wire, "A0 ");
	hear(b, 0x00, "data"); /* clears the condition */
	expect(b->wire, "81 ");
	bytes[0] = 0xa5;
	ncp_ash_receive(&b->ash, bytes, sizeof(bytes), 0);
	expect(b->wire, "");
	bytes[0] = 0x15;
	ncp_ash_receive(&b->ash, bytes, sizeof(bytes), 0);
	expect(b->wire, "A1 ");
}

static void test_the_window(void **state)
{
	struct bench *b = *state;

	b->wire[0] = 0;
	callbacks(b, 0, 6);
	expect(b->wire, "00 10 20 30 40 ");
	expect(b->fates, "s0 s1 s2 s3 s4 ");
	hear(b, 0x82, "");
	expect(b->fates, "a0 a1 s5 ");
	expect(b->wire, "50 ");
	/* numbers that were never sent */
	hear(b, 0x87, "");
	hear(b, 0x81, "");
	expect(b->fates, "");
	hear(b, 0x86, "");
	expect(b->fates, "a2 a3 a4 a5 ");
	assert_int_equal(ncp_ash_deadline(&b->ash), INT64_MAX);
}

static void test_answers_overtake_callbacks(void **state)
{
	struct bench *b = *state;

	callbacks(b, 0, 5);
	callbacks(b, 5, 7);
	assert_true(ncp_ash_respond(&b->ash, (const uint8_t *)"answer", 6));
	b->fates[0] = 0;
	hear(b, 0x81, "");
	expect(b->fates, "a0 ");
	hear(b, 0x82, "");
	expect(b->fates, "a1 s5 ");
	/* there is room for so many, and no more */
	for (int i = 0; i < 5; i++)
		assert_true(ncp_ash_callback(&b->ash, (const uint8_t *)"call", 4, tag(8)));
	assert_false(ncp_ash_callback(&b->ash, (const uint8_t *)"call", 4, tag(9)));
	assert_int_equal(ncp_ash_room(&b->ash), 0);
}

static void test_a_nak_has_all_sent_again_once(void **state)
{
	struct bench *b = *state;

	callbacks(b, 0, 3);
	b->wire[0] = 0;
	hear(b, 0xa1, "");
	expect(b->wire, "18 28 ");
	hear(b, 0xa1, "");
	expect(b->wire, ""); /* the round is still on its way */
	ncp_ash_drained(&b->ash);
	hear(b, 0xa1, "");
	expect(b->wire, "18 28 ");
	expect(b->fates, "s0 s1 s2 a0 ");
	hear(b, 0x83, "");
	expect(b->fates, "a1 a2 ");
}

static void test_the_timer_and_the_end(void **state)
{
	struct bench *b = *state;

	/* a fast host has brought it to its floor */
	for (int i = 0; i < 40; i++) {
		assert_true(ncp_ash_callback(&b->ash, (const uint8_t *)"call", 4, NULL));
		ncp_ash_pump(&b->ash, b->now);
		b->now += 1000;
		hear(b, (uint8_t)(0x80 | ((i + 1) & 7)), "");
	}
	assert_int_equal(b->ash.timer_us, NCP_T_MIN_US);
	callbacks(b, 0, 2);
	b->wire[0] = 0;
	assert_int_equal(run_deadline(b), SECOND * 4 / 10);
	expect(b->wire, "08 18 ");
	assert_int_equal(run_deadline(b), SECOND * 8 / 10);
	assert_int_equal(run_deadline(b), SECOND * 16 / 10);
	expect(b->wire, "08 18 08 18 ");
	assert_int_equal(run_deadline(b), SECOND * 32 / 10);
	expect(b->wire, "C2 ");
	assert_int_equal(b->failed, NCP_BY_ACK_TIMEOUTS);
	expect(b->fates, "s0 s1 l0 l1 ");
	assert_false(ncp_ash_callback(&b->ash, (const uint8_t *)"call", 4, tag(3)));
}

static void test_the_timer_adapts(void **state)
{
	struct bench *b = *state;

	callbacks(b, 0, 1);
	assert_int_equal(ncp_ash_deadline(&b->ash), NCP_T_INIT_US);
	b->now = 100000;
	hear(b, 0x81, "");
	assert_int_equal(b->ash.timer_us, (7 * NCP_T_INIT_US + 4 * 100000) / 8);
	/* what was sent again says nothing of the way there and back */
	callbacks(b, 1, 2);
	run_deadline(b);
	assert_int_equal(b->ash.timer_us, 2 * ((7 * NCP_T_INIT_US + 4 * 100000) / 8));
	b->now += 10;
	hear(b, 0x82, "");
	assert_int_equal(b->ash.timer_us, 2 * ((7 * NCP_T_INIT_US + 4 * 100000) / 8));
	/* a single answer in time has it forget the failures */
	assert_int_equal(b->ash.timeouts, 0);
}

static void test_a_host_that_is_not_ready(void **state)
{
	struct bench *b = *state;

	hear(b, 0x88, "");
	b->wire[0] = 0;
	callbacks(b, 0, 2);
	expect(b->wire, "");
	assert_true(ncp_ash_respond(&b->ash, (const uint8_t *)"answer", 6));
	ncp_ash_pump(&b->ash, b->now);
	expect(b->wire, "00 ");
	hear(b, 0x81 | 8, "");
	expect(b->wire, "");
	assert_int_equal(run_deadline(b), NCP_NOT_READY_US);
	expect(b->wire, "10 20 ");
	hear(b, 0x83 | 8, "");
	callbacks(b, 2, 3);
	expect(b->wire, "");
	hear(b, 0x83, "");
	expect(b->wire, "30 ");
}

static void test_a_reset_loses_what_it_has(void **state)
{
	struct bench *b = *state;

	callbacks(b, 0, 6);
	b->fates[0] = b->wire[0] = 0;
	ncp_ash_off(&b->ash, "reset");
	expect(b->fates, "l0 l1 l2 l3 l4 l5 ");
	hear(b, NCP_RST, "");
	hear(b, 0x00, "data");
	assert_int_equal(b->resets, 0);
	expect(b->wire, "");
	ncp_ash_boot(&b->ash, NCP_BY_SOFTWARE);
	callbacks(b, 7, 8);
	expect(b->wire, "C1 00 ");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_boot),
		T(test_frames_are_acknowledged_once_and_in_order),
		T(test_an_answer_carries_the_acknowledgement),
		T(test_what_is_spoiled_is_refused_when_it_looks_like_data),
		T(test_the_window),
		T(test_answers_overtake_callbacks),
		T(test_a_nak_has_all_sent_again_once),
		T(test_the_timer_and_the_end),
		T(test_the_timer_adapts),
		T(test_a_host_that_is_not_ready),
		T(test_a_reset_loses_what_it_has),
	};

	return RUN_TESTS(tests);
}
