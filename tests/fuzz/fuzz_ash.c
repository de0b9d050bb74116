/*
 * ASH from an unfriendly radio: any bytes, in reads of any size, with time
 * passing and frames of ours under way. The first byte sets the window; then
 * come turns, each behind two bytes: how many bytes it brings, and what else
 * happens. With bit 7 of the second the bytes are frames: stuffing and checksum
 * are put on, so that what lies behind them is reached.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/pieces.h"
#include "zigbee/ash.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct radio {
	struct ash ash; /* first */
	int64_t now_us;
	unsigned ups, downs, resets;
	uint8_t manner;
};

static void on_up(struct ash *a, int64_t now_us)
{
	struct radio *r = (struct radio *)a;

	r->ups++;
	assert(a->state == ASH_UP && r->ups <= r->downs + r->resets);
	if (r->manner & 1)
		(void)ash_send(a, (const uint8_t *)"hello", 5, now_us);
}

static void on_data(struct ash *a, const uint8_t *data, size_t length, int64_t now_us)
{
	const struct radio *r = (const struct radio *)a;
	unsigned sum = 0;

	assert(a->state == ASH_UP && length >= ASH_DATA_MIN && length <= ASH_DATA_MAX);
	for (size_t i = 0; i < length; i++)
		sum += data[i];
	if (r->manner & 2)
		(void)ash_send(a, data, length, now_us);
	if ((r->manner & 4) && sum % 16 == 0)
		ash_stop(a);
}

static void on_down(struct ash *a, enum ash_reason reason, uint8_t code, int64_t now_us)
{
	struct radio *r = (struct radio *)a;

	assert(a->state == ASH_DOWN && a->count == 0);
	assert(reason <= ASH_OTHER_VERSION && ash_code_words(code));
	r->downs++;
	if (r->manner & 8) {
		r->resets++;
		ash_reset(a, now_us);
	}
}

static const struct ash_ops ops = { .up = on_up, .data = on_data, .down = on_down };

/* What we say must be frames with flags at their ends, and come to an end. */
static void drain(struct radio *r)
{
	uint8_t out[4096];
	struct ash_reader reader = { 0 };
	size_t n, length, total = 0;

	while ((n = ash_output(&r->ash, out, sizeof(out), r->now_us)) > 0) {
		assert(n <= sizeof(out) && out[n - 1] == ASH_FLAG);
		total += n;
		assert(total < 65536);
		for (size_t i = 0; i < n; i++) {
			enum ash_read got = ash_reader_take(&reader, out[i], &length);

			assert(out[i] == ASH_FLAG ? got == ASH_READ_FRAME : got == ASH_READ_MORE);
		}
	}
}

static void receive(struct radio *r, const uint8_t *data, size_t length, uint8_t what)
{
	uint8_t frame[ASH_STUFFED_MAX], plain[ASH_DATA_MAX];
	uint8_t *copy;

	if ((what & 0x80) && length > 0 && length <= ASH_DATA_MAX) {
		memcpy(plain, data + 1, length - 1);
		/* some know our numbers, else hardly any would be in order */
		length = ash_frame_write(frame,
			what & 0x40 ? (uint8_t)((data[0] & 0x8F) | r->ash.expected << 4) : data[0],
			plain, length - 1);
		data = frame;
	}
	/* a copy of its own length, so that a read past the end shows */
	copy = malloc(length > 0 ? length : 1);
	if (!copy)
		return;
	if (length > 0)
		memcpy(copy, data, length);
	ash_receive(&r->ash, copy, length, r->now_us);
	free(copy);
}

static void turn(struct radio *r, uint8_t what)
{
	static const int64_t steps[] = { 0, 1000, 100000, 480000, 1000000, 2500000, 5000000,
		15000000 };
	uint8_t message[ASH_DATA_MAX];

	if ((what & 0x38) == 0x08) {
		memset(message, what, sizeof(message));
		(void)ash_send(&r->ash, message, what & 1 ? sizeof(message) : 3, r->now_us);
	}
	if ((what & 0x38) == 0x18 && (what & 7) == 7) {
		r->resets++;
		ash_reset(&r->ash, r->now_us);
	}
	if ((what & 0x38) == 0x20)
		r->now_us += steps[what & 7];
	ash_tick(&r->ash, r->now_us);
	assert(ash_deadline(&r->ash) > r->now_us || r->ash.state == ASH_UP);
	if ((what & 0x38) != 0x28)
		drain(r); /* else the port takes nothing for a while */
	assert(r->ash.unacknowledged <= r->ash.count && r->ash.count <= ASH_QUEUE_MAX);
	assert(r->ash.unacknowledged <= r->ash.window);
	assert(r->ash.ack_wait_us >= ASH_ACK_MIN_US && r->ash.ack_wait_us <= ASH_ACK_MAX_US);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct radio r = { .now_us = 1000000, .resets = 1 };
	struct pieces p;

	if (size == 0)
		return 0;
	ash_init(&r.ash, &ops, 1 + (data[0] & 7) % ASH_WINDOW_MAX);
	r.manner = data[0] >> 4;
	ash_reset(&r.ash, r.now_us);
	drain(&r);
	if (data[0] & 8)
		ash_receive(&r.ash, (const uint8_t *)"\x1a\xc1\x02\x0b\x0a\x52\x7e", 7, r.now_us);
	p = (struct pieces){ .data = data + 1, .size = size - 1 };
	while (pieces_next(&p)) {
		receive(&r, p.bytes, p.length, p.what);
		turn(&r, p.what);
	}
	ash_stop(&r.ash);
	assert(ash_deadline(&r.ash) == INT64_MAX);
	return 0;
}
