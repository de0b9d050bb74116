"""watch: the table on a terminal, its size, colours and end; lines and JSON elsewhere."""
import json
import os
import signal
import subprocess

import pyte
import pytest

from ward.base import short_directory, wait_until
from ward.ctl import CTL, Terminal, ctl, environment, one_line
from ward.dbus import FakeGateway, PrivateBus, Refused


def reading(device="bed3-oximeter", metric="spo2", value="97", bed="3", **more):
    more = {"unit": "%", "validity": "valid", **more}
    return (f'{{"id":"g:1-1:1","device":"{device}","metric":"{metric}","value":{value},"bed":"{bed}",'
            + json.dumps(more)[1:])


ALARM = {"id": "g:1-1:2", "alarm": "g:1-1:a2", "rule": "spo2-low", "priority": "high", "state": "active", "bed": "3",
         "text": "SpO2 86 % below 90 %"}


@pytest.fixture
def gateway(bus):
    g = FakeGateway(bus, {"Watch": lambda devices: ("u", (60,))})
    yield g
    g.end()


class Screen(Terminal):
    """What stands on the terminal now."""

    def display(self):
        screen = pyte.Screen(self.columns, self.rows)
        pyte.ByteStream(screen).feed(self.raw)
        return [line.rstrip() for line in screen.display]

    def resize(self, rows, columns):
        self.raw = b""
        super().resize(rows, columns)

    def shows(self, part):
        self.wait_for(lambda: any(part in line for line in self.display()), part)
        return self.display()


@pytest.fixture
def screen(bus):
    made = []

    def start(*arguments, **kwargs):
        made.append(Screen("--bus", bus.address, "watch", *arguments, **kwargs))
        return made[-1]
    yield start
    for t in made:
        t.end()


def test_a_table_that_redraws(gateway, screen):
    t = screen()
    (devices,), sender = gateway.call("Watch")
    assert devices == []
    t.shows("Nothing has come yet")
    gateway.signal("Reading", "su", (reading(), 0), sender)
    gateway.signal("Reading", "su", (reading(metric="pulse-rate", value="61.50", unit="/min"), 3), sender)
    off = reading("bed10-t", "body-temperature", "null", "10", validity="sensor-off")
    gateway.signal("Reading", "su", (off, 0), sender)
    shown = t.shows("sensor-off")
    assert [line.split()[0] for line in shown[2:5]] == ["3", "3", "10"], shown
    assert "61.50" in shown[2] and "97" in shown[3] and "3 values of 2 devices" in shown[0]
    assert "3 not shown" in shown[0]
    gateway.signal("Reading", "su", (reading(value="95"), 0), sender)
    shown = t.shows(" 95 ")
    assert sum("spo2" in line for line in shown) == 1
    gateway.signal("OutboxChanged", "ttt", (7, 1, 3))
    t.shows("7 wait, 1 set aside")
    gateway.signal("Alarm", "s", (json.dumps(ALARM),))
    assert "SpO2 86 % below 90 %" in t.shows("below 90")[1]
    gateway.signal("Alarm", "s", (json.dumps({**ALARM, "state": "inactive"}),))
    t.wait_for(lambda: not any("below 90" in line for line in t.display()), "the alarm's end")
    gateway.signal("DeviceChanged", "ss", ("bed10-t", ""))
    t.wait_for(lambda: not any("bed10-t" in line for line in t.display()), "the device's end")
    assert b"\x1b[33m" in t.raw and b"\x1b[?1049h" in t.raw
    assert not t.echoes()
    t.send("\x03")
    assert t.ends() == 0
    assert t.raw.rstrip().endswith(b"\x1b[?1049l") and b"\x1b[?25h" in t.raw
    assert t.echoes()


@pytest.mark.parametrize("end", ["q", signal.SIGTERM, signal.SIGHUP])
def test_other_ends(gateway, screen, end):
    t = screen()
    t.shows("Nothing has come")
    if end == "q":
        t.send(end)
    else:
        os.kill(t.pid, end)
    assert t.ends() == 0 and t.echoes()


def test_the_terminal_s_size(gateway, screen):
    t = screen(rows=10, columns=80)
    _, sender = gateway.call("Watch")
    for n in range(40):
        gateway.signal("Reading", "su", (reading(f"bed{n}-a-device-with-a-long-name", bed=str(n)), 0), sender)
    shown = t.shows("and 33 more")
    assert "40 values of 40 devices" in shown[0]
    t.resize(30, 40)
    shown = t.shows("and 13 more")
    assert len(shown) == 30 and all(len(line) <= 40 for line in shown)
    assert "…" in shown[5] and "97" in shown[5]
    t.resize(3, 12)
    t.wait_for(lambda: "values" in t.display()[0] or "wardgate" in t.display()[0], "the title")
    t.resize(60, 200)
    shown = t.shows("bed39-a-device-with-a-long-name")
    assert not any("more;" in line for line in shown)


@pytest.mark.parametrize("how", [{"NO_COLOR": "1"}, {"term": "vt100"}])
def test_no_colours(gateway, screen, how):
    t = screen(**how)
    _, sender = gateway.call("Watch")
    gateway.signal("Reading", "su", (reading(validity="questionable"), 0), sender)
    t.shows("questionable")
    assert b"\x1b[33m" not in t.raw and b"\x1b[1m" not in t.raw


def test_a_terminal_that_cannot_move(gateway, screen):
    t = screen(term="dumb")
    _, sender = gateway.call("Watch")
    gateway.signal("Reading", "su", (reading(), 0), sender)
    t.wait("bed 3  bed3-oximeter  spo2 97 %")
    assert b"\x1b" not in t.raw
    t.send("\x03")
    assert t.ends() == 0


class Pipe:
    def __init__(self, bus, *arguments):
        self.child = subprocess.Popen([CTL, "--bus", bus.address, *arguments], stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, text=True, env=environment())

    def line(self):
        return self.child.stdout.readline()

    def end(self, number=signal.SIGINT):
        self.child.send_signal(number)
        out, err = self.child.communicate(timeout=30)
        return self.child.returncode, out, err


def test_lines(bus, gateway):
    p = Pipe(bus, "watch", "bed3-oximeter")
    (devices,), sender = gateway.call("Watch")
    assert devices == ["bed3-oximeter"]
    gateway.signal("Reading", "su", (reading(value="37.60", unit="Cel", validity="questionable"), 2), sender)
    assert p.line().endswith("2 readings left out\n")
    assert p.line().endswith("  bed 3  bed3-oximeter  spo2 37.60 Cel  (questionable)\n")
    gateway.signal("DeviceChanged", "ss", ("bed4-other", json.dumps({"state": "silent"})))
    gateway.signal("DeviceChanged", "ss", ("bed3-oximeter", json.dumps({"state": "silent"})))
    assert p.line().endswith("device bed3-oximeter is silent\n")
    gateway.signal("Alarm", "s", (json.dumps(ALARM),))
    assert p.line().endswith("  ALARM  high    bed 3  SpO2 86 % below 90 %\n")
    gateway.signal("Reading", "su", (reading("x\x1b[2J".replace("\x1b", "\\u001b")), 0), sender)
    assert "\x1b" not in p.line()
    assert p.end() == (0, "", "")


def test_json_lines(bus, gateway):
    p = Pipe(bus, "--json", "watch")
    _, sender = gateway.call("Watch")
    gateway.signal("Reading", "su", (reading(value="37.60"), 2), sender)
    text = p.line()
    assert '"value":37.60' in text
    assert json.loads(text) == {"event": "reading", "left_out": 2, "reading": json.loads(reading(value="37.60"))}
    gateway.signal("OutboxChanged", "ttt", (7, 1, 3))
    assert json.loads(p.line()) == {"event": "outbox", "depth": 7, "aside": 1, "oldest_seconds": 3}
    gateway.signal("DeviceChanged", "ss", ("x", ""))
    assert json.loads(p.line()) == {"event": "device", "name": "x", "device": None}
    gateway.signal("Alarm", "s", (json.dumps(ALARM),))
    assert json.loads(p.line()) == {"event": "alarm", "alarm": ALARM}
    gateway.signal("Reading", "su", ("{", 0), sender)
    assert json.loads(p.line())["reading"] is None
    assert p.end(signal.SIGTERM) == (0, "", "")


def test_the_watch_is_renewed(bus, gateway):
    gateway.answers["Watch"] = lambda devices: ("u", (1,))
    p = Pipe(bus, "watch", "a", "b")
    for _ in range(3):
        assert gateway.call("Watch")[0] == (["a", "b"],)

    def gone(_):
        raise Refused("NotFound", "there is no device b any more")
    gateway.answers["Watch"] = gone
    assert p.child.wait(30) == 1
    assert one_line(p.child.stderr.read())
    p.child.stdout.close()
    p.child.stderr.close()


def test_no_such_device(bus, gateway):
    def missing(_):
        raise Refused("NotFound", "there is no device x; wardgatectl devices lists them")
    gateway.answers["Watch"] = missing
    status, out, err = ctl("--bus", bus.address, "watch", "x")
    assert (status, out) == (1, "") and one_line(err)


def test_the_daemon_leaves(bus):
    g = FakeGateway(bus, {"Watch": lambda devices: ("u", (60,))})
    p = Pipe(bus, "watch")
    g.call("Watch")
    g.end()
    assert p.child.wait(30) == 69
    err = p.child.stderr.read()
    assert one_line(err) and "not on the bus" in err
    p.child.stdout.close()
    p.child.stderr.close()


def test_the_bus_leaves():
    with short_directory() as path:
        own = PrivateBus(path)
        g = FakeGateway(own, {"Watch": lambda devices: ("u", (60,))})
        p = Pipe(own, "watch")
        g.call("Watch")
        own.end()
        wait_until(lambda: p.child.poll() is not None, "its end")
        g.end()
    assert p.child.returncode == 69
    err = p.child.stderr.read()
    assert one_line(err), err
    p.child.stdout.close()
    p.child.stderr.close()
