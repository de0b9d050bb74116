/*
 * The judgement over size, age and free space: how much the database may hold
 * at present and whether something has to go. Pure; keeper_limits.c measures
 * and drops.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "outbox/store.h"

/* Whatever KeepFree= says, so much may be used as long as the file system has it: a gateway that
 * stores nothing is worse for everybody than a disk with a little less room. */
#define LIMITS_FLOOR (INT64_C(16) * 1024 * 1024)
/* What the write-ahead log may take of MaxSize=, and no more than a quarter. */
#define LIMITS_LOG (INT64_C(16) * 1024 * 1024)

struct limits_view {
	int64_t pages_bytes;  /* of the database, those that only the log has included */
	int64_t used_bytes;   /* of them, those that hold something */
	int64_t file_bytes;   /* of outbox.db as it lies on the disk */
	int64_t log_bytes;    /* of its log, likewise */
	int64_t free_bytes;   /* of the file system, for us */
	int64_t coming_bytes; /* what is about to be written */
	int64_t oldest_age_s; /* of the oldest reading; 0: none */
	bool refused;         /* the file system has just refused to give more */
};

enum limits_reason { LIMITS_NONE, LIMITS_SIZE, LIMITS_FREE_SPACE, LIMITS_AGE };

struct limits_verdict {
	enum limits_reason drop; /* for which limit the oldest have to go */
	bool relaxed;            /* well below all limits */
	int64_t limit_bytes;     /* of database and log, at present */
	int64_t room_bytes;      /* of pages, before something has to go */
};

struct limits_verdict limits_judge(const struct store_limits *l, const struct limits_view *v);
/* As it stands in gap records: "size", "free-space", "age". */
const char *limits_reason_text(enum limits_reason r);
