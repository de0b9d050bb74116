"""The MQTT contract against a broker that misbehaves on command: refusals, limits, silence, kicks,
rubbish. The broker's own accounts are the evidence."""
import re
import time

import pytest

from ward import mqttwire, senml
from ward.base import wait_until
from ward.fakebroker import CLOSE, HOLD, IGNORE
from ward.senml import heart_rate, record

FAST = {"ConnectTimeout": "1s", "AckTimeout": "1s", "KeepAlive": "5s"}


def is_reading(p):
    return "/beds/" in p.topic


def counter(p):
    import json
    return json.loads(p.payload)["value"] if is_reading(p) else None


def pack(*numbers):
    return senml.as_json(*[record("counter", n, t=-i) for i, n in enumerate(numbers, 1)])


def daemon_at(ward, broker, **mqtt):
    # The disk takes its time: what makes a reading safe here is the broker alone.
    return ward.daemon(broker, sections={"MQTT": {**FAST, **mqtt}, "Store": {"CommitInterval": "10s"}})


def settled(broker):
    """The first session, once all that it began with is confirmed: a broker that hangs up while the
    gateway writes may never be heard."""
    session = broker.wait_session()
    wait_until(lambda: any("/devices/" in p.topic for p in broker.publishes) and
               not session.unacknowledged, "the birth")
    return session


def send_all(client, numbers):
    return [client.post(senml.as_json(record("counter", n))) for n in numbers]


def post_all(client, numbers):
    """Eight at a time: more than sixteen unanswered are more than the gateway keeps for one device."""
    numbers, codes = list(numbers), []
    for i in range(0, len(numbers), 8):
        codes += [client.wait(m).text for m in send_all(client, numbers[i:i + 8])]
    return codes


# --- the window ---

@pytest.mark.parametrize("announced,window,most", [(5, 100, 5), (1, 100, 1), (65535, 20, 20), (None, 8, 8)])
def test_window_and_receive_maximum(ward, announced, window, most):
    """Everything is held back: the daemon must stop at the smaller of the two, whatever waits."""
    broker = ward.fake()
    if announced:
        broker.connack_properties = {"receive_maximum": announced}
    daemon = daemon_at(ward, broker, Window=str(window), AckTimeout="60s")
    session = settled(broker)
    # the library would hold back what exceeds Receive Maximum, and hide that the daemon does not
    daemon.wait_log(f"WINDOW={most}")
    broker.on_publish = lambda p: HOLD
    c = ward.session(daemon)
    sent = c.post(pack(*range(1, 121)))
    # places are kept for an alarm and for documents, so that readings alone fill fewer
    wait_until(lambda: len(session.unacknowledged) >= max(1, most - most // 8 - 2), "a full window")
    assert c.wait(sent, deadline=0.5, retransmit=False) is None
    assert session.most_unacknowledged <= most
    broker.on_publish = None
    broker.release()
    assert c.wait(sent, retransmit=False).text == "2.04"
    assert session.most_unacknowledged <= most
    assert {counter(p) for p in broker.publishes if is_reading(p)} == set(range(1, 121))
    assert len(broker.sessions) == 1


def test_the_window_holds_on_3_1_1(ward):
    broker = ward.fake()
    daemon = daemon_at(ward, broker, Window="10", Protocol="3.1.1", AckTimeout="60s")
    session = broker.wait_session()
    broker.on_publish = lambda p: HOLD
    c = ward.session(daemon)
    sent = c.post(pack(*range(1, 61)))
    wait_until(lambda: len(session.unacknowledged) >= 8, "a full window")
    broker.on_publish = None
    broker.release()
    assert c.wait(sent, retransmit=False).text == "2.04"
    assert session.most_unacknowledged <= 10


# --- refusals by code (MQTT 5) ---

def test_a_refused_publish_is_set_aside_and_the_rest_goes_on(ward):
    broker = ward.fake()
    broker.on_publish = lambda p: 0x99 if counter(p) == 13 else 0
    daemon = daemon_at(ward, broker)
    c = ward.session(daemon)
    poison = c.post(senml.as_json(record("counter", 13)))
    assert set(post_all(c, range(20, 40))) == {"2.04"}
    broker.wait_publish(lambda p: counter(p) == 13, "the poison")
    assert c.wait(poison, deadline=0.3, retransmit=False) is None, "refused is not safe"
    daemon.wait_log(re.compile(r"(?i)refus"))
    assert len(broker.sessions) == 1, "a refusal by code ends no session"


@pytest.mark.slow
def test_a_refused_publish_is_tried_a_stated_number_of_times(ward):
    broker = ward.fake()
    broker.on_publish = lambda p: 0x87 if counter(p) == 13 else 0
    daemon = daemon_at(ward, broker)
    c = ward.session(daemon)
    c.post(senml.as_json(record("counter", 13)))
    daemon.wait_log(re.compile(r"(?i)aside"), deadline=200)
    tries = [p for p in broker.publishes if counter(p) == 13]
    assert 2 <= len(tries) <= 20
    assert all(not p.dup for p in tries), "a new PUBLISH each time, not a repeated one"
    assert set(post_all(c, range(20, 25))) == {"2.04"}


def test_a_refusal_that_ends_delivers_the_message(ward):
    """0x87 at first, success later: one reading, same id, acknowledged."""
    broker = ward.fake()
    seen = []

    def refuse_once(p):
        if counter(p) != 13:
            return 0
        seen.append(p)
        return 0x87 if len(seen) == 1 else 0
    broker.on_publish = refuse_once
    daemon = daemon_at(ward, broker)
    c = ward.session(daemon)
    assert c.exchange(senml.as_json(record("counter", 13))).text == "2.04"
    assert len(seen) == 2 and seen[0].payload.split(b",")[0] == seen[1].payload.split(b",")[0]


def test_nobody_listening_is_accepted_and_said(ward):
    broker = ward.fake()
    broker.on_publish = lambda p: 0x10 if is_reading(p) else 0
    daemon = daemon_at(ward, broker)
    c = ward.session(daemon)
    assert c.exchange(senml.as_json(heart_rate(70))).text == "2.04"
    daemon.wait_log(re.compile(r"(?i)(nobody|no (matching )?subscriber)"))
    assert len([p for p in broker.publishes if is_reading(p)]) == 1


@pytest.mark.slow
def test_nobody_listening_can_be_kept(ward):
    """NoSubscriber=keep: the disk has it, and it is offered again until somebody has it."""
    broker = ward.fake()
    broker.on_publish = lambda p: 0x10 if is_reading(p) else 0
    daemon = daemon_at(ward, broker, NoSubscriber="keep")
    c = ward.session(daemon)
    sent = c.post(senml.as_json(heart_rate(70)))
    broker.wait_publish(is_reading, "the reading")
    assert c.wait(sent, retransmit=False).text == "2.04"
    broker.on_publish = None
    start = len(broker.publishes)
    again = broker.wait_publish(is_reading, "the reading once more", start, deadline=90)
    first = next(p for p in broker.publishes if is_reading(p))
    import json
    assert json.loads(first.payload)["id"] == json.loads(again.payload)["id"]


def test_quota_exceeded_slows_down_and_loses_nothing(ward):
    broker = ward.fake()
    refused = set()

    def quota(p):
        if is_reading(p) and len(refused) < 5 and counter(p) not in refused:
            refused.add(counter(p))
            return 0x97
        return 0
    broker.on_publish = quota
    daemon = daemon_at(ward, broker)
    c = ward.session(daemon)
    assert set(post_all(c, range(1, 11))) == {"2.04"}
    assert len(refused) == 5
    assert len(broker.sessions) == 1


# --- refusals by hanging up (MQTT 3.1.1) ---

def test_the_poison_is_found_and_the_rest_arrives(ward):
    """The broker closes the connection at one message: three losses, then one at a time, then it is
    set aside."""
    broker = ward.fake()
    confirmed = set()

    def hang_up(p):
        if counter(p) == 13:
            return CLOSE
        if is_reading(p):
            confirmed.add(counter(p))
        return 0
    broker.on_publish = hang_up
    daemon = daemon_at(ward, broker, Protocol="3.1.1")
    broker.wait_session()
    c = ward.session(daemon)
    sent = c.post(senml.as_json(record("counter", 13)))
    others = send_all(c, range(20, 30))
    daemon.wait_log(re.compile(r"(?i)aside"), deadline=60)
    assert [c.wait(m, deadline=30).text for m in others] == ["2.04"] * 10
    assert confirmed >= set(range(20, 30))
    assert c.wait(sent, deadline=0.2, retransmit=False) is None
    poisoned = [p for p in broker.publishes if counter(p) == 13]
    assert 3 <= len(poisoned) <= 10
    at = len(broker.sessions)
    assert set(post_all(c, range(40, 50))) == {"2.04"}
    assert len(broker.sessions) == at, "the session stays once the poison is out"


# --- silence ---

def test_acknowledgements_that_do_not_come_end_the_session(ward):
    broker = ward.fake()
    broker.on_publish = lambda p: IGNORE if is_reading(p) else 0
    daemon = daemon_at(ward, broker)
    c = ward.session(daemon)
    sent = c.post(senml.as_json(record("counter", 1)))
    broker.wait_session(2)
    broker.on_publish = None
    assert c.wait(sent, retransmit=False).text == "2.04"
    import json
    said = [json.loads(p.payload) for p in broker.publishes if counter(p) == 1]
    assert len(said) >= 2 and len({r["id"] for r in said}) == 1
    assert "backfill" not in said[0] and said[-1]["backfill"] is True
    assert daemon.process.alive()


@pytest.mark.parametrize("fault", ["silent", "no_connack"])
def test_a_silent_broker_is_left_for_the_next(ward, fault):
    broker, other = ward.fake(), ward.fake()
    setattr(broker, fault, True)
    daemon = ward.daemon(broker, sections={"MQTT": dict(FAST, Broker=f"{broker.uri()} {other.uri()}")})
    other.wait_session()
    assert ward.session(daemon).exchange(senml.as_json(heart_rate(70))).text == "2.04"


def test_a_tls_peer_that_says_nothing(ward, certs):
    silent, other = ward.fake(), ward.fake(tls=True)
    silent.silent = True
    daemon = ward.daemon(ward.broker(start=False), sections={"MQTT": dict(
        FAST, Broker=f"mqtts://localhost:{silent.port} mqtts://localhost:{other.port}")})
    other.wait_session()
    assert daemon.process.alive()


@pytest.mark.slow
def test_pings_that_are_not_answered_end_the_session(ward):
    broker = ward.fake()
    daemon_at(ward, broker)
    broker.wait_session()
    broker.mute = True
    broker.wait_session(2, deadline=60)


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_broker_that_dies_under_load(ward, protocol):
    """Connections cut in the middle, ten times; each reading that a device was told of had its PUBACK,
    and one sent again has the id that it had."""
    import json
    from ward.load import Load
    broker = ward.fake()
    confirmed, ids = set(), {}

    def account(p):
        if is_reading(p):
            r = json.loads(p.payload)
            assert ids.setdefault(r["value"], r["id"]) == r["id"]
            confirmed.add(r["value"])
        return 0
    broker.on_publish = account
    daemon = daemon_at(ward, broker, Protocol=protocol)
    broker.wait_session()
    load = Load(ward, daemon)
    for n in range(10):
        load.progress(10)
        broker.wait_session(n + 1).close()
        broker.wait_session(n + 2)
    assert load.finish() <= confirmed


# --- refusals to connect, kicks ---

@pytest.mark.parametrize("protocol,code,words", [
    ("5", 0x86, "(?i)user name or password"), ("5", 0x88, "(?i)unavailable"), ("5", 0x89, "(?i)busy"),
    ("3.1.1", 3, "(?i)unavailable"), ("3.1.1", 4, "(?i)user name or password"),
    ("3.1.1", 5, "(?i)not authori[sz]ed")])
def test_a_refused_connack_is_said_in_words(ward, protocol, code, words):
    broker = ward.fake()
    broker.connack_code = code
    daemon = daemon_at(ward, broker, Protocol=protocol)
    daemon.wait_log(re.compile(words))
    broker.connack_code = 0
    broker.wait_session()
    assert ward.session(daemon).exchange(senml.as_json(heart_rate(70))).text == "2.04"


def test_a_takeover_is_named(ward):
    broker = ward.fake()
    daemon = daemon_at(ward, broker)
    settled(broker).disconnect(0x8E)
    daemon.wait_log(re.compile("(?i)taken over"))
    broker.wait_session(2)


@pytest.mark.parametrize("code", [0x8B, 0x93, 0x98, 0x9D])
def test_other_ends_are_named_too(ward, code):
    broker = ward.fake()
    daemon = daemon_at(ward, broker)
    settled(broker).disconnect(code)
    words = {0x8B: "shutting down", 0x93: "receive maximum", 0x98: "administrative", 0x9D: "moved"}
    daemon.wait_log(re.compile("(?i)" + words[code]))
    broker.wait_session(2)


def test_connect_then_kick_is_no_storm(ward):
    """A broker that accepts and kicks at once must not be hammered: only a confirmed publish resets the
    back-off. Were it reset by CONNACK, no pause would ever be longer than the first, a second at most;
    with full jitter of 1, 2, 4, 8 s and so on, one in a million runs sees none in twelve attempts."""
    broker = ward.fake()
    broker.after_connack = lambda c: c.disconnect(0x8E)
    daemon_at(ward, broker)

    def gaps(items):
        return [b.opened - a.opened for a, b in zip(items, items[1:])]
    broker.accepted.wait_for(lambda items: len(items) >= 12 or max(gaps(items), default=0) > 1.2,
                             "a pause longer than the first", deadline=120)
    assert max(gaps(broker.accepted.items)) > 1.2, gaps(broker.accepted.items)


def test_a_refused_subscription_stops_nothing(ward):
    broker = ward.fake()
    broker.suback_code = 0x87
    daemon = daemon_at(ward, broker, Commands="acknowledge")
    broker.wait_session()
    assert ward.session(daemon).exchange(senml.as_json(heart_rate(70))).text == "2.04"
    daemon.wait_log(re.compile("(?i)subscri"))
    assert len(broker.sessions) == 1


# --- rubbish ---

RUBBISH = [
    bytes([0x00, 0x00]), bytes([0xF0, 0x00]), b"\xff" * 64, b"\x30\xff\xff\xff\xff\x7f",
    b"\x30\x02\x00\x05", b"\x40\x01\x00", b"\x40\x02\x00\x00", b"\x90\x00", b"\x20\x02\x00\x00",
    b"\x40\x04\x00\x01\x00\xff", b"\x32\x05\x00\x01a\x00\x00", b"\x30\x03\x00\x01#",
    b"\x36\x07\x00\x01a\x00\x01\x00x", b"\xe0\x02\x8e\x7f", b"\x62\x02\x00\x01",
    b"\x30\x08\x00\x02\xc3\x28\x00abc", b"\x30\x0a\x00\x01a\x05\x26\x00\x01k\x00",
]


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_rubbish_from_the_broker(ward, protocol):
    """Each kind once, right after CONNACK; then the broker comes to its senses and all is well."""
    broker = ward.fake()
    pieces = list(RUBBISH)

    def spit(c):
        if pieces:
            c.send(pieces.pop(0))
            c.close()
    broker.after_connack = spit
    daemon = daemon_at(ward, broker, Protocol=protocol, Commands="acknowledge")
    c = ward.session(daemon)
    # readings that are confirmed reset the back-off, so that all of it is served in little time
    sent = c.post(senml.as_json(record("counter", 1)))
    broker.sessions.wait_for(lambda items: len(items) >= 4, "four sessions", deadline=60)
    pieces.clear()
    assert c.wait(sent, deadline=60, retransmit=False).text in ("2.04", "5.03")
    assert c.exchange(senml.as_json(record("counter", 2))).text == "2.04"
    assert daemon.process.alive()


@pytest.mark.parametrize("piece", range(len(RUBBISH)))
@pytest.mark.slow
def test_each_rubbish_alone(ward, piece):
    broker = ward.fake()
    daemon = daemon_at(ward, broker, Commands="acknowledge")
    session = broker.wait_session()
    c = ward.session(daemon)
    assert c.exchange(senml.as_json(record("counter", 1))).text == "2.04"
    session.send(RUBBISH[piece])
    assert c.exchange(senml.as_json(record("counter", 2))).text == "2.04"
    assert daemon.process.alive()


def test_acknowledgements_of_what_was_never_sent(ward):
    broker = ward.fake()
    daemon = daemon_at(ward, broker)
    session = broker.wait_session()
    for mid in (1, 77, 65535):
        session.send(mqttwire.puback(5, mid))
        session.send(mqttwire.puback(5, mid, 0x87))
    c = ward.session(daemon)
    assert c.exchange(senml.as_json(record("counter", 1))).text == "2.04"
    assert daemon.process.alive()


def test_a_packet_too_large_for_the_broker(ward):
    """Maximum Packet Size below a reading: set aside, not sent, and nothing else suffers."""
    broker = ward.fake()
    broker.connack_properties = {"maximum_packet_size": 300}
    daemon = daemon_at(ward, broker)
    broker.wait_session()
    c = ward.session(daemon)
    c.post(senml.as_json(heart_rate(70)))
    daemon.wait_log(re.compile("(?i)(too large|larger|maximum packet|aside)"))
    assert daemon.process.alive()
    assert all(p.size <= 300 for p in broker.publishes)


def test_a_broker_without_retain(ward):
    broker = ward.fake()
    broker.connack_properties = {"retain_available": 0}
    daemon = daemon_at(ward, broker)
    assert ward.session(daemon).exchange(senml.as_json(heart_rate(70))).text == "2.04"
    assert not [p for p in broker.publishes if p.retain]


def test_delays_are_borne(ward):
    """Every PUBACK 20 ms late: nothing is sent twice."""
    broker = ward.fake()
    broker.puback_delay = 0.02
    daemon = daemon_at(ward, broker, AckTimeout="30s")
    c = ward.session(daemon)
    assert c.wait(c.post(pack(*range(1, 41)))).text == "2.04"
    numbers = [counter(p) for p in broker.publishes if is_reading(p)]
    assert sorted(numbers) == list(range(1, 41))


def test_connect_says_what_the_contract_says(ward):
    broker = ward.fake()
    daemon = daemon_at(ward, broker, KeepAlive="30s", ClientId="a-client", Username="u")
    k = broker.wait_session().connect
    assert (k.level, k.client, k.keep_alive, k.username) == (5, "a-client", 30, "u")
    assert k.will["topic"] == daemon.gateway_topic("status")
    assert (k.will["qos"], k.will["retain"]) == (1, True)
    import json
    assert json.loads(k.will["payload"])["status"] == "offline"
    first = broker.wait_publish(lambda p: True, "the birth")
    assert first.topic == daemon.gateway_topic("status") and first.retain and first.qos == 1
    assert "message_expiry" not in first.properties


def test_order_within_a_device_is_kept(ward):
    broker = ward.fake()
    daemon = daemon_at(ward, broker)
    c = ward.session(daemon)
    now = int(time.time())
    assert c.exchange(senml.as_json(*[record("counter", n, t=now - 100 + n)
                                      for n in range(1, 100)])).text == "2.04"
    assert [counter(p) for p in broker.publishes if is_reading(p)] == list(range(1, 100))
