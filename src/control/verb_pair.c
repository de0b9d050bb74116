/*
 * pair, unpair: the dialogue that bonds a device, as commands that each have one
 * answer. "pair" begins it and is answered at the next step: a question, or the
 * end. "pair" with an answer goes on to the step after that. So it is the same
 * over D-Bus and over MQTT. One pairing at a time; what the driver does for it is
 * behind wardgate/pairing.h.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "config/parse.h"
#include "control/control_private.h"
#include "control/pair_words.h"
#include "control/verbs.h"
#include "util/text.h"

#define WAIT_S 60
#define WAIT_MIN_S 5
#define WAIT_MAX_S 300
/* The protocol gives up after 30 s (Core Vol 3 Part H 3.4); this is for whatever does not. */
#define ANSWER_S 60

struct pair_run {
	struct control *control;
	uint32_t number;
	char device[LABEL_MAX + 1], address[DEVICE_ADDRESS_MAX + 1];
	int64_t wait_s;
	struct command_call *call; /* waits for the next step; NULL: nobody does */
	/* The driver's, until it has ended. */
	const struct pairing *driver;
	void *state;
	bool open; /* a question is */
	bool told; /* and somebody was told of it */
	enum pairing_question question;
	uint32_t shown;
	int64_t answer_until_us;
	bool ended;
	struct pairing_result result;
};

static struct pair_run *run_free(struct pair_run *x)
{
	if (!x)
		return NULL;
	if (x->control->pair_run == x)
		x->control->pair_run = NULL;
	free(x);
	return NULL;
}

/* --- steps --- */

static int begin_step(const struct pair_run *x, const char *step, struct view *v)
{
	if (view_begin(v) < 0)
		return -ENOMEM;
	fprintf(v->f, "{\"device\":\"%s\",\"pairing\":%" PRIu32 ",\"step\":\"%s\"", x->device,
		x->number, step);
	return 0;
}

/* Tells the question; the pairing goes on. */
static void tell_question(struct pair_run *x, struct command_call *call)
{
	static const char *const steps[_PAIRING_QUESTION_MAX] = {
		[PAIRING_COMPARE] = "compare",
		[PAIRING_ENTER] = "enter",
		[PAIRING_SHOW] = "show",
	};
	struct view v;

	if (begin_step(x, steps[x->question], &v) < 0) {
		call_error(call, COMMAND_FAILED, "out of memory");
		return;
	}
	if (x->question != PAIRING_ENTER)
		fprintf(v.f, ",\"number\":\"%06" PRIu32 "\"", x->shown);
	putc('}', v.f);
	x->told = true;
	view_answer(&v, call);
}

static void tell_bonded(const struct pair_run *x, struct command_call *call)
{
	const struct pairing_result *r = &x->result;
	struct view v;

	if (begin_step(x, "done", &v) < 0) {
		call_error(call, COMMAND_FAILED, "it is done, but there is no memory to say so");
		return;
	}
	fprintf(v.f, ",\"secure_connections\":%s,\"authenticated\":%s",
		r->secure_connections ? "true" : "false", r->authenticated ? "true" : "false");
	if (*r->identity) {
		fputs(",\"identity\":", v.f);
		text_print_json(v.f, r->identity);
	}
	putc('}', v.f);
	view_answer(&v, call);
}

/* Ends the call with what became of the pairing. */
static void tell_end(const struct pair_run *x, struct command_call *call)
{
	char why[COMMAND_SENTENCE_MAX];
	enum command_outcome o = pair_sentence(&x->result, x->device, x->address, x->wait_s, why);

	if (o == COMMAND_DONE)
		tell_bonded(x, call);
	else
		call_error(call, o, "%s", why);
}

/* --- what the driver tells --- */

static void on_asks(enum pairing_question question, uint32_t number, void *userdata)
{
	struct pair_run *x = userdata;
	struct command_call *call = TAKE_PTR(x->call);

	x->open = true;
	x->told = false;
	x->question = question;
	x->shown = number <= PAIRING_NUMBER_MAX ? number : PAIRING_NUMBER_MAX;
	x->answer_until_us = boottime_us() + ANSWER_S * INT64_C(1000000);
	if (call)
		tell_question(x, call);
}

static void end_run(struct pair_run *x)
{
	struct command_call *call = TAKE_PTR(x->call);

	x->open = false;
	x->ended = true;
	x->driver = NULL;
	/* Nobody waits: it is told to whoever asks how it went, until the next one begins. */
	if (!call)
		return;
	tell_end(x, call);
	run_free(x);
}

static void on_ends(const struct pairing_result *result, void *userdata)
{
	struct pair_run *x = userdata;

	x->result = *result;
	end_run(x);
}

void pairing_tick(struct control *c, int64_t boot_us)
{
	struct pair_run *x = c->pair_run;

	if (!x || !x->open || x->question == PAIRING_SHOW || boot_us < x->answer_until_us)
		return;
	x->driver->cancel(x->state);
	x->result = (struct pairing_result){ .outcome = PAIRING_TIMED_OUT };
	end_run(x);
}

void pairing_abandon(struct control *c)
{
	struct pair_run *x = c->pair_run;

	/* The drivers, which end what is under way, are gone before. */
	if (x && !x->ended)
		x->driver->cancel(x->state);
	run_free(x);
}

/* --- what is asked of it --- */

const struct pairing *pairing_driver(
	const struct control *c, struct command_call *call, void **ret_state)
{
	const struct pairing *p =
		c->parts.hooks.pairing ? c->parts.hooks.pairing(ret_state, c->parts.hooks.userdata)
				       : NULL;

	if (p)
		return p;
	if (!c->config->ble.enabled)
		call_error(call, COMMAND_REFUSED,
			"Bluetooth is not enabled; set Enabled=yes in [BLE], and reload");
	else
		call_error(call, COMMAND_FAILED,
			"Bluetooth is enabled and does not run; wardgatectl status and the log say "
			"why");
	return NULL;
}

/* The device, NULL: the call has ended. */
static struct device *find_device(struct control *c, struct command_call *call)
{
	const char *name = call_text(call, "device");
	struct device *d = registry_by_name(gateway_registry(c->parts.gateway), name);

	if (!d)
		call_error(call, COMMAND_NOT_FOUND,
			"there is no device %s; wardgatectl devices lists them, and wardgatectl "
			"adopt takes one in",
			name);
	else if (d->transport != TRANSPORT_BLE)
		call_error(call, COMMAND_REFUSED,
			"%s is linked by %s; only Bluetooth devices (Transport=ble) are paired",
			name, transport_text(d->transport));
	return d && d->transport == TRANSPORT_BLE ? d : NULL;
}

static void begin_failed(struct command_call *call, const char *name, int error)
{
	if (error == -EBUSY)
		call_error(call, COMMAND_BUSY,
			"another device is being paired; try again in a moment");
	else if (error == -ENODEV)
		call_error(call, COMMAND_FAILED,
			"there is no Bluetooth adapter that can be used; wardgatectl doctor says "
			"what would help");
	else
		call_error(call, COMMAND_FAILED, "pairing %s cannot begin: %s", name,
			strerror(-error));
}

static struct pair_run *run_new(struct control *c, const struct device *d, int64_t wait_s)
{
	struct pair_run *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	x->control = c;
	x->number = ++c->pair_number;
	x->wait_s = wait_s;
	(void)snprintf(x->device, sizeof(x->device), "%s", d->name->text);
	(void)snprintf(x->address, sizeof(x->address), "%s", d->address);
	return x;
}

/* The address that it is to be found by; false: the call has ended. */
static bool read_address(struct command_call *call, char buf[DEVICE_ADDRESS_MAX + 1])
{
	const char *text = call_text(call, "address");
	struct config_why why;

	*buf = 0;
	if (!text || config_parse_address(TRANSPORT_BLE, text, buf, &why) == 0)
		return true;
	call_error(call, COMMAND_INVALID_ARGUMENT, "\"address\" %s", why.text);
	return false;
}

static void run_begin(struct control *c, struct command_call *call)
{
	struct pairing_events events = { .asks = on_asks, .ends = on_ends };
	int64_t wait_s = call_integer(call, "seconds", WAIT_S);
	char address[DEVICE_ADDRESS_MAX + 1];
	const struct config_device *configured;
	const struct pairing *driver;
	struct device *d;
	struct pair_run *x;
	void *state;
	int r;

	driver = pairing_driver(c, call, &state);
	d = driver ? find_device(c, call) : NULL;
	if (!d || !read_address(call, address))
		return;
	configured = view_configured(c, d->name->text);
	if (configured && configured->bonding == BONDING_NO) {
		call_error(call, COMMAND_REFUSED,
			"%s is never to be paired, as Bonding=no in its section says; set "
			"Bonding=auto there, and reload",
			d->name->text);
		return;
	}
	if (c->pair_run && !c->pair_run->ended) {
		call_error(call, COMMAND_BUSY,
			"%s is being paired; wait until that is over, or end it: wardgatectl pair "
			"%s --cancel",
			c->pair_run->device, c->pair_run->device);
		return;
	}
	run_free(c->pair_run);
	x = run_new(c, d, wait_s);
	if (!x) {
		call_error(call, COMMAND_FAILED, "out of memory");
		return;
	}
	events.userdata = x;
	r = driver->begin(state, d, *address ? address : NULL,
		boottime_us() + wait_s * INT64_C(1000000), &events);
	if (r < 0) {
		free(x);
		begin_failed(call, d->name->text, r);
		return;
	}
	x->driver = driver;
	x->state = state;
	x->call = call;
	c->pair_run = x;
}

/* Six digits, with or without a blank in their middle. */
static bool parse_passkey(const char *text, uint32_t *ret)
{
	uint32_t n = 0;
	size_t digits = 0;

	for (; *text; text++) {
		if (*text == ' ' && digits == 3)
			continue;
		if (!isdigit((unsigned char)*text) || digits == 6)
			return false;
		n = n * 10 + (uint32_t)(*text - '0');
		digits++;
	}
	*ret = n;
	return digits == 6;
}

static void run_cancel(struct pair_run *x, struct command_call *call)
{
	struct command_call *waiting = TAKE_PTR(x->call);
	struct view v;

	if (!x->ended)
		x->driver->cancel(x->state);
	if (waiting)
		call_error(waiting, COMMAND_FAILED, "the pairing of %s was cancelled", x->device);
	if (begin_step(x, "cancelled", &v) < 0) {
		run_free(x);
		call_ok(call, NULL);
		return;
	}
	putc('}', v.f);
	run_free(x);
	view_answer(&v, call);
}

static void run_wait(struct pair_run *x, struct command_call *call)
{
	if (x->open && (!x->told || x->question != PAIRING_SHOW))
		tell_question(x, call);
	else
		x->call = call;
}

static void run_reply(struct pair_run *x, struct command_call *call, const char *answer)
{
	bool yes = strcmp(answer, "yes") == 0, no = strcmp(answer, "no") == 0;
	uint32_t number = 0;

	if (!x->open || x->question == PAIRING_SHOW) {
		call_error(call, COMMAND_INVALID_ARGUMENT,
			"%s asks nothing now; give \"wait\" to wait for what comes next, or "
			"\"cancel\"",
			x->device);
		return;
	}
	if (x->question == PAIRING_COMPARE && !yes && !no) {
		call_error(call, COMMAND_INVALID_ARGUMENT,
			"\"answer\": give \"yes\" if %s shows %06" PRIu32 ", else \"no\"",
			x->device, x->shown);
		return;
	}
	if (x->question == PAIRING_ENTER && !no) {
		yes = parse_passkey(answer, &number);
		if (!yes) {
			call_error(call, COMMAND_INVALID_ARGUMENT,
				"\"answer\": give the six digits that %s shows or has on its "
				"label, or \"no\"",
				x->device);
			return;
		}
	}
	x->open = false;
	x->call = call;
	/* May end it, and the call, from within. */
	x->driver->answer(x->state, yes, number);
}

static void run_answer(struct control *c, struct command_call *call, const char *answer)
{
	struct pair_run *x = c->pair_run;
	/* Whoever was not told the number yet may end it, too. */
	int64_t number = call_integer(call, "pairing", x ? x->number : 0);

	if (!x || x->number != number || strcmp(x->device, call_text(call, "device")) != 0) {
		call_error(call, COMMAND_NOT_FOUND,
			"that pairing is not under way any more; begin with pair without "
			"\"answer\"");
		return;
	}
	if (strcmp(answer, "cancel") == 0) {
		run_cancel(x, call);
	} else if (x->call) {
		call_error(call, COMMAND_BUSY,
			"somebody waits for %s already; give \"cancel\" to end it", x->device);
	} else if (x->ended) {
		tell_end(x, call);
		run_free(x);
	} else if (strcmp(answer, "wait") == 0) {
		run_wait(x, call);
	} else {
		run_reply(x, call, answer);
	}
}

static void run_pair(struct command_call *call, void *userdata)
{
	const char *answer = call_text(call, "answer");

	if (answer && !call_argument(call, "pairing") && strcmp(answer, "cancel") != 0)
		call_error(call, COMMAND_INVALID_ARGUMENT,
			"\"answer\" needs \"pairing\", the number of the pairing that asked");
	else if (!answer && call_argument(call, "pairing"))
		call_error(call, COMMAND_INVALID_ARGUMENT,
			"\"pairing\" needs \"answer\": yes, no, six digits, wait or cancel");
	else if (answer)
		run_answer(userdata, call, answer);
	else
		run_begin(userdata, call);
}

const struct command_row verb_pair = {
	.verb = "pair",
	.arguments = ARGUMENTS({ DEVICE, NEEDS },
		{ .name = "seconds",
			.kind = ARGUMENT_INTEGER,
			.min = WAIT_MIN_S,
			.max = WAIT_MAX_S,
			.example = "60" },
		{ .name = "address",
			.kind = ARGUMENT_TEXT,
			.min = 1,
			.max = DEVICE_ADDRESS_MAX,
			.example = "\"C0:FF:EE:00:00:01\"" },
		{ .name = "pairing",
			.kind = ARGUMENT_INTEGER,
			.min = 1,
			.max = UINT32_MAX,
			.example = "1" },
		{ .name = "answer",
			.kind = ARGUMENT_TEXT,
			.secret = true,
			.min = 1,
			.max = 16,
			.example = "\"yes\"" }),
	.run = run_pair,
	.afar = true,
};

/* --- unpair --- */

static void on_unpaired(int error, void *userdata)
{
	struct command_call *call = userdata;

	if (error == -ENOENT)
		call_error(call, COMMAND_NOT_FOUND, "%s is not paired", call_text(call, "device"));
	else if (error < 0)
		call_errno(call, "the bond cannot be removed", error);
	else
		call_ok(call, NULL);
}

static void run_unpair(struct command_call *call, void *userdata)
{
	struct control *c = userdata;
	const struct pairing *driver;
	struct device *d;
	void *state;

	driver = pairing_driver(c, call, &state);
	d = driver ? find_device(c, call) : NULL;
	if (!d)
		return;
	if (c->pair_run && !c->pair_run->ended && strcmp(c->pair_run->device, d->name->text) == 0)
		call_error(call, COMMAND_BUSY, "%s is being paired; end that first", d->name->text);
	else
		driver->unpair(state, d, on_unpaired, call);
}

const struct command_row verb_unpair = {
	.verb = "unpair",
	.arguments = ARGUMENTS({ DEVICE, NEEDS }),
	.run = run_unpair,
	.afar = true,
};

/* --- for others --- */

void pairing_forget(struct control *c, const char *device)
{
	struct device *d = registry_by_name(gateway_registry(c->parts.gateway), device);
	const struct pairing *p = NULL;
	void *state;

	if (c->parts.hooks.pairing)
		p = c->parts.hooks.pairing(&state, c->parts.hooks.userdata);
	if (p && d && d->transport == TRANSPORT_BLE)
		p->unpair(state, d, NULL, NULL);
}

void pairing_view(const struct control *c, const struct device *d, FILE *f)
{
	static const char *const states[] = {
		[PAIRING_BOND_NONE] = "none",
		[PAIRING_BOND_GOOD] = "good",
		[PAIRING_BOND_STALE] = "stale",
	};
	static const char *const links[_PAIRING_LINK_STATE_MAX] = {
		[PAIRING_LINK_NOT_HEARD] = "not-heard",
		[PAIRING_LINK_HEARD] = "heard",
		[PAIRING_LINK_BROADCAST] = "broadcast",
		[PAIRING_LINK_WAITING] = "waiting",
		[PAIRING_LINK_CONNECTING] = "connecting",
		[PAIRING_LINK_SETTING_UP] = "setting-up",
		[PAIRING_LINK_CONNECTED] = "connected",
	};
	struct pairing_bond bond = { .state = PAIRING_BOND_NONE };
	struct pairing_link link = { .state = PAIRING_LINK_NOT_HEARD };
	const struct pairing *p = NULL;
	void *state;

	if (d->transport == TRANSPORT_BLE && c->parts.hooks.pairing)
		p = c->parts.hooks.pairing(&state, c->parts.hooks.userdata);
	if (!p)
		return;
	p->bond(state, d, &bond);
	fprintf(f, ",\"bond\":{\"state\":\"%s\"", states[bond.state]);
	if (bond.state != PAIRING_BOND_NONE)
		fprintf(f, ",\"secure_connections\":%s,\"authenticated\":%s",
			bond.secure_connections ? "true" : "false",
			bond.authenticated ? "true" : "false");
	p->link(state, d, &link);
	fprintf(f, "},\"link\":{\"state\":\"%s\"", links[link.state]);
	if (link.signal_dbm)
		fprintf(f, ",\"signal\":%d", link.signal_dbm);
	if (link.heard_boot_us)
		fprintf(f, ",\"heard_ms_ago\":%" PRId64,
			(boottime_us() - link.heard_boot_us) / 1000);
	putc('}', f);
}
