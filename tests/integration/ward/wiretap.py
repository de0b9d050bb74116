"""A pseudo-terminal between a host and a radio that hears what the host says: its commands, by reset."""
import os
import pty
import select
import struct
import threading
import tty

from .ezsp_host import Decoder

RST = 0xc0


class Wiretap:
    """.link is the port for the host. .commands: of each reset of the host's a list of (id, payload), in order, each
    frame once; those before the first reset are not there."""

    def __init__(self, directory, radio):
        self.link = os.path.join(directory, "tap")
        self.commands, self.decoder, self.last = [], Decoder(), None
        self.ours, self.slave = pty.openpty()
        tty.setraw(self.slave)
        os.symlink(os.ttyname(self.slave), self.link)
        self.radio = os.open(radio, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self.radio)
        self.wake = os.pipe()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        to = {self.ours: self.radio, self.radio: self.ours}
        while True:
            ready, _, _ = select.select([self.ours, self.radio, self.wake[0]], [], [])
            for fd in ready:
                if fd == self.wake[0]:
                    return
                try:
                    data = os.read(fd, 65536)
                    os.write(to[fd], data)
                except OSError:
                    return   # the radio is gone
                if fd == self.ours:
                    for frame in self.decoder.feed(data):
                        self._hear(frame)

    def _hear(self, frame):
        if frame.control == RST:
            self.commands.append([])
            self.last = None
        elif not frame.control & 0x80 and self.commands and frame.control >> 4 != self.last:
            self.last = frame.control >> 4
            data = frame.data
            if len(data) >= 5 and data[2] == 1:
                self.commands[-1].append((struct.unpack("<H", data[3:5])[0], data[5:]))

    def end(self):
        os.write(self.wake[1], b"x")
        self.thread.join(10)
        for fd in (self.ours, self.slave, self.radio, *self.wake):
            os.close(fd)
