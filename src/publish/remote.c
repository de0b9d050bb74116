/*
 * Commands of a session, and their answers. See remote.h.
 */
#include "publish/remote.h"

#include <mqtt_protocol.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "publish/properties.h"
#include "publish/session_private.h"
#include "publish/topic.h"

struct publish_reply {
	char *topic;
	mosquitto_property *properties; /* NULL: those of the schema */
	char request[COMMAND_NAME_MAX + 1];
};

struct publish_reply *publish_reply_free(struct publish_reply *r)
{
	if (!r)
		return NULL;
	free(r->topic);
	mosquitto_property_free_all(&r->properties);
	free(r);
	return NULL;
}

/* The answer's properties: those of the schema and the command's correlation data. */
static mosquitto_property *answer_properties(const mosquitto_property *command)
{
	mosquitto_property *properties = NULL;
	void *data = NULL;
	uint16_t length;

	if (!mosquitto_property_read_binary(
		    command, MQTT_PROP_CORRELATION_DATA, &data, &length, false))
		return NULL;
	if (length > COMMAND_SIZE_MAX ||
		properties_new(&properties, "application/json", "wardgate-response-1") < 0 ||
		mosquitto_property_add_binary(
			&properties, MQTT_PROP_CORRELATION_DATA, data, length))
		mosquitto_property_free_all(&properties);
	free(data);
	return properties;
}

static void refused(struct session *s, enum refusal why, const char *verb)
{
	struct session_environment *env = s->env;

	refusals_note(&env->refusals, why, verb, realtime_us(), session_now(s));
	if (env->refused)
		env->refused(env->refused_userdata);
}

/* NULL for want of memory: then there is no answer. */
static struct publish_reply *reply_new(
	struct session *s, const char *verb, const char *request, const mosquitto_property *command)
{
	_cleanup_(publish_reply_freep) struct publish_reply *r = calloc(1, sizeof(*r));
	char topic[TOPIC_MAX];
	char *asked = NULL;

	if (!r || topic_gateway(topic, sizeof(topic), s->env->prefix, s->env->context.gateway,
			  "responses") < 0)
		return NULL;
	mosquitto_property_read_string(command, MQTT_PROP_RESPONSE_TOPIC, &asked, false);
	if (asked && !command_response_allowed(asked, s->env->prefix)) {
		refused(s, REFUSAL_RESPONSE_TOPIC, verb);
		free(asked);
		asked = NULL;
	}
	r->topic = asked ?: strdup(topic);
	r->properties = answer_properties(command);
	memcpy(r->request, request, strlen(request) + 1);
	return r->topic ? TAKE_PTR(r) : NULL;
}

void session_answer(
	struct session *s, struct publish_reply *take_reply, const char *error, const char *result)
{
	_cleanup_(publish_reply_freep) struct publish_reply *r = take_reply;
	/* A text of JSON needs six bytes for one at most. */
	size_t size = 6 * (COMMAND_NAME_MAX + strlen(error ?: "")) + strlen(result ?: "") + 100;
	struct answer *a = &s->answers[s->answer_count];
	_cleanup_(freep) char *body = NULL;

	if (!r || s->answer_count == ANSWERS_MAX)
		return;
	body = malloc(size);
	if (!body || command_answer(body, size, r->request, error, result) < 0)
		return;
	a->topic = TAKE_PTR(r->topic);
	a->body = TAKE_PTR(body);
	a->properties = TAKE_PTR(r->properties);
	s->answer_count++;
	session_pump(s);
}

void session_on_message(struct link *l, const struct mosquitto_message *m,
	const mosquitto_property *properties, void *userdata)
{
	struct session *s = userdata;
	struct session_environment *env = s->env;
	char why[COMMAND_WHY_MAX] = "";
	const char *name = strrchr(m->topic, '/');
	struct command c;
	bool bad;
	struct publish_command heard = { .topic = m->topic, .command = &c, .retained = m->retain };

	/* Told apart from what was asked for by the subscription alone. */
	if (!name)
		return;
	heard.verb = name + 1;
	if (!command_rate_take(&env->command_rate, session_now(s))) {
		refused(s, REFUSAL_RATE, heard.verb);
		return;
	}
	env->counters.commands++;
	bad = command_parse(&c, m->payload, (size_t)m->payloadlen, why) < 0;
	heard.reply = reply_new(s, heard.verb, c.request, properties);
	if (bad) {
		refused(s, REFUSAL_MALFORMED, heard.verb);
		session_answer(s, heard.reply, why, NULL);
	} else if (env->command) {
		env->command(&heard, env->command_userdata);
	} else {
		session_answer(s, heard.reply, "this gateway obeys nobody", NULL);
	}
	command_done(&c);
}
