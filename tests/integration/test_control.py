"""The D-Bus service: what it says it is, every verb, and what it tells by itself."""
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

from ward import senml
from ward.base import run, wait_until
from ward.bus import NAME, PATH, Caller, Refused, refused, served, wait_served
from ward.daemon import ROOT, status
from ward.senml import heart_rate, record

sys.path.insert(0, os.path.join(ROOT, "tests", "docs"))
import schemas  # noqa: E402

INTERFACE = os.path.join(ROOT, "docs/interface/org.wardgate.Gateway1.xml")


def interface_of(text):
    """{("method", name): [...]}: all that a caller can see."""
    found = {}
    emits = "org.freedesktop.DBus.Property.EmitsChangedSignal"
    for node in ET.fromstring(text).findall("interface"):
        if node.get("name") != NAME:
            continue
        for member in node:
            key = (member.tag, member.get("name"))
            if member.tag == "property":
                notes = {a.get("name"): a.get("value") for a in member.findall("annotation")}
                found[key] = (member.get("type"), member.get("access"), notes.get(emits, "true"))
            elif member.tag in ("method", "signal"):
                found[key] = [(a.get("name"), a.get("type"), a.get("direction", "out"))
                              for a in member.findall("arg")]
    return found


def test_the_interface_is_what_is_documented(ward):
    daemon, caller = served(ward)
    text = caller.call("Introspect", interface="org.freedesktop.DBus.Introspectable")
    with open(INTERFACE, encoding="utf-8") as f:
        documented = interface_of(f.read())
    offered = interface_of(text)
    assert len(documented) > 30
    assert offered == documented


def test_busctl_can_use_it(ward):
    daemon, caller = served(ward)
    base = ["busctl", f"--address={caller_address(caller, daemon)}", "--json=short"]
    done = run([*base, "get-property", NAME, PATH, NAME, "Name"])
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"type": "s", "data": daemon.name}
    done = run([*base, "call", NAME, PATH, NAME, "GetDevice", "s", "nobody"])
    assert done.returncode == 1
    assert "there is no device nobody" in done.stderr


def caller_address(caller, daemon):
    return daemon.sections["Control"]["Bus"]


# --- what is looked at ---

def test_status_and_properties(ward):
    broker = ward.broker()
    sub = ward.subscriber(broker)
    daemon, caller = served(ward, broker)
    status(sub, daemon, lambda s: s["status"] == "online")
    document = json.loads(caller.call("GetStatus"))
    assert schemas.faults("status", document) == []
    assert caller.run("status").keys() == document.keys()
    p = caller.properties()
    assert (p["Name"], p["Epoch"], p["Version"]) == (daemon.name, document["epoch"], document["version"])
    assert (p["Mode"], p["Store"], p["Connected"]) == ("production", "ok", True)
    assert (p["Broker"], p["BrokerProblem"]) == (broker.uri(), "")
    assert (p["Devices"], p["Unknown"], p["OutboxAside"]) == (1, 0, 0)
    assert json.loads(p["Status"])["epoch"] == p["Epoch"]


def test_devices(ward):
    daemon, caller = served(ward, devices={"b-one": "key-of-b-0123456789", "a-two": "key-of-a-0123456789"})
    documents = [json.loads(d) for d in caller.call("ListDevices")]
    assert [d["device"] for d in documents] == ["a-two", "b-one"]
    for d in documents:
        assert (d.pop("adopted"), d.pop("device_sequence")) == (False, 0)
        assert schemas.faults("device", d) == []
    ward.session(daemon, "b-one").exchange(senml.as_json(heart_rate(70)))
    d = json.loads(caller.call("GetDevice", "s", "b-one"))
    assert (d["state"], d["device_sequence"]) == ("present", 1)
    assert caller.run("device", device="b-one")["device"] == "b-one"
    assert [d["device"] for d in caller.run("devices")["devices"]] == ["a-two", "b-one"]


def test_wrong_arguments_are_told_with_what_would_be_right(ward):
    daemon, caller = served(ward)
    assert refused(caller.call, "GetDevice", "s", "bed9") == \
        ("NotFound", "there is no device bed9; wardgatectl devices lists them")
    name, why = refused(caller.call, "GetDevice", "s", "Bed 9")
    assert name == "InvalidArgument" and "give 1 to 40 of a-z" in why
    assert refused(caller.run, "test-alrm") == ("UnknownVerb", "there is no command of that name")
    assert refused(caller.run, "dissociate", bed="3") == \
        ("NotSupported", "this version cannot dissociate")
    assert refused(caller.run, "test-alarm", bde="3") == \
        ("InvalidArgument", '"bde" is no argument of test-alarm; did you mean "bed"?')
    assert refused(caller.call, "Run", "ss", "status", "{")[0] == "InvalidArgument"
    assert refused(caller.call, "Run", "ss", "status", "[]")[0] == "InvalidArgument"
    assert refused(caller.call, "Run", "ss", "status", "{" * 500)[0] == "InvalidArgument"
    assert refused(caller.run, "test-alarm", bed="3", not_after="2020-01-01T00:00:00Z") == \
        ("Refused", "the command came after its not_after")
    assert refused(caller.call, "RetryAside", "s", "gw:1-00000000:7")[0] == "NotFound"
    assert refused(caller.call, "Discover", "u", 0)[0] == "InvalidArgument"
    assert refused(caller.call, "Watch", "as", ["nobody"])[0] == "NotFound"
    verbs = {v[0]: v for v in caller.call("ListVerbs")}
    assert verbs["test-alarm"] == ("test-alarm", "bed", True)
    assert verbs["transfer"] == ("transfer", "from to", False)


# --- reload ---

def test_reload_tells_what_is_wrong(ward):
    daemon, caller = served(ward)
    assert caller.call("Reload") == []
    daemon.set("MQTT", {"Window": "many", "KeepAlive": "soon"})
    daemon.write_config()
    name, why = refused(caller.call, "Reload")
    assert name == "Configuration"
    lines = why.split("\n")
    assert len(lines) == 2 and "[MQTT] Window=many" in lines[0] and "[MQTT] KeepAlive=soon" in lines[1]
    daemon.set("MQTT", {"Window": "50", "KeepAlive": None})
    daemon.set("Device new-one", {"Transport": "ble", "Address": "C0:FF:EE:00:00:01"})
    daemon.write_config()
    warnings = caller.call("Reload")
    assert len(warnings) == 1 and "[Device new-one]" in warnings[0]
    assert caller.signal("DeviceChanged", lambda name, d: name == "new-one")
    assert len(caller.call("ListDevices")) == 2
    daemon.set("Device new-one", None)
    daemon.write_config()
    caller.call("Reload")
    assert caller.signal("DeviceChanged", lambda name, d: name == "new-one" and d == "")


# --- what was set aside ---

def set_one_aside(ward, sections=None):
    """A message that is too long for the broker, which says so."""
    broker = ward.fake()
    broker.connack_properties = {"maximum_packet_size": 300}
    daemon, caller = served(ward, broker, sections=sections or {})
    broker.wait_session()
    c = ward.session(daemon)
    c.post(senml.as_json(heart_rate(70)))
    caller.signal("OutboxChanged", lambda depth, aside, oldest: aside == 1)
    return broker, daemon, caller


def test_what_was_set_aside_is_listed_and_retried(ward):
    broker, daemon, caller = set_one_aside(ward)
    listed = json.loads(caller.call("GetOutbox"))["set_aside"]
    assert [(m["what"], m["reason_code"]) for m in listed] == [("bed3-oximeter heart-rate", 0x95)]
    assert listed[0]["since"].endswith("Z")
    assert caller.get("OutboxAside") == 1
    # on the disk it is set aside too, and comes back so
    wait_until(lambda: asides_on_disk(daemon) == 1, "its row in the database")
    daemon.stop()
    daemon.start()
    wait_served(daemon)
    # the run's epoch record is too long as well
    wait_until(lambda: listed[0]["id"] in aside_ids(caller), "what was set aside, after a restart")
    # now a broker that takes it
    broker.connack_properties = {}
    for session in list(broker.sessions):
        session.close()
    broker.wait_session(2)
    start = len(broker.publishes)
    assert refused(caller.call, "RetryAside", "s", listed[0]["id"] + "0")[0] == "NotFound"
    assert caller.call("RetryAside", "s", listed[0]["id"]) == 1
    broker.wait_publish(lambda p: "/heart-rate" in p.topic, "the reading", start)
    wait_until(lambda: caller.run("outbox")["stored"]["readings"] == 0, "the row gone")
    assert listed[0]["id"] not in aside_ids(caller)
    assert caller.call("RetryAside", "s", "") > 0
    assert aside_ids(caller) == []


def test_what_is_retried_is_not_set_aside_after_a_restart(ward):
    broker, daemon, caller = set_one_aside(ward)
    wait_until(lambda: caller.run("outbox")["stored"]["readings"] == 1, "the reading in the database")
    wait_until(lambda: asides_on_disk(daemon) == 1, "its row")
    broker.connack_code = 0x88  # no session any more
    for session in list(broker.sessions):
        session.close()
    assert caller.call("RetryAside", "s", "") == 1
    wait_until(lambda: asides_on_disk(daemon) == 0, "its row gone")
    assert caller.run("outbox")["stored"]["readings"] == 1


def aside_ids(caller):
    return [m["id"] for m in caller.run("outbox")["set_aside"]]


def asides_on_disk(daemon):
    done = subprocess.run(["sqlite3", "-readonly", daemon.state + "/outbox.db", "SELECT count(*) FROM aside"],
                          capture_output=True, text=True, timeout=30, check=False)
    return int(done.stdout or -1)


def test_what_is_dropped_leaves_a_gap(ward):
    broker, daemon, caller = set_one_aside(ward)
    broker.connack_properties = {}
    sequence = int(json.loads(caller.call("GetOutbox"))["set_aside"][0]["id"].rpartition(":")[2])
    for session in list(broker.sessions):
        session.close()
    broker.wait_session(2)
    assert caller.call("DropAside", "s", "") == 1
    gap = broker.wait_publish(lambda p: p.topic.endswith("/records") and b'"gap"' in p.payload, "a gap record")
    gap = json.loads(gap.payload)
    assert (gap["first"], gap["last"], gap["reason"]) == (sequence, sequence, "operator")
    assert schemas.faults("record", gap) == []
    assert caller.call("DropAside", "s", "") == 0
    wait_until(lambda: caller.run("outbox")["stored"]["readings"] == 0, "nothing stored")


# --- test alarms ---

def test_a_test_alarm_goes_the_whole_way(ward):
    broker = ward.broker()
    sub = ward.subscriber(broker)
    daemon, caller = served(ward, broker)
    status(sub, daemon, lambda s: s["status"] == "online")
    result = json.loads(caller.call("TestAlarm", "s", "3"))
    assert (result["key"], result["confirmed"]) == ("test.bed-3", True)
    assert "nobody_listening" not in result
    topic = f"{daemon.prefix}/alarms/{daemon.name}/test.bed-3"
    start = sub.wait_topic(topic + "/events", lambda m: m.json["phase"] == "start")
    state = sub.wait_topic(topic, lambda m: m.payload)
    sub.wait_topic(topic, lambda m: not m.payload)
    end = sub.wait_topic(topic + "/events", lambda m: m.json["phase"] == "end")
    assert start.json["id"] == result["id"] and state.json == start.json
    assert start.user["schema"] == state.user["schema"] == "wardgate-alarm-1"
    assert (start.json["kind"], start.json["flags"], start.json["bed"]) == ("advisory", ["test"], "3")
    assert (end.json["state"], end.json["alarm"], end.json["step"]) == ("inactive", start.json["alarm"], 2)
    for m in (start, state, end):
        assert schemas.faults("alarm", m.json) == []
    # the bus hears of it as well
    phases = [json.loads(s.body[0])["phase"] for s in caller.signals if s.member == "Alarm"]
    assert phases == ["start", "end"]
    # nothing retained is left
    late = ward.subscriber(broker, name="late")
    status(late, daemon)
    assert not [m for m in late.messages if "/alarms/" in m.topic and m.retain]


def test_a_test_alarm_says_that_nobody_listens(ward):
    broker = ward.broker()
    daemon, caller = served(ward, broker)
    wait_until(lambda: caller.get("Connected"), "a session")
    assert json.loads(caller.call("TestAlarm", "s", "3"))["nobody_listening"] is True


@pytest.mark.slow
def test_a_test_alarm_that_the_broker_does_not_confirm(ward):
    broker = ward.broker(start=False)
    daemon, caller = served(ward, broker)
    first = caller.send("TestAlarm", "s", ("3",))
    assert refused(caller.call, "TestAlarm", "s", "4")[0] == "Busy"
    name, why = refused(caller.wait, first)
    assert name == "NotConfirmed"
    assert why.startswith("the broker has not confirmed the test alarm within 10 s: its event is stored on "
                          "the disk and goes out when the broker takes it; its state is not published; no "
                          "session with the broker: ")
    # it comes later, and leaves nothing retained
    broker.start()
    sub = ward.subscriber(broker)
    topic = f"{daemon.prefix}/alarms/{daemon.name}/test.bed-3"
    for phase in ("start", "end"):
        m = sub.wait_topic(topic + "/events", lambda m: m.json["phase"] == phase)
        assert m.json["backfill"] is True
    late = ward.subscriber(broker, name="late")
    status(late, daemon)
    assert not [m for m in late.messages if m.topic == topic]


def test_the_same_request_makes_one_alarm(ward):
    broker = ward.fake()
    broker.on_publish = lambda p: "hold" if "/alarms/" in p.topic else 0
    daemon, caller = served(ward, broker)
    broker.wait_session()
    wait_until(lambda: caller.get("Connected"), "a session")
    asked = [caller.send("Run", "ss", ("test-alarm", '{"request":"r1","by":"me","bed":"3"}')) for _ in range(3)]
    broker.wait_publish(lambda p: p.topic.endswith("/events"), "the event")
    # held back until all three have been asked
    caller.run("status")
    broker.on_publish = None
    broker.release()
    results = [caller.wait(serial) for serial in asked]
    assert results[0] == results[1] == results[2]
    assert caller.run("test-alarm", request="r1", by="me", bed="3") == json.loads(results[0][0])
    assert refused(caller.run, "test-alarm", request="r1", by="me", bed="4") == \
        ("Refused", "this request was another command before; choose a new one for each")
    starts = [p for p in broker.publishes if p.topic.endswith("/events") and b'"start"' in p.payload]
    assert len(starts) == 1


# --- watching ---

def test_readings_go_to_those_that_watch(ward):
    broker = ward.broker()
    daemon, caller = served(ward, broker, devices={"a": "key-of-a-0123456789", "b": "key-of-b-0123456789"})
    bus = type("Bus", (), {"address": daemon.sections["Control"]["Bus"]})
    watcher = ward.keep(Caller(bus, broadcasts=False))
    a, b = ward.session(daemon, "a"), ward.session(daemon, "b")
    a.exchange(senml.as_json(heart_rate(60)))
    assert watcher.call("Watch", "as", ["b"]) == 30
    a.exchange(senml.as_json(heart_rate(61)))
    b.exchange(senml.as_json(record("spo2", 0.97, "/")))
    reading, left_out = watcher.signal("Reading")
    reading = json.loads(reading)
    assert (reading["device"], reading["value"], left_out) == ("b", 97, 0)
    assert schemas.faults("reading", reading) == []
    # all of them now
    watcher.call("Watch", "as", [])
    a.exchange(senml.as_json(heart_rate(62)))
    watcher.signal("Reading", lambda r, n: json.loads(r)["value"] == 62)
    watcher.call("Unwatch")
    at = watcher.mark()
    a.exchange(senml.as_json(heart_rate(63)))
    watcher.call("GetStatus")  # in order: what comes before has come
    assert not [s for s in list(watcher.signals)[at:] if s.member == "Reading"]
    assert [json.loads(s.body[0])["value"] for s in watcher.signals if s.member == "Reading"] == [97, 62]
    # and to nobody else
    assert not [s for s in caller.signals if s.member == "Reading"]


def test_more_readings_than_a_watch_takes_are_counted(ward):
    daemon, caller = served(ward, ward.broker())
    caller.call("Watch", "as", [])
    c = ward.session(daemon)
    for i in range(9):
        pack = [heart_rate(40 + n % 100, bt=1e9 + 1000 * i + n) for n in range(100)]
        assert c.exchange(senml.as_json(*pack)).text == "2.04"

    def all_told():
        c.exchange(senml.as_json(record("counter", 1)))
        told = [s for s in caller.signals if s.member == "Reading"]
        return sum(1 + s.body[1] for s in told) >= 900 and told[-1].body[0].find('"counter"') > 0
    wait_until(all_told, "every reading told or counted", step=0.3)
    assert sum(s.body[1] for s in caller.signals if s.member == "Reading") > 100


def test_a_watch_ends_with_its_caller(ward):
    daemon, caller = served(ward)
    bus = type("Bus", (), {"address": daemon.sections["Control"]["Bus"]})
    others = [Caller(bus, broadcasts=False) for _ in range(16)]
    for other in others:
        other.call("Watch", "as", [])
    assert refused(caller.call, "Watch", "as", [])[0] == "Busy"
    for other in others:
        other.end()

    def free():
        try:
            return caller.call("Watch", "as", [])
        except Refused:
            return None
    wait_until(free, "a place for another watch")


@pytest.mark.slow
def test_a_watch_that_is_not_renewed_ends(ward):
    daemon, caller = served(ward)
    bus = type("Bus", (), {"address": daemon.sections["Control"]["Bus"]})
    others = [ward.keep(Caller(bus, broadcasts=False)) for _ in range(16)]
    for other in others:
        assert other.call("Watch", "as", []) == 30
    assert refused(caller.call, "Watch", "as", [])[0] == "Busy"

    def a_place():
        others[0].call("Watch", "as", [])  # renews its own
        try:
            return caller.call("Watch", "as", [])
        except Refused:
            return None
    assert wait_until(a_place, "the end of a lease of 30 s", deadline=90, step=1) == 30
    ats = [other.mark() for other in others]
    ward.session(daemon).exchange(senml.as_json(heart_rate(77)))
    others[0].signal("Reading", start=ats[0])
    caller.signal("Reading")
    for at, other in list(zip(ats, others))[1:]:
        other.call("GetStatus")  # in order: what comes before has come
        assert not [s for s in list(other.signals)[at:] if s.member == "Reading"]


def test_a_search_ends_by_itself(ward):
    daemon, caller = served(ward)

    assert caller.call("Discover", "u", 1) == 1
    bus = type("Bus", (), {"address": daemon.sections["Control"]["Bus"]})
    fillers = [ward.keep(Caller(bus, broadcasts=False)) for _ in range(15)]
    for filler in fillers:
        filler.call("Watch", "as", [])
    last = ward.keep(Caller(bus, broadcasts=False))

    def a_place():
        try:
            return last.call("Watch", "as", [])
        except Refused:
            return None
    wait_until(a_place, "the end of a search of 1 s", step=0.2)


# --- what is told by itself ---

def test_changes_are_told(ward):
    broker = ward.broker(start=False)
    daemon, caller = served(ward, broker)
    at = caller.mark()
    broker.start()
    caller.signal("StatusChanged", lambda s: json.loads(s)["publish"].get("broker") == broker.uri(), at)
    changed = [s.body for s in caller.signals if s.member == "PropertiesChanged"]
    assert any(c[1].get("Connected") == ("b", True) for c in changed)
    ward.session(daemon).exchange(senml.as_json(heart_rate(70)))
    name, document = caller.signal("DeviceChanged", lambda name, d: json.loads(d)["state"] == "present")
    assert name == "bed3-oximeter"
    document = json.loads(document)
    del document["adopted"], document["device_sequence"]
    assert schemas.faults("device", document) == []


def test_no_vital_value_stands_in_the_log(ward):
    daemon, caller = served(ward)
    refused(caller.run, "test-alarm", bed="3", patient="p-17")
    refused(caller.run, "observe", bed="3", metric="pain", value="secret-7")
    daemon.wait_log('VERB="observe"')
    assert not re.search("secret-7|p-17", daemon.log())


def test_a_driver_with_a_problem_is_told(ward):
    daemon, caller = served(ward)
    assert "problem" not in caller.run("status")["drivers"]["coap"]

    def coap(s):
        return json.loads(s)["drivers"]["coap"]
    at = caller.mark()
    daemon.set("CoAP", {"Listen": "192.0.2.7:5684"})  # not of this machine
    daemon.write_config()
    caller.call("Reload")
    told = coap(caller.signal("StatusChanged", lambda s: "problem" in coap(s), at)[0])
    assert "192.0.2.7" in told["problem"] or "address" in told["problem"], told
    at = caller.mark()
    daemon.set("CoAP", {"Listen": f"127.0.0.1:{daemon.coap_port}"})
    daemon.write_config()
    caller.call("Reload")
    caller.signal("StatusChanged", lambda s: "problem" not in coap(s), at)
