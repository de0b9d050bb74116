/*
 * Messages to rows of the database and back. Pure; what a row looks like is
 * row.h, how it is written is the store thread's.
 */
#pragma once

#include "outbox/outbox.h"
#include "outbox/row.h"

struct names;

/* All but the position. Return 0 or -ENOMEM. The event's texts are copies, to be freed. */
int row_from_reading(struct store_row *row, struct names *n, const struct reading *r);
int row_from_event(struct store_event *event, struct names *n, const struct message *m);

/* Make a message that waited, with references of its own. Return 0, or -EBADMSG: the row says
 * something that this version does not know. The event's texts are taken over on success. */
int row_to_message(struct message *m, struct names *n, const struct store_row *row);
int row_to_event_message(struct message *m, struct names *n, struct store_event *event);

/* Frees what a message that was not handed on refers to. */
void message_release(struct message *m);
