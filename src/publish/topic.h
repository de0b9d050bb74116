/*
 * The names of MQTT topics (docs/interface), built and judged. Pure: it knows
 * no session and publishes nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct reading;

#define TOPIC_MAX 1024 /* bytes, the final 0 counted */

/* <prefix>[/<payload>]/beds/<bed>/<device>/<metric>[.<instance>]; payload NULL for the format that
 * comes first in Payloads=. Returns the length or -ENOBUFS. */
ssize_t topic_reading(
	char *buf, size_t size, const char *prefix, const char *payload, const struct reading *r);

/* <prefix>/gateways/<gateway>/<rest>. Returns the length or -ENOBUFS. */
ssize_t topic_gateway(
	char *buf, size_t size, const char *prefix, const char *gateway, const char *rest);

/* <prefix>/<rest>. Returns the length or -ENOBUFS. */
ssize_t topic_below(char *buf, size_t size, const char *prefix, const char *rest);

/* Whether text can be published to: not empty, no wildcards, no control characters, shorter than
 * TOPIC_MAX, and not one of the broker's own ($SYS). */
bool topic_publishable(const char *text);
