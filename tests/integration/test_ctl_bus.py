"""wardgatectl's verbs over D-Bus, against a gateway that says what a test wants: what is shown, what
--json gives, and how each failure is told."""
import json
import os

import pytest

from ward.base import short_directory
from ward.ctl import ctl, one_line
from ward.dbus import NAME, FakeGateway, PrivateBus, Refused

HERE = os.path.dirname(os.path.abspath(__file__))
EXAMPLES = os.path.join(HERE, "..", "..", "docs", "interface")


def example(name):
    with open(os.path.join(EXAMPLES, name), encoding="utf-8") as f:
        return json.load(f)


STATUS = example("status.example.json")
DEVICE = {**example("device.example.json"), "adopted": False, "device_sequence": 812, "expect_every_ms": 5000}
EVIL = {**DEVICE, "device": "bed4-x", "maker": "\x1b[2J\x07evil\x9b", "model": "x" * 300}
OUTBOX = {"depth": 3, "in_flight": 3, "live": 0, "backlog": 0, "aside": 1, "taken": 9, "delivered": 5, "dropped": 0,
          "oldest_seconds": 61, "connected": True, "store": "ok",
          "set_aside": [{"id": "ward7-gw1:1-00000001:7", "what": "bed3-oximeter spo2",
                         "since": "2026-11-21T10:00:00.000Z", "tries": 5, "reason_code": 135,
                         "reason": "not authorised"}]}
PROPERTIES = {"Status": ("s", json.dumps(STATUS)), "Connected": ("b", True), "Devices": ("u", 12),
              "Unknown": ("u", 1), "Broker": ("s", "mqtts://broker.hospital.example:8883"),
              "BrokerProblem": ("s", ""), "OutboxDepth": ("t", 3)}


@pytest.fixture
def gateway(bus):
    g = FakeGateway(bus, properties=PROPERTIES)
    yield g
    g.end()


def run(bus, *arguments, **env):
    return ctl("--bus", bus.address, "--config", "/nonexistent/wardgate.conf", *arguments, **env)


def good(bus, *arguments, **env):
    status, out, err = run(bus, *arguments, **env)
    assert (status, err) == (0, ""), err
    return out


def fits(text, columns=80):
    assert max(map(len, text.splitlines())) <= columns, text


def test_status(bus, gateway):
    out = good(bus, "status", COLUMNS="80")
    fits(out)
    for part in ("ward7-gw1: online", "synchronised", "connected to mqtts://broker.hospital.example:8883",
                 "12 configured", "1 heard that is not configured", "17,211 taken"):
        assert part in out, out
    assert json.loads(good(bus, "--json", "status")) == STATUS
    gateway.properties.update(Connected=("b", False), BrokerProblem=("s", "no route"))
    out = good(bus, "status")
    assert "NOT CONNECTED: no route" in out and "doctor" in out


def test_devices(bus, gateway):
    # heard long ago: how long takes at most so many columns, whatever the day
    gateway.answers["ListDevices"] = ("as", ([json.dumps({**d, "last_heard": "2020-01-01T00:00:00Z"})
                                              for d in (DEVICE, EVIL)],))
    out = good(bus, "devices", COLUMNS="80")
    fits(out)
    assert "bed3-oximeter" in out and "present" in out and "81 %" in out
    assert not any(c in out for c in "\x1b\x07\x9b")
    assert max(map(len, good(bus, "devices").splitlines())) > 80
    gateway.answers["ListDevices"] = ("as", ([json.dumps(DEVICE), json.dumps(EVIL)],))
    assert json.loads(good(bus, "devices", "--json")) == {"devices": [DEVICE, EVIL]}
    gateway.answers["ListDevices"] = ("as", ([],))
    assert "No device" in good(bus, "devices")
    assert json.loads(good(bus, "--json", "devices")) == {"devices": []}


def test_device(bus, gateway):
    gateway.answers["GetDevice"] = lambda name: ("s", (json.dumps(DEVICE),))
    out = good(bus, "device", "bed3-oximeter")
    for part in ("Example", "OX-1", "every 5 s", "812 since", "81 %", "oximeter-3"):
        assert part in out, out
    assert gateway.call("GetDevice")[0] == ("bed3-oximeter",)
    assert json.loads(good(bus, "device", "bed3-oximeter", "--raw")) == DEVICE

    def missing(_):
        raise Refused("NotFound", "there is no device \"x\"; wardgatectl devices lists them")
    gateway.answers["GetDevice"] = missing
    status, out, err = run(bus, "device", "x")
    assert (status, out) == (1, "") and one_line(err) and "there is no device" in err


def test_outbox(bus, gateway):
    gateway.answers["GetOutbox"] = ("s", (json.dumps(OUTBOX),))
    out = good(bus, "outbox", COLUMNS="80")
    fits(out)
    assert "3 not confirmed" in out and "1 min 1 s" in out and "0x87" in out
    assert json.loads(good(bus, "--json", "outbox")) == {"daemon": OUTBOX}


def test_outbox_retry_and_drop(bus, gateway):
    gateway.answers["RetryAside"] = lambda i: ("u", (1 if i else 7,))
    gateway.answers["DropAside"] = lambda i: ("u", (1,))
    assert "7 messages offered" in good(bus, "outbox", "retry")
    assert gateway.call("RetryAside")[0] == ("",)
    assert json.loads(good(bus, "--json", "outbox", "retry", "a:1-1:1", "a:1-1:2")) == {"count": 2}
    assert gateway.call("RetryAside")[0] == ("a:1-1:1",)
    status, _, err = run(bus, "outbox", "drop")
    assert status == 64 and one_line(err) and "--yes" in err
    assert "1 message given up" in good(bus, "outbox", "drop", "a:1-1:1", "--yes")
    assert gateway.call("DropAside")[0] == ("a:1-1:1",)


def test_reload(bus, gateway):
    gateway.answers["Reload"] = ("as", (["wardgate.conf:3: it is odd"],))
    status, out, err = run(bus, "reload")
    assert status == 0 and "taken" in out and err == "wardgatectl: warning: wardgate.conf:3: it is odd\n"
    assert json.loads(good(bus, "--json", "reload"))["warnings"] == ["wardgate.conf:3: it is odd"]

    def wrong():
        raise Refused("Configuration", "a.conf:1: [X]: is wrong\nb.conf:2: [Y]: is wrong, too")
    gateway.answers["Reload"] = wrong
    status, out, err = run(bus, "reload")
    assert (status, out) == (1, "")
    assert err.splitlines()[:2] == ["a.conf:1: [X]: is wrong", "b.conf:2: [Y]: is wrong, too"]
    assert "goes on with the one it has" in err.splitlines()[2]


def test_test_alarm(bus, gateway):
    result = {"id": "g:1-1:1", "key": "test.bed-3", "confirmed": True}
    gateway.answers["TestAlarm"] = lambda bed: ("s", (json.dumps(result),))
    assert "test.bed-3" in good(bus, "test-alarm", "3")
    assert gateway.call("TestAlarm")[0] == ("3",)
    assert json.loads(good(bus, "--json", "test-alarm", "3")) == result

    gateway.answers["TestAlarm"] = lambda bed: ("s", (json.dumps({**result, "nobody_listening": True}),))
    status, _, err = run(bus, "test-alarm", "3")
    assert status == 1 and one_line(err) and "nobody subscribes" in err

    def late(_):
        raise Refused("NotConfirmed", "the broker has not confirmed it in 10 s; it is stored")
    gateway.answers["TestAlarm"] = late
    status, _, err = run(bus, "test-alarm")
    assert status == 1 and one_line(err) and "has not confirmed" in err


def test_audit(bus, gateway):
    def unknown(*_):
        raise Refused("UnknownVerb", "there is no verb audit")
    gateway.answers["Run"] = unknown
    status, _, err = run(bus, "audit")
    assert status == 1 and one_line(err) and "keeps no audit trail" in err
    entry = {"time": "2026-11-21T10:00:00.000Z", "verb": "adopt", "by": "", "origin": "uid 0", "outcome": "Done",
             "arguments": {"device": "bed3-oximeter"}}
    gateway.answers["Run"] = ("s", (json.dumps({"entries": [entry]}),))
    out = good(bus, "audit", COLUMNS="80")
    fits(out)
    assert "adopt" in out and "uid 0" in out
    assert json.loads(good(bus, "--json", "audit"))["entries"] == [entry]


VERBS = [["status"], ["devices"], ["device", "x"], ["reload"], ["test-alarm"], ["audit"], ["watch"],
         ["discover"], ["adopt", "ox-9", "bed3-x"], ["forget", "x", "--yes"], ["outbox", "retry"]]


@pytest.mark.parametrize("verb", VERBS, ids=lambda v: v[0])
def test_no_daemon(bus, verb):
    status, out, err = run(bus, *verb)
    assert (status, out) == (69, "") and one_line(err) and "is not on the bus" in err, err


@pytest.mark.parametrize("verb", VERBS, ids=lambda v: v[0])
def test_no_bus(verb):
    status, out, err = ctl("--bus", "unix:path=/nonexistent/bus", *verb)
    assert (status, out) == (69, "") and one_line(err) and "cannot be reached" in err, err


@pytest.mark.parametrize("verb", VERBS, ids=lambda v: v[0])
def test_no_permission(verb):
    with short_directory() as path:
        closed = PrivateBus(path, f'<policy context="mandatory"><deny send_destination="{NAME}"/></policy>')
        g = FakeGateway(closed)
        status, out, err = ctl("--bus", closed.address, *verb)
        g.end()
        closed.end()
    assert (status, out) == (77, "") and one_line(err) and "group wardgate" in err, err


def test_the_bus_is_off(tmp_path):
    config = tmp_path / "wardgate.conf"
    config.write_text("[Control]\nBus = off\n")
    status, _, err = ctl("--config", str(config), "status")
    assert status == 69 and one_line(err) and "Bus=system" in err


def test_the_configuration_names_the_bus(bus, gateway, tmp_path):
    """Also one with errors: it is wanted when the daemon runs on with an older one."""
    (tmp_path / "wardgate.conf").write_text("[Gateway]\nNmae=x\n[Control]\nBus=off\n")
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d" / "1.conf").write_text(f"[Control]\nBus={bus.address}\n")
    status, out, err = ctl("--config", str(tmp_path / "wardgate.conf"), "--json", "status")
    assert (status, err) == (0, "") and json.loads(out) == STATUS


def test_an_error_of_no_interface(bus, gateway):
    status, _, err = run(bus, "device", "x")
    assert status == 1 and one_line(err) and "is it as new as" in err


def test_answers_that_are_none(bus, gateway):
    for text in ("", "[]", "{", "null"):
        gateway.answers.update(GetDevice=("s", (text,)), TestAlarm=("s", (text,)), Run=("s", (text,)))
        gateway.properties["Status"] = ("s", text)
        for verb in (["status"], ["device", "x"], ["test-alarm"], ["audit"]):
            status, _, err = run(bus, *verb)
            assert status == 1 and one_line(err), (text, verb, err)


def test_a_wrong_name_is_the_caller_s(bus, gateway):
    def wrong(_):
        raise Refused("InvalidArgument", "\"X\" is no name of a device\nsecond line\x1b[0m")
    gateway.answers["GetDevice"] = wrong
    status, _, err = run(bus, "device", "X")
    assert status == 64 and "\x1b" not in err
    status, _, err = run(bus, "device", "\udcff")
    assert status == 64 and one_line(err) and "UTF-8" in err


@pytest.mark.parametrize("arguments", [["status", "x"], ["device"], ["device", "a", "b"], ["devices", "--raw"],
                                       ["--bus"], ["test-alarm", "1", "2"], ["outbox", "all"], ["status", "--bus"]])
def test_wrong_command_lines(bus, arguments):
    status, out, err = run(bus, *arguments)
    assert (status, out) == (64, "") and one_line(err), err
