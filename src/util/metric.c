/*
 * The tables of metrics.def and words.def, looked up by name and number.
 */
#include "wardgate/metric.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

#include "util/cleanup.h"

static const struct metric_info metrics[_METRIC_MAX] = {
	[METRIC_NONE] = { .name = "none", .unit = "", .note = "" },
#define METRIC(id, name_, kind_, unit_, mdc_, mdc_unit_, loinc_, words_, note_)                    \
	[METRIC_##id] = {                                                                          \
		.name = name_,                                                                     \
		.kind = METRIC_##kind_,                                                            \
		.unit = unit_,                                                                     \
		.mdc = mdc_,                                                                       \
		.mdc_unit = mdc_unit_,                                                             \
		.loinc = loinc_,                                                                   \
		.words = words_,                                                                   \
		.note = note_,                                                                     \
	},
#include "wardgate/metrics.def"
#undef METRIC
};

static const char *const words[_WORD_MAX] = {
	[WORD_NONE] = "",
#define WORD(id, text) [WORD_##id] = text,
#include "wardgate/words.def"
#undef WORD
};

/* Codes that the site or the method changes. A row fits when each of its two is WORD_NONE or the
 * reading's; of those that fit, the first counts. */
static const struct {
	enum metric metric;
	enum word site, method;
	struct metric_codes codes;
} special[] = {
	{ METRIC_PULSE_RATE, WORD_NONE, WORD_OXIMETRY, { 149530, 264864, "8867-4 8889-8" } },
	{ METRIC_PULSE_RATE, WORD_NONE, WORD_OSCILLOMETRIC, { 149546, 264864, "8867-4" } },
	{ METRIC_PULSE_RATE, WORD_NONE, WORD_CUFF, { 149546, 264864, "8867-4" } },
	{ METRIC_HEART_RATE, WORD_NONE, WORD_OXIMETRY, { 149530, 264864, "8867-4 8889-8" } },

	{ METRIC_RESPIRATORY_RATE, WORD_NONE, WORD_THORACIC_IMPEDANCE,
		{ 151578, 264928, "9279-1" } },
	{ METRIC_RESPIRATORY_RATE, WORD_NONE, WORD_CAPNOGRAPHY, { 151594, 264928, "9279-1" } },
	{ METRIC_RESPIRATORY_RATE, WORD_NONE, WORD_AIRWAY, { 151570, 264928, "9279-1" } },
	{ METRIC_RESPIRATORY_RATE, WORD_NONE, WORD_VENTILATOR, { 151586, 264928, "9279-1" } },

	{ METRIC_BP_SYSTOLIC, WORD_NONE, WORD_ARTERIAL, { 150037, 266016, "8480-6" } },
	{ METRIC_BP_DIASTOLIC, WORD_NONE, WORD_ARTERIAL, { 150038, 266016, "8462-4" } },
	{ METRIC_BP_MEAN, WORD_NONE, WORD_ARTERIAL, { 150039, 266016, "8478-0" } },
	{ METRIC_BP_SYSTOLIC, WORD_NONE, WORD_CUFF, { 150301, 266016, "8480-6" } },
	{ METRIC_BP_DIASTOLIC, WORD_NONE, WORD_CUFF, { 150302, 266016, "8462-4" } },
	{ METRIC_BP_MEAN, WORD_NONE, WORD_CUFF, { 150303, 266016, "8478-0" } },

	{ METRIC_BODY_TEMPERATURE, WORD_MOUTH, WORD_NONE, { 188424, 268192, "8310-5 8331-1" } },
	{ METRIC_BODY_TEMPERATURE, WORD_AXILLA, WORD_NONE, { 188452, 268192, "8310-5 8328-7" } },
	{ METRIC_BODY_TEMPERATURE, WORD_RECTUM, WORD_NONE, { 188420, 268192, "8310-5 8332-9" } },
	{ METRIC_BODY_TEMPERATURE, WORD_TYMPANUM, WORD_NONE, { 150392, 268192, "8310-5 8333-7" } },
	{ METRIC_BODY_TEMPERATURE, WORD_EAR, WORD_NONE, { 188428, 268192, "8310-5" } },
	{ METRIC_BODY_TEMPERATURE, WORD_FINGER, WORD_NONE, { 188432, 268192, "8310-5" } },
	{ METRIC_BODY_TEMPERATURE, WORD_TOE, WORD_NONE, { 188448, 268192, "8310-5" } },
	{ METRIC_BODY_TEMPERATURE, WORD_GASTROINTESTINAL, WORD_NONE, { 188456, 268192, "8310-5" } },

	{ METRIC_GLUCOSE, WORD_FINGER, WORD_NONE, { 160184, 266866, "14743-9" } },
	{ METRIC_GLUCOSE, WORD_SUBCUTANEOUS, WORD_NONE, { 160212, 266866, NULL } },
};

/* Names are found by an open-addressed table that is filled once, at the first look-up. It holds
 * our own words only, so that no peer can make it slow or large. */
#define INDEX_SIZE 1024

static_assert((size_t)_METRIC_MAX * 2 < INDEX_SIZE && (size_t)_WORD_MAX * 2 < INDEX_SIZE,
	"the index is to be at most half full");

static uint16_t metric_index[INDEX_SIZE], word_index[INDEX_SIZE];
static pthread_once_t index_once = PTHREAD_ONCE_INIT;

static unsigned slot_of(const char *text, size_t length)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < length; i++)
		h = (h ^ (unsigned char)text[i]) * 16777619u;
	return (h ^ h >> 15) % INDEX_SIZE;
}

static void index_put(uint16_t *index, const char *text, int number)
{
	unsigned slot = slot_of(text, strlen(text));

	while (index[slot] != 0)
		slot = (slot + 1) % INDEX_SIZE;
	index[slot] = (uint16_t)number;
}

static void fill_indexes(void)
{
	for (int i = METRIC_NONE + 1; i < _METRIC_MAX; i++)
		index_put(metric_index, metrics[i].name, i);
	for (int i = WORD_NONE + 1; i < _WORD_MAX; i++)
		index_put(word_index, words[i], i);
}

static bool same(const char *known, const char *text, size_t length)
{
	return strlen(known) == length && memcmp(known, text, length) == 0;
}

#define NAME_MAX_LENGTH 31 /* longer than any metric or word */

const struct metric_info *metric_info(enum metric m)
{
	return &metrics[(unsigned)m < _METRIC_MAX ? m : METRIC_NONE];
}

enum metric metric_by_name(const char *name, size_t length)
{
	if (length > NAME_MAX_LENGTH)
		return METRIC_NONE;
	pthread_once(&index_once, fill_indexes);
	for (unsigned slot = slot_of(name, length); metric_index[slot] != 0;
		slot = (slot + 1) % INDEX_SIZE)
		if (same(metrics[metric_index[slot]].name, name, length))
			return (enum metric)metric_index[slot];
	return METRIC_NONE;
}

const char *word_text(enum word w)
{
	return words[(unsigned)w < _WORD_MAX ? w : WORD_NONE];
}

enum word word_by_text(const char *text, size_t length)
{
	if (length > NAME_MAX_LENGTH)
		return WORD_NONE;
	pthread_once(&index_once, fill_indexes);
	for (unsigned slot = slot_of(text, length); word_index[slot] != 0;
		slot = (slot + 1) % INDEX_SIZE)
		if (same(words[word_index[slot]], text, length))
			return (enum word)word_index[slot];
	return WORD_NONE;
}

bool metric_takes_word(enum metric m, enum word w)
{
	const struct metric_info *info = metric_info(m);
	const char *text = word_text(w), *p = info->words;
	size_t length = strlen(text);

	if (!p || length == 0)
		return false;
	while (*p != 0) {
		size_t n = strcspn(p, " ");

		if (n == length && memcmp(p, text, n) == 0)
			return true;
		p += n;
		p += strspn(p, " ");
	}
	return false;
}

struct metric_codes metric_codes(enum metric m, enum word site, enum word method)
{
	const struct metric_info *info = metric_info(m);

	if (site != WORD_NONE || method != WORD_NONE)
		for (size_t i = 0; i < ARRAY_SIZE(special); i++)
			if (special[i].metric == m &&
				(special[i].site == WORD_NONE || special[i].site == site) &&
				(special[i].method == WORD_NONE || special[i].method == method))
				return special[i].codes;
	return (struct metric_codes){
		.mdc = info->mdc, .mdc_unit = info->mdc_unit, .loinc = info->loinc
	};
}
