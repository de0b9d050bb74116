/*
 * See socket.h.
 */
#include "publish/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "util/cleanup.h"

int socket_watch(sd_event *e, sd_event_source **ret, int fd, uint32_t events,
	sd_event_io_handler_t fn, void *userdata)
{
	_cleanup_(closep) int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	int r;

	if (own < 0)
		return -errno;
	r = sd_event_add_io(e, ret, own, events, fn, userdata);
	if (r >= 0)
		r = sd_event_source_set_io_fd_own(*ret, true);
	if (r < 0)
		return r;
	(void)TAKE_FD(own);
	return 0;
}

bool socket_cork(int fd, bool on)
{
	return setsockopt(fd, IPPROTO_TCP, TCP_CORK, &(int){ on }, sizeof(int)) == 0;
}

void socket_acknowledge(int fd)
{
	(void)setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &(int){ 1 }, sizeof(int));
}
