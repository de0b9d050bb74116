/*
 * getaddrinfo() with a time-out, for doctor: a resolver may never answer. Not
 * for the daemon, whose workers do the whole connect.
 */
#pragma once

#include <netdb.h>
#include <stdint.h>

/* Waits left_ms at most. Returns 0, with *ret for freeaddrinfo(), or an EAI code; EAI_AGAIN when
 * the time was over. */
int lookup_name(const char *host, unsigned port, int64_t left_ms, struct addrinfo **ret);
