/*
 * The E2E-CRC of Bluetooth's health services (CGMS 3.11): CRC-16/MCRF4XX, that
 * is x^16 + x^12 + x^5 + 1 with bits reflected, from 0xFFFF, sent least
 * significant byte first.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

uint16_t crc16_mcrf4xx(const uint8_t *bytes, size_t n);
