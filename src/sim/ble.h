/*
 * `wardsim ble': the other end of the gateway's `sim:DIRECTORY' adapter. It plays
 * the kernel's Bluetooth management at DIRECTORY/mgmt and the GATT servers of
 * devices at DIRECTORY/att/ADDRESS, as a scenario says.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

struct sble_options {
	const char *directory;
	const char *scenario;             /* NULL: one device of each kind */
	const char *log;                  /* NULL: as the scenario says */
	int64_t seed, speed, duration_ms; /* -1: as the scenario says */
};

/* Returns one of WARD_* (ward.h). */
int sble_run(const struct sble_options *o);
struct sble;
struct sble_scenario;

/* As the Bluetooth half of a ward, on the ward's loop and with its log; all is borrowed. */
struct sble_part {
	const struct sble_scenario *scenario;
	const char *directory, *log; /* log NULL: none; it is added to */
	uint64_t seed;
	int64_t start_boot_us;
	sd_event *event;
	void (*settled)(void *userdata); /* something was confirmed */
	void *userdata;
};

/* Returns 0 or a negative errno; -EBADMSG when the reason was printed. */
int sble_open(struct sble **ret, const struct sble_part *p);
/* Nothing new is measured from now on; links and advertisements go on. */
void sble_rest(struct sble *b);
/* Measurements that wait for their confirmation. b NULL: none. */
size_t sble_unconfirmed(const struct sble *b);
/* The closing figures, printed and logged. Returns the log's error or 0. */
int sble_end(struct sble *b);
struct sble *sble_close(struct sble *b);

/* The command with its options, `ble' at argv[1]; the same. */
int sble_main(int argc, char *argv[]);
