"""Bluetooth LE devices, played by wardsim ble, through the daemon to a broker."""
import json
import os
from decimal import Decimal

from ward.base import wait_until

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
    wait_until(lambda: os.path.exists(kept) and "C0:FF:EE:00:00:01" in open(kept).read(), lambda: "the bond on the disk")
    assert os.stat(kept).st_mode & 0o777 == 0o600
    before = open(kept).read()
    daemon.kill()
    n = len(heard(sub, "strap", "heart-rate"))
    daemon.start()
    wait_until(lambda: len(heard(sub, "strap", "heart-rate")) >= n + 2, lambda: "two more")
    assert open(kept).read() == before
    assert {r.get("auth", "link") for r in heard(sub, "strap", "heart-rate")} == {"link"}
