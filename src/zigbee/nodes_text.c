/*
 * What is kept of devices over a restart, as text:
 *
 *	wardgate-nodes 1 5d0c41e7
 *	node 00158d0001a2b3c4 4f2a
 *	(the lines of its interview)
 *	sum 0123456789abcdef
 *
 * Behind the version: interview_rows() when it was written. Behind the EUI-64:
 * the short address. See nodes.h.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/checked.h"
#include "util/cleanup.h"
#include "util/text.h"
#include "zigbee/nodes_private.h"

#define FIRST "wardgate-nodes 1 "
#define CHECK "sum"
#define HEAD_MAX 64

/* ---- out ---- */

int nodes_write(const struct nodes *n, char **ret, size_t *ret_length)
{
	size_t size = 2 * HEAD_MAX;
	char *bytes;
	struct text t;

	for (size_t i = 0; i < n->end; i++)
		if (n->slots[i] && n->slots[i]->joined)
			size += HEAD_MAX + INTERVIEW_TEXT_MAX;
	bytes = malloc(size);
	if (!bytes)
		return -ENOMEM;
	t = text_init(bytes, size);
	text_printf(&t, FIRST "%08" PRIx32 "\n", interview_rows());
	for (size_t i = 0; i < n->end; i++) {
		const struct node *node = n->slots[i];

		if (!node || !node->joined)
			continue;
		text_printf(&t, "node %016" PRIx64 " %04x\n", node->eui64, node->node);
		interview_write(&node->interview, &t);
	}
	checked_seal(&t, CHECK);
	if (text_done(&t) < 0) {
		free(bytes);
		return -ENOMEM;
	}
	*ret = bytes;
	*ret_length = (size_t)(t.at - t.start);
	return 0;
}

/* ---- in ---- */

/* Returns where the last line begins, 0 when the sum is wrong. */
static size_t check_sum(const char *text, size_t length)
{
	size_t body = length > NODES_TEXT_MAX ? 0 : checked_body(text, length, CHECK);

	return body >= sizeof(FIRST) - 1 && memcmp(text, FIRST, sizeof(FIRST) - 1) == 0 ? body : 0;
}

/* The device has all its lines. */
static void finish(struct nodes *n, struct node *node, uint32_t rows)
{
	if (!node)
		return;
	interview_restored(&node->interview, rows);
	node->told_ready = interview_is_over(&node->interview, false);
	node->joined = true;
	node->ready_us = n->now.boot_us;
	if (interview_has_missed(&node->interview)) {
		node->redo_us = n->now.boot_us;
		nodes_wake(n, node->redo_us);
	}
	nodes_expect(n, node);
	nodes_ask_anew(n, node, 0);
}

static struct node *read_node(struct nodes *n, const char *line)
{
	struct node *node, *other;
	unsigned address;
	uint64_t eui64;
	int end = -1;

	if (sscanf(line, "node %16" SCNx64 " %4x%n", &eui64, &address, &end) != 2 || end < 0 ||
		line[end] != 0)
		return NULL;
	node = nodes_find(n, eui64);
	/* one that has been heard since knows better */
	if (node && node->joined)
		return NULL;
	node = nodes_get(n, eui64);
	if (!node)
		return NULL;
	nodes_blank(n, node);
	other = nodes_is_node((uint16_t)address) ? nodes_by_node(n, (uint16_t)address) : NULL;
	node->node =
		nodes_is_node((uint16_t)address) && !other ? (uint16_t)address : ZIGBEE_NODE_NONE;
	if (node->node == ZIGBEE_NODE_NONE && node->configured) {
		node->seek_us = n->now.boot_us;
		nodes_wake(n, node->seek_us);
	}
	nodes_index_node(n);
	return node;
}

int nodes_read(struct nodes *n, const char *text, size_t length, const struct decode_time *now)
{
	size_t end = check_sum(text, length), at = sizeof(FIRST) - 1;
	struct node *node = NULL;
	uint32_t rows = 0;
	bool first = true;

	n->now = *now;
	if (end == 0)
		return -EBADMSG;
	while (at < end) {
		const char *eol = memchr(text + at, '\n', end - at);
		char line[INTERVIEW_LINE_MAX + 1];
		size_t size;

		if (!eol)
			break;
		size = (size_t)(eol - text) - at;
		if (size >= sizeof(line))
			size = 0; /* none of ours */
		memcpy(line, text + at, size);
		line[size] = 0;
		at = (size_t)(eol - text) + 1;
		if (first)
			(void)sscanf(line, "%8" SCNx32, &rows);
		first = false;
		if (strncmp(line, "node ", 5) == 0) {
			finish(n, node, rows);
			node = read_node(n, line);
		} else if (node) {
			(void)interview_read(&node->interview, line);
		}
	}
	finish(n, node, rows);
	return 0;
}
