/*
 * The port of the radio, on pseudo-terminals: raw, for one program only, and
 * what is said of ports that cannot be had.
 */
#include "zigbee/serial.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <termios.h>
#include <unistd.h>

#include "config/schema.h"
#include "unit/unit.h"
#include "util/cleanup.h"

struct line {
	int radio;
	char path[64];
};

static struct line make_line(void)
{
	struct line l;
	int port;

	assert_int_equal(openpty(&l.radio, &port, l.path, NULL, NULL), 0);
	close(port);
	return l;
}

static void arrives(int fd, const void *bytes, size_t n)
{
	struct pollfd p = { fd, POLLIN, 0 };
	uint8_t got[64];

	assert_int_equal(poll(&p, 1, 5000), 1);
	assert_int_equal(read(fd, got, sizeof(got)), n);
	assert_memory_equal(got, bytes, n);
}

static void test_every_byte_goes_through_as_it_is(void **state)
{
	/* all that a terminal would act on, and the bytes of flow control */
	static const uint8_t bytes[] = { 0x00, 0x03, 0x04, 0x0a, 0x0d, 0x11, 0x13, 0x1a, 0x1c, 0x7f,
		0xff };
	struct line l = make_line();
	_cleanup_(closep) int radio __attribute__((unused)) = l.radio;
	_cleanup_(closep) int port = serial_open(l.path, 115200, SERIAL_FLOW_NONE);

	assert_true(port >= 0);
	assert_int_equal(write(port, bytes, sizeof(bytes)), sizeof(bytes));
	arrives(radio, bytes, sizeof(bytes));
	assert_int_equal(write(radio, bytes, sizeof(bytes)), sizeof(bytes));
	arrives(port, bytes, sizeof(bytes));
	assert_int_equal(read(port, &l, 1), -1);
	assert_int_equal(errno, EAGAIN);
}

static void test_it_is_as_it_was_asked_for(void **state)
{
	static const struct {
		enum serial_flow flow;
		tcflag_t control, input;
	} rows[] = { { SERIAL_FLOW_NONE, 0, 0 }, { SERIAL_FLOW_HARDWARE, CRTSCTS, 0 },
		{ SERIAL_FLOW_SOFTWARE, 0, IXON | IXOFF } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct line l = make_line();
		_cleanup_(closep) int radio __attribute__((unused)) = l.radio;
		_cleanup_(closep) int port = serial_open(l.path, 57600, rows[i].flow);
		struct termios t;

		assert_true(port >= 0);
		assert_true(fcntl(port, F_GETFD) & FD_CLOEXEC);
		assert_int_equal(tcgetattr(port, &t), 0);
		assert_int_equal(t.c_cflag & (CRTSCTS | CSIZE | PARENB | CSTOPB | HUPCL),
			rows[i].control | CS8);
		assert_int_equal(t.c_iflag & (IXON | IXOFF | ICRNL | ISTRIP), rows[i].input);
		assert_int_equal(t.c_lflag & (ICANON | ECHO | ISIG), 0);
		assert_int_equal(t.c_oflag & OPOST, 0);
		assert_int_equal(cfgetospeed(&t), B57600);
	}
}

static void test_what_waited_is_thrown_away(void **state)
{
	struct line l = make_line();
	_cleanup_(closep) int radio __attribute__((unused)) = l.radio;
	_cleanup_(closep) int before = serial_open(l.path, 115200, SERIAL_FLOW_NONE);
	_cleanup_(closep) int port = -1;
	struct pollfd p = { before, POLLIN, 0 };

	assert_int_equal(write(radio, "old", 3), 3);
	assert_int_equal(poll(&p, 1, 5000), 1);
	close(TAKE_FD(before));
	port = serial_open(l.path, 115200, SERIAL_FLOW_NONE);
	assert_true(port >= 0);
	assert_int_equal(write(radio, "new", 3), 3);
	arrives(port, "new", 3);
}

/* What a radio does not take is not waited for at the end, where that is asked for. */
static void test_closed_at_once(void **state)
{
	static const enum serial_flow flows[] = { SERIAL_FLOW_HARDWARE, SERIAL_FLOW_SOFTWARE };

	for (size_t i = 0; i < 4; i++) {
		struct line l = make_line();
		_cleanup_(closep) int radio __attribute__((unused)) = l.radio;
		int port = serial_open(l.path, 115200, flows[i & 1]);
		bool discards = i & 2;
		struct termios t;

		assert_true(port >= 0);
		assert_int_equal(write(port, "last", 4), 4);
		serial_close(port, discards);
		if (!discards)
			arrives(radio, "last", 4);
		assert_int_equal(tcgetattr(radio, &t), 0);
		assert_int_equal((t.c_cflag & CRTSCTS) || (t.c_iflag & (IXON | IXOFF)), !discards);
	}
}

static void test_only_one_has_it(void **state)
{
	struct line l = make_line();
	_cleanup_(closep) int radio __attribute__((unused)) = l.radio;
	char text[64], buf[256];
	int port = serial_open(l.path, 115200, SERIAL_FLOW_NONE);

	assert_true(port >= 0);
	assert_int_equal(serial_open(l.path, 115200, SERIAL_FLOW_NONE), -EBUSY);
	(void)snprintf(text, sizeof(text), "process %d;", (int)getpid());
	assert_non_null(strstr(serial_open_words(-EBUSY, l.path, buf, sizeof(buf)), text));
	assert_int_equal(serial_holder(l.path), getpid());
	close(port);
	assert_int_equal(serial_holder(l.path), 0);
	assert_non_null(strstr(
		serial_open_words(-EBUSY, l.path, buf, sizeof(buf)), "another program has it;"));
	port = serial_open(l.path, 115200, SERIAL_FLOW_NONE);
	assert_true(port >= 0);
	close(port);
}

static void test_what_cannot_be_opened_is_named(void **state)
{
	static const struct {
		const char *path;
		unsigned baud_rate;
		int error;
		const char *words;
	} rows[] = {
		{ "/nonexistent/radio", 115200, -ENOENT, "plugged in" },
		{ "/dev/null", 115200, -ENOTTY, "no serial port" },
		{ "/proc/self/exe", 115200, -ETXTBSY, "busy" },
		{ "/dev/ptmx", 115201, -EINVAL, "BaudRate=" },
	};

	char buf[256];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int r = serial_open(rows[i].path, rows[i].baud_rate, SERIAL_FLOW_NONE);

		assert_int_equal(r, rows[i].error);
		assert_non_null(strstr(
			serial_open_words(r, rows[i].path, buf, sizeof(buf)), rows[i].words));
	}
	/* whose it is, and of what group the service would have to be */
	assert_non_null(strstr(serial_open_words(-EACCES, "/dev/null", buf, sizeof(buf)),
		"(mode 0666, group root)"));
	assert_non_null(strstr(buf, "SupplementaryGroups=root"));
	assert_non_null(strstr(
		serial_open_words(-EACCES, "/nonexistent/x", buf, sizeof(buf)), "directory"));
}

static void test_every_speed_that_can_be_configured_can_be_had(void **state)
{
	const struct config_row *row = config_row_by_key(config_group(GROUP_ZIGBEE), "BaudRate");

	for (const struct config_word *w = row->words; w->text; w++) {
		struct line l = make_line();
		_cleanup_(closep) int radio __attribute__((unused)) = l.radio;
		_cleanup_(closep) int port =
			serial_open(l.path, (unsigned)w->value, SERIAL_FLOW_NONE);

		assert_true(port >= 0);
	}
	assert_int_equal(row->words[7].value, 921600);
	assert_int_equal(serial_open("/dev/ptmx", 0, SERIAL_FLOW_NONE), -EINVAL);
}

static void test_an_unplugged_radio_shows(void **state)
{
	struct line l = make_line();
	_cleanup_(closep) int port = serial_open(l.path, 115200, SERIAL_FLOW_NONE);
	struct pollfd p = { port, POLLIN, 0 };
	uint8_t byte;
	ssize_t n;

	assert_true(port >= 0);
	close(l.radio);
	assert_int_equal(poll(&p, 1, 5000), 1);
	n = read(port, &byte, 1);
	assert_true(n == 0 || (n < 0 && errno == EIO));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_byte_goes_through_as_it_is),
		cmocka_unit_test(test_it_is_as_it_was_asked_for),
		cmocka_unit_test(test_what_waited_is_thrown_away),
		cmocka_unit_test(test_closed_at_once),
		cmocka_unit_test(test_only_one_has_it),
		cmocka_unit_test(test_what_cannot_be_opened_is_named),
		cmocka_unit_test(test_every_speed_that_can_be_configured_can_be_had),
		cmocka_unit_test(test_an_unplugged_radio_shows),
	};

	return RUN_TESTS(tests);
}
