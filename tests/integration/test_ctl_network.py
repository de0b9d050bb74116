"""What an operator does with Zigbee devices by wardgatectl: letting them in, finding them, looking after them, taking
them out; the network's backup, and a spare gateway that goes on with a spare radio."""
import json
import os
import re

import pytest

from ward.base import wait_until
from ward.bus import served
from ward.ctl import Terminal, ctl, one_line

from test_zigbee import CODE, begin, more_of, network_up, readings
from test_zigbee_network import ROOM, doctor

PLUG = {"Kind": "plug", "EUI64": "A4:C1:38:00:00:00:00:02", "Interval": "500ms", "Reporting": "always"}
DOOR = {"Kind": "contact", "EUI64": "A4:C1:38:00:00:00:00:03", "InstallCode": CODE, "Poll": "20ms"}


class Hand:
    """wardgatectl on a daemon's configuration."""

    def __init__(self, daemon):
        self.options = ["--config", daemon.config_path]

    def run(self, *arguments, code=0, **kwargs):
        """Standard output; with another code than 0 the one line that says why."""
        status, out, err = ctl(*self.options, *arguments, **kwargs)
        assert status == code, (status, out, err)
        assert err == "" if code == 0 else one_line(err), err
        return out if code == 0 else err

    def json(self, *arguments):
        return json.loads(self.run("--json", *arguments))

    def device(self, name):
        return self.json("device", name)

    def state(self, name):
        return self.device(name)["link"]["state"]


@pytest.fixture
def terminal():
    made = []

    def start(hand, *arguments, **kwargs):
        made.append(Terminal(*hand.options, *arguments, **kwargs))
        return made[-1]
    yield start
    for t in made:
        t.end()


def joined(hand, *names):
    for name in names:
        wait_until(lambda n=name: hand.state(n) == "joined", lambda n=name: f"{n}: {hand.device(n)}", 60)


def test_letting_in_and_looking_after(ward, terminal):
    """permit-join, network, devices, device, identify, interview: as tables that fit a terminal, and as JSON."""
    mesh, daemon, bus, sub = begin(ward, {"room": ROOM, "plug": PLUG}, events=[
        {"When": "command", "Command": "0x0022", "Do": "strange-callback"}])
    hand = Hand(daemon)
    assert "Put the device into its joining mode" in hand.run("permit-join", "--anyone").replace("\n", " ")
    assert hand.json("network")["open_s"] <= 120
    assert re.search(r"^ *network +up, channel \d+, \d in it, OPEN to new devices for \d+ s$", hand.run("status"),
                     re.M)
    joined(hand, "room", "plug")
    t = terminal(hand, "devices")
    assert t.ends() == 0
    assert max(map(len, t.text.splitlines())) <= 80, t.text
    out = hand.run("devices", COLUMNS="200")
    assert re.search(r"^plug .* zigbee router \d+ .*wardsim ws-plug", out, re.M), out
    assert re.search(r"^room .* zigbee \d+ .*wardsim ws-climate", out, re.M), out
    for name, words in (("plug", "a router"), ("room", "an end device")):
        assert f"in the network, {words}, quality" in hand.run("device", name)
    out = hand.run("network")
    assert re.search(r"^ *state +up$", out, re.M) and re.search(r"^ *devices +2$", out, re.M)
    assert re.search(r"^ *radio +[0-9a-f]{16}, EZSP 13, firmware 7\.4\.", out, re.M), out
    assert set(hand.json("network")) >= {"state", "mismatch", "devices", "channel", "pan", "coordinator", "open_s"}
    assert "closed" in hand.run("permit-join", "--end")
    assert "open_s" not in hand.json("network") and "OPEN" not in hand.run("status")
    # one among many: both can blink, the sleeping one when it wakes
    at = len(mesh.lines())
    assert "told to show itself for 15 s" in hand.run("identify", "plug").replace("\n", " ")
    assert hand.json("identify", "room", "0") == {}
    # asked anew: everything is read again, and set up again
    assert "asked anew" in hand.run("interview", "room")
    joined(hand, "room")
    more_of(sub, "room", "humidity")
    assert len(mesh.lines()) > at
    status, findings = doctor(daemon)
    (good,) = [f for f in findings if f["area"] == "zigbee"]
    assert good["level"] == "good" and "2 devices" in good["found"] and "EZSP 13" in good["found"]


def test_what_is_asked_in_vain(ward):
    """Exit statuses, and one line that says what would be right."""
    mesh, daemon, bus, sub = begin(ward, {"room": {**ROOM, "Join": "event"}}, wait=True)
    daemon.set("Device ox", {"Transport": "coap", "Address": "ox-1"})
    daemon.set("CoAP", {"Enabled": "yes"})
    at = daemon.reload()
    daemon.wait_log("configuration reloaded", at)
    hand = Hand(daemon)
    for arguments, code, part in (
            (["permit-join", "0"], 64, "give 1 to 3600 seconds"),
            (["permit-join", "3601"], 64, "give 1 to 3600 seconds"),
            (["permit-join", "1h"], 64, "give 1 to 3600 seconds"),
            (["permit-join", "--install-code", CODE], 64, "together"),
            (["permit-join", "--device", "room", "--install-code", "1234"], 64, "16, 20, 28 nor 36"),
            (["permit-join", "--device", "room", "--install-code", CODE[:-1] + "6"], 64, "C3B5 or B5C3"),
            (["identify"], 64, "needs a name"),
            (["identify", "room", "601"], 64, "0 to 600"),
            (["identify", "room"], 1, "not in the network"),
            (["identify", "nobody"], 1, "no device nobody"),
            (["identify", "ox"], 1, "no Zigbee device"),
            (["interview", "room"], 1, "not in the network"),
            (["network", "leave"], 64, "knows no \"leave\""),
            (["network", "adopt", "--yes"], 1, "there is no mismatch"),
            (["network", "adopt"], 64, "say --yes"),
            (["network", "backup"], 64, "name of a file"),
            (["network", "restore", "/nonexistent", "--yes"], 1, "cannot be read"),
            (["network", "restore", "/etc/passwd", "--yes"], 64, "no backup"),
            (["network", "remove"], 64, "needs an address"),
            (["network", "remove", "a4c1380000000001", "--yes"], 64, "EUI-64"),
            (["network", "remove", "0xa4c1380000000001", "--yes"], 1, "forget room"),
            (["network", "remove", "0xa4c1380000000099", "--yes"], 1, "not in the network")):
        assert part in hand.run(*arguments, code=code), arguments


@pytest.mark.slow
def test_adopted_in_one_step_and_forgotten(ward, terminal):
    """A new device, by what is printed on it: adopted, let in, heard; then forgotten, and it leaves."""
    mesh = ward.mesh({"door": DOOR})
    broker = ward.broker()
    sub = ward.subscriber(broker)
    daemon, bus = served(ward, broker=broker, devices={}, sections={
        "Zigbee": mesh.sections()["Zigbee"], "CoAP": {"Enabled": "no"}})
    network_up(daemon)
    hand = Hand(daemon)
    t = terminal(hand, "adopt")
    t.wait("z: a new Zigbee device")
    t.line("z")
    t.wait("as printed on it")
    t.line("door 3")
    t.wait("16 hex digits")
    t.line(DOOR["EUI64"].lower())
    t.wait("Its install code")
    t.line(CODE)
    t.wait("Name of the device")
    t.line("fridge-door")
    t.wait("Bed \\[")
    t.line("")
    t.wait("fridge-door has joined")
    assert t.ends() == 0 and CODE not in daemon.log()
    assert max(map(len, t.text.splitlines())) <= 120
    joined(hand, "fridge-door")
    wait_until(lambda: readings(sub, "fridge-door", "contact"), "its first reading", 60)
    assert "is forgotten" in hand.run("forget", "fridge-door", "--yes")
    wait_until(lambda: mesh.events("left"), "it leaves", 60)
    assert "no device" in hand.run("device", "fridge-door", code=1)
    wait_until(lambda: hand.json("network")["devices"] == 0, lambda: f"nobody in {hand.json('network')}")
    path = os.path.join(daemon.state, "zigbee-devices")
    address = DOOR["EUI64"].replace(":", "").lower()
    wait_until(lambda: address not in open(path, encoding="utf-8").read(), lambda: open(path, encoding="utf-8").read())
    # the network is open still, but not to it: its code is forgotten, too
    wait_until(lambda: mesh.events("join-refused"), "it tries again")
    assert len(mesh.events("joined")) == 1 and hand.json("network")["devices"] == 0


def test_a_stranger_in_the_network(ward):
    """One that is a member and is not configured is shown by discover, adopted from there, or sent away."""
    mesh = ward.mesh({"room": ROOM, "plug": PLUG})
    broker = ward.broker()
    sub = ward.subscriber(broker)
    zigbee = {**mesh.sections()["Zigbee"], "AllowWellKnownKey": "yes"}
    daemon, bus = served(ward, broker=broker, devices={}, sections={"Zigbee": zigbee, "CoAP": {"Enabled": "no"}})
    network_up(daemon)
    hand = Hand(daemon)
    hand.run("permit-join", "60", "--anyone")

    def strangers():
        return {u["address"]: u for u in hand.json("discover", "0")["unknown"]}
    room, plug = "0xa4c1380000000001", "0xa4c1380000000002"
    wait_until(lambda: {room, plug} <= set(strangers()) and strangers()[room].get("name") == "ws-climate",
               lambda: f"both, and what they are: {strangers()}", 60)
    hand.run("permit-join", "--end")
    hand.run("adopt", room, "bed3-room", "3")
    wait_until(lambda: readings(sub, "bed3-room", "humidity"), "its readings", 60)
    assert room not in strangers()
    assert "told to leave" in hand.run("network", "remove", plug, "--yes")
    wait_until(lambda: mesh.events("left"), "it leaves", 60)
    wait_until(lambda: hand.json("network")["devices"] == 1, lambda: f"one in {hand.json('network')}")
    assert [r["device"] for r in mesh.events("left")] == ["plug"]


def test_asked_before_it_is_done(ward, terminal):
    """On a terminal: what it means first, and nothing without a yes."""
    mesh, daemon, bus, sub = begin(ward, {"room": {**ROOM, "Join": "event"}})
    hand = Hand(daemon)
    for arguments, words in ((["network", "adopt"], "is the gateway's from now on"),
                             (["network", "restore"], "must never be\nswitched on again"),
                             (["network", "remove", "0xa4c1380000000077"], "told to leave")):
        t = terminal(hand, *arguments)
        t.wait("Do it\\? \\[y/N\\]")
        assert words in t.text and max(map(len, t.text.splitlines())) <= 100, t.text
        t.line("n")
        assert t.ends() == 1 and "nothing was done" in t.text
    assert hand.json("network")["state"] == "up" and daemon.count_log("is started anew") == 0
