/*
 * Epochs: the part of an id that makes it unique across starts, and what is
 * known of the run before. Text in and out; reading and writing the file is
 * the caller's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/corrections.h"

#define EPOCH_TEXT_MAX 32   /* "<counter>-<8 hex digits>" and the final 0 */
#define EPOCH_BOOT_MAX 37   /* a boot id as the kernel writes it, and the final 0 */
#define EPOCH_FILE_MAX 4096 /* bytes of the state file, whatever it says */

/* The newest run before that ended cleanly, be it that later ones were killed before they had told
 * of it. */
struct epoch_ended {
	uint64_t counter; /* 0: none is known */
	uint32_t random;
	bool published;
	uint64_t last;
};

struct epoch {
	uint64_t counter;
	uint32_t random;
	/* Of a run that ended: whether it stopped cleanly, its last number, and whether the broker
	 * confirmed the record that says so. */
	bool clean, published;
	uint64_t last;
	struct epoch_ended ended;
	/* Of the boot it ran in, "" when it was not noted: whether the clock was synchronised in
	 * it, and what was stamped before that. Goes over to the next run. */
	char boot[EPOCH_BOOT_MAX];
	bool synchronised;
	struct corrections corrections;
};

/* "12-9f3a21c4" */
void epoch_text(const struct epoch *e, char ret[static EPOCH_TEXT_MAX]);
/* Reads that back: counter and random of *ret are set, all else is 0. Returns 0 or -EINVAL. */
int epoch_from_text(const char *text, struct epoch *ret);
/* The state file's text, which fits into EPOCH_FILE_MAX. While the run is not over, the last span
 * that is open stands there without an end: it is not written again for each number. Returns its
 * length, 0 when size is too small. */
size_t epoch_format(const struct epoch *e, char *buf, size_t size);
/* Reads such a text, also of a version that noted less. What is wrong of the boot and its spans is
 * left out. Returns 0, or -EBADMSG: nothing can be trusted of it. */
int epoch_parse(const char *text, size_t length, struct epoch *ret);
/* The epoch of a new run: the counter after that of previous (NULL: none known), and what was
 * noted of the boot. */
struct epoch epoch_next(const struct epoch *previous, uint32_t random);
/* Whether that run ended cleanly, as far as previous knows; how. */
bool epoch_ended_cleanly(
	const struct epoch *previous, const char *text, struct epoch_ended *ret);
