"""Random scenarios for test_model.py: rules, and hours of virtual time on a small ward. All from one seed."""
import random

from alarm_model import QUIRKS

SECOND = 1000000


class Scenario:
    """Steps as tests/model/drive.c reads them: (microseconds, verb, fields)."""

    def __init__(self, seed, **only):
        self.random = random.Random(seed)
        self.only = only
        self.steps = []
        self.t = 0
        self.training = False
        self.make()

    # ---- small choices ----

    def chance(self, p):
        return self.random.random() < p

    def pick(self, *choices):
        return self.random.choice(choices)

    def add(self, verb, *fields):
        self.steps.append((self.t, verb, tuple(str(f) for f in fields)))

    def pass_time(self):
        r = self.random
        kind = r.random()
        span = r.randrange(1, 4) if kind < 0.7 else r.randrange(1, 30) if kind < 0.96 else r.randrange(30, 1500)
        # Odd microseconds: no two things that have nothing to do with each other fall together.
        self.t += span * SECOND + r.randrange(-499999, 499999)

    # ---- rules ----

    def delays(self, items):
        if self.chance(0.6):
            items["For"] = self.pick("5s", "10s", "15s", "1min")
        if self.chance(0.3):
            items["Samples"] = self.pick("2", "3")
        if self.chance(0.5):
            items["ClearFor"] = self.pick("6s", "11s", "31s")
        if self.chance(0.3):
            items["EscalateAfter"] = self.pick("30s", "1min", "5min")

    def common(self, items):
        items["Priority"] = self.pick("low", "low", "medium", "medium", "high")
        if items["Priority"] == "high" or self.chance(0.2):
            items["Latching"] = self.pick("yes", "no")
        self.delays(items)

    def rule_limit(self):
        items = {"Type": "limit", "Metric": self.pick("spo2", "spo2", "pulse-rate")}
        side = self.pick("low", "high", "both")
        if side != "high":
            items["Below"] = str(self.random.randrange(84, 92))
        if side != "low":
            items["Above"] = str(self.random.randrange(95, 99))
        if self.chance(0.5):
            if side == "low" and self.chance(0.5):
                items["ClearAt"] = str(int(items["Below"]) + self.random.randrange(1, 4))
            elif side == "high" and self.chance(0.5):
                items["ClearAt"] = str(int(items["Above"]) - self.random.randrange(1, 4))
            else:
                items["Hysteresis"] = self.pick("1", "2")
        if self.chance(0.2):
            items["Scope"] = "bed"
        if self.chance(0.1):
            items["Beds"] = "b1"
        if self.chance(0.1):
            items["Devices"] = "d1 d2"
        self.common(items)
        return items

    def rule_bands(self):
        items = {"Type": "bands", "Metric": self.pick("spo2", "pulse-rate"), "Bands": self.pick(
            "<90:low <86:medium", "<90:medium >97:low", "<88:low <84:medium >95:low >98:medium", "<85:medium >96:high")}
        if self.chance(0.5):
            items["Margin"] = self.pick("1", "2")
        self.common(items)
        items.setdefault("Latching", "no")
        return items

    def rule_event(self):
        items = {"Type": "event", "Metric": self.pick("button", "bed-exit", "water-leak", "nurse-call")}
        if items["Metric"] == "button":
            items["Words"] = self.pick("single", "single long")
            if self.chance(0.5):
                items["Until"] = "double"
        elif self.chance(0.3):
            items["Is"] = "no"
        if self.chance(0.5):
            items["Hold"] = self.pick("67s", "307s")
        self.common(items)
        return items

    def rule_absent(self):
        items = {"Type": "absent", "Metric": self.pick("spo2", "pulse-rate"), "After": self.pick("20s", "1min", "5min")}
        if self.chance(0.4):
            items["Devices"] = "d1 d2"
        self.common(items)
        items.pop("Samples", None)
        return items

    def rule_stuck(self):
        items = {"Type": "stuck", "Metric": self.pick("spo2", "pulse-rate"), "After": self.pick("10s", "30s"),
                 "Readings": self.pick("2", "3", "5"), "Within": self.pick("0", "1", "2")}
        self.common(items)
        return items

    # Types of which there is no model: for twins.py.

    def rule_rate(self):
        items = {"Type": "rate", "Metric": self.pick("spo2", "pulse-rate"), "Rise": "10", "Fall": self.pick("5", "10"),
                 "Window": self.pick("20s", "1min", "10min")}
        self.common(items)
        return items

    def rule_deviation(self):
        items = {"Type": "deviation", "Metric": self.pick("spo2", "pulse-rate"), "Rise": "5", "Fall": "5",
                 "Window": "1h", "Readings": "5", "Percent": self.pick("yes", "no")}
        self.common(items)
        return items

    def rule_sustained(self):
        items = {"Type": "sustained", "Metric": self.pick("spo2", "pulse-rate"), "Below": "92",
                 "Area": self.pick("1", "5"), "Gap": self.pick("30s", "5min")}
        self.common(items)
        return items

    def rule_score(self):
        items = {"Type": "score", "Table": "own", "AtLeast": self.pick("1", "2"), "MaxAge": self.pick("1min", "5min"),
                 "Points": "pulse-rate:..85=2,86..94=0,95..=1 spo2:..89=2,90..93=1,94..=0"}
        self.common(items)
        return items

    def rule_coldchain(self):
        items = {"Type": "coldchain", "Metric": "ambient-temperature", "AboveFor": self.pick("1min", "5min"),
                 "BelowFor": self.pick("0", "1min"), "Margin": self.pick("0", "1"),
                 "DoorTolerance": self.pick("0", "20s")}
        items["Unit"] = "Cel"
        if self.chance(0.5):
            items["WarnAfter"] = "30s"
        self.common(items)
        return items

    def rule_combination(self):
        items = {"Type": "combination", "Rules": " ".join(self.book), "Match": self.pick("all", "any"),
                 "Within": self.pick("0", "1min")}
        self.common(items)
        return items

    def rules(self, first):
        if first:
            self.book = {}
            types = self.only.get("types") or ["limit"]
            for n in range(self.random.randrange(1, 4)):
                kinds = [k for k in types if k != "combination"]
                if n == 2 and len(kinds) < len(types) and self.chance(0.5):
                    kinds = ["combination"]
                self.book[f"r{n}"] = getattr(self, "rule_" + self.pick(*kinds))()
        else:
            name = self.pick(*self.book)
            how = self.random.random()
            if how < 0.2 and len(self.book) > 1 and not any(i["Type"] == "combination" for i in self.book.values()):
                del self.book[name]
            elif how < 0.7 and not self.only.get("steady"):
                self.change(self.book[name])
        kinds = [i["Type"] for i in self.book.values()]
        if not first and (QUIRKS["MB-21"] and "stuck" in kinds or QUIRKS["MB-22"] and "sustained" in kinds):
            return
        for name, items in self.book.items():
            self.add("rule", name, *(f"{k}={v}" for k, v in items.items()))
        self.add("rules")

    def change(self, items):
        if items["Priority"] != "none":
            items["Priority"] = self.pick("low", "medium")
        for k in ("For", "Samples", "ClearFor", "EscalateAfter"):
            items.pop(k, None)
        self.delays(items)

    # ---- the ward ----

    DEVICES = ("d1", "d2", "d3")
    BEDS = ("b1", "b2")

    def make(self):
        r = self.random
        self.at = {}
        self.wander = {}
        self.rules(True)
        for d in self.DEVICES:
            self.move(d)
        length = r.randrange(20, self.only.get("steps", 200))
        while len(self.steps) < length:
            self.pass_time()
            self.something()
        self.t += 1000 * SECOND
        self.add("wait")

    def something(self):
        p = self.random.random()
        for weight, what in self.menu():
            p -= weight
            if p < 0:
                what()
                return
        self.reading()

    def menu(self):
        if self.only.get("quiet"):
            return [(0.03, self.people)]
        return [(0.12, self.people), (0.02, lambda: self.move(self.pick(*self.DEVICES))), (0.02, self.patient),
                (0.01, self.remove), (0.02, self.condition), (0.01, lambda: self.rules(False)),
                (0.02, self.restart), (0.02, self.limits), (0.01, lambda: self.add("continue"))]

    def stays(self):
        return QUIRKS["MB-15"] and any(i["Type"] == "combination" for i in self.book.values())

    def move(self, device):
        if self.stays() and device in self.at:
            return
        bed = self.pick("b1", "b1", "b2", "-")
        self.at[device] = bed
        self.add("device", device, bed)

    def patient(self):
        who = self.pick("p1", "p2", "p3", "-")
        self.add("patient", self.pick(*self.BEDS), who, "-")

    def remove(self):
        if self.chance(0.7):
            device = self.pick(*self.DEVICES)
            self.at.pop(device, None)
            self.add("remove-device", device)
        elif not self.stays():
            self.add("remove-bed", self.pick(*self.BEDS))

    def condition(self):
        name = self.pick("low-battery", "auth-failing", "device-silent", "broker-unreachable")
        device = "-" if name == "broker-unreachable" else self.pick(*self.DEVICES)
        self.add("condition", name, device, self.pick("yes", "yes", "no"))

    def restart(self):
        spans = (0, 1, 5, 20, 29, 31, 45, 60)
        if QUIRKS["MB-20"]:
            spans = (0, 1, 5, 31, 45) if self.chance(0.5) else (0, 1)
        if QUIRKS["MB-21"] and any(i["Type"] == "stuck" for i in self.book.values()):
            spans = (0, 1)
        self.add("restart", self.pick(*spans) * SECOND + 1, self.pick(0, 0, 1000 * SECOND, -500 * SECOND))
        self.t = max(self.t, self.t + int(self.steps[-1][2][0]))

    def limits(self):
        rule = self.pick(*self.book)
        level = self.pick("ward", "bed", "patient")
        bed = "-" if level == "ward" else self.pick(*self.BEDS)
        low = self.pick("-", self.random.randrange(80, 93))
        high = self.pick("-", self.random.randrange(94, 100))
        self.add("set-limits", rule, level, bed, low, high, "nurse")

    def key(self):
        name = self.pick(*self.book)
        return self.pick(f"{name}.{self.pick(*self.DEVICES)}", f"{name}.bed-{self.pick(*self.BEDS)}",
                         f"{name}.{self.pick(*self.DEVICES)}", f"sensor-off.{self.pick(*self.DEVICES)}")

    def people(self):
        p = self.random.random()
        kind = self.pick("audio", "audio", "alarm", "audio-off", "alarm-off")
        long = self.pick(0, 10, 30, 120, 600, -1, 5000, 50000)
        by = self.pick("nurse", "doctor")
        if p < 0.35:
            self.add("ack", self.key(), by)
        elif p < 0.55:
            self.add("pause", self.key(), kind, long, by)
        elif p < 0.8:
            self.add("pause-bed", self.pick(*self.BEDS), kind, long, by)
        else:
            self.add("reset", self.key(), by)

    # ---- readings ----

    def reading(self):
        device = self.pick("d1", "d1", "d1", "d2", "d3")
        metrics = ["spo2", "spo2", "pulse-rate"] + [i["Metric"] for i in self.book.values() if "Metric" in i]
        metric = self.pick(*metrics)
        if self.chance(0.05):
            self.one_reading({"bed": self.pick(*self.BEDS), "metric": metric, "origin": "manual", "by": "nurse"})
            return
        self.one_reading({"device": device, "metric": metric})

    def value(self, place):
        """Wanders about the limits, and jumps at times."""
        v = self.wander.get(place, 93)
        v = self.random.randrange(78, 101) if self.chance(0.25) else v + self.random.randrange(-2, 3)
        v = self.wander[place] = max(70, min(100, v))
        return v

    def one_reading(self, f):
        value = "number"
        if f["metric"] == "button":
            value = "word"
            f[value] = self.pick("single", "double", "long")
        elif f["metric"] in ("bed-exit", "water-leak", "nurse-call"):
            value = "boolean"
            f[value] = self.pick("true", "false")
        elif f["metric"] == "ambient-temperature":
            f[value] = self.random.randrange(-1, 12)
        else:
            f[value] = self.value((f.get("device"), f.get("bed"), f["metric"]))
        p = self.random.random()
        if p < 0.1:
            f["validity"] = self.pick("not-measured", "sensor-off", "invalid", "calibrating")
            if self.chance(0.7):
                del f[value]
        elif p < 0.14 and value == "number":
            f["validity"] = self.pick("below-range", "above-range")
            if self.chance(0.5):
                del f[value]
        elif p < 0.2:
            f["validity"] = "questionable"
        p = self.random.random()
        if p < 0.05:
            f["flags"] = self.pick("stored", "episodic", "episodic", "demo", "test", "early-estimate")
        elif p < 0.08:
            f["age"] = self.pick(2, 20, 59, 61, 300) * SECOND
        elif p < 0.1:
            f["backfill"] = 1
        if self.chance(0.05):
            f["instance"] = 1
        self.add("reading", *(f"{k}={v}" for k, v in f.items()))


def text(steps):
    return "".join("\t".join((str(t), verb, *fields)) + "\n" for t, verb, fields in steps)
