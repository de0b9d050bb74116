/*
 * What sessions share. See environment.h.
 */
#include "publish/environment.h"

#include <errno.h>

#include "config/config.h"
#include "publish/properties.h"

static int replace(mosquitto_property **list, const char *content_type, const char *schema)
{
	mosquitto_property *p;
	int r = properties_new(&p, content_type, schema);

	if (r < 0)
		return r;
	mosquitto_property_free_all(list);
	*list = p;
	return 0;
}

int environment_configure(struct session_environment *env, const struct config *c)
{
	static const char *const schemas[_SCHEMA_MAX] = {
		[SCHEMA_RECORD] = "wardgate-record-1",
		[SCHEMA_ALARM] = "wardgate-alarm-1",
		[SCHEMA_STATUS] = "wardgate-status-1",
		[SCHEMA_DEVICE] = "wardgate-device-1",
		[SCHEMA_RESPONSE] = "wardgate-response-1",
	};
	unsigned count = 0;
	int r;

	for (size_t i = 0; i < c->mqtt.payloads.count && count < PAYLOADS_MAX; i++) {
		const struct payload_format *f = payload_by_name(c->mqtt.payloads.items[i]);

		if (!f)
			return -EINVAL;
		r = replace(&env->format_properties[count], f->content_type, f->schema);
		if (r < 0)
			return r;
		env->formats[count++] = f;
	}
	if (count == 0)
		return -EINVAL;
	for (int i = 0; i < _SCHEMA_MAX; i++) {
		r = replace(&env->schema_properties[i], "application/json", schemas[i]);
		if (r < 0)
			return r;
	}
	env->format_count = count;
	env->prefix = c->mqtt.topic_prefix;
	env->window = c->mqtt.window;
	env->ack_timeout_us = c->mqtt.ack_timeout_us;
	env->no_subscriber_keep = c->mqtt.no_subscriber_keep;
	return 0;
}

void environment_done(struct session_environment *env)
{
	for (int i = 0; i < PAYLOADS_MAX; i++)
		mosquitto_property_free_all(&env->format_properties[i]);
	for (int i = 0; i < _SCHEMA_MAX; i++)
		mosquitto_property_free_all(&env->schema_properties[i]);
}
