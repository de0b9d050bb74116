/*
 * The hash chain against sums made by sha256sum, and every way to break it.
 */
#include "audit/chain.h"
#include "unit/unit.h"

/* printf '%s%s' "$previous" "$entry" | sha256sum */
static const struct {
	const char *entry, *hash;
} links[] = {
	{ "{\"number\":1,\"kind\":\"command\",\"verb\":\"acknowledge\"}",
		"74b597e5283f9aee8e05890a4ec5653af37a50bb894814b1a29cb3f7c56660d8" },
	{ "{\"number\":2,\"kind\":\"reload\"}",
		"6da949721cf143c12127b95fbbe9515973c448541d6c3a36e548891c8985f733" },
};

static void test_hashes(void **state)
{
	const char *previous = chain_zeros;
	char hash[CHAIN_HASH_MAX];

	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(
			chain_hash(previous, links[i].entry, strlen(links[i].entry), hash), 0);
		assert_string_equal(hash, links[i].hash);
		previous = links[i].hash;
	}
}

static enum chain_fault step(struct chain_walk *w, uint64_t number, size_t link)
{
	return chain_step(
		w, number, links[link].entry, strlen(links[link].entry), links[link].hash);
}

static void test_a_whole_chain(void **state)
{
	struct chain_walk w;

	chain_begin(&w, 0, "");
	assert_int_equal(chain_end(&w, 0, ""), CHAIN_WHOLE);
	assert_int_equal(step(&w, 1, 0), CHAIN_WHOLE);
	assert_int_equal(step(&w, 2, 1), CHAIN_WHOLE);
	assert_int_equal(chain_end(&w, 2, links[1].hash), CHAIN_WHOLE);
	/* From behind an entry that was forgotten. */
	chain_begin(&w, 1, links[0].hash);
	assert_int_equal(step(&w, 2, 1), CHAIN_WHOLE);
}

static void test_faults(void **state)
{
	char entry[80], hash[CHAIN_HASH_MAX];
	struct chain_walk w;

	chain_begin(&w, 0, "");
	assert_int_equal(step(&w, 2, 1), CHAIN_MISSING);

	chain_begin(&w, 1, chain_zeros);
	assert_int_equal(step(&w, 2, 1), CHAIN_CHANGED);

	/* Made anew under another number: its own hash is right. */
	chain_begin(&w, 0, "");
	assert_int_equal(chain_hash(chain_zeros, links[1].entry, strlen(links[1].entry), hash), 0);
	assert_int_equal(
		chain_step(&w, 1, links[1].entry, strlen(links[1].entry), hash), CHAIN_NUMBERED);

	chain_begin(&w, 0, "");
	assert_int_equal(step(&w, 1, 0), CHAIN_WHOLE);
	assert_int_equal(chain_end(&w, 2, links[1].hash), CHAIN_CUT);
	assert_int_equal(chain_end(&w, 1, links[1].hash), CHAIN_CUT);

	for (size_t i = 0; i < strlen(links[0].entry); i++) {
		snprintf(entry, sizeof(entry), "%s", links[0].entry);
		entry[i] ^= 1;
		chain_begin(&w, 0, "");
		assert_int_equal(
			chain_step(&w, 1, entry, strlen(entry), links[0].hash), CHAIN_CHANGED);
	}
	/* A fault is told once: the walk goes on behind it. */
	assert_int_equal(step(&w, 2, 1), CHAIN_WHOLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hashes),
		cmocka_unit_test(test_a_whole_chain),
		cmocka_unit_test(test_faults),
	};

	return RUN_TESTS(tests);
}
