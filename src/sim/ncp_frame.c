/* See ncp_frame.h. */
#include "sim/ncp_frame.h"

#include <string.h>

/* By half bytes: the table is small enough to be checked by eye (0x1021 times 0 to 15). */
static const uint16_t steps[16] = { 0x0000, 0x1021, 0x2042, 0x3063, 0x4084, 0x50a5, 0x60c6, 0x70e7,
	0x8108, 0x9129, 0xa14a, 0xb16b, 0xc18c, 0xd1ad, 0xe1ce, 0xf1ef };

uint16_t ncp_crc(uint16_t crc, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		crc = (uint16_t)(crc << 4) ^ steps[(crc >> 12) ^ (p[i] >> 4)];
		crc = (uint16_t)(crc << 4) ^ steps[(crc >> 12) ^ (p[i] & 15)];
	}
	return crc;
}

void ncp_randomize(uint8_t *p, size_t n)
{
	static uint8_t chance[NCP_DATA_MAX];

	if (!chance[0]) {
		uint8_t r = 0x42;

		for (size_t i = 0; i < NCP_DATA_MAX; i++) {
			chance[i] = r;
			r = (uint8_t)(r & 1 ? r >> 1 ^ 0xb8 : r >> 1);
		}
	}
	for (size_t i = 0; i < n && i < NCP_DATA_MAX; i++)
		p[i] ^= chance[i];
}

static bool reserved(uint8_t b)
{
	switch (b) {
	case NCP_FLAG:
	case NCP_ESCAPE:
	case NCP_XON:
	case NCP_XOFF:
	case NCP_SUBSTITUTE:
	case NCP_CANCEL:
		return true;
	default:
		return false;
	}
}

size_t ncp_encode(uint8_t *to, uint8_t control, const uint8_t *data, size_t n)
{
	uint8_t plain[1 + NCP_DATA_MAX + 2] = { control };
	size_t count = 0;
	uint16_t crc;

	if (n > NCP_DATA_MAX)
		n = NCP_DATA_MAX;
	if (n)
		memcpy(plain + 1, data, n);
	if (ncp_is_data(control))
		ncp_randomize(plain + 1, n);
	crc = ncp_crc(0xffff, plain, 1 + n);
	plain[1 + n] = (uint8_t)(crc >> 8);
	plain[2 + n] = (uint8_t)crc;
	for (size_t i = 0; i < n + 3; i++) {
		if (reserved(plain[i])) {
			to[count++] = NCP_ESCAPE;
			to[count++] = plain[i] ^ 0x20;
		} else
			to[count++] = plain[i];
	}
	to[count++] = NCP_FLAG;
	return count;
}

/* Whether a frame of that control byte may have so many bytes of data. */
static bool fits(uint8_t control, size_t n)
{
	if (ncp_is_data(control))
		return n >= NCP_DATA_MIN && n <= NCP_DATA_MAX;
	if (control == NCP_RSTACK || control == NCP_ERROR)
		return n == 2;
	return (control < NCP_RST || control == NCP_RST) && n == 0;
}

static enum ncp_decoded finish(struct ncp_decoder *d)
{
	enum ncp_decoded what = NCP_SPOILED;

	if (!d->seen)
		return NCP_NOTHING;
	if (!d->spoiled && !d->escaped && d->n >= 3 && fits(d->at[0], d->n - 3) &&
		ncp_crc(0xffff, d->at, d->n) == 0) {
		d->n -= 2;
		if (ncp_is_data(d->at[0]))
			ncp_randomize(d->at + 1, d->n - 1);
		what = NCP_FRAME;
	}
	return what;
}

static void restart(struct ncp_decoder *d)
{
	d->n = 0;
	d->escaped = d->spoiled = d->seen = false;
}

static void keep(struct ncp_decoder *d, uint8_t byte)
{
	if (d->escaped)
		byte ^= 0x20;
	d->escaped = false;
	if (!d->seen)
		d->first = byte;
	d->seen = true;
	if (d->n < sizeof(d->at))
		d->at[d->n++] = byte;
	else
		d->spoiled = true;
}

enum ncp_decoded ncp_decode(struct ncp_decoder *d, uint8_t byte)
{
	enum ncp_decoded what;

	switch (byte) {
	case NCP_FLAG:
		what = finish(d);
		if (what == NCP_FRAME)
			d->seen = false; /* the frame stays readable, the next byte begins anew */
		else
			restart(d);
		d->spoiled = d->escaped = false;
		return what;
	case NCP_CANCEL:
		restart(d);
		return NCP_NOTHING;
	case NCP_SUBSTITUTE:
		if (!d->seen) {
			restart(d);
			d->first = 0xff;
		}
		d->seen = d->spoiled = true;
		return NCP_NOTHING;
	case NCP_XON:
	case NCP_XOFF:
		return NCP_NOTHING;
	default:
		if (!d->seen && !d->escaped) {
			d->n = 0;
			if (byte == 0xff)
				return NCP_NOTHING; /* wakes a sleeping NCP */
		}
		if (byte == NCP_ESCAPE)
			d->escaped = true;
		else
			keep(d, byte);
		return NCP_NOTHING;
	}
}
