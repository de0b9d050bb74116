/*
 * See node_ward.h.
 */
#include "unit/zigbee/node_ward.h"

#include <string.h>

#include "unit/codec/reading_line.h"
#include "unit/unit.h"
#include "unit/zigbee/node_device.h"

#define PARENT_US (7680 * INT64_C(1000)) /* keeps a message for a child */

struct node_ward wing;

static struct node_ward *ward_of(struct nodes *n)
{
	return n->context;
}

/* ---- what the nodes tell ---- */

static enum nodes_taken on_readings(struct nodes *n, struct node *node, const struct reading *list,
	size_t count, bool event, uint32_t token)
{
	struct node_ward *w = ward_of(n);

	assert_true(node->configured);
	assert_true(count > 0);
	w->events += event;
	for (size_t i = 0; i < count; i++) {
		assert_true(w->reading_count < WARD_READINGS_MAX);
		assert_true(list[i].source_key != 0);
		w->reading_of[w->reading_count] = node->eui64;
		w->readings[w->reading_count++] = list[i];
	}
	if (token != 0 && w->verdict == NODES_TAKEN_WAITS) {
		assert_true(w->token_count < 64);
		w->tokens[w->token_count++] = token;
	}
	return w->verdict;
}

static int on_send(struct nodes *n, const struct zigbee_send *s)
{
	struct node_ward *w = ward_of(n);
	struct ward_sent *at;

	if (w->radio_full)
		return -105;
	assert_true(n->up);
	assert_true(s->length > 0 && s->length <= ZIGBEE_PAYLOAD_MAX);
	assert_true(w->send_count < WARD_SENDS_MAX);
	at = &w->sends[w->send_count++];
	at->send = *s;
	memcpy(at->bytes, s->bytes, s->length);
	at->until_us = w->now.boot_us + PARENT_US;
	w->sent++;
	w->broadcasts += s->node >= ZIGBEE_BROADCAST_ROUTERS;
	return 0;
}

static void on_changed(struct nodes *n, struct node *node, unsigned changes)
{
	struct node_ward *w = ward_of(n);

	w->changes |= changes;
	w->ready += (changes & NODES_CHANGED_READY) != 0;
	if (changes & NODES_CHANGED_PRESENT) {
		w->presents++;
		w->there = node->joined;
	}
	w->zones += (changes & NODES_CHANGED_ZONE) != 0;
}

static void on_alive(struct nodes *n, struct node *node)
{
	assert_true(node->configured);
	ward_of(n)->alive++;
}

static void on_unknown(struct nodes *n, const struct node *node)
{
	struct node_ward *w = ward_of(n);

	assert_false(node->configured);
	w->strangers++;
	w->last_stranger = node->eui64;
}

static void on_note(struct nodes *n, struct node *node, enum nodes_note note,
	enum interview_step step, int detail)
{
	struct node_ward *w = ward_of(n);

	assert_string_not_equal(nodes_note_text(note), "");
	w->notes[note]++;
	if (note == NODES_NOTE_NOT_REPORTING) {
		w->expected_us = node->expect_us;
		return;
	}
	w->last_step = step;
	w->last_detail = detail;
}

static const struct nodes_ops ops = { on_readings, on_send, on_changed, on_alive, on_unknown,
	on_note };

/* ---- the ward ---- */

static void start(struct node_ward *w)
{
	const struct nodes_settings settings = {
		.our_eui64 = WARD_EUI64, .scratch = &w->scratch, .recents = w->recents
	};

	nodes_init(&w->nodes, &ops, w, &settings);
}

void node_ward_init(struct node_ward *w)
{
	memset(w, 0, sizeof(*w));
	w->now = (struct decode_time){ 1000 * S, INT64_C(1800000000) * S };
	start(w);
	nodes_up(&w->nodes, &w->now);
}

void node_ward_done(struct node_ward *w)
{
	nodes_done(&w->nodes);
	assert_int_equal(w->nodes.count, 0);
}

void node_ward_restart(struct node_ward *w)
{
	uint64_t configured[WARD_DEVICES_MAX] = { 0 };
	size_t length;
	char *text;

	for (unsigned i = 0; i < w->device_count; i++)
		if (node_of(w, &w->devices[i]) && node_of(w, &w->devices[i])->configured)
			configured[i] = w->devices[i].eui64;
	assert_int_equal(nodes_write(&w->nodes, &text, &length), 0);
	nodes_done(&w->nodes);
	w->send_count = 0;
	w->token_count = 0;
	w->now.boot_us += 1 * S;
	w->now.utc_us += 1 * S;
	start(w);
	for (unsigned i = 0; i < w->device_count; i++)
		if (configured[i] != 0)
			assert_int_equal(
				nodes_configure(&w->nodes, configured[i], NULL, &w->now), 0);
	assert_int_equal(nodes_read(&w->nodes, text, length, &w->now), 0);
	free(text);
	nodes_up(&w->nodes, &w->now);
}

struct node_device *node_ward_add(
	struct node_ward *w, const struct node_kind *kind, bool configured)
{
	struct node_device *d = &w->devices[w->device_count];

	assert_true(w->device_count < WARD_DEVICES_MAX);
	*d = (struct node_device){
		.kind = kind,
		.eui64 = WARD_A + w->device_count,
		.node = (uint16_t)(0x1001 + w->device_count),
		.awake_us = INT64_MAX,
		.listens_us = 1 * S,
		.deaf_to = WARD_NONE,
		.deaf_command = 0xff,
		.configure_id = WARD_NONE,
		.max_id = WARD_NONE,
		.sequence = 0x80,
	};
	w->device_count++;
	if (configured)
		assert_int_equal(nodes_configure(&w->nodes, d->eui64, d, &w->now), 0);
	return d;
}

struct node *node_of(const struct node_ward *w, const struct node_device *d)
{
	return nodes_find(&w->nodes, d->eui64);
}

void node_ward_safe(struct node_ward *w, bool is_safe)
{
	uint32_t token = w->tokens[0];

	assert_true(w->token_count > 0);
	memmove(w->tokens, w->tokens + 1, --w->token_count * sizeof(w->tokens[0]));
	nodes_safe(&w->nodes, token, is_safe, &w->now);
}

/* ---- what devices say ---- */

static void hear(struct node_ward *w, struct node_device *d, uint16_t profile, uint8_t endpoint,
	uint16_t cluster, const uint8_t *bytes, size_t length, bool broadcast)
{
	const struct zigbee_heard h = {
		.node = d->node,
		.eui64 = w->says_eui64 ? d->eui64 : 0,
		.profile = profile,
		.cluster = cluster,
		.source_endpoint = endpoint,
		.destination_endpoint = profile == 0 ? 0 : ZIGBEE_ENDPOINT,
		.aps_sequence = ++d->counter,
		.broadcast = broadcast,
		.lqi = 200,
		.rssi = -60,
		.bytes = bytes,
		.length = length,
	};

	nodes_heard(&w->nodes, &h, &w->now);
}

static void listen_on(struct node_ward *w, struct node_device *d)
{
	if (d->awake_us != INT64_MAX && d->awake_us < w->now.boot_us + d->listens_us)
		d->awake_us = w->now.boot_us + d->listens_us;
}

void node_says(struct node_ward *w, struct node_device *d, uint8_t endpoint, uint16_t cluster,
	const char *hex)
{
	uint8_t bytes[ZIGBEE_PAYLOAD_MAX];
	char plain[2 * ZIGBEE_PAYLOAD_MAX + 1];
	size_t length, n = 0;

	for (; *hex; hex++)
		if (*hex != ' ')
			plain[n++] = *hex;
	plain[n] = 0;
	assert_true(line_read_hex(plain, bytes, sizeof(bytes), &length));
	listen_on(w, d);
	hear(w, d, ZIGBEE_PROFILE_HOME, endpoint, cluster, bytes, length, false);
}

void node_announces(struct node_ward *w, struct node_device *d)
{
	uint8_t bytes[12] = { ++d->sequence, (uint8_t)d->node, (uint8_t)(d->node >> 8) };

	for (unsigned i = 0; i < 8; i++)
		bytes[3 + i] = (uint8_t)(d->eui64 >> 8 * i);
	bytes[11] = d->kind->capability;
	listen_on(w, d);
	hear(w, d, 0, 0, 0x0013, bytes, sizeof(bytes), true);
}

void node_joins(struct node_ward *w, struct node_device *d)
{
	nodes_joined(&w->nodes, d->eui64, d->node, NODES_JOINED, &w->now);
	node_announces(w, d);
}

/* ---- the air ---- */

static void fate(struct node_ward *w, const struct zigbee_send *s, enum zigbee_fate f)
{
	if (s->ticket != 0)
		nodes_sent(&w->nodes, s->ticket, f, &w->now);
}

static bool is_deaf(const struct node_device *d, const struct zigbee_send *s)
{
	if (s->cluster != d->deaf_to)
		return false;
	return s->profile == 0 || d->deaf_command == 0xff || s->bytes[2] == d->deaf_command;
}

static void arrive(struct node_ward *w, struct node_device *d, const struct zigbee_send *s)
{
	struct node_answer a;

	fate(w, s, ZIGBEE_DELIVERED);
	if (is_deaf(d, s) || !node_device_answer(d, s, &a))
		return;
	assert_true(a.length <= 82); /* more does not go in one piece */
	if (d->lose_answers > 0) {
		d->lose_answers--;
		return;
	}
	hear(w, d, s->profile, s->destination_endpoint, a.cluster, a.bytes, a.length, false);
	if (a.enroll_request) {
		uint8_t request[] = { 0x09, ++d->sequence, 0x01, 0x15, 0x00, 0x0b, 0x12 };

		hear(w, d, s->profile, s->destination_endpoint, 0x0500, request, sizeof(request),
			false);
	}
}

/* Whether the message is through. */
static bool deliver(struct node_ward *w, const struct ward_sent *m)
{
	bool broadcast = m->send.node >= ZIGBEE_BROADCAST_ROUTERS;
	struct zigbee_send s = m->send;
	struct node_device *to = NULL;

	s.bytes = m->bytes;
	for (unsigned i = 0; i < w->device_count; i++) {
		struct node_device *d = &w->devices[i];

		if (d->gone || d->left || (!broadcast && d->node != s.node))
			continue;
		to = d;
		if (broadcast)
			arrive(w, d, &s);
	}
	if (broadcast)
		return true;
	if (to && w->now.boot_us >= to->awake_us && w->now.boot_us < m->until_us)
		return false; /* its parent keeps it */
	if (!to || w->now.boot_us >= m->until_us) {
		fate(w, &s, ZIGBEE_UNDELIVERED);
		return true;
	}
	if (to->lose > 0) {
		to->lose--;
		fate(w, &s, ZIGBEE_UNDELIVERED);
		return true;
	}
	if (to->hears > 0 && --to->hears == 0)
		to->awake_us = 0;
	arrive(w, to, &s);
	return true;
}

static void talk(struct node_ward *w)
{
	unsigned turns = 0;

	for (unsigned i = 0; i < w->send_count;) {
		struct ward_sent m = w->sends[i];

		if (++turns > 2000)
			fail_msg("they never stop talking");
		memmove(&w->sends[i], &w->sends[i + 1], (--w->send_count - i) * sizeof(m));
		if (deliver(w, &m)) {
			i = 0;
			continue;
		}
		memmove(&w->sends[i + 1], &w->sends[i], (w->send_count++ - i) * sizeof(m));
		w->sends[i++] = m;
	}
}

void node_ward_pass(struct node_ward *w, int64_t us)
{
	int64_t end = w->now.boot_us + us, begin = w->now.boot_us, utc = w->now.utc_us;
	unsigned still = 0;

	for (;;) {
		int64_t next;

		talk(w);
		next = nodes_deadline(&w->nodes);
		for (unsigned i = 0; i < w->send_count; i++)
			if (w->sends[i].until_us < next)
				next = w->sends[i].until_us;
		if (next > end)
			break;
		still = next > w->now.boot_us ? 0 : still + 1;
		if (still > 100)
			fail_msg("a deadline that is never met");
		if (next > w->now.boot_us)
			w->now.boot_us = next;
		w->now.utc_us = utc + w->now.boot_us - begin;
		nodes_tick(&w->nodes, &w->now);
		assert_true(w->nodes.flying <= NODES_FLIGHT_MAX);
	}
	w->now.boot_us = end;
	w->now.utc_us = utc + us;
}

bool node_ward_interview(struct node_ward *w, struct node_device *d, int64_t us)
{
	for (int64_t passed = 0; passed < us; passed += S / 4) {
		if (node_of(w, d) && interview_is_over(&node_of(w, d)->interview, false))
			return true;
		node_ward_pass(w, S / 4);
	}
	return interview_is_over(&node_of(w, d)->interview, false);
}

void node_chatters(struct node_ward *w, struct node_device *d, unsigned times)
{
	while (times-- > 0) {
		node_says(w, d, 1, 0x0006, "18 01 0A 00 00 10 01");
		node_ward_pass(w, 5 * S);
		w->reading_count = 0;
	}
}

void node_ward_radio_away(struct node_ward *w, int64_t us)
{
	nodes_down(&w->nodes);
	node_ward_pass(w, us);
	nodes_up(&w->nodes, &w->now);
}

/* ---- of a test ---- */

int node_ward_set_up(void **state)
{
	(void)state;
	node_ward_init(&wing);
	return 0;
}

int node_ward_tear_down(void **state)
{
	(void)state;
	node_ward_done(&wing);
	return 0;
}

struct node_device *node_settled(const struct node_kind *kind)
{
	struct node_device *d = node_ward_add(&wing, kind, true);

	node_joins(&wing, d);
	assert_true(node_ward_interview(&wing, d, 60 * S));
	wing.reading_count = 0;
	return d;
}
