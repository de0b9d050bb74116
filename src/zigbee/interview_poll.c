/*
 * How often a device is to be heard, what it is asked for because it does not
 * report it, and how that is noticed. See interview.h.
 */
#include <assert.h>

#include "zigbee/clusters/clusters.h"
#include "zigbee/interview_private.h"

#define SECOND_US INT64_C(1000000)
#define POLL_ATTRIBUTES 3            /* of one request */
#define SELDOM_US (3600 * SECOND_US) /* sleepers of all makers say something so often */
#define UNHEARD_MAX 3                /* looks at a device that was heard, and the cluster was not */

/* Whether that attribute of the row is asked for because it is not reported. */
static bool is_polled(const struct interview_cluster *c, const struct zcl_cluster *row, size_t k)
{
	return (k < INTERVIEW_ATTRIBUTES_MAX && c->polled & 1u << k) ||
	       (c->mute && row->attributes[k].use & CLUSTER_REPORT);
}

static int64_t polled_us(const struct interview_cluster *c)
{
	const struct zcl_cluster *row = cluster_find(c->id);
	int64_t least = 0;

	for (size_t k = 0; row && k < row->attribute_count; k++)
		if (is_polled(c, row, k)) {
			int64_t us = row->attributes[k].max_s * SECOND_US;

			if (us < INTERVIEW_POLL_MIN_US)
				us = INTERVIEW_POLL_MIN_US;
			if (least == 0 || us < least)
				least = us;
		}
	return least;
}

/* The shorter of two intervals, 0 being none. */
static int64_t shorter(int64_t a, int64_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

/* How often it has agreed to check in by that cluster. */
static int64_t checks_in_us(const struct interview *i, const struct interview_cluster *c)
{
	if (c->id != cluster_poll_control.id || c->output || !(c->done & INTERVIEW_BOUND) ||
		(c->refused | c->missed) & INTERVIEW_BOUND)
		return 0;
	return cluster_check_in_us(&i->device, i->endpoints[c->endpoint].id);
}

/* How often a sleeper says that it listens; 0: it does not. */
static int64_t check_in_us(const struct interview *i)
{
	int64_t us = 0;

	for (unsigned k = 0; k < i->cluster_count; k++)
		if (!i->clusters[k].mute)
			us = shorter(us, checks_in_us(i, &i->clusters[k]));
	return us;
}

static int64_t cluster_expects(const struct interview *i, const struct interview_cluster *c)
{
	int64_t asked = polled_us(c), listens = check_in_us(i);

	/* who sleeps is asked when it listens; when that is nobody knows who has no check-ins of it
	 */
	if (listens == 0)
		listens = SELDOM_US;
	if (asked != 0 && asked < listens && interview_sleeps(i))
		asked = listens;
	return shorter(c->mute ? 0 : c->max_s * SECOND_US, asked);
}

/* What it has agreed to is not what it does: it was asked, or there was nothing to be asked. */
static bool is_settled(const struct interview_cluster *c)
{
	return c->done & INTERVIEW_CHECKED || (c->refused | c->missed) & INTERVIEW_CONFIGURED;
}

int64_t interview_cluster_expect_us(const struct interview *i, uint16_t cluster, uint8_t endpoint)
{
	for (unsigned k = 0; k < i->cluster_count; k++)
		if (i->clusters[k].id == cluster && !i->clusters[k].output &&
			i->endpoints[i->clusters[k].endpoint].id == endpoint &&
			is_settled(&i->clusters[k]) && cluster_expects(i, &i->clusters[k]) != 0)
			return cluster_expects(i, &i->clusters[k]);
	return i->device.quirk_every_s * SECOND_US;
}

int64_t interview_expect_us(const struct interview *i)
{
	int64_t us = check_in_us(i);

	for (unsigned k = 0; k < i->cluster_count; k++)
		us = shorter(us, cluster_expects(i, &i->clusters[k]));
	/* one that cannot be told to may do so by itself */
	return us != 0 ? us : i->device.quirk_every_s * SECOND_US;
}

/* ---- polling ---- */

int64_t interview_poll_us(const struct interview *i)
{
	int64_t us = 0;

	for (unsigned k = 0; k < i->cluster_count; k++)
		us = shorter(us, polled_us(&i->clusters[k]));
	return us;
}

/* ---- what says that it reports ---- */

bool interview_spoke(struct interview *i, uint16_t cluster, uint8_t endpoint, int64_t now_us)
{
	for (unsigned k = 0; k < i->cluster_count; k++) {
		struct interview_cluster *c = &i->clusters[k];
		bool was_mute = c->mute;

		if (c->id != cluster || c->output || i->endpoints[c->endpoint].id != endpoint)
			continue;
		c->spoke_us = now_us;
		c->unheard = 0;
		c->mute = false;
		return was_mute;
	}
	return false;
}

uint16_t interview_find_mute(struct interview *i, int64_t since_us, int64_t now_us)
{
	for (unsigned k = 0; k < i->cluster_count; k++) {
		struct interview_cluster *c = &i->clusters[k];
		int64_t every_us = c->done & INTERVIEW_CHECKED ? c->max_s * SECOND_US : 0;

		every_us = shorter(every_us, checks_in_us(i, c));
		if (c->mute || every_us == 0)
			continue;
		if (c->spoke_us < since_us)
			c->spoke_us = since_us;
		/* not at once when it comes back after an absence */
		if (now_us - c->spoke_us <= 2 * every_us || ++c->unheard < UNHEARD_MAX)
			continue;
		c->mute = true;
		return c->id;
	}
	return 0;
}

unsigned interview_asked_for(const struct interview *i)
{
	unsigned n = 0;

	for (unsigned k = 0; k < i->cluster_count; k++)
		n += polled_us(&i->clusters[k]) != 0;
	return n;
}

/* A read of the cluster's attributes from *offset on; false: there are no more. */
static bool poll_cluster(const struct interview_cluster *c, bool all, size_t *offset,
	uint8_t sequence, struct interview_ask *ret)
{
	const struct zcl_cluster *row = cluster_find(c->id);
	struct zcl_writer w;
	unsigned n = 0;
	ssize_t length;

	if (!row || c->output)
		return false;
	w = zcl_ask(ret->bytes, sizeof(ret->bytes), 0, row->maker, ZCL_READ);
	for (; n < POLL_ATTRIBUTES && *offset < row->attribute_count; (*offset)++) {
		const struct cluster_attribute *a = &row->attributes[*offset];

		if (!is_polled(c, row, *offset) &&
			!(all && a->use & CLUSTER_READ && row->id != cluster_basic.id))
			continue;
		zcl_put_record(&w, &(struct zcl_record){ .attribute = a->id });
		n++;
	}
	length = zcl_end(&w);
	if (n == 0 || length < 0)
		return false;
	ret->length = (size_t)length;
	zcl_set_sequence(ret->bytes, ret->length, sequence);
	return true;
}

/* The version of the library that it follows: all have it. */
static bool probe(
	const struct interview *i, unsigned *at, uint8_t sequence, struct interview_ask *ret)
{
	struct zcl_writer w = zcl_ask(ret->bytes, sizeof(ret->bytes), 0, 0, ZCL_READ);
	ssize_t length;
	uint8_t endpoint;

	if (*at > 0 || !interview_find_basic(i, true, &endpoint))
		return false;
	*at = INTERVIEW_CLUSTERS_MAX;
	zcl_put_record(&w, &(struct zcl_record){ .attribute = 0 });
	length = zcl_end(&w);
	assert(length > 0);
	interview_to_endpoint(i, ret, cluster_basic.id, endpoint);
	ret->length = (size_t)length;
	zcl_set_sequence(ret->bytes, ret->length, sequence);
	return true;
}

bool interview_poll(const struct interview *i, bool all, unsigned *at, size_t *offset,
	uint8_t sequence, struct interview_ask *ret)
{
	bool begins = *at == 0 && *offset == 0;

	*ret = (struct interview_ask){ .step = INTERVIEW_OVER };
	if (!all && interview_poll_us(i) == 0)
		return probe(i, at, sequence, ret);
	for (; *at < i->cluster_count; (*at)++, *offset = 0) {
		const struct interview_cluster *c = &i->clusters[*at];

		if (!poll_cluster(c, all, offset, sequence, ret))
			continue;
		interview_to_endpoint(i, ret, c->id, c->endpoint);
		return true;
	}
	/* one that has no values says at least that it is there */
	if (!begins)
		return false;
	*at = 0;
	return probe(i, at, sequence, ret);
}
