"""Bonds: wardgatectl, the daemon, and devices that ask for one: by themselves, by a number, with private
addresses, and when one of the two sides has lost its key."""
import json
import os
import subprocess

import pytest

from ward.alarms import Alarms
from ward.base import wait_until
from ward.ble import Bay
from ward.ctl import CTL, environment, one_line

ADDRESS = "C0:FF:EE:00:00:01"
STRAP = {"Kind": "heart-rate", "Address": ADDRESS, "Interval": "500ms", "Advertise": "200ms", "Security": "encrypt"}


def strap(**keys):
    return {"strap": {**STRAP, **keys}}


def bond(bay):
    return bay.json("device", "strap")["bond"]


def unproven(ward, events=(), **keys):
    """A device that gives nothing to whom no number has proven, when the daemon has found that out: it is bonded
    without, which asks nobody, and that is not enough."""
    bay = Bay(ward, strap(Security="mitm", Passkey="123456", **keys), bus=True, events=events)
    bay.air.wait_event("disconnected", "strap")
    assert not bay.heard("strap", "heart-rate")
    return bay


# ---- Just Works


def test_auto_bonds_by_itself_when_the_device_asks_and_the_keys_are_private(ward):
    bay = Bay(ward, strap(), bus=True)
    bay.wait_heard("strap", "heart-rate", 2)
    assert bond(bay) == {"state": "good", "secure_connections": True, "authenticated": False}
    kept = os.path.join(bay.daemon.state, "bonds")
    assert os.stat(kept).st_mode & 0o777 == 0o600 and ADDRESS in bay.bonds()
    assert len(bay.air.events("paired")) == 1
    assert "yes" in bay.ctl("device", "strap")[1]


def test_keys_that_could_not_be_written_are_written_when_the_disk_is_well(ward):
    bay = Bay(ward, strap(), start=False, bus=True)
    disk = ward.disk(bay.daemon)
    bay.daemon.start()
    bay.wait_heard("strap", "heart-rate", 2)
    wait_until(lambda: ADDRESS in bay.bonds(), "the keys on the disk")
    before = bay.bonds()
    disk.dead()
    assert bay.ctl("unpair", "strap", "--yes")[0] == 0
    bay.daemon.wait_log("keys of Bluetooth devices cannot be written")
    assert bay.bonds() == before
    disk.well()
    bay.daemon.wait_log("keys of Bluetooth devices are written again")
    assert bay.bonds() != before


def test_a_bond_survives_kill_9_and_is_not_made_twice(ward):
    bay = Bay(ward, strap())
    bay.wait_heard("strap", "heart-rate", 2)
    before = bay.bonds()
    bay.restart()
    bay.more_of("strap", "heart-rate", 2)
    assert bay.bonds() == before and len(bay.air.events("paired")) == 1
    assert {r.get("auth", "link") for r in bay.heard("strap", "heart-rate")} == {"link"}


def test_auto_leaves_alone_what_asks_for_nothing(ward):
    bay = Bay(ward, strap(Security="none"))
    bay.wait_heard("strap", "heart-rate", 2)
    assert bay.bonds() == "" or ADDRESS not in bay.bonds()
    assert not bay.air.events("pairing") and not bay.air.events("paired")


def test_yes_takes_nothing_before_the_bond(ward):
    """The device would give all without."""
    bay = Bay(ward, strap(Security="none"), more={"strap": {"Bonding": "yes"}})
    bay.wait_heard("strap", "heart-rate", 2)
    order = [r.get("event") or r["metric"] for r in bay.air.lines()]
    assert order.index("paired") < order.index("heart-rate")
    assert {r.get("auth", "link") for r in bay.heard("strap", "heart-rate")} == {"link"}


def test_no_never_bonds_and_hears_nothing_of_what_asks_for_it(ward):
    bay = Bay(ward, {**strap(), "open": {**STRAP, "Address": "C0:FF:EE:00:00:02", "Security": "none"}},
              more={"strap": {"Bonding": "no"}}, bus=True)
    bay.wait_heard("open", "heart-rate", 2)
    bay.air.wait_event("disconnected", "strap")
    assert not bay.air.events("pairing") and not bay.heard("strap", "heart-rate")
    status, _, err = bay.ctl("pair", "strap", "10")
    assert status == 1 and one_line(err) and "Bonding=no" in err
    assert not bay.air.events("pairing")


# ---- with people


def test_a_passkey_that_the_device_shows_is_typed_at_the_gateway(ward):
    bay = unproven(ward, Pairing="passkey-display")
    t = bay.terminal("pair", "strap")
    t.wait("six digits that strap shows")
    t.line("123 456")
    t.wait("is paired: LE Secure Connections, and the number proves")
    assert t.ends() == 0
    bay.wait_heard("strap", "heart-rate", 2)
    assert bond(bay) == {"state": "good", "secure_connections": True, "authenticated": True}
    bay.restart()
    bay.more_of("strap", "heart-rate", 2)
    assert len(bay.air.events("paired")) == 2


def test_a_wrong_passkey_keeps_nothing_and_the_right_one_heals(ward):
    bay = unproven(ward, Pairing="passkey-display")
    t = bay.terminal("pair", "strap")
    t.wait("six digits that strap shows")
    t.line("654321")
    t.wait("the numbers of strap and of the gateway are not the same")
    assert t.ends() == 1
    assert bond(bay)["state"] == "none" and ADDRESS not in bay.bonds()
    t = bay.terminal("pair", "strap")
    t.wait("six digits that strap shows")
    t.line("123456")
    assert t.ends() == 0, t.text
    bay.wait_heard("strap", "heart-rate", 1)


def test_a_passkey_is_shown_to_be_typed_at_the_device(ward):
    bay = unproven(ward, Pairing="passkey-entry")
    t = bay.terminal("pair", "strap")
    t.wait("Type this at strap: 123 456")
    t.wait("and the number proves")
    assert t.ends() == 0
    bay.wait_heard("strap", "heart-rate", 2)


@pytest.mark.parametrize("said, status", [("y", 0), ("n", 1)])
def test_numbers_are_compared(ward, said, status):
    bay = unproven(ward, Pairing="numeric")
    t = bay.terminal("pair", "strap")
    t.wait(r"Does strap show 123 456\? \[y/N\]")
    t.line(said)
    assert t.ends() == status
    assert bond(bay)["state"] == ("good" if said == "y" else "none")
    assert (ADDRESS in bay.bonds()) == (said == "y")
    if said == "y":
        bay.wait_heard("strap", "heart-rate", 2)
    else:
        assert "not the same" in t.text and bay.air.wait_event("pairing-failed", "strap")


def test_numbers_are_compared_by_a_program(ward):
    bay = unproven(ward, Pairing="numeric")
    p = subprocess.run([CTL, "--config", bay.daemon.config_path, "--json", "pair", "strap"], input="yes\n",
                       capture_output=True, text=True, timeout=60, env=environment(), check=False)
    steps = [json.loads(line) for line in p.stdout.splitlines()]
    assert (p.returncode, p.stderr) == (0, "")
    assert [s["step"] for s in steps] == ["compare", "done"] and steps[0]["number"] == "123456"
    assert steps[1]["authenticated"] and steps[1]["identity"] == ADDRESS


def test_who_leaves_cancels_it_at_the_device_and_may_begin_again(ward):
    bay = unproven(ward, Pairing="numeric")
    t = bay.terminal("pair", "strap")
    t.wait(r"Does strap show")
    t.send("\x03")
    assert t.ends() == 1 and "strap was not paired" in t.text
    bay.air.wait_event("pairing-failed", "strap")
    assert bond(bay)["state"] == "none"
    # that is no failure of the device, and no alarm
    assert bay.daemon.count_log("a device does not pair") == 0
    t = bay.terminal("pair", "strap")
    t.wait(r"Does strap show")
    t.line("y")
    assert t.ends() == 0, t.text


@pytest.mark.slow
def test_one_that_is_not_there_is_said_to_be_unheard(ward):
    bay = Bay(ward, {**strap(), "away": {**STRAP, "Address": "C0:FF:EE:00:00:02", "HeardBy": "hci1"}},
              adapters={"hci0": {}, "hci1": {"Present": "no"}}, bus=True)
    status, _, err = bay.ctl("pair", "away", "5")
    assert status == 1 and one_line(err) and "was not heard for 5 s" in err


@pytest.mark.slow
def test_pairing_waits_for_a_connection_when_the_adapter_has_none_left(ward):
    """Two of two are taken, by a stream and by one that comes and goes."""
    devices = {**strap(Security="none"),
               "ear": {**STRAP, "Kind": "thermometer", "Address": "C0:FF:EE:00:00:02", "Interval": "9s"},
               "band": {**STRAP, "Address": "C0:FF:EE:00:00:03", "Security": "mitm", "Pairing": "numeric"}}
    bay = Bay(ward, devices, bus=True, adapters={"hci0": {"Connections": "2"}})
    bay.wait_heard("strap", "heart-rate", 1)
    bay.wait_heard("ear", "body-temperature", 1)
    t = bay.terminal("pair", "band")
    t.wait("Does band show 123 456")
    t.line("y")
    assert t.ends() == 0, t.text


@pytest.mark.slow
def test_a_device_that_types_another_number_is_refused(ward):
    bay = unproven(ward, Pairing="passkey-entry",
                   events=[{"When": "pair", "Nth": 2, "Device": "strap", "Do": "wrong-passkey"}])
    t = bay.terminal("pair", "strap")
    assert t.ends() == 1 and bond(bay)["state"] == "none"
    t = bay.terminal("pair", "strap")
    assert t.ends() == 0, t.text


def test_unpair_forgets_on_the_disk_and_at_the_adapter(ward):
    """What remains is as before the first pairing: here it is bonded anew by itself."""
    bay = Bay(ward, strap(), bus=True)
    bay.wait_heard("strap", "heart-rate", 2)
    before = bay.bonds()
    status, out, err = bay.ctl("unpair", "strap", "--yes")
    assert (status, out, err) == (0, "strap is unpaired.\n", "")
    bay.air.wait_event("paired", "strap", 2)
    bay.more_of("strap", "heart-rate", 2)
    wait_until(lambda: bay.bonds() not in ("", before) and ADDRESS in bay.bonds(), "the new bond")
    bay.daemon.set("Device strap", {"Bonding": "no"})
    bay.daemon.write_config()
    assert bay.ctl("reload")[0] == 0
    assert bay.ctl("unpair", "strap", "--yes")[0] == 0
    wait_until(lambda: ADDRESS not in bay.bonds(), "a file without it")
    assert bay.ctl("unpair", "strap", "--yes")[0] == 1
    assert bond(bay)["state"] == "none"


# ---- private addresses

PRIVATE = {"Private": "yes", "RotateEvery": "6s"}


@pytest.mark.slow
def test_a_private_address_is_paired_as_it_is_now_and_known_after_it_changed(ward):
    bay = Bay(ward, strap(**PRIVATE), bus=True)
    address = wait_until(bay.air.private_address, "its address")
    assert address != ADDRESS
    wait_until(lambda: bay.air.private_address() in [u["address"] for u in bay.json("discover", "0")["unknown"]],
               "it among the unknown")
    out = bay.json("pair", "strap", "20", "--address", bay.air.private_address())
    assert out["step"] == "done" and out["identity"] == ADDRESS
    bay.wait_heard("strap", "heart-rate", 2)
    bay.restart()
    bay.more_of("strap", "heart-rate", 2)
    assert len(bay.air.events("paired")) == 1


@pytest.mark.slow
def test_addresses_that_change_are_resolved_over_drops_and_restarts(ward):
    """Each connection is lost; the address is another one each time."""
    drops = [{"At": f"{t}s", "Device": "strap", "Do": what} for t in (6, 9, 12)
             for what in ("disconnect", "rotate")]
    bay = Bay(ward, strap(Private="yes"), bus=True, events=drops)
    wait_until(bay.air.private_address, "its address")
    assert bay.json("pair", "strap", "20", "--address", bay.air.private_address())["identity"] == ADDRESS
    bay.wait_heard("strap", "heart-rate", 1)
    bay.air.wait_event("rotate", "strap", 2)
    bay.more_of("strap", "heart-rate", 2)
    bay.daemon.kill()
    bay.air.wait_event("rotate", "strap", 3)
    bay.daemon.start()
    bay.more_of("strap", "heart-rate", 2)
    assert len(bay.air.events("paired")) == 1 and len(bay.air.events("connected", "strap")) >= 4


def test_who_is_paired_by_another_identity_is_named(ward):
    """Adopted by the address that it showed."""
    bay = Bay(ward, strap(Private="yes"), bus=True, more={"strap": {"Address": "C0:FF:EE:00:00:09"}})
    wait_until(bay.air.private_address, "its address")
    status, _, err = bay.ctl("pair", "strap", "20", "--address", bay.air.private_address())
    assert status == 1 and f"is really {ADDRESS}" in err and one_line(err)


# ---- a bond that the device has lost


@pytest.mark.slow
def test_a_stale_bond_is_told_once_and_healed_by_pairing(ward):
    bay = Bay(ward, {**strap(), "other": {**STRAP, "Address": "C0:FF:EE:00:00:02"}}, bus=True,
              events=[{"At": "3s", "Device": "strap", "Do": "lose-bond"}])
    alarms = Alarms(bay.sub, bay.daemon)
    bay.wait_heard("strap", "heart-rate", 2)
    bay.air.wait_event("stale-bond", "strap")
    start = alarms.phase("stale-bond.strap", "start")
    assert start["kind"] == "technical"
    bay.daemon.wait_log("a device does not know its bond any more")
    wait_until(lambda: bond(bay)["state"] == "stale", "the device's document to say so")
    assert "wardgatectl pair" in bay.ctl("device", "strap")[1]
    assert "bond lost" in bay.ctl("devices")[1]
    # it goes on showing itself, five times a second, and is left alone
    tries = len(bay.air.events("connected", "strap"))
    bay.more_of("other", "heart-rate", 8)
    assert len(bay.air.events("connected", "strap")) == tries <= 3
    assert bay.daemon.count_log("a device does not know its bond any more") == 1
    n = len(bay.heard("strap", "heart-rate"))
    out = bay.json("pair", "strap", "20")
    assert out["step"] == "done"
    assert bond(bay)["state"] == "good"
    bay.wait_heard("strap", "heart-rate", n + 2)
    assert alarms.phase("stale-bond.strap", "end")["alarm"] == start["alarm"]
    alarms.emptied("stale-bond.strap")
    bay.restart()
    bay.more_of("strap", "heart-rate", 2)
    alarms.check()


@pytest.mark.slow
def test_a_stale_bond_of_a_private_address_is_healed_by_pairing(ward):
    """It is found by what the lost bond says of its address."""
    bay = Bay(ward, strap(Private="yes"), bus=True,
              events=[{"At": "8s", "Device": "strap", "Do": what} for what in ("lose-bond", "disconnect")])
    wait_until(bay.air.private_address, "its address")
    assert bay.json("pair", "strap", "20", "--address", bay.air.private_address())["identity"] == ADDRESS
    bay.wait_heard("strap", "heart-rate", 1)
    bay.air.wait_event("stale-bond", "strap")
    wait_until(lambda: bond(bay)["state"] == "stale", "the device's document to say so")
    assert bay.json("pair", "strap", "20")["step"] == "done"
    bay.more_of("strap", "heart-rate", 2)
