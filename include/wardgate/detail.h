/*
 * What a reading says of its making: the inputs of a computed value, how a
 * charted one was taken. Text with a count, as a label is, but longer and never
 * compared: the inside of a JSON object, e.g. "components":[...]. Loop thread
 * only; another thread gets a copy of the text.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define DETAIL_MAX 1400 /* longest text, in bytes */

struct detail {
	unsigned refs;
	uint16_t length;
	char text[];
};

/* Makes one with one reference. text: members of a JSON object without the braces and without
 * control characters. Returns 0, -EINVAL when it is empty or longer than DETAIL_MAX, -ENOMEM. */
int detail_new(struct detail **ret, const char *text, size_t length);
/* Takes a further reference; NULL gives NULL. */
struct detail *detail_ref(struct detail *d);
/* Drops one reference; NULL is fine. Returns NULL. */
struct detail *detail_unref(struct detail *d);
