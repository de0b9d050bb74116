"""Alarms of the engine against the checker that does not know it; and whether the checker would notice.

The recordings themselves are not in the tree: `make replay DATA=DIRECTORY` replays them.
"""
import copy
import dataclasses
import os
import pathlib
import random
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import checker  # noqa: E402
import engine  # noqa: E402
import recordings  # noqa: E402
import replay  # noqa: E402
from recordings import D, DAY, HOUR, MINUTE, SECOND  # noqa: E402

DRIVE = pathlib.Path(os.environ.get("WG_BUILD", "build")).resolve() / "model/drive"
EXCERPT = HERE / "fridge-excerpt.csv"
SEED = int(os.environ.get("WARDGATE_SEED", 20201109))


def random_series(rng, middle, step):
    """A walk with gaps between a second and an hour, and jumps."""
    time, value, series = 0, middle, []
    for _ in range(rng.randint(20, 200)):
        series.append((time, D(value).scaleb(-1)))
        time += rng.choice([1, 5, 5, 15, 60, 300, 900, 3600]) * SECOND
        value += rng.randint(-step, step) if rng.random() < 0.9 else rng.randint(-8 * step, 8 * step)
        value = max(1, value + (middle - value) // 5)
    return series


def random_stay(rng, number):
    series = {
        ("monitor", "heart-rate"): random_series(rng, 850, 150), ("monitor", "spo2"): random_series(rng, 910, 12),
        ("monitor", "respiratory-rate"): random_series(rng, 190, 50),
        ("cuff", "bp-systolic"): random_series(rng, 1250, 200),
        ("art-line", "bp-systolic"): random_series(rng, 1250, 200),
        ("thermometer", "body-temperature"): random_series(rng, 370, 10),
    }
    end = max(s[-1][0] for s in series.values())
    limits = [(rng.randint(0, end // SECOND) * SECOND, rng.choice(["heart-rate", "resp-rate", "cuff-pressure"]),
               D(rng.randint(5, 60)), D(rng.choice([20, 35, 100, 130]))) for _ in range(rng.randint(0, 6))]
    limits = {(time, rule): (time, rule, low, high) for time, rule, low, high in limits}
    return recordings.Stay(f"random-{number}", series, sorted(limits.values()), end + HOUR)


def random_setting(rng):
    return replay.Setting("random", rng.choice([0, 0, 1, 15, 60, 300]) * SECOND, rng.choice([1, 1, 2, 3]),
                          rng.random() < 0.5, rng.choice([0, 0, 10, 300]) * SECOND,
                          rng.choice(["", "charted"]))


@pytest.fixture(scope="module")
def stays():
    print(f"seed {SEED}")
    rng = random.Random(SEED)
    return [(random_stay(rng, n), random_setting(rng)) for n in range(150)]


def test_random_stays(stays):
    """Steady enough not to be held for chatter: then each start and end is the checker's."""
    judged = 0
    for stay, setting in stays:
        out = engine.run(DRIVE, replay.scenario_of(stay, setting), replay.RULES)
        if out.other:
            assert out.other == {"alarm-chatter"}
            continue
        result = replay.Result(setting)
        replay.judge(result, stay, out)
        assert not result.verdict.faults(), (SEED, stay.name, setting, result.verdict)
        judged += result.total
    assert judged > 500


def test_the_checker_notices(stays):
    """An alarm that is taken away, invented, late, or over too early."""
    found = dict.fromkeys(["missed", "unjustified", "late", "early"], 0)
    setting = replay.Setting("delay", 15 * SECOND)
    for stay, _ in stays[:20]:
        stay = dataclasses.replace(stay, limits=[])
        out = engine.run(DRIVE, replay.scenario_of(stay, setting), replay.RULES)
        for n, alarm in enumerate(out.alarms):
            if out.other or alarm.end in (alarm.start, engine.END_OF_TIME):
                continue
            changed = {"missed": copy.deepcopy(out), "unjustified": copy.deepcopy(out), "late": copy.deepcopy(out),
                       "early": copy.deepcopy(out)}
            del changed["missed"].alarms[n]
            changed["unjustified"].alarms.append(engine.Alarm(alarm.key, alarm.priority, alarm.start + 1,
                                                              [(alarm.start + 1, alarm.sides[0][1])], alarm.start + 2))
            changed["late"].alarms[n].start += 1
            changed["late"].alarms[n].sides = [(t + 1, side) for t, side in alarm.sides]
            changed["early"].alarms[n].end -= 1
            for name, bad in changed.items():
                result = replay.Result(setting)
                replay.judge(result, stay, bad)
                v = result.verdict
                assert {"missed": v.missed, "unjustified": v.unjustified, "late": v.missed and v.unjustified,
                        "early": v.other}[name], (name, stay.name, alarm)
                found[name] += 1
            break
    assert min(found.values()) >= 10, found


def test_by_hand():
    """The checker's own arithmetic, on a series that can be followed with a finger."""
    series = [(t * SECOND, D(v)) for t, v in
              ((0, 95), (10, 89), (20, 88), (30, 91), (40, 93), (50, 85), (55, 86), (58, 90), (100, 80))]
    limits, end = checker.Limits(D(90), None), 130 * SECOND
    manners = checker.Manners(delay=15 * SECOND, hysteresis=D(2), clear_for=5 * SECOND)
    found = [(c.start // SECOND, c.end // SECOND, len(c.times), c.due) for c in
             checker.crossings(series, limits, manners, end)]
    assert found == [(10, 30, 2, 25 * SECOND), (50, 58, 2, checker.END_OF_TIME), (100, 130, 1, 115 * SECOND)]
    # 91 is not back by the hysteresis, 93 is; it is over 5 s later
    assert checker.expected(series, limits, manners, end) == [(25 * SECOND, 45 * SECOND),
                                                              (115 * SECOND, checker.END_OF_TIME)]
    spot = dataclasses.replace(manners, spot=True)
    assert checker.expected(series, limits, spot, end)[:2] == [(10 * SECOND, 40 * SECOND),
                                                               (50 * SECOND, checker.END_OF_TIME)]


def test_mkt_by_hand():
    """Known values: domain text books give 5.536 for equal times at 2 and 8."""
    assert checker.mkt([(D(1), D(5))]) == D("5.00")
    assert checker.mkt([(D(22), D(5)), (D(2), D(15))]) == D("6.46")
    assert checker.mkt([(D(1), D(2)), (D(1), D(8))]) == D("5.54")


@pytest.mark.parametrize("name,fridge,every", replay.FRIDGES, ids=["vaccines", "tight"])
def test_fridge_excerpt(name, fridge, every):
    series = recordings.read_logger(EXCERPT)
    got, want, _ = replay.run_fridge(DRIVE, series, fridge, min(every, 4 * HOUR))
    assert got == want
    assert len(got["windows"]) >= 4 and got["alarms"]


def test_fridge_vaccines():
    """What the logger recorded on its last day: too warm from 12:35:56 on, 23.8 at the end."""
    series = recordings.read_logger(EXCERPT)
    got, _, wanted = replay.run_fridge(DRIVE, series, replay.FRIDGES[0][1], DAY)
    begins = (12 * 60 + 35) * MINUTE
    assert [x["start"] for x in wanted] == [begins] and wanted[0]["extreme"] == D("23.8")
    assert got["alarms"] == [(begins + 30 * MINUTE, "low"), (begins + 60 * MINUTE, "medium")]
    assert got["excursions"] == []  # it goes on


def test_random_fridges():
    rng = random.Random(SEED)
    seen = 0
    for n in range(30):
        series = random_series(rng, rng.choice([20, 50, 80]), 15)
        fridge = checker.Fridge(D(8), D(2), D(0), rng.choice([10, 60]) * MINUTE, rng.choice([0, 5]) * MINUTE,
                                rng.choice([1, 15]) * MINUTE)
        got, want, _ = replay.run_fridge(DRIVE, series, fridge, HOUR)
        assert {k: sorted(v) for k, v in got.items()} == {k: sorted(v) for k, v in want.items()}, (SEED, n)
        seen += len(got["excursions"])
    assert seen > 50


def test_without_data(tmp_path):
    """No recordings: a reason is printed, and it is no failure."""
    for data in ([], ["--data", str(tmp_path)]):
        p = subprocess.run([sys.executable, HERE / "replay.py", "--drive", DRIVE, *data], text=True,
                           capture_output=True)
        assert p.returncode == 0
        assert p.stdout.count("skipped: no ") == 2 and "tests/replay/README.md" in p.stdout


def test_excerpt_says_where_it_is_from():
    text = (HERE / "README.md").read_text()
    assert "GiterLab/bvfile" in text and "Apache-2.0" in text and EXCERPT.name in text


def test_document_has_its_tables():
    """Those of `make replay`: between their marks, and not empty."""
    text = (HERE.parents[1] / "docs/alarms.md").read_text()
    for name in ("stays", "fridge"):
        begin, end = (m.format(name) for m in replay.MARKS)
        assert text.count(begin) == text.count(end) == 1
        assert text.split(begin)[1].split(end)[0].count("\n|") >= 4
