"""Outages under load, and wires that are cut while the backlog drains."""
import threading

import pytest

from ward.base import resident, wait_until
from ward.fakebroker import IGNORE
from ward.fleet import identities
from test_ledger import SECTIONS, at_fake, hang_up, is_backfill, posted, watched

MEGABYTE = 1 << 20


def live_first(seen, at):
    """While the backlog drained, what was new did not wait behind it: the first of it came before the
    backlog was half through, and the last of the backlog found all in order (check() says so)."""
    stream = [a.backfill for a in seen.arrivals if a.n >= at]
    backlog = stream.count(True)
    assert backlog, "there was no backlog"
    first = stream.index(False)
    assert stream[:first].count(True) <= backlog // 2, \
        f"{stream[:first].count(True)} of {backlog} came before the first live reading"


@pytest.mark.parametrize("rate,seconds", [(200, 2), pytest.param(1000, 60, marks=pytest.mark.slow)])
def test_an_outage_under_load(ward, rate, seconds):
    """None lost, memory flat, live first, order kept."""
    broker = ward.broker(tls=False)
    seen = ward.observer(broker).account
    daemon = ward.daemon(broker, devices=identities(10), sections=SECTIONS)
    seen.online()
    fleet = ward.fleet(daemon, rate=rate / 10, pack=(3, 8), window=8)
    fleet.progress(3 * rate)  # a few seconds: what it needs for the work it has by now
    before = resident(daemon.pid)
    broker.stop()
    for n in range(seconds):
        fleet.progress(rate)
        if n == seconds // 2:
            half = resident(daemon.pid)
    away = resident(daemon.pid)
    at = seen.mark()
    broker.start()
    seen.wait(lambda: any(a.n >= at and a.backfill for a in seen.arrivals), "the backlog", 90)
    fleet.progress(rate)
    keys = fleet.finish()
    seen.wait_all(keys, deadline=300)
    after = resident(daemon.pid)
    print(f"resident before {before >> 10} KiB, half-way {half >> 10} KiB, away {away >> 10} KiB, "
          f"after {after >> 10} KiB; {len(keys)} readings, {len(seen.arrivals)} arrivals")
    seen.check()
    if seconds >= 60:  # a small backlog is over before the next reading is made
        live_first(seen, at)
        assert away - half < 2 * MEGABYTE, "memory grows with the backlog"
        assert away - before < 16 * MEGABYTE and after - before < 16 * MEGABYTE


@pytest.mark.parametrize("times", [1, pytest.param(10, marks=pytest.mark.slow)])
def test_a_black_hole_while_the_backlog_drains(ward, times):
    """The wire takes nothing and says nothing in the middle of the drain, and opens again later."""
    broker = ward.broker(tls=False)
    seen = ward.observer(broker).account
    wire = ward.proxy(broker)
    daemon = ward.daemon(wire, devices=identities(3), sections={
        "MQTT": {"ConnectTimeout": "1s", "AckTimeout": "1s", "KeepAlive": "5s"}, "CoAP": SECTIONS["CoAP"]})
    first = seen.online()
    wire.away()
    keys = posted(ward, daemon, 300, 1)
    # far less than the backlog, more than a birth
    for n in range(times):
        links = len(wire.links)
        wire.hold_after = 20000 + 7000 * n
        if n == 0:
            wire.back()
        wire.links.wait_for(lambda items, k=links: len(items) > k, "a connection", deadline=90)
        wait_until(lambda: wire.held, "a wire that is held in the middle of the drain", deadline=90)
        # the gateway finds out by itself and tries anew
        links = len(wire.links)
        wire.links.wait_for(lambda items, k=links: len(items) > k, "another attempt", deadline=90)
        fleet = ward.fleet(daemon, rate=0, pack=2, limit=10, seed=50 + n)
        keys += fleet.finish()
        wire.release()
    seen.wait_all(keys, deadline=120)
    assert not seen.whole(first, max(seen.numbers(first)))
    seen.check()


def test_a_broker_that_dies_while_the_backlog_drains(ward):
    """Again and again after a part of it; what it confirmed counts, and nothing else does."""
    broker = ward.fake()
    account = watched(broker)
    daemon = at_fake(ward, broker, account, Window="20")
    account.online()
    hang_up(broker)
    keys = posted(ward, daemon, 200, 1)
    part, dead = [0], threading.Event()

    def some(p):
        part[0] += is_backfill(p)
        if part[0] > 60 and not dead.is_set():
            dead.set()
        return IGNORE if dead.is_set() else 0
    for _ in range(4):
        part[0] = 0
        dead.clear()
        watched(broker, some, account)
        sessions = len(broker.sessions)
        broker.listen()
        broker.wait_session(sessions + 1, deadline=90)
        wait_until(dead.is_set, "a part of the backlog", deadline=90)
        hang_up(broker)
    watched(broker, account=account)
    broker.listen()
    account.wait_all(keys, deadline=120)
    account.check()
