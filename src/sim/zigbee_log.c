/* See zigbee_log.h. */
#include "sim/zigbee_log.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "util/text.h"

struct szb_pack *szb_pack_new(struct szb_packs *p, const char *device, const char *by)
{
	struct szb_pack *pack = p->free;
	struct timespec t;

	if (pack)
		p->free = pack->next;
	else
		pack = malloc(sizeof(*pack));
	if (!pack)
		return NULL;
	clock_gettime(CLOCK_REALTIME, &t);
	p->out++;
	pack->device = device;
	pack->by = by;
	pack->number = ++p->numbers;
	pack->utc_ms = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
	pack->count = 0;
	return pack;
}

void szb_pack_release(struct szb_packs *p, struct szb_pack *pack)
{
	pack->next = p->free;
	p->free = pack;
	p->out--;
}

void szb_packs_done(struct szb_packs *p)
{
	while (p->free) {
		struct szb_pack *pack = p->free;

		p->free = pack->next;
		free(pack);
	}
}

struct szb_value *szb_pack_add(struct szb_pack *pack, enum szb_metric metric, int64_t value)
{
	struct szb_value *v = &pack->values[pack->count];

	if (pack->count < SZB_VALUES_MAX - 1)
		pack->count++;
	v->metric = metric;
	v->value = value;
	v->invalid = false;
	v->raw[0] = 0;
	return v;
}

static void put_value(struct text *t, const struct szb_value *v)
{
	text_lit(t, ",\"value\":");
	if (v->invalid)
		text_lit(t, "null");
	else if (v->metric == SZB_BUTTON) {
		const char *word = szb_button_word(v->value);

		text_json_string(t, word, strlen(word));
	} else if (szb_is_flag(v->metric))
		text_str(t, v->value ? "true" : "false");
	else
		text_decimal(t, szb_decimal(v->metric, v->value));
	if (v->raw[0])
		sble_log_member(t, "raw", v->raw);
}

void szb_log_pack(
	struct sble_log *l, const struct szb_pack *pack, bool acknowledged, const char *dropped)
{
	if (!sble_log_open(l))
		return;
	for (unsigned i = 0; i < pack->count; i++) {
		struct text t = sble_log_line(l);

		/* Names of devices and metrics need no escapes. */
		text_lit(&t, "{\"device\":\"");
		text_str(&t, pack->device);
		text_lit(&t, "\",\"metric\":\"");
		text_str(&t, szb_metric_name(pack->values[i].metric));
		text_char(&t, '"');
		put_value(&t, &pack->values[i]);
		text_lit(&t, ",\"time\":\"");
		text_time(&t, pack->utc_ms * 1000);
		if (acknowledged)
			text_lit(&t, "\",\"acknowledged\":true");
		else
			text_lit(&t, "\",\"acknowledged\":false");
		if (dropped)
			sble_log_member(&t, "dropped", dropped);
		text_lit(&t, ",\"by\":\"");
		text_str(&t, pack->by);
		text_lit(&t, "\",\"pack\":");
		text_u64(&t, pack->number);
		sble_log_keep(l, &t);
	}
}
