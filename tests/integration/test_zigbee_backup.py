"""Backups of the Zigbee network: in the format that other programs read, into another radio, from another program's
coordinator; a whole gateway that is replaced together with its radio; and keys that nobody sees."""
import json
import os
import re
import shutil
import stat

import pytest

from ward.base import wait_until
from ward.bus import served, wait_served

from test_ctl_network import Hand
from test_zigbee import CODE, begin, more_of, network_up, readings
from test_zigbee_network import ROOM, change, kept, network_of, wait_kept

MARGIN = 1 << 20
SPARE = "0102030405060708"      # EUI-64 of another radio, as it stands in the simulator's file


def reversed_hex(text):
    return bytes.fromhex(text)[::-1].hex()


def number(value, least, most):
    assert isinstance(value, int) and not isinstance(value, bool) and least <= value <= most, value


def digits(text, count):
    assert isinstance(text, str) and re.fullmatch(f"[0-9a-fA-F]{{{count}}}", text), text


def check_format(b):
    """As the format's own schema has it (zigpy/open-coordinator-backup, version 1), key by key."""
    assert set(b) <= {"metadata", "stack_specific", "coordinator_ieee", "pan_id", "extended_pan_id", "nwk_update_id",
                      "security_level", "channel", "channel_mask", "network_key", "devices"}
    m = b["metadata"]
    assert set(m) == {"format", "version", "source", "internal"}
    assert (m["format"], m["version"]) == ("zigpy/open-coordinator-backup", 1)
    assert re.fullmatch(r"[A-Za-z0-9_-]+@\S+", m["source"]) and isinstance(m["internal"], dict)
    for key, count in (("coordinator_ieee", 16), ("pan_id", 4), ("extended_pan_id", 16)):
        digits(b[key], count)
    number(b["nwk_update_id"], 0, 255)
    number(b["security_level"], 0, 7)
    number(b["channel"], 11, 26)
    for channel in b["channel_mask"]:
        number(channel, 11, 26)
    digits(b["network_key"]["key"], 32)
    number(b["network_key"]["sequence_number"], 0, 255)
    number(b["network_key"]["frame_counter"], 0, 0xffffffff)
    digits(b["stack_specific"]["ezsp"]["hashed_tclk"], 32)
    for d in b["devices"]:
        assert set(d) <= {"nwk_address", "ieee_address", "link_key"}
        digits(d["ieee_address"], 16)
        assert d["nwk_address"] is None or digits(d["nwk_address"], 4) is None
        if "link_key" in d:
            assert set(d["link_key"]) == {"key", "rx_counter", "tx_counter"}
            digits(d["link_key"]["key"], 32)
    return b


def with_a_room(ward, **kwargs):
    mesh, daemon, bus, sub = begin(ward, {"room": ROOM}, **kwargs)
    bus.run("permit-join", seconds=120, anyone="yes")
    more_of(sub, "room", "humidity")
    wait_until(lambda: bus.run("network")["devices"] == 1, "it is known")
    wait_kept(daemon, formed="1")
    return mesh, daemon, bus, sub, Hand(daemon)


def another_radio(mesh):
    """In the place of the one that is there; nothing is in it."""
    mesh.stop()
    change(mesh, EUI64=SPARE, Network=0, Counter=0)
    mesh.start()


def test_a_backup_that_others_read(ward, tmp_path):
    mesh, daemon, bus, sub, hand = with_a_room(ward)
    path = str(tmp_path / "network.json")
    assert "keep it where nobody else reads it" in hand.run("network", "backup", path)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    with open(path, encoding="ascii") as f:
        text = f.read()
    b, radio = check_format(json.loads(text)), network_of(mesh)
    assert b["network_key"]["key"].upper() == radio["NetworkKey"]
    assert b["stack_specific"]["ezsp"]["hashed_tclk"].upper() == radio["TrustCenterKey"]
    assert b["coordinator_ieee"] == reversed_hex(radio["EUI64"])
    assert b["extended_pan_id"] == reversed_hex(radio["ExtendedPan"])
    assert (int(b["pan_id"], 16), b["channel"]) == (int(radio["Pan"]), int(radio["Channel"]))
    assert [d["ieee_address"] for d in b["devices"]] == [ROOM["EUI64"].replace(":", "").lower()]
    # not over a file that is there, unless asked; then whole, and as secret
    assert "is there already" in hand.run("network", "backup", path, code=1)
    with open(path, encoding="ascii") as f:
        assert f.read() == text
    os.chmod(path, 0o644)
    hand.run("network", "backup", path, "--force")
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    with open(path, encoding="ascii") as f:
        assert check_format(json.load(f))["network_key"]["key"] == b["network_key"]["key"]
    assert sorted(os.listdir(tmp_path)) == ["network.json"]
    assert hand.json("network", "backup", str(tmp_path / "second")) == {"file": str(tmp_path / "second")}
    assert "cannot be written" in hand.run("network", "backup", "/nonexistent/x", code=1)


def test_into_another_radio_by_the_file(ward, tmp_path):
    """The gateway has lost what it kept, and its radio: the backup brings both back; devices notice nothing, for the
    new radio counts on from beyond what the old one can have said."""
    mesh, daemon, bus, sub, hand = with_a_room(ward)
    path = str(tmp_path / "network.json")
    hand.run("network", "backup", path)
    key, address = network_of(mesh)["NetworkKey"], network_of(mesh)["EUI64"]
    with open(path, encoding="ascii") as f:
        counter = json.load(f)["network_key"]["frame_counter"]
    daemon.stop()
    for name in ("zigbee-network", "zigbee-network.former"):
        os.unlink(os.path.join(daemon.state, name))
    another_radio(mesh)
    daemon.start()
    daemon.wait_log("what was kept of the network cannot be read")
    wait_served(daemon)
    at = daemon.mark()
    assert "It is being restored" in hand.run("network", "restore", path, "--yes")
    network_up(daemon, at)
    more_of(sub, "room", "humidity")
    radio = network_of(mesh)
    assert (radio["NetworkKey"], radio["EUI64"]) == (key, address)
    assert int(radio["Counter"]) >= counter + MARGIN
    assert int(kept(daemon)["counter"]) >= counter + MARGIN
    assert not mesh.events("joined")


@pytest.mark.slow
def test_the_counter_never_goes_back(ward):
    """However often it is restored, into whatever radio."""
    mesh, daemon, bus, sub, hand = with_a_room(ward)
    last = 0
    for _ in range(3):
        at = daemon.mark()
        another_radio(mesh)
        daemon.wait_log("network is not the gateway's", at)
        at = daemon.mark()
        hand.run("network", "restore", "--yes")
        network_up(daemon, at)
        more_of(sub, "room", "humidity")
        now = int(network_of(mesh)["Counter"])
        assert now >= last + MARGIN
        last = now


OTHERS = {
    "zigpy": {"metadata": {"version": 1, "format": "zigpy/open-coordinator-backup", "source": "bellows@0.34.2",
                           "internal": {}}},
    "zigbee2mqtt, this maker's": {"metadata": {"format": "zigpy/open-coordinator-backup", "version": 1,
                                               "source": "zigbee-herdsman@10.9.2", "internal": {"ezspVersion": 13}}},
    "zigbee2mqtt, another maker's": {"metadata": {"format": "zigpy/open-coordinator-backup", "version": "0.0.1",
                                                  "source": "zigbee-herdsman@0.13.65",
                                                  "internal": {"znpVersion": 2}}},
}


def written_by(who, radio):
    """The network of that radio as the other program writes it."""
    b = {**OTHERS[who], "security_level": 5, "nwk_update_id": 0, "channel": int(radio["Channel"]),
         "channel_mask": [int(radio["Channel"])], "pan_id": f"{int(radio['Pan']):04x}",
         "network_key": {"key": radio["NetworkKey"].lower(), "sequence_number": int(radio["KeySequence"]),
                         "frame_counter": 50000}}
    address, extended = reversed_hex(radio["EUI64"]), reversed_hex(radio["ExtendedPan"])
    device = ROOM["EUI64"].replace(":", "").lower()
    if who == "zigbee2mqtt, another maker's":
        b["stack_specific"] = {"zstack": {"tclk_seed": "4973f5450493c3cd90552c5f1d388a12"}}
        b["devices"] = [
            {"nwk_address": "1ad9", "ieee_address": device,
             "link_key": {"key": "9c88e969f3d3d23cd557304f2ac9cb97", "rx_counter": 6, "tx_counter": 10098}},
            {"nwk_address": "1ea2", "ieee_address": "00158d0002ec571d",
             "link_key": {"key": "0b88e969f3d3d23cd557304f2ac9cb97", "rx_counter": 0, "tx_counter": 17}}]
    else:
        b["stack_specific"] = {"ezsp": {"hashed_tclk": radio["TrustCenterKey"].lower()}}
        b["devices"] = []
    if who == "zigbee2mqtt, this maker's":
        address, extended, b["pan_id"] = radio["EUI64"].lower(), radio["ExtendedPan"].lower(), f"{int(radio['Pan']):x}"
    return {**b, "coordinator_ieee": address, "extended_pan_id": extended}


@pytest.mark.parametrize("who", [pytest.param(who, marks=() if "another" in who else pytest.mark.slow)
                                 for who in OTHERS])
def test_from_another_program(ward, tmp_path, who):
    """Its network goes on in this gateway and another radio, with the keys that single devices have."""
    mesh, daemon, bus, sub, hand = with_a_room(ward)
    old = network_of(mesh)
    path = tmp_path / "coordinator_backup.json"
    path.write_text(json.dumps(written_by(who, old)))
    # a gateway that knows nothing of it, and a radio out of the box: it forms a network of its own
    daemon.stop()
    shutil.rmtree(daemon.state)
    another_radio(mesh)
    daemon.start()
    network_up(daemon)
    wait_served(daemon)
    wait_until(lambda: network_of(mesh)["NetworkKey"] != old["NetworkKey"], "a network of its own")
    assert bus.run("network")["devices"] == 0
    at = daemon.mark()
    answer = hand.json("network", "restore", str(path), "--yes")
    # what is lost is said: that maker's stack makes keys otherwise
    assert ("have to join anew" in answer.get("note", "")) == ("another" in who)
    network_up(daemon, at)
    more_of(sub, "room", "humidity")
    same = ("NetworkKey", "EUI64", "ExtendedPan", "Pan", "Channel")
    wait_until(lambda: all(network_of(mesh)[n] == old[n] for n in same), lambda: f"{old} in {network_of(mesh)}")
    new = network_of(mesh)
    assert int(new["Counter"]) >= 50000 + MARGIN
    assert not mesh.events("joined")
    with open(mesh.state_path, encoding="utf-8") as f:
        links = re.findall(r"^LinkKey=(\S+) (\S+)$", f.read(), re.M)
    if "another" in who:
        assert links == [(reversed_hex(ROOM["EUI64"].replace(":", "")).upper(), "9C88E969F3D3D23CD557304F2AC9CB97"),
                         (reversed_hex("00158d0002ec571d").upper(), "0B88E969F3D3D23CD557304F2AC9CB97")]
        # and they stand in a backup of ours
        hand.run("network", "backup", str(tmp_path / "ours"))
        with open(tmp_path / "ours", encoding="ascii") as f:
            ours = check_format(json.load(f))
        assert {d["ieee_address"]: d["link_key"]["key"] for d in ours["devices"] if "link_key" in d} == {
            ROOM["EUI64"].replace(":", "").lower(): "9c88e969f3d3d23cd557304f2ac9cb97",
            "00158d0002ec571d": "0b88e969f3d3d23cd557304f2ac9cb97"}
    else:
        assert new["TrustCenterKey"] == old["TrustCenterKey"] and not links


@pytest.mark.slow
def test_a_spare_gateway_with_a_spare_radio(ward, tmp_path):
    """wardgatectl backup and restore carry the network and what is known of devices: nothing has to join, nothing is
    asked anew; a person writes the network into the new radio."""
    mesh, daemon, bus, sub, hand = with_a_room(ward)
    wait_until(lambda: hand.state("room") == "joined", "it is set up", 60)
    known = os.path.join(daemon.state, "zigbee-devices")
    wait_until(lambda: os.path.exists(known) and "ws-climate" in open(known, encoding="utf-8").read(),
               "what is known of it is on the disk")
    passphrase = ward.secret("passphrase", "correct horse battery\n")
    path, key = str(tmp_path / "gateway.backup"), network_of(mesh)["NetworkKey"]
    hand.run("backup", path, "--passphrase-file", passphrase)
    with open(path, "rb") as f:
        assert key.lower().encode() not in f.read().lower()
    daemon.stop()
    # the spare unit: nothing of the old one is there
    shutil.rmtree(daemon.state)
    os.unlink(daemon.config_path)
    hand.run("restore", path, "--passphrase-file", passphrase, "--yes")
    for name in ("zigbee-network", "zigbee-devices"):
        assert stat.S_IMODE(os.stat(os.path.join(daemon.state, name)).st_mode) == 0o600
    another_radio(mesh)
    daemon.start(write=False)
    daemon.wait_log("this is another radio")
    wait_served(daemon)
    at = daemon.mark()
    hand.run("network", "restore", "--yes")
    network_up(daemon, at)
    more_of(sub, "room", "humidity")
    assert network_of(mesh)["NetworkKey"] == key and not mesh.events("joined")
    device = hand.device("room")
    assert (device["maker"], device["model"]) == ("wardsim", "ws-climate")
    assert daemon.count_log("a device is set up") == 0      # it was


def test_nobody_sees_a_key(ward, tmp_path):
    """Not in the log, the answers for programs, what is published, the audit trail, or another file than those that
    are for it."""
    mesh, daemon, bus, sub = begin(ward, {"room": {**ROOM, "InstallCode": CODE}})
    hand = Hand(daemon)
    hand.run("permit-join", "60", "--device", "room", "--install-code", CODE)
    more_of(sub, "room", "humidity")
    path = str(tmp_path / "network.json")
    hand.run("network", "backup", path)
    at = daemon.mark()
    hand.run("network", "restore", path, "--yes")
    network_up(daemon, at)
    looks = ["network"], ["devices"], ["device", "room"], ["status"], ["audit"]
    shown = [hand.run(*a) for a in looks] + [hand.run("--json", *a) for a in looks]
    shown.append(json.dumps(bus.properties()))
    daemon.stop()
    radio = network_of(mesh)
    secrets = [radio["NetworkKey"], radio["TrustCenterKey"], CODE, "66B6900981E1EE3CA4206B6B861C02BB"]
    everywhere = "\n".join([daemon.log(), *shown, *(m.topic + " " + m.payload.decode(errors="replace")
                                                   for m in sub.messages)]).upper().replace(":", "").replace(" ", "")
    for secret in secrets:
        assert secret not in everywhere, secret
    allowed = {"zigbee-network", "zigbee-network.former"}
    for top, _, names in os.walk(daemon.dir):
        for name in names:
            if not os.path.isfile(os.path.join(top, name)):
                continue        # a socket
            with open(os.path.join(top, name), "rb") as f:
                data = f.read()
            for secret in secrets:
                found = secret.encode() in data.upper() or bytes.fromhex(secret) in data
                assert not found or name in allowed, (name, secret)
                if found:
                    assert stat.S_IMODE(os.stat(os.path.join(top, name)).st_mode) == 0o600
    assert readings(sub, "room", "humidity")


def test_commands_from_afar(ward):
    """identify, interview and permit-join over MQTT, where they are named; what takes or gives keys only on the bus."""
    mesh = ward.mesh({"room": ROOM})
    broker = ward.broker()
    sub = ward.subscriber(broker)
    sections = mesh.sections()
    sections["Zigbee"]["AllowWellKnownKey"] = "yes"
    daemon, bus = served(ward, broker=broker, devices={}, sections={
        **sections, "CoAP": {"Enabled": "no"}, "MQTT": {"Commands": "permit-join identify interview forget"}})
    network_up(daemon)

    def ask(verb, request, **more):
        at = sub.mark()
        sub.publish(daemon.gateway_topic(f"commands/{verb}"),
                    json.dumps({"request": request, "by": "station-2", **more}).encode())
        return sub.wait_topic(daemon.gateway_topic("responses"),
                              lambda m: m.payload and m.json.get("request") == request, at).json
    assert ask("permit-join", "1", seconds=60, anyone="yes")["ok"]
    more_of(sub, "room", "humidity")
    wait_until(lambda: json.loads(bus.call("GetDevice", "s", "room"))["link"]["state"] == "joined", "it is set up", 60)
    assert ask("interview", "3", device="room")["ok"]
    wait_until(lambda: ask("identify", f"2{len(sub.messages)}", device="room", seconds=5)["ok"], "it can blink", 60)
    answer = ask("identify", "4", device="nobody")
    assert not answer["ok"] and "no device nobody" in answer["error"]
    assert not ask("network-backup", "5")["ok"]
    assert ask("permit-join", "6", seconds=0)["ok"]
    assert "open_s" not in bus.run("network")
