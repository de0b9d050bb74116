/*
 * What all verbs share. See ctl.h.
 */
#include "ctl/ctl.h"

#include <stdarg.h>
#include <stdlib.h>
#include <sysexits.h>

__attribute__((format(printf, 2, 0))) static int complain(
	int status, const char *format, va_list args)
{
	fputs("wardgatectl: ", stderr);
	vfprintf(stderr, format, args);
	putc('\n', stderr);
	return status;
}

int ctl_fail(const char *format, ...)
{
	va_list args;
	int r;

	va_start(args, format);
	r = complain(EXIT_FAILURE, format, args);
	va_end(args);
	return r;
}

int ctl_misused(const char *format, ...)
{
	va_list args;
	int r;

	va_start(args, format);
	r = complain(EX_USAGE, format, args);
	va_end(args);
	return r;
}
