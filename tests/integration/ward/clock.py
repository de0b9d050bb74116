"""The daemon's wall clock under the test's control, by preload/clockshim.c."""
import mmap
import os
import struct

from .base import preload_environment

_LAYOUT = "<qiiiiq"
SYNCHRONISED = (0, 0x0001, 1000)          # TIME_OK, STA_PLL
UNSYNCHRONISED = (5, 0x0040, 16000000)    # TIME_ERROR, STA_UNSYNC


class Clock:
    """Give environment() to the daemon before it starts."""

    def __init__(self, directory, shim):
        self.path = os.path.join(directory, "clock")
        self.shim = shim
        with open(self.path, "wb") as f:
            f.write(bytes(4096))
        self.file = open(self.path, "r+b")
        self.map = mmap.mmap(self.file.fileno(), 4096)
        self.offset, self.state = 0, None
        self._write()

    def _write(self):
        result, status, maxerror = self.state or (0, 0, 0)
        asked = struct.unpack_from(_LAYOUT, self.map)[5]
        struct.pack_into(_LAYOUT, self.map, 0, self.offset, 1 if self.state else 0, result, status,
                         maxerror, asked)

    def environment(self, others=None):
        return preload_environment(self.shim, others, WARDGATE_CLOCK=self.path)

    def step(self, seconds):
        self.offset += int(seconds * 1000000)
        self._write()

    def say(self, state):
        """SYNCHRONISED, UNSYNCHRONISED, or None for what the kernel really says."""
        self.state = state
        self._write()

    @property
    def asked(self):
        return struct.unpack_from(_LAYOUT, self.map)[5]

    def end(self):
        self.map.close()
        self.file.close()
