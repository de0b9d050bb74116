"""The demo's independent subscriber: what has arrived, for the table and for the reckoning."""
import ssl
import threading
import time

import paho.mqtt.client as mqtt

import alarms
import reckoning


class Arrivals(threading.Thread):
    """The independent subscriber: QoS 1 and a session that the broker keeps while it is down."""

    def __init__(self, port, certs, gateway, transports):
        super().__init__(daemon=True)
        self.gateway, self.transports = gateway, transports
        self.lock = threading.Condition()
        self.subscribed = threading.Event()
        self.rows = {}       # (bed, device, metric): what the table shows
        self.ids = {}        # id: how often
        self.keys = {}       # reckoning.key_of(): set of ids
        self.air = {"ble": {}, "zigbee": {}}    # of each, reckoning.air_key(): set of ids
        self.tags = {}       # device: {time: whether it is near}
        self.charted = set()
        self.count = self.backfill = self.foreign = self.computed = self.scores = 0
        self.alarms = alarms.Alarms()
        self.status = {}
        self.connected = False
        c = mqtt.Client("demo-subscriber", clean_session=False, protocol=mqtt.MQTTv311)
        c.tls_set(str(certs / "ca.crt"), str(certs / "subscriber.crt"), str(certs / "subscriber.key"),
                  tls_version=ssl.PROTOCOL_TLS_CLIENT)
        c.reconnect_delay_set(1, 1)
        c.on_connect, c.on_disconnect = self.on_connect, self.on_disconnect
        c.on_message = self.on_message
        c.on_subscribe = lambda *_: self.subscribed.set()
        self.client, self.port = c, port

    def run(self):
        self.client.connect("localhost", self.port, keepalive=5)
        self.client.loop_forever(retry_first_connection=True)

    def on_connect(self, client, userdata, flags, code):
        self.connected = code == 0
        if code == 0:
            client.subscribe("wardgate/#", qos=1)

    def on_disconnect(self, client, userdata, code):
        self.connected = False

    def on_message(self, client, userdata, message):
        parts = message.topic.split("/")
        try:
            document = reckoning.loads(message.payload) if message.payload else None
        except ValueError:
            document = None
        with self.lock:
            if message.topic.endswith(f"/gateways/{self.gateway}/status") and document:
                self.status = document
            elif len(parts) > 4 and parts[-4] == "beds":
                self.reading(document)
            elif f"/alarms/{self.gateway}/" in message.topic:
                event = parts[-1] == "events"
                self.alarms.message(parts[-2] if event else parts[-1], event, document)
            self.lock.notify_all()

    def reading(self, r):
        if not r or "demo" not in r.get("flags", []):
            self.foreign += 1    # training must mark all it publishes
            return
        self.count += 1
        late = bool(r.get("backfill"))
        self.backfill += late
        self.ids[r["id"]] = self.ids.get(r["id"], 0) + 1
        self.row(r, late)
        transport = self.transports.get(r["device"])
        if r.get("origin") == "calculated":    # no device has sent it
            self.computed += 1
            self.scores += r["value"] is not None
        elif r.get("origin") == "manual":
            self.charted.add((r["bed"], r["metric"], r["id"]))
        elif transport == "tag":
            if r["metric"] == "presence":
                self.tags.setdefault(r["device"], {})[r["time"]] = r["value"]
        elif transport in self.air:
            self.air[transport].setdefault(reckoning.air_key(r), set()).add(r["id"])
        else:
            key = reckoning.key_of(r["device"], r["metric"], r["time"], r["value"], r["validity"])
            self.keys.setdefault(key, set()).add(r["id"])

    def row(self, r, late):
        row = self.rows.setdefault((r["bed"], r["device"], r["metric"]),
                                   {"count": 0, "backfill": 0, "time": ""})
        row["count"] += 1
        row["backfill"] += late
        if r["time"] >= row["time"]:    # the backlog is older than what is shown
            row.update(time=r["time"], at=time.monotonic(), value=r["value"],
                       unit=r.get("unit", ""), validity=r["validity"])

    def wait_for(self, there, seconds):
        """Until there() says that all is; False after so long without."""
        end = time.monotonic() + seconds
        with self.lock:
            while not there():
                if not self.lock.wait(max(0, end - time.monotonic())) and time.monotonic() >= end:
                    return False
        return True
