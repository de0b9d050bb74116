/*
 * An alarm's document made as short as a broker takes: names of its list of
 * devices are left out, and it says how many. Pure.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

/* A copy of body, length bytes and a final 0, with as many of its devices as fit into max bytes;
 * *ret is to be freed. Returns its length, -EMSGSIZE when it does not fit without any of them or
 * has no such list, or -ENOMEM. */
ssize_t shorten_devices(char **ret, const char *body, size_t length, size_t max);
