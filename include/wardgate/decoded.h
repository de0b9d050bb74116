/*
 * What a decoder of bytes from the air gives: the readings of one PDU, in a
 * list of the caller's that is used again and again. Shared by profile.h and
 * advert.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wardgate/reading.h"

/* As many as one PDU of 517 bytes can hold: 256 RR intervals and what comes with them. */
#define DECODED_MAX 272

struct decode_time {
	int64_t boot_us; /* boot-time clock, for intervals */
	int64_t utc_us;  /* for stamps and for comparing with a device's clock */
};

/* When something was first heard that carries no time of its own: said again, it is the same. All
 * zeros: nothing. */
struct heard {
	uint64_t hash; /* of its bytes */
	int64_t boot_us, utc_us;
};

struct decoded {
	size_t count;
	bool overflow; /* there were more than DECODED_MAX */
	struct reading list[DECODED_MAX];
};
