/*
 * The interview's frames, from the rows' data. See clusters.h.
 */
#include <string.h>

#include "util/cleanup.h"
#include "zigbee/clusters/clusters.h"

/* So few that the answer fits into one frame even where they are texts, or configurations. */
#define READS_MAX 3
#define CONFIGURATIONS_MAX 3

#define SECOND_US INT64_C(1000000)
#define IDENTIFY 0x00

static size_t ended(const struct zcl_writer *w, unsigned count)
{
	ssize_t n = zcl_end(w);

	return count > 0 && n > 0 ? (size_t)n : 0;
}

static const struct cluster_attribute *next_of(
	const struct zcl_cluster *row, size_t *at, enum cluster_use use)
{
	while (*at < row->attribute_count) {
		const struct cluster_attribute *a = &row->attributes[(*at)++];

		if (a->use & use)
			return a;
	}
	return NULL;
}

size_t cluster_ask_reads(const struct zcl_cluster *row, size_t *at, void *to, size_t size)
{
	struct zcl_writer w = zcl_ask(to, size, 0, row->maker, ZCL_READ);
	const struct cluster_attribute *a;
	unsigned n = 0;

	for (; n < READS_MAX && (a = next_of(row, at, CLUSTER_READ)); n++)
		zcl_put_record(&w, &(struct zcl_record){ .attribute = a->id });
	return ended(&w, n);
}

size_t cluster_ask_reporting(const struct zcl_cluster *row, size_t *at, void *to, size_t size)
{
	struct zcl_writer w = zcl_ask(to, size, 0, row->maker, ZCL_CONFIGURE);
	const struct cluster_attribute *a;
	unsigned n = 0;

	for (; n < CONFIGURATIONS_MAX && (a = next_of(row, at, CLUSTER_REPORT)); n++)
		zcl_put_record(&w, &(struct zcl_record){ .attribute = a->id,
					   .type = a->type,
					   .min_s = a->min_s,
					   .max_s = a->max_s,
					   .value = zcl_number(a->type, a->change) });
	return ended(&w, n);
}

size_t cluster_ask_check(const struct zcl_cluster *row, size_t *at, void *to, size_t size)
{
	struct zcl_writer w = zcl_ask(to, size, 0, row->maker, ZCL_READ_REPORTING);
	const struct cluster_attribute *a;
	unsigned n = 0;

	for (; n < CONFIGURATIONS_MAX && (a = next_of(row, at, CLUSTER_REPORT)); n++)
		zcl_put_record(&w, &(struct zcl_record){ .attribute = a->id });
	return ended(&w, n);
}

bool cluster_reporting_fits(const struct zcl_cluster *row, const struct zcl_record *r)
{
	for (size_t i = 0; i < row->attribute_count; i++) {
		const struct cluster_attribute *a = &row->attributes[i];

		if (a->id != r->attribute || !(a->use & CLUSTER_REPORT))
			continue;
		return r->status == ZCL_SUCCESS && r->direction == 0 && r->max_s != 0 &&
		       r->max_s <= a->max_s && r->min_s <= a->min_s &&
		       (!r->has_value || r->value.unknown || r->value.number <= a->change);
	}
	return false;
}

int64_t cluster_expect_us(const struct zcl_cluster *row)
{
	int64_t least = 0;

	for (size_t i = 0; i < row->attribute_count; i++)
		if (row->attributes[i].use & CLUSTER_REPORT &&
			(least == 0 || row->attributes[i].max_s < least))
			least = row->attributes[i].max_s;
	return least * SECOND_US;
}

size_t cluster_ask_identify(uint16_t seconds, void *to, size_t size)
{
	/* its default response is wanted: one that does not hear it at once is told again */
	struct zcl_writer w = zcl_begin(
		to, size, &(struct zcl_header){ .control = ZCL_OF_CLUSTER, .command = IDENTIFY });

	zcl_put(&w, seconds, 2);
	return ended(&w, 1);
}

size_t cluster_ask_magic(void *to, size_t size)
{
	static const uint16_t ids[] = QUIRK_MAGIC_ATTRIBUTES;
	struct zcl_writer w = zcl_ask(to, size, 0, 0, ZCL_READ);

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		zcl_put_record(&w, &(struct zcl_record){ .attribute = ids[i] });
	return ended(&w, 1);
}
