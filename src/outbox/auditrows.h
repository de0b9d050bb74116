/*
 * The audit trail as rows of outbox.db: entries with their hashes, and where
 * the chain begins and ends. What the hashes are over, audit/chain.h says; here
 * they are texts. Store thread only, but for reading another program's file.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "outbox/database.h"
#include "outbox/row.h"

/* The chain's ends: base is the entry before the first one that is here. */
struct auditrows_chain {
	struct store_chain base, head;
};

/* Returns 0, -EUCLEAN when it makes no sense, or a negative errno. */
int auditrows_chain(struct database *d, struct auditrows_chain *ret);

/* Adds an entry, has its record owed if it says so (*ret_owed: the id, else unchanged), and forgets
 * the oldest once there are more than twice STORE_AUDITS_KEPT. Returns 0 or a negative errno. */
int auditrows_add(struct database *d, const struct store_audit *a, int64_t *ret_owed);

/* Reads entries from that number on, at most limit; previous is filled in from the entry before
 * where that is here. *ret is to be freed, each with store_audit_done(), also after a failure. */
int auditrows_read(struct database *d, uint64_t from, size_t limit, struct store_audit **ret,
	size_t *ret_count);

/* What a start wants: the newest, and all that are owed. */
int auditrows_recent(struct database *d, const struct store_owed *owed, size_t owed_count,
	struct store_audit **ret, size_t *ret_count);

/* Takes all that can be read of another database over, with its ends. */
int auditrows_take(struct database *d, struct database *old);
