"""Zigbee devices, played by wardsim zigbee, through the daemon to a broker."""
import json
import os
import re
from decimal import Decimal

from ward.base import wait_until
from ward.ble_judge import arrived
from ward.bus import Caller, served, wait_served
from ward.ctl import ctl
from ward.zigbee import compare

CODE = "83FED3407A939723A5C639B26916D505C3B5"
ROOM = {"Kind": "climate", "EUI64": "A4:C1:38:00:00:00:00:01", "Interval": "300ms", "Poll": "20ms",
        "Reporting": "always"}
# Kinds of devices: the metric that each is there for; the rest speaks when something happens.
KINDS = {"temperature": "ambient-temperature", "climate": "humidity", "weather": "pressure", "light": "illuminance",
         "fridge": "ambient-temperature", "air": "ambient-co2", "plug": "power"}


def begin(ward, devices, wait=True, speed=1, **kwargs):
    """The radio, a broker, a daemon with its network up, a bus, a subscriber. speed: of their clocks."""
    hurried = ward.hurry(speed) if speed > 1 else None
    mesh = ward.mesh(devices, environment=hurried, **kwargs)
    broker = ward.broker()
    sub = ward.subscriber(broker)
    sections = mesh.sections()
    sections["Zigbee"]["AllowWellKnownKey"] = "yes"
    daemon, bus = served(ward, broker=broker, devices={}, sections={**sections, "CoAP": {"Enabled": "no"}},
                         start=hurried is None)
    if hurried:
        daemon.environment = hurried
        daemon.start()
        wait_served(daemon)
        bus = ward.keep(Caller(bus))
    if wait:
        network_up(daemon)
    return mesh, daemon, bus, sub


def let_in(bus, seconds=120):
    bus.run("permit-join", seconds=seconds, anyone="yes")


def readings(sub, device, metric):
    """With the digits as they came."""
    found = [json.loads(m.payload, parse_float=Decimal) for m in sub.messages if "/beds/" in m.topic and m.payload]
    return [r for r in found if r.get("device") == device and r.get("metric") == metric]


def network_up(daemon, at=0):
    daemon.wait_log("the Zigbee network is up", at)


def more_of(sub, device, metric, count=2):
    n = len(readings(sub, device, metric))
    wait_until(lambda: len(readings(sub, device, metric)) >= n + count, lambda: f"{count} more of {device}", 40)


def all_arrived(mesh, sub):
    """The radio goes: all that it saw acknowledged arrives, and nothing else but how plugs are switched, which the
    simulator does not count as values, and what they say before they have told their factors, which is marked."""
    mesh.stop()
    def came():
        return [r for r in arrived(sub) if "unit-assumed" not in r.get("flags", ())]

    def missing():
        raw = {(r["device"], r["metric"]) for r in arrived(sub) if "unit-assumed" in r.get("flags", ())}
        return [k for k in compare(mesh.values(), came())[0] if k[:2] not in raw]
    wait_until(lambda: not missing(), lambda: f"what was sent: {missing()}")
    assert not [k for k in compare(mesh.values(), came())[1] if k[1] != "switch"]


def test_a_sensor_joins_by_its_install_code(ward):
    mesh, daemon, bus, sub = begin(ward, {"room": {**ROOM, "InstallCode": CODE}})
    bus.run("permit-join", seconds=60, device="room", install_code=CODE)
    wait_until(lambda: len(readings(sub, "room", "ambient-temperature")) >= 3, lambda: "temperatures", 40)
    assert readings(sub, "room", "ambient-temperature")[0]["unit"] == "Cel"
    wait_until(lambda: json.loads(bus.call("GetDevice", "s", "room"))["link"]["state"] == "joined", lambda: "joined")
    document = json.loads(bus.call("GetDevice", "s", "room"))
    assert (document["maker"], document["model"]) == ("wardsim", "ws-climate")
    for name in ("zigbee-network", "zigbee-devices"):
        wait_until(lambda n=name: os.path.exists(os.path.join(daemon.state, n)), name)
        assert os.stat(os.path.join(daemon.state, name)).st_mode & 0o777 == 0o600
    backup = json.loads(bus.run("network-backup")["backup"])
    with open(mesh.state_path, encoding="ascii") as f:
        counted = int(re.search(r"^Counter=(\d+)$", f.read(), re.M)[1])
    assert backup["network_key"]["frame_counter"] > counted, "another program would count backwards"
    all_arrived(mesh, sub)


def test_all_kinds_of_sensors(ward):
    devices = {kind: {"Kind": kind, "EUI64": f"A4:C1:38:00:00:00:02:{n:02X}", "Interval": "500ms", "Poll": "20ms",
                      "Reporting": "always"} for n, kind in enumerate(KINDS)}
    mesh, daemon, bus, sub = begin(ward, devices)
    let_in(bus)

    def waiting():
        return {kind for kind, metric in KINDS.items() if len(readings(sub, kind, metric)) < 2}
    wait_until(lambda: not waiting(), lambda: f"readings of {waiting()}", 60)
    all_arrived(mesh, sub)


def test_a_restart_asks_nobody_anew(ward):
    """The network is resumed and the devices are known, also after a kill."""
    mesh, daemon, bus, sub = begin(ward, {"room": ROOM})
    let_in(bus)
    more_of(sub, "room", "humidity")
    kept = os.path.join(daemon.state, "zigbee-devices")
    wait_until(lambda: os.path.exists(kept) and "ws-climate" in open(kept, encoding="utf-8").read(),
               lambda: "what is known of the device on the disk")
    daemon.kill()
    at = daemon.mark()
    daemon.start()
    network_up(daemon, at)
    more_of(sub, "room", "humidity")
    assert daemon.count_log("a Zigbee network is formed", at) == 0
    assert len(mesh.events("joined")) == 1


def test_a_radio_that_starts_anew(ward):
    """A watchdog of its own: configured anew, and the sensor goes on."""
    mesh, daemon, bus, sub = begin(ward, {"room": ROOM}, events=[
        {"At": "6s", "Do": "reset", "Amount": "0x03"}])
    let_in(bus)
    at = daemon.mark()
    daemon.wait_log("the Zigbee radio is started anew", at, 60)
    network_up(daemon, at)
    more_of(sub, "room", "humidity")
    assert len(mesh.events("joined")) == 1


def test_unplugged_and_plugged_in_again(ward):
    mesh, daemon, bus, sub = begin(ward, {"room": ROOM})
    let_in(bus)
    more_of(sub, "room", "humidity")
    at = daemon.mark()
    mesh.stop()
    daemon.wait_log("the Zigbee radio cannot be used", at)
    mesh.start()
    assert mesh.process.alive(), mesh.process.text()
    network_up(daemon, at)
    more_of(sub, "room", "humidity")


def test_another_radio_is_left_alone_until_somebody_decides(ward):
    """A stick without a network in the place of ours: nothing is formed; the kept network goes into it by command."""
    mesh, daemon, bus, sub = begin(ward, {"room": ROOM})
    let_in(bus)
    more_of(sub, "room", "humidity")
    mesh.stop()
    os.rename(mesh.state_path, mesh.state_path + ".old")
    at = daemon.mark()
    mesh.start()
    daemon.wait_log("network is not the gateway's", at)
    network = bus.run("network")
    assert network["mismatch"] and network["state"] == "passive", network
    assert network["radio"]["unplugged"] == 1, network
    status, out, err = ctl("--bus", bus.address, "network")
    assert status == 0 and "\n  radio        1 time unplugged\n" in out and "network adopt" in out, out + err
    assert daemon.count_log("a Zigbee network is formed") == 1
    bus.run("network-restore", other_radio="yes")
    network_up(daemon, at)
    assert not bus.run("network")["mismatch"]
