#!/usr/bin/python3
"""A sample consumer: prints each reading once and says which ones are missing.

    consumer.py --host broker.hospital.example --prefix wardgate/st-elsewhere/7 \\
        --cafile ca.crt --cert me.crt --key me.key --state consumer.state

It shows the three things that a consumer of wardgate has to do: remember ids, since QoS 1 delivers
at least once; look for gaps by sequence, since whatever was dropped says so; and keep a persistent
session, since a broker keeps nothing for those that it does not know. It is not a database: put
yours where print_reading() is, with the ledger in the same transaction, and let it commit before
on_message() returns, because only then is the message acknowledged to the broker.
"""
import argparse
import bisect
import json
import os
import signal
import sys
import time


class Ranges:
    """A set of whole numbers that mostly follow each other: sorted, disjoint [first, last]."""

    def __init__(self, pairs=()):
        self.pairs = []
        for first, last in pairs:
            self.add(first, last)

    def add(self, first, last=None):
        """Returns whether anything of it was new."""
        last = first if last is None else last
        at = bisect.bisect_left(self.pairs, [first, first])
        if at and self.pairs[at - 1][1] >= first - 1:
            at -= 1
        end = at
        merged = [first, last]
        while end < len(self.pairs) and self.pairs[end][0] <= last + 1:
            a, b = self.pairs[end]
            if a <= first and last <= b:
                return False
            merged = [min(merged[0], a), max(merged[1], b)]
            end += 1
        self.pairs[at:end] = [merged]
        return True

    def holes(self, first, last):
        """The ranges within first..last that are not in the set."""
        for a, b in self.pairs:
            if b < first:
                continue
            if a > last:
                break
            if a > first:
                yield [first, a - 1]
            first = b + 1
        if first <= last:
            yield [first, last]

    def highest(self):
        return self.pairs[-1][1] if self.pairs else 0


class Epoch:
    """One run of a gateway: its numbers go from 1 without gaps."""

    def __init__(self, first=1):
        self.first = first  # later than 1 when we came in the middle
        self.last = None  # known once the epoch is over
        self.seen = Ranges()
        self.explained = Ranges()  # dropped, and said so
        self.promised = None  # of an epoch that ended uncleanly: what is stored and can still come
        self.noticed = {}  # hole -> when it was first noticed

    def missing(self):
        """Numbers that should have come. They may still: live readings overtake the backlog."""
        end = self.seen.highest() if self.last is None else self.last
        due = [(self.first, end)] if self.promised is None else self.promised.pairs
        for first, last in due:
            for hole in self.seen.holes(max(first, self.first), last):
                yield from self.explained.holes(*hole)


class Ledger:
    """What has been seen of all gateways. Knows nothing of MQTT."""

    def __init__(self, state=None):
        self.epochs = {}  # (gateway, epoch) -> Epoch
        for key, e in (state or {}).items():
            epoch = Epoch(e["first"])
            epoch.last = e["last"]
            epoch.seen = Ranges(e["seen"])
            epoch.explained = Ranges(e["explained"])
            if e.get("promised") is not None:
                epoch.promised = Ranges(e["promised"])
            self.epochs[tuple(key.split(":"))] = epoch

    def state(self):
        return {":".join(key): {"first": e.first, "last": e.last, "seen": e.seen.pairs,
                                "explained": e.explained.pairs,
                                "promised": e.promised.pairs if e.promised else None}
                for key, e in self.epochs.items()}

    def _epoch(self, gateway, epoch, sequence):
        key = (gateway, epoch)
        if key not in self.epochs:
            # The first epoch of a gateway that we ever see may be long under way.
            known = any(g == gateway for g, _ in self.epochs)
            self.epochs[key] = Epoch(1 if known else sequence)
        return self.epochs[key]

    def take(self, message_id):
        """Returns True for a new id, False for one that came before."""
        gateway, epoch, sequence = message_id.rsplit(":", 2)
        return self._epoch(gateway, epoch, int(sequence)).seen.add(int(sequence))

    def record(self, record):
        """Learns from an entry of P/gateways/<gateway>/records. Ignores kinds unknown to it."""
        kind = record.get("record")
        if kind not in ("gap", "epoch"):
            return
        gateway, carrier, _ = record["id"].rsplit(":", 2)
        if record["epoch"] != carrier and all(g != gateway or e == carrier
                                              for g, e in self.epochs):
            return  # it was over before we came
        epoch = self._epoch(gateway, record["epoch"], record.get("first", 1))
        if kind == "gap":
            # When fewer were given up than the range has, nobody says which: the others come.
            epoch.explained.add(record["first"], record["last"])
        elif record["epoch"] == carrier:
            epoch.last = record["last"]  # its own last message says so
        else:
            # The gateway went away with something undelivered. Only what is stored can still come;
            # anything else that was never seen was never acknowledged to its device either.
            epoch.promised = epoch.promised or Ranges()
            for first, last in record["stored"]:  # several records may share them ("more")
                epoch.promised.add(first, last)

    def missing(self, now, patience):
        """(gateway, epoch, first, last) of holes that have been there for patience seconds."""
        for (gateway, name), epoch in self.epochs.items():
            holes = {tuple(h) for h in epoch.missing()}
            epoch.noticed = {h: epoch.noticed.get(h, now) for h in holes}
            for first, last in sorted(h for h, since in epoch.noticed.items()
                                      if now - since >= patience):
                yield gateway, name, first, last


def describe(reading):
    """One line for people. Only a valid value is shown as one without a remark."""
    value = reading["value"]
    text = "no value" if value is None else json.dumps(value).strip('"')
    text = reading.get("comparator", "") + text
    if "unit" in reading and value is not None:
        text += " " + reading["unit"]
    remarks = [] if reading["validity"] == "valid" else [reading["validity"]]
    if "reason" in reading:
        remarks.append(reading["reason"])
    remarks += reading.get("flags", [])
    if reading.get("backfill"):
        remarks.append("late")
    if reading["clock"] != "synchronised":
        remarks.append("clock " + reading["clock"])
    line = f"{reading['time']}  bed {reading['bed']:<6} {reading['device']:<24} " \
           f"{reading['metric']:<20} {text}"
    return line + (f"  ({', '.join(remarks)})" if remarks else "")


class Consumer:
    """The ledger on an MQTT session."""

    def __init__(self, prefix, ledger, out, patience=60):
        self.prefix = prefix
        self.ledger = ledger
        self.out = out
        self.patience = patience
        self.told = set()

    def topics(self):
        # All that shares the sequence: with less, gaps would be seen where there are none.
        return [(f"{self.prefix}/beds/+/+/+", 1), (f"{self.prefix}/alarms/+/+/events", 1),
                (f"{self.prefix}/gateways/+/records", 1), (f"{self.prefix}/gateways/+/status", 1)]

    def on_connect(self, client, userdata, flags, rc, properties=None):
        if rc == 0:
            client.subscribe(self.topics())

    def on_message(self, client, userdata, message):
        self.handle(message.topic, message.payload)

    def handle(self, topic, payload):
        try:
            body = json.loads(payload)
        except ValueError:
            print(f"not JSON, on {topic}", file=self.out)
            return
        if topic.endswith("/status"):
            print(f"gateway {body.get('gateway')} is {body.get('status')}", file=self.out)
            return
        if not self.ledger.take(body["id"]):
            return
        if topic.endswith("/records"):
            self.ledger.record(body)
            if body.get("record") == "gap":
                count = body.get("count", "some")
                print(f"dropped by the gateway: {count} of {body['first']} to {body['last']} of "
                      f"epoch {body['epoch']}: {body['reason']}", file=self.out)
        elif topic.endswith("/events"):
            print(f"alarm {body.get('rule')}: {body.get('text')}", file=self.out)
        else:
            self.print_reading(body)

    def print_reading(self, reading):
        print(describe(reading), file=self.out, flush=True)

    def tell_missing(self, now):
        for hole in self.ledger.missing(now, self.patience):
            if hole not in self.told:
                self.told.add(hole)
                print("missing from {} epoch {}: {} to {}".format(*hole), file=self.out, flush=True)


def save(path, ledger):
    """Whole or not at all."""
    with open(path + ".new", "w", encoding="utf-8") as f:
        json.dump(ledger.state(), f)
        f.flush()
        os.fsync(f.fileno())
    os.replace(path + ".new", path)


def end(number, frame):
    raise KeyboardInterrupt


def main():
    import paho.mqtt.client as mqtt
    from paho.mqtt.packettypes import PacketTypes
    from paho.mqtt.properties import Properties

    p = argparse.ArgumentParser(description="Prints what wardgate publishes, each reading once.")
    p.add_argument("--host", required=True)
    p.add_argument("--port", type=int, default=8883)
    p.add_argument("--prefix", required=True, help="TopicPrefix=, placeholders filled in")
    p.add_argument("--client-id", default="wardgate-sample-consumer")
    p.add_argument("--cafile", help="without it the connection is in plain text")
    p.add_argument("--cert")
    p.add_argument("--key")
    p.add_argument("--state", help="file that keeps what was seen over a restart")
    p.add_argument("--patience", type=float, default=60, help="seconds before a hole is reported")
    a = p.parse_args()

    state = None
    if a.state and os.path.exists(a.state):
        with open(a.state, encoding="utf-8") as f:
            state = json.load(f)
    consumer = Consumer(a.prefix, Ledger(state), sys.stdout, a.patience)

    arguments = {"client_id": a.client_id, "protocol": mqtt.MQTTv5}
    if hasattr(mqtt, "CallbackAPIVersion"):  # paho 2
        arguments["callback_api_version"] = mqtt.CallbackAPIVersion.VERSION1
    client = mqtt.Client(**arguments)
    if a.cafile:
        client.tls_set(a.cafile, a.cert, a.key)
    client.on_connect = consumer.on_connect
    client.on_message = consumer.on_message
    # The broker keeps our messages for a day while we are away.
    session = Properties(PacketTypes.CONNECT)
    session.SessionExpiryInterval = 86400
    for number in (signal.SIGTERM, signal.SIGINT):  # also where the caller had them ignored
        signal.signal(number, end)
    client.connect(a.host, a.port, clean_start=False, properties=session)
    saved, up = time.monotonic(), True
    try:
        while True:
            try:
                if not up:
                    client.reconnect()
                up = client.loop(timeout=1.0) == mqtt.MQTT_ERR_SUCCESS
            except (OSError, ValueError) as e:  # ValueError: paho waits on a socket that it has closed
                print(f"no broker: {e}", file=sys.stderr)
                up = False
            if not up:
                time.sleep(1)
            consumer.tell_missing(time.monotonic())
            if a.state and time.monotonic() - saved > 10:
                save(a.state, consumer.ledger)
                saved = time.monotonic()
    except KeyboardInterrupt:
        if a.state:
            save(a.state, consumer.ledger)


if __name__ == "__main__":
    main()
