"""The daemon's disk under the test's control: slow or broken by preload/diskshim.c, or a small file
system of its own that can be filled, and remounted read-only."""
import contextlib
import errno
import mmap
import os
import shutil
import struct

from .base import preload_environment, run, wait_until

_LAYOUT = "<iiiiii"
_COUNTERS = "<qqqq"


class Disk:
    """Give environment() to the daemon before it starts. Errors are errno values, 0 for none."""

    def __init__(self, directory, shim, state):
        os.makedirs(state, exist_ok=True)
        self.path, self.shim, self.state = os.path.join(directory, "disk"), shim, state
        with open(self.path, "wb") as f:
            f.write(bytes(4096))
        self.file = open(self.path, "r+b")
        self.map = mmap.mmap(self.file.fileno(), 4096)
        self.well()

    def set(self, sync_delay_ms=0, sync=0, write=0, opening=0, read=0):
        struct.pack_into(_LAYOUT, self.map, 0, sync_delay_ms, sync, write, opening, read, 0)

    def well(self):
        self.set()

    def slow(self, seconds):
        """Every sync takes so long."""
        self.set(sync_delay_ms=int(seconds * 1000))

    def hang(self):
        """A sync that has begun does not return until the disk is set to something else."""
        self.set(sync_delay_ms=2 ** 31 - 1)

    def dead(self, error=errno.EIO):
        self.set(sync=error, write=error, opening=error)

    def full(self):
        self.set(write=errno.ENOSPC)

    def _counters(self):
        return struct.unpack_from(_COUNTERS, self.map, struct.calcsize(_LAYOUT))

    @property
    def syncs(self):
        return self._counters()[0]

    @property
    def slowed(self):
        return self._counters()[1]

    @property
    def writes(self):
        """pwrite(2) below the directory: what SQLite does."""
        return self._counters()[2]

    @property
    def failed(self):
        return self._counters()[3]

    def environment(self, others=None):
        return preload_environment(self.shim, others, WARDGATE_DISK=self.path,
                                   WARDGATE_DISK_BELOW=self.state)

    def end(self):
        self.map.close()
        self.file.close()


def why_no_mount():
    """Why a small file system cannot be had here, or None."""
    if os.geteuid() != 0:
        return "mounting a small file system needs root"
    for command in ("mount", "umount", "mkfs.ext4"):
        if shutil.which(command, path=os.environ.get("PATH", "") + ":/sbin:/usr/sbin") is None:
            return f"{command} is not installed"
    return _why_not_ext4()


_found = []


def _why_not_ext4():
    """Tried once: in a container there may be no loop device."""
    if not _found:
        from .base import short_directory
        with short_directory() as path:
            try:
                small = SmallDisk(path, 8)
                small.end()
                _found.append(None)
            except OSError as e:
                _found.append(str(e))
    return _found[0]


class SmallDisk:
    """An ext4 of so many MiB on a file, mounted at .path until end()."""

    def __init__(self, directory, megabytes):
        self.image, self.path = os.path.join(directory, "image"), os.path.join(directory, "mnt")
        self.mounted = False
        os.makedirs(self.path)
        with open(self.image, "wb") as f:
            f.truncate(megabytes << 20)
        self._do("mkfs.ext4", "-q", "-m", "0", "-O", "^has_journal", self.image)
        self._do("mount", "-o", "loop", self.image, self.path)
        self.mounted = True
        # made beforehand: a daemon finds its directory there, as after an installation
        self.state = os.path.join(self.path, "state")
        os.makedirs(self.state)
        self.ballast = os.path.join(self.path, "ballast")

    @staticmethod
    def _do(*argv):
        env = dict(os.environ, PATH=os.environ.get("PATH", "") + ":/sbin:/usr/sbin")
        done = run(list(argv), env=env)
        if done.returncode != 0:
            raise OSError(f"{' '.join(argv)}: {done.stderr.strip()}")

    def free(self):
        s = os.statvfs(self.path)
        return s.f_bavail * s.f_frsize

    def fill(self, leave=0):
        """Somebody else's data: all but so many bytes."""
        with open(self.ballast, "ab") as f:
            block = b"\0" * 4096
            with contextlib.suppress(OSError):
                while self.free() > leave:
                    f.write(block if self.free() - leave >= 4096 else b"\0" * 512)
                    f.flush()

    def clear(self):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.ballast)

    def read_only(self):
        """What the kernel does with a card that fails (errors=remount-ro): the file system refuses every
        write from now on, also through descriptors that are open. There is no way back but repair()."""
        self._do("mount", "-o", "remount,abort", self.path)

    def repair(self):
        """Nobody may use it meanwhile."""
        self._do("umount", self.path)
        self.mounted = False
        # Who made a mount namespace meanwhile, as other tests do, has it still; and with it, read-only, the next
        # mount would be the same.
        wait_until(lambda: not run(["/usr/sbin/losetup", "-j", self.image]).stdout, "nobody to use the card",
                   deadline=90)
        checked = run(["/usr/sbin/e2fsck", "-p", "-f", self.image])
        assert checked.returncode in (0, 1), checked.stdout + checked.stderr
        self._do("mount", "-o", "loop", self.image, self.path)
        self.mounted = True

    def end(self):
        if self.mounted:
            self.mounted = False
            try:
                self._do("umount", self.path)
            except OSError:
                self._do("umount", "-l", self.path)
