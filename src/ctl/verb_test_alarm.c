/*
 * wardgatectl test-alarm [BED]: an alarm marked as a test goes the whole way to
 * the broker, and the answer says whether it got there.
 */
#include <string.h>

#include "ctl/bus.h"
#include "ctl/json.h"

int verb_test_alarm(const struct ctl *ctl, int argc, char **argv)
{
	_cleanup_(bus_problem_done) struct bus_problem p = { 0 };
	_cleanup_(bus_freep) struct bus *bus = NULL;
	_cleanup_(cJSON_Deletep) cJSON *result = NULL;
	_cleanup_(freep) char *document = NULL;
	int r = ctl_arguments(argc, argv, 1);

	if (r != 0)
		return r;
	if (bus_open(&bus, ctl, &p) != 0)
		return bus_complain(&p);
	if (!ctl->json && isatty(STDOUT_FILENO)) {
		puts("Waiting for the broker to confirm it, up to 10 s ...");
		fflush(stdout);
	}
	if (bus_ask(bus, &p, &document, "TestAlarm", "s", argc > 1 ? argv[1] : "-") != 0)
		return bus_complain(&p);
	result = json_object(document);
	if (ctl->json) {
		json_put_document(stdout, document);
		putchar('\n');
	}
	if (!result || !json_true(result, "confirmed"))
		return ctl_fail("the test alarm was not confirmed; wardgatectl doctor looks why");
	if (json_true(result, "nobody_listening"))
		return ctl_fail(
			"the broker has the test alarm, but nobody subscribes to it: no display "
			"would show an alarm; is the consumer connected, and allowed to read "
			"alarms?");
	if (!ctl->json)
		printf("The broker has confirmed the test alarm %s (%s).\n"
		       "Whether somebody sees it is for the ward to say: look at the displays.\n",
			json_text(result, "key", "?"), json_text(result, "id", "?"));
	return EXIT_SUCCESS;
}
