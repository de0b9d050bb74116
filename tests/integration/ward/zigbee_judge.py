"""What wardsim zigbee says that it sent against what a subscriber has: each value as often as it was said, and in the
order in which each device said it. Nothing of the daemon's.

A value that the radio knows to be acknowledged by the link has to arrive; one that the radio lost itself (dropped) may
have arrived before; nothing else may, and nothing more often than it was said."""
from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal

from .base import wait_until
from .ble_judge import arrived, text

# What is no value of the simulator's: how plugs are switched; an alarm whose kind was not known yet.
OWN = {"switch", "problem"}


def _value(r):
    if r["metric"] == "button" and r.get("by") == "command":
        return "single"   # of a maker that is not known each command is a press; raw says which
    value = r["value"]
    return text(float(value)) if isinstance(value, (int, Decimal)) and not isinstance(value, bool) else text(value)


def _group(rows, but):
    found = defaultdict(list)
    for r in rows:
        if r["device"] not in but and r["metric"] not in OWN:
            found[(r["device"], r["metric"])].append(r)
    return found


def _paths(said, came):
    """Whether came is said without some that need not have arrived, in order. The places in said at which the readings
    so far can have ended: one at least, or it is not. None, or which of came is wrong and where in said that is."""
    ends, at = {-1}, 0
    for at, value in enumerate(came):
        following = set()
        for end in ends:
            for place in range(end + 1, len(said)):
                if said[place][0] == value:
                    following.add(place)
                if said[place][1]:   # it cannot have been left out
                    break
        if not following:
            return at, max(ends) + 1
        ends = following
    if not any(all(not must for _, must in said[end + 1:]) for end in ends):
        return len(came), max(ends) + 1
    return None


def wrong(sent, came, but=(), ordered=True, must=lambda v: v["acknowledged"]):
    """Words for each metric of each device whose readings are not what was said. but: devices that are not judged.
    must: whether a value has to have arrived. Not ordered: only how often each value is there."""
    sent, came, found = _group(sent, but), _group(came, but), []
    for key in sorted(set(sent) | set(came)):
        said = [(_value(v), must(v)) for v in sent[key]]
        have = [_value(r) for r in came[key]]
        if not ordered:
            said, have = sorted(said), sorted(have)
        fault = _paths(said, have) if ordered else _counted(said, have)
        if fault is None:
            continue
        at, place = fault
        near = [f"{v['time'][14:23]} {v['by']} {_value(v)}{'' if must(v) else ' (' + v.get('dropped', '') + ')'}"
                for v in sent[key][max(0, place - 4):place + 8]] if ordered else said[max(0, place - 3):place + 9]
        what = [(r["received"][14:23], _value(r)) for r in came[key][max(0, at - 3):at + 5]]
        found.append(f"{'/'.join(key)}: {len(said)} said, {sum(m for _, m in said)} must arrive, {len(have)} arrived; "
                     f"wrong is {what} of {near}")
    return found


ZONES = {"contact", "motion", "water-leak", "smoke", "emergency", "tamper", "battery-low"}
ASKED_AGAIN = timedelta(seconds=60)


def relaxed(sent):
    """The same values; those need not arrive that the gateway takes for what it has already: the status that a zone
    reports beside its notification, and the second answer to a request that was made twice."""
    answers, found = {}, []
    for v in sent:
        at = datetime.fromisoformat(v["time"].replace("Z", "+00:00"))
        again = v["by"] == "report" and v["metric"] in ZONES
        if v["by"] == "read":
            key = (v["device"], v["metric"], v["value"])
            again = key in answers and at - answers[key] < ASKED_AGAIN
            answers[key] = at
        found.append({**v, "acknowledged": False} if again else v)
    return found


def _counted(said, have):
    for value in sorted({v for v, _ in said} | set(have)):
        most = sum(v == value for v, _ in said)
        least = sum(v == value and must for v, must in said)
        if not least <= have.count(value) <= most:
            return have.index(value) if value in have else 0, said.index((value, True)) if (value, True) in said else 0
    return None


def all_right(mesh, sub, **kwargs):
    """The radio is stopped, so that its log is whole; then all that it had acknowledged arrives, and nothing else.
    Returns how many had to."""
    mesh.stop()
    sent = relaxed(mesh.values())

    def fault():
        return wrong(sent, arrived(sub), **kwargs)
    wait_until(lambda: not fault(), lambda: "\n".join(fault()), 8)
    return sum(v["acknowledged"] for v in sent)
