"""The tools themselves: a broker that misbehaves on command must do so exactly, or tests that stand
on it prove nothing."""
import socket
import ssl
import threading
import time

import paho.mqtt.client as paho
import pytest

from ward import coapwire, dns, mqttwire, senml
from ward.base import Record
from ward.fakebroker import CLOSE, HOLD
from ward.zigbee_judge import wrong


class Paho:
    """A client that we did not write, against our fake broker."""

    def __init__(self, broker, protocol=paho.MQTTv5, will=None):
        self.events, self.messages = Record(), Record()
        self.client = paho.Client(client_id="self-test", protocol=protocol)
        if will:
            self.client.will_set(*will)
        self.client.on_connect = lambda c, u, f, rc, p=None: self.events.add(
            ("connect", getattr(rc, "value", rc), p))
        self.client.on_disconnect = lambda c, u, rc, p=None: self.events.add(
            ("disconnect", getattr(rc, "value", rc), p))
        self.client.on_publish = lambda c, u, mid: self.events.add(("published", mid))
        self.client.on_subscribe = lambda c, u, mid, codes, p=None: self.events.add(
            ("subscribed", [getattr(x, "value", x) for x in codes]))
        self.client.on_message = lambda c, u, m: self.messages.add((m.topic, m.payload))
        self.client.reconnect_delay_set(1, 1)
        self.client.connect("localhost", broker.port, keepalive=30)
        self.client.loop_start()

    def wait(self, kind):
        return self.events.wait(lambda e: e[0] == kind, kind)

    def end(self):
        self.client.disconnect()
        self.client.loop_stop()


@pytest.mark.parametrize("protocol", [paho.MQTTv5, paho.MQTTv311])
def test_a_plain_exchange(ward, protocol):
    broker = ward.fake()
    c = ward.keep(Paho(broker, protocol, will=("w/t", b"gone", 1, True)))
    assert c.wait("connect")[1] == 0
    c.client.subscribe("a/+/c", 1)
    assert c.wait("subscribed")[1] == [1]
    c.client.publish("a/b/c", b"hello", qos=1)
    c.wait("published")
    assert c.messages.wait(lambda m: True, "the message back") == ("a/b/c", b"hello")
    p = broker.publishes.items[0]
    assert (p.topic, p.payload, p.qos, p.dup) == ("a/b/c", b"hello", 1, False)
    k = broker.connects.items[0].connect
    assert k.client == "self-test" and k.keep_alive == 30
    assert k.will["topic"] == "w/t" and k.will["retain"] and k.will["qos"] == 1


def test_over_mutual_tls(ward, certs):
    broker = ward.fake(tls=True)
    s = ward.subscriber(broker)
    s.publish("t", b"x")
    assert s.wait_topic("t").payload == b"x"


def test_without_a_certificate_there_is_no_session(ward, certs):
    broker = ward.fake(tls=True)
    context = ssl.create_default_context(cafile=certs.authority.ca)
    with pytest.raises((ssl.SSLError, ConnectionError)):
        with context.wrap_socket(socket.create_connection(("127.0.0.1", broker.port)),
                                 server_hostname="localhost") as s:
            s.sendall(b"\x10")
            if s.recv(1) == b"":
                raise ConnectionError("closed")
    assert not list(broker.connects)


def raw_client(broker):
    """A socket with a session, for what paho hides or does not do exactly."""
    s = socket.create_connection(("127.0.0.1", broker.port), 30)
    s.sendall(mqttwire.packet(mqttwire.CONNECT, 0, mqttwire.text("MQTT") + b"\x05\x02\x00\x1e\x00"
                              + mqttwire.text("raw")))
    return s


def test_counts_what_is_unacknowledged(ward):
    broker = ward.fake()
    broker.connack_properties = {"receive_maximum": 7}
    broker.on_publish = lambda p: HOLD
    with raw_client(broker) as s:
        assert s.recv(8) == b"\x20\x06\x00\x00\x03\x21\x00\x07"
        for mid in range(1, 6):
            s.sendall(mqttwire.publish(5, "t", b"x", qos=1, mid=mid))
        broker.publishes.wait_for(lambda items: len(items) == 5, "five")
        broker.release()
        assert broker.held() == 0
        for mid in range(6, 9):
            s.sendall(mqttwire.publish(5, "t", b"x", qos=1, mid=mid))
        broker.publishes.wait_for(lambda items: len(items) == 8, "eight")
        c = broker.sessions.items[0]
        assert (c.most_unacknowledged, len(c.unacknowledged), c.acknowledged) == (5, 3, 5)


def test_reason_codes_reach_the_client(ward):
    broker = ward.fake()
    broker.on_publish = lambda p: 0x97 if p.topic == "quota" else 0x10
    with raw_client(broker) as s:
        assert s.recv(5) == b"\x20\x03\x00\x00\x00"
        s.sendall(mqttwire.publish(5, "quota", b"1", qos=1, mid=5))
        assert s.recv(5) == b"\x40\x03\x00\x05\x97"
        s.sendall(mqttwire.publish(5, "other", b"1", qos=1, mid=6))
        assert s.recv(5) == b"\x40\x03\x00\x06\x10"


def test_refused_connack_and_suback(ward):
    broker = ward.fake()
    broker.connack_code = 0x87
    c = ward.keep(Paho(broker))
    assert c.wait("connect")[1] == 0x87
    broker.connack_code = 0
    c.events.wait(lambda e: e[:2] == ("connect", 0), "a session once allowed")
    broker.suback_code = 0x87
    c.client.subscribe("a", 1)
    assert c.wait("subscribed")[1] == [0x87]


def test_kicks_with_a_reason(ward):
    broker = ward.fake()
    c = ward.keep(Paho(broker))
    c.wait("connect")
    # with a property: paho 1.6 reads the reason only when one follows
    broker.wait_session().disconnect(0x8E, {"reason_string": "taken over"})
    assert c.wait("disconnect")[1] == 0x8E


def test_hangs_up_on_the_poison_message_only(ward):
    broker = ward.fake()
    broker.on_publish = lambda p: CLOSE if p.payload == b"poison" else 0
    c = ward.keep(Paho(broker, paho.MQTTv311))
    c.wait("connect")
    c.client.publish("t", b"good", qos=1)
    c.wait("published")
    c.client.publish("t", b"poison", qos=1)
    c.wait("disconnect")
    broker.wait_session(2)


def test_silence_before_tls_and_before_connack(ward):
    broker = ward.fake()
    broker.silent = True
    with socket.create_connection(("127.0.0.1", broker.port)) as s:
        s.settimeout(0.2)
        s.sendall(b"anything")
        with pytest.raises(TimeoutError):
            s.recv(1)
    broker.silent, broker.no_connack = False, True
    ward.keep(Paho(broker))
    broker.connects.wait_for(lambda items: items, "CONNECT")
    assert not list(broker.sessions)


def test_rubbish_after_connack(ward):
    broker = ward.fake()
    broker.after_connack = lambda c: c.send(b"\xf7\xff\xff\xff\xff\xff")
    c = ward.keep(Paho(broker))
    c.wait("disconnect")


def test_commands_reach_a_subscriber_with_properties(ward):
    broker = ward.fake()
    got = Record()
    c = ward.keep(Paho(broker))
    c.client.on_message = lambda cl, u, m: got.add(m)
    c.wait("connect")
    broker.wait_session().deliver("cmd/x", b"{}", props={"response_topic": "r", "user": [("a", "b")],
                                                         "correlation_data": b"\x01"})
    m = got.wait(lambda m: True, "the command")
    assert m.properties.ResponseTopic == "r" and m.properties.UserProperty == [("a", "b")]
    broker.client_acks.wait(lambda a: True, "PUBACK of the client")


def test_mosquitto_freezes_without_a_fin(ward, certs):
    broker = ward.broker()
    s = ward.subscriber(broker)
    s.publish("a", b"1")
    s.wait_topic("a")
    broker.freeze()
    done = threading.Event()
    threading.Thread(target=lambda: (s.publish("a", b"2"), done.set()), daemon=True).start()
    assert not done.wait(0.3)
    broker.thaw()
    assert done.wait(30)
    assert s.wait_topic("a", lambda m: m.payload == b"2").qos == 1


def test_a_persistent_session_survives_a_broker_restart(ward, certs):
    broker = ward.broker()
    s = ward.subscriber(broker)
    s.end()
    ward.subscriber(broker, name="other", topics="nothing").publish("a", b"kept")
    broker.stop()
    broker.start()
    again = ward.subscriber(broker, topics="b")
    assert again.wait_topic("a").payload == b"kept"


def test_a_subscriber_comes_back_by_itself(ward, certs):
    broker = ward.broker()
    s = ward.subscriber(broker)
    for n in range(3):
        broker.stop()
        broker.start()
        s.publish("a", str(n).encode())
        s.wait_topic("a", lambda m, n=n: m.payload == str(n).encode())


def test_coap_messages_survive_their_own_decoder():
    m = coapwire.Message(coapwire.CON, coapwire.POST, 0x1234, b"tok", [
        (coapwire.URI_PATH, "readings"), (coapwire.CONTENT_FORMAT, 110), (coapwire.SIZE1, 70000),
        (coapwire.BLOCK1, 6)], b"payload")
    d = coapwire.Message.decode(m.encode())
    assert (d.kind, d.code, d.mid, d.token, d.payload) == (0, 2, 0x1234, b"tok", b"payload")
    assert d.uint(coapwire.SIZE1) == 70000 and d.option(coapwire.URI_PATH) == b"readings"


def test_senml_cbor_has_integer_labels():
    assert senml.as_cbor({"n": "a", "v": 1}) == bytes.fromhex("81a20061610201")


def test_the_silent_name_server_holds_a_lookup(ward):
    reason = dns.why_not()
    if reason:
        pytest.skip(reason)
    import subprocess
    server = ward.silent_dns()
    argv = dns.wrapper(ward.dir, server) + ["/usr/bin/python3", "-c",
                                            "import socket; socket.getaddrinfo('a.example', 1)"]
    child = subprocess.Popen(argv, stderr=subprocess.DEVNULL)
    try:
        server.queries.wait_for(lambda items: items, "a query")
        assert child.poll() is None
    finally:
        child.kill()
        child.wait()


def test_the_clock_shim_shifts_the_wall_clock_only(ward):
    import os
    import subprocess
    clock = ward.clock()
    clock.step(-3600)
    clock.say((5, 0x40, 16000000))
    code = ("import time,ctypes\n"
            "print(time.clock_gettime(time.CLOCK_REALTIME), time.clock_gettime(time.CLOCK_BOOTTIME))\n"
            "b=ctypes.create_string_buffer(512)\n"
            "print(ctypes.CDLL(None).adjtimex(b), int.from_bytes(b.raw[40:44],'little'))")
    out = subprocess.run(["/usr/bin/python3", "-c", code], env=dict(os.environ, **clock.environment()),
                         capture_output=True, text=True, check=True).stdout.split()
    assert abs(float(out[0]) - (time.time() - 3600)) < 60
    assert abs(float(out[1]) - time.clock_gettime(time.CLOCK_BOOTTIME)) < 60
    assert out[2:] == ["5", "64"]
    assert clock.asked == 1


def test_the_judge_of_zigbee_values():
    """What is missing, too much, or in another order shows; what the radio lost may be there or not."""
    def said(*values):
        return [{"device": "d", "metric": "m", "value": abs(v), "by": "report", "acknowledged": v > 0,
                 "time": f"2026-11-21T10:00:{n:02}.000Z"} for n, v in enumerate(values)]

    def came(*values):
        return [{"device": "d", "metric": "m", "value": v, "received": "2026-11-21T10:00:00.000Z"} for v in values]
    sent = said(1, 2, -3, 2, -4, 5)
    for good in ((1, 2, 2, 5), (1, 2, 3, 2, 5), (1, 2, 3, 2, 4, 5)):
        assert not wrong(sent, came(*good)), good
        assert not wrong(sent, came(*good), ordered=False), good
    for bad in ((1, 2, 5), (1, 2, 2), (1, 2, 2, 5, 5), (1, 2, 2, 2, 5), (1, 2, 2, 5, 6), ()):
        assert wrong(sent, came(*bad)), bad
        assert wrong(sent, came(*bad), ordered=False), bad
    assert wrong(sent, came(2, 1, 2, 5)) and not wrong(sent, came(2, 1, 2, 5), ordered=False)
    assert not wrong(sent, came(), but={"d"})
