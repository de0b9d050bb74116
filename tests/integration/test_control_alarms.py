"""What people do about alarms with the real daemon, over D-Bus, over MQTT and with wardgatectl: each verb,
each refusal, and that what was answered survives."""
import json
import os
import re
import sys

import pytest

from test_control_mqtt import Station
from ward import senml
from ward.base import wait_until
from ward.bus import Caller, refused, served, wait_served
from ward.ctl import Terminal, ctl, one_line
from ward.daemon import ROOT
from ward.senml import record

sys.path.insert(0, os.path.join(ROOT, "tests", "docs"))
import schemas  # noqa: E402

AFAR = "acknowledge pause reset set-limit set-spo2-scale observe"
RULES = {
    "Device bed3-oximeter": {"Bed": "3"},
    "Device bed4-oximeter": {"Bed": "4"},
    "Rule spo2-low": {"Type": "limit", "Metric": "spo2", "Below": "90", "For": "0s", "Samples": "1", "ClearFor": "0s",
                      "Priority": "high", "Latching": "yes"},
    "Rule hr": {"Type": "limit", "Metric": "heart-rate", "Below": "40", "Above": "130", "For": "0s", "ClearFor": "0s",
                "Priority": "medium", "Latching": "no", "Beds": "3"},
    "Rule news2": {"Type": "score", "Table": "news2", "Single": "3", "Every": "1s", "Priority": "none"},
}
DEVICES = {"bed3-oximeter": "key-of-bed3-0123456789", "bed4-oximeter": "key-of-bed4-0123456789"}
KEY = "spo2-low.bed3-oximeter"


class Bedside(Station):
    """A station, a caller on the bus, an oximeter at bed 3 and another at bed 4."""

    def __init__(self, ward, commands=AFAR, start=True, sections=None):
        self.ward = ward
        self.broker = ward.broker()
        self.sub = ward.subscriber(self.broker)
        everything = {**RULES, "MQTT": {"Commands": commands}, **(sections or {})}
        self.daemon, got = served(ward, self.broker, start=start, sections=everything, devices=DEVICES)
        self.caller, self.bus, self.requests = (got, None, 0) if start else (None, got, 0)

    def begin(self):
        self.daemon.start()
        wait_served(self.daemon)
        self.caller = self.ward.keep(Caller(self.bus))
        return self

    def measure(self, spo2, metric="spo2", device="bed3-oximeter"):
        value = (spo2 / 100, "/") if metric == "spo2" else (spo2, "beat/min")
        s = self.ward.session(self.daemon, device)
        assert s.exchange(senml.as_json(record(metric, *value))).text == "2.04"

    def alarm(self, key=KEY):
        """Its document now, None when there is none."""
        return {a["key"]: a for a in self.caller.run("alarms")["alarms"]}.get(key)

    def raise_alarm(self, spo2=86):
        self.measure(spo2)
        return wait_until(self.alarm, "the alarm")

    def afar(self, verb, **arguments):
        self.requests += 1
        return self.ask(verb, request=f"r{self.requests}", **arguments)

    def retained(self, where, key=KEY):
        topic = f"{self.daemon.prefix}/alarms/{self.daemon.name}/{key}"
        return self.sub.wait_topic(topic, lambda m: m.payload and where(m.json)).json

    def ctl(self, *arguments, **env):
        return ctl("--config", self.daemon.config_path, *arguments, **env)


@pytest.fixture
def bedside(ward):
    return Bedside(ward)


# --- each verb, both ways ---

def test_acknowledge_on_the_bus(bedside):
    b = bedside
    started = b.raise_alarm()
    assert (started["state"], started["inactivation"], started["value"]) == ("active", ["enabled"], 86)
    assert [json.loads(a)["key"] for a in b.caller.call("ListAlarms")] == [KEY]
    assert b.caller.run("acknowledge", alarm=KEY) == {"key": KEY}
    told = json.loads(b.caller.signal("Alarm", lambda d: "alert-acknowledged" in d)[0])
    uid = f"uid {os.getuid()}"
    assert (told["alarm"], told["by"], told["state"]) == (started["alarm"], uid, "active")
    assert b.retained(lambda d: d["inactivation"] == ["alert-acknowledged"])["by"] == uid
    now = b.alarm()
    assert (now["inactivation"], now["by"]) == (["alert-acknowledged"], uid)
    del now["key"]
    assert schemas.faults("alarm", now) == []
    # once more is as once
    assert b.caller.run("acknowledge", alarm=KEY, by="anna") == {"key": KEY}
    assert b.alarm()["by"] == uid


def test_acknowledge_from_afar(bedside):
    b = bedside
    started = b.raise_alarm()
    assert b.afar("acknowledge", alarm=started["alarm"]) == {"request": "r1", "ok": True, "result": {"key": KEY}}
    assert b.retained(lambda d: d["inactivation"] == ["alert-acknowledged"])["by"] == "station-2"
    events = [m.json for m in b.sub.messages if m.topic.endswith(f"{KEY}/events")]
    assert [e["phase"] for e in events][:2] == ["start", "update"]


def test_pause(bedside):
    b = bedside
    b.raise_alarm()
    got = b.caller.run("pause", alarm=KEY, by="anna")
    assert got["key"] == KEY
    now = b.alarm()
    assert (now["inactivation"], now["inactivated_until"], now["by"]) == (["audio-paused"], got["until"], "anna")
    assert b.caller.run("pause", alarm=KEY, seconds=-1) == {"key": KEY}
    assert b.alarm()["inactivation"] == ["enabled"]
    # it ends by itself
    b.caller.run("pause", alarm=KEY, seconds=1, kind="alarm")
    b.caller.signal("Alarm", lambda d: json.loads(d)["inactivation"] == ["alarm-paused"])
    b.caller.signal("Alarm", lambda d: json.loads(d).get("reason") == "expired")
    assert b.alarm()["inactivation"] == ["enabled"]


def test_pause_a_bed_from_afar(bedside):
    b = bedside
    b.raise_alarm()
    b.measure(86, device="bed4-oximeter")
    other = "spo2-low.bed4-oximeter"
    wait_until(lambda: b.alarm(other), "the other alarm")
    got = b.afar("pause", bed="3", seconds=300, kind="audio-off")
    assert got["ok"] and got["result"]["bed"] == "3"
    assert b.retained(lambda d: d["inactivation"] == ["audio-off"])["by"] == "station-2"
    assert b.alarm(other)["inactivation"] == ["enabled"]
    assert b.afar("pause", bed="3", seconds=-1, kind="audio-off")["result"] == {"bed": "3"}
    assert b.alarm()["inactivation"] == ["enabled"]


def test_reset(bedside):
    b = bedside
    b.raise_alarm()
    assert refused(b.caller.run, "reset", alarm=KEY) == \
        ("Refused", f"{KEY}: its condition is not over; acknowledge or pause it instead")
    b.measure(97)
    wait_until(lambda: b.alarm()["state"] == "latched", "that it is latched")
    assert b.afar("reset", alarm=KEY)["result"] == {"key": KEY}
    assert b.alarm() is None
    b.sub.wait_topic(f"{b.daemon.prefix}/alarms/{b.daemon.name}/{KEY}", lambda m: not m.payload)
    b.sub.wait(lambda m: m.topic.endswith(f"{KEY}/events") and m.json["phase"] == "reset", "the event of the reset")


def test_limits_decide_what_alarms(bedside):
    b = bedside
    got = b.caller.run("set-limit", rule="spo2-low", bed="3", below=80)
    assert [r["low"]["value"] for r in got["limits"]] == [80]
    assert got["limits"][0]["low"]["by"] == f"uid {os.getuid()}"
    b.measure(86)
    b.measure(86, device="bed4-oximeter")
    wait_until(lambda: b.alarm("spo2-low.bed4-oximeter"), "the alarm at the other bed")
    assert b.alarm() is None
    assert b.raise_alarm(79)["limits"] == {"low": 80}
    rows = {(r["bed"], r["rule"]): r for r in b.caller.run("limits")["limits"]}
    assert set(rows) == {("-", "spo2-low"), ("-", "hr"), ("3", "spo2-low")}
    assert rows["-", "spo2-low"]["low"] == {"value": 90, "level": "rule"}
    assert [r["rule"] for r in b.caller.run("limits", bed="4")["limits"]] == ["spo2-low"]
    # from afar, for the ward; and taken back
    assert b.afar("set-limit", rule="spo2-low", below=85)["result"]["limits"][0]["low"]["level"] == "ward"
    assert b.afar("set-limit", rule="spo2-low", bed="3")["result"]["limits"][0]["low"]["value"] == 85


def test_observe(bedside):
    b = bedside
    at = b.sub.mark()
    assert b.afar("observe", bed="3", metric="respiratory-rate", value=18)["result"] == \
        {"bed": "3", "metric": "respiratory-rate"}
    r = b.sub.reading("charted", "respiratory-rate", start=at).json
    assert (r["value"], r["bed"], r["origin"], r["by"]) == (18, "3", "manual", "station-2")
    assert schemas.faults("reading", r) == []
    b.caller.run("observe", bed="4", metric="consciousness", value="confusion", time="2020-01-01T10:00:00Z")
    r = b.sub.reading("charted", "consciousness", start=at).json
    assert (r["value"], r["bed"], r["time"]) == ("confusion", "4", "2020-01-01T10:00:00.000Z")
    b.caller.run("observe", bed="4", metric="oxygen-therapy", value=True)
    assert b.sub.reading("charted", "oxygen-therapy", start=at).json["value"] is True
    # a rule sees it
    b.caller.run("observe", bed="3", metric="heart-rate", value=150)
    wait_until(lambda: any(a["rule"] == "hr" for a in b.caller.run("alarms")["alarms"]), "an alarm of what was charted")


def test_a_score_of_what_was_charted_and_its_scale(bedside):
    b = bedside
    for metric, value in [("respiratory-rate", 18), ("oxygen-therapy", False), ("bp-systolic", 120),
                          ("pulse-rate", 70), ("consciousness", "alert"), ("body-temperature", 37.0), ("spo2", 90)]:
        b.caller.run("observe", bed="3", metric=metric, value=value)

    def score(value):
        return b.sub.reading(metric="news2", where=lambda r: r["value"] == value and r["bed"] == "3").json
    assert score(3)["origin"] == "calculated"
    assert b.caller.run("set-spo2-scale", bed="3", scale=2) == {"bed": "3", "scale": 2}
    b.caller.run("observe", bed="3", metric="spo2", value=90)
    score(0)


# --- refusals, the same both ways ---

@pytest.fixture(scope="module")
def calm(hall):
    return Bedside(hall)


REFUSALS = [
    ("acknowledge", {"alarm": KEY}, "NotFound", f"the alarm {KEY} is not there now; there is none at all"),
    ("acknowledge", {"alarm": "ward7-gw1:1-00000001:a1"}, "NotFound",
     "the alarm ward7-gw1:1-00000001:a1 is over, or never was; there is none at all"),
    ("acknowledge", {}, "InvalidArgument",
     'acknowledge needs "alarm"; give e.g. "alarm":"ward7-gw1:12-9f3a21c4:a81"'),
    ("reset", {"alarm": "x"}, "NotFound", "the alarm x is not there now; there is none at all"),
    ("pause", {"alarm": "x"}, "NotFound", "the alarm x is not there now; there is none at all"),
    ("pause", {}, "InvalidArgument", 'pause needs "alarm" or "bed"; give e.g. "bed":"3"'),
    ("pause", {"alarm": "x", "bed": "3"}, "InvalidArgument", 'pause takes "alarm" or "bed", not both'),
    ("pause", {"bed": "9"}, "NotFound", "there is no bed 9; devices stand at 3, 4"),
    ("pause", {"bed": "3", "seconds": 3601}, "Refused", "3: 3601 s is too long; at most 3600 s"),
    ("pause", {"bed": "3", "seconds": 43201, "kind": "audio-off"}, "InvalidArgument",
     '"seconds" is 43201; give a whole number from -1 to 43200'),
    ("pause", {"bed": "3", "kind": "light"}, "InvalidArgument",
     '"kind" is "light"; give one of: audio alarm audio-off alarm-off'),
    ("set-limit", {"rule": "spo2-lo", "below": 88}, "NotFound", "there is no rule spo2-lo; did you mean spo2-low?"),
    ("set-limit", {"rule": "spo2-low", "bed": "9", "below": 88}, "NotFound",
     "there is no bed 9; devices stand at 3, 4"),
    ("set-limit", {"rule": "hr", "bed": "4", "below": 45}, "Refused", "hr: the rule is not for that bed"),
    ("set-limit", {"rule": "spo2-low", "above": 99}, "Refused", "spo2-low: the rule has no upper limit"),
    ("set-limit", {"rule": "spo2-low", "below": 101}, "Refused",
     "a limit of spo2-low that is an impossible limit: spo2 is from 0 to 100 %, so that no value or every value "
     "would be beyond it"),
    ("set-limit", {"rule": "hr", "bed": "3", "below": 140}, "Refused",
     "a limit of hr that cannot be: the lower limit 140 is above the upper limit 130, so that every value would "
     "alarm; leave room between them"),
    ("set-limit", {"rule": "spo2-low", "bed": "3", "level": "patient", "below": 88}, "Refused",
     "spo2-low: no patient is known at that bed"),
    ("set-limit", {"rule": "news2", "below": 3}, "Refused",
     "news2: there are no limits in a rule with Type=score"),
    ("set-spo2-scale", {"bed": "9", "scale": 2}, "NotFound", "there is no bed 9; devices stand at 3, 4"),
    ("set-spo2-scale", {"bed": "3", "scale": 3}, "InvalidArgument", '"scale" is 3; give a whole number from 1 to 2'),
    ("observe", {"bed": "9", "metric": "pain", "value": 3}, "NotFound", "there is no bed 9; devices stand at 3, 4"),
    ("observe", {"bed": "3", "metric": "pian", "value": 3}, "NotFound",
     "there is no metric pian; did you mean pain?"),
    ("observe", {"bed": "3", "metric": "pain", "value": "much"}, "InvalidArgument",
     "pain is a number in {score}; give e.g. 3"),
    ("observe", {"bed": "3", "metric": "spo2", "value": 970}, "InvalidArgument",
     "970 % cannot be a spo2; look at the value and its unit"),
    ("observe", {"bed": "3", "metric": "consciousness", "value": "asleep"}, "InvalidArgument",
     "consciousness is one of these words: alert confusion voice pain unresponsive"),
]


@pytest.mark.parametrize("verb, arguments, name, why", REFUSALS,
                         ids=[f"{r[0]}-{n}" for n, r in enumerate(REFUSALS)])
def test_refused(calm, verb, arguments, name, why):
    readings = len(calm.sub.readings())
    assert refused(calm.caller.run, verb, **arguments) == (name, why)
    got = calm.afar(verb, **arguments)
    assert (got["ok"], got["error"]) == (False, why)
    limits = calm.caller.run("limits")["limits"]
    assert {r["rule"] for r in limits} == {"hr", "spo2-low"}
    assert not any("by" in r.get(side, {}) for r in limits for side in ("low", "high"))
    assert calm.caller.run("alarms") == {"alarms": []} and len(calm.sub.readings()) == readings


def test_only_looking_is_for_the_machine_itself(calm):
    for verb in ("alarms", "limits"):
        got = calm.afar(verb)
        assert (got["ok"], got["error"]) == \
            (False, f"{verb} is not among the commands that this gateway obeys from afar")


def test_an_alarm_that_is_over(bedside):
    b = bedside
    b.measure(150, "heart-rate")
    over = wait_until(lambda: b.alarm("hr.bed3-oximeter"), "the alarm")
    b.measure(70, "heart-rate")
    wait_until(lambda: not b.alarm("hr.bed3-oximeter"), "its end")
    b.raise_alarm()
    assert refused(b.caller.run, "acknowledge", alarm=over["alarm"]) == \
        ("NotFound", f"the alarm {over['alarm']} is over, or never was; there is only {KEY}")
    assert b.afar("acknowledge", alarm="hr.bed3-oximeter")["error"] == \
        f"the alarm hr.bed3-oximeter is not there now; there is only {KEY}"


def test_the_same_request_does_it_once(bedside):
    b = bedside
    b.raise_alarm()
    first = b.ask("pause", request="p1", alarm=KEY, seconds=600)
    assert first["ok"]
    b.caller.run("pause", alarm=KEY, seconds=-1)
    assert b.ask("pause", request="p1", alarm=KEY, seconds=600) == first
    assert b.alarm()["inactivation"] == ["enabled"]


# --- what was answered survives ---

@pytest.mark.parametrize("end", ["kill", "power_cut", "stop"])
def test_what_was_answered_survives(ward, end):
    b = Bedside(ward, start=False).begin()
    started = b.raise_alarm()
    b.measure(86, device="bed4-oximeter")
    other = "spo2-low.bed4-oximeter"
    wait_until(lambda: b.alarm(other), "the other alarm")
    limit = b.caller.run("set-limit", rule="hr", bed="3", above=140)
    paused = b.caller.run("pause", alarm=other, seconds=3000)
    assert b.caller.run("acknowledge", alarm=KEY, by="anna") == {"key": KEY}
    # at once, with the answer
    getattr(b.daemon, end)()
    at = b.sub.mark()
    b.begin()
    now = b.alarm()
    assert (now["inactivation"], now["by"], now["alarm"]) == (["alert-acknowledged"], "anna", started["alarm"])
    assert now["onset"] == started["onset"] and now["state"] == "active"
    assert b.alarm(other)["inactivation"] == ["audio-paused"]
    # to the second or so: what lasts is kept by the boot-time clock
    assert paused["until"][:18] == b.alarm(other)["inactivated_until"][:18]
    assert limit["limits"][0] in b.caller.run("limits", bed="3")["limits"]
    topic = f"{b.daemon.prefix}/alarms/{b.daemon.name}/{KEY}"
    state = b.sub.wait_topic(topic, lambda m: m.payload, at).json
    assert state["inactivation"] == ["alert-acknowledged"]
    # and it can be dealt with further, by its old id
    b.measure(97)
    wait_until(lambda: b.alarm()["state"] == "latched", "that it is latched")
    assert b.caller.run("reset", alarm=started["alarm"]) == {"key": KEY}


@pytest.mark.slow
@pytest.mark.parametrize("trouble", ["full", "hang"])
def test_a_disk_that_cannot(ward, trouble):
    """It is done all the same, at once, and said."""
    b = Bedside(ward, start=False)
    disk = ward.disk(b.daemon)
    b.begin().raise_alarm()
    getattr(disk, trouble)()
    serial = b.caller.send("Run", "ss", ("acknowledge", json.dumps({"alarm": KEY})))
    b.caller.signal("Alarm", lambda d: json.loads(d)["inactivation"] == ["alert-acknowledged"])
    got = json.loads(b.caller.wait(serial)[0])
    assert got["key"] == KEY and got["kept"] is False and got["problem"], got
    status, out, err = b.ctl("pause", "--bed", "3")
    assert status == 0 and "Bed 3" in out and one_line(err) and "power cut" in err
    # the broker has what was charted, whatever the disk does
    assert b.caller.run("observe", bed="3", metric="pain", value=3) == {"bed": "3", "metric": "pain"}
    disk.well()
    wait_until(lambda: "kept" not in b.caller.run("acknowledge", alarm=KEY), "a disk that keeps it")


# --- wardgatectl ---

def test_wardgatectl(bedside):
    b = bedside

    def good(*arguments, **env):
        status, out, err = b.ctl(*arguments, **env)
        assert (status, err) == (0, ""), err
        return out
    assert good("alarms") == "There is no alarm.\n"
    b.raise_alarm()
    out = good("alarms", COLUMNS="80")
    assert KEY in out and "SpO2 86 % below 90 %" in out and max(map(len, out.splitlines())) <= 80
    assert json.loads(good("--json", "alarms"))["alarms"][0]["key"] == KEY
    assert good("acknowledge", KEY) == f"{KEY} is acknowledged.\n"
    assert "acknowledged" in good("alarms")
    assert re.match(rf"{KEY} has its audio paused for (1 min 5\d s|2 min), until 20", good("pause", KEY))
    assert "90" in good("limits", "3") and "configuration" in good("limits")
    assert "88.5" in good("set-limit", "spo2-low", "--bed", "3", "--below", "88.5")
    assert good("observe", "3", "oxygen-therapy", "no") == "Charted for bed 3: oxygen-therapy no.\n"
    assert "scale 2" in good("set-spo2-scale", "3", "2")
    for line, status in [("reset " + KEY, 1), ("acknowledge x", 1), ("pause --bed 9", 1), ("observe 3 pain much", 64),
                         ("set-limit spo2-low --ward --below 101", 1), ("set-limit x --ward --clear", 1)]:
        got = b.ctl(*line.split())
        assert (got[0], got[1]) == (status, "") and one_line(got[2]), (line, got)
    b.measure(97)
    wait_until(lambda: b.alarm()["state"] == "latched", "that it is latched")
    assert good("reset", KEY) == f"{KEY} is reset.\n"


def test_alarms_and_watch_on_a_terminal(bedside):
    b = bedside
    b.raise_alarm()
    t = Terminal("--config", b.daemon.config_path, "alarms")
    try:
        assert t.ends() == 0
        assert b"\x1b[1;31mhigh" in t.raw and KEY in t.text and max(map(len, t.text.splitlines())) <= 80
    finally:
        t.end()
    w = Terminal("--config", b.daemon.config_path, "watch")
    try:
        w.wait("high +bed 3  SpO2 86 % below 90 %")
        b.caller.run("acknowledge", alarm=KEY, by="anna")
        w.wait(r"\(acknowledged by anna\)")
        w.send("q")
        assert w.ends() == 0
    finally:
        w.end()
