/*
 * The Zigbee driver: its life, the line to the radio, what the network tells,
 * and one timer for all that is pure. See driver_private.h for the parts.
 */
#include <errno.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "zigbee/driver_private.h"

#define LOST_US INT64_C(10000000) /* not up for so long: adapter-lost */
#define CALM_US INT64_C(10000000) /* up for so long: radio-reset is over */

extern const struct driver zigbee_driver;

struct decode_time zigbee_now(const struct zigbee *z)
{
	struct stamp now = clock_now(gateway_clock(z->gateway));

	return (struct decode_time){ now.boot_us, now.realtime_us };
}

static struct zigbee *of(struct line *l)
{
	return l->context;
}

/* ---- conditions ---- */

static void tell(struct zigbee *z, enum gateway_radio c, bool there, const char *text)
{
	gateway_radio_set(z->gateway, GATEWAY_RADIO_OF_ZIGBEE, c, there, text);
}

/* For people without a terminal: what is wrong, which ends at the first semicolon; what can be
 * done about it stands in the log and in doctor. */
static void tell_mismatch(struct zigbee *z, const char *text)
{
	char words[GATEWAY_RADIO_TEXT];

	(void)snprintf(words, sizeof(words), "%.*s", (int)strcspn(text, ";"), text);
	tell(z, GATEWAY_NETWORK_MISMATCH, true, words);
}

/* A radio that answers resets and nothing else is as good as lost after a while. */
static void was_reset(struct zigbee *z, const char *why, int64_t now_us)
{
	z->resetting = true;
	z->calm_us = INT64_MAX;
	(void)snprintf(z->reason, sizeof(z->reason), "%s", why);
	if (z->lost_us == INT64_MAX && !z->lost)
		z->lost_us = now_us + LOST_US;
	tell(z, GATEWAY_RADIO_RESET, true, why);
}

static void is_back(struct zigbee *z)
{
	z->lost_us = INT64_MAX;
	z->lost = false;
	z->reason[0] = 0;
	tell(z, GATEWAY_ADAPTER_LOST, false, NULL);
}

const char *zigbee_problem(const struct zigbee *z)
{
	if (z->problem[0])
		return z->problem;
	if (z->network.problem[0])
		return z->network.problem;
	return z->reason[0] ? z->reason : NULL;
}

static void conditions_due(struct zigbee *z, int64_t now_us)
{
	if (now_us >= z->lost_us) {
		z->lost_us = INT64_MAX;
		z->lost = true;
		log_error("the Zigbee radio is lost", F_STR("REASON", zigbee_problem(z)));
		tell(z, GATEWAY_ADAPTER_LOST, true, zigbee_problem(z));
	}
	if (now_us >= z->calm_us) {
		z->calm_us = INT64_MAX;
		z->resetting = false;
		tell(z, GATEWAY_RADIO_RESET, false, NULL);
	}
}

/* ---- the network ---- */

static int on_send(struct network *n, const uint8_t *frame, size_t length, int64_t now_us)
{
	return line_send(&zigbee_of_network(n)->line, frame, length, now_us);
}

static void on_reset(struct network *n, int64_t now_us)
{
	line_reset(&zigbee_of_network(n)->line, now_us);
}

static void on_silence(struct network *n)
{
	line_silence(&zigbee_of_network(n)->line);
}

static int on_random(struct network *n, uint8_t *to, size_t size)
{
	return RAND_bytes(to, (int)size) == 1 ? 0 : -EIO;
}

static void on_heard(struct network *n, const struct zigbee_heard *h, int64_t now_us)
{
	struct zigbee *z = zigbee_of_network(n);
	struct decode_time now = zigbee_now(z);

	nodes_heard(&z->nodes, h, &now);
}

/* The nodes cannot be told while they are sending. */
static void on_fate(struct network *n, uint32_t ticket, enum zigbee_fate fate, int64_t now_us)
{
	struct zigbee *z = zigbee_of_network(n);
	unsigned i = (z->fate_first + z->fate_count) % ZIGBEE_FATES_MAX;

	if (ticket == 0 || z->fate_count == ZIGBEE_FATES_MAX)
		return; /* an answer that does not come is waited for no longer than that */
	z->fates[i].ticket = ticket;
	z->fates[i].fate = fate;
	z->fate_count++;
}

static void tell_fates(struct zigbee *z)
{
	struct decode_time now;

	if (z->fate_count == 0)
		return;
	now = zigbee_now(z);
	while (z->fate_count > 0) {
		unsigned i = z->fate_first;

		z->fate_first = (i + 1) % ZIGBEE_FATES_MAX;
		z->fate_count--;
		nodes_sent(&z->nodes, z->fates[i].ticket, z->fates[i].fate, &now);
	}
}

/* Nothing is heard from here on. */
static void go_deaf(struct zigbee *z, int64_t now_us)
{
	if (z->nodes.up)
		z->deaf_us = now_us;
	nodes_down(&z->nodes);
}

static void hear_again(struct zigbee *z, int64_t now_us)
{
	if (z->deaf_us != 0)
		registry_was_deaf(
			gateway_registry(z->gateway), TRANSPORT_ZIGBEE, now_us - z->deaf_us);
	z->deaf_us = 0;
}

static void on_up(struct zigbee *z, const struct network_notice *n, int64_t now_us)
{
	struct decode_time now = zigbee_now(z);

	log_notice("the Zigbee network is up", F_INT("CHANNEL", z->network.net.channel),
		F_INT("EZSP", z->network.ezsp.version), F_INT("TOOK_MS", n->number / 1000));
	is_back(z);
	z->calm_us = z->resetting ? now_us + CALM_US : INT64_MAX;
	if (!z->resetting)
		tell(z, GATEWAY_RADIO_RESET, false, NULL);
	nodes_set_eui64(&z->nodes, z->network.eui64);
	hear_again(z, now_us);
	nodes_up(&z->nodes, &now);
}

static void on_device(struct zigbee *z, const struct network_notice *n)
{
	struct decode_time now = zigbee_now(z);
	char address[EUI64_TEXT_SIZE];

	switch ((int)n->kind) {
	case NETWORK_NOTICE_JOINED:
		nodes_joined(&z->nodes, n->eui64, n->node, NODES_JOINED, &now);
		break;
	case NETWORK_NOTICE_REJOINED:
		nodes_joined(&z->nodes, n->eui64, n->node, NODES_REJOINED, &now);
		break;
	case NETWORK_NOTICE_LEFT:
		nodes_left(&z->nodes, n->eui64, &now);
		devices_changed(z);
		break;
	case NETWORK_NOTICE_DENIED:
		log_warning("a device may not join the Zigbee network: see REASON",
			F_STR("ADDRESS", eui64_format(n->eui64, address)),
			F_INT("TIMES", n->number), F_STR("REASON", n->text));
		break;
	case NETWORK_NOTICE_CHILD:
	case NETWORK_NOTICE_ROUTE:
		if (n->eui64 && n->node != ZIGBEE_NODE_NONE)
			nodes_paired(&z->nodes, n->eui64, n->node, &now);
		break;
	case NETWORK_NOTICE_CONFLICT:
		nodes_conflict(&z->nodes, n->node, &now);
		break;
	default:
		break;
	}
}

static void on_notice(struct network *network, const struct network_notice *n, int64_t now_us)
{
	struct zigbee *z = zigbee_of_network(network);

	switch (n->kind) {
	case NETWORK_NOTICE_UP:
		on_up(z, n, now_us);
		break;
	case NETWORK_NOTICE_DOWN:
		go_deaf(z, now_us);
		log_warning("the Zigbee network is down", F_STR("REASON", n->text));
		break;
	case NETWORK_NOTICE_RESET:
		log_warning("the Zigbee radio is started anew", F_STR("REASON", n->text));
		if (n->number) /* else people wanted it */
			was_reset(z, n->text, now_us);
		break;
	case NETWORK_NOTICE_PROBLEM:
		log_error("the Zigbee radio: see REASON", F_STR("REASON", n->text));
		break;
	case NETWORK_NOTICE_MISMATCH:
		log_error("the Zigbee radio's network is not the gateway's; nothing is done to it",
			F_STR("REASON", n->text));
		tell_mismatch(z, n->text);
		break;
	case NETWORK_NOTICE_MATCHES:
		tell(z, GATEWAY_NETWORK_MISMATCH, false, NULL);
		break;
	case NETWORK_NOTICE_FORMED:
		log_notice("a Zigbee network is formed", F_STR("REASON", n->text));
		break;
	case NETWORK_NOTICE_RESTORED:
	case NETWORK_NOTICE_CHANGED:
	case NETWORK_NOTICE_NEWER:
		log_notice("the Zigbee network: see REASON", F_STR("REASON", n->text));
		break;
	case NETWORK_NOTICE_OVERFLOW:
		log_warning("the Zigbee radio had no room and has lost messages",
			F_INT("TIMES", n->number));
		break;
	case NETWORK_NOTICE_OPENED:
		log_notice("devices may join the Zigbee network", F_INT("SECONDS", n->number));
		break;
	case NETWORK_NOTICE_CLOSED:
		log_notice("devices may join the Zigbee network no longer");
		break;
	case NETWORK_NOTICE_JOINED:
	case NETWORK_NOTICE_REJOINED:
	case NETWORK_NOTICE_LEFT:
	case NETWORK_NOTICE_DENIED:
	case NETWORK_NOTICE_CHILD:
	case NETWORK_NOTICE_ROUTE:
	case NETWORK_NOTICE_CONFLICT:
		on_device(z, n);
		break;
	case NETWORK_NOTICE_KEY:
	case _NETWORK_NOTICE_MAX:
		break;
	}
}

const struct network_ops *zigbee_network_ops(void)
{
	static const struct network_ops ops = {
		.send = on_send,
		.reset = on_reset,
		.silence = on_silence,
		.random = on_random,
		.keep = netfile_keep,
		.notice = on_notice,
		.heard = on_heard,
		.fate = on_fate,
	};

	return &ops;
}

/* ---- the line ---- */

static void on_opened(struct line *l, int64_t now_us)
{
	network_begin(&of(l)->network, now_us);
}

static void on_line_up(struct line *l, int64_t now_us)
{
	struct zigbee *z = of(l);

	z->problem[0] = 0; /* not before: what opens need not answer */
	network_link_up(&z->network, now_us);
}

static void on_data(struct line *l, const uint8_t *bytes, size_t length, int64_t now_us)
{
	network_receive(&of(l)->network, bytes, length, now_us);
}

static void on_line_down(struct line *l, enum line_why why, int detail, int64_t now_us)
{
	char words[NETWORK_WORDS_SIZE];

	network_link_down(
		&of(l)->network, line_words(l, why, detail, words, sizeof(words)), now_us);
}

static void on_closed(struct line *l, enum line_why why, int detail, int64_t now_us)
{
	struct zigbee *z = of(l);

	(void)line_words(l, why, detail, z->problem, sizeof(z->problem));
	log_error("the Zigbee radio cannot be used", F_STR("REASON", z->problem));
	network_stop(&z->network, now_us);
	go_deaf(z, now_us);
	if (z->lost_us == INT64_MAX && !z->lost)
		z->lost_us = now_us + LOST_US;
}

static void arm(struct zigbee *z)
{
	int64_t all[] = { network_deadline(&z->network), nodes_deadline(&z->nodes),
		devices_deadline(z), z->lost_us, z->calm_us };
	int64_t at = INT64_MAX;

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		at = all[i] < at ? all[i] : at;
	if (z->line.hushed)
		at = devices_deadline(z);
	if (at == z->timer_us)
		return;
	z->timer_us = at;
	if (at != INT64_MAX)
		(void)sd_event_source_set_time(z->timer, at > 0 ? (uint64_t)at : 0);
	(void)sd_event_source_set_enabled(
		z->timer, at == INT64_MAX ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

/* What the radio is told to be safe here must not be lost on the way out: it is not heard any more,
 * once it has answered what was asked of it. */
static void hush(struct zigbee *z)
{
	if (z->quiet && !z->line.hushed && network_is_idle(&z->network))
		line_hush(&z->line);
}

static void on_turned(struct line *l, int64_t now_us)
{
	struct zigbee *z = of(l);

	/* It is there, though its network is not ours; that may have been told long ago. */
	if (z->network.state == NETWORK_PASSIVE && (z->lost || z->lost_us != INT64_MAX)) {
		is_back(z);
		z->calm_us = z->resetting ? now_us + CALM_US : INT64_MAX;
	}
	tell_fates(z);
	hush(z);
	arm(z);
}

static const struct line_ops line_ops = {
	.opened = on_opened,
	.up = on_line_up,
	.data = on_data,
	.down = on_line_down,
	.closed = on_closed,
	.turned = on_turned,
};

/* ---- time ---- */

void zigbee_settle(struct zigbee *z)
{
	if (z->settling)
		return;
	z->settling = true;
	tell_fates(z);
	hush(z);
	line_settle(&z->line);
	arm(z);
	z->settling = false;
}

static int on_time(sd_event_source *s, uint64_t usec, void *userdata)
{
	struct zigbee *z = userdata;
	struct decode_time now = zigbee_now(z);

	z->timer_us = INT64_MIN; /* it is off now */
	devices_due(z, now.boot_us);
	if (!z->line.hushed) {
		network_tick(&z->network, now.boot_us);
		nodes_tick(&z->nodes, &now);
		conditions_due(z, now.boot_us);
	}
	zigbee_settle(z);
	return 0;
}

/* ---- life ---- */

static void stop(void *state)
{
	struct zigbee *z = state;

	if (!z)
		return;
	z->settling = true; /* nothing begins any more */
	for (unsigned c = 0; c < _GATEWAY_RADIO_MAX; c++)
		tell(z, (enum gateway_radio)c, false, NULL);
	line_stop(&z->line);
	gateway_keep_forget(z->gateway, GATEWAY_ZIGBEE_NETWORK);
	devices_done(z);
	network_wipe(&z->network);
	sd_event_source_disable_unref(z->timer);
	config_unref(z->config);
	free(z->port);
	free(z);
}

static enum serial_flow flow_of(enum config_flow_control f)
{
	return f == FLOW_HARDWARE   ? SERIAL_FLOW_HARDWARE
	       : f == FLOW_SOFTWARE ? SERIAL_FLOW_SOFTWARE
				    : SERIAL_FLOW_NONE;
}

/* The port as the configuration has it now. */
static int open_line(struct zigbee *z)
{
	const struct config *c = z->config;
	char *port = strdup(c->zigbee.port);

	if (!port)
		return -ENOMEM;
	free(z->port);
	z->port = port;
	return line_start(&z->line, &line_ops, z, z->event, port, c->zigbee.baud_rate,
		flow_of(c->zigbee.flow_control));
}

static int begin(struct zigbee *z)
{
	int r = devices_init(z);

	if (r == 0)
		r = devices_apply(z);
	if (r == 0)
		r = netfile_load(z, devices_load(z));
	if (r == 0)
		r = sd_event_add_time(z->event, &z->timer, CLOCK_BOOTTIME, 0, 1000, on_time, z);
	if (r < 0)
		return r;
	(void)sd_event_source_set_enabled(z->timer, SD_EVENT_OFF);
	return open_line(z);
}

static int start(void **ret_state, sd_event *e, struct gateway *g, struct config *c)
{
	struct zigbee *z = calloc(1, sizeof(*z));
	int r;

	if (!z)
		return -ENOMEM;
	z->event = e;
	z->gateway = g;
	z->config = config_ref(c);
	z->timer_us = z->lost_us = z->calm_us = INT64_MAX;
	r = begin(z);
	if (r < 0) {
		stop(z);
		return r;
	}
	zigbee_settle(z);
	*ret_state = z;
	return 0;
}

static bool same_radio(const struct config *a, const struct config *b)
{
	return strcmp(a->zigbee.port, b->zigbee.port) == 0 &&
	       a->zigbee.baud_rate == b->zigbee.baud_rate &&
	       a->zigbee.flow_control == b->zigbee.flow_control &&
	       a->zigbee.channel == b->zigbee.channel &&
	       strcmp(a->zigbee.network_key, b->zigbee.network_key) == 0 &&
	       a->zigbee.allow_well_known_key == b->zigbee.allow_well_known_key;
}

/* As if the radio had been unplugged; the devices stay as they are. */
static int change_radio(struct zigbee *z)
{
	int r = netfile_again(z);

	if (r < 0)
		return r;
	go_deaf(z, boottime_us());
	z->problem[0] = 0;
	return open_line(z);
}

static int reload(void *state, struct config *c)
{
	struct zigbee *z = state;
	bool same = !z->behind && same_radio(z->config, c);
	int r;

	config_unref(z->config);
	z->config = config_ref(c);
	r = same ? 0 : change_radio(z);
	z->behind = r < 0;
	r = devices_apply(z) ?: r;
	zigbee_settle(z);
	return r;
}

static void forget(void *state, struct device *d)
{
	if (d->transport == TRANSPORT_ZIGBEE && d->driver_data)
		devices_forget(state, d);
}

static void quiesce(void *state)
{
	struct zigbee *z = state;

	z->quiet = true;
	devices_finish(z);
	/* Nobody would close it. */
	(void)network_permit(&z->network, 0, false, boottime_us());
	zigbee_settle(z);
}

static void report(void *state, struct driver_report *ret)
{
	struct zigbee *z = state;

	*ret = (struct driver_report){ .running = true,
		.accepted = z->accepted,
		.refused = z->refused,
		.dropped = z->nodes.counters.malformed + z->nodes.counters.unattributed +
			   z->nodes.counters.ambiguous };
	for (unsigned i = 0; nodes_at(&z->nodes, i); i++)
		ret->sessions += nodes_at(&z->nodes, i)->joined;
	ret->problem = zigbee_problem(z) ?: devices_problem(z);
}

static bool wanted(const struct config *c)
{
	return c->zigbee.enabled;
}

const struct driver zigbee_driver = {
	.name = "zigbee",
	.wanted = wanted,
	.start = start,
	.reload = reload,
	.forget = forget,
	.quiesce = quiesce,
	.stop = stop,
	.report = report,
	.joining = &zigbee_joining,
};
