/*
 * A network whose radio or configuration is changed under it, and what is kept
 * of it while the disk is slow or full.
 */
#include "unit/zigbee/zignet.h"

#include <errno.h>

#include "util/cleanup.h"

static const struct network_config usual;

/* Another port or key in the configuration: what was known to be wrong ends when it is right. */
static void test_mismatch_is_over(void **state)
{
	const struct network_config wrong = { .has_key = true, .key = { 1, 2, 3 } };
	struct zignet *z = zignet_up(13, NULL);

	network_change(&z->n, &wrong, z->now_us);
	assert_int_equal(z->n.state, NETWORK_OFF);
	zignet_start(z);
	assert_int_equal(z->n.state, NETWORK_PASSIVE);
	assert_int_equal(zignet_notices(z, NETWORK_NOTICE_MISMATCH), 1);
	network_change(&z->n, &usual, z->now_us);
	assert_string_equal(z->n.problem, "");
	zignet_start(z);
	assert_int_equal(z->n.state, NETWORK_UP);
	assert_int_equal(zignet_notices(z, NETWORK_NOTICE_MATCHES), 1);
	/* and one that goes on is told anew, as it may be another */
	network_change(&z->n, &wrong, z->now_us);
	zignet_start(z);
	network_change(&z->n, &wrong, z->now_us);
	zignet_start(z);
	assert_int_equal(zignet_notices(z, NETWORK_NOTICE_MISMATCH), 3);
	assert_int_equal(zignet_ncp_count(&z->ncp, 0x001e, 0), 0);
	assert_int_equal(zignet_ncp_count(&z->ncp, 0x0020, 0), 0);
	zignet_free(z);
}

/* It is closed to devices; their keys wait for the next time. */
static void test_closed_by_a_change(void **state)
{
	const struct network_config open = { .well_known = true };
	struct zignet *z = zignet_up(13, &open);

	network_invite(&z->n, 0x00158d0004506f9a, (const uint8_t[16]){ 5 }, z->now_us);
	network_permit(&z->n, 300, true, z->now_us);
	zignet_run(z);
	network_change(&z->n, &usual, z->now_us);
	assert_int_equal(zignet_notices(z, NETWORK_NOTICE_CLOSED), 1);
	zignet_start(z);
	zignet_pass(z, 10 * ZIGNET_S);
	assert_int_equal(z->n.state, NETWORK_UP);
	assert_int_equal(z->ncp.join_policy, 0x02);
	assert_int_equal(z->ncp.permit, 0);
	assert_int_equal(z->ncp.well_known_keys, 0);
	assert_int_equal(z->n.invited_count, 1);
	assert_int_equal(network_permit(&z->n, 60, true, z->now_us), -EPERM);
	zignet_free(z);
}

/* The keys of a new network are on their way to the disk: none is formed before they are there. */
static void test_changed_while_it_is_kept(void **state)
{
	for (unsigned i = 0; i < 2; i++) {
		struct zignet *z = zignet_new(14, NULL);
		uint8_t key[16];

		z->keep_result = 1;
		zignet_start(z);
		zignet_run(z);
		assert_int_equal(z->keeps, 1);
		memcpy(key, z->kept.network_key, 16);
		network_change(&z->n, &usual, z->now_us);
		zignet_start(z);
		assert_int_equal(zignet_ncp_count(&z->ncp, 0x001e, 0), 0);
		/* the first was too late to count, or failed */
		z->keep_result = 0;
		network_kept(&z->n, i ? -EIO : 0, z->now_us);
		assert_int_equal(z->keeps, i ? 1 : 2);
		zignet_pass(z, 5 * ZIGNET_S);
		assert_int_equal(z->keeps, 3);
		assert_int_equal(z->n.state, NETWORK_UP);
		assert_memory_equal(z->ncp.network_key, key, 16);
		assert_memory_equal(z->kept.network_key, key, 16);
		assert_true(z->kept.formed);
		zignet_free(z);
	}
}

/* What could not be kept is tried again, although nothing else has changed. */
static void test_kept_later(void **state)
{
	for (unsigned i = 0; i < 2; i++) {
		struct zignet *z = zignet_new(13, NULL);

		zignet_ncp_join(&z->ncp);
		zignet_start(z);
		assert_int_equal(z->n.state, NETWORK_PASSIVE);
		z->keep_result = i ? 1 : -ENOSPC;
		network_adopt(&z->n, z->now_us);
		zignet_run(z);
		assert_int_equal(z->n.state, NETWORK_UP);
		for (unsigned k = 0; i && k < 3; k++)
			network_kept(&z->n, -ENOSPC, z->now_us);
		assert_non_null(strstr(zignet_text(z, NETWORK_NOTICE_PROBLEM), "kept"));
		zignet_pass(z, 10 * ZIGNET_S);
		memset(&z->kept, 0, sizeof(z->kept));
		z->keep_result = 0;
		zignet_pass(z, 3601 * ZIGNET_S);
		assert_true(netstate_valid(&z->kept));
		assert_int_equal(z->kept.network_key[0], 0x4b);
		assert_true(z->kept.formed);
		zignet_free(z);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mismatch_is_over),
		cmocka_unit_test(test_closed_by_a_change),
		cmocka_unit_test(test_changed_while_it_is_kept),
		cmocka_unit_test(test_kept_later),
	};

	return RUN_TESTS(tests);
}
