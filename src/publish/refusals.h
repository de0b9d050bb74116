/*
 * Commands from afar that never reach the table of commands, summed up: the
 * first of a kind is told at once, those that follow once a minute, so that a
 * flood of them makes neither a log nor an audit trail grow. Pure.
 */
#pragma once

#include <stdint.h>

#define REFUSALS_EVERY_US INT64_C(60000000)
#define REFUSALS_VERBS_MAX 8 /* different ones that are named */
#define REFUSALS_VERB_MAX 40 /* bytes; a longer or odd one is "?" */

enum refusal {
	REFUSAL_RATE,           /* more than COMMAND_RATE a second: not looked at, not answered */
	REFUSAL_MALFORMED,      /* cannot be read; answered */
	REFUSAL_RESPONSE_TOPIC, /* that topic is not answered to; the command itself is judged as
				   any other and answered on the gateway's own topic */
	_REFUSAL_MAX
};
/* "rate", "malformed", "response-topic". */
const char *refusal_text(enum refusal why);

struct publish_refusals {
	enum refusal why;
	uint64_t count;
	int64_t first_us, last_us; /* UTC */
	const char *verbs;         /* separated by spaces; "..." at the end: and others. Borrowed */
};
typedef void (*publish_refused_fn)(const struct publish_refusals *r, void *userdata);

struct refusals {
	publish_refused_fn tell;
	void *userdata;
	struct refusal_burst {
		struct publish_refusals sum;
		unsigned named;
		int64_t until_us; /* boot time: what comes before is summed up; 0: at rest */
		char verbs[REFUSALS_VERBS_MAX * (REFUSALS_VERB_MAX + 1) + 4];
	} bursts[_REFUSAL_MAX];
};

/* One was refused. verb is any text. */
void refusals_note(
	struct refusals *r, enum refusal why, const char *verb, int64_t now_us, int64_t boot_us);
/* When to call refusals_tick(): a boot time, INT64_MAX for never. */
int64_t refusals_next(const struct refusals *r);
/* Tells what is due. */
void refusals_tick(struct refusals *r, int64_t boot_us);
/* Tells all that was not told yet. */
void refusals_flush(struct refusals *r);
