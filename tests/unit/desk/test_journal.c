/*
 * The volatile state's file: the last piece of each name counts, also while a new
 * file takes the place of the old one; cut anywhere or garbled, what is read was
 * written.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <unistd.h>

#include "desk/journal.h"
#include "unit/unit.h"

static char directory[64], path[128];

static int remove_one(const char *name, const struct stat *s, int kind, struct FTW *f)
{
	return remove(name);
}

static int begin(void **state)
{
	snprintf(directory, sizeof(directory), "/dev/shm/wg-journal-XXXXXX");
	return mkdtemp(directory) ? 0 : -1;
}

static int end(void **state)
{
	return nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static struct journal *open_it(const char *gateway, const char *boot)
{
	struct journal *j;

	assert_int_equal(journal_new(&j, directory, directory, gateway, boot), 0);
	return j;
}

/* "name=text name=text" of what was left. */
static const char *left(const char *gateway, const char *boot)
{
	static char all[4096];
	struct journal *j = open_it(gateway, boot);
	struct journal_left l = { 0 };
	int r = journal_read(j, &l);

	all[0] = 0;
	if (r == 0) {
		size_t n = 0;

		for (size_t i = 0; i < l.count; i++)
			n += (size_t)snprintf(all + n, sizeof(all) - n, "%s%s=%.*s", i ? " " : "",
				l.pieces[i].name, (int)l.pieces[i].length, l.pieces[i].text);
	} else {
		assert_int_equal(r, -ENOENT);
		snprintf(all, sizeof(all), "nothing");
	}
	journal_left_done(&l);
	journal_free(j);
	return all;
}

static void put(struct journal *j, const char *name, const char *text)
{
	assert_int_equal(journal_write(j, name, text, strlen(text)), 0);
}

static void test_the_last_counts(void **state)
{
	struct journal *j = open_it("gw", "boot-1");
	struct journal_left l;

	assert_string_equal(left("gw", "boot-1"), "nothing");
	assert_int_equal(journal_write(j, "da", "x", 1), -EBADF);
	assert_int_equal(journal_renew(j), 0);
	put(j, "db", "b1");
	put(j, "da", "a1");
	put(j, "db", "b2");
	put(j, "b3", "bed");
	put(j, "da", "");
	journal_alive(j, 5000000, 77);
	assert_string_equal(left("gw", "boot-1"), "nothing"); /* it has not all yet */
	journal_complete(j);
	assert_string_equal(left("gw", "boot-1"), "b3=bed db=b2");
	put(j, "da", "a2");
	journal_alive(j, 6000000, 78);
	journal_free(j);
	assert_string_equal(left("gw", "boot-1"), "b3=bed da=a2 db=b2");
	assert_string_equal(left("other", "boot-1"), "nothing");
	assert_string_equal(left("gw", "boot-2"), "nothing");
	j = open_it("gw", "boot-1");
	assert_int_equal(journal_read(j, &l), 0);
	assert_int_equal(l.alive_us, 6000000);
	assert_int_equal(l.utc_us, 78);
	journal_left_done(&l);
	journal_free(j);
}

static void test_a_new_file_beside_the_old(void **state)
{
	struct journal *j = open_it("gw", "b");

	assert_int_equal(journal_renew(j), 0);
	journal_alive(j, 1000, 1);
	put(j, "da", "a1");
	put(j, "db", "b1");
	journal_complete(j);
	assert_int_equal(journal_renew(j), 0);
	assert_true(journal_is_renewing(j));
	put(j, "db", "b2");
	assert_string_equal(left("gw", "b"), "da=a1 db=b2");
	/* killed there; the next run begins with all that it knows */
	journal_free(j);
	j = open_it("gw", "b");
	assert_int_equal(journal_renew(j), 0);
	journal_alive(j, 2000, 1);
	put(j, "da", "a3");
	assert_string_equal(left("gw", "b"), "da=a1 db=b2");
	journal_complete(j);
	assert_string_equal(left("gw", "b"), "da=a3");
	journal_free(j);
}

static void test_large(void **state)
{
	struct journal *j = open_it("gw", "b");
	char *text = calloc(1, 100000);

	assert_non_null(text);
	assert_int_equal(journal_renew(j), 0);
	journal_complete(j);
	for (int i = 0; i < 42; i++)
		assert_int_equal(journal_write(j, "da", text, 100000), 0);
	assert_true(journal_is_large(j));
	assert_int_equal(journal_renew(j), 0);
	assert_false(journal_is_large(j));
	put(j, "da", "small");
	journal_complete(j);
	assert_false(journal_is_large(j));
	free(text);
	journal_free(j);
}

/* ---- damage ---- */

static size_t read_file(char *buf, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, buf, size);

	assert_true(n > 0 && (size_t)n < size);
	close(fd);
	return (size_t)n;
}

static void write_file(const char *buf, size_t n)
{
	int fd = open(path, O_WRONLY | O_TRUNC);

	assert_int_equal(write(fd, buf, n), n);
	close(fd);
}

static int find_path(const char *name, const struct stat *s, int kind, struct FTW *f)
{
	if (strstr(name, ".alarms"))
		snprintf(path, sizeof(path), "%s", name);
	return 0;
}

/* Only what was written, and never another piece's text. */
static void check_left(void)
{
	const char *found = left("gw", "b");
	static const char *const may[] = { "nothing", "da=first db=second dc=third",
		"da=first db=second", "da=first", "" };

	for (size_t i = 0; i < sizeof(may) / sizeof(may[0]); i++)
		if (strcmp(found, may[i]) == 0)
			return;
	fail_msg("read: %s", found);
}

static void test_damage(void **state)
{
	struct journal *j = open_it("gw", "b");
	char good[4096], bad[4096];
	size_t n;

	assert_int_equal(journal_renew(j), 0);
	journal_alive(j, 1000, 1);
	journal_alive(j, 1001, 1);
	put(j, "da", "first");
	put(j, "db", "second");
	put(j, "dc", "third");
	journal_complete(j);
	journal_free(j);
	assert_int_equal(nftw(directory, find_path, 8, FTW_PHYS), 0);
	n = read_file(good, sizeof(good));
	for (size_t at = 0; at < n; at++) {
		write_file(good, at);
		check_left();
	}
	for (size_t at = 0; at < n * 8; at++) {
		memcpy(bad, good, n);
		bad[at / 8] = (char)(bad[at / 8] ^ 1 << at % 8);
		write_file(bad, n);
		check_left();
	}
	write_file(good, n);
	assert_string_equal(left("gw", "b"), "da=first db=second dc=third");
	assert_int_equal(chmod(path, 0644), 0);
	assert_string_equal(left("gw", "b"), "nothing"); /* others could have written it */
}

static void test_set_aside(void **state)
{
	struct journal *j = open_it("gw", "b");

	assert_int_equal(journal_renew(j), 0);
	journal_alive(j, 1000, 1);
	put(j, "da", "first");
	journal_complete(j);
	journal_set_aside(j);
	assert_string_equal(left("gw", "b"), "nothing");
	assert_int_equal(nftw(directory, find_path, 8, FTW_PHYS), 0);
	assert_non_null(strstr(path, ".refused"));
	journal_free(j);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_the_last_counts, begin, end),
		cmocka_unit_test_setup_teardown(test_a_new_file_beside_the_old, begin, end),
		cmocka_unit_test_setup_teardown(test_large, begin, end),
		cmocka_unit_test_setup_teardown(test_damage, begin, end),
		cmocka_unit_test_setup_teardown(test_set_aside, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
