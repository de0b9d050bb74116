"""A name server that never answers, and a private view of /etc/resolv.conf for one process."""
import os
import shutil
import socket
import threading

from .base import Record


class SilentServer:
    """Takes queries on 127.0.0.N:53 and answers none. Needs root for the port."""

    def __init__(self):
        self.queries = Record()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for last in range(53, 254):
            self.address = f"127.53.53.{last}"
            try:
                self.socket.bind((self.address, 53))
                break
            except OSError as e:
                if e.errno == 13:
                    raise
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        while True:
            try:
                data, peer = self.socket.recvfrom(4096)
            except OSError:
                return
            if data == b"end":
                return
            self.queries.add((peer, data))

    def end(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.sendto(b"end", (self.address, 53))
        self.thread.join(5)
        self.socket.close()


def why_not():
    """Why a private resolver cannot be had here, or None."""
    if os.geteuid() != 0:
        return "a private resolv.conf needs root (mount namespace, port 53)"
    if shutil.which("unshare") is None:
        return "unshare(1) is not installed"
    return None


def wrapper(directory, server):
    """The command that runs another in a mount namespace of its own whose resolver is server."""
    path = os.path.join(directory, "resolv.conf")
    with open(path, "w", encoding="ascii") as f:
        f.write(f"nameserver {server.address}\noptions timeout:30 attempts:5\n")
    hosts = os.path.join(directory, "nsswitch.conf")
    with open(hosts, "w", encoding="ascii") as f:
        f.write("hosts: files dns\n")
    script = (f"mount --bind {path} \"$(readlink -f /etc/resolv.conf)\" && "
              f"mount --bind {hosts} /etc/nsswitch.conf && exec \"$@\"")
    return ["unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", script, "sh"]
