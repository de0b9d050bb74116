"""Crashes with a backlog: the next run publishes what is stored, and says exactly of which numbers."""
import pytest

from ward.fleet import identities
from ward.judge import split
from test_ledger import SECTIONS, posted


@pytest.fixture
def ledger(ward):
    """A broker, an observer, a daemon of three devices, and its first epoch."""
    broker = ward.broker(tls=False)
    seen = ward.observer(broker).account
    daemon = ward.daemon(broker, devices=identities(3), sections=SECTIONS)
    return broker, seen, daemon, seen.online()


def stored_came(seen, epoch, at):
    """What was said to be stored came from then on, and nothing that had not come before."""
    stored, came = seen.stored_ranges(epoch), seen.numbers(epoch, at)
    assert stored <= came, "stored, and did not come"
    assert came - stored <= seen.numbers(epoch, 0, at), \
        "came, and was not said to be stored"


@pytest.mark.parametrize("end", ["kill", "power_cut"])
def test_a_crash_with_a_backlog(ward, ledger, end):
    broker, seen, daemon, first = ledger
    before = posted(ward, daemon, 10, 1)
    seen.wait_all(before)
    broker.stop()
    keys = posted(ward, daemon, 50, 2)
    getattr(daemon, end)()
    at = seen.mark()
    broker.start()
    daemon.start()
    second = seen.online(at, first)
    seen.wait_all(keys)
    record = seen.record("epoch", lambda r: r["epoch"] == first)
    assert record["clean"] is False and split(record["id"])[0] == second
    stored_came(seen, first, at)
    known = {a.id for a in seen.arrivals if a.n < at}  # the broker may say to the observer what it has said
    later = [a for a in seen.arrivals if a.n >= at and a.id not in known]
    assert {a.epoch for a in later} == {first} and all(a.backfill for a in later)
    seen.check()


def test_several_runs_without_a_broker(ward, ledger):
    """Each of them is accounted for at the end, in the order in which they were."""
    broker, seen, daemon, first = ledger
    broker.stop()
    keys = []
    for n, end in enumerate(["stop", "kill", "kill", "stop", "power_cut"]):
        keys += posted(ward, daemon, 20, n)
        getattr(daemon, end)()
        daemon.start()
    at = seen.mark()
    broker.start()
    seen.wait_all(keys)
    epochs = list(dict.fromkeys(a.epoch for a in seen.arrivals if a.backfill))
    assert epochs[0] == first and len(epochs) == 5
    assert [int(e.split("-")[0]) for e in epochs] == sorted(int(e.split("-")[0]) for e in epochs)
    for epoch, clean in zip(epochs, [True, False, False, True, False]):
        record = seen.record("epoch", lambda r, e=epoch: r["epoch"] == e)
        assert record["clean"] is clean, record
        if clean:
            assert not seen.whole(epoch, record["last"])
        else:
            stored_came(seen, epoch, at)
    seen.check()
