/*
 * Small secrets that a key of the configuration names, each in a file of its
 * own: where they lie is config_secret_path(), what they mean is their
 * readers'. The file of CoAP's many keys is psk.h's.
 */
#pragma once

#include <stddef.h>

#include "config/parse.h"

/* Reads the text in the regular file that value (a path or credential:NAME) names into buf, without
 * blanks and line ends behind it. kind ends the sentence that the file is larger than size - 1
 * bytes: "a key". Returns 0, CONFIG_E_INVALID with a sentence in why, -ENXIO when there is no
 * credentials directory, or -ENOMEM. The caller wipes buf, after a failure too. */
int config_secret_read(
	const char *value, const char *kind, char *buf, size_t size, struct config_why *why);
