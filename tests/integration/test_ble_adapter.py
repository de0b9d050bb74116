"""Adapters: lost and found again, several at once, one that hears nothing any more, another program that uses one;
and the active scan, which is only for whoever looks for unknown devices."""
import struct

import pytest

from ward.alarms import Alarms
from ward.base import wait_until
from ward.ble import Bay
from ward.ble_judge import arrived
from ward.bluewire import Mgmt

STRAP = {"Kind": "heart-rate", "Address": "C0:FF:EE:00:00:01", "Interval": "500ms", "Advertise": "200ms"}
ROOM = {"Kind": "bthome", "Address": "A4:C1:38:00:00:02", "Interval": "1s", "Advertise": "300ms"}
TWO = {"hci0": {"Address": "00:1A:7D:DA:71:00"}, "hci1": {"Address": "00:1A:7D:DA:71:01"}}


def strap(number, **keys):
    return {**STRAP, "Address": f"C0:FF:EE:00:00:{number:02X}", **keys}


def at(seconds, what, adapter="hci0", **keys):
    return {"At": f"{seconds}s", "Adapter": adapter, "Do": what, **keys}


def adapters_of(bay, device):
    return [e["adapter"] for e in bay.air.events("connected", device)]


# ---- lost and found


@pytest.mark.slow
def test_an_adapter_that_is_unplugged_and_comes_back(ward):
    """And one that somebody powers off: it is brought up again, and the stream goes on."""
    bay = Bay(ward, {"strap": STRAP, "room": ROOM}, events=[at(4, "unplug"), at(7, "plug"), at(12, "power-off")])
    bay.wait_heard("strap", "heart-rate", 2)
    bay.daemon.wait_log("not in use any more")
    bay.more_of("strap", "heart-rate", 3)
    wait_until(lambda: bay.daemon.count_log("not in use any more") == 2, "the second loss", 20)
    bay.more_of("strap", "heart-rate", 3)
    bay.more_of("room", "humidity", 2)
    bay.all_arrived()


def test_one_that_is_plugged_in_later_is_taken(ward):
    bay = Bay(ward, {"strap": STRAP, "room": ROOM}, bus=True, adapters={"hci0": {"Present": "no"}},
              events=[at(3, "plug")])
    wait_until(lambda: "was found" in bay.json("status")["drivers"]["ble"].get("problem", ""), "the problem in status")
    bay.wait_heard("strap", "heart-rate", 1)
    bay.wait_heard("room", "humidity", 1)
    wait_until(lambda: "problem" not in bay.json("status")["drivers"]["ble"], "the problem's end")


def test_one_that_comes_back_after_a_reload_is_found_where_it_was(ward):
    bay = Bay(ward, {"strap": STRAP}, bus=True)
    bay.wait_heard("strap", "heart-rate", 1)
    assert bay.ctl("reload")[0] == 0
    bay.air.stop()
    bay.air.start()
    bay.more_of("strap", "heart-rate", 2)


@pytest.mark.slow
def test_one_that_resets_itself_is_brought_up_with_its_bonds(ward):
    """As USB does it: gone and back within a moment."""
    bay = Bay(ward, {"strap": strap(1, Security="encrypt")}, events=[at(n, "unplug", For="200ms") for n in (3, 5)])
    bay.wait_heard("strap", "heart-rate", 1)
    wait_until(lambda: bay.daemon.count_log("a Bluetooth adapter is in use") == 3, "the third time")
    bay.more_of("strap", "heart-rate", 2)
    assert len(bay.air.events("paired")) == 1
    bay.all_arrived()


@pytest.mark.slow
def test_one_that_stays_away_is_an_alarm_until_it_is_back(ward):
    bay = Bay(ward, {"strap": STRAP}, bus=True, speed=10, events=[at(30, "unplug"), at(90, "plug")])
    alarms = Alarms(bay.sub, bay.daemon)
    start = alarms.phase("adapter-lost.gateway", "start")
    assert bay.json("status")["drivers"]["ble"]["problem"]
    assert alarms.phase("adapter-lost.gateway", "end")["alarm"] == start["alarm"]
    bay.more_of("strap", "heart-rate", 3)
    alarms.check()


@pytest.mark.slow
@pytest.mark.parametrize("refusal", ["0x0a", "0x03", "0x0f"])
def test_commands_that_are_refused_are_tried_again(ward, refusal):
    """Busy, failed, not powered: while it is brought up again."""
    bay = Bay(ward, {"strap": STRAP}, events=[at(3, "refuse", Amount=refusal, Times="3"), at(3, "power-off")])
    bay.air.wait_event("power-off")
    bay.daemon.wait_log("not in use any more")
    bay.more_of("strap", "heart-rate", 2)


# ---- several


@pytest.mark.parametrize("name, used", [
    ("00:1A:7D:DA:71:01", "hci1"), ("hci1", "hci1"), ("hci0", "hci0"), ("", "hci0")])
def test_which_one_is_used(ward, name, used):
    """By its address, by its name, or the first one."""
    bay = Bay(ward, {"strap": STRAP}, adapters=TWO, adapter=name)
    bay.wait_heard("strap", "heart-rate", 1)
    assert {e["adapter"] for e in bay.air.events("scan")} == {used} == set(adapters_of(bay, "strap"))


def test_each_of_two_hears_its_own_and_both_are_one_ward(ward):
    """What both hear is one reading, and one connection."""
    devices = {"left": strap(1, HeardBy="hci0"), "right": strap(2, HeardBy="hci1"), "both": strap(3),
               "room": ROOM, "room-left": {**ROOM, "Address": "A4:C1:38:00:00:03", "HeardBy": "hci0"},
               "room-right": {**ROOM, "Address": "A4:C1:38:00:00:04", "HeardBy": "hci1"}}
    bay = Bay(ward, devices, adapters=TWO, adapter="hci0 hci1")
    for name in devices:
        bay.wait_heard(name, "heart-rate" if "room" not in name else "humidity", 4)
    assert set(adapters_of(bay, "left")) == {"hci0"} and set(adapters_of(bay, "right")) == {"hci1"}
    bay.all_arrived()


@pytest.mark.slow
def test_one_of_two_is_lost_and_the_other_takes_over(ward):
    devices = {"left": strap(1, HeardBy="hci0"), "right": strap(2, HeardBy="hci1"), "both": strap(3), "room": ROOM}
    bay = Bay(ward, devices, adapters=TWO, adapter="hci0 hci1",
              events=[at(5, "unplug", "hci0"), at(14, "plug", "hci0")])
    for name in ("left", "right", "both"):
        bay.wait_heard(name, "heart-rate", 2)
    bay.air.wait_event("unplug")
    n = len(bay.heard("left", "heart-rate"))
    bay.more_of("both", "heart-rate", 3)
    bay.more_of("room", "humidity", 2)
    assert len(bay.heard("left", "heart-rate")) <= n + 2 and adapters_of(bay, "both")[-1] == "hci1"
    bay.wait_heard("left", "heart-rate", n + 4)
    assert len(bay.air.events("connected", "right")) == 1   # it noticed nothing
    bay.all_arrived()


# ---- a scan that has fallen silent


@pytest.mark.slow
@pytest.mark.parametrize("until", ["restart", "power", "replug"])
def test_a_silent_scan_is_restarted_then_power_cycled_then_reported(ward, until):
    """Fifty times as fast. The room sensor says something all the time, and then is not heard; what helps is tried
    in turn: a new scan, a power cycle; when neither does, people are told."""
    bay = Bay(ward, {"room": ROOM}, bus=True, speed=50, events=[
        at(400, "scan-silent", Amount=until), at(1500, "unplug"), at(1510, "plug")])
    alarms = Alarms(bay.sub, bay.daemon)
    bay.wait_heard("room", "humidity", 2)
    bay.air.wait_event("scan-silent")
    bay.daemon.wait_log("the scan is restarted")
    if until != "restart":
        bay.daemon.wait_log("the adapter is power cycled")
    if until == "replug":
        start = alarms.phase("adapter-lost.gateway", "start")
        assert "neither a new scan nor a power cycle has helped" in bay.json("status")["drivers"]["ble"]["problem"]
        assert alarms.phase("adapter-lost.gateway", "end")["alarm"] == start["alarm"]
    else:
        bay.daemon.wait_log("a Bluetooth adapter hears again")
        assert not alarms.events("adapter-lost.gateway")
    assert ("power cycled" in bay.daemon.log()) == (until != "restart")
    n = len(bay.heard("room", "humidity"))
    bay.wait_heard("room", "humidity", n + 20)
    assert "problem" not in bay.json("status")["drivers"]["ble"]


# ---- another program


def test_another_program_that_uses_the_adapter_is_named_with_the_remedy(ward):
    """It does what bluetoothd does when it starts, looks around, and ends."""
    bay = Bay(ward, {"strap": STRAP})
    bay.wait_heard("strap", "heart-rate", 1)
    rival = Mgmt(bay.air.dir)
    # Start Discovery, Stop Discovery, Set Powered off
    for opcode, payload in ((0x23, b"\x06"), (0x24, b"\x06"), (0x23, b"\x06"), (0x24, b"\x06"), (0x05, b"\0")):
        assert rival.command(opcode, payload)[0] == 0
    line = bay.daemon.wait_log("another program uses a Bluetooth adapter")
    assert "most likely bluetoothd" in line and "systemctl disable --now bluetooth" in line
    bay.more_of("strap", "heart-rate", 2)
    rival.close()


# ---- looking for devices


def test_the_active_scan_lasts_as_long_as_somebody_looks(ward):
    """Before and afterwards the adapter only listens. Names that do not fit into an advertisement are asked for."""
    devices = {"strap": STRAP, "room": ROOM,
               "new": strap(9, Name="Pulse band of a long name 42", Rssi="-71"),
               "far": {**ROOM, "Address": "A4:C1:38:00:00:77", "Name": "far-sensor", "Rssi": "-93"}}
    bay = Bay(ward, devices, bus=True, start=False)
    for name in ("new", "far"):
        bay.daemon.set(f"Device {name}", None)
    bay.daemon.start()
    bay.wait_heard("strap", "heart-rate", 2)
    bay.wait_heard("room", "humidity", 1)
    assert not bay.air.events("discovery") and bay.air.events("scan")
    found = {u["address"]: u for u in bay.json("discover", "3")["unknown"]}
    new, far = found["C0:FF:EE:00:00:09"], found["A4:C1:38:00:00:77"]
    assert new["name"] == "Pulse band of a long name 42" and new["kind"] == "heart-rate"
    assert -80 < new["signal"] < -60 < 0 and -100 < far["signal"] < -85 and far["kind"] == "bthome"
    assert set(found) == {"C0:FF:EE:00:00:09", "A4:C1:38:00:00:77"}

    def states():
        return [e["on"] for e in bay.air.events("discovery")]
    assert states() and states()[0] is True
    wait_until(lambda: states()[-1] is False, "the end of the active scan")
    n = len(states())
    bay.more_of("strap", "heart-rate", 4)
    bay.more_of("room", "humidity", 2)
    assert len(bay.air.events("discovery")) == n
    assert {r["device"] for r in arrived(bay.sub)} == {"strap", "room"}


def test_no_key_is_given_to_the_kernel_after_power_on(ward):
    """Keys and what resolves private addresses are loaded before an adapter that was off is powered on."""
    bay = Bay(ward, {"strap": strap(1, Security="encrypt")})
    bay.wait_heard("strap", "heart-rate", 1)
    bay.daemon.stop()
    watcher = Mgmt(bay.air.dir)
    assert watcher.command(0x05, b"\0")[0] == 0
    bay.daemon.start()
    bay.more_of("strap", "heart-rate", 1)
    assert struct.unpack("<I", watcher.event(0x06, lambda body: body[0] & 1))[0] & 1
    assert len(bay.air.events("paired")) == 1
    watcher.close()
