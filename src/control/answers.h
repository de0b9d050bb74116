/*
 * What was answered to which request, so that the same request is answered the
 * same way and carried out once: a bounded memory of this run. Inner header of
 * control/.
 */
#pragma once

#include "control/commands.h"

#define ANSWERS_KEPT 256
#define ANSWER_KEPT_MAX 65536 /* bytes of a result; of a longer one only that it was done */

struct answers;

/* Who asked what. */
struct answer_key {
	enum command_way way;
	unsigned uid;
	const char *by, *request;
	uint64_t what; /* hash of verb and arguments */
};

enum answer_state {
	ANSWER_NONE,    /* it is new */
	ANSWER_RUNNING, /* it is being carried out */
	ANSWER_GIVEN,
	ANSWER_OTHER, /* that request asked for something else */
};

int answers_new(struct answers **ret);
struct answers *answers_free(struct answers *a);
WG_DEFINE_CLEANUP(struct answers *, answers_free)

/* *ret is filled in when it was given: borrowed until the next call. */
enum answer_state answers_find(
	const struct answers *a, const struct answer_key *key, struct commands_answer *ret);
/* It begins; the oldest given one makes room. Without room or memory it is not remembered. */
void answers_begin(struct answers *a, const struct answer_key *key);
void answers_give(
	struct answers *a, const struct answer_key *key, const struct commands_answer *answer);
