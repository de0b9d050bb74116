/*
 * See rowcheck.h.
 */
#include "outbox/rowcheck.h"

#include <string.h>

#include "util/hash.h"

int32_t rowcheck_reading(const struct store_row *r, int64_t aged_s)
{
	uint64_t w[] = {
		(uint64_t)r->id,
		r->sequence,
		r->device_sequence,
		r->group,
		r->source_key,
		(uint64_t)r->value,
		(uint64_t)r->raw,
		(uint64_t)r->received_ms,
		(uint64_t)r->time_ms,
		(uint64_t)r->device_time_ms,
		(uint64_t)r->epoch << 32 | r->device,
		(uint64_t)r->bed << 32 | r->patient,
		(uint64_t)r->association << 32 | r->by,
		(uint64_t)r->metric << 32 | r->reason,
		(uint64_t)r->site << 32 | r->method,
		(uint64_t)r->sample << 32 | r->raw_unit,
		(uint64_t)r->period_ms << 32 | (uint32_t)aged_s,
		(uint64_t)r->flags << 48 | (uint64_t)(uint8_t)r->exponent << 40 |
			(uint64_t)(uint8_t)r->raw_exponent << 32 | (uint64_t)r->kind << 24 |
			(uint64_t)r->validity << 16 | (uint64_t)r->time_source << 8 | r->origin,
		(uint64_t)r->auth << 16 | (uint64_t)r->clock << 8 | r->instance,
	};

	uint64_t hash = hash_bytes(&hash_key_fixed, w, sizeof(w));

	if (r->detail)
		hash ^= hash_bytes(&hash_key_fixed, r->detail, strlen(r->detail));
	return (int32_t)hash;
}

int32_t rowcheck_event(const struct store_event *e, int64_t aged_s)
{
	uint64_t w[] = {
		(uint64_t)e->id,
		e->sequence,
		(uint64_t)e->epoch << 32 | e->kind,
		(uint64_t)aged_s,
		hash_bytes(&hash_key_fixed, e->topic, strlen(e->topic)),
		hash_bytes(&hash_key_fixed, e->body, strlen(e->body)),
	};

	return (int32_t)hash_bytes(&hash_key_fixed, w, sizeof(w));
}

int32_t rowcheck_name(uint32_t id, const char *text)
{
	struct hash_key key = { hash_key_fixed.k0 ^ id, hash_key_fixed.k1 };

	return (int32_t)hash_bytes(&key, text, strlen(text));
}
