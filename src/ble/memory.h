/*
 * What the Bluetooth driver remembers of its devices over a restart, beside
 * their keys: what was discovered of them, what their profiles have read of
 * their records, and the counters of sealed broadcasts. One text, which trusts
 * nothing when it is read back: what is damaged is forgotten, and costs a
 * discovery or some readings that come twice.
 *
 * The counter of a sealed broadcast is in RAM, too (ble/counters.h), exactly.
 * That one counts after a kill, and the text's, which is ahead of it, after a
 * power cut. The text names the file in RAM, and it also has the counters as
 * they were when it was written: if either does not fit, some run went by
 * without the one or the other, and the higher counter counts. So no replay is
 * ever taken, and a good message is only refused after a power cut.
 *
 * When something was first heard is in RAM alone: after a power cut what is said
 * again is new.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ble;
struct peer;

/* The counter of a sealed broadcast is written so far ahead of what was heard that it need not be
 * written each time; further where a device is fast. After a power cut what is not above that is
 * taken for a replay; after a kill or a stop none is. */
#define MEMORY_COUNTER_AHEAD 16
#define MEMORY_COUNTER_AHEAD_MAX 4096
#define MEMORY_TEXT_MAX (4 * 1024 * 1024)

/* The counter as far ahead as it will get before the next writing, if it goes on as it does. */
uint32_t memory_reserve(const struct peer *p);
/* Makes the text of all peers. exact: the counters as they are, since the run is over. Returns 0
 * with *ret to be freed, or -ENOMEM. */
int memory_write(const struct ble *b, bool exact, char **ret, size_t *ret_length);
/* Gives the peers what a text says of them. Returns 0, or -EBADMSG: nothing was taken. */
int memory_read(struct ble *b, const char *text, size_t length);

/* Opens b->counters, reads the file, and does as memory_recall(); to be called once, with the peers
 * there. */
void memory_load(struct ble *b);
/* Compares what was read with what is in RAM: b->tie, b->counters (NULL: nothing). */
void memory_recall(struct ble *b);
/* A sealed broadcast was opened, and its counter is above the one before: now it may be taken. */
void memory_counted(struct peer *p, uint32_t before);
/* Something was decoded and is about to be handed over: a kill from here on leaves when what
 * carries no time in it was first heard. */
void memory_heard(struct peer *p);
/* Nothing of the device is remembered any more: it goes. */
void memory_forget(struct peer *p);
/* Something has changed that is worth keeping: written soon. */
void memory_changed(struct ble *b);
/* When memory_due() wants to be called, boot-time clock; INT64_MAX: not. */
int64_t memory_deadline(const struct ble *b);
void memory_due(struct ble *b, int64_t now_us);
/* The run is over, b->quiet is set: written now, whatever is being written. */
void memory_finish(struct ble *b);
