"""A radio that starts anew again and again, in every way that it can, in one run of the daemon: nothing leaks, and
nobody is forgotten."""
import random
import time

import pytest

from ward.base import open_descriptors, resident, seed
from ward.zigbee_hall import UNHURRIED, Hall

WAYS = (("reset", {"Amount": "0x03"}), ("reset", {"Amount": "0x0b"}), ("reset", {"Amount": "0x02"}),
        ("reset", {"Amount": "0x06"}), ("error", {"Amount": "0x51"}), ("unplug", {"For": "20ms"}))


@pytest.mark.parametrize("resets", [12, pytest.param(1000, marks=pytest.mark.slow)])
def test_resets_without_end(ward, resets):
    lots = random.Random(seed())
    h = Hall(ward, devices=UNHURRIED, radio={"Reboot": "20ms", "Version": lots.choice([13, 14, 19])})
    h.joined()
    ups, began, early, idle = h.daemon.count_log("the Zigbee network is up"), time.monotonic(), 0, 0
    for n in range(resets):
        at = h.daemon.mark()
        way, how = lots.choice(WAYS[:5]) if n % 10 else WAYS[n // 10 % len(WAYS)]
        h.mesh.do(None, way, **how)
        h.up(at)
        if n == min(100, resets // 2):
            h.report(1)
            early, idle = resident(h.daemon.pid), open_descriptors(h.daemon.pid)
    took = time.monotonic() - began
    h.report(3)
    h.joined()
    late, after = resident(h.daemon.pid), open_descriptors(h.daemon.pid)
    print(f"{resets} resets in {took:.0f} s, memory {early >> 10} KiB and then {late >> 10} KiB, {after} descriptors")
    assert h.daemon.count_log("the Zigbee network is up") >= ups + resets
    assert after == idle
    if "asan" not in h.daemon.binary:
        assert late < early + (1 << 20), f"memory: {early} bytes, then {late}"
    assert h.daemon.count_log("a Zigbee network is formed") == 1
    assert len(h.mesh.events("joined")) == len(h.devices)
    h.judge()
