"""The demo's reckoning: what the simulator says that left its devices, against what an independent subscriber has.

A CoAP device hears whether its values are safe, value by value, each with a time of its own: what was
acknowledged must have arrived. A Bluetooth device that indicates hears it too. Notifications and broadcasts
have nobody to hear it: those that a link or an adapter took must have arrived as well, each one, digit for
digit, but for what was in the air at the moment the gateway was killed or the adapter pulled out. So with Zigbee
what the gateway has acknowledged to its radio.
"""
import json
from collections import Counter
from datetime import datetime
from decimal import Decimal

IN_THE_AIR = 1.3    # seconds: one CommitInterval and one commit, then the kill


def loads(text):
    """JSON with the digits as they came."""
    return json.loads(text, parse_float=Decimal)


def key_of(device, metric, when, value, validity):
    """What makes a value of a CoAP device the same on both sides."""
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        value = float(value)
    return (device, metric, when, repr(value), "valid" if value is not None else validity)


def digits(value):
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def air_key(r):
    """What makes a value of a Bluetooth or Zigbee device the same: the gateway says when it was, so no time."""
    return (r["device"], r["metric"], r.get("instance", 0), digits(r["value"]), r.get("validity", "valid"),
            r.get("reason", ""))


def seconds(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class Sent:
    """The simulator's log: the last line of a value counts."""

    def __init__(self, path):
        self.path = path

    def read(self):
        self.sent, self.acknowledged, self.refused, self.events = set(), set(), set(), {}
        self.air = {}    # (device, pack, metric, instance): line
        text = self.path.read_text() if self.path.exists() else ""
        for line in text[:text.rfind("\n") + 1].splitlines():
            entry = loads(line)
            if "event" in entry:
                self.events.setdefault(entry["event"], []).append(entry)
            elif "by" in entry:
                self.air[(entry["device"], entry["pack"], entry["metric"], entry.get("instance", 0))] = entry
            else:
                self.wire(entry)
        return self

    def wire(self, entry):
        key = key_of(entry["device"], entry["metric"], entry["time"], entry["value"],
                     entry.get("validity", "valid"))
        self.sent.add(key)
        if entry["acknowledged"]:
            self.acknowledged.add(key)
        elif "refused" in entry:
            self.refused.add(key)

    def count(self, name):
        return len(self.events.get(name, []))


class Air:
    """One radio, Bluetooth or Zigbee: sent is Sent.air, came maps air_key() to the ids that arrived, cuts are moments
    (UTC seconds) after which nothing that was in the air can be asked for."""

    def __init__(self, name, sent, came, cuts):
        self.name, self.sent = name, sent
        went, promised, taken, excused = Counter(), Counter(), Counter(), Counter()
        for line in sent.values():
            key = air_key(line)
            went[key] += 1
            if not line["acknowledged"]:
                continue
            taken[key] += 1
            if line["by"] == "indication":
                promised[key] += 1
            elif any(cut - IN_THE_AIR <= seconds(line["time"]) <= cut for cut in cuts):
                excused[key] += 1
        arrived = Counter({key: len(ids) for key, ids in came.items()})
        self.taken, self.promised = sum(taken.values()), sum(promised.values())
        self.arrived = sum(arrived.values())
        self.in_the_air = sum(min(excused[k], max(0, n - arrived[k])) for k, n in taken.items())
        self.lost = {k: n - excused[k] - arrived[k] for k, n in taken.items() if n - excused[k] > arrived[k]}
        self.unknown = {k: n for k, n in arrived.items() if k not in went}
        self.split = {k: n - went[k] for k, n in arrived.items() if 0 < went[k] < n}

    def complete(self):
        return not self.lost

    def lines(self):
        taken, cut = {
            "Bluetooth": (f"values that a link or the adapter took, {self.promised} of them confirmed when safe",
                          "the gateway was killed or the adapter pulled out"),
            "Zigbee": (f"of {len(self.sent)} values sent: the others found the radio or the gateway away",
                       "the gateway was killed")}[self.name]
        return [
            f"{self.name}, digit for digit:",
            f"  taken                {self.taken:6}   {taken}",
            f"  arrived              {self.arrived:6}   values at the subscriber",
            f"  in the air           {self.in_the_air:6}   with nobody to confirm them, as {cut}",
            f"  same under two ids   {sum(self.split.values()):6}   one value taken for two",
            f"  lost                 {sum(self.lost.values()):6}   taken but never arrived",
        ]

    def faults(self, whole):
        """(good, sentence) each. whole: the scenario was played to its end."""
        checks = [(self.taken or not whole, f"nothing came over {self.name}")]
        for name, values in (("lost", self.lost), ("arrived but never sent", self.unknown),
                             ("under two ids", self.split)):
            checks.append((not values, f"{sum(values.values())} {self.name} values {name}: "
                           + "; ".join(" ".join(map(str, k)) for k in sorted(values)[:5])))
        return checks
