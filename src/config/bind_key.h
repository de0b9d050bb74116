/*
 * The keys of encrypted advertisements, BindKey=: 16 bytes in a file of their
 * own, as hex digits. They never stand in a message.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "config/parse.h"
#include "wardgate/advert.h"

/* Reads the key that value (a path or credential:NAME) names: 32 hex digits, with blanks, colons or
 * hyphens between pairs and blanks around them. Returns 0, CONFIG_E_INVALID with a sentence in why,
 * -ENXIO when there is no credentials directory, or -ENOMEM. The caller wipes ret. */
int config_bind_key(const char *value, uint8_t ret[static ADVERT_KEY_SIZE], struct config_why *why);
/* The same of a text. */
int config_parse_bind_key(
	const char *text, size_t size, uint8_t ret[static ADVERT_KEY_SIZE], struct config_why *why);
