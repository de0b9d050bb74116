/*
 * What can be measured: one row per metric in metrics.def, each with its UCUM
 * unit and its codes. Not a place for limits or conversions.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum metric_kind {
	METRIC_NUMBER,
	METRIC_BOOLEAN, /* the row's note says what true means */
	METRIC_WORD,    /* one of the words that the row lists */
};

enum metric {
	METRIC_NONE,
#define METRIC(id, name, kind, unit, mdc, mdc_unit, loinc, words, note) METRIC_##id,
#include "wardgate/metrics.def"
#undef METRIC
	_METRIC_MAX
};

/* One row of metrics.def. Code 0 and NULL mean that there is none. */
struct metric_info {
	const char *name; /* as in topics and payloads: "bp-systolic" */
	enum metric_kind kind;
	const char *unit;  /* UCUM, "" when dimensionless */
	uint32_t mdc;      /* ISO/IEEE 11073-10101 term, 32 bit: partition * 65536 + code */
	uint32_t mdc_unit; /* the unit's, likewise */
	const char *loinc; /* space separated, the one that FHIR wants first */
	const char *words; /* METRIC_WORD: the closed list, space separated */
	const char *note;  /* for people; of a boolean: what true means */
};

/* The row of a metric; of METRIC_NONE or anything out of range, a row with the name "none". */
const struct metric_info *metric_info(enum metric m);
/* The metric of that name, METRIC_NONE when there is none. name need not end with 0. */
enum metric metric_by_name(const char *name, size_t length);

/*
 * Code words shared by all rooms: values of METRIC_WORD metrics, reasons, sites, methods, samples
 * and raw units. A word outside the table cannot come in from a peer.
 */
enum word {
	WORD_NONE,
#define WORD(id, text) WORD_##id,
#include "wardgate/words.def"
#undef WORD
	_WORD_MAX
};

/* The text of a word, "" for WORD_NONE. */
const char *word_text(enum word w);
/* The word of that text, WORD_NONE when it is not in the table. text need not end with 0. */
enum word word_by_text(const char *text, size_t length);
/* Whether w is among the words that the metric's row lists. */
bool metric_takes_word(enum metric m, enum word w);

/* Codes of a metric at a site or by a method, where they differ from the row's own. */
struct metric_codes {
	uint32_t mdc;
	uint32_t mdc_unit;
	const char *loinc;
};

/* The codes that fit best: site and method may be WORD_NONE. */
struct metric_codes metric_codes(enum metric m, enum word site, enum word method);
