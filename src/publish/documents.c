/*
 * The retained documents. See documents.h.
 */
#include "publish/documents.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/registry.h"
#include "publish/document_set.h"
#include "publish/topic.h"

struct documents {
	struct documents_settings settings;
	char *prefix, *gateway, *epoch;
	struct document_set set;
	struct document *status;
	int64_t due;     /* no document is due before */
	bool added;      /* topics that are not remembered yet */
	size_t emptying; /* topics that are to be emptied */
	size_t removed;  /* topics that are remembered still */
};

const char *document_topic(const struct document *x)
{
	return x->topic;
}

const char *document_schema(const struct document *x)
{
	if (x->body)
		return "wardgate-alarm-1";
	return x->status ? "wardgate-status-1" : "wardgate-device-1";
}

uint64_t document_id(const struct document *x)
{
	return (UINT64_C(1) << 63) | x->id;
}

static void be_due(struct documents *d, struct document *x, int64_t boot_us)
{
	if (x->state == DOCUMENT_IN_FLIGHT) {
		if (!x->again || boot_us < x->not_before_boot_us)
			x->not_before_boot_us = boot_us;
		x->again = true;
		return;
	}
	if (x->state == DOCUMENT_GIVEN_UP)
		return;
	document_set_due(&d->set, x, boot_us);
	if (boot_us < d->due) {
		d->due = boot_us;
		d->settings.wake(d->settings.userdata);
	}
}

static bool is_to_be_emptied(const struct document *x)
{
	return !x->device && !x->status && !x->body;
}

static struct document *add(struct documents *d, const char *topic)
{
	struct document *x = document_set_add(&d->set, topic);

	if (!x)
		return NULL;
	d->added = true;
	d->emptying++; /* until it is something else */
	return x;
}

static struct document *find(struct documents *d, const char *topic)
{
	return document_set_find(&d->set, topic);
}

/* What it is from now on. */
static void become(struct documents *d, struct document *x, struct device *device, bool status,
	char *take_body)
{
	d->emptying -= is_to_be_emptied(x);
	if (x->device && x->device != device)
		x->device->document = NULL;
	x->device = device;
	if (device)
		device->document = x;
	x->status = status;
	free(x->body);
	x->body = take_body;
	d->emptying += is_to_be_emptied(x);
	be_due(d, x, 0);
}

/* The device goes, or its topic: the broker's copy is to be emptied. */
static void abandon(struct documents *d, struct document *x)
{
	become(d, x, NULL, false, NULL);
}

/* The device's document, one with its topic taken up again. */
static int adopt(struct documents *d, struct device *device)
{
	char topic[TOPIC_MAX], rest[LABEL_MAX + 16];
	struct text t = text_init(rest, sizeof(rest));
	struct document *x;

	text_lit(&t, "devices/");
	text_str(&t, device->name->text);
	if (text_done(&t) < 0 ||
		topic_gateway(topic, sizeof(topic), d->prefix, d->gateway, rest) < 0)
		return -ENOBUFS;
	x = find(d, topic);
	if (!x)
		x = add(d, topic);
	if (!x)
		return -ENOMEM;
	become(d, x, device, false, NULL);
	return 0;
}

static void on_device(struct device *device, enum device_event event, void *userdata)
{
	struct documents *d = userdata;
	struct document *x = device->document;

	switch (event) {
	case DEVICE_HEARD:
		break;
	case DEVICE_ADDED:
		/* Out of memory: there is no document of it until the next start. */
		(void)adopt(d, device);
		break;
	case DEVICE_CHANGED:
		if (x)
			be_due(d, x, x->sent_boot_us ? x->sent_boot_us + DEVICE_SOONEST_US : 0);
		break;
	case DEVICE_REMOVED:
		if (x)
			abandon(d, x);
		break;
	}
}

static int adopt_all(struct documents *d)
{
	char topic[TOPIC_MAX];
	int r;

	if (topic_gateway(topic, sizeof(topic), d->prefix, d->gateway, "status") < 0)
		return -ENOBUFS;
	d->status = find(d, topic) ?: add(d, topic);
	if (!d->status)
		return -ENOMEM;
	become(d, d->status, NULL, true, NULL);
	for (size_t i = 0; i < registry_count(d->settings.registry); i++) {
		r = adopt(d, registry_at(d->settings.registry, i));
		if (r < 0)
			return r;
	}
	return 0;
}

/* Topics of an earlier run come first, to be emptied unless they are taken up again. */
static int recall(struct documents *d, const char *topics)
{
	size_t count = 0;

	while (topics && *topics && count < DOCUMENTS_REMEMBERED_MAX) {
		size_t n = strcspn(topics, "\n");
		char topic[TOPIC_MAX];

		if (n < sizeof(topic)) {
			memcpy(topic, topics, n);
			topic[n] = 0;
			if (topic_publishable(topic) && !find(d, topic)) {
				struct document *x = add(d, topic);

				if (!x)
					return -ENOMEM;
				be_due(d, x, 0);
				count++;
			}
		}
		topics += n + (topics[n] == '\n');
	}
	d->added = false;
	return 0;
}

int documents_new(struct documents **ret, const struct documents_settings *settings)
{
	_cleanup_(documents_freep) struct documents *d = calloc(1, sizeof(*d));
	int r;

	if (!d)
		return -ENOMEM;
	d->settings = *settings;
	d->due = 0; /* nobody is to be woken yet */
	d->prefix = strdup(settings->prefix);
	d->gateway = strdup(settings->gateway);
	d->epoch = strdup(settings->epoch);
	if (document_set_init(&d->set) < 0 || !d->prefix || !d->gateway || !d->epoch)
		return -ENOMEM;
	r = recall(d, settings->remembered);
	if (r == 0)
		r = adopt_all(d);
	if (r == 0)
		r = registry_listen(settings->registry, on_device, d);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(d);
	return 0;
}

struct documents *documents_free(struct documents *d)
{
	if (!d)
		return NULL;
	for (struct document *x = d->set.first; x; x = x->next)
		if (x->device)
			x->device->document = NULL;
	document_set_done(&d->set);
	free(d->prefix);
	free(d->gateway);
	free(d->epoch);
	free(d);
	return NULL;
}

/* One of documents_put() under that prefix. */
static bool is_below(const struct document *x, const char *prefix)
{
	size_t n = strlen(prefix);

	return x->rest == n + 1 && memcmp(x->topic, prefix, n) == 0;
}

int documents_set_prefix(struct documents *d, const char *prefix, bool training)
{
	_cleanup_(freep) char *old = NULL;
	char *copy;
	int r = 0;

	d->settings.training = training;
	if (strcmp(prefix, d->prefix) == 0)
		return 0;
	copy = strdup(prefix);
	if (!copy)
		return -ENOMEM;
	old = d->prefix;
	d->prefix = copy;
	for (struct document *x = d->set.first; x; x = x->next) {
		bool moves = x->body && is_below(x, old);

		if (moves && r == 0)
			r = documents_put(d, x->topic + x->rest, x->body);
		if (moves || !x->body)
			abandon(d, x);
	}
	return r < 0 ? r : adopt_all(d);
}

int documents_put(struct documents *d, const char *rest, const char *body)
{
	_cleanup_(freep) char *copy = body ? strdup(body) : NULL;
	char topic[TOPIC_MAX];
	struct document *x;

	if (body && !copy)
		return -ENOMEM;
	if (topic_below(topic, sizeof(topic), d->prefix, rest) < 0)
		return -ENOBUFS;
	x = find(d, topic);
	if (!x && body) {
		x = add(d, topic);
		if (!x)
			return -ENOMEM;
	}
	if (!x)
		return 0;
	if (x->rest == 0)
		document_set_state(
			&d->set, x, x->state == DOCUMENT_DUE ? DOCUMENT_SETTLED : x->state);
	x->rest = strlen(topic) - strlen(rest);
	become(d, x, NULL, false, TAKE_PTR(copy));
	return 0;
}

int documents_empty(struct documents *d, const char *rest)
{
	char topic[TOPIC_MAX];
	struct document *x;

	if (topic_below(topic, sizeof(topic), d->prefix, rest) < 0)
		return -ENOBUFS;
	x = find(d, topic) ?: add(d, topic);
	if (!x)
		return -ENOMEM;
	x->rest = strlen(topic) - strlen(rest);
	abandon(d, x);
	return 0;
}

void documents_connected(struct documents *d)
{
	for (struct document *x = d->set.first; x; x = x->next)
		be_due(d, x, 0);
}

void documents_disconnected(struct documents *d)
{
	for (struct document *x = d->set.first; x; x = x->next)
		if (x->state == DOCUMENT_IN_FLIGHT) {
			document_set_state(&d->set, x, DOCUMENT_SETTLED);
			be_due(d, x, 0);
		}
}

void documents_status_changed(struct documents *d, int64_t boot_us)
{
	int64_t soonest = d->status->sent_boot_us + STATUS_SOONEST_US;

	be_due(d, d->status, soonest > boot_us ? soonest : boot_us);
}

static void remember(struct documents *d)
{
	_cleanup_(freep) char *all = NULL;
	size_t size = 1;
	struct text t;

	d->added = false;
	d->removed = 0;
	for (struct document *x = d->set.first; x; x = x->next)
		size += strlen(x->topic) + 1;
	all = malloc(size);
	if (!all)
		return;
	t = text_init(all, size);
	for (struct document *x = d->set.first; x; x = x->next) {
		text_str(&t, x->topic);
		text_char(&t, '\n');
	}
	if (text_done(&t) >= 0)
		d->settings.remember(all, d->settings.userdata);
}

struct document *documents_next(struct documents *d, int64_t boot_us)
{
	struct document *x;

	if (boot_us < d->due)
		return NULL;
	if (d->added)
		remember(d);
	x = document_set_next(&d->set, boot_us);
	/* The status tells that the gateway lives: it goes first. */
	if (d->status->state == DOCUMENT_DUE && d->status->not_before_boot_us <= boot_us)
		return d->status;
	if (!x)
		d->due = document_set_when(&d->set);
	return x;
}

int64_t documents_due(const struct documents *d)
{
	return d->due;
}

void document_sent(struct documents *d, struct document *x, int64_t boot_us)
{
	document_set_state(&d->set, x, DOCUMENT_IN_FLIGHT);
	x->again = false;
	x->sent_boot_us = boot_us;
}

/* Emptied: it leaves the set. Of many that go at once the set is written down now and then: a
 * topic that is remembered too long is emptied once more. */
static void drop(struct documents *d, struct document *x)
{
	d->emptying--;
	document_set_remove(&d->set, x);
	d->removed++;
	if (d->emptying == 0 || d->removed >= d->set.count / 8)
		remember(d);
}

void document_acked(struct documents *d, struct document *x, bool success)
{
	document_set_state(&d->set, x, DOCUMENT_SETTLED);
	if (x->rest && !x->again && d->settings.answered)
		d->settings.answered(x->topic + x->rest, !x->body, success, d->settings.userdata);
	if (x->state != DOCUMENT_SETTLED)
		return; /* changed in there */
	if (x->again) {
		be_due(d, x, x->not_before_boot_us);
	} else if (x->status) {
		be_due(d, x, x->sent_boot_us + STATUS_EVERY_US);
	} else if (!x->device && !x->body && success) {
		drop(d, x);
	}
}

void document_give_up(struct documents *d, struct document *x)
{
	document_set_state(&d->set, x, DOCUMENT_GIVEN_UP);
}

/* --- bodies --- */

static void put_string(struct text *t, const char *s)
{
	text_json_string(t, s, strlen(s));
}

/* {"status":"online","gateway":...,"epoch":...,"version":...,"mode":... */
static void put_head(const struct documents *d, struct text *t, const char *status)
{
	text_lit(t, "{\"status\":\"");
	text_str(t, status);
	text_lit(t, "\",\"gateway\":");
	put_string(t, d->gateway);
	text_lit(t, ",\"epoch\":");
	put_string(t, d->epoch);
	text_lit(t, ",\"version\":\"" WG_VERSION "\",\"mode\":\"");
	text_str(t, d->settings.training ? "training" : "production");
	text_char(t, '"');
}

static void put_time(struct text *t, int64_t realtime_us)
{
	text_char(t, '"');
	text_time(t, realtime_us);
	text_char(t, '"');
}

ssize_t documents_online(const struct documents *d, char *buf, size_t size, int64_t realtime_us,
	enum clock_state clock)
{
	struct text t = text_init(buf, size);

	put_head(d, &t, "online");
	text_lit(&t, ",\"clock\":\"");
	text_str(&t, clock_state_text(clock));
	text_lit(&t, "\",\"time\":");
	put_time(&t, realtime_us);
	text_lit(&t, ",\"next_by\":");
	put_time(&t, realtime_us + STATUS_NEXT_BY_US);
	d->settings.status(&t, d->settings.userdata);
	text_char(&t, '}');
	return text_done(&t);
}

ssize_t documents_offline(
	const struct documents *d, char *buf, size_t size, const char *reason, int64_t realtime_us)
{
	struct text t = text_init(buf, size);

	put_head(d, &t, "offline");
	if (reason) {
		text_lit(&t, ",\"reason\":");
		put_string(&t, reason);
		text_lit(&t, ",\"time\":");
		put_time(&t, realtime_us);
	}
	text_char(&t, '}');
	return text_done(&t);
}

ssize_t documents_device(const struct device *v, char *buf, size_t size, int64_t realtime_us)
{
	struct text t = text_init(buf, size);

	text_lit(&t, "{\"device\":");
	put_string(&t, v->name->text);
	text_lit(&t, ",\"transport\":\"");
	text_str(&t, transport_text(v->transport));
	text_lit(&t, "\",\"address\":");
	put_string(&t, v->address);
	text_lit(&t, ",\"use\":\"");
	text_str(&t, device_use_text(v->use));
	text_lit(&t, "\",\"bed\":");
	put_string(&t, label_text(v->bed, "-"));
	for (int f = 0; f < _FACT_MAX; f++) {
		if (!v->facts[f])
			continue;
		text_lit(&t, ",\"");
		text_str(&t, device_fact_text((enum device_fact)f));
		text_lit(&t, "\":");
		put_string(&t, v->facts[f]);
	}
	if (v->battery_percent >= 0) {
		text_lit(&t, ",\"battery\":");
		text_i64(&t, v->battery_percent);
	}
	if (v->link_quality > 0) {
		text_lit(&t, ",\"link_quality\":");
		text_i64(&t, v->link_quality);
	}
	text_lit(&t, ",\"state\":\"");
	text_str(&t, device_state_text(v->state));
	text_char(&t, '"');
	if (v->last_heard_us) {
		text_lit(&t, ",\"last_heard\":");
		put_time(&t, v->last_heard_us);
	}
	text_lit(&t, ",\"time\":");
	put_time(&t, realtime_us);
	text_char(&t, '}');
	return text_done(&t);
}

ssize_t document_body(const struct documents *d, const struct document *x, char *buf, size_t size,
	int64_t realtime_us, enum clock_state clock, const char **ret)
{
	*ret = x->body ?: buf;
	if (x->status)
		return documents_online(d, buf, size, realtime_us, clock);
	if (x->device)
		return documents_device(x->device, buf, size, realtime_us);
	return x->body ? (ssize_t)strlen(x->body) : 0;
}

const char *documents_status_topic(const struct documents *d)
{
	return d->status->topic;
}
