"""The daemon under test: its configuration, its process, its log lines and its notifications."""
import json
import os
import shutil
import signal
import socket
import threading

from .base import Process, Record, free_port, run, wait_until

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))


def program(name, variable):
    path = os.environ.get(variable) or os.path.join(ROOT, "build", name)
    if not os.access(path, os.X_OK):
        raise AssertionError(f"{path} is not there: run `make`, or set {variable}")
    return os.path.abspath(path)


def config_text(sections):
    """INI text of {"Section": {"Key": value or list of values}}; None leaves a key out."""
    lines = []
    for section, keys in sections.items():
        lines.append(f"[{section}]")
        for key, value in keys.items():
            if value is None:
                continue
            for one in value if isinstance(value, list) else [value]:
                lines.append(f"{key}={one}")
        lines.append("")
    return "\n".join(lines)


class Devices(dict):
    """Identities and keys: lines of the PSK file."""

    def lines(self):
        return "".join(f"{identity}:{key.encode().hex()}\n" for identity, key in self.items())


class Notify:
    """NOTIFY_SOCKET: what the daemon tells the service manager."""

    def __init__(self, path):
        self.path = path
        self.messages = Record()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        while True:
            try:
                data = self.socket.recv(65536)
            except OSError:
                return
            if data == b"end":
                return
            for line in data.decode(errors="replace").splitlines():
                self.messages.add(line)

    def wait(self, text, start=0, deadline=30):
        return self.messages.wait(lambda m: m.startswith(text), f"the notification {text}", start,
                                  deadline)

    def has(self, text):
        return any(m.startswith(text) for m in self.messages)

    def close(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.sendto(b"end", self.path)
        self.thread.join(5)
        self.socket.close()


class Daemon:
    """sections overrides and adds to the defaults, key by key; a section of None goes away."""

    def __init__(self, directory, broker=None, certs=None, sections=None, devices=None, name="ward7-gw1",
                 state=None, coap_port=None):
        self.dir = str(directory)
        os.makedirs(self.dir, exist_ok=True)
        self.binary = program("wardgated", "WARDGATED")
        self.config_path = os.path.join(self.dir, "wardgate.conf")
        self.psk_path = os.path.join(self.dir, "coap.psk")
        self.state = state or os.path.join(self.dir, "state")
        # what survives the process and not the power: another name for each daemon of a test
        self.runtime = os.path.join("/dev/shm", os.path.basename(os.path.dirname(self.dir)) + "-" +
                                    os.path.basename(self.dir))
        self.name = name
        self.coap_port = coap_port or free_port(socket.SOCK_DGRAM)
        self.devices = Devices(devices if devices is not None else {"bed3-oximeter": "key-of-bed3-0123456789"})
        self.process = None
        self.earlier = []  # the last runs before this one, for their logs
        self.notify = None
        self.serving = False  # started, and not told to go
        self.starts = 0
        self.environment = {}
        self.wrapper = []
        self.sections = self._defaults(broker, certs)
        for section, keys in (sections or {}).items():
            self.set(section, keys)

    def _defaults(self, broker, certs):
        s = {
            "Gateway": {"Name": self.name, "Site": "st-elsewhere", "Ward": "7", "TimeZone": "UTC",
                        "StateDirectory": self.state},
            "MQTT": {},
            "Control": {"Bus": "off"},
            "CoAP": {"Enabled": "yes", "Listen": f"127.0.0.1:{self.coap_port}",
                     "PSKFile": self.psk_path},
        }
        if broker is not None:
            s["MQTT"]["Broker"] = broker.uri()
            if broker.tls:
                pair = certs.gateway()
                s["MQTT"].update(CAFile=pair.ca, CertificateFile=pair.cert, PrivateKeyFile=pair.key)
            else:
                s["MQTT"]["AllowPlaintext"] = "yes"
        for number, identity in enumerate(self.devices, 1):
            s[f"Device {identity}"] = {"Transport": "coap", "Address": identity, "Bed": str(number)}
        return s

    prefix = "wardgate/st-elsewhere/7"

    def gateway_topic(self, rest):
        return f"{self.prefix}/gateways/{self.name}/{rest}"

    def set(self, section, keys):
        if keys is None:
            self.sections.pop(section, None)
        else:
            self.sections.setdefault(section, {}).update(keys)

    def write_config(self):
        with open(self.config_path, "w", encoding="utf-8") as f:
            f.write(config_text(self.sections))
        fd = os.open(self.psk_path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, "w") as f:
            f.write(self.devices.lines())

    def start(self, ready=True, write=True):
        if write:
            self.write_config()
        os.makedirs(self.state, exist_ok=True)
        self.starts += 1
        if self.process is not None:
            assert not self.process.alive(), "the daemon runs already"
            self._forget()
            self.earlier = (self.earlier + [self.process])[-4:]
        if self.notify is not None:
            self.notify.close()
        self.notify = Notify(os.path.join(self.dir, f"notify{self.starts}"))
        env = {k: v for k, v in os.environ.items()
               if not k.startswith(("NOTIFY_", "WATCHDOG_", "STATE_", "CREDENTIALS_", "JOURNAL_"))}
        env["NOTIFY_SOCKET"] = self.notify.path
        os.makedirs(self.runtime, mode=0o700, exist_ok=True)
        env["RUNTIME_DIRECTORY"] = self.runtime
        env.update(self.environment)
        self.process = Process(self.wrapper + [self.binary, "--config", self.config_path],
                               "wardgated", env=env)
        if ready:
            self.wait_ready()
            self.serving = True
        return self

    def check(self):
        """Fails at once when it ended by itself, so that nobody waits for what cannot come."""
        if self.serving and not self.process.alive():
            self.serving = False
            raise AssertionError(f"wardgated ended by itself with {self.process.child.returncode}:\n"
                                 f"{self.process.text()[-8000:]}")

    def wait_ready(self):
        wait_until(lambda: self.notify.has("READY=1") or not self.process.alive(),
                   lambda: "READY=1; the log:\n" + self.process.text())
        if not self.notify.has("READY=1"):
            raise AssertionError("wardgated ended before READY=1:\n" + self.process.text())

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        return self.process.text()

    def mark(self):
        return self.process.mark()

    def wait_log(self, part, start=0, deadline=30):
        return self.process.wait_line(part, start, deadline)

    def count_log(self, part, start=0):
        return sum(part in line for line in list(self.process.lines)[start:])

    def reload(self, write=True):
        """SIGHUP; returns the log position before it."""
        if write:
            self.write_config()
        at = self.mark()
        self.process.signal(signal.SIGHUP)
        return at

    def stop(self, deadline=30):
        """SIGTERM; it has to end well."""
        self.serving = False
        code = self.process.terminate(deadline)
        self._retire()
        assert code == 0, f"wardgated ended with {code}:\n{self.process.text()[-8000:]}"
        return code

    def kill(self):
        self.check()
        self.serving = False
        self.process.kill()
        self._retire()

    def _forget(self):
        self.serving = False
        if self.process in Process.running:
            Process.running.remove(self.process)

    def _retire(self):
        self._forget()
        if self.notify is not None:
            self.notify.close()
            self.notify = None

    def run(self, *args, write=True):
        """Runs the binary with options on this configuration, to its end."""
        if write:
            self.write_config()
        return run([self.binary, "--config", self.config_path, *args], env=dict(os.environ))

    def coap_uri(self, path="/readings"):
        return f"coaps://127.0.0.1:{self.coap_port}{path}"

    def end(self):
        """With the test. Killed, since many tests leave it with a broker that will not answer; under
        a sanitizer it is told to leave, and has to leave well."""
        if self.process is not None:
            died = self.process.child.poll()
            if died is None and os.environ.get("WG_SANITIZER") and not self.process.frozen:
                died = self.process.terminate()
            self.process.kill()
            self._forget()
            if died is not None and died not in (0, 1, 78, -9):
                raise AssertionError(f"wardgated ended with {died}:\n{self.process.text()[-8000:]}")
        if self.notify is not None:
            self.notify.close()
            self.notify = None
        shutil.rmtree(self.runtime, ignore_errors=True)

    def power_cut(self):
        """What is in memory goes, too. The disk keeps what was written: see tests/unit/outbox for one that
        loses what was not synced."""
        self.kill()
        shutil.rmtree(self.runtime, ignore_errors=True)


def status(subscriber, daemon, where=lambda s: True, start=0, deadline=30):
    """Waits for a status document that fits; gives the object."""
    m = subscriber.wait_topic(daemon.gateway_topic("status"),
                              lambda m: m.payload and where(json.loads(m.payload)), start, deadline)
    return m.json
