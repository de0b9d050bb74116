"""What wardsim zigbee says that it sent against what herdsman made of it: both as words, counted."""
import struct
from collections import Counter

# A metric in herdsman's words: cluster, attribute, and what its unit is multiplied with on the wire.
NUMBERS = {
    "ambient-temperature": ("msTemperatureMeasurement", "measuredValue", 100),
    "humidity": ("msRelativeHumidity", "measuredValue", 100),
    "pressure": ("msPressureMeasurement", "measuredValue", 1),
    "voltage": ("haElectricalMeasurement", "rmsVoltage", 10),
    "current": ("haElectricalMeasurement", "rmsCurrent", 1000),
    "power": ("haElectricalMeasurement", "activePower", 10),
    "battery": ("genPowerCfg", "batteryPercentageRemaining", 2),
    "battery-voltage": ("genPowerCfg", "batteryVoltage", 10),
    "occupancy": ("msOccupancySensing", "occupancy", 1),
    "ambient-co2": ("msCO2", "measuredValue", 1e-6),
    "pm2-5": ("pm25Measurement", "measuredValue", 1),
}
WORDS = {(cluster, attribute): metric for metric, (cluster, attribute, _) in NUMBERS.items()}
ALARMS = {"motion": "motion", "contact": "contact", "fridge": "contact", "water": "water-leak", "smoke": "smoke",
          "emergency": "emergency", "key-fob": "emergency"}
COMMANDS = {"commandOff": 0, "commandOn": 1, "commandToggle": 2}
POINTS = {1: ("ambient-temperature", 10), 2: ("humidity", 10), 4: ("battery", 1)}        # Tuya's: number, factor
TAGS = {0x01: ("battery-voltage", 1000), 0x64: ("ambient-temperature", 100), 0x65: ("humidity", 100),
        0x66: ("pressure", 100)}                                                        # Aqara's
WIDTHS = {0x20: "B", 0x21: "<H", 0x28: "b", 0x29: "<h", 0x2b: "<i", 0x24: "5s"}


def digits(x):
    """Numbers that travelled as single precision are told apart by six digits, no more."""
    return f"{float(x):.6g}"


def address(text):
    """A4:C1:... as herdsman writes it."""
    return "0x" + text.replace(":", "").lower()


def said(value, kind):
    """A value of the simulator's log as a word; None for what herdsman does not tell as a value."""
    metric, by, number = value["metric"], value["by"], value.get("value")
    if by == "report" and metric in NUMBERS:
        return metric, digits(float(number) * NUMBERS[metric][2])
    if by == "report" and metric in ("illuminance", "button"):
        return metric, digits(value["raw"])
    if by == "notification" and metric == ALARMS.get(kind):
        return metric, digits(number)
    if by == "command":
        return metric, digits(number if metric == "emergency" else value["raw"])
    if by in ("lump", "datapoint"):
        factor = dict((TAGS if by == "lump" else POINTS).values())[metric]
        return f"{metric} in a {by}", digits(round(float(number) * factor))
    return None


def _lump(data):
    """Tags of Aqara's, from their bytes."""
    at, found = 0, {}
    while at + 2 <= len(data):
        tag, form = data[at], WIDTHS[data[at + 1]]
        found[tag] = struct.unpack_from(form, data, at + 2)[0]
        at += 2 + struct.calcsize(form)
    return found


def _of_report(data, cluster, kind):
    for name, value in data.items():
        if (cluster, name) in WORDS:
            yield WORDS[cluster, name], digits(value)
        elif cluster == "msIlluminanceMeasurement" and name == "measuredValue":
            yield "illuminance", digits(value)
        elif cluster == "genMultistateInput" and name == "presentValue":
            yield "button", digits(value)
        elif name in ("65281", "247"):      # a structure that herdsman has taken apart, or its bytes
            tags = _lump(bytes(value["data"])) if name == "247" else {int(k): v for k, v in value.items()}
            for tag, (metric, _) in TAGS.items():
                yield f"{metric} in a lump", digits(tags[tag])


def heard(message, kind):
    """The words in what herdsman made of one message."""
    cluster, what, data = message["cluster"], message["type"], message["data"]
    if what == "attributeReport":
        yield from _of_report(data, cluster, kind)
    elif what == "commandStatusChangeNotification":
        alarm = data["zonestatus"] & 1
        yield ALARMS[kind], digits(alarm ^ (ALARMS[kind] == "contact"))
    elif cluster == "genOnOff" and what in COMMANDS:
        yield "button", digits(COMMANDS[what])
    elif cluster == "ssIasAce" and what == "commandEmergency":
        yield "emergency", digits(1)
    elif cluster == "manuSpecificTuya" and what == "commandDataReport":
        for point in data["dpValues"]:
            number = int.from_bytes(bytes(point["data"]["data"]), "big", signed=True)
            yield f"{POINTS[point['dp']][0]} in a datapoint", digits(number)


def judged(mesh, messages, windows):
    """What was acknowledged within windows of the simulator's log (line numbers, from and to) and was not decoded,
    as (device, metric, number); and how many were, as {(device, metric): count}."""
    kinds = {n: k["Kind"] for n, k in mesh.devices.items()}
    names = {address(k["EUI64"]): n for n, k in mesh.devices.items()}
    came = Counter((names[m["ieee"]], *word) for m in messages for word in heard(m, kinds[names[m["ieee"]]]))
    missing, counts = [], Counter()
    for n, v in enumerate(mesh.lines()):
        if "metric" not in v or not v["acknowledged"] or not any(a <= n < b for a, b in windows):
            continue
        word = said(v, kinds[v["device"]])
        key = word and (v["device"], *word)
        if key and came[key]:
            came[key] -= 1
            counts[v["device"], v["metric"]] += 1
        elif key:
            missing.append(key)
    return missing, counts
