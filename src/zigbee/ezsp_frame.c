/*
 * Heads of EZSP frames: see ezsp_frame.h.
 */
#include "zigbee/ezsp_frame.h"

#define MIDDLE_MARK 0xFF
#define FORMAT_1 0x01 /* in the second control byte */
#define FORMAT_MASK 0x03
#define SECURITY 0x80

enum ezsp_form ezsp_form_of(unsigned version)
{
	if (version >= 8)
		return EZSP_EXTENDED;
	return version >= 5 ? EZSP_MIDDLE : EZSP_LEGACY;
}

size_t ezsp_header_write(uint8_t *to, enum ezsp_form form, uint8_t sequence, uint16_t id)
{
	size_t n = 0;

	to[n++] = sequence;
	to[n++] = 0;
	switch (form) {
	case EZSP_LEGACY:
		break;
	case EZSP_MIDDLE:
		to[n++] = MIDDLE_MARK;
		to[n++] = 0;
		break;
	case EZSP_EXTENDED:
		to[n++] = FORMAT_1;
		break;
	}
	to[n++] = (uint8_t)id;
	if (form == EZSP_EXTENDED)
		to[n++] = (uint8_t)(id >> 8);
	return n;
}

int ezsp_header_read(struct cursor *c, enum ezsp_form form, struct ezsp_header *ret)
{
	struct ezsp_header h = { .sequence = cursor_u8(c) };
	uint8_t mark;

	h.control = cursor_u8(c);
	switch (form) {
	case EZSP_LEGACY:
		h.id = cursor_u8(c);
		break;
	case EZSP_MIDDLE:
		mark = cursor_u8(c);
		if (mark != MIDDLE_MARK || cursor_u8(c) != 0)
			return -EBADMSG;
		h.id = cursor_u8(c);
		break;
	case EZSP_EXTENDED:
		mark = cursor_u8(c);
		if ((mark & FORMAT_MASK) != FORMAT_1 || (mark & SECURITY))
			return -EBADMSG;
		h.id = cursor_le16(c);
		break;
	}
	if (c->failed || !(h.control & EZSP_RESPONSE))
		return -EBADMSG;
	*ret = h;
	return 0;
}

enum ezsp_form ezsp_form_guess(const uint8_t *frame, size_t length)
{
	if (length > 5 && frame[2] == MIDDLE_MARK)
		return EZSP_MIDDLE;
	/* in the oldest form 01 would be getLibraryStatus, which we never ask for */
	if (length >= 5 && (frame[2] & FORMAT_MASK) == FORMAT_1 && !(frame[2] & 0xBC))
		return EZSP_EXTENDED;
	return EZSP_LEGACY;
}
