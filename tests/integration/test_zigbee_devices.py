"""Zigbee devices as members of a network: how they are set up, move, leave, fall silent and come back."""
import json
import os

import pytest

from test_zigbee import begin, let_in, network_up
from test_zigbee_events import Events, members, state_of, through
from ward.base import wait_until
from ward.bus import wait_served
from ward.zigbee_hall import WARD, Hall

DOOR = {"Kind": "contact", "Poll": "20ms"}
LATER = {"Interval": "1h", "Poll": "20ms"}     # it is told to report, and does so now and then


def link(bus, name):
    return json.loads(bus.call("GetDevice", "s", name)).get("link", {})


def state(bus, name):
    """As the registry has it: never-heard, present, silent."""
    return json.loads(bus.call("GetDevice", "s", name))["state"]


def settled(bus, *names, deadline=60):
    wait_until(lambda: {state_of(bus, n) for n in names} == {"joined"},
               lambda: f"set up: {[(n, link(bus, n)) for n in names]}", deadline)


def notes(daemon, text, at=0):
    return [line for line in list(daemon.process.lines)[at:] if text in line]


# ---- setting up

# How each wants it, and of how many clusters it has to be asked for what it does not report.
ZONES = {"asks": ({"Enroll": "request"}, 0), "waits": ({"Enroll": "auto"}, 0), "both": ({"Enroll": "both"}, 0),
         "unbound": ({"RefusesBind": "yes"}, 0), "unreported": ({"RefusesReporting": "yes"}, 2)}


def test_a_zone_is_enrolled_whichever_way_it_wants(ward):
    mesh, daemon, bus, sub = members(ward, {n: {**DOOR, **keys} for n, (keys, _) in ZONES.items()})
    assert sorted(e["device"] for e in mesh.events("enrolled")) == sorted(ZONES)
    for name, (_, asked) in ZONES.items():
        document = json.loads(bus.call("GetDevice", "s", name))
        assert (document["maker"], document["model"]) == ("wardsim", "ws-contact")
        assert document["link"].get("asked_for", 0) == asked, document
        assert not document["link"]["router"] and document["link"]["quality"] > 150
        came = Events(sub, name, "contact")
        mesh.turn(name, "contact", "false")
        mesh.turn(name, "contact", "true")
        through(mesh, sub)
        assert [r["value"] for r in came.all()] == [False, True]


@pytest.mark.slow
def test_a_zone_that_lets_nobody_enrol_it_is_said_to_be_mute(ward):
    """It is heard and looks well, and would tell of no fire."""
    mesh, daemon, bus, sub = members(ward, {"door": {**DOOR, "Enroll": "never"}, "other": DOOR})
    daemon.wait_log("a device lets nobody enrol its alarm zone")
    assert link(bus, "door")["mute"] is True and "mute" not in link(bus, "other")

    def problem():
        return bus.run("status")["drivers"]["zigbee"].get("problem", "")
    wait_until(lambda: problem().startswith("door lets nobody enrol its alarm zone"), problem)


def test_routers_are_told_from_those_that_sleep(ward):
    mesh, daemon, bus, sub = members(ward, {"plug": {"Kind": "plug", **LATER}, "room": {"Kind": "climate", **LATER},
                                            "hub": {"Kind": "router"}})
    assert {n: link(bus, n)["router"] for n in mesh.devices} == {"plug": True, "room": False, "hub": True,
                                                                 "last": False}
    assert link(bus, "room")["heard_ms_ago"] >= 0
    document = json.loads(bus.call("GetDevice", "s", "room"))
    assert document["maker"] == "wardsim" and document["state"] == "present" and document["link_quality"] > 150
    assert document["last_heard"] <= document["time"]


@pytest.mark.slow
def test_an_interview_goes_on_after_a_kill_and_a_reset(ward):
    """At whatever request it was: it is asked nothing twice that it has answered, and set up in the end."""
    mesh, daemon, bus, sub = begin(ward, {"air": {"Kind": "air", "EUI64": "A4:C1:38:00:00:00:05:01"},
                                          "door": {**DOOR, "EUI64": "A4:C1:38:00:00:00:05:02"}}, events=[
        {"When": "bind", "Nth": "2", "Device": "air", "Do": "vanish"}])
    let_in(bus)
    wait_until(lambda: mesh.events("vanish") and state_of(bus, "door") == "joined", "the middle of an interview")
    kept = os.path.join(daemon.state, "zigbee-devices")
    wait_until(lambda: os.path.exists(kept) and "ws-air" in open(kept, encoding="utf-8").read(), "what is known of it")
    assert link(bus, "air")["state"] == "setting-up"
    daemon.kill()
    daemon.start()
    wait_served(daemon)
    network_up(daemon)
    at = daemon.mark()
    mesh.do(None, "reset", Amount="3")
    daemon.wait_log("the Zigbee radio is started anew", at)
    assert link(bus, "air")["state"] == "setting-up"
    mesh.do("air", "vanish")
    settled(bus, "air", "door")
    assert len(mesh.events("joined")) == len(mesh.events("enrolled")) + 1 == 2
    assert json.loads(bus.call("GetDevice", "s", "air"))["model"] == "ws-air"


@pytest.mark.slow
def test_a_sleeper_that_hardly_listens_is_set_up_piece_by_piece(ward):
    """It asks its parent only after it has said something: a request for each report; killed between, it goes on."""
    mesh, daemon, bus, sub = begin(ward, {"room": {"Kind": "climate", "EUI64": "A4:C1:38:00:00:00:05:03", "Poll": "1h",
                                                   "FastPoll": "0s", "Interval": "1500ms", "Reporting": "always"}})
    let_in(bus)
    kept = os.path.join(daemon.state, "zigbee-devices")
    for part in ("endpoint 1", "ws-climate", "in 0402 0 1"):
        wait_until(lambda p=part: os.path.exists(kept) and p in open(kept, encoding="utf-8").read(),
                   lambda p=part: f"{p} on the disk", 90)
        daemon.kill()
        daemon.start()
        wait_served(daemon)
    settled(bus, "room", deadline=120)
    assert len(mesh.events("joined")) == 1


def test_one_whose_address_nobody_knows(ward):
    """What is known of devices is lost: what they say waits until its sender has been found out."""
    mesh, daemon, bus, sub = members(ward, {"door": DOOR})
    kept = os.path.join(daemon.state, "zigbee-devices")
    wait_until(lambda: os.path.exists(kept) and "ws-contact" in open(kept, encoding="utf-8").read(), "what is known")
    daemon.kill()
    os.remove(kept)
    daemon.start()
    network_up(daemon)
    came = Events(sub, "door", "emergency")
    mesh.say("door", 0x0501, "01 50 02")
    came.wait(1)
    wait_until(lambda: [e for e in mesh.events("default-response") if e["sequence"] == 0x50], "its answer")
    settled(bus, "door")


# ---- moving about

MOVES = [("rejoin", {}), ("rejoin", {"Amount": "unsecured"}), ("address-change", {}), ("address-conflict", {}),
         ("leave", {"Amount": "rejoin"}), ("announce", {}), ("vanish", {})]


def test_whoever_moves_is_known_by_its_name(ward):
    """What it says next counts, under its own name; it is set up still, and nothing is asked anew but its values."""
    mesh, daemon, bus, sub = members(ward, {"door": DOOR, "other": {"Kind": "contact", "Poll": "20ms"}})
    for number, (action, keys) in enumerate(MOVES):
        mesh.do("door", action, **keys)
        if action == "vanish":
            mesh.do("door", action)
        came, strange = Events(sub, "door", "contact"), Events(sub, "other", "contact")
        wait_until(lambda: state_of(bus, "door") == "joined", lambda: f"there after {action}: {link(bus, 'door')}")
        mesh.say("door", 0x0500, f"09 {0x80 + number:02X} 00 0100 00 00 0000")
        wait_until(lambda: any(r["value"] is False for r in came.all()), lambda: f"an alarm after {action} {keys}")
        wait_until(lambda: [e for e in mesh.events("default-response") if e["sequence"] == 0x80 + number],
                   lambda: f"an answer after {action} {keys}")
        assert not strange.all()
    assert len(mesh.events("enrolled")) == 2


@pytest.mark.slow
def test_who_leaves_is_not_forgotten(ward):
    mesh, daemon, bus, sub = members(ward, {"door": DOOR})
    at = daemon.mark()
    bus.run("permit-join", seconds=0)
    mesh.do("door", "leave")
    daemon.wait_log("a device has left the network", at)
    assert link(bus, "door")["state"] == "never-joined"
    document = json.loads(bus.call("GetDevice", "s", "door"))
    assert document["model"] == "ws-contact"
    let_in(bus)
    mesh.do("door", "join")
    settled(bus, "door")
    came = Events(sub, "door", "contact")
    mesh.turn("door", "contact", "false")
    came.wait(1)


def test_what_could_not_be_written_is_written_when_the_disk_is_well(ward):
    """Nothing else happens meanwhile that would have it written."""
    h = Hall(ward, devices={"room": WARD["room"]}, start=False, speed=5)
    disk = ward.disk(h.daemon)
    h.start()
    h.let_in()
    h.joined()

    def member():
        """Whether the file has it as one of the network."""
        with open(os.path.join(h.daemon.state, "zigbee-devices"), encoding="utf-8") as f:
            return "\nnode " in f.read()
    h.daemon.wait_log("a device is set up")
    wait_until(member, "the device in the file")
    h.bus.run("permit-join", seconds=0)
    disk.dead()
    h.mesh.do("room", "leave")
    h.daemon.wait_log("what is known of Zigbee devices cannot be written")
    assert member()
    disk.well()
    wait_until(lambda: not member(), "the file without it")


@pytest.mark.slow
def test_children_of_a_router_that_goes(ward):
    """They are not heard any more, and are there again with it."""
    mesh, daemon, bus, sub = members(ward, {"hub": {"Kind": "router"}, "door": {**DOOR, "Parent": "hub"}})
    bus.run("permit-join", seconds=0)
    at = daemon.mark()
    mesh.do("hub", "leave")
    daemon.wait_log("a device has left the network", at)
    assert link(bus, "hub")["state"] == "never-joined" and link(bus, "door")["state"] == "joined"
    mesh.turn("door", "contact", "false")
    let_in(bus)
    mesh.do("hub", "join")
    settled(bus, "hub")
    came = Events(sub, "door", "contact")
    mesh.do("door", "rejoin")
    wait_until(lambda: any(r["value"] is False for r in came.all()), "what the door says when it is asked again")


# ---- after an outage of the radio

@pytest.mark.slow
def test_what_has_changed_while_the_radio_was_away(ward):
    """Who hears always is asked at once; a sleeper as soon as it is heard, whatever it says."""
    mesh, daemon, bus, sub = members(ward, {"plug": {"Kind": "plug", **LATER}, "door": DOOR})
    at = daemon.mark()
    mesh.do(None, "unplug", For="1s")
    daemon.wait_log("the Zigbee radio cannot be used", at)
    mesh.turn("plug", "power", "123.4")
    mesh.turn("door", "contact", "false")
    watts, contact = Events(sub, "plug", "power"), Events(sub, "door", "contact")
    network_up(daemon, at)
    wait_until(lambda: any(str(r["value"]) == "123.4" for r in watts.all()), lambda: f"the power: {watts.all()}")
    wait_until(lambda: link(bus, "plug")["state"] == "joined", "the plug is there")
    assert link(bus, "door")["state"] == "silent" and not contact.all()
    mesh.do("door", "check-in")
    wait_until(lambda: any(r["value"] is False for r in contact.all()), lambda: f"the open door: {contact.all()}")
    assert link(bus, "door")["state"] == "joined"


def test_what_has_changed_while_the_gateway_was_away(ward):
    mesh, daemon, bus, sub = members(ward, {"plug": {"Kind": "plug", **LATER}, "door": DOOR})
    kept = os.path.join(daemon.state, "zigbee-devices")
    wait_until(lambda: os.path.exists(kept) and "ws-contact" in open(kept, encoding="utf-8").read(), "what is known")
    daemon.process.terminate()
    mesh.turn("plug", "power", "56.7")
    mesh.turn("door", "contact", "false")
    watts, contact = Events(sub, "plug", "power"), Events(sub, "door", "contact")
    daemon.start()
    network_up(daemon)
    wait_until(lambda: any(str(r["value"]) == "56.7" for r in watts.all()), lambda: f"the power: {watts.all()}")
    mesh.do("door", "check-in")
    wait_until(lambda: any(r["value"] is False for r in contact.all()), lambda: f"the open door: {contact.all()}")


# ---- silence, in a time that hurries

@pytest.mark.slow
def test_silence_within_three_intervals_and_back(ward):
    """A room that reports every 5 min, a button that only checks in every 10, one that reports nothing though it has
    agreed to: an hour and more, thirty times as fast."""
    devices = {"room": {"Kind": "climate", "Interval": "2min", "Poll": "7s"},
               "bell": {"Kind": "button", "Poll": "7s", "CheckIn": "10min"},
               "mute": {"Kind": "air", "Reporting": "never"}, "door": {"Kind": "contact", "Poll": "7s"}}
    devices = {n: {"EUI64": f"A4:C1:38:00:00:00:06:{i:02X}", "FastPoll": "60s", **k}
               for i, (n, k) in enumerate(devices.items(), 1)}
    mesh, daemon, bus, sub = begin(ward, devices, speed=30)
    let_in(bus, 900)
    settled(bus, *devices, deadline=120)
    at = daemon.mark()
    for name in ("room", "bell", "door"):
        mesh.do(name, "silence")
    wait_until(lambda: {n for n in devices if state(bus, n) == "silent"} == {"room", "bell", "door"},
               lambda: f"silent: {[(n, state(bus, n)) for n in devices]}", 150)
    assert link(bus, "room")["state"] == "silent"
    wait_until(lambda: {json.loads(m.payload)["device"] for m in sub.messages
                        if "/device-silent." in m.topic and m.payload and json.loads(m.payload)["state"] == "active"}
               >= {"room", "bell", "door"}, "the technical conditions")
    wait_until(lambda: link(bus, "mute").get("asked_for", 0) >= 3, lambda: f"asked for: {link(bus, 'mute')}", 120)
    assert notes(daemon, "it does not report what it said it would", at)
    assert state(bus, "mute") == "present"
    for name in ("room", "bell", "door"):
        mesh.do(name, "silence", For="1ms")
    wait_until(lambda: {state(bus, n) for n in devices} == {"present"},
               lambda: f"back: {[(n, state(bus, n)) for n in devices]}", 60)
