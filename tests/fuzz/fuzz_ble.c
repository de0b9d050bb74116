/*
 * BLE from an unfriendly peer: any device with any attributes, of which any
 * value comes at any moment, and any advertisement. The first byte chooses. Even:
 * advertisements of a device with or without a key, whose seals always fit, one
 * after another. Odd: a connection of all profiles or of one; then events of a
 * kind and a length each. Whatever comes gives an outcome and readings that can
 * be.
 */
#include <assert.h>
#include <string.h>

#include "ble/adverts/adverts.h"
#include "ble/adverts/tags.h"
#include "ble/profiles/session.h"
#include "fuzz/readings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define UTC_US (INT64_C(1795255200) * 1000000)
#define TOKENS_MAX 16

static struct decoded readings;

/* ---- advertisements ---- */

/* Every seal fits, and what was sealed is what is plain: so that what is inside is reached. */
static int open_anything(void *cipher, const uint8_t key[static ADVERT_KEY_SIZE],
	const uint8_t *nonce, size_t nonce_length, const uint8_t *associated,
	size_t associated_length, const uint8_t *sealed, size_t length, const uint8_t *tag,
	size_t tag_length, uint8_t *plain)
{
	(void)cipher;
	(void)key;
	(void)associated;
	(void)associated_length;
	assert(nonce && nonce_length >= 11 && nonce_length <= 13 && tag_length == 4);
	if (tag[0] == 0xee)
		return -EBADMSG;
	memcpy(plain, sealed, length);
	return 0;
}

static struct tags *fuzz_tags(void)
{
	static const struct tag_group groups[] = {
		{ .kind = TAG_IBEACON,
			.length = 0,
			.enter_dbm = -80,
			.leave_dbm = -90,
			.away_us = 5000000,
			.report_every_us = 3000000 },
		{ .kind = TAG_EDDYSTONE,
			.length = 1,
			.prefix = { 1 },
			.enter_dbm = -80,
			.leave_dbm = -90,
			.away_us = 9000000 },
		{ .kind = TAG_ADDRESS,
			.length = 1,
			.prefix = { 2 },
			.enter_dbm = -60,
			.leave_dbm = -70,
			.away_us = 1000000 },
	};
	static const struct hash_key key = { 1, 2 };
	struct tags *t;

	if (tags_new(&t, groups, sizeof(groups) / sizeof(groups[0]), &key) < 0)
		return NULL;
	return t;
}

/* A crowd, so that the next ones find no place, or that of somebody who has left. */
static void crowd(struct tags *t, int64_t boot_us)
{
	struct tag_event e;

	for (unsigned i = 0; i < TAGS_MAX; i++) {
		const uint8_t address[] = { 2, 0xff, 0, (uint8_t)(i >> 8), (uint8_t)i, 0 };

		(void)tags_heard(t, address, NULL, -40, boot_us, &e);
		assert(e.kind == TAG_ENTERED);
	}
	assert(tags_count(t) == TAGS_MAX && tags_refused(t) == 0);
}

static void fuzz_adverts(struct cursor *cur)
{
	struct tags *tags = fuzz_tags();
	struct decode_time now = { .boot_us = 1000000, .utc_us = UTC_US };
	struct advert_device d = { 0 };
	uint8_t manner = cursor_u8(cur), address[ADVERT_ADDRESS_SIZE] = { manner & 3 };
	struct advert_call c = { .address = address,
		.device = &d,
		.open = manner & 4 ? open_anything : NULL,
		.out = &readings };

	d.has_key = manner & 8;
	if (tags && (manner & 0xf0) == 0xf0)
		crowd(tags, now.boot_us);
	while (tags && cursor_remaining(cur) > 0) {
		struct advert_summary s;
		struct tag_event e;
		uint8_t step = cursor_u8(cur);
		size_t n = cursor_u8(cur);
		const uint8_t *bytes;

		if (n > cursor_remaining(cur))
			n = cursor_remaining(cur);
		bytes = cursor_bytes(cur, n);
		now.boot_us += step * INT64_C(500000);
		now.utc_us += step * INT64_C(500000);
		c.now = now;
		adverts_heard(&c, bytes, n, &s);
		assert(advert_outcome_text(s.outcome)[0] != 0);
		check_readings(&readings, UTC_US);
		(void)tags_heard(tags, address, &s.tag, (int8_t)-step, now.boot_us, &e);
		while (tags_deadline(tags) <= now.boot_us) {
			tags_tick(tags, now.boot_us, &e);
			assert(e.kind == TAG_LEFT);
		}
		address[5] = step;
	}
	tags_free(tags);
}

/* ---- connections ---- */

struct link {
	struct session session;
	struct profile_device device;
	struct decode_time now;
	uint64_t tokens[TOKENS_MAX];
	size_t token_count;
};

static int64_t some_zone(int64_t wall_us, bool *ret_ambiguous)
{
	*ret_ambiguous = wall_us & 1;
	return wall_us - INT64_C(3600000000);
}

static size_t add_attributes(struct session_attribute *to, const struct ble_profile *row,
	uint16_t service_handle, uint8_t properties)
{
	size_t n = 0;

	for (; n < row->characteristic_count; n++)
		to[n] = (struct session_attribute){ .service = row->service,
			.service_handle = service_handle,
			.characteristic = row->characteristics[n].uuid,
			.handle = (uint16_t)(service_handle + 1 + n),
			.properties = properties };
	return n;
}

static void begin(struct link *l, uint8_t which, uint8_t properties)
{
	struct session_attribute attributes[128];
	size_t n = 0;

	for (unsigned id = 0; id < _PROFILE_MAX; id++)
		if (which >= _PROFILE_MAX || which == id)
			n += add_attributes(attributes + n, profile_row(id),
				(uint16_t)(0x100 + id * 0x20), properties);
	if (which == PROFILE_battery) /* two of them */
		n += add_attributes(attributes + n, profile_row(which), 0x600, properties);
	(void)session_begin(&l->session, &l->device, attributes, n);
}

static void after(struct link *l, int r, const struct session_result *out)
{
	assert(r >= 0 && r <= PROFILE_E_UNKNOWN);
	check_readings(&readings, UTC_US);
	assert((profile_note_text((enum profile_note)out->profile.note)[0] == 0) ==
		(out->profile.note == PROFILE_NOTE_NONE));
	if (out->profile.ask_safe && l->token_count < TOKENS_MAX)
		l->tokens[l->token_count++] = out->token;
}

/* Performs what the session wants; reads are answered from the input. */
static void drain(struct link *l, struct cursor *cur, uint8_t manner)
{
	struct session_result out;
	struct session_action a;

	for (unsigned i = 0; i < 64; i++) {
		bool more = session_next(&l->session, &l->now, &readings, &a, &out);
		size_t n;

		after(l, 0, &out);
		if (!more && out.profile.note == 0)
			return;
		if (!more)
			continue;
		assert(a.length <= PROFILE_WRITE_MAX);
		if (a.kind != SESSION_READ) {
			after(l,
				session_done(&l->session, manner & 1 ? 0x80 : 0, NULL, 0, &l->now,
					&readings, &out),
				&out);
			continue;
		}
		n = cursor_u8(cur) & 0x1f;
		if (n > cursor_remaining(cur))
			n = cursor_remaining(cur);
		after(l,
			session_done(&l->session, n == 0 ? 0x02 : 0, cursor_bytes(cur, n), n,
				&l->now, &readings, &out),
			&out);
	}
}

static void on_event(struct link *l, struct cursor *cur, uint8_t kind)
{
	struct session_result out;
	uint16_t handle;
	size_t n;
	int r;

	if (kind < 0xc0) {
		/* which characteristic, and whether it is indicated */
		handle = l->session.attribute_count == 0
				 ? 7
				 : l->session.attributes[(kind >> 1) % l->session.attribute_count]
					   .handle;
		n = cursor_u8(cur);
		if (n == 0xff)
			n = 514;
		if (n > cursor_remaining(cur))
			n = cursor_remaining(cur);
		r = session_heard(&l->session, handle, kind & 1, cursor_bytes(cur, n), n, &l->now,
			&readings, &out);
	} else if (kind < 0xe0) {
		if (l->token_count == 0)
			return;
		l->token_count--;
		r = session_safe(
			&l->session, l->tokens[l->token_count], kind & 1, &l->now, &readings, &out);
	} else {
		l->now.boot_us += (kind & 0x1f) * INT64_C(2000000);
		l->now.utc_us += (kind & 0x1f) * INT64_C(2000000);
		if (session_deadline(&l->session) > l->now.boot_us)
			return;
		r = session_tick(&l->session, &l->now, &readings, &out);
	}
	after(l, r, &out);
}

static void fuzz_link(struct cursor *cur)
{
	static struct link l;
	uint8_t which, options;

	memset(&l, 0, sizeof(l));
	l.now = (struct decode_time){ .boot_us = 1000000, .utc_us = UTC_US };
	which = cursor_u8(cur) % (_PROFILE_MAX + 4);
	options = cursor_u8(cur);
	l.device.delete_stored = options & 1;
	l.device.set_clock = options & 2;
	l.device.zone = options & 4 ? some_zone : NULL;
	l.device.quirks = cursor_u8(cur);
	begin(&l, which, options & 8 ? 0xff : ATTRIBUTE_READ | ATTRIBUTE_NOTIFY | ATTRIBUTE_WRITE);
	drain(&l, cur, options >> 4);
	while (cursor_remaining(cur) > 0) {
		uint8_t kind = cursor_u8(cur);

		if (kind == 0xff) { /* another connection */
			l.token_count = 0;
			begin(&l, which, 0xff);
		} else {
			on_event(&l, cur, kind);
		}
		drain(&l, cur, options >> 4);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor cur = cursor_init(data, size);
	uint8_t first = cursor_u8(&cur);

	if (size > 4096)
		return 0;
	if (first & 1)
		fuzz_link(&cur);
	else
		fuzz_adverts(&cur);
	return 0;
}
