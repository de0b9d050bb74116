"""One subject of one rule and its alarm, for alarm_model.py: onset, alarm, clearing, acknowledgement, priority."""
from fractions import Fraction

from rule_types import TYPES, Verdict

SECOND = 1000000
FREEZE = 15 * SECOND
CHATTER_MAX = 6
CHATTER = 600 * SECOND
QUIET = 300 * SECOND
REMIND = 3600 * SECOND
NEVER = float("inf")

PRIORITIES = ("none", "low", "medium", "high")
FLAGS = {"audio": "audio-paused", "alarm": "alarm-paused", "audio-off": "audio-off", "alarm-off": "alarm-off"}
CALLS = ("button", "bed-exit", "nurse-call", "emergency", "fall")  # of a patient, whatever their kind
GO_ON = ("nurse-call", "emergency", "fall")  # start anew for who is there now: somebody may be in need
KINDS = {"nurse-call": "advisory", "button": "advisory", "bed-exit": "advisory", "water-leak": "technical",
         "ambient-temperature": "technical"}


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
        self.rejudge_at = NEVER  # after a reload or a long interruption
        self.starts = []  # times, for the chatter limit
        self.late_at = None
        self.held = False  # by the chatter limit
        self.silent = False  # its device says nothing
        self.forget()
        self.alarm = None
        self.side = "normal"  # of the alarm
        self.beyond_limit = None  # side and limit that a value was last beyond

    def of_patient(self):
        return self.rule is not None and (self.rule.kind == "physiological" or self.rule.metric in CALLS)

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
        self.silent = cause == "silent"
        if cause == "silent" and self.rule.type.silence_is_unknown:
            v = Verdict("unknown", cause=cause)
        else:
            v = self.rule.type.judge(self, cause, now)
        v.at_once = v.at_once and cause not in ("tick", "limits")
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
                self.escalate_by_verdict(v, now, other)
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
            self.held = True
        if self.held and would_be_over and self.device:
            self.model.raise_condition("alarm-chatter", self.device)
        return now >= self.quiet_at() if self.held else would_be_over

    def quiet_at(self):
        clear_for = self.rule.clear_for if self.rule else 0
        return self.clear_at + max(QUIET, clear_for)

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
        times = [self.rejudge_at]
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
        if self.rejudge_at <= reach:
            self.rejudge_at = NEVER
            if self.history or self.rule.type.from_start:
                self.judge("tick", now)
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

    def judge_anew(self, now):
        """The limits are others: the last value is judged by them."""
        if not self.history:
            return
        if not self.history[-1]["measured"] or self.frozen_at is not None:
            if self.state() != "active" and self.frozen_at is not None:
                last = [r for r in self.history if r["measured"]][-1:]
                if last and self.rule.type.crosses(self, last[0]) == "normal":
                    self.onset = self.frozen_at = None
            return
        if self.state() == "active" and self.silent or self.state() != "active" and self.onset is None:
            return
        before, self.judged_at = self.onset_samples, now
        v = self.rule.type.judge(self, "limits", now)
        v.at_once = False
        other = self.onset is not None and self.onset_side != v.side
        self.take(v, now)
        if self.onset is not None:
            self.onset_samples = 1 if other else before

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
        if self.alarm and self.alarm.escalate_at is None and not self.model.quirks["MB-8"]:
            self.set_escalation(self.model.now)
        if old.items == new.items:
            return
        clear_at, pending = self.clear_at, self.onset is not None or old.type.due(self) != NEVER
        self.forget()
        self.clear_at = clear_at
        if new.items["Type"] == "event" and self.state() != "active":
            self.history = []
        if pending and new.type.by_time:
            self.rejudge_at = self.model.now + 1

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

    def escalate_by_verdict(self, v, now, other):
        """What the rule says of an alarm that is there; one that was escalated does not get less urgent."""
        self.onset = None
        a, to = self.alarm, v.priority or self.rule.priority
        if to == a.priority:
            return
        was = a.priority
        up = PRIORITIES.index(to) > PRIORITIES.index(was)
        if not up and a.raised:
            return
        if up or other:
            self.model.break_pauses(self, now)
            a.acknowledged = None
            if a.pause and not a.pause["kind"].endswith("off"):
                a.pause = None
        a.priority = to
        if (up or other) and a.escalate_at is None:
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
            "onset": a.onset, "detected": a.detected, "ended": a.ended, "condition": self.condition})


