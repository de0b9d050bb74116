/*
 * Sums over what a piece of the state says: who keeps the pieces sees by them
 * which ones to write again, without writing them. See alarms.h.
 */
#include <string.h>

#include "alarms/private.h"
#include "alarms/save.h"

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
	if (!subject_has_state(s)) {
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

static void mix_label(uint64_t *sum, const struct label *l)
{
	mix(sum, l ? l->length + 1u : 0);
	if (l)
		mix_bytes(sum, l->text, l->length);
}

static void mix_bed(struct alarms_mark *m, const struct bed_place *b)
{
	mix(&m->lasting, (uint64_t)b->inactivation << 1 | b->scale2);
	mix(&m->lasting, (uint64_t)b->until_us);
	mix_label(&m->lasting, b->patient);
	mix_label(&m->lasting, b->association);
	mix_label(&m->lasting, b->by);
	mix_label(&m->lasting, b->scale2_by);
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
		mix(&ret->life, (uint64_t)x->unmeasured_us);
		mix(&ret->lasting, (uint64_t)x->off << 1 | x->beyond);
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
