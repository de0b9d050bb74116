/*
 * The sockets of Bluetooth LE, and nothing else: the kernel's management
 * channel, and L2CAP channels that carry ATT. This file alone knows that an
 * adapter sim:DIRECTORY has AF_UNIX sockets in their place. All are non-blocking
 * and close-on-exec; what goes over them is none of its business.
 */
#pragma once

#include <stdbool.h>

#include "ble/address.h"

/* Where sockets lead: NULL is the kernel, else the directory of a simulator (wardsim ble). */
struct io {
	const char *directory; /* borrowed */
};

/* Opens the management channel: one packet of ble/mgmt.h a read and a write. Returns the socket,
 * or a negative errno: -EAFNOSUPPORT when the kernel has no Bluetooth, -EACCES or -EPERM when this
 * process may not. */
int io_open_mgmt(const struct io *io);

/* Begins to connect from the adapter to a device. level: as BT_SECURITY has it (ble/link.h), which
 * the link is brought to before it counts as connected; for a device with whom there are keys.
 * Returns the socket, which is writable once it is over (io_connect_result()), or a negative
 * errno. */
int io_connect(const struct io *io, const struct ble_address *adapter,
	const struct ble_address *device, unsigned level);
/* How connecting ended: 0, or a negative errno; -EINPROGRESS: it has not. */
int io_connect_result(int fd);

/* Whether the link of a connected socket has the level that io_connect() was given; the kernel may
 * report a socket connected while it still pairs, or when that has failed. 0: it has.
 * -EINPROGRESS: it is being brought to it, and the socket is writable once that is over. Else a
 * negative errno. */
int io_secured(const struct io *io, int fd, unsigned level);

/* A sentence's end for a failed connect: "the device does not answer". */
const char *io_connect_words(int error);
/* And for a connection that ended, by what reading returned: 0 or a negative errno. */
const char *io_end_words(int error);
