"""The tools of the ledger's tests: a judge that finds no fault, a disk that never fails and a wire
that is never cut would prove nothing."""
import errno
import json
import os
import socket
import subprocess
import sys

import pytest

from ward import disk, senml
from ward.base import preload_environment, resident, written
from ward.fleet import identities
from ward.judge import Account
from ward.senml import heart_rate

TIME = "2026-11-21T10:00:00.{:03d}Z"


def reading(account, sequence, value, time=1, epoch="1-00000001", device_sequence=None, **more):
    r = {"id": f"gw:{epoch}:{sequence}", "device": "a", "metric": "counter", "value": value,
         "time": TIME.format(time), "received": TIME.format(time),
         "device_sequence": sequence if device_sequence is None else device_sequence, **more}
    account.take("w/s/7/beds/1/a/counter", json.dumps(r).encode())


def record(account, identity, kind, **more):
    account.take("w/s/7/gateways/gw/records", json.dumps(
        {"id": f"gw:{identity}", "record": kind, **more}).encode())


# --- the judge ---

def test_repeated_messages_are_no_fault():
    a = Account()
    for n in (1, 2, 3, 2, 3, 4):
        reading(a, n, n, n)
    a.check()
    assert len(a.arrivals) == 6 and len(a.by_id) == 4


def test_one_value_under_two_ids_is_found():
    a = Account()
    reading(a, 1, 70)
    reading(a, 2, 70)
    assert len(a.faults) == 1 and "one value, two ids" in a.faults[0]


def test_one_id_for_two_values_is_found():
    a = Account()
    reading(a, 1, 70, 1)
    reading(a, 1, 71, 2)
    assert any("one id, two messages" in f for f in a.faults)


def test_one_id_for_a_reading_and_a_record_is_found():
    a = Account()
    reading(a, 1, 70)
    record(a, "1-00000001:1", "clock")
    assert any("one id, two messages" in f for f in a.faults)


def test_disorder_is_found_in_each_stream_and_not_between_them():
    a = Account()
    reading(a, 5, 5, 5)
    reading(a, 1, 1, 1, backfill=True)
    reading(a, 6, 6, 6)
    reading(a, 2, 2, 2, backfill=True)
    a.check()
    reading(a, 4, 4, 4)
    assert len(a.faults) == 1 and a.faults[0].startswith("order")
    reading(a, 8, 8, 8, backfill=True)
    reading(a, 7, 7, 7, backfill=True)
    assert len(a.faults) == 2


def test_what_does_not_arrive_is_missing():
    a = Account()
    reading(a, 1, 70)
    key = next(iter(a.by_key))
    other = key[:3] + (71,)
    assert a.missing([key, other]) == [other]
    with pytest.raises(AssertionError, match="1 of 2"):
        a.wait_all([key, other], deadline=0.05)


def test_numbers_gaps_and_ranges_are_reckoned():
    a = Account()
    reading(a, 1, 1, 1)
    record(a, "1-00000001:2", "gap", epoch="1-00000001", first=3, last=4, reason="size")
    assert a.whole("1-00000001", 6) == {5, 6}
    assert a.gaps() == [(3, 4, 2, "size")]
    record(a, "2-00000002:1", "epoch", epoch="1-00000001", clean=False, stored=[[1, 2], [5, 5]])
    assert a.stored_ranges("1-00000001") == {1, 2, 5} and a.stored_ranges("9-00000009") is None


def test_rubbish_is_a_fault():
    a = Account()
    a.take("w/s/7/beds/1/a/counter", b"no json")
    assert len(a.faults) == 1


# --- the observer ---

@pytest.mark.parametrize("tls", [True, False])
def test_the_observer_sees_all_over_a_restart_of_the_broker(ward, tls):
    broker = ward.broker(tls=tls)
    seen = ward.observer(broker)
    sub = ward.subscriber(broker)
    topic = "w/s/7/gateways/gw/status"
    sub.publish(topic, b'{"status":"online","epoch":"1"}', retain=True)
    assert seen.account.online() == "1"
    broker.stop()
    broker.start()
    seen.wait_line("lost")
    sub.publish(topic, b'{"status":"online","epoch":"2"}')
    assert seen.account.online(epoch_not="1") == "2"
    seen.account.wait(lambda: seen.account.count >= 3, "the retained one once more")
    assert {s["epoch"] for _, s in seen.account.statuses} == {"1", "2"}


# --- the wire ---

class Echo:
    tls = False

    def __init__(self, ward):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        ward.stack.callback(self.listener.close)


@pytest.fixture
def wire(ward):
    echo = Echo(ward)
    proxy = ward.proxy(echo)
    near = ward.stack.enter_context(socket.create_connection(("127.0.0.1", proxy.port), 5))
    far = ward.stack.enter_context(echo.listener.accept()[0])
    far.settimeout(5)
    near.settimeout(5)
    near.sendall(b"hello")
    assert far.recv(10) == b"hello"
    return proxy, near, far


def test_a_held_wire_takes_nothing_and_says_nothing(wire):
    proxy, near, far = wire
    proxy.hold()
    near.sendall(b"lost in the dark")
    far.sendall(b"as is this")
    for s in (near, far):
        s.settimeout(0.2)
        with pytest.raises(TimeoutError):
            s.recv(100)
        s.settimeout(5)
    proxy.release()
    assert far.recv(100) == b"lost in the dark" and near.recv(100) == b"as is this"


def test_a_wire_held_in_the_middle(wire):
    proxy, near, far = wire
    proxy.hold_after = 10
    near.sendall(b"x" * 10)
    far.settimeout(0.2)
    with pytest.raises(TimeoutError):
        far.recv(100)
    proxy.cut()
    assert near.recv(10) == b"" and far.recv(10) == b""


def test_a_wire_that_is_away_refuses(wire):
    proxy, near, far = wire
    proxy.away()
    assert far.recv(10) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", proxy.port), 5)
    proxy.back()
    socket.create_connection(("127.0.0.1", proxy.port), 5).close()


# --- the disk ---

PROBE = """
import errno, os, sys
def attempt(what):
    try:
        what()
        return "ok"
    except OSError as e:
        return errno.errorcode[e.errno]
fd = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600)
for line in sys.stdin:
    print(attempt(lambda: os.pwrite(fd, b"x", 0)), attempt(lambda: os.write(fd, b"x")),
          attempt(lambda: os.fsync(fd)), attempt(lambda: os.fdatasync(fd)),
          attempt(lambda: os.close(os.open(sys.argv[1] + "2", os.O_RDWR | os.O_CREAT, 0o600))),
          attempt(lambda: os.rename(sys.argv[1] + "2", sys.argv[1] + "3")),
          attempt(lambda: os.pread(fd, 1, 0)), flush=True)
"""


def test_the_disk_fails_as_told_and_only_below_its_directory(ward, shim):
    state = os.path.join(ward.dir, "below")
    d = ward.keep(disk.Disk(ward.dir, shim("diskshim"), state))
    env = d.environment(dict(os.environ))
    probes = [subprocess.Popen([sys.executable, "-c", PROBE, path], env=env, text=True, bufsize=1,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
              for path in (os.path.join(state, "file"), os.path.join(ward.dir, "below-not"))]

    def ask():
        answers = []
        for p in probes:
            p.stdin.write("\n")
            answers.append(p.stdout.readline().split())
        assert answers[1] == ["ok"] * 7, "outside of the directory"
        return answers[0]
    try:
        assert ask() == ["ok"] * 7
        assert (d.syncs, d.slowed, d.failed) == (2, 0, 0)
        d.dead()
        assert ask() == ["EIO"] * 6 + ["ok"]
        d.full()
        assert ask() == ["ENOSPC", "ENOSPC", "ok", "ok", "ok", "ENOSPC", "ok"]
        d.set(read=errno.EIO)
        assert ask() == ["ok"] * 6 + ["EIO"]
        d.set(sync_delay_ms=10)
        slowed = d.slowed
        assert ask() == ["ok"] * 7
        assert d.slowed == slowed + 2
        d.well()
        assert ask() == ["ok"] * 7
    finally:
        for p in probes:
            p.stdin.close()
            p.wait(10)
            p.stdout.close()


def test_shims_load_together():
    env = preload_environment("/one.so", preload_environment("/two.so", A="1"), B="2")
    assert env["LD_PRELOAD"].split()[-2:] == ["/one.so", "/two.so"] and (env["A"], env["B"]) == ("1", "2")


def test_a_small_disk_fills_and_turns_read_only(ward):
    reason = disk.why_no_mount()
    if reason:
        pytest.skip(reason)
    small = ward.small_disk(8)
    path = os.path.join(small.state, "file")
    with open(path, "wb", buffering=0) as f:
        small.fill()
        with pytest.raises(OSError, match="No space"):
            f.write(b"x" * 65536)
        small.clear()
        f.write(b"x" * 65536)
        os.fsync(f.fileno())
        small.read_only()
        with pytest.raises(OSError, match="Read-only"):
            f.write(b"x")
    small.repair()
    assert os.path.getsize(path) == 65536
    with open(path, "ab") as f:
        f.write(b"x")


def test_memory_and_writing_are_measured(ward):
    assert resident(os.getpid()) > 1 << 20
    before = written(os.getpid())
    with open(os.path.join(ward.dir, "file"), "wb") as f:
        f.write(b"x" * 65536)
        f.flush()
        os.fsync(f.fileno())
    assert written(os.getpid()) >= before + 65536


# --- the devices ---

def test_devices_say_it_again_until_it_is_safe(ward):
    """The daemon goes and comes, sessions are lost, and each device goes on with what it kept; one that
    only posts would have lost some."""
    broker = ward.broker(tls=False)
    seen = ward.observer(broker)
    daemon = ward.daemon(broker, devices=identities(2))
    fleet = ward.fleet(daemon, rate=100, pack=2, limit=60)
    fleet.progress(20)
    daemon.stop()
    daemon.start()
    keys = fleet.finish()
    assert len(keys) == 120 and len({k[:1] + k[3:] for k in keys}) == 120
    assert all(d.sessions >= 2 for d in fleet.devices)
    seen.account.wait_all(keys)


def test_a_device_that_posts_by_itself_is_seen(ward):
    broker = ward.broker(tls=False)
    seen = ward.observer(broker)
    daemon = ward.daemon(broker)
    assert ward.session(daemon).exchange(senml.as_json(heart_rate(70))).text == "2.04"
    seen.account.wait(lambda: seen.account.arrivals, "the reading")
    assert seen.account.arrivals[0].key[:2] == ("bed3-oximeter", "heart-rate")
