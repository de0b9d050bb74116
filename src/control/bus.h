/*
 * The D-Bus service org.wardgate.Gateway1 (docs/interface). bus.c keeps the
 * connection, service.c answers methods, watch.c tells those who watch. A bus that
 * is missing or lost costs nothing but the service. Inner header of control/.
 */
#pragma once

#include "util/cleanup.h"

struct bus;
struct control;

int bus_new(struct bus **ret, struct control *c);
struct bus *bus_free(struct bus *b);
WG_DEFINE_CLEANUP(struct bus *, bus_free)

/* Once a second: tells what changed. */
void bus_tick(struct bus *b);
/* The body of an alarm event or state. */
void bus_tell_alarm(struct bus *b, const char *body);
