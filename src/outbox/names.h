/*
 * Names: the numbers that stand in the database for texts that occur again and
 * again (devices, beds, metrics, words, epochs). The loop's side gives them
 * out; the store thread writes them before the rows that use them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "outbox/row.h"
#include "util/cleanup.h"
#include "wardgate/label.h"
#include "wardgate/metric.h"

struct names;

#define NAMES_MAX 262144 /* texts in all; they come from the operator, not from devices */

/* epoch: this run's text. Returns 0 or -ENOMEM. */
int names_new(struct names **ret, const char *epoch);
struct names *names_free(struct names *n);
WG_DEFINE_CLEANUP(struct names *, names_free)

/* What the database knows, before any number is asked for. Returns 0 or -ENOMEM; a number or text
 * that makes no sense is left out, and its rows will not be understood. */
int names_learn(struct names *n, const struct store_name *names, size_t count);

/* The number of a text, given out if need be; 0 for none. When that fails (no memory, too many)
 * they give 0 and names_failed() is true until it is asked. */
uint32_t names_of_label(struct names *n, struct label *l);
uint32_t names_of_metric(struct names *n, enum metric m);
uint32_t names_of_word(struct names *n, enum word w);
/* As in struct reading: NULL is this run. */
uint32_t names_of_epoch(struct names *n, struct label *epoch);
bool names_failed(struct names *n);

/* What a number stands for; NULL or NONE for 0 and for one that is not known. Borrowed: they live
 * as long as n. */
struct label *names_label(const struct names *n, uint32_t id);
enum metric names_metric(struct names *n, uint32_t id);
enum word names_word(struct names *n, uint32_t id);
/* As in struct reading: NULL is this run. */
struct label *names_epoch(const struct names *n, uint32_t id);
bool names_known(const struct names *n, uint32_t id);

/* Those that the database lacks, copied to *ret (to be freed). Returns how many, or -ENOMEM. */
ssize_t names_unsaved(const struct names *n, struct store_name **ret);
/* The number that the next new text will get. */
uint32_t names_next(const struct names *n);
/* The database has all below that number. */
void names_saved(struct names *n, uint32_t next);
/* It lost them all. */
void names_forget_saved(struct names *n);
