/*
 * The growing lists of problem lines.
 */
#include "config/problems.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

__attribute__((format(printf, 4, 0))) static void add(
	struct config_problems *p, char ***lines, size_t *count, const char *format, va_list ap)
{
	char **grown, *line;

	if (*count >= CONFIG_PROBLEMS_MAX) {
		p->unsaid++;
		return;
	}

	grown = reallocarray(*lines, *count + 1, sizeof(*grown));
	if (!grown) {
		p->out_of_memory = true;
		return;
	}
	*lines = grown;

	if (vasprintf(&line, format, ap) < 0) {
		p->out_of_memory = true;
		return;
	}
	grown[(*count)++] = line;
}

void config_error(struct config_problems *p, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	add(p, &p->errors, &p->error_count, format, ap);
	va_end(ap);
}

void config_warning(struct config_problems *p, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	add(p, &p->warnings, &p->warning_count, format, ap);
	va_end(ap);
}

int config_problems_outcome(const struct config_problems *p)
{
	if (p->out_of_memory)
		return -ENOMEM;
	return p->error_count > 0 ? CONFIG_E_INVALID : 0;
}

static void free_lines(char **lines, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(lines[i]);
	free(lines);
}

void config_problems_done(struct config_problems *p)
{
	free_lines(p->errors, p->error_count);
	free_lines(p->warnings, p->warning_count);
	*p = (struct config_problems){ 0 };
}
