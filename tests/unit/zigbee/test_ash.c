/*
 * The host's side of ASH, rule by rule: bytes in, bytes out, on a clock of the
 * test's own. A table of steps each; see run().
 */
#include "ash_peer.h"
#include "unit/unit.h"

#include <errno.h>

#include "util/cleanup.h"
#include "zigbee/ash.h"

#define MS INT64_C(1000)

struct fixture {
	struct ash ash; /* first */
	int64_t now_us;
	uint8_t got[4096];
	size_t got_n;
	unsigned ups, downs, frames;
	enum ash_reason reason;
	uint8_t code;
	bool answer; /* each data frame by one of our own */
	bool reset_on_data;
};

static void on_up(struct ash *a, int64_t now_us)
{
	((struct fixture *)a)->ups++;
}

static void on_data(struct ash *a, const uint8_t *data, size_t length, int64_t now_us)
{
	struct fixture *f = (struct fixture *)a;

	memcpy(f->got, data, length);
	f->got_n = length;
	f->frames++;
	if (f->answer)
		assert_int_equal(ash_send(a, data, length, now_us), 0);
	if (f->reset_on_data)
		ash_reset(a, now_us);
}

static void on_down(struct ash *a, enum ash_reason reason, uint8_t code, int64_t now_us)
{
	struct fixture *f = (struct fixture *)a;

	f->downs++;
	f->reason = reason;
	f->code = code;
}

static const struct ash_ops ops = { .up = on_up, .data = on_data, .down = on_down };

static size_t from_hex(const char *hex, uint8_t *to)
{
	size_t n = 0;

	for (; *hex; hex++) {
		if (*hex == ' ')
			continue;
		assert_int_equal(sscanf(hex++, "%2hhx", &to[n++]), 1);
	}
	return n;
}

static void give(struct fixture *f, const char *hex)
{
	uint8_t bytes[2048];

	ash_receive(&f->ash, bytes, from_hex(hex, bytes), f->now_us);
}

/* What the host writes now must be these bytes. */
static void expect(struct fixture *f, const char *hex)
{
	uint8_t wanted[2048], bytes[8192];
	size_t n = from_hex(hex, wanted), m = ash_output(&f->ash, bytes, sizeof(bytes), f->now_us);

	if (m != n || (n > 0 && memcmp(bytes, wanted, n) != 0)) {
		fprintf(stderr, "wanted %s\nfound ", hex);
		for (size_t i = 0; i < m; i++)
			fprintf(stderr, " %02X", bytes[i]);
		fail_msg("\nother bytes");
	}
}

/* An ACK or a NAK. */
static void expect_short(struct fixture *f, uint8_t control)
{
	uint8_t wanted[8], bytes[8192];
	size_t n = peer_wire_put(wanted, &control, 1);

	assert_int_equal(ash_output(&f->ash, bytes, sizeof(bytes), f->now_us), n);
	assert_memory_equal(bytes, wanted, n);
}

static void pass(struct fixture *f, int64_t us)
{
	f->now_us += us;
	ash_tick(&f->ash, f->now_us);
}

/* A data frame of the radio's, of three bytes. */
static void give_data(struct fixture *f, unsigned number, unsigned ack, bool repeated)
{
	uint8_t frame[4] = { (uint8_t)(number << 4 | repeated << 3 | ack), 'a', 'b',
		(uint8_t)number };
	uint8_t bytes[32];

	peer_scramble(frame + 1, 3);
	ash_receive(&f->ash, bytes, peer_wire_put(bytes, frame, 4), f->now_us);
}

static void expect_data(
	struct fixture *f, unsigned number, unsigned ack, bool repeated, uint8_t last)
{
	uint8_t frame[4] = { (uint8_t)(number << 4 | repeated << 3 | ack), 'x', 'y', last };
	uint8_t wanted[32], bytes[8192];
	size_t n;

	peer_scramble(frame + 1, 3);
	n = peer_wire_put(wanted, frame, 4);
	/* one frame at a time: room for no more */
	assert_int_equal(ash_output(&f->ash, bytes, ASH_OUTPUT_MIN, f->now_us), n);
	assert_memory_equal(bytes, wanted, n);
}

static void send(struct fixture *f, uint8_t last)
{
	assert_int_equal(ash_send(&f->ash, (uint8_t[]){ 'x', 'y', last }, 3, f->now_us), 0);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->now_us = 5000000;
	ash_init(&f->ash, &ops, ASH_WINDOW);
	*state = f;
	return 0;
}

static int set_up_connected(void **state)
{
	struct fixture *f;

	set_up(state);
	f = *state;
	ash_reset(&f->ash, f->now_us);
	expect(f, "1A C0 38 BC 7E");
	give(f, "1A C1 02 0B 0A 52 7E");
	assert_int_equal(f->ups, 1);
	expect(f, "");
	return 0;
}

static int tear_down(void **state)
{
	free(*state);
	return 0;
}

static void test_reset(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ash_send(&f->ash, (const uint8_t *)"abc", 3, f->now_us), -ENOTCONN);
	assert_true(ash_deadline(&f->ash) == INT64_MAX);
	/* what comes before we ask is nobody's */
	give(f, "1A C1 02 0B 0A 52 7E");
	assert_int_equal(f->ups, 0);
	ash_reset(&f->ash, f->now_us);
	/* the answer to somebody else's reset: ours has not gone yet */
	give(f, "1A C1 02 0B 0A 52 7E");
	assert_int_equal(f->ups, 0);
	expect(f, "1A C0 38 BC 7E");
	expect(f, "");
	/* noise, errors of before, and other frames are no answer */
	give(f, "DD F9 FF 1A C2 02 51 A8 BD 7E 81 60 59 7E");
	assert_int_equal(f->ups + f->downs, 0);
	give(f, "DD F9 FF 1A C1 02 0B 0A 52 7E");
	assert_int_equal(f->ups, 1);
	assert_int_equal(f->ash.state, ASH_UP);
	assert_true(ash_deadline(&f->ash) == INT64_MAX);
}

static void test_reset_in_software_flow_control(void **state)
{
	struct fixture *f = *state;

	ash_reset(&f->ash, f->now_us);
	expect(f, "1A C0 38 BC 7E");
	give(f, "11 1A C1 13 02 11 0B 0A 52 13 7E");
	assert_int_equal(f->ups, 1);
}

static void test_reset_without_answer(void **state)
{
	struct fixture *f = *state;
	int64_t began = f->now_us;

	ash_reset(&f->ash, f->now_us);
	for (unsigned i = 0; i < ASH_RESETS_MAX; i++) {
		expect(f, "1A C0 38 BC 7E");
		assert_int_equal(f->downs, 0);
		pass(f, ash_deadline(&f->ash) - f->now_us - 1);
		expect(f, "");
		pass(f, 1);
	}
	assert_int_equal(f->downs, 1);
	assert_int_equal(f->reason, ASH_RESET_FAILED);
	assert_int_equal(f->now_us - began, ASH_RESET_FIRST_US + 4 * ASH_RESET_US);
	assert_int_equal(f->ash.counters.resets, ASH_RESETS_MAX);
	assert_true(ash_deadline(&f->ash) == INT64_MAX);
}

static void test_reset_of_another_cause(void **state)
{
	struct fixture *f = *state;

	ash_reset(&f->ash, f->now_us);
	expect(f, "1A C0 38 BC 7E");
	/* power-on: it may not have heard us; asked again soon, not after the whole time */
	give(f, "C1 02 02 9B 7B 7E");
	assert_int_equal(f->ups, 0);
	pass(f, ASH_RESET_BOOTED_US);
	expect(f, "1A C0 38 BC 7E");
	give(f, "1A C1 02 0B 0A 52 7E");
	assert_int_equal(f->ups, 1);
}

static void test_other_version(void **state)
{
	struct fixture *f = *state;
	uint8_t bytes[32];
	size_t n = peer_wire_put(bytes, (uint8_t[]){ 0xC1, 3, 0x0B }, 3);

	ash_reset(&f->ash, f->now_us);
	expect(f, "1A C0 38 BC 7E");
	ash_receive(&f->ash, bytes, n, f->now_us);
	assert_int_equal(f->downs, 1);
	assert_int_equal(f->reason, ASH_OTHER_VERSION);
	assert_int_equal(f->code, 3);
}

static void test_one_ack_per_read(void **state)
{
	struct fixture *f = *state;
	uint8_t bytes[256], frame[4];
	size_t n = 0;

	for (unsigned i = 0; i < 5; i++) {
		memcpy(frame, (uint8_t[]){ (uint8_t)(i << 4), 1, 2, 3 }, 4);
		peer_scramble(frame + 1, 3);
		n += peer_wire_put(bytes + n, frame, 4);
	}
	ash_receive(&f->ash, bytes, n, f->now_us);
	assert_int_equal(f->frames, 5);
	expect(f, "85 20 DD 7E");
	expect(f, "");
	/* bytes in pieces of one: the same */
	for (unsigned i = 5; i < 8; i++) {
		memcpy(frame, (uint8_t[]){ (uint8_t)(i << 4), 1, 2, 3 }, 4);
		peer_scramble(frame + 1, 3);
		n = peer_wire_put(bytes, frame, 4);
		for (size_t k = 0; k < n; k++)
			ash_receive(&f->ash, bytes + k, 1, f->now_us);
	}
	assert_int_equal(f->frames, 8);
	/* a port that takes nothing for a while: the acknowledgements became one */
	expect(f, "80 70 78 7E");
	assert_int_equal(f->ash.counters.acks_sent, 2);
}

static void test_ack_rides(void **state)
{
	struct fixture *f = *state;

	f->answer = true;
	give(f, "00 42 A1 A8 59 28 05 84 5F 7E");
	f->answer = false;
	give_data(f, 0, 0, false);
	assert_int_equal(f->frames, 1);
	assert_int_equal(f->ash.counters.bad_frames, 1);
	/* the bad one was asked for again, and came with the next; the NAK need not go */
	expect(f, "81 60 59 7E");
	f->answer = true;
	give_data(f, 1, 0, false);
	f->answer = false;
	uint8_t frame[4] = { 0x02, 'a', 'b', 1 }, wanted[32], bytes[600];
	size_t n;

	peer_scramble(frame + 1, 3);
	n = peer_wire_put(wanted, frame, 4);
	assert_int_equal(ash_output(&f->ash, bytes, sizeof(bytes), f->now_us), n);
	assert_memory_equal(bytes, wanted, n);
	assert_int_equal(f->ash.counters.acks_sent, 1);
}

static void test_duplicate(void **state)
{
	struct fixture *f = *state;

	give_data(f, 0, 0, false);
	expect(f, "81 60 59 7E");
	give_data(f, 0, 0, true);
	assert_int_equal(f->frames, 1);
	expect(f, "81 60 59 7E");
	assert_int_equal(f->ash.counters.duplicates, 1);
}

static void test_out_of_order(void **state)
{
	struct fixture *f = *state;

	give_data(f, 1, 0, false);
	give_data(f, 2, 0, false);
	assert_int_equal(f->frames, 0);
	/* NAK(0) once, however many come */
	expect_short(f, 0xA0);
	give_data(f, 3, 0, false);
	expect(f, "");
	/* it came: the next hole is asked for anew */
	give_data(f, 0, 0, true);
	assert_int_equal(f->frames, 1);
	expect(f, "81 60 59 7E");
	give_data(f, 2, 0, false);
	expect_short(f, 0xA1);
	assert_int_equal(f->ash.counters.naks_sent, 2);
	assert_int_equal(f->ash.counters.out_of_order, 4);
}

static void test_bad_frames(void **state)
{
	struct fixture *f = *state;
	uint8_t bytes[600];

	/* bad ACK: no NAK */
	give(f, "81 60 58 7E");
	expect(f, "");
	/* one byte, two bytes that do not look like DATA */
	give(f, "FE 7E A0 00 7E 18 7E");
	expect(f, "");
	assert_int_equal(f->ash.counters.bad_frames, 4);
	/* RST with a substitute byte is dropped, as is an RSTACK */
	give(f, "C0 18 38 BC 7E C1 02 18 0B 0A 52 7E");
	assert_int_equal(f->downs, 0);
	/* looks like DATA: NAK, once */
	give(f, "00 18 42 7E 00 42 7E");
	expect_short(f, 0xA0);
	expect(f, "");
	give_data(f, 0, 0, true);
	expect(f, "81 60 59 7E");
	/* a data frame too short, with a right checksum */
	size_t n = peer_wire_put(bytes, (uint8_t[]){ 0x10, 1, 2 }, 3);

	ash_receive(&f->ash, bytes, n, f->now_us);
	expect_short(f, 0xA1);
	give_data(f, 1, 0, true);
	expect(f, "82 50 3A 7E");
	/* too long, for ever: no more than a frame's room */
	for (unsigned i = 0; i < 1000; i++)
		give(f, "00 55 55 55 55 55 55 55");
	give(f, "7E");
	expect_short(f, 0xA2);
	/* taken back: nothing came */
	give_data(f, 2, 0, true);
	expect(f, "83 40 1B 7E");
	give(f, "30 55 55 1A");
	give_data(f, 3, 0, false);
	expect(f, "84 30 FC 7E");
	assert_int_equal(f->ash.counters.cancelled, 1);
	/* a flag too many, the wake byte, kinds of frame that there are not */
	n = peer_wire_put(bytes, (uint8_t[]){ 0xC7 }, 1);
	ash_receive(&f->ash, bytes, n, f->now_us);
	n = peer_wire_put(bytes, (uint8_t[]){ 0x85, 1 }, 2);
	ash_receive(&f->ash, bytes, n, f->now_us);
	n = peer_wire_put(bytes, (uint8_t[]){ 0xC2, 2 }, 2);
	ash_receive(&f->ash, bytes, n, f->now_us);
	give(f, "7E 7E FF FF 7E");
	assert_int_equal(f->ash.counters.unknown, 1);
	assert_int_equal(f->downs, 0);
	expect(f, "");
}

static void test_window(void **state)
{
	struct fixture *f = *state;

	for (uint8_t i = 0; i < 5; i++)
		send(f, i);
	expect_data(f, 0, 0, false, 0);
	expect_data(f, 1, 0, false, 1);
	expect_data(f, 2, 0, false, 2);
	expect(f, "");
	give(f, "82 50 3A 7E");
	expect_data(f, 3, 0, false, 3);
	expect_data(f, 4, 0, false, 4);
	expect(f, "");
	/* an acknowledgement of what was never sent */
	give(f, "87 00 9F 7E");
	assert_int_equal(f->ash.counters.bad_numbers, 1);
	give(f, "85 20 DD 7E");
	assert_true(ash_deadline(&f->ash) == INT64_MAX);
	assert_int_equal(f->ash.count, 0);
}

static void test_queue_full(void **state)
{
	struct fixture *f = *state;
	uint8_t bytes[ASH_DATA_MAX + 1] = { 0 };

	assert_int_equal(ash_send(&f->ash, bytes, 2, 0), -EMSGSIZE);
	assert_int_equal(ash_send(&f->ash, bytes, sizeof(bytes), 0), -EMSGSIZE);
	for (unsigned i = 0; i < ASH_QUEUE_MAX; i++)
		assert_int_equal(ash_send(&f->ash, bytes, ASH_DATA_MAX, f->now_us), 0);
	assert_int_equal(ash_send(&f->ash, bytes, 3, f->now_us), -ENOBUFS);
}

static void test_nak(void **state)
{
	struct fixture *f = *state;

	for (uint8_t i = 0; i < 4; i++)
		send(f, i);
	expect_data(f, 0, 0, false, 0);
	expect_data(f, 1, 0, false, 1);
	expect_data(f, 2, 0, false, 2);
	/* NAK(1): 0 has come, 1 and 2 again, with the number that we expect now, then what is new
	 */
	give_data(f, 0, 0, false);
	uint8_t bytes[32];
	size_t n = peer_wire_put(bytes, (uint8_t[]){ 0xA1 }, 1);

	ash_receive(&f->ash, bytes, n, f->now_us);
	expect_data(f, 1, 1, true, 1);
	/* no second round while one is under way */
	ash_receive(&f->ash, bytes, n, f->now_us);
	expect_data(f, 2, 1, true, 2);
	expect_data(f, 3, 1, false, 3);
	expect(f, "");
	/* a repetition says nothing about the round trip */
	f->now_us += 100 * MS;
	give(f, "83 40 1B 7E");
	assert_int_equal(f->ash.ack_wait_us, ASH_ACK_FIRST_US * 7 / 8);
	assert_int_equal(f->ash.counters.repeated, 2);
	assert_int_equal(f->ash.counters.naks_received, 2);
	/* acknowledged in the middle of a round: the rest of it only */
	give(f, "84 30 FC 7E");
	for (uint8_t i = 4; i < 7; i++)
		send(f, i);
	expect_data(f, 4, 1, false, 4);
	expect_data(f, 5, 1, false, 5);
	expect_data(f, 6, 1, false, 6);
	n = peer_wire_put(bytes, (uint8_t[]){ 0xA4 }, 1);
	ash_receive(&f->ash, bytes, n, f->now_us);
	expect_data(f, 4, 1, true, 4);
	give(f, "86 10 BE 7E");
	expect_data(f, 6, 1, true, 6);
	expect(f, "");
}

static void test_adaptive_timer(void **state)
{
	struct fixture *f = *state;
	int64_t wait = ASH_ACK_FIRST_US;

	assert_int_equal(f->ash.ack_wait_us, wait);
	/* a radio that answers at once: down to the least */
	for (unsigned i = 0; i < 20; i++) {
		uint8_t bytes[32];
		size_t n = peer_wire_put(bytes, (uint8_t[]){ (uint8_t)(0x80 | ((i + 1) & 7)) }, 1);

		send(f, (uint8_t)i);
		expect_data(f, i & 7, 0, false, (uint8_t)i);
		f->now_us += 2 * MS;
		ash_receive(&f->ash, bytes, n, f->now_us);
		wait = (7 * wait + 4 * 2 * MS) / 8;
		wait = wait < ASH_ACK_MIN_US ? ASH_ACK_MIN_US : wait;
		assert_int_equal(f->ash.ack_wait_us, wait);
	}
	assert_int_equal(wait, ASH_ACK_MIN_US);
	/* none comes: 0.4, 0.8, 1.6, then 2.4 s; the sixth ends it */
	send(f, 99);
	expect_data(f, 4, 0, false, 99);
	for (unsigned i = 0; i < ASH_TIMEOUTS_MAX; i++) {
		assert_int_equal(f->downs, 0);
		assert_int_equal(ash_deadline(&f->ash), f->now_us + wait);
		pass(f, wait - 1);
		expect(f, "");
		pass(f, 1);
		wait = 2 * wait < ASH_ACK_MAX_US ? 2 * wait : ASH_ACK_MAX_US;
		if (i + 1 < ASH_TIMEOUTS_MAX)
			expect_data(f, 4, 0, true, 99);
	}
	assert_int_equal(f->downs, 1);
	assert_int_equal(f->reason, ASH_NO_ANSWER);
	expect(f, "");
	assert_true(ash_deadline(&f->ash) == INT64_MAX);
}

static void test_naks_for_ever(void **state)
{
	struct fixture *f = *state;
	uint8_t bytes[8192];
	size_t n;

	send(f, 0);
	for (unsigned i = 0; i < 200 && f->downs == 0; i++) {
		ash_output(&f->ash, bytes, sizeof(bytes), f->now_us);
		n = peer_wire_put(bytes, (uint8_t[]){ 0xA0 }, 1);
		ash_receive(&f->ash, bytes, n, f->now_us);
		pass(f, 100 * MS);
	}
	assert_int_equal(f->downs, 1);
	assert_int_equal(f->reason, ASH_NO_PROGRESS);
}

static void test_port_that_takes_nothing(void **state)
{
	struct fixture *f = *state;

	send(f, 0);
	pass(f, ASH_STUCK_US - 1);
	assert_int_equal(f->downs, 0);
	pass(f, 1);
	assert_int_equal(f->downs, 1);
	assert_int_equal(f->reason, ASH_NO_PROGRESS);
}

static void test_not_ready(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < 6; i++)
		give_data(f, i, 0, false);
	ash_set_ready(&f->ash, false, f->now_us);
	expect(f, "8E 91 B6 7E");
	for (unsigned i = 0; i < 3; i++) {
		pass(f, ASH_NOT_READY_US - 1);
		expect(f, "");
		pass(f, 1);
		expect(f, "8E 91 B6 7E");
	}
	/* a port that is blocked does not make us spin */
	pass(f, ASH_NOT_READY_US);
	assert_true(ash_deadline(&f->ash) > f->now_us);
	ash_set_ready(&f->ash, true, f->now_us);
	expect(f, "86 10 BE 7E");
	assert_true(ash_deadline(&f->ash) == INT64_MAX);
	/* in a NAK too; and said again after a reset */
	ash_set_ready(&f->ash, false, f->now_us);
	give(f, "60 18 7E");
	expect_short(f, 0xAE);
	ash_reset(&f->ash, f->now_us);
	expect(f, "1A C0 38 BC 7E");
	give(f, "1A C1 02 0B 0A 52 7E");
	expect_short(f, 0x88);
}

static void test_error(void **state)
{
	struct fixture *f = *state;

	send(f, 0);
	/* five in one read, as seen in the field: told once */
	give(f, "1A C2 02 51 A8 BD 7E 1A C2 02 51 A8 BD 7E C2 02 51 A8 BD 7E C2 02 51 A8 BD 7E "
		"C2 02 51 A8 BD 7E");
	assert_int_equal(f->downs, 1);
	assert_int_equal(f->reason, ASH_RADIO_ERROR);
	assert_int_equal(f->code, ASH_CODE_ACK_TIMEOUTS);
	assert_string_equal(ash_reason_word(f->reason), "radio-error");
	assert_string_equal(ash_code_words(f->code), "host did not acknowledge in time");
	give(f, "1A C2 02 51 A8 BD 7E");
	pass(f, 60 * 1000 * MS);
	assert_int_equal(f->downs, 1);
	expect(f, "");
	/* it takes a reset, and numbers start anew */
	ash_reset(&f->ash, f->now_us);
	expect(f, "1A C0 38 BC 7E");
	give(f, "C2 02 03 D2 0A 7E 1A C1 02 0B 0A 52 7E 53 42 A1 A8 56 28 04 82 03 2A 7E");
	assert_int_equal(f->ups, 2);
	give_data(f, 0, 0, false);
	expect(f, "81 60 59 7E");
	send(f, 7);
	expect_data(f, 0, 1, false, 7);
}

static void test_radio_resets_itself(void **state)
{
	struct fixture *f = *state;

	give_data(f, 0, 0, false);
	give(f, "C1 02 02 9B 7B 7E 00 42 7E");
	assert_int_equal(f->downs, 1);
	assert_int_equal(f->reason, ASH_RADIO_RESET);
	assert_int_equal(f->code, ASH_CODE_POWER_ON);
	assert_int_equal(f->ash.state, ASH_DOWN);
	expect(f, "");
}

static void test_reset_from_within(void **state)
{
	struct fixture *f = *state;
	uint8_t bytes[256], frame[4];
	size_t n = 0;

	for (unsigned i = 0; i < 3; i++) {
		memcpy(frame, (uint8_t[]){ (uint8_t)(i << 4), 1, 2, 3 }, 4);
		peer_scramble(frame + 1, 3);
		n += peer_wire_put(bytes + n, frame, 4);
	}
	f->reset_on_data = true;
	ash_receive(&f->ash, bytes, n, f->now_us);
	assert_int_equal(f->frames, 1);
	expect(f, "1A C0 38 BC 7E");
	ash_stop(&f->ash);
	assert_true(ash_deadline(&f->ash) == INT64_MAX);
	expect(f, "");
}

#define CONNECTED(t) cmocka_unit_test_setup_teardown(t, set_up_connected, tear_down)
#define FRESH(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(test_reset),
		FRESH(test_reset_in_software_flow_control),
		FRESH(test_reset_without_answer),
		FRESH(test_reset_of_another_cause),
		FRESH(test_other_version),
		CONNECTED(test_one_ack_per_read),
		CONNECTED(test_ack_rides),
		CONNECTED(test_duplicate),
		CONNECTED(test_out_of_order),
		CONNECTED(test_bad_frames),
		CONNECTED(test_window),
		CONNECTED(test_queue_full),
		CONNECTED(test_nak),
		CONNECTED(test_adaptive_timer),
		CONNECTED(test_naks_for_ever),
		CONNECTED(test_port_that_takes_nothing),
		CONNECTED(test_not_ready),
		CONNECTED(test_error),
		CONNECTED(test_radio_resets_itself),
		CONNECTED(test_reset_from_within),
	};

	return RUN_TESTS(tests);
}
