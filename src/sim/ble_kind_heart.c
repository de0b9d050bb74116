/*
 * A heart-rate strap (HRS 1.0). Variant=: wide (16 bits), no-contact-bits, rr,
 * energy.
 */
#include "sim/ble_device.h"
#include "sim/ble_encode.h"
#include "sim/ble_kind.h"

#define CHEST 1

void sble_heart_build(struct sble_device *d, struct sble_db *db)
{
	sble_db_service(db, 0x180d);
	sble_db_characteristic(db, 0x2a37, SBLE_P_NOTIFY, d->config->security);
	sble_db_characteristic(db, 0x2a38, SBLE_P_READ, SBLE_OPEN);
	if (sble_device_variant(d, "energy"))
		sble_db_characteristic(db, 0x2a39, SBLE_P_WRITE, d->config->security);
}

uint8_t sble_heart_read(struct sble_device *d, uint32_t uuid, struct octets *ret)
{
	if (uuid != 0x2a38)
		return ATT_UNLIKELY;
	octets_u8(ret, CHEST);
	return 0;
}

uint8_t sble_heart_write(struct sble_device *d, uint32_t uuid, const uint8_t *p, size_t n)
{
	if (uuid != 0x2a39 || n != 1)
		return ATT_INVALID_LENGTH;
	if (p[0] != 1)
		return 0x80; /* Control Point Not Supported, HRS 2.4 */
	d->counter = 0;
	return 0;
}

void sble_heart_measure(struct sble_device *d)
{
	bool off = sble_device_sensor_off(d), tells = !sble_device_variant(d, "no-contact-bits");
	struct sble_heart h = { .rate = (unsigned)sble_device_value(d, Q_HEART_RATE),
		.wide = sble_device_variant(d, "wide"),
		.tells_contact = tells,
		.contact = !off };
	struct sble_message *m = sble_message_new(d, 0x2a37, SBLE_NOTIFICATION);
	struct sble_value *v;

	if (!m)
		return;
	v = sble_message_add(m, "heart-rate", h.rate, 0);
	if (off && tells) {
		v->none = true;
		v->validity = "sensor-off";
		v->reason = "no-contact";
	}
	if (sble_device_variant(d, "energy")) {
		h.has_energy = true;
		h.energy = (uint16_t)(d->counter += 1);
		sble_message_add(m, "energy", h.energy, 0);
	}
	if (sble_device_variant(d, "rr") && h.rate) {
		/* as many beats as there were since the last time, of alike length */
		int64_t beats = (d->beat_phase += h.rate * d->config->interval_ms) / 60000;

		d->beat_phase %= 60000;
		for (int64_t i = 0; i < beats && i < 9; i++) {
			h.rr[i] = (uint16_t)(61440 / h.rate + rng_below(&d->rng, 21));
			h.rr_count++;
			if (off && tells)
				continue;
			/* in tenths of a millisecond */
			v = sble_message_add(
				m, "rr-interval", ((int64_t)h.rr[i] * 10000 + 512) / 1024, -1);
			snprintf(v->raw, sizeof(v->raw), "%u 1/1024s", h.rr[i]);
		}
	}
	sble_put_heart(&m->bytes, &h);
	sble_device_say(d, m);
}
