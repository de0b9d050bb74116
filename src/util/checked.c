/*
 * See checked.h.
 */
#include "util/checked.h"

#include <assert.h>
#include <inttypes.h>

#include "util/hash.h"

const char *checked_line(
	const char *word, const void *body, size_t n, char to[static CHECKED_LINE_MAX])
{
	int length = snprintf(to, CHECKED_LINE_MAX, "%s %016" PRIx64 "\n", word,
		hash_bytes(&hash_key_fixed, body, n));

	assert(length < CHECKED_LINE_MAX);
	return to;
}

void checked_seal(struct text *t, const char *word)
{
	char line[CHECKED_LINE_MAX];

	text_str(t, checked_line(word, t->start, (size_t)(t->at - t->start), line));
}

size_t checked_body(const char *text, size_t length, const char *word)
{
	const size_t tail = strlen(word) + sizeof(" 0123456789abcdef\n") - 1;
	char line[CHECKED_LINE_MAX];

	if (length <= tail)
		return 0;
	length -= tail;
	return memcmp(text + length, checked_line(word, text, length, line), tail) == 0 ? length
											: 0;
}
