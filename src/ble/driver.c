/*
 * The Bluetooth driver: its life, the management channel, what the adapters
 * tell, and one timer for all of them. See driver_private.h for the parts.
 */
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "ble/ccm.h"
#include "ble/driver_private.h"
#include "ble/memory.h"

#define PACKETS_A_TURN 64
#define REOPEN_MIN_US INT64_C(1000000)
#define REOPEN_MAX_US INT64_C(60000000)

extern const struct driver ble_driver;

struct decode_time ble_now(const struct ble *b)
{
	struct stamp now = clock_now(gateway_clock(b->gateway));

	return (struct decode_time){ now.boot_us, now.realtime_us };
}

/* ---- what the adapters tell ---- */

static struct peer *peer_of(struct ble *b, const struct ble_address *a)
{
	struct ble_address who = *a;

	if (ble_address_is_resolvable(a))
		(void)rpa_resolve(b->rpa, a, &who);
	return peer_find(b, &who);
}

static void log_adapter(
	const struct adapter *a, int priority, const char *sentence, const struct adapter_notice *n)
{
	char address[BLE_ADDRESS_TEXT_SIZE];
	const char *name = ble_address_is_none(&a->address) /* never seen */
				   ? a->select
				   : ble_address_format(&a->address, address);

	log_emit(priority, sentence, F_STR("ADAPTER", name), F_STR("REASON", n->text));
}

static void on_pair_failed(
	const struct radio *radio, struct peer *p, const struct adapter_notice *n)
{
	if (!p)
		return;
	log_warning("a device does not pair", F_STR("WARDGATE_DEVICE", p->device->name->text),
		F_STR("REASON", n->text));
	p->device->unproven_boot_us = boottime_us();
	conn_security_failed(p, radio);
}

/* One that is lost is told, the last one that comes back ends it. */
static void tell_lost(struct ble *b)
{
	bool lost = false;

	for (unsigned i = 0; i < b->radio_count; i++)
		lost |= b->radios[i]->adapter.lost;
	gateway_radio_set(b->gateway, GATEWAY_RADIO_OF_BLE, GATEWAY_ADAPTER_LOST, lost, NULL);
}

/* The service manager has this as long as the unit runs. A simulated adapter is nobody else's. */
static void look_for_rival(struct adapter *a, int64_t now_us)
{
	struct stat st;

	if (!radio_of(a)->ble->where.directory &&
		lstat("/run/systemd/units/invocation:bluetooth.service", &st) == 0)
		adapter_note_rival(a, now_us);
}

static void on_stale(struct peer *p)
{
	if (!p)
		return;
	p->device->bond_stale = true;
	peer_pairing_hold(p);
	log_error("a device does not know its bond any more",
		F_STR("WARDGATE_DEVICE", p->device->name->text),
		F_STR("REMEDY", "put it into pairing mode and say wardgatectl pair"));
}

static void on_notice(struct adapter *a, const struct adapter_notice *n, int64_t now_us)
{
	struct radio *radio = radio_of(a);
	struct ble *b = radio->ble;
	struct peer *p = peer_of(b, &n->address);

	if (peer_pairing_notice(radio, n))
		return;
	switch (n->kind) {
	case ADAPTER_NOTICE_UP:
		tell_lost(b);
		log_adapter(a, LOG_INFO, "a Bluetooth adapter is in use", n);
		look_for_rival(a, now_us);
		break;
	case ADAPTER_NOTICE_DOWN:
		log_adapter(a, LOG_WARNING, "a Bluetooth adapter is not in use any more", n);
		conns_drop(radio, now_us);
		break;
	case ADAPTER_NOTICE_PROBLEM:
		log_adapter(a, LOG_ERR, "a Bluetooth adapter cannot be used", n);
		break;
	case ADAPTER_NOTICE_LOST:
		tell_lost(b);
		log_adapter(a, LOG_ERR, "a Bluetooth adapter is lost", n);
		break;
	case ADAPTER_NOTICE_RECOVERED:
		tell_lost(b);
		log_adapter(a, LOG_NOTICE, "a Bluetooth adapter can be used again", n);
		break;
	case ADAPTER_NOTICE_RIVAL:
		log_adapter(a, LOG_WARNING, "another program uses a Bluetooth adapter", n);
		break;
	case ADAPTER_NOTICE_SILENT:
		log_adapter(a, LOG_WARNING, "a Bluetooth adapter hears nothing", n);
		break;
	case ADAPTER_NOTICE_HEARING:
		log_adapter(a, LOG_NOTICE, "a Bluetooth adapter hears again", n);
		break;
	case ADAPTER_NOTICE_PAIRED:
		if (!p)
			break;
		p->device->bond_stale = false;
		peer_pairing_hold(p);
		conn_secured(p, radio,
			n->authenticated ? LINK_LEVEL_AUTHENTICATED : LINK_LEVEL_ENCRYPTED);
		break;
	case ADAPTER_NOTICE_PAIR_FAILED:
		on_pair_failed(radio, p, n);
		break;
	case ADAPTER_NOTICE_STALE:
		on_stale(p);
		break;
	case ADAPTER_NOTICE_UNPAIRED:
		keys_forget(a, &n->address);
		break;
	case ADAPTER_NOTICE_CONFIRM:
	case ADAPTER_NOTICE_ASK_PASSKEY:
		/* Nobody is there to be asked. */
		(void)adapter_answer(a, &n->address, false, 0, now_us);
		break;
	case ADAPTER_NOTICE_PARAMS:
		if (p && n->keep)
			params_chosen(p, &n->params, now_us);
		break;
	case ADAPTER_NOTICE_SHOW_PASSKEY:
	case ADAPTER_NOTICE_QUIET:
	case ADAPTER_NOTICE_CONNECTED:
	case ADAPTER_NOTICE_DISCONNECTED:
	case ADAPTER_NOTICE_CONNECT_FAILED:
	case ADAPTER_NOTICE_RESOLVED:
	case _ADAPTER_NOTICE_MAX:
		break;
	}
}

static void on_report(struct adapter *a, const struct mgmt_report *r, int64_t now_us)
{
	peers_report(radio_of(a), r, now_us);
}

/* Just Works needs no person; Bonding=no refuses it. */
static bool may_bond(struct adapter *a, const struct ble_address *who)
{
	const struct peer *p = peer_of(radio_of(a)->ble, who);

	return p && (p->bonding != BONDING_NO || p->ble->pairing.peer == p);
}

/* Whoever says that he lost the key may be somebody else: people decide. */
static bool may_rebond(struct adapter *a, const struct ble_address *who)
{
	return false;
}

static const struct adapter_ops adapter_ops = {
	.report = on_report,
	.notice = on_notice,
	.ltks = keys_ltks,
	.irks = keys_irks,
	.params = params_list,
	.save_ltk = keys_save_ltk,
	.save_irk = keys_save_irk,
	.bonded = keys_bonded,
	.may_bond = may_bond,
	.may_rebond = may_rebond,
};

/* ---- the management channel ---- */

static void open_channel(struct ble *b);

static void close_channel(struct ble *b, int error)
{
	int64_t now = boottime_us(),
		pause = REOPEN_MIN_US << (b->reopen_tries < 6 ? b->reopen_tries : 6);

	b->io = sd_event_source_disable_unref(b->io);
	if (b->fd >= 0)
		(void)close(b->fd);
	b->fd = -1;
	b->packet_length = 0;
	b->reopen_tries++;
	b->reopen_us = now + (pause < REOPEN_MAX_US ? pause : REOPEN_MAX_US);
	if (b->reopen_tries == 1)
		log_error("the Bluetooth management channel is not there",
			F_STR("REMEDY", error == -EAFNOSUPPORT
						? "load the kernel's Bluetooth (modprobe bluetooth)"
						: "see that the adapter is plugged in"),
			F_ERR(error));
	(void)snprintf(b->problem, sizeof(b->problem), "no management channel: %s",
		strerrordesc_np(-error) ?: "unknown error");
	adapter_router_stop(&b->router, b->problem, now);
	for (unsigned i = 0; i < b->radio_count; i++)
		conns_drop(b->radios[i], now);
}

static void write_packets(struct ble *b, int64_t now_us)
{
	while (b->fd >= 0) {
		ssize_t n;

		if (b->packet_length == 0)
			b->packet_length = adapter_router_output(
				&b->router, b->packet, sizeof(b->packet), now_us);
		if (b->packet_length == 0)
			break;
		n = send(b->fd, b->packet, b->packet_length, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n < 0 && errno != EINVAL && errno != EMSGSIZE) {
			close_channel(b, -errno);
			return;
		}
		OPENSSL_cleanse(b->packet, b->packet_length); /* keys are among them */
		b->packet_length = 0; /* what the kernel refuses is not answered: a time-out */
	}
	if (b->io)
		(void)sd_event_source_set_io_events(
			b->io, b->packet_length ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static int on_channel(sd_event_source *s, int fd, uint32_t revents, void *userdata)
{
	struct ble *b = userdata;
	uint8_t packet[MGMT_HEADER_SIZE + UINT16_MAX];

	for (unsigned i = 0; i < PACKETS_A_TURN && b->fd >= 0; i++) {
		ssize_t n = recv(b->fd, packet, sizeof(packet), MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n <= 0) {
			close_channel(b, n < 0 ? -errno : -EPIPE);
			break;
		}
		b->reopen_tries = 0;
		/* What follows from it is not to be done from within the router. */
		b->settling = true;
		adapter_router_receive(&b->router, packet, (size_t)n, boottime_us());
		b->settling = false;
	}
	ble_settle(b);
	return 0;
}

static void open_channel(struct ble *b)
{
	int r = io_open_mgmt(&b->where);

	if (r >= 0) {
		b->fd = r;
		r = sd_event_add_io(b->event, &b->io, b->fd, EPOLLIN, on_channel, b);
	}
	if (r < 0) {
		close_channel(b, r);
		return;
	}
	b->reopen_us = INT64_MAX;
	b->problem[0] = 0;
	adapter_router_start(&b->router, boottime_us());
}

/* ---- time ---- */

static void arm(struct ble *b)
{
	int64_t at = adapter_router_deadline(&b->router);

	for (unsigned i = 0; i < b->radio_count; i++) {
		int64_t slots = slots_deadline(b->radios[i]->slots);

		at = slots < at && adapter_can_connect(&b->radios[i]->adapter) ? slots : at;
	}
	at = b->reopen_us < at ? b->reopen_us : at;
	at = memory_deadline(b) < at ? memory_deadline(b) : at;
	at = keys_deadline(b) < at ? keys_deadline(b) : at;
	at = tagging_deadline(b) < at ? tagging_deadline(b) : at;
	at = peer_pairing_deadline(b) < at ? peer_pairing_deadline(b) : at;
	at = at > 0 ? at : 0; /* INT64_MIN stands for a timer that is off */
	if (at == b->timer_us)
		return;
	b->timer_us = at;
	if (at != INT64_MAX)
		(void)sd_event_source_set_time(b->timer, (uint64_t)at);
	(void)sd_event_source_set_enabled(
		b->timer, at == INT64_MAX ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

void ble_settle(struct ble *b)
{
	int64_t now = boottime_us();

	if (b->settling)
		return;
	b->settling = true;
	for (unsigned i = 0; !b->quiet && i < b->radio_count; i++)
		conns_serve(b->radios[i], now);
	write_packets(b, now);
	arm(b);
	b->settling = false;
}

static int on_time(sd_event_source *s, uint64_t usec, void *userdata)
{
	struct ble *b = userdata;
	int64_t now = boottime_us();

	b->timer_us = INT64_MIN; /* it is off now */
	if (b->fd < 0 && now >= b->reopen_us)
		open_channel(b);
	b->settling = true;
	adapter_router_tick(&b->router, now);
	b->settling = false;
	memory_due(b, now);
	keys_due(b, now);
	tagging_due(b, now);
	peer_pairing_due(b, now);
	ble_settle(b);
	return 0;
}

/* ---- life ---- */

static int add_radio(struct ble *b, const char *select)
{
	struct slots_settings settings = { .tenure_us = SLOTS_TENURE_US,
		.limit = b->config->ble.max_connections };
	struct ble_address home;
	bool has_home = bonds_home(b->bonds, &home);
	struct radio *radio;
	int r;

	if (b->radio_count == ADAPTERS_MAX)
		return -ENOSPC;
	radio = calloc(1, sizeof(*radio));
	if (!radio)
		return -ENOMEM;
	radio->ble = b;
	adapter_init(&radio->adapter, &adapter_ops, select, has_home ? &home : NULL);
	(void)RAND_bytes((unsigned char *)&settings.seed, sizeof(settings.seed));
	r = slots_new(&radio->slots, &settings);
	if (r == 0)
		r = adapter_router_add(&b->router, &radio->adapter);
	if (r < 0) {
		slots_free(radio->slots);
		free(radio);
		return r;
	}
	b->radios[b->radio_count++] = radio;
	return 0;
}

/* sim:DIRECTORY stands for whatever adapters the simulator has; with others beside it, for where
 * they are. */
static int add_radios(struct ble *b)
{
	const struct config_list *l = &b->config->ble.adapters;
	int r = 0;

	for (size_t i = 0; i < l->count && r == 0; i++) {
		bool sim = strncmp(l->items[i], "sim:", 4) == 0;

		if (sim && !b->where.directory) { /* a reload lets go of the configuration */
			b->directory = strdup(l->items[i] + 4);
			if (!b->directory)
				return -ENOMEM;
			b->where.directory = b->directory;
		}
		if (sim && l->count > 1)
			continue;
		r = add_radio(b, sim ? "auto" : l->items[i]);
	}
	return r;
}

static void stop(void *state)
{
	struct ble *b = state;

	if (!b)
		return;
	b->settling = true; /* nothing begins any more */
	gateway_radio_set(b->gateway, GATEWAY_RADIO_OF_BLE, GATEWAY_ADAPTER_LOST, false, NULL);
	peers_free(b);
	sd_event_source_disable_unref(b->io);
	sd_event_source_disable_unref(b->timer);
	if (b->fd >= 0)
		(void)close(b->fd);
	for (unsigned i = 0; i < b->radio_count; i++) {
		slots_free(b->radios[i]->slots);
		free(b->radios[i]);
	}
	tagging_free(b);
	keys_free(b);
	gateway_keep_forget(b->gateway, GATEWAY_BLE);
	counters_free(b->counters);
	rpa_free(b->rpa);
	ccm_free(b->cipher);
	config_unref(b->config);
	free(b->directory);
	free(b);
}

static int start(void **ret_state, sd_event *e, struct gateway *g, struct config *c)
{
	struct ble *b = calloc(1, sizeof(*b));
	struct ccm *cipher = NULL;
	int r;

	if (!b)
		return -ENOMEM;
	b->event = e;
	b->gateway = g;
	b->config = config_ref(c);
	b->fd = -1;
	b->reopen_us = INT64_MAX;
	(void)RAND_bytes((unsigned char *)&b->key, sizeof(b->key));
	adapter_router_init(&b->router);
	r = rpa_new(&b->rpa);
	if (r == 0)
		r = ccm_new(&cipher);
	b->cipher = cipher;
	if (r == 0)
		r = keys_load(b);
	if (r == 0)
		r = add_radios(b);
	if (r == 0)
		r = peers_apply(b);
	if (r == 0)
		r = tagging_apply(b);
	if (r == 0) {
		memory_load(b);
		peers_expect(b, boottime_us());
	}
	if (r == 0)
		r = sd_event_add_time(e, &b->timer, CLOCK_BOOTTIME, 0, 1000, on_time, b);
	if (r < 0) {
		stop(b);
		return r;
	}
	(void)sd_event_source_set_enabled(b->timer, SD_EVENT_OFF);
	b->timer_us = INT64_MAX;
	open_channel(b);
	ble_settle(b);
	*ret_state = b;
	return 0;
}

static bool same_adapters(const struct config *a, const struct config *b)
{
	const struct config_list *x = &a->ble.adapters, *y = &b->ble.adapters;

	for (size_t i = 0; x->count == y->count && i < x->count; i++)
		if (strcmp(x->items[i], y->items[i]) != 0)
			return false;
	return x->count == y->count;
}

static int reload(void *state, struct config *c)
{
	struct ble *b = state;
	int r;

	if (!same_adapters(b->config, c))
		log_warning("other adapters are taken with the next start of the gateway");
	config_unref(b->config);
	b->config = config_ref(c);
	r = peers_apply(b);
	r = tagging_apply(b) ?: r;
	peers_expect(b, boottime_us());
	ble_settle(b);
	return r;
}

static void forget(void *state, struct device *d)
{
	if (d->transport != TRANSPORT_BLE || !d->driver_data)
		return;
	memory_forget(d->driver_data);
	peer_free(d->driver_data);
}

static void quiesce(void *state)
{
	struct ble *b = state;

	for (unsigned i = 0; i < b->radio_count; i++)
		conns_drain(b->radios[i]);
	b->quiet = true;
	memory_finish(b);
}

/* Whether streams have to take turns since the adapter has too few connections. */
static bool is_crowded(struct ble *b)
{
	for (unsigned i = 0; i < b->radio_count; i++) {
		struct slots_view v;

		slots_look(b->radios[i]->slots, boottime_us(), &v);
		if (v.waiting_streams == 0 || v.limit == 0 || v.connected < v.limit)
			continue;
		(void)snprintf(b->crowded, sizeof(b->crowded),
			"hci%u has %u connections and %u more devices wait for one: add an adapter",
			b->radios[i]->adapter.index, v.limit, v.waiting_streams);
		return true;
	}
	return false;
}

static void report(void *state, struct driver_report *ret)
{
	struct ble *b = state;

	*ret = (struct driver_report){ .running = true,
		.sessions = b->links,
		.accepted = b->accepted,
		.refused = b->refused,
		.dropped = b->dropped + (b->tags ? tags_refused(b->tags) : 0) };
	if (b->problem[0])
		ret->problem = b->problem;
	for (unsigned i = 0; !ret->problem && i < b->radio_count; i++)
		if (b->radios[i]->adapter.problem[0])
			ret->problem = b->radios[i]->adapter.problem;
	if (!ret->problem && is_crowded(b))
		ret->problem = b->crowded;
}

static void look(void *state, int64_t until_us)
{
	struct ble *b = state;
	int64_t now = boottime_us();

	for (unsigned i = 0; i < b->radio_count; i++)
		adapter_discover(&b->radios[i]->adapter, until_us, now);
	ble_settle(b);
}

static bool wanted(const struct config *c)
{
	return c->ble.enabled;
}

const struct driver ble_driver = {
	.name = "ble",
	.wanted = wanted,
	.start = start,
	.reload = reload,
	.forget = forget,
	.quiesce = quiesce,
	.stop = stop,
	.report = report,
	.look = look,
	.pairing = &ble_pairing,
};
