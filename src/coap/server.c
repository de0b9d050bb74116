/*
 * The CoAP driver: sockets and timer on the loop, keys and certificates,
 * configuration. See server.h for how the parts stand.
 */
#include "coap/server.h"

#include <errno.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "util/log.h"

#define LOG_MODULE "coap"

/* Timers called per turn; the rest in the next. */
#define TIMERS_MAX 64
/* What could not be opened is tried again after so long. */
#define AGAIN_US INT64_C(5000000)

extern const struct driver coap_driver;

/* --- the loop --- */

static int on_time(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct server *s = userdata;

	s->timer_us = INT64_MAX;
	s->now_us = boottime_us();
	timers_run(&s->timers, s->now_us, TIMERS_MAX);
	server_arm(s);
	return 0;
}

void server_arm(struct server *s)
{
	int64_t next = timers_next(&s->timers);
	int r;

	/* A wake-up too early costs one look; moving it back each time would cost more. */
	if (next >= s->timer_us)
		return;
	r = sd_event_source_set_time(s->timer_source, next > 0 ? (uint64_t)next : 0);
	if (r >= 0)
		r = sd_event_source_set_enabled(s->timer_source, SD_EVENT_ONESHOT);
	if (r < 0)
		log_error("cannot set a timer", F_ERR(r));
	else
		s->timer_us = next;
}

static int64_t on_block_timer(struct timer *t, int64_t now_us)
{
	struct server *s = (struct server *)((char *)t - offsetof(struct server, block_timer));

	return block_tick(&s->blocks, now_us);
}

static void on_secure_datagram(
	void *userdata, const struct udp_address *a, uint8_t *bytes, size_t length)
{
	struct server *s = userdata;

	dtls_receive(s->dtls, a, bytes, length, s->now_us);
}

static void receive(struct server *s, struct udp *u, udp_fn fn)
{
	int r;

	s->now_us = boottime_us();
	r = udp_receive(u, fn, s);
	if (r < 0 && r != -EAGAIN && r != -EINTR)
		log_warning("cannot receive", F_ERR(r));
	server_arm(s);
}

static int on_secure(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct server *s = userdata;

	receive(s, s->secure, on_secure_datagram);
	return 0;
}

static int on_plain(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct server *s = userdata;

	receive(s, s->plain, clients_plain_datagram);
	return 0;
}

/* --- sockets --- */

static int open_on_loop(struct server *s, const char *listen, sd_event_io_handler_t handler,
	struct udp **ret, sd_event_source **ret_source)
{
	_cleanup_(udp_freep) struct udp *u = NULL;
	int r;

	r = udp_open(&u, listen);
	if (r < 0)
		return r;
	r = sd_event_add_io(s->event, ret_source, udp_fd(u), EPOLLIN, handler, s);
	if (r < 0)
		return r;
	(void)sd_event_source_set_description(*ret_source, listen);
	*ret = TAKE_PTR(u);
	return 0;
}

static void close_on_loop(struct udp **u, sd_event_source **source)
{
	*source = sd_event_source_disable_unref(*source);
	*u = udp_free(*u);
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* Where it listens changes. The new socket may want the port of the old one, which goes first. */
static int change_socket(struct server *s, const char *was, const char *listen,
	sd_event_io_handler_t handler, struct udp **u, sd_event_source **source)
{
	int r;

	if (*u && same_text(was, listen))
		return 0;
	close_on_loop(u, source);
	if (!listen)
		return 0;
	r = open_on_loop(s, listen, handler, u, source);
	if (r < 0)
		log_error("cannot listen", F_STR("LISTEN", listen), F_ERR(r));
	return r;
}

/* Plaintext beyond this machine needs AllowPlaintext=yes; the configuration's own check says so
 * first, this one stands for the case that it did not. */
static int check_plain(struct server *s, const struct config *c)
{
	if (!s->plain || c->mqtt.allow_plaintext || udp_is_loopback(s->plain))
		return 0;
	clients_drop_plain(s);
	close_on_loop(&s->plain, &s->plain_source);
	return -EPERM;
}

static void say_missing(char why[static SERVER_PROBLEM_MAX], const char *listen, int error)
{
	(void)snprintf(why, SERVER_PROBLEM_MAX, "cannot listen on %s: %s; it is tried again",
		listen,
		error == -EPERM ? "others can reach it, and CoAP without DTLS is refused there"
				: strerrordesc_np(-error));
}

/* Opens what the configuration in force names and is not open. What cannot be opened now may be
 * later: an address comes with its network, a port when its former holder goes. Returns when to
 * try again, INT64_MAX when all is open. */
static int64_t open_missing(struct server *s)
{
	const struct config *c = s->config;
	char why[SERVER_PROBLEM_MAX] = "";
	int r;

	if (c->coap.plaintext_listen && !s->plain) {
		r = open_on_loop(
			s, c->coap.plaintext_listen, on_plain, &s->plain, &s->plain_source);
		if (r >= 0)
			r = check_plain(s, c);
		if (r < 0)
			say_missing(why, c->coap.plaintext_listen, r);
	}
	if (!s->secure) {
		r = open_on_loop(s, c->coap.listen, on_secure, &s->secure, &s->secure_source);
		if (r < 0)
			say_missing(why, c->coap.listen, r);
		else
			log_info("listening for CoAP devices", F_STR("LISTEN", c->coap.listen),
				F_INT("KEYS", psk_keys_count(&s->keys)));
	}
	if (why[0] && strcmp(why, s->deaf) != 0)
		log_error(why);
	memcpy(s->deaf, why, sizeof(why));
	return why[0] ? s->now_us + AGAIN_US : INT64_MAX;
}

static int64_t on_listen_timer(struct timer *t, int64_t now_us)
{
	struct server *s = (struct server *)((char *)t - offsetof(struct server, listen_timer));

	return open_missing(s);
}

static void keep_listening(struct server *s)
{
	if (timers_set(&s->timers, &s->listen_timer, open_missing(s)) < 0)
		log_error("no memory for a timer: a reload tries to listen again");
}

/* --- keys --- */

static void set_problem(struct server *s, const char *sentence)
{
	snprintf(s->problem, sizeof(s->problem), "%s", sentence);
	log_error(s->problem);
}

/* Reads the keys. Returns 0 with *ret, or a negative errno, logged. */
static int read_keys(struct server *s, const struct config *c, struct psk_keys *ret)
{
	struct config_problems problems = { 0 };
	int r = psk_keys_read(c, ret, &problems);

	if (r != 0) {
		set_problem(s, problems.error_count > 0
				       ? problems.errors[0]
				       : "the keys of CoAP devices cannot be read");
		r = r < 0 ? r : -EINVAL;
	}
	config_problems_done(&problems);
	return r;
}

/* A context for new handshakes. Returns 0 or a negative errno, logged. */
static int make_context(struct server *s, const struct config *c, SSL_CTX **ret)
{
	_cleanup_(freep) char *key = NULL;
	struct dtls_credentials credentials = {
		.certificate_file = c->coap.certificate_file,
		.ca_file = c->coap.ca_file,
	};
	char problem[DTLS_PROBLEM_MAX] = "the private key has no path";
	int r = 0;

	if (c->coap.private_key_file)
		r = config_secret_path(c->coap.private_key_file, &key);
	credentials.private_key_file = key;
	if (r >= 0)
		r = dtls_context_new(ret, &credentials, problem);
	if (r < 0)
		set_problem(s, problem);
	return r;
}

static bool same_key(const struct psk_keys *a, const struct psk_keys *b, const char *identity)
{
	size_t a_length = 0, b_length = 0;
	const uint8_t *ka = psk_keys_find(a, identity, &a_length);
	const uint8_t *kb = psk_keys_find(b, identity, &b_length);

	return ka && kb && a_length == b_length && memcmp(ka, kb, a_length) == 0;
}

struct key_change {
	const struct psk_keys *before, *after;
};

static bool lost_its_key(void *userdata, const char *identity)
{
	const struct key_change *k = userdata;

	return !same_key(k->before, k->after, identity);
}

/* New keys: sessions whose key is gone or another end, the others go on. */
static void change_keys(struct server *s, const struct psk_keys *take_keys)
{
	struct key_change change = { .before = &s->keys, .after = take_keys };
	struct client *next;

	for (struct client *c = s->sessions.first; c; c = next) {
		next = c->all.next;
		if (!dtls_session_has_key(c->session) || !lost_its_key(&change, c->owner->identity))
			continue;
		log_notice("a session ended because its key was changed or removed",
			F_STR("IDENTITY", c->owner->identity));
		dtls_end(c->session, DTLS_END_KEY);
	}
	dtls_give_up(s->dtls, lost_its_key, &change);
	psk_keys_done(&s->keys);
	s->keys = *take_keys;
}

/* --- the driver --- */

static bool driver_wanted(const struct config *c)
{
	return c->coap.enabled;
}

static void driver_stop(void *state)
{
	struct server *s = state;

	if (!s)
		return;
	s->now_us = boottime_us();
	clients_drop_plain(s);
	dtls_free(s->dtls);
	if (s->gateway)
		clients_done(s);
	close_on_loop(&s->secure, &s->secure_source);
	close_on_loop(&s->plain, &s->plain_source);
	sd_event_source_disable_unref(s->timer_source);
	timers_done(&s->timers);
	psk_keys_done(&s->keys);
	sd_event_unref(s->event);
	config_unref(s->config);
	free(s->readings);
	free(s);
}

static void stop_cleanup(struct server **s)
{
	driver_stop(*s);
}

/* Keys and certificates that cannot be read do not keep the server down: it says what is wrong, and
 * a reload mends it. Without them nobody gets in. */
static int start_security(struct server *s, const struct config *c)
{
	const struct dtls_credentials none = { 0 };
	SSL_CTX *ctx = NULL;
	int r;

	(void)read_keys(s, c, &s->keys);
	r = make_context(s, c, &ctx);
	if (r < 0) {
		char problem[DTLS_PROBLEM_MAX];

		r = dtls_context_new(&ctx, &none, problem);
		if (r < 0)
			return r;
	}
	return dtls_new(&s->dtls, &clients_dtls_ops, s, &s->timers, ctx);
}

static int driver_start(void **ret_state, sd_event *e, struct gateway *g, struct config *c)
{
	_cleanup_(stop_cleanup) struct server *s = NULL;
	int r;

	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->event = sd_event_ref(e);
	s->gateway = g;
	s->config = config_ref(c);
	s->timer_us = INT64_MAX;
	s->now_us = boottime_us();
	s->blocks.limit = BLOCK_TOTAL_MAX;
	s->block_timer.fn = on_block_timer;
	s->listen_timer.fn = on_listen_timer;
	s->readings = calloc(SUBMISSION_MAX, sizeof(*s->readings));
	if (!s->readings)
		return -ENOMEM;
	(void)RAND_bytes((unsigned char *)&s->random, sizeof(s->random));

	r = sd_event_add_time(e, &s->timer_source, CLOCK_BOOTTIME, 0, 1000, on_time, s);
	if (r >= 0)
		r = sd_event_source_set_enabled(s->timer_source, SD_EVENT_OFF);
	if (r < 0)
		return r;
	(void)sd_event_source_set_description(s->timer_source, "coap-timers");

	r = start_security(s, c);
	if (r < 0)
		return r;
	keep_listening(s);
	server_arm(s);
	*ret_state = TAKE_PTR(s);
	return 0;
}

static int driver_reload(void *state, struct config *c)
{
	struct server *s = state;
	struct config *before = s->config;
	struct psk_keys keys = { 0 };
	SSL_CTX *ctx = NULL;
	int r;

	s->now_us = boottime_us();
	s->problem[0] = 0;
	/* Keys and certificates that cannot be read are logged and reported; the old ones stay, and
	 * the other settings change all the same. */
	if (read_keys(s, c, &keys) >= 0)
		change_keys(s, &keys);
	if (make_context(s, c, &ctx) >= 0)
		dtls_set_context(s->dtls, ctx);

	if (!same_text(before->coap.plaintext_listen, c->coap.plaintext_listen))
		clients_drop_plain(s);
	r = change_socket(
		s, before->coap.listen, c->coap.listen, on_secure, &s->secure, &s->secure_source);
	if (r >= 0)
		r = change_socket(s, before->coap.plaintext_listen, c->coap.plaintext_listen,
			on_plain, &s->plain, &s->plain_source);
	if (r >= 0)
		r = check_plain(s, c);
	if (r >= 0) {
		s->config = config_ref(c);
		config_unref(before);
	}
	keep_listening(s);
	server_arm(s);
	return r;
}

static void driver_forget(void *state, struct device *d)
{
	struct server *s = state;

	if (d->transport != TRANSPORT_COAP)
		return;
	s->now_us = boottime_us();
	clients_forget_device(s, d);
}

static void driver_quiesce(void *state)
{
	struct server *s = state;

	s->quiesced = true;
}

static void driver_report(void *state, struct driver_report *ret)
{
	const struct server *s = state;
	const struct dtls_counters *d = dtls_counters(s->dtls);
	const struct message_counters *m = &s->messages;
	struct udp_counters u = { 0 };

	if (s->secure)
		u = udp_counters(s->secure);
	*ret = (struct driver_report){
		.running = s->secure != NULL,
		.problem = s->deaf[0]      ? s->deaf
			   : s->problem[0] ? s->problem
					   : NULL,
		.sessions = (unsigned)s->sessions.count,
		.accepted = s->accepted,
		.refused = s->refused + d->refused,
		.dropped = u.truncated + d->malformed + d->stray + d->undeciphered + d->no_memory +
			   m->foreign + m->malformed + m->unexpected + m->crowded + m->no_memory,
	};
}

const struct driver coap_driver = {
	.name = "coap",
	.wanted = driver_wanted,
	.start = driver_start,
	.reload = driver_reload,
	.forget = driver_forget,
	.quiesce = driver_quiesce,
	.stop = driver_stop,
	.report = driver_report,
};
