/*
 * Reason codes. See reasons.h.
 */
#include "util/reasons.h"

#include "util/cleanup.h"

static const struct {
	uint8_t code;
	const char *text;
} reasons[] = {
	{ 0x00, "success" },
	{ 0x04, "disconnect with will" },
	{ 0x10, "no matching subscribers" },
	{ 0x80, "unspecified error" },
	{ 0x81, "malformed packet" },
	{ 0x82, "protocol error" },
	{ 0x83, "implementation specific error" },
	{ 0x84, "the broker does not speak MQTT 5; Protocol=3.1.1 may do" },
	{ 0x85, "client identifier not valid" },
	{ 0x86, "bad user name or password" },
	{ 0x87, "not authorised" },
	{ 0x88, "server unavailable" },
	{ 0x89, "server busy" },
	{ 0x8a, "banned" },
	{ 0x8b, "server shutting down" },
	{ 0x8c, "bad authentication method" },
	{ 0x8d, "keep alive timeout" },
	{ 0x8e, "session taken over; does another gateway use the same ClientId=?" },
	{ 0x8f, "topic filter invalid" },
	{ 0x90, "topic name invalid" },
	{ 0x91, "packet identifier in use" },
	{ 0x93, "receive maximum exceeded" },
	{ 0x94, "topic alias invalid" },
	{ 0x95, "packet too large" },
	{ 0x96, "message rate too high" },
	{ 0x97, "quota exceeded" },
	{ 0x98, "administrative action" },
	{ 0x99, "payload format invalid" },
	{ 0x9a, "retain not supported" },
	{ 0x9b, "QoS not supported" },
	{ 0x9c, "use another server" },
	{ 0x9d, "server moved" },
	{ 0x9e, "shared subscriptions not supported" },
	{ 0x9f, "connection rate exceeded" },
	{ 0xa0, "maximum connect time" },
	{ 0xa1, "subscription identifiers not supported" },
	{ 0xa2, "wildcard subscriptions not supported" },
};

const char *reason_text(uint8_t code)
{
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (reasons[i].code == code)
			return reasons[i].text;
	return "unknown reason";
}

const char *reason_connack_text(uint8_t code)
{
	static const char *const texts[] = {
		"accepted",
		"unacceptable protocol version",
		"client identifier rejected",
		"server unavailable",
		"bad user name or password",
		"not authorised",
	};

	return code < ARRAY_SIZE(texts) ? texts[code] : "unknown reason";
}

bool reason_blames_message(uint8_t code)
{
	switch (code) {
	case 0x80: /* unspecified */
	case 0x81: /* malformed */
	case 0x82: /* protocol error */
	case 0x83: /* implementation specific */
	case 0x87: /* not authorised */
	case 0x90: /* topic name invalid */
	case 0x94: /* topic alias */
	case 0x95: /* too large */
	case 0x99: /* payload format */
	case 0x9a: /* retain */
	case 0x9b: /* QoS */
		return true;
	default:
		return false;
	}
}
