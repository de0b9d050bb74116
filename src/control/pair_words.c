/*
 * See pair_words.h.
 */
#include "control/pair_words.h"

#include <inttypes.h>
#include <string.h>

#include "util/text.h"

/* In sentences: @ the device, ~ what the protocol says in brackets, $ who it really is, & the
 * address of its section, ^ the seconds. */
static const struct {
	enum command_outcome as;
	const char *sentence;
} outcomes[_PAIRING_OUTCOME_MAX] = {
	[PAIRING_BONDED] = { COMMAND_DONE, "" },
	[PAIRING_NOT_HEARD] = { COMMAND_FAILED,
		"@ was not heard for ^ s~; switch it on or wake it, put it into pairing mode as "
		"its manual says, bring it near, and try again" },
	[PAIRING_UNREACHABLE] = { COMMAND_FAILED,
		"@ was heard, but the connection did not hold~; bring it near, see that no phone "
		"or other gateway is connected to it, and try again" },
	[PAIRING_REFUSED] = { COMMAND_REFUSED,
		"@ does not pair~; put it into pairing mode as its manual says, have it forget "
		"whom it was paired with before, and try again" },
	[PAIRING_MISMATCH] = { COMMAND_REFUSED,
		"the numbers of @ and of the gateway are not the same~, so that nothing was kept; "
		"try again, and read the number off this very device" },
	[PAIRING_TIMED_OUT] = { COMMAND_FAILED,
		"the time was over before @ was paired~; try again, and answer within 30 s" },
	[PAIRING_TOO_WEAK] = { COMMAND_REFUSED,
		"@ offers less protection than is asked for~, so that nothing was kept; is its "
		"firmware the newest one?" },
	[PAIRING_OTHER_IDENTITY] = { COMMAND_REFUSED,
		"the device that was paired is really $, and @ is configured as &; give Address=$ "
		"in its section (adopted: forget it, and adopt it with that address): the bond is "
		"kept" },
	[PAIRING_NOT_KEPT] = { COMMAND_FAILED,
		"the bond of @ could not be written to the state directory~; see that the disk has "
		"room, and try again" },
	[PAIRING_NO_ADAPTER] = { COMMAND_FAILED,
		"there is no Bluetooth adapter that can be used~; wardgatectl doctor says what "
		"would help" },
	[PAIRING_TAKEN] = { COMMAND_FAILED,
		"another program (bluetoothd) uses the adapter and was faster~; systemctl disable "
		"--now bluetooth, and try again" },
	[PAIRING_ENDED] = { COMMAND_FAILED,
		"the pairing of @ was ended~: Bluetooth was switched off, or the device left the "
		"configuration" },
	[PAIRING_FAILED] = { COMMAND_FAILED,
		"@ could not be paired~; try again, and see the log if it stays so" },
};

static void fill(struct text *t, char c, const struct pairing_result *r, const char *device,
	const char *address, int64_t wait_s)
{
	switch (c) {
	case '@':
		text_printf(t, "%s", device);
		break;
	case '$':
		text_printf(t, "%s", r->identity);
		break;
	case '&':
		text_printf(t, "%s", address);
		break;
	case '^':
		text_printf(t, "%" PRId64, wait_s);
		break;
	case '~':
		if (*r->detail)
			text_printf(t, " (%s)", r->detail);
		break;
	default:
		text_char(t, c);
	}
}

enum command_outcome pair_sentence(const struct pairing_result *r, const char *device,
	const char *address, int64_t wait_s, char why[static COMMAND_SENTENCE_MAX])
{
	unsigned o = r->outcome < _PAIRING_OUTCOME_MAX ? r->outcome : PAIRING_FAILED;
	struct text t = text_init(why, COMMAND_SENTENCE_MAX);

	for (const char *p = outcomes[o].sentence; *p; p++)
		fill(&t, *p, r, device, address, wait_s);
	/* Not with names and details of the lengths that they have. */
	if (text_done(&t) < 0)
		(void)snprintf(why, COMMAND_SENTENCE_MAX, "it could not be paired");
	return outcomes[o].as;
}
