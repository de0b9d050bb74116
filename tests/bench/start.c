/*
 * Starts a program and tells how long it took to READY=1 and what memory it
 * holds once it has settled.
 *
 *   start socket=PATH settle=MS -- PROGRAM ARGUMENT...
 *
 * Prints a line of JSON (times in microseconds, memory in KiB), then waits for
 * the end of its standard input before it ends the program with SIGTERM.
 */
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "bench/bench.h"

#define PATIENCE_MS 10000

extern char **environ;

static int notify_socket(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(at.sun_path))
		bench_die("%s is too long", path);
	memcpy(at.sun_path, path, strlen(path) + 1);
	(void)unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		bench_die("%s: %s", path, strerror(errno));
	(void)setenv("NOTIFY_SOCKET", path, 1);
	return fd;
}

static void wait_ready(int fd, pid_t pid)
{
	char message[4096];

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t n;

		if (poll(&p, 1, PATIENCE_MS) < 1) {
			(void)kill(pid, SIGKILL);
			bench_die("it does not say READY=1");
		}
		n = recv(fd, message, sizeof(message), 0);
		if (n > 0 && memmem(message, (size_t)n, "READY=1", 7))
			return;
	}
}

/* A row of /proc/PID/smaps_rollup in KiB. */
static long rollup(pid_t pid, const char *row)
{
	char path[64], line[256];
	long value = -1;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	f = fopen(path, "re");
	if (!f)
		bench_die("%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), f))
		if (strncmp(line, row, strlen(row)) == 0)
			value = strtol(line + strlen(row), NULL, 10);
	(void)fclose(f);
	return value;
}

int main(int argc, char **argv)
{
	int fd = notify_socket(bench_need(argc, argv, "socket")), status = 0, at = 1;
	int64_t begin_ns, ready_ns;
	char c;
	pid_t pid;

	while (at < argc && strcmp(argv[at], "--") != 0)
		at++;
	if (++at >= argc)
		bench_die("start what?");
	begin_ns = bench_now_ns();
	if (posix_spawn(&pid, argv[at], NULL, NULL, &argv[at], environ) != 0)
		bench_die("cannot start %s", argv[at]);
	wait_ready(fd, pid);
	ready_ns = bench_now_ns();
	(void)poll(NULL, 0, (int)bench_number(argc, argv, "settle", 2000));
	printf("{\"pid\":%d,\"ready_us\":%.1f,\"rss\":%ld,\"private_dirty\":%ld,\"pss\":%ld}\n",
		(int)pid, (double)(ready_ns - begin_ns) / 1e3, rollup(pid, "Rss:"),
		rollup(pid, "Private_Dirty:"), rollup(pid, "Pss:"));
	(void)fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) > 0)
		;
	(void)kill(pid, SIGTERM);
	(void)waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}
