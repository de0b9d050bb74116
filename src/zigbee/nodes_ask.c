/*
 * What is asked of a device and when: its interview, polls and probes, one
 * request at a time; what becomes of those that nobody answers. See nodes.h.
 */
#include <string.h>

#include "util/cleanup.h"
#include "zigbee/nodes_private.h"

#define STALL_US (600 * SECOND_US)      /* a device that is not there is tried so often */
#define STALL_HEARD_US (60 * SECOND_US) /* one that is heard but never answers */
#define HEARD_AGAIN_US (1 * SECOND_US)  /* since the last try, when it is heard */
#define REDO_US (3600 * SECOND_US)
#define REDO_ZONE_US (300 * SECOND_US) /* an alarm zone that is not enrolled is mute */
#define REREAD_US (60 * SECOND_US)
#define POLL_TRIES_MAX 2
#define UNREAD_MAX 8

static const int64_t back_off[] = { 1 * SECOND_US, 2 * SECOND_US, 5 * SECOND_US, 15 * SECOND_US,
	60 * SECOND_US };

uint8_t nodes_sequence(struct node *node)
{
	node->sequence = (node->sequence + 1) & ZDO_SEQUENCE_MAX;
	return node->sequence;
}

int64_t nodes_patience(const struct nodes *n, const struct node *node)
{
	return interview_sleeps(&node->interview) ? NODES_SLEEPER_US : NODES_ANSWER_US;
}

bool nodes_listens(const struct nodes *n, const struct node *node)
{
	return !interview_sleeps(&node->interview) || n->now.boot_us < node->awake_us;
}

static bool can_ask(const struct nodes *n, const struct node *node)
{
	return n->up && node->joined && !node->doubtful && nodes_is_node(node->node);
}

bool nodes_wants(const struct nodes *n, const struct node *node)
{
	return !interview_is_over(&node->interview, !node->configured) || node->polling ||
	       node->beginning;
}

/* ---- through ---- */

static void free_flight(struct nodes *n)
{
	n->flying--;
	if (n->crowded)
		nodes_wake(n, n->now.boot_us);
}

void nodes_ask_stop(struct nodes *n, struct node *node)
{
	if (!node->asking)
		return;
	node->asking = false;
	free_flight(n);
}

void nodes_ask_anew(struct nodes *n, struct node *node, int64_t in_us)
{
	nodes_ask_stop(n, node);
	node->retrying = node->stalled = false;
	node->tries = node->idle_tries = 0;
	node->next_us = n->now.boot_us + in_us;
	nodes_wake(n, node->next_us);
}

static void schedule_poll(struct nodes *n, struct node *node)
{
	int64_t us = interview_poll_us(&node->interview);

	node->poll_us = INT64_MAX;
	if (!node->configured || !node->joined)
		return;
	if (us != 0)
		node->poll_us = n->now.boot_us + us;
	else if (!interview_sleeps(&node->interview))
		node->poll_us = node->heard_us + NODES_PROBE_US;
	if (node->poll_us <= n->now.boot_us) /* that was done, and told nothing */
		node->poll_us = n->now.boot_us + NODES_PROBE_US;
	if (!interview_sleeps(&node->interview))
		nodes_wake(n, node->poll_us);
}

void nodes_expect(struct nodes *n, struct node *node)
{
	int64_t before = node->poll_us;

	node->expect_us = interview_expect_us(&node->interview);
	if (node->expect_us == 0 && !interview_sleeps(&node->interview))
		node->expect_us = NODES_PROBE_US;
	schedule_poll(n, node);
	if (before < node->poll_us) /* it is not put off by this */
		node->poll_us = before;
	if (node->expect_us != 0)
		nodes_wake(n, node->heard_us + 3 * node->expect_us);
}

static void stop_polling(struct nodes *n, struct node *node)
{
	node->polling = node->rereading = false;
	schedule_poll(n, node);
}

/* All of it was asked for. */
static void polled(struct nodes *n, struct node *node)
{
	if (node->rereading)
		node->unread = 0;
	stop_polling(n, node);
}

static void reread(struct nodes *n, struct node *node)
{
	if (node->unread == 0 || !node->configured || !node->told_ready ||
		!nodes_listens(n, node) ||
		(node->reread_us != 0 && n->now.boot_us < node->reread_us + REREAD_US))
		return;
	node->unread--;
	if (node->asked_poll) /* its answer is none to what comes first now */
		nodes_ask_stop(n, node);
	node->reread_us = n->now.boot_us;
	node->polling = node->rereading = true;
	node->poll_at = node->reread_at;
	node->poll_offset = node->reread_offset;
	node->poll_tries = 0;
	if (!node->asking && !node->beginning) { /* before what it may not answer */
		node->retrying = node->stalled = false;
		node->next_us = n->now.boot_us;
	}
	nodes_wake(n, node->next_us);
}

void nodes_reread_heard(struct nodes *n, struct node *node)
{
	if (!node->polling || !node->rereading)
		reread(n, node);
}

void nodes_reread_later(struct node *node)
{
	const struct interview *i = &node->interview;

	if (!node->told_ready) /* its interview reads them */
		return;
	node->reread_at = 0;
	node->reread_offset = 0;
	/* a sleeper that speaks by itself hardly ever listens */
	node->unread = interview_sleeps(i) && i->device.quirks & QUIRK_NO_SETUP ? 1 : UNREAD_MAX;
}

void nodes_reread(struct nodes *n, struct node *node)
{
	nodes_reread_later(node);
	reread(n, node);
}

static void redo_later(struct nodes *n, struct node *node)
{
	node->redo_us = INT64_MAX;
	if (!interview_has_missed(&node->interview))
		return;
	node->redo_us =
		n->now.boot_us + (interview_zones_well(&node->interview) ? REDO_US : REDO_ZONE_US);
	nodes_wake(n, node->redo_us);
}

/* The interview has nothing left to ask. */
static void interview_ended(struct nodes *n, struct node *node)
{
	node->told_ready = interview_is_over(&node->interview, false);
	node->ready_us = n->now.boot_us;
	nodes_expect(n, node);
	redo_later(n, node);
	if (node->configured)
		nodes_tell(n, node, NODES_CHANGED_READY | NODES_CHANGED_MEMORY);
	else
		n->ops->unknown(n, node);
}

/* A step is behind us. */
static void step_ended(struct nodes *n, struct node *node)
{
	node->tries = node->idle_tries = 0;
	node->retrying = node->stalled = false;
	node->next_us = n->now.boot_us;
	nodes_expect(n, node);
	if (node->configured)
		nodes_tell(n, node, NODES_CHANGED_MEMORY);
}

/* ---- failed ---- */

static void stall(struct nodes *n, struct node *node, enum interview_step step)
{
	if (!node->stalled && node->configured)
		nodes_note(n, node, NODES_NOTE_STALLED, step, 0);
	node->stalled = true;
	node->tries = node->idle_tries = 0;
	node->next_us = n->now.boot_us + STALL_US;
}

static void leave_out(struct nodes *n, struct node *node, enum interview_step step)
{
	bool well = interview_zones_well(&node->interview);

	interview_give_up(&node->interview);
	if (node->configured)
		nodes_note(n, node, NODES_NOTE_NO_ANSWER, step, 0);
	if (well && !interview_zones_well(&node->interview)) {
		nodes_note(n, node, NODES_NOTE_NOT_ENROLLED, step, 0);
		nodes_tell(n, node, NODES_CHANGED_ZONE);
	}
	step_ended(n, node);
}

/* Nobody answered a request of the interview, or its row could not be begun. */
static void failed(struct nodes *n, struct node *node)
{
	enum interview_step step = node->interview.step;
	size_t tries;

	n->counters.unanswered++;
	node->retrying = true;
	if (node->asked_awake)
		node->tries++;
	else if (node->idle_tries < UINT8_MAX)
		node->idle_tries++;
	tries = (size_t)node->tries + node->idle_tries;
	if (node->tries >= NODES_TRIES_MAX) {
		/* it is there, and does not answer this */
		if (node->heard_us > node->first_us)
			leave_out(n, node, step);
		else
			stall(n, node, step);
	} else if (tries >= NODES_TRIES_MAX + ARRAY_SIZE(back_off)) {
		stall(n, node, step);
	} else {
		if (tries > ARRAY_SIZE(back_off))
			tries = ARRAY_SIZE(back_off);
		node->next_us = n->now.boot_us + back_off[tries - 1];
	}
	nodes_wake(n, node->next_us);
}

static void unanswered(struct nodes *n, struct node *node)
{
	nodes_ask_stop(n, node);
	if (!node->asked_poll) {
		failed(n, node);
		return;
	}
	n->counters.unanswered++;
	node->retrying = true;
	if (++node->poll_tries >= POLL_TRIES_MAX) {
		node->retrying = false;
		stop_polling(n, node);
	}
	node->next_us = n->now.boot_us + back_off[0];
	nodes_wake(n, node->next_us);
}

/* ---- asking ---- */

static void send_ask(struct nodes *n, struct node *node, const struct interview_ask *ask)
{
	struct zigbee_send s = {
		.node = node->node,
		.profile = ask->profile,
		.cluster = ask->cluster,
		.source_endpoint = ask->profile == ZIGBEE_PROFILE_ZDO ? 0 : ZIGBEE_ENDPOINT,
		.destination_endpoint = ask->endpoint,
		.ticket = (uint32_t)(node->slot + 1) << 16 | (uint16_t)(node->ask_counter + 1),
		.bytes = ask->bytes,
		.length = ask->length,
	};

	node->retrying = true; /* until it is answered it has its number */
	if (n->ops->send(n, &s) < 0) {
		node->next_us = n->now.boot_us + NODES_RETRY_US;
		nodes_wake(n, node->next_us);
		return;
	}
	if (node->tries == 0 && node->idle_tries == 0)
		node->first_us = n->now.boot_us;
	node->ask_counter++;
	node->asking = true;
	node->asked_awake = nodes_listens(n, node);
	node->asked_zdo = ask->profile == ZIGBEE_PROFILE_ZDO;
	node->asked_cluster = ask->cluster;
	node->asked_endpoint = ask->endpoint;
	node->asked_us = n->now.boot_us;
	node->answer_us = n->now.boot_us + nodes_patience(n, node);
	n->flying++;
	n->counters.asked++;
	nodes_wake(n, node->answer_us);
}

/* The row of a cluster has its turn. */
static void begin(struct nodes *n, struct node *node, const struct interview_ask *ask)
{
	struct cluster_result out;

	node->beginning = true;
	node->begin_failed = node->enrolled = false;
	node->asked_awake = nodes_listens(n, node);
	node->asked_us = n->now.boot_us;
	node->asked_cluster = ask->cluster;
	if (node->tries == 0 && node->idle_tries == 0)
		node->first_us = n->now.boot_us;
	(void)cluster_begin(&node->interview.device, ask->cluster, ask->endpoint, ask->instance,
		&n->now, n->settings.scratch, &out);
	nodes_take(n, node, ask->profile, ask->cluster, ask->endpoint, &out);
	nodes_begin_check(n, node);
}

void nodes_begin_check(struct nodes *n, struct node *node)
{
	bool well;

	if (!node->beginning || node->requests > 0)
		return;
	node->beginning = false;
	/* whatever became of the rest, a zone that says so is enrolled */
	well = node->asked_cluster == cluster_ias_zone.id ? node->enrolled : !node->begin_failed;
	if (!well) {
		failed(n, node);
		return;
	}
	interview_begun(&node->interview, true);
	step_ended(n, node);
	nodes_wake(n, n->now.boot_us);
}

static bool has_room(struct nodes *n, struct node *node)
{
	/* who sleeps does not keep out those who listen */
	unsigned room = nodes_listens(n, node) ? NODES_FLIGHT_MAX : NODES_FLIGHT_MAX / 2;

	if (n->flying < room)
		return true;
	if (!n->crowded)
		n->turn = node->slot;
	n->crowded = true;
	return false;
}

static bool ask_interview(struct nodes *n, struct node *node)
{
	const struct interview_self self = { n->settings.our_eui64, ZIGBEE_ENDPOINT };
	struct interview_ask ask;

	if (!interview_next(&node->interview, !node->configured, node->node, node->eui64,
		    node->asked_sequence, &self, &ask)) {
		interview_ended(n, node);
		return false;
	}
	node->asked_poll = false;
	if (ask.step == INTERVIEW_BEGIN)
		begin(n, node, &ask);
	else
		send_ask(n, node, &ask);
	return true;
}

static void ask_poll(struct nodes *n, struct node *node)
{
	struct interview_ask ask;
	unsigned at = node->poll_at;
	size_t offset = node->poll_offset;

	if (!node->polling)
		return;
	if (!interview_poll(
		    &node->interview, node->rereading, &at, &offset, node->asked_sequence, &ask)) {
		polled(n, node);
		return;
	}
	node->asked_poll = true;
	send_ask(n, node, &ask);
}

void nodes_ask(struct nodes *n, struct node *node)
{
	if (node->asking || node->beginning || node->next_us > n->now.boot_us ||
		!can_ask(n, node) || !nodes_wants(n, node) || !has_room(n, node))
		return;
	if (!node->retrying)
		node->asked_sequence = nodes_sequence(node);
	/* what is still missing of its setting up may take long */
	if (node->rereading)
		ask_poll(n, node);
	if (node->asking || node->next_us > n->now.boot_us)
		return;
	if (!interview_is_over(&node->interview, !node->configured) && ask_interview(n, node))
		return;
	if (!node->asking && !node->beginning)
		ask_poll(n, node);
}

void nodes_ask_heard(struct nodes *n, struct node *node)
{
	/* one that sleeps is polled when it listens */
	if (node->poll_us <= n->now.boot_us && !node->polling) {
		node->polling = true;
		node->poll_at = 0;
		node->poll_offset = 0;
		node->poll_tries = 0;
	}
	if (node->asking || node->beginning || !nodes_wants(n, node))
		return;
	if (node->next_us > n->now.boot_us && node->retrying &&
		n->now.boot_us >=
			node->asked_us + (node->stalled ? STALL_HEARD_US : HEARD_AGAIN_US))
		node->next_us = n->now.boot_us;
	nodes_ask(n, node);
}

/* ---- answers ---- */

/* step: which it was. */
static void answered(struct nodes *n, struct node *node, enum interview_step step)
{
	n->counters.answered++;
	nodes_ask_stop(n, node);
	if (node->interview.refused && node->configured)
		nodes_note(n, node, NODES_NOTE_REFUSED, step, node->interview.status);
	step_ended(n, node);
	nodes_ask(n, node);
}

void nodes_ask_zdo(struct nodes *n, struct node *node, const struct zdo_message *m)
{
	enum interview_step step = node->interview.step;

	if (node->asking && node->asked_zdo && m->sequence == node->asked_sequence &&
		interview_answer_zdo(&node->interview, m))
		answered(n, node, step);
}

static void poll_answered(struct nodes *n, struct node *node)
{
	struct interview_ask ask;

	n->counters.answered++;
	nodes_ask_stop(n, node);
	node->retrying = false;
	node->poll_tries = 0;
	node->next_us = n->now.boot_us;
	/* on to what is behind this request */
	if (!interview_poll(
		    &node->interview, node->rereading, &node->poll_at, &node->poll_offset, 0, &ask))
		polled(n, node);
	if (node->rereading && node->unread > 0) {
		node->unread = UNREAD_MAX;
		node->reread_at = node->poll_at;
		node->reread_offset = node->poll_offset;
	}
	nodes_ask(n, node);
}

void nodes_ask_zcl(struct nodes *n, struct node *node, uint16_t cluster, uint8_t endpoint,
	const struct zcl_frame *f)
{
	enum interview_step step = node->interview.step;

	if (!node->asking || node->asked_zdo || f->header.sequence != node->asked_sequence ||
		cluster != node->asked_cluster || endpoint != node->asked_endpoint ||
		f->header.control & ZCL_OF_CLUSTER)
		return;
	if (node->asked_poll) {
		if (f->header.command == ZCL_READ_RESPONSE ||
			f->header.command == ZCL_DEFAULT_RESPONSE)
			poll_answered(n, node);
		return;
	}
	if (interview_answer_zcl(&node->interview, cluster, f))
		answered(n, node, step);
}

void nodes_ask_fate(struct nodes *n, struct node *node, uint16_t counter, enum zigbee_fate fate)
{
	if (!node->asking || node->ask_counter != counter)
		return;
	switch (fate) {
	case ZIGBEE_DELIVERED:
		node->fruitless = 0;
		return;
	case ZIGBEE_UNDELIVERED:
		n->counters.undelivered++;
		/* who sleeps was not where it was looked for either */
		if (!interview_sleeps(&node->interview))
			node->fruitless++;
		unanswered(n, node);
		return;
	case ZIGBEE_NOT_SENT:
		nodes_ask_stop(n, node);
		node->next_us = n->now.boot_us + NODES_RETRY_US;
		nodes_wake(n, node->next_us);
		return;
	}
}

/* ---- time ---- */

static void start_poll(struct nodes *n, struct node *node)
{
	/* one that sleeps is polled when it listens: nodes_ask_heard() */
	if (node->poll_us > n->now.boot_us || node->polling || !n->up)
		return;
	if (!nodes_listens(n, node))
		return;
	if (interview_poll_us(&node->interview) == 0 &&
		n->now.boot_us < node->heard_us + NODES_PROBE_US) {
		schedule_poll(n, node);
		return;
	}
	node->polling = true;
	node->poll_at = 0;
	node->poll_offset = 0;
	node->poll_tries = 0;
}

void nodes_ask_tick(struct nodes *n, struct node *node)
{
	if (node->asking && n->now.boot_us >= node->answer_us)
		unanswered(n, node);
	if (n->now.boot_us >= node->redo_us) {
		node->redo_us = INT64_MAX;
		if (interview_retry(&node->interview))
			nodes_ask_anew(n, node, 0);
	}
	start_poll(n, node);
	nodes_ask(n, node);
}

int64_t nodes_ask_due(const struct nodes *n, const struct node *node)
{
	int64_t due = node->redo_us;

	if (node->asking && node->answer_us < due)
		due = node->answer_us;
	if (!node->polling && !interview_sleeps(&node->interview) && n->up && node->poll_us < due)
		due = node->poll_us;
	if (!node->asking && !node->beginning && can_ask(n, node) && nodes_wants(n, node) &&
		node->next_us > n->now.boot_us && node->next_us < due)
		due = node->next_us;
	return due;
}
