"""wardsim zigbee as the ward's radio: a scenario, its devices, and its log."""
import json
import os
import subprocess
from decimal import Decimal

from .base import Process, wait_until
from .ble import section
from .daemon import program


def eui(text):
    """As on the wire."""
    return bytes.fromhex(text.replace(":", ""))[::-1]


class Mesh:
    """A running wardsim zigbee. devices: name -> keys of its [Device] section, with Kind and EUI64."""

    def __init__(self, world, directory, devices, radio=None, events=(), options=(), environment=None):
        self.world, self.dir, self.devices, self.environment = world, directory, devices, environment
        self.logs = []   # one of each run
        self.state_path = os.path.join(directory, "ncp.state")
        self.link = os.path.join(directory, "radio")
        self.scenario = os.path.join(directory, "ward.ini")
        self.options = options
        with open(self.scenario, "w", encoding="utf-8") as f:
            f.write(section("Radio", **{"Reboot": "50ms", **(radio or {})}))
            for name, keys in devices.items():
                f.write(section(f"Device {name}", **keys))
            for number, keys in enumerate(events):
                f.write(section(f"Event e{number}", **keys))
        self.start()

    def start(self):
        """Also again, after stop(): what is in its flash is as it was."""
        self.logs.append(os.path.join(self.dir, f"sent{len(self.logs)}.jsonl"))
        self.process = self.world.keep(Process(
            [program("wardsim", "WARDSIM"), "zigbee", "--pty", self.link, "--log", self.logs[-1], "--state",
             self.state_path, "--commands", *self.options, self.scenario], "wardsim-zigbee",
            stdin=subprocess.PIPE, env=self.environment))
        wait_until(lambda: os.path.islink(self.link) and os.path.exists(self.logs[-1]) or
                   not self.process.alive(),
                   lambda: "the simulator's terminal: " + self.process.text())

    def do(self, device, action, **more):
        """An event, now; device None: it happens to the radio."""
        keys = {"Device": device, "Do": action, **more} if device else {"Do": action, **more}
        self.process.child.stdin.write((" ".join(f"{k}={v}" for k, v in keys.items()) + "\n").encode())
        self.process.child.stdin.flush()

    def turn(self, device, metric, to, **more):
        """A value changes, now."""
        line = {"Device": device, "Metric": metric, "To": to, **more}
        self.process.child.stdin.write((" ".join(f"{k}={v}" for k, v in line.items()) + "\n").encode())
        self.process.child.stdin.flush()

    def say(self, device, cluster, frame, **more):
        """The device says that ZCL frame, as it stands."""
        self.do(device, "say", Frame=f"0x{cluster:04X}:{frame.replace(' ', '')}", **more)

    def stop(self):
        """The radio is gone, and the log is whole."""
        self.process.end()

    def sections(self, bed=None, **more):
        """Of the daemon, for all devices: [Zigbee] and one [Device] each."""
        s = {"Zigbee": {"Enabled": "yes", "Port": self.link, "FlowControl": "none"}}
        for number, (name, keys) in enumerate(self.devices.items(), 1):
            s[f"Device {name}"] = {"Transport": "zigbee", "Address": keys["EUI64"], "Bed": bed or str(number)}
            s[f"Device {name}"].update(more.get(name, {}))
        return s

    def lines(self, every_run=False):
        """Of the run that is now, or of all of them."""
        found = []
        for run, path in list(enumerate(self.logs))[0 if every_run else -1:]:
            with open(path, encoding="utf-8") as f:
                found += [{"run": run, **json.loads(line, parse_float=Decimal)} for line in f if line.endswith("\n")]
        return found

    def events(self, name):
        return [r for r in self.lines() if r.get("event") == name]

    def values(self):
        """What it says that it sent: the last line of each value."""
        found = {}
        for r in self.lines(every_run=True):
            if "metric" in r:
                found[(r["run"], r["device"], r["metric"], r["pack"])] = r
        return list(found.values())

    def acknowledged(self):
        return [r for r in self.values() if r["acknowledged"]]


ROOM, DOOR, PLUG = "A4:C1:38:00:00:00:00:01", "A4:C1:38:00:00:00:00:02", "A4:C1:38:00:00:00:00:03"
NOP = {"When": "command", "Command": "0x0005"}    # what a test sets events off with


def room(**more):
    return {"room": {"Kind": "climate", "EUI64": ROOM, "Interval": "200ms", "Poll": "20ms", **more}}


def door(**more):
    return {"door": {"Kind": "contact", "EUI64": DOOR, "Poll": "20ms", **more}}


def started(ward, devices, **kwargs):
    """A radio with these devices, and a host of our own that has its network."""
    m = ward.mesh(devices, **kwargs)
    return m, ward.ezsp(m).start()


def member(host, address, **permit):
    host.permit(**permit)
    return host.joined(eui(address))


def pumped(host, condition, what):
    """Waits for something that is not a callback, and hears what comes meanwhile."""
    def turn():
        host.pump(0.02)
        return condition()
    return wait_until(turn, what, step=0)


def _text(value):
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _key(r):
    return (r["device"], r["metric"], r.get("instance", 0), _text(r.get("value")), r.get("validity", "valid"))


def compare(sent, came):
    """(sent and acknowledged but not arrived, arrived but never sent), as sorted lists."""
    seen, said = {_key(r) for r in came}, {_key(v) for v in sent}
    return sorted({_key(v) for v in sent if v["acknowledged"]} - seen), sorted(seen - said)
