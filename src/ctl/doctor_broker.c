/*
 * doctor: the way to each broker, step by step: name, TCP, TLS, certificate,
 * MQTT, authorisation. With a client id of its own, since a second client of the
 * daemon's would throw the daemon out.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "ctl/doctor.h"
#include "ctl/doctor_mqtt.h"
#include "ctl/human.h"
#include "ctl/lookup.h"
#include "publish/tls.h"
#include "util/reasons.h"

#define KEEP_ALIVE_S 30
#define TRIES_MAX 8 /* addresses of one name */
#define PASSWORD_MAX 1024

static const char area[] = "broker";

struct trial {
	struct doctor *d;
	const struct config *c;
	const struct config_broker *broker;
	int fd;
	struct tls *tls;
	SSL *ssl;
	int64_t deadline_ms; /* of the present step, boot time */
	uint8_t in[MQTT_PACKET_MAX + 8];
	size_t in_length;
};

static int64_t boottime_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void begin_step(struct trial *t)
{
	t->deadline_ms = boottime_ms() + t->c->mqtt.connect_timeout_us / 1000;
}

#define GOOD(t, ...) doctor_find((t)->d, FINDING_GOOD, area, NULL, __VA_ARGS__)
#define WRONG(t, remedy, ...) doctor_find((t)->d, FINDING_WRONG, area, remedy, __VA_ARGS__)

/* Waits for the socket. Returns 0 or -ETIMEDOUT. */
static int wait_for(struct trial *t, int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	for (;;) {
		int64_t left = t->deadline_ms - boottime_ms();
		int r = left > 0 ? poll(&p, 1, (int)left) : 0;

		if (r > 0)
			return 0;
		if (r == 0)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
	}
}

/* --- TCP --- */

static int connect_one(struct trial *t, const struct addrinfo *a)
{
	int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), error = 0, r;
	socklen_t size = sizeof(error);

	if (fd < 0)
		return -errno;
	r = connect(fd, a->ai_addr, a->ai_addrlen) < 0 ? -errno : 0;
	if (r == -EINPROGRESS) {
		r = wait_for(t, fd, POLLOUT);
		if (r == 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0)
			r = -error;
	}
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

static const char *tcp_remedy(int r)
{
	switch (r) {
	case -ECONNREFUSED:
		return "nothing listens there: is the port right, and does the broker run?";
	case -ETIMEDOUT:
		return "does a firewall drop it? ask the hospital's network to let this machine "
		       "through";
	case -ENETUNREACH:
	case -EHOSTUNREACH:
		return "there is no route: is the cable in, has the machine an address? \"ip "
		       "address\"";
	default:
		return "look at the network: \"ip address\", \"ip route\"";
	}
}

static bool reach(struct trial *t)
{
	struct addrinfo *list = NULL;
	char host[NI_MAXHOST] = "?";
	int r, tries = 0;

	begin_step(t);
	r = lookup_name(t->broker->host, t->broker->port, t->deadline_ms - boottime_ms(), &list);
	if (r != 0) {
		WRONG(t,
			"is the name right, and the resolver? \"getent hosts NAME\", "
			"/etc/resolv.conf",
			"the name %s cannot be resolved: %s", t->broker->host,
			r == EAI_AGAIN ? "no answer in time" : gai_strerror(r));
		return false;
	}
	r = -EHOSTUNREACH;
	for (const struct addrinfo *a = list; a && tries < TRIES_MAX; a = a->ai_next, tries++) {
		(void)getnameinfo(
			a->ai_addr, a->ai_addrlen, host, sizeof(host), NULL, 0, NI_NUMERICHOST);
		begin_step(t);
		r = connect_one(t, a);
		if (r >= 0)
			break;
	}
	freeaddrinfo(list);
	if (r < 0) {
		WRONG(t, tcp_remedy(r), "%s:%u (%s) cannot be reached: %s", t->broker->host,
			t->broker->port, host, strerror(-r));
		return false;
	}
	t->fd = r;
	GOOD(t, "%s is %s, and port %u answers", t->broker->host, host, t->broker->port);
	return true;
}

/* --- TLS --- */

static int ssl_wait(struct trial *t, int result)
{
	switch (SSL_get_error(t->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		return wait_for(t, t->fd, POLLIN);
	case SSL_ERROR_WANT_WRITE:
		return wait_for(t, t->fd, POLLOUT);
	default:
		return -EPROTO;
	}
}

static bool is_address(const char *host)
{
	uint8_t address[16];

	return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

static int handshake(struct trial *t)
{
	int r = 0, result;

	t->ssl = SSL_new(tls_context(t->tls));
	if (!t->ssl || SSL_set_fd(t->ssl, t->fd) != 1)
		return -ENOMEM;
	/* The check of the name stands in the context. RFC 6066 3: no addresses here. */
	if (!is_address(t->broker->host))
		(void)SSL_set_tlsext_host_name(t->ssl, t->broker->host);
	while (r == 0 && (result = SSL_connect(t->ssl)) != 1)
		r = ssl_wait(t, result);
	return r;
}

static void tell_handshake(struct trial *t, int r)
{
	const char *problem = tls_problem(t->tls);
	unsigned long e = ERR_peek_error();
	const char *reason = e ? ERR_reason_error_string(e) : NULL;

	if (SSL_get_verify_result(t->ssl) != X509_V_OK)
		WRONG(t,
			"CAFile= has to hold the authority that issued it, Broker= the name that "
			"it is "
			"for; or have it renewed",
			"the broker's certificate is not good: %s", problem);
	else if (r == -ETIMEDOUT)
		WRONG(t, "is it the broker's TLS port? a firewall may also stop TLS halfway",
			"%s:%u does not answer in TLS", t->broker->host, t->broker->port);
	else
		WRONG(t, "is it the broker's TLS port, and does it speak TLS 1.2 or 1.3?",
			"TLS with %s:%u fails: %s", t->broker->host, t->broker->port,
			*problem ? problem : reason ?: "it breaks off");
	ERR_clear_error();
}

static bool secure(struct trial *t)
{
	_cleanup_(freep) char *key = NULL;
	const struct tls_kept none = { 0 };
	char when[HUMAN_MAX];
	int64_t expires;
	int r = 0;

	if (t->c->mqtt.private_key_file)
		r = config_secret_path(t->c->mqtt.private_key_file, &key);
	if (r == -ENXIO) {
		doctor_find(t->d, FINDING_NOTE, area, "the daemon's log says how it does with it",
			"%s is given to the service alone: TLS is not tried from here",
			t->c->mqtt.private_key_file);
		return false;
	}
	if (r < 0 || tls_new(&t->tls, t->broker->host, t->c->mqtt.ca_file,
			     t->c->mqtt.certificate_file, key, &none) < 0) {
		t->d->out_of_memory = true;
		return false;
	}
	if (tls_build(t->tls) < 0) {
		WRONG(t, "run doctor as root if it is only that this user may not read it", "%s",
			tls_problem(t->tls));
		return false;
	}
	begin_step(t);
	r = handshake(t);
	if (r < 0) {
		tell_handshake(t, r);
		return false;
	}
	expires = tls_peer_expires_us(t->tls);
	GOOD(t, "%s, its certificate is good until %s", SSL_get_version(t->ssl),
		human_time(when, expires / 1000));
	return true;
}

/* --- MQTT --- */

static int send_all(struct trial *t, const uint8_t *data, size_t size)
{
	while (size > 0) {
		ssize_t n;
		int r = 0;

		if (t->ssl) {
			n = SSL_write(t->ssl, data, (int)size);
			if (n <= 0)
				r = ssl_wait(t, (int)n);
		} else {
			n = send(t->fd, data, size, MSG_NOSIGNAL);
			if (n < 0)
				r = errno == EAGAIN ? wait_for(t, t->fd, POLLOUT) : -errno;
		}
		if (r < 0)
			return r;
		if (n > 0) {
			data += n;
			size -= (size_t)n;
		}
	}
	return 0;
}

static int receive(struct trial *t)
{
	ssize_t n;

	if (t->in_length == sizeof(t->in))
		return -EBADMSG;
	for (;;) {
		int r;

		if (t->ssl) {
			n = SSL_read(
				t->ssl, t->in + t->in_length, (int)(sizeof(t->in) - t->in_length));
			r = n > 0 ? 0 : ssl_wait(t, (int)n);
		} else {
			n = recv(t->fd, t->in + t->in_length, sizeof(t->in) - t->in_length, 0);
			r = n > 0             ? 0
			    : n == 0          ? -EPROTO
			    : errno == EAGAIN ? wait_for(t, t->fd, POLLIN)
					      : -errno;
		}
		if (r < 0)
			return r;
		if (n > 0)
			break;
	}
	t->in_length += (size_t)n;
	return 0;
}

/* The next answer of that type; others than DISCONNECT are passed over. */
static int answer(struct trial *t, enum mqtt_type type, struct mqtt_answer *ret)
{
	for (;;) {
		ssize_t n = mqtt_read(t->c->mqtt.protocol, t->in, t->in_length, ret);
		int r;

		if (n < 0)
			return (int)n;
		if (n > 0) {
			memmove(t->in, t->in + n, t->in_length - (size_t)n);
			t->in_length -= (size_t)n;
			if (ret->type == type || ret->type == MQTT_DISCONNECT)
				return 0;
			/* 3.2: nothing comes before it */
			if (type == MQTT_CONNACK)
				return -EBADMSG;
			continue;
		}
		r = receive(t);
		if (r < 0)
			return r;
	}
}

static int ask(struct trial *t, const uint8_t *packet, ssize_t length, enum mqtt_type type,
	struct mqtt_answer *ret)
{
	int r;

	if (length < 0)
		return (int)length;
	begin_step(t);
	r = send_all(t, packet, (size_t)length);
	/* What the broker said before it closed is worth more than that it did. */
	if (r == -ETIMEDOUT)
		return r;
	return answer(t, type, ret);
}

/* The first line of the file. Returns 0, or a negative errno. */
static int load_password(const struct config *c, char password[PASSWORD_MAX])
{
	_cleanup_(freep) char *path = NULL;
	_cleanup_(fclosep) FILE *f = NULL;
	int r = config_secret_path(c->mqtt.password_file, &path);

	if (r < 0)
		return r;
	f = fopen(path, "re");
	if (!f)
		return -errno;
	if (!fgets(password, PASSWORD_MAX, f))
		password[0] = 0;
	password[strcspn(password, "\r\n")] = 0;
	return 0;
}

static const char *refusal(const struct trial *t, uint8_t code)
{
	return t->c->mqtt.protocol == 5 ? reason_text(code) : reason_connack_text(code);
}

static const char *why_not(const struct trial *t, int r)
{
	const char *problem = t->ssl ? tls_problem(t->tls) : "";

	if (*problem)
		return problem;
	return r == -ETIMEDOUT ? "no answer in time"
	       : r == -EBADMSG ? "what it answers is no MQTT"
			       : "it closes the connection";
}

static bool authenticate(struct trial *t)
{
	_cleanup_(freep) char *client = NULL;
	char password[PASSWORD_MAX] = "";
	uint8_t packet[MQTT_PACKET_MAX + 8];
	struct mqtt_connect c = { .protocol = t->c->mqtt.protocol,
		.keep_alive_s = KEEP_ALIVE_S,
		.username = t->c->mqtt.username };
	struct mqtt_answer a = { 0 };
	int r = 0;

	if (asprintf(&client, "%s-doctor", t->c->mqtt.client_id) < 0) {
		client = NULL;
		t->d->out_of_memory = true;
		return false;
	}
	c.client_id = client;
	if (c.username && t->c->mqtt.password_file) {
		r = load_password(t->c, password);
		c.password = password;
	}
	if (r < 0) {
		doctor_find(t->d, FINDING_NOTE, area, "run doctor as root",
			"PasswordFile=%s cannot be read from here: MQTT is not tried",
			t->c->mqtt.password_file);
		return false;
	}
	r = ask(t, packet, mqtt_write_connect(packet, sizeof(packet), &c), MQTT_CONNACK, &a);
	explicit_bzero(packet, sizeof(packet));
	explicit_bzero(password, sizeof(password));
	if (r < 0 || a.type != MQTT_CONNACK) {
		WRONG(t,
			t->broker->tls ? "does it want another certificate (CertificateFile=), and "
					 "speak Protocol=?"
				       : "is it a plaintext MQTT port (a TLS one wants mqtts://), "
					 "and does it "
					 "speak Protocol=?",
			"the broker does not answer to MQTT: %s", why_not(t, r));
		return false;
	}
	if (a.code != 0) {
		WRONG(t, "look at Username=, PasswordFile=, CertificateFile= and the broker's log",
			"the broker refuses the client %s: %s", client, refusal(t, a.code));
		return false;
	}
	GOOD(t, "MQTT %s, the client %s is let in", t->c->mqtt.protocol == 5 ? "5" : "3.1.1",
		client);
	return true;
}

/* An empty retained message below P/alarms is what ends an alarm: of one that never was it means
 * nothing to anybody. Topics of readings are not tried, since consumers would take it for one. */
static void try_publishing(struct trial *t)
{
	_cleanup_(freep) char *topic = NULL;
	uint8_t packet[MQTT_PACKET_MAX + 8];
	struct mqtt_answer a = { 0 };
	int r;

	if (asprintf(&topic, "%s/alarms/%s/doctor.gateway", t->c->mqtt.topic_prefix,
		    t->c->gateway.name) < 0) {
		topic = NULL;
		t->d->out_of_memory = true;
		return;
	}
	r = ask(t, packet,
		mqtt_write_publish(packet, sizeof(packet), t->c->mqtt.protocol, 1, topic, true),
		MQTT_PUBACK, &a);
	if (r < 0 || a.type == MQTT_DISCONNECT)
		WRONG(t,
			"let the gateway publish below its TopicPrefix= in the broker's access "
			"list",
			"publishing to %s ends the connection: %s", topic,
			r < 0 ? why_not(t, r) : reason_text(a.code));
	else if (a.code >= REASON_REFUSED)
		WRONG(t,
			"let the gateway publish below its TopicPrefix= in the broker's access "
			"list",
			"publishing to %s is refused: %s", topic, reason_text(a.code));
	else if (t->c->mqtt.protocol == 5)
		GOOD(t, "publishing to %s is allowed", topic);
	else
		GOOD(t, "publishing to %s is confirmed (3.1.1 does not say whether it was allowed)",
			topic);
}

static void try_subscribing(struct trial *t)
{
	_cleanup_(freep) char *topic = NULL;
	uint8_t packet[MQTT_PACKET_MAX + 8];
	struct mqtt_answer a = { 0 };
	int r;

	if (t->c->mqtt.commands.count == 0)
		return;
	if (asprintf(&topic, "%s/gateways/%s/commands/+", t->c->mqtt.topic_prefix,
		    t->c->gateway.name) < 0) {
		topic = NULL;
		t->d->out_of_memory = true;
		return;
	}
	r = ask(t, packet,
		mqtt_write_subscribe(packet, sizeof(packet), t->c->mqtt.protocol, 2, topic),
		MQTT_SUBACK, &a);
	if (r < 0 || a.type != MQTT_SUBACK || a.code >= REASON_REFUSED)
		WRONG(t, "let the gateway subscribe to it in the broker's access list",
			"subscribing to %s is refused: %s", topic,
			r < 0 ? why_not(t, r) : reason_text(a.code));
	else
		GOOD(t, "subscribing to %s is allowed", topic);
}

static void try_broker(struct doctor *d, const struct config_broker *broker)
{
	struct trial t = { .d = d, .c = d->config, .broker = broker, .fd = -1 };
	uint8_t packet[8];

	if (reach(&t) && (!broker->tls || secure(&t)) && authenticate(&t)) {
		try_subscribing(&t);
		try_publishing(&t);
		begin_step(&t);
		(void)send_all(&t, packet, (size_t)mqtt_write_disconnect(packet, sizeof(packet)));
	}
	SSL_free(t.ssl);
	tls_free(t.tls);
	if (t.fd >= 0)
		close(t.fd);
	ERR_clear_error();
}

void doctor_broker(struct doctor *d)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;

	if (!d->config)
		return;
	/* OpenSSL writes without MSG_NOSIGNAL. */
	(void)sigaction(SIGPIPE, &ignore, &before);
	for (size_t i = 0; i < d->config->mqtt.broker_count; i++)
		try_broker(d, &d->config->mqtt.brokers[i]);
	(void)sigaction(SIGPIPE, &before, NULL);
	if (d->runs && !d->connected)
		doctor_find(d, FINDING_WRONG, area, "journalctl -u wardgated says what it lacks",
			"the daemon has no connection");
}
