/*
 * The floor of Bluetooth: reads what the daemon would read, from the same sockets
 * and as much in a turn, and discards it. It subscribes to the straps and says
 * nothing else.
 *
 *   bare_ble dir=DIRECTORY straps=N
 *
 * Prints "ready" once connected.
 */
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "bench/bench.h"

#define MGMT_TURN 64 /* packets */
#define ATT_TURN 8
#define EVENTS 64

static int epoll, mgmt;

static int connect_to(const char *directory, const char *rest)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct epoll_event e = { .events = EPOLLIN };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	(void)snprintf(at.sun_path, sizeof(at.sun_path), "%s/%s", directory, rest);
	e.data.fd = fd;
	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
		epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) < 0)
		bench_die("%s: %s", at.sun_path, strerror(errno));
	return fd;
}

static void discard(int fd)
{
	uint8_t packet[65536];

	for (int i = 0; i < (fd == mgmt ? MGMT_TURN : ATT_TURN); i++) {
		ssize_t n = recv(fd, packet, sizeof(packet), MSG_DONTWAIT);

		if (n == 0)
			exit(EXIT_SUCCESS);
		if (n < 0)
			break;
	}
}

int main(int argc, char **argv)
{
	static const uint8_t subscribe[] = { 0x12, 4, 0, 1, 0 };
	const char *directory = bench_need(argc, argv, "dir");
	long straps = bench_number(argc, argv, "straps", 0);

	epoll = epoll_create1(EPOLL_CLOEXEC);
	mgmt = connect_to(directory, "mgmt");
	for (long i = 0; i < straps; i++) {
		char rest[64];
		int fd;

		(void)snprintf(rest, sizeof(rest), "att/C0:FF:EE:00:00:%02lX", i);
		fd = connect_to(directory, rest);
		if (send(fd, subscribe, sizeof(subscribe), 0) != (ssize_t)sizeof(subscribe))
			bench_die("send: %s", strerror(errno));
	}
	puts("ready");
	(void)fflush(stdout);
	for (;;) {
		struct epoll_event e[EVENTS];
		int n = epoll_wait(epoll, e, EVENTS, -1);

		for (int i = 0; i < n; i++)
			discard(e[i].data.fd);
	}
}
