/*
 * The power is cut at each sync of a short run of the store, the disk left as
 * such a disk may be: what was reported as written is there when it is opened
 * again, and nothing else. A disk that lies makes the same test fail. A few
 * seeds; many, and chains of cuts, with WARDGATE_LONG in the environment.
 */
#include "unit/outbox/cutvfs.h"
#include "unit/outbox/store_script.h"

#include <sqlite3.h>

#include "unit/unit.h"

#define BATCHES 12

static char directory[64];
static bool longer;

static int set_up(void **state)
{
	longer = getenv("WARDGATE_LONG") != NULL;
	script_make_directory(directory);
	cutvfs_install();
	return 0;
}

static int tear_down(void **state)
{
	cutvfs_remove();
	script_remove_directory(directory);
	return 0;
}

static struct cutvfs_disk disk_of(uint64_t seed)
{
	return (struct cutvfs_disk){ .seed = witness_mix(seed),
		.sector = seed % 2 ? 512 : 4096,
		.whole_sectors = seed % 3 == 0 };
}

/* One life that ends with a cut, or not. Returns whether it was cut. */
static bool live(struct witness *w)
{
	struct script c = { 0 };
	bool is_cut;

	if (script_start(&c, w, directory))
		(void)script_run(&c, BATCHES);
	script_stop(&c);
	is_cut = cutvfs_is_cut();
	if (is_cut)
		cutvfs_power_on();
	return is_cut;
}

static void check_files(struct witness *w)
{
	sqlite3_stmt *q = NULL;
	char path[96];
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/outbox.db", directory);
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK ||
		sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &q, NULL) != SQLITE_OK ||
		sqlite3_step(q) != SQLITE_ROW)
		snprintf(w->fault, sizeof(w->fault), "outbox.db: %s", sqlite3_errmsg(db));
	else if (strcmp((const char *)sqlite3_column_text(q, 0), "ok") != 0)
		snprintf(w->fault, sizeof(w->fault), "outbox.db: %s", sqlite3_column_text(q, 0));
	sqlite3_finalize(q);
	sqlite3_close(db);
}

/* Returns whether the cut came; what is wrong then stands in w->fault. */
static bool cut_and_check(struct witness *w, const struct cutvfs_disk *disk, uint32_t sync,
	enum cutvfs_moment moment, uint32_t write)
{
	*w = (struct witness){ .next = 1 };
	script_empty_directory(directory);
	cutvfs_reset(disk);
	cutvfs_cut_at_sync(sync, moment);
	cutvfs_cut_at_write(write);
	if (!live(w))
		return false;
	script_check(w, directory);
	if (!w->fault[0])
		check_files(w);
	return true;
}

static void test_power_cut(void **state)
{
	static struct witness w;
	uint64_t seeds = longer ? 60 : 2;
	uint32_t cuts = 0;
	bool dropped = false;

	for (uint64_t seed = 1; seed <= seeds; seed++)
		for (int moment = 0; moment < _CUTVFS_MOMENT_MAX; moment++)
			for (uint32_t n = 1;; n++) {
				struct cutvfs_disk disk = disk_of(seed * 1000 + n);

				if (!cut_and_check(&w, &disk, n, (enum cutvfs_moment)moment, 0))
					break;
				cuts++;
				if (w.fault[0])
					fail_msg("seed %d, sync %u, moment %d: %s", (int)seed, n,
						moment, w.fault);
				dropped |= w.gap_count > 0;
			}
	print_message("%u cuts\n", cuts);
	/* Each batch is synced; so are checkpoints, the limit's drops and the run's end. */
	assert_true(cuts > seeds * _CUTVFS_MOMENT_MAX * 2 * BATCHES);
	assert_true(dropped);
}

static void test_power_cut_on_a_disk_that_lies_must_lose(void **state)
{
	static struct witness w;
	int lost = 0;

	for (uint32_t n = 1;; n++) {
		struct cutvfs_disk disk = disk_of(n);

		disk.lies = true;
		if (!cut_and_check(&w, &disk, n, CUTVFS_AFTER, 0))
			break;
		lost += w.fault[0] != 0;
	}
	assert_true(lost > 0);
}

static int ignore_synchronous(
	void *userdata, int what, const char *a, const char *b, const char *c, const char *d)
{
	return what == SQLITE_PRAGMA && sqlite3_stricmp(a, "synchronous") == 0 ? SQLITE_IGNORE
									       : SQLITE_OK;
}

/* Of each connection that is opened from now on, whatever it sets later. */
static int switch_off(sqlite3 *db, char **error, const struct sqlite3_api_routines *api)
{
	(void)sqlite3_exec(db, "PRAGMA synchronous=OFF", NULL, NULL, NULL);
	return sqlite3_set_authorizer(db, ignore_synchronous, NULL);
}

/* Nothing is synced: so the power is cut at writes. */
static void test_power_cut_with_synchronous_off_must_lose(void **state)
{
	static struct witness w;
	int lost = 0;

	assert_int_equal(sqlite3_auto_extension((void (*)(void))switch_off), SQLITE_OK);
	for (uint32_t n = 1;; n += longer ? 1 : 13) {
		struct cutvfs_disk disk = disk_of(n);

		if (!cut_and_check(&w, &disk, 0, CUTVFS_BEFORE, n))
			break;
		lost += w.fault[0] != 0;
	}
	assert_int_equal(cutvfs_counts().syncs, 0);
	sqlite3_reset_auto_extension();
	assert_true(lost > 0);
}

/* Lives in a row on one disk, each cut at some sync, also while the one before is being mended. */
static void test_power_cut_after_power_cut(void **state)
{
	static struct witness w;
	uint64_t chains = longer ? 400 : 12;

	for (uint64_t seed = 1; seed <= chains; seed++) {
		struct cutvfs_disk disk = disk_of(seed);

		w = (struct witness){ .next = 1 };
		script_empty_directory(directory);
		cutvfs_reset(&disk);
		for (uint64_t life = 1; life <= 6; life++) {
			uint64_t x = witness_mix(seed * 64 + life);
			uint32_t n = 1 + (uint32_t)(x % (life % 2 ? 45 : 4));

			cutvfs_cut_at_sync(n, (enum cutvfs_moment)(x / 64 % _CUTVFS_MOMENT_MAX));
			(void)live(&w);
			disk.seed = x;
			cutvfs_reset(&disk);
			script_check(&w, directory);
			if (w.fault[0])
				fail_msg("seed %d, life %d, sync %u: %s", (int)seed, (int)life, n,
					w.fault);
			cutvfs_reset(&disk);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_power_cut),
		cmocka_unit_test(test_power_cut_on_a_disk_that_lies_must_lose),
		cmocka_unit_test(test_power_cut_with_synchronous_off_must_lose),
		cmocka_unit_test(test_power_cut_after_power_cut),
	};

	return cmocka_run_group_tests_name(__FILE__, tests, set_up, tear_down);
}
