/*
 * What is kept of the network: its parameters, its keys, whose radio it is, and
 * how far the frame counter was; and the text that keeps it. Pure; not the
 * file: whoever writes it makes it 0600. All of it is secret.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NETSTATE_KEY_SIZE 16
#define NETSTATE_LINKS_MAX 64 /* keys of single devices, which came with a backup */
#define NETSTATE_TEXT_MAX 8192
#define NETSTATE_FILE "zigbee-network" /* in the state directory, 0600 */
#define NETSTATE_FORMER "zigbee-network.former"
/* A restored radio counts on from so far beyond what was last seen: devices ignore whoever counts
 * backwards, and say nothing. */
#define NETSTATE_COUNTER_MARGIN (UINT32_C(1) << 20)

struct netstate_link {
	uint64_t eui64;
	uint8_t key[NETSTATE_KEY_SIZE];
};

struct netstate {
	uint64_t generation; /* one more each time that it is to be kept */
	uint64_t eui64;      /* the coordinator's; 0: not known yet */
	uint64_t extended_pan;
	uint32_t counter;      /* outgoing, of the network key, when last looked at */
	uint32_t link_counter; /* outgoing, of the devices' own keys, when last written */
	uint16_t pan;
	uint8_t channel, update_id;
	uint8_t key_sequence;
	bool formed; /* false: the keys are made, but perhaps no radio has taken them */
	uint8_t network_key[NETSTATE_KEY_SIZE];
	uint8_t link_key[NETSTATE_KEY_SIZE]; /* the trust centre's, of which it makes each device's
					      */
	unsigned link_count;
	struct netstate_link links[NETSTATE_LINKS_MAX];
};

/* Whether it can be a network: a channel of 11 to 26, a PAN and keys that are none of the reserved
 * or blank ones, no link twice. */
bool netstate_valid(const struct netstate *s);
/* Wipes it. */
void netstate_wipe(struct netstate *s);
/* Makes the text, with a 0 behind it that is not counted. Returns 0 with *ret for
 * netstate_text_free(), -EINVAL when it is not valid, or -ENOMEM. */
int netstate_write(const struct netstate *s, char **ret, size_t *ret_length);
/* Wipes and frees; NULL is fine. */
void netstate_text_free(char *text, size_t length);
/* Returns 0; -EBADMSG when it is no text of netstate_write() or not a whole one, with the line at
 * which it is so, 0: cut off or altered. *ret is all zero then. */
int netstate_read(const char *text, size_t length, struct netstate *ret, unsigned *ret_line);
