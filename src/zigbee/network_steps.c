/*
 * The steps from a radio that answers to a network that is up: see
 * network_private.h. What does not matter may be refused.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "zigbee/network_private.h"

#define STACK_UP EZSP_STATUS_NETWORK_UP
#define STACK_DOWN EZSP_STATUS_NETWORK_DOWN
#define SCAN_DONE 1 /* no status, but waited for like one */

/* Where a radio keeps an EUI-64 that was written into it, by the older number and the newer. */
#define TOKEN_EUI64 UINT32_C(0x0000e12a)
#define TOKEN_EUI64_NEWER UINT32_C(0x0001e12a)

static void answered(
	struct ezsp *e, void *userdata, int result, const struct ezsp_values *v, int64_t now_us);

/* ---- what follows what ---- */

static void keep(struct network *n, int64_t now_us)
{
	unsigned life = n->life;
	int r;

	n->step_deadline_us = now_us + NETWORK_KEEP_US;
	n->unsafe = true;
	r = network_keep_now(n, now_us);
	if (n->life == life && n->step == STEP_KEEP && r <= 0)
		network_step_kept(n, r, now_us);
}

void network_step_kept(struct network *n, int error, int64_t now_us)
{
	if (n->step != STEP_KEEP)
		return;
	if (error < 0) {
		network_problem(n, now_us,
			"no network is formed, as its keys could not be kept: %s",
			strerrordesc_np(-error));
		network_fail(n, now_us, "its keys could not be kept");
		return;
	}
	n->unsafe = false;
	network_go(n, n->leaving ? STEP_LEAVE : STEP_COUNTER_SET, now_us);
}

/* No network is in the radio. */
static void blank(struct network *n, int64_t now_us)
{
	char why[NETWORK_WORDS_SIZE];
	int r;

	if (n->adopting)
		network_problem(n, now_us, "the radio has no network that could be taken over");
	n->adopting = false;
	if (n->restoring) {
		network_take_target(n, 0);
		network_go(n, STEP_KEEP, now_us);
		return;
	}
	if (n->kept && !n->net.formed) {
		/* the keys were made, or a restore begun, and then the power failed */
		n->forming = n->net.counter == 0;
		n->restored = n->unwritten = !n->forming;
		network_go(n, n->unsafe ? STEP_KEEP : STEP_COUNTER_SET, now_us);
		return;
	}
	if (n->kept || n->lost) {
		network_be_passive(n, n->kept ? NETWORK_BLANK : NETWORK_LOST, now_us);
		return;
	}
	if (n->config.channel == 0 && !n->scanned) {
		memset(n->measured, 0, sizeof(n->measured));
		network_go(n, STEP_SCAN, now_us);
		return;
	}
	if (!n->looked) {
		n->pan_count = 0;
		network_go(n, STEP_LOOK, now_us);
		return;
	}
	r = network_make(n, network_quietest(n, why, sizeof(why)));
	if (r < 0) {
		network_problem(n, now_us, "no keys can be made: %s", strerrordesc_np(-r));
		network_fail(n, now_us, "no keys can be made");
		return;
	}
	memcpy(n->why, why, sizeof(why));
	n->forming = true;
	network_go(n, STEP_KEEP, now_us);
}

/* What is to be is safe before what is goes. */
static void leave(struct network *n, int64_t now_us)
{
	network_early_drop(n);
	n->leaving = true;
	network_go(n, n->unsafe ? STEP_KEEP : STEP_LEAVE, now_us);
}

/* The radio has a network, and it has been looked at. */
static void judge(struct network *n, int64_t now_us)
{
	uint32_t differs = network_compare(n);
	bool news;

	if (differs && n->unwritten) {
		/* a restore that was interrupted; it has been decided on */
		leave(n, now_us);
		return;
	}
	if (differs) {
		network_be_passive(n, differs, now_us);
		return;
	}
	news = !n->net.formed || n->net.pan != n->found.pan || n->net.channel != n->found.channel ||
	       n->net.update_id != n->found.update_id;
	n->net.formed = true;
	n->net.pan = n->found.pan;
	n->net.channel = n->found.channel;
	n->net.update_id = n->found.update_id;
	if (news) {
		unsigned life = n->life;
		int r = network_keep_now(n, now_us);

		if (r < 0)
			network_problem(n, now_us, "the network could not be kept: %s",
				strerrordesc_np(-r));
		if (n->life != life)
			return;
	}
	network_is_up(n, now_us);
}

/* How far the radio has counted is known: of a network that makes way for another one, or of the
 * one that was to be written when the radio was reset. */
static void counted(struct network *n, int64_t now_us)
{
	if (n->restoring) {
		network_take_target(n, n->found.out_counter);
		n->unsafe = true;
		leave(n, now_us);
		return;
	}
	if (n->found.out_counter < n->net.counter) {
		leave(n, now_us);
		return;
	}
	n->unwritten = false;
	judge(n, now_us);
}

static void adopt(struct network *n, int64_t now_us)
{
	unsigned life = n->life;
	int r;

	n->adopting = false;
	if (!network_take_over(n)) {
		network_problem(
			n, now_us, "the radio's network has no keys, or impossible numbers");
		judge(n, now_us);
		return;
	}
	r = network_keep_now(n, now_us);
	if (r < 0)
		network_problem(
			n, now_us, "the network could not be kept: %s", strerrordesc_np(-r));
	if (n->life == life)
		network_is_up(n, now_us);
}

static void got_eui64(struct network *n, int64_t now_us)
{
	if (n->restoring && n->eui64 != n->target.eui64 && !n->token_written) {
		n->token = TOKEN_EUI64;
		network_go(n, STEP_TOKEN_ASK, now_us);
		return;
	}
	if (n->restoring && n->eui64 != n->target.eui64 && !n->other_eui64) {
		network_problem(n, now_us,
			"the radio did not take the EUI-64 %016llx; nothing was restored",
			(unsigned long long)n->target.eui64);
		n->restoring = false;
	}
	if (!n->restoring && !n->adopting && n->kept) {
		uint32_t differs =
			network_compare(n) & (NETWORK_DIFFERS_EUI64 | NETWORK_DIFFERS_CONFIGURED);

		if (differs) {
			/* it need not even go on the air */
			network_be_passive(n, differs, now_us);
			return;
		}
	}
	network_go(n, STEP_SETTINGS, now_us);
}

/* The radio's EUI-64 cannot be written. */
static void no_token(struct network *n, int64_t now_us)
{
	n->token_written = true; /* as good as it gets */
	if (!n->other_eui64) {
		n->restoring = false;
		network_problem(n, now_us,
			"this radio cannot be given the EUI-64 %016llx of the network that is to "
			"be "
			"restored: take another one, or let its devices join anew",
			(unsigned long long)n->target.eui64);
	}
	got_eui64(n, now_us);
}

/* All commands of the step are done, and what they lead to has come. */
static void step_done(struct network *n, int64_t now_us)
{
	switch ((enum network_step)n->step) {
	case STEP_EUI64:
		got_eui64(n, now_us);
		break;
	case STEP_TOKEN_ASK:
		network_go(n, STEP_TOKEN_SET, now_us);
		break;
	case STEP_TOKEN_SET:
		n->token_written = true;
		network_restart(n, "it is given another EUI-64", now_us);
		break;
	case STEP_SETTINGS:
		network_go(n, STEP_ENDPOINT, now_us);
		break;
	case STEP_ENDPOINT:
		network_go(n, STEP_INIT, now_us);
		break;
	case STEP_INIT:
		network_go(n, STEP_PARAMETERS, now_us);
		break;
	case STEP_SCAN:
		n->scanned = true;
		blank(n, now_us);
		break;
	case STEP_LOOK:
		n->looked = true;
		blank(n, now_us);
		break;
	case STEP_LEAVE:
		n->leaving = false;
		network_go(n, STEP_COUNTER_SET, now_us);
		break;
	case STEP_LINKS:
		if (n->net.link_count > 0 && n->ezsp.version < VERSION_TRANSIENT_KEY)
			network_problem(n, now_us,
				"a radio with EZSP %u takes no keys of single devices: %u of them "
				"may have to join anew",
				n->ezsp.version, n->net.link_count);
		network_go(n, STEP_FORM, now_us);
		break;
	case STEP_COUNTER_SET:
	case STEP_LINK_COUNTER_SET:
	case STEP_SECURITY:
	case STEP_SECURITY_MORE:
	case STEP_CLEAR_KEYS:
	case STEP_TOKENS:
	case STEP_PARAMETERS:
		network_go(n, (enum network_step)(n->step + 1), now_us);
		break;
	case STEP_FORM:
		n->unwritten = false;
		network_go(n, STEP_TOKENS, now_us);
		break;
	case STEP_COUNTER:
		counted(n, now_us);
		break;
	case STEP_KEY:
		if (n->adopting && n->found.type != NODE_TYPE_COORDINATOR) {
			n->adopting = false;
			network_problem(n, now_us, "the radio is no coordinator of its network");
		}
		if (n->restoring || (n->unwritten && network_compare(n) == 0))
			network_go(n, STEP_COUNTER, now_us);
		else if (n->adopting)
			network_go(n, STEP_LINK_KEY, now_us);
		else
			judge(n, now_us);
		break;
	case STEP_LINK_KEY:
		adopt(n, now_us);
		break;
	case STEP_NONE:
	case STEP_KEEP:
	case _STEP_MAX:
		break;
	}
}

static uint32_t status_of_step(enum network_step step)
{
	if (step == STEP_INIT || step == STEP_FORM)
		return STACK_UP;
	if (step == STEP_LEAVE)
		return STACK_DOWN;
	return step == STEP_SCAN || step == STEP_LOOK ? SCAN_DONE : 0;
}

static void run_step(struct network *n, int64_t now_us)
{
	struct ezsp_values v = { 0 };
	uint8_t bytes[8] = { 0 };
	uint16_t id = network_step_command(n, &v, bytes, now_us);
	int r;

	while (id == 0 && network_next_row(n))
		id = network_step_command(n, &v, bytes, now_us);
	if (id == 0) {
		step_done(n, now_us);
		return;
	}
	n->waited = status_of_step(n->step);
	n->answered = n->came = false;
	/* an answer that comes within the call finds it counted */
	n->commands++;
	n->asked = id;
	r = ezsp_command(&n->ezsp, id, &v, NETWORK_STEP_US, answered, NULL, now_us);
	explicit_bzero(&v, sizeof(v));
	if (r == -EOPNOTSUPP && (n->step == STEP_TOKEN_ASK || n->step == STEP_TOKEN_SET))
		no_token(n, now_us);
	else if (r < 0)
		network_fail(n, now_us, "it cannot be asked: %s: %s", ezsp_name(id),
			strerrordesc_np(-r));
}

void network_go(struct network *n, enum network_step step, int64_t now_us)
{
	n->step = step;
	n->row = 0;
	n->waited = 0;
	n->step_deadline_us = INT64_MAX;
	if (step == STEP_KEEP)
		keep(n, now_us);
	else
		run_step(n, now_us);
}

/* ---- answers ---- */

/* Takes what the answer says. Returns false when it made an end of the step. */
static bool take(struct network *n, const struct ezsp_values *v, int64_t now_us)
{
	if (n->step == STEP_EUI64) {
		n->eui64 = v->eui64;
		if (v->eui64 != 0 && v->eui64 != UINT64_MAX)
			return true;
		network_fail(n, now_us, "the radio has no EUI-64");
		return false;
	}
	if (n->step == STEP_PARAMETERS) {
		n->found = *v;
		n->found.message = NULL;
		n->found.message_length = 0;
	} else if (n->step == STEP_KEY) {
		n->found_key_known = true;
		memcpy(n->found_key, v->key, sizeof(n->found_key));
		n->found.key_sequence = v->key_sequence;
		n->found.out_counter = v->out_counter;
	} else if (n->step == STEP_COUNTER) {
		n->found.out_counter = v->out_counter;
	} else if (n->step == STEP_LINK_KEY) {
		memcpy(n->found_link_key, v->key, sizeof(n->found_link_key));
	}
	return true;
}

/* The radio says no. Returns whether the step goes on all the same. */
static bool refused(struct network *n, int result, const struct ezsp_values *v, int64_t now_us)
{
	switch ((enum network_step)n->step) {
	case STEP_SETTINGS:
		n->counters.refused++;
		if (network_row_vital(n))
			network_problem(n, now_us,
				"the radio refuses to be told who may join (status 0x%lx)",
				(unsigned long)v->status);
		return true;
	case STEP_LINK_COUNTER_SET:
	case STEP_CLEAR_KEYS:
	case STEP_TOKENS:
		n->counters.refused++;
		return true;
	case STEP_LINKS:
		n->counters.refused++;
		network_problem(n, now_us,
			"the radio takes no more than %u keys of single devices: the others may "
			"have to join anew",
			n->row);
		n->row = n->net.link_count;
		return true;
	case STEP_SCAN:
	case STEP_LOOK:
		/* then the channel is not the quietest, and the PAN drawn by lot alone */
		n->waited = 0;
		return true;
	case STEP_KEY:
		n->found_key_known = false;
		if (n->adopting) {
			n->adopting = false;
			network_problem(n, now_us, "the radio does not give its keys away");
		}
		return true;
	case STEP_COUNTER:
		n->found.out_counter = 0;
		return true;
	case STEP_PARAMETERS:
		if (n->restoring) {
			/* whatever it is, it makes way */
			n->found = (struct ezsp_values){ 0 };
			return true;
		}
		break;
	case STEP_LINK_KEY:
		n->adopting = false;
		network_problem(n, now_us, "the radio does not give its keys away");
		judge(n, now_us);
		return false;
	case STEP_INIT:
		if (result == 0 && v->status == EZSP_STATUS_NOT_JOINED) {
			blank(n, now_us);
			return false;
		}
		break;
	case STEP_TOKEN_ASK:
		if (n->token == TOKEN_EUI64) {
			n->token = TOKEN_EUI64_NEWER;
			network_go(n, STEP_TOKEN_ASK, now_us);
			return false;
		}
		no_token(n, now_us);
		return false;
	case STEP_TOKEN_SET:
		no_token(n, now_us);
		return false;
	case STEP_NONE:
	case STEP_EUI64:
	case STEP_ENDPOINT:
	case STEP_LEAVE:
	case STEP_KEEP:
	case STEP_COUNTER_SET:
	case STEP_SECURITY:
	case STEP_SECURITY_MORE:
	case STEP_FORM:
	case _STEP_MAX:
		break;
	}
	network_problem(n, now_us, "the radio refuses %s (status 0x%lx)", ezsp_name(n->asked),
		(unsigned long)v->status);
	network_fail(n, now_us, "the radio refuses %s", ezsp_name(n->asked));
	return false;
}

static void go_on(struct network *n, int64_t now_us)
{
	if (n->waited && !n->came) {
		if (n->step_deadline_us == INT64_MAX)
			n->step_deadline_us = now_us + (n->waited == SCAN_DONE ? NETWORK_SCAN_US
									       : NETWORK_STATUS_US);
		return;
	}
	n->step_deadline_us = INT64_MAX;
	if (network_next_row(n))
		run_step(n, now_us);
	else
		step_done(n, now_us);
}

static void answered(
	struct ezsp *e, void *userdata, int result, const struct ezsp_values *v, int64_t now_us)
{
	struct network *n = (struct network *)e;

	/* whoever stopped it knows */
	if (result == EZSP_GONE || n->step == STEP_NONE)
		return;
	n->answered = true;
	if (result == EZSP_LATE) {
		network_fail(n, now_us, "the radio did not answer in time");
		return;
	}
	if (result != 0 || v->status != EZSP_STATUS_OK) {
		if (!refused(n, result, v, now_us))
			return;
	} else if (!take(n, v, now_us)) {
		return;
	}
	go_on(n, now_us);
}

void network_step_status(struct network *n, uint32_t status, int64_t now_us)
{
	if (n->waited == 0 || status != n->waited)
		return;
	n->came = true;
	if (n->answered)
		go_on(n, now_us);
}

void network_scan_done(struct network *n, int64_t now_us)
{
	network_step_status(n, SCAN_DONE, now_us);
}

void network_step_tick(struct network *n, int64_t now_us)
{
	n->step_deadline_us = INT64_MAX;
	if (n->step == STEP_KEEP)
		network_step_kept(n, -ETIMEDOUT, now_us);
	else if (n->step == STEP_SCAN || n->step == STEP_LOOK)
		network_step_status(n, SCAN_DONE, now_us);
	else
		network_fail(n, now_us, "the radio's stack did not get %s in time",
			n->waited == STACK_DOWN ? "down" : "up");
}
