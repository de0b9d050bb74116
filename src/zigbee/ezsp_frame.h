/*
 * The head of an EZSP frame, in its three forms (Silicon Labs UG100, "Protocol
 * format"). What follows it is zigbee/ezsp_layout.h's.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "util/cursor.h"

#define EZSP_FRAME_MAX 220 /* with its head; the radios of version 13 and before take 202 */
#define EZSP_FRAME_OLD_MAX 202
#define EZSP_HEADER_MAX 5

enum ezsp_form {
	EZSP_LEGACY,   /* version 4, and the first question of all: seq, control, id */
	EZSP_MIDDLE,   /* 5 to 7: seq, control, FF, 00, id */
	EZSP_EXTENDED, /* 8 on: seq, control of two bytes, id of two bytes */
};

/* In the control byte of what the radio sends. */
enum {
	EZSP_OVERFLOW = 0x01, /* it ran out of memory and lost callbacks */
	EZSP_TRUNCATED = 0x02,
	EZSP_CALLBACK_PENDING = 0x04,
	EZSP_SYNC_CALLBACK = 0x08,
	EZSP_ASYNC_CALLBACK = 0x10,
	EZSP_RESPONSE = 0x80,
};

struct ezsp_header {
	uint8_t sequence, control;
	uint16_t id;
};

enum ezsp_form ezsp_form_of(unsigned version);
/* A command's head; to has room for EZSP_HEADER_MAX. Returns its bytes. */
size_t ezsp_header_write(uint8_t *to, enum ezsp_form form, uint8_t sequence, uint16_t id);
/* Reads the head of what the radio sent. Returns 0, or -EBADMSG when it is cut off, of another
 * form, encrypted, or a command. */
int ezsp_header_read(struct cursor *c, enum ezsp_form form, struct ezsp_header *ret);
/* The form that a frame says of itself: the answer to the first question comes in either. */
enum ezsp_form ezsp_form_guess(const uint8_t *frame, size_t length);
