"""How the gateway treats Bluetooth devices: how it connects, the time that it tells, what it says of links."""
import json
import os

import pytest

from ward.base import wait_until
from ward.ble import Bay
from ward.clock import SYNCHRONISED, UNSYNCHRONISED

STRAP = {"Kind": "heart-rate", "Address": "C0:FF:EE:00:00:01", "Interval": "1s", "Advertise": "1s"}
# struct mgmt_params by profile, as docs/ble.md has them: 1.25 ms, 1.25 ms, intervals, 10 ms
STREAM = (80, 160, 4, 600)
VISIT = (24, 40, 0, 500)


def events(air):
    with open(air.log_path, encoding="utf-8") as f:
        return [line for line in map(json.loads, (t for t in f if t.endswith("\n"))) if "event" in line]


def of(air, device, start=0):
    return [e["event"] for e in events(air)[start:] if e.get("device") == device]


def told(air, event, device):
    return [e for e in events(air) if e["event"] == event and e.get("device") == device]


def parameters(air, device):
    return [(p["min"], p["max"], p["latency"], p["timeout"]) for p in told(air, "parameters", device)]


def test_connection_parameters_suit_the_profile(ward):
    """The kernel knows them once the services are known, and after a restart before the first connection."""
    cuff = {"Kind": "cuff", "Address": "C0:FF:EE:00:00:02", "Interval": "2s", "Advertise": "200ms"}
    bay = Bay(ward, {"strap": STRAP, "cuff": cuff})
    air, daemon = bay.air, bay.daemon
    bay.wait_heard("strap", "heart-rate")
    bay.wait_heard("cuff", "bp-systolic")
    wait_until(lambda: parameters(air, "strap") and parameters(air, "cuff"), lambda: "parameters for both")
    assert set(parameters(air, "strap")) == {STREAM} and set(parameters(air, "cuff")) == {VISIT}
    kept = os.path.join(daemon.state, "ble")
    wait_until(lambda: os.path.exists(kept) and STRAP["Address"] + " " in open(kept, encoding="ascii").read(),
               lambda: "the strap's services on the disk")
    daemon.kill()
    n = len(events(air))
    daemon.start()
    wait_until(lambda: "connected" in of(air, "strap", n), lambda: "the next connection")
    assert "parameters" in of(air, "strap", n)[:of(air, "strap", n).index("connected")]


@pytest.mark.parametrize("right", [True, False], ids=["right", "not known to be right"])
def test_a_device_that_asks_is_told_the_time(ward, right):
    """Only by a clock that is known to be right: a device sets its own by it."""
    clock = ward.clock()
    clock.say(SYNCHRONISED if right else UNSYNCHRONISED)
    air = ward.air({"strap": {**STRAP, "AsksTime": "yes"}})
    broker = ward.broker()
    daemon = ward.daemon(broker, start=False, devices={}, sections={
        **air.sections(), "CoAP": {"Enabled": "no"}, "Gateway": {"TimeZone": "Asia/Kolkata"}})
    daemon.environment = clock.environment()
    daemon.start()
    event = "took-time" if right else "no-time"
    wait_until(lambda: told(air, event, "strap"), lambda: event)
    assert not told(air, "no-time" if right else "took-time", "strap")
    for line in told(air, "took-time", "strap"):
        assert abs(line["offset_ms"] - 5.5 * 3600 * 1000) < 2000, "local time, of the ward's zone"
