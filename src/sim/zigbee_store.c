/* The state file: the NCP's flash (ncp_store.h) and who is a member. See zigbee_stage.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sim/ble_crypto.h"
#include "sim/ini.h"
#include "sim/zigbee_device.h"

static void write_member(FILE *f, const struct szb_device *d)
{
	fprintf(f, "\n[Member %s]\nNode=%u\n", d->config->name, d->node);
	ncp_store_hex(f, "ExtendedPan", d->network.ext_pan, 8);
	ncp_store_hex(f, "NetworkKey", d->network.key, 16);
	fprintf(f, "Pan=%u\nChannel=%u\nHeard=%lu\nBound=%lu\nWoken=%d\n", d->network.pan,
		d->network.channel, (unsigned long)d->heard, (unsigned long)d->bound, d->woken);
	ncp_store_hex(f, "Cie", d->cie, 8);
	fprintf(f, "Enrolled=%d\nZone=%u\n", d->enrolled, d->zone_id);
	for (size_t i = 0; i < d->report_count; i++) {
		const struct szb_report *r = &d->reports[i];

		fprintf(f, "Report=%u %u %u %u %.9g\n", szb_cluster_id(r->attribute->cluster),
			r->attribute->id, r->min_s, r->max_s, r->change);
	}
}

static void write_members(void *arg, FILE *f)
{
	const struct szb *b = arg;

	for (size_t i = 0; i < b->device_count; i++)
		if (b->devices[i].member)
			write_member(f, &b->devices[i]);
}

int szb_store_save(struct szb *b)
{
	b->keep = false;
	return *b->state ? ncp_store_write(b->state, &b->ncp.tokens, write_members, b) : 0;
}

static void take_report(struct szb_device *d, struct ini *i, const char *value)
{
	struct szb_report *r = &d->reports[d->report_count];
	unsigned cluster, id, min_s, max_s;
	double change;

	if (sscanf(value, "%u %u %u %u %lf", &cluster, &id, &min_s, &max_s, &change) != 5 ||
		d->report_count == SZB_REPORTS_MAX) {
		ini_problem(i, "Report=%s: not what was written", value);
		return;
	}
	r->attribute = szb_attribute_find(szb_cluster_by_id((uint16_t)cluster), (uint16_t)id);
	if (!r->attribute)
		return;
	r->min_s = (uint16_t)min_s;
	r->max_s = (uint16_t)max_s;
	r->change = change;
	d->report_count++;
}

static bool take_hex(struct szb_device *d, struct ini *i, const char *key, const char *value)
{
	uint8_t *to = !strcmp(key, "ExtendedPan")  ? d->network.ext_pan
		      : !strcmp(key, "NetworkKey") ? d->network.key
		      : !strcmp(key, "Cie")        ? d->cie
						   : NULL;

	if (!to)
		return false;
	if (sble_unhex(value, to, to == d->network.key ? 16 : 8) < 0)
		ini_problem(i, "%s=%s: not what was written", key, value);
	return true;
}

static void take_member(
	struct szb *b, struct szb_device *d, struct ini *i, const char *key, const char *value)
{
	int64_t v = 0;

	if (take_hex(d, i, key, value))
		return;
	if (!strcmp(key, "Report")) {
		take_report(d, i, value);
		return;
	}
	if (ini_number(value, 0, UINT32_MAX, &v) < 0)
		ini_problem(i, "%s=%s: not a number", key, value);
	else if (!strcmp(key, "Node")) {
		d->node = (uint16_t)v;
		d->member = true;
		b->nodes[d->node] = (uint16_t)(d->index + 1);
	} else if (!strcmp(key, "Pan"))
		d->network.pan = (uint16_t)v;
	else if (!strcmp(key, "Channel"))
		d->network.channel = (uint8_t)v;
	else if (!strcmp(key, "Heard"))
		d->heard = (uint32_t)v;
	else if (!strcmp(key, "Bound"))
		d->bound = (uint32_t)v;
	else if (!strcmp(key, "Woken"))
		d->woken = v;
	else if (!strcmp(key, "Enrolled"))
		d->enrolled = v;
	else if (!strcmp(key, "Zone"))
		d->zone_id = (uint8_t)v;
	else
		ini_problem(i, "[Member] has no %s=", key);
}

static void on_member(
	void *arg, struct ini *i, const char *name, const char *key, const char *value)
{
	struct szb *b = arg;

	/* Devices that the scenario has no more are forgotten. */
	for (size_t k = 0; key && k < b->device_count; k++)
		if (!strcmp(b->devices[k].config->name, name))
			take_member(b, &b->devices[k], i, key, value);
}

int szb_store_load(struct szb *b)
{
	int r = *b->state ? ncp_store_read(b->state, &b->ncp.tokens, on_member, b) : 0;

	if (r == -ENOENT)
		return 0;
	if (r < 0 && r != -EBADMSG)
		fprintf(stderr, "wardsim: %s: %s\n", b->state, strerror(-r));
	return r < 0 ? -EBADMSG : 0;
}
