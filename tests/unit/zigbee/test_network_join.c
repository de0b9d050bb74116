/*
 * Who may join and for how long; and what the radio tells of devices.
 */
#include "unit/zigbee/zignet.h"

#include <errno.h>

#include "util/cleanup.h"

#define SENSOR 0x00158d0004506f9a

static const unsigned versions[] = { 8, 12, 13, 14, 19 };
static const uint8_t key[16] = { 0x66, 0xb6, 0x90, 0x09 };

static struct zignet *up(unsigned version, bool well_known)
{
	return zignet_up(version, &(const struct network_config){ .well_known = well_known });
}

static int permit(struct zignet *z, unsigned seconds, bool well_known)
{
	int r = network_permit(&z->n, seconds, well_known, z->now_us);

	zignet_run(z);
	return r;
}

static void test_window(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		struct zignet *z = up(versions[i], false);
		bool new = versions[i] >= 14;
		const struct zignet_frame *f;

		assert_int_equal(network_invite(&z->n, SENSOR, key, z->now_us), 0);
		assert_int_equal(z->ncp.transient_keys, 0);
		assert_int_equal(permit(z, 120, false), 0);
		/* install codes only */
		assert_int_equal(z->ncp.join_policy, 0x13);
		assert_int_equal(z->ncp.permit, 120);
		assert_int_equal(z->ncp.transient_keys, 1);
		assert_int_equal(z->ncp.well_known_keys, 0);
		f = zignet_ncp_last(&z->ncp, versions[i] >= 12 ? 0x0111 : 0x00af);
		assert_memory_equal(f->bytes, "\x9a\x6f\x50\x04\x00\x8d\x15\x00", 8);
		assert_memory_equal(f->bytes + 8, key, 16);
		assert_int_equal(f->length, versions[i] == 12 || versions[i] == 13 ? 25 : 24);
		assert_int_equal(zignet_notice(z, NETWORK_NOTICE_OPENED)->number, 120);
		/* the routers, too: ZDO 0036 to FFFC, 120 s, the trust centre decides */
		f = zignet_ncp_last(&z->ncp, 0x0036);
		assert_memory_equal(f->bytes + (new ? 2 : 0),
			new ? "\xfc\xff\0\0\0\x36\0\0\0" : "\xfc\xff\0\0\x36\0\0\0", new ? 9 : 8);
		assert_memory_equal(f->bytes + f->length - 4, "\x03\x80\x78\x01", 4);
		zignet_pass(z, 119 * ZIGNET_S);
		assert_int_equal(zignet_notices(z, NETWORK_NOTICE_CLOSED), 0);
		zignet_pass(z, 2 * ZIGNET_S);
		assert_int_equal(zignet_notices(z, NETWORK_NOTICE_CLOSED), 1);
		assert_int_equal(z->ncp.join_policy, 0x02);
		assert_int_equal(z->ncp.permit, 0);
		assert_int_equal(z->ncp.transient_keys, 0);
		f = zignet_ncp_last(&z->ncp, 0x0036);
		assert_memory_equal(f->bytes + f->length - 2, "\x00\x01", 2);
		assert_int_equal(zignet_notices(z, NETWORK_NOTICE_PROBLEM), 0);
		zignet_free(z);
	}
}

/* The radio is open for 254 s at most, and forgets keys: all is said again, and told once. */
static void test_long_window(void **state)
{
	struct zignet *z = up(13, true);

	network_invite(&z->n, SENSOR, key, z->now_us);
	assert_int_equal(permit(z, 600, true), 0);
	assert_int_equal(z->ncp.join_policy, 0x03);
	assert_int_equal(z->ncp.permit, 254);
	assert_int_equal(z->ncp.well_known_keys, 1);
	zignet_pass(z, 239 * ZIGNET_S);
	assert_int_equal(zignet_ncp_count(&z->ncp, 0x0022, 0), 1);
	zignet_pass(z, 2 * ZIGNET_S);
	assert_int_equal(zignet_ncp_count(&z->ncp, 0x0022, 0), 2);
	assert_int_equal(zignet_ncp_count(&z->ncp, 0x0111, 0), 4);
	assert_int_equal(zignet_ncp_count(&z->ncp, 0x0036, 0), 2);
	zignet_pass(z, 240 * ZIGNET_S);
	assert_int_equal(z->ncp.permit, 120);
	assert_int_equal(zignet_notices(z, NETWORK_NOTICE_OPENED), 1);
	zignet_pass(z, 120 * ZIGNET_S);
	assert_int_equal(zignet_notices(z, NETWORK_NOTICE_CLOSED), 1);
	assert_int_equal(z->ncp.permit, 0);
	zignet_free(z);
}

static void test_refusals(void **state)
{
	struct zignet *z = up(13, false);

	assert_int_equal(permit(z, 60, true), -EPERM);
	assert_int_equal(permit(z, NETWORK_PERMIT_MAX + 1, false), -ERANGE);
	assert_int_equal(z->ncp.permit, 0);
	assert_int_equal(zignet_ncp_count(&z->ncp, 0x0022, 0), 0);
	/* closing what is closed */
	assert_int_equal(permit(z, 0, false), 0);
	assert_int_equal(zignet_notices(z, NETWORK_NOTICE_CLOSED), 0);
	/* the well-known key is nobody's own */
	assert_int_equal(
		network_invite(&z->n, SENSOR, (const uint8_t *)"ZigBeeAlliance09", 0), -EINVAL);
	assert_int_equal(network_invite(&z->n, 0, key, 0), -EINVAL);
	assert_int_equal(network_invite(&z->n, SENSOR, (const uint8_t[16]){ 0 }, 0), -EINVAL);
	network_stop(&z->n, z->now_us);
	assert_int_equal(permit(z, 60, false), -ENETDOWN);
	zignet_free(z);
}

/* From everybody to some: the well-known key goes. */
static void test_narrower(void **state)
{
	struct zignet *z = up(14, true);

	permit(z, 60, true);
	assert_int_equal(z->ncp.well_known_keys, 1);
	permit(z, 60, false);
	assert_int_equal(z->ncp.well_known_keys, 0);
	assert_int_equal(z->ncp.join_policy, 0x13);
	permit(z, 0, false);
	assert_int_equal(z->ncp.permit, 0);
	assert_int_equal(z->ncp.join_policy, 0x02);
	assert_int_equal(zignet_notices(z, NETWORK_NOTICE_CLOSED), 1);
	zignet_free(z);
}

/* The radio resets itself while the network is open. */
static void test_window_and_reset(void **state)
{
	struct zignet *z = up(13, false);
	const struct zignet_frame *f;

	network_invite(&z->n, SENSOR, key, z->now_us);
	permit(z, 100, false);
	zignet_pass(z, 30 * ZIGNET_S);
	network_link_down(&z->n, "watchdog", z->now_us);
	zignet_run(z);
	assert_int_equal(z->ncp.permit, 70);
	assert_int_equal(z->ncp.join_policy, 0x13);
	assert_int_equal(z->ncp.transient_keys, 1);
	f = zignet_ncp_last(&z->ncp, 0x0036);
	assert_int_equal(f->bytes[f->length - 2], 70);
	assert_int_equal(zignet_notices(z, NETWORK_NOTICE_OPENED), 1);
	/* it ends while the radio is away */
	network_link_down(&z->n, "watchdog", z->now_us);
	z->boots = false;
	zignet_pass(z, 100 * ZIGNET_S);
	assert_int_equal(zignet_notices(z, NETWORK_NOTICE_CLOSED), 1);
	z->boots = true;
	zignet_run(z);
	assert_int_equal(z->n.state, NETWORK_UP);
	assert_int_equal(z->ncp.permit, 0);
	assert_int_equal(z->ncp.join_policy, 0x02);
	zignet_free(z);
}

/* Whoever opens it but us: it is closed again. */
static void test_opened_by_others(void **state)
{
	struct zignet *z = up(14, false);

	zignet_ncp_callback(&z->ncp, 0x0019, "18 0C 00 00");
	zignet_run(z);
	assert_int_equal(zignet_ncp_count(&z->ncp, 0x0022, 0), 1);
	assert_int_equal(zignet_ncp_last(&z->ncp, 0x0022)->bytes[0], 0);
	assert_non_null(strstr(zignet_text(z, NETWORK_NOTICE_PROBLEM), "closed again"));
	/* and closes what we have opened */
	permit(z, 100, false);
	zignet_ncp_callback(&z->ncp, 0x0019, "19 0C 00 00");
	z->ncp.permit = 0;
	zignet_run(z);
	assert_int_equal(z->ncp.permit, 0);
	zignet_pass(z, 2 * ZIGNET_S);
	assert_in_range(z->ncp.permit, 98, 100);
	zignet_free(z);
}

static void test_permit_fails(void **state)
{
	static const uint16_t ids[] = { 0x0022, 0x0055 };

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		struct zignet *z = up(13, false);

		z->ncp.refuses = ids[i];
		permit(z, 60, false);
		assert_non_null(strstr(zignet_text(z, NETWORK_NOTICE_PROBLEM), "refuses to"));
		assert_int_equal(zignet_notices(z, NETWORK_NOTICE_CLOSED), 1);
		assert_int_equal(zignet_notices(z, NETWORK_NOTICE_OPENED), 0);
		assert_true(z->n.permit_until_us == INT64_MIN);
		zignet_free(z);
	}
}

static void test_invited(void **state)
{
	struct zignet *z = up(13, false);
	uint8_t other[16] = { 9 };

	for (unsigned i = 0; i < NETWORK_INVITED_MAX; i++)
		assert_int_equal(network_invite(&z->n, SENSOR + i, key, z->now_us), 0);
	assert_int_equal(network_invite(&z->n, SENSOR + 99, key, z->now_us), -ENOSPC);
	assert_int_equal(network_invite(&z->n, SENSOR, other, z->now_us), 0);
	permit(z, 60, false);
	assert_int_equal(z->ncp.transient_keys, NETWORK_INVITED_MAX);
	assert_int_equal(z->ncp.permit, 60);
	/* one more while it is open goes to the radio at once; and one that it refuses is told once
	 */
	network_uninvite(&z->n, SENSOR + 63, z->now_us);
	network_uninvite(&z->n, SENSOR + 1000, z->now_us);
	zignet_run(z);
	assert_int_equal(z->ncp.transient_keys, NETWORK_INVITED_MAX - 1);
	z->ncp.fails = 0x0111;
	z->ncp.bad_status_new = 0x19;
	z->ncp.times = 1;
	assert_int_equal(network_invite(&z->n, SENSOR + 99, key, z->now_us), 0);
	zignet_run(z);
	assert_non_null(strstr(zignet_text(z, NETWORK_NOTICE_PROBLEM), "00158d0004506ffd"));
	zignet_pass(z, 70 * ZIGNET_S);
	permit(z, 60, false);
	assert_int_equal(z->ncp.transient_keys, NETWORK_INVITED_MAX);
	assert_int_equal(zignet_notices(z, NETWORK_NOTICE_PROBLEM), 1);
	for (unsigned i = 0; i < 100; i++)
		network_uninvite(&z->n, SENSOR + i, z->now_us);
	assert_int_equal(z->n.invited_count, 0);
	for (size_t i = 0; i < sizeof(z->n.invited); i++)
		assert_int_equal(((const uint8_t *)z->n.invited)[i], 0);
	zignet_free(z);
}

struct join {
	const char *hex;
	enum network_kind kind;
};

#define DENIED 5

/* nodeId, eui64, status, decision, parent */
static const struct join joins[] = {
	{ "34 12 9A 6F 50 04 00 8D 15 00 01 00 00 00", NETWORK_NOTICE_JOINED },
	{ "34 12 9A 6F 50 04 00 8D 15 00 00 00 76 54", NETWORK_NOTICE_REJOINED },
	{ "34 12 9A 6F 50 04 00 8D 15 00 03 00 00 00", NETWORK_NOTICE_REJOINED },
	{ "34 12 9A 6F 50 04 00 8D 15 00 02 03 00 00", NETWORK_NOTICE_LEFT },
	{ "34 12 9A 6F 50 04 00 8D 15 00 02 02 00 00", NETWORK_NOTICE_LEFT },
	[DENIED] = { "34 12 9A 6F 50 04 00 8D 15 00 01 02 00 00", NETWORK_NOTICE_DENIED },
	{ "34 12 9A 6F 50 04 00 8D 15 00 07 00 00 00", _NETWORK_NOTICE_MAX },
	{ "34 12 00 00 00 00 00 00 00 00 01 00 00 00", _NETWORK_NOTICE_MAX },
	{ "34 12 FF FF FF FF FF FF FF FF 01 00 00 00", _NETWORK_NOTICE_MAX },
	{ "34 12 A7 0B D8 09 00 4B 12 00 01 00 00 00", _NETWORK_NOTICE_MAX }, /* ourselves */
};

/* The key of an install code lives until the device has one of its own, or the window is over. */
static void test_invited_and_joined(void **state)
{
	struct zignet *z = up(13, false);

	for (unsigned i = 0; i < 3; i++)
		network_invite(&z->n, SENSOR + i, key, z->now_us);
	permit(z, 100, false);
	assert_int_equal(z->ncp.transient_keys, 3);
	/* not before it is in */
	zignet_ncp_callback(&z->ncp, 0x009b, "9A 6F 50 04 00 8D 15 00 34");
	zignet_run(z);
	assert_int_equal(z->n.invited_count, 3);
	zignet_ncp_callback(&z->ncp, 0x0024, "34 12 9A 6F 50 04 00 8D 15 00 01 00 00 00");
	zignet_ncp_callback(&z->ncp, 0x0024, "35 12 9B 6F 50 04 00 8D 15 00 01 00 00 00");
	/* it is being given one; then it fails at that, and then it has it */
	zignet_ncp_callback(&z->ncp, 0x009b, "9A 6F 50 04 00 8D 15 00 06");
	zignet_ncp_callback(&z->ncp, 0x009b, "9A 6F 50 04 00 8D 15 00 33");
	zignet_run(z);
	assert_int_equal(z->n.invited_count, 3);
	zignet_ncp_callback(&z->ncp, 0x009b, "9A 6F 50 04 00 8D 15 00 34");
	zignet_run(z);
	assert_int_equal(z->n.invited_count, 2);
	/* after a reset of the radio only the others are told to it */
	network_link_down(&z->n, "watchdog", z->now_us);
	zignet_run(z);
	assert_int_equal(z->ncp.transient_keys, 2);
	/* the second has joined, and never said more; the third did not come */
	permit(z, 0, false);
	assert_int_equal(z->ncp.transient_keys, 0);
	assert_int_equal(z->n.invited_count, 1);
	assert_int_equal(z->n.invited[0].eui64, SENSOR + 2);
	/* taken back while it is open: the radio forgets it, and knows the others */
	network_invite(&z->n, SENSOR + 5, key, z->now_us);
	permit(z, 100, false);
	assert_int_equal(z->ncp.transient_keys, 2);
	network_uninvite(&z->n, SENSOR + 5, z->now_us);
	zignet_run(z);
	assert_int_equal(z->ncp.transient_keys, 1);
	assert_int_equal(z->ncp.permit, 100);
	permit(z, 0, false);
	/* one that came and left has failed, and may try again */
	zignet_ncp_callback(&z->ncp, 0x0024, "36 12 9C 6F 50 04 00 8D 15 00 01 00 00 00");
	zignet_ncp_callback(&z->ncp, 0x0024, "36 12 9C 6F 50 04 00 8D 15 00 02 03 00 00");
	zignet_run(z);
	permit(z, 50, false);
	permit(z, 0, false);
	assert_int_equal(z->n.invited_count, 1);
	zignet_free(z);
}

static bool was_told_key(const struct zignet *z, uint64_t eui64, unsigned from)
{
	for (unsigned i = from; i < z->ncp.count; i++) {
		const struct zignet_frame *f = &z->ncp.log[i];

		if (f->id == 0x0111 && memcmp(f->bytes, &eui64, 8) == 0) /* little-endian */
			return true;
	}
	return false;
}

/* One that gets its own key while the radio is told those of others, at any moment of it. */
static void test_joined_while_others_are_invited(void **state)
{
	for (unsigned moment = 0; moment < 12; moment++) {
		struct zignet *z = up(13, false);
		unsigned from;

		for (unsigned i = 0; i < 4; i++)
			network_invite(&z->n, SENSOR + i, key, z->now_us);
		permit(z, 100, false);
		zignet_ncp_callback(&z->ncp, 0x0024, "34 12 9A 6F 50 04 00 8D 15 00 01 00 00 00");
		zignet_run(z);
		network_link_down(&z->n, "watchdog", z->now_us);
		while (z->n.state != NETWORK_UP)
			assert_true(zignet_step(z));
		from = z->ncp.count;
		for (unsigned i = 0; i < moment && zignet_step(z); i++)
			;
		zignet_ncp_callback(&z->ncp, 0x009b, "9A 6F 50 04 00 8D 15 00 34");
		zignet_run(z);
		assert_int_equal(z->n.invited_count, 3);
		for (unsigned i = 1; i < 4; i++)
			assert_true(was_told_key(z, SENSOR + i, from));
		zignet_free(z);
	}
}

/* A device that may not join tries for ever: told once a minute, with how often; each one by
 * itself, and none makes the table grow. */
static void test_denied_again_and_again(void **state)
{
	struct zignet *z = up(13, false);
	char hex[64];

	for (unsigned i = 0; i < 50; i++) {
		zignet_ncp_callback(&z->ncp, 0x0024, joins[DENIED].hex);
		zignet_run(z);
	}
	assert_int_equal(z->n.counters.denied, 50);
	assert_int_equal(zignet_notices(z, NETWORK_NOTICE_DENIED), 1);
	assert_int_equal(zignet_notice(z, NETWORK_NOTICE_DENIED)->number, 1);
	assert_non_null(strstr(zignet_text(z, NETWORK_NOTICE_DENIED), "permit-join"));
	zignet_pass(z, 61 * ZIGNET_S);
	zignet_ncp_callback(&z->ncp, 0x0024, joins[DENIED].hex);
	zignet_run(z);
	assert_int_equal(zignet_notices(z, NETWORK_NOTICE_DENIED), 2);
	assert_int_equal(zignet_notice(z, NETWORK_NOTICE_DENIED)->number, 50);
	/* two in turn are two, each told once */
	for (unsigned i = 0; i < 20; i++) {
		(void)snprintf(
			hex, sizeof(hex), "34 12 %02X 6F 50 04 00 8D 15 00 01 02 00 00", i % 2);
		zignet_ncp_callback(&z->ncp, 0x0024, hex);
		zignet_run(z);
	}
	assert_int_equal(zignet_notices(z, NETWORK_NOTICE_DENIED), 4);
	zignet_free(z);
}

/* An answer is lost: it is said again. */
static void test_lost_answer(void **state)
{
	struct zignet *z = up(13, false);

	z->ncp.ignores = 0x0111;
	z->ncp.times = 1;
	network_invite(&z->n, SENSOR, key, z->now_us);
	permit(z, 60, false);
	zignet_pass(z, 4 * ZIGNET_S);
	assert_int_equal(z->ncp.transient_keys, 1);
	assert_in_range(z->ncp.permit, 56, 58);
	assert_int_equal(z->n.state, NETWORK_UP);
	zignet_free(z);
}

static void test_joins(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(joins) * ARRAY_SIZE(versions); i++) {
		const struct join *j = &joins[i / ARRAY_SIZE(versions)];
		struct zignet *z = up(versions[i % ARRAY_SIZE(versions)], false);
		unsigned before = z->notice_count;
		const struct network_notice *n;

		zignet_ncp_callback(&z->ncp, 0x0024, j->hex);
		zignet_run(z);
		if (j->kind == _NETWORK_NOTICE_MAX) {
			assert_int_equal(z->notice_count, before);
			assert_int_equal(z->n.counters.ignored, 1);
		} else {
			n = zignet_notice(z, j->kind);
			assert_non_null(n);
			assert_int_equal(z->notice_count, before + 1);
			assert_int_equal(n->node, 0x1234);
			assert_int_equal(n->eui64, SENSOR);
			if (j->kind == NETWORK_NOTICE_REJOINED && n->code == 0)
				assert_int_equal(n->parent, 0x5476);
		}
		zignet_free(z);
	}
}

/* Some makers' devices want a coordinator of that maker; others want none such. */
static void test_makers(void **state)
{
	struct zignet *z = up(13, false);

	zignet_ncp_callback(&z->ncp, 0x0024, "34 12 01 02 03 04 05 EF 44 54 01 00 00 00");
	zignet_run(z);
	assert_memory_equal(zignet_ncp_last(&z->ncp, 0x0015)->bytes, "\x49\x10", 2);
	zignet_ncp_callback(&z->ncp, 0x0024, "34 12 5F 45 79 3C DF 8C CF 04 01 00 00 00");
	zignet_run(z);
	assert_memory_equal(zignet_ncp_last(&z->ncp, 0x0015)->bytes, "\x5f\x11", 2);
	zignet_ncp_callback(&z->ncp, 0x0024, joins[0].hex);
	zignet_run(z);
	assert_memory_equal(zignet_ncp_last(&z->ncp, 0x0015)->bytes, "\x49\x10", 2);
	assert_int_equal(zignet_ncp_count(&z->ncp, 0x0015, 0), 3);
	zignet_free(z);
}

static void test_events(void **state)
{
	struct zignet *z = up(14, false);
	const struct network_notice *n;

	/* the route record of bellows #472, with its relays */
	zignet_ncp_callback(&z->ncp, 0x0059, "33 47 E3 2D D1 FE FF 2C 6A 3C FF E5 01 75 08");
	zignet_run(z);
	n = zignet_notice(z, NETWORK_NOTICE_ROUTE);
	assert_int_equal(n->node, 0x4733);
	assert_int_equal(n->eui64, 0x3c6a2cfffed12de3);
	assert_int_equal(n->lqi, 0xff);
	assert_int_equal(n->rssi, -27);
	assert_int_equal(n->relay_count, 1);
	assert_int_equal(n->relays[0], 0x0875);

	zignet_ncp_callback(&z->ncp, 0x0023, "00 01 34 12 9A 6F 50 04 00 8D 15 00 04");
	zignet_run(z);
	n = zignet_notice(z, NETWORK_NOTICE_CHILD);
	assert_int_equal(n->code, 4);
	assert_int_equal(n->eui64, SENSOR);
	/* that it is one no longer is no sign that it is there: it may be told of who has left */
	zignet_ncp_callback(&z->ncp, 0x0023, "00 00 34 12 9A 6F 50 04 00 8D 15 00 04");
	zignet_run(z);
	assert_int_equal(zignet_notices(z, NETWORK_NOTICE_CHILD), 1);

	zignet_ncp_callback(&z->ncp, 0x009b, "9A 6F 50 04 00 8D 15 00 01");
	zignet_run(z);
	assert_int_equal(zignet_notice(z, NETWORK_NOTICE_KEY)->eui64, SENSOR);

	/* counted, and no more */
	zignet_ncp_callback(&z->ncp, 0x0080, "02 0C 00 00 34 12");
	zignet_ncp_callback(&z->ncp, 0x00c4, "01 34 12");
	zignet_ncp_callback(&z->ncp, 0x0059, "00 00 E3 2D D1 FE FF 2C 6A 3C FF E5 00");
	zignet_ncp_callback(&z->ncp, 0x0023, "00 01 34 12 00 00 00 00 00 00 00 00 04");
	zignet_ncp_callback(&z->ncp, 0x0024, "34");
	zignet_ncp_callback(&z->ncp, 0x00ff, "34");
	zignet_run(z);
	assert_int_equal(z->n.counters.route_errors, 2);
	assert_int_equal(z->n.counters.ignored, 3);
	assert_int_equal(z->n.ezsp.counters.unknown_callbacks, 1);
	zignet_free(z);
}

/* A flood of them: told once a minute for each, and nobody has left. */
static void test_conflicts(void **state)
{
	struct zignet *z = up(14, false);

	for (unsigned i = 0; i < 20; i++) {
		zignet_ncp_callback(&z->ncp, 0x007c, "34 12");
		zignet_ncp_callback(&z->ncp, 0x00c4, "0D 35 12");
		zignet_run(z);
		zignet_pass(z, ZIGNET_S);
	}
	assert_int_equal(z->n.counters.conflicts, 40);
	assert_int_equal(zignet_notices(z, NETWORK_NOTICE_CONFLICT), 2);
	assert_int_equal(zignet_notices(z, NETWORK_NOTICE_LEFT), 0);
	zignet_pass(z, 60 * ZIGNET_S);
	zignet_ncp_callback(&z->ncp, 0x007c, "34 12");
	zignet_ncp_callback(&z->ncp, 0x007c, "00 00");
	zignet_run(z);
	assert_int_equal(zignet_notices(z, NETWORK_NOTICE_CONFLICT), 3);
	zignet_free(z);
}

static void test_overflow(void **state)
{
	struct zignet *z = up(13, false);

	for (unsigned i = 0; i < 5; i++) {
		z->ncp.overflow = true;
		zignet_ncp_callback(&z->ncp, 0x0023, "00 01 34 12 9A 6F 50 04 00 8D 15 00 04");
		zignet_run(z);
	}
	assert_int_equal(zignet_notices(z, NETWORK_NOTICE_OVERFLOW), 1);
	assert_int_equal(zignet_notice(z, NETWORK_NOTICE_OVERFLOW)->number, 1);
	zignet_pass(z, 61 * ZIGNET_S);
	assert_int_equal(zignet_notices(z, NETWORK_NOTICE_OVERFLOW), 2);
	assert_int_equal(zignet_notice(z, NETWORK_NOTICE_OVERFLOW)->number, 4);
	assert_int_equal(z->n.state, NETWORK_UP);
	zignet_free(z);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_long_window),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_narrower),
		cmocka_unit_test(test_window_and_reset),
		cmocka_unit_test(test_opened_by_others),
		cmocka_unit_test(test_permit_fails),
		cmocka_unit_test(test_invited),
		cmocka_unit_test(test_invited_and_joined),
		cmocka_unit_test(test_joined_while_others_are_invited),
		cmocka_unit_test(test_denied_again_and_again),
		cmocka_unit_test(test_lost_answer),
		cmocka_unit_test(test_joins),
		cmocka_unit_test(test_makers),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_conflicts),
		cmocka_unit_test(test_overflow),
	};

	return RUN_TESTS(tests);
}
