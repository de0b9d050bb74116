/*
 * For annunciator.c and its unit tests.
 */
#pragma once

#include "annunciator/annunciator.h"
#include "annunciator/output.h"
#include "annunciator/signals.h"

struct annunciator {
	sd_event_source *timer;
	struct signals signals;
	const struct output_kernel *kernel;
	struct output *outputs;
	size_t count;
	unsigned used; /* roles that there are outputs for */
	size_t failing;
	void (*on_trouble)(void *userdata);
	void *userdata;
};

/* As annunciator_new(), with another kernel. */
int annunciator_new_on(struct annunciator **ret, sd_event *e, const struct config *c,
	const struct output_kernel *kernel);
