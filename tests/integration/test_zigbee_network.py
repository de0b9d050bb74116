"""The Zigbee network through the daemon: formed once, resumed, never left or formed anew by itself; open only when
told to, and only for those who have a key."""
import json
import os
import re
import time

import pytest

from ward.alarms import Alarms
from ward.base import wait_until
from ward.bus import refused, served, wait_served
from ward.ctl import ctl

from test_zigbee import CODE, begin, more_of, network_up, readings

ROOM = {"Kind": "climate", "EUI64": "A4:C1:38:00:00:00:00:01", "Interval": "300ms", "Poll": "20ms",
        "Reporting": "always"}
# Commands that would make an end of a network, or another one: each one that the radio gets stands in its log.
WATCHED = {"0x001e": "form", "0x0020": "leave"}


def watch(commands, times=1):
    """Events that leave a line in the radio's log, and do no harm, when it gets these commands."""
    return [{"When": "command", "Command": c, "Nth": n + 1, "Do": "strange-callback"}
            for c in commands for n in range(times)]


def network_of(mesh):
    """What is in the radio's flash: {key: value}."""
    with open(mesh.state_path, encoding="utf-8") as f:
        lines = f.read().split("[Member")[0].splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def change(mesh, **keys):
    """Of a radio that is unplugged."""
    with open(mesh.state_path, encoding="utf-8") as f:
        text = f.read()
    for key, value in keys.items():
        text, n = re.subn(rf"^{key}=.*$", f"{key}={value}", text, count=1, flags=re.M)
        assert n == 1, key
    with open(mesh.state_path, "w", encoding="utf-8") as f:
        f.write(text)


def kept(daemon, name="zigbee-network"):
    """What the gateway keeps: {name: value}."""
    with open(os.path.join(daemon.state, name), encoding="utf-8") as f:
        return dict(line.split(" ", 1) for line in f.read().splitlines() if " " in line)


def wait_kept(daemon, **values):
    def there():
        try:
            found = kept(daemon)
        except FileNotFoundError:
            return False
        return all(found.get(k.replace("_", "-")) == v for k, v in values.items())
    wait_until(there, lambda: f"{values} in {kept(daemon)}")


def damage(path):
    with open(path, "r+b") as f:
        data = bytearray(f.read())
        data[len(data) // 2] ^= 0x01
        f.seek(0)
        f.write(data)


# --- formed once ---

def test_formed_once_with_keys_that_are_kept_first(ward):
    """Channel by the energy on each, numbers by lot; keys on the disk, for nobody else, and in no log."""
    mesh, daemon, bus, sub = begin(ward, {}, radio={"Noise": "15:-40 20:-45 25:-90 11:-50"})
    daemon.wait_log("channel 25, the quietest of")
    wait_kept(daemon, formed="1")
    radio = network_of(mesh)
    assert int(kept(daemon)["generation"]) > int(kept(daemon, "zigbee-network.former")["generation"]) > 0
    assert radio["Network"] == "1" and radio["Channel"] == "25"
    assert int(radio["Pan"]) not in (0, 1, 0xfffe, 0xffff)
    network = bus.run("network")
    assert (network["state"], network["channel"], network["pan"]) == ("up", 25, f"0x{int(radio['Pan']):04x}")
    for name in os.listdir(daemon.state):
        if name.startswith("zigbee-network"):
            assert os.stat(os.path.join(daemon.state, name)).st_mode & 0o777 == 0o600
    keys = radio["NetworkKey"], radio["TrustCenterKey"]
    assert keys[0] != keys[1] and len(set(keys[0])) > 4
    with open(os.path.join(daemon.state, "zigbee-network"), encoding="utf-8") as f:
        text = f.read().upper()
    assert keys[0] in text and keys[1] in text
    # the same ones for ever
    for end in (daemon.stop, daemon.kill):
        end()
        daemon.start()
        network_up(daemon)
        assert daemon.count_log("is formed") == 0, daemon.log()
        assert (network_of(mesh)["NetworkKey"], network_of(mesh)["Pan"]) == (keys[0], radio["Pan"])


# --- what is kept is damaged ---

def test_the_former_generation_where_the_last_one_is_damaged(ward):
    mesh, daemon, bus, sub = begin(ward, {"room": ROOM})
    bus.run("permit-join", seconds=60, anyone="yes")
    more_of(sub, "room", "humidity")
    wait_kept(daemon, formed="1")
    key = network_of(mesh)["NetworkKey"]
    daemon.stop()
    damage(os.path.join(daemon.state, "zigbee-network"))
    daemon.start()
    daemon.wait_log("cannot be read; the former generation is taken")
    network_up(daemon)
    more_of(sub, "room", "humidity")
    assert network_of(mesh)["NetworkKey"] == key and not mesh.events("strange-callback")
    # the next writing has not replaced the good one by the bad one
    assert os.path.exists(os.path.join(daemon.state, "zigbee-network.damaged"))
    daemon.stop()
    for name in ("zigbee-network", "zigbee-network.former"):
        assert not os.path.exists(os.path.join(daemon.state, name)) or kept(daemon, name)["network-key"].upper() == key


@pytest.mark.parametrize("radio", ["with its network", "blank"])
def test_nothing_is_formed_where_all_that_was_kept_is_damaged(ward, radio):
    """Whoever has lost the keys says so, and what to do; with a network in the radio it can be taken over."""
    mesh, daemon, bus, sub = begin(ward, {"room": ROOM}, events=watch(WATCHED, 2))
    bus.run("permit-join", seconds=60, anyone="yes")
    more_of(sub, "room", "humidity")
    wait_kept(daemon, formed="1")
    backup = bus.run("network-backup")["backup"]
    daemon.stop()
    for name in ("zigbee-network", "zigbee-network.former"):
        damage(os.path.join(daemon.state, name))
    if radio == "blank":
        mesh.stop()
        change(mesh, Network=0)
        mesh.start()
    formed = len(mesh.events("strange-callback"))
    daemon.start()
    daemon.wait_log("is not the gateway's; nothing is done to it")
    wait_served(daemon)
    network = bus.run("network")
    assert network["mismatch"] and network["state"] == "passive"
    assert "wardgatectl network restore FILE" in network["problem"], network
    assert ("wardgatectl network adopt" in network["problem"]) == (radio != "blank")
    assert len(mesh.events("strange-callback")) == formed
    if radio == "blank":
        name, why = refused(bus.run, "network-restore")
        assert name == "InvalidArgument" and "give a backup" in why
        bus.run("network-restore", backup=backup)
    else:
        bus.run("network-adopt")
    network_up(daemon)
    assert not bus.run("network")["mismatch"]
    more_of(sub, "room", "humidity")
    assert len(mesh.events("joined")) == (0 if radio == "blank" else 1)     # its log is new since it was unplugged


def test_a_channel_that_is_configured_is_taken_however_loud(ward):
    mesh = ward.mesh({}, radio={"Noise": "11:-30"})
    daemon, bus = served(ward, sections={**mesh.sections(), "CoAP": {"Enabled": "no"}, "Zigbee": {
        **mesh.sections()["Zigbee"], "Channel": "11"}}, devices={})
    network_up(daemon)
    daemon.wait_log("channel 11, as configured")
    assert network_of(mesh)["Channel"] == "11" and bus.run("network")["channel"] == 11


# --- the radio's network is not the one that is kept ---

def other_radio(mesh):
    change(mesh, EUI64="0102030405060708", Network=0)


def formed_elsewhere(mesh):
    """Another radio, with another network in it."""
    change(mesh, EUI64="0102030405060708", ExtendedPan="1122334455667788", Pan=0x1234, NetworkKey="5A" * 16)


MISMATCHES = {
    "another radio": (other_radio, "this is another radio", "restore"),
    "formed elsewhere": (formed_elsewhere, "this is another radio", "restore"),
    "forgotten": (lambda m: change(m, Network=0), "the radio has forgotten its network", "restore"),
    "PAN": (lambda m: change(m, Pan=0x1234), "another network than the one that is kept: the PAN;", "adopt"),
    "extended PAN": (lambda m: change(m, ExtendedPan="1122334455667788"), "the extended PAN;", "adopt"),
    "key": (lambda m: change(m, NetworkKey="5A" * 16), "the network key;", "adopt"),
    "channel": (lambda m: change(m, Channel=26), "the channel;", "adopt"),
}


@pytest.mark.slow
@pytest.mark.parametrize("how", MISMATCHES)
def test_another_network_is_left_alone(ward, how):
    """Nothing is formed or left, not a reading is taken, until somebody decides; it is a condition, and doctor knows
    the remedy. What is decided then is done."""
    spoil, words, remedy = MISMATCHES[how]
    mesh, daemon, bus, sub = begin(ward, {"room": ROOM}, events=watch(WATCHED, 2))
    alarms = Alarms(sub, daemon)
    bus.run("permit-join", seconds=60, anyone="yes")
    more_of(sub, "room", "humidity")
    wait_kept(daemon, formed="1")
    ours = kept(daemon)
    mesh.stop()
    spoil(mesh)
    found = network_of(mesh)
    at = daemon.mark()
    mesh.start()
    daemon.wait_log("is not the gateway's; nothing is done to it", at)
    network = bus.run("network")
    assert network["mismatch"] and network["state"] == "passive" and words in network["problem"], network
    start = alarms.phase("network-mismatch.gateway", "start")
    assert start["kind"] == "technical" and words.rstrip(";") in start["text"], start
    assert ";" not in start["text"] and len(start["text"]) < 160, start
    status, findings = doctor(daemon)
    wrong = [f for f in findings if f["area"] == "zigbee" and f["level"] == "wrong"]
    assert status != 0 and words.rstrip(";") in wrong[0]["found"], findings
    assert f"network {remedy}" in wrong[0]["remedy"], findings
    assert refused(bus.run, "permit-join", seconds=60)[1].startswith("the Zigbee network is not up: ")
    assert not mesh.events("strange-callback")
    now = network_of(mesh)
    assert {k: now[k] for k in found if k != "Counter"} == {k: found[k] for k in found if k != "Counter"}
    assert {k: v for k, v in kept(daemon).items() if k not in ("counter", "generation", "check")} == \
        {k: v for k, v in ours.items() if k not in ("counter", "generation", "check")}
    # decided
    at = daemon.mark()
    if remedy == "adopt":
        bus.run("network-adopt")
    else:
        bus.run("network-restore")
    network_up(daemon, at)
    wait_until(lambda: not bus.run("network")["mismatch"], "no mismatch")
    alarms.phase("network-mismatch.gateway", "end")
    if remedy == "restore":
        assert network_of(mesh)["NetworkKey"] == ours["network-key"].upper()
        assert network_of(mesh)["EUI64"] != "0102030405060708"
        more_of(sub, "room", "humidity")


def doctor(daemon):
    """Exit status and findings."""
    status, out, err = ctl("--config", daemon.config_path, "--json", "doctor")
    assert err == "", err
    return status, json.loads(out)["findings"]


def test_a_configured_key_that_is_not_the_kept_one(ward):
    """A mismatch by the configuration alone ends with it, for those who are told of alarms, too; and a radio that
    starts anew meanwhile is there again, whosever its network is."""
    mesh, daemon, bus, sub = begin(ward, {})
    alarms = Alarms(sub, daemon)
    wait_kept(daemon, formed="1")
    daemon.set("Zigbee", {"NetworkKey": ward.secret("network.key", "00112233445566778899aabbccddeeff\n")})
    at = daemon.reload()
    daemon.wait_log("NetworkKey= is not the key of the network that is kept; remove the setting", at)
    assert bus.run("network")["state"] == "passive"
    alarms.phase("network-mismatch.gateway", "start")
    mesh.do(None, "reset", Amount="0x03")
    alarms.phase("radio-reset.gateway", "start")
    alarms.phase("radio-reset.gateway", "end", deadline=60)
    assert bus.run("network")["state"] == "passive"
    daemon.set("Zigbee", {"NetworkKey": None})
    at = daemon.reload()
    network_up(daemon, at)
    assert not bus.run("network")["mismatch"]
    alarms.phase("network-mismatch.gateway", "end")
    alarms.check()


def test_a_key_that_cannot_be_read_changes_nothing(ward):
    """And once it can be read it counts, though no setting has changed since."""
    mesh, daemon, bus, sub = begin(ward, {"room": ROOM})
    bus.run("permit-join", seconds=60, anyone="yes")
    more_of(sub, "room", "humidity")
    key = ward.secret("network.key", "no key at all\n")
    daemon.set("Zigbee", {"NetworkKey": key})
    at = daemon.reload()
    daemon.wait_log("the driver keeps its old settings", at)
    more_of(sub, "room", "humidity")
    assert bus.run("network")["state"] == "up"
    with open(key, "w", encoding="utf-8") as f:
        f.write(network_of(mesh)["NetworkKey"] + "\n")
    at = daemon.reload()
    network_up(daemon, at)
    more_of(sub, "room", "humidity")


def test_a_key_of_the_configuration(ward):
    mesh = ward.mesh({})
    zigbee = {**mesh.sections()["Zigbee"], "NetworkKey": ward.secret("network.key", "00112233445566778899AABBCCDDEEFF")}
    daemon, bus = served(ward, sections={"Zigbee": zigbee, "CoAP": {"Enabled": "no"}}, devices={})
    network_up(daemon)
    assert network_of(mesh)["NetworkKey"] == "00112233445566778899AABBCCDDEEFF"
    assert "00112233445566778899" not in daemon.log().upper()


# --- open for a while ---

def permits(mesh):
    """How often the radio was told to open or close."""
    return len(mesh.events("strange-callback"))


@pytest.mark.slow
def test_open_only_for_a_while(ward):
    mesh, daemon, bus, sub = begin(ward, {}, events=watch(["0x0022"], 4))
    assert "open_s" not in bus.run("network")
    for seconds in (-1, 3601, 100000):
        assert refused(bus.run, "permit-join", seconds=seconds)[0] == "InvalidArgument"
    assert permits(mesh) == 0
    bus.run("permit-join", seconds=2)
    wait_until(lambda: permits(mesh) == 1, "it is open")
    daemon.wait_log("may join the Zigbee network SECONDS=2")
    assert bus.run("network").get("open_s", 1) in (1, 2)
    daemon.wait_log("may join the Zigbee network no longer")
    wait_until(lambda: permits(mesh) == 2, "it is closed")
    assert "open_s" not in bus.run("network")
    # prolonged, and cut short
    bus.run("permit-join", seconds=60)
    bus.run("permit-join", seconds=3600)
    assert 3590 < bus.run("network")["open_s"] <= 3600
    at = daemon.mark()
    bus.run("permit-join", seconds=0)
    daemon.wait_log("no longer", at)
    assert "open_s" not in bus.run("network")


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_window_survives_nothing(ward, end):
    """A stop closes it in the radio; a new start knows of none."""
    mesh, daemon, bus, sub = begin(ward, {"room": {**ROOM, "Join": "event"}}, events=[
        *watch(["0x0022"], 2), {"When": "command", "Command": "0x0010", "Nth": 2, "Device": "room", "Do": "join"}])
    bus.run("permit-join", seconds=600, anyone="yes")
    wait_until(lambda: permits(mesh) == 1, "it is open")
    if end == "stop":
        daemon.stop()
        wait_until(lambda: permits(mesh) == 2, "it is closed")
    else:
        daemon.kill()
    daemon.start()
    network_up(daemon)
    wait_served(daemon)
    assert "open_s" not in bus.run("network")
    wait_until(lambda: mesh.events("join"), "somebody tries", 40)
    assert permits(mesh) == (2 if end == "stop" else 1)
    assert not mesh.events("joined") and not mesh.events("join-refused")


# --- who may come in ---

def x25(data):
    """The check of an install code, by the book."""
    crc = 0xffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x8408 if crc & 1 else 0)
    return crc ^ 0xffff


CODES = {f"{n}-{order}": (bytes(range(0x31, 0x31 + n)), order) for n in (6, 8, 12, 16) for order in ("little", "big")}


def test_install_codes_of_all_lengths_and_both_orders(ward):
    """What is printed on the device, in the order of its maker; typed as people type."""
    codes = {name: (body + x25(body).to_bytes(2, order)).hex().upper() for name, (body, order) in CODES.items()}
    devices = {f"s{name}": {**ROOM, "EUI64": f"A4:C1:38:00:00:00:03:{n:02X}", "InstallCode": code, "Sleepy": "no"}
               for n, (name, code) in enumerate(codes.items())}
    mesh, daemon, bus, sub = begin(ward, devices)
    wrong = codes["16-little"][:-1] + ("0" if codes["16-little"][-1] != "0" else "1")
    name, why = refused(bus.run, "permit-join", seconds=60, device="s16-little", install_code=wrong)
    right = x25(CODES["16-little"][0])
    assert name == "InvalidArgument" and f"{right.to_bytes(2, 'little').hex().upper()}" in why, why
    assert f"{right.to_bytes(2, 'big').hex().upper()}" in why
    assert refused(bus.run, "permit-join", seconds=60, device="s6-big", install_code="0011")[0] == "InvalidArgument"
    assert "open_s" not in bus.run("network")
    for name, code in codes.items():
        typed = "-".join(code[i:i + 4] for i in range(0, len(code), 4)).lower()
        bus.run("permit-join", seconds=120, device=f"s{name}", install_code=typed)
    wait_until(lambda: len({r["device"] for r in mesh.events("joined")}) == len(codes),
               lambda: f"all of {sorted(codes)}: {mesh.events('joined')}", 60)
    assert not any(code in daemon.log().upper() for code in codes.values())


@pytest.mark.slow
def test_who_has_no_key_is_refused_and_told_once(ward):
    """The well-known key needs the configuration's word and the command's; others are counted."""
    mesh, daemon, bus, sub = begin(ward, {"room": ROOM, "door": {"Kind": "contact", "EUI64": "A4:C1:38:00:00:00:00:02",
                                                              "InstallCode": CODE}})
    bus.run("permit-join", seconds=120)
    wait_until(lambda: len(mesh.events("join-refused")) >= 4, "both try", 60)
    daemon.wait_log('a device may not join the Zigbee network: see REASON ADDRESS="0xa4c1380000000001"')
    assert daemon.count_log("a device may not join") == 2
    assert not mesh.events("joined")
    # one is let in, the other stays out
    bus.run("permit-join", seconds=120, device="door", install_code=CODE)
    wait_until(lambda: mesh.events("joined"), "it comes in", 60)
    refusals = len(mesh.events("join-refused"))
    wait_until(lambda: len(mesh.events("join-refused")) > refusals, "the other tries")
    assert [r["device"] for r in mesh.events("joined")] == ["door"]
    assert daemon.count_log("a device may not join") == 2
    daemon.set("Zigbee", {"AllowWellKnownKey": "no"})
    at = daemon.reload()
    network_up(daemon, at)
    name, why = refused(bus.run, "permit-join", seconds=60, anyone="yes")
    assert name == "Refused" and "AllowWellKnownKey=yes" in why


def test_the_code_of_the_configuration(ward):
    """InstallCode= is used whenever the network is opened, so that nobody has to type it."""
    mesh = ward.mesh({"room": {**ROOM, "InstallCode": CODE}})
    sections = mesh.sections(room={"InstallCode": ward.secret("room.code", CODE + "\n")})
    daemon, bus = served(ward, sections={**sections, "CoAP": {"Enabled": "no"}}, devices={})
    network_up(daemon)
    bus.run("permit-join", seconds=60)
    wait_until(lambda: mesh.events("joined"), "it comes in", 60)
    assert CODE not in daemon.log()
