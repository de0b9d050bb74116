/*
 * The rows of [Annunciator].
 */
#include "config/schema_rows.h"

#define ROW(key_, field, example_, help_)                                                          \
	{                                                                                          \
		.key = (key_), .type = &config_type_outputs,                                       \
		.offset = offsetof(struct config, annunciator.field), .standard = "",              \
		.example = (example_), .help = (help_)                                             \
	}

const struct config_row config_annunciator_rows[CONFIG_ANNUNCIATOR_ROWS] = {
	ROW("High", high, "led:red",
		"What flashes twice a second while an alarm of high priority is to be seen: a red "
		"lamp. Only the most urgent priority is shown."),
	ROW("Medium", medium, "led:yellow",
		"What flashes slowly, five times in eight seconds, while medium is the most urgent "
		"priority: a yellow lamp."),
	ROW("Low", low, "led:yellow",
		"What is lit while low is the most urgent priority: a cyan or yellow lamp."),
	ROW("Sound", sound, "gpio:/dev/gpiochip0:17",
		"What sounds, with pulses that tell the priority, while an alarm is neither "
		"acknowledged nor paused: a buzzer that needs no more than to be switched on."),
	ROW("Broker", broker, "gpio:/dev/gpiochip0:LAMP4:active-low",
		"What is lit while no broker can be reached, so that nobody elsewhere sees "
		"alarms."),
	ROW("Running", running, "led:green",
		"What is lit while the gateway runs, with a short dip every two seconds: one that "
		"does not dip is not driven any more. It must not be red or yellow."),
};
