/*
 * Epochs: the part of an id that makes it unique across starts, and what is
 * known of the run before. Text in and out; reading and writing the file is
 * the caller's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EPOCH_TEXT_MAX 32 /* "<counter>-<8 hex digits>" and the final 0 */

struct epoch {
	uint64_t counter;
	uint32_t random;
	/* Of a run that ended: whether it stopped cleanly, its last number, and whether the broker
	 * confirmed the record that says so. */
	bool clean, published;
	uint64_t last;
};

/* "12-9f3a21c4" */
void epoch_text(const struct epoch *e, char ret[static EPOCH_TEXT_MAX]);
/* The state file's text. Returns its length. */
size_t epoch_format(const struct epoch *e, char *buf, size_t size);
/* Reads such a text. Returns 0, or -EBADMSG: nothing can be trusted of it. */
int epoch_parse(const char *text, size_t length, struct epoch *ret);
/* The epoch of a new run: the counter after that of previous (NULL: none known). */
struct epoch epoch_next(const struct epoch *previous, uint32_t random);
