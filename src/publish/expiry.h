/*
 * When to warn that a certificate ends: 30, 7 and 1 days ahead and when it has
 * ended, once each. Pure.
 */
#pragma once

#include <stdint.h>

struct expiry {
	int64_t expires_us; /* UTC; 0: no certificate */
	int warned;         /* days of the last warning, -1: none */
};

#define EXPIRY_NONE (-1)

/* Takes note of the certificate in use; another date forgets what was warned of. */
void expiry_set(struct expiry *x, int64_t expires_us);
/* Returns the threshold newly reached (30, 7, 1 days; 0: it has ended), or EXPIRY_NONE. */
int expiry_check(struct expiry *x, int64_t now_us);
