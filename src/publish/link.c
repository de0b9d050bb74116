/*
 * One connection. See link.h.
 *
 * The library closes its socket itself, inside any call, and arms nothing: after
 * each call the socket and the wish to write are asked for again (settle()).
 */
#include "publish/link.h"

#include <errno.h>
#include <mqtt_protocol.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "gateway/clock.h"
#include "publish/attempt.h"
#include "publish/properties.h"
#include "publish/socket.h"
#include "util/reasons.h"

#define READS_MAX 64 /* calls of the library per turn */
#define MISC_EVERY_US INT64_C(1000000)

struct link {
	sd_event *event;
	const struct link_ops *ops;
	void *userdata;
	struct attempt *attempt;
	struct mosquitto *m;
	struct tls *tls;
	char *host;
	uint16_t port;
	int protocol;
	sd_event_source *io, *deadline, *misc, *again;
	uint32_t events;
	struct link_limits limits;
	bool in_library;
	bool accepted; /* CONNACK came with success */
	bool up;       /* and up() was called */
	bool giving_up;
	bool failed; /* down() is due */
	bool corked;
	enum link_loss loss;
	char why[400];
};

static void settle(struct link *l, int rc, int error);

/* The first reason given is the one that counts. */
static void set_why(struct link *l, enum link_loss loss, const char *why)
{
	if (*l->why)
		return;
	l->loss = loss;
	snprintf(l->why, sizeof(l->why), "%s", why);
}

/* --- what the library calls --- */

static void on_connect(struct mosquitto *m, void *userdata, int code, int flags,
	const mosquitto_property *properties)
{
	struct link *l = userdata;
	char why[300], *said = NULL;
	uint16_t receive_maximum = 65535;
	uint32_t maximum_packet_size = 0;
	uint8_t qos = 2, retain = 1;

	if (code != 0) {
		mosquitto_property_read_string(properties, MQTT_PROP_REASON_STRING, &said, false);
		snprintf(why, sizeof(why), "the broker refuses the connection: %s%s%.100s",
			code >= REASON_REFUSED ? reason_text((uint8_t)code)
					       : reason_connack_text((uint8_t)code),
			said ? ": " : "", said ?: "");
		free(said);
		set_why(l, LINK_LOSS_NEVER, why);
		return;
	}
	mosquitto_property_read_int16(
		properties, MQTT_PROP_RECEIVE_MAXIMUM, &receive_maximum, false);
	mosquitto_property_read_int32(
		properties, MQTT_PROP_MAXIMUM_PACKET_SIZE, &maximum_packet_size, false);
	mosquitto_property_read_byte(properties, MQTT_PROP_MAXIMUM_QOS, &qos, false);
	mosquitto_property_read_byte(properties, MQTT_PROP_RETAIN_AVAILABLE, &retain, false);
	if (qos == 0) {
		set_why(l, LINK_LOSS_NEVER, "the broker allows QoS 0 only, which confirms nothing");
		l->failed = true;
		return;
	}
	l->limits = (struct link_limits){
		.receive_maximum = receive_maximum ?: 1,
		.maximum_packet_size = maximum_packet_size,
		.retain_available = retain,
	};
	l->accepted = true;
}

/* rc is a reason code of the broker's when it said DISCONNECT. Other losses are described where
 * the library returns them. */
static void on_disconnect(
	struct mosquitto *m, void *userdata, int rc, const mosquitto_property *properties)
{
	struct link *l = userdata;
	char why[160];

	if (l->protocol != 5 || rc < REASON_REFUSED)
		return;
	snprintf(why, sizeof(why), "the broker ended the session: %s", reason_text((uint8_t)rc));
	set_why(l, reason_blames_message((uint8_t)rc) ? LINK_LOSS_CLOSED : LINK_LOSS_ENDED, why);
}

/* The library stops reading when errno says EAGAIN after a packet, whoever set it: so what we call
 * may not leave it behind. */
static void on_publish(struct mosquitto *m, void *userdata, int mid, int reason,
	const mosquitto_property *properties)
{
	struct link *l = userdata;

	if (!l->failed)
		l->ops->puback(l, (uint16_t)mid, (uint8_t)reason, l->userdata);
	errno = 0;
}

static void on_subscribe(struct mosquitto *m, void *userdata, int mid, int count,
	const int *granted, const mosquitto_property *properties)
{
	struct link *l = userdata;

	if (!l->failed && count > 0)
		l->ops->suback(l, (uint8_t)granted[0], l->userdata);
	errno = 0;
}

static void on_message(struct mosquitto *m, void *userdata, const struct mosquitto_message *message,
	const mosquitto_property *properties)
{
	struct link *l = userdata;

	if (!l->failed)
		l->ops->message(l, message, properties, l->userdata);
	errno = 0;
}

/* Set until the broker accepted: a failing handshake leaves its reason nowhere else. */
static void on_log(struct mosquitto *m, void *userdata, int level, const char *text)
{
	struct link *l = userdata;
	const char *reason = strrchr(text, ':');
	char why[200];

	if (!l->tls || level != MOSQ_LOG_ERR || strncmp(text, "OpenSSL Error", 13) != 0 || !reason)
		return;
	snprintf(why, sizeof(why), "TLS with %s:%u failed: %.80s", l->host, l->port, reason + 1);
	tls_set_problem(l->tls, why);
}

/* --- the end --- */

static void run_again(struct link *l)
{
	sd_event_source_set_enabled(l->again, SD_EVENT_ONESHOT);
}

static void describe(struct link *l, int rc, int error)
{
	const char *tls = l->tls ? tls_problem(l->tls) : "";
	enum link_loss loss = l->accepted ? LINK_LOSS_CLOSED : LINK_LOSS_NEVER;

	if (*l->why)
		return;
	if (l->giving_up)
		set_why(l, LINK_LOSS_GIVEN_UP, "ended");
	else if (*tls)
		set_why(l, loss, tls);
	else if (rc == MOSQ_ERR_KEEPALIVE)
		set_why(l, LINK_LOSS_SILENT, "the broker does not answer pings");
	else if (rc == MOSQ_ERR_ERRNO && error != 0 && error != EPROTO)
		set_why(l, loss, strerrordesc_np(error) ?: "the connection was lost");
	else if (l->accepted)
		set_why(l, loss, "the broker closed the connection");
	else if (rc == MOSQ_ERR_ERRNO && error == EPROTO)
		set_why(l, loss,
			"the broker broke off TLS without a reason (does it accept our "
			"certificate?)");
	else if (l->protocol == 5)
		set_why(l, loss,
			"the broker closed the connection before it answered CONNECT (does it "
			"speak MQTT 5 and, if this is not its TLS port, plaintext?)");
	else
		set_why(l, loss, "the broker closed the connection before it answered CONNECT");
}

/* Calls down(), which may free the link: touch nothing after. */
static void end(struct link *l)
{
	const struct link_ops *ops = l->ops;

	l->failed = true;
	l->io = sd_event_source_disable_unref(l->io);
	l->misc = sd_event_source_disable_unref(l->misc);
	l->deadline = sd_event_source_disable_unref(l->deadline);
	l->again = sd_event_source_disable_unref(l->again);
	if (l->giving_up)
		l->loss = LINK_LOSS_GIVEN_UP;
	ops->down(l, l->loss, l->why, l->userdata);
}

void link_fail(struct link *l, enum link_loss loss, const char *why)
{
	set_why(l, loss, why);
	l->failed = true;
	run_again(l);
}

/* --- the loop's side --- */

/* A peer that goes away during the handshake: the library takes that for patience, and the
 * descriptor stays ready for ever. */
static bool gone(struct link *l, int fd)
{
	char byte;
	ssize_t n;

	if (l->accepted || !l->tls)
		return false;
	n = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
	return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

/* Reads until the socket has no more: TLS may hold records that epoll knows nothing of. */
static int read_all(struct link *l, int *ret_error)
{
	int rc = MOSQ_ERR_SUCCESS;

	for (int i = 0; i < READS_MAX; i++) {
		SSL *ssl;

		errno = 0;
		rc = mosquitto_loop_read(l->m, 1);
		*ret_error = errno;
		if (rc != MOSQ_ERR_SUCCESS || *ret_error == EAGAIN || mosquitto_socket(l->m) < 0)
			return rc;
		ssl = mosquitto_ssl_get(l->m);
		if (!ssl || !SSL_has_pending(ssl))
			return rc;
	}
	run_again(l);
	return rc;
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct link *l = userdata;
	int rc, error = 0;

	if (l->failed)
		return 0;
	if (gone(l, fd)) {
		settle(l, MOSQ_ERR_CONN_LOST, 0);
		return 0;
	}
	l->in_library = true;
	rc = read_all(l, &error);
	if (mosquitto_socket(l->m) >= 0)
		socket_acknowledge(fd);
	if (rc == MOSQ_ERR_SUCCESS && revents & EPOLLOUT && mosquitto_socket(l->m) >= 0) {
		rc = mosquitto_loop_write(l->m, 1);
		error = errno;
	}
	l->in_library = false;
	settle(l, rc, error);
	return 0;
}

/* What is left over from a call that must not end the connection or read on and on. */
static int on_again(sd_event_source *source, void *userdata)
{
	struct link *l = userdata;
	int rc = MOSQ_ERR_SUCCESS, error = 0;

	if (!l->failed && l->m && mosquitto_socket(l->m) >= 0) {
		l->in_library = true;
		rc = read_all(l, &error);
		l->in_library = false;
	}
	settle(l, rc, error);
	return 0;
}

static int on_misc(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct link *l = userdata;
	int rc, error;

	sd_event_source_set_time_relative(source, MISC_EVERY_US);
	l->in_library = true;
	rc = mosquitto_loop_misc(l->m);
	error = errno;
	l->in_library = false;
	settle(l, rc, error);
	return 0;
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct link *l = userdata;
	char why[300];

	snprintf(why, sizeof(why), "%s:%u did not answer within ConnectTimeout=", l->host, l->port);
	if (l->attempt) {
		attempt_abandon(l->attempt);
		l->attempt = NULL;
	}
	set_why(l, LINK_LOSS_NEVER, why);
	end(l);
	return 0;
}

void link_watch(struct link *l)
{
	uint32_t want = EPOLLIN;

	if (!l->io)
		return;
	if (mosquitto_want_write(l->m))
		want |= EPOLLOUT;
	if (want == l->events)
		return;
	l->events = want;
	sd_event_source_set_io_events(l->io, want);
}

/* After each call of the library from the loop. May free the link: touch nothing after. */
static void settle(struct link *l, int rc, int error)
{
	if (rc != MOSQ_ERR_SUCCESS || l->failed || mosquitto_socket(l->m) < 0) {
		describe(l, rc, error);
		end(l);
		return;
	}
	if (l->accepted && !l->up) {
		l->up = true;
		l->deadline = sd_event_source_disable_unref(l->deadline);
		mosquitto_log_callback_set(l->m, NULL);
		l->ops->up(l, l->userdata);
	}
	if (l->up)
		l->ops->turn(l, l->userdata);
	link_watch(l);
}

/* --- connecting --- */

static int start_io(struct link *l)
{
	int r;

	l->events = EPOLLIN;
	r = socket_watch(l->event, &l->io, mosquitto_socket(l->m), l->events, on_io, l);
	if (r < 0)
		return r;
	sd_event_source_set_description(l->io, "mqtt");
	r = sd_event_add_time_relative(
		l->event, &l->misc, CLOCK_BOOTTIME, MISC_EVERY_US, 100000, on_misc, l);
	if (r < 0)
		return r;
	return sd_event_source_set_enabled(l->misc, SD_EVENT_ON);
}

static void on_attempt(
	struct mosquitto *take_m, struct tls *take_tls, const char *problem, void *userdata)
{
	struct link *l = userdata;
	int r;

	l->attempt = NULL;
	l->m = take_m;
	l->tls = take_tls;
	if (problem) {
		set_why(l, LINK_LOSS_NEVER, problem);
		end(l);
		return;
	}
	r = start_io(l);
	if (r < 0) {
		set_why(l, LINK_LOSS_NEVER, strerrordesc_np(-r));
		end(l);
		return;
	}
	/* Not before: the thread would call it. */
	mosquitto_log_callback_set(l->m, on_log);
	link_watch(l);
}

static int set_up_client(struct link *l, struct mosquitto *m, const struct link_settings *s)
{
	int protocol = s->protocol == 5 ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311;
	mosquitto_property *properties = NULL;

	/* Send maximum 0 stands for 65535: the window is ours, a smaller one of the library's would
	 * make it queue. */
	if (mosquitto_int_option(m, MOSQ_OPT_PROTOCOL_VERSION, protocol) ||
		mosquitto_int_option(m, MOSQ_OPT_SEND_MAXIMUM, 0) ||
		mosquitto_int_option(m, MOSQ_OPT_RECEIVE_MAXIMUM, 20) ||
		mosquitto_int_option(m, MOSQ_OPT_TCP_NODELAY, 1))
		return -EINVAL;
	if (s->protocol == 5 && s->will_topic &&
		properties_new(&properties, "application/json", s->will_schema) < 0)
		return -ENOMEM;
	/* Takes the properties over when it succeeds. */
	if (s->will_topic && mosquitto_will_set_v5(m, s->will_topic, (int)strlen(s->will_body),
				     s->will_body, 1, true, properties)) {
		mosquitto_property_free_all(&properties);
		return -EINVAL;
	}
	mosquitto_connect_v5_callback_set(m, on_connect);
	mosquitto_disconnect_v5_callback_set(m, on_disconnect);
	mosquitto_publish_v5_callback_set(m, on_publish);
	mosquitto_subscribe_v5_callback_set(m, on_subscribe);
	mosquitto_message_v5_callback_set(m, on_message);
	return 0;
}

int link_new(struct link **ret, sd_event *e, struct worker *w, const struct link_settings *settings,
	struct tls *take_tls, const struct link_ops *ops, void *userdata)
{
	_cleanup_(tls_freep) struct tls *tls = take_tls;
	_cleanup_(link_freep) struct link *l = calloc(1, sizeof(*l));
	struct mosquitto *m;
	int r;

	if (!l)
		return -ENOMEM;
	l->event = sd_event_ref(e);
	l->ops = ops;
	l->userdata = userdata;
	l->port = settings->port;
	l->protocol = settings->protocol;
	l->loss = LINK_LOSS_NEVER;
	l->host = strdup(settings->host);
	m = mosquitto_new(settings->client_id, true, l);
	if (!l->host || !m) {
		mosquitto_destroy(m);
		return -ENOMEM;
	}
	r = set_up_client(l, m, settings);
	if (r < 0) {
		mosquitto_destroy(m);
		return r;
	}
	r = sd_event_add_time_relative(e, &l->deadline, CLOCK_BOOTTIME,
		(uint64_t)settings->connect_timeout_us, 10000, on_deadline, l);
	if (r >= 0)
		r = sd_event_add_defer(e, &l->again, on_again, l);
	if (r >= 0)
		r = sd_event_source_set_enabled(l->again, SD_EVENT_OFF);
	if (r < 0) {
		mosquitto_destroy(m);
		return r;
	}
	r = attempt_start(&l->attempt, e, w, m, TAKE_PTR(tls), settings, on_attempt, l);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(l);
	return 0;
}

struct link *link_free(struct link *l)
{
	if (!l)
		return NULL;
	attempt_abandon(l->attempt);
	sd_event_source_disable_unref(l->io);
	sd_event_source_disable_unref(l->misc);
	sd_event_source_disable_unref(l->deadline);
	sd_event_source_disable_unref(l->again);
	/* The context's callbacks write to tls: it goes last. */
	if (l->m)
		mosquitto_destroy(l->m);
	tls_free(l->tls);
	sd_event_unref(l->event);
	free(l->host);
	free(l);
	return NULL;
}

/* --- use --- */

bool link_is_up(const struct link *l)
{
	return l->up && !l->failed;
}

bool link_in_library(const struct link *l)
{
	return l->in_library;
}

const struct link_limits *link_get_limits(const struct link *l)
{
	return &l->limits;
}

struct tls *link_tls(struct link *l)
{
	return l->tls;
}

/* The library's own check comes too late: it would keep the message. 16 bytes are more than the
 * headers and lengths take, 96 more than each property. */
size_t link_room(const struct link *l, const char *topic, const mosquitto_property *properties)
{
	size_t most = l->limits.maximum_packet_size, taken = 16 + strlen(topic);

	if (most == 0)
		return SIZE_MAX;
	for (const mosquitto_property *p = properties; p; p = mosquitto_property_next(p))
		taken += 96;
	return most > taken ? most - taken : 0;
}

int link_publish(struct link *l, const char *topic, const void *payload, size_t length, bool retain,
	const mosquitto_property *properties, uint16_t *ret_mid)
{
	int mid, rc, error;

	if (!link_is_up(l) || l->in_library)
		return LINK_E_DEAD;
	if (length > link_room(l, topic, properties))
		return LINK_E_TOO_LARGE;
	l->in_library = true;
	rc = mosquitto_publish_v5(l->m, &mid, topic, (int)length, payload, 1, retain,
		l->protocol == 5 ? properties : NULL);
	error = errno;
	l->in_library = false;
	switch (rc) {
	case MOSQ_ERR_SUCCESS:
		*ret_mid = (uint16_t)mid;
		return 0;
	case MOSQ_ERR_INVAL:
	case MOSQ_ERR_MALFORMED_UTF8:
	case MOSQ_ERR_PAYLOAD_SIZE:
	case MOSQ_ERR_OVERSIZE_PACKET:
		return LINK_E_INVALID;
	default:
		describe(l, rc, error);
		link_fail(l, LINK_LOSS_CLOSED, "the connection was lost");
		return LINK_E_DEAD;
	}
}

int link_subscribe(struct link *l, const char *filter)
{
	int rc;

	if (!link_is_up(l) || l->in_library)
		return LINK_E_DEAD;
	rc = mosquitto_subscribe(l->m, NULL, filter, 1);
	return rc == MOSQ_ERR_SUCCESS ? 0 : LINK_E_INVALID;
}

static void set_cork(struct link *l, bool on)
{
	/* Without it, each message is a segment of its own: correct and dearer. */
	if (socket_cork(mosquitto_socket(l->m), on))
		l->corked = on;
}

void link_cork(struct link *l)
{
	if (!l->corked && !l->failed)
		set_cork(l, true);
}

void link_uncork(struct link *l)
{
	if (l->corked && !l->failed && mosquitto_socket(l->m) >= 0)
		set_cork(l, false);
}

void link_disconnect(struct link *l)
{
	int rc;

	if (l->failed)
		return;
	l->giving_up = true;
	l->in_library = true;
	rc = mosquitto_disconnect_v5(l->m, 0, NULL);
	l->in_library = false;
	if (rc != MOSQ_ERR_SUCCESS || mosquitto_socket(l->m) < 0)
		link_fail(l, LINK_LOSS_GIVEN_UP, "ended");
	else
		link_watch(l);
}
