/*
 * A reading on one line, as vectors have it: metric[.instance];value;validity and,
 * in alphabetical order, what differs from a plain reading. And bytes in hex.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/text.h"
#include "wardgate/reading.h"

void line_reading(struct text *t, const struct reading *r);
/* Parts of it: metric[.instance];value;validity, then ;flags=, if any, and ;label=word. */
void line_value(struct text *t, const struct reading *r);
void line_flags(struct text *t, unsigned flags);
void line_word(struct text *t, const char *label, unsigned word);
void line_hex(struct text *t, const uint8_t *bytes, size_t n);
/* Returns false when text is no hex, or of more than size bytes. */
bool line_read_hex(const char *text, uint8_t *ret, size_t size, size_t *ret_length);
