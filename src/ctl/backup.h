/*
 * What backup and restore share: the passphrase, which files a gateway is made
 * of, and putting them in place.
 */
#pragma once

#include "config/read.h"
#include "ctl/archive.h"
#include "ctl/ctl.h"
#include "ctl/seal.h"

#define BACKUP_DATABASE "outbox.db"
/* What was acknowledged, paused and set per bed. It is about the patients of that hour: out of an
 * older backup it would silence alarms, and give the limits of one patient to another. */
#define BACKUP_ALARMS "alarms"

/* From the file, or asked for at the terminal (twice when it is new). Returns 0, or the exit status
 * after a line. The caller wipes buf. */
int backup_passphrase(const char *file, bool is_new, char buf[SEAL_PASSPHRASE_MAX + 1]);

/* All of a file, at most max bytes; *ret is to be wiped and freed (seal_wipe()). Returns 0, or the
 * exit status after a line. */
int backup_load(const char *path, size_t max, uint8_t **ret, size_t *ret_size);

/* Everything that a spare unit needs: see wardgatectl(1). Returns 0, or the exit status after a
 * line. a is zero-initialised. */
int backup_collect(const struct ctl *ctl, const struct config *c, struct archive *a);
/* Whether a file of the state directory stays behind: it belongs to one run of one machine. */
bool backup_stays_behind(const char *name);
/* Keys of the configuration whose value is a credential of the unit, told by note(). */
void backup_credentials(const struct config *c, void (*note)(const char *key, const char *value));

/* The configuration in an archive, as it would be read here; wanted NULL: as it is. Returns 0 with
 * *ret, or the exit status after a line. */
int backup_config(
	const struct archive *a, const struct config_options *wanted, struct config **ret);
