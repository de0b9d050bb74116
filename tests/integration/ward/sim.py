"""wardsim as the ward's devices, and the reckoning of its log against what an observer saw."""
import json
import os
from decimal import Decimal

from .base import Process
from .daemon import program


def start(world, daemon, *options):
    """wardsim coap with all devices of the daemon's key file; ended with the test."""
    log = os.path.join(daemon.dir, "sent.jsonl")
    process = Process([program("wardsim", "WARDSIM"), "coap", "--gateway",
                       f"coaps://127.0.0.1:{daemon.coap_port}", "--psk", daemon.psk_path,
                       "--log", log, *options], "wardsim")
    process.log_path = log
    return world.keep(process)


def _key(r):
    value = r["value"]
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        value = Decimal(value).normalize()
    return r["device"], r["metric"], r["time"], str(value)


def read_log(process):
    """The last line of each value."""
    values = {}
    with open(process.log_path, encoding="utf-8") as f:
        for line in f:
            r = json.loads(line, parse_float=Decimal)
            if "metric" in r:
                values[_key(r)] = r
    return list(values.values())


def missing(expected, subscriber):
    """Those of the log's values that did not arrive."""
    seen = {_key(json.loads(m.payload, parse_float=Decimal)) for m in subscriber.messages
            if "/beds/" in m.topic and m.payload}
    return [r for r in expected if _key(r) not in seen]
