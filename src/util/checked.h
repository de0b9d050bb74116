/*
 * Texts that end with a line of their own checksum, "check 0123456789abcdef":
 * files that are only taken when they are whole. Against accidents, not against
 * somebody who writes files.
 */
#pragma once

#include "util/text.h"

#define CHECKED_LINE_MAX 32 /* the line, its line break and a 0 */

/* Puts the line behind the text. word: at most 13 characters. */
void checked_seal(struct text *t, const char *word);
/* The line for the n bytes of a body, for what is not written by a struct text. Returns to. */
const char *checked_line(
	const char *word, const void *body, size_t n, char to[static CHECKED_LINE_MAX]);
/* The length of the body, which the last line says; 0 when it says something else, or when there is
 * nothing before it. */
size_t checked_body(const char *text, size_t length, const char *word);
