"""The sample consumer's logic: duplicates, gaps, epochs. Needs no daemon and no broker."""
import importlib.util
import io
import json
import pathlib

import pytest

PATH = pathlib.Path(__file__).resolve().parents[2] / "docs/interface/consumer.py"
spec = importlib.util.spec_from_file_location("consumer", PATH)
consumer = importlib.util.module_from_spec(spec)
spec.loader.exec_module(consumer)


def taken(ledger, *sequences, epoch="1-00000001"):
    return [ledger.take(f"gw:{epoch}:{n}") for n in sequences]


def missing(ledger, now=100.0, patience=0.0):
    return [(epoch, first, last) for _, epoch, first, last in ledger.missing(now, patience)]


def epoch_record(sequence, carrier, **more):
    return {"record": "epoch", "id": f"gw:{carrier}:{sequence}", **more}


@pytest.mark.parametrize("order", [(1, 2, 3, 4), (4, 3, 2, 1), (2, 4, 1, 3), (1, 3, 2, 4)])
def test_ranges_merge(order):
    r = consumer.Ranges()
    assert all(r.add(n) for n in order)
    assert r.pairs == [[1, 4]]
    assert not any(r.add(n) for n in order)


def test_ranges_add_over_many():
    r = consumer.Ranges([[1, 2], [5, 6], [9, 9], [20, 30]])
    assert r.add(2, 10)
    assert r.pairs == [[1, 10], [20, 30]]
    assert not r.add(3, 9)
    assert list(r.holes(1, 40)) == [[11, 19], [31, 40]]
    assert list(r.holes(22, 25)) == []


def test_each_id_once():
    ledger = consumer.Ledger()
    assert taken(ledger, 1, 2, 2, 3, 1, 3) == [True, True, False, True, False, False]


def test_same_number_of_another_epoch_is_another_message():
    ledger = consumer.Ledger()
    assert taken(ledger, 1) == [True]
    assert taken(ledger, 1, epoch="2-0000000a") == [True]


def test_live_overtakes_backlog():
    ledger = consumer.Ledger()
    taken(ledger, 1, 2, 7, 8)
    assert missing(ledger, now=0, patience=60) == []
    assert missing(ledger, now=59, patience=60) == []
    taken(ledger, 3, 4)
    taken(ledger, 5, 6)
    assert missing(ledger, now=61, patience=60) == []


def test_hole_is_reported_after_patience():
    ledger = consumer.Ledger()
    taken(ledger, 1, 2, 5)
    assert missing(ledger, now=0, patience=60) == []
    assert missing(ledger, now=60, patience=60) == [("1-00000001", 3, 4)]


def test_joining_in_the_middle_misses_nothing_before():
    ledger = consumer.Ledger()
    taken(ledger, 1000, 1001)
    assert missing(ledger) == []
    # ... but the next epoch is followed from its beginning.
    taken(ledger, 3, epoch="2-0000000a")
    assert missing(ledger) == [("2-0000000a", 1, 2)]


def test_gap_record_explains():
    ledger = consumer.Ledger()
    taken(ledger, 1, 2, 9)
    ledger.record({"record": "gap", "id": "gw:1-00000001:9", "epoch": "1-00000001", "first": 3,
                   "last": 6, "reason": "memory-full"})
    assert missing(ledger) == [("1-00000001", 7, 8)]


def test_clean_end_tells_what_should_have_come():
    ledger = consumer.Ledger()
    taken(ledger, 1, 2, 3, 6)
    ledger.record(epoch_record(6, "1-00000001", epoch="1-00000001", last=6, clean=True, stored=[]))
    assert missing(ledger) == [("1-00000001", 4, 5)]
    taken(ledger, 4, 5)
    assert missing(ledger) == []


def test_end_told_by_the_next_run_leaves_nothing_to_wait_for():
    ledger = consumer.Ledger()
    taken(ledger, 1, 2, 4)
    taken(ledger, 1, epoch="2-0000000a")
    ledger.record(epoch_record(1, "2-0000000a", epoch="1-00000001", last=5, clean=True, stored=[]))
    assert missing(ledger) == []


def test_unclean_end_promises_only_what_is_stored():
    ledger = consumer.Ledger()
    taken(ledger, 1, 2, 6)
    taken(ledger, 1, epoch="2-0000000a")
    ledger.record(epoch_record(1, "2-0000000a", epoch="1-00000001", clean=False,
                               stored=[[4, 4], [8, 9]]))
    assert missing(ledger) == [("1-00000001", 4, 4), ("1-00000001", 8, 9)]
    taken(ledger, 4, 8, 9)
    assert missing(ledger) == []


@pytest.mark.parametrize("order", [(0, 1), (1, 0), (0, 1, 0)])
def test_unclean_end_in_several_records(order):
    ledger = consumer.Ledger()
    taken(ledger, 1, 2, 6)
    taken(ledger, 1, 2, epoch="2-0000000a")
    parts = [epoch_record(1, "2-0000000a", epoch="1-00000001", clean=False, stored=[[4, 4]],
                          more=True),
             epoch_record(2, "2-0000000a", epoch="1-00000001", clean=False, stored=[[8, 9]])]
    for i in order:
        ledger.record(parts[i])
    assert missing(ledger) == [("1-00000001", 4, 4), ("1-00000001", 8, 9)]
    again = consumer.Ledger(json.loads(json.dumps(ledger.state())))
    taken(again, 4, 8)
    assert missing(again) == [("1-00000001", 9, 9)]


def test_nothing_stored_leaves_nothing_to_wait_for():
    ledger = consumer.Ledger()
    taken(ledger, 1, 2, 6)
    taken(ledger, 1, epoch="2-0000000a")
    ledger.record(epoch_record(1, "2-0000000a", epoch="1-00000001", clean=False, stored=[]))
    assert missing(consumer.Ledger(json.loads(json.dumps(ledger.state())))) == []


def test_gap_of_a_limit_while_others_of_its_range_still_come():
    c, out = session()
    for n in (1, 9):
        c.handle("P/beds/3/d/spo2", json.dumps(reading(id=f"gw:1-00000001:{n}")))
    gap = {"id": "gw:1-00000001:10", "record": "gap", "epoch": "1-00000001", "first": 2, "last": 8,
           "count": 3, "reason": "size"}
    c.handle("P/gateways/gw/records", json.dumps(gap))
    assert "dropped by the gateway: 3 of 2 to 8 of epoch 1-00000001: size" in out.getvalue()
    assert c.ledger.take("gw:1-00000001:5")
    assert missing(c.ledger) == []


def test_end_of_an_epoch_before_we_came():
    ledger = consumer.Ledger()
    taken(ledger, 1, epoch="2-0000000a")
    ledger.record(epoch_record(1, "2-0000000a", epoch="1-00000001", last=500, clean=True,
                               stored=[]))
    assert missing(ledger) == []


def test_unknown_records_are_ignored():
    ledger = consumer.Ledger()
    ledger.record({"record": "weather", "id": "gw:1-00000001:1"})
    assert missing(ledger) == []


def test_state_survives():
    ledger = consumer.Ledger()
    taken(ledger, 1, 2, 5)
    again = consumer.Ledger(json.loads(json.dumps(ledger.state())))
    assert taken(again, 2, 5, 6) == [False, False, True]
    assert missing(again) == [("1-00000001", 3, 4)]


def reading(**changes):
    path = PATH.parent / "reading.example.json"
    return {**json.loads(path.read_text()), **changes}


def session():
    out = io.StringIO()
    return consumer.Consumer("P", consumer.Ledger(), out, patience=0), out


def test_prints_each_reading_once():
    c, out = session()
    payload = json.dumps(reading())
    c.handle("P/beds/3/bed3-oximeter/spo2", payload)
    c.handle("P/beds/3/bed3-oximeter/spo2", payload)
    assert out.getvalue().count("spo2") == 1
    assert "97 %" in out.getvalue()


@pytest.mark.parametrize("changes, want", [
    ({"value": None, "validity": "sensor-off"}, "no value  (sensor-off"),
    ({"value": 70, "validity": "below-range", "comparator": "<"}, "<70 %  (below-range"),
    ({"validity": "questionable", "reason": "motion"}, "97 %  (questionable, motion"),
    ({"flags": ["demo"]}, "(demo"),
    ({"backfill": True}, "(late"),
    ({"clock": "unsynchronised"}, "(clock unsynchronised"),
    ({"metric": "contact", "value": True}, "true %"),
])
def test_what_is_not_a_plain_value_is_shown_as_what_it_is(changes, want):
    assert want in consumer.describe(reading(**changes))


def test_tells_a_hole_once():
    c, out = session()
    for n in (1, 3):
        c.handle("P/beds/3/d/spo2", json.dumps(reading(id=f"gw:1-00000001:{n}")))
    c.tell_missing(10.0)
    c.tell_missing(20.0)
    assert out.getvalue().count("missing from gw epoch 1-00000001: 2 to 2") == 1


def test_rubbish_does_not_stop_it():
    c, out = session()
    c.handle("P/beds/3/d/spo2", b"\xff{")
    assert "not JSON" in out.getvalue()
