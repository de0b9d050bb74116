/*
 * Runs in the daemon's place in its unit, and says what the sandbox lets it
 * do: one line "NAME allowed" or "NAME ERRNO" for each attempt. Not for
 * judging: test_service.py knows what has to come out.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

static void say(const char *name, long result)
{
	printf("%s %s\n", name, result < 0 ? strerrorname_np(errno) : "allowed");
}

static void try_file(const char *name, const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);

	say(name, fd);
	if (fd >= 0) {
		(void)close(fd);
		if (flags & O_CREAT)
			(void)unlink(path);
	}
}

static void try_socket(const char *name, int family, int type)
{
	int fd = socket(family, type | SOCK_CLOEXEC, 0);

	say(name, fd);
	if (fd >= 0)
		(void)close(fd);
}

static void try_clock(void)
{
	struct timex tx = { 0 };
	struct timespec now;

	say("adjtimex-read", adjtimex(&tx));
	tx.modes = ADJ_OFFSET;
	say("adjtimex-set", adjtimex(&tx));
	(void)clock_gettime(CLOCK_REALTIME, &now);
	say("clock-set", clock_settime(CLOCK_REALTIME, &now));
}

static void try_memory(void)
{
	void *p = mmap(
		NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	say("write-and-execute", p == MAP_FAILED ? -1 : 0);
}

int main(void)
{
	struct sched_param realtime = { .sched_priority = 1 };

	try_file("state", "/var/lib/wardgate/probe", O_CREAT | O_WRONLY);
	try_file("runtime", "/run/wardgate/probe", O_CREAT | O_WRONLY);
	try_file("temporary", "/var/tmp/probe", O_CREAT | O_WRONLY);
	try_file("configuration", "/etc/wardgate/wardgate.conf", O_RDONLY);
	try_file("configuration-write", "/etc/wardgate/probe", O_CREAT | O_WRONLY);
	try_file("system-write", "/usr/probe", O_CREAT | O_WRONLY);
	try_file("home", "/home", O_RDONLY | O_DIRECTORY);
	try_file("others", "/proc/1/environ", O_RDONLY);
	try_file("boot-id", "/proc/sys/kernel/random/boot_id", O_RDONLY);
	try_file("tunnel", "/dev/net/tun", O_RDWR);
	try_file("serial-port", "/dev/probe-serial", O_RDWR);
	try_socket("inet", AF_INET, SOCK_DGRAM);
	try_socket("inet6", AF_INET6, SOCK_STREAM);
	try_socket("unix", AF_UNIX, SOCK_SEQPACKET);
	try_socket("bluetooth", AF_BLUETOOTH, SOCK_SEQPACKET);
	try_socket("packet", AF_PACKET, SOCK_RAW);
	try_socket("netlink", AF_NETLINK, SOCK_RAW);
	try_clock();
	try_memory();
	say("set-user", setuid(0));
	say("namespace", unshare(CLONE_NEWUSER));
	say("personality", personality(PER_LINUX32));
	say("realtime", sched_setscheduler(0, SCHED_FIFO, &realtime));
	say("set-user-id-file",
		mkdir("/var/lib/wardgate/probe", 0700) ?: chmod("/var/lib/wardgate/probe", 06700));
	(void)rmdir("/var/lib/wardgate/probe");
	say("trace", ptrace(PTRACE_TRACEME, 0, NULL, NULL));
	say("chroot", chroot("/"));
	return 0;
}
