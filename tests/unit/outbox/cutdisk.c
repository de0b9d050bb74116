/*
 * See cutdisk.h.
 */
#include "unit/outbox/cutdisk.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* splitmix64 */
uint64_t cutdisk_draw(struct cutdisk *d, uint64_t below)
{
	uint64_t z = (d->random += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (z ^ (z >> 31)) % below;
}

static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

/* ---- bytes ---- */

static void resize(uint8_t **bytes, size_t *size, size_t wanted)
{
	*bytes = must(realloc(*bytes, wanted + 1));
	if (wanted > *size)
		memset(*bytes + *size, 0, wanted - *size);
	*size = wanted;
}

static void put(uint8_t **bytes, size_t *size, int64_t at, const uint8_t *data, size_t length)
{
	if ((size_t)at + length > *size)
		resize(bytes, size, (size_t)at + length);
	memcpy(*bytes + at, data, length);
}

static void free_ops(struct cutdisk_image *image)
{
	for (struct cutdisk_op *op = image->ops, *next; op; op = next) {
		next = op->next;
		free(op);
	}
	image->ops = NULL;
	image->end = &image->ops;
}

static void add_op(struct cutdisk_image *image, int64_t at, const void *data, size_t length)
{
	struct cutdisk_op *op = must(malloc(sizeof(*op) + length));

	*op = (struct cutdisk_op){ .at = at, .length = length };
	if (length > 0)
		memcpy(op->data, data, length);
	*image->end = op;
	image->end = &op->next;
}

/* What was done is lasting, but for what a failed one had lost. */
void cutdisk_sync(struct cutdisk_image *image)
{
	for (const struct cutdisk_op *op = image->ops; op; op = op->next) {
		if (op->lost)
			continue;
		if (op->length == 0)
			resize(&image->lasting, &image->size, (size_t)op->at);
		else
			put(&image->lasting, &image->size, op->at, op->data, op->length);
	}
	free_ops(image);
}

void cutdisk_sync_directory(struct cutdisk *d)
{
	for (int i = 0; i < d->name_count; i++) {
		struct cutdisk_name *n = &d->names[i];

		n->versions[0] = n->versions[n->count - 1];
		n->count = 1;
	}
}

/* ---- what a cut leaves ---- */

/* Chances of one sector in 100: applied, garbled; else dropped. One row for each file and cut. */
static const uint8_t moods[][2] = { { 0, 0 }, { 100, 0 }, { 50, 0 }, { 40, 20 }, { 90, 5 },
	{ 10, 5 }, { 0, 100 } };

static void garble(struct cutdisk *d, uint8_t *bytes, const uint8_t *data, size_t length)
{
	switch (cutdisk_draw(d, 4)) {
	case 0: /* the first half came through */
		memcpy(bytes, data, length / 2);
		break;
	case 1:
		memcpy(bytes + length / 2, data + length / 2, length - length / 2);
		break;
	case 2:
		memset(bytes, 0, length);
		break;
	default:
		for (size_t i = 0; i < length; i++)
			bytes[i] = (uint8_t)cutdisk_draw(d, 256);
	}
}

/* The part of a write that falls into one sector. */
static void leave_piece(struct cutdisk *d, uint8_t **bytes, size_t *size, int64_t at,
	const uint8_t *data, size_t length, const uint8_t mood[2])
{
	uint64_t chance = cutdisk_draw(d, 100);
	size_t start = (size_t)at / d->how.sector * d->how.sector;

	if (chance < mood[0]) {
		put(bytes, size, at, data, length);
		return;
	}
	if (chance >= (uint64_t)mood[0] + mood[1]) {
		/* The size is kept elsewhere and may have been written alone. */
		if ((size_t)at + length > *size && cutdisk_draw(d, 4) == 0)
			resize(bytes, size, (size_t)at + length);
		return;
	}
	if ((size_t)at + length > *size)
		resize(bytes, size, (size_t)at + length);
	if (d->how.whole_sectors) {
		size_t end = start + d->how.sector;

		for (size_t i = start; i < end && i < *size; i++)
			(*bytes)[i] = (uint8_t)cutdisk_draw(d, 256);
		return;
	}
	garble(d, *bytes + at, data, length);
}

static void leave_op(struct cutdisk *d, uint8_t **bytes, size_t *size, const struct cutdisk_op *op,
	const uint8_t mood[2])
{
	if (op->length == 0) {
		if (cutdisk_draw(d, 100) < mood[0])
			resize(bytes, size, (size_t)op->at);
		return;
	}
	for (size_t done = 0; done < op->length;) {
		size_t at = (size_t)op->at + done, n = d->how.sector - at % d->how.sector;

		if (n > op->length - done)
			n = op->length - done;
		leave_piece(d, bytes, size, (int64_t)at, op->data + done, n, mood);
		done += n;
	}
}

static void write_out(const char *path, const uint8_t *bytes, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	size_t done = 0;

	assert(fd >= 0);
	while (done < size) {
		ssize_t n = write(fd, bytes + done, size - done);

		assert(n > 0);
		done += (size_t)n;
	}
	close(fd);
}

static void leave_name(struct cutdisk *d, const struct cutdisk_name *name)
{
	const struct cutdisk_image *image = name->versions[cutdisk_draw(d, (uint64_t)name->count)];
	const uint8_t *mood = moods[cutdisk_draw(d, sizeof(moods) / sizeof(moods[0]))];
	char shm[CUTDISK_PATH_LENGTH + 8];
	uint8_t *bytes;
	size_t size;

	(void)unlink(name->path);
	snprintf(shm, sizeof(shm), "%s-shm", name->path);
	(void)unlink(shm);
	if (!image)
		return;
	size = image->size;
	bytes = must(malloc(size + 1));
	if (size > 0)
		memcpy(bytes, image->lasting, size);
	for (const struct cutdisk_op *op = image->ops; op; op = op->next)
		if (!op->lost)
			leave_op(d, &bytes, &size, op, mood);
	write_out(name->path, bytes, size);
	free(bytes);
}

/* A file that was renamed or replaced behind our back is left alone. */
static bool is_ours(const struct cutdisk_name *name)
{
	const struct cutdisk_image *shown = name->versions[name->count - 1];
	struct stat st;

	if (stat(name->path, &st) < 0)
		return !shown;
	return shown && shown->inode == st.st_ino;
}

/* ---- files ---- */

static struct cutdisk_image *new_image(struct cutdisk *d, const char *path)
{
	struct cutdisk_image *image = must(calloc(1, sizeof(*image)));
	struct stat st;
	int fd;

	image->end = &image->ops;
	image->next = d->images;
	d->images = image;
	/* The file is there: what it holds lasts. Locks of this process on it are let go by this
	 * close(), which is nothing to SQLite: they guard against other processes. */
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert(fd >= 0 && fstat(fd, &st) == 0);
	image->inode = st.st_ino;
	resize(&image->lasting, &image->size, (size_t)st.st_size);
	assert(pread(fd, image->lasting, image->size, 0) == (ssize_t)image->size);
	close(fd);
	return image;
}

static void add_version(struct cutdisk_name *name, struct cutdisk_image *image)
{
	if (name->count == CUTDISK_VERSIONS_MAX) /* an old state more or less */
		memmove(name->versions, name->versions + 1,
			(CUTDISK_VERSIONS_MAX - 1) * sizeof(name->versions[0]));
	else
		name->count++;
	name->versions[name->count - 1] = image;
}

static struct cutdisk_name *find_name(struct cutdisk *d, const char *path)
{
	for (int i = 0; i < d->name_count; i++)
		if (strcmp(d->names[i].path, path) == 0)
			return &d->names[i];
	return NULL;
}

/* The image of a file that was just opened and existed before, or not. */
struct cutdisk_image *cutdisk_opened(struct cutdisk *d, const char *path, bool existed)
{
	struct cutdisk_name *name = find_name(d, path);

	if (!name) {
		assert(d->name_count < CUTDISK_NAMES_MAX && strlen(path) < CUTDISK_PATH_LENGTH);
		name = &d->names[d->name_count++];
		snprintf(name->path, sizeof(name->path), "%s", path);
		name->count = 0;
	}
	if (name->count > 0 && existed && is_ours(name))
		return name->versions[name->count - 1];
	if (existed || name->count == 0 || name->versions[name->count - 1]) {
		/* New to us, or something else was put there by other means. */
		name->versions[0] = existed ? new_image(d, path) : NULL;
		name->count = 1;
	}
	if (!existed)
		add_version(name, new_image(d, path));
	return name->versions[name->count - 1];
}

void cutdisk_deleted(struct cutdisk *d, const char *path)
{
	struct cutdisk_name *name = find_name(d, path);

	if (name && name->count > 0)
		add_version(name, NULL);
}

void cutdisk_write(struct cutdisk_image *image, int64_t at, const void *data, size_t length)
{
	if (length > 0)
		add_op(image, at, data, length);
}

void cutdisk_truncate(struct cutdisk_image *image, int64_t size)
{
	add_op(image, size, NULL, 0);
}

void cutdisk_lose(struct cutdisk *d, struct cutdisk_image *image)
{
	for (struct cutdisk_op *op = image->ops; op; op = op->next)
		op->lost |= cutdisk_draw(d, 2) == 0;
}

void cutdisk_cut(struct cutdisk *d)
{
	for (int i = 0; i < d->name_count; i++)
		if (!is_ours(&d->names[i]))
			d->names[i].count = 0;
}

void cutdisk_leave(struct cutdisk *d)
{
	for (int i = 0; i < d->name_count; i++)
		if (d->names[i].count > 0)
			leave_name(d, &d->names[i]);
}

void cutdisk_forget(struct cutdisk *d)
{
	for (struct cutdisk_image *image = d->images, *next; image; image = next) {
		next = image->next;
		free_ops(image);
		free(image->lasting);
		free(image);
	}
	d->images = NULL;
	d->name_count = 0;
}
