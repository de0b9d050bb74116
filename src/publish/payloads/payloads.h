/*
 * The table of output formats, made from payloads.def. A format itself is
 * wardgate/payload.h.
 */
#pragma once

#include <stddef.h>

#include "wardgate/payload.h"

#define PAYLOADS_MAX 8 /* formats at most, so that a set of them fits a byte */

/* The format of that name, NULL when there is none. */
const struct payload_format *payload_by_name(const char *name);
