/*
 * The server of the Attribute Protocol (Core Vol 3 Part F) that each simulated
 * device has: PDUs in, PDUs out through a function. Knows nothing of sockets,
 * time or values.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/ble_db.h"

#define SBLE_MTU_MAX 517

/* Errors of Part F 3.4.1.1, and those of the common profile (CSS Part B). */
#define ATT_INVALID_HANDLE 0x01
#define ATT_READ_NOT_PERMITTED 0x02
#define ATT_WRITE_NOT_PERMITTED 0x03
#define ATT_INVALID_PDU 0x04
#define ATT_INSUFFICIENT_AUTHENTICATION 0x05
#define ATT_NOT_SUPPORTED 0x06
#define ATT_INVALID_OFFSET 0x07
#define ATT_PREPARE_QUEUE_FULL 0x09
#define ATT_NOT_FOUND 0x0a
#define ATT_INVALID_LENGTH 0x0d
#define ATT_UNLIKELY 0x0e
#define ATT_INSUFFICIENT_ENCRYPTION 0x0f
#define ATT_UNSUPPORTED_GROUP 0x10
#define ATT_VALUE_NOT_ALLOWED 0x13
#define ATT_CCCD_IMPROPER 0xfd
#define ATT_IN_PROGRESS 0xfe

/* What a request was about, for rules that fail by it. */
enum sble_request {
	SBLE_REQUEST_MTU,
	SBLE_REQUEST_DISCOVERY,
	SBLE_REQUEST_READ,
	SBLE_REQUEST_WRITE,
	SBLE_REQUEST_SUBSCRIBE,
	_SBLE_REQUEST_NONE
};

struct sble_att_hooks {
	/* Both return 0 or an ATT error. */
	uint8_t (*read)(void *userdata, const struct sble_attribute *a, struct octets *ret);
	uint8_t (*write)(
		void *userdata, const struct sble_attribute *a, const uint8_t *p, size_t n);
	void (*subscribed)(void *userdata, const struct sble_attribute *cccd, uint16_t value);
	void (*send)(void *userdata, const uint8_t *pdu, size_t n);
	void (*confirmed)(void *userdata);
	/* A response to a request of our own. */
	void (*answered)(void *userdata, const uint8_t *pdu, size_t n);
};

struct sble_att {
	const struct sble_db *db;
	const struct sble_att_hooks *hooks;
	void *userdata;
	uint16_t *cccds; /* SBLE_CCCDS_MAX of them, kept by the bond */
	uint16_t mtu, own_mtu;
	enum sble_security level;
	bool has_key; /* then it is encryption that lacks, not pairing */
	struct {
		uint16_t handle, n;
		uint8_t at[512];
	} queue; /* Prepare Write, of one attribute */
};

/* At the beginning of each connection; own_mtu 23 to SBLE_MTU_MAX. */
void sble_att_init(struct sble_att *a, const struct sble_db *db, uint16_t *cccds, uint16_t own_mtu,
	const struct sble_att_hooks *hooks, void *userdata);
enum sble_request sble_att_classify(const struct sble_att *a, const uint8_t *pdu, size_t n);
void sble_att_receive(struct sble_att *a, const uint8_t *pdu, size_t n);
/* Error Response for a request. */
void sble_att_refuse(struct sble_att *a, uint8_t opcode, uint16_t handle, uint8_t error);
/* Whether the host asked for these. */
bool sble_att_subscribed(const struct sble_att *a, uint32_t uuid, bool indicate);
/* Handle Value Notification or Indication, cut to the MTU. False when the device has no such
 * characteristic or the host did not ask for it. */
bool sble_att_tell(struct sble_att *a, uint32_t uuid, bool indicate, const uint8_t *p, size_t n);
