"""The sample consumer of docs/interface as its reader would run it: over an outage of the broker and
a restart of its own, each reading once and no hole. Its logic has tests of its own in tests/docs."""
import json
import os
import signal

from ward import senml
from ward.base import Process
from ward.daemon import ROOT, status
from ward.senml import heart_rate

CONSUMER = os.path.join(ROOT, "docs", "interface", "consumer.py")


def consume(ward, broker):
    pair = ward.certs.subscriber()
    state = os.path.join(ward.dir, "consumer.state")
    return ward.keep(Process(
        ["/usr/bin/python3", "-u", CONSUMER, "--host", "127.0.0.1", "--port", str(broker.port),
         "--prefix", "wardgate/st-elsewhere/7", "--client-id", "sample", "--cafile", pair.ca,
         "--cert", pair.cert, "--key", pair.key, "--state", state],
        "consumer")), state


def leave(consumer, state):
    """Ends it; returns what it knows, by epoch."""
    consumer.signal(signal.SIGTERM)
    assert consumer.wait() == 0
    with open(state, encoding="utf-8") as f:
        return json.load(f)


def test_each_reading_once_and_no_hole(ward):
    broker = ward.broker()
    sub = ward.subscriber(broker)
    daemon = ward.daemon(broker)
    status(sub, daemon, lambda s: s["status"] == "online")
    device = ward.session(daemon)
    consumer, state = consume(ward, broker)
    consumer.wait_line("is online")

    def say(value):
        assert device.exchange(senml.as_json(heart_rate(value))).text == "2.04"

    say(61)
    consumer.wait_line(" 61 /min")
    broker.stop()
    waiting = device.post(senml.as_json(heart_rate(62)))
    broker.start()
    assert device.wait(waiting).text == "2.04"
    consumer.wait_line(" 62 /min")

    assert len(leave(consumer, state)) == 1

    say(63)  # while it is away: the broker keeps it
    again, state = consume(ward, broker)
    again.wait_line(" 63 /min")
    say(64)
    again.wait_line(" 64 /min")
    told = consumer.text() + again.text()
    for value in (61, 62, 63, 64):
        assert told.count(f" {value} /min") == 1, told

    daemon.stop()
    again.wait_line("is offline")
    epoch, = leave(again, state).values()
    assert epoch["last"] is not None
    assert epoch["seen"] == [[epoch["first"], epoch["last"]]]
    assert epoch["explained"] == []
