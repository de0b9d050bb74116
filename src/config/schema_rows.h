/*
 * What config/schema.c and config/schema_instances.c share. Not for others.
 */
#pragma once

#include "config/schema.h"

#define SECOND INT64_C(1000000)
#define DAY (86400 * SECOND)

#define CONFIG_DEVICE_ROWS 12
#define CONFIG_TAG_ROWS 12
#define CONFIG_ANNUNCIATOR_ROWS 6

extern const struct config_row config_annunciator_rows[CONFIG_ANNUNCIATOR_ROWS];
extern const struct config_row config_device_rows[CONFIG_DEVICE_ROWS];
extern const struct config_row config_tag_rows[CONFIG_TAG_ROWS];
