/*
 * The bearer by PDU scripts of both sides: requests and their answers, what
 * comes unasked, and what should never come.
 */
#include "att_host.h"
#include "unit/unit.h"

#include <errno.h>

#define SECOND INT64_C(1000000)

static void ask(struct host *h, uint16_t handle)
{
	assert_int_equal(att_read(&h->att, handle, host_answered, h, h->now_us), 0);
}

/* ---- requests ---- */

static void test_one_request_at_a_time(void **state)
{
	struct host *h = *state;

	ask(h, 0x0011);
	ask(h, 0x0012);
	assert_true(att_busy(&h->att));
	host_talk(h, "0A 11 00", "0B 61 62");
	host_expect_bytes(h, "61 62");
	host_talk(h, "0A 12 00", "0B");
	assert_int_equal(h->answers, 2);
	assert_int_equal(h->error, 0);
	host_expect_bytes(h, "");
	host_expect(h, "");
	assert_false(att_busy(&h->att));
	assert_int_equal(h->att.counters.requests, 2);
	assert_int_equal(h->att.counters.answers, 2);
}

static void test_each_request_as_specified(void **state)
{
	struct host *h = *state;
	struct att *a = &h->att;

	assert_int_equal(att_read_blob(a, 0x1234, 0x0116, host_answered, h, 0), 0);
	assert_int_equal(
		att_write(a, 0x1234, (const uint8_t[]){ 1, 0 }, 2, host_answered, h, 0), 0);
	assert_int_equal(att_write(a, 0x1234, NULL, 0, host_answered, h, 0), 0);
	assert_int_equal(
		att_find(a, ATT_FIND_INFORMATION_REQUEST, 1, 0xFFFF, 0, host_answered, h, 0), 0);
	assert_int_equal(
		att_find(a, ATT_READ_BY_TYPE_REQUEST, 2, 0x0102, 0x2803, host_answered, h, 0), 0);
	assert_int_equal(
		att_find(a, ATT_READ_BY_GROUP_TYPE_REQUEST, 3, 0xFFFF, 0x2800, host_answered, h, 0),
		0);
	host_talk(h, "0C 34 12 16 01", "0D 01");
	host_talk(h, "12 34 12 01 00", "13");
	host_talk(h, "12 34 12", "13");
	host_talk(h, "04 01 00 FF FF", "05 01 01 00 00 28");
	host_talk(h, "08 02 00 02 01 03 28", "09 07 01 00 02 03 00 00 2A");
	host_talk(h, "10 03 00 FF FF 00 28", "11 06 01 00 05 00 0D 18");
	assert_int_equal(h->answers, 6);
	assert_int_equal(a->counters.unexpected, 0);
}

static void test_an_error_is_told_by_its_code(void **state)
{
	struct host *h = *state;

	ask(h, 0x0011);
	host_talk(h, "0A 11 00", "01 0A 11 00 05");
	assert_int_equal(h->answers, 1);
	assert_int_equal(h->error, ATT_ERROR_AUTHENTICATION);
	assert_int_equal(h->length, 0);
	assert_int_equal(h->att.counters.errors, 1);
}

static void test_an_error_of_code_0_is_no_success(void **state)
{
	struct host *h = *state;

	ask(h, 0x0011);
	host_talk(h, "0A 11 00", "01 0A 11 00 00");
	assert_int_equal(h->answers, 1);
	assert_int_equal(h->error, ATT_ERROR_UNLIKELY);
}

static void test_responses_to_nothing_are_counted_only(void **state)
{
	static const char *const responses[] = { "03 17 00", "05 01 01 00 00 28", "07 01 00 02 00",
		"09 02 01 00", "0B 01", "0D 01", "0F 01", "11 06", "13", "17 01 00 00 00", "19",
		"21 01", "01 0A 11 00 05" };
	struct host *h = *state;
	size_t n = sizeof(responses) / sizeof(responses[0]);

	for (size_t i = 0; i < n; i++)
		host_give(h, responses[i]);
	assert_int_equal(h->att.counters.unexpected, n);
	assert_int_equal(h->answers + h->downs, 0);
	host_expect(h, "");
}

static void test_the_second_of_two_responses_is_not_the_next_answer(void **state)
{
	struct host *h = *state;

	ask(h, 0x0011);
	ask(h, 0x0012);
	host_expect(h, "0A 11 00");
	host_give(h, "0B 01");
	host_give(h, "0B 02"); /* before 0012 has left */
	assert_int_equal(h->answers, 1);
	assert_int_equal(h->att.counters.unexpected, 1);
	host_talk(h, "0A 12 00", "0B 03");
	assert_int_equal(h->answers, 2);
	host_expect_bytes(h, "03");
}

static void test_the_answer_of_another_request_is_not_ours(void **state)
{
	struct host *h = *state;

	ask(h, 0x0011);
	host_talk(h, "0A 11 00", "13");
	host_give(h, "01 12 11 00 05");
	assert_int_equal(h->answers, 0);
	assert_int_equal(h->att.counters.unexpected, 2);
	host_give(h, "0B 01");
	assert_int_equal(h->answers, 1);
}

static void test_a_socket_that_takes_nothing_gets_the_same_again(void **state)
{
	struct host *h = *state;
	size_t length;

	ask(h, 0x0011);
	assert_int_equal(att_output(&h->att, &length)[1], 0x11);
	/* what falls due meanwhile does not change what was fetched */
	host_give(h, "1D 20 00 01");
	assert_int_equal(att_confirm(&h->att), 0);
	host_give(h, "02 17 00");
	assert_int_equal(att_output(&h->att, &length)[1], 0x11);
	assert_int_equal(length, 3);
	att_sent(&h->att);
	att_sent(&h->att); /* nothing was fetched: nothing was sent */
	host_expect(h, "1E");
	host_expect(h, "03 F7 00");
	host_expect(h, "");
	assert_int_equal(h->att.counters.confirmations, 1);
}

static void test_bounds_of_requests(void **state)
{
	struct host *h = *state;
	uint8_t bytes[ATT_REQUEST_MAX] = { 0 };

	assert_int_equal(att_write(&h->att, 1, bytes, 21, host_answered, h, 0), -EMSGSIZE);
	assert_int_equal(att_write(&h->att, 1, bytes, 20, host_answered, h, 0), 0);
	for (unsigned i = 1; i < ATT_QUEUE_MAX; i++)
		ask(h, 1);
	assert_int_equal(att_read(&h->att, 1, host_answered, h, 0), -ENOBUFS);
	assert_int_equal(att_read_blob(&h->att, 1, 1, host_answered, h, 0), -ENOBUFS);
	assert_int_equal(att_write(&h->att, 1, bytes, 1, host_answered, h, 0), -ENOBUFS);
	assert_int_equal(att_exchange_mtu(&h->att, host_answered, h, 0), -ENOBUFS);
	assert_int_equal(att_find(&h->att, 4, 1, 2, 0, host_answered, h, 0), -ENOBUFS);
	att_stop(&h->att);
	host_expect(h, "");
	assert_int_equal(att_read(&h->att, 1, host_answered, h, 0), -ENOTCONN);
	host_give(h, "1B 01 00 01");
	assert_int_equal(h->heard, 0);
	assert_int_equal(att_deadline(&h->att), INT64_MAX);
}

static void test_nothing_leaves_after_a_stop(void **state)
{
	struct host *h = *state;
	size_t length;

	ask(h, 0x0011);
	host_give(h, "0A 01 00");
	host_give(h, "1D 20 00 01");
	assert_int_equal(att_confirm(&h->att), 0);
	assert_non_null(att_output(&h->att, &length));
	att_stop(&h->att);
	assert_false(att_busy(&h->att));
	host_expect(h, "");
	att_sent(&h->att);
	assert_int_equal(h->att.counters.confirmations, 0);
}

static void test_the_queue_goes_round(void **state)
{
	struct host *h = *state;

	for (unsigned i = 0; i < 3 * ATT_QUEUE_MAX; i++) {
		ask(h, 0x0011);
		ask(h, 0x0012);
		host_talk(h, "0A 11 00", "0B");
		host_talk(h, "0A 12 00", "0B");
	}
	assert_int_equal(h->answers, 6 * ATT_QUEUE_MAX);
}

static void test_cancelled_requests_are_not_answered(void **state)
{
	struct host *h = *state;
	struct host other = { .now_us = h->now_us };

	att_cancel(&h->att, h); /* of nothing */
	ask(h, 0x0011);
	ask(h, 0x0012);
	assert_int_equal(att_read(&h->att, 0x21, host_answered, &other, h->now_us), 0);
	ask(h, 0x0013);
	host_expect(h, "0A 11 00");
	att_cancel(&h->att, h);
	/* the answer to the one under way is swallowed, those behind it never go */
	host_give(h, "0B 01");
	assert_int_equal(h->answers, 0);
	host_talk(h, "0A 21 00", "0B 02");
	assert_int_equal(other.answers, 1);
	host_expect(h, "");
	assert_false(att_busy(&h->att));
}

static void test_an_answer_may_ask_again_or_stop(void **state)
{
	struct host *h = *state;

	ask(h, 0x0011);
	h->read_on_answer = true;
	host_talk(h, "0A 11 00", "0B 01");
	h->stop_on_answer = true;
	host_talk(h, "0A 77 00", "0B 01");
	assert_int_equal(h->answers, 2);
	assert_int_equal(h->downs, 0);
	assert_int_equal(att_read(&h->att, 1, host_answered, h, 0), -ENOTCONN);
}

/* ---- time ---- */

static void test_no_answer_in_30_s_is_the_end(void **state)
{
	struct host *h = *state;

	assert_int_equal(att_deadline(&h->att), INT64_MAX);
	ask(h, 0x0011);
	ask(h, 0x0012);
	assert_int_equal(att_deadline(&h->att), h->now_us + 30 * SECOND);
	host_expect(h, "0A 11 00");
	host_pass(h, 30 * SECOND - 1);
	assert_int_equal(h->downs, 0);
	host_pass(h, 1);
	assert_int_equal(h->downs, 1);
	assert_int_equal(h->reason, ATT_DOWN_TIMEOUT);
	assert_int_equal(h->answers, 0);
	host_expect(h, "");
	host_give(h, "0B 01");
	host_pass(h, 60 * SECOND);
	assert_int_equal(h->downs, 1);
	assert_int_equal(h->answers, 0);
}

static void test_each_request_has_its_own_30_s(void **state)
{
	struct host *h = *state;

	ask(h, 0x0011);
	ask(h, 0x0012);
	host_expect(h, "0A 11 00");
	host_pass(h, 29 * SECOND);
	host_give(h, "0B 01");
	host_expect(h, "0A 12 00");
	host_pass(h, 29 * SECOND);
	host_give(h, "1B 20 00 01"); /* is no answer */
	assert_int_equal(h->downs, 0);
	host_pass(h, 1 * SECOND);
	assert_int_equal(h->downs, 1);
}

static void test_a_socket_that_never_takes_it_is_the_end_too(void **state)
{
	struct host *h = *state;

	ask(h, 0x0011);
	host_pass(h, 30 * SECOND);
	assert_int_equal(h->downs, 1);
}

/* ---- MTU ---- */

static void exchange(struct host *h, const char *answer, unsigned mtu, uint8_t error)
{
	assert_int_equal(att_exchange_mtu(&h->att, host_answered, h, h->now_us), 0);
	host_talk(h, "02 F7 00", answer);
	assert_int_equal(h->att.mtu, mtu);
	assert_int_equal(h->error, error);
}

static void test_the_mtu_is_the_lesser_one_and_23_at_least(void **state)
{
	static const struct {
		const char *answer;
		unsigned mtu;
		uint8_t error;
	} rows[] = {
		{ "03 F7 00", 247, 0 },
		{ "03 B9 00", 185, 0 },
		{ "03 17 00", 23, 0 },
		{ "03 16 00", 23, 0 },
		{ "03 00 00", 23, 0 },
		{ "03 FF FF", 247, 0 },
		{ "01 02 00 00 06", 23, ATT_ERROR_NOT_SUPPORTED },
		{ "03", 23, ATT_ERROR_INVALID_PDU },
		{ "03 F7 00 00", 23, ATT_ERROR_INVALID_PDU },
	};
	struct host *h = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		host_init(h);
		assert_int_equal(h->att.mtu, 23);
		exchange(h, rows[i].answer, rows[i].mtu, rows[i].error);
		assert_int_equal(h->answers, 1);
	}
}

static void test_a_device_may_exchange_the_mtu_too(void **state)
{
	struct host *h = *state;

	host_give(h, "02 00 02");
	assert_int_equal(h->att.mtu, 247);
	host_expect(h, "03 F7 00");
	host_init(h);
	host_give(h, "02 05 00");
	assert_int_equal(h->att.mtu, 23);
	host_init(h);
	host_give(h, "02 64 00 00");
	host_expect(h, "01 02 00 00 04");
	assert_int_equal(h->att.mtu, 23);
}

/* ---- what comes unasked ---- */

static void test_notified_and_indicated_values_are_told(void **state)
{
	struct host *h = *state;

	host_give(h, "1B 20 00 06 3C");
	assert_int_equal(h->heard, 1);
	assert_int_equal(h->handle, 0x20);
	assert_false(h->indicated);
	host_expect_bytes(h, "06 3C");
	assert_int_equal(h->att.counters.notifications, 1);
	host_give(h, "1D 21 43");
	assert_int_equal(h->handle, 0x4321);
	assert_true(h->indicated);
	host_expect_bytes(h, "");
	host_expect(h, ""); /* not before the caller says so */
	assert_int_equal(att_confirm(&h->att), 0);
	host_expect(h, "1E");
	assert_int_equal(att_confirm(&h->att), -ENOENT);
	host_expect(h, "");
}

static void test_a_notification_comes_between_a_request_and_its_answer(void **state)
{
	struct host *h = *state;

	ask(h, 0x0011);
	host_talk(h, "0A 11 00", "1B 20 00 01");
	assert_int_equal(h->heard, 1);
	assert_int_equal(h->answers, 0);
	host_give(h, "0B 02");
	assert_int_equal(h->answers, 1);
}

static void test_confirming_from_within_is_well(void **state)
{
	struct host *h = *state;

	h->confirm_on_heard = true;
	for (unsigned i = 0; i < 3 * ATT_UNCONFIRMED_MAX; i++) {
		host_give(h, "1D 20 00 01");
		host_expect(h, "1E");
	}
	assert_int_equal(h->downs, 0);
	assert_int_equal(h->att.counters.indications, 3 * ATT_UNCONFIRMED_MAX);
}

static void test_too_many_unconfirmed_indications_are_the_end(void **state)
{
	struct host *h = *state;

	for (unsigned i = 0; i < ATT_UNCONFIRMED_MAX; i++)
		host_give(h, "1D 20 00 01");
	assert_int_equal(h->heard, ATT_UNCONFIRMED_MAX);
	/* confirmed, but the confirmation has not left */
	assert_int_equal(att_confirm(&h->att), 0);
	assert_int_equal(h->downs, 0);
	host_give(h, "1D 20 00 01");
	assert_int_equal(h->heard, ATT_UNCONFIRMED_MAX);
	assert_int_equal(h->downs, 1);
	assert_int_equal(h->reason, ATT_DOWN_UNCONFIRMED);
	assert_int_equal(att_confirm(&h->att), -ENOENT);
	host_expect(h, "");
}

static void test_what_is_no_whole_pdu_is_dropped(void **state)
{
	static const char *const pdus[] = { "", "1B", "1B 01", "1B 00 00 01", "1D", "1D 20",
		"1D 00 00 01", "01", "01 0A 11 00", "01 0A 11 00 05 00" };
	struct host *h = *state;
	size_t n = sizeof(pdus) / sizeof(pdus[0]);

	ask(h, 0x0011);
	host_expect(h, "0A 11 00");
	for (size_t i = 0; i < n; i++)
		host_give(h, pdus[i]);
	assert_int_equal(h->att.counters.malformed, n);
	assert_int_equal(h->heard + h->answers + h->downs, 0);
	host_expect(h, "");
}

static void test_commands_and_what_we_never_asked_for_are_ignored(void **state)
{
	struct host *h = *state;

	host_give(h, "52 03 00 01");             /* Write Command */
	host_give(h, "D2 03 00 01 00 00 00 00"); /* Signed Write Command */
	host_give(h, "7F");
	host_give(h, "23 20 00 01 00 01"); /* several values in one notification */
	assert_int_equal(h->att.counters.ignored, 4);
	host_give(h, "1E"); /* we indicate nothing */
	assert_int_equal(h->att.counters.unexpected, 1);
	assert_int_equal(h->heard, 0);
	host_expect(h, "");
}

/* ---- words ---- */

static void test_error_codes_have_words(void **state)
{
	static const struct {
		uint8_t code;
		const char *words;
		bool wants_security;
	} rows[] = {
		{ 0x01, "invalid handle", false },
		{ 0x02, "read not permitted", false },
		{ 0x03, "write not permitted", false },
		{ 0x04, "invalid PDU", false },
		{ 0x05, "insufficient authentication", true },
		{ 0x06, "request not supported", false },
		{ 0x07, "invalid offset", false },
		{ 0x08, "insufficient authorization", false },
		{ 0x09, "prepare queue full", false },
		{ 0x0A, "attribute not found", false },
		{ 0x0B, "attribute not long", false },
		{ 0x0C, "encryption key too short", true },
		{ 0x0D, "invalid length of the value", false },
		{ 0x0E, "unlikely error", false },
		{ 0x0F, "insufficient encryption", true },
		{ 0x10, "unsupported group type", false },
		{ 0x11, "insufficient resources", false },
		{ 0x12, "database out of sync", false },
		{ 0x13, "value not allowed", false },
		{ 0x14, "an error that is not known", false },
		{ 0x80, "an error of the application", false },
		{ 0x9F, "an error of the application", false },
		{ 0xA0, "an error that is not known", false },
		{ 0xE0, "an unknown error of a profile", false },
		{ 0xFC, "write request rejected", false },
		{ 0xFD, "configuration descriptor improperly set", false },
		{ 0xFE, "procedure already in progress", false },
		{ 0xFF, "out of range", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_string_equal(att_error_words(rows[i].code), rows[i].words);
		assert_int_equal(att_error_wants_security(rows[i].code), rows[i].wants_security);
	}
	for (unsigned code = 0; code <= 0xFF; code++)
		assert_true(strlen(att_error_words((uint8_t)code)) > 0);
	assert_string_equal(att_reason_word(ATT_DOWN_TIMEOUT), "timeout");
	assert_string_equal(att_reason_word(ATT_DOWN_UNCONFIRMED), "too-many-indications");
	assert_string_equal(att_reason_word((enum att_reason)99), "unknown");
}

static void test_uuids_on_the_base_count_as_16_bits(void **state)
{
	static const uint8_t base[16] = { 0xFB, 0x34, 0x9B, 0x5F, 0x80, 0x00, 0x00, 0x80, 0x00,
		0x10, 0x00, 0x00, 0x0D, 0x18, 0x00, 0x00 };
	uint8_t other[16];

	assert_int_equal(att_uuid((const uint8_t[]){ 0x0D, 0x18 }, 2), 0x180D);
	assert_int_equal(att_uuid(base, 16), 0x180D);
	assert_int_equal(att_uuid(base, 4), 0);
	for (size_t i = 0; i < 16; i++) {
		memcpy(other, base, sizeof(other));
		other[i] ^= 0x10;
		assert_int_equal(att_uuid(other, 16), i == 12 ? 0x181D : i == 13 ? 0x080D : 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_HOST(test_one_request_at_a_time),
		WITH_HOST(test_each_request_as_specified),
		WITH_HOST(test_an_error_is_told_by_its_code),
		WITH_HOST(test_an_error_of_code_0_is_no_success),
		WITH_HOST(test_responses_to_nothing_are_counted_only),
		WITH_HOST(test_the_second_of_two_responses_is_not_the_next_answer),
		WITH_HOST(test_the_answer_of_another_request_is_not_ours),
		WITH_HOST(test_a_socket_that_takes_nothing_gets_the_same_again),
		WITH_HOST(test_bounds_of_requests),
		WITH_HOST(test_nothing_leaves_after_a_stop),
		WITH_HOST(test_the_queue_goes_round),
		WITH_HOST(test_cancelled_requests_are_not_answered),
		WITH_HOST(test_an_answer_may_ask_again_or_stop),
		WITH_HOST(test_no_answer_in_30_s_is_the_end),
		WITH_HOST(test_each_request_has_its_own_30_s),
		WITH_HOST(test_a_socket_that_never_takes_it_is_the_end_too),
		WITH_HOST(test_the_mtu_is_the_lesser_one_and_23_at_least),
		WITH_HOST(test_a_device_may_exchange_the_mtu_too),
		WITH_HOST(test_notified_and_indicated_values_are_told),
		WITH_HOST(test_a_notification_comes_between_a_request_and_its_answer),
		WITH_HOST(test_confirming_from_within_is_well),
		WITH_HOST(test_too_many_unconfirmed_indications_are_the_end),
		WITH_HOST(test_what_is_no_whole_pdu_is_dropped),
		WITH_HOST(test_commands_and_what_we_never_asked_for_are_ignored),
		cmocka_unit_test(test_error_codes_have_words),
		cmocka_unit_test(test_uuids_on_the_base_count_as_16_bits),
	};

	return RUN_TESTS(tests);
}
