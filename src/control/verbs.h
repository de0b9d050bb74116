/*
 * The rows of the verbs that exist, each in its own file. For table.c.
 */
#pragma once

#include "control/commands.h"

extern const struct command_row verb_status;
extern const struct command_row verb_devices;
extern const struct command_row verb_device;
extern const struct command_row verb_unknown;
extern const struct command_row verb_discover;
extern const struct command_row verb_pair;
extern const struct command_row verb_unpair;
extern const struct command_row verb_permit_join;
extern const struct command_row verb_identify;
extern const struct command_row verb_interview;
extern const struct command_row verb_network;
extern const struct command_row verb_network_adopt;
extern const struct command_row verb_network_restore;
extern const struct command_row verb_network_backup;
extern const struct command_row verb_network_remove;
extern const struct command_row verb_adopt;
extern const struct command_row verb_forget;
extern const struct command_row verb_outbox;
extern const struct command_row verb_retry_aside;
extern const struct command_row verb_drop_aside;
extern const struct command_row verb_reload;
extern const struct command_row verb_test_alarm;
extern const struct command_row verb_audit;
extern const struct command_row verb_alarms;
extern const struct command_row verb_acknowledge;
extern const struct command_row verb_pause;
extern const struct command_row verb_reset;
extern const struct command_row verb_set_limit;
extern const struct command_row verb_limits;
extern const struct command_row verb_observe;
extern const struct command_row verb_set_spo2_scale;

/* Arguments that several verbs have, as rows of a list. */
/* clang-format off */
#define ARGUMENTS(...) (const struct command_argument[]){ __VA_ARGS__, { .name = NULL } }
#define NEEDS .required = true
#define DEVICE .name = "device", .kind = ARGUMENT_DEVICE, .example = "\"bed3-oximeter\""
#define BED .name = "bed", .kind = ARGUMENT_BED, .example = "\"3\""
#define ALARM .name = "alarm", .kind = ARGUMENT_TEXT, .min = 1, .max = 160, \
	.example = "\"ward7-gw1:12-9f3a21c4:a81\""
#define RULE .name = "rule", .kind = ARGUMENT_DEVICE, .example = "\"spo2-low\""
#define SECONDS .name = "seconds", .kind = ARGUMENT_INTEGER, .min = 1, .example = "120"
#define TIME .kind = ARGUMENT_TIME, .example = "\"2026-11-21T10:00:00Z\""
/* clang-format on */
