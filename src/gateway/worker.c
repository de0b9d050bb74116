/*
 * Threads for blocking calls. See worker.h.
 *
 * A thread and the loop share one heap block, the job, under the worker's
 * mutex. The thread hands it back through a list and an eventfd and touches it
 * no more.
 */
#include "gateway/worker.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Sent to a thread to end a blocking connect(2) with EINTR. */
#define INTERRUPT_SIGNAL SIGUSR1

/* What threads need, counted by them and the worker: it must outlive threads that hang. */
struct shared {
	pthread_mutex_t lock;
	struct worker_job *finished;
	int wake_fd;
	unsigned refs;
};

struct worker {
	struct shared *shared;
	sd_event_source *io;
	unsigned running;
};

struct worker_job {
	struct worker_job *next;
	struct worker *worker; /* loop only */
	struct shared *shared;
	worker_run_fn run;
	worker_done_fn done, abandoned;
	void *arg;
	int result;
	bool given_up; /* loop only */
	bool in_run;   /* under the lock: thread is valid to signal */
	pthread_t thread;
};

static void on_interrupt(int signal_number)
{
	/* Its arrival is all that is wanted. */
}

static void shared_unref(struct shared *s)
{
	bool last;

	pthread_mutex_lock(&s->lock);
	last = --s->refs == 0;
	pthread_mutex_unlock(&s->lock);
	if (!last)
		return;
	close(s->wake_fd);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

static void *thread_main(void *arg)
{
	struct worker_job *job = arg;
	struct shared *s = job->shared;
	uint64_t one = 1;
	sigset_t set;
	int result;

	/* The loop takes signals through a descriptor and has them blocked; here only ours may
	 * come. */
	sigemptyset(&set);
	sigaddset(&set, INTERRUPT_SIGNAL);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);

	pthread_mutex_lock(&s->lock);
	job->in_run = true;
	pthread_mutex_unlock(&s->lock);

	result = job->run(job->arg);

	pthread_mutex_lock(&s->lock);
	job->in_run = false;
	job->result = result;
	job->next = s->finished;
	s->finished = job;
	if (write(s->wake_fd, &one, sizeof(one)) < 0) {
		/* Only a counter at its limit refuses, and then the loop is awake anyway. */
	}
	pthread_mutex_unlock(&s->lock);
	shared_unref(s);
	return NULL;
}

/* Takes all jobs that came back; the caller owns them. */
static struct worker_job *take_finished(struct shared *s)
{
	struct worker_job *list;

	pthread_mutex_lock(&s->lock);
	list = s->finished;
	s->finished = NULL;
	pthread_mutex_unlock(&s->lock);
	return list;
}

static int on_finished(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct worker *w = userdata;
	struct worker_job *list;
	uint64_t count;

	if (read(fd, &count, sizeof(count)) < 0)
		return 0;
	list = take_finished(w->shared);

	while (list) {
		struct worker_job *job = list;

		list = job->next;
		w->running--;
		if (job->given_up)
			job->abandoned(job->arg, job->result);
		else
			job->done(job->arg, job->result);
		free(job);
	}
	return 0;
}

int worker_new(struct worker **ret, sd_event *e)
{
	_cleanup_(worker_freep) struct worker *w = NULL;
	struct sigaction sa = { .sa_handler = on_interrupt };
	int r;

	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->shared = calloc(1, sizeof(*w->shared));
	if (!w->shared)
		return -ENOMEM;
	w->shared->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->shared->wake_fd < 0) {
		r = -errno;
		free(w->shared);
		w->shared = NULL;
		return r;
	}
	w->shared->refs = 1;
	pthread_mutex_init(&w->shared->lock, NULL);

	/* No SA_RESTART: connect(2) has to come back. */
	if (sigaction(INTERRUPT_SIGNAL, &sa, NULL) < 0)
		return -errno;
	r = sd_event_add_io(e, &w->io, w->shared->wake_fd, EPOLLIN, on_finished, w);
	if (r < 0)
		return r;
	(void)sd_event_source_set_description(w->io, "worker");
	*ret = TAKE_PTR(w);
	return 0;
}

struct worker *worker_free(struct worker *w)
{
	if (!w)
		return NULL;
	sd_event_source_disable_unref(w->io);
	if (w->shared) {
		struct worker_job *list = take_finished(w->shared);

		while (list) {
			struct worker_job *job = list;

			list = job->next;
			job->abandoned(job->arg, job->result);
			free(job);
		}
		shared_unref(w->shared);
	}
	free(w);
	return NULL;
}

int worker_start(struct worker *w, worker_run_fn run, worker_done_fn done, worker_done_fn abandoned,
	void *arg, struct worker_job **ret_job)
{
	struct worker_job *job;
	pthread_attr_t attr;
	sigset_t all, before;
	int r;

	if (w->running >= WORKER_MAX)
		return WORKER_E_BUSY;
	job = calloc(1, sizeof(*job));
	if (!job)
		return -ENOMEM;
	*job = (struct worker_job){
		.worker = w,
		.shared = w->shared,
		.run = run,
		.done = done,
		.abandoned = abandoned,
		.arg = arg,
	};
	pthread_mutex_lock(&w->shared->lock);
	w->shared->refs++;
	pthread_mutex_unlock(&w->shared->lock);

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	r = pthread_create(&job->thread, &attr, thread_main, job);
	pthread_attr_destroy(&attr);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (r) {
		shared_unref(w->shared);
		free(job);
		return -r;
	}
	w->running++;
	*ret_job = job;
	return 0;
}

void worker_interrupt(struct worker_job *job)
{
	pthread_mutex_lock(&job->shared->lock);
	if (job->in_run)
		pthread_kill(job->thread, INTERRUPT_SIGNAL);
	pthread_mutex_unlock(&job->shared->lock);
}

void worker_abandon(struct worker_job *job)
{
	assert(!job->given_up);
	job->given_up = true;
	worker_interrupt(job);
}

unsigned worker_running(const struct worker *w)
{
	return w->running;
}
