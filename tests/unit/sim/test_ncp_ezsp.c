/* The simulated NCP's EZSP, frame by frame: versions, widths, and messages as real hosts and NCPs
 * have exchanged them. */
#include "unit/unit.h"

#include "sim/ble_crypto.h"
#include "sim/ncp.h"
#include "sim/zigbee_scenario.h"

struct bench {
	struct ncp ncp;
	struct sble_timers timers;
	struct ncp_message sent; /* the last into the air */
	char wire[2048];         /* DATA frames that left, in hex, each with a space behind */
	char events[256];
};

static void on_message(void *arg, const struct ncp_message *m)
{
	struct bench *b = arg;

	b->sent = *m;
}

static void on_nothing(void *arg)
{
}

static void on_remove(void *arg, const uint8_t eui[static 8])
{
}

static int on_node_of(void *arg, const uint8_t eui[static 8], uint16_t *ret)
{
	return -2;
}

static int on_eui_of(void *arg, uint16_t node, uint8_t ret[static 8])
{
	return -2;
}

static int8_t on_noise(void *arg, uint8_t channel)
{
	return -90;
}

static void on_tag(void *arg, void *tag)
{
}

static void on_lost(void *arg, void *tag, const char *why)
{
}

static void on_wire(void *arg, uint8_t control, const uint8_t *p, size_t n)
{
	struct bench *b = arg;
	size_t at = strlen(b->wire);

	if (!ncp_is_data(control))
		return;
	for (size_t i = 0; i < n; i++)
		at += (size_t)snprintf(b->wire + at, sizeof(b->wire) - at, "%02X", p[i]);
	snprintf(b->wire + at, sizeof(b->wire) - at, " ");
}

static void on_event(void *arg, const char *what, unsigned code)
{
	struct bench *b = arg;
	size_t at = strlen(b->events);

	snprintf(b->events + at, sizeof(b->events) - at, "%s %u;", what, code);
}

static void on_command(void *arg, uint16_t id)
{
}

static const struct ncp_air air = {
	.unicast = on_message,
	.broadcast = on_message,
	.network = on_nothing,
	.remove = on_remove,
	.node_of = on_node_of,
	.eui_of = on_eui_of,
	.noise = on_noise,
	.keep = on_nothing,
	.sent = on_tag,
	.acked = on_tag,
	.lost = on_lost,
	.wire = on_wire,
	.event = on_event,
	.command = on_command,
};

static struct bench *make(struct bench *b, unsigned version)
{
	const struct ncp_options o = {
		.version = version, .window = 5, .stack = 0x7410, .queue = 20, .scan_speed = 1
	};

	memset(b, 0, sizeof(*b));
	assert_int_equal(sble_timers_init(&b->timers, 8), 0);
	assert_int_equal(ncp_init(&b->ncp, &o, &air, b, &b->timers, 1), 0);
	ncp_power_on(&b->ncp, 0);
	b->events[0] = 0;
	return b;
}

static void done(struct bench *b)
{
	ncp_done(&b->ncp);
	sble_timers_done(&b->timers);
}

/* Bytes of a host. */
static void hear(struct bench *b, const char *hex)
{
	uint8_t bytes[512];
	size_t n = strlen(hex) / 2;

	assert_int_equal(sble_unhex(hex, bytes, n), 0);
	ncp_ash_receive(&b->ncp.ash, bytes, n, 0);
	ncp_ash_pump(&b->ncp.ash, 0);
}

static void expect(struct bench *b, const char *right)
{
	assert_string_equal(b->wire, right);
	b->wire[0] = 0;
}

/* A frame of the host without ASH; what comes back, likewise, in hex. */
static void expect_answer(struct bench *b, const char *hex, const char *right)
{
	uint8_t bytes[256];
	char got[512] = "";
	const struct ncp_ring *r = &b->ncp.ash.responses;
	const struct ncp_slot *s;

	assert_int_equal(sble_unhex(hex, bytes, strlen(hex) / 2), 0);
	ncp_frame(&b->ncp, bytes, strlen(hex) / 2);
	assert_int_equal(r->count, 1);
	s = &r->slots[r->head];
	for (size_t i = 0; i < s->n; i++)
		snprintf(got + 2 * i, sizeof(got) - 2 * i, "%02X", s->data[i]);
	assert_string_equal(got, right);
	b->ncp.ash.responses.count = 0;
}

static void test_version_as_a_real_host_asks_for_it(void **state)
{
	struct bench b;

	make(&b, 13);
	hear(&b, "004221A8597C057E");
	expect(&b, "0142A1A8592805C6A8777E ");
	assert_true(b.ncp.version_set);
	done(&b);
}

static void test_the_dance_of_versions(void **state)
{
	struct bench b;

	make(&b, 8);
	b.ncp.options.stack = 0x6780;
	expect_answer(&b, "00000004", "00800008028067");
	/* nothing else before it is agreed upon, in whatever format it is asked */
	expect_answer(&b, "010005", "01805830");
	expect_answer(&b, "0100FF0005", "0180FF005830");
	expect_answer(&b, "0100010500", "018001580030");
	assert_false(b.ncp.version_set);
	expect_answer(&b, "000001000008", "008001000008028067");
	assert_true(b.ncp.version_set);
	expect_answer(&b, "0100010500", "0180010500");
	/* unknown, truncated, and one that came with a later version */
	expect_answer(&b, "020001EF0E", "028001580031");
	expect_answer(&b, "0200012200", "028001580033");
	expect_answer(&b, "0200011601", "028001580031");
	assert_string_equal(b.events,
		"invalid-command 5;invalid-command 5;invalid-command 5;"
		"invalid-command 3823;invalid-command 34;invalid-command 278;");
	done(&b);
}

static void test_widths_of_statuses(void **state)
{
	struct bench b;

	make(&b, 13);
	b.ncp.version_set = true;
	expect_answer(&b, "4F000155000002", "4F8001550000");
	expect_answer(&b, "650001AA0003", "658001AA000002E02E");
	expect_answer(&b, "65000117000000", "658001170093");
	done(&b);
	make(&b, 14);
	b.ncp.version_set = true;
	b.ncp.ash.rx_next = 7;
	b.ncp.ash.tx_next = b.ncp.ash.tx_unacked = 1;
	hear(&b, "710D21A9012A15B0B2B57E");
	expect(&b, "100DA1A9012A15B259944FB87E ");
	done(&b);
}

/* A network that is up, without the callbacks that say so. */
static void bring_up(struct bench *b)
{
	b->ncp.version_set = b->ncp.up = true;
	b->ncp.tokens.counter = 1000;
}

/* What a host does that restores another one's network. */
static void test_the_table_of_keys(void **state)
{
	struct bench b;

	make(&b, 14);
	bring_up(&b);
	expect_answer(&b, "0100010E01020807060504030201000102030405060708090A0B0C0D0E0F",
		"0180010E0100000000");
	assert_true(b.ncp.tokens.keys[2].used);
	expect_answer(&b, "010001760002", "018001760000000000");
	assert_false(b.ncp.tokens.keys[2].used);
	assert_int_equal(b.ncp.tokens.keys[2].key[15], 0);
	expect_answer(&b, "0100017600FF", "018001760027000000");
	b.ncp.options.version = 13;
	expect_answer(&b, "010001760002", "018001760000");
	expect_answer(&b, "0100017600FF", "0180017600B1");
	expect_answer(&b, "0100019900F8", "018001990000");
	assert_int_equal(b.ncp.tokens.power, -8);
	done(&b);
}

static void test_a_message_and_its_fate(void **state)
{
	struct bench b;

	make(&b, 14);
	bring_up(&b);
	b.ncp.ash.rx_next = 7;
	b.ncp.aps_sequence = 0x9a;
	hear(&b, "706521A9602A156C90904B23AA5493098D4E27ABEECE648AF9C677B97E");
	expect(&b, "0065A1A9602A15B25994D0954C7E ");
	assert_int_equal(b.sent.peer, 0xc9de);
	assert_int_equal(b.sent.aps.cluster, 6);
	assert_int_equal(b.sent.n, 3);
	ncp_delivered(&b.ncp, &b.sent, true);
	ncp_ash_pump(&b.ncp.ash, 0);
	expect(&b, "1065B1A96B2A15B259944AFB6351934F9C4F26EBFCCE677D31FEC66357897E ");
	done(&b);
}

static void test_a_broadcast_with_its_contents(void **state)
{
	struct ncp_message m = { .type = NCP_BROADCAST,
		.peer = 0xfffd,
		.aps = { .profile = 0xa1e0,
			.cluster = 0x0021,
			.source = 0xf2,
			.destination = 0xf2,
			.options = 0x0100,
			.sequence = 0x66 },
		.tag = 0x34,
		.n = 6,
		.at = { 0x19, 0x0f, 0x02, 0x0a, 0, 0 } };
	struct bench b;

	make(&b, 13);
	bring_up(&b);
	b.ncp.sequence = 0xed;
	b.ncp.policies[4] = 0x41;
	b.ncp.ash.rx_next = 6;
	ncp_delivered(&b.ncp, &m, true);
	ncp_ash_pump(&b.ncp.ash, 0);
	b.wire[0] = 0;
	ncp_ash_tick(&b.ncp.ash, NCP_T_INIT_US);
	expect(&b, "0EAFB1A96B2A7D334FA674EB04AAA760499D4E27CDD9CE6192F2C46989FCFB817E ");
	done(&b);
}

static void test_what_a_sensor_says(void **state)
{
	static const uint8_t report[] = { 0x18, 0x0d, 0x0a, 0, 0, 0x29, 0xf0, 0xd8 };
	struct ncp_incoming m = { .aps = { .profile = 0x0104,
					  .cluster = 0x0402,
					  .source = 1,
					  .destination = 1,
					  .sequence = 0xf2 },
		.sender = 0x8bf5,
		.lqi = 0xc0,
		.rssi = (int8_t)0xcc,
		.at = report,
		.n = sizeof(report) };
	const char *why = NULL;
	struct bench b;

	make(&b, 13);
	bring_up(&b);
	b.ncp.sequence = 0x4a;
	b.ncp.ash.rx_next = 4;
	b.ncp.ash.tx_next = b.ncp.ash.tx_unacked = 5;
	assert_true(ncp_receive(&b.ncp, &m, NULL, &why));
	ncp_ash_pump(&b.ncp.ash, 0);
	expect(&b,
		"5408B1A97D312A15B658964E24AB5592499CBCE7677D38459874F5DE6E83FC7D5E165733936B7E ");
	/* without a network nobody hears of it */
	b.ncp.up = false;
	assert_false(ncp_receive(&b.ncp, &m, NULL, &why));
	assert_string_equal(why, "network-down");
	done(&b);
}

static void test_a_route(void **state)
{
	static const uint8_t eui[] = { 0xe3, 0x2d, 0xd1, 0xfe, 0xff, 0x2c, 0x6a, 0x3c };
	struct bench b;

	make(&b, 8);
	bring_up(&b);
	b.ncp.concentrator = true;
	b.ncp.sequence = 0xe4;
	b.ncp.ash.rx_next = 6;
	ncp_route_record(&b.ncp, eui, 0x4733, 0xff, (int8_t)0xe5, 0x0875);
	ncp_ash_pump(&b.ncp.ash, 0);
	expect(&b, "06A6B1A90D2A26F5BAB99BDB5579F87563AB26DEE553607E ");
	done(&b);
}

static void test_callbacks_that_are_lost_show(void **state)
{
	struct octets o = { 0 };
	struct bench b;

	make(&b, 13);
	bring_up(&b);
	b.ncp.faults.lose_callbacks = 1;
	assert_false(ncp_emit(&b.ncp, 0x7c, &o, NULL, NULL));
	expect_answer(&b, "0100010500", "0181010500");
	expect_answer(&b, "0200010500", "0280010500");
	done(&b);
}

static void test_install_codes(void **state)
{
	static const uint8_t right[] = { 0x66, 0xb6, 0x90, 0x09, 0x81, 0xe1, 0xee, 0x3c, 0xa4, 0x20,
		0x6b, 0x6b, 0x86, 0x1c, 0x02, 0xbb };
	uint8_t key[16], other[16];

	assert_int_equal(szb_install_key("83FED3407A939723A5C639B26916D505C3B5", key), 0);
	assert_memory_equal(key, right, 16);
	/* the checksum the other way round */
	assert_int_equal(szb_install_key("83FED3407A939723A5C639B26916D505B5C3", key), 0);
	assert_memory_equal(key, right, 16);
	assert_int_equal(szb_install_key("F6F1913D834A08D6ADAF1F91BAF4052D7316", key), 0);
	assert_int_equal(szb_install_key("F6F1913D834A08D6ADAF1F91BAF4052D1673", other), 0);
	assert_memory_equal(key, other, 16);
	assert_int_equal(szb_install_key("83FED3407A939723A5C639B26916D505C3B6", key), -22);
	assert_int_equal(szb_install_key("83FED3", key), -22);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_version_as_a_real_host_asks_for_it),
		cmocka_unit_test(test_the_dance_of_versions),
		cmocka_unit_test(test_widths_of_statuses),
		cmocka_unit_test(test_the_table_of_keys),
		cmocka_unit_test(test_a_message_and_its_fate),
		cmocka_unit_test(test_a_broadcast_with_its_contents),
		cmocka_unit_test(test_what_a_sensor_says),
		cmocka_unit_test(test_a_route),
		cmocka_unit_test(test_callbacks_that_are_lost_show),
		cmocka_unit_test(test_install_codes),
	};

	return RUN_TESTS(tests);
}
