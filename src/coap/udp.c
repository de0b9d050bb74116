/*
 * The UDP socket of the CoAP server. See udp.h.
 */
#include "coap/udp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* What a burst of a whole ward may need; the kernel caps it by net.core.rmem_max. */
#define RECEIVE_BUFFER (1 << 20)

union sockaddr_any {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(struct in_pktinfo))];
};

struct udp {
	int fd;
	int family;
	bool wildcard; /* replies must be told where to leave from */
	bool loopback;
	uint16_t port;
	struct in6_addr bound;
	struct udp_counters counters;

	struct mmsghdr messages[UDP_BATCH_MAX];
	struct iovec parts[UDP_BATCH_MAX];
	union sockaddr_any peers[UDP_BATCH_MAX];
	union control controls[UDP_BATCH_MAX];
	/* Pages are touched only as far as datagrams reach. */
	uint8_t (*buffers)[UDP_DATAGRAM_MAX];
};

static struct in6_addr map_v4(struct in_addr a)
{
	struct in6_addr r = { .s6_addr = { [10] = 0xff, [11] = 0xff } };

	memcpy(r.s6_addr + 12, &a, sizeof(a));
	return r;
}

static struct in_addr unmap_v4(const struct in6_addr *a)
{
	struct in_addr r;

	memcpy(&r, a->s6_addr + 12, sizeof(r));
	return r;
}

static int parse_port(const char *text, uint16_t *ret)
{
	unsigned long v;
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	v = strtoul(text, &end, 10);
	if (*end || v > UINT16_MAX)
		return -EINVAL;
	*ret = (uint16_t)v;
	return 0;
}

static int parse_listen(const char *text, union sockaddr_any *ret, socklen_t *ret_length)
{
	char host[INET6_ADDRSTRLEN];
	const char *colon = strrchr(text, ':');
	bool v6 = text[0] == '[';
	const char *from = text + v6;
	size_t n;
	uint16_t port;

	if (!colon || parse_port(colon + 1, &port) < 0 || colon < from + v6)
		return -EINVAL;
	if (v6 && colon[-1] != ']')
		return -EINVAL;
	n = (size_t)(colon - from) - v6;
	if (n == 0 || n >= sizeof(host))
		return -EINVAL;
	memcpy(host, from, n);
	host[n] = 0;

	memset(ret, 0, sizeof(*ret));
	if (v6) {
		ret->v6.sin6_family = AF_INET6;
		ret->v6.sin6_port = htons(port);
		*ret_length = sizeof(ret->v6);
		return inet_pton(AF_INET6, host, &ret->v6.sin6_addr) == 1 ? 0 : -EINVAL;
	}
	ret->v4.sin_family = AF_INET;
	ret->v4.sin_port = htons(port);
	*ret_length = sizeof(ret->v4);
	return inet_pton(AF_INET, host, &ret->v4.sin_addr) == 1 ? 0 : -EINVAL;
}

static int open_socket(struct udp *u, union sockaddr_any *a, socklen_t *length)
{
	const int on = 1, off = 0, size = RECEIVE_BUFFER;
	int r = 0;

	u->fd = socket(a->any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (u->fd < 0 && errno == EAFNOSUPPORT && a->any.sa_family == AF_INET6 &&
		IN6_IS_ADDR_UNSPECIFIED(&a->v6.sin6_addr)) {
		struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = a->v6.sin6_port };

		a->v4 = v4;
		*length = sizeof(v4);
		u->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	}
	if (u->fd < 0)
		return -errno;

	u->family = a->any.sa_family;
	if (u->family == AF_INET6) {
		r |= setsockopt(u->fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
		r |= setsockopt(u->fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
	} else {
		r |= setsockopt(u->fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
	}
	if (r < 0)
		return -errno;
	/* a smaller buffer loses bursts, no more */
	(void)setsockopt(u->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));

	if (bind(u->fd, &a->any, *length) < 0 || getsockname(u->fd, &a->any, length) < 0)
		return -errno;

	if (u->family == AF_INET6) {
		u->port = ntohs(a->v6.sin6_port);
		u->bound = a->v6.sin6_addr;
		u->wildcard = IN6_IS_ADDR_UNSPECIFIED(&u->bound);
		u->loopback = IN6_IS_ADDR_LOOPBACK(&u->bound);
	} else {
		u->port = ntohs(a->v4.sin_port);
		u->bound = map_v4(a->v4.sin_addr);
		u->wildcard = a->v4.sin_addr.s_addr == htonl(INADDR_ANY);
	}
	if (IN6_IS_ADDR_V4MAPPED(&u->bound))
		u->loopback = u->bound.s6_addr[12] == 127;
	return 0;
}

int udp_open(struct udp **ret, const char *listen)
{
	_cleanup_(udp_freep) struct udp *u = NULL;
	union sockaddr_any a;
	socklen_t length;
	int r;

	r = parse_listen(listen, &a, &length);
	if (r < 0)
		return r;
	u = calloc(1, sizeof(*u));
	if (!u)
		return -ENOMEM;
	u->fd = -1;
	u->buffers = malloc(UDP_BATCH_MAX * sizeof(*u->buffers));
	if (!u->buffers)
		return -ENOMEM;
	r = open_socket(u, &a, &length);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(u);
	return 0;
}

struct udp *udp_free(struct udp *u)
{
	if (!u)
		return NULL;
	if (u->fd >= 0)
		close(u->fd);
	free(u->buffers);
	free(u);
	return NULL;
}

int udp_fd(const struct udp *u)
{
	return u->fd;
}

uint16_t udp_port(const struct udp *u)
{
	return u->port;
}

bool udp_is_loopback(const struct udp *u)
{
	return u->loopback;
}

/* The address of ours that the datagram was sent to. */
static struct in6_addr local_address(const struct udp *u, struct msghdr *h)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
		if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof(info));
			return info.ipi6_addr;
		}
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof(info));
			return map_v4(info.ipi_addr);
		}
	}
	return u->bound;
}

static struct udp_address address_of(const struct udp *u, size_t i)
{
	struct msghdr *h = (struct msghdr *)&u->messages[i].msg_hdr;
	struct udp_address a = { 0 };

	if (u->family == AF_INET6) {
		a.peer = u->peers[i].v6.sin6_addr;
		a.peer_port = u->peers[i].v6.sin6_port;
		if (IN6_IS_ADDR_LINKLOCAL(&a.peer))
			a.interface = u->peers[i].v6.sin6_scope_id;
	} else {
		a.peer = map_v4(u->peers[i].v4.sin_addr);
		a.peer_port = u->peers[i].v4.sin_port;
	}
	a.local = u->wildcard ? local_address(u, h) : u->bound;
	return a;
}

int udp_receive(struct udp *u, udp_fn fn, void *userdata)
{
	int n;

	for (size_t i = 0; i < UDP_BATCH_MAX; i++) {
		u->parts[i].iov_base = u->buffers[i];
		u->parts[i].iov_len = sizeof(u->buffers[i]);
		u->messages[i].msg_hdr = (struct msghdr){
			.msg_name = &u->peers[i],
			.msg_namelen = sizeof(u->peers[i]),
			.msg_iov = &u->parts[i],
			.msg_iovlen = 1,
			.msg_control = u->wildcard ? &u->controls[i] : NULL,
			.msg_controllen = u->wildcard ? sizeof(u->controls[i]) : 0,
		};
	}

	n = recvmmsg(u->fd, u->messages, UDP_BATCH_MAX, MSG_DONTWAIT, NULL);
	if (n < 0)
		return -errno;
	for (int i = 0; i < n; i++) {
		struct udp_address a;

		u->counters.received++;
		if (u->messages[i].msg_hdr.msg_flags & MSG_TRUNC) {
			u->counters.truncated++;
			continue;
		}
		a = address_of(u, (size_t)i);
		fn(userdata, &a, u->buffers[i], u->messages[i].msg_len);
	}
	return n;
}

/* Says where the datagram is to leave from. */
static void set_source(
	const struct udp *u, struct msghdr *h, union control *control, const struct udp_address *a)
{
	struct cmsghdr *c;

	memset(control, 0, sizeof(*control));
	h->msg_control = control;
	if (u->family == AF_INET6) {
		struct in6_pktinfo info = { .ipi6_addr = a->local, .ipi6_ifindex = a->interface };

		h->msg_controllen = CMSG_SPACE(sizeof(info));
		c = CMSG_FIRSTHDR(h);
		*c = (struct cmsghdr){ CMSG_LEN(sizeof(info)), IPPROTO_IPV6, IPV6_PKTINFO };
		memcpy(CMSG_DATA(c), &info, sizeof(info));
	} else {
		struct in_pktinfo info = { .ipi_spec_dst = unmap_v4(&a->local) };

		h->msg_controllen = CMSG_SPACE(sizeof(info));
		c = CMSG_FIRSTHDR(h);
		*c = (struct cmsghdr){ CMSG_LEN(sizeof(info)), IPPROTO_IP, IP_PKTINFO };
		memcpy(CMSG_DATA(c), &info, sizeof(info));
	}
}

int udp_send(struct udp *u, const struct udp_address *a, const uint8_t *bytes, size_t length)
{
	struct iovec part = { .iov_base = (void *)bytes, .iov_len = length };
	struct msghdr h = { .msg_iov = &part, .msg_iovlen = 1 };
	union sockaddr_any to = { 0 };
	union control control;

	h.msg_name = &to;
	if (u->family == AF_INET6) {
		to.v6.sin6_family = AF_INET6;
		to.v6.sin6_port = a->peer_port;
		to.v6.sin6_addr = a->peer;
		to.v6.sin6_scope_id = a->interface;
		h.msg_namelen = sizeof(to.v6);
	} else {
		to.v4.sin_family = AF_INET;
		to.v4.sin_port = a->peer_port;
		to.v4.sin_addr = unmap_v4(&a->peer);
		h.msg_namelen = sizeof(to.v4);
	}
	if (u->wildcard)
		set_source(u, &h, &control, a);

	if (sendmsg(u->fd, &h, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
		u->counters.unsent++;
		return -errno;
	}
	u->counters.sent++;
	return 0;
}

struct udp_counters udp_counters(const struct udp *u)
{
	return u->counters;
}

void udp_address_text(char text[UDP_ADDRESS_TEXT_MAX], const struct udp_address *a, bool port)
{
	char host[INET6_ADDRSTRLEN] = "";
	bool v4 = IN6_IS_ADDR_V4MAPPED(&a->peer);

	if (v4)
		inet_ntop(AF_INET, a->peer.s6_addr + 12, host, sizeof(host));
	else
		inet_ntop(AF_INET6, &a->peer, host, sizeof(host));
	if (!port)
		snprintf(text, UDP_ADDRESS_TEXT_MAX, "%s", host);
	else
		snprintf(text, UDP_ADDRESS_TEXT_MAX, v4 ? "%s:%u" : "[%s]:%u", host,
			ntohs(a->peer_port));
}
