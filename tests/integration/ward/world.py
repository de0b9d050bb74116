"""A test's small hospital: everything that it started, ended in the opposite order, whatever
happened; and its logs, for when the test fails."""
import contextlib
import os
import shutil
import time

from . import ble, clock, coapwire, disk, dns, dtls, ezsp_host, fleet, observer, proxy, zigbee
from .base import Process, preload_environment, run
from .broker import Mosquitto
from .daemon import Daemon
from .fakebroker import FakeBroker
from .subscriber import Subscriber


class World:
    def __init__(self, directory, certs, shim):
        self.dir, self.certs, self.shim = directory, certs, shim
        self.stack = contextlib.ExitStack()
        self.processes = []  # things with .process, newest last
        self.count = 0

    def _sub(self, label):
        self.count += 1
        path = os.path.join(self.dir, f"{label}{self.count}")
        os.makedirs(path, exist_ok=True)
        return path

    def keep(self, thing):
        """Ended with the test."""
        self.stack.callback(thing.end)
        return thing

    def broker(self, start=True, **kwargs):
        b = self.keep(Mosquitto(self._sub("b"), self.certs, **kwargs))
        self.processes.append(b)
        return b.start() if start else b

    def fake(self, tls=False, **kwargs):
        return self.keep(FakeBroker(
            tls=(self.certs.broker(), self.certs.authority.ca) if tls else None, **kwargs))

    def daemon(self, broker=None, start=True, ready=True, **kwargs):
        d = self.keep(Daemon(self._sub("d"), broker, self.certs, **kwargs))
        self.processes.append(d)
        return d.start(ready) if start else d

    def air(self, devices, **kwargs):
        """wardsim ble with these devices; see ble.py."""
        return ble.Air(self, self._sub("a"), devices, **kwargs)

    def mesh(self, devices, **kwargs):
        """wardsim zigbee with these devices; see zigbee.py."""
        m = zigbee.Mesh(self, self._sub("z"), devices, **kwargs)
        self.processes.append(m)
        return m

    def ezsp(self, mesh):
        """A host of our own for its radio; see ezsp_host.py."""
        return self.keep(ezsp_host.Host(mesh.link))

    def subscriber(self, broker, **kwargs):
        return self.keep(Subscriber(broker, self.certs, **kwargs))

    def session(self, daemon, identity=None, **kwargs):
        """A CoAP client over a DTLS session of its own to the daemon."""
        identity = identity or next(iter(daemon.devices))
        kwargs.setdefault("key", daemon.devices.get(identity))
        path = dtls.Session("127.0.0.1", daemon.coap_port, identity, **kwargs)
        self.stack.callback(path.vanish)
        return coapwire.Client(path)

    def check(self):
        """No daemon ended by itself."""
        for thing in self.processes:
            if isinstance(thing, Daemon):
                thing.check()

    def secret(self, name, text):
        """A file that only its owner reads; its path."""
        path = os.path.join(self.dir, name)
        with open(path, "w", encoding="ascii", opener=lambda p, f: os.open(p, f, 0o600)) as f:
            f.write(text)
        return path

    def silent_dns(self):
        return self.keep(dns.SilentServer())

    def clock(self):
        return self.keep(clock.Clock(self._sub("c"), self.shim("clockshim")))

    def hurry(self, times):
        """An environment in which time goes so many times as fast, from now on, the same for all who have it."""
        return preload_environment(self.shim("fastclock"), WARDGATE_SPEED=str(times),
                                   WARDGATE_SPEED_SINCE=str(time.clock_gettime_ns(time.CLOCK_BOOTTIME)))

    def disk(self, daemon):
        """The daemon's state directory, to be made slow or broken; before the daemon starts."""
        made = self.keep(disk.Disk(self._sub("k"), self.shim("diskshim"), daemon.state))
        daemon.environment = made.environment(daemon.environment)
        return made

    def small_disk(self, megabytes):
        return self.keep(disk.SmallDisk(self._sub("m"), megabytes))

    def proxy(self, broker):
        return self.keep(proxy.Proxy(broker))

    def observer(self, broker, **kwargs):
        o = self.keep(observer.Observer(broker, self.certs, **kwargs))
        o.account.guards.append(self.check)
        self.processes.append(o)
        return o

    def fleet(self, daemon, **kwargs):
        return self.keep(fleet.Fleet(daemon, **kwargs))

    def copy(self, pair):
        """The pair under paths of its own, for tests that overwrite it."""
        path = self._sub("p")
        made = type(pair)(os.path.join(path, "cert.pem"), os.path.join(path, "key.pem"), pair.ca)
        self.replace(made, pair)
        return made

    @staticmethod
    def replace(target, source, cert=True, key=True):
        if cert:
            shutil.copy(source.cert, target.cert)
        if key:
            shutil.copy(source.key, target.key)
            os.chmod(target.key, 0o600)

    def log_sections(self, lines=80):
        for thing in self.processes:
            for process in getattr(thing, "earlier", []) + [thing.process]:
                if process is None:
                    continue
                state = "running" if process.alive() else f"ended with {process.child.returncode}"
                text = "\n".join(list(process.lines)[-lines:])
                yield f"{process.name} (pid {process.pid}, {state})", text

    def end(self):
        self.stack.close()


def free_of_leftovers():
    """Children that a test forgot: ended, and named so that the test can be put right."""
    left = [p for p in Process.running if p.alive()]
    for p in left:
        p.end()
    return [f"{p.name} (pid {p.pid})" for p in left]


def have(command):
    return run(["/bin/sh", "-c", f"command -v {command}"]).returncode == 0
