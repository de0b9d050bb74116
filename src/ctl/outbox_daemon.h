/*
 * wardgatectl outbox with the daemon: what it holds, and its set-aside messages.
 */
#pragma once

#include "ctl/bus.h"

/* What waits as the daemon says, for people. Returns 0 or -ENOMEM. */
int outbox_print_daemon(const char *document);
/* outbox retry|drop [ID...]; argv[0] is retry or drop. Returns the exit status. */
int outbox_aside(const struct ctl *ctl, int argc, char **argv);
