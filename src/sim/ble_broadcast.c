/* Kinds that only broadcast: what they measure into their formats. */
#include "sim/ble_advert.h"
#include "sim/ble_device.h"
#include "sim/ble_kind.h"

/* Packet id, battery, temperature and humidity in hundredths. */
void sble_bthome_advert(struct sble_device *d, struct sble_message *m)
{
	struct octets objects = { 0 }, data = { 0 };
	int32_t battery = sble_device_value(d, Q_BATTERY);
	int32_t temperature = sble_device_value(d, Q_AMBIENT_TEMPERATURE) * 10;
	int32_t humidity = sble_device_value(d, Q_HUMIDITY) * 10;

	sble_put_object(&objects, 0x00, d->packet++, 1);
	sble_put_object(&objects, 0x01, battery, 1);
	sble_put_object(&objects, 0x02, temperature, 2);
	sble_put_object(&objects, 0x03, humidity, 2);
	sble_message_add(m, "battery", battery, 0);
	sble_message_add(m, "ambient-temperature", temperature, -2);
	sble_message_add(m, "humidity", humidity, -2);
	if (d->kind->sealed)
		d->counter++;
	sble_put_bthome(&data, &objects, d->kind->sealed ? d->config->key : NULL,
		&d->config->address, d->counter);
	sble_put_service_data(&m->bytes, 0xfcd2, &data);
}
