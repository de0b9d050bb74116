/*
 * Messages and their fates; and a radio that fails in every way there is.
 */
#include "unit/zigbee/zignet.h"

#include <errno.h>

#include "util/cleanup.h"

static const unsigned versions[] = { 8, 13, 14, 19 };

static int send_to(struct zignet *z, uint16_t node, uint32_t ticket)
{
	return network_send(&z->n,
		&(const struct zigbee_send){ .node = node,
			.profile = 0x0104,
			.cluster = 0x0006,
			.source_endpoint = 1,
			.destination_endpoint = 1,
			.ticket = ticket,
			.bytes = (const uint8_t[]){ 1, 4, 0 },
			.length = 3 },
		z->now_us);
}

static void test_unicast(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		struct zignet *z = zignet_up(versions[i], NULL);
		const struct zignet_frame *f;

		assert_int_equal(send_to(z, 0xc9de, 7), 0);
		zignet_run(z);
		f = zignet_ncp_last(&z->ncp, 0x0034);
		/* as in the vector of another host, but for its options and tag */
		assert_memory_equal(
			f->bytes, "\x00\xde\xc9\x04\x01\x06\x00\x01\x01\x40\x11\x00\x00\x00", 14);
		assert_memory_equal(
			f->bytes + (versions[i] >= 14 ? 16 : 15), "\x03\x01\x04\x00", 4);
		assert_int_equal(z->fate_count, 1);
		assert_int_equal(z->tickets[0], 7);
		assert_int_equal(z->fates[0], ZIGBEE_DELIVERED);
		z->ncp.fails_delivery = true;
		send_to(z, 0xc9de, 8);
		zignet_run(z);
		assert_int_equal(z->tickets[1], 8);
		assert_int_equal(z->fates[1], ZIGBEE_UNDELIVERED);
		/* the fate may come before the answer */
		z->ncp.status_first = true;
		send_to(z, 0xc9de, 9);
		zignet_run(z);
		assert_int_equal(z->fates[2], ZIGBEE_UNDELIVERED);
		assert_int_equal(z->fate_count, 3);
		assert_int_equal(z->n.send_count, 0);
		assert_int_equal(z->n.flight, 0);
		zignet_free(z);
	}
}

/* The vector of zigbee-herdsman's own tests, v14, but for sequence and tag. */
static void test_vector(void **state)
{
	struct zignet *z = zignet_up(14, NULL);
	uint8_t frame[64];
	size_t n;

	n = zignet_hex(
		"27 90 01 45 00 00 04 01 06 00 01 01 00 01 00 00 70 DE C9 00 00 00 00 00 00 00 "
		"00 FF FF 03 00 06 00 00 00 05 18 04 0B 00 00 02",
		frame, sizeof(frame));
	network_receive(&z->n, frame, n, z->now_us);
	assert_int_equal(z->heard_count, 1);
	assert_int_equal(z->heard.node, 0xc9de);
	assert_int_equal(z->heard.eui64, 0);
	assert_int_equal(z->heard.cluster, 6);
	assert_int_equal(z->heard.profile, 0x0104);
	assert_int_equal(z->heard.aps_sequence, 0x70);
	assert_int_equal(z->heard.lqi, 3);
	assert_false(z->heard.broadcast);
	assert_int_equal(z->heard.length, 5);
	assert_memory_equal(z->heard_bytes, "\x18\x04\x0b\x00\x00", 5);
	zignet_free(z);
	/* a sensor's fault report, v13 */
	z = zignet_up(13, NULL);
	n = zignet_hex(
		"4A 90 01 45 00 00 04 01 02 04 01 01 00 00 00 00 F2 C0 CC F5 8B FF FF 08 18 0D "
		"0A 00 00 29 F0 D8",
		frame, sizeof(frame));
	network_receive(&z->n, frame, n, z->now_us);
	assert_int_equal(z->heard.node, 0x8bf5);
	assert_int_equal(z->heard.cluster, 0x0402);
	assert_int_equal(z->heard.lqi, 0xc0);
	assert_int_equal(z->heard.rssi, -52);
	assert_int_equal(z->heard.length, 8);
	zignet_free(z);
}

static void test_heard(void **state)
{
	static const struct {
		const char *type;
		unsigned heard;
		bool broadcast;
		uint16_t group;
	} rows[] = { { "00", 1, false, 0 }, { "01", 1, false, 0 }, { "02", 1, true, 0x0385 },
		{ "03", 0, false, 0 }, { "04", 1, true, 0 }, { "05", 0, false, 0 },
		{ "06", 0, false, 0 } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct zignet *z = zignet_up(13, NULL);
		char hex[128];

		snprintf(hex, sizeof(hex),
			"%s 04 01 06 00 01 01 00 00 85 03 F2 C0 CC F5 8B FF FF 01 18",
			rows[i].type);
		zignet_ncp_callback(&z->ncp, 0x0045, hex);
		zignet_run(z);
		assert_int_equal(z->heard_count, rows[i].heard);
		assert_int_equal(z->heard.broadcast, rows[i].broadcast);
		assert_int_equal(z->heard.group, rows[i].group);
		assert_int_equal(z->n.counters.heard_bad, !rows[i].heard);
		/* cut short; our own */
		zignet_ncp_callback(&z->ncp, 0x0045, "00 04 01 06 00 01 01");
		zignet_ncp_callback(&z->ncp, 0x0045,
			"00 04 01 06 00 01 01 00 00 85 03 F2 C0 CC 00 00 FF FF 01 18");
		zignet_run(z);
		assert_int_equal(z->heard_count, rows[i].heard);
		zignet_free(z);
	}
}

static void test_broadcast(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		struct zignet *z = zignet_up(versions[i], NULL);
		unsigned at = versions[i] >= 14 ? 2 : 0;
		const struct zignet_frame *f;

		assert_int_equal(send_to(z, ZIGBEE_BROADCAST_AWAKE, 3), 0);
		zignet_run(z);
		f = zignet_ncp_last(&z->ncp, 0x0036);
		if (at)
			assert_memory_equal(f->bytes, "\xff\xff", 2); /* no alias */
		assert_memory_equal(f->bytes + at, "\xfd\xff", 2);
		assert_int_equal(f->bytes[at ? 16 : 13], 30); /* radius */
		assert_int_equal(z->fates[0], ZIGBEE_DELIVERED);
		zignet_free(z);
	}
}

static void test_bad_sends(void **state)
{
	struct zignet *z = zignet_up(13, NULL);
	struct zigbee_send s = { .node = 5, .bytes = z->heard_bytes, .length = 129 };

	assert_int_equal(network_send(&z->n, &s, z->now_us), -EMSGSIZE);
	s.length = 0;
	assert_int_equal(network_send(&z->n, &s, z->now_us), -EINVAL);
	s.length = 1;
	s.node = 0;
	assert_int_equal(network_send(&z->n, &s, z->now_us), -EINVAL);
	s.node = 0xfff9;
	assert_int_equal(network_send(&z->n, &s, z->now_us), -EINVAL);
	s.node = 0xfffe;
	assert_int_equal(network_send(&z->n, &s, z->now_us), -EINVAL);
	s.node = 5;
	s.length = 128;
	assert_int_equal(network_send(&z->n, &s, z->now_us), 0);
	zignet_run(z);
	assert_int_equal(z->fate_count, 1);
	zignet_free(z);
}

/* More than fits; in order; and each has one fate. */
static void test_many(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		struct zignet *z = zignet_up(versions[i], NULL);
		unsigned n = 0, from;

		z->ncp.no_fate = true;
		from = z->ncp.count;
		while (send_to(z, (uint16_t)(0x100 + n), n) == 0)
			n++;
		assert_int_equal(n, NETWORK_SENDS_MAX);
		assert_int_equal(send_to(z, 0x100, 0), -ENOBUFS);
		zignet_run(z);
		/* no more than the radio has room for */
		assert_int_equal(zignet_ncp_count(&z->ncp, 0x0034, from), NETWORK_FLIGHT_MAX);
		for (unsigned k = 0; k < NETWORK_FLIGHT_MAX; k++)
			assert_int_equal(z->ncp.log[from + k].bytes[1], k);
		assert_int_equal(z->fate_count, 0);
		z->ncp.no_fate = false;
		zignet_pass(z, 31 * ZIGNET_S);
		assert_int_equal(z->n.counters.fates_late, NETWORK_FLIGHT_MAX);
		assert_int_equal(z->n.counters.delivered, NETWORK_SENDS_MAX - NETWORK_FLIGHT_MAX);
		assert_int_equal(z->fate_count, NETWORK_SENDS_MAX);
		/* each once; those that were sent later in their order */
		for (unsigned k = 0, sum = 0, last = 0; k < NETWORK_SENDS_MAX; k++) {
			sum += z->tickets[k];
			if (z->tickets[k] >= NETWORK_FLIGHT_MAX) {
				assert_true(z->tickets[k] > last);
				last = z->tickets[k];
			}
			if (k == NETWORK_SENDS_MAX - 1)
				assert_int_equal(sum, k * (k + 1) / 2);
		}
		assert_int_equal(z->n.send_count, 0);
		zignet_free(z);
	}
}

/* Tags go round and are never those of one under way. */
static void test_tags(void **state)
{
	struct zignet *z = zignet_up(13, NULL);

	z->ncp.no_fate = true;
	send_to(z, 0x100, 9000);
	zignet_run(z);
	z->ncp.no_fate = false;
	for (unsigned i = 0; i < 200; i++) {
		z->ncp.count = 0;
		send_to(z, 0x200, i);
		zignet_run(z);
		assert_int_equal(z->fate_count, i + 1);
	}
	z->fate_count = 0;
	/* a fate of none, of another node, and of ours */
	zignet_ncp_callback(&z->ncp, 0x003f, "00 00 01 04 01 06 00 01 01 40 11 00 00 00 F0 00 00");
	zignet_ncp_callback(&z->ncp, 0x003f, "00 01 01 04 01 06 00 01 01 40 11 00 00 00 01 00 00");
	zignet_ncp_callback(&z->ncp, 0x003f, "00 00 01 04 01 06 00 01 01 40 11 00 00 00 00 00 00");
	zignet_run(z);
	assert_int_equal(z->fate_count, 0);
	assert_int_equal(z->n.counters.fates_unknown, 2);
	zignet_ncp_callback(&z->ncp, 0x003f, "00 00 01 04 01 06 00 01 01 40 11 00 00 00 01 00 00");
	zignet_run(z);
	assert_int_equal(z->fate_count, 1);
	assert_int_equal(z->tickets[0], 9000);
	zignet_free(z);
}

static void test_busy(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		struct zignet *z = zignet_up(versions[i], NULL);

		z->ncp.fails = 0x0034;
		z->ncp.bad_status = 0x72;
		z->ncp.bad_status_new = 0x0c03;
		z->ncp.times = 2;
		send_to(z, 0x100, 1);
		zignet_run(z);
		assert_int_equal(z->fate_count, 0);
		zignet_pass(z, 2 * ZIGNET_S);
		assert_int_equal(z->fates[0], ZIGBEE_DELIVERED);
		assert_int_equal(z->n.counters.busy, 2);
		/* for ever */
		z->ncp.fails = 0x0034;
		z->ncp.times = 0;
		send_to(z, 0x100, 2);
		zignet_pass(z, 10 * ZIGNET_S);
		assert_int_equal(z->fates[1], ZIGBEE_NOT_SENT);
		/* no is no */
		z->ncp.bad_status = 0x02;
		z->ncp.bad_status_new = 0x21;
		send_to(z, 0x100, 3);
		zignet_run(z);
		assert_int_equal(z->fates[2], ZIGBEE_NOT_SENT);
		z->ncp.refuses = 0x0034;
		send_to(z, 0x100, 4);
		zignet_run(z);
		assert_int_equal(z->fates[3], ZIGBEE_NOT_SENT);
		/* its answer is lost, its fate is not */
		z->ncp.refuses = z->ncp.fails = 0;
		z->ncp.ignores = 0x0034;
		z->ncp.times = 1;
		send_to(z, 0x100, 5);
		zignet_pass(z, 10 * ZIGNET_S);
		assert_int_equal(z->fate_count, 4);
		zignet_pass(z, 31 * ZIGNET_S);
		assert_int_equal(z->fates[4], ZIGBEE_UNDELIVERED);
		assert_int_equal(z->n.state, NETWORK_UP);
		zignet_free(z);
	}
}

/* All that is under way has a fate when the radio goes. */
static void test_down_with_messages(void **state)
{
	struct zignet *z = zignet_up(13, NULL);

	z->ncp.no_fate = true;
	for (unsigned i = 0; i < 20; i++)
		send_to(z, 0x100, i);
	zignet_run(z);
	network_link_down(&z->n, "error 0x51", z->now_us);
	assert_int_equal(z->fate_count, 20);
	assert_int_equal(z->fates[19], ZIGBEE_NOT_SENT);
	assert_int_equal(z->n.counters.not_sent, 20);
	assert_int_equal(zignet_notices(z, NETWORK_NOTICE_DOWN), 1);
	assert_int_equal(zignet_notices(z, NETWORK_NOTICE_RESET), 1);
	assert_string_equal(zignet_text(z, NETWORK_NOTICE_RESET), "error 0x51");
	assert_int_equal(send_to(z, 0x100, 0), -ENETDOWN);
	zignet_run(z);
	assert_int_equal(z->n.state, NETWORK_UP);
	/* and when whoever is told makes an end */
	send_to(z, 0x100, 0);
	send_to(z, 0x100, 0);
	z->stop_on_fate = true;
	network_link_down(&z->n, "error 0x51", z->now_us);
	assert_int_equal(z->n.state, NETWORK_OFF);
	assert_int_equal(z->fate_count, 22);
	assert_true(network_deadline(&z->n) == INT64_MAX);
	zignet_free(z);
}

/* ---- a radio that fails ---- */

static void test_thousand_resets(void **state)
{
	struct zignet *z = zignet_up(14, NULL);

	for (unsigned i = 0; i < 1000; i++) {
		z->ncp.count = z->notice_count = 0;
		network_link_down(&z->n, "watchdog", z->now_us);
		zignet_run(z);
		assert_int_equal(z->n.state, NETWORK_UP);
		assert_in_range(z->n.commands, 20, 28);
		zignet_pass(z, ZIGNET_S);
	}
	assert_int_equal(z->n.counters.resets, 1001);
	assert_true(z->ncp.joined);
	/* as its counter has gone on by a million, it was kept now and then */
	assert_in_range(z->keeps, 50, 70);
	zignet_free(z);
}

/* At each command that matters or does not: refused, failed, unanswered. */
static void test_each_command(void **state)
{
	static const uint16_t ids[] = { 0x0026, 0x0053, 0x0055, 0x00ab, 0x0015, 0x0064, 0x0002,
		0x0017, 0x0028, 0x0114, 0x0010, 0x005a, 0x0116 };

	for (unsigned i = 0; i < 3 * ARRAY_SIZE(ids); i++) {
		struct zignet *z = zignet_new(14, NULL);
		struct netstate s = zignet_state(&z->ncp);
		uint16_t id = ids[i / 3];

		zignet_ncp_join(&z->ncp);
		network_keep(&z->n, &s, false);
		*(i % 3 == 0 ? &z->ncp.refuses : i % 3 == 1 ? &z->ncp.fails : &z->ncp.ignores) = id;
		z->ncp.bad_status_new = 1;
		z->ncp.times = 1;
		zignet_start(z);
		zignet_pass(z, 20 * ZIGNET_S);
		if (z->n.state != NETWORK_UP || z->keeps > 1)
			fail_msg("%04x: %s", id, network_state_word(z->n.state));
		/* nothing vital is left out */
		assert_int_equal(z->ncp.endpoints, 1);
		zignet_free(z);
	}
}

/* It never comes up: the pauses between the attempts grow, and it comes up when it can. */
static void test_back_off(void **state)
{
	struct zignet *z = zignet_new(13, NULL);
	struct netstate s = zignet_state(&z->ncp);

	zignet_ncp_join(&z->ncp);
	network_keep(&z->n, &s, false);
	z->ncp.stuck = true;
	zignet_start(z);
	zignet_pass(z, 9 * ZIGNET_S);
	assert_int_equal(z->resets, 1);
	zignet_pass(z, 2 * ZIGNET_S); /* 10 s: at once again */
	assert_int_equal(z->resets, 2);
	assert_non_null(strstr(zignet_text(z, NETWORK_NOTICE_RESET), "did not get up"));
	z->ncp.count = 0;
	zignet_pass(z, 600 * ZIGNET_S);
	assert_in_range(z->resets, 8, 14);
	assert_int_equal(z->n.counters.failures, z->resets);
	z->ncp.stuck = false;
	z->ncp.count = 0;
	zignet_pass(z, 80 * ZIGNET_S);
	assert_int_equal(z->n.state, NETWORK_UP);
	assert_int_equal(z->n.failures, 0);
	zignet_free(z);
}

static void test_silent(void **state)
{
	struct zignet *z = zignet_up(13, NULL);

	z->ncp.ignores = 0x0005; /* nop */
	zignet_pass(z, 30 * ZIGNET_S);
	assert_true(z->resets >= 2);
	assert_non_null(strstr(zignet_text(z, NETWORK_NOTICE_RESET), "does not answer"));
	zignet_free(z);

	/* it has started anew, and nobody said so */
	z = zignet_up(13, NULL);
	zignet_ncp_boot(&z->ncp);
	zignet_pass(z, 6 * ZIGNET_S);
	assert_int_equal(z->resets, 2);
	assert_int_equal(z->n.state, NETWORK_UP);
	zignet_free(z);

	/* its stack goes down */
	z = zignet_up(13, NULL);
	zignet_ncp_callback(&z->ncp, 0x0019, "91");
	zignet_run(z);
	assert_int_equal(zignet_notices(z, NETWORK_NOTICE_DOWN), 1);
	assert_int_equal(z->n.state, NETWORK_UP);
	zignet_free(z);
}

static void test_versions(void **state)
{
	struct zignet *z = zignet_new(7, NULL);

	/* too old */
	zignet_start(z);
	assert_non_null(strstr(zignet_text(z, NETWORK_NOTICE_PROBLEM), "too old"));
	assert_true(z->n.state != NETWORK_UP);
	zignet_free(z);
	/* newer than any: told once, and taken for the newest */
	z = zignet_up(23, NULL);
	assert_int_equal(zignet_notices(z, NETWORK_NOTICE_NEWER), 1);
	assert_int_equal(zignet_notice(z, NETWORK_NOTICE_NEWER)->number, 23);
	network_link_down(&z->n, "watchdog", z->now_us);
	zignet_run(z);
	assert_int_equal(zignet_notices(z, NETWORK_NOTICE_NEWER), 1);
	zignet_free(z);
}

/* What was seen of the counter is kept; one that goes back is told, for devices say nothing. */
static void test_counter(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		struct zignet *z = zignet_up(versions[i], NULL);

		assert_int_equal(z->keeps, 0);
		z->ncp.counter += 20000;
		zignet_pass(z, 3601 * ZIGNET_S);
		assert_int_equal(z->keeps, 1);
		assert_int_equal(z->kept.counter, z->ncp.counter);
		z->ncp.counter = 5;
		z->ncp.count = 0;
		zignet_pass(z, 3601 * ZIGNET_S);
		assert_int_equal(z->keeps, 1);
		assert_non_null(
			strstr(zignet_text(z, NETWORK_NOTICE_PROBLEM), "counts its frames from 5"));
		zignet_free(z);
	}
}

/* The radio confirms what devices say before we know whose they are: it waits until that is known,
 * each time that the radio starts anew. */
static void test_heard_early(void **state)
{
	static const char report[] = "00 04 01 02 04 01 01 40 01 00 00 F2 C0 CC F5 8B FF FF 01 18";
	struct zignet *z = zignet_new(13, NULL);
	struct netstate s = zignet_state(&z->ncp);

	zignet_ncp_join(&z->ncp);
	network_keep(&z->n, &s, false);
	z->ncp.early = report;
	z->ncp.early_times = 20;
	zignet_start(z);
	assert_int_equal(z->n.state, NETWORK_UP);
	assert_int_equal(z->heard_count, 20);
	assert_int_equal(z->heard.node, 0x8bf5);
	assert_memory_equal(z->heard_bytes, "\x18", 1);
	network_link_down(&z->n, "watchdog", z->now_us);
	zignet_run(z);
	assert_int_equal(z->heard_count, 40);
	/* not without end, and that is counted */
	z->ncp.early_times = NETWORK_EARLY_MAX + 1;
	network_link_down(&z->n, "watchdog", z->now_us);
	zignet_pass(z, 5 * ZIGNET_S);
	assert_int_equal(z->heard_count, 40 + NETWORK_EARLY_MAX);
	assert_int_equal(z->n.counters.early_lost, 1);
	/* a network that is not ours */
	z->ncp.network_key[0] ^= 1;
	z->ncp.early_times = 3;
	network_link_down(&z->n, "watchdog", z->now_us);
	zignet_pass(z, 5 * ZIGNET_S);
	assert_int_equal(z->n.state, NETWORK_PASSIVE);
	assert_int_equal(z->heard_count, 40 + NETWORK_EARLY_MAX);
	assert_int_equal(z->n.counters.ignored, 3);
	zignet_free(z);
	/* whoever is told that it is up may end it */
	z = zignet_new(13, NULL);
	zignet_ncp_join(&z->ncp);
	network_keep(&z->n, &s, false);
	z->ncp.early = report;
	z->ncp.early_times = 2;
	z->stop_on_up = true;
	zignet_start(z);
	assert_int_equal(z->n.state, NETWORK_OFF);
	assert_int_equal(z->heard_count, 0);
	zignet_free(z);
}

/* The radio was told that we have it: one that is reset once more before the network is known to be
 * ours does not cost it, unless that takes so long that it would be told as news. */
static void test_heard_early_before_a_reset(void **state)
{
	static const char report[] = "00 04 01 02 04 01 01 40 01 00 00 F2 C0 CC F5 8B FF FF 01 18";

	for (unsigned late = 0; late < 2; late++) {
		struct zignet *z = zignet_up(13, NULL);

		z->ncp.early = report;
		z->ncp.early_times = 5;
		network_link_down(&z->n, "watchdog", z->now_us);
		while (z->n.early_count < 5)
			assert_true(zignet_step(z));
		assert_int_equal(z->n.state, NETWORK_STARTING);
		z->ncp.early_times = 0;
		network_link_down(&z->n, "watchdog", z->now_us);
		z->now_us += late ? NETWORK_EARLY_US + 1 : 0;
		zignet_pass(z, 5 * ZIGNET_S);
		assert_int_equal(z->n.state, NETWORK_UP);
		assert_int_equal(z->heard_count, late ? 0 : 5);
		assert_int_equal(z->n.counters.early_lost, late ? 5 : 0);
		zignet_free(z);
	}
}

/* Told from within, and on the way. */
static void test_stop(void **state)
{
	struct zignet *z = zignet_new(13, NULL);
	struct netstate s = zignet_state(&z->ncp);

	zignet_ncp_join(&z->ncp);
	network_keep(&z->n, &s, false);
	z->stop_on_up = true;
	zignet_start(z);
	assert_int_equal(z->n.state, NETWORK_OFF);
	network_link_up(&z->n, z->now_us);
	network_link_down(&z->n, "late", z->now_us);
	network_receive(&z->n, z->heard_bytes, 5, z->now_us);
	network_kept(&z->n, 0, z->now_us);
	assert_int_equal(z->n.state, NETWORK_OFF);
	z->stop_on_up = false;
	zignet_start(z);
	assert_int_equal(z->n.state, NETWORK_UP);
	for (unsigned i = 0; i <= NETWORK_PASSIVE; i++)
		assert_string_not_equal(network_state_word(i), "unknown");
	/* no key stays */
	network_wipe(&z->n);
	assert_int_equal(z->n.net.network_key[0], 0);
	assert_true(network_deadline(&z->n) == INT64_MAX);
	zignet_free(z);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unicast),
		cmocka_unit_test(test_vector),
		cmocka_unit_test(test_heard),
		cmocka_unit_test(test_broadcast),
		cmocka_unit_test(test_bad_sends),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_busy),
		cmocka_unit_test(test_down_with_messages),
		cmocka_unit_test(test_thousand_resets),
		cmocka_unit_test(test_each_command),
		cmocka_unit_test(test_back_off),
		cmocka_unit_test(test_silent),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_counter),
		cmocka_unit_test(test_heard_early),
		cmocka_unit_test(test_heard_early_before_a_reset),
		cmocka_unit_test(test_stop),
	};

	return RUN_TESTS(tests);
}
