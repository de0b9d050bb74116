/*
 * What doctor looks at. A check is one function of one of the files doctor_*.c
 * and one row of the table in verb_doctor.c; it files what it finds. Each looks
 * for a bounded time and changes nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "ctl/ctl.h"

#define DOCTOR_SERVICE_USER "wardgate"

enum finding_level {
	FINDING_GOOD,
	FINDING_NOTE,    /* worth knowing */
	FINDING_WARNING, /* it goes on, but somebody should look */
	FINDING_WRONG,   /* it does not do its work */
	_FINDING_LEVEL_MAX
};

struct finding {
	enum finding_level level;
	const char *area;
	char *found, *remedy; /* remedy NULL: none is needed */
};

struct doctor {
	const struct ctl *ctl;
	struct config *config; /* NULL: it has errors that leave nothing to look at */
	bool runs;             /* the daemon was heard */
	bool connected;        /* and has its broker */
	struct finding *findings;
	size_t count, room;
	bool out_of_memory;
	/* Told at once, for people who wait. */
	void (*tell)(const struct finding *f);
};

/* remedy: a sentence, NULL none; copied. */
void doctor_find(struct doctor *d, enum finding_level level, const char *area, const char *remedy,
	const char *format, ...) __attribute__((format(printf, 5, 6)));

void doctor_configuration(struct doctor *d);
void doctor_daemon(struct doctor *d);
void doctor_clock(struct doctor *d);
void doctor_disk(struct doctor *d);
void doctor_certificates(struct doctor *d);
void doctor_broker(struct doctor *d);
void doctor_coap(struct doctor *d);
void doctor_serial(struct doctor *d);
void doctor_zigbee(struct doctor *d);
void doctor_bluetooth(struct doctor *d);

/* Whether the service's user may read and write what has this owner, group and mode. Where that
 * user does not exist, whether we may. */
bool doctor_service_may(uid_t uid, gid_t gid, mode_t mode);
