/*
 * As much of MQTT as doctor needs to try a broker step by step: packets out of
 * arguments, answers out of bytes. Pure. Not for readings: publish/ speaks MQTT
 * with a library that does the rest.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define MQTT_PACKET_MAX 2048 /* of those that are written; of answers no more is read */

enum mqtt_type {
	MQTT_CONNACK = 2,
	MQTT_PUBLISH = 3,
	MQTT_PUBACK = 4,
	MQTT_SUBACK = 9,
	MQTT_DISCONNECT = 14,
};

struct mqtt_connect {
	int protocol; /* 5 or 4 */
	const char *client_id;
	const char *username, *password; /* NULL: none */
	uint16_t keep_alive_s;
};

/* Each returns the length or -ENOBUFS. */
ssize_t mqtt_write_connect(uint8_t *buf, size_t size, const struct mqtt_connect *c);
ssize_t mqtt_write_subscribe(
	uint8_t *buf, size_t size, int protocol, uint16_t id, const char *topic);
/* QoS 1, without a payload. */
ssize_t mqtt_write_publish(
	uint8_t *buf, size_t size, int protocol, uint16_t id, const char *topic, bool retain);
ssize_t mqtt_write_disconnect(uint8_t *buf, size_t size);

struct mqtt_answer {
	enum mqtt_type type;
	uint16_t id; /* of PUBACK and SUBACK */
	uint8_t code;
};

/* The packet at the beginning of the bytes. Returns its length, 0 when there is more to come, or
 * -EBADMSG when it is no packet, or no answer of the form that its type has. */
ssize_t mqtt_read(int protocol, const uint8_t *data, size_t size, struct mqtt_answer *ret);
