/* What the scenario lets happen to devices and adapters, by time or by rule. */
#pragma once

struct sble;

/* Marks the devices that rules count for, and arms the first event. */
void sble_events_start(struct sble *b);
