/*
 * The UDP socket: addresses to listen on, and where answers leave from.
 */
#include "unit/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>

#include "coap/udp.h"

static void test_addresses(void **state)
{
	static const char *const bad[] = { "", "5684", ":5684", "[::1]", "[::1]5684", "::1:5684",
		"127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:+1", "host:5684", "[]:1", "[::1:5684" };
	struct udp *u = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (udp_open(&u, bad[i]) != -EINVAL)
			fail_msg("\"%s\" was taken", bad[i]);
	}
	assert_int_equal(udp_open(&u, "0.0.0.0:0"), 0);
	assert_false(udp_is_loopback(u));
	u = udp_free(u);
	assert_int_equal(udp_open(&u, "[::]:0"), 0);
	assert_false(udp_is_loopback(u));
	u = udp_free(u);
}

struct seen {
	unsigned count;
	char text[UDP_ADDRESS_TEXT_MAX];
	struct udp *u;
};

static void echo(void *userdata, const struct udp_address *a, uint8_t *bytes, size_t length)
{
	struct seen *seen = userdata;

	seen->count++;
	udp_address_text(seen->text, a, false);
	assert_int_equal(udp_send(seen->u, a, bytes, length), 0);
}

/* Bound to any address, it answers from the one that was asked. */
static void test_answers_leave_from_where_they_were_asked(void **state)
{
	static const char *const any[] = { "[::]:0", "0.0.0.0:0" };

	for (size_t i = 0; i < ARRAY_SIZE(any); i++) {
		struct sockaddr_in a = { .sin_family = AF_INET }, from;
		socklen_t from_length = sizeof(from);
		struct seen seen = { 0 };
		char buf[8];
		int fd;

		assert_int_equal(udp_open(&seen.u, any[i]), 0);
		a.sin_port = htons(udp_port(seen.u));
		a.sin_addr.s_addr = htonl(0x7f000005); /* 127.0.0.5 */
		fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		assert_int_equal(sendto(fd, "hello", 5, 0, (struct sockaddr *)&a, sizeof(a)), 5);
		assert_int_equal(udp_receive(seen.u, echo, &seen), 1);
		assert_int_equal(seen.count, 1);
		assert_string_equal(seen.text, "127.0.0.1");
		assert_int_equal(
			recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&from, &from_length),
			5);
		assert_int_equal(ntohl(from.sin_addr.s_addr), 0x7f000005);
		close(fd);
		udp_free(seen.u);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_answers_leave_from_where_they_were_asked),
	};

	return RUN_TESTS(tests);
}
