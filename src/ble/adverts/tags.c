/*
 * A table of a fixed number of places, found by a keyed hash. The tags of a
 * group stand in the order in which they were last heard, so that the first one
 * is the next to be missed. See tags.h.
 */
#include "ble/adverts/tags.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 8192 /* twice TAGS_MAX */
#define NONE UINT16_MAX

/* Strength is smoothed in 16ths: a new one counts a quarter. */
#define FINE 16
#define WEIGHT 4

struct tag {
	struct tag_identity identity;
	uint8_t group;
	bool near;
	int16_t fine_dbm;
	int64_t heard_us, reported_us;
	uint16_t next, previous; /* of its group, by when it was last heard */
	uint16_t chain;          /* of its bucket */
};

struct ring {
	uint16_t first, last;
};

struct tags {
	struct hash_key key;
	struct tag_group groups[TAG_GROUPS_MAX];
	/* Near ones, and those that are not: places of the latter are given to newcomers. */
	struct ring near[TAG_GROUPS_MAX], away;
	size_t group_count, count;
	uint64_t refused;
	uint16_t buckets[BUCKETS];
	struct tag tags[TAGS_MAX];
};

int tags_new(
	struct tags **ret, const struct tag_group *groups, size_t count, const struct hash_key *key)
{
	struct tags *t;

	if (count > TAG_GROUPS_MAX)
		return -EINVAL;
	t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->key = *key;
	t->group_count = count;
	if (count > 0)
		memcpy(t->groups, groups, count * sizeof(groups[0]));
	for (size_t i = 0; i < TAG_GROUPS_MAX; i++)
		t->near[i] = (struct ring){ .first = NONE, .last = NONE };
	t->away = (struct ring){ .first = NONE, .last = NONE };
	memset(t->buckets, 0xff, sizeof(t->buckets));
	*ret = t;
	return 0;
}

struct tags *tags_free(struct tags *t)
{
	free(t);
	return NULL;
}

/* ---- rings ---- */

static struct ring *ring_of(struct tags *t, const struct tag *tag)
{
	return tag->near ? &t->near[tag->group] : &t->away;
}

static void take_out(struct tags *t, uint16_t at)
{
	struct tag *tag = &t->tags[at];
	struct ring *r = ring_of(t, tag);

	if (tag->previous == NONE)
		r->first = tag->next;
	else
		t->tags[tag->previous].next = tag->next;
	if (tag->next == NONE)
		r->last = tag->previous;
	else
		t->tags[tag->next].previous = tag->previous;
}

static void put_last(struct tags *t, uint16_t at)
{
	struct tag *tag = &t->tags[at];
	struct ring *r = ring_of(t, tag);

	tag->next = NONE;
	tag->previous = r->last;
	if (r->last == NONE)
		r->first = at;
	else
		t->tags[r->last].next = at;
	r->last = at;
}

/* ---- finding ---- */

static size_t bucket_of(const struct tags *t, const struct tag_identity *identity)
{
	uint8_t bytes[TAG_IDENTITY_MAX + 1];

	bytes[0] = identity->kind;
	memcpy(bytes + 1, identity->bytes, identity->length);
	return hash_bytes(&t->key, bytes, 1u + identity->length) % BUCKETS;
}

static bool same(const struct tag_identity *a, const struct tag_identity *b)
{
	return a->kind == b->kind && a->length == b->length &&
	       memcmp(a->bytes, b->bytes, a->length) == 0;
}

static void unlink_from_bucket(struct tags *t, uint16_t at)
{
	uint16_t *p = &t->buckets[bucket_of(t, &t->tags[at].identity)];

	while (*p != at)
		p = &t->tags[*p].chain;
	*p = t->tags[at].chain;
}

/* A place for a newcomer: a free one, or that of the tag that is away for longest. */
static uint16_t free_place(struct tags *t)
{
	uint16_t at;

	if (t->count < TAGS_MAX)
		return (uint16_t)t->count++;
	at = t->away.first;
	if (at == NONE) {
		t->refused++;
		return NONE;
	}
	take_out(t, at);
	unlink_from_bucket(t, at);
	return at;
}

static uint16_t find_or_add(struct tags *t, const struct tag_identity *identity, uint8_t group)
{
	size_t bucket = bucket_of(t, identity);
	uint16_t at;

	for (at = t->buckets[bucket]; at != NONE; at = t->tags[at].chain)
		if (same(&t->tags[at].identity, identity))
			return at;
	at = free_place(t);
	if (at == NONE)
		return NONE;
	t->tags[at] = (struct tag){ .identity = *identity,
		.group = group,
		.fine_dbm = INT16_MIN,
		.chain = t->buckets[bucket] };
	t->buckets[bucket] = at;
	put_last(t, at);
	return at;
}

static bool of_group(const struct tag_group *g, const struct tag_identity *identity)
{
	return g->kind == identity->kind && g->length <= identity->length &&
	       memcmp(g->prefix, identity->bytes, g->length) == 0;
}

static bool find_group(
	const struct tags *t, const struct tag_identity *identity, uint8_t *ret_group)
{
	for (size_t i = 0; i < t->group_count; i++)
		if (of_group(&t->groups[i], identity)) {
			*ret_group = (uint8_t)i;
			return true;
		}
	return false;
}

/* ---- hearing ---- */

static void tell(const struct tag *tag, enum tag_event_kind kind, struct tag_event *ret)
{
	*ret = (struct tag_event){ .kind = (uint8_t)kind,
		.group = tag->group,
		.dbm = (int8_t)(tag->fine_dbm / FINE),
		.identity = tag->identity,
		.last_heard_us = tag->heard_us };
}

static enum tag_event_kind judge(struct tags *t, struct tag *tag, int64_t boot_us)
{
	const struct tag_group *g = &t->groups[tag->group];

	if (!tag->near) {
		if (tag->fine_dbm < g->enter_dbm * FINE)
			return TAG_NOTHING;
		tag->near = true;
		tag->reported_us = boot_us;
		return TAG_ENTERED;
	}
	if (tag->fine_dbm < g->leave_dbm * FINE) {
		tag->near = false;
		return TAG_LEFT;
	}
	if (g->report_every_us == 0 || boot_us - tag->reported_us < g->report_every_us)
		return TAG_NOTHING;
	tag->reported_us = boot_us;
	return TAG_STILL_THERE;
}

bool tags_heard(struct tags *t, const uint8_t address[static ADVERT_ADDRESS_SIZE],
	const struct tag_identity *named, int8_t dbm, int64_t boot_us, struct tag_event *ret)
{
	struct tag_identity identity = { .kind = TAG_ADDRESS, .length = ADVERT_ADDRESS_SIZE };
	struct tag *tag;
	uint8_t group;
	uint16_t at;

	*ret = (struct tag_event){ .kind = TAG_NOTHING };
	memcpy(identity.bytes, address, ADVERT_ADDRESS_SIZE);
	if (named && named->kind != TAG_NONE && find_group(t, named, &group))
		identity = *named;
	else if (!find_group(t, &identity, &group))
		return false;
	at = find_or_add(t, &identity, group);
	if (at == NONE)
		return true;
	tag = &t->tags[at];
	/* what was away begins anew: an old strength says nothing */
	if (tag->fine_dbm == INT16_MIN ||
		(!tag->near && boot_us - tag->heard_us > t->groups[group].away_us))
		tag->fine_dbm = (int16_t)(dbm * FINE);
	else
		tag->fine_dbm = (int16_t)(tag->fine_dbm + (dbm * FINE - tag->fine_dbm) / WEIGHT);
	take_out(t, at);
	tag->heard_us = boot_us;
	tell(tag, judge(t, tag, boot_us), ret);
	put_last(t, at);
	return true;
}

/* ---- missing ---- */

static int64_t missed_at(const struct tags *t, size_t group)
{
	uint16_t first = t->near[group].first;

	if (first == NONE)
		return INT64_MAX;
	return t->tags[first].heard_us + t->groups[group].away_us;
}

int64_t tags_deadline(const struct tags *t)
{
	int64_t first = INT64_MAX;

	for (size_t i = 0; i < t->group_count; i++)
		if (missed_at(t, i) < first)
			first = missed_at(t, i);
	return first;
}

void tags_tick(struct tags *t, int64_t boot_us, struct tag_event *ret)
{
	*ret = (struct tag_event){ .kind = TAG_NOTHING };
	for (size_t i = 0; i < t->group_count; i++) {
		uint16_t at = t->near[i].first;

		if (missed_at(t, i) > boot_us)
			continue;
		take_out(t, at);
		t->tags[at].near = false;
		put_last(t, at);
		tell(&t->tags[at], TAG_LEFT, ret);
		return;
	}
}

size_t tags_count(const struct tags *t)
{
	return t->count;
}

uint64_t tags_refused(const struct tags *t)
{
	return t->refused;
}
