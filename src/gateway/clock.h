/*
 * Time and how far it can be trusted: the stamps of readings, the state of the
 * kernel's clock, and the zone of devices whose clocks have none.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "wardgate/reading.h"

struct clock;

#define CLOCK_BOOT_ID_SIZE 37 /* with the final 0 */

struct stamp {
	int64_t realtime_us; /* UTC */
	int64_t boot_us;     /* CLOCK_BOOTTIME */
	enum clock_state state;
};

/* Called when the state changed or the wall clock was stepped (by step_us, 0 if it was not). */
typedef void (*clock_change_fn)(enum clock_state state, int64_t step_us, void *userdata);

/* Watches the kernel's clock: every 2 s, and when it is set. Returns 0 or a negative errno. */
int clock_new(struct clock **ret, sd_event *e, clock_change_fn changed, void *userdata);
struct clock *clock_free(struct clock *c);

/* Looks at the kernel's clock at once; what it finds is told as ever. */
void clock_look(struct clock *c);

/* The time now. Cheap. Of a clock that is not synchronised the two are read so close together that
 * their difference shows every step (gateway/corrections.h). */
struct stamp clock_now(const struct clock *c);
enum clock_state clock_state(const struct clock *c);

/* An earlier run saw the clock synchronised within this boot: what is not any more is in holdover.
 */
void clock_was_synchronised(struct clock *c);
/* The kernel's name of this boot. Returns 0 or a negative errno. */
int clock_boot_id(char ret[static CLOCK_BOOT_ID_SIZE]);

/* CLOCK_BOOTTIME in microseconds, for intervals. */
int64_t boottime_us(void);
/* CLOCK_REALTIME in microseconds, for stamps. */
int64_t realtime_us(void);

/* Sets the zone of device clocks: a tz database name, or NULL for the system's. Returns 0, or
 * -ENOENT when there is no such zone. */
int clock_set_zone(const char *zone);
/* Turns a wall clock reading (as if it were UTC) in that zone into UTC. *ret_ambiguous says that
 * the hour occurs twice (the first is taken) or not at all (the clock was not put forward). */
int64_t clock_local_to_utc(int64_t wall_us, bool *ret_ambiguous);

/* Local time less UTC in that zone at that time, in seconds; whether summer time is in force. */
int32_t clock_zone_offset(int64_t utc_us, bool *ret_summer);

/* The pure judgement: status and maxerror as adjtimex(2) gives them, and whether the clock was
 * synchronised before in this boot. */
enum clock_state clock_judge(
	int adjtimex_result, int status, int64_t maxerror_us, bool was_synchronised);
