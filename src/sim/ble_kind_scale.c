/*
 * Scales (WSS 1.0, BCS 1.0) and a room sensor (ESS 1.0).
 *
 * Variant= of scales: imperial, height, no-time, user. Of the room: pressure.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sim/ble_encode.h"
#include "sim/ble_kind.h"
#include "sim/ble_status.h"

void sble_scale_build(struct sble_device *d, struct sble_db *db)
{
	sble_db_service(db, 0x181d);
	sble_db_characteristic(db, 0x2a9d, SBLE_P_INDICATE, d->config->security);
	sble_db_characteristic(db, 0x2a9e, SBLE_P_READ, SBLE_OPEN);
	if (d->kind->service != 0x181b)
		return;
	sble_db_service(db, 0x181b);
	sble_db_characteristic(db, 0x2a9b, SBLE_P_READ, SBLE_OPEN);
	sble_db_characteristic(db, 0x2a9c, SBLE_P_INDICATE, d->config->security);
}

uint8_t sble_scale_read(struct sble_device *d, uint32_t uuid, struct octets *ret)
{
	if (uuid == 0x2a9e)
		octets_le(ret, 0x0000003f, 4); /* time, users, BMI; 0.005 kg and 0.001 m */
	else if (uuid == 0x2a9b)
		octets_le(ret, 0x00001fff, 4);
	else
		return ATT_UNLIKELY;
	return 0;
}

static bool unsuccessful(struct sble_device *d, struct sble_message *m)
{
	if (!sble_device_sensor_off(d))
		return false;
	m->count = 1;
	m->values[0].none = true;
	m->values[0].validity = "not-measured";
	m->values[0].reason = "unsuccessful";
	m->values[0].raw[0] = 0;
	return true;
}

static void say_weight(struct sble_device *d, int64_t weight_kg3)
{
	struct sble_message *m = sble_message_new(d, 0x2a9d, SBLE_INDICATION);
	int64_t height_mm = sble_device_body(d, SBLE_HEIGHT, 1);
	struct sble_weight w = { .imperial = sble_device_variant(d, "imperial"),
		.has_time = !sble_device_variant(d, "no-time"),
		.has_user = sble_device_variant(d, "user"),
		.has_height =
			sble_device_variant(d, "height") && !sble_device_variant(d, "imperial"),
		.user = 1,
		.height = (uint16_t)height_mm };
	struct sble_value *v;

	if (!m)
		return;
	if (w.imperial) {
		/* hundredths of a pound of 0.45359237 kg, and what they are in hundredths of a kg
		 */
		w.weight = (uint16_t)((weight_kg3 * 10000000 + 22679618) / 45359237);
		v = sble_message_add(
			m, "weight", ((int64_t)w.weight * 45359237 + 50000000) / 100000000, -2);
		snprintf(v->raw, sizeof(v->raw), "%d.%02d lb", w.weight / 100, w.weight % 100);
	} else {
		w.weight = (uint16_t)((weight_kg3 + 2) / 5);
		sble_message_add(m, "weight", (int64_t)w.weight * 5, -3);
	}
	if (w.has_height) {
		w.bmi = (uint16_t)((weight_kg3 * 10000 + height_mm * height_mm / 2) /
				   (height_mm * height_mm ?: 1));
		sble_message_add(m, "bmi", w.bmi, -1);
		v = sble_message_add(m, "height", height_mm, -1);
		snprintf(v->raw, sizeof(v->raw), "%d.%03d m", (int)(height_mm / 1000),
			(int)(height_mm % 1000));
	}
	if (unsuccessful(d, m))
		w.weight = 0xffff;
	sble_message_flag(m, "episodic");
	if (w.has_time)
		w.wall_ms = sble_stamp(d, m);
	sble_put_weight(&m->bytes, &w);
	sble_device_say(d, m);
}

static void say_composition(struct sble_device *d)
{
	struct sble_message *m = sble_message_new(d, 0x2a9c, SBLE_INDICATION);
	struct sble_composition c = { .fat = (uint16_t)sble_device_body(d, SBLE_BODY_FAT, 1),
		.muscle = (uint16_t)sble_device_body(d, SBLE_MUSCLE, 1),
		.impedance = (uint16_t)sble_device_body(d, SBLE_IMPEDANCE, 1),
		.metabolism = 7000,
		.has_time = !sble_device_variant(d, "no-time") };

	if (!m)
		return;
	sble_message_add(m, "body-fat", c.fat, -1);
	sble_message_add(m, "basal-metabolism", c.metabolism, 0);
	sble_message_add(m, "muscle", c.muscle, -1);
	sble_message_add(m, "impedance", c.impedance, -1);
	if (unsuccessful(d, m)) {
		/* BCS 3.2.1.2: then nothing but the fat, and its time, is told */
		c.fat = 0xffff;
		c.muscle = c.impedance = c.metabolism = 0;
	}
	sble_message_flag(m, "episodic");
	if (c.has_time)
		c.wall_ms = sble_stamp(d, m);
	sble_put_composition(&m->bytes, &c);
	sble_device_say(d, m);
}

void sble_scale_measure(struct sble_device *d)
{
	say_weight(d, sble_device_body(d, SBLE_WEIGHT, 3));
	if (d->kind->service == 0x181b)
		say_composition(d);
}

/* --- room --- */

void sble_room_build(struct sble_device *d, struct sble_db *db)
{
	sble_db_service(db, 0x181a);
	sble_db_characteristic(db, 0x2a6e, SBLE_P_READ | SBLE_P_NOTIFY, d->config->security);
	sble_db_characteristic(db, 0x2a6f, SBLE_P_READ | SBLE_P_NOTIFY, d->config->security);
	if (sble_device_variant(d, "pressure"))
		sble_db_characteristic(
			db, 0x2a6d, SBLE_P_READ | SBLE_P_NOTIFY, d->config->security);
}

/* The value of a characteristic, into the message as bytes and as it is to be seen. */
static bool put_room(struct sble_device *d, uint32_t uuid, struct sble_message *m)
{
	bool off = sble_device_sensor_off(d);
	struct sble_value *v = NULL;

	if (uuid == 0x2a6e) {
		int32_t t = sble_device_value(d, Q_AMBIENT_TEMPERATURE) * 10;

		v = sble_message_add(m, "ambient-temperature", t, -2);
		octets_le(&m->bytes, off ? 0x8000 : (uint64_t)(int64_t)t, 2);
	} else if (uuid == 0x2a6f) {
		int32_t h = sble_device_value(d, Q_HUMIDITY) * 10;

		v = sble_message_add(m, "humidity", h, -2);
		octets_le(&m->bytes, off ? 0xffff : (uint64_t)h, 2);
	} else if (uuid == 0x2a6d) {
		/* 0.1 Pa; nothing says that it is not known */
		int64_t p = sble_device_body(d, SBLE_PRESSURE, 3);

		v = sble_message_add(m, "pressure", p, -3);
		snprintf(v->raw, sizeof(v->raw), "%d.%d Pa", (int)(p / 10), (int)(p % 10));
		octets_le(&m->bytes, (uint64_t)p, 4);
		off = false;
	}
	if (v && off) {
		v->none = true;
		v->validity = "not-measured";
		v->reason = "unavailable";
	}
	return v;
}

uint8_t sble_room_read(struct sble_device *d, uint32_t uuid, struct octets *ret)
{
	struct sble_message *m = sble_message_new(d, (uint16_t)uuid, SBLE_READ);
	bool known = m && put_room(d, uuid, m);

	if (known) {
		octets_bytes(ret, m->bytes.at, m->bytes.n);
		if (!d->config->unlogged)
			sble_log_message(d->ble->log, d->config->name, m, true, NULL);
	}
	free(m);
	return known ? 0 : ATT_UNLIKELY;
}

void sble_room_measure(struct sble_device *d)
{
	static const uint16_t uuids[] = { 0x2a6e, 0x2a6f, 0x2a6d };

	for (size_t i = 0; i < ARRAY_SIZE(uuids); i++) {
		struct sble_message *m = sble_message_new(d, uuids[i], SBLE_NOTIFICATION);

		if (m && sble_db_value(&d->db, uuids[i]) && put_room(d, uuids[i], m))
			sble_device_say(d, m);
		else
			free(m);
	}
}
