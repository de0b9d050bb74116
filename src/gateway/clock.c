/*
 * Watches the kernel's clock. See clock.h.
 */
#include "gateway/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "util/cleanup.h"

#define POLL_US (2 * INT64_C(1000000))
#define STEP_US INT64_C(200000) /* a slew moves 1 ms in one poll; more than this is a step */
#define MAXERROR_US 1000000     /* beyond it the clock does not count as synchronised */
#define CLOSE_US 50
#define TRIES 5
#define DAY_US (86400 * INT64_C(1000000))

struct clock {
	sd_event_source *timer, *set;
	enum clock_state state;
	bool was_synchronised;
	int64_t offset_us; /* realtime - boottime at the last look */
	clock_change_fn changed;
	void *userdata;
};

WG_DEFINE_CLEANUP(struct clock *, clock_free)

static int64_t now_us(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t boottime_us(void)
{
	return now_us(CLOCK_BOOTTIME);
}

int64_t realtime_us(void)
{
	return now_us(CLOCK_REALTIME);
}

/* The two clocks at one moment. Whoever holds us up between the readings is found out by the
 * boot-time clock read again. */
static struct stamp read_together(void)
{
	struct stamp best = { 0 };
	int64_t least = INT64_MAX;

	for (int i = 0; i < TRIES && least > CLOSE_US; i++) {
		int64_t before = boottime_us(), wall = realtime_us(), took = boottime_us() - before;

		if (took < least) {
			least = took;
			best.realtime_us = wall;
			best.boot_us = before + took / 2;
		}
	}
	return best;
}

enum clock_state clock_judge(
	int adjtimex_result, int status, int64_t maxerror_us, bool was_synchronised)
{
	if (adjtimex_result >= 0 && adjtimex_result != TIME_ERROR && !(status & STA_UNSYNC) &&
		maxerror_us < MAXERROR_US)
		return CLOCK_SYNCHRONISED;
	return was_synchronised ? CLOCK_HOLDOVER : CLOCK_UNSYNCHRONISED;
}

static enum clock_state look(struct clock *c)
{
	struct timex tx = { 0 };
	int r = adjtimex(&tx);
	enum clock_state state = clock_judge(r, tx.status, tx.maxerror, c->was_synchronised);

	if (state == CLOCK_SYNCHRONISED)
		c->was_synchronised = true;
	return state;
}

void clock_look(struct clock *c)
{
	struct stamp now = read_together();
	int64_t offset_us = now.realtime_us - now.boot_us;
	int64_t step_us = offset_us - c->offset_us;
	enum clock_state before = c->state;

	c->state = look(c);
	c->offset_us = offset_us;
	if (step_us > -STEP_US && step_us < STEP_US)
		step_us = 0;
	if ((step_us || c->state != before) && c->changed)
		c->changed(c->state, step_us, c->userdata);
}

static int on_timer(sd_event_source *s, uint64_t usec, void *userdata)
{
	clock_look(userdata);
	(void)sd_event_source_set_time_relative(s, POLL_US);
	(void)sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
	return 0;
}

/* A timer far away that the kernel cancels when somebody sets the clock. */
static int arm_set_watch(int fd)
{
	struct itimerspec far = { .it_value.tv_sec = (time_t)1 << 33 };

	return timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &far, NULL) < 0
		       ? -errno
		       : 0;
}

static int on_clock_set(sd_event_source *s, int fd, uint32_t revents, void *userdata)
{
	uint64_t count;

	/* Fails with ECANCELED, which is the news. */
	if (read(fd, &count, sizeof(count)) < 0 && errno == EAGAIN)
		return 0;
	(void)arm_set_watch(fd);
	clock_look(userdata);
	return 0;
}

int clock_new(struct clock **ret, sd_event *e, clock_change_fn changed, void *userdata)
{
	_cleanup_(clock_freep) struct clock *c = NULL;
	_cleanup_(closep) int fd = -1;
	struct stamp now;
	int r;

	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	now = read_together();
	c->offset_us = now.realtime_us - now.boot_us;
	c->state = look(c);
	c->changed = changed;
	c->userdata = userdata;

	r = sd_event_add_time_relative(e, &c->timer, CLOCK_BOOTTIME, POLL_US, 100000, on_timer, c);
	if (r < 0)
		return r;
	(void)sd_event_source_set_description(c->timer, "clock");

	fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	r = arm_set_watch(fd);
	if (r < 0)
		return r;
	r = sd_event_add_io(e, &c->set, fd, EPOLLIN, on_clock_set, c);
	if (r < 0)
		return r;
	(void)sd_event_source_set_io_fd_own(c->set, true);
	TAKE_FD(fd);
	(void)sd_event_source_set_description(c->set, "clock set");
	*ret = TAKE_PTR(c);
	return 0;
}

struct clock *clock_free(struct clock *c)
{
	if (!c)
		return NULL;
	sd_event_source_disable_unref(c->timer);
	sd_event_source_disable_unref(c->set);
	free(c);
	return NULL;
}

struct stamp clock_now(const struct clock *c)
{
	struct stamp now;

	if (c->state != CLOCK_UNSYNCHRONISED)
		return (struct stamp){ realtime_us(), boottime_us(), c->state };
	now = read_together();
	now.state = c->state;
	return now;
}

enum clock_state clock_state(const struct clock *c)
{
	return c->state;
}

void clock_was_synchronised(struct clock *c)
{
	c->was_synchronised = true;
	if (c->state == CLOCK_UNSYNCHRONISED)
		c->state = CLOCK_HOLDOVER;
}

int clock_boot_id(char ret[static CLOCK_BOOT_ID_SIZE])
{
	_cleanup_(closep) int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, ret, CLOCK_BOOT_ID_SIZE - 1);
	if (n < 0)
		return -errno;
	ret[n] = 0;
	return n == CLOCK_BOOT_ID_SIZE - 1 ? 0 : -EIO;
}

int clock_set_zone(const char *zone)
{
	if (zone) {
		_cleanup_(freep) char *path = NULL;

		if (zone[0] == '/' || strstr(zone, ".."))
			return -ENOENT;
		if (asprintf(&path, "/usr/share/zoneinfo/%s", zone) < 0)
			return -ENOMEM;
		if (access(path, R_OK) < 0)
			return -ENOENT;
		if (setenv("TZ", zone, 1) < 0)
			return -errno;
	}
	tzset();
	return 0;
}

int32_t clock_zone_offset(int64_t utc_us, bool *ret_summer)
{
	time_t t = (time_t)(utc_us / 1000000);
	struct tm tm;
	bool known = localtime_r(&t, &tm);

	*ret_summer = known && tm.tm_isdst > 0;
	return known ? (int32_t)tm.tm_gmtoff : 0;
}

static int64_t zone_offset_us(int64_t utc_us)
{
	bool summer;

	return clock_zone_offset(utc_us, &summer) * INT64_C(1000000);
}

int64_t clock_local_to_utc(int64_t wall_us, bool *ret_ambiguous)
{
	/* The offsets in force on both sides of any change near by. */
	int64_t before = wall_us - zone_offset_us(wall_us - DAY_US);
	int64_t after = wall_us - zone_offset_us(wall_us + DAY_US);
	bool before_fits = before + zone_offset_us(before) == wall_us;
	bool after_fits = after + zone_offset_us(after) == wall_us;

	*ret_ambiguous = before != after && before_fits == after_fits;
	if (before_fits || !after_fits)
		return before;
	return after;
}
