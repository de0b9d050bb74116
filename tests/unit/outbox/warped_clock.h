/*
 * For a test program: a boot-time clock that store_script.c can turn on, so
 * that no test waits for a back-off. Not in the tests' library, where each
 * program would get it.
 */
#pragma once

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "unit/outbox/store_script.h"

/* In place of the C library's. */
int clock_gettime(clockid_t id, struct timespec *ret)
{
	int r = (int)syscall(SYS_clock_gettime, id, ret);

	if (id == CLOCK_BOOTTIME)
		ret->tv_sec += atomic_load(&script_warp_s);
	return r;
}
