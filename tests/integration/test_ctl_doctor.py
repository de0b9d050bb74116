"""wardgatectl doctor: what it finds with a real broker and a real daemon's configuration, one thing
wrong at a time."""
import datetime
import json
import os
import shutil
import socket
import subprocess
import threading
import time

import pytest

from ward import clock, disk, dns, senml
from ward.base import free_port, short_directory
from ward.ctl import Terminal, ctl, one_line
from ward.dbus import FakeGateway, PrivateBus


def doctor(daemon, *arguments, write=True, **env):
    """Findings by area, and the exit status."""
    if write:
        os.makedirs(daemon.state, mode=0o700, exist_ok=True)
        os.chmod(daemon.state, 0o700)
        daemon.write_config()
    status, out, err = ctl("--config", daemon.config_path, "--json", *arguments, "doctor", **env)
    assert err == "", err
    report = json.loads(out)
    assert report["ok"] == (status == 0)
    areas = {}
    for f in report["findings"]:
        assert set(f) == {"area", "level", "found", "remedy"}
        assert f["level"] in ("good", "note", "warning", "wrong")
        areas.setdefault(f["area"], []).append(f)
    return status, areas


def wrong(areas, area):
    return [f for f in areas.get(area, []) if f["level"] == "wrong"]


def one_wrong(areas, area, part, remedy=True):
    """Nothing else is wrong."""
    bad = [f for fs in areas.values() for f in fs if f["level"] == "wrong"]
    assert len(bad) == 1 and bad[0]["area"] == area and part in bad[0]["found"], bad
    assert bool(bad[0]["remedy"]) == remedy
    return bad[0]


def test_all_is_well(ward):
    broker = ward.broker()
    daemon = ward.daemon(broker, start=False, sections={"MQTT": {"Commands": "forget"}, "Store": {"KeepFree": "1M"}})
    status, areas = doctor(daemon)
    assert status == 0, areas
    texts = " ".join(f["found"] for f in areas["broker"])
    for part in ("TLSv1.3", "is let in", "commands/+ is allowed", "publishing to wardgate/st-elsewhere/7/alarms"):
        assert part in texts, texts
    assert areas["certificate"][0]["level"] == "good"
    assert "free for the daemon" in areas["coap"][0]["found"]
    assert {f["level"] for f in areas["state"]} == {"good"}


def test_it_disturbs_no_daemon(ward):
    broker = ward.broker()
    daemon = ward.daemon(broker)
    daemon.wait_log("connected to the broker")
    at = daemon.mark()
    status, areas = doctor(daemon, write=False)
    assert not wrong(areas, "broker")
    # Readings go on over the same connection.
    client = ward.session(daemon)
    assert client.exchange(senml.as_json(senml.heart_rate(61))).text == "2.04"
    assert not daemon.count_log("publish: no session", at)
    assert broker.process.text().count("as wardgate-ward7-gw1 ") == 1


@pytest.mark.parametrize("pair, part", [
    ("misnamed_broker", "is for"), ("expired_broker", "expired"), ("foreign_broker", "")])
def test_a_broker_s_bad_certificate(ward, certs, pair, part):
    broker = ward.broker(pair=getattr(certs, pair)())
    status, areas = doctor(ward.daemon(broker, start=False, sections={"Store": {"KeepFree": "1M"}}))
    found = one_wrong(areas, "broker", "certificate is not good")
    assert status == 1 and part in found["found"], found


def test_our_own_certificate(ward, certs):
    broker = ward.broker()
    foreign = certs.foreign().issue("ward7-gw1")
    daemon = ward.daemon(broker, start=False, sections={"Store": {"KeepFree": "1M"}, "MQTT": {
        "CertificateFile": foreign.cert, "PrivateKeyFile": foreign.key}})
    _, areas = doctor(daemon)
    one_wrong(areas, "broker", "does not answer to MQTT")
    expired = certs.expired_broker()
    daemon.set("MQTT", {"CertificateFile": expired.cert, "PrivateKeyFile": expired.key})
    _, areas = doctor(daemon)
    assert "has ended" in wrong(areas, "certificate")[0]["found"]


@pytest.fixture
def plain(ward):
    def make(uri, **mqtt):
        return ward.daemon(start=False, sections={"Store": {"KeepFree": "1M"}, "MQTT": {
            "Broker": uri, "AllowPlaintext": "yes", "ConnectTimeout": "1s", **mqtt}})
    return make


def test_nobody_listens(plain):
    _, areas = doctor(plain(f"mqtt://127.0.0.1:{free_port()}"))
    one_wrong(areas, "broker", "refused")


def test_no_such_name(plain):
    _, areas = doctor(plain("mqtt://no-such-host.invalid:1883"))
    one_wrong(areas, "broker", "cannot be resolved")


def test_each_broker_is_tried(ward, plain):
    good = ward.broker(tls=False)
    _, areas = doctor(plain([f"mqtt://127.0.0.1:{free_port()}", good.uri()]))
    one_wrong(areas, "broker", "refused")
    assert any("is let in" in f["found"] for f in areas["broker"])


def test_a_resolver_that_is_silent(ward, plain):
    reason = dns.why_not()
    if reason:
        pytest.skip(reason)
    server = ward.silent_dns()
    daemon = plain("mqtt://broker.hospital.example:1883")
    _, areas = doctor(daemon, wrapper=dns.wrapper(daemon.dir, server))
    assert "no answer in time" in one_wrong(areas, "broker", "cannot be resolved")["found"]
    assert len(server.queries) > 0


def test_a_user_who_may_little(ward):
    """Neither the configuration nor the state is his to read: he hears that, and who may."""
    daemon = ward.daemon(ward.broker(), start=False, sections={"Store": {"KeepFree": "1M"}})
    doctor(daemon)
    os.chmod(daemon.dir, 0o700)
    if os.geteuid() != 0:
        pytest.skip("becoming another user needs root")
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    at = ("--config", daemon.config_path)
    for verb in (["outbox"], ["backup", "/tmp/never-written", "--passphrase-file", "/dev/stdin"]):
        status, out, err = ctl(*at, *verb, wrapper=nobody, text="a long passphrase\n")
        assert (status, out) == (77, "") and one_line(err) and "root" in err, (verb, err)
    status, out, _ = ctl(*at, "--json", "doctor", wrapper=nobody)
    assert status == 1 and "Permission denied" in out and "run doctor as root" in out
    os.chmod(daemon.dir, 0o755)
    status, out, err = ctl(*at, "outbox", wrapper=nobody)
    assert status == 77 and one_line(err), err


@pytest.mark.parametrize("scheme, part", [("mqtt", "no answer in time"), ("mqtts", "does not answer in TLS")])
def test_a_broker_that_is_silent(plain, scheme, part):
    with socket.create_server(("127.0.0.1", 0)) as s:
        _, areas = doctor(plain(f"{scheme}://127.0.0.1:{s.getsockname()[1]}"))
    one_wrong(areas, "broker", part)


def test_one_that_speaks_something_else(plain):
    with socket.create_server(("127.0.0.1", 0)) as s:
        def serve():
            for _ in range(2):
                c, _ = s.accept()
                c.recv(100)
                c.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" + b"x" * 4000)
                c.close()
        thread = threading.Thread(target=serve)
        thread.start()
        port = s.getsockname()[1]
        _, areas = doctor(plain(f"mqtt://127.0.0.1:{port}"))
        one_wrong(areas, "broker", "no MQTT")
        _, areas = doctor(plain(f"mqtts://127.0.0.1:{port}"))
        one_wrong(areas, "broker", "TLS with")
        thread.join()


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_user_who_is_refused(ward, plain, tmp_path, protocol):
    broker = ward.broker(tls=False, options=["allow_anonymous false"])
    secret = tmp_path / "password"
    secret.write_text("secret-1234\n")
    secret.chmod(0o600)
    daemon = plain(broker.uri(), Protocol=protocol, Username="gw", PasswordFile=str(secret))
    _, areas = doctor(daemon)
    found = one_wrong(areas, "broker", "refuses the client wardgate-ward7-gw1-doctor")
    assert "secret-1234" not in json.dumps(areas), found


def test_what_the_access_list_forbids(ward, plain, tmp_path):
    acl = tmp_path / "acl"
    acl.write_text("topic read nothing\n")
    broker = ward.broker(tls=False, options=[f"acl_file {acl}"])
    _, areas = doctor(plain(broker.uri(), Commands="forget"))
    assert "is refused: not authorised" in wrong(areas, "broker")[-1]["found"]


def test_a_port_that_is_taken(ward):
    daemon = ward.daemon(ward.broker(), start=False, sections={"Store": {"KeepFree": "1M"}})
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", daemon.coap_port))
        _, areas = doctor(daemon)
    one_wrong(areas, "coap", "taken by another program")


def test_disk(ward):
    daemon = ward.daemon(ward.broker(), start=False, sections={"Store": {"KeepFree": "16T"}})
    _, areas = doctor(daemon)
    assert "KeepFree=16T" in one_wrong(areas, "disk", "give way")["found"]
    daemon.set("Store", {"KeepFree": "1M"})
    os.chmod(daemon.state, 0o755)
    daemon.write_config()
    _, areas = doctor(daemon, write=False)
    assert "others than the service" in areas["state"][0]["found"]
    with open(os.path.join(daemon.state, "outbox.db"), "wb") as f:
        f.write(b"no database" * 1000)
    with open(os.path.join(daemon.state, "outbox.db.corrupt-1"), "wb"):
        pass
    _, areas = doctor(daemon)
    one_wrong(areas, "store", "is damaged", remedy=False)
    assert any("corrupt-1" in f["found"] for f in areas["store"])


def test_serial_ports(ward):
    daemon = ward.daemon(ward.broker(), start=False, sections={"Store": {"KeepFree": "1M"}, "Zigbee": {
        "Enabled": "yes", "Port": "/dev/serial/by-id/usb-none-if00-port0"}})
    _, areas = doctor(daemon)
    assert "No such file" in wrong(areas, "serial")[0]["found"]
    leader, follower = os.openpty()
    daemon.set("Zigbee", {"Port": os.ttyname(follower)})
    _, areas = doctor(daemon)
    assert [f["level"] for f in areas["serial"]] == ["good", "wrong"]
    assert f"is open in another program, process {os.getpid()}" in areas["serial"][1]["found"]
    os.close(follower)
    _, areas = doctor(daemon)
    assert [f["level"] for f in areas["serial"]] == ["good"]
    os.close(leader)


def test_a_configuration_with_errors(ward):
    daemon = ward.daemon(ward.broker(), start=False, sections={"Gateway": {"Nmae": "x"}})
    status, areas = doctor(daemon)
    assert status == 1 and "Nmae" in wrong(areas, "config")[0]["found"]
    assert "broker" not in areas


def test_what_the_daemon_says(ward):
    daemon = ward.daemon(ward.broker(), start=False, sections={"Store": {"KeepFree": "1M"}})
    status = {"status": "online", "gateway": "ward7-gw1", "version": "0.0.9", "store_problem": "the disk is dead",
              "outbox": {"dropped": 3}, "publish": {"refused": 2, "nobody_listening": 1},
              "drivers": {"coap": {"running": False, "problem": "no socket"}}}
    with short_directory() as path:
        bus = PrivateBus(path)
        _, areas = doctor(daemon, "--bus", bus.address)
        assert "not on the bus" in one_wrong(areas, "daemon", "")["found"]
        g = FakeGateway(bus, {
            "GetStatus": ("s", (json.dumps(status),)),
            "ListDevices": ("as", ([json.dumps({"device": "a", "state": "silent"})],))})
        _, areas = doctor(daemon, "--bus", bus.address)
        g.end()
        bus.end()
    texts = json.dumps(areas)
    for part in ("another version", "the disk is dead", "3 messages were given up", "2 messages were refused",
                 "no subscriber", "coap does not run: no socket", "1 of 1 are silent", "the daemon has no connection"):
        assert part in texts, part


def test_for_people(ward):
    daemon = ward.daemon(ward.broker(), start=False, sections={"Store": {"KeepFree": "1M"}})
    doctor(daemon)
    t = Terminal("--config", daemon.config_path, "doctor", columns=80)
    assert t.ends() == 0
    assert b"\x1b[32m" in t.raw and max(map(len, t.text.splitlines())) <= 80
    assert "is let in" in t.text
    t.end()
    status, out, _ = ctl("--config", daemon.config_path, "doctor", COLUMNS="60")
    assert status == 0 and "\x1b" not in out


def test_the_clock(ward):
    daemon = ward.daemon(ward.broker(), start=False, sections={"Store": {"KeepFree": "1M"}})
    shim = ward.clock()
    for state, level, part in ((clock.SYNCHRONISED, "good", "at most 1 ms off"),
                               (clock.UNSYNCHRONISED, "warning", "not synchronised"),
                               ((0, 0x0001, 1500000), "warning", "not synchronised")):
        shim.say(state)
        status, areas = doctor(daemon, **shim.environment())
        (found,) = areas["clock"]
        assert (status, found["level"]) == (0, level) and part in found["found"], found
        assert bool(found["remedy"]) == (level != "good")
    # A machine without a battery for its clock: nothing that has a date is good then.
    shim.step(datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc).timestamp() - time.time())
    _, areas = doctor(daemon, **shim.environment())
    (found,) = areas["clock"]
    assert found["level"] == "wrong" and "2020-01-01" in found["found"] and "timedatectl" in found["remedy"]
    assert "is not valid yet" in wrong(areas, "certificate")[0]["found"]
    assert "certificate is not good" in wrong(areas, "broker")[0]["found"]
    # And one that runs ahead.
    shim.step(60 * 365.25 * 86400)
    _, areas = doctor(daemon, **shim.environment())
    assert "has ended" in wrong(areas, "certificate")[0]["found"]


def test_a_disk_that_is_full_and_one_that_is_read_only(ward):
    reason = disk.why_no_mount()
    if reason:
        pytest.skip(reason)
    small = ward.small_disk(24)
    daemon = ward.daemon(ward.broker(), start=False, state=small.state, sections={"Store": {"KeepFree": "4M"}})
    status, areas = doctor(daemon)
    assert status == 0, areas
    small.fill()
    _, areas = doctor(daemon)
    found = one_wrong(areas, "disk", "KeepFree=4M")
    assert found["found"].startswith("0 free") and "du -xh" in found["remedy"]
    small.clear()
    small.read_only()
    _, areas = doctor(daemon, write=False)
    assert "read-only" in one_wrong(areas, "disk", "nothing can be stored")["found"]


def test_a_serial_port_that_the_service_may_not_use(ward):
    if os.geteuid() != 0:
        pytest.skip("becoming another user needs root")
    leader, follower = os.openpty()
    port = os.path.join(ward.dir, "radio")  # a name that nobody else gets when the terminal is gone
    os.symlink(os.ttyname(follower), port)
    daemon = ward.daemon(ward.broker(), start=False, sections={"Zigbee": {"Enabled": "yes", "Port": port}})
    doctor(daemon)
    for path in (daemon.dir, os.path.dirname(daemon.dir), daemon.state):
        os.chmod(path, 0o755)
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    for mode, group, part in ((0o600, "root", "mode 0600, group root"), (0o660, "audio", "SupplementaryGroups=audio"),
                              (0o660, "dialout", None), (0o666, "root", None)):
        shutil.chown(port, "root", group)
        os.chmod(port, mode)
        _, areas = doctor(daemon, write=False, wrapper=nobody)
        assert "serial" in areas, areas
        (found,) = areas["serial"]
        assert (found["level"] == "wrong") == (part is not None), found
        assert part is None or part in found["found"] + found["remedy"], found
    os.close(leader)
    os.close(follower)
    os.unlink(port)
    _, areas = doctor(daemon)
    assert "is it plugged in?" in wrong(areas, "serial")[0]["remedy"]


def test_a_wrong_password(ward, plain, tmp_path):
    """The right one is let in; the wrong one, and none, are told so, and never shown."""
    users = tmp_path / "users"
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(users), "gw", "right-1234"], check=True, capture_output=True)
    users.chmod(0o644)
    tmp_path.chmod(0o755)
    broker = ward.broker(tls=False, options=["allow_anonymous false", f"password_file {users}"])
    secret = tmp_path / "password"
    for text, good in (("right-1234\n", True), ("wrong-5678\n", False)):
        secret.write_text(text)
        secret.chmod(0o600)
        daemon = plain(broker.uri(), Username="gw", PasswordFile=str(secret))
        status, areas = doctor(daemon)
        assert text.strip() not in json.dumps(areas)
        if good:
            assert status == 0, areas
        else:
            assert "Username=" in one_wrong(areas, "broker", "refuses the client")["remedy"]


def test_each_right_is_tried(ward, plain, tmp_path):
    acl = tmp_path / "acl"
    acl.write_text("topic read #\ntopic write wardgate/st-elsewhere/7/gateways/#\n")
    _, areas = doctor(plain(ward.broker(tls=False, options=[f"acl_file {acl}"]).uri(), Commands="forget"))
    found = one_wrong(areas, "broker", "publishing to wardgate/st-elsewhere/7/alarms")
    assert "is refused: not authorised" in found["found"]
    # mosquitto's file grants every subscription and then sends nothing; others refuse it
    fake = ward.fake()
    fake.suback_code = 0x87
    _, areas = doctor(plain(fake.uri(), Commands="forget"))
    assert "commands/+" in one_wrong(areas, "broker", "refuse")["found"]
    _, areas = doctor(plain(fake.uri()))
    assert not wrong(areas, "broker")  # nobody is to command it: it does not subscribe
