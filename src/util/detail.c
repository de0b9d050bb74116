/*
 * Counted details. See wardgate/detail.h.
 */
#include "wardgate/detail.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int detail_new(struct detail **ret, const char *text, size_t length)
{
	struct detail *d;

	if (length == 0 || length > DETAIL_MAX)
		return -EINVAL;
	d = malloc(sizeof(*d) + length + 1);
	if (!d)
		return -ENOMEM;
	d->refs = 1;
	d->length = (uint16_t)length;
	memcpy(d->text, text, length);
	d->text[length] = 0;
	*ret = d;
	return 0;
}

struct detail *detail_ref(struct detail *d)
{
	if (d)
		d->refs++;
	return d;
}

struct detail *detail_unref(struct detail *d)
{
	if (!d)
		return NULL;
	assert(d->refs > 0);
	if (--d->refs == 0)
		free(d);
	return NULL;
}
