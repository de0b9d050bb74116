"""Fixtures of the integration tests: the real daemon, a real broker, devices and observers that
share no code with it. See tests/integration/README.md."""
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from ward.base import Process, build_preload, short_directory   # noqa: E402
from ward.certs import Certificates                 # noqa: E402
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


@pytest.fixture
def ward(certs, shim):
    """A world of the test's own."""
    with short_directory() as path:
        world = World(path, certs, shim)
        try:
            yield world
        finally:
            world.end()


@pytest.fixture(scope="module")
def hall(certs, shim):
    """A world that the tests of one file share; they must not disturb it."""
    with short_directory() as path:
        world = World(path, certs, shim)
        try:
            yield world
        finally:
            world.end()


@pytest.fixture(scope="session", autouse=True)
def nothing_left():
    yield
    left = free_of_leftovers()
    assert not left, f"tests left processes behind: {left}"
    assert not Process.running

