/*
 * A network's backup as zigbee2mqtt takes it: the same format, but with the
 * orders of bytes and the fields that its radio driver (zigbee-herdsman's for
 * EmberZNet) goes by. Not for reading one; the daemon does that.
 */
#pragma once

#include <stdbool.h>

/* text: as the daemon writes it. Returns a text to be wiped and freed, or NULL when that is no
 * backup or there is no memory. ret_keys: devices have keys of their own, which are left out. */
char *herdsman_backup(const char *text, bool *ret_keys);
