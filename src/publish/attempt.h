/*
 * The part of connecting that can block: files, name resolution and connect(2),
 * in one job on a worker thread. See link.h for what follows.
 */
#pragma once

#include <mosquitto.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "publish/link.h"

struct attempt;

/* The client has a socket (problem NULL), or not (problem is one sentence, valid during the call).
 * The callee owns m and tls, which may be NULL. */
typedef void (*attempt_done_fn)(
	struct mosquitto *take_m, struct tls *take_tls, const char *problem, void *userdata);

/* m and tls are taken over, also on failure. Returns 0, -EBUSY when too many attempts hang, or
 * another negative errno. */
int attempt_start(struct attempt **ret, sd_event *e, struct worker *w, struct mosquitto *take_m,
	struct tls *take_tls, const struct link_settings *settings, attempt_done_fn done,
	void *userdata);
/* done will not be called. NULL is fine. */
void attempt_abandon(struct attempt *a);
