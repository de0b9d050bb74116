/*
 * Writes the engine's state as text: see save.h. Only what differs from a new
 * engine's is written.
 */
#include "alarms/save.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alarms/private.h"
#include "util/text.h"

struct writer {
	char *text;
	size_t length, size;
	unsigned lines;
	const char *epoch; /* of this run */
	bool lasting;      /* only what matters for days */
	bool failed;       /* no memory */
};

/* Where n more bytes go; NULL without memory. */
static char *room(struct writer *w, size_t n)
{
	size_t size = w->size ?: 4096;
	char *more;

	if (w->failed)
		return NULL;
	if (w->text && w->size - w->length >= n)
		return w->text + w->length;
	while (size - w->length < n)
		size *= 2;
	more = realloc(w->text, size);
	if (!more) {
		w->failed = true;
		return NULL;
	}
	w->text = more;
	w->size = size;
	return w->text + w->length;
}

static void put_bytes(struct writer *w, const void *p, size_t n)
{
	char *at = room(w, n);

	if (!at)
		return;
	memcpy(at, p, n);
	w->length += n;
}

/* As it stands: words of our own. */
static void put_str(struct writer *w, const char *s)
{
	put_bytes(w, s, strlen(s));
}

static void put_i64(struct writer *w, int64_t v)
{
	char digits[24];
	struct text t = text_init(digits, sizeof(digits));

	text_i64(&t, v);
	put_bytes(w, digits, (size_t)(t.at - t.start));
}

static void put_u64(struct writer *w, uint64_t v)
{
	char digits[24];
	struct text t = text_init(digits, sizeof(digits));

	text_u64(&t, v);
	put_bytes(w, digits, (size_t)(t.at - t.start));
}

static void put_hex(struct writer *w, uint64_t v, int width)
{
	char digits[24];

	put_bytes(w, digits, (size_t)snprintf(digits, sizeof(digits), "%0*" PRIx64, width, v));
}

static void put_decimal(struct writer *w, struct decimal d)
{
	put_i64(w, d.mantissa);
	put_str(w, "^");
	put_i64(w, d.exponent);
}

/* "<tab>name=" */
static void put_name(struct writer *w, const char *name)
{
	put_str(w, "\t");
	put_str(w, name);
	put_str(w, "=");
}

static void put_word(struct writer *w, const char *name, const char *word)
{
	put_name(w, name);
	put_str(w, word);
}

/* A text of any bytes; what could be taken for our own marks is written as %XX. */
static void put_text(struct writer *w, const char *name, const char *text)
{
	const char *plain = text;

	if (!text)
		return;
	put_name(w, name);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c > ' ' && c != '%' && c != '=' && c != 0x7f)
			continue;
		put_bytes(w, plain, (size_t)(text - plain));
		put_str(w, "%");
		put_hex(w, c, 2);
		plain = text + 1;
	}
	put_bytes(w, plain, (size_t)(text - plain));
}

static void put_label(struct writer *w, const char *name, const struct label *l)
{
	put_text(w, name, l ? l->text : NULL);
}

static void put_value(struct writer *w, enum field_kind kind, const void *at)
{
	uint16_t half;
	uint32_t single;
	int64_t v;
	struct decimal d;

	switch (kind) {
	case FIELD_BOOL:
	case FIELD_U8:
		put_u64(w, *(const uint8_t *)at);
		break;
	case FIELD_U16:
		memcpy(&half, at, sizeof(half));
		put_u64(w, half);
		break;
	case FIELD_U32:
		memcpy(&single, at, sizeof(single));
		put_u64(w, single);
		break;
	case FIELD_I64:
	case FIELD_TIME:
	case FIELD_UTC:
		memcpy(&v, at, sizeof(v));
		put_i64(w, v);
		break;
	case FIELD_DECIMAL:
		memcpy(&d, at, sizeof(d));
		put_decimal(w, d);
		break;
	}
}

static bool is_zero(const void *at, size_t n)
{
	const unsigned char *p = at;

	while (n > 0 && p[n - 1] == 0)
		n--;
	return n == 0;
}

/* What a new one has as well. A decimal has bytes between its members that may hold anything. */
static bool is_nothing(enum field_kind kind, const char *at)
{
	struct decimal d;
	int64_t v;

	if (kind == FIELD_TIME) {
		memcpy(&v, at, sizeof(v));
		return v == 0 || v == RULE_NEVER;
	}
	if (kind != FIELD_DECIMAL)
		return is_zero(at, save_field_size(kind));
	memcpy(&d, at, sizeof(d));
	return d.mantissa == 0 && d.exponent == 0;
}

static void put_rows(
	struct writer *w, const struct rule_field *rows, size_t count, const void *base)
{
	for (size_t i = 0; i < count; i++) {
		const struct rule_field *f = &rows[i];
		size_t n = f->count, stride = f->stride ?: save_field_size(f->kind), last = n;
		const char *at = (const char *)base + f->offset;

		while (last > 0 && is_nothing(f->kind, at + (last - 1) * stride))
			last--;
		if (last == 0)
			continue;
		put_name(w, f->name);
		for (size_t j = 0; j < last; j++) {
			if (j > 0)
				put_str(w, ",");
			put_value(w, f->kind, at + j * stride);
		}
	}
}

static void end_line(struct writer *w)
{
	put_str(w, "\n");
	w->lines++;
}

bool subject_has_state(const struct subject *s)
{
	if (s->life != LIFE_IDLE || s->pending || s->present || s->starts[0] || s->late_us)
		return true;
	return s->rule && !is_zero(s->state, s->rule->type->state_size);
}

/* Matters for days: an alarm, a latch, the clocks of an excursion. */
static bool lasts(const struct subject *s)
{
	if (s->life != LIFE_IDLE || s->present)
		return true;
	return s->rule && (s->rule->type->flags & RULE_LASTING) &&
	       !is_zero(s->state, s->rule->type->state_size);
}

/* What is of this run is of another one once it is read back. */
static void put_epoch(struct writer *w, const char *name, const struct sample *s)
{
	if (s->epoch)
		put_label(w, name, s->epoch);
	else if (s->sequence)
		put_text(w, name, w->epoch);
}

static void put_sensor_name(struct writer *w, const struct sensor *x)
{
	put_word(w, "metric", metric_info(x->metric)->name);
	put_name(w, "instance");
	put_u64(w, x->instance);
}

static void put_subject(struct writer *w, const struct subject *s)
{
	char key[ALARM_KEY_MAX + 1];

	if (w->lasting ? !lasts(s) : !subject_has_state(s))
		return;
	subject_key(s, key);
	put_str(w, s->rule ? "subject" : "condition");
	put_text(w, "name", subject_name(s));
	put_text(w, "key", key);
	if (s->device)
		put_text(w, "device", s->device->name->text);
	else if (subject_bed(s))
		put_text(w, "bed", subject_bed(s)->name->text);
	if (s->sensor)
		put_sensor_name(w, s->sensor);
	if (s->rule) {
		put_word(w, "type", s->rule->type->name);
		put_name(w, "of");
		put_hex(w, s->rule->fingerprint, 1);
	}
	put_word(w, "is", alarm_kind_text(subject_kind(s)));
	put_rows(w, save_subject_rows.rows, save_subject_rows.count, s);
	if (s->rule && s->pending)
		put_rows(w, save_onset_rows.rows, save_onset_rows.count, s);
	if (s->device && subject_bed(s)) /* to be told, should the device be gone by then */
		put_text(w, "at", subject_bed(s)->name->text);
	if (s->epoch[0])
		put_text(w, "epoch", s->epoch);
	put_epoch(w, "reading_epoch", &s->sample);
	if (s->rule && s->pending)
		put_epoch(w, "onset_epoch", &s->onset.sample);
	put_label(w, "by", s->by);
	put_text(w, "text", s->text);
	end_line(w);
	if (s->rule && !is_zero(s->state, s->rule->type->state_size)) {
		put_str(w, "state");
		put_rows(w, s->rule->type->fields, s->rule->type->field_count, s->state);
		end_line(w);
	}
}

static void put_sensor(struct writer *w, const struct sensor *x)
{
	/* the conditions of its device stand on it */
	bool wanted = !w->lasting || x->off || x->beyond;

	for (const struct subject *s = x->subjects; s && !wanted; s = s->next)
		wanted = lasts(s);
	if (!wanted)
		return;
	put_str(w, "sensor");
	if (x->device)
		put_text(w, "device", x->device->name->text);
	else
		put_text(w, "bed", x->bed->name->text);
	put_sensor_name(w, x);
	put_rows(w, save_sensor_rows.rows, save_sensor_rows.count, x);
	if (x->reason)
		put_text(w, "reason", word_text(x->reason));
	end_line(w);
	for (const struct subject *s = x->subjects; s; s = s->next)
		put_subject(w, s);
}

static void put_bed(struct writer *w, const struct bed_place *b)
{
	put_str(w, "bed");
	put_text(w, "bed", b->name->text);
	put_label(w, "patient", b->patient);
	put_label(w, "association", b->association);
	put_label(w, "by", b->by);
	put_label(w, "scale2_by", b->scale2_by);
	put_rows(w, save_bed_rows.rows, save_bed_rows.count, b);
	end_line(w);
	for (unsigned m = 0; b->inputs && m < _METRIC_MAX; m++) {
		const struct rule_input *in = &b->inputs[m];

		if (in->metric == METRIC_NONE)
			continue;
		put_str(w, "input");
		put_word(w, "metric", metric_info(m)->name);
		put_text(w, "bed", b->name->text);
		put_label(w, "device", in->device);
		put_label(w, "by", in->by);
		if (in->word)
			put_text(w, "word", word_text(in->word));
		put_rows(w, save_input_rows.rows, save_input_rows.count, in);
		end_line(w);
	}
	for (const struct sensor *x = b->sensors; x; x = x->next)
		put_sensor(w, x);
	for (const struct subject *s = b->subjects; s; s = s->next)
		put_subject(w, s);
}

static void put_limit(struct writer *w, const char *name, bool has, struct decimal d)
{
	if (!has)
		return;
	put_name(w, name);
	put_decimal(w, d);
}

static void put_groups(struct writer *w, const struct alarms *a)
{
	for (unsigned c = 1; c < _CONDITION_MAX; c++) {
		const struct group *g = &a->groups[c];

		if (!g->own && !g->open)
			continue;
		put_str(w, "group");
		put_word(w, "name", condition_info(c)->name);
		put_rows(w, save_group_rows.rows, save_group_rows.count, g);
		end_line(w);
	}
	for (unsigned c = 1; c < _CONDITION_MAX; c++)
		put_subject(w, a->groups[c].subject);
}

static void put_overrides(struct writer *w, const struct alarms *a)
{
	for (size_t i = 0; a->rules && i < a->rules->count; i++)
		for (const struct limit_override *o = a->rules->rules[i].overrides; o;
			o = o->next) {
			put_str(w, "limits");
			put_word(w, "level", limit_level_text(o->level));
			put_text(w, "rule", a->rules->rules[i].name);
			put_label(w, "bed", o->bed ? o->bed->name : NULL);
			put_label(w, "by", o->by);
			put_name(w, "since");
			put_i64(w, o->since_us);
			put_limit(w, "low", o->limits.has_low, o->limits.low);
			put_limit(w, "high", o->limits.has_high, o->limits.high);
			end_line(w);
		}
}

static void put_device(struct writer *w, const struct device_place *d)
{
	for (const struct sensor *x = d->sensors; x; x = x->next)
		put_sensor(w, x);
	for (const struct subject *s = d->conditions; s; s = s->next)
		put_subject(w, s);
}

static void put_head(struct writer *w, const struct alarm_now *now, uint64_t number)
{
	put_str(w, SAVE_MAGIC);
	put_name(w, "version");
	put_u64(w, SAVE_VERSION);
	put_name(w, "boot");
	put_i64(w, now->boot_us);
	put_name(w, "utc");
	put_i64(w, now->utc_us);
	put_name(w, "number");
	put_u64(w, number);
	end_line(w);
}

/* The last line, but of a piece. Returns 0 or -ENOMEM. */
static int finish(struct writer *w, bool piece, char **ret, size_t *ret_length)
{
	uint64_t sum = w->text ? save_sum(w->text, w->length) : 0;

	if (!piece) {
		put_str(w, "end");
		put_name(w, "lines");
		put_u64(w, w->lines);
		put_name(w, "sum");
		put_hex(w, sum, 16);
		put_str(w, "\n");
	}
	put_bytes(w, "", 1);
	if (w->failed) {
		free(w->text);
		return -ENOMEM;
	}
	*ret = w->text;
	*ret_length = w->length - 1;
	return 0;
}

int alarms_save(const struct alarms *a, const struct alarm_now *now, char **ret, size_t *ret_length)
{
	struct writer w = { .epoch = a->epoch };

	put_head(&w, now, a->number);
	FOR_EACH_BED(a, i, b)
	put_bed(&w, b);
	put_overrides(&w, a);
	FOR_EACH_DEVICE(a, i, d)
	put_device(&w, d);
	put_groups(&w, a);
	return finish(&w, false, ret, ret_length);
}

/* ---- in pieces ---- */

int alarms_save_piece(const struct alarms *a, enum alarms_piece kind, const char *name,
	bool lasting, char **ret, size_t *ret_length)
{
	const struct device_place *d = kind == PIECE_DEVICE ? device_find(a, name) : NULL;
	const struct bed_place *b = kind == PIECE_BED ? bed_find(a, name) : NULL;
	struct writer w = { .epoch = a->epoch, .lasting = lasting };

	if (d)
		put_device(&w, d);
	if (b)
		put_bed(&w, b);
	if (kind == PIECE_GATEWAY) {
		put_overrides(&w, a);
		put_groups(&w, a);
	}
	return finish(&w, true, ret, ret_length);
}

int alarms_save_joined(const char *pieces, size_t length, const struct alarm_now *now, char **ret,
	size_t *ret_length)
{
	struct writer w = { 0 };

	put_head(&w, now, 0);
	if (length > 0)
		put_bytes(&w, pieces, length);
	for (size_t i = 0; i < length; i++)
		w.lines += pieces[i] == '\n';
	return finish(&w, false, ret, ret_length);
}
