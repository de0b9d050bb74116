/*
 * One connection, as its profiles see it: what to read, to subscribe to and to
 * write next, and what becomes of what comes. Pure: the driver owns link,
 * handles' discovery, pairing and descriptors, and performs one action at a time.
 *
 * What the driver does with it:
 *   - after discovery it calls session_begin() with the attributes found;
 *   - while session_next() gives an action it performs it (for a subscription: it
 *     writes the descriptor, encrypting the link first if the device asks for
 *     that) and says how it ended by session_done();
 *   - what is notified or indicated goes to session_heard(); the readings go to
 *     gateway_submit(). An indication is confirmed at once if no readings came
 *     of it; otherwise when they are safe, and never if they will not be: then
 *     the link is dropped;
 *   - readings say auth "link"; over a link that is not encrypted the driver makes
 *     that "none";
 *   - where result.ask_safe is set it calls session_safe() with result.token from
 *     the receipt;
 *   - it calls session_tick() at session_deadline(), saves
 *     profile_device.memory when a result says that it changed, and shows facts
 *     and battery in the device document.
 */
#pragma once

#include "ble/profiles/profiles.h"

#define SESSION_ATTRIBUTES_MAX 96
#define SESSION_PROFILES_MAX 16
#define SESSION_WRITES_MAX 8

/* Properties of a characteristic, as its declaration has them. */
#define ATTRIBUTE_READ 0x02
#define ATTRIBUTE_WRITE_WITHOUT_RESPONSE 0x04
#define ATTRIBUTE_WRITE 0x08
#define ATTRIBUTE_NOTIFY 0x10
#define ATTRIBUTE_INDICATE 0x20

struct session_attribute {
	uint16_t service;        /* 16-bit UUID */
	uint16_t service_handle; /* tells services of one UUID apart */
	uint16_t characteristic; /* 16-bit UUID */
	uint16_t handle;         /* of the value */
	uint8_t properties;
};

enum session_action_kind {
	SESSION_READ,
	SESSION_NOTIFY,   /* subscribe to notifications */
	SESSION_INDICATE, /* subscribe to indications */
	SESSION_WRITE,    /* with response */
};

struct session_action {
	uint8_t kind; /* enum session_action_kind */
	uint16_t handle;
	uint8_t length; /* of bytes, SESSION_WRITE */
	uint8_t bytes[PROFILE_WRITE_MAX];
};

/* What a call came to, beside its outcome. */
struct session_result {
	struct profile_result profile;
	const struct ble_profile *row; /* whose it is; NULL: nobody's */
	uint64_t token;                /* for session_safe(), where profile.ask_safe is set */
};

struct session_slot {
	const struct ble_profile *row;
	uint8_t id, instance;
	uint16_t service_handle;
	bool given_up; /* what it needs is not there or was refused */
	int64_t deadline_us;
	_Alignas(8) uint8_t state[PROFILE_STATE_MAX];
};

struct session_step {
	uint8_t slot;
	bool again; /* asked for by the profile, not a step of the beginning */
	struct session_action action;
};

struct session {
	struct profile_device *device;
	struct session_slot slots[SESSION_PROFILES_MAX];
	size_t slot_count;
	struct session_attribute attributes[SESSION_ATTRIBUTES_MAX];
	size_t attribute_count;
	/* Where the beginning stands: slot, row of its characteristics, attribute, whether it was
	 * read already. */
	size_t at_slot, at_row, at_attribute;
	bool at_subscription;
	/* What profiles have asked for. */
	struct session_step queue[SESSION_WRITES_MAX];
	size_t queued;
	struct session_step current;
	bool busy;
};

/* Begins with what the device has; attributes are copied, those without a profile are left out.
 * The device's clock counts as not known. Returns how many profiles it has. */
size_t session_begin(struct session *s, struct profile_device *d,
	const struct session_attribute *attributes, size_t count);

/* What to do next. False: nothing at present (something is under way, or all is done); where there
 * is a note, it is called again. The readings list is the caller's: out->profile.readings. Profiles
 * that have all they asked for are told here, which may give notes, never readings. */
bool session_next(struct session *s, const struct decode_time *now, struct decoded *readings,
	struct session_action *ret, struct session_result *out);

/* How the action under way ended: att_error 0 is well; bytes are a read's. Returns 0 or one of
 * PROFILE_E_*. */
int session_done(struct session *s, uint8_t att_error, const uint8_t *bytes, size_t length,
	const struct decode_time *now, struct decoded *readings, struct session_result *out);

/* A notification or an indication. */
int session_heard(struct session *s, uint16_t handle, bool indicated, const uint8_t *bytes,
	size_t length, const struct decode_time *now, struct decoded *readings,
	struct session_result *out);

/* What had the token is safe, or will not be. */
int session_safe(struct session *s, uint64_t token, bool is_safe, const struct decode_time *now,
	struct decoded *readings, struct session_result *out);

/* When session_tick() is wanted next, PROFILE_NEVER when not. */
int64_t session_deadline(const struct session *s);
/* Serves one deadline that has passed; again while session_deadline() is not later than now. */
int session_tick(struct session *s, const struct decode_time *now, struct decoded *readings,
	struct session_result *out);
