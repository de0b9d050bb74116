/*
 * See adopt_zigbee.h.
 */
#include "ctl/adopt_zigbee.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config/parse.h"
#include "ctl/json.h"
#include "ctl/prompt.h"

#define SECONDS 120
#define LOOK_MS 500

int adopt_zigbee_ask(char *address, size_t size, char code[ADOPT_CODE_MAX])
{
	char same[DEVICE_ADDRESS_MAX + 1];
	struct config_why why;
	int r;

	for (;;) {
		r = prompt_line(
			"Its address (EUI-64), as printed on it, e.g. 00:12:4B:00:01:02:03:04: ",
			address, size);
		if (r < 0)
			return -ECANCELED;
		if (r > 0 && config_parse_address(TRANSPORT_ZIGBEE, address, same, &why) == 0)
			break;
		puts("It has 16 hex digits, with colons between pairs or 0x before them.");
	}
	r = prompt_line(
		"Its install code, as printed on it [Enter: it has none]: ", code, ADOPT_CODE_MAX);
	return r < 0 ? -ECANCELED : 0;
}

/* Its state in the network, a word to be freed; NULL: not to be found out. */
static char *state_of(struct bus *b, const char *device)
{
	_cleanup_(bus_problem_done) struct bus_problem p = { 0 };
	_cleanup_(cJSON_Deletep) cJSON *o = NULL;
	_cleanup_(freep) char *document = NULL;

	if (bus_ask(b, &p, &document, "GetDevice", "s", device) != 0)
		return NULL;
	o = json_object(document);
	return strdup(
		json_text(cJSON_GetObjectItemCaseSensitive(o, "link"), "state", "never-joined"));
}

static int wait_for(struct bus *b, const char *device)
{
	const struct timespec pause = { .tv_nsec = LOOK_MS * 1000000L };

	for (int i = 0; i < SECONDS * 1000 / LOOK_MS; i++) {
		_cleanup_(freep) char *state = state_of(b, device);

		if (!state)
			break;
		if (strcmp(state, "never-joined") != 0) {
			printf("%s has joined, and is being set up; wardgatectl device %s shows "
			       "how "
			       "that goes.\n",
				device, device);
			return EXIT_SUCCESS;
		}
		(void)nanosleep(&pause, NULL);
	}
	printf("%s has not joined. Once it is in its joining mode, wardgatectl permit-join lets it "
	       "in.\n",
		device);
	return EXIT_FAILURE;
}

int adopt_zigbee_let_in(const struct ctl *ctl, struct bus *b, const char *device, const char *code)
{
	const char *const with[] = { "permit-join", "--device", device, "--install-code", code,
		NULL };
	const char *const without[] = { "permit-join", "--anyone", NULL };
	char *argv[6];
	int argc = 0, r;

	for (const char *const *a = *code ? with : without; *a; a++)
		argv[argc++] = (char *)*a;
	argv[argc] = NULL;
	r = verb_permit_join(ctl, argc, argv);
	return r == EXIT_SUCCESS ? wait_for(b, device) : r;
}
