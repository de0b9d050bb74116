/*
 * See answers.h.
 */
#include "control/answers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct remembered {
	bool used, given;
	enum command_way way;
	unsigned uid;
	char by[COMMAND_NAME_MAX + 1], request[COMMAND_NAME_MAX + 1];
	uint64_t what;
	uint64_t age; /* the lower the older */
	enum command_outcome outcome;
	char *error, *result;
};

struct answers {
	uint64_t ages;
	struct remembered all[ANSWERS_KEPT];
};

int answers_new(struct answers **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret ? 0 : -ENOMEM;
}

/* A result may hold a key. */
static void forget(struct remembered *x)
{
	if (x->result)
		explicit_bzero(x->result, strlen(x->result));
	free(x->result);
	free(x->error);
	*x = (struct remembered){ 0 };
}

struct answers *answers_free(struct answers *a)
{
	for (size_t i = 0; a && i < ANSWERS_KEPT; i++)
		forget(&a->all[i]);
	free(a);
	return NULL;
}

static const struct remembered *find(const struct answers *a, const struct answer_key *key)
{
	for (size_t i = 0; i < ANSWERS_KEPT; i++) {
		const struct remembered *x = &a->all[i];

		if (x->used && x->way == key->way && x->uid == key->uid &&
			strcmp(x->request, key->request) == 0 && strcmp(x->by, key->by) == 0)
			return x;
	}
	return NULL;
}

enum answer_state answers_find(
	const struct answers *a, const struct answer_key *key, struct commands_answer *ret)
{
	const struct remembered *x = find(a, key);

	if (!x)
		return ANSWER_NONE;
	if (x->what != key->what)
		return ANSWER_OTHER;
	if (!x->given)
		return ANSWER_RUNNING;
	*ret = (struct commands_answer){ x->outcome, x->error, x->result };
	return ANSWER_GIVEN;
}

static struct remembered *make_room(struct answers *a)
{
	struct remembered *oldest = NULL;

	for (size_t i = 0; i < ANSWERS_KEPT; i++) {
		struct remembered *x = &a->all[i];

		if (!x->used)
			return x;
		if (x->given && (!oldest || x->age < oldest->age))
			oldest = x;
	}
	if (oldest)
		forget(oldest);
	return oldest;
}

void answers_begin(struct answers *a, const struct answer_key *key)
{
	struct remembered *x;

	if (strlen(key->by) > COMMAND_NAME_MAX || strlen(key->request) > COMMAND_NAME_MAX)
		return;
	x = make_room(a);
	if (!x)
		return;
	x->used = true;
	x->way = key->way;
	x->uid = key->uid;
	x->what = key->what;
	x->age = ++a->ages;
	memcpy(x->by, key->by, strlen(key->by) + 1);
	memcpy(x->request, key->request, strlen(key->request) + 1);
}

void answers_give(
	struct answers *a, const struct answer_key *key, const struct commands_answer *answer)
{
	struct remembered *x = (struct remembered *)find(a, key);

	if (!x || x->given || x->what != key->what)
		return;
	x->given = true;
	x->outcome = answer->outcome;
	x->error = answer->error ? strdup(answer->error) : NULL;
	if (answer->result && strlen(answer->result) <= ANSWER_KEPT_MAX)
		x->result = strdup(answer->result);
}
