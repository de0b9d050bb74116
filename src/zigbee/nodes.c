/*
 * The table of devices, and what the driver tells of them. See nodes.h.
 */
#include "zigbee/nodes.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "zigbee/nodes_private.h"

#define JOINED_US (1 * SECOND_US)  /* until it listens: an announcement comes before */
#define DISMISS_US (3 * SECOND_US) /* between two that tell it to leave */
#define DISMISSALS_MAX 6
#define LOOK_US (2 * SECOND_US) /* the air bears a broadcast a second */

_Static_assert(NODES_HASH > 3 * NODES_SLOTS, "the tables are never full");
_Static_assert((NODES_HASH & (NODES_HASH - 1)) == 0, "a power of two");

void nodes_wake(struct nodes *n, int64_t us)
{
	if (us < n->due_us)
		n->due_us = us;
}

bool nodes_is_eui64(uint64_t eui64)
{
	return eui64 != 0 && eui64 != UINT64_MAX;
}

void nodes_tell(struct nodes *n, struct node *node, unsigned changes)
{
	n->ops->changed(n, node, changes);
}

void nodes_note(struct nodes *n, struct node *node, enum nodes_note note, enum interview_step step,
	int detail)
{
	if (n->ops->note)
		n->ops->note(n, node, note, step, detail);
}

const char *nodes_note_text(enum nodes_note note)
{
	static const char *const texts[_NODES_NOTE_MAX] = {
		[NODES_NOTE_REFUSED] = "it refuses a part of its setting up",
		[NODES_NOTE_NO_ANSWER] = "it does not answer a part of its interview",
		[NODES_NOTE_STALLED] = "its interview waits until it is heard again",
		[NODES_NOTE_CONFLICT] = "another device claims its short address",
		[NODES_NOTE_MALFORMED] = "a message of it could not be read",
		[NODES_NOTE_NOT_SAFE] = "what it said was not made safe, and is not acknowledged",
		[NODES_NOTE_NOT_ENROLLED] = "its alarm zone does not take the enrolment",
		[NODES_NOTE_NOT_REPORTING] =
			"it does not report what it said it would, and is asked for it",
	};

	return note < _NODES_NOTE_MAX ? texts[note] : "";
}

/* ---- the table ---- */

void nodes_init(struct nodes *n, const struct nodes_ops *ops, void *context,
	const struct nodes_settings *settings)
{
	memset(n, 0, sizeof(*n));
	n->ops = ops;
	n->context = context;
	n->settings = *settings;
	n->due_us = INT64_MAX;
	for (size_t i = 0; i < NODES_SOUGHT_MAX; i++)
		n->sought[i].node = ZIGBEE_NODE_NONE;
	nodes_work_init(n);
}

void nodes_done(struct nodes *n)
{
	for (size_t i = 0; i < n->end; i++)
		free(n->slots[i]);
	memset(n->slots, 0, sizeof(n->slots));
	n->count = n->configured = n->flying = n->end = 0;
	n->due_us = INT64_MAX;
	nodes_index(n);
	nodes_work_init(n);
}

void nodes_set_eui64(struct nodes *n, uint64_t our_eui64)
{
	n->settings.our_eui64 = n->settings.self.eui64 = our_eui64;
	for (size_t i = 0; i < n->end; i++)
		if (n->slots[i])
			n->slots[i]->interview.device.our_eui64 = our_eui64;
}

struct node *nodes_at(const struct nodes *n, unsigned i)
{
	for (size_t k = 0; k < n->end; k++)
		if (n->slots[k] && i-- == 0)
			return n->slots[k];
	return NULL;
}

static void drop(struct nodes *n, struct node *node)
{
	nodes_ask_stop(n, node);
	nodes_work_drop(n, node);
	n->slots[node->slot] = NULL;
	while (n->end > 0 && !n->slots[n->end - 1])
		n->end--;
	n->count--;
	if (node->configured)
		n->configured--;
	nodes_index(n);
	free(node);
}

/* One of those that are not configured goes: the one silent for longest. */
static void evict(struct nodes *n)
{
	struct node *oldest = NULL;

	for (size_t i = 0; i < n->end; i++)
		if (n->slots[i] && !n->slots[i]->configured &&
			(!oldest || n->slots[i]->heard_us < oldest->heard_us))
			oldest = n->slots[i];
	if (!oldest)
		return;
	n->counters.evicted++;
	drop(n, oldest);
}

void nodes_blank(struct nodes *n, struct node *node)
{
	interview_init(&node->interview);
	node->interview.device.our_eui64 = n->settings.our_eui64;
	recents_give(n->settings.recents, node->eui64, n->now.boot_us, &node->interview.device);
}

void nodes_started(struct nodes *n, struct node *node)
{
	cluster_started(&node->interview.device);
	recents_started(n->settings.recents, node->eui64, n->now.boot_us);
}

static struct node *add(struct nodes *n, uint64_t eui64)
{
	struct node *node = calloc(1, sizeof(*node));
	uint16_t slot = 0;

	if (!node)
		return NULL;
	while (n->slots[slot])
		slot++;
	assert(slot < NODES_SLOTS);
	node->eui64 = eui64;
	node->slot = slot;
	node->node = ZIGBEE_NODE_NONE;
	node->battery_percent = -1;
	node->sequence = n->settings.first_sequence;
	node->poll_us = node->seek_us = node->redo_us = INT64_MAX;
	/* of who has not been heard: nothing before is known to be its fault */
	node->heard_us = n->now.boot_us;
	nodes_blank(n, node);
	n->slots[slot] = node;
	if (slot >= n->end)
		n->end = slot + 1u;
	n->count++;
	nodes_index(n);
	return node;
}

struct node *nodes_get(struct nodes *n, uint64_t eui64)
{
	struct node *node = nodes_find(n, eui64);

	if (node || !nodes_is_eui64(eui64) || eui64 == n->settings.our_eui64)
		return node;
	if (n->count - n->configured == NODES_UNKNOWN_MAX)
		evict(n);
	return add(n, eui64);
}

int nodes_configure(struct nodes *n, uint64_t eui64, void *context, const struct decode_time *now)
{
	struct node *node;

	n->now = *now;
	if (!nodes_is_eui64(eui64))
		return -EINVAL;
	node = nodes_find(n, eui64);
	if (node && node->configured) {
		node->context = context;
		return 0;
	}
	if (n->configured == NODES_MAX)
		return -ENOSPC;
	if (!node)
		node = add(n, eui64);
	if (!node)
		return -ENOMEM;
	node->configured = true;
	node->context = context;
	n->configured++;
	nodes_ask_anew(n, node, 0);
	/* it was one of ours before, and is under another name */
	if (node->joined && node->told_ready) {
		nodes_expect(n, node);
		nodes_reread(n, node);
		nodes_tell(n, node, NODES_CHANGED_READY);
	}
	return 0;
}

void nodes_unconfigure(struct nodes *n, uint64_t eui64)
{
	struct node *node = nodes_find(n, eui64);

	if (!node || !node->configured)
		return;
	nodes_ask_stop(n, node);
	nodes_work_drop(n, node);
	node->polling = node->rereading = false;
	node->poll_us = INT64_MAX;
	node->silent = false;
	if (n->count - n->configured == NODES_UNKNOWN_MAX)
		evict(n);
	node->configured = false;
	node->context = NULL;
	n->configured--;
	if (!node->joined)
		drop(n, node);
}

void nodes_forget(struct nodes *n, uint64_t eui64)
{
	struct node *node = nodes_find(n, eui64);

	if (node)
		drop(n, node);
}

/* ---- there and not there ---- */

void nodes_tell_alive(struct nodes *n, struct node *node)
{
	if (node->configured && n->ops->alive)
		n->ops->alive(n, node);
}

void nodes_alive(struct nodes *n, struct node *node, int64_t awake_us)
{
	unsigned changes = 0;

	if (!node->joined)
		changes |= NODES_CHANGED_PRESENT | NODES_CHANGED_MEMORY;
	if (!node->heard_once || node->silent || node->stale)
		changes |= NODES_CHANGED_PRESENT;
	node->joined = node->heard_once = true;
	node->silent = node->stale = false;
	node->heard_us = n->now.boot_us;
	if (nodes_is_node(node->node)) { /* it is where it was, after all */
		node->seek_us = INT64_MAX;
		node->fruitless = 0;
	}
	if (node->awake_us < n->now.boot_us + awake_us)
		node->awake_us = n->now.boot_us + awake_us;
	if (node->dismissals > 0)
		nodes_wake(n, node->dismiss_us);
	/* what happened while the radio was away it said to nobody; now it listens */
	nodes_reread_heard(n, node);
	if (changes != 0) {
		nodes_expect(n, node);
		if (node->configured)
			nodes_tell(n, node, changes);
	}
}

static void begin_anew(struct node *node)
{
	interview_restart(&node->interview);
	node->told_ready = node->polling = node->rereading = false;
	node->unread = 0;
}

void nodes_joined(struct nodes *n, uint64_t eui64, uint16_t address, enum nodes_join how,
	const struct decode_time *now)
{
	struct node *node;
	bool news;

	n->now = *now;
	node = nodes_get(n, eui64);
	if (!node)
		return;
	node->dismissals = 0;
	nodes_started(n, node);
	/* of one that was not there it is told once that it is */
	news = how == NODES_JOINED && node->joined && node->heard_once && !node->silent &&
	       !node->stale;
	nodes_alive(n, node, NODES_AWAKE_JOIN_US);
	nodes_tell_alive(n, node);
	nodes_pair(n, node, address);
	if (how == NODES_JOINED) {
		nodes_work_drop(n, node);
		begin_anew(node);
	} else {
		(void)interview_retry(&node->interview);
		nodes_reread(n, node);
	}
	nodes_ask_anew(n, node, how == NODES_JOINED ? JOINED_US : 0);
	if (node->configured)
		nodes_tell(n, node, (news ? NODES_CHANGED_PRESENT : 0) | NODES_CHANGED_MEMORY);
	else
		n->ops->unknown(n, node);
}

void nodes_left(struct nodes *n, uint64_t eui64, const struct decode_time *now)
{
	struct node *node = nodes_find(n, eui64);

	n->now = *now;
	if (!node)
		return;
	nodes_ask_stop(n, node);
	nodes_work_drop(n, node);
	nodes_lose(n, node);
	node->seek_us = INT64_MAX; /* it is not here to be found */
	node->joined = node->silent = node->stale = false;
	node->polling = node->rereading = false;
	node->poll_us = INT64_MAX;
	node->dismissals = 0;
	if (node->configured)
		nodes_tell(n, node, NODES_CHANGED_PRESENT | NODES_CHANGED_MEMORY);
	else
		drop(n, node);
}

static void dismiss(struct nodes *n, struct node *node)
{
	const struct zdo_message m = {
		.cluster = ZDO_LEAVE, .sequence = nodes_sequence(node), .eui64 = node->eui64
	};

	node->dismiss_us = n->now.boot_us + DISMISS_US;
	if (nodes_send_zdo(n, node->node, &m, 0) == 0)
		node->dismissals--;
	nodes_wake(n, node->dismiss_us);
}

int nodes_dismiss(struct nodes *n, uint64_t eui64, const struct decode_time *now)
{
	struct node *node = nodes_find(n, eui64);

	n->now = *now;
	if (!node)
		return -ENOENT;
	if (!nodes_is_node(node->node) || !n->up)
		return -EHOSTUNREACH;
	node->dismissals = DISMISSALS_MAX;
	dismiss(n, node);
	return 0;
}

int nodes_interview(struct nodes *n, uint64_t eui64, const struct decode_time *now)
{
	struct node *node = nodes_find(n, eui64);

	n->now = *now;
	if (!node)
		return -ENOENT;
	nodes_ask_stop(n, node);
	nodes_work_drop(n, node);
	begin_anew(node);
	nodes_ask_anew(n, node, 0);
	if (node->configured)
		nodes_tell(n, node, NODES_CHANGED_MEMORY);
	return 0;
}

/* ---- the radio ---- */

/* Who joined just before the gateway was killed is not known to have joined, and may say nothing by
 * itself: a router. Each is looked for once in a run, one after the other. */
static void look_for(struct nodes *n, struct node *node, unsigned *turn)
{
	if (n->looked || !node->configured || node->joined || node->seek_us != INT64_MAX)
		return;
	node->seeks = 0;
	node->seek_us = n->now.boot_us + LOOK_US * ++*turn;
}

void nodes_up(struct nodes *n, const struct decode_time *now)
{
	unsigned turn = 0;

	n->now = *now;
	if (n->up)
		return;
	n->up = true;
	n->up_us = now->boot_us;
	for (size_t i = 0; i < n->end; i++) {
		struct node *node = n->slots[i];

		if (node)
			look_for(n, node, &turn);
		if (!node || !node->joined)
			continue;
		node->stale = true;
		node->reread_us = 0;
		if (!interview_sleeps(&node->interview))
			nodes_reread(n, node);
		else if (!(node->interview.device.quirks & QUIRK_NO_SETUP))
			nodes_reread_later(node);
		nodes_expect(n, node);
	}
	n->looked = true;
	nodes_work_again(n);
	nodes_wake(n, now->boot_us);
}

void nodes_down(struct nodes *n)
{
	n->up = false;
	for (size_t i = 0; i < n->end; i++)
		if (n->slots[i] && n->slots[i]->asking) {
			nodes_ask_stop(n, n->slots[i]);
			n->slots[i]->retrying = true;
		}
}

void nodes_sent(
	struct nodes *n, uint32_t ticket, enum zigbee_fate fate, const struct decode_time *now)
{
	unsigned slot = ticket >> 16;

	n->now = *now;
	if (ticket & NODES_TICKET_WORK)
		nodes_work_fate(n, ticket, fate);
	else if (slot > 0 && slot <= NODES_SLOTS && n->slots[slot - 1])
		nodes_ask_fate(n, n->slots[slot - 1], (uint16_t)ticket, fate);
}

/* ---- time ---- */

static void see_silence(struct nodes *n, struct node *node)
{
	int64_t since = node->heard_us > n->up_us ? node->heard_us : n->up_us;

	if (!n->up || !node->joined || !node->configured || node->silent || node->expect_us == 0)
		return;
	if (n->now.boot_us < since + 3 * node->expect_us) {
		nodes_wake(n, since + 3 * node->expect_us);
		return;
	}
	node->silent = true;
	nodes_tell(n, node, NODES_CHANGED_PRESENT);
}

static void node_tick(struct nodes *n, struct node *node)
{
	if (node->doubtful && n->now.boot_us >= node->doubt_us)
		node->doubtful = false;
	if (node->doubtful)
		nodes_wake(n, node->doubt_us);
	see_silence(n, node);
	nodes_seek_tick(n, node);
	if (node->dismissals > 0 && n->up && nodes_is_node(node->node) && nodes_listens(n, node)) {
		if (n->now.boot_us >= node->dismiss_us)
			dismiss(n, node);
		else
			nodes_wake(n, node->dismiss_us);
	}
	nodes_ask_tick(n, node);
	nodes_wake(n, nodes_ask_due(n, node));
}

void nodes_tick(struct nodes *n, const struct decode_time *now)
{
	uint16_t first = n->turn;

	n->now = *now;
	if (now->boot_us < n->due_us)
		return;
	n->due_us = INT64_MAX;
	n->crowded = false;
	nodes_address_tick(n);
	nodes_work_tick(n);
	/* whoever found no room for his request is first the next time */
	for (size_t i = 0; i < n->end; i++) {
		struct node *node = n->slots[(first + i) % n->end];

		if (node)
			node_tick(n, node);
	}
}

int64_t nodes_deadline(const struct nodes *n)
{
	return n->due_us;
}
