"""Waiting, free ports, short temporary directories and processes that always end.

Not the place for anything that knows MQTT, CoAP or the daemon.
"""
import contextlib
import fcntl
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

DEADLINE = 30.0  # seconds; generous: a test fails by it only when something is missing
ROOT_OF_TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def seed():
    """Of what a test draws by lot; WG_SEED repeats a run."""
    value = int(os.environ.get("WG_SEED") or time.time() % 100000)
    print(f"WG_SEED={value}")
    return value


class Missing(AssertionError):
    """What a test waited for did not come."""


def wait_until(condition, what, deadline=DEADLINE, step=0.01):
    """Polls condition() until it is true and returns its value. For things that have no event to
    wait for (a file, a counter in another process)."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= end:
            text = what() if callable(what) else what
            raise Missing(f"after {deadline:g} s still missing: {text}")
        time.sleep(step)


class Record:
    """A list that threads append to and tests wait on."""

    def __init__(self):
        self.items = []
        self.changed = threading.Condition()

    def add(self, item):
        with self.changed:
            self.items.append(item)
            self.changed.notify_all()

    def wait(self, predicate, what, start=0, deadline=DEADLINE):
        """The first item from index start for which predicate holds."""
        end = time.monotonic() + deadline
        at = start
        with self.changed:
            while True:
                for i in range(at, len(self.items)):
                    if predicate(self.items[i]):
                        return self.items[i]
                at = len(self.items)
                left = end - time.monotonic()
                if left <= 0:
                    raise Missing(f"after {deadline:g} s still missing: {what}")
                self.changed.wait(left)

    def wait_for(self, condition, what, deadline=DEADLINE):
        """Until condition(items) is true; returns its value."""
        end = time.monotonic() + deadline
        with self.changed:
            while True:
                value = condition(self.items)
                if value:
                    return value
                left = end - time.monotonic()
                if left <= 0:
                    text = what() if callable(what) else what
                    raise Missing(f"after {deadline:g} s still missing: {text}")
                self.changed.wait(left)

    def __len__(self):
        return len(self.items)

    def __iter__(self):
        with self.changed:
            return iter(list(self.items))


_ports_given = set()
_port_locks = []  # a file of whose bytes each is locked by who has that port, as long as that process lives


def _is_ours(port):
    """No other test has it, nor gets it while this one's server is down for a while."""
    if port in _ports_given:
        return False
    if not _port_locks:
        _port_locks.append(open(f"/tmp/wardgate-ports-{os.getuid()}", "a"))
    try:
        fcntl.lockf(_port_locks[0], fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError:
        return False
    _ports_given.add(port)
    return True


def free_port(kind=socket.SOCK_STREAM):
    """A loopback port that nobody uses, outside the range that the kernel hands to clients."""
    for _ in range(1000):
        port = random.randrange(12000, 32000)
        if not _is_ours(port):
            continue
        try:
            for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::")):
                with socket.socket(family, kind) as s:
                    if family == socket.AF_INET6:
                        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                    s.bind((host, port))
        except OSError:
            continue
        return port
    raise RuntimeError("no free port found")


@contextlib.contextmanager
def short_directory(prefix="wg-"):
    """A temporary directory whose path leaves room for socket names."""
    path = tempfile.mkdtemp(prefix=prefix, dir="/tmp")
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


class Process:
    """A child with its output captured line by line. Ended by its own pid, always."""

    running = []

    def __init__(self, argv, name, env=None, cwd=None, stdin=subprocess.DEVNULL, preexec=None):
        self.name = name
        self.lines = Record()
        self.frozen = False
        self.child = subprocess.Popen(argv, env=env, cwd=cwd, stdin=stdin, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, preexec_fn=preexec)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        Process.running.append(self)

    def _read(self):
        for raw in self.child.stdout:
            self.lines.add(raw.decode("utf-8", "backslashreplace").rstrip("\n"))
        self.child.stdout.close()
        with self.lines.changed:
            self.lines.changed.notify_all()

    @property
    def pid(self):
        return self.child.pid

    def alive(self):
        return self.child.poll() is None

    def text(self):
        return "\n".join(self.lines)

    def mark(self):
        """For wait_line(start=...): from here on."""
        return len(self.lines)

    def wait_line(self, part, start=0, deadline=DEADLINE):
        """The first line that holds part (text, or a compiled pattern)."""
        found = part.search if hasattr(part, "search") else (lambda line: part in line)
        what = f"the line {getattr(part, 'pattern', part)!r} of {self.name}"
        return self.lines.wait(found, what, start, deadline)

    def signal(self, number):
        self.child.send_signal(number)

    def freeze(self):
        """A black hole: sockets stay open, nothing answers, no FIN."""
        self.signal(signal.SIGSTOP)
        self.frozen = True
        wait_until(lambda: self._state() == "T", f"{self.name} stopped by SIGSTOP")

    def thaw(self):
        self.frozen = False
        self.signal(signal.SIGCONT)

    def _state(self):
        with open(f"/proc/{self.pid}/stat", encoding="ascii", errors="replace") as f:
            return f.read().rpartition(")")[2].split()[0]

    def wait(self, deadline=DEADLINE):
        """The exit code (negative: the signal)."""
        try:
            code = self.child.wait(deadline)
        except subprocess.TimeoutExpired:
            raise Missing(f"after {deadline:g} s {self.name} had not ended") from None
        self.reader.join(5)
        return code

    def kill(self):
        """SIGKILL; returns when it is gone."""
        if self.alive():
            self.child.kill()
        self.frozen = False
        code = self.child.wait()
        self.reader.join(5)
        return code

    def terminate(self, deadline=DEADLINE):
        if self.frozen:
            self.thaw()
        if self.alive():
            self.child.terminate()
        return self.wait(deadline)

    def end(self):
        """For fixtures: gone afterwards, whatever state it was in. Frozen children cannot be told to
        leave and are killed."""
        if self.alive() and not self.frozen:
            self.child.terminate()
            try:
                self.child.wait(6)
            except subprocess.TimeoutExpired:
                pass
        self.kill()
        if self in Process.running:
            Process.running.remove(self)


def run(argv, deadline=DEADLINE, **kwargs):
    """Runs to its end; returns the completed process with text output."""
    return subprocess.run(argv, capture_output=True, text=True, timeout=deadline,
                          stdin=kwargs.pop("stdin", subprocess.DEVNULL), check=False, **kwargs)


def open_descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def build_preload(name, directory):
    """Compiles preload/<name>.c; returns the path of the library."""
    source = os.path.join(ROOT_OF_TESTS, "preload", name + ".c")
    target = os.path.join(directory, name + ".so")
    done = run([os.environ.get("CC", "cc"), "-O1", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared",
                "-pthread", "-o", target, source])
    assert done.returncode == 0, done.stderr
    return target


def preload_environment(shim, others=None, **variables):
    """The environment with which a program loads shim before others, an environment that loads some
    already. A sanitizer's runtime must stay first in the list."""
    first = os.environ.get("LD_PRELOAD", "")
    rest = (others or {}).get("LD_PRELOAD", "").removeprefix(first)
    return {**(others or {}), **variables, "LD_PRELOAD": " ".join(f"{first} {shim} {rest}".split()),
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}


def resident(pid):
    """Bytes of memory in use."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS:")) << 10


def written(pid):
    """Bytes that it caused to be written to a disk, so far."""
    with open(f"/proc/{pid}/io", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("write_bytes:"))
