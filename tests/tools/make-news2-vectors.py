#!/usr/bin/python3
"""Writes tests/vectors/alarms_news2.tsv and alarms_mkt.tsv.

    make-news2-vectors.py            writes both
    make-news2-vectors.py --check    says whether they are up to date

NEWS2 as the Royal College of Physicians published it in 2017 (chart 1), written down here a second
time and in another way than the gateway has it; nothing is read from the gateway's code. Every
boundary is there, each value on both sides of it, on both scales, on air and on oxygen; then
measurements with more digits than the chart, missing inputs, and random patients. MKT is USP's
formula in decimal arithmetic with 40 digits.
"""
import decimal
import pathlib
import random
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
D = decimal.Decimal
decimal.getcontext().prec = 40


def rounded(text, places):
    """Half up, as a person reads a number off to so many places."""
    return D(text).quantize(D(1).scaleb(-places), rounding=decimal.ROUND_HALF_UP)


def respiration(v):
    v = rounded(v, 0)
    if v >= 25 or v <= 8:
        return 3
    if v >= 21:
        return 2
    return 1 if v <= 11 else 0


def saturation_1(v):
    v = rounded(v, 0)
    return 0 if v >= 96 else 1 if v >= 94 else 2 if v >= 92 else 3


def saturation_2(v, oxygen):
    v = rounded(v, 0)
    if v <= 83:
        return 3
    if v <= 85:
        return 2
    if v <= 87:
        return 1
    if v <= 92 or not oxygen:
        return 0
    return 1 if v <= 94 else 2 if v <= 96 else 3


def systolic(v):
    v = rounded(v, 0)
    if v <= 90 or v >= 220:
        return 3
    return 2 if v <= 100 else 1 if v <= 110 else 0


def pulse(v):
    v = rounded(v, 0)
    if v <= 40 or v >= 131:
        return 3
    if v >= 111:
        return 2
    return 1 if v <= 50 or v >= 91 else 0


def temperature(v):
    v = rounded(v, 1)
    if v <= D("35.0"):
        return 3
    if v >= D("39.1"):
        return 2
    return 1 if v <= D("36.0") or v >= D("38.1") else 0


NORMAL = dict(scale="1", rr="16", spo2="97", oxygen="no", sbp="120", pulse="70", mind="alert", temp="37.0")
ORDER = ["scale", "rr", "spo2", "oxygen", "sbp", "pulse", "mind", "temp"]


def points(p):
    """Of each input in the order of the chart; None where it is missing or cannot be told."""
    oxygen = {"yes": True, "no": False, "-": None}[p["oxygen"]]

    def of(name, score):
        return None if p[name] == "-" else score(p[name])

    if p["scale"] == "1":
        spo2 = of("spo2", saturation_1)
    else:
        spo2 = None if oxygen is None else of("spo2", lambda v: saturation_2(v, oxygen))
    return [of("rr", respiration), spo2, None if oxygen is None else 2 * oxygen, of("sbp", systolic),
            of("pulse", pulse), of("mind", lambda w: 0 if w == "alert" else 3), of("temp", temperature)]


def row(name, **changes):
    p = {**NORMAL, **changes}
    scored = points(p)
    total = sum(x for x in scored if x is not None)
    return "\t".join([name] + [p[k] for k in ORDER] + ["?" if x is None else str(x) for x in scored]
                     + [f"{total}" if None not in scored else f">={total}"])


def around(values, step):
    """Each boundary value, and its neighbours."""
    return sorted({D(v) + d * D(step) for v in values for d in (-1, 0, 1)})


def news2_rows():
    for v in around([8, 9, 11, 12, 20, 21, 24, 25], "1"):
        yield row(f"respiration {v}", rr=str(v))
    for oxygen in ("no", "yes"):
        for v in around([91, 92, 93, 94, 95, 96], "1"):
            yield row(f"scale 1 {v} oxygen {oxygen}", spo2=str(v), oxygen=oxygen)
        for v in around([83, 84, 85, 86, 87, 88, 92, 93, 94, 95, 96, 97, 99], "1"):
            yield row(f"scale 2 {v} oxygen {oxygen}", scale="2", spo2=str(v), oxygen=oxygen)
    for v in around([90, 91, 100, 101, 110, 111, 219, 220], "1"):
        yield row(f"systolic {v}", sbp=str(v))
    for v in around([40, 41, 50, 51, 90, 91, 110, 111, 130, 131], "1"):
        yield row(f"pulse {v}", pulse=str(v))
    for v in ("alert", "confusion", "voice", "pain", "unresponsive"):
        yield row(f"consciousness {v}", mind=v)
    for v in around(["35.0", "35.1", "36.0", "36.1", "38.0", "38.1", "39.0", "39.1"], "0.1"):
        yield row(f"temperature {v}", temp=str(v))
    # more digits than the chart has: rounded half up before they are scored
    for v in ("35.04", "35.05", "36.04", "36.05", "38.049", "38.05", "39.04", "39.05"):
        yield row(f"temperature {v}", temp=v)
    for v in ("8.4", "8.5", "24.49", "24.5", "11.5", "20.5"):
        yield row(f"respiration {v}", rr=v)
    for v in ("91.4", "91.5", "95.49", "95.5"):
        yield row(f"saturation {v}", spo2=v)
    for v in ("40.5", "90.5", "90.49", "130.5"):
        yield row(f"pulse {v}", pulse=v)
    for v in ("90.5", "219.5", "219.4"):
        yield row(f"systolic {v}", sbp=v)
    # known totals
    yield row("all normal", rr="18", spo2="96")
    yield row("nineteen", rr="25", spo2="91", oxygen="yes", sbp="90", pulse="131", mind="voice", temp="39.1")
    yield row("twenty", rr="25", spo2="91", oxygen="yes", sbp="90", pulse="131", mind="voice", temp="35.0")
    yield row("90 on oxygen, scale 2", scale="2", rr="18", spo2="90", oxygen="yes", sbp="120", pulse="75")
    yield row("90 on oxygen, scale 1", rr="18", spo2="90", oxygen="yes", sbp="120", pulse="75")
    yield row("97 on oxygen, scale 2", scale="2", rr="18", oxygen="yes", pulse="75")
    yield row("97 on air, scale 2", scale="2", rr="18", pulse="75")
    # a missing input is never 0
    for name in ORDER[1:]:
        yield row(f"without {name}", **{name: "-"})
        yield row(f"without {name}, scale 2", scale="2", **{name: "-"})
    rng = random.Random(20171221)
    for i in range(500):
        yield row(f"random {i}", scale=rng.choice("12"), rr=str(rng.randint(4, 40)),
                  spo2=str(rng.randint(75, 100)), oxygen=rng.choice(["yes", "no"]),
                  sbp=str(rng.randint(70, 240)), pulse=str(rng.randint(30, 160)),
                  mind=rng.choice(["alert"] * 4 + ["confusion", "voice", "pain", "unresponsive"]),
                  temp=f"{rng.randint(340, 405) / 10:.1f}")


def mkt(parts):
    """Of (seconds, temperature) pairs."""
    total = sum(D(s) for s, _ in parts)
    mean = sum(D(s) * (-D(10000) / (D(t) + D("273.15"))).exp() for s, t in parts) / total
    return (D(10000) / -mean.ln() - D("273.15")).quantize(D("0.01"), rounding=decimal.ROUND_HALF_UP)


def mkt_rows():
    cases = [("constant", [(3600, "5.0")]), ("a tenth of the day warm", [(22 * 3600, "5.0"), (2 * 3600, "15.0")]),
             ("two and eight", [(60, "2"), (60, "8")]), ("cold", [(60, "-30"), (60, "-20.5")]),
             ("weights matter", [(1, "40"), (3599, "5")]), ("oven", [(10, "120"), (10, "25")])]
    rng = random.Random(1079)
    for i in range(60):
        cases.append((f"random {i}", [(rng.randint(1, 7200), f"{rng.randint(-200, 450) / 10:.1f}")
                                      for _ in range(rng.randint(1, 40))]))
    for name, parts in cases:
        yield "\t".join([name, " ".join(f"{s}:{t}" for s, t in parts), str(mkt(parts))])


FILES = {
    "alarms_news2.tsv": ("# Made by tests/tools/make-news2-vectors.py: name, scale, the seven inputs "
                         "(\"-\": missing), their "
                         "points (\"?\": none), total", news2_rows),
    "alarms_mkt.tsv": ("# Made by tests/tools/make-news2-vectors.py: name, SECONDS:CEL pairs, mean kinetic temperature",
                       mkt_rows),
}


def main(arguments):
    stale = 0
    for name, (head, rows) in FILES.items():
        path = TOP / "tests/vectors" / name
        text = "\n".join([head, *rows()]) + "\n"
        if arguments == ["--check"]:
            if not path.is_file() or path.read_text() != text:
                print(f"{path.relative_to(TOP)} is out of date; run tests/tools/make-news2-vectors.py")
                stale = 1
        else:
            path.write_text(text)
    return stale


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
