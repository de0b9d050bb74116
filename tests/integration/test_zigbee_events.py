"""What happens once at a Zigbee device happens once at the broker: presses, alarms and calls for help that are said
again, whose answers get lost, that meet a radio that is started anew. Frames are given as they stand on the air."""
import itertools
import json
from decimal import Decimal

import pytest

from test_zigbee import begin, let_in, network_up, readings
from ward.base import wait_until

IKEA = {"Manufacturer": "IKEA of Sweden", "Model": "TRADFRI remote control"}
NAMES = {"bell": {"Kind": "button"}, "multi": {"Kind": "multi-button"}, "cord": {"Kind": "pull-cord"},
         "fob": {"Kind": "key-fob"}, "pendant": {"Kind": "emergency"}, "door": {"Kind": "contact"},
         "leak": {"Kind": "water"}, "room": {"Kind": "climate", "Interval": "1h"}, "remote": {"Kind": "button", **IKEA}}
# Device, cluster, frame with its number left out, metric and value, instance. The first byte asks for a default
# response, or (bit 4) does not.
SAID = [
    ("bell", 0x0006, "01 {} 02", "button", "single", 0),
    ("bell", 0x0006, "11 {} 01", "button", "single", 0),
    ("multi", 0x0012, "08 {} 0A 5500 21 0200", "button", "double", 0),
    ("multi", 0x0012, "18 {} 0A 5500 21 0000", "button", "hold", 0),
    ("cord", 0x0501, "01 {} 02", "emergency", True, 0),
    ("cord", 0x0501, "11 {} 04", "emergency", True, 0),
    ("fob", 0x0500, "09 {} 00 0200 00 00 0000", "emergency", True, 0),
    ("pendant", 0x0500, "19 {} 00 0100 00 00 0000", "emergency", True, 0),
    ("door", 0x0500, "09 {} 00 0100 00 00 0000", "contact", False, 0),
    ("door", 0x0500, "09 {} 00 0000 00 00 0000", "contact", True, 0),
    ("leak", 0x0500, "19 {} 00 0100 00 00 0000", "water-leak", True, 0),
    ("room", 0x0402, "18 {} 0A 0000 29 C409", "ambient-temperature", Decimal("25.00"), 0),
    ("room", 0x0405, "08 {} 0A 0000 21 9411", "humidity", Decimal("45.00"), 0),
    ("remote", 0x0008, "01 {} 02 00 2B 05 00", "button", "single", 2),
    ("remote", 0x0005, "05 7C11 {} 07 00 01 0D 00", "button", "single", 3),
    ("remote", 0x0008, "11 {} 01 00 C3 00 00", "button", "hold", 2),
]


def state_of(bus, name):
    return json.loads(bus.call("GetDevice", "s", name)).get("link", {}).get("state")


def members(ward, names, **kwargs):
    """Those devices, set up, and one more for through(); they say nothing by themselves."""
    numbers = itertools.count(1)
    devices = {n: {"EUI64": f"A4:C1:38:00:00:00:03:{next(numbers):02X}", "Poll": "20ms", "CheckIn": "1h", **keys}
               for n, keys in [*names.items(), ("last", {"Kind": "button"})]}
    mesh, daemon, bus, sub = begin(ward, devices, **kwargs)
    mesh.numbers = itertools.count()
    let_in(bus)
    wait_until(lambda: {state_of(bus, n) for n in devices} == {"joined"},
               lambda: f"set up: {[(n, state_of(bus, n)) for n in devices]}", 60)
    return mesh, daemon, bus, sub


def frame(text, number):
    return text.format(f"{number & 0xFF:02X}")


class Events:
    """What arrives of what is said from now on, told apart from all that came before."""

    def __init__(self, sub, device, metric):
        self.sub, self.device, self.metric = sub, device, metric
        self.before = len(readings(sub, device, metric))

    def all(self):
        return readings(self.sub, self.device, self.metric)[self.before:]

    def wait(self, count, what="events"):
        wait_until(lambda: len(self.all()) >= count, lambda: f"{count} {what} of {self.device}: {self.all()}")


def through(mesh, sub):
    """Whatever was said before has come through: frames keep their order, and this one comes last."""
    last = Events(sub, "last", "button")
    mesh.say("last", 0x0006, frame("11 {} 02", next(mesh.numbers)))
    last.wait(1)


def answers(mesh, device, number):
    return [e for e in mesh.events("default-response") if e["device"] == device and e["sequence"] == number & 0xFF]


def test_said_three_times_is_one_and_the_next_is_another(ward):
    """All sorts of them; the default response goes to whoever wants one, each time, and to nobody else."""
    mesh, daemon, bus, sub = members(ward, NAMES)
    for number, (device, cluster, text, metric, value, instance) in enumerate(SAID, 0x40):
        came = Events(sub, device, metric)
        mesh.say(device, cluster, frame(text, number), Times=3)
        mesh.say(device, cluster, frame(text, number + 0x40))
        through(mesh, sub)
        assert [(r["value"], r.get("instance", 0)) for r in came.all()] == [(value, instance)] * 2, (device, text)
        # one that is safe is answered each time; those that wait for that together once
        wanted = not int(text[:2], 16) & 0x10
        wait_until(lambda: bool(answers(mesh, device, number)) == wanted, lambda: f"answers to {device}: {text}")
        for a in answers(mesh, device, number):
            assert a["status"] == 0 and a["cluster"] == cluster, a
            assert a["control"] & 0x1B == (0x10 if int(text[:2], 16) & 8 else 0x18), a
    want = {(device, number) for number, (device, _, text, *_) in enumerate(SAID, 0x40) if not int(text[:2], 16) & 0x10}
    want |= {(device, number + 0x40) for device, number in want}
    assert {(e["device"], e["sequence"]) for e in mesh.events("default-response")} == want


def test_moments_are_marked_and_states_are_not(ward):
    mesh, daemon, bus, sub = members(ward, {"bell": {"Kind": "button"}, "door": {"Kind": "contact"}})
    contact, press = Events(sub, "door", "contact"), Events(sub, "bell", "button")
    mesh.say("door", 0x0500, "19 50 00 0100 00 00 0800")
    mesh.say("bell", 0x0006, "11 51 02")
    press.wait(1)
    contact.wait(1)
    assert press.all()[0]["flags"] == ["episodic"]
    r = contact.all()[0]
    assert "flags" not in r and r["time_source"] == "device-corrected", r


def test_256_presses_and_the_numbers_come_round(ward):
    mesh, daemon, bus, sub = members(ward, {"bell": {"Kind": "button"}}, radio={"Queue": "1000"})
    came = Events(sub, "bell", "button")
    for number in range(300):
        mesh.say("bell", 0x0006, frame("11 {} 02", number), Times=2)
    through(mesh, sub)
    assert len(came.all()) == 300
    assert len({r["id"] for r in came.all()}) == len({r["source_key"] for r in came.all()}) == 300


def test_an_answer_that_gets_lost(ward):
    """The device says it again, under its number, until it hears one: it stays one press."""
    mesh, daemon, bus, sub = members(ward, {"bell": {"Kind": "button", "DefaultResponse": "yes"}})
    came = Events(sub, "bell", "button")
    mesh.do("bell", "miss")
    mesh.do("bell", "press")
    wait_until(lambda: mesh.events("said-again") and mesh.events("default-response"), "said again, and answered")
    through(mesh, sub)
    assert len(came.all()) == 1
    assert len(mesh.events("said-again")) == len(mesh.events("missed")) == 1


def test_a_radio_that_starts_anew_between(ward):
    """What it forgets is not forgotten here: a press that comes again is known, one that is new counts."""
    mesh, daemon, bus, sub = members(ward, {"bell": {"Kind": "button"}, "door": {"Kind": "contact"}})
    press, contact = Events(sub, "bell", "button"), Events(sub, "door", "contact")
    mesh.say("bell", 0x0006, "01 60 02")
    mesh.say("door", 0x0500, "09 61 00 0100 00 00 0000")
    press.wait(1)
    contact.wait(1)
    at = daemon.mark()
    mesh.do(None, "reset", Amount="3")
    network_up(daemon, at)
    answered = len(answers(mesh, "bell", 0x60))
    mesh.say("bell", 0x0006, "01 60 02")
    mesh.say("door", 0x0500, "09 61 00 0100 00 00 1400")
    wait_until(lambda: len(answers(mesh, "bell", 0x60)) > answered, "the answer to the repetition")
    through(mesh, sub)
    assert len(press.all()) == 1
    assert len([r for r in contact.all() if r["value"] is False and "time_source" in r]) == 0, contact.all()


@pytest.mark.slow
def test_a_gateway_that_is_killed_between(ward):
    """What it is told again has the number that it had: what was heard stays in RAM. By then another half minute of
    the clock has begun, and the clock alone would make it another."""
    mesh, daemon, bus, sub = members(ward, {n: NAMES[n] for n in ("bell", "door", "multi")})
    said = [("bell", 0x0006, "01 60 02", "button", "01 60 02"),
            ("door", 0x0500, "09 61 00 0100 00 00 0000", "contact", "09 61 00 0100 00 00 0C00"),
            ("multi", 0x0012, "08 62 0A 5500 21 0200", "button", "08 62 0A 5500 21 0200")]
    came = [Events(sub, device, metric) for device, _, _, metric, _ in said]
    for device, cluster, text, _, _ in said:
        mesh.say(device, cluster, text)
    for events in came:
        events.wait(1)
    daemon.kill()
    at, answered = daemon.mark(), len(mesh.events("default-response"))
    clock = ward.clock()
    clock.step(40)
    daemon.environment = clock.environment(daemon.environment)
    daemon.start()
    network_up(daemon, at)
    for device, cluster, _, _, text in said:
        mesh.say(device, cluster, text)
    wait_until(lambda: {e["device"] for e in mesh.events("default-response")[answered:]} == {"bell", "door", "multi"},
               "an answer to each")
    through(mesh, sub)
    for events in came:
        again = [r for r in events.all() if r["value"] is not True]
        assert len({r["id"] for r in again}) == 1, again
    # under another number it is another
    mesh.say("bell", 0x0006, "01 63 02")
    through(mesh, sub)
    assert len({r["id"] for r in came[0].all()}) == 2


def test_a_new_battery_begins_to_count_again(ward):
    """The numbers that it says then were had before; what happens is new."""
    mesh, daemon, bus, sub = members(ward, {"bell": {"Kind": "button"}})
    mesh.do("bell", "vanish")
    mesh.do("bell", "vanish")
    came = Events(sub, "bell", "button")
    mesh.say("bell", 0x0006, "01 00 02")
    came.wait(1)
    mesh.do("bell", "vanish")
    mesh.do("bell", "vanish")
    mesh.say("bell", 0x0006, "01 00 02")
    came.wait(2, "presses")
    # one that only comes back to the network says the same again: it counts on
    mesh.do("bell", "rejoin")
    mesh.say("bell", 0x0006, "01 00 02")
    through(mesh, sub)
    assert len(came.all()) == 2


def test_a_state_that_is_read_or_repeated_in_time_is_no_press(ward):
    """A report of a button's present value is a press; the answer to a read of it is none."""
    mesh, daemon, bus, sub = members(ward, {"multi": {"Kind": "multi-button"}})
    came = Events(sub, "multi", "button")
    mesh.say("multi", 0x0012, "18 70 01 5500 00 21 0100")
    mesh.say("multi", 0x0012, "18 71 0A 5500 21 FFFF")
    mesh.say("multi", 0x0012, "18 72 0A 5500 21 0100")
    through(mesh, sub)
    assert [r["value"] for r in came.all()] == ["single"]


def test_what_is_not_understood_is_answered_so(ward):
    """With the status that says it, though the device wants no default response of what is well."""
    mesh, daemon, bus, sub = members(ward, {"bell": {"Kind": "button"}})
    for number, (cluster, text, status) in enumerate([
            (0x0006, "01 {} 33", 0x81), (0x0006, "11 {} 33", 0x81), (0x0019, "01 {} 01 00", 0xC3),
            (0x0006, "18 {} 0A 0000", None), (0x0402, "08 {} 0A 0000 29 D0", 0x80), (0xFC57, "08 {} 0A 0000 10 01", 0),
            (0xFC57, "18 {} 0A 0000 10 01", None)], 0xB0):
        mesh.say("bell", cluster, frame(text, number))
        through(mesh, sub)
        if status is None:
            continue
        wait_until(lambda: answers(mesh, "bell", number), lambda: f"an answer to {text}")
        assert answers(mesh, "bell", number)[-1]["status"] == status, text


# What goes wrong around a press: what happens to the radio or to each of the bells, and whether before it or behind it.
WRONG = [(None, "reset", {"Amount": "3"}), (None, "error", {"Amount": "0x51"}), (None, "unplug", {"For": "300ms"}),
         (None, "overflow", {"Times": "2"}), (None, "corrupt", {"Times": "3"}), (None, "drop", {"Times": "2"}),
         (None, "drop-in", {"Times": "2"}), (None, "repeat", {"Times": "3"}), ("bells", "miss", {}),
         ("bells", "duplicate", {"Times": "2"}), ("bells", "address-change", {}), ("bells", "rejoin", {}),
         ("bells", "silence", {"For": "1s"})]


@pytest.mark.slow
def test_whatever_goes_wrong_a_press_is_one_event(ward):
    """Bells that say it again, every two seconds and twice at most, until they are answered."""
    bells = [f"bell{n}" for n in range(1, 4)]
    mesh, daemon, bus, sub = members(ward, {b: {"Kind": "button", "DefaultResponse": "yes"} for b in bells})
    for target, action, keys in WRONG:
        for behind in (False, True):
            came = {b: Events(sub, b, "button") for b in bells}
            at, answered = daemon.mark(), len(mesh.events("default-response"))
            for step in ("press", action) if behind else (action, "press"):
                for name in bells if target or step == "press" else [None]:
                    mesh.do(name, step, **({} if step == "press" else keys))
            if action in ("reset", "error", "unplug"):
                network_up(daemon, at)
            wait_until(lambda: all(e.all() for e in came.values()), lambda: f"presses around {action}: {came}")
            wait_until(lambda: len({e["device"] for e in mesh.events("default-response")[answered:]}) == len(bells),
                       lambda: f"answers around {action}")
            through(mesh, sub)
            assert {b: len(e.all()) for b, e in came.items()} == dict.fromkeys(bells, 1), (action, behind)
