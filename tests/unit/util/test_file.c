/*
 * Files that are whole or not there at all. What a power cut leaves of them is
 * outbox/test_power_cut_files.c.
 */
#include "util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "unit/unit.h"
#include "util/cleanup.h"

static char directory[32];

static int begin(void)
{
	int fd;

	memcpy(directory, "/tmp/wardgate-XXXXXX", sizeof("/tmp/wardgate-XXXXXX"));
	assert_non_null(mkdtemp(directory));
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static void end(int fd)
{
	close(fd);
	assert_int_equal(rmdir(directory), 0);
}

static void check_content(int directory_fd, const char *name, const char *expected)
{
	int fd = openat(directory_fd, name, O_RDONLY | O_CLOEXEC);
	char text[64] = "";

	assert_true(fd >= 0);
	assert_int_equal(read(fd, text, sizeof(text) - 1), strlen(expected));
	assert_string_equal(text, expected);
	close(fd);
}

static void test_the_new_takes_the_place_of_the_old(void **state)
{
	int fd = begin();
	struct stat st;

	assert_int_equal(file_replace(fd, "epoch", "longer than the next", 20, 0640), 0);
	check_content(fd, "epoch", "longer than the next");
	/* What a cut left of an earlier attempt is in nobody's way. */
	close(openat(fd, "epoch" FILE_NEW, O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
	assert_int_equal(file_replace(fd, "epoch", "new", 3, 0600), 0);
	check_content(fd, "epoch", "new");
	assert_int_equal(fstatat(fd, "epoch", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(faccessat(fd, "epoch" FILE_NEW, F_OK, 0), -1);
	assert_int_equal(unlinkat(fd, "epoch", 0), 0);
	end(fd);
}

static void test_what_fails_leaves_the_old(void **state)
{
	char name[300];
	int fd = begin();

	assert_int_equal(file_replace(fd, "epoch", "old", 3, 0600), 0);
	assert_int_equal(mkdirat(fd, "epoch" FILE_NEW, 0700), 0);
	assert_int_equal(file_replace(fd, "epoch", "new", 3, 0600), -EISDIR);
	check_content(fd, "epoch", "old");
	assert_int_equal(unlinkat(fd, "epoch" FILE_NEW, AT_REMOVEDIR), 0);
	/* Nobody else's file is written through a link. */
	assert_int_equal(symlinkat("/dev/null", fd, "epoch" FILE_NEW), 0);
	assert_int_equal(file_replace(fd, "epoch", "new", 3, 0600), -ELOOP);
	check_content(fd, "epoch", "old");
	assert_int_equal(unlinkat(fd, "epoch" FILE_NEW, 0), 0);
	assert_int_equal(unlinkat(fd, "epoch", 0), 0);
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	assert_int_equal(file_replace(fd, name, "new", 3, 0600), -ENAMETOOLONG);
	end(fd);
}

static void test_all_of_a_file_is_read(void **state)
{
	int fd = begin();
	char path[64], *text = NULL;

	assert_int_equal(file_load(fd, "epoch", 8, &text), -ENOENT);
	assert_int_equal(file_replace(fd, "epoch", "with\0in", 7, 0600), 0);
	assert_int_equal(file_load(fd, "epoch", 6, &text), -EFBIG);
	assert_int_equal(file_load(fd, "epoch", 7, &text), 7);
	assert_memory_equal(text, "with\0in", 8);
	free(text);
	assert_true(snprintf(path, sizeof(path), "%s/epoch", directory) > 0);
	assert_int_equal(file_load(AT_FDCWD, path, 100, &text), 7);
	free(text);
	assert_int_equal(file_replace(fd, "epoch", "", 0, 0600), 0);
	assert_int_equal(file_load(fd, "epoch", 0, &text), 0);
	assert_string_equal(text, "");
	free(text);
	assert_int_equal(unlinkat(fd, "epoch", 0), 0);
	end(fd);
}

static void test_what_is_no_file_is_not_read(void **state)
{
	char *text = NULL;
	int fd = begin();

	assert_int_equal(mkdirat(fd, "directory", 0700), 0);
	assert_int_equal(file_load(fd, "directory", 100, &text), -EISDIR);
	assert_int_equal(unlinkat(fd, "directory", AT_REMOVEDIR), 0);
	/* No one waits for somebody to write. */
	assert_int_equal(mkfifoat(fd, "fifo", 0600), 0);
	assert_int_equal(file_load(fd, "fifo", 100, &text), -EINVAL);
	assert_int_equal(unlinkat(fd, "fifo", 0), 0);
	assert_int_equal(file_replace(fd, "file", "x", 1, 0600), 0);
	assert_int_equal(symlinkat("file", fd, "link"), 0);
	assert_int_equal(file_load(fd, "link", 100, &text), -ELOOP);
	assert_int_equal(unlinkat(fd, "link", 0), 0);
	assert_int_equal(unlinkat(fd, "file", 0), 0);
	assert_int_equal(file_load(fd, "file/within", 100, &text), -ENOENT);
	assert_null(text);
	end(fd);
}

static void test_the_directory_of_a_path(void **state)
{
	assert_int_equal(file_sync_directory_of("/tmp/nothing"), 0);
	assert_int_equal(file_sync_directory_of("/nothing"), 0);
	assert_int_equal(file_sync_directory_of("nothing"), 0);
	assert_int_equal(file_sync_directory_of("/tmp/nothing/at/all"), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_new_takes_the_place_of_the_old),
		cmocka_unit_test(test_what_fails_leaves_the_old),
		cmocka_unit_test(test_all_of_a_file_is_read),
		cmocka_unit_test(test_what_is_no_file_is_not_read),
		cmocka_unit_test(test_the_directory_of_a_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
