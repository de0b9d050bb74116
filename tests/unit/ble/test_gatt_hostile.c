/*
 * Servers that lie, go backwards or never end: discovery ends, and says how.
 */
#include "att_belt.h"
#include "unit/unit.h"

#define SECOND INT64_C(1000000)
#define NO_HASH "01 08 01 00 0A"

/* Discovery up to the services, which are asked for and not answered yet. */
static void until_services(struct host *h)
{
	host_init(h);
	assert_int_equal(gatt_start(&h->gatt, NULL, false, h->now_us), 0);
	host_talk(h, "08 01 00 FF FF 2A 2B", NO_HASH);
	host_expect(h, "10 01 00 FF FF 00 28");
}

/* One service 0010-0040, and its includes are asked for. */
static void until_included(struct host *h)
{
	until_services(h);
	host_give(h, "11 06 10 00 40 00 0D 18");
	host_talk(h, "10 41 00 FF FF 00 28", "01 10 41 00 0A");
	host_expect(h, "08 01 00 FF FF 02 28");
}

static void until_characteristics(struct host *h)
{
	until_included(h);
	host_give(h, "01 08 01 00 0A");
	host_expect(h, "08 10 00 40 00 03 28");
}

static void until_descriptors(struct host *h)
{
	until_characteristics(h);
	host_give(h, "09 07 11 00 10 12 00 37 2A");
	host_talk(h, "08 13 00 40 00 03 28", "01 08 13 00 0A");
	host_expect(h, "04 13 00 40 00");
}

static void expect_end(struct host *h, enum gatt_outcome outcome)
{
	assert_int_equal(h->discovered, 1);
	assert_int_equal(h->outcome, outcome);
	assert_int_equal(gatt_deadline(&h->gatt), INT64_MAX);
	host_expect(h, "");
	assert_false(att_busy(&h->att));
}

#define EACH(rows) (size_t i = 0; i < sizeof(rows) / sizeof((rows)[0]); i++)

static void test_services_that_cannot_be(void **state)
{
	static const char *const pages[] = {
		"11", "11 00", "11 06", "11 06 10 00 40 00 0D", "11 06 10 00 40 00 0D 18 50",
		"11 05 10 00 40 00 0D", "11 07 10 00 40 00 0D 18 00", "11 14 10 00 40 00 0D 18",
		"11 FF 10 00 40 00 0D 18", "11 06 00 00 40 00 0D 18", /* handle 0 */
		"11 06 40 00 10 00 0D 18",                            /* ends before it begins */
		"11 06 10 00 40 00 0D 18 30 00 50 00 0F 18",          /* overlap */
		"11 06 10 00 40 00 0D 18 01 00 0F 00 0F 18",          /* backwards */
		"11 06 10 00 FF FF 0D 18 01 00 0F 00 0F 18",          /* behind the last handle */
		"11 06 10 00 40 00 0D 18 10 00 40 00 0D 18",          /* twice */
	};

	for
		EACH(pages)
		{
			until_services(*state);
			host_give(*state, pages[i]);
			expect_end(*state, GATT_MALFORMED);
		}
}

static void test_a_page_of_services_that_goes_back(void **state)
{
	struct host *h = *state;

	until_services(h);
	host_give(h, "11 06 10 00 40 00 0D 18");
	host_talk(h, "10 41 00 FF FF 00 28", "11 06 10 00 40 00 0D 18");
	expect_end(h, GATT_MALFORMED);
}

static void test_includes_that_cannot_be(void **state)
{
	static const char *const pages[] = {
		"09",
		"09 08",
		"09 08 11 00 50 00 60 00",
		"09 07 11 00 50 00 60 00 1B",
		"09 08 00 00 50 00 60 00 1B 18",
		"09 08 11 00 50 00 60 00 1B 18 11 00 70 00 80 00 1B 18",
	};

	for
		EACH(pages)
		{
			until_included(*state);
			host_give(*state, pages[i]);
			expect_end(*state, GATT_MALFORMED);
		}
}

/* A service around or across another one is not looked into twice. */
static void test_includes_that_overlap_are_left_out(void **state)
{
	static const char *const pages[] = {
		"09 08 FF FF 01 00 FF FF 1B 18",
		"09 08 FF FF 10 00 40 00 1B 18",
		"09 08 FF FF 20 00 21 00 1B 18",
		"09 08 FF FF 40 00 41 00 1B 18",
		"09 08 FF FF 05 00 10 00 1B 18",
		"09 08 FF FF 00 00 05 00 1B 18",
	};
	struct host *h = *state;

	for
		EACH(pages)
		{
			until_included(h);
			host_give(h, pages[i]);
			assert_int_equal(h->gatt.table.service_count, 1);
			host_expect(h, "08 10 00 40 00 03 28");
		}
}

static void test_characteristics_that_cannot_be(void **state)
{
	static const char *const pages[] = {
		"09", "09 00", "09 07", "09 07 11 00 10 12 00 37", "09 15 11 00 10 12 00 37 2A",
		"09 08 11 00 10 12 00 37 2A 00",
		"09 07 0F 00 10 12 00 37 2A", /* before the service */
		"09 07 41 00 10 42 00 37 2A", /* behind it */
		"09 07 11 00 10 11 00 37 2A", /* its own value */
		"09 07 11 00 10 05 00 37 2A", /* value of another service */
		"09 07 11 00 10 00 00 37 2A", "09 07 11 00 10 41 00 37 2A",
		"09 07 11 00 10 12 00 37 2A 12 00 10 13 00 37 2A", /* declared by a value */
		"09 07 11 00 10 20 00 37 2A 13 00 10 14 00 37 2A", /* within another */
		"09 07 11 00 10 12 00 37 2A 11 00 10 12 00 37 2A", /* twice */
		"09 07 11 00 10 40 00 37 2A 10 00 10 12 00 37 2A", /* behind the last one */
	};

	for
		EACH(pages)
		{
			until_characteristics(*state);
			host_give(*state, pages[i]);
			expect_end(*state, GATT_MALFORMED);
		}
}

static void test_descriptors_that_cannot_be(void **state)
{
	static const char *const pages[] = {
		"05",
		"05 01",
		"05 00 13 00 02 29",
		"05 03 13 00 02 29",
		"05 02 13 00 02 29",
		"05 01 13 00 02",
		"05 01 12 00 02 29",
		"05 01 41 00 02 29",
		"05 01 00 00 02 29",
		"05 01 14 00 01 29 13 00 02 29",
		"05 01 40 00 01 29 13 00 02 29",
	};

	for
		EACH(pages)
		{
			until_descriptors(*state);
			host_give(*state, pages[i]);
			expect_end(*state, GATT_MALFORMED);
		}
}

/* ---- without end ---- */

/* Answers the request under way by an entry at the handle it begins with. */
static void answer_next(struct host *h, uint8_t opcode, const uint8_t *rest, size_t n)
{
	uint8_t pdu[64] = { opcode };
	size_t length;
	const uint8_t *asked = att_output(&h->att, &length);

	assert_non_null(asked);
	pdu[1] = opcode == ATT_FIND_INFORMATION_RESPONSE ? 1 : (uint8_t)(n + 2);
	memcpy(pdu + 2, asked + 1, 2);
	memcpy(pdu + 4, rest, n);
	if (opcode != ATT_FIND_INFORMATION_RESPONSE) /* its end, or its value */
		memcpy(pdu + (opcode == ATT_READ_BY_GROUP_TYPE_RESPONSE ? 4 : 5), asked + 1, 2);
	if (opcode == ATT_READ_BY_TYPE_RESPONSE && n == 5)
		pdu[5]++;
	att_sent(&h->att);
	att_receive(&h->att, pdu, 4 + n, h->now_us);
}

static void test_services_without_end(void **state)
{
	static const uint8_t rest[] = { 0, 0, 0x00, 0xFE };
	struct host *h = *state;
	unsigned n = 0;

	until_services(h);
	host_give(h, "11 06 01 00 01 00 00 FE");
	for (; h->discovered == 0; n++)
		answer_next(h, ATT_READ_BY_GROUP_TYPE_RESPONSE, rest, sizeof(rest));
	assert_true(n < GATT_REQUESTS_MAX);
	expect_end(h, GATT_ENDLESS);
}

static void test_descriptors_without_end(void **state)
{
	static const uint8_t rest[] = { 0x01, 0x29 };
	struct host *h = *state;
	unsigned n = 0;

	until_services(h);
	host_give(h, "11 06 10 00 FF FF 0D 18");
	host_talk(h, "08 01 00 FF FF 02 28", "01 08 01 00 0A");
	host_talk(h, "08 10 00 FF FF 03 28", "09 07 11 00 10 12 00 37 2A");
	host_talk(h, "08 13 00 FF FF 03 28", "01 08 13 00 0A");
	for (; h->discovered == 0; n++)
		answer_next(h, ATT_FIND_INFORMATION_RESPONSE, rest, sizeof(rest));
	assert_true(n < GATT_REQUESTS_MAX);
	expect_end(h, GATT_ENDLESS);
}

static void test_more_characteristics_than_fit_are_left_out(void **state)
{
	static const uint8_t rest[] = { 0x02, 0, 0, 0x38, 0x2A };
	struct host *h = *state;

	until_characteristics(h);
	host_init(h);
	until_services(h);
	host_give(h, "11 06 10 00 FF 00 0D 18");
	host_talk(h, "10 00 01 FF FF 00 28", "01 10 00 01 0A");
	host_talk(h, "08 01 00 FF FF 02 28", "01 08 01 00 0A");
	for (unsigned n = 0; n < 120; n++)
		answer_next(h, ATT_READ_BY_TYPE_RESPONSE, rest, sizeof(rest));
	assert_int_equal(h->discovered, 1);
	assert_int_equal(h->outcome, GATT_FOUND);
	assert_true(h->gatt.table.truncated);
	assert_int_equal(h->gatt.table.count, SESSION_ATTRIBUTES_MAX);
}

static void test_more_services_than_fit_are_left_out(void **state)
{
	static const uint8_t rest[] = { 0, 0, 0x0D, 0x18 };
	struct host *h = *state;

	until_services(h);
	host_give(h, "11 06 01 00 01 00 0D 18");
	for (unsigned n = 0; n < GATT_SERVICES_MAX; n++)
		answer_next(h, ATT_READ_BY_GROUP_TYPE_RESPONSE, rest, sizeof(rest));
	host_talk(h, "10 1A 00 FF FF 00 28", "01 10 1A 00 0A");
	host_talk(h, "08 01 00 FF FF 02 28", "01 08 01 00 0A");
	assert_true(h->gatt.table.truncated);
	assert_int_equal(h->gatt.table.service_count, GATT_SERVICES_MAX);
	for (unsigned n = 0; n < GATT_SERVICES_MAX; n++) {
		size_t length;

		assert_int_equal(att_output(&h->att, &length)[1], n + 1);
		att_sent(&h->att);
		host_give(h, "01 08 01 00 0A");
	}
	expect_end(h, GATT_FOUND);
}

/* ---- time and disorder ---- */

static void test_a_device_that_takes_its_time_is_given_up(void **state)
{
	struct host *h = *state;
	uint8_t handle = 0x41;

	until_services(h);
	host_give(h, "11 06 10 00 40 00 0D 18");
	assert_int_equal(gatt_deadline(&h->gatt), h->now_us + GATT_DISCOVERY_US);
	for (unsigned i = 0; i < 4; i++, handle++) {
		const uint8_t pdu[] = { 0x11, 0x06, handle, 0, handle, 0, 0x0D, 0x18 };
		size_t length;

		assert_non_null(att_output(&h->att, &length));
		att_sent(&h->att);
		host_pass(h, 29 * SECOND);
		att_receive(&h->att, pdu, sizeof(pdu), h->now_us);
	}
	assert_int_equal(h->discovered, 0);
	host_expect(h, "10 45 00 FF FF 00 28");
	host_pass(h, 4 * SECOND);
	assert_int_equal(h->discovered, 1);
	assert_int_equal(h->outcome, GATT_SLOW);
	host_give(h, "11 06 45 00 45 00 0D 18"); /* too late */
	assert_int_equal(h->discovered, 1);
	host_expect(h, "");
}

static void test_a_silent_device_ends_the_bearer(void **state)
{
	struct host *h = *state;

	until_characteristics(h);
	host_pass(h, ATT_TIMEOUT_US);
	assert_int_equal(h->downs, 1);
	assert_int_equal(h->discovered, 0);
	gatt_stop(&h->gatt);
	host_pass(h, GATT_DISCOVERY_US);
	assert_int_equal(h->discovered, 0);
}

static void test_two_answers_to_one_request_leave_discovery_in_step(void **state)
{
	struct host *h = *state;

	until_services(h);
	host_give(h, "11 06 10 00 40 00 0D 18");
	host_give(h, "11 06 41 00 50 00 0F 18"); /* before we asked for it */
	assert_int_equal(h->gatt.table.service_count, 1);
	assert_int_equal(h->att.counters.unexpected, 1);
	host_talk(h, "10 41 00 FF FF 00 28", "01 10 41 00 0A");
	host_expect(h, "08 01 00 FF FF 02 28");
}

static void test_a_full_queue_refuses_to_begin_or_go_on(void **state)
{
	struct host *h = *state;

	assert_int_equal(gatt_start(&h->gatt, NULL, false, h->now_us), 0);
	host_expect(h, "08 01 00 FF FF 2A 2B");
	for (unsigned i = 1; i < ATT_QUEUE_MAX; i++)
		assert_int_equal(att_read(&h->att, 1, host_answered, h, h->now_us), 0);
	h->read_on_answer = false;
	host_give(h, NO_HASH); /* there is one place: its own */
	assert_int_equal(h->discovered, 0);
	assert_int_equal(att_read(&h->att, 1, host_answered, h, h->now_us), -105); /* ENOBUFS */
	host_init(h);
	for (unsigned i = 0; i < ATT_QUEUE_MAX; i++)
		assert_int_equal(att_read(&h->att, 1, host_answered, h, h->now_us), 0);
	assert_int_equal(gatt_start(&h->gatt, NULL, false, h->now_us), -105);
	assert_int_equal(gatt_deadline(&h->gatt), INT64_MAX);
}

static void test_outcomes_have_words(void **state)
{
	for (int o = GATT_FOUND; o <= GATT_UNSTABLE; o++)
		assert_string_not_equal(gatt_outcome_word((enum gatt_outcome)o), "unknown");
	assert_string_equal(gatt_outcome_word((enum gatt_outcome)99), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_HOST(test_services_that_cannot_be),
		WITH_HOST(test_a_page_of_services_that_goes_back),
		WITH_HOST(test_includes_that_cannot_be),
		WITH_HOST(test_includes_that_overlap_are_left_out),
		WITH_HOST(test_characteristics_that_cannot_be),
		WITH_HOST(test_descriptors_that_cannot_be),
		WITH_HOST(test_services_without_end),
		WITH_HOST(test_descriptors_without_end),
		WITH_HOST(test_more_characteristics_than_fit_are_left_out),
		WITH_HOST(test_more_services_than_fit_are_left_out),
		WITH_HOST(test_a_device_that_takes_its_time_is_given_up),
		WITH_HOST(test_a_silent_device_ends_the_bearer),
		WITH_HOST(test_two_answers_to_one_request_leave_discovery_in_step),
		WITH_HOST(test_a_full_queue_refuses_to_begin_or_go_on),
		cmocka_unit_test(test_outcomes_have_words),
	};

	return RUN_TESTS(tests);
}
