/*
 * Tags as the driver serves them: the groups of the configuration into
 * ble/adverts/tags.h, and what follows into readings of a device that stands in
 * no registry and is named after the tag.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ble/driver_private.h"

/* A tag that was near once: its readings go on being numbered. */
struct tag_mark {
	struct tag_mark *next; /* in the bucket */
	struct tag_identity identity;
	const struct config_tag *tag;
	struct label *bed; /* NULL: none */
	bool near;
	int64_t told_us;
	struct device device;
};

static bool same_tags(const struct config *a, const struct config *b)
{
	if (a->tag_count != b->tag_count)
		return false;
	for (size_t i = 0; i < a->tag_count; i++) {
		const struct config_tag *x = &a->tags[i], *y = &b->tags[i];

		if (strcmp(x->name, y->name) != 0 || strcmp(x->bed ?: "", y->bed ?: "") != 0 ||
			x->kind != y->kind || x->length != y->length ||
			memcmp(x->identity, y->identity, x->length) != 0 ||
			x->enter_dbm != y->enter_dbm || x->leave_dbm != y->leave_dbm ||
			x->away_us != y->away_us || x->report_every_us != y->report_every_us)
			return false;
	}
	return true;
}

/* The one that *at points to. */
static void mark_free(struct ble *b, struct tag_mark **at)
{
	struct tag_mark *m = *at;

	*at = m->next;
	label_unref(m->device.name);
	label_unref(m->bed);
	free(m);
	b->mark_count--;
}

static void marks_free(struct ble *b)
{
	for (size_t i = 0; i < TAG_BUCKETS; i++)
		while (b->marks[i])
			mark_free(b, &b->marks[i]);
}

/* The one that has been away for longest gives way. False: all are near. */
static bool make_place(struct ble *b)
{
	struct tag_mark **oldest = NULL;

	for (size_t i = 0; i < TAG_BUCKETS; i++)
		for (struct tag_mark **at = &b->marks[i]; *at; at = &(*at)->next)
			if (!(*at)->near && (!oldest || (*at)->told_us < (*oldest)->told_us))
				oldest = at;
	if (oldest)
		mark_free(b, oldest);
	return oldest;
}

void tagging_free(struct ble *b)
{
	marks_free(b);
	b->dropped += b->tags ? tags_refused(b->tags) : 0;
	b->tags = tags_free(b->tags);
	b->tag_config = config_unref(b->tag_config);
}

int tagging_apply(struct ble *b)
{
	const struct config *c = b->config;
	struct tag_group groups[TAG_GROUPS_MAX];
	size_t n = c->tag_count < TAG_GROUPS_MAX ? c->tag_count : TAG_GROUPS_MAX;

	if (b->tag_config && same_tags(b->tag_config, c))
		return 0;
	tagging_free(b);
	if (n == 0)
		return 0;
	for (size_t i = 0; i < n; i++) {
		const struct config_tag *x = &c->tags[i];

		groups[i] = (struct tag_group){ .kind = (uint8_t)x->kind,
			.length = x->length,
			.enter_dbm = (int8_t)x->enter_dbm,
			.leave_dbm = (int8_t)x->leave_dbm,
			.away_us = x->away_us,
			.report_every_us = x->report_every_us };
		memcpy(groups[i].prefix, x->identity, x->length);
	}
	b->tag_config = config_ref(b->config);
	return tags_new(&b->tags, groups, n, &b->key);
}

static struct tag_mark *mark_of(struct ble *b, const struct tag_event *e)
{
	uint64_t hash = hash_bytes(&b->key, e->identity.bytes, e->identity.length);
	struct tag_mark **at = &b->marks[hash & (TAG_BUCKETS - 1)], *m = *at;
	const struct config_tag *tag = &b->tag_config->tags[e->group];
	char name[TAG_NAME_MAX + 1];

	while (m && (m->tag != tag || m->identity.length != e->identity.length ||
			    memcmp(m->identity.bytes, e->identity.bytes, e->identity.length) != 0))
		m = m->next;
	if (m || (b->mark_count >= TAGS_MAX && !make_place(b)))
		return m;
	m = calloc(1, sizeof(*m));
	if (!m)
		return NULL;
	m->identity = e->identity;
	m->tag = tag;
	m->device.transport = TRANSPORT_BLE;
	m->device.battery_percent = -1;
	if (label_new(&m->device.name,
		    config_tag_name(tag, e->identity.bytes, e->identity.length, name)) < 0 ||
		(tag->bed && label_new(&m->bed, tag->bed) < 0)) {
		label_unref(m->device.name);
		free(m);
		return NULL;
	}
	m->next = *at;
	*at = m;
	b->mark_count++;
	return m;
}

static void say(struct ble *b, struct tag_mark *m, struct reading *r)
{
	int e;

	r->auth = AUTH_NONE;
	r->bed = m->bed;
	e = gateway_submit_own(b->gateway, &m->device, r, NULL, NULL, NULL);
	if (e == 0)
		b->accepted++;
	else
		b->refused++;
}

static void tell(struct ble *b, const struct tag_event *e)
{
	struct reading presence = {
		.metric = METRIC_PRESENCE, .kind = VALUE_BOOLEAN, .boolean = e->kind != TAG_LEFT
	};
	struct reading signal = {
		.metric = METRIC_SIGNAL_STRENGTH, .kind = VALUE_NUMBER, .number = { e->dbm, 0 }
	};
	struct tag_mark *m;

	if (e->kind == TAG_NOTHING || b->quiet)
		return;
	m = mark_of(b, e);
	if (!m) {
		b->refused++;
		return;
	}
	m->near = presence.boolean;
	m->told_us = boottime_us();
	say(b, m, &presence);
	if (e->kind != TAG_LEFT)
		say(b, m, &signal);
}

void tagging_heard(struct ble *b, const struct mgmt_report *r, const struct tag_identity *named,
	int64_t now_us)
{
	uint8_t address[ADVERT_ADDRESS_SIZE];
	struct tag_event e;

	if (!b->tags || r->rssi == MGMT_RSSI_UNKNOWN)
		return;
	for (size_t i = 0; i < sizeof(address); i++)
		address[i] = r->address.octets[sizeof(address) - 1 - i];
	if (tags_heard(b->tags, address, named, r->rssi, now_us, &e))
		tell(b, &e);
}

int64_t tagging_deadline(const struct ble *b)
{
	return b->tags ? tags_deadline(b->tags) : INT64_MAX;
}

void tagging_due(struct ble *b, int64_t now_us)
{
	struct tag_event e;

	while (b->tags && now_us >= tags_deadline(b->tags)) {
		tags_tick(b->tags, now_us, &e);
		tell(b, &e);
	}
}
