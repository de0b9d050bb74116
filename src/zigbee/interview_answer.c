/*
 * What the answers of an interview mean. See interview.h.
 */
#include <string.h>

#include "util/cleanup.h"
#include "zigbee/clusters/clusters.h"
#include "zigbee/interview_private.h"

#define ENDPOINT_LAST 240 /* what is above is not of applications */
#define NEVER_S 0xffff    /* a longest interval: it does not report */

/* ---- descriptors ---- */

static void take_node(struct interview *i, const struct zdo_message *m)
{
	i->type = m->type <= ZDO_END_DEVICE ? m->type : ZDO_END_DEVICE;
	i->capability = m->capability;
	i->maker = m->maker;
}

static bool has_endpoint(const struct interview *i, uint8_t id)
{
	for (unsigned k = 0; k < i->endpoint_count; k++)
		if (i->endpoints[k].id == id)
			return true;
	return false;
}

static void take_endpoints(struct interview *i, const struct zdo_message *m)
{
	i->endpoint_count = i->cluster_count = 0;
	for (unsigned k = 0; k < m->endpoint_count; k++) {
		uint8_t id = m->endpoints[k];

		if (id == 0 || id > ENDPOINT_LAST || has_endpoint(i, id) ||
			i->endpoint_count == INTERVIEW_ENDPOINTS_MAX)
			continue;
		i->endpoints[i->endpoint_count++] = (struct interview_endpoint){ .id = id };
	}
}

/* There is something to be done with it. */
static bool is_of_use(uint16_t id, bool output)
{
	const struct zcl_cluster *row = cluster_find(id);

	return row && (!output || row->bind & CLUSTER_OF_CLIENT);
}

static void add_clusters(
	struct interview *i, const struct zdo_list *l, uint8_t endpoint, bool output)
{
	for (unsigned k = 0; k < l->count; k++) {
		uint16_t id = zdo_list_at(l, k);
		bool there = false;

		for (unsigned n = 0; n < i->cluster_count && !there; n++)
			there = i->clusters[n].id == id && i->clusters[n].endpoint == endpoint &&
				i->clusters[n].output == output;
		if (there || !is_of_use(id, output) || i->cluster_count == INTERVIEW_CLUSTERS_MAX)
			continue;
		i->clusters[i->cluster_count++] = (struct interview_cluster){
			.id = id, .endpoint = endpoint, .output = output
		};
	}
}

static void take_simple(struct interview *i, const struct zdo_message *m)
{
	struct interview_endpoint *e = &i->endpoints[i->at];

	e->profile = m->profile;
	e->device = m->device;
	add_clusters(i, &m->in, i->at, false);
	add_clusters(i, &m->out, i->at, true);
}

static uint16_t cluster_of_step(uint8_t step)
{
	switch (step) {
	case INTERVIEW_NODE:
		return ZDO_NODE;
	case INTERVIEW_ENDPOINTS:
		return ZDO_ENDPOINTS;
	case INTERVIEW_SIMPLE:
		return ZDO_SIMPLE;
	case INTERVIEW_BIND:
		return ZDO_BIND;
	default:
		return ZDO_RESPONSE; /* of no request */
	}
}

/* A refusal that may be of this moment alone: nobody is to be without what it could have told for
 * ever. */
static bool is_passing(uint8_t status)
{
	return status != ZDO_SUCCESS && status != ZDO_NOT_SUPPORTED &&
	       status != ZDO_INVALID_ENDPOINT && status != ZDO_NOT_ACTIVE &&
	       status != ZDO_NO_DESCRIPTOR;
}

bool interview_answer_zdo(struct interview *i, const struct zdo_message *m)
{
	bool well = m->status == ZDO_SUCCESS;

	if (m->cluster != (cluster_of_step(i->step) | ZDO_RESPONSE))
		return false;
	switch (i->step) {
	case INTERVIEW_NODE:
		if (well)
			take_node(i, m);
		else if (is_passing(m->status))
			i->missed |= INTERVIEW_HAS_NODE;
		break;
	case INTERVIEW_ENDPOINTS:
		if (well)
			take_endpoints(i, m);
		/* all that does something has one */
		if (i->endpoint_count == 0)
			i->missed |= INTERVIEW_HAS_ENDPOINTS;
		break;
	case INTERVIEW_SIMPLE:
		if (well && m->endpoint != i->endpoints[i->at].id)
			return false;
		if (well)
			take_simple(i, m);
		i->endpoints[i->at].missed = is_passing(m->status);
		break;
	case INTERVIEW_BIND:
		if (!well)
			i->clusters[i->at].refused |= INTERVIEW_BOUND;
		break;
	default:
		return false;
	}
	i->refused = !well;
	i->status = m->status;
	interview_end_step(i);
	return true;
}

/* ---- reporting ---- */

/* The attribute's place in the row, -1 when it has none with reporting. */
static int place_of(const struct zcl_cluster *row, uint16_t attribute)
{
	for (size_t k = 0; k < row->attribute_count; k++)
		if (row->attributes[k].id == attribute && row->attributes[k].use & CLUSTER_REPORT)
			return (int)k;
	return -1;
}

static void poll(struct interview_cluster *c, size_t place)
{
	if (place < INTERVIEW_ATTRIBUTES_MAX)
		c->polled |= (uint16_t)(1u << place);
}

/* What it does not have cannot be asked for either. */
static bool is_lacking(uint8_t status)
{
	return status == ZCL_UNSUPPORTED_ATTRIBUTE || status == ZCL_UNSUPPORTED_CLUSTER;
}

static void is_reported(struct interview_cluster *c, size_t place, uint16_t max_s)
{
	if (place < INTERVIEW_ATTRIBUTES_MAX)
		c->polled &= (uint16_t) ~(1u << place);
	if (c->max_s == 0 || max_s < c->max_s)
		c->max_s = max_s;
}

/* Statuses of the attributes that the request was about; those that are not named are well. */
static void take_configured(struct interview *i, const struct zcl_frame *f)
{
	struct interview_cluster *c = &i->clusters[i->at];
	const struct zcl_cluster *row = cluster_find(c->id);
	bool general = f->header.command == ZCL_DEFAULT_RESPONSE;

	for (size_t k = i->offset; k < i->next && k < row->attribute_count; k++) {
		const struct cluster_attribute *a = &row->attributes[k];
		struct zcl_records at = zcl_records(f);
		uint8_t status = ZCL_SUCCESS;
		struct zcl_record r;

		if (!(a->use & CLUSTER_REPORT))
			continue;
		while (zcl_next(&at, &r) == 0)
			if (general || r.whole || r.attribute == a->id)
				status = r.status;
		if (status == ZCL_SUCCESS) {
			is_reported(c, k, a->max_s);
			continue;
		}
		i->refused = true;
		i->status = status;
		if (!is_lacking(status))
			poll(c, k);
	}
	i->offset = i->next;
}

/* Whether it says that it does not report the attribute, though it has agreed to. */
static bool is_idle(const struct zcl_record *r)
{
	return r->status != ZCL_SUCCESS || r->max_s == NEVER_S;
}

/* What it says of one attribute. Returns whether that is worth a second configuration. */
static bool check(
	struct interview_cluster *c, const struct zcl_cluster *row, const struct zcl_record *r)
{
	int place = place_of(row, r->attribute);

	if (place < 0 || r->direction != 0 || cluster_reporting_fits(row, r) ||
		(r->status != ZCL_SUCCESS && is_lacking(r->status)))
		return false;
	if (is_idle(r)) {
		/* the more often of two configurations may be one that it has not */
		poll(c, (size_t)place);
		return true;
	}
	/* 0 is: at changes alone */
	if (r->max_s == 0)
		poll(c, (size_t)place);
	else if (r->max_s > c->max_s)
		c->max_s = r->max_s;
	return true;
}

/* Returns whether the cluster is to be configured once more. */
static bool take_check(struct interview *i, const struct zcl_frame *f)
{
	struct interview_cluster *c = &i->clusters[i->at];
	const struct zcl_cluster *row = cluster_find(c->id);
	bool whole = i->offset == 0 && i->next >= row->attribute_count, differs = false;
	struct zcl_records at = zcl_records(f);
	unsigned told = 0, idle = 0;
	uint16_t before = c->max_s, least = 0;
	struct zcl_record r;

	i->offset = i->next;
	if (f->header.command == ZCL_DEFAULT_RESPONSE)
		return false; /* it does not say: what it was told counts */
	while (zcl_next(&at, &r) == 0) {
		differs |= check(c, row, &r);
		told++;
		if (!is_idle(&r)) {
			if (r.max_s != 0 && (least == 0 || r.max_s < least))
				least = r.max_s;
			continue;
		}
		idle++;
		i->status = r.status != ZCL_SUCCESS ? r.status : ZCL_NOT_FOUND;
	}
	/* the one that it says most often tells when it is silent */
	if (whole && least != 0)
		c->max_s = least < before ? before : least;
	if (differs && !i->again)
		return true;
	i->refused = idle > 0;
	if (whole && idle > 0 && idle == told)
		c->max_s = 0; /* nothing comes by itself */
	return false;
}

static void configure_again(struct interview *i)
{
	struct interview_cluster *c = &i->clusters[i->at];

	c->done &= (uint8_t)~INTERVIEW_CONFIGURED;
	c->max_s = 0;
	i->step = INTERVIEW_REPORTING;
	i->offset = 0;
	i->again = true;
}

/* ---- frames ---- */

static bool is_refusal(const struct zcl_frame *f, uint8_t command)
{
	struct zcl_records at = zcl_records(f);
	struct zcl_record r;

	return zcl_is_general(f, ZCL_DEFAULT_RESPONSE) && zcl_next(&at, &r) == 0 &&
	       r.attribute == command;
}

static uint8_t status_of(const struct zcl_frame *f)
{
	struct zcl_records at = zcl_records(f);
	struct zcl_record r;

	return zcl_next(&at, &r) == 0 ? r.status : ZCL_FAILURE;
}

static uint8_t command_of_step(uint8_t step)
{
	switch (step) {
	case INTERVIEW_FACTS:
	case INTERVIEW_MAGIC:
	case INTERVIEW_VALUES:
		return ZCL_READ;
	case INTERVIEW_REPORTING:
		return ZCL_CONFIGURE;
	case INTERVIEW_CHECK:
		return ZCL_READ_REPORTING;
	default:
		return ZCL_DEFAULT_RESPONSE; /* which is never asked */
	}
}

static void take_read(struct interview *i, const struct zcl_frame *f, bool refusal)
{
	i->offset = i->next;
	if (!refusal)
		return;
	i->refused = true;
	i->status = status_of(f);
	if (i->step == INTERVIEW_VALUES)
		i->clusters[i->at].refused |= INTERVIEW_READ;
	interview_end_step(i);
}

bool interview_answer_zcl(struct interview *i, uint16_t cluster, const struct zcl_frame *f)
{
	uint8_t command = command_of_step(i->step);
	bool refusal = is_refusal(f, command);
	uint16_t wanted = interview_bit(i->step) != 0 ? i->clusters[i->at].id : cluster_basic.id;

	/* each response has the number behind its request's */
	if (command == ZCL_DEFAULT_RESPONSE || cluster != wanted ||
		!(refusal || zcl_is_general(f, command + 1)))
		return false;
	i->refused = false;
	i->status = ZCL_SUCCESS;
	switch (i->step) {
	case INTERVIEW_REPORTING:
		take_configured(i, f);
		break;
	case INTERVIEW_CHECK:
		if (take_check(i, f))
			configure_again(i);
		break;
	default:
		take_read(i, f, refusal);
		break;
	}
	return true;
}

void interview_capability(struct interview *i, uint8_t capability)
{
	i->capability = capability;
	i->type = capability & ZDO_IS_ROUTER ? ZDO_ROUTER : ZDO_END_DEVICE;
}
