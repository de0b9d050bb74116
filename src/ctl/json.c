/*
 * The daemon's documents. See json.h.
 */
#include "ctl/json.h"

#include <string.h>
#include <time.h>

#include "util/text.h"

void json_put_document(FILE *f, const char *document)
{
	_cleanup_(cJSON_Deletep) cJSON *parsed = cJSON_ParseWithOpts(document, NULL, true);

	if (!parsed) {
		fputs("null", f);
		return;
	}
	/* Line breaks and blanks between the members are the writer's affair. */
	for (const char *p = document; *p; p++)
		putc((unsigned char)*p < 0x20 ? ' ' : *p, f);
}

void json_put_documents(FILE *f, const char *name, char *const *documents, size_t count)
{
	fprintf(f, "{\"%s\":[", name);
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			putc(',', f);
		json_put_document(f, documents[i]);
	}
	fputs("]}\n", f);
}

cJSON *json_object(const char *document)
{
	cJSON *o = document ? cJSON_Parse(document) : NULL;

	if (o && !cJSON_IsObject(o)) {
		cJSON_Delete(o);
		return NULL;
	}
	return o;
}

const char *json_text(const cJSON *object, const char *name, const char *otherwise)
{
	const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsString(member) ? member->valuestring : otherwise;
}

int64_t json_integer(const cJSON *object, const char *name, int64_t otherwise)
{
	const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);

	if (!cJSON_IsNumber(member) || !(member->valuedouble > -9e15 && member->valuedouble < 9e15))
		return otherwise;
	return (int64_t)member->valuedouble;
}

bool json_true(const cJSON *object, const char *name)
{
	return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, name));
}

int64_t json_time(const cJSON *object, const char *name)
{
	const char *text = json_text(object, name, "");
	struct tm tm = { 0 };
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	int64_t ms;

	if (!rest)
		return -1;
	ms = (int64_t)timegm(&tm) * 1000;
	if (*rest == '.' && strspn(rest + 1, "0123456789") >= 3)
		ms += (rest[1] - '0') * 100 + (rest[2] - '0') * 10 + (rest[3] - '0');
	return ms;
}

/* Behind the string that begins at p, or NULL. */
static const char *behind_string(const char *p)
{
	for (p++; *p && *p != '"'; p++)
		if (*p == '\\' && *++p == 0)
			return NULL;
	return *p ? p + 1 : NULL;
}

static const char *skip_blanks(const char *p)
{
	return p + strspn(p, " \t\r\n");
}

/* Behind the value that begins at p, or NULL. */
static const char *behind_value(const char *p)
{
	unsigned depth = 0;

	do {
		if (*p == '"') {
			p = behind_string(p);
			if (!p)
				return NULL;
			continue;
		}
		if (*p == 0)
			return NULL;
		if (*p == '{' || *p == '[')
			depth++;
		else if (*p == '}' || *p == ']')
			depth--;
		p++;
	} while (depth > 0 || (*p && !strchr(",}]", *p)));
	return p;
}

bool json_raw(const char *document, const char *name, char *buf, size_t size)
{
	size_t length = strlen(name);
	const char *p = skip_blanks(document);

	if (*p != '{')
		return false;
	do {
		const char *key = skip_blanks(p + 1),
			   *end = *key == '"' ? behind_string(key) : NULL;
		const char *value;
		size_t n;

		if (!end)
			return false;
		value = skip_blanks(end);
		if (*value != ':')
			return false;
		value = skip_blanks(value + 1);
		p = behind_value(value);
		if (!p)
			return false;
		if ((size_t)(end - key) != length + 2 || memcmp(key + 1, name, length) != 0) {
			p = skip_blanks(p);
			continue;
		}
		n = (size_t)(p - value);
		while (n > 0 && strchr(" \t\r\n", value[n - 1]))
			n--;
		if (n >= 2 && *value == '"' && !memchr(value, '\\', n)) {
			value++;
			n -= 2;
		}
		if (n >= size)
			return false;
		memcpy(buf, value, n);
		buf[n] = 0;
		return true;
	} while (*p == ',');
	return false;
}
