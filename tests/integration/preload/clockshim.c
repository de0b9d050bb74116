/*
 * Preloaded into the daemon by tests: shifts the wall clock and sets what the
 * kernel says of its synchronisation, by a small file that the test writes.
 * CLOCK_BOOTTIME and CLOCK_MONOTONIC stay as they are, as with a real step.
 *
 * File: struct control. Without WARDGATE_CLOCK in the environment it does nothing.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
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
