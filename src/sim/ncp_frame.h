/*
 * ASH frames as they stand on the wire: checksum, randomization, byte stuffing
 * and what the reserved bytes mean between. Pure. Not for sequence numbers and
 * timers: ncp_ash.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NCP_FLAG 0x7e
#define NCP_ESCAPE 0x7d
#define NCP_XON 0x11
#define NCP_XOFF 0x13
#define NCP_SUBSTITUTE 0x18
#define NCP_CANCEL 0x1a

#define NCP_ACK 0x80 /* + not ready << 3 + ackNum */
#define NCP_NAK 0xa0 /* likewise */
#define NCP_RST 0xc0
#define NCP_RSTACK 0xc1
#define NCP_ERROR 0xc2
#define NCP_ASH_VERSION 2

#define NCP_DATA_MIN 3
#define NCP_DATA_MAX 220
/* Control, data and checksum, each stuffed; a flag; a cancel byte before. */
#define NCP_WIRE_MAX (2 * (1 + NCP_DATA_MAX + 2) + 2)

/* CRC-16/CCITT-FALSE goes on from crc, 0xffff at first. */
uint16_t ncp_crc(uint16_t crc, const uint8_t *p, size_t n);
/* Its own inverse. n is at most NCP_DATA_MAX. */
void ncp_randomize(uint8_t *p, size_t n);
/* The whole frame with its flag; data is taken as it is and randomized where control says DATA.
 * Returns the count of bytes at `to', which has room for NCP_WIRE_MAX. */
size_t ncp_encode(uint8_t *to, uint8_t control, const uint8_t *data, size_t n);

static inline bool ncp_is_data(uint8_t control)
{
	return !(control & 0x80);
}

struct ncp_decoder {
	uint8_t at[1 + NCP_DATA_MAX + 2];
	size_t n;
	bool escaped, spoiled, seen; /* seen: a byte came since the last flag */
	uint8_t first;               /* the control byte, also of a spoiled frame */
};

enum ncp_decoded { NCP_NOTHING, NCP_FRAME, NCP_SPOILED };

/* NCP_FRAME: at[0] is the control byte and n - 1 bytes of data follow, randomized no more. They are
 * valid until the next call. NCP_SPOILED: checksum, length or a substitute byte; `first' is what
 * may have been its control byte. */
enum ncp_decoded ncp_decode(struct ncp_decoder *d, uint8_t byte);
