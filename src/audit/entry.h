/*
 * What entries of the audit trail say, as JSON: the members behind the number,
 * each entry small enough for one record. Pure. An entry never holds a secret
 * (the table of commands masks them) but may hold what a command named: a bed,
 * an alarm, a limit.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "gateway/gateway.h" /* GATEWAY_ENTRY_MAX */

struct command_audit;
struct limit_change;
struct publish_refusals;

/* Bytes of the members, so that {"number":<20 digits>,...} fits. */
#define ENTRY_MEMBERS_MAX (GATEWAY_ENTRY_MAX - 40)

/* All return the length, or -ENOBUFS. What does not fit into an entry is replaced: arguments that
 * are too long by their size. */
ssize_t entry_command(char *buf, size_t size, const struct command_audit *a);
/* Commands that were refused before anybody carried them out, summed up. */
ssize_t entry_refused(char *buf, size_t size, const struct publish_refusals *r);
ssize_t entry_limits(char *buf, size_t size, const struct limit_change *c);
/* SIGHUP: errors of the new configuration, 0: it is in force. */
ssize_t entry_reload(char *buf, size_t size, int64_t time_us, size_t errors);
/* count entries could not be kept. */
ssize_t entry_lost(char *buf, size_t size, int64_t time_us, uint64_t count);
