"""A ward of Zigbee devices of many kinds that report all the time, the radio, a daemon, a broker and a subscriber: what
tests of faults look at."""
import json
import os

from .base import wait_until
from .bus import Caller, wait_served
from .dbus import PrivateBus, Refused
from .zigbee_judge import all_right, arrived

FAST = {"Poll": "20ms", "Reporting": "always"}
WARD = {
    "room": {"Kind": "climate", "Interval": "90ms", **FAST},
    "fridge": {"Kind": "fridge", "Interval": "110ms", "Toggle": "20%", **FAST},
    "button": {"Kind": "button", "Interval": "150ms", **FAST},
    "asking": {"Kind": "temperature", "Interval": "150ms", "DefaultResponse": "yes", **FAST},
    "air": {"Kind": "air", "Interval": "150ms", "Reporting": "always"},
    "router": {"Kind": "router"},
    "far": {"Kind": "occupancy", "Parent": "router", "Interval": "100ms", "Toggle": "30%", **FAST},
}
# The same for tests in which most of what they say is lost: a device's numbers come again after 256 messages, and what
# comes with the same value within half a minute, and within 16 messages that were heard, is taken for a repetition.
UNHURRIED = {name: {**keys, "Interval": "700ms" if keys["Kind"] == "air" else "400ms"} if "Interval" in keys else keys
             for name, keys in WARD.items()}
# What each of them is there for; the router says nothing.
METRIC = {"climate": "humidity", "fridge": "ambient-temperature", "button": "button", "temperature":
          "ambient-temperature", "air": "ambient-co2", "occupancy": "occupancy", "contact": "contact"}


def addressed(devices):
    return {name: {"EUI64": f"A4:C1:38:00:00:00:07:{n:02X}", **keys} for n, (name, keys) in
            enumerate(devices.items(), 1)}


class Hall:
    def __init__(self, ward, events=(), devices=None, radio=None, join=True, sections=None, speed=1, start=True,
                 options=()):
        """speed: of the daemon's and the devices' time, by preload/fastclock.c."""
        self.ward = ward
        self.devices = addressed(devices or WARD)
        self.reporting = {name: METRIC[keys["Kind"]] for name, keys in self.devices.items() if keys["Kind"] in METRIC}
        hurried = ward.hurry(speed) if speed > 1 else None
        self.mesh = ward.mesh(self.devices, events=events, radio={"Queue": "1000", "Reboot": "100ms", **(radio or {})},
                              options=options, environment=hurried)
        self.broker = ward.broker()
        self.sub = ward.subscriber(self.broker)
        bus = ward.keep(PrivateBus(ward._sub("bus")))
        all_of_it = {**self.mesh.sections(), "CoAP": {"Enabled": "no"}, "Control": {"Bus": bus.address}}
        all_of_it["Zigbee"].update(AllowWellKnownKey="yes", Channel="15")
        for name, keys in (sections or {}).items():
            all_of_it.setdefault(name, {}).update(keys)
        self.daemon = ward.daemon(self.broker, devices={}, sections=all_of_it, start=False)
        self.daemon.environment.update(hurried or {})
        self.bus = None
        self.private_bus = bus
        if not start:
            return
        self.start()
        if join:
            self.let_in()
            self.report(3)

    def start(self):
        at = self.daemon.mark() if self.daemon.process else 0
        self.daemon.start()
        wait_served(self.daemon)
        self.up()
        self.bus = self.ward.keep(Caller(self.private_bus)) if self.bus is None else self.bus
        return at

    def up(self, at=0, deadline=40):
        self.daemon.wait_log("the Zigbee network is up", at, deadline)

    def let_in(self, seconds=240):
        self.bus.run("permit-join", seconds=seconds, anyone="yes")

    def heard(self):
        """How many readings of what each device is there for."""
        found = dict.fromkeys(self.reporting, 0)
        for m in self.sub.messages:
            if "/beds/" in m.topic and m.payload:
                r = m.json
                if self.reporting.get(r.get("device")) == r.get("metric"):
                    found[r["device"]] += 1
        return found

    def report(self, more, of=None, deadline=60):
        """So many more of each."""
        before = self.heard()

        def missing():
            now = self.heard()
            return [d for d in of or self.reporting if now[d] < before[d] + more]
        wait_until(lambda: not missing(), lambda: f"{more} more of {missing()}", deadline, 0.05)

    def joined(self):
        """All are, and set up."""
        def missing():
            links = {d: json.loads(self.bus.call("GetDevice", "s", d))["link"] for d in self.devices}
            return {d: link for d, link in links.items() if link["state"] != "joined"}
        wait_until(lambda: not missing(), lambda: f"{missing()} to be joined", 60, 0.1)

    def happen(self, action, **more):
        """A fault of the radio, now. Returns the place in the daemon's log before it."""
        at, before = self.daemon.mark(), len(self.mesh.events(action))
        self.mesh.do(None, action, **more)
        wait_until(lambda: len(self.mesh.events(action)) > before, f"the fault {action}")
        return at

    def topic(self, device):
        return self.daemon.gateway_topic(f"devices/{device}")

    def restart(self):
        """By kill -9: what is on the disk counts."""
        self.daemon.kill()
        self.start()

    def go_on_until_dead(self):
        """Lets devices in, until they are set up and that is kept, or the daemon has died. Whether it has."""
        def over():
            return not self.daemon.process.alive()
        wait_until(lambda: over() or self.daemon.count_log("the Zigbee network is up"), "the network")
        wait_until(lambda: over() or self.daemon.count_log("serving on the message bus"), "the bus")
        if not over():
            try:
                self.bus = self.bus or self.ward.keep(Caller(self.private_bus))
                self.let_in()
            except (AssertionError, OSError, Refused):
                wait_until(over, "the end of what did not answer")
        kept = os.path.join(self.daemon.state, "zigbee-devices")

        def known():
            if self.daemon.count_log("a device is set up") < len(self.devices) or not os.path.exists(kept):
                return False
            with open(kept, encoding="utf-8") as f:
                return "ws-" in f.read()
        wait_until(lambda: over() or known(), "devices set up and kept")
        if over():
            self.daemon._retire()
        return over()

    def again(self):
        """The radio is plugged out and in."""
        self.mesh.stop()
        self.mesh.start()

    def arrived(self):
        return arrived(self.sub)

    def judge(self, least=50, **kwargs):
        """The end: all is compared."""
        assert all_right(self.mesh, self.sub, **kwargs) >= least
        self.daemon.stop()

