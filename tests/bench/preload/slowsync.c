/*
 * Preloaded into the daemon by the bench: a disk on which every commit takes
 * WARDGATE_SYNC_MS milliseconds. Only the calls that make something durable are
 * slow; without the variable it does nothing.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void delay(void)
{
	const char *text = getenv("WARDGATE_SYNC_MS");
	long ms = text ? strtol(text, NULL, 10) : 0;
	struct timespec left = { ms / 1000, ms % 1000 * 1000000 };

	while (ms > 0 && nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}

int fsync(int fd)
{
	delay();
	return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	delay();
	return (int)syscall(SYS_fdatasync, fd);
}
