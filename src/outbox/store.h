/*
 * The store thread: owns the state directory, so that no write to a slow or
 * dead disk ever holds up the loop. It keeps small state files (epoch,
 * retained topics), each written whole and atomically; the readings' database
 * is to come under the same thread. By message only; nothing is shared.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "util/cleanup.h"

struct store;

#define STORE_FILE_MAX (1024 * 1024) /* bytes of one state file */

enum store_file { STORE_EPOCH, STORE_RETAINED, _STORE_FILE_MAX };

/* How a write ended: 0 or a negative errno. */
typedef void (*store_saved_fn)(enum store_file file, int result, void *userdata);

/* Locks directory (made if missing) and starts the thread. Returns 0, -EBUSY when another process
 * holds the directory (*ret_holder is its pid, 0 unknown), or a negative errno. */
int store_new(struct store **ret, sd_event *e, const char *directory, store_saved_fn saved,
	void *userdata, int *ret_holder);
/* Waits for the thread at most until boot time until_us; a thread that hangs is left behind. */
struct store *store_free(struct store *s, int64_t until_us);

/* Reads a state file at start, before the loop runs; blocks. *ret is to be freed and ends with a 0.
 * Returns its length, -ENOENT, -EFBIG or a negative errno. */
ssize_t store_load(const char *directory, enum store_file file, char **ret);

/* Has the file written; a later text for the same file replaces one that was not begun. Returns 0,
 * -EFBIG or -ENOMEM. */
int store_save(struct store *s, enum store_file file, const char *text, size_t length);
/* Asks the thread for a sign of life; store_answered_us() tells when the last one came. */
void store_ping(struct store *s);
int64_t store_answered_us(const struct store *s);
/* Whether something given to store_save() is not on disk yet. */
bool store_busy(const struct store *s);
