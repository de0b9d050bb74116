"""A fresh Debian system with systemd as its first process, in a container of its own.

Not a virtual machine: the kernel is this one, so there is neither Bluetooth nor hardware in it. What
is done in it is gone when it stops: it lies in memory, above a root that no test changes.
"""
import contextlib
import hashlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

SUITE = "bookworm"
PATIENCE = 60

# What a hospital's image has anyway, and what the tests want to look with.
INCLUDE = ["systemd-sysv", "dbus", "init-system-helpers", "ca-certificates", "tzdata", "mosquitto",
           "mosquitto-clients"]

# A machine id, so that the first boot asks nothing; no broker but one that a test starts.
PREPARE = r"""
set -eu
echo 0123456789abcdef0123456789abcdef >"$1/etc/machine-id"
rm -f "$1/etc/systemd/system/multi-user.target.wants/mosquitto.service"
: >"$1/etc/resolv.conf"
"""


class Unreachable(RuntimeError):
    """No mirror answers: nothing that the packages could help."""


def wait_for(condition, what, patience=PATIENCE):
    """Returns the first true value of condition()."""
    end = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {patience} s")
        time.sleep(0.05)


def why_not():
    """Why no machine can be made here, or None."""
    if os.geteuid() != 0:
        return "needs root, for a root file system and a container"
    for tool in ("mmdebstrap", "systemd-nspawn", "nsenter", "setpriv"):
        if not shutil.which(tool, path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
            return f"{tool} is not installed (make check-package installs it)"
    return None


def sources():
    """apt's lines for the mirror that this system itself uses, or Debian's own."""
    out = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME) $(SIGNED_BY)",
                          "Created-By: Packages", "Origin: Debian", f"Codename: {SUITE}"],
                         capture_output=True, text=True, check=False).stdout.split("\n")[0].split()
    uri = out[0] if out else "http://deb.debian.org/debian"
    keys = f"[signed-by={out[2]}] " if len(out) > 2 and out[2].startswith("/") else ""
    return f"deb {keys}{uri} {SUITE} main"


def make_root(directory, packages):
    """The directory of a system with these packages; made once, and again when the list changes."""
    wanted = sorted({*INCLUDE, *packages})
    recipe = "\n".join([SUITE, *wanted, PREPARE])
    root = directory / f"root-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"
    if root.is_dir():
        return root
    for old in directory.glob("root-*"):
        shutil.rmtree(old)
    directory.mkdir(parents=True, exist_ok=True)
    new = directory / "new-root"
    if new.exists():
        shutil.rmtree(new)
    with tempfile.NamedTemporaryFile("w", suffix=".sh", dir=directory) as hook:
        hook.write(PREPARE)
        hook.flush()
        done = subprocess.run(["mmdebstrap", "--mode=root", "--variant=minbase",
                               "--include=" + ",".join(wanted), f"--customize-hook=sh {hook.name} \"$1\"",
                               SUITE, str(new), sources()],
                              capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=900, check=False)
    if re.search("Could not (resolve|connect)|Temporary failure|Connection (timed out|refused)", done.stderr):
        raise Unreachable(f"no Debian mirror can be reached: {sources()}")
    if done.returncode != 0:
        raise RuntimeError(f"mmdebstrap: {done.stderr[-3000:]}")
    new.rename(root)
    return root


class Machine:
    """One boot of a root."""

    def __init__(self, root, log):
        argv = ["systemd-nspawn", "--quiet", "--register=no", "--volatile=overlay", "--private-network",
                "--boot", "--console=pipe", f"--directory={root}",
                # Withheld from containers, and needed to see whether the clock is synchronised.
                "--system-call-filter=adjtimex clock_adjtime bpf", "--capability=CAP_BPF"]
        if not os.path.isdir("/run/systemd/system"):
            argv.append("--keep-unit")  # without systemd outside there is nobody to ask for a scope
        self.log = pathlib.Path(log)
        with self.log.open("wb") as out:
            # One hierarchy of control groups, as Debian boots: the policy for devices works in no other.
            env = {**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"}
            self.nspawn = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, env=env,
                                           stderr=subprocess.STDOUT, start_new_session=True)
        self.leader = None
        try:
            self.leader = wait_for(self._find_leader, "the container's first process")
            wait_for(lambda: self.run("systemctl is-system-running --wait", check=False).stdout.strip()
                     in ("running", "degraded"), "the system is up")
        except BaseException:
            self.stop()
            raise

    def _find_leader(self):
        if self.nspawn.poll() is not None:
            raise RuntimeError(f"systemd-nspawn: {self.log.read_text(errors='replace')[-1000:]}")
        for pid in pathlib.Path(f"/proc/{self.nspawn.pid}/task/{self.nspawn.pid}/children").read_text().split():
            # Its own name while it is still building the container.
            if pathlib.Path(f"/proc/{pid}/comm").read_text().strip() == "systemd":
                return int(pid)
        return None

    def stop(self):
        """With its first process the whole container ends."""
        if self.leader:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.leader, signal.SIGKILL)
            self.leader = None
        else:
            self.nspawn.kill()
        self.nspawn.wait(PATIENCE)

    def argv(self, command, user=None, groups=None):
        """The command line, for this system, of a command (text for its shell) in the machine."""
        argv = ["nsenter", f"--target={self.leader}", "--mount", "--uts", "--ipc", "--net", "--pid",
                "--cgroup", "--wdns=/", "--"]
        if user:
            argv += ["setpriv", f"--reuid={user}", f"--regid={user if user != 'nobody' else 'nogroup'}",
                     f"--groups={groups}" if groups else "--clear-groups"]
        return argv + ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8",
                       "DEBIAN_FRONTEND=noninteractive", "sh", "-c", command]

    def run(self, command, check=True, user=None, groups=None):
        done = subprocess.run(self.argv(command, user, groups), stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=180, check=False)
        assert not check or done.returncode == 0, f"{command}: exit {done.returncode}\n{done.stdout}"
        return done

    def output(self, command, **options):
        return self.run(command, **options).stdout.strip()

    def path(self, inside):
        """Where a file of the machine is for this system."""
        return pathlib.Path(f"/proc/{self.leader}/root") / str(inside).lstrip("/")

    def write(self, inside, text, mode=0o644, group=None):
        """Writes a file by name, as an editor does."""
        path = self.path(inside)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        if group:
            self.run(f"chgrp {group} {inside}")

    def copy(self, source, inside):
        shutil.copy(source, self.path(inside))

    def show(self, key, unit="wardgated"):
        return self.output(f"systemctl show --property={key} --value {unit}")

    def journal(self, unit="wardgated"):
        self.run("journalctl --sync")
        return self.output(f"journalctl --unit={unit} --output=cat --no-pager")

    def wait_show(self, key, value, unit="wardgated"):
        wait_for(lambda: self.show(key, unit) == value, f"{unit}: {key}={value}")
