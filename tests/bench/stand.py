"""The bench's stand: certificates, a private broker, the daemon's configuration, and processes that
take orders line by line and always end."""
import ctypes
import json
import os
import select
import shutil
import socket
import subprocess
import tempfile
import time

from ward.base import free_port, run
from ward.certs import Authority

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GATEWAY = "ward7-gw1"
PREFIX = "wardgate/bench/7"


class Failed(RuntimeError):
    """Something could not be measured."""


class Program:
    """A child with orders on its standard input and answers, one a line, on its output."""

    def __init__(self, argv, log, env=None):
        self.name = os.path.basename(argv[0])
        self.log = log
        with open(log, "ab") as err:
            self.child = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                          stderr=err, env=env)
        self.buffer = b""

    @property
    def pid(self):
        return self.child.pid

    def line(self, patience=120):
        end = time.monotonic() + patience
        while b"\n" not in self.buffer:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.child.stdout], [], [], left)[0]:
                raise Failed(f"{self.name} does not answer; {self.errors()}")
            data = os.read(self.child.stdout.fileno(), 65536)
            if not data:
                raise Failed(f"{self.name} ended; {self.errors()}")
            self.buffer += data
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line.decode()

    def answer(self, patience=120):
        return json.loads(self.line(patience))

    def ask(self, *words):
        """Sends a line; answer() is for later."""
        self.child.stdin.write((" ".join(str(w) for w in words) + "\n").encode())
        self.child.stdin.flush()

    def order(self, *words):
        """Sends a line and waits for the answer."""
        self.ask(*words)
        return self.answer()

    def answers_within(self, seconds):
        return bool(select.select([self.child.stdout], [], [], seconds)[0])

    def wait_ready(self):
        if self.line(30) != "ready":
            raise Failed(f"{self.name} is not ready; {self.errors()}")
        return self

    def log_text(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return f.read()

    def errors(self):
        return "its last words: " + "".join(self.log_text().splitlines(True)[-5:])

    def leave(self):
        """The end of its orders; for programs that leave by themselves."""
        self.child.stdin.close()
        if self.child.wait(30) != 0:
            raise Failed(f"{self.name} failed; {self.errors()}")
        self.child.stdout.close()

    def end(self):
        if self.child.poll() is None:
            self.child.terminate()
            try:
                self.child.wait(10)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        for stream in (self.child.stdin, self.child.stdout):
            stream.close()

    def cpu_us(self):
        """Processor time so far of all its threads, in microseconds."""
        total = 0
        for task in os.listdir(f"/proc/{self.pid}/task"):
            with open(f"/proc/{self.pid}/task/{task}/schedstat", encoding="ascii") as f:
                total += int(f.read().split()[0])
        return total / 1000

    def rss_kib(self):
        with open(f"/proc/{self.pid}/smaps_rollup", encoding="ascii") as f:
            for row in f:
                if row.startswith("Rss:"):
                    return int(row.split()[1])
        raise Failed("no Rss")

    def written(self):
        """Bytes that it had the kernel write to a disk, or will have written."""
        with open(f"/proc/{self.pid}/io", encoding="ascii") as f:
            for row in f:
                if row.startswith("write_bytes:"):
                    return int(row.split()[1])
        raise Failed("no write_bytes")


class Stand:
    """listener: somebody has subscribed to everything, so that no reading is told unheard."""

    def __init__(self, build, listener=True):
        self.build = build
        self.listener = listener
        self.programs = []
        self.mounts = []
        self.count = 0

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="wgbench-", dir="/tmp")
        try:
            self._certificates()
            self._broker()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for program in reversed(self.programs):
            program.end()
        for at in self.mounts:
            run(["umount", at])
        shutil.rmtree(self.dir, ignore_errors=True)

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def _certificates(self):
        authority = Authority(self.path("ca"), "bench")
        self.ca = authority.ca
        self.of_broker = authority.issue("broker", ["localhost", "127.0.0.1"])
        self.of_client = authority.issue("gateway")

    def _broker(self):
        """Nothing is queued on disk and no window is announced, so that the client's own counts."""
        self.port = free_port()
        with open(self.path("mosquitto.conf"), "w", encoding="ascii") as f:
            f.write("\n".join([
                "user root", "persistence false", "max_queued_messages 0",
                "max_inflight_messages 0", "allow_anonymous true", "log_dest none",
                "set_tcp_nodelay true", f"listener {self.port} 127.0.0.1",
                f"cafile {self.of_broker.ca}", f"certfile {self.of_broker.cert}",
                f"keyfile {self.of_broker.key}", "require_certificate true",
                "tls_version tlsv1.3"]) + "\n")
        self.broker = self.start(["/usr/sbin/mosquitto", "-c", self.path("mosquitto.conf")])
        end = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 5).close()
                break
            except OSError:
                if time.monotonic() > end:
                    raise Failed("the broker does not listen") from None
                time.sleep(0.02)
        if self.listener:
            self._listener()

    def _listener(self):
        """A subscriber that is away, at QoS 0: the broker finds somebody to have subscribed, answers
        each publish with plain success, and delivers nothing that would cost time."""
        done = run(["mosquitto_sub", "-V", "5", "-h", "localhost", "-p", str(self.port), "--cafile",
                    self.ca, "--cert", self.of_client.cert, "--key", self.of_client.key, "-c", "-x",
                    "86400", "-i", "away", "-q", "0", "-t", "wardgate/#", "-E"])
        if done.returncode != 0:
            raise Failed("no subscription: " + done.stderr)

    # --- programs ---

    def start(self, argv, env=None):
        self.count += 1
        program = Program(argv, self.path(f"log{self.count}"), env)
        self.programs.append(program)
        return program

    def end(self, program):
        program.end()
        self.programs.remove(program)

    def bench(self, name, *args):
        return self.start([os.path.join(self.build, "bench", name), *[str(a) for a in args]])

    def mqtt_arguments(self):
        return [f"port={self.port}", f"ca={self.ca}", f"cert={self.of_client.cert}",
                f"key={self.of_client.key}"]

    # --- the daemon ---

    def configure(self, devices, ca=None, state=None, bed=None, broker=None, unheard=0,
                  settings=()):
        """Writes the configuration and the keys of so many devices; returns the path. bed: of all
        devices, instead of one each. unheard: further devices, on a bed of that name. settings:
        lines by section, ("MQTT", "Key=value")."""
        self.count += 1
        self.coap_port = free_port(socket.SOCK_DGRAM)
        self.keys = self.path("psk")
        state = state or self.path("state")
        beds = {f"bench-{i:03d}": bed or i for i in range(devices)}
        beds |= {f"unheard-{i:03d}": "unheard" for i in range(unheard)}
        with open(self.keys, "w", encoding="ascii") as f:
            os.fchmod(f.fileno(), 0o600)
            for name in beds:
                f.write(f"{name}:{(name + name).encode().hex()}\n")
        lines = ["[Gateway]", f"Name={GATEWAY}", "Site=bench", "Ward=7", f"StateDirectory={state}",
                 "[MQTT]", f"Broker=mqtts://localhost:{broker or self.port}",
                 f"CAFile={ca or self.ca}", f"CertificateFile={self.of_client.cert}",
                 f"PrivateKeyFile={self.of_client.key}",
                 "[Control]", "Bus=off",
                 "[CoAP]", "Enabled=yes", f"Listen=127.0.0.1:{self.coap_port}",
                 f"PSKFile={self.keys}", "Rate=10000", "Burst=10000"]
        if len(beds) > 1000:
            lines.append(f"MaxSessions={len(beds)}")
        for section, line in settings:
            lines += [f"[{section}]", line]
        for name, where in beds.items():
            lines += [f"[Device {name}]", "Transport=coap", f"Address={name}", f"Bed={where}"]
        path = self.path(f"conf{self.count}", "wardgate.conf")
        os.makedirs(os.path.dirname(path))
        os.makedirs(state, exist_ok=True)
        with open(path, "w", encoding="ascii") as f:
            f.write("\n".join(lines) + "\n")
        return path

    def wardgated(self):
        return os.path.join(self.build, "wardgated")

    def daemon(self, devices, connected=True, env=None, **settings):
        """The daemon, ready and connected to the broker."""
        config = self.configure(devices, **settings)
        address = self.path(f"notify{self.count}")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(address)
            notify.settimeout(30)
            program = self.start([self.wardgated(), "--config", config],
                                 dict(os.environ, NOTIFY_SOCKET=address, **(env or {})))
            while b"READY=1" not in notify.recv(4096):
                pass
        if connected:
            self.wait_connected(program)
        return program

    @staticmethod
    def wait_connected(program):
        end = time.monotonic() + 30
        while "connected to the broker" not in program.log_text():
            if time.monotonic() > end or program.child.poll() is not None:
                raise Failed("the daemon does not connect; " + program.errors())
            time.sleep(0.02)

    # --- disks ---

    def disk(self, name, mebibytes=256):
        """A file system of its own, on which nothing else writes. None: not allowed here."""
        image, at = self.path(name + ".img"), self.path(name)
        os.makedirs(at)
        with open(image, "wb") as f:
            f.truncate(mebibytes * 1024 * 1024)
        if run(["mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0",
                image]).returncode != 0 or run(["mount", "-o", "loop", image, at]).returncode != 0:
            return None
        self.mounts.append(at)
        return at


def device_written(path):
    """Bytes written so far to the block device under that path, those of all programs. None: there
    is no such device."""
    number = os.stat(path).st_dev
    fd = os.open(path, os.O_RDONLY)
    try:
        ctypes.CDLL(None).syncfs(fd)
        with open(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}/stat",
                  encoding="ascii") as f:
            return int(f.read().split()[6]) * 512
    except FileNotFoundError:
        return None
    finally:
        os.close(fd)
