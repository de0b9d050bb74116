/*
 * The gateway's inside, for the files that make it up: gateway.c (its life, the
 * clock), intake.c (a reading's way in). Inner header of gateway/.
 */
#pragma once

#include "gateway/corrections.h"
#include "gateway/dedup.h"
#include "gateway/epoch.h"
#include "gateway/gateway.h"
#include "gateway/recall.h"
#include "gateway/tap.h"

struct gateway {
	struct registry *registry;
	struct clock *clock;
	sd_event_source *silence;
	struct ledger ledger;
	struct recall *recall; /* NULL: none */
	char *name;
	char *epoch;
	struct epoch self; /* counter and random of epoch */
	bool training;
	uint64_t sequence;
	struct gateway_counters counters;
	gateway_clock_fn on_clock;
	void *on_clock_userdata;
	gateway_epoch_fn on_epoch;
	void *on_epoch_userdata;
	enum clock_state last_state;
	struct gateway_tap {
		gateway_tap_fn fn;
		void *userdata;
	} taps[GATEWAY_TAPS_MAX];
	size_t tap_count;

	/* Earlier epochs by the numbers that dedup.h knows them by; 0 is this run. */
	struct label *epochs[DEDUP_EPOCHS_MAX];
	unsigned epoch_count; /* the next number to give out */

	struct {
		bool known, there;
		char text[GATEWAY_RADIO_TEXT];
	} radios[_GATEWAY_RADIO_MAX][_GATEWAY_RADIO_OF_MAX];
	gateway_keeper_fn keeper; /* NULL: none */
	void *keeper_userdata;
	struct gateway_keeping {
		bool busy;
		gateway_kept_fn done; /* NULL: nobody waits */
		void *userdata;
	} keeping[_GATEWAY_FILE_MAX];

	char boot[EPOCH_BOOT_MAX];
	bool synchronised; /* within this boot */
	struct corrections corrections;
	/* They are kept until the record that publishes them is safe. */
	uint64_t corrected_by;           /* its number, 0: none */
	struct receipt *correction_safe; /* NULL: nobody waits for it at present */
};

/* A number was given to something stamped now. */
void gateway_note_stamp(struct gateway *g, uint64_t sequence, const struct stamp *now);
