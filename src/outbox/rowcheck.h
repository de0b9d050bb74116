/*
 * 32 bits over all that a row says, with its position: not against forgery, but
 * against a flipped bit, for which SQLite's format has no sum. Pure.
 */
#pragma once

#include <stdint.h>

#include "outbox/row.h"

int32_t rowcheck_reading(const struct store_row *r, int64_t aged_s);
int32_t rowcheck_event(const struct store_event *e, int64_t aged_s);
int32_t rowcheck_name(uint32_t id, const char *text);
