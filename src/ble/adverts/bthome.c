/*
 * BTHome v2: service data 0xFCD2, plain or sealed by AES-128-CCM. Objects follow
 * one another without a length of their own, so that one whose number is not
 * known here ends the reading: what came before it counts.
 *
 * Sealed ones carry a counter of 32 bits. It has to grow, from the first to the
 * last frame of a key: otherwise any frame recorded once could be played again.
 * A device that lost its counter with its battery is refused until somebody
 * says that it is the one (advert_device.counter_known = false).
 */
#include "ble/adverts/adverts.h"

#include <string.h>

#include "util/cleanup.h"

#define INFO_SEALED 0x01
#define INFO_ADDRESS 0x02
#define INFO_VERSION 0xe0
#define VERSION_2 0x40

#define COUNTER_SIZE 4
#define TAG_SIZE 4
#define NONCE_SIZE 13
#define PLAIN_MAX 255

#define OBJECT_BUTTON 0x3a
#define OBJECT_TIME 0x50
#define OBJECT_TEXT 0x53
#define OBJECT_RAW 0x54
#define OBJECT_PACKET 0x00

#define OLDEST_US (366 * 1440 * ADVERT_MINUTE_US)

enum form { FORM_UNSIGNED, FORM_SIGNED, FORM_BOOLEAN, FORM_INVERTED, FORM_OTHER };

/* What a row without a metric says is passed over. */
static const struct object {
	uint8_t id, length, form;
	int8_t exponent;
	uint16_t metric;
	const struct conversion *conversion;
} objects[] = {
#define NUMBER_ROW(id, length, form, exponent, metric)                                             \
	{                                                                                          \
		id, length, FORM_##form, exponent, METRIC_##metric, NULL                           \
	}
#define PASS_ROW(id, length)                                                                       \
	{                                                                                          \
		id, length, FORM_OTHER, 0, METRIC_NONE, NULL                                       \
	}
#define BOOLEAN_ROW(id, metric)                                                                    \
	{                                                                                          \
		id, 1, FORM_BOOLEAN, 0, METRIC_##metric, NULL                                      \
	}
#define OPENING_ROW(id)                                                                            \
	{                                                                                          \
		id, 1, FORM_INVERTED, 0, METRIC_CONTACT, NULL                                      \
	}
	PASS_ROW(OBJECT_PACKET, 1),
	NUMBER_ROW(0x01, 1, UNSIGNED, 0, BATTERY),
	NUMBER_ROW(0x02, 2, SIGNED, -2, AMBIENT_TEMPERATURE),
	NUMBER_ROW(0x03, 2, UNSIGNED, -2, HUMIDITY),
	NUMBER_ROW(0x04, 3, UNSIGNED, -2, PRESSURE),
	NUMBER_ROW(0x05, 3, UNSIGNED, -2, ILLUMINANCE),
	NUMBER_ROW(0x06, 2, UNSIGNED, -2, WEIGHT),
	{ 0x07, 2, FORM_UNSIGNED, -2, METRIC_WEIGHT, &convert_lb_to_kg },
	NUMBER_ROW(0x08, 2, SIGNED, -2, DEW_POINT),
	NUMBER_ROW(0x09, 1, UNSIGNED, 0, COUNTER),
	PASS_ROW(0x0a, 3),
	NUMBER_ROW(0x0b, 3, UNSIGNED, -2, POWER),
	NUMBER_ROW(0x0c, 2, UNSIGNED, -3, VOLTAGE),
	NUMBER_ROW(0x0d, 2, UNSIGNED, 0, PM2_5),
	NUMBER_ROW(0x0e, 2, UNSIGNED, 0, PM10),
	PASS_ROW(0x0f, 1),
	BOOLEAN_ROW(0x10, SWITCH),
	OPENING_ROW(0x11),
	NUMBER_ROW(0x12, 2, UNSIGNED, 0, AMBIENT_CO2),
	NUMBER_ROW(0x13, 2, UNSIGNED, 0, VOC),
	PASS_ROW(0x14, 2),
	BOOLEAN_ROW(0x15, BATTERY_LOW),
	PASS_ROW(0x16, 1),
	BOOLEAN_ROW(0x17, GAS),
	PASS_ROW(0x18, 1),
	PASS_ROW(0x19, 1),
	OPENING_ROW(0x1a),
	OPENING_ROW(0x1b),
	BOOLEAN_ROW(0x1c, GAS),
	PASS_ROW(0x1d, 1),
	PASS_ROW(0x1e, 1),
	PASS_ROW(0x1f, 1),
	BOOLEAN_ROW(0x20, WATER_LEAK),
	BOOLEAN_ROW(0x21, MOTION),
	BOOLEAN_ROW(0x22, MOTION),
	BOOLEAN_ROW(0x23, OCCUPANCY),
	PASS_ROW(0x24, 1),
	BOOLEAN_ROW(0x25, PRESENCE),
	BOOLEAN_ROW(0x26, PROBLEM),
	PASS_ROW(0x27, 1),
	PASS_ROW(0x28, 1),
	BOOLEAN_ROW(0x29, SMOKE),
	PASS_ROW(0x2a, 1),
	BOOLEAN_ROW(0x2b, TAMPER),
	BOOLEAN_ROW(0x2c, VIBRATION),
	OPENING_ROW(0x2d),
	NUMBER_ROW(0x2e, 1, UNSIGNED, 0, HUMIDITY),
	PASS_ROW(0x2f, 1),
	PASS_ROW(OBJECT_BUTTON, 1),
	PASS_ROW(0x3c, 2),
	NUMBER_ROW(0x3d, 2, UNSIGNED, 0, COUNTER),
	NUMBER_ROW(0x3e, 4, UNSIGNED, 0, COUNTER),
	PASS_ROW(0x3f, 2),
	PASS_ROW(0x40, 2),
	PASS_ROW(0x41, 2),
	PASS_ROW(0x42, 3),
	NUMBER_ROW(0x43, 2, UNSIGNED, -3, CURRENT),
	PASS_ROW(0x44, 2),
	NUMBER_ROW(0x45, 2, SIGNED, -1, AMBIENT_TEMPERATURE),
	PASS_ROW(0x46, 1),
	PASS_ROW(0x47, 2),
	PASS_ROW(0x48, 2),
	PASS_ROW(0x49, 2),
	NUMBER_ROW(0x4a, 2, UNSIGNED, -1, VOLTAGE),
	PASS_ROW(0x4b, 3),
	PASS_ROW(0x4c, 4),
	PASS_ROW(0x4d, 4),
	PASS_ROW(0x4e, 4),
	PASS_ROW(0x4f, 4),
	PASS_ROW(OBJECT_TIME, 4),
	NUMBER_ROW(0x51, 2, UNSIGNED, -3, ACCELERATION),
	PASS_ROW(0x52, 2),
	PASS_ROW(0x55, 4),
	PASS_ROW(0x56, 2),
	NUMBER_ROW(0x57, 1, SIGNED, 0, AMBIENT_TEMPERATURE),
	/* 0x58: in steps of 0.35, see add_object() */
	NUMBER_ROW(0x58, 1, SIGNED, -2, AMBIENT_TEMPERATURE),
	NUMBER_ROW(0x59, 1, SIGNED, 0, COUNTER),
	NUMBER_ROW(0x5a, 2, SIGNED, 0, COUNTER),
	NUMBER_ROW(0x5b, 4, SIGNED, 0, COUNTER),
	NUMBER_ROW(0x5c, 4, SIGNED, -2, POWER),
	NUMBER_ROW(0x5d, 2, SIGNED, -3, CURRENT),
	PASS_ROW(0x5e, 2),
	PASS_ROW(0x5f, 2),
	PASS_ROW(0x60, 1),
	PASS_ROW(0x61, 2),
	PASS_ROW(0x62, 4),
	NUMBER_ROW(0x63, 4, SIGNED, -6, ACCELERATION),
	PASS_ROW(0x64, 1),
	PASS_ROW(0xf0, 2), /* type of device, firmware */
	PASS_ROW(0xf1, 4),
	PASS_ROW(0xf2, 3),
};

#define STEPS_OF_35 0x58

static const struct object *object_of(uint8_t id)
{
	for (size_t i = 0; i < ARRAY_SIZE(objects); i++)
		if (objects[i].id == id)
			return &objects[i];
	return NULL;
}

/* Several probes of one kind are told apart by their order. */
static uint8_t instance_of(const struct decoded *out, enum metric metric)
{
	uint8_t n = 0;

	for (size_t i = 0; i < out->count; i++)
		n += out->list[i].metric == metric;
	return n;
}

static enum word button_word(uint8_t event)
{
	switch (event) {
	case 0x01:
		return WORD_SINGLE;
	case 0x02:
		return WORD_DOUBLE;
	case 0x03:
		return WORD_TRIPLE;
	case 0x04:
	case 0x05:
	case 0x06: /* and pressed twice or thrice before */
		return WORD_LONG;
	case 0x80:
	case 0xfe: /* by an older firmware */
		return WORD_HOLD;
	default: /* 0: nothing happened to this one of several */
		return WORD_NONE;
	}
}

static void add_object(const struct object *o, uint32_t word, struct measure m)
{
	int64_t number = word;

	m.like.instance = instance_of(m.out, (enum metric)o->metric);
	switch ((enum form)o->form) {
	case FORM_SIGNED:
		if (word >> (8u * o->length - 1))
			number -= INT64_C(1) << (8u * o->length);
		if (o->id == STEPS_OF_35)
			number *= 35;
		measure_scaled(&m, (enum metric)o->metric, number, o->exponent);
		break;
	case FORM_UNSIGNED:
		measure_number(&m, (enum metric)o->metric, (struct decimal){ number, o->exponent },
			o->conversion);
		break;
	case FORM_BOOLEAN:
	case FORM_INVERTED: /* of an opening; a contact is true where it is closed */
		if (word > 1)
			measure_none(&m, (enum metric)o->metric, VALIDITY_INVALID, WORD_RESERVED);
		else
			measure_boolean(&m, (enum metric)o->metric,
				(word == 1) == (o->form == FORM_BOOLEAN));
		break;
	case FORM_OTHER:
		break;
	}
}

/* A button's place is its order, pressed or not. */
static void add_button(struct measure m, unsigned *buttons, uint8_t event)
{
	m.like.instance = (uint8_t)(*buttons)++;
	m.like.flags |= FLAG_EPISODIC;
	measure_word(&m, METRIC_BUTTON, button_word(event));
}

/* The time stands behind most of what it belongs to. It is UTC, of a clock that nobody watches. */
static void stamp_all(const struct advert_call *c, int64_t time_us)
{
	bool possible =
		time_us <= c->now.utc_us + ADVERT_MINUTE_US && time_us >= c->now.utc_us - OLDEST_US;

	for (size_t i = 0; i < c->out->count; i++) {
		struct reading *r = &c->out->list[i];

		r->device_time_us = time_us;
		if (possible) {
			r->time_us = time_us;
			r->time_source = TIME_DEVICE;
		} else {
			r->flags |= FLAG_AMBIGUOUS_TIME;
		}
	}
}

/* All objects, or those up to one that is not known. */
static int read_objects(const struct advert_call *c, struct cursor *cur, struct measure *m)
{
	unsigned buttons = 0;
	int64_t time_us = 0;
	bool known = true;

	while (cursor_remaining(cur) > 0) {
		uint8_t id = cursor_u8(cur);
		const struct object *o = object_of(id);
		uint32_t word;

		if (id == OBJECT_TEXT || id == OBJECT_RAW) {
			cursor_skip(cur, cursor_u8(cur));
			continue;
		}
		if (!o) {
			known = false;
			break;
		}
		word = (uint32_t)cursor_le(cur, o->length);
		if (cur->failed)
			break;
		if (id == OBJECT_BUTTON)
			add_button(*m, &buttons, (uint8_t)word);
		else if (id == OBJECT_TIME)
			time_us = word * INT64_C(1000000);
		else
			add_object(o, word, *m);
	}
	if (time_us != 0)
		stamp_all(c, time_us);
	if (!known)
		return c->out->overflow ? ADVERT_E_OVERFLOW : ADVERT_E_INCOMPLETE;
	return advert_done(c, cur);
}

/* Of one without a packet id: which payload is a change, and which is said again? */
static enum advert_kind kind_of(struct cursor cur)
{
	while (cursor_remaining(&cur) > 0) {
		uint8_t id = cursor_u8(&cur);
		const struct object *o = object_of(id);

		if (id == OBJECT_BUTTON)
			return ADVERT_STATES;
		if (o && (o->form == FORM_BOOLEAN || o->form == FORM_INVERTED))
			return ADVERT_STATES;
		if (id == OBJECT_TEXT || id == OBJECT_RAW)
			cursor_skip(&cur, cursor_u8(&cur));
		else if (o)
			cursor_skip(&cur, o->length);
		else
			break; /* nothing behind it is read */
	}
	return ADVERT_VALUES;
}

/* Opens what is sealed into plain. Returns its length, or an outcome below 0. */
static int open_sealed(const struct advert_call *c, uint8_t info, struct cursor *cur,
	const uint8_t address[static ADVERT_ADDRESS_SIZE], uint8_t plain[static PLAIN_MAX])
{
	struct advert_device *d = c->device;
	size_t rest = cursor_remaining(cur), length;
	const uint8_t *sealed, *counter, *tag;
	uint8_t nonce[NONCE_SIZE];
	struct cursor of_counter;
	uint32_t number;

	if (rest < COUNTER_SIZE + TAG_SIZE + 1 || rest > PLAIN_MAX)
		return -ADVERT_E_MALFORMED;
	if (!d->has_key || !c->open)
		return -ADVERT_E_NO_KEY;
	length = rest - COUNTER_SIZE - TAG_SIZE;
	sealed = cursor_bytes(cur, length);
	counter = cursor_bytes(cur, COUNTER_SIZE);
	tag = cursor_bytes(cur, TAG_SIZE);
	of_counter = cursor_init(counter, COUNTER_SIZE);
	number = cursor_le32(&of_counter);
	if (d->counter_known && number <= d->counter)
		return -ADVERT_E_REPLAYED;
	memcpy(nonce, address, ADVERT_ADDRESS_SIZE);
	nonce[6] = 0xd2;
	nonce[7] = 0xfc;
	nonce[8] = info;
	memcpy(nonce + 9, counter, COUNTER_SIZE);
	if (c->open(c->cipher, d->key, nonce, sizeof(nonce), NULL, 0, sealed, length, tag, TAG_SIZE,
		    plain) < 0)
		return -ADVERT_E_WRONG_KEY;
	d->counter_known = true;
	d->counter = number;
	return (int)length;
}

static int bthome_decode(const struct advert_call *c, const uint8_t *bytes, size_t length)
{
	struct cursor cur = cursor_init(bytes, length), inside;
	uint8_t address[ADVERT_ADDRESS_SIZE], plain[PLAIN_MAX];
	uint8_t info = cursor_u8(&cur);
	enum advert_kind kind = ADVERT_VALUES; /* sealed: the counter tells all apart */
	struct measure m;
	int r;

	if (cur.failed)
		return ADVERT_E_MALFORMED;
	if ((info & INFO_VERSION) != VERSION_2)
		return ADVERT_E_OTHER;
	if (!(info & INFO_SEALED) && c->device->has_key)
		return ADVERT_E_UNSEALED;
	memcpy(address, c->address, sizeof(address));
	if (info & INFO_ADDRESS)
		for (size_t i = ADVERT_ADDRESS_SIZE; i-- > 0;)
			address[i] = cursor_u8(&cur);
	if (cur.failed)
		return ADVERT_E_MALFORMED;
	inside = cur;
	if (info & INFO_SEALED) {
		struct advert_device *d = c->device;

		/* the last frame again, and only that: nothing else is let by below */
		if (d->counter_known &&
			d->last[ADVERT_VALUES].hash == measure_key(bytes, length, 0, 0))
			return ADVERT_E_REPEATED;
		r = open_sealed(c, info, &cur, address, plain);
		if (r < 0)
			return -r;
		inside = cursor_init(plain, (size_t)r);
	} else {
		kind = kind_of(inside);
	}
	if (advert_repeated(c, kind, bytes, length))
		return ADVERT_E_REPEATED;
	m = advert_measure(c, kind, bytes, length);
	if (info & INFO_SEALED)
		m.like.auth = AUTH_DEVICE;
	return read_objects(c, &inside, &m);
}

const struct advert_format advert_bthome = {
	.name = "bthome",
	.where = ADVERT_SERVICE_DATA,
	.id = 0xfcd2,
	.decode = bthome_decode,
};
