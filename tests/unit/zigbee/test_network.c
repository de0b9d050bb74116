/*
 * The network from a radio that answers to one that is up: resumed, formed,
 * passive; in each version.
 */
#include "unit/zigbee/zignet.h"

#include <errno.h>

#include "util/cleanup.h"

static const unsigned versions[] = { 8, 12, 13, 14, 16, 19 };

static struct zignet *resumed(unsigned version, const struct network_config *config)
{
	struct zignet *z = zignet_new(version, config);
	struct netstate s = zignet_state(&z->ncp);

	zignet_ncp_join(&z->ncp);
	network_keep(&z->n, &s, false);
	zignet_start(z);
	return z;
}

static void test_resume(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		struct zignet *z = resumed(versions[i], NULL);

		assert_int_equal(z->n.state, NETWORK_UP);
		assert_int_equal(z->n.ezsp.version, versions[i]);
		assert_int_equal(zignet_notices(z, NETWORK_NOTICE_UP), 1);
		assert_int_equal(zignet_notices(z, NETWORK_NOTICE_PROBLEM), 0);
		assert_int_equal(zignet_notices(z, NETWORK_NOTICE_FORMED), 0);
		assert_int_equal(z->ncp.endpoints, 1);
		assert_int_equal(z->ncp.join_policy, 0x02);
		/* none of these, ever */
		assert_int_equal(zignet_ncp_count(&z->ncp, 0x001e, 0), 0);
		assert_int_equal(zignet_ncp_count(&z->ncp, 0x0020, 0), 0);
		assert_int_equal(zignet_ncp_count(&z->ncp, 0x0068, 0), 0);
		assert_int_equal(zignet_ncp_count(&z->ncp, 0x0022, 0), 0);
		/* the routes, behind it */
		assert_memory_equal(zignet_ncp_last(&z->ncp, 0x0010)->bytes,
			"\x01\xf9\xff\x05\x00\x3c\x00\x03\x01\x00", 10);
		assert_memory_equal(zignet_ncp_last(&z->ncp, 0x005a)->bytes, "\x02", 1);
		/* the counter has gone on by less than is kept at once */
		assert_int_equal(z->keeps, 0);
		zignet_free(z);
	}
}

/* The endpoint and the policies to the byte, and their order. */
static void test_commands(void **state)
{
	struct zignet *z = resumed(14, NULL);
	static const uint16_t order[] = { 0x0026, 0x0053, 0x0055, 0x00ab, 0x0015, 0x0064, 0x0002,
		0x0017, 0x0028, 0x0114, 0x0010, 0x005a, 0x0116 };
	unsigned at = 0;
	const struct zignet_frame *f;

	for (unsigned i = 0; i < z->ncp.count && at < ARRAY_SIZE(order); i++)
		at += z->ncp.log[i].id == order[at];
	assert_int_equal(at, ARRAY_SIZE(order));
	f = zignet_ncp_last(&z->ncp, 0x0002);
	assert_memory_equal(f->bytes, "\x01\x04\x01\x65\x00\x01\x04\x14", 8);
	assert_int_equal(f->length, 8 + 2 * (4 + 20));
	assert_memory_equal(zignet_ncp_last(&z->ncp, 0x0017)->bytes, "\x03\x00", 2);
	assert_memory_equal(zignet_ncp_last(&z->ncp, 0x0015)->bytes, "\x49\x10", 2);
	/* exportKey of the network's key: type 1, all else 0 */
	assert_memory_equal(zignet_ncp_last(&z->ncp, 0x0114)->bytes,
		"\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 18);
	zignet_free(z);
}

/* At 10 ms for each, which is slow for 115,200 baud, it has to be up within half a second. */
static void test_how_many(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		struct zignet *z = resumed(versions[i], NULL);
		unsigned before = z->ncp.count;
		int64_t from_us = z->now_us;

		z->command_us = 10000;
		network_link_down(&z->n, "error 0x51", z->now_us);
		zignet_run(z);
		assert_int_equal(z->n.state, NETWORK_UP);
		/* the version costs one question once it is known */
		assert_int_equal(zignet_ncp_count(&z->ncp, 0x0000, before), 1);
		assert_int_equal(z->n.commands, z->ncp.count - before - 3);
		assert_in_range(z->n.commands, 20, 28);
		assert_in_range(z->ncp.count - before, 23, 31);
		assert_true(z->now_us - from_us < ZIGNET_S / 2);
		assert_in_range(zignet_notice(z, NETWORK_NOTICE_UP)->number, 1, 280000);
		assert_int_equal(z->resets, 2);
		zignet_free(z);
	}
}

static unsigned first_of(const struct zignet_ncp *ncp, uint16_t id)
{
	unsigned i = 0;

	while (i < ncp->count && ncp->log[i].id != id)
		i++;
	assert_true(i < ncp->count);
	return i;
}

static void test_form(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		struct zignet *z = zignet_new(versions[i], NULL);
		const struct zignet_frame *f;

		z->ncp.energy[11] = -60;
		z->ncp.energy[15] = -70;
		z->ncp.energy[20] = -90;
		z->ncp.energy[25] = -80;
		network_keep(&z->n, NULL, false);
		z->keep_result = 1;
		zignet_start(z);
		/* the keys have to be safe first */
		assert_int_equal(z->keeps, 1);
		assert_false(z->kept.formed);
		assert_int_equal(z->n.state, NETWORK_STARTING);
		assert_int_equal(zignet_ncp_count(&z->ncp, 0x0068, 0), 0);
		z->keep_result = 0;
		network_kept(&z->n, 0, z->now_us);
		zignet_run(z);
		assert_int_equal(z->n.state, NETWORK_UP);
		assert_string_equal(zignet_text(z, NETWORK_NOTICE_FORMED),
			"channel 20, the quietest of 15 (-70 dBm) 20 (-90 dBm) 25 (-80 dBm) 11 "
			"(-60 dBm)");
		assert_int_equal(zignet_notice(z, NETWORK_NOTICE_FORMED)->number, 20);
		assert_int_equal(z->keeps, 2);
		assert_true(z->kept.formed);
		assert_int_equal(z->kept.generation, 2);
		assert_int_equal(z->kept.eui64, 0x00124b0009d80ba7);
		assert_int_equal(z->kept.channel, 20);
		assert_memory_equal(z->kept.network_key, z->ncp.network_key, 16);
		assert_memory_equal(z->kept.link_key, z->ncp.link_key, 16);
		assert_memory_not_equal(z->kept.link_key, z->kept.network_key, 16);
		assert_false(z->ncp.keeps_counters);
		f = zignet_ncp_last(&z->ncp, 0x001e);
		assert_int_equal(f->length, 20);
		assert_int_equal(f->bytes[8] | f->bytes[9] << 8, z->kept.pan);
		assert_memory_equal(f->bytes + 10, "\x08\x14\0\0\0\0\0\xf8\xff\x07", 10);
		f = zignet_ncp_last(&z->ncp, 0x001a);
		assert_memory_equal(f->bytes, "\x01\x00\x00\x10\x00\x03", 6); /* who is there */
		assert_memory_equal(
			z->ncp.log[first_of(&z->ncp, 0x001a)].bytes, "\x00\x00\x88\x10\x02\x04", 6);
		/* and then it is the one that is kept */
		network_link_down(&z->n, "watchdog", z->now_us);
		zignet_run(z);
		assert_int_equal(z->n.state, NETWORK_UP);
		assert_int_equal(zignet_ncp_count(&z->ncp, 0x001e, 0), 1);
		zignet_free(z);
	}
}

static void test_form_configured(void **state)
{
	const struct network_config config = {
		.channel = 26, .has_key = true, .key = "0123456789"
	};
	struct zignet *z = zignet_new(13, &config);

	zignet_start(z);
	assert_int_equal(z->n.state, NETWORK_UP);
	assert_string_equal(zignet_text(z, NETWORK_NOTICE_FORMED), "channel 26, as configured");
	/* only who else is there */
	assert_int_equal(zignet_ncp_count(&z->ncp, 0x001a, 0), 1);
	assert_memory_equal(zignet_ncp_last(&z->ncp, 0x001a)->bytes, "\x01\x00\x00\x00\x04\x03", 6);
	assert_memory_equal(z->ncp.network_key, config.key, 16);
	zignet_free(z);
}

/* PANs that others have there are left alone, in every version. */
static void test_form_beside_others(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		struct zignet *z = zignet_new(versions[i], NULL);
		uint16_t alone;

		zignet_start(z);
		alone = z->kept.pan;
		zignet_free(z);
		z = zignet_new(versions[i], NULL);
		z->ncp.neighbours[0] = 0x1a62;
		z->ncp.neighbours[1] = (uint16_t)(alone + 1);
		z->ncp.neighbours[2] = alone;
		zignet_start(z);
		assert_int_equal(z->n.state, NETWORK_UP);
		assert_int_equal(z->kept.pan, alone + 2);
		assert_int_equal(z->n.counters.ignored, 0);
		zignet_free(z);
	}
}

static void test_scan_fails(void **state)
{
	struct zignet *z = zignet_new(13, NULL);

	z->ncp.refuses = 0x001a;
	zignet_start(z);
	assert_int_equal(z->n.state, NETWORK_UP);
	assert_int_equal(z->n.net.channel, 15);
	assert_non_null(strstr(zignet_text(z, NETWORK_NOTICE_FORMED), "could not measure"));
	zignet_free(z);
}

/* 3 dB say nothing: then the preferred one is taken. */
static void test_alike(void **state)
{
	struct zignet *z = zignet_new(13, NULL);

	memset(z->ncp.energy, -80, sizeof(z->ncp.energy));
	z->ncp.energy[20] = -82;
	zignet_start(z);
	assert_int_equal(z->n.net.channel, 15);
	zignet_free(z);
}

static void test_not_kept(void **state)
{
	struct zignet *z = zignet_new(13, NULL);

	z->keep_result = -EROFS;
	zignet_start(z);
	assert_non_null(strstr(zignet_text(z, NETWORK_NOTICE_PROBLEM), "could not be kept"));
	assert_int_equal(zignet_ncp_count(&z->ncp, 0x001e, 0), 0);
	/* it is tried again, with the same keys */
	z->keep_result = 0;
	zignet_pass(z, 2 * ZIGNET_S);
	assert_int_equal(z->n.state, NETWORK_UP);
	zignet_free(z);

	/* nobody answers */
	z = zignet_new(13, NULL);
	z->keep_result = 1;
	zignet_start(z);
	zignet_pass(z, 61 * ZIGNET_S);
	assert_non_null(strstr(zignet_text(z, NETWORK_NOTICE_PROBLEM), "could not be kept"));
	assert_int_equal(zignet_ncp_count(&z->ncp, 0x001e, 0), 0);
	zignet_free(z);

	z = zignet_new(13, NULL);
	z->random_error = -EIO;
	zignet_start(z);
	assert_non_null(strstr(zignet_text(z, NETWORK_NOTICE_PROBLEM), "no keys can be made"));
	assert_int_equal(z->keeps, 0);
	zignet_free(z);
}

/* The power failed between the making of the keys and the forming: the same keys are used. */
static void test_form_goes_on(void **state)
{
	for (unsigned joined = 0; joined < 2; joined++) {
		struct zignet *z = zignet_new(16, NULL);
		struct netstate s = zignet_state(&z->ncp);

		s.formed = false;
		s.counter = 0;
		if (joined)
			zignet_ncp_join(&z->ncp);
		network_keep(&z->n, &s, false);
		zignet_start(z);
		assert_int_equal(z->n.state, NETWORK_UP);
		assert_memory_equal(z->ncp.network_key, s.network_key, 16);
		assert_true(z->kept.formed);
		assert_int_equal(zignet_ncp_count(&z->ncp, 0x001e, 0), !joined);
		assert_int_equal(zignet_notices(z, NETWORK_NOTICE_FORMED), !joined);
		zignet_free(z);
	}
}

struct difference {
	const char *what;
	uint8_t parameter; /* which byte of the parameters differs; 0xff: none */
	bool other_key, other_radio, blank, nothing_kept, lost, router, configured;
	uint32_t differs;
	const char *words;
};

static const struct difference differences[] = {
	{ "pan", 8, .differs = NETWORK_DIFFERS_PAN, .words = "the PAN;" },
	{ "channel", 11, .differs = NETWORK_DIFFERS_CHANNEL, .words = "the channel;" },
	{ "extended pan", 0, .differs = NETWORK_DIFFERS_EXTENDED_PAN, .words = "extended PAN;" },
	{ "key", 0xff, .other_key = true, .differs = NETWORK_DIFFERS_KEY,
		.words = "the network key" },
	{ "radio", 0xff, .other_radio = true, .differs = NETWORK_DIFFERS_EUI64,
		.words = "another radio (0012340009d80ba7) than the network's (00124b0009d80ba7)" },
	{ "blank", 0xff, .blank = true, .differs = NETWORK_BLANK,
		.words = "forgotten its network" },
	{ "nothing kept", 0xff, .nothing_kept = true, .differs = NETWORK_UNKNOWN,
		.words = "channel 15, PAN 1a62) of which nothing is kept; take it over" },
	{ "lost", 0xff, .nothing_kept = true, .lost = true,
		.differs = NETWORK_UNKNOWN | NETWORK_LOST,
		.words = "nothing is kept that can be read" },
	{ "lost, blank", 0xff, .nothing_kept = true, .lost = true, .blank = true,
		.differs = NETWORK_LOST, .words = "restore a backup" },
	{ "role", 0xff, .router = true, .differs = NETWORK_DIFFERS_ROLE,
		.words = "another coordinator" },
	{ "configured", 0xff, .configured = true, .differs = NETWORK_DIFFERS_CONFIGURED,
		.words = "NetworkKey=" },
};

static struct zignet *different(const struct difference *d, unsigned version)
{
	const struct network_config config = { .has_key = d->configured, .key = "other" };
	struct zignet *z = zignet_new(version, &config);
	struct netstate s = zignet_state(&z->ncp);

	zignet_ncp_join(&z->ncp);
	if (d->parameter != 0xff)
		z->ncp.parameters[d->parameter] ^= 1;
	z->ncp.network_key[3] ^= d->other_key;
	z->ncp.joined = !d->blank;
	z->ncp.role = d->router ? 2 : 1;
	if (d->other_radio)
		z->ncp.eui64 = 0x0012340009d80ba7;
	network_keep(&z->n, d->nothing_kept ? NULL : &s, d->lost);
	zignet_start(z);
	return z;
}

/* Whatever differs: nothing is formed, left or sent, it is said once, and what can be done. */
static void test_mismatch(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(differences) * ARRAY_SIZE(versions); i++) {
		const struct difference *d = &differences[i / ARRAY_SIZE(versions)];
		struct zignet *z = different(d, versions[i % ARRAY_SIZE(versions)]);

		if (z->n.state != NETWORK_PASSIVE || z->n.differs != d->differs ||
			!strstr(zignet_text(z, NETWORK_NOTICE_MISMATCH), d->words))
			fail_msg("%s: %s %x %s", d->what, network_state_word(z->n.state),
				z->n.differs, zignet_text(z, NETWORK_NOTICE_MISMATCH));
		assert_int_equal(zignet_notice(z, NETWORK_NOTICE_MISMATCH)->number, d->differs);
		assert_int_equal(network_permit(&z->n, 60, false, z->now_us), -ENETDOWN);
		assert_int_equal(
			network_send(&z->n,
				&(struct zigbee_send){
					.node = 1, .bytes = (const void *)"a", .length = 1 },
				z->now_us),
			-ENETDOWN);
		/* a device of that network is not ours */
		zignet_ncp_callback(&z->ncp, 0x0024, "34 12 01 02 03 04 05 06 07 08 01 00 00 00");
		zignet_run(z);
		assert_int_equal(z->n.counters.ignored, 1);
		/* also after a reset, and without another word */
		network_link_down(&z->n, "error", z->now_us);
		zignet_pass(z, 20 * ZIGNET_S);
		assert_int_equal(z->n.state, NETWORK_PASSIVE);
		assert_int_equal(zignet_notices(z, NETWORK_NOTICE_MISMATCH), 1);
		assert_int_equal(zignet_notices(z, NETWORK_NOTICE_UP), 0);
		assert_int_equal(zignet_ncp_count(&z->ncp, 0x001e, 0), 0);
		assert_int_equal(zignet_ncp_count(&z->ncp, 0x0020, 0), 0);
		assert_int_equal(zignet_ncp_count(&z->ncp, 0x0068, 0), 0);
		assert_int_equal(zignet_ncp_count(&z->ncp, 0x0022, 0), 0);
		if (d->other_radio || d->configured)
			assert_int_equal(zignet_ncp_count(&z->ncp, 0x0017, 0), 0);
		assert_int_equal(z->keeps, 0);
		zignet_free(z);
	}
}

/* The right radio is plugged in. */
static void test_matches_again(void **state)
{
	struct zignet *z = different(&differences[4], 13);

	network_stop(&z->n, z->now_us);
	z->ncp.eui64 = 0x00124b0009d80ba7;
	zignet_start(z);
	assert_int_equal(z->n.state, NETWORK_UP);
	assert_int_equal(zignet_notices(z, NETWORK_NOTICE_MATCHES), 1);
	zignet_free(z);
}

/* The network has moved while nobody looked, and counted that up. */
static void test_moved(void **state)
{
	struct zignet *z = zignet_new(14, NULL);
	struct ezsp_values v;
	struct netstate s = zignet_state(&z->ncp);

	zignet_ncp_join(&z->ncp);
	z->ncp.parameters[11] = 20;
	z->ncp.parameters[15] = 1;
	network_keep(&z->n, &s, false);
	zignet_start(z);
	assert_int_equal(z->n.state, NETWORK_UP);
	assert_int_equal(z->kept.channel, 20);
	assert_int_equal(z->kept.update_id, 1);
	/* and while somebody looks */
	z->ncp.parameters[11] = 25;
	z->ncp.parameters[15] = 2;
	zignet_ncp_callback(&z->ncp, 0x0019, "17 0C 00 00");
	zignet_run(z);
	assert_int_equal(z->kept.channel, 25);
	assert_string_equal(zignet_text(z, NETWORK_NOTICE_CHANGED), "to channel 25, PAN 1a62");
	/* out of the way of another network with its PAN; older radios say it in other words */
	assert_int_equal(
		ezsp_decode(13, 0x0019, EZSP_SIDE_ANSWER, (const uint8_t[]){ 0x9a }, 1, &v), 0);
	assert_int_equal(v.status, 0x0c16);
	for (unsigned i = 0; i < 2; i++) {
		z->ncp.parameters[8] = 0x63 + (uint8_t)i;
		z->ncp.parameters[15]++;
		zignet_ncp_callback(&z->ncp, 0x0019, "16 0C 00 00");
		zignet_run(z);
		assert_int_equal(z->kept.pan, 0x1a63 + i);
	}
	zignet_free(z);
}

/* A key that the radio does not give away is no reason to stand still. */
static void test_key_hidden(void **state)
{
	struct zignet *z = zignet_new(13, NULL);
	struct netstate s = zignet_state(&z->ncp);

	zignet_ncp_join(&z->ncp);
	z->ncp.refuses = 0x0114;
	network_keep(&z->n, &s, false);
	zignet_start(z);
	assert_int_equal(z->n.state, NETWORK_UP);
	zignet_free(z);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resume),
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_how_many),
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_form_configured),
		cmocka_unit_test(test_form_beside_others),
		cmocka_unit_test(test_scan_fails),
		cmocka_unit_test(test_alike),
		cmocka_unit_test(test_not_kept),
		cmocka_unit_test(test_form_goes_on),
		cmocka_unit_test(test_mismatch),
		cmocka_unit_test(test_matches_again),
		cmocka_unit_test(test_moved),
		cmocka_unit_test(test_key_hidden),
	};

	return RUN_TESTS(tests);
}
