/*
 * As much of MQTT as doctor needs. See doctor_mqtt.h. Section numbers are those
 * of MQTT 5.0.
 */
#include "ctl/doctor_mqtt.h"

#include <errno.h>
#include <string.h>

#define CLEAN_START 0x02
#define HAS_PASSWORD 0x40
#define HAS_USERNAME 0x80

struct packet {
	uint8_t body[MQTT_PACKET_MAX];
	size_t length;
	bool overflow;
};

static void put(struct packet *p, const void *data, size_t n)
{
	if (n > sizeof(p->body) - p->length) {
		p->overflow = true;
		return;
	}
	memcpy(p->body + p->length, data, n);
	p->length += n;
}

static void put_u8(struct packet *p, uint8_t v)
{
	put(p, &v, 1);
}

static void put_u16(struct packet *p, size_t v)
{
	put_u8(p, (uint8_t)(v >> 8));
	put_u8(p, (uint8_t)v);
}

static void put_string(struct packet *p, const char *text)
{
	size_t n = strlen(text);

	if (n > 65535) {
		p->overflow = true;
		return;
	}
	put_u16(p, n);
	put(p, text, n);
}

/* 2.1: the first byte, the length in groups of seven bits, the rest. */
static ssize_t finish(const struct packet *p, uint8_t first, uint8_t *buf, size_t size)
{
	size_t at = 0, rest = p->length;

	if (p->overflow || size < p->length + 5)
		return -ENOBUFS;
	buf[at++] = first;
	do {
		buf[at++] = (uint8_t)((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
		rest >>= 7;
	} while (rest > 0);
	memcpy(buf + at, p->body, p->length);
	return (ssize_t)(at + p->length);
}

ssize_t mqtt_write_connect(uint8_t *buf, size_t size, const struct mqtt_connect *c)
{
	struct packet p = { 0 };
	ssize_t n;

	put_string(&p, "MQTT");
	put_u8(&p, (uint8_t)c->protocol);
	put_u8(&p,
		CLEAN_START | (c->username ? HAS_USERNAME : 0) | (c->password ? HAS_PASSWORD : 0));
	put_u16(&p, c->keep_alive_s);
	if (c->protocol == 5)
		put_u8(&p, 0); /* no properties: the session ends with the connection */
	put_string(&p, c->client_id);
	if (c->username)
		put_string(&p, c->username);
	if (c->password)
		put_string(&p, c->password);
	n = finish(&p, 0x10, buf, size);
	explicit_bzero(&p, sizeof(p));
	return n;
}

ssize_t mqtt_write_subscribe(
	uint8_t *buf, size_t size, int protocol, uint16_t id, const char *topic)
{
	struct packet p = { 0 };

	put_u16(&p, id);
	if (protocol == 5)
		put_u8(&p, 0);
	put_string(&p, topic);
	put_u8(&p, 1);
	return finish(&p, 0x82, buf, size);
}

ssize_t mqtt_write_publish(
	uint8_t *buf, size_t size, int protocol, uint16_t id, const char *topic, bool retain)
{
	struct packet p = { 0 };

	put_string(&p, topic);
	put_u16(&p, id);
	if (protocol == 5)
		put_u8(&p, 0);
	return finish(&p, (uint8_t)(0x32 | retain), buf, size);
}

ssize_t mqtt_write_disconnect(uint8_t *buf, size_t size)
{
	const struct packet p = { 0 };

	return finish(&p, 0xe0, buf, size);
}

/* Behind the properties at the beginning of data, or 0. */
static size_t behind_properties(const uint8_t *data, size_t size)
{
	size_t length = 0, at = 0;

	do {
		if (at == size || at == 4)
			return 0;
		length |= (size_t)(data[at] & 0x7f) << (7 * at);
	} while (data[at++] & 0x80);
	return length <= size - at ? at + length : 0;
}

static bool read_body(int protocol, const uint8_t *data, size_t size, struct mqtt_answer *a)
{
	size_t at = 2;

	switch (a->type) {
	case MQTT_CONNACK:
		if (size < 2)
			return false;
		a->code = data[1];
		return true;
	case MQTT_PUBACK:
		if (size < 2)
			return false;
		a->id = (uint16_t)(data[0] << 8 | data[1]);
		/* 3.4.2.1: left out when it is success */
		a->code = size > 2 ? data[2] : 0;
		return true;
	case MQTT_SUBACK:
		if (size < 3)
			return false;
		a->id = (uint16_t)(data[0] << 8 | data[1]);
		if (protocol == 5) {
			size_t n = behind_properties(data + 2, size - 2);

			if (n == 0)
				return false;
			at += n;
		}
		if (at >= size)
			return false;
		a->code = data[at];
		return true;
	case MQTT_DISCONNECT:
		a->code = size > 0 ? data[0] : 0;
		return true;
	case MQTT_PUBLISH:
	default:
		return true;
	}
}

ssize_t mqtt_read(int protocol, const uint8_t *data, size_t size, struct mqtt_answer *ret)
{
	struct mqtt_answer a = { 0 };
	size_t length = 0, at = 1;

	if (size == 0)
		return 0;
	a.type = data[0] >> 4;
	do {
		if (at == size)
			return 0;
		if (at == 5)
			return -EBADMSG;
		length |= (size_t)(data[at] & 0x7f) << (7 * (at - 1));
	} while (data[at++] & 0x80);
	if (length > MQTT_PACKET_MAX)
		return -EBADMSG;
	if (length > size - at)
		return 0;
	if (!read_body(protocol, data + at, length, &a))
		return -EBADMSG;
	*ret = a;
	return (ssize_t)(at + length);
}
