/*
 * A whole connection with an unfriendly device: discovery, session and what
 * comes in between. The first bytes choose what the device has and what was
 * kept of it; then come turns, each behind a byte that says what happens: the
 * device answers as it should, so many times; or with the fuzzer's bytes, put
 * into the frame of an answer or as they are; it tells values, asks us, changes
 * its table; time passes; the socket takes nothing. Whatever comes: one request
 * at a time, nothing longer than the least MTU, no confirmation too many, and a
 * table that agrees with itself.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ble/gatt_cache.h"
#include "fuzz/att_peer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define UTC_US (INT64_C(1795255200) * 1000000)
#define TURNS_MAX 600

static struct decoded readings;

struct bedside {
	struct att att;
	struct gatt gatt;
	struct session session;
	struct profile_device profile;
	struct decode_time now;
	struct peer peer;
	struct cursor cur;
	uint8_t asked[ATT_REQUEST_MAX];
	size_t asked_length; /* 0: no request is under way */
	uint64_t indicated, confirmed, their_requests, our_answers;
	unsigned downs, discovered;
	bool in_session, cached, keeps_back, blocked, late;
	uint64_t token;
	bool has_token;
	struct gatt_table kept;
	bool has_kept;
};

static void go_on(struct bedside *d);

/* ---- our side's users ---- */

static void after(struct bedside *d, int r, const struct session_result *out)
{
	assert(r >= 0 && r <= PROFILE_E_UNKNOWN && readings.count <= DECODED_MAX);
	if (out->profile.ask_safe) {
		d->has_token = true;
		d->token = out->token;
	}
}

static void on_heard(struct att *a, uint16_t handle, bool indicated, const uint8_t *bytes,
	size_t length, int64_t now_us)
{
	struct bedside *d = a->context;
	struct session_result out;

	assert(handle != 0 && now_us == d->now.boot_us);
	d->indicated += indicated;
	if (gatt_heard(&d->gatt, handle, indicated, bytes, length, now_us)) {
		d->in_session = false;
		return;
	}
	readings.count = 0;
	if (d->in_session)
		after(d,
			session_heard(&d->session, handle, indicated, bytes, length, &d->now,
				&readings, &out),
			&out);
	if (indicated && (readings.count == 0 || !d->keeps_back))
		(void)att_confirm(a);
	go_on(d);
}

static void on_down(struct att *a, enum att_reason reason, int64_t now_us)
{
	struct bedside *d = a->context;

	d->downs++;
	assert(d->downs == 1);
	assert(strcmp(att_reason_word(reason), "unknown") != 0);
	assert(att_read(a, 1, NULL, NULL, now_us) == -ENOTCONN && !att_busy(a));
}

static bool on_time(struct att *a, struct att_server_time *ret)
{
	const struct bedside *d = a->context;

	*ret = (struct att_server_time){
		.utc_us = d->now.utc_us, .offset_s = d->late ? -12600 : 7200, .summer = !d->late
	};
	return !d->blocked;
}

static const struct att_ops att_ops = { .heard = on_heard, .down = on_down, .time = on_time };

/* What was discovered can be kept, and is the same when it is read again. */
static void check_table(struct bedside *d)
{
	static char text[GATT_CACHE_TEXT_MAX], again[GATT_CACHE_TEXT_MAX];
	const struct gatt_table *t = &d->gatt.table;
	size_t n = gatt_cache_write(t, text);

	assert(t->count <= SESSION_ATTRIBUTES_MAX && t->service_count <= GATT_SERVICES_MAX);
	assert(gatt_cache_read(text, n, &d->kept) == 0);
	assert(gatt_cache_write(&d->kept, again) == n && memcmp(text, again, n) == 0);
	d->has_kept = true;
	for (size_t i = 0; i < t->count; i++)
		assert(gatt_attribute(t, t->attributes[i].handle) == &t->attributes[i]);
}

static void on_discovered(
	struct gatt *g, enum gatt_outcome outcome, uint8_t att_error, int64_t now_us)
{
	struct bedside *d = g->context;

	d->discovered++;
	assert(d->att.up && gatt_deadline(g) == INT64_MAX);
	assert((att_error != 0) == (outcome == GATT_REFUSED));
	assert(strcmp(gatt_outcome_word(outcome), "unknown") != 0);
	assert(outcome != GATT_AS_CACHED || d->cached);
	d->in_session = outcome == GATT_FOUND || outcome == GATT_AS_CACHED;
	if (!d->in_session)
		return;
	check_table(d);
	(void)session_begin(&d->session, &d->profile, g->table.attributes, g->table.count);
	go_on(d);
}

static void on_performed(
	struct gatt *g, uint8_t att_error, const uint8_t *bytes, size_t length, int64_t now_us)
{
	struct bedside *d = g->context;
	struct session_result out;

	assert(strlen(att_error_words(att_error)) > 0);
	assert(d->in_session && length <= ATT_VALUE_MAX && (att_error == 0 || length == 0));
	after(d, session_done(&d->session, att_error, bytes, length, &d->now, &readings, &out),
		&out);
	go_on(d);
}

static const struct gatt_ops gatt_ops = { .discovered = on_discovered, .performed = on_performed };

/* Performs what the session wants next. */
static void go_on(struct bedside *d)
{
	struct session_result out;
	struct session_action a;

	for (unsigned i = 0; d->in_session && !d->gatt.performing && i < 200; i++) {
		bool more = session_next(&d->session, &d->now, &readings, &a, &out);
		int r;

		after(d, 0, &out);
		if (!more && out.profile.note == 0)
			return;
		if (!more)
			continue;
		r = gatt_perform(&d->gatt, &a, d->now.boot_us);
		if (r == 0)
			return;
		assert(r == -ENOENT || r == -ENOBUFS);
		after(d,
			session_done(&d->session, ATT_ERROR_NOT_FOUND, NULL, 0, &d->now, &readings,
				&out),
			&out);
	}
}

/* ---- the device's side ---- */

static void say(struct bedside *d, const uint8_t *pdu, size_t length)
{
	/* a copy of its own length, so that a read past the end shows */
	uint8_t *copy = malloc(length > 0 ? length : 1);

	if (!copy)
		return;
	if (length > 0)
		memcpy(copy, pdu, length);
	if (d->asked_length > 0 && peer_is_answer(d->asked, copy, length))
		d->asked_length = 0;
	att_receive(&d->att, copy, length, d->now.boot_us);
	free(copy);
}

static void check_request(struct bedside *d, const uint8_t *pdu, size_t length)
{
	uint16_t start = (uint16_t)(pdu[1] | pdu[2] << 8);

	assert(d->asked_length == 0 && start != 0);
	if (pdu[0] == ATT_FIND_INFORMATION_REQUEST || pdu[0] == ATT_READ_BY_TYPE_REQUEST ||
		pdu[0] == ATT_READ_BY_GROUP_TYPE_REQUEST)
		assert(start <= (pdu[3] | pdu[4] << 8));
	memcpy(d->asked, pdu, length);
	d->asked_length = length;
}

static void drain(struct bedside *d)
{
	const uint8_t *pdu;
	size_t length, n = 0;

	while (!d->blocked && (pdu = att_output(&d->att, &length))) {
		assert(length >= 1 && length <= ATT_REQUEST_MAX && n++ < 16);
		assert(d->downs == 0);
		if (pdu[0] == ATT_CONFIRMATION)
			d->confirmed++;
		else if (pdu[0] & 1)
			d->our_answers++;
		else
			check_request(d, pdu, length);
		assert(d->confirmed <= d->indicated && d->our_answers <= d->their_requests);
		att_sent(&d->att);
	}
}

static size_t take(struct bedside *d, uint8_t *to, size_t max)
{
	size_t n = cursor_u8(&d->cur);

	if (n == 0xFF)
		n = 512;
	if (n > cursor_remaining(&d->cur))
		n = cursor_remaining(&d->cur);
	if (n > max)
		n = max;
	cursor_copy(&d->cur, to, n);
	return n;
}

static void answer_well(struct bedside *d, unsigned times)
{
	uint8_t pdu[PEER_PDU_MAX];

	for (; times > 0 && d->asked_length > 0; times--) {
		size_t n = peer_answer(&d->peer, d->asked, d->asked_length, &d->cur, pdu);

		say(d, pdu, n);
		drain(d);
	}
}

/* In the frame of the answer to what was asked; the handle that was asked for is put in where
 * answers to searches have their first. */
static void answer_badly(struct bedside *d, bool first_handle)
{
	uint8_t pdu[PEER_PDU_MAX] = { 0 };
	size_t n = 1 + take(d, pdu + 1, sizeof(pdu) - 1);

	if (d->asked_length == 0)
		return;
	pdu[0] = d->asked[0] + 1;
	if (first_handle && n >= 4)
		memcpy(pdu + 2, d->asked + 1, 2);
	say(d, pdu, n);
}

static void tell(struct bedside *d, uint8_t opcode)
{
	uint8_t which = cursor_u8(&d->cur), pdu[PEER_PDU_MAX] = { opcode, which, 0 };
	size_t n = 3 + take(d, pdu + 3, sizeof(pdu) - 3);

	if (which & 0x80 && d->gatt.table.count > 0)
		peer_put16(pdu + 1,
			d->gatt.table.attributes[(which & 0x7F) % d->gatt.table.count].handle);
	say(d, pdu, n);
}

static void pass(struct bedside *d, uint8_t seconds)
{
	struct session_result out;

	d->now.boot_us += seconds * INT64_C(500000);
	d->now.utc_us += seconds * INT64_C(500000);
	att_tick(&d->att, d->now.boot_us);
	if (d->downs > 0)
		return;
	gatt_tick(&d->gatt, d->now.boot_us);
	assert(att_deadline(&d->att) > d->now.boot_us && gatt_deadline(&d->gatt) > d->now.boot_us);
	while (d->in_session && session_deadline(&d->session) <= d->now.boot_us)
		after(d, session_tick(&d->session, &d->now, &readings, &out), &out);
	go_on(d);
}

static void settle(struct bedside *d, bool is_safe)
{
	struct session_result out;

	(void)att_confirm(&d->att);
	if (!d->has_token || !d->in_session)
		return;
	d->has_token = false;
	after(d, session_safe(&d->session, d->token, is_safe, &d->now, &readings, &out), &out);
	go_on(d);
}

static void start(struct bedside *d, bool with_kept, bool bonded)
{
	int r;

	d->in_session = false;
	d->cached = with_kept && d->has_kept;
	r = gatt_start(&d->gatt, d->cached ? &d->kept : NULL, bonded, d->now.boot_us);
	assert(r == 0 || r == -ENOBUFS);
}

static void on_mtu(void *context, const struct att_answer *answer, int64_t now_us)
{
	const struct bedside *d = context;

	assert(d->att.mtu >= ATT_MTU_MIN && d->att.mtu <= ATT_MTU_WANTED);
}

static void turn(struct bedside *d, uint8_t what)
{
	uint8_t pdu[PEER_PDU_MAX];

	switch (what & 0x0F) {
	case 0:
		answer_well(d, 1 + cursor_u8(&d->cur));
		break;
	case 1:
	case 2:
		answer_badly(d, what & 1);
		break;
	case 3: /* anything */
		d->their_requests++;
		say(d, pdu, take(d, pdu, sizeof(pdu)));
		break;
	case 4:
		peer_refuse(d->asked, cursor_u8(&d->cur), pdu);
		say(d, pdu, 5);
		break;
	case 5:
		tell(d, ATT_NOTIFICATION);
		break;
	case 6:
		tell(d, ATT_INDICATION);
		break;
	case 7:
		pass(d, cursor_u8(&d->cur));
		break;
	case 8:
		settle(d, what & 0x10);
		break;
	case 9:
		start(d, what & 0x10, what & 0x20);
		break;
	case 10:
		d->blocked = what & 0x10;
		d->keeps_back = what & 0x20;
		d->late = what & 0x40;
		break;
	case 11: /* it asks us for something */
		pdu[0] = (uint8_t)((what >> 4) << 1);
		d->their_requests++;
		say(d, pdu, 1 + take(d, pdu + 1, 30));
		break;
	case 12:
		(void)att_exchange_mtu(&d->att, on_mtu, d, d->now.boot_us);
		break;
	case 13: /* another device, or what became of it */
		peer_init(&d->peer, cursor_u8(&d->cur), what >> 4 & 0x0F, d->peer.mtu);
		break;
	case 14:
		gatt_forget(&d->gatt);
		d->in_session = d->in_session && what & 0x10;
		break;
	default:
		if (what & 0x80) {
			gatt_stop(&d->gatt);
			d->in_session = false;
		}
		break;
	}
	drain(d);
	assert(d->att.count <= ATT_QUEUE_MAX && d->att.unconfirmed <= ATT_UNCONFIRMED_MAX);
}

/* What was kept, as text of the fuzzer's behind a header that fits; up to a 0. */
static void read_kept(struct bedside *d)
{
	static const struct gatt_table nothing;
	char text[GATT_CACHE_TEXT_MAX + 2048], again[GATT_CACHE_TEXT_MAX], *copy;
	size_t n = gatt_cache_write(&nothing, text) - 4, m = 0;
	uint8_t c;

	while (cursor_remaining(&d->cur) > 0 && m < 2048 && (c = cursor_u8(&d->cur)) != 0)
		text[n + m++] = (char)c;
	copy = malloc(n + m);
	if (!copy)
		return;
	memcpy(copy, text, n + m);
	d->has_kept = gatt_cache_read(copy, n + m, &d->kept) == 0;
	(void)gatt_cache_read(copy + n, m, &d->gatt.table); /* without the header */
	memset(&d->gatt.table, 0, sizeof(d->gatt.table));
	/* what was believed is what we would have written */
	if (d->has_kept) {
		assert(gatt_cache_write(&d->kept, again) == n + m);
		assert(memcmp(again, copy, n + m) == 0);
	}
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct bedside d;
	uint8_t which, manner, options;

	if (size < 4)
		return 0;
	memset(&d, 0, sizeof(d));
	d.cur = cursor_init(data, size);
	d.now = (struct decode_time){ .boot_us = 1000000, .utc_us = UTC_US };
	which = cursor_u8(&d.cur);
	manner = cursor_u8(&d.cur);
	options = cursor_u8(&d.cur);
	peer_init(&d.peer, which % (_PROFILE_MAX + 4), manner & 0x3F, options & 1 ? 247 : 23);
	d.profile.delete_stored = options & 2;
	d.profile.set_clock = options & 4;
	d.keeps_back = options & 8;
	att_init(&d.att, &att_ops, &d, ATT_MTU_WANTED);
	gatt_init(&d.gatt, &gatt_ops, &d, &d.att);
	if (options & 0x10)
		read_kept(&d);
	if (options & 1)
		(void)att_exchange_mtu(&d.att, on_mtu, &d, d.now.boot_us);
	start(&d, options & 0x10, options & 0x20);
	drain(&d);
	for (unsigned i = 0; i < TURNS_MAX && cursor_remaining(&d.cur) > 0 && d.downs == 0; i++)
		turn(&d, cursor_u8(&d.cur));
	if (d.downs > 0) {
		size_t length;

		assert(!att_output(&d.att, &length) && att_deadline(&d.att) == INT64_MAX);
	}
	gatt_stop(&d.gatt);
	att_stop(&d.att);
	assert(gatt_deadline(&d.gatt) == INT64_MAX && att_deadline(&d.att) == INT64_MAX);
	return 0;
}
