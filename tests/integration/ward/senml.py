"""SenML packs as a device would make them, in JSON and in CBOR, without the daemon's code."""
import json

import cbor2

JSON_FORMAT = 110
CBOR_FORMAT = 112
_LABELS = {"bver": -1, "bn": -2, "bt": -3, "bu": -4, "bv": -5, "bs": -6, "n": 0, "u": 1, "v": 2,
           "vs": 3, "vb": 4, "s": 5, "t": 6, "ut": 7, "vd": 8}


def record(metric, value=None, unit=None, **more):
    """One record; a bool, a number or a text picks vb, v or vs."""
    r = {"n": metric}
    if unit:
        r["u"] = unit
    if isinstance(value, bool):
        r["vb"] = value
    elif isinstance(value, str):
        r["vs"] = value
    elif value is not None:
        r["v"] = value
    r.update(more)
    return r


def as_json(*records):
    return json.dumps(list(records)).encode()


def as_cbor(*records):
    return cbor2.dumps([{_LABELS.get(k, k): v for k, v in r.items()} for r in records])


def heart_rate(value, **more):
    return record("heart-rate", value, "beat/min", **more)
