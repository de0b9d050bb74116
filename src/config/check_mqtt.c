/*
 * Checks of [Gateway] and [MQTT].
 */
#include <string.h>

#include "config/check.h"
#include "config/suggest.h"

#define PREFIX_FILLED_MAX                                                                          \
	200 /* bytes: what is left of a topic is for beds, devices and metrics                     \
	     */
#define SECOND INT64_C(1000000)

static void check_gateway(struct check *k, struct config_section *s)
{
	struct config_why why;

	if (k->c->gateway.time_zone &&
		config_check_zone(k->c->gateway.time_zone, !k->o->bytes_only, &why) != 0)
		config_blame(k, s, "TimeZone", "%s", why.text);
	if (!k->c->gateway.site && strstr(k->c->mqtt.topic_template, "{site}"))
		config_blame(k, s, "Site",
			"is missing, and TopicPrefix= has {site}; give e.g. Site=st-elsewhere");
	if (!k->c->gateway.ward && strstr(k->c->mqtt.topic_template, "{ward}"))
		config_blame(
			k, s, "Ward", "is missing, and TopicPrefix= has {ward}; give e.g. Ward=7");
}

static void check_brokers(struct check *k, struct config_section *s)
{
	for (size_t i = 0; i < k->c->mqtt.broker_count && !k->c->mqtt.allow_plaintext; i++)
		if (!k->c->mqtt.brokers[i].tls)
			config_blame_item(k, s, "Broker", i,
				"is not encrypted; give mqtts://, or for tests set "
				"AllowPlaintext=yes");
}

static void check_payloads(struct check *k, struct config_section *s)
{
	static const char *const standard[] = { "json", NULL };
	const char *const *known = k->o->payloads ?: standard;
	const struct config_list *l = &k->c->mqtt.payloads;

	for (size_t i = 0; i < l->count; i++) {
		struct suggestion nearest = { 0 };
		bool found = false;

		for (size_t j = 0; known[j]; j++) {
			found = found || strcmp(known[j], l->items[i]) == 0;
			suggestion_offer(&nearest, l->items[i], strlen(l->items[i]), known[j]);
		}
		if (found)
			continue;
		if (nearest.best)
			config_blame_item(k, s, "Payloads", i,
				"is no payload that is known; did you mean %s?", nearest.best);
		else
			config_blame_item(k, s, "Payloads", i,
				"is no payload that is known; give e.g. %s", known[0] ?: "none");
	}
}

/* Both or none. */
static void check_pair(struct check *k, struct config_section *s, const char *a, const char *b)
{
	bool has_a = config_is_given(s, a), has_b = config_is_given(s, b);

	if (has_a && !has_b)
		config_blame(k, s, a, "needs %s=, too; give both or none", b);
	if (has_b && !has_a)
		config_blame(k, s, b, "needs %s=, too; give both or none", a);
}

static int check_files(struct check *k, struct config_section *s)
{
	static const char *const keys[] = { "CertificateFile", "PrivateKeyFile", "PasswordFile" };
	bool tls = false;
	int r = 0;

	for (size_t i = 0; i < k->c->mqtt.broker_count; i++)
		tls = tls || k->c->mqtt.brokers[i].tls;
	if (tls)
		r = config_check_file(k, s, "CAFile");
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(keys); i++)
		r = config_check_file(k, s, keys[i]);
	return r;
}

int config_check_mqtt(struct check *k)
{
	struct config_section *s = config_single(k->c, GROUP_MQTT);

	check_gateway(k, config_single(k->c, GROUP_GATEWAY));
	check_brokers(k, s);
	check_payloads(k, s);
	check_pair(k, s, "CertificateFile", "PrivateKeyFile");
	if (config_is_given(s, "PasswordFile") && !config_is_given(s, "Username"))
		config_blame(k, s, "PasswordFile", "needs Username=, too");
	if (k->c->mqtt.keep_alive_us % SECOND != 0)
		config_blame(k, s, "KeepAlive",
			"has a fraction of a second, which MQTT cannot say; give whole seconds");
	if (strlen(k->c->mqtt.topic_prefix) > PREFIX_FILLED_MAX)
		config_blame(k, s, "TopicPrefix",
			"has more than %d bytes once {site}, {ward} and {gateway} are filled in",
			PREFIX_FILLED_MAX);
	return check_files(k, s);
}
