"""Stamps that were taken before the gateway's clock was right: the clock record that follows says by how
much, across a kill within one boot, and says nothing of another boot."""
import calendar
import os
import shutil
import time
import uuid

import pytest

from ward import senml
from ward.clock import SYNCHRONISED, UNSYNCHRONISED
from ward.judge import split
from ward.senml import heart_rate
from test_ledger import SECTIONS, stored

WRONG = -5000 * 86400  # a gateway without a battery for its clock


def milliseconds(text):
    return calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")) * 1000 + int(text[20:23])


class Bed:
    """Posts values without a time; remembers between which moments the gateway can have stamped them."""

    def __init__(self, ward, daemon):
        self.ward, self.daemon = ward, daemon
        self.told = {}  # value -> (before, after), real milliseconds
        self.next = 40

    def measure(self, count=3):
        client = self.ward.session(self.daemon)
        for _ in range(count):
            before = int(time.time() * 1000)
            assert client.exchange(senml.as_json(heart_rate(self.next))).text == "2.04"
            self.told[self.next] = (before, int(time.time() * 1000) + 1)
            self.next += 1
        client.close()
        return list(self.told)[-count:]


@pytest.fixture
def bed(ward):
    broker = ward.broker(tls=False)
    seen = ward.observer(broker).account
    clock = ward.clock()
    clock.say(UNSYNCHRONISED)
    clock.step(WRONG)
    daemon = ward.daemon(broker, start=False, sections=SECTIONS)
    daemon.environment = clock.environment()
    daemon.start()
    return broker, seen, clock, daemon, Bed(ward, daemon), seen.online()


def synchronise(clock):
    """To the true time and known to be so, in one."""
    clock.state = SYNCHRONISED
    clock.step(-clock.offset / 1000000)


def arrivals(seen, values):
    def found():
        with seen.changed:
            got = {int(a.key[3]): a for a in seen.arrivals if a.key[1] == "heart-rate"}
        return got if set(values) <= set(got) else None
    return seen.wait(found, lambda: f"heart rates {values}")


def corrected(seen, bed, values, corrections):
    """Every value's stamp, put right by what covers its number, lies where it was really taken."""
    got = arrivals(seen, values)
    for v in values:
        a = got[v]
        add = [c for c in corrections if c["epoch"] == a.epoch and
               c["first"] <= a.sequence <= c.get("last", a.sequence)]
        assert len(add) == 1, f"number {a.sequence} of {a.epoch} is in {len(add)} of {corrections}"
        before, after = bed.told[v]
        slack = 2 + add[0].get("error_ms", 0)
        right = milliseconds(a.received) + add[0]["add_ms"]
        assert before - slack <= right <= after + slack, f"{v}: {a.received} and {add[0]} give {right - before} ms"


def correction_record(seen, start=0):
    return seen.record("clock", lambda r: r.get("corrections"), start)


def test_stamps_before_the_first_synchronisation_are_put_right(ward, bed):
    broker, seen, clock, daemon, device, epoch = bed
    early = device.measure()
    clock.step(1000)  # an operator sets it, wrongly
    later = device.measure()
    synchronise(clock)
    record = correction_record(seen)
    corrected(seen, device, early + later, record["corrections"])
    assert record["state"] == "synchronised" and record["clock"] == "synchronised"
    after = device.measure()
    got = arrivals(seen, after)
    last = max(c.get("last", 0) for c in record["corrections"])
    for v in after:
        assert got[v].sequence > last
    seen.check()


@pytest.mark.parametrize("away", [False, True], ids=["broker there", "broker away"])
def test_across_a_kill_within_one_boot(ward, bed, away):
    broker, seen, clock, daemon, device, first = bed
    if away:
        broker.stop()
    values = device.measure()
    daemon.kill()
    daemon.start()
    values += device.measure()
    daemon.kill()
    daemon.start()
    values += device.measure()
    synchronise(clock)
    if away:
        stored(daemon, "SELECT body FROM events", lambda rows: any('"corrections"' in r[0] for r in rows))
        broker.start()
    record = correction_record(seen)
    assert len({c["epoch"] for c in record["corrections"]}) == 3
    corrected(seen, device, values, record["corrections"])
    assert split(record["id"])[0] not in {c["epoch"] for c in record["corrections"][:2]}
    seen.check()


def test_corrections_are_told_once(ward, bed):
    broker, seen, clock, daemon, device, first = bed
    device.measure()
    synchronise(clock)
    record = correction_record(seen)
    device.measure()  # the broker confirms in order: by then the record is known to be safe
    daemon.kill()
    at = seen.mark()
    daemon.start()
    epoch = seen.online(at, first)
    clock.step(60)
    again = seen.record("clock", lambda r: split(r["id"])[0] == epoch, at)
    assert not again.get("corrections"), (record, again)


def boot(daemon, directory):
    """From now on the daemon believes in a boot of its own: a boot id of its own, and no memory that
    outlived the last."""
    path = os.path.join(directory, f"boot-{uuid.uuid4()}")
    with open(path, "w", encoding="ascii") as f:
        f.write(f"{uuid.uuid4()}\n")
    script = f"mount --bind {path} /proc/sys/kernel/random/boot_id && exec \"$@\""
    daemon.wrapper = ["unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", script, "sh"]
    shutil.rmtree(daemon.runtime, ignore_errors=True)


def test_another_boot_says_nothing_of_this_one(ward, bed):
    """What was stored in a boot that never synchronised stays marked for ever: nobody knows."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("a boot id of the test's own needs root and unshare(1)")
    broker, seen, clock, daemon, device, first = bed
    daemon.kill()
    boot(daemon, ward.dir)
    daemon.start()
    broker.stop()
    old = device.measure()
    daemon.kill()
    boot(daemon, ward.dir)
    daemon.start()
    new = device.measure()
    synchronise(clock)
    stored(daemon, "SELECT body FROM events", lambda rows: any('"corrections"' in r[0] for r in rows))
    broker.start()
    record = correction_record(seen)
    got = arrivals(seen, old + new)
    epochs = {got[v].epoch for v in old}
    assert not epochs & {c["epoch"] for c in record["corrections"]}
    corrected(seen, device, new, record["corrections"])
    seen.check()
