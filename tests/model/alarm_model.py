"""The alarm engine as its documents describe it, slowly and obviously: what test_model.py holds the real one against.

Written from src/alarms/alarms.h, include/wardgate/{alarm,rule}.h and the settings' help texts alone. All readings of a
subject are kept, and each rule type works its verdict out of all of them every time (rule_types.py). What is not
modelled stands in README.md. Times are microseconds of the scenario; values are fractions.
"""
from fractions import Fraction

from rule_types import Verdict
from subject import FREEZE, GO_ON, NEVER, PRIORITIES, REMIND, SECOND, Alarm, Rule, Subject

LATE = 60 * SECOND
GATHER = 2 * SECOND
LATE_AGAIN = 600 * SECOND
AS_BEFORE = 30 * SECOND
PAUSE_DEFAULT = 120
PAUSE_MAX = 3600
OFF_MAX = 12 * 3600

MEASURED = ("valid", "questionable", "below-range", "above-range")
# The technical conditions that scenarios raise from outside; those that the engine finds itself are not among them.
CONDITIONS = {"device-silent": "medium", "low-battery": "low", "auth-failing": "medium", "flood": "low",
              "broker-unreachable": "medium", "store-full": "medium",
              "sensor-off": "low", "out-of-range": "low", "alarm-chatter": "low"}
GATHERED = ("device-silent", "auth-failing")  # wait for their like, of other devices
# What the engine is known to do otherwise (README.md): True until it is put right.
QUIRKS = {"MB-2": False, "MB-3": False, "MB-4": False, "MB-5": False, "MB-7": False, "MB-8": False, "MB-9": False,
          "MB-10": False, "MB-14": False, "MB-15": False,
          "MB-16": False, "MB-17": False, "MB-18": False, "MB-19": False, "MB-20": False, "MB-21": False,
          "MB-22": False}


class Model:
    def __init__(self, training=False):
        self.training = training
        self.quirks = QUIRKS
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

    def do_limits(self, bed):
        pass

    do_counters = do_wait

    def do_rule(self, name, *items):
        self.fresh[name] = Rule(name, [i.split("=", 1) for i in items])

    def do_rules(self):
        in_force = {s: s.limits() for s in self.subjects.values() if s.rule and s.rule.items["Type"] == "limit"}
        old, self.rules, self.fresh = self.rules, self.fresh, {}
        for place in list(self.overrides):
            if place[0] not in self.rules:
                del self.overrides[place]
        self.drop_contradicted()
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
        for s, limits in in_force.items():
            if s.key in self.subjects and s.state() == "active" and s.limits() != limits:
                s.judge_anew(self.now)
        self.make_named()
        for x in self.sensors.values():
            r = x["reading"]
            for s in self.find_subjects(r, x["device"], self.devices.get(x["device"]), x["instance"]) \
                    if x["measured"] and x["device"] else ():
                if s.made_at == self.now and s.rule.type.from_start and not s.history:
                    s.named = True  # it has been heard before the rule was there

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
            if s.condition or not s.rule.per_bed or s.bed != self.devices[device]:
                continue
            here = [x for x in self.sensors.values() if x["device"] == device and x["metric"] == s.rule.metric]
            if here and (self.quirks["MB-10"] or s.rule.concerns(device, s.bed)):
                s.judge("silent", self.now)

    def leave(self, which, reason):
        """The alarms of these end, and nothing of them is left."""
        for key, s in list(self.subjects.items()):
            if which(s):
                active = s.state() == "active"
                if s.alarm:
                    s.gone("end", reason)
                del self.subjects[key]
                if active and s.rule and s.rule.metric in GO_ON and reason not in ("device-removed", "bed-removed"):
                    anew = self.subjects[key] = Subject(self, key, s.rule, s.device, s.bed, s.instance)
                    anew.history, anew.late_at, anew.rejudge_at = s.history, s.late_at, self.now + 1

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
            "device": device, "metric": r["metric"], "instance": instance, "reading": r, "measured": False,
            "time": None, "off_since": None, "off": False, "extreme": False})
        late = "stored" in flags or "backfill" in r or self.now - r["time"] > LATE \
            or (sensor["time"] is not None and r["time"] < sensor["time"])
        if late:
            self.crossing(r, device, bed, instance)
            return 0
        if r["measured"] or not self.quirks["MB-2"]:
            sensor["time"] = r["time"]
        sensor["measured"] = sensor["measured"] or r["measured"]
        if r["measured"]:
            sensor["reading"] = r
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
        subjects = self.subjects_of(r, device, bed, instance)
        for s in subjects if r["measured"] else ():
            side = s.rule.type.crosses(s, r)
            if side == "normal" or s.rule.priority == "none":
                continue
            if s.late_at is None or self.now - s.late_at >= LATE_AGAIN:
                self.emit({"event": "start", "key": s.key, "alarm": None, "step": 1, "priority": "low", "was": None,
                           "state": "inactive", "reason": "late", "inactivation": [], "until": None,
                           "bed": self.bed_of(s), "device": s.device, "patient": self.patient_of(s),
                           "kind": "advisory", "onset": r["time"], "detected": self.now, "ended": None})
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
            if s.rule and s.rule.type.silence_is_unknown and s.device == device and \
                    any(r["measured"] for r in s.history):
                s.judge("silent", self.now)
        self.leave_bed(device)  # nor at its bed

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
        in_force = {s: s.limits() for s in self.subjects.values() if s.rule is rule_of}
        before = self.overrides.pop(place, None)
        if low is not None or high is not None:
            self.overrides[place] = (low, high)
        if self.contradict(rule_of):
            self.overrides.pop(place, None)
            if before:
                self.overrides[place] = before
            return 3
        for s in list(self.subjects.values()):
            if s in in_force and in_force[s] != s.limits():
                s.judge_anew(self.now)
        return 0

    def drop_contradicted(self):
        """Limits that the rules as they are now would not let anybody set."""
        for place, (low, high) in list(self.overrides.items()):
            rule = self.rules[place[0]]
            low, high = low if rule.low is not None else None, high if rule.high is not None else None
            self.overrides[place] = low, high
            if rule.items["Type"] != "limit" or (low is None and high is None):
                del self.overrides[place]
        kept, self.overrides = self.overrides, {}
        for level in ("ward", "bed", "patient"):
            for place in [p for p in kept if p[1] == level]:
                self.overrides[place] = kept[place]
                if self.contradict(self.rules[place[0]]):
                    del self.overrides[place]

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
                if s.onset is not None and s.rule.type.by_time and s.onset_samples >= s.rule.samples:
                    s.rejudge_at = self.now + 1
                s.forget()
                s.silent = True  # what was measured before is no longer known
        return 0
