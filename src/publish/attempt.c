/*
 * A connection attempt on a worker thread. See attempt.h.
 *
 * The thread has the whole struct to itself while it runs, but for the two
 * atomics, by which the loop sees how far it is.
 */
#include "publish/attempt.h"

#include <errno.h>
#include <mqtt_protocol.h>
#include <netdb.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/worker.h"

#define PASSWORD_MAX 1024
#define LOOK_EVERY_US INT64_C(100000)
#define HUNG_MAX 2

struct attempt {
	struct worker_job *job; /* loop only, as the next four */
	struct link_hung *hung;
	sd_event_source *look;
	attempt_done_fn done;
	void *userdata;
	int64_t timeout_us;
	unsigned interrupts;

	struct mosquitto *m;
	struct tls *tls;
	char *host, *username, *password_path;
	uint16_t port;
	int protocol, keep_alive_s;
	char problem[400];

	_Atomic int64_t connecting_since; /* boot time; 0: not yet */
	_Atomic unsigned addresses;
};

struct link_hung *link_hung_ref(struct link_hung *h)
{
	if (h)
		h->refs++;
	return h;
}

struct link_hung *link_hung_unref(struct link_hung *h)
{
	if (h && --h->refs == 0)
		free(h);
	return NULL;
}

static struct attempt *attempt_free(struct attempt *a)
{
	sd_event_source_disable_unref(a->look);
	if (a->m)
		mosquitto_destroy(a->m);
	tls_free(a->tls);
	link_hung_unref(a->hung);
	free(a->host);
	free(a->username);
	free(a->password_path);
	free(a);
	return NULL;
}

WG_DEFINE_CLEANUP(struct attempt *, attempt_free)

/* --- on the thread --- */

/* The first line of the file, without its end. */
static int set_password(struct attempt *a)
{
	char password[PASSWORD_MAX] = "";
	FILE *f;
	int rc;

	if (!a->username)
		return 0;
	if (!a->password_path) {
		rc = mosquitto_username_pw_set(a->m, a->username, NULL);
		return rc == MOSQ_ERR_SUCCESS ? 0 : -ENOMEM;
	}
	f = fopen(a->password_path, "re");
	if (!f) {
		snprintf(a->problem, sizeof(a->problem), "PasswordFile=%s cannot be read: %m",
			a->password_path);
		return -EINVAL;
	}
	if (!fgets(password, sizeof(password), f))
		password[0] = 0;
	fclose(f);
	password[strcspn(password, "\r\n")] = 0;
	rc = mosquitto_username_pw_set(a->m, a->username, password);
	explicit_bzero(password, sizeof(password));
	return rc == MOSQ_ERR_SUCCESS ? 0 : -ENOMEM;
}

/* The library resolves again by itself. This is for the number of addresses, the moment at which
 * connecting begins, and a clear sentence; the answer is in the resolver's cache by then. */
static int resolve(struct attempt *a)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM }, *list;
	unsigned count = 0;
	int r = getaddrinfo(a->host, NULL, &hints, &list);

	if (r != 0) {
		snprintf(a->problem, sizeof(a->problem), "the name %s cannot be resolved: %s",
			a->host, r == EAI_SYSTEM ? strerrordesc_np(errno) : gai_strerror(r));
		return -EHOSTUNREACH;
	}
	for (const struct addrinfo *i = list; i; i = i->ai_next)
		count++;
	freeaddrinfo(list);
	atomic_store(&a->addresses, count);
	atomic_store(&a->connecting_since, boottime_us());
	return 0;
}

static void describe(struct attempt *a, int rc, int error)
{
	const char *why = a->tls ? tls_problem(a->tls) : "";

	if (*why)
		snprintf(a->problem, sizeof(a->problem), "%s", why);
	else if (rc == MOSQ_ERR_ERRNO && error == EINTR)
		snprintf(a->problem, sizeof(a->problem), "%s:%u does not answer", a->host, a->port);
	else if (rc == MOSQ_ERR_ERRNO && error == EPROTO && a->tls)
		snprintf(a->problem, sizeof(a->problem),
			"%s:%u broke off TLS without a reason (does it accept our certificate?)",
			a->host, a->port);
	else if (rc == MOSQ_ERR_ERRNO)
		snprintf(a->problem, sizeof(a->problem), "%s:%u cannot be reached: %s", a->host,
			a->port, strerrordesc_np(error) ?: "unknown error");
	else
		snprintf(a->problem, sizeof(a->problem), "no connection to %s:%u: %s", a->host,
			a->port, mosquitto_strerror(rc));
}

static int run(void *arg)
{
	struct attempt *a = arg;
	mosquitto_property *properties = NULL;
	int r, rc, error;

	r = set_password(a);
	if (r < 0)
		return r;
	if (a->tls) {
		r = tls_build(a->tls);
		if (r < 0) {
			describe(a, MOSQ_ERR_TLS, 0);
			return r;
		}
		/* Ours as it is: with defaults, the library would change it. */
		if (mosquitto_int_option(a->m, MOSQ_OPT_SSL_CTX_WITH_DEFAULTS, 0) ||
			mosquitto_void_option(a->m, MOSQ_OPT_SSL_CTX, tls_context(a->tls)))
			return -EINVAL;
	}
	r = resolve(a);
	if (r < 0)
		return r;

	/* Commands are small; anything larger would only fill our memory. */
	if (a->protocol == 5 && mosquitto_property_add_int32(
					&properties, MQTT_PROP_MAXIMUM_PACKET_SIZE, 16384) != 0)
		return -ENOMEM;
	rc = mosquitto_connect_bind_v5(a->m, a->host, a->port, a->keep_alive_s, NULL, properties);
	error = errno;
	mosquitto_property_free_all(&properties);
	if (rc == MOSQ_ERR_SUCCESS)
		return 0;
	describe(a, rc, error);
	return -ENOTCONN;
}

/* --- on the loop --- */

static void on_done(void *arg, int result)
{
	_cleanup_(attempt_freep) struct attempt *a = arg;
	struct mosquitto *m = TAKE_PTR(a->m);
	struct tls *tls = TAKE_PTR(a->tls);
	const char *problem = NULL;

	if (result < 0)
		problem = *a->problem ? a->problem : strerrordesc_np(-result);
	a->done(m, tls, problem, a->userdata);
}

static void on_abandoned(void *arg, int result)
{
	struct attempt *a = arg;

	a->hung->count--;
	attempt_free(a);
}

/* An address in a black hole may take its share of the time, not all of it: the interrupted
 * connect(2) makes the library go on to the next. */
static int on_look(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct attempt *a = userdata;
	int64_t since = atomic_load(&a->connecting_since);
	unsigned addresses = atomic_load(&a->addresses);

	if (since && a->interrupts + 1 < addresses) {
		int64_t share = a->timeout_us / (addresses + 1);

		if (boottime_us() - since >= share * (a->interrupts + 1)) {
			a->interrupts++;
			worker_interrupt(a->job);
		}
	}
	sd_event_source_set_time_relative(source, LOOK_EVERY_US);
	return 0;
}

static int copy(char **ret, const char *from)
{
	*ret = from ? strdup(from) : NULL;
	return from && !*ret ? -ENOMEM : 0;
}

int attempt_start(struct attempt **ret, sd_event *e, struct worker *w, struct mosquitto *take_m,
	struct tls *take_tls, const struct link_settings *settings, attempt_done_fn done,
	void *userdata)
{
	_cleanup_(attempt_freep) struct attempt *a = calloc(1, sizeof(*a));
	int r;

	if (!a) {
		mosquitto_destroy(take_m);
		tls_free(take_tls);
		return -ENOMEM;
	}
	a->m = take_m;
	a->tls = take_tls;
	a->done = done;
	a->userdata = userdata;
	a->port = settings->port;
	a->protocol = settings->protocol;
	a->keep_alive_s = (int)(settings->keep_alive_us / 1000000);
	if (a->keep_alive_s < 5) /* the least that the library takes */
		a->keep_alive_s = 5;
	a->timeout_us = settings->connect_timeout_us;
	a->hung = link_hung_ref(settings->hung);
	if (copy(&a->host, settings->host) < 0 || copy(&a->username, settings->username) < 0 ||
		copy(&a->password_path, settings->password_path) < 0)
		return -ENOMEM;
	if (a->hung->count >= HUNG_MAX)
		return -EBUSY;

	r = sd_event_add_time_relative(
		e, &a->look, CLOCK_BOOTTIME, LOOK_EVERY_US, 10000, on_look, a);
	if (r < 0)
		return r;
	sd_event_source_set_enabled(a->look, SD_EVENT_ON);
	r = worker_start(w, run, on_done, on_abandoned, a, &a->job);
	if (r != 0)
		return r < 0 ? r : -EBUSY;
	*ret = TAKE_PTR(a);
	return 0;
}

void attempt_abandon(struct attempt *a)
{
	if (!a)
		return;
	a->look = sd_event_source_disable_unref(a->look);
	a->hung->count++;
	worker_abandon(a->job);
}
