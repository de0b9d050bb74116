/*
 * The line to the radio over a pseudo-terminal, with the radio's side played by
 * ash_peer.h: up, frames both ways, and every way in which it goes down and
 * comes back.
 */
#include "zigbee/line.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "unit/unit.h"
#include "unit/zigbee/ash_peer.h"
#include "util/cleanup.h"

#define LIMIT_US INT64_C(20000000)

static struct world {
	char directory[32], path[48]; /* a name that stays, as in by-id */
	int radio;                    /* the other end; -1: unplugged */
	sd_event *event;
	struct line line;
	struct ash_peer peer;
	unsigned ups, turns;
	char log[256]; /* of down and closed */
	uint8_t got[64][8], heard[64][8];
	unsigned got_count, heard_count;
} w;

static void on_opened(struct line *l, int64_t now_us)
{
	line_reset(l, now_us);
}

static void on_up(struct line *l, int64_t now_us)
{
	w.ups++;
}

static void on_data(struct line *l, const uint8_t *bytes, size_t length, int64_t now_us)
{
	assert_true(length == 8 && w.got_count < 64);
	memcpy(w.got[w.got_count++], bytes, length);
}

static void log_line(const char *what, enum line_why why, int detail)
{
	size_t n = strlen(w.log);

	snprintf(w.log + n, sizeof(w.log) - n, "%s %d/%d ", what, (int)why, detail);
}

static void on_down(struct line *l, enum line_why why, int detail, int64_t now_us)
{
	log_line("down", why, detail);
	line_reset(l, now_us);
}

static void on_closed(struct line *l, enum line_why why, int detail, int64_t now_us)
{
	log_line("closed", why, detail);
}

static void on_turned(struct line *l, int64_t now_us)
{
	w.turns++;
}

static const struct line_ops ops = { on_opened, on_up, on_data, on_down, on_closed, on_turned };

static void on_delivered(struct ash_peer *p, const uint8_t *data, size_t n)
{
	assert_true(n == 8 && w.heard_count < 64);
	memcpy(w.heard[w.heard_count++], data, n);
}

static void on_rebooted(struct ash_peer *p)
{
}

static void plug_in(void)
{
	char name[64];
	int port;

	assert_int_equal(openpty(&w.radio, &port, name, NULL, NULL), 0);
	close(port);
	assert_int_equal(fcntl(w.radio, F_SETFL, O_NONBLOCK), 0);
	(void)unlink(w.path);
	assert_int_equal(symlink(name, w.path), 0);
	ash_peer_init(&w.peer);
	w.peer.deliver = on_delivered;
	w.peer.rebooted = on_rebooted;
	w.peer.boot_takes_us = 1000;
}

static void unplug(void)
{
	(void)unlink(w.path);
	close(w.radio);
	w.radio = -1;
}

/* The radio's turn. */
static void play(bool answers)
{
	uint8_t bytes[1024];
	ssize_t n;

	if (w.radio < 0)
		return;
	while ((n = read(w.radio, bytes, sizeof(bytes))) > 0)
		if (answers)
			ash_peer_receive(&w.peer, bytes, (size_t)n, boottime_us());
	if (answers)
		ash_peer_turn(&w.peer, boottime_us());
	if (w.peer.said_n > 0)
		assert_int_equal(
			write(w.radio, w.peer.said, w.peer.said_n), (ssize_t)w.peer.said_n);
	w.peer.said_n = 0;
}

#define UNTIL_BUT(answers, condition)                                                              \
	do {                                                                                       \
		int64_t _limit = boottime_us() + LIMIT_US;                                         \
		while (!(condition)) {                                                             \
			assert_true(boottime_us() < _limit);                                       \
			play(answers);                                                             \
			assert_true(sd_event_run(w.event, 1000) >= 0);                             \
		}                                                                                  \
	} while (0)
#define UNTIL(condition) UNTIL_BUT(true, condition)

static int set_up(void **state)
{
	memset(&w, 0, sizeof(w));
	snprintf(w.directory, sizeof(w.directory), "/tmp/line-XXXXXX");
	assert_non_null(mkdtemp(w.directory));
	snprintf(w.path, sizeof(w.path), "%s/radio", w.directory);
	assert_true(sd_event_new(&w.event) >= 0);
	w.radio = -1;
	return 0;
}

static int tear_down(void **state)
{
	line_stop(&w.line);
	line_stop(&w.line);
	if (w.radio >= 0)
		close(w.radio);
	sd_event_unref(w.event);
	(void)unlink(w.path);
	(void)rmdir(w.directory);
	return 0;
}

static void start(void)
{
	assert_int_equal(
		line_start(&w.line, &ops, &w, w.event, w.path, 115200, SERIAL_FLOW_NONE), 0);
}

static void test_frames_go_both_ways(void **state)
{
	uint8_t frame[8] = "0000000";

	plug_in();
	start();
	assert_int_equal(line_send(&w.line, frame, 8, boottime_us()), -ENOTCONN);
	UNTIL(w.ups == 1);
	for (uint8_t i = 0; i < 40; i++) {
		frame[0] = i;
		assert_int_equal(line_send(&w.line, frame, 8, boottime_us()), 0);
		line_settle(&w.line);
		frame[1] = i;
		assert_true(ash_peer_send(&w.peer, frame, 8));
		UNTIL(w.got_count > i && w.heard_count > i);
	}
	for (uint8_t i = 0; i < 40; i++)
		assert_true(w.got[i][0] == i && w.got[i][1] == i && w.heard[i][0] == i);
	assert_string_equal(w.log, "");
	assert_int_equal(w.line.ash.counters.timeouts + w.line.ash.counters.repeated, 0);
	/* what has gone may have been a key */
	for (size_t i = 0; i < sizeof(w.line.out); i++)
		assert_int_equal(w.line.out[i], 0);
	assert_true(w.turns > 0);
	assert_int_equal(w.line.ash.counters.received, 40);
	assert_int_equal(w.line.ash.counters.sent, 40);
}

static void test_a_radio_that_starts_anew_is_reset(void **state)
{
	char text[160];

	plug_in();
	start();
	UNTIL(w.ups == 1);
	ash_peer_fail(&w.peer, ASH_CODE_WATCHDOG);
	UNTIL(w.ups == 2);
	assert_string_equal(w.log, "down 3/3 ");
	assert_non_null(
		strstr(line_words(&w.line, LINE_RADIO_ERROR, 3, text, sizeof(text)), "watchdog"));
	line_reset(&w.line, boottime_us());
	line_settle(&w.line);
	UNTIL(w.ups == 3);
	assert_string_equal(w.log, "down 3/3 ");
	/* the resets that were asked for are none of the radio's own */
	assert_int_equal(w.line.counters.radio_resets, 1);
}

static void test_unplugged_and_plugged_in_again(void **state)
{
	plug_in();
	start();
	UNTIL(w.ups == 1);
	unplug();
	UNTIL(strcmp(w.log, "closed 1/0 closed 0/-2 ") == 0);
	plug_in();
	UNTIL(w.ups == 2);
	/* told once each, however often the port was tried */
	assert_string_equal(w.log, "closed 1/0 closed 0/-2 ");
	assert_int_equal(w.line.counters.unplugged, 1);
	assert_int_equal(w.line.counters.opened, 2);
	/* those of frames go on, too */
	assert_true(w.line.ash.counters.resets >= 2);
}

static void test_not_there_at_first(void **state)
{
	start();
	assert_string_equal(w.log, "closed 0/-2 ");
	plug_in();
	UNTIL(w.ups == 1);
}

static void test_another_program_has_it(void **state)
{
	int other;

	plug_in();
	other = serial_open(w.path, 115200, SERIAL_FLOW_NONE);
	assert_true(other >= 0);
	start();
	assert_int_equal(w.line.told_detail, -EBUSY);
	close(other);
	UNTIL(w.ups == 1);
}

/* On the way out: nothing is taken, and so nothing confirmed, but an answer may still go. */
static void test_hushed(void **state)
{
	uint8_t frame[8] = "1111111";

	plug_in();
	start();
	UNTIL(w.ups == 1);
	assert_true(ash_peer_send(&w.peer, frame, 8));
	UNTIL(w.got_count == 1);
	line_hush(&w.line);
	assert_true(ash_peer_send(&w.peer, frame, 8));
	play(true);
	assert_int_equal(line_send(&w.line, frame, 8, boottime_us()), 0);
	line_settle(&w.line);
	UNTIL(w.heard_count == 1);
	line_reset(&w.line, boottime_us());
	line_settle(&w.line);
	unplug();
	UNTIL(w.line.fd < 0);
	assert_int_equal(w.got_count, 1);
	assert_int_equal(w.ups, 1);
	assert_string_equal(w.log, "");
	assert_true(w.line.reopen_us == INT64_MAX);
}

/* Whether what it holds back by flow control keeps nobody waiting. */
static bool lets_go(void)
{
	struct termios t;

	assert_int_equal(tcgetattr(w.radio, &t), 0);
	return (t.c_cflag & CRTSCTS) == 0;
}

/* A radio that answers gets what is on its way; for one that does not, nobody waits. */
static void test_stopped_with_something_to_say(void **state)
{
	uint8_t frame[8] = "2222222";

	for (unsigned i = 0; i < 2; i++) {
		plug_in();
		assert_int_equal(line_start(&w.line, &ops, &w, w.event, w.path, 115200,
					 SERIAL_FLOW_HARDWARE),
			0);
		assert_false(lets_go());
		if (i == 1) {
			UNTIL(w.ups == 1);
			assert_int_equal(line_send(&w.line, frame, 8, boottime_us()), 0);
			line_settle(&w.line);
		}
		line_stop(&w.line);
		assert_int_equal(lets_go(), i == 0);
		play(true);
		assert_int_equal(w.heard_count, i);
		unplug();
	}
}

/* What a radio says that is no ASH leaves it waiting, not confused. */
static void test_noise_before_the_first_word(void **state)
{
	plug_in();
	assert_int_equal(write(w.radio, "\0bootloader v1\r\n~~~\x7d", 21), 21);
	start();
	UNTIL_BUT(false, w.line.counters.opened == 1);
	assert_int_equal(write(w.radio, "\x1a\xc1\x02\x03 nonsense ~", 14), 14);
	UNTIL(w.ups == 1);
	assert_string_equal(w.log, "");
}

static void test_every_reason_has_words(void **state)
{
	static const struct {
		enum line_why why;
		int detail;
		const char *words;
	} rows[] = {
		{ LINE_NO_PORT, -ENOENT, "plugged in" },
		{ LINE_NO_PORT, -EBUSY, "another program" },
		{ LINE_UNPLUGGED, 0, "unplugged" },
		{ LINE_RADIO_RESET, 3, "watchdog" },
		{ LINE_RADIO_ERROR, 0x51, "acknowledge" },
		{ LINE_NO_ANSWER, 0, "FlowControl=" },
		{ LINE_NOT_ASH, 3, "version 3" },
	};
	const struct line l = { .path = "/dev/serial/by-id/radio" };
	char text[320];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_non_null(
			strstr(line_words(&l, rows[i].why, rows[i].detail, text, sizeof(text)),
				rows[i].words));
}

#define ROW(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(test_frames_go_both_ways),
		ROW(test_a_radio_that_starts_anew_is_reset),
		ROW(test_unplugged_and_plugged_in_again),
		ROW(test_not_there_at_first),
		ROW(test_another_program_has_it),
		ROW(test_hushed),
		ROW(test_stopped_with_something_to_say),
		ROW(test_noise_before_the_first_word),
		cmocka_unit_test(test_every_reason_has_words),
	};

	return RUN_TESTS(tests);
}
