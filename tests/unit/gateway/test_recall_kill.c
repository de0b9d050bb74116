/*
 * The ring of numbers given, when its writer is killed: at random moments, and
 * after every single instruction. Whatever is found is whole, and what was
 * added before the kill is found.
 */
#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>

#include "recall_files.h"

#define ROUNDS 60
#define STEPS_MAX 20000

/* What a writer says of itself while it lives. */
struct progress {
	volatile uint64_t begun, done; /* values */
};

static struct progress *share(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(p != MAP_FAILED);
	return p;
}

static void pause_us(long us)
{
	const struct timespec t = { us / 1000000, us % 1000000 * 1000 };

	(void)nanosleep(&t, NULL);
}

static pid_t start_writer(const struct place *p, struct progress *progress, const char *epoch)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct recall *r = NULL;

		if (recall_new(&r, p->directory, p->state, "gw1", epoch) < 0)
			_exit(1);
		for (;;) {
			uint64_t i = progress->done;

			progress->begun = i + 1;
			value_add(r, i);
			progress->done = i + 1;
		}
	}
	return pid;
}

static void test_killed_at_random(void **state)
{
	unsigned seed =
		getenv("SEED") ? (unsigned)strtoul(getenv("SEED"), NULL, 10) : (unsigned)time(NULL);
	struct progress *progress = share();
	uint64_t starts[ROUNDS + 1] = { 0 }, ends[ROUNDS];
	struct place p;
	uint64_t x = seed;

	print_message("SEED=%u\n", seed);
	place_begin(&p);
	for (unsigned round = 0; round < ROUNDS; round++) {
		char epoch[32], own[32];
		struct recall *r;
		uint64_t oldest;
		pid_t pid;
		int status;

		(void)snprintf(epoch, sizeof(epoch), "%u-%08x", round + 1, round);
		pid = start_writer(&p, progress, epoch);
		x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		/* Not before it has written something: then somewhere in the next 3 ms. */
		while (progress->done == starts[round] && waitpid(pid, &status, WNOHANG) == 0)
			pause_us(100);
		pause_us((long)(x >> 33) % 3000);
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		ends[round] = progress->done;
		assert_true(progress->begun <= progress->done + 1);

		(void)snprintf(own, sizeof(own), "%u-%08x", 1000 + round, 1000);
		r = open_as(&p, "gw1", own);
		/* Each kill can cost one place. */
		oldest = progress->done + round + 2 > RECALL_MAX
				 ? progress->done + round + 2 - RECALL_MAX
				 : 0;
		for (unsigned run = 0; run <= round; run++) {
			(void)snprintf(epoch, sizeof(epoch), "%u-%08x", run + 1, run);
			for (uint64_t i = starts[run]; i < ends[run]; i++)
				if (!value_found(r, i, epoch) && i >= oldest)
					fail_msg("round %u: value %llu of %llu is gone", round,
						(unsigned long long)i,
						(unsigned long long)progress->done);
		}
		/* The one being written is there whole, or not at all. */
		(void)value_found(r, progress->done, epoch);
		recall_free(r);
		/* The next writer goes on with values of its own. */
		progress->done = starts[round + 1] = progress->begun;
	}
	print_message("%llu values, %u kills\n", (unsigned long long)progress->done, ROUNDS);
	place_end(&p);
	munmap(progress, 4096);
}

/* --- a kill after each instruction of recall_add() --- */

/* The child stops, does one recall_add(), and stops again. */
static pid_t start_stepped(const struct place *p, uint64_t i)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct recall *r = NULL;

		if (recall_new(&r, p->directory, p->state, "gw1", "2-00000002") < 0 ||
			ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
			_exit(77);
		(void)raise(SIGSTOP);
		value_add(r, i);
		(void)raise(SIGUSR1);
		_exit(0);
	}
	return pid;
}

/* Returns whether the child had done it all before it could do so many steps; -1: not traceable. */
static int kill_after(const struct place *p, uint64_t i, long steps)
{
	pid_t pid = start_stepped(p, i);
	int status, over = 0;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		return -1;
	assert_true(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	for (long n = 0; n < steps && !over; n++) {
		if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) < 0)
			over = -1;
		else if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
			over = -1;
		else
			over = WSTOPSIG(status) == SIGUSR1;
	}
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, &status, 0);
	return over;
}

/* The number of instructions of one recall_add() and of stopping behind it; 0: not traceable. */
static long count_steps(uint64_t i)
{
	long low = 1, high = STEPS_MAX;
	struct recall *r;
	struct place p;

	place_begin(&p);
	r = open_as(&p, "gw1", "1-00000001");
	recall_free(r);
	if (kill_after(&p, i, STEPS_MAX) != 1)
		high = low = 0;
	while (low < high) {
		long middle = low + (high - low) / 2;

		if (kill_after(&p, i, middle) == 1)
			high = middle;
		else
			low = middle + 1;
	}
	place_end(&p);
	return low;
}

static void copy_file(const char *from, const char *to)
{
	static char bytes[1 << 20];
	FILE *in = fopen(from, "r"), *out = fopen(to, "r+");
	size_t n;

	if (!out)
		out = fopen(to, "w");
	assert_non_null(in);
	assert_non_null(out);
	while ((n = fread(bytes, 1, sizeof(bytes), in)) > 0)
		assert_int_equal(fwrite(bytes, 1, n, out), n);
	fclose(in);
	assert_int_equal(fclose(out), 0);
}

/* Looks at a ring that held all values below new, and was killed while new was added to it. Returns
 * whether that one is there. */
static bool look_after(const struct place *p, uint64_t new, long salt)
{
	const uint64_t oldest = new - RECALL_MAX;
	struct recall *r = open_as(p, "gw1", "3-00000003");
	bool whole = value_found(r, new, "2-00000002");

	/* The oldest may have given way, and nothing else. The whole of it would take long. */
	for (uint64_t i = oldest + 1; i < new; i++)
		if ((i < oldest + 50 || i % 16 == (uint64_t)salt % 16) &&
			!value_found(r, i, "1-00000001"))
			fail_msg("after %ld steps value %llu is gone", salt, (unsigned long long)i);
	if (whole)
		assert_false(value_found(r, oldest, "1-00000001"));
	/* The ring goes on as if nothing had been. */
	for (uint64_t i = 1; i <= 3; i++)
		value_add(r, new + i);
	for (uint64_t i = 0; i <= 3; i++)
		assert_int_equal(value_found(r, new + i, i ? NULL : "2-00000002"), i > 0 || whole);
	recall_free(r);
	return whole;
}

static void test_killed_after_each_instruction(void **state)
{
	/* The ring is full and turns: the place that is written has an entry already, which is the
	 * oldest one. */
	const uint64_t new = RECALL_MAX + 77;
	long steps = count_steps(new), stride;
	char path[512], kept[600];
	unsigned whole = 0, without = 0;
	struct recall *r;
	struct place p;

	if (steps == 0) {
		print_message("not run: this system lets no process step another\n");
		skip();
	}
	/* With a sanitizer they are many more, and only some are tried. */
	stride = steps / 1000 + 1;

	place_begin(&p);
	r = open_as(&p, "gw1", "1-00000001");
	for (uint64_t i = 0; i < new; i++)
		value_add(r, i);
	recall_free(r);
	place_file(&p, path);
	(void)snprintf(kept, sizeof(kept), "%s/kept", p.directory);
	copy_file(path, kept);
	for (long n = 0; n <= steps; n += stride) {
		copy_file(kept, path);
		assert_true(kill_after(&p, new, n) >= 0);
		if (look_after(&p, new, n))
			whole++;
		else
			without++;
	}
	print_message("%ld instructions, each %ld. tried: %u without the entry, %u with it\n",
		steps, stride, without, whole);
	assert_true(whole > 0 && without > 0);
	assert_int_equal(unlink(kept), 0);
	place_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_killed_at_random),
		cmocka_unit_test(test_killed_after_each_instruction),
	};

	return RUN_TESTS(tests);
}
