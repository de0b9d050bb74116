/*
 * ASH frames on the wire: see ash_frame.h.
 */
#include "zigbee/ash_frame.h"

#include <assert.h>

#define FLIP 0x20
#define CHECKSUM 2

uint16_t ash_crc(const uint8_t *bytes, size_t length)
{
	unsigned crc = 0xFFFF;

	/* a byte at a time without a table: the polynomial's terms are x^12, x^5 and 1 */
	for (size_t i = 0; i < length; i++) {
		unsigned x = (crc >> 8 ^ bytes[i]) & 0xFF;

		x ^= x >> 4;
		crc = (crc << 8 ^ x << 12 ^ x << 5 ^ x) & 0xFFFF;
	}
	return (uint16_t)crc;
}

void ash_randomize(uint8_t *data, size_t length)
{
	unsigned r = 0x42;

	for (size_t i = 0; i < length; i++) {
		data[i] ^= (uint8_t)r;
		r = r & 1 ? r >> 1 ^ 0xB8 : r >> 1;
	}
}

static bool reserved(uint8_t byte)
{
	switch (byte) {
	case ASH_FLAG:
	case ASH_ESCAPE:
	case ASH_XON:
	case ASH_XOFF:
	case ASH_SUBSTITUTE:
	case ASH_CANCEL:
		return true;
	default:
		return false;
	}
}

size_t ash_frame_write(uint8_t *to, uint8_t control, const uint8_t *data, size_t length)
{
	uint8_t frame[ASH_FRAME_MAX];
	size_t n = 0, at = 0;
	uint16_t crc;

	assert(length <= ASH_DATA_MAX);
	frame[n++] = control;
	for (size_t i = 0; i < length; i++)
		frame[n++] = data[i];
	crc = ash_crc(frame, n);
	frame[n++] = (uint8_t)(crc >> 8);
	frame[n++] = (uint8_t)crc;

	for (size_t i = 0; i < n; i++) {
		if (reserved(frame[i])) {
			to[at++] = ASH_ESCAPE;
			to[at++] = frame[i] ^ FLIP;
		} else {
			to[at++] = frame[i];
		}
	}
	to[at++] = ASH_FLAG;
	return at;
}

static void begin(struct ash_reader *r)
{
	r->length = 0;
	r->escaped = false;
	r->spoiled = false;
}

static enum ash_read end(struct ash_reader *r, size_t *ret_length)
{
	size_t length = r->length;
	bool good = !r->spoiled && !r->escaped;

	begin(r);
	if (length == 0) {
		/* two flags in a row are no frame, a spoiled byte alone is */
		r->frame[0] = 0xFF;
		return good ? ASH_READ_MORE : ASH_READ_BAD;
	}
	if (!good || length <= CHECKSUM || length > ASH_FRAME_MAX)
		return ASH_READ_BAD;
	length -= CHECKSUM;
	if (ash_crc(r->frame, length) != (r->frame[length] << 8 | r->frame[length + 1]))
		return ASH_READ_BAD;
	*ret_length = length;
	return ASH_READ_FRAME;
}

enum ash_read ash_reader_take(struct ash_reader *r, uint8_t byte, size_t *ret_length)
{
	enum ash_read result;

	/* Those that are reserved mean themselves wherever they stand: payloads have them escaped.
	 */
	switch (byte) {
	case ASH_FLAG:
		return end(r, ret_length);
	case ASH_CANCEL:
		result = r->length > 0 || r->spoiled ? ASH_READ_CANCELLED : ASH_READ_MORE;
		begin(r);
		return result;
	case ASH_SUBSTITUTE:
		r->spoiled = true;
		return ASH_READ_MORE;
	case ASH_XON:
	case ASH_XOFF:
		return ASH_READ_MORE;
	case ASH_ESCAPE:
		r->escaped = true;
		return ASH_READ_MORE;
	default:
		break;
	}
	if (r->length == 0 && byte == ASH_WAKE && !r->escaped)
		return ASH_READ_MORE;
	if (r->escaped)
		byte ^= FLIP;
	r->escaped = false;
	if (r->length < ASH_FRAME_MAX)
		r->frame[r->length] = byte;
	if (r->length <= ASH_FRAME_MAX)
		r->length++;
	return ASH_READ_MORE;
}
