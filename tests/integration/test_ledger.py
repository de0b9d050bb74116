"""What the ledger promises over stops, crashes and refusals: a backlog that comes back under its old
ids, the records that say of each number what became of it, live first, half the window, nothing
written while the broker is prompt."""
import json
import os
import sqlite3

import pytest

from ward.base import wait_until, written
from ward.fakebroker import CLOSE, HOLD, IGNORE
from ward.fleet import METRIC, identities, some_time
from ward.judge import Account, split

SECTIONS = {"MQTT": {"ConnectTimeout": "2s"}, "CoAP": {"Rate": "1000", "Burst": "5000"}}


def is_reading(p):
    return "/beds/" in p.topic


def is_backfill(p):
    return is_reading(p) and json.loads(p.payload).get("backfill", False)


def value(p):
    return json.loads(p.payload)["value"] if is_reading(p) else None


def watched(broker, decide=lambda p: 0, account=None):
    """The account of what a fake broker took, from now on by this rule, as FakeBroker.on_publish."""
    account = account or Account()

    def on_publish(p):
        action = decide(p)
        if action not in (CLOSE, IGNORE):
            account.take(p.topic, p.payload)
        return action
    broker.on_publish = on_publish
    return account


def hang_up(broker):
    """The broker is gone, connections and all, and has taken the last that it takes of them."""
    broker.end()
    for c in list(broker.accepted):
        assert c.ended.wait(30), "a connection that does not end"


def at_fake(ward, broker, account=None, devices=3, **mqtt):
    daemon = ward.daemon(broker, devices=identities(devices), sections={
        "MQTT": {"ConnectTimeout": "2s", "AckTimeout": "60s", **mqtt}, "CoAP": SECTIONS["CoAP"]})
    if account is not None:
        account.guards.append(daemon.check)
    return daemon


# --- stops and crashes with a backlog ---

@pytest.fixture
def ledger(ward):
    """A broker, an observer, a daemon of three devices, and its first epoch."""
    broker = ward.broker(tls=False)
    seen = ward.observer(broker).account
    daemon = ward.daemon(broker, devices=identities(3), sections=SECTIONS)
    return broker, seen, daemon, seen.online()


def posted(ward, daemon, limit, seed):
    """So many readings of each device, acknowledged; the devices are gone then, and repeat nothing."""
    return ward.fleet(daemon, rate=0, pack=20, limit=limit, seed=seed,
                      t0_ms=some_time(seed)).finish()


def test_a_clean_stop_with_a_backlog(ward, ledger):
    broker, seen, daemon, first = ledger
    before = posted(ward, daemon, 10, 1)
    seen.wait_all(before)
    broker.stop()
    keys = posted(ward, daemon, 50, 2)
    daemon.stop()
    at = seen.mark()
    broker.start()
    daemon.start()
    second = seen.online(at, first)
    seen.wait_all(keys)
    end = seen.record("epoch", lambda r: r["epoch"] == first)
    assert end["clean"] is True and split(end["id"]) == (first, end["last"])
    assert not seen.whole(first, end["last"]), "numbers that nobody accounts for"
    later = [a for a in seen.arrivals if a.n > at]
    assert {a.epoch for a in later} == {first} and all(a.backfill for a in later)
    assert len(later) == len(keys), "what was delivered before the stop came again"
    assert second != first
    seen.check()


def test_a_backlog_outlives_an_upgrade_of_nothing(ward, ledger):
    """Stopped and started again and again with the broker there: nothing comes twice, nothing is owed."""
    broker, seen, daemon, first = ledger
    epochs, keys = [first], []
    for n in range(3):
        keys += posted(ward, daemon, 10, n)
        daemon.stop()
        at = seen.mark()
        daemon.start()
        epochs.append(seen.online(at, epochs[-1]))
    seen.wait_all(keys)
    for epoch in epochs[:-1]:
        end = seen.record("epoch", lambda r, e=epoch: r["epoch"] == e)
        assert end["clean"] is True and not seen.whole(epoch, end["last"])
    assert not any(a.backfill for a in seen.arrivals) and len(seen.arrivals) == len(keys)
    seen.check()


# --- the window ---

def test_half_of_the_window_is_for_the_backlog_and_live_goes_first(ward):
    broker = ward.fake()
    account = watched(broker)
    daemon = at_fake(ward, broker, account, Window="20")
    account.online()
    hang_up(broker)
    keys = posted(ward, daemon, 50, 1)
    held, order, most = set(), [], []

    def hold(p):
        if not is_reading(p):
            return 0
        order.append(is_backfill(p))
        if is_backfill(p):
            held.add(p.mid)
        most.append(len(held))
        return HOLD
    account = watched(broker, hold)
    sessions = len(broker.sessions)
    broker.listen()
    session = broker.wait_session(sessions + 1)
    wait_until(lambda: len(held) >= 8, lambda: f"half a window of backlog, {len(held)} are held")
    fleet = ward.fleet(daemon, rate=0, pack=1, limit=4, seed=9)
    wait_until(lambda: order.count(False) >= 8, lambda: "live readings beside a backlog that is stuck: "
               f"{order}; {session.publishes[-3:]}")
    assert max(most) <= 10, "more than half of the window"
    assert session.most_unacknowledged <= 20
    held.clear()
    watched(broker, account=account)
    broker.release()
    account.wait_all(keys + fleet.finish())
    account.check()


# --- a short outage; the long one is in test_ledger_outage.py ---

def test_a_short_outage(ward, ledger):
    broker, seen, daemon, first = ledger
    fleet = ward.fleet(daemon, rate=100, pack=(1, 5))
    fleet.progress(100)
    broker.stop()
    fleet.progress(300)
    at = seen.mark()
    broker.start()
    seen.wait(lambda: any(a.backfill for a in seen.arrivals), "the backlog")
    fleet.progress(50)
    keys = fleet.finish()
    seen.wait_all(keys)
    assert not seen.whole(first, max(seen.numbers(first))), "numbers that never came"
    assert any(a.n > at and not a.backfill for a in seen.arrivals)
    seen.check()


# --- what is not confirmed stays ---

@pytest.mark.parametrize("end", ["stop", "kill"])
def test_nobody_listening_is_kept_over_a_restart(ward, end):
    """NoSubscriber=keep: the disk has it, so the device is told; it goes out once somebody listens."""
    broker = ward.fake()
    account = watched(broker, lambda p: 0x10 if is_reading(p) else 0)
    daemon = at_fake(ward, broker, account, NoSubscriber="keep")
    account.online()
    keys = posted(ward, daemon, 5, 1)
    refused = dict(account.by_key)
    assert refused
    getattr(daemon, end)()
    account = watched(broker)
    daemon.start()
    account.wait_all(keys)
    assert all(refused.get(k, i) == i for k, i in account.by_key.items()), "another id than before"
    account.check()


def set_aside(ward, restart):
    """A 3.1.1 broker hangs up at one message, which lies in the stored backlog: it is found and set aside,
    the rest arrives. Gives what the next run needs."""
    broker = ward.fake()
    daemon = at_fake(ward, broker, devices=1, Protocol="3.1.1")
    broker.wait_session()
    hang_up(broker)
    keys = posted(ward, daemon, 60, 1)
    losses = []

    def poison(p):
        if value(p) == 13:
            losses.append(p)
            return CLOSE
        return 0
    account = watched(broker, poison)
    if restart == "before":
        daemon.kill()
    broker.listen()
    if restart == "before":
        daemon.start()
    if restart == "during":
        wait_until(lambda: losses, "a connection lost to the poison")
        daemon.kill()
        daemon.start()
    rest = [k for k in keys if k[3] != 13]
    daemon.wait_log("aside", deadline=60)
    account.wait_all(rest)
    return broker, daemon, account, losses, keys


@pytest.mark.parametrize("restart", ["not at all", "before", "during"])
def test_the_poison_in_the_stored_backlog_is_set_aside(ward, restart):
    broker, daemon, account, losses, _ = set_aside(ward, restart)
    account.status(lambda s: s["status"] == "online" and s["outbox"]["aside"] == 1)
    assert 3 <= len(losses) <= 12
    at, sessions = len(losses), len(broker.sessions)
    more = posted(ward, daemon, 10, 2)
    account.wait_all([k for k in more if k[3] != 13])
    assert len(losses) == at and len(broker.sessions) == sessions, "the session stays once it is out"
    account.check()


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_what_was_set_aside_outlives_a_restart(ward, end):
    broker, daemon, account, losses, keys = set_aside(ward, "not at all")
    stored(daemon, "SELECT count(*) FROM set_aside", lambda rows: rows == [(1,)])
    getattr(daemon, end)()
    at, count = account.mark(), len(losses)
    daemon.start()
    account.status(lambda s: s["status"] == "online" and s["outbox"]["aside"] == 1, start=at)
    assert len(losses) == count, "tried again, and the broker hung up again"
    rows = stored(daemon, "SELECT id, device, metric FROM set_aside", lambda rows: rows)
    assert len(rows) == 1 and rows[0][1:] == (keys[0][0], METRIC)


def stored(daemon, query, where=lambda rows: True, deadline=30):
    """What the database says to a program that is not ours, beside the running daemon."""
    path = os.path.join(daemon.state, "outbox.db")
    last = []

    def ask():
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
        try:
            last[:] = connection.execute(query).fetchall()
        finally:
            connection.close()
        return where(last)
    wait_until(ask, lambda: f"{query}: {last[:5]}", deadline)
    return last


def drained(ward, broker, seen, daemon):
    """Nothing waits any more: the disk is empty, and whatever the broker confirmed has arrived."""
    stored(daemon, "SELECT (SELECT count(*) FROM readings), (SELECT count(*) FROM events)",
           lambda rows: rows == [(0, 0)], 120)
    last = f"barrier-{seen.mark()}"
    sub = ward.subscriber(broker, name=last, topics="none")
    at = seen.mark()
    sub.publish("none/gateways/none/status", f'{{"status":"{last}"}}'.encode())
    seen.status(lambda s: s["status"] == last, "the barrier", at)


# --- the database is there to be read ---

def test_the_database_is_readable_while_the_daemon_runs(ward, ledger):
    broker, seen, daemon, first = ledger
    broker.stop()
    fleet = ward.fleet(daemon, rate=100, pack=(1, 5))
    fleet.progress(50)
    rows = stored(daemon, "SELECT id, device, metric, value, validity, time, bed FROM readings "
                  "ORDER BY position", lambda rows: len(rows) >= 50)
    assert all(r[0].startswith(first + ":") and r[2] == METRIC and r[4] == "valid" for r in rows)
    told = {(r[1], r[2], r[5], r[3]) for r in rows}
    keys = fleet.finish()
    made = {(k[0], k[1], k[2], f"{int(k[3])}") for k in keys}
    assert {(d, m, t, str(v)) for d, m, t, v in told} <= made
    sequences = [split("x:" + r[0])[1] for r in rows]
    assert sequences == sorted(sequences)
    daemon.stop()
    events = stored(daemon, "SELECT id, kind, topic, body FROM events")
    assert [json.loads(e[3])["record"] for e in events if e[1] == "record"] == ["epoch"], events
    daemon.start()
    broker.start()
    seen.wait_all(keys)
    stored(daemon, "SELECT count(*) FROM readings", lambda rows: rows == [(0,)])
    seen.check()


# --- the card lives long ---

def test_a_prompt_broker_costs_the_card_nothing(ward):
    """CommitInterval= is long here, so that a machine that is busy with other tests makes no difference; what
    the default costs is measured by the benchmark."""
    broker = ward.broker(tls=False)
    seen = ward.observer(broker).account
    daemon = ward.daemon(broker, devices=identities(3), sections={**SECTIONS, "Store": {"CommitInterval": "10s"}})
    seen.online()
    fleet = ward.fleet(daemon, rate=300, pack=(1, 5))

    def stretch(count):
        before = written(daemon.pid)
        fleet.progress(count)
        return written(daemon.pid) - before
    # who was heard for the first time is written down a second later
    quiet = 0
    for _ in range(100):
        quiet = quiet + 1 if stretch(100) == 0 else 0
        if quiet == 20:
            break
    assert stretch(1000) == 0
    seen.wait_all(fleet.finish())
    seen.check()
