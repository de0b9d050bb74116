/*
 * Install codes of Zigbee devices, InstallCode=: each in a file of its own, as it
 * is printed. They never stand in a message.
 */
#pragma once

#include "codec/installcode.h"
#include "config/parse.h"

/* Reads the code that value (a path or credential:NAME) names, as installcode_read(). Returns 0,
 * CONFIG_E_INVALID with a sentence in why, -ENXIO when there is no credentials directory, or
 * -ENOMEM. The caller wipes ret, after a failure too. */
int config_install_code(const char *value, uint8_t ret[static INSTALLCODE_MAX], size_t *ret_length,
	struct config_why *why);
