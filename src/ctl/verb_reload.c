/*
 * wardgatectl reload: the daemon reads its configuration anew, or says what is
 * wrong with it.
 */
#include <string.h>

#include "ctl/bus.h"
#include "ctl/json.h"
#include "util/text.h"

static int complain(const struct ctl *ctl, const struct bus_problem *p)
{
	if (strcmp(p->name, "Configuration") != 0)
		return bus_complain(p);
	/* One line for each error: none of them is a sentence of ours. */
	for (const char *line = p->text ?: ""; *line;) {
		int n = (int)strcspn(line, "\n");

		fprintf(stderr, "%.*s\n", n, line);
		line += n + (line[n] == '\n');
	}
	return ctl_fail("the configuration has errors; wardgated goes on with the one it has");
}

int verb_reload(const struct ctl *ctl, int argc, char **argv)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	_cleanup_(bus_problem_done) struct bus_problem p = { 0 };
	_cleanup_(bus_freep) struct bus *bus = NULL;
	_cleanup_(freep) char **warnings = NULL;
	size_t count = 0;
	int r = ctl_arguments(argc, argv, 0);

	if (r != 0)
		return r;
	if (bus_open(&bus, ctl, &p) != 0)
		return bus_complain(&p);
	if (bus_ask_list(bus, &p, &reply, &warnings, &count, "Reload") != 0)
		return complain(ctl, &p);
	if (ctl->json) {
		fputs("{\"warnings\":[", stdout);
		for (size_t i = 0; i < count; i++) {
			fputs(i ? "," : "", stdout);
			text_print_json(stdout, warnings[i]);
		}
		puts("]}");
		return EXIT_SUCCESS;
	}
	for (size_t i = 0; i < count; i++)
		ctl_note("warning: %s", warnings[i]);
	puts("wardgated has taken the configuration.");
	return EXIT_SUCCESS;
}
