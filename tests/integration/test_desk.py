"""Alarms of the real daemon as a consumer hears them: the life of a limit alarm, latching, silence,
computed and charted values, what devices and the broker do."""
import contextlib
import threading
import time

import pytest

from ward import senml
from ward.alarms import Alarms, limit, schemas
from ward.base import wait_until
from ward.bus import served
from ward.daemon import status
from ward.senml import record


def gateway(ward, rules, broker=None, sub=None, **kwargs):
    """(daemon, alarms, post): post(value, ...) sends spo2 of bed 1."""
    broker = broker or ward.broker()
    sub = sub or ward.subscriber(broker)
    sections = {f"Rule {name}": rule for name, rule in rules.items()}
    sections.update(kwargs.pop("sections", {}))
    daemon = ward.daemon(broker, sections=sections, **kwargs)
    status(sub, daemon, lambda s: s["status"] == "online")
    return daemon, Alarms(sub, daemon), ward.session(daemon)


def post(session, *records):
    answer = session.exchange(senml.as_json(*records))
    assert answer.text == "2.04", answer


def spo2(value):
    return record("spo2", value, "%") if value == "sensor-off" else record("spo2", value / 100, "/")


@contextlib.contextmanager
def speaking(session, *records, every=0.3):
    """Posts the same again and again meanwhile."""
    ending = threading.Event()

    def run():
        while not ending.wait(every):
            post(session, *records)
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join(30)


KEY = "spo2-low.bed3-oximeter"


def test_the_life_of_a_limit_alarm(ward):
    daemon, alarms, c = gateway(ward, {"spo2-low": limit(Below="90")})
    post(c, spo2(95))
    post(c, spo2(86))
    start = alarms.phase(KEY, "start")
    assert (start["value"], start["unit"], start["limits"], start["bed"]) == (86, "%", {"low": 90}, "1")
    assert (start["state"], start["inactivation"], start["kind"]) == ("active", ["enabled"], "physiological")
    assert start["event"] == {"mdc": 196670} and start["step"] == 1
    reading = alarms.sub.reading(metric="spo2", where=lambda r: r["value"] == 86)
    assert start["reading"] == reading.json["id"]
    state = alarms.state(KEY)
    assert state == start
    post(c, spo2(96))
    end = alarms.phase(KEY, "end")
    assert (end["alarm"], end["step"], end["state"]) == (start["alarm"], 2, "inactive")
    assert end["ended"] >= end["onset"] == start["onset"]
    alarms.emptied(KEY)
    assert alarms.check().wait_retained([]) == {}
    post(c, spo2(85))
    again = alarms.event(KEY, lambda e: e["phase"] == "start" and e["alarm"] != start["alarm"])
    assert again["step"] == 1


def test_the_event_goes_before_the_reading(ward):
    """Both wait for a broker, in memory: the alarm is first through the door. (What waits on the disk goes
    oldest first.)"""
    broker = ward.broker()
    sub = ward.subscriber(broker)
    daemon, alarms, c = gateway(ward, {"spo2-low": limit(Below="90")}, broker, sub,
                                sections={"Store": {"CommitInterval": "10s"}})
    post(c, spo2(95))
    sub.reading(metric="spo2")
    broker.stop()
    daemon.wait_log("no session with the broker")
    at = sub.mark()
    c.post(senml.as_json(spo2(86)))
    daemon.wait_log("an alarm started")
    broker.start()
    alarms.phase(KEY, "start", at)
    sub.reading(metric="spo2", where=lambda r: r["value"] == 86)
    topics = [m.topic for m in list(sub.messages)[at:] if "/beds/" in m.topic or m.topic.endswith("/events")]
    assert topics[0].endswith("/events"), topics


def test_the_events_of_a_pack_leave_with_it_and_first(ward):
    """Not each as it comes, between the readings: in the pack's own turn, before all of them."""
    daemon, alarms, c = gateway(ward, {
        "spo2-low": limit(Below="90"), "pulse-high": limit("pulse-rate", Above="120", Unit="/min"),
        "breath-high": limit("respiratory-rate", Above="30", Unit="/min")})
    at = alarms.sub.mark()
    post(c, spo2(86), record("pulse-rate", 130, "1/min"), record("respiratory-rate", 35, "1/min"))
    for key in (KEY, "pulse-high.bed3-oximeter", "breath-high.bed3-oximeter"):
        alarms.phase(key, "start", at)
    alarms.sub.wait_readings(3)
    kinds = ["event" if m.topic.endswith("/events") else "reading" for m in list(alarms.sub.messages)[at:]
             if m.topic.endswith("/events") or "/beds/" in m.topic]
    assert kinds == ["event"] * 3 + ["reading"] * 3


def test_a_latched_alarm_waits_for_its_reset(ward):
    broker = ward.broker()
    daemon, caller = served(ward, broker, sections={"Rule spo2-low": limit(Below="90", Latching="yes")})
    sub = ward.subscriber(broker)
    alarms, c = Alarms(sub, daemon), ward.session(daemon)
    post(c, spo2(80))
    start = alarms.phase(KEY, "start")
    post(c, spo2(97))
    alarms.state(KEY, lambda s: s["state"] == "latched")
    caller.run("acknowledge", alarm=start["alarm"], by="nurse")
    alarms.state(KEY, lambda s: s["inactivation"] == ["alert-acknowledged"] and s["by"] == "nurse")
    caller.run("reset", alarm=KEY, by="nurse")
    reset = alarms.phase(KEY, "reset")
    assert (reset["alarm"], reset["state"]) == (start["alarm"], "inactive")
    alarms.emptied(KEY)
    alarms.check()


@pytest.mark.slow
def test_a_device_goes_silent_and_speaks_again(ward):
    daemon, alarms, c = gateway(ward, {"spo2-low": limit(Below="90")}, sections={
        "Device bed3-oximeter": {"ExpectEvery": "1s"}})
    post(c, spo2(86))
    alarms.phase(KEY, "start")
    start = alarms.phase("device-silent.bed3-oximeter", "start")
    assert (start["kind"], start["rule"], start["device"]) == ("technical", "device-silent", "bed3-oximeter")
    assert "metric" not in start and "value" not in start
    stale = alarms.state(KEY, lambda s: s.get("stale"))
    assert (stale["state"], stale["value"]) == ("active", None)
    with speaking(c, spo2(86)):
        alarms.phase("device-silent.bed3-oximeter", "end")
        alarms.state(KEY, lambda s: s["value"] == 86 and "stale" not in s and s["step"] > stale["step"])
    alarms.check()


def test_a_device_that_never_speaks(ward):
    daemon, alarms, c = gateway(ward, {}, devices={"a": "key-of-a-0123456789", "b": "key-of-b-0123456789"},
                                sections={"Device b": {"ExpectEvery": "1s"}})
    alarms.phase("never-heard.b", "start")
    post(ward.session(daemon, "b"), spo2(95))
    alarms.phase("never-heard.b", "end")
    alarms.check()


def test_without_technical_conditions(ward):
    daemon, alarms, c = gateway(ward, {"spo2-low": limit(Below="90")}, sections={
        "Alarms": {"Enabled": "no"}, "Device bed3-oximeter": {"ExpectEvery": "1s"}})
    post(c, spo2(86))
    alarms.phase(KEY, "start")
    alarms.state(KEY)
    daemon.set("Alarms", {"Enabled": "yes"})
    daemon.reload()
    alarms.phase("device-silent.bed3-oximeter", "start")
    daemon.set("Alarms", {"Enabled": "no"})
    daemon.reload()
    alarms.phase("device-silent.bed3-oximeter", "end")
    alarms.wait_retained([KEY])
    alarms.check()


@pytest.mark.slow
def test_a_sensor_that_is_off(ward):
    daemon, alarms, c = gateway(ward, {"spo2-low": limit(Below="90")})
    post(c, spo2(95))
    post(c, record("spo2", "sensor-off"))
    start = alarms.phase("sensor-off.bed3-oximeter", "start")
    assert "spo2" in start["text"]
    post(c, spo2(96))
    alarms.phase("sensor-off.bed3-oximeter", "end")
    alarms.check()


def test_a_low_battery(ward):
    daemon, alarms, c = gateway(ward, {})
    post(c, record("battery", 0.1, "/"))
    alarms.phase("low-battery.bed3-oximeter", "start")
    post(c, record("battery", 0.8, "/"))
    alarms.phase("low-battery.bed3-oximeter", "end")
    alarms.check()


def test_a_device_that_floods(ward):
    daemon, alarms, c = gateway(ward, {}, sections={"CoAP": {"Rate": "1", "Burst": "2"}})
    sent = [c.post(senml.as_json(spo2(90 + n))) for n in range(5)]
    assert "4.29" in [c.wait(s).text for s in sent]
    alarms.phase("flood.bed3-oximeter", "start")
    alarms.check()


def test_somebody_who_cannot_prove_to_be_the_device(ward):
    daemon, alarms, c = gateway(ward, {})
    try:
        ward.session(daemon, "bed3-oximeter", key="not-its-key-0123456789", deadline=3)
    except Exception as e:  # noqa: BLE001 - whatever the library calls it
        print("refused as it should be:", e)
    alarms.phase("auth-failing.bed3-oximeter", "start")
    alarms.check()


def test_a_configuration_that_is_refused(ward):
    daemon, alarms, c = gateway(ward, {"spo2-low": limit(Below="90")})
    daemon.set("Rule spo2-low", {"Below": "900"})
    daemon.reload()
    start = alarms.phase("config-rejected.gateway", "start")
    assert "Below" in start["text"] and start["bed"] == "-"
    post(c, spo2(86))
    alarms.phase(KEY, "start")  # the rule as it was
    daemon.set("Rule spo2-low", {"Below": "90"})
    daemon.reload()
    alarms.phase("config-rejected.gateway", "end")
    alarms.wait_retained([KEY])
    alarms.check()


@pytest.mark.slow
def test_the_broker_goes_and_comes_back(ward):
    """The state is right afterwards, each event comes once, and marked where it waited."""
    broker = ward.broker()
    sub = ward.subscriber(broker)
    daemon, alarms, c = gateway(ward, {"spo2-low": limit(Below="90")}, broker, sub)
    post(c, spo2(86))
    start = alarms.phase(KEY, "start")
    broker.stop()
    daemon.wait_log("the broker cannot be reached")
    post(c, spo2(96))
    post(c, spo2(84))
    at = sub.mark()
    broker.start()
    end = alarms.phase(KEY, "end")
    again = alarms.event(KEY, lambda e: e["phase"] == "start" and e["alarm"] != start["alarm"])
    assert end["alarm"] == start["alarm"]
    lost = alarms.phase("broker-unreachable.gateway", "start")
    alarms.phase("broker-unreachable.gateway", "end")
    alarms.wait_retained([KEY])
    state = alarms.state(KEY, lambda s: s["alarm"] == again["alarm"], at)
    assert state["value"] == 84
    ids = [m.json["id"] for m in list(sub.messages)[at:]
           if m.topic.endswith("/events") and m.payload and not m.dup]
    assert len(ids) == len(set(ids)), "an event came twice"
    assert lost["id"] in ids
    alarms.check()


def test_nobody_listens(ward):
    broker = ward.broker()
    sub = ward.subscriber(broker, topics="wardgate/+/+/gateways/#")
    daemon = ward.daemon(broker)
    status(sub, daemon, lambda s: s["status"] == "online")
    c = ward.session(daemon)
    end = time.monotonic() + 30
    while "the broker has no subscriber" not in daemon.log() and time.monotonic() < end:
        post(c, spo2(95))
        c.pump(0.3)
    daemon.wait_log("the broker has no subscriber")
    alarms = Alarms(ward.subscriber(broker, name="second"), daemon)
    alarms.state("nobody-listening.gateway")
    post(c, spo2(95))
    alarms.phase("nobody-listening.gateway", "end")
    alarms.check()


NEWS2 = {"Type": "score", "Table": "news2", "Beds": "1", "AtLeast": "5", "Every": "1s",
         "Priority": "medium", "Latching": "no"}


def test_a_score_with_its_components(ward):
    broker = ward.broker()
    daemon, caller = served(ward, broker, sections={"Rule news": NEWS2})
    sub = ward.subscriber(broker)
    alarms, c = Alarms(sub, daemon), ward.session(daemon)
    post(c, spo2(93), record("respiratory-rate", 22, "1/min"), record("pulse-rate", 112, "1/min"),
         record("bp-systolic", 13999, "Pa"), record("body-temperature", 38.4, "Cel"))
    incomplete = sub.reading("news", "news2").json
    assert (incomplete["value"], incomplete["validity"]) == (None, "not-measured")
    assert (incomplete["reason"], incomplete["origin"], incomplete["bed"]) == ("incomplete", "calculated", "1")
    caller.run("observe", bed="1", metric="consciousness", value="alert", by="nurse")
    charted = sub.reading("charted", "consciousness").json
    assert (charted["origin"], charted["by"], charted["bed"]) == ("manual", "nurse", "1")
    caller.run("observe", bed="1", metric="oxygen-therapy", value=False, by="nurse")
    whole = sub.reading("news", "news2", where=lambda r: r["value"] is not None).json
    parts = {p["metric"]: p for p in whole["components"]}
    assert {m: p["points"] for m, p in parts.items()} == {
        "spo2": 2, "respiratory-rate": 2, "pulse-rate": 2, "bp-systolic": 1, "body-temperature": 1,
        "consciousness": 0, "oxygen-therapy": 0}
    assert whole["value"] == 8 and parts["spo2"]["device"] == "bed3-oximeter"
    assert parts["consciousness"]["by"] == "nurse" and parts["spo2"]["age_s"] >= 0
    for r in sub.readings():
        assert schemas.faults("reading", r) == [], r
    start = alarms.phase("news.bed-1", "start")
    assert start["value"] in range(5, 9)
    sequences = [r["device_sequence"] for r in sub.readings("news")]
    assert sorted(set(sequences)) == list(range(1, len(set(sequences)) + 1))
    alarms.check()


def training(ward):
    broker = ward.broker()
    sub = ward.subscriber(broker)
    daemon = ward.daemon(broker, sections={"Gateway": {"Mode": "training"},
                                           "Rule spo2-low": limit(Below="90")})
    daemon.prefix += "-training"
    status(sub, daemon, lambda s: s["status"] == "online")
    return daemon, Alarms(sub, daemon), ward.session(daemon)


def test_training_marks_all_and_alarms(ward):
    daemon, alarms, c = training(ward)
    post(c, spo2(86))
    start = alarms.phase(KEY, "start")
    assert start["flags"] == ["demo"]
    alarms.check()


def test_the_retained_state_meets_a_late_subscriber(ward):
    broker = ward.broker()
    daemon, alarms, c = gateway(ward, {"spo2-low": limit(Below="90")}, broker)
    post(c, spo2(86))
    start = alarms.phase(KEY, "start")
    alarms.state(KEY)
    late = Alarms(ward.subscriber(broker, name="late"), daemon)
    assert late.state(KEY)["alarm"] == start["alarm"]
    wait_until(lambda: set(late.retained()) == {KEY}, lambda: str(late.retained()))
