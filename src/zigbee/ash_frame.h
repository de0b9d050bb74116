/*
 * ASH frames on the wire (Silicon Labs UG101): stuffing, checksum, and the
 * randomizing of data fields. It knows nothing of windows, timers and order:
 * see zigbee/ash.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes with a meaning of their own on the line (UG101, reserved bytes). */
enum {
	ASH_XON = 0x11,
	ASH_XOFF = 0x13,
	ASH_SUBSTITUTE = 0x18, /* stands for a byte that the UART could not read */
	ASH_CANCEL = 0x1A,     /* forget what came since the last flag */
	ASH_ESCAPE = 0x7D,
	ASH_FLAG = 0x7E, /* ends a frame */
	ASH_WAKE = 0xFF, /* between frames only */
};

/* Control bytes. DATA has bit 7 clear; ACK and NAK are told by their three upper bits. */
enum {
	ASH_CONTROL_ACK = 0x80,
	ASH_CONTROL_NAK = 0xA0,
	ASH_CONTROL_RST = 0xC0,
	ASH_CONTROL_RSTACK = 0xC1,
	ASH_CONTROL_ERROR = 0xC2,
};

/* Of a data field. The longest EZSP frame has 220 bytes; radios to come may say more. */
#define ASH_DATA_MIN 3
#define ASH_DATA_MAX 255
/* Control byte, data field, checksum; and the same when every byte is stuffed, with its flag. */
#define ASH_FRAME_MAX (1 + ASH_DATA_MAX + 2)
#define ASH_STUFFED_MAX (2 * ASH_FRAME_MAX + 1)

/* CRC-16 of poly 0x1021, not reflected, from 0xFFFF. */
uint16_t ash_crc(const uint8_t *bytes, size_t length);
/* Applies the pseudo-random sequence in place; twice is as never. */
void ash_randomize(uint8_t *data, size_t length);

/* Writes a whole frame with its checksum and its flag. The data field comes as it goes out, that
 * of a DATA frame randomized. to has room for ASH_STUFFED_MAX; data may be NULL when length is 0.
 * Returns the bytes written. */
size_t ash_frame_write(uint8_t *to, uint8_t control, const uint8_t *data, size_t length);

/* Puts frames together from bytes as they come. All zero to begin with. */
struct ash_reader {
	size_t length; /* of what is in frame; more than ASH_FRAME_MAX means too long */
	bool escaped;
	bool spoiled; /* had a substitute byte */
	uint8_t frame[ASH_FRAME_MAX];
};

enum ash_read {
	ASH_READ_MORE,  /* no frame yet */
	ASH_READ_FRAME, /* frame[0] to frame[length - 1], without the checksum, which was right */
	ASH_READ_BAD,   /* a frame that was spoiled, too short, too long, or with another checksum;
			 * frame[0] is its control byte as far as one came, 0xFF otherwise */
	ASH_READ_CANCELLED, /* a frame that had begun was taken back */
};

/* Takes one byte. The frame is valid until the next call; length is that of the frame then. */
enum ash_read ash_reader_take(struct ash_reader *r, uint8_t byte, size_t *ret_length);
