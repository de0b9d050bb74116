"""wardsim ble as the ward's Bluetooth: a scenario, its adapters and devices, and its log."""
import json
import os
from decimal import Decimal
from itertools import groupby

from .base import DEADLINE, Process, wait_until
from .ble_judge import arrived, compare
from .bus import wait_served
from .ctl import Terminal, ctl
from .daemon import program
from .dbus import PrivateBus


def section(name, **keys):
    lines = "".join(f"{k}={v}\n" for k, v in keys.items())
    return f"[{name}]\n{lines}\n"


class Air:
    """A running wardsim ble. devices: name -> keys of its [Device] section, with Address and Kind."""

    def __init__(self, world, directory, devices, adapters=None, events=(), options=(), env=None):
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
        self.world = world
        self.env = {**os.environ, **env} if env else None
        self.command = [program("wardsim", "WARDSIM"), "ble", "--dir", self.dir, "--scenario", scenario,
                        "--log", self.log_path, *options]
        self.start()

    def sections(self, bed=None, **more):
        """Of the daemon, for all devices: [BLE] and one [Device] each."""
        s = {"BLE": {"Enabled": "yes", "Adapter": f"sim:{self.dir}"}}
        for number, (name, keys) in enumerate(self.devices.items(), 1):
            s[f"Device {name}"] = {"Transport": "ble", "Address": keys["Address"], "Bed": bed or str(number)}
            s[f"Device {name}"].update(more.get(name, {}))
        return s

    def start(self):
        """Anew, as they were in the beginning; what they were told is forgotten, what they log goes on."""
        self.process = self.world.keep(Process(self.command, "wardsim-ble", env=self.env))
        wait_until(lambda: os.path.exists(os.path.join(self.dir, "mgmt")) or not self.process.alive(),
                   lambda: "the simulator's sockets: " + self.process.text())

    def stop(self):
        """The devices are gone, and the log is whole."""
        self.process.end()

    def lines(self):
        """Its log, as far as it is written."""
        with open(self.log_path, encoding="utf-8") as f:
            return [json.loads(line, parse_float=Decimal) for line in f if line.endswith("\n")]

    def values(self):
        """What it says that it sent: of each message what was said of it last."""
        found = {}
        values = [r for r in self.lines() if "metric" in r]
        for (pack, *_), message in groupby(values, lambda r: (r["pack"], r["acknowledged"], r.get("dropped"))):
            found[pack] = list(message)
        return [r for message in found.values() for r in message]

    def private_address(self):
        """That one shows at the moment; None while there is none. For scenarios with one such device."""
        return next((name for name in os.listdir(os.path.join(self.dir, "att")) if name[0] in "4567"), None)

    def events(self, name, device=None):
        return [r for r in self.lines() if r.get("event") == name and device in (None, r.get("device"))]

    def wait_event(self, name, device=None, count=1, deadline=DEADLINE):
        """The one of that number."""
        return wait_until(lambda: self.events(name, device)[count - 1:],
                          lambda: f"event {count} {name} of {device or 'anybody'}", deadline)[0]


class Bay:
    """Simulated devices, a daemon that has them all, a broker and a subscriber: what a test looks at."""

    def __init__(self, ward, devices, sections=None, more=None, bed=None, bus=False, start=True, speed=1,
                 adapter="", **kwargs):
        """speed: of the daemon's and the devices' time, by preload/fastclock.c. adapter: more for Adapter=."""
        self.ward = ward
        hurried = ward.hurry(speed) if speed > 1 else None
        self.air = ward.air(devices, env=hurried, **kwargs)
        self.broker = ward.broker()
        self.sub = ward.subscriber(self.broker)
        all_of_it = {**self.air.sections(bed, **(more or {})), "CoAP": {"Enabled": "no"}}
        if bus:
            self.bus = ward.keep(PrivateBus(ward._sub("bus")))
            all_of_it["Control"] = {"Bus": self.bus.address}
        for name, keys in (sections or {}).items():
            all_of_it.setdefault(name, {}).update(keys)
        if adapter:
            all_of_it["BLE"]["Adapter"] += " " + adapter
        self.daemon = ward.daemon(self.broker, devices={}, sections=all_of_it, start=False)
        self.daemon.environment.update(hurried or {})
        if start:
            self.daemon.start()
        if bus and start:
            wait_served(self.daemon)

    def restart(self):
        """By kill -9: what is on the disk counts."""
        self.daemon.kill()
        self.daemon.start()

    def ctl(self, *arguments, text=None):
        return ctl("--config", self.daemon.config_path, *arguments, text=text)

    def json(self, *arguments):
        status, out, err = self.ctl("--json", *arguments)
        assert (status, err) == (0, ""), err
        return json.loads(out)

    def terminal(self, *arguments):
        return self.ward.keep(Terminal("--config", self.daemon.config_path, *arguments))

    def heard(self, device, metric=None):
        """Readings of it that arrived, each once, with the digits as they came."""
        return [r for r in arrived(self.sub) if r["device"] == device and metric in (None, r["metric"])]

    def wait_heard(self, device, metric, count=1, deadline=DEADLINE):
        wait_until(lambda: len(self.heard(device, metric)) >= count,
                   lambda: f"{count} readings {metric} of {device}; {len(self.heard(device, metric))} came", deadline)
        return self.heard(device, metric)

    def more_of(self, device, metric, count=2, deadline=DEADLINE):
        """From now on."""
        return self.wait_heard(device, metric, len(self.heard(device, metric)) + count, deadline)

    def bonds(self):
        """The file of keys as text; "" while there is none."""
        try:
            with open(os.path.join(self.daemon.state, "bonds"), encoding="utf-8") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def all_arrived(self, deadline=DEADLINE, **kwargs):
        """The devices fall silent: all that they know to be taken arrives, and nothing else."""
        self.air.stop()
        sent = self.air.values()

        def words(side):
            found = compare(sent, arrived(self.sub), **kwargs)[side]
            return f"{len(found)}:\n" + "\n".join(str(k) for k in found[:30])
        wait_until(lambda: not compare(sent, arrived(self.sub), **kwargs)[0],
                   lambda: f"of what was sent {words(0)}\nand never sent {words(1)}", deadline)
        assert not compare(sent, arrived(self.sub), **kwargs)[1], words(1)
