/*
 * What the parts of `wardsim ble' share: the loop and its clock, the adapters,
 * the devices and the log. ble.c owns it.
 */
#pragma once

#include <systemd/sd-event.h>

#include "sim/ble_adapter.h"
#include "sim/ble_log.h"
#include "sim/ble_scenario.h"
#include "sim/ble_timer.h"
#include "sim/patient.h"

#define SBLE_DIRECTORY_MAX 72 /* sockaddr_un has 108 */

struct sble_device;
struct sble_mgmt;

struct sble {
	sd_event *event;
	sd_event_source *clock;
	struct sble_timers timers;
	struct sble_log *log;
	const struct sble_scenario *scenario;
	char directory[SBLE_DIRECTORY_MAX + 1];
	uint64_t seed;
	int64_t speed;
	int64_t start_boot_us;
	struct sble_mgmt *mgmt;
	struct sble_adapter adapters[SBLE_ADAPTERS_MAX];
	size_t adapter_count;
	struct patient *patients;
	struct sble_device **devices;
	size_t device_count;
	struct sble_timer event_timer;
	size_t next_event;
	int64_t moment; /* of the event that happens, as it was due */
	uint64_t reports, reports_lost, messages, confirmed;
	bool resting; /* nothing new is measured */
	bool ending;  /* nothing connects any more */
	void (*settled)(void *userdata);
	void *userdata;
};

/* Of event sources: who connected before something was said is there when that is heard. */
#define SBLE_FIRST (-20)  /* listeners */
#define SBLE_SECOND (-10) /* links; the rest has 0 */

/* Microseconds of the scenario since its start: as fast as Speed= says. */
int64_t sble_now(const struct sble *b);
/* What a protocol's timeout of that many real microseconds is in the scenario's time. */
static inline int64_t sble_real(const struct sble *b, int64_t us)
{
	return us * b->speed;
}
/* The wall clock, milliseconds of UTC. */
int64_t sble_utc_ms(void);
/* A timer was armed outside of the loop's own turn: the clock looks again. */
void sble_wake(struct sble *b);
