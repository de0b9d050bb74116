/* Listening sockets of packets in the file system. */
#pragma once

/* A non-blocking AF_UNIX SOCK_SEQPACKET listener at path, in place of what was there. Returns it
 * or a negative errno. */
int sble_socket_listen(const char *path);
