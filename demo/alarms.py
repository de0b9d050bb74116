"""The demo's alarms: its rules, what is heard of them, and whether that was right. Judged from outside, by the
messages alone: each alarm once, its steps without a hole, the same one before and after the gateway was killed,
and no state left behind when it is over. The limits are chosen for a minute's play, not for patients."""

RULES = """
[Rule spo2-low]
Type=limit
Metric=spo2
Below=88
ClearAt=90
For=4s
ClearFor=4s
Priority=high
Latching=no
Beds=3

# As cold-chain.conf of the examples has them, with seconds in the place of minutes and hours.
[Rule fridge-temperature]
Type=coldchain
Metric=ambient-temperature
Unit=Cel
Above=8
WarnAfter=1s
AboveFor=3s
Below=2
BelowFor=15min
Freeze=0
Margin=0.2
Door=fridge-vaccines
DoorTolerance=2s
Priority=medium
Devices=fridge-vaccines fridge-insulin

[Rule fridge-door-open]
Type=event
Metric=contact
Is=no
For=4s
Priority=low
Devices=fridge-vaccines

[Rule call]
Type=event
Metric=button
Words=single double
Hold=10s
Priority=medium

[Rule news2]
Type=score
Table=news2
Every=10s
Priority=none
"""

# What the scenario's events bring about: key, and how many alarms of it.
EXPECTED = {"spo2-low.bed3-oximeter": 1, "fridge-temperature.fridge-vaccines": 1, "fridge-door-open.fridge-vaccines": 1,
            "call.bed4-call": 1, "call.bed2-call": 1, "call.bed1-call": 1, "sensor-off.bed4-oximeter": 1,
            "adapter-lost.gateway": 1, "radio-reset.gateway": 1}
ANSWERED = "call.bed2-call"    # somebody acknowledges it


class Alarms:
    """Events by alarm, and the retained states that there are."""

    def __init__(self):
        self.steps = {}     # alarm's id: {step: event}
        self.states = {}    # key: document
        self.excursions = []    # what is said of a fridge when it is cold again
        self.twice = self.unmarked = self.advisories = 0

    def message(self, key, event, document):
        """One message below P/alarms/<gateway>."""
        if not event:
            if document:
                self.states[key] = document
            else:
                self.states.pop(key, None)
            return
        if "demo" not in document.get("flags", []) and document["kind"] == "physiological":
            self.unmarked += 1
        if document.get("reason") == "late":
            self.advisories += 1    # on a value that came too late to alarm: it has no state
            return
        if "excursion" in document:     # likewise
            self.excursions.append(f"{document['device']}: {document['text']}")
            return
        steps = self.steps.setdefault(document["alarm"], {})
        self.twice += document["step"] in steps
        steps[document["step"]] = dict(document, key=key)

    def lines(self):
        """Those that there are, the newest first."""
        shown = sorted(self.states.values(), key=lambda s: s["time"], reverse=True)
        return [f"ALARM  {s['priority']:7} bed {s.get('bed', '-'):3} {s['text']}"
                + ("" if s["state"] == "active" else f" ({s['state']})")
                + (" (acknowledged)" if "alert-acknowledged" in s.get("inactivation", ()) else "") for s in shown]

    def count(self, key):
        return sum(1 for steps in self.steps.values() if any(e["key"] == key for e in steps.values()))

    def over(self):
        """Whether all that was expected has come and gone."""
        return all(self.count(k) >= n and k not in self.states for k, n in EXPECTED.items())

    def faults(self, whole):
        """(good, sentence) as the demo's other checks. whole: the scenario was played to its end."""
        holes = [a for a, steps in self.steps.items() if sorted(steps) != list(range(1, len(steps) + 1))]
        there = {s["alarm"] for s in self.states.values()}
        open_ = [self.told(a) for a, steps in self.steps.items()
                 if a not in there and not {"end", "reset"} & {e["phase"] for e in steps.values()}]
        checks = [(not open_, f"gone without an end: {'; '.join(open_[:3])}"),
                  (not holes, f"steps are missing of {' '.join(holes[:3])}"),
                  (not self.unmarked, f"{self.unmarked} alarm events without the flag demo")]
        if whole:
            checks.append((len(self.excursions) == 1, f"{len(self.excursions)} excursions of fridges, not 1"))
            checks.append((self.answered(), f"nobody hears that {ANSWERED} is acknowledged"))
        for key, wanted in EXPECTED.items() if whole else ():
            checks.append((self.count(key) == wanted, f"{self.count(key)} alarms {key}, not {wanted}"))
            checks.append((key not in self.states, f"{key} is still there"))
        return checks

    def answered(self):
        return any(e["key"] == ANSWERED and "alert-acknowledged" in e.get("inactivation", ())
                   for steps in self.steps.values() for e in steps.values())

    def told(self, alarm):
        steps = sorted(self.steps[alarm].items())
        return steps[0][1]["key"] + ": " + ", ".join(f"{n} {e['phase']}" for n, e in steps)

    def sums(self):
        of = {}
        for steps in self.steps.values():
            for e in steps.values():
                of[e["phase"]] = of.get(e["phase"], 0) + 1
        return (f"{len(self.steps)} alarms: " + (", ".join(f"{n} {p}" for p, n in sorted(of.items())) or "none")
                + f"; {self.advisories} advisories")
