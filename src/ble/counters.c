/*
 * A table in a file that is mapped. See counters.h.
 *
 * A counter and its check are one word, which is stored at once; where a
 * processor stores it in two halves the check is wrong after a kill between
 * them, and there is no counter. What was heard is several words, the check the
 * last of them. All of a new device is stored before the device.
 */
#include "ble/counters.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "util/hash.h"
#include "util/ramfile.h"

#define VERSION 3
#define IS_THERE (UINT64_C(1) << 48)

static const char magic[8] = { 'w', 'g', 'c', 'o', 'u', 'n', 't', 's' };

struct header {
	char magic[8]; /* stored last: all else is in order */
	uint32_t version, entries;
	uint64_t identity[2]; /* of gateway and state directory */
	struct hash_key key;
	uint64_t tie;
};

struct record {
	struct heard heard;
	uint64_t check; /* stored last */
};

struct entry {
	uint64_t who;  /* the octets, and IS_THERE; 0: free */
	uint64_t word; /* the check, then the counter */
	struct record records[COUNTERS_HEARD_MAX];
};

struct file {
	struct header header;
	struct entry entries[COUNTERS_MAX];
};

struct counters {
	struct file *file;
};

/* ---- the file ---- */

static bool is_good(const void *file, const uint64_t identity[2])
{
	const struct header *h = file;

	return memcmp(h->magic, magic, sizeof(magic)) == 0 && h->version == VERSION &&
	       h->entries == COUNTERS_MAX && h->tie != 0 && h->identity[0] == identity[0] &&
	       h->identity[1] == identity[1];
}

static int fill(void *file, const uint64_t identity[2])
{
	struct hash_key key, tie;
	struct header *h = file;
	int r = hash_key_random(&key) ?: hash_key_random(&tie);

	if (r < 0)
		return r;
	*h = (struct header){ .version = VERSION,
		.entries = COUNTERS_MAX,
		.identity = { identity[0], identity[1] },
		.key = key,
		.tie = tie.k0 ? tie.k0 : 1 };
	ramfile_barrier();
	memcpy(h->magic, magic, sizeof(magic));
	return 0;
}

static const struct ramfile_kind kind = { ".counters", sizeof(struct file), is_good, fill };

int counters_new(struct counters **ret, const char *directory, const char *state_directory,
	const char *gateway)
{
	struct counters *c = malloc(sizeof(*c));
	void *file;
	int r;

	if (!c)
		return -ENOMEM;
	r = ramfile_map(&kind, directory, state_directory, gateway, &file);
	if (r < 0) {
		free(c);
		return r;
	}
	c->file = file;
	*ret = c;
	return 0;
}

struct counters *counters_free(struct counters *c)
{
	if (!c)
		return NULL;
	(void)munmap(c->file, sizeof(*c->file));
	free(c);
	return NULL;
}

uint64_t counters_tie(const struct counters *c)
{
	return c ? c->file->header.tie : 0;
}

/* ---- entries ---- */

static uint64_t who_of(const uint8_t octets[static BLE_ADDRESS_SIZE])
{
	uint64_t who = IS_THERE;

	for (unsigned i = 0; i < BLE_ADDRESS_SIZE; i++)
		who |= (uint64_t)octets[i] << (8 * i);
	return who;
}

static uint64_t word_of(const struct counters *c, uint64_t who, uint32_t counter)
{
	const uint64_t both[] = { who, counter };

	return hash_bytes(&c->file->header.key, both, sizeof(both)) << 32 | counter;
}

bool counters_find(
	const struct counters *c, const uint8_t octets[static BLE_ADDRESS_SIZE], uint32_t *ret)
{
	uint64_t who = who_of(octets);
	bool found = false;

	for (unsigned i = 0; c && i < COUNTERS_MAX; i++) {
		const struct entry *e = &c->file->entries[i];
		uint32_t counter = (uint32_t)e->word;

		if (e->who != who || e->word != word_of(c, who, counter))
			continue;
		/* One, unless somebody wrote into the file. */
		if (!found || counter > *ret)
			*ret = counter;
		found = true;
	}
	return found;
}

/* Where it is, or could be; COUNTERS_MAX: there is no room. */
static unsigned place_of(const struct counters *c, uint64_t who)
{
	unsigned empty = COUNTERS_MAX;

	for (unsigned i = 0; i < COUNTERS_MAX; i++) {
		if (c->file->entries[i].who == who)
			return i;
		if (c->file->entries[i].who == 0 && empty == COUNTERS_MAX)
			empty = i;
	}
	return empty;
}

static uint64_t check_of(const struct counters *c, uint64_t who, const struct heard *h)
{
	const uint64_t all[] = { who, h->hash, (uint64_t)h->boot_us, (uint64_t)h->utc_us };

	return hash_bytes(&c->file->header.key, all, sizeof(all));
}

struct heard counters_heard(
	const struct counters *c, const uint8_t octets[static BLE_ADDRESS_SIZE], unsigned i)
{
	uint64_t who = who_of(octets);
	unsigned place = c ? place_of(c, who) : COUNTERS_MAX;
	const struct record *r;

	if (place == COUNTERS_MAX || c->file->entries[place].who != who)
		return (struct heard){ 0 };
	r = &c->file->entries[place].records[i];
	return r->check == check_of(c, who, &r->heard) ? r->heard : (struct heard){ 0 };
}

/* Its entry, or an empty one, with nothing of who was there before; NULL: there is no room. */
static struct entry *entry_for(struct counters *c, uint64_t who, unsigned *place)
{
	struct entry *e;

	if (!c)
		return NULL;
	if (*place >= COUNTERS_MAX || c->file->entries[*place].who != who)
		*place = place_of(c, who);
	if (*place == COUNTERS_MAX)
		return NULL;
	e = &c->file->entries[*place];
	if (e->who != who)
		*e = (struct entry){ 0 };
	return e;
}

static void store_who(struct entry *e, uint64_t who)
{
	ramfile_barrier();
	*(volatile uint64_t *)&e->who = who;
	ramfile_barrier();
}

void counters_set(struct counters *c, const uint8_t octets[static BLE_ADDRESS_SIZE],
	uint32_t counter, unsigned *place)
{
	uint64_t who = who_of(octets);
	struct entry *e = entry_for(c, who, place);

	if (!e)
		return;
	*(volatile uint64_t *)&e->word = word_of(c, who, counter);
	store_who(e, who);
}

void counters_set_heard(struct counters *c, const uint8_t octets[static BLE_ADDRESS_SIZE],
	unsigned i, const struct heard *heard, unsigned *place)
{
	uint64_t who = who_of(octets);
	struct entry *e = entry_for(c, who, place);
	struct record *r;

	if (!e)
		return;
	r = &e->records[i];
	*(volatile uint64_t *)&r->check = 0;
	ramfile_barrier();
	r->heard = *heard;
	ramfile_barrier();
	*(volatile uint64_t *)&r->check = check_of(c, who, heard);
	store_who(e, who);
}

void counters_drop(struct counters *c, const uint8_t octets[static BLE_ADDRESS_SIZE])
{
	uint64_t who = who_of(octets);

	for (unsigned i = 0; c && i < COUNTERS_MAX; i++)
		if (c->file->entries[i].who == who)
			*(volatile uint64_t *)&c->file->entries[i].who = 0;
}

void counters_drop_others(struct counters *c,
	bool (*known)(const uint8_t octets[static BLE_ADDRESS_SIZE], void *userdata),
	void *userdata)
{
	for (unsigned i = 0; c && i < COUNTERS_MAX; i++) {
		uint8_t octets[BLE_ADDRESS_SIZE];
		struct entry *e = &c->file->entries[i];

		if (e->who == 0)
			continue;
		for (unsigned k = 0; k < BLE_ADDRESS_SIZE; k++)
			octets[k] = (uint8_t)(e->who >> (8 * k));
		if (e->who != who_of(octets) || !known(octets, userdata))
			*(volatile uint64_t *)&e->who = 0;
	}
}
