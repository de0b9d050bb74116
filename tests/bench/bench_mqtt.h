/*
 * A bare libmosquitto client: MQTT 5 over TLS 1.3 with a client certificate, on
 * an epoll loop of the program's own, as good as the library allows. This is
 * what the product is compared with, so nothing of the product stands in it
 * but the bytes of a reading.
 */
#pragma once

#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>

#include "bench/bench.h"
#include "publish/payloads/payloads.h"
#include "wardgate/reading.h"

#define BENCH_WINDOW 100

struct bench_mqtt {
	struct mosquitto *m;
	int epoll;
	bool writing; /* EPOLLOUT is asked for */
	mosquitto_property *properties;
	char topic[128], payload[PAYLOAD_MAX];
	size_t length;
	int in_flight;
	int64_t acked;
	bool connected, subscribed;
	int refused;     /* a reason code of 0x80 or more */
	int64_t unheard; /* nobody subscribes, says the broker */
};

static inline void bench_on_publish(struct mosquitto *m, void *userdata, int mid, int reason,
	const mosquitto_property *properties)
{
	struct bench_mqtt *b = userdata;

	if (reason >= 0x80)
		b->refused = reason;
	b->unheard += reason == 0x10;
	b->in_flight--;
	b->acked++;
}

static inline void bench_on_connect(struct mosquitto *m, void *userdata, int rc, int flags,
	const mosquitto_property *properties)
{
	struct bench_mqtt *b = userdata;

	if (rc)
		bench_die("the broker refused the connection: %d", rc);
	b->connected = true;
}

static inline void bench_on_disconnect(
	struct mosquitto *m, void *userdata, int rc, const mosquitto_property *properties)
{
	if (rc)
		bench_die("the connection broke: %d", rc);
}

static inline void bench_on_subscribe(struct mosquitto *m, void *userdata, int mid, int count,
	const int *granted, const mosquitto_property *properties)
{
	((struct bench_mqtt *)userdata)->subscribed = true;
}

/* Watches for room to write exactly as long as there is something to write. */
static inline void bench_mqtt_watch(struct bench_mqtt *b)
{
	bool wants = mosquitto_want_write(b->m);
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = mosquitto_socket(b->m) };

	if (wants == b->writing)
		return;
	b->writing = wants;
	if (wants)
		ev.events |= EPOLLOUT;
	if (epoll_ctl(b->epoll, EPOLL_CTL_MOD, ev.data.fd, &ev) < 0)
		bench_die("epoll_ctl: %s", strerror(errno));
}

static inline void bench_mqtt_event(struct bench_mqtt *b, uint32_t events)
{
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
		SSL *ssl = mosquitto_ssl_get(b->m);

		do {
			if (mosquitto_loop_read(b->m, 1))
				bench_die("reading from the broker failed");
		} while (ssl && SSL_pending(ssl) > 0);
	}
	if (events & EPOLLOUT && mosquitto_loop_write(b->m, 1))
		bench_die("writing to the broker failed");
}

static inline void bench_mqtt_publish(struct bench_mqtt *b, const void *payload, size_t length)
{
	int r = mosquitto_publish_v5(
		b->m, NULL, b->topic, (int)length, payload, 1, false, b->properties);

	if (r)
		bench_die("mosquitto_publish_v5: %s", mosquitto_strerror(r));
	b->in_flight++;
}

/* The bytes that the product sends for a reading like those that the bench offers. */
static inline void bench_mqtt_reading(struct bench_mqtt *b)
{
	const struct payload_format *format = payload_by_name("json");
	struct payload_context ctx = { "ward7-gw1", "12-9f3a21c4" };
	struct reading r = {
		.number = { 60123456, -6 },
		.kind = VALUE_NUMBER,
		.metric = METRIC_HEART_RATE,
		.time_us = INT64_C(1795255200123000),
		.received_us = INT64_C(1795255200150000),
		.time_source = TIME_DEVICE,
		.source_key = UINT64_C(0x9f3a21c45566778a),
		.sequence = 134567,
		.device_sequence = 1345,
	};
	ssize_t n;

	if (label_new(&r.device, "bench-042") < 0 || label_new(&r.bed, "42") < 0)
		bench_die("no memory");
	n = format->reading(b->payload, sizeof(b->payload), &r, &ctx);
	if (n < 0)
		bench_die("the payload does not fit");
	reading_release(&r);
	b->length = (size_t)n;
	(void)snprintf(b->topic, sizeof(b->topic), "wardgate/bench/7/beds/42/bench-042/heart-rate");
	if (mosquitto_property_add_string(
		    &b->properties, MQTT_PROP_CONTENT_TYPE, format->content_type) ||
		mosquitto_property_add_string_pair(
			&b->properties, MQTT_PROP_USER_PROPERTY, "schema", format->schema))
		bench_die("no memory");
}

/* Connects and comes back when the broker has accepted: port= ca= cert= key=, nodelay=0. */
static inline void bench_mqtt_open(
	struct bench_mqtt *b, int epoll, const char *id, int argc, char **argv)
{
	struct epoll_event ev = { .events = EPOLLIN };
	int port = (int)bench_number(argc, argv, "port", 0);

	memset(b, 0, sizeof(*b));
	b->epoll = epoll;
	(void)mosquitto_lib_init();
	b->m = mosquitto_new(id, true, b);
	if (!b->m)
		bench_die("mosquitto_new failed");
	(void)mosquitto_int_option(b->m, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
	(void)mosquitto_int_option(
		b->m, MOSQ_OPT_TCP_NODELAY, (int)bench_number(argc, argv, "nodelay", 0));
	(void)mosquitto_max_inflight_messages_set(b->m, BENCH_WINDOW);
	mosquitto_connect_v5_callback_set(b->m, bench_on_connect);
	mosquitto_disconnect_v5_callback_set(b->m, bench_on_disconnect);
	mosquitto_publish_v5_callback_set(b->m, bench_on_publish);
	mosquitto_subscribe_v5_callback_set(b->m, bench_on_subscribe);
	if (mosquitto_tls_set(b->m, bench_need(argc, argv, "ca"), NULL,
		    bench_need(argc, argv, "cert"), bench_need(argc, argv, "key"), NULL) ||
		mosquitto_tls_opts_set(b->m, 1, "tlsv1.3", NULL) ||
		mosquitto_connect(b->m, "localhost", port, 60))
		bench_die("cannot connect to the broker at port %d", port);
	ev.data.fd = mosquitto_socket(b->m);
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, ev.data.fd, &ev) < 0)
		bench_die("epoll_ctl: %s", strerror(errno));
	while (!b->connected) {
		bench_mqtt_watch(b);
		if (epoll_wait(epoll, &ev, 1, 10000) < 1)
			bench_die("no answer from the broker");
		bench_mqtt_event(b, ev.events);
	}
}

static inline void bench_mqtt_close(struct bench_mqtt *b)
{
	(void)mosquitto_disconnect(b->m);
	mosquitto_destroy(b->m);
	mosquitto_property_free_all(&b->properties);
	(void)mosquitto_lib_cleanup();
}
