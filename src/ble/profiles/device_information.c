/*
 * Device Information 0x180A (DIS 1.2): who the device is, for its document and
 * for the table of quirks. Texts only; what is not UTF-8 is told as unknown.
 */
#include "ble/profiles/profiles.h"

#include <string.h>

#include "util/cleanup.h"
#include "util/text.h"

#define MODEL 0x2a24
#define SERIAL 0x2a25
#define FIRMWARE 0x2a26
#define SOFTWARE 0x2a28
#define MAKER 0x2a29
#define UDI 0x2bff

static const struct profile_characteristic dis_characteristics[] = {
	{ MAKER, PROFILE_USE_READ },
	{ MODEL, PROFILE_USE_READ },
	{ FIRMWARE, PROFILE_USE_READ },
	{ SOFTWARE, PROFILE_USE_READ },
	{ SERIAL, PROFILE_USE_READ },
	{ UDI, PROFILE_USE_READ },
};

/* Printable text without what surrounds it; many devices pad with zeros or blanks. */
static void set_fact(
	const struct profile_call *c, enum device_fact fact, const uint8_t *bytes, size_t n)
{
	char *to = c->device->facts[fact];
	const uint8_t *end = n > 0 ? memchr(bytes, 0, n) : NULL;

	if (end)
		n = (size_t)(end - bytes);
	while (n > 0 && bytes[n - 1] <= ' ')
		n--;
	while (n > 0 && bytes[0] <= ' ') {
		bytes++;
		n--;
	}
	for (size_t i = 0; i < n; i++)
		if (bytes[i] < ' ' || bytes[i] == 0x7f)
			return;
	if (n > DEVICE_FACT_MAX) /* back to the beginning of a character */
		for (n = DEVICE_FACT_MAX; n > 0 && (bytes[n] & 0xc0) == 0x80; n--)
			;
	if (n == 0 || !text_utf8_valid((const char *)bytes, n))
		return;
	if (strlen(to) == n && memcmp(to, bytes, n) == 0)
		return;
	memcpy(to, bytes, n);
	to[n] = 0;
	c->out->facts_changed = true;
}

/* Flags, then the texts that they announce, each up to a 0. The label is what is printed on the
 * device; the identifier alone has to do where there is no label. */
static int heard_udi(const struct profile_call *c, const struct profile_value *v)
{
	struct cursor cur = cursor_init(v->bytes, v->length);
	uint8_t flags = cursor_u8(&cur);
	bool told = false;

	for (unsigned bit = 0; bit < 4 && !cur.failed; bit++) {
		const uint8_t *text = cur.at, *end;
		size_t rest = cursor_remaining(&cur);

		if (!(flags & 1u << bit))
			continue;
		end = rest > 0 ? memchr(text, 0, rest) : NULL;
		if (bit < 2 && !told) {
			set_fact(c, FACT_UDI, text, end ? (size_t)(end - text) : rest);
			told = true;
		}
		cursor_skip(&cur, end ? (size_t)(end - text) + 1 : rest);
	}
	return cur.failed ? PROFILE_E_MALFORMED : 0;
}

static int dis_heard(const struct profile_call *c, const struct profile_value *v)
{
	switch (v->characteristic) {
	case MAKER:
		set_fact(c, FACT_MAKER, v->bytes, v->length);
		return 0;
	case MODEL:
		set_fact(c, FACT_MODEL, v->bytes, v->length);
		return 0;
	case SERIAL:
		set_fact(c, FACT_SERIAL, v->bytes, v->length);
		return 0;
	case FIRMWARE:
		set_fact(c, FACT_FIRMWARE, v->bytes, v->length);
		return 0;
	case SOFTWARE: /* for want of a firmware revision */
		if (c->device->facts[FACT_FIRMWARE][0] == 0)
			set_fact(c, FACT_FIRMWARE, v->bytes, v->length);
		return 0;
	case UDI:
		return heard_udi(c, v);
	default:
		return PROFILE_E_UNKNOWN;
	}
}

static int dis_ready(const struct profile_call *c)
{
	struct profile_device *d = c->device;

	d->quirks =
		quirks_find(d->facts[FACT_MAKER], d->facts[FACT_MODEL], d->facts[FACT_FIRMWARE]);
	return 0;
}

const struct ble_profile profile_device_information = {
	.name = "device-information",
	.service = 0x180a,
	.manner = PROFILE_PASSING,
	.characteristics = dis_characteristics,
	.characteristic_count = ARRAY_SIZE(dis_characteristics),
	.ready = dis_ready,
	.heard = dis_heard,
};
