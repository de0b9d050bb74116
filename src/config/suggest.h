/*
 * "Did you mean": the nearest of several words to one that is not known.
 */
#pragma once

#include <stddef.h>

struct suggestion {
	const char *best; /* borrowed; NULL: nothing near enough */
	size_t distance;
};

/* Offers one candidate; the first of the nearest stays. It is near enough when a third of the
 * word's letters differ or one is the beginning of the other. */
void suggestion_offer(struct suggestion *s, const char *word, size_t length, const char *candidate);
/* Insertions, deletions, replacements and swaps of neighbours, without regard to case. Words longer
 * than 64 bytes are infinitely far. */
size_t edit_distance(const char *a, size_t a_length, const char *b, size_t b_length);
