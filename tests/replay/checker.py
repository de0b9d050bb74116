"""What the alarms ought to be, worked out from the raw series. Written without the engine.

A *crossing* is a run of readings beyond a limit on one side; each reading is held against the limits
that are in force when it comes, and holds until the next. It lasts from its first reading to the first
that is no longer beyond (or is beyond on the other side), and is *due* when it has lasted for the
delay and shown in enough readings. A spot measurement is due at once. Other limits judge the value
that holds at once where a crossing or an alarm goes on, and with the next reading elsewhere; the
hysteresis of a limit counts once a value has been beyond it.
"""
import bisect
import dataclasses
import decimal

D = decimal.Decimal
END_OF_TIME = 1 << 62


@dataclasses.dataclass
class Manners:
    """How a rule waits: all times in microseconds."""
    delay: int = 0
    samples: int = 1
    hysteresis: D = D(0)
    clear_for: int = 0
    spot: bool = False


@dataclasses.dataclass
class Crossing:
    side: str
    start: int
    end: int  # the first reading after it, or the end of the recording
    times: list
    following: int = 0  # index of the first reading after it
    due: int = END_OF_TIME  # END_OF_TIME: it does not last


class Limits:
    """(low, high) over time; None: there is none on that side. A change without a side leaves that one
    to the first pair."""

    def __init__(self, low, high, changes=()):
        self.times, self.pairs = [-1], [(low, high)]
        for time, new_low, new_high in changes:
            self.times.append(time)
            self.pairs.append((low if new_low is None else new_low, high if new_high is None else new_high))

    def at(self, time):
        return self.pairs[bisect.bisect_right(self.times, time) - 1]


def side_of(value, limits):
    low, high = limits
    if low is not None and value < low:
        return "below"
    return "above" if high is not None and value > high else ""


def due_time(c, manners):
    if manners.spot:
        return c.start
    if len(c.times) < manners.samples:
        return END_OF_TIME
    due = max(c.start + manners.delay, c.times[manners.samples - 1])
    return due if due <= c.end else END_OF_TIME


def with_changes(series, limits):
    """The series and, where other limits come, the value that holds then: (time, value, whether it is a
    reading)."""
    points, readings = [], list(series)
    for change in limits.times[1:]:
        before = [r for r in readings if r[0] < change]
        if before:
            points.append((change, before[-1][1], False))
    return sorted([(t, v, True) for t, v in readings] + points, key=lambda p: (p[0], p[2]))


def crossings(series, limits, manners, end):
    found = []
    series = with_changes(series, limits)
    for i, (time, value, reading) in enumerate(series):
        side = side_of(value, limits.at(time))
        going_on = bool(found) and found[-1].end == END_OF_TIME
        if not reading and not going_on:
            continue
        if going_on:
            if side == found[-1].side:
                if reading:
                    found[-1].times.append(time)
                continue
            found[-1].end, found[-1].following = time, i
        if side:
            found.append(Crossing(side, time, END_OF_TIME, [time]))
    if found and found[-1].end == END_OF_TIME:
        found[-1].end, found[-1].following = end, len(series)
    for c in found:
        c.due = due_time(c, manners)
    return found


def end_of(series, limits, manners, c, end):
    """When an alarm that this crossing has started is over."""
    points = with_changes(series, limits)
    side, good_since, before = c.side, None, limits.at(points[c.following - 1][0])
    hysteresis = manners.hysteresis
    for time, value, reading in points[c.following:]:
        if good_since is not None and good_since + manners.clear_for <= time:
            break
        low, high = limits.at(time)
        beyond = side_of(value, (low, high))
        own = 0 if side == "below" else 1
        if (low, high)[own] != before[own]:
            hysteresis = D(0)
        before = low, high
        if beyond:
            hysteresis = manners.hysteresis
        back = value >= low + hysteresis if side == "below" else value <= high - hysteresis
        if beyond and beyond != side:
            side, good_since = beyond, None
        elif beyond or not back:
            good_since = None
        elif manners.spot and reading:
            return time
        elif good_since is None:
            good_since = time
    if good_since is None or good_since + manners.clear_for > end:
        return END_OF_TIME
    return good_since + manners.clear_for


def expected(series, limits, manners, end):
    """[(start, end)] of the alarms that there ought to be."""
    alarms = []
    for c in crossings(series, limits, manners, end):
        if c.due == END_OF_TIME or (alarms and c.start < alarms[-1][1]):
            continue
        alarms.append((c.due, end_of(series, limits, manners, c, end)))
    return alarms


@dataclasses.dataclass
class Verdict:
    crossings: int = 0
    lasting: int = 0
    missed: list = dataclasses.field(default_factory=list)  # crossings that lasted without an alarm
    unjustified: list = dataclasses.field(default_factory=list)  # alarms without such a crossing
    other: list = dataclasses.field(default_factory=list)  # alarms with another start or end than expected

    def add(self, v):
        self.crossings += v.crossings
        self.lasting += v.lasting
        self.missed += v.missed
        self.unjustified += v.unjustified
        self.other += v.other

    def faults(self):
        return len(self.missed) + len(self.unjustified) + len(self.other)


def covers(alarm, c):
    return alarm.start <= c.due and alarm.end >= c.end and c.side in alarm.sides_at(c.due)


def check(series, limits, manners, end, alarms):
    """alarms: objects with start, end and sides_at(), of this series alone."""
    found = crossings(series, limits, manners, end)
    lasting = [c for c in found if c.due != END_OF_TIME]
    due = {c.due for c in lasting}
    got = sorted((a.start, a.end) for a in alarms)
    return Verdict(len(found), len(lasting), [c for c in lasting if not any(covers(a, c) for a in alarms)],
                   [a for a in alarms if a.start not in due],
                   sorted(set(got) ^ set(expected(series, limits, manners, end))))


# ---- cold chain ----

def mkt(parts):
    """Mean kinetic temperature of (weight, Cel) pairs to 0.01, by 10000 K for dH/R; None of nothing."""
    if not parts:
        return None
    with decimal.localcontext() as context:
        context.prec = 40
        total = sum(w for w, _ in parts)
        mean = sum(w * (-D(10000) / (t + D("273.15"))).exp() for w, t in parts) / total
        exact = D(10000) / -mean.ln() - D("273.15")
    return exact.quantize(D("0.01"), rounding=decimal.ROUND_HALF_UP)


def held(series, start, end):
    """(weight, value) of what holds from start to end."""
    parts = []
    for i, (time, value) in enumerate(series):
        until = series[i + 1][0] if i + 1 < len(series) else END_OF_TIME
        weight = min(until, end) - max(time, start)
        if weight > 0:
            parts.append((D(weight), value))
    return parts


@dataclasses.dataclass
class Fridge:
    above: D
    below: D
    freeze: D
    above_for: int
    warn_after: int
    below_for: int


def excursions(series, f, end):
    """Each as a dictionary: side, start, end (END_OF_TIME: it goes on), extreme, alarms, mkt."""
    found = []
    for c in crossings(series, Limits(f.below, f.above), Manners(), end):
        run = series[c.following - len(c.times):c.following]
        values = [v for _, v in run]
        warm = c.side == "above"
        alarms = []
        if warm and f.warn_after and c.start + f.warn_after <= c.end:
            alarms.append((c.start + f.warn_after, "low"))
        frozen = [t for t, v in run if v <= f.freeze]
        due = min([c.start + (f.above_for if warm else f.below_for), *frozen])
        if due <= c.end:
            alarms.append((due, "medium"))
        over = c.following < len(series)
        found.append(dict(side=c.side, start=c.start, end=c.end if over else END_OF_TIME,
                          extreme=max(values) if warm else min(values), alarms=alarms,
                          mkt=mkt(held(series, c.start, c.end))))
    return found


def windows(series, every, end):
    """[(time, MKT)] of each whole window since the first reading."""
    first, found = series[0][0], []
    while first + every <= end:
        found.append((first + every, mkt(held(series, first, first + every))))
        first += every
    return found
