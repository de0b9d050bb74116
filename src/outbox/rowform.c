/*
 * Messages to rows and back: the loop's side of row.h. Times are kept to the
 * millisecond, which is what payloads say.
 */
#include <errno.h>
#include <string.h>

#include "outbox/names.h"
#include "outbox/outbox.h"
#include "outbox/rowform.h"

static int64_t to_ms(int64_t us)
{
	int64_t ms = us / 1000;

	return us % 1000 < 0 ? ms - 1 : ms;
}

static int64_t value_of(struct names *n, const struct reading *r)
{
	switch ((enum value_kind)r->kind) {
	case VALUE_NUMBER:
		return r->number.mantissa;
	case VALUE_BOOLEAN:
		return r->boolean;
	case VALUE_WORD:
		return names_of_word(n, (enum word)r->word);
	case VALUE_NONE:
		break;
	}
	return 0;
}

int row_from_reading(struct store_row *row, struct names *n, const struct reading *r)
{
	*row = (struct store_row){
		.sequence = r->sequence,
		.device_sequence = r->device_sequence,
		.group = r->group,
		.source_key = r->source_key,
		.value = value_of(n, r),
		.raw = r->raw_unit ? r->raw.mantissa : 0,
		.received_ms = to_ms(r->received_us),
		.time_ms = to_ms(r->time_us),
		.device_time_ms = to_ms(r->device_time_us),
		.boot_us = r->received_boot_us,
		.epoch = names_of_epoch(n, r->epoch),
		.device = names_of_label(n, r->device),
		.bed = names_of_label(n, r->bed),
		.patient = names_of_label(n, r->patient),
		.association = names_of_label(n, r->association),
		.by = names_of_label(n, r->by),
		.metric = names_of_metric(n, (enum metric)r->metric),
		.reason = names_of_word(n, (enum word)r->reason),
		.site = names_of_word(n, (enum word)r->site),
		.method = names_of_word(n, (enum word)r->method),
		.sample = names_of_word(n, (enum word)r->sample),
		.raw_unit = names_of_word(n, (enum word)r->raw_unit),
		.period_ms = r->period_ms,
		.flags = r->flags,
		.exponent = r->kind == VALUE_NUMBER ? r->number.exponent : 0,
		.raw_exponent = r->raw_unit ? r->raw.exponent : 0,
		.kind = r->kind,
		.validity = r->validity,
		.time_source = r->time_source,
		.origin = r->origin,
		.auth = r->auth,
		.clock = r->clock,
		.instance = r->instance,
	};
	if (r->detail) {
		row->detail = strdup(r->detail->text);
		if (!row->detail)
			return -ENOMEM;
	}
	if (!names_failed(n))
		return 0;
	store_row_done(row);
	return -ENOMEM;
}

/* Whether the numbers mean something to this version. */
static bool understood(const struct store_row *row, struct names *n)
{
	const uint32_t words[] = { row->reason, row->site, row->method, row->sample,
		row->raw_unit };
	const uint32_t labels[] = { row->bed, row->patient, row->association, row->by };

	if (!names_known(n, row->epoch) || !names_known(n, row->device) ||
		names_metric(n, row->metric) == METRIC_NONE)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (words[i] && names_word(n, words[i]) == WORD_NONE)
			return false;
	for (size_t i = 0; i < ARRAY_SIZE(labels); i++)
		if (labels[i] && !names_known(n, labels[i]))
			return false;
	if (row->kind == VALUE_WORD && (row->value < 0 || row->value > UINT32_MAX ||
					       names_word(n, (uint32_t)row->value) == WORD_NONE))
		return false;
	return row->kind <= VALUE_WORD && row->validity < _VALIDITY_MAX &&
	       row->time_source < _TIME_SOURCE_MAX && row->origin < _ORIGIN_MAX &&
	       row->auth < _AUTH_MAX && row->clock < _CLOCK_STATE_MAX;
}

int row_to_message(struct message *m, struct names *n, const struct store_row *row)
{
	struct reading *r = &m->reading;

	if (!understood(row, n))
		return -EBADMSG;
	*m = (struct message){
		.kind = MESSAGE_READING,
		.sequence = row->sequence,
		.backfill = true,
	};
	*r = (struct reading){
		.raw = { row->raw, row->raw_exponent },
		.time_us = row->time_ms * 1000,
		.device_time_us = row->device_time_ms * 1000,
		.source_key = row->source_key,
		.period_ms = row->period_ms,
		.flags = row->flags,
		.metric = (uint8_t)names_metric(n, row->metric),
		.instance = row->instance,
		.kind = row->kind,
		.validity = row->validity,
		.time_source = row->time_source,
		.origin = row->origin,
		.auth = row->auth,
		.reason = (uint16_t)names_word(n, row->reason),
		.site = (uint16_t)names_word(n, row->site),
		.method = (uint16_t)names_word(n, row->method),
		.sample = (uint16_t)names_word(n, row->sample),
		.raw_unit = (uint16_t)names_word(n, row->raw_unit),
		.clock = row->clock,
		.backfill = true,
		.received_us = row->received_ms * 1000,
		.sequence = row->sequence,
		.device_sequence = row->device_sequence,
		.group = row->group,
		.epoch = names_epoch(n, row->epoch),
		.device = names_label(n, row->device),
		.bed = names_label(n, row->bed),
		.patient = names_label(n, row->patient),
		.association = names_label(n, row->association),
		.by = names_label(n, row->by),
	};
	if (row->kind == VALUE_NUMBER)
		r->number = (struct decimal){ row->value, row->exponent };
	else if (row->kind == VALUE_BOOLEAN)
		r->boolean = row->value != 0;
	else if (row->kind == VALUE_WORD)
		r->word = (uint16_t)names_word(n, (uint32_t)row->value);
	reading_hold(r);
	/* Without it the value is still the value. */
	if (row->detail && detail_new(&r->detail, row->detail, strlen(row->detail)) < 0)
		r->detail = NULL;
	return 0;
}

int row_from_event(struct store_event *event, struct names *n, const struct message *m)
{
	*event = (struct store_event){
		.sequence = m->sequence,
		.epoch = names_of_epoch(n, m->epoch),
		.kind = (uint8_t)m->kind,
		.topic = strdup(m->topic),
		.body = strdup(m->body),
	};
	if (event->topic && event->body && !names_failed(n))
		return 0;
	free(event->topic);
	free(event->body);
	return -ENOMEM;
}

int row_to_event_message(struct message *m, struct names *n, struct store_event *event)
{
	if (!names_known(n, event->epoch) || !event->topic || !event->body ||
		(event->kind != MESSAGE_RECORD && event->kind != MESSAGE_ALARM))
		return -EBADMSG;
	*m = (struct message){
		.kind = (enum message_kind)event->kind,
		.sequence = event->sequence,
		.backfill = true,
		.epoch = label_ref(names_epoch(n, event->epoch)),
		.topic = TAKE_PTR(event->topic),
		.body = TAKE_PTR(event->body),
	};
	return 0;
}

void message_release(struct message *m)
{
	if (m->kind == MESSAGE_READING)
		reading_release(&m->reading);
	m->epoch = label_unref(m->epoch);
	free(m->topic);
	free(m->body);
	m->topic = m->body = NULL;
}
