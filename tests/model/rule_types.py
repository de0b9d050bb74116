"""How each rule type judges, for alarm_model.py: out of all the readings that a subject has had, every time anew."""

from fractions import Fraction

NEVER = float("inf")


class Verdict:
    def __init__(self, side, priority=None, at_once=False, cause=None):
        self.side, self.priority, self.at_once, self.cause = side, priority, at_once, cause


class Type:
    per_bed = False
    from_start = False

    by_time = False  # judged without a reading too
    silence_is_unknown = True

    def judge(self, s, cause, now):
        raise NotImplementedError

    def crosses(self, s, r):
        """Where a value that came too late stands, by itself."""
        return "normal"

    def due(self, s):
        """When the verdict changes without a reading."""
        return NEVER


def beyond(r, low, high, active_side=None, back=0):
    """On which side of its limits a reading stands; an alarm that is active ends only further back."""
    if r["extreme"]:
        limit = low if r["extreme"] == "below" else high
        return r["extreme"] if limit is not None else "normal"
    v = r["value"]
    if low is not None and v < low:
        return "below"
    if high is not None and v > high:
        return "above"
    if active_side == "below" and low is not None and v < low + back:
        return "below"
    if active_side == "above" and high is not None and v > high - back:
        return "above"
    return "normal"


class Limit(Type):
    def judge(self, s, cause, now):
        r = s.history[-1]
        if not r["measured"]:
            return Verdict("unknown", cause=cause)
        low, high = s.limits()
        plain = beyond(r, low, high)
        if plain != "normal":
            s.beyond_limit = plain, low if plain == "below" else high
        # Back from another limit than the one that is in force now, no distance counts.
        same = s.beyond_limit in (("below", low), ("above", high))
        side = beyond(r, low, high, s.active_side(), s.rule.back if same else 0)
        return Verdict(side, at_once=r["episodic"], cause=cause)

    def crosses(self, s, r):
        return beyond(r, *s.limits())


class Bands(Type):
    """Several limits, each with its own priority; the furthest out counts."""

    def bands(self, s):
        found = []
        for word in s.rule.items["Bands"].split():
            limit, priority = word[1:].split(":")
            found.append(("below" if word[0] == "<" else "above", Fraction(limit), priority))
        # From the least to the furthest out.
        return sorted(found, key=lambda b: abs(b[1] - 500 * (b[0] == "below")))

    def stand(self, s, r, active_side, active_band):
        margin = Fraction(s.rule.items.get("Margin", "0"))
        result = None
        for side in ("below", "above"):
            mine = [b for b in self.bands(s) if b[0] == side]
            for i, (_, limit, priority) in enumerate(mine):
                back = margin if active_side == side and active_band is not None and i <= active_band else 0
                if r["extreme"]:
                    there = r["extreme"] == side
                elif side == "below":
                    there = r["value"] < limit or (back and r["value"] < limit + back)
                else:
                    there = r["value"] > limit or (back and r["value"] > limit - back)
                if there and (result is None or result[0] == side or active_side != result[0]):
                    result = (side, priority, i)
        return result

    def judge(self, s, cause, now):
        r = s.history[-1]
        if not r["measured"]:
            return Verdict("unknown", cause=cause)
        found = self.stand(s, r, s.active_side(), getattr(s, "band", None))
        if found is None:
            return Verdict("normal", at_once=r["episodic"], cause=cause)
        s.band = found[2]
        return Verdict(found[0], priority=found[1], at_once=r["episodic"], cause=cause)

    def crosses(self, s, r):
        found = self.stand(s, r, None, None)
        return found[0] if found else "normal"


class Event(Type):
    """A switch in a state that it should not be in, or a word."""
    by_time = True

    def says(self, s, r):
        """True: the condition; False: its end; None: neither."""
        if isinstance(r["value"], bool):
            return r["value"] == (s.rule.items.get("Is", "yes") == "yes")
        if r["value"] in s.rule.items.get("Words", "").split():
            return True
        until = s.rule.items.get("Until", "").split()
        return False if not until or r["value"] in until else None

    def hold(self, s):
        return s.rule.duration("Hold")

    def judge(self, s, cause, now):
        if cause in ("unmeasured", "silent"):
            return Verdict("unknown", cause=cause)
        stands, since = False, None
        for r in s.history:
            says = self.says(s, r) if r["measured"] else None
            if says is not None:
                stands, since = says, r["t"]
        hold = self.hold(s)
        if stands and hold and now >= since + hold:
            return Verdict("normal", cause=cause)
        return Verdict("present" if stands else "normal", at_once=s.history[-1]["episodic"], cause=cause)

    def due(self, s):
        said = [r for r in s.history if r["measured"] and self.says(s, r) is not None]
        if not self.hold(s) or not said or not self.says(s, said[-1]):
            return NEVER
        over = said[-1]["t"] + self.hold(s)
        return over if over > s.judged_at else NEVER

    def crosses(self, s, r):
        return "present" if self.says(s, r) else "normal"


class Absent(Type):
    """Nothing was measured for too long."""
    from_start = by_time = True
    silence_is_unknown = False

    def last(self, s):
        default = s.made_at if s.named else NEVER  # a sensor that has never measured has nothing to lose
        return max([r["t"] for r in s.history if r["measured"]], default=default)

    def judge(self, s, cause, now):
        if self.last(s) == NEVER:
            return Verdict("unknown", cause=cause)
        there = now >= self.last(s) + s.rule.duration("After")
        spot = cause in ("reading", "unmeasured") and s.history[-1]["episodic"]
        return Verdict("present" if there else "normal", at_once=spot, cause=cause)

    def due(self, s):
        due = self.last(s) + s.rule.duration("After")
        return due if due > s.judged_at else NEVER


class Stuck(Type):
    """A value that does not move any more."""

    def judge(self, s, cause, now):
        if not s.history[-1]["measured"] or s.history[-1]["extreme"]:
            return Verdict("unknown", cause=cause)
        run = []
        for r in s.history:
            if r["measured"] and r["extreme"]:
                continue  # not a value that could be compared
            if not r["measured"]:
                run = []
                continue
            run.append(r)
            values = [x["value"] for x in run]
            if max(values) - min(values) > Fraction(s.rule.items.get("Within", "0")):
                run = [r]
        stuck = len(run) >= int(s.rule.items.get("Readings", "3")) and now - run[0]["t"] >= s.rule.duration("After")
        return Verdict("present" if stuck else "normal", at_once=s.history[-1]["episodic"], cause=cause)


TYPES = {"limit": Limit(), "bands": Bands(), "event": Event(), "absent": Absent(), "stuck": Stuck()}
