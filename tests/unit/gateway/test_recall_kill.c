/*
 * The ring of numbers given, when its writer is killed: at random moments, and
 * after every single instruction. Whatever is found is whole, and what was
 * added before the kill is found.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>

#include "recall_files.h"

#define ROUNDS 60

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

/* --- a kill after each instruction --- */

/* A writer is stepped through one action. After each instruction its file is what a kill there
 * would leave; whenever that differs from what it was before, a copy of it is opened and looked at.
 */
struct stepper {
	struct place p, copy;
	char path[512], copied[600];
	unsigned char *file, *shadow;
	size_t size, watched; /* bytes; those that the action can change */
	long steps;
	unsigned states;
};

typedef void (*action_fn)(struct recall *r, uint64_t i);
typedef void (*look_fn)(struct stepper *s, struct recall *r, uint64_t i);

/* A million times over a megabyte and more: too much for a sanitizer's eyes. */
__attribute__((no_sanitize("address", "thread"))) static bool differ(
	const unsigned char *a, const unsigned char *b, size_t size)
{
	const uint64_t *x = (const void *)a, *y = (const void *)b;
	uint64_t difference = 0;

	for (size_t i = 0; i < size / sizeof(*x); i++)
		difference |= x[i] ^ y[i];
	return difference != 0;
}

static struct recall *open_copy(struct stepper *s, const char *epoch)
{
	struct recall *r = NULL;

	assert_int_equal(recall_new(&r, s->copy.directory, s->p.state, "gw1", epoch), 0);
	return r;
}

static void look_at_copy(struct stepper *s, look_fn look, uint64_t i)
{
	int fd = open(s->copied, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct recall *r;

	assert_true(fd >= 0);
	memcpy(s->shadow, s->file, s->size);
	assert_int_equal(write(fd, s->shadow, s->size), s->size);
	assert_int_equal(close(fd), 0);
	r = open_copy(s, "3-00000003");
	look(s, r, i);
	recall_free(r);
	s->states++;
}

static pid_t start_stepped(const struct place *p, action_fn action, uint64_t i)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct recall *r = NULL;

		if (recall_new(&r, p->directory, p->state, "gw1", "2-00000002") < 0 ||
			ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
			_exit(77);
		(void)raise(SIGSTOP);
		action(r, i);
		(void)raise(SIGUSR1);
		_exit(0);
	}
	return pid;
}

static void stepper_begin(struct stepper *s)
{
	memset(s, 0, sizeof(*s));
	place_begin(&s->p);
	place_begin(&s->copy);
}

static void stepper_end(struct stepper *s)
{
	if (s->file)
		munmap(s->file, s->size);
	free(s->shadow);
	place_end(&s->copy);
	place_end(&s->p);
}

/* watched: bytes that the action can change; 0: all. Returns false when this system lets no process
 * step another. */
static bool step_through(
	struct stepper *s, action_fn action, look_fn look, uint64_t i, size_t watched)
{
	pid_t pid = start_stepped(&s->p, action, i);
	struct stat st;
	int status, fd;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFSTOPPED(status))
		return false;
	place_file(&s->p, s->path);
	(void)snprintf(
		s->copied, sizeof(s->copied), "%s%s", s->copy.directory, strrchr(s->path, '/'));
	fd = open(s->path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(fstat(fd, &st), 0);
	s->size = (size_t)st.st_size;
	s->watched = watched ? watched : s->size;
	s->file = mmap(NULL, s->size, PROT_READ, MAP_SHARED, fd, 0);
	assert_true(s->file != MAP_FAILED);
	close(fd);
	s->shadow = malloc(s->size);
	assert_non_null(s->shadow);
	look_at_copy(s, look, i);
	for (;;) {
		if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) < 0) {
			(void)kill(pid, SIGKILL);
			(void)waitpid(pid, &status, 0);
			return false;
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSTOPPED(status));
		if (WSTOPSIG(status) == SIGUSR1)
			break;
		s->steps++;
		if (differ(s->shadow, s->file, s->watched))
			look_at_copy(s, look, i);
	}
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, &status, 0);
	print_message("%ld instructions left %u states of the file\n", s->steps, s->states);
	assert_true(s->states > 3);
	return true;
}

static unsigned whole, without; /* of the states, those with what was written, and without it */

/* After the action was done with all that came before, each instruction of one more may be the
 * last. */
static void kill_after_each_instruction(
	action_fn action, look_fn look, uint64_t new, size_t watched)
{
	struct stepper s;
	struct recall *r;
	bool stepped;

	whole = without = 0;
	stepper_begin(&s);
	r = open_as(&s.p, "gw1", "1-00000001");
	for (uint64_t i = 0; i < new; i++)
		action(r, i);
	recall_free(r);
	stepped = step_through(&s, action, look, new, watched);
	stepper_end(&s);
	if (!stepped) {
		print_message("not run: this system lets no process step another\n");
		skip();
	}
	assert_true(whole > 0 && without > 1);
}

static void look_at_ring(struct stepper *s, struct recall *r, uint64_t new)
{
	const uint64_t oldest = new - RECALL_MAX;
	bool there = value_found(r, new, "2-00000002");

	/* Only the oldest may have given way; while it is found it is what it was. */
	for (uint64_t i = oldest; i < new; i++)
		if (!value_found(r, i, "1-00000001") && i != oldest)
			fail_msg("after %ld steps value %llu is gone", s->steps,
				(unsigned long long)i);
	if (there)
		assert_false(value_found(r, oldest, "1-00000001"));
	/* Once it is there it stays there. */
	assert_true(there || whole == 0);
	/* The ring goes on as if nothing had been. */
	for (uint64_t i = 1; i <= 3; i++)
		value_add(r, new + i);
	for (uint64_t i = 0; i <= 3; i++)
		assert_int_equal(value_found(r, new + i, i ? NULL : "2-00000002"), i > 0 || there);
	if (there)
		whole++;
	else
		without++;
}

static void test_killed_after_each_instruction(void **state)
{
	/* The ring is full and turns: the place that is written has an entry already, which is the
	 * oldest one. */
	const uint64_t new = RECALL_MAX + 77;

	kill_after_each_instruction(value_add, look_at_ring, new, 0);
}

#define NOTE_SIZE 100

static void keep(struct recall *r, uint64_t i)
{
	unsigned char note[NOTE_SIZE];

	memset(note, (int)i, sizeof(note));
	recall_keep(r, note, NOTE_SIZE - i);
}

static void look_at_note(struct stepper *s, struct recall *r, uint64_t new)
{
	unsigned char note[NOTE_SIZE];
	size_t size = recall_kept(r, note, sizeof(note));

	assert_true(size == NOTE_SIZE - new || size == NOTE_SIZE - (new - 1));
	for (size_t k = 0; k < size; k++)
		assert_int_equal(note[k], NOTE_SIZE - size);
	assert_true(whole == 0 || size == NOTE_SIZE - new);
	if (size == NOTE_SIZE - new)
		whole++;
	else
		without++;
	/* And the next one finds its place. */
	keep(r, new + 1);
	assert_int_equal(recall_kept(r, note, sizeof(note)), NOTE_SIZE - (new + 1));
}

static void test_a_note_is_the_new_or_the_old_one(void **state)
{
	/* Into either of its two places. */
	for (uint64_t new = 2; new < 4; new ++)
		kill_after_each_instruction(keep, look_at_note, new, 4096);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_killed_at_random),
		cmocka_unit_test(test_killed_after_each_instruction),
		cmocka_unit_test(test_a_note_is_the_new_or_the_old_one),
	};

	return RUN_TESTS(tests);
}
