"""conf/examples/zigbee-*.conf with the devices that they name, played by wardsim zigbee: each loads as it stands, each
of its rules raises its alarm, and the alarm ends when its cause does. Their delays pass much faster here."""
import os
import re

import pytest

from test_zigbee import CODE, network_up
from ward.alarms import Alarms
from ward.base import wait_until
from ward.bus import Caller, served, wait_served
from ward.daemon import ROOT

pytestmark = pytest.mark.slow

ALWAYS = {"Interval": "300ms", "Reporting": "always"}
DELAYS = "For|WarnAfter|AboveFor|BelowFor|DoorTolerance|EscalateAfter|After|Hold"
UNITS = {"ms": 1, "s": 1000, "min": 60000, "h": 3600000}


def turned(device, metric, there, back):
    """What makes a value go wrong, and right again."""
    return (lambda mesh: mesh.turn(device, metric, there, For="1h"),
            lambda mesh: mesh.turn(device, metric, back, For="1h"))


def pressed(device, *words):
    return (lambda mesh: [mesh.do(device, "press", Amount=w) for w in words[:1]],
            lambda mesh: [mesh.do(device, "press", Amount=w) for w in words[1:]])


def switched(device):
    """By its own button: the simulator's plugs have none, but can say so."""
    return (lambda mesh: mesh.say(device, 0x0006, "18 E0 0A 0000 10 00"),
            lambda mesh: mesh.say(device, 0x0006, "18 E1 0A 0000 10 01"))


def vanished(device):
    return (lambda mesh: mesh.do(device, "vanish"),) * 2


def nothing():
    return (lambda mesh: None,) * 2


# File, how many times as fast, device: what the simulator makes of it, and alarm: (cause, how it ends, priority).
# "end": by itself once the cause is gone; "latched": it waits for somebody; None: it goes on.
WARDS = [
    ("zigbee-fridges.conf", 1800, {"zigbee-fridge": {"Kind": "fridge", **ALWAYS}}, {
        "zigbee-fridge-door-open.zigbee-fridge": (turned("zigbee-fridge", "contact", "false", "true"), "end", "low"),
        "zigbee-fridge-temperature.zigbee-fridge": (
            turned("zigbee-fridge", "ambient-temperature", "9.6", "4.8"), "end", "medium"),
        "zigbee-fridge-not-measured.zigbee-fridge": (vanished("zigbee-fridge"), "end", "medium"),
    }),
    ("zigbee-rooms.conf", 3600, {"zigbee-room": {"Kind": "room", **ALWAYS}, "zigbee-leak": {"Kind": "water"}}, {
        "zigbee-room-stale-air.zigbee-room": (turned("zigbee-room", "ambient-co2", "1800", "700"), "end", "low"),
        "zigbee-room-temperature.zigbee-room": (
            turned("zigbee-room", "ambient-temperature", "29.5", "22"), "end", "low"),
        "zigbee-room-humidity.zigbee-room": (turned("zigbee-room", "humidity", "71", "45"), "end", "low"),
        "zigbee-room-occupied.zigbee-room": (turned("zigbee-room", "occupancy", "true", "false"), "end", "low"),
        "zigbee-leak.zigbee-leak": (turned("zigbee-leak", "water-leak", "true", "false"), "latched", "medium"),
    }),
    ("zigbee-calls.conf", 10000, {"zigbee-button": {"Kind": "button"}, "zigbee-pendant": {"Kind": "emergency"},
                                  "zigbee-cord": {"Kind": "pull-cord"}}, {
        "zigbee-call.zigbee-button": (pressed("zigbee-button", "single", "double"), "end", "medium"),
        "zigbee-emergency.zigbee-pendant": (
            turned("zigbee-pendant", "emergency", "true", "false"), "latched", "high"),
        "zigbee-emergency.zigbee-cord": (pressed("zigbee-cord", "single"), None, "high"),
        "zigbee-button-silent.zigbee-button": (nothing(), None, "low"),
    }),
    ("zigbee-equipment.conf", 2400, {"zigbee-charger-plug": {"Kind": "plug", **ALWAYS},
                                     "zigbee-suction-plug": {"Kind": "plug", **ALWAYS}}, {
        "zigbee-charger-off.zigbee-charger-plug": (turned("zigbee-charger-plug", "power", "0.4", "12"), "end", "low"),
        "zigbee-suction-runs-on.zigbee-suction-plug": (
            turned("zigbee-suction-plug", "power", "60", "0.2"), "end", "low"),
        "zigbee-mains-voltage.zigbee-charger-plug": (
            turned("zigbee-charger-plug", "voltage", "198", "231"), "end", "low"),
        "zigbee-plug-off.zigbee-charger-plug": (switched("zigbee-charger-plug"), "end", "low"),
        "zigbee-plug-out.zigbee-suction-plug": (vanished("zigbee-suction-plug"), "end", "low"),
    }),
]


def example(name):
    """All of it enabled: a line is disabled by a # with no blank behind it."""
    with open(os.path.join(ROOT, "conf", "examples", name), encoding="utf-8") as f:
        return re.sub(r"(?m)^#(?=[A-Z\[])", "", f.read())


def hurried(text, times):
    def shorter(match):
        least = 1000 if match[1] in ("After", "Hold") else 1
        return f"{match[1]}={max(least, int(match[2]) * UNITS[match[3]] // times)}ms"
    return re.sub(rf"(?m)^({DELAYS})=(\d+)(ms|s|min|h)$", shorter, text)


def begin(ward, name, times, kinds):
    """The ward of an example, its devices let in by their install codes and set up."""
    text = example(name)
    addresses = dict(re.findall(r"\[Device (.+)\]\nTransport=zigbee\nAddress=0x(\w+)", text))
    assert set(addresses) == set(kinds)
    mesh = ward.mesh({n: {"EUI64": ":".join(re.findall("..", a)), "InstallCode": CODE, "Poll": "20ms", **kinds[n]}
                      for n, a in addresses.items()})
    broker = ward.broker()
    sub = ward.subscriber(broker)
    zigbee = {"Zigbee": mesh.sections()["Zigbee"], "CoAP": {"Enabled": "no"}}
    daemon, bus = served(ward, broker=broker, start=False, devices={}, sections=zigbee)
    where = os.path.join(daemon.dir, "conf.d")
    os.makedirs(where)
    for words in (text, hurried(text, times)):
        with open(os.path.join(where, name), "w", encoding="utf-8") as f:
            f.write(words)
        done = daemon.run("--check-config")
        assert (done.returncode, done.stderr) == (0, "")
    daemon.start()
    wait_served(daemon)
    caller = ward.keep(Caller(bus))
    network_up(daemon)
    for device in kinds:
        caller.run("permit-join", seconds=120, device=device, install_code=CODE)
    for device in kinds:
        daemon.wait_log(f'a device is set up WARDGATE_DEVICE="{device}"', deadline=60)
    return mesh, Alarms(sub, daemon)


@pytest.mark.parametrize("name, times, kinds, alarms", WARDS, ids=[w[0] for w in WARDS])
def test_each_rule_of_the_example_alarms(ward, name, times, kinds, alarms):
    assert {key.split(".")[0] for key in alarms} == set(re.findall(r"(?m)^\[Rule (.+)\]", example(name)))
    mesh, heard = begin(ward, name, times, kinds)
    for key, ((cause, cure), ending, priority) in alarms.items():
        before = len(heard.sub.messages)
        cause(mesh)
        start = heard.event(key, lambda e, p=priority: e["phase"] in ("start", "escalate") and e["priority"] == p
                            and e["state"] == "active", before, 60)
        assert start["rule"] == key.split(".")[0] and start["device"] == key.split(".")[1]
        cure(mesh)
        if ending == "end":
            heard.event(key, lambda e, a=start["alarm"]: e["alarm"] == a and e["phase"] == "end", before, 60)
        elif ending == "latched":
            heard.event(key, lambda e, a=start["alarm"]: e["alarm"] == a and e["state"] == "latched", before, 60)
    heard.check()


def test_a_call_by_zigbee_is_an_alarm_until_it_is_taken_back(ward):
    """In the delays of the example: a call has none."""
    mesh, heard = begin(ward, "zigbee-calls.conf", 1, WARDS[2][2])
    mesh.do("zigbee-button", "press", Amount="single")
    call = heard.phase("zigbee-call.zigbee-button", "start")
    assert (call["bed"], call["kind"], call["state"]) == ("3", "advisory", "active")
    mesh.do("zigbee-button", "press", Amount="double")
    wait_until(lambda: "zigbee-call.zigbee-button" not in heard.retained(), lambda: f"{heard.retained()}")
    mesh.turn("zigbee-pendant", "emergency", "true", For="1h")
    assert heard.phase("zigbee-emergency.zigbee-pendant", "start")["priority"] == "high"
    heard.check()
