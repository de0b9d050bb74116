/*
 * The volatile state: pieces by name in a file on a RAM file system, so that
 * they survive kill -9 and cost the card nothing. Each piece is appended as it
 * changes; the last one of a name counts. When the file has grown too much a new
 * one is begun beside it, and takes its place once it has all. What a kill left
 * half written is not read. Not durable: a power cut takes it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"

struct journal;

#define JOURNAL_NAME_MAX 64
#define JOURNAL_MAX (64 * 1024 * 1024) /* bytes of a file that is read back */

/* Opens the journal of the gateway with that name and state directory, or makes it. directory:
 * where it lies, NULL: $RUNTIME_DIRECTORY, else /dev/shm, whichever is RAM. boot: the boot id; what
 * was written in another boot is dropped. Returns 0 or a negative errno (-EOPNOTSUPP: no RAM file
 * system). Nothing can be written before journal_renew(). */
int journal_new(struct journal **ret, const char *directory, const char *state_directory,
	const char *gateway, const char *boot);
/* The file stays. */
struct journal *journal_free(struct journal *j);
WG_DEFINE_CLEANUP(struct journal *, journal_free)

/* What an earlier run left: its last sign of life on the boot-time clock and in UTC, and its
 * pieces. NULL in *ret: nothing. */
struct journal_left {
	int64_t alive_us, utc_us;
	char *text, *more; /* the files; pieces point into them */
	struct journal_piece {
		const char *name; /* begins with a letter that says its kind */
		const char *text;
		size_t length;
	} * pieces; /* in the order of names, each once */
	size_t count;
};
/* Returns 0, -ENOENT when there is nothing that is ours and of this boot, or -ENOMEM. */
int journal_read(struct journal *j, struct journal_left *ret);
void journal_left_done(struct journal_left *l);

/* Writes a piece; length 0: there is none any more. Returns 0 or a negative errno. */
int journal_write(struct journal *j, const char *name, const char *text, size_t length);
/* A sign of life. */
void journal_alive(struct journal *j, int64_t boot_us, int64_t utc_us);
/* What is there cannot be used: keeps it under another name. */
void journal_set_aside(struct journal *j);

/* Begins a new file beside the one that there is: at start, and when that one is large. All pieces
 * are then to be written, in any order and together with others; journal_complete() ends it.
 * Returns 0 or a negative errno. */
int journal_renew(struct journal *j);
void journal_complete(struct journal *j);
bool journal_is_large(const struct journal *j);
bool journal_is_renewing(const struct journal *j);
