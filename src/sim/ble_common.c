/*
 * The services that every simulated device has: Generic Access and Attribute,
 * Device Information, Battery, Current Time where it has a clock; and the way
 * from a UUID to the kind.
 */
#include <stdio.h>

#include "codec/datetime.h"
#include "sim/ble_device.h"
#include "sim/ble_encode.h"

#define VENDOR_SERVICE (SBLE_VENDOR | 0x0001)
#define VENDOR_VALUE (SBLE_VENDOR | 0x0002)

void sble_device_build(struct sble_device *d)
{
	static const uint16_t strings[] = { 0x2a29, 0x2a24, 0x2a25, 0x2a26 };
	struct sble_db *db = &d->db;

	sble_db_service(db, 0x1800);
	sble_db_characteristic(db, 0x2a00, SBLE_P_READ, SBLE_OPEN);
	sble_db_characteristic(db, 0x2a01, SBLE_P_READ, SBLE_OPEN);
	sble_db_service(db, 0x1801);
	sble_db_characteristic(db, 0x2a05, SBLE_P_INDICATE, SBLE_OPEN);
	sble_db_characteristic(db, 0x2b2a, SBLE_P_READ, SBLE_OPEN);
	sble_db_service(db, 0x180a);
	for (size_t i = 0; i < ARRAY_SIZE(strings); i++)
		sble_db_characteristic(db, strings[i], SBLE_P_READ, SBLE_OPEN);
	if (d->config->vendor) {
		sble_db_service(db, VENDOR_SERVICE);
		sble_db_characteristic(db, VENDOR_VALUE, SBLE_P_READ | SBLE_P_NOTIFY, SBLE_OPEN);
	}
	d->kind->build(d, db);
	sble_db_service(db, 0x180f);
	sble_db_characteristic(db, 0x2a19, SBLE_P_READ | SBLE_P_NOTIFY, SBLE_OPEN);
	if (d->config->clock == SBLE_CLOCK_NONE)
		return;
	sble_db_service(db, 0x1805);
	sble_db_characteristic(db, 0x2a2b,
		SBLE_P_READ | SBLE_P_NOTIFY |
			(d->config->clock == SBLE_CLOCK_WRITE ? SBLE_P_WRITE : 0),
		d->config->security);
}

static void put_text(struct octets *o, const char *text, const char *otherwise)
{
	const char *t = *text ? text : otherwise;

	octets_bytes(o, t, strlen(t));
}

static void read_battery(struct sble_device *d, struct octets *ret)
{
	struct sble_message *m = sble_message_new(d, 0x2a19, SBLE_READ);
	int32_t percent = sble_device_value(d, Q_BATTERY);

	octets_u8(ret, (unsigned)percent);
	d->battery_told = percent;
	if (!m)
		return;
	sble_message_add(m, "battery", percent, 0);
	if (!d->config->unlogged)
		sble_log_message(d->ble->log, d->config->name, m, true, NULL);
	free(m);
}

void sble_common_measure(struct sble_device *d)
{
	int32_t percent = sble_device_value(d, Q_BATTERY);
	struct sble_message *m;

	if (!d->link.adapter || percent == d->battery_told)
		return;
	d->battery_told = percent;
	m = sble_message_new(d, 0x2a19, SBLE_NOTIFICATION);
	if (!m)
		return;
	sble_message_add(m, "battery", percent, 0);
	octets_u8(&m->bytes, (unsigned)percent);
	sble_device_say(d, m);
}

uint8_t sble_common_read(struct sble_device *d, uint32_t uuid, struct octets *ret)
{
	const struct sble_device_config *c = d->config;

	switch (uuid) {
	case 0x2a00:
		put_text(ret, c->local_name, c->name);
		return 0;
	case 0x2a01:
		octets_le(ret, d->kind->appearance, 2);
		return 0;
	case 0x2b2a:
		sble_db_hash(&d->db, ret->at);
		ret->n = 16;
		return 0;
	case 0x2a29:
		put_text(ret, c->manufacturer, "wardsim");
		return 0;
	case 0x2a24:
		put_text(ret, c->model, d->kind->name);
		return 0;
	case 0x2a25:
		put_text(ret, c->serial, c->name);
		return 0;
	case 0x2a26:
		put_text(ret, c->firmware, WG_VERSION);
		return 0;
	case 0x2a19:
		read_battery(d, ret);
		return 0;
	case 0x2a2b:
		sble_put_current_time(ret, d->clock_unset ? INT64_MIN : sble_device_wall_ms(d), 0);
		return 0;
	case VENDOR_VALUE:
		octets_u8(ret, 0);
		return 0;
	default:
		return d->kind->read ? d->kind->read(d, uuid, ret) : ATT_UNLIKELY;
	}
}

uint8_t sble_common_write(struct sble_device *d, uint32_t uuid, const uint8_t *p, size_t n)
{
	struct cursor c = cursor_init(p, n);
	int64_t wall_us = 0;
	uint8_t reason = 0;

	if (uuid != 0x2a2b)
		return d->kind->write ? d->kind->write(d, uuid, p, n) : ATT_UNLIKELY;
	if (n != CURRENT_TIME_SIZE)
		return ATT_INVALID_LENGTH;
	if (datetime_read_current(&c, &wall_us, &reason))
		return 0x80; /* Data Field Ignored, CTS 1.6 */
	d->clock_offset_ms = wall_us / 1000 - sble_utc_ms();
	d->clock_unset = false;
	sble_log_event(d->ble->log, "clock-set", d->config->name, "\"offset_ms\":%lld",
		(long long)d->clock_offset_ms);
	return 0;
}
