/*
 * See bind_key.h.
 */
#include "config/bind_key.h"

#include <string.h>

#include "config/problems.h"
#include "config/secret.h"
#include "util/hex.h"

#define FILE_MAX 256
#define WANTED "wanted are 16 bytes as 32 hex digits"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

int config_parse_bind_key(
	const char *text, size_t size, uint8_t ret[static ADVERT_KEY_SIZE], struct config_why *why)
{
	uint8_t key[ADVERT_KEY_SIZE] = { 0 };
	size_t digits = 0;
	int r = 0;

	while (size > 0 && is_blank(text[size - 1]))
		size--;
	for (size_t i = 0; r == 0 && i < size; i++) {
		int d = hex_digit(text[i]);
		bool between = digits % 2 == 0;

		if (d < 0 && between && (is_blank(text[i]) || text[i] == ':' || text[i] == '-'))
			continue;
		if (d < 0)
			r = config_refuse(why, "holds something other than hex digits; " WANTED);
		else if (digits / 2 < sizeof(key))
			key[digits / 2] |= (uint8_t)(between ? d << 4 : d);
		digits++;
	}
	if (r == 0 && digits != 2 * sizeof(key))
		r = config_refuse(
			why, "holds %zu hex digit%s; " WANTED, digits, digits == 1 ? "" : "s");
	if (r == 0)
		memcpy(ret, key, sizeof(key));
	explicit_bzero(key, sizeof(key));
	return r;
}

int config_bind_key(const char *value, uint8_t ret[static ADVERT_KEY_SIZE], struct config_why *why)
{
	char text[FILE_MAX + 1];
	int r = config_secret_read(value, "a key; " WANTED, text, sizeof(text), why);

	if (r == 0)
		r = config_parse_bind_key(text, strlen(text), ret, why);
	explicit_bzero(text, sizeof(text));
	return r;
}
