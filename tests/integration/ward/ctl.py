"""wardgatectl as a person or a program runs it: with pipes, or on a pseudo-terminal."""
import errno
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

from .base import Missing
from .daemon import ROOT

CTL = os.path.join(os.environ.get("WG_BUILD") or os.path.join(ROOT, "build"), "wardgatectl")


def environment(**more):
    env = {k: v for k, v in os.environ.items()
           if k not in ("NO_COLOR", "COLUMNS", "LINES", "TERM", "STATE_DIRECTORY", "DBUS_SESSION_BUS_ADDRESS")}
    env.update({k: v for k, v in more.items() if v is not None})
    return env


def ctl(*arguments, text=None, wrapper=(), **env):
    """Exit status, standard output, standard error."""
    r = subprocess.run([*wrapper, CTL, *arguments], capture_output=True, text=True, timeout=90, input=text or "",
                       env=environment(**env), check=False)
    return r.returncode, r.stdout, r.stderr


def one_line(err):
    """What every failure is: one line that begins with the program's name."""
    return err.startswith("wardgatectl: ") and err.count("\n") == 1


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, *arguments, rows=24, columns=80, term="xterm-256color", argv=None, **env):
        size = struct.pack("HHHH", rows, columns, 0, 0)
        pid, fd = pty.fork()
        if pid == 0:
            try:
                fcntl.ioctl(0, termios.TIOCSWINSZ, size)  # before the program looks
                # A shell that runs the tests in the background ignores it for all of them.
                signal.signal(signal.SIGINT, signal.SIG_DFL)
                os.execve((argv or [CTL])[0], [*(argv or [CTL]), *arguments], environment(TERM=term, **env))
            finally:
                os._exit(127)
        self.pid, self.fd, self.raw, self.status = pid, fd, b"", None
        self.rows, self.columns = rows, columns

    def resize(self, rows, columns):
        self.rows, self.columns = rows, columns
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.kill(self.pid, signal.SIGWINCH)

    def _read(self, seconds):
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError as e:
            if e.errno != errno.EIO:
                raise
            data = b""
        self.raw += data
        return bool(data)

    @property
    def text(self):
        """All that came, without what moves and colours."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.raw.decode(errors="replace")).replace("\r", "")

    def wait(self, pattern, deadline=30, start=0):
        """Until the pattern stands in the text; gives the match."""
        end = time.monotonic() + deadline
        while True:
            m = re.compile(pattern).search(self.text, start)
            if m:
                return m
            if time.monotonic() > end or not self._read(0.2):
                raise Missing(f"{pattern!r} in:\n{self.text}")

    def wait_for(self, condition, what, deadline=30):
        end = time.monotonic() + deadline
        while not condition():
            if time.monotonic() > end or not self._read(0.2):
                raise Missing(f"{what} in:\n{self.text}")

    def send(self, text):
        os.write(self.fd, text.encode())

    def line(self, text):
        self.send(text + "\n")

    def echoes(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def ends(self, deadline=30):
        """Waits for its end; gives the exit status, negative for a signal."""
        end = time.monotonic() + deadline
        while self.status is None:
            self._read(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
            elif time.monotonic() > end:
                raise Missing(f"its end; so far:\n{self.text}")
        while self._read(0):
            if not select.select([self.fd], [], [], 0)[0]:
                break
        return self.status

    def end(self):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)
