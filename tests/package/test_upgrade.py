"""Upgrade, removal and purge: what is the hospital's stays as long as it should, and no longer."""
import subprocess

import pytest

from test_service import KEYS, SITE

# What the package manager, systemd and logging keep for themselves.
NOT_OURS = r"^/(proc|sys|dev|run|tmp|root|srv|var/(tmp|cache|log|lib/(dpkg|systemd|apt)|backups)|etc/\.updated)(/|$)"
# Made from the list of users, of which the package's stays.
USERS = {"/etc/passwd-", "/etc/group-", "/etc/shadow-", "/etc/gshadow-"}


@pytest.fixture(scope="module")
def newer(debs, tmp_path_factory):
    """The package as a later version, whose configuration file has a line more."""
    made = {}
    for name, text in {"same": None, "changed": "\n# a line more\n"}.items():
        tree = tmp_path_factory.mktemp(name) / "tree"
        subprocess.run(["dpkg-deb", "-R", debs["wardgate"], tree], check=True)
        control = tree / "DEBIAN/control"
        version = subprocess.run(["dpkg-deb", "-f", debs["wardgate"], "Version"], check=True, text=True,
                                 capture_output=True).stdout.strip()
        control.write_text(control.read_text().replace(f"Version: {version}\n", f"Version: {version}+later\n"))
        if text:
            conf = tree / "etc/wardgate/wardgate.conf"
            conf.write_text(conf.read_text() + text)
        made[name] = tree.with_suffix(".deb")
        subprocess.run(["dpkg-deb", "-b", "--root-owner-group", tree, made[name]], check=True, capture_output=True)
    return made


@pytest.fixture
def installed(boot, debs, newer):
    """Installed, configured in every place there is, and running."""
    with boot() as m:
        m.before = everything(m)
        m.copy(debs["wardgate"], "/srv/wardgate.deb")
        m.copy(newer["same"], "/srv/same.deb")
        m.copy(newer["changed"], "/srv/changed.deb")
        m.run("dpkg -i /srv/wardgate.deb")
        m.write("/etc/wardgate/conf.d/site.conf", SITE)
        m.write("/etc/wardgate/coap.psk", KEYS, mode=0o640, group="wardgate")
        m.run("systemctl start wardgated")
        yield m


def everything(m):
    return set(m.output(f"find / -xdev | grep -Ev '{NOT_OURS}'").splitlines())


def edit(m):
    """As an administrator does; returns what the file is then."""
    m.run("sed -i 's/^#Window=100/Window=50/' /etc/wardgate/wardgate.conf && systemctl reload wardgated")
    text = m.output("cat /etc/wardgate/wardgate.conf")
    assert "\nWindow=50\n" in text
    return text


def test_an_upgrade_restarts_it_with_its_state(installed):
    m = installed
    pid, epoch = m.show("MainPID"), m.output("cat /var/lib/wardgate/epoch")
    m.run("touch /run/wardgate/ring && dpkg -i /srv/same.deb")
    assert m.show("ActiveState") == "active" and m.show("MainPID") not in (pid, "0")
    assert m.output("cat /var/lib/wardgate/epoch") != epoch
    m.run("test -e /run/wardgate/ring")
    assert m.output("cat /etc/wardgate/conf.d/site.conf") == SITE.strip()


def test_an_upgrade_keeps_an_edited_conffile_unasked(installed):
    m = installed
    text = edit(m)
    m.run("dpkg -i /srv/same.deb")
    assert m.output("cat /etc/wardgate/wardgate.conf") == text
    assert m.show("ActiveState") == "active"


def test_an_upgrade_with_new_defaults_keeps_an_edited_conffile(installed):
    m = installed
    text = edit(m)
    m.run("dpkg --force-confdef --force-confold -i /srv/changed.deb")
    assert m.output("cat /etc/wardgate/wardgate.conf") == text
    assert "# a line more" in m.output("cat /etc/wardgate/wardgate.conf.dpkg-dist")


def test_an_upgrade_with_new_defaults_brings_them_where_nobody_edited(installed):
    m = installed
    m.run("dpkg -i /srv/changed.deb")
    assert m.output("tail -n 1 /etc/wardgate/wardgate.conf") == "# a line more"


def test_an_upgrade_leaves_a_disabled_service_off(installed):
    m = installed
    m.run("systemctl disable --now wardgated")
    m.run("dpkg -i /srv/same.deb")
    assert m.show("ActiveState") == "inactive"
    assert m.output("systemctl is-enabled wardgated", check=False) == "disabled"


def test_a_removal_keeps_configuration_and_state(installed):
    m = installed
    text = edit(m)
    m.run("dpkg -r wardgate")
    assert m.output("grep -lsx wardgated /proc/[0-9]*/comm || :") == ""
    for path in ("/usr/sbin/wardgated", "/lib/systemd/system/wardgated.service", "/run/wardgate"):
        assert m.run(f"test -e {path}", check=False).returncode != 0, path
    assert m.output("cat /etc/wardgate/wardgate.conf") == text
    m.run("test -e /etc/wardgate/conf.d/site.conf && test -e /var/lib/wardgate/epoch")
    m.run("dpkg -i /srv/wardgate.deb")
    assert m.show("ActiveState") == "active"


@pytest.mark.parametrize("how", ["dpkg --purge wardgate", "dpkg -r wardgate && dpkg --purge wardgate"])
def test_a_purge_leaves_nothing_behind(installed, how):
    m = installed
    m.run(how)
    assert everything(m) - m.before - USERS == set()
    assert m.before - everything(m) == set()
    assert m.run("test -e /run/wardgate", check=False).returncode != 0
    assert m.output("systemctl list-units --all --no-legend 'wardgate*'") == ""
    # The user stays, without a way in.
    assert m.output("getent passwd wardgate").endswith(":/usr/sbin/nologin")
