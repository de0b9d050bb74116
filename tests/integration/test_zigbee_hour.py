"""An hour of a ward with every fault that wardsim zigbee has, drawn by lot, twenty times as fast.

Virtual are the clocks of the daemon and of the simulator (preload/fastclock.c): all their timeouts, back-offs,
watchdogs and intervals are those of an hour, in the same proportion to each other. Not virtual: the disk, the broker,
the processor, and this test. Whatever the link carried must arrive, as often as it was said and in its order; what the
radio or the air lost may be missing; nothing may arrive that was not said."""
import random
import time

import pytest

from ward.base import open_descriptors, resident, seed, wait_until
from ward.zigbee_hall import Hall

SPEED = 20
HOUR, CALM = 3600, 3200   # seconds; after CALM nothing new goes wrong
ALWAYS = {"Reporting": "always"}
DEVICES = {
    "room": {"Kind": "climate", "Interval": "20s", **ALWAYS},
    "room-told": {"Kind": "climate", "Interval": "20s"},
    "weather": {"Kind": "weather", "Interval": "30s", "Parent": "router", **ALWAYS},
    "fridge": {"Kind": "fridge", "Interval": "20s", "Toggle": "10%", **ALWAYS},
    "asking": {"Kind": "temperature", "Interval": "15s", "DefaultResponse": "yes", **ALWAYS},
    "door": {"Kind": "contact", "Interval": "40s", "Toggle": "30%"},
    "button": {"Kind": "button", "Interval": "45s"},
    "air": {"Kind": "air", "Interval": "15s", **ALWAYS},
    "air-told": {"Kind": "air", "Interval": "15s"},
    "pir": {"Kind": "occupancy", "Interval": "25s", "Toggle": "30%", "Parent": "router"},
    "router": {"Kind": "router"},
    "spoiled": {"Kind": "climate", "Interval": "10s", **ALWAYS},
    "spoiled-door": {"Kind": "contact", "Interval": "20s", "Toggle": "50%"},
}
SPOILED = {"spoiled", "spoiled-door"}   # their bytes may mean anything: nothing of them is judged
CODES = ("0x03", "0x0b", "0x02", "0x06", "0x00", "0x85")


def troubles(lots):
    found = []

    def some(count, what, **keys):
        for _ in range(count):
            given = {k: v() if callable(v) else v for k, v in keys.items()}
            found.append((lots.randrange(60, CALM), {"action": what, **given}))

    def span(least, most):
        return lambda: f"{lots.randrange(least, most)}s"

    def share(least, most):
        return lambda: f"{lots.randrange(least, most)}%"

    def times(most):
        return lambda: str(lots.randrange(1, most))
    for what in ("drop", "drop-in", "corrupt", "corrupt-in", "substitute", "flow-bytes", "repeat"):
        some(4, what, For=span(2, 40), Amount=share(5, 40))
    some(4, "delay", For=span(2, 30), Amount=lambda: f"{lots.randrange(20, 1500)}ms")
    for what in ("noise", "cancel", "nak"):
        some(4, what, Times=times(40))
    some(4, "silence", For=span(1, 30))
    some(4, "stall", For=span(1, 30))
    some(4, "unplug", For=span(1, 60))
    some(10, "reset", Amount=lambda: lots.choice(CODES))
    some(5, "error", Amount=lambda: lots.choice(("0x51", "0x52")))
    some(4, "refuse", Amount=lambda: lots.choice(("0x31", "0x36", "0x41")), Times=times(6))
    some(4, "busy", Times=times(10))
    some(4, "late", Amount=span(1, 15))
    some(4, "overflow", Times=times(10))
    some(4, "strange-callback", Amount=lambda: f"0x{lots.randrange(0x1000, 0xffff):04x}")
    some(3, "network-status")
    for name in DEVICES:
        if name != "asking":   # what it says again comes behind what overtook it
            some(2, "reorder", device=name)
        for what in ("duplicate", "rejoin", "announce", "address-change", "address-conflict", "deaf"):
            some(2, what, device=name)
        some(2, "silence", device=name, For=span(10, 200))
        some(2, "special", device=name, Amount="invalid", For=span(10, 60))
    for name in SPOILED:
        some(20, "malformed", device=name, Times=times(10))
    return sorted(found, key=lambda x: x[0])


@pytest.mark.slow
def test_an_hour_with_every_fault(ward):
    lots = random.Random(seed())
    h = Hall(ward, devices=DEVICES, speed=SPEED, radio={"Version": lots.choice((13, 14, 19)), "Reboot": "1s"},
             options=["--seed", str(lots.randrange(1000))], join=False)
    began = time.monotonic()
    idle = open_descriptors(h.daemon.pid)

    def hour():
        return (time.monotonic() - began) * SPEED

    def until(second):
        wait_until(lambda: ward.check() or hour() >= second, f"second {second}", 400, 0.02)
    h.let_in(600)
    h.joined()
    print(f"joined in second {hour():.0f}")
    early = 0
    for second, what in troubles(lots):
        if second > 800 and not early:
            until(800)
            early = resident(h.daemon.pid)
        until(second)
        h.mesh.do(what.pop("device", None), what.pop("action"), **what)
    until(HOUR)
    late = resident(h.daemon.pid)
    h.report(1, deadline=90)   # at least each ten minutes, which are half a minute
    h.joined()
    wait_until(lambda: open_descriptors(h.daemon.pid) <= idle, lambda: "descriptors "
               f"{open_descriptors(h.daemon.pid)}, at first {idle}")
    if "asan" not in h.daemon.binary:
        assert late < early + (3 << 20), f"memory: {early} bytes after minutes, {late} after an hour"
    network, ups = h.bus.run("network"), h.daemon.count_log("the Zigbee network is up")
    assert h.daemon.count_log("a Zigbee network is formed") == 1
    assert len(h.mesh.events("joined")) == len(h.devices)
    sent = h.mesh.values()
    print(f"up {ups} times, {network['radio']}, {len(sent)} values, {sum(v['acknowledged'] for v in sent)} of them "
          "acknowledged")
    h.judge(least=1000, but=SPOILED)
