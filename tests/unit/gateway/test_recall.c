/*
 * The ring of numbers given: what it finds, across runs, and which files it
 * believes. Kills stand in test_recall_kill.c.
 */
#include "gateway/recall.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/mman.h>

#include "recall_files.h"

static void test_without_a_ring_nothing_is_known(void **state)
{
	struct recalled got;

	assert_int_equal(recall_find(NULL, "a", 1, &got), 0);
	recall_free(NULL);
}

static void test_found_in_this_run_and_the_next(void **state)
{
	struct recalled got;
	struct recall *r;
	struct place p;

	place_begin(&p);
	r = open_as(&p, "gw1", "12-9f3a21c4");
	assert_int_equal(recall_find(r, "bed3", 7, &got), 0);
	recall_add(r, "bed3", 7, NULL, 41, 5);
	assert_int_equal(recall_find(r, "bed3", 7, &got), 1);
	assert_null(got.epoch);
	assert_int_equal(got.sequence, 41);
	assert_int_equal(got.device_sequence, 5);
	assert_false(got.stored);
	assert_int_equal(recall_find(r, "bed4", 7, &got), 0);
	assert_int_equal(recall_find(r, "bed3", 8, &got), 0);
	recall_free(r);

	r = open_as(&p, "gw1", "13-00000001");
	assert_int_equal(recall_find(r, "bed3", 7, &got), 1);
	assert_string_equal(got.epoch->text, "12-9f3a21c4");
	assert_int_equal(got.sequence, 41);
	assert_int_equal(got.device_sequence, 5);
	/* Taken again under the old number: it is found as such, also by the run after. */
	recall_add(r, "bed3", 7, got.epoch, got.sequence, got.device_sequence);
	recall_free(r);
	r = open_as(&p, "gw1", "14-00000002");
	assert_int_equal(recall_find(r, "bed3", 7, &got), 1);
	assert_string_equal(got.epoch->text, "12-9f3a21c4");
	assert_int_equal(got.sequence, 41);
	recall_free(r);
	place_end(&p);
}

/* Against a model: exactly the last RECALL_MAX entries are there, over several turns. */
static void test_the_oldest_give_way(void **state)
{
	struct recall *r;
	struct place p;
	uint64_t i = 0;

	place_begin(&p);
	r = open_as(&p, "gw1", "1-00000001");
	for (unsigned turn = 1; turn <= 3; turn++) {
		uint64_t until = (uint64_t)turn * RECALL_MAX + turn * 1000;

		for (; i < until; i++)
			value_add(r, i);
		for (uint64_t j = 0; j < until - RECALL_MAX; j++)
			assert_false(value_found(r, j, NULL));
		for (uint64_t j = until - RECALL_MAX; j < until; j++)
			assert_true(value_found(r, j, NULL));
	}
	recall_free(r);
	r = open_as(&p, "gw1", "2-00000002");
	for (uint64_t j = 0; j < i; j++)
		assert_int_equal(value_found(r, j, "1-00000001"), j >= i - RECALL_MAX);
	recall_free(r);
	place_end(&p);
}

static void test_the_newest_of_one_key_counts(void **state)
{
	struct recalled got;
	struct recall *r;
	struct place p;

	place_begin(&p);
	r = open_as(&p, "gw1", "1-00000001");
	for (uint64_t i = 1; i <= 100; i++) {
		recall_add(r, "bed3", 7, NULL, i, i);
		assert_int_equal(recall_find(r, "bed3", 7, &got), 1);
		assert_int_equal(got.sequence, i);
	}
	recall_free(r);
	place_end(&p);
}

static void test_many_epochs(void **state)
{
	struct recalled got;
	char epoch[64];
	struct place p;
	struct recall *r;

	place_begin(&p);
	for (uint64_t i = 1; i <= 100; i++) {
		(void)snprintf(epoch, sizeof(epoch), "%" PRIu64 "-%08x", i, (unsigned)(i * 77));
		r = open_as(&p, "gw1", epoch);
		recall_add(r, "bed3", i, NULL, i + 1, i + 2);
		recall_free(r);
	}
	r = open_as(&p, "gw1", "101-00000000");
	for (uint64_t round = 0; round < 2; round++)
		for (uint64_t i = 1; i <= 100; i++) {
			(void)snprintf(
				epoch, sizeof(epoch), "%" PRIu64 "-%08x", i, (unsigned)(i * 77));
			assert_int_equal(recall_find(r, "bed3", i, &got), 1);
			assert_string_equal(got.epoch->text, epoch);
			assert_int_equal(got.sequence, i + 1);
		}
	recall_free(r);
	place_end(&p);
}

static void test_stored_keys(void **state)
{
	struct recalled got;
	struct recall *r;
	struct place p;

	place_begin(&p);
	r = open_as(&p, "gw1", "2-00000002");
	recall_add(r, "bed3", 7, NULL, 41, 5);
	assert_int_equal(recall_add_stored(r, "bed3", 7, "1-00000001", 40), 0);
	assert_int_equal(recall_add_stored(r, "bed3", 8, "2-00000002", 42), 0);
	assert_int_equal(recall_add_stored(r, "bed3", 9, "two", 42), -EINVAL);
	assert_int_equal(recall_find(r, "bed3", 7, &got), 1);
	assert_true(got.stored);
	assert_string_equal(got.epoch->text, "1-00000001");
	assert_int_equal(got.sequence, 40);
	assert_int_equal(recall_find(r, "bed3", 8, &got), 1);
	assert_true(got.stored);
	assert_null(got.epoch);
	assert_int_equal(recall_find(r, "bed3", 9, &got), 0);
	assert_int_equal(recall_find(r, "bed4", 7, &got), 0);

	for (uint64_t i = 2; i < RECALL_STORED_MAX; i++)
		assert_int_equal(recall_add_stored(r, "many", i, "1-00000001", i), 0);
	assert_int_equal(recall_add_stored(r, "many", 1, "1-00000001", 1), -ENOBUFS);
	for (uint64_t i = 2; i < RECALL_STORED_MAX; i++) {
		assert_int_equal(recall_find(r, "many", i, &got), 1);
		assert_true(got.stored);
		assert_int_equal(got.sequence, i);
	}
	assert_int_equal(recall_find(r, "many", 1, &got), 0);
	recall_free(r);
	/* They are no part of the ring. */
	r = open_as(&p, "gw1", "3-00000003");
	assert_int_equal(recall_find(r, "many", 2, &got), 0);
	recall_free(r);
	place_end(&p);
}

static void test_a_note_for_the_next_run(void **state)
{
	unsigned char note[RECALL_NOTE_MAX + 1], got[RECALL_NOTE_MAX + 1];
	struct recall *r;
	char path[512];
	struct place p;
	int fd;

	assert_int_equal(recall_kept(NULL, got, sizeof(got)), 0);
	place_begin(&p);
	r = open_as(&p, "gw1", "1-00000001");
	assert_int_equal(recall_kept(r, got, sizeof(got)), 0);
	for (size_t size = 0; size <= RECALL_NOTE_MAX; size += 100) {
		memset(note, (int)(size / 100), sizeof(note));
		recall_keep(r, note, size);
		recall_free(r);
		r = open_as(&p, "gw1", "2-00000002");
		assert_int_equal(recall_kept(r, got, sizeof(got)), size);
		assert_memory_equal(got, note, size);
	}
	assert_int_equal(recall_kept(r, got, RECALL_NOTE_MAX - 1), 0);
	recall_free(r);
	/* Damage to the newer one uncovers the older one; to both, there is none. */
	place_file(&p, path);
	fd = open(path, O_RDWR);
	for (int both = 0; both < 2; both++) {
		for (off_t at = both ? 100 : 1700; at < 1400 + (both ? 100 : 1700); at += 4)
			assert_int_equal(pwrite(fd, "abc", 4, at), 4);
		r = open_as(&p, "gw1", "2-00000002");
		if (both)
			assert_int_equal(recall_kept(r, got, sizeof(got)), 0);
		else
			assert_true(recall_kept(r, got, sizeof(got)) % 100 == 0);
		recall_free(r);
	}
	close(fd);
	place_end(&p);
}

static void test_gateways_do_not_mix(void **state)
{
	struct recalled got;
	struct recall *a, *b;
	char other[100];
	struct place p;

	place_begin(&p);
	(void)snprintf(other, sizeof(other), "%s/other", p.directory);
	assert_int_equal(mkdir(other, 0700), 0);
	a = open_as(&p, "gw1", "1-00000001");
	recall_add(a, "bed3", 7, NULL, 41, 5);
	b = open_as(&p, "gw2", "1-00000001");
	assert_int_equal(recall_find(b, "bed3", 7, &got), 0);
	recall_free(b);
	assert_int_equal(recall_new(&b, p.directory, other, "gw1", "1-00000001"), 0);
	assert_int_equal(recall_find(b, "bed3", 7, &got), 0);
	recall_free(b);
	recall_free(a);
	/* The same directory by another name is the same one. */
	(void)snprintf(other, sizeof(other), "%s/other/../state/.", p.directory);
	assert_int_equal(recall_new(&a, p.directory, other, "gw1", "2-00000001"), 0);
	assert_int_equal(recall_find(a, "bed3", 7, &got), 1);
	recall_free(a);
	(void)snprintf(other, sizeof(other), "%s/other", p.directory);
	assert_int_equal(rmdir(other), 0);
	place_end(&p);
}

static void test_what_cannot_be(void **state)
{
	struct recall *r = NULL;
	struct place p;

	place_begin(&p);
	assert_int_equal(recall_new(&r, p.directory, "/nowhere", "gw1", "1-00000001"), -ENOENT);
	assert_int_equal(recall_new(&r, "/nowhere", p.state, "gw1", "1-00000001"), -ENOENT);
	assert_int_equal(recall_new(&r, p.directory, p.state, "gw1", "one"), -EINVAL);
	assert_null(r);
	place_end(&p);
}

static void test_the_directory_of_the_service(void **state)
{
	struct recall *r = NULL;
	char list[200], path[512];
	struct place p;

	place_begin(&p);
	(void)snprintf(list, sizeof(list), "%s:/nowhere", p.directory);
	assert_int_equal(setenv("RUNTIME_DIRECTORY", list, 1), 0);
	assert_int_equal(recall_new(&r, NULL, p.state, "gw1", "1-00000001"), 0);
	assert_int_equal(unsetenv("RUNTIME_DIRECTORY"), 0);
	recall_free(r);
	place_file(&p, path);
	assert_true(path[0]);
	place_end(&p);
}

/* --- files that are not believed --- */

static void flip(const char *path, off_t at)
{
	int fd = open(path, O_RDWR);
	unsigned char c;

	assert_int_equal(pread(fd, &c, 1, at), 1);
	c ^= 0x10;
	assert_int_equal(pwrite(fd, &c, 1, at), 1);
	close(fd);
}

static void write_at(const char *path, off_t size)
{
	assert_int_equal(truncate(path, size), 0);
}

static void cut(const char *path, off_t ignored)
{
	write_at(path, 4096);
}

static void empty(const char *path, off_t ignored)
{
	write_at(path, 0);
}

static void open_up(const char *path, off_t ignored)
{
	assert_int_equal(chmod(path, 0622), 0);
}

static void link_twice(const char *path, off_t ignored)
{
	char other[600];

	(void)snprintf(other, sizeof(other), "%s.recall", path);
	assert_int_equal(link(path, other), 0);
}

static void make_symlink(const char *path, off_t ignored)
{
	char other[600];

	(void)snprintf(other, sizeof(other), "%s.recall", path);
	assert_int_equal(rename(path, other), 0);
	assert_int_equal(symlink(other, path), 0);
}

static void make_fifo(const char *path, off_t ignored)
{
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
}

static void test_a_file_that_is_not_ours_is_replaced(void **state)
{
	static const struct {
		const char *name;
		void (*spoil)(const char *path, off_t at);
		off_t at;
	} rows[] = {
		{ "magic", flip, 0 },
		{ "version", flip, 8 },
		{ "header size", flip, 12 },
		{ "entry size", flip, 16 },
		{ "entries", flip, 20 },
		{ "buckets", flip, 24 },
		{ "reserved", flip, 28 },
		{ "identity", flip, 32 },
		{ "identity", flip, 47 },
		{ "cut off", cut, 0 },
		{ "empty", empty, 0 },
		{ "others may write", open_up, 0 },
		{ "a second name", link_twice, 0 },
		{ "a symbolic link", make_symlink, 0 },
		{ "a pipe", make_fifo, 0 },
	};
	struct recalled got;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char path[512];
		struct stat s;
		struct place p;
		struct recall *r;

		place_begin(&p);
		r = open_as(&p, "gw1", "1-00000001");
		recall_add(r, "bed3", 7, NULL, 41, 5);
		recall_free(r);
		place_file(&p, path);
		rows[i].spoil(path, rows[i].at);
		r = open_as(&p, "gw1", "2-00000002");
		if (recall_find(r, "bed3", 7, &got) != 0)
			fail_msg("believed: %s", rows[i].name);
		recall_add(r, "bed3", 7, NULL, 1, 1);
		assert_int_equal(recall_find(r, "bed3", 7, &got), 1);
		recall_free(r);
		assert_int_equal(lstat(path, &s), 0);
		assert_true(S_ISREG(s.st_mode));
		assert_int_equal(s.st_mode & 0777, 0600);
		place_end(&p);
	}
}

static void test_a_directory_in_the_way(void **state)
{
	struct recall *r = NULL;
	char path[512];
	struct place p;

	place_begin(&p);
	r = open_as(&p, "gw1", "1-00000001");
	recall_free(r);
	place_file(&p, path);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_true(recall_new(&r, p.directory, p.state, "gw1", "1-00000001") < 0);
	assert_int_equal(rmdir(path), 0);
	place_end(&p);
}

/* Any bytes behind the header: lookups end, and what they find was written. */
static void test_rubbish_behind_the_header(void **state)
{
	unsigned seed = getenv("SEED") ? (unsigned)strtoul(getenv("SEED"), NULL, 10) : 20261121;
	uint64_t x = seed;

	print_message("seed %u\n", seed);
	for (int round = 0; round < 40; round++) {
		char path[512];
		struct place p;
		struct recall *r;
		uint64_t found = 0;
		int fd;

		place_begin(&p);
		r = open_as(&p, "gw1", "1-00000001");
		for (uint64_t i = 0; i < 2000; i++)
			value_add(r, i);
		recall_free(r);
		place_file(&p, path);
		fd = open(path, O_RDWR);
		for (int i = 0; i < 4000; i++) {
			uint64_t size = round % 2 ? 65536 : 65536 + 2000 * 48;
			unsigned char c;

			x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
			c = (unsigned char)(x >> 24);
			assert_int_equal(pwrite(fd, &c, 1, (off_t)(4096 + (x >> 33) % size)), 1);
		}
		/* The count as well, every other time. */
		if (round % 3 == 0)
			assert_int_equal(pwrite(fd, &x, 8, 64), 8);
		close(fd);
		r = open_as(&p, "gw1", "2-00000002");
		for (uint64_t i = 0; i < 2000; i++)
			found += value_found(r, i, "1-00000001");
		if (round % 3)
			assert_true(found > 0);
		assert_true(found < 2000);
		value_add(r, 5000);
		assert_true(value_found(r, 5000, NULL));
		recall_free(r);
		place_end(&p);
	}
}

/* --- memory --- */

/* Pages of the ring that count in our resident size. */
static long resident_pages(void)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	char line[1024];
	bool ring = false;
	long kib = -1;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		if (strstr(line, ".recall"))
			ring = true;
		if (ring && sscanf(line, "Rss: %ld kB", &kib) == 1)
			break;
	}
	fclose(f);
	assert_true(kib >= 0);
	return kib * 1024 / sysconf(_SC_PAGESIZE);
}

static void test_only_what_is_used_is_resident(void **state)
{
	struct recalled got;
	struct recall *r;
	struct place p;

	place_begin(&p);
	r = open_as(&p, "gw1", "1-00000001");
	assert_in_range(resident_pages(), 1, 1);
	assert_int_equal(recall_find(r, "bed3", 7, &got), 0);
	assert_in_range(resident_pages(), 1, 2);
	recall_add(r, "bed3", 7, NULL, 1, 1);
	assert_in_range(resident_pages(), 1, 3);
	recall_free(r);
	place_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_a_ring_nothing_is_known),
		cmocka_unit_test(test_found_in_this_run_and_the_next),
		cmocka_unit_test(test_the_oldest_give_way),
		cmocka_unit_test(test_the_newest_of_one_key_counts),
		cmocka_unit_test(test_many_epochs),
		cmocka_unit_test(test_stored_keys),
		cmocka_unit_test(test_a_note_for_the_next_run),
		cmocka_unit_test(test_gateways_do_not_mix),
		cmocka_unit_test(test_what_cannot_be),
		cmocka_unit_test(test_the_directory_of_the_service),
		cmocka_unit_test(test_a_file_that_is_not_ours_is_replaced),
		cmocka_unit_test(test_a_directory_in_the_way),
		cmocka_unit_test(test_rubbish_behind_the_header),
		cmocka_unit_test(test_only_what_is_used_is_resident),
	};

	return RUN_TESTS(tests);
}
