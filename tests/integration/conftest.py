"""Fixtures of the integration tests: the real daemon, a real broker, devices and observers that
share no code with it. See tests/integration/README.md."""
import contextlib
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from ward.base import Process, build_preload, short_directory   # noqa: E402
from ward.certs import Certificates                 # noqa: E402
from ward.ctl import Terminal                       # noqa: E402
from ward.dbus import PrivateBus                    # noqa: E402
from ward.world import World, free_of_leftovers     # noqa: E402


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    setattr(item, "failed_" + report.when, report.failed)
    if report.failed:
        for name in ("ward", "hall"):
            world = getattr(item, "funcargs", {}).get(name)
            if isinstance(world, World):
                report.sections += [("log: " + title, text) for title, text in world.log_sections()]


@pytest.fixture(scope="session")
def session_directory():
    with short_directory("wgs-") as path:
        yield path


@pytest.fixture(scope="session")
def certs(session_directory):
    return Certificates(os.path.join(session_directory, "certs"))


@pytest.fixture(scope="session")
def shim(session_directory):
    """Builds a library of preload/ when it is first asked for."""
    built = {}

    def get(name):
        if name not in built:
            built[name] = build_preload(name, session_directory)
        return built[name]
    return get


@contextlib.contextmanager
def a_world(certs, shim):
    with short_directory() as path:
        world = World(path, certs, shim)
        try:
            yield world
        finally:
            world.end()


@pytest.fixture
def ward(certs, shim):
    """A world of the test's own."""
    with a_world(certs, shim) as world:
        yield world


@pytest.fixture(scope="module")
def hall(certs, shim):
    """A world that the tests of one file share; they must not disturb it."""
    with a_world(certs, shim) as world:
        yield world


@pytest.fixture(scope="module")
def bus():
    """A message bus for wardgatectl and a gateway that plays its part."""
    with short_directory() as path:
        b = PrivateBus(path)
        yield b
        b.end()


@pytest.fixture
def terminal(bus):
    """Starts wardgatectl on that bus and on a terminal."""
    made = []

    def start(*arguments, **kwargs):
        made.append(Terminal("--bus", bus.address, *arguments, **kwargs))
        return made[-1]
    yield start
    for t in made:
        t.end()


@pytest.fixture(scope="session", autouse=True)
def nothing_left():
    yield
    left = free_of_leftovers()
    assert not left, f"tests left processes behind: {left}"
    assert not Process.running

