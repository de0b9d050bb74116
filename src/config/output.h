/*
 * Names of the outputs that [Annunciator] drives, taken apart:
 * led:NAME, led:/DIRECTORY, gpio:CHIP:LINE and gpio:CHIP:LINE:active-low.
 */
#pragma once

#include <stdbool.h>

#include "config/config.h"
#include "config/parse.h"

#define CONFIG_OUTPUT_MAX 200   /* bytes of one as written */
#define CONFIG_OUTPUTS_MAX 32   /* of all roles together */
#define CONFIG_LINE_NAME_MAX 31 /* GPIO_MAX_NAME_SIZE of the kernel, without the final 0 */

struct config_output {
	bool gpio;                         /* else a LED */
	char path[CONFIG_OUTPUT_MAX + 16]; /* of the chip's device, or of the LED's directory */
	/* GPIO only: the line by name, or by offset when the name is empty. */
	char line[CONFIG_LINE_NAME_MAX + 1];
	unsigned offset;
	bool active_low;
};

/* Returns 0, or CONFIG_E_INVALID with why. */
int config_parse_output(const char *text, struct config_output *ret, struct config_why *why);
/* Whether both are one LED or line, as far as names tell; active_low does not count. */
bool config_same_output(const struct config_output *a, const struct config_output *b);
