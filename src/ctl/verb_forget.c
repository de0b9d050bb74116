/*
 * wardgatectl forget NAME: takes an adopted device out of the configuration.
 */
#include <string.h>

#include "ctl/bus.h"
#include "ctl/json.h"
#include "ctl/prompt.h"
#include "ctl/term.h"

static bool confirm(const cJSON *device)
{
	fputs("Forget ", stdout);
	term_print(json_text(device, "device", "?"));
	fputs(" (", stdout);
	term_print(json_text(device, "transport", "?"));
	putchar(' ');
	term_print(json_text(device, "address", "?"));
	fputs("), bed ", stdout);
	term_print(json_text(device, "bed", "-"));
	puts("?\nIts key is removed as well: to come back it has to be adopted anew.");
	return prompt_yes("Forget it? [y/N] ");
}

int verb_forget(const struct ctl *ctl, int argc, char **argv)
{
	_cleanup_(bus_problem_done) struct bus_problem p = { 0 };
	_cleanup_(bus_freep) struct bus *bus = NULL;
	_cleanup_(cJSON_Deletep) cJSON *device = NULL;
	_cleanup_(freep) char *document = NULL, *result = NULL;
	bool yes = ctl_flag(&argc, argv, "--yes");
	int r = ctl_arguments(argc, argv, 1);

	if (r != 0)
		return r;
	if (argc != 2)
		return ctl_misused("forget needs a name; wardgatectl devices lists them");
	if (!yes && !term_interactive())
		return ctl_misused("forget asks before it does it; say --yes without a terminal");
	if (bus_open(&bus, ctl, &p) != 0)
		return bus_complain(&p);
	if (!yes) {
		if (bus_ask(bus, &p, &document, "GetDevice", "s", argv[1]) != 0)
			return bus_complain(&p);
		device = json_object(document);
		if (!confirm(device))
			return ctl_fail("%s was not forgotten", argv[1]);
	}
	if (bus_ask(bus, &p, &result, "Forget", "s", argv[1]) != 0)
		return bus_complain(&p);
	if (ctl->json) {
		json_put_document(stdout, result);
		putchar('\n');
	} else {
		printf("%s is forgotten.\n", argv[1]);
	}
	return EXIT_SUCCESS;
}
