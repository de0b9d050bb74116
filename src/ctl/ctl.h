/*
 * wardgatectl's verbs, and what each is given. A verb is one file verb_*.c and
 * one row of the table in main.c.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "config/config.h"

/* What the command line said before or behind the verb. */
struct ctl {
	const char *config_path;
	const char *bus; /* address, system or session; NULL: as the configuration says */
	bool json;
};

/* Runs a verb; argv[0] is its name, the rest its arguments. Returns the exit status: 0,
 * EXIT_FAILURE after one line by ctl_fail(), EX_USAGE after ctl_misused(), EX_UNAVAILABLE when
 * there is no daemon or bus, EX_NOPERM when this user may not. */
typedef int (*verb_fn)(const struct ctl *ctl, int argc, char **argv);

int verb_acknowledge(const struct ctl *ctl, int argc, char **argv);
int verb_adopt(const struct ctl *ctl, int argc, char **argv);
int verb_alarms(const struct ctl *ctl, int argc, char **argv);
int verb_audit(const struct ctl *ctl, int argc, char **argv);
int verb_backup(const struct ctl *ctl, int argc, char **argv);
int verb_check_config(const struct ctl *ctl, int argc, char **argv);
int verb_device(const struct ctl *ctl, int argc, char **argv);
int verb_devices(const struct ctl *ctl, int argc, char **argv);
int verb_discover(const struct ctl *ctl, int argc, char **argv);
int verb_doctor(const struct ctl *ctl, int argc, char **argv);
int verb_forget(const struct ctl *ctl, int argc, char **argv);
int verb_limits(const struct ctl *ctl, int argc, char **argv);
int verb_identify(const struct ctl *ctl, int argc, char **argv);
int verb_interview(const struct ctl *ctl, int argc, char **argv);
int verb_network(const struct ctl *ctl, int argc, char **argv);
int verb_observe(const struct ctl *ctl, int argc, char **argv);
int verb_outbox(const struct ctl *ctl, int argc, char **argv);
int verb_pair(const struct ctl *ctl, int argc, char **argv);
int verb_pause(const struct ctl *ctl, int argc, char **argv);
int verb_permit_join(const struct ctl *ctl, int argc, char **argv);
int verb_reload(const struct ctl *ctl, int argc, char **argv);
int verb_reset(const struct ctl *ctl, int argc, char **argv);
int verb_restore(const struct ctl *ctl, int argc, char **argv);
int verb_set_limit(const struct ctl *ctl, int argc, char **argv);
int verb_set_spo2_scale(const struct ctl *ctl, int argc, char **argv);
int verb_status(const struct ctl *ctl, int argc, char **argv);
int verb_test_alarm(const struct ctl *ctl, int argc, char **argv);
int verb_unpair(const struct ctl *ctl, int argc, char **argv);
int verb_watch(const struct ctl *ctl, int argc, char **argv);

/* One line on standard error: what is wrong, and what would help. Control characters, which may
 * come from outside, become question marks. Returns EXIT_FAILURE. */
int ctl_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same about the command line. Returns EX_USAGE. */
int ctl_misused(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same with a status of the caller's; text may have several lines. */
int ctl_failed(int status, const char *text);
/* A remark on standard error that is no failure. */
void ctl_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The options of one verb: takes "--name" or "--name VALUE" out of argv (and *argc), wherever it
 * stands behind the verb. */
bool ctl_flag(int *argc, char **argv, const char *name);
/* *ret stays when the option is not there. Returns 0, or EX_USAGE after a line. */
int ctl_option(int *argc, char **argv, const char *name, const char **ret);
/* No option is left, and no more than max arguments. Returns 0, or EX_USAGE after a line. */
int ctl_arguments(int argc, char **argv, int max);

/* The configuration without a look at the files that it names: many of them only the service may
 * read. Returns 0, or the exit status after a line. */
int ctl_config(const struct ctl *ctl, struct config **ret);
/* What Payloads= may name, NULL-terminated. */
extern const char *const ctl_payload_names[];
