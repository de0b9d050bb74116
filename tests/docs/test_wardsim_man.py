"""wardsim(1) names every word that a scenario may say. Read from the simulator's tables, not from its help."""
import pathlib
import re

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
MAN = (TOP / "docs/man/wardsim.1").read_text(encoding="utf-8").replace("\\-", "-")
WORDS = set(re.findall(r"[A-Za-z0-9][A-Za-z0-9-]*", MAN))


def source(name):
    return (TOP / "src/sim" / name).read_text(encoding="utf-8")


def macro(text, name):
    """The words of an X macro."""
    body = re.search(rf"#define {name}\(X\)(.*?)\n\n", text, re.S).group(1)
    return re.findall(r'X\(\w+, "([a-z-]+)"\)', body)


def kinds():
    text = source("ble_kinds.c")
    return re.findall(r'\.name = "([a-z-]+)"', text) + re.findall(r'BROADCASTER\("([a-z0-9-]+)"', text)


def variants():
    text = source("ble_kinds.c")
    found = re.findall(r'\.variants = "([a-z -]+)"', text) + re.findall(r'BROADCASTER\([^)]*"([a-z ]+)"\)', text)
    return sorted({word for words in found for word in words.split()})


def keys():
    text = source("ble_scenario.c") + source("scenario.c")
    return sorted(set(re.findall(r'strcmp\(key, "(\w+)"\)', text)) | set(re.findall(r'\{ "([A-Z]\w+)", d->', text)))


TABLES = {
    "actions": macro(source("ble_scenario.h"), "SBLE_ACTIONS"),
    "whens": macro(source("ble_scenario.h"), "SBLE_WHENS"),
    "kinds": [k.removesuffix("-sealed") for k in kinds()],
    "variants": variants(),
    "keys": keys(),
    "status": sorted(set(re.findall(r'\{ SBLE_\w+, "([a-z-]+)",', source("ble_status.c")))),
    "faults": re.findall(r'\[FAULT_\w+\] = "([a-z-]+)"', source("scenario.c"))[1:],
    "quantities": re.findall(r'\{ "([a-z0-9-]+)", ', source("ble_body.c"))[:-1],
    "options": re.findall(r'\{ "([a-z-]+)", (?:required|no)_argument', source("main.c") + source("ble_options.c")),
}


@pytest.mark.parametrize("table", TABLES)
def test_every_word_is_told(table):
    words = TABLES[table]
    assert len(words) > 5, f"the table of {table} was not found"
    assert [w for w in words if w not in WORDS] == []
