/*
 * Names of LEDs and GPIO lines.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "config/output.h"
#include "config/problems.h"

#define LEDS "/sys/class/leds/"
#define LED "led:"
#define GPIO "gpio:"
#define ACTIVE_LOW "active-low"
#define OFFSET_DIGITS 5

/* A file name, or an absolute path that says nothing twice. */
static bool is_path(const char *text)
{
	return *text == '/' && text[1] && !strstr(text, "//") && !strstr(text, "/../") &&
	       !strstr(text, "/./") && text[strlen(text) - 1] != '/';
}

static int parse_led(const char *text, struct config_output *o, struct config_why *why)
{
	bool path = is_path(text);

	if (!path && (!*text || strchr(text, '/') || *text == '.'))
		return config_refuse(why,
			"names no LED; give led:NAME, where NAME is one of those in " LEDS
			", or led: and an absolute path");
	snprintf(o->path, sizeof(o->path), "%s%s", path ? "" : LEDS, text);
	return 0;
}

/* The line: an offset, or its name. */
static int parse_line(const char *text, size_t n, struct config_output *o, struct config_why *why)
{
	size_t digits = 0;

	while (digits < n && isdigit((unsigned char)text[digits]))
		digits++;
	if (n == 0 || n > (digits == n ? OFFSET_DIGITS : CONFIG_LINE_NAME_MAX))
		return config_refuse(why,
			"names no line; give its offset on the chip, e.g. gpio:/dev/gpiochip0:17, "
			"or its name of at most %d bytes",
			CONFIG_LINE_NAME_MAX);
	if (digits == n)
		for (size_t i = 0; i < n; i++)
			o->offset = o->offset * 10 + (unsigned)(text[i] - '0');
	else
		memcpy(o->line, text, n);
	return 0;
}

static int parse_gpio(const char *text, struct config_output *o, struct config_why *why)
{
	const char *line = strchr(text, ':'), *end;
	size_t n = line ? (size_t)(line - text) : 0;

	if (n == 0)
		return config_refuse(why,
			"names no chip and line; give e.g. gpio:/dev/gpiochip0:17 or "
			"gpio:gpiochip0:LAMP1:active-low");
	snprintf(o->path, sizeof(o->path), "%s%.*s", *text == '/' ? "" : "/dev/", (int)n, text);
	if (!is_path(o->path) || (*text != '/' && memchr(text, '/', n)))
		return config_refuse(
			why, "names no chip; give its device, e.g. gpio:/dev/gpiochip0:17");
	line++;
	end = strchr(line, ':') ?: line + strlen(line);
	if (*end && strcmp(end + 1, ACTIVE_LOW) != 0)
		return config_refuse(
			why, "ends with \"%s\"; give :" ACTIVE_LOW " or nothing there", end);
	o->active_low = *end;
	return parse_line(line, (size_t)(end - line), o, why);
}

int config_parse_output(const char *text, struct config_output *ret, struct config_why *why)
{
	struct config_output o = { 0 };
	int r;

	if (strlen(text) > CONFIG_OUTPUT_MAX)
		return config_refuse(why, "is longer than %d bytes", CONFIG_OUTPUT_MAX);
	if (strncmp(text, LED, strlen(LED)) == 0) {
		r = parse_led(text + strlen(LED), &o, why);
	} else if (strncmp(text, GPIO, strlen(GPIO)) == 0) {
		o.gpio = true;
		r = parse_gpio(text + strlen(GPIO), &o, why);
	} else {
		r = config_refuse(why, "is no output; give led:NAME, gpio:CHIP:LINE or "
				       "gpio:CHIP:LINE:" ACTIVE_LOW);
	}
	if (r == 0)
		*ret = o;
	return r;
}

bool config_same_output(const struct config_output *a, const struct config_output *b)
{
	return a->gpio == b->gpio && strcmp(a->path, b->path) == 0 &&
	       (!a->gpio || (strcmp(a->line, b->line) == 0 && a->offset == b->offset));
}
