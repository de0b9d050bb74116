"""What wardsim ble says that it sent against what a subscriber has: value, digits, validity, flags."""
import json
from collections import Counter
from decimal import Decimal


def arrived(sub):
    """Readings at beds, each id once, with the digits as they came."""
    found = {}
    for m in sub.messages:
        if m.payload and "/beds/" in m.topic or m.payload and "/devices/" in m.topic:
            r = json.loads(m.payload, parse_float=Decimal)
            if "metric" in r and "id" in r:
                found[r["id"]] = r
    return list(found.values())


def text(value):
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def key(r):
    return (r["device"], r["metric"], r.get("instance", 0), text(r.get("value")), r.get("validity", "valid"))


def compare(sent, came):
    """(sent and acknowledged but not arrived, arrived but never sent), as sorted lists of words."""
    must = Counter(key(v) for v in sent if v["acknowledged"])
    may = Counter(key(v) for v in sent)
    seen = Counter(key(r) for r in came)
    missing = {k for k in must if k not in seen}
    strange = {k for k in seen if k not in may}
    return sorted(missing), sorted(strange)
