/*
 * The daemon, run from a configuration that was read and checked. Not its
 * options: main.c.
 */
#pragma once

struct config;

/* The formats that Payloads= can name, NULL-terminated. */
extern const char *const daemon_payload_names[];

/* Runs until it is told to stop. config_path is read again at SIGHUP; c is taken over. Returns the
 * process's exit status; may end the process itself when a thread hangs. */
int daemon_run(const char *config_path, struct config *c);
