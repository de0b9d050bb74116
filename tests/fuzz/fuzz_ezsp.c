/*
 * EZSP from an unfriendly radio, of each version: any frames, as answers to
 * what we ask and as callbacks. The first byte sets the version, the second how
 * it goes; then come frames, each behind two bytes: its length, and what else
 * happens. With bit 7 of the second it answers the command under way: its head
 * is put right.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/pieces.h"
#include "zigbee/ezsp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct radio {
	struct ezsp ezsp; /* first */
	int64_t now_us;
	unsigned asked, told;
	uint8_t frame[EZSP_FRAME_MAX];
	size_t length; /* of the last command */
	bool deaf;     /* the link takes nothing */
	uint8_t manner;
	unsigned sum;
};

static void look(struct radio *r, const struct ezsp_values *v)
{
	for (size_t i = 0; i < v->message_length; i++)
		r->sum += v->message[i];
	r->sum += v->key[15] + v->network_key[15] + (unsigned)v->trailing;
}

static int on_send(struct ezsp *e, const uint8_t *frame, size_t length, int64_t now_us)
{
	struct radio *r = (struct radio *)e;

	assert(length >= 3 && length <= EZSP_FRAME_MAX);
	if (r->deaf)
		return -ENOBUFS;
	memcpy(r->frame, frame, length);
	r->length = length;
	return 0;
}

static void on_ready(struct ezsp *e, const struct ezsp_values *v, int64_t now_us)
{
	assert(e->version == v->version && e->version >= EZSP_VERSION_MIN);
}

static void on_callback(
	struct ezsp *e, uint16_t id, int result, const struct ezsp_values *v, int64_t now_us)
{
	struct radio *r = (struct radio *)e;

	assert(result == 0 || result == -EBADMSG);
	assert(strcmp(ezsp_name(id), "unknown") != 0);
	look(r, v);
	if ((r->manner & 1) && r->sum % 16 == 0)
		ezsp_stop(e, now_us);
}

static void on_failed(struct ezsp *e, enum ezsp_reason reason, int64_t now_us)
{
	struct radio *r = (struct radio *)e;

	assert(r->asked == r->told);
	assert(e->state == EZSP_STOPPED && reason <= EZSP_DISAGREES);
	if (r->manner & 2)
		ezsp_start(e, 8 + r->sum % 12, now_us);
}

static const struct ezsp_ops ops = {
	.send = on_send,
	.ready = on_ready,
	.callback = on_callback,
	.failed = on_failed,
};

static void on_done(
	struct ezsp *e, void *userdata, int result, const struct ezsp_values *v, int64_t now_us)
{
	struct radio *r = userdata;

	assert(&r->ezsp == e);
	assert(result >= 0 || result == -EBADMSG);
	r->told++;
	look(r, v);
	if ((r->manner & 4) && result == EZSP_LATE)
		ezsp_stop(e, now_us);
}

static void command(struct radio *r, uint16_t id, uint8_t what)
{
	static const uint16_t clusters[255];
	static const uint8_t bytes[255];
	const struct ezsp_values v = {
		.in_count = what,
		.out_count = what / 2,
		.in_clusters = clusters,
		.out_clusters = clusters,
		.message = bytes,
		.message_length = what,
	};

	if (ezsp_command(&r->ezsp, id, &v, what * INT64_C(20000), on_done, r, r->now_us) == 0)
		r->asked++;
}

static void receive(struct radio *r, const uint8_t *data, size_t length, uint8_t what)
{
	/* a copy of its own length, so that a read past the end shows */
	uint8_t *copy = malloc(length > 0 ? length : 1);
	size_t head = r->ezsp.state == EZSP_RUNNING ? 5 : 3;

	if (!copy)
		return;
	if (length > 0)
		memcpy(copy, data, length);
	if ((what & 0x80) && length >= 5 && r->length >= head) {
		memcpy(copy, r->frame, head);
		copy[1] |= EZSP_RESPONSE;
	}
	ezsp_receive(&r->ezsp, copy, length, r->now_us);
	free(copy);
}

static void turn(struct radio *r, uint8_t what)
{
	static const int64_t steps[] = { 1000, 3000000, 5000000, 10000000 };

	r->deaf = what & 0x40;
	if (what & 0x20)
		r->now_us += steps[what & 3];
	ezsp_tick(&r->ezsp, r->now_us);
	assert(ezsp_deadline(&r->ezsp) > r->now_us);
	assert(r->ezsp.count <= EZSP_QUEUE_MAX);
	assert(r->told <= r->asked);
}

/* The head by itself, in the form of that version; what was read is written again. */
static void head(unsigned version, const uint8_t *data, size_t size)
{
	enum ezsp_form form = ezsp_form_of(version);
	struct cursor c = cursor_init(data, size);
	uint8_t again[EZSP_HEADER_MAX];
	struct ezsp_header h;
	size_t n;

	(void)ezsp_form_guess(data, size);
	if (ezsp_header_read(&c, form, &h) < 0)
		return;
	n = ezsp_header_write(again, form, h.sequence, h.id);
	assert(n == size - cursor_remaining(&c) && again[0] == data[0]);
	assert(again[n - 1] == data[n - 1]);
}

/* The layouts by themselves, both sides; what was read is written again. */
static void codec(unsigned version, const uint8_t *data, size_t size)
{
	static const uint16_t clusters[255];
	uint8_t *copy = malloc(size > 0 ? size : 1), again[1024];
	uint16_t id = size >= 2 ? (uint16_t)(data[0] | (data[1] & 1) << 8) : 0;
	size_t n;

	if (!copy)
		return;
	if (size > 0)
		memcpy(copy, data, size);
	for (unsigned side = 0; side < 2 && size >= 2; side++) {
		struct ezsp_values v;

		(void)ezsp_status_leads(version, id);
		if (ezsp_decode(version, id, side, copy + 2, size - 2, &v) != 0)
			continue;
		v.in_clusters = v.out_clusters = clusters;
		if (ezsp_encode(version, id, side, &v, again, sizeof(again), &n) == 0)
			assert(n + v.trailing == size - 2);
		else
			assert(size > sizeof(again));
		/* and where there is too little room */
		n = size / 2 < sizeof(again) ? size / 2 : sizeof(again);
		(void)ezsp_encode(version, id, side, &v, again, n, &n);
	}
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct radio r = { .now_us = 1000000 };
	uint8_t hello[] = { 0, 0x80, 0, 0, 2, 0x10, 0x74 };
	struct pieces p;
	unsigned version;

	if (size < 2)
		return 0;
	version = 4 + data[0] % 20;
	r.manner = data[1];
	head(version, data + 2, size - 2);
	codec(version, data + 2, size - 2);
	ezsp_init(&r.ezsp, &ops);
	ezsp_start(&r.ezsp, r.manner & 8 ? 0 : version, r.now_us);
	hello[3] = (uint8_t)version;
	if (!(r.manner & 16))
		ezsp_receive(&r.ezsp, hello, sizeof(hello), r.now_us);
	p = (struct pieces){ .data = data + 2, .size = size - 2 };
	while (pieces_next(&p)) {
		if (p.length >= 5)
			command(&r, (uint16_t)(p.bytes[3] | (p.bytes[4] & 1) << 8), p.what);
		receive(&r, p.bytes, p.length, p.what);
		turn(&r, p.what);
	}
	ezsp_stop(&r.ezsp, r.now_us);
	assert(r.asked == r.told && r.ezsp.count == 0);
	assert(ezsp_deadline(&r.ezsp) == INT64_MAX);
	return 0;
}
