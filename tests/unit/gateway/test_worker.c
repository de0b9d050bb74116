/*
 * Blocking calls off the loop: results come back, what hangs holds up nothing,
 * and a blocking system call can be interrupted.
 */
#include "gateway/worker.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "unit/unit.h"

struct call {
	int pipe[2]; /* run() reads from it */
	int done, abandoned, result;
};

static int run_read(void *arg)
{
	struct call *c = arg;
	char byte;

	return read(c->pipe[0], &byte, 1) == 1 ? byte : -errno;
}

static void on_done(void *arg, int result)
{
	struct call *c = arg;

	c->done++;
	c->result = result;
}

static void on_abandoned(void *arg, int result)
{
	struct call *c = arg;

	c->abandoned++;
	c->result = result;
}

static struct worker_job *start(struct worker *w, struct call *c)
{
	struct worker_job *job;

	assert_int_equal(pipe(c->pipe), 0);
	assert_int_equal(worker_start(w, run_read, on_done, on_abandoned, c, &job), 0);
	return job;
}

static void finish(struct call *c, char byte)
{
	assert_int_equal(write(c->pipe[1], &byte, 1), 1);
}

static void turn_until(sd_event *e, const int *flag)
{
	while (!*flag)
		assert_true(sd_event_run(e, 30000000) > 0);
}

static void test_result_comes_back(void **state)
{
	struct call c = { 0 };
	struct worker *w;
	sd_event *e;

	assert_int_equal(sd_event_new(&e), 0);
	assert_int_equal(worker_new(&w, e), 0);
	start(w, &c);
	finish(&c, 42);
	turn_until(e, &c.done);
	assert_int_equal(c.result, 42);
	assert_int_equal(worker_running(w), 0);
	worker_free(w);
	sd_event_unref(e);
}

static void test_what_hangs_is_given_up_and_counted(void **state)
{
	struct call c[WORKER_MAX + 1] = { 0 };
	struct worker_job *job = NULL, *extra;
	struct worker *w;
	sd_event *e;

	assert_int_equal(sd_event_new(&e), 0);
	assert_int_equal(worker_new(&w, e), 0);
	for (int i = 0; i < WORKER_MAX; i++)
		job = start(w, &c[i]);
	assert_int_equal(worker_start(w, run_read, on_done, on_abandoned, &c[WORKER_MAX], &extra),
		WORKER_E_BUSY);
	/* A read that was cut short and one that was not: both come back as given up. */
	worker_abandon(job);
	finish(&c[WORKER_MAX - 1], 1);
	turn_until(e, &c[WORKER_MAX - 1].abandoned);
	assert_int_equal(c[WORKER_MAX - 1].done, 0);
	start(w, &c[WORKER_MAX]);
	for (int i = 0; i <= WORKER_MAX; i++) {
		if (i == WORKER_MAX - 1)
			continue;
		finish(&c[i], 1);
		turn_until(e, &c[i].done);
	}
	worker_free(w);
	sd_event_unref(e);
}

static void test_interrupt_ends_a_blocking_call(void **state)
{
	struct call c = { 0 };
	struct worker_job *job;
	struct worker *w;
	sd_event *e;

	assert_int_equal(sd_event_new(&e), 0);
	assert_int_equal(worker_new(&w, e), 0);
	job = start(w, &c);
	/* The thread may not be in its call yet: keep at it until the call came back. */
	while (!c.done) {
		worker_interrupt(job);
		(void)sd_event_run(e, 1000);
	}
	assert_int_equal(c.result, -EINTR);
	worker_free(w);
	sd_event_unref(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_result_comes_back),
		cmocka_unit_test(test_what_hangs_is_given_up_and_counted),
		cmocka_unit_test(test_interrupt_ends_a_blocking_call),
	};

	return RUN_TESTS(tests);
}
