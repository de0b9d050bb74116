/*
 * The failing disk of cutvfs.h shows what it is made to show: a plain SQLite
 * program on it loses what it had committed where SQLite does not promise to
 * keep it, and never where it does. Each fault bites. More seeds with
 * WARDGATE_LONG in the environment.
 */
#include "unit/outbox/cutvfs.h"

#include <pthread.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/unit.h"

#define COMMITS 14
#define FILL 900

static char directory[32], database[64];

static int set_up(void **state)
{
	snprintf(directory, sizeof(directory), "/tmp/wardgate-XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	snprintf(database, sizeof(database), "%s/plain.db", directory);
	cutvfs_install();
	return 0;
}

static void remove_files(void)
{
	static const char *const ends[] = { "", "-wal", "-shm", "-journal" };
	char path[80];

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", database, ends[i]);
		(void)unlink(path);
	}
}

static int tear_down(void **state)
{
	cutvfs_remove();
	remove_files();
	return rmdir(directory);
}

static void reset(uint64_t seed, bool whole_sectors, bool lies)
{
	remove_files();
	cutvfs_reset(&(struct cutvfs_disk){ .seed = seed,
		.sector = seed % 2 ? 512 : 4096,
		.whole_sectors = whole_sectors,
		.lies = lies });
}

/* ---- the plain program: one row in each transaction ---- */

/* Returns how many commits were confirmed, up to the first that was not; -1: not even a table. */
static int commit_rows(const char *settings)
{
	sqlite3 *db = NULL;
	int done = -1;

	if (sqlite3_open(database, &db) == SQLITE_OK &&
		sqlite3_exec(db, settings, NULL, NULL, NULL) == SQLITE_OK &&
		sqlite3_exec(db, "CREATE TABLE t(id INTEGER PRIMARY KEY, x TEXT)", NULL, NULL,
			NULL) == SQLITE_OK)
		for (done = 0; done < COMMITS; done++) {
			char sql[128];

			snprintf(sql, sizeof(sql),
				"INSERT INTO t VALUES(%d, hex(zeroblob(%d)) || '%d')", done + 1,
				FILL, done + 1);
			if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
				break;
		}
	sqlite3_close(db);
	return done;
}

enum outcome { KEPT = 0, LOST = 1, CORRUPT = 2 };

static int64_t ask(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *q = NULL;
	int64_t answer = -1;

	if (sqlite3_prepare_v2(db, sql, -1, &q, NULL) == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW)
		answer = sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	return answer;
}

static enum outcome judge(int confirmed)
{
	enum outcome outcome = KEPT;
	sqlite3 *db;
	char sql[160];

	assert_int_equal(sqlite3_open(database, &db), SQLITE_OK);
	if (ask(db, "SELECT integrity_check = 'ok' FROM pragma_integrity_check") != 1)
		outcome = CORRUPT;
	snprintf(sql, sizeof(sql),
		"SELECT count(*) FROM t WHERE id <= %d AND x = hex(zeroblob(%d)) || id", confirmed,
		FILL);
	if (outcome == KEPT && confirmed >= 0 && ask(db, sql) < confirmed)
		outcome = LOST;
	sqlite3_close(db);
	return outcome;
}

static bool shm_is_there(void)
{
	char path[80];

	snprintf(path, sizeof(path), "%s-shm", database);
	return access(path, F_OK) == 0;
}

/* Every n of the run at which at_sync, or else a write, can be cut; returns the outcomes seen, as
 * bits. */
static int cut_everywhere(const char *settings, bool at_sync, bool whole_sectors, bool lies)
{
	uint64_t seeds = getenv("WARDGATE_LONG") ? 40 : 2;
	int seen = 0;

	for (int moment = 0; moment < _CUTVFS_MOMENT_MAX; moment++)
		for (uint64_t seed = 1; seed <= seeds; seed++)
			for (uint32_t n = 1;; n++) {
				int confirmed;

				reset(seed * 1000 + n, whole_sectors, lies);
				if (at_sync)
					cutvfs_cut_at_sync(n, (enum cutvfs_moment)moment);
				else
					cutvfs_cut_at_write(n);
				confirmed = commit_rows(settings);
				if (!cutvfs_is_cut())
					break;
				cutvfs_power_on();
				assert_false(shm_is_there());
				seen |= 1 << judge(confirmed);
			}
	return seen;
}

#define WAL "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=5; "

static void test_full_keeps_all(void **state)
{
	assert_int_equal(cut_everywhere(WAL "PRAGMA synchronous=FULL", true, false, false), 1);
	assert_int_equal(cut_everywhere(WAL "PRAGMA synchronous=FULL", true, true, false), 1);
	assert_int_equal(cut_everywhere(WAL "PRAGMA synchronous=FULL", false, true, false), 1);
}

/* NORMAL gives up the last commits, and never the whole. */
static void test_normal_loses_but_stays_sound(void **state)
{
	assert_int_equal(cut_everywhere(WAL "PRAGMA synchronous=NORMAL", false, false, false),
		1 << KEPT | 1 << LOST);
}

static void test_off_loses_and_corrupts(void **state)
{
	assert_int_equal(cut_everywhere(WAL "PRAGMA synchronous=OFF", false, false, false),
		1 << KEPT | 1 << LOST | 1 << CORRUPT);
}

static void test_a_disk_that_lies_loses_and_corrupts(void **state)
{
	assert_int_equal(cut_everywhere(WAL "PRAGMA synchronous=FULL", true, false, true),
		1 << KEPT | 1 << LOST | 1 << CORRUPT);
}

/* With a rollback journal a commit is the deletion of a file: FULL does not sync the directory
 * after it, EXTRA does. */
static void test_a_deletion_is_undone(void **state)
{
	assert_int_equal(cut_everywhere("PRAGMA journal_mode=DELETE; PRAGMA synchronous=FULL", true,
				 false, false),
		1 << KEPT | 1 << LOST);
	assert_int_equal(cut_everywhere("PRAGMA journal_mode=DELETE; PRAGMA synchronous=EXTRA",
				 true, false, false),
		1);
}

/* The same seed leaves the same bytes. */
static void test_seeded(void **state)
{
	char bytes[2][65536];
	size_t n[2];

	for (int i = 0; i < 2; i++) {
		FILE *f;

		reset(77, false, true);
		cutvfs_cut_at_sync(12, CUTVFS_BEFORE);
		(void)commit_rows(WAL "PRAGMA synchronous=FULL");
		assert_true(cutvfs_is_cut());
		cutvfs_power_on();
		f = fopen(database, "r");
		n[i] = f ? fread(bytes[i], 1, sizeof(bytes[i]), f) : 0;
		if (f)
			fclose(f);
	}
	/* SQLite's own random salts stand in the log alone. */
	assert_in_range(n[0], 1, sizeof(bytes[0]));
	assert_int_equal(n[0], n[1]);
	assert_memory_equal(bytes[0], bytes[1], n[0]);
}

/* ---- faults ---- */

static void expect_fault(unsigned calls, int code, int expected)
{
	const struct cutvfs_fault fault = { .calls = calls, .from = 1, .every = 1, .error = code };
	sqlite3 *db;

	reset(1, false, false);
	assert_true(commit_rows(WAL "PRAGMA synchronous=FULL") == COMMITS);
	assert_int_equal(sqlite3_open(database, &db), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(db, "PRAGMA cache_size=0; SELECT count(x) FROM t", NULL, NULL, NULL),
		SQLITE_OK);
	cutvfs_set_fault(&fault);
	assert_int_equal(
		sqlite3_exec(db,
			calls & CUTVFS_READ ? "SELECT count(x) FROM t" : "DELETE FROM t WHERE id=3",
			NULL, NULL, NULL),
		expected);
	assert_true(cutvfs_refused() > 0);
	cutvfs_clear_fault();
	assert_int_equal(sqlite3_exec(db, "DELETE FROM t WHERE id=4", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(ask(db, "SELECT count(*) FROM t WHERE id=3"), 1);
	sqlite3_close(db);
}

static void test_faults(void **state)
{
	expect_fault(CUTVFS_WRITE, SQLITE_FULL, SQLITE_FULL);
	expect_fault(CUTVFS_WRITE, SQLITE_IOERR_WRITE, SQLITE_IOERR);
	expect_fault(CUTVFS_SYNC, SQLITE_IOERR_FSYNC, SQLITE_IOERR);
	expect_fault(CUTVFS_READ, SQLITE_IOERR_READ, SQLITE_IOERR);
}

static void test_every_third_write_fails(void **state)
{
	const struct cutvfs_fault fault = { CUTVFS_WRITE, 1, 3, SQLITE_FULL, true };
	const struct cutvfs_fault once = { CUTVFS_WRITE, 2, 0, SQLITE_FULL, true };

	reset(1, false, false);
	cutvfs_set_fault(&fault);
	assert_true(commit_rows(WAL "PRAGMA synchronous=FULL") < COMMITS);
	assert_true(cutvfs_refused() >= 1);
	reset(1, false, false);
	cutvfs_set_fault(&once);
	(void)commit_rows(WAL "PRAGMA synchronous=FULL");
	assert_int_equal(cutvfs_refused(), 1);
}

static void test_read_only(void **state)
{
	sqlite3 *db;

	reset(1, false, false);
	assert_int_equal(
		commit_rows("PRAGMA journal_mode=DELETE; PRAGMA synchronous=FULL"), COMMITS);
	cutvfs_set_read_only(true);
	assert_int_equal(sqlite3_open(database, &db), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(db, "DELETE FROM t WHERE id=3", NULL, NULL, NULL), SQLITE_READONLY);
	assert_int_equal(ask(db, "SELECT count(*) FROM t"), COMMITS);
	sqlite3_close(db);
}

/* After a sync that failed, the next one is no proof: what the first lost is gone at a cut. */
static void test_a_failed_sync_forgets(void **state)
{
	const struct cutvfs_fault fault = { CUTVFS_SYNC, 1, 0, SQLITE_IOERR_FSYNC, true };
	static const uint8_t page[4096] = { 1, 2, 3 };
	sqlite3_vfs *vfs = sqlite3_vfs_find("cut");
	sqlite3_file *f = calloc(1, (size_t)vfs->szOsFile);
	uint8_t back[4096] = { 0 };
	int lost = 0, got;

	for (uint64_t seed = 1; seed <= 20; seed++) {
		reset(seed, false, false);
		assert_int_equal(
			vfs->xOpen(vfs, database, f,
				SQLITE_OPEN_WAL | SQLITE_OPEN_CREATE | SQLITE_OPEN_READWRITE, &got),
			SQLITE_OK);
		assert_int_equal(f->pMethods->xSync(f, 0), SQLITE_OK);
		assert_int_equal(f->pMethods->xWrite(f, page, 4096, 0), SQLITE_OK);
		cutvfs_set_fault(&fault);
		assert_int_equal(f->pMethods->xSync(f, 0), SQLITE_IOERR_FSYNC);
		assert_int_equal(f->pMethods->xSync(f, 0), SQLITE_OK);
		assert_int_equal(cutvfs_unsynced(), 0);
		cutvfs_cut();
		assert_int_equal(f->pMethods->xRead(f, back, 4096, 0), SQLITE_IOERR);
		f->pMethods->xClose(f);
		cutvfs_power_on();
		{
			struct stat st;

			assert_int_equal(stat(database, &st), 0);
			lost += st.st_size == 0;
		}
	}
	assert_in_range(lost, 1, 19);
	free(f);
}

static void *commit_in_thread(void *arg)
{
	*(int *)arg = commit_rows(WAL "PRAGMA synchronous=FULL");
	return NULL;
}

static void test_a_held_sync_waits(void **state)
{
	pthread_t thread;
	int done = -2;

	reset(1, false, false);
	cutvfs_hold_syncs(true);
	assert_int_equal(pthread_create(&thread, NULL, commit_in_thread, &done), 0);
	cutvfs_await_held();
	assert_int_equal(cutvfs_counts().syncs, 1);
	cutvfs_hold_syncs(false);
	pthread_join(thread, NULL);
	assert_int_equal(done, COMMITS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_full_keeps_all),
		cmocka_unit_test(test_normal_loses_but_stays_sound),
		cmocka_unit_test(test_off_loses_and_corrupts),
		cmocka_unit_test(test_a_disk_that_lies_loses_and_corrupts),
		cmocka_unit_test(test_a_deletion_is_undone),
		cmocka_unit_test(test_seeded),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_every_third_write_fails),
		cmocka_unit_test(test_read_only),
		cmocka_unit_test(test_a_failed_sync_forgets),
		cmocka_unit_test(test_a_held_sync_waits),
	};

	return cmocka_run_group_tests_name(__FILE__, tests, set_up, tear_down);
}
