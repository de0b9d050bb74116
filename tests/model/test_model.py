#!/usr/bin/python3
"""The alarm engine against the slow and obvious model of it, on random scenarios.

    test_model.py [--seeds FIRST..LAST] [--drive PROGRAM] [--scenario FILE] [--types limit,...]

Prints the seed of a scenario on which the two differ, and the shortest part of it on which they still do.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from alarm_model import QUIRKS, Model  # noqa: E402
from scenario import Scenario, text  # noqa: E402
import twins  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
COVERED = ("limit", "limit", "bands", "event", "absent", "stuck")  # types of which the model knows all
COMPARED = ("event", "priority", "was", "state", "reason", "inactivation", "until", "bed", "device", "patient", "kind",
            "onset", "detected", "ended")
SAME = ("priority", "state", "inactivation", "until", "bed", "patient", "onset", "ended")


def run_engine(drive, steps):
    p = subprocess.run([drive], input=text(steps), capture_output=True, text=True, timeout=60)
    if p.returncode:
        return None, [f"exit {p.returncode}: {p.stderr[-2000:]}"], []
    events, results, broken = [], [], []
    for line in p.stdout.splitlines():
        j = json.loads(line)
        if "event" in j:
            events.append(j)
        elif "step" in j:
            results.append(0)
        elif "result" in j:
            results[-1] = j["result"]
        elif "fault" in j or "broken" in j:
            broken.append(line)
    return events, broken, results


def run_model(steps):
    m = Model()
    for t, verb, fields in steps:
        m.step(t, verb, fields)
    return m


def normal(event):
    e = {k: event.get(k) for k in COMPARED}
    if QUIRKS["MB-4"] and e["state"] != "active" and e["reason"] != "late":
        e["onset"] = None
    e["inactivation"] = sorted(e["inactivation"] or [])
    return e


def by_key(events):
    """Per key, what is compared: without updates that only bring another value, and alarms numbered anew."""
    keys = {}
    numbers, last = {}, {}
    for e in events:
        key = e["key"]
        if key.startswith("alarm-chatter.") and (e["event"] != "start" or key in keys):
            continue  # when it ends is not in the documents
        n = normal(e)
        if e.get("reason") != "late":
            ids = numbers.setdefault(key, {})
            n["alarm"] = ids.setdefault(e["alarm"], len(ids))
            before = last.get(key)
            if n["event"] == "update" and not n["reason"] and before and \
                    all(before[k] == n[k] for k in SAME):
                continue
            last[key] = n
        of_key = keys.setdefault(key, [])
        if of_key and of_key[-1][0] == e["t"] and of_key[-1][1]["reason"] in ("broken", "expired"):
            of_key.pop()  # by another alarm in the same instant as its own event: their order is not said
        of_key.append((e["t"], n))
    return keys


def show(entry):
    if entry is None:
        return "nothing"
    t, n = entry
    return f"{t} " + " ".join(f"{k}={v}" for k, v in n.items() if v not in (None, [], ""))


def difference(drive, steps):
    """The first difference in words, or None."""
    events, broken, results = run_engine(drive, steps)
    if any('"fault"' in b for b in broken):
        return None  # rules that contradict each other: no scenario
    if broken:
        return "the engine: " + "\n".join(broken)
    m = run_model(steps)
    ours, theirs = by_key(m.events), by_key(events)
    found = []
    for key in sorted(set(ours) | set(theirs)):
        a, b = ours.get(key, []), theirs.get(key, [])
        for i in range(max(len(a), len(b))):
            x, y = a[i] if i < len(a) else None, b[i] if i < len(b) else None
            if x != y:
                found.append((min(v[0] for v in (x, y) if v), key, x, y))
                break
    if found:
        _, key, x, y = min(found, key=lambda f: f[:2])
        return f"{key}\n  model:  {show(x)}\n  engine: {show(y)}"
    for i, (x, y) in enumerate(zip(m.results, results)):
        if x != y:
            return f"step {i} {steps[i][1:]}: model returns {x}, engine {y}"
    return None


def kind_of(found):
    """So that shrinking stays with one matter."""
    return found.split(" ")[0] if found.startswith(("the engine", "step")) else \
        tuple(line.split("event=")[1].split(" ")[0] if "event=" in line else "" for line in found.splitlines()[1:3])


def shrink(drive, steps):
    """Drops steps as long as the two still differ."""
    size = max(1, len(steps) // 2)
    kind = kind_of(difference(drive, steps))
    while True:
        i, dropped = 0, False
        while i < len(steps):
            fewer = steps[:i] + steps[i + size:]
            try:
                differs = difference(drive, fewer)
            except (AssertionError, KeyError, subprocess.TimeoutExpired):
                differs = None
            if differs and kind_of(differs) == kind:
                steps, dropped = fewer, True
            else:
                i += size
        if size == 1 and not dropped:
            return steps
        size = max(1, size // 2)


def parse(content):
    steps = []
    for line in content.splitlines():
        if line.strip() and not line.startswith("#"):
            t, verb, *fields = line.rstrip("\n").split("\t")
            steps.append((int(t), verb, tuple(fields)))
    return steps


def check(drive, name, steps):
    found = difference(drive, steps)
    if not found:
        return True
    print(f"--- {name}: {found}")
    if not found.startswith("the engine"):
        steps = shrink(drive, steps)
        print("shrunk to:\n" + text(steps) + difference(drive, steps), flush=True)
    return False


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    build = os.environ.get("WG_BUILD", "build")
    p.add_argument("--drive", default=os.environ.get("DRIVE", f"{build}/model/drive"))
    p.add_argument("--seeds", default="1..40")
    p.add_argument("--types", default=",".join(COVERED))
    p.add_argument("--steps", type=int, default=200)
    p.add_argument("--quiet", action="store_true")
    p.add_argument("--stop", type=int, default=3)
    p.add_argument("--cases", action="store_true", help="all that make check runs, as TAP")
    p.add_argument("--twins", action="store_true", help="restarts and ticks that must not matter, all types")
    p.add_argument("--scenario", action="append", default=[])
    a = p.parse_args()
    if a.twins:
        types = a.types.split(",") if a.types != ",".join(COVERED) else twins.TYPES
        found = twins.check(lambda steps: run_engine(a.drive, steps), text, *(int(x) for x in a.seeds.split("..")),
                            stop=a.stop, types=types)
        print(f"twins of seeds {a.seeds}: {len(found)} differ")
        return 1 if found else 0
    if a.cases:
        return cases(a)
    bad = 0
    for name in a.scenario:
        bad += not check(a.drive, name, parse(pathlib.Path(name).read_text()))
    if not a.scenario:
        bad = len(seeds(a, *(int(x) for x in a.seeds.split(".."))))
    return 1 if bad else 0


def seeds(a, first, last):
    """The seeds from first to last on which the two differ, at most as many as are asked for."""
    only = {"types": a.types.split(","), "steps": a.steps, "quiet": a.quiet}
    found = []
    for seed in range(first, last + 1):
        if not check(a.drive, f"seed {seed}", Scenario(seed, **only).steps):
            found.append(seed)
        if len(found) >= a.stop:
            break
    print(f"seeds {first}..{last}: {len(found)} differ")
    return found


def cases(a):
    """As lines of TAP: the scenarios that once differed, and blocks of seeds."""
    long = bool(os.environ.get("WARDGATE_LONG"))
    blocks = [(n, n + 99) for n in range(1, 20001 if long else 801, 100)]
    files = sorted((HERE / "scenarios").glob("*.tsv"))
    pairs = [(n, n + 99) for n in range(1, 5001 if long else 301, 100)]
    print(f"1..{len(files) + len(blocks) + len(pairs)}")
    bad = 0
    for n, path in enumerate(files, 1):
        content = path.read_text()
        if "# differs" in content:
            good = difference(a.drive, parse(content)) is not None
            if not good:
                print(f"# {path.name} does not differ any more: take the line with \"differs\" out of it")
        else:
            good = check(a.drive, path.name, parse(content))
        bad += not good
        print(f"{'ok' if good else 'not ok'} {n} - {path.name}", flush=True)
    for n, (first, last) in enumerate(blocks, len(files) + 1):
        good = not seeds(a, first, last)
        bad += not good
        print(f"{'ok' if good else 'not ok'} {n} - seeds {first}..{last}", flush=True)
    for n, (first, last) in enumerate(pairs, len(files) + len(blocks) + 1):
        good = not twins.check(lambda steps: run_engine(a.drive, steps), text, first, last)
        bad += not good
        print(f"{'ok' if good else 'not ok'} {n} - twins of seeds {first}..{last}", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
