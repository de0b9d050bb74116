/*
 * Discovery and what comes after it, by PDU scripts of both sides.
 */
#include "att_belt.h"
#include "unit/unit.h"

#include <errno.h>

#define HASH_ASKED "08 01 00 FF FF 2A 2B"
#define NO_HASH "01 08 01 00 0A"

static void start(struct host *h)
{
	assert_int_equal(gatt_start(&h->gatt, NULL, false, h->now_us), 0);
}

/* ---- discovery ---- */

static void test_a_belt_is_discovered(void **state)
{
	struct host *h = *state;
	const struct session_attribute *a;

	belt_discover(h);
	assert_true(h->gatt.table.has_hash);
	assert_int_equal(h->gatt.table.hash[15], 0xFF);
	a = gatt_attribute(&h->gatt.table, 0x12);
	assert_non_null(a);
	assert_int_equal(a->characteristic, 0x2A37);
	assert_null(gatt_attribute(&h->gatt.table, 0x13));
	assert_int_equal(gatt_deadline(&h->gatt), INT64_MAX);
	host_expect(h, "");
}

static void test_a_session_begins_with_what_was_found(void **state)
{
	static struct session session;
	struct profile_device device = { 0 };
	struct host *h = *state;

	belt_discover(h);
	assert_int_equal(
		session_begin(&session, &device, h->gatt.table.attributes, h->gatt.table.count), 2);
	assert_int_equal(session.slots[0].row->service, 0x180F);
	assert_int_equal(session.slots[1].row->service, 0x180D);
}

static void test_uuids_of_128_bits_on_the_base_count(void **state)
{
	static const struct exchange script[] = {
		{ HASH_ASKED, NO_HASH },
		{ "10 01 00 FF FF 00 28", "11 14 10 00 FF FF " BASE_UUID("0D 18") },
		{ "08 01 00 FF FF 02 28", "09 06 11 00 30 00 40 00" }, /* includes of 128 bits */
		{ "08 12 00 FF FF 02 28", "01 08 12 00 0A" },
		{ "08 10 00 FF FF 03 28", "09 15 12 00 10 13 00 " BASE_UUID("37 2A") },
		{ "08 14 00 FF FF 03 28", "09 15 20 00 10 21 00 " VENDOR_UUID },
		{ "08 22 00 FF FF 03 28", "01 08 22 00 0A" },
		/* up to the maker's characteristic only */
		{ "04 14 00 1F 00", "05 02 14 00 " VENDOR_UUID },
		{ "04 15 00 1F 00", "05 02 15 00 " BASE_UUID("02 29") },
	};
	struct host *h = *state;

	start(h);
	PLAY(h, script);
	assert_int_equal(h->discovered, 1);
	assert_int_equal(h->outcome, GATT_FOUND);
	assert_int_equal(h->gatt.table.count, 1);
	assert_int_equal(h->gatt.table.attributes[0].characteristic, 0x2A37);
	assert_int_equal(h->gatt.table.cccds[0], 0x15);
	assert_false(h->gatt.table.has_hash);
}

/* Body Composition as a secondary service of Weight Scale; Battery is included and primary. */
static void test_included_services_are_looked_into(void **state)
{
	static const struct exchange script[] = {
		{ HASH_ASKED, NO_HASH },
		{ "10 01 00 FF FF 00 28", "11 06 10 00 1F 00 1D 18 40 00 4F 00 0F 18" },
		{ "10 50 00 FF FF 00 28", "01 10 50 00 0A" },
		{ "08 01 00 FF FF 02 28", "09 08 11 00 30 00 3F 00 1B 18 12 00 40 00 4F 00 0F 18" },
		/* one with a maker's UUID, one that nobody wants, one with its ends exchanged */
		{ "08 13 00 FF FF 02 28", "09 06 13 00 60 00 6F 00" },
		{ "08 14 00 FF FF 02 28", "09 08 14 00 70 00 7F 00 00 FE 15 00 9F 00 90 00 08 18" },
		{ "08 16 00 FF FF 02 28", "01 08 16 00 0A" },
		{ "08 10 00 1F 00 03 28", "09 07 16 00 20 17 00 9D 2A" },
		{ "08 18 00 1F 00 03 28", "01 08 18 00 0A" },
		{ "08 40 00 4F 00 03 28", "01 08 40 00 0A" },
		{ "08 30 00 3F 00 03 28", "09 07 31 00 20 32 00 9C 2A" },
		{ "08 33 00 3F 00 03 28", "01 08 33 00 0A" },
		{ "04 18 00 1F 00", "05 01 18 00 02 29" },
		{ "04 33 00 3F 00", "05 01 33 00 02 29" },
	};
	struct host *h = *state;
	const struct gatt_table *t = &h->gatt.table;

	start(h);
	PLAY(h, script);
	assert_int_equal(h->outcome, GATT_FOUND);
	assert_int_equal(h->discovered, 1);
	assert_int_equal(t->service_count, 3);
	assert_int_equal(t->services[2].uuid, 0x181B);
	assert_true(t->services[2].included);
	assert_int_equal(t->count, 2);
	assert_int_equal(t->attributes[1].characteristic, 0x2A9C);
	assert_int_equal(t->attributes[1].service, 0x181B);
	assert_int_equal(t->cccds[1], 0x33);
}

static void test_only_what_a_profile_subscribes_to_is_asked_for_descriptors(void **state)
{
	static const struct exchange script[] = {
		{ HASH_ASKED, "01 08 01 00 02" },
		{ "10 01 00 FF FF 00 28", "11 06 10 00 FF FF 09 18" },
		{ "08 01 00 FF FF 02 28", "01 08 01 00 06" },
		/* Temperature Measurement, Temperature Type (read), one that nobody knows */
		{ "08 10 00 FF FF 03 28",
			"09 07 11 00 20 12 00 1C 2A 15 00 02 16 00 1D 2A 18 00 30 19 00 00 FE" },
		{ "08 1A 00 FF FF 03 28", "01 08 1A 00 0A" },
		/* others come first; a page that ends without it is not the end */
		{ "04 13 00 14 00", "05 01 13 00 01 29" },
		{ "04 14 00 14 00", "05 01 14 00 02 29" },
	};
	struct host *h = *state;

	start(h);
	PLAY(h, script);
	assert_int_equal(h->discovered, 1);
	assert_int_equal(h->gatt.table.count, 3);
	assert_int_equal(h->gatt.table.cccds[0], 0x14);
	assert_int_equal(h->gatt.table.cccds[2], 0);
}

static void test_descriptors_end_where_another_declaration_is(void **state)
{
	static const struct exchange script[] = {
		{ HASH_ASKED, NO_HASH }, { "10 01 00 FF FF 00 28", "11 06 10 00 FF FF 0D 18" },
		{ "08 01 00 FF FF 02 28", "01 08 01 00 0A" },
		{ "08 10 00 FF FF 03 28", "09 07 11 00 10 12 00 37 2A" },
		{ "08 13 00 FF FF 03 28", "01 08 13 00 01" }, /* means: not found */
	};
	/* what is behind a declaration has a descriptor of its own */
	static const char *const pages[] = { "05 01 20 00 00 28 23 00 02 29",
		"05 01 20 00 01 28 21 00 03 28 22 00 00 FE 23 00 02 29",
		"05 01 20 00 03 28 23 00 02 29" };
	struct host *h = *state;

	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		host_init(h);
		start(h);
		PLAY(h, script);
		host_talk(h, "04 13 00 FF FF", pages[i]);
		assert_int_equal(h->discovered, 1);
		assert_int_equal(h->outcome, GATT_FOUND);
		assert_int_equal(h->gatt.table.cccds[0], 0);
	}
}

static void test_no_descriptors_are_asked_for_where_there_is_no_room(void **state)
{
	static const struct exchange script[] = {
		{ HASH_ASKED, NO_HASH },
		{ "10 01 00 FF FF 00 28", "11 06 10 00 14 00 0D 18" },
		{ "10 15 00 FF FF 00 28", "01 10 15 00 0A" },
		{ "08 01 00 FF FF 02 28", "01 08 01 00 0A" },
		{ "08 10 00 14 00 03 28", "09 07 11 00 10 12 00 37 2A 13 00 10 14 00 37 2A" },
	};
	struct host *h = *state;

	start(h);
	PLAY(h, script);
	assert_int_equal(h->discovered, 1);
	assert_int_equal(h->gatt.table.count, 2);
	host_expect(h, "");
}

static void test_service_changed_is_subscribed_to_only_where_it_can_be(void **state)
{
	static const struct exchange script[] = {
		{ HASH_ASKED, NO_HASH },
		{ "10 01 00 FF FF 00 28", "11 06 01 00 06 00 01 18" },
		{ "10 07 00 FF FF 00 28", "01 10 07 00 0A" },
		{ "08 01 00 FF FF 02 28", "01 08 01 00 0A" },
	};
	struct host *h = *state;

	/* no descriptor */
	start(h);
	PLAY(h, script);
	host_talk(h, "08 01 00 06 00 03 28", "09 07 02 00 20 03 00 05 2A");
	host_talk(h, "08 04 00 06 00 03 28", "01 08 04 00 0A");
	host_talk(h, "04 04 00 06 00", "01 04 04 00 0A");
	assert_int_equal(h->discovered, 1);
	/* one, but it does not indicate */
	host_init(h);
	start(h);
	PLAY(h, script);
	host_talk(h, "08 01 00 06 00 03 28", "09 07 02 00 10 03 00 05 2A");
	host_talk(h, "08 04 00 06 00 03 28", "01 08 04 00 0A");
	host_talk(h, "04 04 00 06 00", "05 01 04 00 02 29");
	assert_int_equal(h->discovered, 1);
	host_expect(h, "");
}

static void test_a_device_with_nothing_for_us_is_soon_done(void **state)
{
	static const struct exchange script[] = {
		{ HASH_ASKED, NO_HASH },
		{ "10 01 00 FF FF 00 28", "11 06 01 00 07 00 00 18" },
		{ "10 08 00 FF FF 00 28", "01 10 08 00 0A" },
	};
	struct host *h = *state;

	start(h);
	PLAY(h, script);
	assert_int_equal(h->discovered, 1);
	assert_int_equal(h->outcome, GATT_FOUND);
	assert_int_equal(h->gatt.table.service_count + h->gatt.table.count, 0);
	host_expect(h, "");
}

static void test_a_refusal_is_told_and_discovery_can_begin_again(void **state)
{
	struct host *h = *state;

	start(h);
	host_talk(h, HASH_ASKED, NO_HASH);
	host_talk(h, "10 01 00 FF FF 00 28", "01 10 01 00 0F");
	assert_int_equal(h->discovered, 1);
	assert_int_equal(h->outcome, GATT_REFUSED);
	assert_int_equal(h->refusal, ATT_ERROR_ENCRYPTION);
	assert_true(att_error_wants_security(h->refusal));
	assert_int_equal(gatt_deadline(&h->gatt), INT64_MAX);
	h->discovered = 0;
	belt_discover(h);
}

static void test_characteristics_may_be_refused_too(void **state)
{
	struct host *h = *state;

	start(h);
	host_talk(h, HASH_ASKED, NO_HASH);
	belt_services(h);
	host_talk(h, "08 01 00 FF FF 02 28", "01 08 01 00 0A");
	host_talk(h, "08 01 00 06 00 03 28", "01 08 01 00 05");
	assert_int_equal(h->outcome, GATT_REFUSED);
	assert_int_equal(h->refusal, ATT_ERROR_AUTHENTICATION);
	/* the very first handle cannot be invalid: that is no end of a list */
	host_init(h);
	start(h);
	host_talk(h, HASH_ASKED, NO_HASH);
	host_talk(h, "10 01 00 FF FF 00 28", "01 10 01 00 01");
	assert_int_equal(h->outcome, GATT_REFUSED);
	assert_int_equal(h->refusal, ATT_ERROR_INVALID_HANDLE);
}

static void test_values_come_during_discovery(void **state)
{
	struct host *h = *state;

	start(h);
	host_talk(h, HASH_ASKED, "1B 12 00 06 3C");
	assert_int_equal(h->heard, 1);
	host_give(h, "1D 12 00 01");
	assert_int_equal(h->heard, 2);
	assert_int_equal(att_confirm(&h->att), 0);
	host_expect(h, "1E");
	host_give(h, "09 12 06 00 " BELT_HASH);
	belt_services(h);
	belt_inside(h);
	belt_subscribe(h);
	assert_int_equal(h->outcome, GATT_FOUND);
}

static void test_beginning_again_in_the_middle_forgets_the_first(void **state)
{
	struct host *h = *state;

	start(h);
	host_talk(h, HASH_ASKED, NO_HASH);
	host_expect(h, "10 01 00 FF FF 00 28");
	start(h);
	host_give(h, "11 06 01 00 06 00 0D 18"); /* to the first: swallowed */
	assert_int_equal(h->gatt.table.service_count, 0);
	host_talk(h, HASH_ASKED, "09 12 06 00 " BELT_HASH);
	belt_services(h);
	belt_inside(h);
	belt_subscribe(h);
	belt_expect_table(&h->gatt.table);
	gatt_stop(&h->gatt);
	assert_int_equal(
		gatt_perform(&h->gatt, &(struct session_action){ .handle = 1 }, 0), -EBUSY);
}

static void test_what_is_stopped_is_not_answered(void **state)
{
	const struct session_action action = { .kind = SESSION_READ, .handle = 0x15 };
	struct host *h = *state;

	belt_discover(h);
	assert_int_equal(gatt_perform(&h->gatt, &action, h->now_us), 0);
	host_expect(h, "0A 15 00");
	gatt_stop(&h->gatt);
	host_give(h, "0B 01");
	assert_int_equal(h->performed, 0);
	/* and nothing of it hinders the next */
	belt_discover(h);
	assert_int_equal(gatt_perform(&h->gatt, &action, h->now_us), 0);
	host_talk(h, "0A 15 00", "01 0A 15 00 06");
	assert_int_equal(h->performed, 1);
	assert_int_equal(h->error, ATT_ERROR_NOT_SUPPORTED); /* of a first piece: no value */
}

static void test_a_start_on_a_dead_bearer_fails(void **state)
{
	struct host *h = *state;

	att_stop(&h->att);
	assert_int_equal(gatt_start(&h->gatt, NULL, false, h->now_us), -ENOTCONN);
	assert_int_equal(gatt_deadline(&h->gatt), INT64_MAX);
	host_pass(h, 2 * GATT_DISCOVERY_US);
	assert_int_equal(h->discovered, 0);
}

/* ---- actions ---- */

static void perform(struct host *h, uint8_t kind, uint16_t handle)
{
	const struct session_action action = {
		.kind = kind, .handle = handle, .length = 2, .bytes = { 0xAB, 0xCD }
	};

	h->performed = 0;
	assert_int_equal(gatt_perform(&h->gatt, &action, h->now_us), 0);
	assert_int_equal(gatt_perform(&h->gatt, &action, h->now_us), -EBUSY);
}

static void test_actions_become_requests(void **state)
{
	struct host *h = *state;

	belt_discover(h);
	perform(h, SESSION_READ, 0x15);
	host_talk(h, "0A 15 00", "0B 01");
	assert_int_equal(h->performed, 1);
	assert_int_equal(h->error, 0);
	host_expect_bytes(h, "01");
	perform(h, SESSION_NOTIFY, 0x12);
	host_talk(h, "12 13 00 01 00", "13");
	assert_int_equal(h->performed, 1);
	host_expect_bytes(h, "");
	perform(h, SESSION_INDICATE, 0x42);
	host_talk(h, "12 43 00 02 00", "01 12 43 00 05");
	assert_int_equal(h->performed, 1);
	assert_int_equal(h->error, ATT_ERROR_AUTHENTICATION);
	perform(h, SESSION_WRITE, 0x42);
	host_talk(h, "12 42 00 AB CD", "13");
	assert_int_equal(h->performed, 1);
	assert_int_equal(h->error, 0);
}

static void test_no_subscription_without_a_descriptor(void **state)
{
	const struct session_action known = { .kind = SESSION_NOTIFY, .handle = 0x15 };
	const struct session_action unknown = { .kind = SESSION_INDICATE, .handle = 0x99 };
	struct host *h = *state;

	assert_int_equal(gatt_perform(&h->gatt, &known, h->now_us), -EBUSY);
	belt_discover(h);
	assert_int_equal(gatt_perform(&h->gatt, &known, h->now_us), -ENOENT);
	assert_int_equal(gatt_perform(&h->gatt, &unknown, h->now_us), -ENOENT);
	host_expect(h, "");
	perform(h, SESSION_READ, 0x15);
	gatt_forget(&h->gatt);
	gatt_forget(&h->gatt);
	host_talk(h, "0A 15 00", "0B 01");
	assert_int_equal(h->performed, 0);
	perform(h, SESSION_READ, 0x15);
	host_talk(h, "0A 15 00", "0B 02");
	assert_int_equal(h->performed, 1);
	att_stop(&h->att);
	assert_int_equal(gatt_perform(&h->gatt, &known, h->now_us), -ENOENT);
	assert_int_equal(
		gatt_perform(&h->gatt, &(struct session_action){ .handle = 0x15 }, h->now_us),
		-ENOTCONN);
}

#define PIECE "61 62 63 64 65 66 67 68 69 6A 6B 6C 6D 6E 6F 70 71 72 73 74 75 76"

static void test_long_values_are_read_in_pieces(void **state)
{
	static const struct {
		const char *last;
		uint8_t error;
		size_t length;
	} rows[] = {
		{ "0D 31 32", 0, 46 },
		{ "0D", 0, 44 },
		{ "01 0C 15 00 07", 0, 44 },
		{ "01 0C 15 00 0B", 0, 44 },
		{ "01 0C 15 00 06", 0, 44 },
		{ "01 0C 15 00 0F", ATT_ERROR_ENCRYPTION, 0 },
	};
	struct host *h = *state;

	belt_discover(h);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		perform(h, SESSION_READ, 0x15);
		host_talk(h, "0A 15 00", "0B " PIECE);
		host_talk(h, "0C 15 00 16 00", "0D " PIECE);
		assert_int_equal(h->performed, 0);
		host_talk(h, "0C 15 00 2C 00", rows[i].last);
		assert_int_equal(h->performed, 1);
		assert_int_equal(h->error, rows[i].error);
		assert_int_equal(h->length, rows[i].length);
	}
	/* what does not fill the piece is whole */
	assert_int_equal(att_exchange_mtu(&h->att, host_answered, h, h->now_us), 0);
	host_talk(h, "02 F7 00", "03 F7 00");
	perform(h, SESSION_READ, 0x15);
	host_talk(h, "0A 15 00", "0B " PIECE);
	assert_int_equal(h->performed, 1);
	assert_int_equal(h->length, 22);
}

static void test_a_value_without_end_ends_at_512_bytes(void **state)
{
	struct host *h = *state;
	unsigned pieces = 1;

	belt_discover(h);
	perform(h, SESSION_READ, 0x15);
	host_talk(h, "0A 15 00", "0B " PIECE);
	for (; h->performed == 0; pieces++) {
		size_t length;

		assert_true(pieces < 100);
		assert_int_equal(att_output(&h->att, &length)[0], ATT_READ_BLOB_REQUEST);
		att_sent(&h->att);
		host_give(h, "0D " PIECE);
	}
	assert_int_equal(pieces, 24);
	assert_int_equal(h->error, 0);
	assert_int_equal(h->length, ATT_VALUE_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_HOST(test_a_belt_is_discovered),
		WITH_HOST(test_a_session_begins_with_what_was_found),
		WITH_HOST(test_uuids_of_128_bits_on_the_base_count),
		WITH_HOST(test_included_services_are_looked_into),
		WITH_HOST(test_only_what_a_profile_subscribes_to_is_asked_for_descriptors),
		WITH_HOST(test_descriptors_end_where_another_declaration_is),
		WITH_HOST(test_no_descriptors_are_asked_for_where_there_is_no_room),
		WITH_HOST(test_service_changed_is_subscribed_to_only_where_it_can_be),
		WITH_HOST(test_a_device_with_nothing_for_us_is_soon_done),
		WITH_HOST(test_a_refusal_is_told_and_discovery_can_begin_again),
		WITH_HOST(test_characteristics_may_be_refused_too),
		WITH_HOST(test_values_come_during_discovery),
		WITH_HOST(test_beginning_again_in_the_middle_forgets_the_first),
		WITH_HOST(test_what_is_stopped_is_not_answered),
		WITH_HOST(test_a_start_on_a_dead_bearer_fails),
		WITH_HOST(test_actions_become_requests),
		WITH_HOST(test_no_subscription_without_a_descriptor),
		WITH_HOST(test_long_values_are_read_in_pieces),
		WITH_HOST(test_a_value_without_end_ends_at_512_bytes),
	};

	return RUN_TESTS(tests);
}
