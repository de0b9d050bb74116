"""A reading's way: what a device says over CoAP/DTLS arrives at the hospital's subscriber, exactly,
once, and is acknowledged only when it is safe."""
import json
import re
import time
from types import SimpleNamespace

import pytest

from ward import coapclient, senml, sim
from ward.base import wait_until
from ward.fakebroker import HOLD
from ward.senml import heart_rate, record
from ward.subscriber import one

DEVICES = {f"bed{n}-monitor": f"key-of-bed{n}-0123456789" for n in range(1, 13)}


@pytest.fixture(scope="module")
def clinic(hall):
    broker = hall.broker()
    sub = hall.subscriber(broker)
    daemon = hall.daemon(broker, devices=DEVICES)
    sub.wait_topic(daemon.gateway_topic("status"), lambda m: m.payload and m.json["status"] == "online")
    return SimpleNamespace(broker=broker, sub=sub, daemon=daemon, world=hall)


def post(clinic, device, payload, content_format=110, **kwargs):
    return coapclient.request(clinic.daemon.coap_uri(), device, DEVICES[device], payload=payload,
                              content_format=content_format, directory=clinic.world.dir, **kwargs)


def settle(clinic, device):
    """What was sent before has arrived: readings of one device arrive in order."""
    c = clinic.world.session(clinic.daemon, device, key=DEVICES[device])
    value = 0.001 + clinic.world.count % 1000
    clinic.world.count += 1
    assert c.exchange(senml.as_json(record("pressure", value * 100, "Pa"))).text == "2.04"
    clinic.sub.reading(device, "pressure")


def test_a_foreign_client_posts_json(clinic):
    before = time.time()
    r = post(clinic, "bed1-monitor", senml.as_json(heart_rate(72)))
    assert r.last.code == "2.04", r.text()
    assert r.empty_acks == 1 or r.last.kind == "ACK"
    m = clinic.sub.reading("bed1-monitor", "heart-rate")
    assert m.topic == "wardgate/st-elsewhere/7/beds/1/bed1-monitor/heart-rate"
    assert (m.qos, m.retain) == (1, False)
    assert m.content_type == "application/json"
    assert m.user["schema"] == "wardgate-reading-1"
    assert m.expiry is None
    reading = m.json
    assert re.fullmatch(r"ward7-gw1:\d+-[0-9a-f]{8}:\d+", reading.pop("id"))
    stamp = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
    for key in ("time", "received"):
        assert re.fullmatch(stamp, reading[key])
        seconds = time.mktime(time.strptime(reading.pop(key)[:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone
        assert before - 2 <= seconds <= time.time() + 2
    assert reading.pop("clock") in ("synchronised", "holdover", "unsynchronised")
    codes = reading.pop("codes")
    assert codes["mdc"] == 147842 and codes["mdc_unit"] == 264864 and "8867-4" in codes["loinc"]
    assert reading.pop("device_sequence") == 1
    assert reading == {"device": "bed1-monitor", "metric": "heart-rate", "value": 72, "unit": "/min",
                       "validity": "valid", "bed": "1"}


def test_a_foreign_client_posts_cbor_and_the_digits_stay(clinic):
    """A decimal fraction, 37.60: tag 4 [-2, 3760] (RFC 8949 section 3.4.4)."""
    import cbor2
    pack = cbor2.dumps([{0: "body-temperature", 1: "Cel", 2: cbor2.CBORTag(4, [-2, 3760])}])
    assert post(clinic, "bed2-monitor", pack, 112).last.code == "2.04"
    m = clinic.sub.reading("bed2-monitor", "body-temperature")
    assert b'"value":37.60,' in m.payload and m.json["unit"] == "Cel"


@pytest.mark.parametrize("content_format,encode", [(50, senml.as_json), (60, senml.as_cbor)])
def test_the_general_formats_are_taken_when_the_body_is_senml(clinic, content_format, encode):
    device = "bed3-monitor"
    value = 60 + content_format
    assert post(clinic, device, encode(heart_rate(value)), content_format).last.code == "2.04"
    clinic.sub.reading(device, "heart-rate", lambda r: r["value"] == value)


def test_one_measurement_of_several_values_is_a_group(clinic):
    now = int(time.time()) - 5
    pack = senml.as_json(record("bp-systolic", 15999, "Pa", bt=now), record("bp-diastolic", 10666, "Pa"),
                         record("bp-mean", 12443, "Pa"), heart_rate(70, t=-60))
    assert post(clinic, "bed4-monitor", pack).last.code == "2.04"
    clinic.sub.wait_readings(4, "bed4-monitor")
    got = {r["metric"]: r for r in clinic.sub.readings("bed4-monitor")}
    groups = {got[m]["group"] for m in ("bp-systolic", "bp-diastolic", "bp-mean")}
    assert len(groups) == 1
    assert got["heart-rate"].get("group") not in groups
    assert got["bp-systolic"]["value"] == 120 and got["bp-systolic"]["unit"] == "mm[Hg]"
    assert got["bp-systolic"]["raw"] == {"value": 15999, "unit": "Pa"}
    assert got["bp-diastolic"]["value"] == 80
    assert got["bp-systolic"]["time_source"] == "device"
    assert got["bp-systolic"]["time"] == time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(now))


def test_ids_are_consecutive_and_device_sequences_too(clinic):
    device = "bed5-monitor"
    c = clinic.world.session(clinic.daemon, device, key=DEVICES[device])
    for value in range(80, 85):
        assert c.exchange(senml.as_json(heart_rate(value))).text == "2.04"
    clinic.sub.wait_readings(5, device)
    got = clinic.sub.readings(device)
    sequences = [int(r["id"].split(":")[2]) for r in got]
    assert sequences == sorted(set(sequences))
    assert [r["device_sequence"] for r in got] == [1, 2, 3, 4, 5]
    assert [r["value"] for r in got] == [80, 81, 82, 83, 84]


def test_the_same_pack_sent_again_is_one_reading(clinic):
    device = "bed6-monitor"
    pack = senml.as_json(heart_rate(71, t=int(time.time()) - 30))
    for _ in range(3):
        assert post(clinic, device, pack).last.code == "2.04"
    settle(clinic, device)
    one(clinic.sub.readings(device, "heart-rate"), "readings of a pack sent three times")


def test_a_retransmission_is_one_reading(clinic):
    """Without a time in the pack only the message id tells that it is the same (RFC 7252 4.5)."""
    device = "bed7-monitor"
    c = clinic.world.session(clinic.daemon, device, key=DEVICES[device])
    sent = c.post(senml.as_json(heart_rate(73)))
    c.send_again(sent)
    assert c.wait(sent, retransmit=False).text == "2.04"
    c.send_again(sent)
    settle(clinic, device)
    one(clinic.sub.readings(device, "heart-rate"), "readings of a request sent three times")


def test_not_measured_is_never_a_number(clinic):
    pack = senml.as_json(record("spo2", "sensor-off"), record("heart-rate", "not-measured"))
    assert post(clinic, "bed8-monitor", pack).last.code == "2.04"
    clinic.sub.wait_readings(2, "bed8-monitor")
    got = {r["metric"]: r for r in clinic.sub.readings("bed8-monitor")}
    assert (got["spo2"]["validity"], got["spo2"]["value"]) == ("sensor-off", None)
    assert (got["heart-rate"]["validity"], got["heart-rate"]["value"]) == ("not-measured", None)


def test_a_ratio_becomes_per_cent(clinic):
    assert post(clinic, "bed9-monitor", senml.as_json(record("spo2", 0.97, "/"))).last.code == "2.04"
    r = clinic.sub.reading("bed9-monitor", "spo2").json
    assert (r["value"], r["unit"]) == (97, "%")


def test_booleans_and_aliases(clinic):
    pack = senml.as_json(record("contact", True), record("hr", 66, "beat/min"))
    assert post(clinic, "bed10-monitor", pack).last.code == "2.04"
    assert clinic.sub.reading("bed10-monitor", "contact").json["value"] is True
    assert clinic.sub.reading("bed10-monitor", "heart-rate").json["value"] == 66


def test_readings_are_not_retained_but_states_are(clinic):
    assert post(clinic, "bed11-monitor", senml.as_json(heart_rate(64))).last.code == "2.04"
    document = clinic.daemon.gateway_topic("devices/bed11-monitor")
    clinic.sub.reading("bed11-monitor", "heart-rate")
    late = clinic.world.subscriber(clinic.broker, name="late", topics="wardgate/#")
    late.wait_topic(document, lambda m: m.retain and m.json["transport"] == "coap")
    late.wait_topic(clinic.daemon.gateway_topic("status"), lambda m: m.retain)
    assert not [m for m in late.messages if "/beds/" in m.topic]


def test_plain_words_of_the_acknowledgement(ward):
    """With a disk that takes its time, 2.04 comes after the broker's PUBACK and not before; a broker that
    holds it back shows it."""
    broker = ward.fake()
    broker.on_publish = lambda p: HOLD if "/beds/" in p.topic else 0
    daemon = ward.daemon(broker, sections={"Store": {"CommitInterval": "10s"}})
    c = ward.session(daemon)
    sent = c.post(senml.as_json(heart_rate(75)))
    broker.wait_publish(lambda p: "/beds/" in p.topic, "the reading at the broker")
    assert c.wait(sent, deadline=0.7, retransmit=False) is None, "acknowledged before it was safe"
    assert sent.mid in c.acks, "no empty ACK: the device would retransmit"
    broker.release()
    assert c.wait(sent, retransmit=False).text == "2.04"


def test_a_frozen_broker_does_not_hold_the_acknowledgement_back(ward):
    """The disk has it: that is safe as well."""
    broker = ward.broker()
    sub = ward.subscriber(broker)
    daemon = ward.daemon(broker)
    c = ward.session(daemon)
    assert c.exchange(senml.as_json(heart_rate(60))).text == "2.04"
    broker.freeze()
    sent = c.post(senml.as_json(heart_rate(61)))
    assert c.wait(sent, retransmit=False).text == "2.04"
    broker.thaw()
    assert c.exchange(senml.as_json(heart_rate(62))).text == "2.04"
    sub.reading(metric="heart-rate", where=lambda r: r["value"] == 62)
    one([r for r in sub.readings() if r["value"] == 61], "readings sent into the frozen broker")


def test_a_payload_is_one_json_object_in_utf8(clinic):
    for m in clinic.sub.messages:
        if "/beds/" in m.topic and m.payload:
            assert isinstance(json.loads(m.payload.decode("utf-8")), dict)


def test_a_simulated_ward_without_a_loss(ward):
    """Twenty devices that we wrote, an observer that we did not: sent, acknowledged and arrived are
    reckoned from outside, and nothing that was acknowledged is missing. The broker stops meanwhile."""
    devices = {f"sim{n}": f"key-of-sim{n}-0123456789" for n in range(1, 21)}
    broker = ward.broker()
    sub = ward.subscriber(broker)
    daemon = ward.daemon(broker, devices=devices, sections={"MQTT": {"ConnectTimeout": "2s"}})
    ward_sim = sim.start(ward, daemon, "--duration", "5s", "--interval", "200ms", "--seed", "7")
    sub.wait_readings(60)
    broker.stop()
    daemon.wait_log("no session with the broker")
    broker.start()
    assert ward_sim.wait(60) == 0, ward_sim.text()
    told = sim.read_log(ward_sim)
    acknowledged = [r for r in told if r["acknowledged"]]
    assert len({r["device"] for r in acknowledged}) == 20 and len(acknowledged) >= 400
    wait_until(lambda: not sim.missing(acknowledged, sub), lambda: "acknowledged and not arrived, of "
               f"{len(acknowledged)}: {sim.missing(acknowledged, sub)[:5]}", step=0.2)
    ids = [r["id"] for r in sub.readings()]
    print(f"sent {len(told)}, acknowledged {len(acknowledged)}, arrived {len(set(ids))}, "
          f"duplicates {len(ids) - len(set(ids))}, lost 0")
