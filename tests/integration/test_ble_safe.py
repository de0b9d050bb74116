"""Devices that measure now and then, or remember: nothing is confirmed to them, and nothing deleted in them, before it
is safe here; and what they say again comes once."""
import os
import signal

import pytest

from ward.base import wait_until
from ward.ble import Bay
from ward.ble_judge import arrived

CUFF = {"Kind": "cuff", "Address": "C0:FF:EE:00:00:01", "Measure": "no", "Window": "0s", "Advertise": "100ms"}
EAR = {**CUFF, "Kind": "thermometer", "Address": "C0:FF:EE:00:00:02"}
METER = {"Kind": "meter", "Address": "C0:FF:EE:00:00:03", "Measure": "no", "Window": "0s", "Advertise": "100ms"}
CGM = {"Kind": "cgm", "Address": "C0:FF:EE:00:00:04", "Advertise": "100ms"}


def troubled(ward, devices, **kwargs):
    """A daemon that has met its broker, and can store nothing from now on, nor publish."""
    bay = Bay(ward, devices, start=False, **kwargs)
    disk = ward.disk(bay.daemon)
    bay.daemon.start()
    bay.daemon.wait_log("connected to the broker")
    bay.broker.stop()
    return bay, disk


def confirmed(bay):
    return [v for v in bay.air.values() if v["by"] == "indication" and v["acknowledged"]]


def at(seconds, name, what="measure", **keys):
    return {"At": f"{seconds}s", "Device": name, "Do": what, **keys}


@pytest.mark.parametrize("stopped", [False, True])
def test_what_a_link_took_before_the_adapter_went_is_not_lost(ward, stopped):
    """Nor when the gateway is told to stop before it has looked."""
    devices = {f"strap{n}": {"Kind": "heart-rate", "Address": f"C0:FF:EE:00:00:1{n}", "Interval": "20ms",
                             "Advertise": "100ms"} for n in range(6)}
    bay = Bay(ward, devices)
    for name in devices:
        bay.wait_heard(name, "heart-rate", 2)

    def sent():
        return len({v["pack"] for v in bay.air.values()})
    pid = bay.daemon.pid
    os.kill(pid, signal.SIGSTOP)
    before = sent()
    wait_until(lambda: sent() >= before + 200, "notifications that nobody has looked at")
    bay.air.stop()
    if stopped:
        os.kill(pid, signal.SIGTERM)
    os.kill(pid, signal.SIGCONT)
    bay.all_arrived()


@pytest.mark.slow
@pytest.mark.parametrize("how", ["dead", "hang"])
def test_what_cannot_be_made_safe_is_not_confirmed_and_measured_values_come_later(ward, how):
    """Neither broker nor disk: the link is dropped in the end, and the device keeps what it has."""
    bay, disk = troubled(ward, {"cuff": CUFF, "ear": EAR}, events=[at(4, "cuff"), at(4, "ear")])
    getattr(disk, how)()
    for name in ("cuff", "ear"):
        bay.air.wait_event("disconnected", name, deadline=60)
    assert not confirmed(bay)
    # it tells it again, and is not believed that it is done
    n = len(bay.air.events("connected", "cuff"))
    bay.air.wait_event("connected", "cuff", n + 1, deadline=90)
    assert not confirmed(bay)
    disk.well()
    bay.broker.start()
    bay.wait_heard("cuff", "bp-systolic", deadline=150)
    bay.wait_heard("ear", "body-temperature", deadline=150)
    wait_until(lambda: {v["device"] for v in confirmed(bay)} == {"cuff", "ear"}, "confirmations", 150)
    bay.all_arrived()
    assert len(bay.heard("cuff", "bp-systolic")) == len(bay.heard("ear", "body-temperature")) == 1


def test_what_is_on_the_disk_is_confirmed_and_survives_kill_9(ward):
    """With no broker."""
    bay, _ = troubled(ward, {"cuff": CUFF, "ear": EAR}, events=[at(3, "cuff"), at(3, "ear")])
    wait_until(lambda: {v["device"] for v in confirmed(bay)} == {"cuff", "ear"}, "confirmations")
    bay.daemon.kill()
    bay.broker.start()
    bay.daemon.start()
    bay.all_arrived()


@pytest.mark.slow
def test_what_carries_no_time_and_is_told_again_after_kill_9_comes_once(ward):
    """The link breaks before it is confirmed, so that the devices keep it."""
    devices = {"cuff": CUFF, "ear": EAR, "scale": {**CUFF, "Kind": "scale", "Address": "C0:FF:EE:00:00:05"}}
    metrics = {"cuff": "bp-systolic", "ear": "body-temperature", "scale": "weight"}
    bay = Bay(ward, {n: {**keys, "Variant": "no-time"} for n, keys in devices.items()}, events=[
        *(at(2, n) for n in devices),
        *({"When": "indicate", "Nth": "1", "Device": n, "Do": "disconnect"} for n in devices)])
    for name, metric in metrics.items():
        bay.wait_heard(name, metric)
    bay.restart()
    for name in devices:
        bay.air.wait_event("disconnected", name, 2)    # it is read, and quiet
    assert {v["device"] for v in confirmed(bay)} == set(devices)
    bay.all_arrived()
    for name, metric in metrics.items():
        assert len(bay.heard(name, metric)) == 1


@pytest.mark.slow
@pytest.mark.parametrize("connected", [True, False])
def test_what_comes_from_where_nothing_was_is_not_lost(ward, connected):
    """The device's table changes, and so does the place by which it would say that."""
    bay = Bay(ward, {"cuff": {**CUFF, "Interval": "2s"}, "ear": {**EAR, "Interval": "2s"}}, events=[
        *(at(5 if connected else 30, n, "services-changed") for n in ("cuff", "ear")),
        *(at(t, n) for t in (3, 6, 8, 32, 34) for n in ("cuff", "ear"))])
    bay.wait_heard("cuff", "bp-systolic", 5, 60)
    bay.wait_heard("ear", "body-temperature", 5, 60)
    bay.all_arrived()


# ---- records


def deleted(bay):
    return bay.air.events("deleted")


@pytest.mark.slow
def test_records_are_read_once_and_left_where_they_are(ward):
    """Also when the daemon is killed, and new ones are measured."""
    bay = Bay(ward, {"meter": {**METER, "Stored": "20", "Variant": "context mmol"}},
              events=[at(4, "meter"), at(6, "meter")])
    bay.wait_heard("meter", "glucose", 20)
    bay.air.wait_event("disconnected", "meter")
    bay.restart()
    bay.wait_heard("meter", "glucose", 22)
    bay.all_arrived()
    assert len(bay.heard("meter", "glucose")) == len(bay.heard("meter", "carbohydrate")) == 22
    assert not deleted(bay)
    told = {}
    for v in bay.air.values():
        if v["metric"] == "glucose":
            told[v["device_time"]] = told.get(v["device_time"], 0) + 1
    # of the old ones the last, by which the device says that it is the same
    assert sum(n > 1 for n in told.values()) <= 2, told


@pytest.mark.parametrize("nth", [1, 19])
def test_a_link_that_breaks_among_the_records_loses_and_doubles_none(ward, nth):
    bay = Bay(ward, {"meter": {**METER, "Stored": "20"}}, events=[
        {"When": "notify", "Nth": str(nth), "Device": "meter", "Do": "disconnect"}])
    bay.wait_heard("meter", "glucose", 20)
    assert len(bay.air.events("disconnect")) == 1
    bay.all_arrived()
    assert len(bay.heard("meter", "glucose")) == 20


DELETES = {"meter": {"DeleteStored": "yes", "Bonding": "yes"}}


def test_records_are_deleted_when_that_is_wanted_and_no_more_than_are_safe(ward):
    bay = Bay(ward, {"meter": {**METER, "Stored": "20", "Security": "encrypt"}}, more=DELETES,
              events=[at(3, "meter")])
    first = bay.air.wait_event("deleted")
    assert (first["records"], first["to"]) == (20, 20) or (first["records"], first["to"]) == (20, 19), first
    # on the disk or confirmed when it was deleted
    bay.wait_heard("meter", "glucose", 20)
    second = bay.air.wait_event("deleted", count=2)
    assert second["records"] == 1
    bay.all_arrived()
    assert len(bay.heard("meter", "glucose")) == 21


@pytest.mark.slow
def test_nothing_is_deleted_that_is_not_safe(ward):
    """It is bonded and rid of one record; then there are neither broker nor disk for the next ones."""
    bay = Bay(ward, {"meter": {**METER, "Security": "encrypt"}}, more=DELETES, start=False,
              events=[at(2, "meter"), at(8, "meter"), at(9, "meter")])
    disk = ward.disk(bay.daemon)
    bay.daemon.start()
    bay.air.wait_event("deleted")
    bay.wait_heard("meter", "glucose")
    bay.broker.stop()
    disk.dead()
    bay.air.wait_event("connected", "meter", 2)
    bay.air.wait_event("disconnected", "meter", 2, deadline=90)
    assert len([v for v in bay.air.values() if v["metric"] == "glucose"]) > 1 and len(deleted(bay)) == 1
    disk.well()
    bay.broker.start()
    bay.wait_heard("meter", "glucose", 3, deadline=150)
    wait_until(lambda: sum(e["records"] for e in deleted(bay)) == 3, "the others' end", 90)
    bay.all_arrived()
    assert len(bay.heard("meter", "glucose")) == 3


def test_a_link_that_breaks_leaves_what_was_not_safe_to_be_read_again(ward):
    bay = Bay(ward, {"meter": {**METER, "Stored": "20", "Security": "encrypt"}}, more=DELETES, events=[
        {"When": "notify", "Nth": "8", "Device": "meter", "Do": "disconnect"}])
    bay.air.wait_event("deleted")
    bay.all_arrived()
    assert len(bay.heard("meter", "glucose")) == 20 and sum(e["records"] for e in deleted(bay)) == 20


@pytest.mark.slow
def test_more_records_than_are_stored_at_once_are_read_in_one_visit(ward):
    """They come faster than the disk takes them, and no broker is there."""
    bay, _ = troubled(ward, {"meter": {**METER, "Stored": "200", "Security": "encrypt"}}, more=DELETES)
    assert bay.air.wait_event("deleted")["records"] == 200
    assert len(bay.air.events("connected", "meter")) == 1
    bay.broker.start()
    bay.wait_heard("meter", "glucose", 200)
    bay.all_arrived()


# ---- a continuous monitor


def test_a_monitor_that_was_away_is_asked_for_what_was_missed(ward):
    bay = Bay(ward, {"cgm": {**CGM, "Stored": "60", "Variant": "crc"}}, events=[
        {"When": "notify", "Nth": "25", "Device": "cgm", "Do": "disconnect"}])
    bay.wait_heard("cgm", "glucose", 60)
    bay.all_arrived()
    stored = bay.heard("cgm", "glucose")
    assert len({r["device_time"] for r in stored}) == len(stored) >= 60


def test_a_record_with_a_wrong_crc_is_counted_and_taken_for_nothing(ward):
    """What is spoiled is different each time, and may be the handle: then the device is read anew. Nothing of it
    arrives."""
    bay = Bay(ward, {"cgm": {**CGM, "Stored": "60", "Variant": "crc quality"}}, bus=True, options=("--seed", "2"),
              events=[{"When": "notify", "Nth": "20", "Device": "cgm", "Do": "malformed", "Amount": "6"}])
    wait_until(lambda: len([v for v in bay.air.values() if v.get("dropped") == "malformed"]) >= 6, "spoiled records")
    wait_until(lambda: bay.json("status")["drivers"]["ble"]["dropped"] > 0 or
               bay.daemon.count_log("what it has cannot be read"), "the count")
    bay.air.stop()
    sent = {(v["device_time"], str(v["value"])) for v in bay.air.values() if v["metric"] == "glucose"}
    assert {(r["device_time"], str(r["value"])) for r in arrived(bay.sub) if r["metric"] == "glucose"} <= sent
