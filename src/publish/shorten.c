/*
 * Shorter documents. See shorten.h.
 */
#include "publish/shorten.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/text.h"

#define LIST ",\"devices\":["
#define LEFT_OUT ",\"devices_left_out\":"
#define COUNT_ROOM 20 /* digits of how many */

/* Behind the name that begins here, with its quotes; NULL: there is none. Names have no escapes. */
static const char *after_name(const char *at, const char *end)
{
	const char *quote =
		at < end && *at == '"' ? memchr(at + 1, '"', (size_t)(end - at - 1)) : NULL;

	return quote ? quote + 1 : NULL;
}

ssize_t shorten_devices(char **ret, const char *body, size_t length, size_t max)
{
	/* A quote within a text has a backslash before it: this is no part of one. */
	const char *list = memmem(body, length, LIST, sizeof(LIST) - 1), *end = body + length;
	const char *first, *at, *kept, *name_end;
	_cleanup_(freep) char *copy = NULL;
	unsigned long long left_out = 0;
	bool full = false;
	size_t tail, rest;
	struct text t;

	if (!list)
		return -EMSGSIZE;
	first = at = kept = list + sizeof(LIST) - 1;
	while ((name_end = after_name(at, end)))
		at = name_end + (name_end < end && *name_end == ',');
	if (at == end || *at != ']')
		return -EMSGSIZE;
	rest = (size_t)(end - at);
	if (rest > sizeof(LEFT_OUT) && memcmp(at + 1, LEFT_OUT, sizeof(LEFT_OUT) - 1) == 0) {
		char *behind;

		left_out = strtoull(at + sizeof(LEFT_OUT), &behind, 10);
		rest = (size_t)(end - behind);
	} else {
		rest--;
	}
	tail = 1 + sizeof(LEFT_OUT) - 1 + COUNT_ROOM + rest;
	if ((size_t)(first - body) + tail > max)
		return -EMSGSIZE;
	for (at = first; (name_end = after_name(at, end)); at = name_end + (*name_end == ',')) {
		full = full || (size_t)(name_end - body) + tail > max;
		if (full)
			left_out++;
		else
			kept = name_end;
	}
	copy = malloc(length + tail);
	if (!copy)
		return -ENOMEM;
	t = text_init(copy, length + tail);
	text_bytes(&t, body, (size_t)(kept - body));
	text_char(&t, ']');
	if (left_out > 0) {
		text_lit(&t, LEFT_OUT);
		text_u64(&t, left_out);
	}
	text_bytes(&t, end - rest, rest);
	if (text_done(&t) < 0)
		return -EMSGSIZE;
	*ret = TAKE_PTR(copy);
	return t.at - t.start;
}
