"""What goes wrong between wardsim zigbee and a host, by rule: each fault is what it is called, and the
log knows what became of every value."""
import os
import struct

import pytest

from ward.base import wait_until
from ward.ezsp_host import records
from ward.zigbee import NOP, ROOM, member, pumped, room, started


@pytest.fixture
def start(ward):
    return lambda devices, **kwargs: started(ward, devices, **kwargs)


def judged(m, host):
    """What the host heard of temperatures, against the log."""
    heard = [struct.unpack("<h", records(i.payload)[0][1])[0] for i in host.incoming()
             if i.cluster == 0x402 and i.profile == 0x104 and i.payload[2] == 0x0a]
    said = [round(r["value"] * 100) for r in m.values() if r["metric"] == "ambient-temperature" and
            r["acknowledged"]]
    return heard, said


@pytest.mark.parametrize("fault", ({"Do": "drop", "For": "1s", "Amount": "30%"},
                                   {"Do": "drop-in", "For": "1s", "Amount": "30%"},
                                   {"Do": "corrupt", "Times": 5}, {"Do": "corrupt-in", "Times": 3},
                                   {"Do": "delay", "For": "1s", "Amount": "150ms"}, {"Do": "nak", "Times": 2},
                                   {"Do": "noise", "Times": 5}, {"Do": "cancel", "Times": 5},
                                   {"Do": "substitute", "Times": 3}, {"Do": "flow-bytes", "Times": 20},
                                   {"Do": "repeat", "Times": 5}, {"Do": "stall", "For": "700ms"},
                                   {"Do": "silence", "For": "700ms"}), ids=lambda f: f["Do"])
def test_nothing_is_lost_by_a_bad_line(start, fault):
    m, host = start({"room": {"Kind": "temperature", "Join": "known", "Reporting": "always", "Interval": "15ms"}},
                    radio={"Queue": 1000}, events=[{**NOP, **fault}])
    pumped(host, lambda: len(host.incoming()) > 10, "reports before")
    host.line.send(struct.pack("<BBBH", 200, 0, 1, 0x0005))
    pumped(host, lambda: m.events(fault["Do"]), "the fault")
    at = len(host.incoming())
    host.call(0x0005)
    pumped(host, lambda: len(host.incoming()) > at + 50, "reports afterwards")
    m.process.freeze()
    while host.pump(0.1) and len(host.line.received):
        pass
    host.pump(0.1)
    heard, said = judged(m, host)
    assert heard[:len(said)] == said and len(heard) - len(said) <= 20 and len(said) > 40


def test_resets_of_its_own(start):
    m, host = start(room(Join="known"), radio={"Version": 14},
                    events=[{"When": "command", "Command": "0x0018", "Nth": 1, "Do": "reset"},
                            {"When": "command", "Command": "0x0018", "Nth": 2, "Do": "reset", "Amount": "0x0b"},
                            {"When": "command", "Command": "0x0018", "Nth": 3, "Do": "error"}])
    for code, seen in ((3, host.line.errors), (0x0b, host.line.resets), (0x51, host.line.errors)):
        del seen[:]
        host.line.send(struct.pack("<BBBH", 1, 0, 1, 0x0018))
        host.line.wait(lambda: seen, "the reset")
        assert seen[0] == code
        host.line.unacked.clear()
        assert host.connect().configure().init() == 0
    assert [e["code"] for e in m.events("failed")] == [3, 0x51]


def test_the_cable_is_out_and_in_again(start):
    m, host = start(room(Join="known", Reporting="always"), events=[
        {"When": "report", "Nth": 6, "Device": "room", "Do": "silence", "For": "1ms"},
        {**NOP, "Do": "unplug", "For": "500ms"}])
    host.line.send(struct.pack("<BBBH", 200, 0, 1, 0x0005))
    wait_until(lambda: not host.pump(0.05), "the line to go", step=0)
    assert not os.path.exists(m.link)
    wait_until(lambda: os.path.exists(m.link), "the line to be there again")
    host.line.open()
    assert host.connect().configure().init() == 0
    at = len(host.callbacks)
    pumped(host, lambda: host.incoming(at), "reports")
    assert 2 in [e["code"] for e in m.events("boot")][1:]
    dropped = {r.get("dropped") for r in m.values() if not r["acknowledged"]}
    assert dropped & {"ncp-off", "network-down", "reset"}


def test_callbacks_that_are_lost_are_owned_up_to(start):
    m, host = start(room(Join="known", Reporting="always"), events=[{**NOP, "Do": "overflow", "Times": 4}])
    host.call(0x0005)
    pumped(host, lambda: m.events("callbacks-lost"), "the loss")
    host.call(0x0005)
    assert host.overflows
    pumped(host, lambda: [r for r in m.values() if r.get("dropped") == "overflow"], "the log")
    before = host.overflows
    host.call(0x0005)
    host.call(0x0005)
    assert host.overflows <= before + 1


def test_answers_that_are_late_missing_and_refused(start):
    m, host = start({}, events=[
        {"When": "command", "Command": "0x0027", "Nth": 1, "Do": "late", "Amount": "400ms"},
        {"When": "command", "Command": "0x0026", "Nth": 1, "Do": "refuse", "Amount": "0x36"},
        {"When": "command", "Command": "0x0026", "Nth": 3, "Do": "busy"},
        {"When": "command", "Command": "0x0026", "Nth": 4, "Do": "strange-callback", "Amount": "0x1234"}])
    host.line.send(struct.pack("<BBBH", 200, 0, 1, 0x0027))
    assert host.ask(0x0005) == (5, b"")               # while the other waits
    host.line.wait(lambda: m.events("late-answer"), "the late one")
    host.pump(0.1)
    assert host.late or [a for a in host.answers if a[0] == 200]
    assert host.ask(0x0026) == (0x58, b"\x36")
    assert host.ask(0x0026)[0] == 0x26
    host.ask(0x0026)
    assert host.unicast(0, 0, 5, b"\1\0\0") == 0x72 and host.unicast(0, 0, 5, b"\1\0\0") == 0
    host.ask(0x0026)
    host.wait(0x1234, lambda b: True, "what nobody knows")


def test_reports_come_twice_in_another_order_and_spoiled(start):
    m, host = start({"room": {"Kind": "temperature", "Join": "known", "Reporting": "always", "Interval": "100ms"}},
                    events=[{**NOP, "Device": "room", "Do": "duplicate"},
                            {**NOP, "Nth": 2, "Device": "room", "Do": "reorder"},
                            {**NOP, "Nth": 3, "Device": "room", "Do": "malformed", "Times": 3}])
    for sign in ("duplicate", "reordered", "spoiled"):
        host.call(0x0005)
        pumped(host, lambda s=sign: m.events(s), sign)
    pumped(host, lambda: len(m.events("spoiled")) == 3, "them all")
    host.pump(0.1)
    order = [i.payload[1] for i in host.incoming() if i.cluster == 0x402 and len(i.payload) > 2]
    steps = [(b - a) % 256 for a, b in zip(order, order[1:])]
    assert 0 in steps and 255 in steps


def test_a_network_that_is_another_and_a_counter_that_goes_back(start):
    m, host = start(room(), events=[{"When": "reset", "Nth": 3, "Do": "another-network"}])
    node = member(host, ROOM)
    for _ in range(3):
        host.zdo(node, 0x0005, struct.pack("<H", node))
    key, p = bytes(range(16)), host.parameters()
    host.well(0x0020)
    # restored, but for its counter: whatever the host says is ignored
    host.connect().configure().form(key=key)
    host.well(0x0055, b"\0\3")
    assert host.parameters()["pan"] == p["pan"]
    heard = host.delivered(node, 0, 0x0005, b"\x07" + struct.pack("<H", node))
    assert heard == 0x66
    host.well(0x0020)
    host.connect().configure()
    host.well(0x00ab, b"\x23\4" + struct.pack("<I", 100000))
    host.form(key=key, bitmask=0x1b84)
    assert host.zdo(node, 0x0005, struct.pack("<H", node))[3:] == b"\1\1"
