/*
 * Preloaded into the daemon and the simulator by tests that last long: all
 * clocks go WARDGATE_SPEED times as fast, from a common beginning, and whoever
 * waits is woken accordingly. Time then is the same for all who load it, and for
 * nobody else: the disk, the broker and the processor keep their own pace.
 *
 * WARDGATE_SPEED_SINCE: CLOCK_BOOTTIME in nanoseconds when it began to hurry.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define BILLION INT64_C(1000000000)
#define DESCRIPTORS 4096

static int64_t speed = 1;
static int64_t since[CLOCK_BOOTTIME_ALARM + 1]; /* each clock when it began */
static clockid_t clock_of[DESCRIPTORS];         /* of timers */
static clockid_t clock_of_conditions = CLOCK_REALTIME;
static int (*real_timedwait)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);

static int64_t from(const struct timespec *ts)
{
	return ts->tv_sec * BILLION + ts->tv_nsec;
}

static struct timespec to(int64_t ns)
{
	return (struct timespec){ .tv_sec = ns / BILLION, .tv_nsec = ns % BILLION };
}

static int64_t kernel(clockid_t id)
{
	struct timespec ts;

	syscall(SYS_clock_gettime, id, &ts);
	return from(&ts);
}

__attribute__((constructor)) static void begin(void)
{
	const char *factor = getenv("WARDGATE_SPEED"), *text = getenv("WARDGATE_SPEED_SINCE");
	int64_t ago;

	real_timedwait = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
	if (!factor || !text)
		return;
	ago = kernel(CLOCK_BOOTTIME) - strtoll(text, NULL, 10);
	for (clockid_t id = 0; id <= CLOCK_BOOTTIME_ALARM; id++)
		since[id] = kernel(id) - ago;
	speed = strtoll(factor, NULL, 10);
}

static int hurries(clockid_t id)
{
	return speed > 1 &&
	       (id == CLOCK_REALTIME || id == CLOCK_MONOTONIC || id == CLOCK_BOOTTIME ||
		       id == CLOCK_REALTIME_COARSE || id == CLOCK_MONOTONIC_COARSE ||
		       id == CLOCK_MONOTONIC_RAW || id == CLOCK_BOOTTIME_ALARM);
}

/* A moment of a hurried clock as the kernel's, which may be in the past but not 0: that is "off".
 */
static struct timespec moment(clockid_t id, const struct timespec *ts)
{
	int64_t ns = since[id] + (from(ts) - since[id]) / speed;

	return from(ts) == 0 || !hurries(id) ? *ts : to(ns > 0 ? ns : 1);
}

static struct timespec span(const struct timespec *ts)
{
	int64_t ns = from(ts);

	return to(ns > 0 && ns < speed ? 1 : ns / speed);
}

int clock_gettime(clockid_t id, struct timespec *ts)
{
	int r = (int)syscall(SYS_clock_gettime, id, ts);

	if (r == 0 && hurries(id))
		*ts = to(since[id] + (from(ts) - since[id]) * speed);
	return r;
}

int gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
	struct timespec ts;

	(void)tz;
	clock_gettime(CLOCK_REALTIME, &ts);
	*tv = (struct timeval){ .tv_sec = ts.tv_sec, .tv_usec = ts.tv_nsec / 1000 };
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

int timerfd_create(clockid_t id, int flags)
{
	int fd = (int)syscall(SYS_timerfd_create, id, flags);

	if (fd >= 0 && fd < DESCRIPTORS)
		clock_of[fd] = id;
	return fd;
}

int timerfd_settime(
	int fd, int flags, const struct itimerspec *new_value, struct itimerspec *old_value)
{
	clockid_t id = fd >= 0 && fd < DESCRIPTORS ? clock_of[fd] : CLOCK_REALTIME;
	struct itimerspec value = *new_value;

	if (speed > 1) {
		value.it_value = flags & TFD_TIMER_ABSTIME ? moment(id, &value.it_value)
							   : span(&value.it_value);
		value.it_interval = span(&value.it_interval);
	}
	return (int)syscall(SYS_timerfd_settime, fd, flags, &value, old_value);
}

static int milliseconds(int ms)
{
	return ms <= 0 ? ms : ms < speed ? 1 : (int)(ms / speed);
}

int epoll_wait(int fd, struct epoll_event *events, int max, int timeout)
{
	return (int)syscall(
		SYS_epoll_pwait, fd, events, max, milliseconds(timeout), NULL, _NSIG / 8);
}

int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask)
{
	struct timespec left = timeout ? span(timeout) : (struct timespec){ 0 };

	return (int)syscall(SYS_ppoll, fds, n, timeout ? &left : NULL, mask, _NSIG / 8);
}

int poll(struct pollfd *fds, nfds_t n, int timeout)
{
	struct timespec ts = to(timeout * INT64_C(1000000));

	return ppoll(fds, n, timeout < 0 ? NULL : &ts, NULL);
}

int nanosleep(const struct timespec *time, struct timespec *left)
{
	struct timespec shorter = span(time);

	return (int)syscall(SYS_nanosleep, &shorter, left);
}

int pthread_condattr_setclock(pthread_condattr_t *attributes, clockid_t id)
{
	int (*real)(pthread_condattr_t *, clockid_t) =
		dlsym(RTLD_NEXT, "pthread_condattr_setclock");

	clock_of_conditions = id;
	return real(attributes, id);
}

int pthread_cond_timedwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex,
	const struct timespec *restrict until)
{
	struct timespec then = moment(clock_of_conditions, until);

	return real_timedwait(condition, mutex, &then);
}
