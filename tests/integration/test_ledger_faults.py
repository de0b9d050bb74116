"""A disk that is full, failing, read-only, slow or hung: the gateway goes on, says so, and recovers
without a restart; nothing that a device was told to be safe is lost."""
import errno
import random
import threading

import pytest

from ward import disk
from ward.base import seed, wait_until
from ward.fakebroker import HOLD
from ward.fleet import identities, some_time
from test_ledger import SECTIONS, at_fake, drained, hang_up, is_reading, posted, watched

DEAD = [errno.EIO, errno.ENOSPC, errno.EROFS]


def store_is(account, words, start=0, deadline=60):
    """Until a status document says so of the store."""
    return account.status(lambda s: s["status"] == "online" and s.get("store") in words.split(), f"store {words}",
                          start, deadline)


def on_our_disk(ward, **environment):
    """A fake broker with its account, and a daemon of three devices whose disk is ours."""
    broker = ward.fake()
    account = watched(broker)
    daemon = at_fake(ward, broker, account)
    daemon.stop()
    broken = ward.disk(daemon)
    daemon.environment.update(environment)
    at = account.mark()
    daemon.start()
    account.online(at)
    return broker, account, daemon, broken


@pytest.fixture
def stand(ward):
    return on_our_disk(ward)


def provoke(ward, broker, account, daemon, seed=77):
    """One reading that the broker does not confirm in time, so that the disk is asked. It holds the
    rest of the traffic up no more than any other."""
    watched(broker, lambda p: HOLD if is_reading(p) else 0, account)
    fleet = ward.fleet(daemon, count=1, rate=0, pack=1, limit=1, seed=seed, t0_ms=some_time(seed))
    wait_until(broker.held, "an unconfirmed reading")
    return fleet


@pytest.mark.parametrize("error", DEAD, ids=errno.errorcode.get)
def test_a_dead_disk_with_the_broker_there(ward, stand, error):
    """Readings go to the subscriber and are acknowledged by it alone; status says what is wrong, and
    says that it is over."""
    broker, account, daemon, broken = stand
    broken.dead(error)
    first = provoke(ward, broker, account, daemon)
    daemon.wait_log("the store fails")
    watched(broker, account=account)
    broker.release()
    at = account.mark()
    keys = first.finish() + posted(ward, daemon, 30, 1)
    account.wait_all(keys)
    store_is(account, "failing full" if error == errno.ENOSPC else "failing")
    assert broken.failed
    broken.well()
    store_is(account, "ok", at)
    hang_up(broker)
    keys = posted(ward, daemon, 10, 2)  # by the disk alone
    broker.listen()
    account.wait_all(keys)
    account.check()


def test_a_commit_that_hangs_holds_nothing_up(ward, stand):
    """The proof that no reading waits for the disk while the broker takes it: a sync that does not return
    at all, and two hundred readings meanwhile. The watchdog is fed."""
    broker, account, daemon, broken = stand
    broken.hang()
    first = provoke(ward, broker, account, daemon)
    wait_until(lambda: broken.slowed, "a sync that hangs")
    watched(broker, account=account)
    keys = posted(ward, daemon, 66, 1)
    account.wait_all(keys)
    broken.well()
    broker.release()
    first.finish()
    account.check()


def test_the_watchdog_is_fed_while_a_commit_hangs(ward):
    broker, account, daemon, broken = on_our_disk(ward, WATCHDOG_USEC="400000")
    broken.hang()
    provoke(ward, broker, account, daemon)
    wait_until(lambda: broken.slowed, "a sync that hangs")
    have = len(daemon.notify.messages)
    daemon.notify.messages.wait_for(lambda items: items[have:].count("WATCHDOG=1") >= 4, "four pings")
    broken.well()


@pytest.mark.slow
def test_commits_of_two_seconds(ward, stand):
    """With the broker there nobody notices; without it devices wait for the commit, and get it."""
    broker, account, daemon, broken = stand
    broken.slow(2)
    keys = posted(ward, daemon, 40, 1)
    hang_up(broker)
    keys += posted(ward, daemon, 20, 2)
    assert broken.slowed, "without a broker only a commit can have made them safe"
    broker.listen()
    keys += posted(ward, daemon, 20, 3)
    account.wait_all(keys)
    account.check()
    broken.well()


def test_a_crash_in_the_middle_of_a_commit_that_hangs(ward, stand):
    """Nobody was told anything; the devices say it again, under the ids that it had."""
    broker, account, daemon, broken = stand
    hang_up(broker)
    broken.hang()
    fleet = ward.fleet(daemon, rate=0, pack=5, limit=20)
    wait_until(lambda: broken.slowed, "a sync that hangs")
    assert fleet.total() == 0, "acknowledged by nobody"
    daemon.kill()
    broken.well()
    broker.listen()
    daemon.start()
    account.wait_all(fleet.finish())
    account.check()


@pytest.mark.slow
@pytest.mark.parametrize("error", DEAD, ids=errno.errorcode.get)
def test_neither_disk_nor_broker(ward, stand, error):
    """Devices get 5.03 after 20 s, not before and not 2.04; with the disk well again they are told at their
    next attempt, without a restart; nothing that was acknowledged is lost."""
    broker, account, daemon, broken = stand
    keys = posted(ward, daemon, 10, 1)
    hang_up(broker)
    broken.dead(error)
    fleet = ward.fleet(daemon, rate=50, pack=3, seed=2)
    wait_until(lambda: fleet.answered("5.03") >= 3, "5.03", deadline=60)
    assert fleet.total() == 0
    broken.well()
    fleet.progress(20, deadline=120)
    keys += fleet.finish()
    daemon.kill()
    broker.listen()
    daemon.start()
    account.wait_all(keys)
    account.check()


@pytest.mark.slow
def test_a_disk_that_comes_and_goes(ward, stand):
    """Each second another fault, or none, with the broker now there and now away; then a kill."""
    broker, account, daemon, broken = stand
    rng = random.Random(seed())
    fleet = ward.fleet(daemon, rate=100, pack=(1, 5))
    faults = {**{errno.errorcode[e]: lambda e=e: broken.dead(e) for e in DEAD}, "full": broken.full,
              "well": broken.well, "well again": broken.well, "slow": lambda: broken.slow(0.5)}
    away = False
    for n in range(30):
        fault = rng.choice(list(faults))
        faults[fault]()
        if n % 5 == 4:
            (broker.listen if away else lambda: hang_up(broker))()
            away = not away
        threading.Event().wait(1)  # a while of it
        killed = n % 10 == 9
        print(f"{n}: {fault}, broker {'away' if away else 'there'}, {fleet.total()} acknowledged"
              f"{', then a kill' if killed else ''}")
        if killed:
            daemon.kill()
            daemon.start()
    broken.well()
    if away:
        broker.listen()
    keys = fleet.finish(deadline=240)
    account.wait_all(keys, deadline=120)
    # what nobody could read meanwhile was overtaken by what came later
    faults = [f for f in account.faults if not f.startswith("order")]
    assert not faults, faults[:5]


def test_a_start_with_a_dead_disk(ward):
    """The gateway starts, forwards what it can and says that nothing can be stored."""
    broker = ward.fake()
    account = watched(broker)
    daemon = at_fake(ward, broker, account)
    daemon.stop()
    broken = ward.disk(daemon)
    broken.dead()
    at = account.mark()
    daemon.start()
    account.online(at)
    account.wait_all(posted(ward, daemon, 10, 1))
    store_is(account, "failing", at)
    broken.well()
    store_is(account, "ok", at)
    account.check()


# --- real file systems ---

@pytest.fixture
def small(ward):
    """A broker, an observer and a daemon whose state lies on a small ext4."""
    reason = disk.why_no_mount()
    if reason:
        pytest.skip(reason)
    card = ward.small_disk(24)
    broker = ward.broker(tls=False)
    seen = ward.observer(broker).account
    daemon = ward.daemon(broker, devices=identities(3), state=card.state,
                         sections={**SECTIONS, "Store": {"KeepFree": "0", "MaxSize": "16M"}})
    seen.online()
    return card, broker, seen, daemon


def test_a_card_that_others_fill(ward, small):
    """ENOSPC from a real file system, with the broker there: readings arrive; when there is room
    again, the disk takes them again."""
    card, broker, seen, daemon = small
    card.fill()
    keys = posted(ward, daemon, 50, 1)
    seen.wait_all(keys)
    broker.freeze()  # so that the disk is asked
    fleet = ward.fleet(daemon, rate=0, pack=3, limit=30, seed=2)
    daemon.wait_log("the store f", deadline=60)
    broker.thaw()
    keys += fleet.finish()
    seen.wait_all(keys)
    at = seen.mark()
    card.clear()
    store_is(seen, "ok", at)
    broker.stop()
    keys = posted(ward, daemon, 20, 3)
    broker.start()
    seen.wait_all(keys)
    seen.check()


@pytest.mark.slow
def test_keep_free_is_kept(ward):
    """The oldest give way before the file system has less left than KeepFree=, and say so by gap records. (Up
    to 16M the database grows all the same, so that it takes some work to get there.)"""
    reason = disk.why_no_mount()
    if reason:
        pytest.skip(reason)
    card = ward.small_disk(64)
    broker = ward.broker(tls=False)
    seen = ward.observer(broker).account
    daemon = ward.daemon(broker, devices=identities(4), state=card.state, sections={
        **SECTIONS, "Store": {"KeepFree": "30M"}})
    seen.online()
    broker.stop()
    keys, least = [], card.free()
    for n in range(40):
        keys += ward.fleet(daemon, rate=0, pack=200, window=4, limit=4000, seed=n, t0_ms=some_time(n)).finish()
        least = min(least, card.free())
        if daemon.count_log("the store is full") and n % 5 == 4:
            break
    print(f"{len(keys)} readings, at least {least >> 10} KiB stayed free")
    assert least > 29 << 20
    broker.start()
    drained(ward, broker, seen, daemon)
    seen.wait_all(keys[-4000:])
    missing = seen.missing(keys)
    assert missing, "it all fitted: the test proves nothing"
    assert sum(g[2] for g in seen.gaps()) == len(missing)
    assert {g[3] for g in seen.gaps()} == {"free-space"}
    seen.check()


def test_a_card_that_turns_read_only(ward, small):
    """As the kernel does it after an error. With the broker there nothing changes for devices; when the card
    was put right and the daemon started anew, what had been stored before comes."""
    card, broker, seen, daemon = small
    broker.stop()
    keys = posted(ward, daemon, 20, 1)
    card.read_only()
    at = daemon.mark()
    broker.start()
    new = posted(ward, daemon, 20, 2)
    seen.wait_all(new)
    store_is(seen, "failing")
    assert daemon.count_log("the store fails", at)
    daemon.kill()
    daemon.start()  # a reboot cures no card
    more = posted(ward, daemon, 20, 4)
    seen.wait_all(more)
    new += more
    daemon.kill()
    card.repair()
    daemon.start()
    keys += new + posted(ward, daemon, 20, 3)
    seen.wait_all(keys)
    # what nobody could read meanwhile was overtaken by what came later: late is better than order
    faults = [f for f in seen.faults if not f.startswith("order")]
    assert not faults, faults[:5]


@pytest.mark.slow
def test_a_full_card_and_no_broker(ward, small):
    card, broker, seen, daemon = small
    broker.stop()
    keys = posted(ward, daemon, 20, 1)
    card.fill()
    fleet = ward.fleet(daemon, rate=300, pack=20, seed=2)
    wait_until(lambda: fleet.answered("5.03") >= 3, "5.03", deadline=90)
    card.clear()
    fleet.progress(50, deadline=120)
    keys += fleet.finish()
    daemon.kill()
    broker.start()
    daemon.start()
    seen.wait_all(keys)
    seen.check()


@pytest.mark.parametrize("error", DEAD, ids=errno.errorcode.get)
def test_a_backlog_waits_for_a_disk_that_was_dead_at_the_start(ward, stand, error):
    """What an earlier run stored comes when the disk can be read again, without another restart."""
    broker, account, daemon, broken = stand
    hang_up(broker)
    keys = posted(ward, daemon, 40, 1)
    daemon.kill()
    broken.dead(error)
    broker.listen()
    at = account.mark()
    daemon.start()
    account.online(at)
    account.wait_all(posted(ward, daemon, 10, 2))
    store_is(account, "failing full", at)
    broken.well()
    account.wait_all(keys)
    account.check()
