/*
 * Broker URIs, listen addresses, D-Bus addresses and Bluetooth adapters.
 */
#include "config/parse.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/problems.h"

#define HOST_MAX 253

static const struct {
	const char *scheme;
	const char *ours; /* NULL: not one that we speak */
} schemes[] = {
	{ "mqtts://", "mqtts://" },
	{ "mqtt://", "mqtt://" },
	{ "ssl://", "mqtts://" },
	{ "tls://", "mqtts://" },
	{ "tcp://", "mqtt://" },
	{ "ws://", NULL },
	{ "wss://", NULL },
};

/* A port of 1 to 65535 in all of text. */
static bool parse_port(const char *text, uint16_t *ret)
{
	uint32_t v = 0;
	size_t n;

	for (n = 0; isdigit((unsigned char)text[n]) && n < 6; n++)
		v = v * 10 + (uint32_t)(text[n] - '0');
	if (n == 0 || text[n] || v < 1 || v > UINT16_MAX)
		return false;
	*ret = (uint16_t)v;
	return true;
}

/* Letters, digits, hyphens and dots, as RFC 1123 2.1 has it, and the underscore that networks use.
 */
static bool is_host(const char *text)
{
	size_t n = strlen(text);

	if (n < 1 || n > HOST_MAX || *text == '.' || *text == '-' || strstr(text, ".."))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr("-._", text[i]))
			return false;
	return true;
}

/*
 * Splits HOST[:PORT] or [V6][:PORT] into host (size HOST_MAX + 1) and what follows, which is "" or
 * begins with ':'.
 */
static int split_host(
	const char *text, char *host, const char **ret_rest, bool *ret_v6, struct config_why *why)
{
	const char *end;
	size_t n;

	*ret_v6 = *text == '[';
	if (*ret_v6) {
		end = strchr(++text, ']');
		if (!end)
			return config_refuse(
				why, "has a [ without its ]; give e.g. [2001:db8::1]:8883");
		*ret_rest = end + 1;
	} else {
		end = strchr(text, ':');
		if (end && strchr(end + 1, ':'))
			return config_refuse(why,
				"holds an IPv6 address without brackets; give e.g. "
				"[2001:db8::1]:8883");
		end = end ?: text + strlen(text);
		*ret_rest = end;
	}
	n = (size_t)(end - text);
	if (n > HOST_MAX)
		return config_refuse(why, "has a host name of more than %d characters", HOST_MAX);
	memcpy(host, text, n);
	host[n] = 0;
	if (**ret_rest && **ret_rest != ':')
		return config_refuse(
			why, "has something after the host; give HOST or HOST:PORT only");
	return 0;
}

static int refuse_scheme(const char *text, struct config_why *why)
{
	const char *rest = strstr(text, "://");

	if (!rest)
		return config_refuse(why, "has no mqtts:// in front; give mqtts://%.100s", text);
	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
		if (strncmp(text, schemes[i].scheme, strlen(schemes[i].scheme)) == 0 &&
			schemes[i].ours)
			return config_refuse(why,
				"has a scheme that is not used here; give %s%.100s",
				schemes[i].ours, rest + 3);
	return config_refuse(why, "has a scheme that is not spoken here; give mqtts://HOST:PORT");
}

int config_parse_broker(const char *text, struct config_broker *ret, struct config_why *why)
{
	_cleanup_(freep) char *uri = NULL, *name = NULL;
	bool tls = strncmp(text, "mqtts://", 8) == 0, v6;
	uint16_t port = tls ? 8883 : 1883;
	char host[HOST_MAX + 1];
	struct in6_addr a6;
	const char *rest;
	int r;

	if (strchr(text, '@'))
		return config_refuse(why,
			"carries a user name; give it in Username= and its password in the file "
			"that PasswordFile= names");
	if (!tls && strncmp(text, "mqtt://", 7) != 0)
		return refuse_scheme(text, why);

	r = split_host(text + (tls ? 8 : 7), host, &rest, &v6, why);
	if (r != 0)
		return r;
	if (v6 ? inet_pton(AF_INET6, host, &a6) != 1 : !is_host(host))
		return config_refuse(why,
			"has no valid host; give e.g. %s://broker.hospital.example",
			tls ? "mqtts" : "mqtt");
	if (*rest && !parse_port(rest + 1, &port))
		return config_refuse(
			why, "has no valid port; give 1 to 65535 (usual is %d)", tls ? 8883 : 1883);

	uri = strdup(text);
	name = strdup(host);
	if (!uri || !name)
		return -ENOMEM;
	*ret = (struct config_broker){
		.uri = TAKE_PTR(uri), .host = TAKE_PTR(name), .port = port, .tls = tls
	};
	return 0;
}

void config_broker_done(struct config_broker *b)
{
	free(b->uri);
	free(b->host);
	*b = (struct config_broker){ 0 };
}

int config_check_listen(const char *text, bool *ret_loopback, struct config_why *why)
{
	struct in6_addr a6;
	struct in_addr a4;
	char host[HOST_MAX + 1];
	const char *rest;
	uint16_t port;
	bool v6, loopback;
	int r;

	r = split_host(text, host, &rest, &v6, why);
	if (r != 0)
		return r;
	if (v6) {
		if (inet_pton(AF_INET6, host, &a6) != 1)
			return config_refuse(why, "has no valid IPv6 address; give e.g. [::]:5684");
		loopback = IN6_IS_ADDR_LOOPBACK(&a6);
	} else {
		if (inet_pton(AF_INET, host, &a4) != 1)
			return config_refuse(why,
				"has no numeric address; give ADDRESS:PORT, e.g. [::]:5684 for "
				"all, 127.0.0.1:5684 for this machine");
		loopback = (ntohl(a4.s_addr) >> 24) == 127;
	}
	if (!*rest || !parse_port(rest + 1, &port))
		return config_refuse(why,
			"has no valid port; give ADDRESS:PORT with a port of 1 to 65535, e.g. "
			"[::]:5684");
	if (ret_loopback)
		*ret_loopback = loopback;
	return 0;
}

/* The value of a key in the n bytes of "key=value,key=value" at text, cut to fit. */
static const char *bus_key(const char *text, size_t n, const char *key, char ret[INET6_ADDRSTRLEN])
{
	size_t k = strlen(key);

	for (const char *at = text, *end = text + n; at < end;) {
		size_t m = strcspn(at, ",;");

		if (m > k && at[k] == '=' && strncmp(at, key, k) == 0) {
			snprintf(ret, INET6_ADDRSTRLEN, "%.*s", (int)(m - k - 1), at + k + 1);
			return ret;
		}
		at += m + (at[m] != 0);
	}
	return "";
}

/* One of the addresses between semicolons. */
static int check_bus_address(const char *text, size_t n, struct config_why *why)
{
	char value[INET6_ADDRSTRLEN];
	struct in6_addr address;
	uint16_t port;

	if (n > 5 && strncmp(text, "unix:", 5) == 0 && memchr(text, '=', n))
		return 0;
	if (n > 4 && strncmp(text, "tcp:", 4) == 0) {
		bus_key(text + 4, n - 4, "host", value);
		if (inet_pton(AF_INET, value, &address) != 1 &&
			inet_pton(AF_INET6, value, &address) != 1)
			return config_refuse(why,
				"has no numeric address as its host, and a name could hold up the "
				"gateway; give e.g. tcp:host=127.0.0.1,port=7000");
		if (!parse_port(bus_key(text + 4, n - 4, "port", value), &port))
			return config_refuse(
				why, "has no port; give e.g. tcp:host=127.0.0.1,port=7000");
		return 0;
	}
	if (strncmp(text, "unixexec:", 9) == 0 || strncmp(text, "x-machine-unix:", 15) == 0)
		return config_refuse(why,
			"is a way to a bus that the daemon does not go; give system, session, off, "
			"or an address with unix: or tcp:");
	return config_refuse(why,
		"is no message bus; give system, session, off or a D-Bus address, e.g. "
		"unix:path=/run/dbus/system_bus_socket");
}

int config_check_bus(const char *text, struct config_why *why)
{
	int r;

	if (strcmp(text, "system") == 0 || strcmp(text, "session") == 0 || strcmp(text, "off") == 0)
		return 0;
	for (size_t n;; text += n + 1) {
		n = strcspn(text, ";");
		r = check_bus_address(text, n, why);
		if (r != 0 || !text[n])
			return r;
	}
}

int config_check_adapter(const char *text, struct config_why *why)
{
	char address[DEVICE_ADDRESS_MAX + 1];
	size_t n;

	if (strcmp(text, "auto") == 0)
		return 0;
	if (strncmp(text, "sim:", 4) == 0) {
		if (text[4] == '/')
			return config_check_path(text + 4, why);
		return config_refuse(why, "has no absolute directory; give sim:/DIRECTORY");
	}
	if (strncmp(text, "hci", 3) == 0) {
		for (n = 3; isdigit((unsigned char)text[n]); n++)
			;
		if (n > 3 && n <= 8 && !text[n])
			return 0;
	}
	if (config_parse_address(TRANSPORT_BLE, text, address, why) == 0)
		return 0;
	return config_refuse(why, "is no Bluetooth adapter; give auto, hciN, its address or "
				  "sim:DIRECTORY, e.g. hci0");
}
