"""wardsim ward: CoAP and Bluetooth devices of one scenario, through the real daemon; the manual's example; the demo,
which has Zigbee devices beside it."""
import importlib.util
import json
import os
import pathlib
import re
import subprocess
import sys
from collections import Counter
from decimal import Decimal

import pytest

from ward.base import Process, wait_until
from ward.ble_judge import arrived
from ward.bluewire import Att, Mgmt
from ward.daemon import program

TOP = pathlib.Path(__file__).resolve().parents[2]
STRAP, CUFF = "C0:FF:EE:00:00:01", "C0:FF:EE:00:00:02"
SCENARIO = f"""
[Patient ada]
heart-rate=74
bp-systolic=124

[Device monitor]
Transport=coap
Profile=monitor
Patient=ada
Interval=500ms

[Device strap]
Transport=ble
Kind=heart-rate
Address={STRAP}
Patient=ada
Interval=500ms

[Device cuff]
Transport=ble
Kind=cuff
Address={CUFF}
Patient=ada
Measure=no
Window=0s

[Event inflate]
At=1s
Device=cuff
Do=measure

[Event faster]
At=1500ms
Patient=ada
Metric=heart-rate
To=120
Over=0s
For=1min
"""


def log_of(path):
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as f:
        return [json.loads(line, parse_float=Decimal) for line in f if line.endswith("\n")]


def test_both_halves_of_a_ward_arrive(ward):
    air, log, scenario = (os.path.join(ward.dir, name) for name in ("air", "sent.jsonl", "ward.scenario"))
    pathlib.Path(scenario).write_text(SCENARIO, encoding="utf-8")
    broker = ward.broker()
    sub = ward.subscriber(broker)
    daemon = ward.daemon(broker, devices={"monitor": "key-of-the-monitor-0123"}, sections={
        "BLE": {"Enabled": "yes", "Adapter": f"sim:{air}"},
        "Device strap": {"Transport": "ble", "Address": STRAP, "Bed": "1"},
        "Device cuff": {"Transport": "ble", "Address": CUFF, "Bed": "1"}})
    sim = ward.keep(Process(
        [program("wardsim", "WARDSIM"), "ward", scenario, "--gateway",
         f"coaps://127.0.0.1:{daemon.coap_port}", "--psk", daemon.psk_path, "--dir", air, "--log", log], "wardsim"))

    def is_told(device, metric):
        return metric == "heart-rate" or device == "cuff"

    def came():
        return Counter((r["device"], r["metric"], str(r["value"])) for r in arrived(sub)
                       if is_told(r["device"], r["metric"]))

    def there():
        """Both see the same heart after the event, and the cuff has been read."""
        fast = {device for device, metric, value in came() if metric == "heart-rate" and int(value) > 110}
        return fast == {"monitor", "strap"} and any(m == "bp-systolic" for _, m, _ in came())

    wait_until(there, lambda: f"came {came()}\n{sim.text()}")
    sim.terminate()
    assert sim.wait() == 0, sim.text()
    last = {(r["device"], r["pack"], r["metric"]): r for r in log_of(log) if "metric" in r}
    sent, taken = (Counter((r["device"], r["metric"], str(r["value"])) for r in last.values()
                           if is_told(r["device"], r["metric"]) and (r["acknowledged"] or not acknowledged))
                   for acknowledged in (False, True))
    wait_until(lambda: taken <= came(), lambda: f"what was taken: {taken - came()}")
    assert came() <= sent


def test_a_recording_is_what_the_devices_measure(tmp_path, ward):
    (tmp_path / "items.csv").write_text("itemid,name,unit\n220045,hr,bpm\n", encoding="utf-8")
    (tmp_path / "stay.csv").write_text("charttime,itemid,value\n2150-01-01 00:00:00,220045,61\n"
                                       "2150-01-01 01:00:00,220045,143\n", encoding="utf-8")
    (tmp_path / "ward.ini").write_text(
        f"[Patient ada]\nReplay={tmp_path}/stay.csv\nSpeed=3600\n"
        f"[Device strap]\nKind=heart-rate\nPatient=ada\nInterval=200ms\nAddress={STRAP}\n", encoding="utf-8")
    air = os.path.join(ward.dir, "air")
    sim = ward.keep(Process([program("wardsim", "WARDSIM"), "ble", "--dir", air, "--scenario", tmp_path / "ward.ini"],
                            "wardsim"))
    wait_until(lambda: os.path.exists(f"{air}/mgmt"), sim.text)
    Mgmt(air).bring_up()
    link = Att(air, STRAP)
    measured = link.characteristics()[0x2a37][0]
    assert link.subscribe(measured) == 0
    rates = set()
    while 143 not in rates:
        _, handle, value = link.next_told()
        if handle == measured:
            rates.add(value[1])
    assert rates <= {61, 143}


def examples():
    text = (TOP / "docs/man/wardsim.1").read_text(encoding="utf-8").replace("\\-", "-")
    return [e for e in re.findall(r"\.nf\n\.RS\n(.*?)\n\.RE\n\.fi", text, re.S) if "[Ward]" in e]


def test_the_manual_s_bluetooth_example_runs(tmp_path):
    [example] = [e for e in examples() if "\nAddress=" in e]
    (tmp_path / "ward.ini").write_text(example, encoding="utf-8")
    done = subprocess.run([program("wardsim", "WARDSIM"), "ble", "--dir", "air", "--scenario", "ward.ini", "--duration",
                           "500ms"], cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    assert "2 devices" in done.stderr and (tmp_path / "sent.jsonl").exists()


def test_without_a_scenario_there_is_one_of_each_kind(tmp_path):
    done = subprocess.run([program("wardsim", "WARDSIM"), "ble", "--dir", "air", "--duration", "300ms"], cwd=tmp_path,
                          capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    listed = re.findall(r"^wardsim: ([0-9A-F:]{17})  ([a-z0-9-]+)(  key [0-9A-F]{32})?$", done.stderr, re.M)
    kinds = [kind for _, kind, _ in listed]
    assert {"heart-rate", "cuff", "cgm", "ruuvi-6", "ibeacon"} <= set(kinds) and len(set(kinds)) == len(kinds)
    assert len({address for address, _, _ in listed}) == len(listed)
    assert [kind for _, kind, key in listed if key] == [kind for kind in kinds if kind.endswith("-sealed")]


@pytest.mark.parametrize("wanted, says", [
    (["ward", "ward.ini"], "where does the gateway find its Bluetooth adapter? Give --dir DIRECTORY"),
    (["ble", "--scenario", "ward.ini"], "where does the gateway find its adapter? Give --dir DIRECTORY"),
    (["ble", "--dir", "air", "--scenario", "nowhere.ini"], "nowhere.ini: No such file or directory"),
    (["ble", "--dir", "air", "--scenario", "replay.ini"], "[Patient ada] Replay=: stay.csv"),
    (["ble", "--dir", "x" * 80, "--scenario", "ward.ini"], "longer than 72 bytes"),
    (["ble", "--dir", "air", "--scenario", "ward.ini", "--speed", "0"], "not a whole number of 1 to 10000"),
])
def test_what_is_wrong_is_said(tmp_path, wanted, says):
    (tmp_path / "ward.ini").write_text(f"[Device d]\nTransport=ble\nKind=cuff\nAddress={CUFF}\n", encoding="utf-8")
    (tmp_path / "replay.ini").write_text("[Patient ada]\nReplay=stay.csv\n", encoding="utf-8")
    done = subprocess.run([program("wardsim", "WARDSIM"), *wanted], cwd=tmp_path, capture_output=True, text=True,
                          timeout=30, check=False)
    assert done.returncode == 2 and says in done.stderr


def demo_module(name):
    spec = importlib.util.spec_from_file_location(name, TOP / f"demo/{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("sent, came, words", [
    ([("4.6", True), ("4.6", True)], {"4.6": 2}, []),
    ([("4.6", True), ("4.6", False)], {"4.6": 1}, []),
    ([("4.6", True), ("4.6", False)], {"4.6": 2}, []),
    ([("4.6", True), ("4.6", True)], {"4.6": 1}, ["lost"]),
    ([("4.6", True), ("4.61", True)], {"4.6": 1}, ["lost"]),
    ([("4.6", True)], {"4.6": 2}, ["under two ids"]),
    ([("4.6", True)], {"4.6": 1, "4.7": 1}, ["arrived but never sent"]),
    ([], {}, ["nothing came"]),
])
def test_the_demo_s_reckoning_finds_what_is_lost_and_doubled(sent, came, words):
    reckoning = demo_module("reckoning")
    lines = {n: {"device": "fridge", "metric": "ambient-temperature", "value": Decimal(v), "acknowledged": taken,
                 "time": "2026-11-21T10:00:00.000Z", "by": "report"} for n, (v, taken) in enumerate(sent)}
    arrivals = {("fridge", "ambient-temperature", 0, v, "valid", ""): set(range(n)) for v, n in came.items()}
    air = reckoning.Air("Zigbee", lines, arrivals, [0])
    wrong = [text for good, text in air.faults(True) if not good]
    assert len(wrong) == len(words) and all(w in text for w, text in zip(words, wrong)), wrong
    assert air.complete() == ("lost" not in words)
    killed = reckoning.Air("Zigbee", lines, {}, [reckoning.seconds("2026-11-21T10:00:01.000Z")])
    assert killed.complete() and killed.in_the_air == sum(taken for _, taken in sent)


@pytest.mark.slow
def test_the_demo_loses_nothing():
    build = os.path.dirname(program("wardgated", "WARDGATED"))
    done = subprocess.run([sys.executable, TOP / "demo/run", "--build", build], capture_output=True, text=True,
                          timeout=400, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr
    assert done.stdout.rstrip().endswith("Nothing was lost.")
