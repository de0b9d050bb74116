/*
 * Numbers as people read them. Pure; each writes into a buffer of HUMAN_MAX
 * bytes and returns it.
 */
#pragma once

#include <stdint.h>

#define HUMAN_MAX 48

/* 5,000,000 */
const char *human_count(char *buf, uint64_t n);
/* 14.2M, in powers of 1024 as in the configuration; 1G, not 1.0G. */
const char *human_size(char *buf, int64_t bytes);
/* The two largest units: "3 d 4 h", "2 h 5 min", "12 s", "0 s". */
const char *human_duration(char *buf, int64_t seconds);
/* 2026-11-21 10:00:00 UTC */
const char *human_time(char *buf, int64_t utc_ms);
/* 212, 1.5, 0.02: as many digits as mean something. */
const char *human_rate(char *buf, double rate);
