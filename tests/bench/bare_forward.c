/*
 * The floor of latency: a forwarder that publishes each UDP datagram as it is,
 * with bare libmosquitto over TLS 1.3 at QoS 1. No device, no identity, no
 * checks, nothing kept.
 *
 *   bare_forward listen=PORT port= ca= cert= key=
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "bench/bench.h"
#include "bench/bench_mqtt.h"

static int listen_on(uint16_t port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		bench_die("cannot listen: %s", strerror(errno));
	return fd;
}

static void forward(struct bench_mqtt *b, int fd)
{
	char datagram[2048];
	ssize_t n;

	while (b->in_flight < BENCH_WINDOW && (n = recv(fd, datagram, sizeof(datagram), 0)) > 0)
		bench_mqtt_publish(b, datagram, (size_t)n);
}

int main(int argc, char **argv)
{
	int fd = listen_on((uint16_t)bench_number(argc, argv, "listen", 0));
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd }, events[4];
	struct bench_mqtt b;

	bench_mqtt_open(&b, epoll_create1(EPOLL_CLOEXEC), "bare-forward", argc, argv);
	bench_mqtt_reading(&b);
	if (epoll_ctl(b.epoll, EPOLL_CTL_ADD, fd, &ev) < 0)
		bench_die("epoll_ctl: %s", strerror(errno));
	puts("ready");
	(void)fflush(stdout);
	for (;;) {
		int n = epoll_wait(b.epoll, events, 4, 1000);

		for (int i = 0; i < n; i++)
			if (events[i].data.fd != fd)
				bench_mqtt_event(&b, events[i].events);
		forward(&b, fd);
		bench_mqtt_watch(&b);
		if (n == 0)
			(void)mosquitto_loop_misc(b.m);
	}
}
