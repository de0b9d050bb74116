/*
 * See epoch.h.
 */
#include "gateway/epoch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void epoch_text(const struct epoch *e, char ret[static EPOCH_TEXT_MAX])
{
	(void)snprintf(ret, EPOCH_TEXT_MAX, "%" PRIu64 "-%08" PRIx32, e->counter, e->random);
}

size_t epoch_format(const struct epoch *e, char *buf, size_t size)
{
	int n = snprintf(buf, size,
		"counter=%" PRIu64 "\nrandom=%08" PRIx32 "\nclean=%s\npublished=%s\nlast=%" PRIu64
		"\n",
		e->counter, e->random, e->clean ? "yes" : "no", e->published ? "yes" : "no",
		e->last);

	return n < 0 ? 0 : (size_t)n;
}

int epoch_parse(const char *text, size_t length, struct epoch *ret)
{
	struct epoch e = { 0 };
	char copy[256], clean[4], published[4];
	int end = -1;

	if (length >= sizeof(copy) || memchr(text, 0, length))
		return -EBADMSG;
	memcpy(copy, text, length);
	copy[length] = 0;
	if (sscanf(copy,
		    "counter=%" SCNu64 "\nrandom=%8" SCNx32
		    "\nclean=%3[a-z]\npublished=%3[a-z]\nlast=%" SCNu64 "%n",
		    &e.counter, &e.random, clean, published, &e.last, &end) != 5 ||
		end < 0 || e.counter >= UINT64_MAX / 2)
		return -EBADMSG;
	e.clean = strcmp(clean, "yes") == 0;
	e.published = strcmp(published, "yes") == 0;
	*ret = e;
	return 0;
}

struct epoch epoch_next(const struct epoch *previous, uint32_t random)
{
	return (struct epoch){ .counter = previous ? previous->counter + 1 : 1, .random = random };
}
