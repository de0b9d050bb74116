/*
 * Small files of drivers on their way to the disk: one writing of each at a
 * time, and who waits for it. What is in them is their drivers' business.
 */
#include <errno.h>

#include "gateway/gateway_private.h"

int gateway_keep(struct gateway *g, enum gateway_file file, const char *text, size_t length,
	gateway_kept_fn done, void *userdata)
{
	struct gateway_keeping *k = &g->keeping[file];
	int r;

	if (!g->keeper)
		return -ENOTSUP;
	if (k->busy && (k->done || done))
		return -EBUSY;
	r = g->keeper(file, text, length, g->keeper_userdata);
	if (r < 0)
		return r;
	*k = (struct gateway_keeping){ .busy = true, .done = done, .userdata = userdata };
	return 0;
}

void gateway_keep_forget(struct gateway *g, enum gateway_file file)
{
	g->keeping[file].done = NULL;
}

void gateway_set_keeper(struct gateway *g, gateway_keeper_fn fn, void *userdata)
{
	g->keeper = fn;
	g->keeper_userdata = userdata;
}

void gateway_kept(struct gateway *g, enum gateway_file file, int error)
{
	struct gateway_keeping k = g->keeping[file];

	g->keeping[file] = (struct gateway_keeping){ 0 };
	if (k.done)
		k.done(error, k.userdata);
}
