/*
 * The MQTT 5 properties of what is published: content type and schema.
 */
#pragma once

#include <mosquitto.h>

/* A list of its own, to be freed with mosquitto_property_free_all(). Never copy one: of a copy the
 * library sends the first property only. Returns 0 or -ENOMEM. */
int properties_new(mosquitto_property **ret, const char *content_type, const char *schema);
