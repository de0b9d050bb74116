/*
 * One simulated Bluetooth adapter as the kernel shows it: its settings, keys and
 * scans, and the commands that change them (BlueZ, doc/mgmt-api.txt). Pairing is
 * ble_pair.h, packets are ble_mgmt.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/ble_address.h"
#include "sim/ble_scenario.h"
#include "sim/ble_timer.h"

#define SBLE_KEYS_MAX 512
#define SBLE_MONITORS_MAX 32

/* Bits of Current_Settings. */
#define MGMT_POWERED (1u << 0)
#define MGMT_CONNECTABLE (1u << 1)
#define MGMT_DISCOVERABLE (1u << 3)
#define MGMT_BONDABLE (1u << 4)
#define MGMT_SSP (1u << 6)
#define MGMT_BREDR (1u << 7)
#define MGMT_LE (1u << 9)
#define MGMT_ADVERTISING (1u << 10)
#define MGMT_SC (1u << 11)
#define MGMT_DEBUG_KEYS (1u << 12)
#define MGMT_PRIVACY (1u << 13)
#define MGMT_STATIC (1u << 15)

/* Status codes. */
#define MGMT_SUCCESS 0x00
#define MGMT_UNKNOWN_COMMAND 0x01
#define MGMT_NOT_CONNECTED 0x02
#define MGMT_FAILED 0x03
#define MGMT_CONNECT_FAILED 0x04
#define MGMT_AUTH_FAILED 0x05
#define MGMT_NOT_PAIRED 0x06
#define MGMT_NO_RESOURCES 0x07
#define MGMT_BUSY 0x0a
#define MGMT_REJECTED 0x0b
#define MGMT_NOT_SUPPORTED 0x0c
#define MGMT_INVALID_PARAMS 0x0d
#define MGMT_NOT_POWERED 0x0f
#define MGMT_CANCELLED 0x10
#define MGMT_INVALID_INDEX 0x11
#define MGMT_ALREADY_PAIRED 0x13

/* Events. */
#define MGMT_EV_CONTROLLER_ERROR 0x03
#define MGMT_EV_INDEX_ADDED 0x04
#define MGMT_EV_INDEX_REMOVED 0x05
#define MGMT_EV_NEW_SETTINGS 0x06
#define MGMT_EV_NEW_LTK 0x0a
#define MGMT_EV_CONNECTED 0x0b
#define MGMT_EV_DISCONNECTED 0x0c
#define MGMT_EV_CONNECT_FAILED 0x0d
#define MGMT_EV_CONFIRM 0x0f
#define MGMT_EV_PASSKEY_REQUEST 0x10
#define MGMT_EV_AUTH_FAILED 0x11
#define MGMT_EV_FOUND 0x12
#define MGMT_EV_DISCOVERING 0x13
#define MGMT_EV_UNPAIRED 0x16
#define MGMT_EV_PASSKEY_NOTIFY 0x17
#define MGMT_EV_NEW_IRK 0x18
#define MGMT_EV_NEW_CSRK 0x19
#define MGMT_EV_MONITOR_ADDED 0x2b
#define MGMT_EV_MONITOR_REMOVED 0x2c
#define MGMT_EV_MONITOR_FOUND 0x2f

/* Why a connection ended. */
#define MGMT_BY_TIMEOUT 1
#define MGMT_BY_LOCAL 2
#define MGMT_BY_REMOTE 3
#define MGMT_BY_AUTH_FAILURE 4

struct sble_key {
	struct sble_address address;
	uint8_t value[16];
	uint8_t type;
};

/* What makes a scan that has gone silent speak again. */
enum sble_silent { SBLE_SPEAKS, SBLE_UNTIL_RESTART, SBLE_UNTIL_POWER, SBLE_UNTIL_REPLUG };

struct sble;
struct sble_client;

struct sble_adapter {
	struct sble *ble;
	const struct sble_adapter_config *config;
	bool present;
	uint32_t settings;
	uint8_t io;
	struct sble_key *ltks, *irks; /* SBLE_KEYS_MAX each */
	size_t ltk_count, irk_count;
	uint16_t monitors[SBLE_MONITORS_MAX], next_monitor;
	size_t monitor_count;
	uint8_t discovering; /* its type; 0: not */
	uint32_t discovery;  /* counts them */
	struct sble_timer discovery_end, relief;
	enum sble_silent silent;
	int64_t refuse; /* so many commands are refused */
	uint8_t refusal;
	bool mute; /* commands are not answered */
	size_t connections;
};

int sble_adapter_init(struct sble_adapter *a, struct sble *b, const struct sble_adapter_config *c);
void sble_adapter_done(struct sble_adapter *a);
/* One command from a client; a: the adapter that it names, NULL for those of none. */
void sble_adapter_command(struct sble *b, struct sble_client *c, struct sble_adapter *a,
	uint16_t opcode, uint16_t index, const uint8_t *p, size_t n);
/* NULL when there is none of that index, or it is not plugged in. */
struct sble_adapter *sble_adapter_by_index(struct sble *b, uint16_t index);
/* It is powered and LE is on. */
bool sble_adapter_on(const struct sble_adapter *a);
bool sble_adapter_scans(const struct sble_adapter *a);
const struct sble_key *sble_adapter_ltk(
	const struct sble_adapter *a, const struct sble_address *identity);
/* The key of that identity, where the adapter has it and resolves by it. */
const struct sble_key *sble_adapter_irk(
	const struct sble_adapter *a, const struct sble_address *identity);
void sble_adapter_add_ltk(struct sble_adapter *a, const struct sble_key *k);
void sble_adapter_add_irk(struct sble_adapter *a, const struct sble_key *k);
/* Returns whether there was one. */
bool sble_adapter_forget(struct sble_adapter *a, const struct sble_address *identity);

/* What others do with it; skip: a client that is not told, or NULL. */
void sble_adapter_power(struct sble_adapter *a, bool on, struct sble_client *skip);
void sble_adapter_unplug(struct sble_adapter *a);
void sble_adapter_plug(struct sble_adapter *a);
