"""discover, adopt and forget: with arguments, and guided on a pseudo-terminal."""
import json
import os

import pytest

from ward.ctl import ctl, one_line
from ward.dbus import FakeGateway, Refused

UNKNOWN = [{"transport": "coap", "address": "ox-9", "kind": "pulse oximeter", "first_heard": "2026-11-21T10:00:00.000Z",
            "last_heard": "2026-11-21T10:05:00.000Z", "times": 12},
           {"transport": "ble", "address": "C0:FF:EE:00:00:01", "signal": -61, "last_heard": "2026-11-21T10:04:00.000Z",
            "first_heard": "2026-11-21T10:00:00.000Z", "times": 3}]
KEY = "00112233445566778899aabbccddeeff"


@pytest.fixture
def gateway(bus):
    def adopt(device, transport, address, settings):
        if device == "taken":
            raise Refused("Refused", "there is a device taken already; give another name")
        return "s", (json.dumps({"device": device, "transport": transport, "address": address, "file": "/s/x.conf",
                                 **({} if "key" in settings else {"key": KEY})}),)
    g = FakeGateway(bus, {
        "ListUnknown": lambda: ("as", ([json.dumps(u) for u in UNKNOWN],)),
        "Discover": lambda seconds: ("u", (0,)),
        "Adopt": adopt,
        "GetDevice": lambda name: ("s", (json.dumps({"device": name, "bed": "3", "transport": "coap",
                                                     "address": "ox-9"}),)),
        "Forget": lambda name: ("s", (json.dumps({"device": name, "file": "/s/x.conf"}),)),
    })
    yield g
    g.end()


def run(bus, *arguments, **kwargs):
    return ctl("--bus", bus.address, *arguments, **kwargs)


def test_discover(bus, gateway):
    status, out, err = run(bus, "discover", "0", COLUMNS="80")
    assert (status, err) == (0, "")
    assert "ox-9" in out and "-61 dBm" in out and "pulse oximeter" in out
    assert max(map(len, out.splitlines())) <= 80
    status, out, _ = run(bus, "--json", "discover", "3")
    assert json.loads(out) == {"unknown": UNKNOWN}
    assert gateway.call("Discover")[0] == (3,)
    gateway.answers["ListUnknown"] = ("as", ([],))
    assert "No unknown device" in run(bus, "discover", "0")[1]
    for wrong in ("x", "", "301", "-1", "1s"):
        status, _, err = run(bus, "discover", wrong)
        assert status == 64 and one_line(err), wrong


def test_adopt_with_arguments(bus, gateway):
    status, out, err = run(bus, "adopt", "ox-9", "bed3-oximeter", "3", "ExpectEvery=5s", "Use=worn")
    assert (status, err) == (0, "")
    assert gateway.call("Adopt")[0] == ("bed3-oximeter", "coap", "ox-9",
                                        {"bed": "3", "expect_every": "5s", "use": "worn"})
    assert out.count(KEY) == 1 and "ox-9" in out
    status, out, _ = run(bus, "--json", "adopt", "ox-9", "bed3-oximeter")
    assert json.loads(out)["key"] == KEY


def test_adopt_one_that_was_not_heard(bus, gateway):
    status, _, err = run(bus, "adopt", "ox-10", "bed3-oximeter")
    assert status == 1 and one_line(err) and "--transport" in err
    status, _, err = run(bus, "adopt", "ox-10", "bed3-oximeter", "--transport", "coap")
    assert status == 0, err
    assert gateway.call("Adopt")[0] == ("bed3-oximeter", "coap", "ox-10", {})


def test_adopt_with_a_key(bus, gateway, tmp_path):
    path = tmp_path / "key"
    path.write_text(KEY + "\n")
    status, out, _ = run(bus, "adopt", "ox-9", "bed3-oximeter", "--key-file", str(path))
    assert status == 0 and KEY not in out
    assert gateway.call("Adopt")[0][3] == {"key": KEY}
    status, _, err = run(bus, "adopt", "ox-9", "bed3-oximeter", "key=" + KEY)
    assert status == 64 and one_line(err) and "--key-file" in err and KEY not in err
    for content in ("", "a" * 400):
        path.write_text(content)
        status, _, err = run(bus, "adopt", "ox-9", "bed3-oximeter", "--key-file", str(path))
        assert status == 1 and one_line(err) and "holds no key" in err
    status, _, err = run(bus, "adopt", "ox-9", "bed3-oximeter", "--key-file", str(tmp_path))
    assert status == 1 and one_line(err)


def test_adopt_wants_arguments_without_a_terminal(bus, gateway):
    for arguments in ([], ["ox-9"]):
        status, _, err = run(bus, "adopt", *arguments)
        assert status == 64 and one_line(err)


def test_adopt_guided(gateway, terminal):
    t = terminal("adopt")
    t.wait("Which one")
    assert "ox-9" in t.text and "-61 dBm" in t.text
    t.line("7")
    t.wait("from 1 to 2")
    t.line("1")
    t.wait("Name of the device")
    t.line("Bed 3")
    t.wait("lower-case")
    t.line("taken")
    t.wait("Bed \\[")
    t.line("3")
    at = t.wait("give another name").end()
    t.wait("Name of the device", start=at)
    t.line("bed3-oximeter")
    t.wait("Bed \\[", start=at)
    t.line("3")
    t.wait(KEY)
    assert t.ends() == 0
    gateway.call("Adopt")
    assert gateway.call("Adopt")[0] == ("bed3-oximeter", "coap", "ox-9", {"bed": "3"})


@pytest.mark.parametrize("how", ["q\n", "\x04"])
def test_adopt_left(gateway, terminal, how):
    t = terminal("adopt")
    t.wait("Which one")
    t.send(how)
    assert t.ends() == 1
    assert "nothing was adopted" in t.text


def test_adopt_looks_again(gateway, terminal):
    t = terminal("adopt")
    t.wait("Which one")
    UNKNOWN.append({"transport": "coap", "address": "late", "times": 1})
    try:
        t.line("")
        t.wait("late")
        t.line("3")
        t.wait("Name of the device")
        t.send("\x03")
        assert t.ends() == -2
    finally:
        UNKNOWN.pop()


def test_adopt_a_new_coap_device(gateway, terminal):
    gateway.answers["ListUnknown"] = ("as", ([],))
    t = terminal("adopt", "--json")
    t.wait("n: a new CoAP device")
    t.line("7")
    at = t.wait("leave").end()
    t.wait("leave", start=at)
    t.line("n")
    t.wait("Its identity")
    t.line("")
    t.line("ox-new")
    t.wait("Name of the device")
    t.line("bed5-ox")
    t.wait("Bed \\[")
    t.line("")
    t.wait(KEY)
    assert t.ends() == 0
    assert gateway.call("Adopt")[0] == ("bed5-ox", "coap", "ox-new", {})


def test_adopt_waits_for_the_first(gateway, terminal):
    heard = []
    gateway.answers["ListUnknown"] = lambda: ("as", (heard,))
    gateway.answers["Discover"] = lambda seconds: ("u", (seconds,))
    t = terminal("adopt")
    t.wait("No unknown device was heard yet")
    t.line("")
    while True:
        (seconds,), sender = gateway.call("Discover")
        if seconds == 60:
            break
    heard.append(json.dumps(UNKNOWN[0]))
    gateway.signal("UnknownHeard", "s", (heard[0],), sender)
    t.wait("Which one")
    t.line("q")
    assert t.ends() == 1


def test_forget(bus, gateway, terminal):
    status, out, err = run(bus, "forget", "bed3-oximeter", "--yes")
    assert (status, err) == (0, "") and "is forgotten" in out
    status, _, err = run(bus, "forget", "bed3-oximeter")
    assert status == 64 and one_line(err) and "--yes" in err
    status, _, err = run(bus, "forget")
    assert status == 64 and one_line(err)
    while not gateway.calls.empty():
        gateway.calls.get()

    t = terminal("forget", "bed3-oximeter")
    t.wait("Forget it")
    assert "ox-9" in t.text and "bed 3" in t.text
    t.line("n")
    assert t.ends() == 1 and "not forgotten" in t.text
    assert [c[0] for c in list(gateway.calls.queue)] == ["GetDevice"]
    t = terminal("forget", "bed3-oximeter")
    t.wait("Forget it")
    t.line("y")
    assert t.ends() == 0
    assert gateway.call("Forget")[0] == ("bed3-oximeter",)


def test_drop_asks(gateway, terminal):
    gateway.answers["DropAside"] = ("u", (2,))
    t = terminal("outbox", "drop")
    t.wait("ALL set-aside messages")
    t.line("")
    assert t.ends() == 1
    t = terminal("outbox", "drop")
    t.wait("ALL set-aside messages")
    t.line("yes")
    assert t.ends() == 0
    assert gateway.call("DropAside")[0] == ("",)
    assert os.isatty(t.fd)
