/*
 * permit-join, network and what is done to it, with a driver that does what a
 * test wants: arguments, secrets, and each refusal as the kind that it is.
 */
#include <errno.h>

#include "asking.h"
#include "unit/memory.h"
#include "wardgate/joining.h"

struct world {
	sd_event *event;
	struct config config;
	struct config_device devices[2];
	struct control control;
	char told[4096], audited[512], done[256];
	bool there;
	const char *backup;
	int result; /* what the driver returns, with "why" */
	struct joining_view view;
	struct joining_device device;
};

static int outcome(struct world *w, char *why)
{
	snprintf(why, JOINING_WHY, "why");
	return w->result;
}

static int on_permit(void *state, unsigned seconds, bool well_known, char *why)
{
	struct world *w = state;

	snprintf(w->done + strlen(w->done), 64, "open %u%s", seconds, well_known ? " all" : "");
	return outcome(w, why);
}

static int on_invite(void *state, const char *address, const char *code, char *why)
{
	struct world *w = state;

	snprintf(w->done, sizeof(w->done), "invite %s %s, ", address, code);
	return outcome(w, why);
}

static int on_dismiss(void *state, const struct device *d, char *why)
{
	struct world *w = state;

	snprintf(w->done, sizeof(w->done), "dismiss %s", d->name->text);
	return outcome(w, why);
}

static int on_remove(void *state, const char *address, char *why)
{
	struct world *w = state;

	snprintf(w->done, sizeof(w->done), "remove %s", address);
	return outcome(w, why);
}

static int on_identify(void *state, const struct device *d, unsigned seconds, char *why)
{
	struct world *w = state;

	snprintf(w->done, sizeof(w->done), "identify %s %u", d->name->text, seconds);
	return outcome(w, why);
}

static int on_interview(void *state, const struct device *d, char *why)
{
	struct world *w = state;

	snprintf(w->done, sizeof(w->done), "interview %s", d->name->text);
	return outcome(w, why);
}

static int on_adopt(void *state, char *why)
{
	struct world *w = state;

	snprintf(w->done, sizeof(w->done), "adopt");
	return outcome(w, why);
}

static int on_restore(void *state, const char *text, size_t length, bool other_radio, char *why)
{
	struct world *w = state;

	assert_true(!text || strlen(text) == length);
	snprintf(w->done, sizeof(w->done), "restore %s%s", text ?: "what is kept",
		other_radio ? ", other" : "");
	return outcome(w, why);
}

static int on_backup(void *state, char **ret, size_t *ret_length, char *why)
{
	struct world *w = state;

	if (w->result == 0) {
		*ret = strdup(w->backup ?: "{\"keys\":\n1}");
		*ret_length = strlen(*ret);
	}
	return outcome(w, why);
}

static void on_view(void *state, struct joining_view *ret)
{
	*ret = ((struct world *)state)->view;
}

static void on_device(void *state, const struct device *d, struct joining_device *ret)
{
	*ret = ((struct world *)state)->device;
}

static const struct joining *on_joining(void **ret_state, void *userdata)
{
	static const struct joining joining = { on_permit, on_invite, on_dismiss, on_remove,
		on_identify, on_interview, on_adopt, on_restore, on_backup, on_view, on_device };
	struct world *w = userdata;

	*ret_state = w;
	return w->there ? &joining : NULL;
}

static void on_audit(const struct command_audit *a, void *userdata)
{
	struct world *w = (struct world *)((char *)userdata - offsetof(struct world, control));

	snprintf(w->audited, sizeof(w->audited), "%s %s", a->verb, a->arguments);
}

static void begin(struct world *w)
{
	*w = (struct world){
		.config = { .refs = 1,
			.gateway = { .name = (char *)"gw" },
			.devices = w->devices,
			.device_count = 2 },
		.devices = { { .name = (char *)"fridge",
				     .transport = TRANSPORT_ZIGBEE,
				     .address = (char *)"0x00124b0001020304" },
			{ .name = (char *)"bed4",
				.transport = TRANSPORT_COAP,
				.address = (char *)"ox-9" } },
		.there = true,
		.view = { .state = "up", .channel = 15, .pan = 0x1a62, .devices = 3 },
	};
	w->control = (struct control){ .parts.hooks = { .joining = on_joining, .userdata = w },
		.config = &w->config };
	asking_begin(&w->control, &w->event, on_audit);
}

static void end(struct world *w)
{
	asking_end(&w->control, w->event);
}

static void on_answer(const struct commands_answer *a, void *userdata)
{
	snprintf(userdata, sizeof(((struct world *)NULL)->told), "%s %s",
		command_outcome_text(a->outcome), a->error ?: a->result ?: "-");
}

static const char *ask(struct world *w, const char *verb, const char *json)
{
	w->told[0] = w->done[0] = 0;
	anna_asks(w->control.commands, verb, json, on_answer, w->told);
	return w->told;
}

static void test_the_network_is_opened_and_closed(void **state)
{
	struct world w;

	begin(&w);
	assert_string_equal(ask(&w, "permit-join", "{\"seconds\":120}"), "Done -");
	assert_string_equal(w.done, "open 120");
	assert_string_equal(ask(&w, "permit-join", "{\"seconds\":0}"), "Done -");
	assert_string_equal(w.done, "open 0");
	assert_string_equal(
		ask(&w, "permit-join", "{\"seconds\":60,\"anyone\":\"yes\"}"), "Done -");
	assert_string_equal(w.done, "open 60 all");
	assert_string_equal(ask(&w, "permit-join", "{\"seconds\":3601}"),
		"InvalidArgument \"seconds\" is 3601; give a whole number from 0 to 3600");
	w.result = -EPERM;
	assert_string_equal(ask(&w, "permit-join", "{\"seconds\":60}"), "Refused why");
	end(&w);
}

static void test_an_install_code_is_of_one_device_and_secret(void **state)
{
	struct world w;

	begin(&w);
	assert_string_equal(
		ask(&w, "permit-join",
			"{\"seconds\":60,\"device\":\"fridge\",\"install_code\":\"83FE\"}"),
		"Done -");
	assert_string_equal(w.done, "invite 0x00124b0001020304 83FE, open 60");
	assert_non_null(strstr(w.audited, "\"install_code\":\"***\""));
	assert_string_equal(ask(&w, "permit-join",
				    "{\"seconds\":60,\"address\":\"0x00124b0001020305\","
				    "\"install_code\":\"83FE\"}"),
		"Done -");
	assert_string_equal(w.done, "invite 0x00124b0001020305 83FE, open 60");
	/* of none, and of one that is no Zigbee device */
	assert_string_equal(ask(&w, "permit-join", "{\"seconds\":60,\"install_code\":\"83FE\"}"),
		"InvalidArgument an install code is of one device: give its \"address\" (or "
		"\"device\", of the configuration), too");
	assert_non_null(strstr(ask(&w, "permit-join",
				       "{\"seconds\":60,\"device\":\"bed4\","
				       "\"install_code\":\"83FE\"}"),
		"NotFound there is no Zigbee device bed4"));
	assert_string_equal(w.done, "");
	/* a bad one opens nothing */
	w.result = -EINVAL;
	assert_string_equal(
		ask(&w, "permit-join",
			"{\"seconds\":60,\"device\":\"fridge\",\"install_code\":\"83FE\"}"),
		"InvalidArgument why");
	assert_null(strstr(w.done, "open"));
	end(&w);
}

static void test_the_network_is_shown(void **state)
{
	struct world w;

	begin(&w);
	assert_string_equal(ask(&w, "network", "{}"),
		"Done {\"state\":\"up\",\"mismatch\":false,\"devices\":3,\"channel\":15,\"pan\":"
		"\"0x1a62\"}");
	w.view = (struct joining_view){ .state = "passive",
		.mismatch = true,
		.pan = 0xFFFF,
		.open_until_us = boottime_us() + 90500000,
		.refused = 7,
		.coordinator = "EZSP 13",
		.problem = "another \"radio\"" };
	assert_string_equal(ask(&w, "network", "{}"),
		"Done {\"state\":\"passive\",\"mismatch\":true,\"devices\":0,\"refused\":7,"
		"\"open_s\":91,\"coordinator\":\"EZSP 13\",\"problem\":\"another \\\"radio\\\"\"}");
	w.view = (struct joining_view){
		.state = "up", .pan = 0xFFFF, .unplugged = 1, .damaged = UINT64_C(5000000000)
	};
	assert_string_equal(ask(&w, "network", "{}"),
		"Done {\"state\":\"up\",\"mismatch\":false,\"devices\":0,\"radio\":{"
		"\"unplugged\":1,\"resets\":0,\"damaged\":5000000000,\"lost\":0,\"unknown\":0}}");
	end(&w);
}

static void test_what_is_asked_of_one_device(void **state)
{
	struct world w;

	begin(&w);
	assert_string_equal(ask(&w, "identify", "{\"device\":\"fridge\"}"), "Done -");
	assert_string_equal(w.done, "identify fridge 15");
	ask(&w, "identify", "{\"device\":\"fridge\",\"seconds\":0}");
	assert_string_equal(w.done, "identify fridge 0");
	assert_non_null(strstr(
		ask(&w, "identify", "{\"device\":\"fridge\",\"seconds\":601}"), "InvalidArgument"));
	assert_non_null(strstr(ask(&w, "identify", "{\"device\":\"nobody\"}"), "NotFound"));
	assert_non_null(strstr(ask(&w, "identify", "{\"device\":\"bed4\"}"), "NotSupported"));
	assert_string_equal(ask(&w, "interview", "{\"device\":\"fridge\"}"), "Done -");
	assert_string_equal(w.done, "interview fridge");
	assert_non_null(strstr(ask(&w, "interview", "{\"device\":\"bed4\"}"), "NotSupported"));
	assert_string_equal(
		ask(&w, "network-remove", "{\"address\":\"0x00124b0001020304\"}"), "Done -");
	assert_string_equal(w.done, "remove 0x00124b0001020304");
	w.result = -ENOENT;
	assert_string_equal(ask(&w, "interview", "{\"device\":\"fridge\"}"), "NotFound why");
	w.result = -ENOTSUP;
	assert_string_equal(ask(&w, "identify", "{\"device\":\"fridge\"}"), "NotSupported why");
	end(&w);
}

static void test_people_decide_what_becomes_of_it(void **state)
{
	struct world w;

	begin(&w);
	assert_string_equal(ask(&w, "network-adopt", "{}"), "Done -");
	assert_string_equal(w.done, "adopt");
	assert_string_equal(ask(&w, "network-restore", "{}"), "Done {\"note\":\"why\"}");
	assert_string_equal(w.done, "restore what is kept");
	assert_string_equal(
		ask(&w, "network-restore", "{\"backup\":\"{\\n}\",\"other_radio\":\"yes\"}"),
		"Done {\"note\":\"why\"}");
	assert_string_equal(w.done, "restore {\n}, other");
	assert_non_null(strstr(w.audited, "\"backup\":\"***\""));
	assert_string_equal(
		ask(&w, "network-backup", "{}"), "Done {\"backup\":\"{\\\"keys\\\":\\n1}\"}");
	w.result = -ENETDOWN;
	assert_string_equal(ask(&w, "network-backup", "{}"), "Refused why");
	assert_string_equal(ask(&w, "network-adopt", "{}"), "Refused why");
	/* what hands out keys, or decides, is not for afar */
	assert_false(commands_row(w.control.commands, "network-backup")->afar);
	assert_false(commands_row(w.control.commands, "network-adopt")->afar);
	assert_false(commands_row(w.control.commands, "network-restore")->afar);
	end(&w);
}

static void test_a_backup_leaves_nothing_in_memory(void **state)
{
	char backup[3000];
	struct world w;

	begin(&w);
	memset(backup, '"', sizeof(backup));
	memory_secret(backup + 1000, 1); /* the beginning is written over as it is freed */
	backup[sizeof(backup) - 1] = 0;
	w.backup = backup;
	assert_non_null(strstr(ask(&w, "network-backup", "{}"), "Done {\"backup\":\""));
	assert_true(memory_holds(1) > 1); /* here, and in the answer */
	explicit_bzero(backup, sizeof(backup));
	explicit_bzero(w.told, sizeof(w.told));
	assert_int_equal(memory_holds(1), 0);
	end(&w);
}

static void test_what_is_told_of_a_device(void **state)
{
	struct world w;

	begin(&w);
	assert_non_null(strstr(ask(&w, "device", "{\"device\":\"fridge\"}"),
		",\"link\":{\"state\":\"never-joined\"}"));
	w.device = (struct joining_device){
		.state = JOINING_JOINED, .router = true, .link_quality = 200, .signal_dbm = -61
	};
	assert_non_null(strstr(ask(&w, "device", "{\"device\":\"fridge\"}"),
		",\"link\":{\"state\":\"joined\",\"router\":true,\"quality\":200,\"signal\":-61}"));
	w.device.asked_for = 2;
	assert_non_null(strstr(
		ask(&w, "device", "{\"device\":\"fridge\"}"), "\"signal\":-61,\"asked_for\":2}"));
	assert_null(strstr(ask(&w, "device", "{\"device\":\"bed4\"}"), "link\":{"));
	joining_forget(&w.control, "bed4");
	joining_forget(&w.control, "nobody");
	assert_string_equal(w.done, "");
	joining_forget(&w.control, "fridge");
	assert_string_equal(w.done, "dismiss fridge");
	end(&w);
}

static void test_without_a_radio(void **state)
{
	static const char *const verbs[] = { "network", "network-adopt", "network-restore",
		"network-backup" };
	struct world w;

	begin(&w);
	w.there = false;
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		assert_string_equal(ask(&w, verbs[i], "{}"),
			"NotSupported no Zigbee radio is in use; set Enabled=yes and Port= in "
			"[Zigbee]");
	assert_non_null(strstr(ask(&w, "permit-join", "{\"seconds\":9}"), "NotSupported"));
	joining_forget(&w.control, "fridge");
	assert_null(strstr(ask(&w, "device", "{\"device\":\"fridge\"}"), "link\":{"));
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_network_is_opened_and_closed),
		cmocka_unit_test(test_an_install_code_is_of_one_device_and_secret),
		cmocka_unit_test(test_the_network_is_shown),
		cmocka_unit_test(test_what_is_asked_of_one_device),
		cmocka_unit_test(test_people_decide_what_becomes_of_it),
		cmocka_unit_test(test_a_backup_leaves_nothing_in_memory),
		cmocka_unit_test(test_what_is_told_of_a_device),
		cmocka_unit_test(test_without_a_radio),
	};

	return RUN_TESTS(tests);
}
