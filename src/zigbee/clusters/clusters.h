/*
 * The table of clusters: takes messages apart and calls the rows, writes the
 * interview's frames from the rows' data, and what several rows need. Not for the
 * order and the patience of an interview: that is the driver's.
 *
 * What a driver does with it:
 *   - what a device sent over the ZCL profile goes to cluster_heard(). Its readings
 *     go to gateway_submit(), also those of a repeated message: they have the keys
 *     that they had before. Its requests are sent after their delay; one that
 *     settles should wait until the readings are safe;
 *   - for each cluster of a device that has a row: bind it if cluster.bind says so,
 *     send cluster_begin()'s requests, cluster_ask_reads(), cluster_ask_reporting()
 *     and cluster_ask_check() until each gives 0. The answers to reads and to
 *     cluster_begin() go to cluster_heard(), which needs nothing of what was asked;
 *     those about reporting are the driver's to judge: zcl_records() reads them;
 *   - devices with QUIRK_NO_SETUP are neither bound nor configured;
 *   - readings of a cluster whose reporting was configured get reading.expect_us of
 *     cluster_expect_us(), those of other devices quirk_every_s where it is known;
 *   - it saves facts, supply and memories of a device where a result says that they
 *     changed, and calls cluster_restored() when it has given them back;
 *   - it keeps cluster_result.keep over a kill, and gives it back by cluster_recall().
 */
#pragma once

#include "codec/measure.h"
#include "wardgate/cluster.h"
#include "zigbee/quirks.h"
#include "zigbee/zcl.h"

enum cluster_id {
#define CLUSTER(id) CLUSTER_##id,
#include "zigbee/clusters/clusters.def"
#undef CLUSTER
	_CLUSTER_MAX
};

#define CLUSTER(id) extern const struct zcl_cluster cluster_##id;
#include "zigbee/clusters/clusters.def"
#undef CLUSTER

/* The row of that number, NULL when there is none; the row of that cluster, NULL likewise. */
const struct zcl_cluster *cluster_row(unsigned number);
const struct zcl_cluster *cluster_find(uint16_t id);

/* ---- for the driver ---- */

/* Facts were given back: what follows from them is found again. */
void cluster_restored(struct cluster_device *d);
/* It has joined, come back or announced itself: perhaps because it was without power, and counts
 * from the beginning. */
void cluster_started(struct cluster_device *d);
/* An earlier run heard that message, later than those that it has given back before. */
void cluster_recall(struct cluster_device *d, const struct cluster_recent *recent);
/* How often it checks in by what that endpoint of it has said; 0: not known, or never. */
int64_t cluster_check_in_us(const struct cluster_device *d, uint8_t endpoint);
/* A message; m and its bytes are needed during the call only. *out->readings is the caller's, and
 * is cleared. Returns 0 or one of CLUSTER_E_*. */
int cluster_heard(struct cluster_device *d, const struct cluster_message *m,
	const struct decode_time *now, struct decoded *readings, struct cluster_result *out);
/* The interview reaches that cluster of that endpoint. */
int cluster_begin(struct cluster_device *d, uint16_t cluster, uint8_t endpoint, uint8_t instance,
	const struct decode_time *now, struct decoded *readings, struct cluster_result *out);

/* The next frame that reads the row's attributes, configures their reporting, asks how reporting is
 * configured. *at is 0 at first. Each returns the bytes, 0 when all was asked for; size at least
 * CLUSTER_FRAME_MAX. The number is still 0: zcl_set_sequence(). */
size_t cluster_ask_reads(const struct zcl_cluster *row, size_t *at, void *to, size_t size);
size_t cluster_ask_reporting(const struct zcl_cluster *row, size_t *at, void *to, size_t size);
size_t cluster_ask_check(const struct zcl_cluster *row, size_t *at, void *to, size_t size);
/* Whether a record of a response to cluster_ask_check() says what was configured, or better: no
 * more seldom, by no greater change. */
bool cluster_reporting_fits(const struct zcl_cluster *row, const struct zcl_record *r);
/* The longest silence to expect where reporting is configured; 0: the row reports nothing. */
int64_t cluster_expect_us(const struct zcl_cluster *row);
/* Frames of single purposes: lets a device be found by its light or sound for that long, and reads
 * what a Tuya device wants to be asked first (QUIRK_MAGIC_READ; of the basic cluster). */
size_t cluster_ask_identify(uint16_t seconds, void *to, size_t size);
size_t cluster_ask_magic(void *to, size_t size);

/* ---- for rows ---- */

/* A measurement without values yet. */
struct measure cluster_measure(const struct cluster_call *c);
/* The same of a moment: what a button or an alarm said. */
struct measure cluster_moment(const struct cluster_call *c);
/* Whether it is a number, and no yes, kind, bits or time. */
bool cluster_is_number(const struct zcl_value *v);
/* Whether the value can be what the row counts in tenths, hundredths, thousands of its metric. */
bool cluster_is_counted(const struct cluster_attribute *row, const struct zcl_value *v);
/* Adds the value by the attribute's row: its exponent, its conversion, what its type has for "no
 * value". Returns 0, or CLUSTER_E_MALFORMED when it is no number. */
int cluster_plain(const struct cluster_call *c, const struct cluster_attribute *row,
	const struct zcl_value *v);
/* The same with a measure of the caller's. */
int cluster_number(const struct measure *m, enum metric metric, int exponent,
	const struct conversion *conversion, const struct zcl_value *v);
/* A concentration of dust. The specification says a fraction of one; all devices known send ug/m3.
 */
int cluster_micrograms(const struct cluster_call *c, enum metric metric, const struct zcl_value *v);
/* Says it of the device document as well. */
void cluster_say_battery(const struct cluster_call *c, struct decimal percent);
bool cluster_has_quirk(const struct cluster_call *c, enum quirk_flag quirk);
/* The cluster's memory of this endpoint; NULL when the device has too many. */
struct cluster_memory *cluster_memory(const struct cluster_call *c);
/* Sets a word of it, and says so where that is news. */
void cluster_remember(
	const struct cluster_call *c, struct cluster_memory *m, unsigned word, int32_t value);
/* A press by the table of quirks, else by what usually is meant; WORD_NONE: nothing is. */
void cluster_press(const struct cluster_call *c, int argument, enum word usual);

/* Room for a frame to be sent; NULL when the call has too many. */
struct cluster_request *cluster_request(const struct cluster_call *c);
/* Takes the finished frame over, which stood in r->bytes; drops the request when it did not fit. */
void cluster_request_end(
	const struct cluster_call *c, struct cluster_request *r, const struct zcl_writer *w);
/* Asks for these attributes of the call's cluster. */
void cluster_request_read(
	const struct cluster_call *c, const uint16_t *ids, size_t count, uint16_t delay_ms);

/* The first payload byte, QUIRK_ANY when there is none. */
int cluster_argument(const struct cluster_call *c);
/* What Aqara packs into an attribute of its own (clusters/lump.c): tag, type and value after one
 * another. */
int cluster_lump(const struct cluster_call *c, const struct zcl_value *v);
