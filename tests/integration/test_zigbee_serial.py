"""The radio's port: found by its own name, had by one program only, at its speed; missing, busy, forbidden, gone and
back under another number: each is said once, with what to do, and none needs a restart."""
import contextlib
import fcntl
import os
import pty
import select
import termios
import tty

import pytest

from ward.base import wait_until
from ward.bus import served
from ward.ctl import Terminal

from test_zigbee import begin, more_of, network_up
from test_zigbee_network import ROOM, doctor

SPEEDS = {"9600": termios.B9600, "57600": termios.B57600, "115200": termios.B115200, "460800": termios.B460800}
FLOWS = {"hardware": (termios.CRTSCTS, 0), "software": (0, termios.IXON | termios.IXOFF), "none": (0, 0)}


@contextlib.contextmanager
def terminal():
    """A pty that nobody plays a radio on: (our end, its path)."""
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    path = os.ttyname(theirs)
    os.close(theirs)
    try:
        yield ours, path
    finally:
        os.close(ours)


@contextlib.contextmanager
def shown(*arguments):
    t = Terminal(*arguments)
    try:
        yield t
    finally:
        t.end()


def gateway(ward, port, start=True, **more):
    return served(ward, start=start, devices={}, sections={
        "Zigbee": {"Enabled": "yes", "Port": port, "FlowControl": "none", **more}, "CoAP": {"Enabled": "no"}})


def problem(bus):
    return bus.run("network").get("problem", "")


@pytest.mark.parametrize("name", ["/dev/ttyUSB0", "/dev/ttyACM3"])
def test_a_number_that_changes_is_refused(ward, name):
    """The name that would be right, where it is there; else where to look, and what to do where there is none."""
    daemon, _ = gateway(ward, name, start=False)
    r = daemon.run("--check-config")
    text = r.stdout + r.stderr
    assert r.returncode == 78, text
    assert f"[Zigbee] Port={name}: changes its number when radios are plugged in anew; give " in text
    assert "/dev/serial/by-id" in text and ("udev rule" in text or os.path.isdir("/dev/serial/by-id"))


def test_a_radio_that_is_not_there_yet(ward):
    """It is waited for, which is said once; and it comes up when it is plugged in."""
    mesh = ward.mesh({})
    mesh.stop()
    assert not os.path.exists(mesh.link)
    daemon, bus = gateway(ward, mesh.link)
    daemon.wait_log("the Zigbee radio cannot be used")
    assert "is not there; is the radio plugged in?" in problem(bus) and mesh.link in problem(bus)
    code, findings = doctor(daemon)
    assert code != 0
    assert any(f["level"] == "wrong" and "plugged in" in f"{f['found']} {f['remedy']}" for f in findings), findings
    mesh.start()        # many tries later, which are not told
    network_up(daemon)
    assert problem(bus) == "" and daemon.count_log("cannot be used") == 1


def test_another_number_when_it_is_plugged_in_again(ward):
    """The name of the radio stays; what it stands for becomes another one."""
    mesh, daemon, bus, sub = begin(ward, {"room": ROOM})
    bus.run("permit-join", seconds=60, anyone="yes")
    more_of(sub, "room", "humidity")
    before = os.readlink(mesh.link)
    at = daemon.mark()
    mesh.stop()
    daemon.wait_log("the Zigbee radio cannot be used", at)
    with terminal() as (_, other):          # takes the number that became free
        mesh.start()
        assert os.readlink(mesh.link) != before or other != before
        network_up(daemon, at)
        more_of(sub, "room", "humidity")
    assert daemon.count_log("is formed") == 1


def test_what_is_no_terminal(ward):
    plain = os.path.join(ward.dir, "plain")
    with open(plain, "wb"):
        pass
    daemon, bus = gateway(ward, plain)
    daemon.wait_log("it is no serial port; give the radio's name in /dev/serial/by-id")
    assert "no serial port" in problem(bus)
    code, findings = doctor(daemon)
    assert code != 0 and any("no serial port" in f["found"] for f in findings if f["level"] == "wrong")


def test_had_by_another_program(ward):
    """Which one is said; and once it is gone, the radio is ours without a restart."""
    mesh = ward.mesh({})
    theirs = os.open(mesh.link, os.O_RDWR | os.O_NOCTTY)
    fcntl.flock(theirs, fcntl.LOCK_EX)
    daemon, bus = gateway(ward, mesh.link)
    daemon.wait_log("another program has it")
    assert f"process {os.getpid()};" in problem(bus), problem(bus)
    code, findings = doctor(daemon)
    wrong = [f for f in findings if f["level"] == "wrong" and "another program has it" in f["found"]]
    assert code != 0 and "end that one" in wrong[0]["remedy"], findings
    assert daemon.count_log("another program has it") == 1
    os.close(theirs)
    network_up(daemon)
    # and now it is ours alone
    with pytest.raises(OSError):
        theirs = os.open(mesh.link, os.O_RDWR | os.O_NOCTTY)
        try:
            fcntl.flock(theirs, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            os.close(theirs)


def test_a_port_that_may_not_be_opened(ward):
    """What group the service would have to be of. Only root can drop to somebody who may not."""
    assert os.geteuid() == 0, "this test needs root, as the others that play another user"
    with terminal() as (_, path):
        os.chown(path, 0, 20)
        os.chmod(path, 0o600)
        daemon, bus = gateway(ward, path, start=False)
        daemon.write_config()
        os.makedirs(daemon.state, exist_ok=True)
        for top, _, names in os.walk(daemon.dir):
            for one in [top, *(os.path.join(top, n) for n in names)]:
                os.chown(one, 65534, 65534)
        part = daemon.dir
        while part.startswith("/tmp/"):
            os.chmod(part, 0o755)
            part = os.path.dirname(part)
        daemon.wrapper = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        daemon.set("Control", {"Bus": "off"})
        daemon.start(ready=False)
        daemon.wait_log("it may not be opened (mode 0600, group dialout)")
        daemon.wait_log("SupplementaryGroups=dialout")


@pytest.mark.parametrize("speed", SPEEDS)
@pytest.mark.parametrize("flow", FLOWS)
def test_speed_and_flow_control(ward, speed, flow):
    """As configured, raw, and with the bytes of flow control as they are or taken out."""
    with terminal() as (ours, path):
        daemon, _ = gateway(ward, path, BaudRate=speed, FlowControl=flow)
        control, keys = FLOWS[flow]

        def is_set():
            i, o, c, l, ispeed, ospeed, _ = termios.tcgetattr(ours)
            return (ispeed, ospeed) == (SPEEDS[speed], SPEEDS[speed]) and c & termios.CRTSCTS == control and \
                i & (termios.IXON | termios.IXOFF | termios.ICRNL | termios.ISTRIP) == keys and \
                c & termios.CSIZE == termios.CS8 and not c & termios.PARENB and \
                not l & (termios.ICANON | termios.ECHO | termios.ISIG) and not o & termios.OPOST
        wait_until(is_set, lambda: f"{speed} {flow}: {termios.tcgetattr(ours)[:6]}")
        # a reset of the link comes, by the byte
        got = b""
        while not got.endswith(b"\x1a\xc0\x38\xbc\x7e"):
            got += os.read(ours, 64)
        assert daemon.process.alive()


def test_a_speed_that_is_none(ward):
    daemon, _ = gateway(ward, "/dev/serial/by-id/radio", start=False, BaudRate="1200")
    r = daemon.run("--check-config")
    text = r.stdout + r.stderr
    assert r.returncode == 78 and "[Zigbee] BaudRate=1200" in text and "115200" in text


def asked(ours):
    """What has come through a terminal that may just be closed at its other end."""
    try:
        return select.select([ours], [], [], 0)[0] and os.read(ours, 4096)
    except OSError:
        return b""


@pytest.mark.slow
def test_something_else_than_a_radio(ward):
    """A port that answers nothing: what to look at is said, and it is tried again for ever."""
    with terminal() as (ours, path):
        daemon, bus = gateway(ward, path)
        daemon.wait_log("the radio does not answer; see that BaudRate= and FlowControl= are those of its firmware",
                        deadline=60)
        code, findings = doctor(daemon)
        assert code != 0
        assert any(f["area"] == "zigbee" and "does not answer" in f["found"] and "FlowControl=" in f["remedy"]
                   for f in findings), findings
        assert bus.run("network")["state"] != "up"
        assert os.read(ours, 4096)
        # also while it is tried once more
        wait_until(lambda: asked(ours), "another reset", 30)
        assert "does not answer" in bus.run("network")["problem"]
        with shown("--config", daemon.config_path, "network") as t:
            assert t.ends() == 0
            assert "problem" in t.text and max(map(len, t.text.splitlines())) <= 80, t.text
