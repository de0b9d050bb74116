/*
 * Topics. See topic.h.
 */
#include "publish/topic.h"

#include <string.h>

#include "util/text.h"
#include "wardgate/reading.h"

ssize_t topic_reading(
	char *buf, size_t size, const char *prefix, const char *payload, const struct reading *r)
{
	struct text t = text_init(buf, size);

	text_str(&t, prefix);
	if (payload) {
		text_char(&t, '/');
		text_str(&t, payload);
	}
	text_lit(&t, "/beds/");
	text_str(&t, label_text(r->bed, "-"));
	text_char(&t, '/');
	text_str(&t, label_text(r->device, "-"));
	text_char(&t, '/');
	text_str(&t, metric_info((enum metric)r->metric)->name);
	if (r->instance) {
		text_char(&t, '.');
		text_u64(&t, r->instance);
	}
	return text_done(&t);
}

ssize_t topic_gateway(
	char *buf, size_t size, const char *prefix, const char *gateway, const char *rest)
{
	struct text t = text_init(buf, size);

	text_str(&t, prefix);
	text_lit(&t, "/gateways/");
	text_str(&t, gateway);
	text_char(&t, '/');
	text_str(&t, rest);
	return text_done(&t);
}

ssize_t topic_below(char *buf, size_t size, const char *prefix, const char *rest)
{
	struct text t = text_init(buf, size);

	text_str(&t, prefix);
	text_char(&t, '/');
	text_str(&t, rest);
	return text_done(&t);
}

bool topic_publishable(const char *text)
{
	size_t n = strnlen(text, TOPIC_MAX);

	if (n == 0 || n == TOPIC_MAX || text[0] == '$')
		return false;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f || text[i] == '+' ||
			text[i] == '#')
			return false;
	return true;
}
