/*
 * What to ask next. See interview.h; the answers are in interview_answer.c.
 */
#include "zigbee/interview.h"

#include <assert.h>
#include <string.h>

#include "util/cleanup.h"
#include "zigbee/clusters/clusters.h"
#include "zigbee/interview_private.h"

#define PROFILE_LIGHT_LINK 0xc05e /* its devices answer to home automation */

_Static_assert(INTERVIEW_ATTRIBUTES_MAX <= 16, "a bit of interview_cluster.polled each");

/* ---- what there is to do ---- */

/* The steps of a cluster, in their order. */
static const struct {
	uint8_t step, bit;
} steps[] = {
	{ INTERVIEW_BIND, INTERVIEW_BOUND },
	{ INTERVIEW_BEGIN, INTERVIEW_BEGUN },
	{ INTERVIEW_VALUES, INTERVIEW_READ },
	{ INTERVIEW_REPORTING, INTERVIEW_CONFIGURED },
	{ INTERVIEW_CHECK, INTERVIEW_CHECKED },
};

uint8_t interview_bit(uint8_t step)
{
	for (size_t k = 0; k < ARRAY_SIZE(steps); k++)
		if (steps[k].step == step)
			return steps[k].bit;
	return 0;
}

static uint8_t known_bit(uint8_t step)
{
	switch (step) {
	case INTERVIEW_NODE:
		return INTERVIEW_HAS_NODE;
	case INTERVIEW_ENDPOINTS:
		return INTERVIEW_HAS_ENDPOINTS;
	case INTERVIEW_FACTS:
		return INTERVIEW_HAS_FACTS;
	case INTERVIEW_MAGIC:
		return INTERVIEW_HAS_MAGIC;
	default:
		return 0;
	}
}

static bool uses(const struct zcl_cluster *row, enum cluster_use use)
{
	for (size_t k = 0; k < row->attribute_count; k++)
		if (row->attributes[k].use & use)
			return true;
	return false;
}

static bool is_wanted(const struct interview *i, const struct interview_cluster *c,
	const struct zcl_cluster *row, uint8_t step)
{
	bool alone = i->device.quirks & QUIRK_NO_SETUP;

	if (step == INTERVIEW_BIND)
		return !alone && row->bind & (c->output ? CLUSTER_OF_CLIENT : CLUSTER_OF_SERVER);
	if (c->output)
		return false;
	switch (step) {
	case INTERVIEW_BEGIN:
		return row->begin != NULL;
	case INTERVIEW_VALUES:
		/* a sleeper that speaks by itself hardly ever listens */
		return row->id != cluster_basic.id && uses(row, CLUSTER_READ) &&
		       !(alone && interview_sleeps(i));
	case INTERVIEW_REPORTING:
		return !alone && uses(row, CLUSTER_REPORT);
	default:
		return !alone && uses(row, CLUSTER_REPORT) &&
		       !((c->refused | c->missed) & INTERVIEW_CONFIGURED);
	}
}

/* The first endpoint with the basic cluster, or any while what they have is not known. */
bool interview_find_basic(const struct interview *i, bool limited, uint8_t *ret)
{
	for (unsigned k = 0; k < i->cluster_count; k++)
		if (i->clusters[k].id == cluster_basic.id && !i->clusters[k].output) {
			*ret = i->clusters[k].endpoint;
			return true;
		}
	*ret = 0;
	return limited && i->endpoint_count > 0;
}

static bool set(struct interview *i, uint8_t step, uint8_t at)
{
	if (i->step != step || i->at != at)
		i->offset = 0;
	if (i->at != at || interview_bit(step) == 0)
		i->again = false;
	i->step = step;
	i->at = at;
	return true;
}

static bool choose_cluster(struct interview *i)
{
	for (unsigned number = 0; number < _CLUSTER_MAX; number++) {
		const struct zcl_cluster *row = cluster_row(number);

		for (uint8_t at = 0; at < i->cluster_count; at++) {
			struct interview_cluster *c = &i->clusters[at];

			if (c->id != row->id)
				continue;
			for (size_t k = 0; k < ARRAY_SIZE(steps); k++)
				if (!(c->done & steps[k].bit) &&
					is_wanted(i, c, row, steps[k].step))
					return set(i, steps[k].step, at);
		}
	}
	return false;
}

bool interview_choose(struct interview *i, bool limited)
{
	uint8_t at;

	if (!(i->known & INTERVIEW_HAS_NODE))
		return set(i, INTERVIEW_NODE, 0);
	if (!(i->known & INTERVIEW_HAS_ENDPOINTS))
		return set(i, INTERVIEW_ENDPOINTS, 0);
	for (at = 0; !limited && at < i->endpoint_count; at++)
		if (!i->endpoints[at].known)
			return set(i, INTERVIEW_SIMPLE, at);
	if (!(i->known & INTERVIEW_HAS_FACTS) && interview_find_basic(i, limited, &at))
		return set(i, INTERVIEW_FACTS, at);
	if (limited)
		return false;
	if (!(i->known & INTERVIEW_HAS_MAGIC) && i->device.quirks & QUIRK_MAGIC_READ &&
		interview_find_basic(i, limited, &at))
		return set(i, INTERVIEW_MAGIC, at);
	return choose_cluster(i);
}

/* ---- requests ---- */

static void ask_zdo(struct interview_ask *ret, const struct zdo_message *m)
{
	ssize_t n = zdo_write(ret->bytes, sizeof(ret->bytes), m);

	assert(n > 0); /* of our own making */
	ret->profile = ZIGBEE_PROFILE_ZDO;
	ret->cluster = m->cluster;
	ret->endpoint = 0;
	ret->length = (size_t)n;
}

void interview_to_endpoint(
	const struct interview *i, struct interview_ask *ret, uint16_t cluster, uint8_t endpoint)
{
	ret->endpoint = i->endpoints[endpoint].id;
	ret->profile = interview_profile(i, ret->endpoint);
	ret->cluster = cluster;
	ret->instance = interview_instance(i, cluster, ret->endpoint, false);
}

/* A frame of the row's data from the offset on; false when there is none left. */
static bool ask_row(struct interview *i, const struct zcl_cluster *row, uint8_t sequence,
	struct interview_ask *ret)
{
	i->next = i->offset;
	switch (i->step) {
	case INTERVIEW_REPORTING:
		ret->length = cluster_ask_reporting(row, &i->next, ret->bytes, sizeof(ret->bytes));
		break;
	case INTERVIEW_CHECK:
		ret->length = cluster_ask_check(row, &i->next, ret->bytes, sizeof(ret->bytes));
		break;
	default:
		ret->length = cluster_ask_reads(row, &i->next, ret->bytes, sizeof(ret->bytes));
		break;
	}
	if (ret->length == 0)
		return false;
	zcl_set_sequence(ret->bytes, ret->length, sequence);
	return true;
}

static bool ask_cluster(struct interview *i, uint64_t eui64, uint8_t sequence,
	const struct interview_self *self, struct interview_ask *ret)
{
	struct interview_cluster *c = &i->clusters[i->at];

	interview_to_endpoint(i, ret, c->id, c->endpoint);
	if (i->step == INTERVIEW_BEGIN)
		return true;
	if (i->step != INTERVIEW_BIND)
		return ask_row(i, cluster_find(c->id), sequence, ret);
	ask_zdo(ret, &(struct zdo_message){ .cluster = ZDO_BIND,
			     .sequence = sequence,
			     .eui64 = eui64,
			     .endpoint = i->endpoints[c->endpoint].id,
			     .bound = c->id,
			     .to_eui64 = self->eui64,
			     .to_endpoint = self->endpoint });
	return true;
}

/* The request of the step at hand; false: it needs none any more. */
static bool ask(struct interview *i, uint16_t node, uint64_t eui64, uint8_t sequence,
	const struct interview_self *self, struct interview_ask *ret)
{
	struct zdo_message m = { .sequence = sequence, .node = node };

	*ret = (struct interview_ask){ .step = i->step };
	switch ((enum interview_step)i->step) {
	case INTERVIEW_NODE:
		m.cluster = ZDO_NODE;
		ask_zdo(ret, &m);
		return true;
	case INTERVIEW_ENDPOINTS:
		m.cluster = ZDO_ENDPOINTS;
		ask_zdo(ret, &m);
		return true;
	case INTERVIEW_SIMPLE:
		m.cluster = ZDO_SIMPLE;
		m.endpoint = i->endpoints[i->at].id;
		ask_zdo(ret, &m);
		return true;
	case INTERVIEW_FACTS:
		interview_to_endpoint(i, ret, cluster_basic.id, i->at);
		return ask_row(i, &cluster_basic, sequence, ret);
	case INTERVIEW_MAGIC:
		interview_to_endpoint(i, ret, cluster_basic.id, i->at);
		i->next = 1; /* there is one alone */
		if (i->offset > 0)
			return false;
		ret->length = cluster_ask_magic(ret->bytes, sizeof(ret->bytes));
		zcl_set_sequence(ret->bytes, ret->length, sequence);
		return true;
	case INTERVIEW_BIND:
	case INTERVIEW_BEGIN:
	case INTERVIEW_VALUES:
	case INTERVIEW_REPORTING:
	case INTERVIEW_CHECK:
		return ask_cluster(i, eui64, sequence, self, ret);
	case INTERVIEW_OVER:
	case _INTERVIEW_STEP_MAX:
		break;
	}
	return false;
}

void interview_end_step(struct interview *i)
{
	uint8_t bit = interview_bit(i->step);

	if (i->step == INTERVIEW_SIMPLE)
		i->endpoints[i->at].known = true;
	else if (bit != 0)
		i->clusters[i->at].done |= bit;
	else
		i->known |= known_bit(i->step);
	/* nothing of it was taken, so that there is nothing to be checked */
	if (i->step == INTERVIEW_REPORTING && i->clusters[i->at].max_s == 0)
		i->clusters[i->at].refused |= INTERVIEW_CONFIGURED;
	i->offset = 0;
}

bool interview_next(struct interview *i, bool limited, uint16_t node, uint64_t eui64,
	uint8_t sequence, const struct interview_self *self, struct interview_ask *ret)
{
	if (i->step == INTERVIEW_OVER)
		return false;
	while (interview_choose(i, limited)) {
		if (ask(i, node, eui64, sequence, self, ret))
			return true;
		interview_end_step(i);
	}
	if (!limited)
		i->step = INTERVIEW_OVER;
	return false;
}

void interview_give_up(struct interview *i)
{
	uint8_t bit = interview_bit(i->step);

	if (i->step == INTERVIEW_OVER)
		return;
	if (i->step == INTERVIEW_SIMPLE)
		i->endpoints[i->at].missed = true;
	else if (bit != 0)
		i->clusters[i->at].missed |= bit;
	else
		i->missed |= known_bit(i->step);
	interview_end_step(i);
}

void interview_begun(struct interview *i, bool well)
{
	if (i->step != INTERVIEW_BEGIN)
		return;
	if (well)
		i->clusters[i->at].missed &= (uint8_t)~INTERVIEW_BEGUN;
	else
		i->clusters[i->at].missed |= INTERVIEW_BEGUN;
	interview_end_step(i);
}

/* ---- from the beginning, and again ---- */

void interview_reopen(struct interview *i)
{
	i->step = INTERVIEW_NODE;
	i->at = 0;
	i->offset = 0;
	i->again = false;
}

void interview_init(struct interview *i)
{
	memset(i, 0, sizeof(*i));
	i->type = ZDO_END_DEVICE;
}

void interview_restart(struct interview *i)
{
	i->known = i->missed = 0;
	i->endpoint_count = i->cluster_count = 0;
	i->maker = 0;
	interview_reopen(i);
}

bool interview_has_missed(const struct interview *i)
{
	if (i->missed != 0)
		return true;
	for (unsigned k = 0; k < i->endpoint_count; k++)
		if (i->endpoints[k].missed)
			return true;
	for (unsigned k = 0; k < i->cluster_count; k++)
		if (i->clusters[k].missed != 0)
			return true;
	return false;
}

bool interview_retry(struct interview *i)
{
	if (!interview_has_missed(i))
		return false;
	i->known &= (uint8_t)~i->missed;
	i->missed = 0;
	for (unsigned k = 0; k < i->endpoint_count; k++)
		if (i->endpoints[k].missed)
			i->endpoints[k].known = i->endpoints[k].missed = false;
	for (unsigned k = 0; k < i->cluster_count; k++) {
		i->clusters[k].done &= (uint8_t)~i->clusters[k].missed;
		i->clusters[k].missed = 0;
	}
	interview_reopen(i);
	return true;
}

void interview_zone(struct interview *i, uint8_t endpoint, bool enrolled)
{
	for (unsigned k = 0; k < i->cluster_count; k++) {
		struct interview_cluster *c = &i->clusters[k];

		if (c->id != cluster_ias_zone.id || c->output ||
			i->endpoints[c->endpoint].id != endpoint || !(c->done & INTERVIEW_BEGUN))
			continue;
		if (enrolled) {
			c->missed &= (uint8_t)~INTERVIEW_BEGUN;
		} else if (!(c->missed & INTERVIEW_BEGUN)) {
			c->done &= (uint8_t)~INTERVIEW_BEGUN;
			interview_reopen(i);
		}
	}
}

/* ---- what is known ---- */

bool interview_is_over(const struct interview *i, bool limited)
{
	uint8_t who = INTERVIEW_HAS_NODE | INTERVIEW_HAS_ENDPOINTS;

	if (!limited || i->step == INTERVIEW_OVER)
		return i->step == INTERVIEW_OVER;
	if (i->endpoint_count > 0)
		who |= INTERVIEW_HAS_FACTS;
	return (i->known & who) == who;
}

bool interview_zones_well(const struct interview *i)
{
	for (unsigned k = 0; k < i->cluster_count; k++)
		if (i->clusters[k].id == cluster_ias_zone.id && !i->clusters[k].output &&
			i->clusters[k].missed & INTERVIEW_BEGUN)
			return false;
	return true;
}

bool interview_sleeps(const struct interview *i)
{
	return !(i->capability & ZDO_HEARS_ALWAYS);
}

static bool has_cluster(const struct interview *i, uint16_t cluster, uint8_t endpoint, bool output)
{
	for (unsigned k = 0; k < i->cluster_count; k++)
		if (i->clusters[k].id == cluster && i->clusters[k].output == output &&
			i->endpoints[i->clusters[k].endpoint].id == endpoint)
			return true;
	return false;
}

uint8_t interview_instance(
	const struct interview *i, uint16_t cluster, uint8_t endpoint, bool output)
{
	uint8_t n = 0;

	if (!has_cluster(i, cluster, endpoint, output))
		output = !output && has_cluster(i, cluster, endpoint, true);
	for (unsigned k = 0; k < i->cluster_count; k++)
		if (i->clusters[k].id == cluster && i->clusters[k].output == output &&
			i->endpoints[i->clusters[k].endpoint].id < endpoint)
			n++;
	return n;
}

uint16_t interview_profile(const struct interview *i, uint8_t endpoint)
{
	for (unsigned k = 0; k < i->endpoint_count; k++)
		if (i->endpoints[k].id == endpoint && i->endpoints[k].profile != 0 &&
			i->endpoints[k].profile != PROFILE_LIGHT_LINK)
			return i->endpoints[k].profile;
	return ZIGBEE_PROFILE_HOME;
}

const char *interview_step_text(enum interview_step s)
{
	static const char *const texts[_INTERVIEW_STEP_MAX] = {
		[INTERVIEW_NODE] = "node descriptor",
		[INTERVIEW_ENDPOINTS] = "endpoints",
		[INTERVIEW_SIMPLE] = "simple descriptor",
		[INTERVIEW_FACTS] = "maker and model",
		[INTERVIEW_MAGIC] = "what its quirk wants read",
		[INTERVIEW_BIND] = "binding",
		[INTERVIEW_BEGIN] = "what its cluster begins with",
		[INTERVIEW_VALUES] = "first values",
		[INTERVIEW_REPORTING] = "reporting",
		[INTERVIEW_CHECK] = "how it reports",
		[INTERVIEW_OVER] = "over",
	};

	return s < _INTERVIEW_STEP_MAX ? texts[s] : "";
}
