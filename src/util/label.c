/*
 * Counted names. See wardgate/label.h.
 */
#include "wardgate/label.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int label_new(struct label **ret, const char *text)
{
	size_t length = strlen(text);
	struct label *l;

	if (length > LABEL_MAX)
		return -EINVAL;
	l = malloc(sizeof(*l) + length + 1);
	if (!l)
		return -ENOMEM;
	l->refs = 1;
	l->mark = 0;
	l->length = (unsigned char)length;
	memcpy(l->text, text, length + 1);
	*ret = l;
	return 0;
}

struct label *label_ref(struct label *l)
{
	if (l)
		l->refs++;
	return l;
}

struct label *label_unref(struct label *l)
{
	if (!l)
		return NULL;
	assert(l->refs > 0);
	if (--l->refs == 0)
		free(l);
	return NULL;
}

const char *label_text(const struct label *l, const char *otherwise)
{
	return l ? l->text : otherwise;
}
