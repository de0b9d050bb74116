/*
 * The steps that an adapter takes, one command at a time: those that bring it
 * up, in their order, and those that change something while it is up. See
 * adapter_private.h.
 *
 * Keys go in before power: a device that connects at once meets them. The kernel
 * refuses a list with a single key that it does not like, so such are left out
 * here. Of an adapter that is on already nothing is switched off.
 */
#include "ble/adapter_private.h"

#include <assert.h>
#include <string.h>

#define BUSY_TRIES 6
#define BUSY_WAIT_US (500 * INT64_C(1000)) /* doubled each time */
#define PERMISSION_WAIT_US ADAPTER_RETRY_MAX_US

static const struct {
	uint16_t op;
	uint8_t value;
	bool vital; /* without it the adapter is no use */
	uint32_t setting;
} rows[_STEP_MAX] = {
	[STEP_INFO] = { MGMT_READ_INFO, 0, true, 0 },
	[STEP_OFF] = { MGMT_SET_POWERED, 0, true, MGMT_POWERED },
	[STEP_LE] = { MGMT_SET_LE, 1, true, MGMT_LE },
	[STEP_SSP] = { MGMT_SET_SSP, 1, false, MGMT_SSP },
	[STEP_SECURE] = { MGMT_SET_SECURE_CONNECTIONS, 1, false, MGMT_SECURE_CONNECTIONS },
	[STEP_BONDABLE] = { MGMT_SET_BONDABLE, 1, false, MGMT_BONDABLE },
	/* what people can do is said with each pairing that they take part in */
	[STEP_IO] = { MGMT_SET_IO_CAPABILITY, MGMT_IO_NONE, false, 0 },
	[STEP_LTKS] = { MGMT_LOAD_LTKS, 0, false, 0 },
	[STEP_IRKS] = { MGMT_LOAD_IRKS, 0, false, 0 },
	[STEP_PARAMS] = { MGMT_LOAD_PARAMS, 0, false, 0 },
	[STEP_ON] = { MGMT_SET_POWERED, 1, true, MGMT_POWERED },
	[STEP_CLEAR] = { MGMT_REMOVE_MONITOR, 0, false, 0 },
	[STEP_MONITOR] = { MGMT_ADD_MONITOR, 0, true, 0 },
	[STEP_STOP] = { MGMT_STOP_DISCOVERY, MGMT_DISCOVER_LE, false, 0 },
	[STEP_DISCOVER] = { MGMT_START_DISCOVERY, MGMT_DISCOVER_LE, false, 0 },
};

/* A kernel that filters nothing itself, which is the usual one, reports everything whatever the
 * patterns are. One that lets the controller filter reports what these admit: connectable devices
 * by their flags, broadcasts by their kind of data (ble/adverts). */
static const struct mgmt_pattern patterns[] = {
	{ 0x01, 0, 1, { 0x06 } },             /* flags: general discoverable, LE only */
	{ 0x01, 0, 1, { 0x05 } },             /* limited discoverable, LE only */
	{ 0x01, 0, 1, { 0x04 } },             /* LE only */
	{ 0x01, 0, 1, { 0x02 } },             /* general discoverable */
	{ 0x01, 0, 1, { 0x1A } },             /* both kinds of Bluetooth */
	{ 0x16, 0, 2, { 0xD2, 0xFC } },       /* service data: BTHome */
	{ 0x16, 0, 2, { 0x1A, 0x18 } },       /* ATC, pvvx */
	{ 0x16, 0, 2, { 0xAA, 0xFE } },       /* Eddystone */
	{ 0xFF, 0, 2, { 0x99, 0x04 } },       /* maker's data: Ruuvi */
	{ 0xFF, 0, 3, { 0x4C, 0x00, 0x02 } }, /* iBeacon */
};

static bool has(const struct adapter *a, uint32_t setting)
{
	return (a->settings & setting) != 0;
}

/* Whether there is anything to do. */
static bool needed(const struct adapter *a, enum adapter_step step)
{
	if (step == STEP_OFF)
		return has(a, MGMT_POWERED);
	if (step == STEP_SSP && !(a->supported & MGMT_SSP))
		return false;
	if (step == STEP_SECURE && !(a->supported & MGMT_SECURE_CONNECTIONS))
		return false;
	return rows[step].setting == 0 || !has(a, rows[step].setting);
}

static size_t encode(const struct mgmt_command *c, uint8_t *to, size_t size)
{
	int r = mgmt_encode(c, to, size);

	assert(r > 0);
	return (size_t)r;
}

static size_t encode_ltks(struct adapter *a, struct mgmt_command *c, uint8_t *to, size_t size)
{
	struct mgmt_ltk list[MGMT_LTKS_MAX];
	const struct mgmt_ltk *all;
	size_t count = a->ops->ltks(a, &all);

	for (size_t i = 0; i < count && c->count < MGMT_LTKS_MAX; i++)
		if (mgmt_ltk_valid(&all[i]))
			list[c->count++] = all[i];
	c->ltks = list;
	return encode(c, to, size);
}

static size_t encode_irks(struct adapter *a, struct mgmt_command *c, uint8_t *to, size_t size)
{
	struct mgmt_irk list[MGMT_IRKS_MAX];
	const struct mgmt_irk *all;
	size_t count = a->ops->irks(a, &all);

	for (size_t i = 0; i < count && c->count < MGMT_IRKS_MAX; i++)
		if (mgmt_irk_valid(&all[i]))
			list[c->count++] = all[i];
	c->irks = list;
	return encode(c, to, size);
}

static size_t encode_params(struct adapter *a, struct mgmt_command *c, uint8_t *to, size_t size)
{
	struct mgmt_params list[MGMT_PARAMS_MAX];
	const struct mgmt_params *all;
	size_t count = a->ops->params(a, &all);

	for (size_t i = 0; i < count && c->count < MGMT_PARAMS_MAX; i++)
		if (mgmt_params_valid(&all[i]))
			list[c->count++] = all[i];
	c->params = list;
	return encode(c, to, size);
}

static size_t encode_step(struct adapter *a, enum adapter_step step, uint8_t *to, size_t size)
{
	struct mgmt_command c = {
		.op = rows[step].op, .index = a->index, .value = rows[step].value
	};

	if (step == STEP_LTKS)
		return encode_ltks(a, &c, to, size);
	if (step == STEP_IRKS)
		return encode_irks(a, &c, to, size);
	if (step == STEP_PARAMS)
		return encode_params(a, &c, to, size);
	if (step == STEP_MONITOR) {
		c.patterns = patterns;
		c.count = sizeof(patterns) / sizeof(*patterns);
	}
	return encode(&c, to, size);
}

/* All that was to be done for the adapter to be up is done. */
static void maybe_up(struct adapter *a, int64_t now_us)
{
	if (a->state == ADAPTER_STARTING && a->todo == 0)
		adapter_is_up(a, now_us);
}

size_t adapter_step_output(struct adapter *a, uint8_t *to, size_t size, int64_t now_us)
{
	if ((a->state != ADAPTER_STARTING && a->state != ADAPTER_UP) || a->waiting != 0 ||
		a->hold_us > now_us)
		return 0;
	for (enum adapter_step step = 0; step < _STEP_MAX; step++) {
		if (!(a->todo & STEP_BIT(step)))
			continue;
		if (!needed(a, step)) {
			a->todo &= ~STEP_BIT(step);
			continue;
		}
		a->step = (uint8_t)step;
		a->waiting = rows[step].op;
		a->reply_deadline_us =
			now_us + (a->waiting == MGMT_SET_POWERED ? ADAPTER_POWER_REPLY_US
								 : ADAPTER_REPLY_US);
		if (step == STEP_DISCOVER)
			a->discover_sent_us = now_us;
		return encode_step(a, step, to, size);
	}
	maybe_up(a, now_us);
	return 0;
}

/* ---- replies ---- */

/* Settings come back with those that change them; a kernel that left them out has changed them. */
static void take_settings(struct adapter *a, enum adapter_step step, const struct mgmt_reply *r)
{
	uint32_t settings;

	if (mgmt_read_settings(r, &settings) == 0)
		a->settings = settings;
	if (rows[step].value)
		a->settings |= rows[step].setting;
	else
		a->settings &= ~rows[step].setting;
}

static bool take_info(struct adapter *a, const struct mgmt_reply *r, int64_t now_us)
{
	struct mgmt_info info;

	if (mgmt_read_info(r, &info) < 0) {
		adapter_problem(a, now_us, "hci%u: a reply of the kernel cannot be read", a->index);
		adapter_rest(a, 0, now_us);
		return false;
	}
	a->supported = info.supported;
	a->settings = info.settings;
	if (info.supported & MGMT_LE)
		return true;
	adapter_problem(a, now_us, "hci%u is no Bluetooth Low Energy adapter", a->index);
	adapter_rest(a, ADAPTER_RETRY_MAX_US, now_us);
	return false;
}

static void succeeded(
	struct adapter *a, enum adapter_step step, const struct mgmt_reply *r, int64_t now_us)
{
	if (rows[step].setting)
		take_settings(a, step, r);
	if (step == STEP_INFO && !take_info(a, r, now_us))
		return;
	if (step == STEP_LTKS)
		a->keys_loaded = true;
	if (step == STEP_MONITOR) {
		if (mgmt_read_monitor(r, &a->monitor) < 0)
			a->monitor = 0;
		adapter_scan_begun(a, now_us);
	}
	if (step == STEP_DISCOVER || step == STEP_STOP)
		adapter_discovery_is(a, step == STEP_DISCOVER, now_us);
	maybe_up(a, now_us);
}

static void refused_vital(struct adapter *a, enum adapter_step step, uint8_t status, int64_t now_us)
{
	int64_t wait_us = 0;

	if (status == MGMT_PERMISSION_DENIED) {
		adapter_problem(a, now_us,
			"hci%u: permission denied; the service needs the capability "
			"CAP_NET_ADMIN (AmbientCapabilities=CAP_NET_ADMIN in its unit, "
			"PrivateUsers=no)",
			a->index);
		wait_us = PERMISSION_WAIT_US;
	} else if (status == MGMT_RFKILLED) {
		adapter_problem(a, now_us, "hci%u is blocked by rfkill; rfkill unblock bluetooth",
			a->index);
	} else if (step == STEP_ON && status == MGMT_FAILED) {
		/* newer kernels say so of rfkill, too */
		adapter_problem(a, now_us,
			"hci%u cannot be powered on: it is blocked by rfkill (rfkill unblock "
			"bluetooth), or its driver fails (dmesg | grep -i bluetooth)",
			a->index);
	} else if (step == STEP_MONITOR && status == MGMT_UNKNOWN_COMMAND) {
		adapter_problem(a, now_us,
			"the kernel knows no advertisement monitors; Linux 5.10 or later has them");
		wait_us = ADAPTER_RETRY_MAX_US;
	} else if (status == MGMT_BUSY) {
		adapter_problem(a, now_us,
			"hci%u is busy: another program, most likely bluetoothd, uses it; "
			"systemctl disable --now bluetooth.service",
			a->index);
	} else {
		adapter_problem(a, now_us, "hci%u: %s: %s", a->index, mgmt_op_words(rows[step].op),
			mgmt_status_words(status));
	}
	adapter_rest(a, wait_us, now_us);
}

static void refused(struct adapter *a, enum adapter_step step, uint8_t status, int64_t now_us)
{
	switch (step) {
	case STEP_LTKS:
	case STEP_IRKS:
		adapter_problem(a, now_us,
			"hci%u: %s: %s; bonded devices cannot connect until it is paired anew",
			a->index, mgmt_op_words(rows[step].op), mgmt_status_words(status));
		break;
	case STEP_BONDABLE:
	case STEP_IO:
		adapter_problem(a, now_us, "hci%u: %s: %s; devices cannot be paired", a->index,
			mgmt_op_words(rows[step].op), mgmt_status_words(status));
		break;
	case STEP_STOP:
		/* it had ended already */
		adapter_discovery_is(a, false, now_us);
		break;
	case STEP_DISCOVER:
		adapter_discovery_refused(a, now_us);
		break;
	case STEP_INFO:
	case STEP_OFF:
	case STEP_LE:
	case STEP_SSP:
	case STEP_SECURE:
	case STEP_PARAMS:
	case STEP_ON:
	case STEP_CLEAR:
	case STEP_MONITOR:
	case _STEP_MAX:
		break;
	}
	maybe_up(a, now_us);
}

/* Whether the step is tried again after a while. */
static bool again(struct adapter *a, enum adapter_step step, int64_t now_us)
{
	if (step == STEP_DISCOVER || a->tries == BUSY_TRIES)
		return false;
	a->todo |= STEP_BIT(step);
	a->hold_us = now_us + (BUSY_WAIT_US << a->tries++);
	return true;
}

void adapter_step_reply(struct adapter *a, const struct mgmt_reply *r, int64_t now_us)
{
	enum adapter_step step = (enum adapter_step)a->step;
	uint8_t status = r->status;

	a->waiting = 0;
	a->reply_deadline_us = INT64_MAX;
	a->todo &= ~STEP_BIT(step);
	if (status == MGMT_SUCCESS) {
		a->tries = 0;
		succeeded(a, step, r, now_us);
		return;
	}
	if (status == MGMT_BUSY) {
		adapter_rival_sign(a, 1, now_us);
		if (again(a, step, now_us))
			return;
	}
	a->tries = 0;
	/* the controller went, or was switched off: its event says so, or the next attempt */
	if (rows[step].vital || status == MGMT_PERMISSION_DENIED || status == MGMT_NOT_POWERED ||
		status == MGMT_INVALID_INDEX)
		refused_vital(a, step, status, now_us);
	else
		refused(a, step, status, now_us);
}
