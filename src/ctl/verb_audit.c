/*
 * wardgatectl audit: the trail of commands, as the daemon keeps it.
 */
#include <string.h>

#include "ctl/bus.h"
#include "ctl/json.h"
#include "ctl/table.h"
#include "ctl/term.h"

/* What a command was given, or what else an entry says; to be freed. */
static char *arguments_of(const cJSON *entry)
{
	static const char *const shown[] = { "number", "kind", "time", "by", "origin", "outcome" };
	const cJSON *given = cJSON_GetObjectItemCaseSensitive(entry, "arguments");
	_cleanup_(cJSON_Deletep) cJSON *rest = NULL;

	if (cJSON_IsObject(given))
		return cJSON_PrintUnformatted(given);
	if (strcmp(json_text(entry, "kind", "command"), "command") == 0)
		return NULL;
	rest = cJSON_Duplicate(entry, true);
	for (size_t i = 0; rest && i < ARRAY_SIZE(shown); i++)
		cJSON_DeleteItemFromObjectCaseSensitive(rest, shown[i]);
	return rest ? cJSON_PrintUnformatted(rest) : NULL;
}

static int print_entries(const cJSON *entries)
{
	static const struct table_column columns[] = {
		{ .title = "TIME" },
		{ .title = "VERB" },
		{ .title = "BY", .shrink = true },
		{ .title = "FROM", .shrink = true },
		{ .title = "OUTCOME" },
		{ .title = "ARGUMENTS", .shrink = true },
	};
	_cleanup_(table_freep) struct table *t = NULL;
	const cJSON *e;
	int r = table_new(&t, columns, ARRAY_SIZE(columns));

	cJSON_ArrayForEach(e, entries)
	{
		char *arguments = arguments_of(e);
		const char *cells[] = { json_text(e, "time", ""),
			json_text(e, "verb", json_text(e, "kind", "?")), json_text(e, "by", ""),
			json_text(e, "origin", ""), json_text(e, "outcome", ""), arguments ?: "" };

		if (r == 0)
			r = table_row(t, cells);
		cJSON_free(arguments);
	}
	if (r == 0)
		table_print(t, stdout, term_width(stdout), 0);
	return r;
}

int verb_audit(const struct ctl *ctl, int argc, char **argv)
{
	_cleanup_(bus_problem_done) struct bus_problem p = { 0 };
	_cleanup_(bus_freep) struct bus *bus = NULL;
	_cleanup_(cJSON_Deletep) cJSON *result = NULL;
	_cleanup_(freep) char *document = NULL;
	const cJSON *entries;
	int r = ctl_arguments(argc, argv, 0);

	if (r != 0)
		return r;
	if (bus_open(&bus, ctl, &p) != 0)
		return bus_complain(&p);
	if (bus_ask(bus, &p, &document, "Run", "ss", "audit", "") != 0) {
		if (strcmp(p.name, "UnknownVerb") == 0 || strcmp(p.name, "NotSupported") == 0)
			return ctl_fail(
				"this wardgated keeps no audit trail that can be listed; its "
				"log has every command: journalctl -u wardgated");
		return bus_complain(&p);
	}
	result = json_object(document);
	entries = cJSON_GetObjectItemCaseSensitive(result, "entries");
	if (!cJSON_IsArray(entries))
		return ctl_fail(
			"wardgated's answer has no entries; is it as new as wardgatectl " WG_VERSION
			"?");
	if (ctl->json) {
		json_put_document(stdout, document);
		putchar('\n');
	} else if (cJSON_GetArraySize(entries) == 0) {
		puts("No command has been given yet.");
	} else {
		r = print_entries(entries);
	}
	return r < 0 ? ctl_fail("out of memory") : EXIT_SUCCESS;
}
