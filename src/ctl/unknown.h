/*
 * Devices that were heard and are not configured: what discover shows and adopt
 * takes in.
 */
#pragma once

#include "ctl/bus.h"
#include "ctl/json.h"

struct unknown {
	sd_bus_message *message; /* holds the texts */
	char **documents;
	cJSON **objects;
	size_t count;
};

/* The list as it is now, the one heard last first. Returns 0 or p->status. */
int unknown_list(struct bus *b, struct bus_problem *p, struct unknown *ret);
void unknown_done(struct unknown *u);
/* The one of that address (and transport, unless it is NULL), or NULL. Lent. */
const cJSON *unknown_find(const struct unknown *u, const char *address, const char *transport);
/* A table; numbered from 1 when somebody is to choose. Returns 0 or -ENOMEM. */
int unknown_print(const struct unknown *u, bool numbered);
/* Has the drivers look for devices, and waits that long, or only until the first is heard. Returns
 * 0 or p->status. */
int unknown_look(struct bus *b, struct bus_problem *p, unsigned seconds, bool until_first);
