"""What is on the air in numbers: the bench's load_ble as the far end of a simulated adapter."""
import json
import os
import struct
import subprocess

from .base import Process, preload_environment, run
from .daemon import program

_SITES = 128


class Air:
    """100 sensors and some straps; see tests/bench/load_ble.c for what they advertise by which letter."""

    def __init__(self, world, directory, sensors=100, straps=0):
        self.dir, self.sensors, self.straps = directory, sensors, straps
        os.makedirs(os.path.join(directory, "att"))
        build = os.path.dirname(program("wardsim", "WARDSIM"))
        self.process = world.keep(Process(
            [os.path.join(build, "bench", "load_ble"), f"dir={directory}", f"sensors={sensors}", f"straps={straps}"],
            "load_ble", stdin=subprocess.PIPE))
        self.process.wait_line("ready")

    def order(self, *words):
        mark = self.process.mark()
        self.process.child.stdin.write((" ".join(str(w) for w in words) + "\n").encode())
        self.process.child.stdin.flush()
        return json.loads(self.process.wait_line("{", start=mark, deadline=120))

    def adverts(self, count, pattern, rate=0):
        return self.order("adverts", rate, count, pattern)

    def sections(self):
        """Of the daemon, for all of them."""
        s = {"CoAP": {"Enabled": "no"},
             "BLE": {"Enabled": "yes", "Adapter": f"sim:{self.dir}", "MaxConnections": "60"}}
        for i in range(self.sensors):
            s[f"Device sensor-{i}"] = {"Transport": "ble", "Address": f"A4:C1:38:00:{i >> 8:02X}:{i & 255:02X}",
                                       "Bed": "air"}
        for i in range(self.straps):
            s[f"Device strap-{i}"] = {"Transport": "ble", "Address": f"C0:FF:EE:00:00:{i:02X}", "Bed": str(i)}
        return s


class Mallocs:
    """How often a program asks for memory, by preload/mallocshim.c."""

    def __init__(self, directory, shim):
        self.path = os.path.join(directory, "mallocs")
        self.shim = shim
        with open(self.path, "wb") as f:
            f.write(bytes(16 + 16 * _SITES))

    def environment(self, others=None):
        return preload_environment(self.shim, others, WARDGATE_MALLOC=self.path)

    def look(self):
        """(by its own code, by its libraries, {place in its code: times})."""
        with open(self.path, "rb") as f:
            n = struct.unpack(f"<{2 + 2 * _SITES}q", f.read())
        return n[0], n[1], {at: count for at, count in zip(n[2::2], n[3::2]) if at}

    @staticmethod
    def places(binary, before, after):
        """Whose counts have grown, in words."""
        grown = {at: count - before.get(at, 0) for at, count in after.items() if count > before.get(at, 0)}
        lines = run(["addr2line", "-f", "-s", "-e", binary, *[hex(at) for at in grown]]).stdout.splitlines()
        return {f"{lines[2 * i]} {lines[2 * i + 1]}": count for i, count in enumerate(grown.values())
                if len(lines) > 2 * i + 1}
