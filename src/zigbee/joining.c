/*
 * What people ask of the Zigbee network: to let devices in and out, and what is
 * to become of a network that is not the one that is kept (wardgate/joining.h).
 */
#include <errno.h>
#include <openssl/rand.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "config/install_code.h"
#include "zigbee/driver_private.h"
#include "zigbee/installcode.h"
#include "zigbee/netbackup.h"

/* What the radio may have counted since its counter was kept (NETWORK_COUNTER_STEP, and an hour).
 */
#define COUNTER_AHEAD (UINT32_C(1) << 17)

__attribute__((format(printf, 3, 4))) static int refuse(
	char *why, int error, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(why, JOINING_WHY, format, ap);
	va_end(ap);
	return error;
}

/* Why it is not up, the end of a sentence. */
static const char *problem_of(const struct zigbee *z)
{
	return zigbee_problem(z) ?: network_state_word(z->network.state);
}

static int not_up(const struct zigbee *z, char *why)
{
	return refuse(why, -ENETDOWN, "the Zigbee network is not up: %s", problem_of(z));
}

static void invite_configured(struct zigbee *z, const struct config_device *d)
{
	uint8_t code[INSTALLCODE_MAX], key[INSTALLCODE_KEY_SIZE];
	struct config_why why = { 0 };
	const struct node *node;
	size_t length = 0;
	uint64_t eui64;
	int r;

	if (!eui64_parse(d->address, &eui64))
		return;
	node = nodes_find(&z->nodes, eui64);
	if (node && node->joined)
		return; /* it has a key of its own */
	r = config_install_code(d->install_code, code, &length, &why);
	if (r == 0)
		r = installcode_key_of(code, length, key);
	if (r == 0)
		r = network_invite(&z->network, eui64, key, boottime_us());
	if (r != 0)
		log_error("InstallCode= cannot be used: the device cannot join with it",
			F_STR("WARDGATE_DEVICE", d->name),
			F_STR("REASON", why.text[0] ? why.text : strerrordesc_np(-r)));
	explicit_bzero(code, sizeof(code));
	explicit_bzero(key, sizeof(key));
}

static int permit(void *state, unsigned seconds, bool well_known, char *why)
{
	struct zigbee *z = state;
	int r;

	for (size_t i = 0; seconds > 0 && i < z->config->device_count; i++)
		if (z->config->devices[i].transport == TRANSPORT_ZIGBEE &&
			z->config->devices[i].install_code)
			invite_configured(z, &z->config->devices[i]);
	r = network_permit(&z->network, seconds, well_known, boottime_us());
	zigbee_settle(z);
	switch (r) {
	case 0:
		return 0;
	case -ENETDOWN:
		return not_up(z, why);
	case -ERANGE:
		return refuse(
			why, r, "%u s is too long; at most %d s", seconds, NETWORK_PERMIT_MAX);
	case -EPERM:
		return refuse(why, r,
			"the key that all the world knows is refused; give the device's install "
			"code, or set AllowWellKnownKey=yes in [Zigbee]");
	default:
		return refuse(why, r, "the radio was not told: %s", strerrordesc_np(-r));
	}
}

static int invite(void *state, const char *address, const char *code, char *why)
{
	struct zigbee *z = state;
	uint8_t key[INSTALLCODE_KEY_SIZE];
	char words[JOINING_WHY];
	uint64_t eui64;
	int r;

	if (!eui64_parse(address, &eui64))
		return refuse(
			why, -EINVAL, "%.64s is no EUI-64; give 0x and 16 hex digits", address);
	r = installcode_key(code, key);
	if (r > 0)
		return refuse(why, -EINVAL, "the install code %s",
			installcode_words(code, r, words, sizeof(words)));
	if (r == 0)
		r = network_invite(&z->network, eui64, key, boottime_us());
	explicit_bzero(key, sizeof(key));
	zigbee_settle(z);
	if (r == -ENOSPC)
		return refuse(why, r,
			"%d install codes wait already; let those devices join, or restart the "
			"gateway",
			NETWORK_INVITED_MAX);
	return r < 0 ? refuse(why, r, "the install code cannot be used: %s", strerrordesc_np(-r))
		     : 0;
}

static int not_there(int error, char *why)
{
	switch (error) {
	case -ENOENT:
	case -EHOSTUNREACH:
		return refuse(why, error, "it is not in the network, as far as is known");
	case -ENOTSUP:
		return refuse(why, error,
			"it has not said that it can show itself; see its manual for how to find "
			"it");
	default:
		return refuse(why, error, "it could not be told: %s", strerrordesc_np(-error));
	}
}

static int dismiss(void *state, const struct device *d, char *why)
{
	struct zigbee *z = state;
	struct decode_time now = zigbee_now(z);
	uint64_t eui64;
	int r = -EINVAL;

	if (eui64_parse(d->address, &eui64)) {
		/* or it is back at once, while the network is open */
		network_uninvite(&z->network, eui64, now.boot_us);
		r = nodes_dismiss(&z->nodes, eui64, &now);
	}
	zigbee_settle(z);
	return r < 0 ? not_there(r, why) : 0;
}

static int remove_unknown(void *state, const char *address, char *why)
{
	struct zigbee *z = state;
	struct decode_time now = zigbee_now(z);
	const struct node *node;
	uint64_t eui64;
	int r;

	if (!eui64_parse(address, &eui64))
		return refuse(
			why, -EINVAL, "%.64s is no EUI-64; give 0x and 16 hex digits", address);
	node = nodes_find(&z->nodes, eui64);
	if (node && node->configured)
		return refuse(why, -EBUSY,
			"a device of the configuration has this address; forget that one: "
			"wardgatectl forget %s",
			((const struct device *)node->context)->name->text);
	network_uninvite(&z->network, eui64, now.boot_us);
	r = nodes_dismiss(&z->nodes, eui64, &now);
	if (r == -EHOSTUNREACH) {
		/* nobody can tell it; should it speak again, it is shown again */
		nodes_forget(&z->nodes, eui64);
		r = 0;
	}
	devices_changed(z);
	zigbee_settle(z);
	return r < 0 ? not_there(r, why) : 0;
}

static int identify(void *state, const struct device *d, unsigned seconds, char *why)
{
	struct zigbee *z = state;
	struct decode_time now = zigbee_now(z);
	uint64_t eui64;
	int r = eui64_parse(d->address, &eui64)
			? nodes_identify(&z->nodes, eui64, (uint16_t)seconds, &now)
			: -EINVAL;

	zigbee_settle(z);
	return r < 0 ? not_there(r, why) : 0;
}

static int interview(void *state, const struct device *d, char *why)
{
	struct zigbee *z = state;
	struct decode_time now = zigbee_now(z);
	const struct node *node = NULL;
	uint64_t eui64;
	int r = -ENOENT;

	if (eui64_parse(d->address, &eui64))
		node = nodes_find(&z->nodes, eui64);
	if (node && node->joined)
		r = nodes_interview(&z->nodes, eui64, &now);
	zigbee_settle(z);
	return r < 0 ? not_there(r, why) : 0;
}

static int adopt(void *state, char *why)
{
	struct zigbee *z = state;
	int r = network_adopt(&z->network, boottime_us());

	zigbee_settle(z);
	if (r == -EINVAL && z->network.state == NETWORK_UP)
		return refuse(why, -EALREADY,
			"there is no mismatch: the radio's network is the gateway's");
	if (r == -EINVAL)
		return refuse(why, -ENODATA,
			"the radio has no network whose key could be read; restore the gateway's "
			"instead");
	return r < 0 ? refuse(why, r, "it cannot be taken over: %s", strerrordesc_np(-r)) : 0;
}

static int random_bytes(uint8_t *to, size_t size)
{
	return RAND_bytes(to, (int)size) == 1 ? 0 : -EIO;
}

static int restore(void *state, const char *text, size_t length, bool other_radio, char *why)
{
	struct zigbee *z = state;
	struct netbackup b = { 0 };
	char words[NETBACKUP_WORDS_SIZE];
	int r;

	if (text) {
		r = netbackup_read(text, length, random_bytes, &b, words);
		if (r < 0)
			return refuse(why, r, "that is no backup of a network: %s",
				r == -EBADMSG ? words : strerrordesc_np(-r));
	}
	r = network_restore(&z->network, text ? &b.net : NULL, other_radio, boottime_us());
	(void)snprintf(why, JOINING_WHY, "%s", b.words);
	if (text)
		netbackup_wipe(&b);
	zigbee_settle(z);
	if (r == -ENETDOWN)
		return refuse(why, r, "the radio is not there: %s", problem_of(z));
	if (r == -EINVAL && !text)
		return refuse(why, r, "no network is kept that could be restored; give a backup");
	return r < 0 ? refuse(why, r, "it cannot be restored: %s", strerrordesc_np(-r)) : 0;
}

static int backup(void *state, char **ret, size_t *ret_length, char *why)
{
	struct zigbee *z = state;
	struct netstate net = z->network.net;
	struct netbackup_device *list;
	size_t count = 0;
	int r;

	/* Others write it into a radio as it stands here, and it must never go back. */
	net.counter =
		net.counter > UINT32_MAX - COUNTER_AHEAD ? UINT32_MAX : net.counter + COUNTER_AHEAD;
	list = calloc(NODES_SLOTS, sizeof(*list));
	if (!list) {
		explicit_bzero(&net, sizeof(net));
		return refuse(why, -ENOMEM, "out of memory");
	}
	for (unsigned i = 0; nodes_at(&z->nodes, i); i++) {
		const struct node *node = nodes_at(&z->nodes, i);

		if (node->joined)
			list[count++] = (struct netbackup_device){ node->eui64, node->node };
	}
	r = netbackup_write(&net, list, count, NULL, ret, ret_length);
	explicit_bzero(&net, sizeof(net));
	free(list);
	if (r == -EINVAL)
		return refuse(why, r, "there is no network yet: %s", problem_of(z));
	return r < 0 ? refuse(why, r, "out of memory") : 0;
}

static void view(void *state, struct joining_view *ret)
{
	const struct zigbee *z = state;
	const struct network *n = &z->network;

	*ret = (struct joining_view){ .state = network_state_word(n->state),
		.mismatch = n->state == NETWORK_PASSIVE,
		.channel = n->kept ? n->net.channel : 0,
		.pan = n->kept ? n->net.pan : 0xFFFF,
		.open_until_us = n->permit_until_us > 0 ? n->permit_until_us : 0,
		.unplugged = z->line.counters.unplugged,
		.resets = z->line.counters.radio_resets,
		.damaged = z->line.ash.counters.bad_frames,
		.lost = n->ezsp.counters.overflows,
		.unknown = n->ezsp.counters.unknown_callbacks + n->ezsp.counters.strays,
		.refused = n->counters.denied };
	if (n->eui64 != 0 && n->ezsp.version != 0)
		(void)snprintf(ret->coordinator, sizeof(ret->coordinator),
			"%016llx, EZSP %u, firmware %u.%u.%u.%u", (unsigned long long)n->eui64,
			n->ezsp.version, n->stack_version >> 12, n->stack_version >> 8 & 15,
			n->stack_version >> 4 & 15, n->stack_version & 15);
	ret->problem = zigbee_problem(z);
	for (unsigned i = 0; nodes_at(&z->nodes, i); i++)
		ret->devices += nodes_at(&z->nodes, i)->joined;
}

static void device(void *state, const struct device *d, struct joining_device *ret)
{
	const struct zigbee *z = state;
	const struct node *node;
	uint64_t eui64;

	*ret = (struct joining_device){ .state = JOINING_NEVER };
	if (!eui64_parse(d->address, &eui64) || !(node = nodes_find(&z->nodes, eui64)) ||
		!node->joined)
		return;
	ret->state = !interview_is_over(&node->interview, false) ? JOINING_INTERVIEW
		     : node->silent || node->stale               ? JOINING_SILENT
								 : JOINING_JOINED;
	ret->router = node->interview.type == ZDO_ROUTER;
	ret->link_quality = node->lqi;
	ret->signal_dbm = node->rssi;
	ret->mute = !interview_zones_well(&node->interview);
	ret->asked_for = interview_asked_for(&node->interview);
	ret->heard_boot_us = node->heard_once ? node->heard_us : 0;
}

const struct joining zigbee_joining = {
	.permit = permit,
	.invite = invite,
	.dismiss = dismiss,
	.remove = remove_unknown,
	.identify = identify,
	.interview = interview,
	.adopt = adopt,
	.restore = restore,
	.backup = backup,
	.view = view,
	.device = device,
};
