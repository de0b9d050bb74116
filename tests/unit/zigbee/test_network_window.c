/*
 * What happens while the radio is told who may join: whatever it is and whenever
 * it comes, in the end the radio knows those who may, and nobody else.
 */
#include "unit/zigbee/zignet.h"

#include "util/cleanup.h"

#define SENSOR 0x00158d0004506f9a

static const uint8_t key[16] = { 0x66, 0xb6, 0x90, 0x09 };

/* ---- what interrupts the telling ---- */

static void boots_anew(struct zignet *z)
{
	z->ncp.count = 0; /* what was told is forgotten */
	network_link_down(&z->n, "watchdog", z->now_us);
}

static void one_more(struct zignet *z)
{
	network_invite(&z->n, SENSOR + 9, key, z->now_us);
}

static void one_anew(struct zignet *z)
{
	network_invite(&z->n, SENSOR + 1, (const uint8_t[16]){ 7 }, z->now_us);
}

static void one_less(struct zignet *z)
{
	network_uninvite(&z->n, SENSOR + 1, z->now_us);
}

static void joined_and_verified(struct zignet *z)
{
	zignet_ncp_callback(&z->ncp, 0x0024, "34 12 9A 6F 50 04 00 8D 15 00 01 00 00 00");
	zignet_ncp_callback(&z->ncp, 0x009b, "9A 6F 50 04 00 8D 15 00 34");
}

static void opened_again(struct zignet *z)
{
	network_permit(&z->n, 300, false, z->now_us);
}

static void closed_and_opened(struct zignet *z)
{
	network_permit(&z->n, 0, false, z->now_us);
	network_permit(&z->n, 300, false, z->now_us);
}

static void says_nothing_once(struct zignet *z)
{
	z->ncp.ignores = 0x0111;
	z->ncp.times = 1;
}

static void does_not_clear(struct zignet *z)
{
	z->ncp.ignores = 0x006b;
	z->ncp.times = 1;
	one_less(z);
}

static void refuses_one(struct zignet *z)
{
	z->ncp.refuses = 0x0111;
	z->ncp.times = 1;
}

static void closed_by_others(struct zignet *z)
{
	zignet_ncp_callback(&z->ncp, 0x0019, "9D");
	z->ncp.permit = 0;
}

static const struct {
	const char *name;
	void (*happens)(struct zignet *z);
} interruptions[] = {
	{ "reset", boots_anew },
	{ "one more", one_more },
	{ "one anew", one_anew },
	{ "one less", one_less },
	{ "joined", joined_and_verified },
	{ "opened again", opened_again },
	{ "closed and opened", closed_and_opened },
	{ "no answer", says_nothing_once },
	{ "not cleared", does_not_clear },
	{ "refused", refuses_one },
	{ "closed by others", closed_by_others },
};

/* The radio knows those who are invited, with their keys, and no others. */
static void assert_invited(const struct zignet *z)
{
	unsigned from = z->ncp.count, missing = 0;

	while (from > 0 && z->ncp.log[from - 1].id != 0x006b)
		from--;
	for (unsigned i = 0; i < z->n.invited_count; i++) {
		const struct network_invited *who = &z->n.invited[i];
		const uint8_t *told = NULL;

		for (unsigned k = from; k < z->ncp.count; k++)
			if (z->ncp.log[k].id == 0x0111 &&
				memcmp(z->ncp.log[k].bytes, &who->eui64, 8) == 0)
				told = z->ncp.log[k].bytes + 8;
		missing += !told || memcmp(told, who->key, 16) != 0;
	}
	assert_int_equal(missing, 0);
	for (unsigned k = from; k < z->ncp.count; k++) {
		uint64_t eui64;
		unsigned i = 0;

		memcpy(&eui64, z->ncp.log[k].bytes, 8);
		if (z->ncp.log[k].id != 0x0111)
			continue;
		while (i < z->n.invited_count && z->n.invited[i].eui64 != eui64)
			i++;
		/* one that has its own key keeps nobody out, nor lets anybody in */
		assert_true(i < z->n.invited_count || eui64 == SENSOR);
	}
}

/* Each at each moment of the opening, and two of them in a row. */
static void test_opening_interrupted(void **state)
{
	const size_t n = ARRAY_SIZE(interruptions);

	for (size_t row = 0; row < n * (n + 1); row++)
		for (unsigned moment = 0; moment < 14; moment++) {
			struct zignet *z = zignet_up(13, NULL);
			size_t second = row / n;

			for (unsigned i = 0; i < 4; i++)
				network_invite(&z->n, SENSOR + i, key, z->now_us);
			network_permit(&z->n, 200, false, z->now_us);
			for (unsigned i = 0; i < moment && zignet_step(z); i++)
				;
			interruptions[row % n].happens(z);
			if (second < n) {
				(void)zignet_step(z);
				interruptions[second].happens(z);
			}
			zignet_pass(z, 12 * ZIGNET_S);
			assert_int_equal(z->n.state, NETWORK_UP);
			assert_invited(z);
			assert_in_range(z->ncp.permit, 100, 254);
			assert_int_equal(z->ncp.join_policy, 0x13);
			assert_true(z->n.permit_told);
			/* and it is closed in its time */
			zignet_pass(z, 310 * ZIGNET_S);
			assert_int_equal(z->ncp.permit, 0);
			assert_int_equal(z->ncp.join_policy, 0x02);
			assert_int_equal(z->ncp.transient_keys, 0);
			assert_true(network_is_idle(&z->n));
			zignet_free(z);
		}
}

/* From everybody to some just when the former window ends. */
static void test_narrower_at_the_end(void **state)
{
	const struct network_config config = { .well_known = true };
	struct zignet *z = zignet_up(13, &config);

	network_permit(&z->n, 60, true, z->now_us);
	zignet_run(z);
	assert_int_equal(z->ncp.well_known_keys, 1);
	z->now_us += 60 * ZIGNET_S; /* and no tick yet */
	network_permit(&z->n, 60, false, z->now_us);
	zignet_run(z);
	assert_int_equal(z->ncp.well_known_keys, 0);
	assert_int_equal(z->ncp.join_policy, 0x13);
	zignet_free(z);
}

/* The routers are told later when the radio has no room for it now. */
static void test_routers_are_told_again(void **state)
{
	static const unsigned tried[] = { 8, 13, 14 };

	for (size_t i = 0; i < ARRAY_SIZE(tried); i++) {
		struct zignet *z = zignet_up(tried[i], NULL);
		const struct zignet_frame *f;

		z->ncp.fails = 0x0036;
		z->ncp.bad_status = 0x72;
		z->ncp.bad_status_new = 0x0c03;
		z->ncp.times = 2;
		network_permit(&z->n, 100, false, z->now_us);
		zignet_pass(z, 10 * ZIGNET_S);
		assert_int_equal(zignet_ncp_count(&z->ncp, 0x0036, 0), 3);
		f = zignet_ncp_last(&z->ncp, 0x0036);
		assert_in_range(f->bytes[f->length - 2], 90, 99);
		assert_int_equal(zignet_notices(z, NETWORK_NOTICE_OPENED), 1);
		/* and when it is closed */
		z->ncp.fails = 0x0036;
		z->ncp.times = 1;
		network_permit(&z->n, 0, false, z->now_us);
		zignet_pass(z, 10 * ZIGNET_S);
		assert_int_equal(zignet_ncp_count(&z->ncp, 0x0036, 0), 5);
		f = zignet_ncp_last(&z->ncp, 0x0036);
		assert_int_equal(f->bytes[f->length - 2], 0);
		assert_true(network_is_idle(&z->n));
		zignet_free(z);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_opening_interrupted),
		cmocka_unit_test(test_narrower_at_the_end),
		cmocka_unit_test(test_routers_are_told_again),
	};

	return RUN_TESTS(tests);
}
