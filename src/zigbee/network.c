/*
 * The network's life: up, down, passive, and what is told of it. See network.h.
 * The way up is in network_steps.c and network_form.c, what is done while it is
 * up in network_orders.c, messages in network_send.c, what the radio tells of
 * itself in network_events.c.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "zigbee/network_private.h"

static const struct ezsp_ops ezsp_ops;

static void configure(struct network *n, const struct network_config *config)
{
	n->config = *config;
	if (n->config.maker == 0)
		n->config.maker = MAKER_DEFAULT;
	if (n->config.power == 0)
		n->config.power = POWER_DEFAULT;
}

void network_init(
	struct network *n, const struct network_ops *ops, const struct network_config *config)
{
	*n = (struct network){ .ops = ops,
		.permit_until_us = INT64_MIN,
		.step_deadline_us = INT64_MAX,
		.retry_us = INT64_MAX,
		.look_us = INT64_MAX,
		.permit_again_us = INT64_MAX,
		.spread_us = INT64_MAX,
		.busy_us = INT64_MIN,
		.shut_us = INT64_MIN / 2,
		.overflow_us = INT64_MIN };
	configure(n, config);
	ezsp_init(&n->ezsp, &ezsp_ops);
}

void network_wipe(struct network *n)
{
	explicit_bzero(n, sizeof(*n));
	n->state = NETWORK_OFF;
	n->step_deadline_us = n->retry_us = n->look_us = n->permit_again_us = n->spread_us =
		INT64_MAX;
	n->permit_until_us = n->busy_us = n->overflow_us = INT64_MIN;
	ezsp_init(&n->ezsp, &ezsp_ops);
}

void network_keep(struct network *n, const struct netstate *s, bool lost)
{
	n->kept = s != NULL;
	n->lost = lost;
	n->unsafe = false;
	if (s)
		n->net = *s;
	else
		netstate_wipe(&n->net);
}

/* ---- telling ---- */

void network_tell(struct network *n, enum network_kind kind, uint32_t number, const char *text,
	int64_t now_us)
{
	const struct network_notice notice = { .kind = kind,
		.number = number,
		.text = text,
		.node = ZIGBEE_NODE_NONE,
		.parent = ZIGBEE_NODE_NONE };

	n->ops->notice(n, &notice, now_us);
}

void network_problem(struct network *n, int64_t now_us, const char *format, ...)
{
	char words[NETWORK_WORDS_SIZE];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	n->troubled = true;
	if (strcmp(words, n->problem) == 0)
		return;
	memcpy(n->problem, words, sizeof(words));
	network_tell(n, NETWORK_NOTICE_PROBLEM, 0, words, now_us);
}

/* ---- up and down ---- */

static void forget_step(struct network *n)
{
	n->step = STEP_NONE;
	n->waited = 0;
	n->step_deadline_us = INT64_MAX;
	n->retry_us = INT64_MAX;
	explicit_bzero(n->found_key, sizeof(n->found_key));
	explicit_bzero(n->found_link_key, sizeof(n->found_link_key));
}

/* It was meant for the radio that was there; what of it is kept goes on by itself. Whoever decided
 * it is told what was not done. */
static void cancel(struct network *n, int64_t now_us)
{
	if (n->restoring)
		network_problem(n, now_us,
			"the radio went before the network was written into it; nothing was "
			"written: " REMEDY_RESTORE);
	if (n->adopting)
		network_problem(n, now_us,
			"the radio went, and its network was not taken over: " REMEDY_ADOPT);
	n->adopting = n->restoring = n->token_written = n->restored = n->forming = false;
	n->unwritten = false;
	netstate_wipe(&n->target);
}

/* Returns false when somebody was called who made it something else. */
static bool go_down(struct network *n, enum network_state to, const char *why, int64_t now_us)
{
	bool was_up = n->state == NETWORK_UP;
	unsigned life = ++n->life;

	n->state = to;
	forget_step(n);
	network_orders_down(n);
	/* steps and orders take no notice of it; messages are told by themselves */
	ezsp_stop(&n->ezsp, now_us);
	network_sends_down(n, now_us);
	if (n->life == life && was_up) {
		n->counters.downs++;
		network_tell(n, NETWORK_NOTICE_DOWN, 0, why, now_us);
	}
	return n->life == life;
}

static void reset(struct network *n, int64_t now_us)
{
	n->state = NETWORK_RESETTING;
	n->retry_us = INT64_MAX;
	n->counters.resets++;
	n->ops->reset(n, now_us);
}

/* The first reset is at once; those of a radio that does not come up have pauses between them. */
static void go_down_and_reset(struct network *n, bool failed, const char *why, int64_t now_us)
{
	int64_t wait_us = 0;
	unsigned life;

	if (!go_down(n, NETWORK_RESTING, why, now_us))
		return;
	if (failed && n->failures++ > 0)
		wait_us = NETWORK_RETRY_MIN_US << (n->failures < 8 ? n->failures - 2 : 6);
	if (wait_us > NETWORK_RETRY_MAX_US)
		wait_us = NETWORK_RETRY_MAX_US;
	n->retry_us = now_us + wait_us;
	if (wait_us > 0 && n->ops->silence)
		n->ops->silence(n);
	life = n->life;
	network_tell(n, NETWORK_NOTICE_RESET, failed, why, now_us);
	if (n->life == life && n->state == NETWORK_RESTING && wait_us == 0)
		reset(n, now_us);
}

void network_fail(struct network *n, int64_t now_us, const char *format, ...)
{
	char words[NETWORK_WORDS_SIZE];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	n->counters.failures++;
	go_down_and_reset(n, true, words, now_us);
}

void network_restart(struct network *n, const char *why, int64_t now_us)
{
	go_down_and_reset(n, false, why, now_us);
}

void network_begin(struct network *n, int64_t now_us)
{
	n->failures = 0;
	cancel(n, now_us);
	if (go_down(n, NETWORK_RESTING, "the port is opened anew", now_us))
		reset(n, now_us);
}

void network_stop(struct network *n, int64_t now_us)
{
	cancel(n, now_us);
	(void)go_down(n, NETWORK_OFF, "the radio is gone", now_us);
}

void network_link_up(struct network *n, int64_t now_us)
{
	if (n->state == NETWORK_OFF ||
		!go_down(n, NETWORK_STARTING, "the radio has started anew", now_us))
		return;
	n->linked_us = now_us;
	n->commands = 1; /* the version's */
	n->leaving = false;
	n->scanned = n->looked = false;
	n->troubled = false;
	ezsp_start(&n->ezsp, n->former_version, now_us);
}

void network_link_down(struct network *n, const char *why, int64_t now_us)
{
	/* where nothing is to be done, or the pause before the next reset runs */
	if (n->state == NETWORK_OFF || n->state == NETWORK_RESTING)
		return;
	network_fail(n, now_us, "%s", why);
}

void network_change(struct network *n, const struct network_config *config, int64_t now_us)
{
	network_stop(n, now_us);
	network_orders_end(n, now_us);
	explicit_bzero(&n->config, sizeof(n->config));
	configure(n, config);
	/* of the radio that was */
	n->eui64 = 0;
	n->former_version = 0;
	n->problem[0] = 0;
	n->differs = 0; /* a mismatch is told anew */
}

/* Returns whether nobody who was told changed its state. */
static bool tell_still(struct network *n, enum network_kind kind, uint32_t number, const char *text,
	int64_t now_us)
{
	unsigned life = n->life;

	network_tell(n, kind, number, text, now_us);
	return n->life == life;
}

void network_is_up(struct network *n, int64_t now_us)
{
	uint32_t took_us = (uint32_t)(now_us - n->linked_us);
	bool formed = n->forming, restored = n->restored, matches = n->mismatched;
	char words[96];

	forget_step(n);
	n->state = NETWORK_UP;
	n->up_us = now_us;
	n->differs = 0;
	n->failures = 0;
	n->counters.ups++;
	n->forming = n->restored = n->unwritten = n->mismatched = n->lost = false;
	if (!n->troubled)
		n->problem[0] = 0;
	network_orders_up(n, now_us);
	if (matches && !tell_still(n, NETWORK_NOTICE_MATCHES, 0, "", now_us))
		return;
	if (formed && !tell_still(n, NETWORK_NOTICE_FORMED, n->net.channel, n->why, now_us))
		return;
	(void)snprintf(words, sizeof(words),
		"it was written into the radio: channel %u, PAN %04x, frames counted on from %lu",
		n->net.channel, n->net.pan, (unsigned long)n->net.counter);
	if (restored && !tell_still(n, NETWORK_NOTICE_RESTORED, n->net.channel, words, now_us))
		return;
	if (tell_still(n, NETWORK_NOTICE_UP, took_us, "", now_us))
		network_early_take(n, now_us);
}

void network_be_passive(struct network *n, uint32_t differs, int64_t now_us)
{
	bool known = n->mismatched && n->differs == differs;
	char words[NETWORK_WORDS_SIZE];

	network_differs_words(n, differs, words, sizeof(words));
	/* unless there is something newer: why what people decided could not be done */
	if (!n->troubled)
		memcpy(n->problem, words, sizeof(words));
	forget_step(n);
	network_early_drop(n);
	n->state = NETWORK_PASSIVE;
	n->differs = differs;
	n->failures = 0;
	n->mismatched = true;
	cancel(n, now_us);
	if (!known)
		network_tell(n, NETWORK_NOTICE_MISMATCH, differs, words, now_us);
}

/* ---- what is kept ---- */

int network_keep_now(struct network *n, int64_t now_us)
{
	int r;

	if (n->keeping) {
		n->keep_again = true;
		return 1;
	}
	n->net.generation++;
	r = n->ops->keep(n, &n->net, now_us);
	n->keeping = r > 0;
	n->keep_again = r < 0; /* with the next look at the counter */
	return r;
}

void network_kept(struct network *n, int error, int64_t now_us)
{
	if (!n->keeping)
		return;
	n->keeping = false;
	if (error < 0 && n->step != STEP_KEEP)
		network_problem(n, now_us,
			"what is to be kept of the network could not be written: %s",
			strerrordesc_np(-error));
	if (n->keep_again && error == 0)
		error = network_keep_now(n, now_us);
	n->keep_again |= error < 0;
	if (!n->keeping)
		network_step_kept(n, error, now_us);
}

/* ---- the radio ---- */

static struct network *network_of(struct ezsp *e)
{
	return (struct network *)e;
}

static int on_send(struct ezsp *e, const uint8_t *frame, size_t length, int64_t now_us)
{
	struct network *n = network_of(e);

	return n->ops->send(n, frame, length, now_us);
}

static void on_ready(struct ezsp *e, const struct ezsp_values *v, int64_t now_us)
{
	struct network *n = network_of(e);
	unsigned life = n->life;
	char words[96];

	/* one that was not guessed right was asked for twice */
	n->commands += v->version != (n->former_version ? n->former_version : EZSP_VERSION_FIRST);
	n->former_version = v->version;
	n->stack_version = v->stack_version;
	n->stack_type = v->stack_type;
	if (v->version > EZSP_VERSION_NEWEST && !n->told_newer) {
		n->told_newer = true;
		(void)snprintf(words, sizeof(words),
			"the radio speaks EZSP %u; it is taken for %u, the newest that was tried",
			v->version, EZSP_VERSION_NEWEST);
		network_tell(n, NETWORK_NOTICE_NEWER, v->version, words, now_us);
	}
	if (n->life == life && n->state == NETWORK_STARTING)
		network_go(n, STEP_EUI64, now_us);
}

static void on_callback(
	struct ezsp *e, uint16_t id, int result, const struct ezsp_values *v, int64_t now_us)
{
	network_event(network_of(e), id, result, v, now_us);
}

static void on_failed(struct ezsp *e, enum ezsp_reason reason, int64_t now_us)
{
	struct network *n = network_of(e);

	switch (reason) {
	case EZSP_SILENT:
		network_fail(n, now_us,
			"the radio does not answer; if that goes on, unplug it and plug it in "
			"again");
		break;
	case EZSP_FORGOT:
		network_fail(n, now_us, "the radio has started anew by itself");
		break;
	case EZSP_UNSUPPORTED:
		network_problem(n, now_us,
			"the radio's firmware is too old: EZSP %d is the oldest that is supported",
			EZSP_VERSION_MIN);
		network_fail(n, now_us, "its firmware is too old");
		break;
	case EZSP_DISAGREES:
		network_problem(n, now_us, "no version of EZSP could be agreed on with the radio");
		network_fail(n, now_us, "no version of EZSP could be agreed on");
		break;
	}
}

static const struct ezsp_ops ezsp_ops = {
	.send = on_send,
	.ready = on_ready,
	.callback = on_callback,
	.failed = on_failed,
};

/* What may be done now that could not before. */
static void run(struct network *n, int64_t now_us)
{
	if (n->state != NETWORK_UP)
		return;
	network_orders_run(n, now_us);
	network_sends_run(n, now_us);
}

void network_receive(struct network *n, const uint8_t *frame, size_t length, int64_t now_us)
{
	ezsp_receive(&n->ezsp, frame, length, now_us);
	network_overflows(n, now_us);
	run(n, now_us);
}

/* ---- time ---- */

static int64_t sooner(int64_t x, int64_t y)
{
	return x < y ? x : y;
}

int64_t network_deadline(const struct network *n)
{
	int64_t at = sooner(ezsp_deadline(&n->ezsp), n->step_deadline_us);

	at = sooner(at, n->retry_us);
	if (n->ezsp.counters.overflows != n->overflows_told)
		at = sooner(at, n->overflow_us);
	at = sooner(at, network_orders_deadline(n));
	return sooner(at, network_sends_deadline(n));
}

void network_tick(struct network *n, int64_t now_us)
{
	if (n->state == NETWORK_RESTING && now_us >= n->retry_us)
		reset(n, now_us);
	ezsp_tick(&n->ezsp, now_us);
	if (now_us >= n->step_deadline_us)
		network_step_tick(n, now_us);
	network_overflows(n, now_us);
	network_orders_tick(n, now_us);
	network_sends_tick(n, now_us);
	run(n, now_us);
}

/* ---- what people decide ---- */

int network_adopt(struct network *n, int64_t now_us)
{
	if (n->state != NETWORK_PASSIVE)
		return -EINVAL;
	n->adopting = true;
	network_restart(n, "its network is taken over", now_us);
	return 0;
}

int network_restore(struct network *n, const struct netstate *s, bool other_eui64, int64_t now_us)
{
	if (!s && n->kept)
		s = &n->net;
	if (!s || !netstate_valid(s) || s->eui64 == 0)
		return -EINVAL;
	if (n->state != NETWORK_STARTING && n->state != NETWORK_UP && n->state != NETWORK_PASSIVE)
		return -ENETDOWN;
	n->target = *s;
	n->adopting = n->token_written = false;
	n->restoring = true;
	n->other_eui64 = other_eui64;
	network_restart(n, "a network is written into it", now_us);
	return 0;
}

const char *network_state_word(enum network_state state)
{
	switch (state) {
	case NETWORK_OFF:
		return "off";
	case NETWORK_RESTING:
		return "resting";
	case NETWORK_RESETTING:
		return "resetting";
	case NETWORK_STARTING:
		return "starting";
	case NETWORK_UP:
		return "up";
	case NETWORK_PASSIVE:
		return "passive";
	}
	return "unknown";
}
