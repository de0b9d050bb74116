/*
 * adopt, guided, for a Zigbee device that is not in the network yet: what stands
 * on it is asked for, and once it is configured the network is opened for it.
 */
#pragma once

#include <stddef.h>

#include "ctl/bus.h"

#define ADOPT_CODE_MAX 81

/* Asks for its address and its install code, "" when it has none. Returns 0 or -ECANCELED. */
int adopt_zigbee_ask(char *address, size_t size, char code[ADOPT_CODE_MAX]);
/* Opens the network for the device, and waits until it has joined. Returns the exit status. */
int adopt_zigbee_let_in(const struct ctl *ctl, struct bus *b, const char *device, const char *code);
