"""A database that somebody deleted, cut, garbled, brought from elsewhere or locked: the gateway goes
on, says so, and keeps the bad file aside. And a card that was copied."""
import os
import random
import shutil
import sqlite3

import pytest

from ward.base import seed
from ward.fleet import identities, some_time
from ward.judge import Account
from test_ledger import SECTIONS, posted, stored
from test_ledger_faults import store_is

SQLITE = b"SQLite format 3\0"


def database(daemon):
    return os.path.join(daemon.state, "outbox.db")


def asides(daemon):
    """Database files in the state directory that are not the one in use."""
    return [n for n in os.listdir(daemon.state) if n.startswith("outbox.db") and
            n not in ("outbox.db", "outbox.db-wal", "outbox.db-shm", "outbox.db-journal")]


@pytest.fixture
def ledger(ward):
    """A daemon with a backlog of 300 readings on the disk, stopped; the broker is away."""
    broker = ward.broker(tls=False)
    seen = ward.observer(broker).account
    daemon = ward.daemon(broker, devices=identities(3), sections=SECTIONS)
    seen.online()
    broker.stop()
    keys = posted(ward, daemon, 100, 1)
    daemon.stop()
    return broker, seen, daemon, keys


def goes_on(ward, broker, seen, daemon):
    """New readings are acknowledged by the disk alone and arrive later."""
    keys = posted(ward, daemon, 30, 5)
    broker.start()
    seen.wait_all(keys)
    store_is(seen, "ok")
    seen.check()
    return keys


def replace(daemon, content):
    for end in ("-wal", "-shm"):
        if os.path.exists(database(daemon) + end):
            os.unlink(database(daemon) + end)
    with open(database(daemon), "wb") as f:
        f.write(content)


def test_deleted_between_runs(ward, ledger):
    broker, seen, daemon, keys = ledger
    for name in os.listdir(daemon.state):
        if name.startswith("outbox.db"):
            os.unlink(os.path.join(daemon.state, name))
    daemon.start()
    goes_on(ward, broker, seen, daemon)
    assert len(seen.missing(keys)) == len(keys)


def test_deleted_while_it_runs(ward, ledger):
    """The open file lives on, but nothing of it would outlive a restart: the gateway notices, and what is in
    memory and new goes into a fresh one."""
    broker, seen, daemon, keys = ledger
    daemon.start()
    posted(ward, daemon, 10, 2)
    for name in os.listdir(daemon.state):
        if name.startswith("outbox.db"):
            os.unlink(os.path.join(daemon.state, name))
    more = posted(ward, daemon, 10, 3)
    daemon.wait_log("outbox.db")
    more += posted(ward, daemon, 10, 4)
    daemon.kill()
    daemon.start()
    broker.start()
    seen.wait_all(more[-30:])
    seen.check()


@pytest.mark.parametrize("size", [0, 100, 5000, -1, -5000] + [pytest.param(n, marks=pytest.mark.slow)
                                                              for n in (1, 4096, 8192, -4096)])
def test_truncated_between_runs(ward, ledger, size):
    """Cut to so many bytes, or by so many. An empty file is a new one to SQLite."""
    broker, seen, daemon, keys = ledger
    length = os.path.getsize(database(daemon))
    os.truncate(database(daemon), size if size >= 0 else max(0, length + size))
    daemon.start()
    goes_on(ward, broker, seen, daemon)
    missing = len(seen.missing(keys))
    if size > 1 and not asides(daemon):
        assert missing == sum(g[2] for g in seen.gaps()), "lost, and nobody said so"


@pytest.mark.parametrize("n", [0, 2, 4] + [pytest.param(n, marks=pytest.mark.slow) for n in range(5, 30)])
def test_garbled_between_runs(ward, ledger, n):
    """A few bits flipped somewhere: what arrives is what was sent, or does not arrive and is in a gap."""
    broker, seen, daemon, keys = ledger
    rng = random.Random(seed() + n)
    with open(database(daemon), "r+b") as f:
        data = bytearray(f.read())
        for _ in range(1 if n < 3 else 40):
            at = rng.randrange(len(data)) if n % 3 else rng.randrange(min(4096, len(data)))
            data[at] ^= 1 << rng.randrange(8)
        f.seek(0)
        f.write(data)
    daemon.start()
    new = goes_on(ward, broker, seen, daemon)
    made = set(keys + new)
    invented = [k for k in seen.by_key if k not in made]
    assert not invented, f"values that nobody sent: {invented[:5]}"


@pytest.mark.parametrize("what", ["rubbish", "foreign", "newer"])
def test_a_file_that_is_not_ours(ward, ledger, what):
    broker, seen, daemon, keys = ledger
    if what == "rubbish":
        replace(daemon, b"\x17" * 100000)
    elif what == "foreign":
        os.unlink(database(daemon))
        c = sqlite3.connect(database(daemon))
        c.executescript("CREATE TABLE cookies(id INTEGER PRIMARY KEY, host TEXT); INSERT INTO cookies VALUES(1,'x')")
        c.commit()
        c.close()
    else:
        c = sqlite3.connect(database(daemon))
        version = c.execute("PRAGMA user_version").fetchone()[0]
        assert version >= 1
        c.execute(f"PRAGMA user_version={version + 1000}")
        c.commit()
        c.close()
    with open(database(daemon), "rb") as f:
        before = f.read()
    daemon.start()
    goes_on(ward, broker, seen, daemon)
    kept = asides(daemon)
    assert kept, os.listdir(daemon.state)
    contents = [open(os.path.join(daemon.state, n), "rb").read() for n in kept]
    assert any(c == before for c in contents), "the file was not kept as it was"
    assert any(n in daemon.log() for n in kept), "the log does not say where it is"


def test_locked_by_another_program(ward, ledger):
    """An operator's sqlite3 with BEGIN EXCLUSIVE: the gateway goes on from memory, and takes the disk again
    when it is free."""
    broker, seen, daemon, keys = ledger
    c = sqlite3.connect(database(daemon), isolation_level=None)
    c.execute("PRAGMA journal_mode=WAL")
    c.execute("BEGIN EXCLUSIVE")
    try:
        daemon.start()
        broker.start()
        new = posted(ward, daemon, 20, 2)
        seen.wait_all(new)
        store_is(seen, "failing")
        assert not asides(daemon), "a locked database is not a bad one"
        at = seen.mark()
    finally:
        c.execute("ROLLBACK")
        c.close()
    seen.wait_all(keys)
    store_is(seen, "ok", at)
    seen.check()


@pytest.mark.slow
def test_locked_while_it_runs(ward, ledger):
    broker, seen, daemon, keys = ledger
    daemon.start()
    stored(daemon, "SELECT count(*) FROM readings", lambda rows: rows == [(len(keys),)])
    c = sqlite3.connect(database(daemon), isolation_level=None, timeout=30)
    c.execute("BEGIN IMMEDIATE")
    try:
        fleet = ward.fleet(daemon, rate=0, pack=5, limit=20, seed=3)
        broker.start()
        seen.wait_all(fleet.finish())
    finally:
        c.execute("ROLLBACK")
        c.close()
    seen.wait_all(keys)
    broker.stop()
    new = posted(ward, daemon, 10, 4)
    broker.start()
    seen.wait_all(new)
    seen.check()


# --- a card that was copied ---

def test_a_copied_card_makes_no_id_twice(ward, ledger):
    """Two gateways of one name from one state directory, at once: the backlog comes from both under the same
    ids, which name the same values; whatever is new has another id."""
    broker, seen, daemon, keys = ledger
    twin = ward.daemon(broker, start=False, devices=daemon.devices)
    shutil.copytree(daemon.state, twin.state)
    twin.set("MQTT", {"ClientId": "the-twin"})
    daemon.start()
    twin.start()
    mine = ward.fleet(daemon, rate=0, pack=5, limit=50, seed=7, t0_ms=some_time(7))
    other = ward.fleet(twin, rate=0, pack=5, limit=50, seed=8, t0_ms=some_time(8))
    new = mine.finish() + other.finish()
    daemon.kill()
    twin.kill()
    daemon.start()
    twin.start()
    broker.start()
    seen.wait_all(keys + new)
    ids = [a.id for a in seen.by_id.values()]
    assert len(ids) == len(set(ids)) == len(keys) + len(new)
    # two gateways at once are no order; all else holds
    faults = [f for f in seen.faults if not f.startswith("order")]
    assert not faults, faults[:5]


def test_account_has_eyes():
    """The judge of the test above finds an id that names two values."""
    a = Account()
    for v in (1, 2):
        a.take("w/beds/1/a/counter", b'{"id":"g:1-00000001:1","device":"a","metric":"counter","value":%d,'
               b'"time":"t","received":"t"}' % v)
    assert a.faults
