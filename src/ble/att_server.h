/*
 * What a device may ask of us: the answers of a small GATT server with one
 * read-only Current Time service (CTS 1.1), and to all else the proper Error
 * Response. Pure; the bearer that carries it is ble/att.h's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All answers fit into the smallest MTU. */
#define ATT_SERVER_ANSWER_MAX 23

struct att_server_time {
	int64_t utc_us;   /* since 1970 */
	int32_t offset_s; /* local time less UTC, with summer time */
	bool summer;      /* summer time is in force: an hour of it */
};

/* Gives the time. False: not known, and the device is told that it cannot be had. */
typedef bool (*att_server_time_fn)(void *context, struct att_server_time *ret);

/* Answers one request, any PDU without the command bit that is no response, notification,
 * indication or confirmation. length >= 1. own_mtu is for Exchange MTU. get_time is called for a
 * read of it only. Returns the answer's length, always at least 1. */
size_t att_server_answer(const uint8_t *pdu, size_t length, uint16_t own_mtu,
	att_server_time_fn get_time, void *context, uint8_t to[ATT_SERVER_ANSWER_MAX]);
