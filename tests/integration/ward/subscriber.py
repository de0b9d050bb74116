"""An observer of the broker that shares no code with the daemon: paho, MQTT 5, QoS 1, a persistent
session, so that nothing that the broker accepted can escape it."""
import json
import ssl
import threading
import time

import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from .base import DEADLINE, Missing, Record, wait_until


class Message:
    """One arrived PUBLISH."""

    def __init__(self, m):
        self.topic, self.payload, self.qos = m.topic, m.payload, m.qos
        self.retain, self.dup = bool(m.retain), bool(m.dup)
        p = m.properties
        self.content_type = getattr(p, "ContentType", None)
        self.user = dict(getattr(p, "UserProperty", []) or [])
        self.expiry = getattr(p, "MessageExpiryInterval", None)
        self.correlation = getattr(p, "CorrelationData", None)
        self.response_topic = getattr(p, "ResponseTopic", None)

    @property
    def json(self):
        return json.loads(self.payload)

    def __repr__(self):
        return f"{self.topic} {'R ' if self.retain else ''}{self.payload!r}"


class Subscriber:
    """All that touches its connection runs in one thread: Python's TLS sockets do not bear a reader and
    a writer at once, and paho writes from whatever thread calls it."""

    def __init__(self, broker, certs, name="subscriber", topics="#", host="127.0.0.1", pair=None):
        self.messages = Record()
        self.connected = Record()
        self.name, self.topics = name, topics
        self.ending = threading.Event()
        self.address = (host, broker.port)
        self.pair = (pair or certs.subscriber()) if broker.tls else None
        self.client = self._client(name)
        self.client.max_inflight_messages_set(65000)
        self.client.on_connect = self._on_connect
        self.client.on_subscribe = lambda *a: self.connected.add("subscribed")
        self.client.on_message = lambda c, u, m: self.messages.add(Message(m))
        self._connect(self.client, False)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        self.connected.wait(lambda x: x == "subscribed", f"SUBACK for {name}")

    def _client(self, name):
        client = paho.Client(client_id=name, protocol=paho.MQTTv5)
        if self.pair is not None:
            client.tls_set(ca_certs=self.pair.ca, certfile=self.pair.cert, keyfile=self.pair.key,
                           tls_version=ssl.PROTOCOL_TLS_CLIENT)
        return client

    def _connect(self, client, clean):
        props = Properties(PacketTypes.CONNECT)
        props.SessionExpiryInterval = 0 if clean else 3600
        client.connect(*self.address, keepalive=60, clean_start=clean, properties=props)

    def _run(self):
        up = True
        while not self.ending.is_set():
            try:
                if not up:
                    self.client.reconnect()
                up = self.client.loop(0.1) == paho.MQTT_ERR_SUCCESS
            except (OSError, ValueError):  # ValueError: paho waits on a socket that it has closed
                up = False
            if not up:  # its broker is gone, for now
                self.ending.wait(0.05)
        try:
            self.client.disconnect()
        except (OSError, ValueError):
            pass

    def _on_connect(self, client, userdata, flags, rc, properties=None):
        if rc == 0:
            self.connected.add("connected")
            client.subscribe(self.topics, qos=1)

    def publish(self, topic, *payloads, retain=False, response_topic=None, correlation=None):
        """By a connection of its own, in the calling thread; returns once all are confirmed."""
        props = Properties(PacketTypes.PUBLISH)
        if response_topic:
            props.ResponseTopic = response_topic
        if correlation:
            props.CorrelationData = correlation
        client, confirmed = self._client(self.name + "-publisher"), []
        client.on_connect = lambda c, *a: [c.publish(topic, payload, qos=1, retain=retain, properties=props)
                                           for payload in payloads]
        client.on_publish = lambda *a: confirmed.append(True)
        self._connect(client, True)
        end = time.monotonic() + DEADLINE
        while len(confirmed) < len(payloads):
            if client.loop(0.1) != paho.MQTT_ERR_SUCCESS or time.monotonic() > end:
                raise Missing(f"PUBACK for {topic}")
        client.disconnect()

    def mark(self):
        return len(self.messages)

    def wait(self, predicate, what, start=0, deadline=30):
        return self.messages.wait(predicate, what, start, deadline)

    def wait_topic(self, topic, predicate=lambda m: True, start=0, deadline=30):
        return self.messages.wait(lambda m: m.topic == topic and predicate(m),
                                  f"a message on {topic}", start, deadline)

    def readings(self, device=None, metric=None):
        """Readings that arrived, as objects, in order of arrival, duplicates included."""
        found = []
        for m in self.messages:
            parts = m.topic.split("/")
            if "beds" not in parts or not m.payload:
                continue
            r = m.json
            if (device is None or r["device"] == device) and (metric is None or
                                                              r["metric"] == metric):
                found.append(r)
        return found

    def reading(self, device=None, metric=None, where=lambda r: True, start=0, deadline=30):
        """Waits for one reading and gives the message."""
        def fits(m):
            if "/beds/" not in m.topic or not m.payload:
                return False
            r = m.json
            return (device in (None, r["device"]) and metric in (None, r["metric"]) and where(r))
        return self.messages.wait(fits, f"a reading of {device or 'any device'}, "
                                  f"{metric or 'any metric'}", start, deadline)

    def wait_readings(self, count, device=None, metric=None, deadline=30):
        """Until so many different readings (by id) have arrived."""
        def enough():
            return len({r["id"] for r in self.readings(device, metric)}) >= count
        wait_until(enough, lambda: f"{count} different readings; {len(self.readings(device, metric))}"
                   " arrived", deadline)

    def quiet(self, barrier):
        """Everything that was on its way before this call has arrived: barrier() makes the daemon
        send one more thing and waits for it (arrival is in order)."""
        barrier()

    def records(self):
        return [m.json for m in self.messages if m.topic.endswith("/records") and m.payload]

    def end(self):
        self.ending.set()
        self.thread.join(10)


def one(items, what):
    """Exactly one."""
    if len(items) != 1:
        raise Missing(f"{what}: expected one, got {len(items)}: {items!r}")
    return items[0]
