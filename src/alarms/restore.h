/*
 * How the lines of a saved state are taken apart: for restore.c and
 * restore_subject.c. The bytes may be anything.
 */
#pragma once

#include "alarms/private.h"
#include "alarms/save.h"

#define TIME_LIMIT (INT64_C(1) << 60)

struct pair {
	const char *name;
	char *value;
};

struct reader {
	struct alarms *a;
	const struct alarm_now *now;
	bool apply;
	bool long_gap;    /* an interruption after which delays begin anew */
	int64_t shift_us; /* what the boot-time clock has moved by */
	unsigned line;
	char *why;
	const char *word;
	struct pair pairs[SAVE_FIELDS_MAX];
	size_t count;
	/* A "state" line belongs to the subject before it. */
	struct subject *subject;
	const struct rule *rule; /* NULL: that one's is gone, or changed */
	bool expect_state;
};

/* Writes the sentence, with the line. Returns ALARMS_E_REFUSED. */
int restore_bad(struct reader *k, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Takes a line apart, in place. Returns 0 or ALARMS_E_REFUSED, as all of these do. */
int restore_split(struct reader *k, char *line);
/* The value of a field, NULL when it is not there. */
const char *restore_get(const struct reader *k, const char *name);
bool restore_number(const char **at, int64_t *ret);
bool restore_decimal(const char **at, struct decimal *ret);
/* What is not named keeps what base has, which is that of a new one. */
int restore_rows(struct reader *k, const struct rule_field *rows, size_t count, void *base);
/* Replaces the label when it is there and all is being applied. Returns also -ENOMEM. */
int restore_label(struct reader *k, const char *name, struct label **l);
int restore_metric(struct reader *k, enum metric *ret);
int restore_instance(struct reader *k, unsigned *ret);
int restore_word(struct reader *k, const char *name, uint16_t *ret);

/* restore_subject.c: an alarm, and the state of its rule in the line behind it. */
int restore_subject(struct reader *k, bool is_rule);
int restore_state(struct reader *k);
