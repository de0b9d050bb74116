/*
 * The daemon's documents: JSON texts that are shown to programs as they came,
 * and to people in parts. What comes from the daemon may hold what came from
 * outside; cells of tables and ctl_fail() keep control characters off the
 * terminal.
 */
#pragma once

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "util/cleanup.h"

/* The document as it came, "null" for what is none. Without a line break. */
void json_put_document(FILE *f, const char *document);
/* {"name":[...]} of documents, and a line break. */
void json_put_documents(FILE *f, const char *name, char *const *documents, size_t count);

WG_DEFINE_CLEANUP(cJSON *, cJSON_Delete)
/* NULL: it is no JSON object, or out of memory. */
cJSON *json_object(const char *document);
/* A member's text; otherwise when it is none. Lent. */
const char *json_text(const cJSON *object, const char *name, const char *otherwise);
/* A member's whole number. */
int64_t json_integer(const cJSON *object, const char *name, int64_t otherwise);
bool json_true(const cJSON *object, const char *name);
/* "2026-11-21T10:00:00.123Z" in milliseconds, or -1. */
int64_t json_time(const cJSON *object, const char *name);

/* A member of the outermost object as it is written there (37.60 stays 37.60), a text without its
 * quotes when it holds no escapes. Returns false when there is none or it does not fit. */
bool json_raw(const char *document, const char *name, char *buf, size_t size);
