/*
 * Install codes as they stand on a device or its box: hex digits and their check
 * (Zigbee base device behaviour, 10.1). The key that is made of one is
 * zigbee/installcode.h's. Pure. All of it is secret.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define INSTALLCODE_MAX 18 /* bytes, with the check at the end */

enum {
	_INSTALLCODE_OK,
	INSTALLCODE_E_DIGIT,  /* something else than hex digits and separators */
	INSTALLCODE_E_LENGTH, /* not 6, 8, 12 or 16 bytes and the check of 2 */
	INSTALLCODE_E_CHECK,  /* mistyped, most likely */
};

/* Reads hex digits, with blanks, colons or dashes anywhere; the check in either order of its bytes,
 * for both are printed. Gives the bytes with the check in the order of the specification. Returns 0
 * or one of the above. */
int installcode_read(
	const char *text, uint8_t ret_code[static INSTALLCODE_MAX], size_t *ret_length);
/* The same of bytes, in place. */
int installcode_order(uint8_t code[static INSTALLCODE_MAX], size_t length);
/* Why the text is none, the end of a sentence, with what would be right. It shows digits of the
 * check: for whoever typed them. Returns buf, or a text of its own. */
const char *installcode_words(const char *text, int outcome, char *buf, size_t size);
