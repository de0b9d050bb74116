/*
 * A heart-rate belt as its PDUs: the GATT service with Service Changed and a
 * hash, Heart Rate, a service of its maker's, Battery.
 */
#pragma once

#include "att_host.h"

#define BELT_HASH "00 11 22 33 44 55 66 77 88 99 AA BB CC DD EE FF"
#define OTHER_HASH "FF 11 22 33 44 55 66 77 88 99 AA BB CC DD EE FF"
#define VENDOR_UUID "9E CA DC 24 0E E5 A9 E0 93 F3 A3 B5 01 00 40 6E"
#define BASE_UUID(low) "FB 34 9B 5F 80 00 00 80 00 10 00 00 " low " 00 00"

/* What we say and what the device answers. */
struct exchange {
	const char *ours, *theirs;
};

#define PLAY(h, script) host_play((h), (script), sizeof(script) / sizeof((script)[0]))
void host_play(struct host *h, const struct exchange *script, size_t n);

/* From the services on, without the hash. */
void belt_services(struct host *h);
void belt_inside(struct host *h);
void belt_subscribe(struct host *h);
/* All of it: found. */
void belt_discover(struct host *h);
void belt_expect_table(const struct gatt_table *t);
