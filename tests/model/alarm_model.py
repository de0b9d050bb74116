"""The alarm engine as its documents describe it, slowly and obviously: what test_model.py holds the real one against.

Written from src/alarms/alarms.h, include/wardgate/{alarm,rule}.h and the settings' help texts alone. All readings of a
subject are kept, and each rule type works its verdict out of all of them every time (rule_types.py). What is not
modelled stands in README.md. Times are microseconds of the scenario; values are fractions.
"""
from fractions import Fraction

from rule_types import TYPES, Verdict

SECOND = 1000000
LATE = 60 * SECOND
FREEZE = 15 * SECOND
CHATTER_MAX = 6
CHATTER = 600 * SECOND
QUIET = 300 * SECOND
GATHER = 2 * SECOND
LATE_AGAIN = 600 * SECOND
REMIND = 3600 * SECOND
AS_BEFORE = 30 * SECOND
PAUSE_DEFAULT = 120
PAUSE_MAX = 3600
OFF_MAX = 12 * 3600
NEVER = float("inf")

PRIORITIES = ("none", "low", "medium", "high")
MEASURED = ("valid", "questionable", "below-range", "above-range")
FLAGS = {"audio": "audio-paused", "alarm": "alarm-paused", "audio-off": "audio-off", "alarm-off": "alarm-off"}
# The technical conditions that scenarios raise from outside; those that the engine finds itself are not among them.
CONDITIONS = {"device-silent": "medium", "low-battery": "low", "auth-failing": "medium", "flood": "low",
              "broker-unreachable": "medium", "store-full": "medium",
              "sensor-off": "low", "out-of-range": "low", "alarm-chatter": "low"}
GATHERED = ("device-silent", "auth-failing")  # wait for their like, of other devices
KINDS = {"button": "advisory", "bed-exit": "advisory", "water-leak": "technical", "ambient-temperature": "technical"}


def seconds(text, default=0):
    """A duration of a setting, in microseconds."""
    if not text:
        return default
    for unit, factor in (("min", 60), ("h", 3600), ("s", 1)):
        if text.endswith(unit):
            return int(text[:-len(unit)]) * factor * SECOND
    return int(text) * SECOND


class Rule:
    """A [Rule] section; equal settings are the same rule."""

    def __init__(self, name, items):
        self.name, self.items = name, dict(items)
        get = self.items.get
        self.type = TYPES[get("Type")]
        self.metric = get("Metric")
        self.priority = get("Priority")
        self.latching = get("Latching") == "yes"
        self.wait, self.clear_for = seconds(get("For")), seconds(get("ClearFor"))
        self.samples = int(get("Samples", "1"))
        self.escalate_after = seconds(get("EscalateAfter"))
        self.per_bed = get("Scope") == "bed" or self.type.per_bed
        self.beds, self.devices = get("Beds", "*").split(), get("Devices", "*").split()
        self.low = Fraction(get("Below")) if "Below" in self.items else None
        self.high = Fraction(get("Above")) if "Above" in self.items else None
        self.kind = get("Kind") or ("technical" if get("Type") in ("absent", "stuck", "coldchain") else
                                    KINDS.get(self.metric, "physiological"))
        # How far back on the good side of its limit a value must be.
        self.back = Fraction(get("Hysteresis", "0"))
        if "ClearAt" in self.items:
            self.back = abs(Fraction(get("ClearAt")) - (self.low if self.low is not None else self.high))

    def duration(self, key):
        return seconds(self.items.get(key))

    def concerns(self, device, bed):
        return ("*" in self.beds or bed in self.beds) and \
            ("*" in self.devices or device in self.devices or device == "*")


class Alarm:
    """One alarm: from its start to its end, or until what was latched is reset."""
    count = 0

    def __init__(self):
        Alarm.count += 1
        self.id = Alarm.count
        self.step = 0


class Subject:
    """What a rule judges: a sensor of a device, or a bed; or one technical condition of one device."""

    def __init__(self, model, key, rule, device, bed, instance=0):
        self.model, self.key, self.rule, self.device, self.bed, self.instance = model, key, rule, device, bed, instance
        self.condition = None
        model.made += 1
        self.number = model.made
        self.made_at = self.judged_at = model.now
        self.named = False  # by Devices=, before its first reading
        self.history = []  # of readings that count, and of those that say that nothing is measured
        self.starts = []  # times, for the chatter limit
        self.late_at = None
        self.held = False  # by the chatter limit
        self.forget()
        self.alarm = None
        self.side = "normal"  # of the alarm

    def of_patient(self):
        return self.rule is not None and self.rule.kind == "physiological"

    def forget(self):
        """Nothing is pending."""
        self.onset = None  # when the condition began
        self.onset_samples = 0
        self.frozen_at, self.frozen = None, 0
        self.clear_at = None  # since when it is gone

    # ---- how it stands ----

    def state(self):
        return self.alarm.state if self.alarm else "inactive"

    def levels(self):
        """The pauses that go for this alarm: its own and its bed's."""
        found = []
        if self.alarm and self.alarm.pause:
            found.append(self.alarm.pause)
        bed = self.model.bed_of(self)
        pause = self.model.bed_pauses.get(bed)
        if pause:
            found.append(pause)
        return found

    def active_side(self):
        return self.side if self.state() == "active" else None

    def inactivation(self):
        flags = {FLAGS[p["kind"]] for p in self.levels()}
        if self.alarm and self.alarm.acknowledged:
            flags.add("alert-acknowledged")
        return sorted(flags)

    def until(self):
        return min((p["until"] for p in self.levels()), default=None)

    # ---- judging ----

    def limits(self):
        return self.model.limits_of(self.rule, self.model.bed_of(self))

    def judge(self, cause, now):
        self.judged_at = now
        if cause == "silent" and self.rule.type.silence_is_unknown:
            v = Verdict("unknown", cause=cause)
        else:
            v = self.rule.type.judge(self, cause, now)
        self.take(v, now)

    def take(self, v, now):
        """A verdict: onset, active, clearing."""
        self.verdict = v
        active = self.state() == "active"
        if v.side == "unknown":
            self.clear_at = None
            if self.onset is not None and self.frozen_at is None:
                self.frozen_at = now
            return
        if self.frozen_at is not None:
            self.frozen += now - self.frozen_at
            self.frozen_at = None
        if v.side != "normal":
            self.clear_at = None
            other, self.side = active and v.side != self.side, v.side
            if other and (v.priority or self.rule.priority) == self.alarm.priority or other and self.alarm.raised:
                self.renew(now)
            if active:
                self.escalate_by_verdict(v, now)
                return
            if self.onset is None or self.onset_side != v.side:  # the other limit is another condition
                self.onset, self.onset_side, self.onset_samples, self.frozen = now, v.side, 0, 0
                self.onset_shown = self.history[-1]["time"] if v.cause == "reading" else now
            if v.cause == "reading":
                self.onset_samples += 1
            elif v.cause == "tick":  # the passing of time needs no second reading
                self.onset_samples = self.rule.samples
            if v.at_once or self.onset_is_over(now):
                self.start(now)
            return
        self.onset = None
        if active:
            running = self.clear_at is not None
            if not running:
                self.clear_at = now
            if self.clear_over(now, v.at_once and not (running and self.model.quirks["MB-3"])):
                self.over(now)

    def onset_is_over(self, now):
        return self.onset is not None and self.frozen_at is None and self.onset_samples >= self.rule.samples \
            and now >= self.onset + self.frozen + self.rule.wait

    def clear_over(self, now, at_once=False):
        clear_for = self.rule.clear_for if self.rule else 0
        would_be_over = now >= self.clear_at + (0 if at_once else clear_for)
        if not self.held and would_be_over and self.too_often(now):
            self.held, self.held_at = True, self.model.now
        if self.held and would_be_over and self.device:
            self.model.raise_condition("alarm-chatter", self.device)
        return now >= self.quiet_at() if self.held else would_be_over

    def quiet_at(self):
        clear_for = self.rule.clear_for if self.rule else 0
        return max(max(self.clear_at, self.held_at) + QUIET, self.clear_at + clear_for)

    def too_often(self, now):
        if not self.model.quirks["MB-9"]:
            return len([t for t in self.starts if t > now - CHATTER]) >= CHATTER_MAX
        window, count = None, 0
        for t in self.starts:
            if window is None or t >= window + CHATTER:
                window, count = t, 0
            count += 1
        return count >= CHATTER_MAX and now < window + CHATTER

    def due(self):
        """When something happens by itself."""
        times = [NEVER]
        if self.state() != "active" and self.onset is not None:
            if self.frozen_at is not None:
                times.append(self.frozen_at + FREEZE)
            elif self.onset_samples >= self.rule.samples:
                times.append(self.onset + self.frozen + self.rule.wait)
        if self.state() == "active" and self.clear_at is not None:
            clear_for = self.rule.clear_for if self.rule else 0
            times.append(self.quiet_at() if self.held else self.clear_at + clear_for)
        if self.alarm and self.alarm.escalate_at is not None:
            times.append(self.alarm.escalate_at)
        if self.alarm and self.alarm.pause:
            times += [self.alarm.pause["until"], self.alarm.pause["remind"]]
        if self.rule:
            times.append(self.rule.type.due(self))
        return min(times)

    def tick(self, reach):
        """What was due up to then; it happens now."""
        now = self.model.now
        if self.alarm and self.alarm.pause and self.alarm.pause["until"] <= reach:
            self.alarm.pause = None
            self.say("update", reason="expired")
        if self.alarm and self.alarm.pause and self.alarm.pause["remind"] <= reach:
            self.alarm.pause["remind"] += REMIND
            self.say("continue", reason="reminder")
        if self.rule and self.rule.type.due(self) <= reach:
            self.judge("tick", now)
        if self.onset is not None and self.frozen_at is not None and self.frozen_at + FREEZE <= reach:
            self.onset = self.frozen_at = None
        if self.state() != "active" and self.onset_is_over(reach):
            self.start(now)
        if self.state() == "active" and self.clear_at is not None and self.clear_over(reach):
            self.over(now)
        if self.alarm and self.alarm.escalate_at is not None and self.alarm.escalate_at <= reach:
            self.escalate(now)

    # ---- life ----

    def start(self, now):
        onset, self.onset = self.onset_shown, None
        priority = self.verdict.priority or self.rule.priority
        if priority == "none":
            priority = "none"
        again = self.alarm is not None
        self.model.break_pauses(self, now)
        if again:  # what was latched is there again
            a = self.alarm
            a.state, a.acknowledged, a.ended = "active", None, None
            if a.pause and not a.pause["kind"].endswith("off"):
                a.pause = None
            a.onset = onset
            was = a.priority
            if not (a.raised and PRIORITIES.index(priority) < PRIORITIES.index(was)):
                a.priority = priority
            priority = a.priority
            self.set_escalation(now)
            up = PRIORITIES.index(priority) - PRIORITIES.index(was)
            self.say("escalate" if up > 0 else "deescalate" if up < 0 else "update", was=was if up else None)
        else:
            a = self.alarm = Alarm()
            a.state, a.acknowledged, a.pause, a.ended = "active", None, None, None
            a.onset, a.detected, a.priority, a.raised = onset, now, priority, False
            self.set_escalation(now)
            self.say("start")
        self.frozen_at, self.frozen = None, 0
        self.count_start(now)

    def count_start(self, now):
        self.starts.append(now)

    def renew(self, now):
        """The alarm is on the other side now: another condition, which nobody has acknowledged."""
        a = self.alarm
        a.acknowledged = None
        if a.pause and not a.pause["kind"].endswith("off"):
            a.pause = None
        self.model.break_pauses(self, now)
        if a.escalate_at is None:
            self.set_escalation(now)
        self.say("update")

    def set_escalation(self, now):
        a = self.alarm
        after = self.rule.escalate_after if self.rule else 0
        a.escalate_at = now + after if after and not a.acknowledged and a.state == "active" \
            else None

    def change_rule(self, new):
        """An alarm goes on; what was pending with the settings of before is forgotten."""
        old, self.rule = self.rule, new
        if old.items == new.items:
            return
        clear_at = self.clear_at
        self.forget()
        self.clear_at = clear_at
        self.history = []
        self.named = self.named and not self.model.quirks["MB-14"]
        if self.alarm and self.alarm.escalate_at is None and not self.model.quirks["MB-8"]:
            self.set_escalation(self.model.now)

    def escalate(self, now):
        a = self.alarm
        if not self.rule.escalate_after or a.priority == "high":
            a.escalate_at = None
            return
        was, a.priority, a.raised = a.priority, PRIORITIES[PRIORITIES.index(a.priority) + 1], True
        a.pause = None if a.pause and not a.pause["kind"].endswith("off") else a.pause
        self.model.break_pauses(self, now)
        self.set_escalation(now)
        self.say("escalate", reason="not-acknowledged", was=was)

    def escalate_by_verdict(self, v, now):
        """What the rule says of an alarm that is there; one that was not acknowledged stays as urgent as that made it."""
        self.onset = None
        a, to = self.alarm, v.priority or self.rule.priority
        if to == a.priority:
            return
        was = a.priority
        up = PRIORITIES.index(to) > PRIORITIES.index(was)
        if not up and a.raised:
            return
        if up:
            self.model.break_pauses(self, now)
            a.acknowledged = None
            if a.pause and not a.pause["kind"].endswith("off"):
                a.pause = None
        a.priority = to
        if up and a.escalate_at is None:
            self.set_escalation(now)
        self.say("escalate" if up else "deescalate", was=was)

    def over(self, now):
        a = self.alarm
        a.ended, a.state, self.clear_at, a.escalate_at = now, "latched", None, None
        self.held = False
        self.onset = None
        if self.rule and self.rule.latching:
            self.say("update")
        else:
            self.gone("end")

    def gone(self, phase, reason=None):
        a = self.alarm
        a.state = "inactive"
        if a.ended is None:
            a.ended = self.model.now
        a.pause = a.acknowledged = a.escalate_at = None
        self.say(phase, reason=reason, inactive=True)
        self.alarm = None
        self.held = False
        self.clear_at = None

    def say(self, phase, reason=None, was=None, inactive=False):
        a = self.alarm
        if a.priority == "none":
            return
        a.step += 1
        self.model.emit({
            "event": phase, "key": self.key, "alarm": a.id, "step": a.step, "priority": a.priority, "was": was,
            "state": a.state, "reason": reason, "inactivation": [] if inactive else self.inactivation(),
            "until": None if inactive else self.until(), "bed": self.model.bed_of(self), "device": self.device,
            "patient": self.model.patient_of(self), "kind": self.rule.kind if self.rule else "technical",
            "onset": a.onset, "detected": a.detected, "ended": a.ended, "instance": self.instance})


class Model:
    def __init__(self, training=False):
        self.training = training
        self.quirks = dict.fromkeys(("MB-2", "MB-3", "MB-4", "MB-5", "MB-7", "MB-8", "MB-9", "MB-10", "MB-14"), True)  # what the engine is known to do otherwise; see README.md
        self.now = 0
        self.events, self.results = [], []
        self.rules = {}
        self.devices, self.beds = {}, set()
        self.patients = {}  # bed -> reference
        self.bed_pauses = {}
        self.subjects = {}  # key -> Subject
        self.sensors = {}  # (device or bed, metric, instance) -> {"time", "off_since", "extreme"}
        self.overrides = {}  # (rule, level, bed) -> (low, high)
        self.fresh = {}
        self.made = 0
        self.silent_since = {}
        self.present = set()
        Alarm.count = 0

    # ---- helpers ----

    def emit(self, event):
        self.events.append({"t": self.now, **event})

    def bed_of(self, s):
        return self.devices.get(s.device) if s.device else s.bed

    def patient_of(self, s):
        if s.condition:
            return self.patients.get(self.bed_of(s))
        return self.patients.get(self.bed_of(s))

    def limits_of(self, rule, bed):
        low, high = rule.low, rule.high
        for level in ("ward", "bed", "patient"):
            found = self.overrides.get((rule.name, level, None if level == "ward" else bed))
            if found:
                low = found[0] if found[0] is not None else low
                high = found[1] if found[1] is not None else high
        return low, high

    def break_pauses(self, subject, now):
        """Something new or more urgent comes: the bed's pause is over."""
        bed = self.bed_of(subject)
        pause = self.bed_pauses.get(bed)
        if bed is None or not pause or pause["kind"].endswith("off"):
            return
        if subject.rule and (subject.rule.priority == "none"):
            return
        del self.bed_pauses[bed]
        for s in self.subjects.values():
            if s is not subject and s.alarm and self.bed_of(s) == bed:
                s.say("update", reason="broken")

    # ---- time ----

    def due(self):
        times = [s.due() for s in self.subjects.values()]
        times += [min(p["until"], p["remind"]) for p in self.bed_pauses.values()]
        times += [x["off_since"] + FREEZE for x in self.sensors.values()
                  if x["off_since"] is not None and not x["off"] and x["device"]]
        times += [t + GATHER for t in self.silent_since.values()]
        return min(times, default=NEVER)

    def advance(self, to):
        while self.due() <= to:
            reach = self.due()
            self.now = max(self.now, reach)
            self.tick(reach)
        self.now = max(self.now, to)

    def tick(self, reach):
        for bed, pause in list(self.bed_pauses.items()):
            if pause["until"] <= reach:
                del self.bed_pauses[bed]
                for s in self.subjects.values():
                    if s.alarm and self.bed_of(s) == bed:
                        s.say("update", reason="expired")
            elif pause["remind"] <= reach:
                pause["remind"] += REMIND
                for s in self.subjects.values():
                    if s.alarm and self.bed_of(s) == bed:
                        s.say("continue", reason="reminder")
        for s in list(self.subjects.values()):
            s.tick(reach)
        for x in self.sensors.values():
            if x["off_since"] is not None and not x["off"] and x["device"] and x["off_since"] + FREEZE <= reach:
                x["off"] = True
                self.sensor_conditions(x["device"])
        for (name, device), since in list(self.silent_since.items()):
            if since + GATHER <= reach:
                del self.silent_since[name, device]
                self.raise_condition(name, device, onset=since)

    # ---- what happens ----

    def step(self, t, verb, fields):
        self.advance(t)
        result = getattr(self, "do_" + verb.replace("-", "_"))(*fields)
        self.results.append(result or 0)

    def do_wait(self):
        pass

    do_tick = do_wait

    def do_rule(self, name, *items):
        self.fresh[name] = Rule(name, [i.split("=", 1) for i in items])

    def do_rules(self):
        old, self.rules, self.fresh = self.rules, self.fresh, {}
        for key, s in list(self.subjects.items()):
            if s.condition:
                continue
            new = self.rules.get(s.rule.name)
            fits = new and new.items["Type"] == s.rule.items["Type"] and new.metric == s.rule.metric \
                and new.per_bed == s.rule.per_bed and new.concerns(s.device or "*", self.bed_of(s))
            if fits:
                s.change_rule(new)
                continue
            if s.alarm:
                s.gone("end", "rule-changed" if new else "rule-removed")
            del self.subjects[key]
        for place in list(self.overrides):
            if place[0] not in self.rules:
                del self.overrides[place]
        self.make_named()

    def do_device(self, name, bed):
        bed = None if bed == "-" else bed
        if bed:
            self.beds.add(bed)
        known = name in self.devices
        if known and self.devices[name] == bed:
            return
        if known:
            self.leave_bed(name)
            self.leave(lambda s: s.device == name and s.of_patient(), "device-moved")
        self.devices[name] = bed
        self.leave(lambda s: s.device == name and s.rule and not s.rule.concerns(name, bed), "device-moved")
        for s in self.subjects.values():
            if s.device == name and s.alarm:
                s.say("update")
        self.make_named()

    def make_named(self):
        """What a rule is for by name is judged before its first reading, where the type can tell something then."""
        for rule in self.rules.values():
            for device in rule.devices if rule.type.from_start and not rule.per_bed else ():
                key = f"{rule.name}.{device}"
                if device in self.devices and key not in self.subjects and rule.concerns(device, self.devices[device]):
                    self.subjects[key] = Subject(self, key, rule, device, None)
                    self.subjects[key].named = True

    def leave_bed(self, device):
        """The bed has a sensor less: as if nothing were measured, until the next reading."""
        for s in self.subjects.values():
            if s.condition or s.device or s.bed != self.devices[device]:
                continue
            here = [x for x in self.sensors.values() if x["device"] == device and x["metric"] == s.rule.metric]
            if here and (self.quirks["MB-10"] or s.rule.concerns(device, s.bed)):
                s.take(Verdict("unknown"), self.now)

    def leave(self, which, reason):
        """The alarms of these end, and nothing of them is left."""
        for key, s in list(self.subjects.items()):
            if which(s):
                if s.alarm:
                    s.gone("end", reason)
                del self.subjects[key]

    def do_remove_device(self, name):
        if name not in self.devices:
            return
        self.leave_bed(name)
        self.leave(lambda s: s.device == name, "device-removed")
        for place in [p for p in self.silent_since if p[1] == name]:
            del self.silent_since[place]
        self.present = {p for p in self.present if p[1] != name}
        del self.devices[name]
        for place in [p for p, x in self.sensors.items() if x["device"] == name]:
            del self.sensors[place]

    def do_remove_bed(self, bed):
        if bed not in self.beds:
            return
        self.leave(lambda s: s.of_patient() and s.device and self.bed_of(s) == bed, "device-moved")
        self.leave(lambda s: not s.condition and not s.device and s.bed == bed, "bed-removed")
        moved = [d for d, b in self.devices.items() if b == bed]
        self.beds.discard(bed)
        self.patients.pop(bed, None)
        self.bed_pauses.pop(bed, None)
        for place in [p for p in self.overrides if p[2] == bed]:
            del self.overrides[place]
        for d in moved:
            self.devices[d] = None
            for s in self.subjects.values():
                if not (self.quirks["MB-7"] and not s.of_patient()) and s.device == d and s.alarm:
                    s.say("update")

    def do_patient(self, bed, patient, association):
        patient = None if patient == "-" else patient
        self.beds.add(bed)
        before = self.patients.get(bed)
        if before == patient:
            return
        if before is not None:
            self.leave(lambda s: s.of_patient() and self.bed_of(s) == bed, "discharged")
            for place in [p for p in self.overrides if p[1] == "patient" and p[2] == bed]:
                del self.overrides[place]
            self.bed_pauses.pop(bed, None)
        self.patients[bed] = patient
        for s in self.subjects.values():
            if s.alarm and self.bed_of(s) == bed and not (s.condition and self.quirks["MB-5"]):
                s.say("update")

    def do_scale2(self, bed, on, by):
        pass

    # ---- readings ----

    def do_reading(self, *fields):
        r = dict(f.split("=", 1) for f in fields)
        device, bed = r.get("device"), r.get("bed")
        if device and device not in self.devices:
            return 1
        if device:
            bed = self.devices[device]
        else:
            self.beds.add(bed)
        flags = r.get("flags", "").split()
        validity = r.get("validity", "valid")
        instance = int(r.get("instance", "0"))
        r.update(t=self.now, validity=validity, flags=flags, time=self.now - int(r.get("age", "0")),
                 episodic="episodic" in flags or r.get("origin") == "manual" or device is None)
        r["value"] = Fraction(r["number"]) if "number" in r else \
            r["boolean"] == "true" if "boolean" in r else r.get("word")
        not_real = not self.training and ("demo" in flags or "test" in flags)
        r["measured"] = validity in MEASURED and not not_real \
            and (r["value"] is not None or validity in ("below-range", "above-range"))
        r["extreme"] = {"below-range": "below", "above-range": "above"}.get(validity)
        place = (device or "bed:" + bed, r["metric"], instance)
        sensor = self.sensors.setdefault(place, {
            "device": device, "metric": r["metric"], "time": None, "off_since": None, "off": False, "extreme": False})
        late = "stored" in flags or "backfill" in r or self.now - r["time"] > LATE \
            or (sensor["time"] is not None and r["time"] < sensor["time"])
        if late:
            self.crossing(r, device, bed, instance)
            return 0
        if r["measured"] or not self.quirks["MB-2"]:
            sensor["time"] = r["time"]
        if r["measured"]:
            sensor["off_since"], sensor["off"] = None, False
            sensor["extreme"] = r["extreme"] is not None
        elif sensor["off_since"] is None:
            sensor["off_since"] = self.now
        if device:
            self.sensor_conditions(device)
        for s in self.subjects_of(r, device, bed, instance):
            s.history.append(r)
            s.judge("reading" if r["measured"] else "unmeasured", self.now)
        return 0

    def subjects_of(self, r, device, bed, instance):
        """Those of the sensor, the newest first: that order shows only in what breaks a pause first."""
        found = list(self.find_subjects(r, device, bed, instance))
        return sorted(found, key=lambda s: -s.number)

    def find_subjects(self, r, device, bed, instance):
        for rule in list(self.rules.values()):
            if rule.metric != r["metric"] or not rule.concerns(device, bed) or rule.type.per_bed:
                continue
            if rule.per_bed:
                if bed is None:
                    continue
                key, device_of = f"{rule.name}.bed-{bed}", None
            elif device:
                key, device_of = f"{rule.name}.{device}" + (f".{instance}" if instance else ""), device
            else:
                key, device_of = f"{rule.name}.bed-{bed}" + (f".{instance}" if instance else ""), None
            if key not in self.subjects:
                if not r["measured"] and not (rule.type.from_start and device in rule.devices):
                    continue  # a sensor that has never measured has nothing to lose
                self.subjects[key] = Subject(self, key, rule, device_of, bed, instance)
                self.subjects[key].named = device in rule.devices
            yield self.subjects[key]

    def crossing(self, r, device, bed, instance):
        """A value that came too late to alarm: one advisory for a run of them."""
        if not r["measured"]:
            return
        for s in self.subjects_of(r, device, bed, instance):
            side = s.rule.type.crosses(s, r)
            if side == "normal" or s.rule.priority == "none":
                continue
            if s.late_at is None or self.now - s.late_at >= LATE_AGAIN:
                self.emit({"event": "start", "key": s.key, "alarm": None, "step": 1, "priority": "low", "was": None,
                           "state": "inactive", "reason": "late", "inactivation": [], "until": None,
                           "bed": self.bed_of(s), "device": s.device, "patient": self.patient_of(s),
                           "kind": "advisory", "onset": r["time"], "detected": self.now, "ended": None,
                           "instance": instance})
            s.late_at = self.now

    # ---- technical conditions ----

    def condition_subject(self, name, device):
        key = f"{name}.{device or 'gateway'}"
        if key not in self.subjects:
            s = self.subjects[key] = Subject(self, key, None, device, None)
            s.condition = name
            s.verdict = Verdict("normal")
        return self.subjects[key]

    def sensor_conditions(self, device):
        mine = [x for x in self.sensors.values() if x["device"] == device]
        for name, there in (("sensor-off", any(x["off"] for x in mine)),
                            ("out-of-range", any(x["extreme"] for x in mine))):
            (self.raise_condition if there else self.lower_condition)(name, device)

    def raise_condition(self, name, device, onset=None):
        s = self.condition_subject(name, device)
        s.clear_at = None
        if s.alarm:
            return
        self.break_pauses(s, self.now)
        a = s.alarm = Alarm()
        a.state, a.acknowledged, a.pause, a.ended, a.escalate_at = "active", None, None, None, None
        a.onset, a.detected, a.priority = self.now if onset is None else onset, self.now, CONDITIONS[name]
        s.say("start")
        s.count_start(self.now)

    def lower_condition(self, name, device):
        s = self.subjects.get(f"{name}.{device or 'gateway'}")
        if s and s.alarm and s.clear_at is None:
            s.clear_at = self.now
            if s.clear_over(self.now):
                s.over(self.now)

    def do_condition(self, name, device, present):
        device = None if device == "-" else device
        if device and device not in self.devices:
            return 1
        if name in GATHERED:
            there = f"{name}.{device}" in self.subjects and self.subjects[f"{name}.{device}"].alarm
            if present == "yes":
                if name == "device-silent" and (name, device) not in self.present:
                    self.silent(device)
                self.present.add((name, device))
                if there:
                    self.raise_condition(name, device)
                else:
                    self.silent_since.setdefault((name, device), self.now)
                return 0
            self.present.discard((name, device))
            self.silent_since.pop((name, device), None)
        (self.raise_condition if present == "yes" else self.lower_condition)(name, device)
        return 0

    def silent(self, device):
        """Its last values hold no longer."""
        for s in self.subjects.values():
            if s.rule and s.device == device and s.history:
                s.judge("silent", self.now)

    # ---- people ----

    def alarm_of(self, key):
        s = self.subjects.get(key)
        return s if s and s.alarm and s.alarm.priority != "none" else None

    def do_ack(self, key, by):
        s = self.alarm_of(key)
        if not s:
            return 1
        if s.alarm.acknowledged:
            return 0
        s.alarm.acknowledged = by
        s.alarm.escalate_at = None
        if s.alarm.pause and not s.alarm.pause["kind"].endswith("off"):
            s.alarm.pause = None
        s.say("update")
        return 0

    def new_pause(self, kind, seconds_text):
        """A pause, None when it is taken back, or False when it is too long."""
        n, off = int(seconds_text), kind.endswith("off")
        if n < 0:
            return None
        if n > (OFF_MAX if off else PAUSE_MAX):
            return False
        n = n or (OFF_MAX if off else PAUSE_DEFAULT)
        return {"kind": kind, "until": self.now + n * SECOND, "remind": self.now + REMIND if off else NEVER}

    def do_pause(self, key, kind, seconds_text, by):
        s = self.alarm_of(key)
        if not s:
            return 1
        pause = self.new_pause(kind, seconds_text)
        if pause is False:
            return 3
        if pause is None:
            if not s.alarm.pause or s.alarm.pause["kind"] != kind:
                return 0
        s.alarm.pause = pause
        s.say("update")
        return 0

    def do_pause_bed(self, bed, kind, seconds_text, by):
        if bed not in self.beds:
            return 1
        pause = self.new_pause(kind, seconds_text)
        if pause is False:
            return 3
        before = self.bed_pauses.get(bed)
        if pause is None and (not before or before["kind"] != kind):
            return 0
        self.bed_pauses.pop(bed, None)
        if pause:
            self.bed_pauses[bed] = pause
        for s in self.subjects.values():
            if s.alarm and self.bed_of(s) == bed:
                s.say("update")
        return 0

    def do_reset(self, key, by):
        s = self.alarm_of(key)
        if not s:
            return 1
        if s.alarm.state == "active":
            return 3
        s.gone("reset")
        return 0

    def do_continue(self):
        for s in self.subjects.values():
            if s.alarm:
                s.say("continue")

    def do_set_limits(self, rule, level, bed, low, high, by):
        bed = None if bed == "-" else bed
        if rule not in self.rules:
            return 1
        if self.rules[rule].items["Type"] not in ("limit", "sustained"):
            return 3
        if bed is not None and bed not in self.beds:
            return 1
        if level == "patient" and self.patients.get(bed) is None:
            return 3
        rule_of = self.rules[rule]
        if bed is not None and not rule_of.concerns("*", bed):
            return 3
        if (low != "-" and rule_of.low is None) or (high != "-" and rule_of.high is None):
            return 3
        low = None if low == "-" else Fraction(low)
        high = None if high == "-" else Fraction(high)
        place = (rule, level, bed)
        before = self.overrides.pop(place, None)
        if low is not None or high is not None:
            self.overrides[place] = (low, high)
        if self.contradict(rule_of):
            self.overrides.pop(place, None)
            if before:
                self.overrides[place] = before
            return 3
        return 0

    def contradict(self, rule):
        for bed in [None, *self.beds]:
            low, high = self.limits_of(rule, bed)
            if low is not None and high is not None and low >= high:
                return True
        return False

    def do_restart(self, elapsed, shift):
        elapsed = int(elapsed)
        self.now += abs(elapsed)
        if 0 <= elapsed <= AS_BEFORE:
            return 0
        for s in self.subjects.values():
            if not s.condition:
                s.forget()
        return 0
