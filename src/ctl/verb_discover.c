/*
 * wardgatectl discover [SECONDS]: who can be heard and is not configured.
 */
#include <stdlib.h>
#include <string.h>

#include "ctl/term.h"
#include "ctl/unknown.h"

#define SECONDS 10
#define SECONDS_MAX 300

int verb_discover(const struct ctl *ctl, int argc, char **argv)
{
	_cleanup_(bus_problem_done) struct bus_problem p = { 0 };
	_cleanup_(bus_freep) struct bus *bus = NULL;
	_cleanup_(unknown_done) struct unknown u = { 0 };
	long seconds = SECONDS;
	char *end = NULL;
	int r = ctl_arguments(argc, argv, 1);

	if (r != 0)
		return r;
	if (argc > 1)
		seconds = strtol(argv[1], &end, 10);
	if (argc > 1 && (*argv[1] == 0 || *end != 0 || seconds < 0 || seconds > SECONDS_MAX))
		return ctl_misused(
			"\"%s\" is no time to listen; give 0 to %d seconds", argv[1], SECONDS_MAX);
	if (bus_open(&bus, ctl, &p) != 0)
		return bus_complain(&p);
	if (seconds > 0 && !ctl->json && term_interactive()) {
		printf("Listening for %ld s; switch the device on ...\n", seconds);
		fflush(stdout);
	}
	if (seconds > 0 && unknown_look(bus, &p, (unsigned)seconds, false) != 0)
		return bus_complain(&p);
	if (unknown_list(bus, &p, &u) != 0)
		return bus_complain(&p);
	if (ctl->json) {
		json_put_documents(stdout, "unknown", u.documents, u.count);
	} else if (u.count == 0) {
		puts("No unknown device was heard.");
	} else {
		if (unknown_print(&u, false) < 0)
			return ctl_fail("out of memory");
		puts("\nwardgatectl adopt takes one in.");
	}
	return EXIT_SUCCESS;
}
