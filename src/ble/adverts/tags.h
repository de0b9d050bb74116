/*
 * Tags: who carries one is near, or is not. A table of tags that belong to
 * groups, by address or its beginning, by the UUID of an iBeacon, by the
 * namespace of an Eddystone; per gateway, by how strong they are heard. Pure.
 *
 * What the driver does with it: it calls tags_heard() for each advertisement
 * (with the identity that adverts_heard() found, if any) and tags_tick() at
 * tags_deadline(), and makes of an event the readings "presence" and
 * "signal-strength" of the device that stands for the tag.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"
#include "util/hash.h"
#include "wardgate/advert.h"

#define TAGS_MAX 4096 /* tags that are remembered */
#define TAG_GROUPS_MAX 64
#define TAG_PREFIX_MAX TAG_IDENTITY_MAX

/* Which tags belong to a group, and when one is near. */
struct tag_group {
	uint8_t kind;   /* enum tag_kind; TAG_ADDRESS goes by the sender's address */
	uint8_t length; /* of prefix: all of the identity that counts */
	uint8_t prefix[TAG_PREFIX_MAX];
	int8_t enter_dbm;        /* near once it is heard as strongly as this */
	int8_t leave_dbm;        /* not near once it is heard weaker than this; up to enter_dbm */
	int64_t away_us;         /* not near once it is not heard for so long */
	int64_t report_every_us; /* how often a tag that is near is told of again; 0: never */
};

enum tag_event_kind {
	TAG_NOTHING,
	TAG_ENTERED,
	TAG_STILL_THERE, /* report_every_us has passed */
	TAG_LEFT,        /* heard too weakly, or not at all: last_heard says when */
};

struct tag_event {
	uint8_t kind;  /* enum tag_event_kind */
	uint8_t group; /* which of the groups */
	int8_t dbm;    /* smoothed */
	struct tag_identity identity;
	int64_t last_heard_us; /* boot-time clock */
};

struct tags;

/* groups are copied. Returns 0, -EINVAL for more than TAG_GROUPS_MAX, -ENOMEM. */
int tags_new(struct tags **ret, const struct tag_group *groups, size_t count,
	const struct hash_key *key);
struct tags *tags_free(struct tags *t);
WG_DEFINE_CLEANUP(struct tags *, tags_free)

/* An advertisement of address, with what it names (NULL or TAG_NONE: nothing). Returns whether it
 * is of a group; *ret says what follows from it. Of several groups the first one counts. */
bool tags_heard(struct tags *t, const uint8_t address[static ADVERT_ADDRESS_SIZE],
	const struct tag_identity *named, int8_t dbm, int64_t boot_us, struct tag_event *ret);

/* When a tag may have left without a word: boot-time clock, INT64_MAX when none is near. */
int64_t tags_deadline(const struct tags *t);
/* Tells of one tag that has left; TAG_NOTHING when there is no further one by now. */
void tags_tick(struct tags *t, int64_t boot_us, struct tag_event *ret);

size_t tags_count(const struct tags *t);
/* Tags that found no place since the beginning: all TAGS_MAX are near. */
uint64_t tags_refused(const struct tags *t);
