"""wardsim zigbee by a hand-made host: what the daemon's tests rely on must itself be right. Its faults
are in test_wardsim_zigbee_faults.py."""
import os
import re
import struct
import subprocess

import pytest

from ward.base import wait_until
from ward.daemon import program
from ward.ezsp_host import encode, records
from ward.zigbee import DOOR, NOP, PLUG, ROOM, door, eui, member, pumped, room, started

VERSIONS = (pytest.param(8, marks=pytest.mark.slow), 13, 14, pytest.param(19, marks=pytest.mark.slow))


@pytest.fixture
def mesh(ward):
    return ward.mesh


@pytest.fixture
def start(ward):
    return lambda devices, **kwargs: started(ward, devices, **kwargs)


def reports(host, node, cluster, start=0):
    return [m.payload for m in host.incoming(start) if m.sender == node and m.cluster == cluster and m.profile and
            m.payload[0] & 3 == 0 and m.payload[2] == 0x0a]


# ---- the line


def test_reset_says_why_and_the_host_has_to_begin(ward, mesh):
    m = mesh({}, events=[{**NOP, "Nth": 2, "Do": "reset", "Amount": "0x02"}])
    host = ward.ezsp(m)
    host.version = 13
    host.line.reset()
    assert host.line.resets[-1] == 0x0b
    assert host.ask(0x0005) == (0x58, b"\x30")        # no version yet
    host.line.send(struct.pack("<BBBH", 9, 0, 1, 0x0005))
    host.line.wait(lambda: host.line.resets[-1] == 0x02, "RSTACK of its own")
    host.line.unacked.clear()
    host.connect()
    assert host.line.resets[-1] == 0x0b and host.version == 13
    assert host.ask(0x0005) == (5, b"")
    assert host.ask(0x0f0f) == (0x58, b"\x31")
    assert host.ask(0x0022) == (0x58, b"\x33")        # without its parameters


@pytest.mark.parametrize("version", (8, 11, 13, 14, 17, 19))
def test_versions_are_negotiated(ward, mesh, version):
    m = mesh({}, radio={"Version": version, "Stack": "8.1.2.0"})
    host = ward.ezsp(m)
    host.line.reset()
    got, answer = host._exchange(bytes([7, 0, 0, version]), 0, 30)
    assert (got, answer) == (0, bytes([version, 2, 0x20, 0x81]))
    host.version = version                            # it equals: no second request is needed
    assert host.well(0x00aa, b"\x11")[1:] == b"\xa1\x01\x08\x01\x02\x00\xaa"
    status, _ = host.status(host.call(0x0017, b"\3\0"))
    assert status == (0x17 if version >= 14 else 0x93)


def test_what_is_no_frame_is_refused_once(ward, mesh):
    m = mesh({}, radio={"Trailing": 3})
    host = ward.ezsp(m).connect()
    line = host.line
    line.frames.clear()
    line.write(bytes.fromhex("25424242427e"))         # looks like DATA
    line.write(bytes.fromhex("25424242427e"))
    line.wait(lambda: [f for f in line.frames if f.control & 0xe0 == 0xa0], "a NAK")
    assert len(host.call(0x0005)) == 3                # what trails a real one's answers
    naks = [f for f in line.frames if f.control & 0xe0 == 0xa0]
    assert len(naks) == 1 and naks[0].data == b""
    # half a frame, thrown away; noise, flow control and an empty frame between
    line.write(b"\x25\x42\x21\x1a" + b"\x7e\x7e\x11\xff\xff\x13" + b"\x42\x18\x42\x7e")
    assert host.call(0x0027)[:2] == b"\xfe\xff"
    # the same frame again is acknowledged, and answered once
    line.frames.clear()
    frame = struct.pack("<BBBH", 99, 0, 1, 0x0027)
    number = line.tx
    line.send(frame)
    line.send(frame, again=True, number=number)
    line.wait(lambda: len([f for f in line.frames if f.control & 0xe0 == 0x80]) >= 2 or
              len([f for f in line.frames if not f.control & 0x80]) >= 1, "the answer")
    host.call(0x0005)
    assert len([f for f in line.frames if not f.control & 0x80 and f.data[0] == 99]) == 1


@pytest.mark.slow
def test_a_host_that_does_not_acknowledge_gets_it_again_and_then_an_error(ward, mesh):
    m = mesh({}, radio={"Reboot": "10ms"})
    host = ward.ezsp(m).connect()
    host.line.acks = False
    host.line.frames.clear()
    host.line.send(struct.pack("<BBBH", 1, 0, 1, 0x0005))
    host.line.wait(lambda: host.line.errors, "ERROR")
    assert host.line.errors == [0x51]
    assert host.line.retransmits_heard == 3
    host.line.unacked.clear()
    host.line.write(encode(0x80))                     # it answers nothing else
    host.line.wait(lambda: len(host.line.errors) > 1, "ERROR again")
    host.line.acks = True
    host.connect()
    assert host.call(0x0018) == b"\0"


def test_not_ready_holds_callbacks_back_and_answers_not(start):
    m, host = start(room(Join="known", Reporting="always", Interval="20ms"))
    pumped(host, lambda: host.incoming(), "reports")
    host.line.acks = False

    def hold():
        host.line.write(encode(0x88 | host.line.rx))
        host.pump(0.1)
    for _ in range(5):
        hold()
    before = len(host.callbacks)
    for _ in range(5):
        hold()
    assert len(host.callbacks) == before
    hold()
    got, _ = host.ask(0x0005)
    assert got == 5
    host.line.acks = True
    host.line.write(encode(0x80 | host.line.rx))
    pumped(host, lambda: len(host.callbacks) > before + 20, "what was held back")


# ---- networks


@pytest.mark.parametrize("version", VERSIONS)
def test_a_network_is_formed_and_is_there_after_a_reset(ward, mesh, version):
    m = mesh({}, radio={"Version": version, "EUI64": "00:12:4B:00:11:22:33:44"})
    host = ward.ezsp(m).connect().configure()
    assert host.init() == (0x17 if version >= 14 else 0x93)
    host.form(key=b"0123456789abcdef", pan=0x7a7b, channel=20)
    assert host.eui() == bytes.fromhex("44332211004b1200")
    p = host.parameters()
    assert (p["node_type"], p["pan"], p["channel"], p["extended"]) == (1, 0x7a7b, 20, bytes(range(1, 9)))
    host.permit()
    host.connect()
    # all but the tokens is gone
    assert host.call(0x0018) == b"\0"
    assert host.configure().init() == 0
    assert host.parameters() == p
    if version >= 12:
        answer = host.call(0x0114, b"\1" + bytes(17))
        assert answer[4:20] == b"0123456789abcdef" if version >= 14 else answer[:16] == b"0123456789abcdef"
        counter = struct.unpack_from("<I", host.call(0x0116), 8)[0]
    else:
        answer = host.well(0x006a, b"\3")
        assert answer[3:19] == b"0123456789abcdef"
        counter = struct.unpack_from("<I", answer, 19)[0]
    assert counter >= 4096                            # reserved ahead: never goes back
    # and over a loss of power of both
    m.stop()
    m.start()
    host.line.open()
    assert host.connect().configure().init() == 0
    assert host.parameters() == p
    start = len(host.callbacks)
    host.well(0x0020, b"\0" if version >= 14 else b"")
    host.stack_status(0x91, 0x16, "the network to be down", start)
    assert host.init() != 0


def test_what_comes_too_late_is_refused(start):
    _, host = start({})
    assert host.status(host.call(0x0002, struct.pack("<BHHBBB", 2, 0x104, 5, 0, 0, 0)))[0] == 0x38
    assert host.status(host.call(0x0053, struct.pack("<BH", 1, 100)))[0] == 0x38
    assert host.status(host.call(0x0017, b"\0\0"))[0] == 0x70
    assert host.status(host.call(0x0053, struct.pack("<BH", 0xff, 100)))[0] == 0x37
    assert host.zdo(0, 0x0005, b"\0\0") == b"\0\0\0\1\1"
    assert host.zdo(0, 0x0004, b"\0\0\1")[:5] == b"\0\0\0\x0c\1"


def test_channels_have_noise(start):
    _, host = start({}, radio={"Noise": "15:-40 26:-51"}, options=("--speed", "100"))
    at = len(host.callbacks)
    assert host.call(0x001a, struct.pack("<BIB", 0, 0x07fff800, 3))[:4] == bytes(4)
    host.wait(0x1c, lambda b: True, "the scan's end", at)
    heard = {c.body[0]: struct.unpack("b", c.body[1:2])[0] for c in host.callbacks[at:] if c.id == 0x48}
    assert sorted(heard) == list(range(11, 27)) and heard[15] == -40 and heard[26] == -51
    assert all(-92 <= v < -78 for k, v in heard.items() if k not in (15, 26))


def test_permission_ends_by_itself(start):
    _, host = start(room())
    at = len(host.callbacks)
    host.well(0x0022, b"\1")
    host.stack_status(0x9c, 0xc18, "the network to open", at)
    host.stack_status(0x9d, 0xc19, "the network to close", at)
    assert not [m for m in host.incoming() if m.cluster == 0x13]


# ---- who may join


CODE = "83FED3407A939723A5C639B26916D505C3B5"
CODE_KEY = bytes.fromhex("66B6900981E1EE3CA4206B6B861C02BB")


def test_an_install_code_and_nothing_else_opens_the_door(start):
    m, host = start(room(InstallCode=CODE))
    host.permit(policy=0x13)                          # the well-known key, for anybody
    decision = host.wait(0x24, lambda b: b[2:10] == eui(ROOM), "its attempt")
    assert decision[10:12] == b"\1\2"                 # joins, denied
    at = len(host.callbacks)
    host.transient_key(eui(ROOM), CODE_KEY)
    node = host.joined(eui(ROOM), at)
    assert host.wait(0x24, lambda b: b[10] == 1, "its joining", at)[10:12] == b"\1\0"
    assert host.wait(0x23, lambda b: b[4:12] == eui(ROOM), "a child", at)[:2][1] == 1
    assert struct.unpack("<H", host.call(0x0060, eui(ROOM))[:2])[0] == node
    assert host.well(0x0061, struct.pack("<H", node))[:8] == eui(ROOM)
    wait_until(lambda: m.events("join-refused"), "the log")


def test_who_has_another_key_does_not_understand_the_network(start):
    m, host = start(room(InstallCode=CODE))
    host.permit()
    wait_until(lambda: host.pump(0.02) and m.events("join-refused"), "its attempt", step=0)
    assert host.wait(0x24, lambda b: b[10] == 1, "its joining")[11] == 0   # the NCP has given what it had
    assert not [x for x in host.incoming() if x.cluster == 0x13]


# ---- devices


@pytest.mark.parametrize("version", VERSIONS)
def test_a_sensor_is_interviewed_and_reports_as_told(start, version):
    m, host = start(room(Deaf=int(version == 14)), radio={"Version": version})
    node = member(host, ROOM)
    answer = host.zdo(node, 0x0002, struct.pack("<H", node))
    assert answer[:3] == b"\0" + struct.pack("<H", node) and answer[3] & 7 == 2 and len(answer) == 16
    assert host.zdo(node, 0x0005, struct.pack("<H", node))[3:] == b"\1\1"
    simple = host.zdo(node, 0x0004, struct.pack("<HB", node, 1))
    assert simple[3] == len(simple) - 4 and simple[4:10] == b"\1\x04\x01\x02\x03\x01"
    servers = struct.unpack_from(f"<{simple[10]}H", simple, 11)
    assert set(servers) == {0x0000, 0x0001, 0x0003, 0x0020, 0x0402, 0x0405}
    basic = host.read(node, 0x0000, 4, 5, 7, 0x1234)
    assert basic == {4: (0x42, b"\7wardsim"), 5: (0x42, b"\x0aws-climate"), 7: (0x30, b"\3"), 0x1234: 0x86}
    assert host.bind(node, eui(ROOM), 0x0402) == 0
    assert host.bind(node, eui(ROOM), 0x0006) == 0x88
    assert host.report_every(node, 0x0402, 0, 0x29, 0, 3600, b"\1\0") == 0
    assert host.report_every(node, 0x0402, 0, 0x21, 0, 3600, b"\1\0") == 0x8d
    assert host.report_every(node, 0x0402, 7, 0x29, 0, 3600, b"\1\0") == 0x86
    pumped(host, lambda: len(reports(host, node, 0x0402)) > 4, "reports")
    assert not reports(host, node, 0x0405)            # nobody has asked for those
    got = [struct.unpack("<h", records(p)[0][1])[0] for p in reports(host, node, 0x0402)]
    host.pump()
    logged = [r for r in m.values() if r["by"] == "report"]
    assert [str(r["value"]) for r in logged][:len(got)] == [f"{v / 100:.2f}" for v in got]
    assert {r["metric"] for r in logged} == {"ambient-temperature"}
    assert all(a != b for a, b in zip(got, got[1:]))  # it tells what has changed
    _, command, back = host.zcl(node, 0x0402, 0x08, b"\0\0\0")
    assert (command, back) == (0x09, b"\0\0\0\0\x29\0\0\x10\x0e\1\0")


def test_a_door_is_enrolled_and_tells_at_once(start):
    m, host = start(door(), events=[{**NOP, "Device": "door", "Metric": "contact", "To": "false"}])
    node = member(host, DOOR)
    assert host.read(node, 0x0500, 0, 1, 2)[1] == (0x31, b"\x15\0")
    host.enroll(node)
    assert [m for m in host.incoming() if m.cluster == 0x500 and m.payload[2:3] == b"\1" and m.payload[0] & 1]
    host.call(0x0005)
    told = host.wait_incoming(lambda m: m.cluster == 0x0500 and m.payload[0] & 1 and m.payload[2] == 0,
                              "the door to open").payload
    assert told[3:] == b"\x11\0\0\x17\0\0"
    wait_until(lambda: host.pump(0.02) and m.acknowledged(), "the log", step=0)
    # what was read when it joined, and then what it said
    said = [(r["by"], r["metric"], r["value"]) for r in m.acknowledged()]
    assert said == [(by, *value) for by, shut in (("read", True), ("notification", False))
                    for value in (("contact", shut), ("tamper", False), ("battery-low", False))]


@pytest.mark.parametrize("enroll", ("auto", "both"))
def test_a_zone_is_enrolled_in_other_ways(start, enroll):
    _, host = start(door(Enroll=enroll))
    host.enroll(member(host, DOOR))


def test_a_sleeper_answers_when_it_polls_and_not_when_it_is_away(start):
    m, host = start({**room(Poll="1h", FastPoll="0s", Interval="0s"), "plug": {"Kind": "plug", "EUI64": PLUG}},
                    events=[{"When": "read", "Nth": 1, "Device": "plug", "Do": "silence"}])
    host.well(0x0053, struct.pack("<BH", 0x12, 300))
    host.permit()
    sleeper, plug = host.joined(eui(ROOM)), host.joined(eui(PLUG))
    host.pump(0.3)
    body = struct.pack("<BBBH", 0x10, 1, 0, 5)
    assert host.delivered(sleeper, 0x104, 0x0000, body) == 0x66
    assert host.delivered(plug, 0x104, 0x0000, body) == 0
    assert host.delivered(plug, 0x104, 0x0000, body) == 0x66
    assert host.delivered(0x0dad, 0x104, 0x0000, body) == 0x66


def measured(m, by):
    """Values of the log by metric, as text."""
    found = {}
    for r in m.values():
        if r["by"] == by:
            found.setdefault(r["metric"], []).append(str(r["value"]))
    return found


def test_all_clusters_say_on_the_wire_what_the_log_says(start):
    m, host = start({name: {"Kind": name, "Join": "known", "Reporting": "always", "Interval": "100ms"}
                     for name in ("weather", "light", "occupancy", "air", "plug", "temperature")})

    def wire():
        """(cluster, attribute) -> numbers, in order."""
        found = {}
        for i in host.incoming():
            if i.profile == 0x104 and i.payload[2] == 0x0a:
                for attribute, (kind, raw) in records(i.payload).items():
                    code = {0x29: "<h", 0x21: "<H", 0x20: "B", 0x18: "B", 0x39: "<f"}[kind]
                    found.setdefault((i.cluster, attribute), []).append(struct.unpack(code, raw)[0])
        return found
    pumped(host, lambda: len(wire()) == 12 and all(len(v) > 2 or k[0] == 1 for k, v in wire().items()),
           "all of them")
    m.stop()
    said, log = wire(), measured(m, "report")
    for key, metric, text in (((0x0402, 0), "ambient-temperature", lambda v: f"{v / 100:.2f}"),
                              ((0x0405, 0), "humidity", lambda v: f"{v / 100:.2f}"),
                              ((0x0403, 0), "pressure", str),
                              ((0x0400, 0), "illuminance", lambda v: f"{10 ** ((v - 1) / 10000):.0f}"),
                              ((0x0406, 0), "occupancy", lambda v: str(bool(v))),
                              ((0x040d, 0), "ambient-co2", lambda v: f"{v * 1e6:.0f}"),
                              ((0x042a, 0), "pm2-5", lambda v: f"{v:.1f}"),
                              ((0x0b04, 0x505), "voltage", lambda v: f"{v / 10:.1f}"),
                              ((0x0b04, 0x508), "current", lambda v: f"{v / 1000:.3f}"),
                              ((0x0b04, 0x50b), "power", lambda v: f"{v / 10:.1f}"),
                              ((0x0001, 0x21), "battery", lambda v: f"{v / 2:.1f}"),
                              ((0x0001, 0x20), "battery-voltage", lambda v: f"{v / 10:.1f}")):
        assert [text(v) for v in said[key]] == log[metric][:len(said[key])], metric


def test_buttons_and_cords(start):
    kinds = {"bell": "button", "pad": "multi-button", "cord": "pull-cord"}
    m, host = start({name: {"Kind": kind, "Join": "known"} for name, kind in kinds.items()},
                    events=[{**NOP, "Device": "bell", "Do": "press", "Amount": "double"},
                            {**NOP, "Device": "pad", "Do": "press", "Amount": "triple"},
                            {**NOP, "Device": "cord", "Do": "press"}])
    host.call(0x0005)
    told = {c: host.wait_incoming(lambda m, c=c: m.cluster == c, f"{c:04x}").payload for c in (0x6, 0x12, 0x501)}
    assert told[0x6][0] & 1 and told[0x6][2] == 1
    assert records(told[0x12]) == {0x55: (0x21, b"\3\0")}
    assert told[0x501][2] == 2
    pumped(host, lambda: len(m.acknowledged()) == 3, "the log")
    assert {(r["device"], r["metric"], r["value"]) for r in m.acknowledged()} == \
        {("bell", "button", "double"), ("pad", "button", "triple"), ("cord", "emergency", True)}


def test_makers_have_their_own_ways(start):
    devices = {"lumi": {"Kind": "aqara-weather"}, "t1": {"Kind": "aqara-t1"}, "tuya": {"Kind": "tuya-climate"}}
    m, host = start({n: {"Join": "known", "Interval": "100ms", "ambient-temperature": "-21.5", **k}
                     for n, k in devices.items()})
    lump = host.wait_incoming(lambda m: m.cluster == 0 and m.payload[:3] == b"\x1c\x5f\x11", "a lump").payload
    kind, value = records(lump)[0xff01]
    assert kind == 0x42 and value[0] == len(value) - 1 and value[1:3] == b"\1\x21"
    t1 = host.wait_incoming(lambda m: m.cluster == 0xfcc0, "another lump").payload
    assert records(t1.replace(b"\x41", b"\x42", 1) if t1[7] == 0x41 else t1)[0x00f7][1][1:3] == b"\1\x21"
    point = host.wait_incoming(lambda m: m.cluster == 0xef00, "data points").payload
    assert point[:1] + point[2:3] == b"\x19\x02"
    number, kind, length, celsius = struct.unpack_from(">BBHi", point, 5)
    assert (number, kind, length) == (1, 2, 4)
    pumped(host, lambda: measured(m, "datapoint") and measured(m, "lump"), "the log")
    assert measured(m, "datapoint")["ambient-temperature"][0] == f"{celsius / 10:.2f}"
    temperature = struct.unpack_from("<h", value, value.index(b"\x64\x29") + 2)[0]
    assert temperature < -2000 and f"{temperature / 100:.2f}" in measured(m, "lump")["ambient-temperature"]


def test_members_move_and_leave(start):
    m, host = start(room(Join="permit"), events=[
        {"When": "read", "Nth": 1, "Device": "room", "Do": "address-change"},
        {"When": "read", "Nth": 2, "Device": "room", "Do": "rejoin", "Amount": "unsecured"},
        {"When": "read", "Nth": 3, "Device": "room", "Do": "leave"}])
    node = member(host, ROOM)
    at = len(host.callbacks)
    host.read(node, 0, 5)
    other = host.joined(eui(ROOM), at)
    assert other != node and host.wait(0x24, lambda b: True, "its rejoining", at)[10] == 0
    at = len(host.callbacks)
    host.read(other, 0, 5)
    assert host.joined(eui(ROOM), at) == other and host.wait(0x24, lambda b: True, "again", at)[10] == 3
    at = len(host.callbacks)
    host.unicast(other, 0x104, 0, struct.pack("<BBBH", 0x10, 77, 0, 5))
    assert host.wait(0x24, lambda b: True, "its leaving", at)[:12] == struct.pack("<H", other) + eui(ROOM) + b"\2\3"
    # and it comes back, since the network is open
    node = host.joined(eui(ROOM), at)
    at = len(host.callbacks)
    host.well(0x00a8, struct.pack("<H", node) + eui(ROOM) * 2)
    assert host.wait(0x24, lambda b: True, "its removal", at)[10] == 2
    wait_until(lambda: len(m.events("left")) == 2, "both in the log")


def test_a_default_response_is_missed_and_the_report_comes_again(start):
    m, host = start(room(Join="known", Reporting="always", DefaultResponse="yes", Interval="1h"),
                    events=[{**NOP, "Device": "room", "Do": "measure"}], options=("--speed", "4"))
    host.call(0x0005)
    first = host.wait_incoming(lambda m: m.cluster == 0x0405, "a report")
    again = host.wait_incoming(lambda m: m.cluster == 0x0405 and m.sequence != first.sequence, "it again")
    assert again.payload == first.payload and not first.payload[0] & 0x10
    host.unicast(first.sender, 0x104, 0x0405, bytes([0x10, first.payload[1], 0x0b, 0x0a, 0]))
    at = len(host.callbacks)
    host.ask(0x0005)
    wait_until(lambda: len(m.events("said-again")) >= 1, "the log")
    assert not [i for i in host.incoming(at) if i.cluster == 0x0405]


def test_a_router_between_and_without_it(start):
    m, host = start({"hall": {"Kind": "router", "EUI64": PLUG, "Join": "known"},
                     **room(Parent="hall", Join="known", Reporting="always")},
                    events=[{**NOP, "Device": "hall", "Do": "silence"}])
    host.well(0x0010, struct.pack("<BHHHBBB", 1, 0xfff9, 10, 90, 4, 4, 0))
    record = host.wait(0x59, lambda b: b[2:10] == eui(ROOM), "a route record")
    assert record[12] == 1
    node = host.wait_incoming(lambda m: m.profile, "a report").sender
    assert struct.unpack_from("<H", record)[0] == node
    host.well(0x0053, struct.pack("<BH", 0x12, 300))  # so long its parent keeps what is for a sleeper
    host.call(0x0005)
    assert host.delivered(node, 0x104, 0, struct.pack("<BBBH", 0x10, 1, 0, 5)) == 0x66
    wait_until(lambda: m.events("silence"), "the log")


# ---- the whole


def test_one_seed_gives_the_same_values(start):
    runs = []
    for _ in range(2):
        m, host = start({"all": {"Kind": "weather", "Join": "known", "Reporting": "always", "Interval": "1s"}},
                        options=("--seed", "7", "--speed", "20"))
        pumped(host, lambda: len(m.acknowledged()) > 60, "some measurements")
        host.end()
        m.stop()
        by_metric = {}
        for r in m.values():
            by_metric.setdefault(r["metric"], []).append(r["value"])
        runs.append(by_metric)
    # what was measured before there was a network is not told, and was when it was; the walks are the same
    for metric in ("ambient-temperature", "humidity"):
        a, b = runs[0][metric], runs[1][metric]
        assert any(x[i:i + 12] == y[:12] for x, y in ((a, b), (b, a)) for i in range(len(x) - 12)), (a, b)


def test_many_reports_a_second(start):
    m, host = start({"tag": {"Kind": "temperature", "Join": "known", "Count": 50, "Log": "no"}},
                    radio={"Queue": 500, "Overflow": "wait", "Rate": 5000})
    pumped(host, lambda: len(host.callbacks) > 5000, "five thousand")
    host.end()
    m.stop()
    end = m.events("statistics")[0]
    assert end["retransmitted"] == 0


def test_a_wrong_scenario_says_where_and_what(tmp_path):
    path = tmp_path / "wrong.ini"
    path.write_text("[Radio]\nVersion=7\n[Device a]\nKind=toaster\nEUI64=12\nInstallCode=00\n[Event e]\nAt=1s\n"
                    "Device=b\nDo=unplug\nWhen=nothing\n[Patient x]\n")
    done = subprocess.run([program("wardsim", "WARDSIM"), "zigbee", "--pty", str(tmp_path / "p"), str(path)],
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == 2
    for wanted in ("wrong.ini:2: Version=7: not a whole number of 8 to 19", "wrong.ini:4: Kind=toaster",
                   "wrong.ini:5: EUI64=12", "wrong.ini:6: InstallCode=00", "wrong.ini:11: When=nothing",
                   "wrong.ini:12: [Patient]: no such section"):
        assert wanted in done.stderr, done.stderr
    path.write_text("[Device a]\nKind=climate\nParent=x\n[Event e]\nAt=1s\nDevice=b\nDo=unplug\n")
    done = subprocess.run([program("wardsim", "WARDSIM"), "zigbee", "--pty", str(tmp_path / "p"), str(path)],
                          capture_output=True, text=True, timeout=30)
    for wanted in ("wrong.ini:1: [Device a]: there is no x", "wrong.ini:4: [Event e]: there is no b",
                   "wrong.ini:4: [Event e] Do=unplug happens to the radio"):
        assert wanted in done.stderr, done.stderr
    assert done.returncode == 2


TOP = os.path.join(os.path.dirname(__file__), "..", "..")


def text_of(*path):
    with open(os.path.join(TOP, *path), encoding="utf-8") as f:
        return f.read()


def examples():
    yield from re.findall(r"```ini\n(.*?)```", text_of("docs", "simulating-zigbee.md"), re.S)
    manual = text_of("docs", "man", "wardsim.1").partition(".SH ZIGBEE")[2]
    yield from (e.replace("\\-", "-") for e in re.findall(r"\.nf\n\.RS\n(\[Ward\].*?)\.RE", manual, re.S))


@pytest.mark.parametrize("example", examples(), ids=lambda e: e.split("\n", 1)[0])
def test_the_examples_of_the_documentation_run(tmp_path, example):
    path = tmp_path / "example.ini"
    path.write_text(example)
    done = subprocess.run([program("wardsim", "WARDSIM"), "zigbee", "--pty", str(tmp_path / "p"), "--duration",
                           "100ms", str(path)], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr


def test_the_manual_names_all_that_there_is():
    manual = text_of("docs", "man", "wardsim.1").partition(".SH ZIGBEE")[2].replace("\\-", "-")
    words = set(re.findall(r"[a-z0-9]+(?:-[a-z0-9]+)*", manual))
    header = text_of("src", "sim", "zigbee_scenario.h")
    there = set(re.findall(r'X\([A-Z_0-9]+, "([a-z-]+)"\)', header))
    kinds = text_of("src", "sim", "zigbee_kinds.c").partition("kinds[] = {")[2]
    there |= set(re.findall(r'(?:SENSOR\(|ZONE_KIND\(|\.name = )"([a-z0-9-]+)"', kinds))
    assert len(there) > 60 and there <= words, there - words
    reader = text_of("src", "sim", "zigbee_scenario.c")
    keys = set(re.findall(r'\{ "([A-Z][A-Za-z]+)", (?:TIME|NUMBER|YES|WORD)', reader))
    assert len(keys) > 25
    assert not [k for k in keys if k + "=" not in manual and k not in ("Duration", "Seed", "Speed")]
