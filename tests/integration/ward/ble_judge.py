"""What wardsim ble says that it sent against what a subscriber has: every value with its digits, unit, validity,
reason, flags, what the device itself said, and its time. By tables of its own; nothing of the daemon's."""
import json
from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal

# UCUM, by what is measured; no unit where it has none.
UNITS = {
    "heart-rate": "/min", "pulse-rate": "/min", "spo2": "%", "perfusion-index": "%", "bp-systolic": "mm[Hg]",
    "bp-diastolic": "mm[Hg]", "bp-mean": "mm[Hg]", "cuff-pressure": "mm[Hg]", "rr-interval": "ms", "energy": "kJ",
    "body-temperature": "Cel", "glucose": "mmol/L", "glucose-trend": "mmol/L/min", "glucose-quality": "%",
    "carbohydrate": "g", "meal": None, "weight": "kg", "height": "cm", "bmi": "kg/m2", "body-fat": "%",
    "basal-metabolism": "kJ", "muscle": "%", "impedance": "Ohm", "ambient-temperature": "Cel", "humidity": "%",
    "pressure": "hPa", "ambient-co2": "[ppm]", "pm2-5": "ug/m3", "illuminance": "lx", "voc-index": None,
    "nox-index": None, "acceleration": "m/s2", "battery": "%", "battery-voltage": "V", "tx-power": "dBm",
    "counter": None, "uptime": "s", "presence": None, "signal-strength": "dBm"}

ITS_OWN = {"backfill"}          # flags that the gateway gives
CLOCK = timedelta(seconds=3)    # stamps are of whole seconds, and a clock is read some time before


def arrived(sub):
    """Readings at beds, each id once, with the digits as they came."""
    found = {}
    for m in sub.messages:
        if m.payload and "/beds/" in m.topic or m.payload and "/devices/" in m.topic:
            r = json.loads(m.payload, parse_float=Decimal)
            if "metric" in r and "id" in r:
                assert found.setdefault(r["id"], r)["metric"] == r["metric"], f"one id for two readings: {r}"
    return list(found.values())


def text(value):
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def raw(r):
    given = r.get("raw", "")
    return f"{text(given['value'])} {given.get('unit', '')}".strip() if isinstance(given, dict) else given


def key(r, unit):
    """What makes two of them the same, and must be the same of both."""
    flags = ",".join(sorted(set(r.get("flags", [])) - ITS_OWN))
    return (r["device"], r["metric"], r.get("instance", 0), text(r.get("value")), unit, r.get("validity", "valid"),
            r.get("reason"), flags, raw(r), r.get("device_time"))


def sent_key(v):
    return key(v, UNITS[v["metric"]])


def came_key(r):
    return key(r, r.get("unit"))


def repeats(v):
    """Told again and again until it is heard, or until somebody has it: it counts once. So does what a device that
    has no clock says twice within minutes: nobody can tell it from one that is said again."""
    return (v["by"] in ("advertisement", "read") or "stored" in v.get("flags", []) or
            v["by"] == "indication" and "device_time" not in v)


def live(k):
    """The same, not said from memory."""
    return (*k[:7], ",".join(f for f in k[7].split(",") if f != "stored"), *k[8:])


def told_both_ways(sent):
    """What was said when it was measured and once more from memory: either of the two has to arrive, and only one."""
    ways = {}
    for v in sent:
        if "device_time" in v:
            ways.setdefault(live(sent_key(v)), set()).add("stored" in v.get("flags", []))
    return {k for k, found in ways.items() if len(found) == 2}


def compare(sent, came, must=lambda v: True):
    """(sent and acknowledged but not arrived, arrived but never sent or more often than that), as sorted lists.
    must: of what was acknowledged, that which has to arrive."""
    both = told_both_ways(sent)

    def one(k):
        return live(k) if live(k) in both else k
    may, least = Counter(), Counter()
    for v in sent:
        k = one(sent_key(v))
        may[k] += 1
        if v["acknowledged"] and must(v):
            least[k] = 1 if repeats(v) or k in both else least[k] + 1
        if k in both or "stored" in v.get("flags", []) and "device_time" in v:
            may[k] = 1
    seen = Counter(one(came_key(r)) for r in came)
    missing = {k for k in least if seen[k] < least[k]}
    strange = {k for k in seen if seen[k] > may[k]}
    return sorted(missing, key=str), sorted(strange, key=str)


def moment(stamp):
    return datetime.fromisoformat(stamp.replace("Z", "+00:00"))


def wrong_times(sent, came):
    """Of those with a device's stamp: what is not at the time that it was measured."""
    measured = {sent_key(v): moment(v["time"]) for v in sent if "device_time" in v}
    return [r for r in came if "device_time" in r and came_key(r) in measured and
            abs(moment(r["time"]) - measured[came_key(r)]) > CLOCK]
