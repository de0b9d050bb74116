"""kill -9 at any moment: while the network is formed, devices join, and report. No key and no device is lost, the
network is never formed anew, no value has two ids, and none is lost that a device was told to be safe."""
import contextlib
import os
import random
import threading
from datetime import datetime, timedelta, timezone

import pytest

from ward.base import preload_environment, seed, wait_until
from ward.dbus import Refused
from ward.zigbee_hall import UNHURRIED, WARD, Hall
from ward.zigbee_judge import relaxed, wrong

ROOM = {"room": WARD["room"]}
SOON = timedelta(seconds=5)   # by then a value that came is at the broker, or on the disk


def kept(h, name="zigbee-network"):
    """What the gateway keeps, word by word; None while it keeps nothing."""
    try:
        with open(os.path.join(h.daemon.state, name), encoding="utf-8") as f:
            return dict(line.split(" ", 1) for line in f.read().splitlines() if " " in line)
    except FileNotFoundError:
        return None


def in_radio(h):
    with open(h.mesh.state_path, encoding="utf-8") as f:
        head = f.read().split("\n[Member")[0]
    return dict(line.split("=", 1) for line in head.splitlines() if "=" in line)


def same_network(h):
    """Gateway and radio agree, and the keys are for nobody else."""
    wait_until(lambda: (kept(h) or {}).get("formed") == "1" and in_radio(h)["Network"] == "1", "both to be written")
    ours, radio = kept(h), in_radio(h)
    assert ours["network-key"].lower() == radio["NetworkKey"].lower()
    assert ours["link-key"].lower() == radio["TrustCenterKey"].lower()
    assert int(ours["pan"], 16) == int(radio["Pan"])
    assert os.stat(os.path.join(h.daemon.state, "zigbee-network")).st_mode & 0o777 == 0o600
    return ours["network-key"], ours["extended-pan"], ours["pan"]


def told_safe(h):
    """Values whose device had an answer: they are safe."""
    answered = {(r["device"], r["pack"]) for r in h.mesh.lines() if r.get("event") == "answered"}
    return [v for v in h.mesh.values() if (v["device"], v["pack"]) in answered]


def moment(v):
    return datetime.fromisoformat(v["time"].replace("Z", "+00:00"))


def judge(h, kills):
    """What a device was told to be safe arrives, and what was here for some seconds before the next kill; nothing
    arrives that was not said, nor more often."""
    h.mesh.stop()
    safe = {(v["device"], v["metric"], v["pack"]) for v in told_safe(h)}

    def must(v):
        at = moment(v)
        return (v["device"], v["metric"], v["pack"]) in safe or v["acknowledged"] and not any(
            k - SOON < at < k + timedelta(seconds=1) for k in kills)
    sent = relaxed(h.mesh.values())
    wait_until(lambda: not wrong(sent, h.arrived(), ordered=False, must=must),
               lambda: "\n".join(wrong(sent, h.arrived(), ordered=False, must=must)), 15)
    return len(safe)


@pytest.mark.parametrize("rounds", [3, pytest.param(120, marks=pytest.mark.slow)])
def test_kills_while_devices_join_and_report(ward, rounds):
    lots = random.Random(seed())
    few = {name: UNHURRIED[name] for name in ("room", "asking", "router")}
    h = Hall(ward, devices=few if rounds < 10 else UNHURRIED, join=False, radio={"Version": lots.choice([13, 14, 19])})
    network, kills, formed = same_network(h), [], h.daemon.count_log("a Zigbee network is formed")
    for n in range(rounds):
        if n == 0 or lots.random() < 0.3:
            with contextlib.suppress(Refused):   # while the radio starts anew
                h.let_in()
        if lots.random() < 0.2:
            h.mesh.do(None, "reset")
        threading.Event().wait(lots.uniform(0, 1.2))   # a kill comes at any time
        kills.append(datetime.now(timezone.utc))
        h.daemon.kill()
        h.daemon.start()
        if lots.random() < 0.7:
            h.up()
            formed += h.daemon.count_log("a Zigbee network is formed")
            assert h.daemon.count_log("network is not the gateway's") == 0
            assert same_network(h) == network
    h.restart()
    h.let_in()
    h.report(4)
    h.joined()
    assert formed == 1 and same_network(h) == network
    # who was let in once is in for good, and believes what the gateway says
    assert sorted(e["device"] for e in h.mesh.events("joined")) == sorted(h.devices)
    answers = len(told_safe(h))
    wait_until(lambda: len(told_safe(h)) > answers, "an answer to be believed")
    print(f"{rounds} kills, {judge(h, kills)} values told to be safe")
    h.daemon.stop()


@pytest.mark.parametrize("rounds", [2, pytest.param(40, marks=pytest.mark.slow)])
def test_kills_while_the_network_is_formed(ward, rounds):
    """Whatever was done by then goes on where it was, with the keys that the disk has."""
    lots = random.Random(seed())
    for _ in range(rounds):
        h = Hall(ward, devices=ROOM, start=False, sections={"Zigbee": {"Channel": lots.choice(["auto", "15"])}})
        h.daemon.start(ready=False)
        threading.Event().wait(lots.uniform(0.02, 0.5 if h.daemon.sections["Zigbee"]["Channel"] == "15" else 1.6))
        h.daemon.kill()
        before = kept(h)
        h.start()
        ours = same_network(h)
        assert before is None or before["network-key"] == ours[0]
        h.mesh.stop()
        h.daemon.stop()


CALLS = {"zigbee-network": 14, "zigbee-devices": 6}   # by which the file is written, until a sensor is set up


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("cuts", [2, pytest.param(100, marks=pytest.mark.slow)])
def test_a_cut_at_each_call_that_writes(ward, name, cuts):
    """At each of the calls that make, fill, sync and rename the file: the old state or the new one is there."""
    lots = random.Random(seed())
    every = [(at, after) for at in range(1, CALLS[name] + 1) for after in (0, 1)]
    done = 0
    for at, after in every if cuts > len(every) else lots.sample(every, cuts):
        h = Hall(ward, devices=ROOM, start=False)
        os.makedirs(h.daemon.state)
        usual = dict(h.daemon.environment)
        h.daemon.environment = preload_environment(
            ward.shim("cutshim"), usual, WARDGATE_CUT_BELOW=h.daemon.state, WARDGATE_CUT_NAME=name,
            WARDGATE_CUT_AT=str(at), WARDGATE_CUT_AFTER=str(after))
        h.daemon.start(ready=False)
        cut = h.go_on_until_dead()
        before = kept(h)
        h.daemon.environment = usual
        if cut:
            done += 1
            h.start()
        ours = same_network(h)
        assert before is None or before["network-key"] == ours[0]
        assert h.daemon.count_log("cannot be read") == 0
        h.let_in()
        h.report(2)
        h.joined()
        assert len(h.mesh.events("joined")) == 1
        h.mesh.stop()
        h.daemon.stop()
    print(f"{done} cuts of {name}")
    assert done == min(cuts, len(every))
