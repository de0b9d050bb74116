"""wardgatectl against a real daemon: the numbers that it shows are those of what was acknowledged,
while the daemon runs, after a kill, and after a clean stop."""
import json
import os
import subprocess

import pytest

from ward.base import wait_until
from ward.daemon import ROOT
from ward.fleet import identities

CTL = os.path.join(os.environ.get("WG_BUILD") or os.path.join(ROOT, "build"), "wardgatectl")


def ctl(daemon, *arguments):
    r = subprocess.run([CTL, "--config", daemon.config_path, *arguments], capture_output=True,
                       text=True, timeout=60, stdin=subprocess.DEVNULL, check=False)
    return r.returncode, r.stdout, r.stderr


def outbox(daemon):
    status, out, err = ctl(daemon, "--json", "outbox")
    assert (status, err) == (0, ""), err
    return json.loads(out)


def files(daemon):
    return sorted(n for n in os.listdir(daemon.state) if n.startswith("outbox.db"))


@pytest.fixture
def away(ward):
    """A daemon whose broker is away, and what its devices were told is safe."""
    broker = ward.broker(tls=False)
    daemon = ward.daemon(broker, devices=identities(3), sections={
        "MQTT": {"ConnectTimeout": "2s"}, "CoAP": {"Rate": "1000", "Burst": "5000"}})
    broker.stop()
    keys = ward.fleet(daemon, rate=0, pack=5, limit=50, seed=7).finish()
    return broker, daemon, len(keys)


def test_what_is_acknowledged_is_shown(away):
    _, daemon, count = away
    shown = outbox(daemon)
    assert shown["gateway"] == daemon.name and shown["database"] == f"{daemon.state}/outbox.db"
    assert shown["readings"] == count > 0
    assert shown["aside"] == 0 and shown["set_aside"] == []
    assert shown["oldest"] <= shown["newest"]
    assert 0 < shown["used_bytes"] <= shown["limit_bytes"]
    assert shown["readings_per_second"] > 0 and shown["full_in_seconds"] > 0
    assert shown["ward"]["devices"] == 3 and shown["ward"]["measured"]
    status, out, _ = ctl(daemon, "outbox")
    assert status == 0 and f"{count} readings" in out.replace(",", "")


def test_a_killed_daemon_is_no_hindrance(away):
    _, daemon, count = away
    daemon.kill()
    before = files(daemon)
    assert outbox(daemon)["readings"] == count
    assert files(daemon) == before


def test_a_stopped_daemon_is_no_hindrance(away):
    _, daemon, count = away
    daemon.stop()
    assert files(daemon) == ["outbox.db"]
    assert outbox(daemon)["readings"] == count
    assert files(daemon) == ["outbox.db"]


def test_a_drained_ledger_is_empty(away):
    broker, daemon, _ = away
    broker.start()
    wait_until(lambda: not outbox(daemon)["readings"], "the database is empty", step=0.2)


def test_a_state_directory_of_nobody(ward):
    daemon = ward.daemon(start=False)
    daemon.sections["MQTT"] = {"Broker": "mqtt://127.0.0.1:1", "AllowPlaintext": "yes"}
    daemon.write_config()
    status, out, err = ctl(daemon, "outbox")
    assert (status, out) == (1, "")
    assert err.count("\n") == 1 and "is not there; " in err


@pytest.mark.parametrize("arguments", [[], ["outbox", "all"], ["inbox"], ["--no-such", "outbox"]])
def test_a_wrong_command_line(arguments):
    r = subprocess.run([CTL, *arguments], capture_output=True, text=True, timeout=60,
                       stdin=subprocess.DEVNULL, check=False)
    assert (r.returncode, r.stdout) == (64, "")
    assert r.stderr.startswith("wardgatectl: ") and r.stderr.count("\n") == 1
