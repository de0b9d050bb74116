/* See lines.h. */
#include "sim/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int lines_open(struct lines *l, const char *path, bool again)
{
	l->fd = -1;
	if (!path)
		return 0;
	if (!strcmp(path, "-"))
		l->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	else
		l->fd = open(path,
			O_WRONLY | O_CREAT | (again ? 0 : O_TRUNC) | O_APPEND | O_CLOEXEC, 0644);
	return l->fd < 0 ? -errno : 0;
}

void lines_flush(struct lines *l)
{
	size_t done = 0;

	while (done < l->used && !l->error) {
		ssize_t n = write(l->fd, l->at + done, l->used - done);

		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			l->error = -errno;
	}
	l->used = 0;
}

void lines_close(struct lines *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}
