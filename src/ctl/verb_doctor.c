/*
 * wardgatectl doctor: looks at everything that a gateway needs, and says what to
 * do about what it finds. Also without the daemon.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/doctor.h"
#include "ctl/json.h"
#include "ctl/term.h"
#include "util/text.h"

static const struct {
	void (*look)(struct doctor *d);
} checks[] = {
	{ doctor_configuration },
	{ doctor_daemon },
	{ doctor_clock },
	{ doctor_disk },
	{ doctor_certificates },
	{ doctor_broker },
	{ doctor_coap },
	{ doctor_serial },
	{ doctor_zigbee },
	{ doctor_bluetooth },
};

static const struct {
	const char *name, *mark, *colour;
} levels[_FINDING_LEVEL_MAX] = {
	[FINDING_GOOD] = { "good", "ok", "\033[32m" },
	[FINDING_NOTE] = { "note", "note", "" },
	[FINDING_WARNING] = { "warning", "look", "\033[33m" },
	[FINDING_WRONG] = { "wrong", "WRONG", "\033[1;31m" },
};

void doctor_find(struct doctor *d, enum finding_level level, const char *area, const char *remedy,
	const char *format, ...)
{
	struct finding f = { .level = level, .area = area };
	va_list args;

	va_start(args, format);
	if (vasprintf(&f.found, format, args) < 0)
		f.found = NULL;
	va_end(args);
	f.remedy = remedy ? strdup(remedy) : NULL;
	if (d->count == d->room) {
		struct finding *grown =
			reallocarray(d->findings, d->room * 2 + 32, sizeof(*d->findings));

		if (grown) {
			d->findings = grown;
			d->room = d->room * 2 + 32;
		}
	}
	if (!f.found || (remedy && !f.remedy) || d->count == d->room) {
		d->out_of_memory = true;
		free(f.found);
		free(f.remedy);
		return;
	}
	d->findings[d->count++] = f;
	if (d->tell)
		d->tell(&d->findings[d->count - 1]);
}

static void tell(const struct finding *f)
{
	bool colours = term_has_colours(stdout);

	if (colours)
		fputs(levels[f->level].colour, stdout);
	printf("%-6s", levels[f->level].mark);
	if (colours && *levels[f->level].colour)
		fputs("\033[0m", stdout);
	term_line_behind(6, f->area, f->found);
	if (f->remedy) {
		fputs("      ", stdout);
		term_line_behind(6, "", f->remedy);
	}
	fflush(stdout);
}

static void print_findings(const struct doctor *d, bool ok)
{
	printf("{\"ok\":%s,\"findings\":[", ok ? "true" : "false");
	for (size_t i = 0; i < d->count; i++) {
		const struct finding *f = &d->findings[i];

		printf("%s{\"area\":\"%s\",\"level\":\"%s\",\"found\":", i ? "," : "", f->area,
			levels[f->level].name);
		text_print_json(stdout, f->found);
		fputs(",\"remedy\":", stdout);
		if (f->remedy)
			text_print_json(stdout, f->remedy);
		else
			fputs("null", stdout);
		putchar('}');
	}
	puts("]}");
}

static void doctor_done(struct doctor *d)
{
	for (size_t i = 0; i < d->count; i++) {
		free(d->findings[i].found);
		free(d->findings[i].remedy);
	}
	free(d->findings);
	config_unref(d->config);
}

int verb_doctor(const struct ctl *ctl, int argc, char **argv)
{
	_cleanup_(doctor_done) struct doctor d = { .ctl = ctl, .tell = ctl->json ? NULL : tell };
	size_t counts[_FINDING_LEVEL_MAX] = { 0 };
	int r = ctl_arguments(argc, argv, 0);

	if (r != 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++)
		checks[i].look(&d);
	if (d.out_of_memory)
		return ctl_fail("out of memory");
	for (size_t i = 0; i < d.count; i++)
		counts[d.findings[i].level]++;
	if (ctl->json)
		print_findings(&d, counts[FINDING_WRONG] == 0);
	else if (counts[FINDING_WRONG] + counts[FINDING_WARNING] == 0)
		puts("\nAll is well.");
	else
		printf("\n%zu wrong, %zu to look at.\n", counts[FINDING_WRONG],
			counts[FINDING_WARNING]);
	return counts[FINDING_WRONG] ? EXIT_FAILURE : EXIT_SUCCESS;
}
