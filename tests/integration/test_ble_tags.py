"""Tags: who comes near, who leaves, how strong, by each gateway for itself; one by its address, groups by the
beginning of their addresses or by what they call themselves."""
import pytest

from ward.base import wait_until
from ward.ble import Air, Bay
from ward.ble_judge import arrived
from ward.bluewire import Mgmt


def tag(number, **keys):
    return {"Kind": "ibeacon", "Address": f"AC:23:3F:00:00:{number:02X}", "Advertise": "200ms", **keys}


def told(bay, device, metric="presence"):
    return [r["value"] for r in arrived(bay.sub) if (r["device"], r["metric"]) == (device, metric)]


def bay_with(ward, devices, tags, **kwargs):
    bay = Bay(ward, devices, start=False, **kwargs)
    for name in devices:
        bay.daemon.set(f"Device {name}", None)
    for name, keys in tags.items():
        bay.daemon.set(f"Tag {name}", keys)
    bay.daemon.start()
    return bay


def test_a_tag_enters_and_says_how_strong_it_is(ward):
    bay = bay_with(ward, {"pump": tag(1, Rssi="-61"), "far": tag(2, Rssi="-86"), "other": tag(3)}, {
        "pump": {"Address": "AC:23:3F:00:00:01", "Bed": "4"}, "far": {"Address": "AC:23:3F:00:00:02"}})
    wait_until(lambda: told(bay, "pump", "signal-strength"), "the tag that is near")
    assert told(bay, "pump") == [True]
    found = [r for r in arrived(bay.sub) if r["device"] == "pump"]
    assert {(r["bed"], r["auth"]) for r in found} == {("4", "none")}
    strength = next(r for r in found if r["metric"] == "signal-strength")
    assert -70 < strength["value"] < -52 and strength["unit"] == "dBm"
    assert {r["device"] for r in arrived(bay.sub)} == {"pump"}


@pytest.mark.slow
def test_a_tag_leaves_and_comes_back_and_reports_while_it_stays(ward):
    """Thirty times as fast."""
    bay = bay_with(ward, {"pump": tag(1)}, {"pump": {
        "Address": "AC:23:3F:00:00:01", "Away": "30s", "ReportEvery": "60s"}}, speed=30,
        events=[{"At": "150s", "Device": "pump", "Do": "silence", "For": "60s"}])
    wait_until(lambda: told(bay, "pump")[-1:] == [False], "its leaving")
    # entered, two reports or so, and gone
    assert told(bay, "pump")[0] is True and 2 <= told(bay, "pump").count(True) <= 4
    assert len(told(bay, "pump", "signal-strength")) == told(bay, "pump").count(True)
    n = len(told(bay, "pump"))
    wait_until(lambda: told(bay, "pump")[n:n + 1] == [True], "its return")
    wait_until(lambda: told(bay, "pump")[n + 1:n + 2] == [True], "its report")


def test_a_group_by_the_beginning_of_its_addresses(ward):
    """One's own section counts before that of its group, a longer beginning before a shorter one."""
    devices = {"a": tag(1), "b": tag(2), "c": {**tag(3), "Address": "AC:23:3F:11:00:03"},
               "d": {**tag(4), "Address": "AC:23:40:00:00:04"}}
    bay = bay_with(ward, devices, {"porters": {"AddressPrefix": "AC:23:3F"}, "night": {"AddressPrefix": "AC:23:3F:11"},
                                   "chief": {"Address": "AC:23:3F:00:00:02"}})
    names = {"porters-000001", "chief", "night-0003"}
    wait_until(lambda: {r["device"] for r in arrived(bay.sub)} >= names, lambda: f"{names}")
    assert {r["device"] for r in arrived(bay.sub)} == names


def service_of(air):
    """The UUID by which its beacons call themselves, as somebody else hears it."""
    m = Mgmt(air.dir).bring_up()
    body = m.event(0x2f, lambda b: b"\x4c\x00\x02\x15" in b)
    m.close()
    at = body.index(b"\x4c\x00\x02\x15") + 4
    h = body[at:at + 16].hex()
    return "-".join((h[:8], h[8:12], h[12:16], h[16:20], h[20:]))


def test_a_group_by_its_uuid_and_one_of_it_by_its_numbers(ward):
    devices = {"a": {**tag(1), "Address": "AC:23:00:07:01:02"}, "b": {**tag(2), "Address": "AC:23:00:08:03:04"}}
    bay = Bay(ward, devices, start=False)
    uuid = service_of(bay.air)
    for name in devices:
        bay.daemon.set(f"Device {name}", None)
    bay.daemon.set("Tag staff", {"UUID": uuid})
    bay.daemon.set("Tag doctor", {"UUID": uuid, "Major": str(0x0008), "Minor": str(0x0304)})
    bay.daemon.start()
    wait_until(lambda: len({r["device"] for r in arrived(bay.sub)}) == 2, "both")
    names = {r["device"] for r in arrived(bay.sub)}
    assert "doctor" in names and {n.split("-")[0] for n in names} == {"doctor", "staff"}


def test_two_gateways_judge_each_for_itself(ward):
    """The same tag is strong here and weak there."""
    keys = {"pump": {"Address": "AC:23:3F:00:00:01", "EnterAbove": "-85"}}
    bay = bay_with(ward, {"pump": tag(1, Rssi="-55")}, keys)
    other = Air(ward, ward._sub("a"), {"pump": tag(1, Rssi="-78")})
    second = ward.daemon(bay.broker, devices={}, name="ward7-gw2", start=False, sections={
        "CoAP": {"Enabled": "no"}, "BLE": {"Enabled": "yes", "Adapter": f"sim:{other.dir}"}, "Tag pump": keys["pump"]})
    second.start()

    def by_gateway():
        return {r["id"].split(":")[0]: r["value"] for r in arrived(bay.sub) if r["metric"] == "signal-strength"}
    wait_until(lambda: len(by_gateway()) == 2, lambda: f"both gateways; {by_gateway()}")
    assert -62 < by_gateway()["ward7-gw1"] < -48 and -85 < by_gateway()["ward7-gw2"] < -71


@pytest.mark.slow
def test_a_tag_that_was_near_is_near_again_after_kill_9(ward):
    bay = bay_with(ward, {"pump": tag(1)}, {"pump": {"Address": "AC:23:3F:00:00:01"}})
    wait_until(lambda: told(bay, "pump"), "the tag")
    bay.restart()
    wait_until(lambda: told(bay, "pump") == [True, True], "the tag again")
