"""Technical conditions of the real daemon: each is said when it is there and ended when it is gone; many
devices at once are one alarm with the list of them."""
import os

import pytest

from ward import clock
from ward.alarms import Alarms, limit
from ward.daemon import status
from ward.fleet import identities
from ward.senml import as_json, record

from test_ledger import SECTIONS
from test_ledger_limits import LARGE_PACKS
from test_desk import KEY, gateway, post, spo2


def started(ward, broker, prepare=lambda daemon: None, **kwargs):
    """As gateway() of test_desk, with something done before the daemon starts."""
    sub = ward.subscriber(broker)
    daemon = ward.daemon(broker, start=False, **kwargs)
    prepare(daemon)
    daemon.start()
    status(sub, daemon, lambda s: s["status"] == "online")
    return daemon, Alarms(sub, daemon)


# --- the disk ---

@pytest.mark.parametrize("how", ["dead", "full"])
def test_a_disk_that_does_not_take_what_is_written(ward, how):
    """Readings come while nobody else can take them; both are well again later."""
    broker, broken, key = ward.broker(), [], "store-failing.gateway"
    daemon, alarms = started(ward, broker, lambda d: broken.append(ward.disk(d)))
    c = ward.session(daemon)
    post(c, spo2(95))
    broker.stop()
    getattr(broken[0], how)()
    c.post(as_json(spo2(96)))
    daemon.wait_log("REMEDY=", daemon.mark())
    broker.start()
    start = alarms.phase(key, "start")
    assert (start["kind"], start["bed"]) == ("technical", "-")
    alarms.state(key)
    broken[0].well()
    end = alarms.phase(key, "end", deadline=60)
    assert end["alarm"] == start["alarm"]
    alarms.emptied(key)
    alarms.check()


def test_a_store_that_is_full(ward):
    """More than MaxSize= holds, while the broker is away; over once it has taken what is left."""
    broker = ward.broker()
    daemon, alarms = started(ward, broker, devices=identities(4), sections={
        **SECTIONS, "Store": {"MaxSize": "1M"}})
    broker.stop()
    ward.fleet(daemon, limit=4000, **LARGE_PACKS).finish()
    daemon.wait_log("the store is full and the oldest readings are dropped")
    broker.start()
    start = alarms.phase("store-full.gateway", "start", deadline=60)
    end = alarms.phase("store-full.gateway", "end", deadline=90)
    assert end["alarm"] == start["alarm"]
    alarms.emptied("store-full.gateway")
    alarms.check()


# --- the broker ---

ACL = "user subscriber\ntopic readwrite #\nuser ward7-gw1\ntopic readwrite #\n"
NO_BEDS = ACL + "topic deny wardgate/st-elsewhere/7/beds/#\n"


def refusing(ward):
    path = os.path.join(ward.dir, "acl")
    with open(path, "w", encoding="ascii") as f:
        f.write(NO_BEDS)
    return path, ward.broker(options=[f"acl_file {path}"])


def test_a_broker_that_refuses(ward):
    path, broker = refusing(ward)
    daemon, alarms, c = gateway(ward, {}, broker)
    c.post(as_json(spo2(96)))
    start = alarms.phase("publish-refused.gateway", "start")
    assert start["priority"] == "medium"
    alarms.state("publish-refused.gateway")
    alarms.check()


@pytest.mark.slow
def test_a_broker_that_refuses_no_longer(ward):
    """Over when nothing was refused for a minute."""
    path, broker = refusing(ward)
    daemon, alarms, c = gateway(ward, {}, broker)
    c.post(as_json(spo2(96)))
    start = alarms.phase("publish-refused.gateway", "start")
    with open(path, "w", encoding="ascii") as f:
        f.write(ACL)
    broker.stop()
    broker.start()
    alarms.sub.reading(metric="spo2")
    end = alarms.phase("publish-refused.gateway", "end", deadline=150)
    assert end["alarm"] == start["alarm"]
    alarms.check()


def test_a_broker_out_of_reach_for_a_while(ward):
    """The way is cut and comes back: said once, with the time when it was lost, and ended."""
    broker = ward.broker()
    way = ward.proxy(broker)
    sub = ward.subscriber(broker)
    daemon = ward.daemon(broker, start=False)
    daemon.set("MQTT", {"Broker": way.uri()})
    daemon.start()
    status(sub, daemon, lambda s: s["status"] == "online")
    alarms = Alarms(sub, daemon)
    way.away()
    daemon.wait_log("the broker cannot be reached")
    way.back()
    start = alarms.phase("broker-unreachable.gateway", "start")
    assert start["backfill"] is True
    end = alarms.phase("broker-unreachable.gateway", "end")
    assert (end["alarm"], end["state"]) == (start["alarm"], "inactive")
    alarms.wait_retained([])
    alarms.check()


# --- certificates and the clock ---

def test_a_certificate_about_to_expire(ward):
    broker = ward.broker()
    pair = ward.copy(ward.certs.authority.issue("ward7-gw1", end=10))
    daemon, alarms = started(ward, broker, lambda d: d.set("MQTT", {
        "CertificateFile": pair.cert, "PrivateKeyFile": pair.key}))
    start = alarms.phase("certificate-expiring.gateway", "start")
    assert start["text"].startswith("a certificate expires at 20"), start
    ward.replace(pair, ward.certs.gateway())
    daemon.reload(write=False)
    end = alarms.phase("certificate-expiring.gateway", "end")
    assert end["alarm"] == start["alarm"]
    alarms.check()


@pytest.mark.slow
def test_a_clock_that_nobody_sets(ward):
    """After a minute; over as soon as it is right."""
    ours = ward.clock()
    ours.say(clock.UNSYNCHRONISED)

    def prepare(daemon):
        daemon.environment = ours.environment(daemon.environment)
    daemon, alarms = started(ward, ward.broker(), prepare)
    start = alarms.phase("clock-unsynchronised.gateway", "start", deadline=120)
    assert start["clock"] == "unsynchronised"
    ours.say(clock.SYNCHRONISED)
    end = alarms.phase("clock-unsynchronised.gateway", "end", deadline=90)
    assert (end["alarm"], end["clock"]) == (start["alarm"], "synchronised")
    alarms.check()


# --- of one device ---

def test_a_value_beyond_what_the_device_can_measure(ward):
    """It satisfies the rule on that side, and is said by itself."""
    daemon, alarms, c = gateway(ward, {"spo2-low": limit(Below="90")})
    post(c, spo2(95))
    post(c, record("spo2", "below-range", "%"))
    start = alarms.phase("out-of-range.bed3-oximeter", "start")
    assert "spo2" in start["text"]
    assert alarms.phase(KEY, "start")["validity"] == "below-range"
    post(c, spo2(96))
    alarms.phase("out-of-range.bed3-oximeter", "end")
    alarms.phase(KEY, "end")
    alarms.wait_retained([])
    alarms.check()


def test_an_alarm_that_comes_and_goes(ward):
    """The sixth within ten minutes is held, and says so; no seventh starts."""
    daemon, alarms, c = gateway(ward, {"spo2-low": limit(Below="90")})
    for n in range(12):
        post(c, spo2(86 if n % 2 == 0 else 96))
    start = alarms.phase("alarm-chatter.bed3-oximeter", "start")
    assert "spo2-low" in start["text"]
    for n in range(4):
        post(c, spo2(86 if n % 2 == 0 else 96))
    alarms.sub.wait_readings(16)
    assert len([e for e in alarms.events(KEY) if e["phase"] == "start"]) == 6
    alarms.wait_retained([KEY, "alarm-chatter.bed3-oximeter"])
    alarms.check()


# --- storms ---

@pytest.mark.parametrize("most", [None, 2000], ids=["any-length", "short-packets"])
def test_a_hundred_silent_devices_are_one_alarm(ward, most):
    """With the whole list, or as much of it as the broker takes and how many are left out; ended when they
    have come back."""
    names = [f"oximeter-of-bed-{n:03}" for n in range(100)]
    broker = ward.broker(options=[f"max_packet_size {most}"] if most else [])
    sub = ward.subscriber(broker)
    daemon = ward.daemon(broker, devices={n: f"key-of-{n}-0123456789" for n in names},
                         sections={f"Device {n}": {"ExpectEvery": "5s"} for n in names})
    status(sub, daemon, lambda s: s["status"] == "online")
    alarms = Alarms(sub, daemon)
    sessions = [ward.session(daemon, n) for n in names]
    for c in sessions:
        post(c, spo2(95))
    group = "device-silent.gateway"

    def count(s):
        return len(s.get("devices", [])) + s.get("devices_left_out", 0)
    whole = alarms.state(group, lambda s: count(s) == len(names), deadline=60)
    if most:
        assert 10 < len(whole["devices"]) < len(names)
    else:
        assert sorted(whole["devices"]) == names
    assert whole["text"] == "the device is silent: 100 devices" and whole["bed"] == "-"
    said = alarms.event(group, lambda e: count(e) == len(names))
    assert said["devices"] == whole["devices"]
    assert len([e for e in alarms.events(group) if e["phase"] == "start"]) == 1
    alone = {k for k in alarms.retained() if k.startswith("device-silent.")} - {group}
    assert not alone, alone
    for c in sessions:
        post(c, spo2(96))
    end = alarms.phase(group, "end")
    assert end["alarm"] == whole["alarm"]
    alarms.emptied(group)
    alarms.check()
