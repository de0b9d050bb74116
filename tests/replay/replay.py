#!/usr/bin/python3
"""Replays recordings through the alarm engine in virtual time and writes the tables of docs/alarms.md.

    replay.py --drive PROGRAM --data DIRECTORY [--write docs/alarms.md]

`make replay DATA=DIRECTORY` runs it. The directory holds mimic3-demo/ and fridge-biovoice-t301/;
tests/replay/README.md says where they come from. Every run is held against checker.py, which works on
the raw series without the engine; the exit status is 1 when they disagree.
"""
import argparse
import collections
import dataclasses
import pathlib
import statistics
import sys

import checker
import engine
import recordings
from recordings import D, DAY, HOUR, MINUTE, SECOND

# name: (metric, devices, below, above, priority, hysteresis)
RULES = {
    "spo2-low": ("spo2", "monitor", D(90), None, "high", D(2)),
    "heart-rate": ("heart-rate", "monitor", D(50), D(120), "medium", D(5)),
    "resp-rate": ("respiratory-rate", "monitor", D(8), D(30), "medium", D(2)),
    "arterial-pressure": ("bp-systolic", "art-line art-line-2", D(90), D(160), "medium", D(5)),
    "cuff-pressure": ("bp-systolic", "cuff", D(90), D(160), "medium", D(5)),
    "temperature": ("body-temperature", "thermometer", D(35), D(39), "low", D("0.2")),
}
UNITS = {SECOND: "s", MINUTE: "min", HOUR: "h"}
MARKS = "<!-- replay: {} begins -->", "<!-- replay: {} ends -->"


@dataclasses.dataclass
class Setting:
    """One row of a table."""
    name: str
    delay: int = 0
    samples: int = 1
    hysteresis: bool = False
    clear_for: int = 0
    bedside: str = ""  # "": fixed limits; "believed" or "charted": those that were set at the bedside


TWO = dict(samples=2)
BACK = dict(hysteresis=True)
MAIN = [
    Setting("plain thresholds"),
    Setting("+ delay", **TWO),
    Setting("+ hysteresis", **BACK),
    Setting("+ hysteresis, off-delay", **BACK, clear_for=90 * MINUTE),
    Setting("+ bedside limits", bedside="believed"),
    Setting("+ delay, hysteresis", **TWO, **BACK),
    Setting("+ delay, hysteresis, off-delay", **TWO, **BACK, clear_for=90 * MINUTE),
    Setting("+ bedside limits, delay", **TWO, bedside="believed"),
    Setting("+ bedside limits, delay, hysteresis", **TWO, **BACK, bedside="believed"),
    Setting("+ bedside limits, delay, hysteresis, off-delay", **TWO, **BACK, clear_for=90 * MINUTE,
            bedside="believed"),
    Setting("+ bedside limits as charted, slips and all", bedside="charted"),
]
DELAYS = [Setting("For=" + name, delay=delay) for name, delay in (
    ("15s", 15 * SECOND), ("5min", 5 * MINUTE), ("15min", 15 * MINUTE), ("30min", 30 * MINUTE),
    ("45min", 45 * MINUTE), ("90min", 90 * MINUTE))] + [Setting("Samples=3", samples=3)]


def duration(us):
    unit = max(u for u in UNITS if us % u == 0)
    return f"{us // unit}{UNITS[unit]}"


def rule_settings(setting):
    rules = {}
    for name, (metric, devices, below, above, priority, hysteresis) in RULES.items():
        rules[name] = {"Type": "limit", "Metric": metric, "Devices": devices, "Priority": priority}
        if priority == "high":
            rules[name]["Latching"] = "no"
        for key, value in (("Below", below), ("Above", above)):
            if value is not None:
                rules[name][key] = value
        if setting.delay:
            rules[name]["For"] = duration(setting.delay)
        if setting.samples > 1:
            rules[name]["Samples"] = setting.samples
        if setting.hysteresis:
            rules[name]["Hysteresis"] = hysteresis
        if setting.clear_for:
            rules[name]["ClearFor"] = duration(setting.clear_for)
    return rules


def bedside_limits(stay, setting):
    return [x for x in stay.limits if setting.bedside == "charted" or setting.bedside and recordings.believed(x)]


def scenario_of(stay, setting):
    s = engine.Scenario()
    s.rules(rule_settings(setting))
    for device in dict.fromkeys(d for d, _ in recordings.MEASURED.values()):
        s.add(0, "device", device, "1")
    s.add(0, "patient", "1", stay.name, "-")
    steps = [(time, 0, limit) for time, *limit in bedside_limits(stay, setting)]
    steps += [(time, 1, (*k, value)) for k, series in stay.series.items() for time, value in series]
    for time, kind, step in sorted(steps, key=lambda x: x[:2]):
        if kind == 0:
            s.add(time, "set-limits", step[0], "patient", "1", *("-" if v is None else v for v in step[1:]), "nurse")
        else:
            s.reading(time, *step, spot=step[0] in recordings.SPOT)
    s.add(stay.end, "wait")
    return s


def possible(rule, low, high):
    """Whether limits make sense, worked out here once more: 0 and 100 % SpO2 are no limits."""
    _, _, fixed_low, fixed_high, *_ = RULES[rule]
    low, high = fixed_low if low is None else low, fixed_high if high is None else high
    most = {"spo2": 100, "bp-systolic": 400}.get(RULES[rule][0], 500)
    return (low is None or 0 < low <= most) and (high is None or 0 <= high < most) and \
        (low is None or high is None or low <= high)


@dataclasses.dataclass
class Result:
    """Of one setting over all stays."""
    setting: Setting
    by_priority: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    by_rule: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    by_stay: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    waits: list = dataclasses.field(default_factory=list)
    verdict: checker.Verdict = dataclasses.field(default_factory=checker.Verdict)
    refused: int = 0

    @property
    def total(self):
        return sum(self.by_priority.values())


def judge(result, stay, out):
    """Holds one stay's alarms against the checker and counts them."""
    setting, changes, refused = result.setting, collections.defaultdict(list), 0
    for time, rule, low, high in bedside_limits(stay, setting):
        if possible(rule, low, high):
            changes[rule].append((time, low, high))
        else:
            refused += 1
    if len(out.refused) != refused or out.other:
        raise ValueError(f"{stay.name}: {out.refused} {out.other}, {refused} limits are impossible")
    result.refused += refused
    for rule, (metric, devices, below, above, priority, hysteresis) in RULES.items():
        limits = checker.Limits(below, above, changes[rule])
        for device in devices.split():
            alarms = [a for a in out.alarms if a.key == f"{rule}.{device}"]
            series = stay.series.get((device, metric), [])
            manners = checker.Manners(setting.delay, setting.samples, hysteresis if setting.hysteresis else D(0),
                                      setting.clear_for, device in recordings.SPOT)
            result.verdict.add(checker.check(series, limits, manners, stay.end, alarms))
            result.by_priority[priority] += len(alarms)
            result.by_rule[rule] += len(alarms)
            result.by_stay[stay.name] += len(alarms)
            found = {c.due: c.start for c in checker.crossings(series, limits, manners, stay.end)}
            if device not in recordings.SPOT:
                result.waits += [a.start - found[a.start] for a in alarms if a.start in found]


def run_setting(drive, stays, setting):
    result = Result(setting)
    for stay in stays:
        judge(result, stay, engine.run(drive, scenario_of(stay, setting), RULES))
    return result


# ---- tables ----

def share(part, whole):
    return f"{100 * part / whole:.0f} %" if whole else "-"


def change(now, before):
    percent = round(100 * (now.total - before.total) / before.total)
    return "" if now is before else f"{percent:+} %" if percent else "0 %"


def table(head, rows):
    return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
                     + ["| " + " | ".join(map(str, row)) + " |" for row in rows])


def alarm_table(results, days, plain):
    head = ["settings", "alarms per bed-day", "high", "medium", "low", "against plain", "crossings",
            "that lasted", "missed", "unjustified"]
    rows = []
    for r in results:
        rows.append([r.setting.name, f"**{r.total / days:.2f}**"]
                    + [f"{r.by_priority[p] / days:.2f}" for p in ("high", "medium", "low")]
                    + [change(r, plain), f"{r.verdict.crossings:,}", f"{r.verdict.lasting:,}",
                       len(r.verdict.missed), len(r.verdict.unjustified)])
    return table(head, rows)


def wait_text(results):
    rows = []
    for r in results:
        waits = sorted(w / MINUTE for w in r.waits)
        if not waits:
            continue
        tenth = waits[int(0.9 * (len(waits) - 1))]
        rows.append([r.setting.name, len(waits), f"{statistics.median(waits):.1f} min", f"{tenth:.1f} min"])
    return table(["settings", "alarms", "median wait", "nine of ten within"], rows)


def crowd(result):
    """Which share of all alarms the tenth of the stays with the most alarms has."""
    counts = sorted(result.by_stay.values(), reverse=True)
    return share(sum(counts[:round(len(counts) / 10)]), sum(counts))


def stays_text(drive, directory):
    stays = recordings.read_stays(directory)
    days = sum(s.end for s in stays) / DAY
    results = [run_setting(drive, stays, s) for s in MAIN]
    delays = [run_setting(drive, stays, s) for s in DELAYS]
    plain, full = results[0], results[-2]
    charted = sum(len(s.limits) for s in stays)
    kept = sum(recordings.believed(x) for s in stays for x in s.limits)
    readings = sum(len(x) for s in stays for x in s.series.values())
    text = [f"{len(stays)} stays, {days:.0f} bed-days, {readings:,} readings of the six rules' metrics; {charted:,} "
            f"changes of limits charted, {kept:,} of them taken as they stand.", "",
            alarm_table(results, days, plain), "",
            "Alarms per bed-day by rule:", "",
            table(["settings", *RULES], [[r.setting.name] + [f"{r.by_rule[n] / days:.2f}" for n in RULES]
                                         for r in (plain, results[1], results[2], results[4], full)]), "",
            "A delay in time alone (`For=`), or of three readings, with fixed limits:", "",
            alarm_table(delays, days, plain), "",
            "From the first reading beyond the limit to the alarm, without spot measurements:", "",
            wait_text([results[1], full, *delays]), "",
            f"The tenth of the stays with the most alarms has {crowd(plain)} of all alarms with plain thresholds, "
            f"{crowd(results[4])} with bedside limits, {crowd(full)} with all of it. "
            f"Of the limits as charted the engine refused {results[-1].refused} as impossible (nothing, or "
            "everything, would be beyond them)."]
    verdicts = [r.verdict for r in results + delays]
    text += ["", f"Over all {len(verdicts)} replays: {sum(v.lasting for v in verdicts):,} crossings that lasted for "
             f"their delay, {sum(len(v.missed) for v in verdicts)} of them missed; "
             f"{sum(r.total for r in results + delays):,} alarms, {sum(len(v.unjustified) for v in verdicts)} without "
             f"such a crossing, {sum(len(v.other) for v in verdicts)} whose start or end differs from the checker's."]
    return "\n".join(text), sum(v.faults() for v in verdicts)


# ---- the fridge ----

FRIDGES = [
    ("vaccines, 2 to 8 °C", checker.Fridge(D(8), D(2), D(0), HOUR, 30 * MINUTE, 15 * MINUTE), DAY),
    ("for the test: 4.2 to 5.8 °C", checker.Fridge(D("5.8"), D("4.2"), D("3.9"), 10 * MINUTE, 5 * MINUTE, 10 * MINUTE),
     HOUR),
]


def run_fridge(drive, series, f, every):
    """(what the engine says, what the checker says), in the same shape."""
    s = engine.Scenario()
    s.rules({"fridge": {"Type": "coldchain", "Metric": "ambient-temperature", "Above": f.above, "Below": f.below,
                        "Freeze": f.freeze, "AboveFor": duration(f.above_for), "WarnAfter": duration(f.warn_after),
                        "BelowFor": duration(f.below_for), "MktEvery": duration(every), "Priority": "medium"}})
    s.add(0, "device", "logger", "pharmacy")
    for time, value in series:
        s.reading(time, "logger", "ambient-temperature", value)
    end = series[-1][0]
    s.add(end, "wait")
    out = engine.run(drive, s, {"fridge"})
    wanted = checker.excursions(series, f, end)
    got = dict(excursions=[("below" if e["excursion"]["below"] else "above", e["excursion"]["start"],
                            e["excursion"]["end"], D(e["excursion"]["extreme"]), D(e["excursion"]["mkt"]),
                            e["excursion"]["alarmed"]) for e in out.excursions],
               alarms=[(t, p) for t, _, p in out.priorities],
               windows=[(c["t"], D(c["value"])) for c in out.computed])
    want = dict(excursions=[(x["side"], x["start"], x["end"], x["extreme"], x["mkt"], bool(x["alarms"]))
                            for x in wanted if x["end"] != checker.END_OF_TIME],
                alarms=sorted((t, p) for x in wanted for t, p in x["alarms"]),
                windows=checker.windows(series, every, end))
    return got, want, wanted


def clock(us):
    minutes = us // MINUTE
    return f"day {minutes // 1440 + 1}, {minutes // 60 % 24:02}:{minutes % 60:02}"


def fridge_text(drive, path):
    series = recordings.read_logger(path)
    faults, rows = 0, []
    for name, f, every in FRIDGES:
        got, want, wanted = run_fridge(drive, series, f, every)
        wrong = sum(len(set(got[k]) ^ set(want[k])) for k in got)
        faults += wrong
        rows.append([name, len(wanted), len(got["alarms"]), len(got["windows"]), wrong])
        if every == DAY:
            first = (wanted, got)
    wanted, got = first
    last = wanted[-1]
    text = [f"{len(series):,} readings in {series[-1][0] / DAY:.1f} days; all settings are in tests/replay/replay.py.",
            "", table(["limits", "excursions", "alarms and steps of priority", "MKT windows",
                       "differences from the checker"], rows), ""]
    text += ["With the limits for vaccines: " + ", ".join(
        f"{p}-priority alarm at {clock(t)}" for t, p in got["alarms"]) + f"; the excursion began at "
        f"{clock(last['start'])} and had reached {last['extreme']} °C when the recording ended"
        f" {(series[-1][0] - last['start']) / HOUR:.1f} h later. Its MKT up to there is {last['mkt']} °C (checker)."
        f" The MKT of the ten whole days: {', '.join(f'{v:.2f}' for _, v in got['windows'])} °C."]
    return "\n".join(text), faults


def put(path, name, text):
    begin, end = (m.format(name) for m in MARKS)
    old = path.read_text()
    head, rest = old.split(begin)
    path.write_text(f"{head}{begin}\n\n{text}\n\n{end}{rest.split(end)[1]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--drive", type=pathlib.Path, required=True)
    parser.add_argument("--data", default="")
    parser.add_argument("--write", type=pathlib.Path)
    arguments = parser.parse_args()
    parts = {"stays": ("mimic3-demo", stays_text), "fridge": ("fridge-biovoice-t301/2622930045.csv", fridge_text)}
    faults = ran = 0
    for name, (where, function) in parts.items():
        path = pathlib.Path(arguments.data) / where
        if not arguments.data or not path.exists():
            print(f"replay: {name}: skipped: no {where} in {arguments.data or 'DATA='}; tests/replay/README.md says "
                  "where to get it")
            continue
        text, wrong = function(arguments.drive, path)
        ran, faults = ran + 1, faults + wrong
        print(f"replay: {name}: {wrong} differences from the checker\n\n{text}\n")
        if arguments.write:
            put(arguments.write, name, text)
    print(f"replay: {ran} of {len(parts)} recordings replayed, {faults} differences")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
