"""What goes wrong between wardsim zigbee and a host, by rule: each fault is what it is called, and the
log knows what became of every value."""
import os
import struct

import pytest

from ward.base import wait_until
from ward.ezsp_host import records
from ward.zigbee import NOP, ROOM, eui, member, pumped, room, started


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


def naks(host):
    return [f for f in host.line.frames if f.control & 0xe0 == 0xa0]


# What is done for how long, and what shows on the line that it was done.
BAD_LINES = (
    ({"Do": "drop", "For": "1s", "Amount": "30%"}, lambda h, m: h.line.retransmits_heard and m.events("frame-dropped")),
    ({"Do": "drop-in", "For": "1s", "Amount": "30%"}, lambda h, m: m.events("frame-dropped-in")),
    ({"Do": "corrupt", "Times": 5}, lambda h, m: h.line.decoder.bad and h.line.retransmits_heard),
    ({"Do": "corrupt-in", "Times": 3}, lambda h, m: len(m.events("frame-corrupted-in")) == 3),
    ({"Do": "delay", "For": "1s", "Amount": "150ms"}, lambda h, m: True),
    ({"Do": "nak", "Times": 2}, lambda h, m: naks(h)),
    ({"Do": "noise", "Times": 5}, lambda h, m: h.line.decoder.bad),
    ({"Do": "cancel", "Times": 5}, lambda h, m: h.line.decoder.odd[0x1a] >= 5),
    ({"Do": "substitute", "Times": 3}, lambda h, m: h.line.decoder.odd[0x18] == 3 and h.line.decoder.bad),
    ({"Do": "flow-bytes", "Times": 20}, lambda h, m: h.line.decoder.odd[0x11] + h.line.decoder.odd[0x13] == 20),
    ({"Do": "repeat", "Times": 5}, lambda h, m: h.line.strays),
    ({"Do": "stall", "For": "700ms"}, lambda h, m: True),
    ({"Do": "silence", "For": "700ms"}, lambda h, m: h.line.retransmits_heard),
)


@pytest.mark.parametrize("fault, sign", BAD_LINES, ids=lambda f: f["Do"] if isinstance(f, dict) else "")
def test_nothing_is_lost_by_a_bad_line(start, fault, sign):
    m, host = start({"room": {"Kind": "temperature", "Join": "known", "Reporting": "always", "Interval": "15ms"}},
                    radio={"Queue": 1000}, events=[{**NOP, **fault}])
    pumped(host, lambda: len(host.incoming()) > 10, "reports before")
    host.line.send(struct.pack("<BBBH", 200, 0, 1, 0x0005))
    pumped(host, lambda: m.events(fault["Do"]), "the fault")
    pumped(host, lambda: host.ask(0x0005) and sign(host, m), "the sign of it")
    at = len(host.incoming())
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
    wait_until(lambda: [e["code"] for e in m.events("failed")] == [3, 0x51], "the log")


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
    wait_until(lambda: 2 in [e["code"] for e in m.events("boot")][1:], "the log")
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


@pytest.mark.parametrize("action", ("another-network", "forget-network"))
def test_what_is_in_its_flash_changes(start, action):
    m, host = start({}, events=[{**NOP, "Do": action}])
    before = host.parameters()
    host.line.send(struct.pack("<BBBH", 200, 0, 1, 0x0005))
    host.line.wait(lambda: host.line.resets[-1] == 0x02, "the reset")
    host.line.unacked.clear()
    status = host.connect().configure().init()
    assert (status == 0) == (action == "another-network")
    wait_until(lambda: m.events(action), "the log")
    if not status:
        after = host.parameters()
        assert (after["pan"], after["extended"]) != (before["pan"], before["extended"])


def test_sensors_that_fail_say_so_in_their_own_way(start):
    m, host = start({"room": {"Kind": "climate", "Join": "known", "Reporting": "always", "Interval": "1h"}},
                    events=[{**NOP, "Device": "room", "Do": "special", "Amount": "invalid"},
                            {**NOP, "Device": "room", "Do": "measure"},
                            {**NOP, "Nth": 2, "Device": "room", "Do": "special", "Amount": "failed"},
                            {**NOP, "Nth": 2, "Device": "room", "Do": "measure"}])
    for raw in (b"\x00\x80", b"\xf0\xd8"):
        at = len(host.callbacks)
        host.call(0x0005)
        told = host.wait_incoming(lambda m: m.cluster == 0x0402, "a report", at).payload
        assert records(told) == {0: (0x29, raw)}
    pumped(host, lambda: len(m.acknowledged()) >= 6, "the log")
    assert {r["value"] for r in m.acknowledged() if r["metric"] in ("ambient-temperature", "humidity")} == {None}


def test_devices_check_in_lose_power_and_change_what_they_are_called(start):
    m, host = start(room(Join="known", Interval="1h"),
                    events=[{**NOP, "Device": "room", "Do": "check-in"},
                            {**NOP, "Nth": 2, "Device": "room", "Do": "address-conflict"},
                            {**NOP, "Nth": 3, "Device": "room", "Do": "vanish"},
                            {**NOP, "Nth": 4, "Device": "room", "Do": "vanish"},
                            {**NOP, "Nth": 5, "Do": "network-status"}])
    host.call(0x0005)
    told = host.wait_incoming(lambda m: m.cluster == 0x0020, "a check-in")
    assert told.payload[0] & 0xb == 9 and told.payload[2] == 0
    assert host.delivered(told.sender, 0x104, 0x0020, b"\x11\x07\x00\x01\x28\x00") == 0
    at = len(host.callbacks)
    host.call(0x0005)
    assert struct.unpack("<H", host.wait(0x7c, lambda b: True, "the conflict", at))[0] == told.sender
    node = host.joined(eui(ROOM), at)
    host.well(0x0053, struct.pack("<BH", 0x12, 300))
    host.call(0x0005)
    assert host.delivered(node, 0x104, 0, struct.pack("<BBBH", 0x10, 1, 0, 5)) == 0x66
    at = len(host.callbacks)
    host.call(0x0005)
    assert host.joined(eui(ROOM), at) == node
    host.call(0x0005)
    assert host.wait(0xc4, lambda b: True, "a network status")[0] == 0x0b
    wait_until(lambda: len(m.events("vanish")) == 2, "the log")
