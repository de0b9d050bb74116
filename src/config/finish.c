/*
 * From sections to what the rooms see: defaults that depend on other settings,
 * addresses in one spelling, and the arrays of devices and rules.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "config/check.h"

static int work_out_name(struct check *k)
{
	char host[HOST_NAME_MAX + 1] = "", name[CONFIG_NAME_MAX + 1];

	if (k->c->gateway.name)
		return 0;
	if (!k->o->host_name)
		gethostname(host, sizeof(host) - 1);
	config_sanitise_name(k->o->host_name ?: host, name);
	k->c->gateway.name = strdup(name);
	return k->c->gateway.name ? 0 : -ENOMEM;
}

/* TopicPrefix= with its words filled in. */
static char *fill_prefix(const struct config *c)
{
	const struct {
		const char *word, *value;
	} words[] = {
		{ "{site}", c->gateway.site ?: "-" },
		{ "{ward}", c->gateway.ward ?: "-" },
		{ "{gateway}", c->gateway.name },
	};
	char *text = NULL;
	size_t size;
	FILE *f;

	f = open_memstream(&text, &size);
	if (!f)
		return NULL;
	for (const char *p = c->mqtt.topic_template; *p;) {
		size_t i;

		for (i = 0; i < ARRAY_SIZE(words); i++)
			if (strncmp(p, words[i].word, strlen(words[i].word)) == 0)
				break;
		if (i < ARRAY_SIZE(words)) {
			fputs(words[i].value, f);
			p += strlen(words[i].word);
		} else {
			putc(*p++, f);
		}
	}
	if (c->gateway.mode == MODE_TRAINING)
		fputs("-training", f);
	if (fclose(f) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

int config_derive(struct config *c)
{
	char *prefix, *id;

	prefix = fill_prefix(c);
	if (!prefix)
		return -ENOMEM;
	free(c->mqtt.topic_prefix);
	c->mqtt.topic_prefix = prefix;

	if (!c->mqtt.client_id || c->record->client_id_worked_out) {
		if (asprintf(&id, "wardgate-%s", c->gateway.name) < 0)
			return -ENOMEM;
		free(c->mqtt.client_id);
		c->mqtt.client_id = id;
		c->record->client_id_worked_out = true;
	}
	return 0;
}

static int normalise_address(struct check *k, struct config_section *s)
{
	struct config_device *d = s->base;
	char address[DEVICE_ADDRESS_MAX + 1];
	struct config_why why;
	char *copy;

	if (!d->address || !config_is_given(s, "Transport") ||
		config_value(s, config_row_by_key(s->group, "Transport"))->bad)
		return 0;
	if (config_parse_address(d->transport, d->address, address, &why) != 0) {
		config_blame(k, s, "Address", "%s", why.text);
		config_value(s, config_row_by_key(s->group, "Address"))->bad = true;
		return 0;
	}
	copy = strdup(address);
	if (!copy)
		return -ENOMEM;
	free(d->address);
	d->address = copy;
	return 0;
}

/* By transport and address; of one address, those of /etc first, then by name. */
static int by_address(const void *a, const void *b)
{
	const struct config_section *x = *(struct config_section *const *)a,
				    *y = *(struct config_section *const *)b;
	const struct config_device *d = x->base, *e = y->base;
	int order;

	if (d->transport != e->transport)
		return d->transport < e->transport ? -1 : 1;
	order = strcmp(d->address ?: "", e->address ?: "");
	if (order == 0)
		order = d->adopted - e->adopted;
	return order ?: strcmp(x->name, y->name);
}

/* Two sections for one device: an adopted one gives way to one of /etc, others are an error. */
static int settle_addresses(struct check *k)
{
	const struct config_sections *l = &k->c->record->groups[GROUP_DEVICE];
	_cleanup_(freep) struct config_section **sorted = NULL;
	struct config_section *first = NULL;
	size_t count = l->count;

	sorted = calloc(count + 1, sizeof(*sorted));
	if (!sorted)
		return -ENOMEM;
	if (count > 0)
		memcpy(sorted, l->at, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), by_address);

	for (size_t i = 0; i < count; i++) {
		struct config_section *s = sorted[i];
		struct config_device *d = s->base, *e = first ? first->base : NULL;
		char where[512];

		if (!d->address || config_value(s, config_row_by_key(s->group, "Address"))->bad)
			continue;
		if (!e || d->transport != e->transport || strcmp(d->address, e->address) != 0) {
			first = s;
			continue;
		}
		config_where(k, first, "Address", where, sizeof(where));
		if (d->adopted && !e->adopted) {
			config_doubt(k, s, "Address",
				"[Device %s] at %s is the same device, which "
				"counts; remove one of the two",
				first->name, where);
			config_section_drop(k->c, s);
		} else {
			config_blame(k, s, "Address",
				"is the address of [Device %s] too (%s); a device "
				"has one section",
				first->name, where);
		}
	}
	return 0;
}

static int make_devices(struct config *c)
{
	const struct config_sections *l = &c->record->groups[GROUP_DEVICE];

	if (l->count == 0)
		return 0;
	c->devices = calloc(l->count, sizeof(*c->devices));
	if (!c->devices)
		return -ENOMEM;
	for (size_t i = 0; i < l->count; i++) {
		struct config_section *s = l->at[i];

		c->devices[i] = *(struct config_device *)s->base;
		free(s->base);
		s->base = &c->devices[i];
		s->own_base = false;
	}
	c->device_count = l->count;
	return 0;
}

int config_finish(struct check *k)
{
	const struct config_sections *l = &k->c->record->groups[GROUP_DEVICE];
	int r;

	r = work_out_name(k);
	if (r == 0)
		r = config_fill_rules(k->c);
	for (size_t i = 0; r == 0 && i < l->count; i++)
		r = normalise_address(k, l->at[i]);
	if (r == 0)
		r = settle_addresses(k);
	if (r == 0)
		r = make_devices(k->c);
	if (r == 0)
		r = config_make_tags(k);
	if (r == 0)
		r = config_make_rules(k->c);
	if (r == 0)
		r = config_derive(k->c);
	return r;
}
