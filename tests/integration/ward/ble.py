"""wardsim ble as the ward's Bluetooth: a scenario, its adapters and devices, and its log."""
import json
import os
from decimal import Decimal

from .base import Process, wait_until
from .daemon import program


def section(name, **keys):
    lines = "".join(f"{k}={v}\n" for k, v in keys.items())
    return f"[{name}]\n{lines}\n"


class Air:
    """A running wardsim ble. devices: name -> keys of its [Device] section, with Address and Kind."""

    def __init__(self, world, directory, devices, adapters=None, events=(), options=()):
        self.dir = directory
        self.devices = devices
        self.log_path = os.path.join(self.dir, "sent.jsonl")
        scenario = os.path.join(self.dir, "ward.ini")
        with open(scenario, "w", encoding="utf-8") as f:
            for name, keys in (adapters or {"hci0": {"Address": "00:1A:7D:DA:71:00"}}).items():
                f.write(section(f"Adapter {name}", **keys))
            for name, keys in devices.items():
                f.write(section(f"Device {name}", **keys))
            for number, keys in enumerate(events):
                f.write(section(f"Event e{number}", **keys))
        self.process = world.keep(Process(
            [program("wardsim", "WARDSIM"), "ble", "--dir", self.dir, "--scenario", scenario,
             "--log", self.log_path, *options], "wardsim-ble"))
        wait_until(lambda: os.path.exists(os.path.join(self.dir, "mgmt")) or not self.process.alive(),
                   lambda: "the simulator's sockets: " + self.process.text())

    def sections(self, bed=None, **more):
        """Of the daemon, for all devices: [BLE] and one [Device] each."""
        s = {"BLE": {"Enabled": "yes", "Adapter": f"sim:{self.dir}"}}
        for number, (name, keys) in enumerate(self.devices.items(), 1):
            s[f"Device {name}"] = {"Transport": "ble", "Address": keys["Address"], "Bed": bed or str(number)}
            s[f"Device {name}"].update(more.get(name, {}))
        return s

    def stop(self):
        """The devices are gone, and the log is whole."""
        self.process.end()

    def values(self):
        """What it says that it sent: the last line of each value."""
        found = {}
        with open(self.log_path, encoding="utf-8") as f:
            for line in f:
                if not line.endswith("\n"):
                    break
                r = json.loads(line, parse_float=Decimal)
                if "metric" in r:
                    found[(r["device"], r["metric"], r.get("instance", 0), r["pack"])] = r
        return list(found.values())
