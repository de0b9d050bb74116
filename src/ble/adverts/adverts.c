/*
 * The structure of advertising data (Core 5.4 vol 3 part C 11, supplement part
 * A), and the table of formats. See adverts.h.
 */
#include "ble/adverts/adverts.h"

#include <string.h>

#include "util/text.h"

#define AD_SERVICES_SOME 0x02
#define AD_SERVICES_ALL 0x03
#define AD_NAME_SHORT 0x08
#define AD_NAME 0x09
#define AD_SERVICE_DATA 0x16
#define AD_MANUFACTURER_DATA 0xff

static const struct advert_format *const formats[_ADVERT_MAX] = {
#define ADVERT(id) &advert_##id,
#include "ble/adverts/adverts.def"
#undef ADVERT
};

const struct advert_format *advert_row(unsigned id)
{
	return id < _ADVERT_MAX ? formats[id] : NULL;
}

const char *advert_outcome_text(int outcome)
{
	static const char *const texts[_ADVERT_E_MAX] = {
		[_ADVERT_E_OK] = "taken",
		[ADVERT_E_REPEATED] = "repeated",
		[ADVERT_E_INCOMPLETE] = "taken up to something unknown",
		[ADVERT_E_MALFORMED] = "malformed",
		[ADVERT_E_NO_KEY] = "encrypted, and BindKey= is not set",
		[ADVERT_E_WRONG_KEY] = "does not open with BindKey=",
		[ADVERT_E_REPLAYED] = "replayed: its counter is not above the last one",
		[ADVERT_E_UNSEALED] = "not encrypted, though BindKey= is set",
		[ADVERT_E_OVERFLOW] = "more readings than fit",
		[ADVERT_E_OTHER] = "of no format known here",
	};

	return outcome >= 0 && outcome < _ADVERT_E_MAX ? texts[outcome] : "";
}

/* ---- for formats ---- */

static uint64_t hash_of(const uint8_t *bytes, size_t length)
{
	return measure_key(bytes, length, 0, 0);
}

bool advert_repeated(
	const struct advert_call *c, enum advert_kind kind, const uint8_t *bytes, size_t length)
{
	struct advert_device *d = c->device;
	struct heard *last = &d->last[kind];
	uint64_t hash = hash_of(bytes, length);
	bool same = last->hash == hash && c->now.boot_us - last->boot_us < ADVERT_MINUTE_US;
	bool repeated = same && d->last_known[kind];

	d->last_known[kind] = true;
	if (!same)
		*last = (struct heard){ hash, c->now.boot_us, c->now.utc_us };
	return repeated;
}

struct measure advert_measure(
	const struct advert_call *c, enum advert_kind kind, const uint8_t *bytes, size_t length)
{
	int64_t since_us = c->device->last[kind].utc_us;

	return (struct measure){ .out = c->out,
		.like = { .auth = AUTH_NONE, .group_index = 1 },
		.key = kind == ADVERT_STATES ? measure_key(bytes, length, 2, (uint64_t)since_us)
					     : measure_key(bytes, length, 1,
						       (uint64_t)(since_us / ADVERT_MINUTE_US)) };
}

int advert_done(const struct advert_call *c, const struct cursor *cur)
{
	if (cursor_done(cur) < 0) {
		c->out->count = 0;
		return ADVERT_E_MALFORMED;
	}
	return c->out->overflow ? ADVERT_E_OVERFLOW : _ADVERT_E_OK;
}

/* ---- taking apart ---- */

static void note_service(struct advert_summary *s, uint16_t uuid)
{
	for (unsigned i = 0; i < s->service_count; i++)
		if (s->services[i] == uuid)
			return;
	if (s->service_count < ADVERT_SERVICES_MAX)
		s->services[s->service_count++] = uuid;
}

static void note_name(struct advert_summary *s, bool whole, const uint8_t *bytes, size_t n)
{
	if (n > ADVERT_NAME_MAX) /* back to the beginning of a character */
		for (n = ADVERT_NAME_MAX; n > 0 && (bytes[n] & 0xc0) == 0x80; n--)
			;
	if (n == 0 || (!whole && s->name_length > 0) || !text_utf8_valid((const char *)bytes, n))
		return;
	for (size_t i = 0; i < n; i++)
		if (bytes[i] < ' ' || bytes[i] == 0x7f)
			return;
	memcpy(s->name, bytes, n);
	s->name[n] = 0;
	s->name_length = (uint8_t)n;
}

static void hand_over(const struct advert_call *c, enum advert_where where, uint16_t id,
	const struct cursor *cur, struct advert_summary *s)
{
	for (unsigned i = 0; i < _ADVERT_MAX; i++) {
		int r;

		if (formats[i]->where != where || formats[i]->id != id)
			continue;
		r = formats[i]->decode(c, cur->at, cursor_remaining(cur));
		if (r == ADVERT_E_OTHER)
			continue;
		s->outcome = r;
		s->format = (uint8_t)i;
	}
}

static void take(const struct advert_call *c, uint8_t type, const uint8_t *bytes, size_t n,
	struct advert_summary *s)
{
	struct cursor cur = cursor_init(bytes, n);
	uint16_t id;

	switch (type) {
	case AD_SERVICES_SOME:
	case AD_SERVICES_ALL:
		while (cursor_remaining(&cur) >= 2)
			note_service(s, cursor_le16(&cur));
		break;
	case AD_NAME_SHORT:
	case AD_NAME:
		note_name(s, type == AD_NAME, bytes, n);
		break;
	case AD_SERVICE_DATA:
		id = cursor_le16(&cur);
		if (cur.failed)
			break;
		note_service(s, id);
		hand_over(c, ADVERT_SERVICE_DATA, id, &cur, s);
		break;
	case AD_MANUFACTURER_DATA:
		id = cursor_le16(&cur);
		if (cur.failed)
			break;
		s->has_company = true;
		s->company = id;
		hand_over(c, ADVERT_MANUFACTURER_DATA, id, &cur, s);
		break;
	default:
		break;
	}
}

void adverts_heard(
	const struct advert_call *c, const uint8_t *data, size_t length, struct advert_summary *ret)
{
	struct cursor cur = cursor_init(data, length);
	struct advert_call call = *c;

	*ret = (struct advert_summary){ .outcome = ADVERT_E_OTHER, .format = _ADVERT_MAX };
	c->out->count = 0;
	c->out->overflow = false;
	call.tag = &ret->tag;
	while (cursor_remaining(&cur) > 0) {
		size_t n = cursor_u8(&cur);
		const uint8_t *bytes;

		if (n == 0) /* what follows is filling */
			return;
		bytes = cursor_bytes(&cur, n);
		if (!bytes) {
			ret->broken = true;
			return;
		}
		take(&call, bytes[0], bytes + 1, n - 1, ret);
	}
}
