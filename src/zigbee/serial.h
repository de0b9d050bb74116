/*
 * The serial port of the radio, and nothing else: opened for us alone, raw, at
 * its speed and with its flow control. What goes over it is none of its
 * business. Which names of ports are good ones the configuration says
 * (config/check_drivers.c).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

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
/* Closes it. discards: without waiting for what flow control holds back, which is thrown away; else
 * the kernel waits for up to half a minute until a radio that takes nothing has taken it. */
void serial_close(int fd, bool discards);

#define SERIAL_BY_ID "/dev/serial/by-id"

/* A sentence's end for a failed serial_open() of path, with who has it or whose it is, and the
 * remedy: buf or a text of its own. It looks into small files of the machine's own. */
const char *serial_open_words(int error, const char *path, char *buf, size_t size);
/* The process that has locked it, as far as can be seen; 0: none. */
pid_t serial_holder(const char *path);
