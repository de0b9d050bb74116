/*
 * iBeacon: manufacturer data 0x004C, type 2. It names a tag and nothing else:
 * major and minor are numbers, not measurements. Anybody can send it.
 */
#include "ble/adverts/adverts.h"

#define TYPE_PROXIMITY 0x02
#define PROXIMITY_SIZE 0x15
#define IDENTITY_SIZE 20 /* UUID, major, minor */

static int ibeacon_decode(const struct advert_call *c, const uint8_t *bytes, size_t length)
{
	struct cursor cur = cursor_init(bytes, length);
	uint8_t type = cursor_u8(&cur), size = cursor_u8(&cur);
	const uint8_t *identity;
	int8_t at_metre;

	if (cur.failed || type != TYPE_PROXIMITY)
		return ADVERT_E_OTHER; /* its maker has many types */
	identity = cursor_bytes(&cur, IDENTITY_SIZE);
	at_metre = (int8_t)cursor_u8(&cur);
	if (size != PROXIMITY_SIZE || cursor_done(&cur) < 0)
		return ADVERT_E_MALFORMED;
	if (c->tag) {
		*c->tag = (struct tag_identity){
			.kind = TAG_IBEACON, .length = IDENTITY_SIZE, .measured_dbm = at_metre
		};
		memcpy(c->tag->bytes, identity, IDENTITY_SIZE);
	}
	return _ADVERT_E_OK;
}

const struct advert_format advert_ibeacon = {
	.name = "ibeacon",
	.where = ADVERT_MANUFACTURER_DATA,
	.id = 0x004c,
	.decode = ibeacon_decode,
};
