/*
 * An input of the fuzz targets taken apart: pieces, each behind two bytes, its
 * length and what it is or what else happens; the last one may be cut short.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pieces {
	const uint8_t *data;
	size_t size;
	/* The piece that pieces_next() came to. */
	const uint8_t *bytes;
	size_t length;
	uint8_t what;
};

static inline bool pieces_next(struct pieces *p)
{
	if (p->size < 2)
		return false;
	p->length = p->data[0] < p->size - 2 ? p->data[0] : p->size - 2;
	p->what = p->data[1];
	p->bytes = p->data + 2;
	p->data += 2 + p->length;
	p->size -= 2 + p->length;
	return true;
}
