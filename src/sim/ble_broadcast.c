/* Kinds that only broadcast: what they measure into their formats, and into the log as the broker
 * is to see it. */
#include <stdio.h>
#include <stdlib.h>

#include "sim/ble_advert.h"
#include "sim/ble_crypto.h"
#include "sim/ble_device.h"
#include "sim/ble_kind.h"

#define THERMOMETERS 0x181a
#define RUUVI 0x0499

/* In Cel 0.005 and % 0.0025, so that there is something behind each digit. */
static int fine_temperature(struct sble_device *d)
{
	return sble_device_value(d, Q_AMBIENT_TEMPERATURE) * 20 + (int)rng_below(&d->rng, 20);
}

static unsigned fine_humidity(struct sble_device *d)
{
	return (unsigned)sble_device_value(d, Q_HUMIDITY) * 40 + rng_below(&d->rng, 40);
}

/* More than a legacy advertisement holds: it comes as an extended one. */
static void add_more(struct sble_device *d, struct octets *objects, struct sble_message *m)
{
	int64_t pressure = sble_device_body(d, SBLE_PRESSURE, 2);
	int32_t co2 = sble_device_value(d, Q_AMBIENT_CO2);
	static const char text[] = "ward air";

	sble_put_object(objects, 0x04, pressure, 3);
	sble_put_object(objects, 0x12, co2, 2);
	octets_u8(objects, 0x53);
	octets_u8(objects, sizeof(text) - 1);
	octets_bytes(objects, text, sizeof(text) - 1);
	sble_message_add(m, "pressure", pressure, -2);
	sble_message_add(m, "ambient-co2", co2, 0);
}

/* Packet id, battery, temperature and humidity in hundredths; Variant=extended: more. */
void sble_bthome_advert(struct sble_device *d, struct sble_message *m)
{
	struct octets objects = { 0 }, data = { 0 };
	int32_t battery = sble_device_value(d, Q_BATTERY);
	int temperature = fine_temperature(d) / 2;
	int humidity = (int)fine_humidity(d) / 4;

	sble_put_object(&objects, 0x00, d->packet++, 1);
	sble_put_object(&objects, 0x01, battery, 1);
	sble_put_object(&objects, 0x02, temperature, 2);
	sble_put_object(&objects, 0x03, humidity, 2);
	sble_message_add(m, "battery", battery, 0);
	sble_message_add(m, "ambient-temperature", temperature, -2);
	sble_message_add(m, "humidity", humidity, -2);
	if (sble_device_variant(d, "extended"))
		add_more(d, &objects, m);
	if (d->kind->sealed)
		d->counter++;
	sble_put_bthome(&data, &objects, d->kind->sealed ? d->config->key : NULL,
		&d->config->address, d->counter);
	sble_put_service_data(&m->bytes, 0xfcd2, &data);
}

static struct sble_thermo measure_thermo(struct sble_device *d)
{
	return (struct sble_thermo){ .address = d->config->address,
		.temperature = fine_temperature(d) / 2,
		.humidity = fine_humidity(d) / 4,
		.battery = (unsigned)sble_device_value(d, Q_BATTERY),
		.millivolts = (unsigned)sble_device_body(d, SBLE_VOLTAGE, 3),
		.counter = (uint8_t)++d->counter,
		.flags = 0x0d };
}

void sble_atc_advert(struct sble_device *d, struct sble_message *m)
{
	struct sble_thermo t = measure_thermo(d);
	struct octets data = { 0 };

	if (d->kind->sealed) {
		t.temperature = (t.temperature + (t.temperature < 0 ? -25 : 25)) / 50 * 50;
		t.humidity = (t.humidity + 25) / 50 * 50;
		sble_put_atc_sealed(&data, &t, d->config->key);
		sble_message_add(m, "ambient-temperature", t.temperature / 10, -1);
		sble_message_add(m, "humidity", t.humidity / 10, -1);
		sble_message_add(m, "battery", t.battery, 0);
	} else {
		t.temperature = (t.temperature + (t.temperature < 0 ? -5 : 5)) / 10 * 10;
		t.humidity = (t.humidity + 50) / 100 * 100;
		sble_put_atc(&data, &t);
		sble_message_add(m, "ambient-temperature", t.temperature / 10, -1);
		sble_message_add(m, "humidity", t.humidity / 100, 0);
		sble_message_add(m, "battery", t.battery, 0);
		sble_message_add(m, "battery-voltage", t.millivolts, -3);
	}
	sble_put_service_data(&m->bytes, THERMOMETERS, &data);
}

void sble_pvvx_advert(struct sble_device *d, struct sble_message *m)
{
	struct sble_thermo t = measure_thermo(d);
	struct octets data = { 0 };

	sble_message_add(m, "ambient-temperature", t.temperature, -2);
	sble_message_add(m, "humidity", t.humidity, -2);
	if (d->kind->sealed)
		sble_put_pvvx_sealed(&data, &t, d->config->key);
	else
		sble_put_pvvx(&data, &t);
	if (!d->kind->sealed)
		sble_message_add(m, "battery-voltage", t.millivolts, -3);
	sble_message_add(m, "battery", t.battery, 0);
	sble_put_service_data(&m->bytes, THERMOMETERS, &data);
}

static struct sble_ruuvi measure_ruuvi(struct sble_device *d)
{
	struct sble_ruuvi r = { .address = d->config->address,
		.temperature = fine_temperature(d),
		.humidity = fine_humidity(d),
		.pressure = (unsigned)sble_device_body(d, SBLE_PRESSURE, 2),
		.millivolts = (unsigned)sble_device_body(d, SBLE_VOLTAGE, 3),
		.tx_power = 4,
		.movements = (uint8_t)(d->counter += rng_below(&d->rng, 2)),
		.sequence = d->sequence++,
		.dust = (unsigned)sble_device_body(d, SBLE_DUST, 1),
		.co2 = (unsigned)sble_device_value(d, Q_AMBIENT_CO2),
		.voc = 90 + rng_below(&d->rng, 20),
		.nox = 1 + rng_below(&d->rng, 2),
		.calibrating = sble_device_variant(d, "calibrating") };

	for (size_t i = 0; i < 3; i++)
		r.acceleration[i] = (i == 2 ? 1000 : 0) + (int)rng_below(&d->rng, 41) - 20;
	if (d->sequence == 0xffff)
		d->sequence = 0;
	return r;
}

static void say_pressure(struct sble_message *m, const struct sble_ruuvi *r)
{
	struct sble_value *v = sble_message_add(m, "pressure", r->pressure, -2);

	snprintf(v->raw, sizeof(v->raw), "%u Pa", r->pressure);
}

static void say_acceleration(struct sble_message *m, const struct sble_ruuvi *r)
{
	for (unsigned i = 0; i < 3; i++) {
		int64_t scaled = (int64_t)r->acceleration[i] * 980665;
		struct sble_value *v = sble_message_add(
			m, "acceleration", (scaled + (scaled < 0 ? -50000 : 50000)) / 100000, -3);
		int mg = r->acceleration[i];

		v->instance = i;
		snprintf(v->raw, sizeof(v->raw), "%s%d.%03d gn", mg < 0 ? "-" : "", abs(mg) / 1000,
			abs(mg) % 1000);
	}
}

void sble_ruuvi3_advert(struct sble_device *d, struct sble_message *m)
{
	struct sble_ruuvi r = measure_ruuvi(d);
	struct octets data = { 0 };

	r.temperature = r.temperature / 2 * 2;
	r.humidity = r.humidity / 200 * 200;
	sble_put_ruuvi3(&data, &r);
	sble_message_add(m, "ambient-temperature", r.temperature / 2, -2);
	sble_message_add(m, "humidity", r.humidity / 200 * 5, -1);
	say_pressure(m, &r);
	say_acceleration(m, &r);
	sble_message_add(m, "battery-voltage", r.millivolts, -3);
	sble_put_manufacturer_data(&m->bytes, RUUVI, &data);
}

void sble_ruuvi5_advert(struct sble_device *d, struct sble_message *m)
{
	struct sble_ruuvi r = measure_ruuvi(d);
	struct octets data = { 0 };

	sble_put_ruuvi5(&data, &r);
	sble_message_add(m, "ambient-temperature", (int64_t)r.temperature * 5, -3);
	sble_message_add(m, "humidity", (int64_t)r.humidity * 25, -4);
	say_pressure(m, &r);
	say_acceleration(m, &r);
	sble_message_add(m, "battery-voltage", r.millivolts, -3);
	sble_message_add(m, "tx-power", r.tx_power, 0);
	sble_message_add(m, "counter", r.movements, 0);
	sble_put_manufacturer_data(&m->bytes, RUUVI, &data);
}

void sble_ruuvi6_advert(struct sble_device *d, struct sble_message *m)
{
	struct sble_ruuvi r = measure_ruuvi(d);
	struct octets data = { 0 };
	struct sble_value *v;

	sble_put_ruuvi6(&data, &r);
	sble_message_add(m, "ambient-temperature", (int64_t)r.temperature * 5, -3);
	sble_message_add(m, "humidity", (int64_t)r.humidity * 25, -4);
	say_pressure(m, &r);
	sble_message_add(m, "pm2-5", r.dust, -1);
	sble_message_add(m, "ambient-co2", r.co2, 0);
	sble_message_add(m, "voc-index", r.voc, 0);
	sble_message_add(m, "nox-index", r.nox, 0);
	v = sble_message_add(m, "illuminance", 0, 0);
	for (size_t i = 0; r.calibrating && i < m->count; i++) {
		m->values[i].validity = "questionable";
		m->values[i].reason = "warming-up";
	}
	v->none = true;
	v->validity = "not-measured";
	v->reason = "unavailable";
	sble_put_manufacturer_data(&m->bytes, RUUVI, &data);
}

/* Who it is and how it is, in turn. */
void sble_eddystone_advert(struct sble_device *d, struct sble_message *m)
{
	struct octets data = { 0 };
	uint8_t id[16];

	if (++d->counter & 1) {
		sble_derive(d->ble->seed, "eddystone", d->index, 0, id, sizeof(id));
		sble_put_eddystone_uid(&data, -25, id);
	} else {
		unsigned millivolts = (unsigned)sble_device_body(d, SBLE_VOLTAGE, 3);
		int quarters = (int)sble_device_value(d, Q_AMBIENT_TEMPERATURE) * 4 / 10;
		uint32_t tenths = (uint32_t)(sble_now(d->ble) / 100000);

		sble_put_eddystone_tlm(&data, millivolts, quarters * 64, d->counter, tenths);
		sble_message_add(m, "battery-voltage", millivolts, -3);
		sble_message_add(m, "ambient-temperature", quarters * 25, -2);
		sble_message_add(m, "counter", d->counter, 0);
		sble_message_add(m, "uptime", tenths, -1);
	}
	octets_bytes(&m->bytes, "\x03\x03\xaa\xfe", 4);
	sble_put_service_data(&m->bytes, 0xfeaa, &data);
}

/* Major and minor are the last octets of its address. */
void sble_ibeacon_advert(struct sble_device *d, struct sble_message *m)
{
	const uint8_t *a = d->config->address.octets;
	struct octets data = { 0 };
	uint8_t uuid[16];

	sble_derive(d->ble->seed, "ibeacon", 0, 0, uuid, sizeof(uuid));
	sble_put_ibeacon(
		&data, uuid, (unsigned)(a[3] << 8 | a[2]), (unsigned)(a[1] << 8 | a[0]), -59);
	sble_put_manufacturer_data(&m->bytes, 0x004c, &data);
}
