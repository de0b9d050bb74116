/*
 * What was agreed on with devices: long-term keys and identity resolving keys,
 * by adapter and identity, and the text that keeps them. Table and text are
 * pure; keys are wiped from the memory that they leave. bonds_load() at the end
 * reads the file and blocks: before the loop runs (keys come before power-on
 * anyway). Writing it is the store thread's, which keeps the former generation
 * beside it. Not for pairing, nor for the controller, which is told by
 * ble/adapter.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ble/mgmt.h"
#include "util/cleanup.h"

/* Of each kind, of all adapters together; of one adapter no more than one command can load. */
#define BONDS_MAX 512
#define BONDS_TEXT_MAX (128 * 1024)
#define BONDS_FILE "bonds" /* in the state directory, 0600 */
#define BONDS_FORMER "bonds.former"
#define BONDS_DAMAGED "bonds.damaged" /* what could not be read is kept as, never deleted */

enum {
	_BONDS_E_OK,
	BONDS_E_SAME,      /* it was known: nothing changed */
	BONDS_E_INVALID,   /* no key that could be kept: a debug key, no identity, a bad size */
	BONDS_E_FULL,      /* BONDS_MAX, or MGMT_LTKS_MAX or MGMT_IRKS_MAX of this adapter */
	BONDS_E_MALFORMED, /* not a text of bonds_write(), or not a whole one */
};

struct bonds;

/* Returns 0 or -ENOMEM. */
int bonds_new(struct bonds **ret);
/* Wipes all keys. */
struct bonds *bonds_free(struct bonds *b);
WG_DEFINE_CLEANUP(struct bonds *, bonds_free)

/* Keeps a key. A new one for the same identity and role takes the place of the old one, and one of
 * LE Secure Connections, which serves both roles, that of both. Returns 0 when it is to be saved,
 * or BONDS_E_SAME, _INVALID, _FULL. */
int bonds_set_ltk(struct bonds *b, const struct ble_address *adapter, const struct mgmt_ltk *key);
int bonds_set_irk(struct bonds *b, const struct ble_address *adapter, const struct mgmt_irk *key);
/* Whether there was anything to forget. */
bool bonds_forget(
	struct bonds *b, const struct ble_address *adapter, const struct ble_address *identity);

/* A key for the identity, NULL: none. Valid until the table changes. */
const struct mgmt_ltk *bonds_find(const struct bonds *b, const struct ble_address *adapter,
	const struct ble_address *identity);
/* As what the one with these octets is bonded, whichever type `who` has, with any adapter. False:
 * it is not. */
bool bonds_type(const struct bonds *b, const struct ble_address *who, uint8_t *ret_type);
/* The adapter that most keys are of. False: there are none. */
bool bonds_home(const struct bonds *b, struct ble_address *ret_adapter);
/* Copies the adapter's keys for one command to load; whoever calls wipes them. Returns how many. */
size_t bonds_ltks(const struct bonds *b, const struct ble_address *adapter,
	struct mgmt_ltk to[static MGMT_LTKS_MAX]);
size_t bonds_irks(const struct bonds *b, const struct ble_address *adapter,
	struct mgmt_irk to[static MGMT_IRKS_MAX]);

/* Makes the text of the next generation. Returns 0 with *ret for bonds_text_free(), or -ENOMEM. */
int bonds_write(struct bonds *b, char **ret, size_t *ret_length);
/* Wipes and frees; NULL is fine. */
void bonds_text_free(char *text, size_t length);
/* Replaces the table by what the text says, all or nothing: the table is empty after a failure.
 * Returns 0, or BONDS_E_MALFORMED with the line at which it is so. */
int bonds_read(struct bonds *b, const char *text, size_t length, unsigned *ret_line);

/* ---- the file ---- */

struct bonds_loaded {
	bool former;       /* the former generation had to do */
	char problem[200]; /* a sentence for the log, "" when all is well */
};

/* Reads the file; if it is damaged, the former one, and sets the damaged one aside. Without any,
 * the table is empty. Never fails for what stands in the files; problem says what was wrong.
 * Returns 0 or -ENOMEM. */
int bonds_load(struct bonds *b, int directory_fd, struct bonds_loaded *ret);
