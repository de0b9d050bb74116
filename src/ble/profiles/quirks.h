/*
 * What is known of devices that stray from the specifications, by what they say
 * of themselves. Data: the rows are in quirks.def.
 */
#pragma once

#include <stdint.h>

enum quirk {
	QUIRK_BP_BIG_ENDIAN_TAIL = 1 << 0, /* blood pressure: see quirks.def */
	QUIRK_CGM_STATUS_FIRST = 1 << 1,   /* glucose sensors: the octet of flag bit 5 is status */
	QUIRK_CGM_STATUS_LAST = 1 << 2,    /* it is the warning octet, as the supplement has it */
	QUIRK_HR_ZERO_IS_NONE = 1 << 3,    /* a heart rate of 0 says that none was found */
	QUIRK_NO_CLOCK = 1 << 4,           /* its time stamps mean nothing */
	QUIRK_CLOCK_IS_UTC = 1 << 5,       /* its clock has UTC rather than local time */
	QUIRK_RACP_ALL_ONLY = 1 << 6,      /* it only knows to report all its records */
};

/* The quirks of a device; texts are "" when it does not tell. */
uint32_t quirks_find(const char *maker, const char *model, const char *firmware);
