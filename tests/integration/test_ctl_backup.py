"""backup and restore: a spare unit goes on with the devices of the one that was backed up; and whatever
is wrong with a backup, nothing is changed."""
import json
import os
import shutil
import stat

import pytest

from ward import dtls, senml, coapwire
from ward.base import short_directory
from ward.bus import served, wait_served
from ward.ctl import Terminal, ctl, one_line

PASSPHRASE = "correct horse battery"


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "passphrase"
    path.write_text(PASSPHRASE + "\n")
    path.chmod(0o600)
    return str(path)


class Unit:
    """Files of a gateway that does not run."""

    def __init__(self, path, name="ward7-gw1"):
        self.dir = os.path.join(path, "unit")
        self.config = os.path.join(self.dir, "etc", "wardgate.conf")
        self.state = os.path.join(self.dir, "state")
        self.name = name

    def make(self):
        outside = os.path.join(self.dir, "outside")
        for d in ("etc/conf.d", "state/devices.d", "state/bonds", "outside"):
            os.makedirs(os.path.join(self.dir, d))
        self.put("etc/wardgate.conf", f"""[Gateway]
Name={self.name}
Site=s
Ward=7
StateDirectory={self.state}
[MQTT]
Broker=mqtt://127.0.0.1:1
AllowPlaintext=yes
Username=u
PasswordFile={outside}/password
[CoAP]
Enabled=yes
PSKFile={self.dir}/etc/coap.psk
""", 0o640)
        self.put("etc/conf.d/10-more.conf", "[Store]\nMaxAge=7d\n")
        self.put("etc/conf.d/readme", "no configuration\n")
        self.put("etc/coap.psk", "ox-1:" + "11" * 16 + "\n", 0o600)
        self.put("outside/password", "hunter2\n", 0o600)
        self.put("state/devices.d/bed3-ox.conf", "[Device bed3-ox]\nTransport=coap\nAddress=ox-9\n", 0o600)
        self.put("state/coap.psk", "ox-9:" + "22" * 16 + "\n", 0o600)
        self.put("state/bonds/00-11", bytes(range(256)) * 1000, 0o600)
        self.put("state/retained-topics", "a/b\n", 0o600)
        # of a version to come: nobody here knows it
        self.put("state/associations", "bed-3\tp-17\n", 0o600)
        for left in ("epoch", "lock", "alarms", "a.restore-old", "a.restore-new", "a.before-restore", "outbox.db",
                     "outbox.db-wal", "outbox.db.corrupt-1", "epoch.new"):
            self.put("state/" + left, "left behind")
        return self

    def put(self, name, data, mode=0o644):
        path = os.path.join(self.dir, name)
        with open(path, "wb") as f:
            f.write(data if isinstance(data, bytes) else data.encode())
        os.chmod(path, mode)

    def tree(self):
        found = {}
        for top, _, names in os.walk(self.dir):
            for n in names:
                path = os.path.join(top, n)
                with open(path, "rb") as f:
                    found[os.path.relpath(path, self.dir)] = (stat.S_IMODE(os.stat(path).st_mode), f.read())
        return found

    def clear(self):
        shutil.rmtree(self.dir)

    def ctl(self, *arguments, **env):
        return ctl("--config", self.config, *arguments, **env)


@pytest.fixture
def unit():
    with short_directory() as path:
        yield Unit(path).make()


@pytest.fixture
def backup(unit, secret, tmp_path):
    path = str(tmp_path / "gw.backup")
    status, out, err = unit.ctl("backup", path, "--passphrase-file", secret)
    assert (status, err) == (0, ""), err
    assert "Not in it" in out
    return path


LEFT = {"state/epoch", "state/lock", "state/alarms", "state/a.restore-old", "state/a.restore-new",
        "state/a.before-restore", "state/epoch.new", "state/outbox.db", "state/outbox.db-wal",
        "state/outbox.db.corrupt-1", "etc/conf.d/readme"}


def test_a_spare_gets_all_and_no_more(unit, backup, secret):
    before = unit.tree()
    assert stat.S_IMODE(os.stat(backup).st_mode) == 0o600
    with open(backup, "rb") as f:
        raw = f.read()
    assert raw.startswith(b"wardgate-backup\n") and b"hunter2" not in raw and b"Device" not in raw
    unit.clear()
    status, out, err = unit.ctl("restore", backup, "--passphrase-file", secret, "--yes")
    assert (status, err) == (0, ""), err
    assert "old unit has to stay off" in out
    after = unit.tree()
    assert after == {k: v for k, v in before.items() if k not in LEFT}


def test_over_a_unit_with_other_files(unit, backup, secret):
    before = unit.tree()
    unit.put("etc/conf.d/10-more.conf", "[Store]\nMaxAge=1d\n")
    unit.put("etc/conf.d/20-extra.conf", "[Store]\nMaxAge=2d\n")
    unit.put("etc/conf.d/20-extra.conf.before-restore", "older\n")
    unit.put("state/devices.d/bed4-ox.conf", "[Device bed4-ox]\nTransport=coap\nAddress=ox-4\n")
    for name in ("outbox.db", "outbox.db-wal", "outbox.db.corrupt-1"):
        os.unlink(os.path.join(unit.state, name))
    changed = unit.tree()
    status, _, err = unit.ctl("restore", backup, "--passphrase-file", secret)
    assert status == 64 and one_line(err) and "4 files" in err and "--yes" in err
    assert unit.tree() == changed
    status, out, err = unit.ctl("--json", "restore", backup, "--passphrase-file", secret, "--yes")
    assert (status, err) == (0, ""), err
    assert json.loads(out) == {"gateway": "ward7-gw1", "files": 9}
    after = unit.tree()
    assert after["etc/conf.d/10-more.conf"] == before["etc/conf.d/10-more.conf"]
    assert "etc/conf.d/20-extra.conf" not in after and "state/devices.d/bed4-ox.conf" not in after
    assert after["etc/conf.d/20-extra.conf.before-restore"][1] == b"older\n"
    assert after["etc/conf.d/20-extra.conf.before-restore-2"][1] == b"[Store]\nMaxAge=2d\n"
    assert "state/alarms" not in after and after["state/alarms.before-restore"] == changed["state/alarms"]
    assert after["state/devices.d/bed4-ox.conf.before-restore"] == changed["state/devices.d/bed4-ox.conf"]
    assert not any(".restore-" in n for n in after if not n.startswith("state/a."))


def test_asked_on_a_terminal(unit, backup):
    unit.put("etc/conf.d/10-more.conf", "[Store]\nMaxAge=1d\n")
    for name in ("outbox.db", "outbox.db-wal"):
        os.unlink(os.path.join(unit.state, name))
    changed = unit.tree()
    t = Terminal("--config", unit.config, "restore", backup)
    t.wait("Passphrase of the backup: ")
    t.wait_for(lambda: not t.echoes(), "no echo")
    t.line(PASSPHRASE)
    t.wait("Do it")
    assert "replace" in t.text and "10-more.conf" in t.text and PASSPHRASE not in t.text
    t.line("n")
    assert t.ends() == 1 and t.echoes()
    t.end()
    assert unit.tree() == changed
    t = Terminal("--config", unit.config, "restore", backup)
    t.wait("Passphrase of the backup: ")
    t.wait_for(lambda: not t.echoes(), "no echo")
    t.send("\x03")
    assert t.ends() == -2 and t.echoes()
    t.end()
    assert unit.tree() == changed
    t = Terminal("--config", unit.config, "restore", backup)
    t.wait("Passphrase of the backup: ")
    t.wait_for(lambda: not t.echoes(), "no echo")
    t.line(PASSPHRASE)
    t.wait("Do it")
    t.line("y")
    assert t.ends() == 0 and t.echoes() and "This unit is now ward7-gw1" in t.text
    t.end()
    assert unit.tree()["etc/conf.d/10-more.conf"][1] == b"[Store]\nMaxAge=7d\n"


def test_a_new_passphrase_is_asked_for_twice(unit, tmp_path):
    path = str(tmp_path / "b")
    for first, second, part in (("short", None, "at least 8"), (PASSPHRASE, "another one", "not the same"),
                                (PASSPHRASE, PASSPHRASE, "in 9 files")):
        t = Terminal("--config", unit.config, "backup", path)
        t.wait("New passphrase")
        t.wait_for(lambda t=t: not t.echoes(), "no echo")
        t.line(first)
        if second:
            t.wait("The same again")
            t.wait_for(lambda t=t: not t.echoes(), "no echo")
            t.line(second)
        status = t.ends()
        assert part in t.text and first not in t.text
        assert (status == 0) == (second == PASSPHRASE) == os.path.exists(path)
        t.end()


def test_list(unit, backup, secret):
    unit.clear()
    status, out, err = unit.ctl("restore", "--list", backup, "--passphrase-file", secret)
    assert (status, err) == (0, "") and "devices.d/bed3-ox.conf" in out and "hunter2" not in out
    status, out, _ = unit.ctl("--json", "restore", "--list", backup, "--passphrase-file", secret)
    assert len(json.loads(out)["files"]) == 9
    assert not os.path.exists(unit.dir)


def damaged(raw):
    yield "is no backup", b""
    yield "is no backup", b"x" * 500
    yield "is no backup", raw[:10]
    yield "not whole", raw[:40]
    yield "not whole", raw[:-1]
    yield "not whole", raw[:80]
    yield "not whole", raw[:100000]
    yield "damaged at its beginning", raw[:30] + bytes([raw[30] ^ 1]) + raw[31:]
    yield "damaged, though", raw[:-1] + bytes([raw[-1] ^ 1])
    yield "damaged, though", raw + b"x"
    yield "damaged, though", raw[:200] + bytes([raw[200] ^ 1]) + raw[201:]
    # the second piece in the first one's place
    piece = 65536 + 20
    yield "damaged, though", raw[:80] + raw[80 + piece:80 + 2 * piece] + raw[80 + piece:]


def test_damage_and_a_wrong_passphrase_are_told_apart(unit, backup, secret, tmp_path):
    before = unit.tree()
    with open(backup, "rb") as f:
        raw = f.read()
    bad = tmp_path / "bad"
    for part, data in damaged(raw):
        bad.write_bytes(data)
        status, _, err = unit.ctl("restore", str(bad), "--passphrase-file", secret, "--yes")
        assert status == 1 and one_line(err) and part in err, (part, err)
    other = tmp_path / "other"
    other.write_text("another passphrase")
    other.chmod(0o600)
    status, _, err = unit.ctl("restore", backup, "--passphrase-file", str(other), "--yes")
    assert status == 1 and one_line(err) and "another passphrase" in err
    assert unit.tree() == before


def test_one_file_that_cannot_be_written(unit, backup, secret):
    """The last of all: what was done before is undone."""
    for name in ("outbox.db", "outbox.db-wal"):
        os.unlink(os.path.join(unit.state, name))
    unit.put("etc/wardgate.conf", "[Gateway]\nName=old\nStateDirectory=" + unit.state + "\n")
    os.unlink(os.path.join(unit.state, "bonds", "00-11"))
    os.makedirs(os.path.join(unit.state, "bonds", "00-11.restore-new"))
    before = unit.tree()
    status, _, err = unit.ctl("restore", backup, "--passphrase-file", secret, "--yes")
    assert status == 1 and one_line(err) and "nothing was changed" in err
    assert unit.tree() == before
    os.rmdir(os.path.join(unit.state, "bonds", "00-11.restore-new"))
    os.makedirs(os.path.join(unit.state, "bonds", "00-11"))
    status, _, err = unit.ctl("restore", backup, "--passphrase-file", secret, "--yes")
    assert status == 1 and one_line(err) and "no regular file" in err
    assert unit.tree() == before


def test_a_restore_after_one_that_was_cut(unit, backup, secret):
    """Some files are new already, and second names of the old ones lie about."""
    for name in ("outbox.db", "outbox.db-wal", "alarms"):
        os.unlink(os.path.join(unit.state, name))
    before = unit.tree()
    unit.put("etc/coap.psk.restore-old", "older key\n")
    unit.put("etc/conf.d/10-more.conf.restore-new", "half of")
    unit.put("state/devices.d/bed3-ox.conf", "[Device bed3-ox]\nTransport=coap\nAddress=another\n")
    status, _, err = unit.ctl("restore", backup, "--passphrase-file", secret, "--yes")
    assert (status, err) == (0, ""), err
    assert unit.tree() == before


def test_what_forbids_a_backup(unit, secret, tmp_path, backup):
    for arguments, code, part in (
            (["backup", backup, "--passphrase-file", secret], 1, "there already"),
            (["backup", str(tmp_path / "no" / "x"), "--passphrase-file", secret], 1, "cannot be written"),
            (["backup"], 64, "needs the file"),
            (["backup", "a", "b"], 64, "does not know"),
            (["backup", str(tmp_path / "x"), "--passphrase-file", "/nonexistent"], 1, "cannot be read"),
            (["restore"], 64, "needs the backup"),
            (["restore", "/nonexistent", "--passphrase-file", secret], 1, "cannot be read"),
            (["restore", str(tmp_path), "--passphrase-file", secret], 1, "no regular file")):
        status, _, err = unit.ctl(*arguments)
        assert status == code and one_line(err) and part in err, (arguments, err)
    os.unlink(os.path.join(unit.dir, "outside", "password"))
    status, _, err = unit.ctl("backup", str(tmp_path / "x"), "--passphrase-file", secret)
    assert status == 1 and one_line(err) and "password" in err
    unit.put("etc/conf.d/10-more.conf", "[Store]\nMaxAgee=1d\n")
    status, _, err = unit.ctl("backup", str(tmp_path / "x"), "--passphrase-file", secret)
    assert status == 1 and one_line(err) and "MaxAgee" in err
    assert sorted(os.listdir(tmp_path)) == ["gw.backup", "passphrase"]


def test_credentials_are_said_to_be_missing(unit, secret, tmp_path):
    unit.put("etc/conf.d/30.conf", "[MQTT]\nPasswordFile=credential:mqtt.password\n")
    status, _, err = unit.ctl("backup", str(tmp_path / "x"), "--passphrase-file", secret)
    assert status == 0 and one_line(err) and "credential:mqtt.password" in err


def test_a_name_that_is_the_machine_s(unit, secret, tmp_path):
    """Name= left to the host name: on another machine it would be another gateway."""
    text = unit.tree()["etc/wardgate.conf"][1].decode()
    unit.put("etc/wardgate.conf", text.replace("Name=ward7-gw1\n", ""))
    path = str(tmp_path / "x")
    status, _, err = unit.ctl("backup", path, "--passphrase-file", secret)
    assert status == 0, err
    assert "Name=" in err


def test_messages_of_another_gateway_wait(ward, unit, backup, secret):
    """Under the restored name they would go out as readings of the wrong gateway."""
    broker = ward.broker(tls=False)
    other = ward.daemon(broker, name="other-gw")
    broker.stop()
    with_readings = ward.session(other)
    assert with_readings.exchange(senml.as_json(senml.heart_rate(61))).text == "2.04"
    other.stop()
    shutil.rmtree(unit.state)
    shutil.copytree(other.state, unit.state)
    unit.put("etc/wardgate.conf", f"[Gateway]\nName=other-gw\nSite=s\nWard=7\nStateDirectory={unit.state}\n"
             "[MQTT]\nBroker=mqtt://127.0.0.1:1\nAllowPlaintext=yes\n")
    before = unit.tree()
    status, _, err = unit.ctl("restore", backup, "--passphrase-file", secret, "--yes")
    assert status == 1 and one_line(err) and "wait in" in err, err
    assert {k: v for k, v in unit.tree().items() if "outbox.db-" not in k} == before


def post(daemon, identity, key, value):
    path = dtls.Session("127.0.0.1", daemon.coap_port, identity, key=key)
    client = coapwire.Client(path)
    try:
        return client.exchange(senml.as_json(senml.heart_rate(value))).text
    finally:
        path.vanish()


@pytest.mark.slow
def test_a_spare_continues_the_devices(ward, secret, tmp_path):
    broker = ward.broker()
    daemon, caller = served(ward, broker)
    subscriber = ward.subscriber(broker)
    bus = daemon.sections["Control"]["Bus"]
    at = ("--bus", bus, "--config", daemon.config_path)
    status, out, err = ctl(*at, "--json", "adopt", "ox-77", "bed7-ox", "7", "--transport", "coap")
    assert status == 0, err
    key = bytes.fromhex(json.loads(out)["key"])
    assert post(daemon, "ox-77", key, 71) == "2.04"
    subscriber.wait_topic(f"{daemon.prefix}/beds/7/bed7-ox/heart-rate", lambda m: m.json["value"] == 71)

    path = str(tmp_path / "gw.backup")
    status, _, err = ctl(*at, "backup", path, "--passphrase-file", secret)
    assert status == 0, err
    status, _, err = ctl(*at, "restore", path, "--passphrase-file", secret, "--yes")
    assert status == 1 and one_line(err) and "systemctl stop wardgated" in err

    epoch = caller.get("Epoch")
    caller.end()
    daemon.power_cut()
    os.rename(daemon.dir, daemon.dir + ".dead")
    os.makedirs(daemon.dir)
    status, _, err = ctl(*at, "restore", path, "--passphrase-file", secret, "--yes")
    assert (status, err) == (0, ""), err
    daemon.start(write=False)
    wait_served(daemon)
    # both with their keys, the adopted one and the one of /etc; another key is nobody's
    assert post(daemon, "ox-77", key, 72) == "2.04"
    assert post(daemon, "bed3-oximeter", b"key-of-bed3-0123456789", 73) == "2.04"
    with pytest.raises(dtls.HandshakeFailed):
        post(daemon, "ox-77", bytes(16), 74)
    m = subscriber.wait_topic(f"{daemon.prefix}/beds/7/bed7-ox/heart-rate", lambda m: m.json["value"] == 72)
    assert epoch not in m.json["id"] and m.json["device"] == "bed7-ox"
    status, out, err = ctl(*at, "--json", "devices")
    assert {d["device"]: d["adopted"] for d in json.loads(out)["devices"]} == {
        "bed3-oximeter": False, "bed7-ox": True}
    shutil.rmtree(daemon.dir + ".dead")
