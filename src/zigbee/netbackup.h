/*
 * The network as a text that other hosts read as well: JSON of the format
 * zigpy/open-coordinator-backup, as zigpy writes it and zigbee2mqtt in its
 * coordinator_backup.json. Out and in. Pure; all of it is secret.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zigbee/netstate.h"

#define NETBACKUP_DEVICES_MAX 1024
#define NETBACKUP_TEXT_MAX (1024 * 1024)
#define NETBACKUP_WORDS_SIZE 160

struct netbackup_device {
	uint64_t eui64;
	uint16_t node; /* ZIGBEE_NODE_NONE: not known */
};

struct netbackup {
	struct netstate net;     /* its links: devices with a key of their own */
	bool link_key_known;     /* false: the trust centre's key was made anew */
	unsigned links_left_out; /* keys beyond NETSTATE_LINKS_MAX */
	size_t device_count;
	struct netbackup_device *devices;
	char source[64];                  /* who wrote it */
	char words[NETBACKUP_WORDS_SIZE]; /* what cannot be taken over, "" when all is well */
};

/* Writes it. date: RFC 3339, NULL: none. Returns 0 with *ret for netstate_text_free(), -EINVAL
 * when s is none or its radio is not known, or -ENOMEM. */
int netbackup_write(const struct netstate *s, const struct netbackup_device *devices, size_t count,
	const char *date, char **ret, size_t *ret_length);
/* Reads one. random: for the trust centre's key, where the backup has none of use. Returns 0 with
 * *ret for netbackup_wipe(); -EBADMSG with a sentence of what is wrong in words; -ENOMEM, or what
 * random returned. */
int netbackup_read(const char *text, size_t length, int (*random)(uint8_t *to, size_t size),
	struct netbackup *ret, char words[static NETBACKUP_WORDS_SIZE]);
/* Wipes and frees what it holds. */
void netbackup_wipe(struct netbackup *b);
