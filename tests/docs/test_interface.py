"""docs/interface: the schemas are sound, the examples fit them, and what is wrong does not."""
import json
import pathlib
import re

import jsonschema
import pytest
import yaml

import schemas

TOP = pathlib.Path(__file__).resolve().parents[2]
DIRECTORY = TOP / "docs/interface"
EXAMPLES = sorted(DIRECTORY.glob("*.example.json"))


def example(name):
    return json.loads((DIRECTORY / f"{name}.example.json").read_text())


def kind_of(path):
    return path.name.split(".")[0].split("-")[0]


@pytest.mark.parametrize("path", sorted(DIRECTORY.glob("*.schema.json")), ids=lambda p: p.name)
def test_schema_is_sound_and_has_an_example(path):
    jsonschema.Draft202012Validator.check_schema(json.loads(path.read_text()))
    kind = path.name.split(".")[0]
    assert any(kind_of(e) == kind for e in EXAMPLES)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.name)
def test_example_fits(path):
    assert schemas.faults(kind_of(path), json.loads(path.read_text())) == []


def words(table, macro):
    text = (TOP / "include/wardgate" / table).read_text()
    return re.findall(rf'^{macro}\(\w+, "([^"]+)"', text, re.M)


def test_metrics_are_those_of_the_table():
    schema = schemas.load("reading")
    assert schema["properties"]["metric"]["enum"] == words("metrics.def", "METRIC")


def test_examples_name_the_codes_of_the_table():
    rows = {name: (unit, int(mdc), int(mdc_unit), None if loinc == "NULL" else loinc.strip('"'))
            for name, unit, mdc, mdc_unit, loinc in re.findall(
                r'^METRIC\(\w+, "([^"]+)", \w+, "([^"]*)", (\d+), (\d+), (NULL|"[^"]*")',
                (TOP / "include/wardgate/metrics.def").read_text(), re.M)}
    for path in EXAMPLES:
        if kind_of(path) == "reading":
            r = json.loads(path.read_text())
            unit, mdc, mdc_unit, loinc = rows[r["metric"]]
            assert r.get("unit", "") == unit
            codes = {"mdc": mdc, "mdc_unit": mdc_unit, "loinc": loinc and loinc.split()}
            assert r["codes"] == {k: v for k, v in codes.items() if v}


@pytest.mark.parametrize("name", ["reason", "site", "method", "sample"])
def test_words_of_the_examples_are_in_the_table(name):
    known = words("words.def", "WORD")
    for path in EXAMPLES:
        word = json.loads(path.read_text()).get(name)
        assert kind_of(path) != "reading" or word is None or word in known


@pytest.mark.parametrize("name, change", [
    ("reading", {"id": "ward7-gw1:34567"}),
    ("reading", {"validity": "fine"}),
    ("reading", {"metric": "mood"}),
    ("reading", {"time": "2026-11-21 10:00:00"}),
    ("reading", {"validity": "sensor-off"}),  # with a value
    ("reading", {"validity": "below-range"}),  # without a comparator
    ("reading", {"backfill": False}),  # left out when false
    ("reading", {"unit": ""}),
    ("reading", {"mood": "good"}),
    ("reading", {"bed": None}),
    ("reading-below-range", {"comparator": ">"}),
    ("record-gap", {"reason": None}),
    ("record-gap", {"first": 0}),
    ("record-gap", {"record": "epoch"}),
    ("record-epoch", {"last": None}),
    ("record-epoch", {"stored": [[1]]}),
    ("record-epoch", {"more": False}),  # left out when false
    ("record-gap", {"count": 0}),  # left out when not known
    ("record-gap", {"more": True}),
    ("record-clock", {"corrections": []}),
    ("record-clock-corrections", {"state": "holdover"}),
    ("record-clock-corrections", {"corrections": [{"epoch": "1-00000001", "first": 1}]}),
    ("record-clock-corrections", {"corrections": [{"epoch": "1-00000001", "first": 1, "add_ms": 0.5}]}),
    ("record-clock-corrections",
     {"corrections": [{"epoch": "1-00000001", "first": 1, "add_ms": 0, "error_ms": 0}]}),
    ("status", {"status": "asleep"}),
    ("status", {"next_by": None}),
    ("status", {"reason": "stopped"}),  # online
    ("status", {"drivers": {"coap": {"running": True}}}),
    ("status-stopped", {"reason": "bored"}),
    ("device", {"state": "lost"}),
    ("device", {"battery": 101}),
    ("alarm", {"phase": "begin"}),
    ("alarm", {"inactivation": []}),
    ("alarm", {"kind": None}),
    ("alarm", {"limits": {}}),
    ("alarm-test", {"flags": ["demo", "demo"]}),
    ("command", {"request": ""}),
    ("command-acknowledge", {"alarm": ""}),
    ("command-pause", {"seconds": -2}),
    ("command-pause", {"kind": "off"}),
    ("command-set-limit", {"level": "rule"}),
    ("command-set-limit", {"below": "88"}),
    ("command-set-spo2-scale", {"scale": 3}),
    ("command-observe", {"value": {}}),
    ("command-pair", {"answer": "12345"}),
    ("command-pair", {"pairing": 0}),
    ("command-pair", {"address": "C0FFEE000001"}),
    ("response", {"error": "but it went well"}),
    ("response-refused", {"error": None}),
    ("response-refused", {"result": {}}),
])
def test_what_is_wrong_does_not_fit(name, change):
    """None takes a key out."""
    message = {k: v for k, v in {**example(name), **change}.items()
               if v is not None or (k in change and k == "bed")}
    assert schemas.faults(name.split("-")[0], message)


@pytest.mark.parametrize("key", schemas.load("reading")["required"])
def test_required_keys_are_required(key):
    reading = example("reading")
    del reading[key]
    assert schemas.faults("reading", reading)


def references(node):
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def resolve(document, reference):
    for part in reference.removeprefix("#/").split("/"):
        document = document[part.replace("~1", "/").replace("~0", "~")]
    return document


def test_asyncapi_refers_to_what_is_there():
    document = yaml.safe_load((DIRECTORY / "asyncapi.yaml").read_text())
    assert document["asyncapi"].startswith("3.0")
    files = set()
    for reference in references(document):
        if reference.startswith("#"):
            assert resolve(document, reference)
        else:
            files.add(reference)
            assert (DIRECTORY / reference).is_file(), reference
    assert {f"./{p.name}" for p in DIRECTORY.glob("*.schema.json")} <= files


def test_asyncapi_has_the_version_of_the_program():
    makefile = (TOP / "Makefile").read_text()
    version = re.search(r"^VERSION := (\S+)$", makefile, re.M).group(1)
    document = yaml.safe_load((DIRECTORY / "asyncapi.yaml").read_text())
    assert document["info"]["version"] == version
