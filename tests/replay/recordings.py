"""Reads the recordings that are replayed: bedside stays and a fridge logger. Judges nothing.

Times are whole microseconds since the first reading of the recording, values Decimal.
"""
import collections
import csv
import dataclasses
import datetime
import decimal
import pathlib

D = decimal.Decimal
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

# What was charted -> the device that would say it, and the metric.
MEASURED = {
    "hr": ("monitor", "heart-rate"), "rr": ("monitor", "respiratory-rate"), "spo2": ("monitor", "spo2"),
    "abp_sys": ("art-line", "bp-systolic"), "art_sys": ("art-line-2", "bp-systolic"),
    "nibp_sys": ("cuff", "bp-systolic"), "temp_c": ("thermometer", "body-temperature"),
    "temp_f": ("thermometer", "body-temperature"),
}
# These are measured now and then: a value of theirs stands alone.
SPOT = {"cuff", "thermometer"}
# Charted alarm limits -> rule and side.
LIMITS = {
    "hr_alarm_low": ("heart-rate", 0), "hr_alarm_high": ("heart-rate", 1),
    "rr_alarm_low": ("resp-rate", 0), "rr_alarm_high": ("resp-rate", 1),
    "spo2_alarm_low": ("spo2-low", 0),
    "abp_alarm_low": ("arterial-pressure", 0), "abp_alarm_high": ("arterial-pressure", 1),
    "nibp_alarm_low": ("cuff-pressure", 0), "nibp_alarm_high": ("cuff-pressure", 1),
}
# What a limit may be to be believed. The rest is a slip of the pen (SpO2 limits in the fields of the
# respiratory rate), an alarm switched off (0), or limits of the mean pressure (60 to 110).
BELIEVED = {
    "heart-rate": ((20, 90), (80, 250)), "resp-rate": ((4, 20), (15, 60)), "spo2-low": ((70, 96), None),
    "arterial-pressure": ((70, 130), (125, 250)), "cuff-pressure": ((70, 130), (125, 250)),
}


@dataclasses.dataclass
class Stay:
    name: str
    series: dict  # (device, metric) -> [(time, value)]
    limits: list  # [(time, rule, low, high)], as charted; None: that side was not
    end: int = 0  # an hour after the last reading: each value holds until the next


def microseconds(text):
    stamp = datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.timezone.utc)
    return round(stamp.timestamp()) * SECOND


def celsius(fahrenheit):
    return ((fahrenheit - 32) * 5 / 9).quantize(D("0.1"), rounding=decimal.ROUND_HALF_UP)


def read_stay(path, items):
    series = collections.defaultdict(list)
    limits = collections.defaultdict(lambda: [None, None])
    first = None
    with open(path, newline="") as f:
        for row in csv.DictReader(f):
            item, time, value = items[row["itemid"]], microseconds(row["charttime"]), D(row["value"])
            if item in MEASURED:
                first = time if first is None else first
                series[MEASURED[item]].append((time, celsius(value) if item == "temp_f" else value))
            elif item in LIMITS:
                rule, side = LIMITS[item]
                limits[time, rule][side] = value
    stay = Stay(path.stem, {k: [(t - first, v) for t, v in s] for k, s in series.items()},
                sorted((max(t - first, 0), rule, *pair) for (t, rule), pair in limits.items()))
    stay.end = max(s[-1][0] for s in stay.series.values()) + HOUR
    return stay


def read_stays(directory):
    directory = pathlib.Path(directory)
    with open(directory / "items.csv", newline="") as f:
        items = {row["itemid"]: row["name"] for row in csv.DictReader(f)}
    return [read_stay(path, items) for path in sorted(directory.glob("stay_*.csv"))]


def within(value, bounds):
    return value is None or (bounds is not None and bounds[0] <= value <= bounds[1])


def believed(limit):
    _, rule, low, high = limit
    return within(low, BELIEVED[rule][0]) and within(high, BELIEVED[rule][1])


def read_logger(path):
    """A logger's (time, temperature) pairs; lines that begin with # say where it comes from."""
    with open(path, newline="") as f:
        rows = [(microseconds(row["time_utc"]), D(row["temp_c"]))
                for row in csv.DictReader(line for line in f if not line.startswith("#"))]
    return [(t - rows[0][0], v) for t, v in rows]
