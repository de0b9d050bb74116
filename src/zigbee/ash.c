/*
 * The host's side of ASH: see ash.h. Numbers and rules are those of UG101
 * ("UART Gateway Protocol Reference"), sections named in comments by topic.
 */
#include "zigbee/ash.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#define NUMBER(control) ((control) >> 4 & 7)
#define ACK_NUMBER(control) ((control)&7)
#define REPEATED 0x08 /* in DATA */

static struct ash_slot *slot(struct ash *a, unsigned i)
{
	return &a->queue[(a->first + i) % ASH_QUEUE_MAX];
}

static void stop_timer(struct ash *a)
{
	a->ack_deadline_us = INT64_MAX;
}

static void start_timer(struct ash *a, int64_t now_us)
{
	a->ack_started_us = now_us;
	a->ack_deadline_us = now_us + a->ack_wait_us;
}

/* As after a reset of both sides; nothing that was queued is left. */
static void clear(struct ash *a)
{
	a->reader = (struct ash_reader){ 0 };
	a->expected = 0;
	a->rejecting = false;
	a->owes_ack = a->owes_nak = a->owes_reset = false;
	a->first = a->count = a->unacknowledged = 0;
	explicit_bzero(a->queue, sizeof(a->queue));
	a->number = 0;
	a->repeating = false;
	a->repeat = 0;
	a->ack_wait_us = ASH_ACK_FIRST_US;
	a->timeouts = 0;
	a->reset_deadline_us = INT64_MAX;
	stop_timer(a);
	a->life++;
}

void ash_init(struct ash *a, const struct ash_ops *ops, unsigned window)
{
	assert(window >= 1 && window <= ASH_WINDOW_MAX);
	*a = (struct ash){ .ops = ops, .window = (uint8_t)window };
	clear(a);
}

void ash_stop(struct ash *a)
{
	clear(a);
	a->state = ASH_DOWN;
}

static void send_reset(struct ash *a, int64_t wait_us, int64_t now_us)
{
	a->owes_reset = true;
	a->resets++;
	a->reset_deadline_us = now_us + wait_us;
}

void ash_reset(struct ash *a, int64_t now_us)
{
	clear(a);
	a->state = ASH_RESETTING;
	a->resets = 0;
	send_reset(a, ASH_RESET_FIRST_US, now_us);
}

static void go_down(struct ash *a, enum ash_reason reason, uint8_t code, int64_t now_us)
{
	ash_stop(a);
	a->ops->down(a, reason, code, now_us);
}

static void repeat_all(struct ash *a)
{
	if (a->repeating || a->unacknowledged == 0)
		return;
	a->repeating = true;
	a->repeat = 0;
	stop_timer(a);
}

/* Adapts how long we wait: to four times the round trip, slowly. One that had a repetition in it
 * says nothing, as nobody knows which of the two was answered. */
static void learn(struct ash *a, unsigned acknowledged, int64_t now_us)
{
	int64_t wait_us = (7 * a->ack_wait_us + 4 * (now_us - a->ack_started_us)) / 8;

	if (a->ack_deadline_us == INT64_MAX)
		return;
	for (unsigned i = 0; i < acknowledged; i++)
		if (slot(a, i)->repeated)
			return;
	if (wait_us < ASH_ACK_MIN_US)
		wait_us = ASH_ACK_MIN_US;
	if (wait_us > ASH_ACK_MAX_US)
		wait_us = ASH_ACK_MAX_US;
	a->ack_wait_us = wait_us;
}

/* False when the number is none that can be. */
static bool take_ack(struct ash *a, uint8_t control, int64_t now_us)
{
	unsigned n = (unsigned)(ACK_NUMBER(control) - a->number) & 7;

	if (n > a->unacknowledged) {
		a->counters.bad_numbers++;
		return false;
	}
	if (n == 0)
		return true;
	learn(a, n, now_us);
	/* it may have been a key */
	for (unsigned i = 0; i < n; i++)
		explicit_bzero(slot(a, i)->data, slot(a, i)->length);
	a->first = (a->first + n) % ASH_QUEUE_MAX;
	a->count -= n;
	a->unacknowledged -= n;
	a->number = (a->number + n) & 7;
	a->repeat = a->repeat > n ? a->repeat - n : 0;
	if (a->repeat >= a->unacknowledged)
		a->repeating = false;
	a->timeouts = 0;
	a->progress_us = now_us;
	if (a->unacknowledged == 0 || a->repeating)
		stop_timer(a);
	else
		start_timer(a, now_us);
	return true;
}

/* A frame that cannot be used. Only what looks like DATA is asked for again, and only once until
 * the frame that was asked for has come: a NAK for each of a window's frames would start as many
 * repetitions. */
static void reject(struct ash *a, uint8_t control)
{
	if (a->state != ASH_UP || (control & 0x80) || a->rejecting)
		return;
	a->rejecting = true;
	a->owes_nak = true;
}

static void on_data(struct ash *a, uint8_t *frame, size_t length, int64_t now_us)
{
	uint8_t control = frame[0];

	if (length < 1 + ASH_DATA_MIN) {
		a->counters.bad_frames++;
		reject(a, control);
		return;
	}
	if (!take_ack(a, control, now_us)) {
		reject(a, control);
		return;
	}
	if (NUMBER(control) != a->expected) {
		if (control & REPEATED) {
			a->counters.duplicates++;
			a->owes_ack = true;
		} else {
			a->counters.out_of_order++;
			reject(a, control);
		}
		return;
	}
	a->expected = (a->expected + 1) & 7;
	a->rejecting = false;
	a->owes_nak = false;
	a->owes_ack = true;
	a->counters.received++;
	ash_randomize(frame + 1, length - 1);
	a->ops->data(a, frame + 1, length - 1, now_us);
}

static void on_short(struct ash *a, uint8_t control, size_t length, int64_t now_us)
{
	bool nak = (control & 0xE0) == ASH_CONTROL_NAK;

	if (length != 1) {
		a->counters.bad_frames++;
		return;
	}
	a->counters.naks_received += nak;
	if (take_ack(a, control, now_us) && nak)
		repeat_all(a);
}

/* RSTACK while we wait for it. One of another cause is that of a radio that was switched on or
 * reset by its pin: it may not have heard our reset, and does not owe an answer to it. */
static void on_boot(struct ash *a, uint8_t version, uint8_t code, int64_t now_us)
{
	if (code != ASH_CODE_SOFTWARE) {
		if (a->reset_deadline_us > now_us + ASH_RESET_BOOTED_US)
			a->reset_deadline_us = now_us + ASH_RESET_BOOTED_US;
		return;
	}
	if (a->owes_reset && a->resets == 1)
		return; /* to a reset of somebody before us */
	if (version != ASH_VERSION) {
		go_down(a, ASH_OTHER_VERSION, version, now_us);
		return;
	}
	clear(a);
	a->state = ASH_UP;
	a->ops->up(a, now_us);
}

static void on_reset(struct ash *a, const uint8_t *frame, size_t length, int64_t now_us)
{
	bool error = frame[0] == ASH_CONTROL_ERROR;

	if (length != 3) {
		a->counters.bad_frames++;
		return;
	}
	if (error)
		a->counters.radio_errors++;
	else
		a->counters.radio_resets++;
	if (a->state == ASH_UP)
		go_down(a, error ? ASH_RADIO_ERROR : ASH_RADIO_RESET, frame[2], now_us);
	else if (!error)
		on_boot(a, frame[1], frame[2], now_us);
	/* An error while we reset is of before: the radio sends them until it has heard us. */
}

static void on_frame(struct ash *a, uint8_t *frame, size_t length, int64_t now_us)
{
	uint8_t control = frame[0];

	if (control == ASH_CONTROL_RSTACK || control == ASH_CONTROL_ERROR) {
		on_reset(a, frame, length, now_us);
		return;
	}
	if (a->state != ASH_UP)
		return;
	if (!(control & 0x80))
		on_data(a, frame, length, now_us);
	else if ((control & 0xE0) == ASH_CONTROL_ACK || (control & 0xE0) == ASH_CONTROL_NAK)
		on_short(a, control, length, now_us);
	else
		a->counters.unknown++;
}

void ash_receive(struct ash *a, const uint8_t *bytes, size_t length, int64_t now_us)
{
	unsigned life = a->life;
	size_t n = 0;

	/* What an op has made of the link ends this read: the rest is of before. */
	for (size_t i = 0; i < length && a->state != ASH_DOWN; i++) {
		switch (ash_reader_take(&a->reader, bytes[i], &n)) {
		case ASH_READ_MORE:
			break;
		case ASH_READ_CANCELLED:
			a->counters.cancelled++;
			break;
		case ASH_READ_BAD:
			a->counters.bad_frames++;
			reject(a, a->reader.frame[0]);
			break;
		case ASH_READ_FRAME: {
			bool resetting = a->state == ASH_RESETTING;

			on_frame(a, a->reader.frame, n, now_us);
			if (a->life == life)
				break;
			if (!resetting || a->state != ASH_UP)
				return;
			life = a->life; /* up: frames may follow at once */
			break;
		}
		}
	}
}

int ash_send(struct ash *a, const uint8_t *data, size_t length, int64_t now_us)
{
	struct ash_slot *s;

	if (length < ASH_DATA_MIN || length > ASH_DATA_MAX)
		return -EMSGSIZE;
	if (a->state != ASH_UP)
		return -ENOTCONN;
	if (a->count == ASH_QUEUE_MAX)
		return -ENOBUFS;
	if (a->count == 0)
		a->progress_us = now_us;
	s = slot(a, a->count++);
	s->length = (uint16_t)length;
	s->repeated = false;
	memcpy(s->data, data, length);
	ash_randomize(s->data, length);
	return 0;
}

/* An ACK or a NAK. */
static size_t write_short(struct ash *a, uint8_t *to)
{
	uint8_t control = a->owes_nak ? ASH_CONTROL_NAK : ASH_CONTROL_ACK;

	if (a->owes_nak)
		a->counters.naks_sent++;
	else
		a->counters.acks_sent++;
	control |= a->expected;
	a->owes_nak = a->owes_ack = false;
	return ash_frame_write(to, control, NULL, 0);
}

static size_t write_data(struct ash *a, uint8_t *to, unsigned i, int64_t now_us)
{
	struct ash_slot *s = slot(a, i);
	unsigned number = (a->number + i) & 7;
	uint8_t control = (uint8_t)(number << 4 | a->expected);

	if (s->repeated)
		control |= REPEATED;
	a->owes_ack = false;
	if (a->ack_deadline_us == INT64_MAX)
		start_timer(a, now_us);
	return ash_frame_write(to, control, s->data, s->length);
}

/* The next frame that is due; 0 when none is. A NAK goes before all data, as it says what is
 * missing; an ACK only when no data frame is there to carry it now. */
static size_t write_next(struct ash *a, uint8_t *to, int64_t now_us)
{
	if (a->owes_reset) {
		a->owes_reset = false;
		a->counters.resets++;
		to[0] = ASH_CANCEL;
		return 1 + ash_frame_write(to + 1, ASH_CONTROL_RST, NULL, 0);
	}
	if (a->state != ASH_UP)
		return 0;
	if (a->owes_nak)
		return write_short(a, to);
	if (a->repeating) {
		unsigned i = a->repeat++;

		if (a->repeat >= a->unacknowledged)
			a->repeating = false;
		slot(a, i)->repeated = true;
		a->counters.repeated++;
		return write_data(a, to, i, now_us);
	}
	if (a->unacknowledged < a->count && a->unacknowledged < a->window) {
		a->counters.sent++;
		return write_data(a, to, a->unacknowledged++, now_us);
	}
	return a->owes_ack ? write_short(a, to) : 0;
}

size_t ash_output(struct ash *a, uint8_t *to, size_t size, int64_t now_us)
{
	size_t at = 0, n;

	assert(size >= ASH_OUTPUT_MIN);
	while (size - at >= ASH_OUTPUT_MIN && (n = write_next(a, to + at, now_us)) > 0)
		at += n;
	return at;
}

static int64_t stuck_us(const struct ash *a)
{
	return a->count > 0 ? a->progress_us + ASH_STUCK_US : INT64_MAX;
}

int64_t ash_deadline(const struct ash *a)
{
	int64_t next = a->reset_deadline_us;

	if (a->ack_deadline_us < next)
		next = a->ack_deadline_us;
	return stuck_us(a) < next ? stuck_us(a) : next;
}

void ash_tick(struct ash *a, int64_t now_us)
{
	if (now_us >= a->reset_deadline_us) {
		if (a->resets >= ASH_RESETS_MAX) {
			go_down(a, ASH_RESET_FAILED, 0, now_us);
			return;
		}
		send_reset(a, ASH_RESET_US, now_us);
	}
	if (now_us >= stuck_us(a)) {
		go_down(a, ASH_NO_PROGRESS, 0, now_us);
		return;
	}
	if (now_us >= a->ack_deadline_us) {
		a->counters.timeouts++;
		if (++a->timeouts >= ASH_TIMEOUTS_MAX) {
			go_down(a, ASH_NO_ANSWER, 0, now_us);
			return;
		}
		a->ack_wait_us =
			2 * a->ack_wait_us < ASH_ACK_MAX_US ? 2 * a->ack_wait_us : ASH_ACK_MAX_US;
		stop_timer(a); /* also when a repetition is under way: its next frame starts it */
		repeat_all(a);
	}
}

const char *ash_code_words(uint8_t code)
{
	switch (code) {
	case ASH_CODE_EXTERNAL:
		return "external reset";
	case ASH_CODE_POWER_ON:
		return "power-on";
	case ASH_CODE_WATCHDOG:
		return "watchdog";
	case ASH_CODE_ASSERT:
		return "assertion failed";
	case ASH_CODE_BOOTLOADER:
		return "bootloader";
	case ASH_CODE_SOFTWARE:
		return "software reset";
	case ASH_CODE_ACK_TIMEOUTS:
		return "host did not acknowledge in time";
	default:
		return "unknown cause";
	}
}
