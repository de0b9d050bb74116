/*
 * The table of commands: what is taken, what is refused in which words, what is
 * carried out once, what the audit hears.
 */
#include <errno.h>

#include "control/answers.h"
#include "control/arguments.h"
#include "control/commands.h"
#include "unit/unit.h"
#include "util/log.h"

struct world {
	struct commands *commands;
	struct command_call *held; /* by "wait" */
	int runs;
	char told[1024];
	char audited[1024];
};

static void append(char *to, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static void append(char *to, size_t size, const char *format, ...)
{
	size_t n = strlen(to);
	va_list list;

	va_start(list, format);
	vsnprintf(to + n, size - n, format, list);
	va_end(list);
}

static void run_now(struct command_call *call, void *userdata)
{
	struct world *w = userdata;
	char result[100];

	w->runs++;
	snprintf(result, sizeof(result), "{\"run\":%d}", w->runs);
	call_ok(call, result);
}

static void run_later(struct command_call *call, void *userdata)
{
	struct world *w = userdata;

	w->runs++;
	w->held = call;
}

static void run_fails(struct command_call *call, void *userdata)
{
	call_errno(call, "cannot write the file", -ENOSPC);
}

static const struct command_argument arguments[] = {
	{ "device", ARGUMENT_DEVICE, .required = true, .example = "\"bed3-oximeter\"" },
	{ "bed", ARGUMENT_BED, .example = "\"3\"" },
	{ "seconds", ARGUMENT_INTEGER, .min = 1, .max = 300, .example = "60" },
	{ "use", ARGUMENT_WORD, .words = "fixed worn shared", .example = "\"fixed\"" },
	{ "key", ARGUMENT_HEX, .secret = true, .min = 2, .max = 4, .example = "\"0011\"" },
	{ "time", ARGUMENT_TIME, .example = "\"2026-11-21T10:00:00Z\"" },
	{ "note", ARGUMENT_TEXT, .min = 1, .max = 5, .example = "\"x\"" },
	{ "value", ARGUMENT_VALUE, .example = "true" },
	{ .name = NULL },
};
static const struct command_row now_row = {
	.verb = "now", .arguments = arguments, .run = run_now, .afar = true
};
static const struct command_row wait_row = { .verb = "wait", .run = run_later, .afar = true };
static const struct command_row fail_row = { .verb = "fail", .run = run_fails };
static const struct command_row read_row = { .verb = "read", .run = run_now, .reads = true };
static const struct command_row later_row = { .verb = "later", .afar = true };
static const struct command_row *const rows[] = { &now_row, &wait_row, &fail_row, &read_row,
	&later_row, NULL };

static void on_audit(const struct command_audit *a, void *userdata)
{
	struct world *w = userdata;

	assert_true(a->time_us > 0);
	append(w->audited, sizeof(w->audited), "%s %s by %s %s: %s;", a->origin, a->verb, a->by,
		a->arguments, a->error ?: command_outcome_text(a->outcome));
}

static void on_answer(const struct commands_answer *a, void *userdata)
{
	struct world *w = userdata;

	append(w->told, sizeof(w->told), "%s %s;", command_outcome_text(a->outcome),
		a->error ?: a->result ?: "-");
}

static void begin(struct world *w)
{
	*w = (struct world){ .runs = 0 };
	assert_int_equal(commands_new(&w->commands, rows, on_audit, w), 0);
}

/* Runs it; returns what was told. */
static const char *ask_as(struct world *w, enum command_way way, const char *verb,
	const char *request, const char *json)
{
	cJSON *object = json ? cJSON_Parse(json) : NULL;
	struct command_request r = {
		.way = way,
		.origin = way == COMMAND_BY_BUS ? "uid 7" : "topic",
		.verb = verb,
		.request = request,
		.by = "nurse",
		.arguments = object,
	};

	assert_true(!json || object);
	w->told[0] = 0;
	commands_run(w->commands, &r, on_answer, w);
	cJSON_Delete(object);
	return w->told;
}

static const char *ask(struct world *w, const char *verb, const char *json)
{
	return ask_as(w, COMMAND_BY_BUS, verb, "", json);
}

static void test_arguments(void **state)
{
	static const struct {
		const char *json, *told;
	} cases[] = {
		{ NULL, "InvalidArgument now needs \"device\"; give e.g. "
			"\"device\":\"bed3-oximeter\";" },
		{ "{\"request\":\"r\",\"by\":\"b\",\"device\":\"x\"}", "Done {\"run\":1};" },
		{ "{\"device\":\"x\",\"bde\":\"3\"}",
			"InvalidArgument \"bde\" is no argument of now; did you mean \"bed\"?;" },
		{ "{\"device\":\"x\",\"colour\":\"3\"}",
			"InvalidArgument \"colour\" is no argument of now; it takes: device [bed] "
			"[seconds] [use] [key] [time] [note] [value];" },
		{ "{\"device\":\"x\",\"seconds\":0.5}",
			"InvalidArgument \"seconds\" is 0.5; give a whole number from 1 to 300;" },
		{ "{\"device\":\"x\",\"seconds\":301}",
			"InvalidArgument \"seconds\" is 301; give a whole number from 1 to 300;" },
		{ "{\"device\":\"x\",\"seconds\":\"60\"}",
			"InvalidArgument \"seconds\" is \"60\"; give a whole number from 1 to "
			"300;" },
		{ "{\"device\":\"x\",\"use\":\"fix\"}",
			"InvalidArgument \"use\" is \"fix\"; give one of: fixed worn shared;" },
		{ "{\"device\":\"x\",\"key\":\"12345\"}",
			"InvalidArgument \"key\" is not what it has to be; give 2 to 4 bytes as "
			"hexadecimal digits;" },
		{ "{\"device\":\"x\",\"time\":\"now\"}",
			"InvalidArgument \"time\" is \"now\"; give a time such as "
			"2026-11-21T10:00:00Z;" },
		{ "{\"device\":\"x\",\"note\":\"123456\"}",
			"InvalidArgument \"note\" is \"123456\"; give a text of 1 to 5 bytes "
			"without control characters;" },
		{ "{\"device\":\"x\",\"note\":\"a\\u0007\"}",
			"InvalidArgument \"note\" is \"a\\u0007\"; give a text of 1 to 5 bytes "
			"without control characters;" },
		{ "{\"device\":\"x\",\"value\":[1]}",
			"InvalidArgument \"value\" is [1]; give e.g. \"value\":true;" },
		{ "{\"device\":7}", "InvalidArgument \"device\" is 7; give e.g. "
				    "\"device\":\"bed3-oximeter\";" },
		{ "{\"device\":\"x\",\"value\":1.5,\"key\":\"0aFF\",\"bed\":\"B.3\","
		  "\"seconds\":300,\"note\":\"é\"}",
			"Done {\"run\":2};" },
	};
	struct world w;

	begin(&w);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(ask(&w, "now", cases[i].json), cases[i].told);
	/* The sentences of the configuration. */
	assert_non_null(strstr(ask(&w, "now", "{\"device\":\"Bed 3\"}"),
		"InvalidArgument \"device\": \"Bed 3\" "));
	assert_non_null(strstr(ask(&w, "now", "{\"device\":\"x\",\"bed\":\"a/b\"}"),
		"InvalidArgument \"bed\": \"a/b\" "));
	assert_string_equal(ask(&w, "wait", "{\"x\":1}"),
		"InvalidArgument \"x\" is no argument of wait, which takes none; leave it out;");
	assert_int_equal(w.runs, 2);
	commands_free(w.commands);
}

static void test_refused(void **state)
{
	struct world w;

	begin(&w);
	assert_string_equal(
		ask(&w, "explode", NULL), "UnknownVerb there is no command of that name;");
	assert_string_equal(ask(&w, "later", NULL), "NotSupported this version cannot later;");
	assert_string_equal(ask_as(&w, COMMAND_BY_MQTT, "fail", "", NULL),
		"NotPermitted fail is not obeyed from afar;");
	assert_string_equal(
		ask(&w, "fail", NULL), "Failed cannot write the file: No space left on device;");
	assert_string_equal(w.audited,
		"uid 7 explode by nurse {}: there is no command of that name;"
		"uid 7 later by nurse {}: this version cannot later;"
		"topic fail by nurse {}: fail is not obeyed from afar;"
		"uid 7 fail by nurse {}: cannot write the file: No space left on device;");
	commands_free(w.commands);
}

/* Secrets do not get there, nor what is only looked at nearby. */
static void test_audit(void **state)
{
	struct world w;

	begin(&w);
	(void)ask(&w, "now", "{\"device\":\"x\",\"key\":\"00ff\",\"by\":\"me\"}");
	(void)ask(&w, "read", NULL);
	(void)ask(&w, "explode", "{\"key\":\"00ff\",\"n\":{\"key\":\"00ff\"}}");
	assert_string_equal(w.audited,
		"uid 7 now by nurse {\"device\":\"x\",\"key\":\"***\"}: Done;"
		"uid 7 explode by nurse {\"key\":\"***\",\"n\":\"***\"}: "
		"there is no command of that name;");
	commands_free(w.commands);
}

static void test_same_request(void **state)
{
	struct world w;

	begin(&w);
	assert_string_equal(
		ask_as(&w, COMMAND_BY_MQTT, "now", "r1", "{\"device\":\"x\",\"bed\":\"1\"}"),
		"Done {\"run\":1};");
	/* In another order, with another frame: the same. */
	assert_string_equal(ask_as(&w, COMMAND_BY_MQTT, "now", "r1",
				    "{\"bed\":\"1\",\"device\":\"x\",\"not_after\":\"2\"}"),
		"Done {\"run\":1};");
	assert_string_equal(ask_as(&w, COMMAND_BY_MQTT, "now", "r1", "{\"device\":\"y\"}"),
		"Refused this request was another command before; choose a new one for each;");
	assert_string_equal(ask_as(&w, COMMAND_BY_MQTT, "wait", "r1", NULL),
		"Refused this request was another command before; choose a new one for each;");
	/* Somebody else's. */
	assert_string_equal(
		ask_as(&w, COMMAND_BY_BUS, "now", "r1", "{\"device\":\"x\",\"bed\":\"1\"}"),
		"Done {\"run\":2};");
	/* A refusal is remembered as well. */
	assert_non_null(strstr(ask_as(&w, COMMAND_BY_MQTT, "now", "r2", NULL), "needs"));
	assert_non_null(strstr(ask_as(&w, COMMAND_BY_MQTT, "now", "r2", NULL), "needs"));
	assert_int_equal(w.runs, 2);

	/* While the first is under way, the second waits for the same answer. */
	assert_string_equal(ask_as(&w, COMMAND_BY_MQTT, "wait", "r3", NULL), "");
	assert_string_equal(ask_as(&w, COMMAND_BY_MQTT, "wait", "r3", NULL), "");
	assert_int_equal(w.runs, 3);
	call_ok(w.held, NULL);
	assert_string_equal(w.told, "Done -;Done -;");
	assert_string_equal(ask_as(&w, COMMAND_BY_MQTT, "wait", "r3", NULL), "Done -;");
	assert_int_equal(w.runs, 3);
	commands_free(w.commands);
}

/* What is refused beforehand is judged anew. */
static void test_refused_beforehand(void **state)
{
	struct command_request r = { .way = COMMAND_BY_MQTT,
		.origin = "t",
		.verb = "wait",
		.request = "r",
		.by = "n",
		.refused = "too late",
		.refused_as = COMMAND_REFUSED };
	struct world w;

	begin(&w);
	commands_run(w.commands, &r, on_answer, &w);
	assert_string_equal(w.told, "Refused too late;");
	assert_false(commands_remember(w.commands, &r));
	r.refused = NULL;
	commands_run(w.commands, &r, on_answer, &w);
	assert_int_equal(w.runs, 1);
	assert_true(commands_remember(w.commands, &r));
	call_error(w.held, COMMAND_NOT_FOUND, "no %s", "bed");
	assert_string_equal(w.told, "Refused too late;NotFound no bed;");
	commands_free(w.commands);
}

static void test_bounds(void **state)
{
	char request[32];
	struct world w;

	begin(&w);
	for (int i = 0; i < COMMANDS_RUNNING_MAX; i++) {
		snprintf(request, sizeof(request), "w%d", i);
		assert_string_equal(ask_as(&w, COMMAND_BY_MQTT, "wait", request, NULL), "");
	}
	assert_string_equal(
		ask(&w, "wait", NULL), "Busy too many commands are under way; ask again;");
	/* The end answers them all. */
	w.told[0] = 0;
	w.audited[0] = 0;
	commands_free(w.commands);
	assert_non_null(strstr(w.told, "Failed the gateway is stopping"));
}

/* The oldest give way, but none that runs. */
static void test_memory(void **state)
{
	struct answer_key key = { .by = "b" };
	struct commands_answer a = { COMMAND_DONE, NULL, "{}" }, got;
	struct answers *answers;
	char request[32];

	assert_int_equal(answers_new(&answers), 0);
	key.request = "first";
	answers_begin(answers, &key); /* not given */
	key.request = request;
	for (int i = 0; i < 3 * ANSWERS_KEPT; i++) {
		snprintf(request, sizeof(request), "%d", i);
		assert_int_equal(answers_find(answers, &key, &got), ANSWER_NONE);
		answers_begin(answers, &key);
		assert_int_equal(answers_find(answers, &key, &got), ANSWER_RUNNING);
		answers_give(answers, &key, &a);
		assert_int_equal(answers_find(answers, &key, &got), ANSWER_GIVEN);
		assert_string_equal(got.result, "{}");
	}
	key.request = "0";
	assert_int_equal(answers_find(answers, &key, &got), ANSWER_NONE);
	key.request = "first";
	assert_int_equal(answers_find(answers, &key, &got), ANSWER_RUNNING);
	answers_free(answers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_audit),
		cmocka_unit_test(test_same_request),
		cmocka_unit_test(test_refused_beforehand),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_memory),
	};

	log_set_level(LOG_ERR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
