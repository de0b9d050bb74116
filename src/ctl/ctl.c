/*
 * What all verbs share. See ctl.h.
 */
#include "ctl/ctl.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "config/read.h"
#include "util/cleanup.h"

const char *const ctl_payload_names[] = {
#define PAYLOAD(name) #name,
#include "publish/payloads/payloads.def"
#undef PAYLOAD
	NULL,
};

/* What a device or a broker said of itself may be part of it. */
static void put_clean(const char *text, bool lines)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		putc((c < 0x20 && !(lines && c == '\n')) || c == 0x7f ? '?' : c, stderr);
	}
}

__attribute__((format(printf, 2, 0))) static int complain(
	int status, const char *format, va_list args)
{
	_cleanup_(freep) char *text = NULL;

	fflush(stdout);
	if (vasprintf(&text, format, args) < 0) {
		text = NULL;
		fputs("wardgatectl: out of memory\n", stderr);
		return status;
	}
	fputs("wardgatectl: ", stderr);
	put_clean(text, false);
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

void ctl_note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)complain(0, format, args);
	va_end(args);
}

int ctl_failed(int status, const char *text)
{
	fflush(stdout);
	fputs("wardgatectl: ", stderr);
	put_clean(text, true);
	putc('\n', stderr);
	return status;
}

static void take_out(int *argc, char **argv, int at, int count)
{
	/* with the NULL at their end */
	memmove(argv + at, argv + at + count, (size_t)(*argc - at - count + 1) * sizeof(*argv));
	*argc -= count;
}

bool ctl_flag(int *argc, char **argv, const char *name)
{
	bool found = false;

	for (int i = 1; i < *argc; i++)
		if (strcmp(argv[i], name) == 0) {
			take_out(argc, argv, i--, 1);
			found = true;
		}
	return found;
}

int ctl_option(int *argc, char **argv, const char *name, const char **ret)
{
	size_t length = strlen(name);

	for (int i = 1; i < *argc; i++) {
		if (strncmp(argv[i], name, length) == 0 && argv[i][length] == '=') {
			*ret = argv[i] + length + 1;
			take_out(argc, argv, i--, 1);
		} else if (strcmp(argv[i], name) == 0) {
			if (i + 1 == *argc)
				return ctl_misused("%s needs a value; see wardgatectl(1)", name);
			*ret = argv[i + 1];
			take_out(argc, argv, i--, 2);
		}
	}
	return 0;
}

int ctl_arguments(int argc, char **argv, int max)
{
	for (int i = 1; i < argc; i++)
		if (argv[i][0] == '-' && argv[i][1] == '-')
			return ctl_misused(
				"%s has no option %s; see wardgatectl(1)", argv[0], argv[i]);
	if (argc - 1 > max)
		return ctl_misused(max == 0 ? "%s takes no argument, and got \"%s\""
					    : "%s does not know what to do with \"%s\"",
			argv[0], argv[max + 1]);
	return 0;
}

int ctl_config(const struct ctl *ctl, struct config **ret)
{
	const struct config_options options = { .payloads = ctl_payload_names, .bytes_only = true };
	_cleanup_(config_problems_done) struct config_problems problems = { 0 };
	int r = config_read(ctl->config_path, &options, ret, &problems);

	if (r < 0)
		return ctl_fail("cannot read the configuration: %s", strerror(-r));
	if (r > 0 && strstr(problems.errors[0], strerror(EACCES))) {
		_cleanup_(freep) char *text = NULL;

		if (asprintf(&text, "%s; run it as root or as the service's user",
			    problems.errors[0]) < 0)
			text = NULL;
		return ctl_failed(EX_NOPERM, text ?: "out of memory");
	}
	if (r > 0 && problems.error_count > 1)
		return ctl_fail("%s (and %zu more; wardgatectl check-config shows all)",
			problems.errors[0], problems.error_count - 1 + problems.unsaid);
	if (r > 0)
		return ctl_fail("%s", problems.errors[0]);
	return 0;
}
