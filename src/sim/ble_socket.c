/* See ble_socket.h. */
#include "sim/ble_socket.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "util/cleanup.h"

int sble_socket_listen(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	_cleanup_(closep) int fd = -1;

	if (snprintf(a.sun_path, sizeof(a.sun_path), "%s.new", path) >= (int)sizeof(a.sun_path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* Who sees the name is not refused: it listens by then. */
	(void)unlink(a.sun_path);
	if (bind(fd, (const struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 8) < 0 ||
		rename(a.sun_path, path) < 0)
		return -errno;
	return TAKE_FD(fd);
}
