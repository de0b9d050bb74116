/*
 * A ring of entries in order of arrival and chains of them by hash, in one
 * file that is mapped. See recall.h.
 *
 * A kill can come between any two stores, and the kernel keeps what was stored
 * before it; nothing is flushed and nobody reads while we write, so the order
 * in which the compiler emits the stores is all that counts:
 *
 *   1. the count goes up: a kill from here on costs one place of the ring;
 *   2. the place's key becomes 0: its former entry, the oldest, is gone;
 *   3. the other members, with a check over all of them;
 *   4. the key: the entry is whole;
 *   5. the head of its chain: the entry is found.
 *
 * A chain leads from newer to older entries. Where it meets one that is empty,
 * of another chain, or not older than the one before, the rest of it has been
 * overwritten: it ends there, and a damaged file cannot make it endless.
 */
#include "gateway/recall.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "gateway/epoch.h"
#include "util/hash.h"
#include "util/ramfile.h"

#define BUCKETS RECALL_MAX
#define HEADER_SIZE 4096
#define VERSION 1
#define LABELS 16
#define FIRST_STORED 256

static const char magic[8] = { 'w', 'g', 'r', 'e', 'c', 'a', 'l', 'l' };

struct entry {
	uint64_t key; /* of device and source key; 0: empty */
	uint64_t sequence, device_sequence;
	uint64_t counter; /* of the epoch, like random */
	uint32_t random;
	uint32_t serial; /* of the count when it was added; its place is serial % RECALL_MAX */
	uint32_t check;
	uint16_t next; /* of its chain: place + 1, 0 for the end */
	uint16_t zero;
};

struct header {
	char magic[8]; /* stored last: all else is in order */
	uint32_t version, header_size, entry_size, entries, buckets, zero;
	uint64_t identity[2]; /* of gateway and state directory */
	struct hash_key key;  /* random: peers cannot aim at one chain */
	uint64_t count;       /* entries ever begun */
};

/* Of two the newer one counts; the other is the one that is written next. */
struct note {
	uint64_t serial; /* stored last; 0: none */
	uint64_t check;
	uint64_t size;
	unsigned char bytes[RECALL_NOTE_MAX];
};

struct file {
	union {
		struct {
			struct header header;
			struct note notes[2];
		};
		char page[HEADER_SIZE];
	};
	uint16_t heads[BUCKETS]; /* place + 1 of the newest in the chain, 0: none */
	struct entry ring[RECALL_MAX];
};

_Static_assert(sizeof(struct entry) == 48, "the layout is fixed");
_Static_assert(sizeof(struct file) == HEADER_SIZE + BUCKETS * 2 + RECALL_MAX * 48,
	"the header has its page");
_Static_assert(RECALL_MAX <= UINT16_MAX && (RECALL_MAX & (RECALL_MAX - 1)) == 0,
	"places fit into 16 bits, and serials wrap around");

struct stored {
	uint64_t key; /* 0: empty */
	uint64_t sequence, counter;
	uint32_t random;
};

struct recall {
	struct file *file;
	uint64_t own_counter; /* of this run's epoch, like own_random */
	uint32_t own_random;
	/* Labels of epochs found of late. */
	struct {
		uint64_t counter;
		uint32_t random;
		struct label *label;
	} labels[LABELS];
	unsigned next_label;
	struct stored *stored; /* open addressing, at most half full; NULL: none */
	size_t stored_size, stored_count;
};

/* --- the file --- */

static bool is_good(const void *file, const uint64_t identity[2])
{
	const struct header *h = file;

	return memcmp(h->magic, magic, sizeof(magic)) == 0 && h->version == VERSION &&
	       h->header_size == HEADER_SIZE && h->entry_size == sizeof(struct entry) &&
	       h->entries == RECALL_MAX && h->buckets == BUCKETS && h->zero == 0 &&
	       h->identity[0] == identity[0] && h->identity[1] == identity[1];
}

static int fill(void *file, const uint64_t identity[2])
{
	struct header *h = file;
	struct hash_key key;
	int r = hash_key_random(&key);

	if (r < 0)
		return r;
	*h = (struct header){ .version = VERSION,
		.header_size = HEADER_SIZE,
		.entry_size = sizeof(struct entry),
		.entries = RECALL_MAX,
		.buckets = BUCKETS,
		.identity = { identity[0], identity[1] },
		.key = key };
	ramfile_barrier();
	memcpy(h->magic, magic, sizeof(magic));
	return 0;
}

static const struct ramfile_kind kind = { ".recall", sizeof(struct file), is_good, fill };

int recall_new(struct recall **ret, const char *directory, const char *state_directory,
	const char *gateway, const char *epoch)
{
	_cleanup_(recall_freep) struct recall *r = calloc(1, sizeof(*r));
	struct epoch own;
	void *file;
	int error;

	if (!r)
		return -ENOMEM;
	error = epoch_from_text(epoch, &own);
	if (error < 0)
		return error;
	r->own_counter = own.counter;
	r->own_random = own.random;
	error = ramfile_map(&kind, directory, state_directory, gateway, &file);
	if (error < 0)
		return error;
	r->file = file;
	*ret = TAKE_PTR(r);
	return 0;
}

struct recall *recall_free(struct recall *r)
{
	if (!r)
		return NULL;
	if (r->file)
		(void)munmap(r->file, sizeof(*r->file));
	for (unsigned i = 0; i < LABELS; i++)
		label_unref(r->labels[i].label);
	free(r->stored);
	free(r);
	return NULL;
}

/* --- entries --- */

static uint64_t key_of(const struct recall *r, const char *device, uint64_t source_key)
{
	char bytes[LABEL_MAX + 1 + sizeof(source_key)];
	size_t n = strnlen(device, LABEL_MAX);
	uint64_t key;

	memcpy(bytes, device, n);
	bytes[n++] = 0;
	memcpy(bytes + n, &source_key, sizeof(source_key));
	key = hash_bytes(&r->file->header.key, bytes, n + sizeof(source_key));
	return key != 0 ? key : 1;
}

/* Says whether an entry is one that was written whole, and not a memory that flipped. */
static uint32_t check_of(const struct entry *e)
{
	const uint64_t words[] = { e->key, e->sequence, e->device_sequence, e->counter,
		(uint64_t)e->random << 32 | e->serial, e->next };
	uint64_t x = UINT64_C(0x9E3779B97F4A7C15);

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		x = (x ^ words[i]) * UINT64_C(0xD6E8FEB86659FD93);
		x ^= x >> 32;
	}
	return (uint32_t)x;
}

static uint16_t *head_of(const struct recall *r, uint64_t key)
{
	return &r->file->heads[key & (BUCKETS - 1)];
}

/* NULL when there is none. */
static const struct entry *look_up(const struct recall *r, uint64_t key)
{
	uint32_t count = (uint32_t)r->file->header.count, age = 0;
	uint32_t at = *head_of(r, key);

	while (at != 0 && at <= RECALL_MAX) {
		const struct entry *e = &r->file->ring[at - 1];

		if (e->key == 0 || head_of(r, e->key) != head_of(r, key) ||
			(e->serial & (RECALL_MAX - 1)) != at - 1 || count - e->serial <= age ||
			count - e->serial > RECALL_MAX || e->check != check_of(e))
			return NULL;
		if (e->key == key)
			return e;
		age = count - e->serial;
		at = e->next;
	}
	return NULL;
}

static void add(struct recall *r, struct entry *new)
{
	uint16_t *head = head_of(r, new->key);
	struct header *h = &r->file->header;
	struct entry *e;

	new->serial = (uint32_t)h->count;
	new->next = *head;
	new->check = check_of(new);
	e = &r->file->ring[new->serial &(RECALL_MAX - 1)];

	h->count++;
	ramfile_barrier();
	*(volatile uint64_t *)&e->key = 0;
	ramfile_barrier();
	e->sequence = new->sequence;
	e->device_sequence = new->device_sequence;
	e->counter = new->counter;
	e->random = new->random;
	e->serial = new->serial;
	e->check = new->check;
	e->next = new->next;
	ramfile_barrier();
	*(volatile uint64_t *)&e->key = new->key;
	ramfile_barrier();
	*head = (uint16_t)((new->serial &(RECALL_MAX - 1)) + 1);
}

/* --- stored keys --- */

/* The place of the key, or the empty one where it would go. */
static struct stored *stored_place(struct stored *table, size_t size, uint64_t key)
{
	size_t at = (size_t)key & (size - 1);

	while (table[at].key != 0 && table[at].key != key)
		at = (at + 1) & (size - 1);
	return &table[at];
}

static int grow_stored(struct recall *r)
{
	size_t size = r->stored_size ? 2 * r->stored_size : FIRST_STORED;
	struct stored *larger = calloc(size, sizeof(*larger));

	if (!larger)
		return -ENOMEM;
	for (size_t i = 0; i < r->stored_size; i++)
		if (r->stored[i].key != 0)
			*stored_place(larger, size, r->stored[i].key) = r->stored[i];
	free(r->stored);
	r->stored = larger;
	r->stored_size = size;
	return 0;
}

int recall_add_stored(struct recall *r, const char *device, uint64_t source_key, const char *epoch,
	uint64_t sequence)
{
	struct epoch e;
	struct stored *s;
	uint64_t key;
	int error;

	if (epoch_from_text(epoch, &e) < 0)
		return -EINVAL;
	if (r->stored_count == RECALL_STORED_MAX)
		return -ENOBUFS;
	if (2 * (r->stored_count + 1) > r->stored_size) {
		error = grow_stored(r);
		if (error < 0)
			return error;
	}
	key = key_of(r, device, source_key);
	s = stored_place(r->stored, r->stored_size, key);
	if (s->key == 0)
		r->stored_count++;
	*s = (struct stored){ key, sequence, e.counter, e.random };
	return 0;
}

/* --- finding and adding --- */

/* Sets *ret to the label of that epoch, NULL for this run's. Returns 0 or -ENOMEM. */
static int find_label(struct recall *r, uint64_t counter, uint32_t random, struct label **ret)
{
	const struct epoch e = { .counter = counter, .random = random };
	char text[EPOCH_TEXT_MAX];
	struct label *l;
	unsigned i;

	*ret = NULL;
	if (counter == r->own_counter && random == r->own_random)
		return 0;
	for (i = 0; i < LABELS; i++)
		if (r->labels[i].label && r->labels[i].counter == counter &&
			r->labels[i].random == random) {
			*ret = r->labels[i].label;
			return 0;
		}
	epoch_text(&e, text);
	if (label_new(&l, text) < 0)
		return -ENOMEM;
	i = r->next_label++ % LABELS;
	label_unref(r->labels[i].label);
	r->labels[i].counter = counter;
	r->labels[i].random = random;
	*ret = r->labels[i].label = l;
	return 0;
}

int recall_find(struct recall *r, const char *device, uint64_t source_key, struct recalled *ret)
{
	const struct stored *s;
	const struct entry *e;
	struct recalled found;
	uint64_t key;
	int error;

	if (!r)
		return 0;
	key = key_of(r, device, source_key);
	s = r->stored ? stored_place(r->stored, r->stored_size, key) : NULL;
	if (s && s->key != 0) {
		found = (struct recalled){ .sequence = s->sequence, .stored = true };
		error = find_label(r, s->counter, s->random, &found.epoch);
	} else {
		e = look_up(r, key);
		if (!e)
			return 0;
		found = (struct recalled){ .sequence = e->sequence,
			.device_sequence = e->device_sequence };
		error = find_label(r, e->counter, e->random, &found.epoch);
	}
	if (error < 0)
		return error;
	*ret = found;
	return 1;
}

void recall_add(struct recall *r, const char *device, uint64_t source_key,
	const struct label *epoch, uint64_t sequence, uint64_t device_sequence)
{
	struct epoch of = { .counter = r->own_counter, .random = r->own_random };
	struct entry e;

	if (epoch && epoch_from_text(epoch->text, &of) < 0)
		return; /* no epoch of ours */
	e = (struct entry){ .key = key_of(r, device, source_key),
		.sequence = sequence,
		.device_sequence = device_sequence,
		.counter = of.counter,
		.random = of.random };
	add(r, &e);
}

/* --- the note --- */

static uint64_t note_check(const struct recall *r, const struct note *n)
{
	return hash_bytes(&r->file->header.key, n->bytes, n->size) ^ n->serial ^ n->size << 32;
}

static bool note_is_good(const struct recall *r, const struct note *n)
{
	return n->serial != 0 && n->size <= RECALL_NOTE_MAX && n->check == note_check(r, n);
}

/* NULL when there is none. */
static struct note *newest_note(const struct recall *r)
{
	struct note *a = &r->file->notes[0], *b = &r->file->notes[1];

	if (!note_is_good(r, a))
		return note_is_good(r, b) ? b : NULL;
	return note_is_good(r, b) && b->serial > a->serial ? b : a;
}

void recall_keep(struct recall *r, const void *note, size_t size)
{
	struct note *newest = newest_note(r);
	struct note *n = &r->file->notes[newest == &r->file->notes[0]], new = { .size = size };

	assert(size <= RECALL_NOTE_MAX);
	memcpy(new.bytes, note, size);
	new.serial = newest ? newest->serial + 1 : 1;
	new.check = note_check(r, &new);

	*(volatile uint64_t *)&n->serial = 0;
	ramfile_barrier();
	memcpy(n->bytes, note, size);
	n->size = size;
	n->check = new.check;
	ramfile_barrier();
	*(volatile uint64_t *)&n->serial = new.serial;
	ramfile_barrier();
}

size_t recall_kept(const struct recall *r, void *ret, size_t size)
{
	const struct note *n = r ? newest_note(r) : NULL;

	if (!n || n->size > size)
		return 0;
	memcpy(ret, n->bytes, n->size);
	return n->size;
}
