/*
 * A ring of entries in order of arrival, in a file that is mapped. See recents.h.
 *
 * An entry is emptied, then the count goes up, then the entry is filled: a kill
 * in between costs the oldest one, or leaves one whose check is wrong, which is
 * none.
 */
#include "zigbee/recents.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "util/hash.h"
#include "util/ramfile.h"
#include "zigbee/clusters/clusters.h"

#define VERSION 1

static const char magic[8] = { 'w', 'g', 'r', 'e', 'c', 'e', 'n', 't' };

struct header {
	char magic[8]; /* stored last: all else is in order */
	uint64_t version;
	uint64_t identity[2]; /* of gateway and state directory */
	uint64_t count;       /* entries ever begun */
};

struct entry {
	uint64_t who;
	uint64_t hash, key; /* as in struct cluster_recent; hash 0: the device was started */
	int64_t boot_us;
	uint32_t counter, before;
	uint64_t check;
};

struct file {
	struct header header;
	struct entry entries[RECENTS_MAX];
};

struct recents {
	struct file *file;
};

_Static_assert((RECENTS_MAX & (RECENTS_MAX - 1)) == 0, "the count may wrap around");

/* ---- the file ---- */

static bool is_good(const void *file, const uint64_t identity[2])
{
	const struct header *h = file;

	return memcmp(h->magic, magic, sizeof(magic)) == 0 && h->version == VERSION &&
	       h->identity[0] == identity[0] && h->identity[1] == identity[1];
}

static int fill(void *file, const uint64_t identity[2])
{
	struct header *h = file;

	*h = (struct header){ .version = VERSION, .identity = { identity[0], identity[1] } };
	ramfile_barrier();
	memcpy(h->magic, magic, sizeof(magic));
	return 0;
}

static const struct ramfile_kind kind = { ".recents", sizeof(struct file), is_good, fill };

int recents_new(struct recents **ret, const char *directory, const char *state_directory,
	const char *gateway)
{
	struct recents *r = malloc(sizeof(*r));
	void *file;
	int error;

	if (!r)
		return -ENOMEM;
	error = ramfile_map(&kind, directory, state_directory, gateway, &file);
	if (error < 0) {
		free(r);
		return error;
	}
	r->file = file;
	*ret = r;
	return 0;
}

struct recents *recents_free(struct recents *r)
{
	if (!r)
		return NULL;
	(void)munmap(r->file, sizeof(*r->file));
	free(r);
	return NULL;
}

/* ---- entries ---- */

static uint64_t check_of(const struct entry *e)
{
	return hash_bytes(&hash_key_fixed, e, offsetof(struct entry, check));
}

void recents_add(struct recents *r, uint64_t eui64, const struct cluster_recent *recent)
{
	struct entry *e, new = {
		.who = eui64,
		.hash = recent->hash,
		.key = recent->key,
		.boot_us = recent->boot_us,
		.counter = recent->counter,
		.before = recent->before,
	};

	if (!r)
		return;
	new.check = check_of(&new);
	e = &r->file->entries[r->file->header.count % RECENTS_MAX];
	*e = (struct entry){ 0 };
	ramfile_barrier();
	r->file->header.count++;
	ramfile_barrier();
	*e = new;
	ramfile_barrier();
}

void recents_started(struct recents *r, uint64_t eui64, int64_t now_us)
{
	const struct cluster_recent started = { .boot_us = now_us };

	recents_add(r, eui64, &started);
}

void recents_give(const struct recents *r, uint64_t eui64, int64_t now_us, struct cluster_device *d)
{
	for (uint64_t i = 0; r && i < RECENTS_MAX; i++) {
		const struct entry *e =
			&r->file->entries[(r->file->header.count + i) % RECENTS_MAX];
		const struct cluster_recent recent = {
			.hash = e->hash,
			.key = e->key,
			.boot_us = e->boot_us,
			.counter = (uint8_t)e->counter,
			.before = e->before != 0,
		};

		if (e->who != eui64 || e->check != check_of(e) || e->boot_us > now_us)
			continue;
		if (e->hash == 0)
			cluster_started(d);
		else
			cluster_recall(d, &recent);
	}
}
