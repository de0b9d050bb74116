/* Whether the parts of a scenario fit each other; see ble_scenario.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/ble_kinds.h"
#include "sim/ble_scenario.h"
#include "sim/ble_status.h"
#include "sim/ini.h"

static size_t find_device(const struct sble_scenario *s, const char *name)
{
	for (size_t i = 0; i < s->device_count; i++)
		if (!strcmp(s->devices[i].name, name))
			return i;
	return SIZE_MAX;
}

static size_t find_patient(const struct sble_scenario *s, const char *name)
{
	for (size_t i = 0; i < s->patient_count; i++)
		if (!strcmp(s->patients[i].name, name))
			return i;
	return SIZE_MAX;
}

static size_t find_adapter(const struct sble_scenario *s, const char *name, size_t n)
{
	for (size_t i = 0; i < s->adapter_count; i++)
		if (strlen(s->adapters[i].name) == n && !memcmp(s->adapters[i].name, name, n))
			return i;
	return SIZE_MAX;
}

static void check_heard(struct sble_scenario *s, struct sble_device_config *d, struct ini *i)
{
	const char *at = d->heard_by;

	if (!*at)
		d->heard = UINT32_MAX;
	while (*at) {
		size_t n = strcspn(at, " "), k = find_adapter(s, at, n);

		if (k == SIZE_MAX)
			ini_problem(i, "[Device %s] HeardBy=: there is no [Adapter %.*s]", d->name,
				(int)n, at);
		else
			d->heard |= 1u << k;
		at += n + strspn(at + n, " ");
	}
}

static void check_address(const struct sble_scenario *s, size_t index, struct ini *i)
{
	const struct sble_device_config *d = &s->devices[index];

	for (size_t k = 0; k < index; k++)
		if (s->devices[k].has_address &&
			sble_address_equal(&s->devices[k].address, &d->address)) {
			ini_problem(i, "[Device %s] Address=: it is [Device %s]'s; give another",
				d->name, s->devices[k].name);
			return;
		}
}

static bool among(const char *words, const char *word, size_t n)
{
	while (*words) {
		size_t k = strcspn(words, " ");

		if (k == n && !memcmp(words, word, n))
			return true;
		words += k + strspn(words + k, " ");
	}
	return false;
}

/* What its kind has no use for. */
static void check_kind(const struct sble_device_config *d, struct ini *i)
{
	const struct sble_kind *k = d->kind;

	for (const char *at = d->variant; *at;) {
		size_t n = strcspn(at, " ");

		if (n && !among(k->variants, at, n))
			ini_problem(i, "[Device %s] Variant=%.*s: %s has %s", d->name, (int)n, at,
				k->name, *k->variants ? k->variants : "none");
		at += n + strspn(at + n, " ");
	}
	if (k->sealed && !d->has_key)
		ini_problem(
			i, "[Device %s] has no BindKey=; %s wants 32 hex digits", d->name, k->name);
	else if (!k->sealed && d->has_key)
		ini_problem(i, "[Device %s] BindKey=: %s does not seal what it sends", d->name,
			k->name);
	if (d->stored && !k->stores)
		ini_problem(i, "[Device %s] Stored=: %s keeps no records; meter and cgm do",
			d->name, k->name);
	if (d->rotate_ms && !d->private_address)
		ini_problem(i, "[Device %s] RotateEvery= goes with Private=yes", d->name);
	if (!k->service && (d->security || d->clock || d->asks_time))
		ini_problem(i,
			"[Device %s] %s broadcasts, nobody connects to it: no Security=, Clock= or "
			"AsksTime=",
			d->name, k->name);
}

static void check_device(struct sble_scenario *s, size_t index, struct ini *i)
{
	struct sble_device_config *d = &s->devices[index];

	i->line = d->line;
	if (find_device(s, d->name) != index)
		ini_problem(i, "[Device %s] stands twice", d->name);
	if (!d->kind) {
		if (!d->wrong_kind)
			ini_problem(i, "[Device %s] has no Kind=; give heart-rate, for instance",
				d->name);
		return;
	}
	if (!d->has_address)
		ini_problem(i, "[Device %s] has no Address=; give C0:FF:EE:00:00:01, for instance",
			d->name);
	else if (!sble_address_identity(&d->address))
		ini_problem(i,
			"[Device %s] Address=: an identity is wanted, public or random and static; "
			"Private=yes makes it show others",
			d->name);
	else
		check_address(s, index, i);
	check_kind(d, i);
	if (*d->patient_name) {
		d->patient = find_patient(s, d->patient_name);
		if (d->patient == SIZE_MAX)
			ini_problem(i, "[Device %s] Patient=%s: there is no such [Patient]",
				d->name, d->patient_name);
	}
	if (d->interval_ms < 0)
		d->interval_ms = d->kind->interval_ms;
	if (d->advertise_ms < 0)
		d->advertise_ms = d->kind->advertise_ms;
	if (d->window_ms < 0)
		d->window_ms = 30000;
	check_heard(s, d, i);
}

static void check_metric(struct sble_event_config *e, struct ini *i)
{
	static const int64_t milli[] = { 1000, 100, 10, 1 };
	int32_t steps = 0;

	e->metric = quantity_by_name(e->metric_name);
	e->body = sble_body_by_name(e->metric_name);
	if (e->metric != _Q_MAX && quantity_parse(e->metric, e->to, &steps) >= 0)
		e->milli = steps * milli[quantity_info(e->metric)->decimals];
	else if (e->metric != _Q_MAX || e->body == _SBLE_BODY_MAX || e->of == SBLE_OF_PATIENT ||
		 sble_body_parse(e->to, &e->milli) < 0)
		ini_problem(i,
			"[Event %s] Metric=%s To=%s: not a quantity and its value; give Metric= "
			"and To=, or Do=",
			e->name, e->metric_name, e->to);
}

static bool is_number(const char *text, unsigned long most)
{
	char *end;
	unsigned long v = strtoul(text, &end, 0);

	return *text >= '0' && *text <= '9' && !*end && v <= most;
}

static void check_word(
	const struct sble_event_config *e, struct ini *i, const char *(*next)(size_t index))
{
	const char *word;

	for (size_t k = 0; (word = next(k)); k++)
		if (!strcmp(word, e->amount))
			return;
	ini_no_such_word(i, "Amount", e->amount, next);
}

static const char *silence_word(size_t index)
{
	static const char *const words[] = { "restart", "power", "replug" };

	return index < ARRAY_SIZE(words) ? words[index] : NULL;
}

/* What Do= makes of Amount=; left out, it has a default but for status. */
static void check_amount(const struct sble_event_config *e, struct ini *i)
{
	const char *right = NULL;
	bool negative = *e->amount == '-';
	unsigned permille;
	int64_t ms;

	if (e->action == SBLE_DO_STATUS)
		check_word(e, i, sble_status_word);
	if (!*e->amount)
		return;
	switch ((int)e->action) {
	case SBLE_DO_STATUS:
		break;
	case SBLE_DO_SPECIAL:
		check_word(e, i, sble_special_word);
		break;
	case SBLE_DO_SCAN_SILENT:
		check_word(e, i, silence_word);
		break;
	case SBLE_DO_DROP:
		if (ini_percent(e->amount, &permille) < 0)
			right = "a percentage, such as 20%";
		break;
	case SBLE_DO_DELAY:
	case SBLE_DO_CLOCK:
		if (ini_duration(e->amount + (negative && e->action == SBLE_DO_CLOCK), &ms) < 0)
			right = "a duration, such as 250ms or 90s";
		break;
	case SBLE_DO_INFLATE:
	case SBLE_DO_MALFORMED:
		if (ini_number(e->amount, 1, 10000, &ms) < 0)
			right = "a whole number of 1 to 10000";
		break;
	case SBLE_DO_ATT_ERROR:
	case SBLE_DO_REFUSE:
		if (!is_number(e->amount, UINT8_MAX))
			right = "a code, such as 0x0e";
		break;
	default:
		right = "none: it goes with status, special, drop, delay, clock, inflate, "
			"malformed, att-error, scan-silent and refuse";
		break;
	}
	if (right)
		ini_problem(i, "[Event %s] Amount=%s: give %s", e->name, e->amount, right);
}

static void check_event(struct sble_scenario *s, struct sble_event_config *e, struct ini *i)
{
	bool of_adapter = e->action >= SBLE_DO_POWER_OFF;

	i->line = e->line;
	e->index = SIZE_MAX;
	if (e->of == SBLE_OF_NONE)
		ini_problem(i, "[Event %s] wants Device=, Adapter= or Patient=", e->name);
	else if (!e->of_all) {
		e->index = e->of == SBLE_OF_DEVICE ? find_device(s, e->target)
			   : e->of == SBLE_OF_ADAPTER
				   ? find_adapter(s, e->target, strlen(e->target))
				   : find_patient(s, e->target);
		if (e->index == SIZE_MAX)
			ini_problem(i, "[Event %s]: there is no %s", e->name, e->target);
	}
	if (e->wrong_action)
		return;
	if (e->action == SBLE_DO_CHANGE) {
		check_metric(e, i);
	} else {
		check_amount(e, i);
		if (e->of != SBLE_OF_NONE &&
			(of_adapter != (e->of == SBLE_OF_ADAPTER) || e->of == SBLE_OF_PATIENT))
			ini_problem(i, "[Event %s] Do=%s happens to %s", e->name,
				sble_action_text(e->action),
				of_adapter ? "an Adapter=" : "a Device=");
	}
	if (e->by_rule && e->of != SBLE_OF_DEVICE)
		ini_problem(i, "[Event %s] When= counts what a Device= does", e->name);
}

static void check_rules(const struct sble_scenario *s, struct ini *i)
{
	size_t rules = 0;

	for (size_t k = 0; k < s->event_count; k++) {
		if (!s->events[k].by_rule || ++rules <= SBLE_RULES_MAX)
			continue;
		i->line = s->events[k].line;
		ini_problem(i,
			"[Event %s] is more than the %d that may have When=", s->events[k].name,
			SBLE_RULES_MAX);
		return;
	}
}

static int by_time(const void *a, const void *b)
{
	const struct sble_event_config *x = a, *y = b;

	if (x->by_rule != y->by_rule)
		return x->by_rule ? -1 : 1;
	if (x->at_ms != y->at_ms)
		return x->at_ms < y->at_ms ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

void sble_scenario_check(struct sble_scenario *s, struct ini *ini, bool half)
{
	ini->quiet = false;
	for (size_t i = 0; i < s->adapter_count; i++) {
		ini->line = s->adapters[i].line;
		if (find_adapter(s, s->adapters[i].name, strlen(s->adapters[i].name)) != i)
			ini_problem(ini, "[Adapter %s] stands twice", s->adapters[i].name);
	}
	for (size_t i = 0; i < s->device_count; i++)
		check_device(s, i, ini);
	for (size_t i = 0; i < s->event_count; i++) {
		ini->quiet = half && s->events[i].of == SBLE_OF_PATIENT;
		check_event(s, &s->events[i], ini);
	}
	ini->quiet = false;
	check_rules(s, ini);
	if (s->event_count)
		qsort(s->events, s->event_count, sizeof(*s->events), by_time);
}
