/*
 * See serial.h.
 */
#include "zigbee/serial.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/serial.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
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

void serial_close(int fd, bool discards)
{
	struct termios t;

	/* Some drivers throw nothing away on command: without flow control it goes by itself. */
	if (discards && tcgetattr(fd, &t) == 0) {
		t.c_cflag &= ~(tcflag_t)CRTSCTS;
		t.c_iflag &= ~(tcflag_t)(IXON | IXOFF);
		(void)tcsetattr(fd, TCSANOW, &t);
		(void)tcflush(fd, TCOFLUSH);
	}
	(void)close(fd);
}

/* ---- why it cannot be had ---- */

static FILE *open_text(const char *path)
{
	return fopen(path, "re");
}

/* Of the machine's own file: who else would be asked may take long to answer. */
static bool find_group(gid_t gid, char *ret, size_t size)
{
	_cleanup_(fclosep) FILE *f = open_text("/etc/group");
	struct group *g;

	while (f && (g = fgetgrent(f)))
		if (g->gr_gid == gid) {
			(void)snprintf(ret, size, "%s", g->gr_name);
			return true;
		}
	return false;
}

static const char *permission_words(const char *path, char *buf, size_t size)
{
	char group[64];
	struct stat st;

	if (stat(path, &st) < 0)
		return "it may not be opened; its directory is closed to the service";
	if (!find_group(st.st_gid, group, sizeof(group)))
		(void)snprintf(group, sizeof(group), "%u", st.st_gid);
	(void)snprintf(buf, size,
		"it may not be opened (mode %04o, group %s); \"systemctl edit wardgated\": "
		"[Service] SupplementaryGroups=%s",
		st.st_mode & 07777, group, group);
	return buf;
}

pid_t serial_holder(const char *path)
{
	_cleanup_(fclosep) FILE *f = open_text("/proc/locks");
	unsigned long inode;
	unsigned high, low;
	char line[256];
	struct stat st;
	int pid;

	if (!f || stat(path, &st) < 0)
		return 0;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s FLOCK %*s %*s %d %x:%x:%lu", &pid, &high, &low, &inode) ==
				4 &&
			inode == st.st_ino && makedev(high, low) == st.st_dev)
			return pid > 0 ? pid : 0;
	return 0;
}

static const char *busy_words(const char *path, char *buf, size_t size)
{
	_cleanup_(fclosep) FILE *f = NULL;
	pid_t pid = serial_holder(path);
	char name[64] = "", comm[64];

	(void)snprintf(comm, sizeof(comm), "/proc/%d/comm", (int)pid);
	f = open_text(comm);
	if (f && fgets(name, sizeof(name), f))
		name[strcspn(name, "\n")] = 0;
	if (pid == 0)
		return "another program has it; end that one, only one can speak to the radio";
	(void)snprintf(buf, size,
		"another program has it, %s%sprocess %d; end that one, only one can speak to the "
		"radio",
		name, name[0] ? ", " : "", (int)pid);
	return buf;
}

static const char *missing_words(const char *directory, char *buf, size_t size)
{
	static const char plug[] = "it is not there; is the radio plugged in?";
	DIR *d = opendir(directory);
	const struct dirent *e;
	int n;

	while (d && (e = readdir(d)) && e->d_name[0] == '.')
		;
	n = d && e ? snprintf(buf, size, "%s There is %s/%s", plug, directory, e->d_name) : 0;
	if (d)
		(void)closedir(d);
	return n > 0 && (size_t)n < size ? buf : plug;
}

const char *serial_open_words(int error, const char *path, char *buf, size_t size)
{
	switch (-error) {
	case ENOENT:
	case ENXIO:
	case ENODEV:
		return missing_words(SERIAL_BY_ID, buf, size);
	case EACCES:
	case EPERM:
		return permission_words(path, buf, size);
	case EBUSY:
		return busy_words(path, buf, size);
	case ENOTTY:
		return "it is no serial port; give the radio's name in " SERIAL_BY_ID;
	case EINVAL:
		return "it does not take this BaudRate= or FlowControl=";
	default:
		return strerrordesc_np(-error) ?: "unknown error";
	}
}
