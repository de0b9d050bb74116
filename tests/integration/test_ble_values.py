"""What Bluetooth devices say, value for value at the broker: digits, units, validities, reasons, flags, and what the
device itself said. Each kind in all of its variants, with specials, status words and missing sensors."""
import glob
import os
import time
from datetime import datetime, timedelta, timezone

import pytest

from ward.base import wait_until
from ward.ble import Bay
from ward.ble_judge import arrived, moment, wrong_times

KEY = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"


def device(number, kind, **keys):
    return {"Kind": kind, "Address": f"C0:FF:EE:00:02:{number:02X}", "Interval": "1s", "Advertise": "200ms", **keys}


def sent_at_least(bay, count, devices, deadline=60):
    """Until each of them said so much, and was heard."""
    def behind():
        said = {name: 0 for name in devices}
        for v in bay.air.values():
            if v["device"] in said and v["acknowledged"] and v["metric"] != "battery":
                said[v["device"]] += 1
        return {name: n for name, n in said.items() if n < count}
    wait_until(lambda: not behind(), lambda: f"{count} values each; so far {behind()}", deadline, 0.1)


def judged(bay):
    bay.all_arrived()
    assert not wrong_times(bay.air.values(), arrived(bay.sub))


VARIANTS = {
    "heart-rate": ["", "wide", "no-contact-bits", "rr", "energy", "rr energy wide"],
    "thermometer": ["", "fahrenheit", "hundredths", "no-time"],
    "oximeter": ["", "decimal", "pairs", "no-amplitude", "decimal pairs no-amplitude"],
    "spot-oximeter": ["", "decimal", "no-amplitude", "no-time"],
    "cuff": ["", "kpa", "no-mean", "no-pulse", "no-time", "user", "kpa no-mean user"],
    "meter": ["", "mmol", "offset", "context", "control-solution", "mmol offset context"],
    "scale": ["", "imperial", "height", "user", "no-time", "height user"],
    "body-scale": ["", "no-time", "height"],
    "room": ["", "pressure"],
}


@pytest.mark.parametrize("kind", VARIANTS)
def test_each_variant_of_a_profile(ward, kind):
    devices = {f"d{n}": device(n, kind, Variant=variant, Stored="3" if kind == "meter" else "0")
               for n, variant in enumerate(VARIANTS[kind])}
    bay = Bay(ward, devices)
    sent_at_least(bay, 3, devices)
    judged(bay)


def test_a_continuous_glucose_monitor_in_each_variant(ward):
    """It measures once a minute, so that most of it is from its memory."""
    variants = ["", "crc", "trend", "quality", "crc quality", "crc trend quality"]
    devices = {f"d{n}": device(n, "cgm", Variant=v, Stored="5") for n, v in enumerate(variants)}
    bay = Bay(ward, devices)
    sent_at_least(bay, 6, devices)
    judged(bay)


def test_clocks_that_are_wrong_are_read_or_set(ward):
    """The time is when it was measured, whatever the device's clock says."""
    kinds = ["thermometer", "cuff", "scale", "spot-oximeter"]
    devices = {f"{kind}-{clock}": device(n * 2 + (clock == "write"), kind, Clock=clock, ClockOffset="-25min")
               for n, kind in enumerate(kinds) for clock in ("read", "write")}
    bay = Bay(ward, devices)
    sent_at_least(bay, 3, devices)
    judged(bay)
    assert {r["time_source"] for r in arrived(bay.sub) if "device_time" in r} == {"device-corrected"}


# ---- what is none, or doubtful

SPECIALS = ["nan", "nres", "plus-infinity", "minus-infinity", "reserved"]


@pytest.mark.parametrize("kind", ["thermometer", "oximeter", "spot-oximeter", "cuff"])
def test_every_special_number(ward, kind):
    devices = {word: device(n, kind, Variant="pairs" if kind == "oximeter" else "")
               for n, word in enumerate(SPECIALS)}
    bay = Bay(ward, devices, events=[{"At": "0s", "Device": word, "Do": "special", "Amount": word}
                                     for word in SPECIALS])
    sent_at_least(bay, 2, devices)
    judged(bay)
    for word in SPECIALS:
        found = [r for r in bay.heard(word) if r.get("reason") == word]
        assert found and all(r.get("value") is None and r["validity"] != "valid" for r in found), word


OXIMETRY = ["ongoing", "early-estimate", "validated", "fully-qualified", "stored", "demo", "test", "calibrating",
            "unavailable", "questionable", "invalid", "held", "malfunction", "irregular", "inadequate-signal",
            "weak-signal", "low-perfusion", "erratic", "non-pulsatile", "questionable-pulse", "warming-up",
            "interference", "no-contact", "unknown-sensor", "displaced", "sensor-malfunction", "disconnected"]
STATUS = {
    "oximeter": OXIMETRY, "spot-oximeter": OXIMETRY,
    "cuff": ["motion", "cuff-loose", "irregular-pulse", "wrong-position"],
    "meter": ["low-battery", "malfunction", "sample-error", "strip-error", "above-range", "below-range", "too-hot",
              "too-cold", "time-fault"],
    "cgm": ["uncalibrated", "too-hot", "too-cold"],
}
# Flags 5 and 7 of a record of glucose, of which makers disagree what they announce.
EITHER = ["session-stopped", "low-battery", "wrong-sensor", "malfunction", "below-range", "above-range"]


def with_status(ward, kind, words):
    devices = {word: device(n, kind, Window="0s") for n, word in enumerate(words)}
    return Bay(ward, devices, adapters={"hci0": {"Connections": "40"}},
               events=[{"At": "0s", "Device": word, "Do": "status", "Amount": word} for word in words])


@pytest.mark.parametrize("kind", STATUS)
def test_every_word_of_a_status(ward, kind):
    words = STATUS[kind]
    bay = with_status(ward, kind, words)
    sent_at_least(bay, 1, words)
    judged(bay)
    assert {r["device"] for r in arrived(bay.sub)} == set(words)


def test_a_status_that_may_mean_two_things_is_a_doubt(ward):
    bay = with_status(ward, "cgm", EITHER)
    for word in EITHER:
        for r in bay.wait_heard(word, "glucose"):
            assert (r["validity"], r["reason"]) == ("questionable", "ambiguous-status")
    bay.air.stop()
    said = {(v["device"], v["raw"]) for v in bay.air.values() if v["metric"] == "glucose"}
    assert {(r["device"], f"{r['raw']['value']} {r['raw']['unit']}") for r in arrived(bay.sub)
            if r["metric"] == "glucose"} <= said


def test_demonstrations_and_tests_reach_the_broker_marked(ward):
    bay = with_status(ward, "oximeter", ["demo", "test"])
    for word in ("demo", "test"):
        bay.wait_heard(word, "spo2", 2)
        assert {tuple(r["flags"]) for r in bay.heard(word, "spo2")} == {(word,)}


OFF = {"heart-rate": ("sensor-off", "no-contact"), "oximeter": ("sensor-off", "no-contact"),
       "spot-oximeter": ("sensor-off", "no-contact"), "thermometer": ("not-measured", "nan"),
       "cuff": ("not-measured", "nan"), "scale": ("not-measured", "unsuccessful"),
       "body-scale": ("not-measured", "unsuccessful"), "room": ("not-measured", "unavailable")}


@pytest.mark.slow
def test_a_sensor_that_is_off_gives_no_number_and_says_why(ward):
    """On, off, and on again."""
    devices = {kind: device(n, kind, Variant="rr" if kind == "heart-rate" else "") for n, kind in enumerate(OFF)}
    bay = Bay(ward, devices, events=[{"At": "2s", "Device": kind, "Do": "sensor-off", "For": "4s"} for kind in OFF])

    def waiting():
        said = {(r["device"], r["validity"], r.get("reason")) for r in arrived(bay.sub)}
        return {kind for kind in OFF if (kind, *OFF[kind]) not in said}
    wait_until(lambda: not waiting(), lambda: f"that sensors are off: {waiting()}", 40, 0.1)

    def off():
        return {kind for kind in OFF
                if [r for r in bay.heard(kind) if r["metric"] != "battery"][-1]["validity"] != "valid"}
    wait_until(lambda: not off(), lambda: f"that sensors are on: {off()}", 40, 0.1)
    judged(bay)
    for kind in OFF:
        assert all(r.get("value") is None for r in bay.heard(kind) if r.get("reason") == OFF[kind][1])


def test_what_comes_before_the_result_is_never_taken_for_it(ward):
    """A cuff while it inflates, a thermometer while it warms up."""
    devices = {"cuff": device(0, "cuff", Measure="no"), "cuff-kpa": device(1, "cuff", Measure="no", Variant="kpa"),
               "thermometer": device(2, "thermometer", Measure="no")}
    bay = Bay(ward, devices, events=[{"At": "1s", "Device": name, "Do": "inflate", "Amount": "6"} for name in devices])
    bay.wait_heard("cuff", "bp-systolic")
    bay.wait_heard("cuff-kpa", "bp-systolic")
    wait_until(lambda: [r for r in bay.heard("thermometer", "body-temperature") if r.get("flags") == ["episodic"]],
               "the temperature")
    judged(bay)
    assert bay.heard("cuff", "cuff-pressure") and bay.heard("cuff-kpa", "cuff-pressure")
    assert "early-estimate" in {f for r in bay.heard("thermometer") for f in r.get("flags", [])}


# ---- broadcasts

BROADCASTERS = {"bthome": ["", "extended"], "bthome-sealed": ["", "extended"], "atc": [""], "atc-sealed": [""],
                "pvvx": [""], "pvvx-sealed": [""], "ruuvi-3": [""], "ruuvi-5": [""], "ruuvi-6": ["", "calibrating"],
                "eddystone": [""]}


def broadcasters():
    found = {}
    for kind, variants in BROADCASTERS.items():
        for variant in variants:
            name = f"{kind}-{variant}".rstrip("-")
            found[name] = {"Kind": kind, "Address": f"A4:C1:38:00:01:{len(found):02X}", "Interval": "600ms",
                           "Advertise": "200ms", "Variant": variant}
            if kind.endswith("sealed"):
                found[name]["BindKey"] = KEY
    return found


def sealed(devices):
    return [name for name in devices if "BindKey" in devices[name]]


def test_every_broadcast_format(ward):
    devices, path = broadcasters(), ward.secret("bind.key", KEY)
    bay = Bay(ward, devices, more={name: {"BindKey": path} for name in sealed(devices)})
    sent_at_least(bay, 9, devices)
    judged(bay)
    for name in devices:
        assert {r["auth"] for r in bay.heard(name)} == {"device" if name in sealed(devices) else "none"}, name


def test_another_key_opens_nothing(ward):
    devices = {name: keys for name, keys in broadcasters().items() if "BindKey" in keys}
    path = ward.secret("other.key", "ff" * 16)
    more = {name: {"BindKey": path} for name in devices}
    bay = Bay(ward, {**devices, "open": {"Kind": "atc", "Address": "A4:C1:38:00:03:01", "Interval": "500ms",
                                         "Advertise": "300ms"}}, more=more)
    sent_at_least(bay, 4, list(devices) + ["open"])
    bay.wait_heard("open", "humidity", 2)
    assert {r["device"] for r in arrived(bay.sub)} == {"open"}
    assert "a broadcast of a device is not read" in bay.daemon.log()


@pytest.mark.slow
def test_a_counter_is_exact_after_a_stop_that_finds_it_being_written(ward):
    """What was to be ahead of it in case of a power cut is still on its way to the disk."""
    name = "bthome-sealed"
    devices = {name: {"Kind": name, "Address": "A4:C1:38:00:01:07", "Interval": "3s", "Advertise": "100ms",
                      "BindKey": KEY}}
    bay = Bay(ward, devices, more={name: {"BindKey": ward.secret("bind.key", KEY)}}, start=False)
    disk = ward.disk(bay.daemon)
    bay.daemon.start()
    bay.daemon.wait_log("connected to the broker")
    disk.slow(0.2)
    wait_until(lambda: os.path.exists(os.path.join(bay.daemon.state, "ble.new")), "a writing that takes its time")
    bay.daemon.stop()
    disk.well()
    with open(os.path.join(bay.daemon.state, "ble"), encoding="utf-8") as f:
        counter = next(int(line.split()[1]) for line in f if line.startswith("counter"))
    assert counter <= max(v["pack"] for v in bay.air.values())
    before = len(bay.heard(name))
    bay.daemon.start()
    wait_until(lambda: len(bay.heard(name)) > before + 1, "new values")


@pytest.mark.slow
def test_after_kill_9_no_good_message_is_refused_and_no_recording_taken(ward):
    """Again and again, and a recording of what was said last is played all the time."""
    name = "bthome-sealed"
    devices = {name: {"Kind": name, "Address": "A4:C1:38:00:01:07", "Interval": "300ms", "Advertise": "100ms",
                      "BindKey": KEY}}
    replays = [{"At": f"{n * 250}ms", "Device": name, "Do": "replay"} for n in range(4, 160)]
    bay = Bay(ward, devices, more={name: {"BindKey": ward.secret("bind.key", KEY)}}, events=replays)
    gaps = []
    for _ in range(5):
        bay.more_of(name, "humidity", 4)
        killed = datetime.now(timezone.utc)
        bay.daemon.kill()
        bay.daemon.start()
        bay.daemon.wait_log("a Bluetooth adapter is in use")
        n = len(bay.heard(name, "humidity"))
        gaps.append((killed - timedelta(seconds=1), killed))
        # at once: with what is written ahead it would take 16 of them, half of what is sent in this time
        wait_until(lambda n=n: len(bay.heard(name, "humidity")) > n, "the next one")
    bay.air.wait_event("replay", name, len(bay.air.events("replay", name)) + 1)
    # what was on its way when the daemon was killed is nobody's
    bay.all_arrived(must=lambda v: not any(a <= moment(v["time"]) <= b for a, b in gaps))


@pytest.mark.slow
def test_a_broadcast_that_goes_on_over_kill_9_is_one_though_the_minute_is_another(ward):
    kinds = ("pvvx-sealed", "pvvx", "atc-sealed", "atc", "bthome-sealed", "bthome", "ruuvi-3", "ruuvi-5", "ruuvi-6")
    devices = {k: {"Kind": k, "Address": f"A4:C1:38:00:02:{n:02X}", "Interval": "8s", "Advertise": "100ms",
                   **({"BindKey": KEY} if "sealed" in k else {})} for n, k in enumerate(kinds)}
    bay = Bay(ward, devices, more={k: {"BindKey": ward.secret(f"{k}.key", KEY)} for k in kinds if "sealed" in k},
              start=False)
    clock = ward.clock()
    bay.daemon.environment = clock.environment(bay.daemon.environment)
    bay.daemon.start()
    for k in kinds:
        bay.wait_heard(k, "ambient-temperature")
    killed = datetime.now(timezone.utc)
    bay.daemon.kill()
    clock.step(60 - time.time() % 60)
    bay.daemon.start()
    for k in kinds:
        bay.wait_heard(k, "ambient-temperature", 2)
    # nor is it taken for a recording
    assert "a broadcast of a device is not read" not in bay.daemon.log()
    # what was on its way when the daemon was killed is nobody's
    bay.all_arrived(must=lambda v: not killed - timedelta(seconds=1) <= moment(v["time"]) <= killed)


@pytest.mark.slow
@pytest.mark.parametrize("cut", [False, True], ids=["killed", "power-cut"])
def test_a_counter_survives_and_a_recording_is_refused(ward, cut):
    """What was said before is played again after the restart; what is new is taken. cut: what was in RAM is gone."""
    name = "bthome-sealed"
    devices = {name: {"Kind": name, "Address": "A4:C1:38:00:01:07", "Interval": "300ms", "Advertise": "100ms",
                      "BindKey": KEY}}
    replays = [{"At": f"{n}s", "Device": name, "Do": "replay"} for n in range(3, 30)]
    bay = Bay(ward, devices, more={name: {"BindKey": ward.secret("bind.key", KEY)}}, events=replays)
    bay.air.wait_event("replay", name, 2)
    wait_until(lambda: "counter" in open(os.path.join(bay.daemon.state, "ble"), encoding="utf-8").read(),
               "the counter on the disk")
    bay.daemon.kill()
    kept = glob.glob(os.path.join(bay.daemon.runtime, "*.counters"))
    assert len(kept) == 1
    if cut:
        os.unlink(kept[0])
    n = len(bay.air.events("replay", name))
    seen = {(r["metric"], r["source_key"]) for r in bay.heard(name)}
    bay.daemon.start()
    bay.air.wait_event("replay", name, n + 2)
    # after a power cut the counter on the disk is ahead of what was heard: the device gets there
    before = len(bay.heard(name))
    wait_until(lambda: len(bay.heard(name)) > before + 6, "new values", 60)
    assert len({(r["metric"], r["source_key"]) for r in bay.heard(name)}) == len(bay.heard(name))
    assert seen <= {(r["metric"], r["source_key"]) for r in bay.heard(name)}
    bay.all_arrived(must=lambda v: False)
