"""wardgatectl's verbs about alarms, against a gateway that says what a test wants: what is asked of the
daemon, what is shown, on a terminal too, what completion offers. With the real daemon:
test_control_alarms.py."""
import json
import os
import pwd
import re
import time

import pytest

from test_ctl_bus import good, run
from test_ctl_completion import in_bash, in_fish
from test_ctl_watch import Screen
from ward.ctl import CTL, Terminal, one_line
from ward.dbus import FakeGateway, Refused


def ago(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() - seconds))


def compact(document):
    """As the gateway writes them."""
    return json.dumps(document, separators=(",", ":"))


def alarm(key, priority="high", **more):
    rule, where = key.split(".")
    return {"key": key, "id": "g:1-1:2", "alarm": f"g:1-1:a-{key}", "rule": rule, "priority": priority,
            "phase": "start", "state": "active", "inactivation": ["enabled"], "bed": "3", "device": where,
            "onset": ago(90), "text": f"{rule} is not well", **more}


ALARMS = [
    alarm("low-battery.bed4-thermometer", "low", onset=ago(7200)),
    alarm("spo2-low.bed3-oximeter", text="SpO2 86 % below 90 %", onset=ago(30)),
    alarm("hr-high.bed3-oximeter", inactivation=["alert-acknowledged"], by=f"uid {os.getuid()}"),
    alarm("temp.bed3-x", "medium", state="latched", inactivation=["audio-paused"], inactivated_until=ago(-3000),
          text="\x1b[2Jevil"),
]
LIMITS = [
    {"bed": "-", "rule": "spo2-low", "metric": "spo2", "unit": "%", "low": {"value": 90, "level": "rule"}},
    {"bed": "3", "rule": "hr", "metric": "heart-rate", "unit": "/min",
     "low": {"value": 37.5, "level": "bed", "by": f"uid {os.getuid()}", "since": ago(300)},
     "high": {"value": 130, "level": "ward", "by": "station-2", "since": ago(7300)}},
]
DEVICES = [compact({"device": d, "bed": b}) for d, b in (("a", "3"), ("b", "10"), ("c", "-"), ("d", "3"))]
ME = pwd.getpwuid(os.getuid()).pw_name


class Fake(FakeGateway):
    """results: verb -> what Run answers, or an exception."""

    def __init__(self, bus):
        self.results = {"alarms": {"alarms": ALARMS}, "limits": {"limits": LIMITS}}
        super().__init__(bus, {"Run": self._run, "ListDevices": ("as", (DEVICES,)),
                               "Watch": lambda devices: ("u", (60,))})

    def _run(self, verb, _):
        result = self.results[verb]
        if isinstance(result, Exception):
            raise result
        return ("s", (compact(result),))

    def asked(self):
        (verb, arguments), _ = self.call("Run")
        return verb, json.loads(arguments) if arguments else {}


@pytest.fixture
def gateway(bus):
    g = Fake(bus)
    yield g
    g.end()


# --- looking ---

def test_alarms(bus, gateway):
    rows = good(bus, "alarms").splitlines()
    assert [r.split()[0] for r in rows] == ["PRIORITY", "high", "high", "medium", "low"]
    assert "spo2-low.bed3-oximeter" in rows[1] and rows[1].endswith("SpO2 86 % below 90 %")
    assert "acknowledged" in rows[2] and f" {ME} " in rows[2]
    assert "latched, audio paused for" in rows[3] and "\x1b" not in rows[3]
    assert " 2 h " in rows[4]
    out = good(bus, "alarms", COLUMNS="80")
    assert max(map(len, out.splitlines())) <= 80
    assert "          SpO2 86 % below 90 %" in out.splitlines()
    assert json.loads(good(bus, "--json", "alarms")) == {"alarms": ALARMS}
    gateway.results["alarms"] = {"alarms": []}
    assert good(bus, "alarms") == "There is no alarm.\n"
    gateway.results["alarms"] = {"other": 1}
    status, out, err = run(bus, "alarms")
    assert (status, out) == (1, "") and one_line(err)


@pytest.mark.parametrize("term, colours", [("xterm-256color", True), ("dumb", False), ("vt100", False)])
def test_alarms_on_a_terminal(bus, gateway, term, colours):
    t = Terminal("--bus", bus.address, "alarms", term=term)
    try:
        assert t.ends() == 0
        assert (b"\x1b[1;31mhigh" in t.raw) is colours
        assert (b"\x1b" in t.raw) is colours
        assert max(map(len, t.text.splitlines())) <= 80 and "\n          SpO2 86 % below 90 %" in t.text
    finally:
        t.end()


def test_watch_begins_with_the_alarms_that_there_are(bus, gateway):
    t = Screen("--bus", bus.address, "watch")
    try:
        shown = t.shows("low-battery is not well")
        assert [line.split()[0] for line in shown[1:5]] == ["high", "high", "medium", "low"]
        assert f"(acknowledged by {ME})" in shown[2] and "evil" in shown[3]
        gateway.signal("Alarm", "s", (json.dumps({**ALARMS[1], "inactivation": ["alert-acknowledged"],
                                                  "by": "uid 4294967294"}),))
        shown = t.shows("(acknowledged by uid 4294967294)")
        assert sum("below 90" in line for line in shown) == 1
        gateway.signal("Alarm", "s", (json.dumps({**ALARMS[1], "state": "inactive"}),))
        t.wait_for(lambda: not any("below 90" in line for line in t.display()), "the alarm's end")
        t.resize(8, 60)
        t.shows("values of")
        gateway.signal("Alarm", "s", (json.dumps({**ALARMS[1], "alarm": "g:1-1:a9"}),))
        t.wait_for(lambda: "below 90" in t.display()[1], "the new alarm above all others")
        gateway.signal("Alarm", "s", (json.dumps({**ALARMS[1], "alarm": "g:1-1:a10"}),))
        t.shows("more alarms")
    finally:
        t.end()


def test_limits(bus, gateway):
    rows = good(bus, "limits").splitlines()
    assert gateway.asked() == ("limits", {})
    assert rows[1].split() == ["(ward)", "spo2-low", "spo2", "90", "%", "configuration"]
    assert "37.5" in rows[2]
    assert re.search(rf"below: bed, {ME}, \d+ min( \d+ s)? ago; above: ward, station-2, 2 h \d min ago$", rows[2])
    assert max(map(len, good(bus, "limits", "3", COLUMNS="80").splitlines())) <= 80
    assert gateway.asked() == ("limits", {"bed": "3"})
    assert json.loads(good(bus, "--json", "limits")) == {"limits": LIMITS}
    gateway.results["limits"] = {"limits": []}
    assert "no rule with limits" in good(bus, "limits")


# --- what is asked of the daemon ---

@pytest.mark.parametrize("line, arguments, said", [
    ("acknowledge a.b", {"alarm": "a.b"}, "a.b is acknowledged.\n"),
    ("reset a.b", {"alarm": "a.b"}, "a.b is reset.\n"),
    ("pause a.b", {"alarm": "a.b", "seconds": 0}, "a.b has its audio paused for"),
    ("pause a.b 90 --alarm", {"alarm": "a.b", "seconds": 90, "kind": "alarm"}, "a.b is paused for"),
    ("pause --bed 3 --audio-off", {"bed": "3", "seconds": 0, "kind": "audio-off"}, "Bed 3 has its audio off for"),
    ("pause --bed=3 7 --alarm-off", {"bed": "3", "seconds": 7, "kind": "alarm-off"}, "Bed 3 is off for"),
    ("pause a.b --end", {"alarm": "a.b", "seconds": -1}, "a.b has its audio again.\n"),
    ("pause --end --alarm-off --bed 3", {"bed": "3", "seconds": -1, "kind": "alarm-off"}, "Bed 3 is on again.\n"),
    ("set-spo2-scale 3 2", {"bed": "3", "scale": 2}, "Bed 3: scores use SpO2 scale 2.\n"),
    ("observe 3 pain 3", {"bed": "3", "metric": "pain", "value": 3}, "Charted for bed 3: pain 3.\n"),
    ("observe 3 body-temperature 37.6 --time 2026-11-21T10:00:00Z",
     {"bed": "3", "metric": "body-temperature", "value": 37.6, "time": "2026-11-21T10:00:00Z"}, "temperature 37.6.\n"),
    ("observe 3 body-temperature -0.5", {"bed": "3", "metric": "body-temperature", "value": -0.5}, " -0.5.\n"),
    ("observe 3 consciousness alert", {"bed": "3", "metric": "consciousness", "value": "alert"}, "alert.\n"),
    ("observe 3 oxygen-therapy yes", {"bed": "3", "metric": "oxygen-therapy", "value": True}, "yes.\n"),
    ("observe 3 oxygen-therapy false", {"bed": "3", "metric": "oxygen-therapy", "value": False}, "false.\n"),
    # what cannot be, the daemon says
    ("observe 3 pain much", {"bed": "3", "metric": "pain", "value": "much"}, "much.\n"),
    ("observe 3 nonsense 3", {"bed": "3", "metric": "nonsense", "value": 3}, "3.\n"),
    ("set-limit spo2-low --bed 3 --below 88", {"rule": "spo2-low", "bed": "3", "level": "bed", "below": 88}, "(ward)"),
    ("set-limit hr --patient 3 --above 37.5 --below -1",
     {"rule": "hr", "bed": "3", "level": "patient", "below": -1, "above": 37.5}, "(ward)"),
    ("set-limit spo2-low --ward --clear", {"rule": "spo2-low", "level": "ward"}, "(ward)"),
])
def test_commands(bus, gateway, line, arguments, said):
    verb = line.split()[0]
    result = {k: v for k, v in arguments.items() if k in ("bed", "metric", "scale")}
    if verb in ("acknowledge", "reset", "pause"):
        result = {"bed": "3"} if "bed" in arguments else {"key": "a.b"}
        if arguments.get("seconds", -1) >= 0:
            result["until"] = ago(-120)
    if verb == "set-limit":
        result = {"limits": LIMITS}
    gateway.results[verb] = result
    out = good(bus, *line.split())
    assert said in out, out
    assert gateway.asked() == (verb, arguments)
    assert json.loads(good(bus, "--json", *line.split())) == result
    # the disk fails: it is done, and said
    gateway.results[verb] = {**result, "kept": False, "problem": "No space left on device"}
    status, out, err = run(bus, *line.split())
    assert status == 0 and said in out and one_line(err) and "No space left" in err and "power cut" in err


@pytest.mark.parametrize("line, why", [
    ("acknowledge", "acknowledge needs an alarm"),
    ("acknowledge a b", 'does not know what to do with "b"'),
    ("reset", "reset needs an alarm"),
    ("pause", "pause needs an alarm or --bed"),
    ("pause --bed", "--bed needs a value"),
    ("pause a.b soon", '"soon" is no number of seconds'),
    ("pause a.b 43201", "is no number of seconds from 1 to 43200"),
    ("pause a.b 0", "is no number of seconds"),
    ("pause a.b 10 --end", "--end takes no seconds"),
    ("pause a.b --alarm --audio-off", "one of --alarm"),
    ("pause a.b 10 20", 'does not know what to do with "20"'),
    ("pause a.b --loud", "no option --loud"),
    ("set-limit", "needs a rule"),
    ("set-limit x --below 3", "say for whom"),
    ("set-limit x --bed 3 --ward --below 3", "say for whom"),
    ("set-limit x --bed 3", "give --below NUMBER"),
    ("set-limit x --bed 3 --clear --below 3", "goes without"),
    ("set-limit x --bed 3 --below low", "give a number"),
    ("set-limit x --bed 3 --below nan", "give a number"),
    ("set-limit x --bed 3 --below 0x10", "give a number"),
    ("set-limit x --bed 3 --below 1,5", "give a number"),
    ("set-spo2-scale 3", "a bed and the scale"),
    ("set-spo2-scale 3 3", "a bed and the scale"),
    ("observe 3 pain", "needs a bed"),
    ("observe 3 pain 3 4", "does not know what to do"),
    ("limits 3 4", "does not know what to do"),
    ("alarms 3", "takes no argument"),
])
def test_misused(bus, gateway, line, why):
    status, out, err = run(bus, *line.split())
    assert (status, out) == (64, "") and one_line(err) and why in err, err


@pytest.mark.parametrize("name, status", [("NotFound", 1), ("Refused", 1), ("InvalidArgument", 64),
                                          ("NotPermitted", 77), ("UnknownVerb", 1), ("Busy", 1)])
def test_refused(bus, gateway, name, status):
    for line in ("alarms", "acknowledge a.b", "pause --bed 3", "reset a.b", "limits", "set-limit x --ward --below 3",
                 "set-spo2-scale 3 1", "observe 3 pain 3"):
        gateway.results[line.split()[0]] = Refused(name, "no\x1b such thing")
        got = run(bus, *line.split())
        assert got[:2] == (status, "") and one_line(got[2]) and "\x1b" not in got[2], line
        assert ("restart it after an upgrade" if name == "UnknownVerb" else "such thing") in got[2]


# --- completion ---

@pytest.fixture
def at_hand(bus, tmp_path, monkeypatch):
    """A wardgatectl that finds the bus without options."""
    config = tmp_path / "wardgate.conf"
    config.write_text(f"[Control]\nBus={bus.address}\n")
    tool = tmp_path / "wardgatectl"
    tool.write_text(f'#!/bin/sh\nexec {CTL} --config {config} "$@"\n')
    tool.chmod(0o755)
    monkeypatch.setattr("test_ctl_completion.CTL", str(tool))
    return str(tmp_path)


KEYS = {a["key"] for a in ALARMS}


def test_bash_completes_what_there_is(gateway, at_hand):
    assert in_bash("acknowledge", "") == KEYS == in_bash("reset", "") == in_bash("pause", "")
    assert in_bash("acknowledge", "spo2") == {"spo2-low.bed3-oximeter"}
    assert in_bash("pause", "--bed", "") == {"3", "10"} == in_bash("limits", "") == in_bash("observe", "")
    assert in_bash("set-limit", "") == {"spo2-low", "hr"}
    assert in_bash("set-limit", "hr", "--patient", "1") == {"10"}
    assert in_bash("set-spo2-scale", "3", "") == {"1", "2"}
    assert in_bash("observe", "3", "resp") == {"respiratory-rate"}


def test_fish_completes_what_there_is(gateway, at_hand, tmp_path):
    def offered(*words):
        return {w for w in in_fish(*words, tmp=str(tmp_path)) if not w.startswith("-")}
    assert offered("acknowledge", "''") == KEYS
    assert offered("limits", "''") == {"3", "10"}
    assert offered("set-limit", "''") == {"spo2-low", "hr"}
    assert offered("pause", "--bed", "''") == {"3", "10"}
