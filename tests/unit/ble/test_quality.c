/*
 * docs/ble.md says what becomes of each bit and of each word that is no number.
 * Its tables are read here, each row is put into a frame, and what the decoders
 * make of it has to be what stands there; a bit that no row names changes
 * nothing. From the top of the tree.
 */
#include <ctype.h>

#include "unit/ble/script.h"
#include "unit/unit.h"
#include "util/cleanup.h"

#define CELLS 5
#define CELL_MAX 160
#define BITS_MAX 32

/* One kind of status: a table of the page, and the frame that its bits are put into. */
struct field {
	const char *section, *head; /* the table's first cell */
	const char *profile, *metric;
	const char *frame; /* '*': the status, least significant octet first */
	unsigned octets;
};

#define CGM "r2AA8=00800159FFFF r2AAA=EA070B150800000000 i2A52=06000106 "

static const struct field fields[] = {
	{ "### Pulse Oximeter", "measurement status", "oximeter", "spo2", "n2A5F=0461004800*", 2 },
	{ "### Pulse Oximeter", "sensor status", "oximeter", "spo2", "n2A5F=0861004800*", 3 },
	{ "### Blood Pressure", "status", "blood_pressure", "bp-systolic",
		"i2A35=14780050005D003C00*", 2 },
	{ "### Glucose", "status", "glucose", "glucose", "n2A18=0A0100EA070B1509000063B011*", 2 },
	{ "### Continuous Glucose Monitoring", "status (bit of 24)", "cgm", "glucose",
		CGM "n2AA7=09E078007800*", 3 },
};

/* What comes of a frame, or what the page says of it. */
struct outcome {
	char validity[CELL_MAX], reason[CELL_MAX], flags[CELL_MAX];
};

/* ---- the page ---- */

static char page[65536];

static void read_page(void)
{
	FILE *f = fopen("docs/ble.md", "re");
	size_t n;

	if (!f)
		fail_msg("docs/ble.md cannot be opened; run this from the top of the tree");
	n = fread(page, 1, sizeof(page) - 1, f);
	fclose(f);
	assert_true(n > 0 && n < sizeof(page) - 1);
	page[n] = 0;
}

static const char *next_line(const char *at)
{
	at = strchr(at, '\n');
	return at ? at + 1 : "";
}

/* A table's row into its trimmed cells; their number, 0 for a line that is none. */
static int take_cells(const char *line, char cells[CELLS][CELL_MAX])
{
	int n = 0;

	memset(cells, 0, CELLS * (size_t)CELL_MAX);
	if (*line != '|')
		return 0;
	for (line++; n < CELLS && *line && *line != '\n'; n++) {
		size_t length = strcspn(line, "|\n"), from = 0, to = length;

		while (from < to && line[from] == ' ')
			from++;
		while (to > from && line[to - 1] == ' ')
			to--;
		assert_true(to - from < CELL_MAX);
		memcpy(cells[n], line + from, to - from);
		line += length;
		if (*line == '|')
			line++;
	}
	return n;
}

/* The first row below the table's head; fails when there is no such table. */
static const char *find_table(const char *section, const char *head)
{
	const char *at = strstr(page, section);
	char cells[CELLS][CELL_MAX];

	for (at = at ? next_line(at) : ""; *at && *at != '#'; at = next_line(at))
		if (take_cells(at, cells) && strcmp(cells[0], head) == 0)
			return next_line(next_line(at));
	fail_msg("docs/ble.md: no table \"%s\" below \"%s\"", head, section);
	return NULL;
}

/* "4 this, 9 and 10 that, 16-21 those": the numbers, in their order. */
static unsigned take_bits(const char *cell, unsigned bits[BITS_MAX])
{
	unsigned n = 0;

	while (*cell) {
		unsigned from, to;
		int used = 0;

		if (!isdigit((unsigned char)*cell)) {
			cell++;
			continue;
		}
		assert_int_equal(sscanf(cell, "%u%n", &from, &used), 1);
		cell += used;
		to = from;
		if (sscanf(cell, "-%u%n", &to, &used) == 1)
			cell += used;
		for (; from <= to && n < BITS_MAX; from++)
			bits[n++] = from;
	}
	return n;
}

/* The i'th of the words of a cell where it has one for each of n, else all of it. */
static void take_word(const char *cell, unsigned i, unsigned n, char to[static CELL_MAX])
{
	unsigned words = *cell ? 1 : 0;

	for (const char *at = cell; *at; at++)
		words += *at == ',';
	for (; words == n && i > 0; i--)
		cell = strchr(cell, ',') + 1;
	while (*cell == ' ')
		cell++;
	snprintf(to, CELL_MAX, "%.*s", words == n ? (int)strcspn(cell, ",") : (int)strlen(cell),
		cell);
}

/* ---- the decoders ---- */

/* Copies what follows key= of a part of an outcome; "" without it. */
static void take_member(const char *part, const char *key, char to[static CELL_MAX])
{
	char wanted[32];
	const char *at;

	snprintf(wanted, sizeof(wanted), ";%s=", key);
	at = strstr(part, wanted);
	snprintf(to, CELL_MAX, "%.*s", at ? (int)strcspn(at + strlen(wanted), ";|") : 0,
		at ? at + strlen(wanted) : "");
	to[strcspn(to, " ")] = 0;
}

static void decode(const char *profile, const char *metric, const char *script, struct outcome *ret)
{
	static char shown[65536];
	char steps[256], wanted[64], *part;

	snprintf(steps, sizeof(steps), "%s", script);
	shown[0] = 0;
	assert_true(script_profile(profile, steps, shown, sizeof(shown)));
	snprintf(wanted, sizeof(wanted), "%s;", metric);
	for (part = shown; part && strncmp(part, wanted, strlen(wanted)) != 0;) {
		part = strstr(part, " | ");
		part += part ? 3 : 0;
	}
	if (!part)
		fail_msg("%s: no %s in: %s", script, metric, shown);
	part[strcspn(part, "|")] = 0;
	part = strchr(part + strlen(wanted), ';') + 1;
	snprintf(ret->validity, sizeof(ret->validity), "%.*s", (int)strcspn(part, "; "), part);
	take_member(part, "reason", ret->reason);
	take_member(part, "flags", ret->flags);
}

/* The frame with the octets at its '*'. */
static void put(char *to, size_t size, const char *frame, const char *octets)
{
	const char *star = strchr(frame, '*');

	assert_non_null(star);
	snprintf(to, size, "%.*s%s%s", (int)(star - frame), frame, octets, star + 1);
}

static void decode_bits(
	const struct field *f, const char *metric, uint32_t bits, struct outcome *ret)
{
	char status[16], script[256];
	int n = 0;

	for (unsigned i = 0; i < f->octets; i++)
		n += snprintf(status + n, sizeof(status) - (size_t)n, "%02X", bits >> 8 * i & 0xff);
	put(script, sizeof(script), f->frame, status);
	decode(f->profile, metric, script, ret);
}

/* Whether flags are those that always are, and more; in whatever order. */
static bool are_flags(const char *flags, const char *always, const char *more)
{
	size_t length = 0;
	const char *lists[] = { always, more };

	for (int k = 0; k < 2; k++)
		for (const char *at = lists[k]; *at; at += strspn(at, ", ")) {
			char word[CELL_MAX];
			size_t n = strcspn(at, ", ");

			snprintf(word, sizeof(word), "%.*s", (int)n, at);
			if (!strstr(flags, word))
				return false;
			length += n + (length ? 1 : 0);
			at += n;
		}
	return strlen(flags) == length;
}

static void expect(const struct field *f, unsigned bit, const struct outcome *base,
	const struct outcome *want, const struct outcome *got)
{
	if (strcmp(got->validity, want->validity) == 0 && strcmp(got->reason, want->reason) == 0 &&
		are_flags(got->flags, base->flags, want->flags))
		return;
	fail_msg("%s, %s, bit %u: docs/ble.md says %s, reason \"%s\", flags \"%s\"; it is %s, "
		 "reason \"%s\", "
		 "flags \"%s\"",
		f->section, f->head, bit, want->validity, want->reason, want->flags, got->validity,
		got->reason, got->flags);
}

static void check_row(const struct field *f, char cells[CELLS][CELL_MAX],
	const struct outcome *base, uint32_t *named)
{
	static const char pulse_alone[] = "of the pulse alone: ";
	unsigned bits[BITS_MAX], n = take_bits(cells[0], bits);
	const char *validities = cells[1], *metric = f->metric;

	if (strncmp(validities, pulse_alone, strlen(pulse_alone)) == 0) {
		validities += strlen(pulse_alone);
		metric = "pulse-rate";
	}
	for (unsigned i = 0; i < n; i++) {
		struct outcome want, got;

		take_word(validities, i, n, want.validity);
		take_word(cells[2], i, n, want.reason);
		take_word(cells[3], i, n, want.flags);
		assert_true(bits[i] < 8 * f->octets);
		if (*named & 1u << bits[i])
			fail_msg("%s, %s: bit %u stands twice", f->section, f->head, bits[i]);
		*named |= 1u << bits[i];
		decode_bits(f, metric, 1u << bits[i], &got);
		expect(f, bits[i], base, &want, &got);
	}
}

static void test_each_bit_becomes_what_the_page_says(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const struct field *f = &fields[i];
		const char *at = find_table(f->section, f->head);
		char cells[CELLS][CELL_MAX];
		struct outcome base;
		uint32_t named = 0;

		decode_bits(f, f->metric, 0, &base);
		assert_string_equal(base.validity, "valid");
		for (; take_cells(at, cells); at = next_line(at))
			check_row(f, cells, &base, &named);
		assert_true(named != 0);
		for (unsigned bit = 0; bit < 8 * f->octets; bit++) {
			struct outcome got;

			if (named & 1u << bit)
				continue;
			decode_bits(f, f->metric, 1u << bit, &got);
			if (strcmp(got.validity, base.validity) != 0 || *got.reason ||
				strcmp(got.flags, base.flags) != 0)
				fail_msg("%s, %s: bit %u does something and no row names it",
					f->section, f->head, bit);
		}
	}
}

/* "0x07FF": the octets of a word, least significant first. */
static unsigned take_octets(const char *cell, char *to, size_t size)
{
	unsigned long v = strtoul(cell, NULL, 16);
	unsigned octets = strlen(cell) == 6 ? 2 : strlen(cell) == 10 ? 4 : 0;

	for (unsigned i = 0; i < octets; i++)
		snprintf(to + 2 * (size_t)i, size - 2 * (size_t)i, "%02lX", v >> 8 * i & 0xff);
	return octets;
}

static void test_each_word_that_is_no_number_becomes_what_the_page_says(void **state)
{
	const char *at = find_table("### Numbers", "word");
	unsigned checked = 0;
	char cells[CELLS][CELL_MAX];

	for (; take_cells(at, cells); at = next_line(at)) {
		static const struct {
			const char *profile, *metric, *frame;
		} carriers[] = { { "blood_pressure", "bp-systolic", "i2A35=00*50005D00" },
			{ "thermometer", "body-temperature", "i2A1C=00*" } };

		for (size_t k = 0; k < ARRAY_SIZE(carriers); k++) {
			char octets[16], script[64];
			struct outcome got;

			if (take_octets(cells[k + 1], octets, sizeof(octets)) != 2 + 2 * k)
				continue;
			checked++;
			put(script, sizeof(script), carriers[k].frame, octets);
			decode(carriers[k].profile, carriers[k].metric, script, &got);
			cells[3][strcspn(cells[3], ",")] = 0; /* "above-range, without a bound" */
			if (strcmp(got.validity, cells[3]) != 0 ||
				strcmp(got.reason, cells[4]) != 0)
				fail_msg("%s: docs/ble.md says %s, %s; it is %s, %s", cells[k + 1],
					cells[3], cells[4], got.validity, got.reason);
		}
	}
	assert_int_equal(checked, 10);
}

static void test_contact_of_a_strap(void **state)
{
	static const struct {
		const char *frame, *validity, *reason;
	} rows[] = { { "n2A37=0048", "valid", "" }, { "n2A37=0248", "valid", "" },
		{ "n2A37=0448", "sensor-off", "no-contact" }, { "n2A37=0648", "valid", "" },
		{ "n2A37=0600", "valid", "" },
		{ "quirks=8 n2A37=0600", "not-measured", "unavailable" } };

	assert_non_null(
		strstr(page, "| contact is told and there is none | sensor-off; RR intervals are "
			     "left out | no-contact |"));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct outcome got;

		decode("heart_rate", "heart-rate", rows[i].frame, &got);
		assert_string_equal(got.validity, rows[i].validity);
		assert_string_equal(got.reason, rows[i].reason);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_bit_becomes_what_the_page_says),
		cmocka_unit_test(test_each_word_that_is_no_number_becomes_what_the_page_says),
		cmocka_unit_test(test_contact_of_a_strap),
	};

	read_page();
	return RUN_TESTS(tests);
}
