/* See ncp_ash.h; the numbers of the comments are those of the UART gateway protocol's description.
 */
#include "sim/ncp_ash.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int ring_init(struct ncp_ring *r, size_t size)
{
	*r = (struct ncp_ring){ .size = size };
	r->slots = calloc(size, sizeof(*r->slots));
	return r->slots ? 0 : -ENOMEM;
}

static struct ncp_slot *ring_add(struct ncp_ring *r)
{
	if (r->count == r->size)
		return NULL;
	return &r->slots[(r->head + r->count++) % r->size];
}

/* Valid until something is added. */
static struct ncp_slot *ring_take(struct ncp_ring *r)
{
	struct ncp_slot *s = &r->slots[r->head];

	assert(r->count);
	r->head = (r->head + 1) % r->size;
	r->count--;
	return s;
}

static void fill(struct ncp_slot *s, const uint8_t *p, size_t n, void *tag)
{
	s->n = (uint8_t)n;
	s->tag = tag;
	memcpy(s->data, p, n);
}

int ncp_ash_init(struct ncp_ash *a, const struct ncp_ash_ops *ops, void *arg, unsigned window,
	size_t callbacks)
{
	int r;

	*a = (struct ncp_ash){ .ops = ops, .arg = arg, .window = window };
	r = ring_init(&a->responses, NCP_RESPONSES_MAX);
	return r < 0 ? r : ring_init(&a->callbacks, callbacks);
}

void ncp_ash_done(struct ncp_ash *a)
{
	free(a->responses.slots);
	free(a->callbacks.slots);
	a->responses.slots = a->callbacks.slots = NULL;
}

static void lose(struct ncp_ash *a, const struct ncp_slot *s, const char *why)
{
	if (s->tag)
		a->ops->lost(a->arg, s->tag, why);
}

static uint8_t in_flight(const struct ncp_ash *a)
{
	return (a->tx_next - a->tx_unacked) & 7;
}

static void lose_all(struct ncp_ash *a, const char *why)
{
	for (; a->tx_unacked != a->tx_next; a->tx_unacked = (a->tx_unacked + 1) & 7)
		lose(a, &a->window_slots[a->tx_unacked], why);
	while (a->responses.count)
		lose(a, ring_take(&a->responses), why);
	while (a->callbacks.count)
		lose(a, ring_take(&a->callbacks), why);
}

void ncp_ash_off(struct ncp_ash *a, const char *why)
{
	a->state = NCP_ASH_OFF;
	lose_all(a, why);
}

static void send(struct ncp_ash *a, uint8_t control, const uint8_t *data, size_t n)
{
	uint8_t wire[NCP_WIRE_MAX];
	size_t count;

	count = ncp_encode(wire, control, data, n);
	a->ops->wire(a->arg, control, wire, count);
}

/* RSTACK and ERROR have a cancel byte before, so that nothing half-said is taken for their start.
 */
static void announce(struct ncp_ash *a, uint8_t control, uint8_t code)
{
	const uint8_t data[] = { NCP_ASH_VERSION, code };
	uint8_t wire[NCP_WIRE_MAX] = { NCP_CANCEL };
	size_t n = ncp_encode(wire + 1, control, data, sizeof(data));

	a->ops->wire(a->arg, control, wire, n + 1);
}

void ncp_ash_fail(struct ncp_ash *a, uint8_t code)
{
	a->state = NCP_ASH_FAILED;
	a->code = code;
	a->timer_on = false;
	lose_all(a, "failed");
	announce(a, NCP_ERROR, code);
	a->ops->failed(a->arg, code);
}

void ncp_ash_boot(struct ncp_ash *a, uint8_t reason)
{
	struct ncp_ring responses = a->responses, callbacks = a->callbacks;

	*a = (struct ncp_ash){ .ops = a->ops,
		.arg = a->arg,
		.window = a->window,
		.state = NCP_ASH_CONNECTED,
		.timer_us = NCP_T_INIT_US,
		.responses = responses,
		.callbacks = callbacks,
		.retransmitted = a->retransmitted,
		.rejected = a->rejected,
		.longest_wait_us = a->longest_wait_us };
	switch (reason) {
	case NCP_BY_EXTERNAL:
	case NCP_BY_POWER_ON:
	case NCP_BY_BOOTLOADER:
	case NCP_BY_SOFTWARE:
		announce(a, NCP_RSTACK, reason);
		break;
	default:
		ncp_ash_fail(a, reason);
		break;
	}
}

static void start_timer(struct ncp_ash *a, int64_t now_us, bool untrue)
{
	a->timer_on = true;
	a->timer_untrue = untrue;
	a->timer_start_us = now_us;
}

static int64_t clamp(int64_t us)
{
	return us < NCP_T_MIN_US ? NCP_T_MIN_US : us > NCP_T_MAX_US ? NCP_T_MAX_US : us;
}

static void send_data(struct ncp_ash *a, uint8_t number, bool again)
{
	const struct ncp_slot *s = &a->window_slots[number];

	send(a, (uint8_t)(number << 4 | (again ? 8 : 0) | a->rx_next), s->data, s->n);
	a->ack_due = false;
}

static void retransmit(struct ncp_ash *a, int64_t now_us)
{
	if (a->round_open || a->tx_unacked == a->tx_next)
		return;
	a->round_open = true;
	for (uint8_t i = a->tx_unacked; i != a->tx_next; i = (i + 1) & 7) {
		send_data(a, i, true);
		a->retransmitted++;
	}
	start_timer(a, now_us, true);
}

void ncp_ash_drained(struct ncp_ash *a)
{
	a->round_open = false;
}

/* False: a number outside of what is on its way; the frame is not to be believed. */
static bool take_ack(struct ncp_ash *a, uint8_t number, int64_t now_us)
{
	uint8_t count = (number - a->tx_unacked) & 7;

	if (count > in_flight(a))
		return false;
	if (!count)
		return true;
	for (; a->tx_unacked != number; a->tx_unacked = (a->tx_unacked + 1) & 7) {
		struct ncp_slot *s = &a->window_slots[a->tx_unacked];

		if (s->tag)
			a->ops->acked(a->arg, s->tag);
		s->tag = NULL;
		if (now_us - s->sent_us > a->longest_wait_us)
			a->longest_wait_us = now_us - s->sent_us;
	}
	if (!a->timer_untrue)
		a->timer_us = clamp((7 * a->timer_us + 4 * (now_us - a->timer_start_us)) / 8);
	a->timeouts = 0;
	if (a->tx_unacked == a->tx_next)
		a->timer_on = false;
	else
		start_timer(a, now_us, a->timer_untrue);
	return true;
}

static void reject(struct ncp_ash *a)
{
	a->rejected++;
	if (a->rejecting)
		return;
	a->rejecting = true;
	send(a, NCP_NAK | a->rx_next, NULL, 0);
}

static void on_data(struct ncp_ash *a, int64_t now_us)
{
	const struct ncp_decoder *d = &a->decoder;
	uint8_t control = d->at[0], number = control >> 4 & 7;

	if (a->refuse) {
		a->refuse--;
		a->rejecting = false;
		reject(a);
		return;
	}
	if (!take_ack(a, control & 7, now_us)) {
		reject(a);
		return;
	}
	if (number != a->rx_next) {
		if (control & 8)
			a->ack_due = true; /* it came already; its acknowledgement got lost */
		else
			reject(a);
		return;
	}
	a->rx_next = (a->rx_next + 1) & 7;
	a->rejecting = false;
	a->ack_due = true;
	a->ops->frame(a->arg, d->at + 1, d->n - 1);
}

static void on_frame(struct ncp_ash *a, int64_t now_us)
{
	uint8_t control = a->decoder.at[0];

	if (control == NCP_RST) {
		a->ops->reset(a->arg);
		return;
	}
	if (a->state == NCP_ASH_FAILED) {
		announce(a, NCP_ERROR, a->code);
		return;
	}
	if (ncp_is_data(control)) {
		on_data(a, now_us);
		return;
	}
	if (control >= NCP_RST)
		return; /* an NCP's own words */
	if (!take_ack(a, control & 7, now_us))
		return;
	a->not_ready_until_us = control & 8 ? now_us + NCP_NOT_READY_US : 0;
	if (control & 0x20)
		retransmit(a, now_us);
}

void ncp_ash_receive(struct ncp_ash *a, const uint8_t *p, size_t n, int64_t now_us)
{
	for (size_t i = 0; i < n && a->state != NCP_ASH_OFF; i++) {
		switch (ncp_decode(&a->decoder, p[i])) {
		case NCP_FRAME:
			on_frame(a, now_us);
			break;
		case NCP_SPOILED:
			if (a->state == NCP_ASH_FAILED)
				announce(a, NCP_ERROR, a->code);
			else if (ncp_is_data(a->decoder.first))
				reject(a);
			break;
		case NCP_NOTHING:
			break;
		}
	}
}

bool ncp_ash_respond(struct ncp_ash *a, const uint8_t *p, size_t n)
{
	struct ncp_slot *s = a->state == NCP_ASH_CONNECTED ? ring_add(&a->responses) : NULL;

	if (s)
		fill(s, p, n, NULL);
	return s;
}

bool ncp_ash_callback(struct ncp_ash *a, const uint8_t *p, size_t n, void *tag)
{
	struct ncp_slot *s = a->state == NCP_ASH_CONNECTED ? ring_add(&a->callbacks) : NULL;

	if (s)
		fill(s, p, n, tag);
	return s;
}

size_t ncp_ash_room(const struct ncp_ash *a)
{
	return a->state == NCP_ASH_CONNECTED ? a->callbacks.size - a->callbacks.count : 0;
}

void ncp_ash_pump(struct ncp_ash *a, int64_t now_us)
{
	if (a->state != NCP_ASH_CONNECTED)
		return;
	while (in_flight(a) < a->window) {
		struct ncp_slot *to = &a->window_slots[a->tx_next], *from;

		if (a->responses.count)
			from = ring_take(&a->responses);
		else if (a->callbacks.count && now_us >= a->not_ready_until_us)
			from = ring_take(&a->callbacks);
		else
			break;
		fill(to, from->data, from->n, from->tag);
		to->sent_us = now_us;
		if (to->tag)
			a->ops->sent(a->arg, to->tag);
		send_data(a, a->tx_next, false);
		a->tx_next = (a->tx_next + 1) & 7;
		if (!a->timer_on)
			start_timer(a, now_us, false);
	}
	if (a->ack_due) {
		a->ack_due = false;
		send(a, NCP_ACK | a->rx_next, NULL, 0);
	}
}

int64_t ncp_ash_deadline(const struct ncp_ash *a)
{
	int64_t at = INT64_MAX;

	if (a->state != NCP_ASH_CONNECTED)
		return at;
	if (a->timer_on)
		at = a->timer_start_us + a->timer_us;
	if (a->callbacks.count && a->not_ready_until_us && a->not_ready_until_us < at)
		at = a->not_ready_until_us;
	return at;
}

void ncp_ash_tick(struct ncp_ash *a, int64_t now_us)
{
	if (a->state != NCP_ASH_CONNECTED)
		return;
	if (a->not_ready_until_us && now_us >= a->not_ready_until_us)
		a->not_ready_until_us = 0;
	if (a->timer_on && now_us - a->timer_start_us >= a->timer_us) {
		if (++a->timeouts > NCP_TIMEOUTS_MAX) {
			ncp_ash_fail(a, NCP_BY_ACK_TIMEOUTS);
			return;
		}
		a->timer_us = clamp(2 * a->timer_us);
		a->round_open = false;
		retransmit(a, now_us);
	}
	ncp_ash_pump(a, now_us);
}
