/*
 * See serial.h.
 */
#include "zigbee/serial.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/serial.h>
#include <stdint.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "util/cleanup.h"

static const struct {
	unsigned baud_rate;
	speed_t speed;
} speeds[] = {
	{ 9600, B9600 },
	{ 19200, B19200 },
	{ 38400, B38400 },
	{ 57600, B57600 },
	{ 115200, B115200 },
	{ 230400, B230400 },
	{ 460800, B460800 },
	{ 921600, B921600 },
};

static bool find_speed(unsigned baud_rate, speed_t *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(speeds); i++)
		if (speeds[i].baud_rate == baud_rate) {
			*ret = speeds[i].speed;
			return true;
		}
	return false;
}

/* Both locks are advice that other hosts of radios heed, one or the other. */
static int take(int fd)
{
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	if (ioctl(fd, TIOCEXCL) < 0)
		return -errno;
	return 0;
}

static int set(int fd, speed_t speed, enum serial_flow flow)
{
	tcflag_t flow_control = flow == SERIAL_FLOW_HARDWARE ? CRTSCTS : 0;
	tcflag_t flow_input = flow == SERIAL_FLOW_SOFTWARE ? IXON | IXOFF : 0;
	struct termios t;

	if (tcgetattr(fd, &t) < 0)
		return -errno;
	cfmakeraw(&t);
	t.c_iflag = IGNPAR | flow_input;
	/* HUPCL would let DTR fall at a close, which some sticks take for a reset. */
	t.c_cflag &= ~(tcflag_t)(CSTOPB | CRTSCTS | HUPCL);
	t.c_cflag |= CLOCAL | CREAD | flow_control;
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	if (cfsetispeed(&t, speed) < 0 || cfsetospeed(&t, speed) < 0)
		return -errno;
	if (tcsetattr(fd, TCSANOW, &t) < 0)
		return -errno;
	/* It succeeds when anything at all could be set. */
	if (tcgetattr(fd, &t) < 0)
		return -errno;
	if (cfgetospeed(&t) != speed || (t.c_cflag & CRTSCTS) != flow_control ||
		(t.c_iflag & (IXON | IXOFF)) != flow_input)
		return -EINVAL;
	return 0;
}

/* Some adapters gather bytes for 16 ms otherwise: a radio waits for each acknowledgement. */
static void be_prompt(int fd)
{
	struct serial_struct s;

	if (ioctl(fd, TIOCGSERIAL, &s) < 0)
		return;
	s.flags |= ASYNC_LOW_LATENCY;
	(void)ioctl(fd, TIOCSSERIAL, &s);
}

int serial_open(const char *path, unsigned baud_rate, enum serial_flow flow)
{
	_cleanup_(closep) int fd = -1;
	speed_t speed;
	int r;

	if (!find_speed(baud_rate, &speed))
		return -EINVAL;
	fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (!isatty(fd))
		return -ENOTTY;
	r = take(fd);
	if (r == 0)
		r = set(fd, speed, flow);
	if (r < 0)
		return r;
	be_prompt(fd);
	/* What another host or a boot loader said. */
	(void)tcflush(fd, TCIOFLUSH);
	return TAKE_FD(fd);
}

const char *serial_open_words(int error)
{
	switch (-error) {
	case ENOENT:
	case ENXIO:
	case ENODEV:
		return "it is not there; is the radio plugged in?";
	case EACCES:
	case EPERM:
		return "it may not be opened; its group, usually dialout, has to be one of the "
		       "service's";
	case EBUSY:
		return "another program has it; end that one, only one can speak to the radio";
	case ENOTTY:
		return "it is no serial port; give the radio's name in /dev/serial/by-id";
	case EINVAL:
		return "it does not take this BaudRate= or FlowControl=";
	default:
		return strerrordesc_np(-error) ?: "unknown error";
	}
}
