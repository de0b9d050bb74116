/*
 * What stands in outbox.db, read beside the daemon or without it. Nothing is
 * written, and no file is made that was not there.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define STORED_ASIDE_MAX 1000   /* set-aside messages that are listed */
#define STORED_SAMPLE_MAX 10000 /* newest readings that the rate is measured over */
#define STORED_WHY_MAX 512

/* A message that was set aside. */
struct stored_aside {
	char id[80];      /* <epoch>:<sequence> */
	char what[256];   /* "device metric", or the topic of a record or an event */
	int64_t since_ms; /* UTC */
	uint64_t tries;
	uint8_t reason; /* MQTT reason code */
};

struct stored {
	uint64_t readings, events; /* rows, those set aside among them */
	int64_t oldest_ms,
		newest_ms;          /* UTC, when the oldest and the newest reading came; 0: none */
	uint64_t asides;            /* of all */
	struct stored_aside *aside; /* of the oldest; owned */
	size_t aside_count;
	uint64_t owed_gaps, owed_numbers, owed_epochs;
	int64_t file_bytes, log_bytes; /* of the database and of its log as they lie on the disk */
	int64_t pages_bytes, used_bytes; /* of all pages; of those that hold something */
	/* The newest readings: how many, when the first of them came, of how many devices. */
	uint64_t sample;
	int64_t sample_ms;
	uint64_t sample_devices;
};

/* Reads the database at path. Returns 0, or a negative errno with a sentence in ret_why
 * (STORED_WHY_MAX bytes) that says what would help. */
int stored_read(const char *path, struct stored *ret, char *ret_why);
/* Frees what it owns. */
void stored_done(struct stored *s);
