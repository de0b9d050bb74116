"""Runs the alarm engine on a scenario in virtual time, by tests/model/drive, and reads what it says.

Nothing here knows what an alarm is for: see checker.py, which knows nothing of the engine.
"""
import dataclasses
import json
import subprocess

END_OF_TIME = 1 << 62


@dataclasses.dataclass
class Alarm:
    """From its start to its end; sides: [(time, side)] as they changed."""
    key: str
    priority: str
    start: int
    sides: list
    end: int = END_OF_TIME

    def sides_at(self, time):
        """Those it had at that moment: more than one when it changed just then."""
        before = [side for t, side in self.sides if t < time]
        return set(before[-1:]) | {side for t, side in self.sides if t == time}


@dataclasses.dataclass
class Output:
    alarms: list = dataclasses.field(default_factory=list)
    excursions: list = dataclasses.field(default_factory=list)
    computed: list = dataclasses.field(default_factory=list)
    priorities: list = dataclasses.field(default_factory=list)  # (time, key, priority) of each start and step
    refused: list = dataclasses.field(default_factory=list)  # what was said of commands not obeyed
    other: set = dataclasses.field(default_factory=set)  # other rules and conditions that spoke


class Scenario:
    def __init__(self):
        self.lines = []

    def add(self, time, *fields):
        self.lines.append("\t".join([str(time), *map(str, fields)]))

    def rules(self, rules):
        """rules: name -> {key: value}"""
        for name, settings in rules.items():
            self.add(0, "rule", name, *(f"{k}={v}" for k, v in settings.items()))
        self.add(0, "rules")

    def reading(self, time, device, metric, value, spot=False):
        flags = ["flags=episodic"] if spot else []
        self.add(time, "reading", f"device={device}", f"metric={metric}", f"number={value}", *flags)


def side_of(text):
    return "below" if " below " in text else "above" if " above " in text else ""


def take_event(out, live, e, rules):
    if e["rule"] not in rules:
        out.other.add(e["rule"])
        return
    if e.get("transient"):
        out.excursions.append(e)
        return
    key, alarm = e["key"], live.get(e["key"])
    if e["event"] == "start":
        alarm = live[key] = Alarm(key, e["priority"], e["t"], [(e["t"], side_of(e["text"]))])
        out.alarms.append(alarm)
        out.priorities.append((e["t"], key, e["priority"]))
    elif e["event"] == "end":
        live.pop(key).end = e["t"]
    elif side_of(e["text"]) not in ("", alarm.sides[-1][1]):
        alarm.sides.append((e["t"], side_of(e["text"])))
    if e["event"] in ("escalate", "deescalate"):
        out.priorities.append((e["t"], key, e["priority"]))


def run(drive, scenario, rules):
    """What the engine gave out of these rules."""
    p = subprocess.run([drive], input="\n".join(scenario.lines) + "\n", text=True, check=True,
                       stdout=subprocess.PIPE)
    out, live = Output(), {}
    for line in p.stdout.splitlines():
        if line.startswith('{"event"'):
            take_event(out, live, json.loads(line), rules)
        elif line.startswith('{"computed"'):
            out.computed.append(json.loads(line))
        elif line.startswith('{"result"'):
            out.refused.append(json.loads(line)["why"])
        elif line.startswith(('{"fault"', '{"broken"')):
            raise ValueError(line)
    return out
