/*
 * Ties the lamps and the buzzer at the gateway to the configuration and to the
 * status. What is to be shown is the desk's.
 */
#include "annunciator/annunciator.h"
#include "daemon_private.h"
#include "publish/publish.h"
#include "util/text.h"

static void on_trouble(void *userdata)
{
	struct daemon *d = userdata;

	if (d->publish)
		publish_status_changed(d->publish);
}

int annunciator_wire(struct daemon *d)
{
	int r = annunciator_new(&d->annunciator, d->event, d->config);

	if (r < 0)
		return r;
	annunciator_on_trouble(d->annunciator, on_trouble, d);
	return 0;
}

void annunciator_changed(struct daemon *d)
{
	int r = annunciator_reload(d->annunciator, d->config);

	if (r < 0)
		log_error("cannot apply the new settings of [Annunciator]", F_ERR(r));
}

void annunciator_put(const struct daemon *d, struct text *t)
{
	struct text before = *t;

	text_char(t, ',');
	if (!d->annunciator || !annunciator_report(d->annunciator, t))
		*t = before;
}
