/*
 * SFLOAT and FLOAT, IEEE 11073-20601 annex F.7 and F.8. The special values are
 * known by the whole word, before it is split; exponents are two's complement.
 */
#include "codec/ieee11073.h"

#include "util/decimal.h"

int ieee11073_sfloat(struct decimal *ret, uint16_t word)
{
	int mantissa = word & 0x0fff, exponent = word >> 12;

	switch (word) {
	case 0x07ff:
		return IEEE11073_E_NAN;
	case 0x0800:
		return IEEE11073_E_NRES;
	case 0x07fe:
		return IEEE11073_E_PLUS_INFINITY;
	case 0x0802:
		return IEEE11073_E_MINUS_INFINITY;
	case 0x0801:
		return IEEE11073_E_RESERVED;
	default:
		break;
	}
	if (mantissa >= 0x0800)
		mantissa -= 0x1000;
	if (exponent >= 8)
		exponent -= 16;
	return decimal_from_parts(ret, mantissa, exponent);
}

int ieee11073_float(struct decimal *ret, uint32_t word)
{
	int32_t mantissa = (int32_t)(word & 0xffffff), exponent = (int32_t)(word >> 24);

	switch (word) {
	case 0x007fffff:
		return IEEE11073_E_NAN;
	case 0x00800000:
		return IEEE11073_E_NRES;
	case 0x007ffffe:
		return IEEE11073_E_PLUS_INFINITY;
	case 0x00800002:
		return IEEE11073_E_MINUS_INFINITY;
	case 0x00800001:
		return IEEE11073_E_RESERVED;
	default:
		break;
	}
	if (mantissa >= 0x800000)
		mantissa -= 0x1000000;
	if (exponent >= 128)
		exponent -= 256;
	return decimal_from_parts(ret, mantissa, exponent);
}
