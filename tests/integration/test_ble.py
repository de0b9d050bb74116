"""Bluetooth LE devices, played by wardsim ble, through the daemon to a broker."""
import json
import os
from decimal import Decimal

from ward.base import wait_until
from ward.ble_judge import arrived, compare

STRAP = {"Kind": "heart-rate", "Address": "C0:FF:EE:00:00:01", "Interval": "1s", "Advertise": "1s"}
ROOM = {"Kind": "bthome", "Address": "A4:C1:38:00:00:02", "Interval": "2s"}


def begin(ward, devices, sections=None, **kwargs):
    """The air, a broker, a daemon that listens, a subscriber."""
    air = ward.air(devices, **kwargs)
    broker = ward.broker()
    sub = ward.subscriber(broker)
    daemon = ward.daemon(broker, devices={}, sections={**air.sections(), "CoAP": {"Enabled": "no"}, **(sections or {})})
    return air, daemon, sub


def heard(sub, device, metric):
    """With the digits as they came."""
    found = [json.loads(m.payload, parse_float=Decimal) for m in sub.messages if "/beds/" in m.topic and m.payload]
    return [r for r in found if r.get("device") == device and r.get("metric") == metric]


def all_arrived(air, sub):
    """The devices fall silent: all that they know to be taken arrives, and nothing else."""
    air.stop()
    wait_until(lambda: not compare(air.values(), arrived(sub))[0],
               lambda: f"what was sent: {compare(air.values(), arrived(sub))[0]}")
    assert not compare(air.values(), arrived(sub))[1]


def test_a_strap_streams(ward):
    air, daemon, sub = begin(ward, {"strap": STRAP})
    wait_until(lambda: len(heard(sub, "strap", "heart-rate")) >= 3, lambda: "three heart rates")
    sent = {str(v["value"]) for v in air.values() if v["metric"] == "heart-rate"}
    for r in heard(sub, "strap", "heart-rate"):
        assert str(r["value"]) in sent
        assert r["unit"] == "/min"


def test_a_broadcaster_is_read(ward):
    air, daemon, sub = begin(ward, {"room": ROOM})
    wait_until(lambda: heard(sub, "room", "ambient-temperature"), lambda: "a temperature")
    sent = {str(v["value"]) for v in air.values() if v["metric"] == "ambient-temperature"}
    assert {str(r["value"]) for r in heard(sub, "room", "ambient-temperature")} <= sent


def test_a_bond_is_made_and_outlives_a_restart(ward):
    """The measurements ask for encryption: bonded without anybody being asked, once."""
    air, daemon, sub = begin(ward, {"strap": {**STRAP, "Security": "encrypt"}})
    wait_until(lambda: len(heard(sub, "strap", "heart-rate")) >= 2, lambda: "two heart rates")
    kept = os.path.join(daemon.state, "bonds")
    wait_until(lambda: os.path.exists(kept) and STRAP["Address"] in open(kept).read(), lambda: "the bond on the disk")
    assert os.stat(kept).st_mode & 0o777 == 0o600
    before = open(kept).read()
    daemon.kill()
    n = len(heard(sub, "strap", "heart-rate"))
    daemon.start()
    wait_until(lambda: len(heard(sub, "strap", "heart-rate")) >= n + 2, lambda: "two more")
    assert open(kept).read() == before
    assert {r.get("auth", "link") for r in heard(sub, "strap", "heart-rate")} == {"link"}


KEY = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
BROADCASTERS = ["bthome", "bthome-sealed", "atc", "atc-sealed", "pvvx", "pvvx-sealed", "ruuvi-3", "ruuvi-5",
                "ruuvi-6", "eddystone"]


def test_all_broadcast_formats(ward):
    """Every value that they say arrives with its digits, and nothing that they did not say."""
    devices, more = {}, {}
    for n, kind in enumerate(BROADCASTERS):
        devices[kind] = {"Kind": kind, "Address": f"A4:C1:38:00:01:{n:02X}", "Interval": "1s", "Advertise": "1s"}
        if kind.endswith("sealed"):
            devices[kind]["BindKey"] = KEY
    air = ward.air(devices)
    path = os.path.join(air.dir, "bind.key")
    with open(path, "w", encoding="ascii", opener=lambda p, f: os.open(p, f, 0o600)) as f:
        f.write(KEY)
    more = {name: {"BindKey": path} for name in devices if name.endswith("sealed")}
    broker = ward.broker()
    sub = ward.subscriber(broker)
    ward.daemon(broker, devices={}, sections={**air.sections(**more), "CoAP": {"Enabled": "no"}})
    wait_until(lambda: {r["device"] for r in arrived(sub)} >= set(devices),
               lambda: f"readings of {set(devices) - {r['device'] for r in arrived(sub)}}", 20)
    all_arrived(air, sub)


# Kind of device: the metric that it is there for.
PROFILES = {"heart-rate": "heart-rate", "oximeter": "spo2", "cgm": "glucose", "thermometer": "body-temperature",
            "spot-oximeter": "spo2", "cuff": "bp-systolic", "meter": "glucose", "scale": "weight",
            "body-scale": "body-fat", "room": "humidity"}


def test_all_profiles(ward):
    """Each kind of device that connects, for a while: all that it saw confirmed or taken arrives."""
    devices = {kind: {"Kind": kind, "Address": f"C0:FF:EE:00:02:{n:02X}", "Interval": "3s", "Advertise": "500ms"}
               for n, kind in enumerate(PROFILES)}
    air, daemon, sub = begin(ward, devices)

    def waiting():
        # a glucose sensor stamps by the minute: what it says again is the same
        return {kind: metric for kind, metric in PROFILES.items()
                if len(heard(sub, kind, metric)) < (1 if kind == "cgm" else 2)}
    wait_until(lambda: not waiting(), lambda: f"readings of {waiting()}", 40)
    all_arrived(air, sub)


def more_of(sub, device, metric, count=2):
    n = len(heard(sub, device, metric))
    wait_until(lambda: len(heard(sub, device, metric)) >= n + count, lambda: f"{count} more of {device}", 40)


def test_an_adapter_that_is_unplugged_and_comes_back(ward):
    """And one that somebody powers off: it is brought up again, and the stream goes on."""
    air, daemon, sub = begin(ward, {"strap": STRAP}, events=[
        {"At": "4s", "Adapter": "hci0", "Do": "unplug"}, {"At": "7s", "Adapter": "hci0", "Do": "plug"},
        {"At": "14s", "Adapter": "hci0", "Do": "power-off"}])
    more_of(sub, "strap", "heart-rate")
    daemon.process.wait_line("not in use any more")
    more_of(sub, "strap", "heart-rate", 3)
    wait_until(lambda: daemon.process.text().count("not in use any more") == 2, lambda: "the second loss", 20)
    more_of(sub, "strap", "heart-rate", 3)
    all_arrived(air, sub)
