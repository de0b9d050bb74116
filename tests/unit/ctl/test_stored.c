/*
 * Reading outbox.db from beside the daemon: what it finds, what it leaves
 * alone, and what it says when it cannot.
 */
#include "ctl/stored.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "outbox/database.h"
#include "unit/unit.h"
#include "util/cleanup.h"

static char directory[64], path[128];

static int make_directory(void **state)
{
	snprintf(directory, sizeof(directory), "%s/wardgatectl-XXXXXX", getenv("TMPDIR") ?: "/tmp");
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/outbox.db", directory);
	return 0;
}

static size_t files_in_directory(void)
{
	DIR *d = opendir(directory);
	size_t n = 0;

	assert_non_null(d);
	for (struct dirent *e = readdir(d); e; e = readdir(d))
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

static int remove_directory(void **state)
{
	DIR *d = opendir(directory);

	for (struct dirent *e = readdir(d); e; e = readdir(d))
		(void)unlinkat(dirfd(d), e->d_name, 0);
	closedir(d);
	return rmdir(directory);
}

static void run(sqlite3 *db, const char *sql)
{
	char *why = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", sql, why);
}

/* As the store makes it, with one name of each kind. */
static sqlite3 *make_database(const char *at)
{
	char sql[128];
	sqlite3 *db;

	assert_int_equal(sqlite3_open(at, &db), SQLITE_OK);
	run(db, "PRAGMA journal_mode=WAL;PRAGMA wal_autocheckpoint=0");
	snprintf(sql, sizeof(sql), "PRAGMA application_id=%d", SCHEMA_APPLICATION_ID);
	run(db, sql);
	for (size_t i = 0; i < schema_current.count; i++)
		run(db, schema_current.migrations[i].sql);
	snprintf(sql, sizeof(sql), "PRAGMA user_version=%d", schema_version(&schema_current));
	run(db, sql);
	run(db, "INSERT INTO name(id,text) VALUES(1,'12-9f3a21c4'),(2,'bed3-oximeter'),"
		"(3,'bed4-call'),(4,'spo2')");
	return db;
}

static void add_readings(sqlite3 *db, int count)
{
	char sql[512];

	snprintf(sql, sizeof(sql),
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<%d) "
		"INSERT INTO reading(id,epoch,sequence,device,metric,kind,value,received) "
		"SELECT i,1,i+100,2+i%%2,4,1,97,1795255200000+i FROM n;"
		"UPDATE ledger SET readings=%d,last=%d",
		count, count, count);
	run(db, sql);
}

static struct stored read_good(void)
{
	char why[STORED_WHY_MAX] = "";
	struct stored s;

	if (stored_read(path, &s, why) != 0)
		fail_msg("%s", why);
	return s;
}

static void expect_refusal(int error, const char *words)
{
	char why[STORED_WHY_MAX] = "";
	struct stored s;
	int r = stored_read(path, &s, why);

	if (r != error || !strstr(why, words))
		fail_msg("%d, \"%s\" instead of %d, \"%s\"", r, why, error, words);
	assert_null(strchr(why, '\n'));
}

static void test_an_empty_ledger(void **state)
{
	struct stored s;

	sqlite3_close(make_database(path));
	s = read_good();
	assert_int_equal(s.readings + s.events + s.asides, 0);
	assert_int_equal(s.oldest_ms, 0);
	assert_int_equal(s.newest_ms, 0);
	assert_int_equal(s.sample, 0);
	assert_true(s.used_bytes > 0 && s.used_bytes <= s.file_bytes);
	stored_done(&s);
}

/* Not as this test makes it but as the daemon does, which holds it open. */
static void test_made_by_the_store(void **state)
{
	static struct database d;
	struct stored s;
	int version;

	assert_int_equal(
		database_open(&d, directory, &schema_current, 1, &version), DATABASE_FRESH);
	s = read_good();
	assert_int_equal(s.readings, 0);
	stored_done(&s);
	assert_int_equal(database_begin(&d), 0);
	d.ledger.readings = 7;
	assert_int_equal(database_commit(&d, 2), 0);
	s = read_good();
	assert_int_equal(s.readings, 7);
	stored_done(&s);
	database_close(&d, true);
	s = read_good();
	assert_int_equal(s.readings, 7);
	stored_done(&s);
	assert_int_equal(files_in_directory(), 1);
}

static void test_what_waits(void **state)
{
	sqlite3 *db = make_database(path);
	struct stored s;

	add_readings(db, 20000);
	run(db, "INSERT INTO owed VALUES(1,1,1,5,20,10,'size'),(2,1,1,21,21,1,'age'),"
		"(3,2,1,NULL,NULL,NULL,NULL)");
	sqlite3_close(db);
	s = read_good();
	assert_int_equal(s.readings, 20000);
	assert_int_equal(s.oldest_ms, INT64_C(1795255200001));
	assert_int_equal(s.newest_ms, INT64_C(1795255220000));
	assert_int_equal(s.sample, STORED_SAMPLE_MAX);
	assert_int_equal(s.sample_ms, INT64_C(1795255210001));
	assert_int_equal(s.sample_devices, 2);
	assert_int_equal(s.owed_gaps, 2);
	assert_int_equal(s.owed_numbers, 11);
	assert_int_equal(s.owed_epochs, 1);
	stored_done(&s);
}

static void test_set_aside(void **state)
{
	sqlite3 *db = make_database(path);
	struct stored s;

	add_readings(db, 3);
	run(db, "INSERT INTO event VALUES(4,1,104,1,'gateways/gw/records','{}',0,0);"
		"INSERT INTO aside VALUES(2,1795255300000,5,0x87),(4,1795255400000,3,0x95);"
		"UPDATE ledger SET events=1,asides=2");
	sqlite3_close(db);
	s = read_good();
	assert_int_equal(s.asides, 2);
	assert_int_equal(s.aside_count, 2);
	assert_string_equal(s.aside[0].id, "12-9f3a21c4:102");
	assert_string_equal(s.aside[0].what, "bed3-oximeter spo2");
	assert_int_equal(s.aside[0].since_ms, INT64_C(1795255300000));
	assert_int_equal(s.aside[0].tries, 5);
	assert_int_equal(s.aside[0].reason, 0x87);
	assert_string_equal(s.aside[1].id, "12-9f3a21c4:104");
	assert_string_equal(s.aside[1].what, "gateways/gw/records");
	assert_int_equal(s.aside[1].reason, 0x95);
	stored_done(&s);
}

static void test_no_file_is_made(void **state)
{
	struct stored s;

	sqlite3_close(make_database(path));
	assert_int_equal(files_in_directory(), 1);
	s = read_good();
	stored_done(&s);
	assert_int_equal(files_in_directory(), 1);
}

/* The daemon has it open, and what it wrote last stands in the log alone. */
static void test_beside_a_writer(void **state)
{
	sqlite3 *db = make_database(path);
	struct stored s;

	add_readings(db, 10);
	s = read_good();
	assert_int_equal(s.readings, 10);
	assert_int_equal(s.newest_ms, INT64_C(1795255200010));
	stored_done(&s);
	run(db, "BEGIN IMMEDIATE");
	run(db, "DELETE FROM reading;UPDATE ledger SET readings=0");
	s = read_good();
	assert_int_equal(s.readings, 10);
	stored_done(&s);
	run(db, "COMMIT");
	s = read_good();
	assert_int_equal(s.readings, 0);
	stored_done(&s);
	/* Nobody holds it up. */
	assert_int_equal(
		sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL),
		SQLITE_OK);
	sqlite3_close(db);
}

static void copy_file(const char *from, const char *to)
{
	static char buf[1 << 20];
	_cleanup_(closep) int in = open(from, O_RDONLY | O_CLOEXEC);
	_cleanup_(closep) int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ssize_t n;

	assert_true(in >= 0 && out >= 0);
	while ((n = read(in, buf, sizeof(buf))) > 0)
		assert_int_equal(write(out, buf, (size_t)n), n);
	assert_int_equal(n, 0);
}

/* The files as a kill leaves them, at another place: nobody has them open. */
static void leave_as_after_a_kill(bool with_index)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	char elsewhere[160], from[192], to[192];
	sqlite3 *db;

	snprintf(elsewhere, sizeof(elsewhere), "%s/live.db", directory);
	db = make_database(elsewhere);
	add_readings(db, 10);
	for (size_t i = 0; i < (with_index ? 3 : 2); i++) {
		snprintf(from, sizeof(from), "%s%s", elsewhere, suffixes[i]);
		snprintf(to, sizeof(to), "%s%s", path, suffixes[i]);
		copy_file(from, to);
	}
	sqlite3_close(db);
	assert_int_equal(unlink(elsewhere), 0);
}

static void test_after_a_kill(void **state)
{
	struct stored s;

	leave_as_after_a_kill(true);
	s = read_good();
	assert_int_equal(s.readings, 10);
	stored_done(&s);
	assert_int_equal(files_in_directory(), 3);
}

static void test_a_log_without_its_index(void **state)
{
	struct stored s;

	leave_as_after_a_kill(false);
	s = read_good();
	assert_int_equal(s.readings, 10);
	stored_done(&s);
}

static void test_a_name_that_means_something_to_sqlite(void **state)
{
	struct stored s;

	snprintf(path, sizeof(path), "%s/a?mode=rwc#b%%41.db", directory);
	sqlite3_close(make_database(path));
	s = read_good();
	stored_done(&s);
	assert_int_equal(files_in_directory(), 1);
}

static void test_nothing_there(void **state)
{
	expect_refusal(-ENOENT, "is not there; wardgated makes it");
	assert_int_equal(files_in_directory(), 0);
}

static void test_no_file(void **state)
{
	snprintf(path, sizeof(path), "%s", directory);
	expect_refusal(-EINVAL, "is no regular file");
}

static void test_may_not_be_read(void **state)
{
	sqlite3_close(make_database(path));
	assert_int_equal(chmod(path, 0), 0);
	if (geteuid() == 0) /* nobody, who may not read it */
		assert_int_equal(seteuid(65534), 0);
	expect_refusal(-EACCES, "run it as root or as the service's user");
	assert_int_equal(seteuid(getuid()), 0);
}

static void write_file(const char *text, size_t length)
{
	_cleanup_(closep) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, length), length);
}

static void test_no_database(void **state)
{
	static const char text[4096] = "a poem";

	write_file(text, sizeof(text));
	expect_refusal(-EBADMSG, "is damaged");
}

static void test_cut_short(void **state)
{
	sqlite3 *db = make_database(path);

	add_readings(db, 20000);
	sqlite3_close(db);
	assert_int_equal(truncate(path, 40960), 0);
	expect_refusal(-EBADMSG, "is damaged");
}

static void test_somebody_elses(void **state)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	run(db, "CREATE TABLE reading(id)");
	sqlite3_close(db);
	expect_refusal(-EBADMSG, "is no database of wardgate");
}

static void test_of_a_newer_version(void **state)
{
	sqlite3 *db = make_database(path);

	run(db, "PRAGMA user_version=999");
	sqlite3_close(db);
	expect_refusal(-EPROTO, "is of version 999");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_directory, remove_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_an_empty_ledger),
		TEST(test_made_by_the_store),
		TEST(test_what_waits),
		TEST(test_set_aside),
		TEST(test_no_file_is_made),
		TEST(test_beside_a_writer),
		TEST(test_after_a_kill),
		TEST(test_a_log_without_its_index),
		TEST(test_a_name_that_means_something_to_sqlite),
		TEST(test_nothing_there),
		TEST(test_no_file),
		TEST(test_may_not_be_read),
		TEST(test_no_database),
		TEST(test_cut_short),
		TEST(test_somebody_elses),
		TEST(test_of_a_newer_version),
	};

	return RUN_TESTS(tests);
}
