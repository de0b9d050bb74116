/*
 * Runs tests/vectors/zigbee/<row>.tsv for each row of clusters.def: a row without a
 * file fails. From the top of the tree.
 */
#include "unit/codec/vector_file.h"
#include "unit/unit.h"
#include "unit/zigbee/cluster_script.h"
#include "util/cleanup.h"

static void test_rows(void **state)
{
	static const char *const rows[] = {
#define CLUSTER(id) #id,
#include "zigbee/clusters/clusters.def"
#undef CLUSTER
	};
	unsigned bad = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		bad += vector_file_run("zigbee", rows[i], cluster_script);
	if (bad > 0)
		fail_msg("%u vectors of clusters", bad);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
	};

	return RUN_TESTS(tests);
}
