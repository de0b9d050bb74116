/*
 * MQTT 5 properties. See properties.h.
 */
#include "publish/properties.h"

#include <errno.h>
#include <mqtt_protocol.h>

int properties_new(mosquitto_property **ret, const char *content_type, const char *schema)
{
	mosquitto_property *p = NULL;

	if (mosquitto_property_add_string(&p, MQTT_PROP_CONTENT_TYPE, content_type) ||
		mosquitto_property_add_string_pair(&p, MQTT_PROP_USER_PROPERTY, "schema", schema)) {
		mosquitto_property_free_all(&p);
		return -ENOMEM;
	}
	*ret = p;
	return 0;
}
