/*
 * outbox.db found damaged, foreign, newer, missing or not a file at all: the
 * store opens in the end, tells no row that was never written, and deletes no
 * file that it cannot use. A few of the places; all of them with WARDGATE_LONG
 * in the environment.
 */
#include "unit/outbox/cutvfs.h"
#include "unit/outbox/store_script.h"
#include "unit/outbox/warped_clock.h"

#include <dirent.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "unit/unit.h"

#define BATCHES 16

struct file {
	uint8_t *bytes;
	size_t size;
};

/* What a run left that ended with a power cut when all was synced, so that its log is there; and
 * what the witness of that run knows. */
static struct file database, wal, whole_database, whole_wal;
static struct witness known;

static char directory[64];
static bool longer;
static struct witness w;
static uint64_t unexplained; /* rows that are gone without a gap, in the last use() */

/* ---- files ---- */

static void path_of(char path[static 512], const char *name)
{
	snprintf(path, 512, "%s/%s", directory, name);
}

static struct file read_file(const char *name)
{
	struct file f = { 0 };
	char path[512];
	struct stat st;
	FILE *in;

	path_of(path, name);
	in = fopen(path, "r");
	if (!in)
		return f;
	if (fstat(fileno(in), &st) == 0 && S_ISREG(st.st_mode)) {
		f.size = (size_t)st.st_size;
		f.bytes = malloc(f.size + 1);
		assert_int_equal(fread(f.bytes, 1, f.size, in), f.size);
	}
	fclose(in);
	return f;
}

static void write_file(const char *name, const uint8_t *bytes, size_t size)
{
	char path[512];
	FILE *out;

	path_of(path, name);
	out = fopen(path, "w");
	assert_non_null(out);
	assert_int_equal(fwrite(bytes, 1, size, out), size);
	assert_int_equal(fclose(out), 0);
}

static bool same_as(const char *name, const uint8_t *bytes, size_t size)
{
	struct file f = read_file(name);
	bool same = f.size == size && (size == 0 || memcmp(f.bytes, bytes, size) == 0);

	free(f.bytes);
	return same;
}

/* Whether some file of the directory, outbox.db or another, holds exactly these bytes. */
static bool kept(const uint8_t *bytes, size_t size)
{
	DIR *d = opendir(directory);
	bool found = false;

	assert_non_null(d);
	for (struct dirent *e; !found && (e = readdir(d));)
		found = strncmp(e->d_name, "outbox.db", 9) == 0 && same_as(e->d_name, bytes, size);
	closedir(d);
	return found;
}

static int set_up(void **state)
{
	struct script first = { 0 }, c = { 0 };
	bool ran;

	longer = getenv("WARDGATE_LONG") != NULL;
	script_make_directory(directory);
	cutvfs_install();
	cutvfs_reset(&(struct cutvfs_disk){ .seed = 1, .sector = 4096 });
	w = (struct witness){ .next = 1 };
	/* The first run's rows go into the database at its end, the second's are in the log. */
	ran = script_start(&first, &w, directory) && script_run(&first, BATCHES);
	script_stop(&first);
	ran = ran && script_start(&c, &w, directory) && script_run(&c, BATCHES);
	cutvfs_cut();
	script_stop(&c);
	cutvfs_power_on();
	cutvfs_remove();
	known = w;
	database = read_file("outbox.db");
	wal = read_file("outbox.db-wal");
	whole_database = read_file("outbox.db");
	whole_wal = read_file("outbox.db-wal");
	return ran && database.size > 0 && wal.size > 0 && !w.fault[0] ? 0 : -1;
}

static int tear_down(void **state)
{
	script_remove_directory(directory);
	free(database.bytes);
	free(wal.bytes);
	free(whole_database.bytes);
	free(whole_wal.bytes);
	return 0;
}

/* A test that failed may have left them changed. */
static int restore(void **state)
{
	memcpy(database.bytes, whole_database.bytes, database.size);
	memcpy(wal.bytes, whole_wal.bytes, wal.size);
	return 0;
}

/* ---- what the store makes of it ---- */

/* Opens what lies there, reads all of it, goes on with it for a while, and reads all once more.
 * Returns whether the database was begun anew. */
static bool use(const char *what, size_t at)
{
	struct script c = { 0 };
	bool fresh;

	snprintf(script_about, sizeof(script_about), "%s %zu", what, at);
	w = known;
	w.may_lose = true;
	script_check(&w, directory);
	fresh = w.opened_fresh;
	unexplained = w.unexplained;
	if (!w.fault[0] && script_start(&c, &w, directory))
		(void)script_run(&c, 4);
	if (c.s)
		script_stop(&c);
	if (!w.fault[0])
		script_check(&w, directory);
	if (w.fault[0])
		fail_msg("%s %zu: %s", what, at, w.fault);
	return fresh;
}

/* As it was left, or with these bytes in place of one of its files. */
static bool use_with(const char *what, size_t at, const struct file *db, const struct file *log)
{
	bool fresh;

	script_empty_directory(directory);
	if (db)
		write_file("outbox.db", db->bytes, db->size);
	if (log)
		write_file("outbox.db-wal", log->bytes, log->size);
	fresh = use(what, at);
	if (fresh && db && db->size > 0 && !kept(db->bytes, db->size))
		fail_msg("%s %zu: the database was not kept", what, at);
	if (fresh && log && log->size > 0 && !kept(log->bytes, log->size))
		fail_msg("%s %zu: the log was not kept", what, at);
	return fresh;
}

static void test_as_it_was_left(void **state)
{
	script_empty_directory(directory);
	write_file("outbox.db", database.bytes, database.size);
	write_file("outbox.db-wal", wal.bytes, wal.size);
	w = known;
	script_check(&w, directory);
	assert_string_equal(w.fault, "");
}

static void test_cut_short(void **state)
{
	size_t step = longer ? 512 : 4096;

	for (size_t size = 0; size < database.size; size += step) {
		const struct file shorter = { database.bytes, size },
				  odd = { database.bytes, size + 17 + size % 491 };

		(void)use_with("database cut to", size, &shorter, NULL);
		(void)use_with("database cut to", size, &shorter, &wal);
		(void)use_with("database cut to", odd.size, &odd, NULL);
	}
	for (size_t size = 0; size < wal.size; size += longer ? 1000 : 20000) {
		const struct file shorter = { wal.bytes, size };

		assert_false(use_with("log cut to", size, &database, &shorter));
	}
}

static int flip_bits(const char *what, struct file *f, const struct file *log, uint64_t seed)
{
	int rounds = longer ? 3000 : 100, silent = 0;

	for (int i = 0; i < rounds; i++) {
		size_t at = witness_mix(seed + (uint64_t)i) % f->size;
		uint8_t bit = (uint8_t)(1 << witness_mix(seed * 7 + (uint64_t)i) % 8);

		/* The first page and the log's first frame matter most. */
		if (i % 4 == 0)
			at %= 4096;
		f->bytes[at] ^= bit;
		(void)use_with(what, at, &database, log);
		f->bytes[at] ^= bit;
		silent += unexplained > 0;
	}
	return silent;
}

/* All of the first bytes: each means something to SQLite. */
static void test_flipped_bits_of_the_header(void **state)
{
	for (size_t at = 0; at < 100; at++)
		for (int bit = 0; bit < 8; bit += longer ? 1 : 3) {
			database.bytes[at] ^= (uint8_t)(1 << bit);
			(void)use_with("bit of the header at", at, &database, NULL);
			database.bytes[at] ^= (uint8_t)(1 << bit);
			if (!longer)
				continue;
			wal.bytes[at] ^= (uint8_t)(1 << bit);
			(void)use_with("bit of the log's header at", at, &database, &wal);
			wal.bytes[at] ^= (uint8_t)(1 << bit);
		}
}

static void test_flipped_bits(void **state)
{
	(void)flip_bits("bit of the database at", &database, NULL, 1);
	/* What is lost is said, but where the names or SQLite's header went with it. */
	assert_in_range(flip_bits("bit of the database with log at", &database, &wal, 100000), 0,
		longer ? 12 : 2);
	(void)flip_bits("bit of the log at", &wal, &wal, 200000);
}

static void test_a_page_of_noise(void **state)
{
	for (size_t page = 0; page < database.size / 4096; page++) {
		uint8_t before[4096], *at = database.bytes + page * 4096;

		memcpy(before, at, sizeof(before));
		for (size_t i = 0; i < sizeof(before); i++)
			at[i] = (uint8_t)witness_mix(page * 4096 + i);
		(void)use_with("noise in page", page, &database, NULL);
		(void)use_with("noise in page", page, &database, &wal);
		memcpy(at, before, sizeof(before));
	}
}

/* Each of the three files there, missing or noise. */
static void test_missing_files(void **state)
{
	static uint8_t noise[32768];

	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)witness_mix(i);
	for (unsigned x = 0; x < 27; x++) {
		const struct file junk = { noise, sizeof(noise) };
		const struct file *db[] = { &database, NULL, &junk },
				  *log[] = { &wal, NULL, &junk };

		script_empty_directory(directory);
		if (x / 9 > 0)
			write_file("outbox.db-shm", noise, x / 9 == 1 ? sizeof(noise) : 100);
		if (db[x % 3])
			write_file("outbox.db", db[x % 3]->bytes, db[x % 3]->size);
		if (log[x / 3 % 3])
			write_file("outbox.db-wal", log[x / 3 % 3]->bytes, log[x / 3 % 3]->size);
		if (!use("files", x))
			continue;
		if (db[x % 3] && !kept(db[x % 3]->bytes, db[x % 3]->size))
			fail_msg("files %u: the database was not kept", x);
		if (log[x / 3 % 3] && !kept(log[x / 3 % 3]->bytes, log[x / 3 % 3]->size))
			fail_msg("files %u: the log was not kept", x);
	}
}

/* A database of another program, or of a later version of this one. */
static struct file other_database(const char *sql, const struct file *from)
{
	struct file f;
	char path[512];
	sqlite3 *db;

	script_empty_directory(directory);
	if (from)
		write_file("other.db", from->bytes, from->size);
	path_of(path, "other.db");
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	f = read_file("other.db");
	assert_true(f.size > 0);
	return f;
}

static void test_files_of_others(void **state)
{
	static uint8_t text[] = "This is not a database.\n";
	const struct file written = { text, sizeof(text) - 1 }, empty = { text, 0 };
	struct file foreign = other_database(
			    "CREATE TABLE reading(a); INSERT INTO reading VALUES(1)", NULL),
		    newer = other_database("PRAGMA user_version=9999", &database),
		    nameless = other_database("PRAGMA application_id=0", &database);

	assert_true(use_with("a foreign database", 0, &foreign, NULL));
	/* SQLite takes the log for the file's own: then the foreign pages are damage. */
	(void)use_with("a foreign database with our log", 0, &foreign, &wal);
	assert_true(use_with("a newer database", 0, &newer, NULL));
	assert_true(use_with("a nameless database", 0, &nameless, NULL));
	assert_true(use_with("a text", 0, &written, NULL));
	assert_true(use_with("an empty file", 0, &empty, NULL));
	free(foreign.bytes);
	free(newer.bytes);
	free(nameless.bytes);
}

static void take_directory_away(struct script *c)
{
	char path[512];

	path_of(path, "outbox.db");
	(void)rmdir(path);
}

/* A directory in the file's place is set aside, or waited for until somebody takes it away. */
static void test_a_directory_in_its_place(void **state)
{
	struct script c = { .on_trouble = take_directory_away };
	char path[512];

	script_empty_directory(directory);
	path_of(path, "outbox.db");
	assert_int_equal(mkdir(path, 0700), 0);
	w = (struct witness){ .next = 1 };
	assert_true(script_start(&c, &w, directory));
	assert_true(script_run(&c, 3));
	script_stop(&c);
	script_check(&w, directory);
	assert_string_equal(w.fault, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_as_it_was_left, restore),
		cmocka_unit_test_setup(test_cut_short, restore),
		cmocka_unit_test_setup(test_flipped_bits_of_the_header, restore),
		cmocka_unit_test_setup(test_flipped_bits, restore),
		cmocka_unit_test_setup(test_a_page_of_noise, restore),
		cmocka_unit_test_setup(test_missing_files, restore),
		cmocka_unit_test_setup(test_files_of_others, restore),
		cmocka_unit_test_setup(test_a_directory_in_its_place, restore),
	};

	return cmocka_run_group_tests_name(__FILE__, tests, set_up, tear_down);
}
