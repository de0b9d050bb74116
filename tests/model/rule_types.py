"""How each rule type judges, for alarm_model.py: out of all the readings that a subject has had, every time anew."""

NEVER = float("inf")


class Verdict:
    def __init__(self, side, priority=None, at_once=False, cause=None):
        self.side, self.priority, self.at_once, self.cause = side, priority, at_once, cause


class Type:
    per_bed = False

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
        side = beyond(r, low, high, s.active_side(), s.rule.back)
        return Verdict(side, at_once=r["episodic"], cause=cause)

    def crosses(self, s, r):
        return beyond(r, *s.limits())


TYPES = {"limit": Limit()}
