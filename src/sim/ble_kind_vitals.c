/*
 * A thermometer (HTS 1.0), oximeters (PLXS 1.0.1) and a cuff (BLS 1.1.1).
 *
 * Variant= of the thermometer: fahrenheit, hundredths, no-time. Of oximeters:
 * decimal, no-amplitude; pairs, or where it checks spots: no-time. Of the cuff:
 * kpa, no-mean, no-pulse, no-time, user.
 */
#include <stdio.h>

#include "sim/ble_encode.h"
#include "sim/ble_kind.h"
#include "sim/ble_status.h"

#define EAR 3

static const char *const not_measured = "not-measured";

/* --- thermometer --- */

void sble_thermometer_build(struct sble_device *d, struct sble_db *db)
{
	sble_db_service(db, 0x1809);
	sble_db_characteristic(db, 0x2a1c, SBLE_P_INDICATE, d->config->security);
	sble_db_characteristic(db, 0x2a1d, SBLE_P_READ, SBLE_OPEN);
	sble_db_characteristic(db, 0x2a1e, SBLE_P_NOTIFY, d->config->security);
	sble_db_characteristic(db, 0x2a21, SBLE_P_READ, SBLE_OPEN);
}

uint8_t sble_thermometer_read(struct sble_device *d, uint32_t uuid, struct octets *ret)
{
	if (uuid == 0x2a1d)
		octets_u8(ret, EAR);
	else if (uuid == 0x2a21)
		octets_le(ret, 0, 2); /* no measurements at an interval */
	else
		return ATT_UNLIKELY;
	return 0;
}

static void say_temperature(struct sble_device *d, bool final)
{
	int32_t tenths = sble_device_value(d, Q_BODY_TEMPERATURE);
	bool fine = sble_device_variant(d, "hundredths");
	struct sble_temperature t = { .fahrenheit = sble_device_variant(d, "fahrenheit"),
		.has_time = final && !sble_device_variant(d, "no-time"),
		.type = final ? EAR : 0 };
	struct sble_message *m = sble_message_new(
		d, final ? 0x2a1c : 0x2a1e, final ? SBLE_INDICATION : SBLE_NOTIFICATION);
	struct sble_value *v;
	uint16_t special;

	if (!m)
		return;
	if (t.fahrenheit) {
		int f = (tenths * 18 + 5) / 10 + 320;

		/* half up, as nothing here is below zero */
		v = sble_message_add(m, "body-temperature", ((f - 320) * 500 + 45) / 90, -2);
		snprintf(v->raw, sizeof(v->raw), "%d.%d degF", f / 10, f % 10);
		t.value = sble_float(f, -1);
	} else {
		v = sble_message_add(
			m, "body-temperature", fine ? tenths * 10 : tenths, fine ? -2 : -1);
		t.value = sble_float(fine ? tenths * 10 : tenths, fine ? -2 : -1);
	}
	if (sble_device_sensor_off(d)) {
		v->none = true;
		v->validity = not_measured;
		v->reason = "nan";
		v->raw[0] = 0;
		t.value = sble_special_float(SBLE_SFLOAT_NAN);
	} else if (sble_special_now(d, v, &special)) {
		t.value = sble_special_float(special);
	}
	sble_value_flag(v, final ? "episodic" : "early-estimate");
	if (t.has_time)
		t.wall_ms = sble_stamp(d, m);
	sble_put_temperature(&m->bytes, &t);
	sble_device_say(d, m);
}

void sble_thermometer_measure(struct sble_device *d)
{
	say_temperature(d, true);
}

void sble_thermometer_intermediate(struct sble_device *d)
{
	say_temperature(d, false);
}

/* --- oximeters --- */

void sble_oximeter_build(struct sble_device *d, struct sble_db *db)
{
	sble_db_service(db, 0x1822);
	if (d->kind->episodic)
		sble_db_characteristic(db, 0x2a5e, SBLE_P_INDICATE, d->config->security);
	else
		sble_db_characteristic(db, 0x2a5f, SBLE_P_NOTIFY, d->config->security);
	sble_db_characteristic(db, 0x2a60, SBLE_P_READ, SBLE_OPEN);
}

uint8_t sble_oximeter_read(struct sble_device *d, uint32_t uuid, struct octets *ret)
{
	if (uuid != 0x2a60)
		return ATT_UNLIKELY;
	octets_le(ret, 0x0003, 2); /* both statuses are supported; nothing is stored */
	octets_le(ret, 0xffe0, 2);
	octets_le(ret, 0x00ffff, 3);
	return 0;
}

static uint16_t add_number(struct sble_device *d, struct sble_message *m, const char *metric,
	unsigned instance, int32_t value)
{
	bool decimal = sble_device_variant(d, "decimal");
	int mantissa = decimal ? value * 10 : value;
	struct sble_value *v = sble_message_add(m, metric, mantissa, decimal ? -1 : 0);
	uint16_t word = sble_sfloat(mantissa, decimal ? -1 : 0);

	v->instance = instance;
	(void)sble_special_now(d, v, &word);
	return word;
}

/* NaN where a finger is missing: the status says why. */
static void lift_finger(struct sble_oximetry *p)
{
	p->spo2 = p->pulse = p->amplitude = SBLE_SFLOAT_NAN;
	for (size_t i = 0; i < 2; i++)
		p->fast[i] = p->slow[i] = SBLE_SFLOAT_NAN;
}

static struct sble_oximetry measure_oximetry(struct sble_device *d, struct sble_message *m)
{
	int32_t spo2 = sble_device_value(d, Q_SPO2), pulse = sble_device_value(d, Q_PULSE_RATE);
	int32_t index = sble_device_value(d, Q_PERFUSION_INDEX);
	struct sble_oximetry p = { .spo2 = add_number(d, m, "spo2", 0, spo2),
		.pulse = add_number(d, m, "pulse-rate", 0, pulse) };

	if (!d->kind->episodic && sble_device_variant(d, "pairs")) {
		p.has_pairs = true;
		p.fast[0] = add_number(d, m, "spo2", 1, spo2 > 1 ? spo2 - 1 : spo2);
		p.fast[1] = add_number(d, m, "pulse-rate", 1, pulse + 1);
		p.slow[0] = add_number(d, m, "spo2", 2, spo2);
		p.slow[1] = add_number(d, m, "pulse-rate", 2, pulse);
	}
	if (!sble_device_variant(d, "no-amplitude")) {
		struct sble_value *v = sble_message_add(m, "perfusion-index", index, -1);

		p.has_amplitude = true;
		p.amplitude = sble_sfloat(index, -1);
		(void)sble_special_now(d, v, &p.amplitude);
	}
	p.status = (uint16_t)sble_status_now(d, SBLE_PLX_STATUS, m);
	p.has_status = p.status || d->kind->episodic;
	p.sensor = sble_status_now(d, SBLE_PLX_SENSOR, m);
	p.has_sensor = p.sensor;
	if (sble_device_sensor_off(d))
		lift_finger(&p);
	return p;
}

void sble_oximeter_measure(struct sble_device *d)
{
	struct sble_message *m = sble_message_new(d, 0x2a5f, SBLE_NOTIFICATION);
	struct sble_oximetry p;

	if (!m)
		return;
	p = measure_oximetry(d, m);
	sble_put_continuous(&m->bytes, &p);
	sble_device_say(d, m);
}

void sble_spot_measure(struct sble_device *d)
{
	struct sble_message *m = sble_message_new(d, 0x2a5e, SBLE_INDICATION);
	struct sble_oximetry p;

	if (!m)
		return;
	p = measure_oximetry(d, m);
	sble_message_flag(m, "episodic");
	p.has_time = !sble_device_variant(d, "no-time");
	if (p.has_time) {
		p.clock_unset = d->clock_unset;
		p.wall_ms = sble_stamp(d, m);
	}
	sble_put_spot(&m->bytes, &p);
	sble_device_say(d, m);
}

/* --- cuff --- */

void sble_cuff_build(struct sble_device *d, struct sble_db *db)
{
	sble_db_service(db, 0x1810);
	sble_db_characteristic(db, 0x2a35, SBLE_P_INDICATE, d->config->security);
	sble_db_characteristic(db, 0x2a36, SBLE_P_NOTIFY, d->config->security);
	sble_db_characteristic(db, 0x2a49, SBLE_P_READ, SBLE_OPEN);
}

uint8_t sble_cuff_read(struct sble_device *d, uint32_t uuid, struct octets *ret)
{
	if (uuid != 0x2a49)
		return ATT_UNLIKELY;
	octets_le(ret, 0x003f, 2);
	return 0;
}

/* A pressure of so many mmHg, in kPa where the cuff speaks those; the log has what the broker is
 * to see. */
static uint16_t add_pressure(
	struct sble_device *d, struct sble_message *m, const char *metric, int32_t mmhg)
{
	bool kpa = sble_device_variant(d, "kpa");
	int tenths = (int)(((int64_t)mmhg * 133322 + 50000) / 100000); /* of kPa */
	struct sble_value *v = sble_message_add(m, metric, mmhg, 0);
	uint16_t word = kpa ? sble_sfloat(tenths, -1) : sble_sfloat(mmhg, 0);

	if (kpa) {
		v->number.mantissa = ((int64_t)tenths * 750062 + 50000) / 100000;
		v->number.exponent = -1;
		snprintf(v->raw, sizeof(v->raw), "%d.%d kPa", tenths / 10, tenths % 10);
	}
	(void)sble_special_now(d, v, &word);
	return word;
}

void sble_cuff_measure(struct sble_device *d)
{
	bool mean = !sble_device_variant(d, "no-mean"), pulse = !sble_device_variant(d, "no-pulse");
	struct sble_message *m = sble_message_new(d, 0x2a35, SBLE_INDICATION);
	struct sble_pressure p = { .kpa = sble_device_variant(d, "kpa"),
		.has_time = !sble_device_variant(d, "no-time"),
		.has_pulse = pulse,
		.has_user = sble_device_variant(d, "user"),
		.user = 1,
		.has_status = true };

	if (!m)
		return;
	p.systolic = add_pressure(d, m, "bp-systolic", sble_device_value(d, Q_BP_SYSTOLIC));
	p.diastolic = add_pressure(d, m, "bp-diastolic", sble_device_value(d, Q_BP_DIASTOLIC));
	if (mean)
		p.mean = add_pressure(d, m, "bp-mean", sble_device_value(d, Q_BP_MEAN));
	if (pulse) {
		int32_t rate = sble_device_value(d, Q_PULSE_RATE);

		p.pulse = sble_sfloat(rate, 0);
		(void)sble_special_now(d, sble_message_add(m, "pulse-rate", rate, 0), &p.pulse);
	}
	sble_message_flag(m, "episodic");
	p.status = (uint16_t)sble_status_now(d, SBLE_BP_STATUS, m);
	/* A cuff that comes off: no number, and a clean status. */
	for (size_t i = 0; sble_device_sensor_off(d) && i < m->count; i++) {
		m->values[i].none = true;
		m->values[i].validity = not_measured;
		m->values[i].reason = "nan";
		m->values[i].raw[0] = 0;
	}
	if (sble_device_sensor_off(d)) {
		p.systolic = p.diastolic = p.pulse = SBLE_SFLOAT_NAN;
		p.mean = mean ? SBLE_SFLOAT_NAN : 0;
	}
	if (p.has_time)
		p.wall_ms = sble_stamp(d, m);
	sble_put_pressure(&m->bytes, &p);
	sble_device_say(d, m);
}

/* The cuff is pumped up, then lets off. */
void sble_cuff_intermediate(struct sble_device *d)
{
	struct sble_message *m = sble_message_new(d, 0x2a36, SBLE_NOTIFICATION);
	struct sble_pressure p = { .kpa = sble_device_variant(d, "kpa"),
		.diastolic = SBLE_SFLOAT_NAN,
		.mean = SBLE_SFLOAT_NAN };
	int64_t left = d->fault.inflating;

	if (!m)
		return;
	p.systolic = add_pressure(d, m, "cuff-pressure",
		(int32_t)(left > 4 ? 180 - (left - 4) * 35 : 60 + left * 30));
	sble_put_pressure(&m->bytes, &p);
	sble_device_say(d, m);
}
