"""The package installed in a fresh system, and the service as systemd runs it there."""
import json
import subprocess

import pytest

from conftest import TOP
from machine import wait_for

SITE = """\
[Gateway]
Name=ward7-gw1
Site=st-elsewhere
Ward=7
[MQTT]
Broker=mqtt://127.0.0.1:1883
AllowPlaintext=yes
[CoAP]
Enabled=yes
[Device bed3-oximeter]
Transport=coap
Address=oximeter-3
Bed=3
"""
KEYS = "oximeter-3:30313233343536373839616263646566\n"


@pytest.fixture(scope="module")
def fresh(boot, debs):
    """Both packages installed, nothing configured."""
    with boot() as m:
        for name in ("wardgate", "wardgate-sim"):
            m.copy(debs[name], f"/srv/{name}.deb")
        m.installed = m.run("dpkg -i /srv/wardgate.deb /srv/wardgate-sim.deb").stdout
        yield m


@pytest.fixture(scope="module")
def service(fresh):
    """Configured as the documentation says, with a broker on the same machine, and started."""
    m = fresh
    m.write("/etc/wardgate/conf.d/site.conf", SITE)
    m.write("/etc/wardgate/coap.psk", KEYS, mode=0o640, group="wardgate")
    m.run("systemctl start mosquitto")
    m.run("systemctl start wardgated")
    return m


@pytest.fixture
def running(service):
    """The service, running and as the package has it, whatever the test before did."""
    m = service
    m.run("rm -rf /etc/systemd/system/wardgated.service.d && systemctl daemon-reload")
    m.write("/etc/wardgate/conf.d/site.conf", SITE)
    m.run("systemctl restart wardgated")
    return m


def drop_in(m, text):
    m.write("/etc/systemd/system/wardgated.service.d/test.conf", text)
    m.run("systemctl daemon-reload")


# --- before it is configured ---

def test_an_installation_ends_well_without_a_configuration(fresh):
    assert fresh.output("dpkg-query -W -f='${db:Status-Status}' wardgate") == "installed"
    assert fresh.output("systemctl list-units --failed --no-legend 'wardgate*'") == ""
    assert fresh.output("systemctl is-enabled wardgated") == "enabled"
    assert fresh.show("ActiveState") == "inactive"


def test_it_says_why_it_was_not_started(fresh):
    assert "not started: no Broker= in /etc/wardgate yet, see wardgate.conf(5)" in fresh.journal()


def test_there_is_a_user_that_cannot_log_in(fresh):
    name, _, uid, _, _, home, shell = fresh.output("getent passwd wardgate").split(":")
    assert (home, shell) == ("/var/lib/wardgate", "/usr/sbin/nologin") and 0 < int(uid) < 1000
    assert fresh.output("id -Gn wardgate") == "wardgate"


def test_systemd_likes_the_unit(fresh):
    assert fresh.output("systemd-analyze verify --man=no wardgated.service") == ""


def test_the_bus_policy_takes_nothing_away_from_others(fresh):
    fresh.run("systemctl reload dbus")
    assert "org.freedesktop.DBus" in fresh.output("busctl --no-legend list", user="nobody")


# --- running ---

NET_ADMIN = 1 << 12


def test_it_runs_as_its_user_and_with_nothing_but_what_bluetooth_needs(running):
    pid = running.show("MainPID")
    status = dict(line.split(":\t", 1) for line in running.output(f"cat /proc/{pid}/status").splitlines())
    uid = running.output("id -u wardgate")
    assert set(status["Uid"].split()) == {uid}
    assert set(status["Groups"].split()) == {running.output("id -g wardgate"),
                                             running.output("getent group dialout | cut -d: -f3")}
    for key in ("CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(status[key], 16) == NET_ADMIN, key
    assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2"


def test_its_state_is_closed_to_others(running):
    for directory in ("/var/lib/wardgate", "/run/wardgate"):
        assert running.output(f"stat -c '%a %U %G' {directory}") == "750 wardgate wardgate"


def test_a_reading_goes_all_the_way(running):
    subscriber = subprocess.Popen(
        running.argv("stdbuf -oL mosquitto_sub -d -h 127.0.0.1 -q 1 -W 60 -C 1 "
                     "-t wardgate/st-elsewhere/7/beds/3/bed3-oximeter/spo2"),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    for line in subscriber.stdout:
        if "SUBACK" in line:
            break
    running.run("wardsim coap --gateway coaps://127.0.0.1 --psk /etc/wardgate/coap.psk --duration 1s "
                "--log /srv/sent.log")
    out = subscriber.stdout.read()  # to its end, which -W bounds
    subscriber.wait()
    reading = json.loads(out[out.index("{"):out.rindex("}") + 1])
    assert reading["metric"] == "spo2" and reading["bed"] == "3"
    closing = json.loads(running.output("tail -n 1 /srv/sent.log"))
    assert closing["values"] > 0 and closing["acknowledged_values"] == closing["values"]


ZIGBEE = """\
[Zigbee]
Enabled=yes
Port=/run/radio
FlowControl=none
[Device fridge]
Transport=zigbee
Address=A4:C1:38:00:00:00:00:01
"""
RADIO = """\
[Radio]
Reboot=100ms
[Device fridge]
Kind=fridge
EUI64=A4:C1:38:00:00:00:00:01
InstallCode=83FED3407A939723A5C639B26916D505C3B5
Interval=500ms
Poll=50ms
"""


def test_a_zigbee_radio_is_reached_through_its_group(running):
    """The simulated one, with the owner and the mode that udev gives serial ports; keys for nobody else."""
    running.write("/srv/zigbee.scenario", RADIO)
    running.run("systemd-run --unit=radio wardsim zigbee --pty /run/radio --log /srv/zigbee.log /srv/zigbee.scenario")
    wait_for(lambda: running.run("test -L /run/radio", check=False).returncode == 0, "the radio")
    running.run("chown root:dialout $(readlink -f /run/radio) && chmod 660 $(readlink -f /run/radio)")
    running.write("/etc/wardgate/conf.d/zigbee.conf", ZIGBEE)
    try:
        running.run("systemctl restart wardgated")
        wait_for(lambda: "the Zigbee network is up" in running.journal(), "the network")
        running.run("wardgatectl permit-join --device fridge --install-code 83FED3407A939723A5C639B26916D505C3B5")
        wait_for(lambda: 'a device is set up WARDGATE_DEVICE="fridge"' in running.journal(), "the fridge")
        for name in ("zigbee-network", "zigbee-devices"):
            assert running.output(f"stat -c '%a %U %G' /var/lib/wardgate/{name}") == "600 wardgate wardgate"
        running.run("chmod 600 $(readlink -f /run/radio) && systemctl restart wardgated")
        wait_for(lambda: "the port /run/radio cannot be opened" in running.journal(), "the refusal")
        assert "may not be opened (mode 0600, group dialout)" in running.output("wardgatectl network")
    finally:
        running.run("rm -f /etc/wardgate/conf.d/zigbee.conf; systemctl stop radio; systemctl restart wardgated")


def test_the_sandbox_holds(running, tmp_path):
    """Another program in the daemon's place tries what it must and must not be able to."""
    probe = tmp_path / "probe"
    subprocess.run(["gcc", "-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-static", "-o", probe,
                    TOP / "tests/package/probe.c"], check=True)
    running.copy(probe, "/usr/local/bin/probe")
    # A device for everybody and a serial port; the files of both may well have no device behind.
    running.run("chmod 666 /dev/net/tun")
    running.run("mknod -m 660 /dev/probe-serial c 4 67 && chgrp dialout /dev/probe-serial")
    # The same user without the unit: what is refused here says nothing about the unit.
    bare = running.output("systemd-run --quiet --wait --pipe --property=User=wardgate "
                          "/usr/local/bin/probe")
    bare = dict(line.split() for line in bare.splitlines())
    drop_in(running, "[Service]\nType=oneshot\nRestart=no\nExecStart=\nExecStart=/usr/local/bin/probe\n"
            "StandardOutput=file:/run/probe.out\n")
    running.run("systemctl restart wardgated")
    got = dict(line.split() for line in running.output("cat /run/probe.out").splitlines())
    assert running.show("Result") == "success"

    for name in ("state", "runtime", "temporary", "configuration", "inet", "inet6", "unix", "boot-id",
                 "adjtimex-read"):
        assert got.pop(name) == "allowed", name
    assert got.pop("bluetooth") == bare["bluetooth"]  # which a kernel without it refuses, too
    assert bare["serial-port"] == "EACCES"
    assert got.pop("serial-port") in ("ENXIO", "ENODEV", "EIO", "allowed")
    refused = {"configuration-write": {"EROFS"}, "system-write": {"EROFS"}, "home": {"EACCES"},
               "others": {"ENOENT"}, "tunnel": {"EPERM"},
               "packet": {"EAFNOSUPPORT"}, "netlink": {"EAFNOSUPPORT"}}
    for name, result in got.items():
        assert result in refused.get(name, {"EPERM"}), name
    for name in ("home", "tunnel", "netlink", "write-and-execute", "namespace", "personality",
                 "set-user-id-file", "trace"):
        assert bare[name] == "allowed", name


def test_a_crash_is_followed_by_a_start_with_the_same_memory(running):
    pid = running.show("MainPID")
    running.run("touch /run/wardgate/ring && kill -KILL " + pid)
    running.wait_show("NRestarts", "1")
    running.wait_show("ActiveState", "active")
    assert running.show("MainPID") not in (pid, "0")
    running.run("test -e /run/wardgate/ring")
    running.run("systemctl stop wardgated && test -e /run/wardgate/ring && rm /run/wardgate/ring")


def test_it_never_gives_up(running):
    """More failures in a row than systemd's own limit would bear."""
    drop_in(running, "[Service]\nRestartSec=0\nExecStart=\nExecStart=/bin/false\n")
    running.run("systemctl restart --no-block wardgated")
    wait_for(lambda: int(running.show("NRestarts")) > 12, "restarts")
    running.run("rm -r /etc/systemd/system/wardgated.service.d && systemctl daemon-reload")
    running.wait_show("ActiveState", "active")


def test_a_loop_that_hangs_is_ended(running):
    assert running.show("WatchdogUSec") == "20s"
    drop_in(running, "[Service]\nWatchdogSec=1s\nRestartSec=0\n")
    running.run("systemctl restart wardgated")
    pid = running.show("MainPID")
    running.run(f"kill -STOP {pid}")
    wait_for(lambda: running.show("MainPID") not in (pid, "0"), "another process")
    running.wait_show("ActiveState", "active")
    assert "Watchdog timeout" in running.journal()
    assert "core-dump" not in running.output("ls /var/lib/systemd/coredump 2>&1 || :")


def test_a_configuration_with_an_error_is_not_retried(running):
    running.write("/etc/wardgate/conf.d/site.conf", SITE.replace("Ward=7", "Wrad=7"))
    assert running.run("systemctl restart wardgated", check=False).returncode != 0
    assert running.show("ActiveState") == "failed" and running.show("ExecMainStatus") == "78"
    assert running.show("NRestarts") == "0"
    assert "/etc/wardgate/conf.d/site.conf:4: [Gateway] Wrad=7: " in running.journal()


def test_where_it_has_run_a_lost_configuration_is_a_failure(running):
    running.run("rm /etc/wardgate/conf.d/site.conf")
    assert running.run("systemctl restart wardgated", check=False).returncode != 0
    assert running.show("ActiveState") == "failed" and running.show("ExecMainStatus") == "78"


def test_a_reload_takes_the_new_configuration(running):
    pid = running.show("MainPID")
    running.write("/etc/wardgate/conf.d/site.conf", SITE.replace("Bed=3", "Bed=4"))
    running.run("systemctl reload wardgated")
    wait_for(lambda: "configuration reloaded" in running.journal(), "the journal says so")
    assert running.show("MainPID") == pid and running.show("ActiveState") == "active"


def test_a_reload_with_an_error_fails_and_changes_nothing(running):
    pid = running.show("MainPID")
    running.write("/etc/wardgate/conf.d/site.conf", SITE.replace("Bed=3", "Bde=3"))
    assert running.run("systemctl reload wardgated", check=False).returncode != 0
    assert running.show("MainPID") == pid and running.show("ActiveState") == "active"
    assert "[Device bed3-oximeter] Bde=3: " in running.journal()


def test_a_stop_is_clean(running):
    running.run("systemctl stop wardgated")
    assert running.show("Result") == "success" and running.show("ActiveState") == "inactive"
    assert "not in time" not in running.journal() and "timed out" not in running.journal()


def test_a_key_can_be_a_credential(running):
    """Readable by root alone, and by the service through systemd."""
    running.write("/etc/wardgate/secret.psk", KEYS, mode=0o600)
    running.write("/etc/wardgate/conf.d/site.conf",
                  SITE.replace("[CoAP]\n", "[CoAP]\nPSKFile=credential:coap.psk\n"))
    drop_in(running, "[Service]\nLoadCredential=coap.psk:/etc/wardgate/secret.psk\n")
    running.run("systemctl restart wardgated")
    running.run("wardsim coap --gateway coaps://127.0.0.1 --psk /etc/wardgate/coap.psk --duration 1s")
