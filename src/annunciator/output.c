/*
 * See output.h. The LED class: Documentation/leds/leds-class.rst of the kernel;
 * GPIO: the v2 character device of linux/gpio.h.
 *
 * The LED's files are opened for each write: one that was plugged in again has
 * new files under the old name.
 */
#include "annunciator/output.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/gpio.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "util/cleanup.h"

#define LOG_MODULE "annunciator"
#include "util/log.h"

#define CONSUMER "wardgate"
#define SYSFS_TEXT_MAX 32

static int ask_kernel(int fd, unsigned long request, void *argument)
{
	return ioctl(fd, request, argument);
}

const struct output_kernel output_kernel = { .ioctl = ask_kernel, .now_us = boottime_us };

__attribute__((format(printf, 2, 3))) static void explain(struct output *o, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(o->problem, sizeof(o->problem), format, ap);
	va_end(ap);
}

/* --- LEDs --- */

/* Opens a file of the LED. Returns it, or a negative errno, explained. */
static int open_file(struct output *o, const char *name, int flags)
{
	char path[sizeof(o->what.path) + 32];
	int fd, r;

	snprintf(path, sizeof(path), "%s/%s", o->what.path, name);
	fd = open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	r = fd < 0 ? -errno : fd;
	if (r < 0)
		explain(o, "%s: %s", name, strerror(-r));
	return r;
}

/* The first bytes of one; at least the final 0. Returns 0 or a negative errno, explained. */
static int read_file(struct output *o, const char *name, char buf[SYSFS_TEXT_MAX])
{
	_cleanup_(closep) int fd = open_file(o, name, O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = read(fd, buf, SYSFS_TEXT_MAX - 1);
	if (n < 0) {
		int r = -errno;

		explain(o, "%s: %s", name, strerror(-r));
		return r;
	}
	buf[n] = 0;
	buf[strcspn(buf, "\n")] = 0;
	return 0;
}

static int write_file(struct output *o, const char *name, const char *text)
{
	_cleanup_(closep) int fd = open_file(o, name, O_WRONLY | O_TRUNC);
	int r = fd;

	if (r < 0)
		return r;
	r = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	if (r < 0)
		explain(o, "%s: %s", name, strerror(-r));
	return r;
}

/* The kernel's own patterns would go on underneath. */
static int take_from_trigger(struct output *o)
{
	static const char none[] = "[none]";
	char text[SYSFS_TEXT_MAX];
	int r = read_file(o, "trigger", text);

	if (r == -ENOENT || (r == 0 && strncmp(text, none, strlen(none)) == 0))
		return 0; /* a kernel without triggers, or a LED without one */
	return r < 0 ? r : write_file(o, "trigger", "none");
}

static int set_led(struct output *o, bool on, bool anew)
{
	char most[SYSFS_TEXT_MAX] = "0";
	int r = anew ? take_from_trigger(o) : 0;

	if (r == 0 && on)
		r = read_file(o, "max_brightness", most);
	return r < 0 ? r : write_file(o, "brightness", most);
}

/* --- GPIO --- */

static int find_line(struct output *o, const struct output_kernel *k, int chip, unsigned *ret)
{
	struct gpiochip_info chip_info = { .lines = 0 };
	unsigned found = 0;

	if (k->ioctl(chip, GPIO_GET_CHIPINFO_IOCTL, &chip_info) < 0) {
		int r = -errno;

		explain(o, "%s: %s", o->what.path, r == -ENOTTY ? "is no GPIO chip" : strerror(-r));
		return r;
	}
	if (!*o->what.line && o->what.offset >= chip_info.lines) {
		explain(o, "%s has %u lines only", o->what.path, chip_info.lines);
		return -ENXIO;
	}
	if (!*o->what.line) {
		*ret = o->what.offset;
		return 0;
	}
	for (unsigned i = 0; i < chip_info.lines; i++) {
		struct gpio_v2_line_info info = { .offset = i };

		if (k->ioctl(chip, GPIO_V2_GET_LINEINFO_IOCTL, &info) == 0 &&
			strncmp(info.name, o->what.line, sizeof(info.name)) == 0) {
			*ret = i;
			found++;
		}
	}
	if (found == 1)
		return 0;
	explain(o, "%s has %s line of that name", o->what.path, found ? "more than one" : "no");
	return found ? -ENOTUNIQ : -ENXIO;
}

static int open_line(struct output *o, const struct output_kernel *k, bool on)
{
	_cleanup_(closep) int chip = open(o->what.path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct gpio_v2_line_request request = { .num_lines = 1, .fd = -1 };
	int r = chip < 0 ? -errno : 0;

	if (r < 0) {
		explain(o, "%s: %s", o->what.path, strerror(-r));
		return r;
	}
	r = find_line(o, k, chip, &request.offsets[0]);
	if (r < 0)
		return r;
	memcpy(request.consumer, CONSUMER, sizeof(CONSUMER));
	request.config.flags =
		GPIO_V2_LINE_FLAG_OUTPUT | (o->what.active_low ? GPIO_V2_LINE_FLAG_ACTIVE_LOW : 0);
	request.config.num_attrs = 1;
	request.config.attrs[0] = (struct gpio_v2_line_config_attribute){
		.attr = { .id = GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES, .values = on },
		.mask = 1,
	};
	if (k->ioctl(chip, GPIO_V2_GET_LINE_IOCTL, &request) < 0) {
		r = -errno;
		explain(o, "line %u of %s: %s", request.offsets[0], o->what.path,
			r == -EBUSY ? "is in use by another" : strerror(-r));
		return r;
	}
	o->fd = request.fd;
	return 0;
}

static int set_line(struct output *o, const struct output_kernel *k, bool on)
{
	struct gpio_v2_line_values values = { .bits = on, .mask = 1 };

	if (o->fd < 0)
		return open_line(o, k, on);
	if (k->ioctl(o->fd, GPIO_V2_LINE_SET_VALUES_IOCTL, &values) == 0)
		return 0;
	{
		int r = -errno;

		explain(o, "%s: %s", o->what.path, r == -ENODEV ? "was taken away" : strerror(-r));
		return r;
	}
}

/* --- either --- */

void output_init(struct output *o, const struct config_output *what, const char *text)
{
	*o = (struct output){ .what = *what, .fd = -1 };
	snprintf(o->text, sizeof(o->text), "%s", text);
}

static void fail(struct output *o, int error, int64_t now_us)
{
	o->ready = false;
	o->failures++;
	/* A slow one is still there; its line would go dark when it is let go. */
	if (o->fd >= 0 && error != -ETIMEDOUT) {
		close(o->fd);
		o->fd = -1;
	}
	if (o->pause_us == 0)
		log_warning("an output of the annunciator does not work; it is tried again from "
			    "time to time",
			F_STR("OUTPUT", o->text), F_STR("PROBLEM", o->problem), F_ERR(error));
	o->pause_us = o->pause_us == 0 ? OUTPUT_RETRY_MIN_US : o->pause_us * 2;
	if (o->pause_us > OUTPUT_RETRY_MAX_US)
		o->pause_us = OUTPUT_RETRY_MAX_US;
	o->due_us = now_us + o->pause_us;
}

void output_set(struct output *o, const struct output_kernel *k, bool on)
{
	int64_t began_us = k->now_us(), ended_us;
	bool due = began_us >= o->due_us;
	int r;

	if (!due && (!o->ready || on == o->on))
		return;
	r = o->what.gpio ? set_line(o, k, on) : set_led(o, on, due);
	ended_us = k->now_us();
	if (r == 0 && ended_us - began_us > OUTPUT_SLOW_US) {
		explain(o, "took %d ms to be set, which holds up the gateway",
			(int)((ended_us - began_us) / 1000));
		r = -ETIMEDOUT;
	}
	if (r < 0) {
		fail(o, r, ended_us);
		return;
	}
	if (o->pause_us > 0)
		log_notice("an output of the annunciator works again", F_STR("OUTPUT", o->text));
	o->pause_us = 0;
	*o->problem = 0;
	o->ready = true;
	o->on = on;
	o->due_us = due ? ended_us + OUTPUT_REFRESH_US : o->due_us;
}

void output_done(struct output *o, const struct output_kernel *k)
{
	/* One that never worked, or does not now, is not waited for. */
	if (o->ready && o->on)
		(void)(o->what.gpio ? set_line(o, k, false) : set_led(o, false, false));
	if (o->fd >= 0)
		close(o->fd);
	o->fd = -1;
}
