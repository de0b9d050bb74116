/*
 * The management protocol against bytes written down by hand from
 * doc/mgmt-api.txt of BlueZ, field by field: what we send, and what we read.
 */
#include "ble/mgmt.h"

#include <errno.h>

#include "unit/hex.h"
#include "util/cleanup.h"

/* C0:FF:EE:00:00:01, and 00:AA:01:00:00:23, least significant octet first */
static const struct ble_address device = { BLE_ADDRESS_RANDOM,
	{ 0x01, 0x00, 0x00, 0xEE, 0xFF, 0xC0 } };
static const struct ble_address public = { BLE_ADDRESS_PUBLIC,
	{ 0x23, 0x00, 0x00, 0x01, 0xAA, 0x00 } };

#define KEY                                                                                        \
	{                                                                                          \
		0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15                               \
	}
#define KEY_HEX "00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F"

static const struct mgmt_ltk ltks[] = {
	{ { BLE_ADDRESS_RANDOM, { 0x01, 0x00, 0x00, 0xEE, 0xFF, 0xC0 } },
		MGMT_LTK_P256_UNAUTHENTICATED, 0, 16, 0, { 0 }, KEY },
	{ { BLE_ADDRESS_PUBLIC, { 0x23, 0x00, 0x00, 0x01, 0xAA, 0x00 } }, MGMT_LTK_AUTHENTICATED, 1,
		7, 0x1234, { 1, 2, 3, 4, 5, 6, 7, 8 }, KEY },
};
static const struct mgmt_irk irks[] = {
	{ { BLE_ADDRESS_RANDOM, { 0x01, 0x00, 0x00, 0xEE, 0xFF, 0xC0 } }, KEY },
};
static const struct mgmt_params params[] = {
	{ { BLE_ADDRESS_RANDOM, { 0x01, 0x00, 0x00, 0xEE, 0xFF, 0xC0 } }, 24, 40, 4, 600 },
};
static const struct mgmt_pattern patterns[] = {
	{ 0x16, 2, 4, { 0x11, 0x22, 0x33, 0x44 } },
};

#define ZERO27 "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00"

static const struct {
	struct mgmt_command command;
	const char *hex;
} sent[] = {
	{ { .op = MGMT_READ_VERSION, .index = MGMT_INDEX_NONE }, "01 00 FF FF 00 00" },
	{ { .op = MGMT_READ_INDEX_LIST, .index = MGMT_INDEX_NONE }, "03 00 FF FF 00 00" },
	{ { .op = MGMT_READ_EXT_INDEX_LIST, .index = MGMT_INDEX_NONE }, "3C 00 FF FF 00 00" },
	{ { .op = MGMT_READ_INFO, .index = 1 }, "04 00 01 00 00 00" },
	{ { .op = MGMT_SET_POWERED, .index = 0, .value = 1 }, "05 00 00 00 01 00 01" },
	{ { .op = MGMT_SET_BONDABLE, .index = 0, .value = 1 }, "09 00 00 00 01 00 01" },
	{ { .op = MGMT_SET_SSP, .index = 0, .value = 1 }, "0B 00 00 00 01 00 01" },
	{ { .op = MGMT_SET_LE, .index = 258, .value = 1 }, "0D 00 02 01 01 00 01" },
	{ { .op = MGMT_SET_SECURE_CONNECTIONS, .index = 0, .value = 1 }, "2D 00 00 00 01 00 01" },
	{ { .op = MGMT_SET_IO_CAPABILITY, .index = 0, .value = MGMT_IO_NONE },
		"18 00 00 00 01 00 03" },
	{ { .op = MGMT_LOAD_LTKS, .index = 0, .count = 0 }, "13 00 00 00 02 00 00 00" },
	{ { .op = MGMT_LOAD_LTKS, .index = 0, .count = 2, .ltks = ltks },
		"13 00 00 00 4A 00 02 00 "
		"01 00 00 EE FF C0 02 02 00 10 00 00 00 00 00 00 00 00 00 00 " KEY_HEX
		"23 00 00 01 AA 00 01 01 01 07 34 12 01 02 03 04 05 06 07 08 " KEY_HEX },
	{ { .op = MGMT_LOAD_IRKS, .index = 0, .count = 1, .irks = irks },
		"30 00 00 00 19 00 01 00 01 00 00 EE FF C0 02 " KEY_HEX },
	{ { .op = MGMT_LOAD_PARAMS, .index = 0, .count = 1, .params = params },
		"35 00 00 00 11 00 01 00 01 00 00 EE FF C0 02 18 00 28 00 04 00 58 02" },
	/* the example of the document */
	{ { .op = MGMT_ADD_MONITOR, .index = 0, .count = 1, .patterns = patterns },
		"52 00 00 00 23 00 01 16 02 04 11 22 33 44 " ZERO27 },
	{ { .op = MGMT_REMOVE_MONITOR, .index = 0, .handle = 0 }, "53 00 00 00 02 00 00 00" },
	{ { .op = MGMT_REMOVE_MONITOR, .index = 0, .handle = 513 }, "53 00 00 00 02 00 01 02" },
	{ { .op = MGMT_START_DISCOVERY, .index = 0, .value = MGMT_DISCOVER_LE },
		"23 00 00 00 01 00 06" },
	{ { .op = MGMT_STOP_DISCOVERY, .index = 0, .value = MGMT_DISCOVER_LE },
		"24 00 00 00 01 00 06" },
	{ { .op = MGMT_PAIR,
		  .index = 0,
		  .address = { 2, { 1, 0, 0, 0xEE, 0xFF, 0xC0 } },
		  .value = MGMT_IO_KEYBOARD_DISPLAY },
		"19 00 00 00 08 00 01 00 00 EE FF C0 02 04" },
	{ { .op = MGMT_CANCEL_PAIR, .address = { 2, { 1, 0, 0, 0xEE, 0xFF, 0xC0 } } },
		"1A 00 00 00 07 00 01 00 00 EE FF C0 02" },
	{ { .op = MGMT_UNPAIR, .address = { 1, { 1, 2, 3, 4, 5, 6 } }, .value = 1 },
		"1B 00 00 00 08 00 01 02 03 04 05 06 01 01" },
	{ { .op = MGMT_DISCONNECT, .address = { 1, { 1, 2, 3, 4, 5, 6 } } },
		"14 00 00 00 07 00 01 02 03 04 05 06 01" },
	{ { .op = MGMT_CONFIRM, .address = { 1, { 1, 2, 3, 4, 5, 6 } } },
		"1C 00 00 00 07 00 01 02 03 04 05 06 01" },
	{ { .op = MGMT_CONFIRM_NEGATIVE, .address = { 1, { 1, 2, 3, 4, 5, 6 } } },
		"1D 00 00 00 07 00 01 02 03 04 05 06 01" },
	{ { .op = MGMT_PASSKEY, .address = { 1, { 1, 2, 3, 4, 5, 6 } }, .passkey = 123456 },
		"1E 00 00 00 0B 00 01 02 03 04 05 06 01 40 E2 01 00" },
	{ { .op = MGMT_PASSKEY_NEGATIVE, .address = { 1, { 1, 2, 3, 4, 5, 6 } } },
		"1F 00 00 00 07 00 01 02 03 04 05 06 01" },
};

static void test_commands_are_the_documents_bytes(void **state)
{
	uint8_t want[256], got[256];

	for (size_t i = 0; i < ARRAY_SIZE(sent); i++) {
		size_t n = unit_hex(sent[i].hex, want, sizeof(want));

		assert_int_equal(mgmt_encode(&sent[i].command, got, sizeof(got)), n);
		assert_memory_equal(got, want, n);
		/* and in no room but what it takes */
		assert_int_equal(mgmt_encode(&sent[i].command, got, n), n);
		if (n > MGMT_HEADER_SIZE)
			assert_int_equal(mgmt_encode(&sent[i].command, got, n - 1), -ENOBUFS);
		assert_string_not_equal(mgmt_op_words(sent[i].command.op), "unknown command");
	}
	assert_int_equal(mgmt_encode(&sent[0].command, got, 3), -ENOBUFS);
}

static void test_commands_that_cannot_be_are_refused(void **state)
{
	static const struct mgmt_command wrong[] = {
		{ .op = 0x0002 },
		{ .op = MGMT_SET_POWERED, .value = 2 },
		{ .op = MGMT_SET_IO_CAPABILITY, .value = 5 },
		{ .op = MGMT_PAIR, .address = { BLE_ADDRESS_ANY, { 1 } } },
		{ .op = MGMT_UNPAIR, .address = { BLE_ADDRESS_BREDR, { 1 } } },
		{ .op = MGMT_PASSKEY, .address = { 1, { 1 } }, .passkey = 1000000 },
		{ .op = MGMT_LOAD_LTKS, .count = MGMT_LTKS_MAX + 1 },
		{ .op = MGMT_LOAD_IRKS, .count = MGMT_IRKS_MAX + 1 },
		{ .op = MGMT_LOAD_PARAMS, .count = MGMT_PARAMS_MAX + 1 },
		{ .op = MGMT_ADD_MONITOR, .count = 0 },
		{ .op = MGMT_ADD_MONITOR, .count = MGMT_PATTERNS_MAX + 1 },
	};
	static const struct mgmt_pattern beyond = { .ad_type = 1, .offset = 31, .length = 1 };
	uint8_t got[64];

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(mgmt_encode(&wrong[i], got, sizeof(got)), -EINVAL);
	assert_int_equal(mgmt_encode(
				 &(struct mgmt_command){
					 .op = MGMT_ADD_MONITOR, .count = 1, .patterns = &beyond },
				 got, sizeof(got)),
		-EINVAL);
}

static void test_the_longest_list_fits_the_largest_packet(void **state)
{
	static struct mgmt_ltk many[MGMT_LTKS_MAX];
	static uint8_t got[MGMT_PACKET_MAX];
	struct mgmt_command c = { .op = MGMT_LOAD_LTKS, .count = MGMT_LTKS_MAX, .ltks = many };

	assert_int_equal(mgmt_encode(&c, got, sizeof(got)), MGMT_PACKET_MAX);
	assert_int_equal(got[4] | got[5] << 8, MGMT_PACKET_MAX - MGMT_HEADER_SIZE);
	assert_int_equal(mgmt_encode(&c, got, sizeof(got) - 1), -ENOBUFS);
}

/* ---- what comes ---- */

static uint8_t packet[4096];

static int decode(const char *hex, struct mgmt_event *e)
{
	return mgmt_decode(packet, unit_hex(hex, packet, sizeof(packet)), e);
}

static void expect(const char *hex, uint16_t code, uint16_t index, struct mgmt_event *e)
{
	assert_int_equal(decode(hex, e), 0);
	assert_int_equal(e->code, code);
	assert_int_equal(e->index, index);
}

static void expect_address(const struct ble_address *got, const struct ble_address *want)
{
	assert_true(ble_address_equal(got, want));
}

static void test_replies(void **state)
{
	struct mgmt_event e;
	uint8_t version;
	uint16_t revision, monitor;
	uint32_t settings;
	struct ble_address who;

	expect("01 00 FF FF 06 00 01 00 00 01 16 00", MGMT_EV_COMPLETE, MGMT_INDEX_NONE, &e);
	assert_int_equal(e.reply.op, MGMT_READ_VERSION);
	assert_int_equal(e.reply.status, MGMT_SUCCESS);
	assert_int_equal(mgmt_read_version(&e.reply, &version, &revision), 0);
	assert_int_equal(version, 1);
	assert_int_equal(revision, 22);

	expect("01 00 00 00 07 00 05 00 00 11 0A 00 00", MGMT_EV_COMPLETE, 0, &e);
	assert_int_equal(mgmt_read_settings(&e.reply, &settings), 0);
	assert_int_equal(settings, MGMT_POWERED | MGMT_BONDABLE | MGMT_LE | 0x800);

	expect("01 00 02 00 05 00 52 00 00 03 01", MGMT_EV_COMPLETE, 2, &e);
	assert_int_equal(mgmt_read_monitor(&e.reply, &monitor), 0);
	assert_int_equal(monitor, 0x0103);

	expect("01 00 00 00 0A 00 19 00 05 01 00 00 EE FF C0 02", MGMT_EV_COMPLETE, 0, &e);
	assert_int_equal(e.reply.status, MGMT_AUTH_FAILED);
	assert_int_equal(mgmt_read_address(&e.reply, &who), 0);
	expect_address(&who, &device);

	expect("02 00 00 00 03 00 23 00 14", MGMT_EV_STATUS, 0, &e);
	assert_int_equal(e.reply.op, MGMT_START_DISCOVERY);
	assert_int_equal(e.reply.status, MGMT_PERMISSION_DENIED);
	assert_int_equal(e.reply.length, 0);
	assert_int_equal(mgmt_read_settings(&e.reply, &settings), -EBADMSG);
	assert_int_equal(mgmt_read_monitor(&e.reply, &monitor), -EBADMSG);
	assert_int_equal(mgmt_read_address(&e.reply, &who), -EBADMSG);
	assert_int_equal(mgmt_read_version(&e.reply, &version, &revision), -EBADMSG);
}

static void test_controller_lists(void **state)
{
	struct mgmt_event e;
	struct mgmt_indexes list;

	expect("01 00 FF FF 09 00 03 00 00 02 00 00 00 01 01", MGMT_EV_COMPLETE, 0xFFFF, &e);
	assert_int_equal(mgmt_read_indexes(&e.reply, &list), 0);
	assert_int_equal(list.count, 2);
	assert_int_equal(list.list[0], 0);
	assert_int_equal(list.list[1], 257);
	assert_false(list.more);

	/* extended: hci0 usual on USB, hci1 unconfigured, hci2 AMP, hci3 usual */
	expect("01 00 FF FF 15 00 3C 00 00 04 00 00 00 00 01 01 00 01 01 02 00 02 01 03 00 00 03",
		MGMT_EV_COMPLETE, 0xFFFF, &e);
	assert_int_equal(mgmt_read_indexes(&e.reply, &list), 0);
	assert_int_equal(list.count, 2);
	assert_int_equal(list.list[0], 0);
	assert_int_equal(list.list[1], 3);

	/* more in the number than there are */
	expect("01 00 FF FF 07 00 03 00 00 02 00 00 00", MGMT_EV_COMPLETE, 0xFFFF, &e);
	assert_int_equal(mgmt_read_indexes(&e.reply, &list), -EBADMSG);
}

static void test_more_controllers_than_are_kept(void **state)
{
	uint8_t data[2 + 2 * 40] = { 40 };
	struct mgmt_reply r = { .op = MGMT_READ_INDEX_LIST, .data = data, .length = sizeof(data) };
	struct mgmt_indexes list;

	for (unsigned i = 0; i < 40; i++)
		data[2 + 2 * i] = (uint8_t)i;
	assert_int_equal(mgmt_read_indexes(&r, &list), 0);
	assert_int_equal(list.count, MGMT_INDEXES_MAX);
	assert_true(list.more);
}

static void test_controller_information(void **state)
{
	/* address, HCI version, manufacturer, supported, current, class, name, short name */
	uint8_t data[280] = { 0x23, 0, 0, 1, 0xAA, 0, 9, 0xF1, 0x05, 0xFF, 0xBE, 1, 0, 0x80, 0x02,
		0, 0, 0x0C, 0x01, 0x1C, 'w', 'a', 'r', 'd' };
	struct mgmt_reply r = { .op = MGMT_READ_INFO, .data = data, .length = sizeof(data) };
	struct mgmt_info info;

	assert_int_equal(mgmt_read_info(&r, &info), 0);
	expect_address(&info.address, &public);
	assert_int_equal(info.version, 9);
	assert_int_equal(info.manufacturer, 0x05F1);
	assert_int_equal(info.supported, 0x0001BEFF);
	assert_int_equal(info.settings, MGMT_LE | MGMT_BREDR);
	assert_string_equal(info.name, "ward");
	memset(data + 20, 'x', 249);
	assert_int_equal(mgmt_read_info(&r, &info), 0);
	assert_int_equal(strlen(info.name), MGMT_NAME_SIZE - 1);
	r.length--;
	assert_int_equal(mgmt_read_info(&r, &info), -EBADMSG);
}

static void test_controllers_come_and_go(void **state)
{
	struct mgmt_event e;

	expect("04 00 01 00 00 00", MGMT_EV_INDEX_ADDED, 1, &e);
	expect("05 00 01 00 00 00", MGMT_EV_INDEX_REMOVED, 1, &e);
	expect("20 00 01 00 02 00 00 01", MGMT_EV_EXT_INDEX_ADDED, 1, &e);
	assert_int_equal(e.controller.type, 0);
	assert_int_equal(e.controller.bus, 1);
	expect("21 00 01 00 02 00 01 03", MGMT_EV_EXT_INDEX_REMOVED, 1, &e);
	assert_int_equal(e.controller.type, 1);
	expect("03 00 00 00 01 00 42", MGMT_EV_CONTROLLER_ERROR, 0, &e);
	assert_int_equal(e.error, 0x42);
	expect("06 00 00 00 04 00 01 02 00 00", MGMT_EV_NEW_SETTINGS, 0, &e);
	assert_int_equal(e.settings, MGMT_POWERED | MGMT_LE);
}

static void test_reports(void **state)
{
	struct mgmt_event e;

	/* flags: legacy pairing (bit 1) and not connectable (bit 2) */
	expect("12 00 00 00 11 00 01 00 00 EE FF C0 02 C4 06 00 00 00 03 00 02 01 06",
		MGMT_EV_FOUND, 0, &e);
	expect_address(&e.report.address, &device);
	assert_int_equal(e.report.rssi, -60);
	assert_false(e.report.connectable);
	assert_int_equal(e.report.monitor, 0);
	assert_int_equal(e.report.length, 3);
	assert_ptr_equal(e.report.data, packet + 20);

	expect("2F 00 03 00 13 00 07 00 23 00 00 01 AA 00 01 7F 00 00 00 00 03 00 02 01 06",
		MGMT_EV_MONITOR_FOUND, 3, &e);
	expect_address(&e.report.address, &public);
	assert_int_equal(e.report.rssi, MGMT_RSSI_UNKNOWN);
	assert_true(e.report.connectable);
	assert_int_equal(e.report.monitor, 7);
	assert_memory_equal(e.report.data, "\x02\x01\x06", 3);

	/* no data at all */
	expect("12 00 00 00 0E 00 01 00 00 EE FF C0 02 C4 00 00 00 00 00 00", MGMT_EV_FOUND, 0, &e);
	assert_int_equal(e.report.length, 0);
	/* its length says more than there is */
	assert_int_equal(
		decode("12 00 00 00 10 00 01 00 00 EE FF C0 02 C4 00 00 00 00 03 00 02 01", &e),
		-EBADMSG);
	expect("30 00 00 00 09 00 07 00 01 00 00 EE FF C0 02", MGMT_EV_MONITOR_LOST, 0, &e);
	assert_int_equal(e.monitor, 7);
	expect_address(&e.address, &device);
	expect("2C 00 00 00 02 00 07 00", MGMT_EV_MONITOR_REMOVED, 0, &e);
	assert_int_equal(e.monitor, 7);
}

static void test_extended_advertisements_up_to_their_limit(void **state)
{
	static const size_t lengths[] = { 31, 229, 254, MGMT_DATA_MAX };
	static uint8_t long_one[20 + MGMT_DATA_MAX + 1] = { 0x12, 0, 0, 0, 0, 0, 1, 0, 0, 0xEE,
		0xFF, 0xC0, 2, 0xB0 };
	struct mgmt_event e;

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		size_t n = lengths[i];

		long_one[4] = (uint8_t)(n + 14);
		long_one[5] = (uint8_t)((n + 14) >> 8);
		long_one[18] = (uint8_t)n;
		long_one[19] = (uint8_t)(n >> 8);
		assert_int_equal(mgmt_decode(long_one, 20 + n, &e), 0);
		assert_int_equal(e.report.length, n);
	}
	long_one[4]++;
	long_one[18]++;
	assert_int_equal(mgmt_decode(long_one, sizeof(long_one), &e), -EBADMSG);
}

static void test_keys(void **state)
{
	struct mgmt_event e;

	expect("0A 00 00 00 25 00 01 01 00 00 EE FF C0 02 02 00 10 34 12 01 02 03 04 05 06 07 "
	       "08 " KEY_HEX,
		MGMT_EV_NEW_LTK, 0, &e);
	assert_true(e.new_key.store);
	expect_address(&e.new_key.ltk.address, &device);
	assert_int_equal(e.new_key.ltk.type, MGMT_LTK_P256_UNAUTHENTICATED);
	assert_int_equal(e.new_key.ltk.central, 0);
	assert_int_equal(e.new_key.ltk.size, 16);
	assert_int_equal(e.new_key.ltk.ediv, 0x1234);
	assert_memory_equal(e.new_key.ltk.rand, "\1\2\3\4\5\6\7\10", 8);
	assert_memory_equal(e.new_key.ltk.value, ltks[0].value, MGMT_KEY_SIZE);

	expect("18 00 00 00 1E 00 01 11 22 33 44 55 66 01 00 00 EE FF C0 02 " KEY_HEX,
		MGMT_EV_NEW_IRK, 0, &e);
	assert_true(e.new_key.store);
	assert_memory_equal(e.new_key.irk.rpa.octets, "\x11\x22\x33\x44\x55\x66", 6);
	assert_int_equal(e.new_key.irk.rpa.type, BLE_ADDRESS_RANDOM);
	assert_true(ble_address_is_resolvable(&e.new_key.irk.rpa));
	expect_address(&e.new_key.irk.key.address, &device);
	assert_memory_equal(e.new_key.irk.key.value, irks[0].value, MGMT_KEY_SIZE);

	expect("19 00 00 00 19 00 00 01 00 00 EE FF C0 02 01 " KEY_HEX, MGMT_EV_NEW_CSRK, 0, &e);
	assert_false(e.new_key.store);
	assert_int_equal(e.new_key.csrk.type, 1);

	expect("1C 00 00 00 10 00 01 01 00 00 EE FF C0 02 18 00 28 00 04 00 58 02",
		MGMT_EV_NEW_PARAMS, 0, &e);
	expect_address(&e.new_key.params.address, &device);
	assert_int_equal(e.new_key.params.min, 24);
	assert_int_equal(e.new_key.params.max, 40);
	assert_int_equal(e.new_key.params.latency, 4);
	assert_int_equal(e.new_key.params.timeout, 600);
}

static void test_connections_and_the_dialogue_of_pairing(void **state)
{
	struct mgmt_event e;

	expect("0B 00 00 00 10 00 01 00 00 EE FF C0 02 08 00 00 00 03 00 02 01 06",
		MGMT_EV_CONNECTED, 0, &e);
	expect_address(&e.address, &device);
	assert_int_equal(
		decode("0B 00 00 00 0F 00 01 00 00 EE FF C0 02 08 00 00 00 03 00 02 01", &e),
		-EBADMSG);
	expect("0C 00 00 00 08 00 01 00 00 EE FF C0 02 04", MGMT_EV_DISCONNECTED, 0, &e);
	assert_int_equal(e.reason, MGMT_REASON_AUTH);
	expect("0D 00 00 00 08 00 01 00 00 EE FF C0 02 08", MGMT_EV_CONNECT_FAILED, 0, &e);
	assert_int_equal(e.status, MGMT_TIMEOUT);
	expect("0F 00 00 00 0C 00 01 00 00 EE FF C0 02 00 40 E2 01 00", MGMT_EV_CONFIRM, 0, &e);
	assert_false(e.confirm.hint);
	assert_int_equal(e.confirm.number, 123456);
	expect("0F 00 00 00 0C 00 01 00 00 EE FF C0 02 01 00 00 00 00", MGMT_EV_CONFIRM, 0, &e);
	assert_true(e.confirm.hint);
	expect("10 00 00 00 07 00 01 00 00 EE FF C0 02", MGMT_EV_PASSKEY, 0, &e);
	expect("11 00 00 00 08 00 01 00 00 EE FF C0 02 05", MGMT_EV_AUTH_FAILED, 0, &e);
	assert_int_equal(e.status, MGMT_AUTH_FAILED);
	expect("17 00 00 00 0C 00 01 00 00 EE FF C0 02 3F 42 0F 00 03", MGMT_EV_PASSKEY_NOTIFY, 0,
		&e);
	assert_int_equal(e.notify.passkey, 999999);
	assert_int_equal(e.notify.entered, 3);
	expect("16 00 00 00 07 00 01 00 00 EE FF C0 02", MGMT_EV_UNPAIRED, 0, &e);
	expect_address(&e.address, &device);
	expect("1A 00 00 00 08 00 01 00 00 EE FF C0 02 01", MGMT_EV_DEVICE_ADDED, 0, &e);
	expect("13 00 00 00 02 00 06 01", MGMT_EV_DISCOVERING, 0, &e);
	assert_int_equal(e.discovering.type, MGMT_DISCOVER_LE);
	assert_true(e.discovering.on);
}

static void test_fields_that_a_newer_kernel_adds_are_passed_over(void **state)
{
	struct mgmt_event e;

	expect("0C 00 00 00 0A 00 01 00 00 EE FF C0 02 03 AA BB", MGMT_EV_DISCONNECTED, 0, &e);
	assert_int_equal(e.reason, MGMT_REASON_REMOTE);
	assert_int_equal(decode("31 00 00 00 01 00 00", &e), MGMT_E_OTHER);
	assert_int_equal(e.code, 0x31);
}

/* Every event that was read above, cut short at every byte, with and without a length that says so.
 */
static void test_packets_cut_short_are_refused(void **state)
{
	static const char *const whole[] = {
		"02 00 00 00 03 00 23 00 14",
		"03 00 00 00 01 00 42",
		"06 00 00 00 04 00 01 02 00 00",
		"0A 00 00 00 25 00 01 01 00 00 EE FF C0 02 02 00 10 34 12 01 02 03 04 05 06 07 "
		"08 " KEY_HEX,
		"0B 00 00 00 10 00 01 00 00 EE FF C0 02 08 00 00 00 03 00 02 01 06",
		"0D 00 00 00 08 00 01 00 00 EE FF C0 02 08",
		"0F 00 00 00 0C 00 01 00 00 EE FF C0 02 00 40 E2 01 00",
		"10 00 00 00 07 00 01 00 00 EE FF C0 02",
		"11 00 00 00 08 00 01 00 00 EE FF C0 02 05",
		"12 00 00 00 11 00 01 00 00 EE FF C0 02 C4 06 00 00 00 03 00 02 01 06",
		"13 00 00 00 02 00 06 01",
		"17 00 00 00 0C 00 01 00 00 EE FF C0 02 3F 42 0F 00 03",
		"18 00 00 00 1E 00 01 11 22 33 44 55 66 01 00 00 EE FF C0 02 " KEY_HEX,
		"19 00 00 00 19 00 00 01 00 00 EE FF C0 02 01 " KEY_HEX,
		"1C 00 00 00 10 00 01 01 00 00 EE FF C0 02 18 00 28 00 04 00 58 02",
		"20 00 01 00 02 00 00 01",
		"2C 00 00 00 02 00 07 00",
		"2F 00 03 00 13 00 07 00 23 00 00 01 AA 00 01 7F 00 00 00 00 03 00 02 01 06",
		"30 00 00 00 09 00 07 00 01 00 00 EE FF C0 02",
	};
	struct mgmt_event e;

	for (size_t i = 0; i < ARRAY_SIZE(whole); i++) {
		size_t length = unit_hex(whole[i], packet, sizeof(packet));

		assert_int_equal(mgmt_decode(packet, length, &e), 0);
		for (size_t n = 0; n < length; n++) {
			uint8_t *copy = malloc(n > 0 ? n : 1);

			assert_non_null(copy);
			memcpy(copy, packet, n);
			assert_int_equal(mgmt_decode(copy, n, &e), -EBADMSG);
			if (n >= MGMT_HEADER_SIZE) {
				copy[4] = (uint8_t)(n - MGMT_HEADER_SIZE);
				copy[5] = 0;
				assert_int_equal(mgmt_decode(copy, n, &e), -EBADMSG);
			}
			free(copy);
		}
		packet[4]++;
		assert_int_equal(mgmt_decode(packet, length, &e), -EBADMSG);
	}
}

static void test_what_the_kernel_would_refuse_is_known(void **state)
{
	struct mgmt_ltk k = ltks[0];
	struct mgmt_irk i = irks[0];
	struct mgmt_params p = params[0];

	assert_true(mgmt_ltk_valid(&ltks[0]) && mgmt_ltk_valid(&ltks[1]));
	k.address.octets[5] = 0x41; /* resolvable */
	assert_false(mgmt_ltk_valid(&k));
	k = ltks[0];
	k.central = 2;
	assert_false(mgmt_ltk_valid(&k));
	k = ltks[0];
	k.size = 17;
	assert_false(mgmt_ltk_valid(&k));
	k.size = 6;
	assert_false(mgmt_ltk_valid(&k));
	k = ltks[0];
	k.type = 5;
	assert_false(mgmt_ltk_valid(&k));

	assert_true(mgmt_irk_valid(&i));
	i.address.type = BLE_ADDRESS_ANY;
	assert_false(mgmt_irk_valid(&i));
	i = irks[0];
	memset(i.value, 0, sizeof(i.value));
	assert_false(mgmt_irk_valid(&i));

	assert_true(mgmt_params_valid(&p));
	p.min = 5;
	assert_false(mgmt_params_valid(&p));
	p = params[0];
	p.max = 23;
	assert_false(mgmt_params_valid(&p));
	p = params[0];
	p.latency = 60; /* 40 x 1.25 ms x 61 is more than half of 6 s */
	assert_false(mgmt_params_valid(&p));
	p = params[0];
	p.timeout = 5;
	assert_false(mgmt_params_valid(&p));
}

static void test_words(void **state)
{
	for (unsigned status = 0; status <= MGMT_PERMISSION_DENIED; status++)
		assert_string_not_equal(mgmt_status_words((uint8_t)status), "unknown status");
	assert_string_equal(mgmt_status_words(0x14), "permission denied");
	assert_string_equal(mgmt_status_words(0x15), "unknown status");
	assert_string_equal(mgmt_status_words(255), "unknown status");
	assert_string_equal(mgmt_reason_words(4), "authentication failed");
	for (unsigned reason = 0; reason <= 6; reason++)
		assert_true(strlen(mgmt_reason_words((uint8_t)reason)) > 0);
	assert_string_equal(mgmt_op_words(0xFFFF), "unknown command");
}

static void test_addresses_as_people_write_them(void **state)
{
	static const char *const wrong[] = { "", "C0", "C0:FF:EE:00:00:0", "C0:FF:EE:00:00:011",
		"C0-FF-EE-00-00-01", "C0:FF:EE:00:00:0G", "C0:FF:EE:00:00:01:02",
		" C0:FF:EE:00:00:01" };
	struct ble_address a = { 0 }, any;
	char text[BLE_ADDRESS_TEXT_SIZE];

	assert_true(ble_address_parse("c0:ff:EE:00:00:01", BLE_ADDRESS_RANDOM, &a));
	expect_address(&a, &device);
	assert_string_equal(ble_address_format(&a, text), "C0:FF:EE:00:00:01");
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_false(ble_address_parse(wrong[i], BLE_ADDRESS_RANDOM, &a));
	assert_true(ble_address_parse("C0:FF:EE:00:00:01", BLE_ADDRESS_ANY, &any));
	assert_true(ble_address_same(&any, &device) && !ble_address_equal(&any, &device));
	assert_true(ble_address_is_static(&device) && ble_address_is_identity(&device));
	assert_true(ble_address_is_identity(&public) && !ble_address_is_static(&public));
	assert_false(ble_address_is_resolvable(&device));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commands_are_the_documents_bytes),
		cmocka_unit_test(test_commands_that_cannot_be_are_refused),
		cmocka_unit_test(test_the_longest_list_fits_the_largest_packet),
		cmocka_unit_test(test_replies),
		cmocka_unit_test(test_controller_lists),
		cmocka_unit_test(test_more_controllers_than_are_kept),
		cmocka_unit_test(test_controller_information),
		cmocka_unit_test(test_controllers_come_and_go),
		cmocka_unit_test(test_reports),
		cmocka_unit_test(test_extended_advertisements_up_to_their_limit),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_connections_and_the_dialogue_of_pairing),
		cmocka_unit_test(test_fields_that_a_newer_kernel_adds_are_passed_over),
		cmocka_unit_test(test_packets_cut_short_are_refused),
		cmocka_unit_test(test_what_the_kernel_would_refuse_is_known),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_addresses_as_people_write_them),
	};

	return RUN_TESTS(tests);
}
