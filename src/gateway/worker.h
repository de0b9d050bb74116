/*
 * Runs the few calls that can block (name resolution, a connect by name) off
 * the loop: each in a short-lived thread, at most WORKER_MAX at once. A call
 * that hangs (a resolver that never answers) is given up and holds up no other.
 */
#pragma once

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "util/cleanup.h"

#define WORKER_MAX 4

enum {
	_WORKER_E_OK,
	WORKER_E_BUSY, /* WORKER_MAX calls hang already: try later */
};

struct worker;
struct worker_job;

/* Runs in the thread. May touch nothing but arg. */
typedef int (*worker_run_fn)(void *arg);
/* Runs on the loop with run's result; arg is the callee's again. */
typedef void (*worker_done_fn)(void *arg, int result);

int worker_new(struct worker **ret, sd_event *e);
/* Gives up all jobs without waiting for them: what they own is left to the end of the process. */
struct worker *worker_free(struct worker *w);
WG_DEFINE_CLEANUP(struct worker *, worker_free)

/* Starts run(arg). Then, on the loop, exactly one of done(arg, result), or, when the job was given
 * up meanwhile, abandoned(arg), which frees what arg owns. Returns 0, WORKER_E_BUSY or a negative
 * errno; on those arg stays the caller's. *ret_job is valid until done or worker_abandon(). */
int worker_start(struct worker *w, worker_run_fn run, worker_done_fn done, worker_done_fn abandoned,
	void *arg, struct worker_job **ret_job);
/* done() will not be called. A blocking connect(2) in the thread is interrupted (EINTR). */
void worker_abandon(struct worker_job *job);
/* Interrupts a blocking connect(2) in the thread with EINTR, so that a library moves on to the next
 * address; the job goes on. */
void worker_interrupt(struct worker_job *job);
/* How many threads run, also given-up ones. */
unsigned worker_running(const struct worker *w);
