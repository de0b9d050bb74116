/*
 * See herdsman.h. What its driver does otherwise than the format says: the
 * coordinator's EUI-64 and the extended PAN stand in it with the least
 * significant byte first; it takes no backup without a version of EZSP; and it
 * counts frames on from just the number that stands there, which devices that
 * have heard one more ignore.
 */
#include "ctl/herdsman.h"

#include <cjson/cJSON.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"

#define EZSP_VERSION 13 /* the oldest that it drives */
#define AHEAD 1000000   /* frames; what the daemon's own restore adds, too */
#define EUI64_DIGITS 16

static bool reverse(cJSON *backup, const char *name)
{
	char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(backup, name));

	if (!s || strlen(s) != EUI64_DIGITS)
		return false;
	for (int i = 0; i < EUI64_DIGITS / 2; i += 2) {
		char *a = s + i, *b = s + EUI64_DIGITS - 2 - i, kept[2];

		memcpy(kept, a, 2);
		memcpy(a, b, 2);
		memcpy(b, kept, 2);
	}
	return true;
}

static bool count_on(cJSON *backup)
{
	cJSON *key = cJSON_GetObjectItemCaseSensitive(backup, "network_key");
	cJSON *counter = cJSON_GetObjectItemCaseSensitive(key, "frame_counter");
	double v = cJSON_IsNumber(counter) ? counter->valuedouble : -1;

	if (v < 0 || v > UINT32_MAX)
		return false;
	cJSON_SetNumberValue(counter, v > UINT32_MAX - AHEAD ? UINT32_MAX : v + AHEAD);
	return true;
}

/* Takes the item. */
static bool replace(cJSON *object, const char *key, cJSON *item)
{
	if (item && cJSON_ReplaceItemInObjectCaseSensitive(object, key, item))
		return true;
	cJSON_Delete(item);
	return false;
}

static bool leave_out_devices(cJSON *backup, bool *ret_keys)
{
	const cJSON *devices = cJSON_GetObjectItemCaseSensitive(backup, "devices"), *device;

	*ret_keys = false;
	cJSON_ArrayForEach(device, devices) *ret_keys |=
		cJSON_GetObjectItemCaseSensitive(device, "link_key") != NULL;
	/* It asks nobody about them, and has a database of its own. */
	return replace(backup, "devices", cJSON_CreateArray());
}

static bool rewrite(cJSON *backup, bool *ret_keys)
{
	cJSON *meta = cJSON_GetObjectItemCaseSensitive(backup, "metadata");
	cJSON *internal = cJSON_GetObjectItemCaseSensitive(meta, "internal");

	/* Whoever reads it knows by the source which order it has. */
	return replace(meta, "source",
		       cJSON_CreateString("zigbee-herdsman@wardgate-" WG_VERSION)) &&
	       cJSON_AddNumberToObject(internal, "ezspVersion", EZSP_VERSION) &&
	       reverse(backup, "coordinator_ieee") && reverse(backup, "extended_pan_id") &&
	       count_on(backup) && leave_out_devices(backup, ret_keys);
}

static void wipe(cJSON *item)
{
	for (; item; item = item->next) {
		if (item->valuestring)
			explicit_bzero(item->valuestring, strlen(item->valuestring));
		wipe(item->child);
	}
}

char *herdsman_backup(const char *text, bool *ret_keys)
{
	cJSON *backup = cJSON_Parse(text);
	char *made = NULL;

	if (backup && rewrite(backup, ret_keys))
		made = cJSON_Print(backup);
	wipe(backup);
	cJSON_Delete(backup);
	return made;
}
