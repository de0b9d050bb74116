"""docs/ble.md names every quirk and every device of the table of quirks; what becomes of bits is held to the
decoders by tests/unit/ble/test_quality.c."""
import pathlib
import re

TOP = pathlib.Path(__file__).resolve().parents[2]
PAGE = (TOP / "docs/ble.md").read_text(encoding="utf-8")
SECTION = PAGE[PAGE.index("### Devices that stray"):PAGE.index("## Troubles")]


def test_every_quirk_is_told():
    header = (TOP / "src/ble/profiles/quirks.h").read_text(encoding="utf-8")
    quirks = re.findall(r"QUIRK_(\w+) = 1 << ", header)
    assert len(quirks) > 5
    assert [q for q in quirks if f"`{q}`" not in SECTION] == []
    assert [q for q in re.findall(r"`([A-Z_]+)`", SECTION) if q not in quirks] == []


def test_every_device_of_the_table_is_told():
    rows = re.findall(r'^QUIRK_ROW\("([^"]*)", "([^"]*)", "[^"]*", QUIRK_(\w+)\)',
                      (TOP / "src/ble/profiles/quirks.def").read_text(encoding="utf-8"), re.M)
    assert rows
    for maker, model, quirk in rows:
        told = next((line for line in SECTION.splitlines() if line.startswith("|") and f"`{quirk}`" in line), "")
        for name in (maker.split()[0].removesuffix("*"), model.removesuffix("*")):
            assert name.removesuffix("Semi") in told, f"{maker} {model}: {quirk}"
