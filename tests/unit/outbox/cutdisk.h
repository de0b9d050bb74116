/*
 * What a disk holds for certain and what only its cache holds, for cutvfs.c:
 * images of files, the names under which the directory has them, and what a
 * power cut makes of both. Knows nothing of SQLite; no lock of its own.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "unit/outbox/cutvfs.h"

#define CUTDISK_NAMES_MAX 64
#define CUTDISK_VERSIONS_MAX 16
#define CUTDISK_PATH_LENGTH 512

struct cutdisk_op {
	struct cutdisk_op *next;
	int64_t at;    /* of a truncation: the new size */
	size_t length; /* 0: truncation */
	bool lost;     /* a failed sync made the kernel forget it */
	uint8_t data[];
};

/* One inode: what lasts, and what was done since. */
struct cutdisk_image {
	struct cutdisk_image *next;
	uint8_t *lasting;
	size_t size;
	struct cutdisk_op *ops, **end;
	ino_t inode;
};

/* What the directory said under one name, since it was synced; NULL: no such file. */
struct cutdisk_name {
	char path[CUTDISK_PATH_LENGTH];
	struct cutdisk_image
		*versions[CUTDISK_VERSIONS_MAX]; /* the first is lasting, the last is what shows */
	int count;
};

struct cutdisk {
	struct cutvfs_disk how;
	uint64_t random;
	struct cutdisk_image *images;
	struct cutdisk_name names[CUTDISK_NAMES_MAX];
	int name_count;
};

/* From 0 to below - 1, by the disk's generator. */
uint64_t cutdisk_draw(struct cutdisk *d, uint64_t below);
void cutdisk_forget(struct cutdisk *d);

void cutdisk_write(struct cutdisk_image *image, int64_t at, const void *data, size_t length);
void cutdisk_truncate(struct cutdisk_image *image, int64_t size);
void cutdisk_sync(struct cutdisk_image *image);
/* A sync that failed: the kernel forgets some of what it should have written. */
void cutdisk_lose(struct cutdisk *d, struct cutdisk_image *image);
void cutdisk_sync_directory(struct cutdisk *d);

/* The image of a file that was just opened and existed before, or not. */
struct cutdisk_image *cutdisk_opened(struct cutdisk *d, const char *path, bool existed);
void cutdisk_deleted(struct cutdisk *d, const char *path);

/* The power goes: names that were changed behind our back are forgotten. */
void cutdisk_cut(struct cutdisk *d);
/* Writes what is left to the real files. */
void cutdisk_leave(struct cutdisk *d);
