/*
 * Answers that wait for the disk: what somebody has done about an alarm, or
 * charted, survives a power cut when the command is answered. A disk that cannot
 * write does not take back what was done, so the answer is not an error then but
 * says "kept":false.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/control_private.h"
#include "desk/desk.h"
#include "util/text.h"

/* Somebody waits for the answer: a commit of two seconds is waited for, a dead disk is not. */
#define PATIENCE_US UINT64_C(5000000)

struct kept_call {
	struct kept_call *next;
	struct control *control;
	struct command_call *call;
	sd_event_source *timer;  /* of the patience */
	struct receipt *receipt; /* NULL: it waits for the desk, or for nothing */
	char *result;            /* a JSON object */
};

void kept_drop(struct kept_call *k)
{
	for (struct kept_call **at = &k->control->kept; *at; at = &(*at)->next)
		if (*at == k) {
			*at = k->next;
			break;
		}
	sd_event_source_disable_unref(k->timer);
	free(k->result);
	free(k);
}

/* It goes on being written; only the answer does not wait for it. */
static int on_patience(sd_event_source *s, uint64_t usec, void *userdata)
{
	struct kept_call *k = userdata;

	receipt_cancel(k->receipt);
	desk_forget(k->control->parts.desk, k);
	kept_end(k, -ETIMEDOUT);
	return 0;
}

struct kept_call *kept_begin(struct control *c, struct command_call *call, struct view *v)
{
	struct kept_call *k = calloc(1, sizeof(*k));
	char *result = view_end(v);

	if (!k || !result) {
		free(k);
		free(result);
		call_error(call, COMMAND_FAILED, "out of memory");
		return NULL;
	}
	*k = (struct kept_call){ .next = c->kept, .control = c, .call = call, .result = result };
	c->kept = k;
	/* Without it the desk and the ledger have a patience of their own, which is longer. */
	(void)sd_event_add_time_relative(
		c->parts.event, &k->timer, CLOCK_BOOTTIME, PATIENCE_US, 100000, on_patience, k);
	return k;
}

void kept_wait(struct kept_call *k, struct receipt *receipt)
{
	k->receipt = receipt;
}

/* The result with what is to be said of the disk. */
static void put_result(const struct kept_call *k, int error, FILE *f)
{
	size_t n = strlen(k->result) - 1; /* the brace */

	(void)fwrite(k->result, 1, n, f);
	fprintf(f, "%s\"kept\":false,\"problem\":", n > 1 ? "," : "");
	text_print_json(
		f, error == -ETIMEDOUT ? "the disk has not taken it yet" : strerror(-error));
	putc('}', f);
}

void kept_end(struct kept_call *k, int error)
{
	struct command_call *call = k->call;
	struct view v;

	if (error == 0) {
		_cleanup_(freep) char *result = TAKE_PTR(k->result);

		kept_drop(k);
		call_ok(call, result);
		return;
	}
	if (view_begin(&v) < 0) {
		kept_drop(k);
		call_ok(call, "{\"kept\":false}");
		return;
	}
	put_result(k, error, v.f);
	kept_drop(k);
	view_answer(&v, call);
}

void kept_received(enum receipt_outcome outcome, void *userdata)
{
	kept_end(userdata, outcome == RECEIPT_SAFE ? 0 : -ETIMEDOUT);
}

static void on_kept(int error, void *userdata)
{
	kept_end(userdata, error);
}

void call_when_kept(struct control *c, struct command_call *call, struct view *v)
{
	struct kept_call *k = kept_begin(c, call, v);
	int r = k ? desk_when_kept(c->parts.desk, on_kept, k) : 0;

	if (r < 0)
		kept_end(k, r);
}

void kept_abandon(struct control *c)
{
	while (c->kept) {
		struct kept_call *k = c->kept;

		receipt_cancel(k->receipt);
		desk_forget(c->parts.desk, k);
		kept_drop(k);
	}
}
