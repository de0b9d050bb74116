"""Fewer connections than devices: streams keep theirs, those that come and go are served as they show themselves, and
nobody starves. Twenty times as fast; see preload/fastclock.c."""
import pytest

from ward.ble import Bay
from ward.ble_judge import arrived, moment

FEW = {"hci0": {"Connections": "3"}}


def straps(count):
    return {f"strap{n}": {"Kind": "heart-rate", "Address": f"C0:FF:EE:00:00:{n:02X}", "Interval": "2s",
                          "Advertise": "500ms"} for n in range(1, count + 1)}


def thermometers(count):
    """Each measures once a minute, and shows itself for half a minute then."""
    return {f"ear{n}": {"Kind": "thermometer", "Address": f"C0:FF:EE:00:01:{n:02X}", "Interval": "60s",
                        "Advertise": "500ms"} for n in range(1, count + 1)}


def minutes(bay, count):
    """So much of the devices' time, by the thermometers' measurements."""
    bay.wait_heard("ear1", "body-temperature", count, deadline=count * 60)


def most_at_once(bay):
    """For longer than a moment: what is let go is seen to be gone a little after the next one has come."""
    changes = [(moment(r["at"]), r["event"], r["device"]) for r in bay.air.lines()
               if r.get("event") in ("connected", "disconnected")]
    connected, most = set(), 0
    for (at, what, who), (until, _, _) in zip(changes, changes[1:]):
        (connected.add if what == "connected" else connected.discard)(who)
        if (until - at).total_seconds() > 1:
            most = max(most, len(connected))
    return most


def all_confirmed(bay, devices):
    """Every measurement but the last one of each, which may be under way, was taken from it."""
    for name in devices:
        said = [v for v in bay.air.values() if v["device"] == name and v["by"] == "indication"]
        assert said and all(v["acknowledged"] for v in said[:-1]), name


@pytest.mark.slow
def test_streams_keep_their_connection_while_visitors_are_served(ward):
    devices = {**straps(2), **thermometers(4)}
    bay = Bay(ward, devices, adapters=FEW, speed=20)
    minutes(bay, 8)
    for name in straps(2):
        assert len(bay.air.events("connected", name)) == 1, name
    assert most_at_once(bay) == 3
    all_confirmed(bay, thermometers(4))
    bay.all_arrived(must=lambda v: v["by"] == "indication")


@pytest.mark.slow
def test_streams_take_turns_when_there_are_more_than_connections(ward):
    """Each has its five minutes; a thermometer never waits for that."""
    devices = {**straps(4), **thermometers(4)}
    bay = Bay(ward, devices, adapters=FEW, speed=20)
    minutes(bay, 24)
    for name in straps(4):
        times = sorted(moment(r["time"]) for r in bay.heard(name, "heart-rate"))
        assert len(times) > 100, f"{name} was heard {len(times)} times"
        gaps = [(b - a).total_seconds() for a, b in zip(times, times[1:])]
        assert max(gaps) < 15 * 60, f"{name} was not heard for {max(gaps)} s"
        # it keeps what it has: no more than one beginning in its five minutes
        assert len(bay.air.events("connected", name)) <= 6
    all_confirmed(bay, thermometers(4))
    bay.all_arrived(must=lambda v: v["by"] == "indication")


@pytest.mark.slow
def test_no_more_connections_than_are_allowed(ward):
    devices = {**straps(3), **thermometers(2)}
    bay = Bay(ward, devices, sections={"BLE": {"MaxConnections": "2"}}, speed=20)
    minutes(bay, 4)
    assert most_at_once(bay) == 2
    assert {r["device"] for r in arrived(bay.sub)} >= {"ear1", "ear2"}
    all_confirmed(bay, thermometers(2))
    bay.all_arrived(must=lambda v: v["by"] == "indication")


@pytest.mark.slow
def test_one_that_says_little_is_let_go_when_its_time_is_over(ward):
    """Not when it happens to speak next: it lasts a quarter of an hour until then."""
    devices = {name: {**keys, "Interval": "15min"} for name, keys in straps(2).items()}
    bay = Bay(ward, devices, adapters={"hci0": {"Connections": "1"}}, speed=20,
              more={name: {"ExpectEvery": "1h"} for name in devices})
    for name in devices:
        gone = bay.air.wait_event("disconnected", name, deadline=90)
        came = bay.air.wait_event("connected", name)
        assert (moment(gone["at"]) - moment(came["at"])).total_seconds() < 10 * 60, name


def test_a_visitor_is_served_at_once_though_all_connections_but_one_stream(ward):
    """In real time: what shows itself for a few seconds is not missed."""
    ear = {"ear1": {**thermometers(1)["ear1"], "Interval": "2s", "Window": "3s", "Advertise": "200ms"}}
    bay = Bay(ward, {**straps(3), **ear}, adapters=FEW)
    bay.wait_heard("ear1", "body-temperature", 1)
    bay.wait_heard("strap1", "heart-rate", 1)
    bay.all_arrived(must=lambda v: v["by"] == "indication")
