"""What `make deb` and `make install` put where: needs no root."""
import os
import pathlib
import re
import subprocess

import pytest

from conftest import BUILD, TOP, field

UNIT = TOP / "systemd/wardgated.service"
EXPOSURE = 24  # of 100, less is better; raised only with a reason: 5 for Bluetooth's capability and sockets


def contents(deb):
    """Path -> mode, as ls says it, of all that is no directory."""
    out = subprocess.run(["dpkg-deb", "-c", deb], check=True, capture_output=True, text=True).stdout
    rows = [re.match(r"(\S+) (\S+) .*? \./(.*?)(?: -> .*)?$", line).groups() for line in out.splitlines()]
    assert {owner for _, owner, _ in rows} == {"root/root"}
    return {path: mode for mode, _, path in rows if path and not path.endswith("/")}


def make(*arguments):
    """A make of its own: nothing of the one that runs the tests reaches it."""
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "DESTDIR")}
    done = subprocess.run(["make", "--no-print-directory", f"BUILD={os.path.relpath(BUILD, TOP)}", *arguments],
                          cwd=TOP, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL, timeout=600, check=False)
    assert done.returncode == 0, done.stdout
    return done.stdout


def files(directory):
    return {str(p.relative_to(directory)) for p in pathlib.Path(directory).rglob("*") if not p.is_dir()}


def test_lintian_finds_nothing(debs):
    # The symbols' packages come from the same build and carry nothing of ours.
    packages = [debs["wardgate"], debs["wardgate-sim"]]
    done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning", *packages], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, check=False)
    assert done.returncode == 0, done.stdout
    assert not re.search(r"^[EW]:", done.stdout, re.M), done.stdout


def test_every_override_gives_its_reason():
    for path in (TOP / "packaging/debian").glob("*.lintian-overrides"):
        assert path.read_text().startswith("# "), path


def test_the_version_is_the_makefiles(debs):
    version = re.search(r"^VERSION := (.*)$", (TOP / "Makefile").read_text(), re.M).group(1)
    for name in ("wardgate", "wardgate-sim"):
        assert field(debs[name], "Version").startswith(version + "-")


def test_the_package_has_what_a_gateway_needs(debs):
    found = contents(debs["wardgate"])
    for path, mode in {
            "usr/sbin/wardgated": "-rwxr-xr-x",
            "etc/wardgate/wardgate.conf": "-rw-r--r--",
            "lib/systemd/system/wardgated.service": "-rw-r--r--",
            "usr/lib/sysusers.d/wardgate.conf": "-rw-r--r--",
            "usr/share/dbus-1/system.d/org.wardgate.Gateway1.conf": "-rw-r--r--",
            "usr/share/man/man5/wardgate.conf.5.gz": "-rw-r--r--",
            "usr/share/man/man8/wardgated.8.gz": "-rw-r--r--",
            "usr/share/doc/wardgate/interface/reading.schema.json": "-rw-r--r--",
            "usr/share/doc/wardgate/examples/adult-ward.conf": "-rw-r--r--",
            "usr/share/doc/wardgate/copyright": "-rw-r--r--",
    }.items():
        assert found.get(path) == mode, path
    if (BUILD / "wardgatectl").exists():
        assert found.get("usr/bin/wardgatectl") == "-rwxr-xr-x"


def test_the_simulator_stays_off_a_gateway(debs):
    assert not [p for p in contents(debs["wardgate"]) if "wardsim" in p or "scenario" in p]
    assert "wardgate-sim" not in field(debs["wardgate"], "Depends") + field(debs["wardgate"], "Recommends")
    assert contents(debs["wardgate-sim"])["usr/bin/wardsim"] == "-rwxr-xr-x"


def test_conffiles_are_what_lies_in_etc(debs, tmp_path):
    subprocess.run(["dpkg-deb", "-e", debs["wardgate"], tmp_path], check=True)
    assert (tmp_path / "conffiles").read_text().split() == ["/etc/wardgate/wardgate.conf"]


def test_make_install_is_what_the_package_has(debs, tmp_path):
    make("prefix=/usr", "unitdir=/lib/systemd/system", f"DESTDIR={tmp_path}", "install")
    debian = re.compile(r"usr/share/doc/wardgate/(changelog|copyright)|usr/share/lintian/")
    packaged = {p.removesuffix(".gz") for p in contents(debs["wardgate"]) if not debian.match(p)}
    assert files(tmp_path) == packaged


def test_uninstall_leaves_the_configuration(tmp_path):
    make(f"DESTDIR={tmp_path}", "install", "install-sim")
    assert (tmp_path / "usr/local/bin/wardsim").exists()
    (tmp_path / "etc/wardgate/conf.d/site.conf").write_text("[Gateway]\nWard=7\n")
    make(f"DESTDIR={tmp_path}", "uninstall")
    assert files(tmp_path) == {"etc/wardgate/wardgate.conf", "etc/wardgate/conf.d/site.conf"}
    make(f"DESTDIR={tmp_path}", "uninstall")


def test_a_second_install_keeps_an_edited_configuration(tmp_path):
    make(f"DESTDIR={tmp_path}", "install")
    conf = tmp_path / "etc/wardgate/wardgate.conf"
    conf.write_text("[Gateway]\nWard=7\n")
    make(f"DESTDIR={tmp_path}", "install")
    assert conf.read_text() == "[Gateway]\nWard=7\n"


def test_the_unit_follows_the_directory_variables(tmp_path):
    make("prefix=/opt/wg", "sysconfdir=/opt/wg/etc", f"DESTDIR={tmp_path}", "install")
    unit = (tmp_path / "opt/wg/lib/systemd/system/wardgated.service").read_text()
    assert "\nExecStart=/opt/wg/sbin/wardgated --config /opt/wg/etc/wardgate/wardgate.conf\n" in unit
    assert "/usr/sbin" not in unit and " /etc/" not in unit
    assert (tmp_path / "opt/wg/etc/dbus-1/system.d/org.wardgate.Gateway1.conf").exists()


def test_the_sandbox_only_gets_tighter():
    done = subprocess.run(["systemd-analyze", "security", "--offline=yes", f"--threshold={EXPOSURE}",
                           "--no-pager", UNIT], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=60, check=False)
    assert done.returncode == 0, done.stdout


def test_the_unit_is_as_promised():
    keys = re.findall(r"^(\w+)=(.*)$", UNIT.read_text(), re.M)
    for pair in [("Type", "notify"), ("User", "wardgate"), ("StateDirectory", "wardgate"),
                 ("StateDirectoryMode", "0750"), ("RuntimeDirectory", "wardgate"), ("Restart", "on-failure"),
                 ("RestartPreventExitStatus", "78"), ("StartLimitIntervalSec", "0")]:
        assert pair in keys


@pytest.mark.parametrize("path", ["packaging/debian/rules", "packaging/debian/control"])
def test_nothing_in_debian_knows_where_it_was_copied_from(path):
    assert "packaging/" not in (TOP / path).read_text().replace("`make deb` copies this directory", "")


@pytest.mark.parametrize("email, name", [("nobody", "IT"), ("a@b@c.example", "IT"), ("@c.example", "IT"),
                                         ("it@c.example|x", "IT"), ("it@c.example", "IT <x>"), ("it@c.example", "a&b")])
def test_a_maintainer_who_cannot_be_one(tmp_path, email, name):
    done = subprocess.run([TOP / "packaging/build-deb", tmp_path / "out"], text=True, capture_output=True, timeout=60,
                          check=False, env={**os.environ, "DEBEMAIL": email, "DEBFULLNAME": name})
    assert done.returncode == 64 and done.stderr.count("\n") == 1 and "DEBEMAIL" in done.stderr
    assert not (tmp_path / "out").exists()


def test_the_maintainer_is_one_in_all_packages(debs):
    """Whoever built them (DEBEMAIL), or the address that is nobody's."""
    who = {field(deb, "Maintainer") for deb in debs.values() if "dbgsym" not in deb.name}
    assert len(who) == 1 and re.fullmatch(r"[^<>]+ <[^@\s]+@[^@\s]+>", who.pop())
