/*
 * The devices' side under load: DTLS-PSK sessions that post SenML packs of one
 * reading, confirmable, at an even pace, each session one at a time. Written on
 * OpenSSL alone so that it costs little beside what is measured. Notes when
 * each reading left and when it was acknowledged. Not a simulator: see wardsim.
 *
 *   load_coap gateway=PORT sessions=N identities=N format=json|cbor [prefix=bench]
 *
 * Identities are bench-000, bench-001, ...; the key of each is its name, twice.
 * Orders on standard input, each answered by a line of JSON:
 *   open                              all sessions, until they are established
 *   run RATE FIRST COUNT [FILE]       readings FIRST to FIRST + COUNT - 1; FILE takes the times
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "bench/bench.h"

#define OPENING_MAX 32
#define RETRANSMIT_NS INT64_C(2500000000)
#define PATIENCE_NS INT64_C(30000000000)
#define PSK_MAX 32

enum { CODE_CHANGED = 0x44, CODE_EMPTY = 0, TYPE_CON = 0, TYPE_ACK = 2, TYPE_RST = 3 };

struct session {
	SSL *ssl;
	BIO *out;
	int fd;
	char identity[32];
	bool open;
	int64_t opened_ns;
	uint16_t id;
	int64_t number; /* of the reading under way, -1: none */
	int64_t sent_ns;
	size_t length;
	uint8_t packet[256];
};

static struct session *sessions;
static int session_count, identity_count, epoll_fd;
static const char *prefix; /* of the identities */
static bool cbor;
static int64_t *sent, *answered;
static int64_t done, refused, separate, retransmitted;
static int last_code;

static unsigned int give_psk(SSL *ssl, const char *hint, char *identity, unsigned int identity_max,
	unsigned char *psk, unsigned int psk_max)
{
	const struct session *s = SSL_get_app_data(ssl);
	size_t n = strlen(s->identity);

	if (n + 1 > identity_max || 2 * n > psk_max)
		return 0;
	memcpy(identity, s->identity, n + 1);
	memcpy(psk, s->identity, n);
	memcpy(psk + n, s->identity, n);
	return (unsigned int)(2 * n);
}

static SSL_CTX *make_context(void)
{
	SSL_CTX *c = SSL_CTX_new(DTLS_client_method());

	if (!c || !SSL_CTX_set_cipher_list(c, "PSK-AES128-CCM8:@SECLEVEL=0"))
		bench_die("OpenSSL has no DTLS with PSK-AES128-CCM8");
	SSL_CTX_set_psk_client_callback(c, give_psk);
	SSL_CTX_set_options(c, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET);
	SSL_CTX_set_read_ahead(c, 1);
	return c;
}

/* --- opening --- */

static void begin(struct session *s, SSL_CTX *context, int number, uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = s };
	BIO *bio;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	(void)snprintf(
		s->identity, sizeof(s->identity), "%.15s-%03d", prefix, number % identity_count);
	s->number = -1;
	s->opened_ns = bench_now_ns();
	s->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd < 0 || connect(s->fd, (struct sockaddr *)&to, sizeof(to)) < 0 ||
		epoll_ctl(epoll_fd, EPOLL_CTL_ADD, s->fd, &ev) < 0)
		bench_die("socket: %s", strerror(errno));
	s->ssl = SSL_new(context);
	bio = BIO_new_dgram(s->fd, BIO_NOCLOSE);
	if (!s->ssl || !bio)
		bench_die("no memory");
	(void)BIO_ctrl(bio, BIO_CTRL_DGRAM_SET_CONNECTED, 0, &to);
	SSL_set_bio(s->ssl, bio, bio);
	SSL_set_app_data(s->ssl, s);
	SSL_set_mtu(s->ssl, 1200);
}

/* From now on a record is finished before it is sent, so that the time noted is the datagram's. */
static void write_to_memory(struct session *s)
{
	s->out = BIO_new(BIO_s_mem());
	if (!s->out)
		bench_die("no memory");
	SSL_set0_wbio(s->ssl, s->out);
}

static void flush(struct session *s)
{
	char *data;
	long n = BIO_get_mem_data(s->out, &data);

	if (n > 0 && send(s->fd, data, (size_t)n, 0) != n)
		bench_die("cannot send: %s", strerror(errno));
	(void)BIO_reset(s->out);
}

static void shake(struct session *s)
{
	int r, e;

	ERR_clear_error();
	r = SSL_connect(s->ssl);
	if (r == 1) {
		s->open = true;
		write_to_memory(s);
		return;
	}
	e = SSL_get_error(s->ssl, r);
	if (e != SSL_ERROR_WANT_READ && e != SSL_ERROR_WANT_WRITE) {
		ERR_print_errors_fp(stderr);
		bench_die("the handshake of %s failed", s->identity);
	}
}

static void open_all(SSL_CTX *context, uint16_t port)
{
	int64_t begin_ns = bench_now_ns();
	int begun = 0, opened = 0;
	struct epoll_event events[64];

	while (opened < session_count) {
		int n;

		while (begun < session_count && begun - opened < OPENING_MAX) {
			begin(&sessions[begun], context, begun, port);
			shake(&sessions[begun]);
			opened += sessions[begun++].open;
		}
		n = epoll_wait(epoll_fd, events, 64, 200);
		for (int i = 0; i < n; i++) {
			struct session *s = events[i].data.ptr;

			if (!s || s->open)
				continue;
			shake(s);
			opened += s->open;
		}
		for (int i = 0; n == 0 && i < begun; i++)
			if (!sessions[i].open && DTLSv1_handle_timeout(sessions[i].ssl) < 0)
				bench_die(
					"the handshake of %s gets no answer", sessions[i].identity);
		if (bench_now_ns() - begin_ns > PATIENCE_NS)
			bench_die("%d of %d sessions after 30 s", opened, session_count);
	}
	printf("{\"opened\":%d,\"seconds\":%.3f,\"cipher\":\"%s\"}\n", opened,
		(double)(bench_now_ns() - begin_ns) / 1e9, SSL_get_cipher(sessions[0].ssl));
	(void)fflush(stdout);
}

/* --- posting --- */

/* A confirmable POST /readings: header, token of two bytes, Uri-Path, Content-Format, marker. */
static size_t head(uint8_t *p, uint16_t id, int64_t number)
{
	static const uint8_t options[] = { 0xb8, 'r', 'e', 'a', 'd', 'i', 'n', 'g', 's', 0x11 };
	uint8_t *at = p;

	*at++ = 0x42;
	*at++ = 0x02;
	*at++ = (uint8_t)(id >> 8);
	*at++ = (uint8_t)id;
	*at++ = (uint8_t)(number >> 8);
	*at++ = (uint8_t)number;
	memcpy(at, options, sizeof(options));
	at += sizeof(options);
	*at++ = cbor ? 112 : 110;
	*at++ = 0xff;
	return (size_t)(at - p);
}

static size_t pack_json(char *p, size_t size, int64_t number, const struct timespec *now)
{
	return (size_t)snprintf(p, size,
		"[{\"n\":\"heart-rate\",\"u\":\"beat/min\",\"v\":" BENCH_VALUE_BASE "%06" PRId64
		",\"t\":%lld.%03ld}]",
		number, (long long)now->tv_sec, now->tv_nsec / 1000000);
}

/* Value and time as decimal fractions (tag 4), so that the digits are the same. */
static size_t pack_cbor(uint8_t *p, int64_t number, const struct timespec *now)
{
	static const uint8_t front[] = { 0x81, 0xa4, 0x00, 0x6a, 'h', 'e', 'a', 'r', 't', '-', 'r',
		'a', 't', 'e', 0x01, 0x68, 'b', 'e', 'a', 't', '/', 'm', 'i', 'n', 0x02, 0xc4, 0x82,
		0x25, 0x1a };
	static const uint8_t middle[] = { 0x06, 0xc4, 0x82, 0x22, 0x1b };
	uint32_t value = (uint32_t)(60000000 + number);
	uint64_t ms = (uint64_t)now->tv_sec * 1000 + (uint64_t)now->tv_nsec / 1000000;
	uint8_t *at = p;

	memcpy(at, front, sizeof(front));
	at += sizeof(front);
	for (int shift = 24; shift >= 0; shift -= 8)
		*at++ = (uint8_t)(value >> shift);
	memcpy(at, middle, sizeof(middle));
	at += sizeof(middle);
	for (int shift = 56; shift >= 0; shift -= 8)
		*at++ = (uint8_t)(ms >> shift);
	return (size_t)(at - p);
}

/* Returns when the datagram left. */
static int64_t transmit(struct session *s)
{
	int64_t now_ns;

	if (SSL_write(s->ssl, s->packet, (int)s->length) != (int)s->length)
		bench_die("cannot encrypt");
	now_ns = bench_now_ns();
	flush(s);
	return now_ns;
}

static void post(struct session *s, int64_t number)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	s->number = number;
	s->length = head(s->packet, ++s->id, number);
	if (cbor)
		s->length += pack_cbor(s->packet + s->length, number, &now);
	else
		s->length += pack_json(
			(char *)s->packet + s->length, sizeof(s->packet) - s->length, number, &now);
	s->sent_ns = sent[number] = transmit(s);
}

static void take(struct session *s, const uint8_t *p, int n)
{
	int type = p[0] >> 4 & 3, token_length = p[0] & 15, code = p[1];
	uint16_t id = (uint16_t)(p[2] << 8 | p[3]);

	if (code == CODE_EMPTY) {
		if (type == TYPE_RST)
			bench_die("the gateway sent a reset");
		return;
	}
	if (type == TYPE_CON) {
		uint8_t ack[4] = { 0x60, 0, p[2], p[3] };

		separate++;
		(void)SSL_write(s->ssl, ack, sizeof(ack));
		flush(s);
	}
	if (s->number < 0 || token_length != 2 || n < 6 || p[4] != (uint8_t)(s->number >> 8) ||
		p[5] != (uint8_t)s->number || (type == TYPE_ACK && id != s->id))
		return;
	answered[s->number] = bench_now_ns();
	s->number = -1;
	done++;
	if (code != CODE_CHANGED) {
		refused++;
		last_code = (code >> 5) * 100 + (code & 31);
	}
}

static void receive(struct session *s)
{
	uint8_t buf[2048];
	int n;

	while ((n = SSL_read(s->ssl, buf, sizeof(buf))) >= 4)
		take(s, buf, n);
	if (SSL_get_shutdown(s->ssl) & SSL_RECEIVED_SHUTDOWN)
		bench_die("the gateway closed the session of %s", s->identity);
}

static void send_again(int64_t now_ns)
{
	for (int i = 0; i < session_count; i++) {
		struct session *s = &sessions[i];

		if (s->number < 0 || now_ns - s->sent_ns < RETRANSMIT_NS)
			continue;
		s->sent_ns = now_ns;
		retransmitted++;
		(void)transmit(s);
	}
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* Microseconds from sending to the acknowledgement. */
static void print_result(
	int64_t first, int64_t count, int64_t begin_ns, int64_t cpu_us, int64_t waited)
{
	int64_t *took = malloc((size_t)count * sizeof(*took));

	if (!took)
		bench_die("no memory");
	for (int64_t i = 0; i < count; i++)
		took[i] = answered[first + i] - sent[first + i];
	qsort(took, (size_t)count, sizeof(*took), compare);
	printf("{\"count\":%" PRId64 ",\"seconds\":%.3f,\"refused\":%" PRId64 ",\"code\":%d,"
	       "\"separate\":%" PRId64 ",\"retransmitted\":%" PRId64 ",\"waited\":%" PRId64
	       ",\"ack_p50_us\":%.1f,\"ack_p99_us\":%.1f,\"cpu_us\":%.2f}\n",
		count, (double)(bench_now_ns() - begin_ns) / 1e9, refused, last_code, separate,
		retransmitted, waited, (double)took[count / 2] / 1e3,
		(double)took[count * 99 / 100] / 1e3,
		(double)(bench_cpu_us() - cpu_us) / (double)count);
	(void)fflush(stdout);
	free(took);
}

/* path: where the times go, NULL: nowhere. */
static void run(
	struct bench_pace *pace, int64_t rate, int64_t first, int64_t count, const char *path)
{
	int64_t due = 0, next = first, begin_ns = bench_now_ns(), check_ns = begin_ns, waited = 0;
	struct epoll_event events[64];
	int64_t cpu_us = bench_cpu_us();
	int at = 0;

	done = refused = separate = retransmitted = 0;
	bench_pace_start(pace, rate, count);
	while (done < count) {
		int n = epoll_wait(epoll_fd, events, 64, 1000);
		int64_t now_ns;

		for (int i = 0; i < n; i++) {
			if (events[i].data.ptr)
				receive(events[i].data.ptr);
			else
				due += bench_pace_due(pace);
		}
		for (int tried = 0; due > 0 && tried < session_count; tried++) {
			struct session *s = &sessions[at];

			at = (at + 1) % session_count;
			if (s->number >= 0)
				continue;
			post(s, next++);
			due--;
		}
		waited += due > 0;
		now_ns = bench_now_ns();
		if (now_ns - check_ns > 200000000) {
			check_ns = now_ns;
			send_again(now_ns);
			if (now_ns - begin_ns > PATIENCE_NS + count * 1000000000 / rate)
				bench_die("%" PRId64 " of %" PRId64 " answered", done, count);
		}
	}
	if (path)
		bench_times_write(path, sent);
	print_result(first, count, begin_ns, cpu_us, waited);
}

int main(int argc, char **argv)
{
	uint16_t port = (uint16_t)bench_number(argc, argv, "gateway", 0);
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = NULL };
	SSL_CTX *context = make_context();
	struct bench_pace pace;
	char line[512], *words[8];
	int n;

	session_count = (int)bench_number(argc, argv, "sessions", 100);
	identity_count = (int)bench_number(argc, argv, "identities", 100);
	prefix = bench_arg(argc, argv, "prefix", "bench");
	cbor = strcmp(bench_arg(argc, argv, "format", "json"), "cbor") == 0;
	sessions = calloc((size_t)session_count, sizeof(*sessions));
	sent = bench_times_new();
	answered = bench_times_new();
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	bench_pace_open(&pace);
	if (!sessions || session_count < 1 || identity_count < 1 ||
		epoll_ctl(epoll_fd, EPOLL_CTL_ADD, pace.timer, &ev) < 0)
		bench_die("cannot begin");

	while ((n = bench_order(line, sizeof(line), words, 8)) > 0) {
		if (strcmp(words[0], "open") == 0) {
			open_all(context, port);
		} else if (strcmp(words[0], "run") == 0 && n >= 4) {
			int64_t first = strtoll(words[2], NULL, 10);
			int64_t count = strtoll(words[3], NULL, 10);

			if (first < 0 || count < 1 || first + count > BENCH_READINGS_MAX)
				bench_die("reading numbers out of range");
			run(&pace, strtoll(words[1], NULL, 10), first, count,
				n > 4 ? words[4] : NULL);
		} else {
			bench_die("no such order: %s", words[0]);
		}
	}
	for (int i = 0; i < session_count && sessions[i].ssl; i++) {
		(void)SSL_shutdown(sessions[i].ssl);
		flush(&sessions[i]);
	}
	return 0;
}
