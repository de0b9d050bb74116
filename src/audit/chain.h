/*
 * The hash chain of the audit trail. Each entry is a text; its hash is SHA-256
 * over the hash of the entry before (64 lower-case hex digits; 64 zeros before
 * the first) and the entry's own bytes, so that no entry can be changed, taken
 * out or put in without changing all that follow:
 *
 *	printf '%s%s' "$previous" "$entry" | sha256sum
 *
 * Whoever rewrites the whole chain is found by what was published of it: the
 * records carry entry, number and both hashes. Pure; not for what an entry says
 * (entry.h) nor for where the chain is kept (outbox/auditrows.h).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CHAIN_HASH_MAX 65 /* of a hash as text, with the final 0 */

/* What the first entry has before it. */
extern const char chain_zeros[CHAIN_HASH_MAX];

/* The hash of an entry that follows previous. Returns 0 or -EIO when the library fails. */
int chain_hash(const char *previous, const char *entry, size_t length, char ret[CHAIN_HASH_MAX]);

/* What is wrong, if something is. */
enum chain_fault {
	CHAIN_WHOLE,
	CHAIN_MISSING,  /* numbers before this entry are not there */
	CHAIN_CHANGED,  /* the entry or a hash is not what was written */
	CHAIN_NUMBERED, /* the entry says another number than its place */
	CHAIN_CUT,      /* it ends before the end that was noted, or behind it */
};

/* Goes along a chain. */
struct chain_walk {
	uint64_t number; /* of the last entry that was seen */
	char hash[CHAIN_HASH_MAX];
};

/* From behind that entry on; number 0: from the first. */
void chain_begin(struct chain_walk *w, uint64_t number, const char *hash);
/* The next entry. After a fault the walk goes on behind it, so that all faults can be told. */
enum chain_fault chain_step(
	struct chain_walk *w, uint64_t number, const char *entry, size_t length, const char *hash);
/* Whether it ends where it should. */
enum chain_fault chain_end(const struct chain_walk *w, uint64_t number, const char *hash);
