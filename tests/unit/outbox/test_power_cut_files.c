/*
 * The state files (epoch, what is known of Zigbee devices, and the network's keys,
 * of which the former generation stays) through a power cut at each of the calls
 * that write them: the old text or the new one is there, never half of one, and
 * the new one when its writing was reported. The C library's calls are replaced;
 * what was not synced is dropped, garbled or undone.
 */
#include "outbox/statefile.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "outbox/store.h"
#include "unit/outbox/store_script.h"
#include "unit/unit.h"

static char directory[64];
static int directory_fd = -1;
static enum store_file file = STORE_EPOCH; /* that is written */

/* The disk. Calls are counted while armed; at number cut_at the power goes. */
static struct {
	bool armed, off, ignore_sync;
	int calls, cut_at;
	bool before;  /* the call has no effect */
	int file;     /* of which the data are not synced; -1: none */
	bool renamed; /* not synced; the old file is kept as "old" */
	char name[32];
} disk = { .file = -1 };

static bool is_directory(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Returns whether the call is to take effect; *ret_fails: whether it is then to fail. */
static bool goes(bool *ret_fails)
{
	*ret_fails = disk.armed && disk.off;
	if (!disk.armed)
		return true;
	if (disk.off)
		return false;
	if (++disk.calls != disk.cut_at)
		return true;
	disk.off = *ret_fails = true;
	return !disk.before;
}

ssize_t write(int fd, const void *data, size_t size)
{
	struct stat st;
	bool fails = false, effect;

	if (!disk.armed || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return syscall(SYS_write, fd, data, size);
	effect = goes(&fails);
	if (effect && disk.file < 0)
		disk.file = dup(fd);
	/* In pieces, as write(2) may. */
	if (effect && syscall(SYS_write, fd, data, size > 7 ? size / 2 : size) < 0)
		abort();
	if (!fails)
		return (ssize_t)(size > 7 ? size / 2 : size);
	errno = EIO;
	return -1;
}

int fsync(int fd)
{
	bool fails, effect = goes(&fails);

	if (effect && !disk.ignore_sync && is_directory(fd)) {
		disk.renamed = false;
	} else if (effect && !disk.ignore_sync && disk.file >= 0) {
		close(disk.file);
		disk.file = -1;
	}
	errno = EIO;
	return fails ? -1 : 0;
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
	bool fails, effect = goes(&fails);

	if (effect) {
		(void)syscall(SYS_unlinkat, directory_fd, "old", 0);
		disk.renamed = syscall(SYS_linkat, to_fd, to, directory_fd, "old", 0) == 0;
		snprintf(disk.name, sizeof(disk.name), "%s", to);
		if (syscall(SYS_renameat, from_fd, from, to_fd, to) < 0)
			abort();
	}
	errno = EIO;
	return fails ? -1 : 0;
}

/* Of the former generation; whether it lasts does not matter, but that nothing else is touched. */
int unlinkat(int fd, const char *path, int flags)
{
	bool fails, effect = goes(&fails);
	long r = effect ? syscall(SYS_unlinkat, fd, path, flags) : 0;

	if (!fails)
		return (int)r;
	errno = EIO;
	return -1;
}

int linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
	bool fails, effect = goes(&fails);
	long r = effect ? syscall(SYS_linkat, from_fd, from, to_fd, to, flags) : 0;

	if (!fails)
		return (int)r;
	errno = EIO;
	return -1;
}

/* What the cut leaves of what was not synced. */
static void leave(uint64_t seed)
{
	uint64_t x = witness_mix(seed);
	char noise[64];

	disk.armed = false;
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (char)witness_mix(seed + i);
	if (disk.file >= 0) {
		if (x % 4 == 0)
			(void)!ftruncate(disk.file, 0);
		else if (x % 4 == 1)
			(void)!ftruncate(disk.file, 11);
		else if (x % 4 == 2)
			(void)!pwrite(disk.file, noise, sizeof(noise), 16);
		close(disk.file);
		disk.file = -1;
	}
	if (disk.renamed && x / 4 % 2)
		assert_int_equal(
			syscall(SYS_renameat, directory_fd, "old", directory_fd, disk.name), 0);
	disk.renamed = false;
}

static void text_of(char text[static 128], int n)
{
	snprintf(text, 128, "%d-%016llx: and some more so that half of it would show %0*d", n,
		(unsigned long long)witness_mix((uint64_t)n), 20 + n % 7, n);
}

/* Returns 0 for the old text, 1 for the new, -1 for neither. */
static int look(int n)
{
	char expected[128], *text = NULL;
	int found = -1;

	if (store_load(directory, file, &text) < 0)
		return -1;
	for (int i = 0; i < 2; i++) {
		text_of(expected, n - 1 + i);
		if (strcmp(text, expected) == 0)
			found = i;
	}
	free(text);
	return found;
}

/* Writes text n over text n - 1 with a cut. Returns whether what is there then is right. */
static bool cut_once(int n, int cut_at, bool before, bool ignore_sync, bool *ret_cut)
{
	char text[128];
	int r, found;

	disk.armed = false;
	text_of(text, n - 1);
	assert_int_equal(statefile_write(directory_fd, file, text, strlen(text)), 0);
	if (disk.file >= 0)
		close(disk.file);
	disk.file = -1;
	disk.renamed = disk.off = false;
	disk.calls = 0;
	disk.cut_at = cut_at;
	disk.before = before;
	disk.ignore_sync = ignore_sync;
	disk.armed = true;
	text_of(text, n);
	r = statefile_write(directory_fd, file, text, strlen(text));
	*ret_cut = disk.off;
	leave((uint64_t)n);
	found = look(n);
	return found >= 0 && (r < 0 || found == 1);
}

static int wrong_ones(bool ignore_sync)
{
	int wrong = 0, n = 0;

	for (int seed = 0; seed < 40; seed++)
		for (int before = 0; before < 2; before++)
			for (int cut_at = 1;; cut_at++) {
				bool is_cut;

				wrong += !cut_once(++n, cut_at, before, ignore_sync, &is_cut);
				if (!is_cut)
					break;
				/* Writing in pieces, a sync, a renaming, a sync. */
				assert_true(cut_at < 30);
			}
	assert_true(n > 40 * 2 * 5);
	return wrong;
}

static void test_power_cut_leaves_one_or_the_other(void **state)
{
	static const enum store_file files[] = { STORE_EPOCH, STORE_ZIGBEE, STORE_ZIGBEE_NETWORK };

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		file = files[i];
		assert_int_equal(wrong_ones(false), 0);
	}
}

static void test_power_cut_without_syncs_must_lose(void **state)
{
	assert_true(wrong_ones(true) > 0);
}

static int set_up(void **state)
{
	script_make_directory(directory);
	directory_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return directory_fd < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	close(directory_fd);
	script_remove_directory(directory);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_power_cut_leaves_one_or_the_other),
		cmocka_unit_test(test_power_cut_without_syncs_must_lose),
	};

	return cmocka_run_group_tests_name(__FILE__, tests, set_up, tear_down);
}
