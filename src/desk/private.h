/*
 * What the files of desk/ share: desk.c (life, deadlines, readings), apply.c
 * (the configuration), say.c (events and states), conditions.c (what the
 * gateway knows of itself), values.c (computed and charted values), keep.c,
 * durable.c and takeback.c (the state). For this room only.
 */
#pragma once

#include "desk/desk.h"
#include "desk/journal.h"
#include "gateway/gateway.h"
#include "gateway/records.h"
#include "util/hash.h"
#include "wardgate/device.h"

#define LOG_MODULE "desk"
#include "util/log.h"

#define DESK_TABLE 1024      /* buckets; a power of two */
#define DESK_DOCUMENT 8000   /* bytes of one without a list of devices */
#define DESK_COMPUTED_MAX 64 /* values that wait for the end of the turn */

/* An alarm that is not over, as it was told last. */
struct desk_alarm {
	struct desk_alarm *next;  /* in the bucket */
	struct desk_alarm *dirty; /* in the list of those whose state is to be published */
	bool is_dirty;
	uint8_t to_log; /* bits of enum alarm_phase: that are to be logged */
	bool over;      /* to be emptied and forgotten */
	enum alarm_priority priority;
	enum alarm_state state;
	unsigned inactivation;
	enum alarm_condition condition;
	char device[LABEL_MAX + 1]; /* "": none */
	char *name;     /* "<gateway>:<epoch>:a<number>" */
	char *document; /* NULL: it has none yet */
	char key[];
};

/* A device, a bed, or the gateway: one piece of the engine's state. */
struct desk_place {
	struct desk_place *next; /* in the bucket */
	enum alarms_piece kind;
	struct desk_place *waiting; /* in the list of those to be looked at */
	struct desk_place *next_urgent;
	bool is_waiting, is_urgent, renew;
	bool lasting_due;     /* consumers were told of something that lasts */
	bool lasting_changed; /* lasting is not what it should be by now */
	bool known;           /* stands in the configuration */
	struct alarms_mark mark;
	int64_t written_us, lasting_us; /* boot: the last writing, volatile and durable */
	char *lasting;                  /* the piece for the durable state; NULL: nothing */
	size_t lasting_length;
	/* Of devices. */
	unsigned told, raised;      /* bits of conditions: that the engine was told of, and there */
	bool heard;                 /* in whichever run */
	int64_t added_us;           /* boot: known since */
	int64_t hint_us;            /* how often it promised to speak, of an earlier run */
	char bed[LABEL_MAX + 1];    /* where it stands; "": at none */
	char former[LABEL_MAX + 1]; /* likewise when an earlier run ended, if has_former */
	bool has_former;
	char name[];
};

struct desk_waiter {
	struct desk_waiter *next;
	desk_kept_fn done;
	void *userdata;
	uint64_t wants;   /* the number of the change that is to be on the disk */
	int64_t until_us; /* boot: it is told that the disk does not answer */
};

struct desk_computed {
	struct reading reading; /* with references of its own */
	bool of_device;         /* name is that of a device, else of the rule */
	char name[LABEL_MAX + 1];
};

struct desk_watched; /* conditions.c */
struct desk_unsafe;  /* unsafe.c */

struct desk {
	struct desk_parts parts;
	struct alarms *engine;
	struct registry *registry;
	struct config *config;
	sd_event_source *timer;  /* the engine's deadline */
	sd_event_source *after;  /* what can wait for the end of the turn */
	sd_event_source *later;  /* what can wait for the event to be away */
	sd_event_source *second; /* once a second */
	int64_t armed_us;
	int64_t latest_us;    /* boot: when a device was last looked at */
	int64_t published_us; /* boot: when states were last published */
	bool restored;
	bool finished; /* the process ends: nothing more is said */
	bool appended; /* events are in the outbox that nobody was woken for */

	struct desk_alarm *alarms[DESK_TABLE];
	struct desk_alarm *dirty;
	size_t alarm_count;
	bool signals_changed, heard_changed;

	struct desk_place *places[DESK_TABLE];
	struct desk_place *gateway_place;
	struct desk_place *urgent;        /* to be written before anybody hears of it */
	struct desk_place *first, **last; /* to be looked at when their time has come */
	sd_event_source *looker;

	struct desk_unsafe *unsafe, **last_unsafe; /* oldest first */
	size_t unsafe_count;
	uint64_t unsafe_serial;

	/* The volatile and the durable state. */
	struct journal *journal;
	char boot[CLOCK_BOOT_ID_SIZE];
	uint64_t change, given, kept; /* numbers of changes that last: made, with the disk, on it */
	int64_t given_us;             /* boot: when it was last given */
	bool giving;                  /* the disk has not answered yet */
	int keep_error, journal_error;
	sd_event_source *keeper;
	struct desk_waiter *waiters;

	struct desk_computed *computed;
	size_t computed_count, computed_lost;
	struct device **own; /* devices that computed and charted values are said to come from */
	size_t own_count;
	bool charting;   /* a charted value is on its way in */
	bool submitting; /* a computed one is */

	struct desk_watched *watched;
};

/* ---- desk.c ---- */
/* After the engine was called: what it said is made safe against a kill, and goes out. */
void desk_settle(struct desk *d);
/* Has the rest done at the end of this turn. */
void desk_wake(struct desk *d);
/* By name; NULL: there is none. desk_place_get() makes it; NULL without memory. */
struct desk_place *desk_place_find(const struct desk *d, enum alarms_piece kind, const char *name);
struct desk_place *desk_place_get(struct desk *d, enum alarms_piece kind, const char *name);
/* Its piece of the state becomes empty. */
void desk_place_drop(struct desk *d, struct desk_place *p);
#define FOR_EACH_PLACE(d, i, p)                                                                    \
	for (size_t i = 0; i < DESK_TABLE; i++)                                                    \
		for (struct desk_place *p = (d)->places[i], *next_place = p ? p->next : NULL; p;   \
			p = next_place, next_place = p ? p->next : NULL)
size_t desk_bucket(const char *name);

/* ---- apply.c ---- */
void desk_on_device(struct device *device, enum device_event event, void *userdata);
/* Before and after the state of an earlier run is taken: devices that were given another bed since
 * stand where they stood then, and move. */
void desk_stand_as_then(struct desk *d, const struct alarm_now *now);
void desk_stand_as_now(struct desk *d, const struct alarm_now *now);

/* ---- document.c: pure ---- */
struct desk_context {
	const char *gateway, *epoch; /* of this run */
	uint64_t sequence;
	enum clock_state clock;
	bool training;
};
/* Bytes that it needs at most. */
size_t desk_document_size(const struct alarm_event *e);
/* The document of an event; of its devices as many as there is room for. Returns its length or
 * -ENOBUFS. */
ssize_t desk_document(
	char *buf, size_t size, const struct alarm_event *e, const struct desk_context *c);
/* What a computed value was made of, as the inside of a JSON object. Returns the length, which is
 * at most DETAIL_MAX, or -ENOBUFS. */
ssize_t desk_components(char *buf, size_t size, const struct alarm_computed *c);

/* ---- say.c ---- */
void desk_on_event(void *userdata, const struct alarm_event *e);
/* The states that changed go to the broker, and into the log. */
void desk_publish_states(struct desk *d);
/* Who shows signals is told, if some changed. */
void desk_tell_signals(struct desk *d);
void desk_alarms_free(struct desk *d);

/* ---- values.c ---- */
void desk_on_computed(void *userdata, const struct alarm_computed *c);
void desk_submit_computed(struct desk *d);
void desk_values_free(struct desk *d);

/* ---- conditions.c ---- */
int desk_conditions_new(struct desk *d);
void desk_conditions_free(struct desk *d);
/* Once a second. */
void desk_look(struct desk *d, const struct alarm_now *now);
/* A device was heard or changed. */
void desk_look_at(struct desk *d, struct device *device, const struct alarm_now *now);
/* What is known of them is raised anew. */
void desk_conditions_again(struct desk *d);

/* ---- unsafe.c ---- */
/* An event was given to the outbox. */
void desk_unsafe_add(struct desk *d, uint64_t sequence, const char *topic, const char *body);
/* Forgets those that are safe by now. */
void desk_unsafe_look(struct desk *d);
/* All of them into a journal that was begun anew. */
void desk_unsafe_renew(struct desk *d);
/* As lines of text for the durable state; and back from there, or from pieces of the journal. */
void desk_unsafe_put(struct desk *d, FILE *f);
void desk_unsafe_restore(struct desk *d, const char *text, size_t length);
void desk_unsafe_free(struct desk *d);
#define DESK_UNSAFE 'e' /* names of their pieces begin so */

/* ---- keep.c, durable.c, takeback.c ---- */
#define DESK_HEARD "~heard" /* the piece that says who was ever heard */
#define DESK_DURABLE_MAGIC "wardgate-desk"
/* How writing the volatile state went; logged when it changes. */
void desk_say_journal(struct desk *d, int r);
/* The pieces for the durable state that changed are made anew. */
void desk_keep_lasting(struct desk *d);
/* Something that lasts has changed. */
void desk_note_change(struct desk *d);
/* Tells those who have waited too long that the disk does not answer. */
void desk_patience(struct desk *d, int64_t boot_us);
int desk_on_keeper(sd_event_source *s, uint64_t usec, void *userdata);
/* Gives the disk all that lasts, now. */
void desk_keep_give(struct desk *d);
/* From here on all that is known is kept, in the place of what was left. */
void desk_keep_begin(struct desk *d, const struct alarm_now *now);
int desk_keep_new(struct desk *d);
void desk_keep_free(struct desk *d);
/* Something of that place may have changed: it is looked at soon; urgent: before the call of the
 * engine is settled. */
void desk_touch(struct desk *d, struct desk_place *p, bool urgent);
/* It goes. */
void desk_keep_forget(struct desk *d, struct desk_place *p);
/* Another device was heard for the first time. */
void desk_keep_heard(struct desk *d);
/* Gives the disk what is due, and tells those who wait for nothing. */
void desk_keep_due(struct desk *d);
/* Writes the pieces of what is urgent. */
void desk_keep_urgent(struct desk *d);
/* Writes what waits. */
void desk_keep_all(struct desk *d);
/* Takes the state of an earlier run. */
void desk_restore(struct desk *d, const struct alarm_now *now);
/* Once a second: says that the gateway lives, and to those who wait that the disk hangs. */
void desk_keep_alive(struct desk *d, const struct alarm_now *now);
