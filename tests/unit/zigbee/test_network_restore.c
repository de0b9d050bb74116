/*
 * What people decide: to take over the radio's network, or to write one into it;
 * with what goes wrong on the way.
 */
#include "unit/zigbee/zignet.h"

#include <errno.h>

#include "util/cleanup.h"

#define OTHER 0x0012340009d80ba7

static const unsigned versions[] = { 8, 10, 12, 13, 14, 19 };

/* A radio of another EUI-64, with a network of its own or none. */
static struct zignet *foreign(unsigned version, bool joined, bool kept, struct netstate *ret)
{
	struct zignet *z = zignet_new(version, NULL);

	*ret = zignet_state(&z->ncp);
	memset(ret->network_key, 0x11, 16);
	memset(ret->link_key, 0x22, 16);
	ret->pan = 0x2345;
	ret->channel = 20;
	ret->update_id = 3;
	ret->key_sequence = 2;
	ret->link_counter = 77;
	z->ncp.eui64 = OTHER;
	z->ncp.token = version >= 13 ? 0x0001e12a : 0x0000e12a;
	zignet_ncp_join(&z->ncp);
	z->ncp.joined = joined;
	network_keep(&z->n, kept ? ret : NULL, !kept && !joined);
	zignet_start(z);
	assert_int_equal(z->n.state, NETWORK_PASSIVE);
	return z;
}

static void assert_restored(struct zignet *z, const struct netstate *s)
{
	const struct zignet_frame *f = zignet_ncp_last(&z->ncp, 0x001e);

	assert_int_equal(z->n.state, NETWORK_UP);
	assert_int_equal(zignet_notices(z, NETWORK_NOTICE_RESTORED), 1);
	assert_int_equal(zignet_notices(z, NETWORK_NOTICE_FORMED), 0);
	assert_memory_equal(z->ncp.network_key, s->network_key, 16);
	assert_memory_equal(z->ncp.link_key, s->link_key, 16);
	assert_int_equal(z->ncp.key_sequence, 2);
	assert_int_equal(zignet_ncp_last(&z->ncp, 0x0068)->bytes[1], 0x1b);
	assert_in_range(z->ncp.counter, s->counter + NETSTATE_COUNTER_MARGIN,
		s->counter + NETSTATE_COUNTER_MARGIN + 5000);
	assert_int_equal(z->ncp.link_counter, s->link_counter + NETSTATE_COUNTER_MARGIN);
	assert_memory_equal(
		f->bytes, "\x77\x9f\xd6\x09\x00\x4b\x12\x00\x45\x23\x08\x14\0\0\0\x03", 16);
	assert_true(z->kept.formed);
	assert_true(z->kept.counter >= s->counter + NETSTATE_COUNTER_MARGIN);
	assert_int_equal(z->kept.eui64, z->ncp.eui64);
	assert_true(z->kept.generation > s->generation);
}

static void test_restore(void **state)
{
	for (size_t i = 0; i < 4 * ARRAY_SIZE(versions); i++) {
		unsigned version = versions[i / 4];
		struct netstate s;
		struct zignet *z = foreign(version, i & 1, i & 2, &s);
		bool token = version >= 10;

		assert_int_equal(network_restore(&z->n, i & 2 ? NULL : &s, !token, z->now_us), 0);
		zignet_run(z);
		assert_restored(z, &s);
		assert_int_equal(z->ncp.eui64, token ? s.eui64 : OTHER);
		assert_int_equal(zignet_ncp_count(&z->ncp, 0x0020, 0), i & 1);
		assert_int_equal(zignet_notices(z, NETWORK_NOTICE_MATCHES), 1);
		assert_int_equal(zignet_notice(z, NETWORK_NOTICE_RESET)->number, 0);
		/* from now on it is the one */
		network_link_down(&z->n, "watchdog", z->now_us);
		assert_int_equal(zignet_notice(z, NETWORK_NOTICE_RESET)->number, 1);
		zignet_run(z);
		assert_int_equal(z->n.state, NETWORK_UP);
		assert_int_equal(zignet_ncp_count(&z->ncp, 0x001e, 0), 1);
		zignet_free(z);
	}
}

/* The radio's address cannot be written: nothing is done, unless that is asked for. */
static void test_other_radio(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		struct netstate s;
		struct zignet *z = foreign(versions[i], true, true, &s);

		z->ncp.token = 0;
		assert_int_equal(network_restore(&z->n, NULL, false, z->now_us), 0);
		zignet_run(z);
		assert_int_equal(z->n.state, NETWORK_PASSIVE);
		assert_non_null(strstr(zignet_text(z, NETWORK_NOTICE_PROBLEM),
			"cannot be given the EUI-64 00124b0009d80ba7"));
		assert_int_equal(zignet_ncp_count(&z->ncp, 0x001e, 0), 0);
		assert_int_equal(zignet_ncp_count(&z->ncp, 0x0020, 0), 0);
		assert_int_equal(z->keeps, 0);
		assert_int_equal(network_restore(&z->n, NULL, true, z->now_us), 0);
		zignet_run(z);
		assert_restored(z, &s);
		assert_int_equal(z->ncp.eui64, OTHER);
		zignet_free(z);
	}
}

/* It says that it took the address, and did not. */
static void test_token_lies(void **state)
{
	struct netstate s;
	struct zignet *z = foreign(13, false, true, &s);

	z->ncp.fails = 0x0103;
	assert_int_equal(network_restore(&z->n, NULL, false, z->now_us), 0);
	zignet_run(z);
	assert_int_equal(z->n.state, NETWORK_PASSIVE);
	zignet_free(z);
}

static void test_links(void **state)
{
	for (unsigned version = 8; version <= 19; version++) {
		struct netstate s;
		struct zignet *z = foreign(version, true, true, &s);
		const struct zignet_frame *f;

		z->ncp.eui64 = s.eui64;
		s.link_count = 3;
		for (unsigned i = 0; i < 3; i++) {
			s.links[i].eui64 = 0x00158d0000000001 + i;
			memset(s.links[i].key, 0x31 + (int)i, 16);
		}
		network_restore(&z->n, &s, false, z->now_us);
		zignet_run(z);
		assert_restored(z, &s);
		assert_int_equal(z->kept.link_count, 3);
		if (version < 12) {
			assert_non_null(strstr(zignet_text(z, NETWORK_NOTICE_PROBLEM),
				"takes no keys of single devices: 3"));
			zignet_free(z);
			continue;
		}
		assert_int_equal(z->ncp.links, 3);
		f = zignet_ncp_last(&z->ncp, 0x010e);
		assert_memory_equal(
			f->bytes, "\x02\x03\x00\x00\x00\x00\x8d\x15\x00\x33\x33\x33", 12);
		assert_int_equal(f->length, 25);
		/* the table has to have room for them at each start */
		network_link_down(&z->n, "watchdog", z->now_us);
		z->ncp.count = 0;
		zignet_run(z);
		for (unsigned i = 0, seen = 0; i <= z->ncp.count; i++) {
			assert_true(i < z->ncp.count);
			seen += z->ncp.log[i].id == 0x0053 && z->ncp.log[i].bytes[0] == 0x1e &&
				z->ncp.log[i].bytes[1] == 3;
			if (seen)
				break;
		}
		zignet_free(z);
	}
}

static void test_links_refused(void **state)
{
	struct netstate s;
	struct zignet *z = foreign(14, true, true, &s);

	z->ncp.eui64 = s.eui64;
	s.link_count = 1;
	s.links[0].eui64 = 5;
	s.links[0].key[0] = 1;
	z->ncp.fails = 0x010e;
	z->ncp.bad_status_new = 0x19;
	network_restore(&z->n, &s, false, z->now_us);
	zignet_run(z);
	assert_restored(z, &s);
	assert_non_null(strstr(zignet_text(z, NETWORK_NOTICE_PROBLEM), "no more than 0 keys"));
	zignet_free(z);
}

/* A frame at a time, until it has been told so many. */
static void run_until(struct zignet *z, unsigned count)
{
	while (z->ncp.count < count && z->n.state != NETWORK_UP) {
		unsigned at = z->ncp.out_first;

		if (z->boots) {
			z->boots = false;
			network_link_up(&z->n, z->now_us);
			continue;
		}
		assert_true(z->ncp.out_count > 0);
		z->ncp.out_first = (at + 1) % ZIGNET_OUT_MAX;
		z->ncp.out_count--;
		network_receive(&z->n, z->ncp.out[at], z->ncp.lengths[at], z->now_us);
	}
}

/* The radio resets itself at each command of it: it goes on by itself. */
static void test_reset_between(void **state)
{
	bool finished = false;
	unsigned cut;

	for (cut = 1; !finished; cut++) {
		struct netstate s;
		struct zignet *z = foreign(14, true, true, &s);
		unsigned from = z->ncp.count;

		network_restore(&z->n, NULL, false, z->now_us);
		run_until(z, from + cut);
		finished = z->n.state == NETWORK_UP;
		network_link_down(&z->n, "watchdog", z->now_us);
		zignet_pass(z, 3 * ZIGNET_S);
		assert_restored(z, &s);
		assert_int_equal(zignet_notices(z, NETWORK_NOTICE_MISMATCH), 1);
		assert_int_equal(z->ncp.eui64, s.eui64);
		zignet_free(z);
	}
	assert_in_range(cut, 30, 80);
}

/* The disk is full, or slow and then full, and the radio resets itself meanwhile: what is there is
 * not left before what is to be there is safe. */
static void test_not_left_before_it_is_kept(void **state)
{
	for (unsigned i = 0; i < 8; i++) {
		struct netstate s;
		struct zignet *z = foreign(i & 1 ? 14 : 12, true, true, &s);
		bool slow = i & 2, resets = i & 4;

		z->keep_result = slow ? 1 : -ENOSPC;
		network_restore(&z->n, NULL, true, z->now_us);
		zignet_run(z);
		if (slow && !resets)
			network_kept(&z->n, -ENOSPC, z->now_us);
		z->keep_result = -ENOSPC;
		if (resets)
			network_link_down(&z->n, "watchdog", z->now_us);
		if (slow && resets)
			network_kept(&z->n, -ENOSPC, z->now_us);
		zignet_pass(z, 20 * ZIGNET_S);
		assert_int_equal(zignet_ncp_count(&z->ncp, 0x0020, 0), 0);
		assert_int_equal(zignet_ncp_count(&z->ncp, 0x001e, 0), 0);
		assert_int_equal(z->ncp.network_key[0], 0x4b);
		assert_non_null(strstr(zignet_text(z, NETWORK_NOTICE_PROBLEM), "not be kept"));
		z->keep_result = 0;
		zignet_pass(z, 70 * ZIGNET_S);
		assert_restored(z, &s);
		zignet_free(z);
	}
}

/* NetworkKey= is another one than the backup's: one writing, and no more. */
static void test_restored_against_the_configuration(void **state)
{
	const struct network_config config = { .has_key = true, .key = { 1, 2, 3 } };
	struct zignet *z = zignet_new(13, &config);
	struct netstate s = zignet_state(&z->ncp);

	zignet_ncp_join(&z->ncp);
	zignet_start(z);
	assert_int_equal(z->n.state, NETWORK_PASSIVE);
	assert_int_equal(network_restore(&z->n, &s, false, z->now_us), 0);
	zignet_run(z);
	assert_int_equal(z->n.state, NETWORK_PASSIVE);
	assert_true(z->n.differs & NETWORK_DIFFERS_CONFIGURED);
	assert_int_equal(zignet_ncp_count(&z->ncp, 0x001e, 0), 1);
	zignet_free(z);
}

/* The same network anew, for a counter that went back; the radio resets itself at each command, and
 * first of all while the disk is still writing. */
static void test_reset_while_the_same_is_written(void **state)
{
	static const unsigned tried[] = { 12, 13, 19 };

	for (size_t i = 0; i < ARRAY_SIZE(tried); i++) {
		bool finished = false;
		unsigned cut;

		for (cut = 0; !finished; cut++) {
			struct zignet *z = zignet_new(tried[i], NULL);
			struct netstate s = zignet_state(&z->ncp);
			unsigned from;

			zignet_ncp_join(&z->ncp);
			network_keep(&z->n, &s, false);
			zignet_start(z);
			from = z->ncp.count;
			z->keep_result = cut == 0;
			network_restore(&z->n, NULL, false, z->now_us);
			if (cut == 0)
				zignet_run(z);
			else
				run_until(z, from + cut);
			finished = z->n.state == NETWORK_UP;
			z->keep_result = 0;
			network_link_down(&z->n, "watchdog", z->now_us);
			network_kept(&z->n, 0, z->now_us);
			zignet_pass(z, 3 * ZIGNET_S);
			assert_int_equal(z->n.state, NETWORK_UP);
			assert_int_equal(zignet_notices(z, NETWORK_NOTICE_RESTORED), 1);
			assert_true(z->ncp.counter >= s.counter + NETSTATE_COUNTER_MARGIN);
			assert_int_equal(zignet_notices(z, NETWORK_NOTICE_PROBLEM), 0);
			assert_int_equal(zignet_notices(z, NETWORK_NOTICE_MISMATCH), 0);
			zignet_free(z);
		}
		assert_in_range(cut, 30, 80);
	}
}

/* A backup of long ago: devices have seen much higher frame counters since. */
static void test_old_backup(void **state)
{
	for (size_t i = 0; i < 2 * ARRAY_SIZE(versions); i++) {
		struct zignet *z = zignet_new(versions[i / 2], NULL);
		struct netstate s = zignet_state(&z->ncp), backup = s;
		bool lost = i & 1; /* only the radio knows how far it was */

		zignet_ncp_join(&z->ncp);
		z->ncp.counter = 5001000;
		s.counter = 5000000;
		s.link_counter = 6000000;
		network_keep(&z->n, lost ? NULL : &s, lost);
		zignet_start(z);
		assert_int_equal(z->n.state, lost ? NETWORK_PASSIVE : NETWORK_UP);
		assert_int_equal(network_restore(&z->n, &backup, false, z->now_us), 0);
		zignet_run(z);
		assert_int_equal(z->n.state, NETWORK_UP);
		assert_true(z->ncp.counter >= 5000000 + NETSTATE_COUNTER_MARGIN);
		assert_true(z->kept.counter >= 5000000 + NETSTATE_COUNTER_MARGIN);
		assert_int_equal(
			z->ncp.link_counter, (lost ? 0 : 6000000) + NETSTATE_COUNTER_MARGIN);
		assert_int_equal(zignet_notices(z, NETWORK_NOTICE_PROBLEM), 0);
		zignet_free(z);
	}
}

/* What is heard of the network that makes way is not taken for the new one's; and the new one's
 * devices are heard from its first moment. */
static void test_heard_meanwhile(void **state)
{
	for (unsigned version = 13; version <= 14; version++) {
		struct netstate s;
		struct zignet *z = foreign(version, true, true, &s);

		z->ncp.early = version < 14
				       ? "00 04 01 02 04 01 01 40 01 00 00 07 FF C4 F5 8B FF FF "
					 "08 18 2C 0A 00 00 29 3F 0A"
				       : "00 04 01 02 04 01 01 40 01 00 00 07 F5 8B 8D A9 84 21 "
					 "00 4B 12 00 FF FF FF C4 00 00 00 00 08 18 2C 0A 00 00 "
					 "29 3F 0A";
		z->ncp.early_times = 3;
		network_restore(&z->n, NULL, true, z->now_us);
		zignet_run(z);
		assert_restored(z, &s);
		assert_int_equal(z->heard_count, 3);
		assert_int_equal(z->heard.node, 0x8bf5);
		zignet_free(z);
	}
}

/* The power fails at each command of it: it goes on, and ends with that network. */
static void test_power_fails(void **state)
{
	unsigned cut, finished = 0;

	for (cut = 1; !finished; cut++) {
		struct netstate s, kept;
		struct zignet *z = foreign(13, true, false, &s), *after;
		unsigned from = z->ncp.count;

		kept = z->kept;
		network_restore(&z->n, &s, false, z->now_us);
		run_until(z, from + cut);
		finished = z->n.state == NETWORK_UP;
		kept = z->kept;
		/* what is in the radio's flash and what was kept is all that is left */
		after = zignet_new(13, NULL);
		after->ncp = z->ncp;
		network_keep(&after->n, z->keeps ? &kept : NULL, false);
		after->kept = kept;
		network_begin(&after->n, after->now_us);
		zignet_run(after);
		if (after->n.state == NETWORK_PASSIVE) {
			/* the other network is still there: the person says it again */
			assert_int_equal(network_restore(&after->n, &s, false, after->now_us), 0);
			zignet_run(after);
		}
		assert_int_equal(after->n.state, NETWORK_UP);
		if (z->keeps || zignet_notices(after, NETWORK_NOTICE_RESTORED)) {
			assert_memory_equal(after->ncp.network_key, s.network_key, 16);
			assert_int_equal(after->kept.channel, 20);
			assert_true(after->kept.formed);
			assert_true(after->ncp.counter >= s.counter + NETSTATE_COUNTER_MARGIN);
			assert_int_equal(after->kept.eui64, s.eui64);
		}
		zignet_free(z);
		zignet_free(after);
	}
	assert_in_range(cut, 30, 80);
}

static void test_restore_refused(void **state)
{
	struct zignet *z = zignet_new(13, NULL);
	struct netstate s = zignet_state(&z->ncp);

	assert_int_equal(network_restore(&z->n, &s, false, z->now_us), -ENETDOWN);
	assert_int_equal(network_restore(&z->n, NULL, false, z->now_us), -EINVAL);
	s.channel = 9;
	assert_int_equal(network_restore(&z->n, &s, false, z->now_us), -EINVAL);
	assert_int_equal(network_adopt(&z->n, z->now_us), -EINVAL);
	zignet_free(z);
}

/* Another radio is plugged in while it is being done: it is left alone. */
static void test_unplugged(void **state)
{
	struct netstate s;
	struct zignet *z = foreign(13, true, true, &s);

	network_restore(&z->n, &s, true, z->now_us);
	network_stop(&z->n, z->now_us);
	assert_non_null(strstr(zignet_text(z, NETWORK_NOTICE_PROBLEM), "nothing was written"));
	zignet_start(z);
	assert_int_equal(z->n.state, NETWORK_PASSIVE);
	assert_int_equal(zignet_ncp_count(&z->ncp, 0x0020, 0), 0);
	network_adopt(&z->n, z->now_us);
	network_begin(&z->n, z->now_us); /* gone and back before anybody saw it */
	zignet_run(z);
	assert_non_null(strstr(zignet_text(z, NETWORK_NOTICE_PROBLEM), "not taken over"));
	assert_int_equal(z->n.state, NETWORK_PASSIVE);
	assert_int_equal(zignet_notices(z, NETWORK_NOTICE_PROBLEM), 2);
	zignet_free(z);
}

static void test_adopt(void **state)
{
	for (size_t i = 0; i < 2 * ARRAY_SIZE(versions); i++) {
		struct netstate s;
		struct zignet *z = foreign(versions[i / 2], true, i & 1, &s);

		z->ncp.key_sequence = 5;
		assert_int_equal(network_adopt(&z->n, z->now_us), 0);
		zignet_run(z);
		assert_int_equal(z->n.state, NETWORK_UP);
		assert_int_equal(zignet_notices(z, NETWORK_NOTICE_MATCHES), 1);
		assert_int_equal(z->kept.eui64, OTHER);
		assert_int_equal(z->kept.pan, 0x1a62);
		assert_int_equal(z->kept.channel, 15);
		assert_int_equal(z->kept.extended_pan, 0x00124b0009d69f77);
		assert_int_equal(z->kept.network_key[7], 0x4b);
		assert_int_equal(z->kept.link_key[7], 0x7c);
		assert_int_equal(z->kept.key_sequence, 5);
		assert_int_equal(z->kept.counter, z->ncp.counter);
		assert_true(z->kept.formed);
		assert_int_equal(zignet_ncp_count(&z->ncp, 0x0020, 0), 0);
		assert_int_equal(zignet_ncp_count(&z->ncp, 0x001e, 0), 0);
		/* from now on it is the one */
		network_link_down(&z->n, "watchdog", z->now_us);
		zignet_run(z);
		assert_int_equal(z->n.state, NETWORK_UP);
		zignet_free(z);
	}
}

static void test_adopt_fails(void **state)
{
	struct netstate s;
	struct zignet *z = foreign(13, false, true, &s);

	/* nothing there */
	assert_int_equal(network_adopt(&z->n, z->now_us), 0);
	zignet_run(z);
	assert_int_equal(z->n.state, NETWORK_PASSIVE);
	assert_non_null(strstr(zignet_text(z, NETWORK_NOTICE_PROBLEM), "has no network"));
	zignet_free(z);

	/* the keys are not given away */
	z = foreign(14, true, false, &s);
	z->ncp.refuses = 0x0114;
	assert_int_equal(network_adopt(&z->n, z->now_us), 0);
	zignet_run(z);
	assert_int_equal(z->n.state, NETWORK_PASSIVE);
	assert_non_null(strstr(zignet_text(z, NETWORK_NOTICE_PROBLEM), "does not give its keys"));
	assert_int_equal(z->keeps, 0);
	zignet_free(z);

	/* it is in somebody else's network */
	z = foreign(14, true, false, &s);
	z->ncp.role = 2;
	assert_int_equal(network_adopt(&z->n, z->now_us), 0);
	zignet_run(z);
	assert_int_equal(z->n.state, NETWORK_PASSIVE);
	assert_int_equal(z->keeps, 0);
	zignet_free(z);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_restore),
		cmocka_unit_test(test_other_radio),
		cmocka_unit_test(test_token_lies),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_links_refused),
		cmocka_unit_test(test_reset_between),
		cmocka_unit_test(test_not_left_before_it_is_kept),
		cmocka_unit_test(test_restored_against_the_configuration),
		cmocka_unit_test(test_reset_while_the_same_is_written),
		cmocka_unit_test(test_old_backup),
		cmocka_unit_test(test_heard_meanwhile),
		cmocka_unit_test(test_power_fails),
		cmocka_unit_test(test_restore_refused),
		cmocka_unit_test(test_unplugged),
		cmocka_unit_test(test_adopt),
		cmocka_unit_test(test_adopt_fails),
	};

	return RUN_TESTS(tests);
}
