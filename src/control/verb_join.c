/*
 * permit-join, network and what is done to it: the network that devices join
 * (Zigbee), as commands. How it is done is the driver's (wardgate/joining.h).
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "control/control_private.h"
#include "control/verbs.h"
#include "util/text.h"
#include "wardgate/joining.h"

/* A backup has its keys in it, and one line for each device. */
#define BACKUP_MAX (512 * 1024)

/* NULL: there is none now. */
static const struct joining *driver(const struct control *c, void **ret_state)
{
	const struct control_hooks *h = &c->parts.hooks;

	return h->joining ? h->joining(ret_state, h->userdata) : NULL;
}

/* NULL: the call has ended with that. */
static const struct joining *driver_of(
	struct control *c, struct command_call *call, void **ret_state)
{
	const struct joining *j = driver(c, ret_state);

	if (!j)
		call_error(call, COMMAND_NOT_SUPPORTED,
			"no Zigbee radio is in use; set Enabled=yes and Port= in [Zigbee]");
	return j;
}

static enum command_outcome outcome_of(int error)
{
	switch (error) {
	case -EINVAL:
	case -ERANGE:
	case -EBADMSG:
		return COMMAND_INVALID_ARGUMENT;
	case -ENOENT:
	case -EHOSTUNREACH:
		return COMMAND_NOT_FOUND;
	case -ENOTSUP:
		return COMMAND_NOT_SUPPORTED;
	case -ENOMEM:
	case -EIO:
		return COMMAND_FAILED;
	default:
		return COMMAND_REFUSED;
	}
}

static void end(struct command_call *call, int r, const char *why)
{
	if (r < 0)
		call_error(call, outcome_of(r), "%s", why);
	else
		call_ok(call, NULL);
}

/* --- permit-join --- */

static bool says_yes(const struct command_call *call, const char *argument)
{
	const char *word = call_text(call, argument);

	return word && strcmp(word, "yes") == 0;
}

/* The address of "device", as it stands in the configuration, or "address" as it is. NULL: it is
 * refused. */
static const char *invited(struct control *c, struct command_call *call)
{
	const char *name = call_text(call, "device"), *address = call_text(call, "address");
	const struct device *d = NULL;

	if (name)
		d = registry_by_name(gateway_registry(c->parts.gateway), name);
	if (d && d->transport == TRANSPORT_ZIGBEE)
		return d->address;
	if (name)
		call_error(call, COMMAND_NOT_FOUND,
			"there is no Zigbee device %s in the configuration; wardgatectl adopt "
			"ADDRESS "
			"%s BED --transport zigbee makes it one, or give its address in the place "
			"of its name",
			name, name);
	else if (!address)
		call_error(call, COMMAND_INVALID_ARGUMENT,
			"an install code is of one device: give its \"address\" (or \"device\", of "
			"the configuration), too");
	return name ? NULL : address;
}

static void run_permit_join(struct command_call *call, void *userdata)
{
	struct control *c = userdata;
	const char *code = call_text(call, "install_code"), *address;
	char why[JOINING_WHY];
	const struct joining *j;
	void *state;
	int r = 0;

	j = driver_of(c, call, &state);
	if (!j)
		return;
	address = code ? invited(c, call) : NULL;
	if (code && !address)
		return;
	if (code)
		r = j->invite(state, address, code, why);
	if (r == 0)
		r = j->permit(state, (unsigned)call_integer(call, "seconds", 0),
			says_yes(call, "anyone"), why);
	end(call, r, why);
}

const struct command_row verb_permit_join = {
	.verb = "permit-join",
	.arguments = ARGUMENTS({ .name = "seconds",
				       .kind = ARGUMENT_INTEGER,
				       .required = true,
				       .min = 0,
				       .max = JOINING_SECONDS_MAX,
				       .example = "120" },
		{ DEVICE },
		{ .name = "address",
			.kind = ARGUMENT_TEXT,
			.min = 1,
			.max = DEVICE_ADDRESS_MAX,
			.example = "\"0x00124b0001020304\"" },
		{ .name = "install_code",
			.kind = ARGUMENT_TEXT,
			.secret = true,
			.min = 1,
			.max = 80,
			.example = "\"83FED3407A939723A5C639B26916D505C3B5\"" },
		{ .name = "anyone",
			.kind = ARGUMENT_WORD,
			.words = "yes no",
			.example = "\"yes\"" }),
	.run = run_permit_join,
	.afar = true,
};

/* --- what is asked of one device --- */

static struct device *device_of(struct control *c, struct command_call *call)
{
	const char *name = call_text(call, "device");
	struct device *d = registry_by_name(gateway_registry(c->parts.gateway), name);

	if (!d)
		call_error(call, COMMAND_NOT_FOUND,
			"there is no device %s; wardgatectl devices lists them", name);
	else if (d->transport != TRANSPORT_ZIGBEE)
		call_error(call, COMMAND_NOT_SUPPORTED,
			"%s is no Zigbee device; only those can be asked for this", name);
	return d && d->transport == TRANSPORT_ZIGBEE ? d : NULL;
}

static void run_identify(struct command_call *call, void *userdata)
{
	struct device *d = device_of(userdata, call);
	char why[JOINING_WHY];
	const struct joining *j;
	void *state;

	if (d && (j = driver_of(userdata, call, &state)))
		end(call, j->identify(state, d, (unsigned)call_integer(call, "seconds", 15), why),
			why);
}

const struct command_row verb_identify = {
	.verb = "identify",
	.arguments = ARGUMENTS({ DEVICE, NEEDS }, { .name = "seconds",
							  .kind = ARGUMENT_INTEGER,
							  .min = 0,
							  .max = JOINING_IDENTIFY_MAX,
							  .example = "15" }),
	.run = run_identify,
	.afar = true,
};

static void run_interview(struct command_call *call, void *userdata)
{
	struct device *d = device_of(userdata, call);
	char why[JOINING_WHY];
	const struct joining *j;
	void *state;

	if (d && (j = driver_of(userdata, call, &state)))
		end(call, j->interview(state, d, why), why);
}

const struct command_row verb_interview = {
	.verb = "interview",
	.arguments = ARGUMENTS({ DEVICE, NEEDS }),
	.run = run_interview,
	.afar = true,
};

/* --- network --- */

static void run_network(struct command_call *call, void *userdata)
{
	struct control *c = userdata;
	struct joining_view n;
	struct view v;
	const struct joining *j;
	int64_t now = boottime_us();
	void *state;

	j = driver_of(c, call, &state);
	if (!j)
		return;
	j->view(state, &n);
	if (!view_open(&v, call))
		return;
	fprintf(v.f, "{\"state\":\"%s\",\"mismatch\":%s,\"devices\":%u", n.state,
		n.mismatch ? "true" : "false", n.devices);
	if (n.refused)
		fprintf(v.f, ",\"refused\":%" PRIu64, n.refused);
	if (n.channel)
		fprintf(v.f, ",\"channel\":%u", n.channel);
	if (n.pan != 0xFFFF)
		fprintf(v.f, ",\"pan\":\"0x%04x\"", n.pan);
	if (n.open_until_us > now)
		fprintf(v.f, ",\"open_s\":%" PRId64, (n.open_until_us - now + 999999) / 1000000);
	if (n.unplugged + n.resets + n.damaged + n.lost + n.unknown > 0)
		fprintf(v.f,
			",\"radio\":{\"unplugged\":%" PRIu64 ",\"resets\":%" PRIu64
			",\"damaged\":%" PRIu64 ",\"lost\":%" PRIu64 ",\"unknown\":%" PRIu64 "}",
			n.unplugged, n.resets, n.damaged, n.lost, n.unknown);
	if (n.coordinator[0])
		fprintf(v.f, ",\"coordinator\":\"%s\"", n.coordinator);
	if (n.problem) {
		fputs(",\"problem\":", v.f);
		text_print_json(v.f, n.problem);
	}
	putc('}', v.f);
	view_answer(&v, call);
}

const struct command_row verb_network = { .verb = "network", .run = run_network, .reads = true };

static void run_network_adopt(struct command_call *call, void *userdata)
{
	char why[JOINING_WHY];
	const struct joining *j;
	void *state;

	j = driver_of(userdata, call, &state);
	if (j)
		end(call, j->adopt(state, why), why);
}

/* On the bus only: who is far away does not see which radio is plugged in. */
const struct command_row verb_network_adopt = { .verb = "network-adopt", .run = run_network_adopt };

static void run_network_restore(struct command_call *call, void *userdata)
{
	const char *text = call_text(call, "backup");
	char why[JOINING_WHY] = "";
	const struct joining *j;
	struct view v;
	void *state;
	int r;

	j = driver_of(userdata, call, &state);
	if (!j)
		return;
	r = j->restore(state, text, text ? strlen(text) : 0, says_yes(call, "other_radio"), why);
	if (r == 0 && why[0] && view_begin(&v) == 0) {
		fputs("{\"note\":", v.f);
		text_print_json(v.f, why);
		putc('}', v.f);
		view_answer(&v, call);
	} else {
		end(call, r, why);
	}
}

const struct command_row verb_network_restore = {
	.verb = "network-restore",
	.arguments = ARGUMENTS({ .name = "backup",
				       .kind = ARGUMENT_DOCUMENT,
				       .secret = true,
				       .min = 1,
				       .max = BACKUP_MAX,
				       .example = "\"{...}\"" },
		{ .name = "other_radio",
			.kind = ARGUMENT_WORD,
			.words = "yes no",
			.example = "\"yes\"" }),
	.run = run_network_restore,
};

/* Not as a view, which as it grows leaves the keys behind in memory. */
static void answer_backup(struct command_call *call, const char *backup, size_t length)
{
	size_t size = 6 * length + sizeof("{\"backup\":\"\"}"); /* each character as \u0000 */
	char *answer = malloc(size);
	struct text t;

	if (!answer) {
		call_error(call, COMMAND_FAILED, "out of memory");
		return;
	}
	t = text_init(answer, size);
	text_lit(&t, "{\"backup\":");
	text_json_string(&t, backup, length);
	text_char(&t, '}');
	if (text_done(&t) < 0)
		call_error(call, COMMAND_FAILED, "out of memory");
	else
		call_ok(call, answer);
	wipe_free(answer, size);
}

static void run_network_backup(struct command_call *call, void *userdata)
{
	char why[JOINING_WHY], *text = NULL;
	const struct joining *j;
	size_t length = 0;
	void *state;
	int r;

	j = driver_of(userdata, call, &state);
	if (!j)
		return;
	r = j->backup(state, &text, &length, why);
	if (r < 0) {
		call_error(call, outcome_of(r), "%s", why);
		return;
	}
	answer_backup(call, text, length);
	wipe_free(text, length);
}

static void run_network_remove(struct command_call *call, void *userdata)
{
	char why[JOINING_WHY];
	const struct joining *j;
	void *state;

	j = driver_of(userdata, call, &state);
	if (j)
		end(call, j->remove(state, call_text(call, "address"), why), why);
}

const struct command_row verb_network_remove = {
	.verb = "network-remove",
	.arguments = ARGUMENTS({ .name = "address",
		.kind = ARGUMENT_TEXT,
		.required = true,
		.min = 1,
		.max = DEVICE_ADDRESS_MAX,
		.example = "\"0x00124b0001020304\"" }),
	.run = run_network_remove,
};

/* Keys leave by it: told to the audit as what it is, not as a look. */
const struct command_row verb_network_backup = {
	.verb = "network-backup",
	.run = run_network_backup,
};

/* --- for others --- */

void joining_forget(struct control *c, const char *device)
{
	struct device *d = registry_by_name(gateway_registry(c->parts.gateway), device);
	char why[JOINING_WHY];
	void *state;
	const struct joining *j = driver(c, &state);

	if (j && d && d->transport == TRANSPORT_ZIGBEE)
		(void)j->dismiss(state, d, why); /* one that is not there needs not be told */
}

void joining_show(const struct control *c, const struct device *d, FILE *f)
{
	static const char *const states[_JOINING_DEVICE_STATE_MAX] = {
		[JOINING_NEVER] = "never-joined",
		[JOINING_INTERVIEW] = "setting-up",
		[JOINING_JOINED] = "joined",
		[JOINING_SILENT] = "silent",
	};
	struct joining_device x;
	void *state;
	const struct joining *j = d->transport == TRANSPORT_ZIGBEE ? driver(c, &state) : NULL;

	if (!j)
		return;
	j->device(state, d, &x);
	fprintf(f, ",\"link\":{\"state\":\"%s\"", states[x.state]);
	if (x.state != JOINING_NEVER)
		fprintf(f, ",\"router\":%s,\"quality\":%u", x.router ? "true" : "false",
			x.link_quality);
	if (x.signal_dbm)
		fprintf(f, ",\"signal\":%d", x.signal_dbm);
	if (x.mute)
		fputs(",\"mute\":true", f);
	if (x.asked_for)
		fprintf(f, ",\"asked_for\":%u", x.asked_for);
	if (x.heard_boot_us)
		fprintf(f, ",\"heard_ms_ago\":%" PRId64, (boottime_us() - x.heard_boot_us) / 1000);
	putc('}', f);
}
