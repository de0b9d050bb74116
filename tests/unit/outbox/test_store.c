/*
 * The store thread: state files are whole, the newest wins, the directory is
 * held by one process, and a disk that refuses is reported.
 */
#include "outbox/store.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "unit/memory.h"

static int saved, last_result;

static void on_saved(enum store_file file, int result, void *userdata)
{
	saved++;
	last_result = result;
}

static const struct store_limits limits = { 1 << 30, 0, INT64_C(86400000000) };
static const struct store_hooks hooks = { .saved = on_saved };

static char *make_directory(char template[static 32])
{
	memcpy(template, "/tmp/wardgate-XXXXXX", sizeof("/tmp/wardgate-XXXXXX"));
	assert_non_null(mkdtemp(template));
	return template;
}

static void remove_directory(const char *path)
{
	static const char *const names[] = { "lock", "epoch", "retained-topics", "epoch.new",
		"bonds", "bonds.former", "outbox.db", "outbox.db-wal", "outbox.db-shm" };
	char file[128];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(file, sizeof(file), "%s/%s", path, names[i]);
		(void)unlink(file);
		(void)rmdir(file);
	}
	assert_int_equal(rmdir(path), 0);
}

static int64_t soon(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * INT64_C(1000000) + 30000000;
}

static void turn_until_saved(sd_event *e, int count)
{
	while (saved < count)
		assert_true(sd_event_run(e, 30000000) > 0);
}

static void test_saves_and_loads(void **state)
{
	char template[32], *directory = make_directory(template);
	struct store *s;
	char *text = NULL;
	sd_event *e;
	int holder;

	saved = 0;
	assert_int_equal(sd_event_new(&e), 0);
	assert_int_equal(store_load(directory, STORE_EPOCH, &text), -ENOENT);
	assert_int_equal(store_new(&s, e, directory, &limits, &hooks, &holder), 0);
	assert_int_equal(store_save(s, STORE_EPOCH, "one", 3), 0);
	turn_until_saved(e, 1);
	assert_int_equal(last_result, 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(
			store_save(s, STORE_EPOCH, i == 99 ? "last" : "other", i == 99 ? 4 : 5), 0);
	assert_int_equal(store_save(s, STORE_EPOCH, "x", STORE_FILE_MAX + 1), -EFBIG);
	store_free(s, soon());
	assert_int_equal(store_load(directory, STORE_EPOCH, &text), 4);
	assert_string_equal(text, "last");
	free(text);
	sd_event_unref(e);
	remove_directory(directory);
}

/* Keys of bonds and networks are among the texts. */
static void test_texts_leave_nothing_in_memory(void **state)
{
	char template[32], *directory = make_directory(template), text[2048];
	struct store *s;
	sd_event *e;
	int holder;

	memset(text, ' ', sizeof(text));
	memory_secret(text, 1);
	assert_true(memory_holds(1) > 0);
	assert_int_equal(sd_event_new(&e), 0);
	assert_int_equal(store_new(&s, e, directory, &limits, &hooks, &holder), 0);
	for (unsigned seed = 1; seed <= 100; seed++) {
		/* Not where free() writes, and each of a length of its own: none is used again. */
		memory_secret(text + 64, seed);
		assert_int_equal(store_save(s, STORE_BONDS, text, 128 + 16 * seed), 0);
	}
	explicit_bzero(text, sizeof(text));
	store_free(s, soon());
	for (unsigned seed = 1; seed <= 100; seed++)
		assert_int_equal(memory_holds(seed), 0);
	sd_event_unref(e);
	remove_directory(directory);
}

static void test_one_process_holds_the_directory(void **state)
{
	char template[32], *directory = make_directory(template);
	struct store *s, *second;
	sd_event *e;
	int holder, status;
	pid_t child;

	assert_int_equal(sd_event_new(&e), 0);
	assert_int_equal(store_new(&s, e, directory, &limits, &hooks, &holder), 0);
	child = fork();
	if (child == 0) {
		sd_event *other;

		if (sd_event_new(&other) < 0 ||
			store_new(&second, other, directory, &limits, &hooks, &holder) != -EBUSY)
			_exit(1);
		_exit(holder == getppid() ? 0 : 2);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	store_free(s, soon());
	assert_int_equal(store_new(&s, e, directory, &limits, &hooks, &holder), 0);
	store_free(s, soon());
	sd_event_unref(e);
	remove_directory(directory);
}

static void test_a_refusing_disk_is_reported(void **state)
{
	char template[32], *directory = make_directory(template), path[64];
	struct store *s;
	sd_event *e;
	int holder;

	saved = 0;
	assert_int_equal(sd_event_new(&e), 0);
	assert_int_equal(store_new(&s, e, directory, &limits, &hooks, &holder), 0);
	/* A directory where the new file is to be made: EISDIR, for root too. */
	snprintf(path, sizeof(path), "%s/epoch.new", directory);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(store_save(s, STORE_EPOCH, "one", 3), 0);
	turn_until_saved(e, 1);
	assert_int_equal(last_result, -EISDIR);
	store_free(s, soon());
	sd_event_unref(e);
	remove_directory(directory);
}

static void test_answers_a_ping(void **state)
{
	char template[32], *directory = make_directory(template);
	int64_t before;
	struct store *s;
	sd_event *e;
	int holder;

	assert_int_equal(sd_event_new(&e), 0);
	assert_int_equal(store_new(&s, e, directory, &limits, &hooks, &holder), 0);
	before = store_answered_us(s);
	while (store_answered_us(s) == before)
		store_ping(s);
	store_free(s, soon());
	sd_event_unref(e);
	remove_directory(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_saves_and_loads),
		cmocka_unit_test(test_texts_leave_nothing_in_memory),
		cmocka_unit_test(test_one_process_holds_the_directory),
		cmocka_unit_test(test_a_refusing_disk_is_reported),
		cmocka_unit_test(test_answers_a_ping),
	};

	return RUN_TESTS(tests);
}
