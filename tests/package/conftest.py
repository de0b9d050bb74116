"""The packages that `make deb` has built, and machines to install them in."""
import contextlib
import os
import pathlib
import re
import subprocess

import pytest

import machine as machines

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("WG_BUILD", TOP / "build"))


@pytest.fixture(scope="session")
def debs():
    """Path of each package, by name."""
    found = {p.name.split("_")[0]: p for p in BUILD.glob("wardgate*.deb")}
    assert {"wardgate", "wardgate-sim"} <= set(found), f"no packages in {BUILD}; run make deb"
    return found


def field(deb, name):
    return subprocess.run(["dpkg-deb", "-f", deb, name], check=True, capture_output=True,
                          text=True).stdout.strip()


def needs(deb):
    """Names of the packages it depends on, the first of alternatives."""
    return [re.split(r"[ (|]", d.strip())[0] for d in field(deb, "Depends").split(",")]


@pytest.fixture(scope="session")
def root(debs):
    reason = machines.why_not()
    if reason:
        pytest.skip(reason)
    wanted = [n for d in ("wardgate", "wardgate-sim") for n in needs(debs[d]) if not n.startswith("wardgate")]
    try:
        return machines.make_root(BUILD / "package", wanted)
    except machines.Unreachable as e:
        pytest.skip(str(e))


@pytest.fixture(scope="session")
def boot(root, tmp_path_factory):
    """boot() is a machine, for as long as the `with` around it."""
    @contextlib.contextmanager
    def start():
        m = machines.Machine(root, tmp_path_factory.mktemp("machine") / "console")
        try:
            yield m
        finally:
            m.stop()

    try:
        with start() as m:
            m.run("true")
    except (RuntimeError, AssertionError) as e:
        pytest.skip(f"no container can be booted here: {e}")
    return start
