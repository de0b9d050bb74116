/*
 * What the Bluetooth driver remembers of its devices over a restart, beside
 * their keys: what was discovered of them, what their profiles have read of
 * their records, and the counters of sealed broadcasts. One text, which trusts
 * nothing when it is read back: what is damaged is forgotten, and costs a
 * discovery or some readings that come twice.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ble;

/* The counter of a sealed broadcast is written so far ahead of what was heard that it need not be
 * written each time. After a crash what is not above that is taken for a replay; after a stop none
 * is. */
#define MEMORY_COUNTER_AHEAD 16
#define MEMORY_TEXT_MAX (4 * 1024 * 1024)

/* Makes the text of all peers. exact: the counters as they are, since the run is over. Returns 0
 * with *ret to be freed, or -ENOMEM. */
int memory_write(const struct ble *b, bool exact, char **ret, size_t *ret_length);
/* Gives the peers what a text says of them. Returns 0, or -EBADMSG: nothing was taken. */
int memory_read(struct ble *b, const char *text, size_t length);

/* Reads the file; to be called once, with the peers there. */
void memory_load(struct ble *b);
/* Something has changed that is worth keeping: written soon. */
void memory_changed(struct ble *b);
/* When memory_due() wants to be called, boot-time clock; INT64_MAX: not. */
int64_t memory_deadline(const struct ble *b);
void memory_due(struct ble *b, int64_t now_us);
/* The run is over, b->quiet is set: written now, whatever is being written. */
void memory_finish(struct ble *b);
