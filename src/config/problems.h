/*
 * What is wrong with a configuration, as lines of text. Errors forbid its use,
 * warnings do not. Nothing is logged here: main.c decides where they go.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define CONFIG_PROBLEMS_MAX 1000 /* lines kept of each kind; the rest is counted */

/* Outcomes of all that reads configuration. */
enum {
	_CONFIG_E_OK,
	CONFIG_E_INVALID, /* problems has at least one error */
};

/* Zero-initialised by the caller, who calls config_problems_done() in the end. */
struct config_problems {
	char **errors;
	size_t error_count;
	char **warnings;
	size_t warning_count;
	size_t unsaid; /* beyond CONFIG_PROBLEMS_MAX */
	bool out_of_memory;
};

/* Frees the lines; p is as new afterwards. */
void config_problems_done(struct config_problems *p);

/* Add one line; what cannot be kept for want of memory sets out_of_memory. */
void config_error(struct config_problems *p, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void config_warning(struct config_problems *p, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* -ENOMEM, CONFIG_E_INVALID or 0, by what was added. */
int config_problems_outcome(const struct config_problems *p);
