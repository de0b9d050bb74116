/*
 * What watch shows on a terminal. See watch_table.h.
 */
#include "ctl/watch_table.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "ctl/alarm_text.h"
#include "ctl/human.h"
#include "ctl/json.h"
#include "ctl/run.h"
#include "ctl/table.h"
#include "ctl/term.h"

#define BOLD "\033[1m"
#define YELLOW "\033[33m"
#define PLAIN ALARM_COLOUR_END
#define TO_THE_END "\033[K"

struct row {
	char device[44], metric[48], bed[44];
	char value[40], unit[24], note[48];
	bool doubtful; /* its validity is not valid */
	int64_t at_ms;
};

struct alarm {
	char key[160]; /* what tells it from others: its id */
	cJSON *document;
};

struct watch_table {
	struct row *rows; /* by bed, device, metric */
	size_t count, room;
	struct alarm alarms[WATCH_ALARMS_MAX]; /* the most urgent first */
	size_t alarm_count;
	uint64_t depth, aside, left_out, untabled;
	bool has_outbox;
};

int watch_table_new(struct watch_table **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret ? 0 : -ENOMEM;
}

struct watch_table *watch_table_free(struct watch_table *t)
{
	if (!t)
		return NULL;
	for (size_t i = 0; i < t->alarm_count; i++)
		cJSON_Delete(t->alarms[i].document);
	free(t->rows);
	free(t);
	return NULL;
}

static void copy(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from);
}

/* --- a reading's cells --- */

static void add_note(struct row *r, const char *word)
{
	size_t n = strlen(r->note);

	if (*word)
		snprintf(r->note + n, sizeof(r->note) - n, "%s%s", n ? " " : "", word);
}

static bool fill(struct row *r, const char *document)
{
	_cleanup_(cJSON_Deletep) cJSON *o = json_object(document);
	const char *validity = json_text(o, "validity", "invalid");
	int64_t instance = json_integer(o, "instance", 0);
	char raw[32] = "";
	const cJSON *flag;

	if (!o || !*json_text(o, "device", "") || !*json_text(o, "metric", ""))
		return false;
	*r = (struct row){ 0 };
	copy(r->device, sizeof(r->device), json_text(o, "device", ""));
	copy(r->metric, sizeof(r->metric), json_text(o, "metric", ""));
	if (instance > 0 && instance < 1000)
		snprintf(r->metric + strlen(r->metric), sizeof(r->metric) - strlen(r->metric),
			".%" PRId64, instance);
	copy(r->bed, sizeof(r->bed), json_text(o, "bed", "-"));
	copy(r->unit, sizeof(r->unit), json_text(o, "unit", ""));
	/* As it is written: 37.60 stays 37.60. */
	(void)json_raw(document, "value", raw, sizeof(raw));
	snprintf(r->value, sizeof(r->value), "%s%s", json_text(o, "comparator", ""),
		*raw && strcmp(raw, "null") != 0 ? raw : "-");
	r->doubtful = strcmp(validity, "valid") != 0;
	if (r->doubtful)
		add_note(r, validity);
	add_note(r, json_text(o, "reason", ""));
	cJSON_ArrayForEach(flag, cJSON_GetObjectItemCaseSensitive(o, "flags"))
	{
		if (cJSON_IsString(flag))
			add_note(r, flag->valuestring);
	}
	if (json_true(o, "backfill"))
		add_note(r, "backfill");
	return true;
}

bool watch_line(const char *document, char *buf, size_t size)
{
	struct row r;

	if (!fill(&r, document))
		return false;
	snprintf(buf, size, "bed %s  %s  %s %s%s%s%s%s%s", r.bed, r.device, r.metric, r.value,
		*r.unit ? " " : "", r.unit, *r.note ? "  (" : "", r.note, *r.note ? ")" : "");
	return true;
}

void watch_alarm_line(const cJSON *alarm, const char *state, char *buf, size_t size)
{
	const char *by = json_text(alarm, "by", "");
	bool done = strcmp(state, "active") != 0;
	char who[CTL_WHO_MAX];

	snprintf(buf, size, "%-6s  bed %s  %s%s%s%s%s%s", json_text(alarm, "priority", "alarm"),
		json_text(alarm, "bed", "-"),
		json_text(alarm, "text", json_text(alarm, "rule", "?")), done ? "  (" : "",
		done ? state : "", done && *by ? " by " : "", done ? ctl_who(who, by) : "",
		done ? ")" : "");
}

/* --- rows --- */

static int compare(const struct row *a, const struct row *b)
{
	/* Beds by number where they are numbers: 2 before 10. */
	int r = strverscmp(a->bed, b->bed);

	if (r == 0)
		r = strcmp(a->device, b->device);
	return r ? r : strcmp(a->metric, b->metric);
}

/* Where it stands, or would. */
static size_t place(const struct watch_table *t, const struct row *r, bool *ret_found)
{
	size_t low = 0, high = t->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int c = compare(&t->rows[middle], r);

		if (c == 0) {
			*ret_found = true;
			return middle;
		}
		if (c < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_found = false;
	return low;
}

/* The same device and metric in another bed: it moved. */
static void remove_elsewhere(struct watch_table *t, const struct row *r)
{
	for (size_t i = 0; i < t->count; i++)
		if (strcmp(t->rows[i].device, r->device) == 0 &&
			strcmp(t->rows[i].metric, r->metric) == 0) {
			memmove(t->rows + i, t->rows + i + 1,
				(t->count - i - 1) * sizeof(*t->rows));
			t->count--;
			return;
		}
}

int watch_table_reading(struct watch_table *t, const char *document, int64_t now_ms)
{
	struct row r;
	bool found;
	size_t at;

	if (!fill(&r, document))
		return 0;
	r.at_ms = now_ms;
	at = place(t, &r, &found);
	if (found) {
		t->rows[at] = r;
		return 0;
	}
	remove_elsewhere(t, &r);
	at = place(t, &r, &found);
	if (t->count == WATCH_ROWS_MAX) {
		t->untabled++;
		return 0;
	}
	if (t->count == t->room) {
		struct row *grown = reallocarray(t->rows, t->room * 2 + 64, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		t->rows = grown;
		t->room = t->room * 2 + 64;
	}
	memmove(t->rows + at + 1, t->rows + at, (t->count - at) * sizeof(*t->rows));
	t->rows[at] = r;
	t->count++;
	return 0;
}

void watch_table_gone(struct watch_table *t, const char *device)
{
	size_t kept = 0;

	for (size_t i = 0; i < t->count; i++)
		if (strcmp(t->rows[i].device, device) != 0)
			t->rows[kept++] = t->rows[i];
	t->count = kept;
}

static void remove_alarm(struct watch_table *t, size_t i)
{
	cJSON_Delete(t->alarms[i].document);
	t->alarm_count--;
	memmove(t->alarms + i, t->alarms + i + 1, (t->alarm_count - i) * sizeof(*t->alarms));
}

/* Where it stands among the others, by what alarm_compare() says. */
static void insert_alarm(struct watch_table *t, const char *key, cJSON *document)
{
	const cJSON *fresh = document;
	size_t i = 0;

	for (; i < t->alarm_count; i++) {
		const cJSON *other = t->alarms[i].document;

		if (alarm_compare(&fresh, &other) < 0)
			break;
	}
	memmove(t->alarms + i + 1, t->alarms + i, (t->alarm_count - i) * sizeof(*t->alarms));
	t->alarms[i] = (struct alarm){ .document = document };
	copy(t->alarms[i].key, sizeof(t->alarms[i].key), key);
	t->alarm_count++;
}

void watch_table_alarm(struct watch_table *t, const char *document)
{
	cJSON *o = json_object(document);
	const char *key = json_text(o, "alarm", json_text(o, "id", ""));
	bool over = strcmp(json_text(o, "state", ""), "inactive") == 0;

	for (size_t i = 0; i < t->alarm_count; i++)
		if (strcmp(t->alarms[i].key, key) == 0) {
			remove_alarm(t, i);
			break;
		}
	if (!*key || over) {
		cJSON_Delete(o);
		return;
	}
	/* The least urgent gives way. */
	if (t->alarm_count == WATCH_ALARMS_MAX)
		remove_alarm(t, t->alarm_count - 1);
	insert_alarm(t, key, o);
}

void watch_table_outbox(struct watch_table *t, uint64_t depth, uint64_t aside)
{
	t->depth = depth;
	t->aside = aside;
	t->has_outbox = true;
}

void watch_table_left_out(struct watch_table *t, uint32_t count)
{
	t->left_out += count;
}

/* --- the screen --- */

struct screen {
	FILE *f;
	const struct watch_size *size;
	unsigned used; /* lines */
};

/* One line, cut to the width; the last one of the screen gets no line break, which would scroll. */
static void put_line(struct screen *s, const char *text, size_t length, const char *colour)
{
	unsigned columns = 0;
	size_t at = 0;

	if (s->used >= s->size->height)
		return;
	if (s->used++ > 0)
		fputs("\r\n", s->f);
	if (s->size->colours && colour)
		fputs(colour, s->f);
	while (at < length && columns < s->size->width) {
		size_t n = term_character(text + at);

		if (n && at + n <= length)
			(void)fwrite(text + at, 1, n, s->f);
		else
			putc('?', s->f);
		at += n ?: 1;
		columns++;
	}
	if (s->size->colours && colour)
		fputs(PLAIN, s->f);
	/* In the last column it would take the last character away. */
	if (columns < s->size->width)
		fputs(TO_THE_END, s->f);
}

static const char *age(char *buf, int64_t ms)
{
	human_duration(buf, ms / 1000);
	return buf;
}

static int make_rows(const struct watch_table *t, size_t shown, unsigned width, int64_t now_ms,
	char **ret, size_t *ret_size)
{
	static const struct table_column columns[] = {
		{ .title = "BED", .shrink = true },
		{ .title = "DEVICE", .shrink = true },
		{ .title = "METRIC", .shrink = true },
		{ .title = "VALUE", .right = true },
		{ .title = "UNIT" },
		{ .title = "AGO", .right = true },
		{ .title = "NOTE", .shrink = true },
	};
	_cleanup_(table_freep) struct table *table = NULL;
	int r = table_new(&table, columns, ARRAY_SIZE(columns));
	FILE *f;

	for (size_t i = 0; r == 0 && i < shown; i++) {
		const struct row *x = &t->rows[i];
		char ago[HUMAN_MAX];
		const char *cells[] = { x->bed, x->device, x->metric, x->value, x->unit,
			age(ago, now_ms - x->at_ms), x->note };

		r = table_row(table, cells);
	}
	if (r < 0)
		return r;
	f = open_memstream(ret, ret_size);
	if (!f)
		return -ENOMEM;
	table_print(table, f, width, 0);
	return fclose(f) == 0 ? 0 : -ENOMEM;
}

static void put_head(struct screen *s, const struct watch_table *t, const char *title)
{
	char text[400], outbox[96] = "", lost[64] = "";
	size_t devices = 0;

	for (size_t i = 0; i < t->count; i++)
		devices += i == 0 || strcmp(t->rows[i].device, t->rows[i - 1].device) != 0;
	if (t->has_outbox)
		snprintf(outbox, sizeof(outbox), ", %" PRIu64 " wait, %" PRIu64 " set aside",
			t->depth, t->aside);
	if (t->left_out)
		snprintf(lost, sizeof(lost), ", %" PRIu64 " not shown", t->left_out);
	snprintf(text, sizeof(text), "%s: %zu values of %zu devices%s%s", title, t->count, devices,
		outbox, lost);
	put_line(s, text, strlen(text), BOLD);
}

/* "high  bed 3  SpO2 86 % below 90 %  (acknowledged by anna)" */
static void put_alarm_line(struct screen *s, const cJSON *alarm, int64_t utc_ms)
{
	char text[640], state[160];

	alarm_state_words(alarm, utc_ms, state, sizeof(state));
	watch_alarm_line(alarm, state, text, sizeof(text));
	put_line(s, text, strlen(text),
		strcmp(state, "active") == 0 ? alarm_colour(json_text(alarm, "priority", ""))
					     : NULL);
}

/* At most half the screen, so that values are seen as well. */
static void put_alarms(struct screen *s, const struct watch_table *t, int64_t utc_ms)
{
	size_t room = s->size->height / 2, shown = t->alarm_count;
	char more[96];

	if (shown > room)
		shown = room > 0 ? room - 1 : 0;
	for (size_t i = 0; i < shown; i++)
		put_alarm_line(s, t->alarms[i].document, utc_ms);
	if (shown < t->alarm_count && room > 0) {
		snprintf(more, sizeof(more), "and %zu more alarms; wardgatectl alarms lists them",
			t->alarm_count - shown);
		put_line(s, more, strlen(more), BOLD);
	}
}

int watch_table_print(const struct watch_table *t, FILE *f, const struct watch_size *size,
	const char *title, int64_t now_ms, int64_t utc_ms)
{
	_cleanup_(freep) char *text = NULL;
	struct screen s = { .f = f, .size = size };
	size_t bytes = 0, shown, room, line = 0;
	char more[80];

	put_head(&s, t, title);
	put_alarms(&s, t, utc_ms);
	/* the titles of the columns, and what tells of the rest */
	room = size->height > s.used + 1 ? size->height - s.used - 1 : 0;
	shown = t->count <= room ? t->count : room > 0 ? room - 1 : 0;
	if (t->count > 0) {
		int r = make_rows(t, shown, size->width, now_ms, &text, &bytes);

		if (r < 0)
			return r;
	}
	for (const char *at = text; at && *at; line++) {
		size_t n = strcspn(at, "\n");

		put_line(&s, at, n, line == 0 ? BOLD : t->rows[line - 1].doubtful ? YELLOW : NULL);
		at += n + (at[n] == '\n');
	}
	if (t->count == 0)
		put_line(&s, "Nothing has come yet. Ctrl-C leaves.", 36, NULL);
	if (shown < t->count) {
		snprintf(more, sizeof(more), "and %zu more; wardgatectl watch DEVICE shows one",
			t->count - shown);
		put_line(&s, more, strlen(more), NULL);
	}
	fputs("\033[J", f);
	return 0;
}
