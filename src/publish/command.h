/*
 * Commands from afar: reads P/gateways/<gateway>/commands/<verb>, judges them
 * and writes answers. Pure: who may ask is the broker's access list and
 * Commands=; which verbs there are, and what they do, is control/commands.h's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define COMMAND_SIZE_MAX 4096 /* bytes of one payload */
#define COMMAND_DEPTH_MAX 8
#define COMMAND_MEMBERS_MAX 32
#define COMMAND_NAME_MAX 64 /* request, by */
#define COMMAND_WHY_MAX 160
#define COMMAND_RESPONSE_TOPIC_MAX 256

struct cJSON;

struct command {
	char request[COMMAND_NAME_MAX + 1]; /* "" when it could not be read */
	char by[COMMAND_NAME_MAX + 1];
	int64_t not_after_us; /* UTC; INT64_MAX: none */
	struct cJSON *object; /* the whole, for the handler; owned */
};

/* What the table of commands knows of a verb. */
enum command_existence {
	COMMAND_UNKNOWN,
	COMMAND_NOT_YET, /* of the contract; this version does not have it */
	COMMAND_EXISTS,
};

/* Reads a payload. Returns 0, or -EBADMSG with a sentence in why; request is filled in even then
 * if it could be read. command_done() frees in either case. */
int command_parse(struct command *c, const void *payload, size_t size, char why[COMMAND_WHY_MAX]);
/* The same of one that came from nearby: request and by may be left out, and are "" then. */
int command_parse_local(
	struct command *c, const void *payload, size_t size, char why[COMMAND_WHY_MAX]);
void command_done(struct command *c);

/* "2026-11-21T10:00:00.5Z" or with an offset (RFC 3339) to UTC. Returns 0 or -EINVAL. */
int command_time(const char *text, int64_t *ret_us);

/* What comes before the handler: retained, outdated, not allowed, unknown. allowed is Commands=.
 * Returns 0, or -EPERM with a sentence in why. */
int command_admit(const struct command *c, const char *verb, enum command_existence existence,
	char *const *allowed, size_t allowed_count, bool retained, int64_t now_us,
	char why[COMMAND_WHY_MAX]);

/* {"request":...,"ok":...}; error NULL: ok, with result (a JSON object) unless it is NULL. Returns
 * the length or -ENOBUFS. */
ssize_t command_answer(
	char *buf, size_t size, const char *request, const char *error, const char *result);

/* Whether an answer may be sent to that topic: no wildcards, not too long, and not where
 * readings, alarms and documents are read. */
bool command_response_allowed(const char *topic, const char *prefix);

/* A bucket of tokens: at most rate per second, as many at once. */
struct command_rate {
	int64_t tokens_us, last_us;
};
#define COMMAND_RATE 10
bool command_rate_take(struct command_rate *r, int64_t boot_us);
