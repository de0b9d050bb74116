"""Each cluster of Zigbee sensors from the frame on the air to the reading at the broker: metric, unit, digits, and what
becomes of a device's words for having no value. Frames and values are worked out by hand, from the specification or
from captures of real devices; that they are decoded so in all their variants is the vectors' (tests/vectors/zigbee)."""
import itertools
import json
import struct

import pytest

from test_zigbee import begin, let_in, readings
from test_zigbee_events import members, through
from ward.base import wait_until
from ward.ble_judge import arrived, text

AQARA, TUYA, IKEA, SONOFF = "LUMI", "_TZE200_bjawzodf", "IKEA of Sweden", "eWeLink"
DEVICES = {
    "room": {"Kind": "climate"}, "motion": {"Kind": "motion"}, "leak": {"Kind": "water"}, "smoke": {"Kind": "smoke"},
    "weather": {"Kind": "climate", "Manufacturer": AQARA, "Model": "lumi.weather"},
    "t1": {"Kind": "climate", "Manufacturer": AQARA, "Model": "lumi.sensor_ht.agl02"},
    "magnet": {"Kind": "router", "Manufacturer": AQARA, "Model": "lumi.sensor_magnet.aq2"},
    "switch": {"Kind": "router", "Manufacturer": AQARA, "Model": "lumi.sensor_switch.aq2"},
    "pir": {"Kind": "router", "Manufacturer": AQARA, "Model": "lumi.sensor_motion.aq2"},
    "outlet": {"Kind": "router", "Manufacturer": AQARA, "Model": "lumi.plug"},
    "wall": {"Kind": "tuya-climate", "Manufacturer": TUYA, "Interval": "1h"},
    "detector": {"Kind": "tuya-climate", "Manufacturer": "_TZE200_m9skfctm", "Interval": "1h"},
    "co2": {"Kind": "tuya-climate", "Manufacturer": "_TZE200_ogkdpgy2", "Interval": "1h"},
    "tuya4": {"Kind": "button", "Manufacturer": "_TZ3000_xabckq1v", "Model": "TS0044"},
    "rodret": {"Kind": "button", "Manufacturer": IKEA, "Model": "TRADFRI on/off switch"},
    "wb01": {"Kind": "button", "Manufacturer": SONOFF, "Model": "WB01"},
}
NONE, BAD = ("not-measured", "unavailable"), ("invalid", "implausible")


def floating(number):
    return struct.pack("<f", number).hex()


def lump(*tags):
    """Xiaomi's: tag, type and value after one another, in a string."""
    inside = "".join(tags)
    return f"{len(inside) // 2:02X}{inside}"


def points(*each):
    """Tuya's: number, type, length, value, most significant byte first."""
    return "0000" + "".join(f"{n:02X}{kind:02X}{len(v) // 2:04X}{v}" for n, kind, v in each)


# Device, cluster, what follows the number of a frame without maker's code (its first byte before it), what has to
# come: metric, value, unit, and what differs from a plain valid reading.
SAID = [
    ("room", 0x0402, "18 {} 0A 0000 29 C409", [("ambient-temperature", "25.00", "Cel")]),
    ("room", 0x0402, "18 {} 0A 0000 29 18FC", [("ambient-temperature", "-10.00", "Cel")]),
    ("room", 0x0402, "18 {} 0A 0000 29 0080", [("ambient-temperature", "none", "Cel", *NONE)]),
    ("room", 0x0402, "18 {} 0A 0000 29 F0D8", [("ambient-temperature", "-100.00", "Cel")]),
    ("weather", 0x0402, "18 {} 0A 0000 29 F0D8", [("ambient-temperature", "-100.00", "Cel", "invalid", "malfunction")]),
    ("room", 0x0405, "18 {} 0A 0000 21 9411", [("humidity", "45.00", "%")]),
    ("room", 0x0405, "18 {} 0A 0000 21 FFFF", [("humidity", "none", "%", *NONE)]),
    ("room", 0x0405, "18 {} 0A 0000 21 F92A", [("humidity", "110.01", "%", *BAD)]),
    ("room", 0x0403, "18 {} 0A 0000 29 F503", [("pressure", "1013", "hPa")]),
    ("room", 0x0403, "18 {} 0A 0000 29 F503 1400 28 FF 1000 29 9727", [("pressure", "1013.5", "hPa")]),
    ("room", 0x0403, "18 {} 0A 0000 29 0080", [("pressure", "none", "hPa", *NONE)]),
    ("room", 0x0400, "18 {} 0A 0000 21 1127", [("illuminance", "10", "lx")]),
    ("room", 0x0400, "18 {} 0A 0000 21 0000", [("illuminance", "1", "lx", "below-range", "out-of-range")]),
    ("room", 0x0400, "18 {} 0A 0000 21 FFFF", [("illuminance", "none", "lx", *NONE)]),
    ("room", 0x0406, "18 {} 0A 0000 18 01", [("occupancy", "true", None)]),
    ("room", 0x0406, "18 {} 0A 0000 18 00", [("occupancy", "false", None)]),
    ("room", 0x040D, "18 {} 0A 0000 39" + floating(0.00064), [("ambient-co2", "640", "[ppm]")]),
    ("room", 0x040D, "18 {} 0A 0000 39" + floating(812.0),
     [("ambient-co2", "812", "[ppm]", "valid", None, "unit-assumed")]),
    ("room", 0x040D, "18 {} 0A 0000 39 0000C07F", [("ambient-co2", "none", "[ppm]", "not-measured", "nan")]),
    ("room", 0x040D, "18 {} 0A 0000 39 0000807F", [("ambient-co2", "none", "[ppm]", "above-range", "plus-infinity")]),
    *((("room", c, "18 {} 0A 0000 39" + floating(12.5), [(m, "12.5", "ug/m3", "valid", None, "unit-assumed")])
       for c, m in ((0x042A, "pm2-5"), (0x042C, "pm1"), (0x042D, "pm10")))),
    ("room", 0x0001, "18 {} 0A 2100 20 C8", [("battery", "100", "%")]),
    ("room", 0x0001, "18 {} 0A 2100 20 AB", [("battery", "85.5", "%")]),
    ("room", 0x0001, "18 {} 0A 2100 20 FF", [("battery", "none", "%", *NONE)]),
    ("room", 0x0001, "18 {} 0A 2100 20 CA", [("battery", "101", "%", *BAD)]),
    ("room", 0x0001, "18 {} 0A 2000 20 1E", [("battery-voltage", "3.0", "V")]),
    ("room", 0x0001, "18 {} 0A 2000 20 FF", [("battery-voltage", "none", "V", *NONE)]),
    ("rodret", 0x0001, "18 {} 0A 2100 20 55", [("battery", "85", "%")]),
    ("room", 0x0006, "18 {} 0A 0000 10 01", [("switch", "true", None)]),
    ("room", 0x0006, "18 {} 0A 0000 10 FF", [("switch", "none", None, *NONE)]),
    # electrical measurement: no factors yet; then tenths of a volt, thousandths of an ampere, watts as they are
    ("room", 0x0B04, "18 {} 0A 0505 21 FF08", [("voltage", "2303", "V", "questionable", None, "unit-assumed")]),
    ("room", 0x0B04, "18 {} 01 0006 00 21 0100 0106 00 21 0A00 0206 00 21 0100 0306 00 21 E803 0406 00 21 0100 "
                     "0506 00 21 0100", []),
    ("room", 0x0B04, "18 {} 0A 0505 21 FF08 0805 21 9C01 0B05 29 5F00",
     [("voltage", "230.3", "V"), ("current", "0.412", "A"), ("power", "95", "W")]),
    ("room", 0x0B04, "18 {} 0A 0505 21 FFFF 0B05 29 0080",
     [("voltage", "none", "V", *NONE), ("power", "none", "W", *NONE)]),
    # alarm zones: what it is, tamper, battery; trouble; a test
    ("motion", 0x0500, "19 {} 00 0500 00 00 0000",
     [("motion", "true", None), ("tamper", "true", None), ("battery-low", "false", None)]),
    ("leak", 0x0500, "19 {} 00 0900 00 00 0000",
     [("water-leak", "true", None), ("tamper", "false", None), ("battery-low", "true", None)]),
    ("leak", 0x0500, "19 {} 00 4000 00 00 0000",
     [("water-leak", "false", None, "questionable", "malfunction"), ("tamper", "false", None),
      ("battery-low", "false", None), ("problem", "true", None)]),
    ("smoke", 0x0500, "19 {} 00 0101 00 00 0000",
     [(m, v, None, "valid", None, "test") for m, v in (("smoke", "true"), ("tamper", "false"),
                                                       ("battery-low", "false"))]),
    # Aqara: a lump of the older ones in the basic cluster, of the newer ones in their own
    ("weather", 0x0000, "1C 5F11 {} 0A 01FF 42" + lump("0121E50B", "03281A", "6429D0F8", "65219411",
                                                       "662B388B0100"),
     [("battery-voltage", "3.045", "V"), ("battery", "80", "%", "valid", None, "", "calculated"),
      ("ambient-temperature", "-18.40", "Cel"), ("humidity", "45.00", "%"), ("pressure", "1011.76", "hPa")]),
    ("t1", 0xFCC0, "1C 5F11 {} 0A F700 41" + lump("0121C00B", "6429FA00", "65210E10"),
     [("battery-voltage", "3.008", "V"), ("battery", "67", "%", "valid", None, "", "calculated"),
      ("ambient-temperature", "2.50", "Cel"), ("humidity", "41.10", "%")]),
    ("weather", 0x0000, "1C 5F11 {} 0A 01FF 42" + lump("6429F0D8"),
     [("ambient-temperature", "-100.00", "Cel", "invalid", "malfunction")]),
    ("magnet", 0x0006, "18 {} 0A 0000 10 01", [("contact", "false", None)]),
    ("switch", 0x0006, "18 {} 0A 0080 20 02", [("button", "double", None, "valid", None, "episodic")]),
    ("pir", 0x0406, "18 {} 0A 0000 18 01", [("motion", "true", None, "valid", None, "episodic")]),
    ("pir", 0x0400, "18 {} 0A 0000 21 4001", [("illuminance", "320", "lx")]),
    ("outlet", 0x0000, "1C 5F11 {} 0A 01FF 42" + lump("641001", "9639CD0C1145", "983933B3BE42"),
     [("switch", "true", None), ("voltage", "232.08", "V"), ("power", "95.35", "W")]),
    # Tuya: data points; one below zero, cut to 16 bits before it was put into 32
    ("wall", 0xEF00, "09 {} 02" + points((1, 2, "0000FF9C"), (2, 2, "000001C2"), (4, 2, "00000055")),
     [("ambient-temperature", "-10.0", "Cel"), ("humidity", "45.0", "%"), ("battery", "85", "%")]),
    ("wall", 0xEF00, "09 {} 01" + points((1, 2, "FFFFFF9C")), [("ambient-temperature", "-10.0", "Cel")]),
    ("detector", 0xEF00, "09 {} 02" + points((1, 4, "00")), [("smoke", "true", None)]),
    ("detector", 0xEF00, "09 {} 02" + points((1, 4, "01"), (15, 2, "00000064")),
     [("smoke", "false", None), ("battery", "100", "%")]),
    ("co2", 0xEF00, "09 {} 02" + points((2, 2, "0000032A")), [("ambient-co2", "810", "[ppm]")]),
    ("tuya4", 0x0006, "01 {} FD 02", [("button", "long", None, "valid", None, "episodic")]),
    ("wb01", 0x0006, "01 {} 01", [("button", "double", None, "valid", None, "episodic")]),
]


def told(r):
    return (r["metric"], text(r["value"]), r.get("unit"), r["validity"], r.get("reason"),
            ",".join(r.get("flags", [])), r.get("origin", "measured"))


def test_every_value_arrives_as_what_it_is(ward):
    mesh, daemon, bus, sub = members(ward, DEVICES, radio={"Queue": "1000"})
    wanted = []
    for number, (device, cluster, frame, want) in enumerate(SAID):
        seen = len(arrived(sub))
        mesh.say(device, cluster, frame.format(f"{number:02X}"))
        through(mesh, sub)
        came = [told(r) for r in arrived(sub)[seen:] if r["device"] == device]
        full = [(*w, *("valid", None, "", "measured")[len(w) - 3:]) for w in want]
        if came != full:
            wanted.append(f"{device} 0x{cluster:04X} {frame}:\n  came {came}\n  want {full}")
    assert not wanted, "\n".join(wanted)
    for name, keys in DEVICES.items():
        document = json.loads(bus.call("GetDevice", "s", name))
        for key, fact in (("Manufacturer", "maker"), ("Model", "model")):
            assert document[fact] == keys.get(key, document[fact]), document


@pytest.mark.slow
def test_makers_that_stray(ward):
    """Devices that are played with their makers' manners; one leaves a gateway that is not of its maker."""
    kinds = ("aqara-weather", "aqara-t1", "tuya-climate")
    numbers = itertools.count(1)
    devices = {kind: {"Kind": kind, "Interval": "500ms", "Poll": "20ms",
                      "EUI64": f"54:EF:44:00:00:00:07:{next(numbers):02X}"} for kind in kinds}
    mesh, daemon, bus, sub = begin(ward, devices)
    let_in(bus)
    wait_until(lambda: all(len(readings(sub, kind, "humidity")) >= 4 for kind in kinds),
               lambda: f"readings: {[(k, len(readings(sub, k, 'humidity'))) for k in kinds]}", 60)
    assert not mesh.events("left") and not mesh.events("not-of-its-maker")
    mesh.stop()
    # they say some values more coarsely than they are measured
    sent = {(v["device"], v["metric"], v["value"]) for v in mesh.acknowledged()}
    wait_until(lambda: sent <= {(r["device"], r["metric"], r["value"]) for r in arrived(sub)},
               lambda: f"{sent - {(r['device'], r['metric'], r['value']) for r in arrived(sub)}}")
