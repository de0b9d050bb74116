/*
 * The table of commands. A verb is a row here and a file of its own; those that
 * stand here with all they have are of the contract and do not exist yet.
 */
#include "control/control_private.h"
#include "control/verbs.h"

/* clang-format off */
#define PATIENT .name = "patient", .kind = ARGUMENT_TEXT, .min = 1, .max = 63, .example = "\"p-17\""
#define AFAR .afar = true
#define DAY 86400

static const struct command_row contract[] = {
	{ "associate", ARGUMENTS({ BED, NEEDS }, { PATIENT, NEEDS }, { .name = "from", TIME }),
		AFAR },
	{ "dissociate", ARGUMENTS({ BED, NEEDS }), AFAR },
	{ "transfer", ARGUMENTS(
		{ .name = "from", .kind = ARGUMENT_BED, .example = "\"3\"", NEEDS },
		{ .name = "to", .kind = ARGUMENT_BED, .example = "\"4\"", NEEDS }), AFAR },
	{ "assign", ARGUMENTS({ DEVICE, NEEDS }, { BED, NEEDS },
		{ SECONDS, .max = 30 * DAY }), AFAR },
	{ "release", ARGUMENTS({ DEVICE, NEEDS }), AFAR },
};
/* clang-format on */

const struct command_row *const control_rows[] = {
	&verb_status,
	&verb_devices,
	&verb_device,
	&verb_unknown,
	&verb_discover,
	&verb_adopt,
	&verb_pair,
	&verb_unpair,
	&verb_permit_join,
	&verb_identify,
	&verb_interview,
	&verb_network,
	&verb_network_adopt,
	&verb_network_restore,
	&verb_network_backup,
	&verb_network_remove,
	&verb_forget,
	&verb_outbox,
	&verb_retry_aside,
	&verb_drop_aside,
	&verb_reload,
	&verb_test_alarm,
	&verb_audit,
	&verb_alarms,
	&verb_acknowledge,
	&verb_pause,
	&verb_reset,
	&verb_set_limit,
	&verb_limits,
	&verb_observe,
	&verb_set_spo2_scale,
	&contract[0],
	&contract[1],
	&contract[2],
	&contract[3],
	&contract[4],
	NULL,
};
_Static_assert(sizeof(contract) == 5 * sizeof(contract[0]), "all of them stand in the table");
