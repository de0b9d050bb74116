/*
 * The floor of taking in: a bare libcoap server (its OpenSSL build) with
 * DTLS-PSK on an outer epoll loop, that answers each POST /readings with a
 * piggybacked 2.04 and does nothing else. Processor time is read from outside.
 *
 *   bare_coap listen=PORT keys=FILE       keys: lines IDENTITY:HEXKEY
 */
#include <arpa/inet.h>
#include <coap3/coap.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "bench/bench.h"

#define KEYS_MAX 4096
#define RECEIVE_BUFFER (1024 * 1024)

struct psk {
	char identity[64];
	size_t length;
	coap_bin_const_t key;
	uint8_t bytes[32];
};

static struct psk *psks;
static size_t psk_count;

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void read_keys(const char *path)
{
	FILE *f = fopen(path, "re");
	char line[256];

	psks = calloc(KEYS_MAX, sizeof(*psks));
	if (!f || !psks)
		bench_die("%s: %s", path, strerror(errno));
	while (psk_count < KEYS_MAX && fgets(line, sizeof(line), f)) {
		struct psk *p = &psks[psk_count++];
		char *hex = strchr(line, ':');

		if (!hex || (size_t)(hex - line) >= sizeof(p->identity))
			bench_die("%s: a bad line", path);
		p->length = (size_t)(hex - line);
		memcpy(p->identity, line, p->length);
		for (hex++; hex_digit(hex[0]) >= 0 && p->key.length < sizeof(p->bytes); hex += 2)
			p->bytes[p->key.length++] =
				(uint8_t)(hex_digit(hex[0]) << 4 | hex_digit(hex[1]));
		p->key.s = p->bytes;
	}
	(void)fclose(f);
}

static const coap_bin_const_t *on_identity(
	coap_bin_const_t *identity, coap_session_t *session, void *arg)
{
	for (size_t i = 0; i < psk_count; i++)
		if (psks[i].length == identity->length &&
			memcmp(psks[i].identity, identity->s, identity->length) == 0)
			return &psks[i].key;
	return NULL;
}

static void on_post(coap_resource_t *resource, coap_session_t *session, const coap_pdu_t *request,
	const coap_string_t *query, coap_pdu_t *response)
{
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CHANGED);
}

/* As large a buffer as the daemon asks for; the library keeps its sockets to itself. */
static void enlarge_buffers(void)
{
	const int size = RECEIVE_BUFFER;

	for (int fd = 3; fd < 64; fd++) {
		socklen_t length = sizeof(int);
		int type = 0;

		if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 && type == SOCK_DGRAM)
			(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	}
}

int main(int argc, char **argv)
{
	struct epoll_event ev = { .events = EPOLLIN };
	coap_dtls_spsk_t setup = {
		.version = COAP_DTLS_SPSK_SETUP_VERSION,
		.validate_id_call_back = on_identity,
	};
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	coap_resource_t *resource;
	coap_address_t address;
	coap_context_t *c;

	read_keys(bench_need(argc, argv, "keys"));
	coap_startup();
	coap_set_log_level(LOG_ERR);
	coap_dtls_set_log_level(LOG_ERR);
	coap_address_init(&address);
	address.size = sizeof(address.addr.sin);
	address.addr.sin.sin_family = AF_INET;
	address.addr.sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address.addr.sin.sin_port = htons((uint16_t)bench_number(argc, argv, "listen", 0));
	c = coap_new_context(NULL);
	if (!c || !coap_context_set_psk2(c, &setup) ||
		!coap_new_endpoint(c, &address, COAP_PROTO_DTLS))
		bench_die("cannot listen");
	resource = coap_resource_init(coap_make_str_const("readings"), 0);
	coap_register_request_handler(resource, COAP_REQUEST_POST, on_post);
	coap_add_resource(c, resource);

	enlarge_buffers();
	ev.data.fd = coap_context_get_coap_fd(c);
	if (ev.data.fd < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, ev.data.fd, &ev) < 0)
		bench_die("libcoap has no epoll descriptor");
	puts("ready");
	(void)fflush(stdout);
	for (;;) {
		if (epoll_wait(epoll, &ev, 1, 1000) < 0 && errno != EINTR)
			bench_die("epoll_wait: %s", strerror(errno));
		(void)coap_io_process(c, COAP_IO_NO_WAIT);
	}
}
