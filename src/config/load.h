/*
 * Texts, one after the other, into a struct config. For config/read.c, which
 * has them from files, and for tests, which have them from elsewhere.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/read.h"
#include "config/record.h"

struct loader {
	struct config *c;
	struct config_problems *p;
	bool adopted; /* the texts are of devices.d */
	uint32_t file;
	struct config_section *section; /* the present one */
	bool capped[_GROUP_MAX];        /* too many were reported */
};

/* Reads one text; what is wrong with it goes to l->p. Returns 0 or a negative errno. */
int loader_text(struct loader *l, const char *path, const void *data, size_t size);
/* Works out where the state is, unless a text said so. Returns 0 or -ENOMEM. */
int loader_state_directory(struct loader *l, const struct config_options *o);
/* All that comes after the texts. Returns 0 when the configuration is good, CONFIG_E_INVALID, or
 * -ENOMEM. */
int loader_complete(struct loader *l, const struct config_options *o);
