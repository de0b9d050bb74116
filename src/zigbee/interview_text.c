/*
 * How far an interview has come, as text:
 *
 *	is 2 80 115f 7 0
 *	supply 2
 *	fact 1 lumi.weather
 *	endpoint 1 0104 0302 1 0
 *	in 0402 0 1f 0 0 0 300
 *	out 0006 0 1 0 0 0 0
 *	memory 0500 1 22 1 0 0 0 0
 *
 * "is": type, capability, maker's code, what is known, what was missed.
 * "endpoint": profile, device, known, missed. "in", "out": cluster, index of the
 * endpoint, done, refused, missed, polled, longest interval. Bits, codes and
 * identifiers in hexadecimal. See interview.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "util/hash.h"
#include "util/text.h"
#include "zigbee/clusters/clusters.h"
#include "zigbee/interview_private.h"

#define ALL_DONE                                                                                   \
	(INTERVIEW_BOUND | INTERVIEW_BEGUN | INTERVIEW_READ | INTERVIEW_CONFIGURED |               \
		INTERVIEW_CHECKED)
#define ALL_KNOWN                                                                                  \
	(INTERVIEW_HAS_NODE | INTERVIEW_HAS_ENDPOINTS | INTERVIEW_HAS_FACTS | INTERVIEW_HAS_MAGIC)

/* ---- out ---- */

void interview_write(const struct interview *i, struct text *t)
{
	const struct cluster_device *d = &i->device;

	text_printf(
		t, "is %u %x %04x %x %x\n", i->type, i->capability, i->maker, i->known, i->missed);
	if (d->supply != CLUSTER_SUPPLY_UNKNOWN)
		text_printf(t, "supply %u\n", d->supply);
	for (unsigned k = 0; k < _FACT_MAX; k++)
		if (d->facts[k][0] != 0)
			text_printf(t, "fact %u %s\n", k, d->facts[k]);
	for (unsigned k = 0; k < i->endpoint_count; k++) {
		const struct interview_endpoint *e = &i->endpoints[k];

		text_printf(t, "endpoint %u %04x %04x %u %u\n", e->id, e->profile, e->device,
			e->known, e->missed);
	}
	for (unsigned k = 0; k < i->cluster_count; k++) {
		const struct interview_cluster *c = &i->clusters[k];

		text_printf(t, "%s %04x %u %x %x %x %x %u\n", c->output ? "out" : "in", c->id,
			c->endpoint, c->done, c->refused, c->missed, c->polled, c->max_s);
	}
	for (unsigned k = 0; k < d->memory_count; k++) {
		const struct cluster_memory *m = &d->memories[k];

		text_printf(t, "memory %04x %u", m->cluster, m->endpoint);
		for (unsigned n = 0; n < CLUSTER_WORDS_MAX; n++)
			text_printf(t, " %" PRId32, m->words[n]);
		text_char(t, '\n');
	}
}

/* ---- in ---- */

static bool read_is(struct interview *i, const char *line)
{
	unsigned type, capability, maker, known, missed;
	int end = -1;

	if (sscanf(line, "is %1u %2x %4x %2x %2x%n", &type, &capability, &maker, &known, &missed,
		    &end) != 5 ||
		end < 0 || line[end] != 0 || type > ZDO_END_DEVICE || known > ALL_KNOWN ||
		missed > ALL_KNOWN)
		return false;
	i->type = (uint8_t)type;
	i->capability = (uint8_t)capability;
	i->maker = (uint16_t)maker;
	i->known = (uint8_t)known;
	i->missed = (uint8_t)missed;
	return true;
}

static bool read_supply(struct interview *i, const char *line)
{
	unsigned supply;
	int end = -1;

	if (sscanf(line, "supply %1u%n", &supply, &end) != 1 || end < 0 || line[end] != 0 ||
		supply > CLUSTER_SUPPLY_BATTERY)
		return false;
	i->device.supply = (uint8_t)supply;
	return true;
}

static bool is_plain(const char *text)
{
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return false;
	return text_utf8_valid(text, strlen(text));
}

static bool read_fact(struct interview *i, const char *line)
{
	unsigned fact;
	int at = -1;
	size_t length;

	/* the text begins behind one space, whatever it begins with */
	if (sscanf(line, "fact %1u%n", &fact, &at) != 1 || at < 0 || line[at] != ' ' ||
		fact >= _FACT_MAX)
		return false;
	line += at + 1;
	length = strlen(line);
	if (length == 0 || length > DEVICE_FACT_MAX || !is_plain(line))
		return false;
	memcpy(i->device.facts[fact], line, length + 1);
	return true;
}

static bool read_endpoint(struct interview *i, const char *line)
{
	unsigned id, profile, device, known, missed;
	int end = -1;

	if (sscanf(line, "endpoint %3u %4x %4x %1u %1u%n", &id, &profile, &device, &known, &missed,
		    &end) != 5 ||
		end < 0 || line[end] != 0 || id == 0 || id > 240 || known > 1 || missed > 1 ||
		i->endpoint_count == INTERVIEW_ENDPOINTS_MAX)
		return false;
	i->endpoints[i->endpoint_count++] = (struct interview_endpoint){
		.id = (uint8_t)id,
		.known = known,
		.missed = missed,
		.profile = (uint16_t)profile,
		.device = (uint16_t)device,
	};
	return true;
}

static bool read_cluster(struct interview *i, const char *line)
{
	unsigned id, endpoint, done, refused, missed, polled, max_s;
	char way[4];
	int end = -1;

	if (sscanf(line, "%3[a-z] %4x %3u %2x %2x %2x %4x %5u%n", way, &id, &endpoint, &done,
		    &refused, &missed, &polled, &max_s, &end) != 8 ||
		end < 0 || line[end] != 0 || endpoint >= i->endpoint_count || done > ALL_DONE ||
		refused > ALL_DONE || missed > ALL_DONE || max_s > UINT16_MAX ||
		i->cluster_count == INTERVIEW_CLUSTERS_MAX)
		return false;
	if (!cluster_find((uint16_t)id)) /* a row that is not there any more */
		return true;
	i->clusters[i->cluster_count++] = (struct interview_cluster){
		.id = (uint16_t)id,
		.endpoint = (uint8_t)endpoint,
		.output = way[0] == 'o',
		.done = (uint8_t)done,
		.refused = (uint8_t)refused,
		.missed = (uint8_t)missed,
		.polled = (uint16_t)polled,
		.max_s = (uint16_t)max_s,
	};
	return true;
}

static bool read_memory(struct interview *i, const char *line)
{
	struct cluster_memory m = { 0 };
	unsigned cluster, endpoint;
	int at = -1;

	if (sscanf(line, "memory %4x %3u%n", &cluster, &endpoint, &at) != 2 || at < 0 ||
		endpoint > UINT8_MAX || i->device.memory_count == CLUSTER_MEMORIES_MAX)
		return false;
	m.cluster = (uint16_t)cluster;
	m.endpoint = (uint8_t)endpoint;
	for (unsigned n = 0; n < CLUSTER_WORDS_MAX; n++) {
		int length = -1;
		int64_t word;

		line += at;
		if (sscanf(line, " %11" SCNd64 "%n", &word, &length) != 1 || length < 0 ||
			word < INT32_MIN || word > INT32_MAX)
			return false;
		m.words[n] = (int32_t)word;
		at = length;
	}
	if (line[at] != 0)
		return false;
	i->device.memories[i->device.memory_count++] = m;
	return true;
}

bool interview_read(struct interview *i, const char *line)
{
	if (strncmp(line, "is ", 3) == 0)
		return read_is(i, line);
	if (strncmp(line, "supply ", 7) == 0)
		return read_supply(i, line);
	if (strncmp(line, "fact ", 5) == 0)
		return read_fact(i, line);
	if (strncmp(line, "endpoint ", 9) == 0)
		return read_endpoint(i, line);
	if (strncmp(line, "in ", 3) == 0 || strncmp(line, "out ", 4) == 0)
		return read_cluster(i, line);
	if (strncmp(line, "memory ", 7) == 0)
		return read_memory(i, line);
	return false;
}

/* ---- rows ---- */

uint32_t interview_rows(void)
{
	uint64_t h = 0;

	for (unsigned k = 0; k < _CLUSTER_MAX; k++) {
		const struct zcl_cluster *row = cluster_row(k);

		for (size_t n = 0; n < row->attribute_count; n++) {
			const struct cluster_attribute *a = &row->attributes[n];
			const uint64_t words[] = { h, row->id, row->maker, row->bind,
				row->begin != NULL, a->id, a->type, a->use, a->min_s, a->max_s,
				a->change };

			h = hash_bytes(&hash_key_fixed, words, sizeof(words));
		}
		if (row->attribute_count == 0) {
			const uint64_t words[] = { h, row->id, row->bind, row->begin != NULL };

			h = hash_bytes(&hash_key_fixed, words, sizeof(words));
		}
	}
	return (uint32_t)h;
}

void interview_restored(struct interview *i, uint32_t rows)
{
	bool same = rows == interview_rows();

	for (unsigned k = 0; !same && k < i->endpoint_count; k++)
		i->endpoints[k].known = false;
	for (unsigned k = 0; !same && k < i->cluster_count; k++) {
		struct interview_cluster *c = &i->clusters[k];

		c->done &= INTERVIEW_BEGUN; /* who is enrolled stays so */
		c->refused = c->missed = 0;
		c->polled = c->max_s = 0;
	}
	cluster_restored(&i->device);
	interview_reopen(i);
	if (!interview_choose(i, false))
		i->step = INTERVIEW_OVER;
}
