/*
 * Each way up, cut at each frame of it by each thing that can come between: in
 * the end there is the network that there should be, in the radio and on the
 * disk, and no other one was made or left on the way.
 */
#include "unit/zigbee/zignet.h"

#include <errno.h>

#include "util/cleanup.h"

/* ---- the ways ---- */

static void forms(struct zignet *z)
{
	zignet_ncp_boot(&z->ncp);
}

static void resumes(struct zignet *z)
{
	struct netstate s = zignet_state(&z->ncp);

	zignet_ncp_join(&z->ncp);
	network_keep(&z->n, &s, false);
}

/* The keys were made, and then the power failed. */
static void forms_at_last(struct zignet *z)
{
	struct netstate s = zignet_state(&z->ncp);

	s.formed = false;
	s.counter = 0;
	network_keep(&z->n, &s, false);
	z->kept = s;
}

static const struct {
	void (*prepare)(struct zignet *z);
	bool makes;
} ways[] = { { forms, true }, { resumes, false }, { forms_at_last, true } };

/* ---- what comes between ---- */

static uint8_t *next_frame(struct zignet *z, size_t **length)
{
	unsigned at = z->ncp.out_first;

	*length = &z->ncp.lengths[at];
	return z->ncp.out_count > 0 ? z->ncp.out[at] : NULL;
}

static bool is_answer(const uint8_t *frame, size_t length)
{
	return frame && length > 7 && !(frame[1] & 0x10);
}

static void cut_reset(struct zignet *z)
{
	network_link_down(&z->n, "watchdog", z->now_us);
}

static void cut_unplugged(struct zignet *z)
{
	network_stop(&z->n, z->now_us);
	z->boots = false;
	zignet_start(z);
}

static void cut_changed(struct zignet *z)
{
	const struct network_config config = { .channel = 20 };

	network_change(&z->n, &config, z->now_us);
	z->boots = false;
	zignet_start(z);
}

static void cut_lost(struct zignet *z)
{
	size_t *n;
	uint8_t *frame = next_frame(z, &n);

	if (is_answer(frame, *n))
		frame[3] = 0x05; /* a stray */
}

static void cut_refused(struct zignet *z)
{
	size_t *n;
	uint8_t *frame = next_frame(z, &n);

	if (is_answer(frame, *n)) {
		frame[3] = 0x58;
		frame[4] = 0;
		frame[5] = 0x31;
		*n = 6;
	}
}

static void cut_short(struct zignet *z)
{
	size_t *n;
	uint8_t *frame = next_frame(z, &n);

	if (is_answer(frame, *n))
		*n = 5;
}

static void cut_twice(struct zignet *z)
{
	size_t *n;
	uint8_t *frame = next_frame(z, &n);

	if (frame)
		network_receive(&z->n, frame, *n, z->now_us);
}

static void cut_disk_full(struct zignet *z)
{
	z->keep_result = -ENOSPC;
}

static void cut_disk_slow(struct zignet *z)
{
	z->keep_result = 1;
}

static void cut_stack_down(struct zignet *z)
{
	zignet_ncp_callback(&z->ncp, 0x0019, z->ncp.version < 14 ? "91" : "16 00 00 00");
}

static void cut_version_forgotten(struct zignet *z)
{
	zignet_ncp_boot(&z->ncp); /* and it does not say so */
}

static void (*const cuts[])(struct zignet *z) = { cut_reset, cut_unplugged, cut_changed, cut_lost,
	cut_refused, cut_short, cut_twice, cut_disk_full, cut_disk_slow, cut_stack_down,
	cut_version_forgotten };

static void test_every_cut(void **state)
{
	const size_t n = ARRAY_SIZE(cuts), all = 3 * n * ARRAY_SIZE(ways);
	unsigned moments = 0;

	for (size_t row = 0; row < all; row++) {
		bool more = true;

		for (unsigned moment = 0; more; moment++) {
			const unsigned tried[] = { 8, 13, 14 };
			struct zignet *z = zignet_new(tried[row % 3], NULL);
			size_t way = row / 3 / n;
			uint8_t key[16];
			bool has_key = false;

			ways[way].prepare(z);
			network_begin(&z->n, z->now_us);
			for (unsigned i = 0; i < moment && more; i++)
				more = zignet_step(z);
			cuts[row / 3 % n](z);
			zignet_pass(z, 5 * ZIGNET_S);
			z->keep_result = 0;
			network_kept(&z->n, 0, z->now_us);
			zignet_pass(z, 200 * ZIGNET_S);
			assert_int_equal(z->n.state, NETWORK_UP);
			assert_int_equal(zignet_ncp_count(&z->ncp, 0x0020, 0), 0);
			assert_memory_equal(z->n.net.network_key, z->ncp.network_key, 16);
			if (z->keeps > 0) {
				assert_memory_equal(z->kept.network_key, z->ncp.network_key, 16);
				assert_true(z->kept.formed);
			}
			/* never with other keys than at first */
			for (unsigned i = 0; i < z->ncp.count; i++)
				if (z->ncp.log[i].id == 0x0068) {
					const uint8_t *told = z->ncp.log[i].bytes + 18;

					assert_true(!has_key || memcmp(key, told, 16) == 0);
					memcpy(key, told, 16);
					has_key = true;
				}
			assert_int_equal(has_key, ways[way].makes);
			zignet_free(z);
			moments++;
		}
	}
	assert_in_range(moments, 3000, 20000);
}

/* What a person decided, with the radio's own network as it was (false) or another one in it. */
static void test_every_cut_of_a_decision(void **state)
{
	const size_t n = ARRAY_SIZE(cuts);

	for (size_t row = 0; row < 9 * n; row++) {
		bool more = true, adopts = row / n % 3 == 0, same = row / n % 3 == 1;

		for (unsigned moment = 0; more; moment++) {
			const unsigned tried[] = { 8, 13, 14 };
			struct zignet *z = zignet_new(tried[row / n / 3], NULL);
			struct netstate s = zignet_state(&z->ncp), before;

			zignet_ncp_join(&z->ncp);
			if (!same)
				s.network_key[5] ^= 1;
			network_keep(&z->n, &s, false);
			z->kept = before = s;
			zignet_start(z);
			assert_int_equal(z->n.state, same ? NETWORK_UP : NETWORK_PASSIVE);
			if (adopts)
				network_adopt(&z->n, z->now_us);
			else
				network_restore(&z->n, NULL, false, z->now_us);
			for (unsigned i = 0; i < moment && more; i++)
				more = zignet_step(z);
			cuts[row % n](z);
			zignet_pass(z, 5 * ZIGNET_S);
			z->keep_result = 0;
			network_kept(&z->n, 0, z->now_us);
			zignet_pass(z, 300 * ZIGNET_S);
			/* who unplugs it ends what was decided */
			assert_true(z->n.state == NETWORK_UP ||
				    (!same && z->n.state == NETWORK_PASSIVE));
			if (z->n.state == NETWORK_UP) {
				assert_memory_equal(z->kept.network_key, z->ncp.network_key, 16);
				assert_memory_equal(z->kept.link_key, z->ncp.link_key, 16);
				assert_true(z->kept.formed);
				assert_true(z->ncp.counter >= 50000);
			}
			if (adopts) {
				assert_int_equal(zignet_ncp_count(&z->ncp, 0x0020, 0), 0);
				assert_int_equal(zignet_ncp_count(&z->ncp, 0x001e, 0), 0);
			} else {
				assert_memory_equal(z->kept.network_key, before.network_key, 16);
				assert_in_range(zignet_ncp_count(&z->ncp, 0x001e, 0), 0, 2);
			}
			zignet_free(z);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_every_cut_of_a_decision),
	};

	return RUN_TESTS(tests);
}
