/*
 * Warnings before a certificate ends. See expiry.h.
 */
#include "publish/expiry.h"

#include "util/cleanup.h"

#define DAY_US INT64_C(86400000000)

void expiry_set(struct expiry *x, int64_t expires_us)
{
	if (x->expires_us == expires_us)
		return;
	x->expires_us = expires_us;
	x->warned = EXPIRY_NONE;
}

int expiry_check(struct expiry *x, int64_t now_us)
{
	static const int days[] = { 0, 1, 7, 30 };

	if (x->expires_us == 0)
		return EXPIRY_NONE;
	for (size_t i = 0; i < ARRAY_SIZE(days); i++) {
		if (x->expires_us - now_us > days[i] * DAY_US)
			continue;
		if (x->warned != EXPIRY_NONE && x->warned <= days[i])
			return EXPIRY_NONE;
		x->warned = days[i];
		return days[i];
	}
	return EXPIRY_NONE;
}
