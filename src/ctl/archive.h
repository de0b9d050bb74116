/*
 * What a backup holds, unlocked: a list of files, as plain text with their bytes
 * in between. Pure. Locking is seal.h's, reading and writing files backup_*.c's.
 *
 *   wardgate-archive 1
 *   gateway ward7-gw1
 *   made 2026-11-21T10:00:00.000Z
 *   by wardgatectl 0.1.0
 *   file config 0640 root:wardgate 812 wardgate.conf
 *   (812 bytes and a line break)
 *   file state 0600 wardgate:wardgate 96 devices.d/bed3-oximeter.conf
 *   (96 bytes and a line break)
 *   end 2
 *
 * A file: place, mode, owner and group by name, size, name. Names of "config" are below the
 * directory of wardgate.conf (the first file, always), of "state" below StateDirectory=; of "path"
 * they are absolute: what the configuration names elsewhere.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define ARCHIVE_FILES_MAX 10000
#define ARCHIVE_FILE_MAX (16 * 1024 * 1024)
#define ARCHIVE_SIZE_MAX (UINT64_C(128) * 1024 * 1024)
#define ARCHIVE_NAME_MAX 1023
#define ARCHIVE_OWNER_MAX 32
#define ARCHIVE_WHY_MAX 160

enum archive_place { PLACE_CONFIG, PLACE_STATE, PLACE_PATH, _PLACE_MAX };
const char *archive_place_text(enum archive_place p);

struct archive_file {
	enum archive_place place;
	char *name; /* owned */
	mode_t mode;
	char owner[ARCHIVE_OWNER_MAX + 1], group[ARCHIVE_OWNER_MAX + 1];
	uint8_t *data; /* owned */
	size_t size;
};

struct archive {
	char gateway[64], made[40], by[64];
	struct archive_file *files;
	size_t count, room;
	size_t bytes; /* of all files */
};

void archive_done(struct archive *a); /* wipes and frees; a is as new afterwards */
/* Takes the file's name and data. Returns 0, -EINVAL for what an archive cannot hold (they stay the
 * caller's), -EFBIG or -ENOMEM (likewise). */
int archive_add(struct archive *a, struct archive_file *take_file);
/* Of that place and name, or NULL. Lent. */
const struct archive_file *archive_find(
	const struct archive *a, enum archive_place place, const char *name);
/* As bytes; *ret is to be wiped and freed (seal_wipe()). Returns 0 or a negative errno. */
int archive_write(const struct archive *a, uint8_t **ret, size_t *ret_size);
/* From bytes. Returns 0, -EBADMSG with a sentence in why, or -ENOMEM. ret is zero-initialised. */
int archive_read(const uint8_t *data, size_t n, struct archive *ret, char why[ARCHIVE_WHY_MAX]);
