/*
 * The serial port of the radio, and nothing else: opened for us alone, raw, at
 * its speed and with its flow control. What goes over it is none of its
 * business. Which names of ports are good ones the configuration says
 * (config/check_drivers.c).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum serial_flow { SERIAL_FLOW_NONE, SERIAL_FLOW_HARDWARE, SERIAL_FLOW_SOFTWARE };

/*
 * Opens the port; it never blocks. Whatever waits in it is thrown away. Returns
 * the descriptor (non-blocking, close-on-exec), or a negative errno: -ENOENT and
 * -ENXIO while the radio is unplugged, -EACCES, -EBUSY when another program has
 * it, -ENOTTY when it is no serial port, -EINVAL when it does not take the speed
 * or the flow control.
 *
 * A read of 0 bytes, or an error but EAGAIN and EINTR, means that it was
 * unplugged: close it.
 */
int serial_open(const char *path, unsigned baud_rate, enum serial_flow flow);

/* A sentence's end for a failed serial_open(), with the remedy. */
const char *serial_open_words(int error);
