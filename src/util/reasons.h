/*
 * MQTT reason codes in words. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define REASON_NO_MATCHING_SUBSCRIBERS 0x10
#define REASON_REFUSED 0x80 /* this and above refuse */
#define REASON_QUOTA_EXCEEDED 0x97

/* A reason code of MQTT 5 (2.4) in words, "unknown reason" for one that it does not list. */
const char *reason_text(uint8_t code);
/* A return code of 3.1.1's CONNACK (table 3.1). */
const char *reason_connack_text(uint8_t code);
/* Whether a DISCONNECT for this reason may be the answer to a message that we sent, rather than to
 * the time of day or another client. */
bool reason_blames_message(uint8_t code);
