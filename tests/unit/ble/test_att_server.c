/*
 * What a device gets that asks us: the whole of our table by each way of
 * asking, and the proper error for all else.
 */
#include "att_host.h"
#include "unit/unit.h"

#define HOUR 3600

/* 2026-11-21T10:00:00.5Z, a Saturday, in a zone of UTC+1. */
static void know_time(struct host *h)
{
	h->knows_time = true;
	h->time = (struct att_server_time){ .utc_us = INT64_C(1795255200500000), .offset_s = HOUR };
}

static void test_a_device_finds_and_reads_the_time(void **state)
{
	struct host *h = *state;

	know_time(h);
	host_give(h, "10 01 00 FF FF 00 28");
	host_expect(h, "11 06 01 00 05 00 05 18");
	host_give(h, "10 06 00 FF FF 00 28");
	host_expect(h, "01 10 06 00 0A");
	host_give(h, "08 01 00 05 00 03 28");
	host_expect(h, "09 07 02 00 02 03 00 2B 2A 04 00 02 05 00 0F 2A");
	host_give(h, "0A 03 00");
	host_expect(h, "0B EA 07 0B 15 0B 00 00 06 80 00");
	host_give(h, "0A 05 00");
	host_expect(h, "0B 04 00");
	assert_int_equal(h->att.counters.asked, 5);
	assert_int_equal(h->heard + h->answers + h->downs, 0);
}

static void test_each_request_and_its_answer(void **state)
{
	static const char *const rows[][2] = {
		/* Find Information */
		{ "04 01 00 FF FF",
			"05 01 01 00 00 28 02 00 03 28 03 00 2B 2A 04 00 03 28 05 00 0F 2A" },
		{ "04 03 00 04 00", "05 01 03 00 2B 2A 04 00 03 28" },
		{ "04 06 00 FF FF", "01 04 06 00 0A" },
		{ "04 FF FF FF FF", "01 04 FF FF 0A" },
		{ "04 00 00 FF FF", "01 04 00 00 01" },
		{ "04 05 00 04 00", "01 04 05 00 01" },
		{ "04 01 00 FF", "01 04 00 00 04" },
		{ "04 01 00 FF FF 00", "01 04 00 00 04" },
		/* Find By Type Value */
		{ "06 01 00 FF FF 00 28 05 18", "07 01 00 05 00" },
		{ "06 01 00 FF FF 00 28 FB 34 9B 5F 80 00 00 80 00 10 00 00 05 18 00 00",
			"07 01 00 05 00" },
		{ "06 01 00 FF FF 00 28 0D 18", "01 06 01 00 0A" },
		{ "06 01 00 FF FF 00 28", "01 06 01 00 0A" },
		{ "06 01 00 FF FF 01 28 05 18", "01 06 01 00 0A" },
		{ "06 02 00 FF FF 00 28 05 18", "01 06 02 00 0A" },
		{ "06 00 00 FF FF 00 28 05 18", "01 06 00 00 01" },
		{ "06 01 00 FF FF 00", "01 06 00 00 04" },
		{ "06 01", "01 06 00 00 04" },
		/* Read By Type */
		{ "08 01 00 FF FF 2B 2A", "09 0C 03 00 EA 07 0B 15 0B 00 00 06 80 00" },
		{ "08 01 00 FF FF 0F 2A", "09 04 05 00 04 00" },
		{ "08 05 00 05 00 0F 2A", "09 04 05 00 04 00" },
		{ "08 01 00 04 00 0F 2A", "01 08 01 00 0A" },
		{ "08 01 00 FF FF", "01 08 00 00 04" },
		{ "08 01 00 FF FF FB 34 9B 5F 80 00 00 80 00 10 00 00 0F 2A 00 00",
			"09 04 05 00 04 00" },
		{ "08 01 00 FF FF FB 34 9B 5F 80 00 00 80 00 10 00 00 0F 2A 00 01",
			"01 08 01 00 0A" },
		{ "08 01 00 FF FF 02 28", "01 08 01 00 0A" },
		{ "08 04 00 FF FF 03 28", "09 07 04 00 02 05 00 0F 2A" },
		{ "08 02 00 01 00 03 28", "01 08 02 00 01" },
		{ "08 01 00 FF FF 03 28 00", "01 08 00 00 04" },
		{ "08 01 00", "01 08 00 00 04" },
		/* Read By Group Type */
		{ "10 01 00 01 00 00 28", "11 06 01 00 05 00 05 18" },
		{ "10 01 00 FF FF 01 28", "01 10 01 00 0A" },
		{ "10 01 00 FF FF 03 28", "01 10 01 00 10" },
		{ "10 00 00 FF FF 00 28", "01 10 00 00 01" },
		{ "10 01 00 FF FF", "01 10 00 00 04" },
		/* Read */
		{ "0A 01 00", "0B 05 18" },
		{ "0A 02 00", "0B 02 03 00 2B 2A" },
		{ "0A 04 00", "0B 02 05 00 0F 2A" },
		{ "0A 00 00", "01 0A 00 00 01" },
		{ "0A 06 00", "01 0A 06 00 01" },
		{ "0A 01", "01 0A 00 00 04" },
		{ "0A 01 00 00", "01 0A 00 00 04" },
		/* nothing is written */
		{ "12 03 00 00", "01 12 03 00 03" },
		{ "12 01 00", "01 12 01 00 03" },
		{ "12 09 00 00", "01 12 09 00 01" },
		{ "12 03", "01 12 00 00 04" },
		/* all else */
		{ "02 17", "01 02 00 00 04" },
		{ "0C 03 00 00 00", "01 0C 00 00 06" },
		{ "0E 03 00 05 00", "01 0E 00 00 06" },
		{ "16 03 00 00 00 00", "01 16 00 00 06" },
		{ "18 01", "01 18 00 00 06" },
		{ "20 03 00 05 00", "01 20 00 00 06" },
		{ "00", "01 00 00 00 06" },
		{ "1A", "01 1A 00 00 06" },
		{ "3F 01", "01 3F 00 00 06" },
	};
	struct host *h = *state;

	know_time(h);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		host_give(h, rows[i][0]);
		host_expect(h, rows[i][1]);
		host_expect(h, "");
	}
	assert_int_equal(h->att.counters.asked, sizeof(rows) / sizeof(rows[0]));
}

static void test_summer_time_is_told_apart_from_the_zone(void **state)
{
	struct host *h = *state;

	know_time(h);
	h->time.offset_s = 2 * HOUR;
	h->time.summer = true;
	host_give(h, "0A 03 00");
	host_expect(h, "0B EA 07 0B 15 0C 00 00 06 80 00");
	host_give(h, "0A 05 00");
	host_expect(h, "0B 04 04");
	h->time.offset_s = -HOUR * 7 / 2; /* Newfoundland */
	h->time.summer = false;
	host_give(h, "0A 05 00");
	host_expect(h, "0B F2 00");
}

static void test_a_time_that_is_not_known_is_not_told(void **state)
{
	struct host *h = *state;

	host_give(h, "0A 03 00");
	host_expect(h, "01 0A 03 00 0E");
	host_give(h, "08 01 00 FF FF 0F 2A");
	host_expect(h, "01 08 05 00 0E");
	/* what the table looks like can be had all the same */
	host_give(h, "0A 02 00");
	host_expect(h, "0B 02 03 00 2B 2A");
}

static void test_a_request_before_the_answer_to_the_former_is_not_served(void **state)
{
	struct host *h = *state;

	host_give(h, "0A 01 00");
	for (unsigned i = 0; i < 1000; i++)
		host_give(h, "0A 02 00");
	host_expect(h, "0B 05 18");
	host_expect(h, "");
	assert_int_equal(h->att.counters.asked, 1);
	assert_int_equal(h->att.counters.unexpected, 1000);
}

static void test_both_sides_ask_at_once(void **state)
{
	struct host *h = *state;

	assert_int_equal(att_read(&h->att, 0x11, host_answered, h, h->now_us), 0);
	host_give(h, "0A 01 00");
	host_expect(h, "0B 05 18");
	host_expect(h, "0A 11 00");
	host_give(h, "0A 01 00");
	host_give(h, "0B 07");
	assert_int_equal(h->answers, 1);
	host_expect(h, "0B 05 18");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_HOST(test_a_device_finds_and_reads_the_time),
		WITH_HOST(test_each_request_and_its_answer),
		WITH_HOST(test_summer_time_is_told_apart_from_the_zone),
		WITH_HOST(test_a_time_that_is_not_known_is_not_told),
		WITH_HOST(test_a_request_before_the_answer_to_the_former_is_not_served),
		WITH_HOST(test_both_sides_ask_at_once),
	};

	return RUN_TESTS(tests);
}
