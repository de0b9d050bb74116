/*
 * doctor: where devices are heard: the CoAP port, serial ports, Bluetooth
 * adapters.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <limits.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/doctor.h"

/* --- CoAP --- */

/* Host and port of "[::]:5684"; literal addresses only, as the configuration takes them. */
static bool resolve(const char *listen, struct addrinfo **ret)
{
	const struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV,
		.ai_socktype = SOCK_DGRAM };
	const char *colon = strrchr(listen, ':');
	char host[80];

	if (!colon || (size_t)(colon - listen) >= sizeof(host))
		return false;
	if (*listen == '[' && colon[-1] == ']')
		snprintf(host, sizeof(host), "%.*s", (int)(colon - listen - 2), listen + 1);
	else
		snprintf(host, sizeof(host), "%.*s", (int)(colon - listen), listen);
	return getaddrinfo(host, colon + 1, &hints, ret) == 0;
}

/* Whether it could be bound; a port of another program is the one thing to find out here. */
void doctor_coap(struct doctor *d)
{
	_cleanup_(closep) int fd = -1;
	struct addrinfo *a = NULL;
	const char *listen;

	if (!d->config || !d->config->coap.enabled)
		return;
	listen = d->config->coap.listen;
	if (d->runs) {
		/* What is wrong with its own socket the daemon says itself. */
		doctor_find(d, FINDING_GOOD, "coap", NULL, "the daemon serves %s", listen);
		return;
	}
	if (!resolve(listen, &a))
		return;
	fd = socket(a->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && bind(fd, a->ai_addr, a->ai_addrlen) == 0)
		doctor_find(d, FINDING_GOOD, "coap", NULL, "%s is free for the daemon", listen);
	else if (errno == EADDRINUSE)
		doctor_find(d, FINDING_WRONG, "coap",
			"\"ss -lunp\" shows the program; end it, or give another Listen=",
			"%s is taken by another program", listen);
	else if (errno == EADDRNOTAVAIL)
		doctor_find(d, FINDING_WRONG, "coap",
			"\"ip address\" shows this machine's; Listen=[::]:5684 takes them all",
			"%s is no address of this machine", listen);
	else
		doctor_find(d, FINDING_WRONG, "coap", NULL, "%s cannot be served: %m", listen);
	freeaddrinfo(a);
}

/* --- serial ports --- */

static void look_at_port(struct doctor *d, const char *port)
{
	struct group group, *found = NULL;
	char buf[4096], remedy[256];
	struct stat st;

	if (stat(port, &st) < 0) {
		doctor_find(d, FINDING_WRONG, "serial",
			"is it plugged in? \"ls -l /dev/serial/by-id\" lists what is",
			"%s cannot be looked at: %m", port);
		return;
	}
	if (!S_ISCHR(st.st_mode)) {
		doctor_find(d, FINDING_WRONG, "serial", "give a name of /dev/serial/by-id",
			"%s is no serial port", port);
		return;
	}
	if (doctor_service_may(st.st_uid, st.st_gid, st.st_mode)) {
		doctor_find(d, FINDING_GOOD, "serial", NULL, "%s is there", port);
		return;
	}
	(void)getgrgid_r(st.st_gid, &group, buf, sizeof(buf), &found);
	/* The unit gives this one, which the user's own groups do not show. */
	if (found && strcmp(group.gr_name, "dialout") == 0 && (st.st_mode & 0060) == 0060) {
		doctor_find(d, FINDING_GOOD, "serial", NULL, "%s is there, for the group dialout",
			port);
		return;
	}
	snprintf(remedy, sizeof(remedy),
		"\"systemctl edit wardgated\": [Service] SupplementaryGroups=%s",
		found ? group.gr_name : "GROUP");
	doctor_find(d, FINDING_WRONG, "serial", remedy,
		"the service's user may not use %s (mode %04o, group %s)", port,
		(unsigned)(st.st_mode & 07777), found ? group.gr_name : "?");
}

static bool says(const char *directory, const char *file, const char *text)
{
	_cleanup_(freep) char *path = NULL;
	_cleanup_(fclosep) FILE *f = NULL;
	char line[64] = "";

	if (asprintf(&path, "%s/%s", directory, file) < 0) {
		path = NULL;
		return false;
	}
	f = fopen(path, "re");
	if (!f || !fgets(line, sizeof(line), f))
		return false;
	line[strcspn(line, "\n")] = 0;
	return strcmp(line, text) == 0;
}

/* Other programs that have it open, as far as this user may see: two of them spoil each other's
 * frames, and not all of them lock it. */
static void look_at_holders(struct doctor *d, const char *port)
{
	_cleanup_(freep) char *real = realpath(port, NULL);
	char target[PATH_MAX], process[64];
	glob_t found;

	if (!real || glob("/proc/[0-9]*/fd/*", GLOB_NOSORT, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		ssize_t n = readlink(found.gl_pathv[i], target, sizeof(target) - 1);
		int pid = 0;

		if (n < 0)
			continue;
		target[n] = 0;
		if (strcmp(target, real) != 0 || sscanf(found.gl_pathv[i], "/proc/%d/", &pid) != 1)
			continue;
		snprintf(process, sizeof(process), "/proc/%d", pid);
		if (says(process, "comm", "wardgated"))
			continue;
		doctor_find(d, FINDING_WRONG, "serial",
			"end it, or keep it from this port: only one can speak to the radio",
			"%s is open in another program, process %d", port, pid);
		break;
	}
	globfree(&found);
}

void doctor_serial(struct doctor *d)
{
	glob_t found;

	if (d->config && d->config->zigbee.enabled) {
		if (d->config->zigbee.port) {
			look_at_port(d, d->config->zigbee.port);
			look_at_holders(d, d->config->zigbee.port);
		}
		return;
	}
	if (glob("/dev/serial/by-id/*", 0, NULL, &found) == 0) {
		doctor_find(d, FINDING_NOTE, "serial", NULL,
			"%zu port%s, e.g. %s; [Zigbee] Enabled=no", found.gl_pathc,
			found.gl_pathc == 1 ? "" : "s", found.gl_pathv[0]);
		globfree(&found);
	}
}

/* --- Bluetooth --- */

static void look_at_switches(struct doctor *d)
{
	glob_t found;

	if (glob("/sys/class/rfkill/*", 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		const char *path = found.gl_pathv[i];

		if (!says(path, "type", "bluetooth"))
			continue;
		if (says(path, "hard", "1"))
			doctor_find(d, FINDING_WRONG, "bluetooth", "look for the machine's switch",
				"a switch of the machine has turned the radio off");
		else if (says(path, "soft", "1"))
			doctor_find(d, FINDING_WRONG, "bluetooth", "rfkill unblock bluetooth",
				"the radio is turned off");
	}
	globfree(&found);
}

void doctor_bluetooth(struct doctor *d)
{
	bool enabled = d->config && d->config->ble.enabled;
	glob_t found;

	if (glob("/sys/class/bluetooth/hci*", 0, NULL, &found) == 0) {
		size_t adapters = 0;

		/* hci0:64 and the like are connections. */
		for (size_t i = 0; i < found.gl_pathc; i++)
			adapters += !strchr(strrchr(found.gl_pathv[i], '/'), ':');
		doctor_find(d, enabled ? FINDING_GOOD : FINDING_NOTE, "bluetooth", NULL,
			"%zu adapter%s%s", adapters, adapters == 1 ? "" : "s",
			enabled ? "" : "; [BLE] Enabled=no");
		globfree(&found);
	} else if (enabled) {
		doctor_find(d, FINDING_WRONG, "bluetooth",
			"is it plugged in, and is the module btusb or hci_uart loaded? \"dmesg | "
			"grep -i bluetooth\"",
			"there is no Bluetooth adapter");
	}
	if (enabled)
		look_at_switches(d);
}
