/*
 * The effective configuration as a file that reads back the same, each value
 * under the place that it comes from.
 */
#pragma once

#include <stdio.h>

#include "config/config.h"

/* Writes to f. Secrets are in no configuration, only where they are. Returns 0, or -EIO when f does
 * not take it. */
int config_print(const struct config *c, FILE *f);
