/*
 * Edit distance, and which candidate is near enough to be worth offering.
 */
#include "config/suggest.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#define WORD_LENGTH_MAX 64

static size_t min2(size_t a, size_t b)
{
	return a < b ? a : b;
}

static int folded(char c)
{
	return tolower((unsigned char)c);
}

size_t edit_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
	/* Rows i-2, i-1 and i of the optimal string alignment. */
	size_t rows[3][WORD_LENGTH_MAX + 1];

	if (a_length > WORD_LENGTH_MAX || b_length > WORD_LENGTH_MAX)
		return SIZE_MAX;

	for (size_t j = 0; j <= b_length; j++)
		rows[0][j] = j;

	for (size_t i = 1; i <= a_length; i++) {
		size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *two = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= b_length; j++) {
			int same = folded(a[i - 1]) == folded(b[j - 1]);

			row[j] = min2(above[j - 1] + !same, min2(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && folded(a[i - 1]) == folded(b[j - 2]) &&
				folded(a[i - 2]) == folded(b[j - 1]))
				row[j] = min2(row[j], two[j - 2] + 1);
		}
	}
	return rows[a_length % 3][b_length];
}

void suggestion_offer(struct suggestion *s, const char *word, size_t length, const char *candidate)
{
	size_t distance = edit_distance(word, length, candidate, strlen(candidate));
	size_t common = length < strlen(candidate) ? length : strlen(candidate);

	/* One is the beginning of the other: a word was left out or added. */
	if (distance > (length + 2) / 3 &&
		(common < 4 || strncasecmp(word, candidate, common) != 0))
		return;
	if (s->best && s->distance <= distance)
		return;
	s->best = candidate;
	s->distance = distance;
}
