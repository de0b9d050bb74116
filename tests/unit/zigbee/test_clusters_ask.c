/*
 * What the clusters ask for, what they remember and the quirks: what a vector
 * cannot show.
 */
#include "unit/codec/reading_line.h"
#include "unit/unit.h"
#include "util/cleanup.h"
#include "zigbee/clusters/clusters.h"

static struct decoded readings;

static void test_rows_are_sound(void **state)
{
	(void)state;
	for (unsigned i = 0; i < _CLUSTER_MAX; i++) {
		const struct zcl_cluster *row = cluster_row(i);

		assert_ptr_equal(cluster_find(row->id), row); /* no id twice */
		assert_true(row->name[0] != 0);
		for (size_t j = 0; j < row->attribute_count; j++) {
			const struct cluster_attribute *a = &row->attributes[j];
			bool analog = zcl_type_is_analog(a->type);

			assert_true(zcl_form_of(a->type) != ZCL_FORM_NONE);
			assert_true(a->metric < _METRIC_MAX);
			assert_true(analog || a->change == 0);
			if (!(a->use & CLUSTER_REPORT))
				continue;
			assert_true(row->bind & CLUSTER_OF_SERVER);
			assert_true(a->max_s > a->min_s && a->max_s >= 60);
		}
	}
	assert_null(cluster_row(_CLUSTER_MAX));
	assert_null(cluster_find(0xabcd));
}

/* Every frame fits, ends, and asks for each attribute once. */
static void test_all_is_asked(void **state)
{
	static size_t (*const asks[])(const struct zcl_cluster *, size_t *, void *,
		size_t) = { cluster_ask_reads, cluster_ask_reporting, cluster_ask_check };
	static const uint8_t uses[] = { CLUSTER_READ, CLUSTER_REPORT, CLUSTER_REPORT };

	(void)state;
	for (unsigned i = 0; i < _CLUSTER_MAX; i++)
		for (size_t k = 0; k < ARRAY_SIZE(asks); k++) {
			const struct zcl_cluster *row = cluster_row(i);
			unsigned asked = 0, wanted = 0;
			uint8_t bytes[CLUSTER_FRAME_MAX];
			size_t at = 0, n;

			for (size_t j = 0; j < row->attribute_count; j++)
				wanted += (row->attributes[j].use & uses[k]) != 0;
			while ((n = asks[k](row, &at, bytes, sizeof(bytes))) > 0) {
				struct zcl_records records;
				struct zcl_record r;
				struct zcl_frame f;

				assert_int_equal(zcl_read_frame(&f, bytes, n), 0);
				assert_int_equal(f.header.maker, row->maker);
				records = zcl_records(&f);
				while (zcl_next(&records, &r) == 0)
					asked++;
			}
			assert_int_equal(asked, wanted);
		}
}

static void test_single_frames(void **state)
{
	uint8_t bytes[CLUSTER_FRAME_MAX];

	(void)state;
	assert_int_equal(cluster_ask_identify(30, bytes, sizeof(bytes)), 5);
	assert_memory_equal(bytes, "\x01\x00\x00\x1e\x00", 5);
	assert_int_equal(cluster_ask_magic(bytes, sizeof(bytes)), 15);
	assert_memory_equal(
		bytes, "\x10\x00\x00\x04\x00\x00\x00\x01\x00\x05\x00\x07\x00\xfe\xff", 15);
	assert_int_equal(cluster_ask_magic(bytes, 14), 0);
}

static void test_reporting_fits(void **state)
{
	static const struct {
		const char *frame;
		bool fits;
	} rows[] = {
		{ "18010900000000290A002C010A00", true },
		{ "18010900000000290000"
		  "3C000500",
			true },                            /* more often, by less */
		{ "18010900000000290A002D010A00", false }, /* more seldom */
		{ "18010900000000290B002C010A00", false }, /* it may wait longer */
		{ "18010900000000290A002C010B00", false }, /* by more */
		{ "18010900000000290A0000000A00", false }, /* by changes alone */
		{ "18010900000000290A00FFFF0A00", false }, /* not at all */
		{ "18010900000000290A002C010080", true },  /* by any */
		{ "1801098B000000", false },
		{ "18010900000100290A002C010A00", false }, /* of another attribute */
		{ "180109000100002C01", false },           /* the other way */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct zcl_records records;
		struct zcl_record r;
		struct zcl_frame f;
		uint8_t bytes[64];
		size_t n;

		assert_true(line_read_hex(rows[i].frame, bytes, sizeof(bytes), &n));
		assert_int_equal(zcl_read_frame(&f, bytes, n), 0);
		records = zcl_records(&f);
		assert_int_equal(zcl_next(&records, &r), 0);
		if (cluster_reporting_fits(&cluster_temperature, &r) != rows[i].fits)
			fail_msg("%s: fits", rows[i].frame);
	}
}

static void test_expectation(void **state)
{
	(void)state;
	assert_int_equal(cluster_expect_us(&cluster_temperature), INT64_C(300000000));
	assert_int_equal(cluster_expect_us(&cluster_power), INT64_C(21600000000));
	assert_int_equal(cluster_expect_us(&cluster_basic), 0);
}

static int hear(struct cluster_device *d, uint16_t cluster, uint8_t endpoint, const char *hex,
	int64_t boot_us, struct cluster_result *out)
{
	struct decode_time now = { .boot_us = boot_us, .utc_us = boot_us + 1 };
	struct cluster_message m = { .cluster = cluster, .endpoint = endpoint, .unicast = true };
	uint8_t bytes[64];

	assert_true(line_read_hex(hex, bytes, sizeof(bytes), &m.length));
	m.bytes = bytes;
	return cluster_heard(d, &m, &now, &readings, out);
}

/* A device with endpoints without end gets no more memory than there is. */
static void test_memories_end(void **state)
{
	struct cluster_device d = { 0 };
	struct cluster_result out;
	struct decode_time now = { .boot_us = 1 };

	(void)state;
	for (unsigned i = 1; i <= 255; i++)
		assert_int_equal(hear(&d, 0x0403, (uint8_t)i, "18010A140028FF", 1, &out), 0);
	assert_int_equal(d.memory_count, CLUSTER_MEMORIES_MAX);
	/* what needs one says so, an alarm comes through all the same */
	assert_int_equal(
		cluster_begin(&d, 0x0500, 1, 0, &now, &readings, &out), CLUSTER_E_OVERFLOW);
	assert_int_equal(hear(&d, 0x0500, 1, "09010115000000", 2, &out), CLUSTER_E_OVERFLOW);
	assert_int_equal(out.request_count, 1);
	assert_int_equal(hear(&d, 0x0500, 1,
				 "18010101000031"
				 "1500",
				 2, &out),
		CLUSTER_E_OVERFLOW);
	assert_int_equal(hear(&d, 0x0500, 1,
				 "19010001000000"
				 "0000",
				 3, &out),
		0);
	assert_int_equal(readings.count, 3);
	assert_int_equal(readings.list[0].metric, METRIC_PROBLEM);
	assert_true(readings.list[0].boolean);
	/* others go on without */
	assert_int_equal(hear(&d, 0x0b04, 1, "18010A050521E600", 4, &out), 0);
	assert_int_equal(readings.count, 1);
	snprintf(d.facts[FACT_MODEL], sizeof(d.facts[0]), "lumi.sensor_switch");
	cluster_restored(&d);
	assert_int_equal(d.quirk_every_s, 3600);
	assert_int_equal(hear(&d, 0x0006, 1, "18010A00001000", 5, &out), 0);
	assert_int_equal(hear(&d, 0x0006, 1, "18020A00001001", 6, &out), 0);
	assert_int_equal(readings.list[0].word, WORD_SINGLE);
}

/* Numbers wrap after 256 messages: the same frame is then another one, however soon. */
static void test_numbers_wrap(void **state)
{
	struct cluster_device d = { 0 };
	struct cluster_result out;
	uint64_t key;

	(void)state;
	hear(&d, 0x0006, 1, "110001", 1, &out);
	key = readings.list[0].source_key;
	for (unsigned i = 1; i < 256; i++) {
		char hex[16];

		snprintf(hex, sizeof(hex), "11%02X01", i);
		hear(&d, 0x0006, 1, hex, 1 + i, &out);
		assert_false(out.repeated);
	}
	hear(&d, 0x0006, 1, "110001", 300, &out);
	assert_false(out.repeated);
	assert_true(readings.list[0].source_key != key);
	hear(&d, 0x0006, 1, "110001", 301, &out);
	assert_true(out.repeated);
}

static void test_full_list(void **state)
{
	struct cluster_device d = { 0 };
	struct decode_time now = { .boot_us = 1, .utc_us = 1 };
	uint8_t bytes[3 + 5 * (DECODED_MAX + 1)] = { 0x18, 1, 0x0a };
	struct cluster_message m = { .cluster = 0x0405, .bytes = bytes, .length = sizeof(bytes) };
	struct cluster_result out;

	(void)state;
	for (size_t i = 3; i < sizeof(bytes); i += 5)
		bytes[i + 2] = ZCL_TYPE_U16;
	assert_int_equal(cluster_heard(&d, &m, &now, &readings, &out), CLUSTER_E_OVERFLOW);
	assert_int_equal(readings.count, DECODED_MAX);
}

static void test_unknown_cluster(void **state)
{
	struct cluster_device d = { 0 };
	struct cluster_result out;
	struct decode_time now = { .boot_us = 1 };

	(void)state;
	/* a report has arrived; a command is not known */
	assert_int_equal(hear(&d, 0xfc11, 1, "08010A00001001", 1, &out), CLUSTER_E_UNKNOWN);
	assert_int_equal(out.request_count, 1);
	assert_int_equal(out.requests[0].cluster, 0xfc11);
	assert_memory_equal(out.requests[0].bytes, "\x10\x01\x0b\x0a\x00", 5);
	assert_int_equal(hear(&d, 0xfc11, 1, "010200", 2, &out), CLUSTER_E_UNKNOWN);
	assert_memory_equal(out.requests[0].bytes, "\x18\x02\x0b\x00\xc3", 5);
	assert_int_equal(hear(&d, 0xfc11, 1,
				 "180301000000"
				 "1001",
				 3, &out),
		CLUSTER_E_UNKNOWN);
	assert_int_equal(out.request_count, 0);
	assert_int_equal(hear(&d, 0xfc11, 1, "18040487", 4, &out), 0);
	assert_int_equal(out.note, CLUSTER_NOTE_REFUSED);
	assert_int_equal(cluster_begin(&d, 0xfc11, 1, 0, &now, &readings, &out), CLUSTER_E_UNKNOWN);
	assert_int_equal(cluster_begin(&d, 0x0402, 1, 0, &now, &readings, &out), 0);
}

static void test_quirks_of_older_firmware(void **state)
{
	static const struct {
		const char *firmware;
		bool older;
	} rows[] = {
		{ "2.3.014", true },
		{ "2.3", true },
		{ "2", true },
		{ "1.99.99", true },
		{ "0.1", true },
		{ "2.4.0", false },
		{ "2.4.0.1", false },
		{ "2.04.000", false },
		{ "2.10.1", false },
		{ "24.4.5", false },
		{ "99999999999999999999.1", false },
		{ "2..5", true },
		{ "", false },
		{ "v1.2", false },
		{ "-1.2", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		print_message("%s\n", rows[i].firmware);
		assert_int_equal(
			quirk_find("IKEA of Sweden", "TRADFRI motion sensor", rows[i].firmware)
					.flags == QUIRK_BATTERY_WHOLE,
			rows[i].older);
	}
	assert_int_equal(quirk_find("IKEA of Sweden", "RODRET Dimmer", "1.0").flags, 0);
}

static void test_quirks(void **state)
{
	struct quirk q = quirk_find("LUMI", "lumi.sensor_motion.aq2", "");
	struct quirk_press press;

	(void)state;
	assert_true(q.flags & QUIRK_NO_SETUP && q.flags & QUIRK_LUMP);
	assert_true(q.flags & QUIRK_LUX_PLAIN && q.flags & QUIRK_NO_MOTION_END);
	assert_int_equal(q.zone_type, 0x000d);
	assert_int_equal(q.every_s, 3600);
	assert_true(quirk_find("_TZE200_bjawzodf", "TS0601", "").flags & QUIRK_MAGIC_READ);
	q = quirk_find("", "", "");
	assert_true(q.flags == 0 && q.zone_type == 0 && q.every_s == 0);
	q = quirk_find("HEIMAN", "TS", ""); /* shorter than the pattern */
	assert_int_equal(q.flags, 0);
	/* the first three bytes of the address, as it is printed */
	assert_true(quirk_joins_with_lumi(UINT64_C(0x54ef441000112233)));
	assert_true(quirk_joins_with_lumi(UINT64_C(0x04cf8cdf3c771122)));
	assert_false(quirk_joins_with_lumi(UINT64_C(0x00124b0001020304)));
	assert_true(quirk_button("eWeLink", "WB01", 0x0006, 0x00, QUIRK_ANY, &press));
	assert_int_equal(press.word, WORD_LONG);
	assert_false(quirk_button("eWeLink", "WB02", 0x0006, 0x00, QUIRK_ANY, &press));
	assert_false(quirk_button("eWeLink", "WB01", 0x0008, 0x00, QUIRK_ANY, &press));
	assert_null(quirk_lump("lumi.weather", 0x63));
	assert_null(quirk_point("_TZE200_bjawzodf", 3));
}

static void test_texts(void **state)
{
	(void)state;
	for (int i = 0; i < _CLUSTER_E_MAX; i++)
		assert_true(cluster_outcome_text(i)[0] != 0);
	assert_string_equal(cluster_outcome_text(-1), "");
	assert_string_equal(cluster_outcome_text(_CLUSTER_E_MAX), "");
	assert_string_equal(cluster_note_text(CLUSTER_NOTE_NONE), "");
	assert_string_equal(cluster_note_text(_CLUSTER_NOTE_MAX), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_are_sound),
		cmocka_unit_test(test_all_is_asked),
		cmocka_unit_test(test_single_frames),
		cmocka_unit_test(test_reporting_fits),
		cmocka_unit_test(test_expectation),
		cmocka_unit_test(test_memories_end),
		cmocka_unit_test(test_numbers_wrap),
		cmocka_unit_test(test_full_list),
		cmocka_unit_test(test_unknown_cluster),
		cmocka_unit_test(test_quirks_of_older_firmware),
		cmocka_unit_test(test_quirks),
		cmocka_unit_test(test_texts),
	};

	return RUN_TESTS(tests);
}
