"""Commands from afar: obeyed, refused, repeated, and never out of place."""
import json
import os
import re
import sys

import pytest

from ward.base import Missing, wait_until
from ward.bus import served
from ward.daemon import ROOT, status

sys.path.insert(0, os.path.join(ROOT, "tests", "docs"))
import schemas  # noqa: E402


class Station:
    """Asks over MQTT."""

    def __init__(self, ward, commands="test-alarm forget", **kwargs):
        self.broker = ward.broker()
        self.sub = ward.subscriber(self.broker)
        self.daemon, self.caller = served(ward, self.broker, sections={"MQTT": {"Commands": commands}}, **kwargs)
        status(self.sub, self.daemon, lambda s: s["status"] == "online")

    def send(self, verb, arguments, **kwargs):
        at = self.sub.mark()
        self.sub.publish(self.daemon.gateway_topic(f"commands/{verb}"), json.dumps(arguments), **kwargs)
        return at

    def answer(self, request, at=0, deadline=30):
        m = self.sub.wait_topic(self.daemon.gateway_topic("responses"),
                                lambda m: m.json["request"] == request, at, deadline)
        assert schemas.faults("response", m.json) == []
        return m.json

    def ask(self, verb, request="r1", by="station-2", **arguments):
        """Again until it is answered: more than ten a second are not looked at."""
        for _ in range(15):
            at = self.send(verb, {"request": request, "by": by, **arguments})
            try:
                return self.answer(request, at, 2)
            except Missing:
                pass
        raise Missing(f"an answer to {verb} {request}")

    def events(self):
        return [m.json for m in self.sub.messages if m.topic.endswith("/events")]


def test_a_test_alarm_from_afar(ward):
    s = Station(ward)
    got = s.ask("test-alarm", bed="3")
    assert got["ok"] is True and got["result"]["confirmed"] is True
    s.sub.wait_topic(f"{s.daemon.prefix}/alarms/{s.daemon.name}/test.bed-3", lambda m: not m.payload)
    start = next(e for e in s.events() if e["phase"] == "start")
    assert (start["by"], start["id"]) == ("station-2", got["result"]["id"])


def test_the_same_request_is_answered_the_same_way(ward):
    s = Station(ward)
    first = s.ask("test-alarm", bed="3")
    assert s.ask("test-alarm", bed="3") == first
    # whatever would refuse it by now
    at = s.send("test-alarm", {"request": "r1", "by": "station-2", "bed": "3", "not_after": "2020-01-01T00:00:00Z"})
    assert s.answer("r1", at) == first
    other = s.ask("test-alarm", bed="4")
    assert (other["ok"], other["error"]) == \
        (False, "this request was another command before; choose a new one for each")
    # another station's request of that name is another one
    mine = s.ask("test-alarm", by="station-3", bed="3")
    assert mine["ok"] is True and mine["result"]["id"] != first["result"]["id"]
    assert len([e for e in s.events() if e["phase"] == "start"]) == 2


def test_a_request_from_afar_and_one_on_the_bus_are_two(ward):
    """Whoever may only publish must not be told what was answered on the machine: a key, say."""
    s = Station(ward)
    here = s.caller.run("test-alarm", request="r1", by="station-2", bed="3")
    afar = s.ask("test-alarm", bed="3")
    assert afar["ok"] is True and afar["result"]["id"] != here["id"]
    # and each way its own is answered again
    assert s.caller.run("test-alarm", request="r1", by="station-2", bed="3") == here
    assert s.ask("test-alarm", bed="3") == afar
    assert len([e for e in s.events() if e["phase"] == "start"]) == 2


def test_two_at_once_make_one(ward):
    s = Station(ward)
    body = {"request": "r1", "by": "station-2", "bed": "3"}
    at = s.send("test-alarm", body)
    s.send("test-alarm", body)
    topic = s.daemon.gateway_topic("responses")
    first = s.sub.wait_topic(topic, start=at)
    s.sub.messages.wait_for(lambda items: sum(m.topic == topic for m in items) == 2, "both answers")
    assert {m.payload for m in s.sub.messages if m.topic == topic} == {first.payload}
    assert len([e for e in s.events() if e["phase"] == "start"]) == 1


@pytest.mark.parametrize("verb, arguments, why", [
    ("test-alarm", {}, 'test-alarm needs "bed"; give e.g. "bed":"3"'),
    ("test-alarm", {"bed": 3}, '"bed" is 3; give e.g. "bed":"3"'),
    ("test-alarm", {"bed": "3", "patient": "p"}, '"patient" is no argument of test-alarm; it takes: bed'),
    ("test-alarm", {"bed": "3", "not_after": "2020-01-01T00:00:00Z"}, "the command came after its not_after"),
    ("test-alarm", {"bed": "3", "not_after": 7}, '"not_after" has to be a time such as 2026-11-21T10:00:00Z'),
    ("forget", {"device": "nobody"}, "there is no device nobody; wardgatectl devices lists them"),
    ("forget", {"device": "bed3-oximeter"}, "bed3-oximeter stands in /etc, which the daemon does not change; "
                                            "remove its section there, and reload"),
    ("pause", {"bed": "3", "seconds": 60}, "pause is not among the commands that this gateway obeys from afar"),
    ("reload", {}, "reload is not among the commands that this gateway obeys from afar"),
    ("adopt", {"device": "x"}, "adopt is not among the commands that this gateway obeys from afar"),
    ("explode", {}, "there is no command of that name"),
])
def test_refused(station, verb, arguments, why):
    devices = len(station.caller.call("ListDevices"))
    request = f"r-{verb}-{len(why)}-{len(station.sub.messages)}"
    got = station.ask(verb, request=request, **arguments)
    assert got == {"request": request, "ok": False, "error": why}
    assert len(station.caller.call("ListDevices")) == devices
    assert not station.events()


@pytest.fixture(scope="module")
def station(hall):
    return Station(hall)


def test_a_retained_one_is_refused_and_does_nothing(ward):
    s = Station(ward)
    s.daemon.stop()
    at = s.send("test-alarm", {"request": "old", "by": "s", "bed": "3"}, retain=True)
    s.daemon.start()
    assert s.answer("old", at) == {"request": "old", "ok": False, "error": "a retained command is not obeyed"}
    assert not s.events()
    # the same one, fresh, is obeyed: nothing was carried out for it yet
    assert s.ask("test-alarm", request="old", by="s", bed="3")["ok"] is True


def test_more_than_ten_a_second_are_not_looked_at(ward):
    broker = ward.fake()
    daemon, _ = served(ward, broker, sections={"MQTT": {"Commands": "forget"}})
    session = broker.wait_session()
    broker.subscribes.wait_for(lambda items: items, "a subscription to the commands")

    def send(request):
        session.deliver(daemon.gateway_topic("commands/forget"),
                        json.dumps({"request": request, "by": "s", "device": "nobody"}).encode())

    def answered():
        return [json.loads(p.payload)["request"] for p in broker.publishes if p.topic.endswith("/responses")]

    for n in range(100):
        send(f"n{n}")

    # later ones are heard again
    def heard():
        send("last")
        return "last" in answered()
    wait_until(heard, "an answer after the flood", step=0.2)
    flood = [r for r in answered() if r != "last"]
    assert flood[:10] == [f"n{n}" for n in range(10)] and len(flood) < 100
    # told once, and the rest of them at the end
    unseen = "commands from afar were refused unseen"
    assert 'WHY="rate" COUNT=1 VERBS="forget"' in daemon.wait_log(unseen)
    at = daemon.mark()
    daemon.stop()
    line = daemon.wait_log(unseen, at)
    dropped = int(re.search(r"COUNT=(\d+)", line).group(1)) + 1
    assert daemon.count_log(unseen) == 2 and dropped >= 100 - len(flood)


def test_what_cannot_be_read_is_answered_and_told_once(ward):
    s = Station(ward)
    bad = [b"no json", b"[]", b"{}", b'{"request":7,"by":"s"}', b'{"request":"r","by":""}', b"",
           b'{"request":"r","by":"s","by":"t"}', b'{"request":"r","by":"s"} x', b"{" * 20,
           b'{"request":"r","by":"s","x":"' + b"x" * 4096 + b'"}']
    at = s.sub.mark()
    for body in bad[:8]:
        s.sub.publish(s.daemon.gateway_topic("commands/test-alarm"), body)
    topic = s.daemon.gateway_topic("responses")
    s.sub.messages.wait_for(lambda items: sum(m.topic == topic for m in items[at:]) == 8, "all answers")
    for m in list(s.sub.messages)[at:]:
        if m.topic == topic:
            assert schemas.faults("response", m.json) == [] and m.json["ok"] is False
    assert 'WHY="malformed" COUNT=1 VERBS="test-alarm"' in \
        s.daemon.wait_log("commands from afar were refused unseen")
    assert s.ask("test-alarm", request="after", bed="3")["ok"] is True
    for body in bad[8:]:
        s.sub.publish(s.daemon.gateway_topic("commands/test-alarm"), body)
    assert s.ask("test-alarm", request="later", bed="3")["ok"] is True
    assert s.daemon.count_log('refused unseen WHY="malformed"') == 1
    wait_until(lambda: s.daemon.count_log("a command") >= 2, "both commands in the log")
    # nothing else came as far as the table
    s.daemon.stop()
    assert s.daemon.count_log("a command") == 2


@pytest.mark.parametrize("topic", [
    "wardgate/st-elsewhere/7/beds/3/x/heart-rate", "wardgate/st-elsewhere/7/alarms/x", "a/+/b", "#",
    "wardgate/st-elsewhere/7/gateways/ward7-gw1/status", "wardgate/st-elsewhere/7/gateways/gw2/commands/forget",
    "$SYS/x", ""])
def test_a_response_topic_that_is_refused(ward, topic):
    """The command is judged as any other; its answer goes where answers go, and the refusal is told."""
    broker = ward.fake()
    daemon, _ = served(ward, broker, sections={"MQTT": {"Commands": "forget"}})
    session = broker.wait_session()
    broker.subscribes.wait_for(lambda items: items, "a subscription to the commands")
    session.deliver(daemon.gateway_topic("commands/forget"),
                    json.dumps({"request": "r1", "by": "s", "device": "nobody"}).encode(),
                    props={"response_topic": topic})
    broker.wait_publish(lambda p: p.topic == daemon.gateway_topic("responses") and b'"r1"' in p.payload, "the answer")
    assert 'WHY="response-topic" COUNT=1 VERBS="forget"' in daemon.wait_log("were refused unseen")
    assert not [p for p in broker.publishes if p.topic == topic and b'"r1"' in p.payload]


def test_forget_from_afar(ward):
    s = Station(ward)
    s.caller.run("adopt", device="bed4", transport="coap", address="new", bed="4")
    s.sub.wait_topic(s.daemon.gateway_topic("devices/bed4"), lambda m: m.payload)
    got = s.ask("forget", device="bed4")
    assert got["ok"] is True and got["result"]["device"] == "bed4"
    s.sub.wait_topic(s.daemon.gateway_topic("devices/bed4"), lambda m: not m.payload)
    assert s.ask("forget", device="bed4") == got
    assert s.ask("forget", request="r2", device="bed4")["ok"] is False


def test_commands_can_be_allowed_by_a_reload(ward):
    s = Station(ward, commands="acknowledge")
    assert s.ask("test-alarm", bed="3")["ok"] is False
    s.daemon.set("MQTT", {"Commands": "test-alarm"})
    s.daemon.write_config()
    s.caller.call("Reload")
    assert s.ask("test-alarm", bed="3")["ok"] is True
    assert "the session with the broker begins anew" not in s.daemon.log()
