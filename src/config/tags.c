/*
 * [Tag NAME]: who the tags are, and what does not go together.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/check.h"
#include "util/hex.h"

#define ADDRESS_SIZE ADVERT_ADDRESS_SIZE
#define UUID_SIZE 16
#define IBEACON_SIZE 20
#define NAMESPACE_SIZE 10
#define EDDYSTONE_SIZE 16

_Static_assert(TAG_NAME_MAX == CONFIG_NAME_MAX, "tags have names as devices have");

/* ---- who it is ---- */

/* Two digits for each byte, colons or hyphens between. Returns how many, 0: it is none such, or
 * more than max. */
static size_t parse_octets(const char *text, uint8_t *ret, size_t max)
{
	size_t n = 0;

	while (*text) {
		if (n == max || !hex_read(text, &ret[n], 1))
			return 0;
		n++;
		text += 2;
		if (*text == ':' || *text == '-') {
			if (!*++text)
				return 0;
		}
	}
	return n;
}

/* Puts the bytes of a key behind those that are there. */
static void take(struct check *k, struct config_section *s, const char *key, const char *text,
	size_t min, size_t max, const char *wanted)
{
	struct config_tag *t = s->base;
	size_t n = parse_octets(text, t->identity + t->length, max);

	if (n < min) {
		config_blame(k, s, key, "is not %s", wanted);
		config_value(s, config_row_by_key(s->group, key))->bad = true;
		t->kind = TAG_NONE;
		return;
	}
	t->length = (uint8_t)(t->length + n);
}

static void take_number(struct config_tag *t, unsigned number)
{
	t->identity[t->length++] = (uint8_t)(number >> 8);
	t->identity[t->length++] = (uint8_t)number;
}

static void work_out(struct check *k, struct config_section *s)
{
	struct config_tag *t = s->base;

	t->length = 0;
	t->kind = t->address || t->address_prefix ? TAG_ADDRESS
		  : t->uuid                       ? TAG_IBEACON
		  : t->space                      ? TAG_EDDYSTONE
						  : TAG_NONE;
	if (t->address)
		take(k, s, "Address", t->address, ADDRESS_SIZE, ADDRESS_SIZE,
			"a Bluetooth address; give six pairs of hex digits, e.g. "
			"AC:23:3F:A1:B2:C3");
	else if (t->address_prefix)
		take(k, s, "AddressPrefix", t->address_prefix, 1, ADDRESS_SIZE - 1,
			"the beginning of a Bluetooth address; give 1 to 5 pairs of hex digits, "
			"e.g. AC:23:3F");
	else if (t->uuid)
		take(k, s, "UUID", t->uuid, UUID_SIZE, UUID_SIZE,
			"a UUID; give 32 hex digits, e.g. f7826da6-4fa2-4e98-8024-bc5b71e0893e");
	else if (t->space)
		take(k, s, "Namespace", t->space, NAMESPACE_SIZE, NAMESPACE_SIZE,
			"a namespace; give 20 hex digits, e.g. edd1ebeac04e5defa017");

	if (t->kind == TAG_IBEACON && t->major != TAG_ANY) {
		take_number(t, t->major);
		if (t->minor != TAG_ANY)
			take_number(t, t->minor);
	}
	if (t->kind == TAG_EDDYSTONE && t->instance)
		take(k, s, "Instance", t->instance, EDDYSTONE_SIZE - NAMESPACE_SIZE,
			EDDYSTONE_SIZE - NAMESPACE_SIZE,
			"an instance; give 12 hex digits, e.g. 0bdb87539b67");
	t->whole = t->length == (t->kind == TAG_ADDRESS          ? ADDRESS_SIZE
					: t->kind == TAG_IBEACON ? IBEACON_SIZE
								 : EDDYSTONE_SIZE);
}

const char *config_tag_name(const struct config_tag *t, const uint8_t *identity, size_t length,
	char buf[static TAG_NAME_MAX + 1])
{
	int n = snprintf(buf, TAG_NAME_MAX + 1, "%s%s", t->name, t->whole ? "" : "-");

	for (size_t i = t->length; i < length && n + 2 <= TAG_NAME_MAX; i++)
		n += snprintf(buf + n, (size_t)(TAG_NAME_MAX + 1 - n), "%02x", identity[i]);
	return buf;
}

/* ---- all of them ---- */

/* Longest identities first, so that one tag counts before its group; then by name. */
static int by_length(const void *a, const void *b)
{
	const struct config_section *x = *(struct config_section *const *)a,
				    *y = *(struct config_section *const *)b;
	const struct config_tag *t = x->base, *u = y->base;

	if (t->length != u->length)
		return t->length > u->length ? -1 : 1;
	return strcmp(x->name, y->name);
}

int config_make_tags(struct check *k)
{
	const struct config_sections *l = &k->c->record->groups[GROUP_TAG];
	_cleanup_(freep) struct config_section **sorted = NULL;
	struct config *c = k->c;

	if (l->count == 0)
		return 0;
	sorted = calloc(l->count, sizeof(*sorted));
	c->tags = calloc(l->count, sizeof(*c->tags));
	if (!sorted || !c->tags)
		return -ENOMEM;
	for (size_t i = 0; i < l->count; i++) {
		work_out(k, l->at[i]);
		sorted[i] = l->at[i];
	}
	qsort(sorted, l->count, sizeof(*sorted), by_length);
	for (size_t i = 0; i < l->count; i++) {
		c->tags[i] = *(struct config_tag *)sorted[i]->base;
		free(sorted[i]->base);
		sorted[i]->base = &c->tags[i];
		sorted[i]->own_base = false;
	}
	c->tag_count = l->count;
	return 0;
}

/* ---- what does not go together ---- */

static const char *const identities[] = { "Address", "AddressPrefix", "UUID", "Namespace" };

/* The key that says who it is, NULL: none does. */
static const char *identity_key(struct check *k, struct config_section *s)
{
	const char *first = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(identities); i++) {
		if (!config_is_given(s, identities[i]))
			continue;
		if (first)
			config_blame(k, s, identities[i],
				"does not go with %s=; a tag is known by one of the two", first);
		first = first ?: identities[i];
	}
	if (!first)
		config_blame(k, s, "Address",
			"is missing; give Address= of one tag, or AddressPrefix=, UUID= or "
			"Namespace= of a group");
	return first;
}

static void check_needs(
	struct check *k, struct config_section *s, const char *key, const char *needs)
{
	if (config_is_given(s, key) && !config_is_given(s, needs))
		config_blame(k, s, key, "needs %s=, too", needs);
}

/* As many hex digits as the rest of an identity has. */
static size_t rest_digits(const struct config_tag *t)
{
	size_t whole = t->kind == TAG_ADDRESS   ? ADDRESS_SIZE
		       : t->kind == TAG_IBEACON ? IBEACON_SIZE
						: EDDYSTONE_SIZE;

	return 2 * (whole - t->length);
}

static void check_name(struct check *k, struct config_section *s, const char *key)
{
	const struct config_tag *t = s->base;
	size_t rest = t->whole || t->kind == TAG_NONE ? 0 : 1 + rest_digits(t);
	char place[CONFIG_PLACE_MAX], where[512];
	struct config_section *device =
		config_section_find(k->c, config_group(GROUP_DEVICE), s->name);

	if (strlen(s->name) + rest > TAG_NAME_MAX)
		config_blame(k, s, key,
			"leaves no room for the names of its tags, %zu characters behind the "
			"section's; give a name of at most %zu",
			rest, TAG_NAME_MAX - rest);
	if (!device)
		return;
	config_where(k, device, "Transport", where, sizeof(where));
	config_place(place, k->c->record, s, NULL, NULL, s->origin);
	config_error(
		k->p, "%s: [Device %s] (%s) has this name; choose another", place, s->name, where);
}

static void check_tag(struct check *k, struct config_section *s)
{
	const struct config_tag *t = s->base;
	const char *key = identity_key(k, s);

	check_needs(k, s, "Major", "UUID");
	check_needs(k, s, "Minor", "Major");
	check_needs(k, s, "Instance", "Namespace");
	if (t->leave_dbm > t->enter_dbm)
		config_blame(k, s, config_is_given(s, "LeaveBelow") ? "LeaveBelow" : "EnterAbove",
			"puts LeaveBelow= (%d) above EnterAbove= (%d), so that it would come and "
			"go at once; give LeaveBelow=%d or less",
			t->leave_dbm, t->enter_dbm, t->enter_dbm);
	if (!key || config_value(s, config_row_by_key(s->group, key))->bad)
		return;
	check_name(k, s, key);
	if (!k->c->ble.enabled)
		config_doubt(k, s, key,
			"is not heard, since Bluetooth is not enabled; set Enabled=yes in [BLE]");
}

static bool same(const struct config_tag *a, const struct config_tag *b)
{
	return a->kind != TAG_NONE && a->kind == b->kind && a->length == b->length &&
	       memcmp(a->identity, b->identity, a->length) == 0;
}

void config_check_tags(struct check *k)
{
	const struct config_sections *l = &k->c->record->groups[GROUP_TAG];

	for (size_t i = 0; i < l->count; i++) {
		check_tag(k, l->at[i]);
		for (size_t j = 0; j < i; j++) {
			const char *key = "Address";
			char where[512];

			if (!same(l->at[i]->base, l->at[j]->base))
				continue;
			for (size_t n = 0; n < ARRAY_SIZE(identities); n++)
				if (config_is_given(l->at[i], identities[n]))
					key = identities[n];
			config_where(k, l->at[j], key, where, sizeof(where));
			config_blame(k, l->at[i], key,
				"says the same as [Tag %s] (%s); a tag has one section",
				l->at[j]->name, where);
			break;
		}
	}
}
