/*
 * Frames of both sides, rule by rule: order, repetition, window and timer.
 */
#include "ash_host.h"
#include "ash_peer.h"
#include "unit/unit.h"

#include <errno.h>

static void test_one_ack_per_read(void **state)
{
	struct fixture *f = *state;
	uint8_t bytes[256], frame[4];
	size_t n = 0;

	for (unsigned i = 0; i < 5; i++) {
		memcpy(frame, (uint8_t[]){ (uint8_t)(i << 4), 1, 2, 3 }, 4);
		ash_peer_scramble(frame + 1, 3);
		n += ash_peer_wire_put(bytes + n, frame, 4);
	}
	ash_receive(&f->ash, bytes, n, f->now_us);
	assert_int_equal(f->frames, 5);
	ash_host_expect(f, "85 20 DD 7E");
	ash_host_expect(f, "");
	/* bytes in pieces of one: the same */
	for (unsigned i = 5; i < 8; i++) {
		memcpy(frame, (uint8_t[]){ (uint8_t)(i << 4), 1, 2, 3 }, 4);
		ash_peer_scramble(frame + 1, 3);
		n = ash_peer_wire_put(bytes, frame, 4);
		for (size_t k = 0; k < n; k++)
			ash_receive(&f->ash, bytes + k, 1, f->now_us);
	}
	assert_int_equal(f->frames, 8);
	/* a port that takes nothing for a while: the acknowledgements became one */
	ash_host_expect(f, "80 70 78 7E");
	assert_int_equal(f->ash.counters.acks_sent, 2);
}

static void test_ack_rides(void **state)
{
	struct fixture *f = *state;

	f->answer = true;
	ash_host_give(f, "00 42 A1 A8 59 28 05 84 5F 7E");
	f->answer = false;
	ash_host_give_data(f, 0, 0, false);
	assert_int_equal(f->frames, 1);
	assert_int_equal(f->ash.counters.bad_frames, 1);
	/* the bad one was asked for again, and came with the next; the NAK need not go */
	ash_host_expect(f, "81 60 59 7E");
	f->answer = true;
	ash_host_give_data(f, 1, 0, false);
	f->answer = false;
	uint8_t frame[4] = { 0x02, 'a', 'b', 1 }, wanted[32], bytes[600];
	size_t n;

	ash_peer_scramble(frame + 1, 3);
	n = ash_peer_wire_put(wanted, frame, 4);
	assert_int_equal(ash_output(&f->ash, bytes, sizeof(bytes), f->now_us), n);
	assert_memory_equal(bytes, wanted, n);
	assert_int_equal(f->ash.counters.acks_sent, 1);
}

static void test_duplicate(void **state)
{
	struct fixture *f = *state;

	ash_host_give_data(f, 0, 0, false);
	ash_host_expect(f, "81 60 59 7E");
	ash_host_give_data(f, 0, 0, true);
	assert_int_equal(f->frames, 1);
	ash_host_expect(f, "81 60 59 7E");
	assert_int_equal(f->ash.counters.duplicates, 1);
}

static void test_out_of_order(void **state)
{
	struct fixture *f = *state;

	ash_host_give_data(f, 1, 0, false);
	ash_host_give_data(f, 2, 0, false);
	assert_int_equal(f->frames, 0);
	/* NAK(0) once, however many come */
	ash_host_expect_short(f, 0xA0);
	ash_host_give_data(f, 3, 0, false);
	ash_host_expect(f, "");
	/* it came: the next hole is asked for anew */
	ash_host_give_data(f, 0, 0, true);
	assert_int_equal(f->frames, 1);
	ash_host_expect(f, "81 60 59 7E");
	ash_host_give_data(f, 2, 0, false);
	ash_host_expect_short(f, 0xA1);
	assert_int_equal(f->ash.counters.naks_sent, 2);
	assert_int_equal(f->ash.counters.out_of_order, 4);
}

static void test_bad_frames(void **state)
{
	struct fixture *f = *state;
	uint8_t bytes[600];

	/* bad ACK: no NAK */
	ash_host_give(f, "81 60 58 7E");
	ash_host_expect(f, "");
	/* one byte, two bytes that do not look like DATA */
	ash_host_give(f, "FE 7E A0 00 7E 18 7E");
	ash_host_expect(f, "");
	assert_int_equal(f->ash.counters.bad_frames, 4);
	/* RST with a substitute byte is dropped, as is an RSTACK */
	ash_host_give(f, "C0 18 38 BC 7E C1 02 18 0B 0A 52 7E");
	assert_int_equal(f->downs, 0);
	/* looks like DATA: NAK, once */
	ash_host_give(f, "00 18 42 7E 00 42 7E");
	ash_host_expect_short(f, 0xA0);
	ash_host_expect(f, "");
	ash_host_give_data(f, 0, 0, true);
	ash_host_expect(f, "81 60 59 7E");
	/* a data frame too short, with a right checksum */
	size_t n = ash_peer_wire_put(bytes, (uint8_t[]){ 0x10, 1, 2 }, 3);

	ash_receive(&f->ash, bytes, n, f->now_us);
	ash_host_expect_short(f, 0xA1);
	ash_host_give_data(f, 1, 0, true);
	ash_host_expect(f, "82 50 3A 7E");
	/* too long, for ever: no more than a frame's room */
	for (unsigned i = 0; i < 1000; i++)
		ash_host_give(f, "00 55 55 55 55 55 55 55");
	ash_host_give(f, "7E");
	ash_host_expect_short(f, 0xA2);
	/* taken back: nothing came */
	ash_host_give_data(f, 2, 0, true);
	ash_host_expect(f, "83 40 1B 7E");
	ash_host_give(f, "30 55 55 1A");
	ash_host_give_data(f, 3, 0, false);
	ash_host_expect(f, "84 30 FC 7E");
	assert_int_equal(f->ash.counters.cancelled, 1);
	/* a flag too many, the wake byte, kinds of frame that there are not */
	n = ash_peer_wire_put(bytes, (uint8_t[]){ 0xC7 }, 1);
	ash_receive(&f->ash, bytes, n, f->now_us);
	n = ash_peer_wire_put(bytes, (uint8_t[]){ 0x85, 1 }, 2);
	ash_receive(&f->ash, bytes, n, f->now_us);
	n = ash_peer_wire_put(bytes, (uint8_t[]){ 0xC2, 2 }, 2);
	ash_receive(&f->ash, bytes, n, f->now_us);
	ash_host_give(f, "7E 7E FF FF 7E");
	assert_int_equal(f->ash.counters.unknown, 1);
	assert_int_equal(f->downs, 0);
	ash_host_expect(f, "");
}

static void test_window(void **state)
{
	struct fixture *f = *state;

	for (uint8_t i = 0; i < 5; i++)
		ash_host_send(f, i);
	ash_host_expect_data(f, 0, 0, false, 0);
	ash_host_expect_data(f, 1, 0, false, 1);
	ash_host_expect_data(f, 2, 0, false, 2);
	ash_host_expect(f, "");
	ash_host_give(f, "82 50 3A 7E");
	ash_host_expect_data(f, 3, 0, false, 3);
	ash_host_expect_data(f, 4, 0, false, 4);
	ash_host_expect(f, "");
	/* an acknowledgement of what was never sent */
	ash_host_give(f, "87 00 9F 7E");
	assert_int_equal(f->ash.counters.bad_numbers, 1);
	ash_host_give(f, "85 20 DD 7E");
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
		ash_host_send(f, i);
	ash_host_expect_data(f, 0, 0, false, 0);
	ash_host_expect_data(f, 1, 0, false, 1);
	ash_host_expect_data(f, 2, 0, false, 2);
	/* NAK(1): 0 has come, 1 and 2 again, with the number that we expect now, then what is new
	 */
	ash_host_give_data(f, 0, 0, false);
	uint8_t bytes[32];
	size_t n = ash_peer_wire_put(bytes, (uint8_t[]){ 0xA1 }, 1);

	ash_receive(&f->ash, bytes, n, f->now_us);
	ash_host_expect_data(f, 1, 1, true, 1);
	/* no second round while one is under way */
	ash_receive(&f->ash, bytes, n, f->now_us);
	ash_host_expect_data(f, 2, 1, true, 2);
	ash_host_expect_data(f, 3, 1, false, 3);
	ash_host_expect(f, "");
	/* a repetition says nothing about the round trip */
	f->now_us += 100 * MS;
	ash_host_give(f, "83 40 1B 7E");
	assert_int_equal(f->ash.ack_wait_us, ASH_ACK_FIRST_US * 7 / 8);
	assert_int_equal(f->ash.counters.repeated, 2);
	assert_int_equal(f->ash.counters.naks_received, 2);
	/* acknowledged in the middle of a round: the rest of it only */
	ash_host_give(f, "84 30 FC 7E");
	for (uint8_t i = 4; i < 7; i++)
		ash_host_send(f, i);
	ash_host_expect_data(f, 4, 1, false, 4);
	ash_host_expect_data(f, 5, 1, false, 5);
	ash_host_expect_data(f, 6, 1, false, 6);
	n = ash_peer_wire_put(bytes, (uint8_t[]){ 0xA4 }, 1);
	ash_receive(&f->ash, bytes, n, f->now_us);
	ash_host_expect_data(f, 4, 1, true, 4);
	ash_host_give(f, "86 10 BE 7E");
	ash_host_expect_data(f, 6, 1, true, 6);
	ash_host_expect(f, "");
}

static void test_adaptive_timer(void **state)
{
	struct fixture *f = *state;
	int64_t wait = ASH_ACK_FIRST_US;

	assert_int_equal(f->ash.ack_wait_us, wait);
	/* a radio that answers at once: down to the least */
	for (unsigned i = 0; i < 20; i++) {
		uint8_t bytes[32];
		size_t n =
			ash_peer_wire_put(bytes, (uint8_t[]){ (uint8_t)(0x80 | ((i + 1) & 7)) }, 1);

		ash_host_send(f, (uint8_t)i);
		ash_host_expect_data(f, i & 7, 0, false, (uint8_t)i);
		f->now_us += 2 * MS;
		ash_receive(&f->ash, bytes, n, f->now_us);
		wait = (7 * wait + 4 * 2 * MS) / 8;
		wait = wait < ASH_ACK_MIN_US ? ASH_ACK_MIN_US : wait;
		assert_int_equal(f->ash.ack_wait_us, wait);
	}
	assert_int_equal(wait, ASH_ACK_MIN_US);
	/* none comes: 0.4, 0.8, 1.6, then 2.4 s; the sixth ends it */
	ash_host_send(f, 99);
	ash_host_expect_data(f, 4, 0, false, 99);
	for (unsigned i = 0; i < ASH_TIMEOUTS_MAX; i++) {
		assert_int_equal(f->downs, 0);
		assert_int_equal(ash_deadline(&f->ash), f->now_us + wait);
		ash_host_pass(f, wait - 1);
		ash_host_expect(f, "");
		ash_host_pass(f, 1);
		wait = 2 * wait < ASH_ACK_MAX_US ? 2 * wait : ASH_ACK_MAX_US;
		if (i + 1 < ASH_TIMEOUTS_MAX)
			ash_host_expect_data(f, 4, 0, true, 99);
	}
	assert_int_equal(f->downs, 1);
	assert_int_equal(f->reason, ASH_NO_ANSWER);
	ash_host_expect(f, "");
	assert_true(ash_deadline(&f->ash) == INT64_MAX);
}

/* What was acknowledged is nowhere in the queue: it may have been a key. */
static void test_wiped(void **state)
{
	struct fixture *f = *state;
	const uint8_t *at = f->ash.queue[f->ash.first].data;
	uint8_t sum = 0;

	ash_host_send(f, 0x5a);
	ash_host_expect_data(f, 0, 0, false, 0x5a);
	assert_int_not_equal(at[0] | at[1] | at[2], 0);
	ash_host_give(f, "81 60 59 7E"); /* ACK(1) */
	for (size_t i = 0; i < ASH_DATA_MAX; i++)
		sum |= at[i];
	assert_int_equal(sum, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ASH_HOST_CONNECTED(test_one_ack_per_read),
		ASH_HOST_CONNECTED(test_ack_rides),
		ASH_HOST_CONNECTED(test_duplicate),
		ASH_HOST_CONNECTED(test_out_of_order),
		ASH_HOST_CONNECTED(test_bad_frames),
		ASH_HOST_CONNECTED(test_window),
		ASH_HOST_CONNECTED(test_queue_full),
		ASH_HOST_CONNECTED(test_nak),
		ASH_HOST_CONNECTED(test_adaptive_timer),
		ASH_HOST_CONNECTED(test_wiped),
	};

	return RUN_TESTS(tests);
}
