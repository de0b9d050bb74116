/*
 * Preloaded into the daemon by tests: shifts the wall clock and sets what the
 * kernel says of its synchronisation, by a small file that the test writes.
 * CLOCK_BOOTTIME and CLOCK_MONOTONIC stay as they are, as with a real step, and
 * a timer armed with TFD_TIMER_CANCEL_ON_SET is cancelled, as by the kernel.
 *
 * File: struct control. Without WARDGATE_CLOCK in the environment it does nothing.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

struct control {
	int64_t offset_us;  /* added to CLOCK_REALTIME */
	int32_t override;   /* whether the next three count */
	int32_t result;	    /* of adjtimex(2): TIME_OK 0, TIME_ERROR 5 */
	int32_t status;	    /* STA_* */
	int32_t maxerror;   /* microseconds */
	int64_t asked;	    /* how often the state was asked for */
};

static volatile struct control *control;

__attribute__((constructor)) static void open_control(void)
{
	const char *path = getenv("WARDGATE_CLOCK");
	if (!path)
		return;
	int fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	void *p = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (p != MAP_FAILED)
		control = p;
}

static void shift(struct timespec *ts)
{
	int64_t offset = control ? control->offset_us : 0;
	int64_t us = (int64_t)ts->tv_sec * 1000000 + ts->tv_nsec / 1000 + offset;
	long below = ts->tv_nsec % 1000;
	ts->tv_sec = us / 1000000;
	ts->tv_nsec = us % 1000000 * 1000 + below;
}

int clock_gettime(clockid_t id, struct timespec *ts)
{
	int r = (int)syscall(SYS_clock_gettime, id, ts);
	if (r == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
		shift(ts);
	return r;
}

int gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
	struct timespec ts;
	(void)tz;
	if (clock_gettime(CLOCK_REALTIME, &ts) < 0)
		return -1;
	tv->tv_sec = ts.tv_sec;
	tv->tv_usec = ts.tv_nsec / 1000;
	return 0;
}

time_t time(time_t *ret)
{
	struct timespec ts;
	clock_gettime(CLOCK_REALTIME, &ts);
	if (ret)
		*ret = ts.tv_sec;
	return ts.tv_sec;
}

static int answer(int real, struct timex *t)
{
	if (!control)
		return real;
	control->asked++;
	if (!control->override)
		return real;
	t->status = control->status;
	t->maxerror = control->maxerror;
	return control->result;
}

int adjtimex(struct timex *t)
{
	return answer((int)syscall(SYS_adjtimex, t), t);
}

int clock_adjtime(clockid_t id, struct timex *t)
{
	return answer((int)syscall(SYS_clock_adjtime, id, t), t);
}

int ntp_adjtime(struct timex *t)
{
	return adjtimex(t);
}

/* The one timer that waits to be cancelled, and whether it was. */
static int watch_fd = -1;
static int cancelled;

static void *watch(void *unused)
{
	int64_t seen = control->offset_us;
	const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };
	const struct itimerspec now = { .it_value.tv_nsec = 1 };

	(void)unused;
	for (;;) {
		nanosleep(&pause, NULL);
		if (control->offset_us == seen)
			continue;
		seen = control->offset_us;
		__atomic_store_n(&cancelled, 1, __ATOMIC_SEQ_CST);
		(void)syscall(SYS_timerfd_settime, __atomic_load_n(&watch_fd, __ATOMIC_SEQ_CST),
			TFD_TIMER_ABSTIME, &now, NULL);
	}
	return NULL;
}

int timerfd_settime(int fd, int flags, const struct itimerspec *new_value,
	struct itimerspec *old_value)
{
	static int started;
	sigset_t all, before;
	pthread_t thread;

	if (control && (flags & TFD_TIMER_CANCEL_ON_SET)) {
		__atomic_store_n(&watch_fd, fd, __ATOMIC_SEQ_CST);
		if (!__atomic_exchange_n(&started, 1, __ATOMIC_SEQ_CST)) {
			sigfillset(&all);
			pthread_sigmask(SIG_SETMASK, &all, &before);
			if (pthread_create(&thread, NULL, watch, NULL) == 0)
				pthread_detach(thread);
			pthread_sigmask(SIG_SETMASK, &before, NULL);
		}
	}
	return (int)syscall(SYS_timerfd_settime, fd, flags, new_value, old_value);
}

ssize_t read(int fd, void *buf, size_t size)
{
	if (control && fd == __atomic_load_n(&watch_fd, __ATOMIC_SEQ_CST) &&
		__atomic_exchange_n(&cancelled, 0, __ATOMIC_SEQ_CST)) {
		(void)syscall(SYS_read, fd, buf, size);
		errno = ECANCELED;
		return -1;
	}
	return syscall(SYS_read, fd, buf, size);
}
