/*
 * See att_host.h.
 */
#include "att_host.h"

#include "unit/hex.h"

static void keep(struct host *h, const uint8_t *bytes, size_t length)
{
	assert_true(length <= sizeof(h->bytes));
	if (length > 0)
		memcpy(h->bytes, bytes, length);
	h->length = length;
}

static void on_heard(struct att *a, uint16_t handle, bool indicated, const uint8_t *bytes,
	size_t length, int64_t now_us)
{
	struct host *h = a->context;

	assert_int_equal(now_us, h->now_us);
	if (gatt_heard(&h->gatt, handle, indicated, bytes, length, now_us))
		return;
	h->heard++;
	h->handle = handle;
	h->indicated = indicated;
	keep(h, bytes, length);
	if (h->confirm_on_heard)
		(void)att_confirm(a);
}

static void on_down(struct att *a, enum att_reason reason, int64_t now_us)
{
	struct host *h = a->context;

	assert_false(a->up);
	h->downs++;
	h->reason = reason;
}

static bool on_time(struct att *a, struct att_server_time *ret)
{
	struct host *h = a->context;

	*ret = h->time;
	return h->knows_time;
}

static const struct att_ops att_ops = { .heard = on_heard, .down = on_down, .time = on_time };

static void on_discovered(
	struct gatt *g, enum gatt_outcome outcome, uint8_t att_error, int64_t now_us)
{
	struct host *h = g->context;

	h->discovered++;
	h->outcome = outcome;
	h->refusal = att_error;
}

static void on_performed(
	struct gatt *g, uint8_t att_error, const uint8_t *bytes, size_t length, int64_t now_us)
{
	struct host *h = g->context;

	h->performed++;
	h->error = att_error;
	keep(h, bytes, length);
}

static const struct gatt_ops gatt_ops = { .discovered = on_discovered, .performed = on_performed };

void host_answered(void *context, const struct att_answer *answer, int64_t now_us)
{
	struct host *h = context;

	assert_int_equal(now_us, h->now_us);
	h->answers++;
	h->error = answer->error;
	keep(h, answer->bytes, answer->length);
	if (h->stop_on_answer)
		att_stop(&h->att);
	if (h->read_on_answer) {
		h->read_on_answer = false;
		assert_int_equal(att_read(&h->att, 0x77, host_answered, h, now_us), 0);
	}
}

void host_give(struct host *h, const char *hex)
{
	uint8_t bytes[600], *copy;
	size_t n = unit_hex(hex, bytes, sizeof(bytes));

	/* of its own length, so that a read past the end shows */
	copy = malloc(n > 0 ? n : 1);
	assert_non_null(copy);
	if (n > 0)
		memcpy(copy, bytes, n);
	att_receive(&h->att, copy, n, h->now_us);
	free(copy);
}

void host_expect(struct host *h, const char *hex)
{
	uint8_t wanted[600];
	size_t n = unit_hex(hex, wanted, sizeof(wanted)), length;
	const uint8_t *pdu = att_output(&h->att, &length);

	assert_int_equal(length, n);
	if (n == 0) {
		assert_null(pdu);
		return;
	}
	assert_memory_equal(pdu, wanted, n);
	att_sent(&h->att);
}

void host_talk(struct host *h, const char *ours, const char *theirs)
{
	host_expect(h, ours);
	host_expect(h, "");
	host_give(h, theirs);
}

void host_pass(struct host *h, int64_t us)
{
	h->now_us += us;
	att_tick(&h->att, h->now_us);
	gatt_tick(&h->gatt, h->now_us);
}

void host_expect_bytes(struct host *h, const char *hex)
{
	uint8_t wanted[600];
	size_t n = unit_hex(hex, wanted, sizeof(wanted));

	assert_int_equal(h->length, n);
	assert_memory_equal(h->bytes, wanted, n);
}

void host_init(struct host *h)
{
	memset(h, 0, sizeof(*h));
	h->now_us = 1000000;
	att_init(&h->att, &att_ops, h, ATT_MTU_WANTED);
	gatt_init(&h->gatt, &gatt_ops, h, &h->att);
}

int host_set_up(void **state)
{
	struct host *h = calloc(1, sizeof(*h));

	assert_non_null(h);
	host_init(h);
	*state = h;
	return 0;
}

int host_tear_down(void **state)
{
	free(*state);
	return 0;
}
