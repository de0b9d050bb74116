/*
 * The device profile: messages by hand, from the specification's tables and what
 * devices say, both ways; cut off at each byte; what we say of ourselves.
 */
#include "zigbee/zdo.h"

#include <errno.h>

#include "unit/codec/reading_line.h"
#include "unit/unit.h"
#include "util/cleanup.h"

#define A UINT64_C(0x00158d0001a2b3c4)
#define OURS UINT64_C(0x0123456789abcdef)

static uint8_t bytes[ZDO_MESSAGE_MAX];
static size_t length;

static struct zdo_message read_hex(uint16_t cluster, const char *hex)
{
	struct zdo_message m;

	assert_true(line_read_hex(hex, bytes, sizeof(bytes), &length));
	assert_int_equal(zdo_read(&m, cluster, bytes, length), 0);
	assert_int_equal(m.cluster, cluster);
	return m;
}

static void assert_written(const struct zdo_message *m, const char *hex)
{
	uint8_t wanted[ZDO_MESSAGE_MAX], got[ZDO_MESSAGE_MAX];
	size_t n;

	assert_true(line_read_hex(hex, wanted, sizeof(wanted), &n));
	assert_int_equal(zdo_write(got, sizeof(got), m), n);
	assert_memory_equal(got, wanted, n);
	for (size_t room = 0; room < n; room++)
		assert_int_equal(zdo_write(got, room, m), -ENOBUFS);
}

/* ---- both ways ---- */

/* Messages that we write as they were read. */
static const struct {
	uint16_t cluster;
	const char *hex;
} same[] = {
	{ ZDO_NODE_ADDRESS, "01C4B3A201008D15000000" },
	{ ZDO_EUI64, "02341200"
		     "00" },
	{ ZDO_NODE, "033412" },
	{ ZDO_POWER, "043412" },
	{ ZDO_SIMPLE, "05341201" },
	{ ZDO_ENDPOINTS, "063412" },
	{ ZDO_MATCH, "07FDFF0401"
		     "020600"
		     "0005"
		     "010A00" },
	{ ZDO_ANNOUNCE, "813412C4B3A201008D150080" },
	{ ZDO_BIND, "08C4B3A201008D1500010204"
		    "03EFCDAB896745230101" },
	{ ZDO_UNBIND, "09C4B3A201008D1500010204"
		      "03EFCDAB896745230101" },
	{ ZDO_BIND, "0AC4B3A201008D1500010600"
		    "018503" },
	{ ZDO_LINKS, "0B00" },
	{ ZDO_LEAVE, "0CC4B3A201008D150040" },
	{ ZDO_PERMIT, "0DFE01" },
	{ ZDO_NODE_ADDRESS | ZDO_RESPONSE, "0100C4B3A201008D15003412" },
	{ ZDO_EUI64 | ZDO_RESPONSE, "0200C4B3A201008D15003412" },
	{ ZDO_POWER | ZDO_RESPONSE, "040034121044" },
	{ ZDO_SIMPLE | ZDO_RESPONSE, "0500341212"
				     "01040102030003000002040504"
				     "020600"
				     "0019" },
	{ ZDO_SIMPLE | ZDO_RESPONSE, "0582341200" },
	{ ZDO_ENDPOINTS | ZDO_RESPONSE, "06003412020102" },
	{ ZDO_ENDPOINTS | ZDO_RESPONSE, "0681341200" },
	{ ZDO_MATCH | ZDO_RESPONSE, "070000000101" },
	{ ZDO_BIND | ZDO_RESPONSE, "0800" },
	{ ZDO_BIND | ZDO_RESPONSE, "088C" },
	{ ZDO_UNBIND | ZDO_RESPONSE, "0988" },
	{ ZDO_LINKS | ZDO_RESPONSE, "0B00050001"
				    "1122334455667788"
				    "C4B3A201008D1500"
				    "3412"
				    "25020FB4" },
	{ ZDO_LINKS | ZDO_RESPONSE, "0B84" },
	{ ZDO_LEAVE | ZDO_RESPONSE, "0C00" },
	{ ZDO_PERMIT | ZDO_RESPONSE, "0D00" },
	{ ZDO_NODE | ZDO_RESPONSE, "03813412" },
};

static void test_what_is_read_is_written_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
		struct zdo_message m = read_hex(same[i].cluster, same[i].hex);

		assert_written(&m, same[i].hex);
	}
}

static void test_a_message_that_is_cut_off_is_none(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
		struct zdo_message m;
		uint16_t cluster = same[i].cluster;

		(void)read_hex(cluster, same[i].hex);
		for (size_t n = 0; n < length; n++) {
			uint8_t *copy = malloc(n > 0 ? n : 1);
			int r;

			assert_non_null(copy);
			memcpy(copy, bytes, n);
			r = zdo_read(&m, cluster, copy, n);
			free(copy);
			/* a failure may end behind its status */
			if (r == 0 &&
				(!(cluster & ZDO_RESPONSE) || m.status == ZDO_SUCCESS || n < 2))
				fail_msg("%04x: %zu bytes were enough", cluster, n);
			if (r != 0)
				assert_int_equal(r, -EBADMSG);
		}
	}
}

static void test_what_follows_is_let_pass(void **state)
{
	struct zdo_message m;

	(void)state;
	m = read_hex(ZDO_ANNOUNCE, "813412C4B3A201008D1500"
				   "80"
				   "DEADBEEF");
	assert_int_equal(m.node, 0x1234);
	m = read_hex(ZDO_BIND | ZDO_RESPONSE, "0800FFFF");
	assert_int_equal(m.status, 0);
}

/* ---- fields ---- */

static void test_an_announcement(void **state)
{
	struct zdo_message m = read_hex(ZDO_ANNOUNCE, "813412C4B3A201008D15008E");

	(void)state;
	assert_int_equal(m.sequence, 0x81);
	assert_int_equal(m.node, 0x1234);
	assert_true(m.eui64 == A);
	assert_int_equal(m.capability,
		ZDO_TAKES_ADDRESS | ZDO_HEARS_ALWAYS | ZDO_IS_ON_MAINS | ZDO_IS_ROUTER);
}

static void test_a_node_descriptor(void **state)
{
	/* an end device of LUMI, and a router of IKEA */
	struct zdo_message m = read_hex(ZDO_NODE | ZDO_RESPONSE, "0300341202"
								 "40"
								 "80"
								 "5F11"
								 "7F"
								 "6400"
								 "0000"
								 "6400"
								 "00");

	(void)state;
	assert_int_equal(m.type, ZDO_END_DEVICE);
	assert_int_equal(m.capability, ZDO_TAKES_ADDRESS);
	assert_int_equal(m.maker, 0x115f);
	assert_int_equal(m.buffer_max, 0x7f);
	m = read_hex(ZDO_NODE | ZDO_RESPONSE, "0300341201408E7C1152520000"
					      "2C52000"
					      "0");
	assert_int_equal(m.type, ZDO_ROUTER);
	assert_int_equal(m.maker, 0x117c);
	assert_int_equal(m.server, 0x2c00);
	/* one that says no more than it must */
	m = read_hex(ZDO_NODE | ZDO_RESPONSE, "03003412"
					      "0A40"
					      "80"
					      "0210");
	assert_int_equal(m.type, ZDO_END_DEVICE);
	assert_int_equal(m.maker, 0x1002);
	assert_int_equal(m.buffer_max, 0);
}

static void test_our_node_descriptor_reads_as_it_was_meant(void **state)
{
	const struct zdo_message m = { .cluster = ZDO_NODE | ZDO_RESPONSE,
		.sequence = 3,
		.type = ZDO_ROUTER,
		.capability = 0x8e,
		.maker = 0x1234,
		.server = 0x0041,
		.buffer_max = 82 };

	(void)state;
	assert_written(&m, "03000000"
			   "01408E3412"
			   "52"
			   "8000"
			   "4100"
			   "8000"
			   "00");
}

static void test_a_simple_descriptor(void **state)
{
	struct zdo_message m = read_hex(ZDO_SIMPLE | ZDO_RESPONSE, "05003412"
								   "12"
								   "010401020300"
								   "03"
								   "000002040504"
								   "02"
								   "06001900");

	(void)state;
	assert_int_equal(m.endpoint, 1);
	assert_int_equal(m.profile, 0x0104);
	assert_int_equal(m.device, 0x0302);
	assert_int_equal(m.version, 0);
	assert_int_equal(m.in.count, 3);
	assert_int_equal(zdo_list_at(&m.in, 1), 0x0402);
	assert_true(zdo_list_has(&m.in, 0x0405));
	assert_false(zdo_list_has(&m.in, 0x0006));
	assert_int_equal(m.out.count, 2);
	assert_int_equal(zdo_list_at(&m.out, 1), 0x0019);
}

static void test_a_descriptor_that_contradicts_its_length_is_none(void **state)
{
	struct zdo_message m;

	(void)state;
	/* its lists go beyond it, though not beyond the message */
	assert_true(line_read_hex("0500341208"
				  "010401020300"
				  "03"
				  "000002040504"
				  "00",
		bytes, sizeof(bytes), &length));
	assert_int_equal(zdo_read(&m, ZDO_SIMPLE | ZDO_RESPONSE, bytes, length), -EBADMSG);
	/* it goes beyond the message */
	assert_true(line_read_hex("0500341240"
				  "0104010203000000",
		bytes, sizeof(bytes), &length));
	assert_int_equal(zdo_read(&m, ZDO_SIMPLE | ZDO_RESPONSE, bytes, length), -EBADMSG);
}

static void test_neighbours(void **state)
{
	struct zdo_message m =
		read_hex(ZDO_LINKS | ZDO_RESPONSE, "0B00050202"
						   "1122334455667788C4B3A201008D1500341225020FB4"
						   "1122334455667788C5B3A201008D1500351226020FB5");
	struct zdo_link link;

	(void)state;
	assert_int_equal(m.total, 5);
	assert_int_equal(m.start, 2);
	assert_int_equal(m.link_count, 2);
	link = zdo_link_at(&m, 0);
	assert_true(link.eui64 == A);
	assert_int_equal(link.node, 0x1234);
	assert_int_equal(link.type, ZDO_ROUTER);
	assert_int_equal(link.lqi, 0xb4);
	link = zdo_link_at(&m, 1);
	assert_true(link.eui64 == A + 1);
	assert_int_equal(link.node, 0x1235);
	assert_int_equal(link.type, ZDO_END_DEVICE);
}

static void test_a_binding_says_to_whom(void **state)
{
	const struct zdo_message m = { .cluster = ZDO_BIND,
		.sequence = 8,
		.eui64 = A,
		.endpoint = 1,
		.bound = 0x0402,
		.to_eui64 = OURS,
		.to_endpoint = 1 };
	struct zdo_message r;

	(void)state;
	assert_written(&m, "08C4B3A201008D1500"
			   "01"
			   "0204"
			   "03"
			   "EFCDAB8967452301"
			   "01");
	r = read_hex(ZDO_BIND, "0AC4B3A201008D1500"
			       "01"
			       "0600"
			       "01"
			       "8503");
	assert_true(r.to_group);
	assert_int_equal(r.node, 0x0385);
	/* to nothing that there is */
	assert_true(line_read_hex("0AC4B3A201008D1500"
				  "01"
				  "0600"
				  "02"
				  "8503",
		bytes, sizeof(bytes), &length));
	assert_int_equal(zdo_read(&r, ZDO_BIND, bytes, length), -EBADMSG);
}

static void test_others_are_known_by_their_number_alone(void **state)
{
	struct zdo_message m;

	(void)state;
	assert_true(line_read_hex("4200000000", bytes, sizeof(bytes), &length));
	assert_int_equal(zdo_read(&m, 0x0038, bytes, length), ZDO_E_UNKNOWN);
	assert_int_equal(m.sequence, 0x42);
	assert_int_equal(zdo_read(&m, 0x8038, bytes, length), ZDO_E_UNKNOWN);
	assert_int_equal(zdo_read(&m, ZDO_RESPONSE | ZDO_ANNOUNCE, bytes, length), ZDO_E_UNKNOWN);
	assert_int_equal(zdo_read(&m, 0x0038, bytes, 0), -EBADMSG);
	m = (struct zdo_message){ .cluster = 0x0038 };
	assert_int_equal(zdo_write(bytes, sizeof(bytes), &m), -EINVAL);
	m.cluster = 0x8038;
	assert_int_equal(zdo_write(bytes, sizeof(bytes), &m), -EINVAL);
	m.status = ZDO_NOT_SUPPORTED;
	assert_int_equal(zdo_write(bytes, sizeof(bytes), &m), 2);
}

static void test_lists_that_cannot_stand_in_a_message_are_refused(void **state)
{
	static const uint8_t many[2 * 200];
	const struct zdo_message m = {
		.cluster = ZDO_SIMPLE | ZDO_RESPONSE, .in = { many, 100 }, .out = { many, 100 }
	};
	uint8_t to[1024];

	(void)state;
	assert_int_equal(zdo_write(to, sizeof(to), &m), -EINVAL);
}

/* ---- ourselves ---- */

static const uint8_t in[] = { 0x00, 0x00, 0x0a, 0x00 }, out[] = { 0x00, 0x05, 0x02, 0x04 };
static const struct zdo_self self = { .eui64 = OURS,
	.maker = 0x1049,
	.endpoint = 1,
	.profile = 0x0104,
	.device = 0x0005,
	.in = { in, 2 },
	.out = { out, 2 } };

static const struct {
	const char *what;
	uint16_t cluster;
	const char *request, *response; /* NULL: none */
	bool broadcast;
} asked[] = {
	{ "where we are", ZDO_NODE_ADDRESS, "01EFCDAB89674523010000", "0100EFCDAB89674523010000",
		true },
	{ "where another is, of all", ZDO_NODE_ADDRESS, "01C4B3A201008D15000000", NULL, true },
	{ "where another is, of us", ZDO_NODE_ADDRESS, "01C4B3A201008D15000000",
		"0181C4B3A201008D15000000", false },
	{ "who we are", ZDO_EUI64, "0200000000", "0200EFCDAB89674523010000", false },
	{ "what we are", ZDO_NODE, "030000",
		"03000000"
		"00408F491052800041008000"
		"00",
		false },
	{ "what another is", ZDO_NODE, "033412", "03813412", false },
	{ "our power", ZDO_POWER, "040000", "0400000010C1", false },
	{ "what we have", ZDO_SIMPLE, "05000001",
		"0500000010"
		"0104010500"
		"00"
		"0200000A00"
		"0200050204",
		false },
	{ "what an endpoint has that we have not", ZDO_SIMPLE, "05000002", "0583000000", false },
	{ "what no endpoint can have", ZDO_SIMPLE, "05000000", "0582000000", false },
	{ "our endpoints", ZDO_ENDPOINTS, "060000", "060000000101", false },
	{ "who has the time", ZDO_MATCH,
		"07FDFF0401"
		"010A00"
		"00",
		"070000000101", true },
	{ "who takes alarms", ZDO_MATCH,
		"0700000401"
		"00"
		"010005",
		"070000000101", false },
	{ "who can switch a light", ZDO_MATCH,
		"07FDFF0401"
		"010600"
		"00",
		NULL, true },
	{ "whether we can", ZDO_MATCH,
		"0700000401"
		"010600"
		"00",
		"070000000"
		"0",
		false },
	{ "who has that in another profile", ZDO_MATCH,
		"07FDFF5EC0"
		"010A00"
		"00",
		NULL, true },
	{ "us to bind", ZDO_BIND, "08EFCDAB896745230101060003C4B3A201008D150001", "0884", false },
	{ "all to let join", ZDO_PERMIT, "0D3C01", NULL, true },
	{ "what there is not", 0x0030, "0C00", "0C84", false },
	{ "nothing: it announces itself", ZDO_ANNOUNCE, "813412C4B3A201008D150080", NULL, true },
	{ "nothing: it answers", ZDO_BIND | ZDO_RESPONSE, "0800", NULL, false },
};

static void test_what_we_say_of_ourselves(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(asked); i++) {
		struct zdo_message m, r;

		print_message("asked %s\n", asked[i].what);
		assert_true(line_read_hex(asked[i].request, bytes, sizeof(bytes), &length));
		assert_true(zdo_read(&m, asked[i].cluster, bytes, length) >= 0);
		assert_int_equal(
			zdo_respond(&r, &m, asked[i].broadcast, &self), asked[i].response != NULL);
		if (!asked[i].response)
			continue;
		assert_int_equal(r.cluster, asked[i].cluster | ZDO_RESPONSE);
		assert_written(&r, asked[i].response);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_read_is_written_again),
		cmocka_unit_test(test_a_message_that_is_cut_off_is_none),
		cmocka_unit_test(test_what_follows_is_let_pass),
		cmocka_unit_test(test_an_announcement),
		cmocka_unit_test(test_a_node_descriptor),
		cmocka_unit_test(test_our_node_descriptor_reads_as_it_was_meant),
		cmocka_unit_test(test_a_simple_descriptor),
		cmocka_unit_test(test_a_descriptor_that_contradicts_its_length_is_none),
		cmocka_unit_test(test_neighbours),
		cmocka_unit_test(test_a_binding_says_to_whom),
		cmocka_unit_test(test_others_are_known_by_their_number_alone),
		cmocka_unit_test(test_lists_that_cannot_stand_in_a_message_are_refused),
		cmocka_unit_test(test_what_we_say_of_ourselves),
	};

	return RUN_TESTS(tests);
}
