"""Every message that the daemon really sends fits docs/interface to the letter: no key that is not
written down, no kind without a schema, every kind seen at least once."""
import json
import os
import sys
import time

import pytest

from ward import senml
from ward.clock import SYNCHRONISED, UNSYNCHRONISED
from ward.daemon import ROOT, status
from ward.senml import heart_rate, record

sys.path.insert(0, os.path.join(ROOT, "tests", "docs"))
import schemas  # noqa: E402

KINDS = {"beds": "reading", "status": "status", "devices": "device", "records": "record",
         "responses": "response", "alarms": "alarm"}


def kind_of(topic):
    parts = topic.split("/")
    if "beds" in parts:
        return "reading"
    if "alarms" in parts:
        return "alarm"
    assert "gateways" in parts, f"a topic outside the contract: {topic}"
    rest = parts[parts.index("gateways") + 2:]
    assert rest[0] in KINDS, f"a topic outside the contract: {topic}"
    return KINDS[rest[0]]


def scenario(ward):
    """All that this version can say: good and doubtful readings of all kinds, groups, duplicates,
    refused packs, commands, a clock that changes, an outage with a backlog, a reload that takes a
    device away, a clean stop and an unclean end."""
    broker = ward.broker()
    sub = ward.subscriber(broker)
    clock = ward.clock()
    clock.say(UNSYNCHRONISED)
    daemon = ward.daemon(broker, start=False, sections={"MQTT": {"Commands": "acknowledge pause test-alarm"}},
                         devices={"a-monitor": "key-of-a-0123456789", "b-room": "key-of-b-0123456789"})
    daemon.environment = clock.environment()
    daemon.set("Device b-room", {"Bed": None})
    daemon.start()
    status(sub, daemon, lambda s: s["status"] == "online")
    c, room = ward.session(daemon, "a-monitor"), ward.session(daemon, "b-room")
    now = int(time.time())
    packs = [
        (heart_rate(72),),
        (record("bp-systolic", 15999, "Pa", bt=now), record("bp-diastolic", 10666, "Pa"),
         record("bp-mean", 12443, "Pa")),
        (record("spo2", "sensor-off"), record("heart-rate", "not-measured")),
        (record("spo2", 0.97, "/"), record("body-temperature", 37.6, "Cel", t=-20)),
        (record("weight", 72.35, "kg"), record("respiratory-rate", 14, "1/min")),
    ]
    for pack in packs:
        r = c.exchange(senml.as_json(*pack))
        assert r.text == "2.04", (pack, r)
    for pack in [(record("ambient-temperature", 21.5, "Cel"), record("humidity", 40, "%RH")),
                 (record("contact", True), record("motion", False))]:
        assert room.exchange(senml.as_json(*pack)).text == "2.04", pack
    assert c.exchange(b"[]").text == "4.00"
    for verb, body in [("acknowledge", '{"request":"r1","by":"s","alarm":"x"}'),
                       ("forget", '{"request":"r2","by":"s"}'), ("pause", "{")]:
        sub.publish(daemon.gateway_topic(f"commands/{verb}"), body)
    sub.wait_topic(daemon.gateway_topic("responses"))
    sub.publish(daemon.gateway_topic("commands/test-alarm"), '{"request":"r3","by":"s","bed":"1"}')
    sub.wait_topic(daemon.gateway_topic("responses"), lambda m: m.json["request"] == "r3" and m.json["ok"])
    sub.wait_topic(f"{daemon.prefix}/alarms/{daemon.name}/test.bed-1", lambda m: not m.payload)
    clock.say(SYNCHRONISED)
    clock.step(3600)
    sub.wait_topic(daemon.gateway_topic("records"), lambda m: m.json["record"] == "clock")
    clock.step(-3600)
    broker.stop()
    waiting = c.post(senml.as_json(heart_rate(75)))
    daemon.wait_log("no session with the broker")
    broker.start()
    assert c.wait(waiting).text == "2.04"
    daemon.set("Device b-room", None)
    daemon.reload()
    sub.wait_topic(daemon.gateway_topic("devices/b-room"), lambda m: not m.payload)
    daemon.kill()
    status(sub, daemon, lambda s: s["status"] == "offline")
    at = sub.mark()
    daemon.start()
    status(sub, daemon, lambda s: s["status"] == "online", at)
    sub.wait_topic(daemon.gateway_topic("records"), lambda m: m.json["record"] == "epoch", at)
    daemon.stop()
    sub.wait_topic(daemon.gateway_topic("records"), lambda m: m.json["record"] == "epoch" and
                   m.json["clean"], at)
    status(sub, daemon, lambda s: s["status"] == "offline", at)
    return sub


@pytest.fixture(scope="module")
def said(hall):
    sub = scenario(hall)
    return [m for m in sub.messages if "/commands/" not in m.topic]


def test_every_message_fits_its_schema(said):
    wrong = []
    for m in said:
        if not m.payload:
            assert kind_of(m.topic) in ("device", "alarm"), f"an empty message on {m.topic}"
            continue
        faults = schemas.faults(kind_of(m.topic), json.loads(m.payload))
        wrong += [f"{m.topic}: {fault}: {m.payload!r}" for fault in faults]
    assert not wrong, "\n".join(wrong)


def test_every_kind_was_seen(said):
    """What is not sent proves nothing."""
    assert {kind_of(m.topic) for m in said if m.payload} == set(KINDS.values())
    records = {m.json["record"] for m in said if m.topic.endswith("/records") and m.payload}
    assert {"epoch", "clock"} <= records
    readings = [m.json for m in said if kind_of(m.topic) == "reading"]
    for key in ("group", "raw", "time_source", "backfill", "reason"):
        assert key == "reason" or any(key in r for r in readings), f"no reading had {key}"
    assert {r["validity"] for r in readings} >= {"valid", "sensor-off", "not-measured"}
    assert {r["clock"] for r in readings} >= {"synchronised", "unsynchronised"}
    assert {r["bed"] for r in readings} >= {"1", "-"}


def test_properties_of_every_message(said):
    for m in said:
        if m.payload and not m.retain:
            assert m.content_type == "application/json", m
            assert m.user.get("schema") == f"wardgate-{kind_of(m.topic)}-1", m
        assert m.expiry is None and m.qos == 1, m


def test_numbers_are_plain(said):
    """Never an exponent, in any value."""
    import re
    for m in said:
        if kind_of(m.topic) == "reading" and m.payload:
            assert not re.search(rb'"value":-?\d+(\.\d+)?[eE]', m.payload), m


def test_ids_are_in_order_within_an_epoch(said):
    """Gap-free: each number of an epoch that ended cleanly arrived."""
    by_epoch = {}
    for m in said:
        if m.payload and kind_of(m.topic) in ("reading", "record", "alarm"):
            _, epoch, number = m.json["id"].split(":")
            by_epoch.setdefault(epoch, set()).add(int(number))
    assert len(by_epoch) == 2
    for epoch, numbers in by_epoch.items():
        assert numbers == set(range(1, max(numbers) + 1)), epoch
