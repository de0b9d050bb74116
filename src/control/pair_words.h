/*
 * What became of a pairing, in a sentence that says what would help. Pure. Inner
 * header of control/.
 */
#pragma once

#include "control/commands.h"
#include "wardgate/pairing.h"

/* device and address are those of the configuration; wait_s: how long it was listened for. why is
 * "" with COMMAND_DONE. */
enum command_outcome pair_sentence(const struct pairing_result *r, const char *device,
	const char *address, int64_t wait_s, char why[static COMMAND_SENTENCE_MAX]);
