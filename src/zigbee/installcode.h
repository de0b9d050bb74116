/*
 * Install codes: what stands on a device or its box, and the key that is made of
 * it (Zigbee base device behaviour, 10.1). Pure. All of it is secret.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define INSTALLCODE_MAX 18 /* bytes, with the check at the end */
#define INSTALLCODE_KEY_SIZE 16

enum {
	_INSTALLCODE_OK,
	INSTALLCODE_E_DIGIT,  /* something else than hex digits and separators */
	INSTALLCODE_E_LENGTH, /* not 6, 8, 12 or 16 bytes and the check of 2 */
	INSTALLCODE_E_CHECK,  /* mistyped, most likely */
};

/* Makes the key. text: hex digits, with blanks, colons or dashes anywhere; the check in either
 * order of its bytes, for both are printed. Returns 0, one of the above, or -ENOMEM. */
int installcode_key(const char *text, uint8_t ret_key[static INSTALLCODE_KEY_SIZE]);
/* The same of bytes with the check. */
int installcode_key_of(
	const uint8_t *code, size_t length, uint8_t ret_key[static INSTALLCODE_KEY_SIZE]);
/* Why the text is none, the end of a sentence, with what would be right. Returns buf. */
const char *installcode_words(const char *text, int outcome, char *buf, size_t size);
/* AES-MMO hash (Zigbee PRO B.6) of at most INSTALLCODE_HASHED_MAX bytes. Returns 0, -EMSGSIZE or
 * -ENOMEM. */
#define INSTALLCODE_HASHED_MAX 45
int installcode_hash(const uint8_t *bytes, size_t length, uint8_t ret[static INSTALLCODE_KEY_SIZE]);
