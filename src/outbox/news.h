/*
 * What the store thread tells the loop: one struct per call of a hook, with
 * copies of all that it says. Not for how it gets there (store.c).
 */
#pragma once

#include "outbox/store.h"

enum news_kind {
	NEWS_OPENED,
	NEWS_KEYS,
	NEWS_DROPPED,
	NEWS_SALVAGED,
	NEWS_SCANNED,
	NEWS_CHANGED,
	NEWS_DONE,
};

struct news {
	struct news *next;
	enum news_kind kind;
	union {
		struct store_opened opened;
		struct store_result done;
		struct store_figures changed;
		struct {
			struct store_key *keys;
			size_t count;
		} keys;
		struct {
			struct store_owed *owed;
			size_t count;
		} dropped;
		struct {
			int64_t from;
			uint64_t readings, events;
		} salvaged;
		struct {
			struct store_range *ranges;
			size_t count;
			uint32_t epoch;
			bool last;
		} scanned;
	};
};

/* Calls the hook, if there is one. */
void news_tell(const struct news *n, const struct store_hooks *hooks);
/* Frees what n points to; n itself is the caller's. */
void news_clear(struct news *n);
struct news *news_free(struct news *n);
WG_DEFINE_CLEANUP(struct news *, news_free)
