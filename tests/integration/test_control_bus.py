"""The message bus missing, lost, refusing, frozen or without an answer: the gateway goes on, says so once,
and comes back by itself."""
import os
import socket
import threading

import pytest

from ward import senml
from ward.base import resident, wait_until
from ward.bus import NAME, Caller, PrivateBus, Refused, refused, served, wait_served
from ward.dbus import FakeGateway
from ward.senml import heart_rate

DENY_CALLS = f'<policy context="default"><deny send_destination="{NAME}"/></policy>'
DENY_NAME = f'<policy context="default"><deny own="{NAME}"/></policy>'


class Address:
    """Of a bus that may not be there."""

    def __init__(self, path):
        self.path, self.address = path, "unix:path=" + path


def goes_on(ward, daemon, value=70):
    assert ward.session(daemon).exchange(senml.as_json(heart_rate(value))).text == "2.04"


def test_no_bus(ward):
    directory = ward._sub("bus")
    daemon, _ = served(ward, bus=Address(directory + "/bus"), start=False)
    daemon.start()
    line = daemon.wait_log("no service on the message bus")
    assert "No such file or directory" in line
    goes_on(ward, daemon)
    # it comes when it comes
    bus = ward.keep(PrivateBus(directory))
    wait_served(daemon)
    assert ward.keep(Caller(bus)).get("Name") == daemon.name
    assert daemon.count_log("no service on the message bus") == 1


def test_switched_off(ward):
    daemon, bus = served(ward, start=False)
    daemon.set("Control", {"Bus": "off"})
    daemon.start()
    goes_on(ward, daemon)
    assert refused(ward.keep(Caller(bus)).get, "Name")[0] == "org.freedesktop.DBus.Error.ServiceUnknown"


def test_the_bus_is_restarted(ward):
    bus = ward.keep(PrivateBus(ward._sub("bus")))
    daemon, caller = served(ward, bus=bus)
    caller.call("Watch", "as", [])
    for _ in range(2):
        at = daemon.mark()
        bus.end()
        daemon.wait_log("the message bus is lost", at)
        goes_on(ward, daemon)
        bus.start()
        wait_served(daemon, at)
        new = ward.keep(Caller(bus))
        assert new.get("Name") == daemon.name
        # nobody watches any more, and one may again
        assert new.call("Watch", "as", []) == 30
        goes_on(ward, daemon, 71)
        new.signal("Reading")


def alarm_asked_for(ward):
    """A command that is under way, since the broker confirms no alarm."""
    bus = ward.keep(PrivateBus(ward._sub("bus")))
    broker = ward.fake()
    broker.on_publish = lambda p: "hold" if "/alarms/" in p.topic else 0
    daemon, caller = served(ward, broker, bus=bus)
    wait_until(lambda: caller.get("Connected"), "a session")
    asked = caller.send("TestAlarm", "s", ("3",))
    broker.wait_publish(lambda p: "/alarms/" in p.topic, "the alarm")
    return broker, bus, daemon, caller, asked


def test_the_bus_is_killed_while_a_command_is_under_way(ward):
    broker, bus, daemon, _, _ = alarm_asked_for(ward)
    at = daemon.mark()
    bus.process.kill()
    bus.end()
    daemon.wait_log("the message bus is lost", at)
    broker.on_publish = None
    broker.release()
    daemon.wait_log('a command was carried out VERB="test-alarm"', at)
    os.unlink(bus.path)
    bus.start()
    wait_served(daemon, at)
    assert ward.keep(Caller(bus)).call("GetStatus")


def test_no_permission(ward):
    bus = ward.keep(PrivateBus(ward._sub("bus"), DENY_CALLS))
    daemon, caller = served(ward, bus=bus)
    for method, types, arguments in (("GetStatus", "", ()), ("Forget", "s", ("bed3-oximeter",)),
                                     ("Run", "ss", ("reload", ""))):
        assert refused(caller.call, method, types, *arguments)[0] == "org.freedesktop.DBus.Error.AccessDenied"
    assert daemon.count_log("a command") == 0


def test_the_name_is_denied(ward):
    bus = ward.keep(PrivateBus(ward._sub("bus"), DENY_NAME))
    daemon, _ = served(ward, bus=bus, start=False)
    daemon.start()
    assert "not allowed to own" in daemon.wait_log("no service on the message bus")
    goes_on(ward, daemon)


def test_the_name_is_somebody_elses(ward):
    daemon, bus = served(ward, start=False)
    other = FakeGateway(bus)
    daemon.start()
    assert "another program has the name" in daemon.wait_log("no service on the message bus")
    goes_on(ward, daemon)
    other.end()
    wait_served(daemon)
    assert ward.keep(Caller(bus)).get("Name") == daemon.name


def test_a_bus_that_never_answers(ward):
    path = os.path.join(ward._sub("bus"), "bus")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(8)
    accepted = []
    threading.Thread(target=lambda: accepted.append(listener.accept()), daemon=True).start()
    try:
        daemon, _ = served(ward, bus=Address(path), start=False)
        daemon.start()  # READY=1 does not wait for it
        wait_until(lambda: accepted, "the daemon's connection")
        goes_on(ward, daemon)
        daemon.stop()
    finally:
        listener.close()


def test_a_bus_that_says_rubbish(ward):
    path = os.path.join(ward._sub("bus"), "bus")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(8)

    def serve():
        while True:
            try:
                s, _ = listener.accept()
                s.sendall(b"OK \r\n\xff\xff rubbish \r\n" * 100)
                s.close()
            except OSError:
                return
    threading.Thread(target=serve, daemon=True).start()
    try:
        daemon, _ = served(ward, bus=Address(path), start=False)
        daemon.start()
        daemon.wait_log("no service on the message bus")
        goes_on(ward, daemon)
        assert daemon.process.alive()
    finally:
        listener.close()


def test_a_frozen_bus_holds_nothing_up(ward):
    """It reads nothing more: readings go on, what is for watchers is not heaped up."""
    bus = ward.keep(PrivateBus(ward._sub("bus")))
    daemon, caller = served(ward, bus=bus)
    caller.call("Watch", "as", [])
    c = ward.session(daemon)
    packs = [senml.as_json(*[heart_rate(40 + n, bt=1e9 + 100 * i + n) for n in range(100)])
             for i in range(60)]
    for pack in packs[:5]:
        assert c.exchange(pack).text == "2.04"
    before = resident(daemon.pid)
    bus.process.freeze()
    for pack in packs[5:]:
        assert c.exchange(pack).text == "2.04"
    if not os.environ.get("WG_SANITIZER"):  # it keeps what was freed
        assert resident(daemon.pid) - before < 8 << 20
    bus.process.thaw()

    def told_again():
        c.exchange(senml.as_json(heart_rate(99)))
        return [s for s in list(caller.signals)[-3:] if s.member == "Reading" and "99" in s.body[0]]
    wait_until(told_again, "readings again", step=0.2)
    assert caller.get("Name") == daemon.name


def test_a_watcher_that_does_not_read_is_bounded(ward):
    bus = ward.keep(PrivateBus(ward._sub("bus")))
    daemon, caller = served(ward, bus=bus)
    deaf = ward.keep(Caller(bus, broadcasts=False))
    deaf.call("Watch", "as", [])
    deaf.reading.clear()
    c = ward.session(daemon)
    for i in range(40):
        assert c.exchange(senml.as_json(*[heart_rate(40 + n, bt=1e9 + 100 * i + n) for n in range(100)])
                          ).text == "2.04"
    assert caller.get("Name") == daemon.name
    assert caller.call("Watch", "as", []) == 30
    deaf.reading.set()


def test_a_stop_answers_those_who_wait(ward):
    _, _, daemon, caller, asked = alarm_asked_for(ward)
    daemon.process.signal(15)
    try:
        caller.wait(asked)
        raise AssertionError("it was confirmed?")
    except Refused as e:
        assert e.name == "Failed" and "stopping" in e.message or "NoReply" in e.name, e
    daemon.stop()


def test_many_calls_at_once(ward):
    bus = ward.keep(PrivateBus(ward._sub("bus")))
    daemon, caller = served(ward, bus=bus)
    asked = [caller.send("Run", "ss", ("reload", "")) for _ in range(100)]
    outcomes = set()
    for serial in asked:
        try:
            caller.wait(serial)
            outcomes.add("done")
        except Refused as e:
            outcomes.add(e.name)
    assert "done" in outcomes and outcomes <= {"done", "Busy"}
    assert caller.get("Name") == daemon.name


@pytest.mark.parametrize("address, why", [
    ("tcp:host=bus.hospital.example,port=7000", "has no numeric address as its host"),
    ("unixexec:path=/bin/true", "is a way to a bus that the daemon does not go"),
])
def test_a_bus_that_would_hold_up_the_loop_is_refused(ward, address, why):
    daemon, _ = served(ward, bus=Address("x"), start=False)
    daemon.set("Control", {"Bus": address})
    r = daemon.run("--check-config")
    assert r.returncode == 78 and f"[Control] Bus={address}: {why}" in r.stderr


def test_such_a_bus_in_the_environment_is_refused(ward):
    daemon, _ = served(ward, start=False)
    daemon.set("Control", {"Bus": "system"})
    daemon.environment["DBUS_SYSTEM_BUS_ADDRESS"] = "tcp:host=bus.hospital.example,port=7000"
    daemon.start()
    assert "give one in Bus=" in daemon.wait_log("no service on the message bus")
    goes_on(ward, daemon)
