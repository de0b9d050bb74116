"""Devices taken into the configuration through the daemon, and out of it."""
import json
import os
import stat

import pytest

from ward import senml
from ward.base import wait_until
from ward.bus import Caller, refused, served, wait_served
from ward.daemon import status
from ward.senml import heart_rate


def key_bytes(result):
    return bytes.fromhex(result["key"])


def adopt(caller, name, address, transport="coap", **settings):
    return json.loads(caller.call("Adopt", "sssa{ss}", name, transport, address, settings))


def everything(daemon):
    """What stands in files: the configuration's, and the state directory's but for the ledger's own."""
    found = {}
    for top in (daemon.dir, daemon.state):
        for path, directories, files in os.walk(top):
            directories[:] = [d for d in directories if os.path.join(path, d) != daemon.state]
            for name in files:
                if name.startswith(("outbox.db", "notify", "epoch", "retained", "lock", "alarms")):
                    continue
                with open(os.path.join(path, name), "rb") as f:
                    found[os.path.join(path, name)] = f.read()
    return found


def test_adopt_and_forget(ward):
    broker = ward.broker()
    sub = ward.subscriber(broker)
    daemon, caller = served(ward, broker)
    status(sub, daemon, lambda s: s["status"] == "online")
    before = everything(daemon)
    result = adopt(caller, "bed4-oximeter", "ox-7741", bed="4", expect_every="5s")
    assert (result["device"], result["transport"], result["address"]) == ("bed4-oximeter", "coap", "ox-7741")
    assert len(key_bytes(result)) == 16
    assert result["file"] == daemon.state + "/devices.d/bed4-oximeter.conf"
    for path in (result["file"], daemon.state + "/coap.psk"):
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(daemon.state + "/devices.d").st_mode) == 0o700
    d = json.loads(caller.call("GetDevice", "s", "bed4-oximeter"))
    assert (d["adopted"], d["bed"], d["expect_every_ms"]) == (True, "4", 5000)
    topic = daemon.gateway_topic("devices/bed4-oximeter")
    sub.wait_topic(topic, lambda m: m.payload)
    # it gets in with its key
    c = ward.session(daemon, "ox-7741", key=key_bytes(result))
    assert c.exchange(senml.as_json(heart_rate(66))).text == "2.04"
    assert sub.reading("bed4-oximeter", where=lambda r: r["value"] == 66).json["bed"] == "4"
    # the key is in no log, and the gateway does not tell it again
    assert result["key"] not in daemon.log()
    assert "key" not in json.loads(caller.call("GetDevice", "s", "bed4-oximeter"))
    # after a restart it is still there
    daemon.stop()
    daemon.start()
    wait_served(daemon)
    c = ward.session(daemon, "ox-7741", key=key_bytes(result))
    assert c.exchange(senml.as_json(heart_rate(67))).text == "2.04"
    # and out again
    at = sub.mark()
    assert json.loads(caller.call("Forget", "s", "bed4-oximeter")) == \
        {"device": "bed4-oximeter", "file": result["file"]}
    sub.wait_topic(topic, lambda m: not m.payload, at)
    assert refused(caller.call, "GetDevice", "s", "bed4-oximeter")[0] == "NotFound"
    after = everything(daemon)
    assert after.pop(daemon.state + "/coap.psk").count(b":") == 0
    assert after == before
    with pytest.raises(Exception):
        ward.session(daemon, "ox-7741", key=key_bytes(result), deadline=3)


def test_an_unknown_device_with_a_key_of_the_operators(ward):
    daemon, bus = served(ward, start=False, devices={"known": "key-of-known-012345",
                                                     "new-1": "key-of-new-01234567"})
    daemon.set("Device new-1", None)
    daemon.start()
    wait_served(daemon)
    caller = ward.keep(Caller(bus))
    assert caller.call("ListUnknown") == []
    assert caller.call("Discover", "u", 60) == 60
    ward.session(daemon, "new-1").exchange(senml.as_json(heart_rate(70)))
    heard = json.loads(caller.signal("UnknownHeard")[0])
    assert (heard["transport"], heard["address"]) == ("coap", "new-1")
    assert [json.loads(u)["address"] for u in caller.call("ListUnknown")] == ["new-1"]
    # a key that is not the one in PSKFile= is refused, and none is needed
    name, why = refused(adopt, caller, "bed5", "new-1", key="00" * 16)
    assert name == "Refused" and "has another key for new-1, which counts" in why
    result = adopt(caller, "bed5", "new-1")
    assert "key" not in result
    assert not os.path.exists(daemon.state + "/coap.psk")
    assert ward.session(daemon, "new-1").exchange(senml.as_json(heart_rate(71))).text == "2.04"
    adopted = json.loads(caller.call("GetDevice", "s", "bed5"))
    assert (adopted["state"], adopted["bed"]) == ("present", "-")


def test_a_key_that_is_given(ward):
    daemon, caller = served(ward)
    key = bytes(range(100, 132))
    result = caller.run("adopt", device="bed4", transport="coap", address="x:y", key=key.hex())
    assert "key" not in result
    assert ward.session(daemon, "x:y", key=key).exchange(senml.as_json(heart_rate(71))).text == "2.04"
    assert key.hex() not in daemon.log()


@pytest.mark.parametrize("device, address, settings, name, why", [
    ("bed3-oximeter", "new", {}, "Refused", "there is a device bed3-oximeter already"),
    ("bed4", "bed3-oximeter", {}, "Refused", "is the address of the device bed3-oximeter"),
    ("Bed 4", "new", {}, "InvalidArgument", '"device": "Bed 4" '),
    ("bed4", "new", {"bed": "a b"}, "InvalidArgument", '"bed": "a b" '),
    ("bed4", "new", {"bed": "4", "use": "worn"}, "InvalidArgument", "Bed=4: goes with Use=fixed only"),
    ("bed4", "new", {"expect_every": "soon"}, "InvalidArgument", "ExpectEvery=soon: "),
    ("bed4", "new", {"colour": "red"}, "InvalidArgument", '"colour" is no argument of adopt'),
    ("bed4", "new", {"key": "0011"}, "InvalidArgument", '"key" is not what it has to be'),
    ("bed4", "new", {"device": "bed5"}, "InvalidArgument", "a setting is there twice"),
    ("bed4", "new", {"bonding": "yes"}, "InvalidArgument", "Bonding=yes: is for Transport=ble"),
    ("bed4", "new\nBed=7", {}, "InvalidArgument", '"address" is '),
    ("bed4", " new", {}, "InvalidArgument", '"address"'),
    ("bed4", "", {}, "InvalidArgument", '"address"'),
], ids=lambda x: None if isinstance(x, dict) else x[:20])
def test_what_cannot_be_adopted_changes_nothing(hall_served, device, address, settings, name, why):
    daemon, caller = hall_served
    before, devices = everything(daemon), len(caller.call("ListDevices"))
    got = refused(adopt, caller, device, address, **settings)
    assert got[0] == name and why in got[1], got
    assert everything(daemon) == before
    assert len(caller.call("ListDevices")) == devices


@pytest.fixture(scope="module")
def hall_served(hall):
    return served(hall)


def test_ble_addresses_are_checked(hall_served):
    daemon, caller = hall_served
    assert refused(adopt, caller, "bed4", "nonsense", "ble")[0] == "InvalidArgument"
    assert refused(adopt, caller, "bed4", "x", "carrier-pigeon") == \
        ("InvalidArgument", '"transport" is "carrier-pigeon"; give one of: ble zigbee coap')


def test_a_ble_device_is_taken_for_when_it_will_be_heard(ward):
    daemon, caller = served(ward)
    result = adopt(caller, "bed4-band", "c0:ff:ee:00:00:01", "ble", use="worn", bonding="yes")
    assert "key" not in result
    d = json.loads(caller.call("GetDevice", "s", "bed4-band"))
    assert (d["address"], d["use"], d["adopted"]) == ("C0:FF:EE:00:00:01", "worn", True)
    caller.call("Forget", "s", "bed4-band")
    assert len(caller.call("ListDevices")) == 1


def test_what_stands_in_etc_is_not_forgotten(ward):
    daemon, caller = served(ward)
    before = everything(daemon)
    name, why = refused(caller.call, "Forget", "s", "bed3-oximeter")
    assert (name, why.startswith("bed3-oximeter stands in /etc")) == ("Refused", True)
    assert refused(caller.call, "Forget", "s", "nobody") == \
        ("NotFound", "there is no device nobody; wardgatectl devices lists them")
    assert everything(daemon) == before


def test_a_broken_configuration_is_not_made_worse(ward):
    """Somebody edits /etc meanwhile: nothing is written before all of it is good."""
    daemon, caller = served(ward)
    daemon.set("MQTT", {"Window": "many"})
    daemon.write_config()
    before = everything(daemon)
    name, why = refused(adopt, caller, "bed4", "new")
    assert name == "Configuration" and "[MQTT] Window=many" in why
    assert everything(daemon) == before
    daemon.set("MQTT", {"Window": None})
    # a device of that name was written there meanwhile
    daemon.set("Device bed4", {"Transport": "coap", "Address": "other"})
    daemon.write_config()
    before = everything(daemon)
    name, why = refused(adopt, caller, "bed4", "new")
    assert (name, "in /etc has a device bed4 already" in why) == ("Refused", True), why
    assert everything(daemon) == before


def test_a_file_with_others_in_it_is_left_alone(ward):
    daemon, bus = served(ward, start=False)
    os.makedirs(daemon.state + "/devices.d")
    with open(daemon.state + "/devices.d/mine.conf", "w", encoding="utf-8") as f:
        f.write("[Device mine]\nTransport=coap\nAddress=m\n[Device other]\nTransport=coap\nAddress=o\n")
    daemon.start()
    wait_served(daemon)
    caller = ward.keep(Caller(bus))
    before = everything(daemon)
    name, why = refused(caller.call, "Forget", "s", "mine")
    assert (name, "has other devices as well" in why) == ("Refused", True)
    name, why = refused(caller.call, "Forget", "s", "other")
    assert (name, "has no file of its own" in why) == ("Refused", True)
    assert everything(daemon) == before


def test_a_full_disk_changes_nothing(ward):
    """The state directory cannot be written to: one sentence, and no half of a device."""
    daemon, bus = served(ward, start=False)
    disk = ward.disk(daemon)
    daemon.start()
    wait_served(daemon)
    caller = ward.keep(Caller(bus))
    before = everything(daemon)
    disk.full()
    name, why = refused(adopt, caller, "bed4", "new", bed="4")
    assert name == "Failed" and "No space left" in why, why
    disk.well()
    wait_until(lambda: everything(daemon) == before, "the files as before")
    assert len(caller.call("ListDevices")) == 1
    assert adopt(caller, "bed4", "new", bed="4")["key"]


def test_one_change_at_a_time(ward):
    daemon, caller = served(ward)
    asked = [caller.send("Adopt", "sssa{ss}", (f"bed{n}", "coap", f"new-{n}", {})) for n in range(10, 14)]
    outcomes = []
    for serial in asked:
        try:
            outcomes.append(json.loads(caller.wait(serial)[0])["device"])
        except Exception as e:  # pylint: disable=broad-except
            outcomes.append(e.name)
    assert outcomes[0] == "bed10"
    assert set(outcomes[1:]) <= {"Busy", "bed11", "bed12", "bed13"}
    done = {json.loads(d)["device"] for d in caller.call("ListDevices")} - {"bed3-oximeter"}
    assert done == {o for o in outcomes if o != "Busy"}


BIND_KEY = "231d39c1d7cc1ab1aee224cd096db932"


def test_a_sensor_that_broadcasts_sealed_frames(ward):
    """Its key is kept beside its section, and goes with it."""
    daemon, caller = served(ward)
    before = everything(daemon)
    name, why = refused(adopt, caller, "bed4-temp", "a4:c1:38:56:53:84", "ble", key=BIND_KEY + "00")
    assert name == "InvalidArgument" and "give 32 hex digits" in why
    name, why = refused(adopt, caller, "bed4-temp", "a4:c1:38:56:53:84", "ble", key=BIND_KEY, bed="4", use="worn")
    assert name == "InvalidArgument" and "Use=fixed" in why
    assert everything(daemon) == before
    result = adopt(caller, "bed4-temp", "a4:c1:38:56:53:84", "ble", key=BIND_KEY, bed="4", set_clock="no")
    assert result["address"] == "A4:C1:38:56:53:84" and "key" not in result
    path = daemon.state + "/devices.d/bed4-temp.bindkey"
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    with open(path, encoding="ascii") as f:
        assert f.read() == BIND_KEY + "\n"
    with open(result["file"], encoding="utf-8") as f:
        section = f.read()
    assert f"\nBindKey={path}\n" in section and "\nSetClock=no\n" in section and BIND_KEY not in section
    assert BIND_KEY not in daemon.log()
    daemon.stop()
    daemon.start()
    wait_served(daemon)
    caller.call("Forget", "s", "bed4-temp")
    assert everything(daemon) == before


def test_without_bluetooth_nothing_is_paired(ward):
    daemon, caller = served(ward)
    for verb in ("pair", "unpair"):
        name, why = refused(caller.run, verb, device="bed3-oximeter")
        assert (name, why) == ("Refused", "Bluetooth is not enabled; set Enabled=yes in [BLE], and reload")
    assert caller.run("discover", seconds=0) == {"seconds": 0, "unknown": []}
    assert "bond" not in json.loads(caller.call("GetDevice", "s", "bed3-oximeter"))
