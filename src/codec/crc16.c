/*
 * CRC-16/MCRF4XX, bit by bit: some 20 bytes a minute need no table.
 */
#include "codec/crc16.h"

uint16_t crc16_mcrf4xx(const uint8_t *bytes, size_t n)
{
	uint16_t crc = 0xffff;

	for (size_t i = 0; i < n; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = (uint16_t)(crc & 1 ? crc >> 1 ^ 0x8408 : crc >> 1);
	}
	return crc;
}
