/*
 * The table of commands. A verb is a row here and a file of its own; those that
 * stand here with all they have are of the contract and do not exist yet.
 */
#include "control/control_private.h"
#include "control/verbs.h"

/* clang-format off */
#define ALARM .name = "alarm", .kind = ARGUMENT_TEXT, .min = 1, .max = 160, \
	.example = "\"ward7-gw1:12-9f3a21c4:a81\""
#define PATIENT .name = "patient", .kind = ARGUMENT_TEXT, .min = 1, .max = 63, .example = "\"p-17\""
#define NUMBER .kind = ARGUMENT_NUMBER, .example = "90"
#define TIME .kind = ARGUMENT_TIME, .example = "\"2026-11-21T10:00:00Z\""
#define AFAR .afar = true
#define DAY 86400

static const struct command_row contract[] = {
	{ "acknowledge", ARGUMENTS({ ALARM, NEEDS }), AFAR },
	{ "pause", ARGUMENTS({ ALARM }, { BED }, { SECONDS, .max = DAY, NEEDS },
		{ .name = "kind", .kind = ARGUMENT_WORD, .words = "audio alarm",
		  .example = "\"audio\"" }), AFAR },
	{ "reset", ARGUMENTS({ ALARM, NEEDS }), AFAR },
	{ "set-limit", ARGUMENTS({ BED, NEEDS },
		{ .name = "rule", .kind = ARGUMENT_DEVICE, .example = "\"spo2-low\"", NEEDS },
		{ .name = "below", NUMBER }, { .name = "above", NUMBER }), AFAR },
	{ "associate", ARGUMENTS({ BED, NEEDS }, { PATIENT, NEEDS }, { .name = "from", TIME }),
		AFAR },
	{ "dissociate", ARGUMENTS({ BED, NEEDS }), AFAR },
	{ "transfer", ARGUMENTS(
		{ .name = "from", .kind = ARGUMENT_BED, .example = "\"3\"", NEEDS },
		{ .name = "to", .kind = ARGUMENT_BED, .example = "\"4\"", NEEDS }), AFAR },
	{ "assign", ARGUMENTS({ DEVICE, NEEDS }, { BED, NEEDS },
		{ SECONDS, .max = 30 * DAY }), AFAR },
	{ "release", ARGUMENTS({ DEVICE, NEEDS }), AFAR },
	{ "observe", ARGUMENTS({ BED, NEEDS },
		{ .name = "metric", .kind = ARGUMENT_DEVICE, .example = "\"pain\"", NEEDS },
		{ .name = "value", .kind = ARGUMENT_VALUE, .example = "3", NEEDS },
		{ .name = "time", TIME }), AFAR },
	{ "permit-join", ARGUMENTS({ SECONDS, .max = 254, NEEDS }), AFAR },
};
/* clang-format on */

const struct command_row *const control_rows[] = {
	&verb_status,
	&verb_devices,
	&verb_device,
	&verb_unknown,
	&verb_adopt,
	&verb_forget,
	&verb_outbox,
	&verb_retry_aside,
	&verb_drop_aside,
	&verb_reload,
	&verb_test_alarm,
	&contract[0],
	&contract[1],
	&contract[2],
	&contract[3],
	&contract[4],
	&contract[5],
	&contract[6],
	&contract[7],
	&contract[8],
	&contract[9],
	&contract[10],
	NULL,
};
_Static_assert(sizeof(contract) == 11 * sizeof(contract[0]), "all of them stand in the table");
