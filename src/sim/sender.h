/*
 * How one device gets its packs across: what waits, what is on its way, when
 * to try again. A pack is kept until its 2.04 came, and goes out again
 * unchanged (same times, same values) after a time-out, a reset, a lost session,
 * 4.29 or 5.xx. Pure: the line is behind a table of functions, the time is an
 * argument; sender_deadline() says when to call sender_step() again.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "sim/pack.h"
#include "sim/rng.h"
#include "util/cleanup.h"

struct sender;

/* A pack as it waits. Its bytes are made anew for each attempt: the same samples give the same. */
struct pack {
	TAILQ_ENTRY(pack) entry;
	uint32_t number; /* within the device, from 1 */
	uint16_t count;
	uint16_t attempts;
	int8_t fault; /* enum pack_fault: must be refused; -1: none */
	int64_t first_sent_us, deadline_us;
	struct sample samples[];
};

enum sender_outcome {
	SENDER_SENT, /* for the first time: called before the line has it */
	SENDER_ACKNOWLEDGED,
	SENDER_REFUSED, /* code says how; diagnostic may be given */
	SENDER_DROPPED, /* the queue was full */
};

struct sender_line {
	/* Opens a session; sender_up() or sender_down() follows. Returns 0 or a negative errno. */
	int (*open)(void *userdata);
	/* Ends it; sender_down() does not follow. */
	void (*close)(void *userdata);
	/* Whether it can take a pack now; if not, an answer will change it. */
	bool (*ready)(void *userdata);
	/* Returns 0 or a negative errno, which ends the session. */
	int (*send)(void *userdata, const struct pack *p);
	/* code is class * 100 + detail: 204. diagnostic: the answer's bytes or NULL. */
	void (*outcome)(void *userdata, const struct pack *p, enum sender_outcome o, int code,
		const char *diagnostic, size_t length);
	/* What happened to the session or a pack, for the log: "session-lost". */
	void (*event)(void *userdata, const char *event, const char *why);
};

struct sender_options {
	size_t queue;              /* packs kept */
	unsigned in_flight;        /* packs on their way at once */
	int64_t answer_timeout_us; /* from sending to the separate answer */
	int64_t open_timeout_us;   /* for the handshake */
	int64_t backoff_us, backoff_max_us;
};

struct sender_counters {
	uint64_t packs, values; /* first sent */
	uint64_t acknowledged, acknowledged_values;
	uint64_t refused, dropped, resent, timeouts, busy; /* packs; busy: 4.29 and 5.xx answers */
	uint64_t faulty, faulty_refused; /* packs wrong on purpose; of these answered 4.xx */
	uint64_t sessions, sessions_lost;
};

int sender_new(struct sender **ret, const struct sender_options *o, const struct sender_line *line,
	void *userdata, struct rng rng);
struct sender *sender_free(struct sender *s);
WG_DEFINE_CLEANUP(struct sender *, sender_free)

/* Takes a copy; when the queue is full the oldest that waits is dropped. fault: enum pack_fault or
 * -1. Returns 0 or -ENOMEM. */
int sender_add(struct sender *s, const struct sample *samples, size_t count, int fault);

void sender_up(struct sender *s, int64_t now_us);
/* The session ended, or never came up. */
void sender_down(struct sender *s, const char *why, int64_t now_us);
/* An answer to the pack of that number; max_age_s < 0: it had none. */
void sender_answer(struct sender *s, uint32_t number, int code, int max_age_s,
	const char *diagnostic, size_t length, int64_t now_us);
/* The pack could not be delivered; dead: nor will another over this session. */
void sender_failed(struct sender *s, uint32_t number, const char *why, bool dead, int64_t now_us);
/* Power cut: the session is gone without a word and a new one is opened at at_us. */
void sender_restart(struct sender *s, int64_t now_us, int64_t at_us);
/* Sends what can be sent and sees to what is overdue. */
void sender_step(struct sender *s, int64_t now_us);
/* When to call sender_step() again; INT64_MAX: nothing is due. */
int64_t sender_deadline(const struct sender *s);

/* Packs that wait or are on their way. */
size_t sender_pending(const struct sender *s);
const struct sender_counters *sender_counters(const struct sender *s);
