/*
 * What the connection does to the library's socket by itself: watching it, and
 * telling TCP when to wait and when not to.
 */
#pragma once

#include <stdbool.h>
#include <systemd/sd-event.h>

/* Watches a number of our own for the socket: the library closes its own within a call, before it
 * can be taken off the loop, and that number may be a file of another thread by then. The source
 * closes ours. Returns 0 or a negative errno. */
int socket_watch(sd_event *e, sd_event_source **ret, int fd, uint32_t events,
	sd_event_io_handler_t fn, void *userdata);
/* What is written waits until it is a segment full, or no longer. Returns whether TCP does so. */
bool socket_cork(int fd, bool on);
/* What was read is acknowledged at once: a broker with Nagle's algorithm keeps its next PUBACK back
 * until then. */
void socket_acknowledge(int fd);
