/*
 * Writes the engine's state as text: see save.h. Only what differs from a new
 * engine's is written.
 */
#include "alarms/save.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alarms/private.h"

struct writer {
	char *text;
	size_t length, size;
	unsigned lines;
	const char *epoch; /* of this run */
	bool lasting;      /* only what matters for days */
	bool failed;       /* no memory */
};

static void put(struct writer *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct writer *w, const char *format, ...)
{
	va_list ap;
	int n;

	while (!w->failed) {
		size_t room = w->size - w->length;
		char *more;

		va_start(ap, format);
		n = vsnprintf(w->text ? w->text + w->length : NULL, room, format, ap);
		va_end(ap);
		if ((size_t)n < room) {
			w->length += (size_t)n;
			return;
		}
		more = realloc(w->text, w->size ? 2 * w->size : 4096);
		if (more)
			w->text = more;
		else
			w->failed = true;
		w->size = w->size ? 2 * w->size : 4096;
	}
}

/* A text of any bytes; what could be taken for our own marks is written as %XX. */
static void put_text(struct writer *w, const char *name, const char *text)
{
	if (!text)
		return;
	put(w, "\t%s=", name);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c <= ' ' || c == '%' || c == '=' || c == 0x7f)
			put(w, "%%%02x", c);
		else
			put(w, "%c", c);
	}
}

static void put_label(struct writer *w, const char *name, const struct label *l)
{
	put_text(w, name, l ? l->text : NULL);
}

static void put_value(struct writer *w, enum field_kind kind, const void *at)
{
	switch (kind) {
	case FIELD_BOOL:
	case FIELD_U8:
		put(w, "%u", *(const uint8_t *)at);
		break;
	case FIELD_U16: {
		uint16_t v;

		memcpy(&v, at, sizeof(v));
		put(w, "%u", v);
		break;
	}
	case FIELD_U32: {
		uint32_t v;

		memcpy(&v, at, sizeof(v));
		put(w, "%" PRIu32, v);
		break;
	}
	case FIELD_I64:
	case FIELD_TIME:
	case FIELD_UTC: {
		int64_t v;

		memcpy(&v, at, sizeof(v));
		put(w, "%" PRId64, v);
		break;
	}
	case FIELD_DECIMAL: {
		struct decimal d;

		memcpy(&d, at, sizeof(d));
		put(w, "%" PRId64 "^%d", d.mantissa, d.exponent);
		break;
	}
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
		put(w, "\t%s=", f->name);
		for (size_t j = 0; j < last; j++) {
			if (j > 0)
				put(w, ",");
			put_value(w, f->kind, at + j * stride);
		}
	}
}

static void end_line(struct writer *w)
{
	put(w, "\n");
	w->lines++;
}

static bool has_state(const struct subject *s)
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

static void put_subject(struct writer *w, const struct subject *s)
{
	char key[ALARM_KEY_MAX + 1];

	if (w->lasting ? !lasts(s) : !has_state(s))
		return;
	subject_key(s, key);
	put(w, s->rule ? "subject" : "condition");
	put_text(w, "name", subject_name(s));
	put_text(w, "key", key);
	if (s->device)
		put_text(w, "device", s->device->name->text);
	else if (subject_bed(s))
		put_text(w, "bed", subject_bed(s)->name->text);
	if (s->sensor)
		put(w, "\tmetric=%s\tinstance=%u", metric_info(s->sensor->metric)->name,
			s->sensor->instance);
	if (s->rule)
		put(w, "\ttype=%s\tof=%" PRIx64, s->rule->type->name, s->rule->fingerprint);
	put(w, "\tis=%s", alarm_kind_text(subject_kind(s)));
	put_rows(w, save_subject_rows.rows, save_subject_rows.count, s);
	if (s->rule && s->pending)
		put_rows(w, save_onset_rows.rows, save_onset_rows.count, s);
	if (s->epoch[0])
		put_text(w, "epoch", s->epoch);
	put_epoch(w, "reading_epoch", &s->sample);
	if (s->rule && s->pending)
		put_epoch(w, "onset_epoch", &s->onset.sample);
	put_label(w, "by", s->by);
	put_text(w, "text", s->text);
	end_line(w);
	if (s->rule && !is_zero(s->state, s->rule->type->state_size)) {
		put(w, "state");
		put_rows(w, s->rule->type->fields, s->rule->type->field_count, s->state);
		end_line(w);
	}
}

static void put_sensor(struct writer *w, const struct sensor *x)
{
	bool wanted = !w->lasting;

	for (const struct subject *s = x->subjects; s && !wanted; s = s->next)
		wanted = lasts(s);
	if (!wanted)
		return;
	put(w, "sensor");
	if (x->device)
		put_text(w, "device", x->device->name->text);
	else
		put_text(w, "bed", x->bed->name->text);
	put(w, "\tmetric=%s\tinstance=%u", metric_info(x->metric)->name, x->instance);
	put_rows(w, save_sensor_rows.rows, save_sensor_rows.count, x);
	if (x->reason)
		put_text(w, "reason", word_text(x->reason));
	end_line(w);
	for (const struct subject *s = x->subjects; s; s = s->next)
		put_subject(w, s);
}

static void put_bed(struct writer *w, const struct bed_place *b)
{
	put(w, "bed");
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
		put(w, "input\tmetric=%s", metric_info(m)->name);
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
	if (has)
		put(w, "\t%s=%" PRId64 "^%d", name, d.mantissa, d.exponent);
}

static void put_groups(struct writer *w, const struct alarms *a)
{
	for (unsigned c = 1; c < _CONDITION_MAX; c++) {
		const struct group *g = &a->groups[c];

		if (!g->own && !g->open)
			continue;
		put(w, "group\tname=%s", condition_info(c)->name);
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
			put(w, "limits\tlevel=%s", limit_level_text(o->level));
			put_text(w, "rule", a->rules->rules[i].name);
			put_label(w, "bed", o->bed ? o->bed->name : NULL);
			put_label(w, "by", o->by);
			put(w, "\tsince=%" PRId64, o->since_us);
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
	put(w, SAVE_MAGIC "\tversion=%d\tboot=%" PRId64 "\tutc=%" PRId64 "\tnumber=%" PRIu64,
		SAVE_VERSION, now->boot_us, now->utc_us, number);
	end_line(w);
}

/* The last line, but of a piece. Returns 0 or -ENOMEM. */
static int finish(struct writer *w, bool piece, char **ret, size_t *ret_length)
{
	if (!piece && !w->failed)
		put(w, "end\tlines=%u\tsum=%016" PRIx64 "\n", w->lines,
			save_sum(w->text, w->length));
	if (!w->text)
		put(w, "%s", "");
	if (w->failed) {
		free(w->text);
		return -ENOMEM;
	}
	*ret = w->text;
	*ret_length = w->length;
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
	if (!w.failed && length > 0) {
		char *more = realloc(w.text, w.length + length + 128);

		if (more) {
			memcpy(more + w.length, pieces, length);
			w.text = more;
			w.length += length;
			w.size = w.length + 128;
			for (const char *at = pieces; (at = memchr(at, '\n', pieces + length - at));
				at++)
				w.lines++;
		} else {
			w.failed = true;
		}
	}
	return finish(&w, false, ret, ret_length);
}

/* ---- marks ---- */

/* A mix, not a hash against anybody: nobody gains by two states that look alike. */
static void mix(uint64_t *sum, uint64_t v)
{
	*sum = (*sum ^ v) * UINT64_C(0x9E3779B97F4A7C15);
	*sum ^= *sum >> 29;
}

static void mix_bytes(uint64_t *sum, const void *at, size_t n)
{
	const unsigned char *p = at;

	for (; n >= sizeof(uint64_t); n -= sizeof(uint64_t), p += sizeof(uint64_t)) {
		uint64_t v;

		memcpy(&v, p, sizeof(v));
		mix(sum, v);
	}
	for (; n > 0; n--)
		mix(sum, *p++);
}

/* Its clocks as they run stand still in this: what began and what ended shows. */
static void mix_state(struct alarms_mark *m, const struct subject *s)
{
	const struct rule_type *type = s->rule->type;

	mix_bytes(&m->state, s->state, type->state_size);
	if (!(type->flags & RULE_LASTING))
		return;
	for (size_t i = 0; i < type->field_count; i++) {
		const struct rule_field *f = &type->fields[i];

		if (f->kind != FIELD_BOOL && f->kind != FIELD_U8)
			continue;
		mix(&m->lasting, s->state[f->offset]);
		m->running |= s->state[f->offset] > 1;
	}
}

static void mix_subject(struct alarms_mark *m, const struct subject *s)
{
	if (!has_state(s)) {
		mix(&m->life, 0);
		mix(&m->lasting, 0);
		return;
	}
	mix(&m->life, (uint64_t)s->life << 8 | (uint64_t)s->pending << 4 |
			      (uint64_t)s->present << 3 | (uint64_t)s->grouped << 2 |
			      (uint64_t)s->held << 1 | s->stale);
	mix(&m->life, (uint64_t)s->onset_us);
	mix(&m->life, (uint64_t)s->frozen_us ^ (uint64_t)s->clear_us << 1);
	mix(&m->life, (uint64_t)s->starts[0] ^ (uint64_t)s->step << 48);
	if (s->life != LIFE_IDLE || s->present) {
		mix(&m->lasting, s->number << 8 | (uint64_t)(s->life == LIFE_LATCHED) << 5 |
					 (uint64_t)s->present << 3 | (uint64_t)s->grouped << 2);
		mix(&m->lasting, (uint64_t)s->inactivation << 8 | s->priority);
		mix(&m->lasting, (uint64_t)s->inactive_until_us);
	} else {
		mix(&m->lasting, 0);
	}
	if (s->rule)
		mix_state(m, s);
}

static void mix_bed(struct alarms_mark *m, const struct bed_place *b)
{
	mix(&m->lasting, (uint64_t)b->inactivation << 1 | b->scale2);
	mix(&m->lasting, (uint64_t)b->until_us);
	mix_bytes(&m->lasting, b->patient ? b->patient->text : "",
		b->patient ? b->patient->length : 0);
	for (unsigned k = 0; b->inputs && k < _METRIC_MAX; k++)
		if (b->inputs[k].metric != METRIC_NONE && b->inputs[k].origin == ORIGIN_MANUAL)
			mix(&m->lasting, (uint64_t)b->inputs[k].heard_us);
		else if (b->inputs[k].metric != METRIC_NONE)
			mix(&m->state, (uint64_t)b->inputs[k].heard_us);
}

void alarms_mark(
	const struct alarms *a, enum alarms_piece kind, const char *name, struct alarms_mark *ret)
{
	const struct device_place *d = kind == PIECE_DEVICE ? device_find(a, name) : NULL;
	const struct bed_place *b = kind == PIECE_BED ? bed_find(a, name) : NULL;
	const struct sensor *sensors = d ? d->sensors : b ? b->sensors : NULL;
	const struct subject *own = d ? d->conditions : b ? b->subjects : NULL;

	*ret = (struct alarms_mark){ .life = d || b };
	if (b)
		mix_bed(ret, b);
	for (const struct sensor *x = sensors; x; x = x->next) {
		mix(&ret->life,
			(uint64_t)x->unmeasured_us << 2 | (uint64_t)x->off << 1 | x->beyond);
		for (const struct subject *s = x->subjects; s; s = s->next)
			mix_subject(ret, s);
	}
	for (const struct subject *s = own; s; s = s->next)
		mix_subject(ret, s);
	if (kind != PIECE_GATEWAY)
		return;
	mix(&ret->lasting, a->generation);
	for (unsigned c = 1; c < _CONDITION_MAX; c++) {
		mix(&ret->lasting, (uint64_t)a->groups[c].own << 1 | a->groups[c].open);
		mix_subject(ret, a->groups[c].subject);
	}
}
