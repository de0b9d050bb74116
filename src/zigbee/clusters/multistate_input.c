/*
 * Multistate Input 0x0012 (ZCL revision 8, 3.14.8). The specification gives its
 * states no meaning; buttons use them as Aqara's do. No periodic reports: each
 * would be a press.
 */
#include "util/cleanup.h"
#include "zigbee/clusters/clusters.h"

#define PRESENT_VALUE 0x0055

static const struct cluster_attribute multistate_attributes[] = {
	{ PRESENT_VALUE, ZCL_TYPE_U16, 0, .metric = METRIC_NONE },
};

static enum word press_of(uint64_t state)
{
	switch (state) {
	case 1:
		return WORD_SINGLE;
	case 2:
		return WORD_DOUBLE;
	case 3:
		return WORD_TRIPLE;
	case 0:
	case 16:
		return WORD_HOLD;
	case 17:
	case 255:
		return WORD_RELEASE;
	default: /* shaken, turned, and what else a cube does */
		return WORD_NONE;
	}
}

static int multistate_attribute(const struct cluster_call *c, uint16_t id,
	const struct cluster_attribute *row, const struct zcl_value *v)
{
	struct measure m = cluster_moment(c);
	enum word word = press_of(v->word);

	c->out->event = false;
	if (!row)
		return CLUSTER_E_UNKNOWN;
	if (v->form != ZCL_FORM_UNSIGNED)
		return CLUSTER_E_MALFORMED;
	if (v->unknown || !zcl_is_general(c->frame, ZCL_REPORT))
		return 0;
	if (word == WORD_NONE)
		return CLUSTER_E_UNKNOWN;
	c->out->event = true;
	measure_word(&m, METRIC_BUTTON, word);
	return 0;
}

const struct zcl_cluster cluster_multistate_input = {
	.name = "multistate-input",
	.id = 0x0012,
	.bind = CLUSTER_OF_SERVER,
	.attributes = multistate_attributes,
	.attribute_count = ARRAY_SIZE(multistate_attributes),
	.attribute = multistate_attribute,
};
