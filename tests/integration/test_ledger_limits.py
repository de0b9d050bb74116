"""The limits of size and age: the oldest vitals give way to the newest, each drop is said by a gap
record with the right numbers, and nothing but time ages."""
import pytest

from ward.base import wait_until
from ward.clock import SYNCHRONISED
from ward.fleet import identities, some_time
from ward.judge import split
from test_ledger import SECTIONS, drained, posted, stored

LARGE_PACKS = {"rate": 0, "pack": 100, "window": 4}


def accounted(seen, epoch, keys):
    """Every number of the epoch arrived or lies in a gap, and a gap names nothing that arrived. Gives
    the numbers that were given up."""
    got = seen.numbers(epoch)
    given_up = set()
    for first, last, count, reason in seen.gaps(epoch):
        numbers = set(range(first, last + 1))
        assert count == len(numbers - got), f"a gap {first}..{last} of {count}, {len(numbers & got)} arrived"
        assert not numbers & given_up, "given up twice"
        given_up |= numbers - got
    last = max(got | given_up)
    assert got | given_up == set(range(1, last + 1)), "numbers that nobody accounts for"
    assert len(given_up) == len(seen.missing(keys))
    return given_up


@pytest.mark.parametrize("end", [None, "kill", "stop"])
def test_max_size(ward, end):
    """MaxSize=1M without a broker, about twice as much as fits, also over a restart in the middle."""
    broker = ward.broker(tls=False)
    seen = ward.observer(broker).account
    daemon = ward.daemon(broker, devices=identities(4), sections={**SECTIONS, "Store": {"MaxSize": "1M"}})
    epochs = [seen.online()]
    broker.stop()
    keys = []
    for n in range(2):
        keys += ward.fleet(daemon, limit=2500, seed=n, t0_ms=some_time(n), **LARGE_PACKS).finish()
        if n == 0 and end:
            getattr(daemon, end)()
            daemon.start()
    broker.start()
    drained(ward, broker, seen, daemon)
    last = [(d, m, t, v) for d, m, t, v in keys[10000:] if v > 2400]
    seen.wait_all(last)
    missing = seen.missing(keys)
    assert len(missing) > 2000, "it all fitted: the test proves nothing"
    epochs = sorted({a.epoch for a in seen.arrivals} | {r["epoch"] for _, r in seen.records if "epoch" in r} |
                    set(epochs), key=lambda e: int(e.split("-")[0]))
    gaps = seen.gaps()
    assert gaps and {g[3] for g in gaps} == {"size"}
    assert sum(g[2] for g in gaps) == len(missing), "gap records do not say what is missing"
    if end is None:
        accounted(seen, epochs[0], keys)
    # of each device the oldest went: what came is the newest without a hole
    for d in daemon.devices:
        order = [k for k in keys if k[0] == d]
        there = [k in seen.by_key for k in order]
        assert there == sorted(there), f"a hole in what is left of {d}"
    seen.check()


def by_our_clock(ward, devices, **store):
    """A daemon whose clock is ours, and whose broker has gone away."""
    broker = ward.broker(tls=False)
    seen = ward.observer(broker).account
    clock = ward.clock()
    clock.say(SYNCHRONISED)
    daemon = ward.daemon(broker, devices=identities(devices), start=False,
                         sections={**SECTIONS, "Store": store})
    daemon.environment = clock.environment()
    daemon.start()
    seen.online()
    broker.stop()
    return broker, seen, clock, daemon


def test_records_outlive_the_readings(ward):
    """A clock record from before the readings is still there when they gave way."""
    broker, seen, clock, daemon = by_our_clock(ward, 4, MaxSize="1M")
    clock.step(10)
    stored(daemon, "SELECT body FROM events", lambda rows: any('"clock"' in r[0] for r in rows))
    keys = ward.fleet(daemon, limit=4000, **LARGE_PACKS).finish()
    broker.start()
    drained(ward, broker, seen, daemon)
    step = seen.record("clock", lambda r: r["step_ms"] > 9000)
    assert step["id"] and split(step["id"])[1] < 100
    assert seen.missing(keys) and seen.gaps()
    seen.check()


@pytest.mark.parametrize("step", [40 * 86400, -40 * 86400])
def test_a_step_of_the_clock_ages_nothing(ward, step):
    """MaxAge=10min and a step of forty days: nothing is dropped."""
    broker, seen, clock, daemon = by_our_clock(ward, 2, MaxAge="10min")
    keys = posted(ward, daemon, 50, 1)
    clock.step(step)
    stored(daemon, "SELECT body FROM events", lambda rows: any('"clock"' in r[0] for r in rows))
    keys += posted(ward, daemon, 50, 2)
    daemon.stop()
    clock.step(step)
    daemon.start()
    keys += posted(ward, daemon, 50, 3)
    broker.start()
    seen.wait_all(keys)
    assert not seen.gaps()
    seen.check()


@pytest.mark.slow
def test_what_is_too_old_is_given_up_and_said(ward):
    """MaxAge=1min, the least that there is, and a broker that is away for longer."""
    broker = ward.broker(tls=False)
    seen = ward.observer(broker).account
    daemon = ward.daemon(broker, devices=identities(2), sections={**SECTIONS, "Store": {"MaxAge": "1min"}})
    seen.online()
    broker.stop()
    old = posted(ward, daemon, 50, 1)
    stored(daemon, "SELECT count(*) FROM readings", lambda rows: rows == [(100,)])
    wait_until(lambda: stored(daemon, "SELECT count(*) FROM readings") == [(0,)], "age to tell", 180, step=1)
    new = posted(ward, daemon, 50, 2)
    broker.start()
    seen.wait_all(new)
    drained(ward, broker, seen, daemon)
    assert len(seen.missing(old)) == len(old)
    assert {g[3] for g in seen.gaps()} == {"age"} and sum(g[2] for g in seen.gaps()) == len(old)
    seen.check()
