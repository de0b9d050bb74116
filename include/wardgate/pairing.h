/*
 * Pairing as the operator's commands see it: what control/ asks of a driver
 * whose devices are bonded by a dialogue with a person (Bluetooth LE), and what
 * it is told. One pairing at a time. Not how it is done, nor where keys are kept.
 *
 * Everything runs on the loop. Times are of the boot-time clock.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct device;

#define PAIRING_NUMBER_MAX 999999u /* six digits, leading zeros shown */
#define PAIRING_IDENTITY_MAX 17    /* "C0:FF:EE:00:00:01" */
#define PAIRING_DETAIL_MAX 95

/* What a person is asked for. */
enum pairing_question {
	PAIRING_COMPARE, /* the device shows a number: is it this one? */
	PAIRING_ENTER,   /* the device shows a passkey, or has it on its label: which? */
	PAIRING_SHOW,    /* this passkey is to be typed at the device; no answer is wanted */
	_PAIRING_QUESTION_MAX
};

enum pairing_outcome {
	PAIRING_BONDED,         /* and the bond is on the disk */
	PAIRING_NOT_HEARD,      /* nothing of it until the time was over */
	PAIRING_UNREACHABLE,    /* heard, but no connection came about, or it broke */
	PAIRING_REFUSED,        /* the device does not pair (now) */
	PAIRING_MISMATCH,       /* wrong passkey, or numbers that are not the same */
	PAIRING_TIMED_OUT,      /* the device or the person took too long */
	PAIRING_TOO_WEAK,       /* it offers less than the configuration or its profile demands */
	PAIRING_OTHER_IDENTITY, /* bonded, but it is the device identity, not the configured one */
	PAIRING_NOT_KEPT,       /* the bond could not be written */
	PAIRING_NO_ADAPTER,     /* none is there, or it is off */
	PAIRING_TAKEN,          /* another program (bluetoothd) has the adapter and interferes */
	PAIRING_ENDED,          /* the driver stops, or the device left the configuration */
	PAIRING_FAILED,         /* anything else; detail says what */
	_PAIRING_OUTCOME_MAX
};

struct pairing_result {
	enum pairing_outcome outcome;
	bool secure_connections;                 /* LE Secure Connections, else legacy pairing */
	bool authenticated;                      /* by a passkey or a compared number */
	char identity[PAIRING_IDENTITY_MAX + 1]; /* who was bonded; "": nobody */
	char detail[PAIRING_DETAIL_MAX + 1]; /* what the protocol calls it, for people; "": none */
};

/* Called by the driver. */
struct pairing_events {
	/* number: of PAIRING_COMPARE and PAIRING_SHOW. A further question takes the place of the
	 * one before. */
	void (*asks)(enum pairing_question question, uint32_t number, void *userdata);
	/* Once, and the last call of this pairing: nothing comes after cancel(). */
	void (*ends)(const struct pairing_result *result, void *userdata);
	void *userdata;
};

enum pairing_bond_state {
	PAIRING_BOND_NONE,
	PAIRING_BOND_GOOD,
	PAIRING_BOND_STALE, /* the device has lost it: to be paired again */
};

struct pairing_bond {
	enum pairing_bond_state state;
	bool secure_connections, authenticated; /* of one that is there */
};

enum pairing_link_state {
	PAIRING_LINK_NOT_HEARD, /* in this run */
	PAIRING_LINK_HEARD,     /* it advertises; nothing is to be connected for */
	PAIRING_LINK_BROADCAST, /* its readings are in what it advertises */
	PAIRING_LINK_WAITING,   /* for a free connection, or until it is its turn again */
	PAIRING_LINK_CONNECTING,
	PAIRING_LINK_SETTING_UP, /* connected; its services are being read */
	PAIRING_LINK_CONNECTED,
	_PAIRING_LINK_STATE_MAX
};

struct pairing_link {
	enum pairing_link_state state;
	int8_t signal_dbm;     /* when last heard; 0: not known */
	int64_t heard_boot_us; /* advertising; 0: not in this run */
};

/* error: 0, -ENOENT (there was no bond), or another negative errno. */
typedef void (*pairing_unpaired_fn)(int error, void *userdata);

/* What a driver offers; state is the driver's. */
struct pairing {
	/*
	 * Begins to pair a device of the registry: waits until until_us at the latest for it to be
	 * heard, connects, asks. address: what it advertises now, in the spelling of struct device;
	 * NULL: its configured one (or a private one that an earlier bond resolves). A bond that it
	 * has is replaced once a new one is made. events is copied. Nothing is told from within
	 * this call. Returns 0, -EBUSY (one is under way), -ENODEV (no adapter), -ENOMEM or
	 * another negative errno.
	 */
	int (*begin)(void *state, struct device *d, const char *address, int64_t until_us,
		const struct pairing_events *events);
	/* To the question last asked: yes or no to PAIRING_COMPARE, yes with the number or no to
	 * PAIRING_ENTER. Ignored when none is open. May call back from within. */
	void (*answer)(void *state, bool yes, uint32_t number);
	/* Ends it, and tells nothing. Nothing happens when none is under way. */
	void (*cancel)(void *state);
	/* Forgets the bond, here and in the kernel, and ends its link. done is called once, maybe
	 * from within, at the latest in the driver's stop(); NULL: nobody waits. */
	void (*unpair)(void *state, struct device *d, pairing_unpaired_fn done, void *userdata);
	/* What is known of its bond, and of its link. */
	void (*bond)(void *state, const struct device *d, struct pairing_bond *ret);
	void (*link)(void *state, const struct device *d, struct pairing_link *ret);
};
