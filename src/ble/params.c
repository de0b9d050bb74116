/*
 * Connection parameters of the Bluetooth driver: what the kernel is told of each
 * device before it connects (mgmt "Load Connection Parameters"), by the services
 * that the device has, or as the device itself chose. The table by services is
 * slots_kinds.c's.
 */
#include "ble/driver_private.h"

static bool give(const struct peer *p, struct mgmt_params *ret)
{
	uint16_t services[GATT_SERVICES_MAX];

	if (p->identity.type == BLE_ADDRESS_ANY || (!p->table && p->chosen.max == 0))
		return false;
	*ret = p->chosen;
	if (ret->max == 0) {
		for (size_t i = 0; i < p->table->service_count; i++)
			services[i] = p->table->services[i].uuid;
		slots_parameters_of(services, p->table->service_count, ret);
	}
	ret->address = p->identity;
	return true;
}

size_t params_list(struct adapter *a, const struct mgmt_params **ret)
{
	struct ble *b = radio_of(a)->ble;
	size_t n = 0;

	FOR_EACH_PEER(b, i, p)
	if (n < ARRAY_SIZE(b->params) && give(p, &b->params[n]))
		n++;
	*ret = b->params;
	return n;
}

void params_changed(struct ble *b, int64_t now_us)
{
	for (unsigned i = 0; i < b->radio_count; i++)
		adapter_load_params(&b->radios[i]->adapter, now_us);
}

void params_chosen(struct peer *p, const struct mgmt_params *chosen, int64_t now_us)
{
	if (mgmt_params_valid(chosen))
		p->chosen = *chosen;
	params_changed(p->ble, now_us);
}
