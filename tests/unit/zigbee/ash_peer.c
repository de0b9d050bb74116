/*
 * The radio's side of ASH: see ash_peer.h.
 */
#include "ash_peer.h"

#include <string.h>

#define FIRST 1600000
#define LEAST 400000
#define MOST 3200000

uint16_t ash_peer_checksum(const uint8_t *p, size_t n)
{
	uint32_t crc = 0xFFFF;

	while (n--) {
		crc ^= (uint32_t)*p++ << 8;
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
		crc &= 0xFFFF;
	}
	return (uint16_t)crc;
}

void ash_peer_scramble(uint8_t *p, size_t n)
{
	uint8_t lfsr = 0x42;

	while (n--) {
		uint8_t low = lfsr & 1;

		*p++ ^= lfsr;
		lfsr >>= 1;
		if (low)
			lfsr ^= 0xB8;
	}
}

bool ash_peer_wire_take(
	struct peer_wire *w, uint8_t byte, uint8_t out[ASH_PEER_FRAME], size_t *n, bool *bad)
{
	size_t m = 0;
	bool broken = w->broken;

	*bad = false;
	if (byte == 0x1A) {
		w->n = 0;
		w->broken = false;
		return false;
	}
	if (byte == 0x18)
		w->broken = true;
	if (byte == 0x11 || byte == 0x13 || byte == 0x18)
		return false;
	if (byte != 0x7E) {
		if (w->n < sizeof(w->raw))
			w->raw[w->n++] = byte;
		else
			w->broken = true;
		return false;
	}

	/* the whole is here: take the stuffing out */
	for (size_t i = 0; i < w->n && !broken; i++) {
		uint8_t b = w->raw[i];

		if (b == 0x7D) {
			if (++i == w->n)
				broken = true;
			else
				b = w->raw[i] ^ 0x20;
		}
		if (m == ASH_PEER_FRAME)
			broken = true;
		else if (!broken)
			out[m++] = b;
	}
	if (w->n == 0 && !broken)
		return false;
	w->n = 0;
	w->broken = false;
	*n = m;
	if (broken || m < 3 || ash_peer_checksum(out, m - 2) != out[m - 2] * 256 + out[m - 1]) {
		*bad = true;
		if (m == 0)
			out[0] = 0xFF;
		return false;
	}
	*n = m - 2;
	return true;
}

size_t ash_peer_wire_put(uint8_t *to, const uint8_t *frame, size_t n)
{
	uint8_t whole[ASH_PEER_FRAME + 2];
	uint16_t sum = ash_peer_checksum(frame, n);
	size_t at = 0;

	memcpy(whole, frame, n);
	whole[n++] = (uint8_t)(sum / 256);
	whole[n++] = (uint8_t)(sum % 256);
	for (size_t i = 0; i < n; i++) {
		if (memchr("\x7e\x7d\x11\x13\x18\x1a", whole[i], 6)) {
			to[at++] = 0x7D;
			to[at++] = whole[i] ^ 0x20;
		} else {
			to[at++] = whole[i];
		}
	}
	to[at++] = 0x7E;
	return at;
}

static void say(struct ash_peer *p, const uint8_t *frame, size_t n)
{
	if (sizeof(p->said) - p->said_n < 2 * ASH_PEER_FRAME + 8)
		return; /* a line that nobody reads */
	p->said_n += ash_peer_wire_put(p->said + p->said_n, frame, n);
}

static void say_code(struct ash_peer *p, uint8_t control, uint8_t code)
{
	if (p->said_n < sizeof(p->said))
		p->said[p->said_n++] = 0x1A;
	say(p, (uint8_t[]){ control, 2, code }, 3);
}

static void forget(struct ash_peer *p)
{
	p->want = p->low = p->next = p->again = 0;
	p->reject = p->nak = p->ack = p->host_busy = false;
	p->head = p->waiting = 0;
	p->timeout_us = FIRST;
	p->expires_us = INT64_MAX;
	p->expired = 0;
	p->wire.n = 0;
	p->wire.broken = false;
}

void ash_peer_init(struct ash_peer *p)
{
	p->window = 5;
	p->boot_takes_us = 1000000;
	p->boot_us = INT64_MAX;
	p->state = PEER_FAILED;
	p->failure = 0x03;
	forget(p);
}

void ash_peer_fail(struct ash_peer *p, uint8_t code)
{
	forget(p);
	p->state = PEER_FAILED;
	p->failure = code;
	say_code(p, 0xC2, code);
}

static unsigned under_way(const struct ash_peer *p)
{
	return (p->next - p->low) & 7;
}

static bool acknowledge(struct ash_peer *p, unsigned number, int64_t now)
{
	unsigned n = (number - p->low) & 7;

	if (n > under_way(p))
		return false;
	if (n == 0)
		return true;
	if (p->again == 0) {
		int64_t t = (7 * p->timeout_us + 4 * (now - p->started_us)) / 8;

		p->timeout_us = t < LEAST ? LEAST : t > MOST ? MOST : t;
	}
	p->low = number;
	p->head = (p->head + n) % ASH_PEER_QUEUE;
	p->waiting -= n;
	p->expired = 0;
	if (p->again > under_way(p))
		p->again = under_way(p);
	p->started_us = now;
	p->expires_us = under_way(p) ? now + p->timeout_us : INT64_MAX;
	return true;
}

static void go_again(struct ash_peer *p)
{
	if (p->again == 0)
		p->again = under_way(p);
}

static void refuse(struct ash_peer *p, uint8_t control)
{
	if (control < 0x80 && !p->reject) {
		p->reject = true;
		p->nak = true;
		p->naks++;
	}
}

static void take_data(struct ash_peer *p, uint8_t *f, size_t n, int64_t now)
{
	if (n < 4 || !acknowledge(p, f[0] & 7, now)) {
		refuse(p, f[0]);
	} else if (((f[0] >> 4) & 7) == p->want) {
		p->want = (p->want + 1) & 7;
		p->reject = p->nak = false;
		p->ack = true;
		ash_peer_scramble(f + 1, n - 1);
		p->deliver(p, f + 1, n - 1);
	} else if (f[0] & 8) {
		p->ack = true;
	} else {
		refuse(p, f[0]);
	}
}

static void take(struct ash_peer *p, uint8_t *f, size_t n, int64_t now)
{
	if (f[0] == 0xC0 && n == 1) {
		forget(p);
		p->state = PEER_BOOTING;
		p->boot_us = now + p->boot_takes_us;
		p->boot_code = 0x0B;
		return;
	}
	if (p->state == PEER_FAILED)
		say_code(p, 0xC2, p->failure);
	if (p->state != PEER_CONNECTED)
		return;
	if (f[0] < 0x80) {
		take_data(p, f, n, now);
	} else if (f[0] < 0xC0 && n == 1) {
		if (!acknowledge(p, f[0] & 7, now))
			return;
		p->host_busy = f[0] & 8;
		p->busy_seen += p->host_busy;
		if (f[0] & 0x20)
			go_again(p);
	}
}

void ash_peer_receive(struct ash_peer *p, const uint8_t *bytes, size_t n, int64_t now)
{
	uint8_t f[ASH_PEER_FRAME] = { 0 };
	size_t length;
	bool bad;

	for (size_t i = 0; i < n; i++) {
		if (p->state == PEER_BOOTING)
			return;
		if (ash_peer_wire_take(&p->wire, bytes[i], f, &length, &bad))
			take(p, f, length, now);
		else if (bad && p->state == PEER_CONNECTED)
			refuse(p, f[0]);
	}
}

bool ash_peer_send(struct ash_peer *p, const uint8_t *data, size_t n)
{
	unsigned at = (p->head + p->waiting) % ASH_PEER_QUEUE;

	if (p->state != PEER_CONNECTED || p->waiting == ASH_PEER_QUEUE)
		return false;
	memcpy(p->queue[at].data, data, n);
	p->queue[at].n = n;
	p->waiting++;
	return true;
}

static void put_data(struct ash_peer *p, unsigned i, bool repeated, int64_t now)
{
	unsigned at = (p->head + i) % ASH_PEER_QUEUE;
	uint8_t f[ASH_PEER_FRAME];

	f[0] = (uint8_t)((((p->low + i) & 7) << 4) | (repeated ? 8 : 0) | p->want);
	memcpy(f + 1, p->queue[at].data, p->queue[at].n);
	ash_peer_scramble(f + 1, p->queue[at].n);
	say(p, f, 1 + p->queue[at].n);
	p->ack = false;
	if (p->expires_us == INT64_MAX) {
		p->started_us = now;
		p->expires_us = now + p->timeout_us;
	}
}

void ash_peer_turn(struct ash_peer *p, int64_t now)
{
	if (p->state == PEER_BOOTING && now >= p->boot_us) {
		p->boot_us = INT64_MAX;
		p->state = PEER_CONNECTED;
		say_code(p, 0xC1, p->boot_code);
		p->rebooted(p);
	}
	if (p->state != PEER_CONNECTED)
		return;
	if (now >= p->expires_us) {
		p->timeout_us = 2 * p->timeout_us > MOST ? MOST : 2 * p->timeout_us;
		p->expires_us = INT64_MAX;
		if (++p->expired > 3) {
			ash_peer_fail(p, 0x51);
			return;
		}
		go_again(p);
	}
	if (p->nak) {
		say(p, (uint8_t[]){ (uint8_t)(0xA0 + p->want) }, 1);
		p->nak = p->ack = false;
	}
	if (p->again > 0)
		p->expires_us = INT64_MAX;
	for (; p->again > 0; p->again--, p->retransmissions++)
		put_data(p, under_way(p) - p->again, true, now);
	while (under_way(p) < p->waiting && under_way(p) < p->window) {
		put_data(p, under_way(p), false, now);
		p->next = (p->next + 1) & 7;
	}
	if (p->ack)
		say(p, (uint8_t[]){ (uint8_t)(0x80 + p->want) }, 1);
	p->ack = false;
}

int64_t ash_peer_deadline(const struct ash_peer *p)
{
	if (p->state == PEER_BOOTING)
		return p->boot_us;
	return p->state == PEER_CONNECTED ? p->expires_us : INT64_MAX;
}
