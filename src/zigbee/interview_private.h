/*
 * What the files of the interview share. See interview.h.
 */
#pragma once

#include "zigbee/interview.h"

/* The bit of a step of a cluster; 0: it is none. */
uint8_t interview_bit(uint8_t step);
/* Puts the next step into i. False: there is none. */
bool interview_choose(struct interview *i, bool limited);
/* The step at hand is behind us. */
void interview_end_step(struct interview *i);
/* The endpoint to ask who it is; false: there is none. */
bool interview_find_basic(const struct interview *i, bool limited, uint8_t *ret);
void interview_to_endpoint(
	const struct interview *i, struct interview_ask *ret, uint16_t cluster, uint8_t endpoint);
/* There is something to be looked for again. */
void interview_reopen(struct interview *i);
