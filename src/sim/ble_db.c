/* Handles of a simulated device; see ble_db.h. */
#include "sim/ble_db.h"

#include "sim/ble_crypto.h"

/* wardsim's own, made at random: xxxx is in the middle of no other. */
static const uint8_t vendor_base[16] = { 0x5d, 0x1c, 0x93, 0x2f, 0x7a, 0x64, 0x0e, 0x8b, 0x4d, 0x4f,
	0x2a, 0x51, 0x00, 0x00, 0x7e, 0xb3 };

void sble_db_init(struct sble_db *d, uint16_t first)
{
	*d = (struct sble_db){ .next = first };
}

static struct sble_attribute *add(struct sble_db *d, uint32_t type, uint32_t uuid)
{
	struct sble_attribute *a = &d->attributes[d->count++];

	assert(d->count <= SBLE_ATTRIBUTES_MAX);
	*a = (struct sble_attribute){
		.handle = d->next++, .type = type, .uuid = uuid, .cccd = 0xff
	};
	for (size_t i = d->count; i-- > 0;) {
		if (d->attributes[i].type != SBLE_PRIMARY)
			continue;
		d->attributes[i].last = a->handle;
		break;
	}
	return a;
}

void sble_db_service(struct sble_db *d, uint32_t uuid)
{
	add(d, SBLE_PRIMARY, uuid);
}

void sble_db_characteristic(
	struct sble_db *d, uint32_t uuid, uint8_t properties, enum sble_security security)
{
	struct sble_attribute *value, *cccd;

	add(d, SBLE_CHARACTERISTIC, uuid)->properties = properties;
	value = add(d, uuid, uuid);
	value->properties = properties;
	value->security = (uint8_t)security;
	if (!(properties & (SBLE_P_NOTIFY | SBLE_P_INDICATE)))
		return;
	assert(d->cccds < SBLE_CCCDS_MAX);
	value->cccd = d->cccds;
	cccd = add(d, SBLE_CCCD, uuid);
	cccd->properties = properties;
	cccd->security = (uint8_t)security;
	cccd->cccd = d->cccds++;
}

const struct sble_attribute *sble_db_by_handle(const struct sble_db *d, uint16_t handle)
{
	size_t i;

	if (!d->count || handle < d->attributes[0].handle)
		return NULL;
	i = (size_t)(handle - d->attributes[0].handle);
	return i < d->count ? &d->attributes[i] : NULL;
}

const struct sble_attribute *sble_db_value(const struct sble_db *d, uint32_t uuid)
{
	for (size_t i = 0; i < d->count; i++)
		if (d->attributes[i].type == uuid)
			return &d->attributes[i];
	return NULL;
}

void sble_db_uuid(uint32_t uuid, struct octets *o)
{
	uint16_t at = o->n;

	if (!(uuid & SBLE_VENDOR)) {
		octets_le(o, uuid, 2);
		return;
	}
	octets_bytes(o, vendor_base, sizeof(vendor_base));
	o->at[at + 12] = (uint8_t)uuid;
	o->at[at + 13] = (uint8_t)(uuid >> 8);
}

void sble_db_declaration(const struct sble_db *d, const struct sble_attribute *a, struct octets *o)
{
	if (a->type == SBLE_CHARACTERISTIC) {
		octets_u8(o, a->properties);
		octets_le(o, a->handle + 1u, 2); /* the value stands behind it */
	}
	sble_db_uuid(a->uuid, o);
}

void sble_db_hash(const struct sble_db *d, uint8_t ret[static 16])
{
	static const uint8_t zero[16];
	uint8_t all[SBLE_ATTRIBUTES_MAX * 24], mac[16];
	size_t n = 0;

	for (size_t i = 0; i < d->count; i++) {
		const struct sble_attribute *a = &d->attributes[i];
		struct octets o = { 0 };

		if (a->type != SBLE_PRIMARY && a->type != SBLE_CHARACTERISTIC &&
			a->type != SBLE_CCCD)
			continue;
		octets_le(&o, a->handle, 2);
		octets_le(&o, a->type, 2);
		if (a->type != SBLE_CCCD)
			sble_db_declaration(d, a, &o);
		memcpy(all + n, o.at, o.n);
		n += o.n;
	}
	sble_cmac(zero, all, n, mac);
	for (size_t i = 0; i < 16; i++)
		ret[i] = mac[15 - i]; /* least significant octet first */
}
