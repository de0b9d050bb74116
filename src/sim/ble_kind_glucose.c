/*
 * A meter (GLS 1.0) and a continuous monitor (CGMS 1.0.1), both with a record
 * access control point.
 *
 * Variant= of the meter: mmol, offset, context, control-solution. Of the
 * monitor: crc, trend, quality.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sim/ble_encode.h"
#include "sim/ble_kind.h"
#include "sim/ble_racp.h"
#include "sim/ble_status.h"

#define CAPILLARY_WHOLE_BLOOD 1
#define CONTROL_SOLUTION 10
#define FINGER 1
#define INTERSTITIAL_SUBCUTANEOUS 0x59

/* mg/dL to hundredths of mmol/L, half up: one mmol is 18.0156 mg. */
static int64_t mmol_hundredths(int64_t mg)
{
	return (mg * 10000000 + 900780) / 1801560;
}

/* What the status of a record does to its values: as when it was measured. */
static uint32_t status_of(struct sble_device *d, const struct sble_record *r, enum sble_field field,
	struct sble_message *m)
{
	char word[sizeof(d->fault.status)];
	int64_t until = d->fault.status_until;
	uint32_t bits = 0;

	if (!*r->word)
		return 0;
	memcpy(word, d->fault.status, sizeof(word));
	memcpy(d->fault.status, r->word, sizeof(r->word));
	d->fault.status_until = INT64_MAX;
	bits = sble_status_now(d, field, m);
	memcpy(d->fault.status, word, sizeof(word));
	d->fault.status_until = until;
	return bits;
}

static struct sble_record *record_now(struct sble_device *d)
{
	struct sble_record *r = sble_record_add(d);

	if (!r)
		return NULL;
	r->utc_ms = sble_utc_ms();
	r->wall_ms = d->clock_unset ? INT64_MIN : sble_device_wall_ms(d) / 1000 * 1000;
	if (sble_fault_then(d, d->fault.status_until))
		snprintf(r->word, sizeof(r->word), "%s", d->fault.status);
	return r;
}

/* A message of it. Told again, it says the same of the same time. */
static struct sble_message *message_of(
	struct sble_device *d, const struct sble_record *r, uint16_t uuid)
{
	struct sble_message *m = sble_message_new(d, uuid, SBLE_NOTIFICATION);

	if (!m)
		return NULL;
	m->utc_ms = r->utc_ms;
	m->device_ms = r->wall_ms;
	return m;
}

/* --- meter --- */

void sble_meter_build(struct sble_device *d, struct sble_db *db)
{
	sble_db_service(db, 0x1808);
	sble_db_characteristic(db, 0x2a18, SBLE_P_NOTIFY, d->config->security);
	if (sble_device_variant(d, "context"))
		sble_db_characteristic(db, 0x2a34, SBLE_P_NOTIFY, d->config->security);
	sble_db_characteristic(db, 0x2a51, SBLE_P_READ, SBLE_OPEN);
	sble_db_characteristic(db, SBLE_RACP, SBLE_P_WRITE | SBLE_P_INDICATE, d->config->security);
}

uint8_t sble_meter_read(struct sble_device *d, uint32_t uuid, struct octets *ret)
{
	if (uuid != 0x2a51)
		return ATT_UNLIKELY;
	octets_le(ret, 0x07ff, 2);
	return 0;
}

uint8_t sble_records_write(struct sble_device *d, uint32_t uuid, const uint8_t *p, size_t n)
{
	return uuid == SBLE_RACP ? sble_racp_write(d, p, n) : ATT_UNLIKELY;
}

void sble_meter_measure(struct sble_device *d)
{
	struct sble_record *r = record_now(d);

	if (!r)
		return;
	r->sequence = d->sequence++;
	r->value = (int32_t)(sble_device_variant(d, "mmol")
				     ? sble_device_body(d, SBLE_GLUCOSE, 1)
				     : (sble_device_body(d, SBLE_GLUCOSE, 3) * 180156 + 5000000) /
					       10000000);
}

/* What was measured before it was switched on, five minutes apart. */
void sble_meter_reboot(struct sble_device *d)
{
	d->record_count = 0;
	for (int64_t i = d->config->stored; i > 0; i--) {
		sble_meter_measure(d);
		if (!d->record_count)
			return;
		d->records[d->record_count - 1].utc_ms -= i * 300000;
		d->records[d->record_count - 1].wall_ms -= d->clock_unset ? 0 : i * 300000;
	}
}

static void tell_context(struct sble_device *d, struct sble_record *r)
{
	struct sble_message *m = message_of(d, r, 0x2a34);
	int grams = 20 + r->sequence % 5 * 10;
	struct sble_value *v;

	if (!m)
		return;
	v = sble_message_add(m, "carbohydrate", grams, 0);
	snprintf(v->raw, sizeof(v->raw), "0.0%d kg", grams);
	v = sble_message_add(m, "meal", 0, 0);
	v->word = "\"after-meal\"";
	sble_message_flag(m, "episodic");
	sble_message_flag(m, "stored");
	sble_put_glucose_context(&m->bytes, r->sequence, 1, sble_sfloat(grams, -3), 2);
	sble_device_say(d, m);
}

static void tell_meter(struct sble_device *d, struct sble_record *r)
{
	struct sble_message *m = message_of(d, r, 0x2a18);
	bool mol = sble_device_variant(d, "mmol"),
	     control = sble_device_variant(d, "control-solution");
	struct sble_glucose g = { .sequence = r->sequence,
		.base_ms = r->wall_ms,
		.has_offset = sble_device_variant(d, "offset"),
		.has_concentration = true,
		.mol = mol,
		.context = sble_device_variant(d, "context"),
		.concentration = sble_sfloat(r->value, mol ? -4 : -5),
		.type = control ? CONTROL_SOLUTION : CAPILLARY_WHOLE_BLOOD,
		.location = FINGER };
	struct sble_value *v;

	if (!m)
		return;
	if (mol) {
		v = sble_message_add(m, "glucose", r->value, -1);
		snprintf(v->raw, sizeof(v->raw), "0.%04d mol/L", (int)r->value);
	} else {
		v = sble_message_add(m, "glucose", mmol_hundredths(r->value), -2);
		snprintf(v->raw, sizeof(v->raw), "0.%05d kg/L", (int)r->value);
	}
	sble_message_flag(m, "episodic");
	sble_message_flag(m, "stored");
	if (control)
		sble_message_flag(m, "control-solution");
	if (g.has_offset && r->wall_ms != INT64_MIN) {
		g.offset_minutes = -5; /* the user has put the clock on since */
		g.base_ms += 300000;
	}
	g.status = (uint16_t)status_of(d, r, SBLE_GLUCOSE_STATUS, m);
	g.has_status = g.status;
	sble_put_glucose(&m->bytes, &g);
	sble_device_say(d, m);
	if (g.context && d->link.adapter)
		tell_context(d, r);
}

void sble_meter_serve(struct sble_device *d)
{
	sble_racp_serve(d, tell_meter);
}

/* --- continuous monitor --- */

#define SESSION_MS INT64_C(36000000) /* it began ten hours before */

static bool has_crc(const struct sble_device *d)
{
	return sble_device_variant(d, "crc");
}

void sble_cgm_build(struct sble_device *d, struct sble_db *db)
{
	sble_db_service(db, 0x181f);
	sble_db_characteristic(db, 0x2aa7, SBLE_P_NOTIFY, d->config->security);
	sble_db_characteristic(db, 0x2aa8, SBLE_P_READ, SBLE_OPEN);
	sble_db_characteristic(db, 0x2aa9, SBLE_P_READ, SBLE_OPEN);
	sble_db_characteristic(db, 0x2aaa, SBLE_P_READ | SBLE_P_WRITE, d->config->security);
	sble_db_characteristic(db, 0x2aab, SBLE_P_READ, SBLE_OPEN);
	sble_db_characteristic(db, SBLE_RACP, SBLE_P_WRITE | SBLE_P_INDICATE, d->config->security);
	sble_db_characteristic(db, 0x2aac, SBLE_P_WRITE | SBLE_P_INDICATE, d->config->security);
}

static uint16_t offset_now(const struct sble_device *d)
{
	return (uint16_t)((sble_utc_ms() - d->session_ms) / 60000);
}

uint8_t sble_cgm_read(struct sble_device *d, uint32_t uuid, struct octets *ret)
{
	switch (uuid) {
	case 0x2aa8:
		octets_le(ret, 0x018000u | (has_crc(d) ? 1u << 12 : 0), 3);
		octets_u8(ret, INTERSTITIAL_SUBCUTANEOUS);
		if (!has_crc(d)) {
			octets_le(ret, 0xffff, 2);
			return 0;
		}
		break;
	case 0x2aa9:
		octets_le(ret, offset_now(d), 2);
		octets_le(ret, 0, 3);
		break;
	case 0x2aaa:
		sble_put_date_time(
			ret, d->clock_unset ? INT64_MIN : d->session_ms + d->clock_offset_ms);
		octets_u8(ret, 0x80); /* time zone not known */
		octets_u8(ret, 0xff); /* nor whether it is summer time */
		break;
	case 0x2aab:
		octets_le(ret, 240, 2);
		break;
	default:
		return ATT_UNLIKELY;
	}
	if (has_crc(d))
		sble_put_crc(ret, 0);
	return 0;
}

uint8_t sble_cgm_write(struct sble_device *d, uint32_t uuid, const uint8_t *p, size_t n)
{
	if (uuid == SBLE_RACP)
		return sble_racp_write(d, p, n);
	if (uuid == 0x2aaa)
		return n == (has_crc(d) ? 11u : 9u) ? 0 : ATT_INVALID_LENGTH;
	if (!sble_att_subscribed(&d->link.att, 0x2aac, true))
		return ATT_CCCD_IMPROPER;
	if (!n || n > 20)
		return ATT_INVALID_LENGTH;
	d->control.n = 0;
	octets_bytes(&d->control, p, n);
	sble_link_turn(d);
	return 0;
}

static void put_record(
	struct sble_device *d, struct sble_record *r, struct sble_message *m, bool live)
{
	bool trend = sble_device_variant(d, "trend"), quality = sble_device_variant(d, "quality");
	size_t first = m->count;
	struct sble_message part = { .count = 0 };
	struct sble_cgm g = { .concentration = sble_sfloat(r->value, 0),
		.offset_minutes = r->sequence,
		.has_trend = trend,
		.has_quality = quality,
		.crc = has_crc(d),
		.quality = sble_sfloat(997, -1) };
	struct sble_value *v = sble_message_add(&part, "glucose", mmol_hundredths(r->value), -2);

	snprintf(v->raw, sizeof(v->raw), "%d mg/dL", (int)r->value);
	g.status = status_of(d, r, SBLE_CGM_STATUS, &part);
	if (trend) {
		int tenths = r->sequence % 41 -
			     20; /* of mg/dL in a minute; in thousandths of a mmol/L */
		int64_t scaled = tenths * INT64_C(100000000);

		g.trend = sble_sfloat(tenths, -1);
		v = sble_message_add(&part, "glucose-trend",
			(scaled + (scaled < 0 ? -9007800 : 9007800)) / 18015600, -3);
		snprintf(v->raw, sizeof(v->raw), "%s%d.%d mg/dL/min", tenths < 0 ? "-" : "",
			abs(tenths) / 10, abs(tenths) % 10);
	}
	if (quality)
		sble_message_add(&part, "glucose-quality", 997, -1);
	if (!live)
		sble_message_flag(&part, "stored");
	for (size_t i = 0; i < part.count && first + i < SBLE_VALUES_MAX; i++)
		m->values[m->count++] = part.values[i];
	sble_put_cgm(&m->bytes, &g);
}

static void tell_cgm(struct sble_device *d, struct sble_record *r)
{
	struct sble_message *m = message_of(d, r, 0x2aa7);

	if (!m)
		return;
	m->device_ms = d->clock_unset ? INT64_MIN
				      : (d->session_ms + d->clock_offset_ms) / 1000 * 1000 +
						r->sequence * INT64_C(60000);
	put_record(d, r, m, false);
	sble_device_say(d, m);
}

void sble_cgm_measure(struct sble_device *d)
{
	uint16_t offset = offset_now(d);
	struct sble_record *r;
	struct sble_message *m;

	/* Its records are told apart by their minute. */
	if (d->record_count && d->records[d->record_count - 1].sequence >= offset)
		return;
	r = record_now(d);
	if (!r)
		return;
	r->sequence = offset;
	r->utc_ms = d->session_ms + offset * INT64_C(60000);
	r->value = (int32_t)((sble_device_body(d, SBLE_GLUCOSE, 3) * 180156 + 5000000) / 10000000);
	m = message_of(d, r, 0x2aa7);
	if (!m)
		return;
	m->device_ms = d->clock_unset ? INT64_MIN
				      : (d->session_ms + d->clock_offset_ms) / 1000 * 1000 +
						offset * INT64_C(60000);
	put_record(d, r, m, true);
	sble_device_say(d, m);
}

void sble_cgm_reboot(struct sble_device *d)
{
	uint16_t now;

	d->record_count = 0;
	d->session_ms = (sble_utc_ms() - SESSION_MS) / 1000 * 1000;
	now = offset_now(d);
	for (int64_t i = d->config->stored; i > 0; i--) {
		struct sble_record *r = record_now(d);

		if (!r)
			return;
		r->sequence = (uint16_t)(now - i);
		r->utc_ms = d->session_ms + r->sequence * INT64_C(60000);
		r->value = (int32_t)((sble_device_body(d, SBLE_GLUCOSE, 3) * 180156 + 5000000) /
				     10000000);
	}
}

/* CGM Specific Ops: sessions are started and stopped in words only. */
static void serve_control(struct sble_device *d)
{
	struct sble_message *m = sble_message_new(d, 0x2aac, SBLE_INDICATION);
	uint8_t opcode = d->control.at[0];

	d->control.n = 0;
	if (!m)
		return;
	if (opcode == 0x02) { /* Get Communication Interval */
		octets_u8(&m->bytes, 0x03);
		octets_u8(&m->bytes, 1);
	} else {
		octets_u8(&m->bytes, 0x1c);
		octets_u8(&m->bytes, opcode);
		octets_u8(&m->bytes, opcode == 0x01 || opcode == 0x1a || opcode == 0x1b ? 1 : 2);
	}
	if (has_crc(d))
		sble_put_crc(&m->bytes, 0);
	sble_device_say(d, m);
}

void sble_cgm_serve(struct sble_device *d)
{
	if (d->control.n)
		serve_control(d);
	sble_racp_serve(d, tell_cgm);
}
