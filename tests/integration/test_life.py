"""The daemon's life: start, stop, watchdog, the clock, epochs, and what a kill leaves behind."""
import os
import re
import signal
import time

import pytest

from ward import senml
from ward.base import wait_until
from ward.clock import SYNCHRONISED, UNSYNCHRONISED
from ward.daemon import status
from ward.fakebroker import IGNORE
from ward.load import Load, no_loss, seen_so_far
from ward.senml import heart_rate
from ward.subscriber import one

# the contract: SIGTERM leaves within 5 s; the rest is what a loaded machine may add
STOP = 15


def stopped(daemon):
    """SIGTERM; exit status 0, STOPPING=1 told, no thread or child left. What it said of how long it
    took is in its own log; here only that it ends."""
    notify = daemon.notify
    daemon.process.signal(signal.SIGTERM)
    notify.wait("STOPPING=1")
    code = daemon.process.wait(STOP)
    assert code == 0, daemon.log()


def test_ready_without_a_broker(ward):
    broker = ward.broker(start=False)
    daemon = ward.daemon(broker)
    assert daemon.notify.has("READY=1")
    assert broker.port
    stopped(daemon)


def test_ready_with_a_silent_broker(ward):
    broker = ward.fake()
    broker.silent = True
    daemon = ward.daemon(broker)
    broker.accepted.wait_for(lambda items: items, "a connection")
    stopped(daemon)


def test_stop_with_a_broker(ward):
    broker = ward.broker()
    sub = ward.subscriber(broker)
    daemon = ward.daemon(broker)
    status(sub, daemon, lambda s: s["status"] == "online")
    assert ward.session(daemon).exchange(senml.as_json(heart_rate(70))).text == "2.04"
    stopped(daemon)
    status(sub, daemon, lambda s: s["status"] == "offline")
    # a clean DISCONNECT: the document came from the daemon and not as the last will
    assert any("disconnected" in line and "wardgate-ward7-gw1" in line for line in broker.process.lines)


def test_stop_with_a_frozen_broker(ward):
    broker = ward.broker()
    sub = ward.subscriber(broker)
    daemon = ward.daemon(broker)
    status(sub, daemon, lambda s: s["status"] == "online")
    c = ward.session(daemon)
    broker.freeze()
    c.post(senml.as_json(heart_rate(70)))
    stopped(daemon)


def test_stop_while_the_broker_confirms_nothing(ward):
    broker = ward.fake()
    broker.on_publish = lambda p: IGNORE
    daemon = ward.daemon(broker)
    broker.wait_session()
    ward.session(daemon).post(senml.as_json(heart_rate(70)))
    broker.wait_publish(lambda p: "/beds/" in p.topic, "the reading")
    stopped(daemon)


def test_stop_under_load_drains(ward):
    """What was acknowledged before and during the stop arrives; so does the end of the epoch."""
    broker = ward.broker()
    sub = ward.subscriber(broker)
    daemon = ward.daemon(broker)
    load = Load(ward, daemon)
    load.progress()
    stopped(daemon)
    load.abandon()
    seen_so_far(load, sub)
    end = one([r for r in sub.records() if r["record"] == "epoch"], "end of the epoch")
    assert end["clean"] is True and end["id"].split(":")[1] == end["epoch"]
    got = numbers(sub, end["epoch"])
    assert got == set(range(1, end["last"] + 1)), "numbers that were never seen"


def numbers(sub, epoch):
    """Sequence numbers of an epoch that arrived, in readings and records."""
    ids = [r["id"] for r in sub.readings() + sub.records()]
    return {int(i.split(":")[2]) for i in ids if i.split(":")[1] == epoch}


def test_sigint_is_a_stop_too(ward):
    daemon = ward.daemon(ward.broker())
    daemon.process.signal(signal.SIGINT)
    assert daemon.process.wait(STOP) == 0


def test_the_watchdog_is_fed(ward):
    daemon = ward.daemon(ward.broker(), start=False)
    daemon.environment = {"WATCHDOG_USEC": "1000000"}
    daemon.start()
    daemon.notify.messages.wait_for(lambda items: items.count("WATCHDOG=1") >= 4, "four pings")


def test_the_watchdog_is_fed_while_the_broker_is_dead(ward):
    broker = ward.broker()
    daemon = ward.daemon(broker, start=False)
    daemon.environment = {"WATCHDOG_USEC": "1000000"}
    daemon.start()
    broker.wait_connects(1)
    broker.freeze()
    have = len(daemon.notify.messages)
    daemon.notify.messages.wait_for(lambda items: items[have:].count("WATCHDOG=1") >= 4,
                                    "four pings with a frozen broker")


def test_a_frozen_daemon_feeds_no_watchdog(ward):
    """The test of the test above: pings come from the loop, not from a thread of their own."""
    daemon = ward.daemon(ward.broker(), start=False)
    daemon.environment = {"WATCHDOG_USEC": "200000"}
    daemon.start()
    daemon.notify.wait("WATCHDOG=1")
    daemon.process.freeze()
    have = len(daemon.notify.messages)
    time.sleep(0.5)  # not a wait for something: a stretch in which nothing may come
    assert len(daemon.notify.messages) <= have + 1
    daemon.process.thaw()


def test_no_watchdog_no_pings(ward):
    daemon = ward.daemon(ward.broker())
    stopped(daemon)
    assert not daemon.notify.has("WATCHDOG=1")


def test_two_daemons_on_one_state_directory(ward):
    broker = ward.broker()
    first = ward.daemon(broker)
    second = ward.daemon(broker, state=first.state, name="ward7-gw2", start=False)
    second.start(ready=False)
    code = second.process.wait()
    assert code not in (0, 78) and code > 0
    line = second.wait_log(re.compile(r"(?i)another|in use|already|holds"))
    assert first.state in line and str(first.pid) in line
    assert ward.session(first).exchange(senml.as_json(heart_rate(70))).text == "2.04"
    first.kill()
    third = ward.daemon(broker, state=first.state)
    assert third.process.alive(), "a lock must not outlive its holder"


@pytest.mark.parametrize("content", [b"", b"\0" * 100, b"rubbish\n", b"counter=99999999999999999999\n",
                                     b"\xff" * 5000])
def test_a_corrupt_epoch_file_stops_no_start(ward, content):
    broker = ward.broker()
    sub = ward.subscriber(broker)
    daemon = ward.daemon(broker)
    status(sub, daemon, lambda s: s["status"] == "online")
    stopped(daemon)
    for name in os.listdir(daemon.state):
        if "epoch" in name:
            with open(os.path.join(daemon.state, name), "wb") as f:
                f.write(content)
    at = sub.mark()
    daemon.start()
    status(sub, daemon, lambda s: s["status"] == "online", at)
    assert ward.session(daemon).exchange(senml.as_json(heart_rate(70))).text == "2.04"


def test_epochs_after_clean_and_unclean_ends(ward):
    broker = ward.broker()
    sub = ward.subscriber(broker)
    daemon = ward.daemon(broker)
    epochs = [status(sub, daemon, lambda s: s["status"] == "online")["epoch"]]
    assert ward.session(daemon).exchange(senml.as_json(heart_rate(70))).text == "2.04"
    stopped(daemon)
    sub.wait_topic(daemon.gateway_topic("records"), lambda m: m.json["record"] == "epoch")
    at = sub.mark()
    daemon.start()
    epochs.append(status(sub, daemon, lambda s: s["status"] == "online", at)["epoch"])
    assert ward.session(daemon).exchange(senml.as_json(heart_rate(71))).text == "2.04"
    daemon.kill()
    at = sub.mark()
    daemon.start()
    epochs.append(status(sub, daemon, lambda s: s["status"] == "online" and
                         s["epoch"] not in epochs, at)["epoch"])
    record = sub.wait_topic(daemon.gateway_topic("records"), lambda m: m.json["record"] == "epoch"
                            and m.json["epoch"] == epochs[1], at).json
    assert record["clean"] is False
    # Nothing as a rule; what a slow moment made the disk keep is what was acknowledged.
    numbers = {int(r["id"].split(":")[2]) for r in sub.readings() if r["id"].split(":")[1] == epochs[1]}
    for first, last in record["stored"]:
        assert set(range(first, last + 1)) <= numbers
    assert record["id"].split(":")[1] == epochs[2]
    records = [r for r in sub.records() if r["record"] == "epoch"]
    clean = one([r for r in records if r["epoch"] == epochs[0]], "record of the clean epoch")
    assert clean["clean"] is True and clean["id"] == f"ward7-gw1:{epochs[0]}:{clean['last']}"
    counters = [int(e.split("-")[0]) for e in epochs]
    assert counters == [counters[0], counters[0] + 1, counters[0] + 2]
    assert len({e.split("-")[1] for e in epochs}) == 3


def kill_loop(ward, rounds):
    """kill -9 under load, again and again: ids stay unique, within each epoch every number up to the
    highest acknowledged one arrives, and nothing acknowledged is missing."""
    broker = ward.broker()
    sub = ward.subscriber(broker)
    daemon = ward.daemon(broker)
    seen_epochs = set()
    for n in range(rounds):
        s = status(sub, daemon, lambda s: s["status"] == "online" and s["epoch"] not in seen_epochs)
        seen_epochs.add(s["epoch"])
        load = Load(ward, daemon)
        load.latest = n * 100000 + 1
        load.progress(40 + 7 * n)
        daemon.kill()
        load.abandon()
        seen_so_far(load, sub)
        daemon.start()
    values = {}
    for r in sub.readings(metric="counter"):
        assert values.setdefault(r["id"], r["value"]) == r["value"], "one id for two readings"
    for epoch in seen_epochs:
        got = numbers(sub, epoch)
        assert got == set(range(1, max(got) + 1)), f"gaps in {epoch}"
    daemon.stop()


def test_ids_across_kills(ward):
    kill_loop(ward, 3)


@pytest.mark.slow
def test_ids_across_many_kills(ward):
    kill_loop(ward, 15)


# --- the clock ---

@pytest.fixture
def clocked(ward):
    """A broker, a subscriber, and a daemon whose wall clock is ours."""
    broker = ward.broker()
    sub = ward.subscriber(broker)
    clock = ward.clock()
    clock.say(SYNCHRONISED)
    daemon = ward.daemon(broker, start=False, sections={"CoAP": {"Rate": "1000", "Burst": "5000"}})
    daemon.environment = clock.environment()
    daemon.start()
    s = status(sub, daemon, lambda s: s["status"] == "online")
    assert clock.asked, "the shim is not in the way"
    assert s["clock"] == "synchronised"
    return broker, sub, clock, daemon


def shifted(stamp, seconds):
    told = time.mktime(time.strptime(stamp[:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone
    return abs(told - (time.time() + seconds)) < 120


@pytest.mark.parametrize("step", [3600, -3600])
def test_a_clock_step_disturbs_nothing_and_shows_in_stamps(ward, clocked, step):
    broker, sub, clock, daemon = clocked
    c = ward.session(daemon)
    load = Load(ward, daemon)
    assert c.exchange(senml.as_json(heart_rate(70))).text == "2.04"
    before = sub.reading(metric="heart-rate", where=lambda r: r["value"] == 70).json
    assert shifted(before["time"], 0)
    load.progress()
    at = sub.mark()
    clock.step(step)
    record = sub.wait_topic(daemon.gateway_topic("records"), lambda m: m.json["record"] == "clock", at).json
    assert abs(record["step_ms"] - step * 1000) < 5000
    load.progress(100)
    assert c.exchange(senml.as_json(heart_rate(71))).text == "2.04"
    after = sub.reading(metric="heart-rate", where=lambda r: r["value"] == 71).json
    assert shifted(after["time"], step) and shifted(after["received"], step)
    assert int(after["id"].split(":")[2]) > int(before["id"].split(":")[2])
    no_loss(load, sub)
    assert broker.connects() == 1, "the step ended the MQTT session"
    assert not [line for line in daemon.process.lines if "AckTimeout" in line or "silent" in line]


def test_a_step_while_the_broker_is_away(ward, clocked):
    """Patience and back-off run by the boot-time clock: the outage is as long as it is."""
    broker, sub, clock, daemon = clocked
    load = Load(ward, daemon)
    load.progress()
    broker.stop()
    at = daemon.mark()
    clock.step(3600)
    daemon.wait_log(re.compile(r"(?i)(clock|no session|lost|closed)"), at)
    clock.step(-7200)
    broker.start()
    load.progress()
    no_loss(load, sub)


def test_the_clock_states(ward, clocked):
    broker, sub, clock, daemon = clocked
    c = ward.session(daemon)
    assert c.exchange(senml.as_json(heart_rate(70))).text == "2.04"
    assert sub.reading(metric="heart-rate").json["clock"] == "synchronised"
    at = sub.mark()
    clock.say(UNSYNCHRONISED)
    clock.step(5)  # makes the daemon look at once
    record = sub.wait_topic(daemon.gateway_topic("records"), lambda m: m.json["record"] == "clock" and
                            m.json["state"] == "holdover", at).json
    assert record["previous"] == "synchronised"
    status(sub, daemon, lambda s: s["clock"] == "holdover", at)
    assert c.exchange(senml.as_json(heart_rate(71))).text == "2.04"
    assert sub.reading(where=lambda r: r["value"] == 71).json["clock"] == "holdover"
    clock.say(SYNCHRONISED)
    clock.step(5)
    status(sub, daemon, lambda s: s["clock"] == "synchronised", sub.mark())


def test_never_synchronised(ward):
    broker = ward.broker()
    sub = ward.subscriber(broker)
    clock = ward.clock()
    clock.say(UNSYNCHRONISED)
    daemon = ward.daemon(broker, start=False)
    daemon.environment = clock.environment()
    daemon.start()
    status(sub, daemon, lambda s: s["status"] == "online" and s["clock"] == "unsynchronised")
    assert ward.session(daemon).exchange(senml.as_json(heart_rate(70))).text == "2.04"
    assert sub.reading().json["clock"] == "unsynchronised"


# --- looks after itself ---

def test_it_runs_in_few_descriptors_and_leaves_none_behind(ward):
    from ward.base import open_descriptors
    broker = ward.broker()
    sub = ward.subscriber(broker)
    daemon = ward.daemon(broker, sections={"MQTT": {"ConnectTimeout": "2s"}})
    status(sub, daemon, lambda s: s["status"] == "online")
    ward.session(daemon).exchange(senml.as_json(heart_rate(70)))
    before = open_descriptors(daemon.pid)
    for n in range(5):
        s = ward.session(daemon)
        assert s.exchange(senml.as_json(heart_rate(70))).text == "2.04"
        s.path.close()
        broker.stop()
        broker.start()
        broker.wait_connects(n + 2)
    assert ward.session(daemon).exchange(senml.as_json(heart_rate(70))).text == "2.04"
    wait_until(lambda: open_descriptors(daemon.pid) <= before + 4,
               lambda: f"{before} descriptors, now {open_descriptors(daemon.pid)}")


def test_the_log_holds_no_vital_sign(ward):
    """Never a value at info or above; these digits occur nowhere else."""
    broker = ward.broker()
    daemon = ward.daemon(broker)
    c = ward.session(daemon)
    assert c.exchange(senml.as_json(senml.record("glucose", 98765.4321, "mg/dL"),
                                    )).text in ("2.04", "4.00")
    c.exchange(senml.as_json(senml.record("heart-rate", 87654.321, "beat/min")))
    c.exchange(b'[{"n":"heart-rate","u":"Cel","v":87654.321}]')
    stopped(daemon)
    assert "98765" not in daemon.log() and "87654" not in daemon.log()
