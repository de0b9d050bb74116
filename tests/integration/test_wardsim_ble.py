"""wardsim ble by hand-made packets: what the daemon's tests rely on must itself be right."""
import json
import os
import struct
import time

import pytest

from ward.base import wait_until
from ward.bluewire import Att, Mgmt, octets, text

STRAP = "C0:FF:EE:00:00:01"


@pytest.fixture
def air(ward):
    return ward.air


def strap(**more):
    return {"strap": {"Kind": "heart-rate", "Address": STRAP, "Interval": "200ms", **more}}


def lines(a):
    with open(a.log_path, encoding="utf-8") as f:
        return [json.loads(line) for line in f if line.endswith("\n")]


def events(a, name):
    return [r for r in lines(a) if r.get("event") == name]


# ---- the management protocol


def test_adapters_are_listed_and_described(air):
    a = air(strap(), adapters={"hci0": {}, "hci3": {"Address": "00:1A:7D:DA:71:33"}, "hci5": {"Present": "no"}})
    m = Mgmt(a.dir)
    assert m.command(0x01, index=0xffff) == (0, bytes([1, 22, 0]))
    assert m.command(0x03, index=0xffff) == (0, struct.pack("<HHH", 2, 0, 3))
    status, info = m.command(0x04, index=3)
    assert (status, len(info), text(info[:6])) == (0, 280, "00:1A:7D:DA:71:33")
    assert not struct.unpack_from("<I", info, 13)[0] & 1


def test_what_is_wrong_is_refused_as_the_kernel_does(air):
    m = Mgmt(air(strap()).dir)
    assert m.command(0x7777)[0] == 0x01
    assert m.command(0x04, index=9)[0] == 0x11
    assert m.command(0x05, b"\2")[0] == 0x0d
    assert m.command(0x05, b"\1\1")[0] == 0x0d
    assert m.command(0x23, b"\6")[0] == 0x0f
    assert m.command(0x13, struct.pack("<H", 2) + bytes(36))[0] == 0x0d
    # a private address names nobody for good
    assert m.command(0x30, struct.pack("<H", 1) + octets("4A:00:00:00:00:01") + b"\2" + bytes(16))[0] == 0x0d


def test_others_hear_of_new_settings(air):
    a = air(strap())
    first, second = Mgmt(a.dir), Mgmt(a.dir)
    assert first.command(0x0d, b"\1")[0] == 0
    assert struct.unpack("<I", second.event(0x06))[0] & 0x200
    assert first.command(0x05, b"\1")[0] == 0
    assert struct.unpack("<I", second.event(0x06))[0] & 1
    assert not [e for e in first.events if e[0] == 0x06]


def test_a_monitor_gets_reports_and_discovery_its_own(air):
    a = air(strap(Advertise="50ms", Name="a strap with a name that is long"))
    m = Mgmt(a.dir).bring_up()
    body = m.event(0x2f)
    handle, address, kind, rssi, flags, n = struct.unpack_from("<H6sBbIH", body)
    assert (handle, text(address), kind, flags) == (0, STRAP, 2, 0)
    assert -70 < rssi < -50 and n == len(body) - 16
    assert bytes.fromhex("03030d18") in body[16:]
    assert m.command(0x23, b"\6")[0] == 0
    assert m.event(0x13) == b"\6\1"
    found = m.event(0x12)
    assert b"\x1fa" not in found and b"a strap with a name" in found   # from the scan response
    assert m.command(0x23, b"\6")[0] == 0x0a
    assert m.command(0x24, b"\6")[0] == 0
    assert m.event(0x13) == b"\6\0"
    assert m.command(0x24, b"\6")[0] == 0x0b


@pytest.mark.slow
def test_discovery_ends_by_itself(air):
    m = Mgmt(air(strap()).dir).bring_up()
    before = time.monotonic()
    assert m.command(0x23, b"\6")[0] == 0
    assert m.event(0x13) == b"\6\1" and m.event(0x13) == b"\6\0"
    assert time.monotonic() - before > 10


def test_a_silent_scan_speaks_again_when_it_is_begun_anew(air):
    a = air(strap(Advertise="20ms"), events=[{"At": "1s", "Adapter": "hci0", "Do": "scan-silent"}])
    m = Mgmt(a.dir).bring_up()
    m.event(0x2f)
    wait_until(lambda: events(a, "scan-silent"), "the silence")
    m.command(0x01, index=0xffff)   # behind what was said before
    m.events.clear()
    assert m.command(0x53, b"\0\0")[0] == 0 and not m.events
    assert m.command(0x52, b"\1" + bytes([1, 0, 1, 6]) + bytes(30))[0] == 0
    m.event(0x2f)


def test_power_is_taken_and_the_adapter_unplugged(air):
    a = air(strap(), events=[{"At": "1s", "Adapter": "hci0", "Do": "power-off"},
                             {"At": "2s", "Adapter": "hci0", "Do": "unplug", "For": "500ms"}])
    m = Mgmt(a.dir).bring_up()
    link = Att(a.dir, STRAP)
    assert m.event(0x0c)[7] == 2
    assert not struct.unpack("<I", m.event(0x06))[0] & 1
    assert link.socket.recv(10) == b""
    with pytest.raises(OSError):
        Att(a.dir, STRAP)
    m.event(0x05)
    m.event(0x04)
    assert m.command(0x04)[0] == 0


def test_two_thousand_advertisements_a_second_are_no_effort(air):
    devices = {f"tag-{n}": {"Kind": "bthome", "Address": f"A4:C1:38:00:00:{n:02X}", "Advertise": "95ms",
                            "Log": "no"} for n in range(200)}
    a = air(devices)
    m = Mgmt(a.dir).bring_up()
    for _ in range(6000):
        m.event(0x2f)
    a.process.terminate()
    end = events(a, "statistics")[0]
    assert end["reports_lost"] == 0 and end["reports"] >= 6000


# ---- GATT


def test_a_strap_is_discovered_and_notifies(air):
    a = air(strap(Variant="rr energy", Vendor="yes"))
    Mgmt(a.dir).bring_up()
    link = Att(a.dir, STRAP)
    services = link.services()
    assert [s.hex() for s in services if len(s) == 2] == ["0018", "0118", "0a18", "0d18", "0f18"]
    assert sum(len(s) == 16 for s in services) == 1
    chars = link.characteristics()
    assert link.read(chars[0x2a38][0]) == b"\1" and link.read(chars[0x2a29][0]) == b"wardsim"
    assert len(link.read(chars[0x2b2a][0])) == 16
    assert link.read(chars[0x2a37][0]) == -2 and link.write(chars[0x2a38][0], b"\1") == 3
    assert link.write(chars[0x2a37][0] + 1, b"\2\0") == 0xfd
    assert link.read(0x700) == -1
    assert link.subscribe(chars[0x2a37][0]) == 0
    got = []
    for _ in range(5):
        indication, handle, value = link.next_told()
        if handle == chars[0x2a37][0]:
            assert not indication and value[0] & 0x0e == 0x0e
            got.append(value)
    link.close()
    wait_until(lambda: events(a, "disconnected"), "the end of the link")
    sent = [r for r in a.values() if r["metric"] == "heart-rate"]
    assert [v[1] for v in got] == [r["value"] for r in sent][:len(got)]
    assert all(r["acknowledged"] for r in sent)
    assert [struct.unpack_from("<H", v, 2)[0] for v in got] == \
        [r["value"] for r in a.values() if r["metric"] == "energy"][:len(got)]


def test_long_values_are_read_in_parts_and_written_in_parts(air):
    a = air(strap(Manufacturer="a maker whose name is long", Clock="write"))
    Mgmt(a.dir).bring_up()
    link = Att(a.dir, STRAP, mtu=None)
    chars = {}
    for raw in link._walk(0x08, 0x2803, "one"):
        chars[struct.unpack_from("<H", raw, 5)[0]] = struct.unpack_from("<H", raw, 3)[0]
    first = link.read(chars[0x2a29])
    assert len(first) == 22
    rest = link.ask(struct.pack("<BHH", 0x0c, chars[0x2a29], 22))
    assert first + rest[1:] == b"a maker whose name is long"
    assert link.ask(struct.pack("<BHH", 0x0c, chars[0x2a29], 99))[4] == 7
    now = struct.pack("<HBBBBBBBB", 2026, 11, 21, 10, 0, 0, 6, 0, 1)
    part = struct.pack("<BHH", 0x16, chars[0x2a2b], 0) + now[:6]
    assert link.ask(part) == b"\x17" + part[1:]
    part = struct.pack("<BHH", 0x16, chars[0x2a2b], 6) + now[6:]
    assert link.ask(part) == b"\x17" + part[1:]
    assert link.ask(b"\x18\1") == b"\x19"
    assert link.read(chars[0x2a2b])[:5] == now[:5]


def test_an_indication_that_is_not_confirmed_comes_again(air):
    a = air({"cuff": {"Kind": "cuff", "Address": STRAP, "Measure": "no", "Window": "0s"}},
            events=[{"At": "300ms", "Device": "cuff", "Do": "measure"}])
    Mgmt(a.dir).bring_up()
    wait_until(lambda: os.path.exists(f"{a.dir}/att/{STRAP}"), "the cuff")
    told = []
    for confirm in (False, True):
        link = wait_until(lambda: Att(a.dir, STRAP), "a connection")
        chars = link.characteristics()
        assert link.subscribe(chars[0x2a35][0], True) == 0
        indication, handle, value = link.next_told()
        assert indication and handle == chars[0x2a35][0]
        told.append(value)
        if confirm:
            link.confirm()
            wait_until(lambda: all(r["acknowledged"] for r in a.values()), "the confirmation in the log")
        else:
            assert not any(r["acknowledged"] for r in a.values())
        link.close()
        wait_until(lambda: len(events(a, "disconnected")) == len(told), "the end of the link")
    assert told[0] == told[1]
    systolic, diastolic, mean = struct.unpack_from("<HHH", told[0], 1)
    assert {r["metric"]: r["value"] for r in a.values()} == \
        {"bp-systolic": systolic, "bp-diastolic": diastolic, "bp-mean": mean,
         "pulse-rate": struct.unpack_from("<H", told[0], 14)[0]}
    # it has nothing to say any more: it is not there
    wait_until(lambda: not os.path.exists(f"{a.dir}/att/{STRAP}"), "its silence")


def test_a_cuff_inflates_before_it_measures(air):
    a = air({"cuff": {"Kind": "cuff", "Address": STRAP, "Measure": "no"}},
            events=[{"At": "300ms", "Device": "cuff", "Do": "inflate", "Amount": "6"}])
    Mgmt(a.dir).bring_up()
    wait_until(lambda: os.path.exists(f"{a.dir}/att/{STRAP}"), "the cuff")
    link = Att(a.dir, STRAP)
    chars = link.characteristics()
    assert link.subscribe(chars[0x2a36][0]) == 0 and link.subscribe(chars[0x2a35][0], True) == 0
    heard = []
    while True:
        indication, handle, value = link.next_told()
        if indication:
            break
        if handle == chars[0x2a36][0]:
            assert value[0] == 0 and value[3:] == bytes.fromhex("ff07ff07")
            heard.append(struct.unpack_from("<H", value, 1)[0])
    assert len(heard) >= 3 and max(heard) == 180


def racp(link, chars, request):
    """The records told, and the answer."""
    handle = chars[0x2a52][0]
    assert link.write(handle, bytes.fromhex(request)) == 0
    records = []
    while True:
        indication, at, value = link.next_told()
        if indication and at == handle:
            link.confirm()
            return records, value.hex()
        if at != chars[0x2a19][0]:
            records.append(value)


def test_records_are_told_counted_and_deleted(air):
    a = air({"meter": {"Kind": "meter", "Address": STRAP, "Stored": 20, "Measure": "no", "Variant": "context"}})
    Mgmt(a.dir).bring_up()
    link = Att(a.dir, STRAP)
    chars = link.characteristics()
    assert link.write(chars[0x2a52][0], b"\1\1") == 0xfd    # nobody would hear the answer
    assert link.subscribe(chars[0x2a52][0], True) == 0
    assert link.subscribe(chars[0x2a18][0]) == 0
    assert racp(link, chars, "0401") == ([], "05001400")
    records, answer = racp(link, chars, "0101")
    assert answer == "06000101"
    assert [struct.unpack_from("<H", r, 1)[0] for r in records] == list(range(1, 21))
    assert all(r[0] == 0x12 and r[-1] == 0x11 and len(r) == 13 for r in records)
    one = [r for r in a.values() if r["metric"] == "glucose"]
    assert [f"0.{struct.unpack_from('<H', r, 10)[0] & 0xfff:05} kg/L" for r in records] == [r["raw"] for r in one]
    assert [struct.unpack_from("<H", r, 10)[0] >> 12 for r in records] == [0xb] * 20
    assert racp(link, chars, "010301" + "1200")[1] == "06000101"
    records, answer = racp(link, chars, "0106")
    assert len(records) == 1 and answer == "06000101"
    assert racp(link, chars, "020201" + "0a00")[1] == "06000201"
    assert racp(link, chars, "0401")[1] == "05000a00"
    assert racp(link, chars, "010201" + "0a00")[1] == "06000106"
    assert racp(link, chars, "0100")[1] == "06000103"
    assert racp(link, chars, "0109")[1] == "06000104"
    assert racp(link, chars, "01030200")[1] == "06000105"
    assert racp(link, chars, "0103020100")[1] == "06000109"
    assert racp(link, chars, "0901")[1] == "06000902"
    assert racp(link, chars, "0300")[1] == "06000307"
    assert link.subscribe(chars[0x2a34][0]) == 0
    records, answer = racp(link, chars, "0101")
    assert len(records) == 20 and [len(r) for r in records[:2]] == [13, 7]


def crc(data):
    """CRC-16/MCRF4XX as it is defined: reflected, from 0xFFFF."""
    value = 0xffff
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x8408 if value & 1 else 0)
    return value


def test_a_continuous_monitor_signs_its_records(air):
    a = air({"cgm": {"Kind": "cgm", "Address": STRAP, "Stored": 30, "Variant": "crc quality trend"}})
    Mgmt(a.dir).bring_up()
    link = Att(a.dir, STRAP)
    chars = link.characteristics()
    feature = link.read(chars[0x2aa8][0])
    assert feature[1] & 0x10 and crc(feature[:4]) == struct.unpack_from("<H", feature, 4)[0]
    for uuid, length in ((0x2aa9, 5), (0x2aaa, 9), (0x2aab, 2)):
        value = link.read(chars[uuid][0])
        assert len(value) == length + 2 and crc(value[:length]) == struct.unpack_from("<H", value, length)[0]
    assert link.subscribe(chars[0x2a52][0], True) == 0 and link.subscribe(chars[0x2aa7][0]) == 0
    records, answer = racp(link, chars, "0101")
    assert answer == "06000101" and len(records) == 30
    offsets = [struct.unpack_from("<H", r, 4)[0] for r in records]
    assert offsets == list(range(offsets[0], offsets[0] + 30))
    assert all(r[0] == len(r) == 12 and crc(r[:-2]) == struct.unpack_from("<H", r, len(r) - 2)[0] for r in records)


# ---- security


def pair(m, io=3, address=STRAP):
    m.send(0x19, octets(address) + b"\2" + bytes([io]))


def secure(**more):
    return strap(Security="encrypt", **more)


def ltk(body, address=STRAP):
    hint, raw, kind, key, central, size, ediv, rand = struct.unpack_from("<B6sBBBBHQ", body)
    assert (hint, text(raw), central, size, ediv, rand) == (1, address, 0, 16, 0, 0)
    return key, body[1:]


def test_just_works_and_the_bond_lasts_until_the_device_loses_it(air):
    a = air(secure(), events=[{"At": "1h", "Device": "strap", "Do": "lose-bond"},
                              {"When": "connect", "Nth": 1, "At": "4s", "Device": "strap", "Do": "lose-bond"}])
    m = Mgmt(a.dir).bring_up()
    link = Att(a.dir, STRAP)
    handle = link.characteristics()[0x2a37][0]
    assert link.subscribe(handle) == 5
    pair(m)
    request = m.event(0x0f)
    assert text(request[:6]) == STRAP and request[7:] == b"\1" + bytes(4)
    assert m.command(0x1c, octets(STRAP) + b"\2")[0] == 0
    key, raw = ltk(m.event(0x0a))
    assert key == 2
    assert m.answer(0x19)[0] == 0
    assert link.subscribe(handle) == 0
    link.next_told()
    link.close()
    m.event(0x0c)
    # another stack, told the key: encrypted from the first PDU on, and the descriptor is as it was left
    assert m.command(0x13, struct.pack("<H", 1) + raw)[0] == 0
    link = Att(a.dir, STRAP)
    assert link.read(handle + 1) == b"\1\0"
    link.next_told()
    pair(m)
    assert m.answer(0x19)[0] == 0x13
    link.close()
    m.event(0x0c)
    # a key that is none of its own
    assert m.command(0x13, struct.pack("<H", 1) + raw[:-1] + b"\0")[0] == 0
    link = Att(a.dir, STRAP, mtu=None)
    assert m.event(0x11)[7] == 5 and m.event(0x0c)[7] == 4
    assert link.socket.recv(10) == b""
    assert m.command(0x1b, octets(STRAP) + b"\2\1")[0] == 0
    assert m.command(0x1b, octets(STRAP) + b"\2\1")[0] == 6


def test_a_passkey_that_the_device_shows(air):
    a = air(strap(Security="mitm", Pairing="passkey-display", Passkey="4711"))
    m = Mgmt(a.dir).bring_up(io=4)
    link = Att(a.dir, STRAP)
    for passkey in (815, 4711):
        pair(m, io=4)
        m.event(0x10)
        assert m.command(0x1e, octets(STRAP) + b"\2" + struct.pack("<I", passkey))[0] == 0
        assert m.answer(0x19)[0] == (0 if passkey == 4711 else 5)
    assert m.event(0x11)[7] == 5
    assert ltk(m.event(0x0a))[0] == 3
    assert link.subscribe(link.characteristics()[0x2a37][0]) == 0


def test_a_passkey_that_is_typed_there_and_numbers_compared(air):
    devices = {**strap(Security="mitm", Pairing="passkey-entry", Passkey="123456"),
               "other": {"Kind": "heart-rate", "Address": "C0:FF:EE:00:00:02", "Security": "mitm",
                         "Pairing": "numeric", "Passkey": "42"}}
    a = air(devices)
    m = Mgmt(a.dir).bring_up(io=4)
    links = Att(a.dir, STRAP), Att(a.dir, "C0:FF:EE:00:00:02")
    pair(m, io=4)
    assert struct.unpack_from("<I", m.event(0x17), 7)[0] == 123456
    assert m.answer(0x19)[0] == 0
    pair(m, io=4, address="C0:FF:EE:00:00:02")
    assert m.event(0x0f)[7:] == b"\0" + struct.pack("<I", 42)
    assert m.command(0x1d, octets("C0:FF:EE:00:00:02") + b"\2")[0] == 0
    assert m.answer(0x19)[0] == 5
    assert all(link.characteristics() for link in links)


def test_pairing_connects_by_itself_and_leaves_no_connection(air):
    """As the kernel's Pair Device does; nobody else can connect meanwhile."""
    a = air(secure(Pairing="numeric", Passkey="42"))
    m = Mgmt(a.dir).bring_up(io=4)
    m.event(0x2f)
    pair(m, io=4)
    assert text(m.event(0x0b)[:6]) == STRAP
    assert m.event(0x0f)[7:] == b"\0" + struct.pack("<I", 42)
    with pytest.raises(OSError):
        Att(a.dir, STRAP)
    assert m.command(0x1c, octets(STRAP) + b"\2")[0] == 0
    assert m.answer(0x19)[0] == 0 and m.event(0x0c)[7] == 2
    link = wait_until(lambda: os.path.exists(f"{a.dir}/att/{STRAP}"), "the strap") and Att(a.dir, STRAP)
    assert link.subscribe(link.characteristics()[0x2a37][0]) == 0


def test_without_means_to_show_or_type_it_is_not_authenticated(air):
    a = air(strap(Security="mitm", Pairing="passkey-display"))
    m = Mgmt(a.dir).bring_up()
    link = Att(a.dir, STRAP)
    pair(m)
    m.event(0x0f)
    assert m.command(0x1c, octets(STRAP) + b"\2")[0] == 0
    assert m.answer(0x19)[0] == 0 and ltk(m.event(0x0a))[0] == 2
    assert link.subscribe(link.characteristics()[0x2a37][0]) == 5


def test_private_addresses_change_and_resolve(air):
    a = air(secure(Private="yes", Advertise="50ms", IRK="ec0234a357c8ad05341010a60a397d9b"),
            events=[{"When": "pair", "Device": "strap", "Do": "delay", "Amount": "1ms", "For": "1s"},
                    {"At": "2s", "Device": "strap", "Do": "rotate"}])
    m = Mgmt(a.dir).bring_up()
    shown = text(m.event(0x2f)[2:8])
    assert shown != STRAP and int(shown[:2], 16) >> 6 == 1
    link = Att(a.dir, shown)
    m.send(0x19, octets(shown) + b"\2\3")
    m.event(0x0f)
    assert m.command(0x1c, octets(shown) + b"\2")[0] == 0
    irk = m.event(0x18)
    assert (irk[0], text(irk[1:7]), text(irk[7:13]), irk[13]) == (1, shown, STRAP, 2)
    assert irk[14:][::-1].hex() == "ec0234a357c8ad05341010a60a397d9b"
    ltk(m.event(0x0a))
    status, who = m.answer(0x19)
    assert status == 0 and text(who[:6]) == STRAP
    link.close()
    assert text(m.event(0x0c)[:6]) == STRAP
    wait_until(lambda: events(a, "rotate"), "another address")
    assert text(m.event(0x2f, lambda b: b[2:8] != octets(shown))[2:8]) == STRAP
    again = [name for name in os.listdir(f"{a.dir}/att") if name != STRAP]
    assert again and again != [shown]
    assert Att(a.dir, STRAP).characteristics()


# ---- faults


def test_it_hangs_up_in_the_midst_of_discovery(air):
    a = air(strap(), events=[{"When": "discovery", "Nth": 2, "Device": "strap", "Do": "disconnect"}])
    m = Mgmt(a.dir).bring_up()
    link = Att(a.dir, STRAP)
    assert link.ask(struct.pack("<BHHH", 0x10, 1, 0xffff, 0x2800))[0] == 0x11
    link.socket.send(struct.pack("<BHHH", 0x10, 5, 0xffff, 0x2800))
    assert link.socket.recv(100) == b"" and m.event(0x0c)[7] == 3
    wait_until(lambda: os.path.exists(f"{a.dir}/att/{STRAP}"), "it to be there again")
    assert Att(a.dir, STRAP).services()     # once


def test_it_answers_with_errors_and_not_at_all(air):
    a = air(strap(), events=[{"When": "read", "Nth": 1, "Device": "strap", "Do": "att-error", "Amount": "0x0e"},
                             {"When": "read", "Nth": 3, "Device": "strap", "Do": "no-answer"}])
    Mgmt(a.dir).bring_up()
    link = Att(a.dir, STRAP)
    assert link.read(3) == -0x0e and link.read(3) == b"strap"
    link.socket.send(struct.pack("<BH", 0x0a, 3))
    link.socket.settimeout(0.5)
    with pytest.raises(TimeoutError):
        link.socket.recv(10)


def test_services_change_and_are_found_elsewhere(air):
    a = air(strap(), events=[{"When": "subscribe", "Nth": 1, "Device": "strap", "Do": "services-changed"}])
    Mgmt(a.dir).bring_up()
    link = Att(a.dir, STRAP)
    before = link.characteristics()
    first = link.read(before[0x2b2a][0])
    link.subscribe(before[0x2a05][0], True)
    after = link.characteristics()
    assert {u: h + 32 for u, (h, _) in before.items()} == {u: h for u, (h, _) in after.items()}
    assert link.read(after[0x2b2a][0]) != first
    assert link.subscribe(after[0x2a05][0], True) == 0
    assert link.next_told() == (True, after[0x2a05][0], bytes.fromhex("0100ffff"))


def test_a_device_takes_the_gateways_time(air):
    a = air(strap(AsksTime="yes", Clock="read", ClockOffset="-1h"))
    Mgmt(a.dir).bring_up()
    link = Att(a.dir, STRAP, mtu=None)
    asked = link.receive()
    assert asked == bytes.fromhex("080100ffff2b2a")
    now = time.gmtime()
    value = struct.pack("<HBBBBBBBB", *now[:6], now.tm_wday + 1, 0, 0)
    link.socket.send(b"\x09\x0c\x0a\x00" + value)
    offset = wait_until(lambda: events(a, "took-time"), "it to take the time")[0]["offset_ms"]
    assert -2000 < offset <= 0


def test_malformed_pdus_and_a_lost_radio(air):
    a = air(strap(), events=[{"When": "discovery", "Nth": 1, "Device": "strap", "Do": "malformed", "Amount": "2"},
                             {"When": "read", "Nth": 1, "Device": "strap", "Do": "silence", "For": "1s"}])
    m = Mgmt(a.dir).bring_up()
    link = Att(a.dir, STRAP)
    first = link.ask(struct.pack("<BHHH", 0x10, 1, 0xffff, 0x2800))
    answers = {first} | {link.ask(struct.pack("<BHHH", 0x10, 1, 0xffff, 0x2800)) for _ in range(2)}
    assert len(answers) > 1
    wait_until(lambda: len(events(a, "spoiled")) == 2, "the two in the log")
    link.socket.send(struct.pack("<BH", 0x0a, 3))
    assert m.event(0x0c)[7] == 1    # the supervision timeout
    assert link.socket.recv(10) == b""


# ---- the whole


def test_one_seed_gives_the_same_values(air):
    runs = []
    for _ in range(2):
        a = air({"tag": {"Kind": "ruuvi-5", "Address": "A4:C1:38:00:00:02", "Advertise": "20ms", "Interval": "2s"}},
                options=("--seed", "7", "--speed", "20"))
        m = Mgmt(a.dir).bring_up()
        m.event(0x2f)
        wait_until(lambda: len(a.values()) > 60, "some measurements")
        a.process.terminate()
        m.close()
        runs.append([(r["metric"], r.get("instance"), str(r["value"])) for r in a.values()])
    n = min(map(len, runs))
    assert runs[0][:n] == runs[1][:n]


def test_a_wrong_scenario_says_where_and_what(ward, tmp_path):
    import subprocess
    from ward.daemon import program
    path = tmp_path / "wrong.ini"
    path.write_text("[Device a]\nKind=toaster\nAddress=12\n[Event e]\nAt=1s\nDevice=b\nDo=measure\n")
    done = subprocess.run([program("wardsim", "WARDSIM"), "ble", "--dir", str(tmp_path / "d"), "--scenario",
                           str(path)], capture_output=True, text=True, timeout=30)
    assert done.returncode == 2
    for wanted in ("wrong.ini:2: Kind=toaster", "wrong.ini:3: Address=12", "wrong.ini:4: [Event e]: there is no b"):
        assert wanted in done.stderr, done.stderr
