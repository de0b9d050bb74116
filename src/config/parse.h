/*
 * Parsers of single values: text in, value out. Pure but for the time zone's
 * look at the tz database. Each returns 0, CONFIG_E_INVALID with a sentence in
 * why ("what is wrong; what would be right"), or -ENOMEM; outputs are written
 * on success only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "wardgate/decimal.h"

#define CONFIG_NAME_MAX 40    /* of gateways, devices and rules, and of beds, wards and sites */
#define CONFIG_URI_MAX 300    /* of a broker's host */
#define CONFIG_VALUE_MAX 4352 /* a value as text: a path, and some */

struct config_why {
	char text[512];
};

/* Fills why and returns CONFIG_E_INVALID. */
int config_refuse(struct config_why *why, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* "250ms", "15s", "5min", "1h", "30d", sums such as "1h 30min", and "0". */
int config_parse_duration(const char *text, int64_t *ret_us, struct config_why *why);
/* "4096", "64K", "512M", "1G", "2T": powers of 1024. */
int config_parse_size(const char *text, uint64_t *ret, struct config_why *why);
/* A whole number without a sign. */
int config_parse_unsigned(const char *text, uint64_t *ret, struct config_why *why);
/* A plain decimal such as -3.5, at most 15 digits. */
int config_parse_decimal(const char *text, struct decimal *ret, struct config_why *why);

/* Shortest exact spelling. buf holds 32 bytes or more. */
void config_format_duration(int64_t us, char *buf, size_t size);
void config_format_size(uint64_t bytes, char *buf, size_t size);

/* Names of instances: [a-z0-9][a-z0-9-]{0,39}. */
bool config_is_name(const char *text);
/* Beds, wards and sites: [A-Za-z0-9._-]{1,40}. */
bool config_is_place(const char *text);
/* Makes any text a name: lower case, up to the first dot, others as hyphens; "wardgate" when
 * nothing is left. */
void config_sanitise_name(const char *text, char ret[CONFIG_NAME_MAX + 1]);
/* Strict UTF-8 (no surrogates, nothing overlong). Returns how many bytes of text are. */
size_t config_utf8_span(const void *text, size_t length);

int config_check_name(const char *text, struct config_why *why);
int config_check_place(const char *text, struct config_why *why);
int config_check_path(const char *text, struct config_why *why);
/* A path or credential:NAME. */
int config_check_secret(const char *text, struct config_why *why);
/* A name in the tz database; look says whether to look it up there. */
int config_check_zone(const char *text, bool look, struct config_why *why);
/* Levels of a topic with {site}, {ward}, {gateway}. */
int config_check_prefix(const char *text, struct config_why *why);
/* system, session, off or a D-Bus address. */
int config_check_bus(const char *text, struct config_why *why);
/* auto, hciN, a BD_ADDR or sim:DIRECTORY. */
int config_check_adapter(const char *text, struct config_why *why);
/* The name of a metric; length bytes of text. */
int config_check_metric(const char *text, size_t length, struct config_why *why);
/* METRIC:UNIT */
int config_check_unit_pair(const char *text, struct config_why *why);

/* mqtts://HOST[:PORT] or mqtt://HOST[:PORT], IPv6 in brackets. On success the strings of *ret are
 * the caller's. */
int config_parse_broker(const char *text, struct config_broker *ret, struct config_why *why);
void config_broker_done(struct config_broker *b);
/* ADDRESS:PORT, IPv6 in brackets; *ret_loopback says whether only this machine reaches it. */
int config_check_listen(const char *text, bool *ret_loopback, struct config_why *why);
/* The address of a device in the one spelling of struct config_device; ret holds
 * DEVICE_ADDRESS_MAX + 1. */
int config_parse_address(enum transport t, const char *text, char *ret, struct config_why *why);
