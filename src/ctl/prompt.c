/*
 * Questions to the one at the terminal. See prompt.h.
 */
#include "ctl/prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <termios.h>
#include <unistd.h>

#include "util/cleanup.h"

int prompt_line(const char *question, char *buf, size_t size)
{
	_cleanup_(freep) char *line = NULL;
	size_t room = 0;

	for (;;) {
		ssize_t n;
		char *text;

		printf("%s", question);
		fflush(stdout);
		errno = 0;
		n = getline(&line, &room, stdin);
		if (n < 0) {
			putchar('\n');
			return errno == EINTR ? -EINTR : -ECANCELED;
		}
		while (n > 0 && strchr(" \t\r\n", line[n - 1]))
			line[--n] = 0;
		text = line + strspn(line, " \t");
		if (strlen(text) < size) {
			memcpy(buf, text, strlen(text) + 1);
			return (int)strlen(buf);
		}
		printf("That is too long; %zu characters at most.\n", size - 1);
	}
}

bool prompt_yes(const char *question)
{
	char answer[16];

	return prompt_line(question, answer, sizeof(answer)) > 0 &&
	       (strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0);
}

/* --- what does not show --- */

static volatile sig_atomic_t caught;

static void on_signal(int number)
{
	caught = number;
}

static const int caught_ones[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };

/* mask: in which the signals come; outside the wait they are blocked, so that none is missed. */
static int read_secret(int fd, const sigset_t *mask, char *buf, size_t size)
{
	size_t n = 0;

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t got;
		char c;

		if (ppoll(&p, 1, NULL, mask) < 0) {
			if (caught || errno != EINTR)
				return caught ? -ECANCELED : -errno;
			continue;
		}
		got = read(fd, &c, 1);
		if (got < 0 && errno != EINTR)
			return -errno;
		if (got == 0)
			return -ECANCELED;
		if (got < 0)
			continue;
		if (c == '\n' || c == '\r') {
			if (n >= size)
				return -E2BIG;
			buf[n] = 0;
			return (int)n;
		}
		if (n < size)
			buf[n] = c;
		n += n < size;
	}
}

int prompt_secret(const char *question, char *buf, size_t size)
{
	_cleanup_(closep) int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	struct sigaction act = { .sa_handler = on_signal }, before[ARRAY_SIZE(caught_ones)];
	struct termios quiet, loud;
	sigset_t ours, mask;
	int r;

	if (fd < 0 || tcgetattr(fd, &loud) < 0)
		return -ENXIO;
	caught = 0;
	/* Caught, so that the echo comes back whatever ends it. */
	sigemptyset(&ours);
	for (size_t i = 0; i < ARRAY_SIZE(caught_ones); i++) {
		sigaddset(&ours, caught_ones[i]);
		(void)sigaction(caught_ones[i], &act, &before[i]);
	}
	(void)sigprocmask(SIG_BLOCK, &ours, &mask);
	quiet = loud;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
	r = tcsetattr(fd, TCSAFLUSH, &quiet) < 0 ? -errno : 0;
	if (r == 0) {
		(void)!write(fd, question, strlen(question));
		r = read_secret(fd, &mask, buf, size);
		(void)!write(fd, "\n", 1);
		(void)tcsetattr(fd, TCSAFLUSH, &loud);
	}
	(void)sigprocmask(SIG_SETMASK, &mask, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(caught_ones); i++)
		(void)sigaction(caught_ones[i], &before[i], NULL);
	if (caught && caught != SIGTSTP)
		(void)raise(caught);
	return r;
}
