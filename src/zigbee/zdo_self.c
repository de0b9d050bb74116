/*
 * What we say when asked who we are. See zdo.h.
 */
#include "zigbee/zdo.h"

/* 2.4.3.1.7: the profile, and any of the clusters. */
static bool matches(const struct zdo_message *q, const struct zdo_self *s)
{
	if (q->profile != s->profile)
		return false;
	for (unsigned i = 0; i < q->in.count; i++)
		if (zdo_list_has(&s->in, zdo_list_at(&q->in, i)))
			return true;
	for (unsigned i = 0; i < q->out.count; i++)
		if (zdo_list_has(&s->out, zdo_list_at(&q->out, i)))
			return true;
	return false;
}

static void respond_simple(struct zdo_message *ret, uint8_t endpoint, const struct zdo_self *s)
{
	ret->endpoint = endpoint;
	if (endpoint == 0 || endpoint > 254) {
		ret->status = ZDO_INVALID_ENDPOINT;
	} else if (endpoint != s->endpoint) {
		ret->status = ZDO_NOT_ACTIVE;
	} else {
		ret->profile = s->profile;
		ret->device = s->device;
		ret->in = s->in;
		ret->out = s->out;
	}
}

bool zdo_respond(struct zdo_message *ret, const struct zdo_message *request, bool broadcast,
	const struct zdo_self *s)
{
	const struct zdo_message *q = request;
	bool ours = q->node == 0; /* the coordinator's short address */

	if (q->cluster & ZDO_RESPONSE || q->cluster == ZDO_ANNOUNCE)
		return false;
	*ret = (struct zdo_message){ .cluster = q->cluster | ZDO_RESPONSE,
		.sequence = q->sequence };
	switch (q->cluster) {
	case ZDO_NODE_ADDRESS:
		ours = q->eui64 == s->eui64;
		ret->eui64 = q->eui64;
		break;
	case ZDO_EUI64:
		ret->eui64 = s->eui64;
		break;
	case ZDO_NODE:
		ret->type = ZDO_COORDINATOR;
		ret->capability = ZDO_CAN_COORDINATE | ZDO_IS_ROUTER | ZDO_IS_ON_MAINS |
				  ZDO_HEARS_ALWAYS | ZDO_TAKES_ADDRESS;
		ret->maker = s->maker;
		ret->buffer_max = 82;
		ret->server = 0x0041; /* trust centre, network manager */
		break;
	case ZDO_POWER:
		ret->power = 0xc110; /* always on, from the mains, which are fully there */
		break;
	case ZDO_SIMPLE:
		respond_simple(ret, q->endpoint, s);
		break;
	case ZDO_ENDPOINTS:
		ret->endpoints = &s->endpoint;
		ret->endpoint_count = 1;
		break;
	case ZDO_MATCH:
		ours = ours || q->node >= 0xfff8; /* asked of all of a kind */
		if (matches(q, s)) {
			ret->endpoints = &s->endpoint;
			ret->endpoint_count = 1;
		} else if (broadcast) {
			return false;
		}
		break;
	default:
		/* joining is said to all routers, and is the radio's to obey */
		if (broadcast)
			return false;
		ret->status = ZDO_NOT_SUPPORTED;
		return true;
	}
	if (!ours) {
		if (broadcast)
			return false;
		ret->status = ZDO_DEVICE_NOT_FOUND;
		ret->node = q->node;
	}
	return true;
}
