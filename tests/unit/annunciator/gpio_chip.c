/*
 * See gpio_chip.h.
 */
#include "gpio_chip.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/gpio.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/cleanup.h"

struct chip chip;
int64_t chip_now_us;

bool chip_is_held(unsigned line)
{
	struct chip_line *l = &chip.lines[line];
	struct pollfd p = { .fd = l->held_by };

	if (l->held_by < 0)
		return false;
	assert(poll(&p, 1, 0) >= 0);
	if (!(p.revents & POLLHUP))
		return true;
	close(l->held_by);
	l->held_by = -1;
	return false;
}

void chip_plug(void)
{
	int fd;

	if (!*chip.path) {
		snprintf(chip.path, sizeof(chip.path), "/tmp/wardgate-chip-%d", getpid());
		for (size_t i = 0; i < CHIP_LINES; i++)
			chip.lines[i].held_by = -1;
	}
	fd = open(chip.path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert(fd >= 0);
	close(fd);
	chip.present = true;
}

void chip_unplug(void)
{
	unlink(chip.path);
	chip.present = false;
}

void chip_done(void)
{
	for (unsigned i = 0; i < CHIP_LINES && *chip.path; i++)
		if (chip_is_held(i))
			close(chip.lines[i].held_by);
	if (*chip.path)
		unlink(chip.path);
	chip = (struct chip){ .path = "" };
}

static bool same_file(int fd, const char *path)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_ino == b.st_ino &&
	       a.st_dev == b.st_dev;
}

static struct chip_line *line_of(int fd)
{
	struct stat a, b;

	for (unsigned i = 0; i < CHIP_LINES; i++)
		if (chip_is_held(i) && fstat(fd, &a) == 0 &&
			fstat(chip.lines[i].held_by, &b) == 0 && a.st_ino == b.st_ino)
			return &chip.lines[i];
	return NULL;
}

static int refuse(int error)
{
	errno = error;
	return -1;
}

static void drive(struct chip_line *l, bool value)
{
	l->value = value;
	l->level = value != l->active_low;
	chip.sets++;
}

static int request_line(struct gpio_v2_line_request *r)
{
	struct chip_line *l;
	int ends[2];

	if (r->num_lines != 1 || r->offsets[0] >= CHIP_LINES ||
		!(r->config.flags & GPIO_V2_LINE_FLAG_OUTPUT) || r->config.num_attrs != 1 ||
		r->config.attrs[0].attr.id != GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES ||
		r->config.attrs[0].mask != 1)
		return refuse(EINVAL);
	if (chip_is_held(r->offsets[0]))
		return refuse(EBUSY);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	l = &chip.lines[r->offsets[0]];
	l->held_by = ends[0];
	l->active_low = r->config.flags & GPIO_V2_LINE_FLAG_ACTIVE_LOW;
	memcpy(l->consumer, r->consumer, sizeof(l->consumer));
	drive(l, r->config.attrs[0].attr.values & 1);
	r->fd = ends[1];
	chip.requests++;
	return 0;
}

static int answer(int fd, unsigned long request, void *argument)
{
	struct chip_line *l = line_of(fd);

	if (request == GPIO_V2_LINE_SET_VALUES_IOCTL) {
		struct gpio_v2_line_values *v = argument;

		if (!l)
			return refuse(EBADF);
		if (!chip.present)
			return refuse(ENODEV);
		if (chip.broken)
			return refuse(EIO);
		drive(l, v->bits & v->mask & 1);
		return 0;
	}
	if (!same_file(fd, chip.path))
		return refuse(ENOTTY);
	if (request == GPIO_GET_CHIPINFO_IOCTL) {
		((struct gpiochip_info *)argument)->lines = CHIP_LINES;
		return 0;
	}
	if (request == GPIO_V2_GET_LINEINFO_IOCTL) {
		struct gpio_v2_line_info *i = argument;

		if (i->offset >= CHIP_LINES)
			return refuse(EINVAL);
		memcpy(i->name, chip.lines[i->offset].name, sizeof(i->name));
		return 0;
	}
	if (request == GPIO_V2_GET_LINE_IOCTL)
		return request_line(argument);
	return refuse(EINVAL);
}

static int chip_ioctl(int fd, unsigned long request, void *argument)
{
	chip_now_us += chip.slow_us;
	return answer(fd, request, argument);
}

static int64_t chip_clock(void)
{
	return chip_now_us;
}

const struct output_kernel chip_kernel = { .ioctl = chip_ioctl, .now_us = chip_clock };
