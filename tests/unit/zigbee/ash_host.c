/*
 * See ash_host.h.
 */
#include "ash_host.h"

#include "ash_peer.h"
#include "unit/unit.h"

static void on_up(struct ash *a, int64_t now_us)
{
	((struct fixture *)a)->ups++;
}

static void on_data(struct ash *a, const uint8_t *data, size_t length, int64_t now_us)
{
	struct fixture *f = (struct fixture *)a;

	memcpy(f->got, data, length);
	f->got_n = length;
	f->frames++;
	if (f->answer)
		assert_int_equal(ash_send(a, data, length, now_us), 0);
	if (f->reset_on_data)
		ash_reset(a, now_us);
}

static void on_down(struct ash *a, enum ash_reason reason, uint8_t code, int64_t now_us)
{
	struct fixture *f = (struct fixture *)a;

	f->downs++;
	f->reason = reason;
	f->code = code;
}

static const struct ash_ops ops = { .up = on_up, .data = on_data, .down = on_down };

static size_t from_hex(const char *hex, uint8_t *to)
{
	size_t n = 0;

	for (; *hex; hex++) {
		if (*hex == ' ')
			continue;
		assert_int_equal(sscanf(hex++, "%2hhx", &to[n++]), 1);
	}
	return n;
}

void ash_host_give(struct fixture *f, const char *hex)
{
	uint8_t bytes[2048];

	ash_receive(&f->ash, bytes, from_hex(hex, bytes), f->now_us);
}

/* What the host writes now must be these bytes. */
void ash_host_expect(struct fixture *f, const char *hex)
{
	uint8_t wanted[2048], bytes[8192];
	size_t n = from_hex(hex, wanted), m = ash_output(&f->ash, bytes, sizeof(bytes), f->now_us);

	if (m != n || (n > 0 && memcmp(bytes, wanted, n) != 0)) {
		fprintf(stderr, "wanted %s\nfound ", hex);
		for (size_t i = 0; i < m; i++)
			fprintf(stderr, " %02X", bytes[i]);
		fail_msg("\nother bytes");
	}
}

/* An ACK or a NAK. */
void ash_host_expect_short(struct fixture *f, uint8_t control)
{
	uint8_t wanted[8], bytes[8192];
	size_t n = ash_peer_wire_put(wanted, &control, 1);

	assert_int_equal(ash_output(&f->ash, bytes, sizeof(bytes), f->now_us), n);
	assert_memory_equal(bytes, wanted, n);
}

void ash_host_pass(struct fixture *f, int64_t us)
{
	f->now_us += us;
	ash_tick(&f->ash, f->now_us);
}

/* A data frame of the radio's, of three bytes. */
void ash_host_give_data(struct fixture *f, unsigned number, unsigned ack, bool repeated)
{
	uint8_t frame[4] = { (uint8_t)(number << 4 | repeated << 3 | ack), 'a', 'b',
		(uint8_t)number };
	uint8_t bytes[32];

	ash_peer_scramble(frame + 1, 3);
	ash_receive(&f->ash, bytes, ash_peer_wire_put(bytes, frame, 4), f->now_us);
}

void ash_host_expect_data(
	struct fixture *f, unsigned number, unsigned ack, bool repeated, uint8_t last)
{
	uint8_t frame[4] = { (uint8_t)(number << 4 | repeated << 3 | ack), 'x', 'y', last };
	uint8_t wanted[32], bytes[8192];
	size_t n;

	ash_peer_scramble(frame + 1, 3);
	n = ash_peer_wire_put(wanted, frame, 4);
	/* one frame at a time: room for no more */
	assert_int_equal(ash_output(&f->ash, bytes, ASH_OUTPUT_MIN, f->now_us), n);
	assert_memory_equal(bytes, wanted, n);
}

void ash_host_send(struct fixture *f, uint8_t last)
{
	assert_int_equal(ash_send(&f->ash, (uint8_t[]){ 'x', 'y', last }, 3, f->now_us), 0);
}

int ash_host_set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->now_us = 5000000;
	ash_init(&f->ash, &ops, ASH_WINDOW);
	*state = f;
	return 0;
}

int ash_host_set_up_connected(void **state)
{
	struct fixture *f;

	ash_host_set_up(state);
	f = *state;
	ash_reset(&f->ash, f->now_us);
	ash_host_expect(f, "1A C0 38 BC 7E");
	ash_host_give(f, "1A C1 02 0B 0A 52 7E");
	assert_int_equal(f->ups, 1);
	ash_host_expect(f, "");
	return 0;
}

int ash_host_tear_down(void **state)
{
	free(*state);
	return 0;
}
