"""What must not matter to the alarm engine, for all rule types: a scenario is run twice, with and without it.

 - restarts: the state is saved and restored at once, with another boot-time clock, between any two steps
 - ticks: the engine is ticked when nothing is due

test_model.py calls check(); there is no model here, so what is wrong both times stays unseen.
"""
import random

from alarm_model import QUIRKS
from scenario import Scenario

TYPES = ("limit", "bands", "rate", "deviation", "absent", "stuck", "event", "sustained", "combination", "score",
         "coldchain")


def restarts(steps, chance):
    for t, verb, fields in steps:
        yield t, verb, fields
        if verb not in ("rule", "restart") and chance.random() < 0.2:
            yield t, "restart", ("0", str(chance.choice((0, 1000, -500)) * 1000000))


def ticks(steps, chance):
    before = 0
    for t, verb, fields in steps:
        for at in sorted(chance.randrange(before, t + 1) for _ in range(chance.randrange(3))):
            yield at, "tick", ()
        yield t, verb, fields
        before = t + (abs(int(fields[0])) if verb == "restart" else 0)


def events_of(events, steps):
    keys, numbers = {}, {}
    combined = {f[0] for _, verb, f in steps if verb == "rule" and "Type=combination" in f} if QUIRKS["MB-17"] else ()
    for e in events:
        if e["event"] == "update" and e["rule"] in combined:
            continue
        line = {k: v for k, v in e.items() if k not in ("alarm", "step", "reading", "reading_epoch")}
        if e.get("condition"):
            line["text"] = ""  # names the sensors in any order
        if QUIRKS["MB-16"]:
            del line["text"]
            line.pop("validity")
        ids = numbers.setdefault(e["key"], {})
        line["alarm"] = ids.setdefault(e["alarm"], len(ids))
        of_key = keys.setdefault(e["key"], [])
        if of_key and of_key[-1]["t"] == e["t"] and of_key[-1]["event"] == "update":
            of_key.pop()  # what fell due in the same instant: in which order is not said
        of_key.append(line)
    return keys


def difference(run, steps, twin):
    """The first difference in words, or None; run(steps) gives (events, broken, results)."""
    a, broken, _ = run(steps)
    if broken:
        return None if any("fault" in b for b in broken) else f"the engine: {broken}"
    b, broken, _ = run(twin)
    if broken:
        return f"the engine: {broken}"
    one, two = events_of(a, steps), events_of(b, steps)
    found = []
    for key in set(one) | set(two):
        x, y = one.get(key, []), two.get(key, [])
        for i in range(max(len(x), len(y))):
            p, q = x[i] if i < len(x) else None, y[i] if i < len(y) else None
            if p != q:
                found.append((min(e["t"] for e in (p, q) if e), key, p, q))
                break
    if not found:
        return None
    _, key, p, q = min(found, key=lambda f: f[:2])
    only = [k for k in sorted(set(p or {}) | set(q or {})) if (p or {}).get(k) != (q or {}).get(k)]
    return f"{key}: {only}\n  without: {p}\n  with:    {q}"


def check(run, text, first, last, stop=3, types=TYPES):
    """Prints what differs; returns the seeds."""
    bad = []
    for seed in range(first, last + 1):
        steps = [s for s in Scenario(seed, types=list(types), steps=150).steps if s[1] != "restart"]
        for make in (restarts, ticks):
            def twin(of, make=make):
                return list(make(of, random.Random(seed)))
            found = difference(run, steps, twin(steps))
            if not found:
                continue
            short = shrink(run, twin(steps), {"restarts": "restart", "ticks": "tick"}[make.__name__])
            print(f"--- twins, {make.__name__}, seed {seed}: {found}\nshrunk to:\n{text(short)}")
            short.append((twin(steps)[-1][0], "wait", ()))
            print(difference(run, [s for s in short if s[1] not in ("restart", "tick")], short), flush=True)
            bad.append(seed)
        if len(bad) >= stop:
            break
    return bad


def shrink(run, twin, verb):
    """Drops steps, and what must not matter, as long as the two still differ."""
    end = (twin[-1][0], "wait", ())

    def differs(steps):
        steps = [*steps, end]
        return difference(run, [s for s in steps if s[1] != verb], steps)

    size = max(1, len(twin) // 2)
    while True:
        i, dropped = 0, False
        while i < len(twin):
            fewer = twin[:i] + twin[i + size:]
            found = differs(fewer)
            if found and not found.startswith("the engine"):
                twin, dropped = fewer, True
            else:
                i += size
        if size == 1 and not dropped:
            return twin
        size = max(1, size // 2)
