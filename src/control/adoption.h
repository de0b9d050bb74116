/*
 * Devices adopted through the daemon, on the disk: their sections in
 * <StateDirectory>/devices.d and their secrets. Blocks: for a worker's thread. It
 * decides nothing about what runs; verb_adopt.c has the configuration read anew.
 */
#pragma once

#include "config/config.h"
#include "config/read.h"
#include "control/commands.h"

#define ADOPTION_KEY_BYTES 16 /* of a key that is generated */

struct adoption {
	/* What is asked; owned. */
	char *config_path, *state_directory;
	struct config_options options;
	char *device, *address;
	enum transport transport;
	char *settings; /* lines of the section besides Transport= and Address=; "" none */
	char *key; /* hexadecimal; NULL: generate one where the transport needs one. Of a Bluetooth
		      device, BindKey= */
	/* What became of it; owned. */
	enum command_outcome outcome;
	char *why;  /* one sentence, or lines of problems */
	char *file; /* the section's */
	bool wrote_key;
	bool removed;   /* the section is gone, whatever became of the key */
	bool generated; /* key is new, and nobody knows it yet */
};

/* Wipes and frees. */
struct adoption *adoption_free(struct adoption *a);
WG_DEFINE_CLEANUP(struct adoption *, adoption_free)

/* The key of an adopted Bluetooth sensor: <StateDirectory>/devices.d/NAME.bindkey. */
#define ADOPTION_BIND_KEY_FILE ".bindkey"

/* Checks the section together with the whole configuration as it stands on the disk, then writes
 * the key and the section, each atomically. On failure nothing has changed. */
void adoption_write(struct adoption *a);
/* Removes the section and the key. NotFound, Refused (the section is not alone in its file, or in
 * /etc), Failed. */
void adoption_remove(struct adoption *a);
