/*
 * wardgatectl identify, interview: what is asked of one Zigbee device: that it
 * shows itself, and that it is looked through and set up anew.
 */
#include <stdlib.h>

#include "ctl/json.h"
#include "ctl/run.h"
#include "ctl/term.h"
#include "wardgate/joining.h"

#define SECONDS 15

static int ask(const struct ctl *ctl, const char *verb, const char *device, long seconds,
	cJSON **ret_answer)
{
	cJSON *o = cJSON_CreateObject();

	if (!o || !cJSON_AddStringToObject(o, "device", device) ||
		(seconds >= 0 && !cJSON_AddNumberToObject(o, "seconds", (double)seconds))) {
		cJSON_Delete(o);
		o = NULL;
	}
	return ctl_do(ctl, verb, o, ret_answer);
}

int verb_identify(const struct ctl *ctl, int argc, char **argv)
{
	_cleanup_(cJSON_Deletep) cJSON *answer = NULL;
	char *rest = NULL;
	long seconds = SECONDS;
	int r = ctl_arguments(argc, argv, 2);

	if (r != 0)
		return r;
	if (argc < 2)
		return ctl_misused("identify needs a name; wardgatectl devices lists them");
	if (argc > 2)
		seconds = strtol(argv[2], &rest, 10);
	if (argc > 2 && (*argv[2] == 0 || *rest || seconds < 0 || seconds > JOINING_IDENTIFY_MAX))
		return ctl_misused("\"%s\" is no time to blink; give 0 to %d seconds", argv[2],
			JOINING_IDENTIFY_MAX);
	r = ask(ctl, "identify", argv[1], seconds, &answer);
	if (r == 0 && answer && seconds > 0)
		printf("%s is told to show itself for %ld s. One that sleeps hears it when it next "
		       "wakes;\npress a button of it, if it has one.\n",
			argv[1], seconds);
	else if (r == 0 && answer)
		printf("%s is told that it was found.\n", argv[1]);
	return r;
}

int verb_interview(const struct ctl *ctl, int argc, char **argv)
{
	_cleanup_(cJSON_Deletep) cJSON *answer = NULL;
	int r = ctl_arguments(argc, argv, 1);

	if (r != 0)
		return r;
	if (argc < 2)
		return ctl_misused("interview needs a name; wardgatectl devices lists them");
	r = ask(ctl, "interview", argv[1], -1, &answer);
	if (r == 0 && answer)
		printf("%s is asked anew what it is, and set up anew; wardgatectl device %s shows "
		       "how that goes.\nOne that sleeps answers when it next wakes.\n",
			argv[1], argv[1]);
	return r;
}
