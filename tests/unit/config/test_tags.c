/*
 * [Tag NAME]: who is meant by each way to say it, what is told of wrong ones,
 * word for word, and which one counts where several fit.
 */
#include "config_test.h"

#define BLE BASE "[BLE]\nEnabled=yes\n[Tag t]\n"
#define ADDRESS "Address=ac:23:3f:a1:b2:c3\n"
#define UUID "UUID=F7826DA6-4FA2-4E98-8024-BC5B71E0893E\n"

static void expect_identity(const char *text, enum tag_kind kind, const char *hex, bool whole)
{
	struct outcome o = read_good(text);
	const struct config_tag *t = o.config->tags;
	char found[2 * TAG_IDENTITY_MAX + 1] = "";

	assert_int_equal(o.config->tag_count, 1);
	assert_string_equal(t->name, "t");
	assert_int_equal(t->kind, kind);
	for (size_t i = 0; i < t->length; i++)
		snprintf(found + 2 * i, 3, "%02x", t->identity[i]);
	assert_string_equal(found, hex);
	assert_int_equal(t->whole, whole);
	outcome_done(&o);
}

static void who_is_meant(void **state)
{
	expect_identity(BLE ADDRESS, TAG_ADDRESS, "ac233fa1b2c3", true);
	expect_identity(BLE "Address=AC233FA1B2C3\n", TAG_ADDRESS, "ac233fa1b2c3", true);
	expect_identity(BLE "AddressPrefix=AC:23:3F\n", TAG_ADDRESS, "ac233f", false);
	expect_identity(BLE UUID, TAG_IBEACON, "f7826da64fa24e988024bc5b71e0893e", false);
	expect_identity(
		BLE UUID "Major=7\n", TAG_IBEACON, "f7826da64fa24e988024bc5b71e0893e0007", false);
	expect_identity(BLE UUID "Major=0\nMinor=65535\n", TAG_IBEACON,
		"f7826da64fa24e988024bc5b71e0893e0000ffff", true);
	expect_identity(BLE "Namespace=edd1ebeac04e5defa017\n", TAG_EDDYSTONE,
		"edd1ebeac04e5defa017", false);
	expect_identity(BLE "Namespace=edd1ebeac04e5defa017\nInstance=0bdb87539b67\n",
		TAG_EDDYSTONE, "edd1ebeac04e5defa0170bdb87539b67", true);
}

static void what_is_wrong(void **state)
{
	static const char *const rows[][2] = {
		{ BLE "Bed=3\n",
			"t.conf:9: [Tag t] Address: is missing; give Address= of one tag, or "
			"AddressPrefix=, UUID= or Namespace= of a group" },
		{ BLE ADDRESS UUID, "t.conf:11: [Tag t] "
				    "UUID=F7826DA6-4FA2-4E98-8024-BC5B71E0893E: does not go with "
				    "Address=; a tag is known by one of the two" },
		{ BLE "Address=AC:23:3F\n",
			"t.conf:10: [Tag t] Address=AC:23:3F: is not a Bluetooth address; give six "
			"pairs of hex digits, e.g. AC:23:3F:A1:B2:C3" },
		{ BLE "AddressPrefix=AC:23:3F:A1:B2:\n",
			"t.conf:10: [Tag t] AddressPrefix=AC:23:3F:A1:B2:: is longer than 14 "
			"bytes" },
		{ BLE "AddressPrefix=AC:2\n",
			"t.conf:10: [Tag t] AddressPrefix=AC:2: is not the beginning of a "
			"Bluetooth "
			"address; give 1 to 5 pairs of hex digits, e.g. AC:23:3F" },
		{ BLE "AddressPrefix=AC:\n",
			"t.conf:10: [Tag t] AddressPrefix=AC:: is not the beginning of a Bluetooth "
			"address; give 1 to 5 pairs of hex digits, e.g. AC:23:3F" },
		{ BLE "UUID=f7826da6\n",
			"t.conf:10: [Tag t] UUID=f7826da6: is not a UUID; give 32 hex digits, e.g. "
			"f7826da6-4fa2-4e98-8024-bc5b71e0893e" },
		{ BLE ADDRESS "Major=7\n", "t.conf:11: [Tag t] Major=7: needs UUID=, too" },
		{ BLE UUID "Minor=7\n", "t.conf:11: [Tag t] Minor=7: needs Major=, too" },
		{ BLE ADDRESS "Instance=0bdb87539b67\n",
			"t.conf:11: [Tag t] Instance=0bdb87539b67: needs Namespace=, too" },
		{ BLE "Namespace=edd1ebeac04e5defa017\nInstance=0bdb\n",
			"t.conf:11: [Tag t] Instance=0bdb: is not an instance; give 12 hex digits, "
			"e.g. 0bdb87539b67" },
		{ BLE ADDRESS "EnterAbove=-91\n",
			"t.conf:11: [Tag t] EnterAbove=-91: puts LeaveBelow= (-90) above "
			"EnterAbove= (-91), so that it would come and go at once; give "
			"LeaveBelow=-91 or less" },
		{ BLE ADDRESS "EnterAbove=strong\n",
			"t.conf:11: [Tag t] EnterAbove=strong: is no strength in dBm; give -120 to "
			"20, e.g. -75" },
		{ BLE ADDRESS "LeaveBelow=-121\n",
			"t.conf:11: [Tag t] LeaveBelow=-121: is out of range; give -120 to 20, "
			"e.g. -75: a larger number is nearer" },
		{ BLE ADDRESS "[Tag u]\n" ADDRESS,
			"t.conf:12: [Tag u] Address=ac:23:3f:a1:b2:c3: says the same as [Tag t] "
			"(t.conf:10); a tag has one section" },
		{ BLE ADDRESS "[Device t]\nTransport=ble\nAddress=C0:FF:EE:00:00:01\n",
			"t.conf:9: [Tag t]: [Device t] (t.conf:12) has this name; choose another" },
		{ BASE "[BLE]\nEnabled=yes\n[Tag a-name-of-twenty-eight-chars]\n"
		       "Namespace=edd1ebeac04e5defa017\n",
			"t.conf:10: [Tag a-name-of-twenty-eight-chars] "
			"Namespace=edd1ebeac04e5defa017: leaves no room for the names of its tags, "
			"13 characters behind the section's; give a name of at most 27" },
		{ BLE ADDRESS "AwayAfter=1s\n",
			"t.conf:11: [Tag t] AwayAfter=1s: no such setting; did you mean Away?" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		expect_error(rows[i][0], rows[i][1]);
	expect_warning(BASE "[Tag t]\n" UUID,
		"t.conf:8: [Tag t] UUID=F7826DA6-4FA2-4E98-8024-BC5B71E0893E: is not heard, since "
		"Bluetooth is not enabled; set Enabled=yes in [BLE]");
}

static void one_tag_counts_before_its_group(void **state)
{
	struct outcome o = read_good(BASE "[BLE]\nEnabled=yes\n"
					  "[Tag a-group]\nAddressPrefix=AC:23:3F\n"
					  "[Tag another]\nAddressPrefix=AC:23\nReportEvery=0\n"
					  "[Tag z]\n" ADDRESS "Bed=corridor\nEnterAbove=-60\n");
	const struct config_tag *t = o.config->tags;
	static const uint8_t identity[] = { 0xac, 0x23, 0x3f, 0xa1, 0xb2, 0xc3 };
	char name[TAG_NAME_MAX + 1];

	assert_int_equal(o.config->tag_count, 3);
	assert_string_equal(t[0].name, "z");
	assert_string_equal(t[0].bed, "corridor");
	assert_int_equal(t[0].enter_dbm, -60);
	assert_int_equal(t[0].leave_dbm, -90);
	assert_int_equal(t[0].away_us, 30000000);
	assert_int_equal(t[0].report_every_us, 60000000);
	assert_string_equal(t[1].name, "a-group");
	assert_string_equal(t[2].name, "another");
	assert_int_equal(t[2].report_every_us, 0);
	assert_string_equal(config_tag_name(&t[0], identity, 6, name), "z");
	assert_string_equal(config_tag_name(&t[1], identity, 6, name), "a-group-a1b2c3");
	assert_string_equal(config_tag_name(&t[2], identity, 6, name), "another-3fa1b2c3");
	outcome_done(&o);
}

/* A rule may name a tag, or one of a group's. */
static void rules_may_name_tags(void **state)
{
#define RULE "[Rule away]\nType=event\nMetric=presence\nIs=no\nPriority=low\nDevices="
	struct outcome o = read_good(
		BLE "AddressPrefix=AC:23:3F\nBed=corridor\n[Tag wheelchair-7]\n"
		    "Address=00:00:00:00:00:01\n" RULE "wheelchair-7 t-a1b2c3\nBeds=corridor\n");

	if (o.problems.warning_count > 0)
		print_all(&o);
	assert_int_equal(o.problems.warning_count, 0);
	outcome_done(&o);
	expect_warning(BLE "AddressPrefix=AC:23:3F\n" RULE "tt-a1b2c3\n",
		"t.conf:16: [Rule away] Devices=tt-a1b2c3: names tt-a1b2c3, of which there is no "
		"[Device] section");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_meant),
		cmocka_unit_test(what_is_wrong),
		cmocka_unit_test(one_tag_counts_before_its_group),
		cmocka_unit_test(rules_may_name_tags),
	};

	return RUN_TESTS(tests);
}
