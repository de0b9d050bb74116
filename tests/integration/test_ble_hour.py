"""An hour of a ward with every fault that the simulator has, drawn by lot, twenty times as fast.

Virtual are the clocks of the daemon and of the simulator (preload/fastclock.c): all their timeouts, back-offs,
watchdogs and intervals are those of an hour, in the same proportion to each other. Not virtual: the disk, the broker
with what it takes to confirm, the processor, and this test. On a slow machine answers so come later than in a real
hour. Whatever is confirmed must arrive; what only notifications or broadcasts said may be lost with a link, but nothing
may arrive that was not said, nor twice."""
import random
import time

import pytest

from ward.base import open_descriptors, resident, seed, wait_until
from ward.ble import Bay
from ward.ble_judge import arrived, compare

SPEED = 20
HOUR, CALM = 3600, 3200   # seconds; after CALM nothing new goes wrong
KEY = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
ADAPTERS = {"hci0": {"Address": "00:1A:7D:DA:71:00", "Connections": "8"},
            "hci1": {"Address": "00:1A:7D:DA:71:01", "Connections": "6"}}
EPISODIC = {"Interval": "4min", "Window": "0s", "Advertise": "500ms"}
STREAM = {"Interval": "5s", "Advertise": "500ms"}
CONNECTED = {
    "strap": {"Kind": "heart-rate", "Variant": "rr energy", **STREAM},
    "strap-bonded": {"Kind": "heart-rate", "Security": "encrypt", **STREAM},
    "strap-private": {"Kind": "heart-rate", "Security": "encrypt", "Private": "yes", "RotateEvery": "15min", **STREAM},
    "oximeter": {"Kind": "oximeter", "Variant": "pairs", **STREAM},
    "room": {"Kind": "room", "Variant": "pressure", "Interval": "30s", "Advertise": "500ms"},
    "cgm": {"Kind": "cgm", "Variant": "crc trend quality", "Stored": "20", "Advertise": "500ms"},
    "ear": {"Kind": "thermometer", "Clock": "read", "ClockOffset": "-20min", **EPISODIC},
    "ear-bonded": {"Kind": "thermometer", "Security": "encrypt", "Variant": "fahrenheit", **EPISODIC},
    "spot": {"Kind": "spot-oximeter", **EPISODIC},
    "cuff": {"Kind": "cuff", "Clock": "write", "ClockOffset": "-25min", **EPISODIC},
    "cuff-bonded": {"Kind": "cuff", "Security": "encrypt", "Variant": "kpa", **EPISODIC},
    "meter": {"Kind": "meter", "Stored": "30", "Variant": "context", **EPISODIC},
    "meter-shared": {"Kind": "meter", "Stored": "10", "Security": "encrypt", **EPISODIC},
    "scale": {"Kind": "scale", "Variant": "height", **EPISODIC},
    "body-scale": {"Kind": "body-scale", **EPISODIC},
}
# Spoiled bytes may mean anything: of these nothing is held against the daemon but that it lives, and serves them later.
SPOILED = {f"spoiled-{kind}": {"Kind": kind, **how} for how, kinds in (
    (STREAM, ("heart-rate", "oximeter", "cgm")), (EPISODIC, ("cuff", "meter", "thermometer", "scale")))
    for kind in kinds}
BROADCASTERS = {kind: {"Kind": kind, "Interval": "10s", "Advertise": "2s"}
                for kind in ("bthome", "bthome-sealed", "atc", "atc-sealed", "pvvx", "pvvx-sealed", "ruuvi-3",
                             "ruuvi-5", "ruuvi-6", "eddystone")}


def addressed():
    devices = {}
    for number, (name, keys) in enumerate({**CONNECTED, **SPOILED}.items()):
        devices[name] = {"Address": f"C0:FF:EE:00:10:{number:02X}", **keys}
    for number, (name, keys) in enumerate(BROADCASTERS.items()):
        devices[name] = {"Address": f"A4:C1:38:00:10:{number:02X}", **keys}
        if name.endswith("sealed"):
            devices[name]["BindKey"] = KEY
    return devices


def troubles(lots):
    """Each kind of fault of each device some times; each of each adapter."""
    found = []

    def some(count, what, **keys):
        for _ in range(count):
            found.append({"At": f"{lots.randrange(120, CALM)}s", "Do": what, **keys})

    def span(least, most):
        return f"{lots.randrange(least, most)}s"
    for name in CONNECTED:
        of = {"Device": name}
        if name not in ("meter", "meter-shared"):   # of records a radio loses all that follow, or none
            some(2, "drop", Amount=f"{lots.randrange(10, 90)}%", For=span(10, 90), **of)
        some(2, "delay", Amount=f"{lots.randrange(50, 3000)}ms", For=span(10, 60), **of)
        some(3, "disconnect", **of)
        some(1, "no-answer", For=span(5, 50), **of)
        some(2, "no-connect", For=span(10, 120), **of)
        some(2, "att-error", Amount=f"0x{lots.choice([0x0e, 0x11, 0x08, 0x80]):02x}",
             Times=str(lots.randrange(1, 4)), **of)
        some(1, "silence", For=span(10, 120), **of)
        some(1, "services-changed", **of)
        some(1, "sensor-off", For=span(20, 200), **of)
        found.append({"When": "discovery", "Nth": str(lots.randrange(1, 9)), "Do": "disconnect", **of})
    some(6, "rotate", Device="strap-private")
    some(2, "special", Amount="nan", For="300s", Device="cuff")
    for name in SPOILED:
        some(8, "malformed", Amount=str(lots.randrange(1, 6)), Device=name)
        some(3, "disconnect", Device=name)
    for name in BROADCASTERS:
        some(3, "drop", Amount=f"{lots.randrange(10, 100)}%", For=span(10, 120), Device=name)
        some(4, "malformed", Amount=str(lots.randrange(1, 6)), Device=name)
    # what is not sealed, or counts to 255 only, cannot tell a recording: docs/ble.md
    some(6, "replay", Device="bthome-sealed")
    for name in ADAPTERS:
        of = {"Adapter": name}
        some(1, "unplug", For=span(1, 60), **of)
        some(2, "power-off", **of)
        some(1, "mute", For=span(5, 40), **of)
        some(3, "refuse", Amount=f"0x{lots.choice([0x03, 0x0a, 0x0b]):02x}", Times=str(lots.randrange(1, 5)), **of)
    found.append({"At": "1500s", "Do": "scan-silent", "Amount": "power", "Adapter": "hci0"})
    found.append({"At": "900s", "Do": "lose-bond", "Device": "strap-bonded"})
    return found


def is_safe(v):
    """Confirmed, or a record that its device keeps: what must not be missed."""
    return v["device"] in CONNECTED and (v["by"] == "indication" or "stored" in v.get("flags", []))


def judged(readings):
    return [r for r in readings if r["device"] not in SPOILED]


@pytest.mark.slow
def test_an_hour_with_every_fault(ward):
    lots, devices, key = random.Random(seed()), addressed(), ward.secret("bind.key", KEY)
    more = {name: {"BindKey": key} for name in BROADCASTERS if name.endswith("sealed")}
    more["meter-shared"] = {"DeleteStored": "yes", "Bonding": "yes"}
    bay = Bay(ward, devices, bus=True, start=False, speed=SPEED, adapters=ADAPTERS, adapter="hci0 hci1", more=more,
              events=troubles(lots), options=["--seed", str(lots.randrange(1000))])
    bay.air.stop()
    bay.daemon.start()
    bay.daemon.wait_log("the Bluetooth management channel is not there")
    bay.daemon.wait_log("connected to the broker")
    idle = open_descriptors(bay.daemon.pid)
    bay.air.start()
    began = time.monotonic()

    def hour():
        """Seconds of it that are over."""
        return (time.monotonic() - began) * SPEED

    def until(second, deadline=400):
        wait_until(lambda: ward.check() or hour() >= second, f"second {second}", deadline, 0.2)
    bay.wait_heard("room", "humidity")
    assert bay.json("pair", "strap-private", "300", "--address", wait_until(
        bay.air.private_address, "its address"))["step"] == "done"
    bay.wait_heard("strap-private", "heart-rate")
    until(800)
    early = resident(bay.daemon.pid)
    # somebody comes with the device in his hand
    bay.air.wait_event("stale-bond", "strap-bonded", deadline=120)
    bay.daemon.wait_log("a device does not know its bond any more")
    wait_until(lambda: bay.ctl("pair", "strap-bonded", "300")[0] == 0, "a new bond", 60, 1)
    until(HOUR)
    late = resident(bay.daemon.pid)
    marks = {name: len(bay.heard(name)) for name in devices}
    until(HOUR + 300)
    silent = {name for name in devices if len(bay.heard(name)) == marks[name]}
    assert not silent, f"not heard after an hour: {silent}"

    bay.air.stop()
    sent, safe = judged(bay.air.values()), is_safe
    wait_until(lambda: not compare(sent, judged(arrived(bay.sub)), safe)[0],
               lambda: f"confirmed, and missing: {compare(sent, judged(arrived(bay.sub)), safe)[0][:20]}")
    strange = compare(sent, judged(arrived(bay.sub)), safe)[1]
    assert not strange, f"never sent, or twice: {len(strange)}: {strange[:20]}"
    # all kinds were there, and in number
    assert len([v for v in sent if v["acknowledged"] and is_safe(v)]) > 200
    wait_until(lambda: open_descriptors(bay.daemon.pid) <= idle, lambda: "descriptors "
               f"{open_descriptors(bay.daemon.pid)}, at first {idle}")
    if "asan" not in bay.daemon.binary:
        assert late < early + (3 << 20), f"memory: {early} bytes after minutes, {late} after an hour"
    bay.daemon.stop()
