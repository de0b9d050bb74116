/* Events that somebody says while the simulation runs, one a line on standard input, with the keys
 * of an [Event] between spaces: "Device=bell Do=press Amount=double". See zigbee_scenario.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sim/zigbee_stage.h"

static void on_line(struct szb *b, const char *line)
{
	struct szb_event_config e;

	if (*line && szb_event_read(b->scenario, line, &e) == 0)
		szb_event_happen(b, &e);
}

static int on_input(sd_event_source *src, int fd, uint32_t revents, void *userdata)
{
	struct szb *b = userdata;
	ssize_t n = read(fd, b->said + b->said_n, sizeof(b->said) - 1 - b->said_n);
	char *end;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) { /* whoever said them has gone */
		(void)sd_event_source_set_enabled(src, SD_EVENT_OFF);
		return 0;
	}
	b->said_n += (size_t)n;
	b->said[b->said_n] = 0;
	b->ncp.now_us = szb_boot_us();
	while ((end = strchr(b->said, '\n'))) {
		*end = 0;
		on_line(b, b->said);
		b->said_n -= (size_t)(end + 1 - b->said);
		memmove(b->said, end + 1, b->said_n + 1);
	}
	if (b->said_n == sizeof(b->said) - 1) {
		fprintf(stderr, "wardsim: a line of more than %zu bytes\n", b->said_n);
		b->said_n = 0;
	}
	return 0;
}

int szb_commands_start(struct szb *b)
{
	return sd_event_add_io(b->event, NULL, STDIN_FILENO, EPOLLIN, on_input, b);
}
