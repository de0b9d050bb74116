/*
 * A command on its way from the broker to those who carry it out, and its
 * answer back. What is asked is judged in command.h; who carries it out is told
 * in the hooks of publish.h.
 */
#pragma once

#include <stdbool.h>

#include "publish/command.h"
#include "util/cleanup.h"

/* Where an answer goes. */
struct publish_reply;
struct publish_reply *publish_reply_free(struct publish_reply *r);
WG_DEFINE_CLEANUP(struct publish_reply *, publish_reply_free)

/* All but reply is borrowed for the call. */
struct publish_command {
	const char *topic;
	const char *verb;              /* the topic's last level: any text */
	const struct command *command; /* read well; the others are answered and summed up before */
	bool retained;
	struct publish_reply *reply; /* the callee's, for publish_answer() */
};
/* Called within the library: no session may end in it. */
typedef void (*publish_command_fn)(const struct publish_command *heard, void *userdata);
