/*
 * See io.h. Bluetooth sockets do not block here: L2CAP connects in the
 * background, and the kernel does the link layer and the pairing.
 */
#include "ble/io.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* After those of libc, which they need. */
#include <bluetooth/bluetooth.h>
#include <bluetooth/hci.h>
#include <bluetooth/l2cap.h>

#include "ble/link.h"
#include "ble/mgmt.h"
#include "util/cleanup.h"

#define ATT_CID 4
/* What is on the air while the loop is busy elsewhere: some 0.7 s of 2,000 advertisements a second,
 * three quarters of a kilobyte each as the kernel counts. Its own size holds an eighth of it. */
#define CONTROL_BUFFER (1 << 20)

/* ---- a simulator's ---- */

static int connect_unix(const struct io *io, const char *rest)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	_cleanup_(closep) int fd = -1;

	if (snprintf(a.sun_path, sizeof(a.sun_path), "%s/%s", io->directory, rest) >=
		(int)sizeof(a.sun_path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&a, sizeof(a)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

/* ---- the kernel's ---- */

/* Beyond the system's limit takes a privilege; up to it, none. */
static void make_room(int fd)
{
	const int size = CONTROL_BUFFER / 2; /* the kernel doubles it */

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

static int open_control(void)
{
	struct sockaddr_hci a = { .hci_family = AF_BLUETOOTH,
		.hci_dev = HCI_DEV_NONE,
		.hci_channel = HCI_CHANNEL_CONTROL };
	_cleanup_(closep) int fd =
		socket(AF_BLUETOOTH, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, BTPROTO_HCI);

	if (fd < 0)
		return -errno;
	make_room(fd);
	if (bind(fd, (const struct sockaddr *)&a, sizeof(a)) < 0)
		return -errno;
#ifdef BT_SNDMTU
	{
		/* Keys are loaded in one packet. Kernels before 5.16 know no other size than
		 * theirs. */
		uint16_t mtu = MGMT_PACKET_MAX;

		(void)setsockopt(fd, SOL_BLUETOOTH, BT_SNDMTU, &mtu, sizeof(mtu));
	}
#endif
	return TAKE_FD(fd);
}

static struct sockaddr_l2 channel(const struct ble_address *who)
{
	struct sockaddr_l2 a = {
		.l2_family = AF_BLUETOOTH, .l2_cid = htobs(ATT_CID), .l2_bdaddr_type = who->type
	};

	memcpy(&a.l2_bdaddr, who->octets, sizeof(a.l2_bdaddr));
	return a;
}

static int connect_l2cap(
	const struct ble_address *adapter, const struct ble_address *device, unsigned level)
{
	struct sockaddr_l2 from = channel(adapter), to = channel(device);
	struct bt_security security = { .level = (uint8_t)level };
	_cleanup_(closep) int fd =
		socket(AF_BLUETOOTH, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, BTPROTO_L2CAP);

	if (fd < 0)
		return -errno;
	if (bind(fd, (const struct sockaddr *)&from, sizeof(from)) < 0)
		return -errno;
	if (level > LINK_LEVEL_NONE &&
		setsockopt(fd, SOL_BLUETOOTH, BT_SECURITY, &security, sizeof(security)) < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0 && errno != EINPROGRESS)
		return -errno;
	return TAKE_FD(fd);
}

/* ---- either ---- */

int io_open_mgmt(const struct io *io)
{
	return io->directory ? connect_unix(io, "mgmt") : open_control();
}

/* The simulator has this file while none of its adapters has a connection left. */
static bool is_full(const struct io *io)
{
	char path[sizeof(((struct sockaddr_un *)0)->sun_path) + 8];

	return snprintf(path, sizeof(path), "%s/full", io->directory) < (int)sizeof(path) &&
	       access(path, F_OK) == 0;
}

int io_connect(const struct io *io, const struct ble_address *adapter,
	const struct ble_address *device, unsigned level)
{
	char rest[BLE_ADDRESS_TEXT_SIZE + 8] = "att/";
	int r;

	if (!io->directory)
		return connect_l2cap(adapter, device, level);
	(void)ble_address_format(device, rest + 4);
	r = connect_unix(io, rest);
	/* As a kernel says it whose controller has no connection left. */
	return r == -ENOENT && is_full(io) ? -EMLINK : r;
}

int io_connect_result(int fd)
{
	int error = 0;
	socklen_t length = sizeof(error);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0)
		return -errno;
	return -error;
}

/* Of a connected socket: the level that the link has, not what was asked for; or a negative errno.
 */
static int level_of(int fd)
{
	struct bt_security s = { 0 };
	socklen_t length = sizeof(s);

	return getsockopt(fd, SOL_BLUETOOTH, BT_SECURITY, &s, &length) < 0 ? -errno : s.level;
}

/* On a simulator what is connected with keys is encrypted (see io.h). */
int io_secured(const struct io *io, int fd, unsigned level)
{
	struct bt_security s = { .level = (uint8_t)level };
	int has;

	if (io->directory || level <= LINK_LEVEL_NONE)
		return 0;
	has = level_of(fd);
	if (has < 0 || has >= (int)level)
		return has < 0 ? has : 0;
	if (setsockopt(fd, SOL_BLUETOOTH, BT_SECURITY, &s, sizeof(s)) == 0)
		return -EINPROGRESS;
	if (errno != EINVAL)
		return -errno;
	/* nothing is left to be done: it has the level by now, or it cannot be had */
	has = level_of(fd);
	return has >= (int)level ? 0 : -EACCES;
}

/* The kernel makes an errno of the reason that the controller gives (bt_to_errno()). */
const char *io_end_words(int error)
{
	switch (-error) {
	case ETIMEDOUT:
		return "the link was lost: the device is out of reach, or off";
	case ECONNABORTED:
	case ENETDOWN:
	case ENODEV:
		return "the adapter ended it";
	case EACCES:
		return "the device does not know the bond any more, or security was refused";
	default:
		return "the device ended it";
	}
}

const char *io_connect_words(int error)
{
	switch (-error) {
	case ETIMEDOUT:
	case ECONNREFUSED:
	case ENOENT:
		return "the device does not answer";
	case EACCES:
		return "the device does not know the bond any more, or security was refused";
	case EHOSTUNREACH:
	case ENETDOWN:
	case ENODEV:
		return "the adapter is off or gone";
	case EBUSY:
	case EAGAIN:
	case ENOMEM:
	case EMLINK:
		return "the adapter takes no further connection at present";
	case ECONNRESET:
	case EPIPE:
		return "the link broke";
	default:
		return "it failed";
	}
}
