"""Bluetooth in quantity: what is on the air costs no memory, and hides no value."""
import os

import pytest

from ward.base import resident, wait_until
from ward.blueload import Air, Mallocs

FOREIGN = "ssrnprsfrssrfrns"  # nothing in it is new of a device that is known
MANY = 8000
SPARE = 64  # calls that have other causes, among so many packets
ALLOCATORS = "a sanitizer's allocator is none that can be counted, and keeps what was freed"

plain = pytest.mark.skipif(bool(os.environ.get("WG_SANITIZER")), reason=ALLOCATORS)


def begin(ward, sections=None, count=False, **kwargs):
    """The air, a broker, a daemon that hears; what memory it asks for."""
    directory = os.path.join(ward.dir, "air")
    os.makedirs(directory)
    air = Air(ward, directory, **kwargs)
    broker = ward.broker()
    daemon = ward.daemon(broker, start=False, devices={}, sections={**air.sections(), **(sections or {})})
    mallocs = None
    if count:
        mallocs = Mallocs(daemon.dir, ward.shim("mallocshim"))
        daemon.environment = mallocs.environment(daemon.environment)
    daemon.start()
    daemon.process.wait_line("a Bluetooth adapter is in use")
    daemon.process.wait_line("connected to the broker")
    return air, broker, daemon, mallocs


def asked_for(mallocs, daemon, what):
    """(calls by the daemon's own code, by libraries) while that happens; and whose they were."""
    seen = []

    def quiet():
        seen.append(mallocs.look())
        return len(seen) > 2 and seen[-1][:2] == seen[-2][:2] == seen[-3][:2]
    wait_until(quiet, "what went before to be over", step=0.1)
    own, libraries, places = seen[-1]
    assert own > 100, "the counting does not work"
    what()
    now, now_libraries, now_places = mallocs.look()
    whose = mallocs.places(daemon.binary, places, now_places)
    # the alarms' state is written now and then, the more often the longer it takes
    saved = sum(count for place, count in whose.items() if place.startswith("room save.c"))
    return now - own - saved, now_libraries - libraries, whose


@plain
def test_an_advertisement_takes_no_memory(ward):
    air, _, daemon, mallocs = begin(ward, count=True)
    air.adverts(1000, "v" + FOREIGN)
    air.adverts(1000, FOREIGN)
    own, libraries, places = asked_for(mallocs, daemon, lambda: air.adverts(MANY, FOREIGN))
    assert own < SPARE and libraries < MANY / 20, (own, libraries, places)


@plain
def test_a_notification_takes_no_memory(ward):
    """Nor does its reading on the way to the broker, but for what the MQTT library takes, and places in the outbox when
    more are on their way than ever before."""
    air, _, daemon, mallocs = begin(ward, count=True, sensors=1, straps=4)
    air.order("open")
    air.order("stream", 2000, 500)
    own, libraries, places = asked_for(mallocs, daemon, lambda: air.order("stream", 2000, 2000))
    own -= sum(count for place, count in places.items() if place.startswith("outbox_stock_up "))
    assert own < SPARE, (own, libraries, places)


def test_every_value_is_found_among_strangers(ward):
    air, broker, daemon, _ = begin(ward)
    sub = ward.subscriber(broker)
    assert air.adverts(3000, "vsfnrpsfn")["dropped"] == 0
    values = (3000 + 8) // 9

    def arrived():
        return [m.topic for m in sub.messages if m.topic.endswith("/ambient-temperature")]
    wait_until(lambda: len(arrived()) >= values, lambda: f"{values} temperatures, have {len(arrived())}")
    assert len(arrived()) == values


def test_who_sends_well_and_badly_in_turn_fills_no_log(ward):
    """Once a minute each is enough, whoever sends in whose name."""
    air, _, daemon, _ = begin(ward)

    def told():
        return sum("a broadcast of a device is not read" in line or "broadcasts of a device are read" in line
                   for line in daemon.process.lines)
    air.adverts(2000, "mvmf")
    wait_until(lambda: told() >= 100, lambda: f"100 lines, have {told()}")
    air.adverts(2000, "mvmf")
    daemon.stop()
    assert told() == 100


def grown(air, daemon, warm, count):
    air.adverts(warm, "np")
    before = resident(daemon.process.pid)
    air.adverts(count, "np")
    return resident(daemon.process.pid) - before


@plain
def test_strangers_take_no_memory(ward):
    air, _, daemon, _ = begin(ward)
    assert grown(air, daemon, 10000, 50000) < 256 << 10


@plain
@pytest.mark.slow
@pytest.mark.parametrize("tags", [{}, {"Tag porters": {"AddressPrefix": "C1"}, "Tag walkers": {"AddressPrefix": "5A"}}],
                         ids=["strangers", "tags"])
def test_a_million_strangers_take_no_memory(ward, tags):
    """One in 64 is a tag of a group where there are groups: soon more than are remembered."""
    air, _, daemon, _ = begin(ward, sections=tags)
    assert grown(air, daemon, 600000 if tags else 10000, 1000000) < 256 << 10
