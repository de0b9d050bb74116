/*
 * The file of bonds and its former generation. All of it blocks. See bonds.h.
 */
#include "ble/bonds.h"

#include <errno.h>
#include <string.h>

#include "util/file.h"
#include "util/text.h"

/* Returns 0, -ENOENT, or what was wrong, of which it writes a few words. */
static int try(struct bonds *b, int directory_fd, const char *name, struct text *t)
{
	char *bytes = NULL;
	ssize_t n = file_load(directory_fd, name, BONDS_TEXT_MAX, &bytes);
	unsigned line;
	int r;

	if (n < 0) {
		if (n != -ENOENT)
			text_printf(t, "%s cannot be read (%s); ", name, strerrordesc_np((int)-n));
		return (int)n;
	}
	r = bonds_read(b, bytes, (size_t)n, &line);
	bonds_text_free(bytes, (size_t)n);
	if (r == 0)
		return 0;
	if (line > 0)
		text_printf(t, "%s is damaged at line %u; ", name, line);
	else
		text_printf(t, "%s is damaged or cut off; ", name);
	return r;
}

static void set_aside(int directory_fd, const char *name)
{
	(void)renameat(directory_fd, name, directory_fd, BONDS_DAMAGED);
}

int bonds_load(struct bonds *b, int directory_fd, struct bonds_loaded *ret)
{
	struct text t = text_init(ret->problem, sizeof(ret->problem));
	int r, former = 0;

	*ret = (struct bonds_loaded){ 0 };
	r = try(b, directory_fd, BONDS_FILE, &t);
	if (r == -ENOMEM)
		return r;
	if (r != 0) {
		if (r > 0)
			set_aside(directory_fd, BONDS_FILE);
		former = try(b, directory_fd, BONDS_FORMER, &t);
		ret->former = former == 0;
		if (former > 0 && r <= 0)
			set_aside(directory_fd, BONDS_FORMER);
		if (former == 0 && r == -ENOENT)
			text_str(&t, BONDS_FILE " is missing; ");
		if (former == 0)
			text_str(&t, "the former one is used: what was paired since has to be "
				     "paired again");
		else if (t.at != t.start)
			text_str(&t, "no keys are left: devices have to be paired again");
	}
	ret->problem[sizeof(ret->problem) - 1] = 0;
	return 0;
}
