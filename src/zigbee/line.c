/*
 * See line.h.
 */
#include "zigbee/line.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "gateway/clock.h"

#define FIRST_OF_ALL (SD_EVENT_PRIORITY_NORMAL - 50)

static struct line *line_of(struct ash *a)
{
	return (struct line *)((char *)a - offsetof(struct line, ash));
}

/* ---- down ---- */

static void forget_out(struct line *l)
{
	explicit_bzero(l->out, sizeof(l->out)); /* it may have been a key */
	l->out_length = l->out_at = 0;
}

static void close_port(struct line *l, int64_t reopen_us)
{
	l->io = sd_event_source_disable_unref(l->io);
	/* Of a radio that does not answer nobody waits for what it has not taken. */
	if (l->fd >= 0)
		serial_close(l->fd, l->ash.state != ASH_UP || l->out_at < l->out_length);
	l->fd = -1;
	forget_out(l);
	ash_stop(&l->ash);
	l->reopen_us = reopen_us;
}

static void closed(struct line *l, enum line_why why, int detail, int64_t now_us)
{
	if (l->hushed) {
		close_port(l, INT64_MAX);
		return;
	}
	close_port(l, now_us + (why == LINE_NO_PORT || why == LINE_UNPLUGGED ? LINE_REOPEN_US
									     : LINE_REST_US));
	if (l->told_why == (int)why && l->told_detail == detail)
		return;
	l->told_why = (int)why;
	l->told_detail = detail;
	l->ops->closed(l, why, detail, now_us);
}

static void unplugged(struct line *l, int64_t now_us)
{
	l->counters.unplugged++;
	closed(l, LINE_UNPLUGGED, 0, now_us);
}

static void on_up(struct ash *a, int64_t now_us)
{
	struct line *l = line_of(a);

	l->told_why = -1;
	l->ops->up(l, now_us);
}

static void on_data(struct ash *a, const uint8_t *data, size_t length, int64_t now_us)
{
	struct line *l = line_of(a);

	l->ops->data(l, data, length, now_us);
}

static void on_down(struct ash *a, enum ash_reason reason, uint8_t code, int64_t now_us)
{
	struct line *l = line_of(a);

	switch (reason) {
	case ASH_RADIO_RESET:
		l->counters.radio_resets++;
		l->ops->down(l, LINE_RADIO_RESET, code, now_us);
		break;
	case ASH_RADIO_ERROR:
		l->counters.radio_resets++;
		l->ops->down(l, LINE_RADIO_ERROR, code, now_us);
		break;
	case ASH_NO_ANSWER:
	case ASH_NO_PROGRESS:
		l->ops->down(l, LINE_NO_ANSWER, 0, now_us);
		break;
	/* A port that is opened anew has helped some adapters. */
	case ASH_RESET_FAILED:
		l->failed = LINE_NO_ANSWER;
		break;
	case ASH_OTHER_VERSION:
		l->failed = LINE_NOT_ASH;
		l->failed_code = code;
		break;
	}
}

static const struct ash_ops ash_ops = { on_up, on_data, on_down };

/* ---- a turn ---- */

static void write_out(struct line *l, int64_t now_us)
{
	bool full = false;

	while (l->fd >= 0) {
		ssize_t n;

		if (l->out_at == l->out_length) {
			explicit_bzero(l->out, l->out_length);
			l->out_at = 0;
			l->out_length = ash_output(&l->ash, l->out, sizeof(l->out), now_us);
		}
		if (l->out_length == 0)
			break;
		n = write(l->fd, l->out + l->out_at, l->out_length - l->out_at);
		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			full = true;
			break;
		}
		if (n < 0) {
			unplugged(l, now_us);
			return;
		}
		l->out_at += (size_t)n;
	}
	if (l->io)
		(void)sd_event_source_set_io_events(
			l->io, (l->hushed ? 0 : EPOLLIN) | (full ? EPOLLOUT : 0));
}

static void arm(struct line *l)
{
	int64_t at = l->reopen_us, ash = l->fd >= 0 ? ash_deadline(&l->ash) : INT64_MAX;

	at = l->hushed ? INT64_MAX : ash < at ? ash : at;
	if (at == l->timer_us)
		return;
	l->timer_us = at;
	if (at != INT64_MAX)
		(void)sd_event_source_set_time(l->timer, at > 0 ? (uint64_t)at : 0);
	(void)sd_event_source_set_enabled(
		l->timer, at == INT64_MAX ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

static void read_in(struct line *l, int64_t now_us)
{
	uint8_t bytes[LINE_READ_MAX];
	ssize_t n = read(l->fd, bytes, sizeof(bytes));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		unplugged(l, now_us);
		return;
	}
	ash_receive(&l->ash, bytes, (size_t)n, now_us);
}

static void end_turn(struct line *l, int64_t now_us)
{
	if (l->fd >= 0 && l->failed >= 0)
		closed(l, (enum line_why)l->failed, l->failed_code, now_us);
	l->ops->turned(l, now_us);
	write_out(l, now_us);
	l->turning = false;
	arm(l);
}

static int on_io(sd_event_source *s, int fd, uint32_t revents, void *userdata)
{
	struct line *l = userdata;
	int64_t now = boottime_us();

	l->turning = true;
	if (l->hushed && revents & (EPOLLHUP | EPOLLERR))
		close_port(l, INT64_MAX);
	else if (!l->hushed && revents & (EPOLLIN | EPOLLHUP | EPOLLERR))
		read_in(l, now);
	end_turn(l, now);
	return 0;
}

static void open_port(struct line *l, int64_t now_us)
{
	struct ash_counters frames = l->ash.counters; /* of all the times that it was open */
	int r = serial_open(l->path, l->baud_rate, l->flow);

	l->failed = -1;
	l->reopen_us = INT64_MAX;
	if (r >= 0) {
		l->fd = r;
		r = sd_event_add_io(l->event, &l->io, l->fd, EPOLLIN, on_io, l);
	}
	if (r >= 0)
		r = sd_event_source_set_priority(l->io, FIRST_OF_ALL);
	if (r < 0) {
		closed(l, LINE_NO_PORT, r, now_us);
		return;
	}
	l->counters.opened++;
	ash_init(&l->ash, &ash_ops, ASH_WINDOW);
	l->ash.counters = frames;
	l->ops->opened(l, now_us);
}

static int on_time(sd_event_source *s, uint64_t usec, void *userdata)
{
	struct line *l = userdata;
	int64_t now = boottime_us();

	l->timer_us = INT64_MIN; /* it is off now */
	l->turning = true;
	if (now >= l->reopen_us) {
		close_port(l, INT64_MAX);
		open_port(l, now);
	}
	/* What has long been here is no missing acknowledgement. */
	if (l->fd >= 0)
		read_in(l, now);
	if (l->fd >= 0)
		ash_tick(&l->ash, now);
	end_turn(l, now);
	return 0;
}

/* ---- for the driver ---- */

int line_start(struct line *l, const struct line_ops *ops, void *context, sd_event *event,
	const char *path, unsigned baud_rate, enum serial_flow flow)
{
	int r;

	*l = (struct line){ .ops = ops,
		.context = context,
		.event = event,
		.path = path,
		.baud_rate = baud_rate,
		.flow = flow,
		.fd = -1,
		.told_why = -1,
		.failed = -1,
		.reopen_us = INT64_MAX,
		.timer_us = INT64_MAX };
	ash_init(&l->ash, &ash_ops, ASH_WINDOW);
	r = sd_event_add_time(event, &l->timer, CLOCK_BOOTTIME, 0, 1000, on_time, l);
	if (r >= 0)
		r = sd_event_source_set_priority(l->timer, FIRST_OF_ALL);
	if (r >= 0)
		r = sd_event_source_set_enabled(l->timer, SD_EVENT_OFF);
	if (r < 0) {
		line_stop(l);
		return r;
	}
	open_port(l, boottime_us());
	line_settle(l);
	return 0;
}

void line_stop(struct line *l)
{
	if (!l->event)
		return;
	close_port(l, INT64_MAX);
	l->timer = sd_event_source_disable_unref(l->timer);
	l->event = NULL;
}

void line_hush(struct line *l)
{
	l->hushed = true;
	line_settle(l);
}

int line_send(struct line *l, const uint8_t *frame, size_t length, int64_t now_us)
{
	return ash_send(&l->ash, frame, length, now_us);
}

void line_reset(struct line *l, int64_t now_us)
{
	if (l->fd < 0 || l->hushed)
		return;
	/* What is half written is taken back by the first byte of the reset. */
	forget_out(l);
	ash_reset(&l->ash, now_us);
}

void line_silence(struct line *l)
{
	if (l->fd < 0)
		return;
	forget_out(l);
	ash_stop(&l->ash);
}

void line_settle(struct line *l)
{
	if (l->turning || !l->event)
		return;
	write_out(l, boottime_us());
	arm(l);
}

const char *line_words(const struct line *l, enum line_why why, int detail, char *buf, size_t size)
{
	char open_words[192];

	switch (why) {
	case LINE_NO_PORT:
		(void)snprintf(buf, size, "the port %s cannot be opened: %s", l->path,
			serial_open_words(detail, l->path, open_words, sizeof(open_words)));
		break;
	case LINE_UNPLUGGED:
		(void)snprintf(buf, size, "the radio was unplugged, or its port failed");
		break;
	case LINE_RADIO_RESET:
		(void)snprintf(buf, size, "the radio started anew by itself: %s",
			ash_code_words((uint8_t)detail));
		break;
	case LINE_RADIO_ERROR:
		(void)snprintf(buf, size, "the radio gave the link up: %s",
			ash_code_words((uint8_t)detail));
		break;
	case LINE_NO_ANSWER:
		(void)snprintf(buf, size,
			"the radio does not answer; see that BaudRate= and FlowControl= are those "
			"of "
			"its firmware, and that this is EZSP");
		break;
	case LINE_NOT_ASH:
		(void)snprintf(buf, size, "the radio speaks version %d of ASH, not %d", detail,
			ASH_VERSION);
		break;
	}
	return buf;
}
