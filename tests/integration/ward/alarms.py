"""What the gateway says of alarms, as a consumer hears it: events, and the states that are retained."""
import json
import os
import sys

from .base import wait_until
from .daemon import ROOT

sys.path.insert(0, os.path.join(ROOT, "tests", "docs"))
import schemas  # noqa: E402


class Alarms:
    """Of one gateway, heard by one subscriber. Each document is held against the schema as it is asked
    for, and all of them by check()."""

    def __init__(self, subscriber, daemon):
        self.sub, self.base = subscriber, f"{daemon.prefix}/alarms/{daemon.name}/"

    def _documents(self, start=0):
        for m in list(self.sub.messages)[start:]:
            if m.topic.startswith(self.base) and m.payload:
                yield m

    def check(self):
        """Everything fits the schema, and no alarm's steps come twice with other contents."""
        steps = {}
        for m in self._documents():
            assert schemas.faults("alarm", m.json) == [], m
            if m.topic.endswith("/events"):
                same = steps.setdefault((m.json["alarm"], m.json["step"]), m.json["id"])
                assert same == m.json["id"], f"two events are step {m.json['step']} of {m.json['alarm']}"
        return self

    def events(self, key=None, start=0):
        """Each once, in the order of arrival."""
        found = {}
        for m in self._documents(start):
            if m.topic.endswith("/events") and key in (None, m.topic[len(self.base):-len("/events")]):
                found.setdefault(m.json["id"], m.json)
        return list(found.values())

    def event(self, key, where=lambda e: True, start=0, deadline=30):
        """Waits for one event and gives it."""
        m = self.sub.wait_topic(f"{self.base}{key}/events", lambda m: where(m.json), start, deadline)
        assert schemas.faults("alarm", m.json) == [], m
        return m.json

    def phase(self, key, phase, start=0, deadline=30):
        return self.event(key, lambda e: e["phase"] == phase, start, deadline)

    def state(self, key, where=lambda s: True, start=0, deadline=30):
        """Waits for a retained state that is not empty."""
        m = self.sub.wait_topic(self.base + key, lambda m: m.payload and where(m.json), start, deadline)
        assert schemas.faults("alarm", m.json) == [], m
        return m.json

    def emptied(self, key, start=0, deadline=30):
        self.sub.wait_topic(self.base + key, lambda m: not m.payload, start, deadline)

    def retained(self):
        """{key: state} as the broker has it by what it said last."""
        last = {}
        for m in list(self.sub.messages):
            if m.topic.startswith(self.base) and not m.topic.endswith("/events"):
                last[m.topic[len(self.base):]] = m.payload
        return {k: json.loads(p) for k, p in last.items() if p}

    def wait_retained(self, keys, deadline=30):
        """Until exactly these are retained."""
        wait_until(lambda: set(self.retained()) == set(keys),
                   lambda: f"states of {sorted(keys)}; there are {sorted(self.retained())}", deadline)
        return self.retained()


def limit(metric="spo2", **more):
    """A [Rule] section of Type=limit."""
    return {"Type": "limit", "Metric": metric, "Priority": "medium", "Latching": "no", **more}
