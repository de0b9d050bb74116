/*
 * wardgatectl check-config: what wardgated --check-config says, without the
 * daemon.
 */
#include <string.h>

#include "config/read.h"
#include "ctl/ctl.h"
#include "ctl/json.h"
#include "util/text.h"

static void put_list(const char *name, char *const *lines, size_t count)
{
	printf("\"%s\":[", name);
	for (size_t i = 0; i < count; i++) {
		fputs(i ? "," : "", stdout);
		text_print_json(stdout, lines[i]);
	}
	putchar(']');
}

int verb_check_config(const struct ctl *ctl, int argc, char **argv)
{
	const struct config_options options = { .payloads = ctl_payload_names };
	_cleanup_(config_problems_done) struct config_problems p = { 0 };
	_cleanup_(config_unrefp) struct config *config = NULL;
	int r = ctl_arguments(argc, argv, 0);

	if (r != 0)
		return r;
	r = config_read(ctl->config_path, &options, &config, &p);
	if (r < 0)
		return ctl_fail("cannot read the configuration: %s", strerror(-r));
	if (ctl->json) {
		printf("{\"ok\":%s,", r == 0 ? "true" : "false");
		put_list("errors", p.errors, p.error_count);
		putchar(',');
		put_list("warnings", p.warnings, p.warning_count);
		puts("}");
		return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	}
	for (size_t i = 0; i < p.warning_count; i++)
		fprintf(stderr, "warning: %s\n", p.warnings[i]);
	for (size_t i = 0; i < p.error_count; i++)
		fprintf(stderr, "%s\n", p.errors[i]);
	if (p.unsaid)
		fprintf(stderr, "and %zu more\n", p.unsaid);
	if (r != 0)
		return EXIT_FAILURE;
	printf("%s is good: %zu device%s", ctl->config_path, config->device_count,
		config->device_count == 1 ? "" : "s");
	if (p.warning_count)
		printf(", %zu warning%s", p.warning_count, p.warning_count == 1 ? "" : "s");
	puts(".");
	return EXIT_SUCCESS;
}
