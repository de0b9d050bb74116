/*
 * Resets, errors and the end of the link, rule by rule.
 */
#include "ash_host.h"
#include "ash_peer.h"
#include "unit/unit.h"

#include <errno.h>

static void test_reset(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ash_send(&f->ash, (const uint8_t *)"abc", 3, f->now_us), -ENOTCONN);
	assert_true(ash_deadline(&f->ash) == INT64_MAX);
	/* what comes before we ask is nobody's */
	ash_host_give(f, "1A C1 02 0B 0A 52 7E");
	assert_int_equal(f->ups, 0);
	ash_reset(&f->ash, f->now_us);
	/* the answer to somebody else's reset: ours has not gone yet */
	ash_host_give(f, "1A C1 02 0B 0A 52 7E");
	assert_int_equal(f->ups, 0);
	ash_host_expect(f, "1A C0 38 BC 7E");
	ash_host_expect(f, "");
	/* noise, errors of before, and other frames are no answer */
	ash_host_give(f, "DD F9 FF 1A C2 02 51 A8 BD 7E 81 60 59 7E");
	assert_int_equal(f->ups + f->downs, 0);
	ash_host_give(f, "DD F9 FF 1A C1 02 0B 0A 52 7E");
	assert_int_equal(f->ups, 1);
	assert_int_equal(f->ash.state, ASH_UP);
	assert_true(ash_deadline(&f->ash) == INT64_MAX);
}

static void test_reset_in_software_flow_control(void **state)
{
	struct fixture *f = *state;

	ash_reset(&f->ash, f->now_us);
	ash_host_expect(f, "1A C0 38 BC 7E");
	ash_host_give(f, "11 1A C1 13 02 11 0B 0A 52 13 7E");
	assert_int_equal(f->ups, 1);
}

static void test_reset_without_answer(void **state)
{
	struct fixture *f = *state;
	int64_t began = f->now_us;

	ash_reset(&f->ash, f->now_us);
	for (unsigned i = 0; i < ASH_RESETS_MAX; i++) {
		ash_host_expect(f, "1A C0 38 BC 7E");
		assert_int_equal(f->downs, 0);
		ash_host_pass(f, ash_deadline(&f->ash) - f->now_us - 1);
		ash_host_expect(f, "");
		ash_host_pass(f, 1);
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
	ash_host_expect(f, "1A C0 38 BC 7E");
	/* power-on: it may not have heard us; asked again soon, not after the whole time */
	ash_host_give(f, "C1 02 02 9B 7B 7E");
	assert_int_equal(f->ups, 0);
	ash_host_pass(f, ASH_RESET_BOOTED_US);
	ash_host_expect(f, "1A C0 38 BC 7E");
	ash_host_give(f, "1A C1 02 0B 0A 52 7E");
	assert_int_equal(f->ups, 1);
}

static void test_other_version(void **state)
{
	struct fixture *f = *state;
	uint8_t bytes[32];
	size_t n = ash_peer_wire_put(bytes, (uint8_t[]){ 0xC1, 3, 0x0B }, 3);

	ash_reset(&f->ash, f->now_us);
	ash_host_expect(f, "1A C0 38 BC 7E");
	ash_receive(&f->ash, bytes, n, f->now_us);
	assert_int_equal(f->downs, 1);
	assert_int_equal(f->reason, ASH_OTHER_VERSION);
	assert_int_equal(f->code, 3);
}

static void test_naks_for_ever(void **state)
{
	struct fixture *f = *state;
	uint8_t bytes[8192];
	size_t n;

	ash_host_send(f, 0);
	for (unsigned i = 0; i < 200 && f->downs == 0; i++) {
		ash_output(&f->ash, bytes, sizeof(bytes), f->now_us);
		n = ash_peer_wire_put(bytes, (uint8_t[]){ 0xA0 }, 1);
		ash_receive(&f->ash, bytes, n, f->now_us);
		ash_host_pass(f, 100 * MS);
	}
	assert_int_equal(f->downs, 1);
	assert_int_equal(f->reason, ASH_NO_PROGRESS);
}

static void test_port_that_takes_nothing(void **state)
{
	struct fixture *f = *state;

	ash_host_send(f, 0);
	ash_host_pass(f, ASH_STUCK_US - 1);
	assert_int_equal(f->downs, 0);
	ash_host_pass(f, 1);
	assert_int_equal(f->downs, 1);
	assert_int_equal(f->reason, ASH_NO_PROGRESS);
}

/* The port takes one frame of a repetition and then no more for a while: that is one missing
 * acknowledgement, not all of them at once. */
static void test_repetition_in_pieces(void **state)
{
	struct fixture *f = *state;
	unsigned timeouts = 1;

	for (uint8_t i = 0; i < ASH_WINDOW; i++)
		ash_host_send(f, i);
	for (uint8_t i = 0; i < ASH_WINDOW; i++)
		ash_host_expect_data(f, i, 0, false, i);
	ash_host_pass(f, ASH_ACK_FIRST_US);
	for (uint8_t i = 0; i < ASH_WINDOW; i++) {
		assert_int_equal(f->ash.counters.timeouts, timeouts++);
		ash_host_expect_data(f, i, 0, true, i);
		assert_true(ash_deadline(&f->ash) > f->now_us);
		ash_host_pass(f, ash_deadline(&f->ash) - f->now_us);
		assert_true(ash_deadline(&f->ash) > f->now_us);
	}
	assert_int_equal(f->downs, 0);
}

static void test_error(void **state)
{
	struct fixture *f = *state;

	ash_host_send(f, 0);
	/* five in one read, as seen in the field: told once */
	ash_host_give(f,
		"1A C2 02 51 A8 BD 7E 1A C2 02 51 A8 BD 7E C2 02 51 A8 BD 7E C2 02 51 A8 BD 7E "
		"C2 02 51 A8 BD 7E");
	assert_int_equal(f->downs, 1);
	assert_int_equal(f->reason, ASH_RADIO_ERROR);
	assert_int_equal(f->code, ASH_CODE_ACK_TIMEOUTS);
	assert_int_equal(f->reason, ASH_RADIO_ERROR);
	assert_string_equal(ash_code_words(f->code), "host did not acknowledge in time");
	ash_host_give(f, "1A C2 02 51 A8 BD 7E");
	ash_host_pass(f, 60 * 1000 * MS);
	assert_int_equal(f->downs, 1);
	ash_host_expect(f, "");
	/* it takes a reset, and numbers start anew */
	ash_reset(&f->ash, f->now_us);
	ash_host_expect(f, "1A C0 38 BC 7E");
	ash_host_give(f, "C2 02 03 D2 0A 7E 1A C1 02 0B 0A 52 7E 53 42 A1 A8 56 28 04 82 03 2A 7E");
	assert_int_equal(f->ups, 2);
	ash_host_give_data(f, 0, 0, false);
	ash_host_expect(f, "81 60 59 7E");
	ash_host_send(f, 7);
	ash_host_expect_data(f, 0, 1, false, 7);
}

static void test_radio_resets_itself(void **state)
{
	struct fixture *f = *state;

	ash_host_give_data(f, 0, 0, false);
	ash_host_give(f, "C1 02 02 9B 7B 7E 00 42 7E");
	assert_int_equal(f->downs, 1);
	assert_int_equal(f->reason, ASH_RADIO_RESET);
	assert_int_equal(f->code, ASH_CODE_POWER_ON);
	assert_int_equal(f->ash.state, ASH_DOWN);
	ash_host_expect(f, "");
}

static void test_reset_from_within(void **state)
{
	struct fixture *f = *state;
	uint8_t bytes[256], frame[4];
	size_t n = 0;

	for (unsigned i = 0; i < 3; i++) {
		memcpy(frame, (uint8_t[]){ (uint8_t)(i << 4), 1, 2, 3 }, 4);
		ash_peer_scramble(frame + 1, 3);
		n += ash_peer_wire_put(bytes + n, frame, 4);
	}
	f->reset_on_data = true;
	ash_receive(&f->ash, bytes, n, f->now_us);
	assert_int_equal(f->frames, 1);
	ash_host_expect(f, "1A C0 38 BC 7E");
	ash_stop(&f->ash);
	assert_true(ash_deadline(&f->ash) == INT64_MAX);
	ash_host_expect(f, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ASH_HOST_FRESH(test_reset),
		ASH_HOST_FRESH(test_reset_in_software_flow_control),
		ASH_HOST_FRESH(test_reset_without_answer),
		ASH_HOST_FRESH(test_reset_of_another_cause),
		ASH_HOST_FRESH(test_other_version),
		ASH_HOST_CONNECTED(test_naks_for_ever),
		ASH_HOST_CONNECTED(test_port_that_takes_nothing),
		ASH_HOST_CONNECTED(test_repetition_in_pieces),
		ASH_HOST_CONNECTED(test_error),
		ASH_HOST_CONNECTED(test_radio_resets_itself),
		ASH_HOST_CONNECTED(test_reset_from_within),
	};

	return RUN_TESTS(tests);
}
