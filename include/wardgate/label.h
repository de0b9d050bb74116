/*
 * A name that outlives its owner: a short immutable string with a count, held
 * by readings that wait after their device or bed is gone. Loop thread only;
 * another thread gets a copy of the text.
 */
#pragma once

#include <stddef.h>

#define LABEL_MAX 63 /* longest text, in bytes */

struct label {
	unsigned refs;
	unsigned mark; /* the ledger's own; 0 at first */
	unsigned char length;
	char text[];
};

/* Makes a label with one reference. Returns 0, -EINVAL when text is longer than LABEL_MAX, -ENOMEM.
 */
int label_new(struct label **ret, const char *text);
/* Takes a further reference; NULL gives NULL. */
struct label *label_ref(struct label *l);
/* Drops one reference; NULL is fine. Returns NULL. */
struct label *label_unref(struct label *l);
/* The text, or otherwise when l is NULL; valid while a reference is held. */
const char *label_text(const struct label *l, const char *otherwise);
