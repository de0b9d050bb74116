/*
 * A link from "connected" to its end, with an unfriendly device, a driver that is
 * slow or cannot keep readings safe, and security that comes, fails or goes. The
 * first bytes choose the device and the settings; then come turns, each behind a
 * byte that says what happens. Whatever comes: one request at a time, no
 * confirmation of what is not safe yet, no reading over a plain link that calls
 * itself secured, a deadline that is kept is over, and silence after the end.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "ble/link.h"
#include "fuzz/att_peer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define UTC_US (INT64_C(1795255200) * 1000000)
#define TURNS_MAX 600
#define TOKENS_MAX 512
#define TICKS_MAX 200

/* Those of indications: see link_values.c. */
#define IS_INDICATED(token) (((token) >> 45 & 0x3FFFF) != 0)

struct ward {
	struct link link; /* first */
	struct peer peer;
	struct profile_device profile;
	struct link_settings settings;
	struct decode_time now;
	struct cursor cur;
	struct gatt_table kept;
	uint8_t asked[ATT_REQUEST_MAX];
	size_t asked_length; /* 0: no request is under way */
	uint64_t tokens[TOKENS_MAX];
	size_t token_count, indicated_tokens;
	uint64_t indicated, confirmed, their_requests, our_answers;
	enum link_taken verdict;
	bool has_kept, blocked, no_security, later;
};

static struct decoded scratch;

/* ---- the driver ---- */

static enum link_taken on_readings(struct link *l, const struct ble_profile *row,
	const struct reading *list, size_t count, uint64_t token)
{
	struct ward *w = l->context;

	assert(row && count > 0 && count <= DECODED_MAX);
	for (size_t i = 0; i < count; i++)
		assert(list[i].auth != AUTH_LINK || l->level >= LINK_LEVEL_ENCRYPTED);
	if (w->verdict != LINK_TAKEN_WAITS || token == 0)
		return w->verdict;
	if (w->token_count == TOKENS_MAX)
		return LINK_TAKEN_NOT;
	for (size_t i = 0; i < w->token_count; i++)
		assert(w->tokens[i] != token || !IS_INDICATED(token));
	w->tokens[w->token_count++] = token;
	w->indicated_tokens += IS_INDICATED(token);
	return LINK_TAKEN_WAITS;
}

static bool on_secure(struct link *l, unsigned level)
{
	const struct ward *w = l->context;

	assert(!w->settings.never_secure);
	assert(level == LINK_LEVEL_ENCRYPTED || level == LINK_LEVEL_AUTHENTICATED);
	return !w->no_security;
}

static void on_changed(struct link *l, unsigned changes)
{
	struct ward *w = l->context;

	assert(changes != 0 && changes < LINK_CHANGED_READY << 1);
	assert(!(changes & LINK_CHANGED_BATTERY) || l->battery_percent >= 0);
	if (changes & LINK_CHANGED_TABLE) {
		w->kept = l->gatt.table;
		w->has_kept = true;
	}
	assert(!(changes & LINK_CHANGED_READY) || l->ready);
}

static void on_note(struct link *l, const struct ble_profile *row, enum profile_note note)
{
	assert(note != PROFILE_NOTE_NONE && strlen(profile_note_text(note)) > 0);
}

static void on_fault(struct link *l, const struct link_fault *f)
{
	assert(f->outcome > 0 && strcmp(link_fault_text(f->outcome), "error") != 0);
	assert(f->length <= ATT_VALUE_MAX);
}

static bool on_time(struct link *l, struct att_server_time *ret)
{
	const struct ward *w = l->context;

	*ret = (struct att_server_time){ .utc_us = w->now.utc_us, .offset_s = 7200 };
	return !w->later;
}

static const struct link_ops ops = { .readings = on_readings,
	.secure = on_secure,
	.changed = on_changed,
	.note = on_note,
	.fault = on_fault,
	.time = on_time };

/* ---- a turn of the driver ---- */

static void check_request(struct ward *w, const uint8_t *pdu, size_t length)
{
	assert(w->asked_length == 0 && length <= sizeof(w->asked));
	memcpy(w->asked, pdu, length);
	w->asked_length = length;
}

static void drain(struct ward *w)
{
	const uint8_t *pdu;
	size_t length, n = 0;

	while (!w->blocked && (pdu = link_output(&w->link, &length))) {
		assert(length >= 1 && length <= ATT_REQUEST_MAX && n++ < 64);
		if (pdu[0] == ATT_CONFIRMATION)
			w->confirmed++;
		else if (pdu[0] & 1)
			w->our_answers++;
		else
			check_request(w, pdu, length);
		assert(w->confirmed + w->indicated_tokens <= w->indicated);
		assert(w->our_answers <= w->their_requests);
		link_sent(&w->link);
	}
}

static void check(const struct ward *w)
{
	const struct link *l = &w->link;

	assert((l->end != LINK_GOES_ON) == (l->state == LINK_OVER));
	assert(l->waiting_count <= ATT_UNCONFIRMED_MAX && l->early_count <= LINK_EARLY_MAX);
	assert(strlen(l->detail) < sizeof(l->detail) && strlen(link_end_text(l->end)) > 0);
	assert(l->state != LINK_OVER || link_deadline(l) == INT64_MAX);
	/* a link that nothing can end would keep its slot for ever */
	assert(l->state == LINK_OVER || link_deadline(l) != INT64_MAX);
	assert(link_slots_end(l) <= SLOTS_GONE);
}

static void pass(struct ward *w, int64_t us)
{
	int64_t end_us = w->now.boot_us + us, last_us = w->now.boot_us;
	unsigned turns = 0;

	while (w->link.end == LINK_GOES_ON && link_deadline(&w->link) <= end_us) {
		int64_t at_us = link_deadline(&w->link);

		turns = at_us > last_us ? 0 : turns + 1;
		assert(turns < TICKS_MAX);
		last_us = at_us > last_us ? at_us : last_us;
		w->now.utc_us += last_us - w->now.boot_us;
		w->now.boot_us = last_us;
		link_tick(&w->link, &w->now);
		drain(w);
		check(w);
	}
	w->now.utc_us += end_us - w->now.boot_us;
	w->now.boot_us = end_us;
}

/* ---- the device ---- */

static void say(struct ward *w, const uint8_t *pdu, size_t length)
{
	/* a copy of its own length, so that a read past the end shows */
	uint8_t *copy = malloc(length > 0 ? length : 1);

	if (!copy)
		return;
	if (length > 0)
		memcpy(copy, pdu, length);
	if (w->asked_length > 0 && peer_is_answer(w->asked, copy, length))
		w->asked_length = 0;
	w->indicated += length > 0 && copy[0] == ATT_INDICATION;
	w->their_requests += length > 0;
	link_receive(&w->link, copy, length, &w->now);
	free(copy);
}

static size_t take(struct ward *w, uint8_t *to, size_t max)
{
	size_t n = cursor_u8(&w->cur);

	if (n > cursor_remaining(&w->cur))
		n = cursor_remaining(&w->cur);
	if (n > max)
		n = max;
	cursor_copy(&w->cur, to, n);
	return n;
}

static void answer_well(struct ward *w, unsigned times)
{
	uint8_t pdu[PEER_PDU_MAX];

	for (; times > 0 && w->asked_length > 0 && w->link.end == LINK_GOES_ON; times--) {
		say(w, pdu, peer_answer(&w->peer, w->asked, w->asked_length, &w->cur, pdu));
		drain(w);
	}
}

static void answer_badly(struct ward *w)
{
	uint8_t pdu[PEER_PDU_MAX] = { 0 };
	size_t n = 1 + take(w, pdu + 1, sizeof(pdu) - 1);

	if (w->asked_length == 0)
		return;
	pdu[0] = w->asked[0] + 1;
	say(w, pdu, n);
}

static void tell(struct ward *w, uint8_t opcode)
{
	uint8_t which = cursor_u8(&w->cur), pdu[PEER_PDU_MAX] = { opcode, which, 0 };
	size_t n = 3 + take(w, pdu + 3, sizeof(pdu) - 3);
	const struct gatt_table *t = w->has_kept ? &w->kept : &w->link.gatt.table;

	if (which & 0x80 && t->count > 0)
		peer_put16(pdu + 1, t->attributes[(which & 0x7F) % t->count].handle);
	say(w, pdu, n);
}

static void settle(struct ward *w, uint8_t which, bool is_safe)
{
	size_t i;
	uint64_t token;

	if (w->token_count == 0) { /* of another link, or nobody's */
		link_safe(&w->link, which * UINT64_C(0x0123456789ABCDEF), is_safe, &w->now);
		return;
	}
	i = which % w->token_count;
	token = w->tokens[i];
	w->tokens[i] = w->tokens[--w->token_count];
	w->indicated_tokens -= IS_INDICATED(token);
	link_safe(&w->link, token, is_safe, &w->now);
}

static void refuse(struct ward *w)
{
	uint8_t pdu[5];

	if (w->asked_length == 0)
		return;
	(void)peer_refuse(w->asked, cursor_u8(&w->cur), pdu);
	say(w, pdu, sizeof(pdu));
}

static void begin(struct ward *w)
{
	if (w->link.ops)
		link_stop(&w->link);
	w->asked_length = w->token_count = w->indicated_tokens = 0;
	w->indicated = w->confirmed = w->their_requests = w->our_answers = 0;
	w->settings.cached = w->has_kept ? &w->kept : NULL;
	link_begin(&w->link, &ops, w, &w->settings, &w->now);
}

static void turn(struct ward *w, uint8_t what)
{
	static const int64_t steps[] = { 1000, 100000, 1000000, 5000000, 12000000, 25000000,
		61000000, 190000000 };
	uint8_t pdu[PEER_PDU_MAX], high = what >> 4;

	switch (what & 0x0F) {
	case 0:
	case 1:
		answer_well(w, what & 1 ? 255 : 1U + high);
		break;
	case 2:
		answer_badly(w);
		break;
	case 3: /* anything */
		say(w, pdu, take(w, pdu, sizeof(pdu)));
		break;
	case 4:
		refuse(w);
		break;
	case 5:
	case 6:
		tell(w, what & 1 ? ATT_NOTIFICATION : ATT_INDICATION);
		break;
	case 7:
		pass(w, steps[high & 7]);
		break;
	case 8:
		settle(w, cursor_u8(&w->cur), high & 1);
		break;
	case 9:
		link_secured(&w->link, LINK_LEVEL_NONE + high % 3, &w->now);
		break;
	case 10:
		link_security_failed(&w->link, &w->now);
		break;
	case 11:
		w->blocked = high & 1;
		w->no_security = high & 2;
		w->later = high & 4;
		break;
	case 12:
		w->verdict = (enum link_taken)(high % 3);
		break;
	case 13: /* another device, or what became of it */
		peer_init(&w->peer, cursor_u8(&w->cur), high, w->peer.mtu);
		break;
	case 14:
		link_let_go(&w->link, &w->now);
		break;
	default:
		begin(w);
		break;
	}
	drain(w);
	check(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ward w;
	uint8_t which, manner, options;
	size_t length;

	if (size < 4)
		return 0;
	memset(&w, 0, sizeof(w));
	w.cur = cursor_init(data, size);
	w.now = (struct decode_time){ .boot_us = 1000000, .utc_us = UTC_US };
	which = cursor_u8(&w.cur);
	manner = cursor_u8(&w.cur);
	options = cursor_u8(&w.cur);
	peer_init(&w.peer, which % (_PROFILE_MAX + 4), manner & 0x3F, options & 1 ? 247 : 23);
	w.profile.delete_stored = options & 2;
	w.profile.set_clock = options & 4;
	w.verdict = options & 8 ? LINK_TAKEN_WAITS : LINK_TAKEN_SAFE;
	w.settings = (struct link_settings){ .device = &w.profile,
		.scratch = &scratch,
		.level = LINK_LEVEL_NONE + (manner >> 6) % 3,
		.bonded = options & 0x10,
		.secure_first = options & 0x20,
		.never_secure = options & 0x40,
		.expect_every_us = options & 0x80 ? 2000000 : 0 };
	begin(&w);
	drain(&w);
	for (unsigned i = 0; i < TURNS_MAX && cursor_remaining(&w.cur) > 0; i++)
		turn(&w, cursor_u8(&w.cur));
	link_stop(&w.link);
	assert(!link_output(&w.link, &length) && link_deadline(&w.link) == INT64_MAX);
	return 0;
}
