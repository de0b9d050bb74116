/*
 * One line per thing, in the order of the table:
 *
 *	wardgate-gatt 1 5D0C41E7
 *	hash 00112233445566778899AABBCCDDEEFF
 *	service 180D 0010 0015
 *	value 2A37 0012 10 0013
 *	end
 *
 * Behind the version: which profiles there were, and what they subscribe to,
 * because nothing else was looked into. A service: UUID, first and last handle,
 * "included" if it is. A value: UUID, handle, properties, the descriptor's
 * handle. All numbers in hexadecimal. See gatt_cache.h.
 */
#include "ble/gatt_cache.h"

#include <string.h>

#include "util/hash.h"
#include "util/text.h"

#define HEADER "wardgate-gatt 1 "

/* Changes whenever another table would be discovered of the same device. */
static uint32_t fingerprint(void)
{
	uint64_t h = 0;

	for (unsigned id = 0; id < _PROFILE_MAX; id++) {
		const struct ble_profile *row = profile_row(id);

		for (size_t i = 0; i < row->characteristic_count; i++) {
			const uint64_t words[] = { h, row->service, row->characteristics[i].uuid,
				row->characteristics[i].use };

			h = hash_bytes(&hash_key_fixed, words, sizeof(words));
		}
	}
	return (uint32_t)h;
}

static void write_service(struct text *t, const struct gatt_service *s)
{
	text_printf(t, "service %04X %04X %04X%s\n", s->uuid, s->start, s->end,
		s->included ? " included" : "");
}

static void write_value(struct text *t, const struct session_attribute *a, uint16_t cccd)
{
	text_printf(t, "value %04X %04X %02X %04X\n", a->characteristic, a->handle, a->properties,
		cccd);
}

size_t gatt_cache_write(const struct gatt_table *t, char to[GATT_CACHE_TEXT_MAX])
{
	struct text text = text_init(to, GATT_CACHE_TEXT_MAX);
	size_t at = 0;

	text_printf(&text, HEADER "%08X\n", fingerprint());
	if (t->has_hash) {
		text_lit(&text, "hash ");
		for (size_t i = 0; i < GATT_HASH_SIZE; i++)
			text_printf(&text, "%02X", t->hash[i]);
		text_char(&text, '\n');
	}
	if (t->truncated)
		text_lit(&text, "truncated\n");
	for (size_t i = 0; i < t->service_count; i++) {
		write_service(&text, &t->services[i]);
		for (; at < t->count && t->attributes[at].service_handle == t->services[i].start;
			at++)
			write_value(&text, &t->attributes[at], t->cccds[at]);
	}
	text_lit(&text, "end\n");
	assert(!text.overflow); /* of our own making, and there is room for the largest */
	return (size_t)(text.at - text.start);
}

/* ---- reading ---- */

/* What is left of the text, and whether all so far was as it should be. */
struct lines {
	const char *at, *end;
	bool failed;
};

/* Whether the text goes on like that; if so, it is behind it. */
static bool take(struct lines *l, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(l->end - l->at) < n || memcmp(l->at, word, n) != 0)
		return false;
	l->at += n;
	return true;
}

static void need(struct lines *l, const char *word)
{
	if (!take(l, word))
		l->failed = true;
}

/* So many digits, written as we write them. */
static uint32_t hex(struct lines *l, unsigned digits)
{
	uint32_t v = 0;

	for (; digits > 0; digits--, l->at++) {
		char c = l->at < l->end ? *l->at : 0;

		if (c >= '0' && c <= '9')
			v = v << 4 | (uint32_t)(c - '0');
		else if (c >= 'A' && c <= 'F')
			v = v << 4 | (uint32_t)(c - 'A' + 10);
		else
			break;
	}
	if (digits > 0)
		l->failed = true;
	return v;
}

static bool free_range(const struct gatt_table *t, const struct gatt_service *s)
{
	for (size_t i = 0; i < t->service_count; i++) {
		const struct gatt_service *o = &t->services[i];

		if (s->start <= o->end && s->end >= o->start)
			return false;
		/* primary ones come first, upwards */
		if (!s->included && (o->included || s->start < o->start))
			return false;
	}
	return true;
}

static bool read_service(struct lines *l, struct gatt_table *t)
{
	struct gatt_service s = { .uuid = (uint16_t)hex(l, 4) };

	need(l, " ");
	s.start = (uint16_t)hex(l, 4);
	need(l, " ");
	s.end = (uint16_t)hex(l, 4);
	s.included = take(l, " included");
	need(l, "\n");
	if (l->failed || s.uuid == 0 || s.start == 0 || s.end < s.start || !free_range(t, &s) ||
		t->service_count == GATT_SERVICES_MAX)
		return false;
	t->services[t->service_count++] = s;
	return true;
}

/* floor: the last handle of the service that is taken already. */
static bool read_value(struct lines *l, struct gatt_table *t, uint16_t *floor)
{
	const struct gatt_service *s;
	struct session_attribute a = { .characteristic = (uint16_t)hex(l, 4) };
	uint16_t cccd;

	need(l, " ");
	a.handle = (uint16_t)hex(l, 4);
	need(l, " ");
	a.properties = (uint8_t)hex(l, 2);
	need(l, " ");
	cccd = (uint16_t)hex(l, 4);
	need(l, "\n");
	if (l->failed || t->service_count == 0 || t->count == SESSION_ATTRIBUTES_MAX)
		return false;
	s = &t->services[t->service_count - 1];
	if (a.characteristic == 0 || a.handle <= *floor || a.handle > s->end)
		return false;
	if (cccd != 0 && (cccd <= a.handle || cccd > s->end))
		return false;
	*floor = cccd != 0 ? cccd : a.handle;
	a.service = s->uuid;
	a.service_handle = s->start;
	t->attributes[t->count] = a;
	t->cccds[t->count++] = cccd;
	return true;
}

static bool read_lines(struct lines *l, struct gatt_table *t)
{
	uint16_t floor = 0;

	if (take(l, "hash ")) {
		t->has_hash = true;
		for (size_t i = 0; i < GATT_HASH_SIZE; i++)
			t->hash[i] = (uint8_t)hex(l, 2);
		need(l, "\n");
	}
	t->truncated = take(l, "truncated\n");
	while (!l->failed) {
		if (take(l, "end\n"))
			return l->at == l->end;
		if (take(l, "service ")) {
			if (!read_service(l, t))
				return false;
			floor = t->services[t->service_count - 1].start;
		} else if (!take(l, "value ") || !read_value(l, t, &floor)) {
			return false;
		}
	}
	return false;
}

int gatt_cache_read(const char *text, size_t length, struct gatt_table *ret)
{
	struct lines l = { .at = text, .end = text + length };
	uint32_t profiles;

	memset(ret, 0, sizeof(*ret));
	if (!take(&l, HEADER))
		return take(&l, "wardgate-gatt ") ? GATT_CACHE_E_OUTDATED : GATT_CACHE_E_MALFORMED;
	profiles = hex(&l, 8);
	need(&l, "\n");
	if (l.failed)
		return GATT_CACHE_E_MALFORMED;
	if (profiles != fingerprint())
		return GATT_CACHE_E_OUTDATED;
	return read_lines(&l, ret) ? 0 : GATT_CACHE_E_MALFORMED;
}
