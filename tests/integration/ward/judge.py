"""The account of what arrived at an observer, and the judgement of it against what devices were told:
nothing acknowledged is lost, no value has two ids, no id two values, each device's order is kept, and
the gateway's own records say of every number what became of it."""
import json
import sys
import threading
import time
from decimal import Decimal

from .base import DEADLINE, Missing


def stamp(ms):
    """UTC milliseconds as the gateway writes them."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ms // 1000)) + f".{ms % 1000:03d}Z"


def plain(value):
    """A value that compares: 37.60 is 37.6."""
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return Decimal(value).normalize()
    return value


def split(identity):
    """(epoch, sequence) of an id."""
    _, epoch, sequence = identity.rsplit(":", 2)
    return epoch, int(sequence)


class Arrival:
    """One message; n counts all messages of the observer."""

    __slots__ = ("n", "id", "key", "backfill", "epoch", "sequence", "device_sequence", "flags",
                 "received")

    def __init__(self, n, r):
        self.n, self.id = n, r["id"]
        self.key = (r["device"], r["metric"], r["time"], plain(r["value"]))
        self.backfill = r.get("backfill", False)
        self.epoch, self.sequence = split(r["id"])
        self.device_sequence = r.get("device_sequence")
        self.flags = r.get("flags", [])
        self.received = r["received"]


class Account:
    """Filled by the observer's thread; tests wait on it."""

    def __init__(self):
        self.changed = threading.Condition()
        self.guards = []         # called while waiting; raise when it is in vain
        self.count = 0
        self.arrivals = []       # readings, repeated ones too, in order
        self.by_id = {}          # id -> the first Arrival
        self.by_key = {}         # (device, metric, time, value) -> id
        self.records = []        # (n, object), repeated ones too
        self.events = []         # (n, object) of alarms, repeated ones too
        self.record_ids = {}     # id -> payload
        self.statuses = []       # (n, object), live ones only
        self.faults = []
        self.newest = 0          # the run that was heard of last
        self.last = {}           # (device, epoch, stream) -> device_sequence
        self.streamed = set()    # (id, backfill) that were seen

    def take(self, topic, payload, retained=False):
        with self.changed:
            n = self.count
            self.count += 1
            try:
                self._take(n, topic, payload, retained)
            except (ValueError, KeyError, TypeError) as e:
                self.faults.append(f"{topic}: {payload[:300]!r}: {e!r}")
            self.changed.notify_all()

    def _take(self, n, topic, payload, retained):
        parts = topic.split("/")
        if not payload or retained:
            return
        if "beds" in parts:
            self._reading(Arrival(n, json.loads(payload, parse_float=Decimal)))
        elif parts[-1] == "records":
            r = json.loads(payload)
            self._one_id(r["id"], ("record", r["record"], json.dumps({k: v for k, v in r.items()
                                                                      if k != "backfill"})))
            self.records.append((n, r))
        elif parts[-1] == "events" and "alarms" in parts:
            e = json.loads(payload)
            self._one_id(e["id"], ("event", topic, json.dumps({k: v for k, v in e.items() if k != "backfill"})))
            self.events.append((n, e))
        elif parts[-1] == "status" and "gateways" in parts:
            status = json.loads(payload)
            self.statuses.append((n, status))
            if status["status"] == "online":
                self.newest = max(self.newest, int(status["epoch"].split("-")[0]))

    def _one_id(self, identity, content):
        if self.record_ids.setdefault(identity, content) != content:
            self.faults.append(f"one id, two messages: {identity}: {self.record_ids[identity]} and "
                               f"{content}")

    def _reading(self, a):
        self.arrivals.append(a)
        first = self.by_id.setdefault(a.id, a)
        self._one_id(a.id, a.key)
        known = self.by_key.setdefault(a.key, a.id)
        if known != a.id:
            self.faults.append(f"one value, two ids: {a.key}: {known} and {a.id}")
        if first is not a and first.device_sequence != a.device_sequence:
            self.faults.append(f"{a.id} had device_sequence {first.device_sequence}, now {a.device_sequence}")
        if (a.id, a.backfill) in self.streamed:
            return  # again, after a lost connection
        self.streamed.add((a.id, a.backfill))
        run = int(a.epoch.split("-")[0])
        self.newest = max(self.newest, run)
        if run < self.newest and not a.backfill:
            return  # its device said it again to a later run, which gave it the id that it had
        stream = (a.key[0], a.epoch, a.backfill)
        before = self.last.get(stream, 0)
        if a.device_sequence is not None:
            if a.device_sequence <= before:
                self.faults.append(f"order: {a.id} of {stream} is {a.device_sequence} after {before}")
            self.last[stream] = a.device_sequence

    # --- waiting ---

    def mark(self):
        with self.changed:
            return self.count

    def wait(self, condition, what, deadline=DEADLINE):
        """Until condition() is true; returns its value."""
        end = time.monotonic() + deadline
        with self.changed:
            while True:
                value = condition()
                if value:
                    return value
                for guard in self.guards:
                    guard()
                left = end - time.monotonic()
                if left <= 0:
                    raise Missing(f"after {deadline:g} s still missing: {what() if callable(what) else what}")
                self.changed.wait(min(left, 1.0))

    def status(self, where, what="a status document", start=0, deadline=DEADLINE):
        """The first one from start on that fits."""
        def found():
            return next((s for n, s in self.statuses if n >= start and where(s)), None)
        return self.wait(found, lambda: f"{what}; the last: {self.statuses[-1:]}", deadline)

    def online(self, start=0, epoch_not=None, deadline=DEADLINE):
        """The epoch that came online."""
        return self.status(lambda s: s["status"] == "online" and s["epoch"] != epoch_not, "online", start,
                           deadline)["epoch"]

    def record(self, kind, where=lambda r: True, start=0, deadline=DEADLINE):
        def found():
            return next((r for n, r in self.records if n >= start and r["record"] == kind and where(r)), None)
        return self.wait(found, lambda: f"a record {kind}; there are {self.records[-5:]}", deadline)

    def missing(self, keys):
        """Those keys (device, metric, time, value) that did not arrive."""
        with self.changed:
            return [k for k in keys if k not in self.by_key]

    def wait_all(self, keys, deadline=60):
        """Every one of them has arrived."""
        left = set(keys)
        total = len(left)

        def all_there():
            left.difference_update([k for k in left if k in self.by_key])
            return not left
        self.wait(all_there, lambda: f"{len(left)} of {total} acknowledged: {sorted(left)[:5]} ...", deadline)

    # --- judgement ---

    def check(self):
        assert not self.faults, f"{len(self.faults)} faults:\n" + "\n".join(self.faults[:10])

    def numbers(self, epoch, start=0, end=sys.maxsize):
        """The numbers of an epoch that arrived, from start on and before end: readings, records and alarm events."""
        with self.changed:
            return {a.sequence for a in self.arrivals if a.epoch == epoch and start <= a.n < end} | \
                   {split(r["id"])[1] for n, r in self.records + self.events
                    if start <= n < end and split(r["id"])[0] == epoch}

    def gaps(self, epoch=None, start=0):
        """(first, last, count, reason) of the gap records, each once."""
        with self.changed:
            seen = {r["id"]: r for n, r in self.records if n >= start and r["record"] == "gap" and
                    epoch in (None, r["epoch"])}
        return [(r["first"], r["last"], r.get("count", r["last"] - r["first"] + 1), r["reason"])
                for r in seen.values()]

    def stored_ranges(self, epoch):
        """Of the epoch records about an epoch that did not end well: the numbers said to be stored; None
        while there is none."""
        with self.changed:
            found = [r for n, r in self.records if r["record"] == "epoch" and r["epoch"] == epoch and
                     not r["clean"]]
        if not found:
            return None
        return {i for r in found for first, last in r["stored"] for i in range(first, last + 1)}

    def whole(self, epoch, last):
        """Every number up to last arrived or lies in a gap. Returns what does not."""
        got = self.numbers(epoch)
        given_up = {i for first, end, *_ in self.gaps(epoch) for i in range(first, end + 1)}
        return set(range(1, last + 1)) - got - given_up
