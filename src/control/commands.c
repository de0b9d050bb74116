/*
 * See commands.h.
 */
#include "control/commands.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/answers.h"
#include "control/arguments.h"
#include "gateway/clock.h"
#include "util/hash.h"

#define LOG_MODULE "control"
#include "util/log.h"

/* One who waits for an answer: the first, and those who repeat the request meanwhile. */
struct waiter {
	struct waiter *next;
	commands_answer_fn done;
	void *userdata;
};

struct command_call {
	struct command_call *next;
	struct commands *commands;
	const struct command_row *row; /* NULL: refused before there was one */
	enum command_way way;
	unsigned uid;
	char *origin, *verb;
	char request[COMMAND_NAME_MAX + 1], by[COMMAND_NAME_MAX + 1];
	uint64_t what;
	cJSON *arguments;
	struct waiter *waiters;
};

struct commands {
	const struct command_row *const *rows;
	command_audit_fn audit;
	void *userdata;
	struct answers *answers;
	struct hash_key key;
	struct command_call *running;
	size_t running_count;
	bool ending;
};

static const char *const outcome_texts[_COMMAND_OUTCOME_MAX] = {
	[COMMAND_DONE] = "Done",
	[COMMAND_INVALID_ARGUMENT] = "InvalidArgument",
	[COMMAND_NOT_FOUND] = "NotFound",
	[COMMAND_UNKNOWN_VERB] = "UnknownVerb",
	[COMMAND_NOT_SUPPORTED] = "NotSupported",
	[COMMAND_REFUSED] = "Refused",
	[COMMAND_NOT_PERMITTED] = "NotPermitted",
	[COMMAND_BUSY] = "Busy",
	[COMMAND_FAILED] = "Failed",
	[COMMAND_NOT_CONFIRMED] = "NotConfirmed",
	[COMMAND_CONFIGURATION] = "Configuration",
};

const char *command_outcome_text(enum command_outcome o)
{
	return o < _COMMAND_OUTCOME_MAX ? outcome_texts[o] : "Failed";
}

/* --- the table --- */

int commands_new(struct commands **ret, const struct command_row *const *rows,
	command_audit_fn audit, void *userdata)
{
	_cleanup_(commands_freep) struct commands *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return -ENOMEM;
	c->rows = rows;
	c->audit = audit;
	c->userdata = userdata;
	r = hash_key_random(&c->key);
	if (r == 0)
		r = answers_new(&c->answers);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(c);
	return 0;
}

const struct command_row *commands_at(const struct commands *c, size_t i)
{
	for (size_t k = 0; c->rows[k]; k++)
		if (k == i)
			return c->rows[k];
	return NULL;
}

const struct command_row *commands_row(const struct commands *c, const char *verb)
{
	for (size_t i = 0; c->rows[i]; i++)
		if (strcmp(c->rows[i]->verb, verb) == 0)
			return c->rows[i];
	return NULL;
}

enum command_existence commands_existence(const struct commands *c, const char *verb)
{
	const struct command_row *row = commands_row(c, verb);

	if (!row)
		return COMMAND_UNKNOWN;
	return row->run ? COMMAND_EXISTS : COMMAND_NOT_YET;
}

/* --- a call --- */

static struct command_call *call_free(struct command_call *call)
{
	if (!call)
		return NULL;
	while (call->waiters) {
		struct waiter *w = call->waiters;

		call->waiters = w->next;
		free(w);
	}
	free(call->origin);
	free(call->verb);
	cJSON_Delete(call->arguments);
	free(call);
	return NULL;
}
WG_DEFINE_CLEANUP(struct command_call *, call_free)

static int add_waiter(struct command_call *call, commands_answer_fn done, void *userdata)
{
	struct waiter *w = malloc(sizeof(*w));

	if (!w)
		return -ENOMEM;
	*w = (struct waiter){ call->waiters, done, userdata };
	call->waiters = w;
	return 0;
}

/* Verb and arguments as one number, in whatever order they stand. */
static int hash_what(const struct commands *c, const struct command_request *r, uint64_t *ret)
{
	uint64_t sum = hash_bytes(&c->key, r->verb, strlen(r->verb) + 1);
	const cJSON *item;

	cJSON_ArrayForEach(item, r->arguments)
	{
		struct hash_key key = c->key;
		char *text;

		if (!arguments_is_one(item->string))
			continue;
		text = cJSON_PrintUnformatted(item);
		if (!text)
			return -ENOMEM;
		key.k0 ^= hash_bytes(&c->key, item->string, strlen(item->string));
		sum += hash_bytes(&key, text, strlen(text));
		cJSON_free(text);
	}
	*ret = sum;
	return 0;
}

static int call_new(struct command_call **ret, struct commands *c, const struct command_request *r,
	uint64_t what, commands_answer_fn done, void *userdata)
{
	_cleanup_(call_freep) struct command_call *call = calloc(1, sizeof(*call));

	if (!call)
		return -ENOMEM;
	call->commands = c;
	call->row = commands_row(c, r->verb);
	call->way = r->way;
	call->uid = r->uid;
	call->what = what;
	call->origin = strdup(r->origin);
	call->verb = strdup(r->verb);
	call->arguments = r->arguments ? cJSON_Duplicate(r->arguments, true) : cJSON_CreateObject();
	if (!call->origin || !call->verb || !call->arguments ||
		add_waiter(call, done, userdata) < 0)
		return -ENOMEM;
	(void)snprintf(call->request, sizeof(call->request), "%s", r->request);
	(void)snprintf(call->by, sizeof(call->by), "%s", r->by);
	*ret = TAKE_PTR(call);
	return 0;
}

static struct answer_key key_of(const struct command_call *call)
{
	return (struct answer_key){ call->way, call->uid, call->by, call->request, call->what };
}

/* What is asked for may be any text, and an argument a vital value or a patient's reference:
 * neither stands in the log. */
static void log_call(const struct command_call *call, const struct commands_answer *a)
{
	const char *verb = call->row ? call->row->verb : "unknown";

	if (call->row && call->row->reads && call->way == COMMAND_BY_BUS)
		return;
	if (a->outcome == COMMAND_DONE)
		log_notice("a command was carried out", F_STR("VERB", verb),
			F_STR("ORIGIN", call->origin), F_STR("BY", call->by));
	else
		log_notice("a command was refused or failed", F_STR("VERB", verb),
			F_STR("ORIGIN", call->origin), F_STR("BY", call->by),
			F_STR("OUTCOME", command_outcome_text(a->outcome)),
			F_STR("REASON", a->outcome == COMMAND_INVALID_ARGUMENT ? "" : a->error));
}

static void audit(const struct command_call *call, const struct commands_answer *a)
{
	const struct commands *c = call->commands;
	char *arguments;

	log_call(call, a);
	if (!c->audit || (call->row && call->row->reads && call->way == COMMAND_BY_BUS))
		return;
	arguments = arguments_for_audit(call->row, call->arguments);
	c->audit(
		&(struct command_audit){
			.time_us = realtime_us(),
			.way = call->way,
			.origin = call->origin,
			.by = call->by,
			.verb = call->verb,
			.request = call->request,
			.arguments = arguments ?: "{}",
			.outcome = a->outcome,
			.error = a->error,
		},
		c->userdata);
	cJSON_free(arguments);
}

/* Tells all who wait, then is gone. */
static void finish(struct command_call *call, const struct commands_answer *a)
{
	struct commands *c = call->commands;
	struct answer_key key = key_of(call);

	for (struct command_call **at = &c->running; *at; at = &(*at)->next)
		if (*at == call) {
			*at = call->next;
			c->running_count--;
			break;
		}
	if (*call->request)
		answers_give(c->answers, &key, a);
	audit(call, a);
	for (struct waiter *w = call->waiters; w; w = w->next)
		w->done(a, w->userdata);
	call_free(call);
}

struct commands *commands_free(struct commands *c)
{
	static const struct commands_answer stopping = { COMMAND_FAILED,
		"the gateway is stopping; ask again when it is back", NULL };

	if (!c)
		return NULL;
	c->ending = true;
	while (c->running)
		finish(c->running, &stopping);
	answers_free(c->answers);
	free(c);
	return NULL;
}

static struct command_call *find_running(struct commands *c, const struct answer_key *key)
{
	for (struct command_call *call = c->running; call; call = call->next)
		if (call->what == key->what && call->way == key->way && call->uid == key->uid &&
			strcmp(call->request, key->request) == 0 && strcmp(call->by, key->by) == 0)
			return call;
	return NULL;
}

static void refuse(commands_answer_fn done, void *userdata, enum command_outcome o, const char *why)
{
	done(&(struct commands_answer){ o, why, NULL }, userdata);
}

/* Whether the request came before; then it is answered, or will be. */
static bool answer_again(
	struct commands *c, const struct answer_key *key, commands_answer_fn done, void *userdata)
{
	struct command_call *running;
	struct commands_answer a;

	switch (answers_find(c->answers, key, &a)) {
	case ANSWER_NONE:
		return false;
	case ANSWER_GIVEN:
		done(&a, userdata);
		return true;
	case ANSWER_OTHER:
		refuse(done, userdata, COMMAND_REFUSED,
			"this request was another command before; choose a new one for each");
		return true;
	case ANSWER_RUNNING:
		running = find_running(c, key);
		if (!running || add_waiter(running, done, userdata) < 0)
			refuse(done, userdata, COMMAND_BUSY,
				"the same request is being carried out; ask again");
		return true;
	}
	return false;
}

bool commands_remember(const struct commands *c, const struct command_request *r)
{
	struct commands_answer a;
	struct answer_key key = { r->way, r->uid, r->by, r->request, 0 };

	return *r->request && hash_what(c, r, &key.what) == 0 &&
	       answers_find(c->answers, &key, &a) != ANSWER_NONE;
}

void commands_recall(struct commands *c, const struct command_request *r)
{
	const struct command_row *row = commands_row(c, r->verb);
	struct answer_key key = { r->way, r->uid, r->by, r->request, 0 };
	struct commands_answer known;

	for (const struct command_argument *a = row ? row->arguments : NULL; a && a->name; a++)
		if (a->secret)
			return;
	if (!row || !*r->request || hash_what(c, r, &key.what) < 0 ||
		answers_find(c->answers, &key, &known) != ANSWER_NONE)
		return;
	answers_begin(c->answers, &key);
	answers_give(c->answers, &key, &(struct commands_answer){ COMMAND_DONE, NULL, NULL });
}

static void begin(struct command_call *call, const struct command_request *r)
{
	struct commands *c = call->commands;
	const struct command_row *row = call->row;
	char why[COMMAND_SENTENCE_MAX];

	if (r->refused)
		call_error(call, r->refused_as, "%s", r->refused);
	else if (!row)
		call_error(call, COMMAND_UNKNOWN_VERB, "there is no command of that name");
	else if (!row->run)
		call_error(call, COMMAND_NOT_SUPPORTED, "this version cannot %s", row->verb);
	else if (r->way == COMMAND_BY_MQTT && !row->afar)
		call_error(call, COMMAND_NOT_PERMITTED, "%s is not obeyed from afar", row->verb);
	else if (arguments_check(row, call->arguments, why) < 0)
		call_error(call, COMMAND_INVALID_ARGUMENT, "%s", why);
	else if (c->running_count > COMMANDS_RUNNING_MAX || c->ending)
		call_error(call, COMMAND_BUSY, "too many commands are under way; ask again");
	else
		row->run(call, c->userdata);
}

void commands_run(struct commands *c, const struct command_request *r, commands_answer_fn done,
	void *userdata)
{
	struct answer_key key = { r->way, r->uid, r->by, r->request, 0 };
	struct command_call *call;

	if (hash_what(c, r, &key.what) < 0) {
		refuse(done, userdata, COMMAND_FAILED, "out of memory");
		return;
	}
	if (*r->request && answer_again(c, &key, done, userdata))
		return;
	if (call_new(&call, c, r, key.what, done, userdata) < 0) {
		refuse(done, userdata, COMMAND_FAILED, "out of memory");
		return;
	}
	/* What is refused beforehand changed nothing, and is judged anew. */
	if (*r->request && !r->refused)
		answers_begin(c->answers, &key);
	call->next = c->running;
	c->running = call;
	c->running_count++;
	begin(call, r);
}

/* --- for those who carry out --- */

const cJSON *call_argument(const struct command_call *call, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(call->arguments, name);
}

const char *call_text(const struct command_call *call, const char *name)
{
	return cJSON_GetStringValue(call_argument(call, name));
}

int64_t call_integer(const struct command_call *call, const char *name, int64_t otherwise)
{
	const cJSON *item = call_argument(call, name);

	return item ? (int64_t)item->valuedouble : otherwise;
}

const char *call_by(const struct command_call *call)
{
	return call->by;
}

void call_ok(struct command_call *call, const char *result)
{
	finish(call, &(struct commands_answer){ COMMAND_DONE, NULL, result });
}

void call_error_text(struct command_call *call, enum command_outcome o, const char *text)
{
	assert(o != COMMAND_DONE);
	finish(call, &(struct commands_answer){ o, text, NULL });
}

void call_error(struct command_call *call, enum command_outcome o, const char *format, ...)
{
	char sentence[2 * COMMAND_SENTENCE_MAX];
	va_list list;

	va_start(list, format);
	vsnprintf(sentence, sizeof(sentence), format, list);
	va_end(list);
	call_error_text(call, o, sentence);
}

void call_errno(struct command_call *call, const char *what, int error)
{
	call_error(call, COMMAND_FAILED, "%s: %s", what, strerror(-error));
}
