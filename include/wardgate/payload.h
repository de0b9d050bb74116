/*
 * The extension point of an output format: one file in publish/payloads, one
 * row in publish/payloads.def. Pure: a reading goes in, bytes come out.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct reading;

/* What a payload says beside the reading. Strings are borrowed for the call. */
struct payload_context {
	const char *gateway; /* [Gateway] Name= */
	const char *epoch;   /* of this run; a reading that names another has that one */
};

#define PAYLOAD_MAX 4096 /* bytes that one reading may take in any format */

struct payload_format {
	const char *name;         /* as in Payloads= */
	const char *content_type; /* MQTT 5 content-type */
	const char *schema;       /* user property "schema" */
	/* Writes one reading. Returns the length, or -ENOBUFS. */
	ssize_t (*reading)(
		char *buf, size_t size, const struct reading *r, const struct payload_context *ctx);
};
