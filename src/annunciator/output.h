/*
 * One LED or GPIO line: opened when it is first set, and again after a failure,
 * with growing pauses. It knows on and off; when is for signals.h.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/output.h"

#define OUTPUT_PROBLEM_MAX 160
#define OUTPUT_RETRY_MIN_US INT64_C(1000000)
#define OUTPUT_RETRY_MAX_US INT64_C(60000000)
/* Setting an output is done on the loop: one that takes longer is left alone for a while. */
#define OUTPUT_SLOW_US INT64_C(200000)
/* How often an output is set anew though nothing changed: somebody else may have set the LED, or a
 * chip may be gone, whose lines the kernel does not tell us of. */
#define OUTPUT_REFRESH_US INT64_C(2000000)

/* How the kernel is asked; tests have their own. */
struct output_kernel {
	int (*ioctl)(int fd, unsigned long request, void *argument); /* returns -1 with errno */
	int64_t (*now_us)(void);                                     /* the boot-time clock */
};
extern const struct output_kernel output_kernel;

struct output {
	struct config_output what;
	char text[CONFIG_OUTPUT_MAX + 1]; /* as written */
	unsigned roles;                   /* 1 << enum signal_role */
	int fd;                           /* of a GPIO line that we hold; -1 none */
	bool ready;                       /* it took what it was given last */
	bool on;                          /* what it was given last */
	int64_t due_us;                   /* when it is to be set though nothing changed */
	int64_t pause_us;                 /* after the last failure */
	char problem[OUTPUT_PROBLEM_MAX]; /* "" none */
	uint64_t failures;
};

void output_init(struct output *o, const struct config_output *what, const char *text);
/* Sets it if it is another level than before, if it is due, or, after a failure, if the pause is
 * over. Logs when it begins to fail and when it works again. */
void output_set(struct output *o, const struct output_kernel *k, bool on);
/* Off if it can be, and closed. */
void output_done(struct output *o, const struct output_kernel *k);
