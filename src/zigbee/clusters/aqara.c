/*
 * Aqara's own cluster 0xFCC0: its newer devices pack their values into one
 * attribute of it. Not from any specification: from captures.
 */
#include "util/cleanup.h"
#include "zigbee/clusters/clusters.h"

#define LUMP 0x00f7

static const struct cluster_attribute aqara_attributes[] = {
	{ LUMP, ZCL_TYPE_OCTETS, 0, .metric = METRIC_NONE },
};

static int aqara_attribute(const struct cluster_call *c, uint16_t id,
	const struct cluster_attribute *row, const struct zcl_value *v)
{
	return row && id == LUMP ? cluster_lump(c, v) : CLUSTER_E_UNKNOWN;
}

const struct zcl_cluster cluster_aqara = {
	.name = "aqara",
	.id = 0xfcc0,
	.maker = QUIRK_MAKER_CODE_LUMI,
	.attributes = aqara_attributes,
	.attribute_count = ARRAY_SIZE(aqara_attributes),
	.attribute = aqara_attribute,
};
