/*
 * The table of commands: one row per verb, carried out in the same way whether
 * it came over D-Bus or over MQTT. Here arguments are checked, the same request
 * is answered the same way, and every command is told to the audit. What a verb
 * does stands in a file of its own (verb_*.c); how commands come in is service.c's
 * and publish/'s.
 */
#pragma once

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "publish/command.h"
#include "util/cleanup.h"

struct commands;
struct command_call;

#define COMMANDS_RUNNING_MAX 64 /* calls that are not answered yet */
#define COMMAND_SENTENCE_MAX 512

enum command_outcome {
	COMMAND_DONE,
	COMMAND_INVALID_ARGUMENT,
	COMMAND_NOT_FOUND,
	COMMAND_UNKNOWN_VERB,
	COMMAND_NOT_SUPPORTED,
	COMMAND_REFUSED,
	COMMAND_NOT_PERMITTED,
	COMMAND_BUSY,
	COMMAND_FAILED,
	COMMAND_NOT_CONFIRMED,
	COMMAND_CONFIGURATION,
	_COMMAND_OUTCOME_MAX
};
/* "Done", "InvalidArgument": as in the names of D-Bus errors. */
const char *command_outcome_text(enum command_outcome o);

/* --- what a row says --- */

enum argument_kind {
	ARGUMENT_TEXT,    /* min to max bytes of UTF-8 without control characters */
	ARGUMENT_DEVICE,  /* a name of a device: [a-z0-9][a-z0-9-]{0,39} */
	ARGUMENT_BED,     /* [A-Za-z0-9._-]{1,40} */
	ARGUMENT_INTEGER, /* min to max */
	ARGUMENT_NUMBER,
	ARGUMENT_VALUE,    /* a number, true, false or a text */
	ARGUMENT_WORD,     /* one of words, separated by spaces */
	ARGUMENT_TIME,     /* RFC 3339 */
	ARGUMENT_HEX,      /* min to max bytes, two digits each */
	ARGUMENT_DOCUMENT, /* a text of min to max bytes, of several lines */
};

struct command_argument {
	const char *name; /* NULL ends a list */
	enum argument_kind kind;
	bool required;
	bool secret; /* not told to the audit */
	int64_t min, max;
	const char *words;
	const char *example; /* as JSON: "\"3\"" */
};

typedef void (*command_run_fn)(struct command_call *call, void *userdata);

struct command_row {
	const char *verb;
	const struct command_argument *arguments; /* NULL: none */
	command_run_fn run;                       /* NULL: this version does not have it */
	bool afar;  /* over MQTT, too, where Commands= names it; else on the bus only */
	bool reads; /* changes nothing: the audit is told only what comes from afar */
};

/* --- what comes in --- */

enum command_way { COMMAND_BY_BUS, COMMAND_BY_MQTT };

/* All strings are borrowed for the call. */
struct command_request {
	enum command_way way;
	unsigned uid;       /* BY_BUS: of the caller */
	const char *origin; /* for the audit: "uid 1000" or the topic */
	const char *verb;
	const char *request; /* "" none: it is not recognised when it comes again */
	const char *by;
	const cJSON *arguments; /* an object; NULL: none. request, by and not_after in it do not
				   count as arguments */
	const char *refused;    /* why it is not to be obeyed, NULL: it is */
	enum command_outcome refused_as;
};

struct commands_answer {
	enum command_outcome outcome;
	const char *error;  /* a sentence; NULL when done */
	const char *result; /* a JSON object; NULL none */
};
typedef void (*commands_answer_fn)(const struct commands_answer *a, void *userdata);

/* One command that was obeyed, or refused. */
struct command_audit {
	int64_t time_us; /* UTC */
	enum command_way way;
	const char *origin, *by, *verb, *request; /* request "" none */
	const char *arguments;                    /* a JSON object; secrets are "***" */
	enum command_outcome outcome;
	const char *error; /* NULL when done */
};
typedef void (*command_audit_fn)(const struct command_audit *a, void *userdata);

/* rows: NULL-terminated, outlives it. Every row's run gets userdata. */
int commands_new(struct commands **ret, const struct command_row *const *rows,
	command_audit_fn audit, void *userdata);
/* Answers what is not answered yet: Failed, the gateway stops. */
struct commands *commands_free(struct commands *c);
WG_DEFINE_CLEANUP(struct commands *, commands_free)

const struct command_row *commands_row(const struct commands *c, const char *verb);
/* The i-th row in the order of the table, NULL past the end. */
const struct command_row *commands_at(const struct commands *c, size_t i);
enum command_existence commands_existence(const struct commands *c, const char *verb);
/* "device [bed]": the arguments for people. Returns the length or -ENOBUFS. */
ssize_t commands_usage(const struct command_row *row, char *buf, size_t size);

/* Carries it out. done is called once, in here or later. */
void commands_run(struct commands *c, const struct command_request *r, commands_answer_fn done,
	void *userdata);
/* Whether that request came before: then commands_run() answers it as it did, whatever may refuse
 * it by now. */
bool commands_remember(const struct commands *c, const struct command_request *r);

/* An earlier run carried that one out: when it comes again it is answered so, without the result
 * that it had. One with a secret among its arguments is not recognised. */
void commands_recall(struct commands *c, const struct command_request *r);

/* --- for those who carry out --- */

/* Arguments are checked: a required one is there, others may be NULL. Valid until the answer. */
const cJSON *call_argument(const struct command_call *call, const char *name);
/* The same of texts, and whole numbers. */
const char *call_text(const struct command_call *call, const char *name);
int64_t call_integer(const struct command_call *call, const char *name, int64_t otherwise);
const char *call_by(const struct command_call *call);

/* One of these ends the call. result: a JSON object, NULL none; copied. */
void call_ok(struct command_call *call, const char *result);
void call_error(struct command_call *call, enum command_outcome o, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* For lists of problems, which are longer than a sentence: text is copied. */
void call_error_text(struct command_call *call, enum command_outcome o, const char *text);
/* Failed: "what: No space left on device". */
void call_errno(struct command_call *call, const char *what, int error);
