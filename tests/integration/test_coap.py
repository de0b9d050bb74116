"""The CoAP contract (docs/interface): every error answer, limits, block-wise packs, and sessions that
survive what happens to devices on a ward."""
import contextlib
import errno
import json
import re
import socket
import time
from types import SimpleNamespace

import pytest

from ward import coapclient, coapwire, dtls, senml
from ward.base import Missing, free_port, wait_until
from ward.bus import Caller, served, wait_served
from ward.clock import SYNCHRONISED, UNSYNCHRONISED
from ward.coapwire import BLOCK1, CON, CONTENT_FORMAT, MAX_AGE, NON, SIZE1, URI_PATH
from ward.fakebroker import HOLD
from ward.senml import heart_rate, record
from ward.subscriber import one

DEVICES = {f"dev{n}": f"secret-{n}-0123456789" for n in range(1, 41)}


@pytest.fixture(scope="module")
def clinic(hall):
    broker = hall.broker()
    sub = hall.subscriber(broker)
    clock = hall.clock()
    clock.say(SYNCHRONISED)
    daemon = hall.daemon(broker, devices=DEVICES, start=False)
    daemon.environment = clock.environment()
    daemon.start()
    sub.wait_topic(daemon.gateway_topic("status"), lambda m: m.payload and m.json["status"] == "online")
    unused = iter(DEVICES)
    return SimpleNamespace(broker=broker, sub=sub, daemon=daemon, world=hall,
                           fresh=lambda: next(unused))


@pytest.fixture
def device(clinic):
    """A session of a device that no other test uses."""
    identity = clinic.fresh()
    client = clinic.world.session(clinic.daemon, identity, key=DEVICES[identity])
    client.name = identity
    return client


def foreign(clinic, identity, key, payload, content_format=110, **kwargs):
    return coapclient.request(clinic.daemon.coap_uri(), identity, key, payload=payload,
                              content_format=content_format, directory=clinic.world.dir, **kwargs)


# --- what is refused, and how it is said ---

BAD_PACKS = [
    ("no JSON", b"this is no pack", None),
    ("not an array", b'{"n":"heart-rate","v":70}', None),
    ("cut off", b'[{"n":"heart-rate","u":"beat/min","v":70', None),
    ("no name", b'[{"u":"beat/min","v":70}]', None),
    ("no value", b'[{"n":"heart-rate","u":"beat/min"}]', "record 1: no value"),
    ("two values", b'[{"n":"heart-rate","u":"beat/min","v":70,"vs":"x"}]', "record 1: more"),
    ("unknown metric", b'[{"n":"heart-wait","u":"beat/min","v":70}]', "heart-wait"),
    ("wrong unit", b'[{"n":"heart-rate","u":"Cel","v":70}]', "heart-rate"),
    ("bver of the future", b'[{"bver":11,"n":"heart-rate","u":"beat/min","v":70}]', None),
    ("label that must be understood", b'[{"n":"heart-rate","u":"beat/min","v":70,"new_":1}]', None),
    ("topic characters", b'[{"n":"heart+rate/#","u":"beat/min","v":70}]', None),
    ("word for a number", b'[{"n":"heart-rate","vs":"fast"}]', "heart-rate"),
    ("empty body", b"", None),
]


@pytest.mark.parametrize("what,body,names", BAD_PACKS, ids=[p[0] for p in BAD_PACKS])
def test_a_bad_pack_is_4_00_with_a_reason(clinic, refused, what, body, names):
    r = refused.exchange(body)
    assert r.text == "4.00", r
    diagnosis = r.payload.decode("utf-8")
    assert len(diagnosis) >= 8 and diagnosis.isprintable(), repr(diagnosis)
    if names:
        assert names in diagnosis, diagnosis
    assert not re.search(r"record \d+: record", diagnosis), diagnosis


@pytest.fixture(scope="module")
def refused(clinic):
    identity = clinic.fresh()
    client = clinic.world.session(clinic.daemon, identity, key=DEVICES[identity])
    yield client
    # one bad record spoils its pack, and nothing of what was refused arrives
    r = client.exchange(senml.as_json(heart_rate(71), record("heart-rate", 72, "Cel")))
    assert r.text == "4.00" and client.exchange(senml.as_json(heart_rate(70))).text == "2.04"
    clinic.sub.reading(identity, "heart-rate")
    assert [x["value"] for x in clinic.sub.readings(identity)] == [70]


def test_the_diagnosis_names_the_record(clinic, device):
    r = device.exchange(senml.as_json(heart_rate(70), heart_rate(71), record("spo2", 97, "Cel")))
    assert r.text == "4.00"
    assert re.search(r"record 3\b|record 2\b|spo2", r.payload.decode()), r.payload


def test_bad_cbor_is_4_00(clinic, device):
    for body in (b"\x9f", b"\x81\xa1\x00", b"\xff" * 40, b"\x81" * 300, bytes.fromhex("81a1021b")):
        r = device.exchange(body, 112)
        assert r.text == "4.00" and r.payload, (body, r)


@pytest.mark.parametrize("content_format", [0, 40, 42, 11542, None])
def test_another_format_is_4_15(clinic, formats, content_format):
    assert formats.exchange(senml.as_json(heart_rate(70)), content_format).text == "4.15"


@pytest.fixture(scope="module")
def formats(clinic):
    identity = clinic.fresh()
    return clinic.world.session(clinic.daemon, identity, key=DEVICES[identity])


def test_a_foreign_client_sees_the_reason(clinic):
    identity = clinic.fresh()
    r = foreign(clinic, identity, DEVICES[identity], b'[{"n":"heart-wait","v":1}]')
    assert r.last.code == "4.00" and "heart-wait" in r.text()
    r = foreign(clinic, identity, DEVICES[identity], b"<xml/>", 41)
    assert r.last.code == "4.15"


def test_too_large_is_4_13_with_size1(clinic, device):
    r = device.post_blocks(padded(1, 65536 + 1024), szx=6, size1=65536 + 1024)
    assert r.text == "4.13", r
    assert r.uint(SIZE1) == 65536


def test_too_large_without_saying_so_is_4_13_as_well(clinic, device):
    r = device.post_blocks(padded(1, 65536 + 2048), szx=6)
    assert r.text == "4.13" and r.uint(SIZE1) == 65536


def test_other_resources_and_methods(clinic, device):
    r = device.wait(device.post(senml.as_json(heart_rate(70)), path="nowhere"))
    assert r.text == "4.04"
    assert device.wait(device.get("readings")).text == "4.05"
    unknown_critical = [(0x7001, b"x")]
    r = device.exchange(senml.as_json(heart_rate(70)), options=unknown_critical)
    assert r.text == "4.02"
    unknown_elective = [(0x7002, b"x")]
    assert device.exchange(senml.as_json(heart_rate(70)), options=unknown_elective).text == "2.04"


def test_over_its_rate_is_4_29_with_max_age(ward):
    broker = ward.broker()
    sub = ward.subscriber(broker)
    daemon = ward.daemon(broker, sections={"CoAP": {"Rate": "2", "Burst": "10"}}, devices={
        "hasty": "key-of-hasty-0123", "calm": "key-of-calm-01234"})
    hasty, calm = ward.session(daemon, "hasty"), ward.session(daemon, "calm")
    answers = [hasty.exchange(senml.as_json(heart_rate(50 + n))) for n in range(40)]
    codes = [a.text for a in answers]
    assert codes[:10] == ["2.04"] * 10 and set(codes) == {"2.04", "4.29"}, codes
    for a in answers:
        if a.text == "4.29":
            assert a.uint(MAX_AGE) is not None and 1 <= a.uint(MAX_AGE) <= 60
    assert calm.exchange(senml.as_json(heart_rate(70))).text == "2.04"
    sub.reading("calm")
    sub.wait_readings(codes.count("2.04"), "hasty")
    assert len(sub.readings("hasty")) == codes.count("2.04")
    # and it is let in again after the pause that it was told
    wait_until(lambda: hasty.exchange(senml.as_json(heart_rate(99))).text == "2.04", "a way back in",
               step=1.0)


def test_a_flood_from_one_device_hurts_no_other(clinic, device):
    other = clinic.world.session(clinic.daemon, "dev40", key=DEVICES["dev40"])
    for n in range(1000):
        device.post(senml.as_json(heart_rate(n % 100 + 50)))
        if n % 100 == 0:
            assert other.exchange(senml.as_json(heart_rate(60 + n // 100))).text == "2.04"
    while device.pump(1.0):
        pass
    codes = [m.text for answers in device.responses.values() for m in answers]
    assert "2.04" in codes and set(codes) <= {"2.04", "4.29"}, set(codes)
    clinic.sub.wait_readings(10, "dev40")
    clinic.sub.wait_readings(codes.count("2.04"), device.name)


@pytest.mark.slow
def test_no_safe_place_for_20_s_is_5_03(ward):
    """No broker and no disk: the device is told to come back; the reading is kept all the same."""
    broker = ward.broker(start=False)
    daemon = ward.daemon(broker, start=False)
    broken = ward.disk(daemon)
    daemon.start()
    broken.dead(errno.EIO)
    c = ward.session(daemon)
    begun = time.monotonic()
    r = c.wait(c.post(senml.as_json(heart_rate(70))), deadline=60)
    assert r is not None and r.text == "5.03", r
    assert r.uint(MAX_AGE) is not None and time.monotonic() - begun > 15
    broker.start()
    sub = ward.subscriber(broker)
    sub.reading(metric="heart-rate", where=lambda x: x["value"] == 70)


# --- who is let in ---

def test_a_wrong_key_gets_no_session(clinic):
    identity = clinic.fresh()
    at = clinic.daemon.mark()
    r = foreign(clinic, identity, "a wrong key", senml.as_json(heart_rate(70)), wait=3)
    assert r.code is None and not r.connected
    clinic.daemon.wait_log(re.compile(rf"(?i)(handshake|key|PSK).*{identity}|{identity}.*(?i:key)"), at)
    assert foreign(clinic, identity, DEVICES[identity], senml.as_json(heart_rate(70))).code == "2.04"


def test_an_unknown_identity_gets_no_session(ward):
    daemon = ward.daemon(ward.broker())
    with pytest.raises(dtls.HandshakeFailed):
        ward.session(daemon, "stranger", key="whatever-0123456789", deadline=2)
    daemon.wait_log("stranger")
    assert ward.session(daemon).exchange(senml.as_json(heart_rate(70))).text == "2.04"


def test_an_identity_with_a_key_but_no_device_is_4_03(ward):
    broker = ward.broker()
    daemon = ward.daemon(broker, devices={"known": "key-of-known-0123", "keyed-only": "key-of-keyed-only"},
                         start=False)
    daemon.set("Device keyed-only", None)
    daemon.start()
    c = ward.session(daemon, "keyed-only")
    assert c.exchange(senml.as_json(heart_rate(70))).text == "4.03"
    assert ward.session(daemon, "known").exchange(senml.as_json(heart_rate(70))).text == "2.04"


def test_a_pack_cannot_claim_another_device(clinic, device):
    r = device.exchange(senml.as_json(record("heart-rate", 99, "beat/min", bn="urn:dev:ow:dev40/")))
    assert r.text in ("2.04", "4.00", "4.03")
    if r.text == "2.04":
        clinic.sub.reading(device.name, "heart-rate", lambda x: x["value"] == 99)
    assert not [x for x in clinic.sub.readings("dev40") if x["value"] == 99]


@pytest.mark.parametrize("suite", [b"PSK-AES128-CCM8", b"PSK-AES128-GCM-SHA256", b"PSK-AES256-GCM-SHA384",
                                   b"PSK-AES128-CBC-SHA256"])
def test_cipher_suites(clinic, suite):
    session = dtls.Session("127.0.0.1", clinic.daemon.coap_port, "dev39", DEVICES["dev39"],
                           ciphers=suite + b":@SECLEVEL=0")
    c = coapwire.Client(session)
    try:
        assert c.exchange(senml.as_json(heart_rate(70))).text == "2.04"
    finally:
        session.close()


# --- block-wise ---

def padded(count, size):
    """A pack of so many records, of exactly so many bytes: JSON may be padded with spaces."""
    pack = senml.as_json(*[heart_rate(40 + n % 100, t=-n - 1) for n in range(count)])
    assert len(pack) <= size
    return pack[:-1] + b" " * (size - len(pack)) + b"]"


@pytest.mark.parametrize("size", [1025, 8192, 65536])
def test_a_foreign_client_sends_blocks(clinic, size):
    identity = clinic.fresh()
    r = foreign(clinic, identity, DEVICES[identity], padded(10, size), extra=["-b", "1024"])
    assert r.last.code == "2.04", r.text()[-3000:]
    clinic.sub.wait_readings(10, identity)
    assert len(clinic.sub.readings(identity)) == 10


def test_small_blocks(clinic):
    identity = clinic.fresh()
    r = foreign(clinic, identity, DEVICES[identity], padded(3, 1000), extra=["-b", "64"])
    assert r.last.code == "2.04"
    clinic.sub.wait_readings(3, identity)


def test_a_lie_about_size_is_refused_before_memory_is_spent(clinic, device):
    """Size1 of nearly 4 GiB, twenty times: answered, and the daemon does not grow."""
    def resident():
        with open(f"/proc/{clinic.daemon.pid}/statm", encoding="ascii") as f:
            return int(f.read().split()[1]) * 4096
    before = resident()
    for _ in range(20):
        r = device.exchange(b"[" + b" " * 1023, options=[(BLOCK1, 8 | 6), (SIZE1, 0xF0000000)])
        assert r.text == "4.13" and r.uint(SIZE1) == 65536
    assert resident() - before < 8 << 20
    assert device.exchange(senml.as_json(heart_rate(70))).text == "2.04"


def test_a_block_out_of_order_is_4_08(clinic, device):
    pack = padded(1, 3000)
    first = device.exchange(pack[:1024], options=[(BLOCK1, 0 << 4 | 8 | 6)], token=b"b")
    assert first.text == "2.31"
    r = device.exchange(pack[2048:], options=[(BLOCK1, 2 << 4 | 6)], token=b"b")
    assert r.text == "4.08"
    whole = device.post_blocks(pack)
    assert whole.text == "2.04"


def test_a_first_block_is_never_taken_for_the_whole(clinic, device):
    """No Size1, first block only: 2.31, and no reading although the block itself is a whole pack."""
    block = padded(1, 1024)
    r = device.exchange(block, options=[(BLOCK1, 8 | 6)])
    assert r.text == "2.31"
    assert device.exchange(senml.as_json(record("spo2", 0.5, "/"))).text == "2.04"
    clinic.sub.reading(device.name, "spo2")
    assert not clinic.sub.readings(device.name, "heart-rate")


# --- what else can be asked ---

def test_time(clinic, device):
    r = device.wait(device.get("time"))
    assert r.text == "2.05"
    stamp = r.payload.decode()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", stamp), stamp
    told = time.mktime(time.strptime(stamp[:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone
    assert abs(told - time.time()) < 60
    r = coapclient.request(clinic.daemon.coap_uri("/time"), device.name, DEVICES[device.name], "get")
    assert r.last.code == "2.05"


def test_a_clock_that_is_not_right_is_not_handed_out(ward):
    """A device without a clock must not be given a wrong one."""
    clock = ward.clock()
    clock.say(UNSYNCHRONISED)
    daemon = ward.daemon(ward.broker(), start=False)
    daemon.environment = clock.environment()
    daemon.start()
    c = ward.session(daemon)
    r = c.wait(c.get("time"))
    assert r.text == "5.03" and r.uint(MAX_AGE)


def test_well_known_core(clinic, device):
    r = device.wait(device.get(".well-known/core"))
    assert r.text == "2.05" and r.uint(CONTENT_FORMAT) == 40
    links = r.payload.decode()
    assert "</readings>" in links and "</time>" in links
    assert re.search(r"ct=\"[^\"]*110[^\"]*112|ct=\"[^\"]*112[^\"]*110", links), links


def test_a_ping_is_answered(clinic, device):
    device.path.send(coapwire.Message(CON, 0, 4711).encode())
    end = time.monotonic() + 30
    while time.monotonic() < end:
        data = device.path.receive(1)
        if data:
            m = coapwire.Message.decode(data)
            assert (m.kind, m.code, m.mid) == (coapwire.RST, 0, 4711)
            return
    raise Missing("a reset in answer to a ping")


def test_a_non_confirmable_pack_arrives(clinic, device):
    device.post(senml.as_json(heart_rate(77)), kind=NON)
    clinic.sub.reading(device.name, "heart-rate")


def test_garbage_inside_and_outside_of_a_session_harms_nobody(clinic, device):
    import random
    rng = random.Random(7)
    plain = coapwire.PlainPath("127.0.0.1", clinic.daemon.coap_port)
    for n in range(300):
        junk = rng.randbytes(rng.randrange(1, 200))
        plain.send(junk)
        device.path.send(junk)
        if n % 3 == 0:
            device.path.send(coapwire.Message(CON, 2, n, b"t", [(URI_PATH, "readings")], b"x")
                             .encode()[:rng.randrange(4, 14)])
    plain.send(b"\x16\xfe\xfd" + bytes(8) + b"\xff\xff" + bytes(30))
    plain.close()
    device.responses.clear()
    assert clinic.daemon.process.alive()
    other = clinic.world.session(clinic.daemon, "dev38", key=DEVICES["dev38"])
    assert other.exchange(senml.as_json(heart_rate(70))).text == "2.04"
    again = clinic.world.session(clinic.daemon, device.name, key=DEVICES[device.name])
    assert again.exchange(senml.as_json(heart_rate(70))).text in ("2.04", "4.29")


# --- sessions ---

def test_power_loss_and_return_on_the_same_port(clinic):
    """Our own client, which vanishes without close_notify."""
    identity = clinic.fresh()
    first = dtls.Session("127.0.0.1", clinic.daemon.coap_port, identity, DEVICES[identity])
    assert coapwire.Client(first).exchange(senml.as_json(heart_rate(70))).text == "2.04"
    port = first.local_port
    first.vanish()
    second = dtls.Session("127.0.0.1", clinic.daemon.coap_port, identity, DEVICES[identity],
                          local_port=port, deadline=30)
    c = coapwire.Client(second)
    assert c.exchange(senml.as_json(heart_rate(71))).text == "2.04"
    second.close()
    clinic.sub.wait_readings(2, identity)


def test_power_loss_of_a_foreign_client(clinic):
    """coap-client killed in mid-session; the next one comes from the same port (its -p)."""
    from ward.base import free_port
    import socket
    identity, port = clinic.fresh(), free_port(socket.SOCK_DGRAM)
    first = coapclient.start(clinic.daemon.coap_uri(), identity, DEVICES[identity],
                             senml.as_json(heart_rate(70)), extra=["-p", str(port), "-G", "200"],
                             directory=clinic.world.dir)
    clinic.world.keep(first)
    first.wait_line(re.compile(r"v:1 t:\w+ c:2\.04"))
    first.kill()
    r = foreign(clinic, identity, DEVICES[identity], senml.as_json(heart_rate(71)),
                extra=["-p", str(port)], wait=30)
    assert r.code == "2.04", r.text()[-3000:]


def test_a_forged_clienthello_ends_no_session(clinic, device):
    """From outside the device, with its address and port: a raw socket, so root only."""
    import os
    if os.geteuid() != 0:
        pytest.skip("a datagram with a forged source needs root")
    assert device.exchange(senml.as_json(heart_rate(70))).text == "2.04"
    for _ in range(3):
        dtls.send_spoofed(device.path.local_port, clinic.daemon.coap_port, dtls.client_hello())
        assert device.exchange(senml.as_json(heart_rate(71))).text == "2.04"


def test_a_forged_clienthello_from_the_devices_own_socket(clinic, device):
    """The same, seen by the daemon exactly as if the device had sent it."""
    assert device.exchange(senml.as_json(heart_rate(70))).text == "2.04"
    for cookie in (b"", b"\x55" * 20):
        device.path.send_raw(dtls.client_hello(cookie))
        assert device.exchange(senml.as_json(heart_rate(72))).text == "2.04"


def test_sessions_of_one_device_are_capped_and_the_newest_works(clinic):
    identity = clinic.fresh()
    sessions = [clinic.world.session(clinic.daemon, identity, key=DEVICES[identity])
                for _ in range(12)]
    assert sessions[-1].exchange(senml.as_json(heart_rate(70))).text == "2.04"
    assert clinic.world.session(clinic.daemon, "dev37", key=DEVICES["dev37"]).exchange(
        senml.as_json(heart_rate(70))).text == "2.04"


def test_a_close_notify_ends_the_session_only(clinic):
    identity = clinic.fresh()
    a = clinic.world.session(clinic.daemon, identity, key=DEVICES[identity])
    b = clinic.world.session(clinic.daemon, identity, key=DEVICES[identity])
    assert a.exchange(senml.as_json(heart_rate(70))).text == "2.04"
    a.path.close()
    assert b.exchange(senml.as_json(heart_rate(71))).text == "2.04"


def test_the_device_is_gone_before_the_answer(ward):
    """A receipt whose session has ended must hurt nobody."""
    broker = ward.fake()
    broker.on_publish = lambda p: HOLD if "/beds/" in p.topic else 0
    daemon = ward.daemon(broker, devices={"a": "key-of-a-0123456789", "b": "key-of-b-0123456789"})
    c = ward.session(daemon, "a")
    c.post(senml.as_json(heart_rate(70)))
    broker.wait_publish(lambda p: "/beds/" in p.topic, "the reading")
    c.path.close()
    broker.on_publish = None
    broker.release()
    assert ward.session(daemon, "b").exchange(senml.as_json(heart_rate(71))).text == "2.04"


def test_plaintext_for_tests_only_on_loopback(ward):
    broker = ward.broker()
    port = free_port(socket.SOCK_DGRAM)
    daemon = ward.daemon(broker, sections={"CoAP": {"PlaintextListen": f"127.0.0.1:{port}"}})
    c = coapwire.Client(coapwire.PlainPath("127.0.0.1", port))
    assert c.wait(c.get(".well-known/core")).text == "2.05"
    assert ward.session(daemon).exchange(senml.as_json(heart_rate(70))).text == "2.04"


def test_an_address_that_comes_later_is_listened_on(ward):
    """As with a network that is up after the gateway is; here somebody else has the ports at first."""
    broker = ward.broker()
    sub = ward.subscriber(broker)
    daemon, private_bus = served(ward, broker=broker, devices=dict(list(DEVICES.items())[:2]), start=False)
    plain = free_port(socket.SOCK_DGRAM)
    daemon.set("CoAP", {"PlaintextListen": f"127.0.0.1:{plain}"})
    daemon.environment = ward.hurry(10)
    with contextlib.ExitStack() as holders:
        for port in (daemon.coap_port, plain):
            holders.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)).bind(("127.0.0.1", port))
        daemon.start()
        wait_served(daemon)
        caller = ward.keep(Caller(private_bus))

        def coap():
            return caller.run("status")["drivers"]["coap"]
        daemon.wait_log("cannot listen")
        told = coap()
        assert not told["running"] and "Address already in use" in told["problem"], told
        at = caller.mark()
    caller.signal("StatusChanged", lambda s: "problem" not in json.loads(s)["drivers"]["coap"], at)
    assert coap()["running"] and daemon.count_log("cannot listen on") == 1
    assert ward.session(daemon).exchange(senml.as_json(heart_rate(70))).text == "2.04"
    sub.reading("dev1", "heart-rate")
    c = coapwire.Client(coapwire.PlainPath("127.0.0.1", plain))
    assert c.wait(c.get(".well-known/core")).text == "2.05"


@pytest.mark.slow
def test_the_device_document_follows_within_a_minute(clinic, device):
    """On change of state, at most once a minute."""
    assert device.exchange(senml.as_json(heart_rate(70))).text == "2.04"
    topic = clinic.daemon.gateway_topic(f"devices/{device.name}")
    d = clinic.sub.wait_topic(topic, lambda m: m.payload and m.json["state"] == "present",
                              deadline=100).json
    assert d["transport"] == "coap" and d["address"] == device.name and d["last_heard"]
    before = [m for m in clinic.sub.messages if m.topic == topic]
    assert len(before) <= 3
