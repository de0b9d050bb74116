/*
 * A verb of the daemon's. See run.h.
 */
#include "ctl/run.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/bus.h"
#include "ctl/json.h"

int ctl_run(const struct ctl *ctl, const char *verb, cJSON *arguments, char **ret)
{
	_cleanup_(bus_problem_done) struct bus_problem p = { 0 };
	_cleanup_(cJSON_Deletep) cJSON *owned = arguments;
	_cleanup_(bus_freep) struct bus *bus = NULL;
	char *text = cJSON_PrintUnformatted(owned);
	int r;

	if (owned && !text)
		return ctl_fail("out of memory");
	r = bus_open(&bus, ctl, &p);
	if (r == 0)
		r = bus_ask(bus, &p, ret, "Run", "ss", verb, text ?: "");
	cJSON_free(text);
	if (r == 0)
		return 0;
	/* An older daemon; its own sentence speaks of commands in general. */
	if (strcmp(p.name, "UnknownVerb") == 0)
		return ctl_fail("this wardgated has no %s; is it as new as wardgatectl " WG_VERSION
				"? restart it after an upgrade",
			verb);
	return bus_complain(&p);
}

int ctl_print_answer(const char *document)
{
	json_put_document(stdout, document);
	putchar('\n');
	return EXIT_SUCCESS;
}

int ctl_do(const struct ctl *ctl, const char *verb, cJSON *arguments, cJSON **ret)
{
	_cleanup_(cJSON_Deletep) cJSON *answer = NULL;
	_cleanup_(freep) char *document = NULL;
	int r;

	*ret = NULL;
	if (!arguments)
		return ctl_fail("out of memory");
	r = ctl_run(ctl, verb, arguments, &document);
	if (r != 0)
		return r;
	answer = json_object(document);
	if (cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(answer, "kept")))
		ctl_note("it is done, but not on the disk yet (%s): a power cut would undo it; "
			 "wardgatectl doctor looks why",
			json_text(answer, "problem", "no reason given"));
	if (ctl->json)
		return ctl_print_answer(document);
	if (!answer)
		return ctl_fail("wardgated's answer is no JSON object; is it as new as "
				"wardgatectl " WG_VERSION "?");
	*ret = TAKE_PTR(answer);
	return 0;
}

const char *ctl_who(char *buf, const char *by)
{
	const struct passwd *user = NULL;
	unsigned long uid;
	char *end;

	if (strncmp(by, "uid ", 4) == 0 && by[4] >= '0' && by[4] <= '9') {
		uid = strtoul(by + 4, &end, 10);
		if (*end == 0 && uid < UINT32_MAX)
			user = getpwuid((uid_t)uid);
	}
	snprintf(buf, CTL_WHO_MAX, "%s", user ? user->pw_name : by);
	return buf;
}
