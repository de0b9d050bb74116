/*
 * What publish.c gives its sessions: the formats of Payloads= and the MQTT 5
 * properties, built once per configuration.
 */
#pragma once

#include "publish/session.h"

struct config;

/* Fills in what comes from the configuration. c must outlive its use. Returns 0, -EINVAL when
 * Payloads= names no format, or -ENOMEM. */
int environment_configure(struct session_environment *env, const struct config *c);
void environment_done(struct session_environment *env);
